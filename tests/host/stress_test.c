// SPDX-License-Identifier: MIT
/*
 * Guests and host at the same time. Posters post numbered messages; each VP of
 * the receiver has a thread that sleeps until an interrupt, takes one message as
 * the specification says, and checks it. Meanwhile others delete and create
 * ports, come and go as VPs, and switch a SIM page off and on. All messages must
 * arrive, once, unharmed, and those of one poster to a named VP in order.
 *
 * Ports have few buffers, so that a lost wake-up ends in a full port with nobody
 * to empty it: nothing but an interrupt or the slot's flag makes a VP look.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <hvpost/hvhost.h>

#include "suites.h"

#define POSTERS		6u
#define CALLERS		(POSTERS + 2)	/* and the churner, the signaller */
#define CHURNER		POSTERS
#define SIGNALLER	(POSTERS + 1)
#define VPS		3u
#define SPARE_VP	VPS		/* comes and goes */
#define MESSAGES_MAX	100000u
#define MORE_SLOTS_MAX	8u
#define WATCHDOG_S	120		/* only a hang takes so long */

#define CHURN_PORT	0x500u
#define EVENT_PORT	0x600u
#define EVENT_SINT	9u
#define FLAGS		64u

/* What each poster posts to. Two share a port, three share a SINT. */
static const struct route {
	uint32_t port;
	uint32_t vp;
	uint32_t sint;
} routes[POSTERS] = {
	{ 0x100, 0, 2 },
	{ 0x100, 0, 2 },
	{ 0x101, 0, 3 },		/* its SINT is the churned port's */
	{ 0x102, 1, 2 },		/* its SIM page goes off and on */
	{ 0x103, HV_ANY_VP, 4 },
	{ 0x104, 2, 4 },
};

#define CHURN_VP	0u
#define CHURN_SINT	3u
#define SWITCHED_VP	1u
#define EOI_VP		2u

struct content {
	uint32_t poster;
	uint32_t number;
};

static struct stress {
	struct hvhost_machine *machine;
	struct hvhost_partition *sender;
	struct hvhost_partition *receiver;
	struct hvhost_vp *caller[CALLERS];
	struct hvhost_vp *vp[VPS];
	_Alignas(4096) uint8_t memory[CALLERS * HV_PAGE_SIZE];
	uint32_t messages;		/* each poster's */
	sem_t interrupt[VPS];
	_Atomic uint16_t raised[VPS];
	sem_t done;
	_Atomic uint32_t received;	/* of @expected; the churner's are not */
	uint32_t expected;
	_Atomic uint64_t taken;		/* by anyone from anyone */
	_Atomic uint32_t signals_seen;
	_Atomic uint32_t churned_last;	/* number of its last that was seen */
	bool spins;			/* VPs do not sleep: races are closer */
	/* More slots of VP 0's first SINT; its thread's: which comes next. */
	struct hv_slot more_slots[MORE_SLOTS_MAX];
	uint32_t slot_count;		/* with these; 0: there are none */
	uint32_t next_slot;
	_Atomic bool stop;
	_Atomic(const char *) fault;
	uint32_t next[POSTERS];		/* touched by the thread of the VP only */
	_Atomic uint8_t seen[MESSAGES_MAX];	/* of those for any VP */
} stress;

static void report(const char *fault)
{
	const char *none = NULL;

	if (atomic_compare_exchange_strong(&stress.fault, &none, fault))
		sem_post(&stress.done);
}

/* The machine's user */

static int read_memory(void *context, uint64_t gpa, void *to, size_t size)
{
	(void)context;
	memcpy(to, stress.memory + gpa, size);
	return 0;
}

static int write_memory(void *context, uint64_t gpa, const void *from,
			size_t size)
{
	(void)context;
	memcpy(stress.memory + gpa, from, size);
	return 0;
}

static void assert_sint(void *context, uint32_t vp_index, unsigned int sint,
			uint8_t vector)
{
	(void)context;
	(void)vector;
	atomic_fetch_or(&stress.raised[vp_index], (uint16_t)(1u << sint));
	if (!stress.spins)
		sem_post(&stress.interrupt[vp_index]);
}

static const struct hvhost_partition_ops ops = {
	.read_memory = read_memory,
	.write_memory = write_memory,
	.assert_sint = assert_sint,
};

static struct hvhost_partition *make_partition(uint32_t buffers)
{
	struct hvhost_partition_config config = {
		.privileges = UINT64_MAX,
		.gpa_size = sizeof(stress.memory),
		.vp_count_max = CALLERS,
		.message_buffers = buffers,
		.ops = &ops,
	};
	struct hvhost_partition *partition;

