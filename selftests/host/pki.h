/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys, certificates and chains for tests, and means to spoil them: the library
 * makes certificates that are right, tests change what they like and sign again.
 */
#ifndef HOST_PKI_H
#define HOST_PKI_H

#include <openssl/err.h>
#include <openssl/x509.h>
#include <sanitizer/lsan_interface.h>

#include "../../lib/peername.h"
#include "../../lib/pki/chain.h"
#include "../../lib/pki/oid.h"

/* Keys of the profile windows; of the default one there are few. */
#define KEYS_N 30
#define KEYS_DEFAULT 3

/* More than a chain may have. */
#define PLAN_MAX (CHAIN_MAX + 2)

/* A time within the validity of what is made here. */
#define NOW 1800000000

/* Each test leaves neither memory nor what OpenSSL noted behind. */
#define EXPECT_CLEAN() do { \
	EXPECT_EQ(0, ERR_peek_error()); \
	ERR_clear_error(); \
	EXPECT_EQ(0, __lsan_do_recoverable_leak_check()); \
} while (0)

/* The n-th key; they last as long as the program. */
EVP_PKEY *pki_key(enum pg_profile profile, size_t n);

/* A root and memberships, each issued by the one before it. */
struct plan {
	size_t n;
	struct cert_spec specs[PLAN_MAX];
	char names[PLAN_MAX][PEERNAME_MAX + 1];
	X509 *certs[PLAN_MAX];		/* once they are made */
};

/* Say what is to be made: n memberships, of which the last has the role. */
void plan_init(struct plan *plan, enum pg_profile profile, size_t n,
	       unsigned int role);

/* Give a certificate another key, or the same with another classifier. */
void plan_key(struct plan *plan, size_t at, enum pg_profile profile, size_t key,
	      const char *classifier);

/* Make the certificates; aborts if it fails. */
void plan_make(struct plan *plan);

/* Sign a certificate that was changed; the key is that of its issuer. */
void plan_sign(struct plan *plan, size_t at);
void plan_free(struct plan *plan);

/* One identity's certificate. */
X509 *pki_identity(enum pg_profile profile, size_t key, const char *friendly);

/* Sign with a key and a digest. */
void pki_sign(X509 *cert, EVP_PKEY *key, int digest);

/* A container of certificates in this order, written without the library. */
struct der {
	unsigned char bytes[100000];
	size_t len;
};

void pki_container(X509 *const *certs, size_t n, struct der *der);

/* Read and validate a chain, or an identity's certificate. */
HRESULT pki_check(const unsigned char *bytes, size_t len);
HRESULT pki_check_identity(const unsigned char *bytes, size_t len);
HRESULT plan_check(const struct plan *plan);

/* Decode one certificate, and let go of what came out. */
HRESULT pki_decode(X509 *cert);

/* Encode: a string of bytes with a tag, one element around another. */
void der_set(struct der *der, unsigned char tag, const void *bytes, size_t len);
void der_wrap(struct der *der, unsigned char tag);
void der_append(struct der *der, const struct der *more);

/* otherName { oid, string with this tag }. */
void der_other_name(struct der *der, const char *oid, unsigned char tag,
		    const void *bytes, size_t len);

/* A certificate of what is signed, already encoded, of the profile windows. */
X509 *pki_assemble(const struct der *tbs, EVP_PKEY *key);

/* The bytes of an extension; NULL if there is none. */
const ASN1_OCTET_STRING *ext_bytes(const X509 *cert, const char *oid);

/* Remove an extension, add one, or do both. */
void ext_drop(X509 *cert, const char *oid);
void ext_add(X509 *cert, const char *oid, bool critical, const struct der *der);
void ext_replace(X509 *cert, const char *oid, const struct der *der);

/* Replace by a list of one peer name, written as UTF8String. */
void ext_replace_name(X509 *cert, const char *oid, const char *name);

#endif /* HOST_PKI_H */
