// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stocks of records for the probe, which may not allocate.
 *
 * Each namespace with rules is kept supplied. What is kept follows what is
 * taken: about as much as in a second, and twice as much at once where it came
 * near to nothing. All is charged to the memory cgroup of whoever made the
 * first rule, the records in use, too.
 */

#include <linux/jiffies.h>
#include <linux/memcontrol.h>
#include <linux/moduleparam.h>
#include <linux/sched/mm.h>

#include "peergroup.h"

static unsigned int spares_max = 8192;
module_param(spares_max, uint, 0644);
MODULE_PARM_DESC(spares_max,
		 "Records kept ready for rules in a network namespace, at most");

#define PG_SPARES_MIN	128

/* Where there is no memory, looking for some is not to take all the time. */
#define PG_STOCK_REST	(HZ / 10)

void pg_stock_init(struct pg_stock *stock)
{
	INIT_LIST_HEAD(&stock->spares);
}

static unsigned int pg_stock_clamp(unsigned int target)
{
	return min_t(unsigned int, max_t(unsigned int, target, PG_SPARES_MIN),
		     READ_ONCE(spares_max));
}

static struct mem_cgroup *pg_memcg_get(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	if (memcg)
		css_get(&memcg->css);
#endif
	return memcg;
}

/**
 * pg_charge_begin - charge what is allocated to whoever pays for the stock
 * @charge: for pg_charge_end()
 * @pn: the namespace
 */
void pg_charge_begin(struct pg_charge *charge, struct pg_net *pn)
{
	raw_spin_lock_irq(&pn->lock);
	charge->memcg = pg_memcg_get(pn->stock.memcg);
	raw_spin_unlock_irq(&pn->lock);
	charge->old = set_active_memcg(charge->memcg);
}

/**
 * pg_charge_end - undo pg_charge_begin()
 * @charge: what it filled
 */
void pg_charge_end(struct pg_charge *charge)
{
	set_active_memcg(charge->old);
	mem_cgroup_put(charge->memcg);
}

static void pg_stock_add(struct pg_net *pn, struct pg_conn *conn)
{
	raw_spin_lock_irq(&pn->lock);
	list_add(&conn->link, &pn->stock.spares);
	WRITE_ONCE(pn->stock.n, pn->stock.n + 1);
	raw_spin_unlock_irq(&pn->lock);
}

/**
 * pg_stock_fill - have some records ready
 * @pn: the namespace
 * @want: how many
 *
 * Return: 0 or -ENOMEM.
 */
int pg_stock_fill(struct pg_net *pn, unsigned int want)
{
	struct pg_charge charge;
	struct pg_conn *conn;
	int err = 0;

	if (READ_ONCE(pn->stock.n) >= want)
		return 0;
	pg_charge_begin(&charge, pn);
	while (!err && READ_ONCE(pn->stock.used) &&
	       READ_ONCE(pn->stock.n) < want) {
		conn = pg_conn_spare();
		if (conn)
			pg_stock_add(pn, conn);
		else
			err = -ENOMEM;
		cond_resched();
	}
	pg_charge_end(&charge);
	return err;
}

static struct pg_conn *pg_stock_unlink(struct pg_stock *stock)
{
	struct pg_conn *conn;

	conn = list_first_entry_or_null(&stock->spares, struct pg_conn, link);
	if (!conn)
		return NULL;
	list_del(&conn->link);
	WRITE_ONCE(stock->n, stock->n - 1);
	return conn;
}

/**
 * pg_stock_take - take a record
 * @stock: the stock; pg_net::lock is held
 *
 * Context: Any, the probe included.
 * Return: a record with all but its links 0, or NULL.
 */
struct pg_conn *pg_stock_take(struct pg_stock *stock)
{
	struct pg_conn *conn = pg_stock_unlink(stock);

	stock->taken += !!conn;
	return conn;
}

/**
 * pg_stock_is_low - is it time to tend to it?
 * @stock: the stock; pg_net::lock is held
 */
bool pg_stock_is_low(const struct pg_stock *stock)
{
	return stock->n < stock->target / 2;
}

/**
 * pg_stock_start - there are going to be rules
 * @pn: the namespace; pg_net::rules_mutex is held
 *
 * Context: Whoever makes the first rule; he pays.
 * Return: 0 or -ENOMEM.
 */
int pg_stock_start(struct pg_net *pn)
{
	struct pg_stock *stock = &pn->stock;
	struct mem_cgroup *memcg;
	unsigned int target;
	int err;

	if (stock->used)
		return 0;
	memcg = get_mem_cgroup_from_mm(current->mm);
	target = pg_stock_clamp(0);
	raw_spin_lock_irq(&pn->lock);
	WRITE_ONCE(stock->used, true);
	stock->target = target;
	stock->taken = 0;
	stock->since = jiffies;
	stock->rest = jiffies;
	stock->memcg = memcg;
	raw_spin_unlock_irq(&pn->lock);

	err = pg_stock_fill(pn, target);
	if (err)
		pg_stock_stop(pn);
	return err;
}

/**
 * pg_stock_stop - there are no rules any longer
 * @pn: the namespace; pg_net::rules_mutex is held
 */
void pg_stock_stop(struct pg_net *pn)
{
	struct pg_stock *stock = &pn->stock;
	struct mem_cgroup *memcg;

	raw_spin_lock_irq(&pn->lock);
	memcg = stock->memcg;
	stock->memcg = NULL;
	WRITE_ONCE(stock->used, false);
	raw_spin_unlock_irq(&pn->lock);
	mem_cgroup_put(memcg);
	pg_tend_queue(pn);
}

/* How many records are to be ready, from what was taken lately. */
static unsigned int pg_stock_aim(struct pg_net *pn)
{
	struct pg_stock *stock = &pn->stock;
	unsigned int target;

	raw_spin_lock_irq(&pn->lock);
	target = stock->target;
	if (!stock->used) {
		target = 0;
	} else if (stock->n <= target / 4) {
		target = pg_stock_clamp(2 * target);
	} else if (time_after(jiffies, stock->since + HZ)) {
		target = pg_stock_clamp(max(stock->taken, target / 2));
		stock->taken = 0;
		stock->since = jiffies;
	}
	stock->target = target;
	raw_spin_unlock_irq(&pn->lock);
	return target;
}

static void pg_stock_trim(struct pg_net *pn, unsigned int want)
{
	struct pg_conn *conn;

	do {
		raw_spin_lock_irq(&pn->lock);
		conn = pn->stock.n > want ? pg_stock_unlink(&pn->stock) : NULL;
		raw_spin_unlock_irq(&pn->lock);
		if (conn)
			pg_conn_discard_spare(conn);
		cond_resched();
	} while (conn);
}

/**
 * pg_stock_tend - supply a stock
 * @pn: the namespace
 *
 * Return: true if this is to be done again, though nobody may take a record.
 */
bool pg_stock_tend(struct pg_net *pn)
{
	struct pg_stock *stock = &pn->stock;
	unsigned int want;
	int err;

	if (READ_ONCE(stock->used) && time_before(jiffies, stock->rest))
		return true;
	want = pg_stock_aim(pn);
	err = pg_stock_fill(pn, want);
	if (err)
		stock->rest = jiffies + PG_STOCK_REST;
	if (READ_ONCE(pn->stock.n) > want)
		pg_stock_trim(pn, want);
	return err || want > PG_SPARES_MIN;
}
