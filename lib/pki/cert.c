// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is in a certificate of a peer.
 */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../peername.h"
#include "cert.h"
#include "error.h"
#include "unicode.h"

void cert_free(struct cert *cert)
{
	size_t i;

	if (!cert)
		return;
	for (i = 0; i < cert->classifiers.n; i++)
		free(cert->classifiers.list[i]);
	free(cert->classifiers.list);
	free(cert->group_name);
	free(cert->issuer_name);
	free(cert->subject_name);
	free(cert->issuer);
	free(cert->subject);
	X509_free(cert->x509);
	free(cert);
}

static HRESULT bad_form(const char *what)
{
	ERR_clear_error();
	return fail(CRYPT_E_ASN1_ERROR, "a certificate %s", what);
}

static HRESULT check_form(const X509 *x509)
{
	const ASN1_BIT_STRING *issuer_uid, *subject_uid;

	if (X509_get_version(x509) != X509_VERSION_3)
		return bad_form("is not of version 3");
	if (ASN1_STRING_length(X509_get0_serialNumber(x509)) != SERIAL_BYTES)
		return bad_form("has a serial number of another length");
	X509_get0_uids(x509, &issuer_uid, &subject_uid);
	if (issuer_uid || subject_uid)
		return bad_form("has unique identifiers");
	return ext_check(x509);
}

static HRESULT get_profile(struct cert *cert)
{
	cert->profile = profile_of(cert->x509);
	if (cert->profile)
		return S_OK;
	ERR_clear_error();
	return fail(NTE_BAD_ALGID,
		    "a certificate has a key or signature of no profile");
}

static HRESULT get_time(const ASN1_TIME *time, int64_t *seconds)
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(time, &tm))
		return bad_form("has no valid time");
	*seconds = timegm(&tm);
	return S_OK;
}

/* Which attribute holds a friendly name is nowhere said: any that is first. */
static HRESULT get_friendly(const X509_NAME *name, char **friendly)
{
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	const X509_NAME_ENTRY *entry =
		X509_NAME_get_entry(name, at < 0 ? 0 : at);
	HRESULT hr;

	if (!entry)
		return bad_form("has no friendly name");
	hr = string_get(X509_NAME_ENTRY_get_data(entry), friendly);
	if (SUCCEEDED(hr) && !friendly_valid(*friendly))
		hr = bad_form("has a friendly name that is too long");
	return hr;
}

static HRESULT get_fields(struct cert *cert)
{
	HRESULT hr = check_form(cert->x509);

	if (SUCCEEDED(hr))
		hr = get_profile(cert);
	if (SUCCEEDED(hr))
		hr = get_time(X509_get0_notBefore(cert->x509), &cert->from);
	if (SUCCEEDED(hr))
		hr = get_time(X509_get0_notAfter(cert->x509), &cert->until);
	if (SUCCEEDED(hr))
		hr = get_friendly(X509_get_subject_name(cert->x509),
				  &cert->subject);
	if (SUCCEEDED(hr))
		hr = get_friendly(X509_get_issuer_name(cert->x509),
				  &cert->issuer);
	return hr;
}

static HRESULT get_extensions(struct cert *cert)
{
	HRESULT hr = ext_get_type(cert->x509, &cert->type);

	if (SUCCEEDED(hr))
		hr = ext_get_name(cert->x509, NAME_SUBJECT,
				  &cert->subject_name);
	if (SUCCEEDED(hr) && !cert->subject_name)
		hr = bad_form("has no peer name");
	if (SUCCEEDED(hr))
		hr = ext_get_name(cert->x509, NAME_ISSUER, &cert->issuer_name);
	if (SUCCEEDED(hr))
		hr = ext_get_name(cert->x509, NAME_GROUP, &cert->group_name);
	if (SUCCEEDED(hr))
		hr = ext_get_roles(cert->x509, &cert->has_roles, &cert->roles);
	if (SUCCEEDED(hr))
		hr = ext_get_classifiers(cert->x509, &cert->has_classifiers,
					 &cert->classifiers);
	return hr;
}

HRESULT cert_decode(X509 *x509, struct cert **cert)
{
	struct cert *new = calloc(1, sizeof(*new));
	HRESULT hr;

	if (!new)
		return E_OUTOFMEMORY;
	X509_up_ref(x509);
	new->x509 = x509;
	hr = get_fields(new);
	if (SUCCEEDED(hr))
		hr = get_extensions(new);
	if (FAILED(hr)) {
		cert_free(new);
		return hr;
	}
	*cert = new;
	return S_OK;
}
