// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writing the extensions of certificates of peers.
 */
#include <openssl/x509v3.h>

#include "ext.h"
#include "oid.h"
#include "unicode.h"

static bool put_der(X509 *cert, const ASN1_OBJECT *oid, bool critical,
		    unsigned char *der, int len)
{
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext = NULL;
	bool done = false;

	if (data && ASN1_OCTET_STRING_set(data, der, len))
		ext = X509_EXTENSION_create_by_OBJ(NULL, oid, critical, data);
	if (ext)
		done = X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(data);
	return done;
}

static bool put_item(X509 *cert, const char *oid, bool critical,
		     const void *value, const ASN1_ITEM *item)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	unsigned char *der = NULL;
	bool done = false;
	int len;

	len = object && value ? ASN1_item_i2d(value, &der, item) : -1;
	if (len > 0)
		done = put_der(cert, object, critical, der, len);
	OPENSSL_free(der);
	ASN1_OBJECT_free(object);
	return done;
}

static bool put_bytes(X509 *cert, const char *oid, const void *bytes, int len)
{
	ASN1_OCTET_STRING *string = ASN1_OCTET_STRING_new();
	bool done = string && ASN1_OCTET_STRING_set(string, bytes, len) &&
		    put_item(cert, oid, true, string,
			     ASN1_ITEM_rptr(ASN1_OCTET_STRING));

	ASN1_OCTET_STRING_free(string);
	return done;
}

bool ext_put_type(X509 *cert, enum cert_type type)
{
	const unsigned char bytes[4] = { type };	/* little-endian */

	return put_bytes(cert, OID_CERT_TYPE, bytes, sizeof(bytes));
}

bool ext_put_version(X509 *cert)
{
	static const unsigned char bytes[4] = { 0x01, 0x00, 0x02, 0x00 };

	return put_bytes(cert, OID_CERT_VERSION, bytes, sizeof(bytes));
}

/* Add otherName { oid, text } to names. */
static bool add_other_name(GENERAL_NAMES *names, const char *oid,
			   const char *text)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_STRING *string = string_new_bmp(text);
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_TYPE *value = ASN1_TYPE_new();

	if (object && string && name && value) {
		ASN1_TYPE_set(value, V_ASN1_BMPSTRING, string);
		string = NULL;
		if (GENERAL_NAME_set0_othername(name, object, value)) {
			object = NULL;
			value = NULL;
			if (sk_GENERAL_NAME_push(names, name))
				return true;
		}
	}
	ASN1_TYPE_free(value);
	GENERAL_NAME_free(name);
	ASN1_STRING_free(string);
	ASN1_OBJECT_free(object);
	return false;
}

static bool put_other_name(X509 *cert, const char *oid, bool critical,
			   const char *type, const char *text)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	bool done = names && (!text || add_other_name(names, type, text)) &&
		    put_item(cert, oid, critical, names,
			     ASN1_ITEM_rptr(GENERAL_NAMES));

	GENERAL_NAMES_free(names);
	return done;
}

bool ext_put_name(X509 *cert, enum name_ext which, const char *name)
{
	static const char *const oids[] = {
		[NAME_SUBJECT] = OID_SUBJECT_NAME,
		[NAME_ISSUER] = OID_ISSUER_NAME,
		[NAME_GROUP] = OID_GROUP_NAME,
	};

	return put_other_name(cert, oids[which], which == NAME_GROUP,
			      OID_PEER_NAME, name);
}

bool ext_put_classifiers(X509 *cert, const char *classifier)
{
	return put_other_name(cert, OID_CLASSIFIERS, true, OID_CLASSIFIER,
			      classifier);
}

bool ext_put_dns(X509 *cert, const char *host)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *string = ASN1_IA5STRING_new();
	bool done = false;

	if (names && name && string && ASN1_STRING_set(string, host, -1)) {
		GENERAL_NAME_set0_value(name, GEN_DNS, string);
		string = NULL;
		if (sk_GENERAL_NAME_push(names, name)) {
			name = NULL;
			done = put_item(cert, OID_SUBJECT_ALT, false, names,
					ASN1_ITEM_rptr(GENERAL_NAMES));
		}
	}
	ASN1_IA5STRING_free(string);
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(names);
	return done;
}

static bool add_usage(EXTENDED_KEY_USAGE *usage, ASN1_OBJECT *object)
{
	if (object && sk_ASN1_OBJECT_push(usage, object))
		return true;
	ASN1_OBJECT_free(object);
	return false;
}

bool ext_put_usage(X509 *cert)
{
	EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();
	bool done = usage && add_usage(usage, OBJ_txt2obj(OID_PEER_AUTH, 1)) &&
		    add_usage(usage, OBJ_nid2obj(NID_server_auth)) &&
		    put_item(cert, OID_USAGE, false, usage,
			     ASN1_ITEM_rptr(EXTENDED_KEY_USAGE));

	EXTENDED_KEY_USAGE_free(usage);
	return done;
}

static bool add_role(ASN1_SEQUENCE_ANY *list, const GUID *role)
{
	ASN1_OCTET_STRING *string = ASN1_OCTET_STRING_new();
	ASN1_TYPE *element = ASN1_TYPE_new();
	unsigned char bytes[ROLE_BYTES];

	role_to_bytes(role, bytes);
	if (element && string &&
	    ASN1_OCTET_STRING_set(string, bytes, sizeof(bytes))) {
		ASN1_TYPE_set(element, V_ASN1_OCTET_STRING, string);
		string = NULL;
		if (sk_ASN1_TYPE_push(list, element))
			return true;
	}
	ASN1_TYPE_free(element);
	ASN1_OCTET_STRING_free(string);
	return false;
}

bool ext_put_roles(X509 *cert, unsigned int roles)
{
	ASN1_SEQUENCE_ANY *list = sk_ASN1_TYPE_new_null();
	size_t i, n;
	GUID guids[ROLES_N];
	bool done = list;

	n = roles_to_guids(roles, guids);
	for (i = 0; done && i < n; i++)
		done = add_role(list, &guids[i]);
	if (done)
		done = put_item(cert, OID_ROLES, true, list,
				ASN1_ITEM_rptr(ASN1_SEQUENCE_ANY));
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
	return done;
}

bool ext_put_issuer_key(X509 *cert, const unsigned char *hash, size_t len)
{
	AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();
	bool done = false;

	if (id)
		id->keyid = ASN1_OCTET_STRING_new();
	if (id && id->keyid && ASN1_OCTET_STRING_set(id->keyid, hash, len))
		done = put_item(cert, OID_ISSUER_KEY, false, id,
				ASN1_ITEM_rptr(AUTHORITY_KEYID));
	AUTHORITY_KEYID_free(id);
	return done;
}
