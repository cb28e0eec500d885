// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memberships in the store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../reason.h"
#include "identity.h"
#include "membership.h"

#define MEMBERSHIP_DIR "groups"

/* The files of an identity and of a group, and a dot between them. */
#define MEMBERSHIP_FILE_LEN (2 * NAME_FILE_LEN + 1)

static HRESULT membership_file(const char *identity, const char *group,
			       char file[MEMBERSHIP_FILE_LEN + 1])
{
	HRESULT hr = name_file(identity, file);

	if (SUCCEEDED(hr))
		hr = name_file(group, file + NAME_FILE_LEN + 1);
	file[NAME_FILE_LEN] = '.';
	return hr;
}

void membership_free(struct membership *membership)
{
	if (!membership)
		return;
	membership_text_free(membership->text);
	chain_free(membership->chain);
	free(membership);
}

static HRESULT read_parts(const char *data, struct membership *membership)
{
	HRESULT hr = membership_text_read(data, &membership->text);

	if (SUCCEEDED(hr))
		hr = chain_read(membership->text->chain,
				membership->text->chain_len,
				&membership->chain);
	if (SUCCEEDED(hr))
		hr = chain_validate(membership->chain);
	return hr;
}

static bool matches(const struct membership *membership)
{
	const struct cert *leaf = chain_leaf(membership->chain);

	return !strcmp(leaf->subject_name, membership->text->identity_name) &&
	       !strcmp(leaf->group_name, membership->text->group_name);
}

static HRESULT decode(const char *data, struct membership **membership)
{
	struct membership *new = calloc(1, sizeof(*new));
	HRESULT hr;

	if (!new)
		return E_OUTOFMEMORY;
	hr = read_parts(data, new);
	if (SUCCEEDED(hr) && !matches(new))
		hr = PEER_E_CERT_STORE_CORRUPTED;
	if (FAILED(hr)) {
		membership_free(new);
		return hr;
	}
	*membership = new;
	return S_OK;
}

static HRESULT read_file(struct store *store, const char *file,
			 struct membership **membership)
{
	char *data;
	size_t len;
	HRESULT hr;

	hr = store_read(store, MEMBERSHIP_DIR, file, &data, &len);
	if (FAILED(hr))
		return hr;
	hr = strlen(data) == len ? decode(data, membership) :
				   PEER_E_CERT_STORE_CORRUPTED;
	store_free(data, len);
	if (FAILED(hr) && hr != E_OUTOFMEMORY)
		hr = fail(PEER_E_CERT_STORE_CORRUPTED,
			  "the file %s of a membership is damaged", file);
	return hr;
}

static HRESULT not_found(const char *identity, const char *group)
{
	return fail(PEER_E_NOT_FOUND, "%s is no member of %s", identity, group);
}

static HRESULT load(struct store *store, const char *identity,
		    const char *group, struct membership **membership)
{
	char file[MEMBERSHIP_FILE_LEN + 1];
	HRESULT hr;

	hr = membership_file(identity, group, file);
	if (SUCCEEDED(hr))
		hr = read_file(store, file, membership);
	if (hr == PEER_E_NOT_FOUND)
		return not_found(identity, group);
	if (FAILED(hr))
		return hr;
	if (!strcmp((*membership)->text->identity_name, identity) &&
	    !strcmp((*membership)->text->group_name, group))
		return S_OK;
	membership_free(*membership);
	return fail(PEER_E_CERT_STORE_CORRUPTED,
		    "the file %s is of another membership", file);
}

HRESULT membership_load(const char *identity, const char *group,
			struct membership **membership)
{
	struct store *store;
	HRESULT hr = store_open(false, &store);

	if (FAILED(hr))
		return hr;
	hr = load(store, identity, group, membership);
	store_close(store);
	return hr;
}

static HRESULT check(struct store *store, const char *identity,
		     const char *group)
{
	char file[MEMBERSHIP_FILE_LEN + 1];
	HRESULT hr = membership_file(identity, group, file);

	if (SUCCEEDED(hr))
		hr = store_check(store, MEMBERSHIP_DIR, file);
	return hr == PEER_E_NOT_FOUND ? not_found(identity, group) : hr;
}

HRESULT membership_check(const char *identity, const char *group)
{
	struct store *store;
	HRESULT hr = store_open(false, &store);

	if (FAILED(hr))
		return hr;
	hr = check(store, identity, group);
	store_close(store);
	return hr;
}

/* Files of an identity, or of a group, or both; NULL: of any. */
struct search {
	const char *identity_file;
	const char *group_file;
	size_t n;		/* found */
};

static bool matches_file(const struct search *search, const char *file)
{
	if (strlen(file) != MEMBERSHIP_FILE_LEN)
		return false;
	return (!search->identity_file ||
		!strncmp(file, search->identity_file, NAME_FILE_LEN)) &&
	       (!search->group_file ||
		!strcmp(file + NAME_FILE_LEN + 1, search->group_file));
}

