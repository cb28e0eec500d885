/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that speak netlink share. */
#ifndef _PEERGROUP_NETLINK_H
#define _PEERGROUP_NETLINK_H

#include <net/genetlink.h>

#include "peergroup.h"

/* Sizes of tables of what requests may have. */
#define PG_GROUP_ATTRS	(PEERGROUP_A_GROUP_OWNER + 1)
#define PG_CONN_ATTRS	(PEERGROUP_A_CONN_FD + 1)
#define PG_RULE_ATTRS	(PEERGROUP_A_RULE_KEEP + 1)
#define PG_MSG_ATTRS	(PEERGROUP_A_RULE + 1)

enum {
	PG_MCGRP_EVENTS,
};

extern struct genl_family pg_family;

/* netlink.c */

/**
 * struct pg_reply - a reply being built
 * @skb: the message
 * @hdr: its header
 */
struct pg_reply {
	struct sk_buff	*skb;
	void		*hdr;
};

extern const struct nla_policy pg_group_policy[PG_GROUP_ATTRS];

int pg_parse(struct nlattr *tb[], int max, const struct nlattr *nest,
	     const struct nla_policy *policy, u32 known,
	     struct netlink_ext_ack *extack);
struct pg_group *pg_find_group(struct pg_net *pn, const struct nlattr *nest,
			       struct netlink_ext_ack *extack);
struct pg_group *pg_required_group(struct genl_info *info);
struct pg_group *pg_optional_group(struct genl_info *info);
bool pg_may_wait(const struct sk_buff *skb);
int pg_reply_init(struct pg_reply *reply, struct genl_info *info, size_t size);
int pg_reply_generation(struct pg_reply *reply, u64 generation);
int pg_reply_end(struct pg_reply *reply, struct genl_info *info, int err);
int pg_parse_conn(struct nlattr *tb[], const struct nlattr *nest, u32 known,
		  struct netlink_ext_ack *extack);

/* netlink_rule.c */
extern const struct nla_policy pg_rule_op_policy[PG_MSG_ATTRS];

int pg_rule_new_doit(struct sk_buff *skb, struct genl_info *info);
int pg_rule_del_doit(struct sk_buff *skb, struct genl_info *info);
int pg_rule_get_doit(struct sk_buff *skb, struct genl_info *info);

/* dump.c */
int pg_group_dump_start(struct netlink_callback *cb);
int pg_group_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pg_conn_dump_start(struct netlink_callback *cb);
int pg_conn_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pg_rule_dump_start(struct netlink_callback *cb);
int pg_rule_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pg_dump_done(struct netlink_callback *cb);

#endif /* _PEERGROUP_NETLINK_H */
