// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerEnumGroups().
 */
#include <errno.h>
#include <string.h>

#include "../utf8.h"
#include "enum.h"
#include "hresult.h"
#include "pool.h"
#include "text.h"

/* Where in the text the two strings of an item begin. */
struct record {
	size_t name;
	size_t label;
};

static int keep(const struct pg_group *group, void *arg)
{
	struct peer_enum *peer_enum = arg;
	struct record *record = enum_add(peer_enum);
	const char *label = *group->label ? group->label : group->name;
	int err;

	if (!record)
		return -ENOMEM;
	err = enum_keep(peer_enum, group->name, strlen(group->name),
			&record->name);
	if (!err)
		err = enum_keep(peer_enum, label, strlen(label),
				&record->label);
	return err;
}

static int dump(struct pg_ctx *ctx, struct peer_enum *peer_enum,
		const void *arg)
{
	(void)arg;
	return pg_group_list(ctx, keep, peer_enum, NULL);
}

static size_t room(const struct peer_enum *peer_enum, size_t i)
{
	const struct record *record = enum_record(peer_enum, i);
	const char *name = peer_enum->text + record->name;
	const char *label = peer_enum->text + record->label;

	return text_room(name, strlen(name)) + text_room(label, strlen(label));
}

static void pack(const struct peer_enum *peer_enum, size_t i, void *item,
		 wchar_t **text)
{
	const struct record *record = enum_record(peer_enum, i);
	const char *name = peer_enum->text + record->name;
	const char *label = peer_enum->text + record->label;
	PEER_NAME_PAIR *pair = item;

	*pair = (PEER_NAME_PAIR){ .dwSize = sizeof(*pair) };
	pair->pwzPeerName = text_put(text, name, strlen(name));
	pair->pwzFriendlyName = text_put(text, label, strlen(label));
}

static const struct enum_kind group_kind = {
	.record_size = sizeof(struct record),
	.item_size = sizeof(PEER_NAME_PAIR),
	.room = room,
	.pack = pack,
};

HRESULT WINAPI PeerEnumGroups(PCWSTR pwzIdentity, HPEERENUM *phPeerEnum)
{
	struct pg_ctx *ctx;
	int err;

	if (!phPeerEnum)
		return E_INVALIDARG;
	*phPeerEnum = NULL;
	if (!wide_valid(pwzIdentity))
		return E_INVALIDARG;

	err = pool_get(&ctx);
	if (err)
		return hresult_from_errno(err);
	err = enum_new(&group_kind, ctx, dump, NULL, 0, phPeerEnum);
	pool_put(ctx);
	return hresult_from_errno(err);
}
