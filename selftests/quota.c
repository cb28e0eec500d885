// SPDX-License-Identifier: GPL-2.0-only
/* How many groups a user may have, and whose they are in user namespaces. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "process.h"
#include "util.h"

static const char groups_per_uid[] = PARAMETERS "groups_per_uid";
static const char past_limit[] = "user has reached his limit of groups";

static int add_group_for(struct pg_ctx *ctx, uid_t owner, uint32_t *id)
{
	static unsigned int count;
	char name[64];
	const struct pg_group_spec spec = {
		.size = sizeof(spec), .name = name,
		.flags = PG_GROUP_SET_OWNER, .owner = owner,
	};

	snprintf(name, sizeof(name), "of-%d-%d-%u", owner, getpid(), count++);
	return pg_group_add(ctx, &spec, id, NULL);
}

/* How many of n groups can be created, and why not more. */
struct creation {
	unsigned int done;
	int err;
	char text[128];
};

static void create(struct creation *creation, struct pg_ctx *ctx,
		   unsigned int n)
{
	uint32_t id;

	*creation = (struct creation){};
	while (creation->done < n && !creation->err) {
		creation->err = add_group(ctx, &id);
		if (creation->err)
			snprintf(creation->text, sizeof(creation->text), "%s",
				 pg_error(ctx));
		else
			creation->done++;
	}
}

/* The same as a user, in the namespace of the caller. */
static int create_as(struct creation *shared, uid_t uid, unsigned int n)
{
	struct pg_ctx *ctx;
	pid_t child = fork();

	if (child)
		return reap(child);
	if (become(uid, false) || pg_open(&ctx))
		_exit(1);
	create(shared, ctx, n);
	_exit(0);
}

FIXTURE(quota) {
	uid_t user;
	unsigned long before;
	struct creation *made;
};

FIXTURE_SETUP(quota)
{
	self->user = own_users();
	ASSERT_EQ(0, read_number(groups_per_uid, &self->before));
	self->made = mmap(NULL, sizeof(*self->made), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->made);
	ASSERT_EQ(0, own_netns());
}

/* Some tests give up the right to write to the parameter. */
FIXTURE_TEARDOWN_PARENT(quota)
{
	EXPECT_EQ(0, write_number(groups_per_uid, self->before));
}

TEST_F(quota, of_64)
{
	EXPECT_EQ(64, self->before);
	ASSERT_EQ(0, create_as(self->made, self->user, 70));
	EXPECT_EQ(64, self->made->done);
	EXPECT_EQ(-ENOSPC, self->made->err);
	EXPECT_STREQ(past_limit, self->made->text);

	/* Each user has his own. */
	ASSERT_EQ(0, create_as(self->made, self->user + 1, 1));
	EXPECT_EQ(0, self->made->err);
}

TEST_F(quota, freed_by_deletion)
{
	struct pg_ctx *ctx;

	ASSERT_EQ(0, write_number(groups_per_uid, 3));
	ASSERT_EQ(0, create_as(self->made, self->user, 4));
	EXPECT_EQ(3, self->made->done);
	ASSERT_EQ(0, pg_open(&ctx));
	ASSERT_EQ(0, pg_group_del(ctx, 2, NULL));
	ASSERT_EQ(0, create_as(self->made, self->user, 2));
	EXPECT_EQ(1, self->made->done);
	EXPECT_EQ(-ENOSPC, self->made->err);
	ASSERT_EQ(0, pg_group_del(ctx, 1, NULL));
	ASSERT_EQ(0, pg_group_del(ctx, 3, NULL));
	ASSERT_EQ(0, create_as(self->made, self->user, 3));
	EXPECT_EQ(2, self->made->done);
	pg_close(ctx);
}

/* A refused group counts for nothing. */
TEST_F(quota, not_used_up_by_failure)
{
	struct pg_ctx *ctx;
	uint32_t id;

	ASSERT_EQ(0, write_number(groups_per_uid, 2));
	ASSERT_EQ(0, become(self->user, false));
	ASSERT_EQ(0, pg_open(&ctx));
	ASSERT_EQ(0, add_group_named(ctx, "name", &id));
	EXPECT_EQ(-EEXIST, add_group_named(ctx, "name", &id));
	EXPECT_EQ(-EEXIST, add_group_named(ctx, "name", &id));
	EXPECT_EQ(0, add_group_named(ctx, "other name", &id));
	EXPECT_EQ(-ENOSPC, add_group_named(ctx, "third name", &id));
	pg_close(ctx);
}

