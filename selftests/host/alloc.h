/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts what the library and libnl allocate, and lets it fail (ld --wrap).
 */
#ifndef HOST_ALLOC_H
#define HOST_ALLOC_H

#include <stddef.h>

/* The n-th allocation from now on fails, counted from 1; 0: none. */
void alloc_fail(unsigned int n);

/* Whether it has failed since. */
_Bool alloc_failed(void);

/* Blocks that were allocated and not freed. */
long alloc_live(void);

/* What the linker makes of malloc() and so on. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *block);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *block);

#endif /* HOST_ALLOC_H */
