// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* memfd_create, pipe2 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <check.h>

#include "world.h"

#include "tests/fuzz/fake_kvm.h"

#define CONNECTION	0x10u

struct world world;

/* What the vCPUs do */

static bool write_port(struct kvm_run *run, uint16_t port)
{
	run->exit_reason = KVM_EXIT_IO;
	run->io.direction = KVM_EXIT_IO_OUT;
	run->io.port = port;
	run->io.size = port == POWER_CONTROL_PORT ? 2 : 1;
	run->io.count = 1;
	run->io.data_offset = FAKE_KVM_PORT_DATA;
	memset((uint8_t *)run + FAKE_KVM_PORT_DATA, 0, 4);
	((uint8_t *)run)[FAKE_KVM_PORT_DATA + run->io.size - 1] =
		atomic_load(&world.wanted_value);
	return true;
}

/* Busy, and gone from here only by an exit or a kick. */
static bool run_vcpu(uint32_t vcpu, struct kvm_run *run)
{
	while (!__atomic_load_n(&run->immediate_exit, __ATOMIC_SEQ_CST)) {
		uint32_t port = vcpu ? 0 : atomic_exchange(&world.wanted_port, 0);
		uint32_t event = vcpu ? 0 :
				 atomic_exchange(&world.wanted_event, 0);

		if (event) {
			run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
			run->system_event.type = event;
			return true;
		}
		if (port)
			return write_port(run, (uint16_t)port);
		atomic_fetch_add(&world.rounds, 1);
		sched_yield();
	}
	return false;
}

void await_rounds(void)
{
	unsigned int from = atomic_load(&world.rounds);

	while (atomic_load(&world.rounds) == from)
		sched_yield();
}

void let_guest_write(uint16_t port, uint8_t value)
{
	atomic_store(&world.wanted_value, value);
	atomic_store(&world.wanted_port, port);
}

void await_end(void)
{
	struct pollfd end = { .fd = vmm_guest_fd(world.guest), .events = POLLIN };

	ck_assert_int_eq(poll(&end, 1, -1), 1);
}

/* The world.guest, and a peer with a link to it */

void write_kernel(uint32_t magic)
{
	const struct {
		Elf32_Ehdr elf;
		Elf32_Phdr segment;
		uint32_t multiboot[3];
		uint8_t code[16];
	} kernel = {
		.elf = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS32, ELFDATA2LSB },
			.e_type = ET_EXEC, .e_machine = EM_386,
			.e_entry = LOAD_AT,
			.e_phoff = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1,
		},
		.segment = {
			.p_type = PT_LOAD, .p_paddr = LOAD_AT,
			.p_offset = sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr) + 12,
			.p_filesz = 16, .p_memsz = 16,
		},
		.multiboot = { magic, 0, 0u - magic },
		.code = { CODE },
	};

	ck_assert_int_eq(pwrite(world.kernel_fd, &kernel, sizeof(kernel), 0),
			 sizeof(kernel));
}

static int read_post(void *context, uint64_t gpa, void *to, size_t size)
{
	const struct hv_post_message_input input = {
		.connection_id = CONNECTION, .message_type = ++world.posted,
	};

	(void)context, (void)gpa;
	memcpy(to, &input, size);
	return 0;
}

static int no_write(void *context, uint64_t gpa, const void *from, size_t size)
{
	(void)context, (void)gpa, (void)from, (void)size;
	return -1;
}

static void no_interrupt(void *context, uint32_t vp, unsigned int sint,
			 uint8_t vector)
{
	(void)context, (void)vp, (void)sint, (void)vector;
}

static uint64_t id_of(struct hvhost_partition *partition)
{
	return hvhost_partition_id(partition);
}

static void make_link(struct hvhost_partition *from)
{
	const struct hv_create_port_input create = {
		.port_partition = id_of(vmm_guest_partition(world.guest)),
		.port_id = PORT, .connection_partition = id_of(from),
		.port_info = {
			.port_type = HV_PORT_TYPE_MESSAGE,
			.u.message = { .target_sint = SINT, .target_vp = 1 },
		},
	};
	const struct hv_connect_port_input connect = {
		.connection_partition = id_of(from),
		.connection_id = CONNECTION,
		.port_partition = create.port_partition, .port_id = PORT,
		.connection_info.port_type = HV_PORT_TYPE_MESSAGE,
	};

	ck_assert_uint_eq(hvhost_create_port(world.machine, &create), 0);
	ck_assert_uint_eq(hvhost_connect_port(world.machine, &connect), 0);
}

