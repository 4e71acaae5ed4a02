// SPDX-License-Identifier: MIT
/*
 * hvpost conform on a fake device: a host that answers as it should, hosts that
 * do not, and drivers that let nothing through.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "captured.h"
#include "conditions.h"
#include "fake_device.h"
#include "suites.h"

#define BASE	HVPOST_CONFORMANCE_BASE

static unsigned int queued;
/* The condition that this host answers wrongly, and how; NULL: none. */
static const char *wrong_text;
static __u32 wrong_status;

static __u32 answer(const struct condition *condition)
{
	if (wrong_text && !strcmp(condition->text, wrong_text))
		return wrong_status;
	if (condition->way == WAY_POST_UNTIL_FULL && ++queued <= 17)
		return HV_STATUS_SUCCESS;
	return condition->status;
}

static __u32 post_status(const struct hvpost_ioc_post *post)
{
	ck_assert_uint_eq(post->flags, HVPOST_POST_UNCHECKED);
	ck_assert(post->deadline_ns == HVPOST_DEADLINE_NONE);
	for (size_t i = 0; i < condition_count; i++)
		if (conditions[i].way <= WAY_POST_UNTIL_FULL &&
		    conditions[i].caller == CALLER_PROBER &&
		    post->connection_id == BASE + conditions[i].connection_id &&
		    post->message_type == conditions[i].message_type &&
		    post->payload_size == conditions[i].payload_size)
			return answer(&conditions[i]);
	ck_abort_msg("nobody asked for this post");
	return 0;
}

static __u32 signal_status(const struct hvpost_ioc_signal *signal)
{
	for (size_t i = 0; i < condition_count; i++)
		if (conditions[i].way == WAY_SIGNAL &&
		    conditions[i].caller == CALLER_PROBER &&
		    signal->connection_id ==
			    BASE + conditions[i].connection_id &&
		    signal->flag_number == conditions[i].flag_number)
			return answer(&conditions[i]);
	ck_abort_msg("nobody asked for this signal");
	return 0;
}

static void create_world(void)
{
	fake_device_create();
	setenv("HVPOST_TARGET", fake.target, 1);
	fake.info.privileges_high = HV_POST_MESSAGES | HV_SIGNAL_EVENTS;
	fake.post_status = post_status;
	fake.signal_status = signal_status;
	queued = 0;
	wrong_text = NULL;
}

static void remove_world(void)
{
	unsetenv("HVPOST_TARGET");
	fake_device_remove();
}

static bool is_asked(const struct condition *condition)
{
	return condition->way <= WAY_SIGNAL &&
	       condition->caller == CALLER_PROBER;
}

static unsigned int asked(void)
{
	unsigned int count = 0;

	for (size_t i = 0; i < condition_count; i++)
		count += is_asked(&conditions[i]);
	return count;
}

static void ck_summary(unsigned int pass, unsigned int fail,
		       unsigned int unreachable)
{
	char line[128];

	snprintf(line, sizeof(line),
		 "\n%zu conditions: %u pass, %u fail, %u unreachable\n",
		 condition_count, pass, fail, unreachable);
	ck_assert_msg(strstr(out, line) != NULL, "'%s' lacks '%s'", out, line);
}

static unsigned int rest(void)
{
	return (unsigned int)condition_count - asked();
}

START_TEST(conforming_host_passes_what_a_device_can_ask)
{
	ck_assert_int_eq(run(&command_conform, ""), EXIT_DONE);
	ck_assert_str_eq(complaint, "");
	ck_assert_uint_gt(asked(), 35);
	ck_summary(asked(), 0, rest());
	ck_assert_ptr_nonnull(strstr(out, " unreachable: this target issues no "
				     "calls of a program's own\n"));
	ck_assert_ptr_nonnull(strstr(out, "2 unreachable: this partition has "
				     "the privilege; --restricted names one "
				     "without\n"));
}
END_TEST

START_TEST(one_wrong_answer_is_a_failure_and_exit_status_2)
{
	wrong_text = "target VP gone";
	wrong_status = HV_STATUS_INVALID_PORT_ID;
	ck_assert_int_eq(run(&command_conform, ""), EXIT_REFUSED);
	ck_assert_ptr_nonnull(strstr(out,
		"  target VP gone                         INVALID_VP_INDEX"
		"        INVALID_PORT_ID         fail\n"));
	/* Of posts and of signals */
	ck_summary(asked() - 2, 2, rest());
}
END_TEST

