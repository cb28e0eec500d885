// SPDX-License-Identifier: GPL-2.0-only
/* Events: each change has one, in order, and it tells what happened. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/peergroup.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "connecting.h"
#include "follow.h"
#include "process.h"
#include "request.h"
#include "util.h"

FIXTURE(events) {
	struct pg_ctx *ctx;
	struct pg_sub *sub;
	uint32_t group;
	uint64_t generation;	/* before what the test does */
	int pair[2];
};

FIXTURE_SETUP(events)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, tcp_pair(AF_INET6, self->pair));
	self->generation = generation_now(self->ctx);
	ASSERT_EQ(0, pg_sub_open(&self->sub, 1 << 22));
}

FIXTURE_TEARDOWN(events)
{
	pg_sub_close(self->sub);
	pg_close(self->ctx);
}

/* The next event, which is of this type and has the next generation. */
static bool next_is(FIXTURE_DATA(events) *self, enum pg_event_type type,
		    struct event_copy *event)
{
	int err;

	memset(event, 0, sizeof(*event));
	err = next_event(self->sub, event);
	if (!err && event->type == type &&
	    event->generation == ++self->generation && !event->flags)
		return true;
	fprintf(stderr, "# %d, type %u, generation %lu\n", err, event->type,
		event->generation);
	return false;
}

TEST_F(events, none)
{
	const struct pg_event *event = (void *)1;

	EXPECT_EQ(0, pg_sub_next(self->sub, &event));
	EXPECT_EQ(NULL, event);
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

TEST_F(events, group)
{
	const struct pg_group_spec spec = {
		.size = sizeof(spec), .name = "n\xc3\xa4me", .label = "label",
		.comment = "comment", .flags = PG_GROUP_SET_OWNER,
		.owner = 4711,
	};
	const struct pg_group_spec plain = {
		.size = sizeof(plain), .name = "plain",
	};
	struct event_copy event;
	uint64_t generation;
	uint32_t id, last;

	ASSERT_EQ(0, pg_group_add(self->ctx, &spec, &id, &generation));
	ASSERT_TRUE(next_is(self, PG_EVENT_GROUP_NEW, &event));
	EXPECT_EQ(generation, event.generation);
	EXPECT_TRUE(event.about_group && !event.about_conn);
	EXPECT_EQ(id, event.group.id);
	EXPECT_STREQ("n\xc3\xa4me", event.group.name);
	EXPECT_STREQ("label", event.group.label);
	EXPECT_STREQ("comment", event.group.comment);
	EXPECT_EQ(4711, event.group.owner);
	EXPECT_EQ(0, event.group.gained);
	EXPECT_EQ(N_REASONS, event.group.n_lost);
	EXPECT_LT(0, event.group.limit);

	ASSERT_EQ(0, pg_group_add(self->ctx, &plain, &last, &generation));
	ASSERT_TRUE(next_is(self, PG_EVENT_GROUP_NEW, &event));
	EXPECT_EQ(last, event.group.id);
	EXPECT_STREQ("", event.group.label);
	EXPECT_STREQ("", event.group.comment);

	ASSERT_EQ(0, pg_group_del(self->ctx, id, &generation));
	ASSERT_TRUE(next_is(self, PG_EVENT_GROUP_GONE, &event));
	EXPECT_EQ(generation, event.generation);
	EXPECT_TRUE(event.about_group && !event.about_conn);
	EXPECT_EQ(id, event.group.id);
	EXPECT_STREQ("n\xc3\xa4me", event.group.name);
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

/* All but what changes with the state. */
static bool same_conn(const struct pg_conn *a, const struct pg_conn *b)
{
	return a->id == b->id && a->group_id == b->group_id &&
	       a->type == b->type && a->node_id == b->node_id &&
	       a->cookie == b->cookie && a->attached == b->attached &&
	       !memcmp(&a->local, &b->local, sizeof(a->local)) &&
	       !memcmp(&a->remote, &b->remote, sizeof(a->remote)) &&
	       !a->stats && !b->stats && a->peer_id_len == b->peer_id_len &&
	       !a->peer_id == !b->peer_id &&
	       (!a->peer_id || !strcmp(a->peer_id, b->peer_id));
}

/* From the one that is shown to the one that was told. */
static bool told_of(const struct event_copy *event,
		    const struct conn_copy *shown, enum pg_state state)
{
	return event->about_conn && !event->about_group &&
	       event->conn.conn.state == state &&
	       same_conn(&event->conn.conn, &shown->conn);
}

static struct pg_attach full_spec(int fd)
{
	static char peer_id[PG_NAME_MAX + 1];
	struct pg_attach spec = attach_spec(fd);

	memset(peer_id, 'p', PG_NAME_MAX);
	spec.peer_id = peer_id;
	spec.node_id = 0x123456789abcdef0;
	spec.type = PG_TYPE_DIRECT;
	return spec;
}

static bool comes_and_goes(FIXTURE_DATA(events) *self, struct pg_attach spec,
			   int other_end)
{
	struct event_copy event;
	struct conn_copy shown;
	uint64_t generation, id;

	if (pg_conn_attach(self->ctx, self->group, &spec, 1, &id, &generation,
			   NULL) ||
	    get_conn(self->ctx, id, false, &shown) ||
	    !next_is(self, PG_EVENT_CONN_NEW, &event) ||
	    event.generation != generation ||
	    !told_of(&event, &shown, PG_STATE_ACTIVE) ||
	    event.conn.conn.reason || event.conn.conn.error)
		return false;

	close(other_end);
	return next_is(self, PG_EVENT_CONN_GONE, &event) &&
	       told_of(&event, &shown, PG_STATE_GONE) &&
	       event.conn.conn.reason == PG_REASON_PEER_CLOSED &&
	       !event.conn.conn.error && nothing_more(self->ctx, self->sub);
}

TEST_F(events, conn)
{
	EXPECT_TRUE(comes_and_goes(self, attach_spec(self->pair[0]),
				   self->pair[1]));
}

TEST_F(events, conn_of_longest)
{
	EXPECT_TRUE(comes_and_goes(self, full_spec(self->pair[0]),
				   self->pair[1]));
}

TEST_F(events, conn_ipv4)
{
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	EXPECT_TRUE(comes_and_goes(self, attach_spec(fds[0]), fds[1]));
}

TEST_F(events, conn_pending)
{
	struct conn_copy pending, active;
	struct pg_attach spec;
	struct event_copy event;
	uint64_t generation, id;
	int listener = tcp_listen(AF_INET);

	ASSERT_EQ(0, loopback_does("delay 100ms"));
	spec = full_spec(tcp_begin(AF_INET, port_of(listener)));
	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->group, &spec, 1, &id,
				    &generation, NULL));
	ASSERT_EQ(0, get_conn(self->ctx, id, false, &pending));
	EXPECT_EQ(PG_STATE_PENDING, pending.conn.state);
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_PENDING, &event));
	EXPECT_EQ(generation, event.generation);
	EXPECT_TRUE(told_of(&event, &pending, PG_STATE_PENDING));

	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_NEW, &event));
	ASSERT_EQ(0, get_conn(self->ctx, id, false, &active));
	EXPECT_TRUE(told_of(&event, &active, PG_STATE_ACTIVE));
	EXPECT_TRUE(same_conn(&pending.conn, &active.conn));

	close(spec.fd);
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_GONE, &event));
	EXPECT_TRUE(told_of(&event, &active, PG_STATE_GONE));
	EXPECT_EQ(PG_REASON_CLOSED, event.conn.conn.reason);
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

