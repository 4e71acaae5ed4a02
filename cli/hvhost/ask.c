// SPDX-License-Identifier: MIT
#include "ask.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "number.h"
#include "socket.h"

struct json_object *ask_new(const char *command)
{
	return inquiry_new(command);
}

static int fail_to_connect(const struct common_options *common, int err)
{
	const char *path = command_socket(common);

	return command_fail(common, EXIT_LOCAL,
			    err == -EACCES ?
				    "'hvhost run --allow-user' lets others in" :
				    "start one by 'hvhost run', or name its "
				    "socket by --socket",
			    "no hvhost answers at %s: %s", path, strerror(-err));
}

static int check_reply(const struct common_options *common, struct reply *reply)
{
	char error[300], hint[200];

	if (json_object_get_boolean(json_object_object_get(reply->object,
							   "ok")))
		return EXIT_DONE;
	snprintf(error, sizeof(error), "%s", inquiry_text(reply->object, "error"));
	snprintf(hint, sizeof(hint), "%s", inquiry_text(reply->object, "hint"));
	json_object_put(reply->object);
	return command_fail(common, EXIT_REFUSED, *hint ? hint : NULL, "%s",
			    error);
}

int ask_connect(const struct common_options *common, int *socket)
{
	*socket = socket_connect(command_socket(common));
	return *socket < 0 ? fail_to_connect(common, *socket) : EXIT_DONE;
}

int ask_at(const struct common_options *common, int socket,
	   struct json_object *request, struct reply *reply)
{
	int err = inquire(socket, request, reply);

	json_object_put(request);
	if (err)
		return command_fail(common, EXIT_LOCAL,
				    "is it an hvhost of this version?",
				    "%s gave no answer: %s",
				    command_socket(common), strerror(-err));
	return check_reply(common, reply);
}

int ask(const struct common_options *common, struct json_object *request,
	struct reply *reply)
{
	int socket, status = ask_connect(common, &socket);

	if (status) {
		json_object_put(request);
		return status;
	}
	status = ask_at(common, socket, request, reply);
	close(socket);
	return status;
}

void ask_print(const struct common_options *common, struct reply *reply)
{
	if (common->json)
		json_print(stdout, reply->object);
	else
		json_object_put(reply->object);
}

int ask_and_print(const struct common_options *common,
		  struct json_object *request)
{
	struct reply reply;
	int status = ask(common, request, &reply);

	if (!status)
		ask_print(common, &reply);
	return status;
}

int ask_and_list(const struct common_options *common,
		 struct json_object *request, const char *key, const char *head,
		 void (*print_line)(struct json_object *member))
{
	struct json_object *list;
	struct reply reply;
	int status = ask(common, request, &reply);

	if (status)
		return status;
	if (common->json) {
		json_print(stdout, reply.object);
		return EXIT_DONE;
	}
	list = json_object_object_get(reply.object, key);
	if (!json_object_is_type(list, json_type_array))
		list = NULL;
	puts(head);
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		print_line(json_object_array_get_idx(list, i));
	json_object_put(reply.object);
	return EXIT_DONE;
}

/* The text up to a colon or the end; @rest is what follows, or NULL. */
static void split(char *text, char **rest)
{
	char *colon = strchr(text, ':');

	*rest = colon ? colon + 1 : NULL;
	if (colon)
		*colon = '\0';
}

static int add_number(struct json_object *request, const char *key,
		      const char *text)
{
	uint64_t number;

	if (!text || parse_number(text, &number) || number > UINT32_MAX)
		return -EINVAL;
	json_add_number(request, key, number);
	return 0;
}

static int add_words(struct json_object *request, char *text,
		     const struct operand_keys *keys)
{
	char *number = text, *optional, *rest = NULL;
	int err;

	if (keys->name) {
		split(text, &number);
		json_add_string(request, keys->name, text);
		if (!*text || !number)
			return -EINVAL;
	}
	split(number, &optional);
	err = add_number(request, keys->number, number);
	if (err || !optional)
		return err;
	split(optional, &rest);
	if (!keys->optional || rest)
		return -EINVAL;
	return add_number(request, keys->optional, optional);
}

int ask_add_operand(const struct common_options *common,
		    struct json_object *request, const char *operand,
		    const struct operand_keys *keys)
{
	char *copy = strdup(operand);
	int err = copy ? add_words(request, copy, keys) : -ENOMEM;

	free(copy);
	if (!err)
		return EXIT_DONE;
	json_object_put(request);
	return command_fail(common, EXIT_LOCAL, "--help has examples",
			    "'%.80s' is not %s", operand, keys->what);
}
