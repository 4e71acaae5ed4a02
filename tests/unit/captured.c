// SPDX-License-Identifier: MIT
#include "captured.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

char out[65536], complaint[4096];
int out_fd = -1;

static void take(int fd, int saved, FILE *file, char *text, size_t size)
{
	ssize_t taken;

	dup2(saved, fd);
	close(saved);
	taken = pread(fileno(file), text, size - 1, 0);
	text[taken > 0 ? taken : 0] = '\0';
	fclose(file);
}

int run(const struct command *command, const char *line)
{
	static char copy[8192];
	char *words[16] = { copy }, *rest = copy;
	FILE *files[2] = { tmpfile(), tmpfile() };
	int saved[2], status, count = 0;

	snprintf(copy, sizeof(copy), "%s%s%s", command->name, *line ? " " : "",
		 line);
	while (rest && count < 15)
		words[count++] = strsep(&rest, " ");
	words[count] = NULL;

	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		saved[i] = dup(1 + i);
		dup2(fileno(files[i]), 1 + i);
	}
	if (out_fd >= 0)
		dup2(out_fd, STDOUT_FILENO);
	status = tool_run(&hvpost_tool, command, count, words);
	fflush(NULL);
	clearerr(stdout);
	take(1, saved[0], files[0], out, sizeof(out));
	take(2, saved[1], files[1], complaint, sizeof(complaint));
	return status;
}

struct json_object *parse_last_line(void)
{
	char *start = strrchr(out, '{');
	struct json_object *object;

	ck_assert_msg(start != NULL, "no object in '%s'", out);
	while (start > out && start[-1] != '\n')
		start--;
	object = json_tokener_parse(start);
	ck_assert_msg(object != NULL, "not JSON: '%s'", start);
	return object;
}

const char *json_text(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}
