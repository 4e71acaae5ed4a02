// SPDX-License-Identifier: MIT
/* MSRs: reset values, what faults, and what placing a page tells the user. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"
#include "world.h"

static struct hvhost_vp *fresh;

static void set_up(void)
{
	world_setup();
	fresh = guest_add_vp(&world.receiver, 2);
}

static uint64_t get(uint32_t msr)
{
	return guest_read_msr(&world.receiver, 2, msr);
}

static int put(uint32_t msr, uint64_t value)
{
	return hvhost_vp_write_msr(fresh, msr, value);
}

static void assert_synic_is_as_after_reset(void)
{
	static const struct hv_sim_page no_messages;
	static const struct hv_sief_page no_flags;

	ck_assert_uint_eq(get(HV_MSR_SCONTROL), 0);
	ck_assert_uint_eq(get(HV_MSR_SIMP), 0);
	ck_assert_uint_eq(get(HV_MSR_SIEFP), 0);
	ck_assert_uint_eq(get(HV_MSR_SVERSION), 1);
	ck_assert_uint_eq(get(HV_MSR_EOM), 0);
	for (uint32_t sint = 0; sint < HV_SINT_COUNT; sint++)
		ck_assert_uint_eq(get(HV_MSR_SINT0 + sint), 0x10000);
	ck_assert_mem_eq(hvhost_vp_sim(fresh), &no_messages,
			 sizeof(no_messages));
	ck_assert_mem_eq(hvhost_vp_sief(fresh), &no_flags, sizeof(no_flags));
}

START_TEST(new_vp_has_the_reset_values)
{
	assert_synic_is_as_after_reset();
	ck_assert_uint_eq(get(HV_MSR_VP_INDEX), 2);
}
END_TEST

START_TEST(reset_brings_the_reset_values_back)
{
	guest_start_synic(&world.receiver, 2);
	memset(hvhost_vp_sim(fresh), 0xa5, HV_PAGE_SIZE);
	memset(hvhost_vp_sief(fresh), 0xa5, HV_PAGE_SIZE);
	hvhost_vp_reset(fresh);
	assert_synic_is_as_after_reset();
}
END_TEST

START_TEST(machine_may_start_with_scontrol_on)
{
	struct hvhost_machine_config config = {
		.flags = HVHOST_MACHINE_SCONTROL_ON,
	};
	struct hvhost_partition_config guest = guest_config(&world.receiver);
	struct hvhost_partition *partition;
	struct hvhost_machine *machine;
	struct hvhost_vp *vp;
	uint64_t value;

	ck_assert_int_eq(hvhost_machine_new(&config, &machine), 0);
	ck_assert_uint_eq(hvhost_machine_flags(machine), config.flags);
	ck_assert_int_eq(hvhost_partition_new(machine, &guest, &partition), 0);
	ck_assert_int_eq(hvhost_vp_new(partition, 0, NULL, NULL, &vp), 0);
	ck_assert_int_eq(hvhost_vp_read_msr(vp, HV_MSR_SCONTROL, &value), 0);
	ck_assert_uint_eq(value, HV_SCONTROL_ENABLE);
	ck_assert_int_eq(hvhost_vp_write_msr(vp, HV_MSR_SCONTROL, 0), 0);
	hvhost_vp_reset(vp);
	ck_assert_int_eq(hvhost_vp_read_msr(vp, HV_MSR_SCONTROL, &value), 0);
	ck_assert_uint_eq(value, HV_SCONTROL_ENABLE);
	hvhost_machine_free(machine);
}
END_TEST

/* Neither ours nor next to ours. */
static const uint32_t foreign[] = {
	0, 0x3fffffff, 0x40000003, 0x40000070, 0x4000007f, 0x40000085,
	0x4000008f, 0x400000a0, 0x400000b0, 0xffffffff,
};

