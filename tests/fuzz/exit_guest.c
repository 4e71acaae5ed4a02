// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* memfd_create, pipe2 */
#include "exit_guest.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_kvm.h"
#include "tests/host/model.h"

#define MEMORY_SIZE	VMM_MEMORY_MIN
#define PEER_SINT	3u
#define GUEST_SINT	2u
#define PORT_MESSAGES	1u
#define PORT_EVENTS	2u
#define PORTS_MAX	16u
#define BUFFERS		4u
/* Those that make ports and connections, too: more to be had for a guest. */
#define PRIVILEGES \
	(VMM_PRIVILEGES_DEFAULT | HVHOST_PRIVILEGE(HV_CREATE_PORT | \
						   HV_CONNECT_PORT))
#define CHECKED_PORTS	(2u * PORTS_MAX)

static struct {
	struct hvhost_machine *machine;
	struct vmm_guest *guest;
	uint32_t vps;
	const uint8_t *ram;		/* EXIT_PAGES, without overlays */
	uint8_t *run_before;
	struct model model;		/* of its MSRs only */

	struct hvhost_vp *peer;
	uint8_t peer_memory[256];
	int keyboard;

	/* What happened, against the monitor's own counters */
	uint64_t accesses, msrs_refused, mmios;
	unsigned int complaints;
} world;

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "This does not hold: %s\n", what);
	abort();
}

/* The peer */

static int read_peer_memory(void *context, uint64_t gpa, void *to, size_t size)
{
	(void)context;
	if (gpa > sizeof(world.peer_memory) ||
	    sizeof(world.peer_memory) - gpa < size)
		return -1;
	memcpy(to, world.peer_memory + gpa, size);
	return 0;
}

static int write_peer_memory(void *context, uint64_t gpa, const void *from,
			     size_t size)
{
	(void)context, (void)gpa, (void)from, (void)size;
	return -1;
}

static void ignore_sint(void *context, uint32_t vp_index, unsigned int sint,
			uint8_t vector)
{
	(void)context, (void)vp_index, (void)sint, (void)vector;
}

static struct hvhost_partition *make_peer(void)
{
	static const struct hvhost_partition_ops ops = {
		.read_memory = read_peer_memory,
		.write_memory = write_peer_memory,
		.assert_sint = ignore_sint,
	};
	const struct hvhost_partition_config config = {
		.privileges = PRIVILEGES, .gpa_size = 4096, .vp_count_max = 1,
		.message_buffers = BUFFERS, .ops = &ops,
	};
	static const struct {
		uint32_t msr;
		uint64_t value;
	} set_up[] = {
		{ HV_MSR_GUEST_OS_ID, HV_GUEST_OS_ID_OPEN_SOURCE },
		{ HV_MSR_SIMP, HV_PAGE_ENABLE },
		{ HV_MSR_SCONTROL, HV_SCONTROL_ENABLE },
		{ HV_MSR_SINT0 + PEER_SINT, 0x40 },
	};
	struct hvhost_partition *peer;

	must(!hvhost_partition_new(world.machine, &config, &peer) &&
	     !hvhost_vp_new(peer, 0, NULL, NULL, &world.peer) &&
	     !hvhost_partition_activate(peer), "there is a peer");
	for (size_t i = 0; i < ARRAY_SIZE(set_up); i++)
		must(!hvhost_vp_write_msr(world.peer, set_up[i].msr,
					  set_up[i].value),
		     "the peer's SynIC is on");
	return peer;
}

void exit_peer_call(const struct hvhost_hypercall *call)
{
	uint64_t result;

	hvhost_vp_hypercall(world.peer, call, &result);
	exit_guest_check();
}

uint8_t *exit_peer_memory(void)
{
	return world.peer_memory;
}

void exit_peer_take(void)
{
	hvhost_vp_sim(world.peer)->slot[PEER_SINT].message_type = 0;
	hvhost_vp_eom(world.peer);
	exit_guest_check();
}

