/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests about rules share. All return 0 or a negative errno value unless
 * they say otherwise.
 */
#ifndef SELFTESTS_ADOPTED_H
#define SELFTESTS_ADOPTED_H

#include <netinet/in.h>
#include <peergroup.h>
#include <stdbool.h>

#include "util.h"

/* A rule that wants every connection. */
struct pg_rule_spec rule_spec(uint32_t group);
/* The same with flags, for a group of the namespace. */
int add_rule(struct pg_ctx *ctx, uint32_t group, uint32_t flags, uint32_t *id);
int get_rule(struct pg_ctx *ctx, uint32_t id, struct pg_rule *rule);

/* What a group tells about its rules. */
struct rule_totals {
	uint32_t rules;
	uint64_t missed;
	uint64_t missed_lost;
	uint64_t refused;
};

int get_rule_totals(struct pg_ctx *ctx, uint32_t group,
		    struct rule_totals *totals);

/*
 * The connection of a socket in a group: -ENOENT if it has none there, -ENOTUNIQ
 * if it has several.
 */
int find_conn(struct pg_ctx *ctx, uint32_t group, int fd,
	      struct conn_copy *copy);
/* The socket is in the group, once, by this rule (0: attached). */
bool is_adopted(struct pg_ctx *ctx, uint32_t group, int fd, uint32_t rule);
/* The group has each of these sockets once, and no other. */
bool has_exactly(struct pg_ctx *ctx, uint32_t group, const int *fds, size_t n);

/* All addresses of 2001:db8::/32 are to be this namespace's. */
int own_documentation_prefix(void);

/* One end of a connection to be made; the address may be IPv4 mapped. */
struct end {
	const char *address;
	in_port_t port;
};

/* A listening socket there, and one connected from one to the other. */
int listen_at(const struct end *end);
int connect_from(const struct end *from, const struct end *to);
/* A connection from one to the other; fds[0] connected, fds[1] accepted. */
int pair_between(const struct end *from, const struct end *to, int fds[2]);

#endif /* SELFTESTS_ADOPTED_H */
