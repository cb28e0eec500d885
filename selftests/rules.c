// SPDX-License-Identifier: GPL-2.0-only
/* Which sockets rules adopt, and as what. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "connecting.h"
#include "util.h"

#define CLIENT_PORT 5000
#define SERVER_PORT 4000

/* What a connection is made of. */
enum kind { IPV4, IPV6, MAPPED, KINDS };

static const struct end clients[KINDS] = {
	[IPV4] = { "127.0.2.2", CLIENT_PORT },
	[IPV6] = { "2001:db8:2::2", CLIENT_PORT },
	[MAPPED] = { "::ffff:127.0.2.2", CLIENT_PORT },
};

static const struct end servers[KINDS] = {
	[IPV4] = { "127.0.1.1", SERVER_PORT },
	[IPV6] = { "2001:db8:1::1", SERVER_PORT },
	[MAPPED] = { "::ffff:127.0.1.1", SERVER_PORT },
};

/* Has such addresses. */
static int own_netns_for(enum kind kind)
{
	int err = own_netns();

	return err || kind != IPV6 ? err : own_documentation_prefix();
}

/* A rule, and which ends of a connection it wants. */
FIXTURE(match) {
	struct pg_ctx *ctx;
	struct pg_rule_spec spec;
	int pair[2];
};

FIXTURE_VARIANT(match) {
	enum kind kind;
	struct pg_rule_spec rule;
	bool client;
	bool server;
};

#define MATCHES(name, ...)						\
	FIXTURE_VARIANT_ADD(match, name) { __VA_ARGS__ }

#define CLIENT .client = true
#define SERVER .server = true
#define BOTH CLIENT, SERVER
#define NONE .client = false, .server = false

#define LOCAL_PORT(min) .rule.local_port_min = (min)
#define LOCAL_PORTS(min, max) LOCAL_PORT(min), .rule.local_port_max = (max)
#define REMOTE_PORT(min) .rule.remote_port_min = (min)
#define REMOTE_PORTS(min, max) REMOTE_PORT(min), .rule.remote_port_max = (max)

MATCHES(everything, BOTH);
MATCHES(everything_ipv6, .kind = IPV6, BOTH);
MATCHES(everything_mapped, .kind = MAPPED, BOTH);

MATCHES(local_port_of_server, LOCAL_PORT(SERVER_PORT), SERVER);
MATCHES(local_port_of_client, LOCAL_PORT(CLIENT_PORT), CLIENT);
MATCHES(local_port_below, LOCAL_PORT(SERVER_PORT - 1), NONE);
MATCHES(local_port_above, LOCAL_PORT(SERVER_PORT + 1), NONE);
MATCHES(remote_port_of_server, REMOTE_PORT(CLIENT_PORT), SERVER);
MATCHES(remote_port_of_client, REMOTE_PORT(SERVER_PORT), CLIENT);
MATCHES(remote_port_below, REMOTE_PORT(SERVER_PORT - 1), NONE);
MATCHES(remote_port_above, REMOTE_PORT(SERVER_PORT + 1), NONE);
MATCHES(local_port_ipv6, .kind = IPV6, LOCAL_PORT(SERVER_PORT), SERVER);
MATCHES(remote_port_mapped, .kind = MAPPED, REMOTE_PORT(SERVER_PORT), CLIENT);

