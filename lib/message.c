// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests to the kernel and its answers.
 *
 * libnl builds the requests. Answers are received here: nl_recv() allocates a
 * buffer for every call, folds errno values together, and reads on after a
 * message that did not fit, losing it.
 *
 * A netlink socket of the kernel answers before sendto() and recvmsg() return:
 * what belongs to a request is in the queue, or will be once what is in the
 * queue was taken. So an abandoned answer can be drained without waiting.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/peergroup.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <string.h>
#include <sys/socket.h>

#include "message.h"
#include "parse.h"

/* An answer being received. */
struct answer {
	message_fn fn;
	void *arg;
	size_t room;	/* for a message */
	uint32_t seq;
	uint16_t type;
	bool ended;	/* its last message was seen */
	bool reasoned;	/* which gave a reason in words */
};

int request_init(struct pg_ctx *ctx, struct request *req, uint8_t cmd,
		 int flags, size_t room)
{
	if (!ctx)
		return -EINVAL;
	if (ctx->busy)
		return ctx_fail(ctx, -EBUSY,
				"a callback must not use its own context");

	*req = (struct request){ .msg = nlmsg_alloc_size(REQUEST_ROOM + room) };
	if (!req->msg)
		return ctx_fail(ctx, -ENOMEM, NULL);

	genlmsg_put(req->msg, 0, 0, ctx->family, 0, NLM_F_REQUEST | flags, cmd,
		    PEERGROUP_FAMILY_VERSION);
	return 0;
}

void request_drop(struct request *req)
{
	nlmsg_free(req->msg);
}

struct nlattr *request_nest(struct request *req, int type)
{
	return nla_nest_start(req->msg, NLA_F_NESTED | type);
}

void request_nest_end(struct request *req, struct nlattr *nest)
{
	nla_nest_end(req->msg, nest);
}

int request_put_group(struct request *req, uint32_t id)
{
	struct nlattr *nest = request_nest(req, PEERGROUP_A_GROUP);

	req->by_id = true;
	if (!nest || nla_put_u32(req->msg, PEERGROUP_A_GROUP_ID, id))
		return -EMSGSIZE;
	request_nest_end(req, nest);
	return 0;
}

static int send_message(struct pg_ctx *ctx, const struct nlmsghdr *nlh)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t len;

	do {
		len = sendto(ctx->fd, nlh, nlh->nlmsg_len, 0,
			     (const struct sockaddr *)&kernel, sizeof(kernel));
	} while (len < 0 && errno == EINTR);

	return len < 0 ? ctx_fail(ctx, -errno, NULL) : 0;
}

/*
 * The kernel remembers the largest room for ever and fills it in dumps, so that
 * offering more than a dump will have later would lose messages then.
 */
ssize_t ctx_receive(struct pg_ctx *ctx, size_t room, int flags)
{
	struct iovec iov = { .iov_base = ctx->buf, .iov_len = room };
	struct sockaddr_nl from = { 0 };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t len;

	if (ctx->buf_seen < room)
		ctx->buf_seen = room;
	do {
		len = recvmsg(ctx->fd, &msg, flags);
	} while (len < 0 && errno == EINTR);

	if (len < 0)
		return -errno;
	if (from.nl_pid)
		return 0;
	return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : len;
}

/* Take what is left of an answer, which also ends a dump in the kernel. */
static void drain(struct pg_ctx *ctx, size_t room)
{
	ssize_t len;

	do {
		len = ctx_receive(ctx, room, MSG_DONTWAIT);
	} while (len >= 0 || len == -EMSGSIZE);

	/* A dump that ran out of memory goes on with the next request. */
	if (len != -EAGAIN)
		ctx->broken = true;
}

/* The kernel's reason and the place of what it refuses. */
static void take_reason(struct pg_ctx *ctx, struct answer *answer, int err,
			struct attrs run)
{
	const char *text = NULL;
	struct attr attr;

	ctx->bad_offset = 0;
	while (attrs_next(&run, &attr)) {
		if (attr.type == NLMSGERR_ATTR_MSG)
			text = attr_string(&attr);
		else if (attr.type == NLMSGERR_ATTR_OFFS)
			attr_u32(&attr, &ctx->bad_offset);
	}
	answer->reasoned = text;
	if (err)
		ctx_fail(ctx, err, text);
}

/*
 * The last message of an answer: how it went, and from byte tlvs of the
 * payload on what more there is to say.
 */
