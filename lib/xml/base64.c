// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Base64 as it occurs in the texts.
 */
#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
		 "0123456789+/"
#define PADDING "="
#define SPACE " \t\r\n"

/* Bytes that one line of 64 characters stands for. */
#define LINE_BYTES 48
#define LINE_CHARS 64

/* OpenSSL counts in int, and encoding twice makes less than fourfold. */
#define BYTES_MAX (INT_MAX / 8)

void base64_free(void *block, size_t len)
{
	if (block)
		OPENSSL_cleanse(block, len);
	free(block);
}

/* A copy without white space, since OpenSSL knows it only at the ends. */
static char *squeeze(const char *text, size_t *len)
{
	char *out = malloc(strlen(text) + 1);
	size_t run;

	*len = 0;
	if (!out)
		return NULL;
	for (; *text; text += run) {
		text += strspn(text, SPACE);
		run = strcspn(text, SPACE);
		memcpy(out + *len, text, run);
		*len += run;
	}
	out[*len] = '\0';
	return out;
}

/* OpenSSL would take padding for zeros anywhere. */
static bool well_formed(const char *text, size_t len, size_t *padding)
{
	size_t plain = strspn(text, ALPHABET);

	*padding = len - plain;
	return len / 4 * 4 == len && *padding <= 2 && len / 4 <= BYTES_MAX &&
	       strspn(text + plain, PADDING) == *padding;
}

static int decode_squeezed(const char *text, size_t text_len,
			   unsigned char **data, size_t *len)
{
	size_t padding, room = text_len / 4 * 3;
	unsigned char *out;

	if (!well_formed(text, text_len, &padding))
		return -EILSEQ;
	out = malloc(room + 1);
	if (!out)
		return -ENOMEM;
	if (EVP_DecodeBlock(out, (const unsigned char *)text, text_len) !=
	    (int)room) {
		base64_free(out, room);
		return -EILSEQ;
	}
	*data = out;
	*len = room - padding;
	return 0;
}

static int decode_once(const char *text, unsigned char **data, size_t *len)
{
	size_t squeezed_len;
	char *squeezed = squeeze(text, &squeezed_len);
	int err;

	if (!squeezed)
		return -ENOMEM;
	err = decode_squeezed(squeezed, squeezed_len, data, len);
	base64_free(squeezed, squeezed_len);
	return err;
}

/* DER never looks like it: its second octet, a length, would be 0. */
static bool is_wide_base64(const unsigned char *data, size_t len)
{
	size_t i;

	if (!len || len % 2)
		return false;
	for (i = 0; i < len; i += 2)
		if (!data[i] || data[i + 1] ||
		    !strchr(ALPHABET PADDING SPACE, data[i]))
			return false;
	return true;
}

static int decode_wide(const unsigned char *wide, size_t wide_len,
		       unsigned char **data, size_t *len)
{
	size_t i, text_len = wide_len / 2;
	char *text = malloc(text_len + 1);
	int err;

	if (!text)
		return -ENOMEM;
	for (i = 0; i < text_len; i++)
		text[i] = wide[2 * i];
	text[text_len] = '\0';
	err = decode_once(text, data, len);
	base64_free(text, text_len);
	return err;
}

int base64_decode(const char *text, unsigned char **data, size_t *len)
{
	unsigned char *first;
	size_t first_len;
	int err;

	err = decode_once(text, &first, &first_len);
	if (err)
		return err;
	if (!is_wide_base64(first, first_len)) {
		*data = first;
		*len = first_len;
		return 0;
	}
	err = decode_wide(first, first_len, data, len);
	base64_free(first, first_len);
	return err;
}

char *base64_encode(const unsigned char *data, size_t len)
{
	char *text;

	if (len > BYTES_MAX)
		return NULL;
	text = malloc((len + 2) / 3 * 4 + 1);
	if (text)
		EVP_EncodeBlock((unsigned char *)text, data, len);
	return text;
}

static unsigned char *put_wide(unsigned char *out, unsigned char c)
{
	*out++ = c;
	*out++ = 0;
	return out;
}

static unsigned char *put_line(unsigned char *out, const unsigned char *data,
			       size_t len)
{
	unsigned char line[LINE_CHARS + 1];
	int i, n = EVP_EncodeBlock(line, data, len);

	for (i = 0; i < n; i++)
		out = put_wide(out, line[i]);
	out = put_wide(out, '\r');
	out = put_wide(out, '\n');
	OPENSSL_cleanse(line, sizeof(line));
	return out;
}

char *base64_encode_twice(const unsigned char *data, size_t len)
{
	size_t lines = len / LINE_BYTES + 1, at, step;
	unsigned char *wide, *end;
	char *text;

	if (len > BYTES_MAX)
		return NULL;
	wide = malloc(lines * (LINE_CHARS + 2) * 2);
	if (!wide)
		return NULL;
	for (at = 0, end = wide; at < len; at += step) {
		step = len - at < LINE_BYTES ? len - at : LINE_BYTES;
		end = put_line(end, data + at, step);
	}
	text = base64_encode(wide, end - wide);
	base64_free(wide, end - wide);
	return text;
}
