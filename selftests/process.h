/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests do with processes: be another user, enter user namespaces, hand
 * descriptors over. All return 0 or a negative errno value unless they say
 * otherwise.
 */
#ifndef SELFTESTS_PROCESS_H
#define SELFTESTS_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The first of eight users that no other test has: the groups of a namespace
 * count for their owners until it is gone, which takes its time.
 */
uid_t own_users(void);

/* For good; the only capability left is CAP_NET_ADMIN, if asked for. */
int become(uid_t uid, bool net_admin);

/*
 * As root: become root of a new user namespace, with a network namespace of
 * its own, that belongs to a user. That user is 0 there; 1 and up are
 * MAPPED_UID and up outside.
 */
#define MAPPED_UID 100000
int enter_userns(uid_t owner);

/* As any user: a user namespace that maps nobody but him. */
int enter_own_userns(void);

int send_fd(int via, int fd);
/* The descriptor, which is not negative. */
int receive_fd(int via);

/* A process that holds what it inherited until it is killed. */
pid_t fork_holder(void);
/* Wait for the end of a child; its exit code, -1 if it was killed. */
int reap(pid_t child);

#endif /* SELFTESTS_PROCESS_H */
