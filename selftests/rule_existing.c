// SPDX-License-Identifier: GPL-2.0-only
/* Rules about sockets that are established already. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/peergroup.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "connecting.h"
#include "request.h"
#include "stuck.h"
#include "util.h"

#define MANY	3000
#define SLOTS	64
#define ROUNDS	25

FIXTURE(existing) {
	struct pg_ctx *ctx;
	uint32_t group;
	int pair[2];
};

FIXTURE_SETUP(existing)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, tcp_pair(AF_INET, self->pair));
}

FIXTURE_TEARDOWN(existing)
{
	pg_close(self->ctx);
}

static uint64_t gained(struct pg_ctx *ctx, uint32_t id)
{
	struct pg_rule rule = { .gained = -1 };

	get_rule(ctx, id, &rule);
	return rule.gained;
}

TEST_F_TIMEOUT(existing, many, 60)
{
	static int fds[MANY];
	uint32_t id;

	ASSERT_EQ(0, allow_fds(MANY));
	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, MANY / 2));
	ASSERT_EQ(0, tcp_pairs(AF_INET6, fds + MANY / 2, MANY / 2));
	close_all(self->pair, 2);
	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING, &id));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, fds, MANY));
	EXPECT_EQ(MANY, gained(self->ctx, id));
	close_all(fds, MANY);
	EXPECT_TRUE(wait_until(!count_conns(self->ctx, 0), SOON));
}

/* A rule that does not ask for them leaves them alone. */
TEST_F(existing, only_if_asked_for)
{
	uint32_t id;
	int pair[2];

	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &id));
	EXPECT_EQ(0, count_conns(self->ctx, 0));
	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, pair, 2));
}

/* Neither connections of the group nor the work of other rules is doubled. */
TEST_F(existing, once)
{
	struct pg_rule_spec spec = rule_spec(self->group);
	struct conn_copy copy;
	uint32_t other, ids[3];
	uint64_t id;

	ASSERT_EQ(0, attach(self->ctx, self->group, self->pair[0], &id));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING,
			      &ids[0]));
	ASSERT_EQ(0, find_conn(self->ctx, self->group, self->pair[0], &copy));
	EXPECT_EQ(id, copy.conn.id);
	EXPECT_EQ(0, copy.conn.rule_id);
	EXPECT_EQ(1, gained(self->ctx, ids[0]));

	spec.flags = PG_RULE_EXISTING;
	spec.local_port_min = port_of(self->pair[1]);
	ASSERT_EQ(0, pg_rule_add(self->ctx, &spec, &ids[1], NULL));
	EXPECT_EQ(0, gained(self->ctx, ids[1]));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, self->pair[1], ids[0]));

	ASSERT_EQ(0, add_group(self->ctx, &other));
	ASSERT_EQ(0, add_rule(self->ctx, other, PG_RULE_EXISTING, &ids[2]));
	EXPECT_TRUE(has_exactly(self->ctx, other, self->pair, 2));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, self->pair, 2));
}

/* What was taken out stays out, whatever rules other groups get. */
TEST_F(existing, detached)
{
	struct conn_copy copy;
	uint32_t id, other, other_id;
	int pair[2];

	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING, &id));
	ASSERT_EQ(0, find_conn(self->ctx, self->group, self->pair[0], &copy));
	ASSERT_EQ(0, pg_conn_detach(self->ctx, 0, copy.conn.id, NULL));
	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	EXPECT_EQ(-ENOENT, find_conn(self->ctx, self->group, self->pair[0],
				     &copy));
	EXPECT_EQ(3, count_conns(self->ctx, self->group));

	ASSERT_EQ(0, add_group(self->ctx, &other));
	ASSERT_EQ(0, add_rule(self->ctx, other, PG_RULE_EXISTING, &other_id));
	EXPECT_EQ(4, count_conns(self->ctx, other));
	EXPECT_EQ(3, count_conns(self->ctx, self->group));
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, other_id, 0, NULL));
	EXPECT_EQ(3, count_conns(self->ctx, self->group));
}

TEST_F(existing, of_other_namespace)
{
	struct pg_ctx *ctx;
	uint32_t group, id;
	int pair[2];

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&ctx));
	ASSERT_EQ(0, add_group(ctx, &group));
	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	ASSERT_EQ(0, add_rule(ctx, group, PG_RULE_EXISTING, &id));
	EXPECT_TRUE(has_exactly(ctx, group, pair, 2));
	EXPECT_EQ(0, count_conns(self->ctx, 0));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING, &id));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, self->pair, 2));
	EXPECT_TRUE(has_exactly(ctx, group, pair, 2));

	/* From then on, too. */
	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	EXPECT_EQ(4, count_conns(ctx, group));
	EXPECT_EQ(2, count_conns(self->ctx, 0));
	pg_close(ctx);
}

