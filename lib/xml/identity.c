// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PEERIDENTITYINFO and PEERIDENTITYEXPORT.
 */
#include <stdlib.h>

#include "../peername.h"
#include "base64.h"
#include "identity.h"
#include "xml.h"

#define VERSION "1.0"	/* also where groups are of security version 1.1 */

static const struct xml_kind info_kind = {
	.root = "PEERIDENTITYINFO",
	.what = "the identity",
	.max = IDENTITY_TEXT_MAX,
	.malformed = E_INVALIDARG,
	.too_long = E_INVALIDARG,
};

static const struct xml_kind export_kind = {
	.root = "PEERIDENTITYEXPORT",
	.what = "the exported identity",
	.max = IDENTITY_TEXT_MAX,
	.malformed = E_INVALIDARG,
	.too_long = E_INVALIDARG,
};

static void begin(struct xml *xml, const struct xml_kind *kind,
		  const char *text)
{
	xml_read(xml, kind, text);
	if (!xml_is_version(xml, VERSION))
		xml_fail(xml, kind->malformed, "has a VERSION other than %s",
			 VERSION);
}

HRESULT identity_info_write(const unsigned char *der, size_t len, char **text)
{
	struct xml xml;

	xml_new(&xml, &info_kind, VERSION);
	xml_add_data(&xml, "IDC", der, len);
	return xml_write(&xml, text);
}

HRESULT identity_info_read(const char *text, unsigned char **der, size_t *len)
{
	struct xml xml;

	begin(&xml, &info_kind, text);
	*der = xml_data(&xml, "IDC", len);
	return xml_end(&xml);
}

HRESULT identity_export_write(const char *peer_name, const unsigned char *der,
			      size_t len, bool twice, char **text)
{
	struct xml xml;

	xml_new(&xml, &export_kind, VERSION);
	xml_add_string(&xml, "PEERNAME", peer_name);
	if (twice)
		xml_add_data_twice(&xml, "DATA", der, len);
	else
		xml_add_data(&xml, "DATA", der, len);
	return xml_write(&xml, text);
}

/* The SDK has two sets of names. */
HRESULT identity_export_read(const char *text, char **peer_name,
			     unsigned char **der, size_t *len)
{
	struct xml xml;
	bool other;
	HRESULT hr;

	begin(&xml, &export_kind, text);
	other = !xml_has(&xml, "PEERNAME") && xml_has(&xml, "IDENTITY");
	*peer_name = xml_string(&xml, other ? "IDENTITY" : "PEERNAME",
				PEERNAME_UNITS);
	*der = xml_data(&xml, other ? "IDENTITYDATA" : "DATA", len);
	hr = xml_end(&xml);
	if (FAILED(hr)) {
		free(*peer_name);
		base64_free(*der, *len);
		*peer_name = NULL;
		*der = NULL;
	}
	return hr;
}
