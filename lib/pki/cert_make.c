// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Making certificates ([MS-PPSEC] 2.2.5, [MS-PNRP] 2.2.3.5).
 */
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "../peername.h"
#include "../utf8.h"
#include "cert.h"
#include "error.h"
#include "unicode.h"

#define CLOCK_SKEW 300	/* seconds */

int64_t validity_begin(void)
{
	return time(NULL) - CLOCK_SKEW;
}

int64_t validity_end(int64_t from)
{
	time_t start = from;
	struct tm tm;

	gmtime_r(&start, &tm);
	tm.tm_year += VALIDITY_YEARS;
	return timegm(&tm);
}

/* The first bits 01 keep the length, and the sign, of the number. */
static bool put_serial(X509 *x509)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *number;
	bool done;

	if (RAND_bytes(bytes, sizeof(bytes)) <= 0)
		return false;
	bytes[0] = (bytes[0] & 0x3f) | 0x40;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	done = number &&
	       BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509));
	BN_free(number);
	return done;
}

/* Names of X.500 are read by OpenSSL, for which BMPString has no surrogates. */
static bool put_friendly(X509_NAME *name, const char *friendly)
{
	ASN1_STRING *bmp;
	bool done;

	if (utf8_utf16_len(friendly) >
	    (size_t)utf8_to_wide(friendly, strlen(friendly), NULL))
		return X509_NAME_add_entry_by_NID(name, NID_commonName,
						  V_ASN1_UTF8STRING,
						  (const void *)friendly, -1,
						  -1, 0);
	bmp = string_new_bmp(friendly);
	done = bmp && X509_NAME_add_entry_by_NID(name, NID_commonName,
						 V_ASN1_BMPSTRING,
						 ASN1_STRING_get0_data(bmp),
						 ASN1_STRING_length(bmp),
						 -1, 0);
	ASN1_STRING_free(bmp);
	return done;
}

static bool put_names(X509 *x509, const struct cert_spec *spec)
{
	X509_NAME *subject = X509_NAME_new(), *issuer = X509_NAME_new();
	bool done = subject && issuer && put_friendly(subject, spec->subject) &&
		    put_friendly(issuer, spec->issuer ?: spec->subject) &&
		    X509_set_subject_name(x509, subject) &&
		    X509_set_issuer_name(x509, issuer);

	X509_NAME_free(issuer);
	X509_NAME_free(subject);
	return done;
}

static bool put_fields(X509 *x509, const struct cert_spec *spec)
{
	return X509_set_version(x509, X509_VERSION_3) && put_serial(x509) &&
	       put_names(x509, spec) &&
	       ASN1_TIME_set(X509_getm_notBefore(x509), spec->from) &&
	       ASN1_TIME_set(X509_getm_notAfter(x509), spec->until) &&
	       X509_set_pubkey(x509, spec->subject_key);
}

/* A host name is extra: nothing here reads it. */
static bool put_dns(X509 *x509, const char *name)
{
	char host[HOST_MAX + 1];

	return !peername_dns(name, host) || ext_put_dns(x509, host);
}

static bool put_issuer_key(X509 *x509, const EVP_PKEY *key)
{
	unsigned char hash[EVP_MAX_MD_SIZE], *der = NULL;
	int len = i2d_PublicKey(key, &der);
	unsigned int n;
	bool done = len > 0 &&
		    EVP_Digest(der, len, hash, &n, EVP_sha1(), NULL) &&
		    ext_put_issuer_key(x509, hash, n);

	OPENSSL_free(der);
	return done;
}

/* Administrators may publish under everything. */
static bool put_membership(X509 *x509, const struct cert_spec *spec)
{
	const char *classifier =
		spec->roles & ROLE_ADMIN ? NULL : CLASSIFIER_PARTICIPANT;

	return ext_put_version(x509) &&
	       ext_put_name(x509, NAME_ISSUER, spec->issuer_name) &&
	       ext_put_name(x509, NAME_GROUP, spec->group_name) &&
	       ext_put_roles(x509, spec->roles) &&
	       ext_put_classifiers(x509, classifier) &&
	       put_issuer_key(x509, spec->issuer_key);
}

static bool put_extensions(X509 *x509, const struct cert_spec *spec)
{
	if (!ext_put_type(x509, spec->type) ||
	    !ext_put_name(x509, NAME_SUBJECT, spec->subject_name) ||
	    !ext_put_usage(x509))
		return false;
	switch (spec->type) {
	case CERT_MEMBER:
		return put_membership(x509, spec);
	case CERT_ROOT:
		return ext_put_version(x509) &&
		       ext_put_name(x509, NAME_GROUP, spec->subject_name);
	default:
		return put_dns(x509, spec->subject_name);
	}
}

HRESULT cert_make(const struct cert_spec *spec, X509 **x509)
{
	EVP_PKEY *key = spec->issuer_key ?: spec->subject_key;
	const EVP_MD *digest = EVP_get_digestbynid(spec->profile->digest);
	X509 *new;

	/* What others left there would be taken for the reason of a failure. */
	ERR_clear_error();
	new = X509_new();
	if (new && put_fields(new, spec) && put_extensions(new, spec) &&
	    X509_sign(new, key, digest)) {
		*x509 = new;
		return S_OK;
	}
	X509_free(new);
	return fail_crypto("cannot make a certificate");
}
