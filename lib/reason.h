/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a call of <p2p.h> failed, in words: kept by thread together with the
 * HRESULT that it explains, shown by pg_hresult_text().
 */
#ifndef LIB_REASON_H
#define LIB_REASON_H

#include "public.h"

/* Note the reason of a failure, in one line without a full stop; returns hr. */
HRESULT fail(HRESULT hr, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Likewise for errno, with its text after the words and a colon. */
HRESULT fail_errno(HRESULT hr, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Give the reason noted last another HRESULT, which is what the caller says. */
HRESULT fail_as(HRESULT hr);

/* Forget: a call begins. */
void reason_clear(void);

#endif /* LIB_REASON_H */
