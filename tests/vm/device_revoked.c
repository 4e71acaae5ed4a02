// SPDX-License-Identifier: MIT
/*
 * SINT 2 taken away from who has its rings mapped: the test loads hv_vmbus itself.
 * A scenario with another host than QEMU's made connection REVOKED_CONNECTION, to
 * SINT 2 of VP 1.
 */
#define _GNU_SOURCE
#include "device.h"

#include <poll.h>

#define REVOKED_CONNECTION	0x32u
#define VP			1u

struct rings {
	struct hvpost_ioc_rings layout;
	struct hvpost_ring_words *words;
	const uint8_t *records;
};

static void *map(int fd, int protection, uint64_t offset, uint64_t size)
{
	void *area = mmap(NULL, size, protection, MAP_SHARED, fd, (off_t)offset);

	ck_assert_ptr_ne(area, MAP_FAILED);
	return area;
}

static struct rings map_rings(int fd)
{
	struct rings rings;

	ck_assert_int_eq(device_call(fd, HVPOST_IOC_RINGS, &rings.layout), 0);
	rings.words = map(fd, PROT_READ | PROT_WRITE, rings.layout.words_offset,
			  rings.layout.words_size);
	rings.records = map(fd, PROT_READ, rings.layout.records_offset,
			    rings.layout.records_size);
	return rings;
}

static short poll_for(int fd, int timeout_ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	ck_assert_int_ge(poll(&one, 1, timeout_ms), 0);
	return one.revents;
}

START_TEST(mapped_rings_outlive_the_loss_of_sint_2)
{
	int fd = open_bound(HV_SINT_VMBUS);
	struct rings rings = map_rings(fd);
	const struct hvpost_record *record =
		(const void *)(rings.records + VP * rings.layout.ring_stride);

	send_number(fd, REVOKED_CONNECTION, 7);
	wait_taken(fd, 1);
	ck_assert_int_eq(system("modprobe hv_vmbus"), 0);

	ck_assert_int_eq(poll_for(fd, -1), POLLIN | POLLHUP);
	ck_assert_uint_eq(number_in(record), 7);
	__atomic_store_n(&rings.words[VP].tail, 1, __ATOMIC_RELEASE);
	ck_assert_int_eq(poll_for(fd, 0), POLLHUP);

	/* What is left works, to no effect. */
	ck_assert_int_eq(ioctl(fd, HVPOST_IOC_RESUME), 0);
	ck_assert_uint_eq(counters(fd).messages, 1);
	ck_assert_uint_eq(rings.words[VP].head, 1);
	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 0), EBUSY);
	ck_assert_int_eq(bind_sint(open_device(), HV_SINT_VMBUS, 0), EBUSY);
}
END_TEST

/* The file that lost it is still open. hv_vmbus is loaded again in the end. */
START_TEST(sint_2_is_had_anew_beside_who_lost_it)
{
	int lost, fd;

	ck_assert_int_eq(system("rmmod hv_vmbus"), 0);
	lost = open_bound(HV_SINT_VMBUS);
	ck_assert_uint_eq(interrupt_lines("hvpost-sint2"), VPS);
	ck_assert_int_eq(system("modprobe hv_vmbus"), 0);
	ck_assert_int_eq(poll_for(lost, -1), POLLHUP);
	ck_assert_uint_eq(interrupt_lines("hvpost-sint2"), 0);

	ck_assert_int_eq(system("rmmod hv_vmbus"), 0);
	fd = open_bound(HV_SINT_VMBUS);
	ck_assert_uint_eq(interrupt_lines("hvpost-sint2"), VPS);
	send_number(fd, REVOKED_CONNECTION, 8);
	receive_number(fd, 8);
	close(lost);
	send_number(fd, REVOKED_CONNECTION, 9);
	receive_number(fd, 9);
	close(fd);
	ck_assert_int_eq(system("modprobe hv_vmbus"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("revoked");
	TCase *revoked = add_case(suite, "revoked", NULL);

	tcase_add_test(revoked, mapped_rings_outlive_the_loss_of_sint_2);
	tcase_add_test(revoked, sint_2_is_had_anew_beside_who_lost_it);
	return run_suite(suite);
}
