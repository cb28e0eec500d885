// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one place that knows libxml2.
 *
 * What is read comes from strangers: there are no entities but the five of XML
 * itself, since a document type declaration is refused before anything in it
 * counts, and nothing is ever looked up outside of the text. libxml2's own
 * limits of depth stay in force.
 */
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlsave.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../reason.h"
#include "../utf8.h"
#include "base64.h"
#include "xml.h"

/* A declaration may name any encoding: texts come as strings, not as files. */
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | \
		 XML_PARSE_IGNORE_ENC | XML_PARSE_NOCDATA)

#define DATATYPES "urn:schemas-microsoft-com:datatypes"
#define BASE64 "bin.base64"

#define MALFORMED(xml, ...) xml_fail(xml, (xml)->kind->malformed, __VA_ARGS__)

static void init_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, xmlInitParser);
}

void xml_fail(struct xml *xml, HRESULT hr, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	if (FAILED(xml->hr))
		return;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	xml->hr = fail(hr, "%s %s", xml->kind->what, words);
}

static void no_memory(struct xml *xml)
{
	xml_fail(xml, E_OUTOFMEMORY, "needs more memory than there is");
}

/* libxml2 quotes the text, and ends its messages with a line feed. */
static void fail_parser(struct xml *xml, const char *message)
{
	char words[200];
	size_t i, len = strcspn(message, "\n");

	if (len >= sizeof(words))
		len = sizeof(words) - 1;
	for (i = 0; i < len; i++)
		words[i] = message[i] < ' ' || message[i] > '~' ? '?' :
								   message[i];
	words[len] = '\0';
	MALFORMED(xml, "is no well-formed XML: %s", words);
}

static void refuse_doctype(void *arg, const xmlChar *name,
			   const xmlChar *external, const xmlChar *system)
{
	xmlParserCtxt *ctxt = arg;

	(void)name;
	(void)external;
	(void)system;
	MALFORMED((struct xml *)ctxt->_private,
		  "has a document type declaration");
	xmlStopParser(ctxt);
}

/* Else it would be one for all texts, of the program that calls. */
#if LIBXML_VERSION >= 21200
static void keep_error(void *arg, const xmlError *error)
#else
static void keep_error(void *arg, xmlError *error)
#endif
{
	(void)arg;
	(void)error;
}

/*
 * Without memory libxml2 2.9 can return a document that lacks something, or
 * none and no error.
 */
static void note_error(struct xml *xml, xmlParserCtxt *ctxt)
{
	const xmlError *error = xmlCtxtGetLastError(ctxt);
	bool whole = xml->doc && ctxt->wellFormed && ctxt->nsWellFormed;

	if (error ? error->code == XML_ERR_NO_MEMORY : !whole)
		no_memory(xml);
	else if (!whole)
		fail_parser(xml, error->message ? error->message : "?");
}

static void parse(struct xml *xml, const char *text, size_t len)
{
	xmlParserCtxt *ctxt = xmlNewParserCtxt();

	if (!ctxt) {
		no_memory(xml);
		return;
	}
	ctxt->_private = xml;
	ctxt->sax->internalSubset = refuse_doctype;
	ctxt->sax->serror = keep_error;
	xml->doc = xmlCtxtReadMemory(ctxt, text, len, NULL, "UTF-8", OPTIONS);
	note_error(xml, ctxt);
	xmlFreeParserCtxt(ctxt);
}

static xmlNode *root_of(const struct xml *xml)
{
	return xmlDocGetRootElement(xml->doc);
}

static bool is_named(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && !node->ns &&
	       !strcmp((const char *)node->name, name);
}

static bool is_blank(const xmlNode *node)
{
	const char *text = (const char *)node->content;

	return !text || !text[strspn(text, " \t\r\n")];
}

/* Elements are known by name, so that there may be others, but nothing else. */
static bool may_be_between(const xmlNode *node)
{
	switch (node->type) {
	case XML_ELEMENT_NODE:
	case XML_COMMENT_NODE:
	case XML_PI_NODE:
		return true;
	case XML_TEXT_NODE:
		return is_blank(node);
	default:
		return false;
	}
}

static void check_root(struct xml *xml)
{
	const xmlNode *root = root_of(xml), *node;

	if (!is_named(root, xml->kind->root)) {
		MALFORMED(xml, "is no element %s", xml->kind->root);
		return;
	}
	if (!xmlHasNsProp(root, BAD_CAST "VERSION", NULL))
		MALFORMED(xml, "has no VERSION");
	for (node = root->children; node; node = node->next)
		if (!may_be_between(node))
			MALFORMED(xml, "has text between its elements");
}

static void xml_init(struct xml *xml, const struct xml_kind *kind)
{
	init_once();
	*xml = (struct xml){ .kind = kind, .hr = S_OK };
}

