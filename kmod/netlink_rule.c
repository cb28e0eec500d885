// SPDX-License-Identifier: GPL-2.0-only
/* Requests about rules, and their replies. */

#include <net/ipv6.h>

#include "netlink.h"
#include "rule.h"
#include "wire.h"

#define PG_END_POLICY(end)						\
	[PEERGROUP_A_RULE_##end##_PORT_MIN]	= { .type = NLA_U16 },	\
	[PEERGROUP_A_RULE_##end##_PORT_MAX]	= { .type = NLA_U16 },	\
	[PEERGROUP_A_RULE_##end##_IPV4]		= { .type = NLA_U32 },	\
	[PEERGROUP_A_RULE_##end##_IPV6]		=			\
		NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),		\
	[PEERGROUP_A_RULE_##end##_PREFIX_LEN]	=			\
		NLA_POLICY_MAX(NLA_U32, 128)

static const struct nla_policy pg_rule_policy[PG_RULE_ATTRS] = {
	[PEERGROUP_A_RULE_ID]		= NLA_POLICY_MIN(NLA_U32, 1),
	[PEERGROUP_A_RULE_TYPE]		=
		NLA_POLICY_RANGE(NLA_U32, PEERGROUP_CONN_TYPE_NEIGHBOR,
				 PEERGROUP_CONN_TYPE_DIRECT),
	PG_END_POLICY(LOCAL),
	PG_END_POLICY(REMOTE),
	[PEERGROUP_A_RULE_DIRECTION]	=
		NLA_POLICY_RANGE(NLA_U32, PEERGROUP_DIRECTION_IN,
				 PEERGROUP_DIRECTION_OUT),
	[PEERGROUP_A_RULE_UID]		= { .type = NLA_U32 },
	[PEERGROUP_A_RULE_EXISTING]	= { .type = NLA_FLAG },
	[PEERGROUP_A_RULE_KEEP]		= { .type = NLA_FLAG },
};

const struct nla_policy pg_rule_op_policy[PG_MSG_ATTRS] = {
	[PEERGROUP_A_GROUP]	= NLA_POLICY_NESTED(pg_group_policy),
	[PEERGROUP_A_RULE]	= NLA_POLICY_NESTED(pg_rule_policy),
};

/* What may be in a request, of PEERGROUP_A_RULE_*. */
#define PG_RULE_SPEC_ATTRS						\
	(GENMASK(PEERGROUP_A_RULE_EXISTING, PEERGROUP_A_RULE_TYPE))
#define PG_RULE_DEL_ATTRS						\
	(BIT(PEERGROUP_A_RULE_ID) | BIT(PEERGROUP_A_RULE_KEEP))

static int pg_parse_rule_nest(struct genl_info *info, struct nlattr *tb[],
			      u32 known)
{
	return pg_parse(tb, PG_RULE_ATTRS - 1, info->attrs[PEERGROUP_A_RULE],
			pg_rule_policy, known, info->extack);
}

static int pg_required_rule(struct genl_info *info, struct nlattr *tb[],
			    u32 known)
{
	if (GENL_REQ_ATTR_CHECK(info, PEERGROUP_A_RULE)) {
		NL_SET_ERR_MSG(info->extack, "rule is missing");
		return -EINVAL;
	}
	return pg_parse_rule_nest(info, tb, known);
}

static int pg_check_admin(const struct sk_buff *skb, const struct pg_net *pn,
			  struct netlink_ext_ack *extack)
{
	struct pg_actor actor;

	pg_actor_init(&actor, skb, pn->net->user_ns);
	if (pg_actor_is_admin(&actor))
		return 0;
	NL_SET_ERR_MSG(extack, "needs CAP_NET_ADMIN");
	return -EPERM;
}

static int pg_parse_range(struct pg_range *range, struct nlattr *tb[],
			  const struct pg_end_attrs *attrs,
			  struct netlink_ext_ack *extack)
{
	const struct nlattr *min = tb[attrs->port_min];
	const struct nlattr *max = tb[attrs->port_max];

	if (!min && !max)
		return 0;
	if (!min) {
		NL_SET_ERR_MSG_ATTR(extack, max, "lowest port is missing");
		return -EINVAL;
	}
	range->min = ntohs(nla_get_be16(min));
	range->max = max ? ntohs(nla_get_be16(max)) : range->min;
	if (!range->min) {
		NL_SET_ERR_MSG_ATTR(extack, min, "no socket has port 0");
		return -EINVAL;
	}
	if (range->max < range->min) {
		NL_SET_ERR_MSG_ATTR(extack, max,
				    "highest port is below the lowest");
		return -EINVAL;
	}
	return 0;
}

/* The address of an end, IPv4 mapped, and its family, 0 if there is none. */
static int pg_parse_addr(struct in6_addr *addr, struct nlattr *tb[],
			 const struct pg_end_attrs *attrs,
			 struct netlink_ext_ack *extack)
{
	const struct nlattr *ipv4 = tb[attrs->ipv4], *ipv6 = tb[attrs->ipv6];

	if (ipv4 && ipv6) {
		NL_SET_ERR_MSG_ATTR(extack, ipv6,
				    "addresses exclude each other");
		return -EINVAL;
	}
	if (ipv4) {
		ipv6_addr_set_v4mapped(nla_get_in_addr(ipv4), addr);
		return AF_INET;
	}
	if (!ipv6)
		return 0;
	*addr = nla_get_in6_addr(ipv6);
	if (ipv6_addr_v4mapped(addr)) {
		NL_SET_ERR_MSG_ATTR(extack, ipv6,
				    "address is one of IPv4, which has an attribute of its own");
		return -EINVAL;
	}
	return AF_INET6;
}

static int pg_parse_prefix_len(struct pg_prefix *prefix, int family,
			       const struct nlattr *attr,
			       struct netlink_ext_ack *extack)
{
	u32 max = family == AF_INET ? 32 : 128;
	u32 len = attr ? nla_get_u32(attr) : max;
	struct in6_addr addr;

	if (len > max) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "prefix is longer than an address");
		return -EINVAL;
	}
	prefix->len = family == AF_INET ? len + PG_IPV4_BITS : len;
	ipv6_addr_prefix(&addr, &prefix->addr, prefix->len);
	if (!ipv6_addr_equal(&addr, &prefix->addr)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "address has bits behind its prefix");
		return -EINVAL;
	}
	return 0;
}

static int pg_parse_prefix(struct pg_match *match, unsigned int end,
			   struct nlattr *tb[], struct netlink_ext_ack *extack)
{
	const struct pg_end_attrs *attrs = &pg_end_attrs[end];
	struct pg_prefix *prefix = &match->prefixes[end];
	struct nlattr *len = tb[attrs->prefix_len];
	int family;

	family = pg_parse_addr(&prefix->addr, tb, attrs, extack);
	if (family < 0)
		return family;
	if (!family && len) {
		NL_SET_ERR_MSG_ATTR(extack, len, "prefix has no address");
		return -EINVAL;
	}
	if (!family)
		return 0;
	if (match->family && match->family != family) {
		NL_SET_ERR_MSG_ATTR(extack, tb[attrs->ipv4] ?: tb[attrs->ipv6],
				    "local and remote address are of different families");
		return -EINVAL;
	}
	match->family = family;
	prefix->given = true;
	return pg_parse_prefix_len(prefix, family, len, extack);
}

static int pg_parse_match(struct pg_match *match, struct nlattr *tb[],
			  struct netlink_ext_ack *extack)
{
	struct nlattr *uid = tb[PEERGROUP_A_RULE_UID];
	int end, err = 0;

	for (end = 0; end < PG_ENDS && !err; end++)
		err = pg_parse_range(&match->ports[end], tb,
				     &pg_end_attrs[end], extack) ?:
		      pg_parse_prefix(match, end, tb, extack);
	if (err)
		return err;
	if (tb[PEERGROUP_A_RULE_DIRECTION])
		match->direction = nla_get_u32(tb[PEERGROUP_A_RULE_DIRECTION]);
	if (!uid)
		return 0;
	match->has_uid = true;
	match->uid = make_kuid(current_user_ns(), nla_get_u32(uid));
	if (!uid_valid(match->uid)) {
		NL_SET_ERR_MSG_ATTR(extack, uid, "no such user");
		return -EINVAL;
	}
	return 0;
}

static int pg_parse_rule(struct pg_rule_spec *spec, struct nlattr *tb[],
			 struct netlink_ext_ack *extack)
{
	struct nlattr *existing = tb[PEERGROUP_A_RULE_EXISTING];

	spec->type = PEERGROUP_CONN_TYPE_NEIGHBOR;
	if (tb[PEERGROUP_A_RULE_TYPE])
		spec->type = nla_get_u32(tb[PEERGROUP_A_RULE_TYPE]);
	spec->existing = existing;
	if (existing && tb[PEERGROUP_A_RULE_DIRECTION]) {
		NL_SET_ERR_MSG_ATTR(extack, existing,
				    "established sockets do not tell their direction");
		return -EINVAL;
	}
	return pg_parse_match(&spec->match, tb, extack);
}

static int pg_reply_rule(struct pg_reply *reply, const struct sk_buff *skb,
			 struct genl_info *info, struct pg_rule *rule,
			 u64 generation)
{
	struct user_namespace *user_ns = sk_user_ns(NETLINK_CB(skb).sk);
	struct pg_rule_info rule_info;
	int err;

	pg_rule_info(rule, &rule_info);
	err = pg_reply_generation(reply, generation);
	if (!err)
		err = pg_wire_rule(reply->skb, &rule_info, user_ns);
	return pg_reply_end(reply, info, err);
}

static int pg_rule_create(struct sk_buff *skb, struct genl_info *info,
			  struct pg_group *group,
			  const struct pg_rule_spec *spec)
{
	struct pg_reply reply;
	struct pg_rule *rule;
	u64 generation;
	int err;

	err = pg_reply_init(&reply, info, GENLMSG_DEFAULT_SIZE);
	if (err)
		return err;
	rule = pg_rule_new(group, spec, pg_may_wait(skb), &generation,
			   info->extack);
	if (IS_ERR(rule)) {
		NL_SET_BAD_ATTR(info->extack, info->attrs[PEERGROUP_A_RULE]);
		return pg_reply_end(&reply, info, PTR_ERR(rule));
	}
	err = pg_reply_rule(&reply, skb, info, rule, generation);
	pg_rule_put(rule);
	return err;
}

int pg_rule_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[PG_RULE_ATTRS];
	struct pg_rule_spec spec = {};
	struct pg_group *group;
	int err;

	/* Without one it is about all sockets. */
	err = pg_parse_rule_nest(info, tb, PG_RULE_SPEC_ATTRS);
	if (!err)
		err = pg_parse_rule(&spec, tb, info->extack);
	if (err)
		return err;
	group = pg_required_group(info);
	if (IS_ERR(group))
		return PTR_ERR(group);
	err = pg_check_admin(skb, group->pn, info->extack);
	if (!err)
		err = pg_rule_create(skb, info, group, &spec);
	pg_group_put(group);
	return err;
}

