// SPDX-License-Identifier: MIT
#include "json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

struct json_object *json_new(void)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "version", JSON_VERSION);
	return object;
}

static bool is_text(const char *value)
{
	size_t size;

	while (*value && (size = utf8_size(value)))
		value += size;
	return !*value;
}

/* JSON has no strings but of characters: any other byte is replaced. */
static void add_mended(struct json_object *object, const char *key,
		       const char *value)
{
	char *text = NULL;
	size_t size, length;
	FILE *memory = open_memstream(&text, &length);

	if (!memory)
		return;
	for (; *value; value += size ? size : 1) {
		size = utf8_size(value);
		fprintf(memory, "%.*s",
			(int)(size ? size : strlen(UTF8_REPLACEMENT)),
			size ? value : UTF8_REPLACEMENT);
	}
	if (!fclose(memory))
		json_object_object_add(object, key,
				       json_object_new_string(text));
	free(text);
}

void json_add_string(struct json_object *object, const char *key,
		     const char *value)
{
	if (is_text(value))
		json_object_object_add(object, key,
				       json_object_new_string(value));
	else
		add_mended(object, key, value);
}

void json_add_number(struct json_object *object, const char *key,
		     uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void json_add_bool(struct json_object *object, const char *key, int value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

void json_add_hex(struct json_object *object, const char *key, uint64_t value)
{
	char text[sizeof("0x0123456789abcdef")];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_add_string(object, key, text);
}

void json_print(FILE *out, struct json_object *object)
{
	fprintf(out, "%s\n",
		json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PLAIN |
					JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(out);
	json_object_put(object);
}
