// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Connections: detach, get, dump.
 */
#include <errno.h>
#include <linux/peergroup.h>
#include <netlink/attr.h>
#include <string.h>

#include "conn.h"
#include "reader.h"

_Static_assert(sizeof(struct pg_filter) == 32, "padding");
_Static_assert(offsetof(struct pg_filter, reserved) == 28, "padding");

const char *pg_reason_name(enum pg_reason reason)
{
	switch (reason) {
	case PG_REASON_CLOSED:
		return "closed";
	case PG_REASON_PEER_CLOSED:
		return "peer-closed";
	case PG_REASON_RESET:
		return "reset";
	case PG_REASON_ABORTED:
		return "aborted";
	case PG_REASON_TIMED_OUT:
		return "timed-out";
	case PG_REASON_UNREACHABLE:
		return "unreachable";
	case PG_REASON_DETACHED:
		return "detached";
	case PG_REASON_CONNECT_FAILED:
		return "connect-failed";
	default:
		return "unknown";
	}
}

static int no_conn(struct pg_ctx *ctx)
{
	return ctx_fail(ctx, -ENOENT, "no connection has id 0");
}

static int put_id(struct request *req, uint64_t id)
{
	struct nlattr *nest = request_nest(req, PEERGROUP_A_CONN);

	req->by_id = true;
	if (!nest || nla_put_u64(req->msg, PEERGROUP_A_CONN_ID, id))
		return -EMSGSIZE;
	request_nest_end(req, nest);
	return 0;
}

static int put_flags(struct request *req, uint32_t flags)
{
	return flags ? nla_put_u32(req->msg, PEERGROUP_A_FLAGS, flags) : 0;
}

int pg_conn_detach(struct pg_ctx *ctx, uint32_t group_id, uint64_t id,
		   uint64_t *generation)
{
	struct reader reader = { .ctx = ctx };
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_CONN_DEL, NLM_F_ACK, 0);
	if (err)
		return err;
	if (!id) {
		request_drop(&req);
		return no_conn(ctx);
	}

	err = group_id ? request_put_group(&req, group_id) : 0;
	if (!err)
		err = put_id(&req, id);
	err = reader_run(&reader, &req, err);
	if (!err && generation)
		*generation = reader.generation;
	return err;
}

int pg_conn_get(struct pg_ctx *ctx, uint64_t id, bool stats, pg_conn_cb cb,
		void *arg)
{
	struct reader reader = {
		.ctx = ctx, .conn = cb, .arg = arg, .get = true,
	};
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_CONN_GET, NLM_F_ACK, 0);
	if (err)
		return err;
	if (!id) {
		request_drop(&req);
		return no_conn(ctx);
	}

	err = put_id(&req, id);
	if (!err)
		err = put_flags(&req, stats ? PEERGROUP_READ_FLAG_STATS : 0);
	return reader_run(&reader, &req, err);
}

/* The kernel knows IPv4 as IPv4 only, also on a dual-stack socket. */
static int put_remote(struct nl_msg *msg, const struct pg_addr *addr)
{
	uint32_t ipv4;

	if (addr->family == AF_INET)
		return nla_put_u32(msg, PEERGROUP_A_CONN_REMOTE_IPV4,
				   addr->ipv4.s_addr);
	if (!IN6_IS_ADDR_V4MAPPED(&addr->ipv6))
		return nla_put(msg, PEERGROUP_A_CONN_REMOTE_IPV6,
			       sizeof(addr->ipv6), &addr->ipv6);

	memcpy(&ipv4, &addr->ipv6.s6_addr[12], sizeof(ipv4));
	return nla_put_u32(msg, PEERGROUP_A_CONN_REMOTE_IPV4, ipv4);
}

static int put_conn_filter(struct request *req, const struct pg_filter *filter)
{
	struct nlattr *nest;

	if (!filter->type && !filter->remote)
		return 0;

	nest = request_nest(req, PEERGROUP_A_CONN);
	if (!nest ||
	    (filter->type &&
	     nla_put_u32(req->msg, PEERGROUP_A_CONN_TYPE, filter->type)) ||
	    (filter->remote && put_remote(req->msg, filter->remote)))
		return -EMSGSIZE;
	request_nest_end(req, nest);
	return 0;
}

static uint32_t read_flags(const struct pg_filter *filter)
{
	uint32_t flags = 0;

	if (filter->flags & PG_FILTER_STATS)
		flags |= PEERGROUP_READ_FLAG_STATS;
	if (filter->flags & PG_FILTER_ALL)
		flags |= PEERGROUP_READ_FLAG_ALL;
	return flags;
}

static int put_filter(struct request *req, const struct pg_filter *filter,
		      uint32_t flags)
{
	int err = 0;

	if (filter->group_id)
		err = request_put_group(req, filter->group_id);
	if (!err)
		err = put_conn_filter(req, filter);
	if (!err)
		err = put_flags(req, flags | read_flags(filter));
	return err;
}

static int check_filter(struct pg_ctx *ctx, const struct pg_filter *filter)
{
	int err = check_size(ctx, filter, sizeof(*filter));

	if (!err)
		err = check_flags(ctx, filter->flags,
				  PG_FILTER_STATS | PG_FILTER_ALL);
	if (!err && filter->reserved)
		err = ctx_fail(ctx, -EINVAL, "reserved is not 0");
	if (!err)
		err = check_type(ctx, filter->type);
	if (!err && filter->remote && filter->remote->family != AF_INET &&
	    filter->remote->family != AF_INET6)
		err = ctx_fail(ctx, -EINVAL,
			       "the remote address is neither IPv4 nor IPv6");
	return err;
}

static int dump(struct reader *reader, const struct pg_filter *filter)
{
	struct pg_ctx *ctx = reader->ctx;
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_CONN_GET, NLM_F_DUMP, 0);
	if (err)
		return err;

	err = check_filter(ctx, filter);
	if (err) {
		request_drop(&req);
		return err;
	}

	reader->dump = true;
	reader->at_most = filter->remote;
	err = put_filter(&req, filter, reader->with_groups ?
			 PEERGROUP_READ_FLAG_GROUPS : 0);
	return reader_run(reader, &req, err);
}

int pg_conn_dump(struct pg_ctx *ctx, const struct pg_filter *filter,
		 pg_begin_cb begin, pg_conn_cb cb, void *arg)
{
	static const struct pg_filter active = { .size = sizeof(active) };
	struct reader reader = {
		.ctx = ctx, .begin = begin, .conn = cb, .arg = arg,
	};

	return dump(&reader, filter ? filter : &active);
}

int conn_dump_groups(struct pg_ctx *ctx, const struct pg_filter *filter,
		     pg_group_cb group_cb, pg_conn_cb conn_cb, void *arg,
		     uint64_t *generation)
{
	struct reader reader = {
		.ctx = ctx, .group = group_cb, .conn = conn_cb, .arg = arg,
		.with_groups = true,
	};
	int err = dump(&reader, filter);

	if (!err)
		*generation = reader.generation;
	return err;
}
