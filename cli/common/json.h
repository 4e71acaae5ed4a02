/* SPDX-License-Identifier: MIT */
/* json.h - what every JSON object of these tools has in common. */
#ifndef JSON_H
#define JSON_H

#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

/* Keys are only ever added; one that changes or goes raises this. */
#define JSON_VERSION 1

/* A new object that says "version". */
struct json_object *json_new(void);

void json_add_string(struct json_object *object, const char *key,
		     const char *value);
void json_add_number(struct json_object *object, const char *key,
		     uint64_t value);
void json_add_bool(struct json_object *object, const char *key, int value);

/* As "0x1f": for masks and ids that programs would round as numbers. */
void json_add_hex(struct json_object *object, const char *key, uint64_t value);

/* Print @object on a line of its own, flush, and free it. */
void json_print(FILE *out, struct json_object *object);

#endif /* JSON_H */
