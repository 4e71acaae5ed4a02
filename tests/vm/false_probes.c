// SPDX-License-Identifier: MIT
/*
 * false_probes: passes the probes of libhvpost, as any program can, once it was
 * spoken to on standard input. More processes than are remembered die in a post;
 * SINTs and statuses are none; and then come a post and a SINT as they should be.
 */
#define STAP_SDT_ARG_CONSTRAINT nr
#include <sys/sdt.h>

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvpost/device.h>
#include <hvpost/hyperv.h>
#include <hvpost/hvpost.h>

#define DIE_IN_A_POST 4200

/* One place for each, as it is in a library. */
__attribute__((noinline)) static void begin_post(void)
{
	STAP_PROBE(hvpost, post_begins);
}

__attribute__((noinline)) static void end_post(uint32_t status)
{
	const struct hvpost_post message = { .connection_id = 0x666 };

	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	STAP_PROBE4(hvpost, post, &message, status, 1, 0);
}

static int die_in_a_post(void)
{
	pid_t child = fork();
	int status;

	if (!child) {
		begin_post();
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && !status ?
		       0 : -1;
}

static void give_what_cannot_be(void)
{
	const struct hvpost_record record = { .sint = 99, .payload_size = 200 };

	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	STAP_PROBE4(hvpost, signal, 0x666, 1, 0x10000, 0);
	STAP_PROBE1(hvpost, slot, &record);
	STAP_PROBE1(hvpost, flag, &record);
	STAP_PROBE2(hvpost, eom, 0, 99);
	STAP_PROBE2(hvpost, ring_full, 0, 16);
}

int main(void)
{
	puts("ready");
	fflush(stdout);
	getchar();
	for (int i = 0; i < DIE_IN_A_POST; i++)
		if (die_in_a_post())
			return 1;
	begin_post();
	end_post(0x10000);
	give_what_cannot_be();
	begin_post();
	end_post(HV_STATUS_SUCCESS);
	STAP_PROBE2(hvpost, ring_resumed, 0, 15);
	return 0;
}
