// SPDX-License-Identifier: GPL-2.0-only
/*
 * Roles, and the delegation of classifiers.
 */
#include <string.h>

#include "../../lib/pki/role.h"
#include <kselftest_harness.h>

#define ISSUERS (ROLE_ADMIN | ROLE_INVITING)

static const struct {
	enum role role;
	const GUID *guid;
	unsigned char printed[ROLE_BYTES];
	unsigned char stored[ROLE_BYTES];
} roles[] = {
	{
		ROLE_ADMIN, &PEER_GROUP_ROLE_ADMIN,
		"\x04\x38\x71\x27\xaa\x56\x45\x0a"
		"\x8c\xe5\x4f\x56\x5c\x67\x90\xf4",
		"\x27\x71\x38\x04\x56\xaa\x0a\x45"
		"\x8c\xe5\x4f\x56\x5c\x67\x90\xf4",
	}, {
		ROLE_INVITING, &PEER_GROUP_ROLE_INVITING_MEMBER,
		"\x43\x70\xfd\x89\xdc\x18\x4c\xfb"
		"\x8d\xbf\x98\x53\xa8\xa9\xf9\x05",
		"\x89\xfd\x70\x43\x18\xdc\xfb\x4c"
		"\x8d\xbf\x98\x53\xa8\xa9\xf9\x05",
	}, {
		ROLE_MEMBER, &PEER_GROUP_ROLE_MEMBER,
		"\xf1\x2d\xc4\xc7\x08\x57\x4c\xa0"
		"\x93\xfc\xb1\xbb\x19\xa3\xd8\xc2",
		"\xc7\xc4\x2d\xf1\x57\x08\xa0\x4c"
		"\x93\xfc\xb1\xbb\x19\xa3\xd8\xc2",
	},
};

TEST(both_orders_of_bytes_are_read)
{
	unsigned char bytes[ROLE_BYTES];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(roles); i++) {
		EXPECT_EQ(roles[i].role, role_from_guid(roles[i].guid));
		EXPECT_EQ(roles[i].role, role_from_bytes(roles[i].printed));
		EXPECT_EQ(roles[i].role, role_from_bytes(roles[i].stored));
		role_to_bytes(roles[i].guid, bytes);
		EXPECT_EQ(0, memcmp(roles[i].stored, bytes, ROLE_BYTES));
	}
}

/* The role that [MS-PNRP] prints for inviting members is a picture's. */
TEST(other_roles_are_none)
{
	static const unsigned char misprint[ROLE_BYTES] =
		"\xdd\x15\xf4\x1f\xfc\x4e\x49\x22"
		"\xb0\x35\x4c\x06\xa7\x54\xd0\x1d";
	static const GUID zero;
	unsigned char bytes[ROLE_BYTES];
	size_t i;

	EXPECT_EQ(0, role_from_bytes(misprint));
	EXPECT_EQ(0, role_from_guid(&zero));
	for (i = 0; i < ROLE_BYTES; i++) {
		memcpy(bytes, roles[0].stored, ROLE_BYTES);
		bytes[i] ^= 1;
		EXPECT_EQ(0, role_from_bytes(bytes));
	}
}

TEST(sets_of_roles)
{
	GUID guids[ROLES_N];

	EXPECT_EQ(0, roles_to_guids(0, guids));
	EXPECT_EQ(1, roles_to_guids(ROLE_INVITING, guids));
	EXPECT_EQ(ROLE_INVITING, role_from_guid(&guids[0]));
	EXPECT_EQ(3, roles_to_guids(ISSUERS | ROLE_MEMBER, guids));
	EXPECT_EQ(ROLE_ADMIN, role_from_guid(&guids[0]));
	EXPECT_EQ(ROLE_INVITING, role_from_guid(&guids[1]));
	EXPECT_EQ(ROLE_MEMBER, role_from_guid(&guids[2]));
}

