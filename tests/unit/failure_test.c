// SPDX-License-Identifier: MIT
/* How what went wrong becomes an exit status, a code, and words that help. */
#include "failure.h"

#include <errno.h>
#include <string.h>

#include "suites.h"

#define NONE HVPOST_NO_STATUS

static const struct {
	int error;
	uint32_t status;
	int exit;
} exits[] = {
	{ 0, 0, EXIT_DONE },
	{ 0, NONE, EXIT_DONE },
	{ -ENOENT, NONE, EXIT_LOCAL },
	{ -EPERM, NONE, EXIT_LOCAL },
	{ -EBUSY, NONE, EXIT_LOCAL },
	{ -EMSGSIZE, NONE, EXIT_LOCAL },
	{ -EINTR, NONE, EXIT_LOCAL },
	{ -EINTR, 0x13, EXIT_LOCAL },
	{ -ENOTCONN, 0x12, EXIT_REFUSED },
	{ -EINVAL, 0x05, EXIT_REFUSED },
	{ -EAGAIN, 0x13, EXIT_REFUSED },
	{ -EIO, 0xffff, EXIT_REFUSED },
	{ -ETIMEDOUT, 0x13, EXIT_TIMED_OUT },
	{ -ETIMEDOUT, 0x78, EXIT_TIMED_OUT },
	{ -ETIMEDOUT, NONE, EXIT_TIMED_OUT },
};

START_TEST(exit_status_follows_from_errno_and_status)
{
	ck_assert_int_eq(exit_status_of(exits[_i].error, exits[_i].status),
			 exits[_i].exit);
}
END_TEST

START_TEST(exit_statuses_are_the_promised_numbers)
{
	ck_assert_int_eq(EXIT_DONE, 0);
	ck_assert_int_eq(EXIT_LOCAL, 1);
	ck_assert_int_eq(EXIT_REFUSED, 2);
	ck_assert_int_eq(EXIT_TIMED_OUT, 3);
}
END_TEST

static const struct {
	const char *target;
	int error;
	const char *code;
	const char *text;
	const char *hint;
} opens[] = {
	{ "device", -ENOENT, "no-device", "/dev/hvpost", "modprobe hvpost" },
	{ "device", -ENOENT, "no-device", "/dev/hvpost", "insmod build/driver" },
	{ "device", -ENOENT, "no-device", "/dev/hvpost", "install-driver" },
	{ "device", -ENOENT, "no-device", "/dev/hvpost", "--target embedded" },
	{ "device:/dev/x", -ENODEV, "no-device", "/dev/x", "dmesg" },
	{ "device", -EACCES, "no-permission", "Permission", "sudo" },
	{ "device", -EACCES, "no-permission", "Permission", "adduser USER hvpost" },
	{ "device:/dev/null", -EPROTO, "not-hvpost",
	  "/dev/null is not an hvpost device", "/dev/hvpost" },
	{ "nonsense", -EINVAL, "bad-target", "'nonsense'", "device:PATH" },
	{ "devices:x", -EINVAL, "bad-target", "'devices:x'", "embedded" },
	{ "embedded:x", -EINVAL, "bad-target", "'embedded:x'",
	  "embedded:partition=" },
	{ "host", -EINVAL, "bad-target", "'host'", "host:SOCKET" },
	{ "host:", -EINVAL, "bad-target", "'host:'", "host:SOCKET" },
	{ "host:/s,partition=a", -ENOENT, "no-host",
	  "cannot attach to hvhost at /s: No such", "hvhost run --socket" },
	{ "host:/s", -ECONNREFUSED, "no-host", "at /s: ", "hvhost run" },
	{ "host:/s", -EACCES, "no-permission", "at /s: ", "--allow-user" },
	{ "host:/s", -EBUSY, "busy", "at /s: ", "partition=NAME" },
	{ "host:/s", -ENOSPC, "busy", "at /s: ", "--max-clients" },
	{ "host:/s", -EPROTO, "not-hvhost", "at /s: ", "another version" },
	{ "host:/s", -ETIMEDOUT, "not-hvhost", "at /s: ", "another version" },
};

START_TEST(target_that_does_not_open_says_what_to_do)
{
	struct failure failure =
		failure_of_open(opens[_i].target, opens[_i].error);

	ck_assert_int_eq(failure.exit, EXIT_LOCAL);
	ck_assert_str_eq(failure.code, opens[_i].code);
	ck_assert_ptr_nonnull(strstr(failure.text, opens[_i].text));
	ck_assert_ptr_nonnull(failure.hint);
	ck_assert_ptr_nonnull(strstr(failure.hint, opens[_i].hint));
}
END_TEST

