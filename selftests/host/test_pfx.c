// SPDX-License-Identifier: GPL-2.0-only
/*
 * A key and its certificate under a password.
 */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sanitizer/lsan_interface.h>

#include "../../lib/pki/pfx.h"
#include <kselftest_harness.h>

#define PASSWORD "pa\xc3\x9fword"

#define EXPECT_NO_LEAK() EXPECT_EQ(0, __lsan_do_recoverable_leak_check())

static struct {
	EVP_PKEY *key;
	X509 *cert;
} own, foreign, curve;

static X509 *certify(EVP_PKEY *key)
{
	X509 *cert = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 1000);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	return cert;
}

/* Once for all tests, each of which is a process. */
__attribute__((constructor))
static void make_keys(void)
{
	own.key = EVP_RSA_gen(1024);
	foreign.key = EVP_RSA_gen(1024);
	curve.key = EVP_EC_gen("P-256");
	own.cert = certify(own.key);
	foreign.cert = certify(foreign.key);
	curve.cert = certify(curve.key);
}

/* Read with an error of somebody else's in the queue, which goes, too. */
static HRESULT read_der(const unsigned char *der, size_t len,
			const char *password)
{
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	HRESULT hr;

	ERR_raise(ERR_LIB_RSA, RSA_R_BAD_E_VALUE);
	hr = pfx_read(der, len, password, &key, &cert);
	if (ERR_peek_error() || SUCCEEDED(hr) != (key && cert) ||
	    (FAILED(hr) && (key || cert)) ||
	    (key && !EVP_PKEY_eq(key, own.key)) ||
	    (cert && X509_cmp(cert, own.cert)))
		hr = E_UNEXPECTED;
	EVP_PKEY_free(key);
	X509_free(cert);
	return hr;
}

TEST(both_profiles_come_back)
{
	static const enum pg_profile ids[] = {
		PG_PROFILE_DEFAULT, PG_PROFILE_WINDOWS,
	};
	static const char *const passwords[] = { PASSWORD, "a", "" };
	unsigned char *der;
	size_t i, j, len;

	for (i = 0; i < 2; i++) {
		for (j = 0; j < 3; j++) {
			ASSERT_EQ(S_OK, pfx_write(profile_get(ids[i]), own.key,
						  own.cert, passwords[j], &der,
						  &len));
			EXPECT_EQ(S_OK, read_der(der, len, passwords[j]));
			EXPECT_EQ(E_INVALIDARG, read_der(der, len, "b"));
			OPENSSL_free(der);
		}
	}
	EXPECT_STREQ("the PFX was altered, or the password is another",
		     pg_hresult_text(E_INVALIDARG));
	EXPECT_NO_LEAK();
}

TEST(a_key_needs_its_certificate)
{
	unsigned char *der = (void *)1;
	size_t len;

	EXPECT_TRUE(FAILED(pfx_write(profile_get(PG_PROFILE_WINDOWS), own.key,
				     foreign.cert, PASSWORD, &der, &len)));
	EXPECT_EQ(NULL, der);
	EXPECT_EQ(0, ERR_peek_error());
	EXPECT_NO_LEAK();
}

TEST(no_flipped_bit_is_taken_for_another_key)
{
	unsigned char *der;
	size_t i, len;

	ASSERT_EQ(S_OK, pfx_write(profile_get(PG_PROFILE_WINDOWS), own.key,
				  own.cert, PASSWORD, &der, &len));
	for (i = 0; i < len; i++) {
		der[i] ^= 1 << i % 8;
		EXPECT_NE(E_UNEXPECTED, read_der(der, len, PASSWORD));
		der[i] ^= 1 << i % 8;
	}
	for (i = 0; i < len; i++)
		EXPECT_EQ(E_INVALIDARG, read_der(der, i, PASSWORD));
	der = OPENSSL_realloc(der, len + 1);
	der[len] = 0;
	EXPECT_EQ(E_INVALIDARG, read_der(der, len + 1, PASSWORD));
	OPENSSL_free(der);
	EXPECT_NO_LEAK();
}

/* A PFX that is put together of parts. */
struct parts {
	struct stack_st_PKCS12_SAFEBAG *bags;
	const X509_ALGOR *key_algorithm;	/* NULL: as it is */
	const X509_ALGOR *safe_algorithm;	/* likewise */
	int safe_nid;
	const ASN1_INTEGER *mac_rounds;
	bool without_mac;
};

static void add_key(struct parts *parts, EVP_PKEY *key, int nid)
{
	PKCS12_add_key(&parts->bags, key, 0, 1, nid, PASSWORD);
}

