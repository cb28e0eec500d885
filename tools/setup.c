// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups and their rules, as they are or are to be.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "setup.h"

static void free_group(struct setup_group *group)
{
	ruleset_free(&group->rules);
	ruleset_free(&group->rest);
	free(group->name);
	free(group->label);
	free(group->comment);
	free(group);
}

/* Copies the texts, of which label and comment may be NULL. */
struct setup_group *setup_add(struct setup *setup, const char *name,
			      const char *label, const char *comment)
{
	struct setup_group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	TAILQ_INIT(&group->rules);
	TAILQ_INIT(&group->rest);
	group->name = strdup(name);
	group->label = strdup(label ?: "");
	group->comment = strdup(comment ?: "");
	if (!group->name || !group->label || !group->comment) {
		free_group(group);
		return NULL;
	}
	TAILQ_INSERT_TAIL(setup, group, link);
	return group;
}

struct setup_group *setup_find(const struct setup *setup, const char *name)
{
	struct setup_group *group;

	TAILQ_FOREACH(group, setup, link)
		if (!strcmp(group->name, name))
			return group;
	return NULL;
}

static int add_group(const struct pg_group *group, void *arg)
{
	struct setup_group *new;

	new = setup_add(arg, group->name, group->label, group->comment);
	if (!new)
		return -ENOMEM;
	new->id = group->id;
	new->owner = group->owner;
	return 0;
}

static int add_rule(const struct pg_rule *rule, void *arg)
{
	struct setup_group *group;
	struct setup *setup = arg;

	TAILQ_FOREACH(group, setup, link)
		if (group->id == rule->group_id)
			return ruleset_add(&group->rules, rule, 0);
	/* The group is younger than the list of groups. */
	return -EAGAIN;
}

/*
 * What the kernel has: all rules as of one generation. Of a group that goes
 * meanwhile they are missing. To be freed in every case.
 */
int setup_read(struct setup *setup, struct pg_ctx *ctx)
{
	int err, tries = DUMP_TRIES;

	TAILQ_INIT(setup);
	do {
		setup_free(setup);
		err = pg_group_list(ctx, add_group, setup, NULL);
		if (!err)
			err = pg_rule_list(ctx, 0, add_rule, setup, NULL);
	} while ((err == -ESTALE || err == -EAGAIN) && --tries);
	return err;
}

void setup_free(struct setup *setup)
{
	struct setup_group *group;

	while ((group = TAILQ_FIRST(setup))) {
		TAILQ_REMOVE(setup, group, link);
		free_group(group);
	}
}
