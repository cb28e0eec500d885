// SPDX-License-Identifier: GPL-2.0-only
/* Others take hold of sockets as if nobody tracked them: kTLS and sockmap. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "util.h"

#ifndef TCP_ULP
#define TCP_ULP 31
#endif
#ifndef SOL_TLS
#define SOL_TLS 282
#endif

/* Both directions have one key, which is bad for anything but a test. */
static int start_tls(int fd)
{
	struct tls12_crypto_info_aes_gcm_128 key = {
		.info.version = TLS_1_2_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
		.key = "0123456789abcde",
		.salt = "abc",
	};

	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")) ||
	    setsockopt(fd, SOL_TLS, TLS_TX, &key, sizeof(key)) ||
	    setsockopt(fd, SOL_TLS, TLS_RX, &key, sizeof(key)))
		return -errno;
	return 0;
}

static int start_tls_pair(const int pair[2])
{
	int err = start_tls(pair[0]);

	return err ? err : start_tls(pair[1]);
}

static int bpf(int cmd, union bpf_attr *attr)
{
	int ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static int make_sockmap(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(uint32_t),
		.max_entries = 2,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

static int add_to_sockmap(int map, uint32_t key, int fd)
{
	uint32_t value = fd;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

/* A verdict on all that arrives: let it pass. */
static int let_pass(int map)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = SK_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_SK_SKB,
		.insns = (uintptr_t)insns,
		.insn_cnt = ARRAY_SIZE(insns),
		.license = (uintptr_t)"GPL",
	};
	union bpf_attr attach = {
		.target_fd = map,
		.attach_type = BPF_SK_SKB_STREAM_VERDICT,
	};
	int prog = bpf(BPF_PROG_LOAD, &load);

	if (prog < 0)
		return prog;
	attach.attach_bpf_fd = prog;
	return bpf(BPF_PROG_ATTACH, &attach);
}

static int start_sockmap(const int pair[2])
{
	int map = make_sockmap();
	int err = map < 0 ? map : let_pass(map);

	if (!err)
		err = add_to_sockmap(map, 0, pair[0]);
	if (!err)
		err = add_to_sockmap(map, 1, pair[1]);
	return err;
}

FIXTURE(coexist) {
	struct pg_ctx *ctx;
	uint32_t group;
	uint64_t ids[2];
	int pair[2];
	bool absent;
};

FIXTURE_VARIANT(coexist) {
	int (*start)(const int pair[2]);
};

FIXTURE_VARIANT_ADD(coexist, ktls) { .start = start_tls_pair };
FIXTURE_VARIANT_ADD(coexist, sockmap) { .start = start_sockmap };

FIXTURE_SETUP(coexist)
{
	int trial[2];

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, pg_open(&self->ctx));
	ASSERT_EQ(0, add_group(self->ctx, &self->group));
	ASSERT_EQ(0, tcp_pair(AF_INET6, self->pair));

	/* Whether the kernel can do it is asked of an untracked connection. */
	ASSERT_EQ(0, tcp_pair(AF_INET6, trial));
	self->absent = variant->start(trial);
	close_all(trial, 2);
}

FIXTURE_TEARDOWN(coexist)
{
	pg_close(self->ctx);
}

#define SKIP_IF_ABSENT() do {						\
	if (self->absent)						\
		SKIP(return, "this kernel cannot do it");		\
} while (0)

static int attach_both(FIXTURE_DATA(coexist) *self)
{
	int err = attach(self->ctx, self->group, self->pair[0], &self->ids[0]);

	return err ? err : attach(self->ctx, self->group, self->pair[1],
				  &self->ids[1]);
}

static bool active_and_working(FIXTURE_DATA(coexist) *self)
{
	return is_active(self->ctx, self->ids[0]) &&
	       is_active(self->ctx, self->ids[1]) &&
	       data_flows(self->pair[0], self->pair[1]);
}

static bool end_is_seen(FIXTURE_DATA(coexist) *self)
{
	close(self->pair[0]);
	return is_gone(self->ctx, self->ids[0]) &&
	       wait_until(is_gone(self->ctx, self->ids[1]), SOON) &&
	       sees_eof(self->pair[1]);
}

TEST_F(coexist, started_before)
{
	SKIP_IF_ABSENT();
	ASSERT_EQ(0, variant->start(self->pair));
	ASSERT_EQ(0, attach_both(self));
	EXPECT_TRUE(active_and_working(self));
	EXPECT_TRUE(end_is_seen(self));
}

TEST_F(coexist, started_after)
{
	SKIP_IF_ABSENT();
	ASSERT_EQ(0, attach_both(self));
	ASSERT_EQ(0, variant->start(self->pair));
	EXPECT_TRUE(active_and_working(self));
	EXPECT_TRUE(end_is_seen(self));
}

TEST_F(coexist, reset)
{
	SKIP_IF_ABSENT();
	ASSERT_EQ(0, attach_both(self));
	ASSERT_EQ(0, variant->start(self->pair));
	ASSERT_EQ(0, reset_on_close(self->pair[0]));
	close(self->pair[0]);
	EXPECT_TRUE(is_gone(self->ctx, self->ids[0]));
	EXPECT_TRUE(wait_until(is_gone(self->ctx, self->ids[1]), SOON));
}

TEST_F(coexist, detached)
{
	SKIP_IF_ABSENT();
	ASSERT_EQ(0, attach_both(self));
	ASSERT_EQ(0, variant->start(self->pair));
	ASSERT_EQ(0, pg_group_del(self->ctx, self->group, NULL));
	EXPECT_TRUE(data_flows(self->pair[0], self->pair[1]));
	close(self->pair[0]);
	EXPECT_TRUE(sees_eof(self->pair[1]));
}

TEST_HARNESS_MAIN
