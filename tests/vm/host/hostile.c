// SPDX-License-Identifier: MIT
/*
 * A host that lies. It boots a guest as hvhost does:
 *
 *	hostile KERNEL INITRD MEMORY_MIB CPUS SLOWNESS COMMAND_LINE
 *
 * with the serial ports in the files "console" and "report", and rewrites the
 * slot of SINT 6 of every VP as fast as it can, also between two looks that the
 * guest takes at it: types, sizes, flags, origins and payloads, none of them as
 * the specification has it; and the SINT's event flags. It raises the SINT all the
 * time.
 *
 * The thread that does it runs before the VPs and sleeps for moments of random
 * length, so that it comes in between any two instructions of the guest even
 * where there is one processor. A guest whose kernel is SLOWNESS times slower than
 * others gets so much more time between: it is to do more than take interrupts.
 */
#include "lib/vmm/internal.h"

#include <hvpost/hvhost.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define SINT 6u

struct liar {
	pthread_t thread;
	struct vmm_guest *guest;
	uint32_t cpus;
	long slowness;
	uint64_t random;
	uint64_t lies;
};

static uint64_t next(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Has the guest ever unmasked the SINT? While it boots there is nothing to do. */
static bool is_listening(const struct liar *liar, uint32_t vp_index)
{
	return atomic_load(&liar->guest->vcpus[vp_index].sint[SINT].raise_fd) >= 0;
}

static void set_flags(struct liar *liar, struct hvhost_vp *vp)
{
	uint8_t *flags = hvhost_vp_sief(vp)->sint[SINT].flags;
	uint64_t number = next(&liar->random);

	__atomic_fetch_or(&flags[number % sizeof(struct hv_event_flags)],
			  (uint8_t)(number >> 16 & number >> 24),
			  __ATOMIC_RELAXED);
}

/* All of a slot's head at once, or one part of it; or flags. */
static void lie(struct liar *liar, uint32_t vp_index)
{
	struct hvhost_vp *vp =
		hvhost_vp_find(vmm_guest_partition(liar->guest), vp_index);
	struct hv_slot *slot = &hvhost_vp_sim(vp)->slot[SINT];
	uint64_t number = next(&liar->random);
	volatile uint8_t *bytes = (volatile uint8_t *)slot;

	switch (number & 7) {
	case 0:
		slot->payload_size = (uint8_t)(number >> 8);
		break;
	case 1:
		slot->message_flags = (uint8_t)(number >> 8);
		break;
	case 2:
		slot->origin = next(&liar->random);
		break;
	case 4:
		set_flags(liar, vp);
		break;
	case 3:
		for (size_t i = 0; i < sizeof(*slot); i++)
			bytes[i] = (uint8_t)(number >> i % 8 * 8);
		break;
	default:
		__atomic_store_n((uint64_t *)slot, number, __ATOMIC_RELAXED);
		break;
	}
	liar->lies++;
}

/* From 16 microseconds to 2 milliseconds, on a kernel of usual speed. */
static void pause_after(const struct liar *liar, uint64_t number)
{
	struct timespec moment = {
		.tv_nsec = liar->slowness * (long)(1ul << (14 + number % 8) |
						   (number >> 8 & 0x3fff)),
	};

	nanosleep(&moment, NULL);
}

static void *tell_lies(void *data)
{
	const struct timespec while_it_boots = { .tv_nsec = 10000000 };
	struct liar *liar = data;

	/* Sleeps end when they should. */
	prctl(PR_SET_TIMERSLACK, 1ul);
	while (!guest_has_ended(liar->guest)) {
		uint64_t number = next(&liar->random);
		uint32_t vp_index = (uint32_t)(number >> 32) % liar->cpus;

		if (!is_listening(liar, vp_index)) {
			nanosleep(&while_it_boots, NULL);
			continue;
		}
		lie(liar, vp_index);
		hyperv_raise(liar->guest, vp_index, SINT);
		pause_after(liar, number);
	}
	return NULL;
}

static void start_lies(struct liar *liar)
{
	const struct sched_param first = { .sched_priority = 1 };
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &first);
	errno = pthread_create(&liar->thread, &attributes, tell_lies, liar);
	if (errno)
		err(1, "a thread that runs first");
}

static int output(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

static void log_text(void *context, const char *text)
{
	(void)context;
	warnx("%s", text);
}

int main(int argc, char **argv)
{
	struct hvhost_machine *machine;
	struct vmm_guest_config config = {
		.name = "test", .privileges = VMM_PRIVILEGES_DEFAULT,
		.log = log_text,
	};
	struct liar liar = { .random = 1 };
	char error[VMM_ERROR_SIZE];
	enum vmm_end end;

	if (argc != 7)
		errx(1, "KERNEL INITRD MEMORY_MIB CPUS SLOWNESS COMMAND_LINE");
	config.kernel = argv[1];
	config.initrd = argv[2];
	config.memory_bytes = strtoull(argv[3], NULL, 0) << 20;
	config.cpus = (uint32_t)strtoul(argv[4], NULL, 0);
	liar.slowness = strtol(argv[5], NULL, 0);
	config.command_line = argv[6];
	config.serial[0] = (struct vmm_serial_config){ -1, output("console") };
	config.serial[1] = (struct vmm_serial_config){ -1, output("report") };
	if (hvhost_machine_new(NULL, &machine))
		errx(1, "no machine");
	if (vmm_guest_new(machine, &config, &liar.guest, error) ||
	    vmm_guest_start(liar.guest, error))
		errx(1, "%s", error);
	liar.cpus = config.cpus;
	start_lies(&liar);

	end = vmm_guest_wait(liar.guest);
	pthread_join(liar.thread, NULL);
	printf("%llu lies; the guest %s\n", (unsigned long long)liar.lies,
	       vmm_end_text(end));
	vmm_guest_free(liar.guest);
	hvhost_machine_free(machine);
	return end == VMM_POWERED_OFF ? 0 : 1;
}
