// SPDX-License-Identifier: MIT
/*
 * The receiving half of device.h, condition by condition: bind, read, poll,
 * counters, and what is left when a file or a process goes away.
 */
#define _GNU_SOURCE
#include "device.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int bind_of(int fd, struct hvpost_ioc_bind bind)
{
	return device_call(fd, HVPOST_IOC_BIND, &bind);
}

/*
 * To a SINT that nobody has: the first lies in the slot and the second waits in
 * the host once both posts are through.
 */
static void send_two_unbound(uint32_t vp, uint32_t sint)
{
	int fd = open_device();

	send_number(fd, ECHO(vp, sint), 1);
	send_number(fd, ECHO(vp, sint), 2);
	close(fd);
}

/* Bind */

START_TEST(an_unknown_flag_or_reserved_bit_of_a_bind_is_einval)
{
	int fd = open_device();

	for (unsigned int bit = 0; bit < 64; bit++) {
		struct hvpost_ioc_bind bind = { .sint = FREE_SINT };

		bind.reserved = 1ull << bit;
		ck_assert_int_eq(bind_of(fd, bind), EINVAL);
		bind.reserved = 0;
		if (bit >= 32)
			continue;
		bind.reserved32 = 1u << bit;
		ck_assert_int_eq(bind_of(fd, bind), EINVAL);
		bind.reserved32 = 0;
		if (1u << bit & (HVPOST_BIND_EVENTS | HVPOST_BIND_SHARED))
			continue;
		bind.flags = 1u << bit;
		ck_assert_int_eq(bind_of(fd, bind), EINVAL);
	}
	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 0), 0);
}
END_TEST

START_TEST(a_sint_out_of_1_to_15_is_einval)
{
	int fd = open_device();

	ck_assert_int_eq(bind_sint(fd, 0, 0), EINVAL);
	ck_assert_int_eq(bind_sint(fd, 16, 0), EINVAL);
	ck_assert_int_eq(bind_sint(fd, 0x80000001, 0), EINVAL);
	ck_assert_int_eq(bind_sint(fd, UINT32_MAX, 0), EINVAL);
	ck_assert_int_eq(bind_sint(fd, 1, 0), 0);
	ck_assert_int_eq(bind_sint(open_device(), 15, 0), 0);
}
END_TEST

START_TEST(vmbus_s_sint_needs_the_capability)
{
	int fd = open_device(), other = open_device();

	ck_assert_int_eq(bind_sint(fd, HV_SINT_VMBUS, 0), 0);
	close(fd);
	become_nobody();
	ck_assert_int_eq(bind_sint(other, HV_SINT_VMBUS, 0), EPERM);
	ck_assert_int_eq(bind_sint(other, FREE_SINT, 0), 0);
}
END_TEST

START_TEST(a_ring_of_more_than_4096_records_is_einval)
{
	int fd = open_device();

	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 4097), EINVAL);
	ck_assert_int_eq(bind_sint(fd, FREE_SINT, UINT32_MAX), EINVAL);
	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 1), 0);
}
END_TEST

START_TEST(bind_tells_how_many_records_it_took)
{
	static const uint32_t sizes[][2] = {
		{ 0, HVPOST_RING_RECORDS_DEFAULT }, { 1, 1 }, { 2, 2 },
		{ 3, 4 }, { 64, 64 }, { 65, 128 }, { 2049, 4096 },
		{ 4096, 4096 },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct hvpost_ioc_bind bind = {
			.sint = FREE_SINT, .ring_records = sizes[i][0],
		};
		int fd = open_device();

		ck_assert_int_eq(device_call(fd, HVPOST_IOC_BIND, &bind), 0);
		ck_assert_uint_eq(bind.ring_records, sizes[i][1]);
		close(fd);
	}
}
END_TEST

START_TEST(a_file_has_one_sint)
{
	int fd = open_bound(FREE_SINT);

	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 0), EBUSY);
	ck_assert_int_eq(bind_sint(fd, OTHER_FREE_SINT, 0), EBUSY);
	ck_assert_int_eq(bind_sint(open_device(), OTHER_FREE_SINT, 0), 0);
}
END_TEST

START_TEST(a_sint_has_one_file_and_is_free_after_its_close)
{
	int fd = open_bound(FREE_SINT), other = open_device();

	ck_assert_int_eq(bind_sint(other, FREE_SINT, 0), EBUSY);
	close(fd);
	ck_assert_int_eq(bind_sint(other, FREE_SINT, 0), 0);
}
END_TEST

/* On the last CPU, when those before it are armed already */
START_TEST(a_sint_that_somebody_else_unmasked_is_left_to_them)
{
	int fd = open_device();

	write_msr(VPS - 1, HV_MSR_SINT0 + FREE_SINT, 0xf3);
	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 0), EBUSY);
	ck_assert_uint_eq(interrupt_lines("hvpost"), 0);
	write_msr(VPS - 1, HV_MSR_SINT0 + FREE_SINT, HV_SINT_MASKED | 0xf3);
	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 0), 0);
	ck_assert_uint_eq(interrupt_lines("hvpost"), VPS);
}
END_TEST

START_TEST(a_sint_is_free_after_the_last_close_of_a_shared_file)
{
	int fd = open_bound(FREE_SINT), copy = dup(fd), other = open_device();

	close(fd);
	ck_assert_int_eq(bind_sint(other, FREE_SINT, 0), EBUSY);
	close(copy);
	ck_assert_int_eq(bind_sint(other, FREE_SINT, 0), 0);
}
END_TEST

