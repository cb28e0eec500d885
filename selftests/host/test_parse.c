// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of received messages: whole, cut off, and odd.
 */
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/peergroup.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/parse.h"
#include <kselftest_harness.h>

/* The inside of a nest, in a block of its own so that overruns are seen. */
FIXTURE(message) {
	unsigned char bytes[2048];
	size_t len;
	struct parsed_conn parsed;
	struct parsed_group group;
	struct pg_rule rule;
};

FIXTURE_SETUP(message)
{
	self->len = 0;
}

FIXTURE_TEARDOWN(message)
{
}

static void add(struct _test_data_message *self, uint16_t type, const void *data,
		size_t len)
{
	const struct nlattr nla = { NLA_HDRLEN + len, type };

	memcpy(self->bytes + self->len, &nla, sizeof(nla));
	memset(self->bytes + self->len + NLA_HDRLEN, 0, NLA_ALIGN(len));
	memcpy(self->bytes + self->len + NLA_HDRLEN, data, len);
	self->len += NLA_ALIGN(nla.nla_len);
}

static void add_u16(struct _test_data_message *self, uint16_t type, uint16_t v)
{
	add(self, type, &v, sizeof(v));
}

static void add_u32(struct _test_data_message *self, uint16_t type, uint32_t v)
{
	add(self, type, &v, sizeof(v));
}

static void add_u64(struct _test_data_message *self, uint16_t type, uint64_t v)
{
	add(self, type, &v, sizeof(v));
}

/* Parse a copy that begins at an address aligned to 4 bytes only. */
static bool parse(struct _test_data_message *self, size_t len, bool conn)
{
	unsigned char *copy = malloc(len + 4);
	struct attr nest = { .len = len, .data = copy + 4 };
	bool ok;

	memcpy(copy + 4, self->bytes, len);
	ok = conn ? parse_conn(&nest, &self->parsed) :
		    parse_group(&nest, &self->group);
	free(copy);
	return ok;
}

/* Likewise, a rule. */
static bool parse_as_rule(struct _test_data_message *self, size_t len)
{
	unsigned char *copy = malloc(len + 4);
	struct attr nest = { .len = len, .data = copy + 4 };
	bool ok;

	memcpy(copy + 4, self->bytes, len);
	ok = parse_rule(&nest, &self->rule);
	free(copy);
	return ok;
}

static void add_conn(struct _test_data_message *self)
{
	static const unsigned char local[16] = { 0xfe, 0x80, [15] = 1 };
	static const unsigned char remote[16] = { 0x20, 0x01, [15] = 2 };

	add_u64(self, PEERGROUP_A_CONN_ID, 0x1122334455667788);
	add_u32(self, PEERGROUP_A_CONN_GROUP_ID, 9);
	add_u32(self, PEERGROUP_A_CONN_TYPE, PEERGROUP_CONN_TYPE_DIRECT);
	add_u32(self, PEERGROUP_A_CONN_STATE, PEERGROUP_CONN_STATE_ACTIVE);
	add_u64(self, PEERGROUP_A_CONN_NODE_ID, 5);
	add_u64(self, PEERGROUP_A_CONN_COOKIE, 6);
	add_u64(self, PEERGROUP_A_CONN_ATTACHED, 7);
	add_u16(self, PEERGROUP_A_CONN_LOCAL_PORT, htons(0x1234));
	add_u16(self, PEERGROUP_A_CONN_REMOTE_PORT, htons(8333));
	add(self, PEERGROUP_A_CONN_LOCAL_IPV6, local, 16);
	add(self, PEERGROUP_A_CONN_REMOTE_IPV6, remote, 16);
	add_u32(self, PEERGROUP_A_CONN_IFINDEX, 4);
}