static int end_answer(struct pg_ctx *ctx, struct answer *answer,
		      const struct nlmsghdr *nlh, size_t tlvs)
{
	const unsigned char *payload = NLMSG_DATA(nlh);
	size_t len = nlh->nlmsg_len - NLMSG_HDRLEN;
	struct attrs run = { 0 };
	int err;

	answer->ended = true;
	if (len < sizeof(err))
		return ctx_fail(ctx, -EPROTO, "malformed end of an answer");
	memcpy(&err, payload, sizeof(err));
	if (err > 0)
		err = 0;

	if ((nlh->nlmsg_flags & NLM_F_ACK_TLVS) && tlvs <= len)
		run = (struct attrs){ payload + tlvs, len - tlvs, false };
	take_reason(ctx, answer, err, run);
	return err;
}

/* An error repeats the request it is about, or only its header if capped. */
static size_t error_tlvs(const struct nlmsghdr *nlh)
{
	struct nlmsgerr error;

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
		return SIZE_MAX;
	memcpy(&error, NLMSG_DATA(nlh), sizeof(error));
	if (nlh->nlmsg_flags & NLM_F_CAPPED)
		return sizeof(error);
	return sizeof(error.error) + NLMSG_ALIGN((size_t)error.msg.nlmsg_len);
}

static int take_message(struct pg_ctx *ctx, struct answer *answer,
			const struct nlmsghdr *nlh)
{
	/* Of an earlier request whose dump stopped for lack of memory. */
	if (nlh->nlmsg_seq != answer->seq)
		return 0;

	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_ERROR:
		return end_answer(ctx, answer, nlh, error_tlvs(nlh));
	case NLMSG_DONE:
		return end_answer(ctx, answer, nlh, sizeof(int));
	}

	if (nlh->nlmsg_type != answer->type)
		return ctx_fail(ctx, -EPROTO, "message of another family");
	return answer->fn(nlh, answer->arg);
}

static int malformed(struct pg_ctx *ctx)
{
	return ctx_fail(ctx, -EPROTO, "malformed datagram");
}

/* The last message may lack its padding. */
const struct nlmsghdr *messages_next(struct messages *run)
{
	const struct nlmsghdr *nlh = (const void *)run->pos;
	size_t step;

	if (run->left < NLMSG_HDRLEN || nlh->nlmsg_len < NLMSG_HDRLEN ||
	    nlh->nlmsg_len > run->left)
		return NULL;

	step = NLMSG_ALIGN((size_t)nlh->nlmsg_len);
	if (step > run->left)
		step = run->left;
	run->pos += step;
	run->left -= step;
	return nlh;
}

static int take_messages(struct pg_ctx *ctx, struct answer *answer, size_t left)
{
	struct messages run = { .pos = ctx->buf, .left = left };
	const struct nlmsghdr *nlh;
	int err = 0;

	while (!err && !answer->ended) {
		nlh = messages_next(&run);
		if (!nlh)
			break;
		err = take_message(ctx, answer, nlh);
	}
	return !err && run.left ? malformed(ctx) : err;
}

/*
 * A message that does not fit. The rest of an earlier dump may be longer than
 * the answer to this request can be.
 */
static int take_truncated(struct pg_ctx *ctx, const struct answer *answer)
{
	const struct nlmsghdr *nlh = ctx->buf;

	if (nlh->nlmsg_seq != answer->seq)
		return 0;
	return ctx_fail(ctx, -EIO, "a message is larger than the buffer");
}

static int receive_failed(struct pg_ctx *ctx, int err)
{
	ctx->broken = true;
	return ctx_fail(ctx, err, NULL);
}

static int receive_answer(struct pg_ctx *ctx, struct answer *answer)
{
	ssize_t len;
	int err = 0;

	while (!err && !answer->ended) {
		len = ctx_receive(ctx, answer->room, 0);
		if (len == -EMSGSIZE)
			err = take_truncated(ctx, answer);
		else if (len < 0)
			err = receive_failed(ctx, len);
		else
			err = take_messages(ctx, answer, len);
	}
	if (!answer->ended)
		drain(ctx, answer->room);
	return err;
}

static int exchange(struct pg_ctx *ctx, struct nlmsghdr *nlh,
		    struct answer *answer)
{
	int err;

	nlh->nlmsg_seq = ++ctx->seq;
	answer->seq = nlh->nlmsg_seq;
	answer->type = nlh->nlmsg_type;
	answer->ended = false;
	answer->reasoned = false;
	ctx->bad_offset = 0;
	ctx->error[0] = '\0';

