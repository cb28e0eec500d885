// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line.
 *
 * An option may stand wherever a name or a keyword may, hence also before the
 * object and at the end. The value of a keyword is taken as it is, whatever it
 * looks like. All words match exactly: prefixes that work today would forbid
 * every later word that begins alike.
 */
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const struct {
	const char *name;
	char letter;
} long_options[] = {
	{ "json", 'j' },
	{ "pretty", 'p' },
	{ "statistics", 's' },
	{ "timestamp", 't' },
	{ "netns", 'N' },
	{ "version", 'V' },
	{ "help", 'h' },
};

void usage_error(struct args *args, const char *word, const char *fmt, ...)
{
	char *quoted = word ? text_escape(word) : NULL;
	char *file = args->file ? text_escape(args->file) : NULL;
	va_list ap;

	fputs("peergroup: ", stderr);
	if (args->file)
		fprintf(stderr, "%s:%u: ", file ? file : "?", args->line);
	if (word)
		fprintf(stderr, "\"%s\": ", quoted ? quoted : "?");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see \"peergroup %s%shelp\"\n",
		args->object ? args->object : "", args->object ? " " : "");
	free(quoted);
	free(file);
	exit(STATUS_USAGE);
}

noreturn static void show_help(struct args *args)
{
	fputs(args->help, stdout);
	finish(STATUS_DONE);
}

noreturn static void show_version(void)
{
	printf("peergroup %s\n", pg_version());
	finish(STATUS_DONE);
}

/* The word after an option or a keyword. */
static const char *following(struct args *args, const char *word)
{
	if (!*args->next)
		usage_error(args, word, "needs a value");
	return *args->next++;
}

/* Returns whether the option took a value. */
static bool set_option(struct args *args, char letter, const char *word,
		       const char *rest)
{
	switch (letter) {
	case 'j':
		args->json = true;
		return false;
	case 'p':
		args->pretty = true;
		return false;
	case 's':
		args->stats = true;
		return false;
	case 't':
		args->timestamp = true;
		return false;
	case 'N':
		if (args->netns)
			usage_error(args, word, "given twice");
		args->netns = *rest ? rest : following(args, word);
		return true;
	case 'V':
		show_version();
	case 'h':
		show_help(args);
	}
	usage_error(args, word, "unknown option");
}

static void read_long_option(struct args *args, const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(long_options); i++) {
		if (!strcmp(word + 2, long_options[i].name)) {
			set_option(args, long_options[i].letter, word, "");
			return;
		}
	}
	usage_error(args, word, "unknown option");
}

static void read_option(struct args *args, const char *word)
{
	const char *p;

	if (word[1] == '-') {
		read_long_option(args, word);
		return;
	}
	for (p = word + 1; *p; p++)
		if (set_option(args, *p, word, p + 1))
			return;
}

/* Options and help are for the command line. */
static void refuse_in_file(struct args *args, const char *word)
{
	if (args->file)
		usage_error(args, word, "needs -- before it if it is a name");
}

static void read_options(struct args *args)
{
	const char *word;

	while (!args->literal) {
		word = *args->next;
		if (!word || word[0] != '-' || !word[1])
			return;
		args->next++;
		if (!strcmp(word, "--")) {
			args->literal = true;
			return;
		}
		refuse_in_file(args, word);
		read_option(args, word);
	}
}

/* The next name or keyword; NULL at the end. */
const char *args_word(struct args *args)
{
	const char *word;

	read_options(args);
	word = *args->next;
	if (!word)
		return NULL;
	if (!args->literal && !strcmp(word, "help")) {
		refuse_in_file(args, word);
		show_help(args);
	}
	args->next++;
	return word;
}

const char *args_need(struct args *args, const char *what)
{
	const char *word = args_word(args);

	if (!word)
		usage_error(args, NULL, "%s is missing", what);
	return word;
}

void args_end(struct args *args)
{
	const char *word = args_word(args);

	if (word)
		usage_error(args, word, "unexpected word");
}

static struct param *find_param(struct param *params, size_t n,
				const char *keyword)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(params[i].keyword, keyword))
			return &params[i];
	return NULL;
}

/*
 * Read pairs of keyword and value, and keywords that stand alone, in any order,
 * to the end of the line.
 */
void args_params(struct args *args, struct param *params, size_t n)
{
	struct param *param;
	const char *word;

	while ((word = args_word(args))) {
		param = find_param(params, n, word);
		if (!param)
			usage_error(args, word, "unknown word");
		if (param->value)
			usage_error(args, word, "given twice");
		param->value = param->alone ? word : following(args, word);
	}
}

void args_require(struct args *args, const struct param *param)
{
	if (!param->value)
		usage_error(args, NULL, "%s is missing", param->keyword);
}

/*
 * Read a decimal number at the beginning of a word, and move on behind it.
 * strtoull() alone would take signs and blanks.
 */
bool read_number(const char **word, uint64_t *number)
{
	const size_t digits = strspn(*word, "0123456789");

	errno = 0;
	*number = digits ? strtoull(*word, NULL, 10) : 0;
	*word += digits;
	return digits && !errno;
}

/* The value of a parameter that was given, as a decimal number. */
uint64_t args_number(struct args *args, const struct param *param,
		     uint64_t min, uint64_t max)
{
	const char *end = param->value;
	uint64_t number;

	if (!read_number(&end, &number) || *end || number < min || number > max)
		usage_error(args, param->value,
			    "%s must be a number from %llu to %llu",
			    param->keyword, (unsigned long long)min,
			    (unsigned long long)max);
	return number;
}

/*
 * Likewise, a user: a name goes before a number, as for chown(1). Not so in a
 * file, which may be read before users are known.
 */
uid_t args_user(struct args *args, const struct param *param)
{
	const char *word = param->value;
	const bool number = *word && !word[strspn(word, "0123456789")];
	struct passwd *user = NULL;

	errno = 0;
	if (!number || !args->file)
		user = getpwnam(word);
	if (user)
		return user->pw_uid;
	if (number)
		return args_number(args, param, 0, UINT32_MAX - 1);
	usage_error(args, word, "there is no such user%s%s", errno ? ": " : "",
		    errno ? strerror(errno) : "");
}

enum pg_type args_type(struct args *args, const struct param *param)
{
	if (!param->value)
		return PG_TYPE_ANY;
	if (!strcmp(param->value, "neighbor"))
		return PG_TYPE_NEIGHBOR;
	if (!strcmp(param->value, "direct"))
		return PG_TYPE_DIRECT;
	usage_error(args, param->value, "type must be neighbor or direct");
}
