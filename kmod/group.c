// SPDX-License-Identifier: GPL-2.0-only
/* Groups: creation, deletion and look-up. */

#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/stringhash.h>

#include "peergroup.h"
#include "trace.h"

static unsigned int groups_per_net = 4096;
module_param(groups_per_net, uint, 0644);
MODULE_PARM_DESC(groups_per_net, "Groups a network namespace may have");

static unsigned int conns_per_group = 1048576;
module_param(conns_per_group, uint, 0644);
MODULE_PARM_DESC(conns_per_group, "Connections a group may have");

/**
 * pg_group_conns_max - how many connections a group may have
 */
u32 pg_group_conns_max(void)
{
	return READ_ONCE(conns_per_group);
}

/**
 * pg_group_is_full - has a group as many connections as it may have?
 * @group: the group; pg_net::lock is held
 */
bool pg_group_is_full(const struct pg_group *group)
{
	return pg_counts_live(&group->counts) >= pg_group_conns_max();
}

/**
 * pg_group_leftovers_max - how many leftovers a group may have
 * @group: the group; pg_net::lock is held
 *
 * One snapshot alone never comes near: what it shows was active at once.
 */
u32 pg_group_leftovers_max(const struct pg_group *group)
{
	u32 live = pg_counts_live(&group->counts);

	if (group->n_conns > live)
		live = max(live, group->peak);
	return max_t(u32, PG_LEFTOVERS_MIN, 2 * live);
}

static u32 pg_name_hash(const struct pg_net *pn, const char *name)
{
	return full_name_hash(pn, name, strlen(name));
}

/**
 * pg_group_by_id - the group with an id
 * @pn: the namespace
 * @id: the id
 *
 * Context: RCU read side, which keeps the result, or pg_net::lock.
 * Return: the group, not deleted unless just now, or NULL.
 */
struct pg_group *pg_group_by_id(struct pg_net *pn, u32 id)
{
	struct pg_group *group;

	hash_for_each_possible_rcu(pn->by_id, group, id_node, id)
		if (group->id == id)
			return group;
	return NULL;
}

static struct pg_group *pg_group_by_hash(struct pg_net *pn, const char *name,
					 u32 hash)
{
	struct pg_group *group;

	hash_for_each_possible_rcu(pn->by_name, group, name_node, hash,
				   lockdep_is_held(&pn->lock))
		if (group->name_hash == hash && !strcmp(group->name, name))
			return group;
	return NULL;
}

/**
 * pg_group_by_name - the group with a name
 * @pn: the namespace
 * @name: the name
 *
 * Context: As for pg_group_by_id().
 */
struct pg_group *pg_group_by_name(struct pg_net *pn, const char *name)
{
	return pg_group_by_hash(pn, name, pg_name_hash(pn, name));
}

static void pg_group_free_rcu(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct pg_group, rcu));
}

/**
 * pg_group_hold - take a reference
 * @group: the group, kept by RCU
 *
 * Return: false if it is about to be freed.
 */
bool pg_group_hold(struct pg_group *group)
{
	return refcount_inc_not_zero(&group->refs);
}

/**
 * pg_group_put - give back a reference
 * @group: the group, or NULL
 */
void pg_group_put(struct pg_group *group)
{
	if (group && refcount_dec_and_test(&group->refs))
		call_rcu(&group->rcu, pg_group_free_rcu);
}

static struct pg_group *pg_group_alloc(struct pg_net *pn,
				       const struct pg_group_spec *spec)
{
	size_t name_size = strlen(spec->name) + 1;
	size_t label_size = strlen(spec->label) + 1;
	size_t comment_size = strlen(spec->comment) + 1;
	struct pg_group *group;
	char *p;
	int t;

	group = kzalloc(sizeof(*group) + name_size + label_size + comment_size,
			GFP_KERNEL_ACCOUNT);
	if (!group)
		return NULL;

	p = memcpy(group->name, spec->name, name_size);
	p = memcpy(p + name_size, spec->label, label_size);
	group->label = p;
	group->comment = memcpy(p + label_size, spec->comment, comment_size);
	group->name_hash = pg_name_hash(pn, spec->name);

	get_random_bytes(&group->key, sizeof(group->key));
	refcount_set(&group->refs, 1);
	group->owner = spec->owner;
	group->pn = pn;
	for (t = 0; t < PG_TYPES; t++)
		INIT_LIST_HEAD(&group->conns[t]);
	INIT_LIST_HEAD(&group->pending);
	pg_snapshots_init(&group->snapshots);
	INIT_LIST_HEAD(&group->leftovers);
	return group;
}

static int pg_group_check(struct pg_group *group,
			  struct netlink_ext_ack *extack)
{
	struct pg_net *pn = group->pn;

	lockdep_assert_held(&pn->lock);

	if (pn->dying)
		return -ENOENT;
	if (pg_group_by_hash(pn, group->name, group->name_hash)) {
		NL_SET_ERR_MSG(extack, "a group of this name exists");
		return -EEXIST;
	}
	if (pn->n_groups >= READ_ONCE(groups_per_net)) {
		NL_SET_ERR_MSG(extack, "namespace has reached its limit of groups");
		return -ENOSPC;
	}
	if (pn->last_group_id == U32_MAX) {
		NL_SET_ERR_MSG(extack, "namespace has used up its group ids");
		return -ENOSPC;
	}
	return 0;
}

