/* SPDX-License-Identifier: MIT */
/* facts.h - what the doctor looks at; diagnosis.h says what it means. */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <hvpost/hvpost.h>

/* What the processor and the hypervisor say of themselves. */
struct facts_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/* Where facts come from: this machine, or in tests one that is made up. */
struct facts_source {
	const char *root;	/* in front of /proc, /sys, /dev and /lib */
	const char *release;	/* of the running kernel */
	void (*cpuid)(uint32_t leaf, struct facts_cpuid *answer);
};

#define FACTS_TEXT 128

struct facts {
	/* The host, by CPUID */
	bool hypervisor;
	bool interface;		/* "Hv#1" */
	uint64_t privileges;	/* as hvpost_info has them */
	uint32_t isolation;	/* HV_ISOLATION_TYPE_* */
	uint32_t kvm_features;	/* of KVM's own leaves; 0: it shows none */
	bool nopv;		/* Linux was told to use none of them */

	/* The driver, as a file */
	char release[FACTS_TEXT];
	char module[FACTS_TEXT * 2];	/* its path; empty: none for @release */
	bool indexed;		/* depmod knows it, so modprobe finds it */
	char built_for[FACTS_TEXT];	/* as the file says; empty: not known */
	bool is_signed;		/* or not known, for it is compressed */
	char other_release[FACTS_TEXT];	/* one that has it; empty: none */
	bool needs_signature;	/* unsigned modules are refused (Secure Boot) */

	/* The driver, in the kernel */
	bool loaded;
	bool vmbus_loaded;

	/* The device */
	char node[FACTS_TEXT * 2];	/* its path */
	bool node_there;
	mode_t mode;
	gid_t group;
	char group_name[FACTS_TEXT];	/* or its number */
	bool in_group;			/* this process is */
	bool in_group_after_login;	/* this user is */
	int open_error;			/* negative errno value, or 0 */
	struct hvpost_info info;	/* if it could be opened */
};

/* This machine. */
const struct facts_source *facts_source_here(void);

/* Collect all facts about the driver and its device at @node. */
void facts_collect(struct facts *facts, const struct facts_source *source,
		   const char *node);

#endif /* FACTS_H */
