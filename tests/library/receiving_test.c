// SPDX-License-Identifier: MIT
/* hvpost.h, section 4: bind, receive, the descriptor, the counters. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include <hvpost/hyperv.h>

#include "link.h"
#include "suites.h"

/* Binding */

static const unsigned int sints_out_of_range[] = { 0, 16, 0x100, 0x80000001,
						   UINT32_MAX };

START_TEST(a_sint_out_of_1_to_15_is_einval)
{
	struct hvpost *hv = open_handle();

	ck_assert_int_eq(hvpost_bind(hv, sints_out_of_range[_i], 0), -EINVAL);
	ck_assert_int_eq(hvpost_bind(hv, 15, 0), 0);
}
END_TEST

START_TEST(a_ring_of_more_than_4096_records_is_einval)
{
	struct hvpost *hv = open_handle();

	ck_assert_int_eq(hvpost_bind(hv, echo.sint, 4097), -EINVAL);
	ck_assert_int_eq(hvpost_bind(hv, echo.sint, UINT32_MAX), -EINVAL);
	ck_assert_int_eq(hvpost_bind(hv, echo.sint, 4096), 0);
}
END_TEST

START_TEST(a_handle_has_one_sint)
{
	struct hvpost *hv = open_bound(0, 0);

	ck_assert_int_eq(hvpost_bind(hv, echo.sint, 0), -EBUSY);
	ck_assert_int_eq(hvpost_bind(hv, echo.free_sint, 0), -EBUSY);
}
END_TEST

START_TEST(a_sint_has_one_handle_and_is_free_after_its_close)
{
	struct hvpost *first = open_bound(0, 0), *second = open_handle();

	ck_assert_int_eq(hvpost_bind(second, echo.sint, 0), -EBUSY);
	close_handle(first);
	ck_assert_int_eq(hvpost_bind(second, echo.sint, 0), 0);
	send_number(second, 0, 1);
	receive_number(second, 1);
}
END_TEST

START_TEST(a_handle_whose_bind_failed_may_bind_another_sint)
{
	struct hvpost *hv = open_handle();
	struct hvpost_message message;

	open_bound(0, 0);
	ck_assert_int_eq(hvpost_bind(hv, echo.sint, 0), -EBUSY);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), -ENOTCONN);
	ck_assert_int_eq(hvpost_bind(hv, echo.sint + 1, 0), 0);
	send_number(hv, 1, 1);
	receive_number(hv, 1);
}
END_TEST

/* Receiving nothing */

START_TEST(without_a_sint_there_is_nothing_to_receive)
{
	struct hvpost *hv = open_handle();
	struct hvpost_message message;

	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), -ENOTCONN);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NEVER), -ENOTCONN);
	ck_assert(!is_readable(hv));
}
END_TEST

START_TEST(nothing_now_is_eagain)
{
	ck_nothing_there(open_bound(0, 0));
}
END_TEST

START_TEST(nothing_at_the_deadline_is_etimedout)
{
	uint64_t deadline_ns = hvpost_deadline_in_ms(50);
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_message message;

	ck_assert_int_eq(hvpost_receive(hv, &message, deadline_ns), -ETIMEDOUT);
	ck_assert_uint_ge(now_ns(), deadline_ns);
	ck_assert_int_eq(hvpost_receive(hv, &message, 1), -ETIMEDOUT);
}
END_TEST

static const int signal_flags[] = { 0, SA_RESTART };

START_TEST(a_signal_ends_the_wait_with_eintr)
{
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_message message;

	start_signals(signal_flags[_i]);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NEVER), -EINTR);
	stop_signals();
}
END_TEST

/* What arrives */

static void fill(uint8_t *payload, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		payload[i] = (uint8_t)(i * 7 + size + 1);
}

static void ck_message(const struct hvpost_message *message,
		       const uint8_t *payload, uint32_t size)
{
	static const uint8_t zeros[HVPOST_PAYLOAD_SIZE_MAX];

	ck_assert_uint_eq(message->message_type, TYPE);
	ck_assert_uint_eq(message->payload_size, size);
	ck_assert_mem_eq(message->payload, payload, size);
	ck_assert_mem_eq(message->payload + size, zeros,
			 sizeof(message->payload) - size);
	ck_assert_uint_eq(message->sint, echo.sint);
	ck_assert_uint_eq(message->flags, 0);
}

