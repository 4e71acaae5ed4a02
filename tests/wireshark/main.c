// SPDX-License-Identifier: MIT
/*
 * The dissector in packaging/wireshark as tshark runs it. A capture has one packet
 * for each row; tshark says what it sees in them, and each row what it is to see.
 */
#include <check.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hvpost/hvpost.h>

#include "capture_file.h"
#include "number.h"
#include "pcapng.h"
#include "sighting_packet.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))
#define FIELDS_MAX 14

#define TSHARK \
	"tshark -n -X lua_script:packaging/wireshark/hvpost.lua -r '%s' %s " \
	"2>/dev/null"

/* 1. Messages and what is to be seen of them */

enum place {
	ANY,		/* connection 0x10 */
	VMBUS,		/* connection 1 */
	VMBUS_5,	/* connection 4 */
	SLOT,		/* VP 1, SINT 6 */
	VMBUS_SLOT	/* VP 0, SINT 2 */
};

/* A field is "name=value", or "!name": it is not there. */
struct row {
	enum place place;
	uint32_t type;
	const char *payload;	/* hexadecimal */
	const char *info;	/* the line */
	const char *fields[FIELDS_MAX];
};

static const struct row rows[] = {
	{ ANY, 1, "68656c6c6f",
	  "Post connection 0x10 SUCCESS, type 0x1, 5 bytes",
	  { "hvpost.kind=0", "hvpost.source=0", "hvpost.connection=0x00000010",
	    "hvpost.status=0x00000000", "hvpost.attempts=1",
	    "hvpost.duration_ns=1234", "hvpost.pid=42", "hvpost.process=send",
	    "hvpost.payload=68:65:6c:6c:6f", "!hvpost.sint", "!hvpost.vp",
	    "!hvpost.partition", "!vmbus.type" } },
	{ ANY, 1, "", "Post connection 0x10 SUCCESS, type 0x1",
	  { "hvpost.size=0", "!hvpost.payload" } },
	{ SLOT, 7, "00",
	  "Slot VP 1 SINT 6, type 0x7, 1 bytes",
	  { "hvpost.kind=2", "hvpost.vp=1", "hvpost.sint=6",
	    "hvpost.origin=0x0000000000000022", "!hvpost.connection",
	    "!hvpost.status" } },
	{ SLOT, 0x80000010, "03000000 00000000 0102030405060708 1112131415161718",
	  "Slot VP 1 SINT 6, type 0x80000010, 24 bytes",
	  { "hvpost.timer.index=3", "hvpost.timer.expired=578437695752307201",
	    "hvpost.timer.delivered=1735880461161533969" } },
	{ SLOT, 0x80000010, "03000000",
	  "Slot VP 1 SINT 6, type 0x80000010, 4 bytes",
	  { "!hvpost.timer.index" } },

	/* VMBus, in the order of its types */
	{ VMBUS_SLOT, 1,
	  "01000000 00000000"
	  "635161f83edfc546913ff2d2f965ed0e 000102030405060708090a0b0c0d0e0f"
	  "0000000000000000 0000000000000000 0120 0800"
	  "0000000000000000000000000000000000000000 00000000000000000000"
	  "0000000000000000000000000000000000000000 00000000000000000000"
	  "0000000000000000000000000000000000000000 00000000000000000000"
	  "0000000000000000000000000000000000000000 00000000000000000000"
	  "0300 0000 0e000000 05 01 0100 2a000100",
	  "Slot VP 0 SINT 2: Offer Channel, channel 14: network",
	  { "vmbus.type=1", "vmbus.relid=14",
	    "vmbus.offer.class=f8615163-df3e-46c5-913f-f2d2f965ed0e",
	    "vmbus.offer.class_name=network",
	    "vmbus.offer.instance=03020100-0504-0706-0809-0a0b0c0d0e0f",
	    "vmbus.offer.flags=0x2001", "vmbus.offer.mmio_megabytes=8",
	    "vmbus.offer.subchannel=3", "vmbus.offer.monitor=5",
	    "vmbus.offer.has_monitor=1", "vmbus.offer.dedicated=1",
	    "vmbus.connection=0x0001002a", "!_ws.expert" } },
	{ VMBUS_SLOT, 1, "02000000 00000000 0e000000",
	  "Slot VP 0 SINT 2: Rescind Channel Offer, channel 14",
	  { "vmbus.type=2", "vmbus.relid=14" } },
	{ VMBUS, 1, "03000000 00000000",
	  "Post connection 0x1 SUCCESS: Request Offers", { "vmbus.type=3" } },
	{ VMBUS_SLOT, 1, "04000000 00000000",
	  "Slot VP 0 SINT 2: All Offers Delivered", { "vmbus.type=4" } },
	{ VMBUS, 1,
	  "05000000 00000000 0e000000 0f000000 10200e00 02000000 80000000"
	  "0000000000000000000000000000000000000000 00000000000000000000"
	  "0000000000000000000000000000000000000000 00000000000000000000"
	  "0000000000000000000000000000000000000000 00000000000000000000"
	  "0000000000000000000000000000000000000000 00000000000000000000",
	  "Post connection 0x1 SUCCESS: Open Channel, channel 14",
	  { "vmbus.type=5", "vmbus.relid=14", "vmbus.openid=15",
	    "vmbus.gpadl=0x000e2010", "vmbus.vp=2",
	    "vmbus.open.downstream_page=128", "!_ws.expert" } },
	{ VMBUS_SLOT, 1, "06000000 00000000 0e000000 0f000000 00000000",
	  "Slot VP 0 SINT 2: Open Channel Result, channel 14",
	  { "vmbus.openid=15", "vmbus.status=0x00000000" } },
	{ VMBUS, 1, "07000000 00000000 0e000000",
	  "Post connection 0x1 SUCCESS: Close Channel, channel 14",
	  { "vmbus.relid=14" } },
	{ VMBUS, 1,
	  "08000000 00000000 0e000000 10200e00 1800 0100 00200000 80000000"
	  "3412000000000000 3512000000000000",
	  "Post connection 0x1 SUCCESS: GPADL Header, channel 14",
	  { "vmbus.gpadl=0x000e2010", "vmbus.gpadl.ranges_size=24",
	    "vmbus.gpadl.ranges=1", "vmbus.gpadl.range.size=8192",
	    "vmbus.gpadl.range.offset=128",
	    "vmbus.gpadl.page=0x0000000000001234",
	    "vmbus.gpadl.page=0x0000000000001235" } },
	{ VMBUS, 1, "09000000 00000000 01000000 10200e00 3612000000000000",
	  "Post connection 0x1 SUCCESS: GPADL Body",
	  { "vmbus.gpadl.number=1", "vmbus.gpadl=0x000e2010",
	    "vmbus.gpadl.page=0x0000000000001236" } },
	{ VMBUS_SLOT, 1, "0a000000 00000000 0e000000 10200e00 01000000",
	  "Slot VP 0 SINT 2: GPADL Created, channel 14",
	  { "vmbus.gpadl=0x000e2010", "vmbus.status=0x00000001" } },
	{ VMBUS, 1, "0b000000 00000000 0e000000 10200e00",
	  "Post connection 0x1 SUCCESS: GPADL Teardown, channel 14",
	  { "vmbus.gpadl=0x000e2010" } },
	{ VMBUS_SLOT, 1, "0c000000 00000000 10200e00",
	  "Slot VP 0 SINT 2: GPADL Torndown",
	  { "vmbus.gpadl=0x000e2010", "!vmbus.relid" } },
	{ VMBUS, 1, "0d000000 00000000 0e000000",
	  "Post connection 0x1 SUCCESS: Relid Released, channel 14",
	  { "vmbus.relid=14" } },
	{ VMBUS_5, 1,
	  "0e000000 00000000 03000500 00000000 0200000000000000"
	  "0010000000000000 0020000000000000",
	  "Post connection 0x4 SUCCESS: Initiate Contact, version 5.3",
	  { "vmbus.version=5.3", "vmbus.vp=0", "vmbus.contact.sint=2",
	    "vmbus.contact.vtl=0",
	    "vmbus.contact.monitor_page=0x0000000000001000",
	    "vmbus.contact.monitor_page=0x0000000000002000",
	    "!vmbus.contact.interrupt_page" } },
	{ VMBUS, 1,
	  "0e000000 00000000 00000400 01000000 0030000000000000"
	  "0010000000000000 0020000000000000",
	  "Post connection 0x1 SUCCESS: Initiate Contact, version 4.0",
	  { "vmbus.version=4.0", "vmbus.vp=1",
	    "vmbus.contact.interrupt_page=0x0000000000003000",
	    "!vmbus.contact.sint" } },
	{ VMBUS_SLOT, 1, "0f000000 00000000 01 00 0000 04000000",
	  "Slot VP 0 SINT 2: Version Response, supported",
	  { "vmbus.response.supported=1", "vmbus.response.state=0",
	    "vmbus.connection=0x00000004" } },
	{ VMBUS_SLOT, 1, "0f000000 00000000 00",
	  "Slot VP 0 SINT 2: Version Response, not supported",
	  { "vmbus.response.supported=0", "!vmbus.response.state",
	    "!vmbus.connection", "!_ws.expert" } },
	{ VMBUS, 1, "10000000 00000000",
	  "Post connection 0x1 SUCCESS: Unload", { "vmbus.type=16" } },
	{ VMBUS_SLOT, 1, "11000000 00000000",
	  "Slot VP 0 SINT 2: Unload Response", { "vmbus.type=17" } },
	{ VMBUS, 1,
	  "15000000 00000000 000102030405060708090a0b0c0d0e0f"
	  "101112131415161718191a1b1c1d1e1f",
	  "Post connection 0x1 SUCCESS: TL Connect Request",
	  { "vmbus.connect.endpoint=03020100-0504-0706-0809-0a0b0c0d0e0f",
	    "vmbus.connect.service=13121110-1514-1716-1819-1a1b1c1d1e1f" } },
	{ VMBUS, 1, "16000000 00000000 0e000000 03000000",
	  "Post connection 0x1 SUCCESS: Modify Channel, channel 14",
	  { "vmbus.relid=14", "vmbus.vp=3" } },
	{ VMBUS_SLOT, 1, "17000000 00000000",
	  "Slot VP 0 SINT 2: TL Connect Result", { "vmbus.type=23" } },
	{ VMBUS_SLOT, 1, "18000000 00000000 0e000000 00000000",
	  "Slot VP 0 SINT 2: Modify Channel Response, channel 14",
	  { "vmbus.status=0x00000000" } },

	/* What is none of these, or not all there */
	{ VMBUS, 1, "ff000000 00000000",
	  "Post connection 0x1 SUCCESS: Message 255", { "vmbus.type=255" } },
	{ VMBUS, 1, "0e000000 00000000 0300",
	  "Post connection 0x1 SUCCESS: Initiate Contact",
	  { "vmbus.type=14", "vmbus.short=", "!vmbus.version" } },
	{ VMBUS, 1, "0e0000", "Post connection 0x1 SUCCESS: VMBus",
	  { "vmbus.short=", "!vmbus.type" } },
	{ VMBUS, 7, "0300000000000000",
	  "Post connection 0x1 SUCCESS, type 0x7, 8 bytes", { "!vmbus.type" } },
	{ ANY, 1, "0300000000000000",
	  "Post connection 0x10 SUCCESS, type 0x1, 8 bytes",
	  { "!vmbus.type" } },
};

