/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attributes of received messages, read in place. No function here has any
 * state or calls the kernel.
 */
#ifndef LIB_PARSE_H
#define LIB_PARSE_H

#include <linux/netlink.h>

#include "public.h"

/* An attribute that lies within its message. */
struct attr {
	uint16_t type;		/* without flags */
	size_t len;
	const void *data;
};

/* What is left of a run of attributes. */
struct attrs {
	const unsigned char *pos;
	size_t left;
	bool bad;		/* the run ended within an attribute */
};

/* Take the next attribute; false at the end, or with bad set. */
bool attrs_next(struct attrs *run, struct attr *attr);

/* The attributes within a nest. */
struct attrs attr_nested(const struct attr *attr);

/* The attributes of a generic netlink message, none if it is too short. */
struct attrs genl_attrs(const struct nlmsghdr *nlh);

/* Values; false if the attribute has another length. */
bool attr_u16(const struct attr *attr, uint16_t *value);
bool attr_u32(const struct attr *attr, uint32_t *value);
bool attr_u64(const struct attr *attr, uint64_t *value);

/* A string that ends with the attribute; NULL if it does not. */
const char *attr_string(const struct attr *attr);

/* A connection and what its pointers point to. */
struct parsed_conn {
	struct pg_conn conn;
	struct pg_stats stats;
};

/*
 * Read a nest. Attributes of unknown type are skipped, of two of one type the
 * last counts. False if one is malformed or there is no id.
 */
bool parse_conn(const struct attr *nest, struct parsed_conn *parsed);

/* Whether a connection has all that every one has. */
bool conn_complete(const struct pg_conn *conn);

/* A group and what its pointers point to. */
struct parsed_group {
	struct pg_group group;
	uint64_t lost[PG_REASON_CONNECT_FAILED + 1];
};

/* Likewise for a group. */
bool parse_group(const struct attr *nest, struct parsed_group *parsed);

/* Likewise for a rule, which points to nothing. */
bool parse_rule(const struct attr *nest, struct pg_rule *rule);

/* Whether a rule has all that every one has. */
bool rule_complete(const struct pg_rule *rule);

/* Bits of an address, none without a family. */
uint32_t prefix_bits(int family);

#endif /* LIB_PARSE_H */
