// SPDX-License-Identifier: MIT
/* hvpost.h, section 4: what a bind may wish for besides messages, and filters. */
#include <errno.h>
#include <string.h>

#include <hvpost/hyperv.h>

#include "link.h"
#include "suites.h"

#define ALL_ORIGINS .origin = 0, .origin_mask = 0

static struct hvpost *open_with(uint32_t flags, unsigned int records)
{
	const struct hvpost_bind wish = {
		.sint = echo.sint, .ring_records = records, .flags = flags,
	};
	struct hvpost *hv = open_handle();

	ck_assert_int_eq(hvpost_bind_with(hv, &wish), 0);
	return hv;
}

static void signal_flag(struct hvpost *hv, uint32_t flag)
{
	ck_assert_int_eq(hvpost_signal(hv, echo.event, flag), 0);
}

static void receive_event(struct hvpost *hv, uint32_t flag)
{
	const struct hvpost_message message = receive(hv);

	ck_assert_uint_eq(message.flags, HVPOST_MESSAGE_EVENT);
	ck_assert_uint_eq(message.origin, flag);
	ck_assert_uint_eq(message.message_type, 0);
	ck_assert_uint_eq(message.payload_size, 0);
	ck_assert_uint_eq(message.sint, echo.sint);
}

/* The target took @count events out of the page since the bind. */
static void wait_events(struct hvpost *hv, uint64_t count)
{
	while (counters_of(hv).events < count)
		look_again();
}

/* Wishes */

START_TEST(an_unknown_flag_of_a_bind_is_einval)
{
	struct hvpost_bind wish = { .sint = echo.sint };
	struct hvpost *hv = open_handle();

	for (unsigned int bit = 3; bit < 32; bit++) {
		wish.flags = 1u << bit;
		ck_assert_int_eq(hvpost_bind_with(hv, &wish), -EINVAL);
	}
	wish.flags = 0;
	ck_assert_int_eq(hvpost_bind_with(hv, &wish), 0);
}
END_TEST

START_TEST(a_shared_sint_is_of_the_device_alone)
{
	const struct hvpost_bind wish = {
		.sint = echo.sint, .flags = HVPOST_SHARED,
	};
	const int error = strncmp(echo.target, "device", 6) ? -EOPNOTSUPP : 0;

	ck_assert_int_eq(hvpost_bind_with(open_handle(), &wish), error);
	ck_assert_int_eq(hvpost_bind_with(open_handle(), &wish), error);
}
END_TEST

/* Events */

START_TEST(a_signal_is_received_as_an_event)
{
	struct hvpost *hv = open_with(HVPOST_WITH_EVENTS, 0);
	static const uint32_t flags[] = { 0, 1, 63, 64, 2047 };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		signal_flag(hv, flags[i]);
		receive_event(hv, flags[i]);
	}
	ck_nothing_there(hv);
	ck_assert_uint_eq(counters_of(hv).events, 5);
	ck_assert_uint_eq(counters_of(hv).messages, 0);
	ck_assert_uint_eq(counters_of(hv).empty, 0);
}
END_TEST

START_TEST(a_flag_that_was_taken_may_be_signalled_again)
{
	struct hvpost *hv = open_with(HVPOST_WITH_EVENTS, 0);

	for (uint64_t i = 1; i <= 20; i++) {
		signal_flag(hv, 5);
		wait_events(hv, i);
	}
	for (unsigned int i = 0; i < 20; i++)
		receive_event(hv, 5);
	ck_nothing_there(hv);
}
END_TEST

START_TEST(messages_and_events_have_one_sequence)
{
	struct hvpost *hv = open_with(HVPOST_WITH_EVENTS, 0);

	for (uint64_t i = 1; i <= 6; i++) {
		if (i % 2)
			send_bytes(hv, 0, "m", 1);
		else
			signal_flag(hv, 9);
		while (counters_of(hv).messages + counters_of(hv).events < i)
			look_again();
	}
	for (uint64_t i = 1; i <= 6; i++) {
		const struct hvpost_message message = receive(hv);

		ck_assert_uint_eq(message.sequence, i);
		ck_assert_uint_eq(message.flags,
				  i % 2 ? 0 : HVPOST_MESSAGE_EVENT);
	}
}
END_TEST

START_TEST(signals_gather_in_a_flag_that_finds_no_room)
{
	struct hvpost *hv = open_with(HVPOST_WITH_EVENTS, 1);

	signal_flag(hv, 1);
	wait_events(hv, 1);
	for (unsigned int i = 0; i < 3; i++)
		signal_flag(hv, 2);
	receive_event(hv, 1);
	receive_event(hv, 2);
	ck_nothing_there(hv);
	ck_assert_uint_ge(counters_of(hv).stalls, 1);
}
END_TEST