	ck_assert_int_eq(hvhost_partition_new(stress.machine, &config,
					      &partition), 0);
	ck_assert_int_eq(hvhost_partition_activate(partition), 0);
	return partition;
}

static void start_synic(struct hvhost_vp *vp)
{
	hvhost_vp_write_msr(vp, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
	hvhost_vp_write_msr(vp, HV_MSR_SIMP, HV_PAGE_ENABLE);
	hvhost_vp_write_msr(vp, HV_MSR_SIEFP, HV_PAGE_SIZE | HV_PAGE_ENABLE);
	for (uint32_t sint = 1; sint < HV_SINT_COUNT; sint++)
		hvhost_vp_write_msr(vp, HV_MSR_SINT0 + sint, 0x30 + sint);
}

static uint16_t make_port(uint32_t port, uint32_t type, uint32_t vp,
			  uint32_t sint)
{
	struct hv_create_port_input create = {
		.port_partition = hvhost_partition_id(stress.receiver),
		.connection_partition = hvhost_partition_id(stress.sender),
		.port_id = port,
		.port_info.port_type = type,
		.port_info.u.message = { .target_sint = sint, .target_vp = vp },
	};
	struct hv_connect_port_input connect = {
		.connection_partition = create.connection_partition,
		.connection_id = port,
		.port_partition = create.port_partition,
		.port_id = port,
		.connection_info.port_type = type,
	};
	uint16_t status;

	if (type == HV_PORT_TYPE_EVENT)
		create.port_info.u.event.flag_count = FLAGS;
	status = hvhost_create_port(stress.machine, &create);
	return status ? status : hvhost_connect_port(stress.machine, &connect);
}

static void set_up(uint32_t buffers)
{
	memset(&stress, 0, sizeof(stress));
	ck_assert_int_eq(hvhost_machine_new(NULL, &stress.machine), 0);
	stress.sender = make_partition(buffers);
	stress.receiver = make_partition(buffers);
	sem_init(&stress.done, 0, 0);
	for (uint32_t i = 0; i < CALLERS; i++)
		ck_assert_int_eq(hvhost_vp_new(stress.sender, i, NULL, NULL,
					       &stress.caller[i]), 0);
	hvhost_vp_write_msr(stress.caller[0], HV_MSR_GUEST_OS_ID, 1);
	for (uint32_t i = 0; i < VPS; i++) {
		ck_assert_int_eq(hvhost_vp_new(stress.receiver, i, NULL, NULL,
					       &stress.vp[i]), 0);
		sem_init(&stress.interrupt[i], 0, 0);
		start_synic(stress.vp[i]);
	}
}

static void tear_down(void)
{
	hvhost_machine_free(stress.machine);
	for (uint32_t i = 0; i < VPS; i++)
		sem_destroy(&stress.interrupt[i]);
	sem_destroy(&stress.done);
}

/* Posters */

static uint8_t payload_byte(const struct content *content, uint32_t at)
{
	return (uint8_t)(content->poster * 31 + content->number + at);
}

static uint32_t payload_size(const struct content *content)
{
	return (uint32_t)sizeof(*content) + content->number % 233;
}

static uint16_t call(uint32_t caller, uint64_t control)
{
	struct hvhost_hypercall registers = {
		.control = control, .input = caller * HV_PAGE_SIZE,
		.protected_mode = 1,
	};
	uint64_t result;

	if (hvhost_vp_hypercall(stress.caller[caller], &registers, &result))
		report("#UD");
	return (uint16_t)result;
}

static uint16_t post(uint32_t caller, uint32_t connection, uint32_t number)
{
	struct hv_post_message_input *input =
		(void *)(stress.memory + caller * HV_PAGE_SIZE);
	struct content content = { .poster = caller, .number = number };

	input->connection_id = connection;
	input->message_type = caller + 1;
	input->payload_size = payload_size(&content);
	memcpy(input->payload, &content, sizeof(content));
	for (uint32_t i = sizeof(content); i < input->payload_size; i++)
		input->payload[i] = payload_byte(&content, i);
	return call(caller, HV_CALL_POST_MESSAGE);
}

static void *run_poster(void *index)
{
	uint32_t poster = (uint32_t)(uintptr_t)index;
	uint32_t number = 0;

	while (number < stress.messages && !stress.fault) {
		switch (post(poster, routes[poster].port, number)) {
		case HV_STATUS_SUCCESS:
			number++;
			break;
		case HV_STATUS_INVALID_SYNIC_STATE:
			if (routes[poster].vp != SWITCHED_VP)
				report("a VP that is on was said to be off");
			/* fall through */
		case HV_STATUS_INSUFFICIENT_BUFFERS:
			sched_yield();
			break;
		default:
			report("a post was refused");
		}
	}
	return NULL;
}

/* VPs of the receiver */

static void check_in_order(const struct content *content)
{
	if (content->number != stress.next[content->poster]++)
		report("a message was lost, came twice or out of order");
	if (atomic_fetch_add(&stress.received, 1) + 1 == stress.expected)
		sem_post(&stress.done);
}

static void check_once(const struct content *content)
{
	if (atomic_exchange(&stress.seen[content->number], 1))
		report("a message for any VP came twice");
	if (atomic_fetch_add(&stress.received, 1) + 1 == stress.expected)
		sem_post(&stress.done);
}

static void check_churned(const struct content *content)
{
	if (content->number < stress.churned_last + 1)
		report("a message of the churned port came twice or out of order");
	stress.churned_last = content->number;
}

static void check_slot(const struct hv_slot *slot, uint32_t vp, uint32_t sint)
{
	struct content content;

	memcpy(&content, slot->payload, sizeof(content));
	if (content.poster > CHURNER ||
	    slot->message_type != content.poster + 1 ||
	    slot->payload_size != payload_size(&content)) {
		report("a message came garbled");
		return;
	}
	for (uint32_t i = sizeof(content); i < slot->payload_size; i++)
		if (slot->payload[i] != payload_byte(&content, i))
			report("a payload came garbled");
	if (content.poster == CHURNER) {
		check_churned(&content);
		return;
	}
	if (slot->origin != routes[content.poster].port ||
	    sint != routes[content.poster].sint)
		report("a message came to a wrong place");
	if (routes[content.poster].vp == HV_ANY_VP)
		check_once(&content);
	else if (routes[content.poster].vp == vp)
		check_in_order(&content);
	else
		report("a message came to a wrong VP");
}

static struct hv_slot *slot_to_take(uint32_t vp, uint32_t sint)
{
	return stress.next_slot ? &stress.more_slots[stress.next_slot - 1] :
				  &hvhost_vp_sim(stress.vp[vp])->slot[sint];
}

/* TLFS: copy, clear, and only then look whether more is pending. */
static bool take_one(uint32_t vp, uint32_t sint)
{
	struct hv_slot *slot = slot_to_take(vp, sint);
	struct hv_slot copy;

	if (!__atomic_load_n(&slot->message_type, __ATOMIC_ACQUIRE))
		return false;
	if (stress.slot_count)
		stress.next_slot = (stress.next_slot + 1) % stress.slot_count;
	copy.message_type = slot->message_type;
	copy.payload_size = slot->payload_size;
	copy.origin = slot->origin;
	memcpy(copy.payload, slot->payload, sizeof(copy.payload));
	__atomic_exchange_n(&slot->message_type, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&slot->message_flags, __ATOMIC_SEQ_CST) &
	    HV_MESSAGE_PENDING)
		hvhost_vp_write_msr(stress.vp[vp], HV_MSR_EOM, 0);
	atomic_fetch_add(&stress.taken, 1);
	check_slot(&copy, vp, sint);
	if (vp == EOI_VP)
		hvhost_vp_eoi(stress.vp[vp], (uint8_t)(0x30 + sint));
	return stress.slot_count;
}

