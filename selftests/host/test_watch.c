// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subscriptions and watches against the fake kernel: losses of all kinds, and
 * what is made of them.
 */
#include <errno.h>
#include <linux/peergroup.h>
#include <peergroup.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "fake.h"
#include <kselftest_harness.h>

/* The next event in short, such as "+1" for connection 1 becoming active. */
static const char *brief(const struct pg_event *event)
{
	static const char *const kinds[] = {
		[PG_EVENT_GROUP_NEW] = "group", [PG_EVENT_GROUP_GONE] = "ungroup",
		[PG_EVENT_CONN_PENDING] = "?", [PG_EVENT_CONN_NEW] = "+",
		[PG_EVENT_CONN_GONE] = "-", [PG_EVENT_RESYNC] = "resync",
		[PG_EVENT_SYNCED] = "synced", [PG_EVENT_RULE_NEW] = "rule",
		[PG_EVENT_RULE_GONE] = "unrule",
	};
	static char text[64];

	if (event->conn)
		snprintf(text, sizeof(text), "%s%llu", kinds[event->type],
			 (unsigned long long)(event->conn->id -
					      fake_conn_id(0)));
	else if (event->rule)
		snprintf(text, sizeof(text), "%s %u of %s", kinds[event->type],
			 event->rule->id,
			 event->group ? event->group->name : "?");
	else if (event->group)
		snprintf(text, sizeof(text), "%s %s", kinds[event->type],
			 event->group->name);
	else
		snprintf(text, sizeof(text), "%s %llu", kinds[event->type],
			 (unsigned long long)event->generation);
	return text;
}

FIXTURE(sub) {
	struct pg_sub *sub;
	struct fake_group *group;
};

FIXTURE_SETUP(sub)
{
	fake_reset();
	self->group = fake_add("first", 5);
	ASSERT_EQ(0, pg_sub_open(&self->sub, 0));
}

FIXTURE_TEARDOWN(sub)
{
	pg_sub_close(self->sub);
	EXPECT_EQ(0, alloc_live());
}

static const char *sub_next(struct _test_data_sub *self)
{
	const struct pg_event *event;
	int ret = pg_sub_next(self->sub, &event);

	return ret == 1 ? brief(event) : ret ? strerror(-ret) : "nothing";
}

static void conn_new(uint64_t generation, unsigned int i)
{
	fake_conn_event(PEERGROUP_CMD_CONN_NEW_NTF, generation, 1, i);
}

static void conn_gone(uint64_t generation, unsigned int i)
{
	fake_conn_event(PEERGROUP_CMD_CONN_GONE_NTF, generation, 1, i);
}

TEST_F(sub, as_they_come)
{
	const struct pg_event *event;

	EXPECT_STREQ("nothing", sub_next(self));
	fake_group_event(PEERGROUP_CMD_GROUP_NEW_NTF, 10, self->group);
	fake_conn_event(PEERGROUP_CMD_CONN_PENDING_NTF, 11, 1, 6);
	conn_new(12, 6);
	conn_gone(13, 6);
	fake_group_event(PEERGROUP_CMD_GROUP_GONE_NTF, 14, self->group);
	EXPECT_STREQ("group first", sub_next(self));
	EXPECT_STREQ("?6", sub_next(self));
	EXPECT_STREQ("+6", sub_next(self));
	ASSERT_EQ(1, pg_sub_next(self->sub, &event));
	EXPECT_EQ(13, event->generation);
	EXPECT_EQ(0, event->flags);
	EXPECT_EQ(NULL, event->group);
	EXPECT_EQ(PG_STATE_GONE, event->conn->state);
	EXPECT_EQ(PG_REASON_RESET, event->conn->reason);
	EXPECT_EQ(ECONNRESET, event->conn->error);
	EXPECT_STREQ("ungroup first", sub_next(self));
	EXPECT_STREQ("nothing", sub_next(self));
	EXPECT_STREQ("", pg_sub_error(self->sub));
	EXPECT_LE(0, pg_sub_fd(self->sub));
}

