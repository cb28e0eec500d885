// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Windows Peer Grouping API on real connections.
 *
 * What it returns on a machine without the module, and when memory runs out,
 * is tested in host/; dumps that are cut off, in p2p_retry.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <p2p.h>
#include <peergroup.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sockets.h"
#include <kselftest_harness.h>

#define NOBODY 65534

/* A value no function hands out. */
#define JUNK ((void *)0x5a5a5a5a5a5a5a5a)

/* The library's requests pass here, to count its dumps. */
static unsigned int dumps;

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	const struct nlmsghdr *nlh = buf;

	if (to && to->sa_family == AF_NETLINK &&
	    (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		__atomic_fetch_add(&dumps, 1, __ATOMIC_RELAXED);
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

FIXTURE(p2p) {
	struct pg_ctx *ctx;
	HGROUP group;
	uint32_t id;		/* of the group */
	HPEERENUM peer_enum;
	ULONG count;
	PVOID *items;
};

FIXTURE_SETUP(p2p)
{
	const struct pg_group_spec spec = { sizeof(spec), .name = "test" };
	PEER_VERSION_DATA version;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_TRUE(own_netns());
	if (pg_open(&self->ctx) == -ENODEV)
		SKIP(return, "the module is not loaded");
	ASSERT_EQ(0, pg_group_add(self->ctx, &spec, &self->id, NULL));
	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"test", NULL, &self->group));
}

FIXTURE_TEARDOWN(p2p)
{
	PeerFreeData(self->items);
	pg_close(self->ctx);
}

/* Attach a socket, return its id. */
static uint64_t attach(struct __test_metadata *_metadata,
		       struct _test_data_p2p *self, int fd, enum pg_type type,
		       const char *peer_id)
{
	struct pg_attach sock = {
		.size = sizeof(sock), .fd = fd, .type = type, .node_id = fd,
		.peer_id = peer_id,
	};
	uint64_t id = 0;

	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->id, &sock, 1, &id, NULL,
				    NULL)) {
		TH_LOG("%s", pg_error(self->ctx));
	}
	return id;
}

/* Attach n connections by their clients. */
static void attach_pairs(struct __test_metadata *_metadata,
			 struct _test_data_p2p *self, struct pair *pairs,
			 unsigned int n, uint64_t *ids)
{
	unsigned int i;

	ASSERT_TRUE(pairs_open(PAIR_IPV6, pairs, n));
	for (i = 0; i < n; i++)
		ids[i] = attach(_metadata, self, pairs[i].client, PG_TYPE_ANY,
				NULL);
}

static HRESULT enumerate(struct _test_data_p2p *self, DWORD flags)
{
	return PeerGroupEnumConnections(self->group, flags, &self->peer_enum);
}

/* The number of connections that are active right now. */
static ULONG active(struct __test_metadata *_metadata,
		    struct _test_data_p2p *self, DWORD flags)
{
	ULONG count = ~0U;

	ASSERT_EQ(S_OK, enumerate(self, flags));
	ASSERT_EQ(S_OK, PeerGetItemCount(self->peer_enum, &count));
	ASSERT_EQ(S_OK, PeerEndEnumeration(self->peer_enum));
	return count;
}

/* All items into self->items. */
static void take_all(struct __test_metadata *_metadata,
		     struct _test_data_p2p *self)
{
	PeerFreeData(self->items);
	ASSERT_EQ(S_OK, PeerGetItemCount(self->peer_enum, &self->count));
	ASSERT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
					&self->items));
}

static const PEER_CONNECTION_INFO *item(const struct _test_data_p2p *self,
					unsigned int i)
{
	return self->items[i];
}

/*
 * Start and end
 */

TEST_F(p2p, startup_is_counted)
{
	PEER_VERSION_DATA version;

	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	EXPECT_EQ(PEER_GROUP_VERSION, version.wVersion);
	EXPECT_EQ(PEER_GROUP_VERSION, version.wHighestVersion);
	ASSERT_EQ(S_OK, PeerGroupStartup(MAKEWORD(1, 0), &version));
	EXPECT_EQ(MAKEWORD(1, 0), version.wVersion);
	EXPECT_EQ(PEER_GROUP_VERSION, version.wHighestVersion);

	ASSERT_EQ(S_OK, PeerGroupShutdown());
	ASSERT_EQ(S_OK, PeerGroupShutdown());
	EXPECT_EQ(0, active(_metadata, self, 0));
	ASSERT_EQ(S_OK, PeerGroupShutdown());
	EXPECT_EQ(E_UNEXPECTED, PeerGroupShutdown());
}

