// SPDX-License-Identifier: GPL-2.0-only
/* Connections: how they come into a group and how they leave it. */

#include <linux/delay.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/net.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sock_diag.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "peergroup.h"
#include "trace.h"

/* How long a request waits for sockets that other calls are using. */
#define PG_ATTACH_TIMEOUT	(100 * NSEC_PER_MSEC)

static struct kmem_cache *pg_conn_cache;

static void pg_conn_release(struct pg_conn *conn)
{
	kfree(conn->peer_id);
	if (conn->pending)
		kfree(pg_pending(conn));
	else
		kmem_cache_free(pg_conn_cache, conn);
}

static void pg_conn_free_rcu(struct rcu_head *rcu)
{
	pg_conn_release(container_of(rcu, struct pg_conn, rcu));
}

/**
 * pg_conn_free - free a connection after a grace period
 * @conn: in no index and no list; its socket has been put
 */
void pg_conn_free(struct pg_conn *conn)
{
	/* kfree_rcu() is not covered by rcu_barrier() on 6.1. */
	call_rcu(&conn->rcu, pg_conn_free_rcu);
}

static struct pg_conn *pg_conn_zalloc(bool pending)
{
	struct pg_pending *new;

	if (!pending)
		return kmem_cache_zalloc(pg_conn_cache, GFP_KERNEL_ACCOUNT);

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	new->conn.pending = true;
	return &new->conn;
}

static struct pg_conn *pg_conn_alloc(struct pg_group *group,
				     const struct pg_conn_spec *spec,
				     bool pending)
{
	struct pg_conn *conn = pg_conn_zalloc(pending);

	if (!conn)
		return NULL;

	if (spec->peer_id_len) {
		conn->peer_id = kmemdup(spec->peer_id, spec->peer_id_len,
					GFP_KERNEL_ACCOUNT);
		if (!conn->peer_id) {
			pg_conn_release(conn);
			return NULL;
		}
	}
	conn->peer_id_len = spec->peer_id_len;
	conn->group = group;
	conn->type = spec->type;
	conn->node_id = spec->node_id;
	return conn;
}

/**
 * pg_conn_spare - a record for a connection that is active from the beginning
 *
 * Return: a record, all 0, or NULL; nobody is to lose a process for it.
 */
struct pg_conn *pg_conn_spare(void)
{
	return kmem_cache_zalloc(pg_conn_cache, GFP_KERNEL_ACCOUNT |
						__GFP_NORETRY | __GFP_NOWARN);
}

/**
 * pg_conn_discard_spare - free a record that nobody has seen
 * @conn: the record
 */
void pg_conn_discard_spare(struct pg_conn *conn)
{
	kmem_cache_free(pg_conn_cache, conn);
}

/* A connection that the probe may find, but that never got into the group. */
static void pg_conn_discard(struct pg_conn *conn)
{
	struct sock *sk = conn->sk;

	pg_index_del_sk(conn);
	sock_put(sk);
	pg_conn_free(conn);
}

/**
 * pg_sock_addrs - the addresses of a socket
 * @sk: a TCP socket that is connected or connecting
 * @local: receives the local address, IPv4 mapped
 * @remote: receives the remote one, likewise
 *
 * Return: AF_INET, also for IPv4 on an IPv6 socket, or AF_INET6.
 */
u8 pg_sock_addrs(const struct sock *sk, struct in6_addr *local,
		 struct in6_addr *remote)
{
	const struct inet_sock *inet = inet_sk(sk);

#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 &&
	    !ipv6_addr_v4mapped(&sk->sk_v6_daddr)) {
		*local = sk->sk_v6_rcv_saddr;
		*remote = sk->sk_v6_daddr;
		return AF_INET6;
	}
#endif
	ipv6_addr_set_v4mapped(inet->inet_rcv_saddr, local);
	ipv6_addr_set_v4mapped(inet->inet_daddr, remote);
	return AF_INET;
}

static u64 pg_sock_cookie(struct sock *sk)
{
	u32 cookie[2];

	sock_diag_save_cookie(sk, cookie);
	return (u64)cookie[1] << 32 | cookie[0];
}

/**
 * pg_conn_set_sock - let a connection be of a socket
 * @conn: the connection
 * @sk: a reference that it takes over; the socket's lock is held
 *
 * Context: Any, the probe included.
 */
