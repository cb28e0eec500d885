/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libpeergroup: who is a group of TCP connections connected to, right now?
 *
 * This is the native interface to the peergroup kernel module. <p2p.h> offers
 * the calls of the Windows Peer Grouping API on top of it.
 *
 * A context (struct pg_ctx) is one netlink socket. It must not be used by two
 * threads at once, nor on both sides of a fork(); any number of contexts may
 * be open. Different contexts may be used from different threads at once.
 *
 * Unless a function says otherwise it returns 0 if it succeeded and a negative
 * errno value if not; pg_error() then tells more in words. -ENODEV means that
 * the module is not loaded. Nothing here prints, exits or raises a signal.
 * Output parameters are written on success only, unless stated otherwise.
 *
 * A callback must not use the context that calls it (-EBUSY). An answer of the
 * module that makes no sense is -EPROTO, one of which a part is missing -EIO.
 *
 * Ports are in host order. Times are ns since 1970. Every structure that a
 * caller fills begins with its own size, so that it can grow: set .size to
 * sizeof(struct ...), at most 4096, and zero the rest. None has padding, into
 * which a later member could fall unseen; a flag that the library does not
 * know, or a reserved member that is not 0, is -EINVAL.
 */
#ifndef PEERGROUP_H
#define PEERGROUP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of this header; pg_version() tells that of the library. */
#define PG_VERSION "0.1.0"

/** Longest group name and peer id, and longest label and comment, in bytes. */
#define PG_NAME_MAX 511
#define PG_TEXT_MAX 767

/** Most sockets one pg_conn_attach() hands to the kernel in one request. */
#define PG_ATTACH_MAX 256

struct pg_ctx;

/** Types of a connection; the values are those of the netlink family. */
enum pg_type {
	PG_TYPE_ANY = 0,	/**< in filters only */
	PG_TYPE_NEIGHBOR = 1,	/**< a link of the group's mesh */
	PG_TYPE_DIRECT = 2,	/**< a private connection of two members */
};

/** States of a connection. */
enum pg_state {
	PG_STATE_ACTIVE = 1,	/**< the socket is in TCP_ESTABLISHED */
	PG_STATE_PENDING = 2,	/**< the socket is connecting */
	PG_STATE_GONE = 3,	/**< it has left its group; in events only */
};

/**
 * Why a connection left its group; the values are those of the netlink family,
 * whose specification tells how the kernel knows. More may come.
 */
enum pg_reason {
	PG_REASON_UNKNOWN = 1,
	PG_REASON_CLOSED = 2,		/**< or shut down for sending, here */
	PG_REASON_PEER_CLOSED = 3,	/**< likewise, at the other end */
	PG_REASON_RESET = 4,		/**< by the other end */
	PG_REASON_ABORTED = 5,		/**< reset by this end */
	PG_REASON_TIMED_OUT = 6,	/**< no answer any longer */
	PG_REASON_UNREACHABLE = 7,	/**< likewise, the network said why */
	PG_REASON_DETACHED = 8,		/**< the socket lives on */
	PG_REASON_CONNECT_FAILED = 9,	/**< it never became active */
};

/** Which end began a connection; the values are those of the netlink family. */
enum pg_direction {
	PG_DIRECTION_ANY = 0,	/**< in rules only */
	PG_DIRECTION_IN = 1,	/**< the other one; this end accepted, or both */
	PG_DIRECTION_OUT = 2,	/**< this one; it connected */
};

/** One end of a connection. This structure never grows. */
struct pg_addr {
	int family;		/**< AF_INET or AF_INET6 */
	uint16_t port;		/**< host order */
	uint32_t scope_id;	/**< interface of a link-local address, else 0 */
	union {
		struct in_addr ipv4;
		struct in6_addr ipv6;
	};
};

/** Statistics of a connection, as tcp_info has them. Times in us. */
struct pg_stats {
	uint32_t rtt;
	uint32_t rtt_var;
	uint32_t min_rtt;
	uint32_t retrans;	/**< segments, over the life of the socket */
	uint64_t bytes_sent;	/**< retransmissions included */
	uint64_t bytes_acked;
	uint64_t bytes_retrans;
	uint64_t bytes_received;
};

