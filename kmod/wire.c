// SPDX-License-Identifier: GPL-2.0-only
/*
 * Building the records of messages: one function an object, for replies,
 * dumps and events alike.
 *
 * A connection is one reserved piece of the message and direct stores; with
 * nla_put() for each attribute a dump would cost eight times as much.
 */

#include <net/netlink.h>

#include "wire.h"

struct pg_wire_u32 {
	struct nlattr	nla;
	u32		value;
};

struct pg_wire_u64 {
	struct nlattr	nla;
	u64		value;
} __packed __aligned(4);

struct pg_wire_port {
	struct nlattr	nla;
	__be16		value;
	u16		pad;
};

struct pg_wire_ipv4 {
	struct nlattr	nla;
	__be32		value;
};

struct pg_wire_ipv6 {
	struct nlattr	nla;
	struct in6_addr	value;
};

struct pg_wire_conn {
	struct nlattr		nest;
	struct pg_wire_u64	id;
	struct pg_wire_u32	group_id;
	struct pg_wire_u32	type;
	struct pg_wire_u32	state;
	struct pg_wire_u64	node_id;
	struct pg_wire_u64	cookie;
	struct pg_wire_u64	attached;
	struct pg_wire_port	local_port;
	struct pg_wire_port	remote_port;
};

struct pg_wire_conn4 {
	struct pg_wire_conn	conn;
	struct pg_wire_ipv4	local;
	struct pg_wire_ipv4	remote;
};

struct pg_wire_conn6 {
	struct pg_wire_conn	conn;
	struct pg_wire_ipv6	local;
	struct pg_wire_ipv6	remote;
};

#define PG_NLA(attr, size)						\
	{ .nla_len = NLA_HDRLEN + (size), .nla_type = PEERGROUP_A_CONN_##attr }

#define PG_WIRE_CONN {							\
	.nest		= { .nla_type = PEERGROUP_A_CONN | NLA_F_NESTED }, \
	.id.nla		= PG_NLA(ID, sizeof(u64)),			\
	.group_id.nla	= PG_NLA(GROUP_ID, sizeof(u32)),		\
	.type.nla	= PG_NLA(TYPE, sizeof(u32)),			\
	.state.nla	= PG_NLA(STATE, sizeof(u32)),			\
	.node_id.nla	= PG_NLA(NODE_ID, sizeof(u64)),			\
	.cookie.nla	= PG_NLA(COOKIE, sizeof(u64)),			\
	.attached.nla	= PG_NLA(ATTACHED, sizeof(u64)),		\
	.local_port.nla	= PG_NLA(LOCAL_PORT, sizeof(__be16)),		\
	.remote_port.nla = PG_NLA(REMOTE_PORT, sizeof(__be16)),		\
}

static const struct pg_wire_conn4 pg_wire_conn4 = {
	.conn		= PG_WIRE_CONN,
	.local.nla	= PG_NLA(LOCAL_IPV4, sizeof(__be32)),
	.remote.nla	= PG_NLA(REMOTE_IPV4, sizeof(__be32)),
};

static const struct pg_wire_conn6 pg_wire_conn6 = {
	.conn		= PG_WIRE_CONN,
	.local.nla	= PG_NLA(LOCAL_IPV6, sizeof(struct in6_addr)),
	.remote.nla	= PG_NLA(REMOTE_IPV6, sizeof(struct in6_addr)),
};

/* Each piece of a record begins where the one before ends, unpadded. */
static_assert(sizeof(struct pg_wire_u64) == 12);
static_assert(sizeof(struct pg_wire_conn) == 92);
static_assert(sizeof(struct pg_wire_conn4) == 108);
static_assert(sizeof(struct pg_wire_conn6) == 132);

static_assert((int)PEERGROUP_A_LOST_MAX == PG_REASONS);

static void pg_store_conn(struct pg_wire_conn *wire,
			  const struct pg_conn *conn, u32 state)
{
	wire->id.value = conn->id;
	wire->group_id.value = conn->group->id;
	wire->type.value = conn->type;
	wire->state.value = state;
	wire->node_id.value = conn->node_id;
	wire->cookie.value = conn->cookie;
	wire->attached.value = conn->attached;
	wire->local_port.value = conn->local_port;
	wire->remote_port.value = conn->remote_port;
}

