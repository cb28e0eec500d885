// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts what the library and libnl allocate, and lets it fail.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "alloc.h"

static atomic_long live;
static unsigned int countdown;
static bool failed;

void alloc_fail(unsigned int n)
{
	countdown = n;
	failed = false;
}

_Bool alloc_failed(void)
{
	return failed;
}

long alloc_live(void)
{
	return live;
}

static bool must_fail(void)
{
	if (!countdown || --countdown)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

static void *count(void *block)
{
	if (block)
		live++;
	return block;
}

void *__wrap_malloc(size_t size)
{
	return must_fail() ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return must_fail() ? NULL : count(__real_calloc(n, size));
}

void *__wrap_realloc(void *block, size_t size)
{
	if (must_fail())
		return NULL;
	return block ? __real_realloc(block, size) :
		       count(__real_malloc(size));
}

char *__wrap_strdup(const char *text)
{
	return must_fail() ? NULL : count(__real_strdup(text));
}

void __wrap_free(void *block)
{
	if (block)
		live--;
	__real_free(block);
}
