// SPDX-License-Identifier: GPL-2.0-only
/*
 * A rule as a row or a line for people, as an object for programs, or as the
 * words of the command that makes it.
 */
#include <stdio.h>

#include "tool.h"

/* "65535-65535" */
#define PORTS_STRLEN 12

static const char *const heads[] = {
	"ID", "GROUP", "TYPE", "LPORT", "RPORT", "LOCAL", "REMOTE", "DIR",
	"UID", "EXISTING",
};

void rule_print_start(struct output *out, const struct args *args)
{
	output_start(out, args, heads, ARRAY_SIZE(heads));
}

static const char *direction_name(enum pg_direction direction)
{
	return direction == PG_DIRECTION_ANY ? "-" :
	       direction == PG_DIRECTION_IN ? "in" :
	       direction == PG_DIRECTION_OUT ? "out" : NULL;
}

static const char *format_ports(uint16_t min, uint16_t max, char *buf)
{
	if (!min)
		return "-";
	if (min == max)
		sprintf(buf, "%u", min);
	else
		sprintf(buf, "%u-%u", min, max);
	return buf;
}

static void add_prefix(struct table *table, const struct pg_prefix *prefix)
{
	char buf[PREFIX_STRLEN];

	table_text(table, prefix->family ? prefix_format(prefix, buf) : "-");
}

static void add_row(struct output *out, const struct pg_rule *rule,
		    const char *group)
{
	struct table *table = &out->table;
	char buf[PORTS_STRLEN];

	table_cell(table, "%u", rule->id);
	table_text(table, group);
	table_name(table, type_name(rule->type), rule->type);
	table_text(table, format_ports(rule->local_port_min,
				       rule->local_port_max, buf));
	table_text(table, format_ports(rule->remote_port_min,
				       rule->remote_port_max, buf));
	add_prefix(table, &rule->local);
	add_prefix(table, &rule->remote);
	table_name(table, direction_name(rule->direction), rule->direction);
	if (rule->flags & PG_RULE_UID)
		table_cell(table, "%u", rule->uid);
	else
		table_text(table, "-");
	table_text(table, rule->flags & PG_RULE_EXISTING ? "yes" : "-");
	if (out->args->stats)
		table_note(table, "gained %llu",
			   (unsigned long long)rule->gained);
}

static void put_ports(struct json *json, const char *key_min, uint16_t min,
		      const char *key_max, uint16_t max)
{
	if (!min)
		return;
	json_number(json, key_min, min);
	json_number(json, key_max, max);
}

static void put_prefix(struct json *json, const char *key,
		       const struct pg_prefix *prefix)
{
	char buf[PREFIX_STRLEN];

	if (prefix->family)
		json_string(json, key, prefix_format(prefix, buf));
}

/*
 * The keys of a rule, which are here to stay; new ones come at the end. What it
 * does not ask for has none.
 */
void rule_put(struct json *json, const struct pg_rule *rule, const char *group)
{
	json_number(json, "id", rule->id);
	json_string(json, "group", group);
	json_name(json, "type", type_name(rule->type), rule->type);
	put_ports(json, "local-port-min", rule->local_port_min,
		  "local-port-max", rule->local_port_max);
	put_ports(json, "remote-port-min", rule->remote_port_min,
		  "remote-port-max", rule->remote_port_max);
	put_prefix(json, "local", &rule->local);
	put_prefix(json, "remote", &rule->remote);
	if (rule->direction)
		json_name(json, "direction", direction_name(rule->direction),
			  rule->direction);
	if (rule->flags & PG_RULE_UID)
		json_number(json, "uid", rule->uid);
	json_boolean(json, "existing", rule->flags & PG_RULE_EXISTING);
	json_number(json, "gained", rule->gained);
}

static void add_object(struct output *out, const struct pg_rule *rule,
		       const char *group)
{
	struct json json;

	json_start(&json);
	rule_put(&json, rule, group);
	json_append(&out->array, &json);
}

void rule_print(struct output *out, const struct pg_rule *rule,
		const char *group)
{
	if (out->args->json)
		add_object(out, rule, group);
	else
		add_row(out, rule, group);
}

static void print_ports(const char *keyword, uint16_t min, uint16_t max)
{
	char buf[PORTS_STRLEN];

	if (min)
		printf(" %s %s", keyword, format_ports(min, max, buf));
}

static void print_prefix(const char *keyword, const struct pg_prefix *prefix)
{
	char buf[PREFIX_STRLEN];

	if (prefix->family)
		printf(" %s %s", keyword, prefix_format(prefix, buf));
}

/* What makes it, behind the name of its group. */
void rule_print_words(const struct pg_rule *rule)
{
	print_ports("lport", rule->local_port_min, rule->local_port_max);
	print_ports("rport", rule->remote_port_min, rule->remote_port_max);
	print_prefix("local", &rule->local);
	print_prefix("remote", &rule->remote);
	if (rule->direction)
		text_print_name("dir", direction_name(rule->direction),
				rule->direction);
	if (rule->flags & PG_RULE_UID)
		printf(" uid %u", rule->uid);
	text_print_name("type", type_name(rule->type), rule->type);
	if (rule->flags & PG_RULE_EXISTING)
		fputs(" existing", stdout);
}

/* What somebody chose comes last and in quotes, as no more than it is. */
void rule_print_line(const struct pg_rule *rule, const char *group)
{
	printf(" id %u", rule->id);
	rule_print_words(rule);
	fputs(" group ", stdout);
	text_print(group);
}
