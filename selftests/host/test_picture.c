// SPDX-License-Identifier: GPL-2.0-only
/*
 * What events make of a picture.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <peergroup.h>
#include <string.h>

#include <kselftest_harness.h>

FIXTURE(picture) {
	struct pg_picture *picture;
	uint64_t generation;
};

FIXTURE_SETUP(picture)
{
	self->picture = pg_picture_new();
	ASSERT_NE(NULL, self->picture);
	self->generation = 0;
}

FIXTURE_TEARDOWN(picture)
{
	pg_picture_free(self->picture);
}

static struct pg_group group_of(uint32_t id, const char *name)
{
	static const uint64_t lost[] = { 0, 1, 2, 3 };

	return (struct pg_group){
		.id = id, .name = name, .label = "label", .comment = "",
		.owner = 7, .active_neighbor = 99, .active_direct = 99,
		.pending = 99, .gained = 5, .lost = lost, .n_lost = 4,
		.rules = 2, .missed = 3, .missed_lost = 1, .refused = 4,
	};
}

static struct pg_conn conn_of(uint64_t id, uint32_t group_id,
			      enum pg_state state)
{
	return (struct pg_conn){
		.id = id, .group_id = group_id, .state = state,
		.type = id % 2 ? PG_TYPE_NEIGHBOR : PG_TYPE_DIRECT,
		.rule_id = 10 * id,
	};
}

static int apply_group(struct _test_data_picture *self,
		       enum pg_event_type type, uint32_t id)
{
	const struct pg_group group = group_of(id, "name");
	const struct pg_event event = {
		.type = type, .generation = ++self->generation,
		.group = &group,
	};

	return pg_picture_apply(self->picture, &event);
}

static int apply_conn(struct _test_data_picture *self, enum pg_event_type type,
		      uint64_t id, uint32_t group_id)
{
	const struct pg_conn conn =
		conn_of(id, group_id, type == PG_EVENT_CONN_PENDING ?
				      PG_STATE_PENDING :
				      type == PG_EVENT_CONN_NEW ?
				      PG_STATE_ACTIVE : PG_STATE_GONE);
	const struct pg_event event = {
		.type = type, .generation = ++self->generation,
		.conn = &conn,
	};

	return pg_picture_apply(self->picture, &event);
}

/* The ids that a picture shows, one decimal digit each. */
static int add_conn_id(const struct pg_conn *conn, void *arg)
{
	unsigned long *ids = arg;

	*ids = *ids * 10 + conn->id;
	return 0;
}

static int add_group_id(const struct pg_group *group, void *arg)
{
	unsigned long *ids = arg;

	*ids = *ids * 10 + group->id;
	return 0;
}

static unsigned long conns(struct _test_data_picture *self, uint32_t group)
{
	unsigned long ids = 0;

	pg_picture_conns(self->picture, group, add_conn_id, &ids);
	return ids;
}

static unsigned long groups(struct _test_data_picture *self)
{
	unsigned long ids = 0;

	pg_picture_groups(self->picture, add_group_id, &ids);
	return ids;
}

TEST_F(picture, empty)
{
	EXPECT_EQ(0, pg_picture_generation(self->picture));
	EXPECT_EQ(NULL, pg_picture_group(self->picture, 1));
	EXPECT_EQ(NULL, pg_picture_conn(self->picture, 1));
	EXPECT_EQ(0, conns(self, 0));
	EXPECT_EQ(0, conns(self, 1));
	EXPECT_EQ(0, groups(self));
}

