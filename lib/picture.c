// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pictures: what events make of a list. Nothing here calls the kernel.
 *
 * Groups and connections are in trees by id, and in lists in the order in which
 * they came, each connection in that of its group.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "picture.h"

TAILQ_HEAD(conn_list, conn_node);
TAILQ_HEAD(group_list, group_node);

/* Trees compare what they contain, which begins with its id. */
struct conn_node {
	struct pg_conn conn;

	TAILQ_ENTRY(conn_node) link;
	char peer_id[];
};

struct group_node {
	struct pg_group group;
	struct conn_list conns;
	uint64_t lost[PG_REASON_CONNECT_FAILED + 1];

	TAILQ_ENTRY(group_node) link;
	char texts[];		/* name, label, comment */
};

struct pg_picture {
	uint64_t generation;
	void *group_tree;
	void *conn_tree;
	struct group_list groups;
};

_Static_assert(offsetof(struct pg_conn, id) == 0, "the key of a tree");
_Static_assert(offsetof(struct pg_group, id) == 0, "the key of a tree");

static int compare_conns(const void *a, const void *b)
{
	const struct pg_conn *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int compare_groups(const void *a, const void *b)
{
	const struct pg_group *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static struct conn_node *find_conn(const struct pg_picture *picture,
				   uint64_t id)
{
	const struct pg_conn key = { .id = id };
	void *found = tfind(&key, &picture->conn_tree, compare_conns);

	return found ? *(struct conn_node **)found : NULL;
}

static struct group_node *find_group(const struct pg_picture *picture,
				     uint32_t id)
{
	const struct pg_group key = { .id = id };
	void *found = tfind(&key, &picture->group_tree, compare_groups);

	return found ? *(struct group_node **)found : NULL;
}

struct pg_picture *pg_picture_new(void)
{
	struct pg_picture *picture = calloc(1, sizeof(*picture));

	if (picture)
		TAILQ_INIT(&picture->groups);
	return picture;
}

static void keep(void *node)
{
	(void)node;
}

void pg_picture_free(struct pg_picture *picture)
{
	struct group_node *group;
	struct conn_node *conn;

	if (!picture)
		return;
	tdestroy(picture->conn_tree, keep);
	tdestroy(picture->group_tree, keep);
	while ((group = TAILQ_FIRST(&picture->groups))) {
		TAILQ_REMOVE(&picture->groups, group, link);
		while ((conn = TAILQ_FIRST(&group->conns))) {
			TAILQ_REMOVE(&group->conns, conn, link);
			free(conn);
		}
		free(group);
	}
	free(picture);
}

uint64_t pg_picture_generation(const struct pg_picture *picture)
{
	return picture ? picture->generation : 0;
}

const struct pg_group *pg_picture_group(const struct pg_picture *picture,
					uint32_t id)
{
	struct group_node *node = picture ? find_group(picture, id) : NULL;

	return node ? &node->group : NULL;
}

const struct pg_conn *pg_picture_conn(const struct pg_picture *picture,
				      uint64_t id)
{
	struct conn_node *node = picture ? find_conn(picture, id) : NULL;

	return node ? &node->conn : NULL;
}

int pg_picture_groups(const struct pg_picture *picture, pg_group_cb cb,
		      void *arg)
{
	struct group_node *node;
	int err = 0;

	if (!picture || !cb)
		return -EINVAL;
	TAILQ_FOREACH(node, &picture->groups, link) {
		err = cb(&node->group, arg);
		if (err)
			break;
	}
	return err;
}

static int show_conns(const struct group_node *group, pg_conn_cb cb, void *arg)
{
	struct conn_node *node;
	int err = 0;

	TAILQ_FOREACH(node, &group->conns, link) {
		err = cb(&node->conn, arg);
		if (err)
			break;
	}
	return err;
}

int pg_picture_conns(const struct pg_picture *picture, uint32_t group_id,
		     pg_conn_cb cb, void *arg)
{
	struct group_node *group;
	int err = 0;

	if (!picture || !cb)
		return -EINVAL;
	if (group_id) {
		group = find_group(picture, group_id);
		return group ? show_conns(group, cb, arg) : 0;
	}
	TAILQ_FOREACH(group, &picture->groups, link) {
		err = show_conns(group, cb, arg);
		if (err)
			break;
	}
	return err;
}

/* The numbers of a group that the picture itself keeps. */
static uint32_t *counter(struct group_node *group, const struct pg_conn *conn)
{
	if (conn->state == PG_STATE_PENDING)
		return &group->group.pending;
	return conn->type == PG_TYPE_DIRECT ? &group->group.active_direct :
					      &group->group.active_neighbor;
}

static const char *copy_text(char **pos, const char *text)
{
	const char *copy = *pos;

	*pos = stpcpy(*pos, text) + 1;
	return copy;
}

static struct group_node *copy_group(const struct pg_group *group)
{
	struct group_node *node;
	size_t n_lost;
	char *pos;

	node = malloc(sizeof(*node) + strlen(group->name) +
		      strlen(group->label) + strlen(group->comment) + 3);
	if (!node)
		return NULL;

	node->group = *group;
	pos = node->texts;
	node->group.name = copy_text(&pos, group->name);
	node->group.label = copy_text(&pos, group->label);
	node->group.comment = copy_text(&pos, group->comment);
	node->group.active_neighbor = 0;
	node->group.active_direct = 0;
	node->group.pending = 0;

	n_lost = sizeof(node->lost) / sizeof(*node->lost);
	if (group->n_lost < n_lost)
		n_lost = group->n_lost;
	memset(node->lost, 0, sizeof(node->lost));
	if (n_lost)
		memcpy(node->lost, group->lost, n_lost * sizeof(*node->lost));
	node->group.lost = node->lost;
	node->group.n_lost = sizeof(node->lost) / sizeof(*node->lost);
	TAILQ_INIT(&node->conns);
	return node;
}

static int add_group(struct pg_picture *picture, const struct pg_group *group)
{
	struct group_node *node;

	if (find_group(picture, group->id))
		return 0;
	node = copy_group(group);
	if (!node)
		return -ENOMEM;
	if (!tsearch(node, &picture->group_tree, compare_groups)) {
		free(node);
		return -ENOMEM;
	}
	TAILQ_INSERT_TAIL(&picture->groups, node, link);
	return 1;
}

static void remove_conn(struct pg_picture *picture, struct group_node *group,
			struct conn_node *conn)
{
	--*counter(group, &conn->conn);
	tdelete(conn, &picture->conn_tree, compare_conns);
	TAILQ_REMOVE(&group->conns, conn, link);
	free(conn);
}

static int remove_group(struct pg_picture *picture, uint32_t id)
{
	struct group_node *group = find_group(picture, id);

	if (!group)
		return 0;
	while (!TAILQ_EMPTY(&group->conns))
		remove_conn(picture, group, TAILQ_FIRST(&group->conns));
	tdelete(group, &picture->group_tree, compare_groups);
	TAILQ_REMOVE(&picture->groups, group, link);
	free(group);
	return 1;
}

static struct conn_node *copy_conn(const struct pg_conn *conn)
{
	size_t len = conn->peer_id ? conn->peer_id_len + 1 : 0;
	struct conn_node *node = malloc(sizeof(*node) + len);

	if (!node)
		return NULL;
	node->conn = *conn;
	node->conn.stats = NULL;
	if (conn->peer_id)
		node->conn.peer_id = memcpy(node->peer_id, conn->peer_id, len);
	return node;
}

static int insert_conn(struct pg_picture *picture, struct group_node *group,
		       const struct pg_conn *conn)
{
	struct conn_node *node = copy_conn(conn);

	if (!node)
		return -ENOMEM;
	if (!tsearch(node, &picture->conn_tree, compare_conns)) {
		free(node);
		return -ENOMEM;
	}
	TAILQ_INSERT_TAIL(&group->conns, node, link);
	++*counter(group, conn);
	return 1;
}

/* It comes once more, as it were: its source address may have changed. */
static void activate(struct group_node *group, struct conn_node *node,
		     const struct pg_conn *conn)
{
	--*counter(group, &node->conn);
	node->conn.state = conn->state;
	node->conn.local = conn->local;
	++*counter(group, &node->conn);
	TAILQ_REMOVE(&group->conns, node, link);
	TAILQ_INSERT_TAIL(&group->conns, node, link);
}

static int add_conn(struct pg_picture *picture, const struct pg_conn *conn)
{
	struct group_node *group = find_group(picture, conn->group_id);
	struct conn_node *node;

	if (!group)
		return 0;
	node = find_conn(picture, conn->id);
	if (!node)
		return insert_conn(picture, group, conn);
	if (node->conn.state != PG_STATE_PENDING ||
	    conn->state == PG_STATE_PENDING)
		return 0;
	activate(group, node, conn);
	return 1;
}

static int forget_conn(struct pg_picture *picture, uint64_t id)
{
	struct conn_node *node = find_conn(picture, id);

	if (!node)
		return 0;
	remove_conn(picture, find_group(picture, node->conn.group_id), node);
	return 1;
}

static int apply(struct pg_picture *picture, const struct pg_event *event)
{
	switch (event->type) {
	case PG_EVENT_GROUP_NEW:
		return add_group(picture, event->group);
	case PG_EVENT_GROUP_GONE:
		return remove_group(picture, event->group->id);
	case PG_EVENT_CONN_PENDING:
	case PG_EVENT_CONN_NEW:
		return add_conn(picture, event->conn);
	case PG_EVENT_CONN_GONE:
		return forget_conn(picture, event->conn->id);
	default:
		return 0;
	}
}

int pg_picture_apply(struct pg_picture *picture, const struct pg_event *event)
{
	int changed;

	if (!picture || !event)
		return -EINVAL;
	/* After a loss the generation is of no use until all is set right. */
	if (event->type == PG_EVENT_RESYNC ||
	    event->generation < picture->generation ||
	    (event->generation == picture->generation &&
	     !(event->flags & PG_EVENT_LISTED)))
		return 0;

	changed = apply(picture, event);
	if (changed >= 0)
		picture->generation = event->generation;
	return changed;
}

/*
 * Differences
 */

struct difference {
	struct pg_picture *before;
	const struct pg_picture *after;
	struct pg_event *events;
	size_t n;
	size_t room;
};

static int push(struct difference *diff, const struct pg_event *event)
{
	size_t room = diff->room ? 2 * diff->room : 64;
	struct pg_event *events;

	if (diff->n == diff->room) {
		events = realloc(diff->events, room * sizeof(*events));
		if (!events)
			return -ENOMEM;
		diff->events = events;
		diff->room = room;
	}
	diff->events[diff->n] = *event;
	diff->events[diff->n].flags = PG_EVENT_LISTED;
	diff->events[diff->n].generation = diff->after->generation;
	diff->n++;
	return 0;
}

static int push_group(struct difference *diff, enum pg_event_type type,
		      const struct pg_group *group)
{
	const struct pg_event event = { .type = type, .group = group };

	return push(diff, &event);
}

static int push_conn(struct difference *diff, enum pg_event_type type,
		     const struct pg_conn *conn)
{
	const struct pg_event event = {
		.type = type,
		.group = pg_picture_group(diff->after, conn->group_id),
		.conn = conn,
	};

	return push(diff, &event);
}

static int push_gone_conns(struct difference *diff, struct group_node *group)
{
	struct conn_node *node;
	int err = 0;

	TAILQ_FOREACH(node, &group->conns, link) {
		if (find_conn(diff->after, node->conn.id))
			continue;
		err = push_conn(diff, PG_EVENT_CONN_GONE, &node->conn);
		if (err)
			break;
	}
	return err;
}

static int push_gone(struct difference *diff)
{
	struct group_node *group;
	int err = 0;

	TAILQ_FOREACH(group, &diff->before->groups, link) {
		err = find_group(diff->after, group->group.id) ?
		      push_gone_conns(diff, group) :
		      push_group(diff, PG_EVENT_GROUP_GONE, &group->group);
		if (err)
			break;
	}
	return err;
}

static int push_new_conn(const struct pg_conn *conn, void *arg)
{
	struct difference *diff = arg;
	const struct conn_node *before = find_conn(diff->before, conn->id);

	if (before && before->conn.state == conn->state)
		return 0;
	return push_conn(diff, conn->state == PG_STATE_PENDING ?
			 PG_EVENT_CONN_PENDING : PG_EVENT_CONN_NEW, conn);
}

static int push_new_group(const struct pg_group *group, void *arg)
{
	struct difference *diff = arg;
	int err = 0;

	if (!find_group(diff->before, group->id))
		err = push_group(diff, PG_EVENT_GROUP_NEW, group);
	if (!err)
		err = pg_picture_conns(diff->after, group->id, push_new_conn,
				       diff);
	return err;
}

/* Only once nothing can fail any more. */
static void mark_gone(struct difference *diff)
{
	struct conn_node *node;
	size_t i;

	for (i = 0; i < diff->n; i++) {
		if (diff->events[i].type != PG_EVENT_CONN_GONE)
			continue;
		node = find_conn(diff->before, diff->events[i].conn->id);
		node->conn.state = PG_STATE_GONE;
		node->conn.reason = PG_REASON_UNKNOWN;
	}
}

ssize_t picture_difference(struct pg_picture *before,
			   const struct pg_picture *after,
			   struct pg_event **events)
{
	const struct pg_event synced = { .type = PG_EVENT_SYNCED };
	struct difference diff = { .before = before, .after = after };
	int err;

	err = push_gone(&diff);
	if (!err)
		err = pg_picture_groups(after, push_new_group, &diff);
	if (!err)
		err = push(&diff, &synced);
	if (err) {
		free(diff.events);
		return err;
	}
	mark_gone(&diff);
	*events = diff.events;
	return diff.n;
}
