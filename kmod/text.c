// SPDX-License-Identifier: GPL-2.0-only
/* What users may call things. */

#include <linux/nls.h>

#include "peergroup.h"

static bool pg_is_control(unicode_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/**
 * pg_text_valid - is this UTF-8 without control characters?
 * @text: bytes, not necessarily followed by a NUL
 * @len: their number
 *
 * Return: true if it is; a NUL is a control character.
 */
bool pg_text_valid(const char *text, size_t len)
{
	unicode_t c;
	int n;

	while (len) {
		n = utf8_to_utf32((const u8 *)text, len, &c);
		if (n < 0 || pg_is_control(c))
			return false;
		text += n;
		len -= n;
	}
	return true;
}
