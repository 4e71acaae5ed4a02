// SPDX-License-Identifier: MIT
/* Multiboot ELF files: one that is right, and each way to be wrong. */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "lib/vmm/boot.h"
#include "suites.h"

#define MEMORY_SIZE	(16ull << 20)
#define LOAD_AT		0x400000u
#define CODE_AT		0x200u		/* in the file */
#define CODE_SIZE	64u
#define ENTRY		(LOAD_AT + 16)

static struct memory memory;
static struct {
	Elf32_Ehdr elf;
	Elf32_Phdr segment;
	uint32_t pad[8];
	uint32_t magic, flags, checksum;
	uint8_t rest[16384];
} file;
static uint8_t initrd_bytes[5000];
static struct image kernel, initrd;
static struct entry entry;
static char error[VMM_ERROR_SIZE];

static void make(void)
{
	ck_assert_int_eq(memory_init(&memory, MEMORY_SIZE, 1), 0);
	memset(&file, 0, sizeof(file));
	memset((uint8_t *)&file + CODE_AT, 0x55, CODE_SIZE);
	memcpy(file.elf.e_ident, ELFMAG, SELFMAG);
	file.elf.e_ident[EI_CLASS] = ELFCLASS32;
	file.elf.e_ident[EI_DATA] = ELFDATA2LSB;
	file.elf.e_type = ET_EXEC;
	file.elf.e_machine = EM_386;
	file.elf.e_entry = ENTRY;
	file.elf.e_phoff = offsetof(typeof(file), segment);
	file.elf.e_phentsize = sizeof(Elf32_Phdr);
	file.elf.e_phnum = 1;
	file.segment = (Elf32_Phdr){
		.p_type = PT_LOAD, .p_offset = CODE_AT, .p_paddr = LOAD_AT,
		.p_filesz = CODE_SIZE, .p_memsz = 2 * CODE_SIZE,
	};
	file.magic = 0x1badb002;
	file.checksum = 0u - file.magic;
	kernel = (struct image){ "kernel.elf", (uint8_t *)&file, sizeof(file) };
	initrd = (struct image){ "module", NULL, 0 };
}

static void destroy(void)
{
	memory_destroy(&memory);
}

static int load(void)
{
	const struct boot_payload payload = {
		.kernel = &kernel, .initrd = &initrd, .command_line = "a b",
	};

	file.checksum = 0u - file.magic - file.flags;
	return multiboot_load(&memory, &payload, &entry, error);
}

static void assert_refused(const char *words)
{
	ck_assert_int_eq(load(), -EINVAL);
	ck_assert_msg(strstr(error, words), "'%s' does not say '%s'", error,
		      words);
}

START_TEST(a_segment_is_loaded_and_the_rest_of_it_zeroed)
{
	uint8_t *at = memory_at(&memory, LOAD_AT, 3 * CODE_SIZE);

	memset(at, 0xee, 3 * CODE_SIZE);
	ck_assert_int_eq(load(), 0);
	ck_assert_uint_eq(at[CODE_SIZE - 1], 0x55);
	ck_assert_uint_eq(at[CODE_SIZE], 0);
	ck_assert_uint_eq(at[2 * CODE_SIZE - 1], 0);
	ck_assert_uint_eq(at[2 * CODE_SIZE], 0xee);
}
END_TEST

START_TEST(the_kernel_is_entered_as_multiboot_says)
{
	const uint32_t *info;

	ck_assert_int_eq(load(), 0);
	ck_assert_uint_eq(entry.rip, ENTRY);
	ck_assert_uint_eq(entry.eax, 0x2badb002);
	ck_assert_uint_eq(entry.ebx, BOOT_INFO);
	ck_assert(!entry.long_mode);
	info = memory_at(&memory, entry.ebx, 52);
	ck_assert_uint_eq(info[0], 1u << 0 | 1u << 2 | 1u << 6);
	ck_assert_uint_eq(info[2], (MEMORY_SIZE - BOOT_HIGH) / 1024);
	ck_assert_str_eq(memory_at(&memory, info[4], 4), "a b");
	ck_assert_uint_eq(info[11], 4 * 24);
}
END_TEST

START_TEST(an_initrd_is_a_module)
{
	const uint32_t *info, *module;

	initrd = (struct image){ "module", initrd_bytes, sizeof(initrd_bytes) };
	initrd_bytes[4999] = 9;
	ck_assert_int_eq(load(), 0);
	info = memory_at(&memory, BOOT_INFO, 52);
	ck_assert_uint_eq(info[0] >> 3 & 1, 1);
	ck_assert_uint_eq(info[5], 1);
	module = memory_at(&memory, info[6], 16);
	ck_assert_uint_eq(module[1] - module[0], sizeof(initrd_bytes));
	ck_assert_mem_eq(memory_at(&memory, module[0], sizeof(initrd_bytes)),
			 initrd_bytes, sizeof(initrd_bytes));
}
END_TEST

START_TEST(a_module_that_does_not_fit_above_the_kernel_is_refused)
{
	initrd = (struct image){ "module", initrd_bytes, sizeof(initrd_bytes) };
	file.segment.p_memsz = (uint32_t)(MEMORY_SIZE - LOAD_AT - 4096);
	assert_refused("module: its 5000 bytes do not fit");
}
END_TEST

START_TEST(a_file_shorter_than_an_elf_header_is_refused)
{
	kernel.size = sizeof(Elf32_Ehdr) - 1;
	assert_refused("truncated");
}
END_TEST

START_TEST(a_64_bit_elf_is_refused_with_advice)
{
	file.elf.e_ident[EI_CLASS] = ELFCLASS64;
	assert_refused("objcopy");
}
END_TEST

