// SPDX-License-Identifier: GPL-2.0-only
/* Sockets that are connecting, and what keeps them at it. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connecting.h"
#include "util.h"

int firewall(const char *rule)
{
	if (!*rule)
		return run("nft flush ruleset");
	return run("nft 'flush ruleset; add table inet t; "
		   "add chain inet t in { type filter hook input priority 0; }; "
		   "add rule inet t in %s'", rule);
}

int loopback_does(const char *netem)
{
	return run("tc qdisc replace dev lo root netem %s", netem);
}

static socklen_t loopback(struct sockaddr_in6 *addr, int family, in_port_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	*addr = (struct sockaddr_in6){ .sin6_family = family };
	addr->sin6_port = htons(port);
	if (family == AF_INET6) {
		addr->sin6_addr = in6addr_loopback;
		return sizeof(*addr);
	}
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*in);
}

int tcp_begin_as(int priority, int family, in_port_t port)
{
	struct sockaddr_in6 addr;
	socklen_t len = loopback(&addr, family, port);
	int fd;

	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (priority)
		set_option(fd, SOL_SOCKET, SO_PRIORITY, priority);
	if (!connect(fd, (struct sockaddr *)&addr, len))
		errno = EISCONN;
	if (errno == EINPROGRESS)
		return fd;
	close(fd);
	return -errno;
}

int tcp_begin(int family, in_port_t port)
{
	return tcp_begin_as(0, family, port);
}

in_port_t port_of(int fd)
{
	struct sockaddr_in6 addr = { 0 };
	socklen_t len = sizeof(addr);

	getsockname(fd, (struct sockaddr *)&addr, &len);
	return ntohs(addr.sin6_port);
}

int tcp_state(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) ?
	       -1 : info.tcpi_state;
}

int socket_error(int fd)
{
	socklen_t len = sizeof(int);
	int error = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ?
	       -errno : error;
}
