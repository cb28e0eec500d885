// SPDX-License-Identifier: GPL-2.0-only
/*
 * The native interface against the fake kernel: what a real one does rarely.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <peergroup.h>
#include <string.h>

#include "alloc.h"
#include "fake.h"
#include <kselftest_harness.h>

FIXTURE(native) {
	struct pg_ctx *ctx;
	uint32_t group;
	struct pg_filter filter;
};

FIXTURE_SETUP(native)
{
	fake_reset();
	ASSERT_EQ(0, pg_open(&self->ctx));
	self->group = fake_add("first", 20)->id;
	self->filter = (struct pg_filter){
		.size = sizeof(self->filter), .group_id = self->group,
	};
}

FIXTURE_TEARDOWN(native)
{
	pg_close(self->ctx);
	EXPECT_EQ(0, fake.queued);
	EXPECT_EQ(0, alloc_live());
}

/* What a dump showed. */
struct shown {
	struct pg_ctx *ctx;
	uint64_t generation;
	uint32_t count;
	unsigned int begun;
	unsigned int conns;
	unsigned int stop_at;
	bool in_order;
};

static int begin(uint64_t generation, uint32_t count, void *arg)
{
	struct shown *shown = arg;

	shown->generation = generation;
	shown->count = count;
	shown->begun++;
	shown->in_order = true;
	return 0;
}

static int show(const struct pg_conn *conn, void *arg)
{
	struct shown *shown = arg;

	if (conn->id != fake_conn_id(shown->conns++))
		shown->in_order = false;
	return shown->conns == shown->stop_at ? 4711 : 0;
}

static int dump(struct _test_data_native *self, struct shown *shown)
{
	*shown = (struct shown){ .stop_at = shown->stop_at };
	return pg_conn_dump(self->ctx, &self->filter, begin, show, shown);
}

TEST_F(native, dump)
{
	struct shown shown = { 0 };

	ASSERT_EQ(0, dump(self, &shown));
	EXPECT_EQ(1, shown.begun);
	EXPECT_EQ(20, shown.count);
	EXPECT_EQ(20, shown.conns);
	EXPECT_TRUE(shown.in_order);
	EXPECT_EQ(fake.generation, shown.generation);
	EXPECT_STREQ("", pg_error(self->ctx));
}

TEST_F(native, empty_dump)
{
	struct shown shown = { 0 };

	self->filter.group_id = fake_add("empty", 0)->id;
	ASSERT_EQ(0, dump(self, &shown));
	EXPECT_EQ(1, shown.begun);
	EXPECT_EQ(0, shown.conns);
}

TEST_F(native, dump_without_callbacks)
{
	EXPECT_EQ(0, pg_conn_dump(self->ctx, &self->filter, NULL, NULL, NULL));
	EXPECT_EQ(0, pg_group_list(self->ctx, NULL, NULL, NULL));
}

TEST_F(native, callback_stops)
{
	struct shown shown = { .stop_at = 5 };

	EXPECT_EQ(4711, dump(self, &shown));
	EXPECT_EQ(5, shown.conns);
	EXPECT_EQ(0, fake.queued);
	shown.stop_at = 0;
	EXPECT_EQ(0, dump(self, &shown));
	EXPECT_EQ(20, shown.conns);
}

static int use_ctx(const struct pg_conn *conn, void *arg)
{
	struct shown *shown = arg;

	(void)conn;
	return pg_group_del(shown->ctx, 1, NULL);
}

TEST_F(native, callback_must_not_use_its_context)
{
	struct shown shown = { .ctx = self->ctx };

	EXPECT_EQ(-EBUSY, pg_conn_dump(self->ctx, &self->filter, NULL, use_ctx,
				       &shown));
	EXPECT_EQ(0, dump(self, &shown));
}

TEST_F(native, cut_off)
{
	struct shown shown = { 0 };

	fake.stale = 1;
	EXPECT_EQ(-ESTALE, dump(self, &shown));
	EXPECT_STREQ("too slow", pg_error(self->ctx));
	EXPECT_EQ(0, dump(self, &shown));
}

TEST_F(native, lost_records)
{
	struct shown shown = { 0 };

	fake.lose = 1;
	EXPECT_EQ(-EIO, dump(self, &shown));
	EXPECT_STREQ("19 records of 20 arrived", pg_error(self->ctx));
}

TEST_F(native, mixed_generations)
{
	struct shown shown = { 0 };

	fake.mix = 2;
	EXPECT_EQ(-EPROTO, dump(self, &shown));
	EXPECT_EQ(0, fake.queued);
}

