// SPDX-License-Identifier: GPL-2.0-only
/*
 * Certificates: what is refused, and what is taken though it is never written.
 * Each case is a chain of a root and a membership that is right but for one
 * thing, which its issuer has signed nevertheless.
 */
#include <openssl/asn1t.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "pki.h"
#include <kselftest_harness.h>

#define AUTHORITY "6520c005f63fc1864b7d8f3cabebd4916ae7f33d"
#define BASIC_CONSTRAINTS "2.5.29.19"

struct rule {
	const char *what;
	void (*spoil)(X509 *cert, const struct rule *rule);
	const char *oid;
	const char *bytes;
	size_t len;
	unsigned char tag;
	size_t n;
	HRESULT hr;
	const char *reason;
};

#define BYTES(text) .bytes = (text), .len = sizeof(text) - 1

static struct der der;

static HRESULT check(const struct rule *rule)
{
	struct plan plan;
	HRESULT hr;

	plan_init(&plan, PG_PROFILE_WINDOWS, 1, ROLE_MEMBER);
	plan_make(&plan);
	rule->spoil(plan.certs[1], rule);
	plan_sign(&plan, 1);
	hr = plan_check(&plan);
	plan_free(&plan);
	return hr;
}

static void check_all(struct __test_metadata *_metadata,
		      const struct rule *rules, size_t n)
{
	HRESULT hr;

	for (; n--; rules++) {
		hr = check(rules);
		EXPECT_EQ(rules->hr, hr)
			TH_LOG("%s: %s", rules->what, pg_hresult_text(hr));
		if (rules->reason)
			EXPECT_STREQ(rules->reason, pg_hresult_text(hr))
				TH_LOG("%s", rules->what);
	}
	EXPECT_CLEAN();
}

#define CHECK_ALL(rules) check_all(_metadata, rules, ARRAY_SIZE(rules))

/* Extensions as a whole */

static void nothing(X509 *cert, const struct rule *rule)
{
}

static void drop(X509 *cert, const struct rule *rule)
{
	ext_drop(cert, rule->oid);
}

static void add(X509 *cert, const struct rule *rule)
{
	der.len = rule->len;
	if (rule->len)
		memcpy(der.bytes, rule->bytes, rule->len);
	ext_add(cert, rule->oid, rule->n, &der);
}

static void replace(X509 *cert, const struct rule *rule)
{
	ext_drop(cert, rule->oid);
	add(cert, rule);
}

static void get(const X509 *cert, const char *oid)
{
	const ASN1_OCTET_STRING *data = ext_bytes(cert, oid);

	memcpy(der.bytes, data->data, data->length);
	der.len = data->length;
}

static void duplicate(X509 *cert, const struct rule *rule)
{
	get(cert, rule->oid);
	ext_add(cert, rule->oid, true, &der);
}

/* Bytes that follow the value. */
static void trail(X509 *cert, const struct rule *rule)
{
	get(cert, rule->oid);
	der.bytes[der.len++] = 0;
	ext_replace(cert, rule->oid, &der);
}

static void cut(X509 *cert, const struct rule *rule)
{
	get(cert, rule->oid);
	der.len--;
	ext_replace(cert, rule->oid, &der);
}

/* Rename an extension to another OID. */
static void move(X509 *cert, const struct rule *rule)
{
	get(cert, rule->oid);
	ext_drop(cert, rule->oid);
	ext_add(cert, rule->bytes, rule->n, &der);
}

static void crowd(X509 *cert, const struct rule *rule)
{
	char oid[32];
	size_t i;

	der.len = 0;
	for (i = 0; i < rule->n; i++) {
		sprintf(oid, "1.2.3.%zu", i);
		ext_add(cert, oid, false, &der);
	}
}

#define REFUSED(text) .hr = CRYPT_E_ASN1_ERROR, .reason = (text)
#define BAD(ext) .oid = (ext), \
	.hr = CRYPT_E_ASN1_ERROR, .reason = "extension " ext " is malformed"
#define TWICE(ext) { "twice: " ext, duplicate, .oid = (ext), \
	REFUSED("a certificate has an extension twice") }