START_TEST(each_cpu_has_an_interrupt_while_the_sint_is_bound)
{
	int fd;

	ck_assert_uint_eq(interrupt_lines("hvpost"), 0);
	fd = open_bound(FREE_SINT);
	ck_assert_uint_eq(interrupt_lines("hvpost-sint10"), VPS);
	close(fd);
	ck_assert_uint_eq(interrupt_lines("hvpost"), 0);
}
END_TEST

/* More than a CPU has vectors, so that none would be left if any leaked. */
START_TEST(three_hundred_binds_leave_no_interrupt_behind)
{
	for (unsigned int i = 0; i < 300; i++)
		close(open_bound(FREE_SINT));
	ck_assert_uint_eq(interrupt_lines("hvpost"), 0);
}
END_TEST

/* Read */

START_TEST(a_read_without_a_sint_is_enotconn)
{
	struct hvpost_record record;
	int fd = open_device();

	ck_assert_int_eq(read(fd, &record, sizeof(record)), -1);
	ck_assert_int_eq(errno, ENOTCONN);
}
END_TEST

START_TEST(a_buffer_of_less_than_a_record_is_einval)
{
	int fd = open_bound(ECHO_SINT);
	struct hvpost_record record;

	send_number(fd, ECHO(0, ECHO_SINT), 7);
	for (size_t size = 0; size < sizeof(record); size += 93) {
		ck_assert_int_eq(read(fd, &record, size), -1);
		ck_assert_int_eq(errno, EINVAL);
	}
	ck_assert_int_eq(read(fd, &record, sizeof(record) - 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	receive_number(fd, 7);
}
END_TEST

START_TEST(an_empty_inbox_is_eagain_with_o_nonblock)
{
	struct hvpost_record record;
	int fd = open(HVPOST_DEVICE_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 0), 0);
	ck_assert_int_eq(read(fd, &record, sizeof(record)), -1);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

START_TEST(a_record_that_cannot_be_copied_out_stays)
{
	int fd = open_bound(ECHO_SINT);
	char *read_only = map_pages(1, PROT_READ);

	send_number(fd, ECHO(1, ECHO_SINT), 7);
	ck_assert_int_eq(read(fd, unmapped_page(), PAGE), -1);
	ck_assert_int_eq(errno, EFAULT);
	ck_assert_int_eq(read(fd, read_only, PAGE), -1);
	ck_assert_int_eq(errno, EFAULT);
	receive_number(fd, 7);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(a_buffer_that_ends_too_early_takes_what_it_can)
{
	char *pages = map_pages(2, PROT_READ | PROT_WRITE);
	char *buffer = pages + PAGE - sizeof(struct hvpost_record) - 8;
	int fd = open_bound(ECHO_SINT);

	ck_assert_int_eq(munmap(pages + PAGE, PAGE), 0);
	send_number(fd, ECHO(0, ECHO_SINT), 7);
	wait_taken(fd, 1);
	send_number(fd, ECHO(0, ECHO_SINT), 8);
	wait_taken(fd, 2);
	ck_assert_int_eq(read(fd, buffer, 2 * sizeof(struct hvpost_record)),
			 sizeof(struct hvpost_record));
	receive_number(fd, 8);
}
END_TEST

/* Every size, on every VP, posted from every CPU */
static const uint32_t sizes[] = { 0, 1, 8, PAYLOAD_MAX };
#define SIZES		4
#define FIELD_LOOPS	(SIZES * (int)VPS * (int)VPS)

START_TEST(every_field_of_a_record_is_as_documented)
{
	static const uint8_t zeros[240];
	uint32_t size = sizes[_i % SIZES], vp = (uint32_t)_i / SIZES % VPS;
	int fd = open_bound(ECHO_SINT);
	struct hvpost_record record;
	char payload[PAYLOAD_MAX];
	uint64_t before;

	pin_to_cpu((unsigned int)_i / SIZES / VPS);
	memset(payload, 0xc3, sizeof(payload));
	memset(&record, 0xa5, sizeof(record));
	before = now_ns();
	send(fd, ECHO(vp, ECHO_SINT), payload, size);
	receive(fd, &record);

	ck_assert_uint_eq(record.sequence, 1);
	ck_assert_uint_ge(record.time_ns, before);
	ck_assert_uint_le(record.time_ns, now_ns());
	ck_assert_uint_eq(record.origin, 0);
	ck_assert_uint_eq(record.vp_index, vp);
	ck_assert_uint_eq(record.message_type, TYPE);
	ck_assert_uint_eq(record.sint, ECHO_SINT);
	ck_assert_uint_eq(record.payload_size, size);
	ck_assert_uint_eq(record.message_flags, 0);
	ck_assert_uint_eq(record.flags, 0);
	ck_assert_uint_eq(record.reserved, 0);
	ck_assert_mem_eq(record.payload, payload, size);
	ck_assert_mem_eq(record.payload + size, zeros, 240 - size);
}
END_TEST

/* In a ring of one, so that the second record lies where the first was */
START_TEST(a_record_ends_in_zeros_after_a_longer_one_too)
{
	static const uint8_t zeros[239];
	struct hvpost_record record;
	char longer[PAYLOAD_MAX];
	int fd = open_device();

	memset(longer, 'L', sizeof(longer));
	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 1), 0);
	ck_echo(fd, ECHO(0, ECHO_SINT), longer, sizeof(longer));
	send(fd, ECHO(0, ECHO_SINT), "s", 1);
	receive(fd, &record);
	ck_assert_uint_eq(record.payload_size, 1);
	ck_assert_mem_eq(record.payload + 1, zeros, sizeof(zeros));
}
END_TEST

/* Records of one VP come in order; @next is what each VP's next one says. */
static void ck_in_order(const struct hvpost_record *records, ssize_t size,
			uint64_t next[VPS])
{
	ck_assert_int_eq(size % (ssize_t)sizeof(*records), 0);
	for (; size > 0; size -= (ssize_t)sizeof(*records), records++) {
		ck_assert_uint_lt(records->vp_index, VPS);
		ck_assert_uint_eq(number_in(records), next[records->vp_index]);
		ck_assert_uint_eq(records->sequence,
				  ++next[records->vp_index]);
	}
}

/* Numbers from 0 on to each VP, all taken */
static void send_to_all(int fd, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		for (uint32_t vp = 0; vp < VPS; vp++) {
			send_number(fd, ECHO(vp, ECHO_SINT), i);
			wait_taken(fd, i * VPS + vp + 1);
		}
	}
}

