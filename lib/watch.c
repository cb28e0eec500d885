// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Watches: list, then watch.
 *
 * A list becomes a new picture, and the difference to the one before is handed
 * out, at first that to an empty one. So the list at the beginning and what
 * sets all right after a loss are one and the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "picture.h"
#include "sub.h"
#include "watch.h"

_Static_assert(sizeof(struct pg_watch_spec) == 32, "padding");
_Static_assert(offsetof(struct pg_watch_spec, flags) == 28, "padding");

/*
 * Attempts at a list that the kernel cuts off since this process reads slower
 * than connections end, or whose group goes while it is looked for.
 */
#define ATTEMPTS 8

struct pg_watch {
	struct pg_sub *sub;
	struct pg_ctx *ctx;	/* lists */
	char *name;		/* of the only group, or NULL */
	uint32_t group_id;	/* likewise its id, or 0 */
	uint32_t flags;
	struct pg_picture *picture;
	bool stale;		/* has to be listed anew */
	bool untold;		/* which the caller does not know yet */

	/* A difference being handed out. */
	struct pg_picture *before;
	struct pg_event *diff;
	size_t n;
	size_t next;

	struct pg_event event;	/* handed out last, if not of a difference */
};

/* A list being made. */
struct list {
	struct pg_watch *watch;
	struct pg_picture *picture;
	uint64_t generation;
	uint32_t id;		/* of the group that was looked for */
};

static int watch_fail(struct pg_watch *watch, int err, const char *text)
{
	return ctx_fail(watch->ctx, err, text);
}

static int put(struct pg_picture *picture, enum pg_event_type type,
	       const struct pg_group *group, const struct pg_conn *conn)
{
	const struct pg_event event = {
		.type = type, .flags = PG_EVENT_LISTED,
		.group = group, .conn = conn,
	};
	int err = pg_picture_apply(picture, &event);

	return err < 0 ? err : 0;
}

static int put_group(const struct pg_group *group, void *arg)
{
	struct list *list = arg;

	return put(list->picture, PG_EVENT_GROUP_NEW, group, NULL);
}

static int put_conn(const struct pg_conn *conn, void *arg)
{
	struct list *list = arg;

	return put(list->picture, PG_EVENT_CONN_NEW, NULL, conn);
}

/* Everything, or one group. */
static int list_conns(struct list *list, uint32_t group_id)
{
	const struct pg_filter filter = {
		.size = sizeof(filter),
		.group_id = group_id,
		.flags = list->watch->flags & PG_WATCH_ALL ? PG_FILTER_ALL : 0,
	};

	return conn_dump_groups(list->watch->ctx, &filter, put_group, put_conn,
				list, &list->generation);
}

static int match_group(const struct pg_group *group, void *arg)
{
	struct list *list = arg;
	const struct pg_watch *watch = list->watch;

	if (watch->name ? !strcmp(group->name, watch->name) :
			  group->id == watch->group_id)
		list->id = group->id;
	return 0;
}

/* The group may be gone, or not be there yet: then the list is empty. */
static int list_group(struct list *list)
{
	int err;

	list->id = 0;
	err = pg_group_list(list->watch->ctx, match_group, list,
			    &list->generation);
	if (err || !list->id)
		return err;
	err = list_conns(list, list->id);
	return err == -ENOENT ? -EAGAIN : err;
}

static int list_once(struct list *list)
{
	const struct pg_watch *watch = list->watch;

	list->picture = pg_picture_new();
	if (!list->picture)
		return -ENOMEM;
	return watch->name || watch->group_id ? list_group(list) :
						list_conns(list, 0);
}

static int make_list(struct list *list)
{
	int err, attempts = ATTEMPTS;

	do {
		pg_picture_free(list->picture);
		err = list_once(list);
	} while ((err == -ESTALE || err == -EAGAIN) && --attempts);
	if (err == -EAGAIN)
		return watch_fail(list->watch, -ESTALE,
				  "the group comes and goes too fast");
	return err;
}

static void set_generation(struct pg_picture *picture, uint64_t generation)
{
	const struct pg_event synced = {
		.type = PG_EVENT_SYNCED, .flags = PG_EVENT_LISTED,
		.generation = generation,
	};

	pg_picture_apply(picture, &synced);
}

static void end_difference(struct pg_watch *watch)
{
	pg_picture_free(watch->before);
	free(watch->diff);
	watch->before = NULL;
	watch->diff = NULL;
	watch->n = 0;
	watch->next = 0;
}

static int adopt(struct pg_watch *watch, struct list *list)
{
	struct pg_event *diff;
	ssize_t n;

	if (sub_is_stale(watch->sub, watch->ctx))
		return watch_fail(watch, -ENODEV,
				  "the peergroup module was unloaded");

	set_generation(list->picture, list->generation);
	n = picture_difference(watch->picture, list->picture, &diff);
	if (n < 0)
		return watch_fail(watch, n, NULL);

	watch->before = watch->picture;
	watch->picture = list->picture;
	watch->diff = diff;
	watch->n = n;
	watch->next = 0;
	watch->stale = false;
	sub_go_on(watch->sub, list->generation);
	return 0;
}

static int list_anew(struct pg_watch *watch)
{
	struct list list = { .watch = watch };
	int err = make_list(&list);

	if (!err)
		err = adopt(watch, &list);
	if (err)
		pg_picture_free(list.picture);
	/* A list that our own callback ended has no reason in words. */
	if (err && !*pg_error(watch->ctx))
		watch_fail(watch, err, NULL);
	return err;
}

