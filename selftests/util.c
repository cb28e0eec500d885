// SPDX-License-Identifier: GPL-2.0-only
/* What the tests share: sockets on loopback, groups, and waiting. */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

int loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = ioctl(fd, SIOCSIFFLAGS, &ifr) ? -errno : 0;
	close(fd);
	return err;
}

int own_netns(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	return loopback_up();
}

int run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return system(command) ? -EIO : 0;
}

int load_module(const char *name)
{
	return run("modprobe -q %s", name);
}

int read_number(const char *path, unsigned long *value)
{
	FILE *file = fopen(path, "re");
	int n;

	if (!file)
		return -errno;
	n = fscanf(file, "%lu", value);
	fclose(file);
	return n == 1 ? 0 : -EINVAL;
}

int write_number(const char *path, unsigned long value)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	fprintf(file, "%lu\n", value);
	return fclose(file) ? -errno : 0;
}

#define SLAB "/sys/kernel/slab/"

/* Free objects that a CPU keeps for itself would count too. */
unsigned long slab_objects(const char *cache)
{
	char path[128];
	unsigned long n = -1;

	snprintf(path, sizeof(path), SLAB "%s/shrink", cache);
	write_number(path, 1);
	snprintf(path, sizeof(path), SLAB "%s/objects", cache);
	read_number(path, &n);
	return n;
}

bool slab_is_own(const char *cache)
{
	char path[128];
	unsigned long aliases;

	snprintf(path, sizeof(path), SLAB "%s/aliases", cache);
	return !read_number(path, &aliases) && !aliases;
}

static socklen_t loopback(struct sockaddr_storage *addr, int family)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = family;
	if (family == AF_INET6) {
		in6->sin6_addr = in6addr_loopback;
		return sizeof(*in6);
	}
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*in);
}

int tcp_listen(int family)
{
	struct sockaddr_storage addr;
	socklen_t len = loopback(&addr, family);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 128)) {
		close(fd);
		return -errno;
	}
	return fd;
}

int tcp_connect(int listener)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int fd;

	if (getsockname(listener, (struct sockaddr *)&addr, &len))
		return -errno;
	fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, len)) {
		close(fd);
		return -errno;
	}
	return fd;
}

int tcp_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* So that looking for a free port stays cheap. */
#define PAIRS_PER_LISTENER 4096

static int pairs_on_one_listener(int family, int *fds, size_t n)
{
	int listener = tcp_listen(family);
	int err = listener < 0 ? listener : 0;
	size_t i;

	for (i = 0; !err && i + 1 < n; i += 2) {
		fds[i] = tcp_connect(listener);
		fds[i + 1] = tcp_accept(listener);
		if (fds[i] < 0 || fds[i + 1] < 0)
			err = -ECONNABORTED;
	}
	close(listener);
	return err;
}

int tcp_pairs(int family, int *fds, size_t n)
{
	size_t i, some;
	int err = 0;

	for (i = 0; !err && i < n; i += some) {
		some = n - i < 2 * PAIRS_PER_LISTENER ? n - i :
							2 * PAIRS_PER_LISTENER;
		err = pairs_on_one_listener(family, fds + i, some);
	}
	return err;
}

int tcp_pair(int family, int fds[2])
{
	return tcp_pairs(family, fds, 2);
}

int allow_fds(size_t n)
{
	struct rlimit limit = { n + 1024, n + 1024 };

	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

void close_all(const int *fds, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		close(fds[i]);
}

int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ?
	       -errno : 0;
}

uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len);
	return cookie;
}

static bool flows(int from, int to)
{
	static const char sent[] = "one way";
	char got[sizeof(sent)] = "";

	return send(from, sent, sizeof(sent), MSG_NOSIGNAL) == sizeof(sent) &&
	       recv(to, got, sizeof(got), MSG_WAITALL) == sizeof(got) &&
	       !memcmp(sent, got, sizeof(sent));
}

bool data_flows(int a, int b)
{
	return flows(a, b) && flows(b, a);
}

bool sees_eof(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&ready, 1, SOON) == 1 && read(fd, &byte, 1) == 0;
}

int reset_on_close(int fd)
{
	const struct linger linger = { .l_onoff = 1 };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
			  sizeof(linger)) ? -errno : 0;
}

int add_group_named(struct pg_ctx *ctx, const char *name, uint32_t *id)
{
	const struct pg_group_spec spec = {
		.size = sizeof(spec), .name = name,
	};

	return pg_group_add(ctx, &spec, id, NULL);
}

int add_group(struct pg_ctx *ctx, uint32_t *id)
{
	static unsigned int count;
	char name[64];

	snprintf(name, sizeof(name), "test-%d-%u", getpid(), count++);
	return add_group_named(ctx, name, id);
}

struct pg_attach attach_spec(int fd)
{
	return (struct pg_attach){ .size = sizeof(struct pg_attach), .fd = fd };
}

int attach(struct pg_ctx *ctx, uint32_t group, int fd, uint64_t *id)
{
	const struct pg_attach sock = attach_spec(fd);

	return pg_conn_attach(ctx, group, &sock, 1, id, NULL, NULL);
}

static int count_one(const struct pg_conn *conn, void *arg)
{
	(void)conn;
	++*(int *)arg;
	return 0;
}

int count_conns(struct pg_ctx *ctx, uint32_t group)
{
	const struct pg_filter filter = {
		.size = sizeof(filter), .group_id = group,
	};
	int err, n = 0;

	err = pg_conn_dump(ctx, &filter, NULL, count_one, &n);
	return err ? err : n;
}

static int take_generation(uint64_t generation, uint32_t count, void *arg)
{
	(void)count;
	*(uint64_t *)arg = generation;
	return 0;
}

static int skip_conn(const struct pg_conn *conn, void *arg)
{
	(void)conn;
	(void)arg;
	return 0;
}

uint64_t generation_now(struct pg_ctx *ctx)
{
	uint64_t generation = 0;

	pg_conn_dump(ctx, NULL, take_generation, skip_conn, &generation);
	return generation;
}

int copy_conn(const struct pg_conn *conn, void *arg)
{
	struct conn_copy *copy = arg;

	copy->conn = *conn;
	if (conn->stats) {
		copy->stats = *conn->stats;
		copy->conn.stats = &copy->stats;
	}
	if (conn->peer_id) {
		memcpy(copy->peer_id, conn->peer_id, conn->peer_id_len);
		copy->peer_id[conn->peer_id_len] = '\0';
		copy->conn.peer_id = copy->peer_id;
	}
	return 0;
}

int get_conn(struct pg_ctx *ctx, uint64_t id, bool stats,
	     struct conn_copy *copy)
{
	return pg_conn_get(ctx, id, stats, copy_conn, copy);
}

/* Which id is looked for; cleared where a dump shows it. */
static int match_id(const struct pg_conn *conn, void *arg)
{
	uint64_t *id = arg;

	if (conn->id == *id)
		*id = 0;
	return 0;
}

bool is_active(struct pg_ctx *ctx, uint64_t id)
{
	struct conn_copy copy;
	uint64_t left = id;

	return !get_conn(ctx, id, false, &copy) &&
	       !pg_conn_dump(ctx, NULL, NULL, match_id, &left) && !left;
}

bool is_gone(struct pg_ctx *ctx, uint64_t id)
{
	struct conn_copy copy;
	uint64_t left = id;

	return get_conn(ctx, id, false, &copy) == -ENOENT &&
	       !pg_conn_dump(ctx, NULL, NULL, match_id, &left) && left;
}
