// SPDX-License-Identifier: GPL-2.0-only
/*
 * Turnover: short connections to a port that a rule is for, many a second. Each
 * is told of twice, when it comes and when it goes, and nothing is left.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "connecting.h"
#include "follow.h"
#include "util.h"

#define RATE	2000	/* connections a second, if the machine can */
#define SECONDS	5	/* unless PG_TURNOVER_SECONDS says otherwise */

/* A connection, as it was made or told of. */
struct one {
	uint64_t id;
	uint64_t cookie;
	uint64_t generation;
};

/* Shared with the process that makes them. */
struct made {
	int error;
	uint64_t ms;	/* that it took */
	uint64_t ended[N_REASONS];
	size_t n;
	struct one conns[];
};

/* What events tell, in their order. */
struct told {
	uint64_t generation;
	uint32_t last_group;
	size_t n_new;
	size_t n_gone;
	struct one *new;
	struct one *gone;
};

FIXTURE(turnover) {
	struct pg_ctx *ctx;
	struct pg_sub *sub;
	uint32_t group;
	int listener;
	size_t goal;
	struct made *made;
	struct told told;
};

static size_t goal(void)
{
	const char *seconds = getenv("PG_TURNOVER_SECONDS");

	return RATE * (seconds ? strtoul(seconds, NULL, 10) : SECONDS);
}

FIXTURE_SETUP(turnover)
{
	struct pg_rule_spec rule = { .size = sizeof(rule) };

	ASSERT_EQ(0, own_netns());
	/* Or all ports would be used up. */
	ASSERT_EQ(0, write_number("/proc/sys/net/ipv4/tcp_max_tw_buckets",
				  1000));
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	self->listener = tcp_listen(AF_INET6);
	ASSERT_LE(0, self->listener);
	rule.group_id = self->group;
	rule.local_port_min = port_of(self->listener);
	ASSERT_EQ(0, pg_rule_add(self->ctx, &rule, NULL,
				 &self->told.generation));
	ASSERT_EQ(0, pg_sub_open(&self->sub, 64 << 20));

	self->goal = goal();
	self->told.new = calloc(self->goal, sizeof(struct one));
	self->told.gone = calloc(self->goal, sizeof(struct one));
	ASSERT_TRUE(self->told.new && self->told.gone);
	self->made = mmap(NULL, sizeof(*self->made) +
			  self->goal * sizeof(struct one),
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	ASSERT_NE(MAP_FAILED, self->made);
}

FIXTURE_TEARDOWN(turnover)
{
	free(self->told.new);
	free(self->told.gone);
	pg_sub_close(self->sub);
	pg_close(self->ctx);
}

/* One end closes, and the other one when it has learnt of that. */
static void end(int first, int second, bool reset)
{
	char byte;

	if (reset)
		reset_on_close(first);
	close(first);
	if (read(second, &byte, 1) <= 0)
		close(second);
}

/* In one of the ways that there are; why, as the accepted end knows it. */
static enum pg_reason end_somehow(int connected, int accepted, size_t way)
{
	switch (way % 4) {
	case 0:
		end(connected, accepted, false);
		return PG_REASON_PEER_CLOSED;
	case 1:
		end(connected, accepted, true);
		return PG_REASON_RESET;
	case 2:
		end(accepted, connected, false);
		return PG_REASON_CLOSED;
	default:
		end(accepted, connected, true);
		return PG_REASON_ABORTED;
	}
}

static int make_one(struct made *made, int listener)
{
	socklen_t len = sizeof(made->conns[0].cookie);
	int connected, accepted;

	connected = tcp_connect(listener);
	if (connected < 0)
		return connected;
	accepted = tcp_accept(listener);
	if (accepted < 0)
		return accepted;
	if (getsockopt(accepted, SOL_SOCKET, SO_COOKIE,
		       &made->conns[made->n].cookie, &len))
		return -errno;
	made->ended[end_somehow(connected, accepted, made->n++)]++;
	return 0;
}

static void make_all(struct made *made, int listener, size_t n)
{
	uint64_t begin = now_ms();

	while (!made->error && made->n < n) {
		if (now_ms() >= begin + made->n * 1000 / RATE)
			made->error = make_one(made, listener);
		else
			usleep(500);
	}
	made->ms = now_ms() - begin;
}

static pid_t start_maker(FIXTURE_DATA(turnover) *self)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	make_all(self->made, self->listener, self->goal);
	_exit(!!self->made->error);
}

static int note(struct one *list, size_t *n, size_t max,
		const struct pg_event *event)
{
	if (*n == max)
		return -E2BIG;
	list[*n].id = event->conn->id;
	list[*n].cookie = event->conn->cookie;
	list[(*n)++].generation = event->generation;
	return 0;
}

