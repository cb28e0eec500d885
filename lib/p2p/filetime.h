/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times of Windows: units of 100 ns since 1601.
 */
#ifndef LIB_P2P_FILETIME_H
#define LIB_P2P_FILETIME_H

#include <stdint.h>

#include "../public.h"

#define FILETIME_UNITS 10000000LL
#define FILETIME_1970 11644473600LL	/* seconds since 1601 */

/* The earliest there is for what was earlier. */
static inline FILETIME filetime_from_seconds(int64_t seconds)
{
	uint64_t units = 0;

	if (seconds > -FILETIME_1970)
		units = (seconds + FILETIME_1970) * FILETIME_UNITS;

	return (FILETIME){ units, units >> 32 };
}

static inline int64_t filetime_to_seconds(const FILETIME *time)
{
	uint64_t units = (uint64_t)time->dwHighDateTime << 32 |
			 time->dwLowDateTime;

	return (int64_t)(units / FILETIME_UNITS) - FILETIME_1970;
}

#endif /* LIB_P2P_FILETIME_H */
