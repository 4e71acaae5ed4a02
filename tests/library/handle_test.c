// SPDX-License-Identifier: MIT
/* hvpost.h, sections 1 and 2: handles, and what is said of their target. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link.h"
#include "suites.h"

static unsigned int open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned int count = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

START_TEST(a_target_is_opened_as_often_as_wished)
{
	struct hvpost *first = open_handle();

	for (unsigned int i = 0; i < 20; i++)
		ck_assert_ptr_ne(open_handle(), first);
}
END_TEST

START_TEST(a_close_gives_all_descriptors_back)
{
	unsigned int before = open_descriptors();

	for (unsigned int i = 0; i < 20; i++)
		close_handle(open_bound(0, 1));
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(the_descriptor_is_closed_by_exec)
{
	ck_assert_int_eq(fcntl(hvpost_get_fd(open_handle()), F_GETFD),
			 FD_CLOEXEC);
}
END_TEST

START_TEST(every_handle_has_a_descriptor_of_its_own)
{
	ck_assert_int_ne(hvpost_get_fd(open_handle()),
			 hvpost_get_fd(open_handle()));
}
END_TEST

START_TEST(a_new_handle_has_no_status)
{
	struct hvpost *hv = open_handle();

	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
	ck_assert_uint_eq(hvpost_last_attempts(hv), 0);
}
END_TEST

/* In a child of fork(). Return how many calls did not say what they are to. */
static int ck_inherited(struct hvpost *handle)
{
	const struct hvpost_post post = post_of(echo.connection, "x", 1);
	const struct hvpost_call call = { .control = 0 };
	struct hvpost_counters counters;
	struct hvpost_message message;
	struct hvpost_info info;
	uint64_t result;
	const int errors[] = {
		hvpost_post(handle, &post, HVPOST_NEVER),
		hvpost_post_many(handle, &post, 1, HVPOST_NEVER),
		hvpost_signal(handle, echo.connection, 0),
		hvpost_hypercall(handle, &call, &result),
		hvpost_get_info(handle, &info, sizeof(info)),
		hvpost_set_filter(handle, NULL, 0),
		hvpost_bind(handle, echo.free_sint, 0),
		hvpost_receive(handle, &message, HVPOST_NEVER),
		hvpost_get_counters(handle, &counters, sizeof(counters)),
	};
	int wrong = 0;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		wrong += errors[i] != -EBADF;
	hvpost_close(handle);
	return wrong;
}

START_TEST(a_child_can_do_nothing_with_a_handle_but_close_it)
{
	struct hvpost *hv = open_bound(0, 0);
	pid_t child;
	int status;

	child = fork();
	if (!child)
		_exit(ck_inherited(hv));
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	for (uint64_t number = 1; number <= 5; number++) {
		send_number(hv, 0, number);
		receive_number(hv, number);
	}
	ck_nothing_there(hv);
}
END_TEST

/* What the target is */

static struct hvpost_info info_of(struct hvpost *handle)
{
	struct hvpost_info info;

	ck_assert_int_eq(hvpost_get_info(handle, &info, sizeof(info)), 0);
	return info;
}

START_TEST(info_tells_what_the_target_is)
{
	struct hvpost_info info = info_of(open_handle());

	ck_assert_int_ne(info.hypercall, HVPOST_CALL_UNKNOWN);
	ck_assert_int_ne(info.synic, HVPOST_SYNIC_UNKNOWN);
	ck_assert_uint_ne(info.privileges, 0);
	ck_assert_uint_ne(info.guest_os_id, 0);
	ck_assert_uint_ge(info.vps_online, 1);
	ck_assert_str_eq(info.version, hvpost_version());
}
END_TEST

START_TEST(info_shows_a_sint_as_bound_while_a_handle_has_it)
{
	struct hvpost *looker = open_handle(), *hv;
	uint16_t bit = (uint16_t)(1u << echo.sint);
	uint16_t before = info_of(looker).sints_bound;

	ck_assert_uint_eq(before & bit, 0);
	hv = open_bound(0, 0);
	ck_assert_uint_eq(info_of(looker).sints_bound, before | bit);
	ck_assert_uint_eq(info_of(hv).sints_bound, before | bit);
	close_handle(hv);
	ck_assert_uint_eq(info_of(looker).sints_bound, before);
}
END_TEST

START_TEST(info_fills_no_more_than_the_caller_knows)
{
	struct hvpost_info info, whole = info_of(open_handle());
	size_t known = offsetof(struct hvpost_info, guest_os_id);

	memset(&info, 0xa5, sizeof(info));
	ck_assert_int_eq(hvpost_get_info(open_handle(), &info, known), 0);
	ck_assert_mem_eq(&info, &whole, known);
	ck_assert_uint_eq(info.guest_os_id, 0xa5a5a5a5a5a5a5a5);
}
END_TEST

START_TEST(info_zeroes_what_only_the_caller_knows)
{
	struct {
		struct hvpost_info info;
		uint64_t newer;
	} larger = { .newer = 1 };

	ck_assert_int_eq(hvpost_get_info(open_handle(), &larger.info,
					 sizeof(larger)), 0);
	ck_assert_uint_eq(larger.newer, 0);
}
END_TEST

START_TEST(info_of_no_size_is_einval)
{
	struct hvpost_info info;

	ck_assert_int_eq(hvpost_get_info(open_handle(), &info, 0), -EINVAL);
}
END_TEST

Suite *handle_suite(void)
{
	Suite *suite = suite_create("handle");
	TCase *handles = add_tcase(suite, "handles");
	TCase *info = add_tcase(suite, "info");

	tcase_add_test(handles, a_target_is_opened_as_often_as_wished);
	tcase_add_test(handles, a_close_gives_all_descriptors_back);
	tcase_add_test(handles, the_descriptor_is_closed_by_exec);
	tcase_add_test(handles, every_handle_has_a_descriptor_of_its_own);
	tcase_add_test(handles, a_new_handle_has_no_status);
	tcase_add_test(handles,
		       a_child_can_do_nothing_with_a_handle_but_close_it);

	tcase_add_test(info, info_tells_what_the_target_is);
	tcase_add_test(info, info_shows_a_sint_as_bound_while_a_handle_has_it);
	tcase_add_test(info, info_fills_no_more_than_the_caller_knows);
	tcase_add_test(info, info_zeroes_what_only_the_caller_knows);
	tcase_add_test(info, info_of_no_size_is_einval);
	return suite;
}
