// SPDX-License-Identifier: MIT
/*
 * Snapshots of a machine at work. Posters post numbered messages without end and
 * VPs take them; meanwhile the machine is saved again and again, every second
 * time with its VPs paused. Each snapshot becomes a machine of its own, which is
 * drained: all that were accepted before and not taken before must be there,
 * once, unharmed and in order.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hvpost/hvhost.h>

#include "suites.h"

#define POSTERS		3u
#define VPS		2u
#define SNAPSHOTS	500u
#define TIMEOUT_S	150		/* only a hang takes so long */

/* Two share a SINT; the third has a VP that another poster may not delay. */
static const struct route {
	uint32_t port;
	uint32_t vp;
	uint32_t sint;
} routes[POSTERS] = {
	{ 0x100, 0, 2 },
	{ 0x101, 0, 2 },
	{ 0x102, 1, 3 },
};

struct content {
	uint32_t poster;
	uint32_t number;
};

/*
 * How far a poster's messages have come: numbers below these. What is about to
 * happen is written before, what has happened after.
 */
struct progress {
	_Atomic uint32_t begun;
	_Atomic uint32_t accepted;
	_Atomic uint32_t taking;
	_Atomic uint32_t taken;
};

/* The same at one moment, before or after a save. */
struct bounds {
	uint32_t accepted_min;
	uint32_t accepted_max;
	uint32_t taken_min;
	uint32_t taken_max;
};

static struct load {
	struct hvhost_machine *machine;
	struct hvhost_partition *sender;
	struct hvhost_partition *receiver;
	struct hvhost_vp *caller[POSTERS];
	struct hvhost_vp *vp[VPS];
	_Alignas(4096) uint8_t memory[POSTERS * HV_PAGE_SIZE];
	struct progress progress[POSTERS];
	sem_t interrupt[VPS];
	pthread_mutex_t pause[VPS];	/* held by a VP while it takes */
	_Atomic bool posters_stop;
	_Atomic bool vps_stop;
	_Atomic(const char *) fault;
} load;

static void report(const char *fault)
{
	const char *none = NULL;

	atomic_compare_exchange_strong(&load.fault, &none, fault);
}

static void assert_no_fault(void)
{
	const char *fault = load.fault;

	ck_assert_msg(!fault, "%s", fault);
}

/* The machine's user. A restored machine has no memory: nobody calls there. */

static int read_memory(void *context, uint64_t gpa, void *to, size_t size)
{
	memcpy(to, (uint8_t *)context + gpa, size);
	return 0;
}

static int write_memory(void *context, uint64_t gpa, const void *from,
			size_t size)
{
	memcpy((uint8_t *)context + gpa, from, size);
	return 0;
}

static void assert_sint(void *context, uint32_t vp_index, unsigned int sint,
			uint8_t vector)
{
	(void)sint;
	(void)vector;
	if (context)
		sem_post(&load.interrupt[vp_index]);
}

static const struct hvhost_partition_ops ops = {
	.read_memory = read_memory,
	.write_memory = write_memory,
	.assert_sint = assert_sint,
};

static struct hvhost_partition *make_partition(void)
{
	struct hvhost_partition_config config = {
		.privileges = UINT64_MAX,
		.gpa_size = sizeof(load.memory),
		.vp_count_max = POSTERS,
		.ops = &ops,
		.context = load.memory,
	};
	struct hvhost_partition *partition;

	ck_assert_int_eq(hvhost_partition_new(load.machine, &config,
					      &partition), 0);
	ck_assert_int_eq(hvhost_partition_activate(partition), 0);
	return partition;
}