START_TEST(one_read_takes_all_that_is_there_in_order_of_arrival)
{
	int fd = open_bound(ECHO_SINT);
	struct hvpost_record records[8];
	uint64_t next[VPS] = { 0 };
	ssize_t size;

	send_to_all(fd, 3);
	size = read(fd, records, sizeof(records));
	ck_assert_int_eq(size, 6 * sizeof(records[0]));
	ck_in_order(records, size, next);
	ck_assert_uint_eq(next[0], 3);
	ck_assert_uint_eq(next[1], 3);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(a_short_read_takes_whole_records_and_leaves_the_rest)
{
	int fd = open_bound(ECHO_SINT);
	struct hvpost_record records[3];
	uint64_t next[VPS] = { 0 };

	send_to_all(fd, 3);
	for (unsigned int i = 0; i < 3; i++) {
		ssize_t size = read(fd, records, sizeof(records) - 1);

		ck_assert_int_eq(size, 2 * sizeof(records[0]));
		ck_in_order(records, size, next);
	}
	ck_assert_uint_eq(next[0], 3);
	ck_assert_uint_eq(next[1], 3);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(small_reads_serve_every_vp_in_turn)
{
	int fd = open_bound(ECHO_SINT);
	struct hvpost_record first, second;

	send_to_all(fd, 3);
	receive(fd, &first);
	receive(fd, &second);
	ck_assert_uint_ne(first.vp_index, second.vp_index);
}
END_TEST

START_TEST(sequences_begin_at_1_again_with_each_bind)
{
	for (unsigned int i = 0; i < 3; i++) {
		int fd = open_bound(ECHO_SINT);
		struct hvpost_record record;

		send_number(fd, ECHO(0, ECHO_SINT), i);
		receive(fd, &record);
		ck_assert_uint_eq(record.sequence, 1);
		ck_assert_uint_eq(number_in(&record), i);
		close(fd);
	}
}
END_TEST

START_TEST(a_read_sleeps_until_a_message_comes)
{
	struct caller reader = { .call = call_read,
				 .fd = open_bound(ECHO_SINT) };

	caller_start(&reader);
	send_number(reader.fd, ECHO((uint32_t)_i, ECHO_SINT), 7);
	caller_join(&reader);
	ck_assert_int_eq(reader.err, 0);
	ck_assert_uint_eq(number_in(&reader.record), 7);
	ck_assert_uint_eq(reader.record.vp_index, (uint32_t)_i);
}
END_TEST

START_TEST(a_signal_ends_a_read_with_eintr)
{
	int fd = open_bound(ECHO_SINT);
	struct hvpost_record record;

	handle_signal(SIGALRM, 0);
	start_interval_timer();
	ck_assert_int_eq(read(fd, &record, sizeof(record)), -1);
	ck_assert_int_eq(errno, EINTR);
	stop_interval_timer();
	send_number(fd, ECHO(0, ECHO_SINT), 7);
	receive_number(fd, 7);
}
END_TEST

START_TEST(a_read_goes_on_after_a_signal_that_restarts)
{
	struct caller reader = { .call = call_read,
				 .fd = open_bound(ECHO_SINT) };

	handle_signal(SIGUSR1, SA_RESTART);
	caller_start(&reader);
	pthread_kill(reader.thread, SIGUSR1);
	while (!atomic_load(&signals))
		look_again();
	send_number(reader.fd, ECHO(0, ECHO_SINT), 7);
	caller_join(&reader);
	ck_assert_int_eq(reader.err, 0);
	ck_assert_uint_eq(number_in(&reader.record), 7);
}
END_TEST

/* Full rings and unbound SINTs lose nothing */

START_TEST(messages_beyond_a_full_ring_wait_and_come_in_order)
{
	const uint32_t vp = (uint32_t)_i;
	int fd = open_device();

	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 1), 0);
	send_number(fd, ECHO(vp, ECHO_SINT), 0);
	wait_taken(fd, 1);
	ck_assert_uint_eq(counters(fd).stalls, 0);
	send_number(fd, ECHO(vp, ECHO_SINT), 1);	/* in the slot */
	while (counters(fd).stalls == 0)
		look_again();
	ck_assert_uint_eq(counters(fd).messages, 1);
	send_number(fd, ECHO(vp, ECHO_SINT), 2);	/* in the host */

	for (uint64_t i = 0; i < 3; i++)
		receive_number(fd, i);
	wait_taken(fd, 3);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(a_full_ring_of_one_vp_does_not_hold_up_another)
{
	int fd = open_device();
	struct hvpost_record records[2];

	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 1), 0);
	send_number(fd, ECHO(0, ECHO_SINT), 0);
	wait_taken(fd, 1);
	send_number(fd, ECHO(0, ECHO_SINT), 1);
	while (counters(fd).stalls == 0)
		look_again();
	send_number(fd, ECHO(1, ECHO_SINT), 5);
	wait_taken(fd, 2);
	ck_assert_int_eq(read(fd, records, sizeof(records)), sizeof(records));
	receive_number(fd, 1);
}
END_TEST

