// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dumps: of any size into any buffer, by readers that stall, stop half way or
 * go away.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/peergroup.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "request.h"
#include "util.h"

#define CONNS_MAX 50000

/* What a dump has shown. */
struct seen {
	uint32_t announced;
	uint32_t count;
	uint64_t last_id;
	bool ordered;
	uint32_t stall_at;	/* run stall() when that many have been seen */
	void (*stall)(void *arg);
	void *arg;
};

static int begin(uint64_t generation, uint32_t count, void *arg)
{
	struct seen *seen = arg;

	(void)generation;
	seen->announced = count;
	seen->count = 0;
	seen->last_id = 0;
	seen->ordered = true;
	return 0;
}

static int see(const struct pg_conn *conn, void *arg)
{
	struct seen *seen = arg;

	seen->ordered &= conn->id > seen->last_id;
	seen->last_id = conn->id;
	if (++seen->count == seen->stall_at)
		seen->stall(seen->arg);
	return 0;
}

static int dump(struct pg_ctx *ctx, uint32_t group, struct seen *seen)
{
	struct pg_filter filter = { .size = sizeof(filter), .group_id = group };

	return pg_conn_dump(ctx, &filter, begin, see, seen);
}

/* What the group says of itself. */
struct counts {
	uint32_t leftovers;
	uint32_t leftovers_max;
};

static int copy_counts(const struct pg_group *group, void *arg)
{
	struct counts *counts = arg;

	counts->leftovers = group->leftovers;
	counts->leftovers_max = group->leftovers_max;
	return 0;
}

static struct counts counts_of(struct pg_ctx *ctx, uint32_t group)
{
	struct counts counts = { UINT32_MAX, 0 };

	pg_group_get(ctx, group, copy_counts, &counts);
	return counts;
}

FIXTURE(dump)
{
	struct pg_ctx *ctx;
	uint32_t group;
	int fds[CONNS_MAX];
	size_t n;
};

FIXTURE_SETUP(dump)
{
	ASSERT_EQ(0, allow_fds(CONNS_MAX));
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
}

FIXTURE_TEARDOWN(dump)
{
	close_all(self->fds, self->n);
	pg_close(self->ctx);
}

static int attach_fds(struct pg_ctx *ctx, uint32_t group, const int *fds,
		      size_t n)
{
	struct pg_attach socks[PG_ATTACH_MAX];
	size_t i, k;
	int err;

	for (i = 0; i < n; i += k) {
		for (k = 0; k < PG_ATTACH_MAX && i + k < n; k++)
			socks[k] = attach_spec(fds[i + k]);
		err = pg_conn_attach(ctx, group, socks, k, NULL, NULL, NULL);
		if (err)
			return err;
	}
	return 0;
}

/* Let the group have n connections. */
static int fill(FIXTURE_DATA(dump) *self, size_t n)
{
	int err = tcp_pairs(AF_INET6, self->fds, n);

	if (err)
		return err;
	self->n = n;
	return attach_fds(self->ctx, self->group, self->fds, n);
}

FIXTURE(size)
{
	FIXTURE_DATA(dump) dump;
};

FIXTURE_VARIANT(size)
{
	uint32_t conns;
};

FIXTURE_VARIANT_ADD(size, none) { .conns = 0 };
FIXTURE_VARIANT_ADD(size, one) { .conns = 1 };
FIXTURE_VARIANT_ADD(size, thousands) { .conns = 5000 };
FIXTURE_VARIANT_ADD(size, many) { .conns = 50000 };

FIXTURE_SETUP(size)
{
	ASSERT_EQ(0, allow_fds(CONNS_MAX));
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->dump.ctx));
	ASSERT_EQ(0, add_group(self->dump.ctx, &self->dump.group));
	ASSERT_EQ(0, fill(&self->dump, (variant->conns + 1) & ~1));
	if (variant->conns & 1)
		close(self->dump.fds[--self->dump.n]);
}

