// SPDX-License-Identifier: LGPL-2.1-or-later
#include "../utf8.h"
#include "text.h"

size_t text_room(const char *text, size_t len)
{
	return utf8_to_wide(text, len, NULL) + 1;
}

wchar_t *text_put(wchar_t **pos, const char *text, size_t len)
{
	wchar_t *start = *pos;
	wchar_t *end = start + utf8_to_wide(text, len, start);

	*end = L'\0';
	*pos = end + 1;
	return start;
}
