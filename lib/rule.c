// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules.
 */
#include <errno.h>
#include <linux/peergroup.h>
#include <netlink/attr.h>
#include <string.h>

#include "parse.h"
#include "reader.h"

_Static_assert(sizeof(struct pg_rule_spec) == 88, "padding");
_Static_assert(offsetof(struct pg_rule_spec, reserved) == 84, "padding");
_Static_assert(sizeof(struct pg_prefix) == 24, "never grows");

/* The attributes of one end of a socket. */
struct end_attrs {
	int port_min;
	int port_max;
	int ipv4;
	int ipv6;
	int prefix_len;
};

static const struct end_attrs local_attrs = {
	.port_min = PEERGROUP_A_RULE_LOCAL_PORT_MIN,
	.port_max = PEERGROUP_A_RULE_LOCAL_PORT_MAX,
	.ipv4 = PEERGROUP_A_RULE_LOCAL_IPV4,
	.ipv6 = PEERGROUP_A_RULE_LOCAL_IPV6,
	.prefix_len = PEERGROUP_A_RULE_LOCAL_PREFIX_LEN,
};

static const struct end_attrs remote_attrs = {
	.port_min = PEERGROUP_A_RULE_REMOTE_PORT_MIN,
	.port_max = PEERGROUP_A_RULE_REMOTE_PORT_MAX,
	.ipv4 = PEERGROUP_A_RULE_REMOTE_IPV4,
	.ipv6 = PEERGROUP_A_RULE_REMOTE_IPV6,
	.prefix_len = PEERGROUP_A_RULE_REMOTE_PREFIX_LEN,
};

static int no_rule(struct pg_ctx *ctx)
{
	return ctx_fail(ctx, -ENOENT, "no rule has id 0");
}

static const unsigned char *prefix_bytes(const struct pg_prefix *prefix)
{
	return prefix->family == AF_INET ?
	       (const unsigned char *)&prefix->ipv4 : prefix->ipv6.s6_addr;
}

/* Is a bit set that does not count? */
static bool has_bits_behind(const struct pg_prefix *prefix)
{
	const unsigned char *bytes = prefix_bytes(prefix);
	uint32_t bit, bits = prefix_bits(prefix->family);

	for (bit = prefix->len; bit < bits; bit++)
		if (bytes[bit / 8] & 0x80 >> bit % 8)
			return true;
	return false;
}

/* Here and below: why it makes no sense, NULL if it does. */
static const char *refuse_prefix(const struct pg_prefix *prefix)
{
	/* More of the union may not be 0 where a compiler leaves it as it was. */
	if (!prefix->family)
		return prefix->len || prefix->ipv4.s_addr ?
		       "a prefix without a family" : NULL;
	if (!prefix_bits(prefix->family))
		return "a prefix is neither IPv4 nor IPv6";
	if (prefix->len > prefix_bits(prefix->family))
		return "a prefix is longer than an address";
	return has_bits_behind(prefix) ?
	       "an address has bits behind its prefix" : NULL;
}

static const char *refuse_ports(uint16_t min, uint16_t max)
{
	if (max && !min)
		return "a highest port without a lowest one";
	return max && max < min ? "a highest port below the lowest" : NULL;
}

static const char *refuse_flags(const struct pg_rule_spec *spec)
{
	if (spec->flags & PG_RULE_KEEP)
		return "a rule that is made keeps nothing";
	if (spec->uid && !(spec->flags & PG_RULE_UID))
		return "a uid without the flag for it";
	if (spec->direction && (spec->flags & PG_RULE_EXISTING))
		return "established sockets do not tell their direction";
	return NULL;
}

static const char *refuse_direction(enum pg_direction direction)
{
	switch (direction) {
	case PG_DIRECTION_ANY:
	case PG_DIRECTION_IN:
	case PG_DIRECTION_OUT:
		return NULL;
	}
	return "direction is neither in nor out";
}

static const char *refuse(const struct pg_rule_spec *spec)
{
	const char *refusal = refuse_flags(spec);

	if (!refusal)
		refusal = refuse_direction(spec->direction);
	if (!refusal)
		refusal = refuse_ports(spec->local_port_min,
				       spec->local_port_max);
	if (!refusal)
		refusal = refuse_ports(spec->remote_port_min,
				       spec->remote_port_max);
	if (!refusal)
		refusal = refuse_prefix(&spec->local);
	if (!refusal)
		refusal = refuse_prefix(&spec->remote);
	if (!refusal && spec->reserved)
		refusal = "reserved is not 0";
	return refusal;
}

static int check_spec(struct pg_ctx *ctx, const struct pg_rule_spec *spec)
{
	const char *refusal;
	int err;

	if (!spec)
		return ctx_fail(ctx, -EINVAL, NULL);

	err = check_size(ctx, spec, sizeof(*spec));
	if (!err)
		err = check_flags(ctx, spec->flags, PG_RULE_UID |
				  PG_RULE_EXISTING | PG_RULE_KEEP);
	if (!err)
		err = check_type(ctx, spec->type);
	if (err)
		return err;

	refusal = refuse(spec);
	if (refusal)
		return ctx_fail(ctx, -EINVAL, refusal);
	return check_group_id(ctx, spec->group_id);
}

static int put_port(struct nl_msg *msg, int type, uint16_t port)
{
	return port ? nla_put_u16(msg, type, htons(port)) : 0;
}

/* The kernel knows IPv4 as IPv4 only, also on a dual-stack socket. */
static struct pg_prefix unmapped(const struct pg_prefix *prefix)
{
	struct pg_prefix ipv4 = { .family = AF_INET };