static void add_cert(struct parts *parts, X509 *cert)
{
	PKCS12_add_cert(&parts->bags, cert);
}

static void replace_key_algorithm(struct parts *parts)
{
	const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(parts->bags, 0);
	X509_SIG *sig = (X509_SIG *)PKCS12_SAFEBAG_get0_pkcs8(bag);
	X509_ALGOR *algorithm;

	X509_SIG_getm(sig, &algorithm, NULL);
	X509_ALGOR_copy(algorithm, parts->key_algorithm);
}

static void set_mac(const struct parts *parts, PKCS12 *pfx)
{
	const ASN1_INTEGER *rounds;

	PKCS12_set_mac(pfx, PASSWORD, -1, NULL, 0, 2, EVP_sha256());
	if (!parts->mac_rounds)
		return;
	PKCS12_get0_mac(NULL, NULL, NULL, &rounds, pfx);
	ASN1_STRING_copy((ASN1_STRING *)rounds, parts->mac_rounds);
}

static PKCS12 *assemble(struct parts *parts)
{
	struct stack_st_PKCS7 *safes = NULL;
	PKCS7 *safe;
	PKCS12 *pfx;

	if (parts->key_algorithm)
		replace_key_algorithm(parts);
	PKCS12_add_safe(&safes, parts->bags,
			parts->safe_nid ? parts->safe_nid : -1, 1, PASSWORD);
	safe = sk_PKCS7_value(safes, 0);
	if (parts->safe_algorithm)
		X509_ALGOR_copy(safe->d.encrypted->enc_data->algorithm,
				parts->safe_algorithm);
	pfx = PKCS12_add_safes(safes, 0);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	if (!parts->without_mac)
		set_mac(parts, pfx);
	return pfx;
}

/* Read what the parts make, and release them. */
static HRESULT read_parts(struct parts *parts)
{
	PKCS12 *pfx = assemble(parts);
	unsigned char *der = NULL;
	int len = i2d_PKCS12(pfx, &der);
	HRESULT hr = read_der(der, len, PASSWORD);

	sk_PKCS12_SAFEBAG_pop_free(parts->bags, PKCS12_SAFEBAG_free);
	parts->bags = NULL;
	PKCS12_free(pfx);
	OPENSSL_free(der);
	return hr;
}

/* Parts that are all right. */
static struct parts good_parts(void)
{
	struct parts parts = { .safe_nid = NID_aes_128_cbc };

	add_key(&parts, own.key, NID_aes_128_cbc);
	add_cert(&parts, own.cert);
	return parts;
}

TEST(forms_of_others)
{
	struct parts parts = good_parts();

	EXPECT_EQ(S_OK, read_parts(&parts));
	add_cert(&parts, foreign.cert);
	add_cert(&parts, own.cert);
	add_key(&parts, own.key, -1);
	EXPECT_EQ(S_OK, read_parts(&parts));
	parts.safe_nid = 0;
	add_key(&parts, own.key, NID_pbe_WithSHA1And3_Key_TripleDES_CBC);
	add_cert(&parts, own.cert);
	EXPECT_EQ(S_OK, read_parts(&parts));
	EXPECT_NO_LEAK();
}

TEST(one_key_and_its_certificate)
{
	struct parts parts = good_parts();

	add_key(&parts, own.key, NID_aes_128_cbc);
	EXPECT_EQ(E_INVALIDARG, read_parts(&parts));
	EXPECT_STREQ("the PFX has a second key", pg_hresult_text(E_INVALIDARG));
	add_cert(&parts, own.cert);
	EXPECT_EQ(E_INVALIDARG, read_parts(&parts));
	EXPECT_STREQ("the PFX has no key", pg_hresult_text(E_INVALIDARG));
	add_key(&parts, own.key, NID_aes_128_cbc);
	EXPECT_EQ(E_INVALIDARG, read_parts(&parts));
	add_key(&parts, own.key, NID_aes_128_cbc);
	add_cert(&parts, foreign.cert);
	EXPECT_EQ(E_INVALIDARG, read_parts(&parts));
	EXPECT_STREQ("the PFX has no certificate that belongs to its key",
		     pg_hresult_text(E_INVALIDARG));
	EXPECT_NO_LEAK();
}

TEST(rsa_only)
{
	struct parts parts = { .safe_nid = NID_aes_128_cbc };

	add_key(&parts, curve.key, NID_aes_128_cbc);
	add_cert(&parts, curve.cert);
	EXPECT_EQ(NTE_BAD_ALGID, read_parts(&parts));
	EXPECT_STREQ("the key in the PFX is not of RSA",
		     pg_hresult_text(NTE_BAD_ALGID));
	EXPECT_NO_LEAK();
}

