/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIB_P2P_HRESULT_H
#define LIB_P2P_HRESULT_H

#include "../public.h"

/*
 * The HRESULT for what the native API returned. -ENOENT is a group that is
 * gone; where a name was looked up, it is the caller's to treat.
 */
HRESULT hresult_from_errno(int err);

/* Likewise for the look-up of a name. */
HRESULT hresult_of_name(int err);

#endif /* LIB_P2P_HRESULT_H */
