// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections that a rule wants while there is no record for them, and the
 * stock that keeps this rare.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "connecting.h"
#include "stuck.h"
#include "tracing.h"
#include "util.h"

#define BURST	2000	/* connections */
#define RESERVE	128	/* records kept for a namespace where nothing happens */
#define PORT	4000

static const char spares_max[] = PARAMETERS "spares_max";

/* There are no records, but those a scan makes for itself. */
FIXTURE(missed) {
	struct pg_ctx *ctx;
	uint32_t group;
	int listener;
	unsigned long before;
};

FIXTURE_SETUP(missed)
{
	const struct end server = { "127.0.0.1", PORT };

	ASSERT_EQ(0, read_number(spares_max, &self->before));
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	self->listener = listen_at(&server);
	ASSERT_LE(0, self->listener);
	ASSERT_EQ(0, write_number(spares_max, 0));
}

/* Also if a test has ended early. */
FIXTURE_TEARDOWN_PARENT(missed)
{
	EXPECT_EQ(0, write_number(spares_max, self->before));
}

/* For the end of a connection to the listener that connected. */
static int add_rule_out(FIXTURE_DATA(missed) *self, enum pg_type type,
			enum pg_direction direction, in_port_t max,
			uint32_t *id)
{
	struct pg_rule_spec spec = rule_spec(self->group);

	spec.type = type;
	spec.direction = direction;
	spec.remote_port_min = PORT;
	spec.remote_port_max = max;
	return pg_rule_add(self->ctx, &spec, id, NULL);
}

static bool totals_are(struct pg_ctx *ctx, uint32_t group, uint64_t missed,
		       uint64_t lost)
{
	struct rule_totals totals;

	return !get_rule_totals(ctx, group, &totals) &&
	       totals.missed == missed && totals.missed_lost == lost;
}

static bool soon_adopted(FIXTURE_DATA(missed) *self, int fd, uint32_t rule)
{
	return wait_until(is_adopted(self->ctx, self->group, fd, rule), SOON);
}

TEST_F(missed, adopted_soon)
{
	struct conn_copy copy;
	struct pg_rule rule;
	uint32_t id;
	int fd;

	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, 0, 0, &id));
	fd = tcp_connect(self->listener);
	EXPECT_TRUE(totals_are(self->ctx, self->group, 1, 0));
	EXPECT_TRUE(soon_adopted(self, fd, id));
	EXPECT_TRUE(totals_are(self->ctx, self->group, 1, 0));
	ASSERT_EQ(0, find_conn(self->ctx, self->group, fd, &copy));
	EXPECT_EQ(PG_TYPE_DIRECT, copy.conn.type);
	ASSERT_EQ(0, get_rule(self->ctx, id, &rule));
	EXPECT_EQ(1, rule.gained);
	EXPECT_EQ(0, rule.flags);
	EXPECT_EQ(1, count_conns(self->ctx, 0));
}

/* A connection that is over by then concerns nobody. */
TEST_F(missed, over_before)
{
	uint32_t id;
	int fd;

	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, 0, 0, &id));
	fd = tcp_connect(self->listener);
	ASSERT_EQ(0, reset_on_close(fd));
	close(fd);
	EXPECT_TRUE(totals_are(self->ctx, self->group, 1, 0));
	fd = tcp_connect(self->listener);
	EXPECT_TRUE(soon_adopted(self, fd, id));
	EXPECT_EQ(1, count_conns(self->ctx, 0));
}

/* Scans cannot tell who connected; that of another rule is one, too. */
TEST_F(missed, lost_with_direction)
{
	uint32_t id, other, other_id;
	struct conn_copy copy;
	int fd;

	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, PG_DIRECTION_OUT, 0,
				  &id));
	fd = tcp_connect(self->listener);
	EXPECT_TRUE(totals_are(self->ctx, self->group, 1, 1));
	ASSERT_EQ(0, add_group(self->ctx, &other));
	ASSERT_EQ(0, add_rule(self->ctx, other, PG_RULE_EXISTING, &other_id));
	EXPECT_TRUE(is_adopted(self->ctx, other, fd, other_id));
	EXPECT_EQ(-ENOENT, find_conn(self->ctx, self->group, fd, &copy));
	EXPECT_TRUE(totals_are(self->ctx, self->group, 1, 1));
}

