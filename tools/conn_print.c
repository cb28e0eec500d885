// SPDX-License-Identifier: GPL-2.0-only
/*
 * A connection as a row for people or as an object for programs.
 */
#include <stdio.h>
#include <time.h>

#include "tool.h"

static const char *const heads[] = {
	"ID", "GROUP", "TYPE", "NODE-ID", "PEER-ID", "LOCAL", "REMOTE",
	"COOKIE",
};

void conn_print_start(struct output *out, const struct args *args)
{
	output_start(out, args, heads, ARRAY_SIZE(heads));
}

static const char *type_name(enum pg_type type)
{
	return type == PG_TYPE_NEIGHBOR ? "neighbor" :
	       type == PG_TYPE_DIRECT ? "direct" : NULL;
}

/* Here and below: the name if there is one, else the number behind it. */
static void add_name(struct table *table, const char *name, uint32_t number)
{
	if (name)
		table_text(table, name);
	else
		table_cell(table, "%u", number);
}

static void add_endpoint(struct table *table, const struct pg_addr *addr)
{
	char text[PG_ADDR_STRLEN];
	bool ipv6 = addr->family == AF_INET6;

	pg_addr_format(addr, text);
	table_cell(table, "%s%s%s:%u", ipv6 ? "[" : "", text, ipv6 ? "]" : "",
		   addr->port);
}

static void format_time(uint64_t ns, char *buf, size_t size)
{
	time_t seconds = ns / 1000000000;
	struct tm tm;

	if (!localtime_r(&seconds, &tm) ||
	    !strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(buf, size, "-");
}

static void add_note(struct table *table, const struct pg_conn *conn)
{
	const struct pg_stats *stats = conn->stats;
	char attached[32];

	format_time(conn->attached, attached, sizeof(attached));
	if (!stats) {
		table_note(table, "attached %s", attached);
		return;
	}
	table_note(table,
		   "attached %s, rtt %.3f/%.3f ms, %llu bytes sent, %llu acked, %llu retransmitted in %u segments, %llu received",
		   attached, stats->rtt / 1000.0, stats->rtt_var / 1000.0,
		   (unsigned long long)stats->bytes_sent,
		   (unsigned long long)stats->bytes_acked,
		   (unsigned long long)stats->bytes_retrans, stats->retrans,
		   (unsigned long long)stats->bytes_received);
}

static void add_row(struct output *out, const struct pg_conn *conn,
		    const char *group, const char *peer_id)
{
	struct table *table = &out->table;

	table_cell(table, "%llu", (unsigned long long)conn->id);
	table_text(table, group);
	add_name(table, type_name(conn->type), conn->type);
	if (conn->node_id)
		table_cell(table, "%llu", (unsigned long long)conn->node_id);
	else
		table_text(table, "-");
	table_text(table, peer_id);
	add_endpoint(table, &conn->local);
	add_endpoint(table, &conn->remote);
	table_cell(table, "%llx", (unsigned long long)conn->cookie);
	if (out->args->stats)
		add_note(table, conn);
}

static void put_name(struct json *json, const char *key, const char *name,
		     uint64_t number)
{
	if (name)
		json_string(json, key, name);
	else
		json_number(json, key, number);
}

static void put_endpoint(struct json *json, const char *key,
			 const struct pg_addr *addr)
{
	char text[PG_ADDR_STRLEN];
	struct json endpoint;

	pg_addr_format(addr, text);
	json_start(&endpoint);
	json_string(&endpoint, "address", text);
	json_number(&endpoint, "port", addr->port);
	json_object_at(json, key, &endpoint);
}

static void put_stats(struct json *json, const struct pg_stats *stats)
{
	struct json object;

	json_start(&object);
	json_number(&object, "rtt", stats->rtt);
	json_number(&object, "rtt-var", stats->rtt_var);
	json_number(&object, "min-rtt", stats->min_rtt);
	json_number(&object, "retrans", stats->retrans);
	json_number(&object, "bytes-sent", stats->bytes_sent);
	json_number(&object, "bytes-acked", stats->bytes_acked);
	json_number(&object, "bytes-retrans", stats->bytes_retrans);
	json_number(&object, "bytes-received", stats->bytes_received);
	json_object_at(json, "stats", &object);
}

static void add_object(struct output *out, const struct pg_conn *conn,
		       const char *group, const char *peer_id)
{
	struct json json;
	char cookie[17];

	snprintf(cookie, sizeof(cookie), "%llx",
		 (unsigned long long)conn->cookie);
	json_start(&json);
	json_number(&json, "id", conn->id);
	json_string(&json, "group", group);
	put_name(&json, "type", type_name(conn->type), conn->type);
	json_number(&json, "node-id", conn->node_id);
	json_string(&json, "peer-id", peer_id);
	put_endpoint(&json, "local", &conn->local);
	put_endpoint(&json, "remote", &conn->remote);
	json_string(&json, "cookie", cookie);
	json_number(&json, "attached", conn->attached);
	if (conn->stats)
		put_stats(&json, conn->stats);
	json_append(&out->array, &json);
}

/* Without a peer id the remote address stands for the peer, as in <p2p.h>. */
void conn_print(struct output *out, const struct pg_conn *conn,
		const char *group)
{
	const char *peer_id = conn->peer_id;
	char remote[PG_ADDR_STRLEN];

	if (!peer_id) {
		pg_addr_format(&conn->remote, remote);
		peer_id = remote;
	}
	if (out->args->json)
		add_object(out, conn, group, peer_id);
	else
		add_row(out, conn, group, peer_id);
}
