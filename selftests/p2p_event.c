// SPDX-License-Identifier: GPL-2.0-only
/*
 * What PeerGroupRegisterEvent() tells of real connections, and that it does so
 * as Windows programs expect. The life of registrations is tested in
 * p2p_register.c, what the functions refuse in host/.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sockets.h"
#include "told.h"
#include <kselftest_harness.h>

/* The library's requests pass here: how often it lists. */
static unsigned int dumps;

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	const struct nlmsghdr *nlh = buf;

	if (to && to->sa_family == AF_NETLINK &&
	    (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		__atomic_fetch_add(&dumps, 1, __ATOMIC_RELAXED);
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

FIXTURE(told) {
	struct stage stage;
	struct listener listener;
};

FIXTURE_SETUP(told)
{
	int err;

	if (geteuid())
		SKIP(return, "needs root");
	err = stage_open(&self->stage);
	if (err == -ENODEV)
		SKIP(return, "the module is not loaded");
	ASSERT_EQ(0, err);
	ASSERT_EQ(S_OK, listen_all(&self->listener, self->stage.group));
}

FIXTURE_TEARDOWN(told)
{
	stage_close(&self->stage);
}

#define EXPECT_TOLD(text) EXPECT_STREQ(text, told(&self->listener))
#define EXPECT_ALL_TOLD() \
	EXPECT_STREQ("nothing", told_already(&self->listener))

static uint64_t attach(struct _test_data_told *self, int fd, enum pg_type type)
{
	return stage_attach(&self->stage, fd, type);
}

static DWORD status_of(struct _test_data_told *self)
{
	DWORD status = 7;

	PeerGroupGetStatus(self->stage.group, &status);
	return status;
}

/*
 * Active connections
 */

TEST_F(told, come_and_go)
{
	struct pair pair;

	ASSERT_TRUE(pair_open(PAIR_IPV6, &pair));
	ASSERT_EQ(1, attach(self, pair.client, PG_TYPE_DIRECT));
	EXPECT_TOLD("1 direct connected");
	EXPECT_TOLD("status 2");
	EXPECT_EQ(PEER_GROUP_STATUS_HAS_CONNECTIONS, status_of(self));
	ASSERT_EQ(2, attach(self, pair.server, PG_TYPE_NEIGHBOR));
	EXPECT_TOLD("2 neighbor connected");
	EXPECT_ALL_TOLD();

	close(pair.server);
	EXPECT_TOLD("2 neighbor disconnected");
	EXPECT_TOLD("1 direct disconnected");
	EXPECT_TOLD("status 0");
	EXPECT_EQ(0, status_of(self));
	EXPECT_ALL_TOLD();
}

TEST_F(told, fields)
{
	struct pg_attach sock = {
		.size = sizeof(sock), .type = PG_TYPE_DIRECT,
		.node_id = 0x123456789abcdef0,
	};
	const PEER_EVENT_CONNECTION_CHANGE_DATA *change;
	PPEER_GROUP_EVENT_DATA data;
	struct pair pair;
	uint64_t id;

	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	sock.fd = pair.client;
	ASSERT_EQ(0, pg_conn_attach(self->stage.ctx, self->stage.id, &sock, 1,
				    &id, NULL, NULL));
	ASSERT_EQ(S_OK, PeerEventWait(self->listener.event, SOON));
	ASSERT_EQ(S_OK, PeerGroupGetEventData(self->listener.handle, &data));
	EXPECT_EQ(PEER_GROUP_EVENT_DIRECT_CONNECTION, data->eventType);
	change = &data->connectionChangeData;
	EXPECT_EQ(40, change->dwSize);
	EXPECT_EQ(PEER_CONNECTED, change->status);
	EXPECT_EQ(id, change->ullConnectionId);
	EXPECT_EQ(0x123456789abcdef0, change->ullNodeId);
	EXPECT_EQ(0, change->ullNextConnectionId);
	EXPECT_EQ(S_OK, change->hrConnectionFailedReason);

	/* A block is the program's. */
	EXPECT_EQ(S_OK, listener_end(&self->listener));
	EXPECT_EQ(S_OK, PeerGroupShutdown());
	EXPECT_EQ(id, change->ullConnectionId);
	PeerFreeData(data);
}

TEST_F(told, every_end)
{
	struct pair pairs[4];
	int i;

	ASSERT_TRUE(pairs_open(PAIR_IPV4, pairs, 4));
	for (i = 0; i < 4; i++)
		attach(self, pairs[i].client, PG_TYPE_ANY);
	EXPECT_TOLD("1 neighbor connected");
	EXPECT_TOLD("status 2");
	EXPECT_TOLD("2 neighbor connected");
	EXPECT_TOLD("3 neighbor connected");
	EXPECT_TOLD("4 neighbor connected");

	shutdown(pairs[0].client, SHUT_WR);
	EXPECT_TOLD("1 neighbor disconnected");
	reset(pairs[1].server);
	EXPECT_TOLD("2 neighbor disconnected");
	ASSERT_EQ(0, pg_conn_detach(self->stage.ctx, 0, 3, NULL));
	EXPECT_TOLD("3 neighbor disconnected");
	close(pairs[3].server);
	EXPECT_TOLD("4 neighbor disconnected");
	EXPECT_TOLD("status 0");
	EXPECT_ALL_TOLD();
}

/* The end is told also of what came before; what came is not. */
TEST_F(told, nothing_of_before)
{
	struct listener late;
	struct pair pair;

	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	attach(self, pair.client, PG_TYPE_ANY);
	EXPECT_TOLD("1 neighbor connected");
	EXPECT_TOLD("status 2");

	ASSERT_EQ(S_OK, listen_all(&late, self->stage.group));
	attach(self, pair.server, PG_TYPE_ANY);
	EXPECT_STREQ("2 neighbor connected", told(&late));
	close(pair.client);
	EXPECT_STREQ("1 neighbor disconnected", told(&late));
	EXPECT_STREQ("2 neighbor disconnected", told(&late));
	EXPECT_STREQ("status 0", told(&late));
}

TEST_F(told, nothing_of_other_groups)
{
	const struct pg_group_spec spec = { sizeof(spec), .name = "other" };
	struct stage other = self->stage;
	struct pair pair;

	ASSERT_EQ(0, pg_group_add(self->stage.ctx, &spec, &other.id, NULL));
	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	ASSERT_EQ(1, stage_attach(&other, pair.client, PG_TYPE_ANY));
	ASSERT_EQ(0, pg_group_del(self->stage.ctx, other.id, NULL));
	ASSERT_EQ(2, attach(self, pair.client, PG_TYPE_ANY));
	EXPECT_TOLD("2 neighbor connected");
}

/* Of rules themselves there is nothing to tell, but of what they adopt. */
TEST_F(told, adopted_by_a_rule)
{
	const struct pg_rule_spec spec = {
		.size = sizeof(spec), .group_id = self->stage.id,
		.type = PG_TYPE_DIRECT, .direction = PG_DIRECTION_OUT,
	};
	struct pair pair;
	uint32_t id;

	ASSERT_EQ(0, pg_rule_add(self->stage.ctx, &spec, &id, NULL));
	ASSERT_TRUE(pair_open(PAIR_IPV6, &pair));
	EXPECT_TOLD("1 direct connected");
	EXPECT_TOLD("status 2");
	ASSERT_EQ(0, pg_rule_del(self->stage.ctx, 0, id, 0, NULL));
	EXPECT_TOLD("1 direct disconnected");
	EXPECT_TOLD("status 0");
	EXPECT_ALL_TOLD();
}

/*
 * Pending connections: SYNs to a listener whose queue is full are dropped, and
 * sent again after a second.
 */

struct attempt {
	int listener;
	int filler;	/* fills the queue */
	int fd;		/* connects in vain */
};

static bool attempt_begin(struct attempt *attempt)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);

	attempt->listener = socket(AF_INET, SOCK_STREAM, 0);
	attempt->filler = socket(AF_INET, SOCK_STREAM, 0);
	attempt->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	return !bind(attempt->listener, (struct sockaddr *)&addr, len) &&
	       !listen(attempt->listener, 0) &&
	       !getsockname(attempt->listener, (struct sockaddr *)&addr,
			    &len) &&
	       !connect(attempt->filler, (struct sockaddr *)&addr, len) &&
	       connect(attempt->fd, (struct sockaddr *)&addr, len) &&
	       errno == EINPROGRESS;
}

