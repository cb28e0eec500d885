// SPDX-License-Identifier: GPL-2.0-only
/*
 * Secured groups, invitations and PeerGroupJoin(), against the fake kernel. Two
 * users are two stores.
 */
#include <errno.h>
#include <glob.h>
#include <linux/peergroup.h>
#include <p2p.h>
#include <peergroup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../own_store.h"
#include "alloc.h"
#include "fake.h"
#include <kselftest_harness.h>

#define JUNK ((void *)0x5a5a5a5a)
#define STRANGER L"6520c005f63fc1864b7d8f3cabebd4916ae7f33d.JohnDoe"

/* A real one, of HomeGroup ([MS-HGRP] 4.1). */
#define PASSWORD_INVITATION \
	L"<PEERINVITATION VERSION=\"1.1\"><CLOUDNAME>LinkLocal_ff00::%10/8</CLOUDNAME><SCOPE>LINKLOCAL</SCOPE><CLOUDFLAGS>1</CLOUDFLAGS><GROUPPEERNAME>2bcba40abd09492eb706b74f8f8932a6efb10979.HomeGroupPeerGroupClassifier</GROUPPEERNAME><GROUPFRIENDLYNAME>HomeGroup Peer Group</GROUPFRIENDLYNAME></PEERINVITATION>"

#define YEAR (365 * 24 * 3600L)

/* Alice has made a group, Bob has an identity. */
FIXTURE(member) {
	PWSTR alice;
	PWSTR bob;
	PWSTR bob_info;
	PWSTR name;		/* of the group */
	HGROUP group;		/* Alice's */
	PWSTR invitation;
	HGROUP joined;		/* Bob's */
};

/* Stores of this test alone. */
static void as(const char *user)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%d", user, getpid());
	own_store_use(name);
}

static PWSTR new_identity(PCWSTR name)
{
	PWSTR identity = NULL;

	return PeerIdentityCreate(name, name, 0, &identity) ? NULL : identity;
}

static PWSTR info_of(PCWSTR identity)
{
	PWSTR info = NULL;

	PeerIdentityGetXML(identity, &info);
	return info;
}

static HRESULT create_group(PCWSTR creator, DWORD size, HGROUP *group)
{
	PEER_GROUP_PROPERTIES props = {
		.dwSize = size,
		.dwFlags = PEER_DISABLE_PRESENCE,
		.pwzCreatorPeerName = (PWSTR)creator,
		.pwzClassifier = (PWSTR)L"friends",
		.pwzFriendlyName = (PWSTR)L"Friends \u20ac",
		.pwzComment = (PWSTR)L"a comment",
		.ulMemberDataLifetime = 28800,
		.ulPresenceLifetime = 301,
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

FIXTURE_SETUP(member)
{
	PEER_VERSION_DATA version;

	fake_reset();
	memset(self, 0, sizeof(*self));
	ASSERT_EQ(S_OK, PeerGroupStartup(PEER_GROUP_VERSION, &version));
	as("bob");
	self->bob = new_identity(L"bob");
	self->bob_info = info_of(self->bob);
	as("alice");
	self->alice = new_identity(L"alice");
	ASSERT_EQ(S_OK, create_group(self->alice, 96, &self->group));
	self->name = name_of(self->group);
	ASSERT_NE(NULL, self->name);
}

FIXTURE_TEARDOWN(member)
{
	free(self->name);
	PeerFreeData(self->alice);
	PeerFreeData(self->bob);
	PeerFreeData(self->bob_info);
	PeerFreeData(self->invitation);
	EXPECT_EQ(S_OK, PeerGroupShutdown());
}

static HRESULT invite(struct _test_data_member *self, const GUID *role)
{
	return PeerGroupCreateInvitation(self->group, self->bob_info, NULL, 1,
					 role, &self->invitation);
}

static HRESULT join(struct _test_data_member *self)
{
	as("bob");
	return PeerGroupJoin(self->bob, self->invitation, NULL, &self->joined);
}

static FILETIME in_seconds(int64_t seconds)
{
	uint64_t units = (time(NULL) + seconds + 11644473600LL) * 10000000LL;

	return (FILETIME){ units, units >> 32 };
}

static void refuse(uint8_t cmd, int err)
{
	fake.refuse = err;
	fake.refuse_cmd = cmd;
}

/* Names in the list of an identity's groups. */
static ULONG groups_of(PCWSTR identity, PCWSTR name, bool *there)
{
	HPEERENUM list;
	PVOID *items;
	ULONG i, n;

	*there = false;
	if (PeerEnumGroups(identity, &list) || PeerGetItemCount(list, &n) ||
	    PeerGetNextItem(list, &n, &items))
		return ~0U;
	for (i = 0; i < n; i++)
		if (!wcscmp(((PEER_NAME_PAIR *)items[i])->pwzPeerName, name))
			*there = true;
	PeerFreeData(items);
	PeerEndEnumeration(list);
	return n;
}

TEST_F(member, properties)
{
	PPEER_GROUP_PROPERTIES props;

	/* Whatever the kernel has been told. */
	strcpy(fake.groups[0].label, "forged");
	strcpy(fake.groups[0].comment, "forged");
	ASSERT_EQ(S_OK, PeerGroupGetProperties(self->group, &props));
	EXPECT_EQ(96, props->dwSize);
	EXPECT_EQ(PEER_DISABLE_PRESENCE, props->dwFlags);
	EXPECT_EQ(0, wcscmp(L"Global_", props->pwzCloud));
	EXPECT_EQ(0, wcscmp(L"friends", props->pwzClassifier));
	EXPECT_EQ(0, wcscmp(L".friends", props->pwzGroupPeerName + 40));
	EXPECT_EQ(0, wcscmp(self->alice, props->pwzCreatorPeerName));
	EXPECT_EQ(0, wcscmp(L"Friends \u20ac", props->pwzFriendlyName));
	EXPECT_EQ(0, wcscmp(L"a comment", props->pwzComment));
	EXPECT_EQ(28800, props->ulMemberDataLifetime);
	EXPECT_EQ(301, props->ulPresenceLifetime);
	EXPECT_EQ(PEER_GROUP_GMC_AUTHENTICATION, props->dwAuthenticationSchemes);
	PeerFreeData(props);
}

/* The kernel's group bears the names, and is made again if it is gone. */
TEST_F(member, kernel_group)
{
	HGROUP again;
	size_t len;

	len = wcstombs(NULL, self->name, 0);
	EXPECT_EQ(len, strlen(fake.groups[0].name));
	EXPECT_STREQ("Friends \xe2\x82\xac", fake.groups[0].label);
	EXPECT_STREQ("a comment", fake.groups[0].comment);

	ASSERT_EQ(S_OK, PeerGroupOpen(self->alice, self->name, NULL, &again));
	EXPECT_EQ(pg_group_from_handle(self->group),
		  pg_group_from_handle(again));
	EXPECT_EQ(S_OK, PeerGroupClose(again));

	fake_reload();
	EXPECT_EQ(0, pg_group_from_handle(self->group));
	ASSERT_EQ(S_OK, PeerGroupOpen(self->alice, self->name, NULL, &again));
	EXPECT_NE(0, pg_group_from_handle(again));
	EXPECT_STREQ("Friends \xe2\x82\xac", fake.groups[0].label);
}

TEST_F(member, open_wants_membership)
{
	HGROUP group = JUNK;
	PWSTR other;

	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerGroupOpen(STRANGER, self->name, NULL, &group));
	EXPECT_EQ(NULL, group);
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerGroupOpen(self->alice, STRANGER, NULL, &group));
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupOpen(L"alice", self->name, NULL, &group));
	/* There is no default identity. */
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerGroupOpen(NULL, self->name, NULL, &group));
	other = new_identity(L"other");
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerGroupOpen(other, self->name, NULL, &group));
	as("bob");
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerGroupOpen(self->bob, self->name, NULL, &group));
	PeerFreeData(other);
}

