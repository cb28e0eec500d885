// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PEERINVITATION.
 */
#include <stdlib.h>

#include "cloud.h"
#include "invitation.h"

static const struct xml_kind kind = {
	.root = "PEERINVITATION",
	.what = "the invitation",
	.max = INVITATION_MAX,
	.malformed = PEER_E_INVITATION_NOT_TRUSTED,
	.too_long = PEER_E_CHAIN_TOO_LONG,
};

/* The two kinds have nothing of each other, lest readers differ about one. */
static bool asks_for_password(struct xml *xml)
{
	bool group = xml_has(xml, "GROUPPEERNAME");

	if (!group && !xml_has(xml, "GROUPFRIENDLYNAME"))
		return false;
	if (xml_has(xml, "GMC"))
		xml_fail(xml, kind.malformed, "has both GMC and %s",
			 group ? "GROUPPEERNAME" : "GROUPFRIENDLYNAME");
	else if (!xml_is_version(xml, "1.1"))
		xml_fail(xml, kind.malformed,
			 "asks for a password, which needs VERSION 1.1");
	return true;
}

static void read_membership(struct xml *xml, struct invitation *invitation)
{
	if (!asks_for_password(xml)) {
		invitation->chain = xml_data(xml, "GMC",
					     &invitation->chain_len);
		return;
	}
	invitation->group_name = xml_string(xml, "GROUPPEERNAME",
					    PEERNAME_UNITS);
	invitation->group_friendly = xml_string(xml, "GROUPFRIENDLYNAME",
						FRIENDLY_UNITS);
}

HRESULT invitation_read(const char *text, struct invitation **invitation)
{
	struct invitation *in = calloc(1, sizeof(*in));
	struct xml xml;
	HRESULT hr;

	*invitation = NULL;
	if (!in)
		return fail(E_OUTOFMEMORY, "no memory for an invitation");

	xml_read(&xml, &kind, text);
	in->version = version_read(&xml);
	cloud_read(&xml, &in->cloud);
	read_membership(&xml, in);
	hr = xml_end(&xml);
	if (FAILED(hr))
		invitation_free(in);
	else
		*invitation = in;
	return hr;
}

HRESULT invitation_write(const struct invitation *invitation, char **text)
{
	struct xml xml;

	version_write(&xml, &kind, invitation->version);
	cloud_write(&xml, &invitation->cloud);
	xml_add_data(&xml, "GMC", invitation->chain, invitation->chain_len);
	return xml_write(&xml, text);
}

void invitation_free(struct invitation *invitation)
{
	if (!invitation)
		return;
	free(invitation->cloud.name);
	free(invitation->chain);
	free(invitation->group_name);
	free(invitation->group_friendly);
	free(invitation);
}
