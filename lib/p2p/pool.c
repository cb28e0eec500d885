// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Contexts for the calls of many threads.
 *
 * All are in one network namespace: a thread that moved to another one gets an
 * error rather than another namespace's groups, and so does a child process. A
 * child shares no socket with its parent, else each could receive the other's
 * answers.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include "pool.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define IDLE_MAX 4

static struct {
	pthread_mutex_t lock;	/* protects all below */
	struct pg_ctx *idle[IDLE_MAX];
	unsigned int n;
	uint64_t netns;		/* 0: not chosen yet */
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void drain_locked(void)
{
	while (pool.n)
		pg_close(pool.idle[--pool.n]);
}

static uint64_t netns_of(const struct pg_ctx *ctx)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (getsockopt(ctx->fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		return 0;
	return cookie;
}

int pool_admit(struct pg_ctx *ctx)
{
	int err = 0;

	pthread_mutex_lock(&pool.lock);
	ctx->netns = netns_of(ctx);
	if (!pool.netns)
		pool.netns = ctx->netns;
	else if (ctx->netns != pool.netns)
		err = -EXDEV;
	pthread_mutex_unlock(&pool.lock);
	return err;
}

static struct pg_ctx *take_idle(void)
{
	struct pg_ctx *ctx = NULL;

	pthread_mutex_lock(&pool.lock);
	if (pool.n)
		ctx = pool.idle[--pool.n];
	pthread_mutex_unlock(&pool.lock);
	return ctx;
}

int pool_get(struct pg_ctx **ctx)
{
	int err;

	*ctx = take_idle();
	if (*ctx)
		return 0;

	err = pg_open(ctx);
	if (err)
		return err;
	err = pool_admit(*ctx);
	if (err)
		pg_close(*ctx);
	return err;
}

void pool_put(struct pg_ctx *ctx)
{
	pthread_mutex_lock(&pool.lock);
	if (!ctx->broken && pool.n < IDLE_MAX && ctx->netns == pool.netns) {
		pool.idle[pool.n++] = ctx;
		ctx = NULL;
	}
	pthread_mutex_unlock(&pool.lock);
	pg_close(ctx);
}

void pool_drain(void)
{
	pthread_mutex_lock(&pool.lock);
	drain_locked();
	pool.netns = 0;
	pthread_mutex_unlock(&pool.lock);
}

void pool_lock(void)
{
	pthread_mutex_lock(&pool.lock);
}

void pool_unlock(void)
{
	pthread_mutex_unlock(&pool.lock);
}

void pool_unlock_in_child(void)
{
	drain_locked();
	pthread_mutex_unlock(&pool.lock);
}
