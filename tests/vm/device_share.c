// SPDX-License-Identifier: MIT
/*
 * Events, shared SINTs and filters of device.h, condition by condition. Signals to
 * one of the event connections, EVENTS in a row from EVENT_FIRST on, set the flag of
 * its own number at EVENT_SINT of EVENT_VP: the test device has but one per
 * connection. The next, AFTER_EVENT, sets one at AFTER_SINT of VP 0.
 */
#define _GNU_SOURCE
#include "device.h"

#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define EVENT_FIRST	0x80u
#define EVENTS		100u	/* more than the driver takes in one go */
#define EVENT_SINT	13u
#define EVENT_VP	1u
#define AFTER_EVENT	(EVENT_FIRST + EVENTS)
#define AFTER_SINT	12u

static int try_bind(int fd, uint32_t sint, uint32_t records, uint32_t flags)
{
	struct hvpost_ioc_bind bind = {
		.sint = sint, .ring_records = records, .flags = flags,
	};

	return device_call(fd, HVPOST_IOC_BIND, &bind);
}

static int open_with(uint32_t sint, uint32_t records, uint32_t flags)
{
	int fd = open_device();

	ck_assert_int_eq(try_bind(fd, sint, records, flags), 0);
	return fd;
}

static int open_events(uint32_t records)
{
	return open_with(EVENT_SINT, records, HVPOST_BIND_EVENTS);
}

static int open_shared(uint32_t records)
{
	return open_with(ECHO_SINT, records, HVPOST_BIND_SHARED);
}

static void signal_event(int fd, uint32_t flag)
{
	struct hvpost_ioc_signal signal = { .connection_id = flag };

	ck_assert_int_eq(device_call(fd, HVPOST_IOC_SIGNAL, &signal), 0);
}

static void receive_event(int fd, uint32_t flag)
{
	struct hvpost_record record;

	receive(fd, &record);
	ck_assert_uint_eq(record.flags, HVPOST_RECORD_EVENT);
	ck_assert_uint_eq(record.origin, flag);
	ck_assert_uint_eq(record.message_type, 0);
	ck_assert_uint_eq(record.payload_size, 0);
	ck_assert_uint_eq(record.sint, EVENT_SINT);
	ck_assert_uint_eq(record.vp_index, EVENT_VP);
}

static void wait_events(int fd, uint64_t count)
{
	while (counters(fd).events < count)
		look_again();
	ck_assert_uint_eq(counters(fd).events, count);
}

/* No flag of an earlier test is left. */
static void flush_events(void)
{
	struct hvpost_record record;
	int fd = open_events(4096);

	signal_event(fd, EVENT_FIRST);
	do
		receive(fd, &record);
	while (record.origin != EVENT_FIRST);
	set_nonblock(fd);
	while (read(fd, &record, sizeof(record)) > 0)
		;
	close(fd);
}

/* Events */

START_TEST(a_signal_is_received_as_an_event)
{
	int fd = open_events(0);

	for (uint32_t i = 0; i < 10; i++) {
		signal_event(fd, EVENT_FIRST + i);
		receive_event(fd, EVENT_FIRST + i);
		/* Else its handler might find the next one, and the next none. */
		while (counters(fd).interrupts <= i)
			look_again();
	}
	ck_nothing_to_read(fd);
	ck_assert_uint_eq(counters(fd).events, 10);
	ck_assert_uint_eq(counters(fd).messages, 0);
	ck_assert_uint_eq(counters(fd).empty, 0);
}
END_TEST

START_TEST(without_the_wish_an_event_is_an_empty_interrupt)
{
	int fd = open_bound(EVENT_SINT);

	signal_event(fd, EVENT_FIRST);
	while (counters(fd).empty == 0)
		look_again();
	ck_nothing_to_read(fd);
	ck_assert_uint_eq(counters(fd).events, 0);
}
END_TEST