TEST_F(native, truncated_message)
{
	struct shown shown = { 0 };

	fake.truncate = true;
	EXPECT_EQ(-EIO, dump(self, &shown));
	EXPECT_EQ(0, fake.queued);
	EXPECT_EQ(0, dump(self, &shown));
}

/* Lengths that are no multiple of 4, cut off, or leave something. */
TEST_F(native, malformed_datagrams)
{
	static const struct {
		size_t len;
		uint32_t claimed;
		int err;
	} table[] = {
		{ 32, 32, 0 }, { 31, 31, 0 }, { 29, 29, 0 }, { 17, 17, 0 },
		{ 32, 29, 0 }, { 33, 29, -EPROTO }, { 36, 32, -EPROTO },
		{ 15, 15, -EPROTO }, { 1, 1, -EPROTO }, { 32, 0, -EPROTO },
		{ 32, 15, -EPROTO }, { 32, 33, -EPROTO },
		{ 32, UINT32_MAX, -EPROTO }, { 32, 0x80000000, -EPROTO },
	};
	struct shown shown = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		fake_left_over(table[i].len, table[i].claimed);
		EXPECT_EQ(table[i].err, dump(self, &shown)) {
			TH_LOG("datagram %zu", i);
		}
		EXPECT_EQ(0, fake.queued);
	}
}

/* What a dump that died left is longer than the room for a short answer. */
TEST_F(native, left_over_of_a_dump)
{
	uint32_t id;

	fake_left_over(32768, 32768);
	fake_left_over(32768, 32768);
	EXPECT_EQ(0, pg_group_find(self->ctx, "first", &id));
	EXPECT_EQ(self->group, id);
}

TEST_F(native, errno_of_receive)
{
	struct shown shown = { 0 };

	fake.fail_receive = ENOBUFS;
	EXPECT_EQ(-ENOBUFS, dump(self, &shown));
	fake.fail_receive = EINTR;
	EXPECT_EQ(0, dump(self, &shown));
}

TEST_F(native, dump_left_open)
{
	struct shown shown = { 0 };

	fake.refuse = EBUSY;
	EXPECT_EQ(0, dump(self, &shown));
	EXPECT_EQ(20, shown.conns);
}

TEST_F(native, reason_and_errno)
{
	fake.refuse = EPERM;
	fake.reason = "only the owner may";
	EXPECT_EQ(-EPERM, pg_group_del(self->ctx, self->group, NULL));
	EXPECT_STREQ("only the owner may", pg_error(self->ctx));

	fake.refuse = EPERM;
	fake.reason = NULL;
	EXPECT_EQ(-EPERM, pg_group_del(self->ctx, self->group, NULL));
	EXPECT_STREQ("Operation not permitted", pg_error(self->ctx));
	EXPECT_STREQ("", pg_error(NULL));
}

TEST_F(native, reloaded)
{
	uint32_t id, first = self->group;
	struct shown shown = { 0 };

	fake_reload();
	ASSERT_EQ(first, fake_add("other", 3)->id);
	EXPECT_EQ(-ENOENT, dump(self, &shown));
	EXPECT_STREQ("gone: the module was loaded anew", pg_error(self->ctx));

	fake_reload();
	EXPECT_EQ(0, pg_group_list(self->ctx, NULL, NULL, NULL));
	fake_reload();
	fake_add("other", 3);
	EXPECT_EQ(0, pg_group_find(self->ctx, "other", &id));

	fake.loaded = false;
	EXPECT_EQ(-ENODEV, pg_group_find(self->ctx, "other", &id));
	EXPECT_EQ(-ENODEV, pg_group_list(self->ctx, NULL, NULL, NULL));
	fake_reload();
	EXPECT_EQ(-ENOENT, pg_group_find(self->ctx, "other", &id));
}

TEST_F(native, replies_without_ids)
{
	struct pg_group_spec spec = { .size = sizeof(spec), .name = "new" };
	struct pg_attach sock = { .size = sizeof(sock) };
	uint32_t id = 99;

	fake.no_ids = true;
	EXPECT_EQ(-EPROTO, pg_group_find(self->ctx, "first", &id));
	EXPECT_EQ(-EPROTO, pg_group_add(self->ctx, &spec, &id, NULL));
	EXPECT_EQ(99, id);
	EXPECT_EQ(-EPROTO, pg_group_get(self->ctx, 1, NULL, NULL));
	EXPECT_EQ(-EPROTO, pg_conn_get(self->ctx, 1, false, NULL, NULL));
	EXPECT_EQ(-EPROTO, pg_conn_attach(self->ctx, self->group, &sock, 1,
					  NULL, NULL, NULL));
}

