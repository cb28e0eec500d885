/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIB_PICTURE_H
#define LIB_PICTURE_H

#include "public.h"

/*
 * The events that lead from one picture to another, in the order of
 * pg_watch_next(), into an array to be freed; their number, or -ENOMEM. If it
 * succeeds, what has gone is marked so in before, which is good for nothing
 * else then. Both pictures have to outlive the events.
 */
ssize_t picture_difference(struct pg_picture *before,
			   const struct pg_picture *after,
			   struct pg_event **events);

#endif /* LIB_PICTURE_H */