void pg_conn_set_sock(struct pg_conn *conn, struct sock *sk)
{
	conn->sk = sk;
	conn->family = pg_sock_addrs(sk, &conn->local, &conn->remote);
	conn->local_port = inet_sk(sk)->inet_sport;
	conn->remote_port = inet_sk(sk)->inet_dport;
	conn->ifindex = READ_ONCE(sk->sk_bound_dev_if);
	conn->cookie = pg_sock_cookie(sk);
	conn->attached = ktime_get_real_ns();
}

static bool pg_is_connecting(int state)
{
	return state == TCP_SYN_SENT || state == TCP_SYN_RECV;
}

/* The stage of a socket that can be attached, or -errno. */
static int pg_check_state(const struct sock *sk, bool pending,
			  const struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	switch (inet_sk_state_load(sk)) {
	case TCP_ESTABLISHED:
		return PG_STAGE_ESTABLISHED;
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		if (pending)
			return PG_STAGE_CONNECTING;
		/* It was not when we last looked. */
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "socket is in use by another call");
		return -EBUSY;
	case TCP_LISTEN:
		NL_SET_ERR_MSG_ATTR(extack, attr, "socket is listening");
		return -ENOTCONN;
	case TCP_CLOSE:
		NL_SET_ERR_MSG_ATTR(extack, attr, "socket is not connected");
		return -ENOTCONN;
	default:
		NL_SET_ERR_MSG_ATTR(extack, attr, "socket is closing");
		return -ENOTCONN;
	}
}

static int pg_check_sock(const struct sock *sk, const struct net *net,
			 const struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	if (sk->sk_protocol == IPPROTO_MPTCP && sk->sk_type == SOCK_STREAM) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "MPTCP is not supported");
		return -EOPNOTSUPP;
	}
	if (!sk_is_tcp(sk)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "not a TCP socket");
		return -EOPNOTSUPP;
	}
	if (!net_eq(sock_net(sk), net)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "socket is in another network namespace");
		return -EXDEV;
	}
	/* It would not keep its namespace, hence not our records, alive. */
	if (!sk->sk_net_refcnt) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "socket is the kernel's own");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* The socket's lock is held: its state stands still. */
static int pg_attach_locked(struct pg_conn *conn, struct sock *sk,
			    const struct nlattr *attr,
			    struct netlink_ext_ack *extack)
{
	int stage;

	/* Index first, then look: a transition from here on is noticed. */
	sock_hold(sk);
	conn->sk = sk;
	if (!pg_index_add_sk(conn)) {
		sock_put(sk);
		conn->sk = NULL;
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "socket is in this group already");
		return -EEXIST;
	}

	stage = pg_check_state(sk, conn->pending, attr, extack);
	if (stage < 0) {
		pg_index_del_sk(conn);
		sock_put(sk);
		return stage;
	}

	conn->stage = stage;
	pg_conn_set_sock(conn, sk);
	return 0;
}

static int pg_attach_try(struct pg_conn *conn, struct sock *sk,
			 const struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	int err;

	spin_lock_bh(&sk->sk_lock.slock);
	if (sock_owned_by_user_nocheck(sk))
		err = -EBUSY;
	else
		err = pg_attach_locked(conn, sk, attr, extack);
	spin_unlock_bh(&sk->sk_lock.slock);
	return err;
}

/*
 * lock_sock() would wait for as long as the owner of the socket pleases (he
 * may be stuck in a page fault of his making), and all of generic netlink
 * with us.
 */
static int pg_attach_wait(struct pg_attach *req, struct pg_conn *conn,
			  struct sock *sk, const struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	int err;

	for (;;) {
		err = pg_attach_try(conn, sk, attr, extack);
		if (err != -EBUSY)
			return err;
		if (ktime_get_ns() >= req->deadline)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;
		usleep_range(20, 50);
	}
	NL_SET_ERR_MSG_ATTR(extack, attr, "socket is in use by another call");
	return -EBUSY;
}

/**
 * pg_attach_init - begin an attach request
 * @req: the request
 * @group: where to attach; a reference that the caller keeps
 * @wait: wait a little for sockets that are busy
 */
void pg_attach_init(struct pg_attach *req, struct pg_group *group, bool wait)
{
	req->group = group;
	INIT_LIST_HEAD(&req->conns);
	req->n = 0;
	req->deadline = wait ? ktime_get_ns() + PG_ATTACH_TIMEOUT : 0;
}

static int pg_attach_sk(struct pg_attach *req, struct sock *sk,
			const struct pg_conn_spec *spec,
			struct netlink_ext_ack *extack)
{
	struct pg_conn *conn;
	int err;

	err = pg_check_sock(sk, req->group->pn->net, spec->attr, extack);
	if (err)
		return err;

