/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registrations: what is behind an HPEEREVENT.
 *
 * One is referenced by its handle, by the notifier while it is listed there,
 * and by calls under way. Its inbox has a lock of its own. All else belongs to
 * whoever makes it, then to the notifier, under whose lock it is.
 */
#ifndef LIB_P2P_REGISTRATION_H
#define LIB_P2P_REGISTRATION_H

#include <sys/queue.h>

#include "group.h"
#include "handle.h"
#include "inbox.h"

struct registration {
	struct object base;
	struct inbox inbox;
	DWORD types;		/* 1 << PEER_GROUP_EVENT_TYPE */
	uint32_t group_id;

	TAILQ_ENTRY(registration) link;
	bool listed;		/* by the notifier */

	struct pg_watch *watch;	/* NULL: closed */
	const struct pg_event *event;	/* its last, if still to be told */
	struct pg_picture *told;	/* what the program knows */
	bool told_active;		/* the status it knows */
	bool over;		/* the group is gone; its end is being told */
};

/*
 * Make a registration for what happens to the group from now on. Takes over the
 * descriptor of the event, also if it fails. -ENOENT: the group is gone.
 */
int registration_new(struct registration **reg, const struct group *group,
		     int fd, DWORD types);

/* The registration behind a handle, with a reference; NULL if it is bad. */
struct registration *registration_get(HPEEREVENT handle);

static inline void registration_put(struct registration *reg)
{
	object_put(&reg->base);
}

/* Begin: what is there already will not be told. */
int registration_skip(struct registration *reg);

/*
 * Queue what has happened, up to a limit. Returns 1 if there may be more, 0 if
 * there is no more at present, a negative errno value if the next event could
 * not be queued, such as for lack of memory: it will be by a later call.
 */
int registration_tell(struct registration *reg);

/* Close the watch, from which nothing will come any more. */
void registration_close_watch(struct registration *reg);

/*
 * Close all descriptors, in a child process; what is left is for
 * registration_release(). That would copy every page of what it frees.
 */
void registration_hang_up(struct registration *reg);

/* Release all that it owns; the handle may live on. */
void registration_release(struct registration *reg);

#endif /* LIB_P2P_REGISTRATION_H */
