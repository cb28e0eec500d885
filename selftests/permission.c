// SPDX-License-Identifier: GPL-2.0-only
/* Who may do what. */
#include <errno.h>
#include <linux/peergroup.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "adopted.h"
#include "process.h"
#include "request.h"
#include "util.h"

enum user { ROOT, OWNER, OTHER, THIRD, FOURTH };

static const char needs_owner[] =
	"needs to be the owner of the group or CAP_NET_ADMIN";
static const char needs_admin[] = "needs to be that owner or CAP_NET_ADMIN";
static const char needs_cap[] = "needs CAP_NET_ADMIN";

static uid_t uid_of(enum user user)
{
	return user ? own_users() + user : 0;
}

static int add_group_for(struct pg_ctx *ctx, const char *name,
			 enum user owner, uint32_t *id)
{
	const struct pg_group_spec spec = {
		.size = sizeof(spec), .name = name,
		.flags = PG_GROUP_SET_OWNER, .owner = uid_of(owner),
	};

	return pg_group_add(ctx, &spec, id, NULL);
}

static int note_owner(const struct pg_group *group, void *arg)
{
	*(uid_t *)arg = group->owner;
	return 0;
}

static uid_t owner_of(struct pg_ctx *ctx, uint32_t id)
{
	uid_t owner = -1;

	pg_group_get(ctx, id, note_owner, &owner);
	return owner;
}

static int count_stats(const struct pg_conn *conn, void *arg)
{
	if (conn->stats)
		++*(int *)arg;
	return 0;
}

/* Two groups of different owners, with one connection each. */
struct scene {
	struct pg_ctx *root;	/* context of root */
	uint32_t group;		/* of OWNER */
	uint32_t others;	/* of OTHER */
	int pair[2];
	uint64_t conn;		/* pair[0], in group */
	uint64_t others_conn;	/* pair[1], in others */
	uint32_t rule;		/* of group */
};

static int make_scene(struct scene *scene)
{
	int err;

	err = own_netns();
	if (!err)
		err = pg_open(&scene->root);
	if (!err)
		err = add_group_for(scene->root, "owner's", OWNER,
				    &scene->group);
	if (!err)
		err = add_group_for(scene->root, "other's", OTHER,
				    &scene->others);
	if (!err)
		err = tcp_pair(AF_INET, scene->pair);
	if (!err)
		err = attach(scene->root, scene->group, scene->pair[0],
			     &scene->conn);
	if (!err)
		err = attach(scene->root, scene->others, scene->pair[1],
			     &scene->others_conn);
	if (!err)
		err = add_rule(scene->root, scene->group, 0, &scene->rule);
	return err;
}

FIXTURE(user) {
	struct scene scene;
	struct pg_ctx *ctx;	/* of the user */
};

FIXTURE_VARIANT(user) {
	enum user user;
	bool net_admin;
	int err;		/* what he gets for acting on OWNER's group */
	int stats;		/* connections whose statistics he sees */
};

FIXTURE_VARIANT_ADD(user, owner) { .user = OWNER, .err = 0, .stats = 1 };
FIXTURE_VARIANT_ADD(user, other) { .user = OTHER, .err = -EPERM, .stats = 1 };
FIXTURE_VARIANT_ADD(user, third) { .user = THIRD, .err = -EPERM, .stats = 0 };
FIXTURE_VARIANT_ADD(user, admin) {
	.user = THIRD, .net_admin = true, .err = 0, .stats = 2,
};

/* It is the capability that counts and not the name. */
FIXTURE_VARIANT_ADD(user, powerless_root) {
	.user = ROOT, .err = -EPERM, .stats = 0,
};

FIXTURE_SETUP(user)
{
	ASSERT_EQ(0, make_scene(&self->scene));
	ASSERT_EQ(0, become(uid_of(variant->user), variant->net_admin));
	ASSERT_EQ(0, pg_open(&self->ctx));
}

FIXTURE_TEARDOWN(user)
{
	pg_close(self->ctx);
	pg_close(self->scene.root);
}

