// SPDX-License-Identifier: GPL-2.0-only
/* Rules come and go: how many there may be, and what is left of them. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "connecting.h"
#include "follow.h"
#include "util.h"

#define MANY	5000
#define OTHERS	20

FIXTURE(life) {
	struct pg_ctx *ctx;
	struct pg_sub *sub;
	uint32_t group;
	uint64_t generation;	/* of the last event */
};

FIXTURE_SETUP(life)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, pg_sub_open(&self->sub, 1 << 24));
	self->generation = generation_now(self->ctx);
}

FIXTURE_TEARDOWN(life)
{
	pg_sub_close(self->sub);
	pg_close(self->ctx);
}

/* The next event, which is of this type and has the next generation. */
static bool next_is(FIXTURE_DATA(life) *self, enum pg_event_type type,
		    struct event_copy *event)
{
	return !next_event(self->sub, event) && event->type == type &&
	       event->generation == ++self->generation;
}

/* So many events about connections of a rule, one right after the other. */
static bool next_are(FIXTURE_DATA(life) *self, enum pg_event_type type,
		     uint32_t rule, size_t n)
{
	struct event_copy event;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!next_is(self, type, &event) ||
		    event.conn.conn.rule_id != rule)
			return false;
		if (type == PG_EVENT_CONN_GONE &&
		    event.conn.conn.reason != PG_REASON_DETACHED)
			return false;
	}
	return true;
}

static bool same_rule(const struct pg_rule *a, const struct pg_rule *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static uint32_t n_rules(struct pg_ctx *ctx, uint32_t group)
{
	struct rule_totals totals = { .rules = -1 };

	get_rule_totals(ctx, group, &totals);
	return totals.rules;
}

/* Each has an event, and it tells all there is to tell. */
TEST_F(life, told)
{
	struct pg_rule_spec spec = rule_spec(self->group);
	struct event_copy event;
	struct pg_rule rule;
	uint64_t generation;
	uint32_t id;

	spec.type = PG_TYPE_DIRECT;
	spec.local_port_min = 4000;
	spec.remote.family = AF_INET6;
	spec.flags = PG_RULE_UID | PG_RULE_EXISTING;
	spec.uid = 4711;
	EXPECT_EQ(0, n_rules(self->ctx, self->group));
	ASSERT_EQ(0, pg_rule_add(self->ctx, &spec, &id, &generation));
	ASSERT_EQ(0, get_rule(self->ctx, id, &rule));
	ASSERT_TRUE(next_is(self, PG_EVENT_RULE_NEW, &event));
	EXPECT_EQ(generation, event.generation);
	EXPECT_TRUE(event.about_rule);
	EXPECT_TRUE(same_rule(&rule, &event.rule));
	EXPECT_EQ(1, n_rules(self->ctx, self->group));

	ASSERT_EQ(0, pg_rule_del(self->ctx, self->group, id, 0, &generation));
	ASSERT_TRUE(next_is(self, PG_EVENT_RULE_GONE, &event));
	EXPECT_EQ(generation, event.generation);
	EXPECT_TRUE(same_rule(&rule, &event.rule));
	EXPECT_EQ(0, n_rules(self->ctx, self->group));
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

/* From the first instant on, and without a hole. */
TEST_F(life, tells_what_it_adopts)
{
	int listener = tcp_listen(AF_INET), fds[2];
	struct event_copy event;
	struct conn_copy copy;
	uint32_t id;

	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &id));
	ASSERT_TRUE(next_is(self, PG_EVENT_RULE_NEW, &event));
	fds[0] = tcp_connect(listener);
	ASSERT_EQ(0, find_conn(self->ctx, self->group, fds[0], &copy));
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_NEW, &event));
	EXPECT_EQ(copy.conn.id, event.conn.conn.id);
	EXPECT_EQ(id, event.conn.conn.rule_id);
	EXPECT_EQ(copy.conn.node_id, event.conn.conn.node_id);
	EXPECT_EQ(copy.conn.attached, event.conn.conn.attached);

	fds[1] = tcp_accept(listener);
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_NEW, &event));
	EXPECT_EQ(cookie_of(fds[1]), event.conn.conn.cookie);
	ASSERT_EQ(0, reset_on_close(fds[0]));
	close(fds[0]);
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_GONE, &event));
	EXPECT_EQ(copy.conn.id, event.conn.conn.id);
	EXPECT_EQ(id, event.conn.conn.rule_id);
	EXPECT_EQ(PG_REASON_ABORTED, event.conn.conn.reason);
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_GONE, &event));
	EXPECT_EQ(PG_REASON_RESET, event.conn.conn.reason);
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