static void make_link(const struct route *route)
{
	struct hv_create_port_input create = {
		.port_partition = hvhost_partition_id(load.receiver),
		.connection_partition = hvhost_partition_id(load.sender),
		.port_id = route->port,
		.port_info.port_type = HV_PORT_TYPE_MESSAGE,
		.port_info.u.message.target_sint = route->sint,
		.port_info.u.message.target_vp = route->vp,
	};
	struct hv_connect_port_input connect = {
		.connection_partition = create.connection_partition,
		.connection_id = route->port,
		.port_partition = create.port_partition,
		.port_id = route->port,
		.connection_info.port_type = HV_PORT_TYPE_MESSAGE,
	};

	ck_assert_uint_eq(hvhost_create_port(load.machine, &create), 0);
	ck_assert_uint_eq(hvhost_connect_port(load.machine, &connect), 0);
}

static void start_vp(uint32_t index)
{
	struct hvhost_vp *vp;

	ck_assert_int_eq(hvhost_vp_new(load.receiver, index, NULL, NULL, &vp),
			 0);
	hvhost_vp_write_msr(vp, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
	hvhost_vp_write_msr(vp, HV_MSR_SIMP, HV_PAGE_ENABLE);
	for (uint32_t sint = 1; sint < HV_SINT_COUNT; sint++)
		hvhost_vp_write_msr(vp, HV_MSR_SINT0 + sint, 0x30 + sint);
	sem_init(&load.interrupt[index], 0, 0);
	pthread_mutex_init(&load.pause[index], NULL);
	load.vp[index] = vp;
}

static void set_up(void)
{
	memset(&load, 0, sizeof(load));
	ck_assert_int_eq(hvhost_machine_new(NULL, &load.machine), 0);
	load.sender = make_partition();
	load.receiver = make_partition();
	for (uint32_t i = 0; i < POSTERS; i++)
		ck_assert_int_eq(hvhost_vp_new(load.sender, i, NULL, NULL,
					       &load.caller[i]), 0);
	hvhost_vp_write_msr(load.caller[0], HV_MSR_GUEST_OS_ID, 1);
	for (uint32_t i = 0; i < VPS; i++)
		start_vp(i);
	for (uint32_t i = 0; i < POSTERS; i++)
		make_link(&routes[i]);
}

static void tear_down(void)
{
	hvhost_machine_free(load.machine);
	for (uint32_t i = 0; i < VPS; i++) {
		sem_destroy(&load.interrupt[i]);
		pthread_mutex_destroy(&load.pause[i]);
	}
}

/* Messages */

static uint32_t payload_size(const struct content *content)
{
	return (uint32_t)sizeof(*content) + content->number % 233;
}

static uint8_t payload_byte(const struct content *content, uint32_t at)
{
	return (uint8_t)(content->poster * 31 + content->number + at);
}

static void check_slot(const struct hv_slot *slot, struct content *content)
{
	memcpy(content, slot->payload, sizeof(*content));
	if (content->poster >= POSTERS ||
	    slot->message_type != content->poster + 1 ||
	    slot->payload_size != payload_size(content) ||
	    slot->origin != routes[content->poster].port) {
		report("a message came garbled");
		content->poster = 0;
		return;
	}
	for (uint32_t i = sizeof(*content); i < slot->payload_size; i++)
		if (slot->payload[i] != payload_byte(content, i))
			report("a payload came garbled");
}

static uint16_t post(const struct content *content)
{
	struct hv_post_message_input *input =
		(void *)(load.memory + content->poster * HV_PAGE_SIZE);
	struct hvhost_hypercall call = {
		.control = HV_CALL_POST_MESSAGE,
		.input = content->poster * HV_PAGE_SIZE,
		.protected_mode = 1,
	};
	uint64_t result;

	input->connection_id = routes[content->poster].port;
	input->message_type = content->poster + 1;
	input->payload_size = payload_size(content);
	memcpy(input->payload, content, sizeof(*content));
	for (uint32_t i = sizeof(*content); i < input->payload_size; i++)
		input->payload[i] = payload_byte(content, i);
	if (hvhost_vp_hypercall(load.caller[content->poster], &call, &result))
		report("#UD");
	return (uint16_t)result;
}

static void *run_poster(void *index)
{
	struct content content = { .poster = (uint32_t)(uintptr_t)index };
	struct progress *progress = &load.progress[content.poster];

	while (!load.posters_stop && !load.fault) {
		progress->begun = content.number + 1;
		switch (post(&content)) {
		case HV_STATUS_SUCCESS:
			progress->accepted = ++content.number;
			break;
		case HV_STATUS_INSUFFICIENT_BUFFERS:
			sched_yield();
			break;
		default:
			report("a post was refused");
		}
	}
	return NULL;
}

static void take(uint32_t vp, uint32_t sint)
{
	struct hv_slot *slot = &hvhost_vp_sim(load.vp[vp])->slot[sint];
	struct progress *progress;
	struct content content;

	if (!__atomic_load_n(&slot->message_type, __ATOMIC_ACQUIRE))
		return;
	check_slot(slot, &content);
	progress = &load.progress[content.poster];
	if (progress->taken != content.number)
		report("a message was lost, came twice or out of order");
	progress->taking = content.number + 1;
	__atomic_exchange_n(&slot->message_type, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&slot->message_flags, __ATOMIC_SEQ_CST) &
	    HV_MESSAGE_PENDING)
		hvhost_vp_eom(load.vp[vp]);
	progress->taken = content.number + 1;
}