START_TEST(foreign_msr_faults)
{
	uint64_t value = 1;

	ck_assert_int_eq(hvhost_vp_read_msr(fresh, foreign[_i], &value), -EPERM);
	ck_assert_uint_eq(value, 0);
	ck_assert_int_eq(put(foreign[_i], 0), -EPERM);
}
END_TEST

static const struct {
	uint32_t msr;
	uint64_t privilege;
	uint64_t value;
	int write;
} guarded[] = {
	{ HV_MSR_GUEST_OS_ID, HV_ACCESS_HYPERCALL_MSRS, 1, 0 },
	{ HV_MSR_HYPERCALL, HV_ACCESS_HYPERCALL_MSRS, 0, 0 },
	{ HV_MSR_VP_INDEX, HV_ACCESS_VP_INDEX, 0, -EPERM },
	{ HV_MSR_SCONTROL, HV_ACCESS_SYNIC_REGS, 1, 0 },
	{ HV_MSR_SVERSION, HV_ACCESS_SYNIC_REGS, 1, -EPERM },
	{ HV_MSR_SIEFP, HV_ACCESS_SYNIC_REGS, 0, 0 },
	{ HV_MSR_SIMP, HV_ACCESS_SYNIC_REGS, 0, 0 },
	{ HV_MSR_EOM, HV_ACCESS_SYNIC_REGS, 0, 0 },
	{ HV_MSR_SINT0, HV_ACCESS_SYNIC_REGS, 0x10000, 0 },
	{ HV_MSR_SINT0 + 15, HV_ACCESS_SYNIC_REGS, 0x10000, 0 },
};

static void access_guarded(int row, uint64_t privileges, int read, int write)
{
	struct hvhost_partition_config config = guest_config(&world.receiver);
	struct hvhost_partition *partition;
	struct hvhost_vp *vp;
	uint64_t value;

	config.privileges = privileges;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &partition), 0);
	ck_assert_int_eq(hvhost_vp_new(partition, 0, NULL, NULL, &vp), 0);
	ck_assert_int_eq(hvhost_vp_read_msr(vp, guarded[row].msr, &value),
			 read);
	ck_assert_int_eq(hvhost_vp_write_msr(vp, guarded[row].msr,
					     guarded[row].value), write);
}

START_TEST(msr_faults_without_its_privilege)
{
	access_guarded(_i, ~guarded[_i].privilege, -EPERM, -EPERM);
}
END_TEST

START_TEST(msr_needs_no_other_privilege)
{
	access_guarded(_i, guarded[_i].privilege, 0, guarded[_i].write);
}
END_TEST

START_TEST(unmasked_sint_needs_a_vector_of_at_least_16)
{
	ck_assert_int_eq(put(HV_MSR_SINT0 + 1, 15), -EPERM);
	ck_assert_int_eq(put(HV_MSR_SINT0 + 1, HV_SINT_POLLING), -EPERM);
	ck_assert_uint_eq(get(HV_MSR_SINT0 + 1), HV_SINT_RESET);
	ck_assert_int_eq(put(HV_MSR_SINT0 + 1, 16), 0);
	ck_assert_uint_eq(get(HV_MSR_SINT0 + 1), 16);
	ck_assert_int_eq(put(HV_MSR_SINT0 + 1, 255), 0);
}
END_TEST

START_TEST(masked_sint_takes_any_vector)
{
	ck_assert_int_eq(put(HV_MSR_SINT0 + 1, HV_SINT_MASKED | 3), 0);
	ck_assert_uint_eq(get(HV_MSR_SINT0 + 1), HV_SINT_MASKED | 3);
}
END_TEST

