// SPDX-License-Identifier: GPL-2.0-only
/* A socket that its program attaches and that a rule wants is there once. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "connecting.h"
#include "stuck.h"
#include "util.h"

#define NO_SYN "tcp flags syn drop"

FIXTURE(both) {
	struct pg_ctx *ctx;
	uint32_t group;
	uint32_t rule;
	int listener;
};

FIXTURE_SETUP(both)
{
	struct pg_rule_spec spec;

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	self->listener = tcp_listen(AF_INET);
	ASSERT_LE(0, self->listener);
	spec = rule_spec(self->group);
	spec.remote_port_min = port_of(self->listener);
	ASSERT_EQ(0, pg_rule_add(self->ctx, &spec, &self->rule, NULL));
}

FIXTURE_TEARDOWN(both)
{
	pg_close(self->ctx);
}

TEST_F(both, adopted_first)
{
	int fd = tcp_connect(self->listener);
	uint32_t other;

	EXPECT_EQ(-EEXIST, attach(self->ctx, self->group, fd, NULL));
	EXPECT_STREQ("socket is in this group already", pg_error(self->ctx));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, fd, self->rule));
	EXPECT_EQ(1, count_conns(self->ctx, 0));

	ASSERT_EQ(0, add_group(self->ctx, &other));
	EXPECT_EQ(0, attach(self->ctx, other, fd, NULL));
	EXPECT_TRUE(is_adopted(self->ctx, other, fd, 0));
	EXPECT_EQ(2, count_conns(self->ctx, 0));
}

/* The rule has let it go: its program may attach it. */
TEST_F(both, attached_after)
{
	int fd = tcp_connect(self->listener);

	ASSERT_EQ(0, pg_rule_del(self->ctx, 0, self->rule, 0, NULL));
	EXPECT_EQ(0, attach(self->ctx, self->group, fd, NULL));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, fd, 0));
}

/* The rule finds it in the group, and has gained nothing. */
TEST_F(both, attached_while_connecting)
{
	struct conn_copy copy;
	struct pg_rule rule;
	uint64_t id;
	int fd;

	ASSERT_EQ(0, firewall(NO_SYN));
	fd = tcp_begin(AF_INET, port_of(self->listener));
	ASSERT_EQ(0, attach(self->ctx, self->group, fd, &id));
	ASSERT_EQ(0, firewall(""));
	ASSERT_TRUE(wait_until(tcp_state(fd) == TCP_ESTABLISHED, SOON));
	ASSERT_EQ(0, find_conn(self->ctx, self->group, fd, &copy));
	EXPECT_EQ(id, copy.conn.id);
	EXPECT_EQ(0, copy.conn.rule_id);
	EXPECT_EQ(PG_STATE_ACTIVE, copy.conn.state);
	ASSERT_EQ(0, get_rule(self->ctx, self->rule, &rule));
	EXPECT_EQ(0, rule.gained);

	/* Nor does one that looks for established ones. */
	ASSERT_EQ(0, add_rule(self->ctx, self->group, PG_RULE_EXISTING,
			      &self->rule));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, fd, 0));
}

/* What was detached while connecting is adopted when it is established. */
TEST_F(both, detached_while_connecting)
{
	uint64_t id;
	int fd;

	ASSERT_EQ(0, firewall(NO_SYN));
	fd = tcp_begin(AF_INET, port_of(self->listener));
	ASSERT_EQ(0, attach(self->ctx, self->group, fd, &id));
	ASSERT_EQ(0, pg_conn_detach(self->ctx, 0, id, NULL));
	ASSERT_EQ(0, firewall(""));
	EXPECT_TRUE(wait_until(is_adopted(self->ctx, self->group, fd,
					  self->rule), SOON));
	EXPECT_TRUE(is_gone(self->ctx, id));
}

/*
 * A request for two sockets: the first is established while it waits for the
 * second, which is stuck.
 */
struct request {
	struct stuck stuck;
	struct pg_attach socks[2];
	int err;
	size_t failed;
};

static int make_request(FIXTURE_DATA(both) *self, struct request *request)
{
	int pair[2], err = tcp_pair(AF_INET, pair);

	if (!err)
		err = stuck_begin(&request->stuck, pair[0]);
	if (!err)
		err = loopback_does("delay 30ms");
	if (err)
		return err;
	request->socks[0] = attach_spec(tcp_begin(AF_INET,
						  port_of(self->listener)));
	request->socks[1] = attach_spec(pair[0]);
	return 0;
}

static void send_request(FIXTURE_DATA(both) *self, struct request *request)
{
	request->err = pg_conn_attach(self->ctx, self->group, request->socks, 2,
				      NULL, NULL, &request->failed);
}

#define MAKE_REQUEST_OR_SKIP(request) do {				\
	int err_ = make_request(self, request);				\
									\
	if (err_ == -ENOSYS || err_ == -EPERM)				\
		SKIP(return, "this kernel has no userfaultfd");		\
	ASSERT_EQ(0, err_);						\
} while (0)

/* What is in a request that fails is left to the rule. */
TEST_F(both, request_given_up)
{
	struct request request;
	int fd;

	MAKE_REQUEST_OR_SKIP(&request);
	send_request(self, &request);
	EXPECT_EQ(-EBUSY, request.err);
	EXPECT_EQ(1, request.failed);
	fd = request.socks[0].fd;
	EXPECT_TRUE(wait_until(is_adopted(self->ctx, self->group, fd,
					  self->rule), SOON));
	EXPECT_EQ(1, count_conns(self->ctx, self->group));
	EXPECT_LT(0, stuck_end(&request.stuck));
	close(fd);
	EXPECT_EQ(0, count_conns(self->ctx, self->group));
}

static void *let_go_when_established(void *arg)
{
	struct request *request = arg;
	bool established;

	established = wait_until(tcp_state(request->socks[0].fd) ==
				 TCP_ESTABLISHED, SOON);
	return (void *)(intptr_t)(stuck_end(&request->stuck) > 0 &&
				  established);
}

/* What is in a request that comes too late. */
TEST_F(both, request_overtaken)
{
	struct request request;
	pthread_t thread;
	void *done;

	MAKE_REQUEST_OR_SKIP(&request);
	ASSERT_EQ(0, pthread_create(&thread, NULL, let_go_when_established,
				    &request));
	send_request(self, &request);
	ASSERT_EQ(0, pthread_join(thread, &done));
	EXPECT_NE(NULL, done);
	EXPECT_EQ(-EEXIST, request.err);
	EXPECT_EQ(0, request.failed);
	EXPECT_STREQ("socket is in this group already", pg_error(self->ctx));
	EXPECT_TRUE(is_adopted(self->ctx, self->group, request.socks[0].fd,
			       self->rule));
	EXPECT_EQ(1, count_conns(self->ctx, self->group));
}

TEST_HARNESS_MAIN
