// SPDX-License-Identifier: MIT
/* Control requests, as packets and as commands. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include <hvpost/hvhost.h>

#include "daemon.h"
#include "peer.h"
#include "suites.h"

#define SERVICE "--link c:1=d:1"

/* Packets */

static void ck_answers(const void *packet, size_t size, const char *error)
{
	char answer[4096];
	struct json_object *object;
	int socket = peer_connect();
	ssize_t taken;

	peer_send(socket, packet, size);
	taken = recv(socket, answer, sizeof(answer) - 1, 0);
	ck_assert_int_gt(taken, 0);
	answer[taken] = '\0';
	object = json_tokener_parse(answer);
	ck_assert_msg(object != NULL, "not JSON: %s", answer);
	ck_assert_int_eq(json_object_get_int(
				 json_object_object_get(object, "version")), 1);
	ck_assert(!json_object_get_boolean(
			json_object_object_get(object, "ok")));
	ck_assert_str_eq(json_object_get_string(
				 json_object_object_get(object, "error")),
			 error);
	json_object_put(object);
	close(socket);
}

#define NOT_AN_OBJECT "a request is one JSON object"
#define NO_VERSION "the request has no number \"version\" up to 2147483647"

static const struct {
	const char *request;
	const char *error;
} bad_requests[] = {
	{ "{", NOT_AN_OBJECT },
	{ "{}{}", NOT_AN_OBJECT },
	{ "{} x", NOT_AN_OBJECT },
	{ "{\"version\":", NOT_AN_OBJECT },
	{ "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{", NOT_AN_OBJECT },
	{ "{}", NO_VERSION },
	{ "{\"version\":-1}", NO_VERSION },
	{ "{\"version\":\"1\"}", NO_VERSION },
	{ "{\"version\":99999999999999999999}", NO_VERSION },
	{ "{\"version\":2,\"command\":\"links\"}",
	  "control requests of version 1 are understood" },
	{ "{\"version\":1}", "the request has no text \"command\"" },
	{ "{\"version\":1,\"command\":7}",
	  "the request has no text \"command\"" },
	{ "{\"version\":1,\"command\":\"x\"}", "there is no request 'x'" },
	{ "{\"version\":1,\"command\":\"link\"}",
	  "the request has no text \"from\"" },
	{ "{\"version\":1,\"command\":\"link\",\"from\":\"a b\"}",
	  "\"from\": a partition's name has 1 to 63 of a-z A-Z 0-9 . _ -" },
	{ "{\"version\":1,\"command\":\"link\",\"from\":\"a\",\"to\":\"b\","
	  "\"connection\":16777216,\"sint\":1}",
	  "the request has no number \"connection\" up to 16777215" },
	{ "{\"version\":1,\"command\":\"link\",\"from\":\"a\",\"to\":\"b\","
	  "\"connection\":1,\"sint\":0}", "a SINT is a number from 1 to 15" },
	{ "{\"version\":1,\"command\":\"link\",\"from\":\"a\",\"to\":\"b\","
	  "\"connection\":1,\"sint\":1,\"vp\":4294967295}",
	  "the request has no number \"vp\" up to 4294967294" },
	{ "{\"version\":1,\"command\":\"ports\",\"partition\":\"a\"}",
	  "there is no partition 'a' now" },
	{ "{\"version\":1,\"command\":\"guest-pause\"}",
	  "the request has no text \"guest\"" },
	{ "{\"version\":1,\"command\":\"guest-pause\",\"guest\":7}",
	  "the request has no text \"guest\"" },
	{ "{\"version\":1,\"command\":\"guest-pause\",\"guest\":\"g\"}",
	  "there is no guest 'g' now" },
};

START_TEST(a_bad_request_is_answered_with_what_is_wrong)
{
	daemon_start(SERVICE);
	ck_answers(bad_requests[_i].request, strlen(bad_requests[_i].request),
		   bad_requests[_i].error);
	ck_service("c", 1, "d", 1);
}
END_TEST

