// SPDX-License-Identifier: GPL-2.0-only
/* Groups: what they may be called, their ids and how many there may be. */
#include <errno.h>

#include "kselftest_harness.h"
#include "util.h"

/* A group that outlives the callback. */
struct group_copy {
	struct pg_group group;
	char name[PG_NAME_MAX + 1];
	char label[PG_TEXT_MAX + 1];
	char comment[PG_TEXT_MAX + 1];
};

static int copy_group(const struct pg_group *group, void *arg)
{
	struct group_copy *copy = arg;

	copy->group = *group;
	strcpy(copy->name, group->name);
	strcpy(copy->label, group->label);
	strcpy(copy->comment, group->comment);
	return 0;
}

static int note_id(const struct pg_group *group, void *arg)
{
	uint32_t **next = arg;

	*(*next)++ = group->id;
	return 0;
}

static void fill(char *text, size_t len)
{
	memset(text, 'x', len);
	text[len] = '\0';
}

FIXTURE(group) {
	struct pg_ctx *ctx;
};

FIXTURE_SETUP(group)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
}

FIXTURE_TEARDOWN(group)
{
	pg_close(self->ctx);
}

TEST_F(group, shown)
{
	const struct pg_group_spec spec = {
		.size = sizeof(spec),
		.name = "bitcoin",
		.label = "Bitcoin \xe2\x82\xbf",
		.comment = "port 8333",
		.flags = PG_GROUP_SET_OWNER,
		.owner = 12345,
	};
	struct group_copy copy;
	uint64_t generation;
	uint32_t id, found;

	ASSERT_EQ(0, pg_group_add(self->ctx, &spec, &id, &generation));
	EXPECT_EQ(1, generation);
	ASSERT_EQ(0, pg_group_get(self->ctx, id, copy_group, &copy));
	EXPECT_EQ(id, copy.group.id);
	EXPECT_STREQ("bitcoin", copy.name);
	EXPECT_STREQ("Bitcoin \xe2\x82\xbf", copy.label);
	EXPECT_STREQ("port 8333", copy.comment);
	EXPECT_EQ(12345, copy.group.owner);
	EXPECT_EQ(0, copy.group.active_neighbor);
	EXPECT_EQ(0, copy.group.active_direct);
	EXPECT_EQ(0, copy.group.gained);
	EXPECT_EQ(0, copy.group.leftovers);
	EXPECT_EQ(4096, copy.group.leftovers_max);
	EXPECT_EQ(1048576, copy.group.limit);
	ASSERT_EQ(0, pg_group_find(self->ctx, "bitcoin", &found));
	EXPECT_EQ(id, found);
	EXPECT_EQ(-ENOENT, pg_group_find(self->ctx, "Bitcoin", &found));
	EXPECT_STREQ("no such group", pg_error(self->ctx));
}

TEST_F(group, counts)
{
	struct pg_attach socks[4];
	struct group_copy copy;
	uint64_t ids[4];
	uint32_t id;
	int fds[4], i;

	ASSERT_EQ(0, add_group(self->ctx, &id));
	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 4));
	for (i = 0; i < 4; i++) {
		socks[i] = attach_spec(fds[i]);
		socks[i].type = i < 3 ? PG_TYPE_NEIGHBOR : PG_TYPE_DIRECT;
	}
	ASSERT_EQ(0, pg_conn_attach(self->ctx, id, socks, 4, ids, NULL, NULL));
	ASSERT_EQ(0, pg_group_get(self->ctx, id, copy_group, &copy));
	EXPECT_EQ(3, copy.group.active_neighbor);
	EXPECT_EQ(1, copy.group.active_direct);
	EXPECT_EQ(4, copy.group.gained);

	close(fds[3]);
	ASSERT_EQ(0, pg_conn_detach(self->ctx, id, ids[0], NULL));
	ASSERT_TRUE(wait_until(is_gone(self->ctx, ids[2]), SOON));
	ASSERT_EQ(0, pg_group_get(self->ctx, id, copy_group, &copy));
	EXPECT_EQ(1, copy.group.active_neighbor);
	EXPECT_EQ(0, copy.group.active_direct);
	EXPECT_EQ(4, copy.group.gained);
}

