// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adoption: a group takes a socket in because a rule wants it.
 *
 * This happens in the probe, when the socket goes to TCP_ESTABLISHED, hence
 * with a record from the stock. A scan does the same with sockets that are
 * established already.
 */

#include <linux/siphash.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/mptcp.h>
#include <net/sock.h>

#include "rule.h"
#include "trace.h"

atomic_t pg_n_rulesets = ATOMIC_INIT(0);

/**
 * pg_rulesets_add - that many more namespaces have rules
 * @n: 1, 0 or -1
 */
void pg_rulesets_add(int n)
{
	atomic_add(n, &pg_n_rulesets);
}

static bool pg_in_range(const struct pg_range *range, u16 port)
{
	return !range->min || (port >= range->min && port <= range->max);
}

static bool pg_match_ports(const struct pg_match *match, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	return pg_in_range(&match->ports[PG_LOCAL],
			   ntohs(inet->inet_sport)) &&
	       pg_in_range(&match->ports[PG_REMOTE],
			   ntohs(inet->inet_dport));
}

static bool pg_has_prefix(const struct in6_addr *addr,
			  const struct pg_prefix *prefix)
{
	return ipv6_prefix_equal(addr, &prefix->addr, prefix->len);
}

static bool pg_match_addrs(const struct pg_match *match, const struct sock *sk)
{
	struct in6_addr local, remote;

	if (!match->family)
		return true;
	return pg_sock_addrs(sk, &local, &remote) == match->family &&
	       pg_has_prefix(&local, &match->prefixes[PG_LOCAL]) &&
	       pg_has_prefix(&remote, &match->prefixes[PG_REMOTE]);
}

/* A @direction of 0 is a scan, which no more than looks for some rules. */
static bool pg_match_direction(const struct pg_rule *rule, u8 direction)
{
	if (!direction)
		return READ_ONCE(rule->scan);
	return !rule->info.match.direction || rule->info.match.direction == direction;
}

static bool pg_rule_wants(const struct pg_rule *rule, const struct sock *sk,
			  u8 direction)
{
	const struct pg_match *match = &rule->info.match;

	return pg_match_direction(rule, direction) &&
	       (!match->has_uid || uid_eq(match->uid, READ_ONCE(sk->sk_uid))) &&
	       pg_match_ports(match, sk) && pg_match_addrs(match, sk) &&
	       !pg_rule_is_dead(rule);
}

/**
 * struct pg_matches - the rules that may want a socket
 * @lists: those not looked at yet, by local port, by remote port, and without
 *	a port
 */
struct pg_matches {
	const u16	*lists[PG_ENDS + 1];
};

static const u16 *pg_port_rules(const struct pg_port_map *map, u16 port)
{
	static const u16 none = PG_NO_RULE;
	const u32 *page = map->pages[port / PG_PAGE_PORTS];

	return page ? map->lists + page[port % PG_PAGE_PORTS] : &none;
}

static void pg_matches_init(struct pg_matches *matches,
			    const struct pg_ruleset *set, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	matches->lists[0] = pg_port_rules(&set->maps[PG_LOCAL],
					  ntohs(inet->inet_sport));
	matches->lists[1] = pg_port_rules(&set->maps[PG_REMOTE],
					  ntohs(inet->inet_dport));
	matches->lists[2] = set->portless;
}

/* The first place in any list, PG_NO_RULE after the last. */
static u16 pg_matches_next(struct pg_matches *matches)
{
	u16 place = PG_NO_RULE;
	unsigned int i, from = 0;

	for (i = 0; i < ARRAY_SIZE(matches->lists); i++) {
		if (*matches->lists[i] < place) {
			place = *matches->lists[i];
			from = i;
		}
	}
	if (place != PG_NO_RULE)
		matches->lists[from]++;
	return place;
}

/* The next rule that wants a socket, or NULL. */
static struct pg_rule *pg_matches_find(struct pg_matches *matches,
				       const struct pg_ruleset *set,
				       const struct sock *sk, u8 direction)
{
	u16 place;

	while ((place = pg_matches_next(matches)) != PG_NO_RULE)
		if (pg_rule_wants(set->rules[place], sk, direction))
			return set->rules[place];
	return NULL;
}

/* The same for each address, and hard to guess the address from; never 0. */
static u64 pg_node_id(const struct pg_group *group,
		      const struct in6_addr *remote)
{
	const __be32 *word = remote->s6_addr32;

	return siphash_4u32((__force u32)word[0], (__force u32)word[1],
			    (__force u32)word[2], (__force u32)word[3],
			    &group->key) ?: 1;
}

static void pg_adopt_with(struct pg_conn *conn, struct pg_rule *rule,
			  struct sock *sk)
{
	struct pg_group *group = rule->group;

	lockdep_assert_held(&group->pn->lock);

	conn->group = group;
	conn->type = rule->info.type;
	conn->rule_id = rule->info.id;
	conn->stage = PG_STAGE_ESTABLISHED;
	sock_hold(sk);
	pg_conn_set_sock(conn, sk);
	conn->node_id = pg_node_id(group, &conn->remote);
	pg_index_put_sk(conn);
	pg_conn_enter(conn);
	rule->info.gained++;
}

/* A rule of a group that wants a socket whichever end began, or NULL. */
static struct pg_rule *pg_find_undirected(const struct pg_group *group,
					  const struct pg_ruleset *set,
					  const struct sock *sk, u8 direction)
{
	struct pg_matches matches;
	struct pg_rule *rule;

	pg_matches_init(&matches, set, sk);
	do {
		rule = pg_matches_find(&matches, set, sk, direction);
	} while (rule &&
		 (rule->group != group || rule->info.match.direction));
	return rule;
}

