// SPDX-License-Identifier: MIT
#include "control_command.h"
#include "guest.h"
#include "json.h"

static struct json_object *show_guest(const struct guest *guest)
{
	struct json_object *object = json_object_new_object();
	struct vmm_guest_counters counters;

	vmm_guest_counters(guest->vmm, &counters);
	json_add_string(object, "name", guest->named->name);
	json_add_string(object, "state", guest_state(guest));
	json_add_number(object, "id",
			hvhost_partition_id(guest->named->partition));
	json_add_number(object, "vp_count", guest->cpus);
	json_add_number(object, "memory", guest->memory_bytes);
	json_add_string(object, "on_reset", guest->restarts ? "restart" : "end");
	json_add_number(object, "resets", vmm_guest_resets(guest->vmm));
	json_add_number(object, "resets_held", guest->restart.held);
	json_add_number(object, "testdev_ignored", counters.testdev_ignored);
	json_add_number(object, "msrs_refused", counters.msrs_refused);
	json_add_number(object, "ports_unknown", counters.ports_unknown);
	json_add_number(object, "mmio_unknown", counters.mmio_unknown);
	return object;
}

void control_guests(struct request *request)
{
	struct json_object *list = json_object_new_array();
	const struct guest *guest;

	LIST_FOREACH(guest, &request->server->guests, next)
		json_object_array_add(list, show_guest(guest));
	json_object_object_add(request->answer, "guests", list);
}

/*
 * The guest that is asked about, which is there and has not ended. It may be about
 * to begin anew: one that resets without a pause is as much ours as any other.
 */
static struct guest *find(struct request *request)
{
	const char *name = request_text(request, "guest");
	struct guest *guest;

	if (request_failed(request))
		return NULL;
	guests_see_ends(request->server);
	guest = guests_find(request->server, name);
	if (!guest)
		request_fail(request, "'hvhost guest list' shows those that are",
			     "there is no guest '%.64s' now", name);
	else if (guest_is_over(guest))
		request_fail(request, NULL, "guest %s %s", name,
			     vmm_end_text(vmm_guest_end(guest->vmm)));
	return request_failed(request) ? NULL : guest;
}

void control_guest_pause(struct request *request)
{
	struct guest *guest = find(request);

	if (!guest)
		return;
	if (vmm_guest_is_paused(guest->vmm))
		request_fail(request, "'hvhost guest resume' lets it go on",
			     "guest %s is paused already", guest->named->name);
	else if (guest_pause(guest))
		request_fail(request, NULL, "guest %s %s", guest->named->name,
			     vmm_end_text(vmm_guest_end(guest->vmm)));
}

void control_guest_resume(struct request *request)
{
	struct guest *guest = find(request);

	if (!guest)
		return;
	if (!vmm_guest_is_paused(guest->vmm))
		request_fail(request, NULL, "guest %s is not paused",
			     guest->named->name);
	else if (vmm_guest_is_torn(guest->vmm))
		request_fail(request, "'hvhost guest reset' makes it whole, or "
			     "another restore",
			     "guest %s was restored in part: KVM refused the "
			     "registers of the snapshot", guest->named->name);
	else
		vmm_guest_resume(guest->vmm);
}

void control_guest_reset(struct request *request)
{
	struct guest *guest = find(request);
	char error[VMM_ERROR_SIZE];

	if (guest && guest_reset(guest, error))
		request_fail(request, NULL, "guest %s cannot begin anew: %s",
			     guest->named->name, error);
}

void control_guest_stop(struct request *request)
{
	struct guest *guest = find(request);

	if (guest)
		guest_stop(guest);
}
