// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupCreate().
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "../pki/error.h"
#include "../reason.h"
#include "../store/membership.h"
#include "../utf8.h"
#include "argument.h"
#include "cancel.h"
#include "cloud.h"
#include "identity.h"
#include "secured.h"
#include "startup.h"

/* Sizes of the structure, as the SDK has had it. */
#define SIZE_XP offsetof(PEER_GROUP_PROPERTIES, dwAuthenticationSchemes)
#define SIZE_VISTA sizeof(PEER_GROUP_PROPERTIES)

#define FLAGS_KNOWN (PEER_MEMBER_DATA_OPTIONAL | PEER_DISABLE_PRESENCE | \
		     PEER_DEFER_EXPIRATION)

/* Limits in UTF-16 units and in seconds, as documented. */
#define TEXT_UNITS 255
#define LIFETIME_MIN (8 * 3600)
#define LIFETIME_MAX (3650 * 24 * 3600)

static HRESULT bad(const char *what)
{
	return fail(PEER_E_INVALID_GROUP_PROPERTIES, "%s", what);
}

static bool is_text(PCWSTR wide)
{
	return !wide || (wide_valid(wide) &&
			 wide_utf16_len(wide) <= TEXT_UNITS &&
			 !wide_has_control(wide));
}

static bool wants_password(const PEER_GROUP_PROPERTIES *props)
{
	if (props->dwSize == SIZE_XP)
		return false;
	return props->pwzGroupPassword ||
	       (props->dwAuthenticationSchemes &
		~(DWORD)PEER_GROUP_GMC_AUTHENTICATION);
}

static bool is_lifetime(ULONG seconds)
{
	return !seconds ||
	       (seconds >= LIFETIME_MIN && seconds <= LIFETIME_MAX);
}

static HRESULT check_texts(const PEER_GROUP_PROPERTIES *props)
{
	char classifier[3 * CLASSIFIER_UNITS + 1];

	if (FAILED(argument_classifier(props->pwzClassifier, classifier)))
		return fail_as(PEER_E_INVALID_CLASSIFIER);
	if (!is_text(props->pwzFriendlyName))
		return bad("the friendly name is not valid");
	if (!is_text(props->pwzComment))
		return bad("the comment is not valid");
	return S_OK;
}

static HRESULT check_properties(const PEER_GROUP_PROPERTIES *props)
{
	if (props->dwSize != SIZE_XP && props->dwSize != SIZE_VISTA)
		return bad("dwSize is not that of the structure");
	if (!wide_valid(props->pwzCloud) ||
	    !wide_valid(props->pwzCreatorPeerName))
		return E_INVALIDARG;
	if (props->dwFlags & ~(DWORD)FLAGS_KNOWN)
		return bad("a flag is unknown");
	if (props->pwzGroupPeerName)
		return bad("the peer name of a new group cannot be chosen");
	if (wants_password(props))
		return bad("groups with a password are not supported");
	if (!is_lifetime(props->ulMemberDataLifetime))
		return bad("the lifetime of member data is not 8 hours to 10 years");
	return check_texts(props);
}

/* What a group is created of, besides the properties. */
struct creation {
	const struct identity *creator;
	EVP_PKEY *key;			/* the group's */
	char name[PEERNAME_MAX + 1];
	char friendly[FRIENDLY_MAX + 1];
	int64_t from;
	int64_t until;
};

static HRESULT creation_init(struct creation *creation,
			     const PEER_GROUP_PROPERTIES *props)
{
	const struct profile *profile = creation->creator->cert->profile;
	char classifier[3 * CLASSIFIER_UNITS + 1];

	argument_classifier(props->pwzClassifier, classifier);
	argument_friendly(props->pwzFriendlyName, creation->friendly);
	creation->from = validity_begin();
	creation->until = validity_end(creation->from);
	creation->key = profile_new_key(profile);
	if (!creation->key ||
	    !peername_make(creation->key, classifier, creation->name))
		return fail_crypto("cannot make the key of a group");
	if (!*creation->friendly)
		strcpy(creation->friendly, creation->name);
	return S_OK;
}

static HRESULT make_root(const struct creation *creation, X509 **root)
{
	const struct cert_spec spec = {
		.profile = creation->creator->cert->profile,
		.type = CERT_ROOT,
		.subject = creation->friendly,
		.subject_name = creation->name,
		.subject_key = creation->key,
		.from = creation->from,
		.until = creation->until,
	};

	return cert_make(&spec, root);
}

