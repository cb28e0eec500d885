// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seeing what becomes of sockets.
 *
 * The tracepoint inet_sock_set_state fires at each state change of each full
 * TCP socket, before the state is stored, with the socket locked. Nothing of a
 * socket is changed but its references and, where a rule adopts it, its cookie,
 * so that nobody can tell a tracked socket from another.
 */

#include <linux/rculist.h>
#include <linux/tracepoint.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "rule.h"

static struct tracepoint *pg_tracepoint;

/*
 * Why a socket went to TCP_CLOSE. The kernel sets the error before, except
 * when it disconnects; that is no end by error. What ICMP tells ends nothing
 * by itself, but a time-out then carries it. With RECVERR it is in sk_err at
 * once and may have been there for long.
 */
static enum peergroup_reason pg_close_reason(const struct sock *sk, int error)
{
	switch (error) {
	case 0:
		/* Else another call has taken the error in the meantime. */
		return sock_owned_by_user_nocheck(sk) ?
		       PEERGROUP_REASON_ABORTED : PEERGROUP_REASON_UNKNOWN;
	case ECONNABORTED:
		return PEERGROUP_REASON_ABORTED;
	case ECONNRESET:
		return PEERGROUP_REASON_RESET;
	case ETIMEDOUT:
		return PEERGROUP_REASON_TIMED_OUT;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case ENONET:
	case ENOPROTOOPT:
	case EACCES:
	case ECONNREFUSED:
		return pg_has_recverr4(sk) || pg_has_recverr6(sk) ?
		       PEERGROUP_REASON_UNKNOWN : PEERGROUP_REASON_UNREACHABLE;
	default:
		return PEERGROUP_REASON_UNKNOWN;
	}
}

static void pg_sock_ended(struct pg_conn *conn, const struct sock *sk,
			  int state)
{
	int error = READ_ONCE(sk->sk_err);

	switch (state) {
	case TCP_FIN_WAIT1:
		pg_conn_end(conn, PEERGROUP_REASON_CLOSED, 0, NULL);
		break;
	case TCP_CLOSE_WAIT:
		pg_conn_end(conn, PEERGROUP_REASON_PEER_CLOSED, 0, NULL);
		break;
	default:
		pg_conn_end(conn, pg_close_reason(sk, error), error, NULL);
	}
}

/* Not part of the probe, which has to be short for all others. */
static noinline void pg_sock_changes(const struct sock *sk, int newstate)
{
	struct pg_conn *conn;

	hlist_for_each_entry_rcu(conn, pg_index_sk_head(sk), by_sk) {
		if (READ_ONCE(conn->sk) != sk)
			continue;
		if (newstate == TCP_ESTABLISHED)
			pg_conn_establish(conn);
		else
			pg_sock_ended(conn, sk, newstate);
	}
}

/* Where both ends connect to each other, a call to connect() is under way. */
static u8 pg_direction(const struct sock *sk, int oldstate)
{
	const struct socket *sock = sk->sk_socket;

	if (oldstate == TCP_SYN_SENT || (sock && sock->state == SS_CONNECTING))
		return PEERGROUP_DIRECTION_OUT;
	return PEERGROUP_DIRECTION_IN;
}

/* Likewise. */
static noinline void pg_sock_connects(const struct sock *sk, int oldstate,
				      int newstate)
{
	if (newstate == TCP_SYN_RECV)
		return;
	if (pg_index_has_pending())
		pg_sock_changes(sk, newstate);
	if (newstate == TCP_ESTABLISHED && pg_rules_used())
		pg_adopt((struct sock *)sk, pg_direction(sk, oldstate), NULL);
}

/*
 * Each connection of the host comes here some ten times, so first of all those
 * go that nobody is interested in.
 *
 * Context: often softirq, preemption off, also on PREEMPT_RT, which makes it an
 * RCU read side. Must not sleep, allocate, send, or drop the last reference to
 * a socket.
 */
static void pg_probe(void *data, const struct sock *sk, const int oldstate,
		     const int newstate)
{
	switch (oldstate) {
	case TCP_ESTABLISHED:
		if (!hlist_empty(pg_index_sk_head(sk)))
			pg_sock_changes(sk, newstate);
		break;
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		if (pg_rules_used() || pg_index_has_pending())
			pg_sock_connects(sk, oldstate, newstate);
		break;
	}
}

static void pg_find_tracepoint(struct tracepoint *tp, void *priv)
{
	if (!strcmp(tp->name, "inet_sock_set_state"))
		pg_tracepoint = tp;
}

int pg_track_init(void)
{
	/* Not exported by symbol. */
	for_each_kernel_tracepoint(pg_find_tracepoint, NULL);
	if (!pg_tracepoint) {
		pr_err("this kernel has no tracepoint inet_sock_set_state\n");
		return -EOPNOTSUPP;
	}
	return tracepoint_probe_register(pg_tracepoint, pg_probe, NULL);
}

void pg_track_exit(void)
{
	tracepoint_probe_unregister(pg_tracepoint, pg_probe, NULL);
	tracepoint_synchronize_unregister();
}
