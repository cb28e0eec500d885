/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Contexts for the calls of many threads: each call has one to itself while it
 * talks to the kernel.
 */
#ifndef LIB_P2P_POOL_H
#define LIB_P2P_POOL_H

#include "../context.h"

/* Take a context, an idle or a new one. */
int pool_get(struct pg_ctx **ctx);

void pool_put(struct pg_ctx *ctx);

/*
 * Find out in which namespace a new context is. -EXDEV: not in that of all
 * others.
 */
int pool_admit(struct pg_ctx *ctx);

/* Close the idle ones and forget which network namespace they are in. */
void pool_drain(void);

/* Keep the pool as it is across a fork(); a child keeps no contexts. */
void pool_lock(void);
void pool_unlock(void);
void pool_unlock_in_child(void);

#endif /* LIB_P2P_POOL_H */