void xml_read(struct xml *xml, const struct xml_kind *kind, const char *text)
{
	size_t len = strnlen(text, kind->max + 1);

	xml_init(xml, kind);
	if (len > kind->max)
		MALFORMED(xml, "is longer than %zu bytes", kind->max);
	else if (!utf8_valid(text))
		MALFORMED(xml, "is not in UTF-8");
	else
		parse(xml, text, len);
	if (SUCCEEDED(xml->hr))
		check_root(xml);
}

/* Text of an attribute or an element, in several nodes if it is long. */
static char *join(const xmlNode *first)
{
	const xmlNode *node;
	size_t len = 0;
	char *text, *end;

	for (node = first; node; node = node->next)
		len += strlen((const char *)node->content);
	text = malloc(len + 1);
	if (!text)
		return NULL;
	*text = '\0';
	for (node = first, end = text; node; node = node->next)
		end = stpcpy(end, (const char *)node->content);
	return text;
}

static bool is_text(const xmlNode *first)
{
	const xmlNode *node;

	for (node = first; node; node = node->next)
		if (node->type != XML_TEXT_NODE || !node->content)
			return false;
	return true;
}

/* Whether an attribute has this one value. */
static bool attr_is(const xmlAttr *attr, const char *value)
{
	const xmlNode *node = attr->children;

	return node && !node->next && is_text(node) &&
	       !strcmp((const char *)node->content, value);
}

bool xml_is_version(struct xml *xml, const char *version)
{
	if (FAILED(xml->hr))
		return false;
	return attr_is(xmlHasNsProp(root_of(xml), BAD_CAST "VERSION", NULL),
		       version);
}

static const xmlNode *find(struct xml *xml, const char *name)
{
	const xmlNode *node, *found = NULL;

	if (FAILED(xml->hr))
		return NULL;
	for (node = root_of(xml)->children; node; node = node->next) {
		if (!is_named(node, name))
			continue;
		if (found) {
			MALFORMED(xml, "has a second element %s", name);
			return NULL;
		}
		found = node;
	}
	return found;
}

bool xml_has(struct xml *xml, const char *name)
{
	return find(xml, name);
}

static const xmlNode *need(struct xml *xml, const char *name)
{
	const xmlNode *node = find(xml, name);

	if (!node)
		MALFORMED(xml, "has no element %s", name);
	return node;
}

static char *text_of(struct xml *xml, const xmlNode *node)
{
	char *text;

	if (!is_text(node->children)) {
		MALFORMED(xml, "has more than text in %s", node->name);
		return NULL;
	}
	text = join(node->children);
	if (!text)
		no_memory(xml);
	return text;
}

static char *need_text(struct xml *xml, const char *name)
{
	const xmlNode *node = need(xml, name);

	return node ? text_of(xml, node) : NULL;
}

/* What is wrong with a string, NULL: nothing. */
static const char *fault_of(const char *string, size_t max)
{
	if (!utf8_valid(string))
		return "not in UTF-8";
	if (utf8_has_control(string))
		return "not without control characters";
	return utf8_utf16_len(string) > max ? "too long" : NULL;
}

char *xml_string(struct xml *xml, const char *name, size_t max)
{
	char *text = need_text(xml, name);
	const char *fault = text ? fault_of(text, max) : NULL;

	if (!fault)
		return text;
	MALFORMED(xml, "has a %s that is %s", name, fault);
	free(text);
	return NULL;
}

/* strtoul() takes a sign and white space, too. */
static bool parse_number(const char *text, uint32_t max, uint32_t *number)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long long value;

	if (!digits || text[digits])
		return false;
	errno = 0;
	value = strtoull(text, NULL, 10);
	if (errno || value > max)
		return false;
	*number = value;
	return true;
}

uint32_t xml_number(struct xml *xml, const char *name, uint32_t max)
{
	char *text = need_text(xml, name);
	uint32_t number = 0;

	if (text && !parse_number(text, max, &number))
		MALFORMED(xml, "has a %s that is no number up to %u", name,
			  max);
	free(text);
	return number;
}

/* It should say so; where it does not, base64 it is all the same. */
static bool is_base64(const xmlNode *node)
{
	const xmlAttr *type = xmlHasNsProp(node, BAD_CAST "dt",
					   BAD_CAST DATATYPES);

	return !type || attr_is(type, BASE64);
}

static unsigned char *decode(struct xml *xml, const char *name,
			     const char *text, size_t *len)
{
	unsigned char *data;
	int err = base64_decode(text, &data, len);

	if (!err && *len)
		return data;
	if (err == -ENOMEM) {
		no_memory(xml);
		return NULL;
	}
	if (err) {
		MALFORMED(xml, "has a %s that is no base64", name);
		return NULL;
	}
	free(data);
	MALFORMED(xml, "has nothing in %s", name);
	return NULL;
}

unsigned char *xml_data(struct xml *xml, const char *name, size_t *len)
{
	const xmlNode *node = need(xml, name);
	unsigned char *data;
	char *text;

	*len = 0;
	if (node && !is_base64(node)) {
		MALFORMED(xml, "has a %s of another type than %s", name,
			  BASE64);
		return NULL;
	}
	text = node ? text_of(xml, node) : NULL;
	if (!text)
		return NULL;
	data = decode(xml, name, text, len);
	base64_free(text, strlen(text));
	return data;
}

