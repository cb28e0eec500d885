// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupCreateInvitation().
 */
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <time.h>

#include "../reason.h"
#include "../xml/identity.h"
#include "accept.h"
#include "argument.h"
#include "filetime.h"
#include "group.h"
#include "identity.h"
#include "startup.h"

/* What is to be issued, and by whom. */
struct issue {
	const struct identity *issuer;
	const struct membership *membership; /* the issuer's */
	const struct cert *subject;
	unsigned int roles;
	int64_t from;
	int64_t until;
};

static HRESULT roles_argument(ULONG n, const GUID *guids, unsigned int *roles)
{
	unsigned int role;
	ULONG i;

	*roles = 0;
	if (!n || !guids)
		return fail(E_INVALIDARG, "there is no role to invite for");
	for (i = 0; i < n; i++) {
		role = role_from_guid(&guids[i]);
		if (!role)
			return fail(E_INVALIDARG, "a role is unknown");
		*roles |= role;
	}
	return S_OK;
}

static HRESULT check_roles(const struct issue *issue)
{
	const struct cert *own = chain_leaf(issue->membership->chain);

	if (issue->roles & ~roles_of_version(issue->membership->text->version))
		return fail(E_INVALIDARG,
			    "groups of version 1.0 have no inviting members");
	if (!roles_may_issue(own->roles, issue->roles))
		return fail(PEER_E_NOT_AUTHORIZED,
			    "the role of %s may not issue this one",
			    own->subject_name);
	return S_OK;
}

static HRESULT check_subject(const struct issue *issue)
{
	const struct chain *chain = issue->membership->chain;
	size_t i;

	if (issue->subject->profile != chain->certs[0]->profile)
		return fail(E_INVALIDARG,
			    "the identity is of the profile %s, the group of %s",
			    issue->subject->profile->name,
			    chain->certs[0]->profile->name);
	if (chain->n == CHAIN_MAX)
		return fail(PEER_E_CHAIN_TOO_LONG,
			    "the own membership is the last of its chain");
	for (i = 0; i < chain->n; i++)
		if (peername_same_authority(chain->certs[i]->subject_name,
					    issue->subject->subject_name))
			return fail(PEER_E_CIRCULAR_CHAIN_DETECTED,
				    "the own membership comes from %s",
				    issue->subject->subject_name);
	return S_OK;
}

/* Sets from and until. */
static HRESULT check_time(struct issue *issue, const FILETIME *expiration)
{
	const struct chain *chain = issue->membership->chain;
	int64_t from, until, now = time(NULL);
	HRESULT hr;

	issue->from = validity_begin();
	hr = chain_validate_time(chain, now);
	if (FAILED(hr))
		return hr;
	chain_validity(chain, &from, &until);
	issue->until = expiration ? filetime_to_seconds(expiration) : until;
	if (issue->until <= now)
		return fail(PEER_E_INVALID_TIME_PERIOD,
			    "the expiration is past");
	if (issue->until > until)
		return fail(PEER_E_INVALID_TIME_PERIOD,
			    "the expiration is later than that of the own membership");
	return S_OK;
}

static HRESULT issue_membership(const struct issue *issue, X509 **x509)
{
	const struct cert *issuer = issue->issuer->cert;
	const struct cert_spec spec = {
		.profile = issuer->profile,
		.type = CERT_MEMBER,
		.subject = issue->subject->subject,
		.subject_name = issue->subject->subject_name,
		.subject_key = X509_get0_pubkey(issue->subject->x509),
		.issuer = issuer->subject,
		.issuer_name = issuer->subject_name,
		.issuer_key = issue->issuer->key,
		.group_name = issue->membership->text->group_name,
		.roles = issue->roles,
		.from = issue->from,
		.until = issue->until,
	};

	return cert_make(&spec, x509);
}

/* What others would refuse is not handed out. */
static HRESULT check_result(const unsigned char *der, size_t len)
{
	struct chain *chain;
	HRESULT hr;

	hr = chain_read(der, len, &chain);
	if (FAILED(hr))
		return hr;
	hr = chain_validate(chain);
	chain_free(chain);
	return hr == PEER_E_INVITATION_NOT_TRUSTED ?
	       fail_as(PEER_E_NOT_AUTHORIZED) : hr;
}

