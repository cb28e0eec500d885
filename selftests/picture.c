// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pictures under churn: while processes change connections, groups and rules as
 * fast as they can, a picture kept by events must at any time equal a fresh list of
 * the same generation, also that of a watch that loses events all the time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "churn.h"
#include "util.h"

#define DURATION	30000	/* ms */
#define CHURNERS	4
#define KILL_EVERY	400	/* ms */
#define LISTENERS	3
#define LITTLE		65536	/* bytes, less than comes meanwhile */
#define LISTED_MAX	65536

/* What a listener has done, for the parent to judge. */
struct seen {
	int error;
	unsigned long comparisons;	/* with fresh lists */
	unsigned long conns;		/* compared in these */
	unsigned long pending;		/* of them */
	unsigned long adopted;		/* likewise, by rules */
	unsigned long events;
	unsigned long losses;
	unsigned long repaired;		/* compared after a loss */
	unsigned long watched;		/* compared amid events after that */
};

struct shared {
	struct churn_groups groups;
	struct seen seen[LISTENERS];
};

/*
 * Each has a subscription that misses nothing and a picture kept by it, which
 * can be taken to any generation to come. One has besides a watch that cannot
 * keep up, and a picture of what that hands out.
 */
struct listener {
	struct seen *seen;
	struct pg_ctx *ctx;
	struct pg_sub *sub;
	struct pg_picture *picture;
	struct pg_watch *lossy;
	struct pg_picture *handed;
	unsigned int since_loss;	/* events */
};

static const struct pg_watch_spec everything = {
	.size = sizeof(everything), .flags = PG_WATCH_ALL,
};

/* The list of a fresh watch, as it is handed out. */
static int begin_picture(struct pg_picture *picture)
{
	const struct pg_event *event = NULL;
	struct pg_watch *watch;
	int ret;

	ret = pg_watch_open(&watch, &everything);
	if (ret)
		return ret;
	do {
		ret = pg_watch_next(watch, &event);
		if (ret > 0)
			ret = pg_picture_apply(picture, event);
	} while (ret >= 0 && event && event->type != PG_EVENT_SYNCED);
	pg_watch_close(watch);
	return ret < 0 ? ret : 0;
}

static int begin(struct listener *listener, bool lossy)
{
	struct pg_watch_spec spec = everything;
	int err;

	err = pg_open(&listener->ctx);
	if (!err)
		err = pg_sub_open(&listener->sub, 64 << 20);
	listener->picture = pg_picture_new();
	if (!err)
		err = begin_picture(listener->picture);
	if (err || !lossy)
		return err;
	listener->handed = pg_picture_new();
	spec.buffer = LITTLE;
	return pg_watch_open(&listener->lossy, &spec);
}

/* Apply all events up to this generation, which has been reached by now. */
static int advance(struct listener *listener, uint64_t generation)
{
	struct pollfd ready = {
		.fd = pg_sub_fd(listener->sub), .events = POLLIN,
	};
	const struct pg_event *event;
	int ret;

	while (pg_picture_generation(listener->picture) < generation) {
		ret = pg_sub_next(listener->sub, &event);
		if (!ret && poll(&ready, 1, SOON) != 1)
			return -ETIMEDOUT;
		if (!ret)
			continue;
		if (ret > 0 && event->type == PG_EVENT_RESYNC)
			return -ENOBUFS;
		if (ret > 0)
			ret = pg_picture_apply(listener->picture, event);
		if (ret < 0)
			return ret;
		listener->seen->events++;
	}
	return pg_picture_generation(listener->picture) == generation ?
	       0 : -ERANGE;
}

/* What a picture has, in its order; pending connections by themselves. */
struct flat {
	const struct pg_group *groups[CHURN_GROUPS + 1];
	const struct pg_conn *active[LISTED_MAX];
	const struct pg_conn *pending[LISTED_MAX];
	size_t n_groups;
	size_t n_active;
	size_t n_pending;
};

