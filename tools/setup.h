/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What saving and restoring groups and rules share.
 */
#ifndef PEERGROUP_TOOL_SETUP_H
#define PEERGROUP_TOOL_SETUP_H

#include "rule.h"

/* quote.c: words quoted as for the shell. */

void quote_print(const char *word);
const char *quote_split(char *text, char **words);
const char *quote_check(const char *text, size_t len);

/* group.c: a group on the command line. */

void group_parse(struct args *args, struct pg_group_spec *spec);

/* setup.c: groups and their rules, as they are or are to be. */

struct setup_group {
	char *name;
	char *label;
	char *comment;
	uid_t owner;
	uint32_t id;		/* 0: there is none */
	struct ruleset rules;

	/* Of a file. */
	unsigned int line;	/* which names it first */
	bool added;		/* by that line */

	/* While that is restored. */
	bool made;
	struct ruleset rest;	/* rules that there are and are not to be */

	TAILQ_ENTRY(setup_group) link;
};

TAILQ_HEAD(setup, setup_group);

struct setup_group *setup_add(struct setup *setup, const char *name,
			      const char *label, const char *comment);
struct setup_group *setup_find(const struct setup *setup, const char *name);
int setup_read(struct setup *setup, struct pg_ctx *ctx);
void setup_free(struct setup *setup);

/* script.c: a file that says what is to be. */

const char *script_name(const char *path);
enum status script_read(const char *path, struct setup *setup);

#endif /* PEERGROUP_TOOL_SETUP_H */