static void link_port(struct hvhost_partition *from,
		      struct hvhost_partition *to, struct hv_port_info info)
{
	bool is_event = info.port_type == HV_PORT_TYPE_EVENT;
	const struct hv_create_port_input create = {
		.port_partition = hvhost_partition_id(to),
		.port_id = is_event ? PORT_EVENTS : PORT_MESSAGES,
		.connection_partition = hvhost_partition_id(from),
		.port_info = info,
	};
	const struct hv_connect_port_input connect = {
		.connection_partition = create.connection_partition,
		.connection_id = is_event ? EXIT_EVENTS : EXIT_MESSAGES,
		.port_partition = create.port_partition,
		.port_id = create.port_id,
		.connection_info.port_type = info.port_type,
	};

	must(!hvhost_create_port(world.machine, &create) &&
	     !hvhost_connect_port(world.machine, &connect), "there are links");
}

static void link_both(struct hvhost_partition *from,
		      struct hvhost_partition *to, uint32_t sint)
{
	link_port(from, to, (struct hv_port_info){
			.port_type = HV_PORT_TYPE_MESSAGE,
			.u.message = { .target_sint = sint,
				       .target_vp = HV_ANY_VP },
		});
	link_port(from, to, (struct hv_port_info){
			.port_type = HV_PORT_TYPE_EVENT,
			.u.event = { .target_sint = sint, .target_vp = 0,
				     .flag_count = 64 },
		});
}

/* The guest */

static void count_complaint(void *context, const char *text)
{
	(void)context;
	must(text[0] && !strchr(text, '\n') && strlen(text) < VMM_ERROR_SIZE,
	     "a complaint is one line");
	world.complaints++;
}

/* A kernel of no instructions: where the guest begins does not matter here. */
static const char *kernel_path(void)
{
	static char path[32];
	static const struct {
		Elf32_Ehdr elf;
		Elf32_Phdr segment;
		uint32_t multiboot[3];
	} kernel = {
		.elf = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS32, ELFDATA2LSB },
			.e_type = ET_EXEC, .e_machine = EM_386,
			.e_phoff = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1,
		},
		.multiboot = { 0x1badb002, 0, 0u - 0x1badb002 },
	};
	int fd;

	if (path[0])
		return path;
	fd = memfd_create("kernel", MFD_CLOEXEC);
	must(write(fd, &kernel, sizeof(kernel)) == sizeof(kernel),
	     "there is a kernel");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

/* The second port's output takes nothing: a reason to complain. */
static int null_device(int flags)
{
	static int fds[2] = { -1, -1 };
	int *fd = &fds[flags == O_RDONLY];

	if (*fd < 0)
		*fd = open("/dev/null", flags | O_CLOEXEC);
	return *fd;
}

static void make_guest(int typed)
{
	const struct vmm_guest_config config = {
		.name = "fuzzed", .kernel = kernel_path(),
		.cpus = world.vps, .memory_bytes = MEMORY_SIZE,
		.privileges = PRIVILEGES,
		.message_buffers = BUFFERS, .ports_max = PORTS_MAX,
		.connections_max = PORTS_MAX,
		.serial = {
			{ .input = typed, .output = null_device(O_WRONLY) },
			{ .input = -1, .output = null_device(O_RDONLY) },
		},
		.log = count_complaint,
	};
	char error[VMM_ERROR_SIZE];

	if (vmm_guest_new(world.machine, &config, &world.guest, error))
		must(false, error);
}

/* What lies in RAM where overlays may come is unlike what they begin with. */
static void map_ram(void)
{
	const struct memory *memory = &world.guest->memory;
	void *ram = mmap(NULL, EXIT_PAGES * 4096, PROT_READ, MAP_SHARED,
			 memory->ram_fd, (off_t)EXIT_PAGE(0));

	must(ram != MAP_FAILED, "RAM is mapped");
	world.ram = ram;
	for (uint32_t i = 0; i < EXIT_PAGES; i++)
		memset(memory_at(memory, EXIT_PAGE(i), 4096), 0xa0 + (int)i,
		       4096);
}

static void make_model(void)
{
	struct model_partition *partition = &world.model.partition[0];

	memset(&world.model, 0, sizeof(world.model));
	partition->exists = true;
	partition->privileges = PRIVILEGES;
	for (uint32_t i = 0; i < world.vps; i++)
		model_vp_new(&world.model, 0, i);
	model_partition_activate(&world.model, 0);
}

