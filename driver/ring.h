/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ring of one CPU for one bound SINT. The interrupt copies the CPU's slot
 * into it and frees the slot; a reader takes from it. A full ring leaves its
 * slot occupied, so that the host queues and then refuses the senders; the
 * reader that makes room takes the slot up again.
 */
#ifndef HVP_RING_H
#define HVP_RING_H

#include <linux/wait.h>

#include <hvpost/device.h>

struct hvp_ring;

/*
 * @sint's ring and IRQ on @cpu, of @records (a power of two); @wait is woken
 * when something came. The IRQ has @name in /proc/interrupts.
 */
struct hvp_ring *hvp_ring_new(unsigned int cpu, unsigned int sint, u32 records,
			      const char *name, wait_queue_head_t *wait);
/* The SINT is masked on that CPU, or the CPU is off. */
void hvp_ring_free(struct hvp_ring *ring);

bool hvp_ring_is_empty(const struct hvp_ring *ring);

/*
 * Copy up to @room records out; a record that cannot be copied stays. One
 * reader at a time. May take cpu_hotplug_lock. Return how many, or -EFAULT.
 */
ssize_t hvp_ring_read(struct hvp_ring *ring, char __user *buffer, size_t room);

void hvp_ring_add_counters(struct hvp_ring *ring,
			   struct hvpost_ioc_counters *sum);
void hvp_ring_wake(struct hvp_ring *ring);

/*
 * On the ring's CPU, from any context: may it be armed (-EBUSY), arm it and
 * take what lies in the slot already, take up again after a pause, mask it but
 * go on taking, let go of it. What lies in the slot then stays for the next.
 */
int hvp_ring_probe(struct hvp_ring *ring);
int hvp_ring_arm(struct hvp_ring *ring);
void hvp_ring_take_again(struct hvp_ring *ring);
void hvp_ring_mask(struct hvp_ring *ring);
void hvp_ring_disarm(struct hvp_ring *ring);
bool hvp_ring_is_armed(const struct hvp_ring *ring);

#endif /* HVP_RING_H */