MATCHES(local_range_of_one, LOCAL_PORTS(SERVER_PORT, SERVER_PORT), SERVER);
MATCHES(local_range_up_to, LOCAL_PORTS(SERVER_PORT - 9, SERVER_PORT), SERVER);
MATCHES(local_range_from, LOCAL_PORTS(SERVER_PORT, SERVER_PORT + 9), SERVER);
MATCHES(local_range_below, LOCAL_PORTS(SERVER_PORT - 9, SERVER_PORT - 1), NONE);
MATCHES(local_range_above, LOCAL_PORTS(SERVER_PORT + 1, SERVER_PORT + 9), NONE);
MATCHES(local_range_around, LOCAL_PORTS(1024, 4999), SERVER);
MATCHES(local_range_of_all, LOCAL_PORTS(1, 65535), BOTH);
MATCHES(remote_range_up_to, REMOTE_PORTS(SERVER_PORT - 9, SERVER_PORT), CLIENT);
MATCHES(remote_range_from, REMOTE_PORTS(SERVER_PORT, SERVER_PORT + 9), CLIENT);
MATCHES(remote_range_below, REMOTE_PORTS(SERVER_PORT - 9, SERVER_PORT - 1),
	NONE);
MATCHES(remote_range_above, REMOTE_PORTS(SERVER_PORT + 1, SERVER_PORT + 9),
	NONE);
MATCHES(remote_range_of_all, REMOTE_PORTS(1, 65535), BOTH);

MATCHES(ports_of_server, LOCAL_PORT(SERVER_PORT), REMOTE_PORT(CLIENT_PORT),
	SERVER);
MATCHES(ports_of_client, LOCAL_PORT(CLIENT_PORT), REMOTE_PORT(SERVER_PORT),
	CLIENT);
MATCHES(ports_of_neither, LOCAL_PORT(SERVER_PORT), REMOTE_PORT(SERVER_PORT),
	NONE);
MATCHES(ports_of_any_to_server, LOCAL_PORTS(1, 65535), REMOTE_PORT(SERVER_PORT),
	CLIENT);

/* Of both families, since the bytes of an IPv4 address come first. */
#define PREFIX(family_, len_, ...) {					\
	.family = (family_), .len = (len_),				\
	.ipv6.__in6_u.__u6_addr8 = { __VA_ARGS__ },			\
}

#define LOCAL(...) .rule.local = PREFIX(__VA_ARGS__)
#define REMOTE(...) .rule.remote = PREFIX(__VA_ARGS__)
#define DOC 0x20, 0x01, 0x0d, 0xb8, 0
#define DOC_SERVER DOC, 1, [15] = 1

MATCHES(local_ipv4, LOCAL(AF_INET, 32, 127, 0, 1, 1), SERVER);
MATCHES(local_ipv4_other, LOCAL(AF_INET, 32, 127, 0, 1, 2), NONE);
MATCHES(local_ipv4_net, LOCAL(AF_INET, 24, 127, 0, 2), CLIENT);
MATCHES(local_ipv4_other_net, LOCAL(AF_INET, 24, 127, 0, 3), NONE);
MATCHES(local_ipv4_loopback, LOCAL(AF_INET, 8, 127), BOTH);
MATCHES(local_ipv4_any, LOCAL(AF_INET, 0), BOTH);
MATCHES(remote_ipv4, REMOTE(AF_INET, 32, 127, 0, 1, 1), CLIENT);
MATCHES(remote_ipv4_net, REMOTE(AF_INET, 31, 127, 0, 2, 2), SERVER);
MATCHES(remote_ipv4_net_below, REMOTE(AF_INET, 31, 127, 0, 2, 0), NONE);
MATCHES(remote_ipv4_any, REMOTE(AF_INET, 0), BOTH);

MATCHES(local_ipv6, .kind = IPV6, LOCAL(AF_INET6, 128, DOC_SERVER), SERVER);
MATCHES(local_ipv6_net, .kind = IPV6, LOCAL(AF_INET6, 48, DOC, 2), CLIENT);
MATCHES(local_ipv6_odd, .kind = IPV6, LOCAL(AF_INET6, 47, DOC, 2), CLIENT);
MATCHES(local_ipv6_odd_below, .kind = IPV6, LOCAL(AF_INET6, 47, DOC, 0),
	SERVER);
MATCHES(local_ipv6_other, .kind = IPV6, LOCAL(AF_INET6, 48, DOC, 3), NONE);
MATCHES(local_ipv6_any, .kind = IPV6, LOCAL(AF_INET6, 0), BOTH);
MATCHES(remote_ipv6, .kind = IPV6, REMOTE(AF_INET6, 128, DOC_SERVER),
	CLIENT);
