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
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../lib/peername.h"
#include "../../lib/pki/chain.h"
#include "../../lib/pki/pfx.h"
#include "../../lib/pki/role.h"
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

static X509 *certify(struct cert_spec spec)
{
	X509 *cert;

	spec.profile = profile_get(PG_PROFILE_WINDOWS);
	spec.from = time(NULL);
	spec.until = validity_end(spec.from);
	check(cert_make(&spec, &cert));
	return cert;
}

static void save_der(const char *name, struct der der)
{
	save(name, der.data, der.len);
	OPENSSL_free(der.data);
}

static struct der cert_der(X509 *cert)
{
	struct der out = { NULL, 0 };

	out.len = i2d_X509(cert, &out.data);
	return out;
}

static struct der container_der(X509 *first, X509 *second)
{
	struct der out;

	check(container_write(first, second, &out.data, &out.len));
	return out;
}

/* A group whose one member is the identity. */
static struct der chain_der(const struct cert_spec *identity)
{
	EVP_PKEY *key = EVP_RSA_gen(1024);
	char group[PEERNAME_MAX + 1];
	struct cert_spec spec = {
		.type = CERT_ROOT, .subject = "Chess", .subject_name = group,
		.subject_key = key,
	};
	X509 *root, *member;
	struct der out;

	peername_make(key, "Chess", group);
	root = certify(spec);
	spec = *identity;
	spec.type = CERT_MEMBER;
	spec.issuer = "Chess";
	spec.issuer_name = group;
	spec.issuer_key = key;
	spec.group_name = group;
	spec.roles = ROLE_ADMIN;
	member = certify(spec);
	out = container_der(root, member);
	X509_free(root);
	X509_free(member);
	EVP_PKEY_free(key);
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

static void make_identities(struct der cert, struct der container)
{
	char *text;

	check(identity_info_write(container.data, container.len, &text));
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

static void make_exports(EVP_PKEY *key, X509 *cert)
{
	struct der pfx = pfx_der(PG_PROFILE_WINDOWS, key, cert);

	make_export("export.xml", pfx, false);
	make_export("export-twice.xml", pfx, true);
	save_der("pfx-windows.der", pfx);
	pfx = quick_pfx_der(NID_aes_256_cbc, key, cert);
	make_export("export-quick.xml", pfx, false);
	save_der("pfx-quick.der", pfx);
	save_der("pfx-plain.der", quick_pfx_der(-1, key, cert));
	save_der("pfx-default.der", pfx_der(PG_PROFILE_DEFAULT, key, cert));
}

static void make(void)
{
	EVP_PKEY *key = EVP_RSA_gen(1024);
	char name[PEERNAME_MAX + 1];
	const struct cert_spec spec = {
		.type = CERT_IDENTITY, .subject = "John", .subject_name = name,
		.subject_key = key,
	};
	struct der bare, container, chain;
	X509 *cert;

	peername_make(key, "JohnDoe", name);
	cert = certify(spec);
	bare = cert_der(cert);
	container = container_der(cert, NULL);
	chain = chain_der(&spec);

	make_invitations(chain);
	make_membership(chain);
	make_identities(bare, container);
	make_exports(key, cert);
	save_der("chain-identity.der", container);
	save_der("chain-cert.der", bare);
	save_der("chain.der", chain);
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