START_TEST(a_flag_from_before_the_bind_is_received)
{
	int fd = open_bound(EVENT_SINT);

	signal_event(fd, EVENT_FIRST + 3);
	while (counters(fd).empty == 0)
		look_again();
	close(fd);
	fd = open_events(0);
	receive_event(fd, EVENT_FIRST + 3);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(signals_gather_in_a_flag_that_finds_no_room)
{
	int fd = open_events(1);

	signal_event(fd, EVENT_FIRST);
	wait_events(fd, 1);
	for (unsigned int i = 0; i < 3; i++)
		signal_event(fd, EVENT_FIRST + 1);
	while (counters(fd).stalls == 0)
		look_again();
	receive_event(fd, EVENT_FIRST);
	receive_event(fd, EVENT_FIRST + 1);
	ck_nothing_to_read(fd);
}
END_TEST

/*
 * All are set while nobody takes them, and no interrupt tells of them later: what
 * one go does not take must come all the same.
 */
START_TEST(more_flags_than_one_go_takes_all_come)
{
	int fd = open_bound(EVENT_SINT);

	for (uint32_t i = 0; i < EVENTS; i++)
		signal_event(fd, EVENT_FIRST + i);
	while (counters(fd).empty == 0)
		look_again();
	close(fd);
	fd = open_events(4096);
	for (uint32_t i = 0; i < EVENTS; i++)
		receive_event(fd, EVENT_FIRST + i);
	ck_nothing_to_read(fd);
	ck_assert_uint_eq(counters(fd).stalls, 0);
}
END_TEST

START_TEST(a_ring_smaller_than_the_flags_that_are_set_gets_them_all)
{
	int fd = open_events(2);
	bool seen[EVENTS] = { false };

	for (uint32_t i = 0; i < EVENTS; i++)
		signal_event(fd, EVENT_FIRST + i);
	for (uint32_t i = 0; i < EVENTS; i++) {
		struct hvpost_record record;

		receive(fd, &record);
		ck_assert_uint_eq(record.sequence, i + 1);
		ck_assert_uint_lt(record.origin - EVENT_FIRST, EVENTS);
		ck_assert(!seen[record.origin - EVENT_FIRST]);
		seen[record.origin - EVENT_FIRST] = true;
	}
	ck_nothing_to_read(fd);
}
END_TEST

static void call_poll(struct caller *caller)
{
	struct pollfd one = { .fd = caller->fd, .events = POLLIN };

	caller->err = poll(&one, 1, -1) == 1 && one.revents == POLLIN ?
			      0 : EPROTO;
}

START_TEST(an_event_wakes_a_poll)
{
	struct caller poller = { .call = call_poll, .fd = open_events(0) };

	caller_start(&poller);
	signal_event(poller.fd, EVENT_FIRST);
	caller_join(&poller);
	ck_assert_int_eq(poller.err, 0);
	receive_event(poller.fd, EVENT_FIRST);
}
END_TEST

/*
 * All flags that were signalled are set. QEMU sets them when its main loop comes to
 * them, in any order; but one that is signalled when another has come, in a later
 * round than all from before that.
 */
static void wait_flags_set(void)
{
	int fd = open_with(AFTER_SINT, 0, HVPOST_BIND_EVENTS);

	for (unsigned int i = 0; i < 2; i++) {
		struct hvpost_record record;

		signal_event(fd, AFTER_EVENT);
		receive(fd, &record);
		ck_assert_uint_eq(record.origin, AFTER_EVENT);
	}
	close(fd);
}

/* Linux's own, to have a CPU look whom to run: it may come at any time. */
#define RESCHEDULE_VECTOR	0xfdu

/*
 * Set all of them before the driver sees one: interrupts go where they mean nothing
 * until the last flag is signalled.
 */
static void signal_all_at_once(int fd)
{
	const uint32_t msr = HV_MSR_SINT0 + EVENT_SINT;
	uint64_t ours = read_msr(EVENT_VP, msr);

	write_msr(EVENT_VP, msr, RESCHEDULE_VECTOR);
	for (uint32_t i = 0; i < EVENTS - 1; i++)
		signal_event(fd, EVENT_FIRST + i);
	wait_flags_set();
	ck_assert_uint_eq(counters(fd).interrupts, 0);
	write_msr(EVENT_VP, msr, ours);
	signal_event(fd, EVENT_FIRST + EVENTS - 1);
}

/* A sharer of the events' SINT, for flags with @value in the bits of @mask */
static int open_events_like(uint64_t value, uint64_t mask)
{
	struct hvpost_ioc_filter filter = {
		.rule_count = 1,
		.rules[0] = { .origin = value, .origin_mask = mask },
	};
	int fd = open_device();

	ck_assert_int_eq(device_call(fd, HVPOST_IOC_FILTER, &filter), 0);
	ck_assert_int_eq(try_bind(fd, EVENT_SINT, 4096,
				  HVPOST_BIND_SHARED | HVPOST_BIND_EVENTS), 0);
	return fd;
}

/* The sleeper's flags alone are as many as one go takes, and come first. */
START_TEST(flags_behind_those_of_a_sharer_that_never_reads_come)
{
	int asleep = open_events_like(EVENT_FIRST, ~0x3full);
	int awake = open_events_like(EVENT_FIRST + 64, ~0x3full);

	signal_all_at_once(awake);
	for (uint32_t flag = EVENT_FIRST + 64; flag < EVENT_FIRST + EVENTS; flag++)
		receive_event(awake, flag);
	ck_nothing_to_read(awake);
	ck_assert_uint_eq(counters(asleep).events, 64);
	ck_assert_uint_eq(counters(awake).events, EVENTS - 64);
	ck_assert_uint_eq(counters(awake).filtered, 64);
}
END_TEST

/* How often something of a kind interrupted the events' CPU */
static uint64_t interrupts_of(const char *name)
{
	unsigned long long count[VPS] = { 0 };
	char *line = NULL, *at;
	FILE *file = fopen("/proc/interrupts", "r");
	size_t size = 0;

	ck_assert_ptr_nonnull(file);
	do
		ck_assert_int_gt(getline(&line, &size, file), 0);
	while (!(at = strstr(line, name)));
	ck_assert_int_eq(sscanf(at + strlen(name), "%llu %llu", &count[0],
				&count[1]), 2);
	free(line);
	fclose(file);
	return count[EVENT_VP];
}

/* What follows the first go comes by an interrupt of the kernel's own. */
START_TEST(flags_that_nobody_wants_are_no_reason_for_a_longer_go)
{
	int fd = open_events_like(0, ~0ull);
	uint64_t before = interrupts_of("IWI:");

	signal_all_at_once(fd);
	while (counters(fd).filtered < EVENTS)
		look_again();
	ck_nothing_to_read(fd);
	ck_assert_uint_gt(interrupts_of("IWI:"), before);
}
END_TEST

/* Shared SINTs */

START_TEST(a_sint_is_shared_only_if_all_say_so)
{
	int alone, shared = open_shared(0), other = open_device();

	ck_assert_int_eq(try_bind(other, ECHO_SINT, 0, 0), EBUSY);
	ck_assert_int_eq(try_bind(other, ECHO_SINT, 0, HVPOST_BIND_SHARED), 0);
	close(shared);
	close(other);
	alone = open_bound(ECHO_SINT);
	other = open_device();
	ck_assert_int_eq(try_bind(other, ECHO_SINT, 0, HVPOST_BIND_SHARED),
			 EBUSY);
	close(alone);
	ck_assert_int_eq(try_bind(other, ECHO_SINT, 0, HVPOST_BIND_SHARED), 0);
}
END_TEST

START_TEST(sixteen_files_may_share_a_sint)
{
	int other = open_device();

	for (unsigned int i = 0; i < HVPOST_SHARERS_MAX; i++)
		open_shared(1);
	ck_assert_int_eq(try_bind(other, ECHO_SINT, 0, HVPOST_BIND_SHARED),
			 EBUSY);
}
END_TEST

START_TEST(each_reader_of_a_shared_sint_gets_a_copy)
{
	int fds[3];

	for (unsigned int i = 0; i < 3; i++)
		fds[i] = open_shared(0);
	for (uint64_t number = 0; number < 20; number++) {
		send_number(fds[0], ECHO((uint32_t)number % VPS, ECHO_SINT), number);
		for (unsigned int i = 0; i < 3; i++)
			receive_number(fds[i], number);
	}
	for (unsigned int i = 0; i < 3; i++) {
		ck_nothing_to_read(fds[i]);
		ck_assert_uint_eq(counters(fds[i]).messages, 20);
		ck_assert_uint_eq(counters(fds[i]).dropped, 0);
	}
}
END_TEST

START_TEST(a_reader_that_never_reads_holds_up_nobody)
{
	int asleep = open_shared(4), awake = open_shared(4);
	struct hvpost_record record;

	for (uint64_t number = 0; number < 50; number++) {
		send_number(awake, ECHO(0, ECHO_SINT), number);
		receive_number(awake, number);
	}
	ck_assert_uint_eq(counters(awake).dropped, 0);
	ck_assert_uint_eq(counters(asleep).messages, 4);
	ck_assert_uint_eq(counters(asleep).dropped, 46);
	ck_assert_uint_eq(counters(asleep).stalls, 0);

	for (uint64_t number = 0; number < 4; number++)
		receive_number(asleep, number);
	send_number(awake, ECHO(0, ECHO_SINT), 50);
	receive(asleep, &record);
	ck_assert_uint_eq(number_in(&record), 50);
	/* The gap tells how many it missed. */
	ck_assert_uint_eq(record.sequence, 51);
}
END_TEST

START_TEST(readers_come_and_go_while_messages_flow)
{
	int stays = open_shared(0);

	for (uint64_t number = 0; number < 60; number++) {
		int guest = open_shared(1 + (uint32_t)number % 3);

		send_number(stays, ECHO((uint32_t)number % VPS, ECHO_SINT), number);
		receive_number(stays, number);
		if (number % 2)
			receive_number(guest, number);
		close(guest);
	}
	ck_assert_uint_eq(counters(stays).messages, 60);
}
END_TEST

static void *come_and_go(void *argument)
{
	atomic_bool *stop = argument;

	while (!atomic_load(stop))
		close(open_shared(2));
	return NULL;
}

START_TEST(readers_come_and_go_in_the_middle_of_deliveries)
{
	int stays = open_shared(0);
	atomic_bool stop = false;
	pthread_t threads[2];

	for (unsigned int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go,
						&stop), 0);
	for (uint64_t number = 0; number < 200; number++) {
		send_number(stays, ECHO((uint32_t)number % VPS, ECHO_SINT), number);
		receive_number(stays, number);
	}
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}
END_TEST

