// SPDX-License-Identifier: MIT
/* hvhost run: its socket, its options, its end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <hvpost/hvhost.h>

#include "cli/hvhost/server.h"
#include "daemon.h"
#include "peer.h"
#include "suites.h"

static mode_t socket_mode(void)
{
	struct stat status;

	ck_assert_int_eq(stat(host_daemon.socket, &status), 0);
	ck_assert(S_ISSOCK(status.st_mode));
	return status.st_mode & 07777;
}

static const mode_t masks[] = { 0, 022, 0777 };

START_TEST(the_socket_has_mode_0660_whatever_the_umask)
{
	/* The log must be writable to the daemon all the same. */
	fclose(fopen(host_daemon.log, "w"));
	umask(masks[_i]);
	daemon_start("");
	ck_assert_uint_eq(socket_mode(), 0660);
}
END_TEST

START_TEST(for_another_user_the_credentials_decide)
{
	daemon_start("--allow-user 12345");
	ck_assert_uint_eq(socket_mode(), 0666);
}
END_TEST

static const struct {
	const char *options;
	mode_t mode;
	gid_t group;
} openings[] = {
	{ "--partition a,user=12345", 0666, 0 },
	{ "--allow-group 12345", 0660, 12345 },
	{ "--partition a,group=12345 --partition b,group=12345", 0660, 12345 },
	{ "--allow-group 12345 --control-group 12346", 0666, 0 },
	{ "--partition a,group=12345 --allow-group 12346", 0666, 0 },
};

/* With one group it is its socket: this takes root. */
START_TEST(the_socket_is_as_open_as_those_need_who_may_come)
{
	struct stat status;

	daemon_start(openings[_i].options);
	ck_assert_uint_eq(socket_mode(), openings[_i].mode);
	ck_assert_int_eq(stat(host_daemon.socket, &status), 0);
	ck_assert_uint_eq(status.st_gid, openings[_i].group);
}
END_TEST

START_TEST(sigterm_and_sigint_end_it_and_remove_the_socket)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

	for (int i = 0; i < ROWS(signals); i++) {
		daemon_start("");
		kill(host_daemon.pid, signals[i]);
		ck_assert_int_eq(daemon_stop(), 0);
		ck_assert_int_ne(access(host_daemon.socket, F_OK), 0);
	}
}
END_TEST

START_TEST(a_second_host_at_the_socket_is_told_so)
{
	daemon_start("--link a:1=b:1");
	ck_assert_int_eq(daemon_fail(""), 1);
	ck_assert_uint_eq(daemon_said("is in use: another hvhost listens"), 1);
	ck_service("a", 1, "b", 1);
}
END_TEST

START_TEST(a_socket_that_a_killed_host_left_is_replaced)
{
	daemon_start("");
	kill(host_daemon.pid, SIGKILL);
	ck_assert_int_eq(daemon_stop(), -1);
	ck_assert_int_eq(access(host_daemon.socket, F_OK), 0);
	daemon_start("--link a:1=b:1");
	ck_service("a", 1, "b", 1);
}
END_TEST

START_TEST(what_is_no_socket_stays)
{
	FILE *file = fopen(host_daemon.socket, "w");

	fputs("precious", file);
	fclose(file);
	ck_assert_int_eq(daemon_fail(""), 1);
	ck_assert_uint_eq(daemon_said("is there and is not a socket"), 1);
	ck_assert_int_eq(access(host_daemon.socket, F_OK), 0);
}
END_TEST

