// SPDX-License-Identifier: GPL-2.0-only
/* Which sockets can be attached, and what of them is shown then. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>

#include "kselftest_harness.h"
#include "connecting.h"
#include "util.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static int make_listening(void)
{
	return tcp_listen(AF_INET);
}

static int make_unconnected(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int make_refused(void)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int listener = tcp_listen(AF_INET);
	int fd = make_unconnected();

	getsockname(listener, (struct sockaddr *)&addr, &len);
	close(listener);
	return connect(fd, (struct sockaddr *)&addr, len) ? fd : -1;
}

static int make_udp(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -1 : fd;
}

static int make_raw(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
}

static int make_unix(void)
{
	int fds[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) ?
	       -1 : fds[0];
}

static int make_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
}

static int make_mptcp(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
}

/* A connection of its own in a namespace that nothing else is in. */
static int make_foreign(void)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int fds[2] = { -1, -1 };

	if (own_netns() || tcp_pair(AF_INET, fds) || setns(here, 0))
		return -1;
	return fds[0];
}

static int make_closed(void)
{
	int fds[2];

	if (tcp_pair(AF_INET, fds))
		return -1;
	close(fds[0]);
	return fds[0];
}

static int make_file(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int make_path(void)
{
	return open("/dev/null", O_PATH | O_CLOEXEC);
}

static int make_close_wait(void)
{
	int fds[2];

	if (tcp_pair(AF_INET, fds) || shutdown(fds[1], SHUT_WR))
		return -1;
	return wait_until(tcp_state(fds[0]) == TCP_CLOSE_WAIT, SOON) ?
	       fds[0] : -1;
}

static int make_fin_wait(void)
{
	int fds[2];

	if (tcp_pair(AF_INET, fds) || shutdown(fds[0], SHUT_WR))
		return -1;
	return wait_until(tcp_state(fds[0]) == TCP_FIN_WAIT2, SOON) ?
	       fds[0] : -1;
}

static int make_ended(void)
{
	int fd = make_close_wait();

	if (fd < 0 || shutdown(fd, SHUT_WR))
		return -1;
	return wait_until(tcp_state(fd) == TCP_CLOSE, SOON) ? fd : -1;
}

static int make_reset(void)
{
	int fds[2];

	if (tcp_pair(AF_INET, fds) || reset_on_close(fds[1]))
		return -1;
	close(fds[1]);
	return wait_until(tcp_state(fds[0]) == TCP_CLOSE, SOON) ? fds[0] : -1;
}

/* Sent the last of what it had, and waits to be told that it arrived. */
static int make_last_ack(void)
{
	int fd = make_close_wait();

	if (fd < 0 || loopback_does("loss 100%") || shutdown(fd, SHUT_WR))
		return -1;
	return tcp_state(fd) == TCP_LAST_ACK ? fd : -1;
}

/* Both ends did not get to know of each other's. */
static int make_closing(void)
{
	int fds[2];

	if (tcp_pair(AF_INET, fds) || loopback_does("delay 500ms") ||
	    shutdown(fds[0], SHUT_WR) || shutdown(fds[1], SHUT_WR))
		return -1;
	return wait_until(tcp_state(fds[0]) == TCP_CLOSING, SOON) ? fds[0] : -1;
}

/* An attempt that came to nothing is no longer one. */
static int make_given_up(void)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	int fd;

	if (loopback_does("loss 100%"))
		return -1;
	fd = tcp_begin(AF_INET, 9);
	return connect(fd, &unspec, sizeof(unspec)) ? -1 : fd;
}

static int make_disconnected(void)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	int fds[2];

	if (tcp_pair(AF_INET, fds) ||
	    connect(fds[0], &unspec, sizeof(unspec)))
		return -1;
	return fds[0];
}

FIXTURE(attach) {
	struct pg_ctx *ctx;
	uint32_t group;
};

FIXTURE_SETUP(attach)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
}

FIXTURE_TEARDOWN(attach)
{
	pg_close(self->ctx);
}

