// SPDX-License-Identifier: MIT
/* One thread: post, slot, take, EOM, against copying as many bytes twice. */
#include <string.h>

#include "bench.h"
#include "machine.h"

#define COUNT	500000u
#define ID	0x10u
#define SINT	3u

static struct machine machine;

static double copy_in_and_out(void)
{
	static uint8_t from[HV_MESSAGE_SIZE], between[HV_MESSAGE_SIZE];
	static uint8_t to[HV_MESSAGE_SIZE];
	double start_ns = bench_now_ns();

	for (unsigned int i = 0; i < COUNT; i++) {
		memcpy(between, from, sizeof(between));
		__asm__ volatile("" : : "r"(between) : "memory");
		memcpy(to, between, sizeof(to));
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	return (bench_now_ns() - start_ns) / COUNT;
}

static double post_and_take(void)
{
	double start_ns = bench_now_ns();

	for (unsigned int i = 0; i < COUNT; i++)
		if (machine_post(&machine, 0) || !machine_take(&machine, SINT))
			bench_fail("a post did not arrive");
	return (bench_now_ns() - start_ns) / COUNT;
}

void bench_posts(void)
{
	bench_pin(0);
	machine_make(&machine);
	machine_link(&machine, ID, SINT);
	machine_input(0)->connection_id = ID;
	bench_run(&(struct bench){
			.name = "post, slot, take, EOM; 240 bytes",
			.unit = "ns",
			.measure = post_and_take,
			.against = "256 bytes copied in and out",
			.measure_against = copy_in_and_out,
			.ratio_at_most = 12,
		});
	machine_free(&machine);
}
