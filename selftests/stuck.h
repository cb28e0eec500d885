/* SPDX-License-Identifier: GPL-2.0-only */
/* A socket that its owner keeps locked for as long as he likes. */
#ifndef SELFTESTS_STUCK_H
#define SELFTESTS_STUCK_H

#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>

struct stuck {
	int fd;
	int faults;
	void *page;
	size_t page_size;
	pthread_t sender;
};

/*
 * Send a page that is not there; the socket stays locked when this returns. 0,
 * -ENOSYS or -EPERM if the kernel does not let pages be missing, or another
 * negative errno value.
 */
int stuck_begin(struct stuck *stuck, int fd);

/* Let it go; what was sent, or a negative errno value. */
ssize_t stuck_end(struct stuck *stuck);

#endif /* SELFTESTS_STUCK_H */