TEST_F(told, pending_becomes_active)
{
	struct attempt attempt;

	ASSERT_TRUE(attempt_begin(&attempt));
	ASSERT_EQ(1, attach(self, attempt.fd, PG_TYPE_DIRECT));
	EXPECT_ALL_TOLD();
	EXPECT_EQ(0, status_of(self));
	ASSERT_LE(0, accept(attempt.listener, NULL, NULL));
	EXPECT_TOLD("1 direct connected");
	EXPECT_TOLD("status 2");
	close(attempt.fd);
	EXPECT_TOLD("1 direct disconnected");
	EXPECT_TOLD("status 0");
	EXPECT_ALL_TOLD();
}

TEST_F(told, pending_is_refused)
{
	struct attempt attempt;

	ASSERT_TRUE(attempt_begin(&attempt));
	ASSERT_EQ(1, attach(self, attempt.fd, PG_TYPE_DIRECT));
	close(attempt.listener);
	EXPECT_TOLD("1 direct failed, refused");
	EXPECT_ALL_TOLD();
	EXPECT_EQ(0, status_of(self));
}

TEST_F(told, pending_times_out)
{
	const int once = 1;
	struct attempt attempt;

	ASSERT_TRUE(attempt_begin(&attempt));
	ASSERT_EQ(0, setsockopt(attempt.fd, IPPROTO_TCP, TCP_SYNCNT, &once,
				sizeof(once)));
	ASSERT_EQ(1, attach(self, attempt.fd, PG_TYPE_NEIGHBOR));
	EXPECT_TOLD("1 neighbor failed, failed");
	EXPECT_ALL_TOLD();
}

