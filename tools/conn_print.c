// SPDX-License-Identifier: GPL-2.0-only
/*
 * A connection as a row or a line for people, or as an object for programs.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tool.h"

static const char *const heads[] = {
	"ID", "GROUP", "TYPE", "NODE-ID", "PEER-ID", "LOCAL", "REMOTE",
	"COOKIE", "STATE",
};

void conn_print_start(struct output *out, const struct args *args)
{
	output_start(out, args, heads, ARRAY_SIZE(heads));
}

/* NULL if it is none of ours. */
const char *type_name(enum pg_type type)
{
	return type == PG_TYPE_NEIGHBOR ? "neighbor" :
	       type == PG_TYPE_DIRECT ? "direct" : NULL;
}

static const char *state_name(enum pg_state state)
{
	switch (state) {
	case PG_STATE_ACTIVE:
		return "active";
	case PG_STATE_PENDING:
		return "pending";
	case PG_STATE_GONE:
		return "gone";
	default:
		return NULL;
	}
}

/* Without a peer id the remote address stands for the peer, as in <p2p.h>. */
static const char *peer_name(const struct pg_conn *conn, char *buf)
{
	if (conn->peer_id)
		return conn->peer_id;
	pg_addr_format(&conn->remote, buf);
	return buf;
}

static const char *endpoint(const struct pg_addr *addr, char *buf)
{
	bool ipv6 = addr->family == AF_INET6;
	size_t len;

	*buf = '[';
	len = ipv6 + pg_addr_format(addr, buf + ipv6);
	sprintf(buf + len, "%s:%u", ipv6 ? "]" : "", addr->port);
	return buf;
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
	table_note(table, "attached %s", attached);
	if (conn->rule_id)
		table_note(table, ", by rule %u", conn->rule_id);
	if (!stats)
		return;
	table_note(table,
		   ", rtt %.3f/%.3f ms, %llu bytes sent, %llu acked, %llu retransmitted in %u segments, %llu received",
		   stats->rtt / 1000.0, stats->rtt_var / 1000.0,
		   (unsigned long long)stats->bytes_sent,
		   (unsigned long long)stats->bytes_acked,
		   (unsigned long long)stats->bytes_retrans, stats->retrans,
		   (unsigned long long)stats->bytes_received);
}

static void add_row(struct output *out, const struct pg_conn *conn,
		    const char *group)
{
	struct table *table = &out->table;
	char buf[PG_ADDR_STRLEN];

	table_cell(table, "%llu", (unsigned long long)conn->id);
	table_text(table, group);
	table_name(table, type_name(conn->type), conn->type);
	if (conn->node_id)
		table_cell(table, "%llu", (unsigned long long)conn->node_id);
	else
		table_text(table, "-");
	table_text(table, peer_name(conn, buf));
	table_cell(table, "%s", endpoint(&conn->local, buf));
	table_cell(table, "%s", endpoint(&conn->remote, buf));
	table_cell(table, "%llx", (unsigned long long)conn->cookie);
	table_name(table, state_name(conn->state), conn->state);
	if (out->args->stats)
		add_note(table, conn);
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

static void put_reason(struct json *json, const struct pg_conn *conn)
{
	json_string(json, "reason", pg_reason_name(conn->reason));
	if (conn->error)
		json_number(json, "error", conn->error);
}

/* The keys of a connection, which are here to stay. */
void conn_put(struct json *json, const struct pg_conn *conn, const char *group)
{
	char peer_id[PG_ADDR_STRLEN];
	char cookie[17];

	snprintf(cookie, sizeof(cookie), "%llx",
		 (unsigned long long)conn->cookie);
	json_number(json, "id", conn->id);
	json_string(json, "group", group);
	json_name(json, "type", type_name(conn->type), conn->type);
	json_number(json, "node-id", conn->node_id);
	json_string(json, "peer-id", peer_name(conn, peer_id));
	put_endpoint(json, "local", &conn->local);
	put_endpoint(json, "remote", &conn->remote);
	json_string(json, "cookie", cookie);
	json_number(json, "attached", conn->attached);
	json_name(json, "state", state_name(conn->state), conn->state);
	if (conn->state == PG_STATE_GONE)
		put_reason(json, conn);
	if (conn->stats)
		put_stats(json, conn->stats);
	if (conn->rule_id)
		json_number(json, "rule", conn->rule_id);
}

static void add_object(struct output *out, const struct pg_conn *conn,
		       const char *group)
{
	struct json json;

	json_start(&json);
	conn_put(&json, conn, group);
	json_append(&out->array, &json);
}

void conn_print(struct output *out, const struct pg_conn *conn,
		const char *group)
{
	if (out->args->json)
		add_object(out, conn, group);
	else
		add_row(out, conn, group);
}

/* That it is gone the reason says, too. */
static void print_state(const struct pg_conn *conn)
{
	if (conn->state != PG_STATE_GONE) {
		text_print_name("state", state_name(conn->state), conn->state);
		return;
	}
	printf(" reason %s", pg_reason_name(conn->reason));
	if (conn->error)
		printf(" (%s)", strerror(conn->error));
}

/* What somebody chose comes last and in quotes, as no more than it is. */
void conn_print_line(const struct pg_conn *conn, const char *group)
{
	char buf[PG_ADDR_STRLEN];

	printf(" id %llu", (unsigned long long)conn->id);
	text_print_name("type", type_name(conn->type), conn->type);
	print_state(conn);
	printf(" local %s", endpoint(&conn->local, buf));
	printf(" remote %s", endpoint(&conn->remote, buf));
	if (conn->node_id)
		printf(" node-id %llu", (unsigned long long)conn->node_id);
	if (conn->rule_id)
		printf(" rule %u", conn->rule_id);
	fputs(" group ", stdout);
	text_print(group);
	fputs(" peer-id ", stdout);
	text_print(peer_name(conn, buf));
}