START_TEST(a_big_endian_elf_is_refused)
{
	file.elf.e_ident[EI_DATA] = ELFDATA2MSB;
	assert_refused("little-endian");
}
END_TEST

START_TEST(what_is_no_executable_for_x86_is_refused)
{
	file.elf.e_type = ET_DYN;
	assert_refused("executable");
	file.elf.e_type = ET_EXEC;
	file.elf.e_machine = EM_ARM;
	assert_refused("executable");
}
END_TEST

static const struct {
	uint32_t offset;
	uint16_t size, count;
} bad_tables[] = {
	{ UINT32_MAX, sizeof(Elf32_Phdr), 1 },
	{ sizeof(file) - sizeof(Elf32_Phdr) + 1, sizeof(Elf32_Phdr), 1 },
	{ sizeof(file) + 1, sizeof(Elf32_Phdr), 1 },
	{ 52, sizeof(Elf32_Phdr), UINT16_MAX },
	{ 52, sizeof(Elf32_Phdr), 0 },
	{ 52, sizeof(Elf32_Phdr) - 1, 1 },
	{ 52, 0, 1 },
};

START_TEST(program_headers_outside_the_file_are_refused)
{
	file.elf.e_phoff = bad_tables[_i].offset;
	file.elf.e_phentsize = bad_tables[_i].size;
	file.elf.e_phnum = bad_tables[_i].count;
	assert_refused("program headers");
}
END_TEST

START_TEST(an_elf_without_multiboot_header_is_refused)
{
	file.magic++;
	assert_refused("no multiboot header");
}
END_TEST

START_TEST(a_multiboot_header_past_8_kib_is_not_found)
{
	uint32_t late[3] = { 0x1badb002, 0, 0u - 0x1badb002 };

	file.magic = 0;
	memcpy((uint8_t *)&file + 8192 - 8, late, sizeof(late));
	assert_refused("no multiboot header");
	memcpy((uint8_t *)&file + 8192 - 12, late, sizeof(late));
	ck_assert_int_eq(load(), 0);
}
END_TEST

START_TEST(what_it_requires_and_is_not_there_is_refused)
{
	file.flags = 1u << 2;
	assert_refused("requires");
	file.flags = 1u << 16;
	assert_refused("addresses of its own");
	file.flags = 3;
	ck_assert_int_eq(load(), 0);
}
END_TEST

static const struct {
	uint32_t offset, file_size, memory_size;
} bad_segments[] = {
	{ CODE_AT, 65, 64 },
	{ UINT32_MAX, 1, 1 },
	{ sizeof(file), 1, 1 },
	{ sizeof(file) - 1, 2, 2 },
	{ CODE_AT, UINT32_MAX, UINT32_MAX },
};

START_TEST(a_segment_outside_the_file_is_refused)
{
	file.segment.p_offset = bad_segments[_i].offset;
	file.segment.p_filesz = bad_segments[_i].file_size;
	file.segment.p_memsz = bad_segments[_i].memory_size;
	assert_refused("not in the file");
}
END_TEST

static const struct {
	uint32_t at, size;
} bad_places[] = {
	{ BOOT_HIGH - 1, CODE_SIZE },
	{ 0, CODE_SIZE },
	{ (uint32_t)MEMORY_SIZE - CODE_SIZE + 1, CODE_SIZE },
	{ (uint32_t)MEMORY_SIZE, CODE_SIZE },
	{ UINT32_MAX, CODE_SIZE },
	{ LOAD_AT, UINT32_MAX },
};

START_TEST(a_segment_outside_memory_is_refused)
{
	file.segment.p_paddr = bad_places[_i].at;
	file.segment.p_memsz = bad_places[_i].size;
	assert_refused("not in the guest's memory");
}
END_TEST

/* Each is cleared: a small file could keep us busy for hours. */
START_TEST(segments_larger_than_memory_together_are_refused)
{
	file.segment.p_memsz = (uint32_t)MEMORY_SIZE - LOAD_AT;
	file.elf.e_phnum = 2;
	memcpy(file.pad, &file.segment, sizeof(file.segment));
	assert_refused("overlap");
	file.segment.p_memsz /= 4;
	ck_assert_int_eq(load(), 0);
}
END_TEST

Suite *multiboot_suite(void)
{
	Suite *suite = suite_create("multiboot");
	TCase *tests = tcase_create("multiboot");

	tcase_add_checked_fixture(tests, make, destroy);
	tcase_add_test(tests, a_segment_is_loaded_and_the_rest_of_it_zeroed);
	tcase_add_test(tests, the_kernel_is_entered_as_multiboot_says);
	tcase_add_test(tests, an_initrd_is_a_module);
	tcase_add_test(tests,
		       a_module_that_does_not_fit_above_the_kernel_is_refused);
	tcase_add_test(tests, a_file_shorter_than_an_elf_header_is_refused);
	tcase_add_test(tests, a_64_bit_elf_is_refused_with_advice);
	tcase_add_test(tests, a_big_endian_elf_is_refused);
	tcase_add_test(tests, what_is_no_executable_for_x86_is_refused);
	tcase_add_loop_test(tests, program_headers_outside_the_file_are_refused,
			    0, ROWS(bad_tables));
	tcase_add_test(tests, an_elf_without_multiboot_header_is_refused);
	tcase_add_test(tests, a_multiboot_header_past_8_kib_is_not_found);
	tcase_add_test(tests, what_it_requires_and_is_not_there_is_refused);
	tcase_add_loop_test(tests, a_segment_outside_the_file_is_refused, 0,
			    ROWS(bad_segments));
	tcase_add_loop_test(tests, a_segment_outside_memory_is_refused, 0,
			    ROWS(bad_places));
	tcase_add_test(tests, segments_larger_than_memory_together_are_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
