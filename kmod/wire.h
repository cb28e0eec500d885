/* SPDX-License-Identifier: GPL-2.0-only */
/* Building the records of messages. */
#ifndef _PEERGROUP_WIRE_H
#define _PEERGROUP_WIRE_H

#include <linux/skbuff.h>

#include "rule.h"

int pg_wire_conn(struct sk_buff *skb, const struct pg_conn *conn,
		 enum peergroup_conn_state state, const struct pg_stats *stats);
int pg_wire_group(struct sk_buff *skb, struct pg_group *group,
		  struct user_namespace *user_ns);
int pg_wire_rule(struct sk_buff *skb, const struct pg_rule_info *rule,
		 struct user_namespace *user_ns);

#endif /* _PEERGROUP_WIRE_H */
