// SPDX-License-Identifier: GPL-2.0-only
/* When a connection leaves its group: at the transition that ends it. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "process.h"
#include "util.h"

/*
 * Both ends of a connection, each attached. What happens at near is gone from
 * its group when the system call returns; far learns of it by a segment.
 */
struct ends {
	struct pg_ctx *ctx;
	uint32_t group;
	int near;
	int far;
	uint64_t near_id;
	uint64_t far_id;
};

static int make_ends(struct ends *ends, int family)
{
	int fds[2];
	int err;

	err = own_netns();
	if (!err)
		err = pg_open(&ends->ctx);
	if (!err)
		err = add_group(ends->ctx, &ends->group);
	if (!err)
		err = tcp_pair(family, fds);
	if (err)
		return err;
	ends->near = fds[0];
	ends->far = fds[1];
	err = attach(ends->ctx, ends->group, ends->near, &ends->near_id);
	if (!err)
		err = attach(ends->ctx, ends->group, ends->far, &ends->far_id);
	return err;
}

static bool both_active(struct ends *ends)
{
	return is_active(ends->ctx, ends->near_id) &&
	       is_active(ends->ctx, ends->far_id) &&
	       count_conns(ends->ctx, ends->group) == 2;
}

static bool near_gone(struct ends *ends)
{
	return is_gone(ends->ctx, ends->near_id);
}

static bool far_goes(struct ends *ends)
{
	return wait_until(is_gone(ends->ctx, ends->far_id), SOON) &&
	       count_conns(ends->ctx, ends->group) == 0;
}

static int act_close(int fd)
{
	return close(fd);
}

static int act_reset(int fd)
{
	return reset_on_close(fd) || close(fd);
}

/* What was not read turns the end of a connection into a reset. */
static int act_close_unread(int fd)
{
	return close(fd);
}

static int act_shut_read(int fd)
{
	return shutdown(fd, SHUT_RD);
}

static int act_shut_write(int fd)
{
	return shutdown(fd, SHUT_WR);
}

static int act_shut_both(int fd)
{
	return shutdown(fd, SHUT_RDWR);
}

static int act_disconnect(int fd)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	return connect(fd, &unspec, sizeof(unspec));
}

FIXTURE(ending) {
	struct ends ends;
};

FIXTURE_VARIANT(ending) {
	int family;
	int (*act)(int fd);
	bool unread;		/* with something left to read */
	bool lasts;		/* it is no end */
};

#define ENDING(name, ...)						\
	FIXTURE_VARIANT_ADD(ending, name##_ipv4) {			\
		.family = AF_INET, .act = act_##name, __VA_ARGS__	\
	};								\
	FIXTURE_VARIANT_ADD(ending, name##_ipv6) {			\
		.family = AF_INET6, .act = act_##name, __VA_ARGS__	\
	}

ENDING(close, .lasts = false);
ENDING(reset, .lasts = false);
ENDING(close_unread, .unread = true);
ENDING(shut_read, .lasts = true);
ENDING(shut_write, .lasts = false);
ENDING(shut_both, .lasts = false);
ENDING(disconnect, .lasts = false);

FIXTURE_SETUP(ending)
{
	ASSERT_EQ(0, make_ends(&self->ends, variant->family));
	if (variant->unread) {
		ASSERT_EQ(1, write(self->ends.far, "x", 1));
		ASSERT_EQ(1, write(self->ends.near, "x", 1));
	}
	ASSERT_TRUE(both_active(&self->ends));
}

FIXTURE_TEARDOWN(ending)
{
	pg_close(self->ends.ctx);
}

/* The end that connected ends it. */
TEST_F(ending, by_client)
{
	ASSERT_EQ(0, variant->act(self->ends.near));
	if (variant->lasts) {
		EXPECT_TRUE(both_active(&self->ends));
		return;
	}
	EXPECT_TRUE(near_gone(&self->ends));
	EXPECT_TRUE(far_goes(&self->ends));
}

/* The end that was accepted ends it. */
TEST_F(ending, by_server)
{
	struct ends *ends = &self->ends;
	struct ends turned = {
		.ctx = ends->ctx, .group = ends->group,
		.near = ends->far, .far = ends->near,
		.near_id = ends->far_id, .far_id = ends->near_id,
	};

	ASSERT_EQ(0, variant->act(turned.near));
	if (variant->lasts) {
		EXPECT_TRUE(both_active(&turned));
		return;
	}
	EXPECT_TRUE(near_gone(&turned));
	EXPECT_TRUE(far_goes(&turned));
}

