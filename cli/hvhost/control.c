// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* memfd_create */
#include "control.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control_command.h"
#include "packet.h"
#include "request.h"

static const struct {
	const char *name;
	void (*run)(struct request *request);
	bool only_looks;	/* at no message's content either */
} commands[] = {
	{ "link", control_link, false },
	{ "unlink", control_unlink, false },
	{ "links", control_links, true },
	{ "partitions", control_partitions, true },
	{ "inspect", control_inspect, true },
	{ "port-create", control_port_create, false },
	{ "port-delete", control_port_delete, false },
	{ "ports", control_ports, true },
	{ "connection-create", control_connection_create, false },
	{ "connection-delete", control_connection_delete, false },
	{ "connections", control_connections, true },
	{ "snapshot", control_snapshot, false },
	{ "restore-begin", control_restore_begin, false },
	{ "restore", control_restore, false },
	{ "guests", control_guests, true },
	{ "guest-pause", control_guest_pause, false },
	{ "guest-resume", control_guest_resume, false },
	{ "guest-reset", control_guest_reset, false },
	{ "guest-stop", control_guest_stop, false },
};

void control_prepare(void)
{
	struct json_object *object = json_object_new_object();

	if (object)
		json_object_object_add(object, "key", NULL);
	json_object_put(object);
}

static void dispatch(struct request *request)
{
	const char *name;

	if (request_number(request, "version", INT32_MAX) != CONTROL_VERSION)
		request_fail(request, "use an hvhost of the same version",
			     "control requests of version %d are understood",
			     CONTROL_VERSION);
	name = request_text(request, "command");
	if (request_failed(request))
		return;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		if (commands[i].only_looks || request->asker->may_change)
			commands[i].run(request);
		else
			request_fail(request, "'hvhost run' lets its own user "
				     "and root do that, and whom "
				     "--control-user and --control-group name",
				     "this user may use this hvhost and look at "
				     "it, but not change it");
		return;
	}
	request_fail(request, NULL, "there is no request '%.40s'", name);
}

/* A request is one object and nothing behind it but white space. */
static struct json_object *parse(const char *packet, size_t size)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;
	size_t end;

	if (!tokener)
		return NULL;
	object = json_tokener_parse_ex(tokener, packet, (int)size);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	while (end < size && strchr(" \t\r\n", packet[end]))
		end++;
	if (object && end == size && json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	return NULL;
}

/* The answer */

static void add_text(struct json_object *object, const char *key,
		     const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static struct json_object *answer_to(struct request *request)
{
	struct json_object *answer = request->answer;

	if (request_failed(request)) {
		json_object_put(answer);
		answer = json_object_new_object();
	}
	json_object_object_add(answer, "version",
			       json_object_new_int(CONTROL_VERSION));
	json_object_object_add(answer, "ok",
			json_object_new_boolean(!request_failed(request)));
	if (request_failed(request)) {
		add_text(answer, "error", request->error);
		if (request->hint)
			add_text(answer, "hint", request->hint);
	}
	return answer;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0)
			return -errno;
		bytes += written;
		size -= (size_t)written;
	}
	return 0;
}

/* A packet that tells what is in the memfd which comes with it. */
static int send_memfd(int socket, int fd, const char *content, size_t size)
{
	char packet[128];

	snprintf(packet, sizeof(packet),
		 "{\"version\":%d,\"ok\":true,\"content\":\"%s\",\"size\":%zu}\n",
		 CONTROL_VERSION, content, size);
	return packet_send(socket, packet, strlen(packet), &fd, 1);
}

static int send_in_memfd(int socket, const char *content, const void *bytes,
			 size_t size)
{
	int fd = memfd_create("hvhost-answer", MFD_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, bytes, size);
	if (!err)
		err = send_memfd(socket, fd, content, size);
	close(fd);
	return err;
}

static int send_answer(int socket, struct request *request)
{
	struct json_object *answer = answer_to(request);
	const char *text;
	size_t size;
	int err;

	text = json_object_to_json_string_length(answer,
						 JSON_C_TO_STRING_PLAIN, &size);
	if (request->hands_out_memfd && !request_failed(request))
		err = send_memfd(socket, request->asker->snapshot_fd, "room", 0);
	else if (request->attachment && !request_failed(request))
		err = send_in_memfd(socket, "snapshot", request->attachment,
				    request->attachment_size);
	else if (size > CONTROL_ANSWER_SIZE_MAX)
		err = send_in_memfd(socket, "json", text, size);
	else
		err = packet_send(socket, text, size, NULL, 0);
	json_object_put(answer);
	return err;
}

int control_answer(struct server *server, struct control_asker *asker,
		   const char *packet, size_t size)
{
	struct request request = { .server = server, .asker = asker };
	int err;

	request.answer = json_object_new_object();
	if (size > CONTROL_REQUEST_SIZE_MAX)
		request_fail(&request, NULL, "a request has at most %u bytes",
			     CONTROL_REQUEST_SIZE_MAX);
	else
		request.asked = parse(packet, size);
	if (!request.asked)
		request_fail(&request, NULL, "a request is one JSON object");
	else
		dispatch(&request);
	err = send_answer(asker->socket, &request);
	json_object_put(request.asked);
	free(request.attachment);
	return err;
}

int control_refuse(int socket, const char *error, const char *hint)
{
	struct request request = { .answer = json_object_new_object() };

	request_fail(&request, hint, "%s", error);
	return send_answer(socket, &request);
}