	err = send_message(ctx, nlh);
	return err ? err : receive_answer(ctx, answer);
}

static void take_mcgrp(struct family *family, const struct attr *nest)
{
	struct attrs run = attr_nested(nest);
	const char *name = NULL;
	struct attr attr;
	uint32_t id = 0;

	while (attrs_next(&run, &attr)) {
		if (attr.type == CTRL_ATTR_MCAST_GRP_NAME)
			name = attr_string(&attr);
		else if (attr.type == CTRL_ATTR_MCAST_GRP_ID)
			attr_u32(&attr, &id);
	}
	if (name && !strcmp(name, family->mcgrp_name))
		family->mcgrp = id;
}

static void take_family_attr(struct family *family, const struct attr *attr)
{
	struct attrs run = attr_nested(attr);
	struct attr nest;

	if (attr->type == CTRL_ATTR_FAMILY_ID)
		attr_u16(attr, &family->id);
	if (attr->type != CTRL_ATTR_MCAST_GROUPS || !family->mcgrp_name)
		return;
	while (attrs_next(&run, &nest))
		take_mcgrp(family, &nest);
}

static int take_family(const struct nlmsghdr *nlh, void *arg)
{
	struct attrs run = genl_attrs(nlh);
	struct attr attr;

	while (attrs_next(&run, &attr))
		take_family_attr(arg, &attr);
	return 0;
}

int ctx_find_family(struct pg_ctx *ctx, const char *name, struct family *family)
{
	struct nl_msg *msg = nlmsg_alloc_size(REQUEST_ROOM);
	struct answer answer = {
		.fn = take_family, .arg = family, .room = buffer_floor(),
	};
	int err;

	if (!msg)
		return ctx_fail(ctx, -ENOMEM, NULL);

	genlmsg_put(msg, 0, 0, GENL_ID_CTRL, 0, NLM_F_REQUEST | NLM_F_ACK,
		    CTRL_CMD_GETFAMILY, 1);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, name);
	err = exchange(ctx, nlmsg_hdr(msg), &answer);
	nlmsg_free(msg);
	return err;
}

int ctx_resolve(struct pg_ctx *ctx)
{
	struct family family = { 0 };
	int err = ctx_find_family(ctx, PEERGROUP_FAMILY_NAME, &family);

	if (err == -ENOENT || (!err && family.id < NLMSG_MIN_TYPE))
		return ctx_fail(ctx, -ENODEV,
				"the peergroup module is not loaded");
	if (!err)
		ctx->family = family.id;
	return err;
}

/*
 * The kernel answers for a family that is gone with -ENOENT and no reason. If
 * the module was loaded anew, it has another number now.
 */
static int reloaded(struct pg_ctx *ctx, struct request *req,
		    struct answer *answer)
{
	struct nlmsghdr *nlh = nlmsg_hdr(req->msg);
	int err = ctx_resolve(ctx);

	if (err)
		return err;
	if (ctx->family == nlh->nlmsg_type)
		return ctx_fail(ctx, -ENOENT, NULL);
	if (req->by_id)
		return ctx_fail(ctx, -ENOENT,
				"gone: the module was loaded anew");

	nlh->nlmsg_type = ctx->family;
	return exchange(ctx, nlh, answer);
}

static size_t answer_room(const struct pg_ctx *ctx, const struct request *req)
{
	if (nlmsg_hdr(req->msg)->nlmsg_flags & NLM_F_DUMP)
		return ctx->buf_size;
	return req->answer_room ? req->answer_room : buffer_floor();
}

int request_run(struct pg_ctx *ctx, struct request *req, message_fn fn,
		void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(req->msg);
	struct answer answer = {
		.fn = fn, .arg = arg, .room = answer_room(ctx, req),
	};
	int err;

	err = exchange(ctx, nlh, &answer);

	/*
	 * A dump that stopped for lack of memory stays open until something
	 * else is received, such as this refusal, and was drained with it.
	 */
	if (err == -EBUSY && answer.ended && (nlh->nlmsg_flags & NLM_F_DUMP)) {
		drain(ctx, answer.room);
		err = exchange(ctx, nlh, &answer);
	}
	if (err == -ENOENT && answer.ended && !answer.reasoned)
		err = reloaded(ctx, req, &answer);

	request_drop(req);
	return err;
}