/* From the largest down: what a longer one left would show in the rest. */
START_TEST(a_payload_of_every_size_comes_back_as_it_was)
{
	uint8_t payload[HVPOST_PAYLOAD_SIZE_MAX];
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_message message;
	uint64_t sequence = 0;

	for (uint32_t size = echo.payload + 1; size-- > 0;) {
		fill(payload, size);
		send_bytes(hv, 0, payload, size);
		message = receive(hv);
		ck_message(&message, payload, size);
		ck_assert_uint_eq(message.sequence, ++sequence);
	}
	ck_nothing_there(hv);
}
END_TEST

START_TEST(a_payload_of_240_bytes_comes_back)
{
	uint8_t payload[HVPOST_PAYLOAD_SIZE_MAX];
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_message message;

	fill(payload, sizeof(payload));
	send_bytes(hv, 0, payload, sizeof(payload));
	message = receive(hv);
	ck_message(&message, payload, sizeof(payload));
}
END_TEST

static const uint32_t types[] = { 1, 0x7fffffff };

START_TEST(the_lowest_and_the_highest_type_arrive)
{
	struct hvpost_post post = post_of(echo.connection, "abc", 3);
	struct hvpost *hv = open_bound(0, 0);

	post.message_type = types[_i];
	ck_assert_int_eq(hvpost_post(hv, &post, HVPOST_NOW), 0);
	ck_assert_uint_eq(receive(hv).message_type, types[_i]);
}
END_TEST

START_TEST(the_time_of_a_message_lies_between_post_and_receive)
{
	struct hvpost *hv = open_bound(0, 0);
	uint64_t before_ns = now_ns();
	struct hvpost_message message;

	send_number(hv, 0, 1);
	message = receive(hv);
	ck_assert_uint_ge(message.time_ns, before_ns);
	ck_assert_uint_le(message.time_ns, now_ns());
}
END_TEST

START_TEST(each_link_leads_to_its_sint_and_vp_and_has_one_origin)
{
	struct hvpost *hv = open_bound((uint32_t)_i, 0);
	struct hvpost_message first, second;

	send_number(hv, (uint32_t)_i, 1);
	first = receive(hv);
	send_number(hv, (uint32_t)_i, 2);
	second = receive(hv);
	ck_assert_uint_eq(first.sint, echo.sint + (uint32_t)_i);
	ck_assert_uint_eq(second.vp_index, first.vp_index);
	ck_assert_uint_eq(second.origin, first.origin);
}
END_TEST

START_TEST(one_handle_receives_what_another_posts)
{
	struct hvpost *poster = open_handle(), *hv = open_bound(0, 0);

	for (uint64_t number = 0; number < 10; number++) {
		send_number(poster, 0, number);
		receive_number(hv, number);
	}
	close_handle(poster);
	ck_nothing_there(hv);
}
END_TEST

START_TEST(a_message_ends_a_wait_without_end)
{
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_message message;

	send_number(hv, 0, 1);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NEVER), 0);
}
END_TEST

/* Order; more of them than any read-ahead takes at once. */

START_TEST(messages_come_in_order_with_sequences_without_gaps)
{
	struct hvpost *hv = open_bound(0, 256);
	struct hvpost_message message;

	for (uint64_t number = 1; number <= 200; number++)
		send_and_wait(hv, 0, number, number);
	for (uint64_t number = 1; number <= 200; number++) {
		message = receive(hv);
		ck_assert_uint_eq(number_in(&message), number);
		ck_assert_uint_eq(message.sequence, number);
	}
	ck_nothing_there(hv);
}
END_TEST

START_TEST(sequences_begin_at_1_again_with_each_bind)
{
	for (unsigned int times = 0; times < 2; times++) {
		struct hvpost *hv = open_bound(0, 0);

		send_number(hv, 0, 1);
		ck_assert_uint_eq(receive(hv).sequence, 1);
		close_handle(hv);
	}
}
END_TEST

