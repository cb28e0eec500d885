// SPDX-License-Identifier: GPL-2.0-only
/* What registrations tell about a group, as text. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "sockets.h"
#include "told.h"

int stage_open(struct stage *stage)
{
	const struct pg_group_spec spec = { sizeof(spec), .name = "test" };
	PEER_VERSION_DATA version;
	int err;

	if (!own_netns())
		return -EPERM;
	err = pg_open(&stage->ctx);
	if (!err)
		err = pg_group_add(stage->ctx, &spec, &stage->id, NULL);
	if (err)
		return err;
	if (PeerGroupStartup(PEER_GROUP_VERSION, &version) ||
	    PeerGroupOpen(NULL, L"test", NULL, &stage->group))
		return -EIO;
	return 0;
}

void stage_close(struct stage *stage)
{
	pg_close(stage->ctx);
	while (PeerGroupShutdown() == S_OK)
		;
}

uint64_t stage_attach(struct stage *stage, int fd, enum pg_type type)
{
	const struct pg_attach sock = {
		.size = sizeof(sock), .fd = fd, .type = type,
	};
	uint64_t id = 0;

	if (pg_conn_attach(stage->ctx, stage->id, &sock, 1, &id, NULL, NULL))
		return 0;
	return id;
}

int stage_attach_all(struct stage *stage, const int *fds, size_t n)
{
	struct pg_attach socks[PG_ATTACH_MAX];
	size_t i, portion;
	int err = 0;

	for (; n && !err; n -= portion, fds += portion) {
		portion = n < PG_ATTACH_MAX ? n : PG_ATTACH_MAX;
		for (i = 0; i < portion; i++)
			socks[i] = (struct pg_attach){
				.size = sizeof(*socks), .fd = fds[i],
			};
		err = pg_conn_attach(stage->ctx, stage->id, socks, portion,
				     NULL, NULL, NULL);
	}
	return err;
}

static void *come_and_go(void *arg)
{
	struct churn *churn = arg;
	struct pair pair;
	uint64_t id;

	if (!pair_open(PAIR_IPV4, &pair))
		return NULL;
	while (!churn->stop) {
		id = stage_attach(&churn->stage, pair.client, PG_TYPE_ANY);
		pg_conn_detach(churn->stage.ctx, 0, id, NULL);
	}
	pair_close(&pair);
	return NULL;
}

bool churn_start(struct churn *churn, const struct stage *stage)
{
	churn->stage = *stage;
	churn->stop = false;
	return !pg_open(&churn->stage.ctx) &&
	       !pthread_create(&churn->thread, NULL, come_and_go, churn);
}

void churn_stop(struct churn *churn)
{
	churn->stop = true;
	pthread_join(churn->thread, NULL);
	pg_close(churn->stage.ctx);
}

HRESULT listen_types(struct listener *listener, HGROUP group, DWORD n,
		     const PEER_GROUP_EVENT_TYPE *types)
{
	PEER_GROUP_EVENT_REGISTRATION entries[16];
	DWORD i;

	for (i = 0; i < n; i++)
		entries[i] = (PEER_GROUP_EVENT_REGISTRATION){ types[i], NULL };
	listener->event = PeerEventCreate();
	return PeerGroupRegisterEvent(group, listener->event, n, entries,
				      &listener->handle);
}

HRESULT listen_all(struct listener *listener, HGROUP group)
{
	static const PEER_GROUP_EVENT_TYPE types[] = {
		PEER_GROUP_EVENT_STATUS_CHANGED,
		PEER_GROUP_EVENT_DIRECT_CONNECTION,
		PEER_GROUP_EVENT_NEIGHBOR_CONNECTION,
	};

	return listen_types(listener, group, 3, types);
}

HRESULT listener_end(struct listener *listener)
{
	HRESULT hr = PeerGroupUnregisterEvent(listener->handle);

	PeerEventClose(listener->event);
	return hr;
}

static const char *reason_name(HRESULT hr)
{
	switch (hr) {
	case S_OK:
		return "";
	case PEER_E_CONNECTION_REFUSED:
		return ", refused";
	case PEER_E_CONNECTION_FAILED:
		return ", failed";
	default:
		return ", for another reason";
	}
}

static const char *describe_conn(const PEER_GROUP_EVENT_DATA *data)
{
	static const char *const statuses[] = {
		"", "connected", "disconnected", "failed"
	};
	static __thread char text[80];
	const PEER_EVENT_CONNECTION_CHANGE_DATA *change =
		&data->connectionChangeData;
	bool direct = data->eventType == PEER_GROUP_EVENT_DIRECT_CONNECTION;

	if (change->dwSize != 40 || change->ullNextConnectionId ||
	    change->status < 1 || change->status > 3)
		return "nonsense";
	snprintf(text, sizeof(text), "%llu %s %s%s", change->ullConnectionId,
		 direct ? "direct" : "neighbor", statuses[change->status],
		 reason_name(change->hrConnectionFailedReason));
	return text;
}

static const char *describe(const PEER_GROUP_EVENT_DATA *data)
{
	switch (data->eventType) {
	case PEER_GROUP_EVENT_STATUS_CHANGED:
		return data->dwStatus == 2 ? "status 2" :
		       data->dwStatus ? "another status" : "status 0";
	case PEER_GROUP_EVENT_DIRECT_CONNECTION:
	case PEER_GROUP_EVENT_NEIGHBOR_CONNECTION:
		return describe_conn(data);
	default:
		return "another event";
	}
}

static const char *told_within(struct listener *listener, DWORD ms)
{
	PPEER_GROUP_EVENT_DATA data;
	const char *text;
	HRESULT hr;

	do {
		hr = PeerGroupGetEventData(listener->handle, &data);
	} while (hr == PEER_S_NO_EVENT_DATA &&
		 PeerEventWait(listener->event, ms) == S_OK);
	if (hr == PEER_S_NO_EVENT_DATA)
		return data ? "data" : "nothing";
	if (hr != S_OK)
		return "a failure";
	text = describe(data);
	PeerFreeData(data);
	return text;
}

const char *told(struct listener *listener)
{
	return told_within(listener, SOON);
}

const char *told_already(struct listener *listener)
{
	return told_within(listener, 0);
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(dir)))
		n += *entry->d_name != '.';
	closedir(dir);
	return n;
}

int count_fds(void)
{
	return count_entries("/proc/self/fd");
}

bool threads_are(int n)
{
	int i;

	for (i = 0; i < SOON; i++) {
		if (count_entries("/proc/self/task") == n)
			return true;
		usleep(1000);
	}
	return false;
}