static const struct {
	const char *options;
	const char *says;
} misuse[] = {
	{ "--link x", "it needs FROM:CONNECTION=TO:SINT" },
	{ "--link a:1=b", "it needs FROM:CONNECTION=TO:SINT" },
	{ "--link a=b:1", "it needs FROM:CONNECTION=TO:SINT" },
	{ "--link a:0x1000000=b:1", "a connection is a number" },
	{ "--link a:1=b:0", "a SINT is a number from 1 to 15" },
	{ "--link a:1=b:16", "a SINT one from 1 to 15" },
	{ "--link a:1=a:1", "cannot have a port for itself" },
	{ "--link a:1=b:1,vp=0xffffffff", "an option of a link is" },
	{ "--link a:1=b:1,vp=1", "TO has no VP of that number" },
	{ "--partition b,vps=64 --link a:1=b:1,vp=64",
	  "TO has no VP of that number" },
	{ "--link a:1=b:1,x", "an option of a link is" },
	{ "--link a/b:1=b:1", "a partition's name has" },
	{ "--link a:1=b:1 --link a:1=c:2", "has a link at this connection" },
	{ "--partition a,vps=0", "vps is a number from 1 to 64" },
	{ "--partition a,vps=65", "vps is a number from 1 to 64" },
	{ "--partition a,b", "an option of a partition is" },
	{ "--partition a,user=nobody-of-this-name", "no such user" },
	{ "--partition a,group=nobody-of-this-name", "no such group" },
	{ "--partition a,user=4294967295", "no such user" },
	{ "--partition a,user=", "no such user" },
	{ "--partition ''", "a partition's name has" },
	{ "--partition a -p a", "it is there twice" },
	{ "--guest ''", "a guest's name has" },
	{ "--partition g,restricted --guest g,kernel=/dev/null",
	  "--partition has this name for a process" },
	{ "--guest g", "a guest needs kernel=FILE" },
	{ "--guest g,kernel", "what follows a guest's name is KEY=VALUE" },
	{ "--guest g,kernel=k,cpus=0", "cpus is a number from 1 to 254" },
	{ "--guest g,kernel=k,cpus=255", "cpus is a number from 1 to 254" },
	{ "--guest g,kernel=k,memory=512", "memory is a number with M or G" },
	{ "--guest g,kernel=k,memory=15M", "memory is a number with M or G" },
	{ "--guest g,kernel=k,memory=1025G", "memory is a number with M or G" },
	{ "--guest g,kernel=k,memory=18446744073709551615G",
	  "memory is a number with M or G" },
	{ "--guest g,kernel=k,memory=", "memory is a number with M or G" },
	{ "--guest g,kernel=k,cpuid=xen", "cpuid is hyperv or kvm" },
	{ "--guest g,kernel=k,privileges=all", "privileges, and withheld" },
	{ "--guest g,kernel=k,withheld=all", "withheld of them, is a number" },
	{ "--guest g,kernel=k,privileges=7,withheld=8",
	  "withheld has privileges that the guest is not to have" },
	{ "--guest g,withheld=0x4,privileges=0x4", "a guest needs kernel=FILE" },
	{ "--guest g,kernel=k,on-reset=die", "on-reset is end or restart" },
	{ "--guest g,on-reset=restart,on-reset=end", "needs kernel=FILE" },
	{ "--guest g,kernel=/nonexistent/k", "/nonexistent/k: No such file" },
	{ "--guest g,kernel=/dev/null,initrd=/nonexistent/i",
	  "/nonexistent/i: No such file" },
	{ "--guest g,kernel=k,serial=stdio,serial2=stdio",
	  "only one of serial and serial2 is stdio" },
	{ "--guest g,color=red", "a guest has kernel, initrd, cpus" },
	{ "--guest g,cmdline=a,kernel=k", "a guest needs kernel=FILE" },
	{ "--conformance ''", "a partition's name has" },
	{ "--allow-user nobody-of-this-name", "no such user" },
	{ "--allow-group nobody-of-this-name", "no such group" },
	{ "--control-user nobody-of-this-name", "no such user" },
	{ "--control-group nobody-of-this-name", "no such group" },
	{ "--max-memory 4", "is not a number with M or G" },
	{ "--max-clients 0", "is not a number from 1" },
	{ "--socket ''", "cannot listen at" },
	{ "--socket /nonexistent/s", "cannot listen at /nonexistent/s" },
	{ "--unknown", "no option" },
	{ "operand", "too many operands" },
};

