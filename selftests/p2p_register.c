// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of registrations for events: threads, processes, namespaces, and
 * what happens when memory, descriptors or room for events run out. What they
 * tell is tested in p2p_event.c.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sockets.h"
#include "told.h"
#include <kselftest_harness.h>

#define THREADS 8

/*
 * Faults in the thread of the library, which is the only one beside that of the
 * test while they are on: the library calls these in place of the C library's.
 */
static atomic_bool starve;	/* no memory */
static atomic_bool stall;	/* nothing is received */

static bool in_library_thread(void)
{
	return syscall(SYS_gettid) != getpid();
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);

void *malloc(size_t size)
{
	if (starve && in_library_thread()) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	if (starve && in_library_thread()) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(n, size);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	while (stall && in_library_thread())
		usleep(1000);
	return syscall(SYS_recvmsg, fd, msg, flags);
}

FIXTURE(registration) {
	struct stage stage;
	struct listener listener;
	int fds;		/* before there was any registration */
};

FIXTURE_SETUP(registration)
{
	int err;

	if (geteuid())
		SKIP(return, "needs root");
	err = stage_open(&self->stage);
	if (err == -ENODEV)
		SKIP(return, "the module is not loaded");
	ASSERT_EQ(0, err);
	self->fds = count_fds();
	EXPECT_TRUE(threads_are(1));
}

FIXTURE_TEARDOWN(registration)
{
	stage_close(&self->stage);
}

static void begin(struct __test_metadata *_metadata,
		  struct _test_data_registration *self)
{
	ASSERT_EQ(S_OK, listen_all(&self->listener, self->stage.group));
}

/* A connection comes and goes, and both is told. */
static void check_works(struct __test_metadata *_metadata,
			struct _test_data_registration *self)
{
	char expected[64];
	struct pair pair;
	uint64_t id;

	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	id = stage_attach(&self->stage, pair.client, PG_TYPE_DIRECT);
	sprintf(expected, "%lu direct connected", id);
	EXPECT_STREQ(expected, told(&self->listener));
	EXPECT_STREQ("status 2", told(&self->listener));
	pair_close(&pair);
	sprintf(expected, "%lu direct disconnected", id);
	EXPECT_STREQ(expected, told(&self->listener));
	EXPECT_STREQ("status 0", told(&self->listener));
	EXPECT_STREQ("nothing", told_already(&self->listener));
}

/*
 * The thread
 */

TEST_F(registration, one_thread_for_all)
{
	struct listener listeners[10];
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(S_OK, listen_all(&listeners[i], self->stage.group));
		EXPECT_TRUE(threads_are(2));
	}
	for (i = 0; i < 10; i++) {
		EXPECT_TRUE(threads_are(2));
		EXPECT_EQ(S_OK, listener_end(&listeners[i]));
	}
	EXPECT_TRUE(threads_are(1));
	EXPECT_EQ(self->fds, count_fds());

	begin(_metadata, self);
	EXPECT_TRUE(threads_are(2));
	check_works(_metadata, self);
}

/* The signals that the thread beside this one blocks. */
static unsigned long blocked_there(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned long blocked = 0;
	struct dirent *entry;
	char path[300], line[256];
	FILE *file;

	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.' || atoi(entry->d_name) == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/status",
			 entry->d_name);
		file = fopen(path, "re");
		while (fgets(line, sizeof(line), file))
			sscanf(line, "SigBlk: %lx", &blocked);
		fclose(file);
	}
	closedir(dir);
	return blocked;
}

TEST_F(registration, thread_handles_no_signals)
{
	sigset_t set;
	int number;

	begin(_metadata, self);
	for (number = 1; number < 32; number++)
		if (number != SIGKILL && number != SIGSTOP)
			EXPECT_TRUE(blocked_there() & 1UL << (number - 1));
	/* The caller's are as before. */
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, NULL, &set));
	EXPECT_FALSE(sigismember(&set, SIGTERM));
}

TEST_F(registration, thread_sleeps)
{
	struct rusage before, after;

	begin(_metadata, self);
	check_works(_metadata, self);
	ASSERT_EQ(0, pg_group_del(self->stage.ctx, self->stage.id, NULL));
	usleep(100000);
	getrusage(RUSAGE_SELF, &before);
	usleep(500000);
	getrusage(RUSAGE_SELF, &after);
	EXPECT_GE(5, after.ru_nvcsw - before.ru_nvcsw);
}

