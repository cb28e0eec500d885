// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules: creation, deletion and look-up.
 *
 * Whoever makes a rule holds pg_net::rules_mutex, makes a new set and puts it in
 * the place of the old one. Deleting needs no memory: a rule only dies, and
 * everybody passes it over until there is a set without it.
 */

#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "rule.h"
#include "trace.h"

static unsigned int rules_per_net = 1024;
module_param(rules_per_net, uint, 0644);
MODULE_PARM_DESC(rules_per_net, "Rules a network namespace may have");

static unsigned int rules_without_port = 16;
module_param(rules_without_port, uint, 0644);
MODULE_PARM_DESC(rules_without_port,
		 "Rules without a port a network namespace may have");

/* Places in sets have 16 bits, and each rule may begin two spans of ports. */
#define PG_RULES_MAX	16384

/**
 * pg_rule_put - give back a reference
 * @rule: the rule
 *
 * Who finds it under RCU finds it in a set, which has a reference.
 */
void pg_rule_put(struct pg_rule *rule)
{
	if (!refcount_dec_and_test(&rule->refs))
		return;
	pg_group_put(rule->group);
	kfree(rule);
}

static struct pg_rule *pg_rule_alloc(struct pg_group *group,
				     const struct pg_rule_spec *spec)
{
	struct pg_rule *rule;

	rule = kzalloc(sizeof(*rule), GFP_KERNEL_ACCOUNT);
	if (!rule)
		return NULL;
	refcount_set(&rule->refs, 1);
	refcount_inc(&group->refs);
	init_completion(&rule->dropped);
	rule->group = group;
	rule->scan = spec->existing;
	rule->info = (struct pg_rule_info){
		.group_id	= group->id,
		.type		= spec->type,
		.existing	= spec->existing,
		.match		= spec->match,
	};
	return rule;
}

static struct pg_ruleset *pg_rules_locked(struct pg_net *pn)
{
	return rcu_dereference_protected(pn->ruleset,
					 lockdep_is_held(&pn->rules_mutex));
}

static bool pg_same_end(const struct pg_match *a, const struct pg_match *b,
			unsigned int end)
{
	const struct pg_prefix *x = &a->prefixes[end], *y = &b->prefixes[end];

	return a->ports[end].min == b->ports[end].min &&
	       a->ports[end].max == b->ports[end].max &&
	       x->given == y->given && x->len == y->len &&
	       ipv6_addr_equal(&x->addr, &y->addr);
}

/* Do two rules want the same sockets? */
static bool pg_same_match(const struct pg_match *a, const struct pg_match *b)
{
	return pg_same_end(a, b, PG_LOCAL) && pg_same_end(a, b, PG_REMOTE) &&
	       a->family == b->family && a->direction == b->direction &&
	       a->has_uid == b->has_uid &&
	       (!a->has_uid || uid_eq(a->uid, b->uid));
}

static bool pg_is_portless(const struct pg_rule *rule)
{
	return !rule->info.match.ports[PG_LOCAL].min &&
	       !rule->info.match.ports[PG_REMOTE].min;
}

/* What stands against another rule. */
static int pg_rule_check(const struct pg_ruleset *set,
			 const struct pg_rule *rule,
			 struct netlink_ext_ack *extack)
{
	unsigned int i, n = 0, n_portless = 0;
	const struct pg_rule *other;

	for (i = 0; set && i < set->n; i++) {
		other = set->rules[i];
		if (pg_rule_is_dead(other))
			continue;
		n++;
		n_portless += pg_is_portless(other);
		if (other->group == rule->group &&
		    pg_same_match(&other->info.match, &rule->info.match)) {
			NL_SET_ERR_MSG(extack,
				       "group has a rule that matches the same sockets");
			return -EEXIST;
		}
	}
	if (n >= min_t(unsigned int, READ_ONCE(rules_per_net), PG_RULES_MAX)) {
		NL_SET_ERR_MSG(extack, "namespace has reached its limit of rules");
		return -ENOSPC;
	}
	if (pg_is_portless(rule) && n_portless >= READ_ONCE(rules_without_port)) {
		NL_SET_ERR_MSG(extack,
			       "namespace has reached its limit of rules without a port");
		return -ENOSPC;
	}
	return 0;
}

