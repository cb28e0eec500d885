/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Churn: processes that attach, detach, close and reset connections, let
 * others connect or fail, and make and delete groups and rules, as fast as they
 * can.
 */
#ifndef SELFTESTS_CHURN_H
#define SELFTESTS_CHURN_H

#include <stdint.h>
#include <sys/types.h>

#define CHURN_GROUPS 8

/* Shared by all processes: the groups there are, give or take. */
struct churn_groups {
	uint32_t ids[CHURN_GROUPS];
};

/* Loopback is to take its time for some; 0 or a negative errno value. */
int churn_slow_down(void);

/* Each in a process of its own until it is killed; its id, or -1. */
pid_t churn_conns(const struct churn_groups *groups, unsigned int seed);
pid_t churn_groups(struct churn_groups *groups, unsigned int seed);
pid_t churn_rules(const struct churn_groups *groups, unsigned int seed);

#endif /* SELFTESTS_CHURN_H */
