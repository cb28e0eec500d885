// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: each change is announced to those who listen, in the order of
 * generations.
 *
 * Changes are queued under the lock that takes their generation, often in the
 * probe; the worker builds the messages, as many events to one as fit. Whoever
 * listens by the time he opens a snapshot gets all events past its generation:
 * both the change and the snapshot take the lock.
 *
 * What cannot be sent is lost for all listeners: they get ENOBUFS, and the next
 * event shows a hole in the generations.
 */

#include <linux/sched.h>

#include "netlink.h"
#include "rule.h"
#include "wire.h"

/*
 * Most changes that wait for the worker. They keep dead records, but not their
 * sockets.
 */
#define PG_UNSENT_MAX	65536

/* Events taken in one lock hold; about as many as fit a message. */
#define PG_TAKE_MAX	20

/* Messages sent before the worker frees what is dead. */
#define PG_SEND_MAX	64

/**
 * struct pg_event - an event that the worker has taken
 * @cmd: PEERGROUP_CMD_*_NTF
 * @generation: of the change
 * @object: what it is about
 * @group: likewise, if it is a group
 * @conn: likewise, if it is a connection
 * @rule: likewise, if it is a rule; a reference
 */
struct pg_event {
	u8	cmd;
	u64	generation;
	union {
		void		*object;
		struct pg_group	*group;
		struct pg_conn	*conn;
		struct pg_rule	*rule;
	};
};

static bool pg_notify_off;

void pg_events_init(struct pg_events *events)
{
	INIT_LIST_HEAD(&events->groups_new);
	INIT_LIST_HEAD(&events->conns_pending);
	INIT_LIST_HEAD(&events->conns_new);
	INIT_LIST_HEAD(&events->conns_gone);
	INIT_LIST_HEAD(&events->rules_new);
	INIT_LIST_HEAD(&events->rules_gone);
	INIT_LIST_HEAD(&events->groups_gone);
}

/**
 * pg_events_empty - is nothing queued?
 * @events: of a namespace that is gone
 */
bool pg_events_empty(const struct pg_events *events)
{
	return list_empty(&events->groups_new) &&
	       list_empty(&events->conns_pending) &&
	       list_empty(&events->conns_new) &&
	       list_empty(&events->conns_gone) &&
	       list_empty(&events->rules_new) &&
	       list_empty(&events->rules_gone) &&
	       list_empty(&events->groups_gone);
}

/* Netlink can tell only whether anybody on the whole host listens. */
static bool pg_listening(const struct pg_net *pn)
{
	return !pn->dying && !READ_ONCE(pg_notify_off) &&
	       genl_has_listeners(&pg_family, pn->net, PG_MCGRP_EVENTS);
}

/**
 * pg_event_note - a change has taken a generation
 * @pn: the namespace
 *
 * Context: Any, the probe included; pg_net::lock.
 */
void pg_event_note(struct pg_net *pn)
{
	struct pg_events *events = &pn->events;

	lockdep_assert_held(&pn->lock);

	if (!pg_listening(pn)) {
		events->skip = pn->generation;
	} else if (pn->generation - max(events->taken, events->skip) >
		   PG_UNSENT_MAX) {
		events->skip = pn->generation;
		events->lost = true;
	}
}

/**
 * pg_event_queue - likewise, and its object is not in a queue by itself
 * @pn: the namespace
 * @event: of the object
 * @queue: where it belongs
 *
 * Return: true if it is in the queue, false if nobody is to hear of it.
 */
bool pg_event_queue(struct pg_net *pn, struct list_head *event,
		    struct list_head *queue)
{
	pg_event_note(pn);
	if (!pg_event_due(pn))
		return false;
	list_add_tail(event, queue);
	return true;
}

static void pg_event_offer(struct pg_event *next, u8 cmd, u64 generation,
			   void *object)
{
	if (generation < next->generation)
		*next = (struct pg_event){ cmd, generation, { object } };
}

static void pg_event_offer_groups(struct pg_events *events,
				  struct pg_event *next)
{
	struct pg_group *group;

	group = list_first_entry_or_null(&events->groups_new,
					 struct pg_group, event);
	if (group)
		pg_event_offer(next, PEERGROUP_CMD_GROUP_NEW_NTF, group->born,
			       group);
	group = list_first_entry_or_null(&events->groups_gone,
					 struct pg_group, reap_link);
	if (group)
		pg_event_offer(next, PEERGROUP_CMD_GROUP_GONE_NTF, group->died,
			       group);
}

