// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The events of one registration that wait to be taken.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "inbox.h"

_Static_assert(offsetof(struct item, data) == 0, "what is freed");

/* Protects all inboxes. Signals are sent under it, so that none comes late. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void inbox_init(struct inbox *inbox, int fd)
{
	STAILQ_INIT(&inbox->items);
	inbox->fd = fd;
}

/*
 * A counter that has no room is signalled as much as it can be; writing to the
 * program's own eventfd might wait for room.
 */
static void signal_fd(int fd)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	if (poll(&room, 1, 0) == 1 && (room.revents & POLLOUT))
		eventfd_write(fd, 1);
}

void inbox_put(struct inbox *inbox, struct item *item)
{
	pthread_mutex_lock(&lock);
	if (inbox->fd >= 0) {
		STAILQ_INSERT_TAIL(&inbox->items, item, link);
		signal_fd(inbox->fd);
		item = NULL;
	}
	pthread_mutex_unlock(&lock);
	free(item);
}

bool inbox_take(struct inbox *inbox, struct item **item)
{
	bool open;

	pthread_mutex_lock(&lock);
	open = inbox->fd >= 0;
	*item = STAILQ_FIRST(&inbox->items);
	if (*item)
		STAILQ_REMOVE_HEAD(&inbox->items, link);
	pthread_mutex_unlock(&lock);
	return open;
}

void inbox_close(struct inbox *inbox)
{
	struct item *item;

	pthread_mutex_lock(&lock);
	if (inbox->fd >= 0)
		close(inbox->fd);
	inbox->fd = -1;
	while ((item = STAILQ_FIRST(&inbox->items))) {
		STAILQ_REMOVE_HEAD(&inbox->items, link);
		free(item);
	}
	pthread_mutex_unlock(&lock);
}

void inbox_lock(void)
{
	pthread_mutex_lock(&lock);
}

void inbox_unlock(void)
{
	pthread_mutex_unlock(&lock);
}
