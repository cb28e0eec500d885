// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Roles of members, and under which classifiers they may publish.
 */
#include <string.h>

#include "role.h"

static const struct {
	enum role role;
	const GUID *guid;
	unsigned int issues;
} table[ROLES_N] = {
	{ ROLE_ADMIN, &PEER_GROUP_ROLE_ADMIN,
	  ROLE_ADMIN | ROLE_INVITING | ROLE_MEMBER },
	{ ROLE_INVITING, &PEER_GROUP_ROLE_INVITING_MEMBER,
	  ROLE_INVITING | ROLE_MEMBER },
	{ ROLE_MEMBER, &PEER_GROUP_ROLE_MEMBER, 0 },
};

unsigned int role_from_guid(const GUID *guid)
{
	size_t i;

	for (i = 0; i < ROLES_N; i++)
		if (!memcmp(table[i].guid, guid, sizeof(*guid)))
			return table[i].role;
	return 0;
}

static void put(unsigned char *bytes, uint32_t value, size_t n, bool swap)
{
	size_t i;

	for (i = 0; i < n; i++)
		bytes[swap ? i : n - 1 - i] = value >> 8 * i;
}

/* Microsoft prints them big-endian and stores them little-endian. */
static void to_bytes(const GUID *guid, unsigned char *bytes, bool swap)
{
	put(bytes, guid->Data1, 4, swap);
	put(bytes + 4, guid->Data2, 2, swap);
	put(bytes + 6, guid->Data3, 2, swap);
	memcpy(bytes + 8, guid->Data4, 8);
}

void role_to_bytes(const GUID *guid, unsigned char bytes[ROLE_BYTES])
{
	to_bytes(guid, bytes, true);
}

unsigned int role_from_bytes(const unsigned char bytes[ROLE_BYTES])
{
	unsigned char as_stored[ROLE_BYTES], as_printed[ROLE_BYTES];
	size_t i;

	for (i = 0; i < ROLES_N; i++) {
		to_bytes(table[i].guid, as_stored, true);
		to_bytes(table[i].guid, as_printed, false);
		if (!memcmp(bytes, as_stored, ROLE_BYTES) ||
		    !memcmp(bytes, as_printed, ROLE_BYTES))
			return table[i].role;
	}
	return 0;
}

size_t roles_to_guids(unsigned int roles, GUID guids[ROLES_N])
{
	size_t i, n = 0;

	for (i = 0; i < ROLES_N; i++)
		if (roles & table[i].role)
			guids[n++] = *table[i].guid;
	return n;
}

bool roles_may_issue(unsigned int parent, unsigned int child)
{
	unsigned int issues = 0;
	size_t i;

	for (i = 0; i < ROLES_N; i++)
		if (parent & table[i].role)
			issues |= table[i].issues;
	return !(child & ~issues);
}

/* Whoever may issue roles may also extend a classifier. */
static bool matches(const char *parent, const char *child, bool issuer)
{
	return issuer ? !strncmp(parent, child, strlen(parent)) :
			!strcmp(parent, child);
}

static bool has_match(const struct classifiers *parent, const char *child,
		      bool issuer)
{
	size_t i;

	for (i = 0; i < parent->n; i++)
		if (matches(parent->list[i], child, issuer))
			return true;
	return false;
}

bool classifiers_delegated(const struct classifiers *parent,
			   const struct classifiers *child, unsigned int roles)
{
	bool issuer = roles & (ROLE_ADMIN | ROLE_INVITING);
	size_t i;

	if (!parent->n)
		return true;
	/* Everything begins with "". */
	if (!child->n)
		return issuer && has_match(parent, "", false);
	for (i = 0; i < child->n; i++)
		if (!has_match(parent, child->list[i], issuer))
			return false;
	return true;
}
