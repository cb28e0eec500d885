/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the peergroup command share.
 */
#ifndef PEERGROUP_TOOL_H
#define PEERGROUP_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "peergroup.h"

#define __printf(fmt, args) __attribute__((format(printf, fmt, args)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Exit codes; scripts tell a typing error from a refusal by them. */
enum status {
	STATUS_DONE = 0,
	STATUS_USAGE = 1,
	STATUS_REFUSED = 2,
};

/* args.c: options, words, and keywords with their values. */

struct args {
	char **next;		/* first word not yet read, as argv */
	const char *object;	/* NULL until it is known */
	const char *help;	/* what "help" prints at this point */
	bool literal;		/* "--" was read: no more options, no "help" */
	bool json;
	bool pretty;
	bool stats;
	bool timestamp;
	const char *netns;

	/* Where the words are from, if not from the command line. */
	const char *file;
	unsigned int line;
};

struct param {
	const char *keyword;
	bool alone;		/* no value follows, it is its own */
	const char *value;	/* NULL if not given */
};

const char *args_word(struct args *args);
const char *args_need(struct args *args, const char *what);
void args_end(struct args *args);
void args_params(struct args *args, struct param *params, size_t n);
void args_require(struct args *args, const struct param *param);
bool read_number(const char **word, uint64_t *number);
uint64_t args_number(struct args *args, const struct param *param,
		     uint64_t min, uint64_t max);
uid_t args_user(struct args *args, const struct param *param);
enum pg_type args_type(struct args *args, const struct param *param);

noreturn __printf(3, 4)
void usage_error(struct args *args, const char *word, const char *fmt, ...);

/* prefix.c: ranges of addresses as text. */

/* Room for any of them. */
#define PREFIX_STRLEN (PG_ADDR_STRLEN + 4)

void args_prefix(struct args *args, const struct param *param,
		 struct pg_prefix *prefix);
const char *prefix_format(const struct pg_prefix *prefix, char *buf);

/* report.c: how a run ends. */

noreturn void finish(enum status status);
__printf(1, 2)
enum status refused(const char *fmt, ...);
const char *reason_of(const struct pg_ctx *ctx, int err);
enum status refused_by(const struct pg_ctx *ctx, int err);
enum status unwritten(int err);

/* context.c: a context in the network namespace asked for. */

struct pg_ctx *context_open(const struct args *args);

/* Dumps that the kernel cut off are asked for again, so often at most. */
#define DUMP_TRIES 10

/* netns.c, pidfd.c: both report what failed and return false or -1. */

bool netns_enter(const char *netns);
int pidfd_take(pid_t pid, int fd);

/* file.c: a file for reading, "-" for stdin. Likewise. */

int file_open(const char *path);

/* text.c: strings that others chose, on a terminal. */

char *text_escape(const char *s);
void text_print(const char *s);
void text_print_name(const char *keyword, const char *name, uint32_t number);
size_t text_width(const char *s);

/* table.c: columns for people. Failures stick until table_print(). */

struct table {
	const char *const *heads;
	size_t columns;
	char **cells;		/* row after row, each with its note last */
	size_t used;
	size_t size;
	bool failed;
};

void table_start(struct table *table, const char *const *heads,
		 size_t columns);
__printf(2, 3)
void table_cell(struct table *table, const char *fmt, ...);
void table_text(struct table *table, const char *s);
void table_name(struct table *table, const char *name, uint32_t number);
__printf(2, 3)
void table_note(struct table *table, const char *fmt, ...);
int table_print(const struct table *table);
void table_free(struct table *table);

/* json.c: objects for programs. Failures stick likewise. */

struct json_object;

struct json {
	struct json_object *object;
	bool failed;
};

void json_start(struct json *json);
void json_start_array(struct json *json);
void json_number(struct json *json, const char *key, uint64_t value);
void json_string(struct json *json, const char *key, const char *value);
void json_boolean(struct json *json, const char *key, bool value);
void json_name(struct json *json, const char *key, const char *name,
	       uint64_t number);
void json_object_at(struct json *json, const char *key, struct json *value);
void json_append(struct json *array, struct json *value);
void json_append_string(struct json *array, const char *value);
int json_print(const struct json *json, bool pretty);
void json_free(struct json *json);

/* output.c: a list of records in one of the two forms. */

struct output {
	const struct args *args;
	struct table table;
	struct json array;
};

void output_start(struct output *out, const struct args *args,
		  const char *const *heads, size_t columns);
int output_error(const struct output *out);
enum status output_print(const struct output *out);
void output_free(struct output *out);

/* names.c: names of the groups by id. */

struct names {
	struct name *list;
	size_t used;
	size_t size;
};

int names_add(struct names *names, uint32_t id, const char *name);
int names_load(struct names *names, struct pg_ctx *ctx);
const char *names_find(const struct names *names, uint32_t id);
void names_free(struct names *names);

/* The objects. */

struct command {
	const char *name;
	enum status (*run)(struct args *args);
};

struct object {
	const char *name;
	const char *help;
	const struct command *commands;	/* the first is the default */
	size_t n;
	enum status (*run)(struct args *args); /* without commands */
};

extern const struct object object_group;
extern const struct object object_conn;
extern const struct object object_rule;
extern const struct object object_identity;
extern const struct object object_invitation;
extern const struct object object_monitor;
extern const struct object object_save;
extern const struct object object_restore;

enum status conn_show(struct args *args);

/* group_print.c: rows and objects; an object's keys; the rest of a line. */

void group_print_start(struct output *out, const struct args *args);
void group_print(struct output *out, const struct pg_group *group);
void group_put(struct json *json, const struct pg_group *group);
void group_print_line(const struct pg_group *group);

/* conn_print.c: likewise; group is its name. */

void conn_print_start(struct output *out, const struct args *args);
void conn_print(struct output *out, const struct pg_conn *conn,
		const char *group);
void conn_put(struct json *json, const struct pg_conn *conn, const char *group);
void conn_print_line(const struct pg_conn *conn, const char *group);
const char *type_name(enum pg_type type);

/* rule_print.c: likewise; and the words that make it. */

void rule_print_start(struct output *out, const struct args *args);
void rule_print(struct output *out, const struct pg_rule *rule,
		const char *group);
void rule_put(struct json *json, const struct pg_rule *rule, const char *group);
void rule_print_line(const struct pg_rule *rule, const char *group);
void rule_print_words(const struct pg_rule *rule);

/* event_print.c: an event as one line, or as one object on one line. */

int event_print(const struct args *args, const struct pg_event *event,
		bool snapshot);

#endif /* PEERGROUP_TOOL_H */
