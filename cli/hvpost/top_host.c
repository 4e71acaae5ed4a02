// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"
#include "inquiry.h"
#include "socket.h"
#include "stop.h"
#include "top.h"

/* Call @take for each object of the array that @object has as @key. */
static void for_each(struct json_object *object, const char *key,
		     void (*take)(struct top_sample *sample, const char *name,
				  struct json_object *member),
		     struct top_sample *sample, const char *name)
{
	struct json_object *list = json_object_object_get(object, key);

	if (!json_object_is_type(list, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		take(sample, name, json_object_array_get_idx(list, i));
}

static void take_connection(struct top_sample *sample, const char *partition,
			    struct json_object *connection)
{
	char name[TOP_NAME_SIZE];
	struct top_row *row;

	snprintf(name, sizeof(name), "%.63s:0x%llx", partition,
		 inquiry_number(connection, "id"));
	row = top_row(sample, TOP_CONNECTION, name);
	if (!row)
		return;
	row->passed += inquiry_number(connection, "posted");
	row->refused += inquiry_number(connection, "refused");
}

static struct top_row *sint_row(struct top_sample *sample,
				const char *partition,
				struct json_object *member)
{
	char name[TOP_NAME_SIZE];

	snprintf(name, sizeof(name), "%.63s:%llu", partition,
		 inquiry_number(member, "sint"));
	return top_row(sample, TOP_SINT, name);
}

/* What arrives at a SINT is counted by the ports that deliver there. */
static void take_port(struct top_sample *sample, const char *partition,
		      struct json_object *port)
{
	struct top_row *row;

	if (strcmp(inquiry_text(port, "type"), "message"))
		return;
	row = sint_row(sample, partition, port);
	if (!row)
		return;
	row->passed += inquiry_number(port, "delivered");
	row->lost += inquiry_number(port, "lost");
}

/* What waits there is known by VP. */
static void take_sint(struct top_sample *sample, const char *partition,
		      struct json_object *sint)
{
	struct top_row *row = sint_row(sample, partition, sint);

	if (!row)
		return;
	row->queued += inquiry_number(sint, "queued");
	row->occupied += inquiry_number(sint, "occupied");
	if (inquiry_number(sint, "stuck"))
		row->state = "stuck";
}

/* Of all partitions: each connection tells its own refusals. */
static void take_refused(struct top_sample *sample, const char *partition,
			 struct json_object *refused)
{
	struct top_row *row =
		top_row(sample, TOP_STATUS, inquiry_text(refused, "name"));

	(void)partition;
	if (row)
		row->passed += inquiry_number(refused, "posts");
}

static void take_vp(struct top_sample *sample, const char *partition,
		    struct json_object *vp)
{
	sample->has_statuses |= inquiry_has(vp, "refused");
	for_each(vp, "refused", take_refused, sample, partition);
	for_each(vp, "sints", take_sint, sample, partition);
}

static void take_partition(struct top_sample *sample, const char *unused,
			   struct json_object *partition)
{
	const char *name = inquiry_text(partition, "name");

	(void)unused;
	for_each(partition, "connections", take_connection, sample, name);
	for_each(partition, "ports", take_port, sample, name);
	for_each(partition, "vps", take_vp, sample, name);
}

void top_read_inspection(struct json_object *inspection,
			 struct top_sample *sample)
{
	for_each(inspection, "partitions", take_partition, sample, "");
}

/* Ask, unless that was done. Return 0 or a negative errno value. */
static int ask(struct top_host *host)
{
	struct json_object *request;
	int socket, err;

	if (host->is_asked)
		return 0;
	socket = socket_connect_now(host->socket);
	if (socket < 0)
		return socket;
	request = inquiry_new("inspect");
	err = inquiry_send(socket, request);
	json_object_put(request);
	if (err) {
		close(socket);
		return err;
	}
	host->asked = socket;
	host->is_asked = true;
	return 0;
}

void top_leave_host(struct top_host *host)
{
	if (host->is_asked)
		close(host->asked);
	host->is_asked = false;
}

static int await_answer(struct top_host *host, struct reply *reply)
{
	int err = ask(host);

	/* Too many wait for it already, so it takes none. */
	if (err == -EAGAIN)
		return stop_or_sleep_until(
			       hvpost_deadline_in_ms(host->patience_ms)) ?
			       -EINTR : -ETIMEDOUT;
	if (!err)
		err = inquiry_receive(host->asked, host->patience_ms, reply);
	if (err == -ETIMEDOUT || err == -EINTR)
		return err;
	top_leave_host(host);
	if (err || json_object_get_boolean(
			   json_object_object_get(reply->object, "ok")))
		return err;
	json_object_put(reply->object);
	return -EPROTO;
}

static struct failure failure_of_host(const struct top_host *host, int err)
{
	struct failure failure = failure_of("", err);

	failure.code = "no-host";
	if (err == -ETIMEDOUT) {
		snprintf(failure.text, sizeof(failure.text),
			 "hvhost at %s does not answer", host->socket);
		failure.hint = "it may be stopped, or hang: look at what its "
			       "process does";
		return failure;
	}
	snprintf(failure.text, sizeof(failure.text), "hvhost at %s: %s",
		 host->socket, strerror(-err));
	failure.hint = err == -EACCES ?
			       "'hvhost run --allow-user' lets others in" :
			       "is one running? 'hvhost run --socket PATH'";
	return failure;
}

int top_take_host(struct top_host *host, struct top_sample *sample,
		  struct failure *failure)
{
	struct reply reply;
	int err;

	/* Screens that change their size are no reason to stop. */
	do
		err = await_answer(host, &reply);
	while (err == -EINTR && !stop_or_sleep_until(0));
	if (err) {
		*failure = failure_of_host(host, err);
		return failure->exit;
	}
	top_read_inspection(reply.object, sample);
	json_object_put(reply.object);
	return EXIT_DONE;
}
