// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words quoted as for the shell, in both directions. Nothing is expanded.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "setup.h"

/* What no shell does anything about. */
static bool is_plain(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("%+,-./:=@_", c));
}

static bool needs_quotes(const char *word)
{
	if (!*word)
		return true;
	while (is_plain(*word))
		word++;
	return *word;
}

/* On stdout. */
void quote_print(const char *word)
{
	if (!needs_quotes(word)) {
		fputs(word, stdout);
		return;
	}
	putchar('\'');
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*word);
	}
	putchar('\'');
}

/* A line being split, in place: words are no longer than what they are of. */
struct line {
	const char *from;
	char *to;
};

static void take(struct line *line)
{
	*line->to++ = *line->from++;
}

/* Here and below: why not, NULL if all is well. */
static const char *take_single(struct line *line)
{
	for (line->from++; *line->from != '\''; take(line))
		if (!*line->from)
			return "a quote is not closed";
	line->from++;
	return NULL;
}

/* A backslash counts only before what it would do something to. */
static const char *take_double(struct line *line)
{
	for (line->from++; *line->from != '"'; take(line)) {
		if (!*line->from)
			return "a quote is not closed";
		if (*line->from == '\\' && line->from[1] &&
		    strchr("\"\\$`", line->from[1]))
			line->from++;
	}
	line->from++;
	return NULL;
}

static const char *take_escaped(struct line *line)
{
	if (!*++line->from)
		return "a backslash is the last character";
	take(line);
	return NULL;
}

static const char *take_part(struct line *line)
{
	switch (*line->from) {
	case '\'':
		return take_single(line);
	case '"':
		return take_double(line);
	case '\\':
		return take_escaped(line);
	default:
		take(line);
		return NULL;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *take_word(struct line *line)
{
	const char *refusal = NULL;

	while (!refusal && *line->from && !is_blank(*line->from))
		refusal = take_part(line);
	if (*line->from)
		line->from++;
	*line->to++ = '\0';
	return refusal;
}

/*
 * Split a line into words, with NULL behind the last; there has to be room for
 * one in two characters and for two more. A comment begins where a word would,
 * with "#".
 */
const char *quote_split(char *text, char **words)
{
	struct line line = { .from = text, .to = text };
	const char *refusal = NULL;

	while (!refusal) {
		while (is_blank(*line.from))
			line.from++;
		if (!*line.from || *line.from == '#')
			break;
		*words++ = line.to;
		refusal = take_word(&line);
	}
	*words = NULL;
	return refusal;
}

/* As the kernel has it; a tab between words is none. */
static bool is_control(wchar_t c)
{
	return (c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0);
}

/* What no line can be, since nothing in it could. */
const char *quote_check(const char *text, size_t len)
{
	mbstate_t state = { 0 };
	const char *end = text + len;
	wchar_t c;
	size_t n;

	for (; text < end; text += n) {
		n = mbrtowc(&c, text, end - text, &state);
		if (n == (size_t)-1 || n == (size_t)-2)
			return "not valid UTF-8";
		if (!n || is_control(c))
			return "a control character";
	}
	return NULL;
}
