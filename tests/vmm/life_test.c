// SPDX-License-Identifier: MIT
/* A guest's life: pausing, resetting and ending it, on a KVM that is none. */
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

#include "lib/vmm/internal.h"
#include "suites.h"
#include "tests/fuzz/fake_kvm.h"

#define VPS		2u
#define SINT		5u
#define CONNECTION	0x10u
#define PORT		0x70u
#define LOAD_AT		0x100000u
#define CODE		0x55u

static struct hvhost_machine *machine;
static struct vmm_guest *guest;
static struct hvhost_vp *peer;
static int kernel_fd, console[2], keyboard[2];
static char error[VMM_ERROR_SIZE];

/* What the vCPUs do */

static _Atomic unsigned int rounds;
static _Atomic uint32_t wanted_port;	/* what VP 0 writes next; 0: nothing */
static _Atomic uint8_t wanted_value;

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
		atomic_load(&wanted_value);
	return true;
}

/* Busy, and gone from here only by an exit or a kick. */
static bool run_vcpu(uint32_t vcpu, struct kvm_run *run)
{
	while (!__atomic_load_n(&run->immediate_exit, __ATOMIC_SEQ_CST)) {
		uint32_t port = vcpu ? 0 : atomic_exchange(&wanted_port, 0);

		if (port)
			return write_port(run, (uint16_t)port);
		atomic_fetch_add(&rounds, 1);
		sched_yield();
	}
	return false;
}

static void await_rounds(void)
{
	unsigned int from = atomic_load(&rounds);

	while (atomic_load(&rounds) == from)
		sched_yield();
}

static void let_guest_write(uint16_t port, uint8_t value)
{
	atomic_store(&wanted_value, value);
	atomic_store(&wanted_port, port);
}

static void await_end(void)
{
	struct pollfd end = { .fd = vmm_guest_fd(guest), .events = POLLIN };

	ck_assert_int_eq(poll(&end, 1, -1), 1);
}

/* The guest, and a peer with a link to it */

static void write_kernel(uint32_t magic)
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

	ck_assert_int_eq(pwrite(kernel_fd, &kernel, sizeof(kernel), 0),
			 sizeof(kernel));
}