FIXTURE(lifecycle) {
	struct ends ends;
};

FIXTURE_SETUP(lifecycle)
{
	ASSERT_EQ(0, make_ends(&self->ends, AF_INET6));
	ASSERT_TRUE(both_active(&self->ends));
}

FIXTURE_TEARDOWN(lifecycle)
{
	pg_close(self->ends.ctx);
}

/* The module keeps no file: the last close is the last. */
TEST_F(lifecycle, peer_sees_close)
{
	close(self->ends.near);
	EXPECT_TRUE(sees_eof(self->ends.far));
	EXPECT_EQ(0, close(self->ends.far));
	EXPECT_TRUE(far_goes(&self->ends));
}

TEST_F(lifecycle, dup)
{
	int copy = dup(self->ends.near);

	ASSERT_EQ(0, close(self->ends.near));
	EXPECT_TRUE(both_active(&self->ends));
	EXPECT_TRUE(data_flows(copy, self->ends.far));
	ASSERT_EQ(0, close(copy));
	EXPECT_TRUE(near_gone(&self->ends));
	EXPECT_TRUE(far_goes(&self->ends));
}

/* What one process shuts down is shut for all that share it. */
TEST_F(lifecycle, shutdown_of_dup)
{
	int copy = dup(self->ends.near);

	ASSERT_EQ(0, shutdown(copy, SHUT_WR));
	EXPECT_TRUE(near_gone(&self->ends));
	EXPECT_TRUE(far_goes(&self->ends));
}

TEST_F(lifecycle, child_closes)
{
	pid_t child = fork();

	if (!child)
		_exit(close(self->ends.near));
	ASSERT_EQ(0, reap(child));
	EXPECT_TRUE(both_active(&self->ends));
	EXPECT_TRUE(data_flows(self->ends.near, self->ends.far));
	ASSERT_EQ(0, close(self->ends.near));
	EXPECT_TRUE(near_gone(&self->ends));
}

TEST_F(lifecycle, child_outlives_close)
{
	pid_t child = fork_holder();

	ASSERT_LT(0, child);
	ASSERT_EQ(0, close(self->ends.near));
	EXPECT_TRUE(both_active(&self->ends));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(-1, reap(child));
	EXPECT_TRUE(near_gone(&self->ends));
}

/* Of a process that is gone, nothing is left. */
TEST_F(lifecycle, killed)
{
	pid_t child = fork_holder();

	ASSERT_LT(0, child);
	ASSERT_EQ(0, close(self->ends.near));
	ASSERT_EQ(0, close(self->ends.far));
	EXPECT_TRUE(both_active(&self->ends));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(-1, reap(child));
	EXPECT_TRUE(near_gone(&self->ends));
	EXPECT_TRUE(is_gone(self->ends.ctx, self->ends.far_id));
}

TEST_F(lifecycle, handed_over)
{
	int via[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, via));
	ASSERT_EQ(0, send_fd(via[0], self->ends.near));
	ASSERT_EQ(0, close(self->ends.near));
	EXPECT_TRUE(both_active(&self->ends));
	fd = receive_fd(via[1]);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(both_active(&self->ends));
	EXPECT_TRUE(data_flows(fd, self->ends.far));
	ASSERT_EQ(0, close(fd));
	EXPECT_TRUE(near_gone(&self->ends));
	EXPECT_TRUE(far_goes(&self->ends));
}

TEST_F(lifecycle, lost_on_the_way)
{
	int via[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, via));
	ASSERT_EQ(0, send_fd(via[0], self->ends.near));
	ASSERT_EQ(0, close(self->ends.near));
	EXPECT_TRUE(both_active(&self->ends));
	close(via[0]);
	close(via[1]);
	EXPECT_TRUE(near_gone(&self->ends));
	EXPECT_TRUE(far_goes(&self->ends));
}

