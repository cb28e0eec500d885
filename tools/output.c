// SPDX-License-Identifier: GPL-2.0-only
/*
 * A list of records, as a table or as an array. It is printed only once it is
 * complete, for the kernel may cut a dump off that has to be asked for again.
 */
#include <errno.h>

#include "tool.h"

void output_start(struct output *out, const struct args *args,
		  const char *const *heads, size_t columns)
{
	*out = (struct output){ .args = args };
	table_start(&out->table, heads, columns);
	if (args->json)
		json_start_array(&out->array);
}

/* What a callback of a dump returns after it added a record. */
int output_error(const struct output *out)
{
	return out->table.failed || out->array.failed ? -ENOMEM : 0;
}

enum status output_print(const struct output *out)
{
	int err = output_error(out);

	if (!err && out->args->json)
		err = json_print(&out->array, out->args->pretty);
	else if (!err)
		err = table_print(&out->table);
	return err ? refused_by(NULL, err) : STATUS_DONE;
}

void output_free(struct output *out)
{
	table_free(&out->table);
	json_free(&out->array);
}
