// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scans: adopting sockets that are established already, for a rule that asks
 * for them or that has missed some.
 *
 * The rule is in the current set, or marked, before the scan begins: from then
 * on the probe adopts what goes to TCP_ESTABLISHED. It runs before the state is
 * stored, so what is still connecting in the table is looked at, too, under
 * the socket's lock, where the state is right. Whoever comes second finds the
 * connection in the group.
 */

#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/inet_hashtables.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "rule.h"

/* How long a caller waits for sockets that calls are using. */
#define PG_SCAN_PATIENCE	(100 * NSEC_PER_MSEC)

/* How long he scans at all: all of generic netlink waits with him. */
#define PG_SCAN_TIMEOUT		NSEC_PER_SEC

/* After what time it goes on by itself, twice as much each time. */
#define PG_SCAN_DELAY_MIN	(HZ / 10UL)
#define PG_SCAN_DELAY_MAX	(10UL * HZ)

/* After a scan there is none for so many times what it took, at most a while. */
#define PG_SCAN_REST		3UL
#define PG_SCAN_REST_MAX	(HZ / 2UL)

/* How often records that were made ready may be taken away by the probe. */
#define PG_SCAN_TRIES		16

/**
 * struct pg_scan - a scan in progress
 * @pn: the namespace
 * @set: its rules, a reference
 * @group: the only group that may get some, or NULL
 * @timeout: when to stop, in ns of ktime_get(), or 0
 * @stopped: it has stopped before its end
 * @busy: calls were using some sockets
 * @socks: sockets of a bucket, a reference each
 * @n: their number, which may be more than there is room for
 * @room: for that many
 */
struct pg_scan {
	struct pg_net		*pn;
	struct pg_ruleset	*set;
	const struct pg_group	*group;
	u64			timeout;
	bool			stopped;
	bool			busy;
	struct sock		**socks;
	unsigned int		n;
	unsigned int		room;
};

static bool pg_scan_sees(const struct pg_scan *scan, const struct sock *sk)
{
	switch (inet_sk_state_load(sk)) {
	case TCP_ESTABLISHED:
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return net_eq(sock_net(sk), scan->pn->net) &&
		       pg_scan_wants(scan->set, sk, scan->group);
	default:
		/* Not even a full socket, maybe. */
		return false;
	}
}

/* No lock is held for longer than one bucket. */
static void pg_scan_collect(struct pg_scan *scan,
			    struct inet_hashinfo *hashinfo, unsigned int slot)
{
	spinlock_t *lock = inet_ehash_lockp(hashinfo, slot);
	struct hlist_nulls_node *node;
	struct sock *sk;

	scan->n = 0;
	rcu_read_lock();
	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &hashinfo->ehash[slot].chain) {
		if (!pg_scan_sees(scan, sk))
			continue;
		if (scan->n < scan->room) {
			if (!refcount_inc_not_zero(&sk->sk_refcnt))
				continue;
			scan->socks[scan->n] = sk;
		}
		scan->n++;
	}
	spin_unlock_bh(lock);
	rcu_read_unlock();
}

static int pg_scan_make_room(struct pg_scan *scan)
{
	unsigned int i, room = 2 * scan->n;
	struct sock **socks;

	for (i = 0; i < scan->room; i++)
		sock_put(scan->socks[i]);
	scan->n = 0;
	socks = kvmalloc_array(room, sizeof(*socks), GFP_KERNEL_ACCOUNT);
	if (!socks)
		return -ENOMEM;
	kvfree(scan->socks);
	scan->socks = socks;
	scan->room = room;
	return 0;
}

/* -EBUSY: a call is using the socket; -ENOMEM: there was no record. */
static int pg_scan_try(const struct pg_scan *scan, struct sock *sk)
{
	int err = 0;

	spin_lock_bh(&sk->sk_lock.slock);
	if (sock_owned_by_user_nocheck(sk)) {
		err = -EBUSY;
	} else if (inet_sk_state_load(sk) == TCP_ESTABLISHED) {
		rcu_read_lock();
		err = pg_adopt(sk, 0, scan->group) ? 0 : -ENOMEM;
		rcu_read_unlock();
	}
	spin_unlock_bh(&sk->sk_lock.slock);
	return err;
}

static int pg_scan_sock(struct pg_scan *scan, struct sock *sk)
{
	int tries = PG_SCAN_TRIES, err;

	do {
		err = pg_scan_try(scan, sk);
		if (err != -ENOMEM)
			return err;
		/* The probe may take them before we do. */
	} while (!pg_stock_fill(scan->pn, PG_BATCH) && --tries);
	return err;
}

static void pg_scan_socks(struct pg_scan *scan)
{
	unsigned int i;

	for (i = 0; i < scan->n; i++) {
		switch (scan->stopped ? 0 : pg_scan_sock(scan, scan->socks[i])) {
		case -EBUSY:
			scan->busy = true;
			break;
		case -ENOMEM:
			scan->stopped = true;
			break;
		}
		sock_put(scan->socks[i]);
	}
}

static void pg_scan_bucket(struct pg_scan *scan, struct inet_hashinfo *hashinfo,
			   unsigned int slot)
{
	if (hlist_nulls_empty(&hashinfo->ehash[slot].chain))
		return;
	pg_scan_collect(scan, hashinfo, slot);
	while (scan->n > scan->room) {
		if (pg_scan_make_room(scan)) {
			scan->stopped = true;
			return;
		}
		pg_scan_collect(scan, hashinfo, slot);
	}
	pg_scan_socks(scan);
}

