/* SPDX-License-Identifier: MIT */
/*
 * boot.h - what is in a guest's memory when it begins.
 *
 * Kernel and initrd are files of unknown origin: each number in them is checked
 * against the file's size and the guest's memory before it is used.
 */
#ifndef VMM_BOOT_H
#define VMM_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "vmm.h"

/* Below 1 MiB; what lies there is the guest's again once it runs. */
#define BOOT_GDT		0x500u
#define BOOT_INFO		0x7000u	/* for its kernel: zero page, or multiboot */
#define BOOT_INFO_SIZE		0x1000u
#define BOOT_PAGE_TABLES	0x9000u	/* 6 pages */
#define BOOT_COMMAND_LINE	0x20000u
#define BOOT_COMMAND_LINE_MAX	0xffffu	/* without its final NUL */
#define BOOT_LOW_END		0x9fc00u
#define BOOT_ACPI		0xe0000u
#define BOOT_ACPI_SIZE		0x10000u
#define BOOT_HIGH		0x100000u

/* A file that is open. */
struct image_file {
	char *path;		/* NULL: none */
	int fd;
};

/* A file's contents. */
struct image {
	const char *path;
	uint8_t *bytes;
	size_t size;
};

/*
 * What a guest begins with, each time that it does. Its files stay open: once
 * hvhost serves it can open none.
 */
struct boot {
	struct image_file kernel, initrd;
	char *command_line;
	uint32_t cpus;
};

/* Registers of the first VP at its first instruction. */
struct entry {
	uint64_t rip, rsi;
	uint32_t eax, ebx;
	bool long_mode;
	uint64_t cr3;
	uint64_t gdt;
	uint16_t gdt_size;
};

/* Parts of RAM, as boot protocols name them: 1 usable, 2 not. */
struct boot_range {
	uint64_t from, size;
	uint32_t type;
};
#define BOOT_RANGES_MAX 5

/* Return how many there are. */
size_t boot_ranges(const struct memory *memory,
		   struct boot_range ranges[BOOT_RANGES_MAX]);

/* These return 0 or a negative errno value. */
int image_open(const char *path, struct image_file *file, char *error);
void image_close(struct image_file *file);
/* Read all of it: a regular file of at most @size_max bytes. */
int image_read(const struct image_file *file, uint64_t size_max,
	       struct image *image, char *error);
void image_free(struct image *image);

/*
 * Put @image at the highest page boundary so that it ends at @end or below and
 * begins at @begin or above. Return where, or 0: there is no room.
 */
uint64_t image_place_high(const struct image *image,
			  const struct memory *memory, uint64_t begin,
			  uint64_t end);

/* Open what @config names. All zero, or whatever this left, can be closed. */
int boot_open(struct boot *boot, const struct vmm_guest_config *config,
	      char *error);
void boot_close(struct boot *boot);

/* Load it, and ACPI tables for the VPs, into memory that is all zero. */
int boot_load(const struct boot *boot, const struct memory *memory,
	      struct entry *entry, char *error);

/* What a kernel of either kind comes with. */
struct boot_payload {
	const struct image *kernel;
	const struct image *initrd;	/* no bytes: none */
	const char *command_line;
};

/* boot_linux.c: a bzImage by the 64-bit boot protocol */
int linux_load(const struct memory *memory, const struct boot_payload *payload,
	       struct entry *entry, char *error);

/* boot_multiboot.c: a 32-bit ELF with a multiboot header */
bool multiboot_is_elf(const struct image *kernel);
int multiboot_load(const struct memory *memory,
		   const struct boot_payload *payload, struct entry *entry,
		   char *error);

#endif /* VMM_BOOT_H */
