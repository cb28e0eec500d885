// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupParseInvitation().
 */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "../reason.h"
#include "accept.h"
#include "filetime.h"
#include "startup.h"
#include "text.h"

/* The algorithm of every key here, with the NULL that are its parameters. */
#define OID_RSA "1.2.840.113549.1.1.1"
static const unsigned char rsa_parameters[] = { 0x05, 0x00 };

/*
 * The block that is handed out: the structure, what it points to in order of
 * alignment, and strings.
 */
struct block {
	PEER_INVITATION_INFO info;
	CERT_PUBLIC_KEY_INFO key;
	PWSTR classifiers[];
};

struct layout {
	size_t classifiers;	/* how many */
	size_t wide;		/* wide characters of all strings */
	size_t key;		/* bytes */
};

static size_t room_of(const char *text)
{
	return text ? text_room(text, strlen(text)) : 0;
}

static PWSTR put(PWSTR *pos, const char *text)
{
	return text ? text_put(pos, text, strlen(text)) : NULL;
}

static const ASN1_BIT_STRING *key_of(const struct cert *cert)
{
	return X509_get0_pubkey_bitstr(cert->x509);
}

static struct layout layout_of(const struct accepted *accepted)
{
	const struct invitation *invitation = accepted->invitation;
	struct layout layout = {
		.wide = room_of(invitation->cloud.name) +
			room_of(invitation->group_name) +
			room_of(invitation->group_friendly),
	};
	const struct cert *leaf;
	size_t i;

	if (!accepted->chain)
		return layout;
	leaf = chain_leaf(accepted->chain);
	layout.classifiers = leaf->classifiers.n;
	layout.key = ASN1_STRING_length(key_of(leaf));
	layout.wide += room_of(leaf->group_name) +
		       room_of(leaf->issuer_name) + room_of(leaf->issuer) +
		       room_of(leaf->subject_name) + room_of(leaf->subject) +
		       room_of(accepted->chain->certs[0]->subject);
	for (i = 0; i < layout.classifiers; i++)
		layout.wide += room_of(leaf->classifiers.list[i]);
	return layout;
}

static void *move(void **pos, size_t size)
{
	void *start = *pos;

	*pos = (char *)start + size;
	return start;
}

static void *copy(void **pos, const void *from, size_t size)
{
	return memcpy(move(pos, size), from, size);
}

static void put_key(CERT_PUBLIC_KEY_INFO *key, const struct cert *cert,
		    void **bytes)
{
	const ASN1_BIT_STRING *bits = key_of(cert);

	key->Algorithm.pszObjId = copy(bytes, OID_RSA, sizeof(OID_RSA));
	key->Algorithm.Parameters.cbData = sizeof(rsa_parameters);
	key->Algorithm.Parameters.pbData =
		copy(bytes, rsa_parameters, sizeof(rsa_parameters));
	key->PublicKey.cbData = ASN1_STRING_length(bits);
	key->PublicKey.pbData = copy(bytes, ASN1_STRING_get0_data(bits),
				     ASN1_STRING_length(bits));
}

static void put_password(const struct invitation *invitation,
			 PEER_INVITATION_INFO *info, PWSTR *pos)
{
	info->pwzGroupPeerName = put(pos, invitation->group_name);
	info->pwzGroupFriendlyName = put(pos, invitation->group_friendly);
	info->authScheme = PEER_GROUP_PASSWORD_AUTHENTICATION;
}

static void put_membership(const struct chain *chain,
			   PEER_INVITATION_INFO *info, PWSTR *pos)
{
	const struct cert *leaf = chain_leaf(chain);
	size_t i;

	info->pwzGroupPeerName = put(pos, leaf->group_name);
	info->pwzIssuerPeerName = put(pos, leaf->issuer_name);
	info->pwzSubjectPeerName = put(pos, leaf->subject_name);
	info->pwzGroupFriendlyName = put(pos, chain->certs[0]->subject);
	info->pwzIssuerFriendlyName = put(pos, leaf->issuer);
	info->pwzSubjectFriendlyName = put(pos, leaf->subject);
	info->ftValidityStart = filetime_from_seconds(leaf->from);
	info->ftValidityEnd = filetime_from_seconds(leaf->until);
	info->authScheme = PEER_GROUP_GMC_AUTHENTICATION;
	for (i = 0; i < leaf->classifiers.n; i++)
		info->ppwzClassifiers[i] = put(pos, leaf->classifiers.list[i]);
}

static void put_lists(const struct cert *leaf, struct block *block,
		      void **bytes)
{
	PEER_INVITATION_INFO *info = &block->info;

	info->pRoles = move(bytes, ROLES_N * sizeof(GUID));
	info->cRoles = roles_to_guids(leaf->roles, info->pRoles);
	info->cClassifiers = leaf->classifiers.n;
	info->ppwzClassifiers = block->classifiers;
	info->pSubjectPublicKey = &block->key;
}

static void put_all(const struct accepted *accepted,
		    const struct layout *layout, struct block *block)
{
	const struct invitation *invitation = accepted->invitation;
	const struct chain *chain = accepted->chain;
	PEER_INVITATION_INFO *info = &block->info;
	void *bytes = block->classifiers + layout->classifiers;
	PWSTR pos;

	info->dwSize = sizeof(*info);
	info->dwScope = invitation->cloud.scope;
	info->dwCloudFlags = invitation->cloud.flags;
	if (chain)
		put_lists(chain_leaf(chain), block, &bytes);
	pos = move(&bytes, layout->wide * sizeof(WCHAR));
	info->pwzCloudName = put(&pos, invitation->cloud.name);
	if (chain) {
		put_membership(chain, info, &pos);
		put_key(&block->key, chain_leaf(chain), &bytes);
	} else {
		put_password(invitation, info, &pos);
	}
}

static PPEER_INVITATION_INFO info_of(const struct accepted *accepted)
{
	const struct layout layout = layout_of(accepted);
	struct block *block;

	block = calloc(1, sizeof(*block) + layout.classifiers * sizeof(PWSTR) +
		       ROLES_N * sizeof(GUID) + layout.wide * sizeof(WCHAR) +
		       sizeof(OID_RSA) + sizeof(rsa_parameters) + layout.key);
	if (!block)
		return NULL;
	put_all(accepted, &layout, block);
	return &block->info;
}

HRESULT WINAPI PeerGroupParseInvitation(PCWSTR pwzInvitation,
					PPEER_INVITATION_INFO *ppInvitationInfo)
{
	struct accepted accepted;
	HRESULT hr;

	reason_clear();
	if (!ppInvitationInfo)
		return E_INVALIDARG;
	*ppInvitationInfo = NULL;
	if (!started())
		return PEER_E_NOT_INITIALIZED;

	hr = accept_invitation(pwzInvitation, &accepted);
	if (FAILED(hr))
		return hr;
	*ppInvitationInfo = info_of(&accepted);
	accepted_free(&accepted);
	return *ppInvitationInfo ? S_OK : E_OUTOFMEMORY;
}
