// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerEnumGroups().
 */
#include <errno.h>

#include "../reason.h"
#include "../store/membership.h"
#include "enum_names.h"
#include "hresult.h"
#include "identity.h"
#include "pool.h"

/* A failure that began as an HRESULT crosses functions that return an errno. */
struct listing {
	struct peer_enum *peer_enum;
	const char *identity;	/* NULL: none */
	HRESULT hr;
};

static HRESULT keep_membership(const struct membership *membership, void *arg)
{
	const struct cert *root = membership->chain->certs[0];

	return hresult_from_errno(enum_names_add(arg, root->subject_name,
						 root->subject));
}

static int keep_plain(const struct pg_group *group, void *arg)
{
	if (peername_secure(group->name))
		return 0;
	return enum_names_add(arg, group->name,
			      *group->label ? group->label : group->name);
}

static int dump(struct pg_ctx *ctx, struct peer_enum *peer_enum,
		const void *arg)
{
	struct listing *listing = (struct listing *)arg;

	if (listing->identity)
		listing->hr = membership_list(listing->identity,
					      keep_membership, peer_enum);
	if (FAILED(listing->hr))
		return -EIO;
	return pg_group_list(ctx, keep_plain, peer_enum, NULL);
}

static HRESULT enumerate(const char *identity, HPEERENUM *handle)
{
	struct listing listing = { .identity = identity };
	struct pg_ctx *ctx;
	int err;

	err = pool_get(&ctx);
	if (err == -ENODEV)
		return fail(E_UNEXPECTED, "the module peergroup is not loaded");
	if (err)
		return hresult_from_errno(err);
	err = enum_new(&enum_names, ctx, dump, &listing, 0, handle);
	pool_put(ctx);
	return FAILED(listing.hr) ? listing.hr : hresult_from_errno(err);
}

/*
 * Without a default identity there are no memberships; nor are there any that
 * could be shown to who asks for none in particular, where the store is closed.
 */
static HRESULT find_default(char name[PEERNAME_MAX + 1], const char **found)
{
	HRESULT hr = identity_default_name(name);

	if (SUCCEEDED(hr))
		hr = identity_check(name);
	*found = SUCCEEDED(hr) ? name : NULL;
	return hr == E_OUTOFMEMORY ? hr : S_OK;
}

static HRESULT find_identity(PCWSTR wide, char buf[PEERNAME_MAX + 1],
			     const char **name)
{
	HRESULT hr;

	if (!wide)
		return find_default(buf, name);
	hr = identity_argument(wide, buf, name);
	return FAILED(hr) ? hr : identity_check(*name);
}

HRESULT WINAPI PeerEnumGroups(PCWSTR pwzIdentity, HPEERENUM *phPeerEnum)
{
	char buf[PEERNAME_MAX + 1];
	const char *identity;
	HRESULT hr;

	reason_clear();
	if (!phPeerEnum)
		return E_INVALIDARG;
	*phPeerEnum = NULL;

	hr = find_identity(pwzIdentity, buf, &identity);
	return FAILED(hr) ? hr : enumerate(identity, phPeerEnum);
}