static void *run_vp(void *index)
{
	uint32_t vp = (uint32_t)(uintptr_t)index;

	for (;;) {
		sem_wait(&load.interrupt[vp]);
		if (load.vps_stop)
			return NULL;
		pthread_mutex_lock(&load.pause[vp]);
		for (uint32_t sint = 1; sint < HV_SINT_COUNT; sint++)
			take(vp, sint);
		pthread_mutex_unlock(&load.pause[vp]);
	}
}

/* Snapshots */

static int restore_partition(void *context, uint64_t id,
			     struct hvhost_partition_config *config)
{
	(void)context;
	(void)id;
	config->ops = &ops;
	return 0;
}

static const struct hvhost_restore_ops restore_ops = {
	.restore_partition = restore_partition,
};

static void pause_vps(void)
{
	for (uint32_t i = 0; i < VPS; i++)
		pthread_mutex_lock(&load.pause[i]);
}

static void resume_vps(void)
{
	for (uint32_t i = 0; i < VPS; i++)
		pthread_mutex_unlock(&load.pause[i]);
}

/* While VPs are paused this ends: posters go on. */
static void wait_for_untaken(void)
{
	for (uint32_t i = 0; i < POSTERS; i++)
		while (load.progress[i].accepted <= load.progress[i].taken &&
		       !load.fault)
			sched_yield();
}

static void save(void **snapshot, size_t *size, struct bounds *bounds)
{
	for (uint32_t i = 0; i < POSTERS; i++) {
		bounds[i].accepted_min = load.progress[i].accepted;
		bounds[i].taken_min = load.progress[i].taken;
	}
	ck_assert_int_eq(hvhost_machine_save(load.machine, snapshot, size), 0);
	for (uint32_t i = 0; i < POSTERS; i++) {
		bounds[i].accepted_max = load.progress[i].begun;
		bounds[i].taken_max = load.progress[i].taking;
	}
}

/* What a poster's messages in a restored machine were. */
struct found {
	uint32_t first;
	uint32_t count;
};

static void drain_slot(struct hvhost_vp *vp, uint32_t sint, struct found *found)
{
	struct hv_slot *slot = &hvhost_vp_sim(vp)->slot[sint];

	while (slot->message_type) {
		struct content content;
		struct found *its;

		check_slot(slot, &content);
		its = &found[content.poster];
		if (!its->count)
			its->first = content.number;
		if (content.number != its->first + its->count++)
			report("a restored message was lost, or out of order");
		slot->message_type = 0;
		hvhost_vp_eom(vp);
	}
}