START_TEST(of_sharers_only_those_who_wish_get_events)
{
	int deaf = open_with(EVENT_SINT, 0, HVPOST_BIND_SHARED);
	int fd = open_with(EVENT_SINT, 0,
			   HVPOST_BIND_SHARED | HVPOST_BIND_EVENTS);

	signal_event(fd, EVENT_FIRST);
	receive_event(fd, EVENT_FIRST);
	ck_nothing_to_read(deaf);
	ck_assert_uint_eq(counters(deaf).filtered, 0);
	close(fd);
	signal_event(deaf, EVENT_FIRST);
	while (counters(deaf).empty == 0)
		look_again();
}
END_TEST

START_TEST(more_flags_than_one_go_takes_come_to_the_sharer_who_reads)
{
	int asleep = open_with(EVENT_SINT, 1,
			       HVPOST_BIND_SHARED | HVPOST_BIND_EVENTS);
	int fd = open_bound(FREE_SINT);

	for (uint32_t i = 0; i < EVENTS; i++)
		signal_event(fd, EVENT_FIRST + i);
	close(fd);
	while (counters(asleep).events + counters(asleep).dropped < EVENTS)
		look_again();
	fd = open_with(EVENT_SINT, 4096,
		       HVPOST_BIND_SHARED | HVPOST_BIND_EVENTS);
	for (uint32_t i = 0; i < EVENTS; i++) {
		signal_event(fd, EVENT_FIRST + i);
		receive_event(fd, EVENT_FIRST + i);
	}
	ck_assert_uint_eq(counters(asleep).events, 1);
}
END_TEST

