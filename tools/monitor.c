// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup monitor: what is there, then every change.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

/* As much as ip(8) asks for: some thousand changes that a reader may lag. */
#define BUFFER_SIZE (1024 * 1024)

/* No line is longer: each text may take four times its length. */
#define LINE_SIZE (4 * (PG_NAME_MAX + 2 * PG_TEXT_MAX) + 4096)

static const char help[] =
"Usage: peergroup monitor [ group NAME ]\n"
"\n"
"Prints what is there, \"synced\", and then every change as it comes: one a line,\n"
"with -j as an object, even with -p. \"resync\" tells that changes were lost; what\n"
"they came to follows, up to the next \"synced\". When a group goes, so do its\n"
"connections and rules, without lines of their own. Rules are told of as they come\n"
"and go; \"rule show\" has those that are there. -t tells when a line was printed,\n"
"with -j as \"time\", in ns since 1970.\n"
"\n"
"The group need not exist yet; when it goes, the next one of its name is waited\n"
"for. SIGINT and SIGTERM end this with exit status 0.\n";

/*
 * Every line is written at once, so nothing is left to do; and a reader who has
 * stopped reading cannot hold this up.
 */
static void end(int signal)
{
	(void)signal;
	_exit(STATUS_DONE);
}

/* Also where a script that runs this in its background ignores SIGINT. */
static void end_at_signals(void)
{
	const struct sigaction action = { .sa_handler = end };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* The kernel's own words for a name that no group can have. */
static bool check_group(const struct args *args, const char *name)
{
	struct pg_ctx *ctx = context_open(args);
	uint32_t id;
	int err;

	if (!ctx)
		return false;
	err = name ? pg_group_find(ctx, name, &id) : 0;
	if (err == -ENOENT)
		err = 0;
	if (err)
		refused_by(ctx, err);
	pg_close(ctx);
	return !err;
}

static enum status watch_failed(const struct pg_watch *watch, int err)
{
	const char *reason = pg_watch_error(watch);

	if (err == -ENODEV)
		return refused("the peergroup module was unloaded");
	return refused("%s", *reason ? reason : strerror(-err));
}

/* Until there may be an event, or nobody is left to read of it. */
static enum status wait_for_event(const struct pg_watch *watch)
{
	struct pollfd fds[] = {
		{ .fd = pg_watch_fd(watch), .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return refused("cannot wait for events: %s", strerror(errno));
	if (fds[1].revents)
		return unwritten(EPIPE);
	return STATUS_DONE;
}

static enum status print(const struct args *args, const struct pg_event *event,
			 bool snapshot)
{
	int err = event_print(args, event, snapshot);

	if (err)
		return refused_by(NULL, err);
	return fflush(stdout) ? unwritten(errno) : STATUS_DONE;
}

static enum status follow(const struct args *args, struct pg_watch *watch)
{
	enum status status = STATUS_DONE;
	const struct pg_event *event;
	bool snapshot = true;
	int ret;

	while (status == STATUS_DONE) {
		ret = pg_watch_next(watch, &event);
		if (ret == -ESTALE)
			continue;
		if (ret < 0)
			return watch_failed(watch, ret);
		if (!ret) {
			status = wait_for_event(watch);
			continue;
		}
		snapshot &= event->type != PG_EVENT_SYNCED;
		status = print(args, event, snapshot);
	}
	return status;
}

static enum status monitor(struct args *args)
{
	static char line[LINE_SIZE];
	struct param group = { .keyword = "group" };
	struct pg_watch_spec spec = {
		.size = sizeof(spec),
		.buffer = BUFFER_SIZE,
		.flags = PG_WATCH_ALL,
	};
	struct pg_watch *watch;
	enum status status;
	int err;

	args_params(args, &group, 1);
	spec.group = group.value;
	if (!check_group(args, spec.group))
		return STATUS_REFUSED;
	end_at_signals();
	setvbuf(stdout, line, _IOFBF, sizeof(line));

	/* So much may be going on that all tries to list are cut off. */
	do {
		err = pg_watch_open(&watch, &spec);
	} while (err == -ESTALE);
	if (err)
		return refused_by(NULL, err);
	status = follow(args, watch);
	pg_watch_close(watch);
	return status;
}

const struct object object_monitor = {
	.name = "monitor",
	.help = help,
	.run = monitor,
};