/* Each by itself: no row passes whatever the host answers. */
START_TEST(every_wrong_answer_is_found)
{
	for (size_t i = 0; i < condition_count; i++) {
		if (!is_asked(&conditions[i]))
			continue;
		wrong_text = conditions[i].text;
		wrong_status = conditions[i].status == HV_STATUS_NO_DATA ?
				       0 : HV_STATUS_NO_DATA;
		queued = 0;
		ck_assert_int_eq(run(&command_conform, ""), EXIT_REFUSED);
		ck_assert_ptr_null(strstr(out, " 0 fail"));
	}
}
END_TEST

START_TEST(status_without_a_name_is_shown_as_a_number)
{
	wrong_text = "last flag";
	wrong_status = 0x4321;
	ck_assert_int_eq(run(&command_conform, ""), EXIT_REFUSED);
	ck_assert_ptr_nonnull(strstr(out, " 0x4321                  fail\n"));
}
END_TEST

START_TEST(port_that_never_fills_fails_after_a_bound)
{
	wrong_text = "port's buffers all in use";
	wrong_status = HV_STATUS_SUCCESS;
	ck_assert_int_eq(run(&command_conform, ""), EXIT_REFUSED);
	ck_summary(asked() - 1, 1, rest());
	ck_assert_uint_gt(fake.posts, 65535);
	ck_assert_uint_lt(fake.posts, 80000);
}
END_TEST

START_TEST(full_port_may_be_full_already)
{
	queued = 17;
	ck_assert_int_eq(run(&command_conform, ""), EXIT_DONE);
	ck_summary(asked(), 0, rest());
}
END_TEST

static struct json_object *row_of(struct json_object *object,
				  const char *call, const char *text)
{
	struct json_object *list = json_object_object_get(object, "conditions");

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *row = json_object_array_get_idx(list, i);

		if (!strcmp(json_text(row, "call"), call) &&
		    !strcmp(json_text(row, "condition"), text))
			return row;
	}
	ck_abort_msg("no row '%s'", text);
	return NULL;
}

START_TEST(failure_and_what_cannot_be_reached_are_json_too)
{
	struct json_object *object, *row;

	wrong_text = "port is for events";
	wrong_status = HV_STATUS_INVALID_CONNECTION_ID;
	ck_assert_int_eq(run(&command_conform, "--json"), EXIT_REFUSED);
	ck_assert_ptr_eq(strchr(out, '\n') + 1, out + strlen(out));
	object = parse_last_line();
	ck_assert_str_eq(json_text(object, "target"), fake.target);
	row = row_of(object, "HvCallPostMessage", "port is for events");
	ck_assert_str_eq(json_text(row, "status"), "HV_STATUS_INVALID_PORT_ID");
	ck_assert_str_eq(json_text(row, "expected"), "17");
	ck_assert_str_eq(json_text(row, "got"), "18");
	ck_assert_str_eq(json_text(row, "result"), "fail");
	ck_assert_ptr_null(json_text(row, "reason"));

	row = row_of(object, "HvCallCreatePort", "target SINT 0");
	ck_assert_str_eq(json_text(row, "expected"), "5");
	ck_assert(json_object_object_get_ex(row, "got", NULL));
	ck_assert_ptr_null(json_text(row, "got"));
	ck_assert_str_eq(json_text(row, "result"), "unreachable");
	ck_assert_str_eq(json_text(row, "reason"),
			 "this target issues no calls of a program's own");
	json_object_put(object);
}
END_TEST

START_TEST(partition_without_signals_is_not_asked_for_them)
{
	fake.info.privileges_high = HV_POST_MESSAGES;
	ck_assert_int_eq(run(&command_conform, ""), EXIT_REFUSED);
	ck_assert_ptr_nonnull(strstr(out, " unreachable: this partition lacks "
				     "SignalEvents\n"));
}
END_TEST