/* A socket in several groups tells each. */
TEST_F(events, several_groups)
{
	struct event_copy event;
	uint64_t ids[2];
	uint32_t other;

	ASSERT_EQ(0, add_group(self->ctx, &other));
	ASSERT_EQ(0, attach(self->ctx, self->group, self->pair[0], &ids[0]));
	ASSERT_EQ(0, attach(self->ctx, other, self->pair[0], &ids[1]));
	ASSERT_TRUE(next_is(self, PG_EVENT_GROUP_NEW, &event));
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_NEW, &event));
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_NEW, &event));
	close(self->pair[0]);
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_GONE, &event));
	other = event.conn.conn.group_id;
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_GONE, &event));
	EXPECT_NE(other, event.conn.conn.group_id);
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

/* What is refused or asked for changes nothing. */
TEST_F(events, no_change)
{
	struct pg_attach socks[2];
	uint32_t id;

	socks[0] = attach_spec(self->pair[0]);
	socks[1] = attach_spec(tcp_listen(AF_INET));
	EXPECT_EQ(-ENOTCONN, pg_conn_attach(self->ctx, self->group, socks, 2,
					    NULL, NULL, NULL));
	EXPECT_EQ(-EINVAL, add_group_named(self->ctx, "", &id));
	EXPECT_EQ(-ENOENT, pg_group_del(self->ctx, 4711, NULL));
	EXPECT_EQ(-ENOENT, pg_conn_detach(self->ctx, 0, 4711, NULL));
	EXPECT_EQ(0, count_conns(self->ctx, 0));
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
	EXPECT_EQ(self->generation + 1, generation_now(self->ctx));
}

TEST_F(events, untracked)
{
	int fds[200];

	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 200));
	close_all(fds, 200);
	reset_on_close(self->pair[0]);
	close_all(self->pair, 2);
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
	EXPECT_EQ(self->generation + 1, generation_now(self->ctx));
}

/* Nor for those that have been. */
TEST_F(events, detached)
{
	struct event_copy event;
	uint64_t id, generation;

	ASSERT_EQ(0, attach(self->ctx, self->group, self->pair[0], &id));
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_NEW, &event));
	ASSERT_EQ(0, pg_conn_detach(self->ctx, 0, id, &generation));
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_GONE, &event));
	EXPECT_EQ(generation, event.generation);
	EXPECT_EQ(id, event.conn.conn.id);
	close_all(self->pair, 2);
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

#define BATCH PG_ATTACH_MAX