TEST_F(told, pending_is_given_up)
{
	struct attempt attempt;

	ASSERT_TRUE(attempt_begin(&attempt));
	ASSERT_EQ(1, attach(self, attempt.fd, PG_TYPE_NEIGHBOR));
	close(attempt.fd);
	EXPECT_TOLD("1 neighbor failed, failed");
	EXPECT_ALL_TOLD();
}

TEST_F(told, pending_is_detached)
{
	struct attempt attempt;

	ASSERT_TRUE(attempt_begin(&attempt));
	ASSERT_EQ(1, attach(self, attempt.fd, PG_TYPE_NEIGHBOR));
	ASSERT_EQ(0, pg_conn_detach(self->stage.ctx, 0, 1, NULL));
	EXPECT_TOLD("1 neighbor failed, failed");
	EXPECT_ALL_TOLD();
}

/* Known as pending since before the registration. */
TEST_F(told, pending_of_before)
{
	struct attempt attempt;
	struct listener late;

	ASSERT_TRUE(attempt_begin(&attempt));
	ASSERT_EQ(1, attach(self, attempt.fd, PG_TYPE_NEIGHBOR));
	ASSERT_EQ(S_OK, listen_all(&late, self->stage.group));
	close(attempt.listener);
	EXPECT_STREQ("1 neighbor failed, refused", told(&late));
}

/*
 * The end of the group
 */

TEST_F(told, group_deleted)
{
	struct attempt attempt;
	struct listener late;
	struct pair pair;

	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	ASSERT_TRUE(attempt_begin(&attempt));
	attach(self, pair.client, PG_TYPE_DIRECT);
	attach(self, attempt.fd, PG_TYPE_DIRECT);
	attach(self, pair.server, PG_TYPE_NEIGHBOR);
	EXPECT_TOLD("1 direct connected");
	EXPECT_TOLD("status 2");
	EXPECT_TOLD("3 neighbor connected");

	ASSERT_EQ(S_OK, PeerGroupDelete(NULL, L"test"));
	EXPECT_TOLD("1 direct disconnected");
	EXPECT_TOLD("2 direct failed, failed");
	EXPECT_TOLD("3 neighbor disconnected");
	EXPECT_TOLD("status 0");
	EXPECT_ALL_TOLD();
	EXPECT_EQ(PEER_E_INVALID_GROUP, listen_all(&late, self->stage.group));
	EXPECT_EQ(NULL, late.handle);
	EXPECT_EQ(S_OK, PeerGroupUnregisterEvent(self->listener.handle));
}

