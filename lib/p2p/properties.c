// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupGetProperties().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../peername.h"
#include "../reason.h"
#include "../utf8.h"
#include "group.h"
#include "hresult.h"
#include "pool.h"
#include "startup.h"
#include "text.h"

/* The strings of the structure, NULL for none. */
struct strings {
	const char *cloud;
	const char *classifier;
	const char *name;
	const char *creator;
	const char *friendly;
	const char *comment;
};

static size_t room_of(const char *text)
{
	return text ? text_room(text, strlen(text)) : 0;
}

static PWSTR put(PWSTR *pos, const char *text)
{
	return text ? text_put(pos, text, strlen(text)) : NULL;
}

/* One block: the structure, then its strings. */
static PPEER_GROUP_PROPERTIES properties_new(const struct strings *strings)
{
	PPEER_GROUP_PROPERTIES props;
	size_t room;
	PWSTR pos;

	room = room_of(strings->cloud) + room_of(strings->classifier) +
	       room_of(strings->name) + room_of(strings->creator) +
	       room_of(strings->friendly) + room_of(strings->comment);
	props = calloc(1, sizeof(*props) + room * sizeof(*pos));
	if (!props)
		return NULL;

	pos = (PWSTR)(props + 1);
	props->dwSize = sizeof(*props);
	props->pwzCloud = put(&pos, strings->cloud);
	props->pwzClassifier = put(&pos, strings->classifier);
	props->pwzGroupPeerName = put(&pos, strings->name);
	props->pwzCreatorPeerName = put(&pos, strings->creator);
	props->pwzFriendlyName = put(&pos, strings->friendly);
	props->pwzComment = put(&pos, strings->comment);
	props->ulMemberDataLifetime = MEMBER_DATA_LIFETIME;
	props->ulPresenceLifetime = PRESENCE_LIFETIME;
	return props;
}

static int store_plain(const struct pg_group *group, void *arg)
{
	const struct strings strings = {
		.name = group->name,
		.friendly = group->label,
		.comment = group->comment,
	};
	PPEER_GROUP_PROPERTIES *props = arg;

	if (!utf8_valid(group->name) || !utf8_valid(group->label) ||
	    !utf8_valid(group->comment))
		return -EILSEQ;
	*props = properties_new(&strings);
	return *props ? 0 : -ENOMEM;
}

static HRESULT ask_kernel(const struct group *group, pg_group_cb cb, void *arg)
{
	struct pg_ctx *ctx;
	int err;

	err = group_ctx(group, &ctx);
	if (err)
		return hresult_from_errno(err);
	err = pg_group_get(ctx, group->id, cb, arg);
	pool_put(ctx);
	return hresult_from_errno(err);
}

static HRESULT get_plain(const struct group *group, PPEER_GROUP_PROPERTIES *out)
{
	PPEER_GROUP_PROPERTIES props = NULL;
	HRESULT hr = ask_kernel(group, store_plain, &props);

	if (SUCCEEDED(hr) && !props)
		hr = E_UNEXPECTED;
	if (FAILED(hr)) {
		free(props);
		return hr;
	}
	*out = props;
	return S_OK;
}

/* What somebody else may have written into the kernel's group is not asked. */
static HRESULT of_membership(const struct membership *membership,
			     PPEER_GROUP_PROPERTIES *out)
{
	const struct membership_text *text = membership->text;
	const struct chain *chain = membership->chain;
	const struct strings strings = {
		.cloud = text->cloud.name,
		.classifier = peername_classifier(text->group_name),
		.name = text->group_name,
		.creator = chain->certs[1]->subject_name,
		.friendly = chain->certs[0]->subject,
		.comment = text->comment,
	};
	PPEER_GROUP_PROPERTIES props = properties_new(&strings);

	if (!props)
		return E_OUTOFMEMORY;
	props->dwFlags = text->flags;
	props->ulMemberDataLifetime = text->member_data_lifetime;
	props->ulPresenceLifetime = text->presence_lifetime;
	props->dwAuthenticationSchemes = PEER_GROUP_GMC_AUTHENTICATION;
	*out = props;
	return S_OK;
}

static HRESULT get_secured(const struct group *group,
			   PPEER_GROUP_PROPERTIES *out)
{
	struct membership *membership;
	HRESULT hr;

	hr = ask_kernel(group, NULL, NULL);
	if (FAILED(hr))
		return hr;
	hr = membership_load(group->member->identity, group->member->group,
			     &membership);
	if (hr == PEER_E_NOT_FOUND)
		return fail_as(PEER_E_INVALID_GROUP);
	if (FAILED(hr))
		return hr;
	hr = of_membership(membership, out);
	membership_free(membership);
	return hr;
}

HRESULT WINAPI PeerGroupGetProperties(HGROUP hGroup,
				      PPEER_GROUP_PROPERTIES *ppProperties)
{
	struct group *group;
	HRESULT hr;

	reason_clear();
	if (!ppProperties)
		return E_INVALIDARG;
	*ppProperties = NULL;
	if (!started())
		return PEER_E_NOT_INITIALIZED;

	group = group_get(hGroup);
	if (!group)
		return PEER_E_INVALID_GROUP;
	hr = group->member ? get_secured(group, ppProperties) :
			     get_plain(group, ppProperties);
	group_put(group);
	return hr;
}