START_TEST(a_request_has_a_largest_size)
{
	static char packet[60000];

	daemon_start(SERVICE);
	memset(packet, ' ', sizeof(packet));
	packet[0] = '{';
	packet[1] = '}';
	ck_answers(packet, 4096, NO_VERSION);
	ck_answers(packet, 4097, "a request has at most 4096 bytes");
	ck_answers(packet, sizeof(packet), "a request has at most 4096 bytes");
	/* A NUL ends a text, and no text may hide behind it. */
	memcpy(packet, "{}\0{}", 5);
	ck_answers(packet, 5, NOT_AN_OBJECT);
	ck_service("c", 1, "d", 1);
}
END_TEST

/* json-c makes its tables' seed when it sees the first key, and wants /dev/urandom. */
START_TEST(nothing_wants_a_file_behind_the_filter)
{
	static const char request[] = "{\"version\":1,\"command\":\"links\"}";
	char answer[4096];
	int socket;

	host_daemon.lacks_entropy = true;
	daemon_start("");
	socket = peer_connect();
	peer_send(socket, request, sizeof(request) - 1);
	ck_assert_int_gt(recv(socket, answer, sizeof(answer), 0), 0);
	close(socket);
	ck_assert_int_eq(daemon_stop(), 0);
	ck_assert_uint_eq(daemon_said("error"), 0);
}
END_TEST

START_TEST(one_visitor_may_ask_many_times)
{
	static const char request[] = "{\"version\":1,\"command\":\"links\"}";
	char answer[4096];
	int socket;

	daemon_start(SERVICE);
	socket = peer_connect();
	for (unsigned int times = 0; times < 100; times++) {
		peer_send(socket, request, strlen(request));
		ck_assert_int_gt(recv(socket, answer, sizeof(answer), 0), 0);
	}
	close(socket);
}
END_TEST

/* Commands */

static char printed[1 << 20];