TEST_F(member, plain_groups_stay_open)
{
	HGROUP group;
	bool there;

	fake_add("plain", 3);
	EXPECT_EQ(S_OK, PeerGroupOpen(NULL, L"plain", NULL, &group));
	EXPECT_EQ(S_OK, PeerGroupOpen(L"anybody", L"plain", NULL, &group));
	EXPECT_EQ(E_INVALIDARG, PeerGroupOpen(L"\xd800", L"plain", NULL,
					      &group));
	/* Members see theirs and the plain ones, others the plain ones. */
	EXPECT_EQ(2, groups_of(self->alice, self->name, &there));
	EXPECT_TRUE(there);
	EXPECT_EQ(1, groups_of(NULL, L"plain", &there));
	EXPECT_TRUE(there);
	as("bob");
	EXPECT_EQ(1, groups_of(self->bob, self->name, &there));
	EXPECT_FALSE(there);
}

TEST_F(member, enum_groups_refuses)
{
	HPEERENUM list = JUNK;

	EXPECT_EQ(PEER_E_NOT_FOUND, PeerEnumGroups(STRANGER, &list));
	EXPECT_EQ(NULL, list);
	EXPECT_EQ(E_INVALIDARG, PeerEnumGroups(L"alice", &list));
	EXPECT_EQ(E_INVALIDARG, PeerEnumGroups(self->alice, NULL));
}

/* Plain groups have nothing to do with a store. */
TEST_F(member, enum_groups_without_store)
{
	HPEERENUM list;
	bool there;

	fake_add("plain", 0);
	ASSERT_EQ(0, chmod(getenv("PEERGROUP_HOME"), 0755));
	EXPECT_EQ(1, groups_of(NULL, L"plain", &there));
	EXPECT_TRUE(there);
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, PeerEnumGroups(self->alice, &list));
	ASSERT_EQ(0, chmod(getenv("PEERGROUP_HOME"), 0700));
}

TEST_F(member, delete)
{
	bool there;

	EXPECT_EQ(PEER_E_GROUPS_EXIST, PeerIdentityDelete(self->alice));
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerGroupDelete(STRANGER, self->name));
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerGroupDelete(NULL, self->name));
	EXPECT_EQ(E_INVALIDARG, PeerGroupDelete(L"alice", self->name));
	EXPECT_EQ(S_OK, PeerGroupDelete(self->alice, self->name));
	EXPECT_EQ(PEER_E_INVALID_GROUP, PeerGroupClose(self->group));
	EXPECT_EQ(0, fake.groups[0].id);
	EXPECT_EQ(0, groups_of(self->alice, self->name, &there));
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerGroupDelete(self->alice, self->name));
	EXPECT_EQ(S_OK, PeerIdentityDelete(self->alice));
}

/* It stays for another identity of the user. */
TEST_F(member, delete_one_of_two)
{
	PWSTR other = new_identity(L"other"), info = info_of(other);
	HPEERENUM list;

	ASSERT_EQ(S_OK, PeerGroupCreateInvitation(self->group, info, NULL, 1,
						  &PEER_GROUP_ROLE_MEMBER,
						  &self->invitation));
	ASSERT_EQ(S_OK, PeerGroupJoin(other, self->invitation, NULL,
				      &self->joined));
	EXPECT_EQ(S_OK, PeerGroupDelete(other, self->name));
	EXPECT_EQ(PEER_E_INVALID_GROUP, PeerGroupClose(self->joined));
	EXPECT_EQ(S_OK, PeerGroupEnumConnections(self->group, 0, &list));
	EXPECT_EQ(S_OK, PeerGroupDelete(self->alice, self->name));
	EXPECT_EQ(0, fake.groups[0].id);
	PeerFreeData(other);
	PeerFreeData(info);
}

