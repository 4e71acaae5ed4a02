/* SPDX-License-Identifier: MIT */
/*
 * hvhost.h - libhvhost: the engine behind HvCallPostMessage, as a host runs it.
 *
 * A *machine* holds partitions. A *partition* has virtual processors (VPs), each
 * with a SynIC, and owns *ports*: places where messages or events arrive, at a
 * SINT of one VP or of any. A *connection* of another partition leads to a port;
 * what that partition posts to the connection is queued for the port's VP and
 * SINT and written into the SIM slot there when it is free.
 *
 * The engine is the state and the rules. It knows no thread, no socket and no
 * virtual machine monitor: its user runs the VPs, lends it the guests' memory,
 * brings hypercalls, MSR accesses, EOMs and EOIs to it, and raises the
 * interrupts that it asks for.
 *
 * The error rule. Functions that can fail return 0 on success and a negative
 * errno value on failure; errno itself is left alone. What a guest does wrong
 * is no failure: it gets the documented HV_STATUS, or the exception that the
 * function's description names. Functions that do a hypercall's work for the
 * host itself return that HV_STATUS.
 *
 * Threads. Every function may be called from any thread at any time, with one
 * rule: nobody uses a machine, partition or VP that somebody is freeing.
 *
 * Callbacks. They are called in the thread that caused them, with the engine's
 * locks held: they must not block for long and must not call the engine.
 *
 * Sources are the Hypervisor Top Level Functional Specification (TLFS), its
 * chapters Hypercall Interface, Inter-Partition Communication and Virtual
 * Interrupt Controller, and the edition 2.0a for what later ones dropped.
 */
#ifndef HVPOST_HVHOST_H
#define HVPOST_HVHOST_H

#include <stddef.h>
#include <stdint.h>

#include "hyperv.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HVHOST_API __attribute__((visibility("default")))

struct hvhost_machine;
struct hvhost_partition;
struct hvhost_vp;

/* 1. The machine */

/* Take a non-zero word at offset 4 of a post's input, as older editions did. */
#define HVHOST_MACHINE_RELAX_RSVDZ	(1u << 0)
/* SCONTROL is on after a VP's reset, as some hosts have it; default: off. */
#define HVHOST_MACHINE_SCONTROL_ON	(1u << 1)

struct hvhost_machine_config {
	uint32_t flags;		/* HVHOST_MACHINE_* */
};

/**
 * hvhost_machine_new() - make a machine without partitions
 * @config:	may be NULL: no flags
 * @machine:	out: free it with hvhost_machine_free()
 *
 * Return: 0, or -EINVAL: unknown flags; -ENOMEM.
 */
HVHOST_API int hvhost_machine_new(const struct hvhost_machine_config *config,
				  struct hvhost_machine **machine);

/** hvhost_machine_flags() - those it was made with, or restored */
HVHOST_API uint32_t hvhost_machine_flags(const struct hvhost_machine *machine);

/**
 * hvhost_machine_free() - free a machine and all that is in it
 * @machine:	may be NULL
 */
HVHOST_API void hvhost_machine_free(struct hvhost_machine *machine);

/* 2. Partitions (2.0a, Partition Management) */

enum hvhost_partition_state {
	HVHOST_PARTITION_UNINITIALIZED,	/* as made */
	HVHOST_PARTITION_ACTIVE,	/* may call, and be called at */
	HVHOST_PARTITION_FINALIZING,	/* its VPs, ports, connections go */
	HVHOST_PARTITION_FINALIZED	/* nothing is left but its id */
};

/* Partition privileges: CPUID 0x40000003 EAX, and EBX in the upper half. */
#define HVHOST_PRIVILEGE(ebx_bit)	((uint64_t)(ebx_bit) << 32)