TEST(extensions_that_are_refused)
{
	static const struct rule rules[] = {
		{ "unknown and critical", add, .oid = "1.2.3.4", .n = true,
		  REFUSED("a certificate has a critical extension that is unknown") },
		{ "basic constraints", add, .oid = BASIC_CONSTRAINTS, .n = true,
		  BYTES("\x30\x00"),
		  REFUSED("a certificate has a critical extension that is unknown") },
		{ "a long OID", add, .n = true,
		  .oid = OID_ROLES ".4294967295.4294967295.4294967295.4294967295"
			 ".4294967295.4294967295.4294967295",
		  REFUSED("a certificate has a critical extension that is unknown") },
		TWICE(OID_CERT_TYPE), TWICE(OID_CERT_VERSION),
		TWICE(OID_GROUP_NAME), TWICE(OID_ROLES),
		TWICE(OID_CLASSIFIERS), TWICE(OID_SUBJECT_NAME),
		TWICE(OID_ISSUER_NAME), TWICE(OID_ISSUER_KEY),
		TWICE(OID_USAGE),
		{ "too many", crowd, .n = 100,
		  REFUSED("a certificate has too many extensions") },
		{ "bytes after a type", trail, BAD(OID_CERT_TYPE) },
		{ "bytes after a name", trail, BAD(OID_SUBJECT_NAME) },
		{ "bytes after an issuer", trail, BAD(OID_ISSUER_NAME) },
		{ "bytes after a group", trail, BAD(OID_GROUP_NAME) },
		{ "bytes after roles", trail, BAD(OID_ROLES) },
		{ "bytes after classifiers", trail, BAD(OID_CLASSIFIERS) },
		{ "a type cut off", cut, BAD(OID_CERT_TYPE) },
		{ "a name cut off", cut, BAD(OID_SUBJECT_NAME) },
		{ "roles cut off", cut, BAD(OID_ROLES) },
		{ "classifiers cut off", cut, BAD(OID_CLASSIFIERS) },
		{ "no type", drop, BAD(OID_CERT_TYPE) },
		{ "no name", drop, .oid = OID_SUBJECT_NAME,
		  REFUSED("a certificate has no peer name") },
		{ "type 0", replace, BAD(OID_CERT_TYPE),
		  BYTES("\x04\x04\0\0\0\0") },
		{ "type 4", replace, BAD(OID_CERT_TYPE),
		  BYTES("\x04\x04\x04\0\0\0") },
		{ "a type with other bits", replace, BAD(OID_CERT_TYPE),
		  BYTES("\x04\x04\x01\0\0\x80") },
		{ "a type in the other order", replace, BAD(OID_CERT_TYPE),
		  BYTES("\x04\x04\0\0\0\x01") },
		{ "a short type", replace, BAD(OID_CERT_TYPE),
		  BYTES("\x04\x03\x01\0\0") },
		{ "a long type", replace, BAD(OID_CERT_TYPE),
		  BYTES("\x04\x05\x01\0\0\0\0") },
		{ "a type that is a number", replace, BAD(OID_CERT_TYPE),
		  BYTES("\x02\x01\x01") },
		{ "an empty type", replace, BAD(OID_CERT_TYPE) },
	};

	CHECK_ALL(rules);
}

TEST(extensions_that_are_tolerated)
{
	static const struct rule rules[] = {
		{ "nothing is changed", nothing, .hr = S_OK },
		{ "unknown", add, .oid = "1.2.3.4" },
		{ "flags", add, .oid = OID_GROUP_FLAGS, .n = true,
		  BYTES("\x04\x04\0\0\0\0") },
		{ "no version", drop, .oid = OID_CERT_VERSION },
		{ "no usage", drop, .oid = OID_USAGE },
		{ "no key of the issuer", drop, .oid = OID_ISSUER_KEY },
		{ "newer OID of a name", move, .oid = OID_SUBJECT_NAME,
		  BYTES(OID_SUBJECT_ALT) },
		{ "newer OID of an issuer", move, .oid = OID_ISSUER_NAME,
		  BYTES(OID_ISSUER_ALT) },
		{ "critical", move, .oid = OID_ISSUER_NAME, .n = true,
		  BYTES(OID_ISSUER_ALT) },
		{ "some more", crowd, .n = 20 },
	};

	CHECK_ALL(rules);
}

/* Fields */

static void version(X509 *cert, const struct rule *rule)
{
	X509_set_version(cert, rule->n);
}

