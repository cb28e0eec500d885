// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one place where wide strings and UTF-8 meet.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

_Static_assert(sizeof(wchar_t) == 4, "a wide character is a code point");

static bool is_scalar(uint32_t code)
{
	return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static size_t encoded_len(uint32_t code)
{
	if (code < 0x80)
		return 1;
	if (code < 0x800)
		return 2;
	return code < 0x10000 ? 3 : 4;
}

static void encode(uint32_t code, char *out, size_t len)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t i;

	for (i = len - 1; i; i--) {
		out[i] = 0x80 | (code & 0x3f);
		code >>= 6;
	}
	out[0] = lead[len] | code;
}

ssize_t utf8_from_wide(const wchar_t *wide, char *out, size_t size)
{
	size_t len, used = 0;

	for (; *wide; wide++) {
		if (!is_scalar(*wide))
			return -EILSEQ;
		len = encoded_len(*wide);
		if (size - used <= len)
			return -ENAMETOOLONG;
		encode(*wide, out + used, len);
		used += len;
	}
	out[used] = '\0';
	return used;
}

/* Length that a first byte announces, 0 if it is none. */
static size_t announced_len(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2)
		return 0;
	if (lead < 0xe0)
		return 2;
	if (lead < 0xf0)
		return 3;
	return lead < 0xf5 ? 4 : 0;
}

/* Read one code point; its length, or 0 if it is malformed. */
static size_t decode(const unsigned char *in, size_t left, uint32_t *code)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t len = announced_len(*in);
	size_t i;

	if (!len || len > left)
		return 0;

	*code = *in & mask[len];
	for (i = 1; i < len; i++) {
		if ((in[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (in[i] & 0x3f);
	}
	if (!is_scalar(*code) || encoded_len(*code) != len)
		return 0;
	return len;
}

ssize_t utf8_to_wide(const char *text, size_t len, wchar_t *out)
{
	const unsigned char *in = (const unsigned char *)text;
	const unsigned char *end = in + len;
	ssize_t count = 0;
	uint32_t code;
	size_t step;

	for (; in < end; in += step) {
		step = decode(in, end - in, &code);
		if (!step)
			return -EILSEQ;
		if (out)
			out[count] = code;
		count++;
	}
	return count;
}

size_t wide_utf16_len(const wchar_t *wide)
{
	size_t len = 0;

	for (; *wide; wide++)
		len += *wide < 0x10000 ? 1 : 2;
	return len;
}

size_t utf8_utf16_len(const char *text)
{
	size_t len = 0;

	/* Each sequence is one unit, one of four bytes two. */
	for (; *text; text++)
		len += ((*text & 0xc0) != 0x80) + ((*text & 0xf8) == 0xf0);
	return len;
}

_Bool utf8_valid(const char *text)
{
	return utf8_to_wide(text, strlen(text), NULL) >= 0;
}

_Bool wide_valid(const wchar_t *wide)
{
	if (!wide)
		return true;
	for (; *wide; wide++)
		if (!is_scalar(*wide))
			return false;
	return true;
}

static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	       code == 0xfffe || code == 0xffff;
}

_Bool wide_has_control(const wchar_t *wide)
{
	for (; *wide; wide++)
		if (is_control(*wide))
			return true;
	return false;
}

_Bool utf8_has_control(const char *text)
{
	const unsigned char *in = (const unsigned char *)text;
	const unsigned char *end = in + strlen(text);
	uint32_t code;
	size_t step;

	for (; in < end; in += step) {
		step = decode(in, end - in, &code);
		if (!step || is_control(code))
			return true;
	}
	return false;
}

static size_t wide_utf8_len(const wchar_t *wide)
{
	size_t len = 0;

	for (; *wide; wide++)
		len += encoded_len(*wide);
	return len;
}

int utf8_dup(const wchar_t *wide, char **text)
{
	size_t size;

	if (!wide_valid(wide))
		return -EILSEQ;
	size = wide_utf8_len(wide) + 1;
	*text = malloc(size);
	if (!*text)
		return -ENOMEM;
	utf8_from_wide(wide, *text, size);
	return 0;
}

int wide_dup(const char *text, wchar_t **wide)
{
	ssize_t len = utf8_to_wide(text, strlen(text), NULL);

	if (len < 0)
		return -EILSEQ;
	*wide = malloc((len + 1) * sizeof(**wide));
	if (!*wide)
		return -ENOMEM;
	utf8_to_wide(text, strlen(text), *wide);
	(*wide)[len] = L'\0';
	return 0;
}
