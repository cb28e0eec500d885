// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table of handles. A handle is the index of a slot and the number that
 * its use of the slot got; numbers never repeat, so a stale handle never meets
 * a later object.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "handle.h"

#define INDEX_BITS 20
#define SLOTS_MAX 0x100000

_Static_assert(SLOTS_MAX == 1U << INDEX_BITS, "");

struct slot {
	struct object *object;	/* NULL: free */
	uint64_t use;
	uint32_t next_free;	/* index + 1, 0: none */
};

static struct {
	pthread_mutex_t lock;	/* protects all below */
	struct slot *slots;
	uint32_t size;
	uint32_t free;		/* index + 1, 0: none */
	uint64_t uses;
	uint64_t epochs;
	bool ended;		/* the last of them */
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

void object_init(struct object *object, enum handle_kind kind,
		 void (*destroy)(struct object *object))
{
	object->kind = kind;
	object->destroy = destroy;
	atomic_init(&object->refs, 1);
}

void object_get(struct object *object)
{
	atomic_fetch_add(&object->refs, 1);
}

void object_put(struct object *object)
{
	if (atomic_fetch_sub(&object->refs, 1) == 1)
		object->destroy(object);
}

static bool grow_locked(void)
{
	uint32_t i, size = table.size ? 2 * table.size : 16;
	struct slot *slots;

	if (size > SLOTS_MAX)
		return false;
	slots = realloc(table.slots, size * sizeof(*slots));
	if (!slots)
		return false;

	for (i = table.size; i < size; i++)
		slots[i] = (struct slot){ .next_free = i + 2 };
	slots[size - 1].next_free = 0;
	table.free = table.size + 1;
	table.slots = slots;
	table.size = size;
	return true;
}

static void *new_locked(struct object *object)
{
	struct slot *slot;
	uint32_t index;

	if (!table.free && !grow_locked())
		return NULL;

	index = table.free - 1;
	slot = &table.slots[index];
	table.free = slot->next_free;
	slot->object = object;
	slot->use = ++table.uses;
	return (void *)(uintptr_t)(slot->use << INDEX_BITS | index);
}

int handle_new(struct object *object, uint64_t epoch, void **handle)
{
	void *new = NULL;
	int err = 0;

	pthread_mutex_lock(&table.lock);
	if (epoch && (table.ended || epoch != table.epochs))
		err = -ESHUTDOWN;
	else
		new = new_locked(object);
	pthread_mutex_unlock(&table.lock);

	if (new)
		*handle = new;
	else if (!err)
		err = -ENOMEM;
	return err;
}

static struct slot *find_locked(enum handle_kind kind, const void *handle)
{
	uint64_t value = (uintptr_t)handle;
	uint32_t index = value & (SLOTS_MAX - 1);
	struct slot *slot;

	if (index >= table.size)
		return NULL;
	slot = &table.slots[index];
	if (!slot->object || slot->use != value >> INDEX_BITS ||
	    slot->object->kind != kind)
		return NULL;
	return slot;
}

struct object *handle_get(enum handle_kind kind, const void *handle)
{
	struct object *object = NULL;
	struct slot *slot;

	pthread_mutex_lock(&table.lock);
	slot = find_locked(kind, handle);
	if (slot) {
		object = slot->object;
		object_get(object);
	}
	pthread_mutex_unlock(&table.lock);
	return object;
}

static struct object *free_locked(struct slot *slot)
{
	struct object *object = slot->object;

	slot->object = NULL;
	slot->next_free = table.free;
	table.free = slot - table.slots + 1;
	return object;
}

bool handle_close(enum handle_kind kind, const void *handle)
{
	struct object *object = NULL;
	struct slot *slot;

	pthread_mutex_lock(&table.lock);
	slot = find_locked(kind, handle);
	if (slot)
		object = free_locked(slot);
	pthread_mutex_unlock(&table.lock);

	if (object)
		object_put(object);
	return object;
}

bool handle_any(bool (*match)(const struct object *object, const void *arg),
		const void *arg)
{
	bool any = false;
	uint32_t i;

	pthread_mutex_lock(&table.lock);
	for (i = 0; i < table.size && !any; i++)
		any = table.slots[i].object &&
		      match(table.slots[i].object, arg);
	pthread_mutex_unlock(&table.lock);
	return any;
}

static void close_locked(bool (*match)(const struct object *object,
				       const void *arg),
			 const void *arg)
{
	struct slot *slot;
	uint32_t i;

	for (i = 0; i < table.size; i++) {
		slot = &table.slots[i];
		if (slot->object && match(slot->object, arg))
			object_put(free_locked(slot));
	}
}

void handle_close_all(bool (*match)(const struct object *object,
				    const void *arg),
		      const void *arg)
{
	pthread_mutex_lock(&table.lock);
	close_locked(match, arg);
	pthread_mutex_unlock(&table.lock);
}

uint64_t handle_begin(void)
{
	uint64_t epoch;

	pthread_mutex_lock(&table.lock);
	epoch = ++table.epochs;
	table.ended = false;
	pthread_mutex_unlock(&table.lock);
	return epoch;
}

static bool of_an_epoch(const struct object *object, const void *arg)
{
	(void)arg;
	return object->kind != HANDLE_EVENT;
}

void handle_end(void)
{
	pthread_mutex_lock(&table.lock);
	table.ended = true;
	close_locked(of_an_epoch, NULL);
	pthread_mutex_unlock(&table.lock);
}

void handle_lock(void)
{
	pthread_mutex_lock(&table.lock);
}

void handle_unlock(void)
{
	pthread_mutex_unlock(&table.lock);
}
