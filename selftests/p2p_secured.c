// SPDX-License-Identifier: GPL-2.0-only
/*
 * Secured groups of the Windows Peer Grouping API with the module: create,
 * invite, join, open, enumerate, by two users and in two namespaces.
 *
 * What needs no module, and each refusal, is tested in host/test_identity.c and
 * host/test_member.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <p2p.h>
#include <peergroup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "own_store.h"
#include "sockets.h"
#include <kselftest_harness.h>

#define NOBODY 65534
#define JUNK ((void *)0x5a5a5a5a5a5a5a5a)

FIXTURE(secured) {
	PWSTR me;
	HGROUP group;
	PWSTR name;
};

static HRESULT create(PCWSTR classifier, PCWSTR friendly, HGROUP *group)
{
	PEER_GROUP_PROPERTIES props = {
		.dwSize = sizeof(props),
		.pwzClassifier = (PWSTR)classifier,
		.pwzFriendlyName = (PWSTR)friendly,
		.pwzComment = (PWSTR)L"a comment",
	};

	return PeerGroupCreate(&props, group);
}

static PWSTR name_of(HGROUP group)
{
	PPEER_GROUP_PROPERTIES props;
	PWSTR name;

	if (PeerGroupGetProperties(group, &props))
		return NULL;
	name = wcsdup(props->pwzGroupPeerName);
	PeerFreeData(props);
	return name;
}

FIXTURE_SETUP(secured)
{
	PEER_VERSION_DATA version;
	struct pg_ctx *ctx;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_TRUE(own_netns());
	if (pg_open(&ctx) == -ENODEV)
		SKIP(return, "the module is not loaded");
	pg_close(ctx);
	memset(self, 0, sizeof(*self));
	own_store_use("me");
	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	ASSERT_EQ(S_OK, create(L"caf\u00e9", L"Friends \U0001f600",
			       &self->group));
	ASSERT_EQ(S_OK, PeerIdentityGetDefault(&self->me));
	self->name = name_of(self->group);
	ASSERT_NE(NULL, self->name);
}

FIXTURE_TEARDOWN(secured)
{
	PeerFreeData(self->me);
	free(self->name);
}

/* A user who has a store of his own, and whom nobody knows yet. */
static bool become(const char *user)
{
	own_store_use(user);
	return !mkdir(getenv("PEERGROUP_HOME"), 0700) &&
	       !chown(getenv("PEERGROUP_HOME"), NOBODY, NOBODY) &&
	       !setgid(NOBODY) && !setuid(NOBODY);
}

static ULONG connections(HGROUP group)
{
	HPEERENUM list;
	ULONG n = ~0U;

	if (PeerGroupEnumConnections(group, 0, &list))
		return n;
	PeerGetItemCount(list, &n);
	PeerEndEnumeration(list);
	return n;
}

static bool attach(HGROUP group, int fd)
{
	struct pg_attach sock = { .size = sizeof(sock), .fd = fd };
	uint32_t id = pg_group_from_handle(group);
	struct pg_ctx *ctx;
	bool done;

	if (!id || pg_open(&ctx))
		return false;
	done = !pg_conn_attach(ctx, id, &sock, 1, NULL, NULL, NULL);
	pg_close(ctx);
	return done;
}

TEST_F(secured, kernel_group)
{
	uint32_t id = pg_group_from_handle(self->group);
	struct pair pair;
	HGROUP again;

	EXPECT_NE(0, id);
	ASSERT_TRUE(pair_open(PAIR_IPV6, &pair));
	ASSERT_TRUE(attach(self->group, pair.client));
	EXPECT_EQ(1, connections(self->group));
	ASSERT_EQ(S_OK, PeerGroupOpen(self->me, self->name, L"Global_",
				      &again));
	EXPECT_NE(self->group, again);
	EXPECT_EQ(id, pg_group_from_handle(again));
	EXPECT_EQ(1, connections(again));
}

static int label_is(const struct pg_group *group, void *arg)
{
	return strcmp(group->label, arg) ? -EINVAL : 0;
}

/* As after a reboot: the store is all that is left. */
TEST_F(secured, made_again)
{
	struct pg_ctx *ctx;
	uint32_t id;
	HGROUP again;

	ASSERT_EQ(0, pg_open(&ctx));
	id = pg_group_from_handle(self->group);
	ASSERT_EQ(0, pg_group_get(ctx, id, label_is,
				  "Friends \xf0\x9f\x98\x80"));
	ASSERT_EQ(0, pg_group_del(ctx, id, NULL));
	EXPECT_EQ(~0U, connections(self->group));
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, self->name, NULL, &again));
	EXPECT_NE(id, pg_group_from_handle(again));
	EXPECT_EQ(0, connections(again));
	EXPECT_EQ(0, pg_group_get(ctx, pg_group_from_handle(again), label_is,
				  "Friends \xf0\x9f\x98\x80"));
	pg_close(ctx);
}

/* One group in two namespaces: each has its own connections. */
TEST_F(secured, other_namespace)
{
	struct pair pair;
	HGROUP again;
	int status;
	pid_t pid;

	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	ASSERT_TRUE(attach(self->group, pair.client));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		PEER_VERSION_DATA version;

		EXPECT_EQ(S_OK, PeerGroupShutdown());
		EXPECT_TRUE(own_netns());
		EXPECT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
		EXPECT_EQ(S_OK, PeerGroupOpen(NULL, self->name, NULL, &again));
		EXPECT_EQ(0, connections(again));
		_exit(_metadata->exit_code ? 1 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, connections(self->group));
}