static int attach_batch(FIXTURE_DATA(events) *self, int *fds, uint64_t *ids,
			bool full)
{
	struct pg_attach socks[BATCH];
	int i;

	for (i = 0; i < BATCH; i++)
		socks[i] = full ? full_spec(fds[i]) : attach_spec(fds[i]);
	return pg_conn_attach(self->ctx, self->group, socks, BATCH, ids, NULL,
			      NULL);
}

TEST_F(events, batch)
{
	struct event_copy event;
	uint64_t ids[BATCH];
	int fds[BATCH], i;

	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, BATCH));
	ASSERT_EQ(0, attach_batch(self, fds, ids, false));
	for (i = 0; i < BATCH; i++) {
		ASSERT_TRUE(next_is(self, PG_EVENT_CONN_NEW, &event));
		EXPECT_EQ(ids[i], event.conn.conn.id);
	}
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

/* One event stands for all that the group had, whatever becomes of it. */
TEST_F(events, group_with_conns)
{
	struct event_copy event;
	uint64_t ids[BATCH];
	int fds[BATCH], i;

	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, BATCH));
	ASSERT_EQ(0, attach_batch(self, fds, ids, false));
	for (i = 0; i < BATCH; i++)
		ASSERT_TRUE(next_is(self, PG_EVENT_CONN_NEW, &event));
	ASSERT_EQ(0, pg_group_del(self->ctx, self->group, NULL));
	close_all(fds, BATCH);
	ASSERT_TRUE(next_is(self, PG_EVENT_GROUP_GONE, &event));
	EXPECT_EQ(self->group, event.group.id);
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

/* The same if all of it happens before anything can have been announced. */
TEST_F(events, short_lives)
{
	struct event_copy event;
	uint64_t id;
	uint32_t group;
	int i;

	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, add_group(self->ctx, &group));
		ASSERT_EQ(0, attach(self->ctx, group, self->pair[0], &id));
		if (i % 2)
			ASSERT_EQ(0, pg_conn_detach(self->ctx, 0, id, NULL));
		ASSERT_EQ(0, pg_group_del(self->ctx, group, NULL));
	}
	for (i = 0; i < 200; i++) {
		ASSERT_TRUE(next_is(self, PG_EVENT_GROUP_NEW, &event));
		ASSERT_TRUE(next_is(self, PG_EVENT_CONN_NEW, &event));
		if (i % 2)
			ASSERT_TRUE(next_is(self, PG_EVENT_CONN_GONE, &event));
		ASSERT_TRUE(next_is(self, PG_EVENT_GROUP_GONE, &event));
	}
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

TEST_F(events, other_namespace)
{
	struct pg_ctx *other_ctx;
	struct pg_sub *other_sub;
	struct event_copy event;
	uint64_t id;

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&other_ctx));
	ASSERT_EQ(0, pg_sub_open(&other_sub, 0));
	ASSERT_EQ(0, attach(self->ctx, self->group, self->pair[0], &id));
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_NEW, &event));
	close(self->pair[0]);
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_GONE, &event));
	ASSERT_EQ(0, pg_group_del(self->ctx, self->group, NULL));
	ASSERT_TRUE(next_is(self, PG_EVENT_GROUP_GONE, &event));

	EXPECT_TRUE(nothing_more(other_ctx, other_sub));
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
	EXPECT_EQ(1, generation_now(other_ctx));
	pg_sub_close(other_sub);
	pg_close(other_ctx);
}

/* Listening is open to all. */
TEST_F(events, unprivileged)
{
	struct pg_ctx *ctx;
	struct pg_sub *sub;

	ASSERT_EQ(0, become(own_users(), false));
	ASSERT_EQ(0, pg_open(&ctx));
	ASSERT_EQ(0, pg_sub_open(&sub, 1 << 22));
	EXPECT_TRUE(nothing_more(ctx, sub));
	pg_sub_close(sub);
	pg_close(ctx);
}

/* All hear the same, hence in terms of the namespace. */
TEST_F(events, owner_in_user_namespace)
{
	const struct pg_group_spec spec = {
		.size = sizeof(spec), .name = "other",
		.flags = PG_GROUP_SET_OWNER, .owner = 7,
	};
	struct event_copy event;
	struct pg_ctx *ctx;
	struct pg_sub *sub;
	uint32_t id;

	ASSERT_EQ(0, enter_userns(own_users() + 1));
	ASSERT_EQ(0, pg_open(&ctx));
	ASSERT_EQ(0, pg_sub_open(&sub, 0));
	ASSERT_EQ(0, add_group(ctx, &id));
	ASSERT_EQ(0, next_event(sub, &event));
	EXPECT_EQ(0, event.group.owner);
	ASSERT_EQ(0, pg_group_add(ctx, &spec, &id, NULL));
	ASSERT_EQ(0, next_event(sub, &event));
	EXPECT_EQ(7, event.group.owner);
	pg_sub_close(sub);
	pg_close(ctx);
}

static int end_somehow(FIXTURE_DATA(events) *self, int i, int fds[2],
		       uint64_t id)
{
	switch (i % 6) {
	case 0:
		return close(fds[0]);
	case 1:
		return close(fds[1]);
	case 2:
		return reset_on_close(fds[0]) || close(fds[0]);
	case 3:
		return reset_on_close(fds[1]) || close(fds[1]);
	case 4:
		return pg_conn_detach(self->ctx, 0, id, NULL);
	default:
		return 0;
	}
}