TEST_F(p2p, startup_refuses)
{
	static const WORD versions[] = {
		0, MAKEWORD(0, 1), MAKEWORD(1, 2), MAKEWORD(2, 0), 0xffff,
	};
	PEER_VERSION_DATA version;
	size_t i;

	EXPECT_EQ(E_INVALIDARG, PeerGroupStartup(PEER_GROUP_VERSION, NULL));
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		version.wVersion = 7;
		version.wHighestVersion = 7;
		EXPECT_EQ(PEER_E_UNSUPPORTED_VERSION,
			  PeerGroupStartup(versions[i], &version));
		EXPECT_EQ(0, version.wVersion);
		EXPECT_EQ(0, version.wHighestVersion);
	}
}

TEST_F(p2p, last_shutdown_releases)
{
	HGROUP group = JUNK;
	PPEER_GROUP_PROPERTIES props = JUNK;
	PEER_VERSION_DATA version;
	HPEERENUM groups;
	DWORD status = 7;

	ASSERT_EQ(S_OK, enumerate(self, 0));
	ASSERT_EQ(S_OK, PeerEnumGroups(NULL, &groups));
	ASSERT_EQ(S_OK, PeerGroupShutdown());

	EXPECT_EQ(PEER_E_NOT_INITIALIZED, PeerGroupCreate(NULL, &group));
	EXPECT_EQ(NULL, group);
	group = JUNK;
	EXPECT_EQ(PEER_E_NOT_INITIALIZED,
		  PeerGroupOpen(NULL, NULL, NULL, &group));
	EXPECT_EQ(NULL, group);
	EXPECT_EQ(PEER_E_NOT_INITIALIZED, PeerGroupClose(self->group));
	EXPECT_EQ(PEER_E_NOT_INITIALIZED, PeerGroupDelete(NULL, NULL));
	EXPECT_EQ(PEER_E_NOT_INITIALIZED,
		  PeerGroupGetStatus(self->group, &status));
	EXPECT_EQ(0, status);
	EXPECT_EQ(PEER_E_NOT_INITIALIZED,
		  PeerGroupGetProperties(self->group, &props));
	EXPECT_EQ(NULL, props);

	EXPECT_EQ(E_INVALIDARG, PeerEndEnumeration(self->peer_enum));
	EXPECT_EQ(E_INVALIDARG, PeerEndEnumeration(groups));
	EXPECT_EQ(0, pg_group_from_handle(self->group));
	EXPECT_EQ(PEER_E_NOT_INITIALIZED, enumerate(self, 0));
	EXPECT_EQ(NULL, self->peer_enum);

	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	EXPECT_EQ(PEER_E_INVALID_GROUP, PeerGroupClose(self->group));
}

TEST_F(p2p, enumerations_need_no_startup)
{
	HPEERENUM groups;
	ULONG count;

	ASSERT_EQ(S_OK, PeerGroupShutdown());
	ASSERT_EQ(S_OK, PeerEnumGroups(NULL, &groups));
	EXPECT_EQ(S_OK, PeerGetItemCount(groups, &count));
	EXPECT_EQ(1, count);
	EXPECT_EQ(S_OK, PeerGetNextItem(groups, &count, &self->items));
	EXPECT_EQ(1, count);
	EXPECT_EQ(S_OK, PeerEndEnumeration(groups));
}

TEST_F(p2p, no_descriptors)
{
	PEER_VERSION_DATA version;

	/* The idle context goes with the last user. */
	ASSERT_EQ(S_OK, PeerGroupShutdown());
	pg_close(self->ctx);
	self->ctx = NULL;
	ASSERT_TRUE(allow_fds(0));
	EXPECT_EQ(E_OUTOFMEMORY,
		  PeerGroupStartup(PEER_GROUP_VERSION, &version));
	EXPECT_EQ(E_OUTOFMEMORY, PeerEnumGroups(NULL, &self->peer_enum));
	EXPECT_EQ(NULL, self->peer_enum);
}

