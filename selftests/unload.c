// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unloading: possible at any time, an open dump aside; the sockets live on,
 * and who used the module goes on when it is back.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <p2p.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "follow.h"
#include "util.h"

#define CONNS	4000
#define LOADS	20
#define TRACEFS	"/sys/kernel/tracing/instances/"

static int unload(void)
{
	return syscall(SYS_delete_module, "peergroup", O_NONBLOCK) ? -errno : 0;
}

/* The module built beside this program, else the one that is installed. */
static int load(void)
{
	char self[PATH_MAX];
	ssize_t len;

	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		return -errno;
	self[len] = '\0';
	return run("insmod \"$(dirname %s)/../kmod/$(uname -r)/peergroup.ko\" 2>/dev/null || modprobe peergroup",
		   self);
}

FIXTURE(unload)
{
	struct pg_ctx *ctx;
	uint32_t group;
	int fds[CONNS];
	size_t n;
	pid_t churner;
};

FIXTURE_SETUP(unload)
{
	ASSERT_EQ(0, allow_fds(CONNS));
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
}

FIXTURE_TEARDOWN(unload)
{
	if (self->churner) {
		kill(self->churner, SIGKILL);
		waitpid(self->churner, NULL, 0);
	}
	close_all(self->fds, self->n);
	pg_close(self->ctx);
	if (access(PARAMETERS, F_OK))
		load();
}

static int fill(FIXTURE_DATA(unload) *self, size_t n)
{
	size_t i;
	int err;

	err = tcp_pairs(AF_INET6, self->fds, n);
	if (err)
		return err;
	self->n = n;
	for (i = 0; i < n && !err; i++)
		err = attach(self->ctx, self->group, self->fds[i], NULL);
	return err;
}

static bool all_flow(FIXTURE_DATA(unload) *self)
{
	size_t i;

	for (i = 0; i < self->n; i += 2)
		if (!data_flows(self->fds[i], self->fds[i + 1]))
			return false;
	return true;
}

TEST_F_TIMEOUT(unload, with_live_connections, 120)
{
	ASSERT_EQ(0, fill(self, CONNS));
	EXPECT_EQ(0, unload());
	EXPECT_TRUE(all_flow(self));
	EXPECT_EQ(0, load());
	/* Nothing is left of what was, and all begins anew. */
	EXPECT_EQ(0, count_conns(self->ctx, 0));
	EXPECT_EQ(0, add_group(self->ctx, &self->group));
	EXPECT_EQ(0, attach(self->ctx, self->group, self->fds[0], NULL));
	EXPECT_EQ(1, count_conns(self->ctx, self->group));
	EXPECT_EQ(0, unload());
	EXPECT_TRUE(all_flow(self));
}

/* Rules end with it, and all they have adopted lives on. */
TEST_F_TIMEOUT(unload, with_rules, 60)
{
	uint32_t id;

	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING, &id));
	self->n = CONNS / 4;
	ASSERT_EQ(0, tcp_pairs(AF_INET6, self->fds, self->n));
	EXPECT_TRUE(wait_until(has_exactly(self->ctx, self->group, self->fds,
					   self->n), SOON));
	EXPECT_EQ(0, unload());
	EXPECT_TRUE(all_flow(self));
	EXPECT_EQ(0, load());
	EXPECT_EQ(0, add_group(self->ctx, &self->group));
	EXPECT_EQ(-ENOENT, pg_rule_del(self->ctx, 0, id, 0, NULL));
	EXPECT_EQ(0, count_conns(self->ctx, 0));
	EXPECT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING, &id));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, self->fds, self->n));
	EXPECT_EQ(0, unload());
}

static int unload_in_dump(const struct pg_conn *conn, void *arg)
{
	(void)conn;
	*(int *)arg = unload();
	return -ECANCELED;
}

TEST_F(unload, not_in_an_open_dump)
{
	struct pg_filter filter = { .size = sizeof(filter) };
	int err = 0;

	ASSERT_EQ(0, fill(self, 1000));
	EXPECT_EQ(-ECANCELED, pg_conn_dump(self->ctx, &filter, NULL,
					   unload_in_dump, &err));
	EXPECT_EQ(-EWOULDBLOCK, err);
	EXPECT_EQ(1000, count_conns(self->ctx, self->group));
	EXPECT_EQ(0, unload());
}

static void hold_dump(int ready)
{
	struct pg_filter filter = { .size = sizeof(filter) };
	struct pg_ctx *ctx;
	int err;

	if (!pg_open(&ctx) && write(ready, "", 1) == 1)
		pg_conn_dump(ctx, &filter, NULL, unload_in_dump, &err);
	pause();
}

