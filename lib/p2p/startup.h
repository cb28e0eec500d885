/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIB_P2P_STARTUP_H
#define LIB_P2P_STARTUP_H

#include <stdbool.h>

/* Whether the use of groups was started and not ended. */
bool started(void);

#endif /* LIB_P2P_STARTUP_H */