/* libxml2 2.9 makes nodes that lack something where memory lacked. */
static bool is_whole(const xmlNode *node)
{
	return node && node->name && (!xmlNodeIsText(node) || node->content);
}

static bool attr_is_whole(const xmlAttr *attr)
{
	return attr && attr->name && is_whole(attr->children);
}

void xml_new(struct xml *xml, const struct xml_kind *kind, const char *version)
{
	xmlNode *root;

	xml_init(xml, kind);
	xml->doc = xmlNewDoc(BAD_CAST "1.0");
	if (!xml->doc) {
		no_memory(xml);
		return;
	}
	root = xmlNewDocNode(xml->doc, NULL, BAD_CAST kind->root, NULL);
	if (root)
		xmlDocSetRootElement(xml->doc, root);
	if (!is_whole(root) ||
	    !attr_is_whole(xmlNewProp(root, BAD_CAST "VERSION",
				      BAD_CAST version)))
		no_memory(xml);
}

static xmlNode *add_element(struct xml *xml, const char *name,
			    const char *text)
{
	xmlNode *node = xmlNewDocNode(xml->doc, NULL, BAD_CAST name, NULL);
	xmlNode *content = xmlNewDocText(xml->doc, BAD_CAST text);

	if (is_whole(node) && is_whole(content)) {
		xmlAddChild(node, content);
		return xmlAddChild(root_of(xml), node);
	}
	xmlFreeNode(content);
	xmlFreeNode(node);
	no_memory(xml);
	return NULL;
}

void xml_add_string(struct xml *xml, const char *name, const char *string)
{
	const char *fault = fault_of(string, XML_STRING_MAX);

	if (FAILED(xml->hr))
		return;
	if (fault)
		xml_fail(xml, E_INVALIDARG, "would have a %s that is %s", name,
			 fault);
	else
		add_element(xml, name, string);
}

void xml_add_number(struct xml *xml, const char *name, uint32_t number)
{
	char text[sizeof("4294967295")];

	if (FAILED(xml->hr))
		return;
	snprintf(text, sizeof(text), "%u", number);
	add_element(xml, name, text);
}

static void too_long(struct xml *xml)
{
	xml_fail(xml, xml->kind->too_long, "would be longer than %zu bytes",
		 xml->kind->max);
}

/* The prefix is bound here, since the element may be cut out of the text. */
static void add_base64(struct xml *xml, const char *name, const char *text)
{
	xmlNode *node = add_element(xml, name, text);
	xmlNs *ns;

	if (!node)
		return;
	ns = xmlNewNs(node, BAD_CAST DATATYPES, BAD_CAST "dt");
	if (!ns || !ns->href || !ns->prefix ||
	    !attr_is_whole(xmlNewNsProp(node, ns, BAD_CAST "dt",
					BAD_CAST BASE64)))
		no_memory(xml);
}

static void add_data(struct xml *xml, const char *name,
		     const unsigned char *data, size_t len,
		     char *(*encode)(const unsigned char *data, size_t len))
{
	char *text;

	if (FAILED(xml->hr))
		return;
	if (len > xml->kind->max) {
		too_long(xml);
		return;
	}
	text = encode(data, len);
	if (!text) {
		no_memory(xml);
		return;
	}
	add_base64(xml, name, text);
	base64_free(text, strlen(text));
}

void xml_add_data(struct xml *xml, const char *name,
		  const unsigned char *data, size_t len)
{
	add_data(xml, name, data, len, base64_encode);
}

void xml_add_data_twice(struct xml *xml, const char *name,
			const unsigned char *data, size_t len)
{
	add_data(xml, name, data, len, base64_encode_twice);
}

HRESULT xml_end(struct xml *xml)
{
	xmlFreeDoc(xml->doc);
	xml->doc = NULL;
	return xml->hr;
}

static bool save(struct xml *xml, xmlBuffer *buffer)
{
	xmlSaveCtxt *save = xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_NO_DECL);
	long written;

	if (!save)
		return false;
	written = xmlSaveTree(save, root_of(xml));
	return xmlSaveClose(save) >= 0 && written >= 0;
}

static char *serialise(struct xml *xml)
{
	xmlBuffer *buffer = xmlBufferCreate();
	char *text = NULL;

	if (buffer && save(xml, buffer))
		text = strdup((const char *)xmlBufferContent(buffer));
	xmlBufferFree(buffer);
	if (!text)
		no_memory(xml);
	return text;
}

HRESULT xml_write(struct xml *xml, char **text)
{
	*text = NULL;
	if (SUCCEEDED(xml->hr))
		*text = serialise(xml);
	if (*text && strlen(*text) > xml->kind->max) {
		too_long(xml);
		free(*text);
		*text = NULL;
	}
	return xml_end(xml);
}
