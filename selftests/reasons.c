// SPDX-License-Identifier: GPL-2.0-only
/* Why a connection left its group: each reason, brought about for real. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "connecting.h"
#include "follow.h"
#include "process.h"
#include "util.h"

/* Both ends of a connection, of which near is attached. */
struct ends {
	struct pg_ctx *ctx;
	struct pg_sub *sub;
	uint32_t group;
	uint64_t id;
	int near;
	int far;
};

static int make_group(struct ends *ends)
{
	int err = own_netns();

	ends->near = -1;
	ends->far = -1;
	if (!err)
		err = pg_open(&ends->ctx);
	if (!err)
		err = add_group(ends->ctx, &ends->group);
	if (!err)
		err = pg_sub_open(&ends->sub, 0);
	return err;
}

static int make_ends(struct ends *ends, int family)
{
	int fds[2], err = make_group(ends);

	if (!err)
		err = tcp_pair(family, fds);
	if (err)
		return err;
	ends->near = fds[0];
	ends->far = fds[1];
	return attach(ends->ctx, ends->group, ends->near, &ends->id);
}

static void free_ends(struct ends *ends)
{
	pg_sub_close(ends->sub);
	pg_close(ends->ctx);
}

/* The event tells it, and the group's totals count this and nothing else. */
static bool told(struct ends *ends, bool was_active, enum pg_reason reason,
		 int error)
{
	struct totals is, expected = { .gained = was_active };
	struct event_copy event;

	expected.lost[reason] = 1;
	if (await_event(ends->sub, PG_EVENT_CONN_GONE, ends->id, &event))
		return false;
	if (event.conn.conn.reason != reason || event.conn.conn.error != error)
		fprintf(stderr, "# told: %s, error %d\n",
			pg_reason_name(event.conn.conn.reason),
			event.conn.conn.error);
	return event.conn.conn.reason == reason &&
	       event.conn.conn.error == error &&
	       event.conn.conn.state == PG_STATE_GONE &&
	       !get_totals(ends->ctx, ends->group, &is) &&
	       same_totals(&expected, &is) && is_gone(ends->ctx, ends->id);
}

static int act_close(struct ends *ends)
{
	return close(ends->near);
}

static int act_shutdown(struct ends *ends)
{
	return shutdown(ends->near, SHUT_WR);
}

static int act_peer_close(struct ends *ends)
{
	return close(ends->far);
}

static int act_peer_shutdown(struct ends *ends)
{
	return shutdown(ends->far, SHUT_WR);
}

/* What is left unread at the other end makes it a reset as well. */
static int act_peer_unread(struct ends *ends)
{
	return write(ends->near, "x", 1) != 1 || close(ends->far);
}

static int act_peer_reset(struct ends *ends)
{
	return reset_on_close(ends->far) || close(ends->far);
}

static int act_peer_disconnect(struct ends *ends)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	return connect(ends->far, &unspec, sizeof(unspec));
}

static int act_no_linger(struct ends *ends)
{
	return reset_on_close(ends->near) || close(ends->near);
}

static int act_unread(struct ends *ends)
{
	char byte;

	return write(ends->far, "x", 1) != 1 ||
	       recv(ends->near, &byte, 1, MSG_PEEK) != 1 || close(ends->near);
}

static int act_disconnect(struct ends *ends)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	return connect(ends->near, &unspec, sizeof(unspec));
}

static int act_destroy(struct ends *ends)
{
	return run("ss -K sport = :%u > /dev/null", port_of(ends->near));
}

static int act_detach(struct ends *ends)
{
	return pg_conn_detach(ends->ctx, 0, ends->id, NULL);
}

/* Whoever holds the last descriptor is killed. */
static int kill_owner(struct ends *ends)
{
	pid_t child = fork_holder();

	close(ends->near);
	kill(child, SIGKILL);
	return reap(child) != -1;
}

