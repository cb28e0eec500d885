// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What OpenSSL's reasons mean to a program that knows those of Windows.
 */
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "error.h"

#define ANY 0	/* reason */

/* The first line that matches counts. Documentation/identities.md shows it. */
static const struct {
	int lib;
	int reason;
	HRESULT hr;
} table[] = {
	{ ERR_LIB_ASN1, ASN1_R_UNKNOWN_PUBLIC_KEY_TYPE, NTE_BAD_ALGID },
	{ ERR_LIB_ASN1, ASN1_R_UNKNOWN_SIGNATURE_ALGORITHM, NTE_BAD_ALGID },
	{ ERR_LIB_ASN1, ANY, CRYPT_E_ASN1_ERROR },
	{ ERR_LIB_PEM, PEM_R_BAD_DECRYPT, NTE_BAD_KEY },
	{ ERR_LIB_PEM, ANY, CRYPT_E_BAD_ENCODE },
	{ ERR_LIB_X509, X509_R_UNABLE_TO_GET_CERTS_PUBLIC_KEY, NTE_BAD_KEY },
	{ ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH, NTE_BAD_KEY },
	{ ERR_LIB_X509, X509_R_PUBLIC_KEY_DECODE_ERROR, NTE_BAD_KEY },
	{ ERR_LIB_X509, X509_R_UNSUPPORTED_ALGORITHM, NTE_BAD_ALGID },
	{ ERR_LIB_X509, ANY, CRYPT_E_BAD_ENCODE },
	{ ERR_LIB_PKCS7, ANY, CRYPT_E_BAD_ENCODE },
	{ ERR_LIB_PKCS12, PKCS12_R_MAC_VERIFY_FAILURE, E_INVALIDARG },
	{ ERR_LIB_PKCS12, PKCS12_R_UNKNOWN_DIGEST_ALGORITHM, NTE_BAD_ALGID },
	{ ERR_LIB_PKCS12, ANY, CRYPT_E_BAD_ENCODE },
	{ ERR_LIB_RSA, RSA_R_KEY_SIZE_TOO_SMALL, NTE_BAD_KEY },
	{ ERR_LIB_RSA, RSA_R_MODULUS_TOO_LARGE, NTE_BAD_KEY },
	{ ERR_LIB_RSA, RSA_R_BAD_E_VALUE, NTE_BAD_KEY },
	{ ERR_LIB_RSA, ANY, NTE_BAD_SIGNATURE },
	{ ERR_LIB_EVP, ERR_R_UNSUPPORTED, NTE_BAD_ALGID },
	{ ERR_LIB_EVP, EVP_R_UNSUPPORTED_ALGORITHM, NTE_BAD_ALGID },
	{ ERR_LIB_EVP, EVP_R_UNKNOWN_PBE_ALGORITHM, NTE_BAD_ALGID },
	{ ERR_LIB_EVP, EVP_R_UNSUPPORTED_CIPHER, NTE_BAD_ALGID },
	{ ERR_LIB_EVP, EVP_R_BAD_DECRYPT, E_INVALIDARG },
	{ ERR_LIB_EVP, EVP_R_DECODE_ERROR, NTE_BAD_KEY },
};

static HRESULT translate(unsigned long error)
{
	int lib = ERR_GET_LIB(error), reason = ERR_GET_REASON(error);
	size_t i;

	if (reason == ERR_R_MALLOC_FAILURE)
		return E_OUTOFMEMORY;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].lib == lib &&
		    (table[i].reason == ANY || table[i].reason == reason))
			return table[i].hr;
	return NTE_FAIL;
}

HRESULT fail_crypto(const char *what)
{
	unsigned long error = ERR_peek_error();
	const char *words = ERR_reason_error_string(error);
	HRESULT hr = translate(error);

	hr = words ? fail(hr, "%s: %s", what, words) : fail(hr, "%s", what);
	ERR_clear_error();
	return hr;
}