TEST_F(group, ids)
{
	uint32_t ids[4], listed[4] = {}, *next = listed, id;
	uint64_t generation, seen;
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, add_group(self->ctx, &ids[i]));
	for (i = 1; i < 4; i++)
		EXPECT_EQ(ids[0] + i, ids[i]);
	ASSERT_EQ(0, pg_group_del(self->ctx, ids[1], &generation));
	EXPECT_EQ(5, generation);
	ASSERT_EQ(0, pg_group_list(self->ctx, note_id, &next, &seen));
	EXPECT_EQ(5, seen);
	EXPECT_EQ(listed + 3, next);
	EXPECT_EQ(ids[0], listed[0]);
	EXPECT_EQ(ids[2], listed[1]);
	EXPECT_EQ(ids[3], listed[2]);

	EXPECT_EQ(-ENOENT, pg_group_del(self->ctx, ids[1], NULL));
	EXPECT_STREQ("no such group", pg_error(self->ctx));
	EXPECT_EQ(-ENOENT, pg_group_get(self->ctx, ids[1], note_id, NULL));
	EXPECT_EQ(-ENOENT, pg_group_del(self->ctx, 0, NULL));
	ASSERT_EQ(0, pg_group_del(self->ctx, ids[3], NULL));
	ASSERT_EQ(0, add_group(self->ctx, &id));
	EXPECT_EQ(ids[3] + 1, id);
}

TEST_F(group, same_name)
{
	uint32_t first, second, found;

	ASSERT_EQ(0, add_group_named(self->ctx, "name", &first));
	EXPECT_EQ(-EEXIST, add_group_named(self->ctx, "name", &second));
	EXPECT_STREQ("a group of this name exists", pg_error(self->ctx));
	EXPECT_EQ(1, generation_now(self->ctx));
	EXPECT_EQ(0, add_group_named(self->ctx, "Name", &second));
	EXPECT_EQ(0, add_group_named(self->ctx, "nam", &second));

	ASSERT_EQ(0, pg_group_del(self->ctx, first, NULL));
	EXPECT_EQ(-ENOENT, pg_group_find(self->ctx, "name", &found));
	ASSERT_EQ(0, add_group_named(self->ctx, "name", &second));
	EXPECT_LT(first, second);
	ASSERT_EQ(0, pg_group_find(self->ctx, "name", &found));
	EXPECT_EQ(second, found);
}

TEST_F(group, lengths)
{
	char name[PG_NAME_MAX + 2], text[PG_TEXT_MAX + 2];
	struct pg_group_spec spec = {
		.size = sizeof(spec), .name = name,
		.label = text, .comment = text,
	};
	struct group_copy copy;
	uint32_t id;

	fill(name, PG_NAME_MAX);
	fill(text, PG_TEXT_MAX);
	ASSERT_EQ(0, pg_group_add(self->ctx, &spec, &id, NULL));
	ASSERT_EQ(0, pg_group_get(self->ctx, id, copy_group, &copy));
	EXPECT_STREQ(name, copy.name);
	EXPECT_STREQ(text, copy.label);
	EXPECT_STREQ(text, copy.comment);
	ASSERT_EQ(0, pg_group_find(self->ctx, name, &id));

	spec.label = "";
	spec.comment = NULL;
	fill(name, 1);
	ASSERT_EQ(0, pg_group_add(self->ctx, &spec, &id, NULL));
	ASSERT_EQ(0, pg_group_get(self->ctx, id, copy_group, &copy));
	EXPECT_STREQ("x", copy.name);
	EXPECT_STREQ("", copy.label);

	EXPECT_EQ(-EINVAL, add_group_named(self->ctx, "", &id));
	EXPECT_EQ(-EINVAL, add_group_named(self->ctx, NULL, &id));
	fill(name, PG_NAME_MAX + 1);
	EXPECT_EQ(-EINVAL, add_group_named(self->ctx, name, &id));
	spec.name = "other";
	fill(text, PG_TEXT_MAX + 1);
	spec.comment = text;
	EXPECT_EQ(-EINVAL, pg_group_add(self->ctx, &spec, &id, NULL));
	spec.label = text;
	spec.comment = NULL;
	EXPECT_EQ(-EINVAL, pg_group_add(self->ctx, &spec, &id, NULL));
}

