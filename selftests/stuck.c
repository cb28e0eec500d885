// SPDX-License-Identifier: GPL-2.0-only
/* A socket that its owner keeps locked for as long as he likes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stuck.h"
#include "util.h"

/* A page that nothing is in until the test gives it something. */
static int make_page(struct stuck *stuck)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	stuck->page_size = sysconf(_SC_PAGESIZE);
	stuck->page = mmap(NULL, stuck->page_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)stuck->page;
	range.range.len = stuck->page_size;
	stuck->faults = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (stuck->faults < 0 || ioctl(stuck->faults, UFFDIO_API, &api) ||
	    ioctl(stuck->faults, UFFDIO_REGISTER, &range))
		return -errno;
	return 0;
}

static void *send_page(void *arg)
{
	struct stuck *stuck = arg;

	return (void *)send(stuck->fd, stuck->page, stuck->page_size, 0);
}

/* In the middle of a call, with the socket locked. */
static bool is_stuck(const struct stuck *stuck)
{
	struct pollfd fault = { .fd = stuck->faults, .events = POLLIN };

	/* Anything but POLLIN says that this descriptor cannot be polled. */
	return poll(&fault, 1, SOON) == 1 && fault.revents == POLLIN;
}

int stuck_begin(struct stuck *stuck, int fd)
{
	int err = make_page(stuck);

	stuck->fd = fd;
	if (!err)
		err = -pthread_create(&stuck->sender, NULL, send_page, stuck);
	if (!err && !is_stuck(stuck))
		err = -ETIMEDOUT;
	return err;
}

ssize_t stuck_end(struct stuck *stuck)
{
	struct uffdio_zeropage zero = {
		.range.start = (uintptr_t)stuck->page,
		.range.len = stuck->page_size,
	};
	void *sent;

	if (ioctl(stuck->faults, UFFDIO_ZEROPAGE, &zero))
		return -errno;
	pthread_join(stuck->sender, &sent);
	return (ssize_t)sent;
}
