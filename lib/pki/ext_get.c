// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading the extensions of certificates of peers.
 *
 * Microsoft published no certificate; where its text is silent,
 * Documentation/identities.md tells what is written and what is read.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "../peername.h"
#include "error.h"
#include "ext.h"
#include "oid.h"
#include "unicode.h"

/* Most classifiers, and most extensions, of a certificate. */
#define LIST_MAX 64
#define EXT_MAX 32

static HRESULT malformed(const char *oid)
{
	ERR_clear_error();
	return fail(CRYPT_E_ASN1_ERROR, "extension %s is malformed", oid);
}

/* Needs no memory, whose lack would make OIDs differ. */
static bool is_oid(const ASN1_OBJECT *object, const char *oid)
{
	char text[64];

	OBJ_obj2txt(text, sizeof(text), object, 1);
	return !strcmp(text, oid);
}

static const ASN1_OCTET_STRING *find(const X509 *cert, const char *oid)
{
	X509_EXTENSION *ext;
	int i;

	for (i = 0; i < X509_get_ext_count(cert); i++) {
		ext = X509_get_ext(cert, i);
		if (is_oid(X509_EXTENSION_get_object(ext), oid))
			return X509_EXTENSION_get_data(ext);
	}
	return NULL;
}

/* *value is NULL if the extension is not there. */
static HRESULT get_item(const X509 *cert, const char *oid,
			const ASN1_ITEM *item, void **value)
{
	const ASN1_OCTET_STRING *data = find(cert, oid);
	const unsigned char *der;

	*value = NULL;
	if (!data)
		return S_OK;
	der = ASN1_STRING_get0_data(data);
	*value = ASN1_item_d2i(NULL, &der, ASN1_STRING_length(data), item);
	if (!*value)
		return malformed(oid);
	if (der == ASN1_STRING_get0_data(data) + ASN1_STRING_length(data))
		return S_OK;
	ASN1_item_free(*value, item);
	*value = NULL;
	return malformed(oid);
}

static bool little_endian(const ASN1_OCTET_STRING *string, uint32_t *value)
{
	const unsigned char *bytes = ASN1_STRING_get0_data(string);

	if (ASN1_STRING_length(string) != 4)
		return false;
	*value = bytes[0] | bytes[1] << 8 | bytes[2] << 16 |
		 (uint32_t)bytes[3] << 24;
	return true;
}

HRESULT ext_get_type(const X509 *cert, enum cert_type *type)
{
	uint32_t value = 0;
	void *string;
	HRESULT hr;

	hr = get_item(cert, OID_CERT_TYPE, ASN1_ITEM_rptr(ASN1_OCTET_STRING),
		      &string);
	if (FAILED(hr))
		return hr;
	if (string && little_endian(string, &value))
		*type = value;
	ASN1_OCTET_STRING_free(string);
	if (value < CERT_MEMBER || value > CERT_IDENTITY)
		return malformed(OID_CERT_TYPE);
	return S_OK;
}

/* The value of an otherName of this type, else NULL. */
static const ASN1_TYPE *other_name(const GENERAL_NAME *name, const char *oid)
{
	ASN1_OBJECT *type;
	ASN1_TYPE *value;

	if (GENERAL_NAME_get0_otherName(name, &type, &value) &&
	    is_oid(type, oid))
		return value;
	return NULL;
}

static const ASN1_STRING *string_in(const ASN1_TYPE *value)
{
	switch (value->type) {
	case V_ASN1_BMPSTRING:
	case V_ASN1_UTF8STRING:
	case V_ASN1_UNIVERSALSTRING:
	case V_ASN1_PRINTABLESTRING:
	case V_ASN1_IA5STRING:
	case V_ASN1_T61STRING:
		return value->value.asn1_string;
	default:
		return NULL;
	}
}

/*
 * The peer name of a list, in which names of other kinds may stand beside it. Of
 * two, other readers might take the other one.
 */
static HRESULT peer_name_of(const GENERAL_NAMES *names, const char *oid,
			    char **name)
{
	const ASN1_TYPE *value, *found = NULL;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		value = other_name(sk_GENERAL_NAME_value(names, i),
				   OID_PEER_NAME);
		if (value && (found || !string_in(value)))
			return malformed(oid);
		found = value ?: found;
	}
	return found ? string_get(string_in(found), name) : S_OK;
}

static HRESULT get_name(const X509 *cert, const char *oid, char **name)
{
	void *names;
	HRESULT hr;

	hr = get_item(cert, oid, ASN1_ITEM_rptr(GENERAL_NAMES), &names);
	if (SUCCEEDED(hr) && names)
		hr = peer_name_of(names, oid, name);
	GENERAL_NAMES_free(names);
	if (SUCCEEDED(hr) && *name && !peername_secure(*name)) {
		free(*name);
		*name = NULL;
		hr = malformed(oid);
	}
	return hr;
}

