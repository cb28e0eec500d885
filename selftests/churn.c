// SPDX-License-Identifier: GPL-2.0-only
/* Processes that change connections, groups and rules as fast as they can. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "churn.h"
#include "connecting.h"
#include "util.h"

#define SLOTS 256

/* The priority of packets that loopback delays, so that sockets connect. */
#define SLOW 6

/* Both ends of a connection, or the one that connects. */
struct slot {
	int socks[2];
	uint64_t ids[2];
	unsigned int n;		/* of them attached */
};

struct churner {
	const struct churn_groups *groups;
	struct pg_ctx *ctx;
	unsigned int seed;
	int listener;
	int slow_listener;
	struct slot slots[SLOTS];
};

int churn_slow_down(void)
{
	return run("tc qdisc replace dev lo root handle 1: prio bands 2 "
		   "priomap 0 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 && "
		   "tc qdisc add dev lo parent 1:2 netem delay 5ms");
}

static unsigned int below(unsigned int *seed, unsigned int n)
{
	return rand_r(seed) % n;
}

/* It may be gone by now. */
static void attach_slot(struct churner *churner, struct slot *slot)
{
	unsigned int i, which = below(&churner->seed, CHURN_GROUPS);
	struct pg_attach socks[2];

	for (i = 0; i < slot->n; i++) {
		socks[i] = attach_spec(slot->socks[i]);
		socks[i].type = 1 + below(&churner->seed, 2);
		socks[i].node_id = below(&churner->seed, 1000);
		if (below(&churner->seed, 2))
			socks[i].peer_id = "somebody";
	}
	if (pg_conn_attach(churner->ctx,
			   __atomic_load_n(&churner->groups->ids[which],
					   __ATOMIC_RELAXED),
			   socks, slot->n, slot->ids, NULL, NULL))
		slot->n = 0;
}

static void fill_active(struct churner *churner, struct slot *slot)
{
	slot->socks[0] = tcp_connect(churner->listener);
	if (slot->socks[0] < 0)
		return;
	slot->socks[1] = tcp_accept(churner->listener);
	slot->n = 1 + below(&churner->seed, 2);
	attach_slot(churner, slot);
}

/* Some go where nobody listens. */
static void fill_pending(struct churner *churner, struct slot *slot)
{
	in_port_t port = below(&churner->seed, 3) ?
			 port_of(churner->slow_listener) : 9;

	slot->socks[0] = tcp_begin_as(SLOW, AF_INET, port);
	slot->socks[1] = -1;
	if (slot->socks[0] < 0)
		return;
	slot->n = 1;
	attach_slot(churner, slot);
}

static void close_end(struct churner *churner, int fd)
{
	switch (below(&churner->seed, 6)) {
	case 0:
		shutdown(fd, SHUT_WR);
		break;
	case 1:
		break;
	default:
		/* Mostly resets, or the ports would be used up by TIME_WAIT. */
		reset_on_close(fd);
	}
	close(fd);
}

static void empty(struct churner *churner, struct slot *slot)
{
	unsigned int first = below(&churner->seed, 2);

	if (slot->n && !below(&churner->seed, 5))
		pg_conn_detach(churner->ctx, 0, slot->ids[0], NULL);
	if (slot->socks[first] >= 0)
		close_end(churner, slot->socks[first]);
	if (slot->socks[!first] >= 0)
		close_end(churner, slot->socks[!first]);
	slot->n = 0;
	slot->socks[0] = -1;
	slot->socks[1] = -1;
}

/* The other ends of those that took their time. */
static void accept_slow(struct churner *churner)
{
	int fd;

	while ((fd = tcp_accept(churner->slow_listener)) >= 0)
		close_end(churner, fd);
}

static void turn(struct churner *churner)
{
	struct slot *slot = &churner->slots[below(&churner->seed, SLOTS)];

	if (slot->socks[0] >= 0)
		empty(churner, slot);
	else if (below(&churner->seed, 4))
		fill_active(churner, slot);
	else
		fill_pending(churner, slot);
	if (!below(&churner->seed, 128))
		accept_slow(churner);
}

static void turn_conns(const struct churn_groups *groups, unsigned int seed)
{
	struct churner churner = { .groups = groups, .seed = seed };
	int i;

	churner.listener = tcp_listen(AF_INET);
	churner.slow_listener = tcp_listen(AF_INET);
	if (churner.listener < 0 || churner.slow_listener < 0 ||
	    fcntl(churner.slow_listener, F_SETFL, O_NONBLOCK) ||
	    pg_open(&churner.ctx))
		_exit(1);
	for (i = 0; i < SLOTS; i++)
		churner.slots[i].socks[0] = -1;
	for (;;)
		turn(&churner);
}

pid_t churn_conns(const struct churn_groups *groups, unsigned int seed)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	turn_conns(groups, seed);
	return 0;
}

/* Deletes one, with all it has at the moment, and makes another one. */
static void turn_groups(struct churn_groups *groups, unsigned int seed)
{
	struct pg_ctx *ctx;
	uint32_t id, *place;

	if (pg_open(&ctx))
		_exit(1);
	for (;;) {
		place = &groups->ids[below(&seed, CHURN_GROUPS)];
		if (*place && pg_group_del(ctx, *place, NULL))
			_exit(1);
		if (add_group(ctx, &id))
			_exit(1);
		__atomic_store_n(place, id, __ATOMIC_RELAXED);
		usleep(below(&seed, 200000));
	}
}

pid_t churn_groups(struct churn_groups *groups, unsigned int seed)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	turn_groups(groups, seed);
	return 0;
}

/* About some of the ports that are taken. */
static struct pg_rule_spec some_rule(const struct churn_groups *groups,
				     unsigned int *seed)
{
	struct pg_rule_spec spec = {
		.size = sizeof(spec), .type = 1 + below(seed, 2),
	};
	uint16_t port = 32768 + below(seed, 28000);

	spec.group_id = __atomic_load_n(&groups->ids[below(seed, CHURN_GROUPS)],
					__ATOMIC_RELAXED);
	if (below(seed, 2)) {
		spec.local_port_min = port;
		spec.local_port_max = port + below(seed, 4000);
	} else {
		spec.remote_port_min = port;
		spec.remote_port_max = port + below(seed, 4000);
	}
	if (below(seed, 2))
		spec.flags = PG_RULE_EXISTING;
	else
		spec.direction = below(seed, 3);
	return spec;
}

#define RULES 16

/* Their groups may be gone, and they with them. */
static void turn_rules(const struct churn_groups *groups, unsigned int seed)
{
	struct pg_rule_spec spec;
	struct pg_ctx *ctx;
	uint32_t ids[RULES] = { 0 }, *id;

	if (pg_open(&ctx))
		_exit(1);
	for (;;) {
		id = &ids[below(&seed, RULES)];
		if (*id)
			pg_rule_del(ctx, 0, *id,
				    below(&seed, 2) ? PG_RULE_KEEP : 0, NULL);
		*id = 0;
		spec = some_rule(groups, &seed);
		pg_rule_add(ctx, &spec, id, NULL);
		usleep(below(&seed, 20000));
	}
}

pid_t churn_rules(const struct churn_groups *groups, unsigned int seed)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	turn_rules(groups, seed);
	return 0;
}
