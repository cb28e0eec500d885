/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A store of the test program's own: $PEERGROUP_HOME is a directory that goes
 * with the program, and $PEERGROUP_PROFILE asks for keys that are quickly made.
 */
#ifndef SELFTESTS_OWN_STORE_H
#define SELFTESTS_OWN_STORE_H

/* The directory that all stores are in. */
const char *own_store_root(void);

/* Go on with the store of this name, which is empty at first. */
void own_store_use(const char *name);

#endif /* SELFTESTS_OWN_STORE_H */
