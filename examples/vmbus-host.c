// SPDX-License-Identifier: MIT
/*
 * Be the VMBus host of a guest of hvhost's: a process that receives what the
 * guest's VMBus driver posts, and answers it. It agrees on a protocol version,
 * offers no devices, and lets the guest go.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include <hvpost/hvpost.h>

#include "vmbus.h"

#define VERSIONS_MAX	16
#define PATIENCE_MS	1000
/* The link that leads to SINT 2 of the guest's VP 0. */
#define CONNECTION	0x20
/* What a guest can make us print; the counters go on. */
#define LINES_MAX	1000

static const char usage[] =
	"Usage: vmbus-host [OPTION]... [VERSION]...\n\n"
	"Be the VMBus host of a guest of hvhost's: agree on a protocol version, offer\n"
	"no devices, let the guest unload. VERSIONs, such as 4.1, are accepted and no\n"
	"others; without any: all up to 5.3.\n\n"
	"  -t, --target=TARGET   host:SOCKET,partition=NAME (default: $HVPOST_TARGET)\n"
	"  -h, --help            print this\n\n"
	"What the guest posts arrives at SINT 2; answers go to connection 0x20. It ends\n"
	"by SIGINT or SIGTERM, or with hvhost, and prints what it counted. Example:\n\n"
	"  hvhost run --socket /tmp/h --guest g1,kernel=vmlinuz,initrd=initrd \\\n"
	"      --link g1:1=vmbus:2 --link g1:4=vmbus:2 --link vmbus:0x20=g1:2,vp=0\n"
	"  vmbus-host --target host:/tmp/h,partition=vmbus\n";

struct bus {
	struct hvpost *hv;
	uint32_t versions[VERSIONS_MAX + 1];	/* the last one is 0 */
	bool is_connected;
	unsigned long answered, undelivered, ignored, lines;
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "vmbus-host: %s: %s\n--help has an example\n", what, why);
	exit(EXIT_FAILURE);
}

/* Say what the guest did, unless it did so much that nobody would read it. */
static void say(struct bus *bus, const char *format, ...)
{
	va_list arguments;

	if (bus->lines++ >= LINES_MAX)
		return;
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static void answer(struct bus *bus, const void *payload, uint32_t size)
{
	int err = hvpost_post(bus->hv, &(struct hvpost_post){
			.connection_id = CONNECTION,
			.message_type = HV_MESSAGE_TYPE_VMBUS,
			.payload = payload, .payload_size = size,
		}, hvpost_deadline_in_ms(PATIENCE_MS));

	if (!err)
		bus->answered++;
	else if (!bus->undelivered++)
		say(bus, "undelivered: status 0x%x, %s (said once)",
		    hvpost_last_status(bus->hv), strerror(-err));
}

static void ignore(struct bus *bus, const char *why, uint32_t number)
{
	if (!bus->ignored++)
		say(bus, "ignored: %s %u (said once)", why, number);
}

static bool accepts(const struct bus *bus, uint32_t version)
{
	for (size_t i = 0; bus->versions[i]; i++)
		if (bus->versions[i] == version)
			return true;
	return false;
}

static void take_contact(struct bus *bus, const struct hvpost_message *message)
{
	struct vmbus_version_response response = {
		.header.type = VMBUS_VERSION_RESPONSE,
	};
	struct vmbus_contact contact;
	bool is_new;

	if (message->payload_size < sizeof(contact))
		return ignore(bus, "contact of size", message->payload_size);
	memcpy(&contact, message->payload, sizeof(contact));
	is_new = VMBUS_MAJOR(contact.version) >= 5;
	/* The answer would not arrive where it is awaited. */
	if (contact.target_vp)
		return ignore(bus, "contact for VP", contact.target_vp);
	if (is_new && contact.target_sint != HV_SINT_VMBUS)
		return ignore(bus, "contact for SINT", contact.target_sint);
	if (is_new && contact.target_vtl)
		return ignore(bus, "contact for VTL", contact.target_vtl);

	/* A guest that comes again without a word has been restarted. */
	bus->is_connected = accepts(bus, contact.version);
	response.supported = bus->is_connected;
	if (bus->is_connected && is_new)
		response.connection_id = HV_CONNECTION_VMBUS_MESSAGE_5;
	say(bus, "version %u.%u: %s", VMBUS_MAJOR(contact.version),
	    VMBUS_MINOR(contact.version), bus->is_connected ? "yes" : "no");
	answer(bus, &response, sizeof(response));
}

static void take(struct bus *bus, const struct hvpost_message *message)
{
	struct vmbus_header header;

	if (message->message_type != HV_MESSAGE_TYPE_VMBUS)
		return ignore(bus, "message of type", message->message_type);
	if (message->payload_size < sizeof(header))
		return ignore(bus, "message of size", message->payload_size);
	memcpy(&header, message->payload, sizeof(header));
	header.padding = 0;

	if (header.type == VMBUS_INITIATE_CONTACT) {
		take_contact(bus, message);
	} else if (header.type == VMBUS_REQUEST_OFFERS && bus->is_connected) {
		say(bus, "offers: none");
		header.type = VMBUS_ALL_OFFERS_DELIVERED;
		answer(bus, &header, sizeof(header));
	} else if (header.type == VMBUS_UNLOAD) {
		/* Also by a guest that found no version: it waits for this. */
		say(bus, "unload");
		bus->is_connected = false;
		header.type = VMBUS_UNLOAD_RESPONSE;
		answer(bus, &header, sizeof(header));
	} else {
		ignore(bus, "VMBus message of type", header.type);
	}
}

/* Return 0: told to stop; -ENODEV: hvhost has ended; or another errno value. */
static int serve(struct bus *bus, int signals)
{
	struct pollfd files[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = hvpost_get_fd(bus->hv), .events = POLLIN },
	};

	for (;;) {
		struct hvpost_message message;
		int err = hvpost_receive(bus->hv, &message, HVPOST_NOW);

		if (!err)
			take(bus, &message);
		else if (err != -EAGAIN)
			return err;
		/* Only when nothing is left does the descriptor tell of more. */
		if (poll(files, 2, err ? -1 : 0) < 0)
			return -errno;
		if (files[0].revents)
			return 0;
	}
}