TEST_F(user, reads)
{
	struct conn_copy copy;
	uint32_t id;
	uid_t last;

	EXPECT_EQ(0, pg_group_find(self->ctx, "owner's", &id));
	EXPECT_EQ(self->scene.group, id);
	EXPECT_EQ(uid_of(OWNER), owner_of(self->ctx, id));
	EXPECT_EQ(0, pg_group_list(self->ctx, note_owner, &last, NULL));
	EXPECT_EQ(uid_of(OTHER), last);
	EXPECT_EQ(0, get_conn(self->ctx, self->scene.conn, false, &copy));
	EXPECT_EQ(NULL, copy.conn.stats);
	EXPECT_EQ(2, count_conns(self->ctx, 0));
	EXPECT_EQ(1, count_conns(self->ctx, self->scene.group));
}

TEST_F(user, gets_statistics)
{
	struct conn_copy copy = {};

	EXPECT_EQ(variant->err, get_conn(self->ctx, self->scene.conn, true,
					 &copy));
	EXPECT_EQ(!variant->err, !!copy.conn.stats);
	if (variant->err)
		EXPECT_STREQ(needs_owner, pg_error(self->ctx));
	EXPECT_EQ(-ENOENT, get_conn(self->ctx, 99, true, &copy));
}

TEST_F(user, dumps_statistics)
{
	const struct pg_filter filter = {
		.size = sizeof(filter), .flags = PG_FILTER_STATS,
	};
	int n = 0;

	EXPECT_EQ(0, pg_conn_dump(self->ctx, &filter, NULL, count_stats, &n));
	EXPECT_EQ(variant->stats, n);
	n = 0;
	EXPECT_EQ(0, pg_conn_dump(self->ctx, NULL, NULL, count_stats, &n));
	EXPECT_EQ(0, n);
}

TEST_F(user, attaches)
{
	uint64_t id;

	EXPECT_EQ(variant->err, attach(self->ctx, self->scene.group,
				       self->scene.pair[1], &id));
	if (variant->err)
		EXPECT_STREQ(needs_owner, pg_error(self->ctx));
	EXPECT_EQ(variant->err ? 1 : 2,
		  count_conns(self->ctx, self->scene.group));
}

TEST_F(user, detaches)
{
	EXPECT_EQ(variant->err, pg_conn_detach(self->ctx, 0, self->scene.conn,
					       NULL));
	if (variant->err)
		EXPECT_STREQ(needs_owner, pg_error(self->ctx));
	EXPECT_EQ(variant->err ? 1 : 0,
		  count_conns(self->ctx, self->scene.group));
}

TEST_F(user, deletes)
{
	EXPECT_EQ(variant->err, pg_group_del(self->ctx, self->scene.group,
					     NULL));
	if (variant->err)
		EXPECT_STREQ(needs_owner, pg_error(self->ctx));
	EXPECT_EQ(variant->err ? 1 : -ENOENT,
		  count_conns(self->ctx, self->scene.group));
}

TEST_F(user, creates)
{
	const int err = variant->net_admin ? 0 : -EPERM;
	uint32_t id;

	/* Groups of root may be left of tests before. */
	ASSERT_TRUE(wait_until(!add_group_named(self->ctx, "mine", &id),
			       SOON));
	EXPECT_EQ(uid_of(variant->user), owner_of(self->ctx, id));
	EXPECT_EQ(0, pg_group_del(self->ctx, id, NULL));
	ASSERT_EQ(0, add_group_for(self->ctx, "also mine", variant->user,
				   &id));
	EXPECT_EQ(uid_of(variant->user), owner_of(self->ctx, id));

	EXPECT_EQ(err, add_group_for(self->ctx, "another's", FOURTH, &id));
	if (err)
		EXPECT_STREQ(needs_admin, pg_error(self->ctx));
	if (!err)
		EXPECT_EQ(uid_of(FOURTH), owner_of(self->ctx, id));
}