/* The totals of a group are what its events add up to. */
TEST_F(events, totals)
{
	struct totals told = {}, shown;
	struct event_copy event;
	uint64_t ids[BATCH], id;
	int fds[BATCH], i, fd;

	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, BATCH));
	ASSERT_EQ(0, attach_batch(self, fds, ids, false));
	for (i = 0; i < BATCH; i += 2)
		ASSERT_EQ(0, end_somehow(self, i / 2, &fds[i], ids[i]));
	ASSERT_EQ(0, loopback_does("loss 100%"));
	for (i = 0; i < 10; i++) {
		fd = tcp_begin(AF_INET, 9);
		ASSERT_EQ(0, attach(self->ctx, self->group, fd, &id));
		if (i % 2)
			ASSERT_EQ(0, close(fd));
	}
	do {
		ASSERT_EQ(0, next_event(self->sub, &event));
		ASSERT_EQ(++self->generation, event.generation);
		count_event(&event, &told);
	} while (event.generation != generation_now(self->ctx));

	ASSERT_EQ(0, get_totals(self->ctx, self->group, &shown));
	EXPECT_TRUE(same_totals(&told, &shown));
	EXPECT_EQ(BATCH, shown.gained);
	EXPECT_EQ(5, shown.pending);
	EXPECT_EQ(5, shown.lost[PG_REASON_CONNECT_FAILED]);
	EXPECT_LT(0, shown.lost[PG_REASON_CLOSED]);
	EXPECT_LT(0, shown.lost[PG_REASON_PEER_CLOSED]);
	EXPECT_LT(0, shown.lost[PG_REASON_RESET]);
	EXPECT_LT(0, shown.lost[PG_REASON_ABORTED]);
	EXPECT_LT(0, shown.lost[PG_REASON_DETACHED]);
}

/* What does not fit is told, and nothing from before it is. */
TEST_F(events, lost)
{
	struct event_copy event;
	struct pg_sub *tiny;
	uint64_t ids[BATCH], generation;
	uint32_t first, group;
	int fds[BATCH];

	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, BATCH));
	ASSERT_EQ(0, pg_sub_open(&tiny, 1));
	ASSERT_EQ(0, add_group(self->ctx, &first));
	ASSERT_EQ(0, next_event(tiny, &event));
	EXPECT_EQ(first, event.group.id);
	generation = event.generation;

	ASSERT_EQ(0, attach_batch(self, fds, ids, true));
	ASSERT_EQ(0, await_event(self->sub, PG_EVENT_CONN_NEW, ids[BATCH - 1],
				 &event));
	ASSERT_EQ(0, next_event(tiny, &event));
	EXPECT_EQ(PG_EVENT_RESYNC, event.type);
	EXPECT_EQ(generation, event.generation);
	EXPECT_FALSE(event.about_group || event.about_conn);
	generation = generation_now(self->ctx);
	ASSERT_EQ(0, add_group(self->ctx, &group));
	ASSERT_EQ(0, next_event(tiny, &event));
	EXPECT_EQ(PG_EVENT_GROUP_NEW, event.type);
	EXPECT_EQ(group, event.group.id);
	EXPECT_EQ(generation + 1, event.generation);
	EXPECT_TRUE(nothing_more(self->ctx, tiny));
	pg_sub_close(tiny);
}

static void change_all_the_time(uint32_t group)
{
	struct pg_ctx *ctx;
	uint32_t added;
	uint64_t id;
	int pair[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pg_open(&ctx))
		_exit(1);
	while (!tcp_pair(AF_INET, pair)) {
		if (attach(ctx, group, pair[0], &id) ||
		    add_group(ctx, &added))
			_exit(1);
		reset_on_close(pair[0]);
		close_all(pair, 2);
		pg_group_del(ctx, added, NULL);
	}
	_exit(1);
}

/* After the list, each change since, one by one. */
static bool list_then_watch(void)
{
	struct event_copy event;
	struct pg_watch *watch;
	uint64_t generation;
	bool ok = false;
	int n = 0;

	if (pg_watch_open(&watch, NULL))
		return false;
	do {
		if (next_watched(watch, &event) ||
		    (event.type != PG_EVENT_SYNCED &&
		     event.flags != PG_EVENT_LISTED))
			goto out;
	} while (event.type != PG_EVENT_SYNCED);
	generation = event.generation;
	while (n++ < 40)
		if (next_watched(watch, &event) || event.flags ||
		    event.generation != ++generation)
			goto out;
	ok = true;
out:
	pg_watch_close(watch);
	return ok;
}

