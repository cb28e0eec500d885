// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Contexts: open, close, buffer, errors.
 *
 * The socket is made here and not by libnl, which would shrink the send buffer
 * below a request for 256 sockets and fold errno values into its own codes.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "context.h"
#include "message.h"

#define BUFFER_DEFAULT 32768
#define BUFFER_MIN 4096
#define BUFFER_MAX 0x40000000

/* No structure will ever be larger; what is was not set. */
#define SIZE_MAX_SANE 4096

const char *pg_version(void)
{
	return PG_VERSION;
}

int ctx_fail(struct pg_ctx *ctx, int err, const char *text)
{
	/* strerror() would follow the locale and is not safe in threads. */
	if (!text)
		text = strerrordesc_np(-err);
	if (!text)
		text = "unknown error";

	ctx->error[0] = '\0';
	strncat(ctx->error, text, sizeof(ctx->error) - 1);
	return err;
}

const char *pg_error(const struct pg_ctx *ctx)
{
	return ctx ? ctx->error : "";
}

static int set_option(int fd, int option)
{
	const int on = 1;

	return setsockopt(fd, SOL_NETLINK, option, &on, sizeof(on));
}

static int open_socket(struct pg_ctx *ctx)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };

	ctx->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (ctx->fd < 0)
		return -errno;

	if (bind(ctx->fd, (struct sockaddr *)&local, sizeof(local)) ||
	    set_option(ctx->fd, NETLINK_EXT_ACK) ||
	    set_option(ctx->fd, NETLINK_CAP_ACK))
		return -errno;
	return 0;
}

int ctx_grow(struct pg_ctx *ctx, size_t size)
{
	void *buf;

	if (size <= ctx->buf_size)
		return 0;

	buf = realloc(ctx->buf, size);
	if (!buf)
		return ctx_fail(ctx, -ENOMEM, NULL);

	ctx->buf = buf;
	ctx->buf_size = size;
	return 0;
}

/*
 * The kernel never fills less than NLMSG_GOODSIZE, which is 8192 where pages
 * are larger than 4096.
 */
size_t buffer_floor(void)
{
	return sysconf(_SC_PAGESIZE) > BUFFER_MIN ? 2 * BUFFER_MIN : BUFFER_MIN;
}

int ctx_init(struct pg_ctx *ctx, size_t size)
{
	int err = open_socket(ctx);

	return err ? err : ctx_grow(ctx, size);
}

void ctx_hang_up(struct pg_ctx *ctx)
{
	if (ctx->fd >= 0)
		close(ctx->fd);
	ctx->fd = -1;
}

void ctx_destroy(struct pg_ctx *ctx)
{
	ctx_hang_up(ctx);
	free(ctx->buf);
}

int pg_open(struct pg_ctx **ctx)
{
	struct pg_ctx *new;
	int err;

	if (!ctx)
		return -EINVAL;

	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;

	err = ctx_init(new, BUFFER_DEFAULT);
	if (!err)
		err = ctx_resolve(new);
	if (err) {
		pg_close(new);
		return err;
	}

	*ctx = new;
	return 0;
}

void pg_close(struct pg_ctx *ctx)
{
	if (!ctx)
		return;

	ctx_destroy(ctx);
	free(ctx);
}

int pg_set_buffer(struct pg_ctx *ctx, size_t size)
{
	void *buf;

	if (!ctx)
		return -EINVAL;
	if (size < BUFFER_MIN || size > BUFFER_MAX)
		return ctx_fail(ctx, -EINVAL,
				"a buffer has 4096 bytes to 1 GiB");
	if (ctx->dumped || ctx->busy)
		return ctx_fail(ctx, -EBUSY,
				"the buffer is set before the first dump");

	/* Messages of a dump are as long as the longest ever asked for. */
	if (size < buffer_floor())
		size = buffer_floor();
	if (size < ctx->buf_seen)
		size = ctx->buf_seen;
	buf = realloc(ctx->buf, size);
	if (!buf)
		return ctx_fail(ctx, -ENOMEM, NULL);

	ctx->buf = buf;
	ctx->buf_size = size;
	return 0;
}

int check_size(struct pg_ctx *ctx, const void *object, size_t known)
{
	const unsigned char *bytes = object;
	size_t size, i;

	memcpy(&size, object, sizeof(size));
	if (size < known)
		return ctx_fail(ctx, -EINVAL, "size is not set");
	if (size > SIZE_MAX_SANE)
		return ctx_fail(ctx, -E2BIG, "size makes no sense");

	for (i = known; i < size; i++)
		if (bytes[i])
			return ctx_fail(ctx, -E2BIG,
					"asks for more than this version can");
	return 0;
}

int check_flags(struct pg_ctx *ctx, uint32_t flags, uint32_t known)
{
	return flags & ~known ? ctx_fail(ctx, -EINVAL, "unknown flags") : 0;
}

int check_type(struct pg_ctx *ctx, enum pg_type type)
{
	switch (type) {
	case PG_TYPE_ANY:
	case PG_TYPE_NEIGHBOR:
	case PG_TYPE_DIRECT:
		return 0;
	}
	return ctx_fail(ctx, -EINVAL, "type is neither neighbor nor direct");
}

int check_group_id(struct pg_ctx *ctx, uint32_t id)
{
	return id ? 0 : ctx_fail(ctx, -ENOENT, "no group has id 0");
}
