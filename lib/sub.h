/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Subscriptions to events.
 */
#ifndef LIB_SUB_H
#define LIB_SUB_H

#include "message.h"
#include "parse.h"

struct pg_sub {
	struct pg_ctx ctx;	/* receives only; requests go another way */
	struct messages run;	/* of the datagram received last */
	uint64_t from;		/* events of earlier generations are skipped */
	uint64_t next;		/* generation to come, 0 if any may */
	uint64_t last;		/* generation known last */
	bool lost;		/* to be reported */
	bool ended;		/* the module is gone */

	/* What was handed out last. */
	struct pg_event event;
	struct parsed_conn conn;
	struct parsed_group group;
	struct pg_rule rule;
};

/* pg_sub_open(), looking up the family by way of ctx. */
int sub_open(struct pg_sub **sub, struct pg_ctx *ctx, size_t buffer);

/* Go on behind this generation, which a list has shown. */
void sub_go_on(struct pg_sub *sub, uint64_t generation);

/* Was the module loaded anew since, as ctx has noticed? */
bool sub_is_stale(const struct pg_sub *sub, const struct pg_ctx *ctx);

#endif /* LIB_SUB_H */
