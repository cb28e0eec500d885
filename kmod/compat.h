/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels this module builds for. Kbuild looks into
 * their headers and defines HAVE_*: versions tell little where features are
 * backported.
 */
#ifndef _PEERGROUP_COMPAT_H
#define _PEERGROUP_COMPAT_H

#include <linux/ipv6.h>
#include <net/genetlink.h>
#include <net/inet_sock.h>

/* Snapshots read 64-bit generations without a lock. */
#ifndef CONFIG_64BIT
#error "peergroup needs a 64-bit kernel"
#endif

/* genl_info_dump() came with 6.6. */
static inline struct nlattr **pg_dump_attrs(const struct netlink_callback *cb)
{
#ifdef HAVE_GENL_INFO_DUMP
	return genl_info_dump((struct netlink_callback *)cb)->attrs;
#else
	return ((const struct genl_dumpit_info *)cb->data)->attrs;
#endif
}

/* Flags of inet sockets became bits of one word, those of IPv6 later. */
static inline bool pg_has_recverr4(const struct sock *sk)
{
#ifdef HAVE_INET_FLAGS
	return inet_test_bit(RECVERR, sk);
#else
	return inet_sk(sk)->recverr;
#endif
}

static inline bool pg_has_recverr6(const struct sock *sk)
{
#ifdef HAVE_INET6_FLAGS
	return inet_test_bit(RECVERR6, sk);
#else
	const struct ipv6_pinfo *np = inet6_sk(sk);

	return np && np->recverr;
#endif
}

#endif /* _PEERGROUP_COMPAT_H */