/* What the user of the engine does for a partition. */
struct hvhost_partition_ops {
	/*
	 * Copy @size bytes at guest physical address @gpa to @to. Return 0, or
	 * a negative value if they cannot all be read. The engine never reads
	 * the same bytes twice.
	 */
	int (*read_memory)(void *context, uint64_t gpa, void *to, size_t size);
	/* The other way round. */
	int (*write_memory)(void *context, uint64_t gpa, const void *from,
			    size_t size);
	/* Raise @vector, an edge, on VP @vp_index on behalf of @sint. */
	void (*assert_sint)(void *context, uint32_t vp_index, unsigned int sint,
			    uint8_t vector);
	/*
	 * The guest placed or removed an overlay page: @contents, 4096 bytes,
	 * now covers @gpa, or nothing any more if @gpa is HVHOST_NO_GPA. May be
	 * NULL where the guest reads the pages in another way.
	 */
	void (*set_overlay)(void *context, uint32_t vp_index, uint32_t msr,
			    uint64_t gpa, void *contents);
	/*
	 * Messages are left waiting for the slot of @sint: the next EOI of its
	 * interrupt matters, hvhost_vp_eoi(). Called for each look that leaves
	 * some; no other EOI has an effect, nor need it be brought. May be NULL
	 * where all are, or where the guest has no interrupts to end.
	 */
	void (*await_eoi)(void *context, uint32_t vp_index, unsigned int sint);
	/*
	 * A post of the partition was refused for want of a buffer, and now half
	 * of that port's are free, or the port or the connection to it is gone:
	 * time to try again. Once after any number of refusals. It is called
	 * with locks of the engine held, and must not call the engine. May be
	 * NULL.
	 */
	void (*tell_room)(void *context);
};

#define HVHOST_NO_GPA	UINT64_MAX

/* Partitions of one machine that there may be at a time. */
#define HVHOST_PARTITIONS_MAX 1024u

struct hvhost_partition_config {
	uint64_t privileges;	/* see HVHOST_PRIVILEGE() */
	uint64_t gpa_size;	/* guest physical addresses lie below it */
	uint32_t vp_count_max;	/* VP indexes lie below it; 1 to 4096 */
	uint32_t message_buffers; /* of a message port; 0 means 16; to 65535 */
	uint32_t ports_max;	/* 0 means 65536; to 2^24 */
	uint32_t connections_max; /* 0 means 65536; to 2^24 */
	const struct hvhost_partition_ops *ops;	/* must stay */
	void *context;		/* for @ops */
};

/**
 * hvhost_partition_new() - make a partition, uninitialized
 * @machine:	machine
 * @config:	what it is like; copied
 * @partition:	out: freed by hvhost_partition_free(), or with the machine
 *
 * Return: 0, or -EINVAL: a number out of range or a callback missing; -ENOSPC:
 * there are HVHOST_PARTITIONS_MAX already; -ENOMEM.
 */
HVHOST_API int hvhost_partition_new(struct hvhost_machine *machine,
				    const struct hvhost_partition_config *config,
				    struct hvhost_partition **partition);

/**
 * hvhost_partition_id() - id that ports and connections name it by
 *
 * Return: neither 0 nor all ones; never given out twice by one machine.
 */
HVHOST_API uint64_t
hvhost_partition_id(const struct hvhost_partition *partition);

/**
 * hvhost_partition_find() - the partition with an id
 *
 * Return: it, or NULL: the machine has none with this id.
 */
HVHOST_API struct hvhost_partition *
hvhost_partition_find(struct hvhost_machine *machine, uint64_t id);

HVHOST_API enum hvhost_partition_state
hvhost_partition_state(const struct hvhost_partition *partition);

/**
 * hvhost_partition_activate() - let a partition call and be called
 *
 * Return: 0, or -EBUSY: it is not uninitialized.
 */
HVHOST_API int hvhost_partition_activate(struct hvhost_partition *partition);

/**
 * hvhost_partition_reset() - what a power cycle does to a partition's VPs
 *
 * As hvhost_vp_reset() of each, and GUEST_OS_ID and HYPERCALL are 0, HYPERCALL
 * also if it was locked. Ports and connections stay, whoever made them; so does
 * the state.
 */
HVHOST_API void hvhost_partition_reset(struct hvhost_partition *partition);

/**
 * hvhost_partition_begin_finalize() - a partition is no target any more
 *
 * Posts and signals to its ports get INVALID_PORT_ID, port calls that name it
 * INVALID_PARTITION_STATE. All it has is still there.
 *
 * Return: 0, or -EBUSY: it is not active.
 */
HVHOST_API int
hvhost_partition_begin_finalize(struct hvhost_partition *partition);

/**
 * hvhost_partition_finalize() - take a partition's VPs, ports and connections
 *
 * Messages queued at its ports are lost; connections of others to
 * its ports stay and answer INVALID_PORT_ID. Its VPs are freed: the user has
 * stopped running them.
 *
 * Return: 0; also if it is finalized already.
 */