FIXTURE_TEARDOWN(size)
{
	close_all(self->dump.fds, self->dump.n);
	pg_close(self->dump.ctx);
}

TEST_F_TIMEOUT(size, any_buffer, 300)
{
	static const size_t sizes[] = { 4096, 5000, 32768, 262144 };
	struct pg_ctx *ctx;
	struct seen seen;
	size_t i;

	/* Closing one end takes both out, the other one being told. */
	if (variant->conns == 1) {
		close(self->dump.fds[0]);
		self->dump.n = 0;
		ASSERT_EQ(0, tcp_pair(AF_INET, self->dump.fds));
		self->dump.n = 2;
		ASSERT_EQ(0, attach(self->dump.ctx, self->dump.group,
				    self->dump.fds[1], NULL));
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(&seen, 0, sizeof(seen));
		ASSERT_EQ(0, pg_open(&ctx));
		ASSERT_EQ(0, pg_set_buffer(ctx, sizes[i]));
		EXPECT_EQ(0, dump(ctx, self->dump.group, &seen));
		EXPECT_EQ(variant->conns, seen.announced);
		EXPECT_EQ(variant->conns, seen.count);
		EXPECT_TRUE(seen.ordered);
		EXPECT_EQ(-EBUSY, pg_set_buffer(ctx, 32768));
		pg_close(ctx);
	}
}

/* While a reader stalls, other things happen. */
struct scene {
	FIXTURE_DATA(dump) *self;
	unsigned int depth;
	struct {
		int err;
		struct seen seen;
	} readers[8];
	bool bounded;
};

static void close_everything(void *arg)
{
	struct scene *scene = arg;

	close_all(scene->self->fds, scene->self->n);
	scene->self->n = 0;
}

/* One snapshot is shown whole though all it shows has died. */
TEST_F_TIMEOUT(dump, stalled_reader_sees_the_dead, 120)
{
	struct scene scene = { .self = self };
	struct seen seen = {
		.stall_at = 100, .stall = close_everything, .arg = &scene,
	};

	ASSERT_EQ(0, fill(self, 5000));
	ASSERT_EQ(0, pg_set_buffer(self->ctx, 4096));
	EXPECT_EQ(0, dump(self->ctx, self->group, &seen));
	EXPECT_EQ(5000, seen.announced);
	EXPECT_EQ(5000, seen.count);
	EXPECT_TRUE(seen.ordered);
	EXPECT_EQ(0, count_conns(self->ctx, self->group));
	EXPECT_TRUE(wait_until(!counts_of(self->ctx, self->group).leftovers,
			       SOON));
}

static int detach_one(const struct pg_conn *conn, void *arg)
{
	return pg_conn_detach(arg, 0, conn->id, NULL);
}

/* Let every connection of the group be another one. */
static int replace_all(struct pg_ctx *ctx, FIXTURE_DATA(dump) *self)
{
	struct pg_filter filter = {
		.size = sizeof(filter), .group_id = self->group,
	};
	struct pg_ctx *reader;
	int err;

	err = pg_open(&reader);
	if (err)
		return err;
	err = pg_conn_dump(reader, &filter, NULL, detach_one, ctx);
	pg_close(reader);
	if (err)
		return err;
	return attach_fds(ctx, self->group, self->fds, self->n);
}

static void note_leftovers(struct pg_ctx *ctx, struct scene *scene)
{
	struct counts counts = counts_of(ctx, scene->self->group);

	scene->bounded &= counts.leftovers <= counts.leftovers_max;
}

static void stall_one_more(void *arg);

static void read_and_stall(struct scene *scene, unsigned int depth)
{
	struct pg_ctx *ctx;

	if (pg_open(&ctx) || pg_set_buffer(ctx, 4096))
		return;
	scene->readers[depth].seen = (struct seen){
		.stall_at = 100, .stall = stall_one_more, .arg = scene,
	};
	scene->readers[depth].err = dump(ctx, scene->self->group,
					 &scene->readers[depth].seen);
	note_leftovers(ctx, scene);
	pg_close(ctx);
}