START_TEST(a_close_loses_what_was_not_received)
{
	struct hvpost *hv = open_bound(0, 0);

	for (uint64_t number = 1; number <= 5; number++)
		send_and_wait(hv, 0, number, number);
	receive_number(hv, 1);
	close_handle(hv);
	ck_nothing_there(open_bound(0, 0));
}
END_TEST

/* Messages that wait with the host */

START_TEST(messages_for_an_unbound_sint_wait_for_the_bind)
{
	struct hvpost *poster = open_handle(), *hv;

	for (uint64_t number = 1; number <= echo.behind; number++)
		send_number(poster, 0, number);
	hv = open_bound(0, 0);
	for (uint64_t number = 1; number <= echo.behind; number++)
		receive_number(hv, number);
	ck_nothing_there(hv);
}
END_TEST

static const unsigned int small_rings[] = { 1, 2, 3, 8 };
static const unsigned int rounded_up[] = { 1, 2, 4, 8 };

START_TEST(messages_beyond_a_full_ring_wait_and_come_in_order)
{
	struct hvpost *hv = open_bound(0, small_rings[_i]);
	uint64_t kept = rounded_up[_i], number = 0;

	while (number < kept) {
		number++;
		send_and_wait(hv, 0, number, number);
	}
	while (number < kept + echo.behind)
		send_number(hv, 0, ++number);
	ck_assert_uint_eq(counters_of(hv).messages, kept);

	for (uint64_t expected = 1; expected <= number; expected++)
		receive_number(hv, expected);
	ck_nothing_there(hv);
}
END_TEST

START_TEST(a_full_ring_is_a_stall)
{
	struct hvpost *hv = open_bound(0, 1);

	send_and_wait(hv, 0, 1, 1);
	ck_assert_uint_eq(counters_of(hv).stalls, 0);
	send_number(hv, 0, 2);
	while (counters_of(hv).stalls == 0)
		look_again();
	receive_number(hv, 1);
	receive_number(hv, 2);
	ck_assert_uint_eq(counters_of(hv).messages, 2);
}
END_TEST

START_TEST(a_full_ring_of_one_sint_does_not_hold_up_another)
{
	struct hvpost *stalled = open_bound(0, 1), *hv = open_bound(1, 1);

	send_and_wait(stalled, 0, 1, 1);
	send_number(stalled, 0, 2);
	for (uint64_t number = 1; number <= 20; number++) {
		send_number(hv, 1, number);
		receive_number(hv, number);
	}
	receive_number(stalled, 1);
	receive_number(stalled, 2);
}
END_TEST

static void fill_to_the_brim(struct hvpost *hv)
{
	for (uint64_t number = 1; number <= 1 + echo.behind; number++)
		send_number(hv, 0, number);
}

START_TEST(when_ring_slot_and_buffers_are_full_a_post_is_refused)
{
	struct hvpost_post post = post_of(echo.connection, "abc", 3);
	struct hvpost *hv = open_bound(0, 1);
	uint64_t number = 0;

	fill_to_the_brim(hv);
	for (unsigned int times = 0; times < 3; times++)
		ck_post(hv, &post, HVPOST_NOW, -EAGAIN,
			HV_STATUS_INSUFFICIENT_BUFFERS, 1);

	while (number < 1 + echo.behind)
		receive_number(hv, ++number);
	ck_nothing_there(hv);
}
END_TEST

START_TEST(each_message_received_makes_room_for_one_more)
{
	struct hvpost_post post = post_of(echo.connection, "", 0);
	struct hvpost *hv = open_bound(0, 1);

	fill_to_the_brim(hv);
	for (unsigned int times = 0; times < 100; times++) {
		receive(hv);
		/* In a guest an interrupt may still be on its way to see that. */
		send_bytes(hv, 0, "", 0);
		ck_post(hv, &post, HVPOST_NOW, -EAGAIN,
			HV_STATUS_INSUFFICIENT_BUFFERS, 1);
	}
}
END_TEST

static void *send_one_more(void *handle)
{
	send_number(handle, 0, 99);
	return NULL;
}

