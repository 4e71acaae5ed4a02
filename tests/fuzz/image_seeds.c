// SPDX-License-Identifier: MIT
/*
 * A kernel of each kind, as fuzz_image reads it, in the folder that is named; and
 * some whose place is at an edge of memory, which chance finds late.
 */
#include <asm/bootparam.h>
#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADER_AT	0x1f1u
#define LOAD_AT		0x100000u
#define LOW_SIZE	(2u << 20)	/* as in fuzz_image.c */

/* Before each file: how much initrd and command line there is. */
struct choice {
	uint8_t initrd, line;
};

static const struct {
	struct choice choice;
	Elf32_Ehdr elf;
	Elf32_Phdr segment;
	uint32_t multiboot[3];
} __attribute__((packed)) multiboot = {
	.choice = { 1, 1 },
	.elf = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32,
			     ELFDATA2LSB },
		.e_type = ET_EXEC, .e_machine = EM_386, .e_entry = LOAD_AT,
		.e_phoff = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1,
	},
	.segment = {
		.p_type = PT_LOAD, .p_paddr = LOAD_AT, .p_filesz = 64,
		.p_memsz = 128,
	},
	.multiboot = { 0x1badb002, 3, 0u - 0x1badb002 - 3 },
};

/* One sector of setup; 64-bit code begins 0x200 bytes behind it. */
static const struct linux_image {
	struct choice choice;
	uint8_t before[HEADER_AT];
	struct setup_header header;
	uint8_t rest[1024 - HEADER_AT - sizeof(struct setup_header)];
	uint8_t code[0x210];	/* with the place where it begins */
} __attribute__((packed)) linux_image = {
	.choice = { 1, 1 },
	.header = {
		.setup_sects = 1, .boot_flag = 0xaa55,
		.jump = (sizeof(struct setup_header) + HEADER_AT - 0x202) << 8 |
			0xeb,
		.header = 0x53726448, .version = 0x020f,
		.loadflags = LOADED_HIGH, .initrd_addr_max = 0x7fffffff,
		.cmdline_size = 2047, .xloadflags = XLF_KERNEL_64,
		.pref_address = LOAD_AT, .init_size = 0x1000,
	},
};

static int write_seed(const char *folder, const char *kind, const void *bytes,
		      size_t size)
{
	char name[4096];
	FILE *file;

	snprintf(name, sizeof(name), "%s/%s", folder, kind);
	file = fopen(name, "w");
	if (file && fwrite(bytes, size, 1, file) == 1 && !fclose(file))
		return EXIT_SUCCESS;
	perror(name);
	return EXIT_FAILURE;
}

static int write_linux_at(const char *folder, const char *kind, uint64_t at)
{
	struct linux_image image = linux_image;

	image.header.pref_address = at;
	image.header.init_size = 1;
	return write_seed(folder, kind, &image, sizeof(image));
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: image_seeds FOLDER\n");
		return EXIT_FAILURE;
	}
	return write_seed(argv[1], "multiboot", &multiboot, sizeof(multiboot)) ||
	       write_seed(argv[1], "linux", &linux_image,
			  sizeof(linux_image)) ||
	       write_linux_at(argv[1], "linux-at-the-hole", LOW_SIZE - 0x100) ||
	       write_linux_at(argv[1], "linux-above-the-hole", 1ull << 32);
}
