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
	uint32_t limit;		/**< most connections */
};

/** Version of the library as "major.minor.patch". Static; any thread. */
const char *pg_version(void);

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
	int fd;			/**< a connected TCP socket; stays yours */
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
 * connection as ever, and with it its membership.
 *
 * -EINVAL: n is 0, a type or a peer id is none; -EMSGSIZE: more than the send
 * buffer of a socket takes (net.core.wmem_default), attach fewer at once;
 * -EBADF, -ENOTSOCK: no socket; -EOPNOTSUPP: not TCP, or MPTCP; -EXDEV: a
 * socket of another namespace; -ENOTCONN: not established; -EEXIST: already in
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
 * order of groups and then of connections (each by creation). begin may be
 * NULL. Nothing is kept: memory use does not depend on their number.
 *
 * What was shown before a failure is incomplete; throw it away. -ESTALE: the
 * caller stalled for so long that the kernel dropped the dump; ask again.
 * -ENOENT: no such group; -EINVAL: the filter makes no sense.
 */
int pg_conn_dump(struct pg_ctx *ctx, const struct pg_filter *filter,
		 pg_begin_cb begin, pg_conn_cb cb, void *arg);

/**
 * Show one connection to cb. With stats, -EPERM unless caller owns the group
 * or has CAP_NET_ADMIN. -ENOENT: no such connection (any more).
 */
int pg_conn_get(struct pg_ctx *ctx, uint64_t id, bool stats, pg_conn_cb cb,
		void *arg);

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

#ifdef __cplusplus
}
#endif

#endif /* PEERGROUP_H */