static HRESULT write_text(const struct issue *issue, unsigned char *der,
			  size_t len, PWSTR *wide)
{
	const struct invitation invitation = {
		.version = issue->membership->text->version,
		.cloud = issue->membership->text->cloud,
		.chain = der,
		.chain_len = len,
	};
	char *text;
	HRESULT hr;

	hr = check_result(der, len);
	if (SUCCEEDED(hr))
		hr = invitation_write(&invitation, &text);
	if (FAILED(hr))
		return hr;
	hr = hand_out_text(text, wide);
	free(text);
	return hr;
}

static HRESULT issue_text(const struct issue *issue, PWSTR *wide)
{
	unsigned char *der;
	X509 *x509;
	size_t len;
	HRESULT hr;

	hr = issue_membership(issue, &x509);
	if (FAILED(hr))
		return hr;
	hr = chain_write(issue->membership->chain, x509, &der, &len);
	X509_free(x509);
	if (FAILED(hr))
		return hr;
	hr = write_text(issue, der, len, wide);
	OPENSSL_free(der);
	return hr;
}

static HRESULT check_and_issue(struct issue *issue, const FILETIME *expiration,
			       PWSTR *wide)
{
	HRESULT hr = check_roles(issue);

	if (SUCCEEDED(hr))
		hr = check_subject(issue);
	if (SUCCEEDED(hr))
		hr = check_time(issue, expiration);
	return FAILED(hr) ? hr : issue_text(issue, wide);
}

/* The handle may be older than what the store has now. */
static HRESULT invite_as(const struct member *member, struct issue *issue,
			 const FILETIME *expiration, PWSTR *wide)
{
	struct membership *membership;
	struct identity *identity;
	HRESULT hr;

	hr = identity_load(member->identity, &identity);
	if (hr == PEER_E_NOT_FOUND)
		return fail_as(PEER_E_IDENTITY_DELETED);
	if (FAILED(hr))
		return hr;
	hr = membership_load(member->identity, member->group, &membership);
	if (SUCCEEDED(hr)) {
		issue->issuer = identity;
		issue->membership = membership;
		hr = check_and_issue(issue, expiration, wide);
		membership_free(membership);
	}
	identity_free(identity);
	return hr == PEER_E_NOT_FOUND ? fail_as(PEER_E_INVALID_GROUP) : hr;
}

static HRESULT invite(HGROUP handle, struct issue *issue,
		      const FILETIME *expiration, PWSTR *wide)
{
	struct group *group = group_get(handle);
	HRESULT hr;

	if (!group)
		return PEER_E_INVALID_GROUP;
	if (group->member)
		hr = invite_as(group->member, issue, expiration, wide);
	else
		hr = fail(PEER_E_INVALID_GROUP,
			  "a plain group has no memberships");
	group_put(group);
	return hr;
}

/* To sign a weak key is to vouch for it. */
static HRESULT check_profile(const struct cert *subject)
{
	if (profile_allowed(subject->profile))
		return S_OK;
	return fail(E_INVALIDARG,
		    "the identity is of the profile %s, which was not chosen",
		    subject->profile->name);
}

static HRESULT read_info(PCWSTR wide, struct cert **subject)
{
	unsigned char *der;
	char *text;
	size_t len;
	HRESULT hr;

	hr = argument_text(wide, &text);
	if (FAILED(hr))
		return hr;
	hr = identity_info_read(text, &der, &len);
	free(text);
	if (FAILED(hr))
		return hr;
	hr = identity_cert_read(der, len, subject);
	free(der);
	return hr;
}

HRESULT WINAPI PeerGroupCreateInvitation(HGROUP hGroup, PCWSTR pwzIdentityInfo,
					 FILETIME *pftExpiration, ULONG cRoles,
					 const GUID *pRoles,
					 PWSTR *ppwzInvitation)
{
	struct issue issue = { 0 };
	struct cert *subject;
	HRESULT hr;

	reason_clear();
	if (!ppwzInvitation)
		return E_INVALIDARG;
	*ppwzInvitation = NULL;
	if (!started())
		return PEER_E_NOT_INITIALIZED;

	hr = roles_argument(cRoles, pRoles, &issue.roles);
	if (SUCCEEDED(hr))
		hr = read_info(pwzIdentityInfo, &subject);
	if (FAILED(hr))
		return hr;
	issue.subject = subject;
	hr = check_profile(subject);
	if (SUCCEEDED(hr))
		hr = invite(hGroup, &issue, pftExpiration, ppwzInvitation);
	cert_free(subject);
	return hr;
}