static HRESULT count(const char *file, void *arg)
{
	struct search *search = arg;

	search->n += matches_file(search, file);
	return S_OK;
}

HRESULT membership_count_of(struct store *store, const char *identity_file,
			    size_t *n)
{
	struct search search = { .identity_file = identity_file };
	HRESULT hr = store_list(store, MEMBERSHIP_DIR, count, &search);

	*n = search.n;
	return hr;
}

HRESULT membership_count_in(const char *group, size_t *n)
{
	char file[NAME_FILE_LEN + 1];
	struct search search = { .group_file = file };
	struct store *store;
	HRESULT hr;

	*n = 0;
	hr = name_file(group, file);
	if (SUCCEEDED(hr))
		hr = store_open(false, &store);
	if (FAILED(hr))
		return hr;
	hr = store_list(store, MEMBERSHIP_DIR, count, &search);
	store_close(store);
	*n = search.n;
	return hr;
}

static HRESULT check_room(struct store *store, const char *identity_file)
{
	size_t n;
	HRESULT hr = membership_count_of(store, identity_file, &n);

	if (SUCCEEDED(hr) && n >= MEMBERSHIPS_MAX)
		hr = fail(E_OUTOFMEMORY, "the identity has %d groups already",
			  MEMBERSHIPS_MAX);
	return hr;
}

/* The lock keeps the identity from being deleted meanwhile. */
static HRESULT put_locked(struct store *store,
			  const struct membership_text *text, const char *data,
			  bool *replaced)
{
	char identity_file[NAME_FILE_LEN + 1], file[MEMBERSHIP_FILE_LEN + 1];
	HRESULT hr;

	hr = membership_file(text->identity_name, text->group_name, file);
	if (FAILED(hr))
		return hr;
	memcpy(identity_file, file, NAME_FILE_LEN);
	identity_file[NAME_FILE_LEN] = '\0';
	hr = store_check(store, IDENTITY_DIR, identity_file);
	if (FAILED(hr))
		return hr;

	hr = store_check(store, MEMBERSHIP_DIR, file);
	*replaced = SUCCEEDED(hr);
	if (hr == PEER_E_NOT_FOUND)
		hr = check_room(store, identity_file);
	if (FAILED(hr))
		return hr;
	return store_write(store, MEMBERSHIP_DIR, file, data, strlen(data));
}

HRESULT membership_put(const struct membership_text *text, bool *replaced)
{
	struct store *store;
	HRESULT hr;
	char *data;

	hr = membership_text_write(text, &data);
	if (FAILED(hr))
		return hr;
	hr = store_open_locked(true, &store);
	if (SUCCEEDED(hr))
		hr = put_locked(store, text, data, replaced);
	store_close(store);
	free(data);
	return hr;
}

static HRESULT delete_locked(struct store *store, const char *identity,
			     const char *group)
{
	char file[MEMBERSHIP_FILE_LEN + 1];
	HRESULT hr = membership_file(identity, group, file);

	if (SUCCEEDED(hr))
		hr = store_remove(store, MEMBERSHIP_DIR, file);
	return hr == PEER_E_NOT_FOUND ? not_found(identity, group) : hr;
}

HRESULT membership_delete(const char *identity, const char *group)
{
	struct store *store;
	HRESULT hr = store_open_locked(false, &store);

	if (SUCCEEDED(hr))
		hr = delete_locked(store, identity, group);
	store_close(store);
	return hr;
}

struct listing {
	struct store *store;
	struct search search;
	HRESULT (*cb)(const struct membership *membership, void *arg);
	void *arg;
};

/* One that is damaged, or gone meanwhile, hides no other. */
static HRESULT show(const char *file, void *arg)
{
	const struct listing *listing = arg;
	struct membership *membership;
	HRESULT hr;

	if (!matches_file(&listing->search, file))
		return S_OK;
	hr = read_file(listing->store, file, &membership);
	if (FAILED(hr))
		return hr == E_OUTOFMEMORY ? hr : S_OK;
	hr = listing->cb(membership, listing->arg);
	membership_free(membership);
	return hr;
}

HRESULT membership_list(const char *identity,
			HRESULT (*cb)(const struct membership *membership,
				      void *arg),
			void *arg)
{
	char file[NAME_FILE_LEN + 1];
	struct listing listing = {
		.search.identity_file = file, .cb = cb, .arg = arg,
	};
	HRESULT hr;

	hr = name_file(identity, file);
	if (SUCCEEDED(hr))
		hr = store_open(false, &listing.store);
	if (FAILED(hr))
		return hr;
	hr = store_list(listing.store, MEMBERSHIP_DIR, show, &listing);
	store_close(listing.store);
	return hr;
}