static int act_kill(struct ends *ends)
{
	return kill_owner(ends);
}

static int act_kill_unread(struct ends *ends)
{
	char byte;

	return write(ends->far, "x", 1) != 1 ||
	       recv(ends->near, &byte, 1, MSG_PEEK) != 1 || kill_owner(ends);
}

static int act_kill_peer(struct ends *ends)
{
	pid_t child = fork_holder();

	/* The child has near, too, but so have we. */
	close(ends->far);
	kill(child, SIGKILL);
	return reap(child) != -1;
}

FIXTURE(ending) {
	struct ends ends;
};

FIXTURE_VARIANT(ending) {
	int (*act)(struct ends *ends);
	enum pg_reason reason;
	int error;
};

#define ENDING(name, reason_, error_)					\
	FIXTURE_VARIANT_ADD(ending, name) {				\
		.act = act_##name, .reason = PG_REASON_##reason_,	\
		.error = error_,					\
	}

ENDING(close, CLOSED, 0);
ENDING(shutdown, CLOSED, 0);
ENDING(kill, CLOSED, 0);
ENDING(peer_close, PEER_CLOSED, 0);
ENDING(peer_shutdown, PEER_CLOSED, 0);
ENDING(kill_peer, PEER_CLOSED, 0);
ENDING(peer_unread, RESET, ECONNRESET);
ENDING(peer_reset, RESET, ECONNRESET);
ENDING(peer_disconnect, RESET, ECONNRESET);
ENDING(no_linger, ABORTED, 0);
ENDING(unread, ABORTED, 0);
ENDING(kill_unread, ABORTED, 0);
ENDING(disconnect, ABORTED, 0);
ENDING(destroy, ABORTED, ECONNABORTED);
ENDING(detach, DETACHED, 0);

FIXTURE_SETUP(ending)
{
}

FIXTURE_TEARDOWN(ending)
{
	free_ends(&self->ends);
}

TEST_F(ending, ipv4)
{
	ASSERT_EQ(0, make_ends(&self->ends, AF_INET));
	ASSERT_EQ(0, variant->act(&self->ends));
	EXPECT_TRUE(told(&self->ends, true, variant->reason, variant->error));
}

TEST_F(ending, ipv6)
{
	ASSERT_EQ(0, make_ends(&self->ends, AF_INET6));
	ASSERT_EQ(0, variant->act(&self->ends));
	EXPECT_TRUE(told(&self->ends, true, variant->reason, variant->error));
}

/* The first reason counts: what becomes of the socket later is no matter. */
TEST_F(ending, only_once)
{
	struct ends *ends = &self->ends;

	ASSERT_EQ(0, make_ends(ends, AF_INET));
	ASSERT_EQ(0, variant->act(ends));
	EXPECT_TRUE(told(ends, true, variant->reason, variant->error));
	reset_on_close(ends->far);
	close(ends->far);
	close(ends->near);
	EXPECT_TRUE(nothing_more(ends->ctx, ends->sub));
}

/* What near sends does not arrive any longer. */
FIXTURE(silence) {
	struct ends ends;
};

FIXTURE_VARIANT(silence) {
	int family;
	const char *verdict;	/* of the firewall */
	bool recverr;
	enum pg_reason reason;
	int error;
};

FIXTURE_VARIANT_ADD(silence, dropped) {
	.family = AF_INET, .verdict = "drop",
	.reason = PG_REASON_TIMED_OUT, .error = ETIMEDOUT,
};

FIXTURE_VARIANT_ADD(silence, dropped_ipv6) {
	.family = AF_INET6, .verdict = "drop",
	.reason = PG_REASON_TIMED_OUT, .error = ETIMEDOUT,
};

FIXTURE_VARIANT_ADD(silence, dropped_recverr) {
	.family = AF_INET, .verdict = "drop", .recverr = true,
	.reason = PG_REASON_TIMED_OUT, .error = ETIMEDOUT,
};

