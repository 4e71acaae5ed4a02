// SPDX-License-Identifier: MIT
/* What guests are told, out of what a KVM might say that it supports. */
#include <errno.h>
#include <linux/kvm_para.h>
#include <string.h>

#include "lib/vmm/cpuid.h"
#include "suites.h"

#define PRIVILEGES VMM_PRIVILEGES_DEFAULT

static struct cpuid supported, hv, cpuid;
static struct cpuid_wish wish;

static void put(struct cpuid *table, uint32_t function, uint32_t index,
		uint32_t value)
{
	table->entry[table->count++] = (struct kvm_cpuid_entry2){
		.function = function, .index = index,
		.eax = value, .ebx = value, .ecx = value, .edx = value,
	};
}

static void make(void)
{
	memset(&supported, 0, sizeof(supported));
	memset(&hv, 0, sizeof(hv));
	put(&supported, 0x0, 0, 0xd);
	put(&supported, 0x1, 0, 0x7fffffff & ~(1u << 24));
	put(&supported, 0x4, 0, UINT32_MAX);
	put(&supported, 0xb, 0, 77);
	put(&supported, 0xb, 1, 78);
	put(&supported, KVM_CPUID_SIGNATURE, 0, 0x4b4d564b);
	put(&supported, KVM_CPUID_FEATURES, 0, UINT32_MAX);
	put(&supported, 0x80000001, 0, UINT32_MAX);
	put(&supported, 0x80000008, 0, UINT32_MAX);
	put(&supported, 0x8000001e, 0, UINT32_MAX);
	put(&hv, 0x40000000, 0, 0x40000082);
	put(&hv, 0x40000002, 0, 2222);
	put(&hv, 0x40000003, 0, UINT32_MAX);
	put(&hv, 0x40000004, 0, UINT32_MAX);
	put(&hv, 0x40000005, 0, 5555);
	wish = (struct cpuid_wish){
		.vp_index = 5, .privileges = PRIVILEGES, .tsc_deadline = true,
	};
}

static const struct kvm_cpuid_entry2 *leaf(uint32_t function)
{
	const struct kvm_cpuid_entry2 *found = NULL;

	for (uint32_t i = 0; i < cpuid.count; i++)
		if (cpuid.entry[i].function == function &&
		    !cpuid.entry[i].index) {
			ck_assert_msg(!found, "leaf %x is there twice",
				      function);
			found = &cpuid.entry[i];
		}
	return found;
}

static void build(void)
{
	ck_assert_int_eq(cpuid_build(&supported, &hv, &wish, &cpuid), 0);
}

START_TEST(leaf_3_is_exactly_the_partitions_privileges)
{
	build();
	ck_assert_uint_eq(leaf(0x40000003)->eax, (uint32_t)PRIVILEGES);
	ck_assert_uint_eq(leaf(0x40000003)->ebx, PRIVILEGES >> 32);
	wish.privileges = HV_ACCESS_HYPERCALL_MSRS;
	build();
	ck_assert_uint_eq(leaf(0x40000003)->eax, HV_ACCESS_HYPERCALL_MSRS);
	ck_assert_uint_eq(leaf(0x40000003)->ebx, 0);
}
END_TEST

START_TEST(the_interface_is_hyper_vs)
{
	build();
	ck_assert_uint_eq(leaf(0x40000000)->eax, 0x40000005);
	ck_assert_mem_eq(&leaf(0x40000000)->ebx, "Microsoft Hv", 12);
	ck_assert_uint_eq(leaf(0x40000001)->eax, HV_CPUID_INTERFACE_HV1);
	ck_assert_uint_eq(leaf(0x40000002)->eax, 2222);
	ck_assert_uint_eq(leaf(0x40000005)->ebx, 5555);
	ck_assert(leaf(0x40000004)->eax & HV_RECOMMEND_NO_AUTO_EOI);
	ck_assert_uint_eq(leaf(0x1)->ecx >> 31, 1);
}
END_TEST

START_TEST(without_kvms_leaves_none_of_them_is_there)
{
	build();
	ck_assert_ptr_null(leaf(0x40000100));
	ck_assert_ptr_null(leaf(0x40000101));
}
END_TEST

