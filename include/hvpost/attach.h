/* SPDX-License-Identifier: MIT */
/*
 * attach.h - the ABI between hvhost and a process that is a partition of it.
 * Programs use hvpost.h, whose target "host:SOCKET" speaks this.
 *
 * The process connects to hvhost's socket (AF_UNIX, SOCK_SEQPACKET) and sends
 * HVPOST_ATTACH_OPEN. The answer carries two descriptors: a memfd that both map,
 * and an eventfd, the doorbell. While the socket lives, the process is that
 * partition; with the socket, the partition ends.
 *
 * Descriptors come from hvhost and never go there: whoever sends one is dropped, or
 * gets EPERM where the kernel can do that (SO_PASSRIGHTS, Linux 6.16). To close what
 * somebody else has made may take as long as he likes.
 *
 * In the memory each VP has a ring of calls, the two pages of guest memory that a
 * large call may use, its SIM and SIEF page, and further slots. The two pages lie at
 * GPA 0 and 4096 once SIMP and SIEFP say so, and are the pages that the engine
 * writes; the slots are used where the process asks for that.
 *
 * Everything is little endian, naturally aligned, and pinned by an assertion.
 * What one side writes, the other copies once and then checks. Where an order is
 * named below, it is that of the access to the word itself; "both" words are
 * changed by atomic read-modify-write only.
 *
 * Neither side makes a system call to wake one that is awake:
 *
 *   calls, EOMs	The host, before it sleeps, sets @sleeping and then looks at
 *			the rings once more. The process changes @submitted or @eoms
 *			and then looks at @sleeping. All four are sequentially
 *			consistent, so one of the two sees the other.
 *   results		The process, before it sleeps in futex(2) on @completed,
 *			raises @waiters; the host changes @completed and then looks
 *			at @waiters; futex(2) itself looks at @completed again.
 *			It wakes HVPOST_ATTACH_CALLS of them at most: who may be
 *			one of more looks again now and then.
 *   interrupts		The host sets the SINT's bit in @asserted, then looks at
 *			@armed; the process sets the bit in @armed, then looks at
 *			@asserted. The host clears what it found in @armed and sends a
 *			packet to the SINT's listener (HVPOST_ATTACH_LISTEN).
 *   sleep		Where a thread waits and no event loop, a packet costs more
 *			than a wake-up needs to. So it may set the SINT's bit in
 *			@sleepers, read @wakes, look at @asserted, and sleep in
 *			futex(2) on @wakes with that bit as its bitset. The host sets
 *			the bit in @asserted, then looks at @sleepers; it clears what
 *			it found, then adds to @wakes, then wakes one thread. All are
 *			sequentially consistent, so either the thread sees the
 *			interrupt or the host sees the thread, and who was seen before
 *			it slept finds another number in @wakes than it has read.
 *			Nothing there tells if the host is gone.
 *
 *   room		The host adds to @room, or sets a bit in any @asserted, then
 *			looks at @room_armed; the process sets that, then looks at
 *			those. The host clears it if it was set, and sends a packet
 *			to the listener for room.
 *
 * What makes an event loop's descriptor readable are packets on a socket and no
 * eventfd, since whoever holds an eventfd can make others block who write to it. The
 * host makes the socket, and has shut its own end for reading: nothing can be sent
 * that way.
 */
#ifndef HVPOST_ATTACH_H
#define HVPOST_ATTACH_H

#include "hyperv.h"

#define HVPOST_ATTACH_MAGIC	0x41507648u	/* "HvPA" */
#define HVPOST_ATTACH_VERSION	2u

/* Partition names: 1 to 63 of a-z A-Z 0-9 . _ -, and a NUL. */
#define HVPOST_ATTACH_NAME_SIZE	64u

#define HVPOST_ATTACH_VPS_MAX	64u
/* Calls in flight on one VP; a power of two. */
#define HVPOST_ATTACH_CALLS	64u
/* Guest memory of a call: in its slot, or in the VP's two pages. */
#define HVPOST_ATTACH_SLOT_SIZE	256u
#define HVPOST_ATTACH_PAGES_SIZE 8192u

/* Where SIMP and SIEFP place the pages. */
#define HVPOST_ATTACH_SIM_GPA	0u
#define HVPOST_ATTACH_SIEF_GPA	4096u

/* Packets on the socket: one of each goes, one comes back. */

