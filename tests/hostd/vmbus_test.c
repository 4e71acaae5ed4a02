// SPDX-License-Identifier: MIT
/* examples/vmbus-host and what guests say to it: a process, and these cases. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon.h"
#include "examples/vmbus.h"
#include "suites.h"

#define LINKS "--link guest:1=vmbus:2 --link guest:4=vmbus:2 " \
	      "--link vmbus:0x20=guest:2,vp=0"

/* One example that runs. */
struct program {
	pid_t pid;
	FILE *output;	/* stdout and stderr */
};

/* The examples lie beside the folder of $HVHOST. */
static struct program start(const char *name, const char *target,
			    const char *arguments)
{
	struct program program;
	char line[1024];
	int ends[2];

	snprintf(line, sizeof(line), "exec \"${HVHOST%%/*}/../examples/%s\" %s",
		 name, arguments);
	ck_assert_int_eq(pipe(ends), 0);
	program.pid = fork();
	ck_assert_int_ge(program.pid, 0);
	if (!program.pid) {
		setenv("HVPOST_TARGET", target, 1);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	program.output = fdopen(ends[0], "r");
	return program;
}

static void ck_prints(struct program *program, const char *expected)
{
	char line[256] = "";

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), program->output));
	line[strcspn(line, "\n")] = '\0';
	ck_assert_str_eq(line, expected);
}

/* It prints no more and ends. */
static void ck_ends(struct program *program, int expected)
{
	char line[256];
	int status;

	ck_assert_msg(!fgets(line, sizeof(line), program->output),
		      "it prints '%s' too", line);
	fclose(program->output);
	ck_assert_int_eq(waitpid(program->pid, &status, 0), program->pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), expected);
}

static struct program start_host(const char *versions)
{
	struct program host;

	daemon_start(LINKS);
	host = start("vmbus-host", target_of("vmbus"), versions);
	ck_prints(&host, "ready");
	return host;
}

static void stop_host(struct program *host, const char *summary)
{
	kill(host->pid, SIGTERM);
	ck_prints(host, summary);
	ck_ends(host, 0);
}

/* A guest of the case's own */

static struct hvpost *open_guest(void)
{
	return bind_as("guest", HV_SINT_VMBUS);
}

static void post_typed(struct hvpost *guest, uint32_t message_type,
		       const void *payload, size_t size)
{
	ck_assert_int_eq(hvpost_post(guest, &(struct hvpost_post){
			.connection_id = HV_CONNECTION_VMBUS_MESSAGE,
			.message_type = message_type,
			.payload = payload,
			.payload_size = (uint32_t)size,
		}, hvpost_deadline_in_ms(PATIENCE_MS)), 0);
}

static void post_header(struct hvpost *guest, uint32_t type)
{
	const struct vmbus_header header = { .type = type };

	post_typed(guest, HV_MESSAGE_TYPE_VMBUS, &header, sizeof(header));
}

static struct vmbus_contact contact_of(uint32_t version)
{
	return (struct vmbus_contact){
		.header.type = VMBUS_INITIATE_CONTACT,
		.version = version,
		.target_sint = HV_SINT_VMBUS,
	};
}

static void post_contact(struct hvpost *guest, struct vmbus_contact contact)
{
	post_typed(guest, HV_MESSAGE_TYPE_VMBUS, &contact, sizeof(contact));
}

static void ck_receives(struct hvpost *guest, const void *payload, size_t size)
{
	struct hvpost_message message;

	ck_assert_int_eq(hvpost_receive(guest, &message,
					hvpost_deadline_in_ms(PATIENCE_MS)), 0);
	ck_assert_uint_eq(message.message_type, HV_MESSAGE_TYPE_VMBUS);
	ck_assert_uint_eq(message.vp_index, 0);
	ck_assert_uint_eq(message.payload_size, size);
	ck_assert_mem_eq(message.payload, payload, size);
}

static void ck_receives_header(struct hvpost *guest, uint32_t type)
{
	const struct vmbus_header header = { .type = type };

	ck_receives(guest, &header, sizeof(header));
}