START_TEST(messages_that_came_while_nobody_was_bound_are_received)
{
	const uint32_t vp = (uint32_t)_i;
	struct hvpost_record record;
	int fd;

	send_two_unbound(vp, ECHO_SINT);
	fd = open_bound(ECHO_SINT);
	receive(fd, &record);
	ck_assert_uint_eq(number_in(&record), 1);
	ck_assert_uint_eq(record.sequence, 1);
	ck_assert_uint_eq(record.vp_index, vp);
	receive_number(fd, 2);
	ck_nothing_to_read(fd);
}
END_TEST

/* Somebody else has the SINT on VP 1, and VP 0's slot is full. */
START_TEST(a_bind_that_fails_takes_no_message)
{
	int fd = open_device();

	send_two_unbound(0, ECHO_SINT);
	write_msr(1, HV_MSR_SINT0 + ECHO_SINT, 0xf3);
	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), EBUSY);
	write_msr(1, HV_MSR_SINT0 + ECHO_SINT, HV_SINT_MASKED | 0xf3);
	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), 0);
	receive_number(fd, 1);
	receive_number(fd, 2);
}
END_TEST

START_TEST(an_unread_ring_is_dropped_at_close_but_the_slot_is_not)
{
	int fd = open_device();

	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 1), 0);
	send_number(fd, ECHO(0, ECHO_SINT), 0);
	wait_taken(fd, 1);
	send_number(fd, ECHO(0, ECHO_SINT), 1);
	while (counters(fd).stalls == 0)
		look_again();
	close(fd);
	fd = open_bound(ECHO_SINT);
	receive_number(fd, 1);
	ck_nothing_to_read(fd);
}
END_TEST

/* Poll */

static short poll_now(int fd)
{
	struct pollfd one = {
		.fd = fd,
		.events = POLLIN | POLLRDNORM | POLLPRI | POLLOUT | POLLWRNORM,
	};

	ck_assert_int_ge(poll(&one, 1, 0), 0);
	return one.revents;
}

static const short writable = POLLOUT | POLLWRNORM;
static const short readable = POLLOUT | POLLWRNORM | POLLIN | POLLRDNORM;

START_TEST(poll_says_in_while_something_is_there_and_out_always)
{
	int fd = open_device();

	ck_assert_int_eq(poll_now(fd), writable);
	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), 0);
	ck_assert_int_eq(poll_now(fd), writable);
	send_number(fd, ECHO(0, ECHO_SINT), 0);
	wait_taken(fd, 1);
	send_number(fd, ECHO(1, ECHO_SINT), 0);
	wait_taken(fd, 2);
	ck_assert_int_eq(poll_now(fd), readable);
	receive_number(fd, 0);
	ck_assert_int_eq(poll_now(fd), readable);
	receive_number(fd, 0);
	ck_assert_int_eq(poll_now(fd), writable);
}
END_TEST

static void call_poll(struct caller *caller)
{
	struct pollfd one = { .fd = caller->fd, .events = POLLIN };

	caller->err = poll(&one, 1, -1) == 1 && one.revents == POLLIN ?
			      0 : EPROTO;
}

START_TEST(a_poll_sleeps_until_a_message_comes)
{
	struct caller poller = { .call = call_poll,
				 .fd = open_bound(ECHO_SINT) };

	caller_start(&poller);
	send_number(poller.fd, ECHO((uint32_t)_i, ECHO_SINT), 7);
	caller_join(&poller);
	ck_assert_int_eq(poller.err, 0);
	receive_number(poller.fd, 7);
}
END_TEST

START_TEST(a_bind_that_finds_a_message_wakes_a_poll)
{
	struct caller poller = { .call = call_poll, .fd = open_device() };

	send_two_unbound(0, ECHO_SINT);
	caller_start(&poller);
	ck_assert_int_eq(bind_sint(poller.fd, ECHO_SINT, 0), 0);
	caller_join(&poller);
	ck_assert_int_eq(poller.err, 0);
	receive_number(poller.fd, 1);
	receive_number(poller.fd, 2);
}
END_TEST

START_TEST(a_read_that_lets_a_stalled_message_in_wakes_a_poll)
{
	struct caller poller = { .call = call_poll, .fd = epoll_create1(0) };
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int fd = open_device();

	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 1), 0);
	send_number(fd, ECHO(1, ECHO_SINT), 0);
	wait_taken(fd, 1);
	send_number(fd, ECHO(1, ECHO_SINT), 1);
	while (counters(fd).stalls == 0)
		look_again();

	/* Edge-triggered: what was there before is reported once. */
	ck_assert_int_eq(epoll_ctl(poller.fd, EPOLL_CTL_ADD, fd, &event), 0);
	ck_assert_int_eq(epoll_wait(poller.fd, &event, 1, -1), 1);
	ck_assert_int_eq(epoll_wait(poller.fd, &event, 1, 0), 0);
	caller_start(&poller);
	receive_number(fd, 0);
	caller_join(&poller);
	ck_assert_int_eq(poller.err, 0);
	receive_number(fd, 1);
}
END_TEST

/* An epoll file that watches @fd for input */
static int watch(int fd, uint32_t mode)
{
	struct epoll_event event = { .events = EPOLLIN | mode };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	return epoll;
}

