// SPDX-License-Identifier: MIT
#include "privileges.h"

#include <string.h>

#include <hvpost/hyperv.h>

#include "suites.h"

/* The header's masks are halves of the mask whose bits the tool names. */
static const struct {
	uint64_t mask;
	const char *name;
} rows[] = {
	{ HV_ACCESS_SYNIC_REGS, "AccessSynicRegs" },
	{ HV_ACCESS_HYPERCALL_MSRS, "AccessHypercallMsrs" },
	{ HV_ACCESS_VP_INDEX, "AccessVpIndex" },
	{ (uint64_t)HV_POST_MESSAGES << 32, "PostMessages" },
	{ (uint64_t)HV_SIGNAL_EVENTS << 32, "SignalEvents" },
	{ (uint64_t)HV_CREATE_PORT << 32, "CreatePort" },
	{ (uint64_t)HV_CONNECT_PORT << 32, "ConnectPort" },
};

START_TEST(bit_of_the_header_has_its_name)
{
	unsigned int bit = (unsigned int)__builtin_ctzll(rows[_i].mask);

	ck_assert_str_eq(privilege_name(bit), rows[_i].name);
}
END_TEST

START_TEST(no_two_bits_share_a_name)
{
	for (unsigned int i = 0; i < PRIVILEGE_COUNT; i++)
		for (unsigned int j = 0; privilege_name(i) && j < i; j++)
			if (privilege_name(j))
				ck_assert_str_ne(privilege_name(i),
						 privilege_name(j));
}
END_TEST

START_TEST(reserved_bits_have_no_name)
{
	ck_assert_ptr_null(privilege_name(31));
	ck_assert_ptr_null(privilege_name(63));
	ck_assert_ptr_null(privilege_name(64));
}
END_TEST

Suite *privileges_suite(void)
{
	Suite *suite = suite_create("privileges");
	TCase *tcase = tcase_create("privileges");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, bit_of_the_header_has_its_name, 0,
			    ROWS(rows));
	tcase_add_test(tcase, no_two_bits_share_a_name);
	tcase_add_test(tcase, reserved_bits_have_no_name);
	return suite;
}
