/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles: numbers that callers hold for objects. They are looked up and never
 * dereferenced, so that any value is safe to pass.
 */
#ifndef LIB_P2P_HANDLE_H
#define LIB_P2P_HANDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum handle_kind {
	HANDLE_GROUP = 1,
	HANDLE_ENUM,
	HANDLE_REGISTRATION,
	HANDLE_EVENT,	/* belongs to no epoch */
};

/* The base of an object; the last reference destroys it. */
struct object {
	enum handle_kind kind;
	atomic_uint refs;
	void (*destroy)(struct object *object);
};

/* One reference, the caller's. */
void object_init(struct object *object, enum handle_kind kind,
		 void (*destroy)(struct object *object));

/* Take and drop a reference. */
void object_get(struct object *object);
void object_put(struct object *object);

/*
 * Make a handle that takes over the caller's reference. epoch is the one in
 * which the caller's work began, 0 if it belongs to none; -ESHUTDOWN if that
 * has ended, -ENOMEM.
 */
int handle_new(struct object *object, uint64_t epoch, void **handle);

/* The object behind a handle, with a reference; NULL if it is a bad one. */
struct object *handle_get(enum handle_kind kind, const void *handle);

/* Drop a handle; false if it is a bad one. */
bool handle_close(enum handle_kind kind, const void *handle);

/* Whether the object of any handle matches. */
bool handle_any(bool (*match)(const struct object *object, const void *arg),
		const void *arg);

/* Drop the handles of all objects that match. */
void handle_close_all(bool (*match)(const struct object *object,
				    const void *arg),
		      const void *arg);

/* Begin an epoch; returns it. */
uint64_t handle_begin(void);

/* Drop all handles but those of events and take no more for this epoch. */
void handle_end(void);

/* Keep the table as it is across a fork(). */
void handle_lock(void);
void handle_unlock(void);

#endif /* LIB_P2P_HANDLE_H */