static void serial(X509 *cert, const struct rule *rule)
{
	unsigned char bytes[32] = { 0x40 };
	BIGNUM *number = BN_bin2bn(bytes, rule->n, NULL);

	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
}

static void until(X509 *cert, const struct rule *rule)
{
	ASN1_TIME *time = X509_getm_notAfter(cert);

	ASN1_STRING_set(time, rule->bytes, rule->len);
	time->type = rule->tag;
}

static void set_subject(X509 *cert, const struct rule *rule, const void *bytes,
			size_t len)
{
	X509_NAME *name = X509_NAME_new();

	X509_NAME_add_entry_by_NID(name, rule->n ?: NID_commonName, rule->tag,
				   bytes, len, -1, 0);
	X509_set_subject_name(cert, name);
	X509_NAME_free(name);
}

static void subject(X509 *cert, const struct rule *rule)
{
	set_subject(cert, rule, rule->bytes, rule->len);
}

static void long_subject(X509 *cert, const struct rule *rule)
{
	char text[FRIENDLY_UNITS + 1];

	memset(text, 'x', sizeof(text));
	set_subject(cert, rule, text, sizeof(text));
}

static void no_subject(X509 *cert, const struct rule *rule)
{
	X509_NAME *name = X509_NAME_new();

	X509_set_subject_name(cert, name);
	X509_NAME_free(name);
}

TEST(fields_that_are_refused)
{
	static const struct rule rules[] = {
		{ "version 1", version, .n = 0,
		  REFUSED("a certificate is not of version 3") },
		{ "version 2", version, .n = 1,
		  REFUSED("a certificate is not of version 3") },
		{ "version 4", version, .n = 3,
		  REFUSED("a certificate is not of version 3") },
		{ "no serial", serial, .n = 0,
		  REFUSED("a certificate has a serial number of another length") },
		{ "a short serial", serial, .n = 15,
		  REFUSED("a certificate has a serial number of another length") },
		{ "a long serial", serial, .n = 17,
		  REFUSED("a certificate has a serial number of another length") },
		{ "no time", until, .tag = V_ASN1_UTCTIME, BYTES("garbage"),
		  REFUSED("a certificate has no valid time") },
		{ "month 13", until, .tag = V_ASN1_GENERALIZEDTIME,
		  BYTES("30261301000000Z"),
		  REFUSED("a certificate has no valid time") },
		{ "no friendly name", no_subject,
		  REFUSED("a certificate has no friendly name") },
		{ "an empty friendly name", subject, .tag = V_ASN1_UTF8STRING,
		  REFUSED("a certificate has a friendly name that is too long") },
		{ "a long friendly name", long_subject,
		  .tag = V_ASN1_PRINTABLESTRING,
		  REFUSED("a certificate has a friendly name that is too long") },
		{ "control characters", subject, .tag = V_ASN1_UTF8STRING,
		  BYTES("a\nb"),
		  REFUSED("a string has control characters") },
		{ "control characters in BMP", subject,
		  .tag = V_ASN1_BMPSTRING, BYTES("\0a\0\x85"),
		  REFUSED("a string has control characters") },
		{ "a NUL", subject, .tag = V_ASN1_UTF8STRING, BYTES("a\0b"),
		  REFUSED("a string is malformed") },
		{ "bits", subject, .tag = V_ASN1_BIT_STRING, BYTES("abc"),
		  REFUSED("a string is malformed") },
	};

	CHECK_ALL(rules);
}

TEST(fields_that_are_tolerated)
{
	static const struct rule rules[] = {
		{ "UTF8String", subject, .tag = V_ASN1_UTF8STRING,
		  BYTES("\xf0\x9f\x98\x80") },
		{ "BMPString", subject, .tag = V_ASN1_BMPSTRING,
		  BYTES("\x20\xac") },
		{ "UniversalString", subject, .tag = V_ASN1_UNIVERSALSTRING,
		  BYTES("\0\x01\xf6\0") },
		{ "PrintableString", subject, .tag = V_ASN1_PRINTABLESTRING,
		  BYTES("x") },
		{ "IA5String", subject, .tag = V_ASN1_IA5STRING, BYTES("x") },
		{ "T61String", subject, .tag = V_ASN1_T61STRING,
		  BYTES("\xe4") },
		{ "another attribute", subject, .tag = V_ASN1_UTF8STRING,
		  .n = NID_organizationName, BYTES("x") },
		{ "a year of four digits", until, BYTES("20350101000000Z"),
		  .tag = V_ASN1_GENERALIZEDTIME },
		{ "the year 9999", until, BYTES("99991231235959Z"),
		  .tag = V_ASN1_GENERALIZEDTIME },
	};

	CHECK_ALL(rules);
}