/* One socket that is refused, between two that would not be. */
FIXTURE(refused) {
	struct pg_ctx *ctx;
	uint32_t group;
	struct pg_attach socks[3];
	int pair[2];
};

FIXTURE_VARIANT(refused) {
	int (*make)(void);
	int err;
	const char *text;
};

#define REFUSED(name, err_, text_)				\
	FIXTURE_VARIANT_ADD(refused, name) {			\
		.make = make_##name, .err = err_, .text = text_, \
	}

REFUSED(listening, -ENOTCONN, "socket is listening");
REFUSED(unconnected, -ENOTCONN, "socket is not connected");
REFUSED(given_up, -ENOTCONN, "socket is not connected");
REFUSED(refused, -ENOTCONN, "socket is not connected");
REFUSED(reset, -ENOTCONN, "socket is not connected");
REFUSED(disconnected, -ENOTCONN, "socket is not connected");
REFUSED(close_wait, -ENOTCONN, "socket is closing");
REFUSED(fin_wait, -ENOTCONN, "socket is closing");
REFUSED(last_ack, -ENOTCONN, "socket is closing");
REFUSED(closing, -ENOTCONN, "socket is closing");
REFUSED(ended, -ENOTCONN, "socket is not connected");
REFUSED(udp, -EOPNOTSUPP, "not a TCP socket");
REFUSED(raw, -EOPNOTSUPP, "not a TCP socket");
REFUSED(unix, -EOPNOTSUPP, "not a TCP socket");
REFUSED(netlink, -EOPNOTSUPP, "not a TCP socket");
REFUSED(mptcp, -EOPNOTSUPP, "MPTCP is not supported");
REFUSED(foreign, -EXDEV, "socket is in another network namespace");
REFUSED(closed, -EBADF, "no such file descriptor");
REFUSED(path, -EBADF, "no such file descriptor");
REFUSED(file, -ENOTSOCK, "file descriptor is no socket");

FIXTURE_SETUP(refused)
{
	int fd;

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, tcp_pair(AF_INET, self->pair));

	fd = variant->make();
	if (fd < 0 && variant->make == make_mptcp)
		SKIP(return, "this kernel has no MPTCP");
	ASSERT_LE(0, fd);
	self->socks[0] = attach_spec(self->pair[0]);
	self->socks[1] = attach_spec(fd);
	self->socks[2] = attach_spec(self->pair[1]);
}

FIXTURE_TEARDOWN(refused)
{
	pg_close(self->ctx);
}

TEST_F(refused, attach)
{
	uint64_t generation = generation_now(self->ctx);
	uint64_t ids[3] = { 7, 7, 7 }, now = 7;
	size_t failed = 7;

	EXPECT_EQ(variant->err,
		  pg_conn_attach(self->ctx, self->group, self->socks, 3, ids,
				 &now, &failed));
	EXPECT_STREQ(variant->text, pg_error(self->ctx));
	EXPECT_EQ(1, failed);
	EXPECT_EQ(7, ids[0]);
	EXPECT_EQ(7, now);
	EXPECT_EQ(0, count_conns(self->ctx, self->group));
	EXPECT_EQ(generation, generation_now(self->ctx));

	self->socks[1] = self->socks[2];
	EXPECT_EQ(0, pg_conn_attach(self->ctx, self->group, self->socks, 2,
				    ids, &now, NULL));
	EXPECT_EQ(2, count_conns(self->ctx, self->group));
}

TEST_F(attach, mptcp_connected)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int listener = make_mptcp();
	uint64_t id;
	int fd, end;

	if (listener < 0)
		SKIP(return, "this kernel has no MPTCP");
	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&addr, len));
	ASSERT_EQ(0, listen(listener, 8));
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&addr, &len));

	fd = make_mptcp();
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&addr, len));
	end = tcp_accept(listener);
	ASSERT_LE(0, end);
	EXPECT_EQ(-EOPNOTSUPP, attach(self->ctx, self->group, fd, &id));
	EXPECT_STREQ("MPTCP is not supported", pg_error(self->ctx));
	EXPECT_EQ(-EOPNOTSUPP, attach(self->ctx, self->group, end, &id));
	EXPECT_TRUE(data_flows(fd, end));

	/* Who connects by plain TCP is given a plain TCP socket. */
	fd = tcp_connect(listener);
	end = tcp_accept(listener);
	EXPECT_EQ(0, attach(self->ctx, self->group, end, &id));
	close(fd);
	EXPECT_TRUE(wait_until(is_gone(self->ctx, id), SOON));
}