/* Before there are cases */
static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "this does not hold: %s\n", what);
	exit(EXIT_FAILURE);
}

static struct sighting sighting_of(const struct row *row)
{
	const bool is_slot = row->place == SLOT || row->place == VMBUS_SLOT;
	struct sighting sighting = sighting_new(
		is_slot ? SIGHTING_SLOT : SIGHTING_POST, SIGHTING_BY_DRIVER);
	size_t size;

	if (is_slot) {
		sighting.vp = row->place == SLOT;
		sighting.sint = row->place == SLOT ? 6 : 2;
		sighting.origin = 0x22;
	} else {
		sighting.connection_id = row->place == VMBUS   ? 1 :
					 row->place == VMBUS_5 ? 4 :
								 0x10;
		sighting.status = 0;
		sighting.attempts = 1;
		sighting.duration_ns = 1234;
		sighting.pid = 42;
		strcpy(sighting.process, "send");
	}
	sighting.message_type = row->type;
	must(!parse_hex(row->payload, sighting.payload,
			sizeof(sighting.payload), &size), row->payload);
	sighting.payload_size = (uint32_t)size;
	sighting.payload_captured = (uint32_t)size;
	return sighting;
}

/* 2. Everything else that can be seen, and what is no packet of ours */

/* Link type 147 is anybody's. */
static const struct {
	const char *bytes;	/* hexadecimal */
	const char *protocol;
	const char *fields[4];
} foreign[] = {
	{ "00112233445566778899", "", { "!hvpost.magic", "!hvpost.kind" } },
	{ "6876", "", { "!hvpost.magic" } },
	{ "68767073 0250 0000", "hvpost",
	  { "hvpost.unknown=", "!hvpost.kind" } },
	{ "68767073 0150 0000", "hvpost",
	  { "hvpost.damaged=", "!hvpost.kind" } },
	{ "68767073 0108 0000 0000000000000000 00000000 00000000", "hvpost",
	  { "hvpost.damaged=", "!hvpost.kind" } },
};

