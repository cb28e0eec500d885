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
	/*
	 * Whoever holds it waits for files and for other processes, but for no
	 * other lock of these; nor shall they wait for it.
	 */
	store_fork_lock();
	startup_lock();
	notifier_lock();
	inbox_lock();
	handle_lock();
	pool_lock();
}

static void in_parent(void)
{
	pool_unlock();
	handle_unlock();
	inbox_unlock();
	notifier_unlock();
	startup_unlock();
	store_fork_unlock();
}

static void in_child(void)
{
	pool_unlock_in_child();
	handle_unlock();
	inbox_unlock();
	notifier_unlock_in_child();
	startup_unlock();
	store_fork_unlock();
}

/* Without memory for it, fork() is no worse than elsewhere. */
static __attribute__((constructor)) void watch_forks(void)
{
	pthread_atfork(prepare, in_parent, in_child);
}
