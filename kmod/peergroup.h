/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * peergroup: groups of live TCP connections.
 *
 * Objects and who keeps them:
 *
 *   pg_net       one a network namespace, lives as long as it.
 *   pg_group     the namespace's list holds one reference, each attach request
 *                in progress one more. Deleting a group only marks it; the
 *                worker takes it off the list when no snapshot shows it.
 *   pg_conn      owned by the list of its group. The transition that ends it
 *                only marks it; the worker takes it off the list, at once or
 *                when no snapshot shows it any longer (until then it is a
 *                leftover). Freed after a grace period. One that was attached
 *                while connecting is part of a pg_pending.
 *   pg_snapshot  owned by its dump until that closes it, then by the worker,
 *                which unlinks and frees it. One that the worker has cut off
 *                before is freed by the close.
 *   pg_rule      each pg_ruleset it is in holds a reference, and so do requests
 *                and events that are not sent yet. It holds one on its group.
 *   pg_ruleset   never changes. The namespace holds a reference on the current
 *                one, who looks for rules another one. Freed after a grace
 *                period.
 *   sock         each pg_conn holds a reference from before it is in the index
 *                until the worker has seen its end.
 *
 * Locks, each nesting in the one before:
 *
 *   sk_lock.slock (bh)           the state of a socket
 *   pg_net::lock (raw, irqsave)  all of a namespace's objects
 *   bucket lock (raw, irqsave)   one chain of an index
 *
 * pg_net::rules_mutex is held by who changes the set of rules, outside
 * pg_net::lock and with no socket's lock.
 *
 * pg_net::lock is taken in the probe, that is in softirq and on PREEMPT_RT
 * with preemption off, hence raw; nothing under it sleeps, allocates or sends.
 * It is held for O(1) but for publishing a request of PEERGROUP_ATTACH_MAX
 * sockets, for batches of PG_BATCH records and for a walk along one list of
 * snapshots, of which there are at most twice PG_SNAPSHOTS_MAX.
 *
 * Lists of groups and connections are walked under RCU. Under the lock anybody
 * appends and marks; only the worker unlinks. Hence the worker may drop the
 * lock amid a list, and a reader may resume at any record that his snapshot
 * shows.
 *
 * Every change is announced by one event. Whoever makes it puts the object into
 * a queue, under the lock that takes its generation; the worker builds and
 * sends. It unlinks no object before the end of that has been announced, or
 * need not be.
 */
#ifndef _PEERGROUP_H
#define _PEERGROUP_H

#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/tcp.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <uapi/linux/peergroup.h>

#include "compat.h"

#define PG_TYPES	2	/* PEERGROUP_CONN_TYPE_*, less one */
#define PG_REASONS	PEERGROUP_REASON_CONNECT_FAILED
#define PG_BATCH	32	/* records handled in one lock hold */
#define PG_GROUP_BITS	6
#define PG_LEFTOVERS_MIN	4096
#define PG_DEAD_GROUPS_MIN	1024
#define PG_SNAPSHOTS_MAX	1024	/* in one list */

/**
 * struct pg_counts - connections by type
 * @active: active ones
 * @pending: pending ones
 */
struct pg_counts {
	u32	active[PG_TYPES];
	u32	pending[PG_TYPES];
};

static inline u32 pg_counts_active(const struct pg_counts *counts)
{
	return counts->active[0] + counts->active[1];
}

static inline u32 pg_counts_pending(const struct pg_counts *counts)
{
	return counts->pending[0] + counts->pending[1];
}

static inline u32 pg_counts_live(const struct pg_counts *counts)
{
	return pg_counts_active(counts) + pg_counts_pending(counts);
}

/**
 * struct pg_snapshots - snapshots of the same things, by generation
 * @list: of struct pg_snapshot
 * @n: their number
 */
struct pg_snapshots {
	struct list_head	list;
	unsigned int		n;
};

