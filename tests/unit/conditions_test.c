// SPDX-License-Identifier: MIT
/* The table of conditions: nothing documented is missing, nothing is doubled. */
#include "conditions.h"

#include <stdbool.h>
#include <string.h>

#include <hvpost/hvpost.h>

#include "suites.h"

/* TLFS and 2.0a: the statuses of each call, each condition of posts apart. */
static const struct {
	uint16_t code;
	uint16_t status;
	unsigned int rows;	/* at least */
} documented[] = {
	{ CALL_INTERFACE, HV_STATUS_SUCCESS, 1 },
	{ CALL_INTERFACE, HV_STATUS_INVALID_HYPERCALL_CODE, 1 },
	{ CALL_INTERFACE, HV_STATUS_INVALID_HYPERCALL_INPUT, 7 },
	{ CALL_INTERFACE, HV_STATUS_INVALID_ALIGNMENT, 3 },

	{ HV_CALL_POST_MESSAGE, HV_STATUS_SUCCESS, 1 },
	{ HV_CALL_POST_MESSAGE, HV_STATUS_INVALID_HYPERCALL_INPUT, 1 },
	{ HV_CALL_POST_MESSAGE, HV_STATUS_INVALID_PARAMETER, 4 },
	{ HV_CALL_POST_MESSAGE, HV_STATUS_ACCESS_DENIED, 1 },
	{ HV_CALL_POST_MESSAGE, HV_STATUS_INVALID_VP_INDEX, 2 },
	{ HV_CALL_POST_MESSAGE, HV_STATUS_INVALID_PORT_ID, 3 },
	{ HV_CALL_POST_MESSAGE, HV_STATUS_INVALID_CONNECTION_ID, 2 },
	{ HV_CALL_POST_MESSAGE, HV_STATUS_INSUFFICIENT_BUFFERS, 1 },
	{ HV_CALL_POST_MESSAGE, HV_STATUS_INVALID_SYNIC_STATE, 4 },

	{ HV_CALL_SIGNAL_EVENT, HV_STATUS_SUCCESS, 1 },
	{ HV_CALL_SIGNAL_EVENT, HV_STATUS_INVALID_PARAMETER, 2 },
	{ HV_CALL_SIGNAL_EVENT, HV_STATUS_ACCESS_DENIED, 1 },
	{ HV_CALL_SIGNAL_EVENT, HV_STATUS_INVALID_VP_INDEX, 2 },
	{ HV_CALL_SIGNAL_EVENT, HV_STATUS_INVALID_PORT_ID, 3 },
	{ HV_CALL_SIGNAL_EVENT, HV_STATUS_INVALID_CONNECTION_ID, 2 },
	{ HV_CALL_SIGNAL_EVENT, HV_STATUS_INVALID_SYNIC_STATE, 6 },

	{ HV_CALL_CREATE_PORT, HV_STATUS_SUCCESS, 2 },
	{ HV_CALL_CREATE_PORT, HV_STATUS_INVALID_HYPERCALL_INPUT, 1 },
	{ HV_CALL_CREATE_PORT, HV_STATUS_INVALID_PARAMETER, 9 },
	{ HV_CALL_CREATE_PORT, HV_STATUS_ACCESS_DENIED, 2 },
	{ HV_CALL_CREATE_PORT, HV_STATUS_INVALID_PARTITION_ID, 3 },
	{ HV_CALL_CREATE_PORT, HV_STATUS_INVALID_PARTITION_STATE, 2 },
	{ HV_CALL_CREATE_PORT, HV_STATUS_INVALID_PORT_ID, 2 },
	{ HV_CALL_CREATE_PORT, HV_STATUS_INVALID_VP_INDEX, 1 },
	{ HV_CALL_CREATE_PORT, HV_STATUS_NO_RESOURCES, 1 },

	{ HV_CALL_DELETE_PORT, HV_STATUS_SUCCESS, 2 },
	{ HV_CALL_DELETE_PORT, HV_STATUS_INVALID_PARAMETER, 1 },
	{ HV_CALL_DELETE_PORT, HV_STATUS_ACCESS_DENIED, 2 },
	{ HV_CALL_DELETE_PORT, HV_STATUS_INVALID_PARTITION_ID, 1 },
	{ HV_CALL_DELETE_PORT, HV_STATUS_INVALID_PARTITION_STATE, 1 },
	{ HV_CALL_DELETE_PORT, HV_STATUS_INVALID_PORT_ID, 2 },

	{ HV_CALL_CONNECT_PORT, HV_STATUS_SUCCESS, 1 },
	{ HV_CALL_CONNECT_PORT, HV_STATUS_INVALID_HYPERCALL_INPUT, 1 },
	{ HV_CALL_CONNECT_PORT, HV_STATUS_INVALID_PARAMETER, 4 },
	{ HV_CALL_CONNECT_PORT, HV_STATUS_ACCESS_DENIED, 2 },
	{ HV_CALL_CONNECT_PORT, HV_STATUS_INVALID_PARTITION_ID, 3 },
	{ HV_CALL_CONNECT_PORT, HV_STATUS_INVALID_PARTITION_STATE, 2 },
	{ HV_CALL_CONNECT_PORT, HV_STATUS_INVALID_CONNECTION_ID, 2 },
	{ HV_CALL_CONNECT_PORT, HV_STATUS_INVALID_PORT_ID, 4 },
	{ HV_CALL_CONNECT_PORT, HV_STATUS_NO_RESOURCES, 1 },

	{ HV_CALL_DISCONNECT_PORT, HV_STATUS_SUCCESS, 2 },
	{ HV_CALL_DISCONNECT_PORT, HV_STATUS_ACCESS_DENIED, 2 },
	{ HV_CALL_DISCONNECT_PORT, HV_STATUS_INVALID_PARTITION_ID, 1 },
	{ HV_CALL_DISCONNECT_PORT, HV_STATUS_INVALID_PARTITION_STATE, 1 },
	{ HV_CALL_DISCONNECT_PORT, HV_STATUS_INVALID_CONNECTION_ID, 2 },

	{ HV_CALL_GET_PORT_PROPERTY, HV_STATUS_SUCCESS, 2 },
	{ HV_CALL_GET_PORT_PROPERTY, HV_STATUS_INVALID_HYPERCALL_INPUT, 1 },
	{ HV_CALL_GET_PORT_PROPERTY, HV_STATUS_INVALID_ALIGNMENT, 2 },
	{ HV_CALL_GET_PORT_PROPERTY, HV_STATUS_ACCESS_DENIED, 2 },
	{ HV_CALL_GET_PORT_PROPERTY, HV_STATUS_INVALID_PARTITION_ID, 1 },
	{ HV_CALL_GET_PORT_PROPERTY, HV_STATUS_INVALID_PORT_ID, 2 },
	{ HV_CALL_GET_PORT_PROPERTY, HV_STATUS_UNKNOWN_PROPERTY, 1 },
};

