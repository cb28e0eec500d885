// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerEnumIdentities().
 */
#include <errno.h>

#include "../reason.h"
#include "enum_names.h"
#include "hresult.h"
#include "identity.h"

static HRESULT keep(const struct cert *cert, void *arg)
{
	return hresult_from_errno(enum_names_add(arg, cert->subject_name,
						 cert->subject));
}

/* As in PeerEnumGroups(). */
static int dump(struct pg_ctx *ctx, struct peer_enum *peer_enum,
		const void *arg)
{
	HRESULT *hr = (HRESULT *)arg;

	(void)ctx;
	*hr = identity_list(keep, peer_enum);
	return FAILED(*hr) ? -EIO : 0;
}

HRESULT WINAPI PeerEnumIdentities(HPEERENUM *phPeerEnum)
{
	HRESULT hr = S_OK;
	int err;

	reason_clear();
	if (!phPeerEnum)
		return E_INVALIDARG;
	*phPeerEnum = NULL;

	err = enum_new(&enum_names, NULL, dump, &hr, 0, phPeerEnum);
	return FAILED(hr) ? hr : hresult_from_errno(err);
}