static HRESULT make_admin(const struct creation *creation, X509 **admin)
{
	const struct cert *idc = creation->creator->cert;
	const struct cert_spec spec = {
		.profile = idc->profile,
		.type = CERT_MEMBER,
		.subject = idc->subject,
		.subject_name = idc->subject_name,
		.subject_key = creation->creator->key,
		.issuer = creation->friendly,
		.issuer_name = creation->name,
		.issuer_key = creation->key,
		.group_name = creation->name,
		.roles = ROLE_ADMIN,
		.from = creation->from,
		.until = creation->until,
	};

	return cert_make(&spec, admin);
}

static HRESULT put_chain(const struct creation *creation,
			 struct membership_text *text)
{
	X509 *root = NULL, *admin = NULL;
	HRESULT hr;

	hr = make_root(creation, &root);
	if (SUCCEEDED(hr))
		hr = make_admin(creation, &admin);
	if (SUCCEEDED(hr))
		hr = container_write(root, admin, &text->chain,
				     &text->chain_len);
	X509_free(admin);
	X509_free(root);
	return hr;
}

/* All of them, before a creator is made who is of no use otherwise. */
static HRESULT read_properties(const PEER_GROUP_PROPERTIES *props,
			       struct membership_text *text)
{
	HRESULT hr = check_properties(props);

	if (FAILED(hr))
		return hr;
	text->version = props->dwSize == SIZE_XP ? SECURITY_1_0 : SECURITY_1_1;
	text->flags = props->dwFlags;
	text->member_data_lifetime = props->ulMemberDataLifetime;
	text->presence_lifetime = props->ulPresenceLifetime;
	hr = argument_text(props->pwzComment ?: L"", &text->comment);
	return FAILED(hr) ? hr : cloud_argument(props->pwzCloud, &text->cloud);
}

static HRESULT store_group(const struct creation *creation,
			   struct membership_text *text)
{
	bool replaced;
	HRESULT hr;

	text->identity_name = creation->creator->cert->subject_name;
	text->group_name = (char *)creation->name;
	hr = put_chain(creation, text);
	if (SUCCEEDED(hr))
		hr = membership_put(text, &replaced);
	OPENSSL_free(text->chain);
	return hr;
}

/*
 * The membership comes first: a group that the kernel has and nobody is a member
 * of would be of no use. The key of the group signs once, and is forgotten.
 */
static HRESULT create(const struct identity *creator,
		      const PEER_GROUP_PROPERTIES *props,
		      struct membership_text *text, uint64_t epoch,
		      HGROUP *handle)
{
	const char *who = creator->cert->subject_name;
	struct creation creation = { .creator = creator };
	HRESULT hr;

	hr = creation_init(&creation, props);
	if (SUCCEEDED(hr))
		hr = store_group(&creation, text);
	EVP_PKEY_free(creation.key);
	/* Somebody deleted the creator while the key was made. */
	if (hr == PEER_E_NOT_FOUND)
		return fail_as(PEER_E_INVALID_PEER_NAME);
	if (FAILED(hr))
		return hr;
	hr = secured_open(who, creation.name, epoch, handle);
	if (FAILED(hr))
		membership_delete(who, creation.name);
	return hr;
}

static HRESULT check_profile(const struct identity *creator)
{
	const struct profile *profile = creator->cert->profile;

	if (profile == profile_current())
		return S_OK;
	return fail(PEER_E_INVALID_GROUP_PROPERTIES,
		    "the creator's identity is of the profile %s, the group is to be of %s",
		    profile->name, profile_current()->name);
}

static HRESULT create_by_user(const PEER_GROUP_PROPERTIES *props,
			      struct membership_text *text, uint64_t epoch,
			      HGROUP *handle)
{
	struct identity *creator;
	HRESULT hr;

	hr = identity_of_user(props->pwzCreatorPeerName, &creator);
	if (FAILED(hr))
		return hr;
	hr = check_profile(creator);
	if (SUCCEEDED(hr))
		hr = create(creator, props, text, epoch, handle);
	identity_free(creator);
	return hr;
}

HRESULT WINAPI PeerGroupCreate(PPEER_GROUP_PROPERTIES pProperties,
			       HGROUP *phGroup)
{
	struct membership_text text = { 0 };
	uint64_t epoch;
	HRESULT hr;
	int cancel;

	reason_clear();
	if (!phGroup)
		return E_INVALIDARG;
	*phGroup = NULL;
	epoch = started();
	if (!epoch)
		return PEER_E_NOT_INITIALIZED;
	if (!pProperties)
		return E_INVALIDARG;

	cancel = cancel_disable();
	hr = read_properties(pProperties, &text);
	if (SUCCEEDED(hr))
		hr = create_by_user(pProperties, &text, epoch, phGroup);
	free(text.comment);
	free(text.cloud.name);
	cancel_restore(cancel);
	return hr;
}
