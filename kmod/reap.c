// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker: takes the dead off the lists and frees them.
 *
 * One work item a namespace, never running twice at once, is the only code
 * that unlinks connections, groups and snapshots (while the namespace lives
 * and when it ends). So it may drop the lock wherever it likes and go on where
 * it was.
 *
 * A dead connection is a leftover as long as a snapshot shows it: one with
 * born <= generation < died. Leftovers are kept by death. A snapshot that goes
 * away concerns only those that died after its generation, hence they are
 * looked through from the youngest death back to that generation.
 */

#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "peergroup.h"
#include "trace.h"

static struct workqueue_struct *pg_workqueue;

/**
 * struct pg_batch - what is to be freed when the lock is dropped
 * @n: number of connections
 * @conns: unlinked connections
 * @n_socks: number of sockets
 * @socks: sockets of dead connections
 */
struct pg_batch {
	unsigned int	n;
	struct pg_conn	*conns[PG_BATCH];
	unsigned int	n_socks;
	struct sock	*socks[PG_BATCH];
};

static void pg_batch_add_conn(struct pg_batch *batch, struct pg_conn *conn)
{
	list_del_rcu(&conn->link);
	pg_index_del_id(conn);
	batch->conns[batch->n++] = conn;
}

static void pg_batch_add_sock(struct pg_batch *batch, struct pg_conn *conn)
{
	batch->socks[batch->n_socks++] = conn->sk;
	WRITE_ONCE(conn->sk, NULL);
}

/* Sockets may sleep as they go, hence without the lock. */
static void pg_batch_free(struct pg_batch *batch)
{
	unsigned int i;

	for (i = 0; i < batch->n_socks; i++)
		sock_put(batch->socks[i]);
	for (i = 0; i < batch->n; i++)
		pg_conn_free(batch->conns[i]);
	batch->n_socks = 0;
	batch->n = 0;
	cond_resched();
}

/**
 * struct pg_shown_by - who shows a life?
 * @head: snapshots, by generation
 * @pos: the youngest of them that may show what died at the time last asked for
 *
 * Ask in the order of falling deaths: then all questions together cost one
 * walk.
 */
struct pg_shown_by {
	struct list_head	*head;
	struct list_head	*pos;
};

static void pg_shown_by_init(struct pg_shown_by *by, struct list_head *head)
{
	by->head = head;
	by->pos = head->prev;
}

static bool pg_shown_by(struct pg_shown_by *by, u64 born, u64 died)
{
	struct pg_snapshot *snap;

	for (; by->pos != by->head; by->pos = by->pos->prev) {
		snap = list_entry(by->pos, struct pg_snapshot, link);
		if (snap->generation < died)
			return snap->generation >= born;
	}
	return false;
}

static bool pg_list_shows(struct list_head *snapshots, u64 born, u64 died)
{
	struct pg_shown_by by;

	pg_shown_by_init(&by, snapshots);
	return pg_shown_by(&by, born, died);
}

/*
 * Free the leftovers of a group that nobody shows any longer, now that
 * snapshots have gone of which the oldest was of this generation.
 */
static void pg_sift_leftovers(struct pg_group *group, u64 generation)
{
	struct pg_net *pn = group->pn;
	struct pg_batch batch = {};
	struct pg_shown_by own, all;
	struct pg_conn *conn, *prev;
	unsigned int n;

	raw_spin_lock_irq(&pn->lock);
	pg_shown_by_init(&own, &group->snapshots);
	pg_shown_by_init(&all, &pn->snapshots);
	n = 0;
	list_for_each_entry_safe_reverse(conn, prev, &group->leftovers, dead) {
		if (conn->died <= generation)
			break;
		if (!pg_shown_by(&own, conn->born, conn->died) &&
		    !pg_shown_by(&all, conn->born, conn->died)) {
			list_del(&conn->dead);
			group->n_leftovers--;
			group->n_dead--;
			pg_batch_add_conn(&batch, conn);
		}
		if (++n % PG_BATCH)
			continue;
		raw_spin_unlock_irq(&pn->lock);
		pg_batch_free(&batch);
		raw_spin_lock_irq(&pn->lock);
	}
	raw_spin_unlock_irq(&pn->lock);
	pg_batch_free(&batch);
}

static void pg_sift_all(struct pg_net *pn, u64 generation)
{
	struct pg_group *group;

	/* Only the worker unlinks groups. */
	list_for_each_entry_rcu(group, &pn->groups, link, true)
		if (!list_empty(&group->leftovers))
			pg_sift_leftovers(group, generation);
}

