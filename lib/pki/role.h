/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Roles of members ([MS-PPSEC] 2.2.5.3), and under which classifiers they may
 * publish ([MS-PNRP] 2.2.3.5.1.5).
 */
#ifndef LIB_PKI_ROLE_H
#define LIB_PKI_ROLE_H

#include <stdbool.h>
#include <stddef.h>

#include "../public.h"

/* Bits of a set of roles. */
enum role {
	ROLE_ADMIN = 1,
	ROLE_INVITING = 2,
	ROLE_MEMBER = 4,
};

#define ROLES_N 3
#define ROLE_BYTES 16

/* What members publish under unless they are administrators. */
#define CLASSIFIER_PARTICIPANT "participant"

/* The bit of a role, 0 if it is none. */
unsigned int role_from_guid(const GUID *guid);

/* Likewise from a certificate, where the order of bytes is one of two. */
unsigned int role_from_bytes(const unsigned char bytes[ROLE_BYTES]);

/* The roles of a set as GUIDs, in a fixed order; returns how many. */
size_t roles_to_guids(unsigned int roles, GUID guids[ROLES_N]);

/* The bytes of a GUID as they lie in the memory of Windows. */
void role_to_bytes(const GUID *guid, unsigned char bytes[ROLE_BYTES]);

/* Whether somebody with roles parent may issue each role of child. */
bool roles_may_issue(unsigned int parent, unsigned int child);

/* A list of classifiers. */
struct classifiers {
	char **list;
	size_t n;
};

/*
 * Whether somebody who may publish under the classifiers of parent can let one
 * with roles publish under those of child. An empty list means everything.
 */
bool classifiers_delegated(const struct classifiers *parent,
			   const struct classifiers *child, unsigned int roles);

#endif /* LIB_PKI_ROLE_H */
