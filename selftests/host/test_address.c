// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses as text.
 */
#include <arpa/inet.h>
#include <peergroup.h>
#include <stdlib.h>
#include <string.h>

#include <kselftest_harness.h>

/* The examples of RFC 5952, and borders. */
static const struct {
	const char *in;
	const char *out;
} table[] = {
	{ "2001:0db8::0001", "2001:db8::1" },
	{ "2001:db8:0:0:0:0:2:1", "2001:db8::2:1" },
	{ "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
	{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
	{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ "2001:DB8::ABCD", "2001:db8::abcd" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "1::", "1::" },
	{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
	{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
	{ "0:0:3:4:5:6:0:0", "::3:4:5:6:0:0" },
	{ "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "1020:304:506:708:90a:b0c:d0e:f00", "1020:304:506:708:90a:b0c:d0e:f00" },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
	{ "::ffff:0.0.0.0", "::ffff:0.0.0.0" },
	{ "::ffff:255.255.255.255", "::ffff:255.255.255.255" },
	/* Only the mapped form is known to hold IPv4. */
	{ "::192.0.2.1", "::c000:201" },
	{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
	{ "0:0:0:0:0:fffe:c000:201", "::fffe:c000:201" },
};

TEST(ipv6_table)
{
	struct pg_addr addr = { .family = AF_INET6 };
	char buf[PG_ADDR_STRLEN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ASSERT_EQ(1, inet_pton(AF_INET6, table[i].in, &addr.ipv6));
		ASSERT_EQ(strlen(table[i].out), pg_addr_format(&addr, buf));
		EXPECT_STREQ(table[i].out, buf);
	}
}

TEST(ipv4)
{
	static const char *const texts[] = {
		"0.0.0.0", "127.0.0.1", "255.255.255.255", "10.20.100.9",
	};
	struct pg_addr addr = { .family = AF_INET };
	char buf[PG_ADDR_STRLEN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		ASSERT_EQ(1, inet_pton(AF_INET, texts[i], &addr.ipv4));
		EXPECT_EQ(strlen(texts[i]), pg_addr_format(&addr, buf));
		EXPECT_STREQ(texts[i], buf);
	}
}

TEST(scope)
{
	struct pg_addr addr = { .family = AF_INET6, .scope_id = 7 };
	char buf[PG_ADDR_STRLEN];

	inet_pton(AF_INET6, "fe80::1", &addr.ipv6);
	pg_addr_format(&addr, buf);
	EXPECT_STREQ("fe80::1%7", buf);

	inet_pton(AF_INET6, "fe80:1111:1111:1111:1111:1111:1111:1111",
		  &addr.ipv6);
	addr.scope_id = UINT32_MAX;
	pg_addr_format(&addr, buf);
	EXPECT_STREQ("fe80:1111:1111:1111:1111:1111:1111:1111%4294967295", buf);
}

/* Half of the words are 0, so that runs of all lengths occur. */
static void randomize(struct in6_addr *addr)
{
	unsigned int i;

	for (i = 0; i < 16; i += 2) {
		unsigned int word = random() % 2 ? random() % 0x10000 : 0;

		word >>= random() % 16;
		addr->s6_addr[i] = word >> 8;
		addr->s6_addr[i + 1] = word;
	}
}

TEST(as_inet_ntop)
{
	struct pg_addr addr = { .family = AF_INET6 };
	char buf[PG_ADDR_STRLEN], expected[INET6_ADDRSTRLEN];
	unsigned int i;

	srandom(5952);
	for (i = 0; i < 100000; i++) {
		randomize(&addr.ipv6);
		if (IN6_IS_ADDR_V4COMPAT(&addr.ipv6))
			continue;
		inet_ntop(AF_INET6, &addr.ipv6, expected, sizeof(expected));
		ASSERT_EQ(strlen(expected), pg_addr_format(&addr, buf));
		ASSERT_STREQ(expected, buf);
	}
}

TEST_HARNESS_MAIN