/* The newer OID counts where the older one has no peer name only. */
HRESULT ext_get_name(const X509 *cert, enum name_ext which, char **name)
{
	static const char *const oids[][2] = {
		[NAME_SUBJECT] = { OID_SUBJECT_NAME, OID_SUBJECT_ALT },
		[NAME_ISSUER] = { OID_ISSUER_NAME, OID_ISSUER_ALT },
		[NAME_GROUP] = { OID_GROUP_NAME },
	};
	HRESULT hr;

	*name = NULL;
	hr = get_name(cert, oids[which][0], name);
	if (SUCCEEDED(hr) && !*name && oids[which][1])
		hr = get_name(cert, oids[which][1], name);
	return hr;
}

static bool add_roles(const ASN1_SEQUENCE_ANY *list, unsigned int *roles)
{
	const ASN1_TYPE *element;
	unsigned int role;
	int i;

	for (i = 0; i < sk_ASN1_TYPE_num(list); i++) {
		element = sk_ASN1_TYPE_value(list, i);
		if (element->type != V_ASN1_OCTET_STRING ||
		    element->value.octet_string->length != ROLE_BYTES)
			return false;
		role = role_from_bytes(element->value.octet_string->data);
		if (!role)
			return false;
		*roles |= role;
	}
	return *roles;
}

HRESULT ext_get_roles(const X509 *cert, bool *there, unsigned int *roles)
{
	void *list;
	HRESULT hr;

	*roles = 0;
	hr = get_item(cert, OID_ROLES, ASN1_ITEM_rptr(ASN1_SEQUENCE_ANY),
		      &list);
	*there = list;
	if (list && !add_roles(list, roles))
		hr = malformed(OID_ROLES);
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
	return hr;
}

static HRESULT add_classifier(const GENERAL_NAME *name,
			      struct classifiers *classifiers)
{
	const ASN1_TYPE *value = other_name(name, OID_CLASSIFIER);
	char *text;
	HRESULT hr;

	if (!value || !string_in(value))
		return malformed(OID_CLASSIFIERS);
	hr = string_get(string_in(value), &text);
	if (FAILED(hr))
		return hr;
	classifiers->list[classifiers->n++] = text;
	return classifier_valid(text) ? S_OK : malformed(OID_CLASSIFIERS);
}

static HRESULT add_classifiers(const GENERAL_NAMES *names,
			       struct classifiers *classifiers)
{
	int i, n = sk_GENERAL_NAME_num(names);
	HRESULT hr = S_OK;

	if (n > LIST_MAX)
		return malformed(OID_CLASSIFIERS);
	classifiers->list = calloc(n + 1, sizeof(*classifiers->list));
	if (!classifiers->list)
		return E_OUTOFMEMORY;
	for (i = 0; SUCCEEDED(hr) && i < n; i++)
		hr = add_classifier(sk_GENERAL_NAME_value(names, i),
				    classifiers);
	return hr;
}

/* What was added before a failure is the caller's to free. */
HRESULT ext_get_classifiers(const X509 *cert, bool *there,
			    struct classifiers *classifiers)
{
	void *names;
	HRESULT hr;

	hr = get_item(cert, OID_CLASSIFIERS, ASN1_ITEM_rptr(GENERAL_NAMES),
		      &names);
	*there = names;
	if (names)
		hr = add_classifiers(names, classifiers);
	GENERAL_NAMES_free(names);
	return hr;
}

static bool is_known(const ASN1_OBJECT *object)
{
	static const char *const known[] = {
		OID_CERT_TYPE, OID_CERT_VERSION, OID_IDENTITY_FLAGS,
		OID_GROUP_NAME, OID_GROUP_FLAGS, OID_ROLES, OID_CLASSIFIERS,
		OID_SUBJECT_NAME, OID_ISSUER_NAME, OID_SUBJECT_ALT,
		OID_ISSUER_ALT, OID_ISSUER_KEY, OID_USAGE,
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (is_oid(object, known[i]))
			return true;
	return false;
}

static HRESULT refuse(const char *why)
{
	return fail(CRYPT_E_ASN1_ERROR, "a certificate has %s", why);
}

HRESULT ext_check(const X509 *cert)
{
	const ASN1_OBJECT *object;
	X509_EXTENSION *ext;
	int i;

	if (X509_get_ext_count(cert) > EXT_MAX)
		return refuse("too many extensions");
	for (i = 0; i < X509_get_ext_count(cert); i++) {
		ext = X509_get_ext(cert, i);
		object = X509_EXTENSION_get_object(ext);
		if (X509_get_ext_by_OBJ(cert, object, i) >= 0)
			return refuse("an extension twice");
		if (X509_EXTENSION_get_critical(ext) && !is_known(object))
			return refuse("a critical extension that is unknown");
	}
	return S_OK;
}
