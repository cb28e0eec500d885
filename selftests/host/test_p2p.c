// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Windows interface against the fake kernel: packing, retries, limits,
 * and that no allocation may fail unnoticed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <p2p.h>
#include <peergroup.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "fake.h"
#include <kselftest_harness.h>

#define CONNS 20

FIXTURE(p2p) {
	HGROUP group;
	HPEERENUM peer_enum;
	ULONG count;
	PVOID *items;
};

FIXTURE_SETUP(p2p)
{
	PEER_VERSION_DATA version;

	fake_reset();
	fake_add("first", CONNS);
	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	EXPECT_EQ(0x0101, version.wVersion);
	EXPECT_EQ(0x0101, version.wHighestVersion);
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"first", NULL, &self->group));
	self->peer_enum = NULL;
	self->items = NULL;
}

FIXTURE_TEARDOWN(p2p)
{
	PeerFreeData(self->items);
	EXPECT_EQ(S_OK, PeerGroupShutdown());
	EXPECT_EQ(E_UNEXPECTED, PeerGroupShutdown());
	/* The table of handles stays. */
	EXPECT_GE(1, alloc_live());
}

static HRESULT enumerate(struct _test_data_p2p *self, DWORD flags)
{
	return PeerGroupEnumConnections(self->group, flags, &self->peer_enum);
}

static void check_conn(struct __test_metadata *_metadata,
		       const PEER_CONNECTION_INFO *info, unsigned int i)
{
	const unsigned char *addr = info->address.sin6.sin6_addr.s6_addr;

	EXPECT_EQ(64, info->dwSize);
	EXPECT_EQ(fake_conn_type(i), info->dwFlags);
	EXPECT_EQ(fake_conn_id(i), info->ullConnectionId);
	EXPECT_EQ(i, info->ullNodeId);
	EXPECT_EQ(32, info->address.dwSize);
	EXPECT_EQ(AF_INET6, info->address.sin6.sin6_family);
	EXPECT_EQ(htons(1000 + i), info->address.sin6.sin6_port);
	if (fake_conn_is_ipv4(i)) {
		EXPECT_EQ(0, memcmp(addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2",
				    15));
		EXPECT_EQ(i, addr[15]);
		EXPECT_EQ(0, info->address.sin6.sin6_scope_id);
	} else {
		EXPECT_EQ(3, info->address.sin6.sin6_scope_id);
	}
}

static void check_peer_id(struct __test_metadata *_metadata,
			  const PEER_CONNECTION_INFO *info, unsigned int i)
{
	wchar_t expected[32];

	if (fake_conn_has_peer_id(i))
		wcscpy(expected, L"peer \u20ac");
	else if (fake_conn_is_ipv4(i))
		swprintf(expected, 32, L"192.0.2.%u", i);
	else
		wcscpy(expected, L"fe80::1%3");
	EXPECT_EQ(0, wcscmp(expected, info->pwzPeerId));
}

TEST_F(p2p, items)
{
	unsigned int i;

	ASSERT_EQ(S_OK, enumerate(self, 0));
	EXPECT_EQ(1, fake.dumps);
	EXPECT_EQ(fake.generation, pg_enum_generation(self->peer_enum));
	ASSERT_EQ(S_OK, PeerGetItemCount(self->peer_enum, &self->count));
	ASSERT_EQ(CONNS, self->count);
	ASSERT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
					&self->items));
	ASSERT_EQ(CONNS, self->count);
	/* Arrays outlive what they came from. */
	EXPECT_EQ(S_OK, PeerEndEnumeration(self->peer_enum));
	for (i = 0; i < CONNS; i++) {
		check_conn(_metadata, self->items[i], i);
		check_peer_id(_metadata, self->items[i], i);
	}
}

TEST_F(p2p, one_allocation)
{
	long live;

	ASSERT_EQ(S_OK, enumerate(self, 0));
	self->count = CONNS;
	live = alloc_live();
	ASSERT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
					&self->items));
	EXPECT_EQ(live + 1, alloc_live());
	PeerFreeData(self->items);
	EXPECT_EQ(live, alloc_live());
	self->items = NULL;
}

