// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupEnumConnections().
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "../reason.h"
#include "enum.h"
#include "group.h"
#include "hresult.h"
#include "pool.h"
#include "startup.h"
#include "text.h"

#define TYPES (PEER_CONNECTION_NEIGHBOR | PEER_CONNECTION_DIRECT)

_Static_assert((int)PEER_CONNECTION_NEIGHBOR == (int)PG_TYPE_NEIGHBOR, "");
_Static_assert((int)PEER_CONNECTION_DIRECT == (int)PG_TYPE_DIRECT, "");

/* What an item is made of; a page of these is less than one of items. */
struct record {
	uint64_t id;
	uint64_t node_id;
	struct in6_addr addr;	/* v4-mapped for IPv4 */
	uint32_t scope_id;
	uint32_t peer_id_len;	/* 0: none was given */
	uint32_t type;
	uint16_t port;		/* host order */
	size_t peer_id;		/* where in the text it begins */
};

static struct in6_addr map_ipv4(struct in_addr ipv4)
{
	struct in6_addr mapped = { .s6_addr = { [10] = 0xff, 0xff } };

	memcpy(&mapped.s6_addr[12], &ipv4, sizeof(ipv4));
	return mapped;
}

static int begin(uint64_t generation, uint32_t count, void *arg)
{
	struct peer_enum *peer_enum = arg;

	peer_enum->generation = generation;
	return enum_reserve(peer_enum, count);
}

static int keep(const struct pg_conn *conn, void *arg)
{
	struct peer_enum *peer_enum = arg;
	struct record *record = enum_add(peer_enum);
	const struct pg_addr *remote = &conn->remote;

	if (!record)
		return -ENOMEM;
	*record = (struct record){
		.id = conn->id,
		.node_id = conn->node_id,
		.type = conn->type,
		.scope_id = remote->scope_id,
		.port = remote->port,
		.peer_id_len = conn->peer_id_len,
		.addr = remote->family == AF_INET ? map_ipv4(remote->ipv4) :
						    remote->ipv6,
	};
	if (!conn->peer_id_len)
		return 0;
	return enum_keep(peer_enum, conn->peer_id, conn->peer_id_len,
			 &record->peer_id);
}

static int dump(struct pg_ctx *ctx, struct peer_enum *peer_enum,
		const void *arg)
{
	return pg_conn_dump(ctx, arg, begin, keep, peer_enum);
}

/* The name for a peer that has none: its address, IPv4 as such. */
static size_t format_remote(const struct record *record, char *buf)
{
	struct pg_addr addr = {
		.family = AF_INET6,
		.scope_id = record->scope_id,
		.ipv6 = record->addr,
	};

	if (IN6_IS_ADDR_V4MAPPED(&record->addr)) {
		addr.family = AF_INET;
		memcpy(&addr.ipv4, &record->addr.s6_addr[12],
		       sizeof(addr.ipv4));
	}
	return pg_addr_format(&addr, buf);
}

static size_t room(const struct peer_enum *peer_enum, size_t i)
{
	const struct record *record = enum_record(peer_enum, i);
	char buf[PG_ADDR_STRLEN];

	if (!record->peer_id_len)
		return format_remote(record, buf) + 1;
	return text_room(peer_enum->text + record->peer_id,
			 record->peer_id_len);
}

static PWSTR put_peer_id(const struct peer_enum *peer_enum,
			 const struct record *record, wchar_t **text)
{
	char buf[PG_ADDR_STRLEN];

	if (!record->peer_id_len)
		return text_put(text, buf, format_remote(record, buf));
	return text_put(text, peer_enum->text + record->peer_id,
			record->peer_id_len);
}

static void pack(const struct peer_enum *peer_enum, size_t i, void *item,
		 wchar_t **text)
{
	const struct record *record = enum_record(peer_enum, i);
	PEER_CONNECTION_INFO *info = item;

	*info = (PEER_CONNECTION_INFO){
		.dwSize = sizeof(*info),
		.dwFlags = record->type,
		.ullConnectionId = record->id,
		.ullNodeId = record->node_id,
		.pwzPeerId = put_peer_id(peer_enum, record, text),
		.address = {
			.dwSize = sizeof(info->address),
			.sin6 = {
				.sin6_family = AF_INET6,
				.sin6_port = htons(record->port),
				.sin6_addr = record->addr,
				.sin6_scope_id = record->scope_id,
			},
		},
	};
}

static const struct enum_kind conn_kind = {
	.record_size = sizeof(struct record),
	.item_size = sizeof(PEER_CONNECTION_INFO),
	.room = room,
	.pack = pack,
};

static HRESULT enum_conns(const struct group *group, DWORD flags,
			  HPEERENUM *handle)
{
	const struct pg_filter filter = {
		.size = sizeof(filter),
		.group_id = group->id,
		.type = flags == TYPES ? PG_TYPE_ANY : (enum pg_type)flags,
	};
	struct pg_ctx *ctx;
	int err;

	err = group_ctx(group, &ctx);
	if (err)
		return hresult_from_errno(err);

	err = enum_new(&conn_kind, ctx, dump, &filter, group->epoch,
		       handle);
	pool_put(ctx);
	return hresult_from_errno(err);
}

HRESULT WINAPI PeerGroupEnumConnections(HGROUP hGroup, DWORD dwFlags,
					HPEERENUM *phPeerEnum)
{
	struct group *group;
	HRESULT hr;

	reason_clear();
	if (!phPeerEnum)
		return E_INVALIDARG;
	*phPeerEnum = NULL;
	if (!started())
		return PEER_E_NOT_INITIALIZED;
	if (dwFlags & ~(DWORD)TYPES)
		return E_INVALIDARG;

	group = group_get(hGroup);
	if (!group)
		return PEER_E_INVALID_GROUP;
	hr = group_check(group);
	if (SUCCEEDED(hr))
		hr = enum_conns(group, dwFlags, phPeerEnum);
	group_put(group);
	return hr;
}
