// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupGetProperties().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../utf8.h"
#include "group.h"
#include "hresult.h"
#include "pool.h"
#include "startup.h"
#include "text.h"

#define AUTHORITY_LEN 40

/* Defaults that Microsoft documents, in seconds. */
#define MEMBER_DATA_LIFETIME 2419200
#define PRESENCE_LIFETIME 300

static bool valid(const char *text)
{
	return utf8_to_wide(text, strlen(text), NULL) >= 0;
}

/* What follows the authority in a name that has one, else NULL. */
static const char *classifier_of(const char *name)
{
	if (strspn(name, "0123456789abcdef") != AUTHORITY_LEN ||
	    name[AUTHORITY_LEN] != '.')
		return NULL;
	return name + AUTHORITY_LEN + 1;
}

static size_t room_of(const char *text)
{
	return text ? text_room(text, strlen(text)) : 0;
}

static PWSTR put(PWSTR *pos, const char *text)
{
	return text ? text_put(pos, text, strlen(text)) : NULL;
}

/* One block: the structure, then its strings. */
static PPEER_GROUP_PROPERTIES properties_of(const struct pg_group *group)
{
	const char *classifier = classifier_of(group->name);
	PPEER_GROUP_PROPERTIES props;
	size_t room;
	PWSTR pos;

	room = room_of(group->name) + room_of(classifier) +
	       room_of(group->label) + room_of(group->comment);
	props = calloc(1, sizeof(*props) + room * sizeof(*pos));
	if (!props)
		return NULL;

	pos = (PWSTR)(props + 1);
	props->dwSize = sizeof(*props);
	props->pwzGroupPeerName = put(&pos, group->name);
	props->pwzClassifier = put(&pos, classifier);
	props->pwzFriendlyName = put(&pos, group->label);
	props->pwzComment = put(&pos, group->comment);
	props->ulMemberDataLifetime = MEMBER_DATA_LIFETIME;
	props->ulPresenceLifetime = PRESENCE_LIFETIME;
	return props;
}

static int store_properties(const struct pg_group *group, void *arg)
{
	PPEER_GROUP_PROPERTIES *props = arg;

	if (!valid(group->name) || !valid(group->label) ||
	    !valid(group->comment))
		return -EILSEQ;
	*props = properties_of(group);
	return *props ? 0 : -ENOMEM;
}

static HRESULT get_properties(const struct group *group,
			      PPEER_GROUP_PROPERTIES *out)
{
	PPEER_GROUP_PROPERTIES props = NULL;
	struct pg_ctx *ctx;
	int err;

	err = group_ctx(group, &ctx);
	if (err)
		return hresult_from_errno(err);

	err = pg_group_get(ctx, group->id, store_properties, &props);
	pool_put(ctx);
	if (!err && !props)
		err = -EPROTO;
	if (err) {
		free(props);
		return hresult_from_errno(err);
	}
	*out = props;
	return S_OK;
}

HRESULT WINAPI PeerGroupGetProperties(HGROUP hGroup,
				      PPEER_GROUP_PROPERTIES *ppProperties)
{
	struct group *group;
	HRESULT hr;

	if (!ppProperties)
		return E_INVALIDARG;
	*ppProperties = NULL;
	if (!started())
		return PEER_E_NOT_INITIALIZED;

	group = group_get(hGroup);
	if (!group)
		return PEER_E_INVALID_GROUP;
	hr = get_properties(group, ppProperties);
	group_put(group);
	return hr;
}
