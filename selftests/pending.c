// SPDX-License-Identifier: GPL-2.0-only
/* Connections that are attached while they are connecting. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/peergroup.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "connecting.h"
#include "follow.h"
#include "util.h"

#define NO_SYN "tcp flags syn drop"
#define NO_SYN_ACK "tcp flags & (syn|ack) == syn|ack drop"

/* Enough that a dump does not come in one piece, and some that are pending. */
#define MANY 1000
#define SOME 30

FIXTURE(pending) {
	struct pg_ctx *ctx;
	struct pg_sub *sub;
	uint32_t group;
	int listener;
};

FIXTURE_SETUP(pending)
{
	ASSERT_EQ(0, allow_fds(MANY + SOME));
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, pg_sub_open(&self->sub, 1 << 22));
	self->listener = tcp_listen(AF_INET);
	ASSERT_LE(0, self->listener);
}

FIXTURE_TEARDOWN(pending)
{
	pg_sub_close(self->sub);
	pg_close(self->ctx);
}

static int begin(FIXTURE_DATA(pending) *self)
{
	return tcp_begin(AF_INET, port_of(self->listener));
}

/* What a dump of all shows, by state. */
struct shown {
	uint64_t id;		/* is looked for ... */
	enum pg_state state;	/* ... and shown in this one */
	uint32_t count;		/* announced by the dump */
	int active;
	int pending;
	bool disorder;		/* an active one behind a pending one */
};

static int show_begin(uint64_t generation, uint32_t count, void *arg)
{
	struct shown *shown = arg;

	(void)generation;
	shown->count = count;
	return 0;
}

static int show_conn(const struct pg_conn *conn, void *arg)
{
	struct shown *shown = arg;

	if (conn->id == shown->id)
		shown->state = conn->state;
	if (conn->state == PG_STATE_PENDING)
		shown->pending++;
	else
		shown->active++;
	shown->disorder |= conn->state != PG_STATE_PENDING && shown->pending;
	return 0;
}

static struct shown dump(FIXTURE_DATA(pending) *self, uint32_t flags,
			 enum pg_type type, uint64_t id)
{
	const struct pg_filter filter = {
		.size = sizeof(filter), .group_id = self->group,
		.flags = flags, .type = type,
	};
	struct shown shown = { .id = id };

	if (pg_conn_dump(self->ctx, &filter, show_begin, show_conn, &shown) ||
	    shown.count != (uint32_t)(shown.active + shown.pending))
		shown.disorder = true;
	return shown;
}

/* Shown where it is asked for, and nowhere else. */
static bool is_pending(FIXTURE_DATA(pending) *self, uint64_t id)
{
	struct shown all = dump(self, PG_FILTER_ALL, 0, id);
	struct shown active = dump(self, 0, 0, id);
	struct conn_copy copy;

	return all.state == PG_STATE_PENDING && !all.disorder &&
	       !active.state && !active.pending && !active.disorder &&
	       !get_conn(self->ctx, id, false, &copy) &&
	       copy.conn.state == PG_STATE_PENDING;
}

static bool counts_are(FIXTURE_DATA(pending) *self, uint64_t active,
		       uint64_t pending)
{
	struct totals totals;

	return !get_totals(self->ctx, self->group, &totals) &&
	       totals.active == active && totals.pending == pending;
}

static bool becomes_active(FIXTURE_DATA(pending) *self, uint64_t id)
{
	struct event_copy event;

	return !await_event(self->sub, PG_EVENT_CONN_NEW, id, &event) &&
	       event.conn.conn.state == PG_STATE_ACTIVE &&
	       is_active(self->ctx, id);
}

