/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Enumerations of names; items are PEER_NAME_PAIR *.
 */
#ifndef LIB_P2P_ENUM_NAMES_H
#define LIB_P2P_ENUM_NAMES_H

#include "enum.h"

extern const struct enum_kind enum_names;

/* Add a name; -ENOMEM, -EILSEQ. */
int enum_names_add(struct peer_enum *peer_enum, const char *name,
		   const char *friendly);

#endif /* LIB_P2P_ENUM_NAMES_H */