/*
 * Checks
 */

TEST_F(p2p, checks_in_order)
{
	/* Pointers to write to come first, whatever else is wrong. */
	EXPECT_EQ(E_INVALIDARG, PeerGroupEnumConnections(JUNK, 4, NULL));
	EXPECT_EQ(E_INVALIDARG, PeerGroupCreate(NULL, NULL));
	EXPECT_EQ(E_INVALIDARG, PeerGroupOpen(NULL, NULL, NULL, NULL));
	EXPECT_EQ(E_INVALIDARG, PeerGroupGetStatus(JUNK, NULL));
	EXPECT_EQ(E_INVALIDARG, PeerGroupGetProperties(JUNK, NULL));
	EXPECT_EQ(E_INVALIDARG, PeerEnumGroups(L"\xd800", NULL));

	/* Flags come before handles. */
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupEnumConnections(JUNK, 4, &self->peer_enum));
	EXPECT_EQ(PEER_E_INVALID_GROUP,
		  PeerGroupEnumConnections(JUNK, 3, &self->peer_enum));

	ASSERT_EQ(S_OK, PeerGroupShutdown());
	EXPECT_EQ(E_INVALIDARG, PeerGroupEnumConnections(JUNK, 4, NULL));
	EXPECT_EQ(E_INVALIDARG, PeerGroupCreate(NULL, NULL));
	EXPECT_EQ(PEER_E_NOT_INITIALIZED,
		  PeerGroupEnumConnections(JUNK, 4, &self->peer_enum));
}

TEST_F(p2p, flags)
{
	struct pair pair;
	DWORD flags;

	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	attach(_metadata, self, pair.client, PG_TYPE_NEIGHBOR, NULL);
	attach(_metadata, self, pair.server, PG_TYPE_DIRECT, NULL);
	EXPECT_EQ(2, active(_metadata, self, 0));
	EXPECT_EQ(1, active(_metadata, self, PEER_CONNECTION_NEIGHBOR));
	EXPECT_EQ(1, active(_metadata, self, PEER_CONNECTION_DIRECT));
	EXPECT_EQ(2, active(_metadata, self, 3));

	for (flags = 4; flags; flags <<= 1) {
		self->peer_enum = JUNK;
		EXPECT_EQ(E_INVALIDARG, enumerate(self, flags));
		EXPECT_EQ(NULL, self->peer_enum);
		EXPECT_EQ(E_INVALIDARG, enumerate(self, flags | 1));
	}
}

/* Everything that takes a group refuses this value. */
static void check_bad_group(struct __test_metadata *_metadata, HGROUP group)
{
	PPEER_GROUP_PROPERTIES props = JUNK;
	HPEERENUM peer_enum = JUNK;
	DWORD status = 7;

	EXPECT_EQ(PEER_E_INVALID_GROUP,
		  PeerGroupEnumConnections(group, 0, &peer_enum));
	EXPECT_EQ(NULL, peer_enum);
	EXPECT_EQ(PEER_E_INVALID_GROUP, PeerGroupGetStatus(group, &status));
	EXPECT_EQ(0, status);
	EXPECT_EQ(PEER_E_INVALID_GROUP,
		  PeerGroupGetProperties(group, &props));
	EXPECT_EQ(NULL, props);
}

static void check_no_group(struct __test_metadata *_metadata, HGROUP group)
{
	check_bad_group(_metadata, group);
	EXPECT_EQ(PEER_E_INVALID_GROUP, PeerGroupClose(group));
	EXPECT_EQ(0, pg_group_from_handle(group));
}

static void check_no_enum(struct __test_metadata *_metadata, HPEERENUM handle)
{
	ULONG count = 7;
	PVOID *items = JUNK;

	EXPECT_EQ(E_INVALIDARG, PeerGetItemCount(handle, &count));
	EXPECT_EQ(0, count);
	count = 7;
	EXPECT_EQ(E_INVALIDARG, PeerGetNextItem(handle, &count, &items));
	EXPECT_EQ(0, count);
	EXPECT_EQ(NULL, items);
	EXPECT_EQ(E_INVALIDARG, PeerEndEnumeration(handle));
	EXPECT_EQ(0, pg_enum_generation(handle));
}