START_TEST(misuse_is_named_and_nothing_runs)
{
	ck_assert_int_eq(daemon_fail(misuse[_i].options), 1);
	ck_assert_msg(daemon_said(misuse[_i].says) == 1, "'%s' does not say "
		      "'%s'", misuse[_i].options, misuse[_i].says);
	ck_assert_int_ne(access(host_daemon.socket, F_OK), 0);
}
END_TEST

/* As somebody else: this takes root. */

static int open_as_somebody(const char *name)
{
	struct hvpost *handle;
	int err;

	be_somebody();
	err = hvpost_open(target_of(name), &handle);
	be_root();
	if (!err)
		hvpost_close(handle);
	return err;
}

START_TEST(a_user_who_is_not_allowed_is_refused)
{
	daemon_start("--allow-user 7 --allow-group 7");
	ck_assert_int_eq(open_as_somebody("a"), -EACCES);
	ck_assert_uint_eq(daemon_has_said("of user 54321 may not come"),
			  1);
}
END_TEST

START_TEST(a_user_who_is_allowed_may_come)
{
	daemon_start("--allow-user 7 --allow-user 54321");
	ck_assert_int_eq(open_as_somebody("a"), 0);
}
END_TEST

START_TEST(a_member_of_an_allowed_group_may_come)
{
	daemon_start("--allow-group 54321");
	ck_assert_int_eq(open_as_somebody("a"), 0);
}
END_TEST

/* What hvhost answers to somebody who asks for that. */
static const char *answer_to_somebody(const char *request)
{
	static char answer[4096];
	ssize_t size;
	int socket;

	socket = peer_connect_as_somebody();
	peer_send(socket, request, strlen(request));
	size = recv(socket, answer, sizeof(answer) - 1, 0);
	ck_assert_int_gt(size, 0);
	answer[size] = '\0';
	close(socket);
	return answer;
}

#define LOOK	"{\"version\":1,\"command\":\"links\"}"
#define LINK	"{\"version\":1,\"command\":\"link\"," \
		"\"from\":\"a\",\"connection\":16,\"to\":\"b\",\"sint\":5}"

/* Each but the links: what lets them change something has its own checks. */
static const char *const changing[] = {
	"link", "unlink", "port-create", "port-delete", "connection-create",
	"connection-delete", "snapshot", "restore-begin", "restore",
	"guest-pause", "guest-resume", "guest-reset", "guest-stop",
};

START_TEST(who_may_come_may_look_and_change_nothing)
{
	char request[64];

	daemon_start("--allow-user 54321");
	ck_assert_ptr_nonnull(strstr(answer_to_somebody(LOOK), "\"ok\":true"));
	snprintf(request, sizeof(request), "{\"version\":1,\"command\":\"%s\"}",
		 changing[_i]);
	ck_assert_ptr_nonnull(strstr(answer_to_somebody(request),
				     "but not change it"));
}
END_TEST

START_TEST(who_may_control_may_come_and_change_things)
{
	daemon_start(_i ? "--control-user 54321" : "--control-group 54321");
	ck_assert_int_eq(open_as_somebody("a"), 0);
	ck_assert_ptr_nonnull(strstr(answer_to_somebody(LINK), "\"ok\":true"));
}
END_TEST

/* Names that belong to somebody */

/* Ask as somebody for the partition of that name. */
static struct peer ask_as_somebody(const char *name)
{
	const struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_OPEN, name);
	struct peer peer = { .memory_fd = -1, .doorbell = -1 };

	peer.socket = peer_connect_as_somebody();
	peer_send(peer.socket, &request, sizeof(request));
	ck_assert(peer_take_answer(&peer));
	return peer;
}

static void leave(struct peer *peer)
{
	close(peer->memory_fd);
	close(peer->doorbell);
	close(peer->socket);
}

