// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Clouds of the Peer Name Resolution Protocol ([MS-PPSEC] 2.2.1.1).
 */
#include <stdlib.h>
#include <string.h>

#include "../reason.h"
#include "../utf8.h"
#include "argument.h"
#include "cloud.h"

#define CLOUD_UNITS 255

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Names with a zone or the number of an adapter mean something here only. */
static void classify(struct cloud *cloud)
{
	if (begins(cloud->name, "LinkLocal_"))
		cloud->scope = PNRP_LINK_LOCAL_SCOPE;
	else if (begins(cloud->name, "SiteLocal_"))
		cloud->scope = PNRP_SITE_LOCAL_SCOPE;
	else
		cloud->scope = PNRP_GLOBAL_SCOPE;
	cloud->flags = strpbrk(cloud->name, "{%") ? PNRP_CLOUD_NAME_LOCAL :
						    PNRP_CLOUD_NO_FLAGS;
}

HRESULT cloud_argument(PCWSTR wide, struct cloud *cloud)
{
	HRESULT hr;

	if (wide && (!wide_valid(wide) || wide_has_control(wide) ||
		     wide_utf16_len(wide) > CLOUD_UNITS))
		return fail(E_INVALIDARG, "the name of the cloud is not valid");
	hr = argument_text(wide && *wide ? wide : L"Global_", &cloud->name);
	if (SUCCEEDED(hr))
		classify(cloud);
	return hr;
}
