// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Enumerations: the snapshot behind one, and the functions to read it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../reason.h"
#include "../utf8.h"
#include "enum.h"
#include "hresult.h"

/* Attempts at a dump that the kernel cuts off because connections end faster
 * than this process reads.
 */
#define ATTEMPTS 8

static void enum_destroy(struct object *object)
{
	struct peer_enum *peer_enum = (struct peer_enum *)object;

	free(peer_enum->records);
	free(peer_enum->text);
	free(peer_enum);
}

static struct peer_enum *enum_alloc(const struct enum_kind *kind)
{
	struct peer_enum *peer_enum = calloc(1, sizeof(*peer_enum));

	if (!peer_enum)
		return NULL;
	object_init(&peer_enum->base, HANDLE_ENUM, enum_destroy);
	atomic_init(&peer_enum->next, 0);
	peer_enum->kind = kind;
	return peer_enum;
}

static int fill(struct peer_enum *peer_enum, struct pg_ctx *ctx,
		enum_dump dump, const void *arg)
{
	unsigned int attempt;
	int err = -ESTALE;

	for (attempt = 0; err == -ESTALE && attempt < ATTEMPTS; attempt++) {
		peer_enum->count = 0;
		peer_enum->text_used = 0;
		err = dump(ctx, peer_enum, arg);
	}
	return err;
}

int enum_new(const struct enum_kind *kind, struct pg_ctx *ctx, enum_dump dump,
	     const void *arg, uint64_t epoch, HPEERENUM *handle)
{
	struct peer_enum *peer_enum = enum_alloc(kind);
	int err;

	if (!peer_enum)
		return -ENOMEM;

	err = fill(peer_enum, ctx, dump, arg);
	if (!err)
		err = handle_new(&peer_enum->base, epoch, handle);
	if (err)
		object_put(&peer_enum->base);
	return err;
}

int enum_reserve(struct peer_enum *peer_enum, size_t count)
{
	void *records;

	if (count <= peer_enum->room)
		return 0;
	records = realloc(peer_enum->records,
			  count * peer_enum->kind->record_size);
	if (!records)
		return -ENOMEM;
	peer_enum->records = records;
	peer_enum->room = count;
	return 0;
}

void *enum_add(struct peer_enum *peer_enum)
{
	if (peer_enum->count == peer_enum->room &&
	    enum_reserve(peer_enum, 2 * peer_enum->count + 16))
		return NULL;
	return peer_enum->records +
	       peer_enum->count++ * peer_enum->kind->record_size;
}

const void *enum_record(const struct peer_enum *peer_enum, size_t i)
{
	return peer_enum->records + i * peer_enum->kind->record_size;
}

static int text_reserve(struct peer_enum *peer_enum, size_t len)
{
	size_t room = 2 * (peer_enum->text_used + len);
	char *text;

	if (peer_enum->text_used + len <= peer_enum->text_room)
		return 0;
	text = realloc(peer_enum->text, room);
	if (!text)
		return -ENOMEM;
	peer_enum->text = text;
	peer_enum->text_room = room;
	return 0;
}

int enum_keep(struct peer_enum *peer_enum, const char *text, size_t len,
	      size_t *where)
{
	if (utf8_to_wide(text, len, NULL) < 0)
		return -EILSEQ;
	if (text_reserve(peer_enum, len + 1))
		return -ENOMEM;

	*where = peer_enum->text_used;
	memcpy(peer_enum->text + *where, text, len);
	peer_enum->text[*where + len] = '\0';
	peer_enum->text_used += len + 1;
	return 0;
}

static struct peer_enum *enum_get(HPEERENUM handle)
{
	return (struct peer_enum *)handle_get(HANDLE_ENUM, handle);
}

static void enum_put(struct peer_enum *peer_enum)
{
	object_put(&peer_enum->base);
}

uint64_t pg_enum_generation(void *handle)
{
	struct peer_enum *peer_enum = enum_get(handle);
	uint64_t generation;

	if (!peer_enum)
		return 0;
	generation = peer_enum->generation;
	enum_put(peer_enum);
	return generation;
}

HRESULT WINAPI PeerGetItemCount(HPEERENUM hPeerEnum, ULONG *pCount)
{
	struct peer_enum *peer_enum;

	reason_clear();
	if (!pCount)
		return E_INVALIDARG;
	*pCount = 0;

	peer_enum = enum_get(hPeerEnum);
	if (!peer_enum)
		return E_INVALIDARG;
	*pCount = peer_enum->count;
	enum_put(peer_enum);
	return S_OK;
}

/* One block: pointers to items, the items, their strings. */
static void **pack(const struct peer_enum *peer_enum, size_t first, size_t n)
{
	const struct enum_kind *kind = peer_enum->kind;
	size_t i, fixed = n * (sizeof(void *) + kind->item_size);
	size_t room = 0;
	wchar_t *text;
	char *item;
	void **items;

	for (i = 0; i < n; i++)
		room += kind->room(peer_enum, first + i);
	items = malloc(fixed + room * sizeof(*text));
	if (!items)
		return NULL;

	item = (char *)(items + n);
	text = (wchar_t *)(item + n * kind->item_size);
	for (i = 0; i < n; i++, item += kind->item_size) {
		items[i] = item;
		kind->pack(peer_enum, first + i, item, &text);
	}
	return items;
}

/* Items count as taken once they are packed: none are lost without memory. */
static HRESULT next_items(struct peer_enum *peer_enum, ULONG *count,
			  void ***items)
{
	size_t first = atomic_load(&peer_enum->next);
	ULONG wanted = *count;
	void **packed;
	size_t n;

	*count = 0;
	for (;;) {
		n = peer_enum->count - first;
		if (n > wanted)
			n = wanted;
		if (!n)
			return S_OK;

		packed = pack(peer_enum, first, n);
		if (!packed)
			return E_OUTOFMEMORY;
		if (atomic_compare_exchange_strong(&peer_enum->next, &first,
						   first + n))
			break;
		free(packed);	/* another thread took some of these */
	}
	*items = packed;
	*count = n;
	return S_OK;
}

HRESULT WINAPI PeerGetNextItem(HPEERENUM hPeerEnum, ULONG *pCount,
			       PVOID **pppvItems)
{
	struct peer_enum *peer_enum = NULL;
	HRESULT hr;

	reason_clear();
	if (pppvItems)
		*pppvItems = NULL;
	if (pCount && pppvItems)
		peer_enum = enum_get(hPeerEnum);
	if (!peer_enum) {
		if (pCount)
			*pCount = 0;
		return E_INVALIDARG;
	}

	hr = next_items(peer_enum, pCount, pppvItems);
	enum_put(peer_enum);
	return hr;
}

HRESULT WINAPI PeerEndEnumeration(HPEERENUM hPeerEnum)
{
	reason_clear();
	return handle_close(HANDLE_ENUM, hPeerEnum) ? S_OK : E_INVALIDARG;
}

VOID WINAPI PeerFreeData(LPCVOID pvData)
{
	free((void *)pvData);
}