/* What is queued behind a hole is older than the list that will be made. */
TEST_F(sub, hole)
{
	conn_new(10, 6);
	conn_new(12, 7);
	conn_new(13, 8);
	EXPECT_STREQ("+6", sub_next(self));
	EXPECT_STREQ("resync 10", sub_next(self));
	EXPECT_STREQ("nothing", sub_next(self));
	conn_new(20, 9);
	EXPECT_STREQ("+9", sub_next(self));
}

TEST_F(sub, no_room)
{
	conn_new(10, 6);
	EXPECT_STREQ("+6", sub_next(self));
	fake.fail_event = ENOBUFS;
	conn_new(11, 7);
	EXPECT_STREQ("resync 10", sub_next(self));
	EXPECT_STREQ("nothing", sub_next(self));
	EXPECT_EQ(0, fake.events);
}

TEST_F(sub, malformed)
{
	conn_new(10, 6);
	fake_bad_event();
	conn_new(11, 7);
	EXPECT_STREQ("+6", sub_next(self));
	EXPECT_STREQ("resync 10", sub_next(self));
	EXPECT_STREQ("nothing", sub_next(self));
}

TEST_F(sub, incomplete)
{
	fake.no_type = true;
	conn_new(10, 6);
	EXPECT_STREQ("resync 0", sub_next(self));
}

static void rule_new(uint64_t generation, uint32_t id, uint32_t group_id)
{
	const struct fake_rule rule = {
		.id = id, .group_id = group_id, .type = PG_TYPE_DIRECT,
	};

	fake_rule_event(PEERGROUP_CMD_RULE_NEW_NTF, generation, &rule);
}

static void rule_gone(uint64_t generation, uint32_t id, uint32_t group_id)
{
	const struct fake_rule rule = {
		.id = id, .group_id = group_id, .type = PG_TYPE_DIRECT,
	};

	fake_rule_event(PEERGROUP_CMD_RULE_GONE_NTF, generation, &rule);
}

TEST_F(sub, rules)
{
	const struct pg_event *event;

	rule_new(10, 3, 1);
	conn_new(11, 6);
	rule_gone(12, 3, 1);
	ASSERT_EQ(1, pg_sub_next(self->sub, &event));
	EXPECT_STREQ("rule 3 of ?", brief(event));
	EXPECT_EQ(10, event->generation);
	EXPECT_EQ(1, event->rule->group_id);
	EXPECT_EQ(PG_TYPE_DIRECT, event->rule->type);
	ASSERT_EQ(1, pg_sub_next(self->sub, &event));
	EXPECT_STREQ("+6", brief(event));
	EXPECT_EQ(NULL, event->rule);
	EXPECT_STREQ("unrule 3 of ?", sub_next(self));
	EXPECT_STREQ("nothing", sub_next(self));

	fake.no_type = true;
	rule_new(13, 4, 1);
	EXPECT_STREQ("resync 12", sub_next(self));
}

/* An event about a rule that has none. */
TEST_F(sub, rule_is_missing)
{
	fake_group_event(PEERGROUP_CMD_RULE_GONE_NTF, 10, self->group);
	EXPECT_STREQ("resync 0", sub_next(self));
}

/* Later versions have more; they count, or there would be a hole. */
TEST_F(sub, unknown_type)
{
	conn_new(10, 6);
	fake_group_event(200, 11, self->group);
	conn_new(12, 7);
	EXPECT_STREQ("+6", sub_next(self));
	EXPECT_STREQ("+7", sub_next(self));
}

TEST_F(sub, end)
{
	fake_end_event(fake.family + 1);
	conn_new(10, 6);
	fake_end_event(fake.family);
	conn_new(11, 7);
	EXPECT_STREQ("+6", sub_next(self));
	EXPECT_STREQ(strerror(ENODEV), sub_next(self));
	EXPECT_STREQ("the peergroup module was unloaded",
		     pg_sub_error(self->sub));
	EXPECT_STREQ(strerror(ENODEV), sub_next(self));
}

