// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family: requests and their replies. */

#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "netlink.h"
#include "peergroup.h"
#include "wire.h"

const struct nla_policy pg_group_policy[PG_GROUP_ATTRS] = {
	[PEERGROUP_A_GROUP_ID]		= NLA_POLICY_MIN(NLA_U32, 1),
	[PEERGROUP_A_GROUP_NAME]	= { .type = NLA_NUL_STRING,
					    .len = PEERGROUP_NAME_LEN_MAX },
	[PEERGROUP_A_GROUP_LABEL]	= { .type = NLA_NUL_STRING,
					    .len = PEERGROUP_TEXT_LEN_MAX },
	[PEERGROUP_A_GROUP_COMMENT]	= { .type = NLA_NUL_STRING,
					    .len = PEERGROUP_TEXT_LEN_MAX },
	[PEERGROUP_A_GROUP_OWNER]	= { .type = NLA_U32 },
};

static const struct nla_policy pg_conn_policy[PG_CONN_ATTRS] = {
	[PEERGROUP_A_CONN_ID]		= NLA_POLICY_MIN(NLA_U64, 1),
	[PEERGROUP_A_CONN_TYPE]		=
		NLA_POLICY_RANGE(NLA_U32, PEERGROUP_CONN_TYPE_NEIGHBOR,
				 PEERGROUP_CONN_TYPE_DIRECT),
	[PEERGROUP_A_CONN_NODE_ID]	= { .type = NLA_U64 },
	[PEERGROUP_A_CONN_REMOTE_IPV4]	= { .type = NLA_U32 },
	[PEERGROUP_A_CONN_REMOTE_IPV6]	=
		NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[PEERGROUP_A_CONN_PEER_ID]	= { .type = NLA_NUL_STRING,
					    .len = PEERGROUP_NAME_LEN_MAX },
	[PEERGROUP_A_CONN_FD]		= NLA_POLICY_MIN(NLA_S32, 0),
};

/*
 * One policy for group-*, one for conn-new and conn-del, one for conn-get; that
 * of rule-* is where these are.
 */
static const struct nla_policy pg_group_op_policy[] = {
	[PEERGROUP_A_GROUP]	= NLA_POLICY_NESTED(pg_group_policy),
};

static const struct nla_policy pg_conn_op_policy[] = {
	[PEERGROUP_A_GROUP]	= NLA_POLICY_NESTED(pg_group_policy),
	[PEERGROUP_A_CONN]	= NLA_POLICY_NESTED(pg_conn_policy),
};

static const struct nla_policy pg_conn_get_policy[] = {
	[PEERGROUP_A_GROUP]	= NLA_POLICY_NESTED(pg_group_policy),
	[PEERGROUP_A_CONN]	= NLA_POLICY_NESTED(pg_conn_policy),
	[PEERGROUP_A_FLAGS]	= NLA_POLICY_MASK(NLA_U32,
						  PEERGROUP_READ_FLAG_STATS |
						  PEERGROUP_READ_FLAG_ALL |
						  PEERGROUP_READ_FLAG_GROUPS),
};

/**
 * pg_parse - parse a nest of which this command knows some attributes only
 * @tb: receives the attributes
 * @max: the highest
 * @nest: the nest, NULL being an empty one
 * @policy: what they are like
 * @known: those that may be there, as bits
 * @extack: receives the reason of a refusal
 */
int pg_parse(struct nlattr *tb[], int max, const struct nlattr *nest,
	     const struct nla_policy *policy, u32 known,
	     struct netlink_ext_ack *extack)
{
	int err, i;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	if (!nest)
		return 0;
	err = nla_parse_nested(tb, max, nest, policy, extack);
	if (err)
		return err;
	for (i = 1; i <= max; i++) {
		if (tb[i] && !(known & BIT(i))) {
			NL_SET_ERR_MSG_ATTR(extack, tb[i],
					    "attribute does not apply to this command");
			return -EINVAL;
		}
	}
	return 0;
}

static int pg_parse_group(struct nlattr *tb[], const struct nlattr *nest,
			  u32 known, struct netlink_ext_ack *extack)
{
	return pg_parse(tb, PG_GROUP_ATTRS - 1, nest,
			pg_group_policy, known, extack);
}

int pg_parse_conn(struct nlattr *tb[], const struct nlattr *nest, u32 known,
		  struct netlink_ext_ack *extack)
{
	return pg_parse(tb, PG_CONN_ATTRS - 1, nest, pg_conn_policy, known,
			extack);
}

