// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many rules at once: of a thousand random ones, overlapping as they come, each
 * random socket must be adopted by those that a straightforward model names.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "util.h"

#define RULES		1000
#define PORTLESS	12	/* of them */
#define PAIRS		150
#define GROUPS		4
#define PORTS		250
#define USER		4711

/* A rule as it was asked for. */
struct made {
	struct pg_rule_spec spec;
	uint32_t id;		/* 0: deleted again */
};

/* One end of a connection. */
struct sock {
	int fd;
	uint64_t cookie;
	int family;
	unsigned char local[16];
	unsigned char remote[16];
	in_port_t local_port;
	in_port_t remote_port;
	enum pg_direction direction;
	uid_t uid;
	uint32_t by[GROUPS];	/* the rule that adopted it, 0: none */
};

FIXTURE(model) {
	struct pg_ctx *ctx;
	unsigned int seed;
	uint32_t groups[GROUPS];
	in_port_t ports[PORTS];
	struct made *rules;
	struct sock socks[2 * PAIRS];
	unsigned int unknown;	/* connections of no socket, or doubled */
};

FIXTURE_VARIANT(model) {
	bool existing;
	bool thinned;		/* half of the rules are deleted again */
	unsigned int seed;
};

FIXTURE_VARIANT_ADD(model, at_once) { .seed = 1 };
FIXTURE_VARIANT_ADD(model, thinned) { .seed = 2, .thinned = true };
FIXTURE_VARIANT_ADD(model, existing) { .seed = 3, .existing = true };

static unsigned int below(FIXTURE_DATA(model) *self, unsigned int n)
{
	return rand_r(&self->seed) % n;
}

/* At the borders, of pages of 256 too, and anywhere. */
static void choose_ports(FIXTURE_DATA(model) *self)
{
	static const in_port_t borders[] = {
		1, 2, 255, 256, 257, 511, 512, 4095, 4096, 32767, 32768,
		65279, 65280, 65281, 65534, 65535,
	};
	unsigned int i;

	memcpy(self->ports, borders, sizeof(borders));
	for (i = sizeof(borders) / sizeof(*borders); i < PORTS; i++)
		self->ports[i] = 1 + below(self, 65535);
}

static in_port_t some_port(FIXTURE_DATA(model) *self)
{
	return self->ports[below(self, PORTS)];
}

/* Of few networks, so that prefixes of some length have sockets. */
static void some_address(FIXTURE_DATA(model) *self, int family,
			 unsigned char *bytes)
{
	static const unsigned char prefix[] = { 0x20, 0x01, 0x0d, 0xb8 };
	const unsigned int end = family == AF_INET ? 4 : 16;

	memset(bytes, 0, 16);
	if (family == AF_INET)
		bytes[0] = 127;
	else
		memcpy(bytes, prefix, sizeof(prefix));
	bytes[end - 3] = below(self, 4);
	bytes[end - 2] = below(self, 4) << 6;
	bytes[end - 1] = 1 + below(self, 8);
}

static bool bit_of(const unsigned char *bytes, unsigned int bit)
{
	return bytes[bit / 8] & 0x80 >> bit % 8;
}

static struct pg_prefix some_prefix(FIXTURE_DATA(model) *self, int family)
{
	struct pg_prefix prefix = { .family = family };
	unsigned int bit, bits = family == AF_INET ? 32 : 128;
	unsigned char bytes[16];

	some_address(self, family, bytes);
	prefix.len = below(self, 4) ? bits - below(self, 24) :
				      below(self, bits + 1);
	for (bit = prefix.len; bit < bits; bit++)
		bytes[bit / 8] &= ~(0x80 >> bit % 8);
	memcpy(&prefix.ipv6, bytes, sizeof(bytes));
	return prefix;
}

static void some_range(FIXTURE_DATA(model) *self, uint16_t *min, uint16_t *max)
{
	unsigned int port = some_port(self), width = 0;

	if (!below(self, 4))
		width = below(self, 3000);
	else if (!below(self, 4))
		width = below(self, 3);
	*min = port > width ? port - below(self, width + 1) : port;
	*max = *min + width > 65535 ? 65535 : *min + width;
}