/* Unless the group has another rule for it, which does not ask. */
TEST_F(missed, with_direction_found_by_another)
{
	uint32_t ids[2];
	int fd;

	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, PG_DIRECTION_OUT, 0,
				  &ids[0]));
	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_NEIGHBOR, 0, 4999, &ids[1]));
	fd = tcp_connect(self->listener);
	EXPECT_TRUE(totals_are(self->ctx, self->group, 1, 0));
	EXPECT_TRUE(soon_adopted(self, fd, ids[1]));
}

/* The first of a group that wants it has missed it, the others wait. */
TEST_F(missed, by_the_first)
{
	uint32_t ids[2];
	int fd;

	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, 0, 0, &ids[0]));
	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_NEIGHBOR, 0, 4999, &ids[1]));
	fd = tcp_connect(self->listener);
	EXPECT_TRUE(totals_are(self->ctx, self->group, 1, 0));
	EXPECT_TRUE(soon_adopted(self, fd, ids[0]));
}

/* Each group for itself. */
TEST_F(missed, by_several_groups)
{
	uint32_t first = self->group, ids[2];
	int fd;

	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, 0, 0, &ids[0]));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, 0, 0, &ids[1]));
	fd = tcp_connect(self->listener);
	EXPECT_TRUE(totals_are(self->ctx, first, 1, 0));
	EXPECT_TRUE(totals_are(self->ctx, self->group, 1, 0));
	EXPECT_TRUE(soon_adopted(self, fd, ids[1]));
	EXPECT_TRUE(wait_until(is_adopted(self->ctx, first, fd, ids[0]),
			       SOON));
	EXPECT_EQ(2, count_conns(self->ctx, 0));
}

/* What the scan finds was missed, for all that it can tell. */
TEST_F(missed, with_those_before)
{
	uint32_t id;
	int fds[2];

	fds[0] = tcp_connect(self->listener);
	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, 0, 0, &id));
	EXPECT_EQ(0, count_conns(self->ctx, 0));
	fds[1] = tcp_connect(self->listener);
	EXPECT_TRUE(soon_adopted(self, fds[1], id));
	EXPECT_TRUE(soon_adopted(self, fds[0], id));
}

/* A rule that is gone has nothing to make up for. */
TEST_F(missed, then_deleted)
{
	uint32_t id, other, other_id;
	int fd;

	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, 0, 0, &id));
	fd = tcp_connect(self->listener);
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, id, PG_RULE_KEEP, NULL));
	ASSERT_EQ(0, add_group(self->ctx, &other));
	ASSERT_EQ(0, add_rule(self->ctx, other, PG_RULE_EXISTING, &other_id));
	EXPECT_TRUE(is_adopted(self->ctx, other, fd, other_id));
	EXPECT_GE(1, count_conns(self->ctx, self->group));
	ASSERT_LE(0, tcp_connect(self->listener));
	EXPECT_GE(1, count_conns(self->ctx, self->group));
}

/* Scans have records of their own. */
TEST_F(missed, not_by_scans)
{
	int fds[600];
	uint32_t id;

	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 600));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING, &id));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, fds, 600));
	EXPECT_TRUE(totals_are(self->ctx, self->group, 0, 0));
}

TEST_F(missed, traced)
{
	struct tracing tracing;
	uint32_t id;
	int fd;

	ASSERT_EQ(0, tracing_start(&tracing));
	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, 0, 0, &id));
	fd = tcp_connect(self->listener);
	EXPECT_TRUE(soon_adopted(self, fd, id));
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, id, 0, NULL));
	ASSERT_EQ(0, tracing_read(&tracing));
	EXPECT_EQ(1, tracing.missed);
	EXPECT_EQ(0, tracing.lost);
	EXPECT_EQ(generation_now(self->ctx), tracing.last_generation);
	EXPECT_EQ(CHANGE_RULE_NEW, tracing.changes[2].what);
	EXPECT_EQ(CHANGE_CONN_NEW, tracing.changes[3].what);
	EXPECT_EQ(CHANGE_RULE_GONE, tracing.changes[4].what);
	EXPECT_EQ(CHANGE_CONN_GONE, tracing.changes[5].what);
	tracing_stop(&tracing);
}

/* Whether it was there from the first instant on. */
static bool adopted_at_once(FIXTURE_DATA(missed) *self, uint32_t rule)
{
	struct rule_totals before, after;
	int fd;
	bool is;

	get_rule_totals(self->ctx, self->group, &before);
	fd = tcp_connect(self->listener);
	is = is_adopted(self->ctx, self->group, fd, rule);
	get_rule_totals(self->ctx, self->group, &after);
	reset_on_close(fd);
	close(fd);
	close(tcp_accept(self->listener));
	return is && before.missed == after.missed;
}