TEST_F(sub, end_is_lost)
{
	fake.fail_event = ENOBUFS;
	fake.loaded = false;
	EXPECT_STREQ(strerror(ENODEV), sub_next(self));
	EXPECT_STREQ(strerror(ENODEV), sub_next(self));
}

TEST_F(sub, loaded_anew_and_end_is_lost)
{
	fake.fail_event = ENOBUFS;
	fake_reload();
	EXPECT_STREQ(strerror(ENODEV), sub_next(self));
}

TEST_F(sub, receiving_fails)
{
	fake.fail_event = ENOMEM;
	conn_new(10, 6);
	EXPECT_STREQ(strerror(ENOMEM), sub_next(self));
	EXPECT_STREQ("+6", sub_next(self));
}

TEST_F(sub, buffer)
{
	pg_sub_close(self->sub);
	ASSERT_EQ(0, pg_sub_open(&self->sub, 1 << 20));
	/* The kernel doubles it. */
	EXPECT_EQ(1 << 19, fake.rcvbuf);
}

TEST_F(sub, arguments)
{
	const struct pg_event *event;

	EXPECT_EQ(-EINVAL, pg_sub_open(NULL, 0));
	EXPECT_EQ(-EINVAL, pg_sub_next(NULL, &event));
	EXPECT_EQ(-EINVAL, pg_sub_next(self->sub, NULL));
	EXPECT_EQ(-EINVAL, pg_sub_fd(NULL));
	EXPECT_STREQ("", pg_sub_error(NULL));
	pg_sub_close(NULL);
}

TEST(sub_without_module)
{
	struct pg_sub *sub;

	fake_reset();
	fake.loaded = false;
	EXPECT_EQ(-ENODEV, pg_sub_open(&sub, 0));
}

FIXTURE(watch) {
	struct pg_watch *watch;
	struct fake_group *first;
	struct pg_watch_spec spec;
};

FIXTURE_SETUP(watch)
{
	fake_reset();
	self->watch = NULL;
	self->first = fake_add("first", 4);
	self->spec = (struct pg_watch_spec){ .size = sizeof(self->spec) };
}

FIXTURE_TEARDOWN(watch)
{
	pg_watch_close(self->watch);
	EXPECT_EQ(0, fake.queued);
	EXPECT_EQ(0, alloc_live());
}

static int start(struct _test_data_watch *self)
{
	return pg_watch_open(&self->watch, &self->spec);
}

static const char *next(struct _test_data_watch *self)
{
	const struct pg_event *event;
	int ret = pg_watch_next(self->watch, &event);

	return ret == 1 ? brief(event) : ret ? strerror(-ret) : "nothing";
}

/* Skip what is listed at the beginning. */
static int skip_list(struct _test_data_watch *self)
{
	const struct pg_event *event;
	int ret;

	do {
		ret = pg_watch_next(self->watch, &event);
	} while (ret == 1 && event->type != PG_EVENT_SYNCED);
	return ret == 1 ? 0 : -1;
}

TEST_F(watch, list_then_events)
{
	const struct pg_event *event;

	fake_add("second", 0);
	ASSERT_EQ(0, start(self));
	conn_new(7, 4);
	ASSERT_EQ(1, pg_watch_next(self->watch, &event));
	EXPECT_STREQ("group first", brief(event));
	EXPECT_EQ(PG_EVENT_LISTED, event->flags);
	EXPECT_EQ(6, event->generation);
	EXPECT_EQ(4, event->group->active_neighbor +
		     event->group->active_direct);
	ASSERT_EQ(1, pg_watch_next(self->watch, &event));
	EXPECT_STREQ("+0", brief(event));
	EXPECT_STREQ("first", event->group->name);
	EXPECT_STREQ("+1", next(self));
	EXPECT_STREQ("+2", next(self));
	EXPECT_STREQ("+3", next(self));
	EXPECT_STREQ("group second", next(self));
	EXPECT_STREQ("synced 6", next(self));
	ASSERT_EQ(1, pg_watch_next(self->watch, &event));
	EXPECT_STREQ("+4", brief(event));
	EXPECT_EQ(0, event->flags);
	EXPECT_STREQ("first", event->group->name);
	EXPECT_STREQ("nothing", next(self));
	EXPECT_EQ(7, pg_picture_generation(pg_watch_picture(self->watch)));
}

