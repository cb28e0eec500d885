/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests to the kernel and its answers.
 */
#ifndef LIB_MESSAGE_H
#define LIB_MESSAGE_H

#include <linux/netlink.h>
#include <netlink/msg.h>

#include "context.h"

/* Enough for a request without strings. */
#define REQUEST_ROOM 256

/*
 * Handed each message of an answer, its end excepted. Anything but 0 ends the
 * exchange with that value.
 */
typedef int (*message_fn)(const struct nlmsghdr *nlh, void *arg);

/* Messages that are left of a datagram. */
struct messages {
	const unsigned char *pos;
	size_t left;		/* not 0 at the end: what is left is malformed */
};

/* Take the next message; NULL at the end. */
const struct nlmsghdr *messages_next(struct messages *run);

/*
 * Receive a datagram into the buffer, where there is that much room. Returns
 * its length, 0 for one that is none of the kernel's, -EMSGSIZE for one that
 * does not fit, or what recvmsg() says.
 */
ssize_t ctx_receive(struct pg_ctx *ctx, size_t room, int flags);

/*
 * A request. One that names objects by id is not sent again to a module that
 * was loaded anew in between: the ids mean other objects there.
 */
struct request {
	struct nl_msg *msg;
	bool by_id;
	size_t answer_room;	/* for its longest message; 0: the default */
};

/*
 * Begin a request. Fails if the context is in use by the caller of a callback,
 * whose dump would be torn apart. room is for the attributes.
 */
int request_init(struct pg_ctx *ctx, struct request *req, uint8_t cmd,
		 int flags, size_t room);

/* Send the request, hand the answer to fn, release the request. */
int request_run(struct pg_ctx *ctx, struct request *req, message_fn fn,
		void *arg);

/* Release a request that is not run. */
void request_drop(struct request *req);

/* Nests in a request; NULL if there is no room. */
struct nlattr *request_nest(struct request *req, int type);
void request_nest_end(struct request *req, struct nlattr *nest);

/* The whole nest that names a group by its id. */
int request_put_group(struct request *req, uint32_t id);

/* Numbers of a family and of one of its multicast groups, 0 if unknown. */
struct family {
	const char *mcgrp_name;	/* of the group to look for, or NULL */
	uint16_t id;
	uint32_t mcgrp;
};

/* Look up a family by its name; -ENOENT if there is none. */
int ctx_find_family(struct pg_ctx *ctx, const char *name,
		    struct family *family);

/* Look up the number of the module's family; -ENODEV if there is none. */
int ctx_resolve(struct pg_ctx *ctx);

#endif /* LIB_MESSAGE_H */