/* Texts go over a socket as they would go by mail. */
static bool send_text(int fd, PCWSTR text)
{
	size_t size = (wcslen(text) + 1) * sizeof(*text);

	return send(fd, text, size, 0) == (ssize_t)size;
}

static bool receive_text(int fd, wchar_t *text, size_t size)
{
	return recv(fd, text, size, 0) > 0;
}

static int attach_error(HGROUP group, int fd)
{
	struct pg_attach sock = { .size = sizeof(sock), .fd = fd };
	struct pg_ctx *ctx;
	int err;

	if (pg_open(&ctx))
		return 0;
	err = pg_conn_attach(ctx, pg_group_from_handle(group), &sock, 1, NULL,
			     NULL, NULL);
	pg_close(ctx);
	return err;
}

/* What the one who is invited does, as another user. */
static void be_invited(struct __test_metadata *_metadata,
		       struct _test_data_secured *self, int fd, int sock)
{
	static wchar_t invitation[16384];
	PWSTR who = NULL, info = NULL;
	HGROUP group, again;

	ASSERT_TRUE(become("guest"));
	ASSERT_EQ(S_OK, PeerIdentityCreate(L"guest", NULL, 0, &who));
	ASSERT_EQ(S_OK, PeerIdentityGetXML(who, &info));
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerGroupOpen(who, self->name, NULL, &group));
	ASSERT_TRUE(send_text(fd, info));
	ASSERT_TRUE(receive_text(fd, invitation, sizeof(invitation)));
	ASSERT_EQ(S_OK, PeerGroupJoin(who, invitation, NULL, &group)) {
		TH_LOG("%s", pg_hresult_text(E_UNEXPECTED));
	}
	EXPECT_EQ(1, connections(group));
	ASSERT_EQ(S_OK, PeerGroupOpen(who, self->name, NULL, &again));
	EXPECT_EQ(1, connections(again));

	/* Membership lets nobody attach; the group in the kernel is not his. */
	EXPECT_EQ(-EPERM, attach_error(group, sock));
	EXPECT_EQ(S_OK, PeerGroupDelete(who, self->name));
	EXPECT_EQ(PEER_E_INVALID_GROUP, PeerGroupClose(group));
	EXPECT_EQ(PEER_E_INVALID_GROUP, PeerGroupClose(again));
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerGroupOpen(who, self->name, NULL, &group));
	EXPECT_EQ(S_OK, PeerIdentityDelete(who));
	_exit(_metadata->exit_code ? 1 : 0);
}

TEST_F_TIMEOUT(secured, two_users, 120)
{
	static wchar_t info[8192];
	struct pair pair;
	int fds[2], status;
	PWSTR invitation;
	pid_t pid;

	ASSERT_EQ(0, chmod(own_store_root(), 0711));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
	ASSERT_TRUE(pair_open(PAIR_IPV6, &pair));
	ASSERT_TRUE(attach(self->group, pair.client));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		be_invited(_metadata, self, fds[1], pair.server);
	close(fds[1]);
	ASSERT_TRUE(receive_text(fds[0], info, sizeof(info)));
	ASSERT_EQ(S_OK, PeerGroupCreateInvitation(self->group, info, NULL, 1,
						  &PEER_GROUP_ROLE_MEMBER,
						  &invitation));
	ASSERT_TRUE(send_text(fds[0], invitation));
	PeerFreeData(invitation);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, connections(self->group));
}

/* The kernel's limit of groups of a user; no membership is left over. */
static void reach_limit(struct __test_metadata *_metadata, ULONG max)
{
	struct pg_group_spec spec = { .size = sizeof(spec) };
	struct pg_ctx *ctx;
	HPEERENUM list;
	char name[16];
	uint32_t id;
	ULONG i, n;
	HGROUP group = JUNK;

	ASSERT_TRUE(become("limited"));
	ASSERT_EQ(0, pg_open(&ctx));
	spec.name = name;
	for (i = 0; i < max; i++) {
		snprintf(name, sizeof(name), "plain%u", i);
		EXPECT_EQ(0, pg_group_add(ctx, &spec, &id, NULL));
	}
	EXPECT_EQ(E_OUTOFMEMORY, create(NULL, NULL, &group));
	EXPECT_EQ(NULL, group);
	EXPECT_EQ(S_OK, PeerEnumGroups(NULL, &list));
	EXPECT_EQ(S_OK, PeerGetItemCount(list, &n));
	EXPECT_EQ(max, n);
	ASSERT_EQ(0, pg_group_del(ctx, id, NULL));
	EXPECT_EQ(S_OK, create(NULL, NULL, &group));
	pg_close(ctx);
	_exit(_metadata->exit_code ? 1 : 0);
}

TEST_F_TIMEOUT(secured, limit_of_groups, 120)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, chmod(own_store_root(), 0711));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		reach_limit(_metadata, 64);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Once as programs get it that choose nothing. */
TEST_F_TIMEOUT(secured, default_profile, 240)
{
	HGROUP group;

	ASSERT_EQ(0, pg_set_profile(PG_PROFILE_DEFAULT));
	own_store_use("strong");
	ASSERT_EQ(S_OK, create(L"strong", NULL, &group));
	EXPECT_EQ(0, connections(group));
}

TEST_HARNESS_MAIN