static const struct {
	enum sighting_kind kind;
	const char *info, *field;
} kinds[] = {
	{ SIGHTING_POST, "Post", "hvpost.detail=5" },
	{ SIGHTING_SIGNAL, "Signal 5", "hvpost.flag=5" },
	{ SIGHTING_SLOT, "Slot", "hvpost.detail=5" },
	{ SIGHTING_FLAG, "Flag 5", "hvpost.flag=5" },
	{ SIGHTING_EOM, "EOM 5", "hvpost.detail=5" },
	{ SIGHTING_RING_FULL, "Ring full 5", "hvpost.detail=5" },
	{ SIGHTING_RING_RESUMED, "Ring resumed 5", "hvpost.detail=5" },
	{ SIGHTING_DROP, "Drop 5", "hvpost.lost=" },
	{ SIGHTING_OWNER, "Owner 5", "hvpost.owner=5" },
	{ SIGHTING_DELIVER, "Deliver 5", "hvpost.detail=5" },
	{ SIGHTING_QUEUE_FULL, "Queue full 5", "hvpost.detail=5" },
	{ SIGHTING_INTERRUPT, "Interrupt 5", "hvpost.vector=0x00000005" },
	{ SIGHTING_HYPERCALL, "Hypercall 0x5", "hvpost.call=0x00000005" },
};
_Static_assert(ROWS(kinds) == SIGHTING_KINDS, "one row for each kind");

