// SPDX-License-Identifier: GPL-2.0-only
/* Requests that no proper program sends: each is refused, in words. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/peergroup.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "request.h"
#include "util.h"

#define BYTES(bytes) .data = (bytes), .len = sizeof(bytes) - 1

/* 512 bytes and their NUL, of which names may have 511. */
#define B16 "0123456789abcdef"
#define B128 B16 B16 B16 B16 B16 B16 B16 B16
#define B512 B128 B128 B128 B128
#define B768 B512 B128 B128

#define ZERO "\0\0\0\0"
#define ONE "\1\0\0\0"

/* A proper request and one attribute too many. */
FIXTURE(malformed) {
	struct pg_ctx *ctx;
	uint32_t group;
	uint64_t conn;
	uint32_t rule;
	int pair[2];
	int fd;
};

FIXTURE_VARIANT(malformed) {
	int cmd;
	int flags;
	int in;			/* nest of the attribute, 0 is the top */
	int type;
	const char *data;
	size_t len;
	int err;
	const char *text;
};

#define MALFORMED(name, ...)					\
	FIXTURE_VARIANT_ADD(malformed, name) { __VA_ARGS__ }

#define GROUP_NEW	.cmd = PEERGROUP_CMD_GROUP_NEW
#define GROUP_DEL	.cmd = PEERGROUP_CMD_GROUP_DEL
#define GROUP_GET	.cmd = PEERGROUP_CMD_GROUP_GET
#define GROUP_DUMP	GROUP_GET, .flags = NLM_F_DUMP
#define CONN_NEW	.cmd = PEERGROUP_CMD_CONN_NEW
#define CONN_DEL	.cmd = PEERGROUP_CMD_CONN_DEL
#define CONN_GET	.cmd = PEERGROUP_CMD_CONN_GET
#define CONN_DUMP	CONN_GET, .flags = NLM_F_DUMP
#define RULE_NEW	.cmd = PEERGROUP_CMD_RULE_NEW
#define RULE_DEL	.cmd = PEERGROUP_CMD_RULE_DEL
#define RULE_GET	.cmd = PEERGROUP_CMD_RULE_GET
#define RULE_DUMP	RULE_GET, .flags = NLM_F_DUMP
#define TOP(name)	.in = 0, .type = PEERGROUP_A_##name
#define GROUP(name)	.in = PEERGROUP_A_GROUP, \
			.type = PEERGROUP_A_GROUP_##name
#define CONN(name)	.in = PEERGROUP_A_CONN, \
			.type = PEERGROUP_A_CONN_##name
#define RULE(name)	.in = PEERGROUP_A_RULE, \
			.type = PEERGROUP_A_RULE_##name

#define UNKNOWN		.err = -EINVAL, .text = "Unknown attribute type"
#define UNSUPPORTED	.err = -EINVAL, .text = "Unsupported attribute"
#define FOREIGN		.err = -EINVAL, \
			.text = "attribute does not apply to this command"
#define LENGTH		.err = -EINVAL, .text = "invalid attribute length"
#define BINARY		.err = -ERANGE, \
			.text = "binary attribute size out of range"
#define RANGE		.err = -ERANGE, .text = "integer out of range"
#define POLICY(err_)	.err = (err_), \
			.text = "Attribute failed policy validation"
#define TEXT(what)	.err = -EINVAL, \
			.text = what " is not UTF-8 or has control characters"

MALFORMED(new_group_unknown_top, GROUP_NEW, .type = 99, BYTES(ONE), UNKNOWN);
MALFORMED(new_group_flags, GROUP_NEW, TOP(FLAGS), BYTES(ONE), UNKNOWN);
MALFORMED(new_group_conn, GROUP_NEW, TOP(CONN), BYTES(""), UNKNOWN);
MALFORMED(new_group_generation, GROUP_NEW, TOP(GENERATION), BYTES(ONE ZERO),
	  UNSUPPORTED);
MALFORMED(new_group_count, GROUP_NEW, TOP(COUNT), BYTES(ONE), UNSUPPORTED);
MALFORMED(new_group_unknown, GROUP_NEW, .in = PEERGROUP_A_GROUP, .type = 99,
	  BYTES(ONE), UNKNOWN);
MALFORMED(new_group_id, GROUP_NEW, GROUP(ID), BYTES(ONE), FOREIGN);
MALFORMED(new_group_gained, GROUP_NEW, GROUP(GAINED), BYTES(ONE ZERO),
	  UNKNOWN);
MALFORMED(new_group_lost, GROUP_NEW, GROUP(LOST), BYTES(""), UNKNOWN);
MALFORMED(new_group_short_owner, GROUP_NEW, GROUP(OWNER), BYTES("\1\0"),
	  LENGTH);
MALFORMED(new_group_long_owner, GROUP_NEW, GROUP(OWNER), BYTES(ONE ZERO),
	  LENGTH);
MALFORMED(new_group_no_owner, GROUP_NEW, GROUP(OWNER),
	  BYTES("\xff\xff\xff\xff"), .err = -EINVAL, .text = "no such user");
MALFORMED(new_group_name_512, GROUP_NEW, GROUP(NAME), B512, sizeof(B512),
	  POLICY(-EINVAL));