static int take_event(FIXTURE_DATA(turnover) *self,
		      const struct pg_event *event)
{
	struct told *told = &self->told;

	if (event->generation != ++told->generation)
		return -ENOBUFS;
	switch (event->type) {
	case PG_EVENT_CONN_NEW:
		return note(told->new, &told->n_new, self->goal, event);
	case PG_EVENT_CONN_GONE:
		return note(told->gone, &told->n_gone, self->goal, event);
	case PG_EVENT_GROUP_NEW:
		told->last_group = event->group->id;
		return 0;
	default:
		return -EILSEQ;
	}
}

static int take_events(FIXTURE_DATA(turnover) *self)
{
	struct pollfd ready = {
		.fd = pg_sub_fd(self->sub), .events = POLLIN,
	};
	const struct pg_event *event;
	int ret;

	while ((ret = pg_sub_next(self->sub, &event)) > 0) {
		ret = take_event(self, event);
		if (ret)
			return ret;
	}
	if (!ret)
		poll(&ready, 1, 100);
	return ret;
}

/* Until all are made and have ended, and all is told. */
static int follow(FIXTURE_DATA(turnover) *self, pid_t maker)
{
	uint32_t last;
	int err, status;

	do {
		err = take_events(self);
	} while (!err && !waitpid(maker, &status, WNOHANG));
	if (!err)
		err = self->made->error;
	if (!err)
		err = add_group(self->ctx, &last);
	while (!err && self->told.last_group != last)
		err = take_events(self);
	return err;
}

static int by_id(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int by_cookie(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	return (x->cookie > y->cookie) - (x->cookie < y->cookie);
}

/* Each once in either list, first new and then gone. */
static bool are_pairs(struct told *told)
{
	const struct one *new = told->new, *gone = told->gone;
	size_t i;

	qsort(told->new, told->n_new, sizeof(*new), by_id);
	qsort(told->gone, told->n_gone, sizeof(*gone), by_id);
	for (i = 0; i < told->n_new; i++)
		if (new[i].id != gone[i].id ||
		    new[i].cookie != gone[i].cookie ||
		    new[i].generation >= gone[i].generation ||
		    (i && new[i].id == new[i - 1].id))
			return false;
	return told->n_new == told->n_gone;
}

/* Each was made, and none is told of as two. */
static bool were_made(struct told *told, struct made *made)
{
	const struct one *new = told->new;
	size_t i, j = 0;

	qsort(told->new, told->n_new, sizeof(*new), by_cookie);
	qsort(made->conns, made->n, sizeof(*new), by_cookie);
	for (i = 0; i < told->n_new; i++, j++) {
		while (j < made->n && made->conns[j].cookie < new[i].cookie)
			j++;
		if (j == made->n || made->conns[j].cookie != new[i].cookie)
			return false;
	}
	return true;
}

static int take_missed(const struct pg_group *group, void *arg)
{
	*(uint64_t *)arg = group->missed;
	return group->missed_lost || group->refused ? -EILSEQ : 0;
}

static uint64_t sum(const uint64_t *lost)
{
	uint64_t total = 0;
	int i;

	for (i = 0; i < N_REASONS; i++)
		total += lost[i];
	return total;
}

TEST_F_TIMEOUT(turnover, of_short_connections, 600)
{
	struct made *made = self->made;
	struct told *told = &self->told;
	struct totals totals;
	uint64_t missed;
	pid_t maker;

	maker = start_maker(self);
	ASSERT_LT(0, maker);
	ASSERT_EQ(0, follow(self, maker));
	ASSERT_EQ(0, pg_group_get(self->ctx, self->group, take_missed,
				  &missed));
	TH_LOG("%zu connections, %lu a second, %lu of them not at once",
	       made->n, made->n * 1000 / made->ms, missed);

	EXPECT_EQ(self->goal, made->n);
	EXPECT_TRUE(are_pairs(told));
	EXPECT_TRUE(were_made(told, made));
	/* Some of those that were missed ended before a scan took them in. */
	EXPECT_LE(made->n - missed, told->n_new);

	EXPECT_EQ(0, count_conns(self->ctx, self->group));
	ASSERT_EQ(0, get_totals(self->ctx, self->group, &totals));
	EXPECT_EQ(0, totals.active);
	EXPECT_EQ(0, totals.pending);
	EXPECT_EQ(told->n_new, totals.gained);
	EXPECT_EQ(told->n_new, sum(totals.lost));
	if (!missed)
		EXPECT_EQ(0, memcmp(made->ended, totals.lost,
				    sizeof(made->ended)));
}

TEST_HARNESS_MAIN
