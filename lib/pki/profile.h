/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Profiles: how strong keys and signatures are. All certificates of a group are
 * of one profile.
 */
#ifndef LIB_PKI_PROFILE_H
#define LIB_PKI_PROFILE_H

#include <openssl/types.h>

#include "../public.h"

struct profile {
	enum pg_profile id;
	const char *name;	/* for people */
	int key_bits;		/* of RSA, whose exponent is 65537 */
	int digest;		/* NID */
	int signature;		/* NID of RSA PKCS#1 v1.5 with that digest */
};

/* The one that new identities and groups get. */
const struct profile *profile_current(void);

const struct profile *profile_get(enum pg_profile id);

/* That of a certificate, going by its key and its signature; NULL: neither. */
const struct profile *profile_of(const X509 *cert);

/*
 * Whether material of this profile is read at all: the default one always, the
 * other where it was asked for.
 */
bool profile_allowed(const struct profile *profile);

EVP_PKEY *profile_new_key(const struct profile *profile);

#endif /* LIB_PKI_PROFILE_H */
