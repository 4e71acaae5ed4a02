// SPDX-License-Identifier: MIT
/* A guest's life: pausing, resetting and ending it, on a KVM that is none. */
#define _GNU_SOURCE /* memfd_create, pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "suites.h"
#include "tests/fuzz/fake_kvm.h"
#include "world.h"

/* Pausing */

static void ck_stands(void)
{
	unsigned int seen = atomic_load(&world.rounds);

	ck_assert(vmm_guest_is_paused(world.guest));
	for (int i = 0; i < 100; i++)
		sched_yield();
	ck_assert_uint_eq(atomic_load(&world.rounds), seen);
}

START_TEST(a_guest_that_is_paused_does_nothing_until_it_is_resumed)
{
	start();
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
		ck_stands();
		vmm_guest_resume(world.guest);
		ck_assert(!vmm_guest_is_paused(world.guest));
		await_rounds();
	}
}
END_TEST

START_TEST(one_that_is_paused_before_it_starts_starts_paused)
{
	ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
	ck_assert_int_eq(vmm_guest_start(world.guest, world.error), 0);
	ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
	ck_assert_uint_eq(atomic_load(&world.rounds), 0);
	vmm_guest_resume(world.guest);
	await_rounds();
}
END_TEST

START_TEST(what_is_posted_to_one_that_is_paused_reaches_its_slot)
{
	const struct hv_sim_page *sim;

	start_synic();
	start();
	ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
	ck_assert_uint_eq(post(), 0);
	sim = (void *)memory_of_guest(SIM_AT);
	ck_assert_uint_eq(sim->slot[SINT].message_type, 1);
	vmm_guest_resume(world.guest);
}
END_TEST

START_TEST(what_is_typed_to_one_that_is_paused_waits)
{
	start();
	ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
	ck_assert_int_eq(write(world.keyboard[1], "x", 1), 1);
	for (int i = 0; i < 100; i++)
		sched_yield();
	ck_assert_uint_eq(world.guest->serial[0].received_count, 0);
	vmm_guest_resume(world.guest);
	while (serial_read(&world.guest->serial[0], 0) != 'x')
		sched_yield();
}
END_TEST

/* Longer than what the port holds at a time */
static const char typed[] = "what is in a file is there to be read";

static void make_with_file(void)
{
	world_make_with_input(memfd_create("typed", MFD_CLOEXEC));
	ck_assert_int_eq(pwrite(world.keyboard[0], typed, sizeof(typed), 0),
			 sizeof(typed));
}

START_TEST(what_is_in_a_file_is_typed)
{
	uint8_t byte = 0;

	start();
	for (size_t i = 0; i < sizeof(typed); i++) {
		do
			byte = serial_read(&world.guest->serial[0], 5);
		while (!(byte & 1));
		ck_assert_int_eq(serial_read(&world.guest->serial[0], 0),
				 typed[i]);
	}
}
END_TEST

/* The vCPU's thread waits in the middle of an exit, for the console's reader. */
START_TEST(one_that_waits_for_its_console_is_paused_and_loses_no_byte)
{
	char bytes[4096] = "";

	fcntl(world.console[1], F_SETFL, O_NONBLOCK);
	while (write(world.console[1], "", 1) == 1)
		;
	start();
	let_guest_write(0x3f8, 'y');
	while (atomic_load(&world.wanted_port))
		sched_yield();
	ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
	ck_stands();
	while (read(world.console[0], bytes, sizeof(bytes)) == sizeof(bytes) &&
	       poll(&(struct pollfd){ world.console[0], POLLIN, 0 }, 1, 0) == 1)
		;
	ck_assert_int_eq(bytes[0], 0);
	vmm_guest_resume(world.guest);
	ck_assert_int_eq(read(world.console[0], bytes, 1), 1);
	ck_assert_int_eq(bytes[0], 'y');
}
END_TEST

static int nothing[2];		/* a pipe */

/* VP 0 is about to wait for somebody else when it is kicked, and waits then. */
static bool wait_in_vain(uint32_t vcpu, struct kvm_run *run)
{
	sigset_t all, before;
	char byte;
	int kick;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (!__atomic_load_n(&run->immediate_exit, __ATOMIC_SEQ_CST)) {
		atomic_fetch_add(&world.rounds, 1);
		sched_yield();
	}
	sigwait(&all, &kick);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!vcpu)
		ck_assert_int_eq(read(nothing[0], &byte, 1), -1);
	return false;
}

START_TEST(one_that_waits_for_somebody_else_is_paused_and_stopped)
{
	ck_assert_int_eq(pipe2(nothing, O_CLOEXEC), 0);
	fake_kvm_run(wait_in_vain);
	start();
	if (_i)
		ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
	else
		vmm_guest_stop(world.guest);
	vmm_guest_stop(world.guest);
	ck_assert_int_eq(vmm_guest_wait(world.guest), VMM_STOPPED);
	close(nothing[0]);
	close(nothing[1]);
}
END_TEST

