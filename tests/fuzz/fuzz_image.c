// SPDX-License-Identifier: MIT
/*
 * A kernel of any bytes, which a guest is to be booted from: sizes of initrd and
 * command line in the first two bytes, then the file.
 */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "lib/vmm/boot.h"

/* Memory with a hole, as 4 GiB have it: what crosses its edge is seen above. */
#define LOW_SIZE	(2u << 20)
#define HIGH_SIZE	(64u << 10)

#define INITRD_UNIT	0x3000u
#define LINE_UNIT	300u

/* Where devices are: no kernel and no loader has business there. */
#define DEVICES		0xa0000u

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "This does not hold: %s\n", what);
	abort();
}

struct file {
	int fd;
	char path[32];
};

static void file_fill(struct file *file, const uint8_t *bytes, size_t size,
		      size_t size_on_disk)
{
	if (!file->path[0]) {
		file->fd = memfd_create("image", MFD_CLOEXEC);
		snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d",
			 file->fd);
	}
	must(!ftruncate(file->fd, 0) &&
	     !ftruncate(file->fd, (off_t)size_on_disk) &&
	     pwrite(file->fd, bytes, size, 0) == (ssize_t)size,
	     "there are files");
}

/* Its ends are those of an allocation, which sanitizers watch. */
static struct memory memory_make(void)
{
	static uint8_t *ram;
	const struct memory memory = {
		.size = LOW_SIZE + HIGH_SIZE, .low_size = LOW_SIZE,
		.ram = ram ? ram : aligned_alloc(HV_PAGE_SIZE,
						 LOW_SIZE + HIGH_SIZE),
	};

	must(memory.ram, "there is memory");
	ram = memory.ram;
	memset(ram, 0, memory.size);
	return memory;
}

static void must_be_untouched(const struct memory *memory, size_t from,
			      size_t to)
{
	const uint8_t *at = memory->ram + from;

	must(!at[0] && !memcmp(at, at + 1, to - from - 1),
	     "what nobody loads stays as it is");
}

static void check(const struct memory *memory, const struct entry *entry,
		  int err, const char *error)
{
	must(err <= 0 && !err == !error[0], "who fails says why");
	must(!strchr(error, '\n') && strlen(error) < VMM_ERROR_SIZE - 1,
	     "an error is one line");
	must_be_untouched(memory, DEVICES, BOOT_ACPI);
	must_be_untouched(memory, memory->low_size, memory->size);
	if (!err && entry->long_mode)
		must(memory_at(memory, entry->rip, 1) &&
		     entry->rip >= BOOT_HIGH, "Linux begins in its image");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file kernel, initrd;
	static char line[256 * LINE_UNIT];
	struct bytes bytes = { .data = data, .size = size };
	size_t initrd_size = bytes_take_u8(&bytes) * INITRD_UNIT;
	size_t line_size = bytes_take_u8(&bytes) * LINE_UNIT;
	const struct vmm_guest_config config = {
		.kernel = kernel.path, .initrd = initrd_size ? initrd.path : NULL,
		.command_line = line, .cpus = 1,
	};
	struct memory memory = memory_make();
	char error[VMM_ERROR_SIZE] = "";
	struct boot boot = { 0 };
	struct entry entry;
	int err;

	memset(line, 'x', line_size);
	line[line_size] = '\0';
	file_fill(&kernel, bytes.data, bytes.size, bytes.size);
	file_fill(&initrd, (const uint8_t *)"initrd", 6, initrd_size);
	err = boot_open(&boot, &config, error);
	if (!err)
		err = boot_load(&boot, &memory, &entry, error);
	boot_close(&boot);
	check(&memory, &entry, err, error);
	return 0;
}