TEST_F(p2p, portions)
{
	unsigned int seen = 0, i;

	ASSERT_EQ(S_OK, enumerate(self, 3));
	do {
		self->count = 7;
		ASSERT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
						&self->items));
		for (i = 0; i < self->count; i++)
			check_conn(_metadata, self->items[i], seen++);
		PeerFreeData(self->items);
		/* Zero asked for is zero given, at no cost to the rest. */
		self->count = 0;
		self->items = (PVOID *)self;
		ASSERT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
						&self->items));
		EXPECT_EQ(0, self->count);
		EXPECT_EQ(NULL, self->items);
	} while (seen < CONNS);

	self->count = 1;
	EXPECT_EQ(S_OK, PeerGetNextItem(self->peer_enum, &self->count,
					&self->items));
	EXPECT_EQ(0, self->count);
	EXPECT_EQ(NULL, self->items);
	EXPECT_EQ(S_OK, PeerGetItemCount(self->peer_enum, &self->count));
	EXPECT_EQ(CONNS, self->count);
}

TEST_F(p2p, types)
{
	ASSERT_EQ(S_OK, enumerate(self, PEER_CONNECTION_DIRECT));
	EXPECT_EQ(PEER_CONNECTION_DIRECT, fake.type);
	PeerGetItemCount(self->peer_enum, &self->count);
	EXPECT_EQ(CONNS / 4, self->count);
	ASSERT_EQ(S_OK, enumerate(self, PEER_CONNECTION_NEIGHBOR));
	PeerGetItemCount(self->peer_enum, &self->count);
	EXPECT_EQ(CONNS - CONNS / 4, self->count);
	ASSERT_EQ(S_OK, enumerate(self, 3));
	EXPECT_EQ(0, fake.type);
}

TEST_F(p2p, retries)
{
	fake.stale = 7;
	ASSERT_EQ(S_OK, enumerate(self, 0));
	EXPECT_EQ(8, fake.dumps);
	PeerGetItemCount(self->peer_enum, &self->count);
	EXPECT_EQ(CONNS, self->count);

	fake.stale = 8;
	EXPECT_EQ((HRESULT)0x800704d5, enumerate(self, 0));
	EXPECT_EQ(NULL, self->peer_enum);
	EXPECT_EQ(16, fake.dumps);
}

TEST_F(p2p, errors_of_the_kernel)
{
	static const struct {
		int err;
		uint32_t hr;
	} table[] = {
		{ EPERM, 0x80070005 }, { ENOMEM, 0x8007000e },
		{ EINVAL, 0x80070057 }, { EOPNOTSUPP, 0x8000ffff },
	};
	DWORD status = 9;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		fake.refuse = table[i].err;
		EXPECT_EQ(table[i].hr, (uint32_t)enumerate(self, 0));
		EXPECT_EQ(NULL, self->peer_enum);
		fake.refuse = table[i].err;
		EXPECT_EQ(table[i].hr,
			  (uint32_t)PeerGroupGetStatus(self->group, &status));
		EXPECT_EQ(0, status);
	}
	fake.lose = 1;
	EXPECT_EQ(E_UNEXPECTED, enumerate(self, 0));
}

TEST_F(p2p, module_reloaded)
{
	PEER_VERSION_DATA version;
	HGROUP other;
	DWORD status;

	ASSERT_EQ(S_OK, enumerate(self, 0));
	fake_reload();
	fake_add("other", 3);	/* has the id that "first" had */
	EXPECT_EQ(PEER_E_INVALID_GROUP, enumerate(self, 0));
	EXPECT_EQ(PEER_E_INVALID_GROUP,
		  PeerGroupGetStatus(self->group, &status));

	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"other", NULL, &other));
	EXPECT_EQ(0, pg_group_from_handle(self->group));
	EXPECT_EQ(1, pg_group_from_handle(other));
	EXPECT_EQ(PEER_E_INVALID_GROUP, enumerate(self, 0));
	EXPECT_EQ(S_OK, PeerGroupGetStatus(other, &status));

	/* Deleting the new one leaves the old one's handle alone. */
	EXPECT_EQ(S_OK, PeerGroupDelete(NULL, L"other"));
	EXPECT_EQ(0, pg_group_from_handle(other));
	EXPECT_EQ(S_OK, PeerGroupClose(self->group));

	fake.loaded = false;
	EXPECT_EQ(E_UNEXPECTED, PeerGroupOpen(NULL, L"x", NULL, &other));
	EXPECT_EQ((HRESULT)0x8007042c,
		  PeerGroupStartup(PEER_GROUP_VERSION, &version));
}

