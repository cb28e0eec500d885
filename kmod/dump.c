// SPDX-License-Identifier: GPL-2.0-only
/* Dumps: snapshots, and rules, as netlink messages. */

#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "netlink.h"
#include "wire.h"

/* Connections looked at before others get a chance to run, and a message. */
#define PG_DUMP_BATCH	1024
#define PG_DUMP_BATCHES	64

/**
 * struct pg_dump - a dump in progress
 * @snap: what is shown, NULL if the request is refused, or for rules
 * @rules: rules to show, a copy: a reader that stalls keeps none alive
 * @next: the first of them that has not been shown
 * @generation: what is shown
 * @count: records it has, at most
 * @err: why it is refused
 * @extack: likewise
 * @first: no message has been built yet
 * @filtered: only connections to @remote are shown
 * @remote: an address, IPv4 mapped
 * @stats: show statistics of the groups that @actor may act for
 * @groups: show each group before its connections
 * @told: the group that the snapshot is at has been shown
 * @actor: who asked
 */
struct pg_dump {
	struct pg_snapshot	*snap;
	struct pg_rule_info	*rules;
	u32			next;
	u64			generation;
	u32			count;
	int			err;
	struct netlink_ext_ack	extack;
	bool			first;
	bool			filtered;
	bool			stats;
	bool			groups;
	bool			told;
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

/*
 * 6.1 cannot tell the reason of a refusal when a dump starts, only when it is
 * under way.
 */
static struct netlink_ext_ack *pg_start_extack(struct pg_dump *dump,
					       struct netlink_callback *cb)
{
	return cb->extack ? cb->extack : &dump->extack;
}

static int pg_dump_started(struct pg_dump *dump, struct netlink_callback *cb,
			   int err)
{
	if (err && cb->extack) {
		kfree(dump);
		return err;
	}
	dump->err = err;
	return 0;
}

static int pg_dump_refuse(const struct pg_dump *dump,
			  struct netlink_callback *cb)
{
	if (cb->extack)
		*cb->extack = dump->extack;
	return dump->err;
}

static int pg_dump_pin(struct pg_dump *dump, struct pg_snapshot *snap,
		       struct netlink_ext_ack *extack)
{
	if (IS_ERR(snap)) {
		if (PTR_ERR(snap) == -ENOBUFS)
			NL_SET_ERR_MSG(extack, "too many dumps are open");
		return PTR_ERR(snap);
	}
	dump->snap = snap;
	dump->generation = snap->generation;
	return 0;
}

int pg_dump_done(struct netlink_callback *cb)
{
	struct pg_dump *dump = pg_dump(cb);

	if (dump->snap)
		pg_snapshot_close(dump->snap);
	kvfree(dump->rules);
	kfree(dump);
	return 0;
}

static int pg_group_dump_setup(struct pg_dump *dump,
			       struct netlink_callback *cb,
			       struct netlink_ext_ack *extack)
{
	struct nlattr *nest = pg_dump_attrs(cb)[PEERGROUP_A_GROUP];
	struct pg_net *pn = pg_net(sock_net(cb->skb->sk));
	int err;

	if (nest) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "attribute does not apply to dumps");
		return -EINVAL;
	}
	err = pg_dump_pin(dump, pg_snapshot_open_groups(pn), extack);
	if (!err)
		dump->count = dump->snap->n_groups;
	return err;
}