TEST_F(told, group_deleted_by_others)
{
	const struct pg_group_spec spec = { sizeof(spec), .name = "test" };
	struct listener late;
	struct pair pair;

	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	attach(self, pair.client, PG_TYPE_DIRECT);
	EXPECT_TOLD("1 direct connected");
	EXPECT_TOLD("status 2");
	ASSERT_EQ(0, pg_group_del(self->stage.ctx, self->stage.id, NULL));
	EXPECT_TOLD("1 direct disconnected");
	EXPECT_TOLD("status 0");
	EXPECT_EQ(PEER_E_INVALID_GROUP, listen_all(&late, self->stage.group));

	/* Another group of this name is not this one. */
	ASSERT_EQ(0, pg_group_add(self->stage.ctx, &spec, &self->stage.id,
				  NULL));
	EXPECT_EQ(PEER_E_INVALID_GROUP, listen_all(&late, self->stage.group));
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"test", NULL,
				      &self->stage.group));
	ASSERT_EQ(S_OK, listen_all(&late, self->stage.group));
	attach(self, pair.server, PG_TYPE_DIRECT);
	EXPECT_STREQ("2 direct connected", told(&late));
	EXPECT_ALL_TOLD();
}

TEST_F(told, after_the_handle_of_the_group)
{
	struct pair pair;

	ASSERT_EQ(S_OK, PeerGroupClose(self->stage.group));
	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	attach(self, pair.client, PG_TYPE_DIRECT);
	EXPECT_TOLD("1 direct connected");
}

/*
 * Types
 */

TEST_F(told, only_what_was_asked_for)
{
	static const PEER_GROUP_EVENT_TYPE types[] = {
		PEER_GROUP_EVENT_STATUS_CHANGED,
		PEER_GROUP_EVENT_DIRECT_CONNECTION,
		PEER_GROUP_EVENT_NEIGHBOR_CONNECTION,
	};
	struct listener listeners[3];
	struct pair pair;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(S_OK, listen_types(&listeners[i], self->stage.group,
					     1, &types[i]));
	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	attach(self, pair.client, PG_TYPE_DIRECT);
	attach(self, pair.server, PG_TYPE_NEIGHBOR);
	close(pair.client);

	EXPECT_STREQ("status 2", told(&listeners[0]));
	EXPECT_STREQ("status 0", told(&listeners[0]));
	EXPECT_STREQ("1 direct connected", told(&listeners[1]));
	EXPECT_STREQ("1 direct disconnected", told(&listeners[1]));
	EXPECT_STREQ("2 neighbor connected", told(&listeners[2]));
	EXPECT_STREQ("2 neighbor disconnected", told(&listeners[2]));
	for (i = 0; i < 3; i++)
		EXPECT_STREQ("nothing", told_already(&listeners[i]));
}

TEST_F(told, other_types_are_silent)
{
	static const PEER_GROUP_EVENT_TYPE types[] = {
		PEER_GROUP_EVENT_PROPERTY_CHANGED,
		PEER_GROUP_EVENT_RECORD_CHANGED,
		PEER_GROUP_EVENT_INCOMING_DATA,
		PEER_GROUP_EVENT_MEMBER_CHANGED,
		PEER_GROUP_EVENT_CONNECTION_FAILED,
		PEER_GROUP_EVENT_AUTHENTICATION_FAILED,
	};
	struct attempt attempt;
	struct listener silent;

	ASSERT_EQ(S_OK, listen_types(&silent, self->stage.group, 6, types));
	ASSERT_TRUE(attempt_begin(&attempt));
	attach(self, attempt.filler, PG_TYPE_ANY);
	attach(self, attempt.fd, PG_TYPE_ANY);
	close(attempt.fd);
	EXPECT_TOLD("1 neighbor connected");
	EXPECT_TOLD("status 2");
	EXPECT_TOLD("2 neighbor failed, failed");
	EXPECT_STREQ("nothing", told_already(&silent));
}

