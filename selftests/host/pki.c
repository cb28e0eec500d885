// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys, certificates and chains for tests.
 */
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pki.h"

#define FROM 1700000000

static void must(bool done, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "cannot %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

EVP_PKEY *pki_key(enum pg_profile profile, size_t n)
{
	static EVP_PKEY *keys[PG_PROFILE_WINDOWS + 1][KEYS_N];
	EVP_PKEY **key = &keys[profile][n];

	if (!*key)
		*key = profile_new_key(profile_get(profile));
	must(*key, "make a key");
	return *key;
}

/* Each test is a process of its own, which shall not have to make them again. */
static __attribute__((constructor)) void make_keys(void)
{
	size_t i;

	for (i = 0; i < KEYS_N; i++)
		pki_key(PG_PROFILE_WINDOWS, i);
}

void plan_key(struct plan *plan, size_t at, enum pg_profile profile, size_t key,
	      const char *classifier)
{
	struct cert_spec *spec = &plan->specs[at];

	spec->profile = profile_get(profile);
	spec->subject_key = pki_key(profile, key);
	must(peername_make(spec->subject_key, classifier, plan->names[at]),
	     "make a name");
	spec->subject_name = plan->names[at];
	if (at + 1 < plan->n)
		plan->specs[at + 1].issuer_key = spec->subject_key;
}

static void plan_membership(struct plan *plan, size_t at)
{
	struct cert_spec *spec = &plan->specs[at];

	spec->type = CERT_MEMBER;
	spec->subject = "member";
	spec->issuer = plan->specs[at - 1].subject;
	spec->issuer_name = plan->names[at - 1];
	spec->group_name = plan->names[0];
	spec->roles = ROLE_ADMIN;
}

void plan_init(struct plan *plan, enum pg_profile profile, size_t n,
	       unsigned int role)
{
	size_t i;

	memset(plan, 0, sizeof(*plan));
	plan->n = n + 1;
	plan->specs[0].type = CERT_ROOT;
	plan->specs[0].subject = "group";
	for (i = 0; i <= n; i++) {
		if (i)
			plan_membership(plan, i);
		plan_key(plan, i, profile, i, i ? "member" : "group");
		plan->specs[i].from = FROM;
		plan->specs[i].until = validity_end(FROM);
	}
	plan->specs[n].roles = role;
}

void plan_make(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++)
		must(SUCCEEDED(cert_make(&plan->specs[i], &plan->certs[i])),
		     "make a certificate");
}

/* What is signed is encoded anew, since OpenSSL keeps what it has encoded. */
void pki_sign(X509 *cert, EVP_PKEY *key, int digest)
{
	must(X509_sign(cert, key, EVP_get_digestbynid(digest)), "sign");
}

void plan_sign(struct plan *plan, size_t at)
{
	const struct cert_spec *spec = &plan->specs[at];

	pki_sign(plan->certs[at], spec->issuer_key ?: spec->subject_key,
		 spec->profile->digest);
}

void plan_free(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++)
		X509_free(plan->certs[i]);
}

X509 *pki_identity(enum pg_profile profile, size_t key, const char *friendly)
{
	char name[PEERNAME_MAX + 1];
	struct cert_spec spec = {
		.profile = profile_get(profile),
		.type = CERT_IDENTITY,
		.subject = friendly,
		.subject_name = name,
		.subject_key = pki_key(profile, key),
		.from = FROM,
		.until = validity_end(FROM),
	};
	X509 *cert;

	must(peername_make(spec.subject_key, "User1", name), "make a name");
	must(SUCCEEDED(cert_make(&spec, &cert)), "make a certificate");
	return cert;
}

void pki_container(X509 *const *certs, size_t n, struct der *der)
{
	PKCS7 *p7 = PKCS7_new();
	unsigned char *out = der->bytes;
	int len;
	size_t i;

	must(PKCS7_set_type(p7, NID_pkcs7_signed) &&
	     PKCS7_content_new(p7, NID_pkcs7_data) &&
	     PKCS7_set_detached(p7, 1), "make a container");
	p7->d.sign->cert = sk_X509_new_null();
	for (i = 0; i < n; i++) {
		X509_up_ref(certs[i]);
		sk_X509_push(p7->d.sign->cert, certs[i]);
	}
	len = i2d_PKCS7(p7, NULL);
	must(len > 0 && (size_t)len <= sizeof(der->bytes), "fit a container");
	der->len = i2d_PKCS7(p7, &out);
	PKCS7_free(p7);
}

