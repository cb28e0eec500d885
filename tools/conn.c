// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup conn: attach and detach connections.
 */
#include <limits.h>
#include <unistd.h>

#include "tool.h"

static const char help[] =
"Usage: peergroup conn add GROUP pid PID fd FD [ type neighbor|direct ]\n"
"                                [ node-id N ] [ peer-id TEXT ]\n"
"       peergroup conn del GROUP id ID\n"
"       peergroup conn [ show [ group NAME ] [ type neighbor|direct ]\n"
"                             [ remote ADDR ] [ id ID ] [ all ] ]\n"
"\n"
"\"conn add\" takes the connection behind file descriptor FD of process PID. It\n"
"needs the same user or CAP_SYS_PTRACE. \"all\" shows also connections that are\n"
"pending, which is to say connecting; \"id ID\" shows one in either state.\n";

static int attach(struct pg_ctx *ctx, const char *group,
		  const struct pg_attach *sock)
{
	uint32_t id;
	int err;

	err = pg_group_find(ctx, group, &id);
	if (err)
		return err;
	return pg_conn_attach(ctx, id, sock, 1, NULL, NULL, NULL);
}

static enum status conn_add(struct args *args)
{
	enum { PID, FD, TYPE, NODE_ID, PEER_ID };
	struct param params[] = {
		[PID] = { .keyword = "pid" },
		[FD] = { .keyword = "fd" },
		[TYPE] = { .keyword = "type" },
		[NODE_ID] = { .keyword = "node-id" },
		[PEER_ID] = { .keyword = "peer-id" },
	};
	struct pg_attach sock = { .size = sizeof(sock) };
	const char *group = args_need(args, "GROUP");
	enum status status;
	struct pg_ctx *ctx;
	int pid, fd, err;

	args_params(args, params, ARRAY_SIZE(params));
	args_require(args, &params[PID]);
	args_require(args, &params[FD]);
	pid = args_number(args, &params[PID], 1, INT_MAX);
	fd = args_number(args, &params[FD], 0, INT_MAX);
	sock.type = args_type(args, &params[TYPE]);
	sock.peer_id = params[PEER_ID].value;
	if (params[NODE_ID].value)
		sock.node_id = args_number(args, &params[NODE_ID], 0,
					   UINT64_MAX);

	ctx = context_open(args);
	if (!ctx)
		return STATUS_REFUSED;
	status = STATUS_REFUSED;
	sock.fd = pidfd_take(pid, fd);
	if (sock.fd >= 0) {
		err = attach(ctx, group, &sock);
		status = err ? refused_by(ctx, err) : STATUS_DONE;
		close(sock.fd);
	}
	pg_close(ctx);
	return status;
}

static enum status conn_del(struct args *args)
{
	const char *group = args_need(args, "GROUP");
	struct param id = { .keyword = "id" };
	enum status status;
	struct pg_ctx *ctx;
	uint32_t group_id;
	uint64_t conn_id;
	int err;

	args_params(args, &id, 1);
	args_require(args, &id);
	conn_id = args_number(args, &id, 1, UINT64_MAX);

	ctx = context_open(args);
	if (!ctx)
		return STATUS_REFUSED;
	err = pg_group_find(ctx, group, &group_id);
	if (!err)
		err = pg_conn_detach(ctx, group_id, conn_id, NULL);
	status = err ? refused_by(ctx, err) : STATUS_DONE;
	pg_close(ctx);
	return status;
}

static const struct command commands[] = {
	{ "show", conn_show },
	{ "add", conn_add },
	{ "del", conn_del },
};

const struct object object_conn = {
	.name = "conn",
	.help = help,
	.commands = commands,
	.n = ARRAY_SIZE(commands),
};
