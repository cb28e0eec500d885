// SPDX-License-Identifier: GPL-2.0-only
/* Network namespaces: each for itself, and gone when it is to go. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/peergroup.h>
#include <net/if.h>
#include <signal.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "process.h"
#include "request.h"
#include "stuck.h"
#include "util.h"

FIXTURE(isolated) {
	struct pg_ctx *ctx[2];
	uint32_t group[2];
	int pair[2];
};

FIXTURE_SETUP(isolated)
{
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, own_netns());
		ASSERT_EQ(0, pg_open(&self->ctx[i]));
		ASSERT_EQ(0, add_group_named(self->ctx[i], "same name",
					     &self->group[i]));
	}
	ASSERT_EQ(0, tcp_pair(AF_INET, self->pair));
}

FIXTURE_TEARDOWN(isolated)
{
	pg_close(self->ctx[0]);
	pg_close(self->ctx[1]);
}

/* A context stays where it was opened, wherever its process goes. */
TEST_F(isolated, apart)
{
	struct conn_copy copy;
	uint64_t id;

	EXPECT_EQ(1, self->group[0]);
	EXPECT_EQ(1, self->group[1]);
	EXPECT_EQ(-EXDEV, attach(self->ctx[0], self->group[0], self->pair[0],
				 &id));
	ASSERT_EQ(0, attach(self->ctx[1], self->group[1], self->pair[0], &id));
	EXPECT_EQ(1, id);
	EXPECT_EQ(0, count_conns(self->ctx[0], 0));
	EXPECT_EQ(1, count_conns(self->ctx[1], 0));
	EXPECT_EQ(1, generation_now(self->ctx[0]));
	EXPECT_EQ(2, generation_now(self->ctx[1]));
	EXPECT_EQ(-ENOENT, get_conn(self->ctx[0], id, false, &copy));
	EXPECT_EQ(-ENOENT, pg_conn_detach(self->ctx[0], 0, id, NULL));

	ASSERT_EQ(0, pg_group_del(self->ctx[0], 1, NULL));
	EXPECT_TRUE(is_active(self->ctx[1], id));
	close(self->pair[0]);
	EXPECT_TRUE(is_gone(self->ctx[1], id));
	EXPECT_EQ(2, generation_now(self->ctx[0]));
	EXPECT_EQ(3, generation_now(self->ctx[1]));
}

/* A namespace lives on in its sockets, and so do their groups. */
TEST_F(isolated, left_behind)
{
	uint64_t id;

	ASSERT_EQ(0, attach(self->ctx[1], self->group[1], self->pair[0], &id));
	ASSERT_EQ(0, own_netns());
	EXPECT_TRUE(is_active(self->ctx[1], id));
	EXPECT_TRUE(data_flows(self->pair[0], self->pair[1]));
	close(self->pair[1]);
	EXPECT_TRUE(wait_until(is_gone(self->ctx[1], id), SOON));
}

/* What is in a namespace when all its processes are killed. */
static int fill_nothing(void)
{
	return 0;
}

static int fill_groups(void)
{
	struct pg_ctx *ctx;
	uint32_t id;
	int i, err;

	err = pg_open(&ctx);
	for (i = 0; !err && i < 8; i++)
		err = add_group(ctx, &id);
	return err;
}

static int fill_conns_of(struct pg_ctx **ctx, int *fds, size_t n)
{
	struct pg_attach socks[PG_ATTACH_MAX];
	uint32_t id;
	size_t i;
	int err;

	err = pg_open(ctx);
	if (!err)
		err = add_group(*ctx, &id);
	if (!err)
		err = tcp_pairs(AF_INET6, fds, n);
	for (i = 0; i < n; i++)
		socks[i] = attach_spec(fds[i]);
	return err ? err : pg_conn_attach(*ctx, id, socks, n, NULL, NULL, NULL);
}

static int fill_conns(void)
{
	struct pg_ctx *ctx;
	int fds[100];

	return fill_conns_of(&ctx, fds, 100);
}

static int fill_detached(void)
{
	struct pg_ctx *ctx;
	int fds[100], i, err;

	err = fill_conns_of(&ctx, fds, 100);
	for (i = 1; !err && i <= 50; i++)
		err = pg_conn_detach(ctx, 0, i, NULL);
	return err;
}

