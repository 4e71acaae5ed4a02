// SPDX-License-Identifier: MIT
/* hvpost.h, section 6: what the machine in this process promises beyond the rest. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvpost/conformance.h>
#include <hvpost/hyperv.h>

#include "link.h"
#include "suites.h"

#define MESSAGE_LINK(sint)	(0x10u + (sint))
#define EVENT_LINK(sint)	(0x20u + (sint))

/* Target strings */

static const char *const no_targets[] = {
	"embedded:", "embedded:x", "embedded:partition", "embedded:partition=",
	"embedded:partition=nobody", "embedded:partition=guest ",
	"embedded:Partition=guest", "embedded:partition=receiver",
};

START_TEST(a_string_that_names_no_partition_is_einval)
{
	struct hvpost *hv = (struct hvpost *)&hv;

	errno = EXFULL;
	ck_assert_int_eq(hvpost_open(no_targets[_i], &hv), -EINVAL);
	ck_assert_ptr_null(hv);
	ck_assert_int_eq(errno, EXFULL);
}
END_TEST

START_TEST(the_guest_is_who_posts_by_default)
{
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost *named = open_target("embedded:partition=guest");
	struct hvpost_info info, named_info;

	ck_assert_int_eq(hvpost_get_info(hv, &info, sizeof(info)), 0);
	ck_assert_int_eq(hvpost_get_info(named, &named_info,
					 sizeof(named_info)), 0);
	ck_assert_mem_eq(&info, &named_info, sizeof(info));
	send_number(named, 0, 1);
	receive_number(hv, 1);
}
END_TEST

/* The machine */

START_TEST(the_machine_ends_with_its_last_handle)
{
	struct hvpost *poster = open_handle(), *other = open_handle(), *hv;

	send_number(poster, 0, 1);
	close_handle(poster);
	hv = open_bound(0, 0);
	receive_number(hv, 1);
	close_handle(hv);

	send_number(other, 0, 2);
	close_handle(other);
	ck_nothing_there(open_bound(0, 0));
}
END_TEST

START_TEST(what_close_finds_in_the_slot_waits_for_the_next_bind)
{
	struct hvpost *poster = open_handle(), *hv = open_bound(0, 1);

	for (uint64_t number = 1; number <= 4; number++)
		send_number(poster, 0, number);
	close_handle(hv);
	hv = open_bound(0, 1);
	for (uint64_t number = 2; number <= 4; number++)
		receive_number(hv, number);
	ck_nothing_there(hv);
}
END_TEST

/* It leaves by _exit(): what it inherited cannot be freed. */
static void be_a_child(struct hvpost *inherited)
{
	struct hvpost *hv = open_bound(0, 0);

	send_number(hv, 0, 1);
	receive_number(hv, 1);
	send_number(hv, 1, 2);
	hvpost_close(inherited);
	/* Its own machine is still the same. */
	ck_assert_int_eq(hvpost_bind(open_handle(), echo.sint, 0), -EBUSY);
	_exit(0);
}

START_TEST(a_child_of_fork_has_a_machine_of_its_own)
{
	struct hvpost *hv = open_bound(0, 0), *other = open_bound(1, 0);
	pid_t child;
	int status;

	send_number(hv, 0, 7);
	child = fork();
	if (!child)
		be_a_child(other);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);

	ck_assert(is_readable(hv) && !is_readable(other));
	receive_number(hv, 7);
	ck_assert(!is_readable(hv));
	ck_nothing_there(other);
	send_number(hv, 1, 8);
	receive_number(other, 8);
}
END_TEST

START_TEST(info_is_that_of_the_engine)
{
	struct hvpost_info info;

	ck_assert_int_eq(hvpost_get_info(open_bound(1, 0), &info, sizeof(info)),
			 0);
	ck_assert_int_eq(info.hypercall, HVPOST_CALL_ENGINE);
	ck_assert_int_eq(info.synic, HVPOST_SYNIC_OURS);
	ck_assert_uint_eq(info.vps_online, 1);
	ck_assert_uint_eq(info.sints_bound, 1u << (echo.sint + 1));
	ck_assert_uint_eq(info.sints_busy, 0);
	ck_assert_uint_eq(info.vmbus_loaded, 0);
	ck_assert_uint_eq(info.privileges >> 32 & HV_POST_MESSAGES,
			  HV_POST_MESSAGES);
}
END_TEST

