// SPDX-License-Identifier: GPL-2.0-only
/*
 * identity_info_read().
 */
#include <stdlib.h>

#include "../../lib/xml/identity.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size);
	unsigned char *der;
	size_t len;

	if (SUCCEEDED(identity_info_read(text, &der, &len))) {
		look_at_identity(der, len);
		free(der);
	}
	free(text);
	return 0;
}
