// SPDX-License-Identifier: GPL-2.0-only
/* Waiting for events, and keeping what they tell. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "follow.h"

/* Some of what is waited for takes the kernel seconds. */
#define PATIENCE 15000

static void copy_group(struct event_copy *copy, const struct pg_group *group)
{
	uint32_t i;

	copy->about_group = true;
	copy->group = *group;
	snprintf(copy->name, sizeof(copy->name), "%s", group->name);
	snprintf(copy->label, sizeof(copy->label), "%s", group->label);
	snprintf(copy->comment, sizeof(copy->comment), "%s", group->comment);
	for (i = 0; i < N_REASONS && i < group->n_lost; i++)
		copy->lost[i] = group->lost[i];
	copy->group.name = copy->name;
	copy->group.label = copy->label;
	copy->group.comment = copy->comment;
	copy->group.lost = copy->lost;
}

static void copy_event(struct event_copy *copy, const struct pg_event *event)
{
	memset(copy, 0, sizeof(*copy));
	copy->type = event->type;
	copy->flags = event->flags;
	copy->generation = event->generation;
	if (event->group)
		copy_group(copy, event->group);
	if (event->conn) {
		copy->about_conn = true;
		copy_conn(event->conn, &copy->conn);
	}
	if (event->rule) {
		copy->about_rule = true;
		copy->rule = *event->rule;
	}
}

/* Next of a subscription or a watch. */
typedef int (*next_fn)(void *source, const struct pg_event **event);

static int next_of_sub(void *source, const struct pg_event **event)
{
	return pg_sub_next(source, event);
}

static int next_of_watch(void *source, const struct pg_event **event)
{
	return pg_watch_next(source, event);
}

static int wait_for_next(next_fn next, void *source, int fd,
			 struct event_copy *copy)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint64_t end = now_ms() + PATIENCE;
	const struct pg_event *event;
	int ret;

	while (!(ret = next(source, &event))) {
		if (now_ms() >= end)
			return -ETIMEDOUT;
		poll(&ready, 1, 100);
	}
	if (ret < 0)
		return ret;
	copy_event(copy, event);
	return 0;
}

int next_event(struct pg_sub *sub, struct event_copy *copy)
{
	return wait_for_next(next_of_sub, sub, pg_sub_fd(sub), copy);
}

int next_watched(struct pg_watch *watch, struct event_copy *copy)
{
	return wait_for_next(next_of_watch, watch, pg_watch_fd(watch), copy);
}

int await_event(struct pg_sub *sub, enum pg_event_type type, uint64_t id,
		struct event_copy *copy)
{
	int err;

	do {
		err = next_event(sub, copy);
	} while (!err && (copy->type != type || copy->conn.conn.id != id));
	return err;
}

bool nothing_more(struct pg_ctx *ctx, struct pg_sub *sub)
{
	struct event_copy event;
	uint32_t id;

	return !add_group(ctx, &id) && !next_event(sub, &event) &&
	       event.type == PG_EVENT_GROUP_NEW && event.group.id == id;
}

static int take_totals(const struct pg_group *group, void *arg)
{
	struct totals *totals = arg;
	uint32_t i;

	memset(totals, 0, sizeof(*totals));
	totals->active = group->active_neighbor + group->active_direct;
	totals->pending = group->pending;
	totals->gained = group->gained;
	for (i = 0; i < N_REASONS && i < group->n_lost; i++)
		totals->lost[i] = group->lost[i];
	return 0;
}

int get_totals(struct pg_ctx *ctx, uint32_t group, struct totals *totals)
{
	return pg_group_get(ctx, group, take_totals, totals);
}

/*
 * The end of one that was pending does not say so, except that it failed;
 * others are counted as if they had been active.
 */
void count_event(const struct event_copy *event, struct totals *totals)
{
	switch (event->type) {
	case PG_EVENT_CONN_PENDING:
		totals->pending++;
		break;
	case PG_EVENT_CONN_NEW:
		totals->active++;
		totals->gained++;
		break;
	case PG_EVENT_CONN_GONE:
		totals->lost[event->conn.conn.reason]++;
		if (event->conn.conn.reason == PG_REASON_CONNECT_FAILED)
			totals->pending--;
		else
			totals->active--;
		break;
	default:
		break;
	}
}

bool same_totals(const struct totals *a, const struct totals *b)
{
	return !memcmp(a, b, sizeof(*a));
}
