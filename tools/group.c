// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup group: make, delete and show groups.
 */
#include <errno.h>
#include <string.h>

#include "secured.h"
#include "setup.h"

static const char help[] =
"Usage: peergroup group add NAME [ owner USER|UID ] [ label TEXT ]\n"
"                                [ comment TEXT ]\n"
"       peergroup group create CLASSIFIER [ as IDENTITY ] [ label TEXT ]\n"
"                                         [ comment TEXT ] [ profile P ]\n"
"       peergroup group join FILE [ as IDENTITY ] [ profile P ]\n"
"       peergroup group del NAME [ as IDENTITY ]\n"
"       peergroup group [ show [ NAME ] ]\n"
"where  IDENTITY := { peer name | classifier, if just one identity has it }\n"
"       P := { default | windows }\n"
"\n"
"\"add\" makes a plain group, which anybody may open. \"create\" makes a secured\n"
"one, whose first member is IDENTITY, else the default one, which is made if\n"
"there is none. \"join\" becomes a member by the invitation in FILE, \"-\" for stdin:\n"
"as IDENTITY, else as whom it is for. Both print the name of the group.\n"
"\n"
"\"del\" of a secured group ends the membership of IDENTITY, else of the only one\n"
"of the user that is a member, and deletes the group if it is the user's.\n";

void group_parse(struct args *args, struct pg_group_spec *spec)
{
	enum { OWNER, LABEL, COMMENT };
	struct param params[] = {
		[OWNER] = { .keyword = "owner" },
		[LABEL] = { .keyword = "label" },
		[COMMENT] = { .keyword = "comment" },
	};

	*spec = (struct pg_group_spec){
		.size = sizeof(*spec), .name = args_need(args, "NAME"),
	};
	args_params(args, params, ARRAY_SIZE(params));
	spec->label = params[LABEL].value;
	spec->comment = params[COMMENT].value;
	if (params[OWNER].value) {
		spec->flags = PG_GROUP_SET_OWNER;
		spec->owner = args_user(args, &params[OWNER]);
	}
}

static enum status group_add(struct args *args)
{
	struct pg_group_spec spec;
	struct pg_ctx *ctx;
	enum status status;
	uint32_t id;
	int err;

	group_parse(args, &spec);
	ctx = context_open(args);
	if (!ctx)
		return STATUS_REFUSED;
	err = pg_group_add(ctx, &spec, &id, NULL);
	status = err ? refused_by(ctx, err) : STATUS_DONE;
	pg_close(ctx);
	return status;
}

enum status group_del_plain(const struct args *args, const char *name)
{
	struct pg_ctx *ctx = context_open(args);
	enum status status;
	uint32_t id;
	int err;

	if (!ctx)
		return STATUS_REFUSED;
	err = pg_group_find(ctx, name, &id);
	if (!err)
		err = pg_group_del(ctx, id, NULL);
	status = err ? refused_by(ctx, err) : STATUS_DONE;
	pg_close(ctx);
	return status;
}

static int show_group(const struct pg_group *group, void *arg)
{
	struct output *out = arg;

	group_print(out, group);
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
		group_print_start(&out, args);
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
	{ "create", group_create },
	{ "join", group_join },
	{ "del", group_del },
};

const struct object object_group = {
	.name = "group",
	.help = help,
	.commands = commands,
	.n = ARRAY_SIZE(commands),
};