/* Events that the list shows already come again, and others are missing. */
TEST_F(watch, overlap)
{
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, skip_list(self));
	conn_new(3, 1);
	conn_new(5, 3);
	conn_gone(6, 0);
	EXPECT_STREQ("-0", next(self));
	EXPECT_STREQ("nothing", next(self));
}

TEST_F(watch, first_event_is_missing)
{
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, skip_list(self));
	conn_gone(7, 0);
	EXPECT_STREQ("resync 5", next(self));
}

TEST_F(watch, loss)
{
	const struct pg_event *event;

	fake_add("second", 0);
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, skip_list(self));
	conn_gone(7, 0);
	EXPECT_STREQ("-0", next(self));

	/* 0 and 1 go, 4 comes, a group goes and another one comes. */
	self->first->first = 2;
	self->first->conns = 5;
	fake.groups[1].id = 0;
	fake_add("third", 0);
	fake.generation = 20;
	conn_new(18, 4);
	fake.fail_event = ENOBUFS;

	EXPECT_STREQ("resync 7", next(self));
	EXPECT_EQ(7, pg_picture_generation(pg_watch_picture(self->watch)));
	ASSERT_EQ(1, pg_watch_next(self->watch, &event));
	EXPECT_STREQ("-1", brief(event));
	EXPECT_EQ(PG_EVENT_LISTED, event->flags);
	EXPECT_EQ(20, event->generation);
	EXPECT_EQ(PG_STATE_GONE, event->conn->state);
	EXPECT_EQ(PG_REASON_UNKNOWN, event->conn->reason);
	EXPECT_STREQ("ungroup second", next(self));
	EXPECT_STREQ("+4", next(self));
	EXPECT_STREQ("group third", next(self));
	EXPECT_STREQ("synced 20", next(self));
	conn_gone(21, 4);
	EXPECT_STREQ("-4", next(self));
	EXPECT_STREQ("nothing", next(self));
}

TEST_F(watch, loss_upon_loss)
{
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, skip_list(self));
	fake.fail_event = ENOBUFS;
	EXPECT_STREQ("resync 5", next(self));
	fake.fail_event = ENOBUFS;
	EXPECT_STREQ("synced 5", next(self));
	EXPECT_STREQ("resync 5", next(self));
	EXPECT_STREQ("synced 5", next(self));
	EXPECT_STREQ("nothing", next(self));
}

/* Whoever waits for the socket again must have been told before. */
TEST_F(watch, loss_without_memory)
{
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, skip_list(self));
	fake.fail_event = ENOBUFS;
	alloc_fail(1);
	EXPECT_STREQ("resync 5", next(self));
	EXPECT_TRUE(alloc_failed());
	EXPECT_STREQ("synced 5", next(self));
}

TEST_F(watch, event_without_memory)
{
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, skip_list(self));
	conn_new(6, 4);
	self->first->conns = 5;
	fake.generation = 6;
	alloc_fail(1);
	EXPECT_STREQ(strerror(ENOMEM), next(self));
	EXPECT_STREQ("resync 5", next(self));
	EXPECT_STREQ("+4", next(self));
	EXPECT_STREQ("synced 6", next(self));
}

static int count_gone(const struct pg_conn *conn, void *arg)
{
	*(int *)arg += conn->state == PG_STATE_GONE;
	return 0;
}

