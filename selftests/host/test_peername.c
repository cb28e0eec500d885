// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer names.
 */
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/utf8.h"
#include "pki.h"
#include <kselftest_harness.h>

#define AUTHORITY "6520c005f63fc1864b7d8f3cabebd4916ae7f33d"

/* Made once by "openssl genrsa 1024"; this is its RSAPublicKey. */
static const unsigned char fixed_key[] = {
	0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00, 0xb5, 0x56, 0x95,
	0xf1, 0xd4, 0x02, 0xbd, 0xbf, 0x19, 0x64, 0xc9, 0xcf, 0x50,
	0x4f, 0x6d, 0x08, 0xe0, 0xa9, 0x22, 0x09, 0x9c, 0x9c, 0xf0,
	0x04, 0x80, 0xc8, 0xf7, 0x13, 0xcc, 0x88, 0xd2, 0x2b, 0xcd,
	0xf4, 0x29, 0x2b, 0x9b, 0xef, 0x4b, 0x32, 0xe1, 0xbb, 0x28,
	0xa6, 0xec, 0xd7, 0x4d, 0xeb, 0xda, 0xdf, 0xf1, 0x1c, 0xa7,
	0x9a, 0x11, 0x0c, 0x75, 0xdf, 0xf1, 0x9e, 0x2a, 0x9a, 0x8e,
	0xbc, 0x1d, 0xaa, 0xa0, 0x27, 0x1b, 0x8c, 0xcf, 0xd5, 0x2c,
	0x92, 0xa8, 0x82, 0x81, 0xc4, 0xe4, 0xbe, 0x1b, 0x0b, 0x08,
	0xa3, 0xbf, 0x41, 0x66, 0x1e, 0x05, 0xfe, 0x76, 0x3e, 0xa2,
	0xad, 0xf6, 0x47, 0x19, 0x89, 0xc2, 0x6d, 0x4c, 0x18, 0x5b,
	0xfa, 0x73, 0x04, 0xe9, 0x3e, 0x6c, 0x23, 0x21, 0x3b, 0xb7,
	0x13, 0x88, 0x6c, 0x0c, 0x7c, 0xd0, 0x4c, 0x55, 0xd4, 0xf6,
	0xf0, 0x68, 0x91, 0x48, 0x93, 0x02, 0x03, 0x01, 0x00, 0x01,
};

/* What "openssl dgst -sha1" says of these bytes. */
#define FIXED_AUTHORITY "2dbd7dbd8e82d20c668457a427da34c6b6b13a96"

static const char *const secure[] = {
	/* of the documentation */
	AUTHORITY ".JohnDoe",
	"2bcba40abd09492eb706b74f8f8932a6efb10979.HomeGroupPeerGroupClassifier",
	"f8f4182fd7302b07a7d1aeae3cb2b69adaa9d595.HomeGroupClassifier_1",
	"f0eb97049320127acd2a8f4990a389c3725a7a08.HomeGroupClassifier",
	"7459f0128f3b452e621df6fd3ed5fe3b7581c148.User1",
	AUTHORITY ".",
	AUTHORITY ".a.b..c.",
	AUTHORITY ".\xf0\x9f\x98\x80",
};

static const char *const unsecured[] = {
	"0.MyUnsecuredPeerName", "0.JohnDoe.Games", "0.", "0..",
};

static const char *const invalid[] = {
	"", ".", "0", "1.x", "00.x", ".x", "x", "0x.y",
	AUTHORITY,
	AUTHORITY "0.x",
	"520c005f63fc1864b7d8f3cabebd4916ae7f33d.x",	/* 39 digits */
	"6520C005F63FC1864B7D8F3CABEBD4916AE7F33D.x",
	"6520c005f63fc1864b7d8f3cabebd4916ae7f33g.x",
	" " AUTHORITY ".x",
	AUTHORITY ".x\n",
	AUTHORITY ".\x7f",
	AUTHORITY ".\xc2\x80",
	AUTHORITY ".\xc2\x9f",
	AUTHORITY ".\xed\xa0\x80",
	AUTHORITY ".\xc0\x80",
	AUTHORITY ".\xff",
	"0.\x01", "0.\xed\xb0\x80",
};