TEST_F(message, conn)
{
	const struct pg_conn *conn = &self->parsed.conn;

	add_conn(self);
	ASSERT_TRUE(parse(self, self->len, true));
	EXPECT_EQ(0x1122334455667788, conn->id);
	EXPECT_EQ(9, conn->group_id);
	EXPECT_EQ(PG_TYPE_DIRECT, conn->type);
	EXPECT_EQ(PG_STATE_ACTIVE, conn->state);
	EXPECT_EQ(5, conn->node_id);
	EXPECT_EQ(6, conn->cookie);
	EXPECT_EQ(7, conn->attached);
	EXPECT_EQ(0x1234, conn->local.port);
	EXPECT_EQ(8333, conn->remote.port);
	EXPECT_EQ(AF_INET6, conn->local.family);
	EXPECT_EQ(1, conn->local.ipv6.s6_addr[15]);
	EXPECT_EQ(2, conn->remote.ipv6.s6_addr[15]);
	EXPECT_EQ(4, conn->local.scope_id);
	EXPECT_EQ(0, conn->remote.scope_id);
	EXPECT_EQ(NULL, conn->peer_id);
	EXPECT_EQ(NULL, conn->stats);
	EXPECT_EQ(0, conn->rule_id);
	add_u32(self, PEERGROUP_A_CONN_RULE_ID, 8);
	ASSERT_TRUE(parse(self, self->len, true));
	EXPECT_EQ(8, conn->rule_id);
}

TEST_F(message, ipv4)
{
	add_u64(self, PEERGROUP_A_CONN_ID, 1);
	add_u32(self, PEERGROUP_A_CONN_LOCAL_IPV4, htonl(0x7f000001));
	add_u32(self, PEERGROUP_A_CONN_REMOTE_IPV4, htonl(0xc0000201));
	add_u32(self, PEERGROUP_A_CONN_IFINDEX, 4);
	ASSERT_TRUE(parse(self, self->len, true));
	EXPECT_EQ(AF_INET, self->parsed.conn.remote.family);
	EXPECT_EQ(htonl(0xc0000201), self->parsed.conn.remote.ipv4.s_addr);
	EXPECT_EQ(0, self->parsed.conn.remote.scope_id);
}

TEST_F(message, stats)
{
	const uint32_t rtt = 55;
	const uint64_t sent = 1ULL << 40;
	struct attr nest;
	unsigned char inner[32];
	struct nlattr nla = { NLA_HDRLEN + 4, PEERGROUP_A_STATS_RTT };

	memcpy(inner, &nla, 4);
	memcpy(inner + 4, &rtt, 4);
	nla = (struct nlattr){ NLA_HDRLEN + 8, PEERGROUP_A_STATS_BYTES_SENT };
	memcpy(inner + 8, &nla, 4);
	memcpy(inner + 12, &sent, 8);

	add_u64(self, PEERGROUP_A_CONN_ID, 1);
	add(self, PEERGROUP_A_CONN_STATS | NLA_F_NESTED, inner, 20);
	nest = (struct attr){ .len = self->len, .data = self->bytes };
	ASSERT_TRUE(parse_conn(&nest, &self->parsed));
	ASSERT_EQ(&self->parsed.stats, self->parsed.conn.stats);
	EXPECT_EQ(rtt, self->parsed.stats.rtt);
	EXPECT_EQ(sent, self->parsed.stats.bytes_sent);
	EXPECT_EQ(0, self->parsed.stats.retrans);
}

TEST_F(message, malformed_stats)
{
	static const unsigned char inner[] = { 6, 0, 1, 0, 1, 1 };

	add_u64(self, PEERGROUP_A_CONN_ID, 1);
	add(self, PEERGROUP_A_CONN_STATS, inner, sizeof(inner));
	EXPECT_FALSE(parse(self, self->len, true));
	EXPECT_FALSE(parse(self, self->len - 3, true));
}

TEST_F(message, peer_id)
{
	struct attr nest = { .data = self->bytes };

	add(self, PEERGROUP_A_CONN_PEER_ID, "caf\xc3\xa9", 6);
	add_u64(self, PEERGROUP_A_CONN_ID, 1);
	nest.len = self->len;
	ASSERT_TRUE(parse_conn(&nest, &self->parsed));
	EXPECT_EQ(5, self->parsed.conn.peer_id_len);
	EXPECT_STREQ("caf\xc3\xa9", self->parsed.conn.peer_id);
}

TEST_F(message, strings_end_once)
{
	add_u64(self, PEERGROUP_A_CONN_ID, 1);
	add(self, PEERGROUP_A_CONN_PEER_ID, "abcd", 4);
	EXPECT_FALSE(parse(self, self->len, true));

	self->len = 0;
	add_u64(self, PEERGROUP_A_CONN_ID, 1);
	add(self, PEERGROUP_A_CONN_PEER_ID, "a\0b", 4);
	EXPECT_FALSE(parse(self, self->len, true));

	self->len = 0;
	add_u64(self, PEERGROUP_A_CONN_ID, 1);
	add(self, PEERGROUP_A_CONN_PEER_ID, "", 0);
	EXPECT_FALSE(parse(self, self->len, true));
}