/**
 * struct pg_events - changes that have not been announced
 * @groups_new: groups that were created
 * @conns_pending: connections that were attached while connecting
 * @conns_new: connections that became active
 * @conns_gone: connections that ended and whose socket the worker has put
 * @rules_new: rules that were made; each holds a reference
 * @rules_gone: rules that were deleted, likewise
 * @groups_gone: groups that were deleted and whose sockets the worker has put
 * @taken: generation up to which the worker has taken them
 * @skip: generation up to which they are not announced: nobody listened, or
 *	there were too many
 * @lost: there were too many, and listeners do not know yet
 *
 * All but @groups_gone, the worker's, are protected by pg_net::lock. Each list
 * is in the order of generations.
 */
struct pg_events {
	struct list_head	groups_new;
	struct list_head	conns_pending;
	struct list_head	conns_new;
	struct list_head	conns_gone;
	struct list_head	rules_new;
	struct list_head	rules_gone;
	struct list_head	groups_gone;
	u64			taken;
	u64			skip;
	bool			lost;
};

struct mem_cgroup;

/**
 * struct pg_stock - records for connections that rules adopt in the probe
 * @spares: the records, by pg_conn::link
 * @used: there are rules
 * @n: number of records
 * @target: how many are to be kept
 * @taken: how many have been taken since @since
 * @since: in jiffies
 * @rest: until when nobody looks for memory, likewise; pg_net::tend's
 * @memcg: the memory cgroup they are charged to, a reference: that of whoever
 *	made the first rule
 *
 * Protected by pg_net::lock; @n and @used are read without it.
 */
struct pg_stock {
	struct list_head	spares;
	bool			used;
	unsigned int		n;
	unsigned int		target;
	unsigned int		taken;
	unsigned long		since;
	unsigned long		rest;
	struct mem_cgroup	*memcg;
};

struct pg_ruleset;

/**
 * struct pg_net - what a network namespace has
 * @lock: protects all below that says nothing else
 * @net: the namespace this belongs to
 * @generation: of the last change
 * @last_conn_id: the last one given away
 * @last_group_id: likewise
 * @last_rule_id: likewise
 * @dying: the namespace or the module goes away, take nothing in
 * @crowded: a list has more snapshots than PG_SNAPSHOTS_MAX
 * @counts: connections of all groups
 * @n_groups: groups that are not deleted
 * @n_dead_groups: deleted groups on @groups
 * @n_dead_conns: connections of deleted groups that are not freed yet
 * @peak_groups: most groups at a time since @n_dead_groups was last 0
 * @peak_conns: most connections at a time since then, dead ones not counted
 * @groups: all groups by creation, deleted ones included; RCU
 * @by_id: groups that are not deleted; RCU
 * @by_name: likewise
 * @snapshots: those of all connections, by generation
 * @group_snapshots: those of groups without their connections, likewise
 * @events: what has not been announced
 * @dead: ended connections the worker has not seen
 * @dead_groups: deleted groups the worker has not seen
 * @ended: connections whose end has been announced, by generation
 * @reaping: groups whose end has been announced, by generation; the worker's
 * @done: snapshots whose dump is over
 * @rules_mutex: held by who changes @ruleset
 * @ruleset: all rules, NULL if there are none; changed under both locks, read
 *	under RCU
 * @dropping: deleted rules whose connections the worker is to detach; each holds
 *	a reference
 * @stock: records for connections that rules adopt
 * @tend: sees to it that @stock has some, and that @ruleset has no dead rules
 * @tend_later: queues @tend
 * @scan: adopts what rules have missed
 * @scan_later: queues @scan
 * @scan_next: when @scan may run again, in jiffies; its own
 * @scan_delay: after what time it tries again what it could not do; its own
 * @work: the worker
 * @work_soon: queues @work
 */
struct pg_net {
	raw_spinlock_t		lock;
	struct net		*net;
	u64			generation;
	u64			last_conn_id;
	u32			last_group_id;
	u32			last_rule_id;
	bool			dying;
	bool			crowded;
	struct pg_counts	counts;
	u32			n_groups;
	u32			n_dead_groups;
	u32			n_dead_conns;
	u32			peak_groups;
	u32			peak_conns;
	struct list_head	groups;
	DECLARE_HASHTABLE(by_id, PG_GROUP_BITS);
	DECLARE_HASHTABLE(by_name, PG_GROUP_BITS);
	struct pg_snapshots	snapshots;
	struct pg_snapshots	group_snapshots;
	struct pg_events	events;
	struct list_head	dead;
	struct list_head	dead_groups;
	struct list_head	ended;
	struct list_head	reaping;
	struct list_head	done;
	struct mutex		rules_mutex;	/* for @ruleset */
	struct pg_ruleset __rcu	*ruleset;
	struct list_head	dropping;
	struct pg_stock		stock;
	struct work_struct	tend;
	struct delayed_work	tend_later;
	struct work_struct	scan;
	struct delayed_work	scan_later;
	unsigned long		scan_next;
	unsigned long		scan_delay;
	struct work_struct	work;
	struct delayed_work	work_soon;
};

