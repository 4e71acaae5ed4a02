// SPDX-License-Identifier: MIT
/*
 * The receiver's interrupts run in the threads that cause them (receiver.h). The
 * engine asserts a SINT in the middle of a call, under locks of its own: then we
 * note it and no more, and each thread that has called the engine runs the
 * handlers of what is noted before it goes on.
 *
 * Locks, outermost first: registry_lock; the lock of one SINT, never two; the
 * engine's. assert_sint() runs under the last and takes none.
 */
#include "embedded_machine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/retry.h"

#define MESSAGE_LINK(sint)	(0x10u + (sint))
#define EVENT_LINK(sint)	(0x20u + (sint))

#define REGISTERS \
	(HV_ACCESS_SYNIC_REGS | HV_ACCESS_HYPERCALL_MSRS | HV_ACCESS_VP_INDEX)
#define CALLS \
	HVHOST_PRIVILEGE(HV_POST_MESSAGES | HV_SIGNAL_EVENTS | \
			 HV_CREATE_PORT | HV_CONNECT_PORT)

#define GUEST_OS_ID \
	(HV_GUEST_OS_ID_OPEN_SOURCE | \
	 HV_GUEST_OS_ID_TYPE_LINUX << HV_GUEST_OS_ID_TYPE_SHIFT)

/* Where the receiver's pages lie, and where its memory ends. */
#define SIM_GPA		0x1000u
#define SIEF_GPA	0x2000u
#define RECEIVER_SIZE	0x3000u

/* Of a sender. Few, so that somebody sees what it is like to reach them. */
#define PORTS_MAX	128u
#define CONNECTIONS_MAX	128u

#define VP		0u