static void ck_receives_version(struct hvpost *guest, bool supported,
				uint32_t connection_id)
{
	const struct vmbus_version_response response = {
		.header.type = VMBUS_VERSION_RESPONSE,
		.supported = supported,
		.connection_id = connection_id,
	};

	ck_receives(guest, &response, sizeof(response));
}

/* Cases */

START_TEST(a_guest_agrees_on_the_newest_version_and_unloads)
{
	struct program host = start_host(""), guest;

	/* Twice: the first one has left nothing behind. */
	for (int i = 0; i < 2; i++) {
		guest = start("vmbus-version", target_of("guest"), "");
		ck_prints(&guest, "version 5.3: yes");
		ck_ends(&guest, 0);
		ck_prints(&host, "version 5.3: yes");
		ck_prints(&host, "unload");
	}
	stop_host(&host, "4 answered, 0 undelivered, 0 ignored");
}
END_TEST

START_TEST(a_guest_falls_back_step_by_step_to_what_is_accepted)
{
	struct program host = start_host("3.0 4.1"), guest;

	guest = start("vmbus-version", target_of("guest"), "");
	ck_prints(&guest, "version 5.3: no");
	ck_prints(&guest, "version 5.2: no");
	ck_prints(&guest, "version 5.1: no");
	ck_prints(&guest, "version 5.0: no");
	ck_prints(&guest, "version 4.1: yes");
	ck_ends(&guest, 0);
	kill(host.pid, SIGTERM);
	for (int minor = 3; minor >= 0; minor--) {
		char line[32];

		snprintf(line, sizeof(line), "version 5.%d: no", minor);
		ck_prints(&host, line);
	}
	ck_prints(&host, "version 4.1: yes");
	ck_prints(&host, "unload");
	ck_prints(&host, "6 answered, 0 undelivered, 0 ignored");
	ck_ends(&host, 0);
}
END_TEST

START_TEST(a_guest_without_a_version_unloads_all_the_same)
{
	struct program host = start_host("6.0"), guest;
	char line[64] = "", last[64];

	guest = start("vmbus-version", target_of("guest"), "");
	do {
		strcpy(last, line);
	} while (fgets(line, sizeof(line), guest.output));
	ck_assert_str_eq(last, "version 0.13: no\n");
	ck_ends(&guest, 1);
	kill(host.pid, SIGTERM);
	do {
		strcpy(last, line);
	} while (fgets(line, sizeof(line), host.output));
	ck_assert_str_eq(last, "11 answered, 0 undelivered, 0 ignored\n");
	ck_ends(&host, 0);
}
END_TEST

START_TEST(only_versions_of_5_name_a_connection)
{
	struct program host = start_host("5.0 4.1");
	struct hvpost *guest = open_guest();

	post_contact(guest, contact_of(VMBUS_VERSION(5, 3)));
	ck_receives_version(guest, false, 0);
	post_contact(guest, contact_of(VMBUS_VERSION(5, 0)));
	ck_receives_version(guest, true, HV_CONNECTION_VMBUS_MESSAGE_5);
	post_contact(guest, contact_of(VMBUS_VERSION(4, 1)));
	ck_receives_version(guest, true, 0);
	hvpost_close(guest);
	ck_prints(&host, "version 5.3: no");
	ck_prints(&host, "version 5.0: yes");
	ck_prints(&host, "version 4.1: yes");
	stop_host(&host, "3 answered, 0 undelivered, 0 ignored");
}
END_TEST