static unsigned int rows_of(uint16_t code, uint16_t status)
{
	unsigned int rows = 0;

	for (size_t i = 0; i < condition_count; i++)
		rows += conditions[i].code == code &&
			conditions[i].status == status;
	return rows;
}

START_TEST(every_documented_status_has_its_conditions)
{
	ck_assert_uint_ge(rows_of(documented[_i].code, documented[_i].status),
			  documented[_i].rows);
}
END_TEST

START_TEST(no_condition_has_a_status_that_is_not_documented)
{
	for (size_t i = 0; i < condition_count; i++) {
		bool found = false;

		for (int j = 0; j < ROWS(documented); j++)
			found |= documented[j].code == conditions[i].code &&
				 documented[j].status == conditions[i].status;
		ck_assert_msg(found, "%s", conditions[i].text);
	}
}
END_TEST

START_TEST(status_of_a_condition_has_a_name)
{
	for (size_t i = 0; i < condition_count; i++) {
		const char *name = hvpost_status_name(conditions[i].status);
		uint32_t status;

		ck_assert_ptr_nonnull(name);
		ck_assert_int_eq(hvpost_status_find(name, &status), 0);
		ck_assert_uint_eq(status, conditions[i].status);
	}
}
END_TEST

START_TEST(text_of_a_condition_fits_its_column)
{
	for (size_t i = 0; i < condition_count; i++) {
		ck_assert_uint_gt(strlen(conditions[i].text), 0);
		ck_assert_msg(strlen(conditions[i].text) <= CONDITION_TEXT_MAX,
			      "%s", conditions[i].text);
	}
}
END_TEST

START_TEST(text_is_said_once_of_a_call)
{
	for (size_t i = 0; i < condition_count; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_msg(conditions[i].code != conditions[j].code ||
				      strcmp(conditions[i].text,
					     conditions[j].text),
				      "%s", conditions[i].text);
}
END_TEST

START_TEST(conditions_of_a_call_stand_together)
{
	for (size_t i = 0; i + 1 < condition_count; i++)
		for (size_t j = i + 1; j < condition_count; j++)
			ck_assert_msg(conditions[i].code != conditions[j].code ||
				      conditions[j - 1].code ==
				      conditions[i].code,
				      "%s", conditions[j].text);
}
END_TEST

START_TEST(every_condition_belongs_to_a_call)
{
	for (size_t i = 0; i < condition_count; i++)
		ck_assert_ptr_nonnull(call_find(conditions[i].code));
	ck_assert_ptr_null(call_find(0xffff));
}
END_TEST

/* ... or the device target could ask none of them. */
START_TEST(posts_ask_by_the_way_that_all_targets_have)
{
	unsigned int refusals = 0;

	for (size_t i = 0; i < condition_count; i++)
		refusals += conditions[i].status && conditions[i].way <=
			    WAY_POST_UNTIL_FULL;
	ck_assert_uint_ge(refusals, 13);
}
END_TEST

START_TEST(caller_without_privilege_is_who_is_denied)
{
	for (size_t i = 0; i < condition_count; i++)
		if (conditions[i].caller == CALLER_RESTRICTED)
			ck_assert_uint_eq(conditions[i].status,
					  HV_STATUS_ACCESS_DENIED);
}
END_TEST

Suite *conditions_suite(void)
{
	Suite *suite = suite_create("conditions");
	TCase *tcase = tcase_create("conditions");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, every_documented_status_has_its_conditions,
			    0, ROWS(documented));
	tcase_add_test(tcase, no_condition_has_a_status_that_is_not_documented);
	tcase_add_test(tcase, status_of_a_condition_has_a_name);
	tcase_add_test(tcase, text_of_a_condition_fits_its_column);
	tcase_add_test(tcase, text_is_said_once_of_a_call);
	tcase_add_test(tcase, conditions_of_a_call_stand_together);
	tcase_add_test(tcase, every_condition_belongs_to_a_call);
	tcase_add_test(tcase, posts_ask_by_the_way_that_all_targets_have);
	tcase_add_test(tcase, caller_without_privilege_is_who_is_denied);
	return suite;
}
