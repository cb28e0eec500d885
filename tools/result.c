// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a command made: alone on its line, for a shell to take, or as an object.
 */
#include <stdio.h>
#include <stdlib.h>

#include "secured.h"

static enum status print_object(const struct args *args, const char *key,
				const wchar_t *text)
{
	struct sheet sheet;

	sheet_start(&sheet, args);
	sheet_wide(&sheet, key, text);
	return sheet_end(&sheet);
}

/* A peer name, in which somebody else may have chosen the classifier. */
enum status result_name(const struct args *args, const wchar_t *name)
{
	char *text, *escaped = NULL;

	if (args->json)
		return print_object(args, "name", name);
	text = wide_to(name);
	if (text)
		escaped = text_escape(text);
	free(text);
	if (!escaped)
		return out_of_memory();
	puts(escaped);
	free(escaped);
	return STATUS_DONE;
}

/* What the library wrote for a reader that wants every byte of it. */
enum status result_text(const struct args *args, const char *key,
			const wchar_t *text)
{
	char *line;

	if (args->json)
		return print_object(args, key, text);
	line = wide_to(text);
	if (!line)
		return out_of_memory();
	puts(line);
	free(line);
	return STATUS_DONE;
}