TEST_F(message, no_id)
{
	add_u32(self, PEERGROUP_A_CONN_GROUP_ID, 9);
	EXPECT_FALSE(parse(self, self->len, true));
	EXPECT_FALSE(parse(self, 0, true));
	EXPECT_FALSE(parse(self, 0, false));
}

TEST_F(message, unknown_attributes_and_values)
{
	add(self, 999, "whatever", 9);
	add_u64(self, PEERGROUP_A_CONN_ID, 1);
	add_u32(self, PEERGROUP_A_CONN_TYPE, 77);
	add(self, 1000 | NLA_F_NESTED, "", 0);
	ASSERT_TRUE(parse(self, self->len, true));
	EXPECT_EQ(77, (int)self->parsed.conn.type);
}

TEST_F(message, last_of_two_counts)
{
	add_u64(self, PEERGROUP_A_CONN_ID, 1);
	add_u64(self, PEERGROUP_A_CONN_ID, 2);
	ASSERT_TRUE(parse(self, self->len, true));
	EXPECT_EQ(2, self->parsed.conn.id);
}

TEST_F(message, wrong_lengths)
{
	static const unsigned char zeros[32];
	static const size_t right[] = {
		[PEERGROUP_A_CONN_ID] = 8, [PEERGROUP_A_CONN_GROUP_ID] = 4,
		[PEERGROUP_A_CONN_TYPE] = 4, [PEERGROUP_A_CONN_STATE] = 4,
		[PEERGROUP_A_CONN_NODE_ID] = 8, [PEERGROUP_A_CONN_COOKIE] = 8,
		[PEERGROUP_A_CONN_ATTACHED] = 8,
		[PEERGROUP_A_CONN_LOCAL_PORT] = 2,
		[PEERGROUP_A_CONN_REMOTE_PORT] = 2,
		[PEERGROUP_A_CONN_LOCAL_IPV4] = 4,
		[PEERGROUP_A_CONN_REMOTE_IPV4] = 4,
		[PEERGROUP_A_CONN_LOCAL_IPV6] = 16,
		[PEERGROUP_A_CONN_REMOTE_IPV6] = 16,
		[PEERGROUP_A_CONN_IFINDEX] = 4,
	};
	size_t type, len;

	for (len = 0; len <= 20; len++) {
		self->len = 0;
		add(self, PEERGROUP_A_CONN_RULE_ID, zeros, len);
		add_u64(self, PEERGROUP_A_CONN_ID, 1);
		EXPECT_EQ(len == 4, parse(self, self->len, true));
	}
	for (type = 1; type < ARRAY_SIZE(right); type++) {
		for (len = 0; len <= 20; len++) {
			self->len = 0;
			add(self, type, zeros, len);
			add_u64(self, PEERGROUP_A_CONN_ID, 1);
			EXPECT_EQ(len == right[type],
				  parse(self, self->len, true));
		}
	}
}

/* Cut between two attributes the rest is whole, else it is not. */
TEST_F(message, cut_off_anywhere)
{
	size_t len, ends = 0;

	add_conn(self);
	add(self, PEERGROUP_A_CONN_PEER_ID, "peer", 5);
	for (len = 12; len < self->len; len++)
		ends += parse(self, len, true);
	/* After each attribute, and before the three bytes of padding. */
	EXPECT_EQ(12 + 3 + 2 + 2, ends);
}

TEST_F(message, lengths_that_lead_nowhere)
{
	struct nlattr nla = { .nla_type = PEERGROUP_A_CONN_GROUP_ID };
	unsigned int len;

	for (len = 0; len < 100; len++) {
		if (len == NLA_HDRLEN + 4)
			continue;
		self->len = 0;
		add_u64(self, PEERGROUP_A_CONN_ID, 1);
		nla.nla_len = len;
		memcpy(self->bytes + self->len, &nla, sizeof(nla));
		EXPECT_FALSE(parse(self, self->len + 8, true));
	}
}

