// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real TCP connections on loopback, and namespaces of one's own for them.
 */
#define _GNU_SOURCE
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockets.h"

/* An address of any family. */
union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

bool own_netns(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	bool ok;
	int fd;

	if (unshare(CLONE_NEWNET))
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ok = !ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return ok;
}

static union address loopback(enum pair_kind kind)
{
	union address address = { 0 };

	if (kind == PAIR_IPV6) {
		address.ipv6.sin6_family = AF_INET6;
		address.ipv6.sin6_addr = in6addr_loopback;
	} else {
		address.ipv4.sin_family = AF_INET;
		address.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	return address;
}

static struct sockaddr_in6 map(const struct sockaddr_in *ipv4)
{
	struct sockaddr_in6 mapped = {
		.sin6_family = AF_INET6,
		.sin6_port = ipv4->sin_port,
		.sin6_addr = { .s6_addr = { [10] = 0xff, 0xff } },
	};

	memcpy(&mapped.sin6_addr.s6_addr[12], &ipv4->sin_addr, 4);
	return mapped;
}

static int listen_on(union address *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(address->any.sa_family, SOCK_STREAM, 0);

	if (fd >= 0 && (bind(fd, &address->any, len) ||
			listen(fd, SOMAXCONN) ||
			getsockname(fd, &address->any, &len))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int connect_to(enum pair_kind kind, union address address)
{
	int fd;

	if (kind == PAIR_MAPPED)
		address.ipv6 = map(&address.ipv4);
	fd = socket(address.any.sa_family, SOCK_STREAM, 0);
	if (fd >= 0 && connect(fd, &address.any, sizeof(address))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool pairs_open(enum pair_kind kind, struct pair *pairs, unsigned int n)
{
	union address address = loopback(kind);
	int listener = listen_on(&address);
	unsigned int i;

	for (i = 0; i < n; i++) {
		pairs[i].client = connect_to(kind, address);
		pairs[i].server = pairs[i].client < 0 ? -1 :
				  accept(listener, NULL, NULL);
		if (pairs[i].server < 0)
			break;
	}
	close(listener);
	return i == n;
}

bool pair_open(enum pair_kind kind, struct pair *pair)
{
	return pairs_open(kind, pair, 1);
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void pair_close(struct pair *pair)
{
	close_end(&pair->client);
	close_end(&pair->server);
}

void reset(int fd)
{
	const struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

struct sockaddr_in6 remote_of(int fd)
{
	union address address = { 0 };
	socklen_t len = sizeof(address);

	getpeername(fd, &address.any, &len);
	return address.any.sa_family == AF_INET ? map(&address.ipv4) :
						  address.ipv6;
}

bool allow_fds(unsigned int n)
{
	const struct rlimit limit = { n, n };

	return !setrlimit(RLIMIT_NOFILE, &limit);
}
