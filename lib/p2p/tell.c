// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel tells a registration is told to the program.
 *
 * A watch of the group hands out what has changed, and a picture has what the
 * program was told. An event of the watch means what it changes in that
 * picture, and is applied to it in the moment in which it is queued. So where
 * memory is short nothing is lost or doubled: the event stays with the watch,
 * and the picture as it is, until there is some.
 */
#include <errno.h>
#include <stdlib.h>

#include "registration.h"

/* Most events that one call queues: others wait for a lock meanwhile. */
#define TELL_MAX 256

static bool is_active(const struct registration *reg)
{
	const struct pg_group *group = pg_picture_group(reg->told,
							reg->group_id);

	return group && (group->active_neighbor || group->active_direct);
}

int registration_skip(struct registration *reg)
{
	const struct pg_event *event;
	int ret;

	reg->told = pg_picture_new();
	if (!reg->told)
		return -ENOMEM;
	do {
		ret = pg_watch_next(reg->watch, &event);
		if (ret > 0)
			ret = pg_picture_apply(reg->told, event);
		if (ret < 0)
			return ret;
	} while (event && event->type != PG_EVENT_SYNCED);
	reg->told_active = is_active(reg);
	return 0;
}

static bool wants(const struct registration *reg, PEER_GROUP_EVENT_TYPE type)
{
	return reg->types >> type & 1;
}

static struct item *item_new(PEER_GROUP_EVENT_TYPE type)
{
	struct item *item = calloc(1, sizeof(*item));

	if (item)
		item->data.eventType = type;
	return item;
}

/* What an event is about a connection that was known as such, or not at all. */
static PEER_CONNECTION_STATUS change_of(const struct pg_conn *known,
					enum pg_event_type type)
{
	bool was_active = known && known->state == PG_STATE_ACTIVE;

	switch (type) {
	case PG_EVENT_CONN_NEW:
		return was_active ? 0 : PEER_CONNECTED;
	case PG_EVENT_CONN_GONE:
		if (was_active)
			return PEER_DISCONNECTED;
		return known ? PEER_CONNECTION_FAILED : 0;
	default:
		return 0;
	}
}

static HRESULT failure_of(const struct pg_conn *conn)
{
	return conn->error == ECONNREFUSED ? PEER_E_CONNECTION_REFUSED :
					     PEER_E_CONNECTION_FAILED;
}

/* The item for an event of the watch, NULL if there is none. */
static int make_item(const struct registration *reg,
		     const struct pg_event *event, struct item **item)
{
	const struct pg_conn *conn = event->conn;
	PEER_EVENT_CONNECTION_CHANGE_DATA *data;
	PEER_CONNECTION_STATUS status;
	PEER_GROUP_EVENT_TYPE type;

	*item = NULL;
	if (!conn)
		return 0;
	status = change_of(pg_picture_conn(reg->told, conn->id), event->type);
	type = conn->type == PG_TYPE_DIRECT ?
	       PEER_GROUP_EVENT_DIRECT_CONNECTION :
	       PEER_GROUP_EVENT_NEIGHBOR_CONNECTION;
	if (!status || !wants(reg, type))
		return 0;

	*item = item_new(type);
	if (!*item)
		return -ENOMEM;
	data = &(*item)->data.connectionChangeData;
	data->dwSize = sizeof(*data);
	data->status = status;
	data->ullConnectionId = conn->id;
	data->ullNodeId = conn->node_id;
	if (status == PEER_CONNECTION_FAILED)
		data->hrConnectionFailedReason = failure_of(conn);
	return 0;
}

/* All of it or nothing. */
static int tell_event(struct registration *reg, const struct pg_event *event)
{
	struct item *item;
	int ret;

	ret = make_item(reg, event, &item);
	if (ret)
		return ret;
	ret = pg_picture_apply(reg->told, event);
	if (ret < 0) {
		free(item);
		return ret;
	}
	if (item)
		inbox_put(&reg->inbox, item);
	return 0;
}

static int tell_status(struct registration *reg)
{
	bool active = is_active(reg);
	struct item *item;

	if (active == reg->told_active)
		return 0;
	if (wants(reg, PEER_GROUP_EVENT_STATUS_CHANGED)) {
		item = item_new(PEER_GROUP_EVENT_STATUS_CHANGED);
		if (!item)
			return -ENOMEM;
		if (active)
			item->data.dwStatus = PEER_GROUP_STATUS_HAS_CONNECTIONS;
		inbox_put(&reg->inbox, item);
	}
	reg->told_active = active;
	return 0;
}

static int store_first(const struct pg_conn *conn, void *arg)
{
	const struct pg_conn **first = arg;

	*first = conn;
	return 1;
}

/* The group took its connections along: tell the end of one that is left. */
static int tell_end(struct registration *reg)
{
	struct pg_event gone = {
		.type = PG_EVENT_CONN_GONE,
		.flags = PG_EVENT_LISTED,
		.generation = pg_picture_generation(reg->told),
	};
	int err;

	if (!pg_picture_conns(reg->told, reg->group_id, store_first,
			      &gone.conn))
		return 0;
	err = tell_event(reg, &gone);
	return err ? err : 1;
}

static int tell_next(struct registration *reg)
{
	int ret;

	if (reg->over)
		return tell_end(reg);
	if (!reg->event) {
		ret = pg_watch_next(reg->watch, &reg->event);
		reg->over = ret == -ENODEV;
		if (reg->over)
			return 1;
		if (ret <= 0)
			return ret;
	}
	if (reg->event->type == PG_EVENT_GROUP_GONE) {
		reg->over = true;
		return 1;
	}
	ret = tell_event(reg, reg->event);
	if (ret)
		return ret;
	reg->event = NULL;
	return 1;
}

int registration_tell(struct registration *reg)
{
	unsigned int n;
	int ret = 1;

	for (n = 0; ret > 0 && n < TELL_MAX; n++) {
		ret = tell_status(reg);
		if (!ret)
			ret = tell_next(reg);
	}
	return ret;
}
