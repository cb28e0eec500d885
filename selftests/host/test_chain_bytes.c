// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains and identities of which bytes were changed or cut off on the way.
 */
#include <stdlib.h>
#include <string.h>

#include "pki.h"
#include <kselftest_harness.h>

/* Seconds; sanitizers make parsers slow, and other work the machine. */
#define TIMEOUT 300

typedef HRESULT (*reader)(const unsigned char *bytes, size_t len);

static struct der der;

/* In memory of just this size, so that it is seen when more is read. */
static HRESULT check(reader read, size_t len)
{
	unsigned char *copy = malloc(len);
	HRESULT hr;

	memcpy(copy, der.bytes, len);
	hr = read(copy, len);
	free(copy);
	return hr;
}

/*
 * Change each byte in a part of der, and expect it to be refused unless the part
 * is one that nothing depends on; returns how often it was not.
 */
static unsigned int flip(reader read, size_t from, size_t to)
{
	static const unsigned char masks[] = { 0xff, 0x01, 0x80 };
	unsigned int accepted = 0;
	size_t i, j;

	for (i = from; i < to; i++)
		for (j = 0; j < ARRAY_SIZE(masks); j++) {
			der.bytes[i] ^= masks[j];
			accepted += SUCCEEDED(check(read, der.len));
			der.bytes[i] ^= masks[j];
		}
	return accepted;
}

/* Where a certificate lies in der. */
static size_t find(X509 *cert, size_t *len)
{
	unsigned char *bytes = NULL, *at;

	*len = i2d_X509(cert, &bytes);
	at = memmem(der.bytes, der.len, bytes, *len);
	OPENSSL_free(bytes);
	return at - der.bytes;
}

FIXTURE(chain) {
	struct plan plan;
};

FIXTURE_SETUP(chain)
{
	plan_init(&self->plan, PG_PROFILE_WINDOWS, 2, ROLE_MEMBER);
	plan_make(&self->plan);
	pki_container(self->plan.certs, self->plan.n, &der);
	ASSERT_EQ(S_OK, check(pki_check, der.len));
}

FIXTURE_TEARDOWN(chain)
{
	plan_free(&self->plan);
	EXPECT_CLEAN();
}

TEST_F_TIMEOUT(chain, bytes_of_certificates, TIMEOUT)
{
	size_t i, at, len;

	for (i = 0; i < self->plan.n; i++) {
		at = find(self->plan.certs[i], &len);
		EXPECT_EQ(0, flip(pki_check, at, at + len));
	}
	EXPECT_EQ(S_OK, check(pki_check, der.len));
}

/*
 * Nobody signs the container. Of its versions, algorithms and content nothing
 * is used, and the certificates within are as good as before.
 */
TEST_F_TIMEOUT(chain, bytes_of_the_container, TIMEOUT)
{
	size_t first, last, len, after;

	first = find(self->plan.certs[0], &len);
	last = find(self->plan.certs[2], &len);
	after = last + len;
	TH_LOG("%u of %zu changes have no effect",
	       flip(pki_check, 0, first) + flip(pki_check, after, der.len),
	       3 * (first + der.len - after));
	EXPECT_EQ(S_OK, check(pki_check, der.len));
}

TEST_F_TIMEOUT(chain, cut_off, TIMEOUT)
{
	size_t len;

	for (len = 0; len < der.len; len++)
		ASSERT_EQ(CRYPT_E_BAD_ENCODE, check(pki_check, len));
	der.bytes[der.len++] = 0;
	EXPECT_EQ(CRYPT_E_BAD_ENCODE, check(pki_check, der.len));
}

/* An identity stands on its own. */
FIXTURE(identity) {
	X509 *cert;
};

FIXTURE_SETUP(identity)
{
	unsigned char *out = der.bytes;

	self->cert = pki_identity(PG_PROFILE_WINDOWS, 0, "x");
	der.len = i2d_X509(self->cert, &out);
	ASSERT_EQ(S_OK, check(pki_check_identity, der.len));
}

FIXTURE_TEARDOWN(identity)
{
	X509_free(self->cert);
	EXPECT_CLEAN();
}

TEST_F_TIMEOUT(identity, bytes, TIMEOUT)
{
	EXPECT_EQ(0, flip(pki_check_identity, 0, der.len));
}

TEST_F_TIMEOUT(identity, bytes_in_a_container, TIMEOUT)
{
	size_t at, len;

	pki_container(&self->cert, 1, &der);
	at = find(self->cert, &len);
	EXPECT_EQ(0, flip(pki_check_identity, at, at + len));
	flip(pki_check_identity, 0, at);
	flip(pki_check_identity, at + len, der.len);
}

TEST_F_TIMEOUT(identity, cut_off, TIMEOUT)
{
	size_t len;

	for (len = 0; len < der.len; len++)
		ASSERT_TRUE(FAILED(check(pki_check_identity, len)));
	der.bytes[der.len++] = 0;
	EXPECT_TRUE(FAILED(check(pki_check_identity, der.len)));
}

/* Containers of other kinds, and of none. */

#define SIGNED "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define DATA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define ENVELOPED "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"

static const struct {
	const char *bytes;
	size_t len;
} others[] = {
#define OTHER(text) { text, sizeof(text) - 1 }
	OTHER("\x30\x00"),
	OTHER("\x05\x00"),
	OTHER("\x30\x0b" SIGNED),
	OTHER("\x30\x0d" SIGNED "\xa0\x00"),
	OTHER("\x30\x0f" SIGNED "\xa0\x02\x30\x00"),
	OTHER("\x30\x0b" DATA),
	OTHER("\x30\x0f" DATA "\xa0\x02\x04\x00"),
	OTHER("\x30\x0b" ENVELOPED),
	OTHER("\x30\x80\x00\x00"),
	OTHER("\x30\x84\xff\xff\xff\xff"),
	OTHER("\x30\x88\x7f\xff\xff\xff\xff\xff\xff\xff"),
	OTHER("\xff\xff\xff\xff"),
};

TEST(no_container)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		memcpy(der.bytes, others[i].bytes, others[i].len);
		EXPECT_EQ(CRYPT_E_BAD_ENCODE, check(pki_check, others[i].len));
		EXPECT_EQ(CRYPT_E_BAD_ENCODE,
			  check(pki_check_identity, others[i].len));
	}
	EXPECT_CLEAN();
}

/* As many as fit into a text, which is far more than a chain may have. */
TEST(crowded_container)
{
	X509 *cert = pki_identity(PG_PROFILE_WINDOWS, 0, "x");
	X509 *certs[100];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(certs); i++)
		certs[i] = cert;
	pki_container(certs, ARRAY_SIZE(certs), &der);
	EXPECT_EQ(PEER_E_CHAIN_TOO_LONG, check(pki_check, der.len));
	EXPECT_EQ(CRYPT_E_BAD_ENCODE, check(pki_check_identity, der.len));
	X509_free(cert);
	EXPECT_CLEAN();
}

/* What is nested deeper than anyone has reason to. */
TEST(nested_containers)
{
	size_t i;

	for (i = 0; i < 40000; i += 2)
		memcpy(der.bytes + i, "\x30\x80", 2);
	EXPECT_EQ(CRYPT_E_BAD_ENCODE, check(pki_check, i));
	EXPECT_EQ(CRYPT_E_BAD_ENCODE, check(pki_check_identity, i));
	EXPECT_CLEAN();
}

TEST_HARNESS_MAIN
