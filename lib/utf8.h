/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place where wide strings and UTF-8 meet. Both directions are strict:
 * surrogates, code points past U+10FFFF, overlong and truncated sequences are
 * -EILSEQ.
 */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stddef.h>
#include <sys/types.h>
#include <wchar.h>

/*
 * Write wide as UTF-8 with a final NUL into size bytes. Returns the number of
 * bytes without it, -ENAMETOOLONG if they do not fit.
 */
ssize_t utf8_from_wide(const wchar_t *wide, char *out, size_t size);

/*
 * Write len bytes of UTF-8 as wide characters, without a final NUL, to out,
 * which has room for len of them; or only count them if out is NULL. Returns
 * their number.
 */
ssize_t utf8_to_wide(const char *text, size_t len, wchar_t *out);

/*
 * How many UTF-16 units a valid wide string would have on Windows, where the
 * documented limits count these.
 */
size_t wide_utf16_len(const wchar_t *wide);

/* Likewise of valid UTF-8. */
size_t utf8_utf16_len(const char *text);

/* Whether a string is well-formed. */
_Bool utf8_valid(const char *text);

/* Whether a string is NULL or well-formed. */
_Bool wide_valid(const wchar_t *wide);

/*
 * Whether a valid string has a character that no name may have: the module takes
 * no control characters, XML neither these nor U+FFFE and U+FFFF.
 */
_Bool wide_has_control(const wchar_t *wide);
_Bool utf8_has_control(const char *text);

/*
 * Copies in the other form, to be released with free(). -EILSEQ, -ENOMEM.
 */
int utf8_dup(const wchar_t *wide, char **text);
int wide_dup(const char *text, wchar_t **wide);

#endif /* LIB_UTF8_H */