MALFORMED(new_group_label_768, GROUP_NEW, GROUP(LABEL), B768, sizeof(B768),
	  POLICY(-EINVAL));
MALFORMED(new_group_comment_768, GROUP_NEW, GROUP(COMMENT), B768,
	  sizeof(B768), POLICY(-EINVAL));
MALFORMED(new_group_unterminated, GROUP_NEW, GROUP(NAME), BYTES("name"),
	  POLICY(-EINVAL));
MALFORMED(new_group_no_name_at_all, GROUP_NEW, GROUP(NAME), BYTES(""),
	  POLICY(-EINVAL));
MALFORMED(new_group_empty_name, GROUP_NEW, GROUP(NAME), BYTES("\0"),
	  .err = -EINVAL, .text = "name is missing or empty");
MALFORMED(new_group_nul_in_name, GROUP_NEW, GROUP(NAME), BYTES("a\0b\0"),
	  TEXT("name"));
MALFORMED(new_group_two_nuls, GROUP_NEW, GROUP(NAME), BYTES("a\0\0"),
	  TEXT("name"));
MALFORMED(new_group_nul_in_label, GROUP_NEW, GROUP(LABEL), BYTES("\0a\0"),
	  TEXT("label"));
MALFORMED(new_group_nul_in_comment, GROUP_NEW, GROUP(COMMENT),
	  BYTES("a\0b\0"), TEXT("comment"));

MALFORMED(del_group_owner, GROUP_DEL, GROUP(OWNER), BYTES(ONE), FOREIGN);
MALFORMED(del_group_label, GROUP_DEL, GROUP(LABEL), BYTES("x\0"), FOREIGN);
MALFORMED(del_group_id_0, GROUP_DEL, GROUP(ID), BYTES(ZERO), RANGE);
MALFORMED(del_group_short_id, GROUP_DEL, GROUP(ID), BYTES("\1"), LENGTH);
MALFORMED(del_group_id_and_name, GROUP_DEL, GROUP(NAME), BYTES("x\0"),
	  .err = -EINVAL, .text = "id and name exclude each other");
MALFORMED(del_group_flags, GROUP_DEL, TOP(FLAGS), BYTES(ONE), UNKNOWN);
MALFORMED(get_group_comment, GROUP_GET, GROUP(COMMENT), BYTES("x\0"),
	  FOREIGN);
MALFORMED(get_group_conn, GROUP_GET, TOP(CONN), BYTES(""), UNKNOWN);
MALFORMED(dump_groups_of_group, GROUP_DUMP, GROUP(ID), BYTES(ONE),
	  .err = -EINVAL, .text = "attribute does not apply to dumps");
MALFORMED(dump_groups_flags, GROUP_DUMP, TOP(FLAGS), BYTES(ONE), UNKNOWN);

MALFORMED(attach_flags, CONN_NEW, TOP(FLAGS), BYTES(ONE), UNKNOWN);
MALFORMED(attach_unknown, CONN_NEW, .in = PEERGROUP_A_CONN, .type = 99,
	  BYTES(ONE), UNKNOWN);
MALFORMED(attach_stats, CONN_NEW, CONN(STATS), BYTES(""), UNKNOWN);
MALFORMED(attach_id, CONN_NEW, CONN(ID), BYTES(ONE ZERO), FOREIGN);
MALFORMED(attach_remote, CONN_NEW, CONN(REMOTE_IPV4), BYTES("\x7f\0\0\1"),
	  FOREIGN);
MALFORMED(attach_state, CONN_NEW, CONN(STATE), BYTES(ONE), UNSUPPORTED);
MALFORMED(attach_reason, CONN_NEW, CONN(REASON), BYTES(ONE), UNKNOWN);
MALFORMED(attach_error, CONN_NEW, CONN(ERROR), BYTES(ONE), UNKNOWN);
MALFORMED(attach_cookie, CONN_NEW, CONN(COOKIE), BYTES(ONE ZERO),
	  UNSUPPORTED);
MALFORMED(attach_group_label, CONN_NEW, GROUP(LABEL), BYTES("x\0"), FOREIGN);
MALFORMED(attach_type_0, CONN_NEW, CONN(TYPE), BYTES(ZERO), RANGE);
MALFORMED(attach_type_3, CONN_NEW, CONN(TYPE), BYTES("\3\0\0\0"), RANGE);
MALFORMED(attach_type_short, CONN_NEW, CONN(TYPE), BYTES("\1"), LENGTH);
MALFORMED(attach_node_id_short, CONN_NEW, CONN(NODE_ID), BYTES(ONE), LENGTH);
MALFORMED(attach_fd_negative, CONN_NEW, CONN(FD), BYTES("\xff\xff\xff\xff"),
	  RANGE);
MALFORMED(attach_fd_long, CONN_NEW, CONN(FD), BYTES(ONE ZERO), LENGTH);
MALFORMED(attach_peer_id_512, CONN_NEW, CONN(PEER_ID), B512, sizeof(B512),
	  POLICY(-EINVAL));
MALFORMED(attach_peer_id_unterminated, CONN_NEW, CONN(PEER_ID), BYTES("x"),
	  POLICY(-EINVAL));
MALFORMED(attach_peer_id_nul, CONN_NEW, CONN(PEER_ID), BYTES("a\0b\0"),
	  TEXT("peer-id"));