TEST_F(native, incomplete_connections)
{
	struct shown shown = { 0 };

	EXPECT_EQ(0, pg_conn_get(self->ctx, 1, false, NULL, NULL));
	fake.no_type = true;
	EXPECT_EQ(-EPROTO, pg_conn_get(self->ctx, 1, false, NULL, NULL));
	EXPECT_EQ(-EPROTO, dump(self, &shown));
	EXPECT_EQ(0, shown.conns);
}

TEST_F(native, flags_and_types)
{
	struct pg_group_spec spec = { .size = sizeof(spec), .name = "new" };
	struct pg_attach sock = { .size = sizeof(sock), .type = 3 };
	struct pg_filter *filter = &self->filter;
	unsigned int requests = fake.requests;
	struct shown shown = { 0 };
	size_t failed = 9;
	uint32_t id;

	spec.flags = 2 * PG_GROUP_SET_OWNER;
	EXPECT_EQ(-EINVAL, pg_group_add(self->ctx, &spec, &id, NULL));
	EXPECT_STREQ("unknown flags", pg_error(self->ctx));
	filter->flags = PG_FILTER_STATS | 0x80000000;
	EXPECT_EQ(-EINVAL, dump(self, &shown));
	EXPECT_STREQ("unknown flags", pg_error(self->ctx));
	filter->flags = 0;
	filter->reserved = 1;
	EXPECT_EQ(-EINVAL, dump(self, &shown));
	EXPECT_STREQ("reserved is not 0", pg_error(self->ctx));
	filter->reserved = 0;
	filter->type = 3;
	EXPECT_EQ(-EINVAL, dump(self, &shown));
	EXPECT_STREQ("type is neither neighbor nor direct",
		     pg_error(self->ctx));
	EXPECT_EQ(-EINVAL, pg_conn_attach(self->ctx, self->group, &sock, 1,
					  NULL, NULL, &failed));
	EXPECT_STREQ("type is neither neighbor nor direct",
		     pg_error(self->ctx));
	EXPECT_EQ(0, failed);
	EXPECT_EQ(requests, fake.requests);
}

TEST_F(native, no_older_story)
{
	struct shown shown = { .stop_at = 1 };

	fake.refuse = EPERM;
	EXPECT_EQ(-EPERM, dump(self, &shown));
	EXPECT_STREQ("Operation not permitted", pg_error(self->ctx));
	EXPECT_EQ(4711, dump(self, &shown));
	EXPECT_STREQ("", pg_error(self->ctx));
	fake.refuse = EBUSY;
	shown.stop_at = 0;
	EXPECT_EQ(0, dump(self, &shown));
	EXPECT_STREQ("", pg_error(self->ctx));
}

TEST_F(native, which_socket_was_refused)
{
	struct pg_attach socks[PG_ATTACH_MAX] = { 0 };
	size_t i, failed;

	for (i = 0; i < PG_ATTACH_MAX; i++) {
		socks[i].size = sizeof(socks[i]);
		socks[i].peer_id = i % 2 ? "peer" : NULL;
	}
	for (i = 0; i <= PG_ATTACH_MAX; i++) {
		fake.refuse = ENOTCONN;
		fake.reason = "not established";
		fake.refuse_sock = i;
		EXPECT_EQ(-ENOTCONN,
			  pg_conn_attach(self->ctx, self->group, socks,
					 PG_ATTACH_MAX, NULL, NULL, &failed));
		EXPECT_EQ(i ? i - 1 : PG_ATTACH_MAX, failed);
	}
}

TEST_F(native, attach_checks)
{
	struct pg_attach socks[2] = {
		{ .size = sizeof(socks[0]) }, { .size = sizeof(socks[0]) },
	};
	char longest[PG_NAME_MAX + 2];
	uint64_t ids[2], generation;
	size_t failed;

	memset(longest, 'x', sizeof(longest));
	longest[PG_NAME_MAX] = '\0';
	socks[1].peer_id = longest;
	EXPECT_EQ(0, pg_conn_attach(self->ctx, self->group, socks, 2, ids,
				    &generation, &failed));
	EXPECT_EQ(fake_conn_id(1), ids[1]);
	EXPECT_EQ(fake.generation, generation);

	longest[PG_NAME_MAX] = 'x';
	longest[PG_NAME_MAX + 1] = '\0';
	EXPECT_EQ(-EINVAL, pg_conn_attach(self->ctx, self->group, socks, 2,
					  ids, NULL, &failed));
	EXPECT_EQ(1, failed);
	socks[1].peer_id = NULL;
	socks[1].fd = -1;
	EXPECT_EQ(-EBADF, pg_conn_attach(self->ctx, self->group, socks, 2, ids,
					 NULL, &failed));
	EXPECT_EQ(1, failed);
	EXPECT_EQ(-EINVAL, pg_conn_attach(self->ctx, self->group, socks, 0,
					  ids, NULL, &failed));
	EXPECT_EQ(0, failed);
	EXPECT_EQ(-E2BIG, pg_conn_attach(self->ctx, self->group, socks, 257,
					 ids, NULL, &failed));
	EXPECT_EQ(-ENOENT, pg_conn_attach(self->ctx, 0, socks, 1, ids, NULL,
					  &failed));
}

