/* SPDX-License-Identifier: MIT */
/*
 * vmm.h - a small virtual machine monitor that makes libhvhost the host of KVM
 * guests. Private to hvhost.
 *
 * A guest is a partition of a struct hvhost_machine, and for each of its VPs a
 * KVM vCPU with a thread of its own. It has memory, an in-kernel interrupt
 * controller and timer, two serial ports, ACPI tables, and the echo test device
 * at I/O port 0x3000. What it does to its SynIC and the hypercalls that KVM does
 * not answer itself go to the engine.
 *
 * The error rule is the engine's: 0 or a negative errno value. Functions with an
 * @error write into it, on failure, one line that says what failed, on what, and
 * what to do next.
 *
 * Threads. Every function may be called from any thread, but nobody uses a guest
 * that somebody is freeing. A guest's machine is freed after the guest.
 */
#ifndef HVPOST_VMM_H
#define HVPOST_VMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvpost/hvhost.h>

struct vmm_guest;

#define VMM_ERROR_SIZE		512
#define VMM_CPUS_MAX		254u
#define VMM_MEMORY_MIN		(16ull << 20)
#define VMM_MEMORY_MAX		(1ull << 40)
#define VMM_SERIAL_COUNT	2

/* What the guest believes to run on. */
enum vmm_cpuid {
	VMM_CPUID_HYPERV,	/* Hyper-V's leaves only */
	VMM_CPUID_KVM		/* KVM's too, which Linux prefers */
};

/* What an ordinary guest gets; see struct vmm_guest_config. */
#define VMM_PRIVILEGES_DEFAULT \
	((1u << 1 /* reference counter */) | HV_ACCESS_SYNIC_REGS | \
	 HV_ACCESS_INTR_CTRL_REGS /* which Linux takes for granted */ | \
	 HV_ACCESS_HYPERCALL_MSRS | HV_ACCESS_VP_INDEX | \
	 (1u << 9 /* reference TSC */) | (1u << 11 /* frequencies */) | \
	 HVHOST_PRIVILEGE(HV_POST_MESSAGES | HV_SIGNAL_EVENTS))

struct vmm_serial_config {
	int input;		/* descriptor that the guest reads, or -1 */
	int output;		/* descriptor for what it writes, or -1 */
};

struct vmm_guest_config {
	const char *name;	/* in messages */
	const char *kernel;	/* file: a bzImage, or an ELF with multiboot */
	const char *initrd;	/* file, or NULL */
	const char *command_line; /* or NULL */
	uint32_t cpus;		/* 1 to VMM_CPUS_MAX */
	uint64_t memory_bytes;	/* VMM_MEMORY_MIN to _MAX, whole pages */
	enum vmm_cpuid cpuid;
	/* CPUID leaf 0x40000003, EAX and EBX, and what the engine grants. */
	uint64_t privileges;
	/*
	 * Of these, what CPUID claims and the engine does not grant, as on a
	 * host that withdrew a right while the guest runs.
	 */
	uint64_t privileges_withheld;
	/* Its partition's limits; see struct hvhost_partition_config. */
	uint32_t message_buffers, ports_max, connections_max;
	/* ttyS0, ttyS1. The descriptors stay the caller's. */
	struct vmm_serial_config serial[VMM_SERIAL_COUNT];
	/*
	 * What the guest did that somebody should know: a line of text, for
	 * each kind of thing once. May be NULL. Called in the guest's threads.
	 */
	void (*log)(void *context, const char *text);
	void *context;
};

/* How a guest ended. */
enum vmm_end {
	VMM_RUNNING,		/* it has not */
	VMM_POWERED_OFF,
	VMM_RESET,		/* it asked for a reset */
	VMM_CRASHED,		/* triple fault */
	VMM_STOPPED,		/* vmm_guest_stop() */
	VMM_FAILED		/* KVM or this monitor could not go on */
};

/* What a guest did that had no effect. */
struct vmm_guest_counters {
	uint64_t testdev_ignored;	/* commands of the test device */
	uint64_t msrs_refused;		/* SynIC MSR writes answered by #GP */
	uint64_t ports_unknown;		/* accesses to I/O ports without device */
	uint64_t mmio_unknown;		/* accesses to memory that is not there */
};

/**
 * vmm_guest_new() - make a guest that is ready to run
 * @machine:	machine that its partition becomes part of
 * @config:	what it is like; nothing of it is kept but serial, log, context
 * @guest:	out: free it with vmm_guest_free(); NULL on failure
 * @error:	out: VMM_ERROR_SIZE bytes
 *
 * Loads the kernel. The partition is active: ports and connections can be made.
 *
 * Return: 0, or -EINVAL: a number out of range, or not an image that it can
 * boot; -ENOTSUP: KVM lacks something; -ENOMEM; else what a system call said.
 */
int vmm_guest_new(struct hvhost_machine *machine,
		  const struct vmm_guest_config *config,
		  struct vmm_guest **guest, char *error);

/** vmm_guest_partition() - its partition; lives as long as the guest */
struct hvhost_partition *vmm_guest_partition(struct vmm_guest *guest);