FIXTURE_VARIANT_ADD(silence, host_unreachable) {
	.family = AF_INET,
	.verdict = "reject with icmp type host-unreachable",
	.reason = PG_REASON_UNREACHABLE, .error = EHOSTUNREACH,
};

FIXTURE_VARIANT_ADD(silence, net_unreachable) {
	.family = AF_INET,
	.verdict = "reject with icmp type net-unreachable",
	.reason = PG_REASON_UNREACHABLE, .error = ENETUNREACH,
};

FIXTURE_VARIANT_ADD(silence, port_unreachable) {
	.family = AF_INET,
	.verdict = "reject with icmp type port-unreachable",
	.reason = PG_REASON_UNREACHABLE, .error = ECONNREFUSED,
};

FIXTURE_VARIANT_ADD(silence, addr_unreachable_ipv6) {
	.family = AF_INET6,
	.verdict = "reject with icmpv6 type addr-unreachable",
	.reason = PG_REASON_UNREACHABLE, .error = EHOSTUNREACH,
};

FIXTURE_VARIANT_ADD(silence, admin_prohibited_ipv6) {
	.family = AF_INET6,
	.verdict = "reject with icmpv6 type admin-prohibited",
	.reason = PG_REASON_UNREACHABLE, .error = EACCES,
};

FIXTURE_VARIANT_ADD(silence, host_unreachable_recverr) {
	.family = AF_INET, .recverr = true,
	.verdict = "reject with icmp type host-unreachable",
	.reason = PG_REASON_UNKNOWN, .error = EHOSTUNREACH,
};

FIXTURE_VARIANT_ADD(silence, addr_unreachable_ipv6_recverr) {
	.family = AF_INET6, .recverr = true,
	.verdict = "reject with icmpv6 type addr-unreachable",
	.reason = PG_REASON_UNKNOWN, .error = EHOSTUNREACH,
};

static int set_recverr(int fd, int family)
{
	return family == AF_INET6 ?
	       set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1) :
	       set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
}

/* Not a word of near's arrives at far. */
static int silence(struct ends *ends, const char *verdict)
{
	char rule[128];

	snprintf(rule, sizeof(rule), "tcp dport %u %s", port_of(ends->far),
		 verdict);
	return firewall(rule);
}

FIXTURE_SETUP(silence)
{
	struct ends *ends = &self->ends;

	ASSERT_EQ(0, make_ends(ends, variant->family));
	ASSERT_EQ(0, silence(ends, variant->verdict));
	ASSERT_EQ(0, set_option(ends->near, IPPROTO_TCP, TCP_USER_TIMEOUT,
				300));
	if (variant->recverr)
		ASSERT_EQ(0, set_recverr(ends->near, variant->family));
}

FIXTURE_TEARDOWN(silence)
{
	free_ends(&self->ends);
}

TEST_F(silence, told)
{
	ASSERT_EQ(1, write(self->ends.near, "x", 1));
	EXPECT_TRUE(told(&self->ends, true, variant->reason, variant->error));
	EXPECT_EQ(variant->error, socket_error(self->ends.near));
}

/* The network's word ends nothing by itself, nor does it spoil what comes. */
TEST(overcome)
{
	struct ends ends;
	char byte;

	ASSERT_EQ(0, make_ends(&ends, AF_INET));
	ASSERT_EQ(0, set_recverr(ends.near, AF_INET));
	ASSERT_EQ(0, silence(&ends,
			     "reject with icmp type host-unreachable"));
	ASSERT_EQ(1, write(ends.near, "x", 1));
	ASSERT_TRUE(wait_until(socket_error(ends.near) == EHOSTUNREACH, SOON));
	ASSERT_EQ(0, firewall(""));
	ASSERT_EQ(1, read(ends.far, &byte, 1));
	EXPECT_TRUE(is_active(ends.ctx, ends.id));
	ASSERT_EQ(0, close(ends.near));
	EXPECT_TRUE(told(&ends, true, PG_REASON_CLOSED, 0));
	free_ends(&ends);
}