MALFORMED(detach_type, CONN_DEL, CONN(TYPE), BYTES(ONE), FOREIGN);
MALFORMED(detach_fd, CONN_DEL, CONN(FD), BYTES(ONE), FOREIGN);
MALFORMED(detach_id_0, CONN_DEL, CONN(ID), BYTES(ZERO ZERO), RANGE);
MALFORMED(detach_id_short, CONN_DEL, CONN(ID), BYTES(ONE), LENGTH);
MALFORMED(detach_flags, CONN_DEL, TOP(FLAGS), BYTES(ONE), UNKNOWN);
MALFORMED(detach_group_owner, CONN_DEL, GROUP(OWNER), BYTES(ONE), FOREIGN);

MALFORMED(get_of_group, CONN_GET, GROUP(ID), BYTES(ONE), .err = -EINVAL,
	  .text = "attribute applies to dumps only");
MALFORMED(get_type, CONN_GET, CONN(TYPE), BYTES(ONE), FOREIGN);
MALFORMED(get_flags_all, CONN_GET, TOP(FLAGS), BYTES("\2\0\0\0"),
	  .err = -EINVAL, .text = "flag applies to dumps only");
MALFORMED(get_flags_groups, CONN_GET, TOP(FLAGS), BYTES("\5\0\0\0"),
	  .err = -EINVAL, .text = "flag applies to dumps only");
MALFORMED(get_flags_unknown, CONN_GET, TOP(FLAGS), BYTES("\x8\0\0\0"),
	  .err = -EINVAL, .text = "reserved bit set");
MALFORMED(get_flags_short, CONN_GET, TOP(FLAGS), BYTES("\1"), LENGTH);
MALFORMED(get_unknown_top, CONN_GET, .type = 99, BYTES(ONE), UNKNOWN);
MALFORMED(dump_id, CONN_DUMP, CONN(ID), BYTES(ONE ZERO), FOREIGN);
MALFORMED(dump_fd, CONN_DUMP, CONN(FD), BYTES(ONE), FOREIGN);
MALFORMED(dump_node_id, CONN_DUMP, CONN(NODE_ID), BYTES(ONE ZERO), FOREIGN);
MALFORMED(dump_type_3, CONN_DUMP, CONN(TYPE), BYTES("\3\0\0\0"), RANGE);
MALFORMED(dump_remote_short, CONN_DUMP, CONN(REMOTE_IPV4), BYTES("\x7f"),
	  LENGTH);
MALFORMED(dump_remote6_short, CONN_DUMP, CONN(REMOTE_IPV6), BYTES(ONE),
	  BINARY);
MALFORMED(dump_remote6_long, CONN_DUMP, CONN(REMOTE_IPV6), BYTES(B16 "0"),
	  BINARY);
MALFORMED(dump_group_label, CONN_DUMP, GROUP(LABEL), BYTES("x\0"), FOREIGN);
MALFORMED(dump_group_id_0, CONN_DUMP, GROUP(ID), BYTES(ZERO), RANGE);
MALFORMED(dump_flags_unknown, CONN_DUMP, TOP(FLAGS), BYTES("\xff\0\0\0"),
	  .err = -EINVAL, .text = "reserved bit set");

#define PORT_80		"\0\x50"
#define PORT_0		"\0\0"
#define IPV6_ANY	ZERO ZERO ZERO ZERO
#define MAPPED		ZERO ZERO "\0\0\xff\xff\x7f\0\0\1"
#define INVALID(text_)	.err = -EINVAL, .text = (text_)
#define LEN_ALONE	INVALID("prefix has no address")
#define IS_PORT_0	INVALID("no socket has port 0")
#define MAX_ALONE	INVALID("lowest port is missing")
#define MAPPED_ADDRESS	INVALID("address is one of IPv4, which has an attribute of its own")

MALFORMED(new_rule_unknown, RULE_NEW, .in = PEERGROUP_A_RULE, .type = 99,
	  BYTES(ONE), UNKNOWN);
MALFORMED(new_rule_unknown_top, RULE_NEW, .type = 99, BYTES(ONE), UNKNOWN);
MALFORMED(new_rule_flags, RULE_NEW, TOP(FLAGS), BYTES(ONE), UNSUPPORTED);
MALFORMED(new_rule_conn, RULE_NEW, TOP(CONN), BYTES(""), UNSUPPORTED);
MALFORMED(new_rule_id, RULE_NEW, RULE(ID), BYTES(ONE), FOREIGN);
MALFORMED(new_rule_group_id, RULE_NEW, RULE(GROUP_ID), BYTES(ONE),
	  UNSUPPORTED);
MALFORMED(new_rule_gained, RULE_NEW, RULE(GAINED), BYTES(ONE ZERO), UNKNOWN);
MALFORMED(new_rule_keep, RULE_NEW, RULE(KEEP), BYTES(""), FOREIGN);
MALFORMED(new_rule_group_label, RULE_NEW, GROUP(LABEL), BYTES("x\0"),
	  FOREIGN);
