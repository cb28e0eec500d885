// SPDX-License-Identifier: GPL-2.0-only
/*
 * pfx_read() of what the sender of a PFX, who knows the password, can put into
 * it. Any MAC is right, or else no change would get past it.
 */
#include <openssl/pkcs12.h>
#include <stdlib.h>

#include "fuzz.h"

static int take_any_mac(PKCS12 *pfx, const char *password, int len)
{
	(void)pfx;
	(void)password;
	(void)len;
	return 1;
}

#define PKCS12_verify_mac take_any_mac
#include "quick_pfx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look_at_pfx(data, size);
	return 0;
}