static void pg_rule_bear(struct pg_rule *rule)
{
	struct pg_net *pn = rule->group->pn;

	lockdep_assert_held(&pn->lock);

	rule->info.id = ++pn->last_rule_id;
	rule->born = ++pn->generation;
	rule->group->n_rules++;
	trace_rule_new(rule, rule->born);
	if (pg_event_queue(pn, &rule->new, &pn->events.rules_new))
		refcount_inc(&rule->refs);
}

static void pg_rule_die(struct pg_rule *rule, bool keep)
{
	struct pg_net *pn = rule->group->pn;

	lockdep_assert_held(&pn->lock);

	WRITE_ONCE(rule->died, ++pn->generation);
	rule->group->n_rules--;
	trace_rule_gone(rule, rule->died);
	if (pg_event_queue(pn, &rule->gone, &pn->events.rules_gone))
		refcount_inc(&rule->refs);
	if (keep)
		return;
	refcount_inc(&rule->refs);
	list_add_tail(&rule->drop, &pn->dropping);
}

/* Does the namespace, and the group, take another rule? */
static int pg_rule_admit(const struct pg_rule *rule,
			 struct netlink_ext_ack *extack)
{
	const struct pg_group *group = rule->group;

	lockdep_assert_held(&group->pn->lock);

	if (group->died || group->pn->dying) {
		NL_SET_ERR_MSG(extack, "group was deleted");
		return -ENOENT;
	}
	if (group->pn->last_rule_id == U32_MAX) {
		NL_SET_ERR_MSG(extack, "namespace has used up its rule ids");
		return -ENOSPC;
	}
	return 0;
}

/* Put a set in the place of the current one, with a new rule if not NULL. */
static int pg_rules_replace(struct pg_net *pn, struct pg_ruleset *set,
			    struct pg_rule *rule,
			    struct netlink_ext_ack *extack)
{
	struct pg_ruleset *old = pg_rules_locked(pn);
	unsigned long flags;
	int err = 0;

	/* The probe has to look before there is anything to be found. */
	pg_rulesets_add(set && !old);
	raw_spin_lock_irqsave(&pn->lock, flags);
	if (rule)
		err = pg_rule_admit(rule, extack);
	if (!err) {
		rcu_assign_pointer(pn->ruleset, set);
		if (rule)
			pg_rule_bear(rule);
	}
	raw_spin_unlock_irqrestore(&pn->lock, flags);

	pg_rulesets_add(-(err ? set && !old : old && !set));
	pg_ruleset_put(err ? set : old);
	return err;
}

static int pg_rule_publish(struct pg_rule *rule, struct netlink_ext_ack *extack)
{
	struct pg_net *pn = rule->group->pn;
	struct pg_ruleset *old = pg_rules_locked(pn), *set;
	struct pg_charge charge;
	int err;

	err = pg_rule_check(old, rule, extack);
	if (err)
		return err;
	err = pg_stock_start(pn);
	if (err)
		return err;
	pg_charge_begin(&charge, pn);
	set = pg_ruleset_new(old, rule);
	pg_charge_end(&charge);
	err = IS_ERR(set) ? PTR_ERR(set) :
			    pg_rules_replace(pn, set, rule, extack);
	if (!pg_rules_locked(pn))
		pg_stock_stop(pn);
	return err;
}

/**
 * pg_rule_new - make a rule
 * @group: its group, a reference that the caller keeps
 * @spec: what to make
 * @wait: adopt sockets that are established already, if that is asked for,
 *	before this returns; else they follow
 * @generation: receives the generation it took
 * @extack: receives the reason of a refusal
 *
 * Return: a reference to the rule, or ERR_PTR.
 */
struct pg_rule *pg_rule_new(struct pg_group *group,
			    const struct pg_rule_spec *spec, bool wait,
			    u64 *generation, struct netlink_ext_ack *extack)
{
	struct pg_net *pn = group->pn;
	struct pg_rule *rule;
	int err;

	rule = pg_rule_alloc(group, spec);
	if (!rule)
		return ERR_PTR(-ENOMEM);
	mutex_lock(&pn->rules_mutex);
	err = pg_rule_publish(rule, extack);
	mutex_unlock(&pn->rules_mutex);
	if (err) {
		pg_rule_put(rule);
		return ERR_PTR(err);
	}
	*generation = rule->born;
	pg_reap_queue(pn);
	if (spec->existing && wait)
		pg_scan(pn, group);
	else if (spec->existing)
		pg_scan_queue(pn);
	return rule;
}