/* Names */

/* A list of one peer name in an extension. */
static void name(X509 *cert, const struct rule *rule)
{
	der_other_name(&der, OID_PEER_NAME, rule->tag, rule->bytes, rule->len);
	der_wrap(&der, 0x30);
	ext_replace(cert, rule->oid, &der);
}

/* The subject's right name in a string with n bytes a character. */
static void retype(X509 *cert, const struct rule *rule)
{
	char text[PEERNAME_MAX + 1];
	unsigned char wide[4 * sizeof(text)] = { 0 };
	size_t i;

	peername_make(pki_key(PG_PROFILE_WINDOWS, 1), "member", text);
	for (i = 0; text[i]; i++)
		wide[rule->n * i + rule->n - 1] = text[i];
	der_other_name(&der, OID_PEER_NAME, rule->tag, wide, rule->n * i);
	der_wrap(&der, 0x30);
	ext_replace(cert, OID_SUBJECT_NAME, &der);
}

/* The right name with another one beside it. */
static void two_names(X509 *cert, const struct rule *rule)
{
	static struct der other;

	get(cert, rule->oid);
	memmove(der.bytes, der.bytes + 2, der.len -= 2);
	der_other_name(&other, OID_PEER_NAME, V_ASN1_UTF8STRING, rule->bytes,
		       rule->len);
	der_append(&der, &other);
	der_wrap(&der, 0x30);
	ext_replace(cert, rule->oid, &der);
}

/* Another one under another OID. */
static void other_oid(X509 *cert, const struct rule *rule)
{
	der_other_name(&der, OID_PEER_NAME, rule->tag, rule->bytes, rule->len);
	der_wrap(&der, 0x30);
	ext_add(cert, rule->oid, false, &der);
}

/* A host's name before the peer's. */
static void host_first(X509 *cert, const struct rule *rule)
{
	static struct der names;

	get(cert, rule->oid);
	memmove(der.bytes, der.bytes + 2, der.len -= 2);
	der_set(&names, 0x82, "x", 1);
	der_append(&names, &der);
	der_wrap(&names, 0x30);
	ext_replace(cert, rule->oid, &names);
}

static void long_name(X509 *cert, const struct rule *rule)
{
	char text[AUTHORITY_LEN + 1 + 150];

	memset(text, 'x', sizeof(text));
	memcpy(text, AUTHORITY ".", AUTHORITY_LEN + 1);
	der_other_name(&der, OID_PEER_NAME, V_ASN1_UTF8STRING, text,
		       sizeof(text));
	der_wrap(&der, 0x30);
	ext_replace(cert, rule->oid, &der);
}

#define TEXT(text) .tag = V_ASN1_UTF8STRING, BYTES(text)
#define BMP(text) .tag = V_ASN1_BMPSTRING, BYTES(text)
#define NAME .oid = OID_SUBJECT_NAME
#define MALFORMED REFUSED("a string is malformed")