static bool pg_scan_is_over(const struct pg_scan *scan)
{
	return scan->stopped || fatal_signal_pending(current) ||
	       (scan->timeout && ktime_get_ns() > scan->timeout);
}

/* Returns false if not all that rules want could be dealt with. */
static bool pg_scan_table(struct pg_scan *scan)
{
	struct inet_hashinfo *hashinfo;
	unsigned int slot;

	scan->busy = false;
	/*
	 * Who is not in the table yet sees that there are rules. Pairs with
	 * the locks between that and his going to TCP_ESTABLISHED.
	 */
	smp_mb();
	hashinfo = scan->pn->net->ipv4.tcp_death_row.hashinfo;
	for (slot = 0; slot <= hashinfo->ehash_mask; slot++) {
		pg_scan_bucket(scan, hashinfo, slot);
		cond_resched();
		scan->stopped = pg_scan_is_over(scan);
		if (scan->stopped)
			break;
	}
	return !scan->stopped && !scan->busy;
}

static bool pg_scan_has_rules(const struct pg_scan *scan)
{
	const struct pg_ruleset *set = scan->set;
	const struct pg_rule *rule;
	unsigned int i;

	for (i = 0; set && i < set->n; i++) {
		rule = set->rules[i];
		if ((!scan->group || rule->group == scan->group) &&
		    READ_ONCE(rule->scan) && !pg_rule_is_dead(rule))
			return true;
	}
	return false;
}

/* As long as the caller may be kept waiting. */
static bool pg_scan_patiently(struct pg_scan *scan)
{
	u64 deadline;

	if (pg_scan_table(scan))
		return true;
	deadline = ktime_get_ns() + PG_SCAN_PATIENCE;
	while (!scan->stopped && ktime_get_ns() < deadline) {
		usleep_range(1000, 2000);
		if (pg_scan_table(scan))
			return true;
	}
	return false;
}

static void pg_scan_begin(struct pg_scan *scan, struct pg_net *pn,
			  const struct pg_group *group)
{
	u64 generation;

	*scan = (struct pg_scan){
		.pn = pn,
		.set = pg_rules_get(pn, &generation),
		.group = group,
	};
}

static void pg_scan_end(struct pg_scan *scan)
{
	kvfree(scan->socks);
	pg_ruleset_put(scan->set);
}

/**
 * pg_scan - adopt what is established already
 * @pn: the namespace
 * @group: the only group that is to have some
 *
 * What cannot be adopted now, as calls are using it or since there is too much
 * of it, is adopted later.
 */
void pg_scan(struct pg_net *pn, const struct pg_group *group)
{
	struct pg_scan scan;
	bool done;

	pg_scan_begin(&scan, pn, group);
	scan.timeout = ktime_get_ns() + PG_SCAN_TIMEOUT;
	done = !pg_scan_has_rules(&scan) || pg_scan_patiently(&scan);
	pg_scan_end(&scan);
	if (!done)
		pg_scan_queue(pn);
}

static void pg_scan_once(struct pg_net *pn)
{
	unsigned long begin = jiffies, end;
	struct pg_scan scan;
	bool done;

	pg_scan_begin(&scan, pn, NULL);
	done = !pg_scan_has_rules(&scan) || pg_scan_table(&scan);
	pg_scan_end(&scan);

	end = jiffies;
	pn->scan_next = end + clamp(PG_SCAN_REST * (end - begin), 1UL,
				    PG_SCAN_REST_MAX);
	if (done) {
		pn->scan_delay = PG_SCAN_DELAY_MIN;
		return;
	}
	queue_delayed_work(pg_workqueue, &pn->scan_later, pn->scan_delay);
	pn->scan_delay = min(2 * pn->scan_delay, PG_SCAN_DELAY_MAX);
}

static void pg_scan_work(struct work_struct *work)
{
	struct pg_net *pn = container_of(work, struct pg_net, scan);

	if (READ_ONCE(pn->dying))
		return;
	if (time_before(jiffies, pn->scan_next))
		mod_delayed_work(pg_workqueue, &pn->scan_later,
				 pn->scan_next - jiffies);
	else
		pg_scan_once(pn);
}

static void pg_scan_later(struct work_struct *work)
{
	pg_scan_queue(container_of(to_delayed_work(work), struct pg_net,
				   scan_later));
}

/**
 * pg_scan_queue - there may be sockets that rules want and have not got
 * @pn: the namespace
 *
 * Context: Any, the probe included.
 */
void pg_scan_queue(struct pg_net *pn)
{
	queue_work(pg_workqueue, &pn->scan);
}

void pg_scan_net_init(struct pg_net *pn)
{
	INIT_WORK(&pn->scan, pg_scan_work);
	INIT_DELAYED_WORK(&pn->scan_later, pg_scan_later);
	pn->scan_next = jiffies;
	pn->scan_delay = PG_SCAN_DELAY_MIN;
}

/**
 * pg_scan_net_exit - scan no more
 * @pn: the namespace, which is dying
 */
void pg_scan_net_exit(struct pg_net *pn)
{
	/* What begins to run from now on does not queue anything. */
	cancel_work_sync(&pn->scan);
	cancel_delayed_work_sync(&pn->scan_later);
	cancel_work_sync(&pn->scan);
}