/* Deletion takes one generation, whatever is in the group. */
TEST_F(group, deleted_with_connections)
{
	uint64_t ids[2], generation;
	uint32_t id, other;
	int fds[2];

	ASSERT_EQ(0, add_group(self->ctx, &id));
	ASSERT_EQ(0, add_group(self->ctx, &other));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, attach(self->ctx, id, fds[0], &ids[0]));
	ASSERT_EQ(0, attach(self->ctx, id, fds[1], &ids[1]));
	ASSERT_EQ(0, pg_group_del(self->ctx, id, &generation));
	EXPECT_EQ(5, generation);
	EXPECT_TRUE(is_gone(self->ctx, ids[0]));
	EXPECT_TRUE(is_gone(self->ctx, ids[1]));
	EXPECT_EQ(-ENOENT, count_conns(self->ctx, id));
	EXPECT_EQ(-ENOENT, pg_conn_detach(self->ctx, 0, ids[0], NULL));
	EXPECT_EQ(5, generation_now(self->ctx));

	EXPECT_TRUE(data_flows(fds[0], fds[1]));
	EXPECT_EQ(0, attach(self->ctx, other, fds[0], &ids[0]));
	EXPECT_LT(ids[1], ids[0]);
}

FIXTURE(text) {
	struct pg_ctx *ctx;
	uint32_t group;
	int pair[2];
};

FIXTURE_VARIANT(text) {
	const char *text;
	int err;
};

#define TEXT(name, text_, err_)					\
	FIXTURE_VARIANT_ADD(text, name) {			\
		.text = text_, .err = err_,			\
	}

TEXT(ascii, " ~", 0);
TEXT(two_bytes, "\xc2\xa0\xdf\xbf", 0);
TEXT(three_bytes, "\xe0\xa0\x80\xef\xbf\xbf", 0);
TEXT(around_surrogates, "\xed\x9f\xbf\xee\x80\x80", 0);
TEXT(four_bytes, "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 0);
TEXT(newline, "a\nb", -EINVAL);
TEXT(escape, "\x1b[2J", -EINVAL);
TEXT(unit_separator, "\x1f", -EINVAL);
TEXT(delete, "a\x7f", -EINVAL);
TEXT(first_c1, "\xc2\x80", -EINVAL);
TEXT(last_c1, "\xc2\x9f", -EINVAL);
TEXT(lone_continuation, "a\x80" "b", -EINVAL);
TEXT(lone_start, "a\xc3", -EINVAL);
TEXT(cut_short, "\xe2\x82", -EINVAL);
TEXT(start_in_between, "\xe2\x82" "aa", -EINVAL);
TEXT(overlong_two, "\xc0\xaf", -EINVAL);
TEXT(overlong_three, "\xe0\x9f\xbf", -EINVAL);
TEXT(overlong_four, "\xf0\x8f\xbf\xbf", -EINVAL);
TEXT(overlong_nul, "\xc0\x80", -EINVAL);
TEXT(first_surrogate, "\xed\xa0\x80", -EINVAL);
TEXT(last_surrogate, "\xed\xbf\xbf", -EINVAL);
TEXT(past_unicode, "\xf4\x90\x80\x80", -EINVAL);
TEXT(five_bytes, "\xf8\x88\x80\x80\x80", -EINVAL);
TEXT(all_ones, "\xff", -EINVAL);

FIXTURE_SETUP(text)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, tcp_pair(AF_INET, self->pair));
}

FIXTURE_TEARDOWN(text)
{
	pg_close(self->ctx);
}

#define REFUSAL(what) what " is not UTF-8 or has control characters"

TEST_F(text, names)
{
	struct pg_group_spec spec = {
		.size = sizeof(spec), .name = variant->text,
	};
	struct group_copy copy;
	uint32_t id;

	EXPECT_EQ(variant->err, pg_group_add(self->ctx, &spec, &id, NULL));
	if (variant->err)
		EXPECT_STREQ(REFUSAL("name"), pg_error(self->ctx));
	spec.name = "label";
	spec.label = variant->text;
	EXPECT_EQ(variant->err, pg_group_add(self->ctx, &spec, &id, NULL));
	if (variant->err)
		EXPECT_STREQ(REFUSAL("label"), pg_error(self->ctx));
	spec.name = "comment";
	spec.label = NULL;
	spec.comment = variant->text;
	EXPECT_EQ(variant->err, pg_group_add(self->ctx, &spec, &id, NULL));
	if (variant->err)
		EXPECT_STREQ(REFUSAL("comment"), pg_error(self->ctx));
	if (variant->err)
		return;
	EXPECT_EQ(0, pg_group_find(self->ctx, variant->text, &id));
	ASSERT_EQ(0, pg_group_get(self->ctx, id, copy_group, &copy));
	EXPECT_STREQ(variant->text, copy.name);
}

