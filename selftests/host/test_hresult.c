// SPDX-License-Identifier: GPL-2.0-only
/*
 * errno values as HRESULTs, and times. The values are written out: they are
 * ABI.
 */
#include <errno.h>

#include "../../lib/p2p/filetime.h"
#include "../../lib/p2p/hresult.h"
#include <kselftest_harness.h>

static const struct {
	int err;
	uint32_t hr;
} table[] = {
	{ 0, 0 },
	{ EPERM, 0x80070005 },
	{ EACCES, 0x80070005 },
	{ ENOENT, 0x80632093 },
	{ ENOMEM, 0x8007000e },
	{ ENOSPC, 0x8007000e },
	{ EMFILE, 0x8007000e },
	{ ENFILE, 0x8007000e },
	{ ENOBUFS, 0x8007000e },
	{ EINVAL, 0x80070057 },
	{ ESTALE, 0x800704d5 },
	{ EEXIST, 0x8000ffff },
	{ EXDEV, 0x8000ffff },
	{ EIO, 0x8000ffff },
	{ EPROTO, 0x8000ffff },
	{ ENODEV, 0x8000ffff },
	{ EILSEQ, 0x8000ffff },
	{ EBUSY, 0x8000ffff },
	{ 12345, 0x8000ffff },
};

TEST(every_errno)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		EXPECT_EQ(table[i].hr,
			  (uint32_t)hresult_from_errno(-table[i].err));
	for (i = 0; i < ARRAY_SIZE(table); i++)
		EXPECT_EQ(table[i].err == ENOENT ? 0x80070490 : table[i].hr,
			  (uint32_t)hresult_of_name(-table[i].err));
}

TEST(macros)
{
	EXPECT_EQ(0x0101, PEER_GROUP_VERSION);
	EXPECT_EQ(0x0201, MAKEWORD(1, 2));
	EXPECT_EQ(0x8007042c, (uint32_t)HRESULT_FROM_WIN32(1068));
	EXPECT_EQ(S_OK, HRESULT_FROM_WIN32(0));
	EXPECT_EQ(PEER_E_INVALID_GROUP, HRESULT_FROM_WIN32(PEER_E_INVALID_GROUP));
	EXPECT_TRUE(SUCCEEDED(S_FALSE));
	EXPECT_TRUE(FAILED(E_INVALIDARG));
	EXPECT_EQ(FACILITY_P2P, HRESULT_FACILITY(PEER_E_INVALID_GROUP));
	EXPECT_EQ(0x2093, HRESULT_CODE(PEER_E_INVALID_GROUP));
}

static uint64_t units_of(int64_t seconds)
{
	FILETIME time = filetime_from_seconds(seconds);

	return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

/* A certificate may have any year of four digits. */
TEST(filetime)
{
	const FILETIME latest = { UINT32_MAX, UINT32_MAX };

	EXPECT_EQ(116444736000000000ULL, units_of(0));
	EXPECT_EQ(2650467743990000000ULL, units_of(253402300799LL));
	EXPECT_EQ(0, units_of(-11644473600LL));
	EXPECT_EQ(0, units_of(-11644473601LL));
	EXPECT_EQ(0, units_of(-62167219200LL));
	EXPECT_EQ(1833029933770LL, filetime_to_seconds(&latest));
}

TEST_HARNESS_MAIN