/* Length of a text, or -EINVAL if it is none we take. */
static int pg_text_len(const struct nlattr *attr)
{
	const char *text = nla_data(attr);
	int len = nla_len(attr);

	if (!text[len - 1])
		len--;
	return pg_text_valid(text, len) ? len : -EINVAL;
}

/* A text of a group, "" if there is none; false if it is none we take. */
static bool pg_get_text(const char **text, const struct nlattr *attr)
{
	*text = attr ? nla_data(attr) : "";
	return !attr || pg_text_len(attr) >= 0;
}

static int pg_get_name(const char **name, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	if (pg_get_text(name, attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "name is not UTF-8 or has control characters");
	return -EINVAL;
}

static struct pg_group *pg_lookup_group(struct pg_net *pn,
					const struct nlattr *id,
					const char *name)
{
	struct pg_group *group;

	rcu_read_lock();
	group = id ? pg_group_by_id(pn, nla_get_u32(id)) :
		     pg_group_by_name(pn, name);
	if (group && !pg_group_hold(group))
		group = NULL;
	rcu_read_unlock();
	return group;
}

/**
 * pg_find_group - the group a request names by id or name
 * @pn: the namespace
 * @nest: PEERGROUP_A_GROUP
 * @extack: receives the reason of a refusal
 *
 * Return: a reference to the group, or ERR_PTR.
 */
struct pg_group *pg_find_group(struct pg_net *pn, const struct nlattr *nest,
			       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[PG_GROUP_ATTRS];
	struct nlattr *id, *name;
	struct pg_group *group;
	const char *text;
	int err;

	err = pg_parse_group(tb, nest, BIT(PEERGROUP_A_GROUP_ID) |
				       BIT(PEERGROUP_A_GROUP_NAME), extack);
	if (err)
		return ERR_PTR(err);

	id = tb[PEERGROUP_A_GROUP_ID];
	name = tb[PEERGROUP_A_GROUP_NAME];
	err = pg_get_name(&text, name, extack);
	if (err)
		return ERR_PTR(err);
	if (!id && !name) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "id or name is missing");
		NL_SET_ERR_ATTR_MISS(extack, nest, PEERGROUP_A_GROUP_ID);
		return ERR_PTR(-EINVAL);
	}
	if (id && name) {
		NL_SET_ERR_MSG_ATTR(extack, name, "id and name exclude each other");
		return ERR_PTR(-EINVAL);
	}

	group = pg_lookup_group(pn, id, text);
	if (!group) {
		NL_SET_ERR_MSG_ATTR(extack, id ? id : name, "no such group");
		return ERR_PTR(-ENOENT);
	}
	return group;
}

/**
 * pg_required_group - likewise, the one that a request has to name
 * @info: the request
 */
struct pg_group *pg_required_group(struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, PEERGROUP_A_GROUP)) {
		NL_SET_ERR_MSG(info->extack, "group is missing");
		return ERR_PTR(-EINVAL);
	}
	return pg_find_group(pg_net(genl_info_net(info)),
			     info->attrs[PEERGROUP_A_GROUP], info->extack);
}

/**
 * pg_optional_group - likewise, one that it may name
 * @info: the request
 *
 * Return: a reference to the group, NULL, or ERR_PTR.
 */
struct pg_group *pg_optional_group(struct genl_info *info)
{
	return info->attrs[PEERGROUP_A_GROUP] ? pg_required_group(info) : NULL;
}

static int pg_check_owner(const struct sk_buff *skb,
			  const struct pg_group *group,
			  struct netlink_ext_ack *extack)
{
	struct pg_actor actor;

	pg_actor_init(&actor, skb, group->pn->net->user_ns);
	if (pg_actor_may(&actor, group->owner))
		return 0;
	NL_SET_ERR_MSG(extack,
		       "needs to be the owner of the group or CAP_NET_ADMIN");
	return -EPERM;
}

/**
 * pg_reply_init - begin a reply
 * @reply: is filled
 * @info: the request
 * @size: room for attributes
 *
 * Done before anything else happens, so that what has happened can be told.
 */
