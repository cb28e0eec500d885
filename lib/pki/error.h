/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIB_PKI_ERROR_H
#define LIB_PKI_ERROR_H

#include "../reason.h"

/*
 * Fail with the HRESULT that stands for what OpenSSL noted first, and its words
 * after what; its queue is empty then. NTE_FAIL if it noted nothing.
 */
HRESULT fail_crypto(const char *what);

#endif /* LIB_PKI_ERROR_H */
