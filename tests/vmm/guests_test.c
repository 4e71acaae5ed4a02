// SPDX-License-Identifier: MIT
/* hvhost's commands, asked for guests on a KVM that is none. */
#define _GNU_SOURCE /* memfd_create, struct ucred */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cli/hvhost/closer.h"
#include "cli/hvhost/control.h"
#include "cli/hvhost/guest.h"
#include "cli/hvhost/restore.h"
#include "cli/hvhost/visitor.h"
#include "suites.h"
#include "tests/fuzz/fake_kvm.h"
#include "world.h"

#define GUEST	"g"
#define SOMEBODY	54321
#define SOMEBODY_TEXT	"54321"
#define CPUS	65u	/* one more than a process may have */

static struct server server;
static int sockets[2], log_pipe[2], stderr_before;
static struct json_object *answer;
static _Atomic bool must_reset;	/* VP 0 does nothing else */
static _Atomic bool by_msr;	/* and does it so, not by a port */

static bool run_vcpu(uint32_t vcpu, struct kvm_run *run)
{
	while (!__atomic_load_n(&run->immediate_exit, __ATOMIC_SEQ_CST)) {
		if (!vcpu && atomic_load(&must_reset) && atomic_load(&by_msr)) {
			run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
			run->system_event.type = KVM_SYSTEM_EVENT_RESET;
			return true;
		}
		if (!vcpu && atomic_load(&must_reset)) {
			run->exit_reason = KVM_EXIT_IO;
			run->io.direction = KVM_EXIT_IO_OUT;
			run->io.port = POWER_RESET_PORT;
			run->io.size = 1;
			run->io.count = 1;
			run->io.data_offset = FAKE_KVM_PORT_DATA;
			((uint8_t *)run)[FAKE_KVM_PORT_DATA] =
				POWER_RESET_VALUE;
			return true;
		}
		sched_yield();
	}
	return false;
}

static void make_guest(uint32_t cpus)
{
	char kernel[32], error[VMM_ERROR_SIZE];
	const struct guest_wish wish = {
		.name = GUEST, .kernel = kernel, .cpus = cpus,
		.memory_bytes = VMM_MEMORY_MIN,
		.privileges = VMM_PRIVILEGES_DEFAULT,
		.privileges_withheld = HVHOST_PRIVILEGE(HV_SIGNAL_EVENTS),
		.restarts = true,
	};

	snprintf(kernel, sizeof(kernel), "/proc/self/fd/%d", world.kernel_fd);
	ck_assert_msg(!guests_add(&server, &wish, error), "%s", error);
}

/* What hvhost logs is to be read, and not to fill the tests' own output. */
static void take_stderr(void)
{
	ck_assert_int_eq(pipe2(log_pipe, O_CLOEXEC | O_NONBLOCK), 0);
	stderr_before = dup(STDERR_FILENO);
	ck_assert_int_eq(dup2(log_pipe[1], STDERR_FILENO), STDERR_FILENO);
}

static void make(void)
{
	memset(&world, 0, sizeof(world));
	memset(&server, 0, sizeof(server));
	server.limits = (struct server_limits){
		.clients = 1, .clients_of_user = 1, .ports = 16,
		.connections = 16, .buffers = 8, .links = 1,
	};
	atomic_store(&must_reset, false);
	atomic_store(&by_msr, false);
	fake_kvm_reset();
	fake_kvm_run(run_vcpu);
	world.kernel_fd = memfd_create("kernel", MFD_CLOEXEC);
	write_kernel(0x1badb002);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    sockets), 0);
	ck_assert_int_eq(server_init(&server), 0);
	take_stderr();
}

static void destroy(void)
{
	json_object_put(answer);
	answer = NULL;
	server_destroy(&server);
	dup2(stderr_before, STDERR_FILENO);
	close(stderr_before);
	for (int i = 0; i < 2; i++) {
		close(log_pipe[i]);
		close(sockets[i]);
	}
	close(world.kernel_fd);
}