/* A process names itself as it likes; in a file the name may also have no end. */
static const struct {
	const char *name;	/* up to 16 bytes */
	const char *shown;
} processes[] = {
	{ "two words", "two words" },
	{ "\33]2;pwn\a\33[41mX", "?]2;pwn??[41mX" },
	{ "\x9b" "41m\xff", "?41m?" },
	{ "sixteen-bytes-16", "sixteen-bytes-16" },
};

static uint32_t status_at(int index)
{
	uint32_t status;

	must(!hvpost_status_at((size_t)index, &status), "there is a status");
	return status;
}

static int count_statuses(void)
{
	uint32_t status;
	int count = 0;

	while (!hvpost_status_at((size_t)count, &status))
		count++;
	return count;
}

static void write_foreign(FILE *out, const char *hex)
{
	uint8_t bytes[64];
	size_t size;

	must(!parse_hex(hex, bytes, sizeof(bytes), &size), hex);
	must(!pcapng_write(out, &(struct pcapng_packet){
			.bytes = bytes, .size = size }), "there is room");
}

static void write_post_of(FILE *out, const char *process)
{
	struct sighting post = sighting_new(SIGHTING_POST, SIGHTING_BY_DRIVER);
	uint8_t bytes[SIGHTING_PACKET_SIZE_MAX];
	struct pcapng_packet packet = { .bytes = bytes };

	packet.size = sighting_to_packet(&post, bytes);
	strncpy((char *)bytes + 64, process, SIGHTING_PROCESS_SIZE);
	must(!pcapng_write(out, &packet), "there is room");
}