static void take_flags(uint32_t vp)
{
	struct hv_sief_page *sief = hvhost_vp_sief(stress.vp[vp]);
	uint32_t count = 0;

	for (uint32_t i = 0; i < FLAGS / 8; i++)
		count += (uint32_t)__builtin_popcount(
			__atomic_exchange_n(&sief->sint[EVENT_SINT].flags[i], 0,
					    __ATOMIC_SEQ_CST));
	atomic_fetch_add(&stress.signals_seen, count);
}

static uint16_t wait_for_interrupt(uint32_t vp)
{
	if (!stress.spins) {
		sem_wait(&stress.interrupt[vp]);
		return atomic_exchange(&stress.raised[vp], 0);
	}
	for (uint32_t i = 1; !stress.raised[vp] && !stress.stop; i++)
		if (i % 1024 == 0)
			sched_yield();
	return atomic_exchange(&stress.raised[vp], 0);
}

static void *run_vp(void *index)
{
	uint32_t vp = (uint32_t)(uintptr_t)index;

	while (!stress.stop) {
		uint16_t raised = wait_for_interrupt(vp);

		for (uint32_t sint = 1; raised >> sint; sint++)
			if (!(raised & (1u << sint)))
				continue;
			else if (sint == EVENT_SINT)
				take_flags(vp);
			else
				while (take_one(vp, sint))
					;
	}
	return NULL;
}

