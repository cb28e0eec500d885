// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Identities in the store.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../pki/chain.h"
#include "../pki/error.h"
#include "identity.h"
#include "membership.h"

#define DEFAULT_DIR "default"
#define DEFAULT_FILE "identity"

HRESULT name_file(const char *name, char file[NAME_FILE_LEN + 1])
{
	const char *classifier = peername_classifier(name);
	unsigned char hash[EVP_MAX_MD_SIZE];
	char *end = file + AUTHORITY_LEN;
	size_t i;

	if (!EVP_Digest(classifier, strlen(classifier), hash, NULL,
			EVP_sha256(), NULL))
		return fail_crypto("cannot hash a name");
	end += sprintf(file, "%.*s-", AUTHORITY_LEN, name) - AUTHORITY_LEN;
	for (i = 0; i < (NAME_FILE_LEN - AUTHORITY_LEN - 1) / 2; i++)
		end += sprintf(end, "%02x", hash[i]);
	return S_OK;
}

void identity_free(struct identity *identity)
{
	if (!identity)
		return;
	cert_free(identity->cert);
	EVP_PKEY_free(identity->key);
	free(identity);
}

static HRESULT damaged(const char *name)
{
	ERR_clear_error();
	return fail(PEER_E_CERT_STORE_CORRUPTED,
		    "the file of the identity %s is damaged", name);
}

/* Nobody is asked for the password of a key. */
static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static HRESULT read_parts(BIO *bio, struct identity *identity)
{
	X509 *x509;
	HRESULT hr;

	ERR_clear_error();
	identity->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	x509 = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	hr = identity->key && x509 ? cert_decode(x509, &identity->cert) :
				     fail_crypto("no key or certificate");
	if (SUCCEEDED(hr))
		hr = identity_cert_check(identity->cert);
	if (SUCCEEDED(hr) && !X509_check_private_key(x509, identity->key))
		hr = NTE_BAD_KEY;
	X509_free(x509);
	return hr;
}

static HRESULT decode(const char *data, size_t len, struct identity **identity)
{
	struct identity *new = calloc(1, sizeof(*new));
	BIO *bio = BIO_new_mem_buf(data, len);
	HRESULT hr = E_OUTOFMEMORY;

	if (new && bio)
		hr = read_parts(bio, new);
	BIO_free(bio);
	if (FAILED(hr)) {
		identity_free(new);
		return hr;
	}
	*identity = new;
	return S_OK;
}

/* name NULL: whatever identity it is. */
static HRESULT read_file(struct store *store, const char *file,
			 const char *name, struct identity **identity)
{
	char *data;
	size_t len;
	HRESULT hr;

	hr = store_read(store, IDENTITY_DIR, file, &data, &len);
	if (FAILED(hr))
		return hr;
	hr = decode(data, len, identity);
	store_free(data, len);
	if (hr == E_OUTOFMEMORY)
		return hr;
	if (FAILED(hr))
		return damaged(name ?: file);
	if (!name || !strcmp(name, (*identity)->cert->subject_name))
		return S_OK;
	identity_free(*identity);
	return damaged(name);
}

static HRESULT not_found(const char *name)
{
	return fail(PEER_E_NOT_FOUND, "there is no identity %s", name);
}

static HRESULT load(struct store *store, const char *name,
		    struct identity **identity)
{
	char file[NAME_FILE_LEN + 1];
	HRESULT hr;

	hr = name_file(name, file);
	if (SUCCEEDED(hr))
		hr = read_file(store, file, name, identity);
	return hr == PEER_E_NOT_FOUND ? not_found(name) : hr;
}

static HRESULT read_default(struct store *store, char name[PEERNAME_MAX + 1])
{
	char *data;
	size_t len;
	HRESULT hr;

	hr = store_read(store, DEFAULT_DIR, DEFAULT_FILE, &data, &len);
	if (hr == PEER_E_NOT_FOUND)
		return fail(hr, "there is no default identity");
	if (FAILED(hr))
		return hr;
	if (len <= PEERNAME_MAX && strlen(data) == len &&
	    peername_secure(data))
		strcpy(name, data);
	else
		hr = fail(PEER_E_CERT_STORE_CORRUPTED,
			  "the name of the default identity is damaged, which is the file "
			  DEFAULT_DIR "/" DEFAULT_FILE " of the store");
	store_free(data, len);
	return hr;
}

static HRESULT load_any(struct store *store, const char *name,
			struct identity **identity)
{
	char chosen[PEERNAME_MAX + 1];
	HRESULT hr;

	if (name)
		return load(store, name, identity);
	hr = read_default(store, chosen);
	return FAILED(hr) ? hr : load(store, chosen, identity);
}

