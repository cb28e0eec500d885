/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Peer names ([MS-PNRP] 2.2.4): an authority, a dot, a classifier. The authority
 * of a secure name is the SHA-1 of a public key in 40 lower-case hex digits, that
 * of an unsecured one is "0". All strings are UTF-8.
 */
#ifndef LIB_PEERNAME_H
#define LIB_PEERNAME_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

#define AUTHORITY_LEN 40

/* Most UTF-16 units of a classifier and a peer name, and most bytes of one. */
#define CLASSIFIER_UNITS 149
#define PEERNAME_UNITS (AUTHORITY_LEN + 1 + CLASSIFIER_UNITS)
#define PEERNAME_MAX (AUTHORITY_LEN + 1 + 3 * CLASSIFIER_UNITS)

/* Most UTF-16 units of a friendly name. */
#define FRIENDLY_UNITS 255
#define FRIENDLY_MAX (3 * FRIENDLY_UNITS)

/* Whether a classifier is well-formed, free of control characters and short. */
bool classifier_valid(const char *classifier);

/* Likewise a friendly name, which is not empty. */
bool friendly_valid(const char *friendly);

/* Whether it is a secure peer name. */
bool peername_secure(const char *name);

/* Whether it is a secure or an unsecured one. */
bool peername_valid(const char *name);

/* The classifier of a peer name, within it. */
const char *peername_classifier(const char *name);

/* Whether two secure names have the same authority. */
bool peername_same_authority(const char *a, const char *b);

/* Make the secure name of a key and a valid classifier. */
bool peername_make(const EVP_PKEY *key, const char *classifier,
		   char name[PEERNAME_MAX + 1]);

/* Whether the authority of a secure name is that of the key of a certificate. */
bool peername_is_of(const char *name, const X509 *cert);

/* Longest name of a host. */
#define HOST_MAX 253

/* The name as that of a host below pnrp.net; false if it cannot be one. */
bool peername_dns(const char *name, char host[HOST_MAX + 1]);

#endif /* LIB_PEERNAME_H */
