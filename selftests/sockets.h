/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Real TCP connections on loopback, and namespaces of one's own for them.
 */
#ifndef SELFTESTS_SOCKETS_H
#define SELFTESTS_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>

/* Both ends of a connection; -1: closed. */
struct pair {
	int client;
	int server;
};

/* How the client's socket is made. */
enum pair_kind {
	PAIR_IPV4,
	PAIR_IPV6,
	PAIR_MAPPED,	/* an IPv6 socket connected to an IPv4 address */
};

/* Move to a new network namespace whose loopback is up. */
bool own_netns(void);

/* Make a connection; false if that fails. */
bool pair_open(enum pair_kind kind, struct pair *pair);
bool pairs_open(enum pair_kind kind, struct pair *pairs, unsigned int n);

void pair_close(struct pair *pair);

/* Close one end so that the other one is reset. */
void reset(int fd);

/* The address a socket is connected to, IPv4 mapped. */
struct sockaddr_in6 remote_of(int fd);

/* Allow n open descriptors. */
bool allow_fds(unsigned int n);

#endif /* SELFTESTS_SOCKETS_H */