MATCHES(remote_ipv6_last_bit, .kind = IPV6, REMOTE(AF_INET6, 128, DOC, 1),
	NONE);
MATCHES(remote_ipv6_net, .kind = IPV6, REMOTE(AF_INET6, 46, DOC), BOTH);
MATCHES(remote_ipv6_any, .kind = IPV6, REMOTE(AF_INET6, 0), BOTH);

/* IPv4 is IPv4, also on a dual-stack socket, and nothing else is. */
MATCHES(ipv4_of_ipv6, .kind = IPV6, LOCAL(AF_INET, 0), NONE);
MATCHES(ipv6_of_ipv4, LOCAL(AF_INET6, 0), NONE);
MATCHES(ipv4_of_mapped, .kind = MAPPED, REMOTE(AF_INET, 32, 127, 0, 1, 1),
	CLIENT);
MATCHES(any_ipv4_of_mapped, .kind = MAPPED, REMOTE(AF_INET, 0), BOTH);
MATCHES(ipv6_of_mapped, .kind = MAPPED, LOCAL(AF_INET6, 0), NONE);
MATCHES(remote_ipv6_of_mapped, .kind = MAPPED, REMOTE(AF_INET6, 0), NONE);

MATCHES(addresses_of_server, LOCAL(AF_INET, 32, 127, 0, 1, 1),
	REMOTE(AF_INET, 32, 127, 0, 2, 2), SERVER);
MATCHES(addresses_of_client, LOCAL(AF_INET, 24, 127, 0, 2),
	REMOTE(AF_INET, 24, 127, 0, 1), CLIENT);
MATCHES(addresses_of_neither, LOCAL(AF_INET, 24, 127, 0, 2),
	REMOTE(AF_INET, 24, 127, 0, 2), NONE);
MATCHES(addresses_ipv6, .kind = IPV6, LOCAL(AF_INET6, 48, DOC, 1),
	REMOTE(AF_INET6, 48, DOC, 2), SERVER);

#define IN .rule.direction = PG_DIRECTION_IN
#define OUT .rule.direction = PG_DIRECTION_OUT
#define OWNER(uid_) .rule.flags = PG_RULE_UID, .rule.uid = (uid_)

MATCHES(in, IN, SERVER);
MATCHES(out, OUT, CLIENT);
MATCHES(in_ipv6, .kind = IPV6, IN, SERVER);
MATCHES(out_mapped, .kind = MAPPED, OUT, CLIENT);
MATCHES(in_to_port, IN, LOCAL_PORT(SERVER_PORT), SERVER);
MATCHES(out_from_that_port, OUT, LOCAL_PORT(SERVER_PORT), NONE);
MATCHES(of_root, OWNER(0), BOTH);
MATCHES(of_nobody, OWNER(65534), NONE);

/* All that is given must match. */
#define OF_SERVER LOCAL_PORTS(SERVER_PORT, 4999), REMOTE_PORT(CLIENT_PORT), \
		  LOCAL(AF_INET, 32, 127, 0, 1, 1), OWNER(0)
MATCHES(all_of_server, OF_SERVER, REMOTE(AF_INET, 8, 127), IN, SERVER);
MATCHES(all_but_direction, OF_SERVER, REMOTE(AF_INET, 8, 127), OUT, NONE);
MATCHES(all_but_remote, OF_SERVER, REMOTE(AF_INET, 8, 126), NONE);
MATCHES(all_but_local, LOCAL_PORT(SERVER_PORT), LOCAL(AF_INET, 24, 127, 0, 2),
	NONE);