TEST_F(p2p, bad_handles)
{
	HGROUP closed;
	HPEERENUM ended;

	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"test", NULL, &closed));
	ASSERT_EQ(S_OK, PeerGroupClose(closed));
	ASSERT_EQ(S_OK, enumerate(self, 0));
	ended = self->peer_enum;
	ASSERT_EQ(S_OK, PeerEndEnumeration(ended));
	ASSERT_EQ(S_OK, enumerate(self, 0));

	check_no_group(_metadata, NULL);
	check_no_group(_metadata, JUNK);
	check_no_group(_metadata, (void *)-1);
	check_no_group(_metadata, closed);
	check_no_group(_metadata, self->peer_enum);
	check_no_enum(_metadata, NULL);
	check_no_enum(_metadata, JUNK);
	check_no_enum(_metadata, (void *)-1);
	check_no_enum(_metadata, ended);
	check_no_enum(_metadata, self->group);

	EXPECT_EQ(self->id, pg_group_from_handle(self->group));
	EXPECT_EQ(S_OK, PeerEndEnumeration(self->peer_enum));
}

TEST_F(p2p, random_handles)
{
	unsigned int i;
	void *value;

	ASSERT_EQ(S_OK, enumerate(self, 0));
	for (i = 0; i < 10000; i++) {
		ASSERT_EQ(8, getrandom(&value, sizeof(value), 0));
		check_no_group(_metadata, value);
		check_no_enum(_metadata, value);
	}
	EXPECT_EQ(S_OK, PeerEndEnumeration(self->peer_enum));
	EXPECT_EQ(S_OK, PeerGroupClose(self->group));
}

/*
 * Groups
 */

TEST_F(p2p, open_refuses)
{
	static wchar_t longest[PG_NAME_MAX + 2];
	HGROUP group = JUNK;

	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerGroupOpen(NULL, L"nobody", NULL, &group));
	EXPECT_EQ(NULL, group);
	EXPECT_EQ(E_INVALIDARG, PeerGroupOpen(NULL, NULL, NULL, &group));
	EXPECT_EQ(E_INVALIDARG, PeerGroupOpen(NULL, L"", NULL, &group));
	EXPECT_EQ(E_INVALIDARG, PeerGroupOpen(NULL, L"\xd800", NULL, &group));
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupOpen(L"\xd800", L"test", NULL, &group));
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupOpen(NULL, L"test", L"\xd800", &group));

	wmemset(longest, L'x', PG_NAME_MAX + 1);
	EXPECT_EQ(E_INVALIDARG, PeerGroupOpen(NULL, longest, NULL, &group));
	longest[PG_NAME_MAX] = L'\0';
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerGroupOpen(NULL, longest, NULL, &group));
}

TEST_F(p2p, plain_group_has_no_classifier)
{
	PPEER_GROUP_PROPERTIES props;

	ASSERT_EQ(S_OK, PeerGroupGetProperties(self->group, &props));
	EXPECT_EQ(0, wcscmp(L"test", props->pwzGroupPeerName));
	EXPECT_EQ(NULL, props->pwzClassifier);
	EXPECT_EQ(NULL, props->pwzCloud);
	EXPECT_EQ(NULL, props->pwzCreatorPeerName);
	EXPECT_EQ(0, wcscmp(L"", props->pwzFriendlyName));
	EXPECT_EQ(0, props->dwAuthenticationSchemes);
	PeerFreeData(props);
}

TEST_F(p2p, delete)
{
	HGROUP again;

	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"test", NULL, &again));
	EXPECT_EQ(E_INVALIDARG, PeerGroupDelete(NULL, NULL));
	EXPECT_EQ(E_INVALIDARG, PeerGroupDelete(L"\xd800", L"test"));
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerGroupDelete(NULL, L"nobody"));
	EXPECT_EQ(S_OK, PeerGroupDelete(L"me", L"test"));
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerGroupDelete(NULL, L"test"));
	check_no_group(_metadata, self->group);
	check_no_group(_metadata, again);
}

TEST_F(p2p, deleted_by_others)
{
	const struct pg_group_spec spec = { sizeof(spec), .name = "test" };
	uint32_t id;

	ASSERT_EQ(0, pg_group_del(self->ctx, self->id, NULL));
	check_bad_group(_metadata, self->group);
	/* Another group of this name is not this one. */
	ASSERT_EQ(0, pg_group_add(self->ctx, &spec, &id, NULL));
	check_bad_group(_metadata, self->group);
	EXPECT_EQ(S_OK, PeerGroupClose(self->group));
}