HVHOST_API int hvhost_partition_finalize(struct hvhost_partition *partition);

/**
 * hvhost_partition_free() - finalize a partition and forget its id
 * @partition:	may be NULL
 */
HVHOST_API void hvhost_partition_free(struct hvhost_partition *partition);

/* 3. Virtual processors (TLFS, Virtual Interrupt Controller) */

/**
 * hvhost_vp_new() - make a VP with its SynIC as after a reset
 * @partition:	partition, uninitialized or active
 * @vp_index:	index below the partition's vp_count_max
 * @sim:	4096 bytes, page-aligned, for the SIM page, or NULL: the engine's.
 *		It must stay until the VP is freed, and is zeroed.
 * @sief:	the same for the SIEF page
 * @vp:		out: freed by hvhost_vp_free(), or with the partition
 *
 * Return: 0, or -EINVAL: index or alignment; -EEXIST: the index is in use;
 * -EBUSY: the partition is being finalized; -ENOMEM.
 */
HVHOST_API int hvhost_vp_new(struct hvhost_partition *partition,
			     uint32_t vp_index, void *sim, void *sief,
			     struct hvhost_vp **vp);

#define HVHOST_MORE_SLOTS_MAX	255u

/**
 * hvhost_vp_add_slots() - give a SINT more slots than the one in the SIM page
 * @vp:		VP whose guest knows of this
 * @sint:	which SINT, once
 * @slots:	the others. They must stay until the VP is freed, and are zeroed.
 * @count:	how many, up to HVHOST_MORE_SLOTS_MAX
 *
 * No specification has this: it is for guests that share a processor with who
 * fills their slots, where one slot means a change of processes for each message.
 * Messages go into the slots in turn, beginning with the one in the SIM page if
 * that is free, else with @slots; and the guest is to take them in turn, each as
 * it would take that one: it clears the type, looks at MessagePending, and writes
 * EOM if that is set, which here means that it is time to ask for more.
 *
 * hvhost_machine_save() saves the SIM page alone: the rest is the user's.
 *
 * Return: 0, or -EINVAL: out of range or not aligned; -EEXIST: the SINT has more
 * already.
 */
HVHOST_API int hvhost_vp_add_slots(struct hvhost_vp *vp, unsigned int sint,
				   struct hv_slot *slots, uint32_t count);

/**
 * hvhost_vp_free() - remove a VP
 * @vp:		may be NULL
 *
 * Its queued messages are lost, and counted; their buffers return to their
 * ports. Ports that name it answer INVALID_VP_INDEX from then on. set_overlay is
 * not called: the user has taken its overlay pages away.
 */
HVHOST_API void hvhost_vp_free(struct hvhost_vp *vp);

/**
 * hvhost_vp_reset() - put a VP's SynIC into the state after a reset
 *
 * SCONTROL 0, or 1 with HVHOST_MACHINE_SCONTROL_ON; SIMP and SIEFP 0, which
 * set_overlay is told; SINTs 0x10000, pages zeroed, queues empty. GUEST_OS_ID and
 * HYPERCALL are the partition's, and stay; see hvhost_partition_reset().
 */
HVHOST_API void hvhost_vp_reset(struct hvhost_vp *vp);

/**
 * hvhost_vp_find() - the VP with an index
 *
 * Return: it, or NULL: the partition has none with this index.
 */
HVHOST_API struct hvhost_vp *
hvhost_vp_find(struct hvhost_partition *partition, uint32_t vp_index);

/** hvhost_vp_index() - its index in its partition */
HVHOST_API uint32_t hvhost_vp_index(const struct hvhost_vp *vp);

/**
 * hvhost_vp_sim() - contents of the SIM page, whether it is enabled or not
 *
 * Return: it, until the VP is freed.
 */
HVHOST_API struct hv_sim_page *hvhost_vp_sim(struct hvhost_vp *vp);

/** hvhost_vp_sief() - contents of the SIEF page; as hvhost_vp_sim() */
HVHOST_API struct hv_sief_page *hvhost_vp_sief(struct hvhost_vp *vp);

