// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Profiles: how strong keys and signatures are.
 */
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "profile.h"

static const struct profile profiles[] = {
	{
		.id = PG_PROFILE_DEFAULT,
		.name = "default",
		.key_bits = 3072,
		.digest = NID_sha256,
		.signature = NID_sha256WithRSAEncryption,
	}, {
		.id = PG_PROFILE_WINDOWS,
		.name = "windows",
		.key_bits = 1024,
		.digest = NID_sha1,
		.signature = NID_sha1WithRSAEncryption,
	},
};

#define N_PROFILES (sizeof(profiles) / sizeof(profiles[0]))

static _Atomic(const struct profile *) chosen;	/* NULL: by environment */

const struct profile *profile_get(enum pg_profile id)
{
	size_t i;

	for (i = 0; i < N_PROFILES; i++)
		if (profiles[i].id == id)
			return &profiles[i];
	return NULL;
}

int pg_set_profile(enum pg_profile id)
{
	const struct profile *profile = profile_get(id);

	if (!profile)
		return -EINVAL;
	atomic_store(&chosen, profile);
	return 0;
}

static enum pg_profile from_environment(void)
{
	const char *name = secure_getenv("PEERGROUP_PROFILE");

	return name && !strcmp(name, "windows") ? PG_PROFILE_WINDOWS :
						   PG_PROFILE_DEFAULT;
}

const struct profile *profile_current(void)
{
	const struct profile *profile = atomic_load(&chosen);

	return profile ? profile : profile_get(from_environment());
}

bool profile_allowed(const struct profile *profile)
{
	return profile->id == PG_PROFILE_DEFAULT ||
	       profile == profile_current();
}

static bool has_usual_exponent(const EVP_PKEY *key)
{
	BIGNUM *e = NULL;
	bool usual = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) &&
		     BN_is_word(e, RSA_F4);

	BN_free(e);
	return usual;
}

/*
 * OpenSSL reads other encodings of a key than the one it writes. With them a key
 * would have several hashes, and so several names.
 */
static bool is_encoded_as_usual(const X509 *cert, const EVP_PKEY *key)
{
	unsigned char *read = NULL, *written = NULL;
	int read_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &read);
	int written_len = i2d_PUBKEY(key, &written);
	bool same = read_len > 0 && read_len == written_len &&
		    !memcmp(read, written, read_len);

	OPENSSL_free(written);
	OPENSSL_free(read);
	return same;
}

static const struct profile *find(int key_bits, int signature)
{
	size_t i;

	for (i = 0; i < N_PROFILES; i++)
		if (profiles[i].key_bits == key_bits &&
		    profiles[i].signature == signature)
			return &profiles[i];
	return NULL;
}

/* Nothing is computed with a key before its size is known. */
const struct profile *profile_of(const X509 *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	const struct profile *profile;

	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return NULL;
	profile = find(EVP_PKEY_get_bits(key), X509_get_signature_nid(cert));
	if (profile && has_usual_exponent(key) && is_encoded_as_usual(cert, key))
		return profile;
	return NULL;
}

EVP_PKEY *profile_new_key(const struct profile *profile)
{
	return EVP_RSA_gen(profile->key_bits);
}
