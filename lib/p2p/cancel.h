/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that hold locks across what a thread may be cancelled in: they are
 * finished first, or the locks would stay with a thread that is gone.
 */
#ifndef LIB_P2P_CANCEL_H
#define LIB_P2P_CANCEL_H

#include <pthread.h>

static inline int cancel_disable(void)
{
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	return old;
}

static inline void cancel_restore(int old)
{
	pthread_setcancelstate(old, NULL);
}

#endif /* LIB_P2P_CANCEL_H */
