// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes one of each kind of text and PFX, for readers of others and for the
 * fuzzers to begin with, and reads PFX that others made.
 *
 * Usage: texts make DIR
 *        texts pfx FILE PASSWORD
 */
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/pki/pfx.h"
#include "../../lib/xml/identity.h"
#include "../../lib/xml/invitation.h"

#define PASSWORD "password"
#define IDENTITY "6520c005f63fc1864b7d8f3cabebd4916ae7f33d.JohnDoe"
#define GROUP "2bcba40abd09492eb706b74f8f8932a6efb10979." \
	      "HomeGroupPeerGroupClassifier"

struct der {
	unsigned char *data;
	size_t len;
};

static const char *dir;

static void die(const char *what)
{
	fprintf(stderr, "texts: %s\n", what);
	exit(1);
}

static void check(HRESULT hr)
{
	if (FAILED(hr))
		die(pg_hresult_text(hr));
}

static void save(const char *name, const void *data, size_t len)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	if (!file || fwrite(data, 1, len, file) != len || fclose(file))
		die(path);
}

static void save_text(const char *name, char *text)
{
	save(name, text, strlen(text));
	free(text);
}

static X509 *certify(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)"John", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	if (!X509_sign(cert, key, EVP_sha256()))
		die("no certificate");
	return cert;
}

static struct der cert_der(X509 *cert)
{
	struct der out = { NULL, 0 };

	out.len = i2d_X509(cert, &out.data);
	return out;
}

/* Certificates only, as they travel. */
static struct der chain_der(X509 *cert)
{
	PKCS7 *chain = PKCS7_new();
	struct der out = { NULL, 0 };

	if (!PKCS7_set_type(chain, NID_pkcs7_signed) ||
	    !PKCS7_content_new(chain, NID_pkcs7_data) ||
	    !PKCS7_add_certificate(chain, cert))
		die("no chain");
	out.len = i2d_PKCS7(chain, &out.data);
	PKCS7_free(chain);
	return out;
}

static struct der pfx_der(enum pg_profile id, EVP_PKEY *key, X509 *cert)
{
	struct der out;

	check(pfx_write(profile_get(id), key, cert, PASSWORD, &out.data,
			&out.len));
	return out;
}

/* Of few rounds, and not encrypted where cipher is -1. */
static struct der quick_pfx_der(int cipher, EVP_PKEY *key, X509 *cert)
{
	PKCS12 *pfx = PKCS12_create(PASSWORD, NULL, key, cert, NULL, cipher,
				    cipher, 100, 100, 0);
	struct der out = { NULL, 0 };

	out.len = i2d_PKCS12(pfx, &out.data);
	PKCS12_free(pfx);
	return out;
}

static void make_invitations(struct der chain)
{
	const struct invitation in = {
		.version = SECURITY_1_1,
		.cloud = { .name = (char *)"Global_", .scope = 1 },
		.chain = chain.data, .chain_len = chain.len,
	};
	static const char password[] = "<PEERINVITATION VERSION=\"1.1\">"
		"<CLOUDNAME>LinkLocal_ff00::%10/8</CLOUDNAME>"
		"<SCOPE>LINKLOCAL</SCOPE><CLOUDFLAGS>1</CLOUDFLAGS>"
		"<GROUPPEERNAME>" GROUP "</GROUPPEERNAME>"
		"<GROUPFRIENDLYNAME>HomeGroup Peer Group</GROUPFRIENDLYNAME>"
		"</PEERINVITATION>";
	static const char odd[] = "<?xml version='1.0' encoding='UTF-16'?>"
		"<!-- a --><PEERINVITATION VERSION='1.0'>\r\n<?p i?><NEW/>"
		"<GMC xmlns:d='urn:schemas-microsoft-com:datatypes' "
		"d:dt='bin.base64'>MAMC<![CDATA[AQ]]>&#x63;=</GMC>"
		"<SCOPE>SITELOCAL</SCOPE><CLOUDNAME>&lt;&amp;</CLOUDNAME>"
		"<CLOUDFLAGS>0</CLOUDFLAGS></PEERINVITATION>";
	char *text;

	check(invitation_write(&in, &text));
	save_text("invitation.xml", text);
	save("invitation-password.xml", password, sizeof(password) - 1);
	save("invitation-odd.xml", odd, sizeof(odd) - 1);
}

static void make_membership(struct der chain)
{
	const struct membership_text in = {
		.version = SECURITY_1_1,
		.identity_name = (char *)IDENTITY,
		.group_name = (char *)GROUP,
		.cloud = { .name = (char *)"Global_", .scope = 1 },
		.chain = chain.data, .chain_len = chain.len,
		.comment = (char *)"<&> \xe2\x82\xac",
		.member_data_lifetime = 2419200, .presence_lifetime = 300,
	};
	char *text;

	check(membership_text_write(&in, &text));
	save_text("membership.xml", text);
}

static void make_identities(struct der cert, struct der chain)
{
	char *text;

	check(identity_info_write(chain.data, chain.len, &text));
	save_text("identity.xml", text);
	check(identity_info_write(cert.data, cert.len, &text));
	save_text("identity-cert.xml", text);
}

static void make_export(const char *name, struct der pfx, bool twice)
{
	char *text;

	check(identity_export_write(IDENTITY, pfx.data, pfx.len, twice, &text));
	save_text(name, text);
}

static void save_pfx(const char *name, struct der pfx)
{
	save(name, pfx.data, pfx.len);
	OPENSSL_free(pfx.data);
}

static void make_exports(EVP_PKEY *key, X509 *cert)
{
	struct der pfx = pfx_der(PG_PROFILE_WINDOWS, key, cert);

	make_export("export.xml", pfx, false);
	make_export("export-twice.xml", pfx, true);
	save_pfx("pfx-windows.der", pfx);
	pfx = quick_pfx_der(NID_aes_256_cbc, key, cert);
	make_export("export-quick.xml", pfx, false);
	save_pfx("pfx-quick.der", pfx);
	save_pfx("pfx-plain.der", quick_pfx_der(-1, key, cert));
	save_pfx("pfx-default.der", pfx_der(PG_PROFILE_DEFAULT, key, cert));
}

static void make(void)
{
	EVP_PKEY *key = EVP_RSA_gen(1024);
	X509 *cert = certify(key);
	struct der bare = cert_der(cert), chain = chain_der(cert);

	make_invitations(chain);
	make_membership(chain);
	make_identities(bare, chain);
	make_exports(key, cert);
	OPENSSL_free(bare.data);
	OPENSSL_free(chain.data);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void read_pfx(const char *path, const char *password)
{
	unsigned char data[65536];
	FILE *file = fopen(path, "r");
	EVP_PKEY *key;
	X509 *cert;
	size_t len;

	if (!file)
		die(path);
	len = fread(data, 1, sizeof(data), file);
	fclose(file);
	check(pfx_read(data, len, password, &key, &cert));
	printf("RSA %d\n", EVP_PKEY_get_bits(key));
	EVP_PKEY_free(key);
	X509_free(cert);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "make")) {
		dir = argv[2];
		make();
	} else if (argc == 4 && !strcmp(argv[1], "pfx")) {
		read_pfx(argv[2], argv[3]);
	} else {
		die("usage: texts make DIR | pfx FILE PASSWORD");
	}
	return 0;
}