int pg_reply_init(struct pg_reply *reply, struct genl_info *info, size_t size)
{
	reply->skb = genlmsg_new(size, GFP_KERNEL);
	if (!reply->skb)
		return -ENOMEM;
	reply->hdr = genlmsg_put_reply(reply->skb, info, &pg_family, 0,
				       info->genlhdr->cmd);
	if (reply->hdr)
		return 0;
	nlmsg_free(reply->skb);
	return -EMSGSIZE;
}

/**
 * pg_reply_generation - tell what a change took, or what is shown
 * @reply: the reply
 * @generation: the generation
 */
int pg_reply_generation(struct pg_reply *reply, u64 generation)
{
	return nla_put(reply->skb, PEERGROUP_A_GENERATION, sizeof(generation),
		       &generation);
}

/**
 * pg_reply_end - send, or give up if what was put last did not succeed
 * @reply: the reply
 * @info: the request
 * @err: 0, or the error to return
 */
int pg_reply_end(struct pg_reply *reply, struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(reply->skb);
		return err;
	}
	genlmsg_end(reply->skb, reply->hdr);
	return genlmsg_reply(reply->skb, info);
}

static int pg_reply_group(struct pg_reply *reply, const struct sk_buff *skb,
			  struct genl_info *info, struct pg_group *group,
			  u64 generation)
{
	struct user_namespace *user_ns = sk_user_ns(NETLINK_CB(skb).sk);
	int err;

	err = pg_reply_generation(reply, generation);
	if (!err)
		err = pg_wire_group(reply->skb, group, user_ns);
	return pg_reply_end(reply, info, err);
}

static int pg_group_texts(struct pg_group_spec *spec, struct nlattr *tb[],
			  struct netlink_ext_ack *extack)
{
	struct nlattr *comment = tb[PEERGROUP_A_GROUP_COMMENT];
	struct nlattr *label = tb[PEERGROUP_A_GROUP_LABEL];
	struct nlattr *name = tb[PEERGROUP_A_GROUP_NAME];
	int err;

	err = pg_get_name(&spec->name, name, extack);
	if (err)
		return err;
	if (!*spec->name) {
		NL_SET_ERR_MSG_ATTR(extack, name, "name is missing or empty");
		return -EINVAL;
	}
	if (!pg_get_text(&spec->label, label)) {
		NL_SET_ERR_MSG_ATTR(extack, label,
				    "label is not UTF-8 or has control characters");
		return -EINVAL;
	}
	if (!pg_get_text(&spec->comment, comment)) {
		NL_SET_ERR_MSG_ATTR(extack, comment,
				    "comment is not UTF-8 or has control characters");
		return -EINVAL;
	}
	return 0;
}

static int pg_group_owner(struct pg_group_spec *spec, const struct sk_buff *skb,
			  const struct pg_net *pn, const struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	struct pg_actor actor;

	pg_actor_init(&actor, skb, pn->net->user_ns);
	spec->owner = actor.sender;
	if (attr)
		spec->owner = make_kuid(current_user_ns(), nla_get_u32(attr));
	if (!uid_valid(spec->owner)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "no such user");
		return -EINVAL;
	}
	if (!pg_actor_may(&actor, spec->owner)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "needs to be that owner or CAP_NET_ADMIN");
		return -EPERM;
	}

	pg_actor_init(&actor, skb, &init_user_ns);
	spec->exempt = pg_actor_is_admin(&actor);
	spec->account = pg_account(pn, spec->owner);
	return 0;
}

static int pg_group_create(struct sk_buff *skb, struct genl_info *info,
			   const struct pg_group_spec *spec)
{
	struct pg_net *pn = pg_net(genl_info_net(info));
	struct pg_reply reply;
	struct pg_group *group;
	u64 generation;
	int err;

	err = pg_reply_init(&reply, info, GENLMSG_DEFAULT_SIZE);
	if (err)
		return err;
	group = pg_group_new(pn, spec, &generation, info->extack);
	if (IS_ERR(group))
		return pg_reply_end(&reply, info, PTR_ERR(group));
	err = pg_reply_group(&reply, skb, info, group, generation);
	pg_group_put(group);
	return err;
}

