// SPDX-License-Identifier: MIT
#include "operation.h"

#include <inttypes.h>
#include <stdlib.h>

#include <hvpost/hvhost.h>

#include "model.h"

/* Few, so that they meet; the last two have high bits. */
const uint32_t operation_ids[OPERATION_IDS] = {
	1, 2, 0xffffff, 0xff, 0x100, 3, 0x1000001, 0x80000002,
};

/* Where those begin and end that messages and events mostly use */
#define MESSAGE_IDS	0, 3
#define EVENT_IDS	3, 5

/* Random numbers (splitmix64) */

static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)(draw(state) % limit);
}

static bool one_in(uint64_t *state, uint32_t n)
{
	return below(state, n) == 0;
}

#define ONE_OF(state, table) \
	((table)[below(state, sizeof(table) / sizeof((table)[0]))])

/* Growing a sequence */

struct grower {
	uint64_t random;
	size_t count_max;
	struct sequence *sequence;
};

static void add(struct grower *grower, struct operation operation)
{
	struct sequence *sequence = grower->sequence;

	if (sequence->count < grower->count_max)
		sequence->operation[sequence->count++] = operation;
}

#define ALL_PRIVILEGES \
	(HV_ACCESS_SYNIC_REGS | HV_ACCESS_HYPERCALL_MSRS | HV_ACCESS_VP_INDEX | \
	 HVHOST_PRIVILEGE(HV_POST_MESSAGES | HV_SIGNAL_EVENTS | \
			  HV_CREATE_PORT | HV_CONNECT_PORT))

/* Two SINTs share a vector, so that an EOI may serve both. */
static uint8_t vector_of(uint32_t sint)
{
	return (uint8_t)(0x30 + sint / 2);
}

static void write_msr(struct grower *grower, uint32_t partition, uint32_t vp,
		      uint32_t msr, uint64_t value)
{
	add(grower, (struct operation){
			.kind = WRITE_MSR, .partition = partition, .vp = vp,
			.msr = msr, .value = value,
		});
}