/* Memory that comes late */

#define CGROUPS	"/tmp/cgroups"

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* In a control group where each piece of memory is waited for */
static void bind_in_poverty(int fd, atomic_int *stage)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	write_file(CGROUPS "/poor/cgroup.procs", pid);
	atomic_store(stage, 1);
	bind_sint(fd, FREE_SINT, 4096);
	atomic_store(stage, 2);
	_exit(0);
}

static bool waits_for_memory(pid_t pid)
{
	char path[64], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	fclose(file);
	return strstr(text, "over_high");
}

START_TEST(a_bind_that_waits_for_memory_holds_up_nobody)
{
	int fd = open_device(), other = open_device();
	atomic_int *stage = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct hvpost_ioc_info info;
	pid_t pid;

	ck_assert_ptr_ne(stage, MAP_FAILED);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid)
		bind_in_poverty(fd, stage);
	while (atomic_load(stage) < 1 || !waits_for_memory(pid)) {
		ck_assert_int_lt(atomic_load(stage), 2);
		look_again();
	}

	ck_assert_int_eq(bind_sint(other, OTHER_FREE_SINT, 0), 0);
	ck_assert_int_eq(device_call(other, HVPOST_IOC_INFO, &info), 0);
	close(other);
	ck_assert_int_eq(atomic_load(stage), 1);
	/* Nor need the kernel wait for all of it. */
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(atomic_load(stage), 1);
	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 0), 0);
}
END_TEST

