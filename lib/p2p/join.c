// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupJoin().
 */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../reason.h"
#include "../store/membership.h"
#include "../utf8.h"
#include "accept.h"
#include "cancel.h"
#include "cloud.h"
#include "identity.h"
#include "member.h"
#include "secured.h"
#include "startup.h"

static HRESULT distrust(const char *why)
{
	return fail(PEER_E_INVITATION_NOT_TRUSTED, "%s", why);
}

static HRESULT check_subject(const struct accepted *accepted,
			     const struct identity *identity)
{
	const struct cert *leaf = chain_leaf(accepted->chain);

	if (!strcmp(leaf->subject_name, identity->cert->subject_name) &&
	    X509_check_private_key(leaf->x509, identity->key))
		return S_OK;
	return fail(PEER_E_INVITATION_NOT_TRUSTED,
		    "the invitation is for %s", leaf->subject_name);
}

static HRESULT check(const struct accepted *accepted,
		     const struct identity *identity)
{
	const char *group, *who = identity->cert->subject_name;
	HRESULT hr;

	hr = check_subject(accepted, identity);
	if (SUCCEEDED(hr))
		hr = chain_validate_time(accepted->chain, time(NULL));
	if (FAILED(hr))
		return hr;
	group = accepted->chain->certs[0]->subject_name;
	if (member_is_open(who, group))
		return fail(PEER_E_GROUP_IN_USE, "%s has the group open", who);
	return S_OK;
}

static HRESULT store(const struct accepted *accepted, const char *identity,
		     const struct cloud *cloud, bool *replaced)
{
	const struct invitation *invitation = accepted->invitation;
	const struct membership_text text = {
		.version = invitation->version,
		.identity_name = (char *)identity,
		.group_name = accepted->chain->certs[0]->subject_name,
		.cloud = cloud ? *cloud : invitation->cloud,
		.chain = invitation->chain,
		.chain_len = invitation->chain_len,
		.comment = "",
		.member_data_lifetime = MEMBER_DATA_LIFETIME,
		.presence_lifetime = PRESENCE_LIFETIME,
	};

	return membership_put(&text, replaced);
}

/*
 * The membership that is about to be replaced, NULL if there is none, or none
 * that could be used again.
 */
static HRESULT load_former(const char *identity, const char *group,
			   struct membership **former)
{
	HRESULT hr = membership_load(identity, group, former);

	if (SUCCEEDED(hr))
		return hr;
	*former = NULL;
	return hr == PEER_E_NOT_FOUND || hr == PEER_E_CERT_STORE_CORRUPTED ?
	       S_OK : hr;
}

static void undo(const struct membership *former, const char *identity,
		 const char *group)
{
	bool replaced;

	if (former)
		membership_put(former->text, &replaced);
	else
		membership_delete(identity, group);
}

/*
 * What others did meanwhile is not undone: PEER_E_NOT_FOUND means that the
 * membership was deleted, and what was replaced may not be what was loaded.
 */
static HRESULT store_and_open(const struct accepted *accepted,
			      const struct membership *former,
			      const char *identity, const struct cloud *cloud,
			      uint64_t epoch, HGROUP *handle)
{
	const char *group = accepted->chain->certs[0]->subject_name;
	bool replaced;
	HRESULT hr;

	hr = store(accepted, identity, cloud, &replaced);
	if (hr == PEER_E_NOT_FOUND)
		return fail_as(PEER_E_INVALID_PEER_NAME);
	if (FAILED(hr))
		return hr;
	hr = secured_open(identity, group, epoch, handle);
	if (FAILED(hr) && hr != PEER_E_NOT_FOUND && replaced == !!former)
		undo(former, identity, group);
	return hr;
}

static HRESULT join(const struct accepted *accepted,
		    const struct identity *identity, const struct cloud *cloud,
		    uint64_t epoch, HGROUP *handle)
{
	const char *who = identity->cert->subject_name;
	struct membership *former;
	HRESULT hr;

	if (!accepted->chain)
		return distrust("the invitation asks for a password");
	hr = check(accepted, identity);
	if (SUCCEEDED(hr))
		hr = load_former(who, accepted->chain->certs[0]->subject_name,
				 &former);
	if (FAILED(hr))
		return hr;
	hr = store_and_open(accepted, former, who, cloud, epoch, handle);
	membership_free(former);
	return hr;
}

static HRESULT join_as(const struct accepted *accepted, PCWSTR identity_name,
		       const struct cloud *cloud, uint64_t epoch,
		       HGROUP *handle)
{
	struct identity *identity;
	HRESULT hr;
	int cancel;

	hr = identity_of_user(identity_name, &identity);
	if (FAILED(hr))
		return hr;
	cancel = cancel_disable();
	hr = join(accepted, identity, cloud, epoch, handle);
	identity_free(identity);
	cancel_restore(cancel);
	return hr;
}

HRESULT WINAPI PeerGroupJoin(PCWSTR pwzIdentity, PCWSTR pwzInvitation,
			     PCWSTR pwzCloud, HGROUP *phGroup)
{
	struct accepted accepted;
	struct cloud cloud;
	uint64_t epoch;
	HRESULT hr;

	reason_clear();
	if (!phGroup)
		return E_INVALIDARG;
	*phGroup = NULL;
	epoch = started();
	if (!epoch)
		return PEER_E_NOT_INITIALIZED;
	if (!wide_valid(pwzIdentity))
		return E_INVALIDARG;

	hr = cloud_argument(pwzCloud, &cloud);
	if (FAILED(hr))
		return hr;
	hr = accept_invitation(pwzInvitation, &accepted);
	if (SUCCEEDED(hr)) {
		hr = join_as(&accepted, pwzIdentity,
			     pwzCloud && *pwzCloud ? &cloud : NULL, epoch,
			     phGroup);
		accepted_free(&accepted);
	}
	free(cloud.name);
	return hr;
}