static struct pg_rule_spec some_rule(FIXTURE_DATA(model) *self, bool portless,
				     bool existing)
{
	struct pg_rule_spec spec = rule_spec(self->groups[below(self, GROUPS)]);
	int family = below(self, 2) ? AF_INET : AF_INET6;
	unsigned int ends = portless ? 0 : 1 + below(self, 8) % 3;

	if (ends & 1)
		some_range(self, &spec.local_port_min, &spec.local_port_max);
	if (ends & 2)
		some_range(self, &spec.remote_port_min, &spec.remote_port_max);
	if (portless || !below(self, 4))
		spec.local = some_prefix(self, family);
	if (!below(self, 4))
		spec.remote = some_prefix(self, family);
	if (existing)
		spec.flags = PG_RULE_EXISTING;
	else if (!below(self, 5))
		spec.direction = 1 + below(self, 2);
	if (!below(self, 6)) {
		spec.flags |= PG_RULE_UID;
		spec.uid = below(self, 2) ? USER : 0;
	}
	spec.type = 1 + below(self, 2);
	return spec;
}

static int make_rules(FIXTURE_DATA(model) *self, bool existing)
{
	struct made *made;
	int i, err;

	for (i = 0; i < RULES; i++) {
		made = &self->rules[i];
		do {
			made->spec = some_rule(self, i % 80 == 7, existing);
			err = pg_rule_add(self->ctx, &made->spec, &made->id,
					  NULL);
		} while (err == -EEXIST);
		if (err)
			return err;
	}
	return 0;
}

static int thin_out(FIXTURE_DATA(model) *self)
{
	struct made *made;
	int i, err = 0;

	for (i = 0; i < RULES && !err; i++) {
		made = &self->rules[i];
		if (below(self, 2))
			continue;
		err = pg_rule_del(self->ctx, 0, made->id, 0, NULL);
		made->id = 0;
	}
	return err;
}

static void text_of(int family, const unsigned char *bytes, bool mapped,
		    char *text)
{
	if (mapped)
		text += sprintf(text, "::ffff:");
	inet_ntop(family, bytes, text, INET6_ADDRSTRLEN);
}

/* The other end of the same connection. */
static void turn_round(const struct sock *sock, struct sock *other)
{
	*other = *sock;
	memcpy(other->local, sock->remote, sizeof(other->local));
	memcpy(other->remote, sock->local, sizeof(other->remote));
	other->local_port = sock->remote_port;
	other->remote_port = sock->local_port;
	other->direction = PG_DIRECTION_IN;
}

static int make_pair(FIXTURE_DATA(model) *self, struct sock *ends)
{
	struct sock *sock = &ends[0];
	char from[2 * INET6_ADDRSTRLEN], to[2 * INET6_ADDRSTRLEN];
	bool mapped = !below(self, 3);
	int fds[2], err;

	*sock = (struct sock){
		.family = mapped || below(self, 2) ? AF_INET : AF_INET6,
		.local_port = some_port(self), .remote_port = some_port(self),
		.direction = PG_DIRECTION_OUT,
		.uid = below(self, 3) ? 0 : USER,
	};
	some_address(self, sock->family, sock->local);
	some_address(self, sock->family, sock->remote);
	text_of(sock->family, sock->local, mapped, from);
	text_of(sock->family, sock->remote, mapped, to);
	if (seteuid(sock->uid))
		return -errno;
	err = pair_between(&(struct end){ from, sock->local_port },
			   &(struct end){ to, sock->remote_port }, fds);
	if (seteuid(0) || err)
		return err ? err : -errno;
	turn_round(sock, &ends[1]);
	ends[0].fd = fds[0];
	ends[0].cookie = cookie_of(fds[0]);
	ends[1].fd = fds[1];
	ends[1].cookie = cookie_of(fds[1]);
	return 0;
}

static uint64_t missed(FIXTURE_DATA(model) *self)
{
	struct rule_totals totals;
	uint64_t n = 0;
	int i;

	for (i = 0; i < GROUPS; i++)
		n += get_rule_totals(self->ctx, self->groups[i], &totals) ?
		     1 : totals.missed;
	return n;
}

/* Such as the model is about: who has missed some takes what he finds later. */
static int make_pair_in_peace(FIXTURE_DATA(model) *self, struct sock *ends)
{
	uint64_t before = missed(self);
	int err = make_pair(self, ends);

	if (err || missed(self) == before)
		return err;
	close(ends[0].fd);
	close(ends[1].fd);
	return -EAGAIN;
}

/* Some ends are taken by now. */
static int make_pairs(FIXTURE_DATA(model) *self)
{
	int i, err;

	for (i = 0; i < PAIRS; i++) {
		do {
			err = make_pair_in_peace(self, &self->socks[2 * i]);
		} while (err == -EADDRINUSE || err == -EAGAIN);
		if (err)
			return err;
	}
	return 0;
}

