// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Registrations: how they come and go.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../watch.h"
#include "pool.h"
#include "registration.h"

/* What the kernel may keep while the notifier is busy. */
#define BUFFER 0x100000

static void registration_destroy(struct object *object)
{
	free((struct registration *)object);
}

struct registration *registration_get(HPEEREVENT handle)
{
	return (struct registration *)handle_get(HANDLE_REGISTRATION, handle);
}

/* Ids are those of one load of the module in one namespace. */
static int open_watch(struct registration *reg, const struct group *group)
{
	const struct pg_watch_spec spec = {
		.size = sizeof(spec),
		.buffer = BUFFER,
		.group_id = group->id,
		.flags = PG_WATCH_ALL,
	};
	struct pg_ctx *ctx;
	int err;

	err = pg_watch_open(&reg->watch, &spec);
	if (err)
		return err;
	ctx = watch_ctx(reg->watch);
	err = pool_admit(ctx);
	if (err == -EXDEV || (!err && (ctx->netns != group->netns ||
				       ctx->family != group->family)))
		err = -ENOENT;
	return err;
}

int registration_new(struct registration **reg, const struct group *group,
		     int fd, DWORD types)
{
	struct registration *new = calloc(1, sizeof(*new));
	int err;

	*reg = new;
	if (!new) {
		close(fd);
		return -ENOMEM;
	}
	object_init(&new->base, HANDLE_REGISTRATION, registration_destroy);
	inbox_init(&new->inbox, fd);
	new->types = types;
	new->group_id = group->id;
	err = open_watch(new, group);
	if (!err)
		err = registration_skip(new);
	if (err) {
		registration_release(new);
		registration_put(new);
	}
	return err;
}

void registration_close_watch(struct registration *reg)
{
	pg_watch_close(reg->watch);
	reg->watch = NULL;
	reg->event = NULL;
}

void registration_hang_up(struct registration *reg)
{
	if (reg->watch)
		watch_hang_up(reg->watch);
	inbox_close(&reg->inbox);
}

void registration_release(struct registration *reg)
{
	registration_close_watch(reg);
	pg_picture_free(reg->told);
	reg->told = NULL;
	inbox_close(&reg->inbox);
}
