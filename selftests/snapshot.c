// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots under churn: while processes attach, detach, close and kill
 * connections as fast as they can, each enumeration through <p2p.h> must equal
 * the set that the module's trace events give for its generation.
 */

#define _GNU_SOURCE
#include <p2p.h>
#include <peergroup.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "tracing.h"
#include "util.h"

#define ENUMERATIONS	1000
#define CHURNERS	4
#define SLOTS		768
#define KILL_EVERY	8	/* enumerations */

/* What an enumeration showed. */
struct shown {
	uint64_t generation;
	unsigned long count;
	uint64_t *ids;
};

struct slot {
	int socks[2];
	uint64_t ids[2];
	unsigned int n;		/* of them attached */
};

static unsigned int below(unsigned int *seed, unsigned int n)
{
	return rand_r(seed) % n;
}

static void slot_fill(struct pg_ctx *ctx, uint32_t group, int listener,
		      struct slot *slot, unsigned int *seed)
{
	struct pg_attach socks[2] = {};
	unsigned int i;

	slot->socks[0] = tcp_connect(listener);
	if (slot->socks[0] < 0)
		return;
	slot->socks[1] = tcp_accept(listener);
	slot->n = 1 + below(seed, 2);
	for (i = 0; i < slot->n; i++) {
		socks[i].size = sizeof(socks[i]);
		socks[i].fd = slot->socks[i];
		socks[i].type = 1 + below(seed, 2);
	}
	if (pg_conn_attach(ctx, group, socks, slot->n, slot->ids, NULL, NULL))
		slot->n = 0;
}

static void slot_empty(struct pg_ctx *ctx, struct slot *slot,
		       unsigned int *seed)
{
	unsigned int first = below(seed, 2);

	switch (below(seed, 5)) {
	case 0:
		if (slot->n)
			pg_conn_detach(ctx, 0, slot->ids[0], NULL);
		break;
	case 1:
		shutdown(slot->socks[first], SHUT_WR);
		break;
	case 2:
		break;
	default:
		/* Mostly resets, or the ports would be used up by TIME_WAIT. */
		reset_on_close(slot->socks[first]);
	}
	close(slot->socks[first]);
	close(slot->socks[!first]);
	slot->n = 0;
	slot->socks[0] = -1;
}

static void churn(uint32_t group, unsigned int seed)
{
	struct slot slots[SLOTS], *slot;
	struct pg_ctx *ctx;
	int listener, i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	listener = tcp_listen(below(&seed, 2) ? AF_INET6 : AF_INET);
	if (listener < 0 || pg_open(&ctx))
		_exit(1);
	for (i = 0; i < SLOTS; i++)
		slots[i].socks[0] = -1;
	for (;;) {
		slot = &slots[below(&seed, SLOTS)];
		if (slot->socks[0] < 0)
			slot_fill(ctx, group, listener, slot, &seed);
		else
			slot_empty(ctx, slot, &seed);
	}
}

FIXTURE(churn)
{
	struct pg_ctx *ctx;
	struct tracing tracing;
	uint32_t group;
	HGROUP handle;
	pid_t churners[CHURNERS];
	struct shown *shown;
};

static pid_t start_churner(uint32_t group)
{
	static unsigned int seed;
	pid_t pid;

	seed++;
	pid = fork();
	if (!pid)
		churn(group, seed);
	return pid;
}

FIXTURE_SETUP(churn)
{
	struct pg_group_spec spec = { .size = sizeof(spec), .name = "churn" };
	PEER_VERSION_DATA version;

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, tracing_start(&self->tracing));
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, pg_group_add(self->ctx, &spec, &self->group, NULL));
	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"churn", NULL, &self->handle));
	self->shown = calloc(ENUMERATIONS, sizeof(*self->shown));
	ASSERT_NE(NULL, self->shown);
}

FIXTURE_TEARDOWN(churn)
{
	unsigned int i;

	for (i = 0; i < ENUMERATIONS; i++)
		free(self->shown[i].ids);
	free(self->shown);
	PeerGroupShutdown();
	pg_close(self->ctx);
	tracing_stop(&self->tracing);
}

static int enumerate(HGROUP group, struct shown *shown)
{
	PEER_CONNECTION_INFO **items = NULL;
	HPEERENUM peer_enum;
	ULONG n, total, i;

	if (PeerGroupEnumConnections(group, 0, &peer_enum) != S_OK ||
	    PeerGetItemCount(peer_enum, &total) != S_OK)
		return -1;
	shown->generation = pg_enum_generation(peer_enum);
	n = total;
	if (PeerGetNextItem(peer_enum, &n, (PVOID **)&items) != S_OK ||
	    n != total)
		return -1;
	shown->count = n;
	shown->ids = malloc((n + 1) * sizeof(*shown->ids));
	for (i = 0; i < n; i++)
		shown->ids[i] = items[i]->ullConnectionId;
	PeerFreeData(items);
	return PeerEndEnumeration(peer_enum) == S_OK ? 0 : -1;
}

static void kill_churner(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Replay the events up to each enumeration; how many of them differ? */
static unsigned int differences(const struct tracing *tracing,
				const struct shown *shown, unsigned int n)
{
	unsigned char *alive = calloc(tracing->last_id + 1, 1);
	unsigned int i, different = 0;
	unsigned long live = 0, hits, k;
	uint64_t generation = 0;

	for (i = 0; i < n; i++) {
		while (generation < shown[i].generation) {
			const struct change *change;

			change = &tracing->changes[++generation];
			if (change->what == CHANGE_CONN_NEW) {
				alive[change->id] = 1;
				live++;
			} else if (change->what == CHANGE_CONN_GONE) {
				alive[change->id] = 0;
				live--;
			}
		}
		for (k = 0, hits = 0; k < shown[i].count; k++)
			hits += alive[shown[i].ids[k]] &&
				(!k || shown[i].ids[k] > shown[i].ids[k - 1]);
		different += hits != live || shown[i].count != live;
	}
	free(alive);
	return different;
}

TEST_F_TIMEOUT(churn, exact, 600)
{
	unsigned long total = 0;
	unsigned int i, k;

	for (k = 0; k < CHURNERS; k++)
		self->churners[k] = start_churner(self->group);

	for (i = 0; i < ENUMERATIONS; i++) {
		ASSERT_EQ(0, enumerate(self->handle, &self->shown[i]));
		total += self->shown[i].count;
		if (i % KILL_EVERY)
			continue;
		k = i / KILL_EVERY % CHURNERS;
		kill_churner(self->churners[k]);
		self->churners[k] = start_churner(self->group);
	}
	for (k = 0; k < CHURNERS; k++)
		kill_churner(self->churners[k]);

	ASSERT_EQ(0, tracing_read(&self->tracing));
	TH_LOG("%u enumerations, %lu connections shown, %lu changes",
	       ENUMERATIONS, total,
	       (unsigned long)self->tracing.last_generation);
	EXPECT_EQ(0UL, self->tracing.lost);
	EXPECT_EQ(0UL, self->tracing.holes);
	EXPECT_EQ(0UL, self->tracing.cut);
	EXPECT_LT(self->shown[0].generation,
		  self->shown[ENUMERATIONS - 1].generation);
	EXPECT_LT(100UL * ENUMERATIONS, total);
	EXPECT_LE(self->shown[ENUMERATIONS - 1].generation,
		  self->tracing.last_generation);
	EXPECT_EQ(0U, differences(&self->tracing, self->shown, ENUMERATIONS));
}

TEST_HARNESS_MAIN
