/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets that are connecting, and what keeps them at it. All return 0, or a
 * file descriptor, or a negative errno value, unless they say otherwise.
 */
#ifndef SELFTESTS_CONNECTING_H
#define SELFTESTS_CONNECTING_H

#include <netinet/in.h>
#include <stdbool.h>

/*
 * The only rule of the namespace's firewall, for what arrives, such as
 * "tcp flags syn drop"; "" for none.
 */
int firewall(const char *rule);

/* What loopback does to all that passes, such as "delay 50ms". */
int loopback_does(const char *netem);

/* A socket that connects to a port of loopback and is not waited for. */
int tcp_begin(int family, in_port_t port);
/* The same, with packets of this priority. */
int tcp_begin_as(int priority, int family, in_port_t port);
in_port_t port_of(int fd);

/* As netstat would say: TCP_ESTABLISHED and so on; -1 if it cannot be told. */
int tcp_state(int fd);

/* How a connection attempt ended, as the application learns it. */
int socket_error(int fd);

#endif /* SELFTESTS_CONNECTING_H */
