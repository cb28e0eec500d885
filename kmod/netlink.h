/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that speak netlink share. */
#ifndef _PEERGROUP_NETLINK_H
#define _PEERGROUP_NETLINK_H

#include <net/genetlink.h>

#include "peergroup.h"

/* Size of a table for pg_parse_conn(). */
#define PG_CONN_ATTRS	(PEERGROUP_A_CONN_FD + 1)

enum {
	PG_MCGRP_EVENTS,
};

extern struct genl_family pg_family;

/* netlink.c */
struct pg_group *pg_find_group(struct pg_net *pn, const struct nlattr *nest,
			       struct netlink_ext_ack *extack);
int pg_parse_conn(struct nlattr *tb[], const struct nlattr *nest, u32 known,
		  struct netlink_ext_ack *extack);

/* dump.c */
int pg_group_dump_start(struct netlink_callback *cb);
int pg_group_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pg_conn_dump_start(struct netlink_callback *cb);
int pg_conn_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pg_dump_done(struct netlink_callback *cb);

#endif /* _PEERGROUP_NETLINK_H */