START_TEST(kvms_leaves_move_behind_and_lose_what_is_a_hypercall)
{
	const uint32_t calls = 1u << KVM_FEATURE_PV_UNHALT |
			       1u << KVM_FEATURE_PV_TLB_FLUSH |
			       1u << KVM_FEATURE_PV_SEND_IPI |
			       1u << KVM_FEATURE_PV_SCHED_YIELD;

	wish.cpuid = VMM_CPUID_KVM;
	build();
	ck_assert_uint_eq(leaf(0x40000100)->eax, 0x40000101);
	ck_assert_uint_eq(leaf(0x40000100)->ebx, 0x4b4d564b);
	ck_assert_uint_eq(leaf(0x40000101)->eax & calls, 0);
	ck_assert_uint_ne(leaf(0x40000101)->eax &
			  1u << KVM_FEATURE_CLOCKSOURCE2, 0);
	ck_assert_mem_eq(&leaf(0x40000000)->ebx, "Microsoft Hv", 12);
}
END_TEST

START_TEST(each_vp_is_a_package_of_one_thread)
{
	build();
	ck_assert_uint_eq(leaf(0x1)->ebx >> 24, 5);
	ck_assert_uint_eq(leaf(0x1)->ebx >> 16 & 0xff, 1);
	ck_assert_uint_eq(leaf(0x1)->edx >> 28 & 1, 0);
	ck_assert_uint_eq(leaf(0x4)->eax >> 14, 0);
	ck_assert_uint_eq(leaf(0xb)->eax, 0);
	ck_assert_uint_eq(leaf(0xb)->ebx, 1);
	ck_assert_uint_eq(leaf(0xb)->edx, 5);
	ck_assert_uint_eq(leaf(0x80000008)->ecx, 0);
	ck_assert_ptr_null(leaf(0x8000001e));
}
END_TEST

START_TEST(the_deadline_timer_is_there_if_kvm_has_it)
{
	build();
	ck_assert_uint_eq(leaf(0x1)->ecx >> 24 & 1, 1);
	wish.tsc_deadline = false;
	build();
	ck_assert_uint_eq(leaf(0x1)->ecx >> 24 & 1, 0);
}
END_TEST

START_TEST(privileges_that_kvm_lacks_are_named)
{
	hv.entry[2].eax = HV_ACCESS_HYPERCALL_MSRS;
	ck_assert_uint_eq(cpuid_missing_privileges(&hv, PRIVILEGES),
			  (uint32_t)PRIVILEGES & ~HV_ACCESS_HYPERCALL_MSRS);
	hv.entry[2].eax = UINT32_MAX;
	ck_assert_uint_eq(cpuid_missing_privileges(&hv, PRIVILEGES), 0);
	ck_assert_uint_eq(cpuid_missing_privileges(&hv, UINT64_MAX),
			  HV_ACCESS_SYNTHETIC_TIMERS);
}
END_TEST

START_TEST(more_leaves_than_kvm_takes_are_an_error)
{
	while (supported.count < CPUID_ENTRIES_MAX)
		put(&supported, 0x2, supported.count, 0);
	ck_assert_int_eq(cpuid_build(&supported, &hv, &wish, &cpuid), -E2BIG);
}
END_TEST

Suite *cpuid_suite(void)
{
	Suite *suite = suite_create("cpuid");
	TCase *tests = tcase_create("cpuid");

	tcase_add_checked_fixture(tests, make, NULL);
	tcase_add_test(tests, leaf_3_is_exactly_the_partitions_privileges);
	tcase_add_test(tests, the_interface_is_hyper_vs);
	tcase_add_test(tests, without_kvms_leaves_none_of_them_is_there);
	tcase_add_test(tests,
		       kvms_leaves_move_behind_and_lose_what_is_a_hypercall);
	tcase_add_test(tests, each_vp_is_a_package_of_one_thread);
	tcase_add_test(tests, the_deadline_timer_is_there_if_kvm_has_it);
	tcase_add_test(tests, privileges_that_kvm_lacks_are_named);
	tcase_add_test(tests, more_leaves_than_kvm_takes_are_an_error);
	suite_add_tcase(suite, tests);
	return suite;
}