static void ck_event(int epoll, int timeout_ms, int count)
{
	struct epoll_event event = { .events = 0 };

	ck_assert_int_eq(epoll_wait(epoll, &event, 1, timeout_ms), count);
	if (count)
		ck_assert_uint_eq(event.events, EPOLLIN);
}

START_TEST(level_triggered_epoll_tells_until_all_is_read)
{
	int fd = open_bound(ECHO_SINT), epoll = watch(fd, 0);

	ck_event(epoll, 0, 0);
	send_to_all(fd, 1);
	ck_event(epoll, -1, 1);
	ck_event(epoll, 0, 1);
	receive_number(fd, 0);
	ck_event(epoll, 0, 1);
	receive_number(fd, 0);
	ck_event(epoll, 0, 0);
}
END_TEST

START_TEST(edge_triggered_epoll_tells_once_for_each_arrival)
{
	int fd = open_bound(ECHO_SINT), epoll = watch(fd, EPOLLET);

	ck_event(epoll, 0, 0);
	for (uint64_t i = 0; i < 3; i++) {
		send_number(fd, ECHO(0, ECHO_SINT), i);
		ck_event(epoll, -1, 1);
		ck_event(epoll, 0, 0);
		wait_taken(fd, i + 1);
	}
	for (uint64_t i = 0; i < 3; i++)
		receive_number(fd, i);
	ck_event(epoll, 0, 0);
}
END_TEST

/* Losses */

static void watch_every_second(void)
{
	FILE *file = fopen("/sys/module/hvpost/parameters/watch_seconds", "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fputs("1", file), 1);
	ck_assert_int_eq(fclose(file), 0);
}

/* Wait until poll() says POLLPRI. */
static void wait_for_loss(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLPRI };

	ck_assert_int_eq(poll(&one, 1, (int)(PATIENCE_NS / 1000000)), 1);
	ck_assert_int_eq(one.revents, POLLPRI);
}

/* A SINT that somebody masks, and one that nobody touches. */
START_TEST(a_loss_is_told_by_poll_until_counters_tell_of_it)
{
	int lost = open_bound(FREE_SINT), kept = open_bound(OTHER_FREE_SINT);
	struct pollfd one = { .fd = lost, .events = POLLPRI };

	write_msr(1, HV_MSR_SINT0 + FREE_SINT, HV_SINT_MASKED | 0xf3);
	wait_for_loss(lost);
	ck_assert_uint_eq(counters(lost).losses, 1);
	ck_assert_uint_eq(counters(lost).losses, 1);
	ck_assert_int_eq(poll(&one, 1, 0), 0);
	ck_assert_uint_eq(counters(kept).losses, 0);
}
END_TEST

START_TEST(messages_that_came_while_a_sint_was_lost_are_received)
{
	int fd = open_bound(ECHO_SINT);

	write_msr(1, HV_MSR_SINT0 + ECHO_SINT, HV_SINT_MASKED | 0xf3);
	send_number(fd, ECHO(1, ECHO_SINT), 7);
	receive_number(fd, 7);
	ck_assert_uint_eq(counters(fd).losses, 1);
	send_number(fd, ECHO(1, ECHO_SINT), 8);
	receive_number(fd, 8);
}
END_TEST

/* Counters */

START_TEST(counters_without_a_sint_are_enotconn)
{
	struct hvpost_ioc_counters now;

	ck_assert_int_eq(device_call(open_device(), HVPOST_IOC_COUNTERS, &now),
			 ENOTCONN);
}
END_TEST

#define ck_counters(fd, messages_, interrupts_, empty_, eoms_, stalls_)	\
do {									\
	struct hvpost_ioc_counters now = counters(fd);			\
									\
	ck_assert_uint_eq(now.messages, messages_);			\
	ck_assert_uint_eq(now.interrupts, interrupts_);			\
	ck_assert_uint_eq(now.empty, empty_);				\
	ck_assert_uint_eq(now.eoms, eoms_);				\
	ck_assert_uint_eq(now.stalls, stalls_);				\
	ck_assert_uint_eq(now.oversize, 0);				\
	ck_assert_uint_eq(now.reserved[0] | now.reserved[1], 0);	\
} while (0)

START_TEST(messages_one_by_one_cost_an_interrupt_each_and_no_eom)
{
	int fd = open_bound(ECHO_SINT);

	ck_counters(fd, 0, 0, 0, 0, 0);
	send_to_all(fd, 3);
	ck_counters(fd, 6, 6, 0, 0, 0);
}
END_TEST

START_TEST(a_message_waiting_in_the_host_costs_an_eom)
{
	int fd;

	send_two_unbound(1, ECHO_SINT);
	fd = open_bound(ECHO_SINT);
	wait_taken(fd, 2);
	while (counters(fd).interrupts == 0)
		look_again();
	ck_assert_uint_eq(counters(fd).eoms, 1);
	ck_assert_uint_eq(counters(fd).interrupts, 1);
	ck_assert_uint_eq(counters(fd).stalls, 0);
	receive_number(fd, 1);
	receive_number(fd, 2);
}
END_TEST

START_TEST(an_interrupt_that_finds_the_slot_empty_is_counted)
{
	int fd = open_bound(RAISED_SINT);

	testdev(TESTDEV_SINT_CREATE, 0, 0, RAISED_SINT);
	testdev(TESTDEV_SINT_RAISE, 0, 0, RAISED_SINT);
	while (counters(fd).interrupts == 0)
		look_again();
	ck_counters(fd, 0, 1, 1, 0, 0);
	ck_assert_int_eq(poll_now(fd), writable);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(a_slot_left_for_want_of_room_is_counted)
{
	int fd = open_device();

	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 2), 0);
	for (uint64_t i = 0; i < 2; i++) {
		send_number(fd, ECHO(0, ECHO_SINT), i);
		wait_taken(fd, i + 1);
	}
	send_number(fd, ECHO(0, ECHO_SINT), 2);
	while (counters(fd).stalls == 0)
		look_again();
	ck_counters(fd, 2, 3, 0, 0, 1);
	for (uint64_t i = 0; i < 3; i++)
		receive_number(fd, i);
	ck_counters(fd, 3, 3, 0, 0, 1);
}
END_TEST