static int pg_group_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pg_net *pn = pg_net(genl_info_net(info));
	struct nlattr *tb[PG_GROUP_ATTRS];
	struct pg_group_spec spec;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, PEERGROUP_A_GROUP)) {
		NL_SET_ERR_MSG(info->extack, "group is missing");
		return -EINVAL;
	}
	err = pg_parse_group(tb, info->attrs[PEERGROUP_A_GROUP],
			     BIT(PEERGROUP_A_GROUP_NAME) |
			     BIT(PEERGROUP_A_GROUP_LABEL) |
			     BIT(PEERGROUP_A_GROUP_COMMENT) |
			     BIT(PEERGROUP_A_GROUP_OWNER), info->extack);
	if (!err)
		err = pg_group_texts(&spec, tb, info->extack);
	if (!err)
		err = pg_group_owner(&spec, skb, pn,
				     tb[PEERGROUP_A_GROUP_OWNER], info->extack);
	if (!err)
		err = pg_group_create(skb, info, &spec);
	return err;
}

static int pg_group_delete(struct sk_buff *skb, struct genl_info *info,
			   struct pg_group *group)
{
	struct pg_reply reply;
	u64 generation;
	int err;

	err = pg_check_owner(skb, group, info->extack);
	if (err)
		return err;
	err = pg_reply_init(&reply, info, GENLMSG_DEFAULT_SIZE);
	if (err)
		return err;
	err = pg_group_del(group, &generation);
	if (err)
		return pg_reply_end(&reply, info, err);
	return pg_reply_group(&reply, skb, info, group, generation);
}

static int pg_group_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pg_group *group;
	int err;

	group = pg_required_group(info);
	if (IS_ERR(group))
		return PTR_ERR(group);
	err = pg_group_delete(skb, info, group);
	pg_group_put(group);
	return err;
}

static int pg_group_get(struct sk_buff *skb, struct genl_info *info,
			struct pg_group *group)
{
	struct pg_reply reply;
	u64 generation;
	int err;

	err = pg_group_show(group, &generation);
	if (err)
		return err;
	err = pg_reply_init(&reply, info, GENLMSG_DEFAULT_SIZE);
	if (err)
		return err;
	return pg_reply_group(&reply, skb, info, group, generation);
}

static int pg_group_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pg_group *group;
	int err;

	group = pg_required_group(info);
	if (IS_ERR(group))
		return PTR_ERR(group);
	err = pg_group_get(skb, info, group);
	pg_group_put(group);
	return err;
}

/* What a socket is to be attached with. */
static int pg_parse_attach(struct pg_conn_spec *spec, const struct nlattr *nest,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[PG_CONN_ATTRS];
	struct nlattr *peer_id;
	int err, len = 0;

	err = pg_parse_conn(tb, nest, BIT(PEERGROUP_A_CONN_TYPE) |
				      BIT(PEERGROUP_A_CONN_NODE_ID) |
				      BIT(PEERGROUP_A_CONN_PEER_ID) |
				      BIT(PEERGROUP_A_CONN_FD), extack);
	if (err)
		return err;
	if (!tb[PEERGROUP_A_CONN_FD]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "fd is missing");
		NL_SET_ERR_ATTR_MISS(extack, nest, PEERGROUP_A_CONN_FD);
		return -EINVAL;
	}
	peer_id = tb[PEERGROUP_A_CONN_PEER_ID];
	if (peer_id) {
		len = pg_text_len(peer_id);
		if (len < 0) {
			NL_SET_ERR_MSG_ATTR(extack, peer_id,
					    "peer-id is not UTF-8 or has control characters");
			return len;
		}
		spec->peer_id = nla_data(peer_id);
	}

	spec->attr = tb[PEERGROUP_A_CONN_FD];
	spec->fd = nla_get_s32(tb[PEERGROUP_A_CONN_FD]);
	spec->peer_id_len = len;
	spec->type = PEERGROUP_CONN_TYPE_NEIGHBOR;
	if (tb[PEERGROUP_A_CONN_TYPE])
		spec->type = nla_get_u32(tb[PEERGROUP_A_CONN_TYPE]);
	spec->node_id = 0;
	if (tb[PEERGROUP_A_CONN_NODE_ID])
		spec->node_id = nla_get_u64(tb[PEERGROUP_A_CONN_NODE_ID]);
	return 0;
}

static int pg_attach_one(struct pg_attach *req, const struct nlattr *nest,
			 struct netlink_ext_ack *extack)
{
	struct pg_conn_spec spec = {};
	int err;

	if (req->n == PEERGROUP_ATTACH_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "more sockets than one request may attach");
		return -E2BIG;
	}
	err = pg_parse_attach(&spec, nest, extack);
	if (err)
		return err;
	return pg_attach_socket(req, &spec, extack);
}

