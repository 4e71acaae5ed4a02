// SPDX-License-Identifier: MIT
/*
 * Descriptors that are sent to hvhost: to close one may take for ever, and to keep
 * one keeps what its sender had. On a kernel that refuses them, and as on one that
 * does not.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/hvhost/closer.h"
#include "daemon.h"
#include "linger.h"
#include "peer.h"
#include "suites.h"

#define SERVICE		"--link c:1=d:1 --link e:2=f:2"

static void start(bool passes_rights)
{
	host_daemon.passes_rights = passes_rights;
	daemon_start(SERVICE " --allow-user 7");
	ck_assert_int_eq(chmod(host_daemon.folder, 0755), 0);
}

/* A thread that waits in close() does so no longer: so not in the midst of a test. */
static void stop_daemon(void)
{
	int status;

	kill(host_daemon.pid, SIGSTOP);
	ck_assert_int_eq(waitpid(host_daemon.pid, &status, WUNTRACED),
			 host_daemon.pid);
}

static void let_daemon_go_on(void)
{
	kill(host_daemon.pid, SIGCONT);
}

/*
 * While hvhost is stopped: send a packet with our copy of a descriptor, which is
 * closed before hvhost can look, as the last close is to be its own. Return whether
 * the kernel lets it through.
 */
static bool give_away(int socket, const char *packet, size_t size,
		      struct linger_pair *pair)
{
	int err = peer_send_with(socket, packet, size, pair->socket);

	if (err) {
		ck_assert_int_eq(err, -EPERM);
		ck_assert(!host_daemon.passes_rights);
		linger_end(pair);
	}
	close(pair->socket);
	return !err;
}

static int come_attached(void)
{
	return peer_attach("a").socket;
}

static int come_as_stranger(void)
{
	int socket;

	if (geteuid())
		return peer_connect();
	ck_assert_int_eq(seteuid(SOMEBODY), 0);
	socket = peer_connect();
	ck_assert_int_eq(seteuid(0), 0);
	return socket;
}

static const struct {
	int (*come)(void);
	const char *packet;
	size_t size;
	bool leaves;
} senders[] = {
	{ peer_connect, "junk", 4, false },
	{ peer_connect, "", 0, false },
	{ peer_connect, "{}", 2, false },
	{ peer_connect, "junk", 4, true },
	{ come_as_stranger, "junk", 4, false },
	{ come_as_stranger, "junk", 4, true },
	{ come_attached, "junk", 4, false },
	{ come_attached, "", 0, false },
	{ come_attached, "junk", 4, true },
};

START_TEST(a_descriptor_whose_close_waits_holds_up_nobody)
{
	struct linger_pair pair;
	bool is_sent;
	int socket;

	start(_i % 2);
	pair = linger_new();
	socket = senders[_i / 2].come();
	stop_daemon();
	is_sent = give_away(socket, senders[_i / 2].packet,
			    senders[_i / 2].size, &pair);
	let_daemon_go_on();
	if (senders[_i / 2].leaves)
		close(socket);
	for (int i = 0; i < 3; i++)
		ck_service("c", 1, "d", 1);
	ck_assert(daemon_is_alive());
	if (!senders[_i / 2].leaves)
		close(socket);
	if (is_sent)
		linger_end(&pair);
	ck_service("c", 1, "d", 1);
}
END_TEST

static int attach_and_die_with_own_socket(void)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_LISTEN, "");
	struct peer peer = peer_attach("a");

	request.sint = 5;
	peer_send_with(peer.socket, &request, sizeof(request), peer.socket);
	return 0;
}

static bool can_attach(const char *name)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_OPEN, name);
	struct peer peer = { .socket = peer_connect() };
	bool is_attached;

	peer_send(peer.socket, &request, sizeof(request));
	ck_assert(peer_take_answer(&peer));
	is_attached = !peer.answer.error;
	if (is_attached) {
		close(peer.memory_fd);
		close(peer.doorbell);
	} else {
		ck_assert_int_eq(peer.answer.error, -EBUSY);
	}
	close(peer.socket);
	return is_attached;
}

