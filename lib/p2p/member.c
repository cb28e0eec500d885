// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * For whom a secured group was opened.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../reason.h"
#include "../store/identity.h"
#include "member.h"

void member_free(struct member *member)
{
	if (!member)
		return;
	free(member->key);
	free(member->group);
	free(member->identity);
	free(member);
}

static HRESULT key_path(const char *identity, char **path)
{
	char file[NAME_FILE_LEN + 1];
	HRESULT hr = name_file(identity, file);

	return FAILED(hr) ? hr : store_file_path(IDENTITY_DIR, file, path);
}

HRESULT member_new(const struct membership *membership, struct member **member)
{
	const struct membership_text *text = membership->text;
	struct member *new = calloc(1, sizeof(*new));
	HRESULT hr = E_OUTOFMEMORY;

	if (!new)
		return hr;
	new->identity = strdup(text->identity_name);
	new->group = strdup(text->group_name);
	chain_validity(membership->chain, &new->from, &new->until);
	if (new->identity && new->group)
		hr = key_path(new->identity, &new->key);
	if (FAILED(hr)) {
		member_free(new);
		return hr;
	}
	*member = new;
	return S_OK;
}

HRESULT group_check(const struct group *group)
{
	const struct member *member = group->member;
	HRESULT hr;

	if (!member)
		return S_OK;
	hr = validity_check(member->from, member->until, time(NULL));
	return FAILED(hr) ? hr : store_check_path(member->key);
}

static bool same_member(const struct object *object, const void *arg)
{
	const struct group *group = (const struct group *)object;
	const struct member *wanted = arg;

	return object->kind == HANDLE_GROUP && group->member &&
	       !strcmp(group->member->identity, wanted->identity) &&
	       !strcmp(group->member->group, wanted->group);
}

bool member_is_open(const char *identity, const char *group)
{
	const struct member wanted = {
		.identity = (char *)identity, .group = (char *)group,
	};

	return handle_any(same_member, &wanted);
}

void member_close_all(const char *identity, const char *group)
{
	const struct member wanted = {
		.identity = (char *)identity, .group = (char *)group,
	};

	handle_close_all(same_member, &wanted);
}