/* Sockets of one rule, of another, and attached ones, in one group. */
struct crowd {
	uint32_t rule;
	uint32_t other_rule;
	int fds[MANY];
	int others[2 * OTHERS];
};

static int make_crowd(FIXTURE_DATA(life) *self, struct crowd *crowd)
{
	struct pg_rule_spec spec = rule_spec(self->group);
	int i, err;

	spec.remote.family = AF_INET;
	err = allow_fds(MANY);
	if (!err)
		err = pg_rule_add(self->ctx, &spec, &crowd->other_rule, NULL);
	if (!err)
		err = tcp_pairs(AF_INET, crowd->others, OTHERS);
	if (!err)
		err = tcp_pairs(AF_INET6, crowd->others + OTHERS, OTHERS);
	for (i = OTHERS; i < 2 * OTHERS && !err; i++)
		err = attach(self->ctx, self->group, crowd->others[i], NULL);
	spec.remote.family = AF_INET6;
	if (!err)
		err = pg_rule_add(self->ctx, &spec, &crowd->rule, NULL);
	if (!err)
		err = tcp_pairs(AF_INET6, crowd->fds, MANY);
	return err;
}

static bool all_flow(const struct crowd *crowd)
{
	int i;

	for (i = 0; i < MANY; i += 2)
		if (!data_flows(crowd->fds[i], crowd->fds[i + 1]))
			return false;
	return true;
}

/* Events up to those about the crowd have been read. */
static int skip_events(FIXTURE_DATA(life) *self, size_t n)
{
	struct event_copy event;
	int err = 0;

	while (n-- && !err) {
		err = next_event(self->sub, &event);
		if (!err && event.generation != ++self->generation)
			err = -ERANGE;
	}
	return err;
}

TEST_F_TIMEOUT(life, drops_what_it_adopted, 60)
{
	static struct crowd crowd;
	struct event_copy event;
	uint64_t generation;

	ASSERT_EQ(0, make_crowd(self, &crowd));
	ASSERT_EQ(0, skip_events(self, 2 + 2 * OTHERS + MANY));
	ASSERT_EQ(MANY + 2 * OTHERS, count_conns(self->ctx, self->group));
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, crowd.rule, 0, &generation));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, crowd.others,
				2 * OTHERS));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, crowd.others[0],
			       crowd.other_rule));
	ASSERT_TRUE(next_is(self, PG_EVENT_RULE_GONE, &event));
	EXPECT_EQ(crowd.rule, event.rule.id);
	EXPECT_EQ(MANY, event.rule.gained);
	EXPECT_EQ(generation, event.generation);
	EXPECT_TRUE(next_are(self, PG_EVENT_CONN_GONE, crowd.rule, MANY));
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
	EXPECT_TRUE(all_flow(&crowd));
}

TEST_F_TIMEOUT(life, keeps_what_it_adopted, 60)
{
	static struct crowd crowd;
	struct event_copy event;
	uint64_t generation;

	ASSERT_EQ(0, make_crowd(self, &crowd));
	ASSERT_EQ(0, skip_events(self, 2 + 2 * OTHERS + MANY));
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, crowd.rule, PG_RULE_KEEP,
				 &generation));
	ASSERT_TRUE(next_is(self, PG_EVENT_RULE_GONE, &event));
	EXPECT_EQ(generation, event.generation);
	EXPECT_EQ(MANY + 2 * OTHERS, count_conns(self->ctx, self->group));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, crowd.fds[0],
			       crowd.rule));
	close(crowd.fds[0]);
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_GONE, &event));
	EXPECT_EQ(PG_REASON_CLOSED, event.conn.conn.reason);
	EXPECT_EQ(crowd.rule, event.conn.conn.rule_id);
	ASSERT_TRUE(next_is(self, PG_EVENT_CONN_GONE, &event));
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
	EXPECT_EQ(MANY + 2 * OTHERS - 2, count_conns(self->ctx, self->group));
}