START_TEST(who_hands_its_own_socket_to_hvhost_ends_with_its_process)
{
	pid_t child;

	start(_i);
	child = fork();
	if (!child)
		_exit(attach_and_die_with_own_socket());
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	while (!can_attach("a"))
		look_again();
}
END_TEST

START_TEST(nothing_can_be_sent_by_a_listener)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_LISTEN, "");
	struct peer peer;
	char packet;

	start(_i);
	peer = peer_attach("a");
	request.sint = 5;
	peer_send(peer.socket, &request, sizeof(request));
	ck_assert(peer_take_answer(&peer));
	ck_assert_int_eq(recv(peer.listener, &packet, 1, 0), 1);
	ck_assert_int_eq(recv(peer.listener, &packet, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(peer_send_with(peer.listener, "x", 1, peer.doorbell),
			 -EPIPE);
	ck_assert_int_lt(send(peer.listener, "x", 1, MSG_NOSIGNAL), 0);
	ck_assert_int_eq(errno, EPIPE);
	close(peer.listener);
	peer_close(&peer);
}
END_TEST

/* Those that nobody can close */

static void ck_messages(struct hvpost *sender, struct hvpost *receiver)
{
	for (uint64_t number = 1; number <= 100; number++) {
		ck_assert_int_eq(post_number(sender, 2, number, HVPOST_NEVER), 0);
		ck_assert_uint_eq(receive_number(receiver), number);
	}
}

static bool is_answered(int socket, int timeout_ms)
{
	struct pollfd answer = { .fd = socket, .events = POLLIN };

	return poll(&answer, 1, timeout_ms) == 1;
}

/* Come, and return the socket as soon as hvhost says that nobody is let in. */
static int come_until_nobody_is_let_in(void)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_OPEN, "new");

	for (;;) {
		int socket = peer_connect();

		peer_send(socket, &request, sizeof(request));
		while (!is_answered(socket, 0)) {
			if (daemon_said("nobody is let in"))
				return socket;
			look_again();
		}
		close(socket);
	}
}

START_TEST(a_crowd_that_cannot_be_closed_keeps_out_who_comes_and_harms_nobody)
{
	struct linger_pair crowd[CLOSER_CROWD];
	struct hvpost *sender, *receiver;
	int newcomer;

	start(true);
	receiver = bind_as("f", 2);
	sender = open_as("e");
	stop_daemon();
	for (unsigned int i = 0; i < CLOSER_CROWD; i++) {
		int socket = peer_connect();

		crowd[i] = linger_new();
		ck_assert(give_away(socket, "junk", 4, &crowd[i]));
		close(socket);
	}
	let_daemon_go_on();
	newcomer = come_until_nobody_is_let_in();
	ck_messages(sender, receiver);
	ck_assert(!is_answered(newcomer, 0));

	for (unsigned int i = 0; i < CLOSER_CROWD; i++)
		linger_end(&crowd[i]);
	ck_assert(is_answered(newcomer, -1));
	ck_assert_uint_eq(daemon_said("nobody is let in"), 1);
	ck_messages(sender, receiver);
	hvpost_close(sender);
	hvpost_close(receiver);
	close(newcomer);
}
END_TEST

Suite *descriptor_suite(void)
{
	Suite *suite = suite_create("descriptor");
	TCase *tcase = add_tcase(suite, "descriptor");

	tcase_add_loop_test(tcase, a_descriptor_whose_close_waits_holds_up_nobody,
			    0, 2 * ROWS(senders));
	tcase_add_loop_test(tcase,
			    who_hands_its_own_socket_to_hvhost_ends_with_its_process,
			    0, 2);
	tcase_add_loop_test(tcase, nothing_can_be_sent_by_a_listener, 0, 2);
	tcase_add_test(tcase,
		       a_crowd_that_cannot_be_closed_keeps_out_who_comes_and_harms_nobody);
	return suite;
}