static const unsigned int ring_sizes[] = { 1, 8, 64, 4096 };

START_TEST(every_flag_of_the_page_is_received_once)
{
	struct hvpost *hv = open_with(HVPOST_WITH_EVENTS, ring_sizes[_i]);
	bool seen[HV_EVENT_FLAG_COUNT] = { false };

	for (uint32_t flag = 0; flag < HV_EVENT_FLAG_COUNT; flag++)
		signal_flag(hv, flag);
	for (uint32_t i = 0; i < HV_EVENT_FLAG_COUNT; i++) {
		const struct hvpost_message message = receive(hv);

		ck_assert_uint_lt(message.origin, HV_EVENT_FLAG_COUNT);
		ck_assert(!seen[message.origin]);
		seen[message.origin] = true;
	}
	ck_nothing_there(hv);
}
END_TEST

START_TEST(flags_that_nobody_wanted_are_there_for_who_binds_events)
{
	struct hvpost *deaf, *hv;

	/* So that the machine, or the partition, is the same all the time */
	open_handle();
	deaf = open_bound(0, 0);
	signal_flag(deaf, 7);
	signal_flag(deaf, 7);
	ck_nothing_there(deaf);
	ck_assert_uint_eq(counters_of(deaf).events, 0);
	close_handle(deaf);
	hv = open_with(HVPOST_WITH_EVENTS, 0);
	receive_event(hv, 7);
	ck_nothing_there(hv);
}
END_TEST

/* Filters */

static void send_type(struct hvpost *hv, uint32_t type)
{
	struct hvpost_post post = post_of(echo.connection, "", 0);

	post.message_type = type;
	/* Some hosts see only a little later that a slot is free again. */
	ck_assert_int_eq(hvpost_post(hv, &post,
				     hvpost_deadline_in_ms(PATIENCE_MS)), 0);
}

/* All @count that came were taken or filtered. */
static void wait_settled(struct hvpost *hv, uint64_t count)
{
	while (counters_of(hv).messages + counters_of(hv).filtered < count)
		look_again();
}

START_TEST(only_types_of_a_rule_are_received)
{
	static const struct hvpost_rule rules[] = {
		{ .type_min = 2, .type_max = 3, ALL_ORIGINS },
		{ .type_min = 7, .type_max = 7, ALL_ORIGINS },
	};
	struct hvpost *hv = open_handle();

	ck_assert_int_eq(hvpost_set_filter(hv, rules, 2), 0);
	ck_assert_int_eq(hvpost_bind(hv, echo.sint, 0), 0);
	for (uint32_t type = 1; type <= 8; type++) {
		send_type(hv, type);
		wait_settled(hv, type);
	}
	ck_assert_uint_eq(receive(hv).message_type, 2);
	ck_assert_uint_eq(receive(hv).message_type, 3);
	ck_assert_uint_eq(receive(hv).message_type, 7);
	ck_nothing_there(hv);
	ck_assert_uint_eq(counters_of(hv).messages, 3);
	ck_assert_uint_eq(counters_of(hv).filtered, 5);
}
END_TEST

START_TEST(what_is_filtered_has_no_sequence_and_needs_no_room)
{
	static const struct hvpost_rule rule = {
		.type_min = 2, .type_max = 2, ALL_ORIGINS,
	};
	struct hvpost *hv = open_handle();

	ck_assert_int_eq(hvpost_set_filter(hv, &rule, 1), 0);
	ck_assert_int_eq(hvpost_bind(hv, echo.sint, 1), 0);
	send_type(hv, 2);
	wait_settled(hv, 1);
	for (uint64_t i = 2; i < 40; i++) {
		send_type(hv, 1);
		wait_settled(hv, i);
	}
	ck_assert_uint_eq(counters_of(hv).stalls, 0);
	ck_assert_uint_eq(receive(hv).sequence, 1);
	send_type(hv, 2);
	ck_assert_uint_eq(receive(hv).sequence, 2);
}
END_TEST

START_TEST(only_origins_of_a_rule_are_received)
{
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_rule rule = {
		.type_max = UINT32_MAX, .origin_mask = UINT64_MAX,
	};

	send_number(hv, 0, 1);
	rule.origin = receive(hv).origin + (uint64_t)_i;
	close_handle(hv);

	hv = open_handle();
	ck_assert_int_eq(hvpost_set_filter(hv, &rule, 1), 0);
	ck_assert_int_eq(hvpost_bind(hv, echo.sint, 0), 0);
	send_number(hv, 0, 2);
	wait_settled(hv, 1);
	ck_assert_uint_eq(counters_of(hv).filtered, (uint64_t)_i);
}
END_TEST