/* Links */

START_TEST(every_sint_has_a_link_whose_number_is_its_origin)
{
	const unsigned int sint = (unsigned int)_i;
	struct hvpost_post post = post_of(MESSAGE_LINK(sint), "abc", 3);
	struct hvpost *hv = open_handle();
	struct hvpost_message message;

	ck_assert_int_eq(hvpost_bind(hv, sint, 0), 0);
	ck_post(hv, &post, HVPOST_NOW, 0, HV_STATUS_SUCCESS, 1);
	message = receive(hv);
	ck_assert_uint_eq(message.sint, sint);
	ck_assert_uint_eq(message.vp_index, 0);
	ck_assert_uint_eq(message.origin, MESSAGE_LINK(sint));
}
END_TEST

START_TEST(every_sint_has_an_event_link_that_its_mask_closes)
{
	const unsigned int sint = (unsigned int)_i;
	struct hvpost *hv = open_handle(), *other = open_handle();

	ck_assert_int_eq(hvpost_signal(hv, EVENT_LINK(sint), 0), -ENETDOWN);
	ck_assert_uint_eq(hvpost_last_status(hv), HV_STATUS_INVALID_SYNIC_STATE);
	ck_assert_int_eq(hvpost_bind(hv, sint, 0), 0);
	ck_assert_int_eq(hvpost_signal(hv, EVENT_LINK(sint), 2047), 0);
	ck_nothing_there(hv);
	ck_assert_int_eq(hvpost_signal(other, EVENT_LINK(sint), 2047), 0);
	close_handle(hv);
	ck_assert_int_eq(hvpost_signal(other, EVENT_LINK(sint), 2047),
			 -ENETDOWN);
}
END_TEST