static void write_all(FILE *out)
{
	struct capture_writer writer;
	struct sighting sighting;

	must(out && !capture_begin(&writer, out, "rows"), "there are files");
	for (int i = 0; i < ROWS(rows); i++) {
		sighting = sighting_of(&rows[i]);
		capture_write(&writer, &sighting);
	}
	for (int i = 0; i < ROWS(kinds); i++) {
		sighting = sighting_new(kinds[i].kind, SIGHTING_BY_KVM);
		sighting.detail = 5;
		capture_write(&writer, &sighting);
	}
	for (int i = 0; i < count_statuses(); i++) {
		sighting = sighting_new(SIGHTING_POST, SIGHTING_BY_DRIVER);
		sighting.status = status_at(i);
		capture_write(&writer, &sighting);
	}
	for (int i = 0; i < ROWS(foreign); i++)
		write_foreign(out, foreign[i].bytes);
	for (int i = 0; i < ROWS(processes); i++)
		write_post_of(out, processes[i].name);
	must(!capture_end(&writer), "there is room");
}

/* 3. What tshark saw: asked once, before any case */

static char path[] = "/tmp/hvpost-dissector-XXXXXX";
static struct json_object *packets;
static char *lines;		/* one for each packet */

static char *run_tshark(const char *options)
{
	size_t size = 0, room = 8u << 20;
	char command[512], *text = malloc(room);
	FILE *pipe;

	snprintf(command, sizeof(command), TSHARK, path, options);
	pipe = popen(command, "r");
	must(text && pipe, "there is memory");
	size = fread(text, 1, room - 1, pipe);
	text[size] = '\0';
	must(!pclose(pipe), command);
	return text;
}

static void ask_tshark(void)
{
	FILE *out = fdopen(mkstemp(path), "w");
	char *text;

	write_all(out);
	fclose(out);
	text = run_tshark("-T json --no-duplicate-keys");
	packets = json_tokener_parse(text);
	free(text);
	lines = run_tshark("-T fields -E separator='|' -e _ws.col.Protocol "
			   "-e _ws.col.Source -e _ws.col.Destination "
			   "-e _ws.col.Info");
	unlink(path);
}

/* A field that comes more than once is an array. */
static bool is_value(struct json_object *member, const char *value)
{
	if (!json_object_is_type(member, json_type_array))
		return !strcmp(json_object_get_string(member), value);
	for (size_t i = 0; i < json_object_array_length(member); i++)
		if (is_value(json_object_array_get_idx(member, i), value))
			return true;
	return false;
}

/* Has the tree of @object somewhere @name, with @value unless that is ""? */
static bool has(struct json_object *object, const char *name, const char *value)
{
	if (!json_object_is_type(object, json_type_object))
		return false;
	json_object_object_foreach(object, key, member) {
		if (!strcmp(key, name) && (!*value || is_value(member, value)))
			return true;
		if (has(member, name, value))
			return true;
	}
	return false;
}

static struct json_object *layers_of(int number)
{
	struct json_object *packet = json_object_array_get_idx(packets,
							       (size_t)number);

	ck_assert_ptr_nonnull(packet);
	return json_object_object_get(json_object_object_get(packet, "_source"),
				      "layers");
}

static void ck_field(int number, const char *field)
{
	struct json_object *layers = layers_of(number);
	const char *value = strchr(field, '=');
	char name[64];
	bool found;

	if (*field == '!') {
		ck_assert_msg(!has(layers, field + 1, ""), "%s is there: %s",
			      field + 1, json_object_to_json_string(layers));
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(value - field), field);
	found = has(layers, name, value + 1);
	ck_assert_msg(found, "%s is not there: %s", field,
		      json_object_to_json_string(layers));
}