TEST_F(registration, none_without_group)
{
	ASSERT_EQ(0, pg_group_del(self->stage.ctx, self->stage.id, NULL));
	EXPECT_EQ(PEER_E_INVALID_GROUP,
		  listen_all(&self->listener, self->stage.group));
	EXPECT_TRUE(threads_are(1));
	EXPECT_EQ(S_OK, PeerEventClose(self->listener.event));
	EXPECT_EQ(self->fds, count_fds());
}

/*
 * The end
 */

TEST_F(registration, shutdown_ends_them)
{
	PPEER_GROUP_EVENT_DATA data = (void *)self;
	PEER_VERSION_DATA version;
	struct pair pair;
	DWORD status;

	begin(_metadata, self);
	check_works(_metadata, self);
	/* The first of two does not. */
	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	ASSERT_EQ(S_OK, PeerGroupShutdown());
	check_works(_metadata, self);
	ASSERT_EQ(S_OK, PeerGroupShutdown());
	EXPECT_TRUE(threads_are(1));

	EXPECT_EQ(PEER_E_NOT_INITIALIZED,
		  PeerGroupGetEventData(self->listener.handle, &data));
	EXPECT_EQ(NULL, data);
	EXPECT_EQ(PEER_E_NOT_INITIALIZED,
		  PeerGroupUnregisterEvent(self->listener.handle));
	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupGetEventData(self->listener.handle, &data));
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupUnregisterEvent(self->listener.handle));
	EXPECT_EQ(PEER_E_INVALID_GROUP,
		  PeerGroupGetStatus(self->stage.group, &status));

	/* The event object is still there, and quiet. */
	while (PeerEventWait(self->listener.event, 0) == S_OK)
		;
	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	stage_attach(&self->stage, pair.client, PG_TYPE_DIRECT);
	EXPECT_EQ(S_FALSE, PeerEventWait(self->listener.event, 100));
	EXPECT_EQ(S_OK, PeerEventClose(self->listener.event));
}

TEST_F(registration, bad_handles)
{
	PPEER_GROUP_EVENT_DATA data;
	HPEEREVENT handle;

	begin(_metadata, self);
	handle = self->listener.handle;
	EXPECT_EQ(E_INVALIDARG, PeerGroupGetEventData(handle, NULL));
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupGetEventData(self->listener.event, &data));
	EXPECT_EQ(E_INVALIDARG, PeerEventClose(handle));
	EXPECT_EQ(PEER_E_INVALID_GROUP, PeerGroupClose(handle));
	EXPECT_EQ(S_OK, PeerGroupUnregisterEvent(handle));
	EXPECT_EQ(E_INVALIDARG, PeerGroupUnregisterEvent(handle));
	EXPECT_EQ(E_INVALIDARG, PeerGroupGetEventData(handle, &data));
	EXPECT_EQ(NULL, data);
}

/* Takes events until the handle is a bad one. */
static void *take_until_the_end(void *arg)
{
	struct listener *listener = arg;
	PPEER_GROUP_EVENT_DATA data;
	HRESULT hr;

	do {
		hr = PeerGroupGetEventData(listener->handle, &data);
		PeerFreeData(data);
	} while (SUCCEEDED(hr));
	return (void *)(intptr_t)hr;
}

TEST_F_TIMEOUT(registration, ended_while_threads_take, 120)
{
	pthread_t threads[THREADS];
	struct churn churn;
	void *hr;
	int i, round;

	ASSERT_TRUE(churn_start(&churn, &self->stage));
	for (round = 0; round < 30; round++) {
		begin(_metadata, self);
		for (i = 0; i < THREADS; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL,
						    take_until_the_end,
						    &self->listener));
		usleep(round * 500);
		EXPECT_EQ(S_OK, listener_end(&self->listener));
		for (i = 0; i < THREADS; i++) {
			ASSERT_EQ(0, pthread_join(threads[i], &hr));
			EXPECT_EQ(E_INVALIDARG, (HRESULT)(intptr_t)hr);
		}
	}
	churn_stop(&churn);
}

