/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for events, and keeping what they tell. */
#ifndef SELFTESTS_FOLLOW_H
#define SELFTESTS_FOLLOW_H

#include <peergroup.h>
#include <stdbool.h>

#include "util.h"

#define N_REASONS (PG_REASON_CONNECT_FAILED + 1)

/* An event that outlives the next one. */
struct event_copy {
	enum pg_event_type type;
	uint32_t flags;
	uint64_t generation;
	bool about_group;
	bool about_conn;
	bool about_rule;
	struct pg_group group;
	struct conn_copy conn;
	struct pg_rule rule;
	char name[PG_NAME_MAX + 1];
	char label[PG_TEXT_MAX + 1];
	char comment[PG_TEXT_MAX + 1];
	uint64_t lost[N_REASONS];
};

/* Wait for the next event; 0, -ETIMEDOUT, or what pg_sub_next() returned. */
int next_event(struct pg_sub *sub, struct event_copy *copy);
int next_watched(struct pg_watch *watch, struct event_copy *copy);

/* The same for the next one of this type about this connection. */
int await_event(struct pg_sub *sub, enum pg_event_type type, uint64_t id,
		struct event_copy *copy);

/* All that was announced has been taken; makes a group to know. */
bool nothing_more(struct pg_ctx *ctx, struct pg_sub *sub);

/* The numbers of a group. */
struct totals {
	uint64_t active;
	uint64_t pending;
	uint64_t gained;
	uint64_t lost[N_REASONS];
};

int get_totals(struct pg_ctx *ctx, uint32_t group, struct totals *totals);

/* Have events, applied to an empty group, led to such numbers? */
void count_event(const struct event_copy *event, struct totals *totals);
bool same_totals(const struct totals *a, const struct totals *b);

#endif /* SELFTESTS_FOLLOW_H */
