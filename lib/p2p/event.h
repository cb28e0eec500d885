/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Event objects: what is behind a HANDLE.
 */
#ifndef LIB_P2P_EVENT_H
#define LIB_P2P_EVENT_H

#include "../public.h"

/*
 * A new descriptor of the eventfd behind a handle, the caller's own. -EINVAL if
 * the handle is a bad one, or -errno.
 */
int event_dup(HANDLE handle);

#endif /* LIB_P2P_EVENT_H */