/* The same, by the last shutdown. */
TEST_F_TIMEOUT(registration, shut_down_while_threads_take, 120)
{
	PEER_VERSION_DATA version;
	pthread_t threads[THREADS];
	struct churn churn;
	void *hr;
	int i, round;

	ASSERT_TRUE(churn_start(&churn, &self->stage));
	for (round = 0; round < 20; round++) {
		begin(_metadata, self);
		for (i = 0; i < THREADS; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL,
						    take_until_the_end,
						    &self->listener));
		usleep(round * 500);
		EXPECT_EQ(S_OK, PeerGroupShutdown());
		for (i = 0; i < THREADS; i++) {
			ASSERT_EQ(0, pthread_join(threads[i], &hr));
			EXPECT_TRUE((HRESULT)(intptr_t)hr == E_INVALIDARG ||
				    (HRESULT)(intptr_t)hr ==
				    PEER_E_NOT_INITIALIZED);
		}
		ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION,
						 &version));
		ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"test", NULL,
					      &self->stage.group));
		PeerEventClose(self->listener.event);
	}
	churn_stop(&churn);
	EXPECT_TRUE(threads_are(1));
}

static void *register_and_end(void *arg)
{
	const struct stage *stage = arg;
	struct listener listener;
	bool ok = true;
	int i;

	for (i = 0; ok && i < 20; i++)
		ok = listen_all(&listener, stage->group) == S_OK &&
		     strcmp("nothing", told(&listener)) &&
		     listener_end(&listener) == S_OK;
	return ok ? arg : NULL;
}

TEST_F_TIMEOUT(registration, in_several_threads, 120)
{
	pthread_t threads[THREADS];
	struct churn churn;
	void *ok;
	int i;

	ASSERT_TRUE(churn_start(&churn, &self->stage));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL,
					    register_and_end, &self->stage));
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &ok));
		EXPECT_NE(NULL, ok);
	}
	churn_stop(&churn);
	EXPECT_TRUE(threads_are(1));
}

/*
 * Processes and namespaces
 */

static void check_child(struct __test_metadata *_metadata,
			struct _test_data_registration *self,
			HPEERENUM peer_enum)
{
	PPEER_GROUP_EVENT_DATA data;
	struct listener parents = self->listener;
	ULONG count;

	EXPECT_TRUE(threads_are(1));
	/* What is left is its event object, and an idle context less. */
	EXPECT_GE(self->fds + 1, count_fds());
	EXPECT_EQ(E_INVALIDARG, PeerGroupGetEventData(parents.handle, &data));
	EXPECT_EQ(E_INVALIDARG, PeerGroupUnregisterEvent(parents.handle));
	EXPECT_EQ(S_OK, PeerGetItemCount(peer_enum, &count));
	EXPECT_EQ(S_OK, PeerEndEnumeration(peer_enum));

	/* Its own object, since the parent takes signals of the other. */
	begin(_metadata, self);
	EXPECT_TRUE(threads_are(2));
	check_works(_metadata, self);
	EXPECT_EQ(S_OK, listener_end(&self->listener));
	EXPECT_TRUE(threads_are(1));
	EXPECT_LE(0, PeerEventFd(parents.event));
	EXPECT_EQ(S_OK, PeerEventClose(parents.event));
}

TEST_F(registration, child_process)
{
	HPEERENUM peer_enum;
	int status;
	pid_t pid;

	begin(_metadata, self);
	ASSERT_EQ(S_OK, PeerGroupEnumConnections(self->stage.group, 0,
						 &peer_enum));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		pg_open(&self->stage.ctx);
		check_child(_metadata, self, peer_enum);
		_exit(_metadata->exit_code ? 1 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);

	/* The parent was told of the child's connection. */
	EXPECT_STREQ("1 direct connected", told(&self->listener));
	EXPECT_STREQ("status 2", told(&self->listener));
	EXPECT_STREQ("1 direct disconnected", told(&self->listener));
	EXPECT_STREQ("status 0", told(&self->listener));
	check_works(_metadata, self);
	EXPECT_EQ(S_OK, listener_end(&self->listener));
	EXPECT_TRUE(threads_are(1));
}

static void *register_until_stopped(void *arg)
{
	struct churn *churn = arg;
	struct listener listener;

	while (!churn->stop) {
		listen_all(&listener, churn->stage.group);
		told_already(&listener);
		listener_end(&listener);
	}
	return NULL;
}

