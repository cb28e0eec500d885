/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invitations as they are read: the text, and the chain if it brings one.
 */
#ifndef LIB_P2P_ACCEPT_H
#define LIB_P2P_ACCEPT_H

#include "../pki/chain.h"
#include "../xml/invitation.h"

struct accepted {
	struct invitation *invitation;
	struct chain *chain;	/* NULL: it asks for a password */
};

/*
 * Read an invitation and check all but the time. Whatever is wrong with it is
 * PEER_E_INVITATION_NOT_TRUSTED, but for what has a code of its own:
 * PEER_E_UNSUPPORTED_VERSION, PEER_E_CHAIN_TOO_LONG,
 * PEER_E_CIRCULAR_CHAIN_DETECTED.
 */
HRESULT accept_invitation(PCWSTR wide, struct accepted *accepted);

void accepted_free(struct accepted *accepted);

/* The roles that groups of a version have. */
unsigned int roles_of_version(enum security_version version);

#endif /* LIB_P2P_ACCEPT_H */
