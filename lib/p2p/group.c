// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Groups: open, close, delete, status.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../message.h"
#include "../peername.h"
#include "../reason.h"
#include "../utf8.h"
#include "group.h"
#include "hresult.h"
#include "member.h"
#include "pool.h"
#include "secured.h"
#include "startup.h"

static void group_destroy(struct object *object)
{
	struct group *group = (struct group *)object;

	member_free(group->member);
	free(group);
}

struct group *group_get(HGROUP handle)
{
	return (struct group *)handle_get(HANDLE_GROUP, handle);
}

void group_put(struct group *group)
{
	object_put(&group->base);
}

HRESULT group_handle(const struct pg_ctx *ctx, uint32_t id,
		     const struct membership *membership, uint64_t epoch,
		     HGROUP *handle)
{
	struct group *group = calloc(1, sizeof(*group));
	HRESULT hr = S_OK;
	int err;

	if (!group)
		return E_OUTOFMEMORY;
	if (membership)
		hr = member_new(membership, &group->member);
	if (FAILED(hr)) {
		free(group);
		return hr;
	}

	object_init(&group->base, HANDLE_GROUP, group_destroy);
	group->id = id;
	group->family = ctx->family;
	group->netns = ctx->netns;
	group->epoch = epoch;
	err = handle_new(&group->base, epoch, handle);
	if (err)
		group_put(group);
	return hresult_from_errno(err);
}

/* An idle context may not know yet that the module was loaded anew. */
static int match_family(struct pg_ctx *ctx, uint16_t family)
{
	int err = 0;

	if (ctx->family != family)
		err = ctx_resolve(ctx);
	if (!err && ctx->family != family)
		err = -ENOENT;
	return err;
}

int group_ctx(const struct group *group, struct pg_ctx **ctx)
{
	int err = pool_get(ctx);

	/* The caller moved to another namespace, such as after a fork(). */
	if (err == -EXDEV)
		return -ENOENT;
	if (err)
		return err;

	if ((*ctx)->netns == group->netns)
		err = match_family(*ctx, group->family);
	else
		err = -ENOENT;
	if (err)
		pool_put(*ctx);
	return err;
}

/* The id that a program is about to use must still be that of the group. */
static bool exists(const struct group *group)
{
	struct pg_ctx *ctx;
	int err;

	if (group_ctx(group, &ctx))
		return false;
	err = pg_group_get(ctx, group->id, NULL, NULL);
	pool_put(ctx);
	return !err;
}

uint32_t pg_group_from_handle(void *handle)
{
	struct group *group = group_get(handle);
	uint32_t id;

	if (!group)
		return 0;
	id = exists(group) ? group->id : 0;
	group_put(group);
	return id;
}

static bool same_group(const struct object *object, const void *arg)
{
	const struct group *group = (const struct group *)object;
	const struct group *deleted = arg;

	return object->kind == HANDLE_GROUP && group->id == deleted->id &&
	       group->family == deleted->family &&
	       group->netns == deleted->netns;
}

int group_delete(struct pg_ctx *ctx, uint32_t id)
{
	struct group deleted = { .id = id };
	int err;

	err = pg_group_del(ctx, id, NULL);
	if (err)
		return err;
	deleted.family = ctx->family;
	deleted.netns = ctx->netns;
	handle_close_all(same_group, &deleted);
	return 0;
}

/* The UTF-8 of a name that is looked up. */
static HRESULT name_from_wide(PCWSTR wide, char name[PG_NAME_MAX + 1])
{
	if (!wide || utf8_from_wide(wide, name, PG_NAME_MAX + 1) <= 0)
		return E_INVALIDARG;
	return S_OK;
}

static HRESULT open_plain(const char *name, uint64_t epoch, HGROUP *handle)
{
	struct pg_ctx *ctx;
	uint32_t id;
	HRESULT hr;
	int err;

	err = pool_get(&ctx);
	if (err)
		return hresult_from_errno(err);

	err = pg_group_find(ctx, name, &id);
	hr = err ? hresult_of_name(err) :
		   group_handle(ctx, id, NULL, epoch, handle);
	pool_put(ctx);
	return hr;
}

HRESULT WINAPI PeerGroupOpen(PCWSTR pwzIdentity, PCWSTR pwzGroupPeerName,
			     PCWSTR pwzCloud, HGROUP *phGroup)
{
	char name[PG_NAME_MAX + 1];
	uint64_t epoch;
	HRESULT hr;

	reason_clear();
	if (!phGroup)
		return E_INVALIDARG;
	*phGroup = NULL;
	epoch = started();
	if (!epoch)
		return PEER_E_NOT_INITIALIZED;
	if (!wide_valid(pwzIdentity) || !wide_valid(pwzCloud))
		return E_INVALIDARG;

	hr = name_from_wide(pwzGroupPeerName, name);
	if (FAILED(hr))
		return hr;
	if (peername_secure(name))
		return secured_open_as(pwzIdentity, name, epoch, phGroup);
	return open_plain(name, epoch, phGroup);
}

HRESULT WINAPI PeerGroupClose(HGROUP hGroup)
{
	reason_clear();
	if (!started())
		return PEER_E_NOT_INITIALIZED;
	return handle_close(HANDLE_GROUP, hGroup) ? S_OK : PEER_E_INVALID_GROUP;
}

static HRESULT delete_plain(const char *name)
{
	struct pg_ctx *ctx;
	uint32_t id;
	int err;

	err = pool_get(&ctx);
	if (err)
		return hresult_from_errno(err);
	err = pg_group_find(ctx, name, &id);
	if (!err)
		err = group_delete(ctx, id);
	pool_put(ctx);
	return hresult_of_name(err);
}

HRESULT WINAPI PeerGroupDelete(PCWSTR pwzIdentity, PCWSTR pwzGroupPeerName)
{
	char name[PG_NAME_MAX + 1];
	HRESULT hr;

	reason_clear();
	if (!started())
		return PEER_E_NOT_INITIALIZED;
	if (!wide_valid(pwzIdentity))
		return E_INVALIDARG;

	hr = name_from_wide(pwzGroupPeerName, name);
	if (FAILED(hr))
		return hr;
	if (peername_secure(name))
		return secured_delete_as(pwzIdentity, name);
	return delete_plain(name);
}

static int store_status(const struct pg_group *group, void *arg)
{
	DWORD *status = arg;

	if (group->active_neighbor || group->active_direct)
		*status = PEER_GROUP_STATUS_HAS_CONNECTIONS;
	return 0;
}

static HRESULT status_of(const struct group *group, DWORD *status)
{
	DWORD bits = 0;
	struct pg_ctx *ctx;
	int err;

	err = group_ctx(group, &ctx);
	if (err)
		return hresult_from_errno(err);

	err = pg_group_get(ctx, group->id, store_status, &bits);
	pool_put(ctx);
	if (!err)
		*status = bits;
	return hresult_from_errno(err);
}

HRESULT WINAPI PeerGroupGetStatus(HGROUP hGroup, DWORD *pdwStatus)
{
	struct group *group;
	HRESULT hr;

	reason_clear();
	if (!pdwStatus)
		return E_INVALIDARG;
	*pdwStatus = 0;
	if (!started())
		return PEER_E_NOT_INITIALIZED;

	group = group_get(hGroup);
	if (!group)
		return PEER_E_INVALID_GROUP;
	hr = group_check(group);
	if (SUCCEEDED(hr))
		hr = status_of(group, pdwStatus);
	group_put(group);
	return hr;
}