MALFORMED(new_rule_type_0, RULE_NEW, RULE(TYPE), BYTES(ZERO), RANGE);
MALFORMED(new_rule_type_3, RULE_NEW, RULE(TYPE), BYTES("\3\0\0\0"), RANGE);
MALFORMED(new_rule_direction_0, RULE_NEW, RULE(DIRECTION), BYTES(ZERO),
	  RANGE);
MALFORMED(new_rule_direction_3, RULE_NEW, RULE(DIRECTION),
	  BYTES("\3\0\0\0"), RANGE);
MALFORMED(new_rule_no_user, RULE_NEW, RULE(UID), BYTES("\xff\xff\xff\xff"),
	  INVALID("no such user"));
MALFORMED(new_rule_port_0, RULE_NEW, RULE(LOCAL_PORT_MIN), BYTES(PORT_0),
	  IS_PORT_0);
MALFORMED(new_rule_remote_port_0, RULE_NEW, RULE(REMOTE_PORT_MIN),
	  BYTES(PORT_0), IS_PORT_0);
MALFORMED(new_rule_port_long, RULE_NEW, RULE(LOCAL_PORT_MIN), BYTES(ONE),
	  LENGTH);
MALFORMED(new_rule_port_max_alone, RULE_NEW, RULE(LOCAL_PORT_MAX),
	  BYTES(PORT_80), MAX_ALONE);
MALFORMED(new_rule_port_max_0_alone, RULE_NEW, RULE(REMOTE_PORT_MAX),
	  BYTES(PORT_0), MAX_ALONE);
MALFORMED(new_rule_ipv4_short, RULE_NEW, RULE(LOCAL_IPV4), BYTES("\x7f"),
	  LENGTH);
MALFORMED(new_rule_ipv6_short, RULE_NEW, RULE(REMOTE_IPV6), BYTES(ONE),
	  BINARY);
MALFORMED(new_rule_ipv6_long, RULE_NEW, RULE(REMOTE_IPV6), BYTES(B16 "0"),
	  BINARY);
MALFORMED(new_rule_mapped, RULE_NEW, RULE(LOCAL_IPV6), BYTES(MAPPED),
	  MAPPED_ADDRESS);
MALFORMED(new_rule_remote_mapped, RULE_NEW, RULE(REMOTE_IPV6), BYTES(MAPPED),
	  MAPPED_ADDRESS);
MALFORMED(new_rule_len_alone, RULE_NEW, RULE(LOCAL_PREFIX_LEN), BYTES(ONE),
	  LEN_ALONE);
MALFORMED(new_rule_len_0_alone, RULE_NEW, RULE(REMOTE_PREFIX_LEN),
	  BYTES(ZERO), LEN_ALONE);
MALFORMED(new_rule_len_129, RULE_NEW, RULE(REMOTE_PREFIX_LEN),
	  BYTES("\x81\0\0\0"), RANGE);
MALFORMED(new_rule_existing_long, RULE_NEW, RULE(EXISTING), BYTES(ONE),
	  POLICY(-ERANGE));

MALFORMED(del_rule_id_0, RULE_DEL, RULE(ID), BYTES(ZERO), RANGE);
MALFORMED(del_rule_id_short, RULE_DEL, RULE(ID), BYTES("\1"), LENGTH);
MALFORMED(del_rule_type, RULE_DEL, RULE(TYPE), BYTES(ONE), FOREIGN);
MALFORMED(del_rule_port, RULE_DEL, RULE(LOCAL_PORT_MIN), BYTES(PORT_80),
	  FOREIGN);
MALFORMED(del_rule_existing, RULE_DEL, RULE(EXISTING), BYTES(""), FOREIGN);
MALFORMED(del_rule_uid, RULE_DEL, RULE(UID), BYTES(ONE), FOREIGN);
MALFORMED(del_rule_flags, RULE_DEL, TOP(FLAGS), BYTES(ONE), UNSUPPORTED);
MALFORMED(del_rule_group_owner, RULE_DEL, GROUP(OWNER), BYTES(ONE), FOREIGN);
MALFORMED(get_rule_keep, RULE_GET, RULE(KEEP), BYTES(""), FOREIGN);
MALFORMED(get_rule_ipv6, RULE_GET, RULE(LOCAL_IPV6), BYTES(IPV6_ANY),
	  FOREIGN);
MALFORMED(get_rule_of_group, RULE_GET, GROUP(ID), BYTES(ONE),
	  INVALID("attribute applies to dumps only"));
MALFORMED(get_rule_conn, RULE_GET, TOP(CONN), BYTES(""), UNSUPPORTED);
MALFORMED(dump_rules_by_id, RULE_DUMP, RULE(ID), BYTES(ONE),
	  INVALID("attribute does not apply to dumps"));
MALFORMED(dump_rules_flags, RULE_DUMP, TOP(FLAGS), BYTES(ONE), UNSUPPORTED);
MALFORMED(dump_rules_group_label, RULE_DUMP, GROUP(LABEL), BYTES("x\0"),
	  FOREIGN);
MALFORMED(dump_rules_group_id_0, RULE_DUMP, GROUP(ID), BYTES(ZERO), RANGE);

FIXTURE_SETUP(malformed)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, tcp_pair(AF_INET, self->pair));
	ASSERT_EQ(0, attach(self->ctx, self->group, self->pair[0],
			    &self->conn));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &self->rule));
	self->fd = request_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(malformed)
{
	pg_close(self->ctx);
	close(self->fd);
}

