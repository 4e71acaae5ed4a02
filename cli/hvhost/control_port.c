// SPDX-License-Identifier: MIT
#include "control_command.h"
#include "json.h"

const char *control_name_of(const struct server *server, uint64_t id)
{
	const struct named *named;

	LIST_FOREACH(named, &server->names, next)
		if (named->partition &&
		    hvhost_partition_id(named->partition) == id)
			return named->name;
	return NULL;
}

static uint64_t id_of(const struct named *named)
{
	return hvhost_partition_id(named->partition);
}

/* Ports */

void control_port_create(struct request *request)
{
	struct named *owner = request_partition(request, "partition");
	struct named *from = request_partition(request, "from");
	struct hv_create_port_input input = {
		.port_id = request_number(request, "port", HV_ID_MASK),
	};
	uint32_t sint = request_number(request, "sint", HV_SINT_COUNT - 1);
	uint32_t vp = request_number_or(request, "vp", UINT32_MAX - 1,
					HV_ANY_VP);

	if (request_failed(request))
		return;
	input.port_partition = id_of(owner);
	input.connection_partition = id_of(from);
	if (request_flag(request, "event"))
		input.port_info = (struct hv_port_info){
			.port_type = HV_PORT_TYPE_EVENT,
			.u.event.target_sint = sint,
			.u.event.target_vp = vp,
			.u.event.flag_count = HV_EVENT_FLAG_COUNT,
		};
	else
		input.port_info = (struct hv_port_info){
			.port_type = HV_PORT_TYPE_MESSAGE,
			.u.message.target_sint = sint,
			.u.message.target_vp = vp,
		};
	request_check_status(request, "the port is not made",
			     hvhost_create_port(request->server->machine,
						&input));
}

void control_port_delete(struct request *request)
{
	struct named *owner = request_partition(request, "partition");
	uint32_t port_id = request_number(request, "port", HV_ID_MASK);
	struct hv_delete_port_input input = { .port_id = port_id };

	if (request_failed(request))
		return;
	input.port_partition = id_of(owner);
	request_check_status(request, "the port is not deleted",
			     hvhost_delete_port(request->server->machine,
						&input));
}

static struct json_object *show_port(struct server *server,
				     const struct named *named,
				     const struct hvhost_port_view *view)
{
	struct json_object *object = json_object_new_object();
	const char *from = control_name_of(server, view->connection_partition);
	struct hvhost_port_counters counters;

	json_add_number(object, "id", view->id);
	json_add_string(object, "type",
			view->info.port_type == HV_PORT_TYPE_EVENT ? "event" :
								     "message");
	json_add_number(object, "sint", view->info.u.message.target_sint);
	if (view->info.u.message.target_vp != HV_ANY_VP)
		json_add_number(object, "vp", view->info.u.message.target_vp);
	if (from)
		json_add_string(object, "from", from);
	json_add_bool(object, "connected", view->is_connected);
	/* Gone since the view: then the counters are 0. */
	hvhost_port_counters(named->partition, view->id, &counters);
	json_add_number(object, "posted", counters.posted);
	json_add_number(object, "delivered", counters.delivered);
	json_add_number(object, "refused", counters.refused);
	json_add_number(object, "lost", counters.lost);
	json_add_number(object, "queued", counters.queued);
	json_add_number(object, "buffers_free", counters.buffers_free);
	return object;
}

struct json_object *control_list_ports(struct server *server,
				       const struct named *named)
{
	struct json_object *list = json_object_new_array();
	struct hvhost_port_view view = { .id = UINT32_MAX };

	while (!hvhost_port_next(named->partition, view.id + 1, &view))
		json_object_array_add(list, show_port(server, named, &view));
	return list;
}

void control_ports(struct request *request)
{
	struct named *named = request_partition(request, "partition");

	if (named)
		json_object_object_add(request->answer, "ports",
				       control_list_ports(request->server,
							  named));
}

/* Connections */

void control_connection_create(struct request *request)
{
	struct named *owner = request_partition(request, "partition");
	struct named *to = request_partition(request, "to");
	struct hv_connect_port_input input = {
		.connection_id = request_number(request, "connection",
						HV_ID_MASK),
		.port_id = request_number(request, "port", HV_ID_MASK),
		.connection_info.port_type = request_flag(request, "event") ?
				HV_PORT_TYPE_EVENT : HV_PORT_TYPE_MESSAGE,
	};

	if (request_failed(request))
		return;
	input.connection_partition = id_of(owner);
	input.port_partition = id_of(to);
	request_check_status(request, "the connection is not made",
			     hvhost_connect_port(request->server->machine,
						 &input));
}

void control_connection_delete(struct request *request)
{
	struct named *owner = request_partition(request, "partition");
	struct hv_disconnect_port_input input = {
		.connection_id = request_number(request, "connection",
						HV_ID_MASK),
	};

	if (request_failed(request))
		return;
	input.connection_partition = id_of(owner);
	request_check_status(request, "the connection is not ended",
			     hvhost_disconnect_port(request->server->machine,
						    &input));
}

static struct json_object *
show_connection(struct server *server, const struct named *named,
		const struct hvhost_connection_view *view)
{
	struct json_object *object = json_object_new_object();
	const char *to = control_name_of(server, view->port_partition);
	struct hvhost_connection_counters counters;

	json_add_number(object, "id", view->id);
	json_add_bool(object, "has_port", view->port_partition != 0);
	if (to)
		json_add_string(object, "to", to);
	if (view->port_partition)
		json_add_number(object, "port", view->port_id);
	hvhost_connection_counters(named->partition, view->id, &counters);
	json_add_number(object, "posted", counters.posted);
	json_add_number(object, "refused", counters.refused);
	return object;
}

struct json_object *control_list_connections(struct server *server,
					     const struct named *named)
{
	struct json_object *list = json_object_new_array();
	struct hvhost_connection_view view = { .id = UINT32_MAX };

	while (!hvhost_connection_next(named->partition, view.id + 1, &view))
		json_object_array_add(list,
				      show_connection(server, named, &view));
	return list;
}

void control_connections(struct request *request)
{
	struct named *named = request_partition(request, "partition");

	if (named)
		json_object_object_add(request->answer, "connections",
				       control_list_connections(request->server,
								named));
}
