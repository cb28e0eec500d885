// SPDX-License-Identifier: GPL-2.0-only
/*
 * Certificates: what is written, and that it is read back.
 */
#include <openssl/pem.h>
#include <string.h>

#include "pki.h"
#include <kselftest_harness.h>

#define EMOJI "\xf0\x9f\x98\x80"
#define USER1 "7459f0128f3b452e621df6fd3ed5fe3b7581c148.User1"

/* What is written */

static void bytes_of(struct __test_metadata *_metadata, const X509 *cert,
		     const char *oid, const char *bytes, size_t len)
{
	const ASN1_OCTET_STRING *data = ext_bytes(cert, oid);

	ASSERT_NE(NULL, data) TH_LOG("%s", oid);
	ASSERT_EQ(len, (size_t)data->length) TH_LOG("%s", oid);
	EXPECT_EQ(0, memcmp(bytes, data->data, len)) TH_LOG("%s", oid);
}

#define EXPECT_EXT(cert, oid, bytes) \
	bytes_of(_metadata, cert, oid, bytes, sizeof(bytes) - 1)

TEST(bytes_of_a_chain)
{
	static const char any[] = "\x30\x00", participant[] =
		"\x30\x28\xa0\x26\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x2c\x00\x03"
		"\xa0\x18\x1e\x16\0p\0a\0r\0t\0i\0c\0i\0p\0a\0n\0t";
	static const char member[] =
		"\x30\x12\x04\x10\xc7\xc4\x2d\xf1\x57\x08\xa0\x4c"
		"\x93\xfc\xb1\xbb\x19\xa3\xd8\xc2";
	struct plan plan;

	plan_init(&plan, PG_PROFILE_WINDOWS, 2, ROLE_MEMBER);
	plan_make(&plan);
	EXPECT_EXT(plan.certs[0], OID_CERT_TYPE, "\x04\x04\x02\0\0\0");
	EXPECT_EXT(plan.certs[1], OID_CERT_TYPE, "\x04\x04\x01\0\0\0");
	EXPECT_EXT(plan.certs[0], OID_CERT_VERSION, "\x04\x04\x01\0\x02\0");
	EXPECT_EXT(plan.certs[1], OID_CERT_VERSION, "\x04\x04\x01\0\x02\0");
	EXPECT_EXT(plan.certs[1], OID_CLASSIFIERS, any);
	EXPECT_EXT(plan.certs[2], OID_CLASSIFIERS, participant);
	EXPECT_EXT(plan.certs[2], OID_ROLES, member);
	EXPECT_EQ(NULL, ext_bytes(plan.certs[0], OID_ROLES));
	EXPECT_EQ(NULL, ext_bytes(plan.certs[0], OID_CLASSIFIERS));
	EXPECT_EQ(NULL, ext_bytes(plan.certs[0], OID_ISSUER_NAME));
	plan_free(&plan);
	EXPECT_CLEAN();
}

/* The extension of a documented name, and the usages of keys. */
TEST(bytes_of_an_identity)
{
	static const char name[] =
		"\x30\x6e\xa0\x6c\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x2c\x00\x02"
		"\xa0\x5e\x1e\x5c"
		"\0007\0004\0005\0009\0f\0000\0001\0002\0008\0f"
		"\0003\0b\0004\0005\0002\0e\0006\0002\0001\0d"
		"\0f\0006\0f\0d\0003\0e\0d\0005\0f\0e"
		"\0003\0b\0007\0005\0008\0001\0c\0001\0004\0008"
		"\0.\0U\0s\0e\0r\0001";
	static const char usage[] =
		"\x30\x16\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x2c\x03\x04"
		"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";
	struct cert_spec spec = {
		.profile = profile_get(PG_PROFILE_WINDOWS),
		.type = CERT_IDENTITY,
		.subject = "John",
		.subject_name = USER1,
		.subject_key = pki_key(PG_PROFILE_WINDOWS, 0),
		.from = NOW,
		.until = NOW + 1,
	};
	X509 *cert;

	ASSERT_EQ(S_OK, cert_make(&spec, &cert));
	EXPECT_EXT(cert, OID_CERT_TYPE, "\x04\x04\x03\0\0\0");
	EXPECT_EXT(cert, OID_SUBJECT_NAME, name);
	EXPECT_EXT(cert, OID_USAGE, usage);
	EXPECT_EQ(NULL, ext_bytes(cert, OID_GROUP_NAME));
	EXPECT_EQ(NULL, ext_bytes(cert, OID_CERT_VERSION));
	X509_free(cert);
	EXPECT_CLEAN();
}

/* What is written is read back */

static struct cert *read_back(X509 *x509)
{
	unsigned char *bytes = NULL;
	int len = i2d_X509(x509, &bytes);
	const unsigned char *der = bytes;
	struct cert *cert = NULL;
	X509 *again = d2i_X509(NULL, &der, len);

	if (again)
		cert_decode(again, &cert);
	X509_free(again);
	OPENSSL_free(bytes);
	return cert;
}