TEST(names_that_are_refused)
{
	static const struct rule rules[] = {
		{ "unsecured", name, BAD(OID_SUBJECT_NAME), TEXT("0.x") },
		{ "no authority", name, BAD(OID_SUBJECT_NAME), TEXT("x") },
		{ "empty", name, BAD(OID_SUBJECT_NAME), TEXT("") },
		{ "too long", long_name, BAD(OID_SUBJECT_NAME) },
		{ "issuer", name, BAD(OID_ISSUER_NAME), TEXT("0.x") },
		{ "group", name, BAD(OID_GROUP_NAME), TEXT("0.x") },
		{ "a NUL", name, NAME, TEXT(AUTHORITY ".x\0y"), MALFORMED },
		{ "a NUL at the end", name, NAME, TEXT(AUTHORITY ".x\0"),
		  MALFORMED },
		{ "a NUL in BMP", name, NAME, BMP("\0a\0\0\0b"), MALFORMED },
		{ "half a unit", name, BAD(OID_SUBJECT_NAME), BMP("\0a\0") },
		{ "a high surrogate", name, NAME, BMP("\xd8\x3d"), MALFORMED },
		{ "a low surrogate", name, NAME, BMP("\xde\0"), MALFORMED },
		{ "surrogates exchanged", name, NAME, BMP("\xde\0\xd8\x3d"),
		  MALFORMED },
		{ "surrogate and letter", name, NAME, BMP("\xd8\x3d\0a"),
		  MALFORMED },
		{ "a surrogate in UTF-8", name, NAME, TEXT("\xed\xa0\x80"),
		  MALFORMED },
		{ "past Unicode", name, NAME, .tag = V_ASN1_UNIVERSALSTRING,
		  BYTES("\0\x11\0\0"), MALFORMED },
		{ "a surrogate in UCS-4", name, NAME,
		  .tag = V_ASN1_UNIVERSALSTRING, BYTES("\0\0\xd8\0"),
		  MALFORMED },
		{ "control characters", name, NAME, TEXT(AUTHORITY ".\x1b"),
		  REFUSED("a string has control characters") },
		{ "control characters of the issuer", name,
		  .oid = OID_ISSUER_NAME, TEXT(AUTHORITY ".\x1b"),
		  REFUSED("a string has control characters") },
		{ "control characters of the group", name,
		  .oid = OID_GROUP_NAME, BMP("\0\x07"),
		  REFUSED("a string has control characters") },
		{ "no string", retype, .tag = V_ASN1_OCTET_STRING, .n = 1,
		  BAD(OID_SUBJECT_NAME) },
		{ "no otherName", replace, .oid = OID_SUBJECT_NAME,
		  BYTES("\x30\x03\x82\x01x"),
		  REFUSED("a certificate has no peer name") },
		{ "an empty list", replace, .oid = OID_SUBJECT_NAME,
		  BYTES("\x30\x00"),
		  REFUSED("a certificate has no peer name") },
		{ "two names", two_names, BAD(OID_SUBJECT_NAME),
		  BYTES(AUTHORITY ".x") },
		{ "two issuers", two_names, BAD(OID_ISSUER_NAME),
		  BYTES(AUTHORITY ".x") },
		{ "two groups", two_names, BAD(OID_GROUP_NAME),
		  BYTES(AUTHORITY ".x") },
	};

	CHECK_ALL(rules);
}

TEST(names_that_are_tolerated)
{
	static const struct rule rules[] = {
		{ "BMP", retype, .tag = V_ASN1_BMPSTRING, .n = 2 },
		{ "UTF8", retype, .tag = V_ASN1_UTF8STRING, .n = 1 },
		{ "Universal", retype, .tag = V_ASN1_UNIVERSALSTRING, .n = 4 },
		{ "Printable", retype, .tag = V_ASN1_PRINTABLESTRING, .n = 1 },
		{ "IA5", retype, .tag = V_ASN1_IA5STRING, .n = 1 },
		{ "T61", retype, .tag = V_ASN1_T61STRING, .n = 1 },
		{ "a host's name beside it", host_first, NAME },
		{ "another under the newer OID", other_oid,
		  .oid = OID_SUBJECT_ALT, TEXT(AUTHORITY ".x") },
		{ "another issuer there", other_oid, .oid = OID_ISSUER_ALT,
		  TEXT("x") },
	};

	CHECK_ALL(rules);
}

/* Roles and classifiers */

#define ROLE_STORED "\xc7\xc4\x2d\xf1\x57\x08\xa0\x4c" \
		    "\x93\xfc\xb1\xbb\x19\xa3\xd8\xc2"
#define ROLE_PRINTED "\xf1\x2d\xc4\xc7\x08\x57\x4c\xa0" \
		     "\x93\xfc\xb1\xbb\x19\xa3\xd8\xc2"
#define MISPRINT "\xdd\x15\xf4\x1f\xfc\x4e\x49\x22" \
		 "\xb0\x35\x4c\x06\xa7\x54\xd0\x1d"

/* n classifiers, all alike. */
static void classifiers(X509 *cert, const struct rule *rule)
{
	static struct der list;
	size_t i;

	list.len = 0;
	for (i = 0; i < rule->n; i++) {
		der_other_name(&der, rule->oid ?: OID_CLASSIFIER, rule->tag,
			       rule->bytes, rule->len);
		der_append(&list, &der);
	}
	der_wrap(&list, 0x30);
	ext_replace(cert, OID_CLASSIFIERS, &list);
}

