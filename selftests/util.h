/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests share: sockets on loopback, groups, and waiting.
 *
 * Unless a function says otherwise it returns 0, or a file descriptor, or a
 * negative errno value.
 */
#ifndef SELFTESTS_UTIL_H
#define SELFTESTS_UTIL_H

#include <peergroup.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARAMETERS "/sys/module/peergroup/parameters/"

/* Long enough for what another CPU does, also in an emulated guest. */
#define SOON 5000

uint64_t now_ms(void);

/* Ask again and again whether cond holds, for at most so many milliseconds. */
#define wait_until(cond, ms) ({						\
	uint64_t end_ = now_ms() + (ms);				\
	bool holds_;							\
									\
	while (!(holds_ = (cond)) && now_ms() < end_)			\
		sched_yield();						\
	holds_;								\
})

/* A network namespace of the caller's own, with loopback up. */
int own_netns(void);
int loopback_up(void);

/* A command of the shell; 0 if it succeeded. */
int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
int load_module(const char *name);

int read_number(const char *path, unsigned long *value);
int write_number(const char *path, unsigned long value);

/* Objects in use of a cache, which is of use only if nobody shares it. */
unsigned long slab_objects(const char *cache);
bool slab_is_own(const char *cache);

/* AF_INET, AF_INET6 on loopback; any free port. */
int tcp_listen(int family);
int tcp_connect(int listener);
int tcp_accept(int listener);
int tcp_pair(int family, int fds[2]);
/* Both ends of n / 2 connections. */
int tcp_pairs(int family, int *fds, size_t n);
void close_all(const int *fds, size_t n);
/* That many more descriptors than usual. */
int allow_fds(size_t n);
int set_option(int fd, int level, int option, int value);
/* As SO_COOKIE has it, 0 if it cannot be told. */
uint64_t cookie_of(int fd);

/* The bytes written at one end arrive at the other, in both directions. */
bool data_flows(int a, int b);
bool sees_eof(int fd);

/* Closing the socket, by whatever way, resets the connection. */
int reset_on_close(int fd);

/* A group with a name that no other has. */
int add_group(struct pg_ctx *ctx, uint32_t *id);
int add_group_named(struct pg_ctx *ctx, const char *name, uint32_t *id);
int attach(struct pg_ctx *ctx, uint32_t group, int fd, uint64_t *id);
struct pg_attach attach_spec(int fd);

/* How many connections a dump of the group (0: of all) shows. */
int count_conns(struct pg_ctx *ctx, uint32_t group);
/* The generation a dump shows, 0 if it failed. */
uint64_t generation_now(struct pg_ctx *ctx);

/* A connection that outlives the callback. */
struct conn_copy {
	struct pg_conn conn;
	struct pg_stats stats;
	char peer_id[PG_NAME_MAX + 1];
};

/* A pg_conn_cb for such a copy. */
int copy_conn(const struct pg_conn *conn, void *arg);
int get_conn(struct pg_ctx *ctx, uint64_t id, bool stats,
	     struct conn_copy *copy);
bool is_active(struct pg_ctx *ctx, uint64_t id);
/* No dump and no get shows it. */
bool is_gone(struct pg_ctx *ctx, uint64_t id);

#endif /* SELFTESTS_UTIL_H */