/* A caller of a later version whose structures are larger. */
TEST_F(native, larger_structures)
{
	struct {
		struct pg_attach known;
		uint64_t unknown;
	} socks[2] = { 0 };
	size_t failed;

	socks[0].known.size = sizeof(socks[0]);
	socks[1].known.size = sizeof(socks[0]);
	EXPECT_EQ(0, pg_conn_attach(self->ctx, self->group, &socks[0].known, 2,
				    NULL, NULL, &failed));
	socks[1].unknown = 1;
	EXPECT_EQ(-E2BIG, pg_conn_attach(self->ctx, self->group,
					 &socks[0].known, 2, NULL, NULL,
					 &failed));
	EXPECT_EQ(1, failed);
	socks[1].known.size = sizeof(struct pg_attach);
	EXPECT_EQ(-EINVAL, pg_conn_attach(self->ctx, self->group,
					  &socks[0].known, 2, NULL, NULL,
					  &failed));
	self->filter.size = SIZE_MAX;
	EXPECT_EQ(-E2BIG, pg_conn_dump(self->ctx, &self->filter, NULL, NULL,
				       NULL));
	self->filter.size = 4097;
	EXPECT_EQ(-E2BIG, pg_conn_dump(self->ctx, &self->filter, NULL, NULL,
				       NULL));
	self->filter.size = 0;
	EXPECT_EQ(-EINVAL, pg_conn_dump(self->ctx, &self->filter, NULL, NULL,
					NULL));
}

TEST_F(native, buffer)
{
	struct pg_attach socks[PG_ATTACH_MAX] = { 0 };
	struct shown shown = { 0 };
	size_t i;

	EXPECT_EQ(-EINVAL, pg_set_buffer(self->ctx, 4095));
	EXPECT_EQ(-EINVAL, pg_set_buffer(self->ctx, (1UL << 30) + 1));
	EXPECT_EQ(0, pg_set_buffer(self->ctx, 4096));
	EXPECT_EQ(0, dump(self, &shown));
	EXPECT_EQ(4096, fake.buf_size);
	EXPECT_EQ(-EBUSY, pg_set_buffer(self->ctx, 4096));

	/* The reply does not fit, and the kernel remembers larger buffers. */
	for (i = 0; i < PG_ATTACH_MAX; i++)
		socks[i].size = sizeof(socks[i]);
	EXPECT_EQ(0, pg_conn_attach(self->ctx, self->group, socks, 40, NULL,
				    NULL, NULL));
	EXPECT_EQ(4096, fake.buf_size);
	EXPECT_EQ(0, pg_conn_attach(self->ctx, self->group, socks,
				    PG_ATTACH_MAX, NULL, NULL, NULL));
	EXPECT_LT(4096, fake.buf_size);
	i = fake.buf_size;
	EXPECT_EQ(0, dump(self, &shown));
	EXPECT_EQ(i, fake.buf_size);
}

TEST_F(native, buffer_no_smaller_than_seen)
{
	struct pg_attach socks[PG_ATTACH_MAX] = { 0 };
	struct shown shown = { 0 };
	size_t i;

	EXPECT_EQ(4096, fake.buf_seen);
	for (i = 0; i < PG_ATTACH_MAX; i++)
		socks[i].size = sizeof(socks[i]);
	EXPECT_EQ(0, pg_conn_attach(self->ctx, self->group, socks,
				    PG_ATTACH_MAX, NULL, NULL, NULL));
	EXPECT_EQ(0, pg_set_buffer(self->ctx, 4096));
	EXPECT_EQ(0, dump(self, &shown));
	EXPECT_EQ(20, shown.conns);
}