void exit_guest_begin(uint32_t vps)
{
	struct hvhost_partition *guest, *peer;
	int typed[2];

	memset(&world, 0, sizeof(world));
	world.vps = vps;
	fake_kvm_reset();
	must(!pipe2(typed, O_CLOEXEC | O_NONBLOCK), "there is a keyboard");
	world.keyboard = typed[1];
	must(!hvhost_machine_new(NULL, &world.machine), "there is a machine");
	make_guest(typed[0]);
	world.run_before = malloc(FAKE_KVM_RUN_SIZE);
	must(world.run_before, "there is memory");
	map_ram();
	make_model();
	guest = vmm_guest_partition(world.guest);
	peer = make_peer();
	link_both(guest, peer, PEER_SINT);
	link_both(peer, guest, GUEST_SINT);
	exit_guest_check();
}

void exit_guest_end(void)
{
	int typed = world.guest->serial[0].config.input;

	vmm_guest_free(world.guest);
	hvhost_machine_free(world.machine);
	munmap((void *)world.ram, EXIT_PAGES * 4096);
	free(world.run_before);
	close(world.keyboard);
	close(typed);
}

struct vcpu *exit_guest_vcpu(uint32_t number)
{
	return &world.guest->vcpus[number % world.vps];
}

uint8_t *exit_guest_page(uint32_t number)
{
	return memory_at(&world.guest->memory, EXIT_PAGE(number), 4096);
}

void exit_guest_type(uint8_t byte)
{
	/* A keyboard that nobody reads is full some day. */
	if (write(world.keyboard, &byte, 1) == 1)
		serial_receive(&world.guest->serial[0]);
	exit_guest_check();
}

/* What must hold */

static uint64_t engine_msr(uint32_t vp, uint32_t msr)
{
	uint64_t value;

	must(!hvhost_vp_read_msr(world.guest->vcpus[vp].vp, msr, &value),
	     "the engine has the MSR");
	return value;
}

static void check_msrs(uint32_t vp)
{
	static const uint32_t msrs[] = {
		HV_MSR_SCONTROL, HV_MSR_SIEFP, HV_MSR_SIMP,
	};

	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++)
		must(engine_msr(vp, msrs[i]) == fake_kvm_msr(vp, msrs[i]),
		     "engine and KVM have the same SynIC");
	for (uint32_t msr = HV_MSR_SINT0; msr < HV_MSR_SINT0 + HV_SINT_COUNT;
	     msr++) {
		uint64_t kvm = fake_kvm_msr(vp, msr);

		/* Until the guest writes it, each has it as after a reset. */
		must(!kvm || engine_msr(vp, msr) == kvm,
		     "engine and KVM have the same SINTs");
	}
}

/* What the guest sees at @gpa is RAM, or one of the pages that it put there. */
static void check_page(uint64_t gpa, const uint8_t *ram)
{
	const struct memory *memory = &world.guest->memory;
	const uint8_t *seen = memory_at(memory, gpa, 4096);
	bool is_covered = false, is_right = false;

	for (uint32_t i = 0; i < 2 * world.vps; i++) {
		uint64_t value = engine_msr(i / 2, i % 2 ? HV_MSR_SIEFP :
							   HV_MSR_SIMP);

		if (!(value & HV_PAGE_ENABLE) || (value & ~0xfffull) != gpa)
			continue;
		is_covered = true;
		is_right |= !memcmp(seen, memory_overlay(memory, i), 4096);
	}
	if (!is_covered)
		is_right = !memcmp(seen, ram, 4096);
	must(is_right, "the guest sees the page that lies there");
}

static void check_vp(uint32_t vp)
{
	struct hvhost_vp *engine = world.guest->vcpus[vp].vp;
	const struct hv_sim_page *sim = hvhost_vp_sim(engine);
	struct hvhost_vp_state state;

	hvhost_vp_inspect(engine, &state);
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		bool is_occupied = sim->slot[sint].message_type;

		must(is_occupied == !!(state.slots_occupied & 1u << sint),
		     "slots are occupied as told");
		must(!(state.sints_stuck & 1u << sint) || state.queued[sint],
		     "where a SINT is stuck, something waits");
	}
	check_msrs(vp);
}