/**
 * struct pg_group - a named set of connections
 * @refs: see the top of this file
 * @id: unique in the namespace
 * @owner: who may change it, besides CAP_NET_ADMIN
 * @quota: where it is counted, until it is deleted
 * @pn: its namespace
 * @born: generation of its creation
 * @died: generation of its deletion, or 0; pg_net::lock, read under RCU
 * @link: in pg_net::groups
 * @id_node: in pg_net::by_id
 * @name_node: in pg_net::by_name
 * @event: in pg_events::groups_new; pg_net::lock
 * @reap_link: in pg_net::dead_groups, then in pg_events::groups_gone, then in
 *	pg_net::reaping
 * @conns: connections that became active, by type and birth, dead ones
 *	included; pg_net::lock, walked under RCU
 * @pending: connections that were attached while connecting, by then, dead ones
 *	and those that became active included; likewise
 * @snapshots: those of this group alone, by generation; pg_net::lock
 * @leftovers: dead connections that a snapshot shows, by death; the worker's
 * @counts: connections; pg_net::lock, as all below
 * @gained: connections that ever became active
 * @lost: connections that ever left, by reason less one
 * @n_conns: all its connections, dead ones included
 * @n_leftovers: length of @leftovers
 * @peak: most connections at a time, dead ones not counted, since there were
 *	no dead ones
 * @n_rules: its rules
 * @missed: connections a rule could not adopt at once, as the stock was empty
 * @missed_lost: those of them that no scan can find
 * @refused: connections a rule could not adopt, as the group was full
 * @rcu: frees it
 * @key: for the node ids of connections that rules adopt
 * @name_hash: of @name
 * @name: followed by label and comment, each with its NUL
 * @label: behind @name
 * @comment: behind @label
 *
 * Fields without a lock do not change after creation.
 */
struct pg_group {
	refcount_t		refs;
	u32			id;
	kuid_t			owner;
	struct pg_quota		*quota;
	struct pg_net		*pn;
	u64			born;
	u64			died;
	struct list_head	link;
	struct hlist_node	id_node;
	struct hlist_node	name_node;
	struct list_head	event;
	struct list_head	reap_link;
	struct list_head	conns[PG_TYPES];
	struct list_head	pending;
	struct pg_snapshots	snapshots;
	struct list_head	leftovers;
	struct pg_counts	counts;
	u64			gained;
	u64			lost[PG_REASONS];
	u32			n_conns;
	u32			n_leftovers;
	u32			peak;
	u32			n_rules;
	u64			missed;
	u64			missed_lost;
	u64			refused;
	struct rcu_head		rcu;
	siphash_key_t		key;
	const char		*label;
	const char		*comment;
	u32			name_hash;
	char			name[];
};

/* What the probe has seen of the socket of a connection. */
enum pg_stage {
	PG_STAGE_CONNECTING,
	PG_STAGE_ESTABLISHED,
	PG_STAGE_ENDED,
};

