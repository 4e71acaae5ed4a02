// SPDX-License-Identifier: MIT
/* hvpost.h, section 3: posts, signals, hypercalls. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include <hvpost/hyperv.h>

#include "link.h"
#include "suites.h"

#define PAGE 4096u

/* Posts that come to nothing before the hypervisor sees them */

static const uint32_t sizes_too_large[] = { 241, 256, 0x10000, 0x80000000,
					    UINT32_MAX };

START_TEST(a_payload_of_more_than_240_bytes_is_emsgsize)
{
	static char payload[256];
	struct hvpost_post post = post_of(echo.connection, payload,
					  sizes_too_large[_i]);

	ck_post_refused(open_handle(), &post, -EMSGSIZE);
}
END_TEST

static const uint32_t types_out_of_range[] = { 0, 0x80000000, UINT32_MAX };

START_TEST(a_type_out_of_range_is_einval)
{
	struct hvpost_post post = post_of(echo.connection, "abc", 3);

	post.message_type = types_out_of_range[_i];
	ck_post_refused(open_handle(), &post, -EINVAL);
}
END_TEST

START_TEST(an_unknown_flag_is_einval)
{
	struct hvpost_post post = post_of(echo.connection, "abc", 3);
	struct hvpost *hv = open_handle();

	for (unsigned int bit = 2; bit < 32; bit++) {
		post.flags = 1u << bit;
		ck_post_refused(hv, &post, -EINVAL);
	}
}
END_TEST

START_TEST(a_payload_that_is_not_there_is_efault)
{
	struct hvpost_post post = post_of(echo.connection, NULL, 8);

	ck_post_refused(open_handle(), &post, -EFAULT);
}
END_TEST

START_TEST(a_refusal_before_the_call_forgets_the_last_status)
{
	struct hvpost_post post = post_of(echo.unknown, "abc", 3);
	struct hvpost *hv = open_handle();

	ck_post(hv, &post, HVPOST_NOW, -ENOTCONN,
		HV_STATUS_INVALID_CONNECTION_ID, 1);
	post.message_type = 0;
	ck_post_refused(hv, &post, -EINVAL);
}
END_TEST

/* Posts that arrive */

START_TEST(a_post_leaves_its_status_and_attempts)
{
	struct hvpost_post post = post_of(echo.connection, "abc", 3);
	struct hvpost *hv = open_bound(0, 0);

	ck_post(hv, &post, HVPOST_NOW, 0, HV_STATUS_SUCCESS, 1);
	receive(hv);
}
END_TEST

START_TEST(a_payload_is_not_read_past_its_end)
{
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_message message;
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(pages, MAP_FAILED);
	memset(pages, 'x', PAGE);
	ck_assert_int_eq(munmap(pages + PAGE, PAGE), 0);
	send_bytes(hv, 0, pages + PAGE - 5, 5);
	message = receive(hv);
	ck_assert_uint_eq(message.payload_size, 5);
	ck_assert_mem_eq(message.payload, "xxxxx", 5);
	munmap(pages, PAGE);
}
END_TEST

START_TEST(a_post_without_payload_needs_none)
{
	struct hvpost *hv = open_bound(0, 0);

	send_bytes(hv, 0, NULL, 0);
	ck_assert_uint_eq(receive(hv).payload_size, 0);
}
END_TEST

/* Posts that a host refuses for good */

START_TEST(an_unknown_connection_is_enotconn_at_the_first_try)
{
	struct hvpost_post post = post_of(echo.unknown, "abc", 3);

	ck_post(open_handle(), &post, HVPOST_NEVER, -ENOTCONN,
		HV_STATUS_INVALID_CONNECTION_ID, 1);
}
END_TEST

/* How many tries there are in a time is the scheduler's to say: give more of it. */
START_TEST(an_unknown_connection_is_waited_out_if_asked)
{
	struct hvpost_post post = post_of(echo.unknown, "abc", 3);
	struct hvpost *hv = open_handle();
	unsigned int ms = 20;

	post.flags = HVPOST_RETRY_CONNECTION;
	do {
		uint64_t deadline_ns = hvpost_deadline_in_ms(ms);

		ck_assert_int_eq(hvpost_post(hv, &post, deadline_ns),
				 -ETIMEDOUT);
		ck_assert_uint_ge(now_ns(), deadline_ns);
		ck_assert_uint_eq(hvpost_last_status(hv),
				  HV_STATUS_INVALID_CONNECTION_ID);
		ms *= 2;
	} while (hvpost_last_attempts(hv) < 2);
}
END_TEST

