// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network namespaces, by the names `ip netns` gives them or by path.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static int open_netns(const char *netns)
{
	const char *dir = strchr(netns, '/') ? "" : "/run/netns/";
	char path[PATH_MAX];
	int len;

	len = snprintf(path, sizeof(path), "%s%s", dir, netns);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_CLOEXEC);
}

/*
 * Only the network namespace: sysfs stays that of the caller, since remounting
 * it would need more privilege and nothing here reads it.
 */
bool netns_enter(const char *netns)
{
	int fd = open_netns(netns);
	int err;

	if (fd < 0) {
		refused("cannot open network namespace %s: %s", netns,
			strerror(errno));
		return false;
	}
	err = setns(fd, CLONE_NEWNET) ? errno : 0;
	close(fd);
	if (err == EINVAL)
		refused("%s is not a network namespace", netns);
	else if (err)
		refused("cannot enter network namespace %s: %s", netns,
			strerror(err));
	return !err;
}