static void check_poster(struct hvhost_partition *receiver, uint32_t poster,
			 const struct bounds *bounds, const struct found *found)
{
	struct hvhost_port_counters counters;
	uint64_t taken;

	ck_assert_int_eq(hvhost_port_counters(receiver, routes[poster].port,
					      &counters), 0);
	taken = counters.posted - found->count;
	ck_assert_uint_ge(counters.posted, bounds->accepted_min);
	ck_assert_uint_le(counters.posted, bounds->accepted_max);
	ck_assert_uint_ge(taken, bounds->taken_min);
	ck_assert_uint_le(taken, bounds->taken_max);
	if (found->count)
		ck_assert_uint_eq(found->first, taken);
	ck_assert_uint_eq(counters.delivered, counters.posted);
	ck_assert_uint_eq(counters.queued, 0);
	ck_assert_uint_eq(counters.lost, 0);
	ck_assert_uint_eq(counters.buffers_free, HV_PORT_MESSAGE_BUFFERS);
}

static void check_snapshot(const void *snapshot, size_t size,
			   const struct bounds *bounds, bool paused)
{
	struct found found[POSTERS] = { 0 };
	struct hvhost_partition *receiver;
	struct hvhost_machine *machine;

	ck_assert_int_eq(hvhost_machine_restore(snapshot, size, &restore_ops,
						NULL, &machine, NULL), 0);
	receiver = hvhost_partition_find(machine,
					 hvhost_partition_id(load.receiver));
	for (uint32_t vp = 0; vp < VPS; vp++)
		for (uint32_t sint = 1; sint < HV_SINT_COUNT; sint++)
			drain_slot(hvhost_vp_find(receiver, vp), sint, found);
	assert_no_fault();
	for (uint32_t i = 0; i < POSTERS; i++) {
		check_poster(receiver, i, &bounds[i], &found[i]);
		if (paused)
			ck_assert_uint_gt(found[i].count, 0);
	}
	hvhost_machine_free(machine);
}

static void take_snapshot(bool paused)
{
	struct bounds bounds[POSTERS];
	void *snapshot;
	size_t size;

	if (paused) {
		pause_vps();
		wait_for_untaken();
	}
	save(&snapshot, &size, bounds);
	if (paused)
		resume_vps();
	for (uint32_t i = 0; i < POSTERS && paused; i++)
		ck_assert_uint_eq(bounds[i].taken_min, bounds[i].taken_max);
	check_snapshot(snapshot, size, bounds, paused);
	free(snapshot);
}

static void finish(pthread_t *poster, pthread_t *vp)
{
	load.posters_stop = true;
	for (uint32_t i = 0; i < POSTERS; i++)
		pthread_join(poster[i], NULL);
	for (uint32_t i = 0; i < POSTERS; i++)
		while (load.progress[i].taken != load.progress[i].accepted &&
		       !load.fault)
			sched_yield();
	load.vps_stop = true;
	for (uint32_t i = 0; i < VPS; i++) {
		sem_post(&load.interrupt[i]);
		pthread_join(vp[i], NULL);
	}
	assert_no_fault();
}

START_TEST(round_trips_under_load_lose_nothing)
{
	pthread_t poster[POSTERS], vp[VPS];

	set_up();
	for (uint32_t i = 0; i < VPS; i++)
		pthread_create(&vp[i], NULL, run_vp, (void *)(uintptr_t)i);
	for (uint32_t i = 0; i < POSTERS; i++)
		pthread_create(&poster[i], NULL, run_poster,
			       (void *)(uintptr_t)i);
	for (uint32_t i = 0; i < SNAPSHOTS && !load.fault; i++)
		take_snapshot(i % 2);
	finish(poster, vp);
	tear_down();
}
END_TEST

Suite *snapshot_load_suite(void)
{
	Suite *suite = suite_create("snapshot_load");
	TCase *tcase = tcase_create("snapshot_load");

	tcase_set_timeout(tcase, TIMEOUT_S);
	tcase_add_test(tcase, round_trips_under_load_lose_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
