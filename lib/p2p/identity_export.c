// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerIdentityExport() and PeerIdentityImport().
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "../pki/chain.h"
#include "../pki/pfx.h"
#include "../reason.h"
#include "../utf8.h"
#include "../xml/identity.h"
#include "argument.h"
#include "identity.h"

#define PASSWORD_MAX 1024	/* bytes */

static void wipe_text(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

static HRESULT password_argument(PCWSTR wide, char password[PASSWORD_MAX + 1])
{
	if (!wide || !*wide ||
	    utf8_from_wide(wide, password, PASSWORD_MAX + 1) < 0)
		return fail(E_INVALIDARG,
			    "the password is missing, too long or not valid");
	return S_OK;
}

static HRESULT export_text(const struct identity *identity,
			   const char *password, char **text)
{
	const struct profile *profile = identity->cert->profile;
	unsigned char *der;
	size_t len;
	HRESULT hr;

	hr = pfx_write(profile, identity->key, identity->cert->x509, password,
		       &der, &len);
	if (FAILED(hr))
		return hr;
	hr = identity_export_write(identity->cert->subject_name, der, len,
				   profile->id == PG_PROFILE_WINDOWS, text);
	OPENSSL_clear_free(der, len);
	return hr;
}

static HRESULT export_named(const char *name, const char *password, PWSTR *wide)
{
	struct identity *identity;
	char *text;
	HRESULT hr;

	hr = identity_load(name, &identity);
	if (FAILED(hr))
		return hr;
	hr = export_text(identity, password, &text);
	identity_free(identity);
	if (FAILED(hr))
		return hr;
	hr = hand_out_text(text, wide);
	free(text);
	return hr;
}

HRESULT WINAPI PeerIdentityExport(PCWSTR pwzIdentity, PCWSTR pwzPassword,
				  PWSTR *ppwzExportXML)
{
	char buf[PEERNAME_MAX + 1], password[PASSWORD_MAX + 1];
	const char *name;
	HRESULT hr;

	reason_clear();
	if (!ppwzExportXML)
		return E_INVALIDARG;
	*ppwzExportXML = NULL;

	hr = identity_argument(pwzIdentity, buf, &name);
	if (SUCCEEDED(hr))
		hr = password_argument(pwzPassword, password);
	if (SUCCEEDED(hr))
		hr = export_named(name, password, ppwzExportXML);
	OPENSSL_cleanse(password, sizeof(password));
	return hr;
}

/* What is in a PFX is as good as its password, not as good as its signature. */
static HRESULT check_imported(const struct cert *cert, const char *name)
{
	HRESULT hr = identity_cert_check(cert);

	if (FAILED(hr))
		return fail_as(E_INVALIDARG);
	if (strcmp(cert->subject_name, name))
		return fail(E_INVALIDARG,
			    "the text was altered: it names another identity");
	if (!profile_allowed(cert->profile))
		return fail(E_INVALIDARG,
			    "the identity is of the profile %s, which was not chosen",
			    cert->profile->name);
	return S_OK;
}

static HRESULT read_pfx(const unsigned char *der, size_t len,
			const char *password, struct identity *identity)
{
	X509 *x509;
	HRESULT hr;

	hr = pfx_read(der, len, password, &identity->key, &x509);
	if (FAILED(hr))
		return hr;
	hr = cert_decode(x509, &identity->cert);
	X509_free(x509);
	if (FAILED(hr) && hr != E_OUTOFMEMORY)
		hr = fail_as(E_INVALIDARG);
	return hr;
}

static HRESULT import_text(const char *text, const char *password, PWSTR *wide)
{
	struct identity identity = { 0 };
	unsigned char *der;
	size_t len;
	HRESULT hr;
	char *name;

	hr = identity_export_read(text, &name, &der, &len);
	if (FAILED(hr))
		return hr;
	hr = read_pfx(der, len, password, &identity);
	OPENSSL_cleanse(der, len);
	free(der);
	if (SUCCEEDED(hr))
		hr = check_imported(identity.cert, name);
	if (SUCCEEDED(hr))
		hr = identity_add_and_name(&identity, wide);
	free(name);
	cert_free(identity.cert);
	EVP_PKEY_free(identity.key);
	return hr;
}

HRESULT WINAPI PeerIdentityImport(PCWSTR pwzImportXML, PCWSTR pwzPassword,
				  PWSTR *ppwzIdentity)
{
	char password[PASSWORD_MAX + 1], *text;
	HRESULT hr;

	reason_clear();
	if (!ppwzIdentity)
		return E_INVALIDARG;
	*ppwzIdentity = NULL;

	hr = argument_text(pwzImportXML, &text);
	if (FAILED(hr))
		return hr;
	hr = password_argument(pwzPassword, password);
	if (SUCCEEDED(hr))
		hr = import_text(text, password, ppwzIdentity);
	OPENSSL_cleanse(password, sizeof(password));
	wipe_text(text);
	return hr;
}
