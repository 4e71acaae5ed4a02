// SPDX-License-Identifier: MIT
/*
 * Print what the hypervisor holds of this guest: its name, its hypercall page
 * and each CPU's SynIC. Scenarios compare that before a load and after the
 * unload. Of a masked SINT only that is shown: the driver leaves its vector
 * there, for some hosts refuse one below 16 even if masked.
 */
#include <hvpost/hyperv.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static uint64_t read_msr(int fd, uint32_t msr)
{
	uint64_t value;

	if (pread(fd, &value, sizeof(value), msr) != sizeof(value))
		err(1, "MSR %#x", msr);
	return value;
}

static void print_cpu(int cpu, int fd)
{
	static const struct {
		const char *name;
		uint32_t msr;
	} registers[] = {
		{ "GUEST_OS_ID", HV_MSR_GUEST_OS_ID },
		{ "HYPERCALL", HV_MSR_HYPERCALL },
		{ "SCONTROL", HV_MSR_SCONTROL },
		{ "SIEFP", HV_MSR_SIEFP },
		{ "SIMP", HV_MSR_SIMP },
	};

	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		printf("CPU%d %s %#" PRIx64 "\n", cpu, registers[i].name,
		       read_msr(fd, registers[i].msr));
	for (uint32_t sint = 0; sint < HV_SINT_COUNT; sint++) {
		uint64_t value = read_msr(fd, HV_MSR_SINT0 + sint);

		if (value & HV_SINT_MASKED)
			printf("CPU%d SINT%u masked\n", cpu, sint);
		else
			printf("CPU%d SINT%u %#" PRIx64 "\n", cpu, sint, value);
	}
}

int main(void)
{
	const int cpus = (int)sysconf(_SC_NPROCESSORS_CONF);

	for (int cpu = 0; cpu < cpus; cpu++) {
		char path[32];
		int fd;

		snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		/* One that is off, or may be added. */
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			err(1, "%s", path);
		print_cpu(cpu, fd);
		close(fd);
	}
	return 0;
}