START_TEST(counters_begin_at_0_again_with_each_bind)
{
	int fd = open_bound(ECHO_SINT);

	send_to_all(fd, 1);
	close(fd);
	fd = open_bound(ECHO_SINT);
	ck_counters(fd, 0, 0, 0, 0, 0);
}
END_TEST

/* Processes that die */

/* Fork a child that tells by @ready when it enters the call it dies in. */
static pid_t start_victim(void (*deed)(int fd), int fd)
{
	int ready[2];
	char path[64], byte;
	pid_t child;

	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (write(ready[1], "", 1) == 1)
			deed(fd);
		_exit(1);
	}
	close(fd);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	wait_asleep(path);
	return child;
}

static void kill_victim(pid_t child)
{
	int status;

	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
}

static void read_forever(int fd)
{
	struct hvpost_record record;

	while (read(fd, &record, sizeof(record)) > 0)
		;
}

static void post_forever(int fd)
{
	struct hvpost_ioc_post post = {
		.flags = HVPOST_POST_RETRY_CONNECTION,
		.connection_id = UNKNOWN_CONNECTION,
		.message_type = TYPE,
		.deadline_ns = HVPOST_DEADLINE_NEVER,
	};

	ioctl(fd, HVPOST_IOC_POST, &post);
}

START_TEST(a_process_killed_in_a_read_leaves_its_sint_free)
{
	pid_t child = start_victim(read_forever, open_bound(ECHO_SINT));
	int fd = open_device();

	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), EBUSY);
	kill_victim(child);
	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), 0);
	ck_echo(fd, ECHO(1, ECHO_SINT), "alive", 5);
}
END_TEST

START_TEST(a_process_killed_in_a_post_leaves_its_sint_free)
{
	pid_t child = start_victim(post_forever, open_bound(ECHO_SINT));
	int fd = open_device();

	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), EBUSY);
	kill_victim(child);
	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), 0);
	ck_echo(fd, ECHO(1, ECHO_SINT), "alive", 5);
}
END_TEST

static void poll_forever(int fd)
{
	struct pollfd wanted = { .fd = fd, .events = POLLIN };

	poll(&wanted, 1, -1);
}

START_TEST(a_process_killed_in_a_poll_leaves_its_sint_free)
{
	pid_t child = start_victim(poll_forever, open_bound(ECHO_SINT));
	int fd = open_device();

	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), EBUSY);
	kill_victim(child);
	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), 0);
	ck_echo(fd, ECHO(1, ECHO_SINT), "alive", 5);
}
END_TEST

static void bind_forever(int told)
{
	for (;;) {
		int fd = open_device();

		if (write(told, "", 1) != 1 || bind_sint(fd, ECHO_SINT, 0))
			_exit(1);
		close(fd);
	}
}

/* It is killed on its way into a bind, or already in it. */
START_TEST(a_process_killed_while_it_binds_leaves_nothing_behind)
{
	int fd = open_device(), told[2];
	pid_t child;
	char byte;

	ck_assert_int_eq(pipe(told), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(fd);
		bind_forever(told[1]);
	}
	for (int i = 0; i <= _i; i++)
		ck_assert_int_eq(read(told[0], &byte, 1), 1);
	kill_victim(child);
	ck_assert_uint_eq(interrupt_lines("hvpost"), 0);
	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), 0);
	ck_echo(fd, ECHO(1, ECHO_SINT), "alive", 5);
}
END_TEST

/* Threads; what they find wrong ends the test process. */

#define PAIRS		25u
#define MESSAGES	(2 * PAIRS)

/* One SINT: a file, a reader, and for each VP a sender with its credits */
struct lane {
	uint32_t sint;
	int fd;
	sem_t taken[VPS];
	pthread_t reader;
};

struct sender {
	struct lane *lane;
	uint32_t vp;
	pthread_t thread;
};

static void *lane_send(void *argument)
{
	struct sender *sender = argument;
	struct lane *lane = sender->lane;

	for (uint64_t i = 0; i < MESSAGES; i++) {
		send_number(lane->fd, ECHO(sender->vp, lane->sint), i);
		if (i % 2 == 0)
			continue;
		sem_wait(&lane->taken[sender->vp]);
		sem_wait(&lane->taken[sender->vp]);
	}
	return NULL;
}

static void *lane_read(void *argument)
{
	struct lane *lane = argument;
	uint64_t next[VPS] = { 0 };

	while (next[0] + next[1] < VPS * MESSAGES) {
		struct hvpost_record records[4];
		ssize_t size = read(lane->fd, records, sizeof(records));

		ck_assert_int_gt(size, 0);
		ck_in_order(records, size, next);
		/* This waits until the slots of these are free. */
		counters(lane->fd);
		for (size_t i = 0; i < (size_t)size / sizeof(records[0]); i++)
			sem_post(&lane->taken[records[i].vp_index]);
	}
	return NULL;
}

static void lane_start(struct lane *lane, uint32_t sint)
{
	lane->sint = sint;
	lane->fd = open_bound(sint);
	for (uint32_t vp = 0; vp < VPS; vp++)
		ck_assert_int_eq(sem_init(&lane->taken[vp], 0, 0), 0);
	ck_assert_int_eq(pthread_create(&lane->reader, NULL, lane_read, lane),
			 0);
}

