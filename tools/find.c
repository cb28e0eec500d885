// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which identity and which group a word names: by the peer name, or by the
 * classifier if just one has it. Friendly names do not count, for others choose
 * them, and no prefixes, for they may become another's.
 */
#include <stdlib.h>
#include <wchar.h>

#include "secured.h"

/* The hash of a key, in hex digits. */
#define AUTHORITY_LEN 40

/* The classifier within a secure peer name; NULL if it is none. */
static const wchar_t *classifier_of(const wchar_t *name)
{
	if (wcsspn(name, L"0123456789abcdef") != AUTHORITY_LEN ||
	    name[AUTHORITY_LEN] != L'.')
		return NULL;
	return name + AUTHORITY_LEN + 1;
}

bool is_secured(const wchar_t *name)
{
	return classifier_of(name);
}

static bool is_named(const wchar_t *name, const wchar_t *word)
{
	const wchar_t *classifier = classifier_of(name);

	return classifier &&
	       !wcscmp(is_secured(word) ? name : classifier, word);
}

static HRESULT take_all(HPEERENUM peer_enum, struct pairs *pairs)
{
	HRESULT hr = PeerGetItemCount(peer_enum, &pairs->n);

	if (SUCCEEDED(hr))
		hr = PeerGetNextItem(peer_enum, &pairs->n,
				     (PVOID **)&pairs->items);
	PeerEndEnumeration(peer_enum);
	return hr;
}

/* All identities of the user. */
bool pairs_of_identities(struct pairs *pairs)
{
	HPEERENUM peer_enum;
	HRESULT hr;

	*pairs = (struct pairs){ 0 };
	hr = PeerEnumIdentities(&peer_enum);
	if (SUCCEEDED(hr))
		hr = take_all(peer_enum, pairs);
	if (FAILED(hr))
		refused_with(hr);
	return SUCCEEDED(hr);
}

static bool pairs_of_groups(const wchar_t *identity, struct pairs *pairs)
{
	HPEERENUM peer_enum;
	HRESULT hr;

	*pairs = (struct pairs){ 0 };
	hr = PeerEnumGroups(identity, &peer_enum);
	if (SUCCEEDED(hr))
		hr = take_all(peer_enum, pairs);
	if (FAILED(hr))
		refused_with(hr);
	return SUCCEEDED(hr);
}

void pairs_free(struct pairs *pairs)
{
	PeerFreeData(pairs->items);
}

/* Returns how many are named so, and the last of them. */
static size_t count_named(const struct pairs *pairs, const wchar_t *word,
			  const wchar_t **name)
{
	size_t count = 0;
	ULONG i;

	for (i = 0; i < pairs->n; i++) {
		if (!is_named(pairs->items[i]->pwzPeerName, word))
			continue;
		*name = pairs->items[i]->pwzPeerName;
		count++;
	}
	return count;
}

static bool copy(const wchar_t *name, wchar_t **out)
{
	*out = wcsdup(name);
	if (!*out)
		out_of_memory();
	return *out;
}

/*
 * The peer name of the user's identity, to be freed. The library is asked even
 * for a peer name that is not listed: it can say what is wrong with it.
 */
bool identity_find(const wchar_t *word, wchar_t **identity)
{
	const wchar_t *name = NULL;
	struct pairs pairs;
	bool found = false;
	size_t count;

	if (is_secured(word))
		return copy(word, identity);
	if (!pairs_of_identities(&pairs))
		return false;
	count = count_named(&pairs, word, &name);
	if (count == 1)
		found = copy(name, identity);
	else if (!count)
		refused("no such identity, or its file cannot be read");
	else
		refused("%zu identities are called so; give the peer name",
			count);
	pairs_free(&pairs);
	return found;
}

/* Likewise of a keyword's value; NULL, the default one, without it. */
bool identity_param(struct args *args, const struct param *param,
		    wchar_t **identity)
{
	wchar_t *word = args_wide(args, param->value);
	bool found;

	*identity = NULL;
	if (!word)
		return true;
	found = identity_find(word, identity);
	free(word);
	return found;
}

static bool add_memberships(const wchar_t *identity, const wchar_t *word,
			    size_t *count, struct member *member)
{
	const wchar_t *group = NULL;
	struct pairs pairs;
	bool done = true;
	size_t n;

	if (!pairs_of_groups(identity, &pairs))
		return false;
	n = count_named(&pairs, word, &group);
	if (n && !*count)
		done = copy(identity, &member->identity) &&
		       copy(group, &member->group);
	*count += n;
	pairs_free(&pairs);
	return done;
}

static bool search_memberships(const wchar_t *word, size_t *count,
			       struct member *member)
{
	struct pairs pairs;
	bool done;
	ULONG i;

	done = pairs_of_identities(&pairs);
	for (i = 0; done && i < pairs.n; i++)
		done = add_memberships(pairs.items[i]->pwzPeerName, word, count,
				       member);
	pairs_free(&pairs);
	return done;
}

/*
 * The membership of an identity, or if that is NULL of any of the user's, in
 * the group that a word names; without a group if there is none. To be freed in
 * every case.
 */
bool member_find(const wchar_t *identity, const wchar_t *word,
		 struct member *member)
{
	size_t count = 0;
	bool done;

	*member = (struct member){ 0 };
	/* As for an identity: the library can say what is wrong. */
	if (identity && is_secured(word))
		return copy(identity, &member->identity) &&
		       copy(word, &member->group);
	if (identity)
		done = add_memberships(identity, word, &count, member);
	else
		done = search_memberships(word, &count, member);
	if (!done || count <= 1)
		return done;
	refused("%zu memberships fit; give the peer name of the group, and \"as\"",
		count);
	return false;
}

void member_free(struct member *member)
{
	free(member->identity);
	free(member->group);
}
