// SPDX-License-Identifier: GPL-2.0-only
/*
 * One CPU's SynIC. Where SIMP is on already, somebody else owns SCONTROL, SIMP
 * and SIEFP: we read that page and touch none of the three. Where it is off we
 * own them, and put back what we found if it is still ours to put back. Nobody
 * but us writes SIEFP with our page's address, so that one needs no such care.
 */
#include "hvpost.h"

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "count.h"
#include "trace.h"

DEFINE_PER_CPU(struct hvp_vp, hvp_vps);

/*
 * Guards the struct hvp_vp of every CPU: CPU callbacks at load and unload may
 * meet hv_vmbus's coming or going. The interrupt handler does without: see hvpost.h.
 */
static DEFINE_MUTEX(synic_lock);

static enum cpuhp_state cpu_state;
static bool loaded;
static bool stopped;	/* under the lock: CPUs that come do not start */

static void follow_all(struct work_struct *work);
static DECLARE_WORK(follow_work, follow_all);

static u64 page_msr(u64 old, void *page)
{
	return (old & ~HV_PAGE_ADDRESS_MASK) | virt_to_phys(page) |
	       HV_PAGE_ENABLE;
}

static bool is_named_by(const struct hvp_synic_page *page, u64 msr)
{
	return page->memory && msr & HV_PAGE_ENABLE &&
	       !((msr ^ page->msr) & HV_PAGE_ADDRESS_MASK);
}

static bool page_in_force(const struct hvp_synic_page *page, u32 reg)
{
	u64 msr;

	return page->memory && !hvp_rdmsr_safe(reg, &msr) &&
	       is_named_by(page, msr);
}

static void use_page(struct hvp_synic_page *page, void *memory, u64 msr)
{
	unsigned long flags;

	/* The interrupt handler of this CPU must see one page or the other. */
	local_irq_save(flags);
	page->msr = msr;
	WRITE_ONCE(page->memory, memory);
	local_irq_restore(flags);
}

static void unmap_shared(struct hvp_synic_page *page)
{
	if (page->shared_map)
		memunmap(page->shared_map);
	page->shared_map = NULL;
}

/* @msr is what @reg holds: no page. */
static int own_page(struct hvp_synic_page *page, u32 reg, u64 msr)
{
	int err;

	if (!page->own)
		page->own = (void *)get_zeroed_page(GFP_KERNEL);
	if (!page->own)
		return -ENOMEM;

	/*
	 * From the write on a message may come in. The handler must not look
	 * for it in the page of an hv_vmbus that has freed it.
	 */
	use_page(page, page->own, page_msr(msr, page->own));
	err = hvp_wrmsr_safe(reg, page_msr(msr, page->own));
	if (err)
		return err;
	page->saved = msr;
	page->owned = true;
	unmap_shared(page);
	return 0;
}

static int share_page(struct hvp_synic_page *page, u64 msr)
{
	void *map;

	map = memremap(msr & HV_PAGE_ADDRESS_MASK, HV_PAGE_SIZE, MEMREMAP_WB);
	if (!map)
		return -ENOMEM;

	page->owned = false;
	use_page(page, map, msr);
	unmap_shared(page);
	page->shared_map = map;
	return 0;
}

/* Use the page that @reg, which holds @msr, names; where it names none, ours. */
static int enter_page(struct hvp_synic_page *page, u32 reg, u64 msr)
{
	int err = 0;

	if (!(msr & HV_PAGE_ENABLE))
		err = own_page(page, reg, msr);
	else if (!is_named_by(page, msr))
		err = share_page(page, msr);

	/* A page that is not in force may be anybody's memory by now. */
	if (err)
		use_page(page, NULL, 0);
	return err;
}

/* Put back what was there before our page, if that is still in force. */
static void put_back(struct hvp_synic_page *page, u32 reg)
{
	u64 msr;

	if (page->owned && !hvp_rdmsr_safe(reg, &msr) &&
	    msr == page_msr(msr, page->own))
		hvp_wrmsr_safe(reg, page->saved);
}

static void leave_page(struct hvp_synic_page *page)
{
	use_page(page, NULL, 0);
	page->owned = false;
	unmap_shared(page);
}

/*
 * A host without a page for flags, or an owner of the SynIC that has none, is no
 * reason to receive no messages: only who binds events is refused.
 */
static void enter_flags(struct hvp_vp *vp)
{
	u64 siefp;

	if (hvp_rdmsr_safe(HV_MSR_SIEFP, &siefp) ||
	    (!(siefp & HV_PAGE_ENABLE) && !vp->sim.owned))
		use_page(&vp->sief, NULL, 0);
	else
		enter_page(&vp->sief, HV_MSR_SIEFP, siefp);
}

static void leave_flags(struct hvp_vp *vp)
{
	put_back(&vp->sief, HV_MSR_SIEFP);
	leave_page(&vp->sief);
}

/* By whom this VP receives, as the trace point tells it. */
static u32 vp_owner(const struct hvp_vp *vp)
{
	if (!vp->sim.memory)
		return 0;
	return vp->sim.owned ? HVPOST_SYNIC_OWNED : HVPOST_SYNIC_SHARED;
}

