// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules against the fake kernel: what is sent and what comes back.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/peergroup.h>
#include <peergroup.h>
#include <string.h>

#include "alloc.h"
#include "fake.h"
#include <kselftest_harness.h>

FIXTURE(rule) {
	struct pg_ctx *ctx;
	struct pg_rule_spec spec;
	struct pg_rule shown;
	uint32_t id;
};

FIXTURE_SETUP(rule)
{
	fake_reset();
	ASSERT_EQ(0, pg_open(&self->ctx));
	self->spec = (struct pg_rule_spec){
		.size = sizeof(self->spec),
		.group_id = fake_add("first", 0)->id,
	};
	self->id = 4711;
}

FIXTURE_TEARDOWN(rule)
{
	pg_close(self->ctx);
	EXPECT_EQ(0, fake.queued);
	EXPECT_EQ(0, alloc_live());
}

static int add(struct _test_data_rule *self)
{
	return pg_rule_add(self->ctx, &self->spec, &self->id, NULL);
}

static int keep(const struct pg_rule *rule, void *arg)
{
	*(struct pg_rule *)arg = *rule;
	return 0;
}

/* Add the rule and get it. */
static int add_and_get(struct _test_data_rule *self)
{
	int err = add(self);

	if (err)
		return err;
	return pg_rule_get(self->ctx, self->id, keep, &self->shown);
}

TEST_F(rule, of_nothing_but_its_group)
{
	const struct pg_rule *rule = &self->shown;
	uint64_t generation;

	ASSERT_EQ(0, pg_rule_add(self->ctx, &self->spec, &self->id,
				 &generation));
	EXPECT_EQ(fake.generation, generation);
	EXPECT_EQ(0, fake.rules[0].len);
	ASSERT_EQ(0, pg_rule_get(self->ctx, self->id, keep, &self->shown));
	EXPECT_EQ(1, rule->id);
	EXPECT_EQ(self->spec.group_id, rule->group_id);
	EXPECT_EQ(PG_TYPE_NEIGHBOR, rule->type);
	EXPECT_EQ(PG_DIRECTION_ANY, rule->direction);
	EXPECT_EQ(0, rule->local_port_min);
	EXPECT_EQ(0, rule->local_port_max);
	EXPECT_EQ(0, rule->local.family);
	EXPECT_EQ(0, rule->local.len);
	EXPECT_EQ(0, rule->flags);
	EXPECT_EQ(101, rule->gained);
}

TEST_F(rule, of_everything)
{
	const struct pg_rule *rule = &self->shown;
	struct pg_rule_spec *spec = &self->spec;

	spec->type = PG_TYPE_DIRECT;
	spec->local_port_min = 8333;
	spec->remote_port_min = 1;
	spec->remote_port_max = 65535;
	spec->local.family = AF_INET;
	spec->local.len = 31;
	inet_pton(AF_INET, "192.0.2.2", &spec->local.ipv4);
	spec->remote.family = AF_INET6;
	spec->remote.len = 33;
	inet_pton(AF_INET6, "2001:db8:8000::", &spec->remote.ipv6);
	spec->direction = PG_DIRECTION_OUT;
	spec->flags = PG_RULE_UID;
	spec->uid = 1000;
	ASSERT_EQ(0, add_and_get(self));
	EXPECT_EQ(PG_TYPE_DIRECT, rule->type);
	EXPECT_EQ(PG_DIRECTION_OUT, rule->direction);
	EXPECT_EQ(8333, rule->local_port_min);
	EXPECT_EQ(8333, rule->local_port_max);
	EXPECT_EQ(1, rule->remote_port_min);
	EXPECT_EQ(65535, rule->remote_port_max);
	EXPECT_EQ(0, memcmp(&spec->local, &rule->local, sizeof(rule->local)));
	EXPECT_EQ(0, memcmp(&spec->remote, &rule->remote,
			    sizeof(rule->remote)));
	EXPECT_EQ(PG_RULE_UID, rule->flags);
	EXPECT_EQ(1000, rule->uid);
}

TEST_F(rule, of_root_and_existing)
{
	self->spec.flags = PG_RULE_UID | PG_RULE_EXISTING;
	ASSERT_EQ(0, add_and_get(self));
	EXPECT_EQ(PG_RULE_UID | PG_RULE_EXISTING, self->shown.flags);
	EXPECT_EQ(0, self->shown.uid);
}

