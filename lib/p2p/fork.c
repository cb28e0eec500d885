// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fork() in a program of several threads: the child has only the one that
 * called it, and a lock that another thread held stays locked there for ever.
 * So all locks are taken before, in the order in which they nest. What other
 * threads are just using is lost to the child, but never seen half done.
 */
#include <pthread.h>

#include "../store/store.h"
#include "handle.h"
#include "inbox.h"
#include "notifier.h"
#include "pool.h"
#include "startup.h"

static void prepare(void)
{
	startup_lock();
	notifier_lock();
	inbox_lock();
	handle_lock();
	pool_lock();
	/* Last: whoever holds it may wait long, but for no other of these. */
	store_fork_lock();
}

static void in_parent(void)
{
	store_fork_unlock();
	pool_unlock();
	handle_unlock();
	inbox_unlock();
	notifier_unlock();
	startup_unlock();
}

static void in_child(void)
{
	store_fork_unlock();
	pool_unlock_in_child();
	handle_unlock();
	inbox_unlock();
	notifier_unlock_in_child();
	startup_unlock();
}

/* Without memory for it, fork() is no worse than elsewhere. */
static __attribute__((constructor)) void watch_forks(void)
{
	pthread_atfork(prepare, in_parent, in_child);
}