static bool pg_has_dead_rules(const struct pg_ruleset *set)
{
	unsigned int i;

	for (i = 0; set && i < set->n; i++)
		if (pg_rule_is_dead(set->rules[i]))
			return true;
	return false;
}

static bool pg_rules_renew_locked(struct pg_net *pn)
{
	struct pg_ruleset *set;
	struct pg_charge charge;

	pg_charge_begin(&charge, pn);
	set = pg_ruleset_new(pg_rules_locked(pn), NULL);
	pg_charge_end(&charge);
	if (IS_ERR(set))
		return false;
	pg_rules_replace(pn, set, NULL, NULL);
	if (!set)
		pg_stock_stop(pn);
	return true;
}

/**
 * pg_rules_renew - let go of rules that have died
 * @pn: the namespace
 *
 * Return: false if there was no memory for that.
 */
bool pg_rules_renew(struct pg_net *pn)
{
	bool needed, done = true;

	/* Not to wait for who makes rules, if there is nothing to do. */
	rcu_read_lock();
	needed = pg_has_dead_rules(rcu_dereference(pn->ruleset));
	rcu_read_unlock();
	if (!needed)
		return true;
	mutex_lock(&pn->rules_mutex);
	if (pg_rules_locked(pn))
		done = pg_rules_renew_locked(pn);
	mutex_unlock(&pn->rules_mutex);
	return done;
}

/**
 * pg_rules_clear - let go of all rules
 * @pn: the namespace, in which they have died and no others are made
 */
void pg_rules_clear(struct pg_net *pn)
{
	mutex_lock(&pn->rules_mutex);
	if (pg_rules_locked(pn)) {
		pg_rules_replace(pn, NULL, NULL, NULL);
		pg_stock_stop(pn);
	}
	mutex_unlock(&pn->rules_mutex);
}

static int pg_rule_kill(struct pg_rule *rule, bool keep, u64 *generation)
{
	struct pg_net *pn = rule->group->pn;
	unsigned long flags;
	int err = 0;

	raw_spin_lock_irqsave(&pn->lock, flags);
	if (pg_rule_is_dead(rule))
		err = -ENOENT;
	else
		pg_rule_die(rule, keep);
	*generation = pn->generation;
	raw_spin_unlock_irqrestore(&pn->lock, flags);
	return err;
}

/* Wait for the worker, but not for long; it goes on alone then. */
static bool pg_rule_await_drop(struct pg_rule *rule, bool wait)
{
	struct pg_net *pn = rule->group->pn;

	if (wait &&
	    wait_for_completion_killable_timeout(&rule->dropped, HZ) > 0)
		return true;
	raw_spin_lock_irq(&pn->lock);
	rule->left = !completion_done(&rule->dropped);
	raw_spin_unlock_irq(&pn->lock);
	return !rule->left;
}

/**
 * pg_rule_del - delete a rule
 * @rule: a reference to it, which the caller keeps
 * @keep: let its connections stay
 * @wait: wait until they have left
 * @generation: receives the generation it took
 *
 * Unless its connections stay, they have left the group when this returns, and
 * rules of it that look for established sockets have taken them; if that takes
 * more than a second, it goes on behind the caller's back: he keeps all of
 * generic netlink waiting.
 *
 * Return: 0, or -ENOENT if it, or its group, was deleted before.
 */
int pg_rule_del(struct pg_rule *rule, bool keep, bool wait, u64 *generation)
{
	struct pg_net *pn = rule->group->pn;
	int err;

	err = pg_rule_kill(rule, keep, generation);
	if (err)
		return err;
	pg_tend_queue(pn);
	pg_reap_queue(pn);
	if (!keep && pg_rule_await_drop(rule, wait)) {
		if (wait)
			pg_scan(pn, rule->group);
		else
			pg_scan_queue(pn);
	}
	return 0;
}

