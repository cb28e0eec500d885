// SPDX-License-Identifier: GPL-2.0-only
/* Print the connections of a peer group that are active right now. */
#include <arpa/inet.h>
#include <locale.h>
#include <p2p.h>
#include <stdio.h>
#include <wchar.h>

static HRESULT PrintConnection(const PEER_CONNECTION_INFO *pConn)
{
	char szAddress[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &pConn->address.sin6.sin6_addr, szAddress, sizeof(szAddress));
	return printf("%-8ls  connection %llu  node %llu  peer %ls  address [%s]:%u\n",
		      pConn->dwFlags == PEER_CONNECTION_DIRECT ? L"direct" : L"neighbor",
		      pConn->ullConnectionId, pConn->ullNodeId, pConn->pwzPeerId, szAddress,
		      ntohs(pConn->address.sin6.sin6_port)) < 0 ? E_FAIL : S_OK;
}

static HRESULT PrintConnections(HGROUP hGroup)
{
	PEER_CONNECTION_INFO **ppConns;
	HPEERENUM hPeerEnum;
	ULONG i, cConns;
	HRESULT hr;

	hr = PeerGroupEnumConnections(hGroup, 0, &hPeerEnum);
	if (FAILED(hr))
		return hr;
	hr = PeerGetItemCount(hPeerEnum, &cConns);
	if (SUCCEEDED(hr))
		hr = PeerGetNextItem(hPeerEnum, &cConns, (PVOID **)&ppConns);
	if (SUCCEEDED(hr)) {
		for (i = 0; SUCCEEDED(hr) && i < cConns; i++)
			hr = PrintConnection(ppConns[i]);
		PeerFreeData(ppConns);
	}
	PeerEndEnumeration(hPeerEnum);
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
		hr = PrintConnections(hGroup);
	PeerGroupShutdown();	/* closes the group, too */
	if (FAILED(hr))
		fprintf(stderr, "0x%08X\n", (unsigned int)hr);
	return FAILED(hr);
}