/* Another rule of the group, if it looks for them, takes them. */
TEST_F(life, taken_by_another)
{
	struct pg_rule_spec spec = rule_spec(self->group);
	uint32_t ids[2], group, stranger;
	struct event_copy event;
	int fds[100];

	spec.remote.family = AF_INET;
	ASSERT_EQ(0, pg_rule_add(self->ctx, &spec, &ids[0], NULL));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING,
			      &ids[1]));
	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 100));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, fds[0], ids[0]));
	ASSERT_EQ(0, add_group(self->ctx, &group));
	ASSERT_EQ(0, add_rule(self->ctx, group, 0, &stranger));
	ASSERT_EQ(0, skip_events(self, 104));

	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, ids[0], 0, NULL));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, fds, 100));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, fds[0], ids[1]));
	EXPECT_EQ(0, count_conns(self->ctx, group));
	ASSERT_TRUE(next_is(self, PG_EVENT_RULE_GONE, &event));
	EXPECT_TRUE(next_are(self, PG_EVENT_CONN_GONE, ids[0], 100));
	EXPECT_TRUE(next_are(self, PG_EVENT_CONN_NEW, ids[1], 100));
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
}

static int count_rule(const struct pg_rule *rule, void *arg)
{
	++*(int *)arg;
	return 0;
}

static int count_rules(struct pg_ctx *ctx, uint32_t group)
{
	int n = 0, err = pg_rule_list(ctx, group, count_rule, &n, NULL);

	return err ? err : n;
}

/* With its group it goes, and all it has adopted, in one generation. */
TEST_F(life, ends_with_its_group)
{
	uint32_t group, ids[2];
	struct event_copy event;
	struct pg_rule rule;
	int fds[100], pair[2];

	ASSERT_EQ(0, add_group(self->ctx, &group));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &ids[0]));
	ASSERT_EQ(0, add_rule(self->ctx, group, 0, &ids[1]));
	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 100));
	ASSERT_EQ(0, skip_events(self, 203));
	ASSERT_EQ(0, pg_group_del(self->ctx, self->group, NULL));
	EXPECT_EQ(-ENOENT, get_rule(self->ctx, ids[0], &rule));
	EXPECT_STREQ("no such rule", pg_error(self->ctx));
	EXPECT_EQ(-ENOENT, pg_rule_del(self->ctx, 0, ids[0], 0, NULL));
	EXPECT_EQ(1, count_rules(self->ctx, 0));
	EXPECT_EQ(-ENOENT, count_rules(self->ctx, self->group));
	EXPECT_EQ(-ENOENT, add_rule(self->ctx, self->group, 0, &ids[0]));
	ASSERT_TRUE(next_is(self, PG_EVENT_GROUP_GONE, &event));
	EXPECT_EQ(self->group, event.group.id);

	/* The other one goes on. */
	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	EXPECT_TRUE(next_are(self, PG_EVENT_CONN_NEW, ids[1], 2));
	EXPECT_TRUE(nothing_more(self->ctx, self->sub));
	EXPECT_EQ(102, count_conns(self->ctx, 0));
	EXPECT_TRUE(is_adopted(self->ctx, group, pair[0], ids[1]));
}

TEST_F(life, deleted_once)
{
	uint64_t generation = 0;
	uint32_t id, group;

	ASSERT_EQ(0, add_group(self->ctx, &group));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &id));
	EXPECT_EQ(-ENOENT, pg_rule_del(self->ctx, 0, id + 1, 0, NULL));
	EXPECT_STREQ("no such rule", pg_error(self->ctx));
	EXPECT_EQ(-ENOENT, pg_rule_del(self->ctx, group, id, 0, &generation));
	EXPECT_STREQ("no such rule", pg_error(self->ctx));
	EXPECT_EQ(0, generation);
	EXPECT_EQ(-ENOENT, pg_rule_del(self->ctx, group + 1, id, 0, NULL));
	EXPECT_STREQ("no such group", pg_error(self->ctx));
	EXPECT_EQ(1, count_rules(self->ctx, 0));
	EXPECT_EQ(0, pg_rule_del(self->ctx, self->group, id, 0, NULL));
	EXPECT_EQ(-ENOENT, pg_rule_del(self->ctx, 0, id, 0, NULL));
	EXPECT_EQ(-ENOENT, pg_rule_del(self->ctx, 0, id, PG_RULE_KEEP, NULL));
	EXPECT_EQ(0, count_rules(self->ctx, 0));
	EXPECT_EQ(self->generation + 3, generation_now(self->ctx));
}

