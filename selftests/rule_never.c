// SPDX-License-Identifier: GPL-2.0-only
/* What no rule adopts: the kernel's own sockets, and subflows of MPTCP. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "connecting.h"
#include "process.h"
#include "util.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

FIXTURE(never) {
	struct pg_ctx *ctx;
	uint32_t group;
	int listener;
	pid_t mounter;
};

FIXTURE_VARIANT(never) {
	bool existing;
};

FIXTURE_VARIANT_ADD(never, at_once) { .existing = false };
FIXTURE_VARIANT_ADD(never, later) { .existing = true };

FIXTURE_SETUP(never)
{
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
}

FIXTURE_TEARDOWN(never)
{
	if (self->mounter)
		kill(self->mounter, SIGKILL);
	pg_close(self->ctx);
}

/* A rule for everything, before it happens or after it. */
static int add_rule_now(FIXTURE_DATA(never) *self, bool now, bool existing)
{
	uint32_t id;

	if (now != existing)
		return 0;
	return add_rule(self->ctx, self->group,
			existing ? PG_RULE_EXISTING : 0, &id);
}

#define BEFORE(self, variant) add_rule_now(self, false, (variant)->existing)
#define AFTER(self, variant) add_rule_now(self, true, (variant)->existing)

/* Waits for the answer of whoever listens there. */
static int mount_from(in_port_t port)
{
	char dir[] = "/tmp/never-XXXXXX", options[64];

	snprintf(options, sizeof(options), "trans=tcp,port=%u", port);
	if (!mkdtemp(dir))
		return 1;
	mount("127.0.0.1", dir, "9p", 0, options);
	return rmdir(dir);
}

/* One end is of a file system, the other one of this program. */
TEST_F(never, of_the_kernel)
{
	int end;

	if (load_module("9p"))
		SKIP(return, "this kernel has no 9p");
	load_module("9pnet_fd");
	self->listener = tcp_listen(AF_INET);
	ASSERT_EQ(0, BEFORE(self, variant));
	self->mounter = fork();
	if (!self->mounter)
		_exit(mount_from(port_of(self->listener)));
	end = tcp_accept(self->listener);
	ASSERT_LE(0, end);
	ASSERT_EQ(0, AFTER(self, variant));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, &end, 1));
	close(end);
	EXPECT_EQ(0, reap(self->mounter));
	self->mounter = 0;
	EXPECT_EQ(0, count_conns(self->ctx, 0));
}

static int listen_by_mptcp(struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
	socklen_t len = sizeof(*addr);

	*addr = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) ||
	    listen(fd, 8) || getsockname(fd, (struct sockaddr *)addr, &len))
		return -errno;
	return fd;
}

TEST_F(never, of_mptcp)
{
	struct sockaddr_in addr;
	int fd, end;

	self->listener = listen_by_mptcp(&addr);
	if (self->listener < 0)
		SKIP(return, "this kernel has no MPTCP");
	ASSERT_EQ(0, BEFORE(self, variant));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	end = tcp_accept(self->listener);
	ASSERT_LE(0, end);
	EXPECT_TRUE(data_flows(fd, end));
	ASSERT_EQ(0, AFTER(self, variant));
	EXPECT_EQ(0, count_conns(self->ctx, 0));
}

/* Who connects by plain TCP is given a plain TCP socket. */
TEST_F(never, but_fallen_back)
{
	struct sockaddr_in addr;
	int pair[2];

	self->listener = listen_by_mptcp(&addr);
	if (self->listener < 0)
		SKIP(return, "this kernel has no MPTCP");
	ASSERT_EQ(0, BEFORE(self, variant));
	pair[0] = tcp_connect(self->listener);
	pair[1] = tcp_accept(self->listener);
	ASSERT_LE(0, pair[1]);
	ASSERT_EQ(0, AFTER(self, variant));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, pair, 2));
	EXPECT_TRUE(data_flows(pair[0], pair[1]));
}

/* What belongs to another protocol is none of ours. */
TEST_F(never, of_other_protocols)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd, pair[2];

	ASSERT_EQ(0, BEFORE(self, variant));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, AFTER(self, variant));
	EXPECT_EQ(0, count_conns(self->ctx, 0));
	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, pair, 2));
}

TEST_HARNESS_MAIN