START_TEST(offers_are_for_guests_that_are_connected)
{
	struct program host = start_host("");
	struct hvpost *guest = open_guest();

	post_header(guest, VMBUS_REQUEST_OFFERS);
	post_contact(guest, contact_of(VMBUS_VERSION(5, 3)));
	ck_receives_version(guest, true, HV_CONNECTION_VMBUS_MESSAGE_5);
	post_header(guest, VMBUS_REQUEST_OFFERS);
	ck_receives_header(guest, VMBUS_ALL_OFFERS_DELIVERED);
	post_header(guest, VMBUS_UNLOAD);
	ck_receives_header(guest, VMBUS_UNLOAD_RESPONSE);
	post_header(guest, VMBUS_REQUEST_OFFERS);
	post_header(guest, VMBUS_UNLOAD);
	ck_receives_header(guest, VMBUS_UNLOAD_RESPONSE);
	hvpost_close(guest);
	ck_prints(&host, "ignored: VMBus message of type 3 (said once)");
	ck_prints(&host, "version 5.3: yes");
	ck_prints(&host, "offers: none");
	ck_prints(&host, "unload");
	ck_prints(&host, "unload");
	stop_host(&host, "4 answered, 0 undelivered, 2 ignored");
}
END_TEST

/* Contacts of size @size that ask for answers somewhere else. */
static const struct {
	uint32_t message_type, type, size;
	uint32_t version, target_vp;
	uint8_t target_sint, target_vtl;
	const char *says;
} bad[] = {
	{ 2, VMBUS_UNLOAD, 8, 0, 0, 0, 0, "message of type 2" },
	{ 1, VMBUS_UNLOAD, 0, 0, 0, 0, 0, "message of size 0" },
	{ 1, VMBUS_UNLOAD, 7, 0, 0, 0, 0, "message of size 7" },
	{ 1, 0, 8, 0, 0, 0, 0, "VMBus message of type 0" },
	{ 1, VMBUS_VERSION_RESPONSE, 240, 0, 0, 0, 0,
	  "VMBus message of type 15" },
	{ 1, UINT32_MAX, 240, 0, 0, 0, 0, "VMBus message of type 4294967295" },
	{ 1, VMBUS_INITIATE_CONTACT, 39, VMBUS_VERSION(4, 0), 0, 2, 0,
	  "contact of size 39" },
	{ 1, VMBUS_INITIATE_CONTACT, 40, VMBUS_VERSION(4, 0), 1, 2, 0,
	  "contact for VP 1" },
	{ 1, VMBUS_INITIATE_CONTACT, 40, VMBUS_VERSION(5, 0), UINT32_MAX, 2, 0,
	  "contact for VP 4294967295" },
	{ 1, VMBUS_INITIATE_CONTACT, 40, VMBUS_VERSION(5, 0), 0, 3, 0,
	  "contact for SINT 3" },
	{ 1, VMBUS_INITIATE_CONTACT, 40, VMBUS_VERSION(5, 3), 0, 2, 2,
	  "contact for VTL 2" },
};

START_TEST(what_is_not_understood_is_counted_said_once_and_ignored)
{
	struct program host = start_host("");
	struct hvpost *guest = open_guest();
	uint8_t payload[HVPOST_PAYLOAD_SIZE_MAX] = { 0 };
	struct vmbus_contact contact = contact_of(bad[_i].version);
	char line[128];

	contact.header.type = bad[_i].type;
	contact.target_vp = bad[_i].target_vp;
	contact.target_sint = bad[_i].target_sint;
	contact.target_vtl = bad[_i].target_vtl;
	memcpy(payload, &contact, sizeof(contact));
	for (int i = 0; i < 50; i++)
		post_typed(guest, bad[_i].message_type, payload, bad[_i].size);

	post_contact(guest, contact_of(VMBUS_VERSION(4, 0)));
	ck_receives_version(guest, true, 0);
	hvpost_close(guest);
	snprintf(line, sizeof(line), "ignored: %s (said once)", bad[_i].says);
	ck_prints(&host, line);
	ck_prints(&host, "version 4.0: yes");
	stop_host(&host, "1 answered, 0 undelivered, 50 ignored");
}
END_TEST

/* Before 5.0 there is the address of a page in its place. */
START_TEST(an_old_contact_names_no_sint)
{
	struct program host = start_host("");
	struct hvpost *guest = open_guest();
	struct vmbus_contact contact = contact_of(VMBUS_VERSION(4, 1));

	contact.interrupt_page = 0x123456789000;
	post_contact(guest, contact);
	ck_receives_version(guest, true, 0);
	hvpost_close(guest);
	ck_prints(&host, "version 4.1: yes");
	stop_host(&host, "1 answered, 0 undelivered, 0 ignored");
}
END_TEST

