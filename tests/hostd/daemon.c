// SPDX-License-Identifier: MIT
#include "daemon.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/guest/attachment_registry.h"

struct host_daemon host_daemon;

void daemon_setup(void)
{
	strcpy(host_daemon.folder, "/tmp/hvhost-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(host_daemon.folder));
	snprintf(host_daemon.socket, sizeof(host_daemon.socket), "%s/s",
		 host_daemon.folder);
	snprintf(host_daemon.log, sizeof(host_daemon.log), "%s/log",
		 host_daemon.folder);
	host_daemon.pid = 0;
	host_daemon.passes_rights = host_daemon.lacks_entropy = false;
}

void daemon_teardown(void)
{
	if (host_daemon.pid > 0)
		ck_assert_int_eq(daemon_stop(), 0);
	unlink(host_daemon.log);
	unlink(host_daemon.socket);
	ck_assert_int_eq(rmdir(host_daemon.folder), 0);
}

/* SO_PASSRIGHTS of Linux 6.16, which Debian 12's headers do not have */
#define PASSRIGHTS 83

/* For us and whatever we execute: the option is as unknown as it was before. */
static void forget_passrights(void)
{
	const struct scmp_arg_cmp option = {
		.arg = 2, .op = SCMP_CMP_EQ, .datum_a = PASSRIGHTS,
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter ||
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOPROTOOPT),
			     SCMP_SYS(setsockopt), 1, option) ||
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOPROTOOPT),
			     SCMP_SYS(getsockopt), 1, option) ||
	    seccomp_load(filter))
		_exit(126);
}

/* The same of getrandom(), where nobody waits for it. */
static void forget_entropy(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter ||
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAGAIN),
			     SCMP_SYS(getrandom), 0) ||
	    seccomp_load(filter))
		_exit(126);
}

static pid_t spawn(const char *options, int ready_fd)
{
	const char *tool = getenv("HVHOST"), *flags = getenv("HVHOST_FLAGS");
	char line[2048];
	pid_t pid;

	ck_assert_msg(tool != NULL, "set HVHOST to the hvhost to test");
	snprintf(line, sizeof(line),
		 "exec '%s' run --socket '%s' --ready-fd %d %s %s 2>>'%s' "
		 ">/dev/null </dev/null",
		 tool, host_daemon.socket, ready_fd, flags ? flags : "", options,
		 host_daemon.log);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		if (host_daemon.passes_rights)
			forget_passrights();
		if (host_daemon.lacks_entropy)
			forget_entropy();
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* Return whether it said that it is ready before it closed the pipe. */
static bool start(const char *options)
{
	int ready[2];
	ssize_t size;
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	host_daemon.pid = spawn(options, ready[1]);
	close(ready[1]);
	do
		size = read(ready[0], &byte, 1);
	while (size < 0 && errno == EINTR);
	close(ready[0]);
	return size == 1;
}

static int wait_for_end(void)
{
	int status = 0;

	while (waitpid(host_daemon.pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	host_daemon.pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void daemon_start(const char *options)
{
	ck_assert(start(options));
}

int daemon_fail(const char *options)
{
	pid_t before = host_daemon.pid;
	int status;

	ck_assert(!start(options));
	status = wait_for_end();
	host_daemon.pid = before;
	return status;
}

int daemon_stop(void)
{
	kill(host_daemon.pid, SIGTERM);
	return wait_for_end();
}

bool daemon_is_alive(void)
{
	return !waitpid(host_daemon.pid, NULL, WNOHANG);
}

unsigned int daemon_said(const char *text)
{
	FILE *file = fopen(host_daemon.log, "r");
	unsigned int count = 0;
	char line[1024];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		count += strstr(line, text) != NULL;
	fclose(file);
	return count;
}

unsigned int daemon_has_said(const char *text)
{
	unsigned int count;

	while (!(count = daemon_said(text)))
		look_again();
	return count;
}

void be_somebody(void)
{
	ck_assert_int_eq(chmod(host_daemon.folder, 0755), 0);
	ck_assert_int_eq(chmod(host_daemon.socket, 0666), 0);
	ck_assert_int_eq(setegid(SOMEBODY), 0);
	ck_assert_int_eq(seteuid(SOMEBODY), 0);
}

void be_root(void)
{
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setegid(0), 0);
}

const char *target_of(const char *name)
{
	static char text[4][192];
	static unsigned int next;
	char *target = text[next++ % 4];

	snprintf(target, sizeof(text[0]), "host:%s,partition=%s",
		 host_daemon.socket, name);
	return target;
}

struct hvpost *open_as(const char *name)
{
	struct hvpost *handle;

	ck_assert_int_eq(hvpost_open(target_of(name), &handle), 0);
	return handle;
}

struct hvpost *bind_as(const char *name, unsigned int sint)
{
	struct hvpost *handle = open_as(name);

	ck_assert_int_eq(hvpost_bind(handle, sint, 0), 0);
	return handle;
}

struct attachment *attachment_of(const char *name)
{
	struct attachment *attachment;

	ck_assert_int_eq(attachment_get(&(struct attachment_name){
				.socket = host_daemon.socket,
				.partition = name,
			}, HVPOST_NEVER, &attachment), 0);
	return attachment;
}

void look_again(void)
{
	const struct timespec pause = { .tv_nsec = 200000 };

	nanosleep(&pause, NULL);
}

void wait_until_it_is_in(pid_t pid, long call)
{
	char path[64], line[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	do {
		int fd = open(path, O_RDONLY);
		ssize_t size = read(fd, line, sizeof(line) - 1);

		ck_assert_int_gt(size, 0);
		line[size] = '\0';
		close(fd);
		look_again();
	} while (atol(line) != call);
}

void wait_until_it_polls(pid_t pid)
{
	wait_until_it_is_in(pid, SYS_ppoll);
}

int post_number(struct hvpost *handle, uint32_t connection, uint64_t number,
		uint64_t deadline_ns)
{
	return hvpost_post(handle, &(struct hvpost_post){
			.connection_id = connection,
			.message_type = 1,
			.payload = &number,
			.payload_size = sizeof(number),
		}, deadline_ns);
}

uint64_t receive_number(struct hvpost *handle)
{
	struct hvpost_message message;
	uint64_t number;

	ck_assert_int_eq(hvpost_receive(handle, &message,
					hvpost_deadline_in_ms(PATIENCE_MS)),
			 0);
	ck_assert_uint_eq(message.payload_size, sizeof(number));
	memcpy(&number, message.payload, sizeof(number));
	return number;
}

void ck_service(const char *from, uint32_t connection, const char *to,
		unsigned int sint)
{
	struct hvpost *receiver = bind_as(to, sint), *sender = open_as(from);

	for (uint64_t number = 1; number <= 20; number++) {
		ck_assert_int_eq(post_number(sender, connection, number,
					     HVPOST_NEVER), 0);
		ck_assert_uint_eq(receive_number(receiver), number);
	}
	hvpost_close(sender);
	hvpost_close(receiver);
}
