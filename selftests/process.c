// SPDX-License-Identifier: GPL-2.0-only
/* What tests do with processes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"
#include "util.h"

uid_t own_users(void)
{
	static uid_t first;

	if (!first)
		first = 200000 + 8 * getpid();
	return first;
}

static int limit_capabilities(bool net_admin)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (net_admin) {
		data[0].effective = 1U << CAP_NET_ADMIN;
		data[0].permitted = 1U << CAP_NET_ADMIN;
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

int become(uid_t uid, bool net_admin)
{
	if (prctl(PR_SET_KEEPCAPS, net_admin, 0, 0, 0) || setgroups(0, NULL) ||
	    setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		return -errno;
	return limit_capabilities(net_admin);
}

static int write_map(pid_t pid, const char *name, const char *map)
{
	char path[64];
	ssize_t done;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	done = write(fd, map, strlen(map));
	close(fd);
	return done == (ssize_t)strlen(map) ? 0 : -EPERM;
}

static int write_maps(pid_t pid, uid_t owner)
{
	char map[64];
	int err;

	snprintf(map, sizeof(map), "0 %u 1\n1 %u 100\n", owner,
		 MAPPED_UID + 1);
	err = write_map(pid, "uid_map", map);
	return err ? err : write_map(pid, "gid_map", map);
}

/* Whoever enters the namespace can no longer map others into it himself. */
static pid_t fork_mapper(pid_t pid, uid_t owner, const int ready[2])
{
	pid_t child = fork();
	char byte;

	if (child)
		return child;
	close(ready[1]);
	_exit(read(ready[0], &byte, 1) == 1 ? -write_maps(pid, owner) : 1);
}

int enter_userns(uid_t owner)
{
	int ready[2], err;
	pid_t mapper;

	if (pipe(ready))
		return -errno;
	mapper = fork_mapper(getpid(), owner, ready);
	if (mapper < 0)
		return -errno;
	err = become(owner, false);
	if (!err && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		err = -errno;
	if (!err && write(ready[1], "x", 1) != 1)
		err = -errno;
	close(ready[1]);
	if (reap(mapper) && !err)
		err = -EPERM;
	if (!err && (setresgid(0, 0, 0) || setresuid(0, 0, 0)))
		err = -errno;
	return err ? err : loopback_up();
}

int enter_own_userns(void)
{
	char map[64];

	snprintf(map, sizeof(map), "0 %u 1\n", geteuid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) ||
	    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
		return -errno;
	return write_map(getpid(), "uid_map", map);
}

int send_fd(int via, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = {};
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(via, &msg, 0) == 1 ? 0 : -errno;
}

int receive_fd(int via)
{
	char byte, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(via, &msg, 0) != 1)
		return -errno;
	if (!CMSG_FIRSTHDR(&msg))
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

pid_t fork_holder(void)
{
	pid_t child = fork();

	if (!child)
		for (;;)
			pause();
	return child;
}

int reap(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
