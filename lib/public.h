/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public headers, whose functions are the only ones that the shared
 * library exports; all else is built with hidden visibility.
 */
#ifndef LIB_PUBLIC_H
#define LIB_PUBLIC_H

#pragma GCC visibility push(default)
#include <p2p.h>
#include <peergroup.h>
#pragma GCC visibility pop

#endif /* LIB_PUBLIC_H */
