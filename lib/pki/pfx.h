/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PFX (PKCS#12): a key and its certificate under a password.
 */
#ifndef LIB_PKI_PFX_H
#define LIB_PKI_PFX_H

#include <openssl/types.h>
#include <stddef.h>

#include "profile.h"

/* password is UTF-8. *der is released with OPENSSL_free(). */
HRESULT pfx_write(const struct profile *profile, EVP_PKEY *key, X509 *cert,
		  const char *password, unsigned char **der, size_t *len);

/*
 * E_INVALIDARG: malformed, altered, or another password; NTE_BAD_ALGID: made
 * with what OpenSSL's default provider does not offer, or with more rounds than
 * PFX_ROUNDS_MAX.
 */
#define PFX_ROUNDS_MAX 10000000

HRESULT pfx_read(const unsigned char *der, size_t len, const char *password,
		 EVP_PKEY **key, X509 **cert);

#endif /* LIB_PKI_PFX_H */
