// SPDX-License-Identifier: MIT
/* A paused guest on a machine of a snapshot. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suites.h"
#include "tests/fuzz/fake_kvm.h"
#include "world.h"

#define OTHER_SIM_AT 0x400000u

static void *snapshot;
static size_t snapshot_size;

static int restore_partition(void *context, uint64_t id,
			     struct hvhost_partition_config *config)
{
	(void)context;
	if (vmm_guest_has_partition(world.guest, id))
		vmm_guest_restore_partition(world.guest, id, config);
	else
		config->ops = &peer_ops;
	return 0;
}

static int restore_vp(void *context, uint64_t id, uint32_t vp_index, void **sim,
		      void **sief)
{
	(void)context;
	vmm_guest_restore_vp(world.guest, id, vp_index, sim, sief);
	return 0;
}

static void save(void)
{
	free(snapshot);
	ck_assert_int_eq(hvhost_machine_save(world.machine, &snapshot,
					     &snapshot_size), 0);
}

static uint64_t peer_id(void)
{
	uint64_t id = 1;

	while (vmm_guest_has_partition(world.guest, id))
		id++;
	return id;
}

/* The guest is paused; the snapshot fits. */
static int try_to_go_back(void)
{
	static const struct hvhost_restore_ops ops = {
		.restore_partition = restore_partition,
		.restore_vp = restore_vp,
	};
	struct hvhost_machine *machine;
	int err;

	ck_assert_int_eq(vmm_guest_begin_move(world.guest), 0);
	ck_assert_int_eq(hvhost_machine_restore(snapshot, snapshot_size, &ops,
						NULL, &machine, NULL), 0);
	world.peer = hvhost_vp_find(hvhost_partition_find(machine, peer_id()),
				    0);
	err = vmm_guest_end_move(world.guest, machine, world.error);
	hvhost_machine_free(world.machine);
	world.machine = machine;
	return err;
}

static void go_back(void)
{
	ck_assert_int_eq(try_to_go_back(), 0);
}

static void make(void)
{
	world_make();
	start();
	start_synic();
	ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
}

static void destroy(void)
{
	world_destroy();
	free(snapshot);
	snapshot = NULL;
}

static volatile struct hv_slot *slot(void)
{
	return &((struct hv_sim_page *)memory_of_guest(SIM_AT))->slot[SINT];
}

/* As the guest would: empty the slot, and say so. Return the message's type. */
static uint32_t take(void)
{
	uint32_t type = slot()->message_type;

	slot()->message_type = HV_MESSAGE_TYPE_NONE;
	write_msr(1, HV_MSR_EOM, 0);
	return type;
}

static uint64_t interrupts(void)
{
	int fd = world.guest->vcpus[1].sint[SINT].raise_fd;
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

START_TEST(what_waited_waits_once_more_and_in_order)
{
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(post(), 0);
	save();
	ck_assert_uint_eq(take(), 1);
	ck_assert_uint_eq(take(), 2);
	ck_assert_uint_eq(post(), 0);

	go_back();
	for (uint32_t type = 1; type <= 4; type++)
		ck_assert_uint_eq(take(), type);
	ck_assert_uint_eq(take(), 0);
	ck_assert_uint_eq(post(), 0);
	ck_assert_uint_eq(take(), 6);
}
END_TEST

START_TEST(nothing_is_lost_or_doubled_if_nothing_happened_in_between)
{
	for (int round = 0; round < 5; round++) {
		ck_assert_uint_eq(post(), 0);
		save();
		go_back();
	}
	for (uint32_t type = 1; type <= 5; type++)
		ck_assert_uint_eq(take(), type);
	ck_assert_uint_eq(take(), 0);
}
END_TEST

START_TEST(one_whose_slot_is_filled_has_an_interrupt)
{
	ck_assert_uint_eq(post(), 0);
	save();
	take();
	interrupts();
	go_back();
	ck_assert_uint_eq(interrupts(), 1);
}
END_TEST

/* The SINT that is unmasked in the snapshot has never been so in this VM. */
START_TEST(a_sint_gets_its_interrupt_after_a_reset_too)
{
	ck_assert_uint_eq(post(), 0);
	save();
	ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), 0);
	ck_assert_int_eq(vmm_guest_pause(world.guest), 0);
	go_back();
	ck_assert_int_ge(world.guest->vcpus[1].sint[SINT].raise_fd, 0);
	ck_assert_uint_eq(interrupts(), 1);
	ck_assert_uint_eq(take(), 1);
}
END_TEST