/*
 * The same before it is reset: the error of the end itself is the one that
 * counts, or none.
 */
TEST(overcome_then_reset)
{
	struct ends ends;
	char byte;

	ASSERT_EQ(0, make_ends(&ends, AF_INET));
	ASSERT_EQ(0, silence(&ends,
			     "reject with icmp type host-unreachable"));
	ASSERT_EQ(1, write(ends.near, "x", 1));
	ASSERT_EQ(0, firewall(""));
	ASSERT_EQ(1, read(ends.far, &byte, 1));
	ASSERT_EQ(0, act_peer_reset(&ends));
	EXPECT_TRUE(told(&ends, true, PG_REASON_RESET, ECONNRESET));
	free_ends(&ends);
}

/* An attempt to connect that comes to nothing. */
FIXTURE(failing) {
	struct ends ends;
};

FIXTURE_VARIANT(failing) {
	const char *netem;
	const char *rule;			/* of the firewall, or NULL */
	int (*act)(struct ends *ends);		/* NULL: wait for it */
	int error;
};

#define FAILING(name, ...) FIXTURE_VARIANT_ADD(failing, name) { __VA_ARGS__ }

/* The answer leaves time to attach, or there is none. */
#define SOME_TIME .netem = "delay 50ms"
#define NEVER .netem = "loss 100%"

FAILING(refused, SOME_TIME, .error = ECONNREFUSED);
FAILING(refused_by_icmp, SOME_TIME, .error = ECONNREFUSED,
	.rule = "tcp flags syn reject with icmp type port-unreachable");
FAILING(timed_out, NEVER, .error = ETIMEDOUT);
FAILING(host_unreachable, SOME_TIME, .error = EHOSTUNREACH,
	.rule = "tcp flags syn reject with icmp type host-unreachable");
FAILING(net_unreachable, SOME_TIME, .error = ENETUNREACH,
	.rule = "tcp flags syn reject with icmp type net-unreachable");
FAILING(closed, NEVER, .act = act_close);
FAILING(no_linger, NEVER, .act = act_no_linger);
FAILING(disconnected, NEVER, .act = act_disconnect);
FAILING(killed, NEVER, .act = act_kill);
FAILING(destroyed, NEVER, .act = act_destroy, .error = ECONNABORTED);
FAILING(detached, NEVER, .act = act_detach);

FIXTURE_SETUP(failing)
{
	struct ends *ends = &self->ends;

	ASSERT_EQ(0, make_group(ends));
	/* Later kernels repeat the first attempt some more times. */
	run("sysctl -q net.ipv4.tcp_syn_linear_timeouts=0 2> /dev/null");
	ASSERT_EQ(0, write_number("/proc/sys/net/ipv4/tcp_syn_retries", 1));
	ASSERT_EQ(0, loopback_does(variant->netem));
	if (variant->rule)
		ASSERT_EQ(0, firewall(variant->rule));
	ends->near = tcp_begin(AF_INET, 9);
	ASSERT_LE(0, ends->near);
	ASSERT_EQ(0, attach(ends->ctx, ends->group, ends->near, &ends->id));
}

FIXTURE_TEARDOWN(failing)
{
	free_ends(&self->ends);
}

TEST_F(failing, told)
{
	struct ends *ends = &self->ends;
	enum pg_reason reason = variant->act == act_detach ?
				PG_REASON_DETACHED : PG_REASON_CONNECT_FAILED;

	if (variant->act)
		ASSERT_EQ(0, variant->act(ends));
	EXPECT_TRUE(told(ends, false, reason, variant->error));
	if (!variant->act)
		EXPECT_EQ(variant->error, socket_error(ends->near));
}

TEST_HARNESS_MAIN