/* Rules reach for the sockets of others: not even the owner may make them. */
TEST_F(user, makes_rules)
{
	const int err = variant->net_admin ? 0 : -EPERM;
	uint32_t id;

	EXPECT_EQ(err, add_rule(self->ctx, self->scene.others, 0, &id));
	EXPECT_STREQ(err ? needs_cap : "", pg_error(self->ctx));
	EXPECT_EQ(err ? -EPERM : -EEXIST,
		  add_rule(self->ctx, self->scene.group, PG_RULE_EXISTING,
			   &id));
	EXPECT_EQ(2, count_conns(self->ctx, 0));
}

TEST_F(user, deletes_rules)
{
	const int err = variant->net_admin ? 0 : -EPERM;
	struct pg_rule rule;

	EXPECT_EQ(err, pg_rule_del(self->ctx, 0, self->scene.rule, 0, NULL));
	EXPECT_STREQ(err ? needs_cap : "", pg_error(self->ctx));
	EXPECT_EQ(err ? 0 : -ENOENT,
		  get_rule(self->scene.root, self->scene.rule, &rule));
	/* Nor is anybody told what there is. */
	EXPECT_EQ(err ? err : -ENOENT,
		  pg_rule_del(self->ctx, 0, 4711, 0, NULL));
}

static int count_rule(const struct pg_rule *rule, void *arg)
{
	++*(int *)arg;
	return 0;
}

TEST_F(user, reads_rules)
{
	struct pg_rule rule;
	int n = 0;

	EXPECT_EQ(0, get_rule(self->ctx, self->scene.rule, &rule));
	EXPECT_EQ(self->scene.group, rule.group_id);
	EXPECT_EQ(0, pg_rule_list(self->ctx, 0, count_rule, &n, NULL));
	EXPECT_EQ(1, n);
}

/* One opens the netlink socket, another sends: both must be allowed to. */
FIXTURE(deputy) {
	struct scene scene;
	int fd;
};

FIXTURE_VARIANT(deputy) {
	enum user opener;
	enum user sender;
	int acts;		/* on the group of OWNER */
	int creates;		/* a group for himself */
	int creates_for;	/* for somebody else */
};

#define DEPUTY(opener_, sender_, acts_, creates_, creates_for_)		\
	FIXTURE_VARIANT_ADD(deputy, opener_##_opens_##sender_##_sends) {	\
		.opener = opener_, .sender = sender_, .acts = acts_,	\
		.creates = creates_, .creates_for = creates_for_,	\
	}

DEPUTY(ROOT, ROOT, 0, 0, 0);
DEPUTY(ROOT, OWNER, 0, 0, -EPERM);
DEPUTY(ROOT, OTHER, -EPERM, 0, -EPERM);
DEPUTY(OWNER, ROOT, 0, -EPERM, -EPERM);
DEPUTY(OWNER, OWNER, 0, 0, -EPERM);
DEPUTY(OWNER, OTHER, -EPERM, -EPERM, -EPERM);
DEPUTY(OTHER, ROOT, -EPERM, -EPERM, -EPERM);
DEPUTY(OTHER, OWNER, -EPERM, -EPERM, -EPERM);
DEPUTY(OTHER, OTHER, -EPERM, 0, -EPERM);

/* A netlink socket that a process of this user opened and handed over. */
static int opened_by(enum user user)
{
	int via[2], fd;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, via))
		return -errno;
	child = fork();
	if (!child)
		_exit((user && become(uid_of(user), false)) ||
		      send_fd(via[1], request_open()));
	close(via[1]);
	fd = receive_fd(via[0]);
	close(via[0]);
	return reap(child) ? -EPERM : fd;
}

FIXTURE_SETUP(deputy)
{
	ASSERT_EQ(0, make_scene(&self->scene));
	self->fd = opened_by(variant->opener);
	ASSERT_LE(0, self->fd);
	if (variant->sender)
		ASSERT_EQ(0, become(uid_of(variant->sender), false));
}

FIXTURE_TEARDOWN(deputy)
{
	pg_close(self->scene.root);
}