START_TEST(one_that_is_paused_may_be_stopped)
{
	start();
	ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
	vmm_guest_stop(world.guest);
	ck_assert_int_eq(vmm_guest_wait(world.guest), VMM_STOPPED);
	ck_assert_int_eq(vmm_guest_pause(world.guest), -ESRCH);
}
END_TEST

START_TEST(one_that_ends_meanwhile_keeps_nobody_waiting)
{
	start();
	let_guest_write(POWER_CONTROL_PORT, 0x34);
	while (!vmm_guest_pause(world.guest))
		vmm_guest_resume(world.guest);
	ck_assert_int_eq(vmm_guest_wait(world.guest), VMM_POWERED_OFF);
}
END_TEST

static const struct {
	uint32_t event;
	enum vmm_end end;
} events[] = {
	{ KVM_SYSTEM_EVENT_SHUTDOWN, VMM_POWERED_OFF },
	{ KVM_SYSTEM_EVENT_RESET, VMM_RESET },
	{ KVM_SYSTEM_EVENT_CRASH, VMM_RUNNING },
	{ KVM_SYSTEM_EVENT_SUSPEND, VMM_FAILED },
};

START_TEST(an_event_of_kvms_ends_it_as_the_guests_own_way_does)
{
	start();
	atomic_store(&world.wanted_event, events[_i].event);
	while (atomic_load(&world.wanted_event))
		sched_yield();
	if (events[_i].end == VMM_RUNNING) {
		let_guest_write(0x3ff, 1);
		while (atomic_load(&world.wanted_port))
			sched_yield();
	} else {
		await_end();
	}
	ck_assert_int_eq(vmm_guest_end(world.guest), events[_i].end);
}
END_TEST

/* Resetting */

START_TEST(a_reset_makes_all_anew_but_the_partition)
{
	struct hvhost_partition *partition = vmm_guest_partition(world.guest);
	uint64_t value;

	start();
	start_synic();
	ck_assert_uint_eq(post(), 0);
	ck_assert_uint_eq(post(), 0);
	*memory_of_guest(LOAD_AT) = 0;
	*memory_of_guest(0x200000) = 1;
	ck_assert_uint_eq(fake_kvm_msr(1, HV_MSR_SCONTROL), 1);

	ck_assert_msg(!vmm_guest_reset(world.guest, world.error), "%s", world.error);
	ck_assert_uint_eq(*memory_of_guest(LOAD_AT), CODE);
	ck_assert_uint_eq(*memory_of_guest(0x200000), 0);
	ck_assert_uint_eq(fake_kvm_vms(), 2);
	ck_assert_uint_eq(fake_kvm_msr(1, HV_MSR_SCONTROL), 0);
	ck_assert_ptr_eq(vmm_guest_partition(world.guest), partition);
	ck_assert_int_eq(hvhost_vp_read_msr(world.guest->vcpus[1].vp,
					    HV_MSR_SINT0 + SINT, &value), 0);
	ck_assert_uint_eq(value, HV_SINT_MASKED);
	ck_assert_int_eq(hvhost_vp_read_msr(world.guest->vcpus[1].vp,
					    HV_MSR_GUEST_OS_ID, &value), 0);
	ck_assert_uint_eq(value, 0);
	ck_assert_int_eq(world.guest->vcpus[1].sint[SINT].raise_fd, -1);
	ck_assert_uint_eq(vmm_guest_resets(world.guest), 1);
	ck_assert_int_eq(vmm_guest_end(world.guest), VMM_RUNNING);
	await_rounds();
}
END_TEST

/* Twice, as what the first left may be in the way of the second. */
START_TEST(what_others_have_to_do_with_it_stays)
{
	start();
	for (int i = 0; i < 2; i++) {
		start_synic();
		ck_assert_uint_eq(post(), 0);
		ck_assert_uint_eq(post(), 0);
		ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), 0);
		ck_assert_uint_eq(post(), HV_STATUS_INVALID_SYNIC_STATE);
	}
	start_synic();
	ck_assert_uint_eq(post(), 0);
	ck_assert_uint_eq(((struct hv_sim_page *)memory_of_guest(SIM_AT))->
			  slot[SINT].message_flags, 0);
}
END_TEST

START_TEST(no_overlay_covers_the_memory_of_one_that_was_reset)
{
	start_synic();
	ck_assert_uint_eq(post(), 0);
	start();
	ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), 0);
	for (uint32_t i = 0; i < 2 * VPS; i++)
		ck_assert_uint_eq(world.guest->memory.placed[i], HVHOST_NO_GPA);
	for (uint32_t i = 0; i < 4096; i++)
		ck_assert_uint_eq(memory_of_guest(SIM_AT)[i], 0);
}
END_TEST

static unsigned int descriptors(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

START_TEST(a_reset_costs_no_descriptors)
{
	unsigned int before;

	start();
	ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), 0);
	before = descriptors();
	for (int i = 0; i < 5; i++) {
		start_synic();
		ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), 0);
	}
	ck_assert_uint_eq(descriptors(), before);
}
END_TEST