/* What happens meanwhile */

static void *run_churner(void *unused)
{
	struct hv_disconnect_port_input disconnect = {
		.connection_partition = hvhost_partition_id(stress.sender),
		.connection_id = CHURN_PORT,
	};
	struct hv_delete_port_input delete = {
		.port_partition = hvhost_partition_id(stress.receiver),
		.port_id = CHURN_PORT,
	};
	struct hvhost_vp *spare;
	uint32_t number = 1;

	while (!stress.stop && !stress.fault) {
		if (make_port(CHURN_PORT, HV_PORT_TYPE_MESSAGE, CHURN_VP,
			      CHURN_SINT))
			report("a port could not be made anew");
		for (int i = 0; i < 6; i++)
			if (!post(CHURNER, CHURN_PORT, number))
				number++;
		if (hvhost_vp_new(stress.receiver, SPARE_VP, NULL, NULL, &spare))
			report("a VP could not be made anew");
		if (hvhost_delete_port(stress.machine, &delete) ||
		    post(CHURNER, CHURN_PORT, 0) != HV_STATUS_INVALID_PORT_ID ||
		    hvhost_disconnect_port(stress.machine, &disconnect))
			report("a port could not be deleted");
		hvhost_vp_free(spare);
		sched_yield();
	}
	return unused;
}