START_TEST(any_other_error_of_open_is_local)
{
	struct failure failure = failure_of_open("device", -ENOMEM);

	ck_assert_int_eq(failure.exit, EXIT_LOCAL);
	ck_assert_str_eq(failure.code, "local");
	ck_assert_str_eq(failure.text,
			 "cannot open /dev/hvpost: Cannot allocate memory");
	failure = failure_of_open("embedded:partition=guest", -EMFILE);
	ck_assert_str_eq(failure.text, "cannot open embedded:partition=guest: "
				       "Too many open files");
}
END_TEST

static const struct {
	int error;
	const char *code;
	const char *text;
} binds[] = {
	{ -EBUSY, "busy", "SINT 6 is in use" },
	{ -EPERM, "needs-admin", "SINT 6 belongs to VMBus" },
	{ -ENOSPC, "no-vector", "no interrupt vector is left for SINT 6" },
	{ -EDQUOT, "over-quota", "the ring for SINT 6 is over this user's quota" },
	{ -EINVAL, "local", "cannot receive from SINT 6: Invalid argument" },
};

START_TEST(sint_that_does_not_bind_says_why)
{
	struct failure failure = failure_of_bind(6, binds[_i].error);

	ck_assert_int_eq(failure.exit, EXIT_LOCAL);
	ck_assert_str_eq(failure.code, binds[_i].code);
	ck_assert_str_eq(failure.text, binds[_i].text);
}
END_TEST

START_TEST(sint_that_is_taken_away_says_by_whom)
{
	struct failure failure = failure_of_receive(2, -ENODEV);

	ck_assert_int_eq(failure.exit, EXIT_LOCAL);
	ck_assert_str_eq(failure.code, "taken-away");
	ck_assert_str_eq(failure.text, "SINT 2 was taken away");
	ck_assert_ptr_nonnull(strstr(failure.hint, "hv_vmbus"));
	failure = failure_of_receive(6, -ENODEV);
	ck_assert_str_eq(failure.text, "SINT 6 was taken away");
	ck_assert_ptr_nonnull(strstr(failure.hint, "hvhost has ended"));
	failure = failure_of_receive(6, -EIO);
	ck_assert_str_eq(failure.code, "local");
	ck_assert_str_eq(failure.text, "waiting at SINT 6: Input/output error");
}
END_TEST

static const struct hvpost_post post = {
	.connection_id = 0x10,
	.payload_size = 300,
};

START_TEST(refused_post_names_status_number_and_meaning)
{
	struct failure failure = failure_of_post(&post, -ENOTCONN, 0x12);

	ck_assert_int_eq(failure.exit, EXIT_REFUSED);
	ck_assert_str_eq(failure.code, "refused");
	ck_assert_uint_eq(failure.status, 0x12);
	ck_assert_str_eq(failure.text,
			 "connection 0x10: the hypervisor refused: "
			 "HV_STATUS_INVALID_CONNECTION_ID (0x12): this "
			 "partition has no connection with that id; some hosts "
			 "also say so to slow a sender down");
	ck_assert_ptr_nonnull(strstr(failure.hint, "--retry-connection"));
}
END_TEST

START_TEST(refusal_with_an_unknown_status_says_so)
{
	struct failure failure = failure_of_post(&post, -EIO, 0x7777);

	ck_assert_int_eq(failure.exit, EXIT_REFUSED);
	ck_assert_ptr_nonnull(strstr(failure.text, "unknown status (0x7777)"));
}
END_TEST

START_TEST(post_that_ran_out_of_time_names_the_last_status)
{
	struct failure failure = failure_of_post(&post, -ETIMEDOUT, 0x13);

	ck_assert_int_eq(failure.exit, EXIT_TIMED_OUT);
	ck_assert_str_eq(failure.code, "timed-out");
	ck_assert_ptr_nonnull(
		strstr(failure.text, "HV_STATUS_INSUFFICIENT_BUFFERS (0x13)"));
}
END_TEST

