// SPDX-License-Identifier: GPL-2.0-only
/* Loading, unloading and network namespaces. */

#include <linux/module.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "rule.h"

static unsigned int pg_net_id;

/**
 * pg_net - what a network namespace has
 * @net: the namespace, kept by the caller
 */
struct pg_net *pg_net(const struct net *net)
{
	return net_generic(net, pg_net_id);
}

static int __net_init pg_net_init(struct net *net)
{
	struct pg_net *pn = pg_net(net);

	raw_spin_lock_init(&pn->lock);
	pn->net = net;
	INIT_LIST_HEAD(&pn->groups);
	hash_init(pn->by_id);
	hash_init(pn->by_name);
	pg_snapshots_init(&pn->snapshots);
	pg_snapshots_init(&pn->group_snapshots);
	pg_events_init(&pn->events);
	INIT_LIST_HEAD(&pn->dead);
	INIT_LIST_HEAD(&pn->dead_groups);
	INIT_LIST_HEAD(&pn->ended);
	INIT_LIST_HEAD(&pn->reaping);
	INIT_LIST_HEAD(&pn->done);
	mutex_init(&pn->rules_mutex);
	INIT_LIST_HEAD(&pn->dropping);
	pg_stock_init(&pn->stock);
	pg_tend_net_init(pn);
	pg_scan_net_init(pn);
	pg_reap_net_init(pn);
	return 0;
}

/*
 * No request is in progress and no dump is open: both keep the namespace and
 * the module. Nobody listens to events, likewise. Sockets are still open only
 * when the module is unloaded.
 */
static void __net_exit pg_net_pre_exit(struct net *net)
{
	struct pg_net *pn = pg_net(net);

	raw_spin_lock_irq(&pn->lock);
	WRITE_ONCE(pn->dying, true);
	/* What was to be announced yet concerns nobody any longer. */
	pn->events.skip = pn->generation;
	raw_spin_unlock_irq(&pn->lock);

	pg_group_del_all(pn);
	pg_rules_clear(pn);
	pg_reap_net_flush(pn);
	pg_scan_net_exit(pn);
	pg_tend_net_exit(pn);
}

static void __net_exit pg_net_exit(struct net *net)
{
	struct pg_net *pn = pg_net(net);

	WARN_ON_ONCE(!list_empty(&pn->groups));
	WARN_ON_ONCE(pn->snapshots.n || pn->group_snapshots.n);
	WARN_ON_ONCE(!list_empty(&pn->dead) || !list_empty(&pn->ended));
	WARN_ON_ONCE(pg_counts_live(&pn->counts) || pn->n_dead_conns);
	WARN_ON_ONCE(!pg_events_empty(&pn->events));
	WARN_ON_ONCE(rcu_access_pointer(pn->ruleset));
	WARN_ON_ONCE(!list_empty(&pn->dropping) || pn->stock.n);
	WARN_ON_ONCE(work_pending(&pn->work));
}

static struct pernet_operations pg_net_ops = {
	.init		= pg_net_init,
	.pre_exit	= pg_net_pre_exit,
	.exit		= pg_net_exit,
	.id		= &pg_net_id,
	.size		= sizeof(struct pg_net),
};

static int __init pg_init(void)
{
	int err;

	err = pg_index_init();
	if (err)
		return err;
	err = pg_conn_init();
	if (err)
		goto err_index;
	err = pg_reap_init();
	if (err)
		goto err_conn;
	err = register_pernet_subsys(&pg_net_ops);
	if (err)
		goto err_reap;
	err = pg_track_init();
	if (err)
		goto err_net;
	err = pg_netlink_init();
	if (err)
		goto err_track;
	return 0;

err_track:
	pg_track_exit();
err_net:
	unregister_pernet_subsys(&pg_net_ops);
err_reap:
	pg_reap_exit();
err_conn:
	pg_conn_exit();
err_index:
	pg_index_exit();
	return err;
}

static void __exit pg_exit(void)
{
	pg_netlink_exit();
	pg_track_exit();
	unregister_pernet_subsys(&pg_net_ops);
	pg_reap_exit();
	/* Callbacks of pg_ruleset_put() may begin those of pg_group_put(). */
	rcu_barrier();
	/* For these, and those of pg_conn_free(). */
	rcu_barrier();
	pg_conn_exit();
	pg_index_exit();
}

module_init(pg_init);
module_exit(pg_exit);

MODULE_DESCRIPTION("Groups of live TCP connections");
MODULE_LICENSE("GPL");