static void pg_group_bear(struct pg_group *group)
{
	struct pg_net *pn = group->pn;

	lockdep_assert_held(&pn->lock);

	group->id = ++pn->last_group_id;
	group->born = ++pn->generation;
	pn->n_groups++;
	if (pn->n_dead_groups)
		pn->peak_groups = max(pn->peak_groups, pn->n_groups);
	hash_add_rcu(pn->by_id, &group->id_node, group->id);
	hash_add_rcu(pn->by_name, &group->name_node, group->name_hash);
	list_add_tail_rcu(&group->link, &pn->groups);
	trace_group_new(group, group->born);
	pg_event_queue(pn, &group->event, &pn->events.groups_new);
}

static int pg_group_publish(struct pg_group *group, u64 *generation,
			    struct netlink_ext_ack *extack)
{
	struct pg_net *pn = group->pn;
	bool announce = false;
	unsigned long flags;
	int err;

	raw_spin_lock_irqsave(&pn->lock, flags);
	err = pg_group_check(group, extack);
	if (!err) {
		pg_group_bear(group);
		*generation = group->born;
		refcount_inc(&group->refs);
		announce = pg_event_due(pn);
	}
	raw_spin_unlock_irqrestore(&pn->lock, flags);

	if (announce)
		pg_reap_queue(pn);
	return err;
}

/**
 * pg_group_new - create a group
 * @pn: the namespace
 * @spec: what to create
 * @generation: receives the generation it took
 * @extack: receives the reason of a refusal
 *
 * Return: a reference to the group, or ERR_PTR.
 */
struct pg_group *pg_group_new(struct pg_net *pn,
			      const struct pg_group_spec *spec,
			      u64 *generation, struct netlink_ext_ack *extack)
{
	struct pg_quota *quota;
	struct pg_group *group;
	int err;

	quota = pg_quota_charge(spec->account, spec->exempt);
	if (IS_ERR(quota)) {
		if (PTR_ERR(quota) == -ENOSPC)
			NL_SET_ERR_MSG(extack,
				       "user has reached his limit of groups");
		return ERR_CAST(quota);
	}

	err = -ENOMEM;
	group = pg_group_alloc(pn, spec);
	if (!group)
		goto err_quota;
	group->quota = quota;

	err = pg_group_publish(group, generation, extack);
	if (err)
		goto err_group;
	return group;

err_group:
	kfree(group);
err_quota:
	pg_quota_uncharge(quota);
	return ERR_PTR(err);
}

static void pg_group_die(struct pg_group *group)
{
	struct pg_net *pn = group->pn;
	int t;

	lockdep_assert_held(&pn->lock);

	if (!pn->n_dead_groups++) {
		pn->peak_groups = pn->n_groups;
		pn->peak_conns = pg_counts_live(&pn->counts);
	}
	pn->n_dead_conns += group->n_conns;
	WRITE_ONCE(group->died, ++pn->generation);
	for (t = 0; t < PG_TYPES; t++) {
		pn->counts.active[t] -= group->counts.active[t];
		pn->counts.pending[t] -= group->counts.pending[t];
	}
	pn->n_groups--;
	hash_del_rcu(&group->id_node);
	hash_del_rcu(&group->name_node);
	list_add_tail(&group->reap_link, &pn->dead_groups);
	trace_group_gone(group, group->died);
	pg_event_note(pn);
}

/**
 * pg_group_del - delete a group
 * @group: a reference to it, which the caller keeps
 * @generation: receives the generation at which it and its connections ended
 *
 * Return: 0, or -ENOENT if somebody else has deleted it.
 */
int pg_group_del(struct pg_group *group, u64 *generation)
{
	struct pg_net *pn = group->pn;
	unsigned long flags;
	bool has_rules;
	int err = 0;

	raw_spin_lock_irqsave(&pn->lock, flags);
	if (group->died)
		err = -ENOENT;
	else
		pg_group_die(group);
	has_rules = group->n_rules;
	*generation = pn->generation;
	raw_spin_unlock_irqrestore(&pn->lock, flags);
	if (err)
		return err;

	pg_quota_uncharge(group->quota);
	if (has_rules)
		pg_tend_queue(pn);
	pg_reap_queue(pn);
	return 0;
}

/**
 * pg_group_show - the generation to show a group at
 * @group: the group
 * @generation: receives the current generation
 *
 * Return: 0, or -ENOENT if it has been deleted.
 */
int pg_group_show(struct pg_group *group, u64 *generation)
{
	struct pg_net *pn = group->pn;
	unsigned long flags;
	bool deleted;

	raw_spin_lock_irqsave(&pn->lock, flags);
	deleted = group->died;
	*generation = pn->generation;
	raw_spin_unlock_irqrestore(&pn->lock, flags);
	return deleted ? -ENOENT : 0;
}

static struct pg_group *pg_group_first(struct pg_net *pn)
{
	struct pg_group *group;

	rcu_read_lock();
	list_for_each_entry_rcu(group, &pn->groups, link)
		if (!READ_ONCE(group->died) && pg_group_hold(group))
			goto out;
	group = NULL;
out:
	rcu_read_unlock();
	return group;
}

/**
 * pg_group_del_all - delete all groups of a namespace
 * @pn: the namespace, which takes no new ones
 */
void pg_group_del_all(struct pg_net *pn)
{
	struct pg_group *group;
	u64 generation;

	while ((group = pg_group_first(pn))) {
		pg_group_del(group, &generation);
		pg_group_put(group);
	}
}