static void stall_one_more(void *arg)
{
	struct scene *scene = arg;
	struct pg_ctx *ctx;

	if (pg_open(&ctx))
		return;
	if (!replace_all(ctx, scene->self))
		note_leftovers(ctx, scene);
	pg_close(ctx);
	if (scene->depth < ARRAY_SIZE(scene->readers))
		read_and_stall(scene, scene->depth++);
}

/* Readers that stall pin a bounded number; the oldest of them is told. */
TEST_F_TIMEOUT(dump, stalled_readers_are_bounded, 300)
{
	struct scene scene = { .self = self, .bounded = true, .depth = 1 };
	unsigned int i, cut = 0;

	ASSERT_EQ(0, fill(self, 3000));
	read_and_stall(&scene, 0);
	for (i = 0; i < ARRAY_SIZE(scene.readers); i++) {
		if (scene.readers[i].err) {
			EXPECT_EQ(-ESTALE, scene.readers[i].err);
			/* The oldest ones first. */
			EXPECT_EQ(cut, i);
			cut++;
		} else {
			EXPECT_EQ(3000, scene.readers[i].seen.count);
		}
	}
	EXPECT_LT(0, cut);
	EXPECT_GT(ARRAY_SIZE(scene.readers), cut);
	EXPECT_TRUE(scene.bounded);
	EXPECT_EQ(3000, count_conns(self->ctx, self->group));
	EXPECT_TRUE(wait_until(!counts_of(self->ctx, self->group).leftovers,
			       SOON));
}

struct neighbours {
	FIXTURE_DATA(dump) *self;
	uint32_t other;
	int fds[2000];
	int errors;
};

static void churn_the_other(void *arg)
{
	struct neighbours *neighbours = arg;
	struct scene scene = { .self = neighbours->self };
	struct pg_ctx *ctx;
	int i;

	if (pg_open(&ctx)) {
		neighbours->errors++;
		return;
	}
	close_everything(&scene);
	for (i = 0; i < 20; i++) {
		struct seen seen = {};

		neighbours->errors += dump(ctx, neighbours->other, &seen) ||
				      seen.count != 2000;
		neighbours->errors +=
			counts_of(ctx, neighbours->other).leftovers != 0;
	}
	pg_close(ctx);
}

/* A reader that stalls in one group does not show in another one. */
TEST_F_TIMEOUT(dump, stalled_reader_harms_no_other_group, 120)
{
	struct neighbours neighbours = { .self = self };
	struct seen seen = {
		.stall_at = 10, .stall = churn_the_other, .arg = &neighbours,
	};

	ASSERT_EQ(0, fill(self, 3000));
	ASSERT_EQ(0, add_group(self->ctx, &neighbours.other));
	ASSERT_EQ(0, tcp_pairs(AF_INET, neighbours.fds, 2000));
	ASSERT_EQ(0, attach_fds(self->ctx, neighbours.other, neighbours.fds,
				2000));
	ASSERT_EQ(0, pg_set_buffer(self->ctx, 4096));
	EXPECT_EQ(0, dump(self->ctx, self->group, &seen));
	EXPECT_EQ(3000, seen.count);
	EXPECT_EQ(0, neighbours.errors);
	close_all(neighbours.fds, 2000);
}

static int stop_at_ten(const struct pg_conn *conn, void *arg)
{
	unsigned int *n = arg;

	(void)conn;
	return ++*n == 10 ? -ECANCELED : 0;
}

/* A reader that stops is done, and its context is as good as new. */
TEST_F_TIMEOUT(dump, stop_half_way, 120)
{
	struct pg_filter filter = { .size = sizeof(filter) };
	unsigned int i, n;

	ASSERT_EQ(0, fill(self, 5000));
	for (i = 0; i < 3; i++) {
		n = 0;
		EXPECT_EQ(-ECANCELED, pg_conn_dump(self->ctx, &filter, NULL,
						   stop_at_ten, &n));
		EXPECT_EQ(10, n);
		EXPECT_EQ(5000, count_conns(self->ctx, self->group));
	}
	close_all(self->fds, self->n);
	self->n = 0;
	EXPECT_TRUE(wait_until(!counts_of(self->ctx, self->group).leftovers,
			       SOON));
}

