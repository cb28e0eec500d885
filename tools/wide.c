// SPDX-License-Identifier: GPL-2.0-only
/*
 * The wide strings of <p2p.h>, and UTF-8, which everything else here is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "secured.h"

/* A copy to be freed; NULL with errno EILSEQ or ENOMEM. */
wchar_t *wide_from(const char *text)
{
	mbstate_t state = { 0 };
	size_t size = strlen(text) + 1;
	wchar_t *wide = calloc(size, sizeof(*wide));

	if (wide && mbsrtowcs(wide, &text, size, &state) == (size_t)-1) {
		free(wide);
		errno = EILSEQ;
		return NULL;
	}
	return wide;
}

/* Likewise. */
char *wide_to(const wchar_t *wide)
{
	mbstate_t state = { 0 };
	size_t size = wcslen(wide) * MB_CUR_MAX + 1;
	char *text = malloc(size);

	if (text && wcsrtombs(text, &wide, size, &state) == (size_t)-1) {
		free(text);
		errno = EILSEQ;
		return NULL;
	}
	return text;
}

/* A word of the command line, to be freed; NULL stays NULL. */
wchar_t *args_wide(struct args *args, const char *word)
{
	wchar_t *wide;

	if (!word)
		return NULL;
	wide = wide_from(word);
	if (!wide && errno == EILSEQ)
		usage_error(args, word, "not valid UTF-8");
	if (!wide)
		finish(out_of_memory());
	return wide;
}
