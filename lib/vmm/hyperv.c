// SPDX-License-Identifier: MIT
/*
 * Between KVM and the engine.
 *
 * KVM carries out the SynIC's interrupts, so it has the SINT registers; the
 * engine decides what is written where, so it has all of them. Each write comes
 * to us first (filter_msrs() in kvm.c) and goes to both. The engine decides
 * about #GP, and goes first; but a SINT's register reaches KVM first, because the
 * engine raises the SINT as soon as it is unmasked.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* GSIs: those of a PC's interrupt controllers, then 16 SINTs for each VP. */
#define GSI_SINT0	24u
#define PIC_PINS	8u
#define TIMER_PIN	2u	/* where a PC has the timer, GSI 0 */

static uint32_t sint_gsi(const struct sint *sint)
{
	return GSI_SINT0 + sint->vcpu->index * HV_SINT_COUNT + sint->number;
}

/* The engine's callbacks; the context is the guest. */

static int read_memory(void *context, uint64_t gpa, void *to, size_t size)
{
	const struct vmm_guest *guest = context;
	const void *from = memory_at(&guest->memory, gpa, size);

	if (!from)
		return -1;
	memcpy(to, from, size);
	return 0;
}

static int write_memory(void *context, uint64_t gpa, const void *from,
			size_t size)
{
	const struct vmm_guest *guest = context;
	void *to = memory_at(&guest->memory, gpa, size);

	if (!to)
		return -1;
	memcpy(to, from, size);
	return 0;
}

void hyperv_raise(void *context, uint32_t vp_index, unsigned int number)
{
	struct vmm_guest *guest = context;
	const struct sint *sint = &guest->vcpus[vp_index].sint[number];
	const uint64_t one = 1;
	int fd = atomic_load(&sint->raise_fd);

	if (fd >= 0 && write(fd, &one, sizeof(one)) != sizeof(one))
		guest_complain(guest, COMPLAINT_INTERRUPT,
			       "VP %u: SINT %u cannot be raised: %s",
			       vp_index, number, strerror(errno));
}

static void assert_sint(void *context, uint32_t vp_index, unsigned int sint,
			uint8_t vector)
{
	const struct vmm_guest *guest = context;

	(void)vector;	/* KVM has the register too */
	/* KVM's are of before: vmm_guest_end_move() raises them all. */
	if (!guest->pages_before)
		hyperv_raise(context, vp_index, sint);
}

/* Most messages find their slot free: no EOI of theirs is to wake anybody. */
static void await_eoi(void *context, uint32_t vp_index, unsigned int number)
{
	struct vmm_guest *guest = context;
	struct sint *sint = &guest->vcpus[vp_index].sint[number];

	if (!atomic_exchange(&sint->eoi_awaited, true))
		service_await_sint(guest, sint);
}

static void set_overlay(void *context, uint32_t vp_index, uint32_t msr,
			uint64_t gpa, void *contents)
{
	struct vmm_guest *guest = context;
	int err = memory_place(&guest->memory,
			       2 * vp_index + (msr == HV_MSR_SIEFP), gpa);

	(void)contents;	/* the overlay's, as we brought it */
	if (err)
		guest_complain(guest, COMPLAINT_OVERLAY,
			       "VP %u: no page at 0x%llx for MSR 0x%x: %s",
			       vp_index, (unsigned long long)gpa, msr,
			       strerror(-err));
}

const struct hvhost_partition_ops hyperv_partition_ops = {
	.read_memory = read_memory,
	.write_memory = write_memory,
	.assert_sint = assert_sint,
	.set_overlay = set_overlay,
	.await_eoi = await_eoi,
};

/* Hypercalls */

/*
 * KVM has checked privilege level, control word and rights. Of SignalEvent in
 * memory it has read the 8 bytes already and gives us those.
 */
void hyperv_hypercall(struct vcpu *vcpu, struct kvm_hyperv_exit *exit)
{
	struct hvhost_hypercall call = {
		.control = exit->u.hcall.input,
		.input = exit->u.hcall.params[0],
		.output = exit->u.hcall.params[1],
		.protected_mode = 1,
	};
	uint16_t code = (uint16_t)(call.control & HV_CONTROL_CODE_MASK);
	uint64_t result;

	if (code == HV_CALL_SIGNAL_EVENT)
		call.control |= HV_CONTROL_FAST;
	if (hvhost_vp_hypercall(vcpu->vp, &call, &result))
		result = HV_STATUS_INVALID_HYPERCALL_CODE;
	if (result == HV_STATUS_INVALID_CONNECTION_ID)
		result = testdev_hypercall(vcpu->guest->testdev, &call);
	exit->u.hcall.result = result;
}

/* SINT interrupts */

static int assign_irqfd(const struct sint *sint, int raise_fd)
{
	struct kvm_irqfd irqfd = {
		.fd = (uint32_t)raise_fd,
		.gsi = sint_gsi(sint),
		.flags = KVM_IRQFD_FLAG_RESAMPLE,
		.resamplefd = (uint32_t)sint->eoi_fd,
	};

	return ioctl(sint->vcpu->guest->vm_fd, KVM_IRQFD, &irqfd) ? -errno : 0;
}

/* Return 0 or a negative errno value; what is half done stays for the next. */
static int make_interrupt(struct sint *sint)
{
	int raise_fd, err;

	if (sint->eoi_fd < 0)
		sint->eoi_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (sint->eoi_fd < 0)
		return -errno;
	raise_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (raise_fd < 0)
		return -errno;
	err = service_add_sint(sint->vcpu->guest, sint);
	if (err == -EEXIST)
		err = 0;
	if (!err)
		err = assign_irqfd(sint, raise_fd);
	if (err)
		close(raise_fd);
	else
		atomic_store(&sint->raise_fd, raise_fd);
	return err;
}