START_TEST(reserved_bits_are_kept)
{
	ck_assert_int_eq(put(HV_MSR_SINT0 + 5, 0xffffffffff000030), 0);
	ck_assert_uint_eq(get(HV_MSR_SINT0 + 5), 0xffffffffff000030);
	ck_assert_int_eq(put(HV_MSR_SCONTROL, 0xff00), 0);
	ck_assert_uint_eq(get(HV_MSR_SCONTROL), 0xff00);
	ck_assert_int_eq(put(HV_MSR_SIMP, SIM_GPA(2) | 0xffe), 0);
	ck_assert_uint_eq(get(HV_MSR_SIMP), SIM_GPA(2) | 0xffe);
	ck_assert_uint_eq(vp_state(2).sim_on, 0);
}
END_TEST

static const struct {
	uint32_t msr;
	uint32_t other;
} pages[] = {
	{ HV_MSR_SIMP, HV_MSR_SIEFP },
	{ HV_MSR_SIEFP, HV_MSR_SIMP },
};

static void *page_of(uint32_t msr)
{
	return msr == HV_MSR_SIMP ? (void *)hvhost_vp_sim(fresh) :
				    (void *)hvhost_vp_sief(fresh);
}

START_TEST(page_past_the_end_of_memory_faults)
{
	uint32_t msr = pages[_i].msr;

	ck_assert_int_eq(put(msr, WORLD_MEMORY_SIZE | HV_PAGE_ENABLE), -EPERM);
	ck_assert_int_eq(put(msr, HV_PAGE_ADDRESS_MASK | HV_PAGE_ENABLE),
			 -EPERM);
	ck_assert_uint_eq(get(msr), 0);
	ck_assert_uint_eq(world.receiver.overlay.vp_index, 1);
	ck_assert_int_eq(put(msr, (WORLD_MEMORY_SIZE - HV_PAGE_SIZE) |
				  HV_PAGE_ENABLE), 0);
}
END_TEST

START_TEST(page_that_memory_ends_in_faults)
{
	struct hvhost_partition_config config = guest_config(&world.receiver);
	struct hvhost_partition *partition;
	struct hvhost_vp *vp;

	config.gpa_size = 0x4000 - 8;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &partition), 0);
	ck_assert_int_eq(hvhost_vp_new(partition, 0, NULL, NULL, &vp), 0);
	ck_assert_int_eq(hvhost_vp_write_msr(vp, pages[_i].msr, 0x3000 |
					     HV_PAGE_ENABLE), -EPERM);
	ck_assert_int_eq(hvhost_vp_write_msr(vp, pages[_i].msr, 0x2000 |
					     HV_PAGE_ENABLE), 0);
}
END_TEST

START_TEST(disabled_page_may_be_anywhere)
{
	ck_assert_int_eq(put(pages[_i].msr, HV_PAGE_ADDRESS_MASK), 0);
	ck_assert_uint_eq(get(pages[_i].msr), HV_PAGE_ADDRESS_MASK);
}
END_TEST

START_TEST(user_learns_where_a_page_lies)
{
	const struct overlay *overlay = &world.receiver.overlay;

	ck_assert_int_eq(put(pages[_i].msr, 0x3000 | HV_PAGE_ENABLE), 0);
	ck_assert_uint_eq(overlay->vp_index, 2);
	ck_assert_uint_eq(overlay->msr, pages[_i].msr);
	ck_assert_uint_eq(overlay->gpa, 0x3000);
	ck_assert_ptr_eq(overlay->contents, page_of(pages[_i].msr));
	ck_assert_uint_eq(get(pages[_i].other), 0);

	ck_assert_int_eq(put(pages[_i].msr, 0x3000), 0);
	ck_assert_uint_eq(overlay->msr, pages[_i].msr);
	ck_assert_uint_eq(overlay->gpa, HVHOST_NO_GPA);
}
END_TEST

START_TEST(page_keeps_its_contents_when_moved)
{
	uint8_t *page = page_of(pages[_i].msr);

	ck_assert_int_eq(put(pages[_i].msr, 0x3000 | HV_PAGE_ENABLE), 0);
	page[17] = 0x5a;
	ck_assert_int_eq(put(pages[_i].msr, 0x9000 | HV_PAGE_ENABLE), 0);
	ck_assert_uint_eq(page[17], 0x5a);
	ck_assert_ptr_eq(world.receiver.overlay.contents, page);
	ck_assert_uint_eq(world.receiver.overlay.gpa, 0x9000);
}
END_TEST

