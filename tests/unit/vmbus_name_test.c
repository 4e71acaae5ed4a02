// SPDX-License-Identifier: MIT
#include "vmbus_name.h"

#include <string.h>

#include "suites.h"

static struct sighting message(uint32_t first_word)
{
	struct sighting sighting =
		sighting_new(SIGHTING_POST, SIGHTING_BY_VMBUS);

	sighting.message_type = HV_MESSAGE_TYPE_VMBUS;
	sighting.connection_id = HV_CONNECTION_VMBUS_MESSAGE_5;
	sighting.payload_size = 8;
	sighting.payload_captured = 8;
	memcpy(sighting.payload, &first_word, sizeof(first_word));
	return sighting;
}

START_TEST(a_post_to_vmbus_is_known_by_its_first_word)
{
	struct sighting sighting = message(14);

	ck_assert_uint_eq(vmbus_message_of(&sighting), 14);
	ck_assert_str_eq(vmbus_name(14), "initiate contact");
}
END_TEST

START_TEST(so_is_what_comes_to_its_sint)
{
	struct sighting sighting = message(15);

	sighting.connection_id = SIGHTING_NONE;
	sighting.sint = HV_SINT_VMBUS;
	ck_assert_uint_eq(vmbus_message_of(&sighting), 15);
}
END_TEST

START_TEST(what_goes_elsewhere_is_not)
{
	struct sighting sighting = message(14);

	sighting.connection_id = 0x10;
	ck_assert_uint_eq(vmbus_message_of(&sighting), SIGHTING_NONE);
}
END_TEST

START_TEST(nor_is_another_type)
{
	struct sighting sighting = message(14);

	sighting.message_type = 2;
	ck_assert_uint_eq(vmbus_message_of(&sighting), SIGHTING_NONE);
}
END_TEST

START_TEST(nor_is_one_whose_payload_nobody_saw)
{
	struct sighting sighting = message(14);

	sighting.payload_captured = 3;
	ck_assert_uint_eq(vmbus_message_of(&sighting), SIGHTING_NONE);
}
END_TEST

START_TEST(a_message_that_nobody_knows_has_no_name)
{
	ck_assert_ptr_null(vmbus_name(0));
	ck_assert_ptr_null(vmbus_name(25));
	ck_assert_ptr_null(vmbus_name(SIGHTING_NONE));
}
END_TEST

Suite *vmbus_name_suite(void)
{
	Suite *suite = suite_create("vmbus_name");
	TCase *names = tcase_create("names");

	tcase_add_test(names, a_post_to_vmbus_is_known_by_its_first_word);
	tcase_add_test(names, so_is_what_comes_to_its_sint);
	tcase_add_test(names, what_goes_elsewhere_is_not);
	tcase_add_test(names, nor_is_another_type);
	tcase_add_test(names, nor_is_one_whose_payload_nobody_saw);
	tcase_add_test(names, a_message_that_nobody_knows_has_no_name);
	suite_add_tcase(suite, names);
	return suite;
}