MATCHES(all_but_local_port, LOCAL_PORT(4001), REMOTE_PORT(CLIENT_PORT), NONE);
MATCHES(all_but_remote_port, LOCAL_PORT(SERVER_PORT), REMOTE_PORT(4999), NONE);
MATCHES(all_but_owner, LOCAL_PORT(SERVER_PORT), OWNER(1), NONE);
MATCHES(port_and_family, .kind = IPV6, LOCAL_PORT(SERVER_PORT),
	LOCAL(AF_INET, 0), NONE);

FIXTURE_SETUP(match)
{
	ASSERT_EQ(0, own_netns_for(variant->kind));
	ASSERT_EQ(0, pg_open(&self->ctx));
	self->spec = variant->rule;
	self->spec.size = sizeof(self->spec);
	self->spec.type = PG_TYPE_DIRECT;
	ASSERT_EQ(0, add_group(self->ctx, &self->spec.group_id));
}

FIXTURE_TEARDOWN(match)
{
	pg_close(self->ctx);
}

static int make_pair(enum kind kind, int pair[2])
{
	return pair_between(&clients[kind], &servers[kind], pair);
}

/* The rule has adopted what it wants, and nothing else. */
static bool has_wanted(FIXTURE_DATA(match) *self,
		       const FIXTURE_VARIANT(match) *variant, uint32_t id)
{
	const uint32_t group = self->spec.group_id;

	return is_adopted(self->ctx, group, self->pair[0], id) ==
	       variant->client &&
	       is_adopted(self->ctx, group, self->pair[1], id) ==
	       variant->server &&
	       count_conns(self->ctx, 0) == variant->client + variant->server;
}

static uint16_t highest(uint16_t min, uint16_t max)
{
	return max ? max : min;
}

static bool same_prefix(const struct pg_prefix *a, const struct pg_prefix *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool same_ports(const struct pg_rule *rule,
		       const struct pg_rule_spec *spec)
{
	return rule->local_port_min == spec->local_port_min &&
	       rule->local_port_max == highest(spec->local_port_min,
					       spec->local_port_max) &&
	       rule->remote_port_min == spec->remote_port_min &&
	       rule->remote_port_max == highest(spec->remote_port_min,
						spec->remote_port_max);
}

/* It is shown as it was made. */
static bool is_as_made(FIXTURE_DATA(match) *self, uint32_t id)
{
	const struct pg_rule_spec *spec = &self->spec;
	struct pg_rule rule;

	return !get_rule(self->ctx, id, &rule) && rule.id == id &&
	       rule.group_id == spec->group_id && rule.type == spec->type &&
	       rule.direction == spec->direction &&
	       rule.flags == spec->flags && rule.uid == spec->uid &&
	       same_ports(&rule, spec) &&
	       same_prefix(&rule.local, &spec->local) &&
	       same_prefix(&rule.remote, &spec->remote);
}

static uint64_t gained(struct pg_ctx *ctx, uint32_t id)
{
	struct pg_rule rule = { .gained = -1 };

	get_rule(ctx, id, &rule);
	return rule.gained;
}

TEST_F(match, wants)
{
	uint32_t id;

	ASSERT_EQ(0, pg_rule_add(self->ctx, &self->spec, &id, NULL));
	EXPECT_TRUE(is_as_made(self, id));
	EXPECT_EQ(0, gained(self->ctx, id));
	ASSERT_EQ(0, make_pair(variant->kind, self->pair));
	EXPECT_TRUE(has_wanted(self, variant, id));
	EXPECT_EQ(variant->client + variant->server,
		  (int)gained(self->ctx, id));
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, id, 0, NULL));
	EXPECT_EQ(0, count_conns(self->ctx, 0));

	/* The same of what is there by now, but for its direction. */
	self->spec.flags |= PG_RULE_EXISTING;
	ASSERT_EQ(self->spec.direction ? -EINVAL : 0,
		  pg_rule_add(self->ctx, &self->spec, &id, NULL));
	if (self->spec.direction)
		return;
	EXPECT_TRUE(is_as_made(self, id));
	EXPECT_TRUE(has_wanted(self, variant, id));
	EXPECT_EQ(variant->client + variant->server,
		  (int)gained(self->ctx, id));
}