START_TEST(reset_removes_both_pages)
{
	unsigned int before;

	guest_start_synic(&world.receiver, 2);
	before = world.receiver.overlays;
	hvhost_vp_reset(fresh);
	ck_assert_uint_eq(world.receiver.overlays, before + 2);
	ck_assert_uint_eq(world.receiver.overlay.gpa, HVHOST_NO_GPA);
}
END_TEST

/* GUEST_OS_ID and HYPERCALL are the partition's. The sender has set its id. */

START_TEST(guest_os_id_is_one_for_all_vps)
{
	guest_add_vp(&world.sender, 1);
	guest_write_msr(&world.sender, 1, HV_MSR_GUEST_OS_ID, 0x1234);
	ck_assert_uint_eq(guest_read_msr(&world.sender, 0, HV_MSR_GUEST_OS_ID),
			  0x1234);
}
END_TEST

START_TEST(hypercall_page_needs_a_guest_os_id)
{
	guest_write_msr(&world.sender, 0, HV_MSR_GUEST_OS_ID, 0);
	guest_write_msr(&world.sender, 0, HV_MSR_HYPERCALL,
			0x3000 | HV_PAGE_ENABLE);
	ck_assert_uint_eq(guest_read_msr(&world.sender, 0, HV_MSR_HYPERCALL),
			  0x3000);
}
END_TEST

START_TEST(hypercall_page_goes_with_the_guest_os_id)
{
	guest_write_msr(&world.sender, 0, HV_MSR_HYPERCALL,
			0x3000 | HV_PAGE_ENABLE);
	ck_assert_uint_eq(guest_read_msr(&world.sender, 0, HV_MSR_HYPERCALL),
			  0x3000 | HV_PAGE_ENABLE);
	guest_write_msr(&world.sender, 0, HV_MSR_GUEST_OS_ID, 0);
	ck_assert_uint_eq(guest_read_msr(&world.sender, 0, HV_MSR_HYPERCALL),
			  0x3000);
}
END_TEST

START_TEST(hypercall_page_past_the_end_of_memory_faults)
{
	ck_assert_int_eq(hvhost_vp_write_msr(world.sender.vp[0],
					     HV_MSR_HYPERCALL,
					     WORLD_MEMORY_SIZE |
					     HV_PAGE_ENABLE), -EPERM);
	ck_assert_uint_eq(guest_read_msr(&world.sender, 0, HV_MSR_HYPERCALL), 0);
}
END_TEST

START_TEST(locked_hypercall_page_stays)
{
	uint64_t locked = 0x3000 | HV_HYPERCALL_LOCKED | HV_PAGE_ENABLE;

	guest_write_msr(&world.sender, 0, HV_MSR_HYPERCALL, locked);
	ck_assert_int_eq(hvhost_vp_write_msr(world.sender.vp[0],
					     HV_MSR_HYPERCALL, 0), -EPERM);
	ck_assert_uint_eq(guest_read_msr(&world.sender, 0, HV_MSR_HYPERCALL),
			  locked);
}
END_TEST

