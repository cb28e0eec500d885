// SPDX-License-Identifier: GPL-2.0-only
/* Lists of rules: all of one generation, by id, whatever happens meanwhile. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/peergroup.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "request.h"
#include "util.h"

#define RULES 1000

FIXTURE(rule_dump) {
	struct pg_ctx *ctx;
	struct pg_ctx *other;		/* to change something meanwhile */
	uint32_t groups[2];
	uint32_t ids[RULES];		/* every third of the second group */
	uint32_t in_order[RULES];	/* as lists show them */
	uint64_t generation;
};

/* The first group before the second, each by id. */
static void put_in_order(FIXTURE_DATA(rule_dump) *self)
{
	int i, n = 0;

	for (i = 0; i < RULES; i++)
		if (i % 3 != 2)
			self->in_order[n++] = self->ids[i];
	for (i = 2; i < RULES; i += 3)
		self->in_order[n++] = self->ids[i];
}

FIXTURE_VARIANT(rule_dump) {
	size_t buffer;
};

FIXTURE_VARIANT_ADD(rule_dump, large) { .buffer = 32768 };
FIXTURE_VARIANT_ADD(rule_dump, small) { .buffer = 4096 };

static int add_port(struct pg_ctx *ctx, uint32_t group, uint16_t port,
		    uint32_t *id)
{
	struct pg_rule_spec spec = rule_spec(group);

	spec.local_port_min = port;
	spec.remote.family = AF_INET6;
	return pg_rule_add(ctx, &spec, id, NULL);
}

FIXTURE_SETUP(rule_dump)
{
	int i;

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, pg_set_buffer(self->ctx, variant->buffer));
	ASSERT_EQ(0, pg_open(&self->other));
	ASSERT_EQ(0, add_group(self->other, &self->groups[0]));
	ASSERT_EQ(0, add_group(self->other, &self->groups[1]));
	for (i = 0; i < RULES; i++)
		ASSERT_EQ(0, add_port(self->other, self->groups[i % 3 == 2],
				      60000 - i, &self->ids[i]));
	put_in_order(self);
	self->generation = generation_now(self->other);
}

FIXTURE_TEARDOWN(rule_dump)
{
	pg_close(self->ctx);
	pg_close(self->other);
}

/* What a list shows, and what happens at its beginning. */
struct listed {
	FIXTURE_DATA(rule_dump) *self;
	int (*meanwhile)(FIXTURE_DATA(rule_dump) *self);
	uint32_t ids[RULES + 1];
	unsigned int n;
	uint64_t generation;
};

static int note_rule(const struct pg_rule *rule, void *arg)
{
	struct listed *listed = arg;
	int err = 0;

	if (listed->n > RULES || rule->remote.family != AF_INET6 ||
	    rule->local_port_min != rule->local_port_max)
		return -EPROTO;
	listed->ids[listed->n++] = rule->id;
	if (listed->meanwhile)
		err = listed->meanwhile(listed->self);
	listed->meanwhile = NULL;
	return err;
}

static int list(struct listed *listed, uint32_t group)
{
	return pg_rule_list(listed->self->ctx, group, note_rule, listed,
			    &listed->generation);
}

/* Each of those that were made, in order. */
static bool lists_all(const struct listed *listed)
{
	return listed->n == RULES &&
	       !memcmp(listed->ids, listed->self->in_order,
		       RULES * sizeof(uint32_t));
}

TEST_F(rule_dump, all)
{
	struct listed listed = { .self = self };

	ASSERT_EQ(0, list(&listed, 0));
	EXPECT_TRUE(lists_all(&listed));
	EXPECT_EQ(self->generation, listed.generation);
}

TEST_F(rule_dump, of_a_group)
{
	struct listed listed = { .self = self };
	unsigned int i;

	ASSERT_EQ(0, list(&listed, self->groups[1]));
	ASSERT_EQ(RULES / 3, listed.n);
	for (i = 0; i < listed.n; i++)
		EXPECT_EQ(self->ids[3 * i + 2], listed.ids[i]);
	EXPECT_EQ(self->generation, listed.generation);

	listed.n = 0;
	ASSERT_EQ(0, pg_group_del(self->other, self->groups[1], NULL));
	EXPECT_EQ(-ENOENT, list(&listed, self->groups[1]));
	EXPECT_STREQ("no such group", pg_error(self->ctx));
	ASSERT_EQ(0, list(&listed, 0));
	EXPECT_EQ(RULES - RULES / 3, listed.n);
}

