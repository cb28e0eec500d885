// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Event objects: an eventfd and a handle for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "handle.h"
#include "hresult.h"

#define NS_PER_S 1000000000
#define NS_PER_MS 1000000
#define MS_PER_S 1000

struct event {
	struct object base;
	int fd;
};

static void event_destroy(struct object *object)
{
	struct event *event = (struct event *)object;

	close(event->fd);
	free(event);
}

static struct event *event_get(HANDLE handle)
{
	return (struct event *)handle_get(HANDLE_EVENT, handle);
}

static void event_put(struct event *event)
{
	object_put(&event->base);
}

/* Takes over the descriptor, of which there is none if it is negative. */
static HANDLE event_new(int fd)
{
	struct event *event;
	HANDLE handle = NULL;

	if (fd < 0)
		return NULL;
	event = malloc(sizeof(*event));
	if (!event) {
		close(fd);
		return NULL;
	}
	object_init(&event->base, HANDLE_EVENT, event_destroy);
	event->fd = fd;
	if (handle_new(&event->base, 0, &handle))
		event_put(event);
	return handle;
}

HANDLE PeerEventCreate(void)
{
	return event_new(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

/*
 * Anything else would be written to in vain, or worse. Without /proc there is
 * no way to tell.
 */
static bool is_eventfd(int fd)
{
	char path[32], target[32];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return access("/proc/self", F_OK);
	target[len] = '\0';
	return !strcmp(target, "anon_inode:[eventfd]");
}

HANDLE PeerEventFromFd(int eventfd)
{
	if (!is_eventfd(eventfd))
		return NULL;
	return event_new(fcntl(eventfd, F_DUPFD_CLOEXEC, 0));
}

int PeerEventFd(HANDLE hEvent)
{
	struct event *event = event_get(hEvent);
	int fd;

	if (!event)
		return -1;
	fd = event->fd;
	event_put(event);
	return fd;
}

int event_dup(HANDLE handle)
{
	struct event *event = event_get(handle);
	int fd;

	if (!event)
		return -EINVAL;
	fd = fcntl(event->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		fd = -errno;
	event_put(event);
	return fd;
}

static struct timespec deadline(DWORD ms)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / MS_PER_S;
	end.tv_nsec += ms % MS_PER_S * NS_PER_MS;
	if (end.tv_nsec >= NS_PER_S) {
		end.tv_sec++;
		end.tv_nsec -= NS_PER_S;
	}
	return end;
}

/* The time until then; false if there is none left. */
static bool time_left(const struct timespec *end, struct timespec *left)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left->tv_sec = end->tv_sec - now.tv_sec;
	left->tv_nsec = end->tv_nsec - now.tv_nsec;
	if (left->tv_nsec < 0) {
		left->tv_sec--;
		left->tv_nsec += NS_PER_S;
	}
	return left->tv_sec >= 0 && (left->tv_sec || left->tv_nsec);
}

/* Never waits: the program's own eventfd may be one that does. */
static int reset(int fd)
{
	uint64_t count;
	struct iovec iov = { .iov_base = &count, .iov_len = sizeof(count) };

	return preadv2(fd, &iov, 1, -1, RWF_NOWAIT) < 0 ? -errno : 0;
}

/* end is NULL if there is none. */
static HRESULT wait_for(int fd, const struct timespec *end)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct timespec left;
	int err;

	for (;;) {
		err = reset(fd);
		if (err != -EAGAIN)
			return hresult_from_errno(err);
		if (end && !time_left(end, &left))
			return S_FALSE;
		if (ppoll(&ready, 1, end ? &left : NULL, NULL) < 0 &&
		    errno != EINTR)
			return hresult_from_errno(-errno);
	}
}

HRESULT PeerEventWait(HANDLE hEvent, DWORD dwMilliseconds)
{
	struct timespec end = deadline(dwMilliseconds);
	struct event *event = event_get(hEvent);
	HRESULT hr;

	if (!event)
		return E_INVALIDARG;
	hr = wait_for(event->fd, dwMilliseconds == INFINITE ? NULL : &end);
	event_put(event);
	return hr;
}

HRESULT PeerEventClose(HANDLE hEvent)
{
	return handle_close(HANDLE_EVENT, hEvent) ? S_OK : E_INVALIDARG;
}
