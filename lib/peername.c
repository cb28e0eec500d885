// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Peer names.
 */
#include <idn2.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "peername.h"
#include "utf8.h"

#define HEX "0123456789abcdef"

static bool text_valid(const char *text, size_t max)
{
	return utf8_valid(text) && utf8_utf16_len(text) <= max &&
	       !utf8_has_control(text);
}

bool classifier_valid(const char *classifier)
{
	return text_valid(classifier, CLASSIFIER_UNITS);
}

bool friendly_valid(const char *friendly)
{
	return *friendly && text_valid(friendly, FRIENDLY_UNITS);
}

bool peername_secure(const char *name)
{
	return strspn(name, HEX) == AUTHORITY_LEN &&
	       name[AUTHORITY_LEN] == '.' &&
	       classifier_valid(name + AUTHORITY_LEN + 1);
}

bool peername_valid(const char *name)
{
	return peername_secure(name) ||
	       (name[0] == '0' && name[1] == '.' && classifier_valid(name + 2));
}

const char *peername_classifier(const char *name)
{
	return strchr(name, '.') + 1;
}

bool peername_same_authority(const char *a, const char *b)
{
	return !strncmp(a, b, AUTHORITY_LEN);
}

/*
 * What is hashed is the RSAPublicKey alone, without the algorithm around it
 * ([MS-PNRP] 2.2.3.1.4).
 */
static bool put_authority(const unsigned char *bytes, size_t len,
			  char *authority)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int i, n;

	if (!EVP_Digest(bytes, len, hash, &n, EVP_sha1(), NULL))
		return false;
	for (i = 0; i < n; i++)
		sprintf(authority + 2 * i, "%02x", hash[i]);
	return true;
}

bool peername_make(const EVP_PKEY *key, const char *classifier,
		   char name[PEERNAME_MAX + 1])
{
	unsigned char *der = NULL;
	int len = i2d_PublicKey(key, &der);
	bool done;

	if (len <= 0)
		return false;
	done = put_authority(der, len, name);
	OPENSSL_free(der);
	if (!done)
		return false;
	snprintf(name + AUTHORITY_LEN, PEERNAME_MAX + 1 - AUTHORITY_LEN, ".%s",
		 classifier);
	return true;
}

bool peername_is_of(const char *name, const X509 *cert)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(cert);
	char authority[AUTHORITY_LEN + 1];

	if (bits && put_authority(ASN1_STRING_get0_data(bits),
				  ASN1_STRING_length(bits), authority))
		return peername_same_authority(name, authority);
	ERR_clear_error();
	return false;
}

/* A label that may be all digits gets a letter in front. */
static bool host_name(const char *name, char *host, size_t size)
{
	const char *classifier = peername_classifier(name);
	int len = snprintf(host, size, "%s%sp%.*s.pnrp.net", classifier,
			   *classifier ? "." : "", AUTHORITY_LEN, name);

	return len > 0 && (size_t)len < size;
}

static bool is_in_label(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-';
}

/* A dot follows something: no label is empty. */
static bool is_host(const char *host)
{
	const char *c;

	for (c = host; *c; c++)
		if (!is_in_label(*c) &&
		    (*c != '.' || c == host || c[-1] == '.'))
			return false;
	return c - host <= HOST_MAX;
}

bool peername_dns(const char *name, char host[HOST_MAX + 1])
{
	char utf8[PEERNAME_MAX + sizeof(".p.pnrp.net")], *ascii;
	bool done;

	if (!host_name(name, utf8, sizeof(utf8)) ||
	    idn2_to_ascii_8z(utf8, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	done = is_host(ascii);
	if (done)
		strcpy(host, ascii);
	idn2_free(ascii);
	return done;
}
