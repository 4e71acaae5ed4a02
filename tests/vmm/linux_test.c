// SPDX-License-Identifier: MIT
/* bzImage files: one that is right, and each way to be wrong. */
#include <asm/bootparam.h>
#include <errno.h>
#include <string.h>

#include "lib/vmm/boot.h"
#include "suites.h"

#define MEMORY_SIZE	(64ull << 20)
#define SETUP_SIZE	(5u * 512u)	/* 4 sectors and the first */
#define CODE_SIZE	8192u
#define LOAD_AT		0x1000000u
#define INIT_SIZE	0x800000u
#define HEADER_AT	0x1f1u

static struct memory memory;
static uint8_t file[SETUP_SIZE + CODE_SIZE];
static uint8_t initrd_bytes[5000];
static struct image kernel, initrd;
static struct setup_header header;
static const char *command_line;
static struct entry entry;
static char error[VMM_ERROR_SIZE];

static void make(void)
{
	ck_assert_int_eq(memory_init(&memory, MEMORY_SIZE, 1), 0);
	memset(file, 0x90, sizeof(file));
	memset(initrd_bytes, 0x77, sizeof(initrd_bytes));
	kernel = (struct image){ "bzImage", file, sizeof(file) };
	initrd = (struct image){ "initrd", NULL, 0 };
	header = (struct setup_header){
		.setup_sects = 4, .boot_flag = 0xaa55,
		/* Two bytes of a jump behind the header's end */
		.jump = (uint16_t)((HEADER_AT + sizeof(header) - 0x202) << 8 |
				   0xeb),
		.header = 0x53726448, .version = 0x020f,
		.syssize = CODE_SIZE / 16,
		.loadflags = LOADED_HIGH, .xloadflags = XLF_KERNEL_64,
		.initrd_addr_max = 0x7fffffff, .cmdline_size = 2047,
		.pref_address = LOAD_AT, .init_size = INIT_SIZE,
		.relocatable_kernel = 1, .kernel_alignment = 0x200000,
	};
	command_line = "console=ttyS0";
}

static void destroy(void)
{
	memory_destroy(&memory);
}

static int load(void)
{
	const struct boot_payload payload = {
		.kernel = &kernel, .initrd = &initrd,
		.command_line = command_line,
	};

	memcpy(file + HEADER_AT, &header, sizeof(header));
	return linux_load(&memory, &payload, &entry, error);
}

static const struct boot_params *zero_page(void)
{
	return memory_at(&memory, BOOT_INFO, sizeof(struct boot_params));
}

static void assert_refused(const char *words)
{
	ck_assert_int_eq(load(), -EINVAL);
	ck_assert_msg(strstr(error, words), "'%s' does not say '%s'", error,
		      words);
}

START_TEST(a_kernel_is_loaded_and_entered_in_long_mode)
{
	ck_assert_int_eq(load(), 0);
	ck_assert_mem_eq(memory_at(&memory, LOAD_AT, CODE_SIZE),
			 file + SETUP_SIZE, CODE_SIZE);
	ck_assert_uint_eq(entry.rip, LOAD_AT + 0x200);
	ck_assert_uint_eq(entry.rsi, BOOT_INFO);
	ck_assert_uint_eq(entry.cr3, BOOT_PAGE_TABLES);
	ck_assert(entry.long_mode);
	ck_assert_uint_eq(zero_page()->hdr.type_of_loader, 0xff);
	ck_assert_uint_eq(zero_page()->hdr.cmd_line_ptr, BOOT_COMMAND_LINE);
	ck_assert_uint_eq(zero_page()->acpi_rsdp_addr, BOOT_ACPI);
	ck_assert_uint_eq(zero_page()->hdr.ramdisk_size, 0);
	ck_assert_str_eq(memory_at(&memory, BOOT_COMMAND_LINE, 14),
			 command_line);
}
END_TEST

