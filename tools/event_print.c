// SPDX-License-Identifier: GPL-2.0-only
/*
 * An event as a line for people or as an object for programs.
 */
#include <stdio.h>
#include <time.h>

#include "tool.h"

static const char *const names[] = {
	[PG_EVENT_GROUP_NEW] = "group-new",
	[PG_EVENT_GROUP_GONE] = "group-gone",
	[PG_EVENT_CONN_PENDING] = "conn-pending",
	[PG_EVENT_CONN_NEW] = "conn-new",
	[PG_EVENT_CONN_GONE] = "conn-gone",
	[PG_EVENT_RESYNC] = "resync",
	[PG_EVENT_SYNCED] = "synced",
	[PG_EVENT_RULE_NEW] = "rule-new",
	[PG_EVENT_RULE_GONE] = "rule-gone",
};

/* NULL for events of types that are none of ours. */
static const char *event_name(const struct pg_event *event)
{
	return event->type < ARRAY_SIZE(names) ? names[event->type] : NULL;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static int print_object(const struct args *args, const char *name,
			const struct pg_event *event)
{
	struct json json;
	int err;

	json_start(&json);
	json_string(&json, "event", name);
	json_number(&json, "generation", event->generation);
	if (args->timestamp)
		json_number(&json, "time", now());
	if (event->conn)
		conn_put(&json, event->conn, event->group->name);
	else if (event->rule)
		rule_put(&json, event->rule, event->group->name);
	else if (event->group)
		group_put(&json, event->group);
	err = json_print(&json, false);
	json_free(&json);
	return err;
}

/* As ip(8) has it. */
static void print_timestamp(void)
{
	const uint64_t ns = now();
	const time_t seconds = ns / 1000000000;
	char text[32];
	struct tm tm;

	if (localtime_r(&seconds, &tm) &&
	    strftime(text, sizeof(text), "%FT%T", &tm))
		printf("[%s.%06u] ", text, (unsigned int)(ns / 1000 % 1000000));
}

static void print_line(const struct args *args, const char *name,
		       const struct pg_event *event, bool snapshot)
{
	if (args->timestamp)
		print_timestamp();
	fputs(name, stdout);
	if (event->conn) {
		/* The names of all others tell what they are about. */
		fputs(snapshot ? " conn" : "", stdout);
		conn_print_line(event->conn, event->group->name);
	} else if (event->rule) {
		rule_print_line(event->rule, event->group->name);
	} else if (event->group) {
		fputs(snapshot ? " group" : "", stdout);
		group_print_line(event->group);
	} else {
		printf(" generation %llu",
		       (unsigned long long)event->generation);
	}
	putchar('\n');
}

/* Returns 0 or -ENOMEM; what could not be written shows on stdout. */
int event_print(const struct args *args, const struct pg_event *event,
		bool snapshot)
{
	const char *name = event_name(event);

	if (!name)
		return 0;
	if (snapshot)
		name = "snapshot";
	if (args->json)
		return print_object(args, name, event);
	print_line(args, name, event, snapshot);
	return 0;
}