/* In a process of another user. */
static void as_nobody(struct __test_metadata *_metadata,
		      void (*run)(struct __test_metadata *_metadata))
{
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(99);
		run(_metadata);
		_exit(_metadata->exit_code ? 1 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Reading is open to all, in a process of its own contexts. */
static void check_denied(struct __test_metadata *_metadata)
{
	struct _test_data_p2p own = { 0 };

	EXPECT_EQ(S_OK, PeerGroupOpen(NULL, L"test", NULL, &own.group));
	EXPECT_EQ(0, active(_metadata, &own, 0));
	EXPECT_EQ(E_ACCESSDENIED, PeerGroupDelete(NULL, L"test"));
}

TEST_F(p2p, no_permission)
{
	as_nobody(_metadata, check_denied);
	EXPECT_EQ(0, active(_metadata, self, 0));
}

TEST_F(p2p, status)
{
	struct pair pair;
	DWORD status = 7;

	EXPECT_EQ(S_OK, PeerGroupGetStatus(self->group, &status));
	EXPECT_EQ(0, status);
	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	attach(_metadata, self, pair.client, PG_TYPE_DIRECT, NULL);
	EXPECT_EQ(S_OK, PeerGroupGetStatus(self->group, &status));
	EXPECT_EQ(PEER_GROUP_STATUS_HAS_CONNECTIONS, status);
	attach(_metadata, self, pair.server, PG_TYPE_NEIGHBOR, NULL);
	close(pair.client);
	EXPECT_EQ(S_OK, PeerGroupGetStatus(self->group, &status));
	EXPECT_EQ(0, status);
}

TEST_F(p2p, enum_groups)
{
	const struct pg_group_spec spec = {
		.size = sizeof(spec), .name = "second", .label = "Friends",
	};
	const PEER_NAME_PAIR *pair;
	uint32_t id;

	ASSERT_EQ(0, pg_group_add(self->ctx, &spec, &id, NULL));
	ASSERT_EQ(S_OK, PeerEnumGroups(NULL, &self->peer_enum));
	take_all(_metadata, self);
	ASSERT_EQ(2, self->count);
	pair = self->items[0];
	EXPECT_EQ(24, pair->dwSize);
	EXPECT_EQ(0, wcscmp(L"test", pair->pwzPeerName));
	EXPECT_EQ(0, wcscmp(L"test", pair->pwzFriendlyName));
	pair = self->items[1];
	EXPECT_EQ(0, wcscmp(L"second", pair->pwzPeerName));
	EXPECT_EQ(0, wcscmp(L"Friends", pair->pwzFriendlyName));

	ASSERT_EQ(S_OK, PeerGroupDelete(NULL, L"test"));
	ASSERT_EQ(S_OK, PeerEnumGroups(NULL, &self->peer_enum));
	EXPECT_EQ(S_OK, PeerGetItemCount(self->peer_enum, &self->count));
	EXPECT_EQ(1, self->count);
	self->peer_enum = JUNK;
	EXPECT_EQ(E_INVALIDARG, PeerEnumGroups(L"\xdc00", &self->peer_enum));
	EXPECT_EQ(NULL, self->peer_enum);
}

/*
 * Connections
 */

TEST_F(p2p, group_without_connections)
{
	ASSERT_EQ(S_OK, enumerate(self, 0));
	self->count = 7;
	EXPECT_EQ(S_OK, PeerGetItemCount(self->peer_enum, &self->count));
	EXPECT_EQ(0, self->count);
	self->count = 7;
	self->items = JUNK;
	EXPECT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
					&self->items));
	EXPECT_EQ(0, self->count);
	EXPECT_EQ(NULL, self->items);
	EXPECT_EQ(S_OK, PeerEndEnumeration(self->peer_enum));
	PeerFreeData(NULL);
}