TEST_F(pending, becomes_active)
{
	struct event_copy event;
	uint64_t id;
	int fd;

	ASSERT_EQ(0, firewall(NO_SYN));
	fd = begin(self);
	ASSERT_EQ(TCP_SYN_SENT, tcp_state(fd));
	ASSERT_EQ(0, attach(self->ctx, self->group, fd, &id));
	ASSERT_EQ(0, await_event(self->sub, PG_EVENT_CONN_PENDING, id,
				 &event));
	EXPECT_TRUE(is_pending(self, id));
	EXPECT_TRUE(counts_are(self, 0, 1));
	EXPECT_EQ(-EEXIST, attach(self->ctx, self->group, fd, NULL));

	ASSERT_EQ(0, firewall(""));
	ASSERT_EQ(0, next_event(self->sub, &event));
	EXPECT_EQ(PG_EVENT_CONN_NEW, event.type);
	EXPECT_EQ(id, event.conn.conn.id);
	EXPECT_TRUE(is_active(self->ctx, id));
	EXPECT_TRUE(counts_are(self, 1, 0));
	EXPECT_EQ(-EEXIST, attach(self->ctx, self->group, fd, NULL));
	close(fd);
	EXPECT_TRUE(is_gone(self->ctx, id));
	EXPECT_TRUE(counts_are(self, 0, 0));
}

TEST_F(pending, detached)
{
	struct event_copy event;
	uint64_t id, again;
	int fd;

	ASSERT_EQ(0, firewall(NO_SYN));
	fd = begin(self);
	ASSERT_EQ(0, attach(self->ctx, self->group, fd, &id));
	ASSERT_EQ(0, pg_conn_detach(self->ctx, self->group, id, NULL));
	EXPECT_TRUE(is_gone(self->ctx, id));
	EXPECT_TRUE(counts_are(self, 0, 0));
	ASSERT_EQ(0, await_event(self->sub, PG_EVENT_CONN_GONE, id, &event));
	EXPECT_EQ(PG_REASON_DETACHED, event.conn.conn.reason);
	EXPECT_EQ(-ENOENT, pg_conn_detach(self->ctx, self->group, id, NULL));

	ASSERT_EQ(0, attach(self->ctx, self->group, fd, &again));
	EXPECT_TRUE(is_pending(self, again));
	ASSERT_EQ(0, firewall(""));
	EXPECT_TRUE(becomes_active(self, again));
	EXPECT_TRUE(is_gone(self->ctx, id));
}

/* Whatever becomes of them then is no matter of the group's. */
TEST_F(pending, group_deleted)
{
	struct event_copy event;
	uint64_t ids[3], id;
	int fds[3], i;

	ASSERT_EQ(0, firewall(NO_SYN));
	for (i = 0; i < 3; i++) {
		fds[i] = begin(self);
		ASSERT_EQ(0, attach(self->ctx, self->group, fds[i], &ids[i]));
		ASSERT_EQ(0, next_event(self->sub, &event));
	}
	ASSERT_EQ(0, pg_group_del(self->ctx, self->group, NULL));
	close(fds[0]);
	ASSERT_EQ(0, next_event(self->sub, &event));
	EXPECT_EQ(PG_EVENT_GROUP_GONE, event.type);
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(is_gone(self->ctx, ids[i]));

	ASSERT_EQ(0, firewall(""));
	ASSERT_TRUE(wait_until(tcp_state(fds[2]) == TCP_ESTABLISHED, SOON));
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, attach(self->ctx, self->group, fds[2], &id));
	EXPECT_TRUE(becomes_active(self, id));
}

/* The application gives up, the record does not outlive it. */
TEST_F(pending, given_up)
{
	uint64_t id;
	int fd;

	ASSERT_EQ(0, firewall(NO_SYN));
	fd = begin(self);
	ASSERT_EQ(0, attach(self->ctx, self->group, fd, &id));
	close(fd);
	EXPECT_TRUE(is_gone(self->ctx, id));
	EXPECT_TRUE(counts_are(self, 0, 0));
}

/* The same socket tries again; that is another connection. */
TEST_F(pending, tries_again)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	uint64_t first, second;
	int fd;

	ASSERT_EQ(0, firewall(NO_SYN));
	fd = begin(self);
	ASSERT_EQ(0, attach(self->ctx, self->group, fd, &first));
	ASSERT_EQ(0, connect(fd, &unspec, sizeof(unspec)));
	EXPECT_TRUE(is_gone(self->ctx, first));
	getsockname(self->listener, (struct sockaddr *)&addr, &len);
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&addr, len));
	ASSERT_EQ(0, attach(self->ctx, self->group, fd, &second));
	EXPECT_TRUE(is_pending(self, second));
	ASSERT_EQ(0, firewall(""));
	EXPECT_TRUE(becomes_active(self, second));
	EXPECT_TRUE(is_gone(self->ctx, first));
}

