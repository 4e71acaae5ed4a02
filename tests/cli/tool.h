/* SPDX-License-Identifier: MIT */
/* tool.h - run the tool as a user does. */
#ifndef TOOL_H
#define TOOL_H

#include <json-c/json.h>

/* What the last run left. */
struct run {
	int status;		/* exit status, or -1: it did not exit */
	char out[65536];
	char complaint[16384];
};

extern struct run ran;

/*
 * Run the tool that $HVPOST names with the words of a shell command line, such
 * as "status 0x13". Nothing is on its standard input.
 */
void run_tool(const char *line);

/* The same, with an assignment such as "HVPOST_TARGET=x" before it. */
void run_tool_with(const char *assignment, const char *line);

/* The one line that was printed, as an object whose version is 1. */
struct json_object *printed_object(void);

/* A string member of @object; NULL if it has none of that name. */
const char *json_text(struct json_object *object, const char *key);

#endif /* TOOL_H */
