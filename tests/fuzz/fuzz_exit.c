// SPDX-License-Identifier: MIT
/*
 * What a guest makes KVM hand to the monitor: hypercalls with any registers and
 * memory, writes of any MSR, ports, MMIO, the ends of its interrupts, while a
 * process posts to it and somebody types. The exits themselves are as KVM makes
 * them: it is the guest that is not to be trusted.
 */
#include <string.h>
#include <sys/eventfd.h>

#include "exit_guest.h"
#include "fake_kvm.h"
#include "fuzz.h"

#define STEPS_MAX 64

/* What a step does: its first byte modulo STEPS. */
enum step {
	STEP_HYPERCALL,
	STEP_MSR,
	STEP_PORT,
	STEP_MMIO,
	STEP_REASON,
	STEP_MEMORY,
	STEP_EOI,
	STEP_POST,
	STEP_TAKE,
	STEP_TYPE,
	STEP_REFUSE,
	STEPS
};

/* A GPA: any, or one in a page with a number. */
static uint64_t take_gpa(struct bytes *bytes)
{
	uint8_t how = bytes_take_u8(bytes);

	if (how == 0xff)
		return bytes_take_u64(bytes);
	return EXIT_PAGE(how) + how / EXIT_PAGES * 8u;
}

/* Bytes for @to, at most @most; how many there are comes first. */
static size_t take_some(struct bytes *bytes, void *to, size_t most)
{
	size_t size = bytes_take_u8(bytes);

	if (size == 0xff)
		size++;
	if (size > most)
		size = most;
	bytes_take(bytes, to, size);
	return size;
}

static struct kvm_run *begin_exit(struct vcpu *vcpu, uint32_t reason)
{
	memset(vcpu->run, 0, sizeof(*vcpu->run));
	vcpu->run->exit_reason = reason;
	return vcpu->run;
}

#define HANDLE(vcpu, answer) \
	exit_guest_handle(vcpu, offsetof(struct kvm_run, answer), \
			  sizeof((vcpu)->run->answer))

static void make_hypercall(struct vcpu *vcpu, struct bytes *bytes)
{
	struct kvm_run *run = begin_exit(vcpu, KVM_EXIT_HYPERV);
	uint8_t input[256];
	uint64_t gpa;
	size_t size;

	run->hyperv.type = KVM_EXIT_HYPERV_HCALL;
	run->hyperv.u.hcall.input = bytes_take_u64(bytes);
	run->hyperv.u.hcall.params[0] = gpa = take_gpa(bytes);
	run->hyperv.u.hcall.params[1] = take_gpa(bytes);
	size = take_some(bytes, input, sizeof(input));
	if (gpa >= EXIT_PAGE(0) && gpa - EXIT_PAGE(0) <=
				   EXIT_PAGES * 4096 - sizeof(input))
		memcpy(exit_guest_page(0) + (gpa - EXIT_PAGE(0)), input, size);
	HANDLE(vcpu, hyperv.u.hcall.result);
}

static void write_msr(struct vcpu *vcpu, struct bytes *bytes)
{
	static const uint32_t msrs[] = {
		HV_MSR_GUEST_OS_ID, HV_MSR_HYPERCALL, HV_MSR_SCONTROL,
		HV_MSR_SIEFP, HV_MSR_SIMP, HV_MSR_EOM, HV_MSR_SVERSION,
		HV_MSR_VP_INDEX,
	};
	struct kvm_run *run = begin_exit(vcpu, KVM_EXIT_X86_WRMSR);
	uint8_t which = bytes_take_u8(bytes);
	uint8_t page = bytes_take_u8(bytes);

	run->msr.index = msrs[which % ARRAY_SIZE(msrs)];
	if (which & 0x40)
		run->msr.index = HV_MSR_SINT0 + which % HV_SINT_COUNT;
	if (which & 0x80)
		run->msr.index = (uint32_t)bytes_take_u64(bytes);
	run->msr.data = page & 0x80 ? EXIT_PAGE(page) | (page >> 6 & 1) :
				      bytes_take_u64(bytes);
	HANDLE(vcpu, msr.error);
}

static uint16_t take_port(struct bytes *bytes)
{
	static const uint16_t ports[] = {
		0x3f8, 0x2f8, POWER_EVENT_PORT, POWER_RESET_PORT,
		POWER_KEYBOARD_PORT, 0x70, TESTDEV_PORT,
	};
	uint8_t port = bytes_take_u8(bytes);
	uint8_t more = bytes_take_u8(bytes);

	if (port & 0x80)
		return (uint16_t)(port << 8 | more);
	return (uint16_t)(ports[port % ARRAY_SIZE(ports)] + more % 16);
}

