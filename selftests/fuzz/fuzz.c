// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the fuzzers have in common.
 */
#include <stdlib.h>
#include <string.h>

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

/* The one place where chains are to be read, once lib/pki can. */
void look_at_chain(const unsigned char *der, size_t len)
{
	(void)der;
	(void)len;
}