START_TEST(events_pass_a_filter_by_type_0_and_their_flag)
{
	static const struct hvpost_rule rule = {
		.type_min = 0, .type_max = 0,
		.origin = 0x10, .origin_mask = 0xfff0,
	};
	const struct hvpost_bind wish = {
		.sint = echo.sint, .flags = HVPOST_WITH_EVENTS,
	};
	struct hvpost *hv = open_handle();

	ck_assert_int_eq(hvpost_set_filter(hv, &rule, 1), 0);
	ck_assert_int_eq(hvpost_bind_with(hv, &wish), 0);
	signal_flag(hv, 0x0f);
	signal_flag(hv, 0x1f);
	signal_flag(hv, 0x20);
	send_bytes(hv, 0, "m", 1);
	receive_event(hv, 0x1f);
	while (counters_of(hv).filtered < 3)
		look_again();
	ck_nothing_there(hv);
}
END_TEST

START_TEST(a_filter_is_set_before_the_bind)
{
	struct hvpost *hv = open_bound(0, 0);

	ck_assert_int_eq(hvpost_set_filter(hv, NULL, 0), -EBUSY);
}
END_TEST

START_TEST(a_filter_may_be_taken_back_before_the_bind)
{
	static const struct hvpost_rule rule = {
		.type_min = 1, .type_max = 1, ALL_ORIGINS,
	};
	struct hvpost *hv = open_handle();

	ck_assert_int_eq(hvpost_set_filter(hv, &rule, 1), 0);
	ck_assert_int_eq(hvpost_set_filter(hv, NULL, 0), 0);
	ck_assert_int_eq(hvpost_bind(hv, echo.sint, 0), 0);
	send_number(hv, 0, 3);
	receive_number(hv, 3);
}
END_TEST

START_TEST(a_filter_that_cannot_be_is_einval)
{
	static const struct hvpost_rule many[HVPOST_RULES_MAX + 1];
	static const struct hvpost_rule backwards = {
		.type_min = 2, .type_max = 1, ALL_ORIGINS,
	};
	static const struct hvpost_rule unmasked = {
		.type_max = 1, .origin = 3, .origin_mask = 1,
	};
	struct hvpost *hv = open_handle();

	ck_assert_int_eq(hvpost_set_filter(hv, many, HVPOST_RULES_MAX + 1),
			 -EINVAL);
	ck_assert_int_eq(hvpost_set_filter(hv, many, UINT32_MAX), -EINVAL);
	ck_assert_int_eq(hvpost_set_filter(hv, many, HVPOST_RULES_MAX), 0);
	ck_assert_int_eq(hvpost_set_filter(hv, &backwards, 1), -EINVAL);
	ck_assert_int_eq(hvpost_set_filter(hv, &unmasked, 1), -EINVAL);
}
END_TEST

static void add_events(Suite *suite)
{
	TCase *events = add_tcase(suite, "events");
	static const char reason[] = "no event connection (event=)";

	add_if(events, echo.event, reason, a_signal_is_received_as_an_event);
	add_if(events, echo.event, reason,
	       a_flag_that_was_taken_may_be_signalled_again);
	add_if(events, echo.event, reason,
	       messages_and_events_have_one_sequence);
	add_if(events, echo.event, reason,
	       signals_gather_in_a_flag_that_finds_no_room);
	add_loop_if(events, echo.event, reason,
		    every_flag_of_the_page_is_received_once, ROWS(ring_sizes));
	add_if(events, echo.event, reason,
	       flags_that_nobody_wanted_are_there_for_who_binds_events);
	add_if(events, echo.event, reason,
	       events_pass_a_filter_by_type_0_and_their_flag);
}

Suite *wish_suite(void)
{
	Suite *suite = suite_create("wishes");
	TCase *wishes = add_tcase(suite, "wishes");
	TCase *filters = add_tcase(suite, "filters");

	tcase_add_test(wishes, an_unknown_flag_of_a_bind_is_einval);
	tcase_add_test(wishes, a_shared_sint_is_of_the_device_alone);
	add_events(suite);
	tcase_add_test(filters, only_types_of_a_rule_are_received);
	tcase_add_test(filters,
		       what_is_filtered_has_no_sequence_and_needs_no_room);
	tcase_add_loop_test(filters, only_origins_of_a_rule_are_received, 0, 2);
	tcase_add_test(filters, a_filter_is_set_before_the_bind);
	tcase_add_test(filters, a_filter_may_be_taken_back_before_the_bind);
	tcase_add_test(filters, a_filter_that_cannot_be_is_einval);
	return suite;
}
