// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup save: the groups and rules that there are, as commands.
 */
#include <stdio.h>
#include <string.h>

#include "setup.h"

static const char help[] =
"Usage: peergroup save\n"
"\n"
"Prints the groups of the namespace and their rules as commands that make them,\n"
"for \"peergroup restore\", or for a shell with \"peergroup\" before each line. A\n"
"secured group is saved as what the kernel has of it: keys and memberships are in\n"
"its members' own stores. Connections are not saved.\n";

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

static void print(const struct setup *setup)
{
	const struct setup_group *group;

	puts("# Groups and rules, for \"peergroup restore\"");
	TAILQ_FOREACH(group, setup, link)
		print_group(group);
}

static enum status save(struct args *args)
{
	enum status status = STATUS_DONE;
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
	if (err)
		status = refused_by(ctx, err);
	else
		print(&setup);
	setup_free(&setup);
	pg_close(ctx);
	return status;
}

const struct object object_save = {
	.name = "save",
	.help = help,
	.run = save,
};