static int pg_attach_all(struct pg_attach *req, struct genl_info *info)
{
	struct nlattr *nest;
	int err, rem;

	if (GENL_REQ_ATTR_CHECK(info, PEERGROUP_A_CONN)) {
		NL_SET_ERR_MSG(info->extack, "conn is missing");
		return -EINVAL;
	}
	nlmsg_for_each_attr(nest, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(nest) != PEERGROUP_A_CONN)
			continue;
		err = pg_attach_one(req, nest, info->extack);
		if (err)
			return err;
	}
	return 0;
}

static void pg_blame_conn(struct genl_info *info, unsigned int index)
{
	struct nlattr *nest;
	int rem;

	nlmsg_for_each_attr(nest, info->nlhdr, GENL_HDRLEN, rem)
		if (nla_type(nest) == PEERGROUP_A_CONN && !index--)
			NL_SET_BAD_ATTR(info->extack, nest);
}

static int pg_put_conn_id(struct sk_buff *skb, u64 id, u32 group_id)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, PEERGROUP_A_CONN);
	if (!nest ||
	    nla_put(skb, PEERGROUP_A_CONN_ID, sizeof(id), &id) ||
	    nla_put_u32(skb, PEERGROUP_A_CONN_GROUP_ID, group_id))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int pg_reply_conns(struct pg_reply *reply, struct genl_info *info,
			  u32 group_id, u64 id, unsigned int n, u64 generation)
{
	int err;

	err = pg_reply_generation(reply, generation);
	while (!err && n--)
		err = pg_put_conn_id(reply->skb, id++, group_id);
	return pg_reply_end(reply, info, err);
}

static size_t pg_reply_conns_size(unsigned int n)
{
	return nla_total_size(sizeof(u64)) +
	       n * nla_total_size(nla_total_size(sizeof(u64)) +
				  nla_total_size(sizeof(u32)));
}

/* Once committed the connections stay, come what may. */
static int pg_attach_finish(struct pg_attach *req, struct genl_info *info)
{
	struct pg_reply reply;
	unsigned int failed;
	int err;

	err = pg_reply_init(&reply, info, pg_reply_conns_size(req->n));
	if (err) {
		pg_attach_abort(req);
		return err;
	}
	err = pg_attach_commit(req, &failed, info->extack);
	if (err) {
		pg_blame_conn(info, failed);
		pg_attach_abort(req);
		return pg_reply_end(&reply, info, err);
	}
	return pg_reply_conns(&reply, info, req->group->id, req->first_id,
			      req->n, req->generation);
}

/* The descriptors are the sender's, so nobody else may make him send this. */
static int pg_check_attacher(const struct sk_buff *skb,
			     const struct pg_group *group,
			     struct netlink_ext_ack *extack)
{
	struct pg_actor actor;
	int err;

	err = pg_check_owner(skb, group, extack);
	if (err)
		return err;
	pg_actor_init(&actor, skb, group->pn->net->user_ns);
	if (pg_actor_is_one(&actor))
		return 0;
	NL_SET_ERR_MSG(extack,
		       "netlink socket was opened by another user");
	return -EPERM;
}

/**
 * pg_may_wait - may a request keep its sender waiting?
 * @skb: the request
 *
 * Generic netlink as a whole waits with us, and all messages of one system
 * call are handled in a row: only the last of them may wait.
 */
bool pg_may_wait(const struct sk_buff *skb)
{
	return skb->len <= NLMSG_ALIGN(nlmsg_hdr(skb)->nlmsg_len);
}

static int pg_conn_attach(struct sk_buff *skb, struct genl_info *info,
			  struct pg_group *group)
{
	struct pg_attach req;
	int err;

	err = pg_check_attacher(skb, group, info->extack);
	if (err)
		return err;
	pg_attach_init(&req, group, pg_may_wait(skb));
	err = pg_attach_all(&req, info);
	if (err) {
		pg_attach_abort(&req);
		return err;
	}
	return pg_attach_finish(&req, info);
}

static int pg_conn_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pg_group *group;
	int err;

	group = pg_required_group(info);
	if (IS_ERR(group))
		return PTR_ERR(group);
	err = pg_conn_attach(skb, info, group);
	pg_group_put(group);
	return err;
}

