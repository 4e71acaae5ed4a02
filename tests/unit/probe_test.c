// SPDX-License-Identifier: MIT
/* Probing the embedded machine, which conforms, with callers of all kinds. */
#include "probe.h"

#include <signal.h>
#include <string.h>

#include "suites.h"

static struct prober prober;
static struct finding finding;

static void open_caller(enum caller caller, const char *target)
{
	ck_assert_int_eq(hvpost_open(target, &prober.handle[caller]), 0);
}

/* A prober and nobody else */
static void open_prober(const char *target)
{
	memset(&prober, 0, sizeof(prober));
	prober.base = HVPOST_CONFORMANCE_BASE;
	open_caller(CALLER_PROBER, target);
}

static void look_around(void)
{
	ck_assert_int_eq(prober_look_around(&prober, 1), 0);
}

static void open_all(void)
{
	open_prober("embedded");
	open_caller(CALLER_RESTRICTED, "embedded:partition=restricted");
	open_caller(CALLER_INACTIVE, "embedded:partition=inactive");
	look_around();
}

static void close_all(void)
{
	for (enum caller caller = 0; caller < CALLERS; caller++)
		hvpost_close(prober.handle[caller]);
}

static void ck_passes(const struct condition *condition)
{
	probe(&prober, condition, &finding);
	ck_assert_msg(finding.verdict == VERDICT_PASS,
		      "%s, %s: verdict %d, status 0x%x, %s",
		      call_find(condition->code)->name, condition->text,
		      finding.verdict, finding.got, finding.reason);
	ck_assert_uint_eq(finding.got, condition->status);
	ck_assert_str_eq(finding.reason, "");
}

static const struct condition *find(uint16_t code, const char *text)
{
	for (size_t i = 0; i < condition_count; i++)
		if (conditions[i].code == code &&
		    !strcmp(conditions[i].text, text))
			return &conditions[i];
	ck_abort_msg("no condition '%s'", text);
	return NULL;
}

static void ck_unreachable(const struct condition *condition,
			   const char *reason)
{
	probe(&prober, condition, &finding);
	ck_assert_int_eq(finding.verdict, VERDICT_UNREACHABLE);
	ck_assert_msg(strstr(finding.reason, reason) != NULL, "'%s' lacks '%s'",
		      finding.reason, reason);
}

/* Each in a machine of its own: none lives on what another one left. */
START_TEST(every_condition_passes_alone)
{
	for (size_t i = 0; i < condition_count; i++) {
		open_all();
		ck_passes(&conditions[i]);
		close_all();
	}
}
END_TEST

START_TEST(conditions_pass_in_any_order_and_again)
{
	open_all();
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < condition_count; i++)
			ck_passes(&conditions[i]);
	for (size_t i = condition_count; i-- > 0;)
		ck_passes(&conditions[i]);
	for (size_t i = 0; i < condition_count; i++)
		ck_passes(&conditions[i * 37 % condition_count]);
	close_all();
}
END_TEST

/* What one leaves would be in the way of the other. */
START_TEST(another_prober_finds_nothing_of_the_last_one)
{
	static struct prober first;

	open_all();
	for (size_t i = 0; i < condition_count; i++)
		ck_passes(&conditions[i]);
	first = prober;
	open_all();
	for (size_t i = 0; i < condition_count; i++)
		ck_passes(&conditions[i]);
	close_all();
	prober = first;
	close_all();
}
END_TEST

START_TEST(partitions_are_found)
{
	open_all();
	ck_assert_uint_eq(prober.own, 1);
	ck_assert_uint_gt(prober.peer, 1);
	ck_assert_uint_gt(prober.inactive, 1);
	ck_assert_uint_ne(prober.peer, prober.inactive);
	close_all();
}
END_TEST

/* Callers that are not there, or are others than they should be */

START_TEST(without_a_restricted_target_denials_are_unreachable)
{
	open_prober("embedded");
	look_around();
	ck_unreachable(find(HV_CALL_POST_MESSAGE, "caller lacks PostMessages"),
		       "--restricted");
	ck_unreachable(find(HV_CALL_DELETE_PORT, "caller lacks CreatePort"),
		       "--restricted");
	ck_passes(find(HV_CALL_DELETE_PORT, "port of another partition"));
	close_all();
}
END_TEST

START_TEST(restricted_target_with_the_privilege_is_none)
{
	open_prober("embedded");
	open_caller(CALLER_RESTRICTED, "embedded");
	look_around();
	ck_unreachable(find(HV_CALL_SIGNAL_EVENT, "caller lacks SignalEvents"),
		       "the restricted partition has SignalEvents");
	close_all();
}
END_TEST

START_TEST(prober_without_privilege_is_denied_itself)
{
	open_prober("embedded:partition=restricted");
	look_around();
	ck_passes(find(HV_CALL_POST_MESSAGE, "caller lacks PostMessages"));
	ck_passes(find(HV_CALL_SIGNAL_EVENT, "caller lacks SignalEvents"));
	ck_passes(find(HV_CALL_DISCONNECT_PORT, "caller lacks ConnectPort"));
	ck_unreachable(find(HV_CALL_POST_MESSAGE, "message type 0"),
		       "this partition lacks PostMessages");
	ck_unreachable(find(CALL_INTERFACE, "unknown call code"),
		       "this partition lacks PostMessages");
	close_all();
}
END_TEST