/**
 * struct pg_conn - a socket in a group
 * @by_sk: in the index by socket while it may still change; bucket lock, RCU
 * @by_id: in the index by id until the worker unlinks it; likewise
 * @link: in an attach request or pg_stock::spares, then in pg_group::conns
 * @event: in pg_events::conns_new; pg_net::lock
 * @dead: in pg_net::dead, pg_events::conns_gone, pg_net::ended, then in
 *	pg_group::leftovers; pg_net::lock
 * @rcu: frees it
 * @group: where it belongs; outlives it
 * @sk: the socket, NULL once the worker has seen its end; pg_net::lock
 * @peer_id: name of the remote identity, or NULL
 * @id: unique in the namespace, 0 as long as it is in an attach request
 * @born: generation at which it became active, 0 before; pg_net::lock, read
 *	under RCU
 * @died: generation at which it ended, 0 before; likewise
 * @node_id: of the remote node
 * @cookie: of the socket
 * @attached: ns since 1970
 * @local: local address
 * @remote: remote address
 * @local_port: local port
 * @remote_port: remote port
 * @ifindex: interface the socket is bound to, or 0
 * @rule_id: the rule that adopted it, or 0
 * @peer_id_len: length of @peer_id
 * @family: AF_INET, with v4-mapped addresses, or AF_INET6
 * @type: PEERGROUP_CONN_TYPE_*
 * @pending: this is part of a struct pg_pending
 * @stage: enum pg_stage; pg_net::lock
 * @reason: why it ended, PEERGROUP_REASON_*; pg_net::lock, set before @died
 * @error: error of the socket by then, or 0; likewise
 *
 * Fields without a lock do not change once it is in the group.
 */
struct pg_conn {
	struct hlist_node	by_sk;
	struct hlist_node	by_id;
	struct list_head	link;
	struct list_head	event;
	union {
		struct list_head	dead;
		struct rcu_head		rcu;
	};
	struct pg_group		*group;
	struct sock		*sk;
	const char		*peer_id;
	u64			id;
	u64			born;
	u64			died;
	u64			node_id;
	u64			cookie;
	u64			attached;
	struct in6_addr		local;
	struct in6_addr		remote;
	__be16			local_port;
	__be16			remote_port;
	u32			ifindex;
	u32			rule_id;
	u16			peer_id_len;
	u8			family;
	u8			type;
	bool			pending;
	u8			stage;
	u8			reason;
	u8			error;
};

/**
 * struct pg_pending - a connection that was attached while connecting
 * @conn: the connection
 * @since: generation at which it was attached
 * @link: in pg_group::pending, as long as @conn is in the group
 * @event: in pg_events::conns_pending; pg_net::lock
 */
struct pg_pending {
	struct pg_conn		conn;
	u64			since;
	struct list_head	link;
	struct list_head	event;
};

static inline struct pg_pending *pg_pending(struct pg_conn *conn)
{
	return container_of(conn, struct pg_pending, conn);
}

/* access.c */

/**
 * struct pg_actor - who is behind a message
 * @sender: the process that sent it
 * @opener: the process that opened the netlink socket
 * @sender_admin: has @sender CAP_NET_ADMIN?
 * @opener_admin: has @opener?
 */
struct pg_actor {
	kuid_t	sender;
	kuid_t	opener;
	bool	sender_admin;
	bool	opener_admin;
};

void pg_actor_init(struct pg_actor *actor, const struct sk_buff *skb,
		   struct user_namespace *user_ns);
bool pg_actor_is_admin(const struct pg_actor *actor);
bool pg_actor_is_one(const struct pg_actor *actor);
bool pg_actor_may(const struct pg_actor *actor, kuid_t uid);
kuid_t pg_account(const struct pg_net *pn, kuid_t owner);

/* quota.c */
struct pg_quota *pg_quota_charge(kuid_t uid, bool exempt);
void pg_quota_uncharge(struct pg_quota *quota);

/* group.c */

/* What a group is created with. Texts are checked; NULL is "". */
struct pg_group_spec {
	kuid_t		owner;
	kuid_t		account; /* whose limit it counts for */
	bool		exempt;	/* from that limit */
	const char	*name;
	const char	*label;
	const char	*comment;
};

struct pg_group *pg_group_new(struct pg_net *pn,
			      const struct pg_group_spec *spec,
			      u64 *generation, struct netlink_ext_ack *extack);
int pg_group_del(struct pg_group *group, u64 *generation);
void pg_group_del_all(struct pg_net *pn);
int pg_group_show(struct pg_group *group, u64 *generation);
bool pg_group_hold(struct pg_group *group);
void pg_group_put(struct pg_group *group);
struct pg_group *pg_group_by_id(struct pg_net *pn, u32 id);
struct pg_group *pg_group_by_name(struct pg_net *pn, const char *name);
u32 pg_group_leftovers_max(const struct pg_group *group);
bool pg_group_is_full(const struct pg_group *group);
u32 pg_group_conns_max(void);