struct embedded_machine {
	pid_t owner;
	struct hvhost_machine *host;
	struct embedded_sender guest;
	struct embedded_sender restricted;
	struct embedded_sender inactive;
	struct hvhost_partition *receiving;
	struct hvhost_vp *receiving_vp;
	uint32_t noted;			/* see receiver.h */
	struct receiver receiver;
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
/* These two are guarded by registry_lock. */
static struct embedded_machine *the_machine;
static size_t users;

/* Interrupts */

static void note_sint(void *context, uint32_t vp_index, unsigned int sint,
		      uint8_t vector)
{
	struct embedded_machine *machine = context;

	(void)vp_index;
	(void)vector;
	__atomic_fetch_or(&machine->noted, 1u << sint, __ATOMIC_SEQ_CST);
}

/* What a sender's VP, whose SynIC is off, never gets. */
static void ignore_sint(void *context, uint32_t vp_index, unsigned int sint,
			uint8_t vector)
{
	(void)context;
	(void)vp_index;
	(void)sint;
	(void)vector;
}

static const struct hvhost_partition_ops sender_ops = {
	.read_memory = call_memory_read,
	.write_memory = call_memory_write,
	.assert_sint = ignore_sint,
};

static const struct hvhost_partition_ops receiver_ops = {
	.read_memory = call_memory_read,
	.write_memory = call_memory_write,
	.assert_sint = note_sint,
};

/* What the receiving VP asks of the engine. */

static void write_eom(void *context, bool wait)
{
	struct embedded_machine *machine = context;

	(void)wait;
	hvhost_vp_eom(machine->receiving_vp);
}

static int write_sint(void *context, unsigned int sint, uint64_t value,
		      uint64_t deadline_ns)
{
	struct embedded_machine *machine = context;

	(void)deadline_ns;
	return hvhost_vp_write_msr(machine->receiving_vp, HV_MSR_SINT0 + sint,
				   value);
}

static const struct receiver_ops receiving_vp_ops = {
	.eom = write_eom,
	.write_sint = write_sint,
};

/* Making */

static int add_sender(struct embedded_machine *machine,
		      struct embedded_sender *sender, const char *name,
		      uint64_t privileges)
{
	const struct hvhost_partition_config config = {
		.privileges = privileges,
		.gpa_size = HVPOST_HYPERCALL_MEMORY_MAX,
		.vp_count_max = 1,
		.ports_max = PORTS_MAX,
		.connections_max = CONNECTIONS_MAX,
		.ops = &sender_ops,
	};
	int err;

	sender->name = name;
	sender->privileges = privileges;
	sender->guest_os_id = GUEST_OS_ID;
	err = hvhost_partition_new(machine->host, &config, &sender->partition);
	if (!err)
		err = hvhost_partition_activate(sender->partition);
	if (!err)
		err = hvhost_vp_new(sender->partition, VP, NULL, NULL,
				    &sender->vp);
	if (!err)
		err = hvhost_vp_write_msr(sender->vp, HV_MSR_GUEST_OS_ID,
					  GUEST_OS_ID);
	return err;
}

static int start_synic(struct hvhost_vp *vp)
{
	int err = hvhost_vp_write_msr(vp, HV_MSR_SIMP,
				      SIM_GPA | HV_PAGE_ENABLE);

	if (!err)
		err = hvhost_vp_write_msr(vp, HV_MSR_SIEFP,
					  SIEF_GPA | HV_PAGE_ENABLE);
	if (!err)
		err = hvhost_vp_write_msr(vp, HV_MSR_SCONTROL,
					  HV_SCONTROL_ENABLE);
	return err;
}

static int add_receiver(struct embedded_machine *machine)
{
	const struct hvhost_partition_config config = {
		.privileges = REGISTERS,
		.gpa_size = RECEIVER_SIZE,
		.vp_count_max = 1,
		.ops = &receiver_ops,
		.context = machine,
	};
	int err;

	err = hvhost_partition_new(machine->host, &config, &machine->receiving);
	if (!err)
		err = hvhost_partition_activate(machine->receiving);
	if (!err)
		err = hvhost_vp_new(machine->receiving, VP, NULL, NULL,
				    &machine->receiving_vp);
	if (!err)
		err = start_synic(machine->receiving_vp);
	if (err)
		return err;
	machine->receiver.sim = hvhost_vp_sim(machine->receiving_vp);
	machine->receiver.sief = hvhost_vp_sief(machine->receiving_vp);
	return 0;
}

/* The port has the connection's number, which so is the origin of messages. */
static int add_link(struct embedded_machine *machine, uint32_t id,
		    const struct hv_port_info *info)
{
	const struct hv_create_port_input port = {
		.port_partition = hvhost_partition_id(machine->receiving),
		.port_id = id,
		.connection_partition =
			hvhost_partition_id(machine->guest.partition),
		.port_info = *info,
	};
	const struct hv_connect_port_input connection = {
		.connection_partition = port.connection_partition,
		.connection_id = id,
		.port_partition = port.port_partition,
		.port_id = id,
		.connection_info.port_type = info->port_type,
	};
	uint16_t status = hvhost_create_port(machine->host, &port);

	if (!status)
		status = hvhost_connect_port(machine->host, &connection);
	return hvp_status_errno(status);
}

static int add_links(struct embedded_machine *machine)
{
	int err = 0;

	for (uint32_t sint = 1; sint < HV_SINT_COUNT && !err; sint++) {
		err = add_link(machine, MESSAGE_LINK(sint),
			       &(struct hv_port_info){
				.port_type = HV_PORT_TYPE_MESSAGE,
				.u.message.target_sint = sint,
				.u.message.target_vp = VP,
			});
		if (!err)
			err = add_link(machine, EVENT_LINK(sint),
				       &(struct hv_port_info){
				.port_type = HV_PORT_TYPE_EVENT,
				.u.event.target_sint = sint,
				.u.event.target_vp = VP,
				.u.event.flag_count = HV_EVENT_FLAG_COUNT,
			});
	}
	return err;
}

static int add_inactive(struct embedded_machine *machine)
{
	int err = add_sender(machine, &machine->inactive, "inactive",
			     REGISTERS | CALLS);

	if (err)
		return err;
	return hvhost_partition_begin_finalize(machine->inactive.partition);
}

static int prepare_conformance(struct embedded_machine *machine)
{
	const struct hvhost_conformance config = {
		.spare_ports = CONNECTIONS_MAX,
	};

	return hvhost_conformance_prepare(machine->guest.partition, &config);
}

/* Always in this order: partition ids are 1, 2, 3 in every process. */
static int build(struct embedded_machine *machine)
{
	int err = hvhost_machine_new(NULL, &machine->host);

	if (!err)
		err = add_sender(machine, &machine->guest, "guest",
				 REGISTERS | CALLS);
	if (!err)
		err = add_sender(machine, &machine->restricted, "restricted",
				 REGISTERS);
	if (!err)
		err = add_receiver(machine);
	if (!err)
		err = add_links(machine);
	if (!err)
		err = add_inactive(machine);
	if (!err)
		err = prepare_conformance(machine);
	return err;
}

static void machine_free(struct embedded_machine *machine)
{
	hvhost_machine_free(machine->host);
	receiver_destroy(&machine->receiver);
	free(machine);
}

static int machine_new(struct embedded_machine **machine)
{
	struct embedded_machine *new = calloc(1, sizeof(*new));
	int err;

	if (!new)
		return -ENOMEM;
	new->owner = getpid();
	new->receiver.ops = &receiving_vp_ops;
	new->receiver.context = new;
	new->receiver.vp_index = VP;
	new->receiver.noted = &new->noted;
	receiver_init(&new->receiver);
	err = build(new);
	if (err) {
		machine_free(new);
		return err;
	}
	*machine = new;
	return 0;
}

bool embedded_machine_is_inherited(const struct embedded_machine *machine)
{
	return machine->owner != getpid();
}

/*
 * In a child of fork(): the machine is the parent's, and there is nothing to free
 * it with. The lock may be that of a thread which is not here.
 */
static void forget_machine(void)
{
	pthread_mutex_init(&registry_lock, NULL);
	users = 0;
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, forget_machine);
}

int embedded_machine_get(struct embedded_machine **machine)
{
	int err = 0;

	pthread_mutex_lock(&registry_lock);
	if (!users)
		err = machine_new(&the_machine);
	if (!err) {
		users++;
		*machine = the_machine;
	}
	pthread_mutex_unlock(&registry_lock);
	return err;
}

void embedded_machine_put(struct embedded_machine *machine)
{
	pthread_mutex_lock(&registry_lock);
	if (!--users) {
		machine_free(machine);
		the_machine = NULL;
	}
	pthread_mutex_unlock(&registry_lock);
}

/* Posting */

const struct embedded_sender *
embedded_machine_sender(const struct embedded_machine *machine,
			const char *name)
{
	if (!strcmp(name, machine->guest.name))
		return &machine->guest;
	if (!strcmp(name, machine->restricted.name))
		return &machine->restricted;
	if (!strcmp(name, machine->inactive.name))
		return &machine->inactive;
	return NULL;
}

uint64_t embedded_machine_call(struct embedded_machine *machine,
			       const struct embedded_sender *sender,
			       const struct hvhost_hypercall *call,
			       const struct call_memory *memory)
{
	int saved_errno = errno; /* the engine's malloc() may set it */
	uint64_t result;

	/* Fails only for callers without GUEST_OS_ID or outside CPL 0. */
	call_memory_hypercall(sender->vp, call, memory, &result);
	receiver_run_interrupts(&machine->receiver);
	errno = saved_errno;
	return result;
}

struct receiver *embedded_machine_receiver(struct embedded_machine *machine)
{
	return &machine->receiver;
}