	conn = pg_conn_alloc(req->group, spec,
			     pg_is_connecting(inet_sk_state_load(sk)));
	if (!conn)
		return -ENOMEM;

	err = pg_attach_wait(req, conn, sk, spec->attr, extack);
	if (err) {
		/* The probe may have found it in the meantime. */
		pg_conn_free(conn);
		return err;
	}
	list_add_tail(&conn->link, &req->conns);
	req->n++;
	return 0;
}

/**
 * pg_attach_socket - add a socket to an attach request
 * @req: the request
 * @spec: the socket and what to call it
 * @extack: receives the reason of a refusal
 *
 * The file is given back at once: closing stays with the application.
 *
 * Return: 0 or -errno; the request stays good for pg_attach_abort().
 */
int pg_attach_socket(struct pg_attach *req, const struct pg_conn_spec *spec,
		     struct netlink_ext_ack *extack)
{
	struct socket *sock;
	int err;

	sock = sockfd_lookup(spec->fd, &err);
	if (!sock) {
		if (err == -EBADF)
			NL_SET_ERR_MSG_ATTR(extack, spec->attr,
					    "no such file descriptor");
		else
			NL_SET_ERR_MSG_ATTR(extack, spec->attr,
					    "file descriptor is no socket");
		return err;
	}
	err = pg_attach_sk(req, sock->sk, spec, extack);
	sockfd_put(sock);
	return err;
}

/* What the limits of what is dead follow while something is. */
static void pg_conn_note_peaks(struct pg_group *group)
{
	struct pg_net *pn = group->pn;
	u32 live = pg_counts_live(&group->counts);

	if (group->n_conns >= live)
		group->peak = max(group->peak, live);
	if (pn->n_dead_groups)
		pn->peak_conns = max(pn->peak_conns,
				     pg_counts_live(&pn->counts));
}

static void pg_conn_bear(struct pg_conn *conn)
{
	struct pg_group *group = conn->group;
	struct pg_net *pn = group->pn;
	unsigned int t = conn->type - 1;

	lockdep_assert_held(&pn->lock);

	WRITE_ONCE(conn->born, ++pn->generation);
	group->counts.active[t]++;
	group->gained++;
	pn->counts.active[t]++;
	list_add_tail_rcu(&conn->link, &group->conns[t]);
	trace_conn_new(conn, conn->born);
	pg_event_queue(pn, &conn->event, &pn->events.conns_new);
}

static void pg_conn_pend(struct pg_conn *conn)
{
	struct pg_pending *pending = pg_pending(conn);
	struct pg_group *group = conn->group;
	struct pg_net *pn = group->pn;
	unsigned int t = conn->type - 1;

	lockdep_assert_held(&pn->lock);

	pending->since = ++pn->generation;
	group->counts.pending[t]++;
	pn->counts.pending[t]++;
	list_add_tail_rcu(&pending->link, &group->pending);
	trace_conn_pending(conn, pending->since);
	pg_event_queue(pn, &pending->event, &pn->events.conns_pending);
}

/**
 * pg_conn_enter - let a connection into its group
 * @conn: in the index by socket; pg_net::lock is held
 *
 * Context: Any, the probe included.
 */
void pg_conn_enter(struct pg_conn *conn)
{
	struct pg_group *group = conn->group;

	lockdep_assert_held(&group->pn->lock);

	WRITE_ONCE(conn->id, ++group->pn->last_conn_id);
	if (conn->stage == PG_STAGE_ESTABLISHED)
		pg_conn_bear(conn);
	else
		pg_conn_pend(conn);
	pg_conn_note_peaks(group);
	group->n_conns++;
	pg_index_add_id(conn);
}

/* What stands against a request; @failed is the connection to blame. */
static int pg_attach_check(struct pg_attach *req, unsigned int *failed,
			   struct netlink_ext_ack *extack)
{
	struct pg_group *group = req->group;
	struct pg_conn *conn;

	lockdep_assert_held(&group->pn->lock);

	*failed = req->n;
	if (group->died) {
		NL_SET_ERR_MSG(extack, "group was deleted");
		return -ENOENT;
	}
	if (pg_counts_live(&group->counts) + req->n > pg_group_conns_max()) {
		NL_SET_ERR_MSG(extack, "group has reached its limit of connections");
		return -ENOSPC;
	}

	*failed = 0;
	list_for_each_entry(conn, &req->conns, link) {
		if (conn->stage == PG_STAGE_ENDED) {
			NL_SET_ERR_MSG(extack, "socket is closing");
			return -ENOTCONN;
		}
		/* A rule may have been faster. */
		if (pg_index_has_sk(conn->sk, group)) {
			NL_SET_ERR_MSG(extack,
				       "socket is in this group already");
			return -EEXIST;
		}
		++*failed;
	}
	return 0;
}