/**
 * pg_rule_show - the generation to show a rule at
 * @rule: the rule
 * @generation: receives the current generation
 *
 * Return: 0, or -ENOENT if it has been deleted.
 */
int pg_rule_show(struct pg_rule *rule, u64 *generation)
{
	struct pg_net *pn = rule->group->pn;
	unsigned long flags;
	bool dead;

	raw_spin_lock_irqsave(&pn->lock, flags);
	dead = pg_rule_is_dead(rule);
	*generation = pn->generation;
	raw_spin_unlock_irqrestore(&pn->lock, flags);
	return dead ? -ENOENT : 0;
}

/**
 * pg_rule_info - what to tell about a rule
 * @rule: the rule
 * @info: is filled
 */
void pg_rule_info(struct pg_rule *rule, struct pg_rule_info *info)
{
	struct pg_net *pn = rule->group->pn;
	unsigned long flags;

	raw_spin_lock_irqsave(&pn->lock, flags);
	*info = rule->info;
	raw_spin_unlock_irqrestore(&pn->lock, flags);
}

/**
 * pg_rules_get - all rules of a namespace
 * @pn: the namespace
 * @generation: receives the current generation
 *
 * Return: a reference to a set that has all rules of that generation, dead ones
 * besides, or NULL.
 */
struct pg_ruleset *pg_rules_get(struct pg_net *pn, u64 *generation)
{
	struct pg_ruleset *set;
	unsigned long flags;

	raw_spin_lock_irqsave(&pn->lock, flags);
	set = rcu_dereference_protected(pn->ruleset,
					lockdep_is_held(&pn->lock));
	if (set)
		refcount_inc(&set->refs);
	*generation = pn->generation;
	raw_spin_unlock_irqrestore(&pn->lock, flags);
	return set;
}

static bool pg_lived_at(u64 died, u64 generation)
{
	return !died || died > generation;
}

/* Copy those that lived at a generation; returns how many that are. */
static u32 pg_rules_copy_from(const struct pg_ruleset *set,
			      const struct pg_group *group, u64 generation,
			      struct pg_rule_info *rules)
{
	struct pg_rule *rule;
	unsigned int i;
	u32 n = 0;

	for (i = 0; i < set->n; i++) {
		rule = set->rules[i];
		if ((!group || rule->group == group) &&
		    pg_lived_at(READ_ONCE(rule->died), generation) &&
		    pg_lived_at(READ_ONCE(rule->group->died), generation))
			pg_rule_info(rule, &rules[n++]);
	}
	return n;
}

/**
 * pg_rules_copy - what to tell about the rules of a namespace
 * @pn: the namespace
 * @group: the only group whose rules are wanted, or NULL
 * @n: receives their number
 * @generation: receives the current generation
 *
 * Return: a copy for kvfree(), NULL if there are no rules, or ERR_PTR: -ENOMEM.
 */
struct pg_rule_info *pg_rules_copy(struct pg_net *pn,
				   const struct pg_group *group, u32 *n,
				   u64 *generation)
{
	struct pg_ruleset *set = pg_rules_get(pn, generation);
	struct pg_rule_info *rules;

	*n = 0;
	if (!set)
		return NULL;
	rules = kvmalloc_array(set->n, sizeof(*rules), GFP_KERNEL_ACCOUNT);
	if (rules)
		*n = pg_rules_copy_from(set, group, *generation, rules);
	pg_ruleset_put(set);
	return rules ? rules : ERR_PTR(-ENOMEM);
}

/**
 * pg_rule_by_id - the rule with an id
 * @pn: the namespace
 * @id: the id
 *
 * Return: a reference to the rule, not deleted unless just now, or NULL.
 */
struct pg_rule *pg_rule_by_id(struct pg_net *pn, u32 id)
{
	struct pg_rule *rule = NULL;
	struct pg_ruleset *set;
	unsigned int i;

	rcu_read_lock();
	set = rcu_dereference(pn->ruleset);
	for (i = 0; set && i < set->n && !rule; i++)
		if (set->rules[i]->info.id == id &&
		    !pg_rule_is_dead(set->rules[i]))
			rule = set->rules[i];
	if (rule)
		refcount_inc(&rule->refs);
	rcu_read_unlock();
	return rule;
}