static const char *const others[] = {
	"--partition b,user=7", "--partition b,group=7",
};

START_TEST(a_name_that_belongs_to_others_is_refused)
{
	char options[128];
	struct peer peer;

	snprintf(options, sizeof(options), "--allow-user 54321 %s", others[_i]);
	daemon_start(options);
	peer = ask_as_somebody("b");
	ck_assert_int_eq(peer.answer.error, -EACCES);
	ck_assert_str_eq(peer.answer.reason,
			 "this partition's name belongs to other users");
	ck_assert(peer_is_dropped(peer.socket));
	close(peer.socket);
	ck_assert_uint_eq(daemon_has_said("of user 54321 gets no partition "
					  "'b': this partition's name"), 1);
	ck_assert_int_eq(open_as_somebody("a"), 0);
}
END_TEST

static const char *const own[] = {
	"--partition a,restricted,user=54321",
	"--partition a,restricted,group=54321",
	"--partition a,user=7,group=7,restricted,group=8,user=54321",
	"--partition a,restricted,user=54321 --allow-user 7 --link b:1=a:1",
};

START_TEST(who_has_a_name_may_attach_by_that_and_by_no_other)
{
	struct peer peer;

	daemon_start(own[_i]);
	peer = ask_as_somebody("a");
	ck_assert_int_eq(peer.answer.error, 0);
	ck_assert_uint_eq(peer.answer.privileges &
			  HVHOST_PRIVILEGE(HV_POST_MESSAGES), 0);
	leave(&peer);
	peer = ask_as_somebody("b");
	ck_assert_int_eq(peer.answer.error, -EACCES);
	ck_assert_str_eq(peer.answer.reason,
			 "this user may attach only by names that "
			 "--partition gives it");
	close(peer.socket);
	ck_assert_uint_eq(daemon_has_said("gets no partition 'b'"), 1);
	ck_assert_ptr_nonnull(strstr(answer_to_somebody(LOOK), "\"ok\":true"));
	ck_assert_ptr_nonnull(strstr(answer_to_somebody(LINK),
				     "but not change it"));
}
END_TEST

START_TEST(root_may_attach_by_any_name)
{
	struct peer peer;

	daemon_start("--partition a,user=54321");
	peer = peer_attach("a");
	peer_close(&peer);
}
END_TEST

/* What one user may take of what there is */

static const char *const quotas[] = {
	"--allow-user 54321 --max-clients-per-user 2",
	"--allow-group 54321 --max-clients 3", /* half of them */
};

START_TEST(one_user_has_no_more_than_a_share_of_the_clients)
{
	static const char *const names[] = { "a", "b" };
	struct peer peers[2], other;

	daemon_start(quotas[_i]);
	for (int i = 0; i < 2; i++) {
		peers[i] = ask_as_somebody(names[i]);
		ck_assert_int_eq(peers[i].answer.error, 0);
	}
	other = ask_as_somebody("c");
	ck_assert_int_eq(other.answer.error, -ENOSPC);
	ck_assert_str_eq(other.answer.reason,
			 "too many processes of this user are attached");
	leave(&other);
	ck_assert_uint_eq(daemon_has_said("gets no partition 'c': too many"), 1);
	other = peer_attach("c");
	peer_close(&other);
	/* Who has gone leaves room at once. */
	for (int i = 0; i < 200; i++) {
		leave(&peers[0]);
		peers[0] = ask_as_somebody(i % 2 ? "a" : "c");
		ck_assert_int_eq(peers[0].answer.error, 0);
	}
	leave(&peers[0]);
	leave(&peers[1]);
}
END_TEST

START_TEST(root_has_all_of_the_clients)
{
	struct peer peers[3];

	daemon_start("--max-clients 3 --max-clients-per-user 1");
	peers[0] = peer_attach("a");
	peers[1] = peer_attach("b");
	peers[2] = peer_attach("c");
	for (int i = 0; i < 3; i++)
		peer_close(&peers[i]);
}
END_TEST