START_TEST(a_guest_cannot_make_it_print_without_end)
{
	struct program host = start_host("");
	struct hvpost *guest = open_guest();

	for (int i = 0; i < 1100; i++) {
		post_header(guest, VMBUS_UNLOAD);
		ck_receives_header(guest, VMBUS_UNLOAD_RESPONSE);
	}
	hvpost_close(guest);
	for (int i = 0; i < 1000; i++)
		ck_prints(&host, "unload");
	stop_host(&host, "1100 answered, 0 undelivered, 0 ignored");
}
END_TEST

START_TEST(an_answer_that_nobody_takes_is_counted)
{
	struct program host = start_host("");
	struct hvpost *guest = open_as("guest");

	/* Nobody takes messages from the slot: they fill all 16 buffers. */
	for (int i = 0; i < 18; i++)
		post_header(guest, VMBUS_UNLOAD);
	for (int i = 0; i < 18; i++)
		ck_prints(&host, "unload");
	ck_prints(&host, "undelivered: status 0x13, Connection timed out "
			 "(said once)");
	hvpost_close(guest);
	stop_host(&host, "17 answered, 1 undelivered, 0 ignored");
}
END_TEST

START_TEST(it_ends_with_hvhost)
{
	struct program host = start_host("");

	ck_assert_int_eq(daemon_stop(), 0);
	ck_prints(&host, "0 answered, 0 undelivered, 0 ignored");
	ck_ends(&host, 0);
}
END_TEST

static const struct {
	const char *arguments;
	const char *says;
} misuse[] = {
	{ "4", "vmbus-host: 4: not a version such as 4.1" },
	{ "4.1x", "vmbus-host: 4.1x: not a version such as 4.1" },
	{ "0.0", "vmbus-host: 0.0: not a version such as 4.1" },
	{ "1.65536", "vmbus-host: 1.65536: not a version such as 4.1" },
	{ "1.1 2.1 3.1 4.1 5.1 6.1 7.1 8.1 9.1 10.1 11.1 12.1 13.1 14.1 15.1 "
	  "16.1 17.1", "vmbus-host: 1.1: too many versions" },
	{ "--target host:/nonexistent/s",
	  "vmbus-host: host:/nonexistent/s: No such file or directory" },
};

START_TEST(misuse_is_named)
{
	struct program host = start("vmbus-host", "", misuse[_i].arguments);

	ck_prints(&host, misuse[_i].says);
	ck_prints(&host, "--help has an example");
	ck_ends(&host, 1);
}
END_TEST

Suite *vmbus_suite(void)
{
	Suite *suite = suite_create("vmbus");
	TCase *guests = add_tcase(suite, "guests");
	TCase *messages = add_tcase(suite, "messages");
	TCase *host = add_tcase(suite, "host");

	tcase_add_test(guests, a_guest_agrees_on_the_newest_version_and_unloads);
	tcase_add_test(guests,
		       a_guest_falls_back_step_by_step_to_what_is_accepted);
	tcase_add_test(guests, a_guest_without_a_version_unloads_all_the_same);

	tcase_add_test(messages, only_versions_of_5_name_a_connection);
	tcase_add_test(messages, offers_are_for_guests_that_are_connected);
	tcase_add_loop_test(messages,
			    what_is_not_understood_is_counted_said_once_and_ignored,
			    0, ROWS(bad));
	tcase_add_test(messages, an_old_contact_names_no_sint);
	tcase_add_test(messages, a_guest_cannot_make_it_print_without_end);
	tcase_add_test(messages, an_answer_that_nobody_takes_is_counted);

	tcase_add_test(host, it_ends_with_hvhost);
	tcase_add_loop_test(host, misuse_is_named, 0, ROWS(misuse));
	return suite;
}
