// SPDX-License-Identifier: GPL-2.0-only
/*
 * One record with its fields, as lines for people or as an object for programs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "secured.h"

/* Width of the longest key. */
#define KEY_WIDTH 13

void sheet_start(struct sheet *sheet, const struct args *args)
{
	*sheet = (struct sheet){ .args = args };
	if (args->json)
		json_start(&sheet->object);
}

void sheet_text(struct sheet *sheet, const char *key, const char *value)
{
	if (sheet->args->json) {
		json_string(&sheet->object, key, value);
		return;
	}
	printf("%-*s ", KEY_WIDTH, key);
	text_print(value);
	putchar('\n');
}

/* Nothing if the value is NULL. */
void sheet_wide(struct sheet *sheet, const char *key, const wchar_t *value)
{
	char *text;

	if (!value)
		return;
	text = wide_to(value);
	if (text)
		sheet_text(sheet, key, text);
	else
		sheet->failed = true;
	free(text);
}

static void add_item(struct sheet *sheet, struct json *list, const char *value)
{
	if (sheet->args->json) {
		json_append_string(list, value);
	} else {
		putchar(' ');
		text_print(value);
	}
}

/* An array of all; for people nothing if there are none. */
void sheet_list(struct sheet *sheet, const char *key, size_t n,
		sheet_item item, const void *from)
{
	const bool json = sheet->args->json;
	struct json list = { 0 };
	char *value;
	size_t i;

	if (json)
		json_start_array(&list);
	else if (n)
		printf("%-*s", KEY_WIDTH, key);
	for (i = 0; i < n; i++) {
		value = item(from, i);
		if (value)
			add_item(sheet, &list, value);
		else
			sheet->failed = true;
		free(value);
	}
	if (json)
		json_object_at(&sheet->object, key, &list);
	else if (n)
		putchar('\n');
}

enum status sheet_end(struct sheet *sheet)
{
	bool failed = sheet->failed;

	if (!failed && sheet->args->json)
		failed = json_print(&sheet->object, sheet->args->pretty);
	json_free(&sheet->object);
	return failed ? out_of_memory() : STATUS_DONE;
}