static void ck_kvm_has(uint32_t msr)
{
	uint64_t value;

	ck_assert_int_eq(hvhost_vp_read_msr(world.guest->vcpus[1].vp, msr,
					    &value), 0);
	ck_assert_uint_eq(fake_kvm_msr(1, msr), value);
}

static const struct {
	uint32_t msr;
	uint64_t then, now;
} registers[] = {
	{ HV_MSR_SCONTROL, 1, 0 },
	{ HV_MSR_SIMP, SIM_AT | 1, OTHER_SIM_AT | 1 },
	{ HV_MSR_SIMP, SIM_AT | 1, 0 },
	{ HV_MSR_SIEFP, 0x500001, 0 },
	{ HV_MSR_SIEFP, 0, 0x500001 },
	{ HV_MSR_SINT0 + SINT, 0x50, 0x60 },
	{ HV_MSR_SINT0 + SINT, 0x50, HV_SINT_MASKED },
	{ HV_MSR_SINT0 + 15, HV_SINT_MASKED, 0x61 },
};

START_TEST(kvm_has_the_registers_of_then)
{
	write_msr(1, registers[_i].msr, registers[_i].then);
	save();
	write_msr(1, registers[_i].msr, registers[_i].now);
	ck_assert_uint_eq(fake_kvm_msr(1, registers[_i].msr),
			  registers[_i].now);
	go_back();
	ck_assert_uint_eq(fake_kvm_msr(1, registers[_i].msr),
			  registers[_i].then);
	ck_kvm_has(registers[_i].msr);
}
END_TEST

START_TEST(kvm_has_the_partitions_registers_of_then)
{
	write_msr(0, HV_MSR_HYPERCALL, 0x600001);
	save();
	write_msr(0, HV_MSR_HYPERCALL, 0x700001);
	write_msr(0, HV_MSR_GUEST_OS_ID, 0);
	go_back();
	ck_assert_uint_eq(fake_kvm_msr(0, HV_MSR_GUEST_OS_ID),
			  HV_GUEST_OS_ID_OPEN_SOURCE);
	ck_assert_uint_eq(fake_kvm_msr(0, HV_MSR_HYPERCALL), 0x600001);
}
END_TEST

START_TEST(overlays_cover_what_they_covered_then)
{
	ck_assert_uint_eq(post(), 0);
	save();
	write_msr(1, HV_MSR_SIMP, OTHER_SIM_AT | 1);
	write_msr(1, HV_MSR_SIEFP, 0x500001);
	go_back();
	ck_assert_uint_eq(slot()->message_type, 1);
	ck_assert_uint_eq(world.guest->memory.placed[2], SIM_AT);
	ck_assert_uint_eq(world.guest->memory.placed[3], HVHOST_NO_GPA);
}
END_TEST

START_TEST(the_test_device_works_on)
{
	const uint32_t make_echo = 0x10040100 | SINT;
	const uint32_t end_echo = 0x10050000;

	ck_assert(testdev_command(world.guest->testdev, make_echo));
	save();
	ck_assert(testdev_command(world.guest->testdev, end_echo));
	go_back();
	ck_assert_msg(!testdev_command(world.guest->testdev, make_echo),
		      "its connection is not there again");
	ck_assert(testdev_command(world.guest->testdev, end_echo));
	ck_assert(testdev_command(world.guest->testdev, make_echo));
}
END_TEST

