/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIB_WATCH_H
#define LIB_WATCH_H

#include "context.h"

/* The context that lists, and so tells which module and namespace it is of. */
struct pg_ctx *watch_ctx(struct pg_watch *watch);

/* Close the sockets of a watch, which is good for pg_watch_close() only then. */
void watch_hang_up(struct pg_watch *watch);

#endif /* LIB_WATCH_H */
