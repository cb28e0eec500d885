/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Raw requests to the module, for what the library would not send: malformed
 * messages, and messages sent by another process than the one that opened the
 * socket.
 */
#ifndef SELFTESTS_REQUEST_H
#define SELFTESTS_REQUEST_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <stdint.h>

struct answer {
	int err;		/* 0 or a negative errno value */
	char text[256];		/* the kernel's reason, "" if it gave none */
	bool done;		/* it came at the end of a dump */
	bool placed;		/* it named an attribute ... */
	uint32_t offset;	/* ... here in the request */
	uint32_t missing;	/* type of a missing attribute, 0 if none */
	unsigned int conns;	/* records of connections received */
	unsigned int stats;	/* of which so many with statistics */
	uint32_t group_id;	/* of the last record of a group */
	unsigned int rules;	/* records of rules received */
	uint32_t rule_id;	/* of the last of them */
	uint32_t count;		/* of records, as announced */
	unsigned int generations; /* different ones in turn */
	uint64_t generation;	/* the last one */
};

/* A generic netlink socket, or a negative errno value. */
int request_open(void);

/* A message for a command of the module; NULL if there is no memory. */
struct nl_msg *request_new(int cmd, int flags);

void request_put_u32(struct nl_msg *msg, int nest, int type, uint32_t value);
void request_put_u64(struct nl_msg *msg, int nest, int type, uint64_t value);

/* Send, receive to the end, free the message; returns answer->err. */
int request_send(int fd, struct nl_msg *msg, struct answer *answer);

/* The same in two steps, between which a dump stalls. */
int request_begin(int fd, struct nl_msg *msg);
int request_end(int fd, struct answer *answer);

#endif /* SELFTESTS_REQUEST_H */
