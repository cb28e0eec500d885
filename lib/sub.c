// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Subscriptions: events as they come.
 *
 * The socket only receives. It joins the group of nlctrl, which announces the
 * end of families, before the family of the module is looked up: an end in
 * between is of another family, one after that will be told.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/peergroup.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sub.h"

/* What became of a message. */
enum taken {
	TAKEN_NOTHING,
	TAKEN_EVENT,
	TAKEN_LOSS,
	TAKEN_END,
};

static int join(struct pg_sub *sub, struct pg_ctx *ctx, const char *family_name,
		struct family *family)
{
	int err = ctx_find_family(ctx, family_name, family);

	if (err)
		return err == -ENOENT ? -ENODEV : err;
	if (!family->mcgrp)
		return -EPROTO;
	if (setsockopt(sub->ctx.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		       &family->mcgrp, sizeof(family->mcgrp)))
		return -errno;
	return 0;
}

static int join_all(struct pg_sub *sub, struct pg_ctx *ctx)
{
	struct family nlctrl = { .mcgrp_name = "notify" };
	struct family family = { .mcgrp_name = PEERGROUP_MCGRP_EVENTS };
	int err;

	err = join(sub, ctx, "nlctrl", &nlctrl);
	if (!err)
		err = join(sub, ctx, PEERGROUP_FAMILY_NAME, &family);
	sub->ctx.family = family.id;
	return err;
}

/* The kernel counts twice what it is asked for. */
static int set_buffer(struct pg_sub *sub, size_t buffer)
{
	const int size = buffer / 2 < INT_MAX / 2 ? buffer / 2 : INT_MAX / 2;

	if (!buffer ||
	    !setsockopt(sub->ctx.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
			sizeof(size)))
		return 0;
	return setsockopt(sub->ctx.fd, SOL_SOCKET, SO_RCVBUF, &size,
			  sizeof(size)) ? -errno : 0;
}

int sub_open(struct pg_sub **sub, struct pg_ctx *ctx, size_t buffer)
{
	struct pg_sub *new = calloc(1, sizeof(*new));
	int err;

	if (!new)
		return -ENOMEM;

	err = ctx_init(&new->ctx, buffer_floor());
	if (!err)
		err = set_buffer(new, buffer);
	if (!err)
		err = join_all(new, ctx);
	if (err) {
		pg_sub_close(new);
		return err;
	}
	*sub = new;
	return 0;
}

int pg_sub_open(struct pg_sub **sub, size_t buffer)
{
	struct pg_ctx *ctx;
	int err;

	if (!sub)
		return -EINVAL;
	err = pg_open(&ctx);
	if (err)
		return err;
	err = sub_open(sub, ctx, buffer);
	pg_close(ctx);
	return err;
}

void pg_sub_close(struct pg_sub *sub)
{
	if (!sub)
		return;
	ctx_destroy(&sub->ctx);
	free(sub);
}

int pg_sub_fd(const struct pg_sub *sub)
{
	return sub ? sub->ctx.fd : -EINVAL;
}

const char *pg_sub_error(const struct pg_sub *sub)
{
	return sub ? pg_error(&sub->ctx) : "";
}

void sub_go_on(struct pg_sub *sub, uint64_t generation)
{
	sub->from = generation + 1;
	sub->next = generation + 1;
	sub->last = generation;
}

bool sub_is_stale(const struct pg_sub *sub, const struct pg_ctx *ctx)
{
	return sub->ctx.family != ctx->family;
}

static enum pg_event_type event_type(uint8_t cmd)
{
	switch (cmd) {
	case PEERGROUP_CMD_GROUP_NEW_NTF:
		return PG_EVENT_GROUP_NEW;
	case PEERGROUP_CMD_GROUP_GONE_NTF:
		return PG_EVENT_GROUP_GONE;
	case PEERGROUP_CMD_CONN_PENDING_NTF:
		return PG_EVENT_CONN_PENDING;
	case PEERGROUP_CMD_CONN_NEW_NTF:
		return PG_EVENT_CONN_NEW;
	case PEERGROUP_CMD_CONN_GONE_NTF:
		return PG_EVENT_CONN_GONE;
	case PEERGROUP_CMD_RULE_NEW_NTF:
		return PG_EVENT_RULE_NEW;
	case PEERGROUP_CMD_RULE_GONE_NTF:
		return PG_EVENT_RULE_GONE;
	default:
		return 0;
	}
}

static bool take_attr(struct pg_sub *sub, const struct attr *attr)
{
	struct pg_event *event = &sub->event;

	switch (attr->type) {
	case PEERGROUP_A_GENERATION:
		return attr_u64(attr, &event->generation);
	case PEERGROUP_A_GROUP:
		event->group = &sub->group.group;
		return parse_group(attr, &sub->group);
	case PEERGROUP_A_CONN:
		event->conn = &sub->conn.conn;
		return parse_conn(attr, &sub->conn) &&
		       conn_complete(&sub->conn.conn);
	case PEERGROUP_A_RULE:
		event->rule = &sub->rule;
		return parse_rule(attr, &sub->rule) &&
		       rule_complete(&sub->rule);
	default:
		return true;
	}
}