static int delete_and_make(FIXTURE_DATA(rule_dump) *self)
{
	uint32_t id;
	int i, err = 0;

	for (i = 0; i < RULES && !err; i += 50)
		err = pg_rule_del(self->other, 0, self->ids[i], 0, NULL);
	for (i = 1; i <= 20 && !err; i++)
		err = add_port(self->other, self->groups[0], i, &id);
	return err;
}

static int delete_group(FIXTURE_DATA(rule_dump) *self)
{
	return pg_group_del(self->other, self->groups[0], NULL);
}

static int delete_all(FIXTURE_DATA(rule_dump) *self)
{
	int i, err = 0;

	for (i = RULES - 1; i >= 0 && !err; i--)
		err = pg_rule_del(self->other, 0, self->ids[i],
				  i % 2 ? PG_RULE_KEEP : 0, NULL);
	return err;
}

TEST_F(rule_dump, while_rules_come_and_go)
{
	struct listed listed = { .self = self, .meanwhile = delete_and_make };

	ASSERT_EQ(0, list(&listed, 0));
	EXPECT_TRUE(lists_all(&listed));
	EXPECT_EQ(self->generation, listed.generation);
	listed.n = 0;
	ASSERT_EQ(0, list(&listed, 0));
	EXPECT_EQ(RULES, listed.n);
	EXPECT_EQ(self->in_order[1], listed.ids[0]);
	EXPECT_EQ(self->in_order[RULES - 1], listed.ids[RULES - 1]);
	EXPECT_EQ(self->generation + 40, listed.generation);
}

TEST_F(rule_dump, while_its_group_goes)
{
	struct listed listed = { .self = self, .meanwhile = delete_group };

	ASSERT_EQ(0, list(&listed, 0));
	EXPECT_TRUE(lists_all(&listed));
	EXPECT_EQ(self->generation, listed.generation);
	listed.n = 0;
	ASSERT_EQ(0, list(&listed, 0));
	EXPECT_EQ(RULES / 3, listed.n);
}

TEST_F_TIMEOUT(rule_dump, while_all_go, 60)
{
	struct listed listed = { .self = self, .meanwhile = delete_all };

	ASSERT_EQ(0, list(&listed, 0));
	EXPECT_TRUE(lists_all(&listed));
	listed.n = 0;
	ASSERT_EQ(0, list(&listed, 0));
	EXPECT_EQ(0, listed.n);
	EXPECT_EQ(self->generation + RULES, listed.generation);
}

/* The number of rules to come is right, with a filter too. */
TEST_F(rule_dump, count)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_RULE_GET, NLM_F_DUMP);
	int fd = request_open();
	struct answer answer;

	EXPECT_EQ(0, request_send(fd, msg, &answer));
	EXPECT_EQ(RULES, answer.rules);
	EXPECT_EQ(RULES, answer.count);
	EXPECT_EQ(1, answer.generations);

	msg = request_new(PEERGROUP_CMD_RULE_GET, NLM_F_DUMP);
	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->groups[1]);
	EXPECT_EQ(0, request_send(fd, msg, &answer));
	EXPECT_EQ(RULES / 3, answer.rules);
	EXPECT_EQ(RULES / 3, answer.count);
	close(fd);
}

TEST_F(rule_dump, get)
{
	struct pg_rule rule;
	int i;

	for (i = 0; i < RULES; i += 111) {
		ASSERT_EQ(0, get_rule(self->ctx, self->ids[i], &rule));
		EXPECT_EQ(self->ids[i], rule.id);
		EXPECT_EQ(60000 - i, rule.local_port_min);
		EXPECT_EQ(self->groups[i % 3 == 2], rule.group_id);
	}
	EXPECT_EQ(-ENOENT, get_rule(self->ctx, self->ids[RULES - 1] + 1,
				    &rule));
	EXPECT_STREQ("no such rule", pg_error(self->ctx));
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, self->ids[5], 0, NULL));
	EXPECT_EQ(-ENOENT, get_rule(self->ctx, self->ids[5], &rule));
}

TEST_HARNESS_MAIN
