// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Why a call of <p2p.h> failed, in words.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reason.h"

static _Thread_local struct {
	HRESULT hr;
	char text[1024];	/* has room for two peer names */
} last;

static const struct {
	HRESULT hr;
	const char *text;
} meanings[] = {
	{ S_OK, "success" },
	{ S_FALSE, "not yet" },
	{ E_ACCESSDENIED, "not permitted" },
	{ E_HANDLE, "a bad handle" },
	{ E_INVALIDARG, "an argument is not valid" },
	{ E_OUTOFMEMORY, "no memory, or a limit is reached" },
	{ E_UNEXPECTED, "an unexpected error" },
	{ PEER_S_NO_EVENT_DATA, "no event is queued" },
	{ PEER_E_ALREADY_EXISTS, "it exists already" },
	{ PEER_E_CERT_STORE_CORRUPTED, "the store is damaged" },
	{ PEER_E_CHAIN_TOO_LONG, "the chain of certificates is too long" },
	{ PEER_E_CIRCULAR_CHAIN_DETECTED,
	  "the chain of certificates runs in a circle" },
	{ PEER_E_DISK_FULL, "the disk is full" },
	{ PEER_E_GROUPS_EXIST, "the identity is still a member of groups" },
	{ PEER_E_GROUP_IN_USE, "the group is in use" },
	{ PEER_E_IDENTITY_DELETED, "the identity was deleted" },
	{ PEER_E_INVALID_CLASSIFIER, "the classifier is not valid" },
	{ PEER_E_INVALID_GROUP, "a bad handle, or the group was deleted" },
	{ PEER_E_INVALID_GROUP_PROPERTIES,
	  "a property of the group is not valid" },
	{ PEER_E_INVALID_PEER_NAME, "the peer name is not valid" },
	{ PEER_E_INVALID_TIME_PERIOD, "outside the time of validity" },
	{ PEER_E_INVITATION_NOT_TRUSTED, "the invitation is not trusted" },
	{ PEER_E_NOT_AUTHORIZED, "the role does not permit it" },
	{ PEER_E_NOT_FOUND, "there is none of this name" },
	{ PEER_E_NOT_INITIALIZED, "PeerGroupStartup() was not called" },
	{ PEER_E_NO_KEY_ACCESS, "the key cannot be read, or others could" },
	{ PEER_E_TOO_MANY_IDENTITIES, "there are too many identities" },
	{ PEER_E_UNSUPPORTED_VERSION, "the version is not supported" },
	{ HRESULT_FROM_WIN32(ERROR_RETRY), "too much happened meanwhile" },
	{ HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL),
	  "the module peergroup is not loaded" },
	{ NTE_BAD_SIGNATURE, "a signature does not verify" },
	{ NTE_BAD_ALGID, "an unknown algorithm" },
	{ NTE_BAD_KEY, "a bad key" },
	{ NTE_FAIL, "cryptography failed" },
	{ CRYPT_E_BAD_ENCODE, "a bad encoding" },
	{ CRYPT_E_ASN1_ERROR, "a bad encoding in ASN.1" },
};

HRESULT fail(HRESULT hr, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last.text, sizeof(last.text), fmt, ap);
	va_end(ap);
	last.hr = hr;
	return hr;
}

HRESULT fail_errno(HRESULT hr, int err, const char *fmt, ...)
{
	size_t used;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last.text, sizeof(last.text), fmt, ap);
	va_end(ap);
	used = strlen(last.text);
	snprintf(last.text + used, sizeof(last.text) - used, ": %s",
		 strerrordesc_np(err));
	last.hr = hr;
	return hr;
}

HRESULT fail_as(HRESULT hr)
{
	last.hr = hr;
	return hr;
}

void reason_clear(void)
{
	last.hr = S_OK;
	last.text[0] = '\0';
}

static const char *meaning(HRESULT hr)
{
	size_t i;

	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].hr == hr)
			return meanings[i].text;
	return NULL;
}

const char *pg_hresult_text(int32_t hr)
{
	static _Thread_local char number[32];
	const char *text;

	if (last.text[0] && last.hr == hr)
		return last.text;
	text = meaning(hr);
	if (text)
		return text;
	snprintf(number, sizeof(number), "error 0x%08x", (uint32_t)hr);
	return number;
}