/* A difference that could not be made leaves the picture as it was. */
TEST_F(watch, difference_without_memory)
{
	unsigned int n = 0;
	int gone = 0;

	do {
		pg_watch_close(self->watch);
		fake_reset();
		self->first = fake_add("first", 100);
		ASSERT_EQ(0, start(self));
		ASSERT_EQ(0, skip_list(self));
		self->first->first = 99;
		fake.generation++;
		fake.fail_event = ENOBUFS;
		EXPECT_STREQ("resync 101", next(self));
		alloc_fail(++n);
		next(self);
		if (!alloc_failed())
			break;
		pg_picture_conns(pg_watch_picture(self->watch), 0, count_gone,
				 &gone);
		EXPECT_EQ(0, gone);
		alloc_fail(0);
	} while (!gone);
	EXPECT_LT(4, n);
}

TEST_F(watch, pending)
{
	self->first->pending = 2;
	self->spec.flags = PG_WATCH_ALL;
	ASSERT_EQ(0, start(self));
	EXPECT_STREQ("group first", next(self));
	EXPECT_STREQ("+0", next(self));
	EXPECT_STREQ("+1", next(self));
	EXPECT_STREQ("?2", next(self));
	EXPECT_STREQ("?3", next(self));
	EXPECT_STREQ("synced 5", next(self));
	conn_new(6, 2);
	conn_gone(7, 3);
	fake_conn_event(PEERGROUP_CMD_CONN_PENDING_NTF, 8, 1, 4);
	EXPECT_STREQ("+2", next(self));
	EXPECT_STREQ("-3", next(self));
	EXPECT_STREQ("?4", next(self));

	/* What became active while events were lost. */
	self->first->conns = 5;
	self->first->pending = 0;
	fake.generation = 9;
	fake.fail_event = ENOBUFS;
	EXPECT_STREQ("resync 8", next(self));
	EXPECT_STREQ("+3", next(self));
	EXPECT_STREQ("+4", next(self));
	EXPECT_STREQ("synced 9", next(self));
}

TEST_F(watch, pending_is_not_asked_for)
{
	self->first->pending = 2;
	ASSERT_EQ(0, start(self));
	EXPECT_STREQ("group first", next(self));
	EXPECT_STREQ("+0", next(self));
	EXPECT_STREQ("+1", next(self));
	EXPECT_STREQ("synced 5", next(self));
	fake_conn_event(PEERGROUP_CMD_CONN_PENDING_NTF, 6, 1, 4);
	conn_gone(7, 4);
	conn_gone(8, 3);
	conn_new(9, 2);
	EXPECT_STREQ("+2", next(self));
	EXPECT_STREQ("nothing", next(self));
}

TEST_F(watch, one_group)
{
	struct fake_group *second = fake_add("second", 0);

	self->spec.group_id = self->first->id;
	ASSERT_EQ(0, start(self));
	EXPECT_STREQ("group first", next(self));
	ASSERT_EQ(0, skip_list(self));
	fake_conn_event(PEERGROUP_CMD_CONN_NEW_NTF, 7, second->id, 9);
	fake_group_event(PEERGROUP_CMD_GROUP_GONE_NTF, 8, second);
	fake_group_event(PEERGROUP_CMD_GROUP_NEW_NTF, 9, second);
	conn_gone(10, 1);
	EXPECT_STREQ("-1", next(self));
	fake_group_event(PEERGROUP_CMD_GROUP_GONE_NTF, 11, self->first);
	EXPECT_STREQ("ungroup first", next(self));
	conn_new(12, 5);
	EXPECT_STREQ("nothing", next(self));

	/* It is not there when events are lost, either. */
	self->first->id = 0;
	fake.generation = 13;
	fake.fail_event = ENOBUFS;
	EXPECT_STREQ("resync 12", next(self));
	EXPECT_STREQ("synced 13", next(self));
}

