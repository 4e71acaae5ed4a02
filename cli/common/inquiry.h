/* SPDX-License-Identifier: MIT */
/*
 * inquiry.h - control requests to a running hvhost, one packet each way:
 *
 *   {"version": 1, "command": "inspect", ...}
 *   {"version": 1, "ok": true, ...}
 *   {"version": 1, "ok": false, "error": "what failed", "hint": "what to do"}
 *
 * What is too large for a packet, and every snapshot, is in a memfd that comes
 * with the answer, which then says "content" ("json" or "snapshot") and "size". A
 * snapshot to be restored is written to one that comes so, too ("room"). hvhost(1)
 * lists the commands.
 */
#ifndef INQUIRY_H
#define INQUIRY_H

#include <stddef.h>

#include <json-c/json.h>

#define CONTROL_VERSION			1
#define CONTROL_REQUEST_SIZE_MAX	4096u
#define CONTROL_ANSWER_SIZE_MAX		32768u
/* Far more than the largest machine that hvhost makes has ever come to */
#define CONTROL_SNAPSHOT_SIZE_MAX	(256u << 20)

/* A new request for @command; add its members. */
struct json_object *inquiry_new(const char *command);

/* What came back. */
struct reply {
	struct json_object *object;	/* json_object_put() it */
	void *bytes;		/* of a snapshot; munmap() them */
	size_t size;
	int room_fd;		/* for a snapshot; -1: none came. close() it */
};

/*
 * Send @request over @socket (socket_connect()) and take the answer, whatever it
 * says. Both stay the caller's.
 *
 * Return 0 or a negative errno value; -EPROTO: it makes no sense.
 */
int inquire(int socket, struct json_object *request, struct reply *reply);

/*
 * The two halves of that. The second waits so long, at most: -ETIMEDOUT, and it can
 * be called again.
 */
int inquiry_send(int socket, struct json_object *request);
int inquiry_receive(int socket, int timeout_ms, struct reply *reply);

/* Members of an answer; "" and 0 for one that is not there. */
const char *inquiry_text(struct json_object *object, const char *key);
unsigned long long inquiry_number(struct json_object *object, const char *key);
int inquiry_has(struct json_object *object, const char *key);

#endif /* INQUIRY_H */
