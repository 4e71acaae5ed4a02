// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What sets a machine up: the beginning of a sequence, cut before the rest */
#define SET_UP		110u
#define SET_UPS		64u

void bytes_take(struct bytes *bytes, void *to, size_t size)
{
	size_t there = bytes->size < size ? bytes->size : size;

	memset(to, 0, size);
	memcpy(to, bytes->data, there);
	bytes->data += there;
	bytes->size -= there;
}

uint8_t bytes_take_u8(struct bytes *bytes)
{
	uint8_t value;

	bytes_take(bytes, &value, sizeof(value));
	return value;
}

uint64_t bytes_take_u64(struct bytes *bytes)
{
	uint64_t value;

	bytes_take(bytes, &value, sizeof(value));
	return value;
}

/* What was done to this machine since it was set up */
#define LOG_MAX 256u
static struct operation log_of[LOG_MAX];
static size_t log_count;

static void note(const struct operation *operation)
{
	if (log_count < LOG_MAX)
		log_of[log_count] = *operation;
	log_count++;
}

static void compare(void)
{
	const char *why = pair_compare();

	if (!why)
		return;
	for (size_t i = 0; i < log_count && i < LOG_MAX; i++) {
		fprintf(stderr, "%4zu  ", i + 1);
		operation_print(stderr, &log_of[i]);
		fprintf(stderr, "\n");
	}
	fprintf(stderr, "Engine and model differ: %s\n", why);
	abort();
}

void fuzz_begin(uint8_t choice)
{
	static struct sequence set_up[SET_UPS];
	struct sequence *sequence = &set_up[choice / 4 % SET_UPS];

	if (!sequence->operation)
		*sequence = sequence_make(choice / 4 % SET_UPS, SET_UP);
	log_count = 0;
	pair_begin(choice % 4);
	for (size_t i = 0; i < sequence->count; i++)
		pair_carry_out(&sequence->operation[i]);
	compare();
}

void fuzz_end(void)
{
	pair_end();
}

/* 24 bytes; every value of every field means something. */
struct record {
	uint8_t kind;
	uint8_t place;		/* partition and VP */
	uint8_t sint;
	uint8_t msr;
	uint8_t how;		/* by whom, and the flaw */
	uint8_t names;		/* of two partitions */
	uint8_t ids;		/* of port and connection */
	uint8_t vp;		/* target VP and reserved field */
	uint32_t type;
	uint32_t size;
	uint64_t value;
};

static uint32_t msr_of(const struct record *record)
{
	static const uint32_t msrs[] = {
		HV_MSR_GUEST_OS_ID, HV_MSR_HYPERCALL, HV_MSR_VP_INDEX,
		HV_MSR_SCONTROL, HV_MSR_SVERSION, HV_MSR_SIEFP, HV_MSR_SIMP,
		HV_MSR_EOM,
	};

	if (record->msr & 0x80)
		return record->type;
	if (record->msr & 0x40)
		return HV_MSR_SINT0 + record->msr % HV_SINT_COUNT;
	return msrs[record->msr % (sizeof(msrs) / sizeof(msrs[0]))];
}

struct operation fuzz_operation(struct bytes *bytes,
				const enum operation_kind *kinds, size_t count)
{
	struct record record;
	uint32_t vp;

	bytes_take(bytes, &record, sizeof(record));
	vp = record.vp % 16;
	return (struct operation){
		.kind = kinds[record.kind % count],
		.partition = record.place % 16 % MODEL_PARTITIONS,
		.vp = record.place / 16 % MODEL_VPS,
		.sint = record.sint % HV_SINT_COUNT,
		.msr = msr_of(&record),
		.value = record.value,
		.by = (enum by)(record.how % 4 % 3),
		.flaw = (enum flaw)(record.how / 4 % 16 % FLAWS),
		.reserved = record.vp / 16 % (RESERVED_FIELDS + 1),
		.owner = record.names % 16 % (ID_HUGE + 1),
		.peer = record.names / 16 % (ID_HUGE + 1),
		.port_id = operation_ids[record.ids % OPERATION_IDS],
		.connection_id = operation_ids[record.ids / 16 % OPERATION_IDS],
		.type = record.type,
		.size = record.size,
		.target_vp = vp > MODEL_VPS ? HV_ANY_VP : vp,
	};
}

void fuzz_do(const struct operation *operation)
{
	note(operation);
	pair_carry_out(operation);
	compare();
}

void fuzz_call(uint32_t partition, uint32_t vp,
	       const struct hvhost_hypercall *call)
{
	note(&(struct operation){
			.kind = HYPERCALL, .by = BY_MEMORY,
			.partition = partition, .vp = vp,
			.value = call->control,
		});
	pair_call(partition, vp, call);
	compare();
}
