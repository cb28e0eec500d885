// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings that others chose, on a terminal.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "tool.h"

/* Longest form of a byte: \xNN. */
#define ESCAPED_MAX 4

/*
 * Printable for the C library, yet invisible; some change the order in which
 * the rest of a line appears.
 */
static const struct {
	wchar_t first, last;
} invisible[] = {
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x061c, 0x061c },
	{ 0x115f, 0x1160 }, { 0x180e, 0x180e }, { 0x200b, 0x200f },
	{ 0x202a, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 },
	{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff9, 0xfffb },
	{ 0xe0000, 0xe007f },
};

static bool is_invisible(wchar_t c)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(invisible); i++)
		if (c >= invisible[i].first && c <= invisible[i].last)
			return true;
	return false;
}

/* Length of the printable character at s; 0 if it has to be escaped. */
static size_t printable(const char *s)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t len;

	len = mbrtowc(&c, s, MB_CUR_MAX, &state);
	if (len == (size_t)-1 || len == (size_t)-2)
		return 0;
	if (!iswprint(c) || is_invisible(c))
		return 0;
	return len;
}

/*
 * What is not printable becomes \xNN, and a backslash two, so that no two
 * strings become the same. Letters that look alike are left to the reader.
 * Takes one character of s and returns the length of what it becomes.
 */
static size_t escape_next(const char **s, char *out)
{
	size_t len = printable(*s);

	if (!len)
		return sprintf(out, "\\x%02x", (unsigned char)*(*s)++);
	if (**s == '\\') {
		++*s;
		return sprintf(out, "\\\\");
	}
	memcpy(out, *s, len);
	*s += len;
	return len;
}

/* A copy to be freed, NULL without memory. */
char *text_escape(const char *s)
{
	char *escaped, *out;

	escaped = malloc(ESCAPED_MAX * strlen(s) + 1);
	if (!escaped)
		return NULL;
	out = escaped;
	while (*s)
		out += escape_next(&s, out);
	*out = '\0';
	return escaped;
}

static bool needs_quotes(const char *s)
{
	return !*s || strpbrk(s, " \"");
}

/*
 * Likewise, on stdout, as one word of a line: in quotes if it could be taken
 * for several, since the next word is somebody else's.
 */
void text_print(const char *s)
{
	const char *quote = needs_quotes(s) ? "\"" : "";
	char escaped[MB_LEN_MAX];

	fputs(quote, stdout);
	while (*s) {
		if (*s == '"')
			putchar('\\');
		fwrite(escaped, escape_next(&s, escaped), 1, stdout);
	}
	fputs(quote, stdout);
}

/* A name of ours after its keyword, else the number behind it. */
void text_print_name(const char *keyword, const char *name, uint32_t number)
{
	if (name)
		printf(" %s %s", keyword, name);
	else
		printf(" %s %u", keyword, number);
}

/* Columns that an escaped string takes on a terminal. */
size_t text_width(const char *s)
{
	mbstate_t state = { 0 };
	size_t width = 0, len;
	wchar_t c;
	int w;

	for (; *s; s += len) {
		len = mbrtowc(&c, s, MB_CUR_MAX, &state);
		if (len == (size_t)-1 || len == (size_t)-2)
			return width + strlen(s);
		w = wcwidth(c);
		width += w > 0 ? w : 0;
	}
	return width;
}