/* The rule that a request is about, a reference. */
static struct pg_rule *pg_find_rule(struct genl_info *info,
				    struct nlattr *tb[])
{
	const struct nlattr *nest = info->attrs[PEERGROUP_A_RULE];
	const struct nlattr *id = tb[PEERGROUP_A_RULE_ID];
	struct pg_rule *rule;

	if (!id) {
		NL_SET_ERR_MSG_ATTR(info->extack, nest, "id is missing");
		NL_SET_ERR_ATTR_MISS(info->extack, nest, PEERGROUP_A_RULE_ID);
		return ERR_PTR(-EINVAL);
	}
	rule = pg_rule_by_id(pg_net(genl_info_net(info)), nla_get_u32(id));
	return rule ? rule : ERR_PTR(-ENOENT);
}

static int pg_no_rule(struct genl_info *info, struct nlattr *tb[], int err)
{
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, tb[PEERGROUP_A_RULE_ID],
				    "no such rule");
	return err;
}

static int pg_rule_delete(struct sk_buff *skb, struct genl_info *info,
			  struct pg_rule *rule, bool keep)
{
	struct pg_reply reply;
	u64 generation;
	int err;

	err = pg_reply_init(&reply, info, GENLMSG_DEFAULT_SIZE);
	if (err)
		return err;
	err = pg_rule_del(rule, keep, pg_may_wait(skb), &generation);
	if (err)
		return pg_reply_end(&reply, info, err);
	return pg_reply_rule(&reply, skb, info, rule, generation);
}

