/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvpost.ko from the inside.
 *
 *   module.c	load and unload, in which order
 *   host.c	what hosts us: CPUID, and who owns the hypercall interface
 *   hypercall.c	how a hypercall is issued; hypercall_linux.c the kernel's way,
 *		hypercall_page.S our own page
 *   synic.c	one CPU's SynIC: its pages, owned or shared; CPU hotplug
 *   sint.c	SINT interrupts as Linux IRQs; arming and masking SINTs
 *   bind.c	which files have which SINT, on all CPUs
 *   taker.c	one CPU of a bound SINT: its slot and flags, into rings
 *   ring.c	one CPU of one inbox: the records that wait for a reader
 *   inbox.c	what a file receives: its rings as one stream
 *   map.c	an inbox's rings in the memory of its reader
 *   pages.c	memory that may be mapped
 *   post.c	HvCallPostMessage and HvCallSignalEvent, payload from user memory
 *   submit.c	posts as structures in user memory, one or many by one call
 *   quota.c	what users without CAP_SYS_ADMIN may take
 *   permit.c	which groups may post to which connections
 *   device.c	/dev/hvpost
 *   sysfs.c	its attributes in sysfs
 *   sysfs_sint.c	of each SINT, there
 *   count.c	what happened how often, there
 *   trace.c	the trace points
 *   vmbus.c	hv_vmbus coming and going
 *   watch.c	what somebody else changed in the SynIC behind our back
 *   power.c	suspend, hibernation, reboot, kexec
 *   retry.c, slot.c, flags.c, filter.c, layout.c, bucket.c, allow.c
 *		pure decisions, unit tested in user space
 *
 * Locks, outermost first:
 *
 *   inbox->read_lock	(mutex) the reading side of its rings; taken before
 *			cpu_hotplug_lock, to resume a stalled CPU
 *   busy_lock		(mutex, watch.c) what INFO tells users of others' SINTs;
 *			held while all CPUs are asked
 *   cpu_hotplug_lock	(kernel's; read) the set of online CPUs while SINTs are
 *			bound, unbound or followed. CPU callbacks run with it
 *			held, so they nest the same way.
 *   synic_lock		(mutex, synic.c) every CPU's struct hvp_vp
 *   hvp_bind_lock	(mutex, bind.c) which inboxes have which SINT
 *   quota_lock		(mutex, quota.c) which users have a quota; nests in none
 *   quota->lock		(spinlock) one user's bucket; nests in none
 *   taker->lock		(raw spinlock, IRQs off) one (CPU, SINT): taking its slot
 *			and flags, the writing side of its rings, their counters
 *
 * Memory that is accounted to a caller is asked for with none of them held: it may
 * take a control group minutes to give it.
 *
 * struct hvp_vp is written only on its own CPU, in process context of a CPU
 * callback or of smp_call_on_cpu(), so that the interrupt handlers, on that CPU,
 * read it without a lock. What they follow, a page's memory and msr, is changed
 * with IRQs off; the rest they find as it was before or as it is after.
 */
#ifndef HVP_HVPOST_H
#define HVP_HVPOST_H

#define pr_fmt(fmt) "hvpost: " fmt

#include <linux/fs.h>
#include <linux/irqreturn.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/poll.h>
#include <linux/printk.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <hvpost/device.h>
#include <hvpost/hyperv.h>

/* host.c */

/* What CPUID said; constant after hvp_host_detect(). */
struct hvp_host {
	u32 privileges_low;
	u32 privileges_high;
};

extern struct hvp_host hvp_host;

/* Is there a host that we can use at all? 0, or the reason after one log line. */
int hvp_host_detect(void);

/*
 * Choose how to call, from the parameter's text and from who Linux thinks
 * hosts it. Return HVPOST_HYPERCALL_*, or the reason after one log line.
 */
int hvp_host_choose_hypercall(const char *wish);

/* hypercall.c */

/*
 * Take what @mode needs (GUEST_OS_ID, hypercall page). stop gives it back, and
 * calls come to nothing until start takes it again.
 */
int hvp_hypercall_init(int mode);
int hvp_hypercall_start(void);
void hvp_hypercall_stop(void);
int hvp_hypercall_mode(void);
const char *hvp_hypercall_mode_name(void);

/* Results when no hypercall was issued; no hypervisor returns them. */
#define HVP_RESULT_NO_CALL	(~0ull)
#define HVP_RESULT_STOPPED	(~1ull)	/* until hvp_hypercall_start() */

/*
 * Issue HvCallPostMessage. @input lies in the direct map, is 8-aligned and
 * does not cross a page. Preemption is off.
 */
u64 hvp_hypercall_post(struct hv_post_message_input *input);

/* Issue HvCallSignalEvent in its fast form. Preemption is off. */
u64 hvp_hypercall_signal(u32 connection_id, u16 flag_number);

/* hypercall_linux.c: the only file that includes <asm/mshyperv.h> */
u64 hvp_linux_hypercall(u64 control, void *input);
u64 hvp_linux_hypercall_fast(u16 code, u64 input);

/* synic.c */

/* A page that a register of the SynIC names. */
struct hvp_synic_page {
	void *memory;		/* in force, ours or shared; NULL: none */
	u64 msr;			/* the register's value that names it */
	bool owned;			/* it is our doing that it is in force */
	u64 saved;			/* what we put back if it is owned */
	void *own;			/* kept until unload once allocated */
	void *shared_map;		/* memremap() of somebody else's page */
};

struct hvp_vp {
	u32 vp_index;
	bool online;
	bool unfollowed;		/* new, and hv_vmbus may come here after us */
	bool lost;			/* found changed, and not ours again */
	struct hvp_synic_page sim;	/* if owned, so is SCONTROL */
	struct hvp_synic_page sief;	/* may be missing where sim is shared */
	u64 saved_scontrol;
};

DECLARE_PER_CPU(struct hvp_vp, hvp_vps);

int hvp_synic_init(void);
void hvp_synic_exit(void);

/* HVPOST_SYNIC_*, and how many CPUs receive. */
u32 hvp_synic_ownership(u32 *online);

/* What a look at a CPU found that the one before did not. */
struct hvp_look {
	bool synic_lost;		/* its pages, or SCONTROL */
	bool synic_back;		/* both: for less than a look */
	u32 sints_lost;			/* bits of SINTs, the same */
	u32 sints_back;
};

/*
 * See whether @cpu, which is online, still has the SynIC and the SINTs that it
 * is to have, and take what is free. May sleep; the set of CPUs is held.
 */
int hvp_synic_look(unsigned int cpu, struct hvp_look *look);

/* hv_vmbus moved or cleared SIMP: look again on every CPU. May sleep. */
void hvp_synic_follow(void);

/* For the time of a suspend, or for good at a reboot: every CPU lets go. */
void hvp_synic_stop(void);
void hvp_synic_start(void);

/* Does this CPU's SIMP, or SIEFP, still name the page that we read? (an exit) */
bool hvp_synic_sim_in_force(void);
bool hvp_synic_sief_in_force(void);

/* Tell the hypervisor that this CPU's emptied slots may be filled. */
void hvp_synic_eom(void);

/* sint.c */

int hvp_sint_init(void);
void hvp_sint_exit(void);

/* One IRQ for @sint on @cpu; @dev is for the handler. Return IRQ or -errno. */
int hvp_sint_request(unsigned int cpu, unsigned int sint, const char *name,
		     irqreturn_t (*handler)(int irq, void *dev), void *dev);
void hvp_sint_release(unsigned int irq, void *dev);

/*
 * On this CPU. Return the vector that @sint now has. -EBUSY: somebody has it
 * unmasked. -ENOSPC: @irq has no vector.
 */
int hvp_sint_arm(unsigned int sint, unsigned int irq);
/* Mask it if it still has @vector. */
void hvp_sint_mask(unsigned int sint, unsigned int vector);
bool hvp_sint_is_masked(unsigned int sint);
/* Is it as hvp_sint_arm() left it, with @vector? */
bool hvp_sint_is_armed(unsigned int sint, unsigned int vector);

/* inbox.c */

struct hvp_bound;
struct hvp_pages;
struct hvp_ring;
struct hvp_taker;

/* What a file receives; bound to no SINT at first. */
struct hvp_inbox {
	struct hvp_ring **rings;	/* by CPU, NULL where none; set once */
	struct hvp_taker **takers;	/* the same; valid with rings */
	struct hvp_pages *words;	/* the same; shared if mapped */
	struct hvpost_ioc_rings layout;	/* the same */
	struct hvp_bound *bound;	/* the same: the SINT, see bind.c */
	struct list_head of_bound;	/* under hvp_bind_lock */
	struct hvpost_ioc_filter filter;	/* valid; set before the bind */
	bool mapped;			/* by its reader; no read(), for good */
	bool revoked;			/* its SINT was taken away, for good */
	u64 losses;			/* of its SINT; under hvp_bind_lock */
	u64 losses_told;		/* of these, what its reader knows */
	wait_queue_head_t wait;		/* readers and pollers */
	struct mutex read_lock;		/* guards the reading side of rings */
	unsigned int next_cpu;		/* fairness; under read_lock */
};

void hvp_inbox_init(struct hvp_inbox *inbox);
ssize_t hvp_inbox_read(struct hvp_inbox *inbox, char __user *buffer,
		       size_t size, bool nonblock);
__poll_t hvp_inbox_poll(struct hvp_inbox *inbox, struct file *file,
			poll_table *wait);
int hvp_inbox_counters(struct hvp_inbox *inbox,
		       struct hvpost_ioc_counters *counters);
/* How many records wait for its reader; it has a SINT. */
u64 hvp_inbox_queued(struct hvp_inbox *inbox);
int hvp_inbox_rings(struct hvp_inbox *inbox, struct hvpost_ioc_rings *rings);
/* Look again at all that was left with the host for want of room. */
int hvp_inbox_resume(struct hvp_inbox *inbox);

/* map.c */

/* Map what @vma asks for of the inbox's rings. */
int hvp_map(struct hvp_inbox *inbox, struct vm_area_struct *vma);

/* bind.c */

/* The size a ring gets when @wish records are asked for; 0: the default. */
u32 hvp_bind_ring_records(u32 wish);
/* As @wish says, whose fields are in range and whose ring_records are settled. */
int hvp_bind(struct hvp_inbox *inbox, const struct hvpost_ioc_bind *wish);
/* Filter by @filter, which is valid. -EBUSY: a SINT is bound. */
int hvp_bind_filter(struct hvp_inbox *inbox,
		    const struct hvpost_ioc_filter *filter);
/* The last user of @inbox is gone: nobody reads or polls. */
void hvp_unbind(struct hvp_inbox *inbox);
/* Take @sint away from all who have it: readers drain what came, then ENODEV. */
void hvp_bind_revoke(unsigned int sint);

/* Bits of the SINTs that have an inbox. */
u32 hvp_bind_taken(void);
/* Bits of the SINTs that are unmasked on some CPU, and not by us. */
u32 hvp_bind_foreign(void);

/*
 * Now: how many records wait for those who have @sint, and on how many CPUs its slot
 * is occupied. May sleep.
 */
u64 hvp_bind_queued(unsigned int sint);
u64 hvp_bind_occupied(unsigned int sint);

/* On the CPU that comes or goes, from synic.c. */
void hvp_bind_cpu_online(void);
void hvp_bind_cpu_offline(void);
/* On a CPU whose SIM page has just been replaced. */
void hvp_bind_cpu_resume(void);
/* On a CPU at whose SynIC @look looked: look at its SINTs, tell their readers. */
void hvp_bind_cpu_look(struct hvp_look *look);

/* post.c */

struct hvp_quota;

int hvp_post_init(void);
void hvp_post_exit(void);
int hvp_post(struct hvp_quota *quota, struct hvpost_ioc_post *post);
int hvp_signal(struct hvp_quota *quota, struct hvpost_ioc_signal *signal);

/* submit.c; @nonblock: deadlines do not count, one try. */

int hvp_submit(struct hvp_quota *quota, struct hvpost_ioc_post __user *arg,
	       bool nonblock);
int hvp_submit_many(struct hvp_quota *quota,
		    struct hvpost_ioc_post_many __user *arg, bool nonblock);

/* quota.c */

/* Is the caller one for whom quotas and the allow list do not count? */
bool hvp_is_privileged(void);

/* That of the calling user, for a file that is being opened; NULL: no memory. */
struct hvp_quota *hvp_quota_get(void);
void hvp_quota_put(struct hvp_quota *quota);
void hvp_quota_exit(void);

/* 0: the hypercall is granted. Else: ask again after so many nanoseconds. */
u64 hvp_quota_take(struct hvp_quota *quota);
/* For the statistics: a post or signal was not granted at once. */
void hvp_quota_count_held_back(void);
u64 hvp_quota_held_back(void);

/* -EDQUOT: the rings of one file may not take that much. */
int hvp_quota_check_ring(u32 records);

/* permit.c */

/* -EACCES: the allow list does not give @connection_id to the caller. */
int hvp_permit_check(u32 connection_id);
u64 hvp_permit_refused(void);

/* sysfs.c */

extern const struct attribute_group *hvp_sysfs_groups[];

/* sysfs_sint.c */

extern const struct attribute_group hvp_sint_slots_group, hvp_sint_drops_group,
				    hvp_sint_queued_group,
				    hvp_sint_occupied_group;

/* power.c */

int hvp_power_init(void);
void hvp_power_exit(void);

/* device.c */

int hvp_device_init(void);
void hvp_device_exit(void);

/* watch.c */

/* A SINT was bound: look soon, and every now and then while one is. */
void hvp_watch_start(void);
/* No file is open any more. */
void hvp_watch_exit(void);
/* How often a CPU's SynIC or SINT was found lost. */
u64 hvp_watch_losses(void);
/*
 * hvp_bind_foreign(), for a user. One without CAP_SYS_ADMIN may not have all CPUs
 * asked at will, and gets an answer that may be a second old.
 */
u32 hvp_watch_busy(void);

/* vmbus.c */

int hvp_vmbus_init(void);
void hvp_vmbus_exit(void);
bool hvp_vmbus_loaded(void);
/* Is it changing the SynIC? hvp_synic_follow() is called when it is done. */
bool hvp_vmbus_moving(void);

#endif /* HVP_HVPOST_H */