TEST_F(message, group)
{
	struct attr nest = { .data = self->bytes };

	add_u32(self, PEERGROUP_A_GROUP_ID, 3);
	add(self, PEERGROUP_A_GROUP_NAME, "name", 5);
	add_u32(self, PEERGROUP_A_GROUP_OWNER, 1000);
	add_u32(self, PEERGROUP_A_GROUP_ACTIVE_NEIGHBOR, 4);
	add_u32(self, PEERGROUP_A_GROUP_ACTIVE_DIRECT, 5);
	add_u64(self, PEERGROUP_A_GROUP_GAINED, 1ULL << 33);
	add_u32(self, PEERGROUP_A_GROUP_LEFTOVERS, 6);
	add_u32(self, PEERGROUP_A_GROUP_LEFTOVERS_MAX, 7);
	add_u32(self, PEERGROUP_A_GROUP_LIMIT, 8);
	add_u32(self, PEERGROUP_A_GROUP_PENDING, 9);
	add_u32(self, PEERGROUP_A_GROUP_RULES, 10);
	add_u64(self, PEERGROUP_A_GROUP_MISSED, 1ULL << 34);
	add_u64(self, PEERGROUP_A_GROUP_MISSED_LOST, 1ULL << 35);
	add_u64(self, PEERGROUP_A_GROUP_REFUSED, 1ULL << 36);
	nest.len = self->len;
	ASSERT_TRUE(parse_group(&nest, &self->group));
	EXPECT_EQ(3, self->group.group.id);
	EXPECT_STREQ("name", self->group.group.name);
	EXPECT_STREQ("", self->group.group.label);
	EXPECT_STREQ("", self->group.group.comment);
	EXPECT_EQ(1000, self->group.group.owner);
	EXPECT_EQ(4, self->group.group.active_neighbor);
	EXPECT_EQ(5, self->group.group.active_direct);
	EXPECT_EQ(1ULL << 33, self->group.group.gained);
	EXPECT_EQ(6, self->group.group.leftovers);
	EXPECT_EQ(7, self->group.group.leftovers_max);
	EXPECT_EQ(8, self->group.group.limit);
	EXPECT_EQ(9, self->group.group.pending);
	EXPECT_EQ(10, self->group.group.rules);
	EXPECT_EQ(1ULL << 34, self->group.group.missed);
	EXPECT_EQ(1ULL << 35, self->group.group.missed_lost);
	EXPECT_EQ(1ULL << 36, self->group.group.refused);
	EXPECT_EQ(0, self->group.group.lost[PG_REASON_RESET]);
}

TEST_F(message, noise)
{
	unsigned int i, k;
	size_t len;

	srandom(1);
	for (i = 0; i < 100000; i++) {
		len = random() % 200;
		for (k = 0; k < len; k++)
			self->bytes[k] = random() % 4 ? random() % 24 :
							random();
		parse(self, len, true);
		parse(self, len, false);
		parse_as_rule(self, len);
	}
}

/* Nested numbers; of reasons that only later versions know, none are kept. */
TEST_F(message, losses)
{
	struct {
		struct nlattr nest;
		struct nlattr nla;
		uint64_t value;
	} __attribute__((packed)) lost = {
		{ 4 + 12, PEERGROUP_A_GROUP_LOST },
		{ 4 + 8, PEERGROUP_A_LOST_RESET }, 1ULL << 40,
	};

	add_u32(self, PEERGROUP_A_GROUP_ID, 3);
	memcpy(self->bytes + self->len, &lost, sizeof(lost));
	ASSERT_TRUE(parse(self, self->len + sizeof(lost), false));
	EXPECT_EQ(1ULL << 40, self->group.group.lost[PG_REASON_RESET]);
	EXPECT_EQ(0, self->group.group.lost[PG_REASON_CLOSED]);
	ASSERT_EQ(PG_REASON_CONNECT_FAILED + 1, self->group.group.n_lost);

	lost.nla.nla_type = PEERGROUP_A_LOST_MAX + 1;
	memcpy(self->bytes + self->len, &lost, sizeof(lost));
	EXPECT_TRUE(parse(self, self->len + sizeof(lost), false));
	EXPECT_EQ(0, self->group.group.lost[PG_REASON_RESET]);

	lost.nla.nla_type = PEERGROUP_A_LOST_RESET;
	lost.nla.nla_len = 8;
	memcpy(self->bytes + self->len, &lost, sizeof(lost));
	EXPECT_FALSE(parse(self, self->len + sizeof(lost), false));
}

