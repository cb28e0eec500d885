// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots: exactly the connections active at one generation, however long
 * the reader takes.
 *
 * A snapshot shows what was born at or before its generation and had not died
 * by then. Opening one costs O(1); from then on the worker keeps what it
 * shows, so that the reader resumes at the record it stopped at. One that shows
 * pending connections finds them in a list of their own, in which they stay
 * when they become active.
 *
 * If it would keep too much, the worker takes the snapshot off its list and
 * sets @cut. The reader asks for that under the lock before he touches his
 * position (what he reads then stays for his RCU read side) and again after he
 * has filled his buffer (then nothing in it was missed).
 */

#include <linux/rculist.h>
#include <linux/slab.h>

#include "peergroup.h"

static u32 pg_snapshot_count(const struct pg_counts *counts, u8 type, bool all)
{
	u32 count = 0;
	int t;

	for (t = 0; t < PG_TYPES; t++) {
		if (type && type != t + 1)
			continue;
		count += counts->active[t];
		if (all)
			count += counts->pending[t];
	}
	return count;
}

void pg_snapshots_init(struct pg_snapshots *list)
{
	INIT_LIST_HEAD(&list->list);
	list->n = 0;
}

static int pg_snapshot_pin(struct pg_snapshot *snap)
{
	struct pg_net *pn = snap->pn;
	struct pg_group *group = snap->group;
	unsigned long flags;
	bool many;

	raw_spin_lock_irqsave(&pn->lock, flags);
	if (group && group->died) {
		raw_spin_unlock_irqrestore(&pn->lock, flags);
		return -ENOENT;
	}
	/* The worker is late; walks along the list are not to get longer. */
	if (snap->list->n >= 2 * PG_SNAPSHOTS_MAX) {
		raw_spin_unlock_irqrestore(&pn->lock, flags);
		return -ENOBUFS;
	}
	snap->generation = pn->generation;
	snap->n_groups = pn->n_groups;
	snap->count = pg_snapshot_count(group ? &group->counts : &pn->counts,
					snap->type, snap->all);
	list_add_tail(&snap->link, &snap->list->list);
	many = ++snap->list->n > PG_SNAPSHOTS_MAX;
	if (many)
		WRITE_ONCE(pn->crowded, true);
	raw_spin_unlock_irqrestore(&pn->lock, flags);

	if (many)
		pg_reap_queue(pn);
	return 0;
}

static struct pg_snapshot *pg_snapshot_new(struct pg_net *pn,
					   struct pg_group *group, u8 type,
					   bool all, struct pg_snapshots *list)
{
	struct pg_snapshot *snap;
	int err;

	snap = kzalloc(sizeof(*snap), GFP_KERNEL_ACCOUNT);
	if (!snap)
		return ERR_PTR(-ENOMEM);
	snap->list = list;
	snap->pn = pn;
	snap->group = group;
	snap->type = type;
	snap->all = all;

	err = pg_snapshot_pin(snap);
	if (err) {
		kfree(snap);
		return ERR_PTR(err);
	}
	return snap;
}

/**
 * pg_snapshot_open - show the current generation
 * @pn: the namespace
 * @group: the only group to show, or NULL; the caller holds a reference while
 *	he calls, then the snapshot keeps it
 * @type: the only type to show, or 0
 * @all: show pending connections, too
 *
 * Return: a snapshot for pg_snapshot_close(), or ERR_PTR: -ENOENT if the group
 * has been deleted, -ENOBUFS if far too many are open, -ENOMEM.
 */
struct pg_snapshot *pg_snapshot_open(struct pg_net *pn, struct pg_group *group,
				     u8 type, bool all)
{
	return pg_snapshot_new(pn, group, type, all,
			       group ? &group->snapshots : &pn->snapshots);
}

/**
 * pg_snapshot_open_groups - show the current groups, not their connections
 * @pn: the namespace
 *
 * Return: a snapshot for pg_snapshot_close(), or ERR_PTR: -ENOBUFS, -ENOMEM.
 */
struct pg_snapshot *pg_snapshot_open_groups(struct pg_net *pn)
{
	return pg_snapshot_new(pn, NULL, 0, false, &pn->group_snapshots);
}

/**
 * pg_snapshot_close - the reader is done
 * @snap: the snapshot
 *
 * Context: Any, since a dump may end where its socket is released.
 */
void pg_snapshot_close(struct pg_snapshot *snap)
{
	struct pg_net *pn = snap->pn;
	unsigned long flags;
	bool cut;

	raw_spin_lock_irqsave(&pn->lock, flags);
	snap->closed = true;
	cut = snap->cut;
	if (!cut)
		list_add_tail(&snap->done, &pn->done);
	raw_spin_unlock_irqrestore(&pn->lock, flags);

	if (cut)
		kfree(snap);
	else
		pg_reap_queue(pn);
}

/**
 * pg_snapshot_valid - may the reader go on?
 * @snap: the snapshot
 *
 * Context: RCU read side, which keeps the reader's position if so.
 */
bool pg_snapshot_valid(struct pg_snapshot *snap)
{
	unsigned long flags;
	bool valid;

	raw_spin_lock_irqsave(&snap->pn->lock, flags);
	valid = !snap->cut;
	raw_spin_unlock_irqrestore(&snap->pn->lock, flags);
	return valid;
}

static bool pg_shows(const struct pg_snapshot *snap, u64 died)
{
	return !died || died > snap->generation;
}

