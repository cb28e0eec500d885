// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of the groups by id.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

struct name {
	uint32_t id;
	char *text;
};

static bool make_room(struct names *names)
{
	size_t size = names->size ? 2 * names->size : 16;
	struct name *list;

	if (names->used < names->size)
		return true;
	list = reallocarray(names->list, size, sizeof(*list));
	if (!list)
		return false;
	names->list = list;
	names->size = size;
	return true;
}

int names_add(struct names *names, uint32_t id, const char *name)
{
	char *text = strdup(name);

	if (!text || !make_room(names)) {
		free(text);
		return -ENOMEM;
	}
	names->list[names->used++] = (struct name){ id, text };
	return 0;
}

static int add_group(const struct pg_group *group, void *arg)
{
	return names_add(arg, group->id, group->name);
}

static int compare(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* All groups of the namespace. */
int names_load(struct names *names, struct pg_ctx *ctx)
{
	int err = -ESTALE, tries;

	for (tries = 0; tries < DUMP_TRIES && err == -ESTALE; tries++) {
		names_free(names);
		err = pg_group_list(ctx, add_group, names, NULL);
	}
	if (!err && names->used)
		qsort(names->list, names->used, sizeof(*names->list), compare);
	return err;
}

/* NULL if there was no such group when the names were loaded. */
const char *names_find(const struct names *names, uint32_t id)
{
	struct name key = { .id = id };
	const struct name *name;

	if (!names->used)
		return NULL;
	name = bsearch(&key, names->list, names->used, sizeof(*names->list),
		       compare);
	return name ? name->text : NULL;
}

void names_free(struct names *names)
{
	size_t i;

	for (i = 0; i < names->used; i++)
		free(names->list[i].text);
	free(names->list);
	*names = (struct names){ 0 };
}