static void *pg_store_conn4(void *buf, const struct pg_conn *conn, u32 state)
{
	struct pg_wire_conn4 *wire = buf;

	*wire = pg_wire_conn4;
	pg_store_conn(&wire->conn, conn, state);
	/* See pg_conn_renew_local(). */
	wire->local.value = READ_ONCE(conn->local.s6_addr32[3]);
	wire->remote.value = conn->remote.s6_addr32[3];
	return wire + 1;
}

static void *pg_store_conn6(void *buf, const struct pg_conn *conn, u32 state)
{
	struct pg_wire_conn6 *wire = buf;

	*wire = pg_wire_conn6;
	pg_store_conn(&wire->conn, conn, state);
	wire->local.value = conn->local;
	wire->remote.value = conn->remote;
	return wire + 1;
}

static void *pg_store_ifindex(void *buf, const struct pg_conn *conn)
{
	struct pg_wire_u32 *wire = buf;

	wire->nla = (struct nlattr)PG_NLA(IFINDEX, sizeof(u32));
	wire->value = conn->ifindex;
	return wire + 1;
}

static void *pg_store_rule_id(void *buf, const struct pg_conn *conn)
{
	struct pg_wire_u32 *wire = buf;

	wire->nla = (struct nlattr)PG_NLA(RULE_ID, sizeof(u32));
	wire->value = conn->rule_id;
	return wire + 1;
}

static void *pg_store_peer_id(void *buf, const struct pg_conn *conn)
{
	unsigned int len = conn->peer_id_len + 1;
	struct nlattr *nla = buf;

	*nla = (struct nlattr)PG_NLA(PEER_ID, len);
	memcpy(nla + 1, conn->peer_id, len - 1);
	memset((char *)(nla + 1) + len - 1, 0, NLA_ALIGN(len) - len + 1);
	return buf + nla_total_size(len);
}

static int pg_put_reason(struct sk_buff *skb, const struct pg_conn *conn)
{
	if (nla_put_u32(skb, PEERGROUP_A_CONN_REASON, conn->reason) ||
	    (conn->error &&
	     nla_put_u32(skb, PEERGROUP_A_CONN_ERROR, conn->error)))
		return -EMSGSIZE;
	return 0;
}

static size_t pg_wire_conn_size(const struct pg_conn *conn)
{
	size_t size = conn->family == AF_INET6 ? sizeof(struct pg_wire_conn6) :
						 sizeof(struct pg_wire_conn4);

	if (conn->ifindex)
		size += sizeof(struct pg_wire_u32);
	if (conn->rule_id)
		size += sizeof(struct pg_wire_u32);
	if (conn->peer_id)
		size += nla_total_size(conn->peer_id_len + 1);
	return size;
}

static int pg_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put(skb, attr, sizeof(value), &value);
}

static int pg_wire_stats(struct sk_buff *skb, const struct pg_stats *stats)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, PEERGROUP_A_CONN_STATS);
	if (!nest ||
	    nla_put_u32(skb, PEERGROUP_A_STATS_RTT, stats->rtt) ||
	    nla_put_u32(skb, PEERGROUP_A_STATS_RTT_VAR, stats->rtt_var) ||
	    nla_put_u32(skb, PEERGROUP_A_STATS_MIN_RTT, stats->min_rtt) ||
	    nla_put_u32(skb, PEERGROUP_A_STATS_RETRANS, stats->retrans) ||
	    pg_put_u64(skb, PEERGROUP_A_STATS_BYTES_SENT, stats->bytes_sent) ||
	    pg_put_u64(skb, PEERGROUP_A_STATS_BYTES_ACKED,
		       stats->bytes_acked) ||
	    pg_put_u64(skb, PEERGROUP_A_STATS_BYTES_RETRANS,
		       stats->bytes_retrans) ||
	    pg_put_u64(skb, PEERGROUP_A_STATS_BYTES_RECEIVED,
		       stats->bytes_received))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * pg_wire_conn - add a connection to a message
 * @skb: the message
 * @conn: the connection
 * @state: what to show it in; if it is gone, with the reason
 * @stats: its statistics, or NULL
 *
 * Return: 0, or -EMSGSIZE with the message as it was.
 */