/* Half of those attached at once are connecting. */
TEST_F(pending, mixed)
{
	struct pg_attach socks[6];
	struct event_copy event;
	struct shown shown;
	uint64_t ids[6];
	int pairs[6], i;

	ASSERT_EQ(0, tcp_pairs(AF_INET, pairs, 6));
	ASSERT_EQ(0, firewall(NO_SYN));
	for (i = 0; i < 6; i++) {
		socks[i] = attach_spec(i % 2 ? pairs[i] : begin(self));
		socks[i].type = i < 3 ? PG_TYPE_DIRECT : PG_TYPE_NEIGHBOR;
	}
	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->group, socks, 6, ids,
				    NULL, NULL));
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, next_event(self->sub, &event));
		EXPECT_EQ(i % 2 ? PG_EVENT_CONN_NEW : PG_EVENT_CONN_PENDING,
			  event.type);
		EXPECT_EQ(ids[i], event.conn.conn.id);
		EXPECT_EQ(ids[0] + i, ids[i]);
	}
	EXPECT_TRUE(counts_are(self, 3, 3));
	shown = dump(self, PG_FILTER_ALL, 0, 0);
	EXPECT_TRUE(!shown.disorder && shown.active == 3 && shown.pending == 3);
	shown = dump(self, PG_FILTER_ALL, PG_TYPE_DIRECT, 0);
	EXPECT_TRUE(!shown.disorder && shown.active == 1 && shown.pending == 2);
	shown = dump(self, 0, PG_TYPE_DIRECT, 0);
	EXPECT_TRUE(!shown.disorder && shown.active == 1 && !shown.pending);

	ASSERT_EQ(0, firewall(""));
	for (i = 0; i < 6; i += 2)
		ASSERT_EQ(0, next_event(self->sub, &event));
	EXPECT_TRUE(counts_are(self, 6, 0));
}

