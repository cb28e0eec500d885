/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files that make and delete rules share.
 */
#ifndef PEERGROUP_TOOL_RULE_H
#define PEERGROUP_TOOL_RULE_H

#include <sys/queue.h>

#include "tool.h"

/* rule.c: rules on the command line, and in the kernel. */

const char *rule_parse(struct args *args, struct pg_rule *rule);
int rule_make(struct pg_ctx *ctx, uint32_t group_id, const struct pg_rule *rule,
	      uint32_t *id);

/* ruleset.c: the rules of a group, in their order. */

struct ruleset_rule {
	struct pg_rule rule;	/* id 0: there is none */
	unsigned int line;	/* of a file */

	TAILQ_ENTRY(ruleset_rule) link;
};

TAILQ_HEAD(ruleset, ruleset_rule);

int ruleset_add(struct ruleset *set, const struct pg_rule *rule,
		unsigned int line);
int ruleset_copy(struct ruleset *set, const struct ruleset *from);
int ruleset_read(struct ruleset *set, struct pg_ctx *ctx, uint32_t group_id);
struct ruleset_rule *ruleset_find_same(const struct ruleset *set,
				       const struct pg_rule *rule);
int ruleset_make(struct ruleset *wanted, struct ruleset *rest,
		 struct pg_ctx *ctx, uint32_t group_id, unsigned int *line);
int ruleset_drop(struct ruleset *set, struct pg_ctx *ctx, uint32_t flags);
void ruleset_free(struct ruleset *set);

#endif /* PEERGROUP_TOOL_RULE_H */