/* What is wrong is said of the socket's second entry. */
TEST_F(attach, twice)
{
	struct pg_attach socks[3];
	size_t failed = 7;
	int fds[2];
	uint64_t id;

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	socks[0] = attach_spec(fds[0]);
	socks[1] = attach_spec(fds[1]);
	socks[2] = attach_spec(fds[0]);
	EXPECT_EQ(-EEXIST, pg_conn_attach(self->ctx, self->group, socks, 3,
					  NULL, NULL, &failed));
	EXPECT_EQ(2, failed);
	EXPECT_STREQ("socket is in this group already", pg_error(self->ctx));
	EXPECT_EQ(0, count_conns(self->ctx, self->group));

	socks[2].fd = dup(fds[1]);
	EXPECT_EQ(-EEXIST, pg_conn_attach(self->ctx, self->group, socks, 3,
					  NULL, NULL, &failed));
	EXPECT_EQ(2, failed);
	EXPECT_EQ(0, count_conns(self->ctx, self->group));

	ASSERT_EQ(0, attach(self->ctx, self->group, fds[0], &id));
	EXPECT_EQ(-EEXIST, attach(self->ctx, self->group, fds[0], &id));
	EXPECT_STREQ("socket is in this group already", pg_error(self->ctx));
	EXPECT_EQ(-EEXIST, attach(self->ctx, self->group, dup(fds[0]), &id));
	EXPECT_EQ(1, count_conns(self->ctx, self->group));

	ASSERT_EQ(0, pg_conn_detach(self->ctx, self->group, id, NULL));
	EXPECT_EQ(0, attach(self->ctx, self->group, fds[0], &id));
}

TEST_F(attach, no_group)
{
	int fds[2];
	uint64_t id;

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	EXPECT_EQ(-ENOENT, attach(self->ctx, self->group + 1, fds[0], &id));
	EXPECT_STREQ("no such group", pg_error(self->ctx));
	EXPECT_EQ(-ENOENT, attach(self->ctx, 0, fds[0], &id));
	ASSERT_EQ(0, pg_group_del(self->ctx, self->group, NULL));
	EXPECT_EQ(-ENOENT, attach(self->ctx, self->group, fds[0], &id));
	EXPECT_STREQ("no such group", pg_error(self->ctx));
}

/* A connection of a socket with itself has both ends in one. */
TEST_F(attach, self_connected)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	struct conn_copy copy;
	int fd = make_unconnected();
	uint64_t id;

	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, len));
	ASSERT_EQ(0, getsockname(fd, (struct sockaddr *)&addr, &len));
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&addr, len));
	ASSERT_EQ(0, attach(self->ctx, self->group, fd, &id));
	ASSERT_EQ(0, get_conn(self->ctx, id, false, &copy));
	EXPECT_EQ(copy.conn.local.port, copy.conn.remote.port);
	EXPECT_EQ(ntohs(addr.sin_port), copy.conn.local.port);
	EXPECT_TRUE(data_flows(fd, fd));
	close(fd);
	EXPECT_TRUE(is_gone(self->ctx, id));
}