/**
 * A connection as the kernel reports it. Owned by the library and valid only
 * until the callback it was handed to returns; new members come at the end.
 */
struct pg_conn {
	uint64_t id;		/**< unique in the namespace, never reused */
	uint32_t group_id;
	enum pg_type type;
	enum pg_state state;
	uint64_t node_id;	/**< the remote node, 0 if unset */
	uint64_t cookie;	/**< of the socket, as `ss -e` prints it in hex */
	uint64_t attached;	/**< ns since 1970 */
	struct pg_addr local;
	struct pg_addr remote;
	const char *peer_id;	/**< UTF-8, NULL if none was given */
	size_t peer_id_len;	/**< in bytes */
	const struct pg_stats *stats; /**< NULL unless asked for and allowed */
	enum pg_reason reason;	/**< why it is gone, else 0 */
	int error;		/**< errno value the socket ended with, or 0 */
	uint32_t rule_id;	/**< the rule that adopted it, 0 if attached */
};

/** A group as the kernel reports it. Lifetime as for struct pg_conn. */
struct pg_group {
	uint32_t id;		/**< unique in the namespace, never reused */
	const char *name;
	const char *label;	/**< "" if none */
	const char *comment;	/**< "" if none */
	uid_t owner;
	uint32_t active_neighbor;
	uint32_t active_direct;
	uint64_t gained;	/**< connections that ever became active */
	uint32_t leftovers;	/**< dead records an open dump still shows */
	uint32_t leftovers_max;	/**< past this the oldest dump is cut off */
	uint32_t limit;		/**< most connections, pending ones included */
	uint32_t pending;	/**< connections that are connecting */
	uint32_t n_lost;	/**< elements of lost */
	/** Connections that ever left, lost[PG_REASON_...]; lost[0] is unused. */
	const uint64_t *lost;
	/**
	 * Connections that a rule wanted and that were not adopted at once, for
	 * want of memory; a scan takes them in.
	 */
	uint64_t missed;
	/** Those of them that no scan finds, as the rule has a direction. */
	uint64_t missed_lost;
	/** Connections that a rule wanted when the group was at its limit. */
	uint64_t refused;
	uint32_t rules;		/**< rules of the group */
};

/** Version of the library as "major.minor.patch". Static; any thread. */
const char *pg_version(void);

/** A reason in a word, such as "peer-closed". Static; any thread. */
const char *pg_reason_name(enum pg_reason reason);

/**
 * Open a context in the network namespace of the calling thread.
 *
 * Returns -ENODEV if the module is not loaded, -ENOMEM, or what socket(2)
 * returns. The context is released with pg_close().
 */
int pg_open(struct pg_ctx **ctx);

/** Release a context. NULL does nothing. */
void pg_close(struct pg_ctx *ctx);

/**
 * What went wrong in the last call on this context: the kernel's own reason
 * where it gave one, else the text of the errno value. "" if nothing did, also
 * if a callback ended the call or before the first one. Never NULL. Valid until
 * the next call on the context.
 */
const char *pg_error(const struct pg_ctx *ctx);

/**
 * Size of the receive buffer in bytes, 32768 unless set; the kernel fills no
 * more than 32768. A smaller one costs more system calls and nothing else.
 *
 * Only before the first dump on the context (-EBUSY), since the kernel
 * remembers the largest; -EINVAL below 4096 or above 1 GiB.
 */
int pg_set_buffer(struct pg_ctx *ctx, size_t size);

/** Flags of struct pg_group_spec. */
enum pg_group_flag {
	PG_GROUP_SET_OWNER = 1,	/**< owner is set, else it is the caller */
};

/** What to create; strings are UTF-8, NULL for none. */
struct pg_group_spec {
	size_t size;
	const char *name;	/**< 1 to PG_NAME_MAX bytes */
	const char *label;	/**< at most PG_TEXT_MAX bytes */
	const char *comment;	/**< likewise */
	uint32_t flags;		/**< enum pg_group_flag */
	uid_t owner;		/**< 0 without PG_GROUP_SET_OWNER */
};