/* Only rules without a direction can have it later. */
static void pg_miss(const struct pg_rule *rule, const struct pg_ruleset *set,
		    const struct sock *sk, u8 direction)
{
	struct pg_group *group = rule->group;
	struct pg_rule *finder;

	lockdep_assert_held(&group->pn->lock);

	finder = pg_find_undirected(group, set, sk, direction);
	group->missed++;
	if (finder)
		WRITE_ONCE(finder->scan, true);
	else
		group->missed_lost++;
	trace_conn_missed(rule);
}

/* What became of a socket that a rule wants. */
enum pg_adopted {
	PG_ADOPT_TAKEN,
	PG_ADOPT_THERE,		/* the group had it */
	PG_ADOPT_DEAD,		/* the rule wants no more sockets */
	PG_ADOPT_FULL,
	PG_ADOPT_MISSED,
};

static enum pg_adopted pg_adopt_locked(struct pg_rule *rule, struct sock *sk,
				       u8 direction)
{
	struct pg_group *group = rule->group;
	struct pg_conn *conn;

	if (pg_rule_is_dead(rule))
		return PG_ADOPT_DEAD;
	if (pg_index_has_sk(sk, group))
		return PG_ADOPT_THERE;
	/* What a scan finds was active before. */
	if (pg_group_is_full(group)) {
		group->refused += !!direction;
		return PG_ADOPT_FULL;
	}
	conn = pg_stock_take(&group->pn->stock);
	if (!conn)
		return PG_ADOPT_MISSED;
	pg_adopt_with(conn, rule, sk);
	return PG_ADOPT_TAKEN;
}

static enum pg_adopted pg_adopt_by(struct pg_rule *rule,
				   const struct pg_ruleset *set,
				   struct sock *sk, u8 direction)
{
	struct pg_net *pn = rule->group->pn;
	enum pg_adopted adopted;
	unsigned long flags;
	bool announce, tend;

	raw_spin_lock_irqsave(&pn->lock, flags);
	adopted = pg_adopt_locked(rule, sk, direction);
	/* A scan tries again by itself. */
	if (adopted == PG_ADOPT_MISSED && direction)
		pg_miss(rule, set, sk, direction);
	announce = adopted == PG_ADOPT_TAKEN && pg_event_due(pn);
	tend = adopted == PG_ADOPT_MISSED || pg_stock_is_low(&pn->stock);
	raw_spin_unlock_irqrestore(&pn->lock, flags);

	if (announce)
		pg_reap_queue(pn);
	if (tend)
		pg_tend_queue(pn);
	if (adopted == PG_ADOPT_MISSED && direction)
		pg_scan_queue(pn);
	return adopted;
}

/* Nothing for the most of all sockets. */
static bool pg_matches_none(const struct pg_matches *matches)
{
	return *matches->lists[0] == PG_NO_RULE &&
	       *matches->lists[1] == PG_NO_RULE &&
	       *matches->lists[2] == PG_NO_RULE;
}

static bool pg_is_adoptable(const struct sock *sk)
{
	return sk_is_tcp(sk) && !sk_is_mptcp(sk);
}

/* Does a socket keep its namespace, and so our records, alive? */
static bool pg_keeps_net(const struct sock *sk)
{
	return sk->sk_net_refcnt;
}

/**
 * pg_adopt - let a socket into the groups that want it
 * @sk: a socket that goes to TCP_ESTABLISHED, or is in it; its lock is held
 * @direction: PEERGROUP_DIRECTION_*, or 0 if that is not known, in a scan
 * @only: the only group it may come into, or NULL
 *
 * Context: Any, the probe included; RCU read side.
 * Return: false if a record was lacking.
 */
bool pg_adopt(struct sock *sk, u8 direction, const struct pg_group *only)
{
	const struct pg_group *done = NULL;
	const struct pg_ruleset *set;
	enum pg_adopted adopted;
	struct pg_matches matches;
	struct pg_rule *rule;
	bool missed = false;

	/* Before its namespace is touched, which may be on its way out. */
	if (!pg_keeps_net(sk))
		return true;
	set = rcu_dereference_check(pg_net(sock_net(sk))->ruleset,
				    rcu_read_lock_any_held());
	if (!set)
		return true;

	pg_matches_init(&matches, set, sk);
	if (pg_matches_none(&matches) || !pg_is_adoptable(sk))
		return true;
	while ((rule = pg_matches_find(&matches, set, sk, direction))) {
		/* Those of a group follow each other, the lowest id first. */
		if (rule->group == done || (only && rule->group != only))
			continue;
		adopted = pg_adopt_by(rule, set, sk, direction);
		if (adopted != PG_ADOPT_DEAD)
			done = rule->group;
		missed |= adopted == PG_ADOPT_MISSED;
	}
	return !missed;
}

/**
 * pg_scan_wants - is a socket one that a scan looks for?
 * @set: the rules
 * @sk: a full TCP socket
 * @only: the only group that matters, or NULL
 *
 * Context: RCU read side.
 */
bool pg_scan_wants(const struct pg_ruleset *set, const struct sock *sk,
		   const struct pg_group *only)
{
	struct pg_matches matches;
	const struct pg_rule *rule;

	if (!pg_keeps_net(sk) || !pg_is_adoptable(sk))
		return false;
	pg_matches_init(&matches, set, sk);
	while ((rule = pg_matches_find(&matches, set, sk, 0)))
		if ((!only || rule->group == only) &&
		    !pg_index_has_sk(sk, rule->group))
			return true;
	return false;
}
