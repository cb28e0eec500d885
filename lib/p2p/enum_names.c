// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Enumerations of names.
 */
#include <errno.h>
#include <string.h>

#include "../public.h"
#include "enum_names.h"
#include "text.h"

/* Where in the text the two strings of an item begin. */
struct record {
	size_t name;
	size_t friendly;
};

int enum_names_add(struct peer_enum *peer_enum, const char *name,
		   const char *friendly)
{
	struct record *record = enum_add(peer_enum);
	int err;

	if (!record)
		return -ENOMEM;
	err = enum_keep(peer_enum, name, strlen(name), &record->name);
	if (!err)
		err = enum_keep(peer_enum, friendly, strlen(friendly),
				&record->friendly);
	return err;
}

static size_t room(const struct peer_enum *peer_enum, size_t i)
{
	const struct record *record = enum_record(peer_enum, i);
	const char *name = peer_enum->text + record->name;
	const char *friendly = peer_enum->text + record->friendly;

	return text_room(name, strlen(name)) +
	       text_room(friendly, strlen(friendly));
}

static void pack(const struct peer_enum *peer_enum, size_t i, void *item,
		 wchar_t **text)
{
	const struct record *record = enum_record(peer_enum, i);
	const char *name = peer_enum->text + record->name;
	const char *friendly = peer_enum->text + record->friendly;
	PEER_NAME_PAIR *pair = item;

	*pair = (PEER_NAME_PAIR){ .dwSize = sizeof(*pair) };
	pair->pwzPeerName = text_put(text, name, strlen(name));
	pair->pwzFriendlyName = text_put(text, friendly, strlen(friendly));
}

const struct enum_kind enum_names = {
	.record_size = sizeof(struct record),
	.item_size = sizeof(PEER_NAME_PAIR),
	.room = room,
	.pack = pack,
};