HRESULT identity_load(const char *name, struct identity **identity)
{
	struct store *store;
	HRESULT hr = store_open(false, &store);

	if (FAILED(hr))
		return hr;
	hr = load_any(store, name, identity);
	store_close(store);
	return hr;
}

static HRESULT check(struct store *store, const char *name)
{
	char file[NAME_FILE_LEN + 1];
	HRESULT hr = name_file(name, file);

	if (SUCCEEDED(hr))
		hr = store_check(store, IDENTITY_DIR, file);
	return hr == PEER_E_NOT_FOUND ? not_found(name) : hr;
}

HRESULT identity_check(const char *name)
{
	struct store *store;
	HRESULT hr = store_open(false, &store);

	if (FAILED(hr))
		return hr;
	hr = check(store, name);
	store_close(store);
	return hr;
}

HRESULT identity_default_name(char name[PEERNAME_MAX + 1])
{
	struct store *store;
	HRESULT hr = store_open(false, &store);

	if (FAILED(hr))
		return hr;
	hr = read_default(store, name);
	store_close(store);
	return hr;
}

HRESULT identity_certify(struct identity *identity, const char *name,
			 const char *friendly)
{
	struct cert_spec spec = {
		.profile = identity->cert ? identity->cert->profile :
					    profile_current(),
		.type = CERT_IDENTITY,
		.subject = friendly ?: name,
		.subject_name = name,
		.subject_key = identity->key,
		.from = validity_begin(),
	};
	struct cert *cert;
	X509 *x509;
	HRESULT hr;

	spec.until = validity_end(spec.from);
	hr = cert_make(&spec, &x509);
	if (FAILED(hr))
		return hr;
	hr = cert_decode(x509, &cert);
	X509_free(x509);
	if (FAILED(hr))
		return hr;
	cert_free(identity->cert);
	identity->cert = cert;
	return S_OK;
}

HRESULT identity_make(const char *classifier, const char *friendly,
		      struct identity **identity)
{
	struct identity *new = calloc(1, sizeof(*new));
	char name[PEERNAME_MAX + 1];
	HRESULT hr;

	if (!new)
		return E_OUTOFMEMORY;
	new->key = profile_new_key(profile_current());
	if (new->key && peername_make(new->key, classifier, name))
		hr = identity_certify(new, name, friendly);
	else
		hr = fail_crypto("cannot make a key");
	if (FAILED(hr)) {
		identity_free(new);
		return hr;
	}
	*identity = new;
	return S_OK;
}

/* The block of a BIO of this kind is wiped when it is freed. */
static BIO *encode(const struct identity *identity)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio &&
	    PEM_write_bio_PKCS8PrivateKey(bio, identity->key, NULL, NULL, 0,
					  NULL, NULL) &&
	    PEM_write_bio_X509(bio, identity->cert->x509))
		return bio;
	BIO_free(bio);
	return NULL;
}

static HRESULT write_file(struct store *store, const char *file,
			  const struct identity *identity)
{
	BIO *bio = encode(identity);
	char *data;
	HRESULT hr;
	long len;

	if (!bio)
		return fail_crypto("cannot encode a key");
	len = BIO_get_mem_data(bio, &data);
	hr = store_write(store, IDENTITY_DIR, file, data, len);
	BIO_free(bio);
	return hr;
}

static HRESULT count(const char *file, void *arg)
{
	size_t *n = arg;

	(void)file;
	++*n;
	return S_OK;
}

static HRESULT check_room(struct store *store)
{
	size_t n = 0;
	HRESULT hr = store_list(store, IDENTITY_DIR, count, &n);

	if (SUCCEEDED(hr) && n >= IDENTITIES_MAX)
		hr = fail(PEER_E_TOO_MANY_IDENTITIES,
			  "there are %d identities already", IDENTITIES_MAX);
	return hr;
}

static HRESULT add_locked(struct store *store, const struct identity *identity)
{
	const char *name = identity->cert->subject_name;
	char file[NAME_FILE_LEN + 1];
	HRESULT hr;

	hr = name_file(name, file);
	if (FAILED(hr))
		return hr;
	hr = store_check(store, IDENTITY_DIR, file);
	if (SUCCEEDED(hr))
		return fail(PEER_E_ALREADY_EXISTS,
			    "there is an identity %s already", name);
	if (hr != PEER_E_NOT_FOUND)
		return hr;
	hr = check_room(store);
	return FAILED(hr) ? hr : write_file(store, file, identity);
}

HRESULT identity_add(const struct identity *identity)
{
	struct store *store;
	HRESULT hr = store_open_locked(true, &store);

	if (SUCCEEDED(hr))
		hr = add_locked(store, identity);
	store_close(store);
	return hr;
}

/*
 * The name is written first: of an identity that is not there yet it means
 * nothing, and the moment the identity is there it is the default one.
 */
