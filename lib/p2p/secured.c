// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Secured groups.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../reason.h"
#include "group.h"
#include "hresult.h"
#include "identity.h"
#include "member.h"
#include "pool.h"
#include "secured.h"

/* Whose name the group bears, or that it has none but its peer name. */
static int make(struct pg_ctx *ctx, const struct membership *membership,
		uint32_t *id)
{
	const struct cert *root = membership->chain->certs[0];
	const struct pg_group_spec spec = {
		.size = sizeof(spec),
		.name = root->subject_name,
		.label = strcmp(root->subject, root->subject_name) ?
			 root->subject : "",
		.comment = membership->text->comment,
	};

	return pg_group_add(ctx, &spec, id, NULL);
}

/* Another process may make it, or delete it, at the same time. */
static int find_or_make(struct pg_ctx *ctx, const struct membership *membership,
			uint32_t *id, bool *made)
{
	const char *name = membership->text->group_name;
	int err, attempt;

	*made = false;
	for (attempt = 0; attempt < 8; attempt++) {
		err = pg_group_find(ctx, name, id);
		if (err != -ENOENT)
			return err;
		err = make(ctx, membership, id);
		if (err != -EEXIST)
			break;
	}
	*made = !err;
	return err;
}

static HRESULT failed(const struct pg_ctx *ctx, int err)
{
	const char *text = pg_error(ctx);

	return fail(hresult_from_errno(err), "%s", text);
}

/*
 * Who deletes the membership closes the handles that there are then: only now
 * that there is one can it be said that it was not deleted before.
 */
static HRESULT new_handle(const struct pg_ctx *ctx, uint32_t id,
			  const struct membership *membership, uint64_t epoch,
			  HGROUP *handle)
{
	const struct membership_text *text = membership->text;
	HRESULT hr;

	hr = group_handle(ctx, id, membership, epoch, handle);
	if (FAILED(hr))
		return hr;
	hr = membership_check(text->identity_name, text->group_name);
	if (FAILED(hr)) {
		handle_close(HANDLE_GROUP, *handle);
		*handle = NULL;
	}
	return hr;
}

/* Without a handle nobody uses the group that was made, so it goes again. */
static HRESULT open_kernel(struct pg_ctx *ctx,
			   const struct membership *membership, uint64_t epoch,
			   HGROUP *handle)
{
	uint32_t id;
	HRESULT hr;
	bool made;
	int err;

	err = find_or_make(ctx, membership, &id, &made);
	if (err)
		return failed(ctx, err);
	hr = new_handle(ctx, id, membership, epoch, handle);
	if (FAILED(hr) && made)
		pg_group_del(ctx, id, NULL);
	return hr;
}

static HRESULT open_valid(const struct membership *membership, uint64_t epoch,
			  HGROUP *handle)
{
	struct pg_ctx *ctx;
	HRESULT hr;
	int err;

	hr = chain_validate_time(membership->chain, time(NULL));
	if (FAILED(hr))
		return hr;
	err = pool_get(&ctx);
	if (err)
		return hresult_from_errno(err);
	hr = open_kernel(ctx, membership, epoch, handle);
	pool_put(ctx);
	return hr;
}

HRESULT secured_open(const char *identity, const char *group, uint64_t epoch,
		     HGROUP *handle)
{
	struct membership *membership;
	HRESULT hr;

	hr = identity_check(identity);
	if (SUCCEEDED(hr))
		hr = membership_load(identity, group, &membership);
	if (FAILED(hr))
		return hr;
	hr = open_valid(membership, epoch, handle);
	membership_free(membership);
	return hr;
}

static HRESULT who(PCWSTR wide, char name[PEERNAME_MAX + 1])
{
	const char *given;
	HRESULT hr;

	hr = identity_argument(wide, name, &given);
	if (SUCCEEDED(hr) && !given)
		hr = identity_default_name(name);
	return hr;
}

HRESULT secured_open_as(PCWSTR identity, const char *group, uint64_t epoch,
			HGROUP *handle)
{
	char name[PEERNAME_MAX + 1];
	HRESULT hr = who(identity, name);

	return FAILED(hr) ? hr : secured_open(name, group, epoch, handle);
}

static int keep_owned(const struct pg_group *group, void *arg)
{
	uint32_t *id = arg;

	if (group->owner == geteuid())
		*id = group->id;
	return 0;
}

/*
 * The kernel's group if it is the user's, else 0. The kernel would also let
 * CAP_NET_ADMIN delete what is somebody else's.
 */
static int find_owned(struct pg_ctx *ctx, const char *name, uint32_t *id)
{
	uint32_t found;
	int err;

	*id = 0;
	err = pg_group_find(ctx, name, &found);
	if (!err)
		err = pg_group_get(ctx, found, keep_owned, id);
	return err == -ENOENT ? 0 : err;
}

/* Who is told that it failed should still be a member. */
static HRESULT delete(struct pg_ctx *ctx, const char *identity,
		      const char *group)
{
	uint32_t id;
	HRESULT hr;
	size_t n;
	int err;

	err = find_owned(ctx, group, &id);
	if (err)
		return failed(ctx, err);
	hr = membership_count_in(group, &n);
	if (SUCCEEDED(hr))
		hr = membership_delete(identity, group);
	if (FAILED(hr))
		return hr;
	member_close_all(identity, group);
	/* Another identity of the user may use it. */
	err = id && n == 1 ? group_delete(ctx, id) : 0;
	/* An owner that this namespace does not know looks like nobody. */
	return err && err != -ENOENT && err != -EPERM ? failed(ctx, err) : S_OK;
}

HRESULT secured_delete_as(PCWSTR identity, const char *group)
{
	char name[PEERNAME_MAX + 1];
	struct pg_ctx *ctx;
	HRESULT hr;
	int err;

	hr = who(identity, name);
	if (FAILED(hr))
		return hr;
	err = pool_get(&ctx);
	if (err)
		return hresult_from_errno(err);
	hr = delete(ctx, name, group);
	pool_put(ctx);
	return hr;
}