TEST_F(attach, several_groups)
{
	struct conn_copy first, second;
	uint64_t ids[2];
	uint32_t other;
	int fds[2];

	ASSERT_EQ(0, add_group(self->ctx, &other));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, attach(self->ctx, self->group, fds[0], &ids[0]));
	ASSERT_EQ(0, attach(self->ctx, other, fds[0], &ids[1]));
	ASSERT_EQ(0, get_conn(self->ctx, ids[0], false, &first));
	ASSERT_EQ(0, get_conn(self->ctx, ids[1], false, &second));
	EXPECT_NE(ids[0], ids[1]);
	EXPECT_EQ(first.conn.cookie, second.conn.cookie);
	EXPECT_EQ(self->group, first.conn.group_id);
	EXPECT_EQ(other, second.conn.group_id);

	EXPECT_EQ(-ENOENT, pg_conn_detach(self->ctx, other, ids[0], NULL));
	EXPECT_STREQ("no such connection", pg_error(self->ctx));
	close(fds[0]);
	EXPECT_TRUE(is_gone(self->ctx, ids[0]));
	EXPECT_TRUE(is_gone(self->ctx, ids[1]));
}

/* Ids and generations count on and are never used again. */
TEST_F(attach, counting)
{
	uint64_t generation = generation_now(self->ctx);
	struct pg_attach socks[4];
	uint64_t ids[4], now;
	int fds[4], i;

	ASSERT_EQ(0, tcp_pairs(AF_INET, fds, 4));
	for (i = 0; i < 4; i++)
		socks[i] = attach_spec(fds[i]);
	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->group, socks, 3, ids,
				    &now, NULL));
	EXPECT_EQ(generation + 3, now);
	EXPECT_EQ(ids[0] + 1, ids[1]);
	EXPECT_EQ(ids[0] + 2, ids[2]);

	ASSERT_EQ(0, pg_conn_detach(self->ctx, 0, ids[2], &now));
	EXPECT_EQ(generation + 4, now);
	EXPECT_EQ(-ENOENT, pg_conn_detach(self->ctx, 0, ids[2], &now));
	EXPECT_STREQ("no such connection", pg_error(self->ctx));
	EXPECT_EQ(generation + 4, generation_now(self->ctx));
	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->group, &socks[2], 2,
				    &ids[2], &now, NULL));
	EXPECT_EQ(ids[0] + 3, ids[2]);
	EXPECT_EQ(ids[0] + 4, ids[3]);
	EXPECT_EQ(generation + 6, now);

	close(fds[0]);
	EXPECT_TRUE(wait_until(is_gone(self->ctx, ids[1]), SOON));
	EXPECT_EQ(generation + 8, generation_now(self->ctx));
	ASSERT_EQ(0, pg_group_del(self->ctx, self->group, &now));
	EXPECT_EQ(generation + 9, now);
}

TEST_F(attach, identity)
{
	struct pg_attach sock;
	struct conn_copy copy;
	struct timespec before, after;
	uint64_t id;
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	sock = attach_spec(fds[0]);
	sock.type = PG_TYPE_DIRECT;
	sock.node_id = UINT64_MAX;
	sock.peer_id = "p\xc3\xa9" "er";
	clock_gettime(CLOCK_REALTIME, &before);
	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->group, &sock, 1, &id,
				    NULL, NULL));
	clock_gettime(CLOCK_REALTIME, &after);

	ASSERT_EQ(0, get_conn(self->ctx, id, false, &copy));
	EXPECT_EQ(id, copy.conn.id);
	EXPECT_EQ(self->group, copy.conn.group_id);
	EXPECT_EQ(PG_TYPE_DIRECT, copy.conn.type);
	EXPECT_EQ(PG_STATE_ACTIVE, copy.conn.state);
	EXPECT_EQ(UINT64_MAX, copy.conn.node_id);
	EXPECT_EQ(cookie_of(fds[0]), copy.conn.cookie);
	EXPECT_LE(before.tv_sec * 1000000000ULL + before.tv_nsec,
		  copy.conn.attached);
	EXPECT_GE(after.tv_sec * 1000000000ULL + after.tv_nsec,
		  copy.conn.attached);
	ASSERT_NE(NULL, copy.conn.peer_id);
	EXPECT_STREQ("p\xc3\xa9" "er", copy.conn.peer_id);
	EXPECT_EQ(NULL, copy.conn.stats);
}

