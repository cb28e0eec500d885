// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event objects, and what the functions for events refuse. Events themselves
 * need a module: see ../p2p_event.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <p2p.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "fake.h"
#include <kselftest_harness.h>

/* A value no function hands out. */
#define JUNK ((void *)0x5a5a5a5a5a5a5a5a)

static bool readable(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 0) == 1;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* The lowest descriptor that is free. */
static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

FIXTURE(event) {
	HANDLE event;
	int fd;
};

FIXTURE_SETUP(event)
{
	self->event = PeerEventCreate();
	ASSERT_NE(NULL, self->event);
	self->fd = PeerEventFd(self->event);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(event)
{
	PeerEventClose(self->event);
}

TEST_F(event, begins_not_signalled)
{
	EXPECT_FALSE(readable(self->fd));
	EXPECT_EQ(S_FALSE, PeerEventWait(self->event, 0));
}

TEST_F(event, descriptor)
{
	eventfd_t count;

	EXPECT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));
	EXPECT_EQ(self->fd, PeerEventFd(self->event));
	/* As a program with a loop of its own resets it. */
	EXPECT_EQ(-1, eventfd_read(self->fd, &count));
	EXPECT_EQ(EAGAIN, errno);
}

/* Many signals are one, and one wait resets them. */
TEST_F(event, resets_itself)
{
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, eventfd_write(self->fd, 1));
	EXPECT_TRUE(readable(self->fd));
	EXPECT_EQ(S_OK, PeerEventWait(self->event, INFINITE));
	EXPECT_FALSE(readable(self->fd));
	EXPECT_EQ(S_FALSE, PeerEventWait(self->event, 0));
}

TEST_F(event, time_out)
{
	long long begin = now_ms();

	EXPECT_EQ(S_FALSE, PeerEventWait(self->event, 150));
	EXPECT_LE(begin + 150, now_ms());
	begin = now_ms();
	EXPECT_EQ(S_FALSE, PeerEventWait(self->event, 1001));
	EXPECT_LE(begin + 1001, now_ms());
	EXPECT_GT(begin + 60000, now_ms());
}

static void *signal_later(void *arg)
{
	usleep(50000);
	eventfd_write(*(int *)arg, 1);
	return NULL;
}

TEST_F(event, wakes_a_waiter)
{
	static const DWORD times[] = { INFINITE, INFINITE - 1, 60000 };
	pthread_t thread;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, signal_later,
					    &self->fd));
		EXPECT_EQ(S_OK, PeerEventWait(self->event, times[i]));
		pthread_join(thread, NULL);
	}
}

static void interrupt(int number)
{
	(void)number;
}

/* A signal handler neither ends nor prolongs a wait. */
TEST_F(event, wait_is_interrupted)
{
	struct sigaction action = { .sa_handler = interrupt };
	long long begin = now_ms();

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ualarm(10000, 10000);
	EXPECT_EQ(S_FALSE, PeerEventWait(self->event, 200));
	EXPECT_LE(begin + 200, now_ms());
	EXPECT_GT(begin + 5000, now_ms());
	ualarm(0, 0);
}

static void *wait_once(void *arg)
{
	return (void *)(intptr_t)PeerEventWait(arg, 300);
}

TEST_F(event, one_signal_wakes_one)
{
	pthread_t threads[4];
	int i, woken = 0;
	void *hr;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, wait_once,
					    self->event));
	usleep(50000);
	eventfd_write(self->fd, 1);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &hr);
		woken += hr == (void *)S_OK;
	}
	EXPECT_EQ(1, woken);
}

static void check_bad(struct __test_metadata *_metadata, HANDLE event)
{
	EXPECT_EQ(-1, PeerEventFd(event));
	EXPECT_EQ(E_INVALIDARG, PeerEventWait(event, 0));
	EXPECT_EQ(E_INVALIDARG, PeerEventWait(event, INFINITE));
	EXPECT_EQ(E_INVALIDARG, PeerEventClose(event));
}

