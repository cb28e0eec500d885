/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reader of PFX in a target's own file, with so few rounds that their time
 * is not what is tested.
 */
#ifndef FUZZ_QUICK_PFX_H
#define FUZZ_QUICK_PFX_H

#include "../../lib/pki/pfx.h"
#undef PFX_ROUNDS_MAX
#define PFX_ROUNDS_MAX 6000
#include "../../lib/pki/pfx.c"

/* Read one, and see to it that nothing is left behind. */
static inline void look_at_pfx(const unsigned char *der, size_t len)
{
	EVP_PKEY *key;
	X509 *cert;

	if (SUCCEEDED(pfx_read(der, len, "password", &key, &cert))) {
		if (!X509_check_private_key(cert, key))
			abort();
		EVP_PKEY_free(key);
		X509_free(cert);
	}
	if (ERR_peek_error())
		abort();
}

#endif /* FUZZ_QUICK_PFX_H */
