// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Connections: detach, get, dump.
 */
#include <errno.h>
#include <linux/peergroup.h>
#include <netlink/attr.h>
#include <string.h>

#include "reader.h"

_Static_assert(sizeof(struct pg_filter) == 32, "padding");
_Static_assert(offsetof(struct pg_filter, reserved) == 28, "padding");

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

static int put_stats_flag(struct request *req, bool stats)
{
	return stats ? nla_put_u32(req->msg, PEERGROUP_A_FLAGS,
				   PEERGROUP_READ_FLAG_STATS) : 0;
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
		err = put_stats_flag(&req, stats);
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

static int put_filter(struct request *req, const struct pg_filter *filter)
{
	int err = 0;

	if (filter->group_id)
		err = request_put_group(req, filter->group_id);
	if (!err)
		err = put_conn_filter(req, filter);
	if (!err)
		err = put_stats_flag(req, filter->flags & PG_FILTER_STATS);
	return err;
}

static int check_filter(struct pg_ctx *ctx, const struct pg_filter *filter)
{
	int err = check_size(ctx, filter, sizeof(*filter));

	if (!err)
		err = check_flags(ctx, filter->flags, PG_FILTER_STATS);
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

int pg_conn_dump(struct pg_ctx *ctx, const struct pg_filter *filter,
		 pg_begin_cb begin, pg_conn_cb cb, void *arg)
{
	static const struct pg_filter all = { .size = sizeof(all) };
	struct reader reader = {
		.ctx = ctx, .begin = begin, .conn = cb, .arg = arg,
		.dump = true,
	};
	struct request req;
	int err;

	if (!filter)
		filter = &all;
	err = request_init(ctx, &req, PEERGROUP_CMD_CONN_GET, NLM_F_DUMP, 0);
	if (err)
		return err;

	err = check_filter(ctx, filter);
	if (err) {
		request_drop(&req);
		return err;
	}

	reader.at_most = filter->remote;
	return reader_run(&reader, &req, put_filter(&req, filter));
}
