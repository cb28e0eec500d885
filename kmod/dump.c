// SPDX-License-Identifier: GPL-2.0-only
/* Dumps: snapshots as netlink messages. */

#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "netlink.h"
#include "wire.h"

/* Connections looked at before others get a chance to run. */
#define PG_DUMP_BATCH	1024

/**
 * struct pg_dump - a dump in progress
 * @snap: what is shown
 * @first: no message has been built yet
 * @filtered: only connections to @remote are shown
 * @remote: an address, IPv4 mapped
 * @stats: show statistics of the groups that @actor may act for
 * @actor: who asked
 */
struct pg_dump {
	struct pg_snapshot	*snap;
	bool			first;
	bool			filtered;
	bool			stats;
	struct in6_addr		remote;
	struct pg_actor		actor;
};

static struct pg_dump *pg_dump(struct netlink_callback *cb)
{
	return *(struct pg_dump **)cb->ctx;
}

static struct pg_dump *pg_dump_alloc(struct netlink_callback *cb)
{
	struct pg_dump *dump;

	BUILD_BUG_ON(sizeof(dump) > sizeof(cb->ctx));

	dump = kzalloc(sizeof(*dump), GFP_KERNEL_ACCOUNT);
	if (dump) {
		dump->first = true;
		*(struct pg_dump **)cb->ctx = dump;
	}
	return dump;
}

/* Pin the snapshot of a dump that is set up, or free it. */
static int pg_dump_pin(struct pg_dump *dump, struct pg_net *pn,
		       struct pg_group *group, u8 type)
{
	struct pg_snapshot *snap;

	snap = pg_snapshot_open(pn, group, type);
	if (IS_ERR(snap)) {
		kfree(dump);
		return PTR_ERR(snap);
	}
	dump->snap = snap;
	return 0;
}

int pg_dump_done(struct netlink_callback *cb)
{
	struct pg_dump *dump = pg_dump(cb);

	pg_snapshot_close(dump->snap);
	kfree(dump);
	return 0;
}

int pg_group_dump_start(struct netlink_callback *cb)
{
	struct nlattr *nest = pg_dump_attrs(cb)[PEERGROUP_A_GROUP];
	struct pg_dump *dump;

	if (nest) {
		NL_SET_ERR_MSG_ATTR(cb->extack, nest,
				    "attribute does not apply to dumps");
		return -EINVAL;
	}
	dump = pg_dump_alloc(cb);
	if (!dump)
		return -ENOMEM;
	return pg_dump_pin(dump, pg_net(sock_net(cb->skb->sk)), NULL, 0);
}

static void pg_dump_filter(struct pg_dump *dump, struct nlattr *tb[])
{
	struct nlattr *ipv4 = tb[PEERGROUP_A_CONN_REMOTE_IPV4];
	struct nlattr *ipv6 = tb[PEERGROUP_A_CONN_REMOTE_IPV6];

	if (ipv4)
		ipv6_addr_set_v4mapped(nla_get_be32(ipv4), &dump->remote);
	else if (ipv6)
		dump->remote = nla_get_in6_addr(ipv6);
	dump->filtered = ipv4 || ipv6;
}

static int pg_parse_filter(struct nlattr *tb[], const struct nlattr *nest,
			   struct netlink_ext_ack *extack)
{
	int err;

	err = pg_parse_conn(tb, nest, BIT(PEERGROUP_A_CONN_TYPE) |
				      BIT(PEERGROUP_A_CONN_REMOTE_IPV4) |
				      BIT(PEERGROUP_A_CONN_REMOTE_IPV6),
			    extack);
	if (err)
		return err;
	if (tb[PEERGROUP_A_CONN_REMOTE_IPV4] &&
	    tb[PEERGROUP_A_CONN_REMOTE_IPV6]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[PEERGROUP_A_CONN_REMOTE_IPV6],
				    "remote addresses exclude each other");
		return -EINVAL;
	}
	return 0;
}

static int pg_conn_dump_setup(struct netlink_callback *cb, struct pg_net *pn,
			      struct pg_group *group)
{
	struct nlattr **attrs = pg_dump_attrs(cb);
	struct nlattr *tb[PG_CONN_ATTRS];
	struct pg_dump *dump;
	u8 type = 0;
	int err;

	err = pg_parse_filter(tb, attrs[PEERGROUP_A_CONN], cb->extack);
	if (err)
		return err;
	dump = pg_dump_alloc(cb);
	if (!dump)
		return -ENOMEM;

	pg_dump_filter(dump, tb);
	if (tb[PEERGROUP_A_CONN_TYPE])
		type = nla_get_u32(tb[PEERGROUP_A_CONN_TYPE]);
	if (attrs[PEERGROUP_A_FLAGS] && nla_get_u32(attrs[PEERGROUP_A_FLAGS]))
		dump->stats = true;
	if (dump->stats)
		pg_actor_init(&dump->actor, cb->skb, pn->net->user_ns);
	if (group || type || dump->filtered)
		cb->answer_flags = NLM_F_DUMP_FILTERED;
	return pg_dump_pin(dump, pn, group, type);
}

int pg_conn_dump_start(struct netlink_callback *cb)
{
	struct nlattr *nest = pg_dump_attrs(cb)[PEERGROUP_A_GROUP];
	struct pg_net *pn = pg_net(sock_net(cb->skb->sk));
	struct pg_group *group = NULL;
	int err;

	if (nest) {
		group = pg_find_group(pn, nest, cb->extack);
		if (IS_ERR(group))
			return PTR_ERR(group);
	}
	err = pg_conn_dump_setup(cb, pn, group);
	if (group)
		pg_group_put(group);
	return err;
}