/* All or none, also where one is connecting. */
TEST_F(pending, mixed_refused)
{
	uint64_t generation = generation_now(self->ctx);
	struct pg_attach socks[2];
	size_t failed;

	ASSERT_EQ(0, firewall(NO_SYN));
	socks[0] = attach_spec(begin(self));
	socks[1] = attach_spec(self->listener);
	EXPECT_EQ(-ENOTCONN, pg_conn_attach(self->ctx, self->group, socks, 2,
					    NULL, NULL, &failed));
	EXPECT_EQ(1, failed);
	EXPECT_EQ(generation, generation_now(self->ctx));
	EXPECT_TRUE(counts_are(self, 0, 0));
	close(socks[0].fd);
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

TEST_F(pending, count_for_the_limit)
{
	static const char limit[] = PARAMETERS "conns_per_group";
	unsigned long before;
	int pair[2], fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	ASSERT_EQ(0, firewall(NO_SYN));
	fds[0] = begin(self);
	fds[1] = begin(self);
	ASSERT_EQ(0, read_number(limit, &before));
	ASSERT_EQ(0, write_number(limit, 2));
	EXPECT_EQ(0, attach(self->ctx, self->group, fds[0], NULL));
	EXPECT_EQ(0, attach(self->ctx, self->group, fds[1], NULL));
	EXPECT_EQ(-ENOSPC, attach(self->ctx, self->group, pair[0], NULL));
	EXPECT_STREQ("group has reached its limit of connections",
		     pg_error(self->ctx));
	close(fds[0]);
	EXPECT_EQ(0, attach(self->ctx, self->group, pair[0], NULL));
	EXPECT_EQ(-ENOSPC, attach(self->ctx, self->group, pair[1], NULL));
	EXPECT_EQ(0, write_number(limit, before));
}

struct old_snapshot {
	FIXTURE_DATA(pending) *self;
	int (*change)(FIXTURE_DATA(pending) *self, int *fds, uint64_t *ids);
	int fds[SOME];
	uint64_t ids[SOME];
	int err;
	struct shown shown;
};

static int change_then_show(const struct pg_conn *conn, void *arg)
{
	struct old_snapshot *old = arg;

	if (old->change)
		old->err = old->change(old->self, old->fds, old->ids);
	old->change = NULL;
	return old->err ? old->err : show_conn(conn, &old->shown);
}

/* A dump of all that shows what was, though it has changed before its end. */
static int show_old(struct old_snapshot *old)
{
	FIXTURE_DATA(pending) *self = old->self;
	const struct pg_filter filter = {
		.size = sizeof(filter), .flags = PG_FILTER_ALL,
	};
	struct pg_attach socks[PG_ATTACH_MAX];
	static int pairs[MANY];
	struct pg_ctx *ctx;
	int i, k, err;

	err = tcp_pairs(AF_INET, pairs, MANY);
	for (i = 0; i < MANY && !err; i += k) {
		for (k = 0; k < PG_ATTACH_MAX && i + k < MANY; k++)
			socks[k] = attach_spec(pairs[i + k]);
		err = pg_conn_attach(self->ctx, self->group, socks, k, NULL,
				     NULL, NULL);
	}
	if (!err)
		err = firewall(NO_SYN);
	for (i = 0; i < SOME && !err; i++) {
		old->fds[i] = begin(self);
		err = attach(self->ctx, self->group, old->fds[i],
			     &old->ids[i]);
	}
	if (!err)
		err = pg_open(&ctx);
	if (err)
		return err;
	err = pg_conn_dump(ctx, &filter, NULL, change_then_show, old);
	pg_close(ctx);
	return err;
}

static int let_them_connect(FIXTURE_DATA(pending) *self, int *fds,
			    uint64_t *ids)
{
	struct event_copy event;
	int i, err = firewall("");

	(void)fds;
	for (i = 0; i < SOME && !err; i++)
		do {
			err = next_event(self->sub, &event);
		} while (!err && (event.type != PG_EVENT_CONN_NEW ||
				  event.conn.conn.id < ids[0]));
	return err;
}

static int give_them_up(FIXTURE_DATA(pending) *self, int *fds, uint64_t *ids)
{
	struct event_copy event;

	close_all(fds, SOME);
	return await_event(self->sub, PG_EVENT_CONN_GONE, ids[SOME - 1],
			   &event);
}

/* Some become active, of which some end, and the others fail. */
static int let_them_live(FIXTURE_DATA(pending) *self, int *fds, uint64_t *ids)
{
	struct event_copy event;
	int i, err;

	close_all(fds, SOME / 3);
	err = firewall("");
	for (i = SOME / 3; i < SOME && !err; i++)
		do {
			err = next_event(self->sub, &event);
		} while (!err && (event.type != PG_EVENT_CONN_NEW ||
				  event.conn.conn.id < ids[0]));
	close_all(fds + SOME / 3, SOME / 3);
	return err ? err : await_event(self->sub, PG_EVENT_CONN_GONE,
				       ids[2 * (SOME / 3) - 1], &event);
}

TEST_F(pending, old_snapshot_of_active)
{
	struct old_snapshot old = { .self = self, .change = let_them_connect };

	ASSERT_EQ(0, show_old(&old));
	EXPECT_EQ(MANY, old.shown.active);
	EXPECT_EQ(SOME, old.shown.pending);
	EXPECT_FALSE(old.shown.disorder);
	EXPECT_TRUE(counts_are(self, MANY + SOME, 0));
	EXPECT_EQ(MANY + SOME, dump(self, PG_FILTER_ALL, 0, 0).active);
}

TEST_F(pending, old_snapshot_of_failed)
{
	struct old_snapshot old = { .self = self, .change = give_them_up };

	ASSERT_EQ(0, show_old(&old));
	EXPECT_EQ(MANY, old.shown.active);
	EXPECT_EQ(SOME, old.shown.pending);
	EXPECT_TRUE(counts_are(self, MANY, 0));
	EXPECT_EQ(0, dump(self, PG_FILTER_ALL, 0, 0).pending);
}

TEST_F(pending, old_snapshot_of_lived)
{
	struct old_snapshot old = { .self = self, .change = let_them_live };

	ASSERT_EQ(0, show_old(&old));
	EXPECT_EQ(MANY, old.shown.active);
	EXPECT_EQ(SOME, old.shown.pending);
	EXPECT_TRUE(counts_are(self, MANY + SOME / 3, 0));
}

static int bind_some_port(int fd, in_port_t *port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	*port = port_of(fd);
	return 0;
}

static int connect_to_port(int fd, in_port_t port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
}

/* Two that connect to each other, neither of which listens. */
TEST_F(pending, simultaneous_open)
{
	uint64_t ids[2];
	in_port_t ports[2];
	int fds[2], i;

	ASSERT_EQ(0, firewall(NO_SYN));
	for (i = 0; i < 2; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		ASSERT_EQ(0, bind_some_port(fds[i], &ports[i]));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(EINPROGRESS, connect_to_port(fds[i], ports[!i]));
		ASSERT_EQ(0, attach(self->ctx, self->group, fds[i], &ids[i]));
	}

	ASSERT_EQ(0, firewall(NO_SYN_ACK));
	ASSERT_TRUE(wait_until(tcp_state(fds[0]) == TCP_SYN_RECV ||
			       tcp_state(fds[1]) == TCP_SYN_RECV, SOON));
	EXPECT_TRUE(is_pending(self, ids[0]));
	EXPECT_TRUE(is_pending(self, ids[1]));
	EXPECT_TRUE(counts_are(self, 0, 2));
	ASSERT_EQ(0, firewall(""));
	EXPECT_TRUE(becomes_active(self, ids[0]) ||
		    is_active(self->ctx, ids[0]));
	EXPECT_TRUE(wait_until(is_active(self->ctx, ids[1]), SOON));
	EXPECT_TRUE(counts_are(self, 2, 0));
	close_all(fds, 2);
	EXPECT_TRUE(is_gone(self->ctx, ids[0]));
}

/* A socket that is accepted with data before its connection is complete. */
static int accept_early(FIXTURE_DATA(pending) *self, int *client)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	char rule[64];

	if (write_number("/proc/sys/net/ipv4/tcp_fastopen", 0x607) ||
	    set_option(self->listener, IPPROTO_TCP, TCP_FASTOPEN, 8))
		return -1;
	snprintf(rule, sizeof(rule), "tcp dport %u tcp flags & syn == 0 drop",
		 port_of(self->listener));
	getsockname(self->listener, (struct sockaddr *)&addr, &len);
	*client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (firewall(rule) ||
	    sendto(*client, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&addr,
		   len) != 1)
		return -1;
	return tcp_accept(self->listener);
}

