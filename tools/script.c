// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file of commands that make groups and rules, one a line. The first line
 * that is wrong ends the run.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "setup.h"

static void check_length(struct args *args, const char *what, const char *text,
			 size_t max)
{
	if (text && strlen(text) > max)
		usage_error(args, NULL, "the %s is longer than %zu bytes", what,
			    max);
}

static struct setup_group *add(struct args *args, struct setup *setup,
			       const struct pg_group_spec *spec)
{
	struct setup_group *group;

	group = setup_add(setup, spec->name, spec->label, spec->comment);
	if (!group)
		finish(refused_by(NULL, -ENOMEM));
	group->line = args->line;
	return group;
}

static void add_group(struct args *args, struct setup *setup)
{
	struct pg_group_spec spec;
	struct setup_group *group;

	group_parse(args, &spec);
	if (!*spec.name)
		usage_error(args, NULL, "a group has a name");
	check_length(args, "name", spec.name, PG_NAME_MAX);
	check_length(args, "label", spec.label, PG_TEXT_MAX);
	check_length(args, "comment", spec.comment, PG_TEXT_MAX);
	group = setup_find(setup, spec.name);
	if (group)
		usage_error(args, spec.name, "line %u names this group already",
			    group->line);

	group = add(args, setup, &spec);
	group->added = true;
	group->owner = spec.flags & PG_GROUP_SET_OWNER ? spec.owner : geteuid();
}

static void add_rule(struct args *args, struct setup *setup)
{
	const struct ruleset_rule *same;
	struct pg_group_spec spec = { 0 };
	struct setup_group *group;
	struct pg_rule rule;

	spec.name = rule_parse(args, &rule);
	group = setup_find(setup, spec.name);
	if (!group)
		group = add(args, setup, &spec);
	same = ruleset_find_same(&group->rules, &rule);
	if (same)
		usage_error(args, NULL, "line %u has a rule for the same sockets",
			    same->line);
	if (ruleset_add(&group->rules, &rule, args->line))
		finish(refused_by(NULL, -ENOMEM));
}

static const struct {
	const char *object;
	void (*add)(struct args *args, struct setup *setup);
} commands[] = {
	{ "group", add_group },
	{ "rule", add_rule },
};

static void run_words(struct args *args, struct setup *setup)
{
	const char *object = args_word(args), *command;
	size_t i;

	if (!object)
		return;
	command = args_word(args);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(object, commands[i].object) || !command ||
		    strcmp(command, "add"))
			continue;
		args->object = object;
		commands[i].add(args, setup);
		return;
	}
	usage_error(args, object,
		    "only \"group add\" and \"rule add\" are restored");
}

/* The line without its end. */
static void run_line(struct args *args, char *text, size_t len,
		     struct setup *setup)
{
	char **words = reallocarray(NULL, len / 2 + 2, sizeof(*words));
	const char *refusal = quote_check(text, len);

	if (!words)
		finish(refused_by(NULL, -ENOMEM));
	if (!refusal)
		refusal = quote_split(text, words);
	if (refusal)
		usage_error(args, NULL, "%s", refusal);
	args->next = words;
	run_words(args, setup);
	free(words);
}

static enum status read_lines(FILE *file, const char *name, struct setup *setup)
{
	enum status status = STATUS_DONE;
	unsigned int n = 0;
	size_t size = 0;
	char *text = NULL;
	ssize_t len;

	while ((len = getline(&text, &size, file)) >= 0) {
		struct args args = {
			.object = "restore", .file = name, .line = ++n,
		};

		if (len && text[len - 1] == '\n')
			text[--len] = '\0';
		run_line(&args, text, len, setup);
	}
	if (!feof(file))
		status = refused("cannot read %s: %s", name, strerror(errno));
	free(text);
	return status;
}

/* What a file is called in messages. */
const char *script_name(const char *path)
{
	return strcmp(path, "-") ? path : "stdin";
}

enum status script_read(const char *path, struct setup *setup)
{
	const int fd = file_open(path);
	enum status status;
	FILE *file;

	if (fd < 0)
		return STATUS_REFUSED;
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return refused_by(NULL, -ENOMEM);
	}
	status = read_lines(file, script_name(path), setup);
	fclose(file);
	return status;
}