/**
 * vmm_guest_start() - run it, once
 *
 * Return: 0, or what pthread_create() said; the guest has ended then.
 */
int vmm_guest_start(struct vmm_guest *guest, char *error);

/**
 * vmm_guest_pause() - let none of its VPs run
 *
 * Returns once all of them stand, not in the midst of an instruction, and the
 * guest's other thread too: what is typed, and the ends of interrupts, wait. Its
 * partition takes messages and events as before. One that is paused stays so; one
 * that has not started will start paused.
 *
 * Return: 0, or -ESRCH: it has ended, and is paused if it is reset.
 */
int vmm_guest_pause(struct vmm_guest *guest);

/** vmm_guest_resume() - let them go on; nothing if it is not paused */
void vmm_guest_resume(struct vmm_guest *guest);

/** vmm_guest_is_paused() - whether it is, or somebody is about to pause it */
bool vmm_guest_is_paused(const struct vmm_guest *guest);

/**
 * vmm_guest_reset() - a power cycle: let it begin anew in the same partition
 * @guest:	one that runs or is paused, or has ended by VMM_RESET. One that is
 *		paused stays so, before its first instruction.
 * @error:	out: VMM_ERROR_SIZE bytes
 *
 * Its memory is zeroed and its kernel loaded again, from the files as they are
 * now; its VPs and devices are as at power-on, and messages that waited for it are
 * lost. Ports and connections stay, but for those of the test device. No other
 * function is called for the guest meanwhile; who waits for its end may miss one.
 *
 * Return: 0, or -ESRCH: it has ended in another way; else the guest has ended by
 * VMM_FAILED, for the reasons that vmm_guest_new() and vmm_guest_start() have.
 */
int vmm_guest_reset(struct vmm_guest *guest, char *error);

/** vmm_guest_resets() - how often that was done */
uint64_t vmm_guest_resets(const struct vmm_guest *guest);

/*
 * A machine that is made of a snapshot, hvhost_machine_restore(), takes the place
 * of the one that guests are on:
 *
 *	it is known that the snapshot has the same partitions, with the same VPs
 *	and limits, and all of them are guests' (vmm_guest_has_partition());
 *	all guests are paused, and nobody else calls the engine;
 *	vmm_guest_begin_move() for each;
 *	hvhost_machine_restore(), whose callbacks ask the guests;
 *	vmm_guest_end_move() for each;
 *	one of the two machines is freed.
 *
 * A guest's memory and its processors' own registers are no part of it: they stay
 * as they are. A guest whose slots are filled has an interrupt when it goes on.
 */

/** vmm_guest_has_partition() - is it the guest's own, or its test device's? */
bool vmm_guest_has_partition(const struct vmm_guest *guest, uint64_t id);

/** vmm_guest_restore_partition() - for one of its partitions: ops and context */
void vmm_guest_restore_partition(struct vmm_guest *guest, uint64_t id,
				 struct hvhost_partition_config *config);

/** vmm_guest_restore_vp() - for a VP of one of them: pages */
void vmm_guest_restore_vp(struct vmm_guest *guest, uint64_t id,
			  uint32_t vp_index, void **sim, void **sief);

/** vmm_guest_begin_move() - 0, or -ENOMEM, with nothing to end then */
int vmm_guest_begin_move(struct vmm_guest *guest);

/**
 * vmm_guest_end_move() - it is on another machine now, or is as before
 * @machine:	the restored one; NULL: there is none
 * @error:	VMM_ERROR_SIZE bytes
 *
 * Its partition is another one then. Return 0, or -EIO if KVM refuses what the
 * snapshot says: then the guest is torn.
 */
int vmm_guest_end_move(struct vmm_guest *guest, struct hvhost_machine *machine,
		       char *error);

/**
 * vmm_guest_is_torn() - do its registers in KVM differ from its partition's?
 *
 * It is paused then and is not to be resumed: a reset makes it whole again, or
 * another restore.
 */
bool vmm_guest_is_torn(const struct vmm_guest *guest);

/**
 * vmm_guest_fd() - descriptor that becomes readable when the guest ends
 *
 * It is the guest's, and stays readable unless it is reset.
 */
int vmm_guest_fd(const struct vmm_guest *guest);

/** vmm_guest_wait() - wait until it has ended; return how */
enum vmm_end vmm_guest_wait(struct vmm_guest *guest);

/** vmm_guest_end() - how it ended, or VMM_RUNNING */
enum vmm_end vmm_guest_end(const struct vmm_guest *guest);

/** vmm_end_text() - "powered off" and so on, for messages; static */
const char *vmm_end_text(enum vmm_end end);

/** vmm_guest_stop() - end it at once, without asking it; does not wait */
void vmm_guest_stop(struct vmm_guest *guest);

void vmm_guest_counters(const struct vmm_guest *guest,
			struct vmm_guest_counters *counters);

/**
 * vmm_guest_free() - stop it, wait for its threads, free it and its partition
 * @guest:	may be NULL
 */
void vmm_guest_free(struct vmm_guest *guest);

#endif /* HVPOST_VMM_H */