/* conn.c */

/* What a connection is attached with. @attr is what to blame. */
struct pg_conn_spec {
	const struct nlattr	*attr;
	int			fd;
	u8			type;
	u64			node_id;
	const char		*peer_id;
	u16			peer_id_len;
};

/**
 * struct pg_attach - an attach request, all or nothing
 * @group: where to attach, a reference; the caller's
 * @conns: connections to be, in the index by socket but not in the group
 * @n: their number
 * @deadline: until when to wait for busy sockets, in ns of ktime_get()
 * @first_id: id of the first connection, after success
 * @generation: of the last connection, after success
 */
struct pg_attach {
	struct pg_group		*group;
	struct list_head	conns;
	unsigned int		n;
	u64			deadline;
	u64			first_id;
	u64			generation;
};

void pg_attach_init(struct pg_attach *req, struct pg_group *group, bool wait);
int pg_attach_socket(struct pg_attach *req, const struct pg_conn_spec *spec,
		     struct netlink_ext_ack *extack);
int pg_attach_commit(struct pg_attach *req, unsigned int *failed,
		     struct netlink_ext_ack *extack);
void pg_attach_abort(struct pg_attach *req);

/* What tcp_info has, of a socket that is not to be waited for. */
struct pg_stats {
	u32	rtt;
	u32	rtt_var;
	u32	min_rtt;
	u32	retrans;
	u64	bytes_sent;
	u64	bytes_acked;
	u64	bytes_retrans;
	u64	bytes_received;
};

u8 pg_sock_addrs(const struct sock *sk, struct in6_addr *local,
		 struct in6_addr *remote);
struct pg_conn *pg_conn_spare(void);
void pg_conn_discard_spare(struct pg_conn *conn);
void pg_conn_set_sock(struct pg_conn *conn, struct sock *sk);
void pg_conn_enter(struct pg_conn *conn);
void pg_conn_establish(struct pg_conn *conn);
bool pg_conn_end(struct pg_conn *conn, enum peergroup_reason reason, u8 error,
		 u64 *generation);
bool pg_conn_end_locked(struct pg_conn *conn, enum peergroup_reason reason,
			u8 error);
int pg_conn_show(struct pg_conn *conn, enum peergroup_conn_state *state,
		 u64 *generation);
bool pg_conn_stats(struct pg_conn *conn, struct pg_stats *stats);
void pg_conn_free(struct pg_conn *conn);
int pg_conn_init(void);
void pg_conn_exit(void);

/* index.c */

/* Chains of the index by socket, and the bits of a hash that tells which. */
extern struct hlist_head *pg_index_sk_heads;
extern unsigned int pg_index_bits;

/* Connections in it that were attached while connecting. */
extern atomic_t pg_index_pending;

/* The chain a socket's connections are in, for walking under RCU. */
static inline struct hlist_head *pg_index_sk_head(const struct sock *sk)
{
	return &pg_index_sk_heads[hash_ptr(sk, pg_index_bits)];
}

/*
 * May a socket that is connecting be in the index? Who attaches one holds its
 * lock as the probe does, hence that sees what it has to.
 */
static inline bool pg_index_has_pending(void)
{
	return atomic_read(&pg_index_pending);
}

int pg_index_init(void);
void pg_index_exit(void);
bool pg_index_add_sk(struct pg_conn *conn);
void pg_index_put_sk(struct pg_conn *conn);
bool pg_index_has_sk(const struct sock *sk, const struct pg_group *group);
void pg_index_del_sk(struct pg_conn *conn);
void pg_index_add_id(struct pg_conn *conn);
void pg_index_del_id(struct pg_conn *conn);
struct pg_conn *pg_index_find_id(const struct pg_net *pn, u64 id);

/* snapshot.c */

