// SPDX-License-Identifier: GPL-2.0-only
/*
 * A group as a row or a line for people, or as an object for programs.
 */
#include <pwd.h>
#include <stdio.h>

#include "tool.h"

static const char *const heads[] = {
	"ID", "NAME", "OWNER", "NEIGHBOR", "DIRECT", "GAINED", "LABEL",
	"COMMENT",
};

void group_print_start(struct output *out, const struct args *args)
{
	output_start(out, args, heads, ARRAY_SIZE(heads));
}

static void add_owner(struct table *table, uid_t uid)
{
	struct passwd *user = getpwuid(uid);

	if (user)
		table_text(table, user->pw_name);
	else
		table_cell(table, "%u", uid);
}

static void add_count(struct table *table, const char *what, uint64_t count)
{
	if (count)
		table_note(table, ", %s %llu", what, (unsigned long long)count);
}

static void add_note(struct table *table, const struct pg_group *group)
{
	const char *before = ", lost ";
	uint32_t i;

	table_note(table, "leftovers %u of %u, limit %u, pending %u",
		   group->leftovers, group->leftovers_max, group->limit,
		   group->pending);
	for (i = 1; i < group->n_lost; i++) {
		if (!group->lost[i])
			continue;
		table_note(table, "%s%llu %s", before,
			   (unsigned long long)group->lost[i],
			   pg_reason_name(i));
		before = ", ";
	}
	add_count(table, "rules", group->rules);
	add_count(table, "missed", group->missed);
	add_count(table, "missed-lost", group->missed_lost);
	add_count(table, "refused", group->refused);
}

static void add_row(struct output *out, const struct pg_group *group)
{
	struct table *table = &out->table;

	table_cell(table, "%u", group->id);
	table_text(table, group->name);
	add_owner(table, group->owner);
	table_cell(table, "%u", group->active_neighbor);
	table_cell(table, "%u", group->active_direct);
	table_cell(table, "%llu", (unsigned long long)group->gained);
	table_text(table, *group->label ? group->label : "-");
	table_text(table, *group->comment ? group->comment : "-");
	if (out->args->stats)
		add_note(table, group);
}

static void put_active(struct json *json, const struct pg_group *group)
{
	struct json active;

	json_start(&active);
	json_number(&active, "neighbor", group->active_neighbor);
	json_number(&active, "direct", group->active_direct);
	json_object_at(json, "active", &active);
}

static void put_lost(struct json *json, const struct pg_group *group)
{
	struct json lost;
	uint32_t i;

	json_start(&lost);
	for (i = 1; i < group->n_lost; i++)
		json_number(&lost, pg_reason_name(i), group->lost[i]);
	json_object_at(json, "lost", &lost);
}

/* The keys of a group, which are here to stay; new ones come at the end. */
void group_put(struct json *json, const struct pg_group *group)
{
	json_number(json, "id", group->id);
	json_string(json, "name", group->name);
	json_string(json, "label", group->label);
	json_string(json, "comment", group->comment);
	json_number(json, "owner", group->owner);
	put_active(json, group);
	json_number(json, "gained", group->gained);
	json_number(json, "leftovers", group->leftovers);
	json_number(json, "leftovers-max", group->leftovers_max);
	json_number(json, "limit", group->limit);
	json_number(json, "pending", group->pending);
	put_lost(json, group);
	json_number(json, "rules", group->rules);
	json_number(json, "missed", group->missed);
	json_number(json, "missed-lost", group->missed_lost);
	json_number(json, "refused", group->refused);
}

static void add_object(struct output *out, const struct pg_group *group)
{
	struct json json;

	json_start(&json);
	group_put(&json, group);
	json_append(&out->array, &json);
}

void group_print(struct output *out, const struct pg_group *group)
{
	if (out->args->json)
		add_object(out, group);
	else
		add_row(out, group);
}

/* What somebody chose comes last and in quotes, as no more than it is. */
void group_print_line(const struct pg_group *group)
{
	struct passwd *user = getpwuid(group->owner);

	printf(" id %u owner ", group->id);
	if (user)
		text_print(user->pw_name);
	else
		printf("%u", group->owner);
	fputs(" name ", stdout);
	text_print(group->name);
	if (*group->label) {
		fputs(" label ", stdout);
		text_print(group->label);
	}
	if (*group->comment) {
		fputs(" comment ", stdout);
		text_print(group->comment);
	}
}