/* What the nest of a proper request has in it. */
static void put_proper(struct nl_msg *msg, int cmd, int nest,
		       const FIXTURE_DATA(malformed) *self)
{
	switch (cmd << 8 | nest) {
	case PEERGROUP_CMD_GROUP_NEW << 8 | PEERGROUP_A_GROUP:
		nla_put_string(msg, PEERGROUP_A_GROUP_NAME, "proper");
		break;
	case PEERGROUP_CMD_CONN_NEW << 8 | PEERGROUP_A_CONN:
		nla_put_u32(msg, PEERGROUP_A_CONN_FD, self->pair[1]);
		break;
	case PEERGROUP_CMD_CONN_DEL << 8 | PEERGROUP_A_CONN:
	case PEERGROUP_CMD_CONN_GET << 8 | PEERGROUP_A_CONN:
		nla_put_u64(msg, PEERGROUP_A_CONN_ID, self->conn);
		break;
	case PEERGROUP_CMD_RULE_NEW << 8 | PEERGROUP_A_RULE:
		/* All there is to a rule may be left out. */
		break;
	case PEERGROUP_CMD_RULE_DEL << 8 | PEERGROUP_A_RULE:
	case PEERGROUP_CMD_RULE_GET << 8 | PEERGROUP_A_RULE:
		nla_put_u32(msg, PEERGROUP_A_RULE_ID, self->rule);
		break;
	default:
		nla_put_u32(msg, PEERGROUP_A_GROUP_ID, self->group);
	}
}

static bool has_nest(const FIXTURE_VARIANT(malformed) *variant, int nest)
{
	switch (variant->flags ? 0 : variant->cmd) {
	case PEERGROUP_CMD_GROUP_NEW:
	case PEERGROUP_CMD_GROUP_DEL:
	case PEERGROUP_CMD_GROUP_GET:
		return nest == PEERGROUP_A_GROUP;
	case PEERGROUP_CMD_CONN_NEW:
	case PEERGROUP_CMD_CONN_DEL:
		return nest != PEERGROUP_A_RULE;
	case PEERGROUP_CMD_CONN_GET:
		return nest == PEERGROUP_A_CONN;
	case PEERGROUP_CMD_RULE_NEW:
	case PEERGROUP_CMD_RULE_DEL:
		return nest != PEERGROUP_A_CONN;
	case PEERGROUP_CMD_RULE_GET:
		return nest == PEERGROUP_A_RULE;
	default:
		return false;
	}
}

static void put_nest(struct nl_msg *msg, int nest, bool bad,
		     const FIXTURE_DATA(malformed) *self,
		     const FIXTURE_VARIANT(malformed) *variant)
{
	bool inside = bad && variant->in == nest;
	struct nlattr *outer;

	if (!inside && !has_nest(variant, nest))
		return;
	outer = nla_nest_start(msg, NLA_F_NESTED | nest);
	if (has_nest(variant, nest))
		put_proper(msg, variant->cmd, nest, self);
	if (inside)
		nla_put(msg, variant->type, variant->len, variant->data);
	nla_nest_end(msg, outer);
}

static struct nl_msg *make_request(bool bad,
				   const FIXTURE_DATA(malformed) *self,
				   const FIXTURE_VARIANT(malformed) *variant)
{
	struct nl_msg *msg = request_new(variant->cmd,
					 variant->flags | NLM_F_ACK);

	put_nest(msg, PEERGROUP_A_GROUP, bad, self, variant);
	put_nest(msg, PEERGROUP_A_CONN, bad, self, variant);
	put_nest(msg, PEERGROUP_A_RULE, bad, self, variant);
	if (bad && !variant->in)
		nla_put(msg, variant->type, variant->len, variant->data);
	return msg;
}

TEST_F(malformed, refused)
{
	uint64_t generation = generation_now(self->ctx);
	struct answer answer;

	EXPECT_EQ(variant->err,
		  request_send(self->fd, make_request(true, self, variant),
			       &answer));
	EXPECT_STREQ(variant->text, answer.text);
	/* 6.1 refuses dumps when they are under way, and without a place. */
	EXPECT_TRUE(answer.placed || answer.done);
	EXPECT_LE(answer.done ? 0 : NLMSG_HDRLEN + GENL_HDRLEN, answer.offset);
	EXPECT_EQ(0, answer.conns);
	EXPECT_EQ(0, answer.rules);
	EXPECT_EQ(generation, generation_now(self->ctx));
	EXPECT_EQ(1, count_conns(self->ctx, self->group));

	/* Nothing else was wrong with it. */
	if (variant->cmd == PEERGROUP_CMD_RULE_NEW)
		ASSERT_EQ(0, pg_rule_del(self->ctx, 0, self->rule, 0, NULL));
	EXPECT_EQ(0, request_send(self->fd, make_request(false, self, variant),
				  &answer));
}

/*
 * Requests, and what they lack if there is nothing in them, or nothing in their
 * nest. The other commands are notifications.
 */
