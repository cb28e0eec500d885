// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Chains and their container.
 */
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "../peername.h"
#include "chain.h"
#include "error.h"

void chain_free(struct chain *chain)
{
	size_t i;

	if (!chain)
		return;
	for (i = 0; i < chain->n; i++)
		cert_free(chain->certs[i]);
	free(chain);
}

const struct cert *chain_leaf(const struct chain *chain)
{
	return chain->certs[chain->n - 1];
}

static HRESULT too_long(void)
{
	return fail(PEER_E_CHAIN_TOO_LONG,
		    "a chain has more than %d certificates", CHAIN_MAX);
}

static HRESULT decode_all(const STACK_OF(X509) *list, struct chain *chain)
{
	int i, n = sk_X509_num(list);
	HRESULT hr = S_OK;

	if (n > CHAIN_MAX)
		return too_long();
	for (i = 0; SUCCEEDED(hr) && i < n; i++) {
		hr = cert_decode(sk_X509_value(list, i), &chain->certs[i]);
		if (SUCCEEDED(hr))
			chain->n++;
	}
	return hr;
}

static void swap(struct chain *chain, size_t a, size_t b)
{
	struct cert *cert = chain->certs[a];

	chain->certs[a] = chain->certs[b];
	chain->certs[b] = cert;
}

static HRESULT root_first(struct chain *chain)
{
	size_t i, roots = 0;

	for (i = 0; i < chain->n; i++) {
		if (chain->certs[i]->type != CERT_ROOT)
			continue;
		swap(chain, 0, i);
		roots++;
	}
	if (roots == 1)
		return S_OK;
	return fail(PEER_E_INVITATION_NOT_TRUSTED,
		    "a chain has %zu roots instead of one", roots);
}

static HRESULT check_circles(const struct chain *chain)
{
	const char *a, *b;
	size_t i, j;

	for (i = 1; i < chain->n; i++) {
		for (j = 0; j < i; j++) {
			a = chain->certs[i]->subject_name;
			b = chain->certs[j]->subject_name;
			if (peername_same_authority(a, b))
				return fail(PEER_E_CIRCULAR_CHAIN_DETECTED,
					    "%s is in the chain twice", a);
		}
	}
	return S_OK;
}

static bool issued_by(const struct cert *child, const struct cert *parent)
{
	return child->issuer_name &&
	       !strcmp(child->issuer_name, parent->subject_name);
}

/*
 * A set has no order that could be relied on. Where a certificate follows that
 * was issued by another one's, or two by the same, something is left over.
 */
static HRESULT order(struct chain *chain)
{
	size_t at, i;

	for (at = 1; at < chain->n; at++) {
		for (i = at; i < chain->n; i++)
			if (issued_by(chain->certs[i], chain->certs[at - 1]))
				break;
		if (i == chain->n)
			return fail(PEER_E_INVITATION_NOT_TRUSTED,
				    "the certificates are no chain: none was issued by %s",
				    chain->certs[at - 1]->subject_name);
		swap(chain, at, i);
	}
	return S_OK;
}

static HRESULT chain_of(const STACK_OF(X509) *list, struct chain **chain)
{
	struct chain *new = calloc(1, sizeof(*new));
	HRESULT hr;

	if (!new)
		return E_OUTOFMEMORY;
	hr = decode_all(list, new);
	if (SUCCEEDED(hr))
		hr = root_first(new);
	if (SUCCEEDED(hr))
		hr = check_circles(new);
	if (SUCCEEDED(hr))
		hr = order(new);
	if (FAILED(hr)) {
		chain_free(new);
		return hr;
	}
	*chain = new;
	return S_OK;
}

/* The certificates are the container's. */
static PKCS7 *open_container(const unsigned char *der, size_t len,
			     STACK_OF(X509) **list)
{
	const unsigned char *end = der + len;
	PKCS7 *p7 = d2i_PKCS7(NULL, &der, len);

	if (p7 && der == end && PKCS7_type_is_signed(p7) && p7->d.sign) {
		*list = p7->d.sign->cert;
		return p7;
	}
	PKCS7_free(p7);
	return NULL;
}