TEST_F(message, reason)
{
	add_conn(self);
	ASSERT_TRUE(parse(self, self->len, true));
	EXPECT_EQ(0, self->parsed.conn.reason);
	EXPECT_EQ(0, self->parsed.conn.error);
	add_u32(self, PEERGROUP_A_CONN_REASON, PEERGROUP_REASON_TIMED_OUT);
	add_u32(self, PEERGROUP_A_CONN_ERROR, 110);
	ASSERT_TRUE(parse(self, self->len, true));
	EXPECT_EQ(PG_REASON_TIMED_OUT, self->parsed.conn.reason);
	EXPECT_EQ(110, self->parsed.conn.error);
	EXPECT_STREQ("timed-out", pg_reason_name(self->parsed.conn.reason));
	EXPECT_STREQ("unknown", pg_reason_name(4711));
}

static void add_rule(struct _test_data_message *self)
{
	static const unsigned char local[16] = { 0x20, 0x01, [7] = 0x10 };

	add_u32(self, PEERGROUP_A_RULE_ID, 3);
	add_u32(self, PEERGROUP_A_RULE_GROUP_ID, 9);
	add_u32(self, PEERGROUP_A_RULE_TYPE, PEERGROUP_CONN_TYPE_DIRECT);
	add_u16(self, PEERGROUP_A_RULE_LOCAL_PORT_MIN, htons(0x1234));
	add_u16(self, PEERGROUP_A_RULE_LOCAL_PORT_MAX, htons(0x1235));
	add_u16(self, PEERGROUP_A_RULE_REMOTE_PORT_MIN, htons(8333));
	add_u32(self, PEERGROUP_A_RULE_LOCAL_PREFIX_LEN, 60);
	add(self, PEERGROUP_A_RULE_LOCAL_IPV6, local, 16);
	add_u32(self, PEERGROUP_A_RULE_REMOTE_IPV4, htonl(0xc0000200));
	add_u32(self, PEERGROUP_A_RULE_REMOTE_PREFIX_LEN, 24);
	add_u32(self, PEERGROUP_A_RULE_DIRECTION, PEERGROUP_DIRECTION_IN);
	add_u32(self, PEERGROUP_A_RULE_UID, 1000);
	add_u64(self, PEERGROUP_A_RULE_GAINED, 1ULL << 40);
	add(self, PEERGROUP_A_RULE_EXISTING, "", 0);
}

TEST_F(message, rule)
{
	const struct pg_rule *rule = &self->rule;

	add_rule(self);
	ASSERT_TRUE(parse_as_rule(self, self->len));
	EXPECT_EQ(3, rule->id);
	EXPECT_EQ(9, rule->group_id);
	EXPECT_EQ(PG_TYPE_DIRECT, rule->type);
	EXPECT_EQ(0x1234, rule->local_port_min);
	EXPECT_EQ(0x1235, rule->local_port_max);
	EXPECT_EQ(8333, rule->remote_port_min);
	EXPECT_EQ(8333, rule->remote_port_max);
	EXPECT_EQ(AF_INET6, rule->local.family);
	EXPECT_EQ(60, rule->local.len);
	EXPECT_EQ(0x10, rule->local.ipv6.s6_addr[7]);
	EXPECT_EQ(AF_INET, rule->remote.family);
	EXPECT_EQ(24, rule->remote.len);
	EXPECT_EQ(htonl(0xc0000200), rule->remote.ipv4.s_addr);
	EXPECT_EQ(PG_DIRECTION_IN, rule->direction);
	EXPECT_EQ(1000, rule->uid);
	EXPECT_EQ(PG_RULE_UID | PG_RULE_EXISTING, rule->flags);
	EXPECT_EQ(1ULL << 40, rule->gained);
	EXPECT_TRUE(rule_complete(rule));
}

