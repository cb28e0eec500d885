// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON objects, with json-c. A failed allocation sticks to the object under
 * construction and to all it becomes part of.
 */
#include <errno.h>
#include <stdio.h>

#include <json-c/json.h>

#include "tool.h"

void json_start(struct json *json)
{
	json->object = json_object_new_object();
	json->failed = !json->object;
}

void json_start_array(struct json *json)
{
	json->object = json_object_new_array();
	json->failed = !json->object;
}

/* Takes value over, NULL included. */
static void add(struct json *json, const char *key, struct json_object *value)
{
	if (!json->failed && value &&
	    !json_object_object_add(json->object, key, value))
		return;
	json->failed = true;
	json_object_put(value);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	add(json, key, json_object_new_uint64(value));
}

void json_string(struct json *json, const char *key, const char *value)
{
	add(json, key, json_object_new_string(value));
}

void json_boolean(struct json *json, const char *key, bool value)
{
	add(json, key, json_object_new_boolean(value));
}

/* The name if there is one, else the number behind it. */
void json_name(struct json *json, const char *key, const char *name,
	       uint64_t number)
{
	if (name)
		json_string(json, key, name);
	else
		json_number(json, key, number);
}

/* Takes value over. */
void json_object_at(struct json *json, const char *key, struct json *value)
{
	json->failed |= value->failed;
	add(json, key, value->object);
}

/* Takes value over. */
void json_append(struct json *array, struct json *value)
{
	if (!array->failed && !value->failed &&
	    !json_object_array_add(array->object, value->object))
		return;
	array->failed = true;
	json_object_put(value->object);
}

void json_append_string(struct json *array, const char *value)
{
	struct json string = { .object = json_object_new_string(value) };

	string.failed = !string.object;
	json_append(array, &string);
}

/* An object or an array, on lines of its own. Returns 0 or -ENOMEM. */
int json_print(const struct json *json, bool pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text;

	if (json->failed)
		return -ENOMEM;
	if (pretty)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	/* Where json-c cannot grow its buffer it drops text, and says nothing. */
	errno = 0;
	text = json_object_to_json_string_ext(json->object, flags);
	if (!text || errno == ENOMEM || errno == EFBIG)
		return -ENOMEM;
	puts(text);
	return 0;
}

void json_free(struct json *json)
{
	json_object_put(json->object);
	json->object = NULL;
}