/*
 * What Windows programs rely on, in the order of their rules
 */

/* After each signal there is one event at least that was not there before. */
TEST_F(told, signal_for_each_after_it_is_there)
{
	enum { ROUNDS = 500 };
	PPEER_GROUP_EVENT_DATA data;
	struct pair pairs[2];
	unsigned int seen = 0;
	eventfd_t count;
	int i, fd;

	ASSERT_TRUE(pairs_open(PAIR_IPV4, pairs, 2));
	attach(self, pairs[0].client, PG_TYPE_ANY);
	EXPECT_TOLD("1 neighbor connected");
	EXPECT_TOLD("status 2");
	fd = PeerEventFd(self->listener.event);
	eventfd_read(fd, &count);
	for (i = 0; i < ROUNDS; i++) {
		pg_conn_detach(self->stage.ctx, 0,
			       attach(self, pairs[1].client, PG_TYPE_ANY),
			       NULL);
		if (eventfd_read(fd, &count))
			continue;
		seen += count;
		while (count--) {
			ASSERT_EQ(S_OK,
				  PeerGroupGetEventData(self->listener.handle,
							&data));
			PeerFreeData(data);
		}
	}
	while (seen < 2 * ROUNDS &&
	       PeerEventWait(self->listener.event, SOON) == S_OK)
		while (PeerGroupGetEventData(self->listener.handle, &data) ==
		       S_OK) {
			PeerFreeData(data);
			seen++;
		}
	EXPECT_EQ(2 * ROUNDS, seen);
}

TEST_F(told, no_signal_at_registration)
{
	struct pair pair;
	struct listener late;

	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	attach(self, pair.client, PG_TYPE_ANY);
	EXPECT_TOLD("1 neighbor connected");
	ASSERT_EQ(S_OK, listen_all(&late, self->stage.group));
	EXPECT_EQ(S_FALSE, PeerEventWait(late.event, 100));
}

TEST_F(told, signal_without_event)
{
	PPEER_GROUP_EVENT_DATA data = (void *)self;

	ASSERT_EQ(0, eventfd_write(PeerEventFd(self->listener.event), 1));
	EXPECT_EQ(S_OK, PeerEventWait(self->listener.event, 0));
	EXPECT_EQ(PEER_S_NO_EVENT_DATA,
		  PeerGroupGetEventData(self->listener.handle, &data));
	EXPECT_EQ(NULL, data);
}

/* Whatever gets the numbers of descriptors that were closed is left alone. */
TEST_F(told, own_descriptor)
{
	int mine = eventfd(0, 0), wrapped, others[2], i;
	PEER_GROUP_EVENT_REGISTRATION entry = {
		PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL
	};
	HANDLE event = PeerEventFromFd(mine);
	HPEEREVENT handle;
	struct pair pair;

	wrapped = PeerEventFd(event);
	ASSERT_EQ(S_OK, PeerGroupRegisterEvent(self->stage.group, event, 1,
					       &entry, &handle));
	ASSERT_EQ(S_OK, PeerEventClose(event));
	close(mine);
	others[0] = eventfd(0, EFD_NONBLOCK);
	others[1] = eventfd(0, EFD_NONBLOCK);
	EXPECT_TRUE((others[0] == mine && others[1] == wrapped) ||
		    (others[1] == mine && others[0] == wrapped));

	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	attach(self, pair.client, PG_TYPE_DIRECT);
	EXPECT_TOLD("1 direct connected");
	EXPECT_TOLD("status 2");
	ASSERT_EQ(S_OK, PeerGroupUnregisterEvent(handle));
	for (i = 0; i < 2; i++) {
		eventfd_t count;

		EXPECT_EQ(-1, eventfd_read(others[i], &count));
	}
}