int pg_group_dump_start(struct netlink_callback *cb)
{
	struct pg_dump *dump = pg_dump_alloc(cb);
	int err;

	if (!dump)
		return -ENOMEM;
	err = pg_group_dump_setup(dump, cb, pg_start_extack(dump, cb));
	return pg_dump_started(dump, cb, err);
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

/* What to show: the rest of a request for connections but its group. */
struct pg_dump_options {
	u8	type;
	bool	all;
};

static int pg_dump_parse(struct pg_dump *dump, struct netlink_callback *cb,
			 struct pg_net *pn, struct pg_dump_options *options,
			 struct netlink_ext_ack *extack)
{
	struct nlattr **attrs = pg_dump_attrs(cb);
	struct nlattr *tb[PG_CONN_ATTRS];
	u32 flags = 0;
	int err;

	err = pg_parse_filter(tb, attrs[PEERGROUP_A_CONN], extack);
	if (err)
		return err;
	pg_dump_filter(dump, tb);
	if (tb[PEERGROUP_A_CONN_TYPE])
		options->type = nla_get_u32(tb[PEERGROUP_A_CONN_TYPE]);

	if (attrs[PEERGROUP_A_FLAGS])
		flags = nla_get_u32(attrs[PEERGROUP_A_FLAGS]);
	options->all = flags & PEERGROUP_READ_FLAG_ALL;
	dump->groups = flags & PEERGROUP_READ_FLAG_GROUPS;
	dump->stats = flags & PEERGROUP_READ_FLAG_STATS;
	if (dump->stats)
		pg_actor_init(&dump->actor, cb->skb, pn->net->user_ns);
	return 0;
}

static int pg_conn_dump_setup(struct pg_dump *dump,
			      struct netlink_callback *cb,
			      struct netlink_ext_ack *extack)
{
	struct nlattr *nest = pg_dump_attrs(cb)[PEERGROUP_A_GROUP];
	struct pg_net *pn = pg_net(sock_net(cb->skb->sk));
	struct pg_dump_options options = {};
	struct pg_group *group = NULL;
	int err;

	err = pg_dump_parse(dump, cb, pn, &options, extack);
	if (err)
		return err;
	if (nest) {
		group = pg_find_group(pn, nest, extack);
		if (IS_ERR(group))
			return PTR_ERR(group);
	}
	if (group || options.type || dump->filtered)
		cb->answer_flags = NLM_F_DUMP_FILTERED;
	err = pg_dump_pin(dump, pg_snapshot_open(pn, group, options.type,
						 options.all), extack);
	if (!err)
		dump->count = dump->snap->count;
	pg_group_put(group);
	return err;
}

int pg_conn_dump_start(struct netlink_callback *cb)
{
	struct pg_dump *dump = pg_dump_alloc(cb);
	int err;

	if (!dump)
		return -ENOMEM;
	err = pg_conn_dump_setup(dump, cb, pg_start_extack(dump, cb));
	return pg_dump_started(dump, cb, err);
}

static int pg_dump_conn(struct sk_buff *skb, const struct pg_dump *dump,
			struct pg_conn *conn, enum peergroup_conn_state state)
{
	struct pg_stats stats;
	bool has_stats;

	if (!state)
		return 0;
	if (dump->filtered && !ipv6_addr_equal(&conn->remote, &dump->remote))
		return 0;
	has_stats = dump->stats &&
		    pg_actor_may(&dump->actor, conn->group->owner) &&
		    pg_conn_stats(conn, &stats);
	return pg_wire_conn(skb, conn, state, has_stats ? &stats : NULL);
}

/* Show the group that the snapshot is at, if need be; 0: there is none left. */
static int pg_dump_group(struct sk_buff *skb, struct pg_dump *dump)
{
	struct pg_group *group = pg_snapshot_group(dump->snap);

	if (!group)
		return 0;
	if (!dump->groups || dump->told)
		return 1;
	if (pg_wire_group(skb, group, sk_user_ns(skb->sk)))
		return -EMSGSIZE;
	dump->told = true;
	return 1;
}

/* -EAGAIN: there is more to show and room for it. */
static int pg_dump_conns(struct sk_buff *skb, struct pg_dump *dump)
{
	struct pg_snapshot *snap = dump->snap;
	enum peergroup_conn_state state;
	struct pg_conn *conn;
	int i, err;

	err = pg_dump_group(skb, dump);
	for (i = 0; err > 0 && i < PG_DUMP_BATCH; i++) {
		conn = pg_snapshot_conn(snap, &state);
		if (!conn) {
			pg_snapshot_next_group(snap);
			dump->told = false;
			err = pg_dump_group(skb, dump);
			continue;
		}
		if (pg_dump_conn(skb, dump, conn, state))
			return -EMSGSIZE;
		pg_snapshot_next_conn(snap, conn);
	}
	return err > 0 ? -EAGAIN : err;
}

static int pg_dump_some(struct sk_buff *skb, struct pg_dump *dump)
{
	int err = -ESTALE;

	rcu_read_lock();
	if (pg_snapshot_valid(dump->snap)) {
		err = pg_dump_conns(skb, dump);
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
			   u8 cmd)
{
	struct pg_dump *dump = pg_dump(cb);
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &pg_family, NLM_F_MULTI | cb->answer_flags, cmd);
	if (!hdr)
		return NULL;
	if (nla_put(skb, PEERGROUP_A_GENERATION, sizeof(dump->generation),
		    &dump->generation) ||
	    (dump->first &&
	     nla_put_u32(skb, PEERGROUP_A_COUNT, dump->count))) {
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
			       "reader was too slow and has been cut off");
		return err;
	}
	genlmsg_end(skb, hdr);
	pg_dump(cb)->first = false;
	return err ? skb->len : 0;
}

