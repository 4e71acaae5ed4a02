// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "control_command.h"
#include "json.h"

static void take_name(struct request *request, const char *key, char *name)
{
	const char *text = request_text(request, key);

	if (request_failed(request))
		return;
	if (name_is_valid(text))
		strcpy(name, text);
	else
		request_fail(request, NULL, "\"%s\": a partition's name has 1 to "
			     "63 of a-z A-Z 0-9 . _ -", key);
}

void control_link(struct request *request)
{
	struct server *server = request->server;
	struct link_wish wish = { .is_event = request_flag(request, "event") };
	const char *wrong;
	struct link *link;
	int err;

	take_name(request, "from", wish.from);
	take_name(request, "to", wish.to);
	wish.connection_id = request_number(request, "connection", HV_ID_MASK);
	wish.sint = request_number(request, "sint", HV_SINT_COUNT - 1);
	wish.vp = request_number_or(request, "vp", HV_ANY_VP - 1, HV_ANY_VP);
	if (request_failed(request))
		return;
	wrong = link_check(&wish);
	if (!wrong && server->link_count >= server->limits.links)
		wrong = "there are too many links";
	if (wrong) {
		request_fail(request, NULL, "%s", wrong);
		return;
	}
	err = links_add(&server->links, &server->names, server->machine, &wish,
			&link);
	if (err == -EEXIST)
		request_fail(request, "'hvhost unlink' ends it",
			     "%s has a link at connection 0x%" PRIx32 " already",
			     wish.from, wish.connection_id);
	else if (err == -ERANGE)
		request_fail(request, "'hvhost partition list' shows how many "
			     "each has", "%s has no VP %" PRIu32, wish.to,
			     wish.vp);
	else if (err)
		request_fail(request, NULL, "%s", strerror(-err));
	if (err)
		return;
	server->link_count++;
	json_add_bool(request->answer, "made", link->has_connection);
	if (link->status)
		json_add_hex(request->answer, "status", link->status);
}

void control_unlink(struct request *request)
{
	struct server *server = request->server;
	const char *from = request_text(request, "from");
	uint32_t connection = request_number(request, "connection", HV_ID_MASK);
	struct link *link;

	if (request_failed(request))
		return;
	link = links_find(&server->links, from, connection);
	if (!link) {
		request_fail(request, "'hvhost link' without operands lists them",
			     "%.64s has no link at connection 0x%" PRIx32, from,
			     connection);
		return;
	}
	links_remove(&server->links, server->machine, link);
	server->link_count--;
}

static struct json_object *show_link(const struct link *link)
{
	struct json_object *object = json_object_new_object();
	enum link_state state = link_state(link);

	json_add_string(object, "from", link->wish.from);
	json_add_number(object, "connection", link->wish.connection_id);
	json_add_string(object, "to", link->wish.to);
	json_add_number(object, "sint", link->wish.sint);
	if (link->wish.vp != HV_ANY_VP)
		json_add_number(object, "vp", link->wish.vp);
	json_add_bool(object, "event", link->wish.is_event);
	json_add_bool(object, "made", state == LINK_MADE);
	json_add_bool(object, "broken", state == LINK_BROKEN);
	if (link->has_port)
		json_add_number(object, "port", link->port_id);
	if (link->status)
		json_add_hex(object, "status", link->status);
	return object;
}

struct json_object *control_list_links(struct server *server)
{
	struct json_object *list = json_object_new_array();
	const struct link *link;

	LIST_FOREACH(link, &server->links, next)
		json_object_array_add(list, show_link(link));
	return list;
}

void control_links(struct request *request)
{
	json_object_object_add(request->answer, "links",
			       control_list_links(request->server));
}