TEST_F(attach, types)
{
	struct pg_attach sock;
	struct conn_copy copy;
	unsigned int type;
	int fds[2];
	uint64_t id;

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	sock = attach_spec(fds[0]);
	for (type = PG_TYPE_ANY; type <= PG_TYPE_DIRECT; type++) {
		sock.type = type;
		ASSERT_EQ(0, pg_conn_attach(self->ctx, self->group, &sock, 1,
					    &id, NULL, NULL));
		ASSERT_EQ(0, get_conn(self->ctx, id, false, &copy));
		EXPECT_EQ(type ? type : PG_TYPE_NEIGHBOR, copy.conn.type);
		EXPECT_EQ(0, copy.conn.node_id);
		EXPECT_EQ(NULL, copy.conn.peer_id);
		ASSERT_EQ(0, pg_conn_detach(self->ctx, 0, id, NULL));
	}

	sock.type = 3;
	EXPECT_EQ(-EINVAL, pg_conn_attach(self->ctx, self->group, &sock, 1,
					  &id, NULL, NULL));
	EXPECT_STREQ("type is neither neighbor nor direct",
		     pg_error(self->ctx));
}

/* How a socket calls its ends itself. */
static bool same_addr(const struct sockaddr_storage *own,
		      const struct pg_addr *shown)
{
	const struct sockaddr_in *in = (const void *)own;
	const struct sockaddr_in6 *in6 = (const void *)own;

	/* The port is in the same place. */
	if (ntohs(in->sin_port) != shown->port)
		return false;
	if (own->ss_family == AF_INET)
		return shown->family == AF_INET &&
		       in->sin_addr.s_addr == shown->ipv4.s_addr;
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return shown->family == AF_INET && !shown->scope_id &&
		       in6->sin6_addr.s6_addr32[3] == shown->ipv4.s_addr;
	return shown->family == AF_INET6 &&
	       in6->sin6_scope_id == shown->scope_id &&
	       !memcmp(&in6->sin6_addr, &shown->ipv6, 16);
}

static bool shows_addrs(struct pg_ctx *ctx, uint32_t group, int fd)
{
	struct sockaddr_storage local = {}, remote = {};
	socklen_t local_len = sizeof(local), remote_len = sizeof(remote);
	struct conn_copy copy;
	uint64_t id;

	return !getsockname(fd, (struct sockaddr *)&local, &local_len) &&
	       !getpeername(fd, (struct sockaddr *)&remote, &remote_len) &&
	       !attach(ctx, group, fd, &id) &&
	       !get_conn(ctx, id, false, &copy) &&
	       same_addr(&local, &copy.conn.local) &&
	       same_addr(&remote, &copy.conn.remote);
}

FIXTURE(addresses) {
	struct pg_ctx *ctx;
	uint32_t group;
};

FIXTURE_VARIANT(addresses) {
	int listening;
	int connecting;
	const char *target;
	uint32_t scope;
	int shown;
};

FIXTURE_VARIANT_ADD(addresses, ipv4) {
	.listening = AF_INET, .connecting = AF_INET,
	.target = "127.1.2.3", .shown = AF_INET,
};

FIXTURE_VARIANT_ADD(addresses, ipv6) {
	.listening = AF_INET6, .connecting = AF_INET6,
	.target = "::1", .shown = AF_INET6,
};

FIXTURE_VARIANT_ADD(addresses, ipv4_to_dual_stack) {
	.listening = AF_INET6, .connecting = AF_INET,
	.target = "127.0.0.1", .shown = AF_INET,
};

FIXTURE_VARIANT_ADD(addresses, mapped_to_ipv4) {
	.listening = AF_INET, .connecting = AF_INET6,
	.target = "::ffff:127.0.0.1", .shown = AF_INET,
};

/* The interface's number is not that of loopback. */
FIXTURE_VARIANT_ADD(addresses, link_local) {
	.listening = AF_INET6, .connecting = AF_INET6,
	.target = "fe80::17", .scope = 17, .shown = AF_INET6,
};