static void start_guest(void)
{
	char error[VMM_ERROR_SIZE];

	make_guest(1);
	ck_assert_msg(!guests_start(&server, error), "%s", error);
}

/* Carry out a command for the guest; its answer. */
static const char *ask(const char *command)
{
	struct control_asker asker = {
		.socket = sockets[0], .may_change = true, .snapshot_fd = -1,
	};
	char text[CONTROL_ANSWER_SIZE_MAX + 1];
	ssize_t size;

	snprintf(text, sizeof(text), "{\"version\":1,\"command\":\"%s\","
		 "\"guest\":\"" GUEST "\"}", command);
	ck_assert_int_eq(control_answer(&server, &asker, text, strlen(text)), 0);
	size = recv(sockets[1], text, sizeof(text) - 1, 0);
	ck_assert_int_gt(size, 0);
	text[size] = '\0';
	json_object_put(answer);
	answer = json_tokener_parse(text);
	return json_object_to_json_string(answer);
}

static void ck_works(const char *command)
{
	const char *text = ask(command);

	ck_assert_msg(json_object_get_boolean(json_object_object_get(answer,
								     "ok")),
		      "%s: %s", command, text);
}

static struct guest *guest(void)
{
	return guests_find(&server, GUEST);
}

/* It asks for resets from now on, and nobody has seen to the first. */
static void reset_in_a_loop(void)
{
	struct pollfd end = { .fd = vmm_guest_fd(guest()->vmm),
			      .events = POLLIN };

	atomic_store(&must_reset, true);
	ck_assert_int_eq(poll(&end, 1, -1), 1);
}

/* What they share */

START_TEST(one_guest_has_stdio)
{
	char kernel[32], error[VMM_ERROR_SIZE];
	struct guest_wish wish = {
		.name = "one", .kernel = kernel, .cpus = 1,
		.memory_bytes = VMM_MEMORY_MIN,
		.privileges = VMM_PRIVILEGES_DEFAULT, .serial = { "stdio" },
	};

	snprintf(kernel, sizeof(kernel), "/proc/self/fd/%d", world.kernel_fd);
	ck_assert_int_eq(guests_add(&server, &wish, error), 0);
	wish.name = "other";
	ck_assert_int_ne(guests_add(&server, &wish, error), 0);
	ck_assert_str_eq(error, "other: another guest has stdio already");
	wish.serial[0] = NULL;
	wish.serial[1] = "stdio";
	ck_assert_int_ne(guests_add(&server, &wish, error), 0);
	wish.serial[1] = "/dev/null";
	ck_assert_int_eq(guests_add(&server, &wish, error), 0);
}
END_TEST

static void ck_reader_gets(const char *fifo, const char *text)
{
	int reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char got[16] = "";

	ck_assert_int_ge(reader, 0);
	ck_assert_int_eq(read(reader, got, sizeof(got) - 1),
			 (ssize_t)strlen(text));
	ck_assert_str_eq(got, text);
	close(reader);
}

START_TEST(a_fifo_is_written_to_whether_or_not_somebody_reads_it)
{
	char kernel[32], fifo[64], error[VMM_ERROR_SIZE];
	const struct guest_wish wish = {
		.name = GUEST, .kernel = kernel, .cpus = 1,
		.memory_bytes = VMM_MEMORY_MIN,
		.privileges = VMM_PRIVILEGES_DEFAULT, .serial = { fifo },
	};

	snprintf(kernel, sizeof(kernel), "/proc/self/fd/%d", world.kernel_fd);
	snprintf(fifo, sizeof(fifo), "/tmp/hvhost-fifo-%d", (int)getpid());
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_int_eq(guests_add(&server, &wish, error), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(write(guest()->files[0], "hello", 5), 5);
		ck_reader_gets(fifo, "hello");
	}
	unlink(fifo);
}
END_TEST

/* Commands, while one asks for resets */