TEST_F_TIMEOUT(events, list_then_watch, 120)
{
	pid_t child = fork();
	int i;

	if (!child)
		change_all_the_time(self->group);
	for (i = 0; i < 100; i++)
		ASSERT_TRUE(list_then_watch());
	EXPECT_EQ(0, waitpid(child, NULL, WNOHANG));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* Events keep no connection, heard or not, and no socket. */
FIXTURE(leak) {
	struct pg_ctx *ctx;
	uint32_t group;
	unsigned long conns;
	unsigned long socks;
};

FIXTURE_SETUP(leak)
{
	if (!slab_is_own("pg_conn") || !slab_is_own("TCPv6"))
		SKIP(return, "boot with slab_nomerge to see leaks");
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	self->conns = slab_objects("pg_conn");
	self->socks = slab_objects("TCPv6");
}

FIXTURE_TEARDOWN(leak)
{
	pg_close(self->ctx);
}

static int come_and_go(FIXTURE_DATA(leak) *self, int n)
{
	struct pg_attach socks[PG_ATTACH_MAX];
	int fds[PG_ATTACH_MAX], i, err;

	err = tcp_pairs(AF_INET6, fds, n);
	for (i = 0; i < n; i++) {
		socks[i] = attach_spec(fds[i]);
		/* Nothing is left waiting. */
		reset_on_close(fds[i]);
	}
	if (!err)
		err = pg_conn_attach(self->ctx, self->group, socks, n, NULL,
				     NULL, NULL);
	close_all(fds, n);
	return err;
}

static bool all_freed(FIXTURE_DATA(leak) *self)
{
	return slab_objects("pg_conn") <= self->conns &&
	       slab_objects("TCPv6") <= self->socks;
}

TEST_F_TIMEOUT(leak, stalled_listener, 60)
{
	struct pg_sub *sub;
	int i;

	ASSERT_EQ(0, pg_sub_open(&sub, 1));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, come_and_go(self, PG_ATTACH_MAX));
	EXPECT_TRUE(wait_until(all_freed(self), 20000));
	pg_sub_close(sub);
}

TEST_F_TIMEOUT(leak, listeners_come_and_go, 60)
{
	struct event_copy event;
	struct pg_sub *sub;
	int i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, come_and_go(self, 10));
		ASSERT_EQ(0, pg_sub_open(&sub, 0));
		ASSERT_EQ(0, come_and_go(self, 10));
		ASSERT_EQ(0, next_event(sub, &event));
		pg_sub_close(sub);
	}
	EXPECT_TRUE(wait_until(all_freed(self), 20000));
}

/* Events as they are on the wire. */
FIXTURE(wire) {
	struct pg_ctx *ctx;
	uint32_t group;
	int family;
	int fd;
	int lo;
};

static int join_events(int *family)
{
	const struct timeval patience = { .tv_sec = 10 };
	struct nl_sock *sock = nl_socket_alloc();
	int fd, mcgrp = -1;

	if (sock && !genl_connect(sock)) {
		*family = genl_ctrl_resolve(sock, PEERGROUP_FAMILY_NAME);
		mcgrp = genl_ctrl_resolve_grp(sock, PEERGROUP_FAMILY_NAME,
					      PEERGROUP_MCGRP_EVENTS);
	}
	nl_socket_free(sock);
	fd = request_open();
	if (mcgrp < 0 || fd < 0 ||
	    set_option(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, mcgrp) ||
	    set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)))
		return -1;
	return fd;
}

FIXTURE_SETUP(wire)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	self->fd = join_events(&self->family);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(wire)
{
	close(self->fd);
	pg_close(self->ctx);
}

#define BIT(n) (1U << (n))
#define CONN(name) BIT(PEERGROUP_A_CONN_##name)
#define GROUP(name) BIT(PEERGROUP_A_GROUP_##name)
#define RULE(name) BIT(PEERGROUP_A_RULE_##name)
#define CONN_ALWAYS (CONN(ID) | CONN(GROUP_ID) | CONN(TYPE) | CONN(STATE) | \
		     CONN(NODE_ID) | CONN(COOKIE) | CONN(ATTACHED) | \
		     CONN(LOCAL_PORT) | CONN(REMOTE_PORT))
#define CONN_IPV4 (CONN_ALWAYS | CONN(LOCAL_IPV4) | CONN(REMOTE_IPV4))
#define CONN_IPV6 (CONN_ALWAYS | CONN(LOCAL_IPV6) | CONN(REMOTE_IPV6))
#define GROUP_ALWAYS (GROUP(ID) | GROUP(NAME) | GROUP(OWNER) | \
		      GROUP(ACTIVE_NEIGHBOR) | GROUP(ACTIVE_DIRECT) | \
		      GROUP(GAINED) | GROUP(LEFTOVERS) | \
		      GROUP(LEFTOVERS_MAX) | GROUP(LIMIT) | GROUP(PENDING) | \
		      GROUP(LOST) | GROUP(RULES) | GROUP(MISSED) | \
		      GROUP(MISSED_LOST) | GROUP(REFUSED))
#define RULE_ALWAYS (RULE(ID) | RULE(GROUP_ID) | RULE(TYPE) | RULE(GAINED))

/* What a message has: which attributes, each once, and the nest's. */
struct seen {
	int cmd;
	uint64_t generation;
	uint32_t top;
	uint32_t nest;
	bool twice;
};

static void see_nest(struct seen *seen, struct nlattr *nest)
{
	struct nlattr *attr;
	int rem;

	nla_for_each_nested(attr, nest, rem) {
		seen->twice |= seen->nest & BIT(nla_type(attr));
		seen->nest |= BIT(nla_type(attr));
	}
	/* A nest is marked, and nothing is behind its last attribute. */
	seen->twice |= rem || !nla_is_nested(nest);
}

