// SPDX-License-Identifier: MIT
#include "hosting.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static struct {
	char folder[32];
	char socket[48];
	pid_t pid;
} host;

static void exec_host(const char *hvhost, int ready_fd, enum hosting_log log)
{
	int null = open("/dev/null", O_WRONLY);
	char number[16];

	/* It ends if we fail. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(null, STDOUT_FILENO);
	if (log == HOSTING_SILENT)
		dup2(null, STDERR_FILENO);
	snprintf(number, sizeof(number), "%d", ready_fd);
	execl(hvhost, hvhost, "run", "--socket", host.socket, "--ready-fd",
	      number, "--buffers", "1024", "--link", "left:0x10=right:5", "--link",
	      "right:0x20=left:6", "--partition", "wide,vps=16", "--link",
	      "left:0x11=wide:5", "--link", "attacker:0x20=right:7",
	      (char *)NULL);
	perror(hvhost);
	_exit(127);
}

void hosting_start(const char *hvhost, enum hosting_log log)
{
	int ready[2];
	char line;

	strcpy(host.folder, "/tmp/hvpost-bench-XXXXXX");
	if (!mkdtemp(host.folder) || pipe(ready))
		bench_fail("cannot make a folder in /tmp for a socket");
	snprintf(host.socket, sizeof(host.socket), "%s/socket", host.folder);
	host.pid = fork();
	if (host.pid < 0)
		bench_fail("cannot start a process");
	if (!host.pid) {
		bench_unpin();
		exec_host(hvhost, ready[1], log);
	}
	close(ready[1]);
	if (read(ready[0], &line, 1) != 1)
		bench_fail("hvhost does not start");
	close(ready[0]);
}

void hosting_stop(void)
{
	kill(host.pid, SIGTERM);
	waitpid(host.pid, NULL, 0);
	unlink(host.socket);
	rmdir(host.folder);
}

const char *hosting_socket(void)
{
	return host.socket;
}

const char *hosting_target(const char *partition)
{
	static char target[96];

	snprintf(target, sizeof(target), "host:%s,partition=%s", host.socket,
		 partition);
	return target;
}