/* A snapshot of this group, or of all, has gone off its list. */
static void pg_sift(struct pg_net *pn, struct pg_group *group, u64 generation)
{
	if (group)
		pg_sift_leftovers(group, generation);
	else
		pg_sift_all(pn, generation);
}

static struct pg_snapshot *pg_oldest_since(struct list_head *snapshots,
					   u64 generation)
{
	struct pg_snapshot *snap;

	list_for_each_entry(snap, snapshots, link)
		if (snap->generation >= generation)
			return snap;
	return NULL;
}

/* The oldest snapshot that shows a group, or NULL. */
static struct pg_snapshot *pg_oldest_snapshot(struct pg_group *group)
{
	struct pg_snapshot *own, *all;

	own = pg_oldest_since(&group->snapshots, group->born);
	all = pg_oldest_since(&group->pn->snapshots, group->born);
	if (all && group->died && all->generation >= group->died)
		all = NULL;
	if (!own || (all && all->generation < own->generation))
		return all;
	return own;
}

/* Cut the oldest snapshot that shows a group off; false if there is none. */
static bool pg_cut_oldest(struct pg_group *group)
{
	struct pg_net *pn = group->pn;
	struct pg_group *only = NULL;
	struct pg_snapshot *snap;
	u64 generation = 0;

	raw_spin_lock_irq(&pn->lock);
	snap = pg_oldest_snapshot(group);
	if (snap) {
		only = snap->group;
		generation = snap->generation;
		list_del(&snap->link);
		snap->cut = true;
		if (!snap->closed)
			trace_dump_cut(snap);
	}
	raw_spin_unlock_irq(&pn->lock);

	if (snap)
		pg_sift(pn, only, generation);
	return snap;
}

static bool pg_conn_shown(const struct pg_conn *conn)
{
	struct pg_group *group = conn->group;

	return pg_list_shows(&group->snapshots, conn->born, conn->died) ||
	       pg_list_shows(&group->pn->snapshots, conn->born, conn->died);
}

/*
 * Take a batch of connections off pg_net::dead. Returns the group that has too
 * many leftovers to take another one, or NULL.
 */
static struct pg_group *pg_take_dead(struct pg_net *pn, struct pg_batch *batch)
{
	struct pg_conn *conn, *tmp;
	struct pg_group *group;
	bool shown;

	lockdep_assert_held(&pn->lock);

	list_for_each_entry_safe(conn, tmp, &pn->dead, dead) {
		if (batch->n_socks == PG_BATCH)
			break;
		group = conn->group;
		shown = pg_conn_shown(conn);
		if (shown && group->n_leftovers >= pg_group_leftovers_max(group))
			return group;

		pg_batch_add_sock(batch, conn);
		if (shown) {
			list_move_tail(&conn->dead, &group->leftovers);
			group->n_leftovers++;
		} else {
			list_del(&conn->dead);
			group->n_dead--;
			pg_batch_add_conn(batch, conn);
		}
	}
	return NULL;
}

static void pg_reap_conns(struct pg_net *pn)
{
	struct pg_batch batch = {};
	struct pg_group *full;
	bool more;

	do {
		raw_spin_lock_irq(&pn->lock);
		full = pg_take_dead(pn, &batch);
		more = !list_empty(&pn->dead);
		raw_spin_unlock_irq(&pn->lock);
		pg_batch_free(&batch);
		if (full)
			pg_cut_oldest(full);
	} while (more);
}

static struct pg_snapshot *pg_take_done(struct pg_net *pn)
{
	struct pg_snapshot *snap;

	raw_spin_lock_irq(&pn->lock);
	snap = list_first_entry_or_null(&pn->done, struct pg_snapshot, done);
	if (snap) {
		list_del(&snap->done);
		if (!snap->cut)
			list_del(&snap->link);
	}
	raw_spin_unlock_irq(&pn->lock);
	return snap;
}

/* Returns whether any snapshot has gone. */
static bool pg_reap_snapshots(struct pg_net *pn)
{
	struct pg_snapshot *snap;
	bool any = false;

	while ((snap = pg_take_done(pn))) {
		if (!snap->cut)
			pg_sift(pn, snap->group, snap->generation);
		kfree(snap);
		any = true;
	}
	return any;
}