/* Whatever other threads hold when this one forks, the child can register. */
TEST_F_TIMEOUT(registration, fork_among_threads, 120)
{
	struct listener own;
	pthread_t threads[2];
	struct churn churn;
	int i, status;
	pid_t pid;

	begin(_metadata, self);
	ASSERT_TRUE(churn_start(&churn, &self->stage));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL,
					    register_until_stopped, &churn));
	for (i = 0; i < 50; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			alarm(20);
			_exit(listen_all(&own, self->stage.group) ||
			      listener_end(&own) || !threads_are(1));
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
	}
	churn_stop(&churn);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/* Cancelled as it comes to a call that waits, in the library if it may be. */
static void *end_while_cancelled(void *arg)
{
	struct listener *listener = arg;

	pthread_cancel(pthread_self());
	PeerGroupUnregisterEvent(listener->handle);
	pthread_testcancel();
	return arg;
}

/* It takes no lock along. */
TEST_F(registration, cancelled_thread)
{
	pthread_t thread;
	void *result;

	begin(_metadata, self);
	ASSERT_EQ(0, pthread_create(&thread, NULL, end_while_cancelled,
				    &self->listener));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_TRUE(threads_are(1));
	begin(_metadata, self);
	check_works(_metadata, self);
	EXPECT_EQ(S_OK, listener_end(&self->listener));
}

static void *elsewhere(void *arg)
{
	struct _test_data_registration *self = arg;

	if (!own_netns())
		return NULL;
	return listen_all(&self->listener, self->stage.group) ==
	       PEER_E_INVALID_GROUP ? arg : NULL;
}

TEST_F(registration, thread_in_another_namespace)
{
	pthread_t thread;
	void *ok;

	ASSERT_EQ(0, pthread_create(&thread, NULL, elsewhere, self));
	ASSERT_EQ(0, pthread_join(thread, &ok));
	EXPECT_NE(NULL, ok);
	EXPECT_EQ(NULL, self->listener.handle);
	EXPECT_TRUE(threads_are(1));
	begin(_metadata, self);
	check_works(_metadata, self);
}

/*
 * Shortage
 */

TEST_F(registration, every_descriptor_fails_once)
{
	PEER_GROUP_EVENT_REGISTRATION entry = {
		PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL
	};
	HANDLE event = PeerEventCreate();
	int free_fd = dup(0), fds, n = 0;
	HPEEREVENT handle;
	HRESULT hr;

	close(free_fd);
	fds = count_fds();
	do {
		ASSERT_TRUE(allow_fds(free_fd + n));
		hr = PeerGroupRegisterEvent(self->stage.group, event, 1,
					    &entry, &handle);
		ASSERT_TRUE(allow_fds(1024));
		if (hr == S_OK)
			break;
		EXPECT_EQ(E_OUTOFMEMORY, hr);
		EXPECT_EQ(NULL, handle);
		EXPECT_EQ(fds, count_fds());
		EXPECT_TRUE(threads_are(1));
	} while (++n < 20);
	/* Three for the registration, two for the thread. */
	EXPECT_EQ(5, n);
	EXPECT_EQ(S_OK, PeerGroupUnregisterEvent(handle));
	EXPECT_EQ(fds, count_fds());
}

/*
 * What the library cannot keep is made good by a new list, so that what came
 * and went meanwhile is not told. All else is, once.
 */
TEST_F(registration, no_memory)
{
	struct pair pairs[3];
	int i;

	begin(_metadata, self);
	check_works(_metadata, self);
	ASSERT_TRUE(pairs_open(PAIR_IPV4, pairs, 3));
	stage_attach(&self->stage, pairs[0].client, PG_TYPE_DIRECT);
	EXPECT_STREQ("2 direct connected", told(&self->listener));
	EXPECT_STREQ("status 2", told(&self->listener));

	starve = true;
	stage_attach(&self->stage, pairs[1].client, PG_TYPE_DIRECT);
	close(pairs[0].client);
	close(pairs[1].client);
	stage_attach(&self->stage, pairs[2].client, PG_TYPE_NEIGHBOR);
	for (i = 0; i < 5; i++) {
		usleep(100000);
		EXPECT_STREQ("nothing", told_already(&self->listener));
	}
	starve = false;

	EXPECT_STREQ("2 direct disconnected", told(&self->listener));
	EXPECT_STREQ("status 0", told(&self->listener));
	EXPECT_STREQ("4 neighbor connected", told(&self->listener));
	EXPECT_STREQ("status 2", told(&self->listener));
	EXPECT_STREQ("nothing", told_already(&self->listener));
}