TEST_F(pending, fast_open)
{
	struct event_copy event;
	int client, server;
	uint64_t id;
	char byte;

	server = accept_early(self, &client);
	ASSERT_LE(0, server);
	ASSERT_EQ(TCP_SYN_RECV, tcp_state(server));
	ASSERT_EQ(1, read(server, &byte, 1));
	ASSERT_EQ(0, attach(self->ctx, self->group, server, &id));
	EXPECT_TRUE(is_pending(self, id));
	ASSERT_EQ(0, await_event(self->sub, PG_EVENT_CONN_PENDING, id,
				 &event));
	ASSERT_EQ(0, firewall(""));
	EXPECT_TRUE(becomes_active(self, id));
	EXPECT_TRUE(data_flows(client, server));
	close(client);
	ASSERT_EQ(0, await_event(self->sub, PG_EVENT_CONN_GONE, id, &event));
	EXPECT_EQ(PG_REASON_PEER_CLOSED, event.conn.conn.reason);
}

/* It may be closed before it is complete, which ends the attempt as a FIN. */
TEST_F(pending, fast_open_closed)
{
	struct event_copy event;
	int client, server;
	uint64_t id;
	char byte;

	server = accept_early(self, &client);
	ASSERT_LE(0, server);
	ASSERT_EQ(1, read(server, &byte, 1));
	ASSERT_EQ(0, attach(self->ctx, self->group, server, &id));
	close(server);
	ASSERT_EQ(0, await_event(self->sub, PG_EVENT_CONN_GONE, id, &event));
	EXPECT_EQ(PG_REASON_CONNECT_FAILED, event.conn.conn.reason);
	EXPECT_EQ(0, event.conn.conn.error);
	EXPECT_TRUE(counts_are(self, 0, 0));
}

TEST_HARNESS_MAIN