/* Somebody else's group in the kernel stays. */
TEST_F(member, delete_not_owned)
{
	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_MEMBER));
	ASSERT_EQ(S_OK, join(self));
	refuse(PEERGROUP_CMD_GROUP_DEL, EPERM);
	EXPECT_EQ(S_OK, PeerGroupDelete(self->bob, self->name));
	EXPECT_NE(0, fake.groups[0].id);
	EXPECT_EQ(PEER_E_INVALID_GROUP, PeerGroupClose(self->joined));
	EXPECT_EQ(S_OK, PeerGroupClose(self->group));
}

/* Also where the kernel would let it go, as it does to CAP_NET_ADMIN. */
TEST_F(member, delete_as_administrator)
{
	fake.groups[0].not_owned = true;
	EXPECT_EQ(S_OK, PeerGroupDelete(self->alice, self->name));
	EXPECT_NE(0, fake.groups[0].id);
	EXPECT_EQ(PEER_E_INVALID_GROUP, PeerGroupClose(self->group));
}

/* Who is told that it failed is still a member. */
TEST_F(member, delete_refused)
{
	refuse(PEERGROUP_CMD_GROUP_GET, ENOMEM);
	EXPECT_EQ(E_OUTOFMEMORY, PeerGroupDelete(self->alice, self->name));
	EXPECT_EQ(S_OK, PeerGroupDelete(self->alice, self->name));
	EXPECT_EQ(0, fake.groups[0].id);
}

/* Where the kernel refuses the group, no membership stays behind. */
TEST_F(member, create_refused)
{
	HGROUP group = JUNK;
	bool there;

	refuse(PEERGROUP_CMD_GROUP_NEW, ENOSPC);
	EXPECT_EQ(E_OUTOFMEMORY, create_group(self->alice, 96, &group));
	EXPECT_EQ(NULL, group);
	EXPECT_EQ(1, groups_of(self->alice, self->name, &there));
}

TEST_F(member, create_checks)
{
	PEER_GROUP_PROPERTIES props = { .dwSize = 96 };
	HGROUP group = JUNK;

	props.pwzCreatorPeerName = (PWSTR)L"me";
	EXPECT_EQ(PEER_E_INVALID_PEER_NAME, PeerGroupCreate(&props, &group));
	EXPECT_EQ(NULL, group);
	props.pwzCreatorPeerName = (PWSTR)STRANGER;
	EXPECT_EQ(PEER_E_INVALID_PEER_NAME, PeerGroupCreate(&props, &group));
	props.pwzCreatorPeerName = self->alice;
	props.pwzCloud = (PWSTR)L"a\nb";
	EXPECT_EQ(E_INVALIDARG, PeerGroupCreate(&props, &group));
	props.pwzCloud = NULL;
	props.ulMemberDataLifetime = 28799;
	EXPECT_EQ(PEER_E_INVALID_GROUP_PROPERTIES,
		  PeerGroupCreate(&props, &group));
	props.ulMemberDataLifetime = 315360001;
	EXPECT_EQ(PEER_E_INVALID_GROUP_PROPERTIES,
		  PeerGroupCreate(&props, &group));
	props.ulMemberDataLifetime = 315360000;
	pg_set_profile(PG_PROFILE_DEFAULT);
	EXPECT_EQ(PEER_E_INVALID_GROUP_PROPERTIES,
		  PeerGroupCreate(&props, &group));
	pg_set_profile(PG_PROFILE_WINDOWS);
	EXPECT_EQ(S_OK, PeerGroupCreate(&props, &group));
}

/* The default identity is made where it is wanted. */
TEST_F(member, create_for_default)
{
	HGROUP group;
	PWSTR name;

	as("carol");
	ASSERT_EQ(S_OK, create_group(NULL, 96, &group));
	name = name_of(group);
	EXPECT_EQ(S_OK, PeerGroupClose(group));
	EXPECT_EQ(S_OK, PeerGroupOpen(NULL, name, NULL, &group));
	EXPECT_EQ(S_OK, PeerGroupDelete(NULL, name));
	free(name);
}

/* Nor is it where something else is wrong. */
TEST_F(member, create_refused_for_default)
{
	PEER_GROUP_PROPERTIES props = { .dwSize = 96 };
	HGROUP group;
	PWSTR friendly;

	as("carol");
	props.pwzCloud = (PWSTR)L"a\nb";
	EXPECT_EQ(E_INVALIDARG, PeerGroupCreate(&props, &group));
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerIdentityGetFriendlyName(NULL, &friendly));
}

/* What is wrong with the store is not wrong with the name. */
TEST_F(member, create_without_store)
{
	HGROUP group;

	setenv("PEERGROUP_HOME", "here", 1);
	EXPECT_EQ(E_INVALIDARG, create_group(self->alice, 96, &group));
	EXPECT_NE(NULL, strstr(pg_hresult_text(E_INVALIDARG), "PEERGROUP_HOME"));
	as("alice");
}

static void check_role(struct __test_metadata *_metadata,
		       struct _test_data_member *self, const GUID *role,
		       PCWSTR classifier)
{
	PPEER_INVITATION_INFO info;
	CERT_PUBLIC_KEY_INFO *key;

	ASSERT_EQ(S_OK, invite(self, role));
	ASSERT_EQ(S_OK, PeerGroupParseInvitation(self->invitation, &info));
	EXPECT_EQ(136, info->dwSize);
	EXPECT_EQ(0, info->dwFlags);
	EXPECT_EQ(0, wcscmp(L"Global_", info->pwzCloudName));
	EXPECT_EQ(PNRP_GLOBAL_SCOPE, info->dwScope);
	EXPECT_EQ(0, info->dwCloudFlags);
	EXPECT_EQ(0, wcscmp(self->name, info->pwzGroupPeerName));
	EXPECT_EQ(0, wcscmp(L"Friends \u20ac", info->pwzGroupFriendlyName));
	EXPECT_EQ(0, wcscmp(self->alice, info->pwzIssuerPeerName));
	EXPECT_EQ(0, wcscmp(L"alice", info->pwzIssuerFriendlyName));
	EXPECT_EQ(0, wcscmp(self->bob, info->pwzSubjectPeerName));
	EXPECT_EQ(0, wcscmp(L"bob", info->pwzSubjectFriendlyName));
	EXPECT_EQ(PEER_GROUP_GMC_AUTHENTICATION, info->authScheme);
	ASSERT_EQ(1, info->cRoles);
	EXPECT_EQ(0, memcmp(role, info->pRoles, sizeof(*role)));
	ASSERT_EQ(classifier ? 1 : 0, info->cClassifiers);
	if (classifier)
		EXPECT_EQ(0, wcscmp(classifier, info->ppwzClassifiers[0]));
	key = info->pSubjectPublicKey;
	EXPECT_STREQ("1.2.840.113549.1.1.1", key->Algorithm.pszObjId);
	EXPECT_EQ(2, key->Algorithm.Parameters.cbData);
	EXPECT_EQ(140, key->PublicKey.cbData);
	EXPECT_EQ(0x30, key->PublicKey.pbData[0]);
	EXPECT_EQ(0, key->PublicKey.cUnusedBits);
	PeerFreeData(info);
}