/**
 * struct pg_snapshot - the connections active at one generation
 * @link: in @list; pg_net::lock
 * @list: pg_group::snapshots, pg_net::snapshots or pg_net::group_snapshots
 * @done: in pg_net::done
 * @pn: the namespace
 * @group: the only group shown, or NULL
 * @type: the only type shown, or 0
 * @all: pending connections are shown, too
 * @generation: what it shows
 * @count: connections it shows
 * @n_groups: groups it shows, if it shows all
 * @closed: the reader is done; pg_net::lock
 * @cut: the worker has taken it off its list, @walk and @next are not to be
 *	touched; pg_net::lock
 * @started: @walk and @next are set; the reader's, as all below
 * @walk: group being shown, NULL after the last
 * @next: first connection of each type still to be shown, NULL after the last
 * @next_pending: first of pg_group::pending still to be looked at, likewise
 */
struct pg_snapshot {
	struct list_head	link;
	struct pg_snapshots	*list;
	struct list_head	done;
	struct pg_net		*pn;
	struct pg_group		*group;
	u8			type;
	bool			all;
	u64			generation;
	u32			count;
	u32			n_groups;
	bool			closed;
	bool			cut;
	bool			started;
	struct pg_group		*walk;
	struct pg_conn		*next[PG_TYPES];
	struct pg_pending	*next_pending;
};

void pg_snapshots_init(struct pg_snapshots *list);
struct pg_snapshot *pg_snapshot_open(struct pg_net *pn, struct pg_group *group,
				     u8 type, bool all);
struct pg_snapshot *pg_snapshot_open_groups(struct pg_net *pn);
void pg_snapshot_close(struct pg_snapshot *snap);
bool pg_snapshot_valid(struct pg_snapshot *snap);
struct pg_conn *pg_snapshot_conn(struct pg_snapshot *snap,
				 enum peergroup_conn_state *state);
void pg_snapshot_next_conn(struct pg_snapshot *snap, struct pg_conn *conn);
struct pg_group *pg_snapshot_group(struct pg_snapshot *snap);
void pg_snapshot_next_group(struct pg_snapshot *snap);

/* notify.c */
void pg_events_init(struct pg_events *events);
bool pg_events_empty(const struct pg_events *events);
void pg_event_note(struct pg_net *pn);
bool pg_event_queue(struct pg_net *pn, struct list_head *event,
		    struct list_head *queue);
bool pg_notify(struct pg_net *pn, u64 until, struct list_head *gone_groups);
void pg_notify_exit(void);

/* Is the last change to be announced? pg_net::lock is held. */
static inline bool pg_event_due(const struct pg_net *pn)
{
	return pn->events.skip < pn->generation;
}

/* reap.c */
extern struct workqueue_struct *pg_workqueue;

void pg_reap_queue(struct pg_net *pn);
void pg_reap_queue_soon(struct pg_net *pn);
void pg_reap_sync(void);
void pg_reap_net_init(struct pg_net *pn);
void pg_reap_net_flush(struct pg_net *pn);
int pg_reap_init(void);
void pg_reap_exit(void);

/* stock.c */

/* Memory cgroups: whom to charge, a reference, and who was before. */
struct pg_charge {
	struct mem_cgroup	*memcg;
	struct mem_cgroup	*old;
};

void pg_charge_begin(struct pg_charge *charge, struct pg_net *pn);
void pg_charge_end(struct pg_charge *charge);
void pg_stock_init(struct pg_stock *stock);
int pg_stock_start(struct pg_net *pn);
void pg_stock_stop(struct pg_net *pn);
int pg_stock_fill(struct pg_net *pn, unsigned int want);
struct pg_conn *pg_stock_take(struct pg_stock *stock);
bool pg_stock_is_low(const struct pg_stock *stock);
bool pg_stock_tend(struct pg_net *pn);

/* tend.c */
void pg_tend_queue(struct pg_net *pn);
void pg_tend_net_init(struct pg_net *pn);
void pg_tend_net_exit(struct pg_net *pn);

/* scan.c */
void pg_scan(struct pg_net *pn, const struct pg_group *group);
void pg_scan_queue(struct pg_net *pn);
void pg_scan_net_init(struct pg_net *pn);
void pg_scan_net_exit(struct pg_net *pn);

/* text.c */
bool pg_text_valid(const char *text, size_t len);

/* track.c */
int pg_track_init(void);
void pg_track_exit(void);

/* netlink.c */
int pg_netlink_init(void);
void pg_netlink_exit(void);

/* main.c */
struct pg_net *pg_net(const struct net *net);

#endif /* _PEERGROUP_H */