static const struct {
	int cmd;
	int nest;
	const char *missing;
	const char *missing_inside;
} requests[] = {
	{ PEERGROUP_CMD_GROUP_NEW, PEERGROUP_A_GROUP,
	  "group is missing", "name is missing or empty" },
	{ PEERGROUP_CMD_GROUP_DEL, PEERGROUP_A_GROUP,
	  "group is missing", "id or name is missing" },
	{ PEERGROUP_CMD_GROUP_GET, PEERGROUP_A_GROUP,
	  "group is missing", "id or name is missing" },
	{ PEERGROUP_CMD_CONN_NEW, PEERGROUP_A_GROUP,
	  "group is missing", "id or name is missing" },
	{ PEERGROUP_CMD_CONN_DEL, PEERGROUP_A_CONN,
	  "conn is missing", "id is missing" },
	{ PEERGROUP_CMD_CONN_GET, PEERGROUP_A_CONN,
	  "conn is missing", "id is missing" },
	{ PEERGROUP_CMD_RULE_NEW, PEERGROUP_A_GROUP,
	  "group is missing", "id or name is missing" },
	{ PEERGROUP_CMD_RULE_DEL, PEERGROUP_A_RULE,
	  "rule is missing", "id is missing" },
	{ PEERGROUP_CMD_RULE_GET, PEERGROUP_A_RULE,
	  "rule is missing", "id is missing" },
};

static bool is_request(int cmd)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].cmd == cmd)
			return true;
	return false;
}

/* Requests that lack something, or are wrong as a whole. */
FIXTURE(raw) {
	struct pg_ctx *ctx;
	uint32_t group;
	int fd;
};

FIXTURE_SETUP(raw)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	self->fd = request_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(raw)
{
	pg_close(self->ctx);
	close(self->fd);
}

TEST_F(raw, nothing_in_it)
{
	struct answer answer;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		EXPECT_EQ(-EINVAL, request_send(self->fd,
						request_new(requests[i].cmd,
							    NLM_F_ACK),
						&answer));
		EXPECT_STREQ(requests[i].missing, answer.text);
		EXPECT_EQ(requests[i].nest, (int)answer.missing);
	}
}

/* Commands that announce something are none to send, nor are unknown ones. */
TEST_F(raw, no_request)
{
	uint64_t generation = generation_now(self->ctx);
	struct answer answer;
	struct nl_msg *msg;
	int cmd;

	for (cmd = 1; cmd <= PEERGROUP_CMD_MAX + 1; cmd++) {
		if (is_request(cmd))
			continue;
		EXPECT_EQ(-EOPNOTSUPP,
			  request_send(self->fd, request_new(cmd, NLM_F_ACK),
				       &answer));
		EXPECT_EQ(-EOPNOTSUPP,
			  request_send(self->fd, request_new(cmd, NLM_F_DUMP),
				       &answer));
		msg = request_new(cmd, NLM_F_ACK);
		request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
				self->group);
		EXPECT_EQ(-EOPNOTSUPP, request_send(self->fd, msg, &answer));
	}
	EXPECT_EQ(generation, generation_now(self->ctx));
}

TEST_F(raw, empty_nests)
{
	struct answer answer;
	struct nl_msg *msg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		msg = request_new(requests[i].cmd, NLM_F_ACK);
		nla_put(msg, NLA_F_NESTED | requests[i].nest, 0, NULL);
		EXPECT_EQ(-EINVAL, request_send(self->fd, msg, &answer));
		EXPECT_STREQ(requests[i].missing_inside, answer.text);
	}
}

/* A socket to attach that is none. */
TEST_F(raw, attach_empty)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_CONN_NEW, NLM_F_ACK);
	struct answer answer;

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->group);
	nla_put(msg, NLA_F_NESTED | PEERGROUP_A_CONN, 0, NULL);
	EXPECT_EQ(-EINVAL, request_send(self->fd, msg, &answer));
	EXPECT_STREQ("fd is missing", answer.text);
}

TEST_F(raw, attach_nothing)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_CONN_NEW, NLM_F_ACK);
	struct answer answer;

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->group);
	EXPECT_EQ(-EINVAL, request_send(self->fd, msg, &answer));
	EXPECT_STREQ("conn is missing", answer.text);
	EXPECT_EQ(PEERGROUP_A_CONN, (int)answer.missing);
}

TEST_F(raw, attach_257)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_CONN_NEW, NLM_F_ACK);
	int fds[PG_ATTACH_MAX + 2], i;
	struct answer answer;

	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, PG_ATTACH_MAX + 2));
	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->group);
	for (i = 0; i <= PG_ATTACH_MAX; i++)
		request_put_u32(msg, PEERGROUP_A_CONN, PEERGROUP_A_CONN_FD,
				fds[i]);
	EXPECT_EQ(-E2BIG, request_send(self->fd, msg, &answer));
	EXPECT_STREQ("more sockets than one request may attach", answer.text);
	EXPECT_EQ(0, count_conns(self->ctx, self->group));
	EXPECT_EQ(1, generation_now(self->ctx));
}

TEST_F(raw, two_remote_addresses)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_CONN_GET, NLM_F_DUMP);
	const struct in6_addr ipv6 = IN6ADDR_LOOPBACK_INIT;
	struct answer answer;
	struct nlattr *nest;

	nest = nla_nest_start(msg, NLA_F_NESTED | PEERGROUP_A_CONN);
	nla_put_u32(msg, PEERGROUP_A_CONN_REMOTE_IPV4, 1);
	nla_put(msg, PEERGROUP_A_CONN_REMOTE_IPV6, sizeof(ipv6), &ipv6);
	nla_nest_end(msg, nest);
	EXPECT_EQ(-EINVAL, request_send(self->fd, msg, &answer));
	EXPECT_STREQ("remote addresses exclude each other", answer.text);
}