START_TEST(eight_threads_that_post_while_four_read_all_complete)
{
	struct sender senders[ECHO_SINTS * VPS];
	struct lane lanes[ECHO_SINTS];

	for (uint32_t i = 0; i < ECHO_SINTS; i++)
		lane_start(&lanes[i], ECHO_SINT + i);
	for (uint32_t i = 0; i < ECHO_SINTS * VPS; i++) {
		senders[i].lane = &lanes[i / VPS];
		senders[i].vp = i % VPS;
		ck_assert_int_eq(pthread_create(&senders[i].thread, NULL,
						lane_send, &senders[i]), 0);
	}
	for (uint32_t i = 0; i < ECHO_SINTS * VPS; i++)
		pthread_join(senders[i].thread, NULL);
	for (uint32_t i = 0; i < ECHO_SINTS; i++) {
		pthread_join(lanes[i].reader, NULL);
		wait_taken(lanes[i].fd, VPS * MESSAGES);
		ck_nothing_to_read(lanes[i].fd);
	}
}
END_TEST

#define STOP		UINT64_MAX

/* A file that two threads read, and how often each message was read */
struct shared_inbox {
	int fd;
	atomic_uint seen[VPS][MESSAGES];
};

static void *read_until_stopped(void *argument)
{
	struct shared_inbox *inbox = argument;
	struct hvpost_record record;

	for (;;) {
		receive(inbox->fd, &record);
		if (number_in(&record) == STOP)
			return NULL;
		ck_assert_uint_lt(number_in(&record), MESSAGES);
		ck_assert_uint_eq(record.sequence, number_in(&record) + 1);
		atomic_fetch_add(&inbox->seen[record.vp_index]
					     [number_in(&record)], 1);
	}
}

START_TEST(two_threads_reading_one_file_lose_and_repeat_nothing)
{
	static struct shared_inbox inbox;
	pthread_t readers[2];

	inbox.fd = open_bound(ECHO_SINT);
	for (unsigned int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&readers[i], NULL,
						read_until_stopped, &inbox), 0);
	send_to_all(inbox.fd, MESSAGES);
	send_number(inbox.fd, ECHO(0, ECHO_SINT), STOP);
	send_number(inbox.fd, ECHO(1, ECHO_SINT), STOP);
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	for (uint32_t vp = 0; vp < VPS; vp++)
		for (unsigned int i = 0; i < MESSAGES; i++)
			ck_assert_uint_eq(inbox.seen[vp][i], 1);
	ck_nothing_to_read(inbox.fd);
}
END_TEST

/* A page that is missing: whoever touches it waits until it is given. */
static int withheld_page(char **page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	*page = map_pages(1, PROT_READ | PROT_WRITE);
	range.range.start = (uintptr_t)*page;
	range.range.len = PAGE;
	ck_assert_int_ge(faults, 0);
	ck_assert_int_eq(ioctl(faults, UFFDIO_API, &api), 0);
	ck_assert_int_eq(ioctl(faults, UFFDIO_REGISTER, &range), 0);
	return faults;
}

static void wait_for_toucher(int faults)
{
	struct uffd_msg message;

	ck_assert_int_eq(read(faults, &message, sizeof(message)),
			 sizeof(message));
	ck_assert_uint_eq(message.event, UFFD_EVENT_PAGEFAULT);
}

static void give_page(int faults, char *page)
{
	struct uffdio_zeropage zeros = {
		.range = { .start = (uintptr_t)page, .len = PAGE },
	};

	ck_assert_int_eq(ioctl(faults, UFFDIO_ZEROPAGE, &zeros), 0);
}

struct slow_read {
	int fd;
	char *buffer;
};

static void *read_slowly(void *argument)
{
	struct slow_read *slow = argument;

	ck_assert_int_eq(read(slow->fd, slow->buffer,
			      sizeof(struct hvpost_record)),
			 sizeof(struct hvpost_record));
	return NULL;
}

START_TEST(a_read_leaves_the_record_alone_that_another_is_copying)
{
	struct slow_read slow = { .fd = open_bound(ECHO_SINT) };
	struct caller reader = { .call = call_read, .fd = slow.fd };
	int faults = withheld_page(&slow.buffer);
	pthread_t thread;

	for (uint64_t i = 0; i < 2; i++) {
		send_number(slow.fd, ECHO(0, ECHO_SINT), i);
		wait_taken(slow.fd, i + 1);
	}
	ck_assert_int_eq(pthread_create(&thread, NULL, read_slowly, &slow), 0);
	wait_for_toucher(faults);
	caller_start(&reader);
	give_page(faults, slow.buffer);
	pthread_join(thread, NULL);
	caller_join(&reader);
	ck_assert_uint_eq(number_in((struct hvpost_record *)slow.buffer), 0);
	ck_assert_int_eq(reader.err, 0);
	ck_assert_uint_eq(number_in(&reader.record), 1);
}
END_TEST