static int add_to_groups(const struct pg_group *group, void *arg)
{
	struct flat *flat = arg;

	if (flat->n_groups > CHURN_GROUPS)
		return -E2BIG;
	flat->groups[flat->n_groups++] = group;
	return 0;
}

static int add_to_conns(const struct pg_conn *conn, void *arg)
{
	struct flat *flat = arg;

	if (flat->n_active == LISTED_MAX || flat->n_pending == LISTED_MAX)
		return -E2BIG;
	if (conn->state == PG_STATE_PENDING)
		flat->pending[flat->n_pending++] = conn;
	else
		flat->active[flat->n_active++] = conn;
	return 0;
}

static int flatten(const struct pg_picture *picture, struct flat *flat)
{
	int err;

	flat->n_groups = 0;
	flat->n_active = 0;
	flat->n_pending = 0;
	err = pg_picture_groups(picture, add_to_groups, flat);
	return err ? err : pg_picture_conns(picture, 0, add_to_conns, flat);
}

static bool same_group(const struct pg_group *a, const struct pg_group *b)
{
	return a->id == b->id && !strcmp(a->name, b->name) &&
	       a->owner == b->owner && a->pending == b->pending &&
	       a->active_neighbor == b->active_neighbor &&
	       a->active_direct == b->active_direct;
}

static bool same_conn(const struct pg_conn *a, const struct pg_conn *b)
{
	return a->id == b->id && a->group_id == b->group_id &&
	       a->type == b->type && a->state == b->state &&
	       a->node_id == b->node_id && a->cookie == b->cookie &&
	       a->attached == b->attached && a->rule_id == b->rule_id &&
	       !memcmp(&a->local, &b->local, sizeof(a->local)) &&
	       !memcmp(&a->remote, &b->remote, sizeof(a->remote)) &&
	       !a->peer_id == !b->peer_id &&
	       (!a->peer_id || !strcmp(a->peer_id, b->peer_id));
}

static bool same_conns(const struct pg_conn **a, size_t n_a,
		       const struct pg_conn **b, size_t n_b)
{
	size_t i;

	for (i = 0; n_a == n_b && i < n_a; i++)
		if (!same_conn(a[i], b[i]))
			return false;
	return n_a == n_b;
}

static bool same_flat(struct flat *a, struct flat *b)
{
	size_t i;

	for (i = 0; a->n_groups == b->n_groups && i < a->n_groups; i++)
		if (!same_group(a->groups[i], b->groups[i]))
			return false;
	return a->n_groups == b->n_groups &&
	       same_conns(a->active, a->n_active, b->active, b->n_active) &&
	       same_conns(a->pending, a->n_pending, b->pending, b->n_pending);
}

static unsigned long count_adopted(const struct flat *flat)
{
	unsigned long n = 0;
	size_t i;

	for (i = 0; i < flat->n_active; i++)
		n += !!flat->active[i]->rule_id;
	return n;
}

static int compare(struct listener *listener, const struct pg_picture *is,
		   const struct pg_picture *should, const char *what)
{
	static struct flat a, b;
	int err = flatten(is, &a);

	if (!err)
		err = flatten(should, &b);
	if (err)
		return err;
	listener->seen->conns += b.n_active + b.n_pending;
	listener->seen->pending += b.n_pending;
	listener->seen->adopted += count_adopted(&b);
	if (same_flat(&a, &b))
		return 0;
	fprintf(stderr, "# %s differs at %lu: %zu, %zu, %zu, should be %zu, %zu, %zu\n",
		what, pg_picture_generation(should), a.n_groups, a.n_active,
		a.n_pending, b.n_groups, b.n_active, b.n_pending);
	return -EILSEQ;
}

/* With the list of a fresh watch. */
static int compare_with_list(struct listener *listener)
{
	const struct pg_picture *list;
	struct pg_watch *watch;
	int err = pg_watch_open(&watch, &everything);

	if (err)
		return err;
	list = pg_watch_picture(watch);
	err = advance(listener, pg_picture_generation(list));
	if (!err)
		err = compare(listener, listener->picture, list, "picture");
	pg_watch_close(watch);
	return err;
}