static EVP_PKEY *read_fixed_key(void)
{
	const unsigned char *der = fixed_key;

	return d2i_PublicKey(EVP_PKEY_RSA, NULL, &der, sizeof(fixed_key));
}

TEST(documented_names)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(secure); i++) {
		EXPECT_TRUE(peername_secure(secure[i]));
		EXPECT_TRUE(peername_valid(secure[i]));
		EXPECT_STREQ(secure[i] + 41, peername_classifier(secure[i]));
	}
	for (i = 0; i < ARRAY_SIZE(unsecured); i++) {
		EXPECT_FALSE(peername_secure(unsecured[i]));
		EXPECT_TRUE(peername_valid(unsecured[i]));
		EXPECT_STREQ(unsecured[i] + 2,
			     peername_classifier(unsecured[i]));
	}
}

TEST(malformed_names)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(invalid); i++) {
		EXPECT_FALSE(peername_secure(invalid[i]));
		EXPECT_FALSE(peername_valid(invalid[i]))
			TH_LOG("%zu: %s", i, invalid[i]);
	}
}

/* n times a character that takes so many UTF-16 units in all. */
static const char *repeat(const char *character, size_t n)
{
	static char text[4096];

	text[0] = '\0';
	while (n--)
		strcat(text, character);
	return text;
}

TEST(limits_count_utf16_units)
{
	char name[PEERNAME_MAX + 2];

	EXPECT_TRUE(classifier_valid(""));
	EXPECT_TRUE(classifier_valid(repeat("x", 149)));
	EXPECT_FALSE(classifier_valid(repeat("x", 150)));
	EXPECT_TRUE(classifier_valid(repeat("\xe2\x82\xac", 149)));
	EXPECT_FALSE(classifier_valid(repeat("\xe2\x82\xac", 150)));
	EXPECT_TRUE(classifier_valid(repeat("\xf0\x9f\x98\x80", 74)));
	EXPECT_FALSE(classifier_valid(repeat("\xf0\x9f\x98\x80", 75)));

	EXPECT_FALSE(friendly_valid(""));
	EXPECT_TRUE(friendly_valid(repeat("x", 255)));
	EXPECT_FALSE(friendly_valid(repeat("x", 256)));
	EXPECT_TRUE(friendly_valid(repeat("\xf0\x9f\x98\x80", 127)));
	EXPECT_FALSE(friendly_valid(repeat("\xf0\x9f\x98\x80", 128)));
	EXPECT_FALSE(friendly_valid("a\tb"));

	sprintf(name, AUTHORITY ".%s", repeat("\xe2\x82\xac", 149));
	EXPECT_EQ(PEERNAME_MAX, strlen(name));
	EXPECT_TRUE(peername_valid(name));
}

/* All that is not a control character may be in a classifier. */
TEST(every_character)
{
	wchar_t wide[2] = { 0 };
	char text[8];
	bool control;

	for (wide[0] = 1; wide[0] <= 0x10ffff; wide[0]++) {
		if (wide[0] == 0xd800)
			wide[0] = 0xe000;
		control = wide[0] < 0x20 ||
			  (wide[0] >= 0x7f && wide[0] < 0xa0) ||
			  wide[0] == 0xfffe || wide[0] == 0xffff;
		ASSERT_LT(0, utf8_from_wide(wide, text, sizeof(text)));
		ASSERT_EQ(!control, classifier_valid(text));
	}
}

TEST(authority_of_a_known_key)
{
	EVP_PKEY *key = read_fixed_key();
	char name[PEERNAME_MAX + 1];

	ASSERT_NE(NULL, key);
	ASSERT_TRUE(peername_make(key, "x", name));
	EXPECT_STREQ(FIXED_AUTHORITY ".x", name);
	ASSERT_TRUE(peername_make(key, "", name));
	EXPECT_STREQ(FIXED_AUTHORITY ".", name);
	ASSERT_TRUE(peername_make(key, repeat("\xe2\x82\xac", 149), name));
	EXPECT_EQ(PEERNAME_MAX, strlen(name));
	EVP_PKEY_free(key);
	EXPECT_CLEAN();
}