START_TEST(devices_are_as_at_first)
{
	start();
	serial_write(&world.guest->serial[0], 7, 0xa5);
	power_write(&world.guest->power, 2, 0x21);
	atomic_store(&world.guest->clock_index, 9);
	ck_assert(testdev_command(world.guest->testdev, 0x10040100 | SINT));
	ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), 0);
	ck_assert_uint_eq(serial_read(&world.guest->serial[0], 7), 0);
	ck_assert_uint_eq(power_read(&world.guest->power, 2), 0);
	ck_assert_uint_eq(atomic_load(&world.guest->clock_index), 0);
	ck_assert(testdev_command(world.guest->testdev, 0x10040100 | SINT));
}
END_TEST

START_TEST(one_that_asks_for_a_reset_has_ended_until_it_is_reset)
{
	struct pollfd end = { .fd = vmm_guest_fd(world.guest), .events = POLLIN };

	start();
	for (unsigned int times = 1; times <= 3; times++) {
		let_guest_write(POWER_RESET_PORT, POWER_RESET_VALUE);
		await_end();
		ck_assert_int_eq(vmm_guest_end(world.guest), VMM_RESET);
		ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), 0);
		ck_assert_int_eq(poll(&end, 1, 0), 0);
		ck_assert_uint_eq(fake_kvm_vms(), 1 + times);
		await_rounds();
	}
	vmm_guest_stop(world.guest);
	ck_assert_int_eq(vmm_guest_wait(world.guest), VMM_STOPPED);
}
END_TEST

START_TEST(one_that_is_reset_while_paused_stays_so)
{
	start();
	ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
	ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), 0);
	ck_stands();
	vmm_guest_resume(world.guest);
	await_rounds();
	ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
	ck_assert_uint_eq(world.guest->stand.standing, VPS + 1);
}
END_TEST

START_TEST(one_that_ended_otherwise_is_not_reset)
{
	start();
	let_guest_write(POWER_CONTROL_PORT, 0x34);
	await_end();
	ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), -ESRCH);
	ck_assert_str_eq(world.error, "it powered off");
	ck_assert_int_eq(vmm_guest_wait(world.guest), VMM_POWERED_OFF);
}
END_TEST

START_TEST(without_its_kernel_it_has_failed_and_says_why)
{
	start();
	write_kernel(0);
	ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(world.error, "no multiboot header"));
	await_end();
	ck_assert_int_eq(vmm_guest_wait(world.guest), VMM_FAILED);
}
END_TEST

Suite *life_suite(void)
{
	Suite *suite = suite_create("life");
	TCase *pause = tcase_create("pause");
	TCase *file = tcase_create("file");
	TCase *reset = tcase_create("reset");

	/* vCPUs never rest, which takes long where others want the processor. */
	tcase_set_timeout(pause, 60);
	tcase_set_timeout(reset, 60);
	tcase_add_checked_fixture(pause, world_make, world_destroy);
	tcase_add_checked_fixture(reset, world_make, world_destroy);

	tcase_add_test(pause,
		       a_guest_that_is_paused_does_nothing_until_it_is_resumed);
	tcase_add_test(pause,
		       one_that_is_paused_before_it_starts_starts_paused);
	tcase_add_test(pause,
		       what_is_posted_to_one_that_is_paused_reaches_its_slot);
	tcase_add_test(pause, what_is_typed_to_one_that_is_paused_waits);
	tcase_add_test(pause,
		       one_that_waits_for_its_console_is_paused_and_loses_no_byte);
	tcase_add_loop_test(pause,
			    one_that_waits_for_somebody_else_is_paused_and_stopped,
			    0, 2);
	tcase_add_test(pause, one_that_is_paused_may_be_stopped);
	tcase_add_test(pause, one_that_ends_meanwhile_keeps_nobody_waiting);
	tcase_add_loop_test(pause,
			    an_event_of_kvms_ends_it_as_the_guests_own_way_does,
			    0, ROWS(events));
	suite_add_tcase(suite, pause);

	tcase_set_timeout(file, 60);
	tcase_add_checked_fixture(file, make_with_file, world_destroy);
	tcase_add_test(file, what_is_in_a_file_is_typed);
	suite_add_tcase(suite, file);

	tcase_add_test(reset, a_reset_makes_all_anew_but_the_partition);
	tcase_add_test(reset, what_others_have_to_do_with_it_stays);
	tcase_add_test(reset,
		       no_overlay_covers_the_memory_of_one_that_was_reset);
	tcase_add_test(reset, a_reset_costs_no_descriptors);
	tcase_add_test(reset, devices_are_as_at_first);
	tcase_add_test(reset,
		       one_that_asks_for_a_reset_has_ended_until_it_is_reset);
	tcase_add_test(reset, one_that_is_reset_while_paused_stays_so);
	tcase_add_test(reset, one_that_ended_otherwise_is_not_reset);
	tcase_add_test(reset, without_its_kernel_it_has_failed_and_says_why);
	suite_add_tcase(suite, reset);
	return suite;
}
