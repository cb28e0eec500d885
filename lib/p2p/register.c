// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupRegisterEvent() and what is done with a registration.
 */
#include <errno.h>

#include "../reason.h"
#include "cancel.h"
#include "event.h"
#include "hresult.h"
#include "notifier.h"
#include "startup.h"

/* 0 if there is no such type. */
static DWORD bit_of(PEER_GROUP_EVENT_TYPE type)
{
	switch (type) {
	case PEER_GROUP_EVENT_STATUS_CHANGED:
	case PEER_GROUP_EVENT_PROPERTY_CHANGED:
	case PEER_GROUP_EVENT_RECORD_CHANGED:
	case PEER_GROUP_EVENT_DIRECT_CONNECTION:
	case PEER_GROUP_EVENT_NEIGHBOR_CONNECTION:
	case PEER_GROUP_EVENT_INCOMING_DATA:
	case PEER_GROUP_EVENT_MEMBER_CHANGED:
	case PEER_GROUP_EVENT_CONNECTION_FAILED:
	case PEER_GROUP_EVENT_AUTHENTICATION_FAILED:
		return (DWORD)1 << type;
	}
	return 0;
}

/* The types of all entries; 0 if there is a bad one, or none. */
static DWORD types_of(const PEER_GROUP_EVENT_REGISTRATION *entries, DWORD n)
{
	DWORD i, bit, types = 0;

	for (i = 0; i < n; i++) {
		bit = bit_of(entries[i].eventType);
		if (!bit)
			return 0;
		types |= bit;
	}
	return types;
}

static int register_events(const struct group *group, int fd, DWORD types,
			   HPEEREVENT *handle)
{
	struct registration *reg;
	int err;

	err = registration_new(&reg, group, fd, types);
	if (err)
		return err;
	err = notifier_add(reg);
	if (err) {
		registration_release(reg);
		registration_put(reg);
		return err;
	}
	/* The end of the epoch may have been faster. */
	err = handle_new(&reg->base, group->epoch, handle);
	if (err) {
		notifier_remove(reg);
		registration_put(reg);
	}
	return err;
}

static HRESULT register_event(struct group *group, HANDLE event, DWORD types,
			      HPEEREVENT *handle)
{
	int cancel = cancel_disable();
	int ret = event_dup(event);

	if (ret >= 0)
		ret = register_events(group, ret, types, handle);
	cancel_restore(cancel);
	return hresult_from_errno(ret);
}

HRESULT WINAPI
PeerGroupRegisterEvent(HGROUP hGroup, HANDLE hEvent, DWORD cEventRegistration,
		       PEER_GROUP_EVENT_REGISTRATION *pEventRegistrations,
		       HPEEREVENT *phPeerEvent)
{
	struct group *group;
	DWORD types;
	HRESULT hr;

	reason_clear();
	if (!phPeerEvent)
		return E_INVALIDARG;
	*phPeerEvent = NULL;
	if (!started())
		return PEER_E_NOT_INITIALIZED;
	if (!pEventRegistrations)
		return E_INVALIDARG;
	types = types_of(pEventRegistrations, cEventRegistration);
	if (!types)
		return E_INVALIDARG;

	group = group_get(hGroup);
	if (!group)
		return PEER_E_INVALID_GROUP;
	hr = group_check(group);
	if (SUCCEEDED(hr))
		hr = register_event(group, hEvent, types, phPeerEvent);
	group_put(group);
	return hr;
}

HRESULT WINAPI PeerGroupGetEventData(HPEEREVENT hPeerEvent,
				     PPEER_GROUP_EVENT_DATA *ppEventData)
{
	struct registration *reg;
	struct item *item;
	bool open;

	reason_clear();
	if (!ppEventData)
		return E_INVALIDARG;
	*ppEventData = NULL;
	if (!started())
		return PEER_E_NOT_INITIALIZED;

	reg = registration_get(hPeerEvent);
	if (!reg)
		return E_INVALIDARG;
	open = inbox_take(&reg->inbox, &item);
	registration_put(reg);
	if (!open)
		return E_INVALIDARG;
	if (!item)
		return PEER_S_NO_EVENT_DATA;
	*ppEventData = &item->data;
	return S_OK;
}

HRESULT WINAPI PeerGroupUnregisterEvent(HPEEREVENT hPeerEvent)
{
	struct registration *reg;
	int cancel;
	bool mine;

	reason_clear();
	if (!started())
		return PEER_E_NOT_INITIALIZED;
	reg = registration_get(hPeerEvent);
	if (!reg)
		return E_INVALIDARG;
	/* Of several threads only one ends it. */
	cancel = cancel_disable();
	mine = handle_close(HANDLE_REGISTRATION, hPeerEvent);
	if (mine)
		notifier_remove(reg);
	registration_put(reg);
	cancel_restore(cancel);
	return mine ? S_OK : E_INVALIDARG;
}
