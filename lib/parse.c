// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Attributes of received messages, read in place.
 *
 * Payloads are aligned to 4 bytes only, so values of 8 bytes are copied.
 */
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/peergroup.h>
#include <stddef.h>
#include <string.h>

#include "parse.h"

/* A length that no prefix has. */
#define LEN_ABSENT UINT32_MAX

bool attrs_next(struct attrs *run, struct attr *attr)
{
	struct nlattr nla;
	size_t step;

	if (!run->left)
		return false;

	run->bad = true;
	if (run->left < NLA_HDRLEN)
		return false;
	memcpy(&nla, run->pos, sizeof(nla));
	if (nla.nla_len < NLA_HDRLEN || nla.nla_len > run->left)
		return false;
	run->bad = false;

	attr->type = nla.nla_type & NLA_TYPE_MASK;
	attr->len = nla.nla_len - NLA_HDRLEN;
	attr->data = run->pos + NLA_HDRLEN;

	/* The last attribute may lack its padding. */
	step = NLA_ALIGN(nla.nla_len);
	if (step > run->left)
		step = run->left;
	run->pos += step;
	run->left -= step;
	return true;
}

struct attrs attr_nested(const struct attr *attr)
{
	return (struct attrs){ .pos = attr->data, .left = attr->len };
}

struct attrs genl_attrs(const struct nlmsghdr *nlh)
{
	const unsigned char *payload = NLMSG_DATA(nlh);
	struct attrs run = { 0 };

	if (nlh->nlmsg_len >= NLMSG_HDRLEN + GENL_HDRLEN) {
		run.pos = payload + GENL_HDRLEN;
		run.left = nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	}
	return run;
}

bool attr_u16(const struct attr *attr, uint16_t *value)
{
	if (attr->len != sizeof(*value))
		return false;
	memcpy(value, attr->data, sizeof(*value));
	return true;
}

bool attr_u32(const struct attr *attr, uint32_t *value)
{
	if (attr->len != sizeof(*value))
		return false;
	memcpy(value, attr->data, sizeof(*value));
	return true;
}

bool attr_u64(const struct attr *attr, uint64_t *value)
{
	if (attr->len != sizeof(*value))
		return false;
	memcpy(value, attr->data, sizeof(*value));
	return true;
}

const char *attr_string(const struct attr *attr)
{
	const char *text = attr->data;

	if (!attr->len || memchr(text, '\0', attr->len) != text + attr->len - 1)
		return NULL;
	return text;
}

static bool attr_port(const struct attr *attr, uint16_t *port)
{
	if (!attr_u16(attr, port))
		return false;
	*port = ntohs(*port);
	return true;
}

static bool attr_ipv4(const struct attr *attr, struct in_addr *ipv4,
		      int *family)
{
	*family = AF_INET;
	return attr_u32(attr, &ipv4->s_addr);
}

static bool attr_ipv6(const struct attr *attr, struct in6_addr *ipv6,
		      int *family)
{
	if (attr->len != sizeof(*ipv6))
		return false;
	*family = AF_INET6;
	memcpy(ipv6, attr->data, sizeof(*ipv6));
	return true;
}

uint32_t prefix_bits(int family)
{
	switch (family) {
	case AF_INET:
		return 32;
	case AF_INET6:
		return 128;
	default:
		return 0;
	}
}

static bool attr_enum(const struct attr *attr, void *value)
{
	return attr_u32(attr, value);
}

static bool stats_attr(const struct attr *attr, struct pg_stats *stats)
{
	switch (attr->type) {
	case PEERGROUP_A_STATS_RTT:
		return attr_u32(attr, &stats->rtt);
	case PEERGROUP_A_STATS_RTT_VAR:
		return attr_u32(attr, &stats->rtt_var);
	case PEERGROUP_A_STATS_MIN_RTT:
		return attr_u32(attr, &stats->min_rtt);
	case PEERGROUP_A_STATS_RETRANS:
		return attr_u32(attr, &stats->retrans);
	case PEERGROUP_A_STATS_BYTES_SENT:
		return attr_u64(attr, &stats->bytes_sent);
	case PEERGROUP_A_STATS_BYTES_ACKED:
		return attr_u64(attr, &stats->bytes_acked);
	case PEERGROUP_A_STATS_BYTES_RETRANS:
		return attr_u64(attr, &stats->bytes_retrans);
	case PEERGROUP_A_STATS_BYTES_RECEIVED:
		return attr_u64(attr, &stats->bytes_received);
	default:
		return true;
	}
}

