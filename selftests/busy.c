// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket that its owner keeps locked for as long as he likes: whoever
 * attaches it is told so, soon, and nobody else waits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "stuck.h"
#include "util.h"

FIXTURE(busy) {
	struct pg_ctx *ctx;
	uint32_t group;
	int pair[2];
	struct stuck stuck;
};

/* All of the page that it was stuck with has been sent. */
static bool let_go(FIXTURE_DATA(busy) *self)
{
	return stuck_end(&self->stuck) == (ssize_t)self->stuck.page_size;
}

FIXTURE_SETUP(busy)
{
	int err;

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, tcp_pair(AF_INET, self->pair));
	err = stuck_begin(&self->stuck, self->pair[0]);
	if (err == -ENOSYS || err == -EPERM)
		SKIP(return, "this kernel has no userfaultfd");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(busy)
{
	pg_close(self->ctx);
}

TEST_F(busy, told_soon)
{
	struct pg_attach socks[2];
	uint64_t before, id;
	size_t failed = 7;

	socks[0] = attach_spec(self->pair[1]);
	socks[1] = attach_spec(self->pair[0]);
	before = now_ms();
	EXPECT_EQ(-EBUSY, pg_conn_attach(self->ctx, self->group, socks, 2,
					 NULL, NULL, &failed));
	EXPECT_GT(10000, now_ms() - before);
	EXPECT_EQ(1, failed);
	EXPECT_STREQ("socket is in use by another call", pg_error(self->ctx));
	EXPECT_EQ(0, count_conns(self->ctx, self->group));

	ASSERT_TRUE(let_go(self));
	EXPECT_EQ(0, attach(self->ctx, self->group, self->pair[0], &id));
}

static void *attach_it(void *arg)
{
	FIXTURE_DATA(busy) *self = arg;
	struct pg_ctx *ctx;
	intptr_t err;
	uint64_t id;

	err = pg_open(&ctx);
	if (!err)
		err = attach(ctx, self->group, self->pair[0], &id);
	pg_close(ctx);
	return (void *)err;
}

/* A socket that is let go in time is attached as if nothing had been. */
TEST_F(busy, let_go_in_time)
{
	pthread_t attacher;
	void *result;

	ASSERT_EQ(0, pthread_create(&attacher, NULL, attach_it, self));
	ASSERT_TRUE(let_go(self));
	ASSERT_EQ(0, pthread_join(attacher, &result));
	EXPECT_EQ(NULL, result);
	EXPECT_EQ(1, count_conns(self->ctx, self->group));
}

/* Nobody else waits, for this socket or for any. */
TEST_F(busy, others_go_on)
{
	pthread_t attacher;
	void *result;
	uint64_t id;

	ASSERT_EQ(0, pthread_create(&attacher, NULL, attach_it, self));
	ASSERT_EQ(0, attach(self->ctx, self->group, self->pair[1], &id));
	EXPECT_TRUE(is_active(self->ctx, id));
	EXPECT_EQ(0, pg_conn_detach(self->ctx, 0, id, NULL));
	ASSERT_TRUE(let_go(self));
	ASSERT_EQ(0, pthread_join(attacher, &result));
}

static int note_stats(const struct pg_conn *conn, void *arg)
{
	*(unsigned int *)arg += conn->stats && !conn->stats->bytes_sent;
	return 0;
}

/* Nor do statistics wait: whoever asks would take all of netlink along. */
TEST_F(busy, statistics_do_not_wait)
{
	struct pg_filter filter = {
		.size = sizeof(filter), .flags = PG_FILTER_STATS,
	};
	unsigned int shown = 0;
	uint64_t id;

	ASSERT_TRUE(let_go(self));
	close_all(self->pair, 2);
	ASSERT_EQ(0, tcp_pair(AF_INET, self->pair));
	ASSERT_EQ(0, attach(self->ctx, self->group, self->pair[0], &id));
	ASSERT_EQ(0, stuck_begin(&self->stuck, self->pair[0]));

	EXPECT_EQ(0, pg_conn_get(self->ctx, id, true, note_stats, &shown));
	EXPECT_EQ(0, pg_conn_dump(self->ctx, &filter, NULL, note_stats,
				  &shown));
	EXPECT_EQ(2, shown);
	EXPECT_TRUE(let_go(self));
}

TEST_HARNESS_MAIN
