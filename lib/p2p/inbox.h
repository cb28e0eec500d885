/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The events of one registration that wait to be taken, and the eventfd that
 * tells of them.
 *
 * All functions may be called from any thread. A single lock guards all
 * inboxes, so that none is left locked in a child process.
 */
#ifndef LIB_P2P_INBOX_H
#define LIB_P2P_INBOX_H

#include <stdbool.h>
#include <sys/queue.h>

#include "../public.h"

/* One event: what is handed out is this, to be released with free(). */
struct item {
	PEER_GROUP_EVENT_DATA data;

	STAILQ_ENTRY(item) link;
};

struct inbox {
	STAILQ_HEAD(, item) items;
	int fd;			/* -1: closed */
};

/* Takes over the descriptor. */
void inbox_init(struct inbox *inbox, int fd);

/* Add an item, or free it if the inbox is closed. Then signal. */
void inbox_put(struct inbox *inbox, struct item *item);

/* Take the oldest item, NULL if there is none; false if it is closed. */
bool inbox_take(struct inbox *inbox, struct item **item);

/* Drop all items. Nothing is signalled from here on. May be done twice. */
void inbox_close(struct inbox *inbox);

/* Keep all inboxes as they are across a fork(). */
void inbox_lock(void);
void inbox_unlock(void);

#endif /* LIB_P2P_INBOX_H */