static bool parse_stats(const struct attr *nest, struct parsed_conn *parsed)
{
	struct attrs run = attr_nested(nest);
	struct attr attr;

	memset(&parsed->stats, 0, sizeof(parsed->stats));
	parsed->conn.stats = &parsed->stats;
	while (attrs_next(&run, &attr))
		if (!stats_attr(&attr, &parsed->stats))
			return false;
	return !run.bad;
}

static bool parse_peer_id(const struct attr *attr, struct pg_conn *conn)
{
	conn->peer_id = attr_string(attr);
	if (!conn->peer_id)
		return false;
	conn->peer_id_len = attr->len - 1;
	return true;
}

static bool conn_addr_attr(const struct attr *attr, struct pg_conn *conn)
{
	struct pg_addr *local = &conn->local, *remote = &conn->remote;

	switch (attr->type) {
	case PEERGROUP_A_CONN_LOCAL_PORT:
		return attr_port(attr, &local->port);
	case PEERGROUP_A_CONN_REMOTE_PORT:
		return attr_port(attr, &remote->port);
	case PEERGROUP_A_CONN_LOCAL_IPV4:
		return attr_ipv4(attr, &local->ipv4, &local->family);
	case PEERGROUP_A_CONN_REMOTE_IPV4:
		return attr_ipv4(attr, &remote->ipv4, &remote->family);
	case PEERGROUP_A_CONN_LOCAL_IPV6:
		return attr_ipv6(attr, &local->ipv6, &local->family);
	case PEERGROUP_A_CONN_REMOTE_IPV6:
		return attr_ipv6(attr, &remote->ipv6, &remote->family);
	default:
		return true;
	}
}

static bool conn_attr(const struct attr *attr, struct parsed_conn *parsed,
		      uint32_t *ifindex)
{
	struct pg_conn *conn = &parsed->conn;

	switch (attr->type) {
	case PEERGROUP_A_CONN_ID:
		return attr_u64(attr, &conn->id);
	case PEERGROUP_A_CONN_GROUP_ID:
		return attr_u32(attr, &conn->group_id);
	case PEERGROUP_A_CONN_TYPE:
		return attr_enum(attr, &conn->type);
	case PEERGROUP_A_CONN_STATE:
		return attr_enum(attr, &conn->state);
	case PEERGROUP_A_CONN_NODE_ID:
		return attr_u64(attr, &conn->node_id);
	case PEERGROUP_A_CONN_COOKIE:
		return attr_u64(attr, &conn->cookie);
	case PEERGROUP_A_CONN_ATTACHED:
		return attr_u64(attr, &conn->attached);
	case PEERGROUP_A_CONN_IFINDEX:
		return attr_u32(attr, ifindex);
	case PEERGROUP_A_CONN_PEER_ID:
		return parse_peer_id(attr, conn);
	case PEERGROUP_A_CONN_STATS:
		return parse_stats(attr, parsed);
	case PEERGROUP_A_CONN_REASON:
		return attr_enum(attr, &conn->reason);
	case PEERGROUP_A_CONN_ERROR:
		return attr_enum(attr, &conn->error);
	case PEERGROUP_A_CONN_RULE_ID:
		return attr_u32(attr, &conn->rule_id);
	default:
		return conn_addr_attr(attr, conn);
	}
}

static void set_scope(struct pg_addr *addr, uint32_t ifindex)
{
	if (addr->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&addr->ipv6))
		addr->scope_id = ifindex;
}