TEST_F(member, parse)
{
	check_role(_metadata, self, &PEER_GROUP_ROLE_ADMIN, NULL);
	PeerFreeData(self->invitation);
	check_role(_metadata, self, &PEER_GROUP_ROLE_INVITING_MEMBER,
		   L"participant");
	PeerFreeData(self->invitation);
	check_role(_metadata, self, &PEER_GROUP_ROLE_MEMBER, L"participant");
}

TEST_F(member, parse_password)
{
	PPEER_INVITATION_INFO info;

	ASSERT_EQ(S_OK, PeerGroupParseInvitation(PASSWORD_INVITATION, &info));
	EXPECT_EQ(PEER_GROUP_PASSWORD_AUTHENTICATION, info->authScheme);
	EXPECT_EQ(0, wcscmp(L"LinkLocal_ff00::%10/8", info->pwzCloudName));
	EXPECT_EQ(PNRP_LINK_LOCAL_SCOPE, info->dwScope);
	EXPECT_EQ(PNRP_CLOUD_NAME_LOCAL, info->dwCloudFlags);
	EXPECT_EQ(0, wcscmp(L"HomeGroup Peer Group",
			    info->pwzGroupFriendlyName));
	EXPECT_EQ(0, wcsncmp(L"2bcba40abd", info->pwzGroupPeerName, 10));
	EXPECT_EQ(NULL, info->pwzIssuerPeerName);
	EXPECT_EQ(NULL, info->pwzSubjectPeerName);
	EXPECT_EQ(NULL, info->pSubjectPublicKey);
	EXPECT_EQ(0, info->cRoles);
	EXPECT_EQ(0, info->ftValidityEnd.dwHighDateTime);
	PeerFreeData(info);

	as("bob");
	self->joined = JUNK;
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED,
		  PeerGroupJoin(self->bob, PASSWORD_INVITATION, NULL,
				&self->joined));
	EXPECT_EQ(NULL, self->joined);
}

TEST_F(member, parse_password_for_no_group)
{
	PPEER_INVITATION_INFO info;
	wchar_t text[512];

	wcscpy(text, PASSWORD_INVITATION);
	wcsstr(text, L"2bcba40a")[0] = L'x';
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED,
		  PeerGroupParseInvitation(text, &info));
	EXPECT_EQ(NULL, info);
}

TEST_F(member, join)
{
	PPEER_GROUP_PROPERTIES props;
	HPEERENUM list;
	ULONG count;
	bool there;

	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_MEMBER));
	fake.groups[0].conns = 5;
	ASSERT_EQ(S_OK, join(self));
	EXPECT_EQ(pg_group_from_handle(self->group),
		  pg_group_from_handle(self->joined));
	ASSERT_EQ(S_OK, PeerGroupEnumConnections(self->joined, 0, &list));
	EXPECT_EQ(S_OK, PeerGetItemCount(list, &count));
	EXPECT_EQ(5, count);
	EXPECT_EQ(S_OK, PeerEndEnumeration(list));

	ASSERT_EQ(S_OK, PeerGroupGetProperties(self->joined, &props));
	EXPECT_EQ(0, wcscmp(self->alice, props->pwzCreatorPeerName));
	EXPECT_EQ(0, wcscmp(L"Friends \u20ac", props->pwzFriendlyName));
	EXPECT_EQ(0, wcscmp(L"", props->pwzComment));
	EXPECT_EQ(2419200, props->ulMemberDataLifetime);
	EXPECT_EQ(300, props->ulPresenceLifetime);
	PeerFreeData(props);
	EXPECT_EQ(1, groups_of(self->bob, self->name, &there));
	EXPECT_TRUE(there);
	EXPECT_EQ(PEER_E_GROUPS_EXIST, PeerIdentityDelete(self->bob));
}

static bool cloud_is(HGROUP group, PCWSTR cloud)
{
	PPEER_GROUP_PROPERTIES props;
	bool same;

	if (PeerGroupGetProperties(group, &props))
		return false;
	same = !wcscmp(props->pwzCloud, cloud);
	PeerFreeData(props);
	return same;
}

TEST_F(member, join_again)
{
	HGROUP group = JUNK;

	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_MEMBER));
	ASSERT_EQ(S_OK, join(self));
	EXPECT_EQ(PEER_E_GROUP_IN_USE,
		  PeerGroupJoin(self->bob, self->invitation, NULL, &group));
	EXPECT_EQ(NULL, group);
	EXPECT_EQ(S_OK, PeerGroupClose(self->joined));
	EXPECT_EQ(S_OK, PeerGroupJoin(self->bob, self->invitation, L"Cloud",
				      &group));
	EXPECT_TRUE(cloud_is(group, L"Cloud"));
	EXPECT_EQ(S_OK, PeerGroupClose(group));
	EXPECT_EQ(S_OK, PeerGroupJoin(self->bob, self->invitation, L"",
				      &group));
	EXPECT_TRUE(cloud_is(group, L"Global_"));
	EXPECT_EQ(S_OK, PeerGroupClose(group));
	EXPECT_EQ(S_OK, PeerGroupOpen(self->bob, self->name, NULL, &group));
}

