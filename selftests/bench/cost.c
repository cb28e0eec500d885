// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module costs those who do not use it: instructions of a cycle
 * (connect, accept, close both ends) of a connection that nobody tracks, with
 * the module and without; and those of one that a rule wants.
 *
 * In the guest an instruction takes one nanosecond (vm/run -i), and its only CPU
 * is never idle while the clock runs. So the clock tells all that ran, whoever
 * it was: softirqs, the worker, what RCU calls to free. Much of that comes only
 * after the cycles, and what still waits would be missing, or come with the next
 * ones. Hence the CPU is kept busy after them until nothing waits any longer,
 * and what that costs by itself is subtracted.
 *
 * Each round is one of every case, the module being loaded and unloaded in it:
 * what changes in the kernel in the course of time strikes all cases alike.
 * The other connections exist in all of them, so that the kernel's own tables
 * are equally full.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../util.h"
#include "kselftest.h"

/* Either end of a connection is one. */
#define OTHERS	10000
#define BATCH	200

#define ROUNDS	7
#define CYCLES	1000
#define WARM_UP	100

/* About 50 ms: several grace periods of RCU, and ticks between. */
#define SPINS	25000000

/*
 * Until the sockets of the case before have left TIME_WAIT, which timers do up
 * to 4 s late. The time of an idle guest costs nothing.
 */
#define PAUSE_S	70

/* Per cent of a cycle without the module. */
#define MAX_UNTRACKED	1.0
#define MAX_ADOPTED	6.0

#define RULES		1000
/* Ports of rules, none of which is that of any connection. */
#define RULES_FROM	1024
#define RULES_STEP	8

/*
 * Ports of the others and of the cycles: one that is taken would cost whoever
 * looks for a free one.
 */
#define PORTS_OTHERS	"10000 32767"
#define PORTS_CYCLES	"32768 60999"

enum {
	ABSENT,
	NO_RULE,
	ONE_RULE,
	MANY_RULES,
	ADOPTED,
	ATTACHED,
	CASES,
};

static const struct {
	const char *name;
	double max;	/* per cent more than without the module, 0: any */
} cases[CASES] = {
	[ABSENT] = { "module absent", 0 },
	[NO_RULE] = { "no rule", MAX_UNTRACKED },
	[ONE_RULE] = { "1 rule", MAX_UNTRACKED },
	[MANY_RULES] = { "1000 rules", MAX_UNTRACKED },
	[ADOPTED] = { "adopted by a rule", MAX_ADOPTED },
	[ATTACHED] = { "attached after accept", 0 },
};