FIXTURE_SETUP(addresses)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	if (!variant->scope)
		return;
	if (load_module("dummy"))
		SKIP(return, "this kernel has no dummy interfaces");
	ASSERT_EQ(0, run("ip link add scoped index %u type dummy && "
			 "ip addr add %s/64 dev scoped nodad && "
			 "ip link set scoped up", variant->scope,
			 variant->target));
}

FIXTURE_TEARDOWN(addresses)
{
	pg_close(self->ctx);
}

static socklen_t fill_addr(struct sockaddr_storage *addr, int family,
			   const char *text, uint32_t scope, in_port_t port)
{
	struct sockaddr_in *in = (void *)addr;
	struct sockaddr_in6 *in6 = (void *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = family;
	in->sin_port = port;
	if (family == AF_INET) {
		inet_pton(AF_INET, text, &in->sin_addr);
		return sizeof(*in);
	}
	inet_pton(AF_INET6, text, &in6->sin6_addr);
	in6->sin6_scope_id = scope;
	return sizeof(*in6);
}

TEST_F(addresses, shown)
{
	struct pg_addr remote = { .family = variant->connecting };
	const struct pg_filter filter = {
		.size = sizeof(filter), .remote = &remote,
	};
	struct sockaddr_storage addr = { .ss_family = variant->listening };
	socklen_t len = variant->listening == AF_INET ?
			sizeof(struct sockaddr_in) :
			sizeof(struct sockaddr_in6);
	int listener = socket(variant->listening, SOCK_STREAM, 0);
	int fd = socket(variant->connecting, SOCK_STREAM, 0);
	struct conn_copy copy;
	int end;

	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&addr, len));
	ASSERT_EQ(0, listen(listener, 8));
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&addr, &len));
	len = fill_addr(&addr, variant->connecting, variant->target,
			variant->scope, ((struct sockaddr_in *)&addr)->sin_port);
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&addr, len));
	end = tcp_accept(listener);

	EXPECT_TRUE(shows_addrs(self->ctx, self->group, fd));
	EXPECT_TRUE(shows_addrs(self->ctx, self->group, end));
	ASSERT_EQ(0, get_conn(self->ctx, 1, false, &copy));
	EXPECT_EQ(variant->shown, copy.conn.local.family);
	EXPECT_EQ(variant->scope, copy.conn.local.scope_id);
	EXPECT_EQ(variant->scope, copy.conn.remote.scope_id);

	/* The address the client asked for is what a filter asks for. */
	inet_pton(variant->connecting, variant->target, &remote.ipv6);
	copy.conn.id = 0;
	EXPECT_EQ(0, pg_conn_dump(self->ctx, &filter, NULL, copy_conn, &copy));
	EXPECT_NE(0, copy.conn.id);
}

/* 256 sockets, which one request may attach. */
FIXTURE(batch) {
	struct pg_ctx *ctx;
	uint32_t group;
	int fds[PG_ATTACH_MAX + 2];
	struct pg_attach socks[PG_ATTACH_MAX + 2];
	uint64_t ids[PG_ATTACH_MAX];
};

FIXTURE_SETUP(batch)
{
	int i;

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, tcp_pairs(AF_INET6, self->fds, PG_ATTACH_MAX + 2));
	for (i = 0; i < PG_ATTACH_MAX + 2; i++)
		self->socks[i] = attach_spec(self->fds[i]);
}

FIXTURE_TEARDOWN(batch)
{
	pg_close(self->ctx);
}

TEST_F(batch, full)
{
	uint64_t generation = generation_now(self->ctx), now;
	int i;

	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->group, self->socks,
				    PG_ATTACH_MAX, self->ids, &now, NULL));
	EXPECT_EQ(generation + PG_ATTACH_MAX, now);
	EXPECT_EQ(now, generation_now(self->ctx));
	EXPECT_EQ(PG_ATTACH_MAX, count_conns(self->ctx, self->group));
	for (i = 0; i < PG_ATTACH_MAX; i++)
		EXPECT_EQ(self->ids[0] + i, self->ids[i]);
}

