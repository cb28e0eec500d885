// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker: takes the dead off the lists and frees them.
 *
 * One work item a namespace, never running twice at once, is the only code
 * that unlinks connections, groups and snapshots (while the namespace lives
 * and when it ends). So it may drop the lock wherever it likes and go on where
 * it was.
 *
 * It also detaches the connections of deleted rules, since it may walk along
 * all of a group.
 *
 * What dies is first relieved of its socket, then its end is announced, with
 * all changes before it, and only then it may go.
 *
 * A dead connection is a leftover as long as a snapshot shows it: one with
 * born <= generation < died, where those attached while connecting count as
 * born by then. Leftovers are kept by death. A snapshot that goes away concerns
 * only those that died after its generation, hence they are looked through from
 * the youngest death back to that generation.
 *
 * Whatever snapshots make stay has a limit. Past it the oldest snapshot is cut
 * off, of the group or of all, whichever are more: readers of a group that
 * stall do not cost those who read all, nor the other way round.
 */

#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "rule.h"
#include "trace.h"

/* For all work of the module. */
struct workqueue_struct *pg_workqueue;

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

/* From when on a snapshot may show a connection. */
static u64 pg_conn_since(struct pg_conn *conn)
{
	/* It may have become active before it got into the group. */
	if (conn->pending && pg_pending(conn)->since)
		return pg_pending(conn)->since;
	return conn->born;
}

/* Not all of it: the worker is called for a single connection, too. */
static void pg_batch_init(struct pg_batch *batch)
{
	batch->n = 0;
	batch->n_socks = 0;
}

static void pg_batch_add_conn(struct pg_batch *batch, struct pg_conn *conn)
{
	struct pg_group *group = conn->group;

	group->n_conns--;
	if (group->died)
		group->pn->n_dead_conns--;
	if (conn->born)
		list_del_rcu(&conn->link);
	if (pg_conn_since(conn) != conn->born)
		list_del_rcu(&pg_pending(conn)->link);
	pg_index_del_id(conn);
	batch->conns[batch->n++] = conn;
}

static void pg_batch_add_sock(struct pg_batch *batch, struct pg_conn *conn)
{
	batch->socks[batch->n_socks++] = conn->sk;
	WRITE_ONCE(conn->sk, NULL);
}

/* The last reference to a socket takes other locks along, hence without ours. */
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

