// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a chain and an identity, in DER, for readers of others.
 *
 * Usage: certs DIR windows|default
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pki.h"

static __attribute__((noreturn)) void die(const char *what)
{
	fprintf(stderr, "certs: cannot %s\n", what);
	exit(1);
}

static void save(const char *dir, const char *name, const unsigned char *bytes,
		 size_t len)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file))
		die("write a file");
}

static void save_cert(const char *dir, const char *name, X509 *cert)
{
	unsigned char *bytes = NULL;
	int len = i2d_X509(cert, &bytes);

	if (len < 0)
		die("encode a certificate");
	save(dir, name, bytes, len);
	OPENSSL_free(bytes);
}

/* As inviting somebody does: the chain that one has, and one more. */
static void save_chain(const char *dir, const struct plan *plan)
{
	unsigned char *bytes;
	struct chain *chain;
	size_t len;

	if (FAILED(container_write(plan->certs[0], plan->certs[1], &bytes,
				   &len)) ||
	    FAILED(chain_read(bytes, len, &chain)))
		die("begin a chain");
	OPENSSL_free(bytes);
	if (FAILED(chain_write(chain, plan->certs[2], &bytes, &len)))
		die("write a chain");
	save(dir, "chain.p7b", bytes, len);
	OPENSSL_free(bytes);
	chain_free(chain);
}

static void make_chain(const char *dir, enum pg_profile profile)
{
	struct plan plan;

	plan_init(&plan, profile, 2, ROLE_INVITING);
	plan_make(&plan);
	save_cert(dir, "root.der", plan.certs[0]);
	save_cert(dir, "admin.der", plan.certs[1]);
	save_cert(dir, "inviting.der", plan.certs[2]);
	save_chain(dir, &plan);
	plan_free(&plan);
}

static void make_identity(const char *dir, enum pg_profile profile)
{
	X509 *cert = pki_identity(profile, 0, "John \xf0\x9f\x98\x80");
	unsigned char *bytes;
	size_t len;

	save_cert(dir, "identity.der", cert);
	if (FAILED(container_write(cert, NULL, &bytes, &len)))
		die("write an identity");
	save(dir, "identity.p7b", bytes, len);
	OPENSSL_free(bytes);
	X509_free(cert);
}

int main(int argc, char **argv)
{
	enum pg_profile profile;

	if (argc != 3)
		die("do without a directory and a profile");
	profile = strcmp(argv[2], "windows") ? PG_PROFILE_DEFAULT :
					       PG_PROFILE_WINDOWS;
	make_chain(argv[1], profile);
	make_identity(argv[1], profile);
	return 0;
}