static void tell_and_wait(void *arg)
{
	int *pipe = arg;

	if (write(*pipe, "", 1) == 1)
		pause();
}

/* A reader that is killed leaves nothing behind. */
TEST_F_TIMEOUT(dump, killed_reader, 120)
{
	int tell[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, fill(self, 5000));
	ASSERT_EQ(0, pipe(tell));
	pid = fork();
	if (!pid) {
		struct seen seen = {
			.stall_at = 10, .stall = tell_and_wait,
			.arg = &tell[1],
		};
		struct pg_ctx *ctx;

		_exit(pg_open(&ctx) || dump(ctx, self->group, &seen));
	}
	ASSERT_EQ(1, read(tell[0], &c, 1));
	close_all(self->fds, 1000);
	memmove(self->fds, self->fds + 1000, 4000 * sizeof(*self->fds));
	self->n = 4000;
	/* The child has the sockets, too. */
	EXPECT_EQ(5000, count_conns(self->ctx, self->group));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(4000, count_conns(self->ctx, self->group));
	EXPECT_TRUE(wait_until(!counts_of(self->ctx, self->group).leftovers,
			       SOON));
}

static void delete_group(void *arg)
{
	FIXTURE_DATA(dump) *self = arg;
	struct pg_ctx *ctx;

	if (pg_open(&ctx))
		return;
	pg_group_del(ctx, self->group, NULL);
	pg_close(ctx);
}

/* A deleted group is shown to the end, but holds no socket. */
TEST_F_TIMEOUT(dump, group_deleted_meanwhile, 120)
{
	struct seen own = {
		.stall_at = 10, .stall = delete_group, .arg = self,
	};
	struct seen all = own;
	uint32_t group;

	ASSERT_EQ(0, fill(self, 2000));
	ASSERT_EQ(0, pg_set_buffer(self->ctx, 4096));
	EXPECT_EQ(0, dump(self->ctx, self->group, &own));
	EXPECT_EQ(2000, own.count);
	EXPECT_EQ(-ENOENT, dump(self->ctx, self->group, &own));

	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, attach_fds(self->ctx, self->group, self->fds, 2000));
	EXPECT_EQ(0, dump(self->ctx, 0, &all));
	EXPECT_EQ(2000, all.count);
	EXPECT_EQ(0, count_conns(self->ctx, 0));

	ASSERT_EQ(0, add_group(self->ctx, &group));
	EXPECT_EQ(0, attach_fds(self->ctx, group, self->fds, 2000));
	EXPECT_EQ(2000, count_conns(self->ctx, group));
}

static void delete_the_others(void *arg)
{
	FIXTURE_DATA(dump) *self = arg;
	struct pg_ctx *ctx;
	uint32_t id;

	if (pg_open(&ctx))
		return;
	for (id = self->group + 1; !pg_group_del(ctx, id, NULL); id++)
		;
	pg_close(ctx);
}

/* However much is deleted meanwhile, a reader that is alone is not cut off. */
TEST_F_TIMEOUT(dump, many_groups_deleted_meanwhile, 120)
{
	struct seen seen = {
		.stall_at = 10, .stall = delete_the_others, .arg = self,
	};
	unsigned int i;
	uint32_t id;

	ASSERT_EQ(0, fill(self, 2000));
	for (i = 0; i < 2000; i++)
		ASSERT_EQ(0, add_group(self->ctx, &id));
	ASSERT_EQ(0, pg_set_buffer(self->ctx, 4096));
	EXPECT_EQ(0, dump(self->ctx, 0, &seen));
	EXPECT_EQ(2000, seen.count);
}

#define READERS 1200