TEST_F(event, bad_handles)
{
	HANDLE closed = PeerEventCreate(), value;
	int i;

	ASSERT_EQ(S_OK, PeerEventClose(closed));
	check_bad(_metadata, closed);
	check_bad(_metadata, NULL);
	check_bad(_metadata, JUNK);
	check_bad(_metadata, (HANDLE)-1);
	for (i = 0; i < 10000; i++) {
		ASSERT_EQ(8, getrandom(&value, sizeof(value), 0));
		check_bad(_metadata, value);
	}
	EXPECT_EQ(S_FALSE, PeerEventWait(self->event, 0));
}

TEST_F(event, close_closes_the_descriptor)
{
	ASSERT_EQ(S_OK, PeerEventClose(self->event));
	EXPECT_EQ(-1, fcntl(self->fd, F_GETFD));
	EXPECT_EQ(EBADF, errno);
}

static void *wait_and_close(void *arg)
{
	usleep(20000);
	return (void *)(intptr_t)PeerEventClose(arg);
}

TEST_F(event, closed_under_a_waiter)
{
	pthread_t thread;
	void *hr;

	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_and_close,
				    self->event));
	EXPECT_EQ(S_FALSE, PeerEventWait(self->event, 100));
	pthread_join(thread, &hr);
	EXPECT_EQ(S_OK, (intptr_t)hr);
	check_bad(_metadata, self->event);
}

TEST_F(event, child_shares_it)
{
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(eventfd_write(PeerEventFd(self->event), 1));
	EXPECT_EQ(S_OK, PeerEventWait(self->event, INFINITE));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST(wrapped_descriptor)
{
	int fd = eventfd(0, 0);
	HANDLE event = PeerEventFromFd(fd);

	ASSERT_NE(NULL, event);
	EXPECT_NE(fd, PeerEventFd(event));
	EXPECT_EQ(FD_CLOEXEC, fcntl(PeerEventFd(event), F_GETFD));
	/* A blocking one never blocks a wait. */
	EXPECT_EQ(S_FALSE, PeerEventWait(event, 0));
	ASSERT_EQ(0, eventfd_write(fd, 1));
	EXPECT_EQ(S_OK, PeerEventWait(event, INFINITE));
	EXPECT_FALSE(readable(fd));

	/* It is the library's own, and so is the program's. */
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, eventfd_write(PeerEventFd(event), 1));
	EXPECT_EQ(S_OK, PeerEventWait(event, 0));
	fd = dup(PeerEventFd(event));
	ASSERT_EQ(S_OK, PeerEventClose(event));
	EXPECT_EQ(0, eventfd_write(fd, 1));
}

TEST(wraps_nothing_else)
{
	int fds[2], free_fd;

	ASSERT_EQ(0, pipe(fds));
	free_fd = next_fd();
	EXPECT_EQ(NULL, PeerEventFromFd(fds[1]));
	EXPECT_EQ(NULL, PeerEventFromFd(-1));
	EXPECT_EQ(NULL, PeerEventFromFd(free_fd));
	EXPECT_EQ(NULL, PeerEventFromFd(INT_MAX));
	EXPECT_EQ(free_fd, next_fd());
}

static HRESULT create_wrap_close(void)
{
	HANDLE event = PeerEventCreate(), wrapped;
	HRESULT hr = E_OUTOFMEMORY;

	if (!event)
		return hr;
	wrapped = PeerEventFromFd(PeerEventFd(event));
	if (wrapped)
		hr = PeerEventClose(wrapped);
	PeerEventClose(event);
	return hr;
}

TEST(every_allocation_fails_once)
{
	int free_fd = next_fd();
	unsigned int n = 0;
	HRESULT hr;

	do {
		alloc_fail(++n);
		hr = create_wrap_close();
		EXPECT_EQ(alloc_failed() ? E_OUTOFMEMORY : S_OK, hr);
		/* The table of handles stays. */
		EXPECT_GE(1, alloc_live());
		EXPECT_EQ(free_fd, next_fd());
	} while (alloc_failed());
	/* Two objects and, the first time, the table. */
	EXPECT_EQ(4, n);
}

/*
 * What the functions of Windows refuse
 */

FIXTURE(refusal) {
	HGROUP group;
	HANDLE event;
	HPEEREVENT peer_event;
};

FIXTURE_SETUP(refusal)
{
	PEER_VERSION_DATA version;

	fake_reset();
	fake_add("first", 3);
	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"first", NULL, &self->group));
	self->event = PeerEventCreate();
	self->peer_event = JUNK;
}

