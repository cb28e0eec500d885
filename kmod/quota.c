// SPDX-License-Identifier: GPL-2.0-only
/* How many groups each user has, over all namespaces. */

#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "peergroup.h"

static unsigned int groups_per_uid = 64;
module_param(groups_per_uid, uint, 0644);
MODULE_PARM_DESC(groups_per_uid,
		 "Groups a user may own (0: only CAP_NET_ADMIN creates groups)");

/**
 * struct pg_quota - the groups of a user
 * @node: in pg_quotas
 * @uid: the user
 * @groups: groups he owns, never 0
 */
struct pg_quota {
	struct hlist_node	node;
	kuid_t			uid;
	unsigned int		groups;
};

static DEFINE_MUTEX(pg_quota_mutex);	/* protects all of the below */
static DEFINE_HASHTABLE(pg_quotas, 6);

static struct pg_quota *pg_quota_find(kuid_t uid)
{
	struct pg_quota *quota;

	hash_for_each_possible(pg_quotas, quota, node, __kuid_val(uid))
		if (uid_eq(quota->uid, uid))
			return quota;
	return NULL;
}

static struct pg_quota *pg_quota_charge_locked(kuid_t uid, bool exempt,
					       struct pg_quota *new)
{
	unsigned int limit = READ_ONCE(groups_per_uid);
	struct pg_quota *quota;

	lockdep_assert_held(&pg_quota_mutex);

	quota = pg_quota_find(uid);
	if (!exempt && (quota ? quota->groups : 0) >= limit)
		return ERR_PTR(-ENOSPC);
	if (!quota) {
		quota = new;
		quota->uid = uid;
		hash_add(pg_quotas, &quota->node, __kuid_val(uid));
	}
	quota->groups++;
	return quota;
}

/**
 * pg_quota_charge - count a group for a user
 * @uid: the user
 * @exempt: count it even past the limit
 *
 * Return: what to give to pg_quota_uncharge(), or ERR_PTR: -ENOSPC past the
 * limit, -ENOMEM.
 */
struct pg_quota *pg_quota_charge(kuid_t uid, bool exempt)
{
	struct pg_quota *quota, *new;

	/* Not under the mutex: he may be out of memory where others are not. */
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return ERR_PTR(-ENOMEM);

	mutex_lock(&pg_quota_mutex);
	quota = pg_quota_charge_locked(uid, exempt, new);
	mutex_unlock(&pg_quota_mutex);
	if (quota != new)
		kfree(new);
	return quota;
}

/**
 * pg_quota_uncharge - a group is gone
 * @quota: what pg_quota_charge() returned for it
 */
void pg_quota_uncharge(struct pg_quota *quota)
{
	mutex_lock(&pg_quota_mutex);
	if (!--quota->groups) {
		hash_del(&quota->node);
		kfree(quota);
	}
	mutex_unlock(&pg_quota_mutex);
}