/* The sockets of a deleted group are let go even if a snapshot shows it. */
static void pg_release_group(struct pg_group *group)
{
	struct pg_net *pn = group->pn;
	struct pg_batch batch = {};
	struct pg_conn *conn;
	int t;

	raw_spin_lock_irq(&pn->lock);
	for (t = 0; t < PG_TYPES; t++) {
		list_for_each_entry(conn, &group->conns[t], link) {
			if (!conn->sk)
				continue;
			pg_index_del_sk(conn);
			pg_batch_add_sock(&batch, conn);
			if (batch.n_socks < PG_BATCH)
				continue;
			raw_spin_unlock_irq(&pn->lock);
			pg_batch_free(&batch);
			raw_spin_lock_irq(&pn->lock);
		}
	}
	raw_spin_unlock_irq(&pn->lock);
	pg_batch_free(&batch);
}

/* Free a released group that no snapshot shows, with all its connections. */
static void pg_free_group(struct pg_group *group)
{
	struct pg_net *pn = group->pn;
	struct pg_batch batch = {};
	struct pg_conn *conn, *tmp;
	int t;

	raw_spin_lock_irq(&pn->lock);
	for (t = 0; t < PG_TYPES; t++) {
		list_for_each_entry_safe(conn, tmp, &group->conns[t], link) {
			pg_batch_add_conn(&batch, conn);
			if (batch.n < PG_BATCH)
				continue;
			raw_spin_unlock_irq(&pn->lock);
			pg_batch_free(&batch);
			raw_spin_lock_irq(&pn->lock);
		}
	}
	list_del(&group->reap_link);
	list_del_rcu(&group->link);
	pn->n_dead_groups--;
	raw_spin_unlock_irq(&pn->lock);

	pg_batch_free(&batch);
	pg_group_put(group);
}

static void pg_free_groups(struct pg_net *pn)
{
	struct pg_group *group, *prev;
	struct pg_shown_by all;
	bool shown;

	raw_spin_lock_irq(&pn->lock);
	pg_shown_by_init(&all, &pn->snapshots);
	raw_spin_unlock_irq(&pn->lock);

	list_for_each_entry_safe_reverse(group, prev, &pn->reaping, reap_link) {
		raw_spin_lock_irq(&pn->lock);
		shown = !list_empty(&group->snapshots) ||
			pg_shown_by(&all, group->born, group->died);
		raw_spin_unlock_irq(&pn->lock);
		if (!shown)
			pg_free_group(group);
	}
}

/* Deleted groups that snapshots keep count too. */
static void pg_limit_dead_groups(struct pg_net *pn)
{
	struct pg_group *group;

	while (pn->n_dead_groups > PG_DEAD_GROUPS_MAX &&
	       !list_empty(&pn->reaping)) {
		group = list_first_entry(&pn->reaping, struct pg_group,
					 reap_link);
		while (pg_cut_oldest(group))
			;
		pg_free_groups(pn);
	}
}

static void pg_reap(struct work_struct *work)
{
	struct pg_net *pn = container_of(work, struct pg_net, work);
	struct pg_group *group;
	LIST_HEAD(dead_groups);
	bool any;

	raw_spin_lock_irq(&pn->lock);
	list_splice_init(&pn->dead_groups, &dead_groups);
	raw_spin_unlock_irq(&pn->lock);

	any = pg_reap_snapshots(pn) || !list_empty(&dead_groups);
	/* After this no connection of these groups is on pg_net::dead. */
	pg_reap_conns(pn);
	list_for_each_entry(group, &dead_groups, reap_link)
		pg_release_group(group);

	list_splice_tail(&dead_groups, &pn->reaping);
	if (any)
		pg_free_groups(pn);
	pg_limit_dead_groups(pn);
}

/**
 * pg_reap_queue - there is something for the worker
 * @pn: the namespace
 *
 * Context: Any, the probe included.
 */
void pg_reap_queue(struct pg_net *pn)
{
	queue_work(pg_workqueue, &pn->work);
}

void pg_reap_net_init(struct pg_net *pn)
{
	INIT_WORK(&pn->work, pg_reap);
}

/**
 * pg_reap_net_flush - wait until the worker has freed all there was
 * @pn: the namespace, without open snapshots
 */
void pg_reap_net_flush(struct pg_net *pn)
{
	pg_reap_queue(pn);
	flush_work(&pn->work);
}

int pg_reap_init(void)
{
	pg_workqueue = alloc_workqueue("peergroup", WQ_UNBOUND, 0);
	return pg_workqueue ? 0 : -ENOMEM;
}

void pg_reap_exit(void)
{
	destroy_workqueue(pg_workqueue);
}