/* Ids count on, in each namespace by itself. */
TEST_F(life, ids)
{
	struct pg_ctx *ctx;
	uint32_t i, id;

	for (i = 1; i <= 20; i++) {
		ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &id));
		EXPECT_EQ(i, id);
		EXPECT_EQ(-EEXIST, add_rule(self->ctx, self->group, 0, &id));
		ASSERT_EQ(0, pg_rule_del(self->ctx, 0, i, 0, NULL));
	}
	ASSERT_EQ(0, pg_group_del(self->ctx, self->group, NULL));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &id));
	EXPECT_EQ(21, id);

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&ctx));
	ASSERT_EQ(0, add_group(ctx, &self->group));
	ASSERT_EQ(0, add_rule(ctx, self->group, 0, &id));
	EXPECT_EQ(1, id);
	EXPECT_EQ(-ENOENT, pg_rule_del(ctx, 0, 21, 0, NULL));
	EXPECT_EQ(1, count_rules(self->ctx, 0));
	pg_close(ctx);
}

/* Two rules of a group that want the same, in whatever words. */
FIXTURE(same) {
	struct pg_ctx *ctx;
};

FIXTURE_VARIANT(same) {
	struct pg_rule_spec first;
	struct pg_rule_spec second;
	bool differ;
};

#define COMPARE(name, ...) FIXTURE_VARIANT_ADD(same, name) { __VA_ARGS__ }

COMPARE(nothing, .differ = false);
COMPARE(port, .first.local_port_min = 7, .second.local_port_min = 7);
COMPARE(range_of_one, .first.local_port_min = 7, .second.local_port_min = 7,
	.second.local_port_max = 7);
COMPARE(other_type, .first.type = PG_TYPE_DIRECT,
	.second.type = PG_TYPE_NEIGHBOR);
COMPARE(existing, .second.flags = PG_RULE_EXISTING);
COMPARE(user, .first.flags = PG_RULE_UID, .first.uid = 7,
	.second.flags = PG_RULE_UID, .second.uid = 7);
COMPARE(other_port, .first.local_port_min = 7, .second.local_port_min = 8,
	.differ = true);
COMPARE(other_end, .first.local_port_min = 7, .second.remote_port_min = 7,
	.differ = true);
COMPARE(wider, .first.local_port_min = 7, .second.local_port_min = 7,
	.second.local_port_max = 8, .differ = true);
COMPARE(any_port, .first.local_port_min = 7, .differ = true);
COMPARE(any_ipv4, .first.local.family = AF_INET, .differ = true);
COMPARE(any_ipv6, .first.local.family = AF_INET,
	.second.local.family = AF_INET6, .differ = true);
COMPARE(other_prefix, .first.local = { .family = AF_INET, .len = 1 },
	.second.local.family = AF_INET, .differ = true);
COMPARE(remote_prefix, .first.local.family = AF_INET,
	.second.remote.family = AF_INET, .differ = true);
COMPARE(direction, .first.direction = PG_DIRECTION_IN, .differ = true);
COMPARE(other_direction, .first.direction = PG_DIRECTION_IN,
	.second.direction = PG_DIRECTION_OUT, .differ = true);
COMPARE(root, .first.flags = PG_RULE_UID, .differ = true);
COMPARE(other_user, .first.flags = PG_RULE_UID, .second.flags = PG_RULE_UID,
	.second.uid = 7, .differ = true);

FIXTURE_SETUP(same)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
}

FIXTURE_TEARDOWN(same)
{
	pg_close(self->ctx);
}