/* A context that is merely open does not hold the module, nor does its end. */
TEST_F(unload, with_idle_contexts_of_others)
{
	int ready[2];
	char c;

	ASSERT_EQ(0, pipe(ready));
	self->churner = fork();
	if (!self->churner)
		hold_dump(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_TRUE(wait_until(!unload(), SOON));
}

/* Listens from time to time, and takes what comes then. */
static void listen_now_and_then(struct pg_sub **sub)
{
	const struct pg_event *event;

	if (*sub && rand() % 8 && pg_sub_next(*sub, &event) >= 0)
		return;
	pg_sub_close(*sub);
	*sub = NULL;
	if (rand() % 2 && pg_sub_open(sub, 0))
		*sub = NULL;
}

static void change_rules(struct pg_ctx *ctx, uint32_t group)
{
	static uint32_t id;

	if (id && !pg_rule_del(ctx, 0, id, rand() % 2 ? PG_RULE_KEEP : 0, NULL))
		id = 0;
	else
		add_rule(ctx, group, rand() % 2 ? PG_RULE_EXISTING : 0, &id);
}

static void churn(void)
{
	struct pg_ctx *ctx = NULL;
	struct pg_sub *sub = NULL;
	uint32_t group = 0;
	int pair[2];

	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		if (!ctx && pg_open(&ctx))
			ctx = NULL;
		if (tcp_pair(AF_INET, pair))
			_exit(1);
		if (ctx && attach(ctx, group, pair[0], NULL) == -ENOENT)
			add_group(ctx, &group);
		if (ctx && !(rand() % 4))
			change_rules(ctx, group);
		listen_now_and_then(&sub);
		reset_on_close(pair[0]);
		close_all(pair, 2);
	}
}

/*
 * The first two users of a tracepoint have the kernel patch the code it is in.
 * That is no matter of ours, and an emulated processor may trip over it while
 * another one runs that code: let there be two others all the time.
 */
static int others_on_tracepoint(bool on)
{
	static const char *const names[] = { "unload-1", "unload-2" };
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(names) && !err; i++) {
		if (on)
			err = run("mkdir -p " TRACEFS "%s", names[i]);
		if (!err)
			err = run("echo %d > " TRACEFS "%s/events/sock/inet_sock_set_state/enable",
				  on, names[i]);
		if (!err && !on)
			err = run("rmdir " TRACEFS "%s", names[i]);
	}
	return err;
}

/* Requests, transitions and the worker are under way all the time. */
TEST_F_TIMEOUT(unload, under_way, 300)
{
	unsigned int i;

	ASSERT_EQ(0, others_on_tracepoint(true));
	self->churner = fork();
	if (!self->churner)
		churn();
	for (i = 0; i < LOADS; i++) {
		usleep(20000);
		ASSERT_TRUE(wait_until(!unload(), SOON));
		usleep(5000);
		ASSERT_EQ(0, load());
	}
	EXPECT_EQ(0, waitpid(self->churner, NULL, WNOHANG));
	kill(self->churner, SIGKILL);
	waitpid(self->churner, NULL, 0);
	self->churner = 0;
	EXPECT_EQ(0, others_on_tracepoint(false));
}

TEST_F(unload, seen_through_p2p)
{
	PEER_VERSION_DATA version;
	HPEERENUM peer_enum;
	HGROUP group;

	ASSERT_EQ(0, add_group_named(self->ctx, "unload", &self->group));
	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"unload", NULL, &group));
	ASSERT_EQ(0, unload());
	EXPECT_EQ((HRESULT)0x8007042C,
		  PeerGroupStartup(PEER_GROUP_VERSION, &version));
	EXPECT_EQ(E_UNEXPECTED, PeerGroupEnumConnections(group, 0, &peer_enum));
	EXPECT_EQ(NULL, peer_enum);

	ASSERT_EQ(0, load());
	EXPECT_EQ(PEER_E_INVALID_GROUP,
		  PeerGroupEnumConnections(group, 0, &peer_enum));
	ASSERT_EQ(0, add_group_named(self->ctx, "unload", &self->group));
	/* Even a group of the same name and id is another one. */
	EXPECT_EQ(PEER_E_INVALID_GROUP,
		  PeerGroupEnumConnections(group, 0, &peer_enum));
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"unload", NULL, &group));
	EXPECT_EQ(S_OK, PeerGroupEnumConnections(group, 0, &peer_enum));
	EXPECT_EQ(S_OK, PeerGroupShutdown());
}

static bool is_readable(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, SOON) == 1;
}

/* Whoever listens holds nothing, and is told. */
TEST_F(unload, told_to_subscribers)
{
	const struct pg_event *event;
	struct event_copy copy;
	struct pg_watch *watch;
	struct pg_sub *sub;
	int i;

	ASSERT_EQ(0, pg_sub_open(&sub, 0));
	ASSERT_EQ(0, pg_watch_open(&watch, NULL));
	do {
		ASSERT_EQ(0, next_watched(watch, &copy));
	} while (copy.type != PG_EVENT_SYNCED);
	ASSERT_EQ(0, pg_watch_next(watch, &event));
	ASSERT_EQ(0, fill(self, 2));
	ASSERT_EQ(0, next_event(sub, &copy));
	ASSERT_EQ(0, next_event(sub, &copy));
	ASSERT_EQ(0, next_watched(watch, &copy));
	ASSERT_EQ(0, next_watched(watch, &copy));

	ASSERT_EQ(0, unload());
	EXPECT_TRUE(is_readable(pg_sub_fd(sub)));
	EXPECT_TRUE(is_readable(pg_watch_fd(watch)));
	EXPECT_EQ(-ENODEV, next_event(sub, &copy));
	EXPECT_STREQ("the peergroup module was unloaded", pg_sub_error(sub));
	EXPECT_EQ(-ENODEV, next_watched(watch, &copy));
	EXPECT_STREQ("the peergroup module was unloaded",
		     pg_watch_error(watch));

	/* That is final, also if it is back. */
	ASSERT_EQ(0, load());
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-ENODEV, pg_sub_next(sub, &event));
		EXPECT_EQ(NULL, event);
		EXPECT_EQ(-ENODEV, pg_watch_next(watch, &event));
		EXPECT_EQ(NULL, event);
	}
	pg_sub_close(sub);
	pg_watch_close(watch);
}