/* IPv4 is the kernel's only form of it, be it all of IPv4. */
TEST_F(rule, mapped_prefixes)
{
	const struct pg_prefix *local = &self->shown.local;
	const struct pg_prefix *remote = &self->shown.remote;

	self->spec.local.family = AF_INET6;
	self->spec.local.len = 96;
	inet_pton(AF_INET6, "::ffff:0.0.0.0", &self->spec.local.ipv6);
	self->spec.remote.family = AF_INET6;
	self->spec.remote.len = 120;
	inet_pton(AF_INET6, "::ffff:192.0.2.0", &self->spec.remote.ipv6);
	ASSERT_EQ(0, add_and_get(self));
	EXPECT_EQ(AF_INET, local->family);
	EXPECT_EQ(0, local->len);
	EXPECT_EQ(0, local->ipv4.s_addr);
	EXPECT_EQ(AF_INET, remote->family);
	EXPECT_EQ(24, remote->len);
	EXPECT_EQ(htonl(0xc0000200), remote->ipv4.s_addr);
}

/* Each is refused here, in words, and with what is right next to it. */
TEST_F(rule, makes_no_sense)
{
	static const struct {
		struct pg_rule_spec spec;
		const char *words;	/* NULL: it does */
	} table[] = {
		{ { .flags = 8 }, "unknown flags" },
		{ { .flags = PG_RULE_KEEP },
		  "a rule that is made keeps nothing" },
		{ { .uid = 1 }, "a uid without the flag for it" },
		{ { .uid = 1, .flags = PG_RULE_UID }, NULL },
		{ { .direction = PG_DIRECTION_IN, .flags = PG_RULE_EXISTING },
		  "established sockets do not tell their direction" },
		{ { .direction = PG_DIRECTION_IN }, NULL },
		{ { .direction = 3 }, "direction is neither in nor out" },
		{ { .type = 3 }, "type is neither neighbor nor direct" },
		{ { .reserved = 1 }, "reserved is not 0" },
		{ { .local_port_max = 1 },
		  "a highest port without a lowest one" },
		{ { .remote_port_max = 1 },
		  "a highest port without a lowest one" },
		{ { .local_port_min = 2, .local_port_max = 1 },
		  "a highest port below the lowest" },
		{ { .remote_port_min = 65535, .remote_port_max = 65534 },
		  "a highest port below the lowest" },
		{ { .remote_port_min = 2, .remote_port_max = 2 }, NULL },
		{ { .local = { .len = 1 } }, "a prefix without a family" },
		{ { .remote = { .ipv6.s6_addr[3] = 1 } },
		  "a prefix without a family" },
		{ { .remote = { .family = AF_UNIX } },
		  "a prefix is neither IPv4 nor IPv6" },
		{ { .local = { .family = AF_INET, .len = 33 } },
		  "a prefix is longer than an address" },
		{ { .local = { .family = AF_INET6, .len = 129 } },
		  "a prefix is longer than an address" },
		{ { .local = { .family = AF_INET6, .len = UINT32_MAX } },
		  "a prefix is longer than an address" },
		{ { .remote = { .family = AF_INET6, .len = 127,
				.ipv6.s6_addr[15] = 1 } },
		  "an address has bits behind its prefix" },
		{ { .remote = { .family = AF_INET6, .len = 128,
				.ipv6.s6_addr[15] = 1 } }, NULL },
		{ { .remote = { .family = AF_INET6,
				.ipv6.s6_addr[0] = 0x80 } },
		  "an address has bits behind its prefix" },
		{ { .local = { .family = AF_INET, .ipv6.s6_addr[3] = 1,
			       .len = 31 } },
		  "an address has bits behind its prefix" },
		{ { .local = { .family = AF_INET, .ipv6.s6_addr[3] = 1,
			       .len = 32 } }, NULL },
		{ { .local = { .family = AF_INET } }, NULL },
	};
	unsigned int requests, good = 0;
	size_t i;

	requests = fake.requests;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		self->spec = table[i].spec;
		self->spec.size = sizeof(self->spec);
		self->spec.group_id = 1;
		EXPECT_EQ(table[i].words ? -EINVAL : 0, add(self)) {
			TH_LOG("rule %zu", i);
		}
		EXPECT_STREQ(table[i].words ?: "", pg_error(self->ctx));
		good += !table[i].words;
	}
	EXPECT_EQ(requests + good, fake.requests);
	EXPECT_EQ(good, fake.n_rules);
}