TEST_F(text, peer_id)
{
	struct pg_attach socks[2];
	struct conn_copy copy;
	size_t failed = 7;
	uint64_t ids[2];

	socks[0] = attach_spec(self->pair[0]);
	socks[1] = attach_spec(self->pair[1]);
	socks[1].peer_id = variant->text;
	EXPECT_EQ(variant->err, pg_conn_attach(self->ctx, self->group, socks,
					       2, ids, NULL, &failed));
	if (variant->err) {
		EXPECT_EQ(1, failed);
		EXPECT_STREQ(REFUSAL("peer-id"), pg_error(self->ctx));
		EXPECT_EQ(0, count_conns(self->ctx, self->group));
		return;
	}
	ASSERT_EQ(0, get_conn(self->ctx, ids[1], false, &copy));
	ASSERT_NE(NULL, copy.conn.peer_id);
	EXPECT_STREQ(variant->text, copy.conn.peer_id);
}

FIXTURE(peer_id) {
	struct pg_ctx *ctx;
	uint32_t group;
	int pair[2];
};

FIXTURE_VARIANT(peer_id) {
	size_t len;
	int err;
};

FIXTURE_VARIANT_ADD(peer_id, empty) { .len = 0, .err = 0 };
FIXTURE_VARIANT_ADD(peer_id, shortest) { .len = 1, .err = 0 };
FIXTURE_VARIANT_ADD(peer_id, longest) { .len = PG_NAME_MAX, .err = 0 };
FIXTURE_VARIANT_ADD(peer_id, too_long) {
	.len = PG_NAME_MAX + 1, .err = -EINVAL,
};

FIXTURE_SETUP(peer_id)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, tcp_pair(AF_INET, self->pair));
}

FIXTURE_TEARDOWN(peer_id)
{
	pg_close(self->ctx);
}

TEST_F(peer_id, length)
{
	struct pg_attach sock = attach_spec(self->pair[0]);
	char peer_id[PG_NAME_MAX + 2];
	struct conn_copy copy;
	size_t failed = 7;
	uint64_t id;

	fill(peer_id, variant->len);
	sock.peer_id = peer_id;
	EXPECT_EQ(variant->err, pg_conn_attach(self->ctx, self->group, &sock,
					       1, &id, NULL, &failed));
	if (variant->err) {
		EXPECT_EQ(0, failed);
		return;
	}
	ASSERT_EQ(0, get_conn(self->ctx, id, false, &copy));
	EXPECT_EQ(variant->len, copy.conn.peer_id_len);
	EXPECT_EQ(variant->len == 0, !copy.conn.peer_id);
	if (variant->len)
		EXPECT_STREQ(peer_id, copy.peer_id);
}

FIXTURE(limit) {
	struct pg_ctx *ctx;
	unsigned long before;
};

static const char groups_per_net[] = PARAMETERS "groups_per_net";

FIXTURE_SETUP(limit)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, read_number(groups_per_net, &self->before));
}

FIXTURE_TEARDOWN(limit)
{
	EXPECT_EQ(0, write_number(groups_per_net, self->before));
	pg_close(self->ctx);
}

TEST_F(limit, groups)
{
	uint32_t ids[3];

	EXPECT_EQ(4096, self->before);
	ASSERT_EQ(0, write_number(groups_per_net, 2));
	ASSERT_EQ(0, add_group(self->ctx, &ids[0]));
	ASSERT_EQ(0, add_group(self->ctx, &ids[1]));
	EXPECT_EQ(-ENOSPC, add_group(self->ctx, &ids[2]));
	EXPECT_STREQ("namespace has reached its limit of groups",
		     pg_error(self->ctx));
	EXPECT_EQ(2, generation_now(self->ctx));

	ASSERT_EQ(0, pg_group_del(self->ctx, ids[0], NULL));
	EXPECT_EQ(0, add_group(self->ctx, &ids[2]));
	EXPECT_EQ(ids[1] + 1, ids[2]);

	/* Each namespace has a limit of its own. */
	pg_close(self->ctx);
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	EXPECT_EQ(0, add_group(self->ctx, &ids[0]));
}

TEST_HARNESS_MAIN
