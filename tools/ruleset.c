// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of a group, in their order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rule.h"

int ruleset_add(struct ruleset *set, const struct pg_rule *rule,
		unsigned int line)
{
	struct ruleset_rule *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->rule = *rule;
	new->line = line;
	TAILQ_INSERT_TAIL(set, new, link);
	return 0;
}

static int add_rule(const struct pg_rule *rule, void *arg)
{
	return ruleset_add(arg, rule, 0);
}

/* Behind what is in it already. */
int ruleset_copy(struct ruleset *set, const struct ruleset *from)
{
	const struct ruleset_rule *rule;
	int err = 0;

	TAILQ_FOREACH(rule, from, link) {
		err = ruleset_add(set, &rule->rule, rule->line);
		if (err)
			break;
	}
	return err;
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

/* The kernel refuses two such in a group. */
static bool same_sockets(const struct pg_rule *a, const struct pg_rule *b)
{
	const uint32_t flags = PG_RULE_UID;

	return a->local_port_min == b->local_port_min &&
	       a->local_port_max == b->local_port_max &&
	       a->remote_port_min == b->remote_port_min &&
	       a->remote_port_max == b->remote_port_max &&
	       !memcmp(&a->local, &b->local, sizeof(a->local)) &&
	       !memcmp(&a->remote, &b->remote, sizeof(a->remote)) &&
	       a->direction == b->direction && a->uid == b->uid &&
	       (a->flags & flags) == (b->flags & flags);
}

static bool same_rule(const struct pg_rule *a, const struct pg_rule *b)
{
	return same_sockets(a, b) && a->type == b->type && a->flags == b->flags;
}

static void forget(struct ruleset *set, struct ruleset_rule *rule)
{
	TAILQ_REMOVE(set, rule, link);
	free(rule);
}

/* The rule for the same sockets; NULL if there is none. */
struct ruleset_rule *ruleset_find_same(const struct ruleset *set,
				       const struct pg_rule *rule)
{
	struct ruleset_rule *same;

	TAILQ_FOREACH(same, set, link)
		if (same_sockets(&same->rule, rule))
			return same;
	return NULL;
}

/*
 * Take those that stay out of the rest, and their ids. A new rule comes behind
 * all that there are, so one can stay only if all that are to be before it do.
 */
static void match(struct ruleset *wanted, struct ruleset *rest)
{
	struct ruleset_rule *next = TAILQ_FIRST(wanted), *rule, *following;

	for (rule = TAILQ_FIRST(rest); rule && next; rule = following) {
		following = TAILQ_NEXT(rule, link);
		if (!same_rule(&rule->rule, &next->rule))
			continue;
		next->rule.id = rule->rule.id;
		next = TAILQ_NEXT(next, link);
		forget(rest, rule);
	}
	for (; next; next = TAILQ_NEXT(next, link))
		next->rule.id = 0;
}

/* If it is gone already, so much the better. */
static int drop(struct pg_ctx *ctx, const struct ruleset_rule *rule,
		uint32_t flags)
{
	int err = pg_rule_del(ctx, rule->rule.group_id, rule->rule.id, flags,
			      NULL);

	return err == -ENOENT ? 0 : err;
}

/* Make a rule, in the place of one of the rest if need be. */
static int make(struct ruleset_rule *rule, struct ruleset *rest,
		struct pg_ctx *ctx, uint32_t group_id)
{
	struct ruleset_rule *same = ruleset_find_same(rest, &rule->rule);
	int err;

	if (same) {
		err = drop(ctx, same, 0);
		if (err)
			return err;
		forget(rest, same);
	}
	return rule_make(ctx, group_id, &rule->rule, &rule->rule.id);
}

/*
 * Make the wanted rules of a group that are not there, or not in their place.
 * The rest is what the group has, and then what is left to be dropped. *line
 * is that of the rule at work.
 */
int ruleset_make(struct ruleset *wanted, struct ruleset *rest,
		 struct pg_ctx *ctx, uint32_t group_id, unsigned int *line)
{
	struct ruleset_rule *rule;
	int err = 0;

	match(wanted, rest);
	TAILQ_FOREACH(rule, wanted, link) {
		if (rule->rule.id)
			continue;
		*line = rule->line;
		err = make(rule, rest, ctx, group_id);
		if (err)
			break;
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
		err = drop(ctx, last, flags);
		if (err)
			return err;
		forget(set, last);
	}
	return 0;
}

void ruleset_free(struct ruleset *set)
{
	struct ruleset_rule *rule;

	while ((rule = TAILQ_FIRST(set)))
		forget(set, rule);
}