int pg_conn_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct pg_dump *dump = pg_dump(cb);
	int err = 0, i;
	void *hdr;

	if (dump->err)
		return pg_dump_refuse(dump, cb);
	hdr = pg_dump_begin(skb, cb, PEERGROUP_CMD_CONN_GET);
	if (!hdr)
		return -EMSGSIZE;
	/* Now and then a message, be it empty, lets the reader be killed. */
	for (i = 0; i < PG_DUMP_BATCHES; i++) {
		err = pg_dump_some(skb, dump);
		if (err != -EAGAIN)
			break;
	}
	return pg_dump_end(skb, cb, hdr, err);
}

int pg_group_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct pg_dump *dump = pg_dump(cb);
	void *hdr;
	int err;

	if (dump->err)
		return pg_dump_refuse(dump, cb);
	hdr = pg_dump_begin(skb, cb, PEERGROUP_CMD_GROUP_GET);
	if (!hdr)
		return -EMSGSIZE;
	err = pg_dump_groups(skb, dump, sk_user_ns(NETLINK_CB(cb->skb).sk));
	return pg_dump_end(skb, cb, hdr, err);
}

static int pg_rule_dump_setup(struct pg_dump *dump,
			      struct netlink_callback *cb,
			      struct netlink_ext_ack *extack)
{
	struct nlattr **attrs = pg_dump_attrs(cb);
	struct pg_net *pn = pg_net(sock_net(cb->skb->sk));
	struct pg_group *group = NULL;
	struct pg_rule_info *rules;

	if (attrs[PEERGROUP_A_RULE]) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[PEERGROUP_A_RULE],
				    "attribute does not apply to dumps");
		return -EINVAL;
	}
	if (attrs[PEERGROUP_A_GROUP]) {
		group = pg_find_group(pn, attrs[PEERGROUP_A_GROUP], extack);
		if (IS_ERR(group))
			return PTR_ERR(group);
		cb->answer_flags = NLM_F_DUMP_FILTERED;
	}
	rules = pg_rules_copy(pn, group, &dump->count, &dump->generation);
	pg_group_put(group);
	if (IS_ERR(rules))
		return PTR_ERR(rules);
	dump->rules = rules;
	return 0;
}

int pg_rule_dump_start(struct netlink_callback *cb)
{
	struct pg_dump *dump = pg_dump_alloc(cb);
	int err;

	if (!dump)
		return -ENOMEM;
	err = pg_rule_dump_setup(dump, cb, pg_start_extack(dump, cb));
	return pg_dump_started(dump, cb, err);
}

static int pg_dump_rules(struct sk_buff *skb, struct pg_dump *dump,
			 struct user_namespace *user_ns)
{
	for (; dump->next < dump->count; dump->next++)
		if (pg_wire_rule(skb, &dump->rules[dump->next], user_ns))
			return -EMSGSIZE;
	return 0;
}

int pg_rule_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct pg_dump *dump = pg_dump(cb);
	void *hdr;
	int err;

	if (dump->err)
		return pg_dump_refuse(dump, cb);
	hdr = pg_dump_begin(skb, cb, PEERGROUP_CMD_RULE_GET);
	if (!hdr)
		return -EMSGSIZE;
	err = pg_dump_rules(skb, dump, sk_user_ns(NETLINK_CB(cb->skb).sk));
	return pg_dump_end(skb, cb, hdr, err);
}