START_TEST(without_an_inactive_target_its_conditions_are_unreachable)
{
	open_prober("embedded");
	open_caller(CALLER_RESTRICTED, "embedded:partition=restricted");
	look_around();
	ck_unreachable(find(HV_CALL_DELETE_PORT, "partition not active"),
		       "--inactive");
	close_all();
}
END_TEST

START_TEST(inactive_target_that_is_active_fails)
{
	open_prober("embedded");
	open_caller(CALLER_INACTIVE, "embedded");
	look_around();
	probe(&prober, find(HV_CALL_DELETE_PORT, "partition not active"),
	      &finding);
	ck_assert_int_eq(finding.verdict, VERDICT_FAIL);
	ck_assert_uint_eq(finding.got, HV_STATUS_INVALID_PORT_ID);
	/* What it made in passing is gone again. */
	for (int i = 0; i < 2; i++) {
		probe(&prober, find(HV_CALL_CREATE_PORT,
				    "port partition not active"), &finding);
		ck_assert_int_eq(finding.verdict, VERDICT_FAIL);
		ck_assert_uint_eq(finding.got, HV_STATUS_SUCCESS);
	}
	close_all();
}
END_TEST

START_TEST(partitions_that_are_not_found_make_conditions_unreachable)
{
	open_prober("embedded");
	ck_assert_int_eq(prober_look_around(&prober, 1000), 0);
	ck_assert_uint_eq(prober.own, 0);
	ck_assert_uint_eq(prober.peer, 0);
	ck_unreachable(find(HV_CALL_CREATE_PORT, "message port"),
		       "the peer partition was not found");
	ck_unreachable(find(HV_CALL_CREATE_PORT, "both partitions the same"),
		       "the prober's own partition was not found");
	ck_unreachable(find(HV_CALL_CONNECT_PORT, "port partition not active"),
		       "the inactive partition was not found");
	ck_unreachable(find(HV_CALL_DISCONNECT_PORT, "connection"),
		       "the peer partition was not found");
	ck_unreachable(find(HV_CALL_CREATE_PORT, "limit of ports reached"),
		       "the peer partition was not found");
	ck_passes(find(HV_CALL_DELETE_PORT, "no such port"));
	close_all();
}
END_TEST

/* A host that was prepared elsewhere, or not at all */
START_TEST(unprepared_host_fails_or_is_unreachable_but_for_what_needs_nothing)
{
	unsigned int verdicts[VERDICTS] = { 0 };

	open_all();
	prober.base = 0x5000;
	look_around();
	for (size_t i = 0; i < condition_count; i++) {
		probe(&prober, &conditions[i], &finding);
		verdicts[finding.verdict]++;
	}
	ck_assert_uint_gt(verdicts[VERDICT_PASS], 20);
	ck_assert_uint_gt(verdicts[VERDICT_FAIL], 20);
	ck_passes(find(HV_CALL_POST_MESSAGE, "no such connection"));
	ck_passes(find(HV_CALL_POST_MESSAGE, "payload of 241 bytes"));
	close_all();
}
END_TEST

/* Bits of the call code: with the first there is no such call, with the other. */
START_TEST(one_wrong_answer_to_many_bits_is_found)
{
	struct condition condition = *find(CALL_INTERFACE, "unknown call code");

	condition.raw.control = HV_CALL_POST_MESSAGE & ~0x40u;
	condition.raw.each_of = 0x40 | 0x01;
	open_all();
	probe(&prober, &condition, &finding);
	ck_assert_int_eq(finding.verdict, VERDICT_FAIL);
	ck_assert_uint_eq(finding.got, HV_STATUS_SUCCESS);
	close_all();
}
END_TEST

START_TEST(signals_wait_only_as_long_as_a_condition)
{
	sigset_t held;

	open_all();
	ck_passes(find(HV_CALL_CREATE_PORT, "limit of ports reached"));
	sigprocmask(SIG_BLOCK, NULL, &held);
	ck_assert_int_eq(sigismember(&held, SIGINT), 0);
	ck_assert_int_eq(sigismember(&held, SIGTERM), 0);
	close_all();
}
END_TEST

Suite *probe_suite(void)
{
	Suite *suite = suite_create("probe");
	TCase *tcase = tcase_create("probe");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, every_condition_passes_alone);
	tcase_add_test(tcase, conditions_pass_in_any_order_and_again);
	tcase_add_test(tcase, another_prober_finds_nothing_of_the_last_one);
	tcase_add_test(tcase, partitions_are_found);
	tcase_add_test(tcase,
		       without_a_restricted_target_denials_are_unreachable);
	tcase_add_test(tcase, restricted_target_with_the_privilege_is_none);
	tcase_add_test(tcase, prober_without_privilege_is_denied_itself);
	tcase_add_test(tcase,
		       without_an_inactive_target_its_conditions_are_unreachable);
	tcase_add_test(tcase, inactive_target_that_is_active_fails);
	tcase_add_test(tcase,
		       partitions_that_are_not_found_make_conditions_unreachable);
	tcase_add_test(tcase,
		       unprepared_host_fails_or_is_unreachable_but_for_what_needs_nothing);
	tcase_add_test(tcase, one_wrong_answer_to_many_bits_is_found);
	tcase_add_test(tcase, signals_wait_only_as_long_as_a_condition);
	return suite;
}