TEST_F(member, join_refused_by_kernel)
{
	bool there;

	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_MEMBER));
	fake.groups[0].id = 0;
	refuse(PEERGROUP_CMD_GROUP_NEW, EPERM);
	self->joined = JUNK;
	EXPECT_EQ(E_ACCESSDENIED, join(self));
	EXPECT_EQ(NULL, self->joined);
	EXPECT_EQ(0, groups_of(self->bob, self->name, &there));
}

static PCWSTR leaver, left;

static void leave_meanwhile(void)
{
	PeerGroupDelete(leaver, left);
}

/* Another thread deletes the group while this one opens it. */
TEST_F(member, delete_while_opening)
{
	HGROUP group;

	leaver = self->alice;
	left = self->name;
	fake.meanwhile = leave_meanwhile;
	fake.meanwhile_at = 1;
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerGroupOpen(self->alice, self->name, NULL, &group));
	EXPECT_EQ(NULL, group);
	EXPECT_EQ(0, fake.groups[0].id);
}

static void delete_identity_meanwhile(void)
{
	PeerIdentityDelete(leaver);
}

/* Keys take their time. */
TEST_F(member, delete_identity_while_creating)
{
	HGROUP group;
	PWSTR who;

	who = new_identity(L"mayfly");
	leaver = who;
	fake.meanwhile = delete_identity_meanwhile;
	fake.meanwhile_at = 1;
	EXPECT_EQ(PEER_E_INVALID_PEER_NAME, create_group(who, 96, &group));
	EXPECT_EQ(NULL, group);
	PeerFreeData(who);
}

TEST_F(member, delete_identity_while_joining)
{
	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_MEMBER));
	leaver = self->bob;
	fake.meanwhile = delete_identity_meanwhile;
	fake.meanwhile_at = 1;
	EXPECT_EQ(PEER_E_INVALID_PEER_NAME, join(self));
}

TEST_F(member, join_checks)
{
	HGROUP group = JUNK;
	PWSTR other;

	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_MEMBER));
	as("bob");
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupJoin(self->bob, self->invitation, NULL, NULL));
	EXPECT_EQ(E_INVALIDARG, PeerGroupJoin(self->bob, NULL, NULL, &group));
	EXPECT_EQ(NULL, group);
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupJoin(self->bob, L"\xd800", NULL, &group));
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupJoin(self->bob, self->invitation, L"\n", &group));
	EXPECT_EQ(PEER_E_INVALID_PEER_NAME,
		  PeerGroupJoin(L"bob", self->invitation, NULL, &group));
	EXPECT_EQ(PEER_E_INVALID_PEER_NAME,
		  PeerGroupJoin(STRANGER, self->invitation, NULL, &group));
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED,
		  PeerGroupJoin(self->bob, L"", NULL, &group));
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED,
		  PeerGroupJoin(self->bob, L"<x/>", NULL, &group));
	EXPECT_EQ(PEER_E_UNSUPPORTED_VERSION,
		  PeerGroupJoin(self->bob,
				L"<PEERINVITATION VERSION=\"1.2\"/>", NULL,
				&group));
	other = new_identity(L"bob");
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED,
		  PeerGroupJoin(other, self->invitation, NULL, &group));
	/* The default identity, made for it, is another one, too. */
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED,
		  PeerGroupJoin(NULL, self->invitation, NULL, &group));
	PeerFreeData(other);
	pg_set_profile(PG_PROFILE_DEFAULT);
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED,
		  PeerGroupJoin(self->bob, self->invitation, NULL, &group));
	EXPECT_NE(NULL, strstr(pg_hresult_text(PEER_E_INVITATION_NOT_TRUSTED),
			       "profile windows"));
}

TEST_F(member, time)
{
	PEER_GROUP_EVENT_REGISTRATION what = {
		.eventType = PEER_GROUP_EVENT_STATUS_CHANGED,
	};
	FILETIME end = in_seconds(60);
	HPEERENUM list = JUNK;
	HPEEREVENT event;
	DWORD status;

	ASSERT_EQ(S_OK, PeerGroupCreateInvitation(self->group, self->bob_info,
						  &end, 1,
						  &PEER_GROUP_ROLE_MEMBER,
						  &self->invitation));
	fake.later = -301;
	EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD, join(self));
	fake.later = 120;
	EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD, join(self));
	fake.later = 0;
	ASSERT_EQ(S_OK, join(self));
	ASSERT_EQ(S_OK, PeerGroupEnumConnections(self->joined, 0, &list));
	PeerEndEnumeration(list);

	/* What was open is so no more. */
	fake.later = 120;
	EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD,
		  PeerGroupEnumConnections(self->joined, 0, &list));
	EXPECT_EQ(NULL, list);
	EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD,
		  PeerGroupGetStatus(self->joined, &status));
	EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD,
		  PeerGroupRegisterEvent(self->joined, NULL, 1, &what, &event));
	EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD,
		  PeerGroupOpen(self->bob, self->name, NULL, &self->joined));
	as("alice");
	EXPECT_EQ(S_OK, PeerGroupEnumConnections(self->group, 0, &list));
	/* A thousand years. */
	fake.later = 999 * YEAR;
	EXPECT_EQ(S_OK, PeerGroupEnumConnections(self->group, 0, &list));
	fake.later = 1001 * YEAR;
	EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD,
		  PeerGroupEnumConnections(self->group, 0, &list));
}

/* The only file in a directory of a user's store. */
static void only_file(const char *user, const char *dir, char *path,
		      size_t size)
{
	glob_t found;

	snprintf(path, size, "%s/%s-%d/%s/*", own_store_root(), user, getpid(), dir);
	if (glob(path, 0, NULL, &found) == 0)
		snprintf(path, size, "%s", found.gl_pathv[0]);
	globfree(&found);
}