HRESULT chain_read(const unsigned char *der, size_t len, struct chain **chain)
{
	STACK_OF(X509) *list;
	PKCS7 *p7 = open_container(der, len, &list);
	HRESULT hr;

	if (!p7) {
		ERR_clear_error();
		return fail(CRYPT_E_BAD_ENCODE,
			    "the certificates are not in a PKCS#7 container");
	}
	hr = chain_of(list, chain);
	PKCS7_free(p7);
	return hr;
}

static PKCS7 *new_container(void)
{
	PKCS7 *p7;

	/* What others left there would be taken for the reason of a failure. */
	ERR_clear_error();
	p7 = PKCS7_new();
	if (p7 && PKCS7_set_type(p7, NID_pkcs7_signed) &&
	    PKCS7_content_new(p7, NID_pkcs7_data) &&
	    PKCS7_set_detached(p7, 1))
		return p7;
	PKCS7_free(p7);
	return NULL;
}

/* Lets go of p7; all_added tells whether it has all that it is to have. */
static HRESULT write_container(PKCS7 *p7, bool all_added, unsigned char **der,
			       size_t *len)
{
	int size = -1;

	*der = NULL;
	if (p7 && all_added)
		size = i2d_PKCS7(p7, der);
	PKCS7_free(p7);
	if (size < 0)
		return fail_crypto("cannot write certificates");
	*len = size;
	return S_OK;
}

HRESULT chain_write(const struct chain *chain, X509 *more, unsigned char **der,
		    size_t *len)
{
	bool added;
	PKCS7 *p7;
	size_t i;

	if (chain->n >= CHAIN_MAX)
		return too_long();
	p7 = new_container();
	added = p7;
	for (i = 0; added && i < chain->n; i++)
		added = PKCS7_add_certificate(p7, chain->certs[i]->x509);
	added = added && PKCS7_add_certificate(p7, more);
	return write_container(p7, added, der, len);
}

HRESULT container_write(X509 *first, X509 *second, unsigned char **der,
			size_t *len)
{
	PKCS7 *p7 = new_container();
	bool added = p7 && PKCS7_add_certificate(p7, first) &&
		     (!second || PKCS7_add_certificate(p7, second));

	return write_container(p7, added, der, len);
}

static X509 *bare(const unsigned char *der, size_t len)
{
	const unsigned char *end = der + len;
	X509 *x509 = d2i_X509(NULL, &der, len);

	if (x509 && der == end)
		return x509;
	X509_free(x509);
	return NULL;
}

static X509 *only_one(const STACK_OF(X509) *list)
{
	X509 *x509 = sk_X509_num(list) == 1 ? sk_X509_value(list, 0) : NULL;

	if (x509)
		X509_up_ref(x509);
	return x509;
}

static X509 *container_or_bare(const unsigned char *der, size_t len)
{
	STACK_OF(X509) *list;
	PKCS7 *p7 = open_container(der, len, &list);
	X509 *x509 = p7 ? only_one(list) : bare(der, len);

	PKCS7_free(p7);
	ERR_clear_error();
	return x509;
}

HRESULT identity_cert_read(const unsigned char *der, size_t len,
			   struct cert **cert)
{
	X509 *x509 = container_or_bare(der, len);
	struct cert *new;
	HRESULT hr;

	if (!x509)
		return fail(CRYPT_E_BAD_ENCODE,
			    "there is not exactly one certificate");
	hr = cert_decode(x509, &new);
	X509_free(x509);
	if (FAILED(hr))
		return hr;
	hr = identity_cert_check(new);
	if (FAILED(hr)) {
		cert_free(new);
		return hr;
	}
	*cert = new;
	return S_OK;
}
