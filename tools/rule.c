// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup rule: make, delete and show rules.
 */
#include <errno.h>
#include <string.h>

#include "rule.h"

static const char help[] =
"Usage: peergroup rule add GROUP [ lport P[-Q] ] [ rport P[-Q] ]\n"
"                                [ local PREFIX ] [ remote PREFIX ]\n"
"                                [ dir in|out ] [ uid USER|UID ]\n"
"                                [ type neighbor|direct ] [ existing ]\n"
"       peergroup rule del GROUP [ id ID ] [ keep ]\n"
"       peergroup rule [ show [ GROUP ] ]\n"
"where  PREFIX := ADDR[/LEN]\n"
"\n"
"A rule takes each TCP connection that matches all that is given into GROUP, the\n"
"moment it is established, whichever program it is of, and all there are if\n"
"nothing is given; of several rules of the group the one of the lowest id. Their\n"
"type is neighbor unless given. \"dir in\" are those accepted here; \"uid\" is the\n"
"owner of the socket, until accept(2) that of the listening one. \"existing\" takes\n"
"also those that are established already: it does not go with \"dir\", and to\n"
"\"uid\" accepted ones are those of who accepted them.\n"
"\n"
"\"show\" tells with -s how many each has taken in. \"del\" deletes all rules of the\n"
"group, or one. What they took in leaves the group, the connections themselves\n"
"live on; with \"keep\" they stay. Changes need CAP_NET_ADMIN.\n";

static enum pg_direction direction_of(struct args *args,
				      const struct param *param)
{
	if (!param->value)
		return PG_DIRECTION_ANY;
	if (!strcmp(param->value, "in"))
		return PG_DIRECTION_IN;
	if (!strcmp(param->value, "out"))
		return PG_DIRECTION_OUT;
	usage_error(args, param->value, "dir must be in or out");
}

static void parse_ports(struct args *args, const struct param *param,
			uint16_t *min, uint16_t *max)
{
	const char *end = param->value;
	uint64_t first, last;
	bool good;

	if (!end)
		return;
	good = read_number(&end, &first);
	last = first;
	if (good && *end == '-') {
		end++;
		good = read_number(&end, &last);
	}
	if (!good || *end || !first || last < first || last > UINT16_MAX)
		usage_error(args, param->value,
			    "%s must be a port from 1 to 65535, or two as in 6881-6889",
			    param->keyword);
	*min = first;
	*max = last;
}

static void check_families(struct args *args, const struct param *remote,
			   const struct pg_rule *rule)
{
	if (rule->local.family && rule->remote.family &&
	    rule->local.family != rule->remote.family)
		usage_error(args, remote->value,
			    "remote is IPv4 and local IPv6, or the reverse");
}

/* Read a group's name, returned, and a rule as the kernel would report it. */
const char *rule_parse(struct args *args, struct pg_rule *rule)
{
	enum { LPORT, RPORT, LOCAL, REMOTE, DIR, UID, TYPE, EXISTING };
	struct param params[] = {
		[LPORT] = { .keyword = "lport" },
		[RPORT] = { .keyword = "rport" },
		[LOCAL] = { .keyword = "local" },
		[REMOTE] = { .keyword = "remote" },
		[DIR] = { .keyword = "dir" },
		[UID] = { .keyword = "uid" },
		[TYPE] = { .keyword = "type" },
		[EXISTING] = { .keyword = "existing", .alone = true },
	};
	const char *group = args_need(args, "GROUP");

	memset(rule, 0, sizeof(*rule));
	args_params(args, params, ARRAY_SIZE(params));
	parse_ports(args, &params[LPORT], &rule->local_port_min,
		    &rule->local_port_max);
	parse_ports(args, &params[RPORT], &rule->remote_port_min,
		    &rule->remote_port_max);
	args_prefix(args, &params[LOCAL], &rule->local);
	args_prefix(args, &params[REMOTE], &rule->remote);
	check_families(args, &params[REMOTE], rule);
	rule->direction = direction_of(args, &params[DIR]);
	rule->type = args_type(args, &params[TYPE]) ?: PG_TYPE_NEIGHBOR;
	if (params[UID].value) {
		rule->flags |= PG_RULE_UID;
		rule->uid = args_user(args, &params[UID]);
	}
	if (params[EXISTING].value)
		rule->flags |= PG_RULE_EXISTING;
	if (params[EXISTING].value && params[DIR].value)
		usage_error(args, "existing", "does not go with dir");
	return group;
}