/* Also to those who could not keep up until then. */
TEST_F(unload, told_to_slow_subscribers)
{
	struct event_copy copy;
	struct pg_watch *watch;
	struct pg_sub *sub;
	struct pg_watch_spec spec = { .size = sizeof(spec), .buffer = 1 };

	ASSERT_EQ(0, pg_sub_open(&sub, 1));
	ASSERT_EQ(0, pg_watch_open(&watch, &spec));
	do {
		ASSERT_EQ(0, next_watched(watch, &copy));
	} while (copy.type != PG_EVENT_SYNCED);
	ASSERT_EQ(0, fill(self, 1000));
	ASSERT_EQ(0, unload());
	EXPECT_EQ(-ENODEV, next_event(sub, &copy));
	EXPECT_EQ(-ENODEV, next_watched(watch, &copy));
	pg_sub_close(sub);
	pg_watch_close(watch);
}

/* Nobody can tell whether what was lost was the end of this or another one. */
TEST_F(unload, slow_until_it_is_back)
{
	struct event_copy copy;
	struct pg_sub *sub;

	ASSERT_EQ(0, pg_sub_open(&sub, 1));
	ASSERT_EQ(0, fill(self, 1000));
	ASSERT_EQ(0, unload());
	ASSERT_EQ(0, load());
	EXPECT_EQ(-ENODEV, next_event(sub, &copy));
	pg_sub_close(sub);
}

static PPEER_GROUP_EVENT_DATA next_told(HANDLE event, HPEEREVENT handle)
{
	PPEER_GROUP_EVENT_DATA data = NULL;

	while (PeerGroupGetEventData(handle, &data) == PEER_S_NO_EVENT_DATA &&
	       PeerEventWait(event, SOON) == S_OK)
		;
	return data;
}

static HRESULT enroll(PCWSTR name, HANDLE event, HPEEREVENT *handle)
{
	PEER_GROUP_EVENT_REGISTRATION entries[] = {
		{ PEER_GROUP_EVENT_STATUS_CHANGED, NULL },
		{ PEER_GROUP_EVENT_NEIGHBOR_CONNECTION, NULL },
	};
	HGROUP group;
	HRESULT hr;

	hr = PeerGroupOpen(NULL, name, NULL, &group);
	if (SUCCEEDED(hr))
		hr = PeerGroupRegisterEvent(group, event, 2, entries, handle);
	return hr;
}

/* All connections are told to be gone; who registers anew goes on. */
TEST_F(unload, told_through_p2p)
{
	HANDLE event = PeerEventCreate();
	PPEER_GROUP_EVENT_DATA data;
	PEER_VERSION_DATA version;
	HPEEREVENT old, new;
	int i;

	ASSERT_EQ(0, add_group_named(self->ctx, "unload", &self->group));
	ASSERT_EQ(0, fill(self, 4));
	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	ASSERT_EQ(S_OK, enroll(L"unload", event, &old));
	ASSERT_EQ(0, unload());
	for (i = 0; i < 4; i++) {
		data = next_told(event, old);
		ASSERT_NE(NULL, data);
		EXPECT_EQ(PEER_GROUP_EVENT_NEIGHBOR_CONNECTION,
			  data->eventType);
		EXPECT_EQ(PEER_DISCONNECTED,
			  data->connectionChangeData.status);
		PeerFreeData(data);
	}
	data = next_told(event, old);
	ASSERT_NE(NULL, data);
	EXPECT_EQ(PEER_GROUP_EVENT_STATUS_CHANGED, data->eventType);
	EXPECT_EQ(0, data->dwStatus);
	PeerFreeData(data);

	ASSERT_EQ(0, load());
	ASSERT_EQ(0, add_group_named(self->ctx, "unload", &self->group));
	ASSERT_EQ(S_OK, enroll(L"unload", event, &new));
	ASSERT_EQ(0, attach(self->ctx, self->group, self->fds[0], NULL));
	data = next_told(event, new);
	ASSERT_NE(NULL, data);
	EXPECT_EQ(PEER_CONNECTED, data->connectionChangeData.status);
	PeerFreeData(data);
	EXPECT_EQ(PEER_S_NO_EVENT_DATA, PeerGroupGetEventData(old, &data));
	EXPECT_EQ(S_OK, PeerGroupUnregisterEvent(old));
	EXPECT_EQ(S_OK, PeerGroupShutdown());
}

TEST_HARNESS_MAIN