/* What a connection is that a rule has adopted. */
FIXTURE(adopted) {
	struct pg_ctx *ctx;
	uint32_t group;
	uint32_t rule;
	int pair[2];
};

FIXTURE_VARIANT(adopted) {
	enum kind kind;
	bool existing;
};

FIXTURE_VARIANT_ADD(adopted, ipv4) { .kind = IPV4 };
FIXTURE_VARIANT_ADD(adopted, ipv6) { .kind = IPV6 };
FIXTURE_VARIANT_ADD(adopted, mapped) { .kind = MAPPED };
FIXTURE_VARIANT_ADD(adopted, ipv4_later) { .kind = IPV4, .existing = true };
FIXTURE_VARIANT_ADD(adopted, ipv6_later) { .kind = IPV6, .existing = true };

FIXTURE_SETUP(adopted)
{
	struct pg_rule_spec spec;

	ASSERT_EQ(0, own_netns_for(variant->kind));
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	spec = rule_spec(self->group);
	spec.type = PG_TYPE_DIRECT;
	spec.flags = variant->existing ? PG_RULE_EXISTING : 0;
	if (variant->existing)
		ASSERT_EQ(0, make_pair(variant->kind, self->pair));
	ASSERT_EQ(0, pg_rule_add(self->ctx, &spec, &self->rule, NULL));
	if (!variant->existing)
		ASSERT_EQ(0, make_pair(variant->kind, self->pair));
}

FIXTURE_TEARDOWN(adopted)
{
	pg_close(self->ctx);
}

/* The address of an end, IPv4 unmapped. */
static bool is_address(const struct pg_addr *addr, const struct end *end)
{
	const char *text = end->address;
	unsigned char bytes[16];

	if (!strncmp(text, "::ffff:", 7))
		text += 7;
	if (addr->port != end->port || addr->scope_id ||
	    inet_pton(addr->family, text, bytes) != 1)
		return false;
	return addr->family == AF_INET ? !memcmp(&addr->ipv4, bytes, 4) :
					 !memcmp(&addr->ipv6, bytes, 16);
}

TEST_F(adopted, ends)
{
	const struct end *client = &clients[variant->kind];
	const struct end *server = &servers[variant->kind];
	struct conn_copy copy;

	ASSERT_EQ(0, find_conn(self->ctx, self->group, self->pair[0], &copy));
	EXPECT_TRUE(is_address(&copy.conn.local, client));
	EXPECT_TRUE(is_address(&copy.conn.remote, server));
	ASSERT_EQ(0, find_conn(self->ctx, self->group, self->pair[1], &copy));
	EXPECT_TRUE(is_address(&copy.conn.local, server));
	EXPECT_TRUE(is_address(&copy.conn.remote, client));
}

static uint64_t wall_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

TEST_F(adopted, identity)
{
	uint64_t now = wall_clock();
	struct conn_copy copy, got;

	ASSERT_EQ(0, find_conn(self->ctx, self->group, self->pair[0], &copy));
	EXPECT_EQ(self->group, copy.conn.group_id);
	EXPECT_EQ(self->rule, copy.conn.rule_id);
	EXPECT_EQ(PG_TYPE_DIRECT, copy.conn.type);
	EXPECT_EQ(PG_STATE_ACTIVE, copy.conn.state);
	EXPECT_EQ(cookie_of(self->pair[0]), copy.conn.cookie);
	EXPECT_NE(0, copy.conn.node_id);
	EXPECT_EQ(NULL, copy.conn.peer_id);
	EXPECT_GE(now, copy.conn.attached);
	EXPECT_LE(now - 60 * 1000000000ULL, copy.conn.attached);
	ASSERT_EQ(0, get_conn(self->ctx, copy.conn.id, true, &got));
	EXPECT_EQ(self->rule, got.conn.rule_id);
	EXPECT_EQ(copy.conn.node_id, got.conn.node_id);
	EXPECT_NE(NULL, got.conn.stats);
}

