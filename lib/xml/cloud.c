// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What invitations and memberships have in common.
 */
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

/* PNRP_SCOPE and PNRP_CLOUD_FLAGS; any scope is none that a group is in. */
#define SCOPE_FIRST 1
#define SCOPE_LAST 3
#define FLAGS_MAX 1

static const char *const scopes[] = {
	[1] = "GLOBAL", [2] = "SITELOCAL", [3] = "LINKLOCAL",
};

enum security_version version_read(struct xml *xml)
{
	if (xml_is_version(xml, "1.0"))
		return SECURITY_1_0;
	if (!xml_is_version(xml, "1.1"))
		xml_fail(xml, PEER_E_UNSUPPORTED_VERSION,
			 "has a VERSION other than 1.0 and 1.1");
	return SECURITY_1_1;
}

void version_write(struct xml *xml, const struct xml_kind *kind,
		   enum security_version version)
{
	xml_new(xml, kind, version == SECURITY_1_0 ? "1.0" : "1.1");
}

static uint32_t scope_of(const char *word)
{
	uint32_t scope;

	for (scope = SCOPE_FIRST; scope <= SCOPE_LAST; scope++)
		if (!strcmp(scopes[scope], word))
			return scope;
	return 0;
}

static uint32_t read_scope(struct xml *xml)
{
	char *word = xml_string(xml, "SCOPE", XML_STRING_MAX);
	uint32_t scope = word ? scope_of(word) : 0;

	if (!scope)
		xml_fail(xml, xml->kind->malformed, "has an unknown SCOPE");
	free(word);
	return scope;
}

void cloud_read(struct xml *xml, struct cloud *cloud)
{
	cloud->name = xml_string(xml, "CLOUDNAME", CLOUD_NAME_UNITS);
	cloud->scope = read_scope(xml);
	cloud->flags = xml_number(xml, "CLOUDFLAGS", FLAGS_MAX);
}

void cloud_write(struct xml *xml, const struct cloud *cloud)
{
	xml_add_string(xml, "CLOUDNAME", cloud->name);
	if (cloud->scope < SCOPE_FIRST || cloud->scope > SCOPE_LAST)
		xml_fail(xml, E_INVALIDARG, "would have an unknown SCOPE");
	else
		xml_add_string(xml, "SCOPE", scopes[cloud->scope]);
	xml_add_number(xml, "CLOUDFLAGS", cloud->flags);
}