/**
 * hvhost_vp_read_msr() - RDMSR of a Hyper-V MSR by the guest
 * @vp:		VP that reads
 * @msr:	GUEST_OS_ID, HYPERCALL, VP_INDEX, SCONTROL, SVERSION, SIEFP, SIMP,
 *		EOM, SINT0 to SINT15
 * @value:	out
 *
 * Return: 0, or -EPERM: raise #GP: not an MSR of the engine, the partition lacks
 * the privilege, or it cannot be read.
 */
HVHOST_API int hvhost_vp_read_msr(struct hvhost_vp *vp, uint32_t msr,
				  uint64_t *value);

/**
 * hvhost_vp_write_msr() - WRMSR of a Hyper-V MSR by the guest
 *
 * Writing EOM, enabling SCONTROL or SIMP and unmasking a SINT deliver what is
 * queued. An enabled HYPERCALL page is the user's to place.
 *
 * Return: 0, or -EPERM: raise #GP: as for reading, or it cannot be written; also
 * a page past the end of guest memory, HYPERCALL once it is locked, and an
 * unmasked SINT with a vector below 16.
 */
HVHOST_API int hvhost_vp_write_msr(struct hvhost_vp *vp, uint32_t msr,
				   uint64_t value);

/** hvhost_vp_eom() - the guest wrote EOM, seen by other means than an MSR exit */
HVHOST_API void hvhost_vp_eom(struct hvhost_vp *vp);

/**
 * hvhost_vp_eoi() - the guest ended the interrupt @vector in its APIC
 *
 * Delivers what is queued at SINTs of that vector; see @await_eoi of the ops.
 */
HVHOST_API void hvhost_vp_eoi(struct hvhost_vp *vp, uint8_t vector);

/* 4. Hypercalls (TLFS, Hypercall Interface) */

struct hvhost_hypercall {
	uint64_t control;	/* RCX */
	uint64_t input;		/* RDX: GPA, or the first fast word */
	uint64_t output;	/* R8: GPA, or the second fast word */
	uint8_t cpl;		/* 0, or the call is no call */
	uint8_t protected_mode;	/* 0 in real and virtual-8086 mode */
};

/**
 * hvhost_vp_hypercall() - carry out a hypercall of the guest
 * @vp:		VP that calls
 * @call:	its registers
 * @result:	out: for RAX: HV_STATUS in bits 15:0
 *
 * HvCallPostMessage 0x5C, HvCallSignalEvent 0x5D, HvCallCreatePort 0x95,
 * HvCallDeletePort 0x58, HvCallConnectPort 0x96, HvCallDisconnectPort 0x5B,
 * HvCallGetPortProperty 0x5A; any other is INVALID_HYPERCALL_CODE. A call that
 * is refused changes nothing. Checks come in this order: the call code; the
 * privilege; the control word; alignment and place of the input; reading it,
 * once; its fields; the connection; the port; the VP; its SynIC; a free buffer.
 * Where the engine finds no memory, a post is INSUFFICIENT_BUFFERS, and a port or
 * connection is INSUFFICIENT_MEMORY.
 *
 * Return: 0, or -EPERM: raise #UD: not at CPL 0 in protected mode, or the guest
 * has not set GUEST_OS_ID.
 */
HVHOST_API int hvhost_vp_hypercall(struct hvhost_vp *vp,
				   const struct hvhost_hypercall *call,
				   uint64_t *result);

/* 5. Ports and connections, for the host itself */

/*
 * As the hypercalls of the same names, called by the root partition: ids of
 * partitions are plain ones (HV_PARTITION_ID_SELF names nobody), and no
 * privilege is asked for.
 *
 * Return: HV_STATUS, as in the tables of 2.0a.
 */
HVHOST_API uint16_t
hvhost_create_port(struct hvhost_machine *machine,
		   const struct hv_create_port_input *input);
HVHOST_API uint16_t
hvhost_delete_port(struct hvhost_machine *machine,
		   const struct hv_delete_port_input *input);
HVHOST_API uint16_t
hvhost_connect_port(struct hvhost_machine *machine,
		    const struct hv_connect_port_input *input);
HVHOST_API uint16_t
hvhost_disconnect_port(struct hvhost_machine *machine,
		       const struct hv_disconnect_port_input *input);
HVHOST_API uint16_t
hvhost_get_port_property(struct hvhost_machine *machine,
			 const struct hv_get_port_property_input *input,
			 uint64_t *value);