static void pg_shown_by_init(struct pg_shown_by *by, struct pg_snapshots *list)
{
	by->head = &list->list;
	by->pos = list->list.prev;
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

static bool pg_list_shows(struct pg_snapshots *list, u64 born, u64 died)
{
	struct pg_shown_by by;

	pg_shown_by_init(&by, list);
	return pg_shown_by(&by, born, died);
}

/*
 * Free the leftovers of a group that nobody shows any longer, now that a
 * snapshot of this generation has gone.
 */
static void pg_sift_leftovers(struct pg_group *group, u64 generation)
{
	struct pg_net *pn = group->pn;
	struct pg_batch batch;
	struct pg_shown_by own, all;
	struct pg_conn *conn, *prev;
	unsigned int n;

	pg_batch_init(&batch);
	raw_spin_lock_irq(&pn->lock);
	pg_shown_by_init(&own, &group->snapshots);
	pg_shown_by_init(&all, &pn->snapshots);
	n = 0;
	list_for_each_entry_safe_reverse(conn, prev, &group->leftovers, dead) {
		if (conn->died <= generation)
			break;
		if (!pg_shown_by(&own, pg_conn_since(conn), conn->died) &&
		    !pg_shown_by(&all, pg_conn_since(conn), conn->died)) {
			list_del(&conn->dead);
			group->n_leftovers--;
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

/* Take a snapshot off its list. Does another one show the same? */
static bool pg_unlink_snapshot(struct pg_snapshot *snap)
{
	struct pg_snapshots *list = snap->list;
	struct pg_snapshot *next;
	bool same;

	lockdep_assert_held(&snap->pn->lock);

	next = list_next_entry(snap, link);
	same = !list_entry_is_head(next, &list->list, link) &&
	       next->generation == snap->generation;
	list_del(&snap->link);
	list->n--;
	return same;
}

/* A snapshot of this group, or of all, has gone off its list. */
static void pg_sift(struct pg_net *pn, struct pg_group *group, u64 generation)
{
	if (group)
		pg_sift_leftovers(group, generation);
	else
		pg_sift_all(pn, generation);
}

/*
 * Cut the oldest snapshot of a list off that may show what was born and died
 * then; false if there is none.
 */
static bool pg_cut_oldest(struct pg_net *pn, struct pg_snapshots *list,
			  u64 born, u64 died)
{
	struct pg_snapshot *snap;
	struct pg_group *group;
	u64 generation;

	raw_spin_lock_irq(&pn->lock);
	list_for_each_entry(snap, &list->list, link)
		if (snap->generation >= born)
			break;
	if (list_entry_is_head(snap, &list->list, link) ||
	    snap->generation >= died) {
		raw_spin_unlock_irq(&pn->lock);
		return false;
	}
	group = snap->group;
	generation = snap->generation;
	pg_unlink_snapshot(snap);
	snap->cut = true;
	if (!snap->closed)
		trace_dump_cut(snap);
	raw_spin_unlock_irq(&pn->lock);

	pg_sift(pn, group, generation);
	return true;
}

/* Make room in a group that has too many leftovers. */
static void pg_cut_for_group(struct pg_group *group)
{
	struct pg_net *pn = group->pn;

	if (READ_ONCE(group->snapshots.n) >= READ_ONCE(pn->snapshots.n) &&
	    pg_cut_oldest(pn, &group->snapshots, group->born, U64_MAX))
		return;
	if (!pg_cut_oldest(pn, &pn->snapshots, group->born, U64_MAX))
		pg_cut_oldest(pn, &group->snapshots, group->born, U64_MAX);
}

static bool pg_conn_shown(struct pg_conn *conn)
{
	struct pg_group *group = conn->group;
	u64 since = pg_conn_since(conn);

	return pg_list_shows(&group->snapshots, since, conn->died) ||
	       pg_list_shows(&group->pn->snapshots, since, conn->died);
}

/*
 * Take a batch of connections off pg_net::ended. Returns the group that has
 * too many leftovers to take another one, or NULL.
 */
static struct pg_group *pg_take_ended(struct pg_net *pn, struct pg_batch *batch)
{
	struct pg_conn *conn, *tmp;
	struct pg_group *group;
	unsigned int n = 0;
	bool shown;

	lockdep_assert_held(&pn->lock);

	list_for_each_entry_safe(conn, tmp, &pn->ended, dead) {
		if (n++ == PG_BATCH)
			break;
		group = conn->group;
		shown = pg_conn_shown(conn);
		if (shown && group->n_leftovers >= pg_group_leftovers_max(group))
			return group;

		if (shown) {
			list_move_tail(&conn->dead, &group->leftovers);
			group->n_leftovers++;
		} else {
			list_del(&conn->dead);
			pg_batch_add_conn(batch, conn);
		}
	}
	return NULL;
}

static struct pg_snapshot *pg_take_done(struct pg_net *pn, bool *sift)
{
	struct pg_snapshot *snap;

	raw_spin_lock_irq(&pn->lock);
	snap = list_first_entry_or_null(&pn->done, struct pg_snapshot, done);
	if (snap) {
		list_del(&snap->done);
		*sift = !snap->cut && !pg_unlink_snapshot(snap);
	}
	raw_spin_unlock_irq(&pn->lock);
	return snap;
}

/* Returns whether any snapshot has gone. */
static bool pg_reap_snapshots(struct pg_net *pn)
{
	struct pg_snapshot *snap;
	bool any = false, sift;

	while ((snap = pg_take_done(pn, &sift))) {
		if (sift)
			pg_sift(pn, snap->group, snap->generation);
		kfree(snap);
		any = true;
	}
	return any;
}

/* Returns whether any snapshot has gone, to make room. */
static bool pg_reap_conns(struct pg_net *pn)
{
	struct pg_batch batch;
	struct pg_group *full;
	bool more, any = false;

	pg_batch_init(&batch);
	do {
		raw_spin_lock_irq(&pn->lock);
		full = pg_take_ended(pn, &batch);
		more = !list_empty(&pn->ended);
		raw_spin_unlock_irq(&pn->lock);
		pg_batch_free(&batch);
		if (!full)
			continue;
		/* Nobody is cut off for those who are done. */
		if (!pg_reap_snapshots(pn))
			pg_cut_for_group(full);
		any = true;
	} while (more);
	return any;
}

/* The first of the connections that had ended by then, NULL if none had. */
static struct pg_conn *pg_first_dead(struct pg_net *pn, u64 until)
{
	struct pg_conn *conn;

	lockdep_assert_held(&pn->lock);

	conn = list_first_entry_or_null(&pn->dead, struct pg_conn, dead);
	return conn && conn->died <= until ? conn : NULL;
}

/*
 * Their sockets are let go before anything else. Who ends later has queued the
 * worker again: it must not be kept here by those who are faster.
 */
static void pg_release_dead(struct pg_net *pn, u64 until)
{
	struct pg_batch batch;
	struct pg_conn *conn;

	pg_batch_init(&batch);
	do {
		raw_spin_lock_irq(&pn->lock);
		while (batch.n_socks < PG_BATCH &&
		       (conn = pg_first_dead(pn, until))) {
			pg_batch_add_sock(&batch, conn);
			list_move_tail(&conn->dead, &pn->events.conns_gone);
		}
		conn = pg_first_dead(pn, until);
		raw_spin_unlock_irq(&pn->lock);
		pg_batch_free(&batch);
	} while (conn);
}

/* Likewise that of a connection of a deleted group; the lock may be dropped. */
static void pg_release_conn(struct pg_conn *conn, struct pg_batch *batch,
			    unsigned int *n)
{
	struct pg_net *pn = conn->group->pn;

	lockdep_assert_held(&pn->lock);

	if (conn->sk) {
		pg_index_del_sk(conn);
		pg_batch_add_sock(batch, conn);
	}
	if (++*n % PG_BATCH)
		return;
	raw_spin_unlock_irq(&pn->lock);
	pg_batch_free(batch);
	raw_spin_lock_irq(&pn->lock);
}

static void pg_release_group(struct pg_group *group)
{
	struct pg_net *pn = group->pn;
	struct pg_pending *pending;
	struct pg_batch batch;
	struct pg_conn *conn;
	unsigned int n = 0;
	int t;

	pg_batch_init(&batch);
	raw_spin_lock_irq(&pn->lock);
	for (t = 0; t < PG_TYPES; t++)
		list_for_each_entry(conn, &group->conns[t], link)
			pg_release_conn(conn, &batch, &n);
	list_for_each_entry(pending, &group->pending, link)
		pg_release_conn(&pending->conn, &batch, &n);
	raw_spin_unlock_irq(&pn->lock);
	pg_batch_free(&batch);
}

/* Any connection of a group, NULL if it has none. */
static struct pg_conn *pg_group_any_conn(struct pg_group *group)
{
	int t;

	for (t = 0; t < PG_TYPES; t++)
		if (!list_empty(&group->conns[t]))
			return list_first_entry(&group->conns[t],
						struct pg_conn, link);
	if (!list_empty(&group->pending))
		return &list_first_entry(&group->pending, struct pg_pending,
					 link)->conn;
	return NULL;
}

/* Free a released group that no snapshot shows, with all its connections. */
static void pg_free_group(struct pg_group *group)
{
	struct pg_net *pn = group->pn;
	struct pg_batch batch;
	struct pg_conn *conn;

	pg_batch_init(&batch);
	raw_spin_lock_irq(&pn->lock);
	while ((conn = pg_group_any_conn(group))) {
		pg_batch_add_conn(&batch, conn);
		if (batch.n < PG_BATCH)
			continue;
		raw_spin_unlock_irq(&pn->lock);
		pg_batch_free(&batch);
		raw_spin_lock_irq(&pn->lock);
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
	struct pg_shown_by all, groups;
	struct pg_group *group, *prev;
	bool shown;

	raw_spin_lock_irq(&pn->lock);
	pg_shown_by_init(&all, &pn->snapshots);
	pg_shown_by_init(&groups, &pn->group_snapshots);
	raw_spin_unlock_irq(&pn->lock);

	list_for_each_entry_safe_reverse(group, prev, &pn->reaping, reap_link) {
		raw_spin_lock_irq(&pn->lock);
		shown = group->snapshots.n ||
			pg_shown_by(&all, group->born, group->died) ||
			pg_shown_by(&groups, group->born, group->died);
		raw_spin_unlock_irq(&pn->lock);
		if (!shown)
			pg_free_group(group);
	}
}

/* Are there more deleted groups, or connections of them, than may be? */
static bool pg_too_many_dead(struct pg_net *pn)
{
	bool too_many;

	raw_spin_lock_irq(&pn->lock);
	too_many = pn->n_dead_groups >
		   max_t(u32, PG_DEAD_GROUPS_MIN, 2 * pn->peak_groups) ||
		   pn->n_dead_conns >
		   max_t(u32, PG_LEFTOVERS_MIN, 2 * pn->peak_conns);
	raw_spin_unlock_irq(&pn->lock);
	return too_many;
}

/* Let the oldest deleted group go, whoever shows it. */
static void pg_limit_dead_groups(struct pg_net *pn)
{
	struct pg_group *group;

	while (!list_empty(&pn->reaping) && pg_too_many_dead(pn)) {
		group = list_first_entry(&pn->reaping, struct pg_group,
					 reap_link);
		if (!pg_cut_oldest(pn, &group->snapshots, group->born,
				   group->died) &&
		    !pg_cut_oldest(pn, &pn->snapshots, group->born,
				   group->died))
			pg_cut_oldest(pn, &pn->group_snapshots, group->born,
				      group->died);
		pg_free_groups(pn);
	}
}

/* Returns whether any snapshot has gone. */
static bool pg_limit_snapshots(struct pg_net *pn, struct pg_snapshots *list)
{
	bool any = false;

	while (READ_ONCE(list->n) > PG_SNAPSHOTS_MAX)
		any |= pg_cut_oldest(pn, list, 0, U64_MAX);
	return any;
}

static bool pg_limit_all_snapshots(struct pg_net *pn)
{
	struct pg_group *group;
	bool any;

	any = pg_limit_snapshots(pn, &pn->snapshots);
	any |= pg_limit_snapshots(pn, &pn->group_snapshots);
	list_for_each_entry_rcu(group, &pn->groups, link, true)
		any |= pg_limit_snapshots(pn, &group->snapshots);
	return any;
}

/* Let all sockets go that are dead by now, and announce up to that. */
static bool pg_bury(struct pg_net *pn, struct list_head *gone_groups)
{
	struct pg_group *group;
	LIST_HEAD(dead_groups);
	u64 until;

	raw_spin_lock_irq(&pn->lock);
	list_splice_init(&pn->dead_groups, &dead_groups);
	until = pn->generation;
	raw_spin_unlock_irq(&pn->lock);

	/* After this no connection of these groups is on pg_net::dead. */
	pg_release_dead(pn, until);
	list_for_each_entry(group, &dead_groups, reap_link)
		pg_release_group(group);
	list_splice_tail(&dead_groups, &pn->events.groups_gone);
	return pg_notify(pn, until, gone_groups);
}

/* Detached connections that may wait to be announced. */
#define PG_DROP_MAX	1024

/*
 * Detach what a deleted rule has adopted. Nothing is unlinked meanwhile, so
 * that the lock may be dropped anywhere.
 */
static void pg_drop_conns(struct pg_rule *rule, struct list_head *gone_groups)
{
	struct pg_net *pn = rule->group->pn;
	unsigned int seen = 0, waiting = 0;
	struct pg_conn *conn;

	raw_spin_lock_irq(&pn->lock);
	list_for_each_entry(conn, &rule->group->conns[rule->info.type - 1],
			    link) {
		if (conn->rule_id == rule->info.id)
			waiting += pg_conn_end_locked(conn,
						      PEERGROUP_REASON_DETACHED,
						      0);
		if (++seen % PG_BATCH)
			continue;
		raw_spin_unlock_irq(&pn->lock);
		cond_resched();
		if (waiting >= PG_DROP_MAX) {
			pg_bury(pn, gone_groups);
			waiting = 0;
		}
		raw_spin_lock_irq(&pn->lock);
	}
	raw_spin_unlock_irq(&pn->lock);
}

static struct pg_rule *pg_take_dropping(struct pg_net *pn)
{
	struct pg_rule *rule;

	raw_spin_lock_irq(&pn->lock);
	rule = list_first_entry_or_null(&pn->dropping, struct pg_rule, drop);
	if (rule)
		list_del(&rule->drop);
	raw_spin_unlock_irq(&pn->lock);
	return rule;
}

static void pg_drop_rules(struct pg_net *pn, struct list_head *gone_groups)
{
	struct pg_rule *rule;
	bool left;

	/* Whoever adds one queues the worker then. */
	if (list_empty(&pn->dropping))
		return;
	while ((rule = pg_take_dropping(pn))) {
		pg_drop_conns(rule, gone_groups);
		raw_spin_lock_irq(&pn->lock);
		complete_all(&rule->dropped);
		left = rule->left;
		raw_spin_unlock_irq(&pn->lock);
		pg_rule_put(rule);
		/* Another rule of the group may want them. */
		if (left)
			pg_scan_queue(pn);
	}
}

static bool pg_take_crowded(struct pg_net *pn)
{
	/* Whoever sets it queues the worker then. */
	if (!READ_ONCE(pn->crowded))
		return false;

	raw_spin_lock_irq(&pn->lock);
	pn->crowded = false;
	raw_spin_unlock_irq(&pn->lock);
	return true;
}

static void pg_reap(struct work_struct *work)
{
	struct pg_net *pn = container_of(work, struct pg_net, work);
	LIST_HEAD(gone_groups);
	bool more, any;

	pg_drop_rules(pn, &gone_groups);
	more = pg_bury(pn, &gone_groups);
	any = !list_empty(&gone_groups);
	any |= pg_reap_snapshots(pn);
	if (pg_take_crowded(pn))
		any |= pg_limit_all_snapshots(pn);
	/* After this no connection of these groups is on pg_net::ended. */
	any |= pg_reap_conns(pn);
	list_splice_tail(&gone_groups, &pn->reaping);
	if (any)
		pg_free_groups(pn);
	pg_limit_dead_groups(pn);
	if (more)
		pg_reap_queue(pn);
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

/**
 * pg_reap_queue_soon - likewise, but nobody is waiting for it
 * @pn: the namespace
 *
 * One run does for all that comes within a tick.
 */
void pg_reap_queue_soon(struct pg_net *pn)
{
	queue_delayed_work(pg_workqueue, &pn->work_soon, 1);
}

static void pg_reap_soon(struct work_struct *work)
{
	pg_reap_queue(container_of(to_delayed_work(work), struct pg_net,
				   work_soon));
}

void pg_reap_net_init(struct pg_net *pn)
{
	INIT_WORK(&pn->work, pg_reap);
	INIT_DELAYED_WORK(&pn->work_soon, pg_reap_soon);
}

/**
 * pg_reap_net_flush - wait until the worker has freed all there was
 * @pn: the namespace, without groups or open snapshots and dying: the worker
 *	announces nothing, and so does not leave anything to another run
 */
void pg_reap_net_flush(struct pg_net *pn)
{
	cancel_delayed_work_sync(&pn->work_soon);
	pg_reap_queue(pn);
	flush_work(&pn->work);
}

/**
 * pg_reap_sync - wait for all workers to finish what they have begun
 */
void pg_reap_sync(void)
{
	flush_workqueue(pg_workqueue);
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