/* The picture does not have them, and yet they count. */
TEST_F(watch, rules)
{
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, skip_list(self));
	rule_new(6, 3, self->first->id);
	rule_new(7, 4, 99);
	conn_new(8, 4);
	rule_gone(9, 3, self->first->id);
	EXPECT_STREQ("rule 3 of first", next(self));
	EXPECT_EQ(6, pg_picture_generation(pg_watch_picture(self->watch)));
	EXPECT_STREQ("+4", next(self));
	EXPECT_STREQ("unrule 3 of first", next(self));
	EXPECT_STREQ("nothing", next(self));
	EXPECT_EQ(9, pg_picture_generation(pg_watch_picture(self->watch)));
}

TEST_F(watch, rules_of_one_group)
{
	struct fake_group *second = fake_add("second", 0);

	self->spec.group = "second";
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, skip_list(self));
	rule_new(7, 3, self->first->id);
	EXPECT_STREQ("nothing", next(self));
	EXPECT_EQ(7, pg_picture_generation(pg_watch_picture(self->watch)));
	rule_new(8, 4, second->id);
	EXPECT_STREQ("rule 4 of second", next(self));
	fake_group_event(PEERGROUP_CMD_GROUP_GONE_NTF, 9, second);
	rule_gone(10, 3, self->first->id);
	EXPECT_STREQ("ungroup second", next(self));
	EXPECT_STREQ("nothing", next(self));
}

TEST_F(watch, no_such_group)
{
	self->spec.group_id = 77;
	EXPECT_EQ(-ENOENT, start(self));
}

TEST_F(watch, group_to_come)
{
	struct fake_group *second;

	self->spec.group = "second";
	ASSERT_EQ(0, start(self));
	EXPECT_STREQ("synced 5", next(self));
	conn_gone(6, 1);
	EXPECT_STREQ("nothing", next(self));

	second = fake_add("second", 0);
	fake_group_event(PEERGROUP_CMD_GROUP_NEW_NTF, 7, second);
	fake_conn_event(PEERGROUP_CMD_CONN_NEW_NTF, 8, second->id, 9);
	EXPECT_STREQ("group second", next(self));
	EXPECT_STREQ("+9", next(self));

	fake_group_event(PEERGROUP_CMD_GROUP_GONE_NTF, 9, second);
	second->id = 12;
	fake_group_event(PEERGROUP_CMD_GROUP_NEW_NTF, 10, second);
	EXPECT_STREQ("ungroup second", next(self));
	EXPECT_STREQ("group second", next(self));

	/* Another one of the name while events are lost. */
	second->id = 13;
	fake.generation = 15;
	fake.fail_event = ENOBUFS;
	EXPECT_STREQ("resync 10", next(self));
	EXPECT_STREQ("ungroup second", next(self));
	EXPECT_STREQ("group second", next(self));
	EXPECT_STREQ("synced 15", next(self));
}

TEST_F(watch, list_is_cut_off)
{
	fake.stale = 3;
	ASSERT_EQ(0, start(self));
	EXPECT_EQ(4, fake.dumps);
	EXPECT_STREQ("group first", next(self));
	EXPECT_STREQ("+0", next(self));
	ASSERT_EQ(0, skip_list(self));
	pg_watch_close(self->watch);
	self->watch = NULL;

	fake.stale = 100;
	EXPECT_EQ(-ESTALE, start(self));
}

/* The caller may try again, and misses nothing. */
TEST_F(watch, list_is_cut_off_after_loss)
{
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, skip_list(self));
	fake.fail_event = ENOBUFS;
	EXPECT_STREQ("resync 5", next(self));
	self->first->first = 1;
	fake.generation++;
	fake.stale = 8;
	EXPECT_STREQ(strerror(ESTALE), next(self));
	EXPECT_STREQ("too slow", pg_watch_error(self->watch));
	EXPECT_STREQ("-0", next(self));
	EXPECT_STREQ("synced 6", next(self));
	EXPECT_STREQ("", pg_watch_error(self->watch));
}