static void pg_event_offer_conns(struct pg_events *events,
				 struct pg_event *next)
{
	struct pg_pending *pending;
	struct pg_conn *conn;

	pending = list_first_entry_or_null(&events->conns_pending,
					   struct pg_pending, event);
	if (pending)
		pg_event_offer(next, PEERGROUP_CMD_CONN_PENDING_NTF,
			       pending->since, &pending->conn);
	conn = list_first_entry_or_null(&events->conns_new, struct pg_conn,
					event);
	if (conn)
		pg_event_offer(next, PEERGROUP_CMD_CONN_NEW_NTF, conn->born,
			       conn);
	conn = list_first_entry_or_null(&events->conns_gone, struct pg_conn,
					dead);
	if (conn)
		pg_event_offer(next, PEERGROUP_CMD_CONN_GONE_NTF, conn->died,
			       conn);
}

static void pg_event_offer_rules(struct pg_events *events,
				 struct pg_event *next)
{
	struct pg_rule *rule;

	rule = list_first_entry_or_null(&events->rules_new, struct pg_rule,
					new);
	if (rule)
		pg_event_offer(next, PEERGROUP_CMD_RULE_NEW_NTF, rule->born,
			       rule);
	rule = list_first_entry_or_null(&events->rules_gone, struct pg_rule,
					gone);
	if (rule)
		pg_event_offer(next, PEERGROUP_CMD_RULE_GONE_NTF, rule->died,
			       rule);
}

/* The first of all that are queued; false if it is younger than @until. */
static bool pg_event_first(struct pg_events *events, u64 until,
			   struct pg_event *next)
{
	*next = (struct pg_event){ .generation = until + 1 };
	pg_event_offer_groups(events, next);
	pg_event_offer_conns(events, next);
	pg_event_offer_rules(events, next);
	return next->cmd;
}

static void pg_event_dequeue(struct pg_net *pn, const struct pg_event *event,
			     struct list_head *gone_groups)
{
	switch (event->cmd) {
	case PEERGROUP_CMD_GROUP_NEW_NTF:
		list_del(&event->group->event);
		break;
	case PEERGROUP_CMD_GROUP_GONE_NTF:
		list_move_tail(&event->group->reap_link, gone_groups);
		break;
	case PEERGROUP_CMD_CONN_PENDING_NTF:
		list_del(&pg_pending(event->conn)->event);
		break;
	case PEERGROUP_CMD_CONN_NEW_NTF:
		list_del(&event->conn->event);
		break;
	case PEERGROUP_CMD_CONN_GONE_NTF:
		list_move_tail(&event->conn->dead, &pn->ended);
		break;
	case PEERGROUP_CMD_RULE_NEW_NTF:
		list_del(&event->rule->new);
		break;
	case PEERGROUP_CMD_RULE_GONE_NTF:
		list_del(&event->rule->gone);
		break;
	}
	pn->events.taken = event->generation;
}

/**
 * struct pg_events_batch - events taken in one lock hold
 * @n: their number
 * @more: there are more
 * @lost: some were lost before these
 * @events: those to be announced
 * @n_rules: number of @rules
 * @rules: rules whose reference the queue had, also where nobody is to hear
 */
struct pg_events_batch {
	unsigned int	n;
	bool		more;
	bool		lost;
	struct pg_event	events[PG_TAKE_MAX];
	unsigned int	n_rules;
	struct pg_rule	*rules[PG_TAKE_MAX];
};

/* Without the lock, since this may free them. */
static void pg_events_put_rules(const struct pg_events_batch *batch)
{
	unsigned int i;

	for (i = 0; i < batch->n_rules; i++)
		pg_rule_put(batch->rules[i]);
}

static bool pg_event_is_rule(const struct pg_event *event)
{
	return event->cmd == PEERGROUP_CMD_RULE_NEW_NTF ||
	       event->cmd == PEERGROUP_CMD_RULE_GONE_NTF;
}

static void pg_events_take(struct pg_net *pn, u64 until,
			   struct list_head *gone_groups,
			   struct pg_events_batch *batch)
{
	struct pg_event *event = batch->events;
	unsigned int i;

