/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates of peers: what is in one, and how one is made.
 */
#ifndef LIB_PKI_CERT_H
#define LIB_PKI_CERT_H

#include <openssl/types.h>
#include <stdint.h>

#include "ext.h"
#include "profile.h"

/* Octets of a serial number. */
#define SERIAL_BYTES 16

/* Years for which identities and groups are valid, "infinite" to Windows. */
#define VALIDITY_YEARS 1000

/* Times are seconds since 1970. */
struct cert {
	X509 *x509;
	const struct profile *profile;
	enum cert_type type;
	char *subject;		/* friendly name */
	char *issuer;		/* likewise */
	char *subject_name;	/* peer name */
	char *issuer_name;	/* likewise; NULL: none, and so below */
	char *group_name;
	int64_t from;
	int64_t until;
	bool has_roles;
	unsigned int roles;
	bool has_classifiers;
	struct classifiers classifiers;
};

/*
 * Take a certificate apart, and a reference to it; checks all that concerns it
 * alone. CRYPT_E_ASN1_ERROR, NTE_BAD_ALGID: it is none of a peer.
 */
HRESULT cert_decode(X509 *x509, struct cert **cert);

/* NULL does nothing. */
void cert_free(struct cert *cert);

/* What the issuer signs. Without issuer_key the subject does so itself. */
struct cert_spec {
	const struct profile *profile;
	enum cert_type type;
	const char *subject;
	const char *subject_name;
	EVP_PKEY *subject_key;
	const char *issuer;
	const char *issuer_name;
	EVP_PKEY *issuer_key;
	const char *group_name;	/* of a membership */
	unsigned int roles;	/* likewise */
	int64_t from;
	int64_t until;
};

HRESULT cert_make(const struct cert_spec *spec, X509 **x509);

/*
 * When what is signed now begins to be valid: some minutes ago, since not all
 * clocks are right. And a thousand years later.
 */
int64_t validity_begin(void);
int64_t validity_end(int64_t from);

#endif /* LIB_PKI_CERT_H */
