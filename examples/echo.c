// SPDX-License-Identifier: MIT
/* Post TEXT to CONNECTION and print what comes back to SINT: a round trip. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvpost/hvpost.h>

#define PATIENCE_MS 2000

static int fail(struct hvpost *hv, const char *what, int err)
{
	uint32_t status = hv ? hvpost_last_status(hv) : HVPOST_NO_STATUS;

	fprintf(stderr, "echo: %s: %s\n", what, strerror(-err));
	if (status && status != HVPOST_NO_STATUS)
		fprintf(stderr, "echo: 'hvpost status 0x%x' explains\n", status);
	hvpost_close(hv);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct hvpost_post post = { .message_type = 1 };
	struct hvpost_message reply;
	struct hvpost *hv;
	int err;

	if (argc != 4) {
		puts("Usage: echo CONNECTION SINT TEXT");
		return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 1;
	}
	post.connection_id = (uint32_t)strtoul(argv[1], NULL, 0);
	post.payload = argv[3];
	post.payload_size = (uint32_t)strlen(argv[3]);

	err = hvpost_open(NULL, &hv);
	if (err)
		return fail(NULL, "open", err);
	/* Bind before posting: nobody else would take the reply. */
	err = hvpost_bind(hv, (unsigned int)strtoul(argv[2], NULL, 0), 0);
	if (err)
		return fail(hv, "bind", err);
	err = hvpost_post(hv, &post, hvpost_deadline_in_ms(PATIENCE_MS));
	if (err)
		return fail(hv, "post", err);
	err = hvpost_receive(hv, &reply, hvpost_deadline_in_ms(PATIENCE_MS));
	if (err)
		return fail(hv, "receive", err);

	printf("VP %u: type %u, %u bytes: %.*s\n", reply.vp_index,
	       reply.message_type, reply.payload_size, (int)reply.payload_size,
	       (const char *)reply.payload);
	hvpost_close(hv);
	return EXIT_SUCCESS;
}