static bool can_create(struct creation *shared)
{
	return !create_as(shared, own_users(), 1) && !shared->err;
}

/* What a namespace had is freed when nobody is left in it. */
TEST_F(quota, over_namespaces)
{
	int first = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	ASSERT_EQ(0, write_number(groups_per_uid, 5));
	ASSERT_EQ(0, create_as(self->made, self->user, 3));
	EXPECT_EQ(3, self->made->done);
	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, create_as(self->made, self->user, 3));
	EXPECT_EQ(2, self->made->done);
	EXPECT_EQ(-ENOSPC, self->made->err);

	close(first);
	EXPECT_TRUE(wait_until(can_create(self->made), SOON));
	EXPECT_TRUE(can_create(self->made));
	EXPECT_TRUE(can_create(self->made));
	EXPECT_FALSE(can_create(self->made));
}

/* The administrator is not limited, but what he gives counts. */
TEST_F(quota, given_by_admin)
{
	struct pg_ctx *ctx;
	uint32_t id;
	int i;

	ASSERT_EQ(0, write_number(groups_per_uid, 2));
	ASSERT_EQ(0, pg_open(&ctx));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, add_group(ctx, &id));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, add_group_for(ctx, self->user, &id));
	EXPECT_FALSE(can_create(self->made));
	EXPECT_EQ(0, pg_group_del(ctx, id, NULL));
	EXPECT_FALSE(can_create(self->made));
	EXPECT_EQ(0, pg_group_del(ctx, id - 1, NULL));
	EXPECT_TRUE(can_create(self->made));
	pg_close(ctx);
}

TEST_F(quota, of_none)
{
	struct pg_ctx *ctx;
	uint32_t id;

	ASSERT_EQ(0, write_number(groups_per_uid, 0));
	ASSERT_EQ(0, create_as(self->made, self->user, 1));
	EXPECT_EQ(-ENOSPC, self->made->err);
	EXPECT_STREQ(past_limit, self->made->text);
	ASSERT_EQ(0, create_as(self->made, 0, 1));
	EXPECT_EQ(-ENOSPC, self->made->err);
	ASSERT_EQ(0, pg_open(&ctx));
	EXPECT_EQ(0, add_group(ctx, &id));
	EXPECT_EQ(0, add_group_for(ctx, self->user, &id));
	pg_close(ctx);
}

/* Root of a user namespace rules there, at his own expense. */
TEST_F(quota, in_userns)
{
	struct pg_ctx *ctx;
	uint32_t id;

	ASSERT_EQ(0, write_number(groups_per_uid, 4));
	ASSERT_EQ(0, create_as(self->made, self->user, 1));
	ASSERT_EQ(1, self->made->done);
	/* With its namespace the group would go. */
	ASSERT_LE(0, open("/proc/self/ns/net", O_RDONLY));
	ASSERT_EQ(0, enter_userns(self->user));
	ASSERT_EQ(0, pg_open(&ctx));
	EXPECT_EQ(0, add_group(ctx, &id));
	EXPECT_EQ(0, add_group_for(ctx, 1, &id));
	EXPECT_EQ(0, add_group_for(ctx, 2, &id));
	EXPECT_EQ(-ENOSPC, add_group_for(ctx, 3, &id));
	EXPECT_STREQ(past_limit, pg_error(ctx));
	EXPECT_EQ(-ENOSPC, add_group(ctx, &id));

	EXPECT_EQ(0, pg_group_del(ctx, id, NULL));
	EXPECT_EQ(0, add_group_for(ctx, 3, &id));
	EXPECT_EQ(-EINVAL, add_group_for(ctx, 1000, &id));
	EXPECT_STREQ("no such user", pg_error(ctx));
	pg_close(ctx);
}

TEST_F(quota, of_none_in_userns)
{
	struct pg_ctx *ctx;
	uint32_t id;

	ASSERT_EQ(0, write_number(groups_per_uid, 0));
	ASSERT_EQ(0, enter_userns(self->user));
	ASSERT_EQ(0, pg_open(&ctx));
	EXPECT_EQ(-ENOSPC, add_group(ctx, &id));
	EXPECT_STREQ(past_limit, pg_error(ctx));
	pg_close(ctx);
}