int pg_wire_conn(struct sk_buff *skb, const struct pg_conn *conn,
		 enum peergroup_conn_state state, const struct pg_stats *stats)
{
	size_t size = pg_wire_conn_size(conn);
	struct nlattr *nest;
	void *pos;

	if (skb_tailroom(skb) < size)
		return -EMSGSIZE;
	nest = skb_put(skb, size);

	pos = conn->family == AF_INET6 ? pg_store_conn6(nest, conn, state) :
					 pg_store_conn4(nest, conn, state);
	if (conn->ifindex)
		pos = pg_store_ifindex(pos, conn);
	if (conn->rule_id)
		pos = pg_store_rule_id(pos, conn);
	if (conn->peer_id)
		pg_store_peer_id(pos, conn);

	if ((stats && pg_wire_stats(skb, stats)) ||
	    (state == PEERGROUP_CONN_STATE_GONE && pg_put_reason(skb, conn))) {
		nlmsg_trim(skb, nest);
		return -EMSGSIZE;
	}
	nest->nla_len = skb_tail_pointer(skb) - (unsigned char *)nest;
	return 0;
}

/* What changes in the life of a group. */
struct pg_group_counts {
	struct pg_counts	conns;
	u64			gained;
	u64			lost[PG_REASONS];
	u32			leftovers;
	u32			leftovers_max;
	u32			rules;
	u64			missed;
	u64			missed_lost;
	u64			refused;
};

static struct pg_group_counts pg_group_counts(struct pg_group *group)
{
	struct pg_group_counts counts;
	unsigned long flags;

	raw_spin_lock_irqsave(&group->pn->lock, flags);
	counts.conns = group->counts;
	counts.gained = group->gained;
	memcpy(counts.lost, group->lost, sizeof(counts.lost));
	counts.leftovers = group->n_leftovers;
	counts.leftovers_max = pg_group_leftovers_max(group);
	counts.rules = group->n_rules;
	counts.missed = group->missed;
	counts.missed_lost = group->missed_lost;
	counts.refused = group->refused;
	raw_spin_unlock_irqrestore(&group->pn->lock, flags);
	return counts;
}

/* The attributes are those of enum peergroup_reason. */
static int pg_wire_lost(struct sk_buff *skb, const u64 *lost)
{
	struct nlattr *nest;
	int i;

	nest = nla_nest_start(skb, PEERGROUP_A_GROUP_LOST);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < PG_REASONS; i++)
		if (pg_put_u64(skb, i + 1, lost[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int pg_wire_counts(struct sk_buff *skb, struct pg_group *group)
{
	struct pg_group_counts counts = pg_group_counts(group);
	const u32 *active = counts.conns.active;

	if (nla_put_u32(skb, PEERGROUP_A_GROUP_ACTIVE_NEIGHBOR,
			active[PEERGROUP_CONN_TYPE_NEIGHBOR - 1]) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_ACTIVE_DIRECT,
			active[PEERGROUP_CONN_TYPE_DIRECT - 1]) ||
	    pg_put_u64(skb, PEERGROUP_A_GROUP_GAINED, counts.gained) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_LEFTOVERS, counts.leftovers) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_LEFTOVERS_MAX,
			counts.leftovers_max) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_LIMIT, pg_group_conns_max()) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_PENDING,
			pg_counts_pending(&counts.conns)) ||
	    pg_wire_lost(skb, counts.lost) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_RULES, counts.rules) ||
	    pg_put_u64(skb, PEERGROUP_A_GROUP_MISSED, counts.missed) ||
	    pg_put_u64(skb, PEERGROUP_A_GROUP_MISSED_LOST,
		       counts.missed_lost) ||
	    pg_put_u64(skb, PEERGROUP_A_GROUP_REFUSED, counts.refused))
		return -EMSGSIZE;
	return 0;
}

/**
 * pg_wire_group - add a group to a message
 * @skb: the message
 * @group: the group
 * @user_ns: where the reader's uids are
 *
 * Return: 0, or -EMSGSIZE with the message as it was.
 */
