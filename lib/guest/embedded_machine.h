/* SPDX-License-Identifier: MIT */
/*
 * embedded_machine.h - the machine that all embedded handles of this process
 * share: who posts in it, who receives, and the interrupts between them.
 *
 * Every function may be called from any thread.
 */
#ifndef HVPOST_EMBEDDED_MACHINE_H
#define HVPOST_EMBEDDED_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvpost/hvhost.h>
#include <hvpost/hvpost.h>

#include "lib/common/call_memory.h"
#include "receiver.h"

struct embedded_machine;

/*
 * Take part in the machine; the first to do so makes it, the last to put it
 * frees it. Return 0 or a negative errno value.
 */
int embedded_machine_get(struct embedded_machine **machine);
void embedded_machine_put(struct embedded_machine *machine);

/*
 * Was it made before a fork(), by the parent? Then its memory is a copy, its
 * locks are as they happened to be, and its eventfds are the parent's.
 */
bool embedded_machine_is_inherited(const struct embedded_machine *machine);

/* Posting */

/* A partition that posts. */
struct embedded_sender {
	const char *name;
	uint64_t privileges;
	uint64_t guest_os_id;
	struct hvhost_partition *partition;
	struct hvhost_vp *vp;
};

/* The one with @name; NULL: there is none. */
const struct embedded_sender *
embedded_machine_sender(const struct embedded_machine *machine,
			const char *name);

/*
 * Issue a hypercall and see to all interrupts that it caused. GPAs below
 * HVPOST_HYPERCALL_MEMORY_MAX and past @memory cannot be read or written.
 *
 * Return: RAX.
 */
uint64_t embedded_machine_call(struct embedded_machine *machine,
			       const struct embedded_sender *sender,
			       const struct hvhost_hypercall *call,
			       const struct call_memory *memory);

/* Who receives. */
struct receiver *embedded_machine_receiver(struct embedded_machine *machine);

#endif /* HVPOST_EMBEDDED_MACHINE_H */
