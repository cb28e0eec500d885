// SPDX-License-Identifier: GPL-2.0-only
/*
 * An ordinary program with TCP connections, which knows nothing of groups.
 *
 *   chat listen ADDRESS PORT	accepts whoever comes
 *   chat connect ADDRESS PORT	connects once
 *
 * It greets the other end, reads what comes, and closes a connection when the
 * other end does. "listening" and "fd N" for each connection on stdout tell
 * scripts how far it is. It runs until it is killed.
 */
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS_MAX 256

static struct pollfd fds[FDS_MAX];
static nfds_t count;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void watch(int fd)
{
	if (fd < 0 || count == FDS_MAX)
		die("connection");
	fds[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

static void meet(int fd)
{
	static const char greeting[] = "hello\n";

	watch(fd);
	if (send(fd, greeting, strlen(greeting), MSG_NOSIGNAL) < 0)
		perror("send");
	printf("fd %d\n", fd);
}

static struct addrinfo *resolve(const char *address, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *info;
	int err;

	err = getaddrinfo(address, port, &hints, &info);
	if (err) {
		fprintf(stderr, "%s: %s\n", address, gai_strerror(err));
		exit(1);
	}
	return info;
}

static int listen_at(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM, IPPROTO_TCP);
	int on = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, info->ai_addr, info->ai_addrlen) || listen(fd, SOMAXCONN))
		die("listen");
	printf("listening\n");
	return fd;
}

static int connect_to(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM, IPPROTO_TCP);

	if (fd < 0 || connect(fd, info->ai_addr, info->ai_addrlen))
		die("connect");
	return fd;
}

static void hear(nfds_t i)
{
	char buf[4096];

	if (read(fds[i].fd, buf, sizeof(buf)) > 0)
		return;
	close(fds[i].fd);
	fds[i] = fds[--count];
}

/* From the last to the first, since one that closed is replaced by the last. */
static void serve(int listener)
{
	nfds_t i;

	if (poll(fds, count, -1) < 0)
		die("poll");
	for (i = count; i-- > 0;) {
		if (!fds[i].revents)
			continue;
		if (fds[i].fd == listener)
			meet(accept(listener, NULL, NULL));
		else
			hear(i);
	}
}

int main(int argc, char **argv)
{
	const struct addrinfo *info;
	int listener = -1;

	if (argc != 4 ||
	    (strcmp(argv[1], "listen") && strcmp(argv[1], "connect"))) {
		fprintf(stderr, "usage: chat listen|connect ADDRESS PORT\n");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	info = resolve(argv[2], argv[3]);
	if (!strcmp(argv[1], "listen")) {
		listener = listen_at(info);
		watch(listener);
	} else {
		meet(connect_to(info));
	}
	for (;;)
		serve(listener);
}