static void make_poverty(void)
{
	ck_assert_int_eq(mkdir(CGROUPS, 0700), 0);
	ck_assert_int_eq(mount("none", CGROUPS, "cgroup2", 0, NULL), 0);
	write_file(CGROUPS "/cgroup.subtree_control", "+memory");
	ck_assert_int_eq(mkdir(CGROUPS "/poor", 0700), 0);
	write_file(CGROUPS "/poor/memory.high", "0");
}

/* Filters */

START_TEST(a_reserved_bit_of_a_filter_is_einval)
{
	struct hvpost_ioc_filter filter = { .rule_count = 0 };
	int fd = open_device();

	filter.reserved32 = 1;
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_FILTER, &filter), EINVAL);
	filter.reserved32 = 0;
	filter.reserved = 1;
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_FILTER, &filter), EINVAL);
	filter.reserved = 0;
	filter.rules[7].origin_mask = 1;
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_FILTER, &filter), EINVAL);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_FILTER, unmapped_page()),
			 EFAULT);
}
END_TEST

START_TEST(sharers_have_a_filter_each)
{
	struct hvpost_ioc_filter filter = { .rule_count = 1 };
	int low = open_device(), all = open_shared(0);
	struct hvpost_ioc_post post = post_of(ECHO(0, ECHO_SINT), "", 0);
	struct hvpost_record record;

	filter.rules[0].type_max = 5;
	ck_assert_int_eq(device_call(low, HVPOST_IOC_FILTER, &filter), 0);
	ck_assert_int_eq(try_bind(low, ECHO_SINT, 0, HVPOST_BIND_SHARED), 0);
	ck_assert_int_eq(device_call(low, HVPOST_IOC_FILTER, &filter), EBUSY);
	for (post.message_type = 4; post.message_type < 8; post.message_type++) {
		ck_post(all, &post, 0, HV_STATUS_SUCCESS);
		receive(all, &record);
		ck_assert_uint_eq(record.message_type, post.message_type);
	}
	receive(low, &record);
	ck_assert_uint_eq(record.message_type, 4);
	receive(low, &record);
	ck_assert_uint_eq(record.message_type, 5);
	ck_nothing_to_read(low);
	ck_assert_uint_eq(counters(low).filtered, 2);
	ck_assert_uint_eq(counters(all).filtered, 0);
}
END_TEST

static void add_event_cases(Suite *suite)
{
	TCase *events = add_case(suite, "events", flush_events);

	tcase_add_test(events, a_signal_is_received_as_an_event);
	tcase_add_test(events, without_the_wish_an_event_is_an_empty_interrupt);
	tcase_add_test(events, a_flag_from_before_the_bind_is_received);
	tcase_add_test(events, signals_gather_in_a_flag_that_finds_no_room);
	tcase_add_test(events, more_flags_than_one_go_takes_all_come);
	tcase_add_test(events,
		       a_ring_smaller_than_the_flags_that_are_set_gets_them_all);
	tcase_add_test(events, an_event_wakes_a_poll);
	tcase_add_test(events, of_sharers_only_those_who_wish_get_events);
	tcase_add_test(events,
		       more_flags_than_one_go_takes_come_to_the_sharer_who_reads);
	tcase_add_test(events,
		       flags_behind_those_of_a_sharer_that_never_reads_come);
	tcase_add_test(events,
		       flags_that_nobody_wants_are_no_reason_for_a_longer_go);
}

static void add_shared_cases(Suite *suite)
{
	TCase *shared = add_case(suite, "shared", flush_echo);

	tcase_add_test(shared, a_sint_is_shared_only_if_all_say_so);
	tcase_add_test(shared, sixteen_files_may_share_a_sint);
	tcase_add_test(shared, each_reader_of_a_shared_sint_gets_a_copy);
	tcase_add_test(shared, a_reader_that_never_reads_holds_up_nobody);
	tcase_add_test(shared, readers_come_and_go_while_messages_flow);
	tcase_add_test(shared, readers_come_and_go_in_the_middle_of_deliveries);
}

int main(void)
{
	Suite *suite = suite_create("device, shared");
	TCase *filters = add_case(suite, "filters", flush_echo);

	add_event_cases(suite);
	add_shared_cases(suite);
	tcase_add_test(add_case(suite, "memory", make_poverty),
		       a_bind_that_waits_for_memory_holds_up_nobody);
	tcase_add_test(filters, a_reserved_bit_of_a_filter_is_einval);
	tcase_add_test(filters, sharers_have_a_filter_each);
	return run_suite(suite);
}