/* Each with the longest peer id there is. */
TEST_F(batch, full_with_peer_ids)
{
	char peer_id[PG_NAME_MAX + 1];
	struct conn_copy copy;
	int i;

	memset(peer_id, 'p', PG_NAME_MAX);
	peer_id[PG_NAME_MAX] = '\0';
	for (i = 0; i < PG_ATTACH_MAX; i++)
		self->socks[i].peer_id = peer_id;
	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->group, self->socks,
				    PG_ATTACH_MAX, self->ids, NULL, NULL));
	EXPECT_EQ(PG_ATTACH_MAX, count_conns(self->ctx, self->group));
	ASSERT_EQ(0, get_conn(self->ctx, self->ids[255], false, &copy));
	EXPECT_STREQ(peer_id, copy.peer_id);
}

TEST_F(batch, too_many)
{
	size_t failed = 7;

	EXPECT_EQ(-E2BIG, pg_conn_attach(self->ctx, self->group, self->socks,
					 PG_ATTACH_MAX + 1, NULL, NULL,
					 &failed));
	EXPECT_EQ(PG_ATTACH_MAX + 1, failed);
	EXPECT_EQ(0, count_conns(self->ctx, self->group));
}

TEST_F(batch, none)
{
	EXPECT_EQ(-EINVAL, pg_conn_attach(self->ctx, self->group, self->socks,
					  0, NULL, NULL, NULL));
	EXPECT_EQ(0, count_conns(self->ctx, self->group));
}

TEST_F(batch, one_bad)
{
	static const size_t places[] = { 0, 1, 127, 254, 255 };
	uint64_t generation = generation_now(self->ctx);
	int listener = tcp_listen(AF_INET6);
	size_t failed, i, at;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		at = places[i];
		self->socks[at].fd = listener;
		failed = 7777;
		EXPECT_EQ(-ENOTCONN,
			  pg_conn_attach(self->ctx, self->group, self->socks,
					 PG_ATTACH_MAX, self->ids, NULL,
					 &failed));
		EXPECT_STREQ("socket is listening", pg_error(self->ctx));
		EXPECT_EQ(at, failed);
		EXPECT_EQ(0, count_conns(self->ctx, self->group));
		EXPECT_EQ(generation, generation_now(self->ctx));
		self->socks[at].fd = self->fds[at];
	}
	EXPECT_EQ(0, pg_conn_attach(self->ctx, self->group, self->socks,
				    PG_ATTACH_MAX, self->ids, NULL, NULL));
	EXPECT_EQ(PG_ATTACH_MAX, count_conns(self->ctx, self->group));
}

/* A limit strikes none in particular. */
TEST_F(batch, past_limit)
{
	static const char limit[] = PARAMETERS "conns_per_group";
	unsigned long before;
	size_t failed = 7;

	ASSERT_EQ(0, read_number(limit, &before));
	ASSERT_EQ(0, write_number(limit, 3));
	EXPECT_EQ(-ENOSPC, pg_conn_attach(self->ctx, self->group, self->socks,
					  4, NULL, NULL, &failed));
	EXPECT_EQ(4, failed);
	EXPECT_STREQ("group has reached its limit of connections",
		     pg_error(self->ctx));
	EXPECT_EQ(0, count_conns(self->ctx, self->group));
	EXPECT_EQ(0, pg_conn_attach(self->ctx, self->group, self->socks, 3,
				    self->ids, NULL, NULL));
	EXPECT_EQ(-ENOSPC, pg_conn_attach(self->ctx, self->group,
					  &self->socks[3], 1, NULL, NULL,
					  NULL));

	/* The place of what has left is free at once. */
	EXPECT_EQ(0, pg_conn_detach(self->ctx, 0, self->ids[0], NULL));
	EXPECT_EQ(0, pg_conn_attach(self->ctx, self->group, &self->socks[3],
				    1, NULL, NULL, NULL));
	EXPECT_EQ(0, write_number(limit, before));
}

TEST_HARNESS_MAIN
