// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Identities: create, delete, name, show.
 */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "../pki/chain.h"
#include "../reason.h"
#include "../store/identity.h"
#include "../xml/identity.h"
#include "argument.h"
#include "identity.h"

HRESULT identity_argument(PCWSTR wide, char buf[PEERNAME_MAX + 1],
			  const char **name)
{
	HRESULT hr;

	*name = NULL;
	if (!wide)
		return S_OK;
	hr = argument_identity(wide, buf);
	if (SUCCEEDED(hr))
		*name = buf;
	return hr;
}

HRESULT identity_of_user(PCWSTR wide, struct identity **identity)
{
	char name[PEERNAME_MAX + 1];
	HRESULT hr;

	if (!wide)
		return identity_load_default(identity);
	hr = argument_identity(wide, name);
	if (FAILED(hr))
		return fail_as(PEER_E_INVALID_PEER_NAME);
	hr = identity_load(name, identity);
	return hr == PEER_E_NOT_FOUND ? fail_as(PEER_E_INVALID_PEER_NAME) : hr;
}

/* Nobody could use what nobody knows the name of. */
HRESULT identity_add_and_name(const struct identity *identity, PWSTR *name)
{
	HRESULT hr = hand_out_text(identity->cert->subject_name, name);

	if (FAILED(hr))
		return hr;
	hr = identity_add(identity);
	if (FAILED(hr)) {
		free(*name);
		*name = NULL;
	}
	return hr;
}

HRESULT WINAPI PeerIdentityCreate(PCWSTR pwzClassifier, PCWSTR pwzFriendlyName,
				  HCRYPTPROV hCryptProv, PWSTR *ppwzIdentity)
{
	char classifier[3 * CLASSIFIER_UNITS + 1], friendly[FRIENDLY_MAX + 1];
	struct identity *identity;
	HRESULT hr;

	reason_clear();
	if (!ppwzIdentity)
		return E_INVALIDARG;
	*ppwzIdentity = NULL;
	if (hCryptProv)
		return fail(E_INVALIDARG, "there are no containers of keys");

	hr = argument_classifier(pwzClassifier, classifier);
	if (SUCCEEDED(hr))
		hr = argument_friendly(pwzFriendlyName, friendly);
	if (SUCCEEDED(hr))
		hr = identity_make(classifier, *friendly ? friendly : NULL,
				   &identity);
	if (FAILED(hr))
		return hr;
	hr = identity_add_and_name(identity, ppwzIdentity);
	identity_free(identity);
	return hr;
}

HRESULT WINAPI PeerIdentityDelete(PCWSTR pwzIdentity)
{
	char name[PEERNAME_MAX + 1];
	HRESULT hr;

	reason_clear();
	hr = argument_identity(pwzIdentity, name);
	return FAILED(hr) ? hr : identity_delete(name);
}

static HRESULT load(PCWSTR wide, struct identity **identity)
{
	char buf[PEERNAME_MAX + 1];
	const char *name;
	HRESULT hr;

	hr = identity_argument(wide, buf, &name);
	return FAILED(hr) ? hr : identity_load(name, identity);
}

HRESULT WINAPI PeerIdentityGetFriendlyName(PCWSTR pwzIdentity,
					   PWSTR *ppwzFriendlyName)
{
	struct identity *identity;
	HRESULT hr;

	reason_clear();
	if (!ppwzFriendlyName)
		return E_INVALIDARG;
	*ppwzFriendlyName = NULL;

	hr = load(pwzIdentity, &identity);
	if (FAILED(hr))
		return hr;
	hr = hand_out_text(identity->cert->subject, ppwzFriendlyName);
	identity_free(identity);
	return hr;
}

HRESULT WINAPI PeerIdentitySetFriendlyName(PCWSTR pwzIdentity,
					   PCWSTR pwzFriendlyName)
{
	char buf[PEERNAME_MAX + 1], friendly[FRIENDLY_MAX + 1];
	const char *name;
	HRESULT hr;

	reason_clear();
	hr = identity_argument(pwzIdentity, buf, &name);
	if (SUCCEEDED(hr))
		hr = argument_friendly(pwzFriendlyName, friendly);
	if (FAILED(hr))
		return hr;
	return identity_rename(name, *friendly ? friendly : NULL);
}

static HRESULT info_of(const struct identity *identity, PWSTR *wide)
{
	unsigned char *der;
	char *text;
	size_t len;
	HRESULT hr;

	hr = container_write(identity->cert->x509, NULL, &der, &len);
	if (FAILED(hr))
		return hr;
	hr = identity_info_write(der, len, &text);
	OPENSSL_free(der);
	if (FAILED(hr))
		return hr;
	hr = hand_out_text(text, wide);
	free(text);
	return hr;
}

HRESULT WINAPI PeerIdentityGetXML(PCWSTR pwzIdentity, PWSTR *ppwzIdentityXML)
{
	struct identity *identity;
	HRESULT hr;

	reason_clear();
	if (!ppwzIdentityXML)
		return E_INVALIDARG;
	*ppwzIdentityXML = NULL;

	hr = load(pwzIdentity, &identity);
	if (FAILED(hr))
		return hr;
	hr = info_of(identity, ppwzIdentityXML);
	identity_free(identity);
	return hr;
}

HRESULT WINAPI PeerIdentityGetDefault(PWSTR *ppwzPeerName)
{
	struct identity *identity;
	HRESULT hr;

	reason_clear();
	if (!ppwzPeerName)
		return E_INVALIDARG;
	*ppwzPeerName = NULL;

	hr = identity_load_default(&identity);
	if (FAILED(hr))
		return hr;
	hr = hand_out_text(identity->cert->subject_name, ppwzPeerName);
	identity_free(identity);
	return hr;
}
