/* SPDX-License-Identifier: MIT */
/* captured.h - run the tool's commands in this process and keep their output. */
#ifndef CAPTURED_H
#define CAPTURED_H

#include <json-c/json.h>

#include "command.h"

/* What the last command printed. */
extern char out[65536], complaint[4096];

/* Where the next command's output goes, if not where @out gets it from; or -1. */
extern int out_fd;

/* Run @command; the words of @line are separated by single spaces. */
int run(const struct command *command, const char *line);

/* The last line of @out as an object; the caller puts it. */
struct json_object *parse_last_line(void);

const char *json_text(struct json_object *object, const char *key);

#endif /* CAPTURED_H */
