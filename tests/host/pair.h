/* SPDX-License-Identifier: MIT */
/*
 * pair.h - a machine of the engine and a model of it, side by side: each
 * operation is carried out on both, and then all that can be seen must be the
 * same. There is one pair at a time.
 *
 * Callbacks of the engine are compared, too, in their order; so its reads of
 * guest memory happen once, and interrupts are raised for whom they should be.
 */
#ifndef PAIR_H
#define PAIR_H

#include <stdint.h>

#include <hvpost/hvhost.h>

#include "operation.h"

/* Machines without partitions; @flags are HVHOST_MACHINE_*. */
void pair_begin(uint32_t flags);
void pair_end(void);

struct hvhost_machine *pair_machine(void);
/* Memory of a guest: MODEL_MEMORY_SIZE bytes, the same for both */
uint8_t *pair_memory(uint32_t partition);

void pair_carry_out(const struct operation *operation);
/* A hypercall of any registers; nothing if the VP is not there. */
void pair_call(uint32_t partition, uint32_t vp,
	       const struct hvhost_hypercall *call);

/*
 * After each operation: NULL, or how engine and model differ; the text is there
 * until the next begin.
 */
const char *pair_compare(void);

#endif /* PAIR_H */