TEST(authority_of_a_certificate)
{
	X509 *cert = pki_identity(PG_PROFILE_WINDOWS, 0, "x");
	char name[PEERNAME_MAX + 1];

	peername_make(pki_key(PG_PROFILE_WINDOWS, 0), "other", name);
	EXPECT_TRUE(peername_is_of(name, cert));
	peername_make(pki_key(PG_PROFILE_WINDOWS, 1), "User1", name);
	EXPECT_FALSE(peername_is_of(name, cert));
	EXPECT_FALSE(peername_is_of(AUTHORITY ".x", cert));
	X509_free(cert);
	EXPECT_CLEAN();
}

/* Lengths that [MS-PNRP] 2.2.3.1.4 demands. */
TEST(keys_of_windows)
{
	EVP_PKEY *key = pki_key(PG_PROFILE_WINDOWS, 0);
	unsigned char *der = NULL;

	EXPECT_EQ(140, i2d_PublicKey(key, NULL));
	EXPECT_EQ(162, i2d_PUBKEY(key, &der));
	OPENSSL_free(der);
	EXPECT_CLEAN();
}

/* Each byte is two digits, the first one first. */
TEST(digits_of_an_authority)
{
	X509 *cert = pki_identity(PG_PROFILE_WINDOWS, 0, "x");
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(cert);
	unsigned char hash[20];
	char name[PEERNAME_MAX + 1], byte[3];
	size_t i;

	EVP_Digest(bits->data, bits->length, hash, NULL, EVP_sha1(), NULL);
	peername_make(pki_key(PG_PROFILE_WINDOWS, 0), "", name);
	for (i = 0; i < sizeof(hash); i++) {
		sprintf(byte, "%02x", hash[i]);
		EXPECT_EQ(0, memcmp(byte, name + 2 * i, 2));
	}
	X509_free(cert);
	EXPECT_CLEAN();
}

TEST(same_authority)
{
	EXPECT_TRUE(peername_same_authority(AUTHORITY ".a", AUTHORITY ".b"));
	EXPECT_FALSE(peername_same_authority(secure[1], secure[2]));
}

static const struct {
	const char *classifier;
	const char *host;	/* before the authority; NULL: none */
} hosts[] = {
	{ "", "" },
	{ "x", "x." },
	{ "a.b", "a.b." },
	{ "JohnDoe", "johndoe." },
	{ "b\xc3\xbc" "cher", "xn--bcher-kva." },
	{ "a b", NULL },
	{ "*", NULL },
	{ "a_b", NULL },
	{ "a/b", NULL },
	{ "a:b", NULL },
	{ "a@b", NULL },
	{ "a..b", NULL },
	{ ".", NULL },
};

TEST(names_of_hosts)
{
	char name[PEERNAME_MAX + 1], wanted[PEERNAME_MAX + 1];
	char host[HOST_MAX + 1];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hosts); i++) {
		sprintf(name, AUTHORITY ".%s", hosts[i].classifier);
		if (!hosts[i].host) {
			EXPECT_FALSE(peername_dns(name, host)) {
				TH_LOG("%s", host);
			}
			continue;
		}
		sprintf(wanted, "%sp" AUTHORITY ".pnrp.net", hosts[i].host);
		ASSERT_TRUE(peername_dns(name, host)) TH_LOG("%zu", i);
		EXPECT_STREQ(wanted, host);
	}
	EXPECT_CLEAN();
}

TEST(a_host_has_limits)
{
	char name[PEERNAME_MAX + 1], host[HOST_MAX + 1];

	sprintf(name, AUTHORITY ".%s", repeat("x", 63));
	EXPECT_TRUE(peername_dns(name, host));
	sprintf(name, AUTHORITY ".%s", repeat("x", 64));
	EXPECT_FALSE(peername_dns(name, host));
	sprintf(name, AUTHORITY ".%s", repeat("\xe2\x82\xac", 149));
	EXPECT_FALSE(peername_dns(name, host));
	EXPECT_CLEAN();
}

TEST_HARNESS_MAIN