TEST_F(adopted, ends_as_any)
{
	struct conn_copy copy;

	ASSERT_EQ(0, find_conn(self->ctx, self->group, self->pair[1], &copy));
	EXPECT_TRUE(data_flows(self->pair[0], self->pair[1]));
	ASSERT_EQ(0, reset_on_close(self->pair[0]));
	close(self->pair[0]);
	EXPECT_TRUE(wait_until(is_gone(self->ctx, copy.conn.id), SOON));
	EXPECT_EQ(0, count_conns(self->ctx, self->group));
}

TEST_F(adopted, detached)
{
	struct conn_copy copy;

	ASSERT_EQ(0, find_conn(self->ctx, self->group, self->pair[0], &copy));
	ASSERT_EQ(0, pg_conn_detach(self->ctx, self->group, copy.conn.id,
				    NULL));
	EXPECT_TRUE(is_gone(self->ctx, copy.conn.id));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, &self->pair[1], 1));
	EXPECT_TRUE(data_flows(self->pair[0], self->pair[1]));
}

FIXTURE(rules) {
	struct pg_ctx *ctx;
	uint32_t group;
	int listener;
};

/* No port of a client is near. */
FIXTURE_SETUP(rules)
{
	const struct end server = { "127.0.0.1", SERVER_PORT };

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	self->listener = listen_at(&server);
	ASSERT_LE(0, self->listener);
}

FIXTURE_TEARDOWN(rules)
{
	pg_close(self->ctx);
}

/* A rule for connections to the listener, at the end that connected. */
static int add_typed(FIXTURE_DATA(rules) *self, uint32_t group,
		     enum pg_type type, in_port_t max, uint32_t *id)
{
	struct pg_rule_spec spec = rule_spec(group);

	spec.type = type;
	spec.remote_port_min = SERVER_PORT;
	spec.remote_port_max = max;
	return pg_rule_add(self->ctx, &spec, id, NULL);
}

/* Within a group the first one counts, whatever it says of the type. */
TEST_F(rules, lowest_id_counts)
{
	struct conn_copy copy;
	uint32_t ids[3];
	int fd;

	ASSERT_EQ(0, add_typed(self, self->group, PG_TYPE_DIRECT, 4999,
			       &ids[0]));
	ASSERT_EQ(0, add_typed(self, self->group, PG_TYPE_NEIGHBOR, 0,
			       &ids[1]));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &ids[2]));
	EXPECT_LT(ids[0], ids[1]);
	fd = tcp_connect(self->listener);
	ASSERT_EQ(0, find_conn(self->ctx, self->group, fd, &copy));
	EXPECT_EQ(ids[0], copy.conn.rule_id);
	EXPECT_EQ(PG_TYPE_DIRECT, copy.conn.type);
	EXPECT_EQ(0, gained(self->ctx, ids[1]));
	/* The other end is left to the last. */
	ASSERT_LE(0, tcp_accept(self->listener));
	EXPECT_EQ(1, gained(self->ctx, ids[2]));

	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, ids[0], 0, NULL));
	fd = tcp_connect(self->listener);
	ASSERT_EQ(0, find_conn(self->ctx, self->group, fd, &copy));
	EXPECT_EQ(ids[1], copy.conn.rule_id);
	EXPECT_EQ(PG_TYPE_NEIGHBOR, copy.conn.type);
}