START_TEST(an_unknown_connection_without_time_is_eagain_if_asked)
{
	struct hvpost_post post = post_of(echo.unknown, "abc", 3);

	post.flags = HVPOST_RETRY_CONNECTION;
	ck_post(open_handle(), &post, HVPOST_NOW, -EAGAIN,
		HV_STATUS_INVALID_CONNECTION_ID, 1);
}
END_TEST

/* Posts that a host refuses for now */

START_TEST(a_full_port_without_time_is_eagain_after_one_try)
{
	struct hvpost_post post = post_of(echo.stuck, "abc", 3);
	struct hvpost *hv = open_handle();

	fill_stuck(hv);
	ck_post(hv, &post, HVPOST_NOW, -EAGAIN, HV_STATUS_INSUFFICIENT_BUFFERS,
		1);
}
END_TEST

START_TEST(a_full_port_at_the_deadline_is_etimedout)
{
	struct hvpost_post post = post_of(echo.stuck, "abc", 3);
	struct hvpost *hv = open_handle();
	uint64_t deadline_ns;

	fill_stuck(hv);
	deadline_ns = hvpost_deadline_in_ms(100);
	ck_assert_int_eq(hvpost_post(hv, &post, deadline_ns), -ETIMEDOUT);
	ck_assert_uint_ge(now_ns(), deadline_ns);
	ck_assert_uint_eq(hvpost_last_status(hv),
			  HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_ge(hvpost_last_attempts(hv), 2);
}
END_TEST

START_TEST(a_deadline_long_past_still_gives_one_try)
{
	struct hvpost_post post = post_of(echo.stuck, "abc", 3);
	struct hvpost *hv = open_handle();

	fill_stuck(hv);
	ck_post(hv, &post, 1, -ETIMEDOUT, HV_STATUS_INSUFFICIENT_BUFFERS, 1);
}
END_TEST

static const int signal_flags[] = { 0, SA_RESTART };

/* Also if the handler asks for calls to be restarted. */
START_TEST(a_signal_ends_a_post_that_waits_with_eintr)
{
	struct hvpost_post post = post_of(echo.stuck, "abc", 3);
	struct hvpost *hv = open_handle();

	fill_stuck(hv);
	start_signals(signal_flags[_i]);
	ck_assert_int_eq(hvpost_post(hv, &post, HVPOST_NEVER), -EINTR);
	stop_signals();
	ck_assert_uint_eq(hvpost_last_status(hv),
			  HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_ge(hvpost_last_attempts(hv), 1);
}
END_TEST

START_TEST(a_post_that_waited_leaves_the_signal_mask_alone)
{
	struct hvpost_post post = post_of(echo.stuck, "abc", 3);
	struct hvpost *hv = open_handle();
	sigset_t before, after;

	fill_stuck(hv);
	sigprocmask(SIG_SETMASK, NULL, &before);
	ck_assert_int_eq(hvpost_post(hv, &post, hvpost_deadline_in_ms(1)),
			 -ETIMEDOUT);
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int number = 1; number < NSIG; number++)
		ck_assert_int_eq(sigismember(&after, number),
				 sigismember(&before, number));
}
END_TEST

/* Posts that the library is not to check */

START_TEST(an_unchecked_size_is_the_hypervisors_to_refuse)
{
	static char payload[HVPOST_PAYLOAD_SIZE_MAX];
	struct hvpost_post post = post_of(echo.unknown, payload,
					  sizes_too_large[_i]);
	struct hvpost *hv = open_handle();

	post.flags = HVPOST_UNCHECKED;
	ck_assert_int_eq(hvpost_post(hv, &post, HVPOST_NOW), -EINVAL);
	ck_assert_uint_ne(hvpost_last_status(hv), HVPOST_NO_STATUS);
	ck_assert_uint_eq(hvpost_last_attempts(hv), 1);
}
END_TEST

START_TEST(an_unchecked_type_is_the_hypervisors_to_refuse)
{
	struct hvpost_post post = post_of(echo.unknown, "abc", 3);
	struct hvpost *hv = open_handle();

	post.message_type = types_out_of_range[_i];
	post.flags = HVPOST_UNCHECKED;
	ck_assert_int_lt(hvpost_post(hv, &post, HVPOST_NOW), 0);
	ck_assert_uint_ne(hvpost_last_status(hv), HVPOST_NO_STATUS);
	ck_assert_uint_eq(hvpost_last_attempts(hv), 1);
}
END_TEST

START_TEST(an_unchecked_post_in_range_arrives_like_any_other)
{
	struct hvpost_post post = post_of(echo.connection, "abc", 3);
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_message message;

	post.flags = HVPOST_UNCHECKED;
	ck_assert_int_eq(hvpost_post(hv, &post, HVPOST_NOW), 0);
	message = receive(hv);
	ck_assert_uint_eq(message.message_type, TYPE);
	ck_assert_uint_eq(message.payload_size, 3);
	ck_assert_mem_eq(message.payload, "abc", 3);
}
END_TEST

/* Signals */

START_TEST(a_flag_over_2047_is_einval)
{
	struct hvpost *hv = open_handle();

	ck_assert_int_eq(hvpost_signal(hv, echo.unknown, 2048), -EINVAL);
	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
	ck_assert_int_eq(hvpost_signal(hv, echo.unknown, UINT32_MAX), -EINVAL);
	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
	/* Hosts differ in what they say to this one. */
	ck_assert_int_lt(hvpost_signal(hv, echo.unknown, 2047), 0);
	ck_assert_uint_ne(hvpost_last_status(hv), HVPOST_NO_STATUS);
}
END_TEST

START_TEST(a_signal_to_an_unknown_connection_is_enotconn)
{
	struct hvpost *hv = open_handle();

	ck_assert_int_eq(hvpost_signal(hv, echo.unknown, 0), -ENOTCONN);
	ck_assert_uint_eq(hvpost_last_status(hv),
			  HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(a_signal_is_taken_any_number_of_times)
{
	struct hvpost *hv = open_bound(0, 0);

	for (uint32_t flag = 0; flag < 2048; flag += 89) {
		for (unsigned int times = 0; times < 3; times++) {
			ck_assert_int_eq(hvpost_signal(hv, echo.event, flag),
					 0);
			ck_assert_uint_eq(hvpost_last_status(hv),
					  HV_STATUS_SUCCESS);
		}
	}
	ck_nothing_there(hv);
}
END_TEST

/* Hypercalls */

START_TEST(a_hypercall_with_too_much_memory_is_einval)
{
	static char memory[HVPOST_HYPERCALL_MEMORY_MAX + 1];
	struct hvpost *hv = open_handle();
	struct hvpost_call call = {
		.control = HV_CALL_POST_MESSAGE,
		.memory = memory,
		.memory_size = sizeof(memory),
	};
	uint64_t result;

	ck_assert_int_eq(hvpost_hypercall(hv, &call, &result), -EINVAL);
	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
}
END_TEST

START_TEST(a_hypercall_with_a_size_and_no_memory_is_einval)
{
	struct hvpost_call call = {
		.control = HV_CALL_POST_MESSAGE,
		.input = 8,
		.memory_size = HVPOST_HYPERCALL_MEMORY_MAX,
	};
	struct hvpost *hv = open_handle();
	uint64_t result;

	ck_assert_int_eq(hvpost_hypercall(hv, &call, &result), -EINVAL);
	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
}
END_TEST

START_TEST(a_hypercall_is_eopnotsupp_where_there_is_none)
{
	struct hvpost_call call = { .control = HV_CALL_POST_MESSAGE };
	struct hvpost *hv = open_handle();
	uint64_t result;

	ck_assert_int_eq(hvpost_hypercall(hv, &call, &result), -EOPNOTSUPP);
	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
}
END_TEST

START_TEST(a_hypercall_gives_the_result_word)
{
	struct hvpost_call call = { .control = 0x3fff };
	struct hvpost *hv = open_handle();
	uint64_t result = 1;

	ck_assert_int_eq(hvpost_hypercall(hv, &call, &result), 0);
	ck_assert_uint_eq(result, HV_STATUS_INVALID_HYPERCALL_CODE);
	ck_assert_uint_eq(hvpost_last_status(hv),
			  HV_STATUS_INVALID_HYPERCALL_CODE);
	ck_assert_uint_eq(hvpost_last_attempts(hv), 1);
}
END_TEST

/* errno */

START_TEST(no_call_touches_errno)
{
	struct hvpost_post post = post_of(echo.unknown, "abc", 3);
	struct hvpost_post stuck = post_of(echo.stuck, "abc", 3);
	struct hvpost_message message;
	struct hvpost_info info;
	struct hvpost *hv, *other;

	other = open_handle();
	fill_stuck(other);
	errno = EXFULL;
	hv = open_bound(0, 1);
	hvpost_bind(hv, echo.sint, 0);
	hvpost_bind(other, 0, 0);
	hvpost_post(hv, &post, HVPOST_NOW);
	hvpost_post(hv, &stuck, hvpost_deadline_in_ms(1));
	hvpost_signal(hv, echo.unknown, 0);
	hvpost_receive(hv, &message, HVPOST_NOW);
	hvpost_receive(hv, &message, hvpost_deadline_in_ms(1));
	hvpost_receive(other, &message, HVPOST_NOW);
	hvpost_get_info(hv, &info, sizeof(info));
	send_number(hv, 0, 1);
	receive_number(hv, 1);
	close_handle(hv);
	ck_assert_int_eq(errno, EXFULL);
}
END_TEST

/* Several at once */

#define MANY 8u

/* Numbered posts over link 0. */
static void number_posts(struct hvpost_post *posts, uint64_t *numbers)
{
	for (unsigned int i = 0; i < MANY; i++) {
		numbers[i] = i + 1;
		posts[i] = post_of(echo.connection, &numbers[i],
				   sizeof(numbers[i]));
	}
}

START_TEST(many_posts_arrive_in_their_order)
{
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_post posts[MANY];
	uint64_t numbers[MANY];

	number_posts(posts, numbers);
	ck_assert_int_eq(hvpost_post_many(hv, posts, MANY,
					  hvpost_deadline_in_ms(PATIENCE_MS)),
			 MANY);
	ck_assert_uint_eq(hvpost_last_status(hv), HV_STATUS_SUCCESS);
	for (unsigned int i = 0; i < MANY; i++)
		receive_number(hv, numbers[i]);
	ck_nothing_there(hv);
}
END_TEST

START_TEST(many_posts_end_at_the_first_that_fails)
{
	struct hvpost *hv = open_bound(0, 0);
	struct hvpost_post posts[MANY];
	uint64_t numbers[MANY];

	number_posts(posts, numbers);
	posts[1].connection_id = echo.unknown;
	ck_assert_int_eq(hvpost_post_many(hv, posts, MANY,
					  hvpost_deadline_in_ms(PATIENCE_MS)),
			 1);
	ck_assert_uint_eq(hvpost_last_status(hv),
			  HV_STATUS_INVALID_CONNECTION_ID);
	receive_number(hv, numbers[0]);
	ck_nothing_there(hv);
}
END_TEST

START_TEST(many_posts_of_which_the_first_fails_are_its_error)
{
	struct hvpost_post posts[MANY];
	struct hvpost *hv = open_bound(0, 0);
	uint64_t numbers[MANY];

	number_posts(posts, numbers);
	posts[0].connection_id = echo.unknown;
	ck_assert_int_eq(hvpost_post_many(hv, posts, MANY, HVPOST_NOW),
			 -ENOTCONN);
	ck_assert_uint_eq(hvpost_last_status(hv),
			  HV_STATUS_INVALID_CONNECTION_ID);
	posts[0] = post_of(echo.connection, numbers, 241);
	ck_assert_int_eq(hvpost_post_many(hv, posts, MANY, HVPOST_NOW),
			 -EMSGSIZE);
	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
	ck_nothing_there(hv);
}
END_TEST

START_TEST(many_posts_to_a_full_port_are_eagain)
{
	struct hvpost_post posts[MANY];
	struct hvpost *hv = open_handle();

	for (unsigned int i = 0; i < MANY; i++)
		posts[i] = post_of(echo.stuck, "", 0);
	fill_stuck(hv);
	ck_assert_int_eq(hvpost_post_many(hv, posts, MANY, HVPOST_NOW),
			 -EAGAIN);
	ck_assert_int_eq(hvpost_post_many(hv, posts, MANY,
					  hvpost_deadline_in_ms(20)),
			 -ETIMEDOUT);
	ck_assert_uint_eq(hvpost_last_status(hv),
			  HV_STATUS_INSUFFICIENT_BUFFERS);
}
END_TEST

START_TEST(no_posts_at_all_are_einval)
{
	struct hvpost_post post = post_of(echo.connection, "", 0);

	ck_assert_int_eq(hvpost_post_many(open_handle(), &post, 0, HVPOST_NOW),
			 -EINVAL);
}
END_TEST

static void add_many(Suite *suite)
{
	TCase *many = add_tcase(suite, "several at once");

	tcase_add_test(many, no_posts_at_all_are_einval);
	tcase_add_test(many, many_posts_end_at_the_first_that_fails);
	tcase_add_test(many, many_posts_of_which_the_first_fails_are_its_error);
	tcase_add_test(many, many_posts_to_a_full_port_are_eagain);
	add_if(many, echo.flow, "too many in flight (flow=)",
	       many_posts_arrive_in_their_order);
}

static void add_posts(Suite *suite)
{
	TCase *refused = add_tcase(suite, "refused before the call");
	TCase *arriving = add_tcase(suite, "arriving");
	TCase *unchecked = add_tcase(suite, "unchecked");

	tcase_add_loop_test(refused,
			    a_payload_of_more_than_240_bytes_is_emsgsize, 0,
			    ROWS(sizes_too_large));
	tcase_add_loop_test(refused, a_type_out_of_range_is_einval, 0,
			    ROWS(types_out_of_range));
	tcase_add_test(refused, an_unknown_flag_is_einval);
	tcase_add_test(refused, a_payload_that_is_not_there_is_efault);
	tcase_add_test(refused,
		       a_refusal_before_the_call_forgets_the_last_status);

	tcase_add_test(arriving, a_post_leaves_its_status_and_attempts);
	tcase_add_test(arriving, a_payload_is_not_read_past_its_end);
	tcase_add_test(arriving, a_post_without_payload_needs_none);
	tcase_add_test(arriving, no_call_touches_errno);

	tcase_add_loop_test(unchecked,
			    an_unchecked_size_is_the_hypervisors_to_refuse, 0,
			    ROWS(sizes_too_large));
	tcase_add_loop_test(unchecked,
			    an_unchecked_type_is_the_hypervisors_to_refuse, 0,
			    ROWS(types_out_of_range));
	tcase_add_test(unchecked,
		       an_unchecked_post_in_range_arrives_like_any_other);
}

static void add_refusals(Suite *suite)
{
	TCase *lasting = add_tcase(suite, "refused for good");
	TCase *passing = add_tcase(suite, "refused for now");

	tcase_add_test(lasting,
		       an_unknown_connection_is_enotconn_at_the_first_try);
	tcase_add_test(lasting, an_unknown_connection_is_waited_out_if_asked);
	tcase_add_test(lasting,
		       an_unknown_connection_without_time_is_eagain_if_asked);

	tcase_add_test(passing,
		       a_full_port_without_time_is_eagain_after_one_try);
	tcase_add_test(passing, a_full_port_at_the_deadline_is_etimedout);
	tcase_add_test(passing, a_deadline_long_past_still_gives_one_try);
	tcase_add_loop_test(passing,
			    a_signal_ends_a_post_that_waits_with_eintr, 0,
			    ROWS(signal_flags));
	tcase_add_test(passing,
		       a_post_that_waited_leaves_the_signal_mask_alone);
}

Suite *posting_suite(void)
{
	Suite *suite = suite_create("posting");
	TCase *events, *hypercalls;

	add_posts(suite);
	add_many(suite);
	add_refusals(suite);
	events = add_tcase(suite, "signals");
	hypercalls = add_tcase(suite, "hypercalls");

	tcase_add_test(events, a_flag_over_2047_is_einval);
	tcase_add_test(events, a_signal_to_an_unknown_connection_is_enotconn);
	add_if(events, echo.event, "no event connection (event=)",
	       a_signal_is_taken_any_number_of_times);

	tcase_add_test(hypercalls, a_hypercall_with_too_much_memory_is_einval);
	tcase_add_test(hypercalls,
		       a_hypercall_with_a_size_and_no_memory_is_einval);
	add_if(hypercalls, !echo.hypercalls, "it has hypercalls (hypercalls=)",
	       a_hypercall_is_eopnotsupp_where_there_is_none);
	add_if(hypercalls, echo.hypercalls, "it has none (hypercalls=)",
	       a_hypercall_gives_the_result_word);
	return suite;
}