TEST(no_mac)
{
	struct parts parts = good_parts();

	parts.without_mac = true;
	EXPECT_EQ(E_INVALIDARG, read_parts(&parts));
	EXPECT_STREQ("the PFX has no MAC", pg_hresult_text(E_INVALIDARG));
}

static HRESULT read_with_mac_rounds(const char *decimal)
{
	struct parts parts = good_parts();
	ASN1_INTEGER *rounds;
	BIGNUM *number = NULL;
	HRESULT hr;

	BN_dec2bn(&number, decimal);
	rounds = BN_to_ASN1_INTEGER(number, NULL);
	parts.mac_rounds = rounds;
	hr = read_parts(&parts);
	ASN1_INTEGER_free(rounds);
	BN_free(number);
	return hr;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

TEST(rounds_of_the_mac_are_limited)
{
	static const struct {
		const char *rounds;
		HRESULT hr;
	} each[] = {
		{ "3", E_INVALIDARG },		/* the MAC is another one */
		{ "0", E_INVALIDARG },
		{ "-1", E_INVALIDARG },
		{ "10000001", NTE_BAD_ALGID },
		{ "2147483648", NTE_BAD_ALGID },
		{ "4294967296", NTE_BAD_ALGID },
		{ "9223372036854775807", NTE_BAD_ALGID },
		{ "9223372036854775808", NTE_BAD_ALGID },
		{ "-9223372036854775809", NTE_BAD_ALGID },
		{ "1180591620717411303424", NTE_BAD_ALGID },
	};
	double begin = seconds();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(each); i++)
		EXPECT_EQ(each[i].hr, read_with_mac_rounds(each[i].rounds)) {
			TH_LOG("rounds %zu", i);
		}
	EXPECT_STREQ("the PFX hashes the password more than 10000000 times",
		     pg_hresult_text(NTE_BAD_ALGID));
	EXPECT_GT(begin + 2, seconds());
	EXPECT_NO_LEAK();
}

/* Read with an algorithm for the key, for the safe, and release it. */
static void expect_refused(struct __test_metadata *_metadata,
			   X509_ALGOR *algorithm, HRESULT hr)
{
	struct parts parts = good_parts();

	ASSERT_NE(NULL, algorithm);
	parts.key_algorithm = algorithm;
	EXPECT_EQ(hr, read_parts(&parts));
	parts = good_parts();
	parts.safe_algorithm = algorithm;
	EXPECT_EQ(hr, read_parts(&parts));
	X509_ALGOR_free(algorithm);
}

static X509_ALGOR *pbes2(int rounds)
{
	return PKCS5_pbe2_set(EVP_aes_256_cbc(), rounds, NULL, 0);
}

static X509_ALGOR *pbe(int rounds)
{
	return PKCS5_pbe_set(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, rounds,
			     NULL, 0);
}

/* The MAC has two rounds, and all together count. */
TEST(rounds_of_encryption_are_limited)
{
	double begin = seconds();

	expect_refused(_metadata, pbes2(PFX_ROUNDS_MAX - 1), NTE_BAD_ALGID);
	expect_refused(_metadata, pbes2(INT_MAX), NTE_BAD_ALGID);
	expect_refused(_metadata, pbe(PFX_ROUNDS_MAX - 1), NTE_BAD_ALGID);
	expect_refused(_metadata, pbe(INT_MAX), NTE_BAD_ALGID);
	EXPECT_GT(begin + 2, seconds());
	EXPECT_NO_LEAK();
}

static X509_ALGOR *unknown(int type, void *value)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();

	X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), type, value);
	return algorithm;
}

/* Of PBES2, with parameters that it cannot have. */
static X509_ALGOR *without_parameters(void)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();

	X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_pbes2), V_ASN1_NULL, NULL);
	return algorithm;
}

TEST(other_encryption_is_refused)
{
	unsigned char salt[8] = { 0 };
	double begin = seconds();

	expect_refused(_metadata,
		       PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt,
					     sizeof(salt), NULL, 1 << 14, 8, 1),
		       NTE_BAD_ALGID);
	EXPECT_STREQ("the PFX needs the algorithm scrypt",
		     pg_hresult_text(NTE_BAD_ALGID));
	expect_refused(_metadata, unknown(V_ASN1_NULL, NULL), NTE_BAD_ALGID);
	expect_refused(_metadata, unknown(V_ASN1_UNDEF, NULL), NTE_BAD_ALGID);
	expect_refused(_metadata, without_parameters(), E_INVALIDARG);
	EXPECT_GT(begin + 2, seconds());
	EXPECT_NO_LEAK();
}

TEST_HARNESS_MAIN