/* KVM brings what fits into its page at a time. */
static void access_port(struct vcpu *vcpu, struct bytes *bytes)
{
	struct kvm_run *run = begin_exit(vcpu, KVM_EXIT_IO);
	uint8_t *data = (uint8_t *)run + FAKE_KVM_PORT_DATA;
	uint8_t how = bytes_take_u8(bytes);

	run->io.port = take_port(bytes);
	run->io.direction = how & 1 ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN;
	run->io.size = (uint8_t)(1u << (how >> 1) % 3);
	run->io.count = how & 0x80 ? 4096u / run->io.size : 1 + (how >> 3) % 16;
	run->io.data_offset = FAKE_KVM_PORT_DATA;
	memset(data, 0x5a, 4096);
	if (how & 1)
		take_some(bytes, data, 256);
	exit_guest_handle(vcpu, FAKE_KVM_PORT_DATA,
			  how & 1 ? 0 : run->io.count * run->io.size);
}

static void access_mmio(struct vcpu *vcpu, struct bytes *bytes)
{
	struct kvm_run *run = begin_exit(vcpu, KVM_EXIT_MMIO);
	uint8_t how = bytes_take_u8(bytes);

	run->mmio.phys_addr = bytes_take_u64(bytes);
	run->mmio.len = 1u << how % 4;
	run->mmio.is_write = how >> 7;
	exit_guest_handle(vcpu, offsetof(struct kvm_run, mmio.data),
			  run->mmio.is_write ? 0 : sizeof(run->mmio.data));
}

/* Reasons that come with nothing that is looked at. */
static void stop_for(struct vcpu *vcpu, struct bytes *bytes)
{
	uint32_t reason = bytes_take_u8(bytes);
	struct kvm_run *run;

	if (reason == KVM_EXIT_IO || reason == KVM_EXIT_MMIO ||
	    reason == KVM_EXIT_X86_WRMSR)
		return;
	run = begin_exit(vcpu, reason);
	/* Hyper-V's other kinds, and errors with numbers */
	run->hyperv.type = KVM_EXIT_HYPERV_SYNIC;
	exit_guest_handle(vcpu, 0, 0);
}

/* The guest writes its own memory, whatever lies there. */
static void write_memory(struct bytes *bytes)
{
	uint8_t page = bytes_take_u8(bytes);
	size_t at = bytes_take_u8(bytes) * 16u;

	take_some(bytes, exit_guest_page(page) + at, 4096 - at);
	exit_guest_check();
}

static void end_interrupt(struct vcpu *vcpu, struct bytes *bytes)
{
	struct sint *sint = &vcpu->sint[bytes_take_u8(bytes) % HV_SINT_COUNT];

	if (sint->eoi_fd >= 0)
		eventfd_write(sint->eoi_fd, 1);
	hyperv_eoi(sint);
	exit_guest_check();
}

static void post_to_guest(struct bytes *bytes)
{
	struct hvhost_hypercall call = {
		.control = HV_CALL_POST_MESSAGE, .protected_mode = 1,
	};
	struct hv_post_message_input input = {
		.connection_id = EXIT_MESSAGES, .message_type = 1,
	};
	uint8_t how = bytes_take_u8(bytes);

	if (how & 1) {
		call.control = HV_CALL_SIGNAL_EVENT | HV_CONTROL_FAST;
		call.input = EXIT_EVENTS | (uint64_t)how / 2 << 32;
	}
	input.payload_size = how;
	memset(input.payload, how, sizeof(input.payload));
	memcpy(exit_peer_memory(), &input, sizeof(input));
	exit_peer_call(&call);
}

static void take_step(struct bytes *bytes)
{
	uint8_t step = bytes_take_u8(bytes);
	struct vcpu *vcpu = exit_guest_vcpu(step / 32);

	switch ((enum step)(step % 32 % STEPS)) {
	case STEP_HYPERCALL:
		make_hypercall(vcpu, bytes);
		break;
	case STEP_MSR:
		write_msr(vcpu, bytes);
		break;
	case STEP_PORT:
		access_port(vcpu, bytes);
		break;
	case STEP_MMIO:
		access_mmio(vcpu, bytes);
		break;
	case STEP_REASON:
		stop_for(vcpu, bytes);
		break;
	case STEP_MEMORY:
		write_memory(bytes);
		break;
	case STEP_EOI:
		end_interrupt(vcpu, bytes);
		break;
	case STEP_POST:
		post_to_guest(bytes);
		break;
	case STEP_TAKE:
		exit_peer_take();
		break;
	case STEP_TYPE:
		exit_guest_type(bytes_take_u8(bytes));
		break;
	default:
		fake_kvm_refuse_irqfds(bytes_take_u8(bytes) & 1);
		break;
	}
}

/* The end of the guest is no end here: other VPs are in the midst of exits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = { .data = data, .size = size };

	exit_guest_begin(1 + bytes_take_u8(&bytes) % EXIT_VPS_MAX);
	for (int i = 0; bytes.size && i < STEPS_MAX; i++)
		take_step(&bytes);
	exit_guest_end();
	return 0;
}