TEST_F(p2p, id_of_a_deleted_group)
{
	EXPECT_EQ(1, pg_group_from_handle(self->group));
	fake.groups[0].id = 0;	/* by another process */
	EXPECT_EQ(0, pg_group_from_handle(self->group));
	fake.loaded = false;
	EXPECT_EQ(0, pg_group_from_handle(self->group));
}

/* In a child process: no handle may mean another namespace's group. */
static int look_around_elsewhere(HGROUP group)
{
	PEER_VERSION_DATA version;
	HPEERENUM peer_enum;
	HGROUP other;
	DWORD status;

	fake.netns = 2;
	if (PeerGroupGetStatus(group, &status) != PEER_E_INVALID_GROUP ||
	    PeerGroupEnumConnections(group, 0, &peer_enum) !=
	    PEER_E_INVALID_GROUP ||
	    pg_group_from_handle(group) ||
	    PeerGroupOpen(NULL, L"first", NULL, &other) != E_UNEXPECTED)
		return 1;

	PeerGroupShutdown();
	if (PeerGroupStartup(PEER_GROUP_VERSION, &version) ||
	    PeerGroupGetStatus(group, &status) != PEER_E_INVALID_GROUP ||
	    PeerGroupOpen(NULL, L"first", NULL, &other) ||
	    !pg_group_from_handle(other))
		return 2;
	return 0;
}

TEST_F(p2p, child_in_another_namespace)
{
	pid_t pid;
	int status;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(look_around_elsewhere(self->group));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, pg_group_from_handle(self->group));
}

static void *take_locks(void *arg)
{
	atomic_bool *stop = arg;
	PEER_VERSION_DATA version;
	HGROUP bad = NULL;

	while (!*stop) {
		PeerGroupStartup(0, &version);
		PeerGroupClose(bad);
		PeerEndEnumeration(bad);
	}
	return NULL;
}

/* Locks that other threads hold when this one forks are free in the child. */
TEST_F(p2p, fork_among_threads)
{
	atomic_bool stop = false;
	pthread_t threads[2];
	DWORD bits;
	pid_t pid;
	int i, status;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, take_locks,
					    &stop));
	for (i = 0; i < 100; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			alarm(10);
			_exit(PeerGroupGetStatus(self->group, &bits));
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
	}
	stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/* A context in which an answer may be on its way is not used again. */
TEST_F(p2p, broken_context_is_closed)
{
	long live;
	DWORD status;

	ASSERT_EQ(S_OK, PeerGroupGetStatus(self->group, &status));
	live = alloc_live();
	fake.fail_receive = ENOBUFS;
	EXPECT_EQ(E_OUTOFMEMORY, PeerGroupGetStatus(self->group, &status));
	EXPECT_GT(live, alloc_live());
	EXPECT_EQ(S_OK, PeerGroupGetStatus(self->group, &status));
}

TEST_F(p2p, create_limits)
{
	PEER_GROUP_PROPERTIES props = { .dwSize = sizeof(props) };
	wchar_t text[260];
	HGROUP group;

	wmemset(text, 0xfffd, 260);
	text[149] = L'\0';
	props.pwzClassifier = text;
	EXPECT_EQ(S_OK, PeerGroupCreate(&props, &group));
	text[149] = L'x';
	text[150] = L'\0';
	EXPECT_EQ(PEER_E_INVALID_CLASSIFIER, PeerGroupCreate(&props, &group));
	EXPECT_EQ(NULL, group);
	props.pwzClassifier = NULL;

	wmemset(text, 0xfffd, 260);
	text[255] = L'\0';
	props.pwzFriendlyName = text;
	props.pwzComment = text;
	EXPECT_EQ(S_OK, PeerGroupCreate(&props, &group));
	EXPECT_EQ(255 * 3, strlen(fake.groups[2].label));
	text[254] = 0x10000;	/* two units */
	EXPECT_EQ(PEER_E_INVALID_GROUP_PROPERTIES,
		  PeerGroupCreate(&props, &group));
	props.pwzFriendlyName = NULL;
	EXPECT_EQ(PEER_E_INVALID_GROUP_PROPERTIES,
		  PeerGroupCreate(&props, &group));
}

