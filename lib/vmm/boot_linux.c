// SPDX-License-Identifier: MIT
/*
 * Linux's 64-bit boot protocol (Documentation/arch/x86/boot.rst): the kernel is
 * entered in long mode, 0x200 bytes behind where it was loaded, with all memory
 * below 4 GiB mapped to itself and RSI at the zero page.
 */
#include <asm/bootparam.h>
#include <errno.h>
#include <string.h>

#include "boot.h"
#include "error.h"

#define HEADER_AT	0x1f1u	/* in the file */
#define JUMP_AT		0x201u	/* its second byte ends the header */
#define JUMP_END	0x202u
#define BOOT_FLAG	0xaa55u
#define MAGIC		0x53726448u	/* "HdrS" */
#define VERSION_MIN	0x020cu	/* the first with xloadflags */
#define VERSION_RSDP	0x020eu	/* the first with acpi_rsdp_addr */
#define SECTOR		512u
#define SETUP_SECTORS_DEFAULT 4u
#define ENTRY_64	0x200u
#define LOADER_UNDEFINED 0xffu

#define PAGE_PRESENT	(1u << 0)
#define PAGE_WRITABLE	(1u << 1)
#define PAGE_LARGE	(1u << 7)
#define LARGE_PAGE_SIZE	(2u << 20)
#define TABLE_ENTRIES	512u
#define DIRECTORIES	4u	/* of 1 GiB each */

_Static_assert(sizeof(struct boot_params) <= BOOT_INFO_SIZE,
	       "the zero page fits where it goes");

struct kernel {
	struct setup_header header;
	const uint8_t *code;
	uint64_t code_size;
	uint64_t at;		/* where it is loaded */
	uint64_t memory;	/* that it needs from there */
};

/* Why the header is not one that we can boot, or NULL. */
static const char *why_not(const struct image *image,
			   const struct setup_header *header)
{
	if (header->boot_flag != BOOT_FLAG || header->header != MAGIC)
		return "neither a bzImage nor a multiboot ELF";
	if (header->version < VERSION_MIN)
		return "a kernel older than Linux 3.8, which cannot be booted";
	if (!(header->loadflags & LOADED_HIGH))
		return "a zImage, which cannot be booted: build a bzImage";
	if (!(header->xloadflags & XLF_KERNEL_64))
		return "a 32-bit kernel, which cannot be booted";
	if (JUMP_END + image->bytes[JUMP_AT] <
	    HEADER_AT + offsetof(struct setup_header, handover_offset))
		return "its setup header is too short";
	return NULL;
}

static int parse(const struct image *image, struct kernel *kernel, char *error)
{
	struct setup_header *header = &kernel->header;
	const char *why;
	size_t setup, length;

	if (image->size < HEADER_AT + sizeof(*header))
		return vmm_fail(error, -EINVAL,
				"%s: neither a bzImage nor a multiboot ELF",
				image->path);
	memcpy(header, image->bytes + HEADER_AT, sizeof(*header));
	why = why_not(image, header);
	if (why)
		return vmm_fail(error, -EINVAL, "%s: %s", image->path, why);
	/* What lies behind the header's end is code, no more fields. */
	length = JUMP_END + image->bytes[JUMP_AT] - HEADER_AT;
	if (length < sizeof(*header))
		memset((uint8_t *)header + length, 0, sizeof(*header) - length);

	setup = ((header->setup_sects ? header->setup_sects :
		  SETUP_SECTORS_DEFAULT) + 1u) * SECTOR;
	if (image->size <= setup + ENTRY_64 ||
	    (uint64_t)header->syssize * 16 > image->size - setup)
		return vmm_fail(error, -EINVAL, "%s: the file is truncated",
				image->path);
	kernel->code = image->bytes + setup;
	kernel->code_size = image->size - setup;
	return 0;
}

static int place(const struct memory *memory, const struct image *image,
		 struct kernel *kernel, char *error)
{
	const struct setup_header *header = &kernel->header;

	kernel->at = header->pref_address;
	kernel->memory = header->init_size > kernel->code_size ?
			 header->init_size : kernel->code_size;
	if (kernel->at < BOOT_HIGH)
		return vmm_fail(error, -EINVAL, "%s: it asks to be loaded at "
				"0x%llx, below 1 MiB", image->path,
				(unsigned long long)kernel->at);
	if (!memory_at(memory, kernel->at, kernel->memory) ||
	    kernel->at >= memory->low_size)
		return vmm_fail(error, -EINVAL, "%s: it needs 0x%llx bytes of "
				"memory from 0x%llx on: give the guest more",
				image->path, (unsigned long long)kernel->memory,
				(unsigned long long)kernel->at);
	memcpy(memory_at(memory, kernel->at, kernel->code_size), kernel->code,
	       kernel->code_size);
	return 0;
}

