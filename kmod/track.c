// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seeing what becomes of sockets.
 *
 * The tracepoint inet_sock_set_state fires at each state change of each full
 * TCP socket, before the state is stored, with the socket locked. It touches
 * no socket, so that nobody can tell a tracked socket from another.
 */

#include <linux/rculist.h>
#include <linux/tracepoint.h>
#include <net/tcp_states.h>

#include "peergroup.h"

static struct tracepoint *pg_tracepoint;

/* The reason of an end is derived where it is certain. */
static enum pg_reason pg_end_reason(const struct sock *sk, int state)
{
	switch (state) {
	case TCP_FIN_WAIT1:
		return PG_REASON_CLOSED;
	case TCP_CLOSE_WAIT:
		return PG_REASON_PEER_CLOSED;
	case TCP_CLOSE:
		break;
	default:
		return PG_REASON_UNKNOWN;
	}

	switch (READ_ONCE(sk->sk_err)) {
	case 0:
	case ECONNABORTED:
		return PG_REASON_ABORTED;
	case ECONNRESET:
		return PG_REASON_RESET;
	case ETIMEDOUT:
		return PG_REASON_TIMED_OUT;
	default:
		return PG_REASON_UNKNOWN;
	}
}

/*
 * Context: often softirq, preemption off, also on PREEMPT_RT. Must not sleep,
 * allocate, send, or drop the last reference to a socket.
 */
static void pg_probe(void *data, const struct sock *sk, const int oldstate,
		     const int newstate)
{
	struct pg_conn *conn;

	if (oldstate != TCP_ESTABLISHED)
		return;

	rcu_read_lock();
	hlist_for_each_entry_rcu(conn, pg_index_sk_head(sk), by_sk)
		if (READ_ONCE(conn->sk) == sk)
			pg_conn_end(conn, pg_end_reason(sk, newstate), NULL);
	rcu_read_unlock();
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