static void check_item(struct __test_metadata *_metadata,
		       const PEER_CONNECTION_INFO *info, int fd, uint64_t id,
		       DWORD type, const wchar_t *peer_id)
{
	struct sockaddr_in6 remote = remote_of(fd);

	EXPECT_EQ(64, info->dwSize);
	EXPECT_EQ(type, info->dwFlags);
	EXPECT_EQ(id, info->ullConnectionId);
	EXPECT_EQ((ULONGLONG)fd, info->ullNodeId);
	EXPECT_EQ(0, wcscmp(peer_id, info->pwzPeerId)) {
		TH_LOG("peer id: %ls", info->pwzPeerId);
	}
	EXPECT_EQ(32, info->address.dwSize);
	EXPECT_EQ(AF_INET6, info->address.sin6.sin6_family);
	EXPECT_EQ(remote.sin6_port, info->address.sin6.sin6_port);
	EXPECT_EQ(0, info->address.sin6.sin6_flowinfo);
	EXPECT_EQ(0, info->address.sin6.sin6_scope_id);
	EXPECT_EQ(0, memcmp(&remote.sin6_addr, &info->address.sin6.sin6_addr,
			    16));
}

/* Both families, both types, both directions, in order of creation. */
TEST_F(p2p, items)
{
	static const struct {
		enum pair_kind kind;
		const wchar_t *peer_id;
	} kinds[] = {
		{ PAIR_IPV4, L"127.0.0.1" },
		{ PAIR_IPV6, L"::1" },
		{ PAIR_MAPPED, L"127.0.0.1" },
	};
	struct pair pairs[3];
	uint64_t ids[6];
	size_t i;

	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(pair_open(kinds[i].kind, &pairs[i]));
		ids[2 * i] = attach(_metadata, self, pairs[i].client,
				    PG_TYPE_NEIGHBOR, NULL);
		ids[2 * i + 1] = attach(_metadata, self, pairs[i].server,
					PG_TYPE_DIRECT, "\xe2\x82\xac name");
	}

	dumps = 0;
	ASSERT_EQ(S_OK, enumerate(self, 0));
	EXPECT_EQ(1, dumps);
	take_all(_metadata, self);
	ASSERT_EQ(6, self->count);
	EXPECT_EQ(1, dumps);
	for (i = 0; i < 3; i++) {
		check_item(_metadata, item(self, 2 * i), pairs[i].client,
			   ids[2 * i], PEER_CONNECTION_NEIGHBOR,
			   kinds[i].peer_id);
		check_item(_metadata, item(self, 2 * i + 1), pairs[i].server,
			   ids[2 * i + 1], PEER_CONNECTION_DIRECT,
			   L"\u20ac name");
	}
}

TEST_F(p2p, portions)
{
	enum { N = 300 };
	static struct pair pairs[N];
	static uint64_t ids[N];
	unsigned int seen = 0, i;
	ULONG total;

	attach_pairs(_metadata, self, pairs, N, ids);
	ASSERT_EQ(S_OK, enumerate(self, 0));
	for (i = 1; seen < N; i++) {
		self->count = i;
		ASSERT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
						&self->items));
		ASSERT_EQ(i < N - seen ? i : N - seen, self->count);
		while (self->count) {
			EXPECT_EQ(ids[seen++],
				  item(self, i - self->count)->ullConnectionId);
			self->count--;
			if (seen == N)
				break;
		}
		PeerFreeData(self->items);
		EXPECT_EQ(S_OK, PeerGetItemCount(self->peer_enum, &total));
		EXPECT_EQ(N, total);
	}

	for (i = 0; i < 2; i++) {
		self->count = 1;
		self->items = JUNK;
		EXPECT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
						&self->items));
		EXPECT_EQ(0, self->count);
		EXPECT_EQ(NULL, self->items);
	}
}

TEST_F(p2p, bad_pointers_leave_the_cursor)
{
	struct pair pairs[2];
	uint64_t ids[2];
	PVOID *items = JUNK;

	attach_pairs(_metadata, self, pairs, 2, ids);
	ASSERT_EQ(S_OK, enumerate(self, 0));
	EXPECT_EQ(E_INVALIDARG, PeerGetItemCount(self->peer_enum, NULL));
	EXPECT_EQ(E_INVALIDARG,
		  PeerGetNextItem(self->peer_enum, NULL, &items));
	EXPECT_EQ(NULL, items);
	self->count = 2;
	EXPECT_EQ(E_INVALIDARG,
		  PeerGetNextItem(self->peer_enum, &self->count, NULL));
	EXPECT_EQ(0, self->count);
	/* None asked for is none given. */
	items = JUNK;
	EXPECT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
					&items));
	EXPECT_EQ(NULL, items);

	self->count = 100;
	ASSERT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
					&self->items));
	ASSERT_EQ(2, self->count);
	EXPECT_EQ(ids[0], item(self, 0)->ullConnectionId);
}