/**
 * pg_attach_commit - let all connections of a request into the group
 * @req: the request; spent if this succeeds
 * @failed: index of the connection to blame, or their number
 * @extack: receives the reason of a refusal, without an attribute
 *
 * Return: 0 or -errno, then nothing has happened.
 */
int pg_attach_commit(struct pg_attach *req, unsigned int *failed,
		     struct netlink_ext_ack *extack)
{
	struct pg_net *pn = req->group->pn;
	struct pg_conn *conn, *tmp;
	bool announce = false;
	unsigned long flags;
	int err;

	raw_spin_lock_irqsave(&pn->lock, flags);
	err = pg_attach_check(req, failed, extack);
	if (!err) {
		req->first_id = pn->last_conn_id + 1;
		list_for_each_entry_safe(conn, tmp, &req->conns, link)
			pg_conn_enter(conn);
		req->generation = pn->generation;
		announce = pg_event_due(pn);
	}
	raw_spin_unlock_irqrestore(&pn->lock, flags);

	if (!err)
		INIT_LIST_HEAD(&req->conns);
	if (announce)
		pg_reap_queue(pn);
	return err;
}

/**
 * pg_attach_abort - give up a request
 * @req: the request, not committed
 */
void pg_attach_abort(struct pg_attach *req)
{
	struct pg_conn *conn, *tmp;

	list_for_each_entry_safe(conn, tmp, &req->conns, link)
		pg_conn_discard(conn);
}

/* With ip_dynaddr the source of an IPv4 socket may change while it connects. */
static void pg_conn_renew_local(struct pg_conn *conn)
{
	if (conn->family == AF_INET)
		WRITE_ONCE(conn->local.s6_addr32[3],
			   inet_sk(conn->sk)->inet_rcv_saddr);
}

static bool pg_conn_establish_locked(struct pg_conn *conn)
{
	struct pg_group *group = conn->group;
	struct pg_net *pn = group->pn;
	unsigned int t = conn->type - 1;

	lockdep_assert_held(&pn->lock);

	if (conn->stage != PG_STAGE_CONNECTING)
		return false;
	conn->stage = PG_STAGE_ESTABLISHED;
	if (!conn->id || conn->died || group->died)
		return false;

	group->counts.pending[t]--;
	pn->counts.pending[t]--;
	pg_conn_renew_local(conn);
	pg_conn_bear(conn);
	return true;
}

/**
 * pg_conn_establish - the socket of a connection goes to TCP_ESTABLISHED
 * @conn: the connection
 *
 * Context: The probe; RCU read side.
 */
void pg_conn_establish(struct pg_conn *conn)
{
	struct pg_net *pn = conn->group->pn;
	unsigned long flags;
	bool announce;

	raw_spin_lock_irqsave(&pn->lock, flags);
	announce = pg_conn_establish_locked(conn) && pg_event_due(pn);
	raw_spin_unlock_irqrestore(&pn->lock, flags);

	if (announce)
		pg_reap_queue(pn);
}

static void pg_conn_uncount(struct pg_conn *conn)
{
	struct pg_group *group = conn->group;
	struct pg_net *pn = group->pn;
	unsigned int t = conn->type - 1;

	if (conn->born) {
		group->counts.active[t]--;
		pn->counts.active[t]--;
	} else {
		group->counts.pending[t]--;
		pn->counts.pending[t]--;
	}
}

static void pg_conn_die(struct pg_conn *conn, enum peergroup_reason reason,
			u8 error)
{
	struct pg_group *group = conn->group;
	struct pg_net *pn = group->pn;

	lockdep_assert_held(&pn->lock);

	if (!conn->born && reason != PEERGROUP_REASON_DETACHED)
		reason = PEERGROUP_REASON_CONNECT_FAILED;
	if (group->n_conns == pg_counts_live(&group->counts))
		group->peak = group->n_conns;
	pg_conn_uncount(conn);
	group->lost[reason - 1]++;
	conn->reason = reason;
	conn->error = error;
	WRITE_ONCE(conn->died, ++pn->generation);
	pg_index_del_sk(conn);
	list_add_tail(&conn->dead, &pn->dead);
	trace_conn_gone(conn);
	pg_event_note(pn);
}

/**
 * pg_conn_end_locked - as pg_conn_end(), with pg_net::lock held
 * @conn: the connection
 * @reason: why
 * @error: error of the socket, or 0
 *
 * The worker is to be queued, or runs this.
 */
