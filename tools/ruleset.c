// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of a group, in their order.
 */
#include <errno.h>
#include <stdlib.h>

#include "rule.h"

int ruleset_add(struct ruleset *set, const struct pg_rule *rule)
{
	struct ruleset_rule *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->rule = *rule;
	TAILQ_INSERT_TAIL(set, new, link);
	return 0;
}

static int add_rule(const struct pg_rule *rule, void *arg)
{
	return ruleset_add(arg, rule);
}

/* Those that the kernel has. To be freed in every case. */
int ruleset_read(struct ruleset *set, struct pg_ctx *ctx, uint32_t group_id)
{
	int err = -ESTALE, tries;

	TAILQ_INIT(set);
	for (tries = 0; tries < DUMP_TRIES && err == -ESTALE; tries++) {
		ruleset_free(set);
		err = pg_rule_list(ctx, group_id, add_rule, set, NULL);
	}
	return err;
}

/*
 * Delete them, the last first: what an earlier one lets go a later one that
 * wants existing connections would take in, only to let it go, too.
 */
int ruleset_drop(struct ruleset *set, struct pg_ctx *ctx, uint32_t flags)
{
	struct ruleset_rule *last;
	int err;

	while ((last = TAILQ_LAST(set, ruleset))) {
		err = pg_rule_del(ctx, last->rule.group_id, last->rule.id,
				  flags, NULL);
		if (err)
			return err;
		TAILQ_REMOVE(set, last, link);
		free(last);
	}
	return 0;
}

void ruleset_free(struct ruleset *set)
{
	struct ruleset_rule *rule;

	while ((rule = TAILQ_FIRST(set))) {
		TAILQ_REMOVE(set, rule, link);
		free(rule);
	}
}
