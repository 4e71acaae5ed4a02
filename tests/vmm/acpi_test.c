// SPDX-License-Identifier: MIT
/* ACPI tables, read as a guest reads them: from the RSDP on. */
#define _GNU_SOURCE /* memmem */
#include <errno.h>
#include <string.h>

#include "lib/vmm/acpi.h"
#include "lib/vmm/boot.h"
#include "lib/vmm/power.h"
#include "suites.h"

#define GPA BOOT_ACPI

static uint8_t area[BOOT_ACPI_SIZE];

static void *at(uint64_t gpa)
{
	ck_assert_uint_ge(gpa, GPA);
	ck_assert_uint_lt(gpa, GPA + sizeof(area));
	return area + (gpa - GPA);
}

static uint64_t word(const void *bytes, size_t offset, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, (const uint8_t *)bytes + offset, size);
	return value;
}

static uint8_t sum(const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	uint8_t total = 0;

	while (size--)
		total = (uint8_t)(total + *byte++);
	return total;
}

static uint8_t *table(uint64_t gpa, const char *signature)
{
	uint8_t *found = at(gpa);

	ck_assert_mem_eq(found, signature, 4);
	ck_assert_uint_eq(sum(found, word(found, 4, 4)), 0);
	ck_assert_uint_eq((gpa % 64), 0);
	return found;
}

static uint8_t *listed(unsigned int i, const char *signature)
{
	uint8_t *rsdt = table(word(area, 16, 4), "RSDT");
	uint8_t *xsdt = table(word(area, 24, 8), "XSDT");

	ck_assert_uint_eq(word(rsdt, 4, 4), 36 + 2 * 4);
	ck_assert_uint_eq(word(xsdt, 4, 4), 36 + 2 * 8);
	ck_assert_uint_eq(word(rsdt, 36 + 4 * i, 4),
			  word(xsdt, 36 + 8 * i, 8));
	return table(word(xsdt, 36 + 8 * i, 8), signature);
}

static void make(void)
{
	memset(area, 0xaa, sizeof(area));
	ck_assert_int_eq(acpi_write(area, sizeof(area), GPA, 3), 0);
}

START_TEST(the_rsdp_comes_first_with_both_its_sums_right)
{
	ck_assert_mem_eq(area, "RSD PTR ", 8);
	ck_assert_uint_eq(sum(area, 20), 0);
	ck_assert_uint_eq(sum(area, 36), 0);
	ck_assert_uint_eq(area[15], 2);
}
END_TEST

START_TEST(the_fadt_names_the_ports_of_power)
{
	uint8_t *fadt = listed(0, "FACP");

	ck_assert_uint_eq(word(fadt, 4, 4), 244);
	ck_assert_uint_eq(word(fadt, 48, 4), 0);	/* no SMI command */
	ck_assert_uint_eq(word(fadt, 56, 4), POWER_EVENT_PORT);
	ck_assert_uint_eq(word(fadt, 64, 4), POWER_CONTROL_PORT);
	ck_assert_uint_eq(word(fadt, 76, 4), POWER_TIMER_PORT);
	ck_assert_uint_eq(word(fadt, 116 + 4, 8), POWER_RESET_PORT);
	ck_assert_uint_eq(fadt[128], POWER_RESET_VALUE);
	ck_assert_uint_eq(word(fadt, 112, 4) >> 10 & 1, 1);
	ck_assert_mem_eq(at(word(fadt, 36, 4)), "FACS", 4);
}
END_TEST

START_TEST(the_dsdt_has_s5_and_a_vmbus_device)
{
	uint8_t *fadt = listed(0, "FACP");
	uint8_t *dsdt = table(word(fadt, 40, 4), "DSDT");
	size_t length = word(dsdt, 4, 4);
	const uint8_t s5[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x08, 0x04, 0x0a,
			       POWER_SLEEP_OFF };

	ck_assert_uint_eq(word(fadt, 140, 8), word(fadt, 40, 4));
	ck_assert_mem_eq(dsdt + 36, s5, sizeof(s5));
	ck_assert(memmem(dsdt, length, "_HID\rVMBUS", 11));
	/* Lengths of the scope and the device end with the table. */
	ck_assert_uint_eq(36 + 14 + 1 + dsdt[36 + 15], length);
	ck_assert_uint_eq(36 + 23 + dsdt[36 + 23], length);
}
END_TEST

START_TEST(the_madt_has_each_vp_once_with_its_index_as_apic_id)
{
	uint8_t *madt = listed(1, "APIC");
	size_t length = word(madt, 4, 4), offset = 44;
	unsigned int types[5] = { 0 };

	ck_assert_uint_eq(word(madt, 36, 4), 0xfee00000);
	for (; offset < length; offset += madt[offset + 1]) {
		ck_assert_uint_lt(madt[offset], 5);
		ck_assert_uint_ge(madt[offset + 1], 2);
		if (madt[offset] == 0) {
			ck_assert_uint_eq(madt[offset + 3], types[0]);
			ck_assert_uint_eq(word(madt, offset + 4, 4), 1);
		}
		types[madt[offset]]++;
	}
	ck_assert_uint_eq(offset, length);
	ck_assert_uint_eq(types[0], 3);
	ck_assert_uint_eq(types[1], 1);
	ck_assert_uint_eq(types[2], 2);
	ck_assert_uint_eq(types[4], 1);
}
END_TEST

START_TEST(tables_for_the_most_vps_fit)
{
	ck_assert_int_eq(acpi_write(area, sizeof(area), GPA, VMM_CPUS_MAX), 0);
	ck_assert_uint_eq(word(listed(1, "APIC"), 4, 4),
			  44 + VMM_CPUS_MAX * 8 + 12 + 2 * 10 + 6);
}
END_TEST

START_TEST(too_little_room_is_an_error_and_nothing_is_written_past_it)
{
	for (size_t size = 0; size < 832; size += 32) {
		memset(area, 0xaa, sizeof(area));
		if (acpi_write(area, size, GPA, 3) == 0) {
			ck_assert_uint_ge(size, 500);
			return;
		}
		for (size_t i = size; i < 1024; i++)
			ck_assert_uint_eq(area[i], 0xaa);
	}
	ck_abort_msg("832 bytes were not enough");
}
END_TEST

Suite *acpi_suite(void)
{
	Suite *suite = suite_create("acpi");
	TCase *tests = tcase_create("acpi");

	tcase_add_checked_fixture(tests, make, NULL);
	tcase_add_test(tests, the_rsdp_comes_first_with_both_its_sums_right);
	tcase_add_test(tests, the_fadt_names_the_ports_of_power);
	tcase_add_test(tests, the_dsdt_has_s5_and_a_vmbus_device);
	tcase_add_test(tests,
		       the_madt_has_each_vp_once_with_its_index_as_apic_id);
	tcase_add_test(tests, tables_for_the_most_vps_fit);
	tcase_add_test(tests,
		       too_little_room_is_an_error_and_nothing_is_written_past_it);
	suite_add_tcase(suite, tests);
	return suite;
}
