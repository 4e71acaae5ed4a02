// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */
#include "inquiry.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "packet.h"

#define ANSWER_TIMEOUT_MS 30000

struct json_object *inquiry_new(const char *command)
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

int inquiry_send(int socket, struct json_object *request)
{
	const char *text = json_object_to_json_string_ext(
		request, JSON_C_TO_STRING_PLAIN);

	return packet_send(socket, text, strlen(text), NULL, 0);
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
	if (!strcmp(inquiry_text(reply->object, "content"), "room"))
		reply->room_fd = answer->memfd;
	else if (answer->memfd >= 0)
		err = map_memfd(answer->memfd, reply);
	if (!err && reply->bytes &&
	    strcmp(inquiry_text(reply->object, "content"), "snapshot"))
		err = replace_by_content(reply);
	if (!err && !json_object_is_type(reply->object, json_type_object))
		err = -EPROTO;
	if (err) {
		json_object_put(reply->object);
		reply->object = NULL;
	}
	return err;
}

int inquiry_receive(int socket, int timeout_ms, struct reply *reply)
{
	struct pollfd watched = { .fd = socket, .events = POLLIN };
	static struct answer answer;
	int n = poll(&watched, 1, timeout_ms), err;

	*reply = (struct reply){ .room_fd = -1 };
	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	err = receive_answer(socket, &answer);
	return err ? err : take_answer(&answer, reply);
}

int inquire(int socket, struct json_object *request, struct reply *reply)
{
	int err = inquiry_send(socket, request);

	*reply = (struct reply){ .room_fd = -1 };
	return err ? err : inquiry_receive(socket, ANSWER_TIMEOUT_MS, reply);
}

const char *inquiry_text(struct json_object *object, const char *key)
{
	const char *text =
		json_object_get_string(json_object_object_get(object, key));

	return text ? text : "";
}

unsigned long long inquiry_number(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

int inquiry_has(struct json_object *object, const char *key)
{
	return json_object_object_get(object, key) != NULL;
}