START_TEST(one_that_resets_all_the_time_is_paused)
{
	start_guest();
	for (int i = 0; i < 20; i++) {
		reset_in_a_loop();
		ck_works("guest-pause");
		ck_assert_str_eq(guest_state(guest()), "paused");
		ck_assert_int_eq(vmm_guest_end(guest()->vmm), VMM_RUNNING);
		ck_works("guest-resume");
	}
}
END_TEST

/* The loop is late: all that a command may find is an end and a beginning. */
START_TEST(one_that_ends_while_it_is_paused_begins_anew_paused)
{
	start_guest();
	reset_in_a_loop();
	ck_assert_int_eq(guest_pause(guest()), 0);
	ck_assert_str_eq(guest_state(guest()), "paused");
	ck_assert_uint_eq(vmm_guest_resets(guest()->vmm), 1);
}
END_TEST

START_TEST(one_that_resets_all_the_time_is_reset_and_stopped)
{
	start_guest();
	for (int i = 0; i < 20; i++) {
		reset_in_a_loop();
		ck_works("guest-reset");
	}
	reset_in_a_loop();
	ck_works("guest-stop");
	ck_assert_ptr_null(guest());
}
END_TEST

START_TEST(one_that_is_stopped_as_it_asks_for_a_reset_was_stopped)
{
	start_guest();
	reset_in_a_loop();
	guest_stop(guest());
	ck_assert(server.must_stop);
	ck_assert_int_eq(server.exit_status, 0);
}
END_TEST

START_TEST(one_that_has_ended_for_good_is_gone_for_commands)
{
	start_guest();
	guest()->restarts = false;
	reset_in_a_loop();
	ck_assert_ptr_nonnull(strstr(ask("guest-pause"), "there is no guest"));
	ck_assert_ptr_null(guest());
}
END_TEST

/* Posts to it would come to whoever took its name. */
START_TEST(the_name_of_one_that_has_ended_is_nobody_elses)
{
	const struct ucred somebody = { .uid = SOMEBODY, .gid = SOMEBODY };
	struct hvpost_attach_answer told;

	ck_assert_ptr_null(peers_add_user(&server.attachers, SOMEBODY_TEXT));
	ck_assert_int_eq(closer_new(false, &server.closer), 0);
	start_guest();
	guest_stop(guest());
	server_attach(&server, dup(sockets[0]), &somebody, GUEST);
	ck_assert_int_eq(recv(sockets[1], &told, sizeof(told), 0), sizeof(told));
	ck_assert_int_eq(told.error, -EACCES);
	server_attach(&server, dup(sockets[0]), &somebody, "other");
	ck_assert_int_eq(recv(sockets[1], &told, sizeof(told), 0), sizeof(told));
	ck_assert_int_eq(told.error, 0);
}
END_TEST

START_TEST(one_that_resets_by_its_msr_begins_anew)
{
	start_guest();
	atomic_store(&by_msr, true);
	atomic_store(&must_reset, true);
	while (vmm_guest_resets(guest()->vmm) < 3)
		ck_assert(server_step(&server, -1));
	ck_assert(!server.must_stop);
}
END_TEST