/* "protocol|source|destination|info" */
static void ck_line(int number, const char *expected)
{
	const char *line = lines;

	ck_field(number, "!_ws.lua.error");
	for (int i = 0; i < number; i++)
		line = strchr(line, '\n') + 1;
	ck_assert_msg(!strncmp(line, expected, strlen(expected)) &&
		      line[strlen(expected)] == '\n',
		      "'%.*s' is not '%s'", (int)strcspn(line, "\n"), line,
		      expected);
}

START_TEST(each_message_is_taken_apart)
{
	static const char *const ends[] = {
		[ANY] = "send|connection 0x10",
		[VMBUS] = "send|connection 0x1",
		[VMBUS_5] = "send|connection 0x4",
		[SLOT] = "port 0x22|VP 1 SINT 6",
		[VMBUS_SLOT] = "port 0x22|VP 0 SINT 2",
	};
	const struct row *row = &rows[_i];
	const bool is_vmbus = row->type == 1 && row->place != ANY;
	char line[256];

	for (int i = 0; i < FIELDS_MAX && row->fields[i]; i++)
		ck_field(_i, row->fields[i]);
	snprintf(line, sizeof(line), "%s|%s|%s", is_vmbus ? "VMBus" : "hvpost",
		 ends[row->place], row->info);
	ck_line(_i, line);
}
END_TEST

START_TEST(each_kind_has_its_name_and_its_detail)
{
	const int number = ROWS(rows) + _i;
	const char *source = "", *destination = "";
	char line[256];

	switch (kinds[_i].kind) {
	case SIGHTING_POST:
	case SIGHTING_SIGNAL:
		destination = "host";
		break;
	case SIGHTING_SLOT:
	case SIGHTING_FLAG:
	case SIGHTING_DELIVER:
	case SIGHTING_INTERRUPT:
		source = "host";
		break;
	default:
		break;
	}
	ck_field(number, kinds[_i].field);
	ck_field(number, "hvpost.source=4");
	snprintf(line, sizeof(line), "hvpost|%s|%s|%s", source, destination,
		 kinds[_i].info);
	ck_line(number, line);
}
END_TEST

START_TEST(each_status_has_its_name)
{
	const int number = ROWS(rows) + ROWS(kinds) + _i;
	const uint32_t status = status_at(_i);
	char line[256];

	snprintf(line, sizeof(line), "hvpost||host|Post %s",
		 hvpost_status_name(status) + strlen("HV_STATUS_"));
	ck_line(number, line);
	ck_field(number, status ? "hvpost.refused=" : "!hvpost.refused");
}
END_TEST

START_TEST(what_is_not_ours_is_left_alone_or_called_so)
{
	const int number = ROWS(rows) + ROWS(kinds) + count_statuses() + _i;
	char line[64];

	for (int i = 0; i < 4 && foreign[_i].fields[i]; i++)
		ck_field(number, foreign[_i].fields[i]);
	snprintf(line, sizeof(line), "%s|||", foreign[_i].protocol);
	ck_line(number, line);
}
END_TEST

/* tshark writes the columns to a terminal as they are. */
START_TEST(a_name_of_a_process_is_shown_as_text)
{
	const int number = ROWS(rows) + ROWS(kinds) + count_statuses() +
			   ROWS(foreign) + _i;
	char line[64], field[64];

	snprintf(line, sizeof(line), "hvpost|%s|host|Post",
		 processes[_i].shown);
	snprintf(field, sizeof(field), "hvpost.process=%s",
		 processes[_i].shown);
	ck_line(number, line);
	ck_field(number, field);
}
END_TEST

static Suite *dissector_suite(void)
{
	Suite *suite = suite_create("dissector");
	TCase *tcase = tcase_create("packets");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, each_message_is_taken_apart, 0, ROWS(rows));
	tcase_add_loop_test(tcase, each_kind_has_its_name_and_its_detail, 0,
			    ROWS(kinds));
	tcase_add_loop_test(tcase, each_status_has_its_name, 0,
			    count_statuses());
	tcase_add_loop_test(tcase, what_is_not_ours_is_left_alone_or_called_so,
			    0, ROWS(foreign));
	tcase_add_loop_test(tcase, a_name_of_a_process_is_shown_as_text, 0,
			    ROWS(processes));
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(dissector_suite());
	int failed;

	ask_tshark();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