#define VISITS 200

START_TEST(strangers_push_out_nobody)
{
	int ours[SERVER_VISITORS_MAX - 10], visits[VISITS];
	char answer[4096];

	daemon_start("--allow-user 7");
	for (int i = 0; i < ROWS(ours); i++)
		ours[i] = peer_connect();
	for (int i = 0; i < VISITS; i++)
		visits[i] = peer_connect_as_somebody();
	for (int i = 0; i < ROWS(ours); i++) {
		peer_send(ours[i], LOOK, strlen(LOOK));
		ck_assert_int_gt(recv(ours[i], answer, sizeof(answer), 0), 0);
		close(ours[i]);
	}
	for (int i = 0; i < VISITS; i++)
		close(visits[i]);
}
END_TEST

/* Who comes very often does not push out who came before it. */
START_TEST(one_user_does_not_push_out_others_who_have_come)
{
	int visits[VISITS], socket;
	char answer[4096];

	daemon_start("--allow-user 54321");
	socket = _i ? peer_connect_as_somebody() : peer_connect();
	for (int i = 0; i < VISITS; i++)
		visits[i] = _i ? peer_connect() : peer_connect_as_somebody();
	peer_send(socket, LOOK, strlen(LOOK));
	ck_assert_int_gt(recv(socket, answer, sizeof(answer), 0), 0);
	close(socket);
	for (int i = 0; i < VISITS; i++)
		close(visits[i]);
}
END_TEST

Suite *run_suite(void)
{
	Suite *suite = suite_create("run");
	TCase *socket = add_tcase(suite, "socket");
	TCase *options = add_tcase(suite, "options");
	TCase *peers = add_tcase(suite, "peers");

	tcase_add_loop_test(socket, the_socket_has_mode_0660_whatever_the_umask,
			    0, ROWS(masks));
	tcase_add_test(socket, for_another_user_the_credentials_decide);
	tcase_add_test(socket, sigterm_and_sigint_end_it_and_remove_the_socket);
	tcase_add_test(socket, a_second_host_at_the_socket_is_told_so);
	tcase_add_test(socket, a_socket_that_a_killed_host_left_is_replaced);
	tcase_add_test(socket, what_is_no_socket_stays);

	tcase_add_loop_test(options, misuse_is_named_and_nothing_runs, 0,
			    ROWS(misuse));

	if (geteuid()) {
		puts("left out: who may come by credentials: this takes root");
		return suite;
	}
	tcase_add_loop_test(socket,
			    the_socket_is_as_open_as_those_need_who_may_come, 0,
			    ROWS(openings));
	tcase_add_test(peers, a_user_who_is_not_allowed_is_refused);
	tcase_add_test(peers, a_user_who_is_allowed_may_come);
	tcase_add_test(peers, a_member_of_an_allowed_group_may_come);
	tcase_add_loop_test(peers, who_may_come_may_look_and_change_nothing, 0,
			    ROWS(changing));
	tcase_add_loop_test(peers, who_may_control_may_come_and_change_things,
			    0, 2);
	tcase_add_loop_test(peers, a_name_that_belongs_to_others_is_refused, 0,
			    ROWS(others));
	tcase_add_loop_test(peers,
			    who_has_a_name_may_attach_by_that_and_by_no_other, 0,
			    ROWS(own));
	tcase_add_test(peers, root_may_attach_by_any_name);
	tcase_add_loop_test(peers,
			    one_user_has_no_more_than_a_share_of_the_clients, 0,
			    ROWS(quotas));
	tcase_add_test(peers, root_has_all_of_the_clients);
	tcase_add_test(peers, strangers_push_out_nobody);
	tcase_add_loop_test(peers,
			    one_user_does_not_push_out_others_who_have_come, 0,
			    2);
	return suite;
}
