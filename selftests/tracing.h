/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module's trace events tell of one network namespace. */
#ifndef SELFTESTS_TRACING_H
#define SELFTESTS_TRACING_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum what {
	CHANGE_NONE,
	CHANGE_CONN_PENDING,
	CHANGE_CONN_NEW,
	CHANGE_CONN_GONE,
	CHANGE_GROUP_NEW,
	CHANGE_GROUP_GONE,
	CHANGE_RULE_NEW,
	CHANGE_RULE_GONE,
};

/* What one generation changed. */
struct change {
	enum what what;
	uint32_t group;
	uint64_t id;
};

struct tracing {
	char dir[PATH_MAX];	/* instance of tracefs */
	unsigned int netns;
	pthread_t reader;
	int pipe;
	bool stop;
	int error;
	struct change *changes;	/* by generation */
	size_t room;
	uint64_t last_generation;
	uint64_t last_id;
	/* After tracing_read(): */
	unsigned long lost;	/* events the kernel could not keep */
	unsigned long holes;	/* generations without an event */
	unsigned long cut;	/* dumps cut off */
	unsigned long missed;	/* connections that rules have missed */
};

/*
 * Follow the trace events of the calling process' namespace. All return 0 or
 * -errno.
 */
int tracing_start(struct tracing *tracing);

/* Read what there is and end; call it when nothing changes any more. */
int tracing_read(struct tracing *tracing);

/* Release everything. */
void tracing_stop(struct tracing *tracing);

#endif /* SELFTESTS_TRACING_H */
