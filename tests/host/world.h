/* SPDX-License-Identifier: MIT */
/*
 * world.h - a machine with a sender and a receiver, made anew for each test.
 *
 * The sender has the connections, the receiver the ports and VPs 0 and 1, their
 * SynICs on, SINTs 1 to 15 unmasked. Guest memory is an array; interrupts are
 * written down.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <hvpost/hvhost.h>

#define WORLD_VPS		4
#define WORLD_MEMORY_SIZE	0x10000u
#define WORLD_INTERRUPTS	64

/* Where guests put things. */
#define INPUT_GPA	0x1000u
#define OUTPUT_GPA	0x2000u
#define SIM_GPA(vp)	(0x4000u + 0x2000u * (vp))
#define SIEF_GPA(vp)	(0x5000u + 0x2000u * (vp))

/* What world_setup() makes: a message port and an event port, connected. */
#define PORT		0x70u
#define CONNECTION	0x10u
#define SINT		3u
#define EVENT_PORT	0x80u
#define EVENT_CONNECTION 0x20u
#define EVENT_SINT	4u
#define EVENT_BASE	8u
#define EVENT_COUNT	16u

#define VECTOR(sint)	((uint8_t)(0x30 + (sint)))
#define BUFFERS		HV_PORT_MESSAGE_BUFFERS

struct interrupt {
	uint32_t vp_index;
	unsigned int sint;
	uint8_t vector;
};

struct overlay {
	uint32_t vp_index;
	uint32_t msr;
	uint64_t gpa;
	void *contents;
};

struct guest {
	struct hvhost_partition *partition;
	uint64_t id;
	struct hvhost_vp *vp[WORLD_VPS];
	uint8_t memory[WORLD_MEMORY_SIZE];
	uint64_t page_unreadable;	/* GPA, or HVHOST_NO_GPA */
	uint64_t page_unwritable;
	unsigned int reads;
	size_t bytes_read;
	unsigned int writes;
	struct interrupt interrupt[WORLD_INTERRUPTS];
	unsigned int interrupts;
	struct overlay overlay;		/* the last one */
	unsigned int overlays;
	uint32_t awaited_vp;		/* of the last await_eoi() */
	unsigned int awaited_sint;
	unsigned int awaits;
	_Atomic uint32_t rooms;		/* calls of tell_room() */
};

struct world {
	struct hvhost_machine *machine;
	struct guest sender;
	struct guest receiver;
};

extern struct world world;

/* Fixtures for tcase_add_checked_fixture() */
void world_setup(void);
void world_setup_relaxed(void);		/* HVHOST_MACHINE_RELAX_RSVDZ */
void world_teardown(void);

/* Making more of it */
struct hvhost_partition_config guest_config(struct guest *guest);
void guest_make(struct guest *guest, uint64_t privileges);
struct hvhost_vp *guest_add_vp(struct guest *guest, uint32_t index);
void guest_start_synic(struct guest *guest, uint32_t index);
void guest_write_msr(struct guest *guest, uint32_t vp, uint32_t msr,
		     uint64_t value);
uint64_t guest_read_msr(struct guest *guest, uint32_t vp, uint32_t msr);
#define SIMP_ON(vp)	(SIM_GPA(vp) | HV_PAGE_ENABLE)
#define SIEFP_ON(vp)	(SIEF_GPA(vp) | HV_PAGE_ENABLE)

/* Inputs of port calls, all good, from the host's point of view */
struct hv_create_port_input message_port(uint32_t id, uint32_t sint,
					 uint32_t vp);
struct hv_create_port_input event_port(uint32_t id, uint32_t sint, uint32_t vp);
struct hv_connect_port_input connect_to(uint32_t connection_id, uint32_t port_id,
					uint32_t port_type);
uint16_t host_create(struct hv_create_port_input input);
uint16_t host_connect(struct hv_connect_port_input input);
uint16_t host_delete(uint32_t port_id);
uint16_t host_disconnect(uint32_t connection_id);
/* A port of the receiver and the sender's connection to it; both must work. */
void make_link(uint32_t connection_id, uint32_t port_id, uint32_t sint,
	       uint32_t vp);

/* Hypercalls; the result's status. The input is put into guest memory. */
uint16_t guest_call(struct guest *guest, uint64_t control, uint64_t input,
		    uint64_t output);
uint16_t guest_call_with(struct guest *guest, uint64_t control,
			 const void *input, size_t size);
struct hv_post_message_input post_input(uint32_t connection_id, uint32_t type);
uint16_t guest_post(const struct hv_post_message_input *input);
/* Post by the connection: the number @type is type and payload. */
uint16_t post(uint32_t connection_id, uint32_t type);
uint16_t guest_signal(uint32_t connection_id, uint16_t flag);

/* The receiver's side */
struct hv_slot *slot_of(uint32_t vp, uint32_t sint);
/* Take the message as a guest does, EOM included. Its type; 0: none. */
uint32_t take(uint32_t vp, uint32_t sint);
/* Empty the slot and do nothing else. Its type. */
uint32_t empty_slot(uint32_t vp, uint32_t sint);
bool flag_is_set(uint32_t vp, uint32_t sint, unsigned int flag);
struct hvhost_vp_state vp_state(uint32_t vp);
struct hvhost_port_counters counters_of(uint32_t port_id);

/* All that a refused call must leave as it is. */
struct look {
	struct hvhost_vp_state state[WORLD_VPS];
	struct hv_sim_page sim[WORLD_VPS];
	struct hv_sief_page sief[WORLD_VPS];
	struct hvhost_port_counters port;
	struct hvhost_port_counters event_port;
	uint64_t sint[HV_SINT_COUNT];
	unsigned int interrupts;
	unsigned int overlays;
	unsigned int writes;
	uint8_t sender_memory[WORLD_MEMORY_SIZE];
	uint8_t receiver_memory[WORLD_MEMORY_SIZE];
};

/* Refusals counted at the port are not among it. */
void look_at_world(struct look *look);
void assert_world_is(const struct look *before);

#endif /* WORLD_H */