TEST_F(picture, groups_come_and_go)
{
	const struct pg_group *group;

	EXPECT_EQ(1, apply_group(self, PG_EVENT_GROUP_NEW, 2));
	EXPECT_EQ(1, apply_group(self, PG_EVENT_GROUP_NEW, 1));
	EXPECT_EQ(1, apply_group(self, PG_EVENT_GROUP_NEW, 3));
	EXPECT_EQ(213, groups(self));
	EXPECT_EQ(3, pg_picture_generation(self->picture));

	group = pg_picture_group(self->picture, 2);
	ASSERT_NE(NULL, group);
	EXPECT_STREQ("name", group->name);
	EXPECT_STREQ("label", group->label);
	EXPECT_STREQ("", group->comment);
	EXPECT_EQ(7, group->owner);
	EXPECT_EQ(5, group->gained);
	EXPECT_EQ(2, group->rules);
	EXPECT_EQ(3, group->missed);
	EXPECT_EQ(1, group->missed_lost);
	EXPECT_EQ(4, group->refused);
	ASSERT_LT(PG_REASON_CONNECT_FAILED, group->n_lost);
	EXPECT_EQ(3, group->lost[3]);
	EXPECT_EQ(0, group->lost[PG_REASON_CONNECT_FAILED]);

	EXPECT_EQ(1, apply_group(self, PG_EVENT_GROUP_GONE, 1));
	EXPECT_EQ(0, apply_group(self, PG_EVENT_GROUP_GONE, 1));
	EXPECT_EQ(23, groups(self));
	EXPECT_EQ(NULL, pg_picture_group(self->picture, 1));
	EXPECT_EQ(5, pg_picture_generation(self->picture));
}

TEST_F(picture, numbers_are_its_own)
{
	const struct pg_group *group;

	apply_group(self, PG_EVENT_GROUP_NEW, 1);
	apply_conn(self, PG_EVENT_CONN_NEW, 1, 1);
	apply_conn(self, PG_EVENT_CONN_NEW, 2, 1);
	apply_conn(self, PG_EVENT_CONN_NEW, 3, 1);
	apply_conn(self, PG_EVENT_CONN_PENDING, 4, 1);
	group = pg_picture_group(self->picture, 1);
	EXPECT_EQ(2, group->active_neighbor);
	EXPECT_EQ(1, group->active_direct);
	EXPECT_EQ(1, group->pending);

	apply_conn(self, PG_EVENT_CONN_NEW, 4, 1);
	apply_conn(self, PG_EVENT_CONN_GONE, 1, 1);
	EXPECT_EQ(1, group->active_neighbor);
	EXPECT_EQ(2, group->active_direct);
	EXPECT_EQ(0, group->pending);
}

TEST_F(picture, connections_come_and_go)
{
	apply_group(self, PG_EVENT_GROUP_NEW, 1);
	apply_group(self, PG_EVENT_GROUP_NEW, 2);
	EXPECT_EQ(1, apply_conn(self, PG_EVENT_CONN_NEW, 5, 1));
	EXPECT_EQ(1, apply_conn(self, PG_EVENT_CONN_NEW, 6, 2));
	EXPECT_EQ(1, apply_conn(self, PG_EVENT_CONN_NEW, 3, 1));
	EXPECT_EQ(53, conns(self, 1));
	EXPECT_EQ(6, conns(self, 2));
	EXPECT_EQ(536, conns(self, 0));
	ASSERT_NE(NULL, pg_picture_conn(self->picture, 3));
	EXPECT_EQ(1, pg_picture_conn(self->picture, 3)->group_id);
	EXPECT_EQ(30, pg_picture_conn(self->picture, 3)->rule_id);

	EXPECT_EQ(1, apply_conn(self, PG_EVENT_CONN_GONE, 5, 1));
	EXPECT_EQ(0, apply_conn(self, PG_EVENT_CONN_GONE, 5, 1));
	EXPECT_EQ(NULL, pg_picture_conn(self->picture, 5));
	EXPECT_EQ(3, conns(self, 1));
}

/* What becomes active comes after those that were. */
TEST_F(picture, pending)
{
	apply_group(self, PG_EVENT_GROUP_NEW, 1);
	EXPECT_EQ(1, apply_conn(self, PG_EVENT_CONN_PENDING, 1, 1));
	EXPECT_EQ(1, apply_conn(self, PG_EVENT_CONN_NEW, 2, 1));
	EXPECT_EQ(PG_STATE_PENDING, pg_picture_conn(self->picture, 1)->state);
	EXPECT_EQ(12, conns(self, 1));
	EXPECT_EQ(1, apply_conn(self, PG_EVENT_CONN_NEW, 1, 1));
	EXPECT_EQ(PG_STATE_ACTIVE, pg_picture_conn(self->picture, 1)->state);
	EXPECT_EQ(21, conns(self, 1));
	/* It does not go back. */
	EXPECT_EQ(0, apply_conn(self, PG_EVENT_CONN_PENDING, 1, 1));
	EXPECT_EQ(PG_STATE_ACTIVE, pg_picture_conn(self->picture, 1)->state);
}