START_TEST(a_post_that_waits_goes_out_when_the_receiver_makes_room)
{
	struct hvpost *hv = open_bound(0, 1);
	pthread_t poster;

	fill_to_the_brim(hv);
	ck_assert_int_eq(pthread_create(&poster, NULL, send_one_more, hv), 0);
	for (uint64_t number = 1; number <= 1 + echo.behind; number++)
		receive_number(hv, number);
	receive_number(hv, 99);
	pthread_join(poster, NULL);
	ck_nothing_there(hv);
}
END_TEST

/* The descriptor */

START_TEST(the_descriptor_tells_of_messages_and_of_nothing_else)
{
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_message message;

	ck_assert(!is_readable(hv));
	for (unsigned int times = 0; times < 3; times++) {
		send_number(hv, 0, 1);
		while (!is_readable(hv))
			look_again();
		while (!hvpost_receive(hv, &message, HVPOST_NOW))
			;
		ck_assert(!is_readable(hv));
	}
}
END_TEST

/* It may announce less than the library holds, but only until -EAGAIN. */
START_TEST(what_the_descriptor_does_not_announce_comes_before_eagain)
{
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_message message;
	unsigned int received = 0;

	for (uint64_t number = 1; number <= 10; number++)
		send_and_wait(hv, 0, number, number);
	ck_assert(is_readable(hv));
	while (!hvpost_receive(hv, &message, HVPOST_NOW))
		received++;
	ck_assert_uint_eq(received, 10);
	ck_assert(!is_readable(hv));
}
END_TEST

START_TEST(a_bind_that_finds_a_message_makes_the_descriptor_readable)
{
	struct hvpost *hv = open_handle();

	send_number(hv, 0, 1);
	ck_assert(!is_readable(hv));
	ck_assert_int_eq(hvpost_bind(hv, echo.sint, 0), 0);
	while (!is_readable(hv))
		look_again();
	receive_number(hv, 1);
}
END_TEST

/* Counters */

START_TEST(counters_without_a_sint_are_enotconn)
{
	struct hvpost_counters counters;

	ck_assert_int_eq(hvpost_get_counters(open_handle(), &counters,
					     sizeof(counters)), -ENOTCONN);
}
END_TEST

START_TEST(counters_of_no_size_are_einval)
{
	struct hvpost_counters counters;

	ck_assert_int_eq(hvpost_get_counters(open_bound(0, 0), &counters, 0),
			 -EINVAL);
}
END_TEST

START_TEST(counters_fill_no_more_than_the_caller_knows)
{
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_counters counters;

	send_and_wait(hv, 0, 1, 1);
	memset(&counters, 0xa5, sizeof(counters));
	ck_assert_int_eq(hvpost_get_counters(hv, &counters,
					     sizeof(counters.messages)), 0);
	ck_assert_uint_eq(counters.messages, 1);
	ck_assert_uint_eq(counters.interrupts, 0xa5a5a5a5a5a5a5a5);
}
END_TEST

START_TEST(counters_begin_at_0_and_count_since_the_bind)
{
	static const struct hvpost_counters none;

	for (unsigned int times = 0; times < 2; times++) {
		struct hvpost *hv = open_bound(0, 0);
		struct hvpost_counters counters = counters_of(hv);

		ck_assert_mem_eq(&counters, &none, sizeof(none));
		for (uint64_t number = 1; number <= 7; number++)
			send_and_wait(hv, 0, number, number);
		counters = counters_of(hv);
		ck_assert_uint_ge(counters.interrupts, 7);
		ck_assert_uint_eq(counters.empty, 0);
		ck_assert_uint_eq(counters.eoms, 0);
		ck_assert_uint_eq(counters.stalls, 0);
		ck_assert_uint_eq(counters.oversize, 0);
		close_handle(hv);
	}
}
END_TEST

START_TEST(a_message_that_waited_with_the_host_costs_an_eom)
{
	struct hvpost *hv = open_handle();

	send_number(hv, 0, 1);
	send_number(hv, 0, 2);
	ck_assert_int_eq(hvpost_bind(hv, echo.sint, 0), 0);
	wait_taken(hv, 2);
	ck_assert_uint_eq(counters_of(hv).eoms, 1);
}
END_TEST

