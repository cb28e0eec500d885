/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Base64 as it occurs in the texts. Blocks are released with base64_free(), or
 * with free() where nothing in them is secret.
 */
#ifndef LIB_XML_BASE64_H
#define LIB_XML_BASE64_H

#include <stddef.h>

/*
 * Decode, also what was encoded twice. White space may be anywhere; all else is
 * strict. -EILSEQ: malformed; -ENOMEM.
 */
int base64_decode(const char *text, unsigned char **data, size_t *len);

/* Encode on one line; NULL: no memory. */
char *base64_encode(const unsigned char *data, size_t len);

/*
 * Likewise, but twice, as Windows XP was seen to do: what is encoded on one
 * line is the base64 in UTF-16LE, in lines of 64 characters.
 */
char *base64_encode_twice(const unsigned char *data, size_t len);

/* Release a block, wiped. NULL does nothing. */
void base64_free(void *block, size_t len);

#endif /* LIB_XML_BASE64_H */
