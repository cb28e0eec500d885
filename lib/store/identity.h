/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identities in the store: one file each, with the key and the certificate.
 *
 * The codes of store.h, and PEER_E_CERT_STORE_CORRUPTED for a file whose content
 * is not what it should be. A name of NULL is that of the default identity.
 */
#ifndef LIB_STORE_IDENTITY_H
#define LIB_STORE_IDENTITY_H

#include "../peername.h"
#include "../pki/cert.h"
#include "store.h"

#define IDENTITY_DIR "identities"

/* Most identities of a user. */
#define IDENTITIES_MAX 1024

struct identity {
	EVP_PKEY *key;
	struct cert *cert;
};

/* The file of a secure peer name, of an identity or a group. */
#define NAME_FILE_LEN (AUTHORITY_LEN + 1 + 16)

HRESULT name_file(const char *name, char file[NAME_FILE_LEN + 1]);

/* NULL does nothing; the key is wiped. */
void identity_free(struct identity *identity);

/* PEER_E_NOT_FOUND: there is no such identity. */
HRESULT identity_load(const char *name, struct identity **identity);

/* Whether it is there, and its key readable. */
HRESULT identity_check(const char *name);

/* The name of the default identity, which need not exist any more. */
HRESULT identity_default_name(char name[PEERNAME_MAX + 1]);

/* Make an identity, not yet in the store; friendly NULL: the peer name. */
HRESULT identity_make(const char *classifier, const char *friendly,
		      struct identity **identity);

/* Sign another certificate with another friendly name, in its place. */
HRESULT identity_certify(struct identity *identity, const char *name,
			 const char *friendly);

/* PEER_E_ALREADY_EXISTS, PEER_E_TOO_MANY_IDENTITIES. */
HRESULT identity_add(const struct identity *identity);

/* The default identity, made if there is none. */
HRESULT identity_load_default(struct identity **identity);

/* Change the friendly name; NULL: the peer name. */
HRESULT identity_rename(const char *name, const char *friendly);

/* PEER_E_GROUPS_EXIST if it is a member of a group. */
HRESULT identity_delete(const char *name);

/* Show each that can be read to cb; what is not S_OK ends it. */
HRESULT identity_list(HRESULT (*cb)(const struct cert *cert, void *arg),
		      void *arg);

#endif /* LIB_STORE_IDENTITY_H */
