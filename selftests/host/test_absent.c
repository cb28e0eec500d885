// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine without the module, for real.
 */
#include <errno.h>
#include <p2p.h>
#include <peergroup.h>

#include <kselftest_harness.h>

FIXTURE(absent) {
	int err;
};

FIXTURE_SETUP(absent)
{
	struct pg_ctx *ctx = NULL;

	self->err = pg_open(&ctx);
	if (!self->err) {
		pg_close(ctx);
		SKIP(return, "the module is loaded");
	}
}

FIXTURE_TEARDOWN(absent)
{
}

TEST_F(absent, native)
{
	EXPECT_EQ(-ENODEV, self->err);
}

TEST_F(absent, startup)
{
	PEER_VERSION_DATA version = { 1, 1 };

	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL),
		  PeerGroupStartup(PEER_GROUP_VERSION, &version));
	EXPECT_EQ(0, version.wVersion);
	EXPECT_EQ(0, version.wHighestVersion);
	EXPECT_EQ(E_UNEXPECTED, PeerGroupShutdown());
}

TEST_F(absent, checks_that_need_no_module)
{
	HPEERENUM peer_enum = &peer_enum;
	PEER_VERSION_DATA version;

	EXPECT_EQ(E_INVALIDARG, PeerGroupStartup(PEER_GROUP_VERSION, NULL));
	EXPECT_EQ(PEER_E_UNSUPPORTED_VERSION, PeerGroupStartup(0, &version));
	EXPECT_EQ(PEER_E_UNSUPPORTED_VERSION,
		  PeerGroupStartup(MAKEWORD(2, 0), &version));
	EXPECT_EQ(E_UNEXPECTED, PeerEnumGroups(NULL, &peer_enum));
	EXPECT_EQ(NULL, peer_enum);
}

TEST_HARNESS_MAIN