/* It was @before. */
static void tell_owner(const struct hvp_vp *vp, u32 before)
{
	u32 owner = vp_owner(vp);

	if (owner == before)
		return;
	hvp_count(owner_changes);
	trace_hvpost_owner(vp->vp_index, owner);
}

/* Use the pages in force; called on the CPU, may sleep. */
static int enter_synic(struct hvp_vp *vp)
{
	u64 simp, scontrol;
	int err;

	err = hvp_rdmsr_safe(HV_MSR_SIMP, &simp);
	if (!err)
		err = hvp_rdmsr_safe(HV_MSR_SCONTROL, &scontrol);
	if (err) {
		use_page(&vp->sim, NULL, 0);
		use_page(&vp->sief, NULL, 0);
		return err;
	}

	/* If SIMP was ours until somebody cleared it, SCONTROL is our doing. */
	if (!(simp & HV_PAGE_ENABLE) && !vp->sim.owned)
		vp->saved_scontrol = scontrol;
	err = enter_page(&vp->sim, HV_MSR_SIMP, simp);
	enter_flags(vp);
	if (err || !vp->sim.owned || scontrol & HV_SCONTROL_ENABLE)
		return err;
	err = hvp_wrmsr_safe(HV_MSR_SCONTROL, scontrol | HV_SCONTROL_ENABLE);
	if (err) {
		leave_flags(vp);
		put_back(&vp->sim, HV_MSR_SIMP);
		leave_page(&vp->sim);
	}
	return err;
}

static bool vmbus_sint_masked(void)
{
	u64 msr;

	return hvp_rdmsr_safe(HV_MSR_SINT0 + HV_SINT_VMBUS, &msr) ||
	       (msr & HV_SINT_MASKED);
}

/* Whose SynIC is it that we switched on? */
static bool synic_is_still_ours(const struct hvp_vp *vp)
{
	u64 simp;

	return vp->sim.owned && !hvp_rdmsr_safe(HV_MSR_SIMP, &simp) &&
	       simp == page_msr(simp, vp->sim.own) && vmbus_sint_masked();
}

static void leave_synic(struct hvp_vp *vp)
{
	use_page(&vp->sim, NULL, 0);

	if (synic_is_still_ours(vp)) {
		hvp_wrmsr_safe(HV_MSR_SCONTROL, vp->saved_scontrol);
		put_back(&vp->sim, HV_MSR_SIMP);
	}
	leave_page(&vp->sim);
	leave_flags(vp);
}

static int start_vp(struct hvp_vp *vp)
{
	u64 vp_index;
	int err;

	lockdep_assert_held(&synic_lock);
	if (stopped)
		return 0;

	err = hvp_rdmsr_safe(HV_MSR_VP_INDEX, &vp_index);
	if (!err)
		err = enter_synic(vp);
	if (err)
		return err;

	vp->vp_index = vp_index;
	vp->lost = false;
	vp->online = true;
	tell_owner(vp, 0);
	hvp_bind_cpu_online();
	return 0;
}

static void stop_vp(struct hvp_vp *vp)
{
	u32 owner = vp_owner(vp);

	lockdep_assert_held(&synic_lock);
	if (!vp->online)
		return;

	/* First, so that a bind that comes in between arms nothing any more. */
	WRITE_ONCE(vp->online, false);
	hvp_bind_cpu_offline();
	leave_synic(vp);
	tell_owner(vp, owner);
}

static int synic_online(unsigned int cpu)
{
	struct hvp_vp *vp = this_cpu_ptr(&hvp_vps);
	int err;

	mutex_lock(&synic_lock);
	err = start_vp(vp);
	/* If hv_vmbus loaded after us, its callback is yet to move SIMP. */
	vp->unfollowed = !err && hvp_vmbus_loaded();
	mutex_unlock(&synic_lock);
	if (err) {
		pr_err("CPU %u: cannot use its SynIC (error %d); it will receive nothing\n",
		       cpu, err);
		/* A reason not to load, but none to keep a CPU off. */
		return loaded ? 0 : err;
	}

	if (vp->unfollowed)
		schedule_work(&follow_work);
	return 0;
}

static int synic_offline(unsigned int cpu)
{
	mutex_lock(&synic_lock);
	stop_vp(this_cpu_ptr(&hvp_vps));
	mutex_unlock(&synic_lock);
	return 0;
}

static void free_own_pages(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct hvp_vp *vp = per_cpu_ptr(&hvp_vps, cpu);

		free_page((unsigned long)vp->sim.own);
		free_page((unsigned long)vp->sief.own);
		vp->sim.own = NULL;
		vp->sief.own = NULL;
	}
}

int hvp_synic_init(void)
{
	int state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "hvpost:online",
				      synic_online, synic_offline);

	if (state < 0) {
		cancel_work_sync(&follow_work);
		free_own_pages();
		return state;
	}
	cpu_state = state;
	loaded = true;
	return 0;
}

void hvp_synic_exit(void)
{
	cpuhp_remove_state(cpu_state);
	cancel_work_sync(&follow_work);
	free_own_pages();
}