/* Make a rule that was parsed or reported, in this group. */
int rule_make(struct pg_ctx *ctx, uint32_t group_id, const struct pg_rule *rule,
	      uint32_t *id)
{
	const struct pg_rule_spec spec = {
		.size = sizeof(spec),
		.group_id = group_id,
		.type = rule->type,
		.local_port_min = rule->local_port_min,
		.local_port_max = rule->local_port_max,
		.remote_port_min = rule->remote_port_min,
		.remote_port_max = rule->remote_port_max,
		.local = rule->local,
		.remote = rule->remote,
		.direction = rule->direction,
		.flags = rule->flags,
		.uid = rule->uid,
	};

	return pg_rule_add(ctx, &spec, id, NULL);
}

static enum status rule_add(struct args *args)
{
	enum status status;
	struct pg_rule rule;
	struct pg_ctx *ctx;
	const char *group;
	uint32_t group_id;
	int err;

	group = rule_parse(args, &rule);
	ctx = context_open(args);
	if (!ctx)
		return STATUS_REFUSED;
	err = pg_group_find(ctx, group, &group_id);
	if (!err)
		err = rule_make(ctx, group_id, &rule, NULL);
	status = err ? refused_by(ctx, err) : STATUS_DONE;
	pg_close(ctx);
	return status;
}

static int del_all(struct pg_ctx *ctx, uint32_t group_id, uint32_t flags)
{
	struct ruleset set;
	int err;

	err = ruleset_read(&set, ctx, group_id);
	if (!err)
		err = ruleset_drop(&set, ctx, flags);
	ruleset_free(&set);
	return err;
}

static enum status rule_del(struct args *args)
{
	enum { ID, KEEP };
	struct param params[] = {
		[ID] = { .keyword = "id" },
		[KEEP] = { .keyword = "keep", .alone = true },
	};
	const char *group = args_need(args, "GROUP");
	uint32_t group_id, flags, id = 0;
	enum status status;
	struct pg_ctx *ctx;
	int err;

	args_params(args, params, ARRAY_SIZE(params));
	flags = params[KEEP].value ? PG_RULE_KEEP : 0;
	if (params[ID].value)
		id = args_number(args, &params[ID], 1, UINT32_MAX);

	ctx = context_open(args);
	if (!ctx)
		return STATUS_REFUSED;
	err = pg_group_find(ctx, group, &group_id);
	if (!err)
		err = id ? pg_rule_del(ctx, group_id, id, flags, NULL) :
			   del_all(ctx, group_id, flags);
	status = err ? refused_by(ctx, err) : STATUS_DONE;
	pg_close(ctx);
	return status;
}

struct query {
	const struct args *args;
	const char *group;	/* NULL: all groups */
	uint32_t group_id;
	struct names names;
	struct output out;
};

static int show(const struct pg_rule *rule, void *arg)
{
	struct query *query = arg;
	const char *group = names_find(&query->names, rule->group_id);

	/* The group is younger than the names. */
	if (!group)
		return -EAGAIN;
	rule_print(&query->out, rule, group);
	return output_error(&query->out);
}

static int load_names(struct query *query, struct pg_ctx *ctx)
{
	int err;

	names_free(&query->names);
	if (!query->group)
		return names_load(&query->names, ctx);
	err = pg_group_find(ctx, query->group, &query->group_id);
	if (err)
		return err;
	return names_add(&query->names, query->group_id, query->group);
}

static int collect(struct query *query, struct pg_ctx *ctx)
{
	int err, tries = DUMP_TRIES;

	do {
		err = load_names(query, ctx);
		if (err)
			return err;
		output_free(&query->out);
		rule_print_start(&query->out, query->args);
		err = pg_rule_list(ctx, query->group_id, show, query, NULL);
	} while ((err == -ESTALE || err == -EAGAIN) && --tries);
	return err;
}

static enum status rule_show(struct args *args)
{
	struct query query = { .args = args, .group = args_word(args) };
	struct pg_ctx *ctx;
	enum status status;
	int err;

	args_end(args);
	ctx = context_open(args);
	if (!ctx)
		return STATUS_REFUSED;
	err = collect(&query, ctx);
	status = err ? refused_by(ctx, err) : output_print(&query.out);
	output_free(&query.out);
	names_free(&query.names);
	pg_close(ctx);
	return status;
}

static const struct command commands[] = {
	{ "show", rule_show },
	{ "add", rule_add },
	{ "del", rule_del },
};

const struct object object_rule = {
	.name = "rule",
	.help = help,
	.commands = commands,
	.n = ARRAY_SIZE(commands),
};