static int fill_deleted(void)
{
	struct pg_ctx *ctx;
	int fds[100], err;

	err = fill_conns_of(&ctx, fds, 100);
	return err ? err : pg_group_del(ctx, 1, NULL);
}

/* Only the beginning of a dump is taken, then what it shows changes. */
static int fill_open_dump(void)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_CONN_GET, NLM_F_DUMP);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	int fds[250], fd = request_open();
	struct pg_ctx *ctx;
	char buf[4096];
	int err;

	err = fill_conns_of(&ctx, fds, 250);
	if (err)
		return err;
	if (sendto(fd, nlh, nlh->nlmsg_len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0 || recv(fd, buf, sizeof(buf), 0) < 0)
		return -errno;
	close_all(fds, 100);
	return wait_until(count_conns(ctx, 0) == 150, SOON) ? 0 : -EAGAIN;
}

/* Rules with what they have adopted, and a stock for more. */
static int fill_rules(void)
{
	struct pg_ctx *ctx;
	uint32_t group, id;
	int fds[100], err;

	err = pg_open(&ctx);
	if (!err)
		err = add_group(ctx, &group);
	if (!err)
		err = add_rule(ctx, group, PG_RULE_EXISTING, &id);
	if (!err)
		err = tcp_pairs(AF_INET6, fds, 100);
	if (!err)
		err = add_group(ctx, &group);
	return err ? err : add_rule(ctx, group, PG_RULE_EXISTING, &id);
}

/* A scan will try again and again, since a socket is locked. */
static int fill_scan(void)
{
	static struct stuck stuck;
	int err, fds[2];

	err = tcp_pair(AF_INET6, fds);
	if (!err)
		err = stuck_begin(&stuck, fds[0]);
	/* As if there were none, where this cannot be done. */
	return err && err != -ENOSYS && err != -EPERM ? err : fill_rules();
}

static int fill_deleted_rules(void)
{
	struct pg_ctx *ctx;
	uint32_t i;
	int err;

	err = fill_rules();
	if (!err)
		err = pg_open(&ctx);
	for (i = 1; !err && i <= 2; i++)
		err = pg_rule_del(ctx, 0, i, i == 1 ? PG_RULE_KEEP : 0, NULL);
	return err;
}

FIXTURE(death) {
	int ready[2];
	pid_t child;
};

FIXTURE_VARIANT(death) {
	int (*fill)(void);
};

FIXTURE_VARIANT_ADD(death, empty) { .fill = fill_nothing };
FIXTURE_VARIANT_ADD(death, groups) { .fill = fill_groups };
FIXTURE_VARIANT_ADD(death, connections) { .fill = fill_conns };
FIXTURE_VARIANT_ADD(death, detached) { .fill = fill_detached };
FIXTURE_VARIANT_ADD(death, deleted) { .fill = fill_deleted };
FIXTURE_VARIANT_ADD(death, open_dump) { .fill = fill_open_dump };
FIXTURE_VARIANT_ADD(death, rules) { .fill = fill_rules };
FIXTURE_VARIANT_ADD(death, pending_scan) { .fill = fill_scan };
FIXTURE_VARIANT_ADD(death, deleted_rules) { .fill = fill_deleted_rules };

static int live_in_netns(int (*fill)(void), int ready)
{
	int err = own_netns();

	if (!err)
		err = fill();
	if (err)
		return -err;
	if (write(ready, "x", 1) != 1)
		return errno;
	for (;;)
		pause();
}

FIXTURE_SETUP(death)
{
	char byte;

	if (load_module("veth"))
		SKIP(return, "this kernel has no veth interfaces");
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pipe(self->ready));
	self->child = fork();
	if (!self->child)
		_exit(live_in_netns(variant->fill, self->ready[1]));
	close(self->ready[1]);
	ASSERT_EQ(1, read(self->ready[0], &byte, 1));
	ASSERT_EQ(0, run("ip link add here type veth peer name there netns %d",
			 self->child));
	ASSERT_NE(0, if_nametoindex("here"));
}

FIXTURE_TEARDOWN(death)
{
	if (self->child)
		kill(self->child, SIGKILL);
}

