// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The rules for chains of memberships ([MS-PNRP] 3.1.5.10, [MS-PPSEC] 2.2.5.2).
 * cert_decode() has checked what concerns a certificate alone, chain_read() that
 * there is one root, that nobody occurs twice, and that each issuer's peer name
 * is the one before it.
 */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "../peername.h"
#include "chain.h"
#include "error.h"

static HRESULT distrust(const char *why)
{
	return fail(PEER_E_INVITATION_NOT_TRUSTED, "%s", why);
}

static bool signed_by(const struct cert *child, const struct cert *parent)
{
	EVP_PKEY *key = X509_get0_pubkey(parent->x509);
	bool valid = key && X509_verify(child->x509, key) > 0;

	ERR_clear_error();
	return valid;
}

static HRESULT rule_length(const struct chain *chain)
{
	return chain->n > 1 ? S_OK : distrust("a chain has no membership");
}

static HRESULT rule_profile(const struct chain *chain)
{
	size_t i;

	for (i = 1; i < chain->n; i++)
		if (chain->certs[i]->profile != chain->certs[0]->profile)
			return distrust("a chain has certificates of several profiles");
	return S_OK;
}

static HRESULT rule_types(const struct chain *chain)
{
	size_t i;

	for (i = 1; i < chain->n; i++)
		if (chain->certs[i]->type != CERT_MEMBER)
			return distrust("a certificate of a chain is no membership");
	return S_OK;
}

static HRESULT rule_signatures(const struct chain *chain)
{
	const struct cert *parent = chain->certs[0];
	size_t i;

	for (i = 0; i < chain->n; i++) {
		if (!signed_by(chain->certs[i], parent))
			return fail(NTE_BAD_SIGNATURE,
				    "the signature of the certificate of %s does not verify",
				    chain->certs[i]->subject_name);
		parent = chain->certs[i];
	}
	return S_OK;
}

/* The root's own name is that of the group, too. */
static HRESULT rule_group(const struct chain *chain)
{
	const char *group = chain_leaf(chain)->group_name;
	size_t i;

	if (!group || strcmp(group, chain->certs[0]->subject_name))
		return distrust("a chain is not of the group it claims");
	for (i = 0; i < chain->n; i++)
		if (!chain->certs[i]->group_name ||
		    strcmp(chain->certs[i]->group_name, group))
			return distrust("a chain is of several groups");
	return S_OK;
}

/* Of the root this is what ties the group to its key. */
static HRESULT rule_keys(const struct chain *chain)
{
	size_t i;

	for (i = 0; i < chain->n; i++)
		if (!peername_is_of(chain->certs[i]->subject_name,
				    chain->certs[i]->x509))
			return distrust("a peer name is not that of its key");
	return S_OK;
}

static HRESULT rule_extensions(const struct chain *chain)
{
	size_t i;

	for (i = 1; i < chain->n; i++)
		if (!chain->certs[i]->has_roles ||
		    !chain->certs[i]->has_classifiers)
			return distrust("a membership lacks roles or classifiers");
	return S_OK;
}

/* The group itself may issue any role. */
static HRESULT rule_roles(const struct chain *chain)
{
	size_t i;

	for (i = 2; i < chain->n; i++)
		if (!roles_may_issue(chain->certs[i - 1]->roles,
				     chain->certs[i]->roles))
			return fail(PEER_E_INVITATION_NOT_TRUSTED,
				    "%s issued a role that it may not",
				    chain->certs[i - 1]->subject_name);
	return S_OK;
}

static HRESULT rule_classifiers(const struct chain *chain)
{
	size_t i;

	for (i = 2; i < chain->n; i++)
		if (!classifiers_delegated(&chain->certs[i - 1]->classifiers,
					   &chain->certs[i]->classifiers,
					   chain->certs[i]->roles))
			return fail(PEER_E_INVITATION_NOT_TRUSTED,
				    "%s gave classifiers that it has not",
				    chain->certs[i - 1]->subject_name);
	return S_OK;
}

HRESULT chain_validate(const struct chain *chain)
{
	static HRESULT (*const rules[])(const struct chain *chain) = {
		rule_length, rule_profile, rule_types, rule_extensions,
		rule_group, rule_keys, rule_roles, rule_classifiers,
		rule_signatures,
	};
	HRESULT hr = S_OK;
	size_t i;

	for (i = 0; SUCCEEDED(hr) && i < sizeof(rules) / sizeof(rules[0]); i++)
		hr = rules[i](chain);
	return hr;
}

void chain_validity(const struct chain *chain, int64_t *from, int64_t *until)
{
	size_t i;

	*from = chain->certs[0]->from;
	*until = chain->certs[0]->until;
	for (i = 1; i < chain->n; i++) {
		if (chain->certs[i]->from > *from)
			*from = chain->certs[i]->from;
		if (chain->certs[i]->until < *until)
			*until = chain->certs[i]->until;
	}
}

HRESULT validity_check(int64_t from, int64_t until, int64_t now)
{
	if (now < from)
		return fail(PEER_E_INVALID_TIME_PERIOD,
			    "the membership is not valid yet");
	if (now > until)
		return fail(PEER_E_INVALID_TIME_PERIOD,
			    "the membership is not valid any more");
	return S_OK;
}

HRESULT chain_validate_time(const struct chain *chain, int64_t now)
{
	int64_t from, until;

	chain_validity(chain, &from, &until);
	return validity_check(from, until, now);
}

HRESULT chain_validate_roles(const struct chain *chain, unsigned int allowed)
{
	size_t i;

	for (i = 1; i < chain->n; i++)
		if (chain->certs[i]->roles & ~allowed)
			return distrust("a role does not exist in groups of this version");
	return S_OK;
}

HRESULT identity_cert_check(const struct cert *cert)
{
	if (cert->type != CERT_IDENTITY)
		return fail(CRYPT_E_ASN1_ERROR,
			    "the certificate is not an identity's");
	if (!peername_is_of(cert->subject_name, cert->x509))
		return fail(NTE_BAD_KEY, "the peer name is not that of its key");
	if (!signed_by(cert, cert))
		return fail(NTE_BAD_SIGNATURE,
			    "the signature of the certificate does not verify");
	return S_OK;
}