/* Each of several groups has its own rule and its own connection. */
TEST_F(rules, several_groups)
{
	uint32_t groups[3], ids[3];
	struct conn_copy copy;
	uint64_t conns[3];
	int fd, i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, add_group(self->ctx, &groups[i]));
		ASSERT_EQ(0, add_typed(self, groups[i], PG_TYPE_NEIGHBOR,
				       4100 + i, &ids[i]));
	}
	fd = tcp_connect(self->listener);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, find_conn(self->ctx, groups[i], fd, &copy));
		EXPECT_EQ(ids[i], copy.conn.rule_id);
		EXPECT_EQ(cookie_of(fd), copy.conn.cookie);
		conns[i] = copy.conn.id;
	}
	EXPECT_EQ(0, count_conns(self->ctx, self->group));
	close(fd);
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(is_gone(self->ctx, conns[i]));
}

static uint64_t node_of(struct pg_ctx *ctx, uint32_t group, int fd)
{
	struct conn_copy copy;

	return find_conn(ctx, group, fd, &copy) ? 0 : copy.conn.node_id;
}

/* Of the remote address, whatever the port, and of the group. */
TEST_F(rules, node_id)
{
	const struct end servers[] = {
		{ "127.0.1.1", 4000 }, { "127.0.1.1", 4001 },
		{ "127.0.1.2", 4000 }, { "::ffff:127.0.1.1", 4002 },
	};
	const struct end client = { "127.0.2.2", 0 }, mapped = { "::", 0 };
	uint64_t nodes[4], others[4];
	uint32_t group, id;
	int pair[2], i;

	ASSERT_EQ(0, add_group(self->ctx, &group));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &id));
	ASSERT_EQ(0, add_rule(self->ctx, group, 0, &id));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pair_between(i == 3 ? &mapped : &client,
					  &servers[i], pair));
		nodes[i] = node_of(self->ctx, self->group, pair[0]);
		others[i] = node_of(self->ctx, group, pair[0]);
		EXPECT_NE(0, nodes[i]);
		EXPECT_NE(0, others[i]);
		EXPECT_NE(nodes[i], others[i]);
	}
	EXPECT_EQ(nodes[0], nodes[1]);
	EXPECT_NE(nodes[0], nodes[2]);
	EXPECT_EQ(nodes[0], nodes[3]);
	EXPECT_EQ(others[0], others[1]);
	EXPECT_NE(others[0], others[2]);
}

/* A socket that is connected to itself is one, with both ends. */
TEST_F(rules, self_connected)
{
	const struct end end = { "127.0.0.2", SERVER_PORT };
	uint32_t ids[2];
	int fd;

	ASSERT_EQ(0, add_typed(self, self->group, PG_TYPE_DIRECT, 0, &ids[0]));
	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &ids[1]));
	fd = connect_from(&end, &end);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(is_adopted(self->ctx, self->group, fd, ids[0]));
	EXPECT_EQ(1, count_conns(self->ctx, 0));
}

/* Nothing but a connection: none that is on its way or was refused. */
TEST_F(rules, not_before_it_is_established)
{
	uint32_t id;
	int fd;

	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &id));
	ASSERT_EQ(0, firewall("tcp flags syn drop"));
	fd = tcp_begin(AF_INET, SERVER_PORT);
	ASSERT_EQ(TCP_SYN_SENT, tcp_state(fd));
	ASSERT_LE(0, tcp_begin(AF_INET, 9));
	EXPECT_EQ(0, count_conns(self->ctx, 0));
	ASSERT_EQ(0, firewall(""));
	EXPECT_TRUE(wait_until(count_conns(self->ctx, 0) == 2, SOON));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, fd, id));
}

/* A socket that connects once more is another connection. */
TEST_F(rules, connected_again)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	struct conn_copy first, second;
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	uint32_t id;
	int fd;

	ASSERT_EQ(0, add_rule(self->ctx, self->group, 0, &id));
	fd = tcp_connect(self->listener);
	ASSERT_EQ(0, find_conn(self->ctx, self->group, fd, &first));
	ASSERT_EQ(0, connect(fd, &unspec, sizeof(unspec)));
	EXPECT_TRUE(is_gone(self->ctx, first.conn.id));
	ASSERT_EQ(0, getsockname(self->listener, (struct sockaddr *)&addr,
				 &len));
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&addr, len));
	ASSERT_EQ(0, find_conn(self->ctx, self->group, fd, &second));
	EXPECT_LT(first.conn.id, second.conn.id);
	EXPECT_EQ(id, second.conn.rule_id);
}