static void see(struct seen *seen, struct nlmsghdr *nlh)
{
	struct genlmsghdr *genl = nlmsg_data(nlh);
	struct nlattr *attr;
	int rem;

	*seen = (struct seen){ .cmd = genl->cmd };
	nla_for_each_attr(attr, genlmsg_attrdata(genl, 0),
			  genlmsg_attrlen(genl, 0), rem) {
		seen->twice |= seen->top & BIT(nla_type(attr));
		seen->top |= BIT(nla_type(attr));
		if (nla_type(attr) == PEERGROUP_A_GENERATION)
			memcpy(&seen->generation, nla_data(attr), 8);
		else
			see_nest(seen, attr);
	}
	seen->twice |= rem;
}

/* One datagram, as long as the spec says at most; how many messages it has. */
static int receive(FIXTURE_DATA(wire) *self, struct seen *seen, int room)
{
	static char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct sockaddr_nl from = {};
	socklen_t from_len = sizeof(from);
	struct nlmsghdr *nlh = (void *)buf;
	int len, n = 0;

	len = recvfrom(self->fd, buf, sizeof(buf), MSG_TRUNC,
		       (struct sockaddr *)&from, &from_len);
	if (len < 0 || len > 4096 || from.nl_pid) {
		fprintf(stderr, "# %d bytes from %u\n", len, from.nl_pid);
		return -1;
	}
	for (; nlmsg_ok(nlh, len) && n < room; nlh = nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_type != self->family || nlh->nlmsg_seq ||
		    nlh->nlmsg_pid || nlh->nlmsg_flags)
			return -1;
		see(&seen[n++], nlh);
	}
	return len ? -1 : n;
}

static int record_of(int cmd)
{
	switch (cmd) {
	case PEERGROUP_CMD_GROUP_NEW_NTF:
	case PEERGROUP_CMD_GROUP_GONE_NTF:
		return PEERGROUP_A_GROUP;
	case PEERGROUP_CMD_RULE_NEW_NTF:
	case PEERGROUP_CMD_RULE_GONE_NTF:
		return PEERGROUP_A_RULE;
	default:
		return PEERGROUP_A_CONN;
	}
}

static bool receive_one(FIXTURE_DATA(wire) *self, struct seen *seen, int cmd,
			uint32_t nest)
{
	if (receive(self, seen, 1) == 1 && seen->cmd == cmd && !seen->twice &&
	    seen->top == (BIT(PEERGROUP_A_GENERATION) | BIT(record_of(cmd))) &&
	    seen->nest == nest)
		return true;
	fprintf(stderr, "# cmd %d top %#x nest %#x\n", seen->cmd, seen->top,
		seen->nest);
	return false;
}

TEST_F(wire, groups)
{
	const struct pg_group_spec spec = {
		.size = sizeof(spec), .name = "name", .label = "label",
		.comment = "comment",
	};
	const uint32_t all = GROUP_ALWAYS | GROUP(LABEL) | GROUP(COMMENT);
	struct seen seen;
	uint32_t id;

	ASSERT_EQ(0, pg_group_add(self->ctx, &spec, &id, NULL));
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_GROUP_NEW_NTF, all));
	ASSERT_EQ(0, pg_group_del(self->ctx, id, NULL));
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_GROUP_GONE_NTF,
				all));
	ASSERT_EQ(0, add_group(self->ctx, &id));
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_GROUP_NEW_NTF,
				GROUP_ALWAYS));
}

TEST_F(wire, conns)
{
	struct seen seen;
	uint64_t id;
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET6, fds));
	ASSERT_EQ(0, setsockopt(fds[0], SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	ASSERT_EQ(0, attach(self->ctx, self->group, fds[0], &id));
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_CONN_NEW_NTF,
				CONN_IPV6 | CONN(IFINDEX)));
	reset_on_close(fds[1]);
	close(fds[1]);
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_CONN_GONE_NTF,
				CONN_IPV6 | CONN(IFINDEX) | CONN(REASON) |
				CONN(ERROR)));
}

TEST_F(wire, pending)
{
	struct pg_attach spec;
	struct seen seen;

	ASSERT_EQ(0, loopback_does("loss 100%"));
	spec = full_spec(tcp_begin(AF_INET, 9));
	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->group, &spec, 1, NULL,
				    NULL, NULL));
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_CONN_PENDING_NTF,
				CONN_IPV4 | CONN(PEER_ID)));
	close(spec.fd);
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_CONN_GONE_NTF,
				CONN_IPV4 | CONN(PEER_ID) | CONN(REASON)));
}