TEST_F(rule, arguments)
{
	struct {
		struct pg_rule_spec known;
		uint64_t unknown;
	} larger = { .known = self->spec };

	EXPECT_EQ(-EINVAL, pg_rule_add(NULL, &self->spec, NULL, NULL));
	EXPECT_EQ(-EINVAL, pg_rule_add(self->ctx, NULL, NULL, NULL));
	EXPECT_EQ(-EINVAL, pg_rule_del(NULL, 0, 1, 0, NULL));
	EXPECT_EQ(-EINVAL, pg_rule_get(NULL, 1, NULL, NULL));
	EXPECT_EQ(-EINVAL, pg_rule_list(NULL, 0, NULL, NULL, NULL));

	larger.known.size = sizeof(larger);
	EXPECT_EQ(0, pg_rule_add(self->ctx, &larger.known, NULL, NULL));
	larger.unknown = 1;
	EXPECT_EQ(-E2BIG, pg_rule_add(self->ctx, &larger.known, NULL, NULL));
	self->spec.size--;
	EXPECT_EQ(-EINVAL, add(self));
	self->spec.size++;
	self->spec.group_id = 0;
	EXPECT_EQ(-ENOENT, add(self));
	EXPECT_STREQ("no group has id 0", pg_error(self->ctx));

	EXPECT_EQ(-ENOENT, pg_rule_get(self->ctx, 0, NULL, NULL));
	EXPECT_STREQ("no rule has id 0", pg_error(self->ctx));
	EXPECT_EQ(-ENOENT, pg_rule_del(self->ctx, 0, 0, 0, NULL));
	EXPECT_EQ(-EINVAL, pg_rule_del(self->ctx, 0, 1, PG_RULE_EXISTING,
				       NULL));
	EXPECT_STREQ("unknown flags", pg_error(self->ctx));
	EXPECT_EQ(1, fake.n_rules);
	EXPECT_EQ(4711, self->id);
}

TEST_F(rule, refused_by_the_kernel)
{
	ASSERT_EQ(0, add(self));
	self->spec.type = PG_TYPE_DIRECT;
	self->id = 4711;
	EXPECT_EQ(-EEXIST, add(self));
	EXPECT_STREQ("matches the same sockets", pg_error(self->ctx));
	self->spec.group_id = 9;
	EXPECT_EQ(-ENOENT, add(self));
	EXPECT_EQ(4711, self->id);
	EXPECT_EQ(-ENOENT, pg_rule_get(self->ctx, 9, NULL, NULL));
	EXPECT_STREQ("no such rule", pg_error(self->ctx));
	EXPECT_EQ(-ENOENT, pg_rule_del(self->ctx, 9, 1, 0, NULL));
	EXPECT_EQ(-ENOENT, pg_rule_list(self->ctx, 9, NULL, NULL, NULL));
}

TEST_F(rule, deleted)
{
	uint64_t generation = 0;

	ASSERT_EQ(0, add(self));
	EXPECT_EQ(0, pg_rule_del(self->ctx, 0, self->id, 0, &generation));
	EXPECT_EQ(fake.generation, generation);
	EXPECT_FALSE(fake.keep);
	EXPECT_EQ(0, fake.n_rules);
	ASSERT_EQ(0, add(self));
	EXPECT_EQ(0, pg_rule_del(self->ctx, self->spec.group_id, self->id,
				 PG_RULE_KEEP, NULL));
	EXPECT_TRUE(fake.keep);
	EXPECT_EQ(0, fake.n_rules);
}

/* What a list showed. */
struct shown {
	struct pg_ctx *ctx;
	uint32_t ids;	/* a decimal digit each */
	int err;
};

static int show(const struct pg_rule *rule, void *arg)
{
	struct shown *shown = arg;

	shown->ids = 10 * shown->ids + rule->id;
	return shown->err;
}

static int use_ctx(const struct pg_rule *rule, void *arg)
{
	struct shown *shown = arg;

	return pg_rule_del(shown->ctx, 0, rule->id, 0, NULL);
}

/* Five of the first group, 6 of another one. */
static void add_some(struct __test_metadata *_metadata,
		     struct _test_data_rule *self)
{
	for (self->spec.local_port_min = 1; self->spec.local_port_min <= 5;
	     self->spec.local_port_min++)
		ASSERT_EQ(0, add(self));
	self->spec.group_id = fake_add("second", 0)->id;
	ASSERT_EQ(0, add(self));
}

TEST_F(rule, listed)
{
	uint64_t generation = 0;
	struct shown shown = { 0 };

	ASSERT_EQ(0, pg_rule_list(self->ctx, 0, show, &shown, &generation));
	EXPECT_EQ(0, shown.ids);
	EXPECT_EQ(fake.generation, generation);

	add_some(_metadata, self);
	ASSERT_EQ(0, pg_rule_list(self->ctx, 0, show, &shown, &generation));
	EXPECT_EQ(123456, shown.ids);
	EXPECT_EQ(fake.generation, generation);
	shown.ids = 0;
	ASSERT_EQ(0, pg_rule_list(self->ctx, 1, show, &shown, NULL));
	EXPECT_EQ(12345, shown.ids);
	EXPECT_EQ(0, pg_rule_list(self->ctx, 2, NULL, NULL, NULL));
}

