// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */
#include "ask.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "control.h"
#include "json.h"
#include "number.h"
#include "packet.h"
#include "socket.h"

#define ANSWER_TIMEOUT_S 30

struct json_object *ask_new(const char *command)
{
	struct json_object *request = json_object_new_object();

	json_add_number(request, "version", CONTROL_VERSION);
	json_add_string(request, "command", command);
	return request;
}

/* The packet that came back, NUL-terminated, and the memfd beside it. */
struct answer {
	char packet[CONTROL_ANSWER_SIZE_MAX + 1];
	int memfd;		/* -1: none */
};

static int receive_answer(int socket, struct answer *answer)
{
	struct iovec part = {
		.iov_base = answer->packet, .iov_len = CONTROL_ANSWER_SIZE_MAX,
	};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

	answer->memfd = -1;
	if (size < 0)
		return -errno;
	if (size == 0)
		return -ECONNRESET;
	answer->packet[size] = '\0';
	if (CMSG_FIRSTHDR(&message))
		memcpy(&answer->memfd, CMSG_DATA(&control.head), sizeof(int));
	return 0;
}

static int exchange(int socket, struct json_object *request, int descriptor,
		    struct answer *answer)
{
	const struct timeval patience = { .tv_sec = ANSWER_TIMEOUT_S };
	const char *text = json_object_to_json_string_ext(
		request, JSON_C_TO_STRING_PLAIN);
	int err;

	setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	err = packet_send(socket, text, strlen(text), &descriptor,
			  descriptor >= 0);
	return err ? err : receive_answer(socket, answer);
}

/* What is in the memfd, which is closed. */
static int map_memfd(int memfd, struct reply *reply)
{
	struct stat status;
	int err = 0;

	if (fstat(memfd, &status) || !status.st_size) {
		err = -EPROTO;
	} else {
		reply->size = (size_t)status.st_size;
		reply->bytes = mmap(NULL, reply->size, PROT_READ, MAP_PRIVATE,
				    memfd, 0);
		if (reply->bytes == MAP_FAILED)
			err = -errno;
	}
	close(memfd);
	if (err)
		reply->bytes = NULL;
	return err;
}

/* An answer that was too large for a packet takes the place of what announced it. */
static int replace_by_content(struct reply *reply)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;

	if (!tokener)
		return -ENOMEM;
	object = json_tokener_parse_ex(tokener, reply->bytes, (int)reply->size);
	json_tokener_free(tokener);
	munmap(reply->bytes, reply->size);
	reply->bytes = NULL;
	json_object_put(reply->object);
	reply->object = object;
	return object ? 0 : -EPROTO;
}

static int take_answer(const struct answer *answer, struct reply *reply)
{
	int err = 0;

	reply->object = json_tokener_parse(answer->packet);
	if (answer->memfd >= 0)
		err = map_memfd(answer->memfd, reply);
	if (!err && reply->bytes &&
	    strcmp(ask_text(reply->object, "content"), "snapshot"))
		err = replace_by_content(reply);
	if (!err && !json_object_is_type(reply->object, json_type_object))
		err = -EPROTO;
	if (err) {
		json_object_put(reply->object);
		reply->object = NULL;
	}
	return err;
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
	snprintf(error, sizeof(error), "%s", ask_text(reply->object, "error"));
	snprintf(hint, sizeof(hint), "%s", ask_text(reply->object, "hint"));
	json_object_put(reply->object);
	return command_fail(common, EXIT_REFUSED, *hint ? hint : NULL, "%s",
			    error);
}

static int ask_with(const struct common_options *common,
		    struct json_object *request, int descriptor,
		    struct reply *reply)
{
	static struct answer answer;
	int socket = socket_connect(command_socket(common)), err;

	*reply = (struct reply){ .object = NULL };
	if (socket < 0) {
		json_object_put(request);
		return fail_to_connect(common, socket);
	}
	err = exchange(socket, request, descriptor, &answer);
	json_object_put(request);
	close(socket);
	if (!err)
		err = take_answer(&answer, reply);
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
	return ask_with(common, request, -1, reply);
}

int ask_and_print(const struct common_options *common,
		  struct json_object *request)
{
	return ask_with_and_print(common, request, -1);
}

int ask_with_and_print(const struct common_options *common,
		       struct json_object *request, int descriptor)
{
	struct reply reply;
	int status = ask_with(common, request, descriptor, &reply);

	if (status)
		return status;
	if (common->json)
		json_print(stdout, reply.object);
	else
		json_object_put(reply.object);
	return EXIT_DONE;
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

const char *ask_text(struct json_object *object, const char *key)
{
	const char *text =
		json_object_get_string(json_object_object_get(object, key));

	return text ? text : "";
}

unsigned long long ask_number(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

int ask_has(struct json_object *object, const char *key)
{
	return json_object_object_get(object, key) != NULL;
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
