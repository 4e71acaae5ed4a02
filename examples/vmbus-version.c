// SPDX-License-Identifier: MIT
/*
 * Agree with the host on a VMBus protocol version from user space, with no
 * VMBus driver in the guest. Needs root, and hv_vmbus not loaded; or, with
 * HVPOST_TARGET=host:SOCKET,partition=NAME, no guest at all, but a vmbus-host.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvpost/hvpost.h>

#include "vmbus.h"

#define PATIENCE_MS 5000

static const uint32_t versions[] = { VMBUS_VERSIONS, 0 };

static void check(const char *what, int err)
{
	if (!err)
		return;
	fprintf(stderr, "vmbus-version: %s: %s\n", what, strerror(-err));
	exit(EXIT_FAILURE);
}

static int post(struct hvpost *hv, uint32_t connection_id, const void *request,
		uint32_t size)
{
	return hvpost_post(hv, &(struct hvpost_post){
			.connection_id = connection_id,
			.message_type = HV_MESSAGE_TYPE_VMBUS,
			.payload = request,
			.payload_size = size,
		}, hvpost_deadline_in_ms(PATIENCE_MS));
}

/* Wait for a response of @type; what else comes is not for us. */
static struct vmbus_version_response wait_for(struct hvpost *hv, uint32_t type)
{
	uint64_t deadline = hvpost_deadline_in_ms(PATIENCE_MS);
	struct vmbus_version_response response;
	struct hvpost_message reply;

	do {
		check("receive", hvpost_receive(hv, &reply, deadline));
		memcpy(&response, reply.payload, sizeof(response));
	} while (response.header.type != type);
	return response;
}

/* Return the connection for all that follows, or 0: the host says no. */
static uint32_t try_version(struct hvpost *hv, uint32_t version)
{
	struct vmbus_contact contact = {
		.header.type = VMBUS_INITIATE_CONTACT,
		.version = version,
	};
	uint32_t connection_id = HV_CONNECTION_VMBUS_MESSAGE;
	struct vmbus_version_response response;
	int err;

	if (VMBUS_MAJOR(version) >= 5) {
		contact.target_sint = HV_SINT_VMBUS;
		connection_id = HV_CONNECTION_VMBUS_MESSAGE_5;
	}
	err = post(hv, connection_id, &contact, sizeof(contact));
	/* Hosts of before 5.0 do not have the newer connection. */
	if (hvpost_last_status(hv) == HV_STATUS_INVALID_CONNECTION_ID)
		return 0;
	check("post", err);
	response = wait_for(hv, VMBUS_VERSION_RESPONSE);
	if (!response.supported)
		return 0;
	return VMBUS_MAJOR(version) >= 5 ? response.connection_id :
					   connection_id;
}

int main(void)
{
	const struct vmbus_header unload = { .type = VMBUS_UNLOAD };
	uint32_t connection_id = 0;
	struct hvpost *hv;

	check("open", hvpost_open(NULL, &hv));
	check("bind SINT 2", hvpost_bind(hv, HV_SINT_VMBUS, 0));

	for (int i = 0; versions[i] && !connection_id; i++) {
		connection_id = try_version(hv, versions[i]);
		printf("version %u.%u: %s\n", VMBUS_MAJOR(versions[i]),
		       VMBUS_MINOR(versions[i]), connection_id ? "yes" : "no");
	}
	/* Leave the host ready for whoever comes next. */
	check("post", post(hv, connection_id ? connection_id :
					HV_CONNECTION_VMBUS_MESSAGE,
			   &unload, sizeof(unload)));
	wait_for(hv, VMBUS_UNLOAD_RESPONSE);
	hvpost_close(hv);
	return connection_id ? EXIT_SUCCESS : EXIT_FAILURE;
}