/** Called with a group; anything but 0 ends the call with that value. */
typedef int (*pg_group_cb)(const struct pg_group *group, void *arg);

/**
 * Create a group. id receives its id, generation (may be NULL) the generation
 * it took.
 *
 * -EEXIST: the name is taken; -EINVAL: the name or a text is no valid UTF-8,
 * has control characters or is too long; -EPERM: not allowed, such as for
 * another owner; -ENOSPC: a limit is reached.
 */
int pg_group_add(struct pg_ctx *ctx, const struct pg_group_spec *spec,
		 uint32_t *id, uint64_t *generation);

/**
 * Delete a group; its sockets live on. generation (may be NULL) receives the
 * generation at which it and its connections were gone.
 *
 * -ENOENT: no such group; -EPERM: neither its owner nor CAP_NET_ADMIN.
 */
int pg_group_del(struct pg_ctx *ctx, uint32_t id, uint64_t *generation);

/**
 * The id of the group of this name. -ENOENT: there is none; -EINVAL: no group
 * can have this name.
 */
int pg_group_find(struct pg_ctx *ctx, const char *name, uint32_t *id);

/** Show one group to cb; -ENOENT if there is none. */
int pg_group_get(struct pg_ctx *ctx, uint32_t id, pg_group_cb cb, void *arg);

/**
 * Show every group of the namespace to cb, in the order of creation.
 * generation (may be NULL) receives the generation shown.
 */
int pg_group_list(struct pg_ctx *ctx, pg_group_cb cb, void *arg,
		  uint64_t *generation);

/** A socket to attach. */
struct pg_attach {
	size_t size;
	int fd;			/**< a TCP socket, connected or connecting */
	enum pg_type type;	/**< PG_TYPE_ANY means neighbor */
	uint64_t node_id;
	const char *peer_id;	/**< UTF-8, at most PG_NAME_MAX bytes, or NULL */
};

/**
 * Attach n sockets to a group, all or none; n is at most PG_ATTACH_MAX
 * (-E2BIG). The sockets are the elements of an array of struct pg_attach. ids
 * (may be NULL) receives n ids in the same order; generation (may be NULL) the
 * generation of the last. After a failure the content of ids means nothing.
 * *failed (may be NULL) is always written: the index of the socket that was
 * refused, n if it was no single one or all went well.
 *
 * The kernel takes no reference to the descriptor: closing it ends the
 * connection as ever, and with it its membership. A socket that is still
 * connecting is pending until it becomes active, by itself, or fails.
 *
 * -EINVAL: n is 0, a type or a peer id is none; -EMSGSIZE: more than the send
 * buffer of a socket takes (net.core.wmem_default), attach fewer at once;
 * -EBADF, -ENOTSOCK: no socket; -EOPNOTSUPP: not TCP, or MPTCP; -EXDEV: a
 * socket of another namespace; -ENOTCONN: neither established nor on the way
 * there; -EEXIST: already in
 * this group; -ENOSPC: limit of the group; -EBUSY: in use by another call for
 * too long; -ENOENT, -EPERM as for pg_group_del().
 */
int pg_conn_attach(struct pg_ctx *ctx, uint32_t group_id,
		   const struct pg_attach *socks, size_t n, uint64_t *ids,
		   uint64_t *generation, size_t *failed);

/**
 * Detach a connection; the socket lives on. With group_id other than 0 only
 * from that group. -ENOENT: no such connection (any more); -EPERM.
 */
int pg_conn_detach(struct pg_ctx *ctx, uint32_t group_id, uint64_t id,
		   uint64_t *generation);

/** Flags of struct pg_filter. */
enum pg_filter_flag {
	PG_FILTER_STATS = 1,	/**< with statistics, where allowed */
	PG_FILTER_ALL = 2,	/**< pending connections, too */
};

/** Which connections to dump; zero selects all. The kernel filters. */
struct pg_filter {
	size_t size;
	uint32_t group_id;	/**< 0: all groups */
	enum pg_type type;	/**< PG_TYPE_ANY: all types */
	const struct pg_addr *remote; /**< its address only; NULL: any */
	uint32_t flags;		/**< enum pg_filter_flag */
	uint32_t reserved;	/**< 0 */
};