TEST_F(picture, group_takes_its_connections_along)
{
	apply_group(self, PG_EVENT_GROUP_NEW, 1);
	apply_group(self, PG_EVENT_GROUP_NEW, 2);
	apply_conn(self, PG_EVENT_CONN_NEW, 1, 1);
	apply_conn(self, PG_EVENT_CONN_PENDING, 2, 1);
	apply_conn(self, PG_EVENT_CONN_NEW, 3, 2);
	EXPECT_EQ(1, apply_group(self, PG_EVENT_GROUP_GONE, 1));
	EXPECT_EQ(3, conns(self, 0));
	EXPECT_EQ(NULL, pg_picture_conn(self->picture, 1));
	EXPECT_EQ(NULL, pg_picture_conn(self->picture, 2));
}

TEST_F(picture, other_groups_are_nothing)
{
	apply_group(self, PG_EVENT_GROUP_NEW, 1);
	EXPECT_EQ(0, apply_conn(self, PG_EVENT_CONN_NEW, 1, 2));
	EXPECT_EQ(0, apply_conn(self, PG_EVENT_CONN_GONE, 1, 2));
	EXPECT_EQ(0, conns(self, 0));
	EXPECT_EQ(3, pg_picture_generation(self->picture));
}

TEST_F(picture, nothing_twice)
{
	apply_group(self, PG_EVENT_GROUP_NEW, 1);
	apply_conn(self, PG_EVENT_CONN_NEW, 1, 1);
	EXPECT_EQ(0, apply_group(self, PG_EVENT_GROUP_NEW, 1));
	EXPECT_EQ(0, apply_conn(self, PG_EVENT_CONN_NEW, 1, 1));
	EXPECT_EQ(1, groups(self));
	EXPECT_EQ(1, conns(self, 0));

	/* What is older than the picture, or as old, is in it. */
	self->generation = 3;
	EXPECT_EQ(0, apply_conn(self, PG_EVENT_CONN_GONE, 1, 1));
	self->generation = 1;
	EXPECT_EQ(0, apply_group(self, PG_EVENT_GROUP_GONE, 1));
	EXPECT_EQ(1, conns(self, 0));
	EXPECT_EQ(4, pg_picture_generation(self->picture));
}

/* They change nothing but the generation, or what follows would be a hole. */
TEST_F(picture, rules)
{
	const struct pg_rule rule = { .id = 1, .group_id = 1 };
	struct pg_event event = {
		.type = PG_EVENT_RULE_NEW, .generation = 5, .rule = &rule,
	};

	apply_group(self, PG_EVENT_GROUP_NEW, 1);
	EXPECT_EQ(0, pg_picture_apply(self->picture, &event));
	EXPECT_EQ(5, pg_picture_generation(self->picture));
	event.type = PG_EVENT_RULE_GONE;
	event.generation = 6;
	EXPECT_EQ(0, pg_picture_apply(self->picture, &event));
	EXPECT_EQ(6, pg_picture_generation(self->picture));
	EXPECT_EQ(2, pg_picture_group(self->picture, 1)->rules);
	EXPECT_EQ(1, groups(self));
}

/* A list has one generation throughout. */
TEST_F(picture, list)
{
	const struct pg_group group = group_of(1, "listed");
	struct pg_conn conn = conn_of(1, 1, PG_STATE_ACTIVE);
	struct pg_event event = {
		.type = PG_EVENT_GROUP_NEW, .flags = PG_EVENT_LISTED,
		.generation = 10, .group = &group,
	};

	EXPECT_EQ(1, pg_picture_apply(self->picture, &event));
	event.type = PG_EVENT_CONN_NEW;
	event.conn = &conn;
	EXPECT_EQ(1, pg_picture_apply(self->picture, &event));
	conn.id = 2;
	EXPECT_EQ(1, pg_picture_apply(self->picture, &event));
	event.generation = 9;
	conn.id = 3;
	EXPECT_EQ(0, pg_picture_apply(self->picture, &event));
	EXPECT_EQ(12, conns(self, 1));

	event.type = PG_EVENT_RESYNC;
	event.generation = 20;
	EXPECT_EQ(0, pg_picture_apply(self->picture, &event));
	EXPECT_EQ(10, pg_picture_generation(self->picture));
	event.type = PG_EVENT_SYNCED;
	EXPECT_EQ(0, pg_picture_apply(self->picture, &event));
	EXPECT_EQ(20, pg_picture_generation(self->picture));
	event.type = 4711;
	event.generation = 21;
	EXPECT_EQ(0, pg_picture_apply(self->picture, &event));
	EXPECT_EQ(12, conns(self, 1));
}

