/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is behind an HGROUP.
 */
#ifndef LIB_P2P_GROUP_H
#define LIB_P2P_GROUP_H

#include "../context.h"
#include "handle.h"

/*
 * The module of another load and another network namespace have other groups
 * of the same ids; the number of the family tells the loads apart.
 */
struct group {
	struct object base;
	uint64_t epoch;		/* in which the handle was made */
	uint64_t netns;
	uint32_t id;
	uint16_t family;
};

/* The group behind a handle, with a reference; NULL if it is a bad one. */
struct group *group_get(HGROUP handle);
void group_put(struct group *group);

/*
 * Make a handle for a group that ctx has just found or created, for a call that
 * began in the given epoch.
 */
HRESULT group_handle(const struct pg_ctx *ctx, uint32_t id, uint64_t epoch,
		     HGROUP *handle);

/* Take a context from the pool to ask about the group; -ENOENT if it is gone. */
int group_ctx(const struct group *group, struct pg_ctx **ctx);

#endif /* LIB_P2P_GROUP_H */
