// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wide strings and UTF-8.
 */
#include <errno.h>
#include <string.h>

#include "../../lib/utf8.h"
#include <kselftest_harness.h>

static const struct {
	wchar_t wide;
	const char *text;
} good[] = {
	{ 0x1, "\x01" },
	{ 0x7f, "\x7f" },
	{ 0x80, "\xc2\x80" },
	{ 0x7ff, "\xdf\xbf" },
	{ 0x800, "\xe0\xa0\x80" },
	{ 0x20ac, "\xe2\x82\xac" },
	{ 0xd7ff, "\xed\x9f\xbf" },
	{ 0xe000, "\xee\x80\x80" },
	{ 0xffff, "\xef\xbf\xbf" },
	{ 0x10000, "\xf0\x90\x80\x80" },
	{ 0x10ffff, "\xf4\x8f\xbf\xbf" },
};

static const char *const bad[] = {
	"\x80",			/* continuation without a lead */
	"\xbf",
	"\xc0\x80",		/* overlong */
	"\xc1\xbf",
	"\xe0\x80\x80",
	"\xe0\x9f\xbf",
	"\xf0\x80\x80\x80",
	"\xf0\x8f\xbf\xbf",
	"\xed\xa0\x80",		/* surrogates */
	"\xed\xbf\xbf",
	"\xf4\x90\x80\x80",	/* past U+10FFFF */
	"\xf5\x80\x80\x80",
	"\xf8\x88\x80\x80\x80",
	"\xfe",
	"\xff",
	"\xc2",			/* cut off */
	"\xe2\x82",
	"\xf0\x90\x80",
	"\xc2\x61",		/* followed by no continuation */
	"\xe2\x82\x61",
	"\xf0\x90\x80\x61",
};

TEST(borders_both_ways)
{
	char text[8];
	wchar_t wide[8];
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		const wchar_t in[2] = { good[i].wide };

		len = strlen(good[i].text);
		ASSERT_EQ((ssize_t)len, utf8_from_wide(in, text, sizeof(text)));
		EXPECT_STREQ(good[i].text, text);
		ASSERT_EQ(1, utf8_to_wide(good[i].text, len, NULL));
		ASSERT_EQ(1, utf8_to_wide(good[i].text, len, wide));
		EXPECT_EQ(good[i].wide, wide[0]);
	}
}

TEST(every_code_point_comes_back)
{
	char text[8];
	wchar_t back[8];
	wchar_t in[2] = { 0 };
	ssize_t len;

	for (in[0] = 1; in[0] <= 0x10ffff; in[0]++) {
		len = utf8_from_wide(in, text, sizeof(text));
		if (in[0] >= 0xd800 && in[0] <= 0xdfff) {
			ASSERT_EQ(-EILSEQ, len);
			continue;
		}
		ASSERT_LT(0, len);
		ASSERT_EQ(1, utf8_to_wide(text, len, back));
		ASSERT_EQ(in[0], back[0]);
	}
}

TEST(malformed_text)
{
	wchar_t wide[8];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EILSEQ, utf8_to_wide(bad[i], strlen(bad[i]), NULL));
		EXPECT_EQ(-EILSEQ, utf8_to_wide(bad[i], strlen(bad[i]), wide));
	}
}

TEST(wide_that_is_no_code_point)
{
	static const wchar_t values[] = {
		0xd800, 0xdbff, 0xdc00, 0xdfff, 0x110000, 0x7fffffff, -1,
	};
	char text[8];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		const wchar_t in[2] = { values[i] };

		EXPECT_EQ(-EILSEQ, utf8_from_wide(in, text, sizeof(text)));
		EXPECT_FALSE(wide_valid(in));
	}
	EXPECT_TRUE(wide_valid(NULL));
	EXPECT_TRUE(wide_valid(L""));
	EXPECT_TRUE(wide_valid(L"a\u20ac\U0001f600"));
}

TEST(room)
{
	char text[4];

	EXPECT_EQ(3, utf8_from_wide(L"abc", text, 4));
	EXPECT_EQ(-ENAMETOOLONG, utf8_from_wide(L"abcd", text, 4));
	EXPECT_EQ(3, utf8_from_wide(L"\u20ac", text, 4));
	EXPECT_EQ(-ENAMETOOLONG, utf8_from_wide(L"a\u20ac", text, 4));
	EXPECT_EQ(0, utf8_from_wide(L"", text, 1));
	EXPECT_EQ(0, utf8_to_wide("", 0, NULL));
}

TEST(units_and_control_characters)
{
	EXPECT_EQ(0, wide_utf16_len(L""));
	EXPECT_EQ(3, wide_utf16_len(L"a\uffff\u20ac"));
	EXPECT_EQ(2, wide_utf16_len(L"\U00010000"));

	EXPECT_FALSE(wide_has_control(L"a ~\u00a0"));
	EXPECT_TRUE(wide_has_control(L"\n"));
	EXPECT_TRUE(wide_has_control(L"a\x1f"));
	EXPECT_TRUE(wide_has_control(L"\x7f"));
	EXPECT_TRUE(wide_has_control(L"\x9f"));
}

TEST_HARNESS_MAIN