/* What a dump shows. */
struct dumped {
	uint64_t generation;
	size_t n;
	uint64_t ids[LISTED_MAX];
	enum pg_state states[LISTED_MAX];
};

static int dump_begin(uint64_t generation, uint32_t count, void *arg)
{
	struct dumped *dumped = arg;

	dumped->generation = generation;
	dumped->n = 0;
	return count > LISTED_MAX ? -E2BIG : 0;
}

static int dump_conn(const struct pg_conn *conn, void *arg)
{
	struct dumped *dumped = arg;

	dumped->ids[dumped->n] = conn->id;
	dumped->states[dumped->n++] = conn->state;
	return 0;
}

/* With a dump that no picture has a part in. */
static int compare_with_dump(struct listener *listener)
{
	const struct pg_filter filter = {
		.size = sizeof(filter), .flags = PG_FILTER_ALL,
	};
	static struct dumped dumped;
	static struct flat flat;
	const struct pg_conn *conn;
	size_t i;
	int err;

	err = pg_conn_dump(listener->ctx, &filter, dump_begin, dump_conn,
			   &dumped);
	if (!err)
		err = advance(listener, dumped.generation);
	if (!err)
		err = flatten(listener->picture, &flat);
	if (err)
		return err;
	for (i = 0; i < dumped.n; i++) {
		conn = pg_picture_conn(listener->picture, dumped.ids[i]);
		if (!conn || conn->state != dumped.states[i])
			return -EILSEQ;
	}
	return dumped.n == flat.n_active + flat.n_pending ? 0 : -EILSEQ;
}

/*
 * The watch itself, and whoever applied what it hands out, against ours, unless
 * that has been taken further already.
 */
static int compare_watch(struct listener *listener, unsigned long *count)
{
	const struct pg_picture *watched = pg_watch_picture(listener->lossy);
	uint64_t generation = pg_picture_generation(watched);
	int err;

	if (generation < pg_picture_generation(listener->picture))
		return 0;
	err = advance(listener, generation);
	if (!err)
		err = compare(listener, watched, listener->picture, "watch");
	if (!err)
		err = compare(listener, listener->handed, watched, "handed");
	++*count;
	return err;
}

static int take_watched(struct listener *listener,
			const struct pg_event *event)
{
	int ret = pg_picture_apply(listener->handed, event);

	if (ret < 0)
		return ret;
	if (event->type == PG_EVENT_RESYNC) {
		listener->seen->losses++;
		return 0;
	}
	if (event->type == PG_EVENT_SYNCED) {
		listener->since_loss = 0;
		return compare_watch(listener, &listener->seen->repaired);
	}
	if (event->flags & PG_EVENT_LISTED || ++listener->since_loss % 2)
		return 0;
	return compare_watch(listener, &listener->seen->watched);
}

/* Take what there is after a while in which more came than could be kept. */
static int follow_watch(struct listener *listener)
{
	unsigned long losses = listener->seen->losses;
	const struct pg_event *event;
	int ret;

	usleep(20000);
	while ((ret = pg_watch_next(listener->lossy, &event)) > 0) {
		ret = take_watched(listener, event);
		if (ret || listener->seen->losses > losses + 2)
			break;
	}
	return ret;
}

static int listen_once(struct listener *listener)
{
	int err = compare_with_list(listener);

	if (!err)
		err = compare_with_dump(listener);
	listener->seen->comparisons += 2;
	if (!err && listener->lossy)
		err = follow_watch(listener);
	return err;
}

static int listen_until(struct seen *seen, bool lossy, uint64_t end)
{
	struct listener listener = { .seen = seen };
	int err = begin(&listener, lossy);

	while (!err && now_ms() < end) {
		err = listen_once(&listener);
		usleep(5000);
	}
	return err;
}

