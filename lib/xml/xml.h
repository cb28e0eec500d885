/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place that knows libxml2: texts of one element that has a VERSION,
 * and in it elements that hold text or base64, none of them in a namespace.
 *
 * The first failure sticks and is noted as reason. After it all functions do
 * nothing and return NULL or 0, so that only xml_end() needs to be looked at.
 */
#ifndef LIB_XML_XML_H
#define LIB_XML_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../public.h"

/* Longest string that is written, in UTF-16 units. */
#define XML_STRING_MAX 255

/* What is common to all texts of a kind. */
struct xml_kind {
	const char *root;
	const char *what;	/* for people */
	size_t max;		/* bytes of UTF-8 */
	HRESULT malformed;	/* and too long to be read */
	HRESULT too_long;	/* to be written */
};

struct xml {
	const struct xml_kind *kind;
	HRESULT hr;
	struct _xmlDoc *doc;
};

/* Fail with a reason that goes on after the words for what it is. */
void xml_fail(struct xml *xml, HRESULT hr, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Begin to read; xml_end() follows in any case. */
void xml_read(struct xml *xml, const struct xml_kind *kind, const char *text);

/* The version in digits and a dot is this one. */
bool xml_is_version(struct xml *xml, const char *version);

bool xml_has(struct xml *xml, const char *name);

/*
 * Content of the element of this name, of which there must be one and no
 * second; blocks are released with free(). A string has no control characters
 * and at most max UTF-16 units, a number is decimal and at most max, and data
 * are base64 of at least one byte.
 */
char *xml_string(struct xml *xml, const char *name, size_t max);
uint32_t xml_number(struct xml *xml, const char *name, uint32_t max);
unsigned char *xml_data(struct xml *xml, const char *name, size_t *len);

/* Begin to write; xml_write() or xml_end() follows in any case. */
void xml_new(struct xml *xml, const struct xml_kind *kind,
	     const char *version);

/* Add an element; strings are as those that are read. */
void xml_add_string(struct xml *xml, const char *name, const char *string);
void xml_add_number(struct xml *xml, const char *name, uint32_t number);
void xml_add_data(struct xml *xml, const char *name,
		  const unsigned char *data, size_t len);

/* Likewise, encoded twice. */
void xml_add_data_twice(struct xml *xml, const char *name,
			const unsigned char *data, size_t len);

/* End, and release it all. S_OK, or what was the first failure. */
HRESULT xml_end(struct xml *xml);

/* Likewise, and write the text, on one line and without a declaration. */
HRESULT xml_write(struct xml *xml, char **text);

#endif /* LIB_XML_XML_H */