TEST_F(native, remote_filter)
{
	struct pg_addr addr = { .family = AF_INET6 };

	self->filter.remote = &addr;
	inet_pton(AF_INET6, "::ffff:192.0.2.9", &addr.ipv6);
	EXPECT_EQ(0, pg_conn_dump(self->ctx, &self->filter, NULL, NULL, NULL));
	EXPECT_EQ(htonl(0xc0000209), fake.remote_ipv4);
	EXPECT_FALSE(fake.has_remote_ipv6);

	inet_pton(AF_INET6, "2001:db8::1", &addr.ipv6);
	EXPECT_EQ(0, pg_conn_dump(self->ctx, &self->filter, NULL, NULL, NULL));
	EXPECT_EQ(0, fake.remote_ipv4);
	EXPECT_TRUE(fake.has_remote_ipv6);

	/* The count is an upper bound then, yet no more than that. */
	fake.lose = 1;
	EXPECT_EQ(0, pg_conn_dump(self->ctx, &self->filter, NULL, NULL, NULL));
	addr.family = AF_UNIX;
	EXPECT_EQ(-EINVAL, pg_conn_dump(self->ctx, &self->filter, NULL, NULL,
					NULL));
}

TEST_F(native, names)
{
	struct pg_group_spec spec = { .size = sizeof(spec) };
	char text[PG_TEXT_MAX + 2];
	uint32_t id;

	EXPECT_EQ(-EINVAL, pg_group_add(self->ctx, &spec, &id, NULL));
	spec.name = "";
	EXPECT_EQ(-EINVAL, pg_group_add(self->ctx, &spec, &id, NULL));
	memset(text, 'x', sizeof(text));
	text[PG_NAME_MAX + 1] = '\0';
	spec.name = text;
	EXPECT_EQ(-EINVAL, pg_group_add(self->ctx, &spec, &id, NULL));
	text[PG_NAME_MAX] = '\0';
	EXPECT_EQ(0, pg_group_add(self->ctx, &spec, &id, NULL));
	EXPECT_EQ(-EEXIST, pg_group_add(self->ctx, &spec, &id, NULL));

	spec.name = "texts";
	memset(text, 'x', sizeof(text));
	text[PG_TEXT_MAX + 1] = '\0';
	spec.label = text;
	EXPECT_EQ(-EINVAL, pg_group_add(self->ctx, &spec, &id, NULL));
	text[PG_TEXT_MAX] = '\0';
	spec.comment = text;
	EXPECT_EQ(0, pg_group_add(self->ctx, &spec, &id, NULL));
}

TEST_F(native, arguments)
{
	uint32_t id;

	EXPECT_EQ(-EINVAL, pg_open(NULL));
	EXPECT_EQ(-EINVAL, pg_group_find(NULL, "first", &id));
	EXPECT_EQ(-EINVAL, pg_group_find(self->ctx, NULL, &id));
	EXPECT_EQ(-EINVAL, pg_group_add(self->ctx, NULL, &id, NULL));
	EXPECT_EQ(-EINVAL, pg_conn_dump(NULL, NULL, NULL, NULL, NULL));
	EXPECT_EQ(-EINVAL, pg_set_buffer(NULL, 8192));
	EXPECT_EQ(-ENOENT, pg_group_get(self->ctx, 0, NULL, NULL));
	EXPECT_EQ(-ENOENT, pg_group_del(self->ctx, 0, NULL));
	EXPECT_EQ(-ENOENT, pg_conn_get(self->ctx, 0, false, NULL, NULL));
	EXPECT_EQ(-ENOENT, pg_conn_detach(self->ctx, 0, 0, NULL));
	EXPECT_STREQ(PG_VERSION, pg_version());
	pg_close(NULL);
}

/* One call of each function that allocates. */
static int everything(void)
{
	struct pg_group_spec spec = { .size = sizeof(spec), .name = "new" };
	struct pg_attach sock = { .size = sizeof(sock), .peer_id = "peer" };
	struct pg_ctx *ctx = NULL;
	uint64_t conn = 1;
	uint32_t id = 1;
	int err;

	fake_reset();
	err = pg_open(&ctx);
	if (!err)
		err = pg_set_buffer(ctx, 8192);
	if (!err)
		err = pg_group_add(ctx, &spec, &id, NULL);
	if (!err)
		err = pg_group_find(ctx, "new", &id);
	if (!err)
		err = pg_group_get(ctx, id, NULL, NULL);
	if (!err)
		err = pg_group_list(ctx, NULL, NULL, NULL);
	if (!err)
		err = pg_conn_attach(ctx, id, &sock, 1, &conn, NULL, NULL);
	if (!err)
		err = pg_conn_get(ctx, conn, true, NULL, NULL);
	if (!err)
		err = pg_conn_dump(ctx, NULL, NULL, NULL, NULL);
	if (!err)
		err = pg_conn_detach(ctx, id, conn, NULL);
	if (!err)
		err = pg_group_del(ctx, id, NULL);
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
	EXPECT_LT(20, n);
}

TEST_HARNESS_MAIN