#define USER 4711
#define OTHER_USER 4712

static int add_rule_of(struct pg_ctx *ctx, uint32_t group, uid_t uid,
		       uint32_t flags, uint32_t *id)
{
	struct pg_rule_spec spec = rule_spec(group);

	spec.flags = PG_RULE_UID | flags;
	spec.uid = uid;
	return pg_rule_add(ctx, &spec, id, NULL);
}

/* Of the user that made the socket, or for whom it was listened. */
TEST_F(rules, owner)
{
	uint32_t id, other;
	int fd, end, listener;

	ASSERT_EQ(0, add_rule_of(self->ctx, self->group, USER, 0, &id));
	ASSERT_EQ(0, add_rule_of(self->ctx, self->group, OTHER_USER, 0,
				 &other));
	ASSERT_EQ(0, seteuid(USER));
	fd = tcp_connect(self->listener);
	listener = tcp_listen(AF_INET6);
	ASSERT_EQ(0, seteuid(0));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, fd, id));
	EXPECT_EQ(1, count_conns(self->ctx, self->group));

	ASSERT_LE(0, tcp_connect(listener));
	ASSERT_EQ(0, seteuid(OTHER_USER));
	end = tcp_accept(listener);
	ASSERT_EQ(0, seteuid(0));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, end, id));
	EXPECT_EQ(2, count_conns(self->ctx, self->group));
}

/* Who has accepted a socket owns it from then on. */
TEST_F(rules, owner_of_accepted)
{
	uint32_t id, existing;
	int end;

	ASSERT_LE(0, tcp_connect(self->listener));
	ASSERT_EQ(0, seteuid(USER));
	end = tcp_accept(self->listener);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, add_rule_of(self->ctx, self->group, USER, 0, &id));
	EXPECT_EQ(0, count_conns(self->ctx, self->group));
	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, id, 0, NULL));
	ASSERT_EQ(0, add_rule_of(self->ctx, self->group, USER,
				 PG_RULE_EXISTING, &existing));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, end, existing));
	EXPECT_EQ(1, count_conns(self->ctx, self->group));
}

/* The other end of those that are not accepted yet is there, too. */
TEST_F(rules, not_accepted_yet)
{
	struct pg_rule_spec spec = rule_spec(self->group);
	uint32_t id;
	int end;

	spec.direction = PG_DIRECTION_IN;
	ASSERT_EQ(0, pg_rule_add(self->ctx, &spec, &id, NULL));
	ASSERT_LE(0, tcp_connect(self->listener));
	EXPECT_TRUE(wait_until(count_conns(self->ctx, self->group) == 1,
			       SOON));
	end = tcp_accept(self->listener);
	EXPECT_TRUE(is_adopted(self->ctx, self->group, end, id));
}

static int bound_socket(in_port_t port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	return bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : fd;
}

static int begin_to_connect(int fd, in_port_t port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
}

/* Two that connect to each other: neither has accepted anything. */
TEST_F(rules, both_connected)
{
	struct pg_rule_spec spec = rule_spec(self->group);
	int fds[2], i;
	uint32_t id;

	spec.direction = PG_DIRECTION_OUT;
	ASSERT_EQ(0, pg_rule_add(self->ctx, &spec, &id, NULL));
	ASSERT_EQ(0, loopback_does("delay 20ms"));
	for (i = 0; i < 2; i++) {
		fds[i] = bound_socket(4100 + i);
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(EINPROGRESS, begin_to_connect(fds[i], 4101 - i));
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(wait_until(tcp_state(fds[i]) == TCP_ESTABLISHED,
				       SOON));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, fds, 2));
}

TEST_HARNESS_MAIN
