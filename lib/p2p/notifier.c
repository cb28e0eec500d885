// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The thread that tells registrations what has happened.
 *
 * Locks, in the order in which they nest: life, turn, lock. Who wants the lock
 * queues at the turn; so the thread, which takes it again and again, cannot
 * keep others from it.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "notifier.h"

/* After memory was short. */
#define RETRY_MS 100

TAILQ_HEAD(registrations, registration);

static struct {
	pthread_mutex_t life;	/* held while the thread starts or ends */
	pthread_mutex_t turn;
	pthread_mutex_t lock;	/* protects the list and what is in it */

	struct registrations list;	/* changes under life, too */
	struct registrations orphans;	/* the parent's, to be released */

	/* Under life; constant while there is the thread. */
	bool running;
	pthread_t thread;
	int watches;		/* epoll: readable while any of them is */
	int wake;		/* eventfd */
	atomic_bool stop;
} notifier = {
	.life = PTHREAD_MUTEX_INITIALIZER,
	.turn = PTHREAD_MUTEX_INITIALIZER,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.list = TAILQ_HEAD_INITIALIZER(notifier.list),
	.orphans = TAILQ_HEAD_INITIALIZER(notifier.orphans),
};

static void enter(void)
{
	pthread_mutex_lock(&notifier.turn);
	pthread_mutex_lock(&notifier.lock);
	pthread_mutex_unlock(&notifier.turn);
}

static void leave(void)
{
	pthread_mutex_unlock(&notifier.lock);
}

static int add_watch_locked(const struct registration *reg)
{
	struct epoll_event readable = { .events = EPOLLIN };

	return epoll_ctl(notifier.watches, EPOLL_CTL_ADD,
			 pg_watch_fd(reg->watch), &readable) ? -errno : 0;
}

/* Closing is not enough while a child process has the socket, too. */
static void close_watch_locked(struct registration *reg)
{
	if (!reg->watch)
		return;
	epoll_ctl(notifier.watches, EPOLL_CTL_DEL, pg_watch_fd(reg->watch),
		  NULL);
	registration_close_watch(reg);
}

/* Returns as registration_tell() does, for all of them. */
static int tell_all(void)
{
	struct registration *reg;
	bool more = false;
	int ret, err = 0;

	enter();
	TAILQ_FOREACH(reg, &notifier.list, link) {
		ret = registration_tell(reg);
		if (reg->over)
			close_watch_locked(reg);
		if (ret < 0)
			err = ret;
		more |= ret > 0;
	}
	leave();
	return err ? err : more;
}

/* As long as something could not be told, watches may stay readable. */
static void wait_for_more(bool failed)
{
	struct pollfd fds[] = {
		{ .fd = notifier.wake, .events = POLLIN },
		{ .fd = notifier.watches, .events = POLLIN },
	};
	eventfd_t count;

	poll(fds, failed ? 1 : 2, failed ? RETRY_MS : -1);
	eventfd_read(notifier.wake, &count);
}

static void *serve(void *arg)
{
	int ret;

	while (!atomic_load(&notifier.stop)) {
		ret = tell_all();
		if (ret <= 0)
			wait_for_more(ret < 0);
	}
	return arg;
}

/* The program's signals are for its own threads. */
static int create_thread(void)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&notifier.thread, NULL, serve, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return -ENOMEM;
	pthread_setname_np(notifier.thread, "peergroup");
	return 0;
}

static void close_fds(void)
{
	if (notifier.watches >= 0)
		close(notifier.watches);
	if (notifier.wake >= 0)
		close(notifier.wake);
}

static int start(void)
{
	int err;

	if (notifier.running)
		return 0;
	atomic_store(&notifier.stop, false);
	notifier.watches = epoll_create1(EPOLL_CLOEXEC);
	notifier.wake = notifier.watches < 0 ? -1 :
			eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = notifier.wake < 0 ? -errno : create_thread();
	if (err)
		close_fds();
	notifier.running = !err;
	return err;
}

static void stop_if_idle(void)
{
	if (!notifier.running || !TAILQ_EMPTY(&notifier.list))
		return;
	atomic_store(&notifier.stop, true);
	eventfd_write(notifier.wake, 1);
	pthread_join(notifier.thread, NULL);
	close_fds();
	notifier.running = false;
}

static int list_locked(struct registration *reg)
{
	int err = add_watch_locked(reg);

	if (err)
		return err;
	object_get(&reg->base);
	TAILQ_INSERT_TAIL(&notifier.list, reg, link);
	reg->listed = true;
	return 0;
}

static void unlist_locked(struct registration *reg)
{
	if (!reg->listed)
		return;
	TAILQ_REMOVE(&notifier.list, reg, link);
	reg->listed = false;
	close_watch_locked(reg);
	registration_release(reg);
	registration_put(reg);
}

/* Under life. */
static void release_orphans(void)
{
	struct registration *reg;

	while ((reg = TAILQ_FIRST(&notifier.orphans))) {
		TAILQ_REMOVE(&notifier.orphans, reg, link);
		registration_release(reg);
		registration_put(reg);
	}
}

int notifier_add(struct registration *reg)
{
	int err;

	pthread_mutex_lock(&notifier.life);
	release_orphans();
	err = start();
	if (!err) {
		enter();
		err = list_locked(reg);
		leave();
		/* Its watch may have taken more from its socket than it gave. */
		eventfd_write(notifier.wake, 1);
		stop_if_idle();
	}
	pthread_mutex_unlock(&notifier.life);
	return err;
}

void notifier_remove(struct registration *reg)
{
	pthread_mutex_lock(&notifier.life);
	enter();
	unlist_locked(reg);
	leave();
	stop_if_idle();
	pthread_mutex_unlock(&notifier.life);
}

void notifier_end(void)
{
	struct registration *reg;

	pthread_mutex_lock(&notifier.life);
	enter();
	while ((reg = TAILQ_FIRST(&notifier.list)))
		unlist_locked(reg);
	leave();
	stop_if_idle();
	release_orphans();
	pthread_mutex_unlock(&notifier.life);
}

void notifier_lock(void)
{
	pthread_mutex_lock(&notifier.life);
	pthread_mutex_lock(&notifier.turn);
	pthread_mutex_lock(&notifier.lock);
}

void notifier_unlock(void)
{
	pthread_mutex_unlock(&notifier.lock);
	pthread_mutex_unlock(&notifier.turn);
	pthread_mutex_unlock(&notifier.life);
}

static bool is_registration(const struct object *object, const void *arg)
{
	(void)arg;
	return object->kind == HANDLE_REGISTRATION;
}

/*
 * The set of watches is the parent's, too, and so left alone. Most children end
 * or execute another program at once, so nothing is released in a hurry.
 */
void notifier_unlock_in_child(void)
{
	struct registration *reg;

	TAILQ_FOREACH(reg, &notifier.list, link) {
		reg->listed = false;
		registration_hang_up(reg);
	}
	TAILQ_CONCAT(&notifier.orphans, &notifier.list, link);
	if (notifier.running)
		close_fds();
	notifier.running = false;
	notifier_unlock();
	handle_close_all(is_registration, NULL);
}
