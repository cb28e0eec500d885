/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules: which sockets belong to a group.
 *
 * What a rule wants never changes. The probe finds those that may want a socket in a set that never
 * changes either: each change of the rules makes a new one.
 */
#ifndef _PEERGROUP_RULE_H
#define _PEERGROUP_RULE_H

#include <linux/completion.h>

#include "peergroup.h"

/* The ends of a connection; a rule is found by the port of one of them. */
enum pg_end {
	PG_LOCAL,
	PG_REMOTE,
	PG_ENDS,
};

/**
 * struct pg_range - a range of ports
 * @min: the lowest, 0 for any port
 * @max: the highest
 */
struct pg_range {
	u16	min;
	u16	max;
};

/**
 * struct pg_prefix - a range of addresses
 * @given: there is one, else any address will do
 * @len: bits of @addr that count
 * @addr: the address, IPv4 mapped, all other bits 0
 */
struct pg_prefix {
	bool		given;
	u8		len;
	struct in6_addr	addr;
};

/**
 * struct pg_match - what a rule wants of a socket
 * @ports: by end
 * @prefixes: by end
 * @family: of the prefixes, 0 without
 * @direction: PEERGROUP_DIRECTION_*, or 0 for any
 * @has_uid: only sockets of @uid
 * @uid: their owner
 */
struct pg_match {
	struct pg_range		ports[PG_ENDS];
	struct pg_prefix	prefixes[PG_ENDS];
	u8			family;
	u8			direction;
	bool			has_uid;
	kuid_t			uid;
};

/**
 * struct pg_rule_info - what is told about a rule
 * @id: unique in the namespace
 * @group_id: its group
 * @type: PEERGROUP_CONN_TYPE_* of the connections it adopts
 * @existing: it was to adopt sockets that were established already
 * @match: what it wants
 * @gained: connections it ever adopted
 */
struct pg_rule_info {
	u32		id;
	u32		group_id;
	u8		type;
	bool		existing;
	struct pg_match	match;
	u64		gained;
};

/**
 * struct pg_rule - which sockets belong to a group
 * @refs: see peergroup.h
 * @group: the group, a reference
 * @info: what is told about it; all but @gained, pg_net::lock, stays as it is
 * @born: generation of its creation
 * @died: generation of its deletion, 0 before and if its group was deleted;
 *	pg_net::lock, read under RCU
 * @scan: sockets that match are to be looked for; likewise
 * @new: in pg_events::rules_new; pg_net::lock
 * @gone: in pg_events::rules_gone; pg_net::lock
 * @drop: in pg_net::dropping; pg_net::lock
 * @dropped: the worker has detached its connections; likewise
 * @left: whoever deleted it does not wait for that; likewise
 */
struct pg_rule {
	refcount_t		refs;
	struct pg_group		*group;
	struct pg_rule_info	info;
	u64			born;
	u64			died;
	bool			scan;
	struct list_head	new;
	struct list_head	gone;
	struct list_head	drop;
	struct completion	dropped;
	bool			left;
};

#define PG_PAGE_PORTS	256
#define PG_NO_RULE	U16_MAX

/**
 * struct pg_port_map - the rules that want a port
 * @pages: for each PG_PAGE_PORTS ports where the list of each begins in @lists,
 *	or NULL if no rule wants any of them
 * @lists: places of rules in pg_ruleset::rules, rising, each list up to
 *	PG_NO_RULE
 */
struct pg_port_map {
	u32	*pages[65536 / PG_PAGE_PORTS];
	u16	*lists;
};

/**
 * struct pg_ruleset - all rules of a namespace at a time
 * @refs: see peergroup.h
 * @rcu: frees it
 * @maps: rules with a port, by end; those with two are in the first
 * @portless: places of all other rules, likewise
 * @n: number of rules
 * @rules: the rules by group and id, each a reference; some may be dead
 */
struct pg_ruleset {
	refcount_t		refs;
	struct rcu_head		rcu;
	struct pg_port_map	maps[PG_ENDS];
	u16			*portless;
	unsigned int		n;
	struct pg_rule		*rules[];
};

/* What a rule is made with. */
struct pg_rule_spec {
	struct pg_match	match;
	u8		type;
	bool		existing;
};

/* rule.c */
struct pg_rule *pg_rule_new(struct pg_group *group,
			    const struct pg_rule_spec *spec, bool wait,
			    u64 *generation, struct netlink_ext_ack *extack);
int pg_rule_del(struct pg_rule *rule, bool keep, bool wait, u64 *generation);
int pg_rule_show(struct pg_rule *rule, u64 *generation);
void pg_rule_info(struct pg_rule *rule, struct pg_rule_info *info);
struct pg_rule *pg_rule_by_id(struct pg_net *pn, u32 id);
void pg_rule_put(struct pg_rule *rule);
struct pg_ruleset *pg_rules_get(struct pg_net *pn, u64 *generation);
struct pg_rule_info *pg_rules_copy(struct pg_net *pn,
				   const struct pg_group *group, u32 *n,
				   u64 *generation);
bool pg_rules_renew(struct pg_net *pn);
void pg_rules_clear(struct pg_net *pn);

/* The bits by which an IPv4 prefix is longer here than on the wire. */
#define PG_IPV4_BITS	96

/* The attributes of a rule about an end. */
struct pg_end_attrs {
	u8	port_min;
	u8	port_max;
	u8	ipv4;
	u8	ipv6;
	u8	prefix_len;
};

/* wire.c */
extern const struct pg_end_attrs pg_end_attrs[PG_ENDS];

/* ruleset.c */
struct pg_ruleset *pg_ruleset_new(const struct pg_ruleset *old,
				  struct pg_rule *add);
void pg_ruleset_put(struct pg_ruleset *set);

/* Is a rule dead by now? Under RCU it may die at any time. */
static inline bool pg_rule_is_dead(const struct pg_rule *rule)
{
	return READ_ONCE(rule->died) || READ_ONCE(rule->group->died);
}

/* adopt.c */

/* Namespaces with rules. */
extern atomic_t pg_n_rulesets;

static inline bool pg_rules_used(void)
{
	return atomic_read(&pg_n_rulesets);
}

void pg_rulesets_add(int n);
bool pg_adopt(struct sock *sk, u8 direction, const struct pg_group *only);
bool pg_scan_wants(const struct pg_ruleset *set, const struct sock *sk,
		   const struct pg_group *only);

#endif /* _PEERGROUP_RULE_H */
