/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is behind an HPEERENUM: a compact snapshot, from which items are packed
 * as they are asked for.
 */
#ifndef LIB_P2P_ENUM_H
#define LIB_P2P_ENUM_H

#include "../context.h"
#include "handle.h"

struct peer_enum;

/* How a kind of item is made of a record of the snapshot. */
struct enum_kind {
	size_t record_size;
	size_t item_size;

	/* Wide characters that the strings of a record take, NULs included. */
	size_t (*room)(const struct peer_enum *peer_enum, size_t i);

	/* Write the item, and its strings to *text, moving it past them. */
	void (*pack)(const struct peer_enum *peer_enum, size_t i, void *item,
		     wchar_t **text);
};

struct peer_enum {
	struct object base;
	const struct enum_kind *kind;
	uint64_t generation;

	unsigned char *records;
	size_t count;
	size_t room;

	char *text;		/* all strings, with their NULs */
	size_t text_used;
	size_t text_room;

	atomic_size_t next;	/* no lock, which a fork() could leave held */
};

/* Dump into an enumeration. */
typedef int (*enum_dump)(struct pg_ctx *ctx, struct peer_enum *peer_enum,
			 const void *arg);

/*
 * Make an enumeration of what dump finds. A dump that the kernel cut off is
 * repeated, up to a limit. epoch is that of handle_new().
 */
int enum_new(const struct enum_kind *kind, struct pg_ctx *ctx, enum_dump dump,
	     const void *arg, uint64_t epoch, HPEERENUM *handle);

/* Make room for count records. */
int enum_reserve(struct peer_enum *peer_enum, size_t count);

/* Add a record; NULL: no memory. */
void *enum_add(struct peer_enum *peer_enum);

/* A record. */
const void *enum_record(const struct peer_enum *peer_enum, size_t i);

/*
 * Keep a string. *where receives where in peer_enum->text it begins. -EILSEQ
 * if it is not UTF-8.
 */
int enum_keep(struct peer_enum *peer_enum, const char *text, size_t len,
	      size_t *where);

#endif /* LIB_P2P_ENUM_H */
