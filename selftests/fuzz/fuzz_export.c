// SPDX-License-Identifier: GPL-2.0-only
/*
 * identity_export_read(), and pfx_read() of what it finds.
 */
#include <stdlib.h>

#include "../../lib/xml/identity.h"
#include "fuzz.h"
#include "quick_pfx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size), *name;
	unsigned char *der;
	size_t len;

	if (SUCCEEDED(identity_export_read(text, &name, &der, &len))) {
		look_at_pfx(der, len);
		free(name);
		free(der);
	}
	free(text);
	return 0;
}