static void add_bind_cases(Suite *suite)
{
	TCase *bind = add_case(suite, "bind", NULL);

	tcase_add_test(bind,
		       an_unknown_flag_or_reserved_bit_of_a_bind_is_einval);
	tcase_add_test(bind, a_sint_out_of_1_to_15_is_einval);
	tcase_add_test(bind, vmbus_s_sint_needs_the_capability);
	tcase_add_test(bind, a_ring_of_more_than_4096_records_is_einval);
	tcase_add_test(bind, bind_tells_how_many_records_it_took);
	tcase_add_test(bind, a_file_has_one_sint);
	tcase_add_test(bind, a_sint_has_one_file_and_is_free_after_its_close);
	tcase_add_test(bind,
		       a_sint_is_free_after_the_last_close_of_a_shared_file);
	tcase_add_test(bind,
		       a_sint_that_somebody_else_unmasked_is_left_to_them);
	tcase_add_test(bind, each_cpu_has_an_interrupt_while_the_sint_is_bound);
	tcase_add_test(bind, three_hundred_binds_leave_no_interrupt_behind);
}

static void add_read_cases(Suite *suite)
{
	TCase *reads = add_case(suite, "read", flush_echo);

	tcase_add_test(reads, a_read_without_a_sint_is_enotconn);
	tcase_add_test(reads, a_buffer_of_less_than_a_record_is_einval);
	tcase_add_test(reads, an_empty_inbox_is_eagain_with_o_nonblock);
	tcase_add_test(reads, a_record_that_cannot_be_copied_out_stays);
	tcase_add_test(reads, a_buffer_that_ends_too_early_takes_what_it_can);
	tcase_add_loop_test(reads, every_field_of_a_record_is_as_documented, 0,
			    FIELD_LOOPS);
	tcase_add_test(reads, a_record_ends_in_zeros_after_a_longer_one_too);
	tcase_add_test(reads,
		       one_read_takes_all_that_is_there_in_order_of_arrival);
	tcase_add_test(reads,
		       a_short_read_takes_whole_records_and_leaves_the_rest);
	tcase_add_test(reads, small_reads_serve_every_vp_in_turn);
	tcase_add_test(reads, sequences_begin_at_1_again_with_each_bind);
	tcase_add_loop_test(reads, a_read_sleeps_until_a_message_comes, 0,
			    (int)VPS);
	tcase_add_test(reads, a_signal_ends_a_read_with_eintr);
	tcase_add_test(reads, a_read_goes_on_after_a_signal_that_restarts);
}

static void add_waiting_cases(Suite *suite)
{
	TCase *waiting = add_case(suite, "waiting messages", flush_echo);

	tcase_add_loop_test(waiting,
			    messages_beyond_a_full_ring_wait_and_come_in_order,
			    0, (int)VPS);
	tcase_add_test(waiting,
		       a_full_ring_of_one_vp_does_not_hold_up_another);
	tcase_add_loop_test(waiting,
			    messages_that_came_while_nobody_was_bound_are_received,
			    0, (int)VPS);
	tcase_add_test(waiting, a_bind_that_fails_takes_no_message);
	tcase_add_test(waiting,
		       an_unread_ring_is_dropped_at_close_but_the_slot_is_not);
}

static void add_poll_cases(Suite *suite)
{
	TCase *polls = add_case(suite, "poll", flush_echo);

	tcase_add_test(polls,
		       poll_says_in_while_something_is_there_and_out_always);
	tcase_add_loop_test(polls, a_poll_sleeps_until_a_message_comes, 0,
			    (int)VPS);
	tcase_add_test(polls, a_bind_that_finds_a_message_wakes_a_poll);
	tcase_add_test(polls,
		       a_read_that_lets_a_stalled_message_in_wakes_a_poll);
	tcase_add_test(polls, level_triggered_epoll_tells_until_all_is_read);
	tcase_add_test(polls, edge_triggered_epoll_tells_once_for_each_arrival);
}

static void add_counter_cases(Suite *suite)
{
	TCase *losses = add_case(suite, "losses", flush_echo);
	TCase *counts = add_case(suite, "counters", flush_echo);

	tcase_add_checked_fixture(losses, watch_every_second, NULL);
	tcase_add_test(losses, a_loss_is_told_by_poll_until_counters_tell_of_it);
	tcase_add_test(losses,
		       messages_that_came_while_a_sint_was_lost_are_received);
	tcase_add_test(counts, counters_without_a_sint_are_enotconn);
	tcase_add_test(counts,
		       messages_one_by_one_cost_an_interrupt_each_and_no_eom);
	tcase_add_test(counts, a_message_waiting_in_the_host_costs_an_eom);
	tcase_add_test(counts,
		       an_interrupt_that_finds_the_slot_empty_is_counted);
	tcase_add_test(counts, a_slot_left_for_want_of_room_is_counted);
	tcase_add_test(counts, counters_begin_at_0_again_with_each_bind);
}

static void add_task_cases(Suite *suite)
{
	TCase *deaths = add_case(suite, "deaths", flush_echo);
	TCase *threads = add_case(suite, "threads", flush_echoes);

	tcase_add_test(deaths,
		       a_process_killed_in_a_read_leaves_its_sint_free);
	tcase_add_test(deaths,
		       a_process_killed_in_a_post_leaves_its_sint_free);
	tcase_add_test(deaths,
		       a_process_killed_in_a_poll_leaves_its_sint_free);
	tcase_add_loop_test(deaths,
			    a_process_killed_while_it_binds_leaves_nothing_behind,
			    0, 20);

	tcase_add_test(threads,
		       eight_threads_that_post_while_four_read_all_complete);
	tcase_add_test(threads,
		       two_threads_reading_one_file_lose_and_repeat_nothing);
	tcase_add_test(threads,
		       a_read_leaves_the_record_alone_that_another_is_copying);
}

int main(void)
{
	Suite *suite = suite_create("device, receiving");

	add_bind_cases(suite);
	add_read_cases(suite);
	add_waiting_cases(suite);
	add_poll_cases(suite);
	add_counter_cases(suite);
	add_task_cases(suite);
	return run_suite(suite);
}
