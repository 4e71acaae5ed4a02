/* SPDX-License-Identifier: MIT */
/*
 * operation.h - what may be done to a machine, as values: a sequence comes from
 * a seed, can lose any of its operations and still be run, and can be read.
 *
 * Operations name things by number or id, whether they are there or not: what is
 * not there is refused or, where a caller would have no handle, left out.
 */
#ifndef OPERATION_H
#define OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum operation_kind {
	PARTITION_NEW,		/* value: privileges */
	PARTITION_ACTIVATE,
	PARTITION_BEGIN_FINALIZE,
	PARTITION_FINALIZE,
	PARTITION_FREE,
	PARTITION_RESET,
	VP_NEW,
	VP_FREE,
	VP_RESET,
	VP_EOM,
	VP_EOI,			/* value: vector */
	READ_MSR,
	WRITE_MSR,
	TAKE,			/* the slot's message, and EOM if it asks for it */
	EMPTY,			/* the slot, and no more */
	SCRIBBLE,		/* type and size (the flags) into the slot */
	CLEAR_FLAGS,
	POST,
	SIGNAL,			/* size: flag number */
	CREATE_PORT,
	DELETE_PORT,
	CONNECT_PORT,
	DISCONNECT_PORT,
	GET_PROPERTY,		/* type: property */
	HYPERCALL,		/* value: control word; input from type and size */
	SNAPSHOT,		/* save the machine, free it and restore it */
	OPERATION_KINDS
};

/* How an operation names a partition: by number, or in one of these ways. */
enum {
	ID_BEFORE = 4,		/* 4 to 6: the id that number 0 to 2 had before */
	ID_SELF = 8,
	ID_ZERO,
	ID_HUGE
};

enum by { BY_HOST, BY_MEMORY, BY_REGISTERS };

/* What may be wrong with a hypercall as such */
enum flaw {
	FLAW_NONE,
	FLAW_CPL,
	FLAW_REAL_MODE,
	FLAW_CONTROL,		/* value: a bit from 16 to 63 */
	FLAW_MISALIGNED,
	FLAW_CROSSES_PAGE,
	FLAW_PAST_MEMORY,
	FLAW_UNREADABLE,
	FLAW_OUTPUT_MISALIGNED,
	FLAW_UNWRITABLE,
	FLAWS
};

/* Reserved fields of an input that may be spoiled: 1 to this; 0: none is. */
#define RESERVED_FIELDS 6u

struct operation {
	enum operation_kind kind;
	uint32_t partition;	/* that acts or is acted at */
	uint32_t vp;
	uint32_t sint;
	uint32_t msr;
	uint64_t value;
	enum by by;
	enum flaw flaw;
	uint32_t reserved;	/* field that is spoiled */
	uint32_t owner;		/* these two: how partitions are named */
	uint32_t peer;
	uint32_t port_id;
	uint32_t connection_id;
	uint32_t type;
	uint32_t size;
	uint32_t target_vp;
};

/* All ids that operations use for ports and for connections */
#define OPERATION_IDS	8u
extern const uint32_t operation_ids[OPERATION_IDS];

struct sequence {
	uint64_t seed;
	uint32_t flags;			/* of the machine */
	size_t count;
	struct operation *operation;
};

/* Make one of @count operations; the same seed makes the same. free() it. */
struct sequence sequence_make(uint64_t seed, size_t count);
void sequence_free(struct sequence *sequence);

void operation_print(FILE *file, const struct operation *operation);

#endif /* OPERATION_H */
