// SPDX-License-Identifier: MIT
#include "tool.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct run ran;

static void read_back(FILE *file, char *text, size_t size)
{
	ssize_t taken = pread(fileno(file), text, size - 1, 0);

	ck_assert_int_ge(taken, 0);
	ck_assert_msg((size_t)taken < size - 1, "the tool printed too much");
	text[taken] = '\0';
	fclose(file);
}

void run_tool(const char *line)
{
	run_tool_with("", line);
}

void run_tool_with(const char *assignment, const char *line)
{
	const char *tool = getenv("HVPOST");
	FILE *out = tmpfile(), *complaint = tmpfile();
	char command[1024];
	int status;

	ck_assert_msg(tool != NULL, "set HVPOST to the tool to test");
	ck_assert(out && complaint);
	snprintf(command, sizeof(command),
		 "{ %s '%s' %s; } >&%d 2>&%d </dev/null", assignment, tool,
		 line, fileno(out), fileno(complaint));
	status = system(command);
	ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	read_back(out, ran.out, sizeof(ran.out));
	read_back(complaint, ran.complaint, sizeof(ran.complaint));
}

struct json_object *printed_object(void)
{
	struct json_object *object = json_tokener_parse(ran.out);
	const char *end = strchr(ran.out, '\n');

	ck_assert_msg(object != NULL, "not JSON: '%s'", ran.out);
	ck_assert_msg(end && !end[1], "not one line: '%s'", ran.out);
	ck_assert_str_eq(json_text(object, "version"), "1");
	return object;
}

const char *json_text(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}
