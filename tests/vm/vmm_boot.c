// SPDX-License-Identifier: MIT
/*
 * Boot one guest with lib/vmm and say how it ended:
 *
 *	vmm_boot NAME=VALUE...
 *
 * kernel, initrd, cmdline, cpus, memory (MiB), cpuid (kvm or hyperv),
 * privileges (a number), serial0, serial1 (files).
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/vmm/vmm.h"

static void print(void *context, const char *text)
{
	(void)context;
	fprintf(stderr, "vmm_boot: %s\n", text);
}

static int create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void set(struct vmm_guest_config *config, const char *name,
		const char *value)
{
	if (!strcmp(name, "kernel"))
		config->kernel = value;
	else if (!strcmp(name, "initrd"))
		config->initrd = value;
	else if (!strcmp(name, "cmdline"))
		config->command_line = value;
	else if (!strcmp(name, "cpus"))
		config->cpus = (uint32_t)strtoul(value, NULL, 0);
	else if (!strcmp(name, "memory"))
		config->memory_bytes = strtoull(value, NULL, 0) << 20;
	else if (!strcmp(name, "privileges"))
		config->privileges = strtoull(value, NULL, 0);
	else if (!strcmp(name, "cpuid"))
		config->cpuid = strcmp(value, "kvm") ? VMM_CPUID_HYPERV :
						       VMM_CPUID_KVM;
	else if (!strcmp(name, "serial0"))
		config->serial[0].output = create(value);
	else if (!strcmp(name, "serial1"))
		config->serial[1].output = create(value);
	else
		errx(1, "no such setting: %s", name);
}

int main(int argc, char **argv)
{
	struct vmm_guest_config config = {
		.name = "test", .cpus = 1, .memory_bytes = 512ull << 20,
		.privileges = VMM_PRIVILEGES_DEFAULT,
		.serial = { { -1, 1 }, { -1, -1 } },
		.log = print,
	};
	struct hvhost_machine *machine;
	struct vmm_guest_counters counters;
	struct vmm_guest *guest;
	char error[VMM_ERROR_SIZE];
	enum vmm_end end;

	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			errx(1, "%s: not NAME=VALUE", argv[i]);
		*value = '\0';
		set(&config, argv[i], value + 1);
	}
	if (hvhost_machine_new(NULL, &machine))
		errx(1, "no machine");
	if (vmm_guest_new(machine, &config, &guest, error) ||
	    vmm_guest_start(guest, error))
		errx(1, "%s", error);
	end = vmm_guest_wait(guest);
	vmm_guest_counters(guest, &counters);
	fprintf(stderr, "vmm_boot: the guest %s; ignored or unknown: "
		"%llu test device, %llu MSRs, %llu ports, %llu memory\n",
		vmm_end_text(end),
		(unsigned long long)counters.testdev_ignored,
		(unsigned long long)counters.msrs_refused,
		(unsigned long long)counters.ports_unknown,
		(unsigned long long)counters.mmio_unknown);
	vmm_guest_free(guest);
	hvhost_machine_free(machine);
	return end == VMM_POWERED_OFF || end == VMM_RESET ? 0 : 2;
}
