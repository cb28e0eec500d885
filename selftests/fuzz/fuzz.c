// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the fuzzers have in common.
 */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/pki/chain.h"
#include "fuzz.h"

char *string_of(const uint8_t *data, size_t size)
{
	char *string = malloc(size + 1);

	if (!string)
		abort();
	memcpy(string, data, size);
	string[size] = '\0';
	return string;
}

/* Nothing is to be refused for what it is made with. */
__attribute__((constructor))
static void allow_all(void)
{
	pg_set_profile(PG_PROFILE_WINDOWS);
}

static void expect_no_errors(void)
{
	if (ERR_peek_error())
		abort();
}

void look_at_chain(const unsigned char *der, size_t len)
{
	struct chain *chain;
	int64_t from, until;

	if (SUCCEEDED(chain_read(der, len, &chain))) {
		chain_validate(chain);
		chain_validate_time(chain, 0);
		chain_validate_roles(chain, 0);
		chain_validity(chain, &from, &until);
		chain_free(chain);
	}
	expect_no_errors();
}

void look_at_identity(const unsigned char *der, size_t len)
{
	struct cert *cert;

	if (SUCCEEDED(identity_cert_read(der, len, &cert)))
		cert_free(cert);
	expect_no_errors();
}
