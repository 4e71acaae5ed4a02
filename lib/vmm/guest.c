// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cpuid.h"

static const uint32_t serial_irqs[VMM_SERIAL_COUNT] = { 4, 3 };

void guest_complain(struct vmm_guest *guest, enum complaint complaint,
		    const char *format, ...)
{
	const uint32_t bit = 1u << complaint;
	char text[VMM_ERROR_SIZE];
	va_list arguments;
	int length;

	if (!guest->log || atomic_load(&guest->complained) & bit ||
	    atomic_fetch_or(&guest->complained, bit) & bit)
		return;
	length = snprintf(text, sizeof(text), "guest %s: ", guest->name);
	if (length < 0 || (size_t)length >= sizeof(text))
		return;
	va_start(arguments, format);
	vsnprintf(text + length, sizeof(text) - (size_t)length, format,
		  arguments);
	va_end(arguments);
	guest->log(guest->log_context, text);
}

static int check_config(const struct vmm_guest_config *config, char *error)
{
	if (!config->cpus || config->cpus > VMM_CPUS_MAX)
		return vmm_fail(error, -EINVAL, "%u CPUs: a guest has 1 to %u",
				config->cpus, VMM_CPUS_MAX);
	if (config->memory_bytes < VMM_MEMORY_MIN ||
	    config->memory_bytes > VMM_MEMORY_MAX ||
	    config->memory_bytes % HV_PAGE_SIZE)
		return vmm_fail(error, -EINVAL, "%llu bytes of memory: a guest "
				"has 16 MiB to 1 TiB, in pages of 4 KiB",
				(unsigned long long)config->memory_bytes);
	return 0;
}

static void init_serial(struct vmm_guest *guest,
			const struct vmm_guest_config *config)
{
	for (uint32_t i = 0; i < VMM_SERIAL_COUNT; i++)
		serial_init(&guest->serial[i], &(struct serial_config){
				.ops = &service_serial_ops, .context = guest,
				.irq = serial_irqs[i],
				.input = config->serial[i].input,
				.output = config->serial[i].output,
				.stop_fd = guest->stand.fd,
			});
}

static int init_plain(struct vmm_guest *guest,
		      const struct vmm_guest_config *config, char *error)
{
	guest->name = strdup(config->name);
	guest->vcpus = calloc(config->cpus, sizeof(*guest->vcpus));
	if (!guest->name || !guest->vcpus || guest->end_fd < 0 ||
	    guest->stand.fd < 0)
		return vmm_fail(error, -ENOMEM, "no memory or descriptors for "
				"a guest");
	guest->log = config->log;
	guest->log_context = config->context;
	guest->cpuid = config->cpuid;
	guest->privileges = config->privileges;
	guest->cpus = config->cpus;
	for (uint32_t i = 0; i < guest->cpus; i++) {
		guest->vcpus[i].guest = guest;
		guest->vcpus[i].index = i;
		guest->vcpus[i].fd = -1;
		hyperv_init(&guest->vcpus[i]);
	}
	return service_init(guest, error);
}

static int init_memory(struct vmm_guest *guest, uint64_t size, char *error)
{
	int err = memory_init(&guest->memory, size, 2 * guest->cpus);

	return err ? vmm_fail(error, err, "no %llu MiB of memory for a guest: "
			      "%s", (unsigned long long)(size >> 20),
			      strerror(-err)) : 0;
}

static int new_vps(struct vmm_guest *guest)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < guest->cpus; i++)
		err = hvhost_vp_new(guest->partition, i,
				    memory_overlay(&guest->memory, 2 * i),
				    memory_overlay(&guest->memory, 2 * i + 1),
				    &guest->vcpus[i].vp);
	return err;
}

static int init_partition(struct vmm_guest *guest,
			  struct hvhost_machine *machine,
			  const struct vmm_guest_config *config, char *error)
{
	struct testdev_config testdev = {
		.machine = machine,
		.partition = {
			.privileges = config->privileges &
				      ~config->privileges_withheld,
			.gpa_size = memory_gpa_end(&guest->memory),
			.vp_count_max = config->cpus,
			.message_buffers = config->message_buffers,
			.ports_max = config->ports_max,
			.connections_max = config->connections_max,
			.ops = &hyperv_partition_ops,
			.context = guest,
		},
		.raise = hyperv_raise,
		.context = guest,
	};
	int err = hvhost_partition_new(machine, &testdev.partition,
				       &guest->partition);

	if (!err)
		err = new_vps(guest);
	if (!err)
		err = hvhost_partition_activate(guest->partition);
	testdev.guest = guest->partition;
	if (!err)
		err = testdev_new(&testdev, &guest->testdev);
	return err ? vmm_fail(error, err, "no partition for a guest: %s",
			      strerror(-err)) : 0;
}