enum hvpost_attach_kind {
	HVPOST_ATTACH_OPEN = 1,		/* @name: become that partition */
	/*
	 * @sint: the answer carries the SINT's listener, one end of a socket
	 * (AF_UNIX, SOCK_SEQPACKET), to which a packet comes at an interrupt of
	 * the SINT on any VP that has it armed. One packet is there from the
	 * start, since of what came before none tells. The SINT's former listener
	 * gets none any more. HVPOST_ATTACH_ROOM for a SINT is the listener for
	 * room.
	 */
	HVPOST_ATTACH_LISTEN = 2
};

#define HVPOST_ATTACH_ROOM	HV_SINT_COUNT

struct hvpost_attach_request {
	uint32_t magic;
	uint16_t version;
	uint16_t kind;
	uint32_t sint;
	uint32_t reserved;	/* 0 */
	char	 name[HVPOST_ATTACH_NAME_SIZE];
};
HV_ASSERT_SIZE(struct hvpost_attach_request, 80);
HV_ASSERT_OFFSET(struct hvpost_attach_request, sint, 8);
HV_ASSERT_OFFSET(struct hvpost_attach_request, name, 16);

#define HVPOST_ATTACH_REASON_SIZE 128u

struct hvpost_attach_answer {
	uint32_t magic;
	uint16_t version;
	uint16_t kind;		/* of the request */
	int32_t  error;		/* 0, or a negative errno value of Linux */
	uint32_t vp_count;	/* of the memory, and so on */
	uint64_t memory_size;
	uint64_t partition_id;
	uint64_t privileges;	/* CPUID 0x40000003 EAX, and EBX above it */
	uint64_t reserved[3];
	char	 reason[HVPOST_ATTACH_REASON_SIZE];	/* of @error, one line */
};
HV_ASSERT_SIZE(struct hvpost_attach_answer, 192);
HV_ASSERT_OFFSET(struct hvpost_attach_answer, error, 8);
HV_ASSERT_OFFSET(struct hvpost_attach_answer, memory_size, 16);
HV_ASSERT_OFFSET(struct hvpost_attach_answer, reason, 64);

/* The memory */

enum hvpost_attach_call_kind {
	HVPOST_ATTACH_HYPERCALL = 1,	/* @control, @input, @output */
	HVPOST_ATTACH_READ_MSR = 2,	/* @control: its number */
	HVPOST_ATTACH_WRITE_MSR = 3,	/* @control: its number, @input: value */
	/*
	 * @control: a SINT, which from now on has the slots in the VP's @slot, too;
	 * see hvhost_vp_add_slots(), whose error this gets.
	 */
	HVPOST_ATTACH_ADD_SLOTS = 4
};

/* The call's memory is the VP's pages; only one call at a time may say so. */
#define HVPOST_ATTACH_IN_PAGES	(1u << 0)
/*
 * Carry this out only if the call in front of it in the ring was, without an error,
 * and got HV_STATUS_SUCCESS if it was a hypercall; else its error is -ECANCELED.
 */
#define HVPOST_ATTACH_CHAINED	(1u << 1)

/* The process fills a slot before @submitted passes it, the host before @completed. */
struct hvpost_attach_call {
	uint64_t control;	/* RCX */
	uint64_t input;		/* RDX: GPA, or the first fast word */
	uint64_t output;	/* R8: GPA, or the second fast word */
	uint32_t kind;
	uint32_t flags;
	uint32_t memory_size;	/* guest memory of this call: GPA 0 up to this */
	int32_t  error;		/* out: 0; -EPERM: it got #UD or #GP instead;
				 * -ECANCELED: see HVPOST_ATTACH_CHAINED; or
				 * what its kind says
				 */
	uint64_t result;	/* out: RAX, or the MSR */
	uint64_t reserved[2];
	uint8_t  memory[HVPOST_ATTACH_SLOT_SIZE];
};
HV_ASSERT_SIZE(struct hvpost_attach_call, 320);
HV_ASSERT_OFFSET(struct hvpost_attach_call, kind, 24);
HV_ASSERT_OFFSET(struct hvpost_attach_call, error, 36);
HV_ASSERT_OFFSET(struct hvpost_attach_call, result, 40);
HV_ASSERT_OFFSET(struct hvpost_attach_call, memory, 64);

/*
 * Words of one VP, in cache lines by who writes them. The counters wrap; call n
 * has the slot n modulo HVPOST_ATTACH_CALLS, and calls are carried out in order.
 */
