/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIB_P2P_CLOUD_H
#define LIB_P2P_CLOUD_H

#include "../xml/invitation.h"

/*
 * The cloud that an argument names; NULL: the global one. Nothing here uses it
 * but invitations, which carry it. E_INVALIDARG: not valid, or too long. The
 * name is released with free().
 */
HRESULT cloud_argument(PCWSTR wide, struct cloud *cloud);

#endif /* LIB_P2P_CLOUD_H */
