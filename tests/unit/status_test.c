// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include <hvpost/hvpost.h>
#include <hvpost/hyperv_status.h>

#include "suites.h"

START_TEST(statuses_are_listed_in_ascending_order)
{
	uint32_t last, status;

	ck_assert_int_eq(hvpost_status_at(0, &last), 0);
	for (size_t i = 1; !hvpost_status_at(i, &status); i++) {
		ck_assert_uint_lt(last, status);
		last = status;
	}
}
END_TEST

START_TEST(list_of_statuses_ends_with_enoent)
{
	uint32_t status;
	size_t count = 0;

	while (!hvpost_status_at(count, &status))
		count++;
	ck_assert_uint_gt(count, 50);
	ck_assert_int_eq(hvpost_status_at(count, &status), -ENOENT);
	ck_assert_int_eq(hvpost_status_at(SIZE_MAX, &status), -ENOENT);
}
END_TEST

START_TEST(every_listed_status_has_a_name_of_its_own)
{
	uint32_t status, other;

	for (size_t i = 0; !hvpost_status_at(i, &status); i++) {
		ck_assert_ptr_nonnull(hvpost_status_name(status));
		for (size_t j = 0; j < i && !hvpost_status_at(j, &other); j++)
			ck_assert_str_ne(hvpost_status_name(status),
					 hvpost_status_name(other));
	}
}
END_TEST

START_TEST(every_listed_status_has_a_meaning)
{
	uint32_t status;

	for (size_t i = 0; !hvpost_status_at(i, &status); i++) {
		const char *meaning = hvpost_status_meaning(status);

		ck_assert_ptr_nonnull(meaning);
		ck_assert_uint_gt(strlen(meaning), 10);
		ck_assert_ptr_null(strchr(meaning, '\n'));
	}
}
END_TEST

START_TEST(every_listed_refusal_has_an_errno_value)
{
	uint32_t status;

	ck_assert_int_eq(hvpost_status_errno(HV_STATUS_SUCCESS), 0);
	for (size_t i = 1; !hvpost_status_at(i, &status); i++)
		ck_assert_int_lt(hvpost_status_errno(status), 0);
}
END_TEST

/* What HvCallPostMessage is documented to answer, and the hypercall layer. */
static const struct {
	uint32_t status;
	int error;
	const char *name;
} post_statuses[] = {
	{ 0x00, 0, "HV_STATUS_SUCCESS" },
	{ 0x02, EOPNOTSUPP, "HV_STATUS_INVALID_HYPERCALL_CODE" },
	{ 0x03, EINVAL, "HV_STATUS_INVALID_HYPERCALL_INPUT" },
	{ 0x04, EINVAL, "HV_STATUS_INVALID_ALIGNMENT" },
	{ 0x05, EINVAL, "HV_STATUS_INVALID_PARAMETER" },
	{ 0x06, EACCES, "HV_STATUS_ACCESS_DENIED" },
	{ 0x08, EPERM, "HV_STATUS_OPERATION_DENIED" },
	{ 0x0b, ENOMEM, "HV_STATUS_INSUFFICIENT_MEMORY" },
	{ 0x0e, ENXIO, "HV_STATUS_INVALID_VP_INDEX" },
	{ 0x11, ECONNRESET, "HV_STATUS_INVALID_PORT_ID" },
	{ 0x12, ENOTCONN, "HV_STATUS_INVALID_CONNECTION_ID" },
	{ 0x13, EAGAIN, "HV_STATUS_INSUFFICIENT_BUFFERS" },
	{ 0x18, ENETDOWN, "HV_STATUS_INVALID_SYNIC_STATE" },
	{ 0x78, ETIMEDOUT, "HV_STATUS_TIMEOUT" },
};

START_TEST(status_of_a_post_has_its_documented_name_and_errno)
{
	uint32_t status = post_statuses[_i].status;

	ck_assert_str_eq(hvpost_status_name(status), post_statuses[_i].name);
	ck_assert_int_eq(hvpost_status_errno(status), -post_statuses[_i].error);
}
END_TEST

START_TEST(unknown_status_has_neither_name_nor_meaning)
{
	ck_assert_ptr_null(hvpost_status_name(0x0f));
	ck_assert_ptr_null(hvpost_status_meaning(0x0f));
	ck_assert_ptr_null(hvpost_status_name(0x10000));
	ck_assert_ptr_null(hvpost_status_name(HVPOST_NO_STATUS));
}
END_TEST

START_TEST(unknown_status_is_an_io_error)
{
	ck_assert_int_eq(hvpost_status_errno(0x0f), -EIO);
	ck_assert_int_eq(hvpost_status_errno(0xffff), -EIO);
}
END_TEST

START_TEST(only_buffers_and_timeout_are_transient)
{
	uint32_t status;

	for (size_t i = 0; !hvpost_status_at(i, &status); i++)
		ck_assert_int_eq(hvpost_status_is_transient(status),
				 status == 0x13 || status == 0x33 ||
					 status == 0x78);
	ck_assert_int_eq(hvpost_status_is_transient(0xffff), 0);
}
END_TEST

START_TEST(every_listed_status_is_found_by_its_name)
{
	uint32_t status, found;

	for (size_t i = 0; !hvpost_status_at(i, &status); i++) {
		ck_assert_int_eq(hvpost_status_find(hvpost_status_name(status),
						    &found),
				 0);
		ck_assert_uint_eq(found, status);
	}
}
END_TEST

static const char *const spellings[] = {
	"HV_STATUS_INVALID_CONNECTION_ID", "INVALID_CONNECTION_ID",
	"invalid_connection_id",           "hv_status_invalid_connection_id",
	"Hv_Status_Invalid_Connection_Id",
};

START_TEST(name_is_found_in_any_case_with_or_without_prefix)
{
	uint32_t status;

	ck_assert_int_eq(hvpost_status_find(spellings[_i], &status), 0);
	ck_assert_uint_eq(status, 0x12);
}
END_TEST

static const char *const not_names[] = {
	"",
	"HV_STATUS_",
	"NO_SUCH",
	"INSUFFICIENT",
	"INSUFFICIENT_BUFFERS ",
	"STATUS_SUCCESS",
};

START_TEST(name_that_is_none_is_not_found)
{
	uint32_t status;

	ck_assert_int_eq(hvpost_status_find(not_names[_i], &status), -ENOENT);
}
END_TEST

Suite *status_suite(void)
{
	Suite *suite = suite_create("status");
	TCase *tcase = tcase_create("status");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, statuses_are_listed_in_ascending_order);
	tcase_add_test(tcase, list_of_statuses_ends_with_enoent);
	tcase_add_test(tcase, every_listed_status_has_a_name_of_its_own);
	tcase_add_test(tcase, every_listed_status_has_a_meaning);
	tcase_add_test(tcase, every_listed_refusal_has_an_errno_value);
	tcase_add_loop_test(tcase,
			    status_of_a_post_has_its_documented_name_and_errno,
			    0, ROWS(post_statuses));
	tcase_add_test(tcase, unknown_status_has_neither_name_nor_meaning);
	tcase_add_test(tcase, unknown_status_is_an_io_error);
	tcase_add_test(tcase, only_buffers_and_timeout_are_transient);
	tcase_add_test(tcase, every_listed_status_is_found_by_its_name);
	tcase_add_loop_test(tcase,
			    name_is_found_in_any_case_with_or_without_prefix, 0,
			    ROWS(spellings));
	tcase_add_loop_test(tcase, name_that_is_none_is_not_found, 0,
			    ROWS(not_names));
	return suite;
}
