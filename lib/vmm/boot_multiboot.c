// SPDX-License-Identifier: MIT
/*
 * Multiboot, version 0.6.96: a 32-bit ELF that says by a header in its first
 * 8 KiB that it wants to be entered in flat protected mode.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "boot.h"
#include "error.h"

#define SEARCH_SIZE	8192u
#define HEADER_MAGIC	0x1badb002u
#define ENTRY_MAGIC	0x2badb002u

/* What the kernel requires: pages for modules, and to know of memory. */
#define HEADER_KNOWN	0x3u
#define HEADER_REQUIRED	0xffffu
#define HEADER_ADDRESSES (1u << 16)	/* not an ELF's own */

struct header {
	uint32_t magic, flags, checksum;
};

#define INFO_MEMORY	(1u << 0)
#define INFO_COMMAND	(1u << 2)
#define INFO_MODULES	(1u << 3)
#define INFO_MAP	(1u << 6)

struct info {
	uint32_t flags;
	uint32_t memory_lower, memory_upper;	/* KiB */
	uint32_t boot_device;
	uint32_t command_line;
	uint32_t module_count, modules;
	uint32_t symbols[4];
	uint32_t map_size, map;
	uint32_t rest[9];
};

struct module {
	uint32_t begin, end, text, reserved;
};

struct map_entry {
	uint32_t size;		/* of what follows */
	uint64_t from, length;
	uint32_t type;
} __attribute__((packed));

/* At BOOT_INFO. */
struct boot_data {
	struct info info;
	struct module module;
	struct map_entry map[BOOT_RANGES_MAX];
};

_Static_assert(sizeof(struct boot_data) <= BOOT_INFO_SIZE, "it fits there");

bool multiboot_is_elf(const struct image *kernel)
{
	return kernel->size >= SELFMAG &&
	       !memcmp(kernel->bytes, ELFMAG, SELFMAG);
}

static bool find_header(const struct image *image, struct header *header)
{
	for (size_t at = 0; at + sizeof(*header) <= SEARCH_SIZE &&
			    at + sizeof(*header) <= image->size; at += 4) {
		memcpy(header, image->bytes + at, sizeof(*header));
		if (header->magic == HEADER_MAGIC &&
		    header->magic + header->flags + header->checksum == 0)
			return true;
	}
	return false;
}

/* Why it is not one that we can boot, or NULL. */
static const char *why_not(const struct image *image, const Elf32_Ehdr *elf)
{
	struct header header;

	if (elf->e_ident[EI_CLASS] != ELFCLASS32 ||
	    elf->e_ident[EI_DATA] != ELFDATA2LSB)
		return "not a 32-bit little-endian ELF, which multiboot needs: "
		       "convert it with 'objcopy -O elf32-i386'";
	if (elf->e_type != ET_EXEC ||
	    (elf->e_machine != EM_386 && elf->e_machine != EM_X86_64))
		return "not an executable for x86";
	if (elf->e_phentsize != sizeof(Elf32_Phdr) || !elf->e_phnum ||
	    elf->e_phoff > image->size ||
	    (image->size - elf->e_phoff) / sizeof(Elf32_Phdr) < elf->e_phnum)
		return "its program headers are not in the file";
	if (!find_header(image, &header))
		return "no multiboot header in its first 8 KiB";
	if (header.flags & HEADER_REQUIRED & ~HEADER_KNOWN)
		return "it requires a multiboot feature that is not offered";
	if (header.flags & HEADER_ADDRESSES)
		return "its multiboot header has addresses of its own: build it "
		       "without";
	return NULL;
}

static int load_segment(const struct memory *memory, const struct image *image,
			const Elf32_Phdr *segment, uint64_t *end, char *error)
{
	uint8_t *to;

	if (segment->p_filesz > segment->p_memsz ||
	    segment->p_offset > image->size ||
	    image->size - segment->p_offset < segment->p_filesz)
		return vmm_fail(error, -EINVAL,
				"%s: a segment is not in the file", image->path);
	to = memory_at(memory, segment->p_paddr, segment->p_memsz);
	if (!to || segment->p_paddr < BOOT_HIGH)
		return vmm_fail(error, -EINVAL, "%s: a segment of 0x%x bytes "
				"at 0x%x is not in the guest's memory above "
				"1 MiB: give it more", image->path,
				segment->p_memsz, segment->p_paddr);
	memcpy(to, image->bytes + segment->p_offset, segment->p_filesz);
	memset(to + segment->p_filesz, 0, segment->p_memsz - segment->p_filesz);
	if (*end < (uint64_t)segment->p_paddr + segment->p_memsz)
		*end = (uint64_t)segment->p_paddr + segment->p_memsz;
	return 0;
}

