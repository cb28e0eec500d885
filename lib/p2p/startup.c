// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Start and end of the use of groups.
 */
#include <errno.h>
#include <pthread.h>

#include "../message.h"
#include "../reason.h"
#include "cancel.h"
#include "handle.h"
#include "hresult.h"
#include "notifier.h"
#include "pool.h"
#include "startup.h"

#define VERSION_XP MAKEWORD(1, 0)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int users;	/* under lock */
static uint64_t epoch;		/* likewise */

uint64_t started(void)
{
	uint64_t now;

	pthread_mutex_lock(&lock);
	now = epoch;
	pthread_mutex_unlock(&lock);
	return now;
}

void startup_lock(void)
{
	pthread_mutex_lock(&lock);
}

void startup_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* An idle context does not know whether the module is still there. */
static int pool_get_fresh(struct pg_ctx **ctx)
{
	int err = pool_get(ctx);

	if (err)
		return err;
	err = ctx_resolve(*ctx);
	if (err)
		pg_close(*ctx);
	return err;
}

/* Users come and go one at a time, so that the last one leaves nothing. */
static HRESULT start_locked(void)
{
	struct pg_ctx *ctx;
	int err = pool_get_fresh(&ctx);

	if (err == -ENODEV)
		return HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL);
	if (err)
		return hresult_from_errno(err);

	pool_put(ctx);
	if (!users++)
		epoch = handle_begin();
	return S_OK;
}

HRESULT WINAPI PeerGroupStartup(WORD wVersionRequested,
				PPEER_VERSION_DATA pVersionData)
{
	HRESULT hr;
	int cancel;

	reason_clear();
	if (!pVersionData)
		return E_INVALIDARG;
	*pVersionData = (PEER_VERSION_DATA){ 0 };

	if (wVersionRequested != PEER_GROUP_VERSION &&
	    wVersionRequested != VERSION_XP)
		return PEER_E_UNSUPPORTED_VERSION;

	cancel = cancel_disable();
	pthread_mutex_lock(&lock);
	hr = start_locked();
	pthread_mutex_unlock(&lock);
	cancel_restore(cancel);
	if (SUCCEEDED(hr)) {
		pVersionData->wVersion = wVersionRequested;
		pVersionData->wHighestVersion = PEER_GROUP_VERSION;
	}
	return hr;
}

HRESULT WINAPI PeerGroupShutdown(void)
{
	int cancel = cancel_disable();
	HRESULT hr = S_OK;

	reason_clear();
	pthread_mutex_lock(&lock);
	if (!users) {
		hr = E_UNEXPECTED;
	} else if (!--users) {
		epoch = 0;
		handle_end();
		notifier_end();
		pool_drain();
	}
	pthread_mutex_unlock(&lock);
	cancel_restore(cancel);
	return hr;
}
