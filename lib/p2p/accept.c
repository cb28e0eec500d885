// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Invitations as they are read.
 */
#include <stdlib.h>

#include "../reason.h"
#include "accept.h"
#include "argument.h"

unsigned int roles_of_version(enum security_version version)
{
	unsigned int roles = ROLE_ADMIN | ROLE_MEMBER;

	return version == SECURITY_1_0 ? roles : roles | ROLE_INVITING;
}

void accepted_free(struct accepted *accepted)
{
	chain_free(accepted->chain);
	invitation_free(accepted->invitation);
}

static HRESULT check_profile(const struct chain *chain)
{
	const struct profile *profile = chain->certs[0]->profile;

	if (profile_allowed(profile))
		return S_OK;
	return fail(PEER_E_INVITATION_NOT_TRUSTED,
		    "the group is of the profile %s, which was not chosen",
		    profile->name);
}

static HRESULT check_chain(const struct accepted *accepted)
{
	unsigned int roles = roles_of_version(accepted->invitation->version);
	HRESULT hr = check_profile(accepted->chain);

	if (SUCCEEDED(hr))
		hr = chain_validate(accepted->chain);
	if (SUCCEEDED(hr))
		hr = chain_validate_roles(accepted->chain, roles);
	return hr;
}

/* Nothing else about it can be checked before somebody is asked. */
static HRESULT check_group(const char *name)
{
	if (peername_secure(name))
		return S_OK;
	return fail(PEER_E_INVITATION_NOT_TRUSTED,
		    "the invitation is to a group whose name is no secure peer name");
}

static HRESULT read_text(const char *text, struct accepted *accepted)
{
	struct invitation *invitation;
	HRESULT hr;

	hr = invitation_read(text, &accepted->invitation);
	if (FAILED(hr))
		return hr;
	invitation = accepted->invitation;
	if (!invitation->chain)
		return check_group(invitation->group_name);
	hr = chain_read(invitation->chain, invitation->chain_len,
			&accepted->chain);
	return FAILED(hr) ? hr : check_chain(accepted);
}

static HRESULT as_documented(HRESULT hr)
{
	switch (hr) {
	case E_OUTOFMEMORY:
	case PEER_E_UNSUPPORTED_VERSION:
	case PEER_E_CHAIN_TOO_LONG:
	case PEER_E_CIRCULAR_CHAIN_DETECTED:
		return hr;
	default:
		return SUCCEEDED(hr) ? hr :
				       fail_as(PEER_E_INVITATION_NOT_TRUSTED);
	}
}

HRESULT accept_invitation(PCWSTR wide, struct accepted *accepted)
{
	HRESULT hr;
	char *text;

	*accepted = (struct accepted){ 0 };
	hr = argument_text(wide, &text);
	if (FAILED(hr))
		return hr;
	hr = as_documented(read_text(text, accepted));
	free(text);
	if (FAILED(hr))
		accepted_free(accepted);
	return hr;
}