/* The same socket, but another connection. */
TEST_F(lifecycle, reconnected)
{
	struct ends *ends = &self->ends;
	struct conn_copy before, after;
	struct sockaddr_in6 addr;
	socklen_t len = sizeof(addr);
	int listener = tcp_listen(AF_INET6);
	uint64_t id;

	ASSERT_EQ(0, get_conn(ends->ctx, ends->near_id, false, &before));
	ASSERT_EQ(0, act_disconnect(ends->near));
	EXPECT_TRUE(near_gone(ends));
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&addr, &len));
	ASSERT_EQ(0, connect(ends->near, (struct sockaddr *)&addr, len));
	EXPECT_TRUE(near_gone(ends));
	EXPECT_TRUE(far_goes(ends));

	ASSERT_EQ(0, attach(ends->ctx, ends->group, ends->near, &id));
	EXPECT_LT(ends->far_id, id);
	ASSERT_EQ(0, get_conn(ends->ctx, id, false, &after));
	EXPECT_EQ(before.conn.cookie, after.conn.cookie);
	EXPECT_EQ(ntohs(addr.sin6_port), after.conn.remote.port);
	EXPECT_NE(before.conn.remote.port, after.conn.remote.port);
	EXPECT_TRUE(data_flows(ends->near, tcp_accept(listener)));
	close(ends->near);
	EXPECT_TRUE(is_gone(ends->ctx, id));
}

TEST_F(lifecycle, detached)
{
	struct ends *ends = &self->ends;
	uint64_t id;

	ASSERT_EQ(0, pg_conn_detach(ends->ctx, ends->group, ends->near_id,
				    NULL));
	EXPECT_TRUE(near_gone(ends));
	EXPECT_TRUE(is_active(ends->ctx, ends->far_id));
	EXPECT_TRUE(data_flows(ends->near, ends->far));
	ASSERT_EQ(0, attach(ends->ctx, ends->group, ends->near, &id));
	EXPECT_LT(ends->far_id, id);
	ASSERT_EQ(0, close(ends->near));
	EXPECT_TRUE(is_gone(ends->ctx, id));
	EXPECT_TRUE(far_goes(ends));
}

TEST_F(lifecycle, group_deleted)
{
	struct ends *ends = &self->ends;
	uint32_t group;
	uint64_t id;

	ASSERT_EQ(0, pg_group_del(ends->ctx, ends->group, NULL));
	EXPECT_TRUE(near_gone(ends));
	EXPECT_TRUE(is_gone(ends->ctx, ends->far_id));
	EXPECT_TRUE(data_flows(ends->near, ends->far));
	ASSERT_EQ(0, add_group(ends->ctx, &group));
	ASSERT_EQ(0, attach(ends->ctx, group, ends->near, &id));
	EXPECT_TRUE(data_flows(ends->near, ends->far));
	ASSERT_EQ(0, close(ends->near));
	EXPECT_TRUE(is_gone(ends->ctx, id));
	EXPECT_TRUE(sees_eof(ends->far));
}

/* A connection that nobody takes ends with the socket that listens. */
TEST_F(lifecycle, accepted_by_nobody)
{
	int listener = tcp_listen(AF_INET6);
	int fd = tcp_connect(listener);
	uint64_t id;

	ASSERT_EQ(0, attach(self->ends.ctx, self->ends.group, fd, &id));
	ASSERT_EQ(0, close(listener));
	EXPECT_TRUE(wait_until(is_gone(self->ends.ctx, id), SOON));
}

static int be_deaf(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = { .len = 1, .filter = &drop };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program));
}

TEST_F(lifecycle, user_timeout)
{
	struct ends *ends = &self->ends;
	char byte;

	ASSERT_EQ(0, set_option(ends->near, IPPROTO_TCP, TCP_USER_TIMEOUT,
				300));
	ASSERT_EQ(0, be_deaf(ends->far));
	ASSERT_EQ(1, write(ends->near, "x", 1));
	EXPECT_TRUE(both_active(ends));
	EXPECT_EQ(-1, read(ends->near, &byte, 1));
	EXPECT_EQ(ETIMEDOUT, errno);
	EXPECT_TRUE(near_gone(ends));
	EXPECT_TRUE(is_active(ends->ctx, ends->far_id));
}