TEST_F(rule, callback_of_a_list)
{
	struct shown shown = { .ctx = self->ctx, .err = 99 };

	add_some(_metadata, self);
	EXPECT_EQ(99, pg_rule_list(self->ctx, 0, show, &shown, NULL));
	EXPECT_EQ(1, shown.ids);
	EXPECT_STREQ("", pg_error(self->ctx));
	EXPECT_EQ(-EBUSY, pg_rule_list(self->ctx, 0, use_ctx, &shown, NULL));
	EXPECT_EQ(-EBUSY, pg_rule_get(self->ctx, 1, use_ctx, &shown));
	EXPECT_EQ(6, fake.n_rules);
}

TEST_F(rule, list_is_believed_only_if_whole)
{
	add_some(_metadata, self);
	fake.lose = 1;
	EXPECT_EQ(-EIO, pg_rule_list(self->ctx, 0, NULL, NULL, NULL));
	EXPECT_STREQ("5 records of 6 arrived", pg_error(self->ctx));
	fake.lose = 0;
	fake.mix = 1;
	EXPECT_EQ(-EPROTO, pg_rule_list(self->ctx, 0, NULL, NULL, NULL));
	fake.mix = 0;
	fake.truncate = true;
	EXPECT_EQ(-EIO, pg_rule_list(self->ctx, 0, NULL, NULL, NULL));
	EXPECT_EQ(0, fake.queued);
}

TEST_F(rule, answers_that_make_no_sense)
{
	struct shown shown = { 0 };

	ASSERT_EQ(0, add(self));
	fake.no_type = true;
	EXPECT_EQ(-EPROTO, pg_rule_get(self->ctx, 1, show, &shown));
	EXPECT_EQ(-EPROTO, pg_rule_list(self->ctx, 0, show, &shown, NULL));
	EXPECT_EQ(0, shown.ids);
	/* The reply to a change only says which rule it is about. */
	EXPECT_EQ(0, pg_rule_del(self->ctx, 0, 1, 0, NULL));
	fake.no_type = false;

	fake.no_ids = true;
	self->id = 4711;
	EXPECT_EQ(-EPROTO, add(self));
	EXPECT_STREQ("the module sent no id", pg_error(self->ctx));
	EXPECT_EQ(4711, self->id);
	EXPECT_EQ(-EPROTO, pg_rule_get(self->ctx, 2, show, &shown));
}

/* The ids mean other rules there. */
TEST_F(rule, module_loaded_anew)
{
	ASSERT_EQ(0, add(self));
	fake_reload();
	EXPECT_EQ(-ENOENT, add(self));
	EXPECT_STREQ("gone: the module was loaded anew", pg_error(self->ctx));
	fake_reload();
	EXPECT_EQ(-ENOENT, pg_rule_del(self->ctx, 0, 1, 0, NULL));
	fake_reload();
	EXPECT_EQ(0, pg_rule_list(self->ctx, 0, NULL, NULL, NULL));
}

/* One call of each function. */
static int everything(void)
{
	struct pg_rule_spec spec = { .size = sizeof(spec), .group_id = 1 };
	struct pg_ctx *ctx = NULL;
	uint32_t id;
	int err;

	fake_reset();
	fake_add("first", 0);
	err = pg_open(&ctx);
	if (!err)
		err = pg_rule_add(ctx, &spec, &id, NULL);
	if (!err)
		err = pg_rule_get(ctx, id, NULL, NULL);
	if (!err)
		err = pg_rule_list(ctx, 1, NULL, NULL, NULL);
	if (!err)
		err = pg_rule_del(ctx, 1, id, PG_RULE_KEEP, NULL);
	pg_close(ctx);
	return err;
}

TEST(every_allocation_fails_once)
{
	unsigned int n = 0;
	int err;

	do {
		alloc_fail(++n);
		err = everything();
		EXPECT_EQ(alloc_failed() ? -ENOMEM : 0, err) {
			TH_LOG("allocation %u", n);
		}
		EXPECT_EQ(0, alloc_live()) {
			TH_LOG("allocation %u leaks", n);
		}
	} while (alloc_failed());
	EXPECT_LT(10, n);
}

TEST_HARNESS_MAIN
