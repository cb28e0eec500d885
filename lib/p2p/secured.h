/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secured groups: those that identities use by their memberships.
 */
#ifndef LIB_P2P_SECURED_H
#define LIB_P2P_SECURED_H

#include <stdint.h>

#include "../public.h"

/*
 * Open a group for a member. The kernel's group is made if there is none.
 * PEER_E_NOT_FOUND: the identity is no member.
 */
HRESULT secured_open(const char *identity, const char *group, uint64_t epoch,
		     HGROUP *handle);

/* Likewise for the identity that an argument names; NULL: the default one. */
HRESULT secured_open_as(PCWSTR identity, const char *group, uint64_t epoch,
			HGROUP *handle);

/* Delete a membership, and the kernel's group if it is the caller's. */
HRESULT secured_delete_as(PCWSTR identity, const char *group);

#endif /* LIB_P2P_SECURED_H */