/* The flag that marks a nest is as obligatory as its content. */
TEST_F(raw, unmarked_nest)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_GROUP_GET, NLM_F_ACK);
	const struct {
		struct nlattr attr;
		uint32_t value;
	} id = { { sizeof(id), PEERGROUP_A_GROUP_ID }, self->group };
	struct answer answer;

	nla_put(msg, PEERGROUP_A_GROUP, sizeof(id), &id);
	EXPECT_EQ(-EINVAL, request_send(self->fd, msg, &answer));
	EXPECT_STREQ("NLA_F_NESTED is missing", answer.text);

	msg = request_new(PEERGROUP_CMD_GROUP_GET, NLM_F_ACK);
	nla_put(msg, NLA_F_NESTED | PEERGROUP_A_GROUP, sizeof(id), &id);
	EXPECT_EQ(0, request_send(self->fd, msg, &answer));
	EXPECT_EQ(self->group, answer.group_id);
}

TEST_F(raw, bytes_left_over)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_GROUP_GET, NLM_F_ACK);
	struct answer answer;

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->group);
	memset(nlmsg_tail(nlmsg_hdr(msg)), 0, 4);
	nlmsg_hdr(msg)->nlmsg_len += 3;
	EXPECT_EQ(-EINVAL, request_send(self->fd, msg, &answer));
}

TEST_F(raw, reserved_header_field)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_GROUP_GET, NLM_F_ACK);
	struct genlmsghdr *genl = nlmsg_data(nlmsg_hdr(msg));
	struct answer answer;

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->group);
	genl->reserved = 1;
	EXPECT_EQ(-EINVAL, request_send(self->fd, msg, &answer));
}

TEST_F(raw, unknown_ids)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_GROUP_GET, NLM_F_ACK);
	struct answer answer;

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			UINT32_MAX);
	EXPECT_EQ(-ENOENT, request_send(self->fd, msg, &answer));
	EXPECT_STREQ("no such group", answer.text);
	EXPECT_TRUE(answer.placed);

	msg = request_new(PEERGROUP_CMD_CONN_GET, NLM_F_ACK);
	request_put_u64(msg, PEERGROUP_A_CONN, PEERGROUP_A_CONN_ID,
			UINT64_MAX);
	EXPECT_EQ(-ENOENT, request_send(self->fd, msg, &answer));
	EXPECT_STREQ("no such connection", answer.text);
	EXPECT_TRUE(answer.placed);

	msg = request_new(PEERGROUP_CMD_RULE_GET, NLM_F_ACK);
	request_put_u32(msg, PEERGROUP_A_RULE, PEERGROUP_A_RULE_ID,
			UINT32_MAX);
	EXPECT_EQ(-ENOENT, request_send(self->fd, msg, &answer));
	EXPECT_STREQ("no such rule", answer.text);
	EXPECT_TRUE(answer.placed);
}

/* Rules that make no sense as a whole, and the attribute to blame. */
FIXTURE(senseless) {
	struct pg_ctx *ctx;
	uint32_t group;
	int fd;
};

struct attr {
	int type;
	const char *data;
	size_t len;
};

FIXTURE_VARIANT(senseless) {
	struct attr attrs[4];
	const char *text;	/* NULL: it does make sense */
	int blamed;		/* of the attributes */
};

#define SENSELESS(name, ...)					\
	FIXTURE_VARIANT_ADD(senseless, name) { __VA_ARGS__ }
#define ATTR(name, bytes) { PEERGROUP_A_RULE_##name, bytes, sizeof(bytes) - 1 }
#define ATTRS(...) .attrs = { __VA_ARGS__ }
#define BLAMES(i, text_) .blamed = (i), .text = (text_)

static const char too_long[] = "prefix is longer than an address";
static const char bits_behind[] = "address has bits behind its prefix";
static const char two_addresses[] = "addresses exclude each other";
static const char two_families[] =
	"local and remote address are of different families";
static const char upside_down[] = "highest port is below the lowest";

SENSELESS(no_attributes, .text = NULL);
SENSELESS(max_below_min, ATTRS(ATTR(LOCAL_PORT_MIN, "\x1\x0"),
			       ATTR(LOCAL_PORT_MAX, "\x0\xff")),
	  BLAMES(1, upside_down));
SENSELESS(max_0, ATTRS(ATTR(REMOTE_PORT_MIN, PORT_80),
		       ATTR(REMOTE_PORT_MAX, PORT_0)),
	  BLAMES(1, upside_down));
SENSELESS(min_0, ATTRS(ATTR(REMOTE_PORT_MAX, PORT_80),
		       ATTR(REMOTE_PORT_MIN, PORT_0)),
	  BLAMES(1, "no socket has port 0"));
SENSELESS(max_as_min, ATTRS(ATTR(LOCAL_PORT_MIN, PORT_80),
			    ATTR(LOCAL_PORT_MAX, PORT_80)), .text = NULL);
