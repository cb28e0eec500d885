// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Attaches sockets to a group.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/peergroup.h>
#include <netlink/attr.h>
#include <stdint.h>
#include <string.h>

#include "parse.h"
#include "reader.h"

_Static_assert(sizeof(struct pg_attach) == 32, "padding");
_Static_assert(offsetof(struct pg_attach, peer_id) == 24, "padding");

/* Attributes of one socket in a request. */
#define SOCKET_ROOM 64

/* One connection in the reply: id, group, and whatever may come to that. */
#define CONN_ROOM 64

/* The sockets of one call; elements may be larger than this version knows. */
struct batch {
	struct pg_ctx *ctx;
	const struct pg_attach *socks;
	size_t n;
	uint64_t *ids;
	size_t got;
};

static const struct pg_attach *batch_sock(const struct batch *batch, size_t i)
{
	const char *first = (const char *)batch->socks;

	return (const void *)(first + i * batch->socks->size);
}

static int check_sock(const struct batch *batch, size_t i)
{
	const struct pg_attach *sock = batch_sock(batch, i);
	int err = check_size(batch->ctx, sock, sizeof(*sock));

	if (err)
		return err;
	if (sock->size != batch->socks->size)
		return ctx_fail(batch->ctx, -EINVAL, "sizes differ");
	err = check_type(batch->ctx, sock->type);
	if (err)
		return err;
	if (sock->fd < 0)
		return ctx_fail(batch->ctx, -EBADF, NULL);
	if (sock->peer_id &&
	    strnlen(sock->peer_id, PG_NAME_MAX + 1) > PG_NAME_MAX)
		return ctx_fail(batch->ctx, -EINVAL,
				"the peer id is longer than 511 bytes");
	return 0;
}

/* The room that the sockets take in a request, or what is wrong with one. */
static ssize_t check_batch(const struct batch *batch, size_t *failed)
{
	ssize_t room = 0;
	size_t i;
	int err;

	if (!batch->n || !batch->socks)
		return ctx_fail(batch->ctx, -EINVAL, "no sockets to attach");
	if (batch->n > PG_ATTACH_MAX)
		return ctx_fail(batch->ctx, -E2BIG,
				"at most 256 sockets in one call");

	for (i = 0; i < batch->n; i++) {
		err = check_sock(batch, i);
		if (err) {
			*failed = i;
			return err;
		}
		room += SOCKET_ROOM;
		if (batch_sock(batch, i)->peer_id)
			room += strlen(batch_sock(batch, i)->peer_id);
	}
	return room;
}

static int put_sock(struct request *req, const struct pg_attach *sock)
{
	struct nlattr *nest = request_nest(req, PEERGROUP_A_CONN);
	struct nl_msg *msg = req->msg;

	if (!nest || nla_put_s32(msg, PEERGROUP_A_CONN_FD, sock->fd))
		return -EMSGSIZE;
	if (sock->type && nla_put_u32(msg, PEERGROUP_A_CONN_TYPE, sock->type))
		return -EMSGSIZE;
	if (sock->node_id &&
	    nla_put_u64(msg, PEERGROUP_A_CONN_NODE_ID, sock->node_id))
		return -EMSGSIZE;
	if (sock->peer_id &&
	    nla_put_string(msg, PEERGROUP_A_CONN_PEER_ID, sock->peer_id))
		return -EMSGSIZE;
	request_nest_end(req, nest);
	return 0;
}

static int put_batch(struct request *req, const struct batch *batch,
		     uint32_t group_id)
{
	int err = request_put_group(req, group_id);
	size_t i;

	for (i = 0; !err && i < batch->n; i++)
		err = put_sock(req, batch_sock(batch, i));
	return err;
}

/* Which socket of the request the refused attribute belongs to, else n. */
static size_t find_refused(const struct nlmsghdr *nlh, size_t n, size_t offset)
{
	const unsigned char *base = (const unsigned char *)nlh;
	const size_t start = NLMSG_HDRLEN + GENL_HDRLEN;
	struct attrs run = { base + start, nlh->nlmsg_len - start, false };
	struct attr attr;
	size_t i = 0;

	while (offset >= start && attrs_next(&run, &attr)) {
		if (offset < (size_t)(run.pos - base))
			return attr.type == PEERGROUP_A_CONN ? i : n;
		if (attr.type == PEERGROUP_A_CONN)
			i++;
	}
	return n;
}

static int store_id(const struct pg_conn *conn, void *arg)
{
	struct batch *batch = arg;

	if (batch->ids && batch->got < batch->n)
		batch->ids[batch->got] = conn->id;
	batch->got++;
	return 0;
}

/* The reply to a full request is longer than the smallest buffer. */
static int make_room(struct batch *batch, struct request *req)
{
	size_t room = batch->n * CONN_ROOM + 1024;

	if (room <= buffer_floor())
		return 0;
	req->answer_room = room;
	return ctx_grow(batch->ctx, room);
}

static int run_batch(struct batch *batch, struct request *req,
		     uint32_t group_id, uint64_t *generation, size_t *failed)
{
	struct reader reader = {
		.ctx = batch->ctx, .conn = store_id, .arg = batch,
	};
	struct nl_msg *msg = req->msg;
	int err;

	nlmsg_get(msg);
	err = reader_run(&reader, req, put_batch(req, batch, group_id));
	if (err)
		*failed = find_refused(nlmsg_hdr(msg), batch->n,
				       batch->ctx->bad_offset);
	nlmsg_free(msg);

	if (!err && batch->got != batch->n)
		err = ctx_fail(batch->ctx, -EPROTO,
			       "the module sent another number of ids");
	if (!err && generation)
		*generation = reader.generation;
	return err;
}

int pg_conn_attach(struct pg_ctx *ctx, uint32_t group_id,
		   const struct pg_attach *socks, size_t n, uint64_t *ids,
		   uint64_t *generation, size_t *failed)
{
	struct batch batch = {
		.ctx = ctx, .socks = socks, .n = n, .ids = ids,
	};
	struct request req;
	size_t ignored;
	ssize_t room;
	int err;

	if (!failed)
		failed = &ignored;
	*failed = n;
	if (!ctx)
		return -EINVAL;

	room = check_batch(&batch, failed);
	if (room < 0)
		return room;
	err = check_group_id(ctx, group_id);
	if (err)
		return err;

	err = request_init(ctx, &req, PEERGROUP_CMD_CONN_NEW, NLM_F_ACK, room);
	if (err)
		return err;
	err = make_room(&batch, &req);
	if (err) {
		request_drop(&req);
		return err;
	}
	return run_batch(&batch, &req, group_id, generation, failed);
}