struct hvpost_attach_words {
	uint32_t submitted;	/* process, seq_cst: calls there are */
	uint32_t eoms;		/* process, seq_cst: EOMs written; those before a
				 * call are seen before it
				 */
	uint32_t line0[14];
	uint32_t completed;	/* host, seq_cst: calls done, and the futex */
	uint32_t line1[15];
	uint32_t waiters;	/* process, seq_cst: threads that sleep, or will */
	uint32_t line2[15];
	uint32_t asserted;	/* both, seq_cst; bit n: SINT n interrupts */
	uint32_t line3[15];
	uint32_t armed;		/* both, seq_cst; bit n: tell SINT n's listener */
	uint32_t line4[15];
	uint8_t  rest[4096 - 5 * 64];
};
HV_ASSERT_SIZE(struct hvpost_attach_words, 4096);
HV_ASSERT_OFFSET(struct hvpost_attach_words, completed, 64);
HV_ASSERT_OFFSET(struct hvpost_attach_words, waiters, 128);
HV_ASSERT_OFFSET(struct hvpost_attach_words, asserted, 192);
HV_ASSERT_OFFSET(struct hvpost_attach_words, armed, 256);

/*
 * Slots of each SINT beside the one in the SIM page, if the process wants them: see
 * hvhost_vp_add_slots(). A guest has a processor of its own, a process may share
 * one with hvhost, and then one slot is a change of processes for each message.
 */
#define HVPOST_ATTACH_MORE_SLOTS 63u

struct hvpost_attach_vp {
	struct hvpost_attach_words words;
	uint8_t pages[HVPOST_ATTACH_PAGES_SIZE];
	struct hv_sim_page sim;
	struct hv_sief_page sief;
	struct hvpost_attach_call call[HVPOST_ATTACH_CALLS];
	struct hv_slot slot[HV_SINT_COUNT][HVPOST_ATTACH_MORE_SLOTS];
};
HV_ASSERT_SIZE(struct hvpost_attach_vp, 299008);
HV_ASSERT_OFFSET(struct hvpost_attach_vp, pages, 4096);
HV_ASSERT_OFFSET(struct hvpost_attach_vp, sim, 12288);
HV_ASSERT_OFFSET(struct hvpost_attach_vp, sief, 16384);
HV_ASSERT_OFFSET(struct hvpost_attach_vp, call, 20480);
HV_ASSERT_OFFSET(struct hvpost_attach_vp, slot, 40960);

/* The first page; the VPs follow it in order of their indexes. */
struct hvpost_attach_memory {
	uint32_t magic;		/* host, once: HVPOST_ATTACH_MAGIC */
	uint32_t version;	/* host, once */
	uint32_t vp_count;	/* host, once */
	uint32_t line0[13];
	uint32_t sleeping;	/* both, seq_cst: the host waits for the doorbell */
	uint32_t line1[15];
	/*
	 * host, seq_cst: counts how often it was time to try again for a post that
	 * HV_STATUS_INSUFFICIENT_BUFFERS refused, whichever it was. Who has read it
	 * before a post need not try again as long as it is the same.
	 */
	uint32_t room;
	/*
	 * both, seq_cst: 1: tell the listener for room. Of interrupts, too: who
	 * waits to post may be whom others wait for to receive.
	 */
	uint32_t room_armed;
	uint32_t line2[14];
	uint32_t sleepers;	/* both, seq_cst; bit n: a thread sleeps, or will, until
				 * SINT n interrupts a VP
				 */
	uint32_t line3[15];
	uint32_t wakes;		/* host, seq_cst: counts bits cleared; the futex */
	uint32_t line4[15];
	uint8_t  rest[4096 - 5 * 64];
};
HV_ASSERT_SIZE(struct hvpost_attach_memory, 4096);
HV_ASSERT_OFFSET(struct hvpost_attach_memory, sleeping, 64);
HV_ASSERT_OFFSET(struct hvpost_attach_memory, room, 128);
HV_ASSERT_OFFSET(struct hvpost_attach_memory, room_armed, 132);
HV_ASSERT_OFFSET(struct hvpost_attach_memory, sleepers, 192);
HV_ASSERT_OFFSET(struct hvpost_attach_memory, wakes, 256);

#endif /* HVPOST_ATTACH_H */
