// SPDX-License-Identifier: MIT
/*
 * Agree with the host on a VMBus protocol version from user space, with no
 * VMBus driver in the guest. Needs root, and hv_vmbus not loaded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvpost/hvpost.h>
#include <hvpost/hyperv.h>

enum { INITIATE_CONTACT = 14, VERSION_RESPONSE, UNLOAD, UNLOAD_RESPONSE };

struct request {
	uint32_t type, padding;
	uint32_t version; /* major << 16 | minor; from here on for contact */
	uint32_t target_vp; /* where the host sends its replies */
	uint64_t interrupt_page, monitor_page[2]; /* not used here */
};

struct response {
	uint32_t type, padding;
	uint8_t supported, state;
};

static const uint32_t versions[] = { 4u << 16, 3u << 16, 2u << 16 | 4,
				     1u << 16 | 1, 13, 0 };

static void check(const char *what, int err)
{
	if (!err)
		return;
	fprintf(stderr, "vmbus-version: %s: %s\n", what, strerror(-err));
	exit(EXIT_FAILURE);
}

/* Send the first @size bytes of @request; wait for a response of @type. */
static struct response ask(struct hvpost *hv, const struct request *request,
			   uint32_t size, uint32_t type)
{
	uint64_t deadline = hvpost_deadline_in_ms(5000);
	struct hvpost_post post = {
		.connection_id = HV_CONNECTION_VMBUS_MESSAGE,
		.message_type = HV_MESSAGE_TYPE_VMBUS,
		.payload = request,
		.payload_size = size,
	};
	struct hvpost_message reply;
	struct response response;

	check("post", hvpost_post(hv, &post, deadline));
	do {
		check("receive", hvpost_receive(hv, &reply, deadline));
		memcpy(&response, reply.payload, sizeof(response));
	} while (response.type != type);
	return response;
}

int main(void)
{
	struct request contact = { .type = INITIATE_CONTACT };
	struct request unload = { .type = UNLOAD };
	struct response answer = { .supported = 0 };
	struct hvpost *hv;

	check("open", hvpost_open(NULL, &hv));
	check("bind SINT 2", hvpost_bind(hv, HV_SINT_VMBUS, 0));

	for (int i = 0; versions[i] && !answer.supported; i++) {
		contact.version = versions[i];
		answer = ask(hv, &contact, sizeof(contact), VERSION_RESPONSE);
		printf("version %u.%u: %s\n", versions[i] >> 16,
		       versions[i] & 0xffff, answer.supported ? "yes" : "no");
	}
	/* Leave the host ready for whoever comes next. */
	ask(hv, &unload, offsetof(struct request, version), UNLOAD_RESPONSE);
	hvpost_close(hv);
	return answer.supported ? EXIT_SUCCESS : EXIT_FAILURE;
}
