// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup: show and manage groups of live TCP connections.
 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static const char help[] =
"Usage: peergroup [ OPTIONS ] OBJECT [ COMMAND | help ]\n"
"       peergroup [ OPTIONS ] monitor [ group NAME | help ]\n"
"       peergroup [ OPTIONS ] save [ help ]\n"
"       peergroup [ OPTIONS ] restore [ FILE | help ]\n"
"       peergroup [ -V | -h ]\n"
"where  OBJECT := { group | conn | rule | identity | invitation }\n"
"       COMMAND := { show | add | del | ... }, show if none is given\n"
"       OPTIONS := { -j (JSON) | -p (pretty JSON) | -s (statistics) |\n"
"                    -t (timestamps) |\n"
"                    -N NETNS (name, path or /proc/PID/ns/net) |\n"
"                    -V (version) | -h (help) }\n"
"\n"
"Options stand before the object or at the end. Put -- before a name that is \"help\"\n"
"or begins with \"-\". Exit status: 0 done, 1 wrong usage, 2 refused.\n";

static const struct object *const objects[] = {
	&object_group, &object_conn, &object_rule, &object_identity,
	&object_invitation, &object_monitor, &object_save, &object_restore,
};

static const struct object *find_object(struct args *args)
{
	const char *word = args_need(args, "OBJECT");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(objects); i++)
		if (!strcmp(objects[i]->name, word))
			return objects[i];
	usage_error(args, word, "unknown object");
}

static const struct command *find_command(struct args *args,
					  const struct object *object)
{
	const char *word = args_word(args);
	size_t i;

	if (!word)
		return &object->commands[0];
	for (i = 0; i < object->n; i++)
		if (!strcmp(object->commands[i].name, word))
			return &object->commands[i];
	usage_error(args, word, "unknown command");
}

/*
 * A standard descriptor that is closed would be given to the next file opened,
 * and output would go there.
 */
static void keep_standard_fds(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			exit(STATUS_REFUSED);
}

int main(int argc, char **argv)
{
	struct args args = { .help = help };
	const struct object *object;

	keep_standard_fds();
	/* A reader that went away is reported as any other failed write. */
	signal(SIGPIPE, SIG_IGN);
	/* Names are UTF-8 whatever the user's locale; messages stay English. */
	setlocale(LC_CTYPE, "C.UTF-8");

	args.next = argv + (argc > 0);
	object = find_object(&args);
	args.object = object->name;
	args.help = object->help;
	if (object->run)
		finish(object->run(&args));
	finish(find_command(&args, object)->run(&args));
}