bool parse_conn(const struct attr *nest, struct parsed_conn *parsed)
{
	struct attrs run = attr_nested(nest);
	uint32_t ifindex = 0;
	struct attr attr;

	memset(&parsed->conn, 0, sizeof(parsed->conn));
	while (attrs_next(&run, &attr))
		if (!conn_attr(&attr, parsed, &ifindex))
			return false;

	set_scope(&parsed->conn.local, ifindex);
	set_scope(&parsed->conn.remote, ifindex);
	return !run.bad && parsed->conn.id;
}

bool conn_complete(const struct pg_conn *conn)
{
	return conn->id && conn->group_id && conn->type &&
	       conn->local.family && conn->remote.family;
}

static bool group_text_attr(const struct attr *attr, struct pg_group *group)
{
	const char *text = attr_string(attr);

	switch (attr->type) {
	case PEERGROUP_A_GROUP_NAME:
		group->name = text;
		break;
	case PEERGROUP_A_GROUP_LABEL:
		group->label = text;
		break;
	default:
		group->comment = text;
	}
	return text;
}

/* The attributes are numbered as the reasons are. */
static bool parse_lost(const struct attr *nest, struct parsed_group *parsed)
{
	struct attrs run = attr_nested(nest);
	struct attr attr;

	while (attrs_next(&run, &attr))
		if (attr.type < parsed->group.n_lost &&
		    !attr_u64(&attr, &parsed->lost[attr.type]))
			return false;
	return !run.bad;
}

static bool group_attr(const struct attr *attr, struct parsed_group *parsed)
{
	struct pg_group *group = &parsed->group;

	switch (attr->type) {
	case PEERGROUP_A_GROUP_ID:
		return attr_u32(attr, &group->id);
	case PEERGROUP_A_GROUP_NAME:
	case PEERGROUP_A_GROUP_LABEL:
	case PEERGROUP_A_GROUP_COMMENT:
		return group_text_attr(attr, group);
	case PEERGROUP_A_GROUP_OWNER:
		return attr_u32(attr, &group->owner);
	case PEERGROUP_A_GROUP_ACTIVE_NEIGHBOR:
		return attr_u32(attr, &group->active_neighbor);
	case PEERGROUP_A_GROUP_ACTIVE_DIRECT:
		return attr_u32(attr, &group->active_direct);
	case PEERGROUP_A_GROUP_GAINED:
		return attr_u64(attr, &group->gained);
	case PEERGROUP_A_GROUP_LEFTOVERS:
		return attr_u32(attr, &group->leftovers);
	case PEERGROUP_A_GROUP_LEFTOVERS_MAX:
		return attr_u32(attr, &group->leftovers_max);
	case PEERGROUP_A_GROUP_LIMIT:
		return attr_u32(attr, &group->limit);
	case PEERGROUP_A_GROUP_PENDING:
		return attr_u32(attr, &group->pending);
	case PEERGROUP_A_GROUP_LOST:
		return parse_lost(attr, parsed);
	case PEERGROUP_A_GROUP_RULES:
		return attr_u32(attr, &group->rules);
	case PEERGROUP_A_GROUP_MISSED:
		return attr_u64(attr, &group->missed);
	case PEERGROUP_A_GROUP_MISSED_LOST:
		return attr_u64(attr, &group->missed_lost);
	case PEERGROUP_A_GROUP_REFUSED:
		return attr_u64(attr, &group->refused);
	default:
		return true;
	}
}

bool parse_group(const struct attr *nest, struct parsed_group *parsed)
{
	struct attrs run = attr_nested(nest);
	struct attr attr;

	*parsed = (struct parsed_group){
		.group = {
			.name = "", .label = "", .comment = "",
			.lost = parsed->lost,
			.n_lost = sizeof(parsed->lost) / sizeof(*parsed->lost),
		},
	};
	while (attrs_next(&run, &attr))
		if (!group_attr(&attr, parsed))
			return false;
	return !run.bad && parsed->group.id;
}