TEST_F(watch, end)
{
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, skip_list(self));
	fake_end_event(fake.family);
	EXPECT_STREQ(strerror(ENODEV), next(self));
	EXPECT_STREQ("the peergroup module was unloaded",
		     pg_watch_error(self->watch));
}

TEST_F(watch, loaded_anew)
{
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, skip_list(self));
	fake.fail_event = ENOBUFS;
	EXPECT_STREQ("resync 5", next(self));
	fake_reload();
	EXPECT_STREQ(strerror(ENODEV), next(self));
}

TEST_F(watch, arguments)
{
	const struct pg_event *event;

	EXPECT_EQ(-EINVAL, pg_watch_open(NULL, &self->spec));
	self->spec.flags = 2;
	EXPECT_EQ(-EINVAL, start(self));
	self->spec.flags = 0;
	self->spec.group = "";
	EXPECT_EQ(-EINVAL, start(self));
	self->spec.group = "first";
	self->spec.group_id = 1;
	EXPECT_EQ(-EINVAL, start(self));
	self->spec.size = 8;
	EXPECT_EQ(-EINVAL, start(self));
	EXPECT_EQ(-EINVAL, pg_watch_next(NULL, &event));
	EXPECT_EQ(-EINVAL, pg_watch_fd(NULL));
	EXPECT_EQ(NULL, pg_watch_picture(NULL));
	EXPECT_STREQ("", pg_watch_error(NULL));
	EXPECT_EQ(0, pg_watch_open(&self->watch, NULL));
	EXPECT_EQ(-EINVAL, pg_watch_next(self->watch, NULL));
	EXPECT_LE(0, pg_watch_fd(self->watch));
}

/* Take all there is; -ENOMEM is passed over, once. */
static int drain(struct pg_watch *watch, struct pg_picture *picture)
{
	const struct pg_event *event;
	int ret, failed = 0;

	for (;;) {
		ret = pg_watch_next(watch, &event);
		if (ret == 1)
			ret = pg_picture_apply(picture, event);
		if (ret < 0 && !event && !*pg_watch_error(watch))
			return -EPROTO;
		if (ret == -ENOMEM)
			failed++;
		else if (ret < 0)
			return ret;
		else if (!event)
			break;
	}
	return failed > 1 ? -EPROTO : 0;
}

static int count(const struct pg_conn *conn, void *arg)
{
	++*(int *)arg;
	return 0;
}

/* A list, events, a loss, and the difference. */
static int everything(void)
{
	struct pg_picture *picture = pg_picture_new();
	struct pg_watch *watch = NULL;
	int err, conns = 0;

	fake_reset();
	fake_add("first", 4);
	err = picture ? pg_watch_open(&watch, NULL) : -ENOMEM;
	if (!err)
		err = drain(watch, picture);
	if (!err) {
		conn_new(6, 4);
		fake.groups[0].conns = 5;
		fake.generation = 6;
		err = drain(watch, picture);
	}
	if (!err) {
		fake.groups[0].first = 2;
		fake.groups[0].conns = 6;
		fake.generation = 10;
		fake.fail_event = ENOBUFS;
		err = drain(watch, picture);
	}
	if (!err)
		pg_picture_conns(pg_watch_picture(watch), 0, count, &conns);
	pg_watch_close(watch);
	pg_picture_free(picture);
	return err ? err : conns == 4 ? 0 : -EPROTO;
}

/* It is reported or, once the watch is open, made up for. */
TEST(every_allocation_fails_once)
{
	unsigned int n = 0;
	int err;

	do {
		alloc_fail(++n);
		err = everything();
		EXPECT_TRUE(!err || (alloc_failed() && err == -ENOMEM)) {
			TH_LOG("allocation %u: %d", n, err);
		}
		EXPECT_EQ(0, alloc_live()) {
			TH_LOG("allocation %u leaks", n);
		}
	} while (alloc_failed());
	EXPECT_LT(30, n);
}

TEST_HARNESS_MAIN
