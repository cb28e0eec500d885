/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread that tells registrations what has happened. It is there as long as
 * there are any.
 */
#ifndef LIB_P2P_NOTIFIER_H
#define LIB_P2P_NOTIFIER_H

#include "registration.h"

/*
 * Serve a registration, which it references while it does. If this fails, it is
 * still the caller's alone.
 */
int notifier_add(struct registration *reg);

/*
 * Serve it no longer, release all that it owns. Once this returns nothing is
 * told or signalled. May be done twice.
 */
void notifier_remove(struct registration *reg);

/* Serve none any longer. */
void notifier_end(void);

/* Keep all as it is across a fork(); a child has neither thread nor any. */
void notifier_lock(void);
void notifier_unlock(void);
void notifier_unlock_in_child(void);

#endif /* LIB_P2P_NOTIFIER_H */