START_TEST(one_that_resets_all_the_time_does_not_fill_the_log)
{
	char text[16384];
	ssize_t size;
	int lines = 0;

	start_guest();
	atomic_store(&must_reset, true);
	while (vmm_guest_resets(guest()->vmm) < 100)
		ck_assert(server_step(&server, -1));
	size = read(log_pipe[0], text, sizeof(text));
	ck_assert_int_gt(size, 0);
	for (ssize_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	ck_assert_int_eq(lines, 7);	/* 1, 2, 4, and so on to 64 */
}
END_TEST

/* Pauses between resets */

#define HOUR_MS 3600000u

static const struct restart_limits for_hours = {
	.first_ms = HOUR_MS, .most_ms = 2 * HOUR_MS, .settled_ms = UINT32_MAX,
};

static void hold_guest(void)
{
	server.limits.restart = for_hours;
	start_guest();
	reset_in_a_loop();
	ck_assert(server_step(&server, -1));
}

static uint64_t shown(const char *key)
{
	ck_works("guests");
	return json_object_get_uint64(json_object_object_get(
			json_object_array_get_idx(json_object_object_get(
					answer, "guests"), 0), key));
}

START_TEST(one_that_resets_at_once_is_held)
{
	hold_guest();
	ck_assert_str_eq(guest_state(guest()), "restarting");
	ck_assert_uint_eq(shown("resets"), 0);
	ck_assert_uint_eq(shown("resets_held"), 1);
	/* Nor does it keep us busy. */
	ck_assert(!server_step(&server, 0));
}
END_TEST

/* Of its end the loop has been told once already. */
START_TEST(one_that_is_held_and_cannot_begin_anew_has_ended)
{
	hold_guest();
	write_kernel(0);
	ck_assert_ptr_nonnull(strstr(ask(_i ? "guest-pause" : "guest-reset"),
				     "\"ok\": false"));
	ck_assert(server_step(&server, 0));
	ck_assert_ptr_null(guest());
	ck_assert(server.must_stop);
	ck_assert_int_eq(server.exit_status, 1);
}
END_TEST

START_TEST(one_that_is_held_begins_anew_when_its_time_comes)
{
	server.limits.restart = (struct restart_limits){
		.first_ms = 1, .most_ms = 2, .settled_ms = UINT32_MAX,
	};
	start_guest();
	atomic_store(&must_reset, true);
	while (vmm_guest_resets(guest()->vmm) < 5)
		ck_assert(server_step(&server, -1));
	ck_assert_uint_ge(shown("resets_held"), 5);
}
END_TEST

START_TEST(one_that_is_held_obeys)
{
	hold_guest();
	atomic_store(&must_reset, false);
	ck_works("guest-reset");
	ck_assert_str_eq(guest_state(guest()), "running");
	ck_assert_uint_eq(vmm_guest_resets(guest()->vmm), 1);

	reset_in_a_loop();
	ck_assert(server_step(&server, -1));
	ck_assert_str_eq(guest_state(guest()), "restarting");
	atomic_store(&must_reset, false);
	ck_works("guest-pause");
	ck_assert_str_eq(guest_state(guest()), "paused");
	ck_works("guest-resume");

	reset_in_a_loop();
	ck_assert(server_step(&server, -1));
	ck_works("guest-stop");
	ck_assert_ptr_null(guest());
}
END_TEST

START_TEST(pauses_grow_up_to_a_bound_and_end_with_a_long_run)
{
	static const uint32_t pauses[] = {
		100, 200, 400, 800, 1600, 3200, 5000, 5000,
	};
	struct restart_limits limits = {
		.first_ms = 100, .most_ms = 5000, .settled_ms = UINT32_MAX,
	};
	struct restart restart = { .held = 0 };

	restart_begin(&restart);
	for (int i = 0; i < ROWS(pauses); i++)
		ck_assert_uint_eq(restart_hold(&restart, &limits), pauses[i]);
	ck_assert_uint_eq(restart.held, ROWS(pauses));
	limits.settled_ms = 0;
	ck_assert_uint_eq(restart_hold(&restart, &limits), 0);
	limits.settled_ms = UINT32_MAX;
	ck_assert_uint_eq(restart_hold(&restart, &limits), 100);
}
END_TEST

/* Links of guests */

static int add_link(const char *text, struct link **link)
{
	struct link_wish wish;

	ck_assert_ptr_null(link_parse(text, &wish));
	return links_add(&server.links, &server.names, server.machine, &wish,
			 link);
}

START_TEST(a_link_leads_to_any_vp_that_a_guest_has)
{
	struct link *link;

	make_guest(CPUS);
	ck_assert_int_eq(add_link("peer:0x10=" GUEST ":5,vp=65", &link),
			 -ERANGE);
	ck_assert_ptr_null(names_find(&server.names, "peer"));
	ck_assert_int_eq(add_link("peer:0x10=" GUEST ":5,vp=64", &link),
			 0);
}
END_TEST

/* A partition that is there, and does nothing */
static void add_peer(void)
{
	const struct hvhost_partition_config config = {
		.privileges = privileges_all(), .gpa_size = 4096,
		.vp_count_max = 1, .connections_max = 4, .ports_max = 4,
		.ops = &peer_ops,
	};
	struct hvhost_partition *partition;
	struct hvhost_vp *vp;

	ck_assert_int_eq(hvhost_partition_new(server.machine, &config,
					      &partition), 0);
	ck_assert_int_eq(hvhost_vp_new(partition, 0, NULL, NULL, &vp), 0);
	ck_assert_int_eq(hvhost_partition_activate(partition), 0);
	ck_assert_int_eq(server_join(&server, names_get(&server.names, "peer"),
				     partition), 0);
}

static uint64_t id_of(const char *name)
{
	return hvhost_partition_id(names_find(&server.names, name)->partition);
}

/* As the guest's own call would */
static void delete_port_of_guest(const struct link *link)
{
	const struct hv_delete_port_input input = {
		.port_partition = id_of(GUEST), .port_id = link->port_id,
	};

	ck_assert_uint_eq(hvhost_delete_port(server.machine, &input), 0);
}

static void end_connection_of_guest(const struct link *link)
{
	const struct hv_disconnect_port_input input = {
		.connection_partition = id_of(GUEST),
		.connection_id = link->wish.connection_id,
	};

	ck_assert_uint_eq(hvhost_disconnect_port(server.machine, &input), 0);
}

static const struct {
	const char *link;
	void (*break_it)(const struct link *link);
} breakages[] = {
	{ "peer:0x10=" GUEST ":5", delete_port_of_guest },
	{ GUEST ":0x10=peer:5", end_connection_of_guest },
};

START_TEST(a_link_that_a_guest_breaks_is_shown_and_back_after_its_reset)
{
	struct link *link, *other;

	start_guest();
	add_peer();
	ck_assert_int_eq(add_link(breakages[_i].link, &link), 0);
	ck_assert_int_eq(add_link("peer:0x11=" GUEST ":6", &other), 0);
	ck_assert_int_eq(link_state(link), LINK_MADE);
	for (int i = 0; i < 3; i++) {
		breakages[_i].break_it(link);
		ck_assert_int_eq(link_state(link), LINK_BROKEN);
		ck_assert_int_eq(link_state(other), LINK_MADE);
		ck_works("links");
		ck_assert(json_object_get_boolean(json_object_object_get(
				json_object_array_get_idx(
					json_object_object_get(answer, "links"),
					1), "broken")));
		ck_works("guest-reset");
		ck_assert_int_eq(link_state(link), LINK_MADE);
		ck_assert_int_eq(link_state(other), LINK_MADE);
	}
}
END_TEST

/* Restores */

START_TEST(one_that_is_restored_in_part_is_told_of_and_not_resumed)
{
	char reason[RESTORE_REASON_SIZE];
	void *snapshot;
	size_t size;

	start_guest();
	ck_works("guest-pause");
	ck_assert_int_eq(hvhost_machine_save(server.machine, &snapshot, &size),
			 0);
	fake_kvm_refuse_msr(HV_MSR_SCONTROL);
	ck_assert_int_eq(restore_machine(&server, snapshot, size, reason), -EIO);
	fake_kvm_refuse_msr(0);
	free(snapshot);
	ck_assert_msg(strstr(reason, "guest " GUEST " cannot go on"), "%s",
		      reason);
	ck_assert_str_eq(guest_state(guest()), "paused");
	ck_assert_ptr_nonnull(strstr(ask("guest-resume"), "restored in part"));
	ck_works("guest-reset");
	ck_works("guest-resume");
	ck_assert_str_eq(guest_state(guest()), "running");
}
END_TEST

/* What is shown */

static struct json_object *first(struct json_object *object, const char *key)
{
	return json_object_array_get_idx(json_object_object_get(object, key),
					 0);
}

START_TEST(partitions_of_guests_are_shown_as_they_are)
{
	struct json_object *partition;

	make_guest(3);
	ck_works("partitions");
	partition = first(answer, "partitions");
	ck_assert_int_eq(json_object_get_int(json_object_object_get(partition,
							"vp_count")), 3);
	ck_assert_uint_eq(strtoull(json_object_get_string(
			json_object_object_get(partition, "privileges")),
				   NULL, 16),
			  VMM_PRIVILEGES_DEFAULT &
			  ~HVHOST_PRIVILEGE(HV_SIGNAL_EVENTS));
}
END_TEST

START_TEST(all_vps_of_a_guest_are_inspected)
{
	make_guest(CPUS);
	ck_works("inspect");
	ck_assert_uint_eq(json_object_array_length(json_object_object_get(
			first(answer, "partitions"), "vps")), CPUS);
}
END_TEST

Suite *guests_suite(void)
{
	Suite *suite = suite_create("guests");
	TCase *commands = tcase_create("commands");
	TCase *pauses = tcase_create("pauses");
	TCase *linked = tcase_create("links");
	TCase *listed = tcase_create("shown");

	tcase_set_timeout(commands, 60);
	tcase_add_checked_fixture(commands, make, destroy);
	tcase_set_timeout(pauses, 60);
	tcase_add_checked_fixture(pauses, make, destroy);
	tcase_add_checked_fixture(linked, make, destroy);
	tcase_add_checked_fixture(listed, make, destroy);
	tcase_add_test(commands, one_that_resets_all_the_time_is_paused);
	tcase_add_test(commands,
		       one_that_ends_while_it_is_paused_begins_anew_paused);
	tcase_add_test(commands,
		       one_that_resets_all_the_time_is_reset_and_stopped);
	tcase_add_test(commands,
		       one_that_is_stopped_as_it_asks_for_a_reset_was_stopped);
	tcase_add_test(commands,
		       one_that_has_ended_for_good_is_gone_for_commands);
	tcase_add_test(commands, the_name_of_one_that_has_ended_is_nobody_elses);
	tcase_add_test(commands, one_that_resets_by_its_msr_begins_anew);
	tcase_add_test(commands,
		       one_that_resets_all_the_time_does_not_fill_the_log);
	suite_add_tcase(suite, commands);
	tcase_add_test(pauses, one_that_resets_at_once_is_held);
	tcase_add_test(pauses,
		       one_that_is_held_begins_anew_when_its_time_comes);
	tcase_add_loop_test(pauses,
			    one_that_is_held_and_cannot_begin_anew_has_ended, 0,
			    2);
	tcase_add_test(pauses, one_that_is_held_obeys);
	tcase_add_test(pauses,
		       pauses_grow_up_to_a_bound_and_end_with_a_long_run);
	suite_add_tcase(suite, pauses);
	tcase_add_test(linked, a_link_leads_to_any_vp_that_a_guest_has);
	tcase_add_loop_test(linked,
			    a_link_that_a_guest_breaks_is_shown_and_back_after_its_reset,
			    0, ROWS(breakages));
	suite_add_tcase(suite, linked);
	tcase_add_test(commands,
		       one_that_is_restored_in_part_is_told_of_and_not_resumed);
	tcase_add_test(listed, one_guest_has_stdio);
	tcase_add_test(listed,
		       a_fifo_is_written_to_whether_or_not_somebody_reads_it);
	tcase_add_test(listed, partitions_of_guests_are_shown_as_they_are);
	tcase_add_test(listed, all_vps_of_a_guest_are_inspected);
	suite_add_tcase(suite, listed);
	return suite;
}