static void long_classifier(X509 *cert, const struct rule *rule)
{
	char text[CLASSIFIER_UNITS + 1];

	memset(text, 'x', sizeof(text));
	der_other_name(&der, OID_CLASSIFIER, V_ASN1_UTF8STRING, text,
		       sizeof(text));
	der_wrap(&der, 0x30);
	ext_replace(cert, OID_CLASSIFIERS, &der);
}

#define BAD_ROLES(list) replace, BAD(OID_ROLES), BYTES(list)
#define BAD_CLASSIFIERS REFUSED("extension " OID_CLASSIFIERS " is malformed")

TEST(lists_that_are_refused)
{
	static const struct rule rules[] = {
		{ "no role", BAD_ROLES("\x30\x00") },
		{ "a short role", BAD_ROLES("\x30\x03\x04\x01\0") },
		{ "an unknown role", BAD_ROLES("\x30\x12\x04\x10" MISPRINT) },
		{ "an unknown one, too", BAD_ROLES("\x30\x24\x04\x10"
			ROLE_STORED "\x04\x10" MISPRINT) },
		{ "a role that is bits", BAD_ROLES("\x30\x12\x03\x10"
						   ROLE_STORED) },
		{ "a role without a list", BAD_ROLES("\x04\x10" ROLE_STORED) },
		{ "no list", replace, .oid = OID_CLASSIFIERS, BYTES("\x05\x00"),
		  BAD_CLASSIFIERS },
		{ "a host", replace, .oid = OID_CLASSIFIERS,
		  BYTES("\x30\x03\x82\x01x"), BAD_CLASSIFIERS },
		{ "a peer name", classifiers, .oid = OID_PEER_NAME, .n = 1,
		  TEXT("x"), BAD_CLASSIFIERS },
		{ "no string", classifiers, .n = 1, BYTES("\0"), .tag = 2,
		  BAD_CLASSIFIERS },
		{ "many", classifiers, .n = 65, TEXT("x"), BAD_CLASSIFIERS },
		{ "control characters", classifiers, .n = 2, TEXT("\x7f"),
		  REFUSED("a string has control characters") },
		{ "a NUL", classifiers, .n = 1, TEXT("x\0"), MALFORMED },
		{ "too long", long_classifier, BAD_CLASSIFIERS },
	};

	CHECK_ALL(rules);
}

TEST(lists_that_are_tolerated)
{
	static const struct rule rules[] = {
		{ "as stored", replace, .oid = OID_ROLES,
		  BYTES("\x30\x12\x04\x10" ROLE_STORED) },
		{ "as printed", replace, .oid = OID_ROLES,
		  BYTES("\x30\x12\x04\x10" ROLE_PRINTED) },
		{ "twice", replace, .oid = OID_ROLES,
		  BYTES("\x30\x24\x04\x10" ROLE_PRINTED
			"\x04\x10" ROLE_STORED) },
		{ "none", classifiers, .n = 0 },
		{ "an empty one", classifiers, .n = 1, TEXT("") },
		{ "UTF8", classifiers, .n = 64, TEXT("\xf0\x9f\x98\x80") },
		{ "BMP", classifiers, .n = 1, BMP("\xd8\x3d\xde\0") },
	};

	CHECK_ALL(rules);
}

/* Keys and signatures */

static void use_key(X509 *cert, EVP_PKEY *key)
{
	X509_set_pubkey(cert, key);
	EVP_PKEY_free(key);
}

static void rsa(X509 *cert, const struct rule *rule)
{
	use_key(cert, EVP_RSA_gen(rule->n));
}

static void elliptic(X509 *cert, const struct rule *rule)
{
	use_key(cert, EVP_EC_gen(rule->bytes));
}

static void other_key(X509 *cert, const struct rule *rule)
{
	use_key(cert, EVP_PKEY_Q_keygen(NULL, NULL, rule->bytes));
}

static void exponent(X509 *cert, const struct rule *rule)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *e = BN_new();
	EVP_PKEY *key = NULL;

	BN_set_word(e, rule->n);
	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024);
	EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e);
	EVP_PKEY_generate(ctx, &key);
	BN_free(e);
	EVP_PKEY_CTX_free(ctx);
	use_key(cert, key);
}

