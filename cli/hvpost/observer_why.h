/* SPDX-License-Identifier: MIT */
/*
 * observer_why.h - why something cannot be observed, what to do about it, and what
 * works all the same. Knows no BPF, so that every cause can be tested.
 */
#ifndef OBSERVER_WHY_H
#define OBSERVER_WHY_H

#include "observer.h"

struct observer_facts {
	bool may_bpf;		/* as root, or CAP_BPF and CAP_PERFMON */
	bool is_locked_down;	/* kernel_lockdown(7): confidentiality */
	bool has_tracefs;	/* mounted, and with probes of the kernel */
	bool has_uprobes;
	bool driver_loaded;
	bool vmbus_loaded;
	bool kvm_loaded;
};

struct observer_reason {
	char text[160];		/* what is missing */
	const char *hint;	/* what to do, and what works without it */
};

/* Look at the machine whose files are below @root: "" or, in tests, another. */
void observer_facts_collect(struct observer_facts *facts, const char *root);

/* Why observer_open() returned @error. */
struct observer_reason observer_why_none(int error,
					 const struct observer_facts *facts);

/* Why @source was not attached to, or what is waited for. */
struct observer_reason observer_why(enum sighting_source source,
				    const struct observer_outcome *outcome,
				    const struct observer_facts *facts);

/* Why a file with probes, or without, was not attached to. */
const char *observer_why_not_file(int error);

#endif /* OBSERVER_WHY_H */