/** Called with a connection; anything but 0 ends the call with that value. */
typedef int (*pg_conn_cb)(const struct pg_conn *conn, void *arg);

/**
 * Called once, before the first connection of a dump: the generation shown and
 * how many connections will follow, at most if a remote address filters.
 * Anything but 0 ends the call with that value.
 */
typedef int (*pg_begin_cb)(uint64_t generation, uint32_t count, void *arg);

/**
 * Show the active connections of one generation to cb as they arrive, in the
 * order of creation of groups, and within one in the order in which they became
 * active; pending ones, if asked for, follow those of their group. begin may be
 * NULL. Nothing is kept: memory use does not depend on their number.
 *
 * What was shown before a failure is incomplete; throw it away. -ESTALE: the
 * caller stalled for so long that the kernel dropped the dump; ask again.
 * -ENOENT: no such group; -EINVAL: the filter makes no sense.
 */
int pg_conn_dump(struct pg_ctx *ctx, const struct pg_filter *filter,
		 pg_begin_cb begin, pg_conn_cb cb, void *arg);

/**
 * Show one connection, active or pending, to cb. With stats, -EPERM unless
 * caller owns the group or has CAP_NET_ADMIN. -ENOENT: no such connection (any
 * more).
 */
int pg_conn_get(struct pg_ctx *ctx, uint64_t id, bool stats, pg_conn_cb cb,
		void *arg);

/*
 * Rules
 *
 * A rule says which sockets belong to a group. The kernel adopts each that
 * matches the moment it is established, whichever program it is of; the
 * connection is one as any other, with a node id that the kernel makes of the
 * remote address, and without a peer id. A socket may match rules of several
 * groups; within one the rule of the lowest id counts.
 */

/** A range of addresses. This structure never grows. */
struct pg_prefix {
	int family;		/**< AF_INET, AF_INET6, or 0: any address */
	uint32_t len;		/**< bits that count, the others are 0 */
	union {
		struct in_addr ipv4;
		struct in6_addr ipv6;
	};
};

/** Flags of rules. */
enum pg_rule_flag {
	PG_RULE_UID = 1,	/**< uid is set, else sockets of all users */
	/**
	 * Sockets that are established already are adopted, too, also those
	 * that other rules of the group let go when they are deleted. Not
	 * together with a direction, which they do not tell.
	 */
	PG_RULE_EXISTING = 2,
	/** pg_rule_del() only: connections that it adopted stay. */
	PG_RULE_KEEP = 4,
};

/**
 * Which sockets a rule wants: those that match all that is not 0. Ports are in
 * host order; a highest port of 0 means that there is only the lowest.
 */
struct pg_rule_spec {
	size_t size;
	uint32_t group_id;
	enum pg_type type;	/**< of what it adopts; PG_TYPE_ANY: neighbor */
	uint16_t local_port_min;
	uint16_t local_port_max;
	uint16_t remote_port_min;
	uint16_t remote_port_max;
	struct pg_prefix local;
	struct pg_prefix remote;
	enum pg_direction direction;
	uint32_t flags;		/**< PG_RULE_UID, PG_RULE_EXISTING */
	/**
	 * Owner of the socket; an accepted one has that of the listening one
	 * until accept(2) returns it. 0 without PG_RULE_UID.
	 */
	uid_t uid;
	uint32_t reserved;	/**< 0 */
};

/**
 * A rule as the kernel reports it, highest ports filled in. Lifetime as for
 * struct pg_conn.
 */
struct pg_rule {
	uint32_t id;		/**< unique in the namespace, never reused */
	uint32_t group_id;
	enum pg_type type;
	enum pg_direction direction;
	uint16_t local_port_min;
	uint16_t local_port_max;
	uint16_t remote_port_min;
	uint16_t remote_port_max;
	struct pg_prefix local;
	struct pg_prefix remote;
	uid_t uid;		/**< with PG_RULE_UID in flags */
	uint32_t flags;		/**< PG_RULE_UID, PG_RULE_EXISTING */
	uint64_t gained;	/**< connections it ever adopted */
};

