// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "control_command.h"
#include "guest.h"
#include "json.h"

static const char *state_of(const struct named *named)
{
	if (!named->partition)
		return "away";
	switch (hvhost_partition_state(named->partition)) {
	case HVHOST_PARTITION_UNINITIALIZED:
		return "uninitialized";
	case HVHOST_PARTITION_ACTIVE:
		return "active";
	case HVHOST_PARTITION_FINALIZING:
		return "finalizing";
	default:
		return "finalized";
	}
}

/* What is known of the name alone is for processes: a guest has its own. */
static struct json_object *show_partition(const struct server *server,
					  const struct named *named)
{
	struct json_object *object = json_object_new_object();
	const struct guest *guest = guests_find(server, named->name);

	json_add_string(object, "name", named->name);
	json_add_string(object, "state", state_of(named));
	json_add_number(object, "vp_count",
			guest ? guest->cpus : named->vp_count);
	json_add_hex(object, "privileges",
		     guest ? guest->privileges : named->privileges);
	if (named->partition)
		json_add_number(object, "id",
				hvhost_partition_id(named->partition));
	if (named->client)
		json_add_number(object, "pid",
				(uint64_t)named->client->config.pid);
	return object;
}

static struct json_object *list_partitions(struct server *server)
{
	struct json_object *list = json_object_new_array();
	const struct named *named;

	LIST_FOREACH(named, &server->names, next)
		json_object_array_add(list, show_partition(server, named));
	return list;
}

void control_partitions(struct request *request)
{
	json_object_object_add(request->answer, "partitions",
			       list_partitions(request->server));
}

/* One entry for each SINT that is not as after a reset. */
static struct json_object *show_sints(const struct hvhost_vp_state *state)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		unsigned int bit = 1u << sint;
		struct json_object *object;

		if (state->sints_masked & bit &&
		    !(state->slots_occupied & bit) && !state->queued[sint])
			continue;
		object = json_object_new_object();
		json_add_number(object, "sint", sint);
		json_add_bool(object, "masked", !!(state->sints_masked & bit));
		json_add_bool(object, "occupied",
			      !!(state->slots_occupied & bit));
		json_add_number(object, "queued", state->queued[sint]);
		json_add_bool(object, "stuck", !!(state->sints_stuck & bit));
		json_object_array_add(list, object);
	}
	return list;
}

/* Posts, by status; not those that were taken. */
static struct json_object *show_refused(const struct hvhost_vp *vp)
{
	struct json_object *list = json_object_new_array(), *object;

	for (uint16_t status = 1; status < UINT8_MAX; status++) {
		uint64_t posts = hvhost_vp_refused(vp, status);

		if (!posts)
			continue;
		object = json_object_new_object();
		json_add_number(object, "status", status);
		json_add_string(object, "name", request_status_name(status));
		json_add_number(object, "posts", posts);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *show_vp(struct hvhost_vp *vp)
{
	struct json_object *object = json_object_new_object();
	struct hvhost_vp_state state;

	hvhost_vp_inspect(vp, &state);
	json_add_number(object, "index", hvhost_vp_index(vp));
	json_add_bool(object, "synic", state.synic_on);
	json_add_bool(object, "sim", state.sim_on);
	json_add_bool(object, "sief", state.sief_on);
	json_add_number(object, "delivered", state.delivered);
	json_add_number(object, "lost", state.lost);
	json_add_number(object, "eoms", state.eoms);
	json_object_object_add(object, "refused", show_refused(vp));
	json_object_object_add(object, "sints", show_sints(&state));
	return object;
}

static struct json_object *list_vps(const struct named *named)
{
	struct json_object *list = json_object_new_array();

	/* Guests may have more than processes. */
	for (uint32_t i = 0; i < VMM_CPUS_MAX; i++) {
		struct hvhost_vp *vp = hvhost_vp_find(named->partition, i);

		if (vp)
			json_object_array_add(list, show_vp(vp));
	}
	return list;
}

static struct json_object *inspect(struct server *server,
				   const struct named *named)
{
	struct json_object *object = show_partition(server, named);

	if (!named->partition)
		return object;
	json_object_object_add(object, "vps", list_vps(named));
	json_object_object_add(object, "ports",
			       control_list_ports(server, named));
	json_object_object_add(object, "connections",
			       control_list_connections(server, named));
	return object;
}

void control_inspect(struct request *request)
{
	struct server *server = request->server;
	struct json_object *list = json_object_new_array();
	const struct named *named;

	LIST_FOREACH(named, &server->names, next)
		json_object_array_add(list, inspect(server, named));
	json_add_number(request->answer, "clients", server->client_count);
	json_add_number(request->answer, "clients_max", server->limits.clients);
	json_object_object_add(request->answer, "links",
			       control_list_links(server));
	json_object_object_add(request->answer, "partitions", list);
}

void control_snapshot(struct request *request)
{
	int err = hvhost_machine_save(request->server->machine,
				      &request->attachment,
				      &request->attachment_size);

	if (err)
		request_fail(request, NULL, "the machine cannot be saved: %s",
			     strerror(-err));
}