TEST_F(deputy, gets_statistics)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_CONN_GET, NLM_F_ACK);
	struct answer answer;

	request_put_u64(msg, PEERGROUP_A_CONN, PEERGROUP_A_CONN_ID,
			self->scene.conn);
	request_put_u32(msg, 0, PEERGROUP_A_FLAGS, PEERGROUP_READ_FLAG_STATS);
	EXPECT_EQ(variant->acts, request_send(self->fd, msg, &answer));
	EXPECT_EQ(variant->acts ? 0 : 1, answer.stats);
	EXPECT_STREQ(variant->acts ? needs_owner : "", answer.text);
}

TEST_F(deputy, dumps_statistics)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_CONN_GET, NLM_F_DUMP);
	struct answer answer;

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->scene.group);
	request_put_u32(msg, 0, PEERGROUP_A_FLAGS, PEERGROUP_READ_FLAG_STATS);
	EXPECT_EQ(0, request_send(self->fd, msg, &answer));
	EXPECT_EQ(1, answer.conns);
	EXPECT_EQ(variant->acts ? 0 : 1, answer.stats);
}

TEST_F(deputy, attaches)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_CONN_NEW, NLM_F_ACK);
	/* The descriptor is the sender's: nobody may make him give it away. */
	bool tricked = !variant->acts && variant->opener != ROOT &&
		       variant->opener != variant->sender;
	struct answer answer;

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->scene.group);
	request_put_u32(msg, PEERGROUP_A_CONN, PEERGROUP_A_CONN_FD,
			self->scene.pair[1]);
	EXPECT_EQ(tricked ? -EPERM : variant->acts,
		  request_send(self->fd, msg, &answer));
	EXPECT_STREQ(tricked ? "netlink socket was opened by another user" :
		     variant->acts ? needs_owner : "", answer.text);
	EXPECT_EQ(tricked || variant->acts ? 1 : 2,
		  count_conns(self->scene.root, self->scene.group));
}

TEST_F(deputy, detaches)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_CONN_DEL, NLM_F_ACK);
	struct answer answer;

	request_put_u64(msg, PEERGROUP_A_CONN, PEERGROUP_A_CONN_ID,
			self->scene.conn);
	EXPECT_EQ(variant->acts, request_send(self->fd, msg, &answer));
	EXPECT_STREQ(variant->acts ? needs_owner : "", answer.text);
	EXPECT_EQ(!variant->acts, is_gone(self->scene.root, self->scene.conn));
}

TEST_F(deputy, deletes)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_GROUP_DEL, NLM_F_ACK);
	struct answer answer;

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->scene.group);
	EXPECT_EQ(variant->acts, request_send(self->fd, msg, &answer));
	EXPECT_STREQ(variant->acts ? needs_owner : "", answer.text);
	EXPECT_EQ(!variant->acts, is_gone(self->scene.root, self->scene.conn));
}

static struct nl_msg *request_group(const char *name, uid_t owner)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_GROUP_NEW, NLM_F_ACK);
	struct nlattr *nest;

	nest = nla_nest_start(msg, NLA_F_NESTED | PEERGROUP_A_GROUP);
	nla_put_string(msg, PEERGROUP_A_GROUP_NAME, name);
	if (owner != (uid_t)-1)
		nla_put_u32(msg, PEERGROUP_A_GROUP_OWNER, owner);
	nla_nest_end(msg, nest);
	return msg;
}

TEST_F(deputy, creates)
{
	struct answer answer;

	EXPECT_EQ(variant->creates,
		  request_send(self->fd, request_group("mine", -1), &answer));
	EXPECT_STREQ(variant->creates ? needs_admin : "", answer.text);
	if (!variant->creates)
		EXPECT_EQ(uid_of(variant->sender),
			  owner_of(self->scene.root, answer.group_id));
	EXPECT_EQ(variant->creates_for,
		  request_send(self->fd, request_group("his", uid_of(THIRD)),
			       &answer));
	EXPECT_STREQ(variant->creates_for ? needs_admin : "", answer.text);
}

