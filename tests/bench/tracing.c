// SPDX-License-Identifier: MIT
/*
 * What it costs that messages can be traced. While nobody looks: the instructions of
 * a trip, beside those of a build without probes; tests/steps counts them one by one,
 * so that no clock and no load has a part in it. While somebody does: the time.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvpost/hvpost.h>

#include "bench.h"

#define SINT	   3u
#define CONNECTION 0x13u	/* which the embedded target echoes there */
#define TRIPS	   20000
#define COUNTS	   3		/* the least counts: clocks read by loops */

static struct hvpost *handle;

/* Instructions of a trip, as the program says. */
static double count_steps(const char *program)
{
	double least = 0, steps;
	FILE *pipe;

	for (int i = 0; i < COUNTS; i++) {
		pipe = popen(program, "re");
		if (!pipe || fscanf(pipe, "%lf", &steps) != 1 || pclose(pipe))
			bench_fail(program);
		if (!i || steps < least)
			least = steps;
	}
	return least;
}

static void tell_steps(const char *folder)
{
	char with[256], without[256];

	snprintf(with, sizeof(with), "%s/tests/steps", folder);
	snprintf(without, sizeof(without), "%s/no-probes/tests/steps", folder);
	bench_tell(&(struct bench){
			.name = "tracing: a trip, nobody looks",
			.unit = "instr.",
			.against = "built without probes",
			.ratio_at_most = 1.03,
		}, count_steps(with), count_steps(without));
}

static double trip_ns(void)
{
	static const char payload[] = "hello";
	const struct hvpost_post post = {
		.connection_id = CONNECTION,
		.message_type = 1,
		.payload = payload,
		.payload_size = sizeof(payload),
	};
	struct hvpost_message message;
	double start_ns = bench_now_ns();

	for (int i = 0; i < TRIPS; i++)
		if (hvpost_post(handle, &post, HVPOST_NOW) ||
		    hvpost_receive(handle, &message, HVPOST_NOW))
			bench_fail("a trip on the embedded target");
	return (bench_now_ns() - start_ns) / TRIPS;
}

/* Follow this very program. Return 0: nobody may, as the tracer has said. */
static pid_t start_tracer(const char *folder, const char *program)
{
	char tracer[256], said[256] = "";
	int said_pipe[2];
	FILE *words;
	pid_t pid;

	snprintf(tracer, sizeof(tracer), "%s/bin/hvpost", folder);
	if (pipe(said_pipe))
		bench_fail("cannot make a pipe");
	pid = fork();
	if (pid < 0)
		bench_fail("cannot start a process");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(said_pipe[1], STDERR_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execl(tracer, tracer, "trace", "--histogram", "--source",
		      "libhvpost", "--program", program, (char *)NULL);
		_exit(127);
	}
	close(said_pipe[1]);
	words = fdopen(said_pipe[0], "r");
	while (words && fgets(said, sizeof(said), words))
		if (strstr(said, "following"))
			return pid;
	printf("tracing, somebody looks: left out, for hvpost trace says: %s", said);
	waitpid(pid, NULL, 0);
	return 0;
}

static void tell_traced(const char *folder, const char *program)
{
	double idle_ns, traced_ns;
	pid_t tracer;

	if (hvpost_open("embedded", &handle) || hvpost_bind(handle, SINT, 0))
		bench_fail("cannot open the embedded target");
	trip_ns();
	idle_ns = trip_ns();
	tracer = start_tracer(folder, program);
	if (tracer) {
		traced_ns = trip_ns();
		bench_tell(&(struct bench){
				.name = "tracing: a trip, somebody looks",
				.unit = "ns",
				.against = "nobody looks",
			}, traced_ns, idle_ns);
		kill(tracer, SIGTERM);
		waitpid(tracer, NULL, 0);
	}
	hvpost_close(handle);
}

void bench_tracing(const char *folder)
{
	char program[256];

	snprintf(program, sizeof(program), "%s/tests/bench", folder);
	tell_steps(folder);
	tell_traced(folder, program);
}