/* What was handed in may be reused at once. */
TEST_F(picture, copies)
{
	char name[] = "a group", peer_id[] = "a peer";
	struct pg_group group = group_of(1, name);
	struct pg_conn conn = conn_of(1, 1, PG_STATE_ACTIVE);
	struct pg_stats stats = { 0 };
	struct pg_event event = {
		.type = PG_EVENT_GROUP_NEW, .generation = 1, .group = &group,
	};

	conn.peer_id = peer_id;
	conn.peer_id_len = strlen(peer_id);
	conn.stats = &stats;
	pg_picture_apply(self->picture, &event);
	event = (struct pg_event){
		.type = PG_EVENT_CONN_NEW, .generation = 2, .conn = &conn,
	};
	pg_picture_apply(self->picture, &event);
	memset(name, 'x', strlen(name));
	memset(peer_id, 'x', strlen(peer_id));
	memset(&conn, 0xff, sizeof(conn));

	EXPECT_STREQ("a group", pg_picture_group(self->picture, 1)->name);
	EXPECT_STREQ("a peer", pg_picture_conn(self->picture, 1)->peer_id);
	EXPECT_EQ(6, pg_picture_conn(self->picture, 1)->peer_id_len);
	EXPECT_EQ(NULL, pg_picture_conn(self->picture, 1)->stats);
}

/* The source of a connection may change until it is active. */
TEST_F(picture, address)
{
	struct pg_conn conn = conn_of(1, 1, PG_STATE_PENDING);
	struct pg_event event = {
		.type = PG_EVENT_CONN_PENDING, .generation = 2, .conn = &conn,
	};

	apply_group(self, PG_EVENT_GROUP_NEW, 1);
	conn.local.family = AF_INET;
	pg_picture_apply(self->picture, &event);
	event.type = PG_EVENT_CONN_NEW;
	event.generation = 3;
	conn.state = PG_STATE_ACTIVE;
	conn.local.ipv4.s_addr = htonl(INADDR_LOOPBACK);
	EXPECT_EQ(1, pg_picture_apply(self->picture, &event));
	EXPECT_EQ(htonl(INADDR_LOOPBACK),
		  pg_picture_conn(self->picture, 1)->local.ipv4.s_addr);
}

static int stop(const struct pg_conn *conn, void *arg)
{
	++*(int *)arg;
	return 4711;
}

TEST_F(picture, callback_ends_it)
{
	int calls = 0;

	apply_group(self, PG_EVENT_GROUP_NEW, 1);
	apply_conn(self, PG_EVENT_CONN_NEW, 1, 1);
	apply_conn(self, PG_EVENT_CONN_NEW, 2, 1);
	EXPECT_EQ(4711, pg_picture_conns(self->picture, 0, stop, &calls));
	EXPECT_EQ(4711, pg_picture_conns(self->picture, 1, stop, &calls));
	EXPECT_EQ(2, calls);
}

TEST_F(picture, arguments)
{
	const struct pg_event event = { .type = PG_EVENT_SYNCED };

	EXPECT_EQ(-EINVAL, pg_picture_apply(NULL, &event));
	EXPECT_EQ(-EINVAL, pg_picture_apply(self->picture, NULL));
	EXPECT_EQ(-EINVAL, pg_picture_groups(NULL, add_group_id, NULL));
	EXPECT_EQ(-EINVAL, pg_picture_conns(self->picture, 0, NULL, NULL));
	EXPECT_EQ(0, pg_picture_generation(NULL));
	EXPECT_EQ(NULL, pg_picture_group(NULL, 1));
	EXPECT_EQ(NULL, pg_picture_conn(NULL, 1));
	pg_picture_free(NULL);
}

TEST_HARNESS_MAIN