static int read_post(void *context, uint64_t gpa, void *to, size_t size)
{
	const struct hv_post_message_input input = {
		.connection_id = CONNECTION, .message_type = 1,
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
		.port_partition = id_of(vmm_guest_partition(guest)),
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

	ck_assert_uint_eq(hvhost_create_port(machine, &create), 0);
	ck_assert_uint_eq(hvhost_connect_port(machine, &connect), 0);
}

static void make_peer(void)
{
	static const struct hvhost_partition_ops ops = {
		.read_memory = read_post, .write_memory = no_write,
		.assert_sint = no_interrupt,
	};
	const struct hvhost_partition_config config = {
		.privileges = HV_ACCESS_HYPERCALL_MSRS |
			      HVHOST_PRIVILEGE(HV_POST_MESSAGES),
		.gpa_size = 4096, .vp_count_max = 1, .ops = &ops,
	};
	struct hvhost_partition *partition;

	ck_assert_int_eq(hvhost_partition_new(machine, &config, &partition), 0);
	ck_assert_int_eq(hvhost_vp_new(partition, 0, NULL, NULL, &peer), 0);
	ck_assert_int_eq(hvhost_partition_activate(partition), 0);
	ck_assert_int_eq(hvhost_vp_write_msr(peer, HV_MSR_GUEST_OS_ID, 1), 0);
	make_link(partition);
}

/* Status of a post to the guest. */
static uint64_t post(void)
{
	uint64_t result;

	ck_assert_int_eq(hvhost_vp_hypercall(peer, &(struct hvhost_hypercall){
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
			{ .input = keyboard[0], .output = console[1] },
			{ .input = -1, .output = -1 },
		},
	};

	kernel_fd = memfd_create("kernel", MFD_CLOEXEC);
	write_kernel(0x1badb002);
	snprintf(kernel, sizeof(kernel), "/proc/self/fd/%d", kernel_fd);
	ck_assert_msg(!vmm_guest_new(machine, &config, &guest, error), "%s",
		      error);
}

static void make(void)
{
	fake_kvm_reset();
	fake_kvm_run(run_vcpu);
	ck_assert_int_eq(pipe2(console, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(keyboard, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_eq(hvhost_machine_new(NULL, &machine), 0);
	make_guest();
	make_peer();
}

static void start(void)
{
	ck_assert_int_eq(vmm_guest_start(guest, error), 0);
	await_rounds();
}

static void destroy(void)
{
	vmm_guest_free(guest);
	hvhost_machine_free(machine);
	close(kernel_fd);
	for (int i = 0; i < 2; i++) {
		close(console[i]);
		close(keyboard[i]);
	}
}

/* What a guest does to have messages: its MSR writes come as exits do. */
static void write_msr(uint32_t vp, uint32_t msr, uint64_t value)
{
	ck_assert_int_eq(hyperv_write_msr(&guest->vcpus[vp], msr, value), 0);
}

#define SIM_AT 0x300000u

static void start_synic(void)
{
	write_msr(0, HV_MSR_GUEST_OS_ID, HV_GUEST_OS_ID_OPEN_SOURCE);
	write_msr(1, HV_MSR_SIMP, SIM_AT | HV_PAGE_ENABLE);
	write_msr(1, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
	write_msr(1, HV_MSR_SINT0 + SINT, 0x50);
}

static uint8_t *memory_of_guest(uint64_t gpa)
{
	return memory_at(&guest->memory, gpa, 1);
}

/* Pausing */

static void ck_stands(void)
{
	unsigned int seen = atomic_load(&rounds);

	ck_assert(vmm_guest_is_paused(guest));
	for (int i = 0; i < 100; i++)
		sched_yield();
	ck_assert_uint_eq(atomic_load(&rounds), seen);
}

START_TEST(a_guest_that_is_paused_does_nothing_until_it_is_resumed)
{
	start();
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(vmm_guest_pause(guest), 0);
		ck_stands();
		vmm_guest_resume(guest);
		ck_assert(!vmm_guest_is_paused(guest));
		await_rounds();
	}
}
END_TEST

START_TEST(one_that_is_paused_before_it_starts_starts_paused)
{
	ck_assert_int_eq(vmm_guest_pause(guest), 0);
	ck_assert_int_eq(vmm_guest_start(guest, error), 0);
	ck_assert_int_eq(vmm_guest_pause(guest), 0);
	ck_assert_uint_eq(atomic_load(&rounds), 0);
	vmm_guest_resume(guest);
	await_rounds();
}
END_TEST

START_TEST(what_is_posted_to_one_that_is_paused_reaches_its_slot)
{
	const struct hv_sim_page *sim;

	start_synic();
	start();
	ck_assert_int_eq(vmm_guest_pause(guest), 0);
	ck_assert_uint_eq(post(), 0);
	sim = (void *)memory_of_guest(SIM_AT);
	ck_assert_uint_eq(sim->slot[SINT].message_type, 1);
	vmm_guest_resume(guest);
}
END_TEST

START_TEST(what_is_typed_to_one_that_is_paused_waits)
{
	start();
	ck_assert_int_eq(vmm_guest_pause(guest), 0);
	ck_assert_int_eq(write(keyboard[1], "x", 1), 1);
	for (int i = 0; i < 100; i++)
		sched_yield();
	ck_assert_uint_eq(guest->serial[0].received_count, 0);
	vmm_guest_resume(guest);
	while (serial_read(&guest->serial[0], 0) != 'x')
		sched_yield();
}
END_TEST

/* The vCPU's thread waits in the middle of an exit, for the console's reader. */
START_TEST(one_that_waits_for_its_console_is_paused_and_loses_no_byte)
{
	char bytes[4096] = "";

	fcntl(console[1], F_SETFL, O_NONBLOCK);
	while (write(console[1], "", 1) == 1)
		;
	start();
	let_guest_write(0x3f8, 'y');
	while (atomic_load(&wanted_port))
		sched_yield();
	ck_assert_int_eq(vmm_guest_pause(guest), 0);
	ck_stands();
	while (read(console[0], bytes, sizeof(bytes)) == sizeof(bytes) &&
	       poll(&(struct pollfd){ console[0], POLLIN, 0 }, 1, 0) == 1)
		;
	ck_assert_int_eq(bytes[0], 0);
	vmm_guest_resume(guest);
	ck_assert_int_eq(read(console[0], bytes, 1), 1);
	ck_assert_int_eq(bytes[0], 'y');
}
END_TEST

START_TEST(one_that_is_paused_may_be_stopped)
{
	start();
	ck_assert_int_eq(vmm_guest_pause(guest), 0);
	vmm_guest_stop(guest);
	ck_assert_int_eq(vmm_guest_wait(guest), VMM_STOPPED);
	ck_assert_int_eq(vmm_guest_pause(guest), -ESRCH);
}
END_TEST

START_TEST(one_that_ends_meanwhile_keeps_nobody_waiting)
{
	start();
	let_guest_write(POWER_CONTROL_PORT, 0x34);
	while (!vmm_guest_pause(guest))
		vmm_guest_resume(guest);
	ck_assert_int_eq(vmm_guest_wait(guest), VMM_POWERED_OFF);
}
END_TEST

/* Resetting */

START_TEST(a_reset_makes_all_anew_but_the_partition)
{
	struct hvhost_partition *partition = vmm_guest_partition(guest);
	uint64_t value;

	start();
	start_synic();
	ck_assert_uint_eq(post(), 0);
	ck_assert_uint_eq(post(), 0);
	*memory_of_guest(LOAD_AT) = 0;
	*memory_of_guest(0x200000) = 1;
	ck_assert_uint_eq(fake_kvm_msr(1, HV_MSR_SCONTROL), 1);

	ck_assert_msg(!vmm_guest_reset(guest, error), "%s", error);
	ck_assert_uint_eq(*memory_of_guest(LOAD_AT), CODE);
	ck_assert_uint_eq(*memory_of_guest(0x200000), 0);
	ck_assert_uint_eq(fake_kvm_vms(), 2);
	ck_assert_uint_eq(fake_kvm_msr(1, HV_MSR_SCONTROL), 0);
	ck_assert_ptr_eq(vmm_guest_partition(guest), partition);
	ck_assert_int_eq(hvhost_vp_read_msr(guest->vcpus[1].vp,
					    HV_MSR_SINT0 + SINT, &value), 0);
	ck_assert_uint_eq(value, HV_SINT_MASKED);
	ck_assert_int_eq(hvhost_vp_read_msr(guest->vcpus[1].vp,
					    HV_MSR_GUEST_OS_ID, &value), 0);
	ck_assert_uint_eq(value, 0);
	ck_assert_int_eq(guest->vcpus[1].sint[SINT].raise_fd, -1);
	ck_assert_uint_eq(vmm_guest_resets(guest), 1);
	ck_assert_int_eq(vmm_guest_end(guest), VMM_RUNNING);
	await_rounds();
}
END_TEST

/* Twice, as what the first left may be in the way of the second. */
START_TEST(what_others_have_to_do_with_it_stays)
{
	start();
	for (int i = 0; i < 2; i++) {
		start_synic();
		ck_assert_uint_eq(post(), 0);
		ck_assert_uint_eq(post(), 0);
		ck_assert_int_eq(vmm_guest_reset(guest, error), 0);
		ck_assert_uint_eq(post(), HV_STATUS_INVALID_SYNIC_STATE);
	}
	start_synic();
	ck_assert_uint_eq(post(), 0);
	ck_assert_uint_eq(((struct hv_sim_page *)memory_of_guest(SIM_AT))->
			  slot[SINT].message_flags, 0);
}
END_TEST

START_TEST(no_overlay_covers_the_memory_of_one_that_was_reset)
{
	start_synic();
	ck_assert_uint_eq(post(), 0);
	start();
	ck_assert_int_eq(vmm_guest_reset(guest, error), 0);
	for (uint32_t i = 0; i < 2 * VPS; i++)
		ck_assert_uint_eq(guest->memory.placed[i], HVHOST_NO_GPA);
	for (uint32_t i = 0; i < 4096; i++)
		ck_assert_uint_eq(memory_of_guest(SIM_AT)[i], 0);
}
END_TEST

START_TEST(devices_are_as_at_first)
{
	start();
	serial_write(&guest->serial[0], 7, 0xa5);
	power_write(&guest->power, 2, 0x21);
	atomic_store(&guest->clock_index, 9);
	ck_assert(testdev_command(guest->testdev, 0x10040100 | SINT));
	ck_assert_int_eq(vmm_guest_reset(guest, error), 0);
	ck_assert_uint_eq(serial_read(&guest->serial[0], 7), 0);
	ck_assert_uint_eq(power_read(&guest->power, 2), 0);
	ck_assert_uint_eq(atomic_load(&guest->clock_index), 0);
	ck_assert(testdev_command(guest->testdev, 0x10040100 | SINT));
}
END_TEST

START_TEST(one_that_asks_for_a_reset_has_ended_until_it_is_reset)
{
	struct pollfd end = { .fd = vmm_guest_fd(guest), .events = POLLIN };

	start();
	for (unsigned int times = 1; times <= 3; times++) {
		let_guest_write(POWER_RESET_PORT, POWER_RESET_VALUE);
		await_end();
		ck_assert_int_eq(vmm_guest_end(guest), VMM_RESET);
		ck_assert_int_eq(vmm_guest_reset(guest, error), 0);
		ck_assert_int_eq(poll(&end, 1, 0), 0);
		ck_assert_uint_eq(fake_kvm_vms(), 1 + times);
		await_rounds();
	}
	vmm_guest_stop(guest);
	ck_assert_int_eq(vmm_guest_wait(guest), VMM_STOPPED);
}
END_TEST

START_TEST(one_that_is_reset_while_paused_stays_so)
{
	start();
	ck_assert_int_eq(vmm_guest_pause(guest), 0);
	ck_assert_int_eq(vmm_guest_reset(guest, error), 0);
	ck_stands();
	vmm_guest_resume(guest);
	await_rounds();
	ck_assert_int_eq(vmm_guest_pause(guest), 0);
	ck_assert_uint_eq(guest->stand.standing, VPS + 1);
}
END_TEST

START_TEST(one_that_ended_otherwise_is_not_reset)
{
	start();
	let_guest_write(POWER_CONTROL_PORT, 0x34);
	await_end();
	ck_assert_int_eq(vmm_guest_reset(guest, error), -ESRCH);
	ck_assert_str_eq(error, "it powered off");
	ck_assert_int_eq(vmm_guest_wait(guest), VMM_POWERED_OFF);
}
END_TEST

START_TEST(without_its_kernel_it_has_failed_and_says_why)
{
	start();
	write_kernel(0);
	ck_assert_int_eq(vmm_guest_reset(guest, error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "no multiboot header"));
	await_end();
	ck_assert_int_eq(vmm_guest_wait(guest), VMM_FAILED);
}
END_TEST

Suite *life_suite(void)
{
	Suite *suite = suite_create("life");
	TCase *pause = tcase_create("pause");
	TCase *reset = tcase_create("reset");

	/* vCPUs never rest, which takes long where others want the processor. */
	tcase_set_timeout(pause, 60);
	tcase_set_timeout(reset, 60);
	tcase_add_checked_fixture(pause, make, destroy);
	tcase_add_checked_fixture(reset, make, destroy);

	tcase_add_test(pause,
		       a_guest_that_is_paused_does_nothing_until_it_is_resumed);
	tcase_add_test(pause,
		       one_that_is_paused_before_it_starts_starts_paused);
	tcase_add_test(pause,
		       what_is_posted_to_one_that_is_paused_reaches_its_slot);
	tcase_add_test(pause, what_is_typed_to_one_that_is_paused_waits);
	tcase_add_test(pause,
		       one_that_waits_for_its_console_is_paused_and_loses_no_byte);
	tcase_add_test(pause, one_that_is_paused_may_be_stopped);
	tcase_add_test(pause, one_that_ends_meanwhile_keeps_nobody_waiting);
	suite_add_tcase(suite, pause);

	tcase_add_test(reset, a_reset_makes_all_anew_but_the_partition);
	tcase_add_test(reset, what_others_have_to_do_with_it_stays);
	tcase_add_test(reset,
		       no_overlay_covers_the_memory_of_one_that_was_reset);
	tcase_add_test(reset, devices_are_as_at_first);
	tcase_add_test(reset,
		       one_that_asks_for_a_reset_has_ended_until_it_is_reset);
	tcase_add_test(reset, one_that_is_reset_while_paused_stays_so);
	tcase_add_test(reset, one_that_ended_otherwise_is_not_reset);
	tcase_add_test(reset, without_its_kernel_it_has_failed_and_says_why);
	suite_add_tcase(suite, reset);
	return suite;
}