TEST_F(registration, no_memory_at_the_end_of_the_group)
{
	struct pair pairs[3];
	char expected[64];
	int i;

	begin(_metadata, self);
	ASSERT_TRUE(pairs_open(PAIR_IPV4, pairs, 3));
	for (i = 0; i < 3; i++)
		stage_attach(&self->stage, pairs[i].client, PG_TYPE_DIRECT);
	for (i = 0; i < 4; i++)
		EXPECT_STRNE("nothing", told(&self->listener));
	starve = true;
	ASSERT_EQ(0, pg_group_del(self->stage.ctx, self->stage.id, NULL));
	usleep(300000);
	EXPECT_STREQ("nothing", told_already(&self->listener));
	starve = false;
	for (i = 0; i < 3; i++) {
		sprintf(expected, "%d direct disconnected", i + 1);
		EXPECT_STREQ(expected, told(&self->listener));
	}
	EXPECT_STREQ("status 0", told(&self->listener));
}

/* More than the kernel keeps for a thread that does not take it. */
static void overflow(struct _test_data_registration *self, int fd)
{
	int i;

	for (i = 0; i < 20000; i++)
		pg_conn_detach(self->stage.ctx, 0,
			       stage_attach(&self->stage, fd, PG_TYPE_ANY),
			       NULL);
}

/* What has become of what was known is told, and what is new. */
TEST_F_TIMEOUT(registration, lost_events, 120)
{
	struct pair pairs[4];
	char expected[64];
	uint64_t id;
	DWORD status;

	begin(_metadata, self);
	ASSERT_TRUE(pairs_open(PAIR_IPV4, pairs, 4));
	stage_attach(&self->stage, pairs[0].client, PG_TYPE_DIRECT);
	stage_attach(&self->stage, pairs[1].client, PG_TYPE_DIRECT);
	EXPECT_STREQ("1 direct connected", told(&self->listener));
	EXPECT_STREQ("status 2", told(&self->listener));
	EXPECT_STREQ("2 direct connected", told(&self->listener));

	stall = true;
	overflow(self, pairs[3].client);
	close(pairs[0].client);
	close(pairs[1].client);
	id = stage_attach(&self->stage, pairs[2].client, PG_TYPE_NEIGHBOR);
	EXPECT_STREQ("nothing", told_already(&self->listener));
	stall = false;

	EXPECT_STREQ("1 direct disconnected", told(&self->listener));
	EXPECT_STREQ("2 direct disconnected", told(&self->listener));
	EXPECT_STREQ("status 0", told(&self->listener));
	sprintf(expected, "%lu neighbor connected", id);
	EXPECT_STREQ(expected, told(&self->listener));
	EXPECT_STREQ("status 2", told(&self->listener));
	EXPECT_STREQ("nothing", told_already(&self->listener));
	EXPECT_EQ(S_OK, PeerGroupGetStatus(self->stage.group, &status));
	EXPECT_EQ(PEER_GROUP_STATUS_HAS_CONNECTIONS, status);
}

/* The deletion of the group is among what was lost. */
TEST_F_TIMEOUT(registration, lost_end, 120)
{
	struct pair pairs[2];

	begin(_metadata, self);
	ASSERT_TRUE(pairs_open(PAIR_IPV4, pairs, 2));
	stage_attach(&self->stage, pairs[0].client, PG_TYPE_DIRECT);
	EXPECT_STREQ("1 direct connected", told(&self->listener));
	EXPECT_STREQ("status 2", told(&self->listener));

	stall = true;
	overflow(self, pairs[1].client);
	ASSERT_EQ(0, pg_group_del(self->stage.ctx, self->stage.id, NULL));
	stall = false;
	EXPECT_STREQ("1 direct disconnected", told(&self->listener));
	EXPECT_STREQ("status 0", told(&self->listener));
	EXPECT_STREQ("nothing", told_already(&self->listener));
}

TEST_HARNESS_MAIN