/* There may be 1024 open dumps; past that the oldest are cut off. */
TEST_F_TIMEOUT(dump, many_readers, 120)
{
	struct answer answer;
	int fds[READERS];
	unsigned int i;

	ASSERT_EQ(0, fill(self, 2000));
	for (i = 0; i < READERS; i++) {
		fds[i] = request_open();
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(0, request_begin(fds[i],
					   request_new(PEERGROUP_CMD_CONN_GET,
						       NLM_F_DUMP)));
	}
	EXPECT_EQ(-ESTALE, request_end(fds[0], &answer));
	EXPECT_STREQ("reader was too slow and has been cut off",
		     answer.text);
	EXPECT_EQ(0, request_end(fds[READERS - 1], &answer));
	EXPECT_EQ(2000, answer.conns);
	close_all(fds, READERS);
}

static int count_one(const struct pg_conn *conn, void *arg)
{
	(void)conn;
	++*(uint32_t *)arg;
	return 0;
}

static uint32_t count_filtered(struct pg_ctx *ctx, enum pg_type type,
			       int family, const char *remote)
{
	struct pg_addr addr = { .family = family };
	struct pg_filter filter = {
		.size = sizeof(filter), .type = type,
		.remote = remote ? &addr : NULL,
	};
	uint32_t n = 0;

	if (remote)
		inet_pton(family, remote, &addr.ipv4);
	if (pg_conn_dump(ctx, &filter, NULL, count_one, &n))
		return UINT32_MAX;
	return n;
}

TEST_F(dump, filters)
{
	struct pg_attach socks[6];
	int i;

	ASSERT_EQ(0, tcp_pairs(AF_INET, self->fds, 2));
	ASSERT_EQ(0, tcp_pairs(AF_INET6, self->fds + 2, 4));
	self->n = 6;
	for (i = 0; i < 6; i++) {
		socks[i] = attach_spec(self->fds[i]);
		socks[i].type = i < 5 ? PG_TYPE_NEIGHBOR : PG_TYPE_DIRECT;
	}
	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->group, socks, 6, NULL,
				    NULL, NULL));

	EXPECT_EQ(6, count_filtered(self->ctx, PG_TYPE_ANY, 0, NULL));
	EXPECT_EQ(5, count_filtered(self->ctx, PG_TYPE_NEIGHBOR, 0, NULL));
	EXPECT_EQ(1, count_filtered(self->ctx, PG_TYPE_DIRECT, 0, NULL));
	EXPECT_EQ(2, count_filtered(self->ctx, PG_TYPE_ANY, AF_INET,
				    "127.0.0.1"));
	EXPECT_EQ(2, count_filtered(self->ctx, PG_TYPE_ANY, AF_INET6,
				    "::ffff:127.0.0.1"));
	EXPECT_EQ(4, count_filtered(self->ctx, PG_TYPE_ANY, AF_INET6, "::1"));
	EXPECT_EQ(1, count_filtered(self->ctx, PG_TYPE_DIRECT, AF_INET6,
				    "::1"));
	EXPECT_EQ(0, count_filtered(self->ctx, PG_TYPE_DIRECT, AF_INET,
				    "127.0.0.1"));
	EXPECT_EQ(0, count_filtered(self->ctx, PG_TYPE_ANY, AF_INET,
				    "127.0.0.2"));
}

static int count_group(const struct pg_group *group, void *arg)
{
	(void)group;
	++*(unsigned int *)arg;
	return 0;
}

/* Groups too go on where the last message ended. */
TEST_F(dump, many_groups)
{
	unsigned int i, n = 0;
	uint32_t id;

	for (i = 1; i < 500; i++)
		ASSERT_EQ(0, add_group(self->ctx, &id));
	ASSERT_EQ(0, pg_set_buffer(self->ctx, 4096));
	EXPECT_EQ(0, pg_group_list(self->ctx, count_group, &n, NULL));
	EXPECT_EQ(500, n);
}

TEST_HARNESS_MAIN