TEST_F(wire, rules)
{
	const uint32_t all = RULE_ALWAYS | RULE(EXISTING) | RULE(UID) |
		RULE(LOCAL_PORT_MIN) | RULE(LOCAL_PORT_MAX) |
		RULE(REMOTE_PORT_MIN) | RULE(REMOTE_PORT_MAX) |
		RULE(LOCAL_IPV6) | RULE(LOCAL_PREFIX_LEN) |
		RULE(REMOTE_IPV6) | RULE(REMOTE_PREFIX_LEN);
	const struct pg_rule_spec spec = {
		.size = sizeof(spec), .group_id = self->group,
		.flags = PG_RULE_UID | PG_RULE_EXISTING,
		.local_port_min = 7, .remote_port_min = 7,
		.local.family = AF_INET6, .remote.family = AF_INET6,
	};
	struct seen seen;
	uint32_t id;

	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &id));
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_RULE_NEW_NTF,
				RULE_ALWAYS));
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, id, 0, NULL));
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_RULE_GONE_NTF,
				RULE_ALWAYS));
	ASSERT_EQ(0, pg_rule_add(self->ctx, &spec, &id, NULL));
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_RULE_NEW_NTF, all));
}

TEST_F(wire, adopted)
{
	const struct pg_rule_spec spec = {
		.size = sizeof(spec), .group_id = self->group,
		.remote.family = AF_INET, .direction = PG_DIRECTION_OUT,
	};
	struct seen seen;
	int fds[2];

	ASSERT_EQ(0, pg_rule_add(self->ctx, &spec, NULL, NULL));
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_RULE_NEW_NTF,
				RULE_ALWAYS | RULE(REMOTE_IPV4) |
				RULE(REMOTE_PREFIX_LEN) | RULE(DIRECTION)));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_CONN_NEW_NTF,
				CONN_IPV4 | CONN(RULE_ID)));
	close(fds[0]);
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_CONN_GONE_NTF,
				CONN_IPV4 | CONN(RULE_ID) | CONN(REASON)));
}

/* Some events share a datagram, each as if it was alone. */
TEST_F(wire, many)
{
	int fds[BATCH], i, n, events = 0, datagrams = 0;
	struct pg_attach socks[BATCH];
	struct seen seen[BATCH];
	uint64_t generation = generation_now(self->ctx);

	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, BATCH));
	for (i = 0; i < BATCH; i++)
		socks[i] = i % 2 ? full_spec(fds[i]) : attach_spec(fds[i]);
	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->group, socks, BATCH, NULL,
				    NULL, NULL));
	while (events < BATCH) {
		n = receive(self, seen, BATCH);
		ASSERT_LT(0, n);
		datagrams++;
		for (i = 0; i < n; i++) {
			EXPECT_EQ(PEERGROUP_CMD_CONN_NEW_NTF, seen[i].cmd);
			EXPECT_EQ(++generation, seen[i].generation);
			EXPECT_EQ(CONN_IPV4 | (events++ % 2 ? CONN(PEER_ID) : 0),
				  seen[i].nest);
		}
	}
	EXPECT_EQ(BATCH, events);
	EXPECT_GT(BATCH / 2, datagrams);
}

/* The longest there is: a group with all texts at their limits. */
TEST_F(wire, longest)
{
	char name[PG_NAME_MAX + 1] = "", text[PG_TEXT_MAX + 1] = "";
	const struct pg_group_spec spec = {
		.size = sizeof(spec), .name = name, .label = text,
		.comment = text,
	};
	struct seen seen;
	uint32_t id;

	memset(name, 'n', PG_NAME_MAX);
	memset(text, 't', PG_TEXT_MAX);
	ASSERT_EQ(0, pg_group_add(self->ctx, &spec, &id, NULL));
	EXPECT_TRUE(receive_one(self, &seen, PEERGROUP_CMD_GROUP_NEW_NTF,
				GROUP_ALWAYS | GROUP(LABEL) | GROUP(COMMENT)));
}

/* What a dump of connections with their groups is made of. */
struct listed {
	uint64_t generation;
	uint32_t count;
	uint32_t group;		/* whose connections are being shown */
	int messages;
	int groups;
	int active;
	int pending;
	bool disorder;
	bool done;
};

static void list_conn(struct listed *listed, struct nlattr *nest)
{
	struct nlattr *tb[PEERGROUP_A_CONN_MAX + 1];

	nla_parse_nested(tb, PEERGROUP_A_CONN_MAX, nest, NULL);
	listed->disorder |= nla_get_u32(tb[PEERGROUP_A_CONN_GROUP_ID]) !=
			    listed->group;
	if (nla_get_u32(tb[PEERGROUP_A_CONN_STATE]) ==
	    PEERGROUP_CONN_STATE_PENDING)
		listed->pending++;
	else
		listed->active++;
}

static void list_attr(struct listed *listed, struct nlattr *attr)
{
	struct nlattr *tb[PEERGROUP_A_GROUP_MAX + 1];
	uint64_t generation;

	switch (nla_type(attr)) {
	case PEERGROUP_A_GENERATION:
		memcpy(&generation, nla_data(attr), sizeof(generation));
		listed->disorder |= listed->messages++ &&
				    generation != listed->generation;
		listed->generation = generation;
		break;
	case PEERGROUP_A_COUNT:
		listed->count = nla_get_u32(attr);
		break;
	case PEERGROUP_A_GROUP:
		nla_parse_nested(tb, PEERGROUP_A_GROUP_MAX, attr, NULL);
		listed->group = nla_get_u32(tb[PEERGROUP_A_GROUP_ID]);
		listed->groups++;
		break;
	case PEERGROUP_A_CONN:
		list_conn(listed, attr);
		break;
	}
}