/* The sender has one VP more than those that have said anything. */
START_TEST(a_power_cycle_resets_all_vps_and_what_they_share)
{
	struct hvhost_vp *const *vp = world.sender.vp;
	uint64_t locked = 0x3000 | HV_HYPERCALL_LOCKED | HV_PAGE_ENABLE;

	guest_add_vp(&world.sender, 2);
	for (uint32_t i = 0; i < 3; i += 2)
		guest_start_synic(&world.sender, i);
	guest_write_msr(&world.sender, 0, HV_MSR_HYPERCALL, locked);
	hvhost_vp_sim(vp[2])->slot[3].message_type = 1;

	hvhost_partition_reset(world.sender.partition);
	for (uint32_t i = 0; i < 3; i += 2) {
		ck_assert_uint_eq(guest_read_msr(&world.sender, i,
						 HV_MSR_SCONTROL), 0);
		ck_assert_uint_eq(guest_read_msr(&world.sender, i,
						 HV_MSR_SIMP), 0);
		ck_assert_uint_eq(guest_read_msr(&world.sender, i,
						 HV_MSR_SINT0 + 5), 0x10000);
	}
	ck_assert_uint_eq(hvhost_vp_sim(vp[2])->slot[3].message_type, 0);
	ck_assert_uint_eq(guest_read_msr(&world.sender, 0, HV_MSR_GUEST_OS_ID),
			  0);
	ck_assert_uint_eq(guest_read_msr(&world.sender, 0, HV_MSR_HYPERCALL), 0);
}
END_TEST

START_TEST(inspection_shows_what_is_on_and_masked)
{
	struct hvhost_vp_state state = vp_state(2);

	ck_assert_uint_eq(state.synic_on, 0);
	ck_assert_uint_eq(state.sim_on, 0);
	ck_assert_uint_eq(state.sief_on, 0);
	ck_assert_uint_eq(state.sints_masked, 0xffff);
	guest_start_synic(&world.receiver, 2);
	state = vp_state(2);
	ck_assert_uint_eq(state.synic_on, 1);
	ck_assert_uint_eq(state.sim_on, 1);
	ck_assert_uint_eq(state.sief_on, 1);
	ck_assert_uint_eq(state.sints_masked, 1);
}
END_TEST

Suite *msr_suite(void)
{
	Suite *suite = suite_create("msr");
	TCase *tcase = tcase_create("msr");

	tcase_add_checked_fixture(tcase, set_up, world_teardown);
	tcase_add_test(tcase, new_vp_has_the_reset_values);
	tcase_add_test(tcase, reset_brings_the_reset_values_back);
	tcase_add_test(tcase, machine_may_start_with_scontrol_on);
	tcase_add_loop_test(tcase, foreign_msr_faults, 0, ROWS(foreign));
	tcase_add_loop_test(tcase, msr_faults_without_its_privilege, 0,
			    ROWS(guarded));
	tcase_add_loop_test(tcase, msr_needs_no_other_privilege, 0,
			    ROWS(guarded));
	tcase_add_test(tcase, unmasked_sint_needs_a_vector_of_at_least_16);
	tcase_add_test(tcase, masked_sint_takes_any_vector);
	tcase_add_test(tcase, reserved_bits_are_kept);
	tcase_add_loop_test(tcase, page_past_the_end_of_memory_faults, 0,
			    ROWS(pages));
	tcase_add_loop_test(tcase, page_that_memory_ends_in_faults, 0,
			    ROWS(pages));
	tcase_add_loop_test(tcase, disabled_page_may_be_anywhere, 0,
			    ROWS(pages));
	tcase_add_loop_test(tcase, user_learns_where_a_page_lies, 0,
			    ROWS(pages));
	tcase_add_loop_test(tcase, page_keeps_its_contents_when_moved, 0,
			    ROWS(pages));
	tcase_add_test(tcase, reset_removes_both_pages);
	tcase_add_test(tcase, a_power_cycle_resets_all_vps_and_what_they_share);
	tcase_add_test(tcase, guest_os_id_is_one_for_all_vps);
	tcase_add_test(tcase, hypercall_page_needs_a_guest_os_id);
	tcase_add_test(tcase, hypercall_page_goes_with_the_guest_os_id);
	tcase_add_test(tcase, hypercall_page_past_the_end_of_memory_faults);
	tcase_add_test(tcase, locked_hypercall_page_stays);
	tcase_add_test(tcase, inspection_shows_what_is_on_and_masked);
	suite_add_tcase(suite, tcase);
	return suite;
}