static void *run_switcher(void *unused)
{
	struct hvhost_vp *vp = stress.vp[SWITCHED_VP];
	uint64_t place = 0;

	while (!stress.stop) {
		hvhost_vp_write_msr(vp, HV_MSR_SIMP, place);
		sched_yield();
		place = (place + HV_PAGE_SIZE) % (4 * HV_PAGE_SIZE);
		hvhost_vp_write_msr(vp, HV_MSR_SIMP, place | HV_PAGE_ENABLE);
		sched_yield();
		hvhost_vp_write_msr(vp, HV_MSR_SCONTROL, 0);
		hvhost_vp_write_msr(vp, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
	}
	return unused;
}

/* Each flag anew once the last was seen: its interrupt must not be missing. */
static void *run_signaller(void *unused)
{
	struct hv_signal_event_input *input =
		(void *)(stress.memory + SIGNALLER * HV_PAGE_SIZE);

	for (uint32_t i = 0; i < stress.messages && !stress.fault; i++) {
		input->connection_id = EVENT_PORT;
		input->flag_number = (uint16_t)(i % FLAGS);
		if (call(SIGNALLER, HV_CALL_SIGNAL_EVENT))
			report("a signal was refused");
		while (stress.signals_seen <= i && !stress.fault)
			sched_yield();
	}
	return unused;
}

static void *run_inspector(void *unused)
{
	struct hvhost_port_counters counters;
	struct hvhost_vp_state state;

	while (!stress.stop) {
		for (uint32_t i = 0; i < VPS; i++)
			hvhost_vp_inspect(stress.vp[i], &state);
		for (uint32_t i = 0; i < POSTERS; i++)
			hvhost_port_counters(stress.receiver, routes[i].port,
					     &counters);
		hvhost_port_counters(stress.receiver, CHURN_PORT, &counters);
		sched_yield();
	}
	return unused;
}

/* Wait for all messages, or say what hangs where. */
static void wait_until_done(void)
{
	struct timespec deadline;
	struct hvhost_vp_state state;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += WATCHDOG_S;
	if (!sem_timedwait(&stress.done, &deadline))
		return;
	report("messages are stuck");
	for (uint32_t vp = 0; vp < VPS; vp++) {
		hvhost_vp_inspect(stress.vp[vp], &state);
		for (uint32_t sint = 1; sint < HV_SINT_COUNT; sint++)
			if (state.queued[sint])
				fprintf(stderr, "VP %u SINT %u: %u queued, "
					"slot %s, %u of %u received\n", vp, sint,
					state.queued[sint],
					state.slots_occupied & 1u << sint ?
					"busy" : "free", stress.received,
					stress.expected);
	}
}

static void stop_vps(pthread_t *thread, uint32_t count)
{
	stress.stop = true;
	for (uint32_t i = 0; i < count; i++) {
		sem_post(&stress.interrupt[i]);
		pthread_join(thread[i], NULL);
	}
}

static void run_vps(pthread_t *thread, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		pthread_create(&thread[i], NULL, run_vp, (void *)(uintptr_t)i);
}

static void assert_no_fault(void)
{
	const char *fault = stress.fault;

	ck_assert_msg(!fault, "%s", fault);
}

static void assert_port_is_whole(uint32_t port, uint32_t posted,
				 uint32_t buffers)
{
	struct hvhost_port_counters counters;

	ck_assert_int_eq(hvhost_port_counters(stress.receiver, port, &counters),
			 0);
	ck_assert_uint_eq(counters.posted, posted);
	ck_assert_uint_eq(counters.delivered, posted);
	ck_assert_uint_eq(counters.lost, 0);
	ck_assert_uint_eq(counters.queued, 0);
	ck_assert_uint_eq(counters.buffers_free, buffers);
}

static void add_slots(uint32_t count)
{
	stress.slot_count = 1 + count;
	ck_assert_int_eq(hvhost_vp_add_slots(stress.vp[0], routes[0].sint,
					     stress.more_slots, count), 0);
}

static const uint32_t more_slots[] = { 0, 1, 2, MORE_SLOTS_MAX };

/* One poster, one buffer, few slots: both ends of the handshake all the time. */
START_TEST(slot_handshake_loses_no_wakeup)
{
	pthread_t vp, poster;

	set_up(1);
	if (more_slots[_i])
		add_slots(more_slots[_i]);
	stress.spins = true;
	stress.messages = stress.expected = MESSAGES_MAX;
	ck_assert_uint_eq(make_port(routes[0].port, HV_PORT_TYPE_MESSAGE, 0,
				    routes[0].sint), 0);
	run_vps(&vp, 1);
	pthread_create(&poster, NULL, run_poster, NULL);
	wait_until_done();
	pthread_join(poster, NULL);
	stop_vps(&vp, 1);
	assert_no_fault();
	assert_port_is_whole(routes[0].port, MESSAGES_MAX, 1);
	tear_down();
}
END_TEST

static void *(*const others[])(void *) = {
	run_churner, run_switcher, run_signaller, run_inspector,
};

#define OTHERS	(sizeof(others) / sizeof(others[0]))
#define BUFFERS	3

static void make_ports(void)
{
	for (uint32_t i = 0; i < POSTERS; i++)
		if (!i || routes[i].port != routes[i - 1].port)
			ck_assert_uint_eq(make_port(routes[i].port,
						    HV_PORT_TYPE_MESSAGE,
						    routes[i].vp,
						    routes[i].sint), 0);
	ck_assert_uint_eq(make_port(EVENT_PORT, HV_PORT_TYPE_EVENT, CHURN_VP,
				    EVENT_SINT), 0);
}

static void assert_all_is_whole(void)
{
	struct hvhost_vp_state state;
	uint64_t delivered = 0;

	for (uint32_t i = 1; i < POSTERS; i++)
		assert_port_is_whole(routes[i].port, i == 1 ?
				     2 * stress.messages : stress.messages,
				     BUFFERS);
	for (uint32_t i = 0; i < VPS; i++) {
		hvhost_vp_inspect(stress.vp[i], &state);
		delivered += state.delivered;
		delivered -= (uint32_t)__builtin_popcount(state.slots_occupied);
	}
	ck_assert_uint_eq(delivered, stress.taken);
	ck_assert_uint_eq(stress.signals_seen, stress.messages);
}

START_TEST(nothing_is_lost_or_stuck_while_everything_happens)
{
	pthread_t vp[VPS], poster[POSTERS], other[OTHERS];

	set_up(BUFFERS);
	stress.messages = 10000;
	stress.expected = POSTERS * stress.messages;
	make_ports();
	run_vps(vp, VPS);
	for (uint32_t i = 0; i < OTHERS; i++)
		pthread_create(&other[i], NULL, others[i], NULL);
	for (uint32_t i = 0; i < POSTERS; i++)
		pthread_create(&poster[i], NULL, run_poster,
			       (void *)(uintptr_t)i);
	wait_until_done();
	for (uint32_t i = 0; i < POSTERS; i++)
		pthread_join(poster[i], NULL);
	pthread_join(other[2], NULL);		/* the signaller ends by itself */
	stress.stop = true;
	for (uint32_t i = 0; i < OTHERS; i++)
		if (i != 2)
			pthread_join(other[i], NULL);
	stop_vps(vp, VPS);
	assert_no_fault();
	assert_all_is_whole();
	tear_down();
}
END_TEST

Suite *stress_suite(void)
{
	Suite *suite = suite_create("stress");
	TCase *tcase = tcase_create("stress");

	tcase_set_timeout(tcase, WATCHDOG_S + 30);
	tcase_add_loop_test(tcase, slot_handshake_loses_no_wakeup, 0,
			    ROWS(more_slots));
	tcase_add_test(tcase, nothing_is_lost_or_stuck_while_everything_happens);
	suite_add_tcase(suite, tcase);
	return suite;
}
