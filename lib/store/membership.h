/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memberships in the store: one file for each identity and group.
 *
 * The codes of store.h, and PEER_E_CERT_STORE_CORRUPTED for a file whose content
 * is not what it should be.
 */
#ifndef LIB_STORE_MEMBERSHIP_H
#define LIB_STORE_MEMBERSHIP_H

#include "../pki/chain.h"
#include "../xml/invitation.h"
#include "store.h"

/* Most memberships of an identity. */
#define MEMBERSHIPS_MAX 1024

struct membership {
	struct membership_text *text;
	struct chain *chain;	/* valid but for the time */
};

/* NULL does nothing. */
void membership_free(struct membership *membership);

/* PEER_E_NOT_FOUND: the identity is no member. */
HRESULT membership_load(const char *identity, const char *group,
			struct membership **membership);

/* Whether it is there, and readable. */
HRESULT membership_check(const char *identity, const char *group);

/*
 * Put one in the store, in the place of one that is there, of which *replaced
 * tells. PEER_E_NOT_FOUND: there is no such identity; E_OUTOFMEMORY: it has
 * MEMBERSHIPS_MAX already.
 */
HRESULT membership_put(const struct membership_text *text, bool *replaced);

HRESULT membership_delete(const char *identity, const char *group);

/* How many the identity in this file has; how many of the user are in a group. */
HRESULT membership_count_of(struct store *store, const char *identity_file,
			    size_t *n);
HRESULT membership_count_in(const char *group, size_t *n);

/* Show each of an identity that can be read to cb; what is not S_OK ends it. */
HRESULT membership_list(const char *identity,
			HRESULT (*cb)(const struct membership *membership,
				      void *arg),
			void *arg);

#endif /* LIB_STORE_MEMBERSHIP_H */