TEST_F(lifecycle, keepalive)
{
	struct ends *ends = &self->ends;
	char byte;

	ASSERT_EQ(0, set_option(ends->near, IPPROTO_TCP, TCP_KEEPIDLE, 1));
	ASSERT_EQ(0, set_option(ends->near, IPPROTO_TCP, TCP_KEEPINTVL, 1));
	ASSERT_EQ(0, set_option(ends->near, IPPROTO_TCP, TCP_KEEPCNT, 1));
	ASSERT_EQ(0, set_option(ends->near, SOL_SOCKET, SO_KEEPALIVE, 1));
	ASSERT_EQ(0, be_deaf(ends->far));
	EXPECT_EQ(-1, read(ends->near, &byte, 1));
	EXPECT_EQ(ETIMEDOUT, errno);
	EXPECT_TRUE(near_gone(ends));
	EXPECT_TRUE(is_active(ends->ctx, ends->far_id));
}

/* An administrator may end connections of others. */
TEST_F(lifecycle, destroyed)
{
	struct ends *ends = &self->ends;
	struct conn_copy copy;

	ASSERT_EQ(0, get_conn(ends->ctx, ends->near_id, false, &copy));
	if (run("ss -K sport = :%u >/dev/null 2>&1", copy.conn.local.port) ||
	    !near_gone(ends))
		SKIP(return, "this kernel does not destroy sockets");
	EXPECT_TRUE(far_goes(ends));
}

/* A repaired socket goes in silence. */
TEST_F(lifecycle, repair)
{
	struct ends *ends = &self->ends;

	ASSERT_EQ(0, set_option(ends->near, IPPROTO_TCP, TCP_REPAIR, 1));
	EXPECT_TRUE(both_active(ends));
	ASSERT_EQ(0, close(ends->near));
	EXPECT_TRUE(near_gone(ends));
	EXPECT_TRUE(is_active(ends->ctx, ends->far_id));
}

/* Such a socket is established without a handshake. */
TEST_F(lifecycle, repaired)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_port = htons(4711),
	};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	uint64_t id;

	ASSERT_EQ(0, set_option(fd, IPPROTO_TCP, TCP_REPAIR, 1));
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, attach(self->ends.ctx, self->ends.group, fd, &id));
	EXPECT_TRUE(is_active(self->ends.ctx, id));
	ASSERT_EQ(0, close(fd));
	EXPECT_TRUE(is_gone(self->ends.ctx, id));
}

static bool acked(struct ends *ends, uint64_t bytes)
{
	struct conn_copy copy;

	return !get_conn(ends->ctx, ends->near_id, true, &copy) &&
	       copy.stats.bytes_acked >= bytes;
}

TEST_F(lifecycle, statistics)
{
	static char data[12345];
	struct ends *ends = &self->ends;
	struct conn_copy near, far;

	ASSERT_EQ(0, get_conn(ends->ctx, ends->near_id, true, &near));
	ASSERT_NE(NULL, near.conn.stats);
	EXPECT_EQ(0, near.stats.bytes_sent);
	EXPECT_EQ(0, near.stats.bytes_received);

	ASSERT_EQ((ssize_t)sizeof(data), write(ends->near, data,
					       sizeof(data)));
	ASSERT_EQ((ssize_t)sizeof(data), recv(ends->far, data, sizeof(data),
					      MSG_WAITALL));
	ASSERT_EQ(3, write(ends->far, data, 3));
	ASSERT_EQ(3, read(ends->near, data, 3));
	ASSERT_TRUE(wait_until(acked(ends, sizeof(data)), SOON));

	ASSERT_EQ(0, get_conn(ends->ctx, ends->near_id, true, &near));
	ASSERT_EQ(0, get_conn(ends->ctx, ends->far_id, true, &far));
	EXPECT_EQ(sizeof(data) + near.stats.bytes_retrans,
		  near.stats.bytes_sent);
	EXPECT_EQ(3, near.stats.bytes_received);
	EXPECT_EQ(sizeof(data), far.stats.bytes_received);
	EXPECT_EQ(3 + far.stats.bytes_retrans, far.stats.bytes_sent);
	EXPECT_LT(0, near.stats.rtt);
	EXPECT_LE(near.stats.min_rtt, near.stats.rtt);
	EXPECT_GT(1000000, near.stats.rtt);
}

TEST_HARNESS_MAIN