/* However deep, it is the user outside who pays. */
TEST_F(quota, in_nested_userns)
{
	struct pg_ctx *ctx;
	uint32_t id;

	ASSERT_EQ(0, write_number(groups_per_uid, 3));
	ASSERT_EQ(0, enter_userns(self->user));
	ASSERT_EQ(0, pg_open(&ctx));
	EXPECT_EQ(0, add_group(ctx, &id));
	/* With its namespace the group would go. */
	ASSERT_LE(0, open("/proc/self/ns/net", O_RDONLY));
	ASSERT_EQ(0, become(1, false));
	ASSERT_EQ(0, enter_own_userns());

	/* It is another namespace, where his name is 0. */
	EXPECT_EQ(-EPERM, pg_group_del(ctx, id, NULL));
	pg_close(ctx);
	ASSERT_EQ(0, pg_open(&ctx));
	EXPECT_EQ(0, add_group(ctx, &id));
	EXPECT_EQ(1, id);
	EXPECT_EQ(0, add_group(ctx, &id));
	EXPECT_EQ(-ENOSPC, add_group(ctx, &id));
	EXPECT_STREQ(past_limit, pg_error(ctx));
	pg_close(ctx);
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

/* What root of the host sees of a namespace that is ready, and leaves there. */
static int look_into(const int ready[2], pid_t pid)
{
	struct pg_ctx *ctx;
	char path[64], byte;
	uint32_t id;
	int fd;

	close(ready[1]);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	if (read(ready[0], &byte, 1) != 1)
		return 1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (setns(fd, CLONE_NEWNET) || pg_open(&ctx))
		return 2;
	if (owner_of(ctx, 1) != own_users() || owner_of(ctx, 2) != MAPPED_UID + 1)
		return 3;
	return add_group_for(ctx, own_users() + 1, &id) || id != 3 ||
	       owner_of(ctx, 3) != own_users() + 1;
}

/* Uids are shown as the reader knows them. */
TEST_F(quota, owners_in_userns)
{
	int ready[2];
	struct pg_ctx *ctx;
	pid_t child, parent = getpid();
	uint32_t id;

	ASSERT_EQ(0, pipe(ready));
	child = fork();
	if (!child)
		_exit(look_into(ready, parent));
	ASSERT_EQ(0, enter_userns(self->user));
	ASSERT_EQ(0, pg_open(&ctx));
	ASSERT_EQ(0, add_group(ctx, &id));
	ASSERT_EQ(0, add_group_for(ctx, 1, &id));
	ASSERT_EQ(1, write(ready[1], "x", 1));
	ASSERT_EQ(0, reap(child));
	EXPECT_EQ(0, owner_of(ctx, 1));
	EXPECT_EQ(1, owner_of(ctx, 2));
	EXPECT_EQ(65534, owner_of(ctx, 3));

	/* Whoever it is, root of this namespace acts for him. */
	EXPECT_EQ(0, pg_group_del(ctx, 3, NULL));
	EXPECT_EQ(0, pg_group_del(ctx, 2, NULL));
	pg_close(ctx);
}

/* Root of a user namespace is nobody outside, whoever opened for him. */
TEST_F(quota, userns_root_outside)
{
	struct pg_ctx *ctx;
	uint32_t his, others, id;

	ASSERT_EQ(0, pg_open(&ctx));
	ASSERT_EQ(0, add_group_for(ctx, self->user, &his));
	ASSERT_EQ(0, add_group_for(ctx, self->user + 1, &others));
	ASSERT_EQ(0, enter_userns(self->user));
	EXPECT_EQ(-EPERM, pg_group_del(ctx, others, NULL));
	EXPECT_STREQ("needs to be the owner of the group or CAP_NET_ADMIN",
		     pg_error(ctx));
	EXPECT_EQ(-EPERM, add_group_for(ctx, 1, &id));
	EXPECT_EQ(0, pg_group_del(ctx, his, NULL));
	EXPECT_EQ(0, add_group(ctx, &id));
	pg_close(ctx);
}

TEST_HARNESS_MAIN
