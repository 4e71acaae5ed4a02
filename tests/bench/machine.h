/* SPDX-License-Identifier: MIT */
/*
 * machine.h - a machine to measure: a sender with two VPs, a receiver with one,
 * guest memory that is an array, interrupts that go nowhere.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <hvpost/hvhost.h>

#define POSTERS 2u

struct machine {
	struct hvhost_machine *machine;
	struct hvhost_partition *sender, *receiver;
	struct hvhost_vp *poster[POSTERS];
	struct hvhost_vp *vp;
};

/* What poster @n passes as its input. Change connection_id as you like. */
struct hv_post_message_input *machine_input(unsigned int poster);

void machine_make(struct machine *machine);
void machine_free(struct machine *machine);

/* A message port @id of the receiver and the sender's connection @id to it. */
void machine_link(struct machine *machine, uint32_t id, uint32_t sint);

/* HvCallPostMessage of poster @n: HV_STATUS. */
uint16_t machine_post(struct machine *machine, unsigned int poster);

/* Take what is in the slot as a guest does, EOM included. Was there something? */
bool machine_take(struct machine *machine, unsigned int sint);

#endif /* MACHINE_H */