START_TEST(post_that_a_signal_ended_is_no_refusal)
{
	struct failure failure = failure_of_post(&post, -EINTR, 0x13);

	ck_assert_int_eq(failure.exit, EXIT_LOCAL);
	ck_assert_str_eq(failure.code, "interrupted");
	ck_assert_uint_eq(failure.status, NONE);
	ck_assert_str_eq(failure.text, "connection 0x10: stopped by a signal, "
				       "the message is not posted");
	ck_assert_ptr_null(failure.hint);
}
END_TEST

START_TEST(payload_that_is_too_long_says_both_sizes)
{
	struct failure failure = failure_of_post(&post, -EMSGSIZE, NONE);

	ck_assert_int_eq(failure.exit, EXIT_LOCAL);
	ck_assert_str_eq(failure.code, "too-long");
	ck_assert_str_eq(failure.text, "payload is 300 bytes; one message "
				       "carries at most 240");
}
END_TEST

static const struct {
	int error;
	const char *code;
	const char *hint;
} connections[] = {
	{ -EPERM, "needs-admin", "CAP_SYS_ADMIN" },
	{ -EBUSY, "busy", "hv_vmbus" },
	{ -EACCES, "not-allowed", "parameters/allow" },
	{ -EAGAIN, "over-quota", "parameters/posts_per_second" },
	{ -EOPNOTSUPP, "no-privilege", "hvpost info" },
	{ -ENODEV, "taken-away", "hvhost has ended" },
};

START_TEST(connection_that_the_driver_denies_says_what_to_do)
{
	struct failure posted =
		failure_of_post(&post, connections[_i].error, NONE);
	struct failure signalled =
		failure_of_signal(0x10, connections[_i].error, NONE);

	ck_assert_int_eq(posted.exit, EXIT_LOCAL);
	ck_assert_str_eq(posted.code, connections[_i].code);
	ck_assert_ptr_nonnull(strstr(posted.hint, connections[_i].hint));
	ck_assert_str_eq(signalled.code, connections[_i].code);
}
END_TEST

START_TEST(quota_that_gives_no_turn_in_time_is_timed_out)
{
	struct failure failure = failure_of_post(&post, -ETIMEDOUT, NONE);

	ck_assert_int_eq(failure.exit, EXIT_TIMED_OUT);
	ck_assert_str_eq(failure.code, "over-quota");
}
END_TEST

START_TEST(refused_signal_names_the_status)
{
	struct failure failure = failure_of_signal(0x11, -ENETDOWN, 0x18);

	ck_assert_int_eq(failure.exit, EXIT_REFUSED);
	ck_assert_ptr_nonnull(
		strstr(failure.text, "HV_STATUS_INVALID_SYNIC_STATE (0x18)"));
}
END_TEST

START_TEST(no_failure_says_success)
{
	for (int error = 1; error < 134; error++) {
		struct failure failure = failure_of("thing", -error);

		ck_assert_ptr_null(strstr(failure.text, "Success"));
		ck_assert_int_eq(failure.exit == EXIT_DONE, 0);
	}
}
END_TEST

Suite *failure_suite(void)
{
	Suite *suite = suite_create("failure");
	TCase *tcase = tcase_create("failure");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, exit_status_follows_from_errno_and_status, 0,
			    ROWS(exits));
	tcase_add_test(tcase, exit_statuses_are_the_promised_numbers);
	tcase_add_loop_test(tcase, target_that_does_not_open_says_what_to_do, 0,
			    ROWS(opens));
	tcase_add_test(tcase, any_other_error_of_open_is_local);
	tcase_add_loop_test(tcase, sint_that_does_not_bind_says_why, 0,
			    ROWS(binds));
	tcase_add_test(tcase, sint_that_is_taken_away_says_by_whom);
	tcase_add_test(tcase, refused_post_names_status_number_and_meaning);
	tcase_add_test(tcase, refusal_with_an_unknown_status_says_so);
	tcase_add_test(tcase, post_that_ran_out_of_time_names_the_last_status);
	tcase_add_test(tcase, post_that_a_signal_ended_is_no_refusal);
	tcase_add_test(tcase, payload_that_is_too_long_says_both_sizes);
	tcase_add_loop_test(tcase,
			    connection_that_the_driver_denies_says_what_to_do,
			    0, ROWS(connections));
	tcase_add_test(tcase, quota_that_gives_no_turn_in_time_is_timed_out);
	tcase_add_test(tcase, refused_signal_names_the_status);
	tcase_add_test(tcase, no_failure_says_success);
	return suite;
}