/* Every parent with every child, against the table of [MS-PPSEC] 2.2.5.3. */
TEST(who_issues_what)
{
	unsigned int parent, child, may;

	for (parent = 0; parent < 8; parent++) {
		may = 0;
		if (parent & ROLE_ADMIN)
			may |= ROLE_ADMIN | ROLE_INVITING | ROLE_MEMBER;
		if (parent & ROLE_INVITING)
			may |= ROLE_INVITING | ROLE_MEMBER;
		for (child = 0; child < 8; child++)
			EXPECT_EQ((child & may) == child,
				  roles_may_issue(parent, child));
	}
}

#define LIST(...) { (char *[]){ __VA_ARGS__ }, \
	sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *) }
#define EMPTY { NULL, 0 }

/*
 * The rows of [MS-PNRP] 2.2.3.5.1.5. The fourth lists "cheese" as invalid, too,
 * which contradicts itself and the rule.
 */
static const struct {
	struct classifiers parent;
	unsigned int roles;
	struct classifiers child;
	bool delegated;
} table[] = {
	{ EMPTY, ROLE_ADMIN, EMPTY, true },
	{ EMPTY, ROLE_MEMBER, EMPTY, true },
	{ EMPTY, ROLE_ADMIN, LIST("ham", ""), true },
	{ EMPTY, ROLE_MEMBER, LIST("ham", ""), true },

	{ LIST("", "fish"), ROLE_ADMIN, EMPTY, true },
	{ LIST("", "fish"), ROLE_INVITING, EMPTY, true },
	{ LIST("", "fish"), ROLE_ADMIN, LIST("ham", "fish food", ""), true },
	{ LIST("", "fish"), ROLE_INVITING, LIST("ham"), true },

	{ LIST("", "fish"), ROLE_MEMBER, LIST(""), true },
	{ LIST("", "fish"), ROLE_MEMBER, LIST("fish"), true },
	{ LIST("", "fish"), ROLE_MEMBER, LIST("fish", ""), true },
	{ LIST("", "fish"), ROLE_MEMBER, EMPTY, false },
	{ LIST("", "fish"), ROLE_MEMBER, LIST("fish food"), false },
	{ LIST("", "fish"), ROLE_MEMBER, LIST("fish", "fish food"), false },

	{ LIST("fish", "cheese"), ROLE_ADMIN, LIST("fish"), true },
	{ LIST("fish", "cheese"), ROLE_ADMIN, LIST("fish food"), true },
	{ LIST("fish", "cheese"), ROLE_ADMIN, LIST("cheese"), true },
	{ LIST("fish", "cheese"), ROLE_INVITING, LIST("cheese-like"), true },
	{ LIST("fish", "cheese"), ROLE_ADMIN, EMPTY, false },
	{ LIST("fish", "cheese"), ROLE_INVITING, EMPTY, false },
	{ LIST("fish", "cheese"), ROLE_ADMIN, LIST("ham"), false },
	{ LIST("fish", "cheese"), ROLE_ADMIN, LIST("fish", "ham"), false },
	{ LIST("fish", "cheese"), ROLE_ADMIN, LIST(""), false },
	{ LIST("fish", "cheese"), ROLE_ADMIN, LIST("fis"), false },
	{ LIST("fish", "cheese"), ROLE_ADMIN, LIST("Fish"), false },

	{ LIST("fish", "cheese"), ROLE_MEMBER, LIST("fish"), true },
	{ LIST("fish", "cheese"), ROLE_MEMBER, LIST("cheese", "fish"), true },
	{ LIST("fish", "cheese"), ROLE_MEMBER, EMPTY, false },
	{ LIST("fish", "cheese"), ROLE_MEMBER, LIST("fish food"), false },
	{ LIST("fish", "cheese"), ROLE_MEMBER, LIST("cheese-like"), false },
	{ LIST("fish", "cheese"), ROLE_MEMBER, LIST(""), false },

	{ LIST("fish"), ROLE_MEMBER | ROLE_INVITING, LIST("fish food"), true },
};

TEST(classifiers_that_are_delegated)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		EXPECT_EQ(table[i].delegated,
			  classifiers_delegated(&table[i].parent,
						&table[i].child,
						table[i].roles))
			TH_LOG("row %zu", i);
}

TEST_HARNESS_MAIN