/* Return how many messages are queued at the ports. */
static uint64_t check_ports(struct hvhost_partition *partition)
{
	struct hvhost_port_counters counters;
	struct hvhost_port_view view;
	uint64_t queued = 0;
	uint32_t count = 0;

	for (uint32_t id = 0; !hvhost_port_next(partition, id, &view);
	     id = view.id + 1) {
		must(!hvhost_port_counters(partition, view.id, &counters),
		     "a port has counters");
		must(++count <= CHECKED_PORTS, "ports are bounded");
		if (view.info.port_type != HV_PORT_TYPE_MESSAGE)
			continue;
		must(counters.posted == counters.delivered + counters.lost +
					counters.queued,
		     "each message is somewhere, once");
		must(counters.queued + counters.buffers_free == BUFFERS,
		     "a port has as many buffers as it was given");
		queued += counters.queued;
	}
	return queued;
}

static void check_messages(void)
{
	uint64_t waiting = 0;

	for (uint32_t vp = 0; vp < world.vps; vp++) {
		struct hvhost_vp_state state;

		hvhost_vp_inspect(world.guest->vcpus[vp].vp, &state);
		for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
			waiting += state.queued[sint];
	}
	must(check_ports(vmm_guest_partition(world.guest)) == waiting,
	     "what ports have queued waits at VPs");
}

static void check_counters(void)
{
	struct vmm_guest_counters counters;
	uint32_t complained = atomic_load(&world.guest->complained);

	vmm_guest_counters(world.guest, &counters);
	must(counters.msrs_refused == world.msrs_refused,
	     "refused MSRs are counted");
	must(counters.mmio_unknown == world.mmios, "MMIO is counted");
	must(counters.ports_unknown + counters.testdev_ignored <=
	     world.accesses, "no access is counted twice");
	must(world.complaints ==
	     (unsigned int)__builtin_popcount(complained) &&
	     complained < 1u << COMPLAINT_COUNT,
	     "each complaint is heard once");
}

void exit_guest_check(void)
{
	for (uint32_t vp = 0; vp < world.vps; vp++)
		check_vp(vp);
	for (uint32_t i = 0; i < EXIT_PAGES; i++)
		check_page(EXIT_PAGE(i), world.ram + i * 4096);
	check_messages();
	check_counters();
}

/* To the model, which has less memory, all the guest's pages are the first. */
static uint64_t model_value(uint32_t msr, uint64_t value)
{
	if (msr != HV_MSR_SIMP && msr != HV_MSR_SIEFP && msr != HV_MSR_HYPERCALL)
		return value;
	return value & ~0xfffull && value < MEMORY_SIZE ? value & 0xfff : value;
}

static void check_write(const struct vcpu *vcpu)
{
	uint32_t msr = vcpu->run->msr.index;
	uint64_t value = vcpu->run->msr.data;

	world.model.effects.count = 0;
	must(!vcpu->run->msr.error ==
	     !model_vp_write_msr(&world.model, 0, vcpu->index, msr,
				 model_value(msr, value)),
	     "a write of an MSR faults if and only if the model's does");
	world.msrs_refused += vcpu->run->msr.error;
}

static void check_run(const struct vcpu *vcpu, size_t answer_at,
		      size_t answer_size)
{
	const uint8_t *run = (const uint8_t *)vcpu->run;
	size_t end = answer_at + answer_size;

	must(!memcmp(run, world.run_before, answer_at) &&
	     !memcmp(run + end, world.run_before + end,
		     FAKE_KVM_RUN_SIZE - end),
	     "nothing but the answer is written");
}

void exit_guest_handle(struct vcpu *vcpu, size_t answer_at, size_t answer_size)
{
	const struct kvm_run *run = vcpu->run;

	memcpy(world.run_before, run, FAKE_KVM_RUN_SIZE);
	if (run->exit_reason == KVM_EXIT_IO)
		world.accesses += run->io.count;
	world.mmios += run->exit_reason == KVM_EXIT_MMIO;
	vcpu_handle_exit(vcpu);
	if (run->exit_reason == KVM_EXIT_X86_WRMSR)
		check_write(vcpu);
	check_run(vcpu, answer_at, answer_size);
	exit_guest_check();
}