TEST_F(p2p, arrays_outlive_everything)
{
	struct pair pairs[2];
	uint64_t ids[2];
	PVOID *first;

	attach_pairs(_metadata, self, pairs, 2, ids);
	ASSERT_EQ(S_OK, enumerate(self, 0));
	self->count = 1;
	ASSERT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
					&first));
	ASSERT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
					&self->items));
	EXPECT_EQ(S_OK, PeerEndEnumeration(self->peer_enum));
	EXPECT_EQ(S_OK, PeerGroupDelete(NULL, L"test"));
	EXPECT_EQ(S_OK, PeerGroupShutdown());
	EXPECT_EQ(ids[0],
		  ((PEER_CONNECTION_INFO *)first[0])->ullConnectionId);
	PeerFreeData(first);
	EXPECT_EQ(ids[1], item(self, 0)->ullConnectionId);
	EXPECT_EQ(0, wcscmp(L"::1", item(self, 0)->pwzPeerId));
}

/* An enumeration is what was; the next one is what is. */
TEST_F(p2p, snapshot_and_live)
{
	struct pair pairs[4];
	uint64_t ids[4];

	attach_pairs(_metadata, self, pairs, 4, ids);
	ASSERT_EQ(S_OK, enumerate(self, 0));
	close(pairs[0].client);
	shutdown(pairs[1].server, SHUT_WR);
	reset(pairs[2].server);
	take_all(_metadata, self);
	EXPECT_EQ(4, self->count);

	ASSERT_EQ(S_OK, enumerate(self, 0));
	take_all(_metadata, self);
	ASSERT_EQ(1, self->count);
	EXPECT_EQ(ids[3], item(self, 0)->ullConnectionId);
}

TEST_F(p2p, readable_without_its_group)
{
	struct pair pairs[3];
	uint64_t ids[3];

	attach_pairs(_metadata, self, pairs, 3, ids);
	ASSERT_EQ(S_OK, enumerate(self, 0));
	EXPECT_EQ(S_OK, PeerGroupClose(self->group));
	EXPECT_EQ(S_OK, PeerGroupDelete(NULL, L"test"));
	take_all(_metadata, self);
	EXPECT_EQ(3, self->count);
}

TEST_F(p2p, generation)
{
	struct pg_attach sock = { .size = sizeof(sock) };
	struct pair pair;
	uint64_t attached, detached, id;

	ASSERT_TRUE(pair_open(PAIR_IPV6, &pair));
	sock.fd = pair.client;
	ASSERT_EQ(0, pg_conn_attach(self->ctx, self->id, &sock, 1, &id,
				    &attached, NULL));
	ASSERT_EQ(S_OK, enumerate(self, 0));
	EXPECT_EQ(attached, pg_enum_generation(self->peer_enum));
	ASSERT_EQ(0, pg_conn_detach(self->ctx, 0, id, &detached));
	EXPECT_EQ(attached, pg_enum_generation(self->peer_enum));
	ASSERT_EQ(S_OK, enumerate(self, 0));
	EXPECT_EQ(detached, pg_enum_generation(self->peer_enum));
	EXPECT_EQ(attached + 1, detached);
}

TEST_F(p2p, groups_are_separate)
{
	const struct pg_group_spec spec = { sizeof(spec), .name = "other" };
	struct pair pair;
	HGROUP group;

	ASSERT_TRUE(pair_open(PAIR_IPV4, &pair));
	attach(_metadata, self, pair.client, PG_TYPE_ANY, NULL);
	ASSERT_EQ(0, pg_group_add(self->ctx, &spec, &self->id, NULL));
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"other", NULL, &group));
	EXPECT_EQ(self->id, pg_group_from_handle(group));
	self->group = group;
	EXPECT_EQ(0, active(_metadata, self, 0));
	attach(_metadata, self, pair.client, PG_TYPE_ANY, NULL);
	EXPECT_EQ(1, active(_metadata, self, 0));
}

