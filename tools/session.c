// SPDX-License-Identifier: GPL-2.0-only
/*
 * Begin, fail and end as a client of <p2p.h>.
 */
#include <errno.h>
#include <string.h>

#include "secured.h"

/* Choose the profile that was asked for, if any. */
void args_profile(struct args *args, const struct param *param)
{
	if (!param->value)
		return;
	if (!strcmp(param->value, "default"))
		pg_set_profile(PG_PROFILE_DEFAULT);
	else if (!strcmp(param->value, "windows"))
		pg_set_profile(PG_PROFILE_WINDOWS);
	else
		usage_error(args, param->value,
			    "profile must be default or windows");
}

/* The library stays in the namespace in which it was called first. */
bool session_start(const struct args *args)
{
	PEER_VERSION_DATA version;
	HRESULT hr;

	if (args->netns && !netns_enter(args->netns))
		return false;
	hr = PeerGroupStartup(PEER_GROUP_VERSION, &version);
	if (FAILED(hr))
		refused_with(hr);
	return SUCCEEDED(hr);
}

/* Closes all handles, too. */
void session_end(void)
{
	PeerGroupShutdown();
}

/* Report a failed call, before any other: that would take its reason away. */
enum status refused_with(HRESULT hr)
{
	return refused("%s", pg_hresult_text(hr));
}

enum status out_of_memory(void)
{
	return refused("%s", strerror(ENOMEM));
}
