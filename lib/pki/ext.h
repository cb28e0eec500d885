/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The extensions of certificates of peers, as values
 * ([MS-PNRP] 2.2.3.5.1, [MS-PPSEC] 2.2.5).
 */
#ifndef LIB_PKI_EXT_H
#define LIB_PKI_EXT_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "role.h"

/* What PnrpCertificateType says. */
enum cert_type {
	CERT_MEMBER = 1,	/* GMC: a membership */
	CERT_ROOT = 2,		/* GRC: the root of a group */
	CERT_IDENTITY = 3,	/* IDC: an identity */
};

/* Which peer name. */
enum name_ext {
	NAME_SUBJECT,
	NAME_ISSUER,
	NAME_GROUP,
};

/*
 * Put an extension into a certificate. false: OpenSSL has noted why.
 */
bool ext_put_type(X509 *cert, enum cert_type type);
bool ext_put_version(X509 *cert);
bool ext_put_name(X509 *cert, enum name_ext which, const char *name);
bool ext_put_dns(X509 *cert, const char *host);
bool ext_put_usage(X509 *cert);
bool ext_put_roles(X509 *cert, unsigned int roles);
/* classifier NULL: an empty list */
bool ext_put_classifiers(X509 *cert, const char *classifier);
bool ext_put_issuer_key(X509 *cert, const unsigned char *hash, size_t len);

/*
 * Take one out. An extension that is not there leaves the value NULL, 0 or
 * false; one that is malformed is CRYPT_E_ASN1_ERROR.
 */
HRESULT ext_get_type(const X509 *cert, enum cert_type *type);
HRESULT ext_get_name(const X509 *cert, enum name_ext which, char **name);
HRESULT ext_get_roles(const X509 *cert, bool *there, unsigned int *roles);
HRESULT ext_get_classifiers(const X509 *cert, bool *there,
			    struct classifiers *classifiers);

/*
 * Check all at once: they are few, none is there twice, and those marked as
 * critical are known here; else CRYPT_E_ASN1_ERROR.
 */
HRESULT ext_check(const X509 *cert);

#endif /* LIB_PKI_EXT_H */