static int check_spec(const struct pg_watch_spec *spec)
{
	struct pg_ctx none = { .fd = -1 };
	int err = check_size(&none, spec, sizeof(*spec));

	if (!err)
		err = check_flags(&none, spec->flags, PG_WATCH_ALL);
	if (!err && spec->group && spec->group_id)
		err = -EINVAL;
	return err;
}

/* A name that no group can have would be waited for in vain. */
static int check_name(struct pg_watch *watch)
{
	uint32_t id;
	int err = watch->name ? pg_group_find(watch->ctx, watch->name, &id) : 0;

	return err == -ENOENT ? 0 : err;
}

static int open_watch(struct pg_watch *watch, const struct pg_watch_spec *spec)
{
	int err;

	watch->flags = spec->flags;
	watch->group_id = spec->group_id;
	watch->picture = pg_picture_new();
	if (spec->group)
		watch->name = strdup(spec->group);
	if (!watch->picture || (spec->group && !watch->name))
		return -ENOMEM;

	err = pg_open(&watch->ctx);
	if (!err)
		err = check_name(watch);
	if (!err)
		err = sub_open(&watch->sub, watch->ctx, spec->buffer);
	if (!err)
		err = list_anew(watch);
	if (!err && watch->group_id &&
	    !pg_picture_group(watch->picture, watch->group_id))
		err = -ENOENT;
	return err;
}

int pg_watch_open(struct pg_watch **watch, const struct pg_watch_spec *spec)
{
	static const struct pg_watch_spec all = { .size = sizeof(all) };
	struct pg_watch *new;
	int err;

	if (!watch)
		return -EINVAL;
	if (!spec)
		spec = &all;
	err = check_spec(spec);
	if (err)
		return err;

	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	err = open_watch(new, spec);
	if (err) {
		pg_watch_close(new);
		return err;
	}
	*watch = new;
	return 0;
}

void pg_watch_close(struct pg_watch *watch)
{
	if (!watch)
		return;
	end_difference(watch);
	pg_picture_free(watch->picture);
	pg_sub_close(watch->sub);
	pg_close(watch->ctx);
	free(watch->name);
	free(watch);
}

int pg_watch_fd(const struct pg_watch *watch)
{
	return watch ? pg_sub_fd(watch->sub) : -EINVAL;
}

const struct pg_picture *pg_watch_picture(const struct pg_watch *watch)
{
	return watch ? watch->picture : NULL;
}

struct pg_ctx *watch_ctx(struct pg_watch *watch)
{
	return watch->ctx;
}

void watch_hang_up(struct pg_watch *watch)
{
	ctx_hang_up(&watch->sub->ctx);
	ctx_hang_up(watch->ctx);
}

const char *pg_watch_error(const struct pg_watch *watch)
{
	return watch ? pg_error(watch->ctx) : "";
}

/* A watch of one group hears of others, too; their connections are nothing. */
static bool concerns(const struct pg_watch *watch, const struct pg_event *event)
{
	switch (event->type) {
	case PG_EVENT_GROUP_NEW:
		if (watch->name)
			return !strcmp(event->group->name, watch->name);
		return !watch->group_id;
	case PG_EVENT_CONN_PENDING:
		return watch->flags & PG_WATCH_ALL;
	default:
		return true;
	}
}

static int take_loss(struct pg_watch *watch)
{
	watch->event = (struct pg_event){
		.type = PG_EVENT_RESYNC,
		.generation = pg_picture_generation(watch->picture),
	};
	watch->stale = true;
	watch->untold = false;
	return 1;
}

/* The group of a connection or a rule. */
static const struct pg_group *group_of(const struct pg_watch *watch,
				       const struct pg_event *event)
{
	uint32_t id = event->conn ? event->conn->group_id :
				    event->rule->group_id;

	return pg_picture_group(watch->picture, id);
}

/* Apply an event to the picture; 1 if it is to be handed out. */
static int take_event(struct pg_watch *watch, const struct pg_event *event)
{
	int changed;

	watch->event = *event;
	if (event->type == PG_EVENT_RESYNC)
		return take_loss(watch);
	if (!concerns(watch, event))
		return 0;

	changed = pg_picture_apply(watch->picture, event);
	if (changed < 0) {
		/* The event is gone, so only a list can help. */
		watch->untold = true;
		return watch_fail(watch, changed, NULL);
	}
	if (event->conn || event->rule)
		watch->event.group = group_of(watch, event);
	/* A picture has no rules that could tell. */
	return event->rule ? !!watch->event.group : changed;
}

static int next_event(struct pg_watch *watch)
{
	const struct pg_event *event;
	int ret;

	do {
		ret = pg_sub_next(watch->sub, &event);
		if (ret < 0)
			return watch_fail(watch, ret,
					  pg_sub_error(watch->sub));
		if (ret)
			ret = take_event(watch, event);
		else
			return 0;
	} while (!ret);
	return ret;
}

int pg_watch_next(struct pg_watch *watch, const struct pg_event **event)
{
	int ret;

	if (!watch || !event)
		return -EINVAL;
	*event = NULL;
	if (watch->next == watch->n)
		end_difference(watch);
	watch->ctx->error[0] = '\0';
	if (watch->stale) {
		ret = list_anew(watch);
		if (ret)
			return ret;
	}
	if (watch->next < watch->n) {
		*event = &watch->diff[watch->next++];
		return 1;
	}

	ret = watch->untold ? take_loss(watch) : next_event(watch);
	if (ret > 0)
		*event = &watch->event;
	return ret;
}