/* Events are not received yet, but this port has fewer flags than others. */
START_TEST(the_flag_number_reaches_the_port)
{
	const uint32_t event = HVPOST_CONFORMANCE_BASE + HVPOST_CONFORM_EVENT;
	struct hvpost *hv = open_handle();

	ck_assert_int_eq(hvpost_signal(hv, event, HVPOST_CONFORMANCE_FLAGS - 1),
			 0);
	ck_assert_int_eq(hvpost_signal(hv, event, HVPOST_CONFORMANCE_FLAGS),
			 -EINVAL);
	ck_assert_uint_eq(hvpost_last_status(hv), HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(a_link_carries_either_messages_or_events)
{
	struct hvpost_post post = post_of(EVENT_LINK(echo.sint), "abc", 3);
	struct hvpost *hv = open_bound(0, 0);

	ck_post(hv, &post, HVPOST_NOW, -ECONNRESET, HV_STATUS_INVALID_PORT_ID,
		1);
	ck_assert_int_eq(hvpost_signal(hv, MESSAGE_LINK(echo.sint), 0),
			 -ECONNRESET);
}
END_TEST

START_TEST(a_sint_holds_17_messages_and_refuses_the_next)
{
	struct hvpost_post post = post_of(echo.connection, "abc", 3);
	struct hvpost *hv = open_handle();

	for (unsigned int i = 0; i < 17; i++)
		ck_post(hv, &post, HVPOST_NOW, 0, HV_STATUS_SUCCESS, 1);
	ck_post(hv, &post, HVPOST_NOW, -EAGAIN, HV_STATUS_INSUFFICIENT_BUFFERS,
		1);
}
END_TEST

START_TEST(there_is_no_vmbus)
{
	struct hvpost *hv = open_handle();

	for (uint32_t id = HV_CONNECTION_VMBUS_MESSAGE;
	     id <= HV_CONNECTION_VMBUS_MESSAGE_5; id++) {
		struct hvpost_post post = post_of(id, "abc", 3);

		ck_post(hv, &post, HVPOST_NOW, -ENOTCONN,
			HV_STATUS_INVALID_CONNECTION_ID, 1);
	}
	ck_assert_int_eq(hvpost_bind(hv, HV_SINT_VMBUS, 0), 0);
}
END_TEST

/* Privileges */

START_TEST(the_restricted_partition_is_denied_every_call)
{
	struct hvpost *hv = open_target("embedded:partition=restricted");
	struct hvpost_post post = post_of(echo.connection, "abc", 3);
	struct hvpost_info info;

	ck_post(hv, &post, HVPOST_NEVER, -EACCES, HV_STATUS_ACCESS_DENIED, 1);
	ck_assert_int_eq(hvpost_signal(hv, echo.event, 0), -EACCES);
	ck_assert_uint_eq(hvpost_last_status(hv), HV_STATUS_ACCESS_DENIED);
	ck_assert_int_eq(hvpost_get_info(hv, &info, sizeof(info)), 0);
	ck_assert_uint_ne(info.privileges, 0);
	ck_assert_uint_eq(info.privileges >> 32, 0);
}
END_TEST

START_TEST(the_restricted_partition_receives_like_any_other)
{
	struct hvpost *hv = open_target("embedded:partition=restricted");

	ck_assert_int_eq(hvpost_bind(hv, echo.sint, 0), 0);
	send_number(open_handle(), 0, 1);
	receive_number(hv, 1);
}
END_TEST

/* Posts without checks: the engine sees what was given. */

START_TEST(an_unchecked_size_or_type_is_an_invalid_parameter)
{
	static const struct {
		uint32_t type, size;
	} posts[] = {
		{ TYPE, 241 }, { TYPE, UINT32_MAX }, { 0, 3 },
		{ 0x80000000, 3 }, { UINT32_MAX, 240 },
	};
	static char payload[HVPOST_PAYLOAD_SIZE_MAX];
	struct hvpost *hv = open_bound(0, 0);

	for (int i = 0; i < ROWS(posts); i++) {
		struct hvpost_post post = post_of(echo.connection, payload,
						  posts[i].size);

		post.message_type = posts[i].type;
		post.flags = HVPOST_UNCHECKED;
		ck_post(hv, &post, HVPOST_NEVER, -EINVAL,
			HV_STATUS_INVALID_PARAMETER, 1);
	}
	ck_nothing_there(hv);
}
END_TEST

/* The descriptor, which this target keeps exact: it reads nothing ahead. */

START_TEST(the_descriptor_is_readable_exactly_while_messages_are_there)
{
	struct hvpost *hv = open_bound(0, (unsigned int)_i);

	for (unsigned int times = 0; times < 3; times++) {
		for (uint64_t number = 1; number <= 5; number++) {
			send_number(hv, 0, number);
			ck_assert(is_readable(hv));
		}
		for (uint64_t number = 1; number <= 5; number++) {
			ck_assert(is_readable(hv));
			receive_number(hv, number);
		}
		ck_assert(!is_readable(hv));
	}
}
END_TEST

/* Hypercalls */

static uint16_t call_status(struct hvpost *hv, struct hvpost_call call)
{
	uint64_t result = ~UINT64_C(0);

	ck_assert_int_eq(hvpost_hypercall(hv, &call, &result), 0);
	ck_assert_uint_eq(result & ~HV_RESULT_STATUS_MASK, 0);
	ck_assert_uint_eq(hvpost_last_status(hv), result);
	return (uint16_t)result;
}

static uint16_t call_with(struct hvpost *hv, uint64_t control, void *memory,
			  size_t size)
{
	return call_status(hv, (struct hvpost_call){
			.control = control,
			.memory = memory,
			.memory_size = size,
		});
}

static struct hv_post_message_input input_of(uint64_t number)
{
	struct hv_post_message_input input = {
		.connection_id = echo.connection,
		.message_type = TYPE,
		.payload_size = sizeof(number),
	};

	memcpy(input.payload, &number, sizeof(number));
	return input;
}

START_TEST(a_message_may_be_posted_word_for_word)
{
	static uint8_t memory[HVPOST_HYPERCALL_MEMORY_MAX];
	struct hv_post_message_input input = input_of(7);
	struct hvpost *hv = open_bound(0, 0);

	memcpy(memory + 4096, &input, sizeof(input));
	ck_assert_uint_eq(call_status(hv, (struct hvpost_call){
				.control = HV_CALL_POST_MESSAGE,
				.input = 4096,
				.memory = memory,
				.memory_size = sizeof(memory),
			}), HV_STATUS_SUCCESS);
	receive_number(hv, 7);
}
END_TEST

START_TEST(memory_ends_where_it_ends)
{
	struct hv_post_message_input input = input_of(7);
	struct hvpost *hv = open_bound(0, 0);

	ck_assert_uint_eq(call_with(hv, HV_CALL_POST_MESSAGE, &input,
				    sizeof(input) - 1),
			  HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_assert_uint_eq(call_with(hv, HV_CALL_POST_MESSAGE, NULL, 0),
			  HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_nothing_there(hv);
	ck_assert_uint_eq(call_with(hv, HV_CALL_POST_MESSAGE, &input,
				    sizeof(input)), HV_STATUS_SUCCESS);
	receive_number(hv, 7);
}
END_TEST

static const struct {
	uint64_t control, input;
	uint16_t status;
} bad_calls[] = {
	{ HV_CALL_POST_MESSAGE, 4, HV_STATUS_INVALID_ALIGNMENT },
	{ HV_CALL_POST_MESSAGE, 4096 - 248, HV_STATUS_INVALID_ALIGNMENT },
	{ HV_CALL_POST_MESSAGE, HVPOST_HYPERCALL_MEMORY_MAX,
	  HV_STATUS_INVALID_ALIGNMENT },
	{ HV_CALL_POST_MESSAGE, UINT64_MAX - 7, HV_STATUS_INVALID_ALIGNMENT },
	{ HV_CALL_POST_MESSAGE | HV_CONTROL_FAST, 0,
	  HV_STATUS_INVALID_HYPERCALL_INPUT },
	{ HV_CALL_POST_MESSAGE | HV_CONTROL_NESTED, 0,
	  HV_STATUS_INVALID_HYPERCALL_INPUT },
	{ 0, 0, HV_STATUS_INVALID_HYPERCALL_CODE },
};

START_TEST(a_call_that_is_wrong_gets_the_status_of_its_fault)
{
	static uint8_t memory[HVPOST_HYPERCALL_MEMORY_MAX];

	ck_assert_uint_eq(call_status(open_handle(), (struct hvpost_call){
				.control = bad_calls[_i].control,
				.input = bad_calls[_i].input,
				.memory = memory,
				.memory_size = sizeof(memory),
			}), bad_calls[_i].status);
}
END_TEST

/* A port of the guest's own, and what is asked about it. */
START_TEST(what_a_call_returns_is_written_to_memory)
{
	struct {
		struct hv_get_port_property_input input;
		uint64_t output;
	} memory = {
		.input.port_partition = HV_PARTITION_ID_SELF,
		.input.port_id = 0x99,
		.input.property = HV_PORT_PROPERTY_PREFERRED_TARGET_VP,
		.output = 0,
	};
	struct hv_create_port_input port = {
		.port_partition = HV_PARTITION_ID_SELF,
		.port_id = 0x99,
		.connection_partition = 2,
		.port_info.port_type = HV_PORT_TYPE_MESSAGE,
		.port_info.u.message.target_sint = 3,
	};
	struct hvpost_call ask = {
		.control = HV_CALL_GET_PORT_PROPERTY,
		.output = sizeof(memory.input),
		.memory = &memory,
		.memory_size = sizeof(memory),
	};
	struct hvpost *hv = open_handle();

	ck_assert_uint_eq(call_with(hv, HV_CALL_CREATE_PORT, &port,
				    sizeof(port)), HV_STATUS_SUCCESS);
	ck_assert_uint_eq(call_status(hv, ask), HV_STATUS_SUCCESS);
	ck_assert_uint_eq(memory.output, HV_ANY_VP);

	ask.memory_size -= 1;
	memory.output = 1;
	ck_assert_uint_eq(call_status(hv, ask),
			  HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_assert_uint_eq(memory.output, 1);
}
END_TEST

START_TEST(a_call_leaves_nothing_of_its_memory_to_the_next)
{
	struct hv_post_message_input input = input_of(7);
	struct hvpost *hv = open_bound(0, 0);

	ck_assert_uint_eq(call_with(hv, HV_CALL_POST_MESSAGE, &input,
				    sizeof(input)), HV_STATUS_SUCCESS);
	ck_assert_uint_eq(call_with(hv, HV_CALL_POST_MESSAGE, NULL, 0),
			  HV_STATUS_INVALID_HYPERCALL_INPUT);
}
END_TEST

/* Threads */

#define ROUNDS 10000u

struct player {
	struct hvpost *handle;
	uint32_t n;
	pthread_t thread;
};

/*
 * When a post returns, its message is in the ring: also where another thread
 * runs the interrupt.
 */
static void *post_and_look(void *argument)
{
	struct player *player = argument;
	struct hvpost_message message;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		send_number(player->handle, player->n, round);
		ck_assert_int_eq(hvpost_receive(player->handle, &message,
						HVPOST_NOW), 0);
		ck_assert_uint_eq(number_in(&message), round);
	}
	return NULL;
}

START_TEST(whoever_posted_finds_the_message_at_once)
{
	struct player players[LINKS];

	for (uint32_t n = 0; n < LINKS; n++) {
		players[n].n = n;
		players[n].handle = open_bound(n, 1);
	}
	for (uint32_t n = 0; n < LINKS; n++)
		ck_assert_int_eq(pthread_create(&players[n].thread, NULL,
						post_and_look, &players[n]), 0);
	for (uint32_t n = 0; n < LINKS; n++)
		pthread_join(players[n].thread, NULL);
}
END_TEST

/* The machine begins and ends all the time, in all threads. */
static void *open_and_close(void *argument)
{
	uint32_t n = *(uint32_t *)argument;

	for (unsigned int round = 0; round < 200; round++) {
		struct hvpost *hv;

		ck_assert_int_eq(hvpost_open("embedded", &hv), 0);
		ck_assert_int_eq(hvpost_bind(hv, echo.sint + n, 1), 0);
		send_number(hv, n, round);
		receive_number(hv, round);
		hvpost_close(hv);
	}
	return NULL;
}

START_TEST(threads_open_and_close_the_machine_as_they_like)
{
	uint32_t numbers[LINKS];
	pthread_t threads[LINKS];

	for (uint32_t n = 0; n < LINKS; n++) {
		numbers[n] = n;
		ck_assert_int_eq(pthread_create(&threads[n], NULL,
						open_and_close, &numbers[n]), 0);
	}
	for (uint32_t n = 0; n < LINKS; n++)
		pthread_join(threads[n], NULL);
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

/*
 * The sanitizers' own locks do not live through the fork() of threads, nor do they
 * through want of memory.
 */
#define FORKS	30

static bool is_over;

static void *open_until_it_is_over(void *argument)
{
	struct hvpost *hv;

	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
		ck_assert_int_eq(hvpost_open("embedded", &hv), 0);
		hvpost_close(hv);
	}
	return argument;
}

static void ck_a_child_opens(void)
{
	struct hvpost *hv;
	pid_t child = fork();
	int status;

	if (!child)
		_exit(hvpost_open("embedded", &hv) != 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

START_TEST(a_child_opens_while_threads_of_its_parent_do)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, open_until_it_is_over,
					NULL), 0);
	for (unsigned int i = 0; i < FORKS; i++)
		ck_a_child_opens();
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}
END_TEST

/* Until the limit is lifted, malloc() finds nothing. */
static struct rlimit use_memory_up(void)
{
	void *volatile taken; /* or compilers take no memory at all */
	struct rlimit before, none;

	ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
	none = before;
	none.rlim_cur = 1;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
	for (size_t size = 4096; size >= 16; size /= 2)
		do
			taken = malloc(size);
		while (taken);
	return before;
}

START_TEST(a_post_without_memory_leaves_errno_alone)
{
	struct hvpost *hv = open_handle();
	struct hvpost_post post = {
		.connection_id = MESSAGE_LINK(3), .message_type = 1,
	};
	struct rlimit before = use_memory_up();
	int err = 0, errno_after;

	errno = EXFULL;
	for (int i = 0; i < 4 && !err; i++)
		err = hvpost_post(hv, &post, HVPOST_NOW);
	errno_after = errno;
	setrlimit(RLIMIT_AS, &before);
	ck_assert_int_eq(err, -EAGAIN);
	ck_assert_int_eq(errno_after, EXFULL);
}
END_TEST

static void add_rough(TCase *threads, TCase *calls)
{
	tcase_add_test(threads, a_child_opens_while_threads_of_its_parent_do);
	tcase_add_test(calls, a_post_without_memory_leaves_errno_alone);
}
#else
static void add_rough(TCase *threads, TCase *calls)
{
	(void)threads;
	(void)calls;
}
#endif

static void add_machine(Suite *suite)
{
	TCase *strings = add_tcase(suite, "target strings");
	TCase *machine = add_tcase(suite, "machine");
	TCase *links = add_tcase(suite, "links");

	tcase_add_loop_test(strings, a_string_that_names_no_partition_is_einval,
			    0, ROWS(no_targets));
	tcase_add_test(strings, the_guest_is_who_posts_by_default);

	tcase_add_test(machine, the_machine_ends_with_its_last_handle);
	tcase_add_test(machine,
		       what_close_finds_in_the_slot_waits_for_the_next_bind);
	tcase_add_test(machine, a_child_of_fork_has_a_machine_of_its_own);
	tcase_add_test(machine, info_is_that_of_the_engine);
	tcase_add_loop_test(machine,
			    the_descriptor_is_readable_exactly_while_messages_are_there,
			    0, 5);

	tcase_add_loop_test(links,
			    every_sint_has_a_link_whose_number_is_its_origin, 1,
			    16);
	tcase_add_loop_test(links,
			    every_sint_has_an_event_link_that_its_mask_closes,
			    1, 16);
	tcase_add_test(links, the_flag_number_reaches_the_port);
	tcase_add_test(links, a_link_carries_either_messages_or_events);
	tcase_add_test(links, a_sint_holds_17_messages_and_refuses_the_next);
	tcase_add_test(links, there_is_no_vmbus);
}

Suite *embedded_suite(void)
{
	Suite *suite = suite_create("embedded");
	TCase *calls, *threads;

	add_machine(suite);
	calls = add_tcase(suite, "calls");
	threads = add_tcase(suite, "threads");

	tcase_add_test(calls, the_restricted_partition_is_denied_every_call);
	tcase_add_test(calls, the_restricted_partition_receives_like_any_other);
	tcase_add_test(calls, an_unchecked_size_or_type_is_an_invalid_parameter);
	tcase_add_test(calls, a_message_may_be_posted_word_for_word);
	tcase_add_test(calls, memory_ends_where_it_ends);
	tcase_add_loop_test(calls,
			    a_call_that_is_wrong_gets_the_status_of_its_fault,
			    0, ROWS(bad_calls));
	tcase_add_test(calls, what_a_call_returns_is_written_to_memory);
	tcase_add_test(calls, a_call_leaves_nothing_of_its_memory_to_the_next);

	tcase_add_test(threads, whoever_posted_finds_the_message_at_once);
	tcase_add_test(threads, threads_open_and_close_the_machine_as_they_like);
	add_rough(threads, calls);
	return suite;
}