static bool pg_dump_matches(const struct pg_dump *dump,
			    const struct pg_conn *conn)
{
	return !dump->filtered ||
	       ipv6_addr_equal(&conn->remote, &dump->remote);
}

/* -EAGAIN: there is more to show and room for it. */
static int pg_dump_conns(struct sk_buff *skb, struct pg_dump *dump)
{
	struct pg_snapshot *snap = dump->snap;
	struct pg_conn *conn;
	int i;

	for (i = 0; i < PG_DUMP_BATCH; i++) {
		conn = pg_snapshot_conn(snap);
		if (!conn)
			return 0;
		if (pg_dump_matches(dump, conn) &&
		    pg_wire_conn(skb, conn, NULL))
			return -EMSGSIZE;
		pg_snapshot_next_conn(snap, conn);
	}
	return -EAGAIN;
}

/* Fetching statistics sleeps; the snapshot keeps the connection meanwhile. */
static struct sock *pg_dump_next_sock(struct pg_dump *dump)
{
	struct sock *sk = NULL;
	struct pg_conn *conn;

	rcu_read_lock();
	if (pg_snapshot_valid(dump->snap)) {
		conn = pg_snapshot_conn(dump->snap);
		if (conn && pg_dump_matches(dump, conn) &&
		    pg_actor_may(&dump->actor, conn->group->owner))
			sk = pg_conn_hold_sock(conn);
	}
	rcu_read_unlock();
	return sk;
}

static int pg_dump_conn_stats(struct sk_buff *skb, struct pg_dump *dump,
			      const struct tcp_info *info)
{
	struct pg_conn *conn = pg_snapshot_conn(dump->snap);

	if (!conn)
		return 0;
	if (pg_dump_matches(dump, conn) && pg_wire_conn(skb, conn, info))
		return -EMSGSIZE;
	pg_snapshot_next_conn(dump->snap, conn);
	return -EAGAIN;
}

static int pg_dump_some(struct sk_buff *skb, struct pg_dump *dump)
{
	struct tcp_info info;
	struct sock *sk = NULL;
	int err = -ESTALE;

	if (dump->stats)
		sk = pg_dump_next_sock(dump);
	if (sk) {
		tcp_get_info(sk, &info);
		sock_put(sk);
	}

	rcu_read_lock();
	if (pg_snapshot_valid(dump->snap)) {
		err = dump->stats ?
		      pg_dump_conn_stats(skb, dump, sk ? &info : NULL) :
		      pg_dump_conns(skb, dump);
		if (!pg_snapshot_valid(dump->snap))
			err = -ESTALE;
	}
	rcu_read_unlock();
	cond_resched();
	return err;
}

/* The same for groups. */
static int pg_dump_groups(struct sk_buff *skb, struct pg_dump *dump,
			  struct user_namespace *user_ns)
{
	struct pg_snapshot *snap = dump->snap;
	struct pg_group *group;
	int err = -ESTALE;

	rcu_read_lock();
	if (pg_snapshot_valid(snap)) {
		err = 0;
		while (!err && (group = pg_snapshot_group(snap))) {
			err = pg_wire_group(skb, group, user_ns);
			if (!err)
				pg_snapshot_next_group(snap);
		}
		if (!pg_snapshot_valid(snap))
			err = -ESTALE;
	}
	rcu_read_unlock();
	return err;
}

static void *pg_dump_begin(struct sk_buff *skb, struct netlink_callback *cb,
			   u8 cmd, u32 count)
{
	struct pg_dump *dump = pg_dump(cb);
	u64 generation = dump->snap->generation;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &pg_family, NLM_F_MULTI | cb->answer_flags, cmd);
	if (!hdr)
		return NULL;
	if (nla_put(skb, PEERGROUP_A_GENERATION, sizeof(generation),
		    &generation) ||
	    (dump->first && nla_put_u32(skb, PEERGROUP_A_COUNT, count))) {
		genlmsg_cancel(skb, hdr);
		return NULL;
	}
	return hdr;
}

/*
 * The message is complete as far as it goes: 0 is the end of the dump, the
 * length of the message asks for another one. (A plain -EMSGSIZE would lose
 * what is in the message on kernels before 6.9.)
 */
static int pg_dump_end(struct sk_buff *skb, struct netlink_callback *cb,
		       void *hdr, int err)
{
	if (err == -ESTALE) {
		genlmsg_cancel(skb, hdr);
		NL_SET_ERR_MSG(cb->extack,
			       "reader was too slow for what died meanwhile");
		return err;
	}
	genlmsg_end(skb, hdr);
	pg_dump(cb)->first = false;
	return err ? skb->len : 0;
}

int pg_conn_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct pg_dump *dump = pg_dump(cb);
	void *hdr;
	int err;

	hdr = pg_dump_begin(skb, cb, PEERGROUP_CMD_CONN_GET, dump->snap->count);
	if (!hdr)
		return -EMSGSIZE;
	do {
		err = pg_dump_some(skb, dump);
	} while (err == -EAGAIN);
	return pg_dump_end(skb, cb, hdr, err);
}

int pg_group_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct pg_dump *dump = pg_dump(cb);
	void *hdr;
	int err;

	hdr = pg_dump_begin(skb, cb, PEERGROUP_CMD_GROUP_GET,
			    dump->snap->n_groups);
	if (!hdr)
		return -EMSGSIZE;
	err = pg_dump_groups(skb, dump, sk_user_ns(NETLINK_CB(cb->skb).sk));
	return pg_dump_end(skb, cb, hdr, err);
}
