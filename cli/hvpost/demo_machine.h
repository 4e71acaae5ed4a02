/* SPDX-License-Identifier: MIT */
/*
 * demo_machine.h - the least machine in which a message can be delivered: a
 * partition that posts, one that receives at a SINT of its VP 0, a port, a
 * connection. Both guests are played by the functions below, as the interface
 * of the engine (hvhost.h) asks them to be.
 */
#ifndef DEMO_MACHINE_H
#define DEMO_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvpost/hvhost.h>

#define DEMO_CONNECTION	0x10u
#define DEMO_PORT	0x30u
#define DEMO_SINT	3u

struct demo_machine {
	struct hvhost_machine *host;
	struct hvhost_partition *sender, *receiver;
	struct hvhost_vp *sender_vp, *receiver_vp;
	/* The sender's memory from GPA 0 on: the input of its next post. */
	struct hv_post_message_input input;
	/* What the receiver was interrupted with. */
	unsigned int interrupts;
	unsigned int sint;
	uint8_t vector;
	unsigned int eoms;	/* that it wrote */
};

/*
 * Make it, with a port of so many message buffers. Return 0 or a negative errno
 * value; free it in any case.
 */
int demo_machine_make(struct demo_machine *machine, uint32_t buffers);
void demo_machine_free(struct demo_machine *machine);

/* HvCallPostMessage by the sender. Return HV_STATUS. */
uint16_t demo_machine_post(struct demo_machine *machine, const void *payload,
			   size_t size);

/* The slot of the receiver's SINT. */
const struct hv_slot *demo_machine_slot(const struct demo_machine *machine);

/*
 * What the receiver's interrupt handler does: copy the slot, clear its type,
 * write EOM if more is pending. Return false: it is empty.
 */
bool demo_machine_take(struct demo_machine *machine, struct hv_slot *message);

struct hvhost_port_counters
demo_machine_counters(const struct demo_machine *machine);

#endif /* DEMO_MACHINE_H */