TEST_F(message, rule_of_little)
{
	EXPECT_FALSE(parse_as_rule(self, 0));
	add_u32(self, PEERGROUP_A_RULE_GROUP_ID, 9);
	add_u32(self, PEERGROUP_A_RULE_TYPE, 1);
	EXPECT_FALSE(parse_as_rule(self, self->len));

	self->len = 0;
	add_u32(self, PEERGROUP_A_RULE_ID, 3);
	ASSERT_TRUE(parse_as_rule(self, self->len));
	EXPECT_EQ(0, self->rule.local.family);
	EXPECT_EQ(0, self->rule.local.len);
	EXPECT_EQ(0, self->rule.remote_port_max);
	EXPECT_EQ(0, self->rule.flags);
	EXPECT_FALSE(rule_complete(&self->rule));
	add_u32(self, PEERGROUP_A_RULE_TYPE, 1);
	ASSERT_TRUE(parse_as_rule(self, self->len));
	EXPECT_FALSE(rule_complete(&self->rule));
	add_u32(self, PEERGROUP_A_RULE_GROUP_ID, 9);
	ASSERT_TRUE(parse_as_rule(self, self->len));
	EXPECT_TRUE(rule_complete(&self->rule));
}

/* Wherever the length stands; without one the address is the prefix. */
TEST_F(message, prefixes)
{
	static const unsigned char zeros[16];
	static const struct {
		bool ipv6;
		uint32_t len;
		bool good;
	} table[] = {
		{ false, 0, true }, { false, 32, true }, { false, 33, false },
		{ false, 128, false }, { true, 0, true }, { true, 128, true },
		{ true, 129, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		self->len = 0;
		add_u32(self, PEERGROUP_A_RULE_ID, 3);
		add_u32(self, PEERGROUP_A_RULE_REMOTE_PREFIX_LEN, table[i].len);
		add(self, table[i].ipv6 ? PEERGROUP_A_RULE_REMOTE_IPV6 :
					  PEERGROUP_A_RULE_REMOTE_IPV4,
		    zeros, table[i].ipv6 ? 16 : 4);
		add_u32(self, PEERGROUP_A_RULE_LOCAL_IPV4, 0);
		EXPECT_EQ(table[i].good, parse_as_rule(self, self->len));
		if (table[i].good)
			EXPECT_EQ(table[i].len, self->rule.remote.len);
		EXPECT_EQ(32, self->rule.local.len);
	}

	self->len = 0;
	add_u32(self, PEERGROUP_A_RULE_ID, 3);
	add_u32(self, PEERGROUP_A_RULE_LOCAL_PREFIX_LEN, 8);
	EXPECT_FALSE(parse_as_rule(self, self->len));
}

TEST_F(message, wrong_lengths_of_rules)
{
	static const unsigned char zeros[32];
	static const size_t right[] = {
		[PEERGROUP_A_RULE_ID] = 4, [PEERGROUP_A_RULE_GROUP_ID] = 4,
		[PEERGROUP_A_RULE_TYPE] = 4,
		[PEERGROUP_A_RULE_LOCAL_PORT_MIN] = 2,
		[PEERGROUP_A_RULE_LOCAL_PORT_MAX] = 2,
		[PEERGROUP_A_RULE_REMOTE_PORT_MIN] = 2,
		[PEERGROUP_A_RULE_REMOTE_PORT_MAX] = 2,
		[PEERGROUP_A_RULE_LOCAL_IPV4] = 4,
		[PEERGROUP_A_RULE_LOCAL_IPV6] = 16,
		[PEERGROUP_A_RULE_LOCAL_PREFIX_LEN] = 4,
		[PEERGROUP_A_RULE_REMOTE_IPV4] = 4,
		[PEERGROUP_A_RULE_REMOTE_IPV6] = 16,
		[PEERGROUP_A_RULE_REMOTE_PREFIX_LEN] = 4,
		[PEERGROUP_A_RULE_DIRECTION] = 4, [PEERGROUP_A_RULE_UID] = 4,
		[PEERGROUP_A_RULE_EXISTING] = 0,
	};
	size_t type, len;

	for (type = 1; type < ARRAY_SIZE(right); type++) {
		for (len = 0; len <= 20; len++) {
			self->len = 0;
			add(self, type, zeros, len);
			add_u32(self, PEERGROUP_A_RULE_ID, 1);
			EXPECT_EQ(len == right[type],
				  parse_as_rule(self, self->len)) {
				TH_LOG("attribute %zu of %zu bytes", type, len);
			}
		}
	}
}

TEST_F(message, rule_cut_off_anywhere)
{
	size_t len, ends = 0;

	add_rule(self);
	for (len = 8; len < self->len; len++)
		ends += parse_as_rule(self, len);
	/* After each attribute but a lone length, and in the padding of ports. */
	EXPECT_EQ(13 + 3 * 2 - 1, ends);
}

TEST_HARNESS_MAIN