/*
 * Threads, processes, namespaces
 */

#define THREADS 8
#define ROUNDS 200

/* What each thread does on the group that all share. */
static void *work(void *arg)
{
	struct _test_data_p2p *shared = arg;
	struct _test_data_p2p own = { .group = shared->group };
	PPEER_GROUP_PROPERTIES props = NULL;
	HGROUP group;
	bool ok = true;
	int i;

	for (i = 0; ok && i < ROUNDS; i++) {
		own.count = 3;
		ok = enumerate(&own, 0) == S_OK &&
		     PeerGetNextItem(own.peer_enum, &own.count,
				     &own.items) == S_OK &&
		     own.count == 3 &&
		     PeerEndEnumeration(own.peer_enum) == S_OK &&
		     PeerEndEnumeration(own.peer_enum) == E_INVALIDARG &&
		     PeerGroupOpen(NULL, L"test", NULL, &group) == S_OK &&
		     PeerGroupGetProperties(group, &props) == S_OK &&
		     PeerGroupClose(group) == S_OK &&
		     PeerGroupClose(group) == PEER_E_INVALID_GROUP;
		PeerFreeData(own.items);
		PeerFreeData(props);
		props = NULL;
	}
	return ok ? arg : NULL;
}

TEST_F_TIMEOUT(p2p, threads, 120)
{
	pthread_t threads[THREADS];
	struct pair pairs[3];
	uint64_t ids[3];
	void *ok;
	int i;

	attach_pairs(_metadata, self, pairs, 3, ids);
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, work, self));
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &ok));
		EXPECT_NE(NULL, ok);
	}
}

/* Threads that share one enumeration get each item once. */
static void *share(void *arg)
{
	struct _test_data_p2p *shared = arg;
	ULONG count, taken = 0;
	PVOID *items;

	do {
		count = 1;
		if (PeerGetNextItem(shared->peer_enum, &count, &items))
			return NULL;
		taken += count;
		PeerFreeData(items);
	} while (count);
	return (void *)(uintptr_t)(taken + 1);
}

TEST_F(p2p, shared_enumeration)
{
	enum { N = 200 };
	static struct pair pairs[N];
	static uint64_t ids[N];
	pthread_t threads[THREADS];
	unsigned int total = 0;
	void *taken;
	int i;

	attach_pairs(_metadata, self, pairs, N, ids);
	ASSERT_EQ(S_OK, enumerate(self, 0));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, share, self));
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &taken));
		ASSERT_NE(NULL, taken);
		total += (uintptr_t)taken - 1;
	}
	EXPECT_EQ(N, total);
}

TEST_F(p2p, child_process)
{
	struct pair pairs[3];
	uint64_t ids[3];
	int status, i;
	pid_t pid;

	attach_pairs(_metadata, self, pairs, 3, ids);
	ASSERT_EQ(S_OK, enumerate(self, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	/* Both at once: a socket in common would mix up the answers. */
	for (i = 0; i < 200; i++)
		EXPECT_EQ(3, active(_metadata, self, 0));
	if (!pid)
		_exit(_metadata->exit_code ? 1 : 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static void *elsewhere(void *arg)
{
	struct _test_data_p2p *self = arg;
	PEER_VERSION_DATA version;
	HRESULT hr = E_UNEXPECTED;

	if (!own_netns())
		return NULL;
	/* An idle context of the namespace that was chosen. */
	if (enumerate(self, 0) == S_OK)
		hr = PeerGroupShutdown();
	/* The last user is gone, so it is chosen anew. */
	if (hr == S_OK)
		hr = PeerGroupStartup(PEER_GROUP_VERSION, &version);
	if (hr == S_OK)
		hr = PeerEnumGroups(NULL, &self->peer_enum);
	return hr == S_OK ? arg : NULL;
}

TEST_F(p2p, thread_in_another_namespace)
{
	pthread_t thread;
	void *ok;

	ASSERT_EQ(0, pthread_create(&thread, NULL, elsewhere, self));
	ASSERT_EQ(0, pthread_join(thread, &ok));
	ASSERT_NE(NULL, ok);
	EXPECT_EQ(S_OK, PeerGetItemCount(self->peer_enum, &self->count));
	EXPECT_EQ(0, self->count);
}

TEST_HARNESS_MAIN
