// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PEERGROUPCONFIG, as the store keeps it.
 */
#include <stdlib.h>
#include <string.h>

#include "../store/store.h"
#include "cloud.h"
#include "invitation.h"

static const struct xml_kind kind = {
	.root = "PEERGROUPCONFIG",
	.what = "the membership",
	.max = STORE_FILE_MAX,
	.malformed = PEER_E_CERT_STORE_CORRUPTED,
	.too_long = PEER_E_CHAIN_TOO_LONG,
};

static uint32_t number_or(struct xml *xml, const char *name, uint32_t otherwise)
{
	return xml_has(xml, name) ? xml_number(xml, name, UINT32_MAX) :
				    otherwise;
}

static char *comment(struct xml *xml)
{
	char *none;

	if (xml_has(xml, "COMMENT"))
		return xml_string(xml, "COMMENT", COMMENT_UNITS);
	none = strdup("");
	if (!none)
		xml_fail(xml, E_OUTOFMEMORY, "needs more memory");
	return none;
}

static void read_all(struct xml *xml, struct membership_text *in)
{
	in->version = version_read(xml);
	in->identity_name = xml_string(xml, "IDENTITYPEERNAME",
				       PEERNAME_UNITS);
	in->group_name = xml_string(xml, "GROUPPEERNAME", PEERNAME_UNITS);
	cloud_read(xml, &in->cloud);
	in->chain = xml_data(xml, "GMC", &in->chain_len);
	in->comment = comment(xml);
	in->flags = number_or(xml, "FLAGS", 0);
	in->member_data_lifetime = number_or(xml, "MEMBERDATALIFETIME",
					     MEMBER_DATA_LIFETIME);
	in->presence_lifetime = number_or(xml, "PRESENCELIFETIME",
					  PRESENCE_LIFETIME);
}

HRESULT membership_text_read(const char *text,
			     struct membership_text **membership)
{
	struct membership_text *in = calloc(1, sizeof(*in));
	struct xml xml;
	HRESULT hr;

	*membership = NULL;
	if (!in)
		return fail(E_OUTOFMEMORY, "no memory for a membership");

	xml_read(&xml, &kind, text);
	read_all(&xml, in);
	hr = xml_end(&xml);
	if (FAILED(hr))
		membership_text_free(in);
	else
		*membership = in;
	return hr;
}

HRESULT membership_text_write(const struct membership_text *membership,
			      char **text)
{
	struct xml xml;

	version_write(&xml, &kind, membership->version);
	xml_add_string(&xml, "IDENTITYPEERNAME", membership->identity_name);
	xml_add_string(&xml, "GROUPPEERNAME", membership->group_name);
	cloud_write(&xml, &membership->cloud);
	xml_add_data(&xml, "GMC", membership->chain, membership->chain_len);
	xml_add_string(&xml, "COMMENT", membership->comment);
	xml_add_number(&xml, "FLAGS", membership->flags);
	xml_add_number(&xml, "MEMBERDATALIFETIME",
		       membership->member_data_lifetime);
	xml_add_number(&xml, "PRESENCELIFETIME",
		       membership->presence_lifetime);
	return xml_write(&xml, text);
}

void membership_text_free(struct membership_text *membership)
{
	if (!membership)
		return;
	free(membership->identity_name);
	free(membership->group_name);
	free(membership->cloud.name);
	free(membership->chain);
	free(membership->comment);
	free(membership);
}