static int load_segments(const struct memory *memory, const struct image *image,
			 const Elf32_Ehdr *elf, uint64_t *end, char *error)
{
	Elf32_Phdr segment;
	uint64_t total = 0;
	int err = 0;

	*end = BOOT_HIGH;
	for (uint32_t i = 0; !err && i < elf->e_phnum; i++) {
		memcpy(&segment, image->bytes + elf->e_phoff +
		       i * sizeof(segment), sizeof(segment));
		if (segment.p_type != PT_LOAD || !segment.p_memsz)
			continue;
		err = load_segment(memory, image, &segment, end, error);
		total += segment.p_memsz;
		/* To clear the same memory thousands of times takes hours. */
		if (!err && total > memory->low_size)
			err = vmm_fail(error, -EINVAL, "%s: its segments "
				       "overlap: together they are larger than "
				       "the guest's memory", image->path);
	}
	return err;
}

static void write_info(const struct memory *memory, const char *command_line,
		       const struct module *module)
{
	struct boot_range ranges[BOOT_RANGES_MAX];
	size_t count = boot_ranges(memory, ranges);
	struct boot_data data = {
		.info = {
			.flags = INFO_MEMORY | INFO_COMMAND | INFO_MAP,
			.memory_lower = BOOT_LOW_END / 1024,
			.memory_upper = (uint32_t)((memory->low_size -
						    BOOT_HIGH) / 1024),
			.command_line = BOOT_COMMAND_LINE,
			.map = BOOT_INFO + offsetof(struct boot_data, map),
			.map_size = (uint32_t)(count *
					       sizeof(struct map_entry)),
		},
		.module = *module,
	};

	if (module->end) {
		data.info.flags |= INFO_MODULES;
		data.info.module_count = 1;
		data.info.modules = BOOT_INFO +
				    offsetof(struct boot_data, module);
	}
	for (size_t i = 0; i < count; i++)
		data.map[i] = (struct map_entry){
			.size = sizeof(struct map_entry) - sizeof(uint32_t),
			.from = ranges[i].from, .length = ranges[i].size,
			.type = ranges[i].type,
		};
	memcpy(memory_at(memory, BOOT_COMMAND_LINE, strlen(command_line) + 1),
	       command_line, strlen(command_line) + 1);
	memcpy(memory_at(memory, BOOT_INFO, sizeof(data)), &data, sizeof(data));
}

int multiboot_load(const struct memory *memory,
		   const struct boot_payload *payload, struct entry *entry,
		   char *error)
{
	const struct image *kernel = payload->kernel;
	const struct image *initrd = payload->initrd;
	struct module module = { 0 };
	Elf32_Ehdr elf = { 0 };
	const char *why;
	uint64_t end;
	int err;

	if (kernel->size < sizeof(elf))
		return vmm_fail(error, -EINVAL, "%s: the file is truncated",
				kernel->path);
	memcpy(&elf, kernel->bytes, sizeof(elf));
	why = why_not(kernel, &elf);
	if (why)
		return vmm_fail(error, -EINVAL, "%s: %s", kernel->path, why);
	err = load_segments(memory, kernel, &elf, &end, error);
	if (err)
		return err;
	if (initrd->size) {
		module.begin = (uint32_t)image_place_high(initrd, memory, end,
							  memory->low_size);
		if (!module.begin)
			return vmm_fail(error, -EINVAL, "%s: its %zu bytes do "
					"not fit into the guest's memory above "
					"the kernel: give it more",
					initrd->path, initrd->size);
		module.end = module.begin + (uint32_t)initrd->size;
	}
	write_info(memory, payload->command_line, &module);
	*entry = (struct entry){
		.rip = elf.e_entry, .eax = ENTRY_MAGIC, .ebx = BOOT_INFO,
	};
	return 0;
}