/* Never once unregistered, also while connections come and go. */
TEST_F(told, no_signal_after_the_end)
{
	struct listener late;
	struct churn churn;
	eventfd_t count;
	int i, fd;

	ASSERT_TRUE(churn_start(&churn, &self->stage));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(S_OK, listen_all(&late, self->stage.group));
		EXPECT_STRNE("nothing", told(&late));
		ASSERT_EQ(S_OK, PeerGroupUnregisterEvent(late.handle));
		fd = PeerEventFd(late.event);
		eventfd_read(fd, &count);
		EXPECT_STRNE("nothing", told(&self->listener));
		EXPECT_EQ(-1, eventfd_read(fd, &count));
		PeerEventClose(late.event);
	}
	churn_stop(&churn);
}

TEST_F(told, queues_of_one_event_object)
{
	PEER_GROUP_EVENT_REGISTRATION entry = {
		PEER_GROUP_EVENT_NEIGHBOR_CONNECTION, NULL
	};
	struct listener second = { .event = self->listener.event };
	struct pair pair;

	ASSERT_EQ(S_OK, PeerGroupRegisterEvent(self->stage.group, second.event,
					       1, &entry, &second.handle));
	EXPECT_NE(self->listener.handle, second.handle);
	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	attach(self, pair.client, PG_TYPE_NEIGHBOR);
	EXPECT_TOLD("1 neighbor connected");
	EXPECT_TOLD("status 2");
	EXPECT_STREQ("1 neighbor connected", told(&second));

	/* The end of one is not that of the other. */
	ASSERT_EQ(S_OK, PeerGroupUnregisterEvent(self->listener.handle));
	close(pair.client);
	EXPECT_STREQ("1 neighbor disconnected", told(&second));
}

TEST_F(told, once_for_several_entries)
{
	GUID guid = { 1, 2, 3, { 4 } };
	PEER_GROUP_EVENT_REGISTRATION entries[] = {
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, &guid },
		{ PEER_GROUP_EVENT_INCOMING_DATA, &guid },
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL },
	};
	struct listener many = { .event = self->listener.event };
	struct pair pair;

	ASSERT_EQ(S_OK, PeerGroupRegisterEvent(self->stage.group, many.event,
					       4, entries, &many.handle));
	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	attach(self, pair.client, PG_TYPE_DIRECT);
	close(pair.client);
	EXPECT_STREQ("1 direct connected", told(&many));
	EXPECT_STREQ("1 direct disconnected", told(&many));
	EXPECT_STREQ("nothing", told_already(&many));
}

/*
 * Many
 */

/* Datagrams full of events, none of which is lost. */
TEST_F_TIMEOUT(told, thousands, 120)
{
	enum { N = 4000 };
	static struct pair pairs[N];
	static int fds[N];
	char expected[64];
	int i;

	ASSERT_TRUE(allow_fds(2 * N + 100));
	ASSERT_TRUE(pairs_open(PAIR_IPV6, pairs, N));
	for (i = 0; i < N; i++)
		fds[i] = pairs[i].client;
	dumps = 0;
	ASSERT_EQ(0, stage_attach_all(&self->stage, fds, N));
	EXPECT_TOLD("1 neighbor connected");
	EXPECT_TOLD("status 2");
	for (i = 1; i < N; i++) {
		sprintf(expected, "%d neighbor connected", i + 1);
		ASSERT_STREQ(expected, told(&self->listener));
	}
	EXPECT_ALL_TOLD();
	ASSERT_EQ(S_OK, PeerGroupDelete(NULL, L"test"));
	for (i = 0; i < N; i++) {
		sprintf(expected, "%d neighbor disconnected", i + 1);
		ASSERT_STREQ(expected, told(&self->listener));
	}
	EXPECT_TOLD("status 0");
	EXPECT_ALL_TOLD();
	EXPECT_EQ(0, dumps);
}

TEST_HARNESS_MAIN