	batch->n = 0;
	batch->n_rules = 0;
	raw_spin_lock_irq(&pn->lock);
	for (i = 0; i < PG_TAKE_MAX; i++) {
		batch->more = pg_event_first(&pn->events, until, event);
		if (!batch->more)
			break;
		pg_event_dequeue(pn, event, gone_groups);
		if (pg_event_is_rule(event))
			batch->rules[batch->n_rules++] = event->rule;
		if (event->generation > pn->events.skip)
			event = &batch->events[++batch->n];
	}
	batch->lost = pn->events.lost;
	pn->events.lost = false;
	raw_spin_unlock_irq(&pn->lock);
}

static int pg_event_put_rule(struct sk_buff *skb, const struct pg_net *pn,
			     struct pg_rule *rule)
{
	struct pg_rule_info info;

	pg_rule_info(rule, &info);
	return pg_wire_rule(skb, &info, pn->net->user_ns);
}

static int pg_event_put_object(struct sk_buff *skb, const struct pg_net *pn,
			       const struct pg_event *event)
{
	switch (event->cmd) {
	case PEERGROUP_CMD_CONN_PENDING_NTF:
		return pg_wire_conn(skb, event->conn,
				    PEERGROUP_CONN_STATE_PENDING, NULL);
	case PEERGROUP_CMD_CONN_NEW_NTF:
		return pg_wire_conn(skb, event->conn,
				    PEERGROUP_CONN_STATE_ACTIVE, NULL);
	case PEERGROUP_CMD_CONN_GONE_NTF:
		return pg_wire_conn(skb, event->conn,
				    PEERGROUP_CONN_STATE_GONE, NULL);
	case PEERGROUP_CMD_RULE_NEW_NTF:
	case PEERGROUP_CMD_RULE_GONE_NTF:
		return pg_event_put_rule(skb, pn, event->rule);
	default:
		return pg_wire_group(skb, event->group, pn->net->user_ns);
	}
}

static int pg_event_put(struct sk_buff *skb, const struct pg_net *pn,
			const struct pg_event *event)
{
	void *hdr;

	hdr = genlmsg_put(skb, 0, 0, &pg_family, 0, event->cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put(skb, PEERGROUP_A_GENERATION, sizeof(event->generation),
		    &event->generation) ||
	    pg_event_put_object(skb, pn, event)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* One message with as many events as fit; how many these are. */
static unsigned int pg_events_build(struct sk_buff *skb,
				    const struct pg_net *pn,
				    const struct pg_event *events,
				    unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (pg_event_put(skb, pn, &events[i]))
			break;
	return i;
}

static void pg_events_lost(struct pg_net *pn)
{
	genl_set_err(&pg_family, pn->net, 0, PG_MCGRP_EVENTS, -ENOBUFS);
}

/* Send one message. Returns how many events that were; 0: it failed. */
static unsigned int pg_events_send_some(struct pg_net *pn,
					const struct pg_event *events,
					unsigned int n)
{
	struct sk_buff *skb;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return 0;
	n = pg_events_build(skb, pn, events, n);
	if (n)
		genlmsg_multicast_netns(&pg_family, pn->net, skb, 0,
					PG_MCGRP_EVENTS, GFP_KERNEL);
	else
		nlmsg_free(skb);
	return n;
}

/* Returns the number of messages. */
static unsigned int pg_events_send(struct pg_net *pn,
				   const struct pg_events_batch *batch)
{
	unsigned int messages = 0, sent = 0, n;

	if (!pg_listening(pn))
		return 0;
	if (batch->lost)
		pg_events_lost(pn);
	while (sent < batch->n) {
		n = pg_events_send_some(pn, batch->events + sent,
					batch->n - sent);
		if (!n) {
			pg_events_lost(pn);
			break;
		}
		sent += n;
		messages++;
	}
	return messages;
}

/**
 * pg_notify - announce changes
 * @pn: the namespace
 * @until: generation up to which all are queued
 * @gone_groups: receives groups whose end has been announced, by generation;
 *	pg_net::ended receives connections
 *
 * Context: The worker.
 * Return: true if there is more to announce.
 */
bool pg_notify(struct pg_net *pn, u64 until, struct list_head *gone_groups)
{
	struct pg_events_batch batch;
	unsigned int messages = 0;

	do {
		pg_events_take(pn, until, gone_groups, &batch);
		messages += pg_events_send(pn, &batch);
		pg_events_put_rules(&batch);
		cond_resched();
	} while (batch.more && messages < PG_SEND_MAX);
	return batch.more;
}

/* No worker sends any longer when this returns. */
void pg_notify_exit(void)
{
	WRITE_ONCE(pg_notify_off, true);
	pg_reap_sync();
}