void hyperv_prepare_sint(struct sint *sint)
{
	int err;

	if (atomic_load(&sint->raise_fd) >= 0)
		return;
	err = make_interrupt(sint);
	if (err)
		guest_complain(sint->vcpu->guest, COMPLAINT_INTERRUPT,
			       "VP %u: SINT %u gets no interrupt: %s",
			       sint->vcpu->index, sint->number, strerror(-err));
}

void hyperv_init(struct vcpu *vcpu)
{
	for (uint32_t i = 0; i < HV_SINT_COUNT; i++)
		vcpu->sint[i] = (struct sint){
			.vcpu = vcpu, .number = i, .raise_fd = -1, .eoi_fd = -1,
			.eoi_awaited = true,
		};
}

void hyperv_destroy(struct vcpu *vcpu)
{
	for (uint32_t i = 0; i < HV_SINT_COUNT; i++) {
		if (vcpu->sint[i].raise_fd >= 0)
			close(vcpu->sint[i].raise_fd);
		if (vcpu->sint[i].eoi_fd >= 0)
			close(vcpu->sint[i].eoi_fd);
	}
	hyperv_init(vcpu);
}

/*
 * A guest that ends its interrupts need not write EOM to get the next message.
 * Nobody awaits any more before we look what is queued: what is left then, or
 * comes later, makes somebody await anew.
 */
void hyperv_eoi(struct sint *sint)
{
	struct hvhost_vp *vp = sint->vcpu->vp;
	uint64_t count, value;
	ssize_t size = read(sint->eoi_fd, &count, sizeof(count));

	(void)size;	/* nor does it matter how many there were */
	atomic_store(&sint->eoi_awaited, false);
	if (!hvhost_vp_read_msr(vp, HV_MSR_SINT0 + sint->number, &value))
		hvhost_vp_eoi(vp, (uint8_t)(value & HV_SINT_VECTOR_MASK));
}

static struct kvm_irq_routing_entry *
add_route(struct kvm_irq_routing *routing, uint32_t gsi, uint32_t type)
{
	struct kvm_irq_routing_entry *entry = &routing->entries[routing->nr++];

	entry->gsi = gsi;
	entry->type = type;
	return entry;
}

static void route_chips(struct kvm_irq_routing *routing)
{
	struct kvm_irq_routing_entry *entry;

	for (uint32_t pin = 0; pin < 2 * PIC_PINS; pin++) {
		entry = add_route(routing, pin, KVM_IRQ_ROUTING_IRQCHIP);
		entry->u.irqchip.irqchip = pin < PIC_PINS ?
			KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE;
		entry->u.irqchip.pin = pin % PIC_PINS;
	}
	for (uint32_t gsi = 0; gsi < GSI_SINT0; gsi++) {
		if (gsi == TIMER_PIN)
			continue;
		entry = add_route(routing, gsi, KVM_IRQ_ROUTING_IRQCHIP);
		entry->u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
		entry->u.irqchip.pin = gsi ? gsi : TIMER_PIN;
	}
}

static void route_sints(struct kvm_irq_routing *routing,
			const struct vcpu *vcpu)
{
	for (uint32_t i = 0; i < HV_SINT_COUNT; i++) {
		struct kvm_irq_routing_entry *entry =
			add_route(routing, sint_gsi(&vcpu->sint[i]),
				  KVM_IRQ_ROUTING_HV_SINT);

		entry->u.hv_sint.vcpu = vcpu->index;
		entry->u.hv_sint.sint = i;
	}
}

int hyperv_route_interrupts(struct vmm_guest *guest, char *error)
{
	const size_t count = 2 * PIC_PINS + GSI_SINT0 +
			     (size_t)guest->cpus * HV_SINT_COUNT;
	struct kvm_irq_routing *routing =
		calloc(1, sizeof(*routing) + count * sizeof(*routing->entries));
	int err = 0;

	if (!routing)
		return vmm_fail(error, -ENOMEM, "no memory");
	route_chips(routing);
	for (uint32_t i = 0; i < guest->cpus; i++)
		route_sints(routing, &guest->vcpus[i]);
	if (ioctl(guest->vm_fd, KVM_SET_GSI_ROUTING, routing))
		err = vmm_fail(error, -errno, "KVM refuses %u interrupt routes: "
			       "%s", routing->nr, strerror(errno));
	free(routing);
	return err;
}

/* MSRs */

static int write_sint(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	struct sint *sint = &vcpu->sint[msr - HV_MSR_SINT0];
	uint64_t before;

	if (hvhost_vp_read_msr(vcpu->vp, msr, &before))
		return -EPERM;
	if (!(value & HV_SINT_MASKED))
		hyperv_prepare_sint(sint);
	if (kvm_write_msr(vcpu, msr, value))
		return -EPERM;
	if (!hvhost_vp_write_msr(vcpu->vp, msr, value))
		return 0;
	kvm_write_msr(vcpu, msr, before);
	return -EPERM;
}

int hyperv_write_msr(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	if (msr >= HV_MSR_SINT0 && msr < HV_MSR_SINT0 + HV_SINT_COUNT)
		return write_sint(vcpu, msr, value);
	if (hvhost_vp_write_msr(vcpu->vp, msr, value))
		return -EPERM;
	/* EOM is no state, and of it KVM need not know. */
	return msr == HV_MSR_EOM ? 0 : kvm_write_msr(vcpu, msr, value);
}