/** Called with a rule; anything but 0 ends the call with that value. */
typedef int (*pg_rule_cb)(const struct pg_rule *rule, void *arg);

/**
 * Make a rule. id (may be NULL) receives its id, generation (may be NULL) the
 * generation it took. With PG_RULE_EXISTING all sockets that match have been
 * adopted when this returns, but for those that a call of their program has had
 * locked for 100 ms, and for what is left after a second: they follow.
 *
 * -EPERM: needs CAP_NET_ADMIN; -ENOENT: no such group; -EEXIST: the group has a
 * rule that matches the same sockets; -EINVAL: what is given makes no sense;
 * -ENOSPC: limit of the namespace.
 */
int pg_rule_add(struct pg_ctx *ctx, const struct pg_rule_spec *spec,
		uint32_t *id, uint64_t *generation);

/**
 * Delete a rule, with group_id other than 0 only if it is of that group. What
 * it adopted has left the group as PG_REASON_DETACHED when this returns (what is
 * left after a second follows), or stays with PG_RULE_KEEP in flags. -ENOENT: no
 * such rule; -EPERM.
 */
int pg_rule_del(struct pg_ctx *ctx, uint32_t group_id, uint32_t id,
		uint32_t flags, uint64_t *generation);

/** Show one rule to cb; -ENOENT if there is none. */
int pg_rule_get(struct pg_ctx *ctx, uint32_t id, pg_rule_cb cb, void *arg);

/**
 * Show every rule of a group (0: of the namespace) to cb, by group, and within
 * one by id. generation (may be NULL) receives the generation shown. -ENOENT: no such group.
 */
int pg_rule_list(struct pg_ctx *ctx, uint32_t group_id, pg_rule_cb cb,
		 void *arg, uint64_t *generation);

/*
 * Events
 *
 * Every change in a network namespace takes the next generation and has one
 * event. There are three ways to follow them, each built on the one before:
 *
 * - a subscription (struct pg_sub) hands out events as they come;
 * - a picture (struct pg_picture) is what events make of a list;
 * - a watch (struct pg_watch) lists, then watches, and keeps a picture that is
 *   right at any time, also where events were lost.
 *
 * Of each object here, and of what it hands out, only one thread at a time may
 * make use; different objects are independent. After a fork() only one side may
 * use one, and the other may close it. A callback must not change the picture
 * that calls it, nor use the watch it belongs to.
 */

/** Types of an event. More may come; ignore what you do not know. */
enum pg_event_type {
	/** A group was created. */
	PG_EVENT_GROUP_NEW = 1,
	/**
	 * A group was deleted, and all its connections and rules have left it
	 * with it, without events of their own.
	 */
	PG_EVENT_GROUP_GONE = 2,
	/** A socket that is connecting was attached. */
	PG_EVENT_CONN_PENDING = 3,
	/** A connection has become active. */
	PG_EVENT_CONN_NEW = 4,
	/** A connection, active or pending, has left its group. */
	PG_EVENT_CONN_GONE = 5,
	/**
	 * Events were lost: what was known is not right any longer. A watch
	 * goes on with the difference. generation is the last one known.
	 */
	PG_EVENT_RESYNC = 6,
	/**
	 * From a watch only: all of the list or difference has been handed
	 * out, and its picture is that of this generation.
	 */
	PG_EVENT_SYNCED = 7,
	/** A rule was made. Watches and pictures do not list rules. */
	PG_EVENT_RULE_NEW = 8,
	/** A rule was deleted, other than with its group. */
	PG_EVENT_RULE_GONE = 9,
};

/** Flags of an event. */
enum pg_event_flag {
	/**
	 * Part of a list or of a difference, as of its generation. Why and when
	 * a connection has gone is not known then.
	 */
	PG_EVENT_LISTED = 1,
};

/**
 * An event. It and all it points to belong to whoever hands it out, and are
 * valid until the next call of the function that did. New members come at the
 * end.
 */
struct pg_event {
	enum pg_event_type type;
	uint32_t flags;			/**< enum pg_event_flag */
	uint64_t generation;
	/**
	 * The group, of events about groups; of those about connections and
	 * rules only if they come from a watch.
	 */
	const struct pg_group *group;
	/** The connection, of events about connections, else NULL. */
	const struct pg_conn *conn;
	/** The rule, of events about rules, else NULL. */
	const struct pg_rule *rule;
};