/**
 * hvhost_reassign_port() - let another partition connect to a port
 * @machine:			machine
 * @port_partition:		id of its owner
 * @port_id:			its id
 * @connection_partition:	id of who may connect from now on
 *
 * For one that comes in place of one that is gone; no hypercall does this. What
 * is queued stays, and so do counters.
 *
 * Return: HV_STATUS: INVALID_PARTITION_ID: there is no such partition, or both
 * are the same; INVALID_PARTITION_STATE: one is not active; INVALID_PORT_ID: there
 * is no such port, or somebody is connected to it.
 */
HVHOST_API uint16_t hvhost_reassign_port(struct hvhost_machine *machine,
					 uint64_t port_partition,
					 uint32_t port_id,
					 uint64_t connection_partition);

/* 6. Looking inside */

struct hvhost_port_counters {
	uint64_t posted;	/* messages taken, events signalled */
	uint64_t delivered;	/* messages written into slots */
	uint64_t refused;	/* posts and signals refused at the port */
	uint64_t lost;		/* queued messages lost with a VP that went or was reset */
	uint32_t queued;	/* now */
	uint32_t buffers_free;	/* now */
};

/**
 * hvhost_port_counters() - counters of a port
 * @partition:	its owner
 * @port_id:	its id
 * @counters:	out
 *
 * Return: 0, or -ENOENT: no such port.
 */
HVHOST_API int hvhost_port_counters(struct hvhost_partition *partition,
				    uint32_t port_id,
				    struct hvhost_port_counters *counters);

struct hvhost_connection_counters {
	uint64_t posted;	/* messages taken, events signalled */
	uint64_t refused;	/* posts and signals refused once it was found */
};

/**
 * hvhost_connection_counters() - counters of a connection
 * @partition:		its owner
 * @connection_id:	its id
 * @counters:		out
 *
 * Return: 0, or -ENOENT: no such connection.
 */
HVHOST_API int
hvhost_connection_counters(struct hvhost_partition *partition,
			   uint32_t connection_id,
			   struct hvhost_connection_counters *counters);

struct hvhost_port_view {
	uint32_t id;
	uint8_t is_connected;
	uint64_t connection_partition;	/* id of who may connect */
	struct hv_port_info info;
};

/**
 * hvhost_port_next() - the port with the lowest id of at least @id
 * @partition:	its owner
 * @id:		0, then one more than that of the last view, shows all ports; one
 *		that is made or deleted meanwhile may be missed
 * @view:	out
 *
 * Return: 0, or -ENOENT: there is none.
 */
HVHOST_API int hvhost_port_next(struct hvhost_partition *partition, uint32_t id,
				struct hvhost_port_view *view);

struct hvhost_connection_view {
	uint32_t id;
	uint32_t port_id;
	uint64_t port_partition;	/* 0: the port is gone */
};

/** hvhost_connection_next() - as hvhost_port_next(), of connections */
HVHOST_API int hvhost_connection_next(struct hvhost_partition *partition,
				      uint32_t id,
				      struct hvhost_connection_view *view);

struct hvhost_vp_state {
	uint8_t synic_on;		/* SCONTROL */
	uint8_t sim_on;			/* SIMP */
	uint8_t sief_on;		/* SIEFP */
	uint16_t sints_masked;		/* bit n: SINT n */
	uint16_t slots_occupied;	/* bit n: slot of SINT n */
	uint32_t queued[HV_SINT_COUNT];	/* behind each slot */
	uint16_t sints_stuck;		/* bit n: see below */
	uint64_t delivered;		/* messages written into its slots */
	uint64_t lost;			/* queued ones lost: reset, port deleted */
	uint64_t eoms;			/* EOMs seen */
};

/*
 * A SINT is stuck when messages are queued behind it and nothing that the host
 * awaits will bring them out: the SynIC or SIM page is off, or the slot is free
 * and nobody has said so by EOM. One that is stuck for a moment only belongs to a
 * guest that is about to write it.
 */

/** hvhost_vp_inspect() - what a VP's SynIC looks like now */
HVHOST_API void hvhost_vp_inspect(struct hvhost_vp *vp,
				  struct hvhost_vp_state *state);

/**
 * hvhost_vp_refused() - how many posts of a VP got a status
 * @vp:		VP
 * @status:	HV_STATUS, not SUCCESS: each connection counts its own
 *
 * All since the VP was made, also those that found no connection; a reset changes
 * nothing, and no snapshot has it.
 */
