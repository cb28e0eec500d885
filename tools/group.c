// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup group: make, delete and show groups.
 */
#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "tool.h"

static const char help[] =
"Usage: peergroup group add NAME [ owner USER|UID ] [ label TEXT ]\n"
"                                [ comment TEXT ]\n"
"       peergroup group del NAME\n"
"       peergroup group [ show [ NAME ] ]\n";

/* A name goes before a number, as for chown(1). */
static uid_t owner_of(struct args *args, const struct param *param)
{
	struct passwd *user = getpwnam(param->value);

	if (user)
		return user->pw_uid;
	if (param->value[strspn(param->value, "0123456789")])
		usage_error(args, param->value, "there is no such user");
	return args_number(args, param, 0, UINT32_MAX - 1);
}

static enum status group_add(struct args *args)
{
	enum { OWNER, LABEL, COMMENT };
	struct param params[] = {
		[OWNER] = { .keyword = "owner" },
		[LABEL] = { .keyword = "label" },
		[COMMENT] = { .keyword = "comment" },
	};
	struct pg_group_spec spec = { .size = sizeof(spec) };
	struct pg_ctx *ctx;
	enum status status;
	uint32_t id;
	int err;

	spec.name = args_need(args, "NAME");
	args_params(args, params, ARRAY_SIZE(params));
	spec.label = params[LABEL].value;
	spec.comment = params[COMMENT].value;
	if (params[OWNER].value) {
		spec.flags = PG_GROUP_SET_OWNER;
		spec.owner = owner_of(args, &params[OWNER]);
	}

	ctx = context_open(args);
	if (!ctx)
		return STATUS_REFUSED;
	err = pg_group_add(ctx, &spec, &id, NULL);
	status = err ? refused_by(ctx, err) : STATUS_DONE;
	pg_close(ctx);
	return status;
}

static enum status group_del(struct args *args)
{
	const char *name = args_need(args, "NAME");
	struct pg_ctx *ctx;
	enum status status;
	uint32_t id;
	int err;

	args_end(args);
	ctx = context_open(args);
	if (!ctx)
		return STATUS_REFUSED;
	err = pg_group_find(ctx, name, &id);
	if (!err)
		err = pg_group_del(ctx, id, NULL);
	status = err ? refused_by(ctx, err) : STATUS_DONE;
	pg_close(ctx);
	return status;
}

static const char *const heads[] = {
	"ID", "NAME", "OWNER", "NEIGHBOR", "DIRECT", "GAINED", "LABEL",
	"COMMENT",
};

static void add_owner(struct table *table, uid_t uid)
{
	struct passwd *user = getpwuid(uid);

	if (user)
		table_text(table, user->pw_name);
	else
		table_cell(table, "%u", uid);
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
		table_note(table, "leftovers %u of %u, limit %u",
			   group->leftovers, group->leftovers_max,
			   group->limit);
}

static void add_object(struct json *array, const struct pg_group *group)
{
	struct json json, active;

	json_start(&active);
	json_number(&active, "neighbor", group->active_neighbor);
	json_number(&active, "direct", group->active_direct);

	json_start(&json);
	json_number(&json, "id", group->id);
	json_string(&json, "name", group->name);
	json_string(&json, "label", group->label);
	json_string(&json, "comment", group->comment);
	json_number(&json, "owner", group->owner);
	json_object_at(&json, "active", &active);
	json_number(&json, "gained", group->gained);
	json_number(&json, "leftovers", group->leftovers);
	json_number(&json, "leftovers-max", group->leftovers_max);
	json_number(&json, "limit", group->limit);
	json_append(array, &json);
}

static int show_group(const struct pg_group *group, void *arg)
{
	struct output *out = arg;

	if (out->args->json)
		add_object(&out->array, group);
	else
		add_row(out, group);
	return output_error(out);
}

static int collect(struct pg_ctx *ctx, const char *name, struct output *out)
{
	uint32_t id;
	int err;

	if (!name)
		return pg_group_list(ctx, show_group, out, NULL);
	err = pg_group_find(ctx, name, &id);
	return err ? err : pg_group_get(ctx, id, show_group, out);
}

static enum status group_show(struct args *args)
{
	const char *name = args_word(args);
	int err = -ESTALE, tries;
	struct output out = { 0 };
	struct pg_ctx *ctx;
	enum status status;

	args_end(args);
	ctx = context_open(args);
	if (!ctx)
		return STATUS_REFUSED;
	for (tries = 0; tries < DUMP_TRIES && err == -ESTALE; tries++) {
		output_free(&out);
		output_start(&out, args, heads, ARRAY_SIZE(heads));
		err = collect(ctx, name, &out);
	}
	status = err ? refused_by(ctx, err) : output_print(&out);
	output_free(&out);
	pg_close(ctx);
	return status;
}

static const struct command commands[] = {
	{ "show", group_show },
	{ "add", group_add },
	{ "del", group_del },
};

const struct object object_group = {
	"group", help, commands, ARRAY_SIZE(commands),
};