/* One end is closing, and the other of that, and who listens or waits. */
TEST_F(existing, established_only)
{
	int listener = tcp_listen(AF_INET);
	uint32_t id;

	ASSERT_EQ(0, shutdown(self->pair[0], SHUT_WR));
	ASSERT_TRUE(wait_until(tcp_state(self->pair[1]) == TCP_CLOSE_WAIT,
			       SOON));
	ASSERT_EQ(0, firewall("tcp flags syn drop"));
	ASSERT_LE(0, tcp_begin(AF_INET, port_of(listener)));
	ASSERT_LE(0, tcp_begin(AF_INET, 9));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING, &id));
	EXPECT_EQ(0, count_conns(self->ctx, 0));
	EXPECT_EQ(0, gained(self->ctx, id));
}

/* Those on their way are adopted when they are there. */
TEST_F(existing, connecting)
{
	int listener = tcp_listen(AF_INET), fd;
	uint32_t id;

	ASSERT_EQ(0, firewall("tcp flags syn drop"));
	fd = tcp_begin(AF_INET, port_of(listener));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING, &id));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, self->pair, 2));
	ASSERT_EQ(0, firewall(""));
	EXPECT_TRUE(wait_until(is_adopted(self->ctx, self->group, fd, id),
			       SOON));
	EXPECT_TRUE(wait_until(count_conns(self->ctx, 0) == 4, SOON));
}

/* A rule whose owner keeps its socket locked; the other end is free. */
FIXTURE(busy) {
	struct pg_ctx *ctx;
	uint32_t group;
	uint32_t rule;
	int pair[2];
	struct stuck stuck;
};

FIXTURE_SETUP(busy)
{
	uint64_t before;
	int err;

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, tcp_pair(AF_INET, self->pair));
	err = stuck_begin(&self->stuck, self->pair[0]);
	if (err == -ENOSYS || err == -EPERM)
		SKIP(return, "this kernel has no userfaultfd");
	ASSERT_EQ(0, err);

	before = now_ms();
	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING,
			      &self->rule));
	EXPECT_GT(2000, now_ms() - before);
	EXPECT_TRUE(has_exactly(self->ctx, self->group, &self->pair[1], 1));
}

FIXTURE_TEARDOWN(busy)
{
	pg_close(self->ctx);
}

TEST_F(busy, adopted_when_let_go)
{
	EXPECT_LT(0, stuck_end(&self->stuck));
	EXPECT_TRUE(wait_until(has_exactly(self->ctx, self->group, self->pair,
					   2), SOON));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, self->pair[0],
			       self->rule));
	EXPECT_EQ(2, gained(self->ctx, self->rule));
}

/* Whoever makes another rule waits no longer than the first. */
TEST_F(busy, others_go_on)
{
	uint64_t before = now_ms();
	uint32_t group, id;
	int pair[2];

	ASSERT_EQ(0, add_group(self->ctx, &group));
	ASSERT_EQ(0, add_rule(self->ctx, group, PG_RULE_EXISTING, &id));
	EXPECT_GT(2000, now_ms() - before);
	EXPECT_TRUE(has_exactly(self->ctx, group, &self->pair[1], 1));
	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	EXPECT_EQ(3, count_conns(self->ctx, group));
	EXPECT_LT(0, stuck_end(&self->stuck));
	EXPECT_TRUE(wait_until(count_conns(self->ctx, 0) == 8, SOON));
}

#define MESSAGES 20

/* A rule for all ports up to one, without asking for an answer. */
static struct nl_msg *new_rule(uint32_t group, in_port_t max)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_RULE_NEW, 0);
	struct nlattr *nest;

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID, group);
	nest = nla_nest_start(msg, PEERGROUP_A_RULE);
	nla_put_u16(msg, PEERGROUP_A_RULE_REMOTE_PORT_MIN, htons(1));
	nla_put_u16(msg, PEERGROUP_A_RULE_REMOTE_PORT_MAX, htons(max));
	nla_put_flag(msg, PEERGROUP_A_RULE_EXISTING);
	nla_nest_end(msg, nest);
	return msg;
}

