// SPDX-License-Identifier: GPL-2.0-only
/*
 * Certificates and chains where memory runs out, in OpenSSL or in the library.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "pki.h"
#include <kselftest_harness.h>

#define TIMEOUT 300

static unsigned int countdown;
static bool failed;

static bool must_fail(void)
{
	if (!countdown || --countdown)
		return false;
	failed = true;
	return true;
}

static void *get(size_t size, const char *file, int line)
{
	return must_fail() ? NULL : __real_malloc(size);
}

static void *get_again(void *block, size_t size, const char *file, int line)
{
	return must_fail() ? NULL : __real_realloc(block, size);
}

static void release(void *block, const char *file, int line)
{
	__real_free(block);
}

/* Before the first key is made. */
static __attribute__((constructor(101))) void set_functions(void)
{
	CRYPTO_set_mem_functions(get, get_again, release);
}

static struct plan plan;
static struct der der, identity;

FIXTURE(memory) {
};

FIXTURE_SETUP(memory)
{
	unsigned char *out = identity.bytes;
	X509 *cert = pki_identity(PG_PROFILE_WINDOWS, 0, "x");

	identity.len = i2d_X509(cert, &out);
	X509_free(cert);
	plan_init(&plan, PG_PROFILE_WINDOWS, 2, ROLE_MEMBER);
	plan_make(&plan);
	pki_container(plan.certs, plan.n, &der);
	ASSERT_EQ(S_OK, pki_check(der.bytes, der.len));
}

FIXTURE_TEARDOWN(memory)
{
	plan_free(&plan);
	EXPECT_CLEAN();
}

static HRESULT check_chain(void)
{
	return pki_check(der.bytes, der.len);
}

static HRESULT check_identity(void)
{
	return pki_check_identity(identity.bytes, identity.len);
}

static HRESULT make(void)
{
	X509 *cert;
	HRESULT hr = cert_make(&plan.specs[2], &cert);

	if (SUCCEEDED(hr))
		X509_free(cert);
	return hr;
}

static HRESULT write_chain(void)
{
	unsigned char *bytes;
	size_t len;
	HRESULT hr = container_write(plan.certs[0], plan.certs[1], &bytes,
				     &len);

	if (SUCCEEDED(hr))
		OPENSSL_free(bytes);
	return hr;
}

/*
 * Let each allocation of OpenSSL fail in turn. It does without some, and notes
 * them nevertheless.
 */
static void without_openssl(struct __test_metadata *_metadata,
			    HRESULT (*action)(void))
{
	unsigned int n;
	HRESULT hr;

	for (n = 1, failed = true; failed; n++) {
		failed = false;
		countdown = n;
		hr = action();
		countdown = 0;
		if (FAILED(hr))
			ASSERT_EQ(0, ERR_peek_error()) TH_LOG("%u", n);
		ERR_clear_error();
	}
	EXPECT_EQ(S_OK, action());
}

static void without_library(struct __test_metadata *_metadata,
			    HRESULT (*action)(void))
{
	long live = alloc_live();
	unsigned int n;
	HRESULT hr;

	for (n = 1; ; n++) {
		alloc_fail(n);
		hr = action();
		ASSERT_EQ(live, alloc_live()) TH_LOG("%u", n);
		if (!alloc_failed())
			break;
		ASSERT_TRUE(FAILED(hr)) TH_LOG("%u", n);
	}
	alloc_fail(0);
	EXPECT_EQ(S_OK, hr);
}

TEST_F_TIMEOUT(memory, chain, TIMEOUT)
{
	without_openssl(_metadata, check_chain);
	without_library(_metadata, check_chain);
}

TEST_F_TIMEOUT(memory, identity, TIMEOUT)
{
	without_openssl(_metadata, check_identity);
	without_library(_metadata, check_identity);
}

/* Where it signs, OpenSSL itself does not survive that. */
TEST_F(memory, making)
{
	without_library(_metadata, make);
}

TEST_F_TIMEOUT(memory, writing, TIMEOUT)
{
	without_openssl(_metadata, write_chain);
	without_library(_metadata, write_chain);
}

TEST_HARNESS_MAIN
