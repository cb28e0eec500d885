// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Groups.
 */
#include <errno.h>
#include <linux/peergroup.h>
#include <netlink/attr.h>
#include <string.h>

#include "reader.h"

_Static_assert(sizeof(struct pg_group_spec) == 40, "padding");
_Static_assert(offsetof(struct pg_group_spec, owner) == 36, "padding");

static int check_name(struct pg_ctx *ctx, const char *name)
{
	if (!name || !*name)
		return ctx_fail(ctx, -EINVAL, "a group has a name");
	if (strnlen(name, PG_NAME_MAX + 1) > PG_NAME_MAX)
		return ctx_fail(ctx, -EINVAL,
				"the name is longer than 511 bytes");
	return 0;
}

static int check_text(struct pg_ctx *ctx, const char *text, const char *refusal)
{
	if (text && strnlen(text, PG_TEXT_MAX + 1) > PG_TEXT_MAX)
		return ctx_fail(ctx, -EINVAL, refusal);
	return 0;
}

static int check_spec(struct pg_ctx *ctx, const struct pg_group_spec *spec)
{
	int err;

	if (!spec)
		return ctx_fail(ctx, -EINVAL, NULL);

	err = check_size(ctx, spec, sizeof(*spec));
	if (!err)
		err = check_flags(ctx, spec->flags, PG_GROUP_SET_OWNER);
	if (!err)
		err = check_name(ctx, spec->name);
	if (!err)
		err = check_text(ctx, spec->label,
				 "the label is longer than 767 bytes");
	if (!err)
		err = check_text(ctx, spec->comment,
				 "the comment is longer than 767 bytes");
	return err;
}

static int put_text(struct nl_msg *msg, int type, const char *text)
{
	return text ? nla_put_string(msg, type, text) : 0;
}

static int put_spec(struct request *req, const struct pg_group_spec *spec)
{
	struct nlattr *nest = request_nest(req, PEERGROUP_A_GROUP);
	struct nl_msg *msg = req->msg;

	if (!nest ||
	    put_text(msg, PEERGROUP_A_GROUP_NAME, spec->name) ||
	    put_text(msg, PEERGROUP_A_GROUP_LABEL, spec->label) ||
	    put_text(msg, PEERGROUP_A_GROUP_COMMENT, spec->comment))
		return -EMSGSIZE;
	if ((spec->flags & PG_GROUP_SET_OWNER) &&
	    nla_put_u32(msg, PEERGROUP_A_GROUP_OWNER, spec->owner))
		return -EMSGSIZE;
	request_nest_end(req, nest);
	return 0;
}

static int store_id(const struct pg_group *group, void *arg)
{
	uint32_t *id = arg;

	*id = group->id;
	return 0;
}

int pg_group_add(struct pg_ctx *ctx, const struct pg_group_spec *spec,
		 uint32_t *id, uint64_t *generation)
{
	uint32_t new_id = 0;
	struct reader reader = {
		.ctx = ctx, .group = store_id, .arg = &new_id,
	};
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_GROUP_NEW, NLM_F_ACK,
			   PG_NAME_MAX + 2 * PG_TEXT_MAX);
	if (err)
		return err;

	err = check_spec(ctx, spec);
	if (err) {
		request_drop(&req);
		return err;
	}

	err = reader_run(&reader, &req, put_spec(&req, spec));
	return err ? err : reader_answer(&reader, new_id, id, generation);
}

int pg_group_del(struct pg_ctx *ctx, uint32_t id, uint64_t *generation)
{
	struct reader reader = { .ctx = ctx };
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_GROUP_DEL, NLM_F_ACK, 0);
	if (err)
		return err;
	err = check_group_id(ctx, id);
	if (err) {
		request_drop(&req);
		return err;
	}

	err = reader_run(&reader, &req, request_put_group(&req, id));
	return err ? err : reader_answer(&reader, id, NULL, generation);
}

static int put_name(struct request *req, const char *name)
{
	struct nlattr *nest = request_nest(req, PEERGROUP_A_GROUP);

	if (!nest || nla_put_string(req->msg, PEERGROUP_A_GROUP_NAME, name))
		return -EMSGSIZE;
	request_nest_end(req, nest);
	return 0;
}

int pg_group_find(struct pg_ctx *ctx, const char *name, uint32_t *id)
{
	uint32_t found = 0;
	struct reader reader = {
		.ctx = ctx, .group = store_id, .arg = &found,
	};
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_GROUP_GET, NLM_F_ACK,
			   PG_NAME_MAX);
	if (err)
		return err;

	err = check_name(ctx, name);
	if (err) {
		request_drop(&req);
		return err;
	}

	err = reader_run(&reader, &req, put_name(&req, name));
	return err ? err : reader_answer(&reader, found, id, NULL);
}

int pg_group_get(struct pg_ctx *ctx, uint32_t id, pg_group_cb cb, void *arg)
{
	struct reader reader = {
		.ctx = ctx, .group = cb, .arg = arg, .get = true,
	};
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_GROUP_GET, NLM_F_ACK, 0);
	if (err)
		return err;
	err = check_group_id(ctx, id);
	if (err) {
		request_drop(&req);
		return err;
	}

	return reader_run(&reader, &req, request_put_group(&req, id));
}

int pg_group_list(struct pg_ctx *ctx, pg_group_cb cb, void *arg,
		  uint64_t *generation)
{
	struct reader reader = {
		.ctx = ctx, .group = cb, .arg = arg, .dump = true,
	};
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_GROUP_GET, NLM_F_DUMP, 0);
	if (err)
		return err;

	err = reader_run(&reader, &req, 0);
	if (!err && generation)
		*generation = reader.generation;
	return err;
}