/* Drivers that know no unchecked posts */
START_TEST(what_the_driver_refuses_is_unreachable)
{
	fake.post_status = NULL;
	fake.signal_status = NULL;
	fake.attempts = 0;
	fake.post_errno = EINVAL;
	fake.signal_errno = EPERM;
	ck_assert_int_eq(run(&command_conform, ""), EXIT_LOCAL);
	ck_summary(0, 0, (unsigned int)condition_count);
	ck_assert_ptr_nonnull(strstr(out, " unreachable: refused before the "
				     "host was asked: Invalid argument\n"));
	ck_assert_ptr_nonnull(strstr(out, " unreachable: refused before the "
				     "host was asked: Operation not "
				     "permitted\n"));
	ck_assert_ptr_nonnull(strstr(complaint, "hvpost conform: no condition "
						"could be reached"));
}
END_TEST

START_TEST(nothing_reached_is_one_object_all_the_same)
{
	struct json_object *object;

	fake.info.privileges_high = 0;
	fake.post_status = NULL;
	fake.signal_status = NULL;
	fake.attempts = 0;
	fake.post_errno = EINVAL;
	fake.signal_errno = EINVAL;
	ck_assert_int_eq(run(&command_conform, "--json"), EXIT_LOCAL);
	ck_assert_ptr_eq(strchr(out, '\n') + 1, out + strlen(out));
	object = parse_last_line();
	ck_assert_ptr_null(json_object_object_get(object, "error"));
	json_object_put(object);
}
END_TEST

START_TEST(target_that_tells_nothing_of_itself_is_an_error)
{
	fake.info_errno = EIO;
	ck_assert_int_eq(run(&command_conform, ""), EXIT_LOCAL);
	ck_assert_str_eq(out, "");
	ck_assert_str_ne(complaint, "");
}
END_TEST

START_TEST(restricted_target_is_asked_to_be_denied)
{
	char line[128];

	/* It has the privilege, as it is the same device. */
	snprintf(line, sizeof(line), "--restricted %s", fake.target);
	ck_assert_int_eq(run(&command_conform, line), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(out, "1 unreachable: the restricted "
				     "partition has PostMessages\n"));
}
END_TEST

static __u32 deny_post(const struct hvpost_ioc_post *post)
{
	(void)post;
	return HV_STATUS_ACCESS_DENIED;
}

START_TEST(restricted_target_may_be_denied_what_cpuid_claims)
{
	char line[128];

	fake.post_status = deny_post;
	snprintf(line, sizeof(line), "--json --restricted %s", fake.target);
	ck_assert_int_eq(run(&command_conform, line), EXIT_REFUSED);
	ck_assert_ptr_nonnull(strstr(out, "\"condition\":\"caller lacks "
				     "PostMessages\",\"expected\":6,\"got\":6,"
				     "\"result\":\"pass\""));
}
END_TEST

START_TEST(other_target_that_does_not_open_is_an_error)
{
	ck_assert_int_eq(run(&command_conform, "--restricted device:/dev/null"),
			 EXIT_LOCAL);
	ck_assert_int_eq(run(&command_conform, "--inactive device:/dev/null"),
			 EXIT_LOCAL);
	ck_assert_str_eq(out, "");
}
END_TEST

Suite *conform_suite(void)
{
	Suite *suite = suite_create("conform");
	TCase *tcase = tcase_create("conform");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, create_world, remove_world);
	tcase_add_test(tcase, conforming_host_passes_what_a_device_can_ask);
	tcase_add_test(tcase, one_wrong_answer_is_a_failure_and_exit_status_2);
	tcase_add_test(tcase, every_wrong_answer_is_found);
	tcase_add_test(tcase, status_without_a_name_is_shown_as_a_number);
	tcase_add_test(tcase, port_that_never_fills_fails_after_a_bound);
	tcase_add_test(tcase, full_port_may_be_full_already);
	tcase_add_test(tcase, failure_and_what_cannot_be_reached_are_json_too);
	tcase_add_test(tcase, partition_without_signals_is_not_asked_for_them);
	tcase_add_test(tcase, what_the_driver_refuses_is_unreachable);
	tcase_add_test(tcase, nothing_reached_is_one_object_all_the_same);
	tcase_add_test(tcase, target_that_tells_nothing_of_itself_is_an_error);
	tcase_add_test(tcase, restricted_target_is_asked_to_be_denied);
	tcase_add_test(tcase, restricted_target_may_be_denied_what_cpuid_claims);
	tcase_add_test(tcase, other_target_that_does_not_open_is_an_error);
	return suite;
}