struct pg_sub;

/**
 * Subscribe to the events of the network namespace of the calling thread: all
 * that happens after this returns.
 *
 * The kernel keeps as many events as fit into a buffer of that many bytes while
 * nobody takes them; past that they are lost. 0 is the system's default. More
 * than net.core.rmem_max needs CAP_NET_ADMIN in the initial user namespace;
 * without it, that much is taken.
 *
 * Returns as pg_open() does; there are no words for it. Released with
 * pg_sub_close().
 */
int pg_sub_open(struct pg_sub **sub, size_t buffer);

/** End a subscription. NULL does nothing. */
void pg_sub_close(struct pg_sub *sub);

/**
 * A descriptor that is readable when an event may have come, for poll(2) and
 * epoll(7) only. It stays the subscription's. First call pg_sub_next() until it
 * returns 0: events that were received together come one by one.
 */
int pg_sub_fd(const struct pg_sub *sub);

/**
 * Take the next event; never waits. Returns 1 with *event set, or 0 with NULL
 * if there is none at present, also after a failure. Generations come in order
 * and without a hole. Where some are missing PG_EVENT_RESYNC comes instead,
 * once, and nothing from before: a list made from then on is complete with the
 * events that follow.
 *
 * -ENODEV: the module is being unloaded, nothing will come any more. After any
 * other failure, such as -ENOMEM, call again before waiting for the descriptor.
 */
int pg_sub_next(struct pg_sub *sub, const struct pg_event **event);

/** What went wrong in the last call, as pg_error() has it. */
const char *pg_sub_error(const struct pg_sub *sub);

struct pg_picture;

/** An empty picture; NULL without memory. Released with pg_picture_free(). */
struct pg_picture *pg_picture_new(void);

/** Release a picture. NULL does nothing. */
void pg_picture_free(struct pg_picture *picture);

/**
 * Apply an event to a picture. Depends on nothing but these two. What is in the
 * picture already, or as old as it, changes nothing, nor do events about the
 * connections of a group that is not in it. Copies what it keeps.
 *
 * The event is one that this library has handed out, or a copy. To begin with a
 * list, open a watch and apply what it hands out up to PG_EVENT_SYNCED: lists
 * of groups and of connections that were asked for apart differ in time.
 *
 * Returns 1 if the picture changed, 0 if not, -ENOMEM (then it is unchanged).
 */
int pg_picture_apply(struct pg_picture *picture, const struct pg_event *event);

/** Generation of the last event applied, 0 before the first. */
uint64_t pg_picture_generation(const struct pg_picture *picture);

/**
 * The group or connection with an id, NULL if the picture has none. Valid until
 * the picture changes. Numbers of active and pending connections are those of
 * the picture, all else is as of the last event about the group itself.
 */
const struct pg_group *pg_picture_group(const struct pg_picture *picture,
					uint32_t id);
const struct pg_conn *pg_picture_conn(const struct pg_picture *picture,
				      uint64_t id);

/**
 * Show all groups, or all connections of a group (0: of all groups), to cb, in
 * the order in which they came. Anything but 0 from cb ends this with that
 * value.
 */
int pg_picture_groups(const struct pg_picture *picture, pg_group_cb cb,
		      void *arg);
int pg_picture_conns(const struct pg_picture *picture, uint32_t group_id,
		     pg_conn_cb cb, void *arg);

/** Flags of struct pg_watch_spec. */
enum pg_watch_flag {
	PG_WATCH_ALL = 1,	/**< pending connections, too */
};

/** What to watch; zero is all that is active in the namespace. */
struct pg_watch_spec {
	size_t size;
	/**
	 * Only this group, or NULL. It need not exist: it is waited for, and
	 * when it is deleted, for the next one of this name.
	 */
	const char *group;
	uint64_t buffer;	/**< as of pg_sub_open() */
	uint32_t group_id;	/**< only this group, which exists, or 0 */
	uint32_t flags;		/**< enum pg_watch_flag */
};