/* All of generic netlink waits for a system call, so only its last message. */
TEST_F(busy, one_wait_a_call)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct msghdr call = {
		.msg_name = &kernel, .msg_namelen = sizeof(kernel),
	};
	struct iovec parts[MESSAGES];
	struct rule_totals totals;
	struct nlmsghdr *nlh;
	uint32_t group;
	uint64_t before;
	int fd, i;

	ASSERT_EQ(0, add_group(self->ctx, &group));
	fd = request_open();
	ASSERT_LE(0, fd);
	for (i = 0; i < MESSAGES; i++) {
		nlh = nlmsg_hdr(new_rule(group, 65535 - i));
		parts[i] = (struct iovec){ nlh, nlh->nlmsg_len };
	}
	call.msg_iov = parts;
	call.msg_iovlen = MESSAGES;
	before = now_ms();
	ASSERT_LT(0, sendmsg(fd, &call, 0));
	EXPECT_GT(MESSAGES * 100 / 2, now_ms() - before);
	ASSERT_EQ(0, get_rule_totals(self->ctx, group, &totals));
	EXPECT_EQ(MESSAGES, totals.rules);
	EXPECT_TRUE(has_exactly(self->ctx, group, &self->pair[1], 1));
}

/* It is not adopted by a rule that is gone by then. */
TEST_F(busy, rule_deleted)
{
	uint32_t id;

	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, self->rule, 0, NULL));
	EXPECT_EQ(0, count_conns(self->ctx, 0));
	EXPECT_LT(0, stuck_end(&self->stuck));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING, &id));
	EXPECT_EQ(2, count_conns(self->ctx, 0));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, self->pair, 2));
}

/* Connections that come and go all the time. */
FIXTURE(churn) {
	struct pg_ctx *ctx;
	uint32_t group;
	pthread_t thread;
	bool stop;
	unsigned int seed;
	unsigned long turns;
	int listener;
	int slots[SLOTS][2];
};

FIXTURE_SETUP(churn)
{
	int i;

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	self->listener = tcp_listen(AF_INET6);
	ASSERT_LE(0, self->listener);
	for (i = 0; i < SLOTS; i++)
		self->slots[i][0] = -1;
}

FIXTURE_TEARDOWN(churn)
{
	pg_close(self->ctx);
}

static void turn(FIXTURE_DATA(churn) *self)
{
	int *slot = self->slots[rand_r(&self->seed) % SLOTS];

	self->turns++;
	if (slot[0] < 0) {
		slot[0] = tcp_connect(self->listener);
		slot[1] = tcp_accept(self->listener);
		return;
	}
	reset_on_close(slot[0]);
	close_all(slot, 2);
	slot[0] = -1;
}

static void *churn(void *arg)
{
	FIXTURE_DATA(churn) *self = arg;

	while (!__atomic_load_n(&self->stop, __ATOMIC_ACQUIRE))
		turn(self);
	return NULL;
}

static int start_churn(FIXTURE_DATA(churn) *self)
{
	unsigned long turns = __atomic_load_n(&self->turns, __ATOMIC_RELAXED);
	int err;

	self->stop = false;
	err = -pthread_create(&self->thread, NULL, churn, self);
	/* In the midst of it. */
	if (!err && !wait_until(__atomic_load_n(&self->turns,
						__ATOMIC_RELAXED) > turns + 20,
				SOON))
		err = -ETIMEDOUT;
	return err;
}

static void stop_churn(FIXTURE_DATA(churn) *self)
{
	__atomic_store_n(&self->stop, true, __ATOMIC_RELEASE);
	pthread_join(self->thread, NULL);
}

/* What the test holds open, and nothing else. */
static bool has_what_is_open(FIXTURE_DATA(churn) *self)
{
	int fds[2 * SLOTS], i;
	size_t n = 0;

	for (i = 0; i < SLOTS; i++) {
		if (self->slots[i][0] < 0)
			continue;
		fds[n++] = self->slots[i][0];
		fds[n++] = self->slots[i][1];
	}
	return wait_until(has_exactly(self->ctx, self->group, fds, n), SOON);
}

TEST_F_TIMEOUT(churn, all_adopted_once, 60)
{
	uint32_t id;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, start_churn(self));
		ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING,
				      &id));
		stop_churn(self);
		EXPECT_TRUE(has_what_is_open(self));
		ASSERT_EQ(0, pg_rule_del(self->ctx, 0, id, 0, NULL));
		EXPECT_EQ(0, count_conns(self->ctx, 0));
	}
}

/* When the reply is there, nothing of the rule is, and nothing comes back. */
TEST_F_TIMEOUT(churn, all_dropped, 60)
{
	uint32_t id;
	int i;

	ASSERT_EQ(0, start_churn(self));
	for (i = 0; i < 4 * ROUNDS; i++) {
		ASSERT_EQ(0, add_rule(self->ctx, self->group,
				      i % 2 ? PG_RULE_EXISTING : 0, &id));
		if (i % 2)
			EXPECT_LT(0, count_conns(self->ctx, self->group));
		ASSERT_EQ(0, pg_rule_del(self->ctx, 0, id, 0, NULL));
		EXPECT_EQ(0, count_conns(self->ctx, self->group));
	}
	stop_churn(self);
	EXPECT_EQ(0, count_conns(self->ctx, self->group));
}

TEST_HARNESS_MAIN
