// SPDX-License-Identifier: MIT
#include "boot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "acpi.h"
#include "error.h"

size_t boot_ranges(const struct memory *memory,
		   struct boot_range ranges[BOOT_RANGES_MAX])
{
	size_t count = 0;

	ranges[count++] = (struct boot_range){ 0, BOOT_LOW_END, 1 };
	ranges[count++] = (struct boot_range){
		BOOT_LOW_END, 0xa0000 - BOOT_LOW_END, 2,
	};
	ranges[count++] = (struct boot_range){ BOOT_ACPI, BOOT_ACPI_SIZE, 2 };
	ranges[count++] = (struct boot_range){
		BOOT_HIGH, memory->low_size - BOOT_HIGH, 1,
	};
	if (memory->size > memory->low_size)
		ranges[count++] = (struct boot_range){
			MEMORY_HIGH, memory->size - memory->low_size, 1,
		};
	return count;
}

static int load_kernel(const struct memory *memory,
		       const struct boot_payload *payload, struct entry *entry,
		       char *error)
{
	if (strlen(payload->command_line) > BOOT_COMMAND_LINE_MAX)
		return vmm_fail(error, -EINVAL,
				"the command line has more than %u bytes",
				BOOT_COMMAND_LINE_MAX);
	if (multiboot_is_elf(payload->kernel))
		return multiboot_load(memory, payload, entry, error);
	return linux_load(memory, payload, entry, error);
}

int boot_open(struct boot *boot, const struct vmm_guest_config *config,
	      char *error)
{
	const char *text = config->command_line;
	int err = image_open(config->kernel, &boot->kernel, error);

	if (!err && config->initrd)
		err = image_open(config->initrd, &boot->initrd, error);
	if (err)
		return err;
	boot->cpus = config->cpus;
	boot->command_line = strdup(text ? text : "");
	return boot->command_line ? 0 : vmm_fail(error, -ENOMEM, "no memory");
}

void boot_close(struct boot *boot)
{
	image_close(&boot->kernel);
	image_close(&boot->initrd);
	free(boot->command_line);
	boot->command_line = NULL;
}

int boot_load(const struct boot *boot, const struct memory *memory,
	      struct entry *entry, char *error)
{
	struct image kernel = { 0 }, initrd = { 0 };
	const struct boot_payload payload = {
		.kernel = &kernel, .initrd = &initrd,
		.command_line = boot->command_line,
	};
	int err = image_read(&boot->kernel, memory->low_size, &kernel, error);

	if (!err && boot->initrd.path)
		err = image_read(&boot->initrd, memory->low_size, &initrd,
				 error);
	if (!err)
		err = load_kernel(memory, &payload, entry, error);
	if (!err && acpi_write(memory_at(memory, BOOT_ACPI, BOOT_ACPI_SIZE),
			       BOOT_ACPI_SIZE, BOOT_ACPI, boot->cpus))
		err = vmm_fail(error, -ENOSPC, "no room for ACPI tables");
	image_free(&kernel);
	image_free(&initrd);
	return err;
}
