// SPDX-License-Identifier: GPL-2.0-only
/*
 * A SINT's interrupt as a Linux IRQ. Our irq domain hangs below x86's vector
 * domain; each IRQ is managed, so that its vector lives on one CPU, nobody
 * moves it, and the core brings it down and up with that CPU.
 */
#include "hvpost.h"

#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/slab.h>

#include <asm/hw_irq.h>
#include <asm/irqdomain.h>

#include "compat.h"

static struct irq_domain *sint_domain;
static struct fwnode_handle *sint_fwnode;

static struct irq_chip sint_chip = {
	.name			= "hvpost",
	.irq_ack		= irq_chip_ack_parent,
	.irq_set_affinity	= irq_chip_set_affinity_parent,
};

static int sint_domain_alloc(struct irq_domain *domain, unsigned int virq,
			     unsigned int count, void *arg)
{
	struct irq_alloc_info *info = arg;
	int err;

	if (count != 1)
		return -EINVAL;

	err = irq_domain_alloc_irqs_parent(domain, virq, count, info);
	if (err)
		return err;

	irq_domain_set_info(domain, virq, info->hwirq, &sint_chip, NULL,
			    handle_edge_irq, NULL, "edge");
	return 0;
}

static const struct irq_domain_ops sint_domain_ops = {
	.alloc	= sint_domain_alloc,
	.free	= irq_domain_free_irqs_common,
};

int hvp_sint_init(void)
{
	sint_fwnode = irq_domain_alloc_named_fwnode("hvpost");
	if (!sint_fwnode)
		return -ENOMEM;

	sint_domain = irq_domain_create_hierarchy(x86_vector_domain, 0, 0,
						  sint_fwnode, &sint_domain_ops,
						  NULL);
	if (!sint_domain) {
		irq_domain_free_fwnode(sint_fwnode);
		return -ENOMEM;
	}
	return 0;
}

void hvp_sint_exit(void)
{
	irq_domain_remove(sint_domain);
	irq_domain_free_fwnode(sint_fwnode);
}

int hvp_sint_request(unsigned int cpu, unsigned int sint, const char *name,
		     irqreturn_t (*handler)(int irq, void *dev), void *dev)
{
	struct irq_affinity_desc *affinity;
	/* Zeroed by hand: init_irq_alloc_info() is not exported. */
	struct irq_alloc_info info = {
		.hwirq = (irq_hw_number_t)cpu * HV_SINT_COUNT + sint,
	};
	int irq, err;

	affinity = kzalloc(sizeof(*affinity), GFP_KERNEL);
	if (!affinity)
		return -ENOMEM;
	affinity->is_managed = 1;
	cpumask_set_cpu(cpu, &affinity->mask);
	irq = __irq_domain_alloc_irqs(sint_domain, -1, 1, cpu_to_node(cpu),
				      &info, false, affinity);
	kfree(affinity);
	if (irq < 0)
		return irq;

	/*
	 * The handler belongs on its CPU, where a forced thread need not stay;
	 * and a suspend, for which power.c has masked the SINT, must not leave
	 * the IRQ without a vector when its CPU comes back.
	 */
	err = request_irq(irq, handler, IRQF_NO_THREAD | IRQF_NO_SUSPEND, name,
			  dev);
	if (err) {
		irq_dispose_mapping(irq);
		return err;
	}
	return irq;
}

void hvp_sint_release(unsigned int irq, void *dev)
{
	free_irq(irq, dev);
	irq_dispose_mapping(irq);
}

bool hvp_sint_is_masked(unsigned int sint)
{
	u64 msr;

	return !hvp_rdmsr_safe(HV_MSR_SINT0 + sint, &msr) &&
	       (msr & HV_SINT_MASKED);
}

bool hvp_sint_is_armed(unsigned int sint, unsigned int vector)
{
	const u64 what = HV_SINT_VECTOR_MASK | HV_SINT_MASKED | HV_SINT_POLLING;
	u64 msr;

	return !hvp_rdmsr_safe(HV_MSR_SINT0 + sint, &msr) &&
	       (msr & what) == vector;
}

int hvp_sint_arm(unsigned int sint, unsigned int irq)
{
	struct irq_data *data = irq_get_irq_data(irq);
	struct irq_cfg *cfg = irqd_cfg(data);
	u64 msr;
	int err;

	/* Read anew each time: an IRQ may come back with another vector. */
	if (!irqd_is_started(data) || !cfg || cfg->vector < HV_SINT_VECTOR_MIN)
		return -ENOSPC;

	err = hvp_rdmsr_safe(HV_MSR_SINT0 + sint, &msr);
	if (err)
		return err;
	if (!(msr & HV_SINT_MASKED))
		return -EBUSY;

	msr &= ~(HV_SINT_VECTOR_MASK | HV_SINT_MASKED | HV_SINT_AUTO_EOI |
		 HV_SINT_POLLING);
	err = hvp_wrmsr_safe(HV_MSR_SINT0 + sint, msr | cfg->vector);
	return err ?: (int)cfg->vector;
}

void hvp_sint_mask(unsigned int sint, unsigned int vector)
{
	u64 msr;

	if (hvp_rdmsr_safe(HV_MSR_SINT0 + sint, &msr))
		return;
	/* Somebody took the SINT over without asking: it is theirs now. */
	if ((msr & HV_SINT_VECTOR_MASK) != vector)
		return;
	/* The vector stays: some hosts refuse one below 16 even if masked. */
	hvp_wrmsr_safe(HV_MSR_SINT0 + sint, msr | HV_SINT_MASKED);
}