/* Run "hvhost LINE" at our socket. Return its exit status. */
static int run(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static int run(const char *format, ...)
{
	char words[512], line[1024];
	va_list arguments;
	size_t size;
	FILE *pipe;
	int status;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	snprintf(line, sizeof(line), "HVHOST_SOCKET='%s' '%s' %s 2>&1 </dev/null",
		 host_daemon.socket, getenv("HVHOST"), words);
	pipe = popen(line, "r");
	ck_assert_ptr_nonnull(pipe);
	size = fread(printed, 1, sizeof(printed) - 1, pipe);
	printed[size] = '\0';
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The object that was printed, which has to be all of it. */
static struct json_object *printed_object(void)
{
	struct json_object *object = json_tokener_parse(printed);

	ck_assert_msg(object != NULL, "not JSON: %.200s", printed);
	ck_assert_int_eq(json_object_get_int(
				 json_object_object_get(object, "version")), 1);
	return object;
}

static size_t printed_members(const char *list)
{
	struct json_object *object = printed_object();
	size_t count = json_object_array_length(
		json_object_object_get(object, list));

	json_object_put(object);
	return count;
}

START_TEST(a_link_made_by_command_carries_messages_until_it_is_ended)
{
	struct hvpost *sender, *receiver;

	daemon_start("");
	sender = open_as("a");
	receiver = bind_as("b", 5);
	ck_assert_int_eq(run("link a:0x10 b:5"), 0);
	ck_assert_int_eq(post_number(sender, 0x10, 1, HVPOST_NOW), 0);
	ck_assert_uint_eq(receive_number(receiver), 1);
	ck_assert_int_eq(run("link --json"), 0);
	ck_assert_uint_eq(printed_members("links"), 1);
	ck_assert_int_eq(run("unlink a:0x10"), 0);
	ck_assert_int_ne(post_number(sender, 0x10, 1, HVPOST_NOW), 0);
	ck_assert_int_eq(run("link --json"), 0);
	ck_assert_uint_eq(printed_members("links"), 0);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

/* What "partition list" shows are the names that hvhost keeps. */
static void ck_names(size_t count)
{
	ck_assert_int_eq(run("partition list --json"), 0);
	ck_assert_uint_eq(printed_members("partitions"), count);
}

START_TEST(a_name_is_kept_while_a_link_or_a_process_has_it)
{
	struct peer a;

	daemon_start("");
	ck_assert_int_eq(run("link a:1 b:5"), 0);
	ck_assert_int_eq(run("link b:1 c:5"), 0);
	ck_names(3);
	ck_assert_int_eq(run("link a:1 d:5"), 2);
	ck_assert_int_eq(run("link a:2 d:5:7"), 2);
	ck_names(3);
	a = peer_attach("a");
	ck_assert_int_eq(run("unlink a:1"), 0);
	ck_names(3);
	ck_assert_int_eq(run("unlink b:1"), 0);
	ck_names(1);
	peer_close(&a);
	do
		ck_assert_int_eq(run("partition list --json"), 0);
	while (printed_members("partitions"));
}
END_TEST

START_TEST(a_name_of_the_command_line_is_kept)
{
	daemon_start("--partition p --link a:1=b:1 --conformance t");
	ck_assert_int_eq(run("link p:1 t:5"), 0);
	ck_assert_int_eq(run("unlink p:1"), 0);
	ck_assert_int_eq(run("unlink a:1"), 0);
	ck_names(4);
}
END_TEST

START_TEST(a_port_and_a_connection_made_by_command_carry_messages)
{
	struct hvpost *sender, *receiver;

	daemon_start("");
	sender = open_as("a");
	receiver = bind_as("b", 5);
	ck_assert_int_eq(run("port create b:0x70 5:0 --from a"), 0);
	ck_assert_int_eq(run("connection create a:0x10 b:0x70"), 0);
	ck_assert_int_eq(post_number(sender, 0x10, 1, HVPOST_NOW), 0);
	ck_assert_uint_eq(receive_number(receiver), 1);
	ck_assert_int_eq(run("port list b --json"), 0);
	ck_assert_uint_eq(printed_members("ports"), 1);
	ck_assert_int_eq(run("connection list a --json"), 0);
	ck_assert_uint_eq(printed_members("connections"), 1);
	ck_assert_int_eq(run("connection delete a:0x10"), 0);
	ck_assert_int_eq(run("port delete b:0x70"), 0);
	ck_assert_int_ne(post_number(sender, 0x10, 1, HVPOST_NOW), 0);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

static const struct {
	const char *line;
	int status;
	const char *says;
} commands[] = {
	{ "link a:1", 1, "too few operands" },
	{ "link a b:1", 1, "'a' is not FROM:CONNECTION" },
	{ "link a:1 b:1:2:3", 1, "is not TO:SINT[:VP]" },
	{ "link a:1 b:x", 1, "is not TO:SINT[:VP]" },
	{ "link a:1 b:16", 2, "no number \"sint\" up to 15" },
	{ "link a:1 a:1", 2, "cannot have a port for itself" },
	{ "link a:1 b:1:1", 2, "b has no VP 1" },
	{ "unlink a:1", 2, "a has no link at connection 0x1" },
	{ "port list nobody", 2, "there is no partition 'nobody' now" },
	{ "port", 1, "too few operands" },
	{ "port frob", 1, "expected create PARTITION:PORT" },
	{ "port create b:1 5", 1, "--from is missing" },
	{ "port create c:1 5 --from c", 2, "INVALID_PARTITION_ID (0xd)" },
	{ "port delete c:1", 2, "INVALID_PORT_ID (0x11)" },
	{ "connection delete c:7", 2, "INVALID_CONNECTION_ID (0x12)" },
	{ "partition frob", 1, "'frob' is not list" },
	{ "guest list", 0, "NAME " },
	{ "guest list --json", 0, "\"guests\":[]" },
	{ "guest list c", 1, "too many operands: list has none" },
	{ "guest", 1, "too few operands" },
	{ "guest frob c", 1, "'frob' is not list, pause" },
	{ "guest pause", 1, "too few operands: expected pause NAME" },
	/* c is there, but not a guest. */
	{ "guest pause c", 2, "there is no guest 'c' now" },
	{ "guest reset c", 2, "there is no guest 'c' now" },
	{ "guest resume c", 2, "'hvhost guest list' shows those that are" },
	{ "guest stop c --json", 2, "\"ok\":false,\"exit\":2" },
	{ "snapshot /nonexistent/x", 1, "cannot write /nonexistent/x" },
	{ "snapshot", 1, "too few operands" },
	{ "restore", 1, "too few operands" },
	{ "restore /nonexistent/x", 1, "cannot read /nonexistent/x" },
	{ "restore /dev/zero", 1, "cannot read /dev/zero: File too large" },
	{ "restore /dev/null", 2, "a process is attached" },
	{ "inspect x", 1, "too many operands" },
	{ "frob", 1, "no command 'frob'" },
	{ "", 1, "Usage: hvhost COMMAND" },
	{ "--help", 0, "Usage: hvhost COMMAND" },
	{ "--version", 0, "hvhost 0." },
	{ "run --help", 0, "--link" },
	{ "link --help", 0, "Examples:" },
	{ "unlink --help", 0, "Examples:" },
	{ "port --help", 0, "Examples:" },
	{ "connection --help", 0, "Examples:" },
	{ "partition --help", 0, "Examples:" },
	{ "inspect --help", 0, "Examples:" },
	{ "guest --help", 0, "Examples:" },
	{ "snapshot --help", 0, "Examples:" },
	{ "restore --help", 0, "Examples:" },
};

START_TEST(a_command_says_what_is_wrong_and_exits_so)
{
	struct hvpost *handle;

	daemon_start("");
	handle = open_as("c");
	ck_assert_int_eq(run("%s", commands[_i].line), commands[_i].status);
	ck_assert_msg(strstr(printed, commands[_i].says) != NULL,
		      "'%s' does not say '%s' but: %s", commands[_i].line,
		      commands[_i].says, printed);
	hvpost_close(handle);
}
END_TEST

START_TEST(without_a_host_a_command_says_how_to_start_one)
{
	ck_assert_int_eq(run("inspect"), 1);
	ck_assert_ptr_nonnull(strstr(printed, "start one by 'hvhost run'"));
}
END_TEST

START_TEST(inspect_shows_slots_queues_and_counters)
{
	struct json_object *object, *vp, *sint;
	struct hvpost *sender, *receiver;

	daemon_start("--link a:0x10=b:5");
	sender = open_as("a");
	receiver = open_as("b");
	for (uint64_t number = 1; number <= 4; number++)
		ck_assert_int_eq(post_number(sender, 0x10, number, HVPOST_NOW),
				 0);
	ck_assert_int_eq(run("inspect"), 0);
	ck_assert_ptr_nonnull(strstr(printed, "SINT 5  slot occupied, 3 queued, "
					      "masked"));
	ck_assert_int_eq(post_number(sender, 0x11, 5, HVPOST_NOW), -ENOTCONN);
	ck_assert_int_eq(run("inspect"), 0);
	ck_assert_ptr_nonnull(strstr(printed, "\n    1 refused: "
					      "INVALID_CONNECTION_ID\n"));
	ck_assert_int_eq(run("inspect --json"), 0);
	object = printed_object();
	ck_assert_int_eq(json_pointer_get(object, "/partitions/0/vps/0", &vp),
			 0);
	if (!json_object_array_length(json_object_object_get(vp, "sints")))
		ck_assert_int_eq(json_pointer_get(object,
						  "/partitions/1/vps/0", &vp),
				 0);
	ck_assert_int_eq(json_pointer_get(vp, "/sints/0", &sint), 0);
	ck_assert_int_eq(json_object_get_int(
				 json_object_object_get(sint, "sint")), 5);
	ck_assert_int_eq(json_object_get_int(
				 json_object_object_get(sint, "queued")), 3);
	json_object_put(object);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

/* More than a packet holds: it comes in a memfd. */
START_TEST(a_large_answer_comes_whole)
{
	struct hv_create_port_input port = {
		.port_partition = HV_PARTITION_ID_SELF,
		.connection_partition = 2,
		.port_info.port_type = HV_PORT_TYPE_MESSAGE,
		.port_info.u.message.target_sint = 3,
		.port_info.u.message.target_vp = HV_ANY_VP,
	};
	struct hvpost_call call = {
		.control = HV_CALL_CREATE_PORT,
		.memory = &port,
		.memory_size = sizeof(port),
	};
	struct hvpost *first, *second;
	uint64_t result;

	daemon_start("--max-ports 2000");
	first = open_as("a");
	second = open_as("b");
	for (port.port_id = 1; port.port_id <= 2000; port.port_id++) {
		ck_assert_int_eq(hvpost_hypercall(first, &call, &result), 0);
		ck_assert_uint_eq(result, 0);
	}
	ck_assert_int_eq(run("port list a --json"), 0);
	ck_assert_uint_eq(printed_members("ports"), 2000);
	hvpost_close(first);
	hvpost_close(second);
}
END_TEST

static int no_read(void *context, uint64_t gpa, void *to, size_t size)
{
	(void)context, (void)gpa, (void)to, (void)size;
	return -1;
}

static int no_write(void *context, uint64_t gpa, const void *from, size_t size)
{
	(void)context, (void)gpa, (void)from, (void)size;
	return -1;
}

static void no_interrupt(void *context, uint32_t vp_index, unsigned int sint,
			 uint8_t vector)
{
	(void)context, (void)vp_index, (void)sint, (void)vector;
}

static int restore_partition(void *context, uint64_t id,
			     struct hvhost_partition_config *config)
{
	static const struct hvhost_partition_ops ops = {
		.read_memory = no_read,
		.write_memory = no_write,
		.assert_sint = no_interrupt,
	};

	(void)context, (void)id;
	config->ops = &ops;
	return 0;
}

START_TEST(a_snapshot_holds_what_is_queued)
{
	static const struct hvhost_restore_ops ops = {
		.restore_partition = restore_partition,
	};
	static uint8_t bytes[1 << 20];
	struct hvpost *sender, *receiver;
	struct hvhost_machine *machine;
	struct hvhost_vp_state state;
	char path[128];
	FILE *file;
	size_t size;

	daemon_start("--link a:0x10=b:5");
	receiver = open_as("b");
	sender = open_as("a");
	for (uint64_t number = 1; number <= 4; number++)
		ck_assert_int_eq(post_number(sender, 0x10, number, HVPOST_NOW),
				 0);
	snprintf(path, sizeof(path), "%s/snapshot", host_daemon.folder);
	ck_assert_int_eq(run("snapshot %s", path), 0);
	ck_assert_int_eq(run("snapshot %s", path), 1);
	ck_assert_int_eq(run("snapshot --force %s", path), 0);

	file = fopen(path, "r");
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	unlink(path);
	ck_assert_int_eq(hvhost_machine_restore(bytes, size, &ops, NULL,
						&machine, NULL), 0);
	hvhost_vp_inspect(hvhost_vp_find(hvhost_partition_find(machine, 1), 0),
			  &state);
	ck_assert_uint_eq(state.queued[5], 3);
	hvhost_machine_free(machine);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

/* Nobody is there but those who may be restored, of which there are none. */
START_TEST(a_machine_without_processes_is_restored)
{
	char path[128];

	daemon_start("--link a:0x10=b:5");
	snprintf(path, sizeof(path), "%s/snapshot", host_daemon.folder);
	ck_assert_int_eq(run("snapshot %s", path), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_msg(!run("restore %s", path), "%s", printed);
	unlink(path);
	ck_service("a", 0x10, "b", 5);
}
END_TEST

START_TEST(a_snapshot_of_others_is_refused_and_nothing_changes)
{
	struct hvpost *sender, *receiver;
	char path[128];

	daemon_start("--link a:0x10=b:5");
	sender = open_as("a");
	receiver = bind_as("b", 5);
	snprintf(path, sizeof(path), "%s/snapshot", host_daemon.folder);
	ck_assert_int_eq(run("snapshot %s", path), 0);
	ck_assert_int_eq(run("restore %s", path), 2);
	ck_assert_ptr_nonnull(strstr(printed, "a process is attached"));
	ck_assert_int_eq(post_number(sender, 0x10, 1, HVPOST_NOW), 0);
	ck_assert_uint_eq(receive_number(receiver), 1);
	hvpost_close(sender);
	hvpost_close(receiver);

	ck_assert_int_eq(run("restore %s", path), 2);
	ck_assert_ptr_nonnull(strstr(printed, "the snapshot does not fit: other "
					      "partitions"));
	unlink(path);
	ck_service("a", 0x10, "b", 5);
}
END_TEST

#define BEGIN "{\"version\":1,\"command\":\"restore-begin\"}"
#define RESTORE "{\"version\":1,\"command\":\"restore\"}"

/* Take an answer, and the memfd with it if there is one. */
static int take_answer(int socket, char *answer, size_t size)
{
	struct iovec part = { .iov_base = answer, .iov_len = size - 1 };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t taken = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	int fd = -1;

	ck_assert_int_gt(taken, 0);
	answer[taken] = '\0';
	if (CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

static void ck_restore_fails(int socket, const char *error)
{
	char answer[4096];

	peer_send(socket, RESTORE, strlen(RESTORE));
	take_answer(socket, answer, sizeof(answer));
	ck_assert_msg(strstr(answer, error) != NULL, "'%s' does not say '%s'",
		      answer, error);
}

static int begin_restore(int socket)
{
	char answer[4096];
	int fd;

	peer_send(socket, BEGIN, strlen(BEGIN));
	fd = take_answer(socket, answer, sizeof(answer));
	ck_assert_int_ge(fd, 0);
	ck_assert_ptr_nonnull(strstr(answer, "\"content\":\"room\""));
	return fd;
}

static const struct {
	off_t size;
	const char *error;
} bad_snapshots[] = {
	{ 0, "a snapshot has 1 to" },
	{ (256 << 20) + 1, "a snapshot has 1 to" },
	{ 1ll << 40, "a snapshot has 1 to" },
	{ 1, "it is too short for a snapshot" },
	{ 100, "it is no snapshot of a machine" },
};

START_TEST(what_is_no_snapshot_is_refused)
{
	int socket, fd;

	daemon_start(SERVICE);
	socket = peer_connect();
	fd = begin_restore(socket);
	ck_assert_int_eq(ftruncate(fd, bad_snapshots[_i].size), 0);
	ck_restore_fails(socket, bad_snapshots[_i].error);
	/* Again, and into the same memfd */
	close(begin_restore(socket));
	ck_restore_fails(socket, bad_snapshots[_i].error);
	close(fd);
	close(socket);
	ck_service("c", 1, "d", 1);
}
END_TEST

START_TEST(a_snapshot_needs_its_beginning_by_the_same_connection)
{
	int one, other;

	daemon_start(SERVICE);
	one = peer_connect();
	other = peer_connect();
	close(begin_restore(one));
	ck_restore_fails(other, "the memfd that restore-begin answers with");
	ck_restore_fails(one, "a snapshot has 1 to");
	close(one);
	close(other);
	ck_service("c", 1, "d", 1);
}
END_TEST

START_TEST(json_counts_behind_what_cannot_be_parsed)
{
	ck_assert_int_eq(run("link --nonsense --json"), 1);
	ck_assert_msg(strstr(printed, "{\"version\":1,\"ok\":false,"
				      "\"exit\":1,\"error\":\"no option"),
		      "no object: %.300s", printed);
}
END_TEST

Suite *control_suite(void)
{
	Suite *suite = suite_create("control");
	TCase *packets = add_tcase(suite, "packets");
	TCase *tcase = add_tcase(suite, "commands");

	tcase_add_loop_test(packets, a_bad_request_is_answered_with_what_is_wrong,
			    0, ROWS(bad_requests));
	tcase_add_test(packets, a_request_has_a_largest_size);
	tcase_add_test(packets, nothing_wants_a_file_behind_the_filter);
	tcase_add_test(packets, one_visitor_may_ask_many_times);

	tcase_add_test(tcase,
		       a_link_made_by_command_carries_messages_until_it_is_ended);
	tcase_add_test(tcase, a_name_is_kept_while_a_link_or_a_process_has_it);
	tcase_add_test(tcase, a_name_of_the_command_line_is_kept);
	tcase_add_test(tcase,
		       a_port_and_a_connection_made_by_command_carry_messages);
	tcase_add_loop_test(tcase, a_command_says_what_is_wrong_and_exits_so, 0,
			    ROWS(commands));
	tcase_add_test(tcase, without_a_host_a_command_says_how_to_start_one);
	tcase_add_test(tcase, inspect_shows_slots_queues_and_counters);
	tcase_add_test(tcase, a_large_answer_comes_whole);
	tcase_add_test(tcase, a_snapshot_holds_what_is_queued);
	tcase_add_test(tcase, a_machine_without_processes_is_restored);
	tcase_add_test(tcase,
		       a_snapshot_of_others_is_refused_and_nothing_changes);
	tcase_add_loop_test(packets, what_is_no_snapshot_is_refused, 0,
			    ROWS(bad_snapshots));
	tcase_add_test(packets,
		       a_snapshot_needs_its_beginning_by_the_same_connection);
	tcase_add_test(tcase, json_counts_behind_what_cannot_be_parsed);
	return suite;
}