/* An end of a veth pair vanishes with the namespace of the other. */
TEST_F_TIMEOUT(death, comes, 60)
{
	ASSERT_EQ(0, kill(self->child, SIGKILL));
	ASSERT_EQ(-1, reap(self->child));
	self->child = 0;
	EXPECT_TRUE(wait_until(!if_nametoindex("here"), 20000));
}

/* One life of a namespace, which ends with this process. */
static int short_life(int i)
{
	struct pg_ctx *ctx;
	int fds[20], err;

	err = own_netns();
	if (!err && i % 4 == 3)
		return -(i % 8 == 3 ? fill_rules() : fill_scan());
	if (!err)
		err = fill_conns_of(&ctx, fds, 20);
	if (!err && i % 3 == 1)
		close_all(fds, 10);
	if (!err && i % 3 == 2)
		err = pg_group_del(ctx, 1, NULL);
	return -err;
}

/* A warning, or a message of a bug, leaves a mark. */
static unsigned long taint(void)
{
	unsigned long flags = ~0UL;

	read_number("/proc/sys/kernel/tainted", &flags);
	return flags;
}

/*
 * Sockets keep their namespace. Namespaces themselves are not counted since
 * 6.1 frees their memory much later, whether the module is there or not.
 */
FIXTURE(leak) {
	unsigned long conns;
	unsigned long socks;
};

FIXTURE_SETUP(leak)
{
	if (!slab_is_own("pg_conn") || !slab_is_own("TCPv6"))
		SKIP(return, "boot with slab_nomerge to see leaks");
	self->conns = slab_objects("pg_conn");
	self->socks = slab_objects("TCPv6");
}

FIXTURE_TEARDOWN(leak)
{
}

TEST_F_TIMEOUT(leak, none, 240)
{
	unsigned long before = taint();
	pid_t child;
	int i;

	for (i = 0; i < 200; i++) {
		child = fork();
		if (!child)
			_exit(short_life(i));
		ASSERT_EQ(0, reap(child));
	}
	EXPECT_TRUE(wait_until(slab_objects("pg_conn") <= self->conns, 60000));
	EXPECT_TRUE(wait_until(slab_objects("TCPv6") <= self->socks, 60000));
	EXPECT_EQ(before, taint());
}

#define LISTENERS 3000
#define BACKLOG_CONNS 256
#define BACKLOG_ROUNDS 180	/* 46440 changes: none are lost yet */

/* All that is left when it ends are changes that were not announced. */
static int leave_backlog(void)
{
	struct pg_attach socks[BACKLOG_CONNS];
	int fds[2 * BACKLOG_CONNS], i, err;
	struct pg_ctx *ctx;
	uint32_t group;

	err = own_netns();
	if (!err)
		err = pg_open(&ctx);
	if (!err)
		err = tcp_pairs(AF_INET, fds, 2 * BACKLOG_CONNS);
	for (i = 0; i < BACKLOG_CONNS; i++)
		socks[i] = attach_spec(fds[i]);
	for (i = 0; !err && i < BACKLOG_ROUNDS; i++) {
		err = add_group(ctx, &group);
		if (!err)
			err = pg_conn_attach(ctx, group, socks, BACKLOG_CONNS,
					     NULL, NULL, NULL);
		if (!err)
			err = pg_group_del(ctx, group, NULL);
	}
	return -err;
}

/* The worker is not through when the namespace ends: others make it slow. */
TEST_F_TIMEOUT(leak, events_left_behind, 240)
{
	static struct pg_sub *subs[LISTENERS];
	unsigned long before = taint();
	pid_t child;
	int i;

	ASSERT_EQ(0, allow_fds(2 * LISTENERS));
	for (i = 0; i < LISTENERS; i++)
		ASSERT_EQ(0, pg_sub_open(&subs[i], 0));
	for (i = 0; i < 5; i++) {
		child = fork();
		if (!child)
			_exit(leave_backlog());
		ASSERT_EQ(0, reap(child));
	}
	EXPECT_TRUE(wait_until(slab_objects("pg_conn") <= self->conns, 60000));
	EXPECT_TRUE(wait_until(slab_objects("TCPv6") <= self->socks, 60000));
	for (i = 0; i < LISTENERS; i++)
		pg_sub_close(subs[i]);
	EXPECT_EQ(before, taint());
}

TEST_HARNESS_MAIN