struct pg_watch;

/**
 * List, then watch, in the network namespace of the calling thread. Lists
 * before it returns: what happens from then on will be handed out.
 *
 * spec may be NULL; it is not needed any longer once this returns. Returns as
 * pg_open() and pg_conn_dump() do, without words, -EINVAL if both a name and an id are given,
 * or a name that no group can have.
 * Released with pg_watch_close().
 */
int pg_watch_open(struct pg_watch **watch, const struct pg_watch_spec *spec);

/** End a watch. NULL does nothing. */
void pg_watch_close(struct pg_watch *watch);

/** As pg_sub_fd(). First call pg_watch_next() until it returns 0. */
int pg_watch_fd(const struct pg_watch *watch);

/**
 * Take the next event, as pg_sub_next() does: first what was there (groups,
 * each followed by its connections, marked PG_EVENT_LISTED) and
 * PG_EVENT_SYNCED, then every change. If events were lost, PG_EVENT_RESYNC,
 * then what sets right all that was handed out before, marked likewise, and
 * PG_EVENT_SYNCED again. That is listed anew in this call, which so waits for
 * the kernel, yet not for any event.
 *
 * -ENODEV: the module is being unloaded. After any other failure the next call
 * goes on: -ESTALE, all attempts to list were cut off or the group came and
 * went meanwhile; -ENOMEM, if an event could not be kept, with PG_EVENT_RESYNC.
 * Call again before waiting for the descriptor.
 */
int pg_watch_next(struct pg_watch *watch, const struct pg_event **event);

/**
 * The picture that a watch keeps: what was there, and all events that have been
 * handed out; while PG_EVENT_SYNCED is still to come, that of its generation.
 * It belongs to the watch and is valid until the next pg_watch_next().
 */
const struct pg_picture *pg_watch_picture(const struct pg_watch *watch);

/** What went wrong in the last call, as pg_error() has it. */
const char *pg_watch_error(const struct pg_watch *watch);

/** Room for any address as text, "[address%scope]:port" included. */
#define PG_ADDR_STRLEN 72

/**
 * Write the address without its port in the form of RFC 5952 into buf, which
 * has room for PG_ADDR_STRLEN bytes. Returns the length. Any thread.
 */
size_t pg_addr_format(const struct pg_addr *addr, char *buf);

/*
 * Bridges to <p2p.h>. The arguments are an HGROUP and an HPEERENUM.
 */

/**
 * Id of the group behind a handle, to attach to. 0 if the handle is bad, the
 * group is gone, or the kernel cannot tell.
 */
uint32_t pg_group_from_handle(void *group);

/** Generation an enumeration of connections shows; 0 if the handle is bad. */
uint64_t pg_enum_generation(void *peer_enum);

/** How strong the keys and signatures of identities and groups are. */
enum pg_profile {
	PG_PROFILE_DEFAULT = 1,	/**< RSA of 3072 bits, SHA-256 */
	/**
	 * RSA of 1024 bits, SHA-1, as [MS-PPSEC] demands. Both can be broken:
	 * only for groups with members on Windows.
	 */
	PG_PROFILE_WINDOWS = 2,
};

/**
 * Choose the profile of what this process creates with <p2p.h> from now on.
 * Until then the environment variable PEERGROUP_PROFILE is it, "default" or
 * "windows"; without it, or with another value, the default one.
 *
 * Invitations, identities and exports of the profile windows are accepted only
 * while that is chosen; those of the default one always. Any thread. -EINVAL:
 * there is no such profile.
 */
int pg_set_profile(enum pg_profile profile);

/**
 * What an HRESULT means, in words. If the last call of <p2p.h> in this thread
 * returned it, and knew more, then what exactly went wrong: the certificate,
 * the file, the reason of OpenSSL. Never NULL; valid until the thread's next
 * call of <p2p.h> or of this.
 *
 * It may quote names that others chose, in UTF-8: who shows it to people may
 * want to escape what is not to be seen, or changes the order of the rest.
 */
const char *pg_hresult_text(int32_t hr);

#ifdef __cplusplus
}
#endif

#endif /* PEERGROUP_H */
