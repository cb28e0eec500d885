// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tending to rules: records for the probe, and a set without dead rules.
 *
 * Apart from the worker, which may be busy for long with what has died while
 * the probe needs records.
 */

#include <linux/jiffies.h>

#include "rule.h"

static void pg_tend(struct work_struct *work)
{
	struct pg_net *pn = container_of(work, struct pg_net, tend);
	bool again;

	again = pg_stock_tend(pn);
	again |= !pg_rules_renew(pn);
	/* A large stock shrinks also when nothing happens. */
	if (again)
		queue_delayed_work(pg_workqueue, &pn->tend_later, HZ);
}

static void pg_tend_later(struct work_struct *work)
{
	pg_tend_queue(container_of(to_delayed_work(work), struct pg_net,
				   tend_later));
}

/**
 * pg_tend_queue - the stock is low, or rules have died
 * @pn: the namespace
 *
 * Context: Any, the probe included.
 */
void pg_tend_queue(struct pg_net *pn)
{
	queue_work(pg_workqueue, &pn->tend);
}

void pg_tend_net_init(struct pg_net *pn)
{
	INIT_WORK(&pn->tend, pg_tend);
	INIT_DELAYED_WORK(&pn->tend_later, pg_tend_later);
}

/**
 * pg_tend_net_exit - let the stock go
 * @pn: the namespace, without rules
 */
void pg_tend_net_exit(struct pg_net *pn)
{
	pg_tend_queue(pn);
	flush_work(&pn->tend);
	/* After that run nobody queues this again. */
	cancel_delayed_work_sync(&pn->tend_later);
	flush_work(&pn->tend);
}