/* The first connection shown behind a place in a list; NULL at its end. */
static struct pg_conn *pg_shown_conn(const struct pg_snapshot *snap,
				     struct list_head *head,
				     struct list_head *pos)
{
	struct pg_conn *conn;

	while ((pos = rcu_dereference(list_next_rcu(pos))) != head) {
		conn = list_entry(pos, struct pg_conn, link);
		if (conn->born > snap->generation)
			break;
		if (pg_shows(snap, READ_ONCE(conn->died)))
			return conn;
	}
	return NULL;
}

/*
 * Likewise of the pending ones. It may have been active already: it is as safe
 * to stop at, and the reader goes on to the next one by himself.
 */
static struct pg_pending *pg_shown_pending(const struct pg_snapshot *snap,
					   struct list_head *head,
					   struct list_head *pos)
{
	struct pg_pending *pending;

	while ((pos = rcu_dereference(list_next_rcu(pos))) != head) {
		pending = list_entry(pos, struct pg_pending, link);
		if (pending->since > snap->generation)
			break;
		if (pg_shows(snap, READ_ONCE(pending->conn.died)))
			return pending;
	}
	return NULL;
}

static struct pg_group *pg_shown_group(const struct pg_snapshot *snap,
				       struct list_head *pos)
{
	struct list_head *head = &snap->pn->groups;
	struct pg_group *group;

	while ((pos = rcu_dereference(list_next_rcu(pos))) != head) {
		group = list_entry(pos, struct pg_group, link);
		if (group->born > snap->generation)
			break;
		if (pg_shows(snap, READ_ONCE(group->died)))
			return group;
	}
	return NULL;
}

static bool pg_shows_type(const struct pg_snapshot *snap, int t)
{
	return snap->list != &snap->pn->group_snapshots &&
	       (!snap->type || snap->type == t + 1);
}

static void pg_snapshot_enter(struct pg_snapshot *snap, struct pg_group *group)
{
	struct list_head *head;
	int t;

	snap->walk = group;
	for (t = 0; t < PG_TYPES; t++) {
		snap->next[t] = NULL;
		if (!group || !pg_shows_type(snap, t))
			continue;
		head = &group->conns[t];
		snap->next[t] = pg_shown_conn(snap, head, head);
	}
	snap->next_pending = group && snap->all ?
			     pg_shown_pending(snap, &group->pending,
					      &group->pending) : NULL;
}

static void pg_snapshot_start(struct pg_snapshot *snap)
{
	if (snap->started)
		return;
	snap->started = true;
	pg_snapshot_enter(snap, snap->group ? snap->group :
			  pg_shown_group(snap, &snap->pn->groups));
}

/**
 * pg_snapshot_group - the group to be shown next, or whose connections are
 * @snap: a snapshot
 *
 * Context: RCU read side in which pg_snapshot_valid() said so; likewise below.
 * Return: NULL if all have been shown.
 */
struct pg_group *pg_snapshot_group(struct pg_snapshot *snap)
{
	pg_snapshot_start(snap);
	return snap->walk;
}

/**
 * pg_snapshot_next_group - go on to the next group
 * @snap: a snapshot at a group
 */
void pg_snapshot_next_group(struct pg_snapshot *snap)
{
	struct pg_group *group = NULL;

	if (!snap->group)
		group = pg_shown_group(snap, &snap->walk->link);
	pg_snapshot_enter(snap, group);
}

/* Both types in the order in which they became active. */
static struct pg_conn *pg_snapshot_first(const struct pg_snapshot *snap)
{
	struct pg_conn *first = NULL;
	int t;

	for (t = 0; t < PG_TYPES; t++)
		if (snap->next[t] &&
		    (!first || snap->next[t]->born < first->born))
			first = snap->next[t];
	return first;
}

/* Was it pending still at the generation shown, and is its type asked for? */
static bool pg_shows_pending(const struct pg_snapshot *snap,
			     const struct pg_pending *pending)
{
	u64 born = READ_ONCE(pending->conn.born);

	return (!born || born > snap->generation) &&
	       pg_shows_type(snap, pending->conn.type - 1);
}

/**
 * pg_snapshot_conn - the connection to be shown next
 * @snap: a snapshot at a group
 * @state: receives the state to show it in, or 0 if it is not to be shown after
 *	all
 *
 * Return: NULL if all connections of the group have been shown.
 */
struct pg_conn *pg_snapshot_conn(struct pg_snapshot *snap,
				 enum peergroup_conn_state *state)
{
	struct pg_conn *conn = pg_snapshot_first(snap);

	*state = PEERGROUP_CONN_STATE_ACTIVE;
	if (conn || !snap->next_pending)
		return conn;

	*state = pg_shows_pending(snap, snap->next_pending) ?
		 PEERGROUP_CONN_STATE_PENDING : 0;
	return &snap->next_pending->conn;
}

/**
 * pg_snapshot_next_conn - go on to the next connection
 * @snap: a snapshot at a connection
 * @conn: that connection
 */
void pg_snapshot_next_conn(struct pg_snapshot *snap, struct pg_conn *conn)
{
	unsigned int t = conn->type - 1;

	if (snap->next[t] == conn)
		snap->next[t] = pg_shown_conn(snap, &snap->walk->conns[t],
					      &conn->link);
	else
		snap->next_pending =
			pg_shown_pending(snap, &snap->walk->pending,
					 &pg_pending(conn)->link);
}