/*
 * One call of each function, as a program would make them; those of secured
 * groups are in test_member.c.
 */
static HRESULT everything(void)
{
	PPEER_GROUP_PROPERTIES got = NULL;
	HGROUP second = NULL, opened = NULL;
	HPEERENUM conns = NULL, groups = NULL;
	PVOID *items = NULL;
	ULONG count = 5;
	DWORD status;
	HRESULT hr;

	hr = PeerGroupOpen(NULL, L"second", NULL, &second);
	if (SUCCEEDED(hr))
		hr = PeerGroupOpen(NULL, L"first", NULL, &opened);
	if (SUCCEEDED(hr))
		hr = PeerGroupGetStatus(opened, &status);
	if (SUCCEEDED(hr))
		hr = PeerGroupGetProperties(second, &got);
	if (SUCCEEDED(hr))
		hr = PeerGroupEnumConnections(opened, 0, &conns);
	if (SUCCEEDED(hr))
		hr = PeerEnumGroups(NULL, &groups);
	if (SUCCEEDED(hr))
		hr = PeerGetNextItem(conns, &count, &items);
	if (SUCCEEDED(hr) && count != 5)
		hr = E_UNEXPECTED;
	if (SUCCEEDED(hr))
		hr = PeerGroupDelete(NULL, got->pwzGroupPeerName);

	PeerFreeData(items);
	PeerFreeData(got);
	PeerEndEnumeration(conns);
	PeerEndEnumeration(groups);
	PeerGroupClose(opened);
	PeerGroupClose(second);
	return hr;
}

static HRESULT in_a_new_process(void)
{
	PEER_VERSION_DATA version;
	HRESULT hr;

	fake_reset();
	fake_add("first", CONNS);
	fake_add("second", 0);
	hr = PeerGroupStartup(PEER_GROUP_VERSION, &version);
	if (FAILED(hr))
		return hr;
	hr = everything();
	PeerGroupShutdown();
	return hr;
}

TEST(every_allocation_fails_once)
{
	unsigned int n = 0;
	HRESULT hr;

	/* Fill the table of handles, which stays. */
	ASSERT_EQ(S_OK, in_a_new_process());
	ASSERT_EQ(1, alloc_live());
	do {
		alloc_fail(++n);
		hr = in_a_new_process();
		EXPECT_EQ(alloc_failed() ? E_OUTOFMEMORY : S_OK, hr) {
			TH_LOG("allocation %u", n);
		}
		EXPECT_EQ(1, alloc_live()) {
			TH_LOG("allocation %u leaks", n);
		}
	} while (alloc_failed());
	TH_LOG("%u allocations", n - 1);
	EXPECT_LT(20, n);
}

/* The first handles, for which the table itself is allocated. */
TEST(first_handle_fails)
{
	unsigned int n = 0;
	HRESULT hr;

	do {
		alloc_fail(++n);
		hr = in_a_new_process();
	} while (hr == E_OUTOFMEMORY);
	EXPECT_EQ(S_OK, hr);
	EXPECT_FALSE(alloc_failed());
}

TEST(cursor_stays_without_memory)
{
	PEER_VERSION_DATA version;
	HPEERENUM peer_enum;
	HGROUP group;
	ULONG count = CONNS;
	PVOID *items = (PVOID *)&items;

	fake_reset();
	fake_add("first", CONNS);
	ASSERT_EQ(S_OK, PeerGroupStartup(MAKEWORD(1, 0), &version));
	EXPECT_EQ(0x0001, version.wVersion);
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"first", NULL, &group));
	ASSERT_EQ(S_OK, PeerGroupEnumConnections(group, 0, &peer_enum));
	alloc_fail(1);
	EXPECT_EQ(E_OUTOFMEMORY, PeerGetNextItem(peer_enum, &count, &items));
	EXPECT_EQ(0, count);
	EXPECT_EQ(NULL, items);
	count = CONNS;
	EXPECT_EQ(S_OK, PeerGetNextItem(peer_enum, &count, &items));
	EXPECT_EQ(CONNS, count);
	PeerFreeData(items);
	PeerGroupShutdown();
}

TEST_HARNESS_MAIN