/* One datagram of a dump. */
static int list_some(int fd, struct listed *listed)
{
	static char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh = (void *)buf;
	struct nlattr *attr;
	int len, rem;

	/* The kernel fills no more than what it has seen asked for. */
	len = recv(fd, buf, 4096, 0);
	if (len < 0)
		return -errno;
	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len)) {
		listed->done = nlh->nlmsg_type == NLMSG_DONE;
		if (listed->done || nlh->nlmsg_type == NLMSG_ERROR)
			return *(int *)nlmsg_data(nlh);
		nla_for_each_attr(attr, genlmsg_attrdata(nlmsg_data(nlh), 0),
				  genlmsg_attrlen(nlmsg_data(nlh), 0), rem)
			list_attr(listed, attr);
	}
	return 0;
}

static struct nl_msg *list_request(uint32_t flags, uint32_t group)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_CONN_GET, NLM_F_DUMP);

	request_put_u32(msg, 0, PEERGROUP_A_FLAGS, flags);
	if (group)
		request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
				group);
	return msg;
}

/* A group with many connections, one with none, one with pending ones. */
FIXTURE(list) {
	struct pg_ctx *ctx;
	int fd;
	uint32_t groups[3];
	int fds[BATCH];
};

FIXTURE_SETUP(list)
{
	struct pg_attach socks[BATCH];
	int i;

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, add_group(self->ctx, &self->groups[i]));
	ASSERT_EQ(0, tcp_pairs(AF_INET, self->fds, BATCH));
	for (i = 0; i < BATCH; i++)
		socks[i] = full_spec(self->fds[i]);
	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->groups[0], socks, BATCH,
				    NULL, NULL, NULL));
	ASSERT_EQ(0, attach(self->ctx, self->groups[2], self->fds[0], NULL));
	ASSERT_EQ(0, loopback_does("loss 100%"));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, attach(self->ctx, self->groups[2],
				    tcp_begin(AF_INET, 9), NULL));
	self->fd = request_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(list)
{
	close(self->fd);
	pg_close(self->ctx);
}

/* Of one generation, whatever happens meanwhile. */
TEST_F(list, all_and_groups)
{
	const uint32_t flags = PEERGROUP_READ_FLAG_ALL |
			       PEERGROUP_READ_FLAG_GROUPS;
	uint64_t generation = generation_now(self->ctx);
	struct listed listed = {};
	uint32_t id;

	ASSERT_EQ(0, request_begin(self->fd, list_request(flags, 0)));
	ASSERT_EQ(0, list_some(self->fd, &listed));
	EXPECT_GT(BATCH, listed.active);
	ASSERT_EQ(0, pg_group_del(self->ctx, self->groups[1], NULL));
	ASSERT_EQ(0, pg_group_del(self->ctx, self->groups[2], NULL));
	ASSERT_EQ(0, add_group(self->ctx, &id));
	close_all(self->fds, BATCH);
	while (!listed.done)
		ASSERT_EQ(0, list_some(self->fd, &listed));

	EXPECT_EQ(generation, listed.generation);
	EXPECT_FALSE(listed.disorder);
	EXPECT_EQ(BATCH + 3, listed.count);
	EXPECT_EQ(3, listed.groups);
	EXPECT_EQ(BATCH + 1, listed.active);
	EXPECT_EQ(2, listed.pending);
	EXPECT_LT(BATCH / 8, listed.messages);
}

TEST_F(list, one_group)
{
	const uint32_t flags = PEERGROUP_READ_FLAG_ALL |
			       PEERGROUP_READ_FLAG_GROUPS;
	static const int pending[] = { 0, 0, 2 };
	static const int active[] = { BATCH, 0, 1 };
	struct listed listed;
	int i;

	for (i = 0; i < 3; i++) {
		listed = (struct listed){ 0 };
		ASSERT_EQ(0, request_begin(self->fd,
					   list_request(flags,
							self->groups[i])));
		while (!listed.done)
			ASSERT_EQ(0, list_some(self->fd, &listed));
		EXPECT_FALSE(listed.disorder);
		EXPECT_EQ(1, listed.groups);
		EXPECT_EQ(self->groups[i], listed.group);
		EXPECT_EQ(active[i], listed.active);
		EXPECT_EQ(pending[i], listed.pending);
	}
}

TEST_F(list, groups_only_of_active)
{
	struct listed listed = {};

	ASSERT_EQ(0, request_begin(self->fd,
				   list_request(PEERGROUP_READ_FLAG_GROUPS, 0)));
	while (!listed.done)
		ASSERT_EQ(0, list_some(self->fd, &listed));
	EXPECT_FALSE(listed.disorder);
	EXPECT_EQ(BATCH + 1, listed.count);
	EXPECT_EQ(3, listed.groups);
	EXPECT_EQ(BATCH + 1, listed.active);
	EXPECT_EQ(0, listed.pending);
}

TEST_HARNESS_MAIN