TEST_F(same, not_twice)
{
	struct pg_rule_spec first = variant->first, second = variant->second;
	uint32_t id;

	first.size = sizeof(first);
	second.size = sizeof(second);
	ASSERT_EQ(0, add_group(self->ctx, &first.group_id));
	second.group_id = first.group_id;
	ASSERT_EQ(0, pg_rule_add(self->ctx, &first, &id, NULL));
	EXPECT_EQ(variant->differ ? 0 : -EEXIST,
		  pg_rule_add(self->ctx, &second, NULL, NULL));
	EXPECT_STREQ(variant->differ ? "" :
		     "group has a rule that matches the same sockets",
		     pg_error(self->ctx));
	EXPECT_EQ(variant->differ ? 2 : 1, count_rules(self->ctx, 0));

	/* But in another group, or when the first is gone. */
	ASSERT_EQ(0, add_group(self->ctx, &second.group_id));
	EXPECT_EQ(0, pg_rule_add(self->ctx, &second, NULL, NULL));
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, id, 0, NULL));
	EXPECT_EQ(0, pg_rule_add(self->ctx, &first, NULL, NULL));
}

/* How many there may be. */
FIXTURE(limit) {
	struct pg_ctx *ctx;
	uint32_t groups[2];
	unsigned long before;
};

FIXTURE_VARIANT(limit) {
	const char *parameter;
	unsigned long by_default;
	bool with_port;
	const char *text;
};

FIXTURE_VARIANT_ADD(limit, of_rules) {
	.parameter = PARAMETERS "rules_per_net", .by_default = 1024,
	.with_port = true,
	.text = "namespace has reached its limit of rules",
};

FIXTURE_VARIANT_ADD(limit, of_rules_without_port) {
	.parameter = PARAMETERS "rules_without_port", .by_default = 16,
	.text = "namespace has reached its limit of rules without a port",
};

FIXTURE_SETUP(limit)
{
	ASSERT_EQ(0, read_number(variant->parameter, &self->before));
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->groups[0]));
	ASSERT_EQ(0, add_group(self->ctx, &self->groups[1]));
	ASSERT_EQ(0, write_number(variant->parameter, 5));
}

/* Also if a test has ended early. */
FIXTURE_TEARDOWN_PARENT(limit)
{
	EXPECT_EQ(0, write_number(variant->parameter, self->before));
}

/* The rule of a number, which is like no other. */
static int add_nth(FIXTURE_DATA(limit) *self, bool with_port, unsigned int n,
		   uint32_t *id)
{
	struct pg_rule_spec spec = rule_spec(self->groups[n % 2]);

	if (with_port) {
		spec.remote_port_min = 1 + n;
	} else {
		spec.flags = PG_RULE_UID;
		spec.uid = n;
	}
	return pg_rule_add(self->ctx, &spec, id, NULL);
}

TEST_F(limit, of_all_groups)
{
	struct pg_ctx *ctx;
	uint32_t ids[6];
	int i;

	EXPECT_EQ(variant->by_default, self->before);
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, add_nth(self, variant->with_port, i, &ids[i]));
	EXPECT_EQ(-ENOSPC, add_nth(self, variant->with_port, 5, &ids[5]));
	EXPECT_STREQ(variant->text, pg_error(self->ctx));
	EXPECT_EQ(5, count_rules(self->ctx, 0));

	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, ids[2], 0, NULL));
	EXPECT_EQ(0, add_nth(self, variant->with_port, 5, &ids[5]));
	EXPECT_EQ(-ENOSPC, add_nth(self, variant->with_port, 6, &ids[2]));
	/* With its group go two or three. */
	ASSERT_EQ(0, pg_group_del(self->ctx, self->groups[0], NULL));
	ASSERT_EQ(0, add_group(self->ctx, &self->groups[0]));
	EXPECT_EQ(0, add_nth(self, variant->with_port, 8, &ids[2]));

	/* Each namespace has its own. */
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&ctx));
	pg_close(self->ctx);
	self->ctx = ctx;
	ASSERT_EQ(0, add_group(ctx, &self->groups[0]));
	EXPECT_EQ(0, add_nth(self, variant->with_port, 0, &ids[0]));
}

