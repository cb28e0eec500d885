// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an invitation says. One that asks for a password says less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secured.h"

static char *role(const void *from, size_t i)
{
	const PEER_ROLE_ID *id = (const PEER_ROLE_ID *)from + i;
	const char *name = role_name(id);
	const BYTE *d = id->Data4;
	char *text;

	if (name)
		return strdup(name);
	if (asprintf(&text, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		     id->Data1, id->Data2, id->Data3, d[0], d[1], d[2], d[3],
		     d[4], d[5], d[6], d[7]) < 0)
		return NULL;
	return text;
}

static char *classifier(const void *from, size_t i)
{
	const PWSTR *classifiers = from;

	return wide_to(classifiers[i]);
}

/* The only one there is. */
static char *cloud_flag(const void *from, size_t i)
{
	(void)from;
	(void)i;
	return strdup("name-local");
}

static void print_time(struct sheet *sheet, const char *key, FILETIME time)
{
	char text[FILETIME_SIZE];

	if (!time.dwLowDateTime && !time.dwHighDateTime)
		return;
	filetime_format(time, text);
	sheet_text(sheet, key, text);
}

static void print_cloud(struct sheet *sheet, const PEER_INVITATION_INFO *info)
{
	static const char *const scopes[] = {
		[PNRP_SCOPE_ANY] = "any",
		[PNRP_GLOBAL_SCOPE] = "global",
		[PNRP_SITE_LOCAL_SCOPE] = "site-local",
		[PNRP_LINK_LOCAL_SCOPE] = "link-local",
	};

	sheet_wide(sheet, "cloud", info->pwzCloudName);
	sheet_text(sheet, "scope", info->dwScope < ARRAY_SIZE(scopes) ?
				   scopes[info->dwScope] : "unknown");
	sheet_list(sheet, "cloud-flags",
		   !!(info->dwCloudFlags & PNRP_CLOUD_NAME_LOCAL), cloud_flag,
		   NULL);
}

static char *hex(const CRYPT_BIT_BLOB *blob)
{
	char *text = malloc(2 * (size_t)blob->cbData + 1), *out = text;
	DWORD i;

	if (!text)
		return NULL;
	*text = '\0';
	for (i = 0; i < blob->cbData; i++)
		out += sprintf(out, "%02x", blob->pbData[i]);
	return text;
}

/* For people its hash is enough, which the name of the subject begins with. */
static void print_key(struct sheet *sheet, const CERT_PUBLIC_KEY_INFO *key)
{
	char *text;

	if (!key || !sheet->args->json)
		return;
	sheet_text(sheet, "key-algorithm", key->Algorithm.pszObjId);
	text = hex(&key->PublicKey);
	if (text)
		sheet_text(sheet, "key", text);
	else
		sheet->failed = true;
	free(text);
}

/* Its keys, too, are here to stay. */
enum status invitation_print(const struct args *args,
			     const PEER_INVITATION_INFO *info)
{
	const bool password =
		info->authScheme == PEER_GROUP_PASSWORD_AUTHENTICATION;
	struct sheet sheet;

	sheet_start(&sheet, args);
	sheet_wide(&sheet, "group", info->pwzGroupPeerName);
	sheet_wide(&sheet, "label", info->pwzGroupFriendlyName);
	sheet_wide(&sheet, "issuer", info->pwzIssuerPeerName);
	sheet_wide(&sheet, "issuer-label", info->pwzIssuerFriendlyName);
	sheet_wide(&sheet, "subject", info->pwzSubjectPeerName);
	sheet_wide(&sheet, "subject-label", info->pwzSubjectFriendlyName);
	sheet_list(&sheet, "roles", info->cRoles, role, info->pRoles);
	sheet_list(&sheet, "classifiers", info->cClassifiers, classifier,
		   info->ppwzClassifiers);
	print_time(&sheet, "valid-from", info->ftValidityStart);
	print_time(&sheet, "valid-until", info->ftValidityEnd);
	print_cloud(&sheet, info);
	sheet_text(&sheet, "scheme", password ? "password" : "membership");
	print_key(&sheet, info->pSubjectPublicKey);
	return sheet_end(&sheet);
}