const struct hvhost_partition_ops peer_ops = {
	.read_memory = read_post, .write_memory = no_write,
	.assert_sint = no_interrupt,
};

static void make_peer(void)
{
	const struct hvhost_partition_config config = {
		.privileges = HV_ACCESS_HYPERCALL_MSRS |
			      HVHOST_PRIVILEGE(HV_POST_MESSAGES),
		.gpa_size = 4096, .vp_count_max = 1, .ops = &peer_ops,
	};
	struct hvhost_partition *partition;

	ck_assert_int_eq(hvhost_partition_new(world.machine, &config, &partition), 0);
	ck_assert_int_eq(hvhost_vp_new(partition, 0, NULL, NULL, &world.peer), 0);
	ck_assert_int_eq(hvhost_partition_activate(partition), 0);
	ck_assert_int_eq(hvhost_vp_write_msr(world.peer, HV_MSR_GUEST_OS_ID, 1), 0);
	make_link(partition);
}

/* Status of a post to the guest. */
uint64_t post(void)
{
	uint64_t result;

	ck_assert_int_eq(hvhost_vp_hypercall(world.peer, &(struct hvhost_hypercall){
			.control = HV_CALL_POST_MESSAGE, .protected_mode = 1,
		}, &result), 0);
	return result;
}

static void make_guest(void)
{
	char kernel[32];
	const struct vmm_guest_config config = {
		.name = "g", .kernel = kernel, .cpus = VPS,
		.memory_bytes = VMM_MEMORY_MIN,
		.privileges = VMM_PRIVILEGES_DEFAULT,
		.serial = {
			{ .input = world.keyboard[0], .output = world.console[1] },
			{ .input = -1, .output = -1 },
		},
	};

	world.kernel_fd = memfd_create("kernel", MFD_CLOEXEC);
	write_kernel(0x1badb002);
	snprintf(kernel, sizeof(kernel), "/proc/self/fd/%d", world.kernel_fd);
	ck_assert_msg(!vmm_guest_new(world.machine, &config, &world.guest,
				     world.error), "%s", world.error);
}

static void make_all(void)
{
	fake_kvm_reset();
	fake_kvm_run(run_vcpu);
	ck_assert_int_eq(pipe2(world.console, O_CLOEXEC), 0);
	ck_assert_int_eq(hvhost_machine_new(NULL, &world.machine), 0);
	make_guest();
	make_peer();
}

void world_make(void)
{
	memset(&world, 0, sizeof(world));
	ck_assert_int_eq(pipe2(world.keyboard, O_CLOEXEC | O_NONBLOCK), 0);
	make_all();
}

void world_make_with_input(int input)
{
	memset(&world, 0, sizeof(world));
	ck_assert_int_ge(input, 0);
	world.keyboard[0] = input;
	world.keyboard[1] = -1;
	make_all();
}

void start(void)
{
	ck_assert_int_eq(vmm_guest_start(world.guest, world.error), 0);
	await_rounds();
}

void world_destroy(void)
{
	vmm_guest_free(world.guest);
	hvhost_machine_free(world.machine);
	close(world.kernel_fd);
	for (int i = 0; i < 2; i++) {
		close(world.console[i]);
		close(world.keyboard[i]);
	}
}

/* What a guest does to have messages: its MSR writes come as exits do. */
void write_msr(uint32_t vp, uint32_t msr, uint64_t value)
{
	ck_assert_int_eq(hyperv_write_msr(&world.guest->vcpus[vp], msr, value), 0);
}

void start_synic(void)
{
	write_msr(0, HV_MSR_GUEST_OS_ID, HV_GUEST_OS_ID_OPEN_SOURCE);
	write_msr(1, HV_MSR_SIMP, SIM_AT | HV_PAGE_ENABLE);
	write_msr(1, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
	write_msr(1, HV_MSR_SINT0 + SINT, 0x50);
}

uint8_t *memory_of_guest(uint64_t gpa)
{
	return memory_at(&world.guest->memory, gpa, 1);
}