struct bench {
	struct pg_ctx *ctx;
	uint32_t group;
	int others[OTHERS];
	int listener;
	struct sockaddr_in addr;
	uint64_t insns[CASES][ROUNDS];
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* The end that connected closes first: it goes to TIME_WAIT. */
static int cycle(const struct bench *bench, bool attached)
{
	int near, far, err = 0;

	near = socket(AF_INET, SOCK_STREAM, 0);
	if (near < 0 || connect(near, (struct sockaddr *)&bench->addr,
				sizeof(bench->addr)))
		return -errno;
	far = accept(bench->listener, NULL, NULL);
	if (far < 0)
		return -errno;
	if (attached)
		err = attach(bench->ctx, bench->group, far, NULL);
	close(near);
	close(far);
	return err;
}

static int cycles(const struct bench *bench, int n, bool attached)
{
	int err = 0;

	while (n-- > 0 && !err)
		err = cycle(bench, attached);
	return err;
}

static void spin(void)
{
	int i;

	for (i = 0; i < SPINS; i++)
		asm volatile("");
}

static int measure(struct bench *bench, int round, int which)
{
	bool attached = which == ATTACHED;
	uint64_t begin, quiet;
	int err;

	sleep(PAUSE_S);
	err = cycles(bench, WARM_UP, attached);
	if (err)
		return err;
	spin();

	begin = now_ns();
	spin();
	quiet = now_ns() - begin;

	begin = now_ns();
	err = cycles(bench, CYCLES, attached);
	spin();
	bench->insns[which][round] = (now_ns() - begin - quiet) / CYCLES;
	return err;
}

static int use_ports(const char *range)
{
	return run("echo %s > /proc/sys/net/ipv4/ip_local_port_range", range);
}

static int set_up(struct bench *bench)
{
	socklen_t len = sizeof(bench->addr);
	int err;

	err = allow_fds(OTHERS);
	if (!err)
		err = own_netns();
	if (!err)
		err = use_ports(PORTS_OTHERS);
	if (!err)
		err = tcp_pairs(AF_INET, bench->others, OTHERS);
	if (!err)
		err = use_ports(PORTS_CYCLES);
	if (err)
		return err;
	bench->listener = tcp_listen(AF_INET);
	if (bench->listener < 0)
		return bench->listener;
	return getsockname(bench->listener, (struct sockaddr *)&bench->addr,
			   &len) ? -errno : 0;
}

static int attach_batch(const struct bench *bench, const int *fds)
{
	struct pg_attach socks[BATCH];
	size_t i;

	for (i = 0; i < BATCH; i++)
		socks[i] = attach_spec(fds[i]);
	return pg_conn_attach(bench->ctx, bench->group, socks, BATCH, NULL,
			      NULL, NULL);
}

static int track_others(struct bench *bench)
{
	size_t i;
	int err;

	err = pg_open(&bench->ctx);
	if (err)
		return err;
	err = add_group(bench->ctx, &bench->group);
	for (i = 0; i < OTHERS && !err; i += BATCH)
		err = attach_batch(bench, bench->others + i);
	return err;
}

/* The one that vm/run would load. */
static int load(void)
{
	return run("insmod build/kmod/$(uname -r)/peergroup.ko");
}

static int add_rule(const struct bench *bench, uint16_t port)
{
	const struct pg_rule_spec spec = {
		.size = sizeof(spec), .group_id = bench->group,
		.local_port_min = port,
	};

	return pg_rule_add(bench->ctx, &spec, NULL, NULL);
}

static int add_rules(const struct bench *bench, int from, int n)
{
	int i, err = 0;

	for (i = from; i < n && !err; i++)
		err = add_rule(bench, RULES_FROM + i * RULES_STEP);
	return err;
}

static int measure_rules(struct bench *bench, int round)
{
	int err;

	err = add_rules(bench, 0, 1);
	if (!err)
		err = measure(bench, round, ONE_RULE);
	if (!err)
		err = add_rules(bench, 1, RULES);
	if (!err)
		err = measure(bench, round, MANY_RULES);
	if (!err)
		err = add_rule(bench, ntohs(bench->addr.sin_port));
	if (!err)
		err = measure(bench, round, ADOPTED);
	return err;
}

static int check_group(const struct pg_group *group, void *arg)
{
	(void)arg;
	return group->gained == OTHERS + 2 * (WARM_UP + CYCLES) &&
	       group->active_neighbor == OTHERS ? 0 : -EPROTO;
}

static int measure_loaded(struct bench *bench, int round)
{
	int err;

	err = track_others(bench);
	if (!err)
		err = measure(bench, round, NO_RULE);
	if (!err)
		err = measure(bench, round, ATTACHED);
	if (!err)
		err = measure_rules(bench, round);
	/* What was to be tracked was, and nothing else. */
	if (!err)
		err = pg_group_get(bench->ctx, bench->group, check_group, NULL);
	pg_close(bench->ctx);
	return err;
}

static int measure_round(struct bench *bench, int round)
{
	int err;

	err = measure(bench, round, ABSENT);
	if (!err)
		err = load();
	if (!err)
		err = measure_loaded(bench, round);
	if (!err)
		err = run("rmmod peergroup");
	return err;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The medians are in the middle then. */
static void sort(struct bench *bench)
{
	int i;

	for (i = 0; i < CASES; i++)
		qsort(bench->insns[i], ROUNDS, sizeof(uint64_t), compare);
}

static double per_cent_more(const struct bench *bench, int which)
{
	return 100.0 * bench->insns[which][ROUNDS / 2] /
	       bench->insns[ABSENT][ROUNDS / 2] - 100;
}

static void print_table(const struct bench *bench)
{
	const uint64_t *insns;
	int i;

	ksft_print_msg("Instructions of a cycle, %d rounds of %d, %d tracked\n",
		       ROUNDS, CYCLES, OTHERS);
	ksft_print_msg("%-22s %7s %7s %7s\n", "", "least", "median", "most");
	for (i = 0; i < CASES; i++) {
		insns = bench->insns[i];
		ksft_print_msg("%-22s %7lu %7lu %7lu  %+.2f %%\n",
			       cases[i].name, insns[0], insns[ROUNDS / 2],
			       insns[ROUNDS - 1], per_cent_more(bench, i));
	}
}

static void report(const struct bench *bench)
{
	int i;

	for (i = 0; i < CASES; i++)
		if (cases[i].max)
			ksft_test_result(per_cent_more(bench, i) <=
					 cases[i].max,
					 "%s: at most %g %% more\n",
					 cases[i].name, cases[i].max);
}

int main(void)
{
	static struct bench bench;
	const char *icount = getenv("PG_ICOUNT");
	int round, err;

	ksft_print_header();
	if (!icount || strcmp(icount, "yes"))
		ksft_exit_skip("instructions are counted by vm/run -i only\n");
	if (!access(PARAMETERS, F_OK))
		ksft_exit_skip("the module is loaded already: vm/run -n\n");

	ksft_set_plan(4);
	err = set_up(&bench);
	for (round = 0; round < ROUNDS && !err; round++)
		err = measure_round(&bench, round);
	if (err)
		ksft_exit_fail_msg("round %d: %s\n", round, strerror(-err));

	sort(&bench);
	print_table(&bench);
	report(&bench);
	ksft_finished();
}
