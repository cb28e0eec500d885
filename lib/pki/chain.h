/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chains: the root of a group, then memberships, each issued by the one before
 * it, in a PKCS#7 container.
 */
#ifndef LIB_PKI_CHAIN_H
#define LIB_PKI_CHAIN_H

#include "cert.h"

/* A root and 24 memberships. */
#define CHAIN_MAX 25

struct chain {
	struct cert *certs[CHAIN_MAX];	/* from the root to the leaf */
	size_t n;
};

/*
 * Read the certificates of a container in any order and put them in that of
 * issuing. PEER_E_CHAIN_TOO_LONG, PEER_E_CIRCULAR_CHAIN_DETECTED;
 * CRYPT_E_BAD_ENCODE: no container; PEER_E_INVITATION_NOT_TRUSTED: no chain;
 * the codes of cert_decode().
 */
HRESULT chain_read(const unsigned char *der, size_t len, struct chain **chain);

/* NULL does nothing. */
void chain_free(struct chain *chain);

/* The last membership. */
const struct cert *chain_leaf(const struct chain *chain);

/*
 * A container of the chain's certificates and of one more. *der is released
 * with OPENSSL_free(). PEER_E_CHAIN_TOO_LONG.
 */
HRESULT chain_write(const struct chain *chain, X509 *more, unsigned char **der,
		    size_t *len);

/* Likewise of one or two certificates; second may be NULL. */
HRESULT container_write(X509 *first, X509 *second, unsigned char **der,
			size_t *len);

/*
 * Read one certificate, an identity's, from a container or bare, and check it:
 * its type, its signature, and that its name is that of its key.
 */
HRESULT identity_cert_read(const unsigned char *der, size_t len,
			   struct cert **cert);
HRESULT identity_cert_check(const struct cert *cert);

/*
 * All rules for a chain but those of time: PEER_E_INVITATION_NOT_TRUSTED with
 * the rule in words, NTE_BAD_SIGNATURE.
 */
HRESULT chain_validate(const struct chain *chain);

/* Whether every certificate is valid; PEER_E_INVALID_TIME_PERIOD. */
HRESULT chain_validate_time(const struct chain *chain, int64_t now);

/* Likewise of the time that chain_validity() told. */
HRESULT validity_check(int64_t from, int64_t until, int64_t now);

/* Roles that exist in groups of a version. */
HRESULT chain_validate_roles(const struct chain *chain, unsigned int allowed);

/* The time in which all certificates are valid; it may be empty. */
void chain_validity(const struct chain *chain, int64_t *from, int64_t *until);

#endif /* LIB_PKI_CHAIN_H */