/* Rules with a port are not rules without one. */
TEST_F(limit, of_its_kind)
{
	const bool per_net = variant->with_port;
	uint32_t id;
	int i;

	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, add_nth(self, variant->with_port, i, &id));
	EXPECT_EQ(per_net ? -ENOSPC : 0, add_nth(self, !per_net, 5, &id));
	ASSERT_EQ(0, write_number(variant->parameter, 0));
	EXPECT_EQ(-ENOSPC, add_nth(self, variant->with_port, 6, &id));
}

/* A group that is full takes in nothing more, and tells. */
FIXTURE(full) {
	struct pg_ctx *ctx;
	uint32_t group;
	unsigned long before;
};

static const char conns_per_group[] = PARAMETERS "conns_per_group";

FIXTURE_SETUP(full)
{
	ASSERT_EQ(0, read_number(conns_per_group, &self->before));
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, write_number(conns_per_group, 4));
}

FIXTURE_TEARDOWN_PARENT(full)
{
	EXPECT_EQ(0, write_number(conns_per_group, self->before));
}

static uint64_t refused(FIXTURE_DATA(full) *self)
{
	struct rule_totals totals = { .refused = -1 };

	get_rule_totals(self->ctx, self->group, &totals);
	return totals.missed ? (uint64_t)-1 : totals.refused;
}

/* Each counts once, whatever the number of rules that want it. */
TEST_F(full, refuses)
{
	struct pg_rule_spec spec = rule_spec(self->group);
	uint32_t other, id;
	int fds[10];

	spec.local.family = AF_INET;
	ASSERT_EQ(0, pg_rule_add(self->ctx, &spec, NULL, NULL));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &id));
	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 4));
	EXPECT_EQ(0, refused(self));
	ASSERT_EQ(0, tcp_pairs(AF_INET, fds + 4, 6));
	EXPECT_EQ(6, refused(self));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, fds, 4));

	/* They do not wait for others to leave, nor does a new one. */
	close_all(fds, 4);
	ASSERT_TRUE(wait_until(!count_conns(self->ctx, self->group), SOON));
	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 4));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, fds, 4));
	EXPECT_EQ(6, refused(self));
	ASSERT_EQ(0, add_group(self->ctx, &other));
	EXPECT_EQ(0, attach(self->ctx, other, fds[4], NULL));
}

/* Those were active before, which is nothing that the group has missed. */
TEST_F(full, existing)
{
	struct pg_rule rule;
	uint32_t id;
	int fds[10];

	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 10));
	ASSERT_EQ(0, attach(self->ctx, self->group, fds[0], NULL));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING, &id));
	EXPECT_EQ(4, count_conns(self->ctx, self->group));
	EXPECT_EQ(0, refused(self));
	ASSERT_EQ(0, get_rule(self->ctx, id, &rule));
	EXPECT_EQ(3, rule.gained);
}

/* Other groups take what one cannot. */
TEST_F(full, one_group_of_two)
{
	uint32_t group, ids[3];
	int fds[6];

	ASSERT_EQ(0, add_group(self->ctx, &group));
	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 6));
	ASSERT_EQ(0, attach(self->ctx, group, fds[0], NULL));
	ASSERT_EQ(0, attach(self->ctx, group, fds[1], NULL));
	ASSERT_EQ(0, add_rule(self->ctx, group, 0, &ids[0]));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &ids[1]));
	ASSERT_EQ(0, tcp_pairs(AF_INET, fds + 2, 4));
	EXPECT_EQ(4, count_conns(self->ctx, group));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, fds + 2, 4));
	EXPECT_EQ(0, refused(self));
	self->group = group;
	EXPECT_EQ(2, refused(self));
}

/* A connection that was refused is that once, whoever looks again. */
TEST_F(full, refused_once)
{
	uint32_t other, ids[2];
	int fds[10];

	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING,
			      &ids[0]));
	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 10));
	EXPECT_EQ(6, refused(self));
	ASSERT_EQ(0, add_group(self->ctx, &other));
	ASSERT_EQ(0, add_rule(self->ctx, other, PG_RULE_EXISTING, &ids[1]));
	EXPECT_EQ(6, refused(self));
}

TEST_HARNESS_MAIN
