// SPDX-License-Identifier: GPL-2.0-only
/*
 * File descriptors of other processes.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "tool.h"

static void report_process(pid_t pid, int err)
{
	if (err == ESRCH)
		refused("there is no process %d", pid);
	else if (err == EINVAL || err == ENOENT)
		refused("%d is a thread, not a process", pid);
	else
		refused("cannot open process %d: %s", pid, strerror(err));
}

static void report_fd(pid_t pid, int fd, int err)
{
	if (err == EPERM)
		refused("taking a descriptor of process %d needs the same user or CAP_SYS_PTRACE",
			pid);
	else if (err == EBADF)
		refused("process %d has no file descriptor %d", pid, fd);
	else if (err == ESRCH)
		refused("process %d is gone", pid);
	else
		refused("cannot take file descriptor %d of process %d: %s",
			fd, pid, strerror(err));
}

/*
 * A duplicate of a descriptor of another process; -1 after reporting why not.
 * By number, since C libraries have wrappers only of late (glibc 2.36).
 */
int pidfd_take(pid_t pid, int fd)
{
	int pidfd, taken;

	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		report_process(pid, errno);
		return -1;
	}
	taken = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (taken < 0)
		report_fd(pid, fd, errno);
	close(pidfd);
	return taken;
}