/* SIGINT and SIGTERM, as something to poll. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static uint32_t parse_version(const char *text)
{
	unsigned int major, minor;
	char rest;

	if (sscanf(text, "%5u.%5u%c", &major, &minor, &rest) != 2 ||
	    major > 0xffff || minor > 0xffff || (!major && !minor))
		fail(text, "not a version such as 4.1");
	return VMBUS_VERSION(major, minor);
}

/* Return the target, or NULL: none is given. */
static const char *parse_options(struct bus *bus, int argc, char **argv)
{
	static const struct option options[] = {
		{ "target", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	const char *target = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "t:h", options, NULL)) > 0)
		switch (option) {
		case 't': target = optarg; break;
		case 'h': fputs(usage, stdout); exit(EXIT_SUCCESS);
		default: fail("options", "there are --target and --help");
		}
	if (argc - optind > VERSIONS_MAX)
		fail(argv[optind], "too many versions");
	if (optind < argc)
		memset(bus->versions, 0, sizeof(bus->versions));
	for (int i = 0; optind < argc; i++)
		bus->versions[i] = parse_version(argv[optind++]);
	return target;
}

int main(int argc, char **argv)
{
	struct bus bus = { .versions = { VMBUS_VERSIONS } };
	const char *target = parse_options(&bus, argc, argv);
	int signals = open_signals(), err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	err = hvpost_open(target, &bus.hv);
	if (err)
		fail(target ? target : "HVPOST_TARGET", strerror(-err));
	err = hvpost_bind(bus.hv, HV_SINT_VMBUS, 0);
	if (err)
		fail("cannot receive at SINT 2", strerror(-err));
	puts("ready");

	err = serve(&bus, signals);
	printf("%lu answered, %lu undelivered, %lu ignored\n", bus.answered,
	       bus.undelivered, bus.ignored);
	hvpost_close(bus.hv);
	if (err && err != -ENODEV)
		fail("cannot receive", strerror(-err));
	return EXIT_SUCCESS;
}