/* More than a scan may have left behind. */
static bool all_adopted_at_once(FIXTURE_DATA(missed) *self, uint32_t rule)
{
	int i;

	for (i = 0; i < RESERVE / 2; i++)
		if (!adopted_at_once(self, rule))
			return false;
	return true;
}

TEST_F(missed, none_any_longer)
{
	uint32_t id;
	int fd;

	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, 0, 0, &id));
	fd = tcp_connect(self->listener);
	EXPECT_TRUE(soon_adopted(self, fd, id));
	EXPECT_FALSE(all_adopted_at_once(self, id));
	ASSERT_EQ(0, write_number(spares_max, self->before));
	EXPECT_TRUE(wait_until(all_adopted_at_once(self, id), SOON));
}

/* Nor does it matter that a scan waits for a socket that is locked. */
TEST_F(missed, while_another_is_stuck)
{
	uint64_t end = now_ms() + 6000;
	uint32_t group, ids[2];
	struct stuck stuck;
	int err, fd, peer, pair[2];

	ASSERT_EQ(0, tcp_pair(AF_INET6, pair));
	err = stuck_begin(&stuck, pair[0]);
	if (err == -ENOSYS || err == -EPERM)
		SKIP(return, "this kernel has no userfaultfd");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, add_group(self->ctx, &group));
	ASSERT_EQ(0, add_rule(self->ctx, group, PG_RULE_EXISTING, &ids[0]));
	ASSERT_EQ(0, add_rule_out(self, PG_TYPE_DIRECT, 0, 0, &ids[1]));
	while (now_ms() < end) {
		fd = tcp_connect(self->listener);
		peer = tcp_accept(self->listener);
		ASSERT_TRUE(wait_until(is_adopted(self->ctx, self->group, fd,
						  ids[1]), 2000));
		reset_on_close(fd);
		close(fd);
		close(peer);
		/* Not amid the scan, which looks again then. */
		usleep(200000);
	}
	EXPECT_LT(0, stuck_end(&stuck));
}

/* The stock of a namespace with rules, as the module is by default. */
FIXTURE(stock) {
	struct pg_ctx *ctx;
	uint32_t group;
	unsigned long records;
};

FIXTURE_SETUP(stock)
{
	if (!slab_is_own("pg_conn"))
		SKIP(return, "boot with slab_nomerge to see leaks");
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	self->records = slab_objects("pg_conn");
}

FIXTURE_TEARDOWN(stock)
{
	pg_close(self->ctx);
}

static bool records_are(FIXTURE_DATA(stock) *self, unsigned long n)
{
	return wait_until(slab_objects("pg_conn") <= self->records + n,
			  3 * SOON);
}

/* None where there are no rules, and few where nothing happens. */
TEST_F(stock, of_a_rule)
{
	uint32_t ids[2];

	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &ids[0]));
	EXPECT_LT(self->records, slab_objects("pg_conn"));
	EXPECT_TRUE(records_are(self, RESERVE));
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, ids[0], 0, NULL));
	EXPECT_TRUE(records_are(self, 0));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &ids[1]));
	EXPECT_LT(self->records, slab_objects("pg_conn"));
	ASSERT_EQ(0, pg_group_del(self->ctx, self->group, NULL));
	EXPECT_TRUE(records_are(self, 0));
}

/* It grows with a burst, so that all are adopted, and shrinks after it. */
TEST_F_TIMEOUT(stock, of_a_burst, 60)
{
	static int fds[2 * BURST];
	struct rule_totals totals;
	uint32_t id;

	ASSERT_EQ(0, allow_fds(2 * BURST));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &id));
	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 2 * BURST));
	EXPECT_TRUE(wait_until(has_exactly(self->ctx, self->group, fds,
					   2 * BURST), SOON));
	ASSERT_EQ(0, get_rule_totals(self->ctx, self->group, &totals));
	TH_LOG("%lu of %u missed at first", totals.missed, 2 * BURST);
	EXPECT_GT(BURST, totals.missed);
	EXPECT_EQ(0, totals.missed_lost);
	EXPECT_TRUE(records_are(self, 2 * BURST + RESERVE));
	close_all(fds, 2 * BURST);
	EXPECT_TRUE(records_are(self, RESERVE));
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, id, 0, NULL));
	EXPECT_TRUE(records_are(self, 0));
}

TEST_HARNESS_MAIN