	if (prefix->family != AF_INET6 || prefix->len < 96 ||
	    !IN6_IS_ADDR_V4MAPPED(&prefix->ipv6))
		return *prefix;
	ipv4.len = prefix->len - 96;
	memcpy(&ipv4.ipv4, &prefix->ipv6.s6_addr[12], sizeof(ipv4.ipv4));
	return ipv4;
}

static int put_prefix(struct nl_msg *msg, const struct end_attrs *attrs,
		      const struct pg_prefix *given)
{
	const struct pg_prefix prefix = unmapped(given);

	if (!prefix.family)
		return 0;
	if (prefix.family == AF_INET ?
	    nla_put_u32(msg, attrs->ipv4, prefix.ipv4.s_addr) :
	    nla_put(msg, attrs->ipv6, sizeof(prefix.ipv6), &prefix.ipv6))
		return -EMSGSIZE;
	return nla_put_u32(msg, attrs->prefix_len, prefix.len);
}

static int put_end(struct nl_msg *msg, const struct end_attrs *attrs,
		   uint16_t port_min, uint16_t port_max,
		   const struct pg_prefix *prefix)
{
	if (put_port(msg, attrs->port_min, port_min) ||
	    put_port(msg, attrs->port_max, port_max))
		return -EMSGSIZE;
	return put_prefix(msg, attrs, prefix);
}

static int put_rule(struct nl_msg *msg, const struct pg_rule_spec *spec)
{
	if (put_end(msg, &local_attrs, spec->local_port_min,
		    spec->local_port_max, &spec->local) ||
	    put_end(msg, &remote_attrs, spec->remote_port_min,
		    spec->remote_port_max, &spec->remote) ||
	    (spec->type &&
	     nla_put_u32(msg, PEERGROUP_A_RULE_TYPE, spec->type)) ||
	    (spec->direction &&
	     nla_put_u32(msg, PEERGROUP_A_RULE_DIRECTION, spec->direction)) ||
	    ((spec->flags & PG_RULE_UID) &&
	     nla_put_u32(msg, PEERGROUP_A_RULE_UID, spec->uid)) ||
	    ((spec->flags & PG_RULE_EXISTING) &&
	     nla_put_flag(msg, PEERGROUP_A_RULE_EXISTING)))
		return -EMSGSIZE;
	return 0;
}

static int put_spec(struct request *req, const struct pg_rule_spec *spec)
{
	int err = request_put_group(req, spec->group_id);
	struct nlattr *nest;

	if (err)
		return err;
	nest = request_nest(req, PEERGROUP_A_RULE);
	if (!nest || put_rule(req->msg, spec))
		return -EMSGSIZE;
	request_nest_end(req, nest);
	return 0;
}

static int store_id(const struct pg_rule *rule, void *arg)
{
	uint32_t *id = arg;

	*id = rule->id;
	return 0;
}

int pg_rule_add(struct pg_ctx *ctx, const struct pg_rule_spec *spec,
		uint32_t *id, uint64_t *generation)
{
	uint32_t new_id = 0;
	struct reader reader = {
		.ctx = ctx, .rule = store_id, .arg = &new_id,
	};
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_RULE_NEW, NLM_F_ACK, 0);
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

static int put_id(struct request *req, uint32_t id, bool keep)
{
	struct nlattr *nest = request_nest(req, PEERGROUP_A_RULE);

	req->by_id = true;
	if (!nest || nla_put_u32(req->msg, PEERGROUP_A_RULE_ID, id) ||
	    (keep && nla_put_flag(req->msg, PEERGROUP_A_RULE_KEEP)))
		return -EMSGSIZE;
	request_nest_end(req, nest);
	return 0;
}

int pg_rule_del(struct pg_ctx *ctx, uint32_t group_id, uint32_t id,
		uint32_t flags, uint64_t *generation)
{
	struct reader reader = { .ctx = ctx };
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_RULE_DEL, NLM_F_ACK, 0);
	if (err)
		return err;

	err = check_flags(ctx, flags, PG_RULE_KEEP);
	if (!err && !id)
		err = no_rule(ctx);
	if (err) {
		request_drop(&req);
		return err;
	}

	err = group_id ? request_put_group(&req, group_id) : 0;
	if (!err)
		err = put_id(&req, id, flags & PG_RULE_KEEP);
	err = reader_run(&reader, &req, err);
	return err ? err : reader_answer(&reader, id, NULL, generation);
}

int pg_rule_get(struct pg_ctx *ctx, uint32_t id, pg_rule_cb cb, void *arg)
{
	struct reader reader = {
		.ctx = ctx, .rule = cb, .arg = arg, .get = true,
	};
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_RULE_GET, NLM_F_ACK, 0);
	if (err)
		return err;
	if (!id) {
		request_drop(&req);
		return no_rule(ctx);
	}

	return reader_run(&reader, &req, put_id(&req, id, false));
}

int pg_rule_list(struct pg_ctx *ctx, uint32_t group_id, pg_rule_cb cb,
		 void *arg, uint64_t *generation)
{
	struct reader reader = {
		.ctx = ctx, .rule = cb, .arg = arg, .dump = true,
	};
	struct request req;
	int err;

	err = request_init(ctx, &req, PEERGROUP_CMD_RULE_GET, NLM_F_DUMP, 0);
	if (err)
		return err;

	err = group_id ? request_put_group(&req, group_id) : 0;
	err = reader_run(&reader, &req, err);
	if (!err && generation)
		*generation = reader.generation;
	return err;
}