TEST_F(member, vanished_key)
{
	char path[512], away[520];
	PWSTR invitation = JUNK;
	HPEERENUM list;

	only_file("alice", "identities", path, sizeof(path));
	snprintf(away, sizeof(away), "%s.away", path);
	ASSERT_EQ(0, chmod(path, 0644));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS,
		  PeerGroupEnumConnections(self->group, 0, &list));
	EXPECT_EQ(NULL, list);
	ASSERT_EQ(0, chmod(path, 0600));
	EXPECT_EQ(S_OK, PeerGroupEnumConnections(self->group, 0, &list));
	ASSERT_EQ(0, rename(path, away));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS,
		  PeerGroupEnumConnections(self->group, 0, &list));
	EXPECT_EQ(PEER_E_IDENTITY_DELETED,
		  PeerGroupCreateInvitation(self->group, self->bob_info, NULL,
					    1, &PEER_GROUP_ROLE_MEMBER,
					    &invitation));
	EXPECT_EQ(NULL, invitation);
	/* The membership can still be got rid of. */
	EXPECT_EQ(S_OK, PeerGroupDelete(self->alice, self->name));
}

/* As another process does it. */
TEST_F(member, membership_deleted)
{
	PPEER_GROUP_PROPERTIES props = JUNK;
	char path[512];

	only_file("alice", "groups", path, sizeof(path));
	ASSERT_EQ(0, unlink(path));
	EXPECT_EQ(PEER_E_INVALID_GROUP, invite(self, &PEER_GROUP_ROLE_MEMBER));
	EXPECT_EQ(PEER_E_INVALID_GROUP,
		  PeerGroupGetProperties(self->group, &props));
	EXPECT_EQ(NULL, props);
}

TEST_F(member, damaged_membership)
{
	char path[512];
	bool there;

	only_file("alice", "groups", path, sizeof(path));
	ASSERT_EQ(0, truncate(path, 300));
	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED,
		  PeerGroupOpen(self->alice, self->name, NULL, &self->joined));
	EXPECT_EQ(0, groups_of(self->alice, self->name, &there));
	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED,
		  invite(self, &PEER_GROUP_ROLE_MEMBER));
	EXPECT_EQ(S_OK, PeerGroupDelete(self->alice, self->name));
}

static HRESULT invite_until(struct _test_data_member *self, int64_t seconds)
{
	FILETIME end = in_seconds(seconds);
	PWSTR invitation;
	HRESULT hr;

	hr = PeerGroupCreateInvitation(self->group, self->bob_info, &end, 1,
				       &PEER_GROUP_ROLE_MEMBER, &invitation);
	PeerFreeData(invitation);
	return hr;
}

TEST_F(member, invite_checks)
{
	static const GUID unknown = { 1, 2, 3, { 4 } };
	const GUID *member = &PEER_GROUP_ROLE_MEMBER;
	const struct {
		HRESULT hr;
		HGROUP group;
		PCWSTR info;
		ULONG n;
		const GUID *roles;
	} bad[] = {
		{ E_INVALIDARG, self->group, NULL, 1, member },
		{ E_INVALIDARG, self->group, L"<x/>", 1, member },
		{ E_INVALIDARG, self->group, self->bob_info, 0, member },
		{ E_INVALIDARG, self->group, self->bob_info, 1, NULL },
		{ E_INVALIDARG, self->group, self->bob_info, 1, &unknown },
		{ PEER_E_INVALID_GROUP, JUNK, self->bob_info, 1, member },
	};
	size_t i;
	PWSTR out;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		out = JUNK;
		EXPECT_EQ(bad[i].hr,
			  PeerGroupCreateInvitation(bad[i].group, bad[i].info,
						    NULL, bad[i].n,
						    bad[i].roles, &out));
		EXPECT_EQ(NULL, out);
	}
	EXPECT_EQ(E_INVALIDARG,
		  PeerGroupCreateInvitation(self->group, self->bob_info, NULL,
					    1, member, NULL));
	EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD, invite_until(self, -1));
	EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD, invite_until(self, 1001 * YEAR));
	EXPECT_EQ(S_OK, invite_until(self, 999 * YEAR));
}

TEST_F(member, invite_into_plain_group)
{
	PWSTR out = JUNK;
	HGROUP plain;

	fake_add("plain", 0);
	ASSERT_EQ(S_OK, PeerGroupOpen(NULL, L"plain", NULL, &plain));
	EXPECT_EQ(PEER_E_INVALID_GROUP,
		  PeerGroupCreateInvitation(plain, self->bob_info, NULL, 1,
					    &PEER_GROUP_ROLE_MEMBER, &out));
	EXPECT_EQ(NULL, out);
}

/* Keys and signatures of another strength than the group's. */
TEST_F(member, invite_other_profile)
{
	PWSTR strong;

	as("bob");
	pg_set_profile(PG_PROFILE_DEFAULT);
	strong = new_identity(L"strong");
	PeerFreeData(self->bob_info);
	self->bob_info = info_of(strong);
	as("alice");
	EXPECT_EQ(E_INVALIDARG, invite(self, &PEER_GROUP_ROLE_MEMBER));
	pg_set_profile(PG_PROFILE_WINDOWS);
	EXPECT_EQ(E_INVALIDARG, invite(self, &PEER_GROUP_ROLE_MEMBER));
	EXPECT_NE(NULL, strstr(pg_hresult_text(E_INVALIDARG), "profile"));
	PeerFreeData(strong);
}

/* Weak keys are invited only where they were asked for, even to a weak group. */
TEST_F(member, invite_profile_not_chosen)
{
	pg_set_profile(PG_PROFILE_DEFAULT);
	EXPECT_EQ(E_INVALIDARG, invite(self, &PEER_GROUP_ROLE_MEMBER));
	EXPECT_EQ(NULL, self->invitation);
	EXPECT_NE(NULL, strstr(pg_hresult_text(E_INVALIDARG), "not chosen"));
}

