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

FIXTURE(memory)
{
	struct pg_ctx *ctx;
	uint32_t group;
	int fds[CONNS];
	uint64_t ids[CONNS];
};

static int attach_some(FIXTURE_DATA(memory) *self, size_t first, size_t n)
{
	struct pg_attach socks[PG_ATTACH_MAX];
	size_t i;

	for (i = 0; i < n; i++)
		socks[i] = attach_spec(self->fds[first + i]);
	return pg_conn_attach(self->ctx, self->group, socks, n,
			      self->ids + first, NULL, NULL);
}

static size_t batch(size_t first)
{
	return CONNS - first < PG_ATTACH_MAX ? CONNS - first : PG_ATTACH_MAX;
}

FIXTURE_SETUP(memory)
{
	size_t i;

	if (!slab_bytes("pg_conn"))
		SKIP(return, "no slab cache of its own: boot with slab_nomerge");
	ASSERT_EQ(0, allow_fds(CONNS));
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, tcp_pairs(AF_INET6, self->fds, CONNS));
	for (i = 0; i < CONNS; i += batch(i))
		ASSERT_EQ(0, attach_some(self, i, batch(i)));
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

/* Detach a batch in any order and attach it again. */
static int turn_over(FIXTURE_DATA(memory) *self, size_t first, size_t n)
{
	size_t i;
	int err;

	for (i = 0; i < n; i++) {
		err = pg_conn_detach(self->ctx, 0, self->ids[first + i], NULL);
		if (err)
			return err;
	}
	return attach_some(self, first, n);
}

TEST_F_TIMEOUT(memory, follows_what_is_alive, 600)
{
	unsigned long before = bytes_per_conn(), after;
	size_t done, first;

	TH_LOG("%lu bytes a connection", before);
	EXPECT_GE(BYTES_MAX, before);
	EXPECT_LT(100, before);

	for (done = 0; done < TURNOVER * CONNS; done += batch(first)) {
		first = rand() % (CONNS / PG_ATTACH_MAX) * PG_ATTACH_MAX;
		ASSERT_EQ(0, turn_over(self, first, batch(first)));
	}
	EXPECT_EQ(CONNS, count_conns(self->ctx, self->group));
	after = bytes_per_conn();
	TH_LOG("%lu bytes after %u times as many have come and gone", after,
	       TURNOVER);
	EXPECT_GE(before * 5 / 4, after);
}

TEST_HARNESS_MAIN