TEST(membership_is_read_back)
{
	struct cert *cert;
	struct plan plan;

	plan_init(&plan, PG_PROFILE_WINDOWS, 1, ROLE_INVITING | ROLE_MEMBER);
	plan.specs[1].subject = "J\xc3\xbcrgen";
	plan.specs[1].issuer = "group " EMOJI;
	plan_key(&plan, 1, PG_PROFILE_WINDOWS, 1, "a." EMOJI);
	plan_make(&plan);
	cert = read_back(plan.certs[1]);
	ASSERT_NE(NULL, cert);
	EXPECT_EQ(CERT_MEMBER, cert->type);
	EXPECT_EQ(PG_PROFILE_WINDOWS, cert->profile->id);
	EXPECT_STREQ("J\xc3\xbcrgen", cert->subject);
	EXPECT_STREQ("group " EMOJI, cert->issuer);
	EXPECT_STREQ(plan.names[1], cert->subject_name);
	EXPECT_STREQ(plan.names[0], cert->issuer_name);
	EXPECT_STREQ(plan.names[0], cert->group_name);
	EXPECT_EQ(plan.specs[1].from, cert->from);
	EXPECT_EQ(plan.specs[1].until, cert->until);
	EXPECT_TRUE(cert->has_roles);
	EXPECT_EQ(ROLE_INVITING | ROLE_MEMBER, cert->roles);
	EXPECT_TRUE(cert->has_classifiers);
	ASSERT_EQ(1, cert->classifiers.n);
	EXPECT_STREQ(CLASSIFIER_PARTICIPANT, cert->classifiers.list[0]);
	cert_free(cert);
	plan_free(&plan);
	EXPECT_CLEAN();
}

TEST(root_is_read_back)
{
	struct cert *cert;
	struct plan plan;

	plan_init(&plan, PG_PROFILE_WINDOWS, 0, 0);
	plan_make(&plan);
	cert = read_back(plan.certs[0]);
	ASSERT_NE(NULL, cert);
	EXPECT_EQ(CERT_ROOT, cert->type);
	EXPECT_STREQ("group", cert->subject);
	EXPECT_STREQ("group", cert->issuer);
	EXPECT_STREQ(plan.names[0], cert->subject_name);
	EXPECT_STREQ(plan.names[0], cert->group_name);
	EXPECT_EQ(NULL, cert->issuer_name);
	EXPECT_FALSE(cert->has_roles);
	EXPECT_FALSE(cert->has_classifiers);
	cert_free(cert);
	plan_free(&plan);
	EXPECT_CLEAN();
}

static void identity_in(struct __test_metadata *_metadata,
			enum pg_profile profile, const char *friendly)
{
	X509 *x509 = pki_identity(profile, 0, friendly);
	struct cert *cert = read_back(x509);

	ASSERT_NE(NULL, cert);
	EXPECT_EQ(CERT_IDENTITY, cert->type);
	EXPECT_EQ(profile, cert->profile->id);
	EXPECT_STREQ(friendly, cert->subject);
	EXPECT_STREQ(friendly, cert->issuer);
	EXPECT_EQ(NULL, cert->group_name);
	EXPECT_EQ(S_OK, identity_cert_check(cert));
	cert_free(cert);
	X509_free(x509);
}

/* Of all lengths and planes that a friendly name may have. */
TEST(identity_is_read_back)
{
	char longest[2 * FRIENDLY_MAX + 1] = "", astral[2 * FRIENDLY_MAX] = "";
	size_t i;

	for (i = 0; i < FRIENDLY_UNITS; i++)
		strcat(longest, "\xe2\x82\xac");
	for (i = 0; i < FRIENDLY_UNITS / 2; i++)
		strcat(astral, EMOJI);
	identity_in(_metadata, PG_PROFILE_WINDOWS, "x");
	identity_in(_metadata, PG_PROFILE_WINDOWS, longest);
	identity_in(_metadata, PG_PROFILE_WINDOWS, astral);
	identity_in(_metadata, PG_PROFILE_WINDOWS, USER1);
	identity_in(_metadata, PG_PROFILE_DEFAULT, "x " EMOJI);
	EXPECT_CLEAN();
}

/* 1795510827 is 2026-11-24, a thousand years later is 33352419627. */
TEST(a_thousand_years)
{
	struct cert *cert;
	struct plan plan;

	EXPECT_EQ(33352419627, validity_end(1795510827));
	plan_init(&plan, PG_PROFILE_WINDOWS, 0, 0);
	plan.specs[0].from = 1795510827;
	plan.specs[0].until = validity_end(plan.specs[0].from);
	plan_make(&plan);
	EXPECT_EQ(V_ASN1_GENERALIZEDTIME,
		  X509_get0_notAfter(plan.certs[0])->type);
	EXPECT_STREQ("30261124090027Z",
		     (char *)X509_get0_notAfter(plan.certs[0])->data);
	cert = read_back(plan.certs[0]);
	ASSERT_NE(NULL, cert);
	EXPECT_EQ(plan.specs[0].until, cert->until);
	cert_free(cert);
	plan_free(&plan);
	EXPECT_CLEAN();
}

TEST(serial_numbers)
{
	unsigned char der[32], *out;
	X509 *cert;
	size_t i;

	for (i = 0; i < 100; i++) {
		cert = pki_identity(PG_PROFILE_WINDOWS, 0, "x");
		out = der;
		ASSERT_EQ(18, i2d_ASN1_INTEGER(X509_get_serialNumber(cert),
					       &out));
		ASSERT_EQ(0x40, der[2] & 0xc0);
		X509_free(cert);
	}
}

/* What OpenSSL noted for others before is no reason of ours. */
TEST(earlier_errors_are_not_ours)
{
	struct cert_spec spec = {
		.profile = profile_get(PG_PROFILE_WINDOWS),
		.type = CERT_IDENTITY,
		.subject = "x",
		.subject_name = USER1,
		.subject_key = pki_key(PG_PROFILE_WINDOWS, 0),
		.from = INT64_MAX,
		.until = INT64_MAX,
	};
	X509 *cert;

	ERR_raise(ERR_LIB_PEM, PEM_R_BAD_DECRYPT);
	EXPECT_NE(NTE_BAD_KEY, cert_make(&spec, &cert));
	EXPECT_CLEAN();
}

TEST_HARNESS_MAIN