SENSELESS(max_of_other_end, ATTRS(ATTR(LOCAL_PORT_MIN, PORT_80),
				  ATTR(REMOTE_PORT_MAX, PORT_80)),
	  BLAMES(1, "lowest port is missing"));
SENSELESS(len_33, ATTRS(ATTR(LOCAL_IPV4, "\x7f\0\0\1"),
			ATTR(LOCAL_PREFIX_LEN, "\x21\0\0\0")),
	  BLAMES(1, too_long));
SENSELESS(len_32, ATTRS(ATTR(LOCAL_IPV4, "\x7f\0\0\1"),
			ATTR(LOCAL_PREFIX_LEN, "\x20\0\0\0")), .text = NULL);
SENSELESS(len_128, ATTRS(ATTR(REMOTE_IPV6, B16),
			 ATTR(REMOTE_PREFIX_LEN, "\x80\0\0\0")),
	  .text = NULL);
SENSELESS(bits_behind_ipv4, ATTRS(ATTR(REMOTE_IPV4, "\x7f\0\0\1"),
				  ATTR(REMOTE_PREFIX_LEN, "\x1f\0\0\0")),
	  BLAMES(1, bits_behind));
SENSELESS(bits_behind_ipv6, ATTRS(ATTR(LOCAL_IPV6, B16),
				  ATTR(LOCAL_PREFIX_LEN, "\x7e\0\0\0")),
	  BLAMES(1, bits_behind));
SENSELESS(bits_behind_nothing, ATTRS(ATTR(REMOTE_IPV4, "\x7f\0\0\1"),
				     ATTR(REMOTE_PREFIX_LEN, ZERO)),
	  BLAMES(1, bits_behind));
SENSELESS(nothing_behind, ATTRS(ATTR(REMOTE_IPV4, ZERO),
				ATTR(REMOTE_PREFIX_LEN, ZERO)), .text = NULL);
SENSELESS(two_local, ATTRS(ATTR(LOCAL_IPV4, ZERO),
			   ATTR(LOCAL_IPV6, IPV6_ANY)),
	  BLAMES(1, two_addresses));
SENSELESS(two_remote, ATTRS(ATTR(REMOTE_IPV6, IPV6_ANY),
			    ATTR(REMOTE_IPV4, ZERO)),
	  BLAMES(0, two_addresses));
SENSELESS(ipv4_to_ipv6, ATTRS(ATTR(LOCAL_IPV4, ZERO),
			      ATTR(REMOTE_IPV6, IPV6_ANY)),
	  BLAMES(1, two_families));
SENSELESS(ipv6_to_ipv4, ATTRS(ATTR(LOCAL_IPV6, IPV6_ANY),
			      ATTR(LOCAL_PREFIX_LEN, ZERO),
			      ATTR(REMOTE_IPV4, ZERO)),
	  BLAMES(2, two_families));
SENSELESS(len_of_other_end, ATTRS(ATTR(LOCAL_IPV4, ZERO),
				  ATTR(REMOTE_PREFIX_LEN, ZERO)),
	  BLAMES(1, "prefix has no address"));
SENSELESS(existing_out, ATTRS(ATTR(DIRECTION, "\2\0\0\0"),
			      ATTR(EXISTING, "")),
	  BLAMES(1, "established sockets do not tell their direction"));

FIXTURE_SETUP(senseless)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	self->fd = request_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(senseless)
{
	pg_close(self->ctx);
	close(self->fd);
}

/* Returns where in the message the attribute to blame is. */
static uint32_t put_attrs(struct nl_msg *msg,
			  const FIXTURE_VARIANT(senseless) *variant)
{
	struct nlattr *nest;
	uint32_t offset = 0;
	int i;

	nest = nla_nest_start(msg, NLA_F_NESTED | PEERGROUP_A_RULE);
	for (i = 0; i < 4 && variant->attrs[i].type; i++) {
		if (i == variant->blamed)
			offset = nlmsg_hdr(msg)->nlmsg_len;
		nla_put(msg, variant->attrs[i].type, variant->attrs[i].len,
			variant->attrs[i].data);
	}
	nla_nest_end(msg, nest);
	return offset;
}

TEST_F(senseless, refused)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_RULE_NEW, NLM_F_ACK);
	const int err = variant->text ? -EINVAL : 0;
	struct answer answer;
	uint32_t offset;

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->group);
	offset = put_attrs(msg, variant);
	EXPECT_EQ(err, request_send(self->fd, msg, &answer));
	EXPECT_STREQ(err ? variant->text : "", answer.text);
	EXPECT_EQ(!!err, answer.placed);
	EXPECT_EQ(err ? offset : 0, answer.offset);
	EXPECT_EQ(err ? 1 : 2, generation_now(self->ctx));
}

/* All that a rule has may be left out, even all of it. */
TEST_F(raw, rule_of_nothing)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_RULE_NEW, NLM_F_ACK);
	struct answer answer;
	int pair[2];

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->group);
	EXPECT_EQ(0, request_send(self->fd, msg, &answer));
	EXPECT_EQ(1, answer.rule_id);
	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	EXPECT_EQ(2, count_conns(self->ctx, self->group));
}

TEST_HARNESS_MAIN
