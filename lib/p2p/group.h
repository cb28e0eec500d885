/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is behind an HGROUP.
 */
#ifndef LIB_P2P_GROUP_H
#define LIB_P2P_GROUP_H

#include "../context.h"
#include "../store/membership.h"
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
	struct member *member;	/* NULL: the group is plain */
};

/* For whom a secured group was opened. */
struct member {
	char *identity;
	char *group;		/* its name */
	char *key;		/* path of the identity's file */
	int64_t from;		/* seconds since 1970 */
	int64_t until;
};

/* The group behind a handle, with a reference; NULL if it is a bad one. */
struct group *group_get(HGROUP handle);
void group_put(struct group *group);

/*
 * Make a handle for a group that ctx has just found or created, for a call that
 * began in the given epoch. membership is NULL for a plain group.
 */
HRESULT group_handle(const struct pg_ctx *ctx, uint32_t id,
		     const struct membership *membership, uint64_t epoch,
		     HGROUP *handle);

/*
 * Whether who opened the group may still use it: PEER_E_INVALID_TIME_PERIOD,
 * PEER_E_NO_KEY_ACCESS. A plain group is open to all.
 */
HRESULT group_check(const struct group *group);

/* Delete the kernel's group, and all handles of it. */
int group_delete(struct pg_ctx *ctx, uint32_t id);

/* Take a context from the pool to ask about the group; -ENOENT if it is gone. */
int group_ctx(const struct group *group, struct pg_ctx **ctx);

#endif /* LIB_P2P_GROUP_H */