/* Whether an event has what its type needs. */
static bool complete(const struct pg_event *event)
{
	if (!event->generation)
		return false;
	switch (event->type) {
	case PG_EVENT_GROUP_NEW:
	case PG_EVENT_GROUP_GONE:
		return event->group;
	case PG_EVENT_CONN_PENDING:
	case PG_EVENT_CONN_NEW:
	case PG_EVENT_CONN_GONE:
		return event->conn;
	case PG_EVENT_RULE_NEW:
	case PG_EVENT_RULE_GONE:
		return event->rule;
	default:
		return true;
	}
}

/* One of a type that only later versions know counts, and is not shown. */
static enum taken take_event(struct pg_sub *sub, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	struct attrs run = genl_attrs(nlh);
	struct pg_event *event = &sub->event;
	struct attr attr;

	if (!run.left)
		return TAKEN_LOSS;
	*event = (struct pg_event){ .type = event_type(genl->cmd) };
	while (attrs_next(&run, &attr))
		if (!take_attr(sub, &attr))
			return TAKEN_LOSS;
	if (run.bad || !complete(event))
		return TAKEN_LOSS;

	if (event->generation < sub->from)
		return TAKEN_NOTHING;
	if (sub->next && event->generation != sub->next)
		return TAKEN_LOSS;
	sub->next = event->generation + 1;
	sub->last = event->generation;
	return event->type ? TAKEN_EVENT : TAKEN_NOTHING;
}

/* A message of nlctrl. */
static enum taken take_control(const struct pg_sub *sub,
			       const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	struct attrs run = genl_attrs(nlh);
	struct attr attr;
	uint16_t family;

	if (!run.left || genl->cmd != CTRL_CMD_DELFAMILY)
		return TAKEN_NOTHING;
	while (attrs_next(&run, &attr))
		if (attr.type == CTRL_ATTR_FAMILY_ID &&
		    attr_u16(&attr, &family) && family == sub->ctx.family)
			return TAKEN_END;
	return TAKEN_NOTHING;
}

static enum taken take_message(struct pg_sub *sub, const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_type == sub->ctx.family)
		return take_event(sub, nlh);
	if (nlh->nlmsg_type == GENL_ID_CTRL)
		return take_control(sub, nlh);
	return TAKEN_NOTHING;
}

/* Take what the last datagram still has. */
static enum taken take_rest(struct pg_sub *sub)
{
	enum taken taken = TAKEN_NOTHING;
	const struct nlmsghdr *nlh;

	while (taken == TAKEN_NOTHING) {
		nlh = messages_next(&sub->run);
		if (!nlh)
			return sub->run.left ? TAKEN_LOSS : TAKEN_NOTHING;
		taken = take_message(sub, nlh);
	}
	return taken;
}

/* Receive until there is something to hand out; -EAGAIN if there is not. */
static int take_next(struct pg_sub *sub, enum taken *taken)
{
	ssize_t len;

	for (;;) {
		*taken = take_rest(sub);
		if (*taken != TAKEN_NOTHING)
			return 0;

		len = ctx_receive(&sub->ctx, sub->ctx.buf_size, MSG_DONTWAIT);
		if (len == -ENOBUFS || len == -EMSGSIZE) {
			*taken = TAKEN_LOSS;
			return 0;
		}
		if (len < 0)
			return len;
		sub->run = (struct messages){ sub->ctx.buf, len };
	}
}

/*
 * Throw away all that is queued: once a message did not fit, the kernel drops
 * all others without a word until the queue is empty.
 */
static int drain(struct pg_sub *sub)
{
	ssize_t len;

	sub->run = (struct messages){ 0 };
	do {
		len = ctx_receive(&sub->ctx, sub->ctx.buf_size, MSG_DONTWAIT);
	} while (len >= 0 || len == -ENOBUFS || len == -EMSGSIZE);
	return len == -EAGAIN ? 0 : len;
}

/*
 * The end of the module may be among what was lost. If that cannot be found
 * out now, whoever lists will.
 */
static bool has_ended(struct pg_sub *sub)
{
	struct pg_ctx *ctx;
	int err = pg_open(&ctx);
	bool stale;

	if (err)
		return err == -ENODEV;
	stale = sub_is_stale(sub, ctx);
	pg_close(ctx);
	return stale;
}

static int ended(struct pg_sub *sub)
{
	return ctx_fail(&sub->ctx, -ENODEV,
			"the peergroup module was unloaded");
}

/* Goes on with the next call if something fails. */
static int report_loss(struct pg_sub *sub)
{
	int err = drain(sub);

	if (err)
		return ctx_fail(&sub->ctx, err, NULL);
	sub->ended = has_ended(sub);
	if (sub->ended)
		return ended(sub);

	sub->lost = false;
	sub->next = 0;
	sub->event = (struct pg_event){
		.type = PG_EVENT_RESYNC, .generation = sub->last,
	};
	return 1;
}

int pg_sub_next(struct pg_sub *sub, const struct pg_event **event)
{
	enum taken taken = TAKEN_LOSS;
	int err = 0;

	if (!sub || !event)
		return -EINVAL;
	*event = NULL;
	sub->ctx.error[0] = '\0';

	if (!sub->ended && !sub->lost)
		err = take_next(sub, &taken);
	if (err == -EAGAIN)
		return 0;
	if (err)
		return ctx_fail(&sub->ctx, err, NULL);

	sub->ended |= taken == TAKEN_END;
	if (sub->ended)
		return ended(sub);
	sub->lost |= taken == TAKEN_LOSS;
	if (sub->lost) {
		err = report_loss(sub);
		if (err < 0)
			return err;
	}
	*event = &sub->event;
	return 1;
}
