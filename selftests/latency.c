// SPDX-License-Identifier: GPL-2.0-only
/*
 * How soon an event comes: from close() at the other end until it is delivered,
 * compared with a read() that returns the end of the file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "util.h"

#define ROUNDS 100
#define TIMES_MAX 3

/*
 * Other work on the machine strikes whoever has more processes to wake. It
 * comes and goes, while what the module itself costs is there at each attempt.
 */
#define ATTEMPTS 6

/* Long enough for whoever waits to have gone to sleep. */
#define PAUSE_US 3000

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/*
 * A process that waits for the ends of connections. It has one of a pair of
 * sockets, by which it gets jobs and returns times.
 */
struct waiter {
	pid_t pid;
	int via;
};

static uint64_t wait_for_eof(int fd)
{
	char byte;

	return read(fd, &byte, 1) == 0 ? now_ns() : 0;
}

static uint64_t wait_for_event(struct pg_sub *sub, uint64_t id)
{
	struct pollfd ready = { .fd = pg_sub_fd(sub), .events = POLLIN };
	const struct pg_event *event;
	int ret;

	for (;;) {
		while ((ret = pg_sub_next(sub, &event)) > 0)
			if (event->type == PG_EVENT_CONN_GONE &&
			    event->conn->id == id)
				return now_ns();
		if (ret < 0 || poll(&ready, 1, -1) < 0)
			return 0;
	}
}

static void read_ends(int via, const int *fds)
{
	uint64_t round, end;

	while (read(via, &round, sizeof(round)) == sizeof(round)) {
		end = wait_for_eof(fds[2 * round]);
		if (write(via, &end, sizeof(end)) != sizeof(end))
			break;
	}
	_exit(1);
}

static void hear_ends(int via)
{
	struct pg_sub *sub;
	uint64_t id, end = 0;

	if (pg_sub_open(&sub, 1 << 20) ||
	    write(via, &end, sizeof(end)) != sizeof(end))
		_exit(1);
	while (read(via, &id, sizeof(id)) == sizeof(id)) {
		end = wait_for_event(sub, id);
		if (write(via, &end, sizeof(end)) != sizeof(end))
			break;
	}
	_exit(1);
}

FIXTURE(latency) {
	struct pg_ctx *ctx;
	uint32_t group;
	int fds[4 * ROUNDS];	/* near and far ends */
	struct waiter reader;
	struct waiter hearer;
	uint64_t read_ns[ROUNDS];
	uint64_t event_ns[ROUNDS];
};

/* A socket to a new process; in that, 0 with its own end in @via. */
static pid_t fork_waiter(struct waiter *waiter, int *via)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return -1;
	waiter->via = ends[0];
	waiter->pid = fork();
	*via = ends[1];
	close(waiter->pid ? ends[1] : ends[0]);
	if (!waiter->pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return waiter->pid;
}

static pid_t start_hearer(FIXTURE_DATA(latency) *self)
{
	int via;
	pid_t pid = fork_waiter(&self->hearer, &via);

	if (!pid)
		hear_ends(via);
	return pid;
}

/* It inherits the sockets; those that are to be closed it must not keep. */
static pid_t start_reader(FIXTURE_DATA(latency) *self)
{
	int via, i;
	pid_t pid = fork_waiter(&self->reader, &via);

	if (pid)
		return pid;
	for (i = 1; i < 4 * ROUNDS; i += 2)
		close(self->fds[i]);
	read_ends(via, self->fds);
	return 0;
}

static void end_waiter(struct waiter *waiter)
{
	kill(waiter->pid, SIGKILL);
	waitpid(waiter->pid, NULL, 0);
	close(waiter->via);
}

FIXTURE_SETUP(latency)
{
	uint64_t ready;

	ASSERT_EQ(0, allow_fds(4 * ROUNDS));
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_LT(0, start_hearer(self));
	ASSERT_EQ(8, read(self->hearer.via, &ready, sizeof(ready)));
}

FIXTURE_TEARDOWN(latency)
{
	end_waiter(&self->hearer);
	pg_close(self->ctx);
}

/* How long it takes until the waiter knows of the close. */
static uint64_t measure(struct waiter *waiter, uint64_t job, int far)
{
	uint64_t begin, end = 0;

	if (write(waiter->via, &job, sizeof(job)) != sizeof(job))
		return 0;
	usleep(PAUSE_US);
	begin = now_ns();
	close(far);
	if (read(waiter->via, &end, sizeof(end)) != sizeof(end) || !end)
		return 0;
	return end - begin;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static uint64_t median(uint64_t *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static int measure_all(FIXTURE_DATA(latency) *self)
{
	const int *fds = self->fds;
	uint64_t id;
	int i;

	for (i = 0; i < ROUNDS; i++, fds += 4) {
		self->read_ns[i] = measure(&self->reader, 2 * i, fds[1]);
		if (attach(self->ctx, self->group, fds[2], &id))
			return -EINVAL;
		self->event_ns[i] = measure(&self->hearer, id, fds[3]);
		close(fds[0]);
		close(fds[2]);
		if (!self->read_ns[i] || !self->event_ns[i])
			return -EIO;
	}
	return 0;
}

static int attempt(FIXTURE_DATA(latency) *self)
{
	int err = tcp_pairs(AF_INET, self->fds, 4 * ROUNDS);

	if (err)
		return err;
	if (start_reader(self) < 0)
		return -EAGAIN;
	err = measure_all(self);
	end_waiter(&self->reader);
	return err;
}

TEST_F_TIMEOUT(latency, of_events, 60)
{
	uint64_t read_ns, event_ns;
	int i = 0;

	do {
		ASSERT_EQ(0, attempt(self));
		read_ns = median(self->read_ns);
		event_ns = median(self->event_ns);
		TH_LOG("median of %d: end of file %lu us, event %lu us",
		       ROUNDS, read_ns / 1000, event_ns / 1000);
		TH_LOG("1st to 9th tenth: %lu to %lu us, %lu to %lu us",
		       self->read_ns[ROUNDS / 10] / 1000,
		       self->read_ns[ROUNDS * 9 / 10] / 1000,
		       self->event_ns[ROUNDS / 10] / 1000,
		       self->event_ns[ROUNDS * 9 / 10] / 1000);
	} while (event_ns >= TIMES_MAX * read_ns && ++i < ATTEMPTS);
	EXPECT_GT(TIMES_MAX * read_ns, event_ns);
}

TEST_HARNESS_MAIN
