// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupCreate().
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "../utf8.h"
#include "group.h"
#include "hresult.h"
#include "pool.h"
#include "startup.h"

/* Sizes of the structure, as the SDK has had it. */
#define SIZE_XP offsetof(PEER_GROUP_PROPERTIES, dwAuthenticationSchemes)
#define SIZE_VISTA sizeof(PEER_GROUP_PROPERTIES)

#define FLAGS_KNOWN (PEER_MEMBER_DATA_OPTIONAL | PEER_DISABLE_PRESENCE | \
		     PEER_DEFER_EXPIRATION)

/* Limits in UTF-16 units, as documented. */
#define CLASSIFIER_MAX 149
#define TEXT_MAX 255

/* A name: an authority of 40 hex digits, a dot, the classifier. */
#define AUTHORITY_BYTES 20
#define CLASSIFIER_AT (2 * AUTHORITY_BYTES + 1)

/* What a group is created with, in UTF-8. */
struct creation {
	char name[PG_NAME_MAX + 1];
	char label[PG_TEXT_MAX + 1];
	char comment[PG_TEXT_MAX + 1];
};

static bool is_text(PCWSTR wide, size_t max)
{
	return !wide || (wide_valid(wide) && wide_utf16_len(wide) <= max &&
			 !wide_has_control(wide));
}

static bool wants_password(const PEER_GROUP_PROPERTIES *props)
{
	if (props->dwSize == SIZE_XP)
		return false;
	return props->pwzGroupPassword ||
	       (props->dwAuthenticationSchemes &
		~(DWORD)PEER_GROUP_GMC_AUTHENTICATION);
}

static HRESULT check_properties(const PEER_GROUP_PROPERTIES *props)
{
	if (props->dwSize != SIZE_XP && props->dwSize != SIZE_VISTA)
		return PEER_E_INVALID_GROUP_PROPERTIES;
	if (!wide_valid(props->pwzCloud) ||
	    !wide_valid(props->pwzCreatorPeerName))
		return E_INVALIDARG;
	if ((props->dwFlags & ~(DWORD)FLAGS_KNOWN) ||
	    props->pwzGroupPeerName || wants_password(props))
		return PEER_E_INVALID_GROUP_PROPERTIES;
	if (!is_text(props->pwzClassifier, CLASSIFIER_MAX))
		return PEER_E_INVALID_CLASSIFIER;
	if (!is_text(props->pwzFriendlyName, TEXT_MAX) ||
	    !is_text(props->pwzComment, TEXT_MAX))
		return PEER_E_INVALID_GROUP_PROPERTIES;
	return S_OK;
}

static bool put_authority(char *name)
{
	unsigned char bytes[AUTHORITY_BYTES];
	size_t i;

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return false;
	for (i = 0; i < sizeof(bytes); i++)
		sprintf(name + 2 * i, "%02x", bytes[i]);
	name[CLASSIFIER_AT - 1] = '.';
	return true;
}

/* The documented limits in UTF-16 units are within the module's in bytes. */
static void put_text(PCWSTR wide, char *out, size_t size)
{
	utf8_from_wide(wide ? wide : L"", out, size);
}

static bool creation_init(struct creation *creation,
			  const PEER_GROUP_PROPERTIES *props)
{
	if (!put_authority(creation->name))
		return false;
	put_text(props->pwzClassifier, creation->name + CLASSIFIER_AT,
		 sizeof(creation->name) - CLASSIFIER_AT);
	put_text(props->pwzFriendlyName, creation->label,
		 sizeof(creation->label));
	put_text(props->pwzComment, creation->comment,
		 sizeof(creation->comment));
	return true;
}

/* Without a handle nobody knows the name of the group, so it goes again. */
static HRESULT hand_out(struct pg_ctx *ctx, uint32_t id, uint64_t epoch,
			HGROUP *handle)
{
	HRESULT hr = group_handle(ctx, id, epoch, handle);

	if (FAILED(hr))
		pg_group_del(ctx, id, NULL);
	return hr;
}

static HRESULT create(const struct creation *creation, uint64_t epoch,
		      HGROUP *handle)
{
	const struct pg_group_spec spec = {
		.size = sizeof(spec),
		.name = creation->name,
		.label = creation->label,
		.comment = creation->comment,
	};
	struct pg_ctx *ctx;
	uint32_t id;
	HRESULT hr;
	int err;

	err = pool_get(&ctx);
	if (err)
		return hresult_from_errno(err);

	err = pg_group_add(ctx, &spec, &id, NULL);
	hr = err ? hresult_from_errno(err) : hand_out(ctx, id, epoch, handle);
	pool_put(ctx);
	return hr;
}

HRESULT WINAPI PeerGroupCreate(PPEER_GROUP_PROPERTIES pProperties,
			       HGROUP *phGroup)
{
	struct creation creation;
	uint64_t epoch;
	HRESULT hr;

	if (!phGroup)
		return E_INVALIDARG;
	*phGroup = NULL;
	epoch = started();
	if (!epoch)
		return PEER_E_NOT_INITIALIZED;
	if (!pProperties)
		return E_INVALIDARG;

	hr = check_properties(pProperties);
	if (FAILED(hr))
		return hr;
	if (!creation_init(&creation, pProperties))
		return E_UNEXPECTED;
	return create(&creation, epoch, phGroup);
}