/* The id of the one connection a request is about, or 0. */
static u64 pg_required_conn_id(struct genl_info *info,
			       const struct nlattr **attr)
{
	struct nlattr *tb[PG_CONN_ATTRS];

	*attr = NULL;
	if (GENL_REQ_ATTR_CHECK(info, PEERGROUP_A_CONN)) {
		NL_SET_ERR_MSG(info->extack, "conn is missing");
		return 0;
	}
	if (pg_parse_conn(tb, info->attrs[PEERGROUP_A_CONN],
			  BIT(PEERGROUP_A_CONN_ID), info->extack))
		return 0;
	*attr = tb[PEERGROUP_A_CONN_ID];
	if (*attr)
		return nla_get_u64(*attr);
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PEERGROUP_A_CONN],
			    "id is missing");
	NL_SET_ERR_ATTR_MISS(info->extack, info->attrs[PEERGROUP_A_CONN],
			     PEERGROUP_A_CONN_ID);
	return 0;
}

/* Detach, if it is a connection of that group or no group is named. */
static int pg_detach(struct sk_buff *skb, struct genl_info *info, u64 id,
		     const struct pg_group *only, u32 *group_id,
		     u64 *generation)
{
	struct pg_conn *conn;
	int err;

	rcu_read_lock();
	conn = pg_index_find_id(pg_net(genl_info_net(info)), id);
	if (!conn || (only && conn->group != only)) {
		err = -ENOENT;
		goto out;
	}
	err = pg_check_owner(skb, conn->group, info->extack);
	if (err)
		goto out;
	*group_id = conn->group->id;
	if (!pg_conn_end(conn, PEERGROUP_REASON_DETACHED, 0, generation))
		err = -ENOENT;
out:
	rcu_read_unlock();
	return err;
}

static int pg_conn_detach(struct sk_buff *skb, struct genl_info *info,
			  const struct pg_group *only)
{
	const struct nlattr *attr;
	struct pg_reply reply;
	u64 id, generation;
	u32 group_id;
	int err;

	id = pg_required_conn_id(info, &attr);
	if (!id)
		return -EINVAL;
	err = pg_reply_init(&reply, info, pg_reply_conns_size(1));
	if (err)
		return err;
	err = pg_detach(skb, info, id, only, &group_id, &generation);
	if (err) {
		if (err == -ENOENT)
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "no such connection");
		return pg_reply_end(&reply, info, err);
	}
	return pg_reply_conns(&reply, info, group_id, id, 1, generation);
}

static int pg_conn_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pg_group *group = pg_optional_group(info);
	int err;

	if (IS_ERR(group))
		return PTR_ERR(group);
	err = pg_conn_detach(skb, info, group);
	pg_group_put(group);
	return err;
}

/* Statistics, if they are asked for, of a connection that is the sender's. */
static int pg_get_stats(struct sk_buff *skb, struct genl_info *info,
			struct pg_conn *conn, struct pg_stats *stats)
{
	int err;

	err = pg_check_owner(skb, conn->group, info->extack);
	if (err)
		return err;
	return pg_conn_stats(conn, stats) ? 0 : -ENOENT;
}

static int pg_put_conn(struct pg_reply *reply, struct sk_buff *skb,
		       struct genl_info *info, u64 id, bool want_stats)
{
	enum peergroup_conn_state state;
	struct pg_stats stats;
	struct pg_conn *conn;
	u64 generation;
	int err;

	rcu_read_lock();
	conn = pg_index_find_id(pg_net(genl_info_net(info)), id);
	err = conn ? pg_conn_show(conn, &state, &generation) : -ENOENT;
	if (!err && want_stats)
		err = pg_get_stats(skb, info, conn, &stats);
	if (!err)
		err = pg_reply_generation(reply, generation);
	if (!err)
		err = pg_wire_conn(reply->skb, conn, state,
				   want_stats ? &stats : NULL);
	rcu_read_unlock();
	return err;
}

static int pg_conn_get(struct sk_buff *skb, struct genl_info *info, u64 id,
		       bool want_stats)
{
	struct pg_reply reply;
	int err;

	err = pg_reply_init(&reply, info, GENLMSG_DEFAULT_SIZE);
	if (err)
		return err;
	err = pg_put_conn(&reply, skb, info, id, want_stats);
	return pg_reply_end(&reply, info, err);
}