START_TEST(without_a_machine_all_is_as_before)
{
	ck_assert_uint_eq(post(), 0);
	ck_assert_uint_eq(post(), 0);
	ck_assert_int_eq(vmm_guest_begin_move(world.guest), 0);
	memset(world.guest->memory.pages, 0xff, 4 * 4096);
	ck_assert_int_eq(vmm_guest_end_move(world.guest, NULL, NULL), 0);
	ck_assert_uint_eq(take(), 1);
	ck_assert_uint_eq(take(), 2);
	interrupts();
	ck_assert_uint_eq(post(), 0);
	ck_assert_uint_eq(interrupts(), 1);
}
END_TEST

START_TEST(it_goes_on_and_may_be_reset)
{
	save();
	go_back();
	vmm_guest_resume(world.guest);
	await_rounds();
	ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), 0);
	await_rounds();
	start_synic();
	ck_assert_uint_eq(post(), 0);
	ck_assert_uint_eq(slot()->message_type, 1);
}
END_TEST

static const uint32_t refused[] = {
	HV_MSR_SCONTROL, HV_MSR_SIMP, HV_MSR_SIEFP, HV_MSR_SINT0 + SINT,
	HV_MSR_GUEST_OS_ID,
};

START_TEST(one_whose_registers_kvm_refuses_is_torn_and_stays_paused)
{
	char number[16];

	save();
	fake_kvm_refuse_msr(refused[_i]);
	ck_assert_int_eq(try_to_go_back(), -EIO);
	snprintf(number, sizeof(number), "MSR 0x%x", refused[_i]);
	ck_assert_msg(strstr(world.error, number), "%s", world.error);
	ck_assert(vmm_guest_is_torn(world.guest));
	ck_assert(vmm_guest_is_paused(world.guest));
	ck_assert_int_eq(vmm_guest_end(world.guest), VMM_RUNNING);

	fake_kvm_refuse_msr(0);
	go_back();
	ck_assert(!vmm_guest_is_torn(world.guest));
}
END_TEST

START_TEST(one_that_is_torn_is_whole_after_a_reset)
{
	save();
	fake_kvm_refuse_msr(HV_MSR_SIMP);
	ck_assert_int_eq(try_to_go_back(), -EIO);
	fake_kvm_refuse_msr(0);
	ck_assert_int_eq(vmm_guest_reset(world.guest, world.error), 0);
	ck_assert(!vmm_guest_is_torn(world.guest));
	ck_assert(vmm_guest_is_paused(world.guest));
}
END_TEST

Suite *restore_suite(void)
{
	Suite *suite = suite_create("restore");
	TCase *tests = tcase_create("restore");

	/* vCPUs never rest, which takes long where others want the processor. */
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, make, destroy);
	tcase_add_test(tests, what_waited_waits_once_more_and_in_order);
	tcase_add_test(tests,
		       nothing_is_lost_or_doubled_if_nothing_happened_in_between);
	tcase_add_test(tests, one_whose_slot_is_filled_has_an_interrupt);
	tcase_add_test(tests, a_sint_gets_its_interrupt_after_a_reset_too);
	tcase_add_loop_test(tests, kvm_has_the_registers_of_then, 0,
			    ROWS(registers));
	tcase_add_test(tests, kvm_has_the_partitions_registers_of_then);
	tcase_add_test(tests, overlays_cover_what_they_covered_then);
	tcase_add_test(tests, the_test_device_works_on);
	tcase_add_test(tests, without_a_machine_all_is_as_before);
	tcase_add_test(tests, it_goes_on_and_may_be_reset);
	tcase_add_loop_test(tests,
			    one_whose_registers_kvm_refuses_is_torn_and_stays_paused,
			    0, ROWS(refused));
	tcase_add_test(tests, one_that_is_torn_is_whole_after_a_reset);
	suite_add_tcase(suite, tests);
	return suite;
}