static HRESULT add_default_locked(struct store *store,
				  struct identity **identity)
{
	const char *name = (*identity)->cert->subject_name;
	struct identity *other;
	HRESULT hr;

	hr = load_any(store, NULL, &other);
	if (SUCCEEDED(hr)) {
		identity_free(*identity);
		*identity = other;
		return S_OK;
	}
	if (hr != PEER_E_NOT_FOUND)
		return hr;
	hr = check_room(store);
	if (SUCCEEDED(hr))
		hr = store_write(store, DEFAULT_DIR, DEFAULT_FILE, name,
				 strlen(name));
	if (SUCCEEDED(hr))
		hr = add_locked(store, *identity);
	return hr;
}

/* It bears the user's name, if that is one for people. */
static HRESULT make_for_user(struct identity **identity)
{
	struct passwd passwd, *user = NULL;
	char buf[1024];

	getpwuid_r(geteuid(), &passwd, buf, sizeof(buf), &user);
	if (user && friendly_valid(user->pw_name))
		return identity_make("", user->pw_name, identity);
	return identity_make("", NULL, identity);
}

/* The key is made without the lock: another process may be faster. */
static HRESULT make_default(struct identity **identity)
{
	struct store *store;
	HRESULT hr;

	hr = make_for_user(identity);
	if (FAILED(hr))
		return hr;
	hr = store_open_locked(true, &store);
	if (SUCCEEDED(hr))
		hr = add_default_locked(store, identity);
	store_close(store);
	if (FAILED(hr))
		identity_free(*identity);
	return hr;
}

HRESULT identity_load_default(struct identity **identity)
{
	HRESULT hr = identity_load(NULL, identity);

	return hr == PEER_E_NOT_FOUND ? make_default(identity) : hr;
}

static HRESULT rename_locked(struct store *store, const char *name,
			     const char *friendly)
{
	struct identity *identity;
	char file[NAME_FILE_LEN + 1];
	HRESULT hr;

	hr = load_any(store, name, &identity);
	if (FAILED(hr))
		return hr;
	name = identity->cert->subject_name;
	hr = name_file(name, file);
	if (SUCCEEDED(hr))
		hr = identity_certify(identity, name, friendly);
	if (SUCCEEDED(hr))
		hr = write_file(store, file, identity);
	identity_free(identity);
	return hr;
}

static HRESULT delete_locked(struct store *store, const char *name)
{
	char file[NAME_FILE_LEN + 1];
	size_t n = 0;
	HRESULT hr = name_file(name, file);

	if (SUCCEEDED(hr))
		hr = membership_count_of(store, file, &n);
	if (SUCCEEDED(hr) && n)
		hr = fail(PEER_E_GROUPS_EXIST,
			  "%s is a member of groups: there are files groups/%s.* in the store",
			  name, file);
	if (SUCCEEDED(hr))
		hr = store_remove(store, IDENTITY_DIR, file);
	return hr == PEER_E_NOT_FOUND ? not_found(name) : hr;
}

HRESULT identity_rename(const char *name, const char *friendly)
{
	struct store *store;
	HRESULT hr = store_open_locked(false, &store);

	if (SUCCEEDED(hr))
		hr = rename_locked(store, name, friendly);
	store_close(store);
	return hr;
}

HRESULT identity_delete(const char *name)
{
	struct store *store;
	HRESULT hr = store_open_locked(false, &store);

	if (SUCCEEDED(hr))
		hr = delete_locked(store, name);
	store_close(store);
	return hr;
}

struct listing {
	struct store *store;
	HRESULT (*cb)(const struct cert *cert, void *arg);
	void *arg;
};

/* A copy under another name could not be used by its own. */
static bool in_place(const struct identity *identity, const char *file)
{
	char right[NAME_FILE_LEN + 1];

	return SUCCEEDED(name_file(identity->cert->subject_name, right)) &&
	       !strcmp(right, file);
}

/* One that is damaged, or gone meanwhile, hides no other. */
static HRESULT show(const char *file, void *arg)
{
	const struct listing *listing = arg;
	struct identity *identity;
	HRESULT hr;

	hr = read_file(listing->store, file, NULL, &identity);
	if (FAILED(hr))
		return hr == E_OUTOFMEMORY ? hr : S_OK;
	if (in_place(identity, file))
		hr = listing->cb(identity->cert, listing->arg);
	identity_free(identity);
	return hr;
}

HRESULT identity_list(HRESULT (*cb)(const struct cert *cert, void *arg),
		      void *arg)
{
	struct listing listing = { .cb = cb, .arg = arg };
	HRESULT hr = store_open(false, &listing.store);

	if (FAILED(hr))
		return hr;
	hr = store_list(listing.store, IDENTITY_DIR, show, &listing);
	store_close(listing.store);
	return hr;
}
