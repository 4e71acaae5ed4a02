// SPDX-License-Identifier: MIT
/*
 * Post what comes to SINT back to CONNECTION, message by message, until the other
 * side of the target ends: the simplest of servers.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvpost/hvpost.h>

static int fail(struct hvpost *hv, const char *what, int err)
{
	fprintf(stderr, "responder: %s: %s\n", what, strerror(-err));
	hvpost_close(hv);
	return EXIT_FAILURE;
}

static int answer(struct hvpost *hv, uint32_t connection)
{
	struct hvpost_message message;
	int err = hvpost_receive(hv, &message, HVPOST_NEVER);

	if (err)
		return err;
	return hvpost_post(hv, &(struct hvpost_post){
			.connection_id = connection,
			.message_type = message.message_type,
			.payload = message.payload,
			.payload_size = message.payload_size,
		}, HVPOST_NEVER);
}

int main(int argc, char **argv)
{
	uint32_t connection;
	struct hvpost *hv;
	int err;

	if (argc < 3 || argc > 4) {
		puts("Usage: responder CONNECTION SINT [TARGET]");
		return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 1;
	}
	connection = (uint32_t)strtoul(argv[1], NULL, 0);
	err = hvpost_open(argv[3], &hv);
	if (err)
		return fail(NULL, "open", err);
	err = hvpost_bind(hv, (unsigned int)strtoul(argv[2], NULL, 0), 0);
	if (err)
		return fail(hv, "bind", err);

	do
		err = answer(hv, connection);
	while (!err || err == -EINTR);
	if (err != -ENODEV)
		return fail(hv, "answer", err);
	hvpost_close(hv);
	return EXIT_SUCCESS;
}