TEST_F(member, altered_info)
{
	PWSTR at = wcsstr(self->bob_info, L"</IDC>");

	ASSERT_NE(NULL, at);
	at[-20] = at[-20] == L'A' ? L'B' : L'A';
	EXPECT_EQ(NTE_BAD_SIGNATURE, invite(self, &PEER_GROUP_ROLE_MEMBER));
	EXPECT_EQ(NULL, self->invitation);
}

/* The group of Bob's handle, who invites Carol. */
static HRESULT bob_invites(struct _test_data_member *self, const GUID *role)
{
	PWSTR carol, info, invitation;
	HRESULT hr;

	as("carol");
	carol = new_identity(L"carol");
	info = info_of(carol);
	as("bob");
	hr = PeerGroupCreateInvitation(self->joined, info, NULL, 1, role,
				       &invitation);
	as("carol");
	if (SUCCEEDED(hr))
		hr = PeerGroupJoin(carol, invitation, NULL, &self->joined);
	PeerFreeData(carol);
	PeerFreeData(info);
	PeerFreeData(invitation);
	return hr;
}

/* As if the call had not been. */
TEST_F(member, join_again_refused_by_kernel)
{
	PWSTR invitation;
	HGROUP group;

	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_ADMIN));
	ASSERT_EQ(S_OK, join(self));
	as("alice");
	invitation = self->invitation;
	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_MEMBER));
	PeerFreeData(invitation);
	ASSERT_EQ(S_OK, PeerGroupClose(self->joined));
	fake.groups[0].id = 0;
	refuse(PEERGROUP_CMD_GROUP_NEW, EPERM);
	EXPECT_EQ(E_ACCESSDENIED, join(self));
	ASSERT_EQ(S_OK, PeerGroupOpen(self->bob, self->name, NULL, &group));
	self->joined = group;
	EXPECT_EQ(S_OK, bob_invites(self, &PEER_GROUP_ROLE_ADMIN));
}

TEST_F(member, admin_may_invite)
{
	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_ADMIN));
	ASSERT_EQ(S_OK, join(self));
	EXPECT_EQ(S_OK, bob_invites(self, &PEER_GROUP_ROLE_ADMIN));
}

TEST_F(member, inviting_member_may_invite)
{
	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_INVITING_MEMBER));
	ASSERT_EQ(S_OK, join(self));
	EXPECT_EQ(PEER_E_NOT_AUTHORIZED,
		  bob_invites(self, &PEER_GROUP_ROLE_ADMIN));
	EXPECT_EQ(S_OK, bob_invites(self, &PEER_GROUP_ROLE_INVITING_MEMBER));
}

TEST_F(member, member_may_not_invite)
{
	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_MEMBER));
	ASSERT_EQ(S_OK, join(self));
	EXPECT_EQ(PEER_E_NOT_AUTHORIZED,
		  bob_invites(self, &PEER_GROUP_ROLE_MEMBER));
}

TEST_F(member, version_1_0)
{
	PeerGroupClose(self->group);
	ASSERT_EQ(S_OK, create_group(self->alice, 64, &self->group));
	EXPECT_EQ(E_INVALIDARG,
		  invite(self, &PEER_GROUP_ROLE_INVITING_MEMBER));
	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_MEMBER));
	EXPECT_NE(NULL, wcsstr(self->invitation, L"VERSION=\"1.0\""));
	EXPECT_EQ(S_OK, join(self));
}

/* An invitation of a group of 1.1 that claims to be of 1.0. */
TEST_F(member, role_of_another_version)
{
	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_INVITING_MEMBER));
	wcsstr(self->invitation, L"VERSION=\"1.1\"")[11] = L'0';
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED, join(self));
}

TEST_F(member, circles)
{
	PWSTR info, out;

	PeerFreeData(self->bob_info);
	self->bob_info = info_of(self->alice);
	EXPECT_EQ(PEER_E_CIRCULAR_CHAIN_DETECTED,
		  invite(self, &PEER_GROUP_ROLE_ADMIN));
	info = self->bob_info;
	as("bob");
	self->bob_info = info_of(self->bob);
	as("alice");
	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_ADMIN));
	ASSERT_EQ(S_OK, join(self));
	EXPECT_EQ(PEER_E_CIRCULAR_CHAIN_DETECTED,
		  PeerGroupCreateInvitation(self->joined, info, NULL, 1,
					    &PEER_GROUP_ROLE_ADMIN, &out));
	PeerFreeData(info);
}

/* Each invites the next one; the creator's is the first of 24 memberships. */
TEST_F_TIMEOUT(member, longest_chain, 120)
{
	HGROUP group = self->group, next;
	HRESULT hr = S_OK;
	PWSTR who, info, invitation;
	wchar_t name[16];
	int n;

	for (n = 2; SUCCEEDED(hr); n++) {
		swprintf(name, 16, L"member%d", n);
		who = new_identity(name);
		info = info_of(who);
		hr = PeerGroupCreateInvitation(group, info, NULL, 1,
					       &PEER_GROUP_ROLE_ADMIN,
					       &invitation);
		if (SUCCEEDED(hr))
			ASSERT_EQ(S_OK, PeerGroupJoin(who, invitation, NULL,
						      &next));
		group = next;
		PeerFreeData(who);
		PeerFreeData(info);
		PeerFreeData(invitation);
	}
	EXPECT_EQ(PEER_E_CHAIN_TOO_LONG, hr);
	EXPECT_EQ(25, n - 1);
}

/* What an altered text says, if anything, is what the true one says. */
static bool same_meaning(const PEER_INVITATION_INFO *a,
			 const PEER_INVITATION_INFO *b)
{
	return !wcscmp(a->pwzGroupPeerName, b->pwzGroupPeerName) &&
	       !wcscmp(a->pwzSubjectPeerName, b->pwzSubjectPeerName) &&
	       !memcmp(&a->ftValidityStart, &b->ftValidityStart, 16) &&
	       a->cRoles == b->cRoles &&
	       !memcmp(a->pRoles, b->pRoles, a->cRoles * sizeof(GUID));
}