FIXTURE_TEARDOWN(refusal)
{
	PeerGroupShutdown();
	EXPECT_EQ(S_OK, PeerEventClose(self->event));
	EXPECT_GE(1, alloc_live());
}

static PEER_GROUP_EVENT_REGISTRATION direct[] = {
	{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL },
};

static HRESULT enroll(struct _test_data_refusal *self, HGROUP group,
		      HANDLE event)
{
	return PeerGroupRegisterEvent(group, event, 1, direct,
				      &self->peer_event);
}

TEST_F(refusal, pointers)
{
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupRegisterEvent(JUNK, JUNK, 0, NULL, NULL));
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupRegisterEvent(self->group, self->event, 1, NULL,
					 &self->peer_event));
	EXPECT_EQ(NULL, self->peer_event);
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupRegisterEvent(self->group, self->event, 0, direct,
					 &self->peer_event));
	EXPECT_EQ(E_INVALIDARG, PeerGroupGetEventData(JUNK, NULL));
}

TEST_F(refusal, types)
{
	static const int bad[] = {
		INT_MIN, -1, 0, 7, 9, 12, 31, 32, 33, 36, 0x104, INT_MAX,
	};
	PEER_GROUP_EVENT_REGISTRATION entries[] = {
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL }, { 0, NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		*(int *)&entries[1].eventType = bad[i];
		/* Before handles. */
		EXPECT_EQ(E_INVALIDARG,
			  PeerGroupRegisterEvent(JUNK, JUNK, 2, entries,
						 &self->peer_event)) {
			TH_LOG("type %d", bad[i]);
		}
	}
}

TEST_F(refusal, handles)
{
	HANDLE closed = PeerEventCreate();

	PeerEventClose(closed);
	EXPECT_EQ(PEER_E_INVALID_GROUP, enroll(self, NULL, self->event));
	EXPECT_EQ(PEER_E_INVALID_GROUP, enroll(self, JUNK, JUNK));
	EXPECT_EQ(PEER_E_INVALID_GROUP,
		  enroll(self, self->event, self->event));
	EXPECT_EQ(E_INVALIDARG, enroll(self, self->group, NULL));
	EXPECT_EQ(E_INVALIDARG, enroll(self, self->group, JUNK));
	EXPECT_EQ(E_INVALIDARG, enroll(self, self->group, closed));
	EXPECT_EQ(E_INVALIDARG, enroll(self, self->group, self->group));
	EXPECT_EQ(NULL, self->peer_event);
}

TEST_F(refusal, registrations)
{
	HPEEREVENT bad[] = { NULL, JUNK, self->group, self->event };
	PPEER_GROUP_EVENT_DATA data;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		data = JUNK;
		EXPECT_EQ(E_INVALIDARG, PeerGroupGetEventData(bad[i], &data));
		EXPECT_EQ(NULL, data);
		EXPECT_EQ(E_INVALIDARG, PeerGroupUnregisterEvent(bad[i]));
	}
}

TEST_F(refusal, not_started)
{
	PPEER_GROUP_EVENT_DATA data = JUNK;

	ASSERT_EQ(S_OK, PeerGroupShutdown());
	EXPECT_EQ(PEER_E_NOT_INITIALIZED,
		  PeerGroupRegisterEvent(NULL, NULL, 0, NULL,
					 &self->peer_event));
	EXPECT_EQ(NULL, self->peer_event);
	EXPECT_EQ(PEER_E_NOT_INITIALIZED, PeerGroupGetEventData(JUNK, &data));
	EXPECT_EQ(NULL, data);
	EXPECT_EQ(PEER_E_NOT_INITIALIZED, PeerGroupUnregisterEvent(JUNK));
	/* Event objects are of no epoch. */
	EXPECT_EQ(S_FALSE, PeerEventWait(self->event, 0));
}

TEST_F(refusal, no_module)
{
	int free_fd = next_fd();

	fake.loaded = false;
	EXPECT_EQ(E_UNEXPECTED, enroll(self, self->group, self->event));
	EXPECT_EQ(NULL, self->peer_event);
	EXPECT_EQ(free_fd, next_fd());
}

TEST_HARNESS_MAIN
