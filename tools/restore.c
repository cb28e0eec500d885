// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup restore: make groups and rules what a file says.
 *
 * What is new is made before what is old is deleted, so that a failure, which
 * is most likely while something is made, finds all connections where they
 * were. Only a rule in whose place another one for the same sockets comes has
 * to go first.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "setup.h"

static const char help[] =
"Usage: peergroup restore [ FILE ]\n"
"\n"
"Reads lines of \"group add\" and \"rule add\", as \"peergroup save\" prints them, from\n"
"FILE, else stdin (or \"-\"). Then each group that they name exists, and has their\n"
"rules, in their order, and no others; a group that they do not name stays as it\n"
"is. Words are quoted as for the shell, '...', \"...\" or \\c; \"#\" begins a comment.\n"
"\n"
"Rules that there are already stay, with their connections. One that has to come\n"
"behind another is made anew, and takes connections back in only if it is\n"
"\"existing\". A group that exists with another owner, label or comment is an error.\n"
"\n"
"All lines are checked first. If one is wrong or refused, it is reported as\n"
"FILE:LINE, and what was done is undone; rules made anew for that take connections\n"
"back in likewise. Old and new rules count together towards the kernel's limits.\n"
"Whoever makes rules of these groups meanwhile may lose them.\n"
"\n"
"Users are numbers, or names that are known by then: at boot, those of this\n"
"machine's own.\n"
"\n"
"peergroup-restore.service restores /etc/peergroup/rules when the system starts.\n";

struct run {
	struct pg_ctx *ctx;
	const char *file;	/* its name in messages */
	struct setup wanted;
	struct setup found;
	unsigned int line;	/* at work */
};

/* What a group has that it is not to have; NULL if it is right. */
static const char *difference(const struct setup_group *found,
			      const struct setup_group *wanted)
{
	if (found->owner != wanted->owner)
		return "owner";
	if (strcmp(found->label, wanted->label))
		return "label";
	return strcmp(found->comment, wanted->comment) ? "comment" : NULL;
}

static enum status check_group(const struct run *run, struct setup_group *group)
{
	const struct setup_group *found = setup_find(&run->found, group->name);
	const char *what = NULL;

	if (found && group->added)
		what = difference(found, group);
	if (what)
		return refused("%s:%u: the group exists with another %s, delete it first",
			       run->file, group->line, what);
	if (found)
		group->id = found->id;
	else if (!group->added)
		return refused("%s:%u: no such group", run->file, group->line);
	return STATUS_DONE;
}

/* What the file wants must fit what there is. */
static enum status check_groups(struct run *run)
{
	enum status status = STATUS_DONE;
	struct setup_group *group;

	TAILQ_FOREACH(group, &run->wanted, link) {
		status = check_group(run, group);
		if (status != STATUS_DONE)
			break;
	}
	return status;
}

static int make_group(struct run *run, struct setup_group *group)
{
	const struct pg_group_spec spec = {
		.size = sizeof(spec),
		.name = group->name,
		.label = group->label,
		.comment = group->comment,
		.flags = group->owner == geteuid() ? 0 : PG_GROUP_SET_OWNER,
		.owner = group->owner == geteuid() ? 0 : group->owner,
	};
	int err;

	run->line = group->line;
	err = pg_group_add(run->ctx, &spec, &group->id, NULL);
	group->made = !err;
	return err;
}

static int make_groups(struct run *run)
{
	struct setup_group *group;
	int err = 0;

	TAILQ_FOREACH(group, &run->wanted, link) {
		if (!group->id)
			err = make_group(run, group);
		if (err)
			break;
	}
	return err;
}

static int make_rules(struct run *run)
{
	const struct setup_group *found;
	struct setup_group *group;
	int err = 0;

	TAILQ_FOREACH(group, &run->wanted, link) {
		found = setup_find(&run->found, group->name);
		if (found)
			err = ruleset_copy(&group->rest, &found->rules);
		if (!err)
			err = ruleset_make(&group->rules, &group->rest,
					   run->ctx, group->id, &run->line);
		if (err)
			break;
	}
	return err;
}

static int drop_rules(struct run *run)
{
	struct setup_group *group;
	int err = 0;

	TAILQ_FOREACH(group, &run->wanted, link) {
		run->line = group->line;
		err = ruleset_drop(&group->rest, run->ctx, 0);
		if (err)
			break;
	}
	return err;
}

static int change(struct run *run)
{
	int err = make_groups(run);

	if (!err)
		err = make_rules(run);
	return err ? err : drop_rules(run);
}

/* Rules that are gone are made anew, and those behind them, for the order. */
static int put_back(struct run *run, struct setup_group *group)
{
	struct setup_group *found = setup_find(&run->found, group->name);
	unsigned int none;
	int err;

	ruleset_free(&group->rest);
	err = ruleset_read(&group->rest, run->ctx, group->id);
	if (!err)
		err = ruleset_make(&found->rules, &group->rest, run->ctx,
				   group->id, &none);
	return err ? err : ruleset_drop(&group->rest, run->ctx, 0);
}

/* As much as can be, returning the first failure. */
static int undo(struct run *run)
{
	struct setup_group *group;
	int err, first = 0;

	TAILQ_FOREACH(group, &run->wanted, link) {
		err = 0;
		if (group->made)
			err = pg_group_del(run->ctx, group->id, NULL);
		else if (group->id)
			err = put_back(run, group);
		if (!first)
			first = err;
	}
	return first;
}

/* The reason has to be kept while the context is used on. */
static enum status fail(struct run *run, int err)
{
	char *reason = strdup(reason_of(run->ctx, err));

	if (undo(run))
		refused("%s:%u: %s; not all could be undone", run->file,
			run->line, reason ?: strerror(-err));
	else
		refused("%s:%u: %s", run->file, run->line,
			reason ?: strerror(-err));
	free(reason);
	return STATUS_REFUSED;
}

/* Not half of it: who wants to stop this waits until it is done or undone. */
static void hold_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t mask;
	size_t i;

	sigemptyset(&mask);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&mask, signals[i]);
	sigprocmask(SIG_BLOCK, &mask, NULL);
}

static enum status apply(struct run *run)
{
	enum status status;
	int err;

	err = setup_read(&run->found, run->ctx);
	if (err)
		return refused_by(run->ctx, err);
	status = check_groups(run);
	if (status != STATUS_DONE)
		return status;
	hold_signals();
	err = change(run);
	return err ? fail(run, err) : STATUS_DONE;
}

static enum status restore(struct args *args)
{
	const char *path = args_word(args) ?: "-";
	struct run run = { .file = script_name(path) };
	enum status status;

	TAILQ_INIT(&run.wanted);
	TAILQ_INIT(&run.found);
	args_end(args);
	status = script_read(path, &run.wanted);
	if (status == STATUS_DONE) {
		run.ctx = context_open(args);
		status = run.ctx ? apply(&run) : STATUS_REFUSED;
		pg_close(run.ctx);
	}
	setup_free(&run.wanted);
	setup_free(&run.found);
	return status;
}

const struct object object_restore = {
	.name = "restore",
	.help = help,
	.run = restore,
};
