// SPDX-License-Identifier: GPL-2.0-only
/*
 * Identities when a process dies at any call by which it changes the store: what
 * is there afterwards is what was there, or what was to be there, and whoever
 * comes next goes on.
 */
#include <p2p.h>
#include <peergroup.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "crash.h"
#include "home.h"
#include <kselftest_harness.h>

#define NAME_MAX_LEN 192

FIXTURE(identity) {
	struct home home;
	wchar_t first[NAME_MAX_LEN];	/* there before */
	PWSTR text;			/* its export */
};

FIXTURE_SETUP(identity)
{
	PWSTR name;

	setenv("PEERGROUP_PROFILE", "windows", 1);
	self->text = NULL;
	ASSERT_TRUE(home_make(&self->home));
	ASSERT_EQ(S_OK, PeerIdentityCreate(L"first", L"First", 0, &name));
	wcscpy(self->first, name);
	PeerFreeData(name);
	ASSERT_EQ(S_OK, PeerIdentityExport(self->first, L"x", &self->text));
}

FIXTURE_TEARDOWN(identity)
{
	PeerFreeData(self->text);
	home_remove(&self->home);
}

/* What is in the store: one letter an identity, as its friendly name has it. */
static bool store_is(const char *letters)
{
	PVOID *items = NULL;
	char seen[8] = "";
	HPEERENUM list;
	bool same;
	ULONG i, n;

	if (PeerEnumIdentities(&list) || PeerGetItemCount(list, &n) || n > 4 ||
	    PeerGetNextItem(list, &n, &items))
		return false;
	for (i = 0; i < n; i++)
		seen[i] = ((PEER_NAME_PAIR *)items[i])->pwzFriendlyName[0];
	same = strlen(seen) == strlen(letters) &&
	       strspn(seen, letters) == strlen(letters);
	PeerFreeData(items);
	PeerEndEnumeration(list);
	return same;
}

/* Whoever comes next finds a store that works, and leaves it clean. */
static bool goes_on(const FIXTURE_DATA(identity) *self)
{
	PWSTR name;

	return PeerIdentityCreate(NULL, L"Next", 0, &name) == S_OK &&
	       PeerIdentityDelete(name) == S_OK &&
	       !home_leftovers(&self->home);
}

/* The store as it was at first. */
static void put_back(const FIXTURE_DATA(identity) *self)
{
	PWSTR name;

	home_remove(&self->home);
	mkdir(self->home.top, 0700);
	PeerIdentityImport(self->text, L"x", &name);
}

static void with_first(void *arg)
{
	put_back(arg);
}

static void with_nothing(void *arg)
{
	const FIXTURE_DATA(identity) *self = arg;

	home_remove(&self->home);
	mkdir(self->home.top, 0700);
}

static _Bool create(void *arg)
{
	PWSTR name;

	(void)arg;
	return PeerIdentityCreate(L"second", L"Second", 0, &name) == S_OK;
}

static _Bool created(void *arg, _Bool dead)
{
	return (store_is("FS") || (dead && store_is("F"))) && goes_on(arg);
}

TEST_F_TIMEOUT(identity, create, 120)
{
	struct crash_test test = { with_first, create, created, self };

	EXPECT_LT(15, crash_everywhere(&test));
}

static _Bool rename_first(void *arg)
{
	const FIXTURE_DATA(identity) *self = arg;

	return PeerIdentitySetFriendlyName(self->first, L"Renamed") == S_OK;
}

static _Bool renamed(void *arg, _Bool dead)
{
	return (store_is("R") || (dead && store_is("F"))) && goes_on(arg);
}

TEST_F_TIMEOUT(identity, rename, 120)
{
	struct crash_test test = { with_first, rename_first, renamed, self };

	EXPECT_LT(15, crash_everywhere(&test));
}

static _Bool delete(void *arg)
{
	const FIXTURE_DATA(identity) *self = arg;

	return PeerIdentityDelete(self->first) == S_OK;
}

static _Bool deleted(void *arg, _Bool dead)
{
	return (store_is("") || (dead && store_is("F"))) && goes_on(arg);
}

TEST_F_TIMEOUT(identity, delete, 120)
{
	struct crash_test test = { with_first, delete, deleted, self };

	EXPECT_LT(10, crash_everywhere(&test));
}

static _Bool import(void *arg)
{
	const FIXTURE_DATA(identity) *self = arg;
	PWSTR name;

	return PeerIdentityImport(self->text, L"x", &name) == S_OK;
}

static _Bool imported(void *arg, _Bool dead)
{
	return (store_is("F") || (dead && store_is(""))) && goes_on(arg);
}

TEST_F_TIMEOUT(identity, import, 120)
{
	struct crash_test test = { with_nothing, import, imported, self };

	EXPECT_LT(15, crash_everywhere(&test));
}

static _Bool make_default(void *arg)
{
	PWSTR name;

	(void)arg;
	return PeerIdentityGetDefault(&name) == S_OK &&
	       PeerIdentitySetFriendlyName(NULL, L"Default") == S_OK;
}

static ULONG identities(void)
{
	HPEERENUM list;
	ULONG n = ~0U;

	if (PeerEnumIdentities(&list) == S_OK)
		PeerGetItemCount(list, &n);
	PeerEndEnumeration(list);
	return n;
}

/* One that is not the default one would never be used. */
static _Bool default_made(void *arg, _Bool dead)
{
	ULONG n = identities();
	PWSTR name;

	if (n != 1 && !(dead && n == 0))
		return false;
	return PeerIdentityGetDefault(&name) == S_OK && identities() == 1 &&
	       goes_on(arg);
}

TEST_F_TIMEOUT(identity, make_default, 240)
{
	struct crash_test test = {
		with_nothing, make_default, default_made, self,
	};

	EXPECT_LT(30, crash_everywhere(&test));
}

TEST_HARNESS_MAIN