static bool rule_port_attr(const struct attr *attr, struct pg_rule *rule)
{
	switch (attr->type) {
	case PEERGROUP_A_RULE_LOCAL_PORT_MIN:
		return attr_port(attr, &rule->local_port_min);
	case PEERGROUP_A_RULE_LOCAL_PORT_MAX:
		return attr_port(attr, &rule->local_port_max);
	case PEERGROUP_A_RULE_REMOTE_PORT_MIN:
		return attr_port(attr, &rule->remote_port_min);
	case PEERGROUP_A_RULE_REMOTE_PORT_MAX:
		return attr_port(attr, &rule->remote_port_max);
	default:
		return true;
	}
}

static bool rule_prefix_attr(const struct attr *attr, struct pg_rule *rule)
{
	struct pg_prefix *local = &rule->local, *remote = &rule->remote;

	switch (attr->type) {
	case PEERGROUP_A_RULE_LOCAL_IPV4:
		return attr_ipv4(attr, &local->ipv4, &local->family);
	case PEERGROUP_A_RULE_LOCAL_IPV6:
		return attr_ipv6(attr, &local->ipv6, &local->family);
	case PEERGROUP_A_RULE_LOCAL_PREFIX_LEN:
		return attr_u32(attr, &local->len);
	case PEERGROUP_A_RULE_REMOTE_IPV4:
		return attr_ipv4(attr, &remote->ipv4, &remote->family);
	case PEERGROUP_A_RULE_REMOTE_IPV6:
		return attr_ipv6(attr, &remote->ipv6, &remote->family);
	case PEERGROUP_A_RULE_REMOTE_PREFIX_LEN:
		return attr_u32(attr, &remote->len);
	default:
		return rule_port_attr(attr, rule);
	}
}

static bool parse_uid(const struct attr *attr, struct pg_rule *rule)
{
	rule->flags |= PG_RULE_UID;
	return attr_u32(attr, &rule->uid);
}

static bool parse_existing(const struct attr *attr, struct pg_rule *rule)
{
	rule->flags |= PG_RULE_EXISTING;
	return !attr->len;
}

static bool rule_attr(const struct attr *attr, struct pg_rule *rule)
{
	switch (attr->type) {
	case PEERGROUP_A_RULE_ID:
		return attr_u32(attr, &rule->id);
	case PEERGROUP_A_RULE_GROUP_ID:
		return attr_u32(attr, &rule->group_id);
	case PEERGROUP_A_RULE_TYPE:
		return attr_enum(attr, &rule->type);
	case PEERGROUP_A_RULE_DIRECTION:
		return attr_enum(attr, &rule->direction);
	case PEERGROUP_A_RULE_UID:
		return parse_uid(attr, rule);
	case PEERGROUP_A_RULE_EXISTING:
		return parse_existing(attr, rule);
	case PEERGROUP_A_RULE_GAINED:
		return attr_u64(attr, &rule->gained);
	default:
		return rule_prefix_attr(attr, rule);
	}
}

/* Without a length all of the address counts. */
static bool set_prefix_len(struct pg_prefix *prefix)
{
	const uint32_t bits = prefix_bits(prefix->family);

	if (prefix->len == LEN_ABSENT)
		prefix->len = bits;
	return prefix->len <= bits;
}

static void set_port_max(uint16_t min, uint16_t *max)
{
	if (!*max)
		*max = min;
}

bool parse_rule(const struct attr *nest, struct pg_rule *rule)
{
	struct attrs run = attr_nested(nest);
	struct attr attr;

	memset(rule, 0, sizeof(*rule));
	rule->local.len = LEN_ABSENT;
	rule->remote.len = LEN_ABSENT;
	while (attrs_next(&run, &attr))
		if (!rule_attr(&attr, rule))
			return false;

	set_port_max(rule->local_port_min, &rule->local_port_max);
	set_port_max(rule->remote_port_min, &rule->remote_port_max);
	return !run.bad && rule->id && set_prefix_len(&rule->local) &&
	       set_prefix_len(&rule->remote);
}

bool rule_complete(const struct pg_rule *rule)
{
	return rule->id && rule->group_id && rule->type;
}