u32 hvp_synic_ownership(u32 *online)
{
	u32 owned = 0;
	int cpu;

	*online = 0;
	for_each_online_cpu(cpu) {
		struct hvp_vp *vp = per_cpu_ptr(&hvp_vps, cpu);

		if (!READ_ONCE(vp->sim.memory))
			continue;
		*online += 1;
		owned += READ_ONCE(vp->sim.owned);
	}
	if (!owned)
		return HVPOST_SYNIC_SHARED;
	return owned == *online ? HVPOST_SYNIC_OWNED : HVPOST_SYNIC_MIXED;
}

static int follow_on_cpu(void *unused)
{
	struct hvp_vp *vp = this_cpu_ptr(&hvp_vps);
	int err = 0;
	u32 owner;

	mutex_lock(&synic_lock);
	owner = vp_owner(vp);
	if (vp->online)
		err = enter_synic(vp);
	tell_owner(vp, owner);
	if (vp->online && !err)
		hvp_bind_cpu_resume();
	vp->unfollowed = false;
	vp->lost = err;
	mutex_unlock(&synic_lock);
	return err;
}

void hvp_synic_follow(void)
{
	unsigned int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		if (smp_call_on_cpu(cpu, follow_on_cpu, NULL, false))
			pr_err("CPU %u: lost its SIM page; it receives nothing until it goes offline and online\n",
			       cpu);
	}
	cpus_read_unlock();
}

static bool synic_in_force(const struct hvp_vp *vp)
{
	u64 scontrol;

	return page_in_force(&vp->sim, HV_MSR_SIMP) &&
	       (!vp->sief.memory || page_in_force(&vp->sief, HV_MSR_SIEFP)) &&
	       !hvp_rdmsr_safe(HV_MSR_SCONTROL, &scontrol) &&
	       scontrol & HV_SCONTROL_ENABLE;
}

static void look_at_synic(struct hvp_vp *vp, struct hvp_look *look)
{
	bool was_lost = vp->lost;
	u32 owner = vp_owner(vp);

	lockdep_assert_held(&synic_lock);
	vp->lost = !synic_in_force(vp);
	/* Follow comes, after this lock: what hv_vmbus changed is no loss. */
	if (vp->lost && !was_lost && (vp->unfollowed || hvp_vmbus_moving())) {
		vp->lost = false;
		return;
	}

	look->synic_lost = vp->lost && !was_lost;
	if (vp->lost && !enter_synic(vp))
		vp->lost = !synic_in_force(vp);
	tell_owner(vp, owner);
	look->synic_back = !vp->lost && (was_lost || look->synic_lost);
	if (look->synic_back)
		hvp_bind_cpu_resume();
}

static int look_on_cpu(void *data)
{
	struct hvp_vp *vp = this_cpu_ptr(&hvp_vps);
	struct hvp_look *look = data;

	mutex_lock(&synic_lock);
	if (vp->online) {
		look_at_synic(vp, look);
		hvp_bind_cpu_look(look);
	}
	mutex_unlock(&synic_lock);
	return 0;
}

int hvp_synic_look(unsigned int cpu, struct hvp_look *look)
{
	memset(look, 0, sizeof(*look));
	return smp_call_on_cpu(cpu, look_on_cpu, look, false);
}

static int stop_on_cpu(void *unused)
{
	mutex_lock(&synic_lock);
	stop_vp(this_cpu_ptr(&hvp_vps));
	mutex_unlock(&synic_lock);
	return 0;
}

static int start_on_cpu(void *unused)
{
	int err;

	mutex_lock(&synic_lock);
	err = start_vp(this_cpu_ptr(&hvp_vps));
	mutex_unlock(&synic_lock);
	return err;
}

void hvp_synic_stop(void)
{
	unsigned int cpu;

	mutex_lock(&synic_lock);
	stopped = true;
	mutex_unlock(&synic_lock);

	cpus_read_lock();
	for_each_online_cpu(cpu)
		smp_call_on_cpu(cpu, stop_on_cpu, NULL, false);
	cpus_read_unlock();
}

void hvp_synic_start(void)
{
	unsigned int cpu;

	mutex_lock(&synic_lock);
	stopped = false;
	mutex_unlock(&synic_lock);

	cpus_read_lock();
	for_each_online_cpu(cpu)
		if (smp_call_on_cpu(cpu, start_on_cpu, NULL, false))
			pr_err("CPU %u: cannot use its SynIC again; it receives nothing until it goes offline and online\n",
			       cpu);
	cpus_read_unlock();
}

static void follow_all(struct work_struct *work)
{
	hvp_synic_follow();
}

bool hvp_synic_sim_in_force(void)
{
	return page_in_force(&this_cpu_ptr(&hvp_vps)->sim, HV_MSR_SIMP);
}

bool hvp_synic_sief_in_force(void)
{
	return page_in_force(&this_cpu_ptr(&hvp_vps)->sief, HV_MSR_SIEFP);
}

void hvp_synic_eom(void)
{
	hvp_wrmsr_safe(HV_MSR_EOM, 0);
}