static int pg_conn_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr_flags = info->attrs[PEERGROUP_A_FLAGS];
	u32 flags = attr_flags ? nla_get_u32(attr_flags) : 0;
	const struct nlattr *attr;
	u64 id;
	int err;

	if (info->attrs[PEERGROUP_A_GROUP]) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[PEERGROUP_A_GROUP],
				    "attribute applies to dumps only");
		return -EINVAL;
	}
	if (flags & ~PEERGROUP_READ_FLAG_STATS) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr_flags,
				    "flag applies to dumps only");
		return -EINVAL;
	}
	id = pg_required_conn_id(info, &attr);
	if (!id)
		return -EINVAL;
	err = pg_conn_get(skb, info, id, flags);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such connection");
	return err;
}

/*
 * One entry a command, with a policy of its own: the only form that both 6.1
 * and later kernels take.
 */
static const struct genl_ops pg_ops[] = {
	{
		.cmd		= PEERGROUP_CMD_GROUP_NEW,
		.policy		= pg_group_op_policy,
		.maxattr	= ARRAY_SIZE(pg_group_op_policy) - 1,
		.doit		= pg_group_new_doit,
	},
	{
		.cmd		= PEERGROUP_CMD_GROUP_DEL,
		.policy		= pg_group_op_policy,
		.maxattr	= ARRAY_SIZE(pg_group_op_policy) - 1,
		.doit		= pg_group_del_doit,
	},
	{
		.cmd		= PEERGROUP_CMD_GROUP_GET,
		.policy		= pg_group_op_policy,
		.maxattr	= ARRAY_SIZE(pg_group_op_policy) - 1,
		.doit		= pg_group_get_doit,
		.start		= pg_group_dump_start,
		.dumpit		= pg_group_dumpit,
		.done		= pg_dump_done,
	},
	{
		.cmd		= PEERGROUP_CMD_CONN_NEW,
		.policy		= pg_conn_op_policy,
		.maxattr	= ARRAY_SIZE(pg_conn_op_policy) - 1,
		.doit		= pg_conn_new_doit,
	},
	{
		.cmd		= PEERGROUP_CMD_CONN_DEL,
		.policy		= pg_conn_op_policy,
		.maxattr	= ARRAY_SIZE(pg_conn_op_policy) - 1,
		.doit		= pg_conn_del_doit,
	},
	{
		.cmd		= PEERGROUP_CMD_CONN_GET,
		.policy		= pg_conn_get_policy,
		.maxattr	= ARRAY_SIZE(pg_conn_get_policy) - 1,
		.doit		= pg_conn_get_doit,
		.start		= pg_conn_dump_start,
		.dumpit		= pg_conn_dumpit,
		.done		= pg_dump_done,
	},
	{
		.cmd		= PEERGROUP_CMD_RULE_NEW,
		.policy		= pg_rule_op_policy,
		.maxattr	= ARRAY_SIZE(pg_rule_op_policy) - 1,
		.doit		= pg_rule_new_doit,
	},
	{
		.cmd		= PEERGROUP_CMD_RULE_DEL,
		.policy		= pg_rule_op_policy,
		.maxattr	= ARRAY_SIZE(pg_rule_op_policy) - 1,
		.doit		= pg_rule_del_doit,
	},
	{
		.cmd		= PEERGROUP_CMD_RULE_GET,
		.policy		= pg_rule_op_policy,
		.maxattr	= ARRAY_SIZE(pg_rule_op_policy) - 1,
		.doit		= pg_rule_get_doit,
		.start		= pg_rule_dump_start,
		.dumpit		= pg_rule_dumpit,
		.done		= pg_dump_done,
	},
};

static const struct genl_multicast_group pg_mcgrps[] = {
	[PG_MCGRP_EVENTS] = { .name = PEERGROUP_MCGRP_EVENTS },
};

struct genl_family pg_family __ro_after_init = {
	.name		= PEERGROUP_FAMILY_NAME,
	.version	= PEERGROUP_FAMILY_VERSION,
	.maxattr	= PEERGROUP_A_MAX,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= pg_ops,
	.n_ops		= ARRAY_SIZE(pg_ops),
	.mcgrps		= pg_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(pg_mcgrps),
};

MODULE_ALIAS_GENL_FAMILY(PEERGROUP_FAMILY_NAME);

int __init pg_netlink_init(void)
{
	return genl_register_family(&pg_family);
}

void pg_netlink_exit(void)
{
	pg_notify_exit();
	genl_unregister_family(&pg_family);
}
