/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strings within certificates. CryptoAPI writes Unicode as BMPString, which
 * then has surrogates; OpenSSL takes that for UCS-2.
 */
#ifndef LIB_PKI_UNICODE_H
#define LIB_PKI_UNICODE_H

#include <openssl/types.h>

#include "../public.h"

/* A BMPString of valid UTF-8; NULL: no memory. */
ASN1_STRING *string_new_bmp(const char *text);

/*
 * Any type of string as UTF-8, to be released with free(). CRYPT_E_ASN1_ERROR
 * if it is malformed or has control characters; there is nothing to release then.
 */
HRESULT string_get(const ASN1_STRING *string, char **text);

#endif /* LIB_PKI_UNICODE_H */