static pid_t start_listener(struct shared *shared, unsigned int i, uint64_t end)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	shared->seen[i].error = listen_until(&shared->seen[i],
					     i == LISTENERS - 1, end);
	_exit(!!shared->seen[i].error);
}

FIXTURE(picture) {
	struct shared *shared;
	pid_t grouper;
	pid_t ruler;
	pid_t churners[CHURNERS];
	unsigned int seed;
	pid_t listeners[LISTENERS];
};

FIXTURE_SETUP(picture)
{
	struct churn_groups *groups;
	unsigned int i;

	ASSERT_EQ(0, own_netns());
	ASSERT_EQ(0, churn_slow_down());
	self->shared = mmap(NULL, sizeof(*self->shared),
			    PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->shared);
	groups = &self->shared->groups;
	self->grouper = churn_groups(groups, 7);
	ASSERT_LT(0, self->grouper);
	self->ruler = churn_rules(groups, 8);
	ASSERT_LT(0, self->ruler);
	for (i = 0; i < CHURNERS; i++)
		self->churners[i] = churn_conns(groups, ++self->seed);
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

FIXTURE_TEARDOWN(picture)
{
	unsigned int i;

	end_process(self->grouper);
	end_process(self->ruler);
	for (i = 0; i < CHURNERS; i++)
		end_process(self->churners[i]);
	munmap(self->shared, sizeof(*self->shared));
}

/* Kill one after the other, so that all it has ends at once. */
static void keep_churning(FIXTURE_DATA(picture) *self, uint64_t until)
{
	unsigned int k;

	while (now_ms() < until) {
		usleep(KILL_EVERY * 1000);
		k = self->seed % CHURNERS;
		end_process(self->churners[k]);
		self->churners[k] = churn_conns(&self->shared->groups,
						++self->seed);
	}
}

static void log_seen(struct __test_metadata *_metadata, unsigned int i,
		     const struct seen *seen)
{
	TH_LOG("listener %u: %lu events, compared %lu times with lists, %lu connections, %lu of them pending, %lu adopted",
	       i, seen->events, seen->comparisons, seen->conns, seen->pending,
	       seen->adopted);
	if (seen->losses)
		TH_LOG("lost events %lu times, compared %lu times when synced and %lu times later",
		       seen->losses, seen->repaired, seen->watched);
}

/* Each starts a while after the one before. */
TEST_F_TIMEOUT(picture, kept, 180)
{
	uint64_t begin = now_ms(), end = begin + DURATION;
	const struct seen *seen = self->shared->seen;
	int i, status;

	for (i = 0; i < LISTENERS; i++) {
		self->listeners[i] = start_listener(self->shared, i, end);
		ASSERT_LT(0, self->listeners[i]);
		keep_churning(self, begin + (i + 1) * DURATION / 8);
	}
	keep_churning(self, end);
	for (i = 0; i < LISTENERS; i++) {
		ASSERT_EQ(self->listeners[i],
			  waitpid(self->listeners[i], &status, 0));
		log_seen(_metadata, i, &seen[i]);
		EXPECT_EQ(0, status);
		EXPECT_EQ(0, seen[i].error);
		EXPECT_LT(100, seen[i].comparisons);
		EXPECT_LT(10000, seen[i].events);
		EXPECT_LT(10000, seen[i].conns);
		EXPECT_LT(100, seen[i].pending);
		EXPECT_LT(1000, seen[i].adopted);
	}
	EXPECT_EQ(0, waitpid(self->grouper, NULL, WNOHANG));
	EXPECT_EQ(0, waitpid(self->ruler, NULL, WNOHANG));
	EXPECT_LT(50, seen[LISTENERS - 1].losses);
	EXPECT_LT(50, seen[LISTENERS - 1].repaired);
	EXPECT_LT(50, seen[LISTENERS - 1].watched);
}

TEST_HARNESS_MAIN