/* The name of a key in an encoding that is in der. */
static void name_key(X509 *cert)
{
	unsigned char hash[20];
	char text[AUTHORITY_LEN + sizeof(".member")];
	size_t i;

	EVP_Digest(der.bytes, der.len, hash, NULL, EVP_sha1(), NULL);
	for (i = 0; i < sizeof(hash); i++)
		sprintf(text + 2 * i, "%02x", hash[i]);
	strcat(text, ".member");
	ext_replace_name(cert, OID_SUBJECT_NAME, text);
}

static void put_key(X509 *cert, const char *oid, int parameter)
{
	X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert), OBJ_txt2obj(oid, 1),
			       parameter, NULL,
			       OPENSSL_memdup(der.bytes, der.len), der.len);
	name_key(cert);
}

static void get_key(const X509 *cert)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(cert);

	memcpy(der.bytes, bits->data, bits->length);
	der.len = bits->length;
}

/* 30 81 89, then 02 81 81 00 and the modulus, then 02 03 01 00 01 */
static void insert(size_t at, const void *bytes, size_t len)
{
	memmove(der.bytes + at + len, der.bytes + at, der.len - at);
	memcpy(der.bytes + at, bytes, len);
	der.len += len;
}

/* Insert bytes at n, and correct the length of the sequence by as many. */
static void key_insert(X509 *cert, const struct rule *rule)
{
	get_key(cert);
	insert(rule->n, rule->bytes, rule->len);
	der.bytes[2] += rule->len;
	put_key(cert, "1.2.840.113549.1.1.1", V_ASN1_NULL);
}

/* A modulus with one more zero before it, or without the one it has. */
static void key_zeros(X509 *cert, const struct rule *rule)
{
	get_key(cert);
	if (rule->n)
		insert(6, "", 1);
	else
		memmove(der.bytes + 6, der.bytes + 7, --der.len - 6);
	der.bytes[2] += rule->n ? 1 : -1;
	der.bytes[5] += rule->n ? 1 : -1;
	put_key(cert, "1.2.840.113549.1.1.1", V_ASN1_NULL);
}

/* A length in three bytes where two are enough. */
static void key_length(X509 *cert, const struct rule *rule)
{
	get_key(cert);
	der.bytes[1] = 0x82;
	insert(2, "", 1);
	put_key(cert, "1.2.840.113549.1.1.1", V_ASN1_NULL);
}

static void key_trail(X509 *cert, const struct rule *rule)
{
	get_key(cert);
	insert(der.len, rule->bytes, rule->len);
	put_key(cert, "1.2.840.113549.1.1.1", V_ASN1_NULL);
}

static void key_algorithm(X509 *cert, const struct rule *rule)
{
	get_key(cert);
	put_key(cert, rule->oid, rule->tag ?: V_ASN1_UNDEF);
}

static void key_bits(X509 *cert, const struct rule *rule)
{
	ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(cert);

	bits->flags = ASN1_STRING_FLAG_BITS_LEFT | rule->n;
}

/* As large as a text may be, so that whoever computes with it will feel it. */
static void huge_key(X509 *cert, const struct rule *rule)
{
	static struct der e;

	memset(der.bytes, 0x7f, rule->n);
	der.len = rule->n;
	der_wrap(&der, 0x02);
	e = der;
	der_append(&der, &e);
	der_wrap(&der, 0x30);
	put_key(cert, "1.2.840.113549.1.1.1", V_ASN1_NULL);
}

#define NO_PROFILE .hr = NTE_BAD_ALGID, \
	.reason = "a certificate has a key or signature of no profile"
#define RSA "1.2.840.113549.1.1.1"

