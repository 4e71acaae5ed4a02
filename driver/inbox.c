// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a file receives: the rings of the SINT that it has, as one stream.
 */
#include "hvpost.h"

#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "taker.h"

/* The rings of @inbox if it has a SINT. Set once, so no lock is needed. */
static struct hvp_ring **inbox_rings(struct hvp_inbox *inbox)
{
	/* Acquire: rings that can be seen are whole. */
	return smp_load_acquire(&inbox->rings);
}

static bool inbox_is_empty(struct hvp_inbox *inbox)
{
	struct hvp_ring **rings = inbox_rings(inbox);
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (rings[cpu] && !hvp_ring_is_empty(rings[cpu]))
			return false;
	return true;
}

/* Take from one ring; what waited for the room that this makes comes in. */
static ssize_t inbox_read_ring(struct hvp_inbox *inbox, unsigned int cpu,
			       char __user *buffer, size_t room)
{
	struct hvp_ring *ring = inbox->rings[cpu];
	ssize_t n = hvp_ring_read(ring, buffer, room);

	if (n > 0 && hvp_ring_is_stalled(ring))
		hvp_taker_resume(inbox->takers[cpu]);
	return n;
}

static ssize_t inbox_read(struct hvp_inbox *inbox, char __user *buffer,
			  size_t room)
{
	struct hvp_ring **rings = inbox_rings(inbox);
	unsigned int i, cpu;
	size_t done = 0;

	lockdep_assert_held(&inbox->read_lock);

	for (i = 0; i < nr_cpu_ids && done < room; i++) {
		ssize_t n;

		cpu = (inbox->next_cpu + i) % nr_cpu_ids;
		if (!rings[cpu])
			continue;
		n = inbox_read_ring(inbox, cpu,
			      buffer + done * sizeof(struct hvpost_record),
			      room - done);
		if (n < 0)
			return done ? (ssize_t)done : n;
		done += n;
	}
	inbox->next_cpu = (inbox->next_cpu + i) % nr_cpu_ids;
	return done;
}

ssize_t hvp_inbox_read(struct hvp_inbox *inbox, char __user *buffer,
		       size_t size, bool nonblock)
{
	size_t room = min_t(size_t, size, MAX_RW_COUNT) /
		      sizeof(struct hvpost_record);
	ssize_t n;

	if (!inbox_rings(inbox))
		return -ENOTCONN;
	if (!room)
		return -EINVAL;

	for (;;) {
		/* Before the look, so that what came is never passed over. */
		bool revoked = smp_load_acquire(&inbox->revoked);

		/* Who maps has a tail of its own to keep, and may not know ours. */
		if (READ_ONCE(inbox->mapped))
			return -EBUSY;
		if (mutex_lock_interruptible(&inbox->read_lock))
			return -ERESTARTSYS;
		n = inbox_read(inbox, buffer, room);
		mutex_unlock(&inbox->read_lock);

		if (n)
			break;
		if (revoked)
			return -ENODEV;
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(inbox->wait,
					     !inbox_is_empty(inbox) ||
					     READ_ONCE(inbox->revoked) ||
					     READ_ONCE(inbox->mapped)))
			return -ERESTARTSYS;
	}
	return n < 0 ? n : n * (ssize_t)sizeof(struct hvpost_record);
}

__poll_t hvp_inbox_poll(struct hvp_inbox *inbox, struct file *file,
			poll_table *wait)
{
	__poll_t events = 0;

	poll_wait(file, &inbox->wait, wait);
	if (inbox_rings(inbox) && !inbox_is_empty(inbox))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(inbox->losses) != READ_ONCE(inbox->losses_told))
		events |= EPOLLPRI;
	if (READ_ONCE(inbox->revoked))
		events |= EPOLLHUP;
	return events;
}

int hvp_inbox_counters(struct hvp_inbox *inbox,
		       struct hvpost_ioc_counters *sum)
{
	struct hvp_ring **rings = inbox_rings(inbox);
	unsigned int cpu;

	if (!rings)
		return -ENOTCONN;

	memset(sum, 0, sizeof(*sum));
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (rings[cpu])
			hvp_taker_add_counters(inbox->takers[cpu], rings[cpu],
					       sum);
	sum->losses = READ_ONCE(inbox->losses);
	WRITE_ONCE(inbox->losses_told, sum->losses);
	return 0;
}

u64 hvp_inbox_queued(struct hvp_inbox *inbox)
{
	struct hvp_ring **rings = inbox_rings(inbox);
	unsigned int cpu;
	u64 sum = 0;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (rings[cpu])
			sum += hvp_ring_queued(rings[cpu]);
	return sum;
}

int hvp_inbox_rings(struct hvp_inbox *inbox, struct hvpost_ioc_rings *rings)
{
	if (!inbox_rings(inbox))
		return -ENOTCONN;
	*rings = inbox->layout;
	return 0;
}

int hvp_inbox_resume(struct hvp_inbox *inbox)
{
	struct hvp_ring **rings = inbox_rings(inbox);
	unsigned int cpu;

	if (!rings)
		return -ENOTCONN;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (rings[cpu] && hvp_ring_may_go_on(rings[cpu]))
			hvp_taker_resume(inbox->takers[cpu]);
	return 0;
}

void hvp_inbox_init(struct hvp_inbox *inbox)
{
	init_waitqueue_head(&inbox->wait);
	mutex_init(&inbox->read_lock);
}
