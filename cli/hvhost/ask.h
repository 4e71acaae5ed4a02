/* SPDX-License-Identifier: MIT */
/* ask.h - control requests to a running hvhost, from its commands. */
#ifndef ASK_H
#define ASK_H

#include <stddef.h>

#include "command.h"
#include "inquiry.h"

/* A new request for @command; add its members, and hand it to ask(). */
struct json_object *ask_new(const char *command);

/*
 * Send @request, which is freed, and take the answer. Return an exit status;
 * unless it is EXIT_DONE, why has been printed, and there is no reply.
 */
int ask(const struct common_options *common, struct json_object *request,
	struct reply *reply);

/* The same where an answer says no more than that it is done. */
int ask_and_print(const struct common_options *common,
		  struct json_object *request);
/* What it prints; the reply is freed. */
void ask_print(const struct common_options *common, struct reply *reply);

/*
 * Several requests by one connection: the socket is the caller's to close. Return an
 * exit status; unless it is EXIT_DONE, why has been printed.
 */
int ask_connect(const struct common_options *common, int *socket);
int ask_at(const struct common_options *common, int socket,
	   struct json_object *request, struct reply *reply);

/*
 * The same where the answer has an array @key: print it as it is, with --json, or
 * by @print_line for each of its members after the line @head.
 */
int ask_and_list(const struct common_options *common,
		 struct json_object *request, const char *key, const char *head,
		 void (*print_line)(struct json_object *member));

/*
 * Operands such as "web:0x10" or "app:5:1" into @request, by the keys that are
 * given: a name, a number and, if that may be left out, another number. Return an
 * exit status.
 */
struct operand_keys {
	const char *what;	/* for the message: "FROM:CONNECTION" */
	const char *name;	/* NULL: the operand begins with the number */
	const char *number;
	const char *optional;	/* NULL: there is none */
};

int ask_add_operand(const struct common_options *common,
		    struct json_object *request, const char *operand,
		    const struct operand_keys *keys);

#endif /* ASK_H */
