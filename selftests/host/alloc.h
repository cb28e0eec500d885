/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts what the library and libnl allocate, and lets it fail (ld --wrap).
 */
#ifndef HOST_ALLOC_H
#define HOST_ALLOC_H

/* The n-th allocation from now on fails, counted from 1; 0: none. */
void alloc_fail(unsigned int n);

/* Whether it has failed since. */
_Bool alloc_failed(void);

/* Blocks that were allocated and not freed. */
long alloc_live(void);

#endif /* HOST_ALLOC_H */
