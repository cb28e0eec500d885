/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIB_P2P_STARTUP_H
#define LIB_P2P_STARTUP_H

#include <stdint.h>

/*
 * The epoch of the use of groups, which lasts from the first start to the last
 * end; 0 if there is none. What is made in it must not outlive it.
 */
uint64_t started(void);

/* Let nobody start or end during a fork(). */
void startup_lock(void);
void startup_unlock(void);

#endif /* LIB_P2P_STARTUP_H */
