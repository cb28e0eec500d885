// SPDX-License-Identifier: GPL-2.0-only
/* What tests about rules share. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adopted.h"

struct pg_rule_spec rule_spec(uint32_t group)
{
	return (struct pg_rule_spec){
		.size = sizeof(struct pg_rule_spec), .group_id = group,
	};
}

int add_rule(struct pg_ctx *ctx, uint32_t group, uint32_t flags, uint32_t *id)
{
	struct pg_rule_spec spec = rule_spec(group);

	spec.flags = flags;
	return pg_rule_add(ctx, &spec, id, NULL);
}

static int keep_rule(const struct pg_rule *rule, void *arg)
{
	*(struct pg_rule *)arg = *rule;
	return 0;
}

int get_rule(struct pg_ctx *ctx, uint32_t id, struct pg_rule *rule)
{
	return pg_rule_get(ctx, id, keep_rule, rule);
}

static int take_rule_totals(const struct pg_group *group, void *arg)
{
	*(struct rule_totals *)arg = (struct rule_totals){
		.rules = group->rules, .missed = group->missed,
		.missed_lost = group->missed_lost, .refused = group->refused,
	};
	return 0;
}

int get_rule_totals(struct pg_ctx *ctx, uint32_t group,
		    struct rule_totals *totals)
{
	return pg_group_get(ctx, group, take_rule_totals, totals);
}

/* What is looked for, and how often it was found. */
struct search {
	uint64_t cookie;
	unsigned int found;
	struct conn_copy *copy;
};

static int look_at(const struct pg_conn *conn, void *arg)
{
	struct search *search = arg;

	if (conn->cookie != search->cookie)
		return 0;
	search->found++;
	return copy_conn(conn, search->copy);
}

int find_conn(struct pg_ctx *ctx, uint32_t group, int fd,
	      struct conn_copy *copy)
{
	const struct pg_filter filter = {
		.size = sizeof(filter), .group_id = group,
		.flags = PG_FILTER_ALL,
	};
	struct search search = { .cookie = cookie_of(fd), .copy = copy };
	int err = pg_conn_dump(ctx, &filter, NULL, look_at, &search);

	if (err)
		return err;
	if (!search.found)
		return -ENOENT;
	return search.found == 1 ? 0 : -ENOTUNIQ;
}

bool is_adopted(struct pg_ctx *ctx, uint32_t group, int fd, uint32_t rule)
{
	struct conn_copy copy;

	return !find_conn(ctx, group, fd, &copy) &&
	       copy.conn.state == PG_STATE_ACTIVE &&
	       copy.conn.rule_id == rule;
}

/* Cookies of sockets, sorted. */
struct cookies {
	uint64_t *all;
	size_t room;
	size_t n;
};

static int compare_cookies(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int take_cookie(const struct pg_conn *conn, void *arg)
{
	struct cookies *cookies = arg;

	if (cookies->n == cookies->room)
		return -E2BIG;
	cookies->all[cookies->n++] = conn->cookie;
	return 0;
}

static int take_cookies(struct pg_ctx *ctx, uint32_t group,
			struct cookies *cookies)
{
	const struct pg_filter filter = {
		.size = sizeof(filter), .group_id = group,
	};

	return pg_conn_dump(ctx, &filter, NULL, take_cookie, cookies);
}

bool has_exactly(struct pg_ctx *ctx, uint32_t group, const int *fds, size_t n)
{
	struct cookies is = { malloc(n * sizeof(uint64_t)), n, 0 };
	uint64_t *should = malloc(n * sizeof(uint64_t));
	bool same = false;
	size_t i;

	for (i = 0; i < n; i++)
		should[i] = cookie_of(fds[i]);
	if (!take_cookies(ctx, group, &is) && is.n == n) {
		qsort(is.all, n, sizeof(uint64_t), compare_cookies);
		qsort(should, n, sizeof(uint64_t), compare_cookies);
		same = !memcmp(is.all, should, n * sizeof(uint64_t));
	}
	free(is.all);
	free(should);
	return same;
}

int own_documentation_prefix(void)
{
	int err = write_number("/proc/sys/net/ipv6/ip_nonlocal_bind", 1);

	return err ? err : run("ip -6 route add local 2001:db8::/32 dev lo");
}

static socklen_t address_of(const struct end *end,
			    struct sockaddr_storage *addr)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	memset(addr, 0, sizeof(*addr));
	in->sin_port = htons(end->port);
	if (inet_pton(AF_INET, end->address, &in->sin_addr) == 1) {
		addr->ss_family = AF_INET;
		return sizeof(*in);
	}
	addr->ss_family = AF_INET6;
	inet_pton(AF_INET6, end->address, &in6->sin6_addr);
	return sizeof(*in6);
}

static int bound_to(const struct end *end)
{
	struct sockaddr_storage addr;
	socklen_t len = address_of(end, &addr);
	int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
	    bind(fd, (struct sockaddr *)&addr, len)) {
		close(fd);
		return -errno;
	}
	return fd;
}

int listen_at(const struct end *end)
{
	int fd = bound_to(end);

	if (fd < 0 || !listen(fd, 128))
		return fd;
	close(fd);
	return -errno;
}

int connect_from(const struct end *from, const struct end *to)
{
	struct sockaddr_storage addr;
	socklen_t len = address_of(to, &addr);
	int fd = bound_to(from);

	if (fd < 0 || !connect(fd, (struct sockaddr *)&addr, len))
		return fd;
	close(fd);
	return -errno;
}

int pair_between(const struct end *from, const struct end *to, int fds[2])
{
	int listener = listen_at(to);

	if (listener < 0)
		return listener;
	fds[0] = connect_from(from, to);
	fds[1] = fds[0] < 0 ? fds[0] : tcp_accept(listener);
	close(listener);
	return fds[1] < 0 ? fds[1] : 0;
}