TEST(keys_that_are_refused)
{
	static const struct rule rules[] = {
		{ "1023 bits", rsa, .n = 1023, NO_PROFILE },
		{ "1025 bits", rsa, .n = 1025, NO_PROFILE },
		{ "2048 bits", rsa, .n = 2048, NO_PROFILE },
		{ "the other profile's", rsa, .n = 3072, NO_PROFILE },
		{ "exponent 3", exponent, .n = 3, NO_PROFILE },
		{ "exponent 65539", exponent, .n = 65539, NO_PROFILE },
		{ "P-256", elliptic, BYTES("P-256"), NO_PROFILE },
		{ "Ed25519", other_key, BYTES("ED25519"), NO_PROFILE },
		{ "a huge key", huge_key, .n = 20000, NO_PROFILE },
		{ "no parameters", key_algorithm, .oid = RSA,
		  NO_PROFILE },
		{ "RSA-PSS", key_algorithm, .oid = "1.2.840.113549.1.1.10",
		  .tag = V_ASN1_NULL, NO_PROFILE },
		{ "X.500's RSA", key_algorithm, .oid = "2.5.8.1.1",
		  .tag = V_ASN1_NULL, NO_PROFILE },
		{ "an unknown algorithm", key_algorithm, .oid = "1.2.3",
		  .tag = V_ASN1_NULL, NO_PROFILE },
		{ "a further zero", key_zeros, .n = 1, NO_PROFILE },
		{ "a negative modulus", key_zeros, .n = 0, NO_PROFILE },
		{ "a long length", key_length, NO_PROFILE },
		{ "bytes after it", key_trail, BYTES("\0"), NO_PROFILE },
		{ "an element after it", key_insert, .n = 140,
		  BYTES("\x02\x01\x01"), NO_PROFILE },
		{ "unused bits", key_bits, .n = 1, NO_PROFILE },
	};

	CHECK_ALL(rules);
}

static HRESULT check_digest(int digest)
{
	struct plan plan;
	HRESULT hr;

	plan_init(&plan, PG_PROFILE_WINDOWS, 1, ROLE_MEMBER);
	plan_make(&plan);
	pki_sign(plan.certs[1], plan.specs[0].subject_key, digest);
	hr = plan_check(&plan);
	plan_free(&plan);
	return hr;
}

TEST(digests_that_are_refused)
{
	EXPECT_EQ(NTE_BAD_ALGID, check_digest(NID_sha256));
	EXPECT_EQ(NTE_BAD_ALGID, check_digest(NID_md5));
	EXPECT_EQ(NTE_BAD_ALGID, check_digest(NID_sha512));
	EXPECT_EQ(S_OK, check_digest(NID_sha1));
	EXPECT_CLEAN();
}

/* Certificates as bytes, for what OpenSSL does not write */

/* Insert bytes into what is signed, n elements after its beginning. */
static void insert_element(X509 **cert, const void *bytes, size_t len,
			   EVP_PKEY *key)
{
	static struct der tbs, rest;
	unsigned char *out = tbs.bytes;
	const unsigned char *at, *end;
	long size;
	int tag, class;

	tbs.len = i2d_re_X509_tbs(*cert, &out);
	at = tbs.bytes;
	end = at + tbs.len;
	ASN1_get_object(&at, &size, &tag, &class, tbs.len);
	der_set(&rest, 0, "", 0);
	rest.len = 0;
	while (at < end && *at != 0xa3) {
		const unsigned char *element = at;

		ASN1_get_object(&at, &size, &tag, &class, end - at);
		at += size;
		memcpy(rest.bytes + rest.len, element, at - element);
		rest.len += at - element;
	}
	memcpy(rest.bytes + rest.len, bytes, len);
	memcpy(rest.bytes + rest.len + len, at, end - at);
	rest.len += len + (end - at);
	der_wrap(&rest, 0x30);
	X509_free(*cert);
	*cert = pki_assemble(&rest, key);
}

TEST(unique_identifiers_are_refused)
{
	static const char *const ids[] = {
		"\x81\x02\0\x01", "\x82\x02\0\x01"
	};
	struct plan plan;
	HRESULT hr;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		plan_init(&plan, PG_PROFILE_WINDOWS, 1, ROLE_MEMBER);
		plan_make(&plan);
		insert_element(&plan.certs[1], "", 0,
			       plan.specs[0].subject_key);
		EXPECT_EQ(S_OK, plan_check(&plan));
		insert_element(&plan.certs[1], ids[i], 4,
			       plan.specs[0].subject_key);
		hr = plan_check(&plan);
		EXPECT_EQ(CRYPT_E_ASN1_ERROR, hr);
		EXPECT_STREQ("a certificate has unique identifiers",
			     pg_hresult_text(hr));
		plan_free(&plan);
	}
	EXPECT_CLEAN();
}

TEST_HARNESS_MAIN