TEST_F(deputy, makes_rules)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_RULE_NEW, NLM_F_ACK);
	const int err = variant->creates_for;
	struct answer answer;

	request_put_u32(msg, PEERGROUP_A_GROUP, PEERGROUP_A_GROUP_ID,
			self->scene.others);
	request_put_u32(msg, PEERGROUP_A_RULE, PEERGROUP_A_RULE_UID, 0);
	EXPECT_EQ(err, request_send(self->fd, msg, &answer));
	EXPECT_STREQ(err ? needs_cap : "", answer.text);
	EXPECT_EQ(err ? 0 : self->scene.rule + 1, answer.rule_id);
}

TEST_F(deputy, deletes_rules)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_RULE_DEL, NLM_F_ACK);
	const int err = variant->creates_for;
	struct answer answer;
	struct pg_rule rule;

	request_put_u32(msg, PEERGROUP_A_RULE, PEERGROUP_A_RULE_ID,
			self->scene.rule);
	EXPECT_EQ(err, request_send(self->fd, msg, &answer));
	EXPECT_STREQ(err ? needs_cap : "", answer.text);
	EXPECT_EQ(err ? 0 : -ENOENT,
		  get_rule(self->scene.root, self->scene.rule, &rule));
}

TEST_F(deputy, reads_rules)
{
	struct nl_msg *msg = request_new(PEERGROUP_CMD_RULE_GET, NLM_F_DUMP);
	struct answer answer;

	EXPECT_EQ(0, request_send(self->fd, msg, &answer));
	EXPECT_EQ(1, answer.rules);
	EXPECT_EQ(self->scene.rule, answer.rule_id);
}

/* Root of a user namespace. */
FIXTURE(userns) {
	struct scene scene;
	struct pg_ctx *ctx;	/* in a network namespace of his own */
	uint32_t group;
};

FIXTURE_SETUP(userns)
{
	ASSERT_EQ(0, make_scene(&self->scene));
	ASSERT_EQ(0, enter_userns(uid_of(OWNER)));
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
}

FIXTURE_TEARDOWN(userns)
{
	pg_close(self->ctx);
	pg_close(self->scene.root);
}

static int add_rule_of(struct pg_ctx *ctx, uint32_t group, uid_t uid,
		       uint32_t *id)
{
	struct pg_rule_spec spec = rule_spec(group);

	spec.flags = PG_RULE_UID;
	spec.uid = uid;
	return pg_rule_add(ctx, &spec, id, NULL);
}

/* He rules at home, by the names that users have there. */
TEST_F(userns, makes_rules_at_home)
{
	struct pg_rule rule;
	uint32_t id;
	int pair[2];

	ASSERT_EQ(0, add_rule_of(self->ctx, self->group, 0, &id));
	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	EXPECT_TRUE(has_exactly(self->ctx, self->group, pair, 2));
	ASSERT_EQ(0, get_rule(self->ctx, id, &rule));
	EXPECT_EQ(0, rule.uid);
	ASSERT_EQ(0, add_rule_of(self->ctx, self->group, 1, &id));
	ASSERT_EQ(0, get_rule(self->ctx, id, &rule));
	EXPECT_EQ(1, rule.uid);
	EXPECT_EQ(-EINVAL, add_rule_of(self->ctx, self->group, 1000, &id));
	EXPECT_STREQ("no such user", pg_error(self->ctx));
	EXPECT_EQ(0, pg_rule_del(self->ctx, 0, id, 0, NULL));
}

/* Outside he is nobody, be it his group, and whoever opened for him. */
TEST_F(userns, makes_none_outside)
{
	struct pg_ctx *root = self->scene.root;
	uint32_t id;

	EXPECT_EQ(-EPERM, add_rule(root, self->scene.others, 0, &id));
	EXPECT_STREQ(needs_cap, pg_error(root));
	EXPECT_EQ(-EPERM, add_rule_of(root, self->scene.group, 0, &id));
	EXPECT_EQ(-EPERM, pg_rule_del(root, 0, self->scene.rule, 0, NULL));
	EXPECT_STREQ(needs_cap, pg_error(root));
}

TEST_HARNESS_MAIN