static bool in_range(uint16_t min, uint16_t max, in_port_t port)
{
	return !min || (port >= min && port <= max);
}

static bool in_prefix(const struct pg_prefix *prefix, int family,
		      const unsigned char *bytes)
{
	const unsigned char *wanted = (const void *)&prefix->ipv6;
	unsigned int bit;

	if (!prefix->family)
		return true;
	for (bit = 0; bit < prefix->len; bit++)
		if (bit_of(wanted, bit) != bit_of(bytes, bit))
			return false;
	return prefix->family == family;
}

/* What the specification says. */
static bool wants(const struct pg_rule_spec *spec, const struct sock *sock)
{
	return in_range(spec->local_port_min, spec->local_port_max,
			sock->local_port) &&
	       in_range(spec->remote_port_min, spec->remote_port_max,
			sock->remote_port) &&
	       in_prefix(&spec->local, sock->family, sock->local) &&
	       in_prefix(&spec->remote, sock->family, sock->remote) &&
	       (!spec->direction || spec->direction == sock->direction) &&
	       (!(spec->flags & PG_RULE_UID) || spec->uid == sock->uid);
}

/* The rule that adopts a socket into a group, 0 if none does. */
static uint32_t rule_for(FIXTURE_DATA(model) *self, const struct sock *sock,
			 uint32_t group)
{
	const struct made *made;
	int i;

	for (i = 0; i < RULES; i++) {
		made = &self->rules[i];
		if (made->id && made->spec.group_id == group &&
		    wants(&made->spec, sock))
			return made->id;
	}
	return 0;
}

static uint32_t *place_of(FIXTURE_DATA(model) *self, const struct pg_conn *conn)
{
	unsigned int i, group = conn->group_id - self->groups[0];

	for (i = 0; i < 2 * PAIRS; i++)
		if (self->socks[i].cookie == conn->cookie && group < GROUPS)
			return &self->socks[i].by[group];
	return NULL;
}

static int note_conn(const struct pg_conn *conn, void *arg)
{
	FIXTURE_DATA(model) *self = arg;
	uint32_t *place = place_of(self, conn);

	if (!place || *place || !conn->rule_id)
		self->unknown++;
	else
		*place = conn->rule_id;
	return 0;
}

FIXTURE_SETUP(model)
{
	int i;

	self->seed = variant->seed;
	self->rules = calloc(RULES, sizeof(*self->rules));
	ASSERT_NE(NULL, self->rules);
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, own_documentation_prefix());
	ASSERT_EQ(0, write_number("/proc/sys/net/ipv4/ip_unprivileged_port_start",
				  0));
	ASSERT_EQ(0, pg_open(&self->ctx));
	for (i = 0; i < GROUPS; i++)
		ASSERT_EQ(0, add_group(self->ctx, &self->groups[i]));
	choose_ports(self);
}

FIXTURE_TEARDOWN(model)
{
	pg_close(self->ctx);
	free(self->rules);
}

TEST_F_TIMEOUT(model, agrees, 120)
{
	unsigned int i, k, adopted = 0, different = 0;
	struct sock *sock;
	uint32_t should;

	if (variant->existing)
		ASSERT_EQ(0, make_pairs(self));
	ASSERT_EQ(0, make_rules(self, variant->existing));
	if (variant->thinned)
		ASSERT_EQ(0, thin_out(self));
	if (!variant->existing)
		ASSERT_EQ(0, make_pairs(self));
	ASSERT_EQ(0, pg_conn_dump(self->ctx, NULL, NULL, note_conn, self));
	EXPECT_EQ(0, self->unknown);

	for (i = 0; i < 2 * PAIRS; i++) {
		sock = &self->socks[i];
		for (k = 0; k < GROUPS; k++) {
			should = rule_for(self, sock, self->groups[k]);
			adopted += !!should;
			different += sock->by[k] != should;
		}
	}
	EXPECT_EQ(0, different);
	/* Neither all of them nor none. */
	TH_LOG("%u of %u adopted", adopted, 2 * PAIRS * GROUPS);
	EXPECT_LT(PAIRS * GROUPS / 5, adopted);
	EXPECT_GT(2 * PAIRS * GROUPS * 9 / 10, adopted);
}

TEST_HARNESS_MAIN