static void start_vp(struct grower *grower, uint32_t partition, uint32_t vp)
{
	add(grower, (struct operation){
			.kind = VP_NEW, .partition = partition, .vp = vp,
		});
	write_msr(grower, partition, vp, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
	write_msr(grower, partition, vp, HV_MSR_SIMP, 0x1000 | HV_PAGE_ENABLE);
	write_msr(grower, partition, vp, HV_MSR_SIEFP, 0x2000 | HV_PAGE_ENABLE);
	for (uint32_t sint = 1; sint < 4; sint++)
		write_msr(grower, partition, vp, HV_MSR_SINT0 + sint,
			  vector_of(sint));
}

static void start_partition(struct grower *grower, uint32_t partition,
			    uint64_t privileges)
{
	uint32_t vps = 1 + below(&grower->random, MODEL_VPS);

	add(grower, (struct operation){
			.kind = PARTITION_NEW, .partition = partition,
			.value = privileges,
		});
	add(grower, (struct operation){
			.kind = PARTITION_ACTIVATE, .partition = partition,
		});
	for (uint32_t vp = 0; vp < vps; vp++)
		start_vp(grower, partition, vp);
	write_msr(grower, partition, 0, HV_MSR_GUEST_OS_ID,
		  HV_GUEST_OS_ID_OPEN_SOURCE);
	write_msr(grower, partition, 0, HV_MSR_HYPERCALL,
		  0x3000 | HV_PAGE_ENABLE);
}

static uint32_t some_vp(uint64_t *random)
{
	return one_in(random, 3) ? HV_ANY_VP : below(random, MODEL_VPS);
}

static uint32_t some_port_type(uint64_t *random)
{
	return one_in(random, 3) ? HV_PORT_TYPE_EVENT : HV_PORT_TYPE_MESSAGE;
}

static uint32_t id_between(uint64_t *random, uint32_t first, uint32_t end)
{
	return operation_ids[first + below(random, end - first)];
}

static uint32_t some_id(uint64_t *random, uint32_t port_type)
{
	if (one_in(random, 16))
		return id_between(random, 0, OPERATION_IDS);
	return port_type == HV_PORT_TYPE_EVENT ? id_between(random, EVENT_IDS) :
						 id_between(random, MESSAGE_IDS);
}

static enum by some_caller(uint64_t *random)
{
	static const enum by by[] = {
		BY_HOST, BY_HOST, BY_MEMORY, BY_REGISTERS,
	};

	return ONE_OF(random, by);
}

/* A port of one partition and the connection of another to it */
static void link_two(struct grower *grower)
{
	uint64_t *random = &grower->random;
	uint32_t owner = below(random, MODEL_PARTITIONS);
	uint32_t type = some_port_type(random);
	struct operation operation = {
		.kind = CREATE_PORT,
		.by = one_in(random, 2) ? BY_HOST : BY_MEMORY,
		.partition = owner,
		.owner = owner,
		.peer = (owner + 1 + below(random, MODEL_PARTITIONS - 1)) %
			MODEL_PARTITIONS,
		.port_id = some_id(random, type),
		.connection_id = some_id(random, type),
		.type = type,
		.size = 1 + below(random, 64),
		.sint = 1 + below(random, 3),
		.target_vp = some_vp(random),
	};

	add(grower, operation);
	operation.kind = CONNECT_PORT;
	operation.partition = operation.peer;
	operation.owner = operation.peer;
	operation.peer = owner;
	add(grower, operation);
}

/* Single operations, most of them good */

static uint32_t some_partition(uint64_t *random)
{
	static const uint32_t odd[] = {
		ID_BEFORE, ID_BEFORE + 1, ID_BEFORE + 2, ID_SELF, ID_SELF,
		ID_ZERO, ID_HUGE,
	};

	return one_in(random, 6) ? ONE_OF(random, odd) :
				   below(random, MODEL_PARTITIONS);
}

static uint32_t some_sint(uint64_t *random)
{
	return one_in(random, 8) ? below(random, HV_SINT_COUNT) :
				   1 + below(random, 3);
}

static uint32_t some_type(uint64_t *random)
{
	static const uint32_t odd[] = {
		0, 0x7fffffff, 0x80000000, 0x80000010, 0xffffffff,
	};

	return one_in(random, 12) ? ONE_OF(random, odd) :
				    1 + below(random, 1000);
}

static uint32_t some_size(uint64_t *random)
{
	static const uint32_t odd[] = {
		0, 239, 240, 241, 256, 0x10000, 0xffffffff,
	};

	return one_in(random, 16) ? ONE_OF(random, odd) : below(random, 32);
}

static uint32_t some_msr(uint64_t *random)
{
	static const uint32_t msrs[] = {
		HV_MSR_SCONTROL, HV_MSR_SCONTROL, HV_MSR_SIMP, HV_MSR_SIMP,
		HV_MSR_SIEFP, HV_MSR_EOM, HV_MSR_GUEST_OS_ID, HV_MSR_HYPERCALL,
		HV_MSR_VP_INDEX, HV_MSR_SVERSION, HV_MSR_EOI,
		HV_MSR_SINT0 + HV_SINT_COUNT,
	};

	return one_in(random, 2) ? HV_MSR_SINT0 + some_sint(random) :
				   ONE_OF(random, msrs);
}

static uint64_t some_sint_value(uint64_t *random, uint32_t sint)
{
	switch (below(random, 12)) {
	case 0:
		return HV_SINT_MASKED;
	case 1:
	case 2:
		return HV_SINT_MASKED | vector_of(sint);
	case 3:
		return HV_SINT_POLLING | vector_of(sint);
	case 4:
		return below(random, 32);
	default:
		return vector_of(sint);
	}
}

static uint64_t some_value(uint64_t *random, uint32_t msr)
{
	static const uint64_t pages[] = {
		0x1001, 0x1001, 0x2001, 0x3001, 0x3001, 0x1000, 0, 0x4001, 0x4000,
		0xfffffffffffff001,
	};

	if (msr >= HV_MSR_SINT0)
		return some_sint_value(random, msr - HV_MSR_SINT0);
	switch (msr) {
	case HV_MSR_SCONTROL:
		return one_in(random, 4) ? 0 : 1;
	case HV_MSR_GUEST_OS_ID:
		return one_in(random, 16) ? 0 : HV_GUEST_OS_ID_OPEN_SOURCE;
	case HV_MSR_HYPERCALL:
		return ONE_OF(random, pages) |
		       (one_in(random, 16) ? HV_HYPERCALL_LOCKED : 0);
	default:
		return ONE_OF(random, pages);
	}
}

static uint64_t some_privileges(uint64_t *random)
{
	return one_in(random, 4) ? ALL_PRIVILEGES & draw(random) :
				   ALL_PRIVILEGES;
}

static uint64_t some_control(uint64_t *random)
{
	uint64_t code = one_in(random, 2) ? 0x50 + below(random, 16) :
					    0x90 + below(random, 8);

	return one_in(random, 2) ? code : code | 1ull << below(random, 64);
}

static enum operation_kind some_kind(uint64_t *random)
{
	static const uint32_t weight[OPERATION_KINDS] = {
		[PARTITION_NEW] = 4, [PARTITION_ACTIVATE] = 4,
		[PARTITION_BEGIN_FINALIZE] = 1, [PARTITION_FINALIZE] = 1,
		[PARTITION_FREE] = 1, [PARTITION_RESET] = 2,
		[VP_NEW] = 30, [VP_FREE] = 12, [VP_RESET] = 6,
		[VP_EOM] = 150, [VP_EOI] = 300,
		[READ_MSR] = 30, [WRITE_MSR] = 180, [TAKE] = 400,
		[EMPTY] = 400, [SCRIBBLE] = 30, [CLEAR_FLAGS] = 100,
		[POST] = 1500, [SIGNAL] = 400, [CREATE_PORT] = 60,
		[DELETE_PORT] = 20, [CONNECT_PORT] = 60, [DISCONNECT_PORT] = 20,
		[GET_PROPERTY] = 40, [HYPERCALL] = 60, [SNAPSHOT] = 30,
	};
	uint32_t total = 0;
	uint32_t point;

	for (int i = 0; i < OPERATION_KINDS; i++)
		total += weight[i];
	point = below(random, total);
	for (int i = 0; i < OPERATION_KINDS; i++) {
		if (point < weight[i])
			return (enum operation_kind)i;
		point -= weight[i];
	}
	return POST;
}

static struct operation some_operation(uint64_t *random)
{
	uint32_t type = some_port_type(random);
	struct operation operation = {
		.kind = some_kind(random),
		.partition = below(random, MODEL_PARTITIONS),
		.vp = below(random, MODEL_VPS),
		.sint = some_sint(random),
		.msr = some_msr(random),
		.by = some_caller(random),
		.flaw = one_in(random, 16) ? (enum flaw)below(random, FLAWS) :
					     FLAW_NONE,
		.reserved = one_in(random, 16) ?
			    below(random, RESERVED_FIELDS + 1) : 0,
		.owner = some_partition(random),
		.peer = some_partition(random),
		.port_id = some_id(random, type),
		.connection_id = some_id(random, type),
		.type = some_type(random),
		.size = some_size(random),
		.target_vp = one_in(random, 10) ? 3 + below(random, 2) :
						  some_vp(random),
		.value = draw(random),
	};

	/* A guest may manage nobody but itself. */
	if (operation.by != BY_HOST && !one_in(random, 4))
		operation.owner = one_in(random, 2) ? ID_SELF :
						      operation.partition;
	switch (operation.kind) {
	case WRITE_MSR:
		operation.value = some_value(random, operation.msr);
		break;
	case VP_EOI:
		operation.value = vector_of(operation.sint);
		break;
	case PARTITION_NEW:
		operation.value = some_privileges(random);
		break;
	case VP_NEW:
		operation.vp = below(random, MODEL_VPS + 1);
		break;
	case CREATE_PORT:
	case CONNECT_PORT:
		operation.type = one_in(random, 16) ? below(random, 6) : type;
		break;
	case GET_PROPERTY:
		operation.type = below(random, 3);
		break;
	case POST:
		operation.by = BY_MEMORY;
		operation.connection_id = some_id(random, HV_PORT_TYPE_MESSAGE);
		break;
	case SIGNAL:
		if (operation.by == BY_HOST)
			operation.by = BY_MEMORY;
		/* Flags that are set already, and the first one too far */
		operation.size = one_in(random, 8) ? 8 * below(random, 9) :
						     below(random, 4);
		operation.connection_id = some_id(random, HV_PORT_TYPE_EVENT);
		break;
	case HYPERCALL:
		operation.by = BY_MEMORY;
		operation.value = some_control(random);
		break;
	default:
		break;
	}
	return operation;
}

static void replace_partition(struct grower *grower)
{
	uint32_t partition = below(&grower->random, MODEL_PARTITIONS);

	add(grower, (struct operation){
			.kind = PARTITION_FREE, .partition = partition,
		});
	start_partition(grower, partition, some_privileges(&grower->random));
	for (int i = 0; i < 6; i++)
		link_two(grower);
}

struct sequence sequence_make(uint64_t seed, size_t count)
{
	struct sequence sequence = { .seed = seed };
	struct grower grower = {
		.random = seed, .count_max = count, .sequence = &sequence,
	};

	sequence.operation = calloc(count, sizeof(struct operation));
	if (!sequence.operation)
		abort();
	sequence.flags = below(&grower.random, 4);
	for (uint32_t i = 0; i < MODEL_PARTITIONS; i++)
		start_partition(&grower, i, ALL_PRIVILEGES);
	for (int i = 0; i < 16; i++)
		link_two(&grower);

	while (sequence.count < count)
		if (one_in(&grower.random, 150))
			replace_partition(&grower);
		else if (one_in(&grower.random, 16))
			link_two(&grower);
		else
			add(&grower, some_operation(&grower.random));
	return sequence;
}

void sequence_free(struct sequence *sequence)
{
	free(sequence->operation);
	sequence->operation = NULL;
}

/* Words */

static const char *const kind_names[OPERATION_KINDS] = {
	[PARTITION_NEW] = "make the partition",
	[PARTITION_ACTIVATE] = "activate the partition",
	[PARTITION_BEGIN_FINALIZE] = "begin to finalize the partition",
	[PARTITION_FINALIZE] = "finalize the partition",
	[PARTITION_FREE] = "free the partition",
	[PARTITION_RESET] = "reset the partition",
	[VP_NEW] = "make the VP",
	[VP_FREE] = "free the VP",
	[VP_RESET] = "reset the VP",
	[VP_EOM] = "EOM",
	[VP_EOI] = "EOI",
	[READ_MSR] = "read MSR",
	[WRITE_MSR] = "write MSR",
	[TAKE] = "take the message, EOM if pending",
	[EMPTY] = "empty the slot",
	[SCRIBBLE] = "scribble on the slot",
	[CLEAR_FLAGS] = "clear the event flags",
	[POST] = "post",
	[SIGNAL] = "signal",
	[CREATE_PORT] = "create port",
	[DELETE_PORT] = "delete port",
	[CONNECT_PORT] = "connect",
	[DISCONNECT_PORT] = "disconnect",
	[GET_PROPERTY] = "ask for property",
	[HYPERCALL] = "hypercall",
	[SNAPSHOT] = "save and restore",
};

static const char *const flaw_names[FLAWS] = {
	[FLAW_CPL] = "CPL 3",
	[FLAW_REAL_MODE] = "real mode",
	[FLAW_CONTROL] = "bad control word",
	[FLAW_MISALIGNED] = "input misaligned",
	[FLAW_CROSSES_PAGE] = "input crosses a page",
	[FLAW_PAST_MEMORY] = "input past memory",
	[FLAW_UNREADABLE] = "input unreadable",
	[FLAW_OUTPUT_MISALIGNED] = "output misaligned",
	[FLAW_UNWRITABLE] = "output unwritable",
};

static void print_partition(FILE *file, const char *role, uint32_t name)
{
	static const char *const special[] = { "SELF", "0", "a huge id" };

	if (name >= ID_SELF)
		fprintf(file, ", %s %s", role, special[name - ID_SELF]);
	else if (name >= ID_BEFORE)
		fprintf(file, ", %s what was partition %u", role,
			name - ID_BEFORE);
	else
		fprintf(file, ", %s partition %u", role, name);
}

static void print_vp(FILE *file, uint32_t vp)
{
	if (vp == HV_ANY_VP)
		fprintf(file, " of any VP");
	else
		fprintf(file, " of VP %u", vp);
}

static void print_caller(FILE *file, const struct operation *operation)
{
	static const char *const how[] = { "", " in memory", " in registers" };

	if (operation->by == BY_HOST)
		fprintf(file, "host: ");
	else
		fprintf(file, "partition %u VP %u%s: ", operation->partition,
			operation->vp, how[operation->by]);
	fprintf(file, "%s", kind_names[operation->kind]);
}

static void print_faults(FILE *file, const struct operation *operation)
{
	if (operation->by != BY_HOST && operation->flaw)
		fprintf(file, "; %s", flaw_names[operation->flaw]);
	if (operation->reserved)
		fprintf(file, "; reserved field %u not zero",
			operation->reserved);
}

static void print_port_call(FILE *file, const struct operation *operation)
{
	print_caller(file, operation);
	switch (operation->kind) {
	case CREATE_PORT:
		fprintf(file, " 0x%x of type %u to SINT %u", operation->port_id,
			operation->type, operation->sint);
		print_vp(file, operation->target_vp);
		print_partition(file, "in", operation->owner);
		print_partition(file, "for", operation->peer);
		break;
	case CONNECT_PORT:
		fprintf(file, " 0x%x to port 0x%x, type %u",
			operation->connection_id, operation->port_id,
			operation->type);
		print_partition(file, "from", operation->owner);
		print_partition(file, "to", operation->peer);
		break;
	case DISCONNECT_PORT:
		fprintf(file, " 0x%x", operation->connection_id);
		print_partition(file, "in", operation->owner);
		break;
	case GET_PROPERTY:
		fprintf(file, " %u of", operation->type);
		/* fall through */
	default:
		fprintf(file, " 0x%x", operation->port_id);
		print_partition(file, "in", operation->owner);
	}
	print_faults(file, operation);
}

static void print_call(FILE *file, const struct operation *operation)
{
	print_caller(file, operation);
	switch (operation->kind) {
	case POST:
		fprintf(file, " by connection 0x%x, type 0x%x, %u bytes",
			operation->connection_id, operation->type,
			operation->size);
		break;
	case SIGNAL:
		fprintf(file, " by connection 0x%x, flag %u",
			operation->connection_id, operation->size % 0x10000);
		break;
	default:
		fprintf(file, " with control word 0x%" PRIx64, operation->value);
	}
	print_faults(file, operation);
}

void operation_print(FILE *file, const struct operation *operation)
{
	if (operation->kind >= CREATE_PORT && operation->kind <= GET_PROPERTY) {
		print_port_call(file, operation);
		return;
	}
	if (operation->kind == SNAPSHOT) {
		fprintf(file, "host: %s", kind_names[SNAPSHOT]);
		return;
	}
	if (operation->kind >= POST) {
		print_call(file, operation);
		return;
	}
	fprintf(file, "partition %u ", operation->partition);
	if (operation->kind >= VP_NEW)
		fprintf(file, "VP %u ", operation->vp);
	if (operation->kind >= TAKE)
		fprintf(file, "SINT %u ", operation->sint);
	fprintf(file, ": %s", kind_names[operation->kind]);
	if (operation->kind == READ_MSR || operation->kind == WRITE_MSR)
		fprintf(file, " 0x%x", operation->msr);
	if (operation->kind == WRITE_MSR || operation->kind == VP_EOI ||
	    operation->kind == PARTITION_NEW)
		fprintf(file, ", 0x%" PRIx64, operation->value);
	if (operation->kind == SCRIBBLE)
		fprintf(file, ", type 0x%x, flags 0x%x", operation->type,
			operation->size & 0xff);
}
