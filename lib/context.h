/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A context: one netlink socket, its receive buffer and its last error.
 */
#ifndef LIB_CONTEXT_H
#define LIB_CONTEXT_H

#include "public.h"

/* Room for the kernel's longest reason in words. */
#define ERROR_TEXT_SIZE 512

struct pg_ctx {
	int fd;
	uint32_t seq;
	uint16_t family;	/* changes when the module is loaded anew */
	bool busy;		/* a callback is running */
	bool dumped;
	bool broken;		/* an answer may still be on its way */
	size_t buf_size;
	size_t buf_seen;	/* most of it that the kernel has seen */
	void *buf;
	uint32_t bad_offset;	/* of the refused attribute, 0 if none */
	uint64_t netns;		/* where a pool of contexts wants it */
	char error[ERROR_TEXT_SIZE];
};

/*
 * Open the socket and make the buffer of a context that is all zero. Undone by
 * ctx_destroy(), also after a failure.
 */
int ctx_init(struct pg_ctx *ctx, size_t size);
void ctx_destroy(struct pg_ctx *ctx);

/* Close the socket alone. */
void ctx_hang_up(struct pg_ctx *ctx);

/* Record why a call failed; text may be NULL. Returns err. */
int ctx_fail(struct pg_ctx *ctx, int err, const char *text);

/* The least size that every message fits but the reply to an attach. */
size_t buffer_floor(void);

/* Make room for answers that are longer than the buffer. */
int ctx_grow(struct pg_ctx *ctx, size_t size);

/*
 * Check the size that begins a structure of the caller against the size the
 * library knows; a newer caller may only have set what the library knows.
 */
int check_size(struct pg_ctx *ctx, const void *object, size_t known);

/*
 * Check flags of the caller; that type is one of enum pg_type; and that a group
 * can have this id.
 */
int check_flags(struct pg_ctx *ctx, uint32_t flags, uint32_t known);
int check_type(struct pg_ctx *ctx, enum pg_type type);
int check_group_id(struct pg_ctx *ctx, uint32_t id);

#endif /* LIB_CONTEXT_H */