static int pg_rule_delete_of(struct sk_buff *skb, struct genl_info *info,
			     const struct pg_group *only)
{
	struct nlattr *tb[PG_RULE_ATTRS];
	struct pg_rule *rule;
	int err;

	err = pg_required_rule(info, tb, PG_RULE_DEL_ATTRS);
	if (!err)
		err = pg_check_admin(skb, pg_net(genl_info_net(info)),
				     info->extack);
	if (err)
		return err;
	rule = pg_find_rule(info, tb);
	if (IS_ERR(rule))
		return pg_no_rule(info, tb, PTR_ERR(rule));
	err = -ENOENT;
	if (!only || rule->group == only)
		err = pg_rule_delete(skb, info, rule,
				     tb[PEERGROUP_A_RULE_KEEP]);
	pg_rule_put(rule);
	return pg_no_rule(info, tb, err);
}

int pg_rule_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pg_group *group = pg_optional_group(info);
	int err;

	if (IS_ERR(group))
		return PTR_ERR(group);
	err = pg_rule_delete_of(skb, info, group);
	pg_group_put(group);
	return err;
}

static int pg_rule_get(struct sk_buff *skb, struct genl_info *info,
		       struct pg_rule *rule)
{
	struct pg_reply reply;
	u64 generation;
	int err;

	err = pg_rule_show(rule, &generation);
	if (err)
		return err;
	err = pg_reply_init(&reply, info, GENLMSG_DEFAULT_SIZE);
	if (err)
		return err;
	return pg_reply_rule(&reply, skb, info, rule, generation);
}

int pg_rule_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[PG_RULE_ATTRS];
	struct pg_rule *rule;
	int err;

	if (info->attrs[PEERGROUP_A_GROUP]) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[PEERGROUP_A_GROUP],
				    "attribute applies to dumps only");
		return -EINVAL;
	}
	err = pg_required_rule(info, tb, BIT(PEERGROUP_A_RULE_ID));
	if (err)
		return err;
	rule = pg_find_rule(info, tb);
	if (IS_ERR(rule))
		return pg_no_rule(info, tb, PTR_ERR(rule));
	err = pg_rule_get(skb, info, rule);
	pg_rule_put(rule);
	return pg_no_rule(info, tb, err);
}