static void add_binding(Suite *suite)
{
	TCase *binding = add_tcase(suite, "binding");
	TCase *nothing = add_tcase(suite, "nothing to receive");

	tcase_add_loop_test(binding, a_sint_out_of_1_to_15_is_einval, 0,
			    ROWS(sints_out_of_range));
	tcase_add_test(binding, a_ring_of_more_than_4096_records_is_einval);
	tcase_add_test(binding, a_handle_has_one_sint);
	tcase_add_test(binding,
		       a_sint_has_one_handle_and_is_free_after_its_close);
	tcase_add_test(binding,
		       a_handle_whose_bind_failed_may_bind_another_sint);

	tcase_add_test(nothing, without_a_sint_there_is_nothing_to_receive);
	tcase_add_test(nothing, nothing_now_is_eagain);
	tcase_add_test(nothing, nothing_at_the_deadline_is_etimedout);
	tcase_add_loop_test(nothing, a_signal_ends_the_wait_with_eintr, 0,
			    ROWS(signal_flags));
}

static void add_messages(Suite *suite)
{
	TCase *messages = add_tcase(suite, "messages");
	TCase *order = add_tcase(suite, "order");

	tcase_add_test(messages, a_payload_of_every_size_comes_back_as_it_was);
	add_if(messages, echo.payload == HVPOST_PAYLOAD_SIZE_MAX,
	       "its host cannot echo so much (payload=)",
	       a_payload_of_240_bytes_comes_back);
	tcase_add_loop_test(messages, the_lowest_and_the_highest_type_arrive, 0,
			    ROWS(types));
	tcase_add_test(messages,
		       the_time_of_a_message_lies_between_post_and_receive);
	tcase_add_loop_test(messages,
			    each_link_leads_to_its_sint_and_vp_and_has_one_origin,
			    0, LINKS);
	tcase_add_test(messages, one_handle_receives_what_another_posts);
	tcase_add_test(messages, a_message_ends_a_wait_without_end);

	tcase_add_test(order,
		       messages_come_in_order_with_sequences_without_gaps);
	tcase_add_test(order, sequences_begin_at_1_again_with_each_bind);
	tcase_add_test(order, a_close_loses_what_was_not_received);
}

static void add_waiting(Suite *suite)
{
	static const char no_flow[] =
		"a post that its host refuses harms others (flow=)";
	TCase *waiting = add_tcase(suite, "waiting with the host");

	tcase_add_test(waiting, messages_for_an_unbound_sint_wait_for_the_bind);
	tcase_add_loop_test(waiting,
			    messages_beyond_a_full_ring_wait_and_come_in_order,
			    0, ROWS(small_rings));
	tcase_add_test(waiting, a_full_ring_is_a_stall);
	tcase_add_test(waiting,
		       a_full_ring_of_one_sint_does_not_hold_up_another);
	add_if(waiting, echo.flow, no_flow,
	       when_ring_slot_and_buffers_are_full_a_post_is_refused);
	add_if(waiting, echo.flow, no_flow,
	       each_message_received_makes_room_for_one_more);
	add_if(waiting, echo.flow, no_flow,
	       a_post_that_waits_goes_out_when_the_receiver_makes_room);
}

Suite *receiving_suite(void)
{
	Suite *suite = suite_create("receiving");
	TCase *descriptor, *counters;

	add_binding(suite);
	add_messages(suite);
	add_waiting(suite);
	descriptor = add_tcase(suite, "descriptor");
	counters = add_tcase(suite, "counters");

	tcase_add_test(descriptor,
		       the_descriptor_tells_of_messages_and_of_nothing_else);
	tcase_add_test(descriptor,
		       what_the_descriptor_does_not_announce_comes_before_eagain);
	tcase_add_test(descriptor,
		       a_bind_that_finds_a_message_makes_the_descriptor_readable);

	tcase_add_test(counters, counters_without_a_sint_are_enotconn);
	tcase_add_test(counters, counters_of_no_size_are_einval);
	tcase_add_test(counters, counters_fill_no_more_than_the_caller_knows);
	tcase_add_test(counters, counters_begin_at_0_and_count_since_the_bind);
	tcase_add_test(counters,
		       a_message_that_waited_with_the_host_costs_an_eom);
	return suite;
}