HRESULT pki_check(const unsigned char *bytes, size_t len)
{
	struct chain *chain;
	HRESULT hr = chain_read(bytes, len, &chain);

	if (FAILED(hr))
		return hr;
	hr = chain_validate(chain);
	chain_free(chain);
	return hr;
}

HRESULT pki_check_identity(const unsigned char *bytes, size_t len)
{
	struct cert *cert;
	HRESULT hr = identity_cert_read(bytes, len, &cert);

	if (SUCCEEDED(hr))
		cert_free(cert);
	return hr;
}

HRESULT plan_check(const struct plan *plan)
{
	struct der *der = malloc(sizeof(*der));
	HRESULT hr;

	must(der, "get memory");
	pki_container(plan->certs, plan->n, der);
	hr = pki_check(der->bytes, der->len);
	free(der);
	return hr;
}

HRESULT pki_decode(X509 *x509)
{
	struct cert *cert;
	HRESULT hr = cert_decode(x509, &cert);

	if (SUCCEEDED(hr))
		cert_free(cert);
	return hr;
}

void der_wrap(struct der *der, unsigned char tag)
{
	unsigned char header[8], *end = header;

	ASN1_put_object(&end, 0, der->len, 0, 0);
	header[0] = tag;
	memmove(der->bytes + (end - header), der->bytes, der->len);
	memcpy(der->bytes, header, end - header);
	der->len += end - header;
}

void der_set(struct der *der, unsigned char tag, const void *bytes, size_t len)
{
	memcpy(der->bytes, bytes, len);
	der->len = len;
	der_wrap(der, tag);
}

void der_append(struct der *der, const struct der *more)
{
	memcpy(der->bytes + der->len, more->bytes, more->len);
	der->len += more->len;
}

void der_other_name(struct der *der, const char *oid, unsigned char tag,
		    const void *bytes, size_t len)
{
	static struct der value;
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	unsigned char *out = der->bytes;

	der->len = i2d_ASN1_OBJECT(object, &out);
	ASN1_OBJECT_free(object);
	der_set(&value, tag, bytes, len);
	der_wrap(&value, 0xa0);
	der_append(der, &value);
	der_wrap(der, 0xa0);
}

static int ext_at(const X509 *cert, const char *oid)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	int at = X509_get_ext_by_OBJ(cert, object, -1);

	ASN1_OBJECT_free(object);
	return at;
}

const ASN1_OCTET_STRING *ext_bytes(const X509 *cert, const char *oid)
{
	int at = ext_at(cert, oid);

	return at < 0 ? NULL : X509_EXTENSION_get_data(X509_get_ext(cert, at));
}

void ext_drop(X509 *cert, const char *oid)
{
	int at = ext_at(cert, oid);

	must(at >= 0, "find an extension");
	X509_EXTENSION_free(X509_delete_ext(cert, at));
}

void ext_add(X509 *cert, const char *oid, bool critical, const struct der *der)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(data, der->bytes, der->len);
	ext = X509_EXTENSION_create_by_OBJ(NULL, object, critical, data);
	must(X509_add_ext(cert, ext, -1), "add an extension");
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(data);
	ASN1_OBJECT_free(object);
}

void ext_replace(X509 *cert, const char *oid, const struct der *der)
{
	ext_drop(cert, oid);
	ext_add(cert, oid, true, der);
}

void ext_replace_name(X509 *cert, const char *oid, const char *name)
{
	static struct der der;

	der_other_name(&der, OID_PEER_NAME, V_ASN1_UTF8STRING, name,
		       strlen(name));
	der_wrap(&der, 0x30);
	ext_replace(cert, oid, &der);
}

X509 *pki_assemble(const struct der *tbs, EVP_PKEY *key)
{
	static const unsigned char algorithm[] =
		"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05";
	static struct der cert, bits;
	unsigned char signature[1 + 128] = { 0 };
	const unsigned char *at = cert.bytes;
	size_t len = sizeof(signature) - 1;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	X509 *x509;

	must(EVP_DigestSignInit(ctx, NULL, EVP_sha1(), NULL, key) &&
	     EVP_DigestSign(ctx, signature + 1, &len, tbs->bytes, tbs->len),
	     "sign");
	EVP_MD_CTX_free(ctx);
	cert = *tbs;
	memcpy(cert.bytes + cert.len, algorithm, sizeof(algorithm));
	cert.len += sizeof(algorithm);
	der_set(&bits, V_ASN1_BIT_STRING, signature, 1 + len);
	der_append(&cert, &bits);
	der_wrap(&cert, 0x30);
	x509 = d2i_X509(NULL, &at, cert.len);
	must(x509, "assemble a certificate");
	return x509;
}
