// SPDX-License-Identifier: GPL-2.0-only
/* Print the connections of a peer group as they come and go, until killed. */
#include <locale.h>
#include <p2p.h>
#include <stdio.h>
#include <wchar.h>

static void PrintEvent(const PEER_GROUP_EVENT_DATA *pEvent)
{
	const PEER_EVENT_CONNECTION_CHANGE_DATA *pChange = &pEvent->connectionChangeData;
	const char *szType = pEvent->eventType == PEER_GROUP_EVENT_DIRECT_CONNECTION ?
			     "direct" : "neighbor";

	if (pEvent->eventType == PEER_GROUP_EVENT_STATUS_CHANGED)
		printf("%s\n", pEvent->dwStatus & PEER_GROUP_STATUS_HAS_CONNECTIONS ?
			       "the group has connections" : "the group has no connections");
	else if (pChange->status == PEER_CONNECTED)
		printf("connected     %-8s  connection %llu  node %llu\n", szType,
		       pChange->ullConnectionId, pChange->ullNodeId);
	else if (pChange->status == PEER_DISCONNECTED)
		printf("disconnected  %-8s  connection %llu  node %llu\n", szType,
		       pChange->ullConnectionId, pChange->ullNodeId);
	else
		printf("failed        %-8s  connection %llu  node %llu  0x%08X\n", szType,
		       pChange->ullConnectionId, pChange->ullNodeId,
		       (unsigned int)pChange->hrConnectionFailedReason);
}

static HRESULT PrintEvents(HANDLE hEvent, HPEEREVENT hPeerEvent)
{
	PPEER_GROUP_EVENT_DATA pEvent;
	HRESULT hr = S_OK;

	while (SUCCEEDED(hr)) {
		hr = PeerGroupGetEventData(hPeerEvent, &pEvent);
		if (hr == PEER_S_NO_EVENT_DATA) {
			fflush(stdout);
			hr = PeerEventWait(hEvent, INFINITE);
		} else if (SUCCEEDED(hr)) {
			PrintEvent(pEvent);
			PeerFreeData(pEvent);
		}
	}
	return hr;
}

static HRESULT WatchConnections(HGROUP hGroup)
{
	PEER_GROUP_EVENT_REGISTRATION registrations[] = {
		{ PEER_GROUP_EVENT_STATUS_CHANGED, NULL },
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_NEIGHBOR_CONNECTION, NULL },
	};
	HANDLE hEvent = PeerEventCreate();
	HPEEREVENT hPeerEvent;
	HRESULT hr;

	if (!hEvent)
		return E_OUTOFMEMORY;
	hr = PeerGroupRegisterEvent(hGroup, hEvent, 3, registrations, &hPeerEvent);
	if (SUCCEEDED(hr)) {
		hr = PrintEvents(hEvent, hPeerEvent);
		PeerGroupUnregisterEvent(hPeerEvent);
	}
	PeerEventClose(hEvent);
	return hr;
}

int main(int argc, char **argv)
{
	PEER_VERSION_DATA version;
	HRESULT hr = E_INVALIDARG;
	WCHAR wzGroup[512];
	HGROUP hGroup;

	setlocale(LC_ALL, "");
	if (argc == 2 && swprintf(wzGroup, 512, L"%s", argv[1]) >= 0)
		hr = PeerGroupStartup(PEER_GROUP_VERSION, &version);
	if (SUCCEEDED(hr))
		hr = PeerGroupOpen(NULL, wzGroup, NULL, &hGroup);
	if (SUCCEEDED(hr))
		hr = WatchConnections(hGroup);
	PeerGroupShutdown();	/* closes the group, too */
	if (FAILED(hr))
		fprintf(stderr, "0x%08X\n", (unsigned int)hr);
	return FAILED(hr);
}
