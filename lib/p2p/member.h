/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIB_P2P_MEMBER_H
#define LIB_P2P_MEMBER_H

#include "group.h"

HRESULT member_new(const struct membership *membership,
		   struct member **member);

/* NULL does nothing. */
void member_free(struct member *member);

/* Whether this process has the group open for the identity. */
bool member_is_open(const char *identity, const char *group);

/* Drop the handles of the group that the identity has. */
void member_close_all(const char *identity, const char *group);

#endif /* LIB_P2P_MEMBER_H */