HVHOST_API uint64_t hvhost_vp_refused(const struct hvhost_vp *vp,
				      uint16_t status);

/* 7. Conformance */

struct hvhost_conformance {
	uint32_t base;		/* of the ids; 0: HVPOST_CONFORMANCE_BASE */
	uint32_t spare_ports;	/* see HVPOST_CONFORM_SPARE; 0: 2; to 65536 */
};

/**
 * hvhost_conformance_prepare() - make what conformance.h describes
 * @prober:	active partition, from which `hvpost conform` will run
 * @config:	may be NULL: all zero
 *
 * Makes five partitions in @prober's machine, with ports, and connections of
 * @prober to these. They are the machine's: no interrupt of theirs reaches the
 * user, and what is to be taken, the engine takes. On failure nothing is left.
 *
 * Return: 0, or -EINVAL: a number out of range; -EBUSY: @prober is not active;
 * -EEXIST: it has one of these connections already, or the one that must not
 * be, HVPOST_CONFORM_NEVER; -ENOSPC: it may not have so many; -ENOMEM.
 */
HVHOST_API int
hvhost_conformance_prepare(struct hvhost_partition *prober,
			   const struct hvhost_conformance *config);

/* 8. Snapshots */

/**
 * hvhost_machine_save() - write down all of a machine
 * @machine:	machine; unchanged
 * @snapshot:	out: bytes to be kept; free() them
 * @size:	out: their number
 *
 * What is in it: partitions and their states, VPs with registers, pages and
 * queues in order, ports, connections, counters; not guest memory, nor what the
 * user of the engine keeps. Calls by other threads wait meanwhile. Guests may
 * run; a slot that one empties meanwhile is saved full or empty, so pause those
 * whose memory is saved too.
 *
 * The bytes are the same on every machine: little endian, with a version and a
 * checksum. Of the same state the same bytes are made.
 *
 * Return: 0, or -ENOMEM.
 */
HVHOST_API int hvhost_machine_save(struct hvhost_machine *machine,
				   void **snapshot, size_t *size);

/* What the user of the engine supplies again. */
struct hvhost_restore_ops {
	/*
	 * The partition @id is about to be made: fill @config's ops and
	 * context; the rest is as saved, and the callback leaves it. All are
	 * asked for, also those of hvhost_conformance_prepare(). Nothing of it
	 * is made yet, and no more will be than @config's numbers let it have:
	 * for a snapshot from anywhere, refuse here what you cannot afford.
	 * Return 0, or a negative errno value to end the restore with.
	 */
	int (*restore_partition)(void *context, uint64_t id,
				 struct hvhost_partition_config *config);
	/*
	 * Its VP @vp_index is about to be made: pages for hvhost_vp_new(),
	 * filled by the restore; NULL, as they are, for the engine's own.
	 * Return as above. May be NULL: all pages are the engine's.
	 */
	int (*restore_vp)(void *context, uint64_t id, uint32_t vp_index,
			  void **sim, void **sief);
};

/**
 * hvhost_machine_restore() - make a machine as it was saved
 * @snapshot:	what hvhost_machine_save() made, from whatever source: all of it
 *		is checked
 * @size:	its size
 * @ops:	see there
 * @context:	for @ops
 * @machine:	out: free it with hvhost_machine_free(); NULL on failure
 * @reason:	out, may be NULL: static text on what is wrong with the snapshot;
 *		NULL if it is not the snapshot's fault
 *
 * Partitions and VPs are found again by hvhost_partition_find() and
 * hvhost_vp_find(). Once all is in place, overlay pages that are on are placed,
 * and messages whose slot is free are delivered: the partitions' own callbacks
 * are called for that before this returns, and not at all on failure. HYPERCALL
 * pages are the user's to place again.
 *
 * Return: 0, or -EBADMSG: not a snapshot, truncated or damaged; -ENOTSUP: made
 * by a newer version; -EINVAL: a callback is missing, or a page not aligned;
 * -ENOMEM; else what a callback returned.
 */
HVHOST_API int hvhost_machine_restore(const void *snapshot, size_t size,
				      const struct hvhost_restore_ops *ops,
				      void *context,
				      struct hvhost_machine **machine,
				      const char **reason);

#ifdef __cplusplus
}
#endif

#endif /* HVPOST_HVHOST_H */
