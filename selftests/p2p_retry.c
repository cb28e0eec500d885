// SPDX-License-Identifier: GPL-2.0-only
/*
 * PeerGroupEnumConnections() whose dump the module cuts off, since too much of
 * what it shows has died while it was read.
 *
 * The module always keeps what one dump shows. It takes more dumps that show
 * connections which came later and died, too, until the oldest one has to go:
 * the one of the enumeration.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <p2p.h>
#include <peergroup.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sockets.h"
#include <kselftest_harness.h>

/* The least number of dead records that a group may have. */
#define LEFTOVERS_MIN 4096

/* Twice as many are fewer than that, and a little more is more. */
#define PAIRS 1020
#define CONNS (2 * PAIRS)
#define REST (LEFTOVERS_MIN - 2 * CONNS + 10)

static struct {
	struct pg_ctx *ctx;
	uint32_t group;
	struct pair pairs[PAIRS];
	struct pg_attach socks[CONNS];
	uint64_t ids[CONNS];
	unsigned int cuts;	/* dumps still to be cut off */
	unsigned int dumps;	/* of the enumerating thread */
	bool failed;
} test;

/* Of the thread that enumerates: the first part of a dump is on its way. */
static __thread bool enumerating, dump_began;

static void cut_off(void);

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	const struct nlmsghdr *nlh = buf;

	if (enumerating && (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
		test.dumps++;
		dump_began = true;
	}
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t len = syscall(SYS_recvmsg, fd, msg, flags);
	int err = errno;

	if (dump_began && test.cuts) {
		enumerating = false;
		dump_began = false;
		test.cuts--;
		cut_off();
		enumerating = true;
	}
	errno = err;
	return len;
}

static void expect(bool good)
{
	if (good)
		return;
	if (!test.failed)
		ksft_print_msg("%s\n", pg_error(test.ctx));
	test.failed = true;
}

static void attach(unsigned int n)
{
	unsigned int i, portion;

	for (i = 0; i < n; i += portion) {
		portion = n - i < PG_ATTACH_MAX ? n - i : PG_ATTACH_MAX;
		expect(!pg_conn_attach(test.ctx, test.group, test.socks + i,
				       portion, test.ids + i, NULL, NULL));
	}
}

static void detach(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		expect(!pg_conn_detach(test.ctx, test.group, test.ids[i],
				       NULL));
}

/* A reader that began a dump and does not go on until it is told to. */
struct reader {
	pthread_t thread;
	sem_t began;
	sem_t go_on;
};

static int stall(uint64_t generation, uint32_t count, void *arg)
{
	struct reader *reader = arg;

	sem_post(&reader->began);
	sem_wait(&reader->go_on);
	return 0;
}

static void *read_slowly(void *arg)
{
	const struct pg_filter filter = {
		.size = sizeof(filter), .group_id = test.group,
	};
	struct pg_ctx *ctx;
	int err;

	expect(!pg_open(&ctx) && !pg_set_buffer(ctx, 4096));
	err = pg_conn_dump(ctx, &filter, stall, NULL, arg);
	expect(!err || err == -ESTALE);
	pg_close(ctx);
	return NULL;
}

static void reader_start(struct reader *reader)
{
	sem_init(&reader->began, 0, 0);
	sem_init(&reader->go_on, 0, 0);
	expect(!pthread_create(&reader->thread, NULL, read_slowly, reader));
	sem_wait(&reader->began);
}

static void reader_end(struct reader *reader)
{
	sem_post(&reader->go_on);
	pthread_join(reader->thread, NULL);
}

static int store_leftovers(const struct pg_group *group, void *arg)
{
	uint32_t *leftovers = arg;

	*leftovers = group->leftovers;
	return 0;
}

/* The module frees what only the oldest dump needed. */
static void wait_for_cut(void)
{
	uint32_t leftovers = LEFTOVERS_MIN;
	unsigned int i;

	for (i = 0; leftovers > LEFTOVERS_MIN - CONNS / 2 && i < 1000; i++) {
		usleep(10000);
		expect(!pg_group_get(test.ctx, test.group, store_leftovers,
				     &leftovers));
	}
	expect(i < 1000);
}

static void cut_off(void)
{
	struct reader readers[2];

	detach(CONNS);
	attach(CONNS);
	reader_start(&readers[0]);
	detach(CONNS);
	attach(CONNS);
	reader_start(&readers[1]);
	detach(REST);
	wait_for_cut();
	attach(REST);
	reader_end(&readers[0]);
	reader_end(&readers[1]);
}

FIXTURE(retry) {
	HGROUP group;
	HPEERENUM peer_enum;
};

FIXTURE_SETUP(retry)
{
	const struct pg_group_spec spec = { sizeof(spec), .name = "test" };
	PEER_VERSION_DATA version;
	unsigned int i;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_TRUE(own_netns());
	if (pg_open(&test.ctx) == -ENODEV)
		SKIP(return, "the module is not loaded");
	ASSERT_EQ(0, pg_group_add(test.ctx, &spec, &test.group, NULL));
	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"test", NULL, &self->group));

	ASSERT_TRUE(allow_fds(CONNS + 100));
	ASSERT_TRUE(pairs_open(PAIR_IPV4, test.pairs, PAIRS));
	for (i = 0; i < CONNS; i++) {
		test.socks[i].size = sizeof(test.socks[i]);
		test.socks[i].fd = i % 2 ? test.pairs[i / 2].client :
					   test.pairs[i / 2].server;
	}
	attach(CONNS);
	ASSERT_FALSE(test.failed);
}

FIXTURE_TEARDOWN(retry)
{
	pg_close(test.ctx);
}

static HRESULT enumerate(struct _test_data_retry *self, unsigned int cuts)
{
	HRESULT hr;

	test.cuts = cuts;
	test.dumps = 0;
	enumerating = true;
	hr = PeerGroupEnumConnections(self->group, 0, &self->peer_enum);
	enumerating = false;
	return hr;
}

static void check_count(struct __test_metadata *_metadata,
			struct _test_data_retry *self)
{
	ULONG count = 0;

	EXPECT_EQ(S_OK, PeerGetItemCount(self->peer_enum, &count));
	EXPECT_EQ(CONNS, count);
	EXPECT_EQ(S_OK, PeerEndEnumeration(self->peer_enum));
}

TEST_F_TIMEOUT(retry, nobody_notices_one, 120)
{
	ASSERT_EQ(S_OK, enumerate(self, 1));
	EXPECT_EQ(2, test.dumps);
	EXPECT_FALSE(test.failed);
	check_count(_metadata, self);
}

TEST_F_TIMEOUT(retry, not_for_ever, 300)
{
	self->peer_enum = self;
	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_RETRY), enumerate(self, 100));
	EXPECT_EQ(NULL, self->peer_enum);
	EXPECT_EQ(8, test.dumps);
	EXPECT_FALSE(test.failed);

	/* The next one is as good as ever. */
	ASSERT_EQ(S_OK, enumerate(self, 0));
	EXPECT_EQ(1, test.dumps);
	check_count(_metadata, self);
}

TEST_HARNESS_MAIN
