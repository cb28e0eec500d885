// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Strings within certificates.
 */
#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../reason.h"
#include "../utf8.h"
#include "unicode.h"

static unsigned char *put_unit(unsigned char *out, uint32_t unit)
{
	*out++ = unit >> 8;
	*out++ = unit;
	return out;
}

static unsigned char *put_code(unsigned char *out, uint32_t code)
{
	if (code < 0x10000)
		return put_unit(out, code);
	code -= 0x10000;
	out = put_unit(out, 0xd800 | code >> 10);
	return put_unit(out, 0xdc00 | (code & 0x3ff));
}

ASN1_STRING *string_new_bmp(const char *text)
{
	size_t i, n = utf8_to_wide(text, strlen(text), NULL);
	ASN1_STRING *string = ASN1_STRING_type_new(V_ASN1_BMPSTRING);
	wchar_t *wide = malloc((n + 1) * sizeof(*wide));
	unsigned char *units = OPENSSL_malloc(4 * n + 1), *end = units;

	if (string && wide && units) {
		utf8_to_wide(text, strlen(text), wide);
		for (i = 0; i < n; i++)
			end = put_code(end, wide[i]);
		ASN1_STRING_set0(string, units, end - units);
		units = NULL;
	} else {
		ERR_raise(ERR_LIB_ASN1, ERR_R_MALLOC_FAILURE);
		ASN1_STRING_free(string);
		string = NULL;
	}
	OPENSSL_free(units);
	free(wide);
	return string;
}

static uint32_t unit_at(const unsigned char *bytes, size_t i)
{
	return bytes[2 * i] << 8 | bytes[2 * i + 1];
}

static bool is_pair(uint32_t high, uint32_t low)
{
	return (high & 0xfc00) == 0xd800 && (low & 0xfc00) == 0xdc00;
}

/*
 * Surrogates without a partner stay, and are refused as wide characters. Returns
 * whether there was no NUL.
 */
static bool units_to_wide(const unsigned char *bytes, size_t n, wchar_t *wide)
{
	uint32_t unit, next;
	size_t i;

	for (i = 0; i < n; i++) {
		unit = unit_at(bytes, i);
		next = i + 1 < n ? unit_at(bytes, i + 1) : 0;
		if (!unit)
			return false;
		if (is_pair(unit, next)) {
			unit = 0x10000 + ((unit & 0x3ff) << 10 | (next & 0x3ff));
			i++;
		}
		*wide++ = unit;
	}
	*wide = L'\0';
	return true;
}

static int from_bmp(const ASN1_STRING *string, char **text)
{
	size_t n = ASN1_STRING_length(string) / 2;
	wchar_t *wide;
	int err = -EILSEQ;

	if (ASN1_STRING_length(string) % 2)
		return -EILSEQ;
	wide = malloc((n + 1) * sizeof(*wide));
	if (!wide)
		return -ENOMEM;
	if (units_to_wide(ASN1_STRING_get0_data(string), n, wide))
		err = utf8_dup(wide, text);
	free(wide);
	return err;
}

static int from_other(const ASN1_STRING *string, char **text)
{
	unsigned char *utf8;
	int err = -EILSEQ, len = ASN1_STRING_to_UTF8(&utf8, string);

	ERR_clear_error();
	if (len < 0)
		return -EILSEQ;
	if (strlen((char *)utf8) == (size_t)len && utf8_valid((char *)utf8)) {
		*text = strdup((char *)utf8);
		err = *text ? 0 : -ENOMEM;
	}
	OPENSSL_free(utf8);
	return err;
}

HRESULT string_get(const ASN1_STRING *string, char **text)
{
	int err;

	*text = NULL;
	if (ASN1_STRING_type(string) == V_ASN1_BMPSTRING)
		err = from_bmp(string, text);
	else
		err = from_other(string, text);
	if (err == -ENOMEM)
		return E_OUTOFMEMORY;
	if (err)
		return fail(CRYPT_E_ASN1_ERROR, "a string is malformed");
	if (utf8_has_control(*text)) {
		free(*text);
		*text = NULL;
		return fail(CRYPT_E_ASN1_ERROR,
			    "a string has control characters");
	}
	return S_OK;
}