bool pg_conn_end_locked(struct pg_conn *conn, enum peergroup_reason reason,
			u8 error)
{
	lockdep_assert_held(&conn->group->pn->lock);

	conn->stage = PG_STAGE_ENDED;
	/* With its group all of a group ends; the worker is on its way. */
	if (!conn->id || conn->died || conn->group->died)
		return false;
	pg_conn_die(conn, reason, error);
	return true;
}

/**
 * pg_conn_end - a connection leaves its group
 * @conn: the connection
 * @reason: why
 * @error: error of the socket, or 0
 * @generation: receives the generation of the end, or NULL
 *
 * Context: Any, the probe included; RCU read side.
 * Return: false if it had left before, or is not in it yet.
 */
bool pg_conn_end(struct pg_conn *conn, enum peergroup_reason reason, u8 error,
		 u64 *generation)
{
	struct pg_net *pn = conn->group->pn;
	bool ended, announce;
	unsigned long flags;

	raw_spin_lock_irqsave(&pn->lock, flags);
	ended = pg_conn_end_locked(conn, reason, error);
	announce = pg_event_due(pn);
	if (ended && generation)
		*generation = conn->died;
	raw_spin_unlock_irqrestore(&pn->lock, flags);

	/* Waking the worker costs more than all the rest. */
	if (ended && announce)
		pg_reap_queue(pn);
	else if (ended)
		pg_reap_queue_soon(pn);
	return ended;
}

/**
 * pg_conn_show - the generation to show a connection at
 * @conn: the connection
 * @state: receives what it is in by then
 * @generation: receives the current generation
 *
 * Context: RCU read side.
 * Return: 0, or -ENOENT if it is gone.
 */
int pg_conn_show(struct pg_conn *conn, enum peergroup_conn_state *state,
		 u64 *generation)
{
	struct pg_net *pn = conn->group->pn;
	unsigned long flags;
	bool gone;

	raw_spin_lock_irqsave(&pn->lock, flags);
	gone = conn->died || conn->group->died;
	*state = conn->born ? PEERGROUP_CONN_STATE_ACTIVE :
			      PEERGROUP_CONN_STATE_PENDING;
	*generation = pn->generation;
	raw_spin_unlock_irqrestore(&pn->lock, flags);
	return gone ? -ENOENT : 0;
}

static struct sock *pg_conn_hold_sock(struct pg_conn *conn)
{
	struct pg_net *pn = conn->group->pn;
	unsigned long flags;
	struct sock *sk;

	raw_spin_lock_irqsave(&pn->lock, flags);
	sk = conn->sk;
	if (sk)
		sock_hold(sk);
	raw_spin_unlock_irqrestore(&pn->lock, flags);
	return sk;
}

static void pg_sock_stats(struct sock *sk, struct pg_stats *stats)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	stats->rtt = READ_ONCE(tp->srtt_us) >> 3;
	stats->rtt_var = READ_ONCE(tp->mdev_us) >> 2;
	stats->min_rtt = tcp_min_rtt(tp);
	stats->retrans = READ_ONCE(tp->total_retrans);
	stats->bytes_sent = READ_ONCE(tp->bytes_sent);
	stats->bytes_acked = READ_ONCE(tp->bytes_acked);
	stats->bytes_retrans = READ_ONCE(tp->bytes_retrans);
	stats->bytes_received = READ_ONCE(tp->bytes_received);
}

/**
 * pg_conn_stats - statistics of a connection
 * @conn: the connection
 * @stats: is filled, as tcp_get_info() would
 *
 * tcp_get_info() itself waits for the owner of the socket, see
 * pg_attach_wait(). A call of the owner may change figures while they are
 * read here; each is right by itself.
 *
 * Context: RCU read side.
 * Return: false if the worker has taken the socket.
 */
bool pg_conn_stats(struct pg_conn *conn, struct pg_stats *stats)
{
	struct sock *sk = pg_conn_hold_sock(conn);

	if (!sk)
		return false;
	spin_lock_bh(&sk->sk_lock.slock);
	pg_sock_stats(sk, stats);
	spin_unlock_bh(&sk->sk_lock.slock);
	sock_put(sk);
	return true;
}

int pg_conn_init(void)
{
	pg_conn_cache = KMEM_CACHE(pg_conn, 0);
	return pg_conn_cache ? 0 : -ENOMEM;
}

void pg_conn_exit(void)
{
	kmem_cache_destroy(pg_conn_cache);
}
