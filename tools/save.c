// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup save: the groups and rules that there are, as commands.
 */
#include <stdio.h>
#include <string.h>

#include "setup.h"

static const char help[] =
"Usage: peergroup save [ GROUP ]\n"
"\n"
"Prints GROUP, else all groups of the namespace, and their rules as commands that\n"
"make them, for \"peergroup restore\", or for a shell with \"peergroup\" before each\n"
"line. All are also those that programs made for themselves, and cannot make where\n"
"they have been restored. A secured group is saved as what the kernel has of it:\n"
"keys and memberships are in its members' own stores. Connections are not saved.\n";

/* Behind "--" where it would be taken for something else. */
static void print_name(const char *name)
{
	if (name[0] == '-' || !strcmp(name, "help"))
		fputs(" --", stdout);
	putchar(' ');
	quote_print(name);
}

static void print_text(const char *keyword, const char *text)
{
	if (!*text)
		return;
	printf(" %s ", keyword);
	quote_print(text);
}

static void print_group(const struct setup_group *group)
{
	const struct ruleset_rule *rule;

	fputs("group add", stdout);
	print_name(group->name);
	printf(" owner %u", group->owner);
	print_text("label", group->label);
	print_text("comment", group->comment);
	putchar('\n');
	TAILQ_FOREACH(rule, &group->rules, link) {
		fputs("rule add", stdout);
		print_name(group->name);
		rule_print_words(&rule->rule);
		putchar('\n');
	}
}

static enum status print(const struct setup *setup, const char *name)
{
	const struct setup_group *group;

	if (name && !setup_find(setup, name))
		return refused("no such group");
	puts("# Groups and rules, for \"peergroup restore\"");
	TAILQ_FOREACH(group, setup, link)
		if (!name || !strcmp(group->name, name))
			print_group(group);
	return STATUS_DONE;
}

static enum status save(struct args *args)
{
	const char *name = args_word(args);
	enum status status;
	struct setup setup;
	struct pg_ctx *ctx;
	int err;

	args_end(args);
	if (args->json)
		usage_error(args, NULL, "commands are no JSON");
	ctx = context_open(args);
	if (!ctx)
		return STATUS_REFUSED;
	err = setup_read(&setup, ctx);
	status = err ? refused_by(ctx, err) : print(&setup, name);
	setup_free(&setup);
	pg_close(ctx);
	return status;
}

const struct object object_save = {
	.name = "save",
	.help = help,
	.run = save,
};