START_TEST(page_tables_map_four_gib_to_themselves)
{
	const uint64_t *table;

	ck_assert_int_eq(load(), 0);
	table = memory_at(&memory, BOOT_PAGE_TABLES, 6 * HV_PAGE_SIZE);
	ck_assert_uint_eq(table[0], (BOOT_PAGE_TABLES + 0x1000) | 3);
	ck_assert_uint_eq(table[512 + 3], (BOOT_PAGE_TABLES + 0x5000) | 3);
	ck_assert_uint_eq(table[512 + 4], 0);
	ck_assert_uint_eq(table[1024], 0x83);
	ck_assert_uint_eq(table[1024 + 2047], 0xffe00083);
}
END_TEST

START_TEST(the_memory_map_leaves_out_what_is_not_the_guests)
{
	const struct boot_params *params = zero_page();

	ck_assert_int_eq(load(), 0);
	ck_assert_uint_eq(params->e820_entries, 4);
	for (int i = 0; i < params->e820_entries; i++) {
		const struct boot_e820_entry *range = &params->e820_table[i];

		if (range->type == 1)
			ck_assert(memory_at(&memory, range->addr, range->size));
		if (i)
			ck_assert_uint_ge(range->addr, range[-1].addr +
						       range[-1].size);
	}
	ck_assert_uint_eq(params->e820_table[2].addr, BOOT_ACPI);
	ck_assert_uint_eq(params->e820_table[2].type, 2);
	ck_assert_uint_eq(params->e820_table[3].addr +
			  params->e820_table[3].size, MEMORY_SIZE);
}
END_TEST

START_TEST(an_initrd_lies_at_the_end_of_memory)
{
	initrd = (struct image){ "initrd", initrd_bytes, sizeof(initrd_bytes) };
	ck_assert_int_eq(load(), 0);
	ck_assert_uint_eq(zero_page()->hdr.ramdisk_image, MEMORY_SIZE - 8192);
	ck_assert_uint_eq(zero_page()->hdr.ramdisk_size, sizeof(initrd_bytes));
	ck_assert_mem_eq(memory_at(&memory, MEMORY_SIZE - 8192,
				   sizeof(initrd_bytes)), initrd_bytes,
			 sizeof(initrd_bytes));
}
END_TEST

START_TEST(an_initrd_lies_no_higher_than_the_kernel_reads)
{
	initrd = (struct image){ "initrd", initrd_bytes, sizeof(initrd_bytes) };
	header.initrd_addr_max = 0x2000fff;
	ck_assert_int_eq(load(), 0);
	ck_assert_uint_eq(zero_page()->hdr.ramdisk_image, 0x2001000 - 8192);
}
END_TEST

START_TEST(an_initrd_that_would_touch_the_kernel_is_refused)
{
	initrd = (struct image){ "initrd", initrd_bytes, sizeof(initrd_bytes) };
	header.initrd_addr_max = LOAD_AT + INIT_SIZE + 4998;
	assert_refused("initrd: its 5000 bytes do not fit");
	header.initrd_addr_max = LOAD_AT + INIT_SIZE + 4999;
	ck_assert_int_eq(load(), 0);
	header.initrd_addr_max = 100;
	assert_refused("do not fit");
}
END_TEST

START_TEST(a_file_that_is_too_short_for_a_header_is_refused)
{
	kernel.size = HEADER_AT + sizeof(header) - 1;
	assert_refused("neither a bzImage");
}
END_TEST

START_TEST(a_file_without_boot_flag_is_refused)
{
	header.boot_flag = 0xaa54;
	assert_refused("neither a bzImage");
}
END_TEST

START_TEST(a_file_without_magic_is_refused)
{
	header.header++;
	assert_refused("neither a bzImage");
}
END_TEST

START_TEST(an_old_boot_protocol_is_refused)
{
	header.version = 0x020b;
	assert_refused("older than");
}
END_TEST

START_TEST(a_zimage_is_refused)
{
	header.loadflags = 0;
	assert_refused("zImage");
}
END_TEST