static int place_initrd(const struct memory *memory,
			const struct image *initrd, struct kernel *kernel,
			char *error)
{
	uint64_t end = (uint64_t)kernel->header.initrd_addr_max + 1;
	uint64_t at;

	if (!initrd->size)
		return 0;
	if (end > memory->low_size)
		end = memory->low_size;
	at = image_place_high(initrd, memory, kernel->at + kernel->memory, end);
	if (!at)
		return vmm_fail(error, -EINVAL, "%s: its %zu bytes do not fit "
				"into the guest's memory above the kernel: give "
				"it more", initrd->path, initrd->size);
	kernel->header.ramdisk_image = (uint32_t)at;
	kernel->header.ramdisk_size = (uint32_t)initrd->size;
	return 0;
}

static int place_command_line(const struct memory *memory, const char *text,
			      struct kernel *kernel, char *error)
{
	size_t length = strlen(text);

	if (length > kernel->header.cmdline_size)
		return vmm_fail(error, -EINVAL, "the command line has %zu bytes, "
				"and the kernel takes %u", length,
				kernel->header.cmdline_size);
	memcpy(memory_at(memory, BOOT_COMMAND_LINE, length + 1), text,
	       length + 1);
	kernel->header.cmd_line_ptr = BOOT_COMMAND_LINE;
	return 0;
}

static void write_zero_page(const struct memory *memory,
			    const struct kernel *kernel)
{
	struct boot_range ranges[BOOT_RANGES_MAX];
	struct boot_params params;
	size_t count = boot_ranges(memory, ranges);

	memset(&params, 0, sizeof(params));
	params.hdr = kernel->header;
	params.hdr.type_of_loader = LOADER_UNDEFINED;
	params.hdr.loadflags = (uint8_t)(params.hdr.loadflags &
					 ~(CAN_USE_HEAP | KEEP_SEGMENTS));
	if (params.hdr.version >= VERSION_RSDP)
		params.acpi_rsdp_addr = BOOT_ACPI;
	for (size_t i = 0; i < count; i++)
		params.e820_table[i] = (struct boot_e820_entry){
			.addr = ranges[i].from, .size = ranges[i].size,
			.type = ranges[i].type,
		};
	params.e820_entries = (uint8_t)count;
	memcpy(memory_at(memory, BOOT_INFO, sizeof(params)), &params,
	       sizeof(params));
}

static void write_page_tables(const struct memory *memory)
{
	const uint64_t flags = PAGE_PRESENT | PAGE_WRITABLE;
	const uint64_t size = (2 + DIRECTORIES) * HV_PAGE_SIZE;
	uint64_t *top = memory_at(memory, BOOT_PAGE_TABLES, size);
	uint64_t *pointers = top + TABLE_ENTRIES;
	uint64_t *directory = pointers + TABLE_ENTRIES;

	memset(top, 0, size);
	top[0] = (BOOT_PAGE_TABLES + HV_PAGE_SIZE) | flags;
	for (uint64_t i = 0; i < DIRECTORIES; i++)
		pointers[i] = (BOOT_PAGE_TABLES + (2 + i) * HV_PAGE_SIZE) |
			      flags;
	for (uint64_t i = 0; i < DIRECTORIES * TABLE_ENTRIES; i++)
		directory[i] = i * LARGE_PAGE_SIZE | flags | PAGE_LARGE;
}

static void write_gdt(const struct memory *memory, struct entry *entry)
{
	/* __BOOT_CS is 0x10, __BOOT_DS 0x18. */
	static const uint64_t gdt[] = {
		0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff,
	};

	memcpy(memory_at(memory, BOOT_GDT, sizeof(gdt)), gdt, sizeof(gdt));
	entry->gdt = BOOT_GDT;
	entry->gdt_size = sizeof(gdt);
}

int linux_load(const struct memory *memory, const struct boot_payload *payload,
	       struct entry *entry, char *error)
{
	struct kernel kernel;
	int err;

	err = parse(payload->kernel, &kernel, error);
	if (!err)
		err = place(memory, payload->kernel, &kernel, error);
	if (!err)
		err = place_initrd(memory, payload->initrd, &kernel, error);
	if (!err)
		err = place_command_line(memory, payload->command_line, &kernel,
					 error);
	if (err)
		return err;

	*entry = (struct entry){
		.rip = kernel.at + ENTRY_64, .rsi = BOOT_INFO,
		.long_mode = true, .cr3 = BOOT_PAGE_TABLES,
	};
	write_zero_page(memory, &kernel);
	write_page_tables(memory);
	write_gdt(memory, entry);
	return 0;
}