int pg_wire_group(struct sk_buff *skb, struct pg_group *group,
		  struct user_namespace *user_ns)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, PEERGROUP_A_GROUP);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, PEERGROUP_A_GROUP_ID, group->id) ||
	    nla_put_string(skb, PEERGROUP_A_GROUP_NAME, group->name) ||
	    (*group->label &&
	     nla_put_string(skb, PEERGROUP_A_GROUP_LABEL, group->label)) ||
	    (*group->comment &&
	     nla_put_string(skb, PEERGROUP_A_GROUP_COMMENT, group->comment)) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_OWNER,
			from_kuid_munged(user_ns, group->owner)) ||
	    pg_wire_counts(skb, group)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

#define PG_END_ATTRS(end) {						\
	.port_min	= PEERGROUP_A_RULE_##end##_PORT_MIN,		\
	.port_max	= PEERGROUP_A_RULE_##end##_PORT_MAX,		\
	.ipv4		= PEERGROUP_A_RULE_##end##_IPV4,		\
	.ipv6		= PEERGROUP_A_RULE_##end##_IPV6,		\
	.prefix_len	= PEERGROUP_A_RULE_##end##_PREFIX_LEN,		\
}

const struct pg_end_attrs pg_end_attrs[PG_ENDS] = {
	[PG_LOCAL]	= PG_END_ATTRS(LOCAL),
	[PG_REMOTE]	= PG_END_ATTRS(REMOTE),
};

static int pg_put_range(struct sk_buff *skb, const struct pg_range *range,
			const struct pg_end_attrs *attrs)
{
	if (!range->min)
		return 0;
	return nla_put_be16(skb, attrs->port_min, htons(range->min)) ?:
	       nla_put_be16(skb, attrs->port_max, htons(range->max));
}

static int pg_put_prefix(struct sk_buff *skb, const struct pg_prefix *prefix,
			 u8 family, const struct pg_end_attrs *attrs)
{
	if (!prefix->given)
		return 0;
	if (family == AF_INET6)
		return nla_put_in6_addr(skb, attrs->ipv6, &prefix->addr) ?:
		       nla_put_u32(skb, attrs->prefix_len, prefix->len);
	return nla_put_in_addr(skb, attrs->ipv4, prefix->addr.s6_addr32[3]) ?:
	       nla_put_u32(skb, attrs->prefix_len, prefix->len - PG_IPV4_BITS);
}

static int pg_put_match(struct sk_buff *skb, const struct pg_match *match,
			struct user_namespace *user_ns)
{
	int end, err = 0;

	for (end = 0; end < PG_ENDS && !err; end++)
		err = pg_put_range(skb, &match->ports[end],
				   &pg_end_attrs[end]) ?:
		      pg_put_prefix(skb, &match->prefixes[end], match->family,
				    &pg_end_attrs[end]);
	if (!err && match->direction)
		err = nla_put_u32(skb, PEERGROUP_A_RULE_DIRECTION,
				  match->direction);
	if (!err && match->has_uid)
		err = nla_put_u32(skb, PEERGROUP_A_RULE_UID,
				  from_kuid_munged(user_ns, match->uid));
	return err;
}

/**
 * pg_wire_rule - add a rule to a message
 * @skb: the message
 * @rule: the rule
 * @user_ns: where the reader's uids are
 *
 * Return: 0, or -EMSGSIZE with the message as it was.
 */
int pg_wire_rule(struct sk_buff *skb, const struct pg_rule_info *rule,
		 struct user_namespace *user_ns)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, PEERGROUP_A_RULE);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, PEERGROUP_A_RULE_ID, rule->id) ||
	    nla_put_u32(skb, PEERGROUP_A_RULE_GROUP_ID, rule->group_id) ||
	    nla_put_u32(skb, PEERGROUP_A_RULE_TYPE, rule->type) ||
	    pg_put_match(skb, &rule->match, user_ns) ||
	    (rule->existing && nla_put_flag(skb, PEERGROUP_A_RULE_EXISTING)) ||
	    pg_put_u64(skb, PEERGROUP_A_RULE_GAINED, rule->gained)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}
