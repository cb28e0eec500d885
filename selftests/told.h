/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A group in a namespace of its own, and what registrations tell about it, as
 * text. Ids of connections there begin with 1.
 */
#ifndef SELFTESTS_TOLD_H
#define SELFTESTS_TOLD_H

#include <p2p.h>
#include <peergroup.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Long enough for what another thread does, also in an emulated guest. */
#define SOON 10000

struct stage {
	struct pg_ctx *ctx;
	uint32_t id;		/* of the group "test" */
	HGROUP group;
};

/* Needs root. -ENODEV if the module is not loaded. */
int stage_open(struct stage *stage);
void stage_close(struct stage *stage);

/* Attach a socket, return the id of the connection, 0 if that fails. */
uint64_t stage_attach(struct stage *stage, int fd, enum pg_type type);

/* Attach n sockets, which are neighbors. */
int stage_attach_all(struct stage *stage, const int *fds, size_t n);

/* A connection comes and goes again and again, in a thread of its own. */
struct churn {
	struct stage stage;	/* with a context of its own */
	atomic_bool stop;
	pthread_t thread;
};

bool churn_start(struct churn *churn, const struct stage *stage);
void churn_stop(struct churn *churn);

/* A registration, and the event object it signals. */
struct listener {
	HANDLE event;
	HPEEREVENT handle;
};

/* Register for the status and both types of connections. */
HRESULT listen_all(struct listener *listener, HGROUP group);

/* Register for these types. */
HRESULT listen_types(struct listener *listener, HGROUP group, DWORD n,
		     const PEER_GROUP_EVENT_TYPE *types);

/* End the registration, close the event object. */
HRESULT listener_end(struct listener *listener);

/*
 * The next event, for which it waits, such as "1 direct connected", "status 2",
 * "1 neighbor failed, refused"; "nothing" if none comes. Valid until the next
 * call in this thread.
 */
const char *told(struct listener *listener);

/* Likewise, "nothing" if there is none yet. */
const char *told_already(struct listener *listener);

/* How many descriptors this process has. */
int count_fds(void);

/*
 * Whether this process has that many threads, or soon will: one that was joined
 * may still be seen for a moment.
 */
bool threads_are(int n);

#endif /* SELFTESTS_TOLD_H */
