// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup conn show: the connections that are active, or connecting, now.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "tool.h"

struct query {
	const struct args *args;
	const char *group;	/* NULL: all groups */
	struct pg_filter filter;
	struct pg_addr remote;
	uint64_t id;		/* 0: a dump */
	struct names names;
	struct output out;
};

/* The kernel reports IPv4 as such, also on an IPv6 socket. */
static void unmap_ipv4(struct pg_addr *addr)
{
	struct in6_addr ipv6 = addr->ipv6;

	if (addr->family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&ipv6))
		return;
	addr->family = AF_INET;
	memcpy(&addr->ipv4, &ipv6.s6_addr[12], sizeof(addr->ipv4));
}

static void parse_addr(struct args *args, const char *word,
		       struct pg_addr *addr)
{
	*addr = (struct pg_addr){ .family = AF_INET };
	if (inet_pton(AF_INET, word, &addr->ipv4) == 1)
		return;
	addr->family = AF_INET6;
	if (inet_pton(AF_INET6, word, &addr->ipv6) != 1)
		usage_error(args, word, "remote must be an IPv4 or IPv6 address");
	unmap_ipv4(addr);
}

static bool same_addr(const struct pg_addr *a, const struct pg_addr *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->ipv4.s_addr == b->ipv4.s_addr;
	return IN6_ARE_ADDR_EQUAL(&a->ipv6, &b->ipv6);
}

/* What the kernel does in a dump, for a connection got by id. */
static bool selected(const struct pg_conn *conn, const struct pg_filter *filter)
{
	if (filter->group_id && filter->group_id != conn->group_id)
		return false;
	if (filter->type && filter->type != conn->type)
		return false;
	return !filter->remote || same_addr(filter->remote, &conn->remote);
}

static int show(const struct pg_conn *conn, void *arg)
{
	struct query *query = arg;

	const char *group = names_find(&query->names, conn->group_id);

	if (!selected(conn, &query->filter))
		return 0;
	/* The group is younger than the names. */
	if (!group)
		return -EAGAIN;
	conn_print(&query->out, conn, group);
	return output_error(&query->out);
}

static int load_names(struct query *query, struct pg_ctx *ctx)
{
	int err;

	names_free(&query->names);
	if (!query->group)
		return names_load(&query->names, ctx);
	err = pg_group_find(ctx, query->group, &query->filter.group_id);
	if (err)
		return err;
	return names_add(&query->names, query->filter.group_id, query->group);
}

static int try_to_collect(struct query *query, struct pg_ctx *ctx)
{
	int err = load_names(query, ctx);

	if (err)
		return err;
	output_free(&query->out);
	conn_print_start(&query->out, query->args);
	if (query->id)
		return pg_conn_get(ctx, query->id, query->args->stats, show,
				   query);
	return pg_conn_dump(ctx, &query->filter, NULL, show, query);
}

static int collect(struct query *query, struct pg_ctx *ctx)
{
	int err, tries = DUMP_TRIES;

	do {
		err = try_to_collect(query, ctx);
	} while ((err == -ESTALE || err == -EAGAIN) && --tries);
	return err;
}

static void parse(struct args *args, struct query *query)
{
	enum { GROUP, TYPE, REMOTE, ID, ALL };
	struct param params[] = {
		[GROUP] = { .keyword = "group" },
		[TYPE] = { .keyword = "type" },
		[REMOTE] = { .keyword = "remote" },
		[ID] = { .keyword = "id" },
		[ALL] = { .keyword = "all", .alone = true },
	};

	args_params(args, params, ARRAY_SIZE(params));
	query->args = args;
	query->group = params[GROUP].value;
	query->filter.size = sizeof(query->filter);
	query->filter.type = args_type(args, &params[TYPE]);
	if (args->stats)
		query->filter.flags |= PG_FILTER_STATS;
	if (params[ALL].value)
		query->filter.flags |= PG_FILTER_ALL;
	if (params[REMOTE].value) {
		parse_addr(args, params[REMOTE].value, &query->remote);
		query->filter.remote = &query->remote;
	}
	if (params[ID].value)
		query->id = args_number(args, &params[ID], 1, UINT64_MAX);
}

enum status conn_show(struct args *args)
{
	struct query query = { 0 };
	struct pg_ctx *ctx;
	enum status status;
	int err;

	parse(args, &query);
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
