// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory: what the kernel needs for a connection, and that it follows what is
 * alive. The guest boots with slab_nomerge, else the cache is shared with
 * others and the figures mean nothing.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "util.h"

#define CONNS		50000
#define TURNOVER	20
#define BYTES_MAX	256

/* Bytes of the slabs of a cache, 0 if there is none of its own. */
static unsigned long slab_bytes(const char *cache)
{
	unsigned long objects, per_slab, pages, slabs, bytes = 0;
	char line[512], name[64];
	FILE *info;

	info = fopen("/proc/slabinfo", "r");
	if (!info)
		return 0;
	while (fgets(line, sizeof(line), info))
		if (sscanf(line, "%63s %*u %lu %*u %lu %lu : tunables %*u %*u %*u : slabdata %*u %lu",
			   name, &objects, &per_slab, &pages, &slabs) == 5 &&
		    !strcmp(name, cache))
			/* Each object of a charged slab has a pointer to its cgroup. */
			bytes = slabs * pages * sysconf(_SC_PAGESIZE) +
				objects * sizeof(void *);
	fclose(info);
	return bytes;
}

/* One pointer a bucket, in the index by socket and in that by id. */
static unsigned long index_bytes(void)
{
	unsigned long buckets = 0;

	read_number(PARAMETERS "hashsize", &buckets);
	return 2 * buckets * sizeof(void *);
}

#define BATCH	200
#define BATCHES	(CONNS / BATCH)

FIXTURE(memory)
{
	struct pg_ctx *ctx;
	int fds[CONNS];
	/* Each batch has a group of its own. */
	uint32_t groups[BATCHES];
	uint64_t ids[CONNS];
};

static int attach_batch(FIXTURE_DATA(memory) *self, size_t batch)
{
	struct pg_attach socks[BATCH];
	size_t i;

	for (i = 0; i < BATCH; i++)
		socks[i] = attach_spec(self->fds[batch * BATCH + i]);
	return pg_conn_attach(self->ctx, self->groups[batch], socks, BATCH,
			      self->ids + batch * BATCH, NULL, NULL);
}

FIXTURE_SETUP(memory)
{
	size_t i;

	ASSERT_EQ(0, allow_fds(CONNS));
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, tcp_pairs(AF_INET6, self->fds, CONNS));
	for (i = 0; i < BATCHES; i++) {
		ASSERT_EQ(0, add_group(self->ctx, &self->groups[i]));
		ASSERT_EQ(0, attach_batch(self, i));
	}
	if (!slab_bytes("pg_conn"))
		SKIP(return, "no slab cache of its own: boot with slab_nomerge");
}

FIXTURE_TEARDOWN(memory)
{
	close_all(self->fds, CONNS);
	pg_close(self->ctx);
}

static unsigned long bytes_per_conn(void)
{
	return (slab_bytes("pg_conn") + index_bytes()) / CONNS;
}

static int detach_batch(FIXTURE_DATA(memory) *self, size_t batch)
{
	int err = 0;
	size_t i;

	for (i = 0; i < BATCH && !err; i++)
		err = pg_conn_detach(self->ctx, 0, self->ids[batch * BATCH + i],
				     NULL);
	return err;
}

static int delete_batch(FIXTURE_DATA(memory) *self, size_t batch)
{
	int err = pg_group_del(self->ctx, self->groups[batch], NULL);

	return err ? err : add_group(self->ctx, &self->groups[batch]);
}

/* Some connections go one by one, most with their group. */
static int turn_over(FIXTURE_DATA(memory) *self)
{
	size_t batch = rand() % BATCHES;
	int err;

	err = rand() % 4 ? delete_batch(self, batch) :
			   detach_batch(self, batch);
	return err ? err : attach_batch(self, batch);
}

TEST_F_TIMEOUT(memory, follows_what_is_alive, 600)
{
	unsigned long before = bytes_per_conn(), after;
	unsigned int i;

	TH_LOG("%lu bytes a connection", before);
	EXPECT_GE(BYTES_MAX, before);
	EXPECT_LT(100, before);

	for (i = 0; i < TURNOVER * BATCHES; i++)
		ASSERT_EQ(0, turn_over(self));
	EXPECT_EQ(CONNS, count_conns(self->ctx, 0));
	after = bytes_per_conn();
	TH_LOG("%lu bytes after %u times as many have come and gone", after,
	       TURNOVER);
	EXPECT_GE(before * 5 / 4, after);
}

TEST_HARNESS_MAIN