START_TEST(a_32_bit_kernel_is_refused)
{
	header.xloadflags = 0;
	assert_refused("32-bit");
}
END_TEST

START_TEST(a_header_that_ends_too_early_is_refused)
{
	header.jump = 0x20eb;
	assert_refused("too short");
}
END_TEST

START_TEST(a_file_without_its_code_is_refused)
{
	kernel.size = SETUP_SIZE + CODE_SIZE - 1;
	assert_refused("truncated");
	header.syssize = 0;
	kernel.size = SETUP_SIZE + 0x200;
	assert_refused("truncated");
	header.setup_sects = 255;
	assert_refused("truncated");
	header.syssize = UINT32_MAX;
	header.setup_sects = 4;
	kernel.size = sizeof(file);
	assert_refused("truncated");
}
END_TEST

START_TEST(no_setup_sectors_means_four)
{
	header.setup_sects = 0;
	ck_assert_int_eq(load(), 0);
}
END_TEST

static const uint64_t bad_addresses[] = {
	MEMORY_SIZE - 4096, MEMORY_SIZE, 0xfee00000, 1ull << 32, 1ull << 63,
	UINT64_MAX, UINT64_MAX - 100,
};

START_TEST(an_address_outside_memory_is_refused)
{
	header.pref_address = bad_addresses[_i];
	assert_refused("give the guest more");
}
END_TEST

START_TEST(an_address_below_1_mib_is_refused)
{
	header.pref_address = BOOT_HIGH - 1;
	assert_refused("below 1 MiB");
}
END_TEST

START_TEST(a_kernel_that_needs_more_memory_is_refused)
{
	header.init_size = UINT32_MAX;
	assert_refused("give the guest more");
	header.init_size = (uint32_t)(MEMORY_SIZE - LOAD_AT);
	ck_assert_int_eq(load(), 0);
	header.init_size++;
	assert_refused("give the guest more");
}
END_TEST

START_TEST(a_command_line_that_the_kernel_would_cut_is_refused)
{
	header.cmdline_size = (uint32_t)strlen(command_line);
	ck_assert_int_eq(load(), 0);
	header.cmdline_size--;
	assert_refused("command line");
}
END_TEST

Suite *linux_suite(void)
{
	Suite *suite = suite_create("linux");
	TCase *tests = tcase_create("linux");

	tcase_add_checked_fixture(tests, make, destroy);
	tcase_add_test(tests, a_kernel_is_loaded_and_entered_in_long_mode);
	tcase_add_test(tests, page_tables_map_four_gib_to_themselves);
	tcase_add_test(tests, the_memory_map_leaves_out_what_is_not_the_guests);
	tcase_add_test(tests, an_initrd_lies_at_the_end_of_memory);
	tcase_add_test(tests, an_initrd_lies_no_higher_than_the_kernel_reads);
	tcase_add_test(tests, an_initrd_that_would_touch_the_kernel_is_refused);
	tcase_add_test(tests,
		       a_file_that_is_too_short_for_a_header_is_refused);
	tcase_add_test(tests, a_file_without_boot_flag_is_refused);
	tcase_add_test(tests, a_file_without_magic_is_refused);
	tcase_add_test(tests, an_old_boot_protocol_is_refused);
	tcase_add_test(tests, a_zimage_is_refused);
	tcase_add_test(tests, a_32_bit_kernel_is_refused);
	tcase_add_test(tests, a_header_that_ends_too_early_is_refused);
	tcase_add_test(tests, a_file_without_its_code_is_refused);
	tcase_add_test(tests, no_setup_sectors_means_four);
	tcase_add_loop_test(tests, an_address_outside_memory_is_refused, 0,
			    ROWS(bad_addresses));
	tcase_add_test(tests, an_address_below_1_mib_is_refused);
	tcase_add_test(tests, a_kernel_that_needs_more_memory_is_refused);
	tcase_add_test(tests,
		       a_command_line_that_the_kernel_would_cut_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
