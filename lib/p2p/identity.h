/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIB_P2P_IDENTITY_H
#define LIB_P2P_IDENTITY_H

#include "../store/identity.h"

/*
 * The name that an argument gives, in buf; NULL, the default identity, if there
 * is no argument.
 */
HRESULT identity_argument(PCWSTR wide, char buf[PEERNAME_MAX + 1],
			  const char **name);

/*
 * The identity that an argument names; without one the default identity, made
 * if there is none. PEER_E_INVALID_PEER_NAME: there is none of this name.
 */
HRESULT identity_of_user(PCWSTR wide, struct identity **identity);

/* Put an identity in the store and hand out its name. */
HRESULT identity_add_and_name(const struct identity *identity, PWSTR *name);

#endif /* LIB_P2P_IDENTITY_H */