TEST_F_TIMEOUT(member, altered_invitation, 120)
{
	PPEER_INVITATION_INFO truth, info;
	unsigned int accepted = 0;
	wchar_t saved;
	size_t i, n;
	HRESULT hr;

	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_MEMBER));
	ASSERT_EQ(S_OK, PeerGroupParseInvitation(self->invitation, &truth));
	n = wcslen(self->invitation);
	for (i = 0; i < n; i++) {
		saved = self->invitation[i];
		self->invitation[i] ^= 1 + i % 3;
		hr = PeerGroupParseInvitation(self->invitation, &info);
		if (hr == S_OK) {
			accepted++;
			EXPECT_TRUE(same_meaning(truth, info)) {
				TH_LOG("character %zu", i);
			}
			PeerFreeData(info);
		}
		self->invitation[i] = saved;
	}
	/* Nothing signs the name of the cloud. */
	EXPECT_LT(0, accepted);
	EXPECT_GT(100, accepted);
	PeerFreeData(truth);
}

/* Whether the last everything() got a group that it knows of. */
static bool got_group;

/* One call of each function that a secured group goes through. */
static HRESULT everything(PWSTR bob_info)
{
	PPEER_INVITATION_INFO info = NULL;
	PPEER_GROUP_PROPERTIES props = NULL;
	PWSTR who = NULL, invitation = NULL, exported = NULL, again = NULL;
	HPEERENUM list = NULL, groups = NULL;
	HGROUP group = NULL;
	HRESULT hr;

	hr = PeerIdentityCreate(L"w", L"w", 0, &who);
	if (SUCCEEDED(hr))
		hr = create_group(who, 96, &group);
	got_group = group;
	if (SUCCEEDED(hr))
		hr = PeerGroupGetProperties(group, &props);
	if (SUCCEEDED(hr))
		hr = PeerGroupCreateInvitation(group, bob_info, NULL, 1,
					       &PEER_GROUP_ROLE_MEMBER,
					       &invitation);
	if (SUCCEEDED(hr))
		hr = PeerGroupParseInvitation(invitation, &info);
	if (SUCCEEDED(hr))
		hr = PeerEnumIdentities(&list);
	if (SUCCEEDED(hr))
		hr = PeerEnumGroups(who, &groups);
	if (SUCCEEDED(hr))
		hr = PeerIdentitySetFriendlyName(who, L"v");
	if (SUCCEEDED(hr))
		hr = PeerIdentityExport(who, L"x", &exported);
	if (SUCCEEDED(hr))
		hr = PeerGroupDelete(who, props->pwzGroupPeerName);
	if (SUCCEEDED(hr))
		hr = PeerIdentityDelete(who);
	if (SUCCEEDED(hr))
		hr = PeerIdentityImport(exported, L"x", &again);
	if (SUCCEEDED(hr))
		hr = PeerIdentityDelete(again);

	PeerFreeData(again);
	PeerFreeData(exported);
	PeerFreeData(info);
	PeerFreeData(invitation);
	PeerFreeData(props);
	PeerFreeData(who);
	PeerEndEnumeration(list);
	PeerEndEnumeration(groups);
	PeerGroupClose(group);
	return hr;
}

TEST_F_TIMEOUT(member, every_allocation_fails_once, 240)
{
	unsigned int n = 0;
	HRESULT hr;
	long live;

	ASSERT_EQ(S_OK, everything(self->bob_info));
	live = alloc_live();
	do {
		/* What a failure leaves in the store is not of interest. */
		char user[16];

		snprintf(user, sizeof(user), "fail%u", n);
		as(user);
		memset(fake.groups, 0, sizeof(fake.groups));
		alloc_fail(++n);
		hr = everything(self->bob_info);
		EXPECT_EQ(alloc_failed() ? E_OUTOFMEMORY : S_OK, hr) {
			TH_LOG("allocation %u: %s", n, pg_hresult_text(hr));
		}
		EXPECT_EQ(live, alloc_live()) {
			TH_LOG("allocation %u leaks", n);
			live = alloc_live();
		}
		/* A group whose handle was not made is gone again. */
		if (!got_group)
			EXPECT_EQ(0, fake.groups[0].id);
	} while (alloc_failed());
	TH_LOG("%u allocations", n - 1);
	EXPECT_LT(100, n);
}

/* Bob joins, opens and leaves, and what he was told stays true. */
static HRESULT come_and_go(struct _test_data_member *self)
{
	HGROUP joined = NULL, opened = NULL;
	HRESULT hr;

	hr = PeerGroupJoin(self->bob, self->invitation, L"Cloud", &joined);
	if (SUCCEEDED(hr))
		hr = PeerGroupOpen(self->bob, self->name, NULL, &opened);
	PeerGroupClose(joined);
	PeerGroupClose(opened);
	if (SUCCEEDED(hr))
		hr = PeerGroupJoin(self->bob, self->invitation, NULL, &joined);
	if (SUCCEEDED(hr))
		hr = PeerGroupDelete(self->bob, self->name);
	PeerGroupClose(joined);
	return hr;
}

TEST_F_TIMEOUT(member, every_allocation_of_a_member_fails_once, 240)
{
	unsigned int n = 0;
	HRESULT hr;
	long live;

	ASSERT_EQ(S_OK, invite(self, &PEER_GROUP_ROLE_MEMBER));
	as("bob");
	ASSERT_EQ(S_OK, come_and_go(self));
	live = alloc_live();
	do {
		fake.groups[0].id = 0;
		alloc_fail(++n);
		hr = come_and_go(self);
		EXPECT_EQ(alloc_failed() ? E_OUTOFMEMORY : S_OK, hr) {
			TH_LOG("allocation %u: %s", n, pg_hresult_text(hr));
		}
		EXPECT_EQ(live, alloc_live()) {
			TH_LOG("allocation %u leaks", n);
			live = alloc_live();
		}
	} while (alloc_failed());
	EXPECT_LT(100, n);
}

TEST_HARNESS_MAIN