static int load_kernel(struct vmm_guest *guest, char *error)
{
	struct entry entry;
	int err = boot_load(&guest->boot, &guest->memory, &entry, error);

	if (err)
		return err;
	err = vcpu_set_entry(&guest->vcpus[0], &entry);
	return err ? vmm_fail(error, err, "KVM refuses the first registers: %s",
			      strerror(-err)) : 0;
}

int guest_power_on(struct vmm_guest *guest, char *error)
{
	int err = kvm_create_vm(guest, error);

	for (uint32_t i = 0; !err && i < guest->cpus; i++) {
		err = kvm_create_vcpu(&guest->vcpus[i], error);
		if (!err)
			err = cpuid_set(&guest->vcpus[i], error);
	}
	if (!err)
		err = hyperv_route_interrupts(guest, error);
	return err ? err : load_kernel(guest, error);
}

/* What KVM writes into goes last. */
void guest_power_off(struct vmm_guest *guest)
{
	for (uint32_t i = 0; guest->vcpus && i < guest->cpus; i++) {
		kvm_close_vcpu(&guest->vcpus[i]);
		hyperv_destroy(&guest->vcpus[i]);
	}
	kvm_close_vm(guest);
}

int vmm_guest_new(struct hvhost_machine *machine,
		  const struct vmm_guest_config *config,
		  struct vmm_guest **guest, char *error)
{
	struct vmm_guest *new;
	int err = check_config(config, error);

	*guest = NULL;
	if (err)
		return err;
	new = calloc(1, sizeof(*new));
	if (!new)
		return vmm_fail(error, -ENOMEM, "no memory for a guest");
	new->kvm_fd = new->vm_fd = new->end_fd = new->service_fd = -1;
	new->memory.ram_fd = new->memory.pages_fd = -1;
	new->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	stand_init(&new->stand);
	pthread_mutex_init(&new->join_lock, NULL);
	init_serial(new, config);
	for (int i = 0; i < VMM_SERIAL_COUNT; i++)
		new->input_fd[i] = -1;

	err = init_plain(new, config, error);
	if (!err)
		err = boot_open(&new->boot, config, error);
	if (!err)
		err = init_memory(new, config->memory_bytes, error);
	if (!err)
		err = kvm_open(new, error);
	if (!err)
		err = init_partition(new, machine, config, error);
	if (!err)
		err = guest_power_on(new, error);
	if (err) {
		vmm_guest_free(new);
		return err;
	}
	*guest = new;
	return 0;
}

struct hvhost_partition *vmm_guest_partition(struct vmm_guest *guest)
{
	return guest->partition;
}

void vmm_guest_counters(const struct vmm_guest *guest,
			struct vmm_guest_counters *counters)
{
	*counters = (struct vmm_guest_counters){
		.testdev_ignored = testdev_ignored(guest->testdev),
		.msrs_refused = atomic_load(&guest->msrs_refused),
		.ports_unknown = atomic_load(&guest->ports_unknown),
		.mmio_unknown = atomic_load(&guest->mmio_unknown),
	};
}

/* In this order: threads, what KVM writes into, what the engine calls. */
void vmm_guest_free(struct vmm_guest *guest)
{
	if (!guest)
		return;
	guest_finish(guest, VMM_STOPPED);
	guest_join(guest);
	testdev_free(guest->testdev);
	hvhost_partition_free(guest->partition);
	guest_power_off(guest);
	kvm_close(guest);
	memory_destroy(&guest->memory);
	boot_close(&guest->boot);
	service_destroy(guest);
	for (uint32_t i = 0; i < VMM_SERIAL_COUNT; i++)
		serial_destroy(&guest->serial[i]);
	if (guest->end_fd >= 0)
		close(guest->end_fd);
	stand_destroy(&guest->stand);
	pthread_mutex_destroy(&guest->join_lock);
	free(guest->vcpus);
	free(guest->name);
	free(guest);
}
