// SPDX-License-Identifier: MIT
/* The library against a host that answers as hvhost never should. */
#include <errno.h>
#include <string.h>

#include <hvpost/hyperv.h>

#include "daemon.h"
#include "fake_host.h"
#include "suites.h"

static struct hvpost *open_at_fake_host(void)
{
	fake_host_start();
	return open_as("a");
}

static void close_at_fake_host(struct hvpost *handle)
{
	hvpost_close(handle);
	fake_host_stop();
}

static int post_three(struct hvpost *handle)
{
	const struct hvpost_post post = {
		.connection_id = 0x10, .message_type = 1,
	};

	return hvpost_post_many(handle, (struct hvpost_post[]){
			post, post, post,
		}, 3, HVPOST_NOW);
}

START_TEST(a_call_that_is_refused_with_a_fault_is_no_success)
{
	struct hvpost *handle;

	fake_host.error = -EPERM;
	handle = open_at_fake_host();
	ck_assert_int_eq(post_number(handle, 0x10, 1, HVPOST_NOW), -EPERM);
	ck_assert_uint_eq(hvpost_last_status(handle), HVPOST_NO_STATUS);
	ck_assert_int_eq(post_three(handle), -EPERM);
	ck_assert_int_eq(hvpost_signal(handle, 0x10, 1), -EPERM);
	close_at_fake_host(handle);
}
END_TEST

START_TEST(of_several_those_in_front_of_a_fault_were_posted)
{
	struct hvpost *handle;

	fake_host.error = -EPERM;
	fake_host.good_calls = 2;
	handle = open_at_fake_host();
	ck_assert_int_eq(post_three(handle), 2);
	ck_assert_int_eq(post_three(handle), -EPERM);
	close_at_fake_host(handle);
}
END_TEST

START_TEST(an_error_that_is_none_is_a_broken_protocol)
{
	struct hvpost *handle;

	fake_host.error = 1;
	handle = open_at_fake_host();
	ck_assert_int_eq(post_number(handle, 0x10, 1, HVPOST_NOW), -EPROTO);
	ck_assert_int_eq(post_three(handle), -EPROTO);
	close_at_fake_host(handle);
}
END_TEST

/* It would be readable for ever, and who waits for it never sleep. */
START_TEST(who_waits_for_room_gives_up_a_listener_that_has_ended)
{
	struct hvpost *handle;

	fake_host.result = HV_STATUS_INSUFFICIENT_BUFFERS;
	handle = open_at_fake_host();
	while (__atomic_load_n(&fake_host.listeners, __ATOMIC_RELAXED) < 2)
		ck_assert_int_eq(post_number(handle, 0x10, 1,
					     hvpost_deadline_in_ms(100)),
				 -ETIMEDOUT);
	close_at_fake_host(handle);
}
END_TEST

START_TEST(memory_that_could_shrink_under_us_is_refused)
{
	struct hvpost *handle;

	fake_host.leaves_memory_unsealed = true;
	fake_host_start();
	ck_assert_int_eq(hvpost_open(target_of("a"), &handle), -EPROTO);
	fake_host_stop();
}
END_TEST

static void forget(void)
{
	memset(&fake_host, 0, sizeof(fake_host));
}

Suite *host_suite(void)
{
	Suite *suite = suite_create("host");
	TCase *tcase = add_tcase(suite, "a bad one");

	tcase_add_checked_fixture(tcase, forget, NULL);
	tcase_add_test(tcase, a_call_that_is_refused_with_a_fault_is_no_success);
	tcase_add_test(tcase, of_several_those_in_front_of_a_fault_were_posted);
	tcase_add_test(tcase, an_error_that_is_none_is_a_broken_protocol);
	tcase_add_test(tcase,
		       who_waits_for_room_gives_up_a_listener_that_has_ended);
	tcase_add_test(tcase, memory_that_could_shrink_under_us_is_refused);
	return suite;
}
