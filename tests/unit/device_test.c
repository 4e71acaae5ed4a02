// SPDX-License-Identifier: MIT
/* The library's device target against a fake device. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <hvpost/hvpost.h>
#include <hvpost/hyperv_status.h>

#include "fake_device.h"
#include "suites.h"

static struct hvpost *hv;

static void open_handle(void)
{
	fake_device_create();
	ck_assert_int_eq(hvpost_open(fake.target, &hv), 0);
}

static void close_handle(void)
{
	hvpost_close(hv);
	hv = NULL;
	fake_device_remove();
}

static void bind_or_fail(void)
{
	ck_assert_int_eq(hvpost_bind(hv, 6, 0), 0);
}

static int post_text(const char *text, uint64_t deadline_ns)
{
	struct hvpost_post post = {
		.connection_id = 0x10,
		.message_type = 1,
		.payload = text,
		.payload_size = (uint32_t)strlen(text),
	};

	return hvpost_post(hv, &post, deadline_ns);
}

/* Opening */

static const struct {
	int info_errno;
	int error;
} strangers[] = {
	{ ENOTTY, -EPROTO }, /* no such call */
	{ EINVAL, -EPROTO }, /* some drivers say so instead */
	{ EIO, -EIO },
	{ EACCES, -EACCES },
	{ ENOMEM, -ENOMEM },
};

START_TEST(only_a_device_that_lacks_the_call_is_not_hvpost)
{
	struct hvpost *other = hv;

	fake.info_errno = strangers[_i].info_errno;
	ck_assert_int_eq(hvpost_open(fake.target, &other), strangers[_i].error);
	ck_assert_ptr_null(other);
}
END_TEST

START_TEST(descriptor_is_closed_by_exec)
{
	ck_assert_int_eq(fcntl(hvpost_get_fd(hv), F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(descriptor_blocks_so_that_posts_may_wait)
{
	ck_assert_int_eq(fcntl(hvpost_get_fd(hv), F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

START_TEST(closing_the_handle_closes_the_descriptor)
{
	int fd = hvpost_get_fd(hv);

	hvpost_close(hv);
	hv = NULL;
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

/* Info */

START_TEST(info_is_converted)
{
	struct hvpost_info info;

	fake.info = (struct hvpost_ioc_info){
		.hypercall = HVPOST_HYPERCALL_VMMCALL,
		.synic = HVPOST_SYNIC_SHARED,
		.privileges_low = 0x64,
		.privileges_high = 0x30,
		.sints_bound = 1 << 6,
		.sints_busy = 1 << 2,
		.vps_online = 4,
		.vmbus_loaded = 1,
		.guest_os_id = 0x8100000000000000,
		.version = "1.2.3",
	};
	ck_assert_int_eq(hvpost_get_info(hv, &info, sizeof(info)), 0);
	ck_assert_int_eq(info.hypercall, HVPOST_CALL_VMMCALL);
	ck_assert_int_eq(info.synic, HVPOST_SYNIC_THEIRS);
	ck_assert(info.privileges == 0x0000003000000064);
	ck_assert(info.guest_os_id == 0x8100000000000000);
	ck_assert_uint_eq(info.vps_online, 4);
	ck_assert_uint_eq(info.sints_bound, 1 << 6);
	ck_assert_uint_eq(info.sints_busy, 1 << 2);
	ck_assert_uint_eq(info.vmbus_loaded, 1);
	ck_assert_str_eq(info.version, "1.2.3");
}
END_TEST

START_TEST(info_of_a_newer_driver_is_unknown_and_not_wrong)
{
	struct hvpost_info info;

	fake.info.hypercall = 99;
	fake.info.synic = 99;
	memset(fake.info.version, 'x', sizeof(fake.info.version));
	ck_assert_int_eq(hvpost_get_info(hv, &info, sizeof(info)), 0);
	ck_assert_int_eq(info.hypercall, HVPOST_CALL_UNKNOWN);
	ck_assert_int_eq(info.synic, HVPOST_SYNIC_UNKNOWN);
	ck_assert_uint_eq(strlen(info.version), sizeof(info.version) - 1);
}
END_TEST

START_TEST(info_fills_no_more_than_the_caller_knows)
{
	struct hvpost_info info;

	memset(&info, 0xee, sizeof(info));
	ck_assert_int_eq(
		hvpost_get_info(hv, &info,
				offsetof(struct hvpost_info, vps_online)),
		0);
	ck_assert_int_eq(info.hypercall, HVPOST_CALL_KERNEL);
	ck_assert_uint_eq(info.vps_online, 0xeeeeeeee);
}
END_TEST

START_TEST(info_zeroes_what_only_the_caller_knows)
{
	struct {
		struct hvpost_info info;
		uint64_t newer;
	} larger = { .newer = 1 };

	ck_assert_int_eq(hvpost_get_info(hv, &larger.info, sizeof(larger)), 0);
	ck_assert_uint_eq(larger.info.vps_online, 2);
	ck_assert_uint_eq(larger.newer, 0);
}
END_TEST

START_TEST(info_of_no_size_is_refused)
{
	struct hvpost_info info;

	ck_assert_int_eq(hvpost_get_info(hv, &info, 0), -EINVAL);
}
END_TEST

/* Posting */

START_TEST(post_reaches_the_driver_as_it_is)
{
	struct hvpost_post post = {
		.connection_id = 0x123456,
		.message_type = 0x7fffffff,
		.payload = "hello",
		.payload_size = 5,
		.flags = HVPOST_RETRY_CONNECTION,
	};

	ck_assert_int_eq(hvpost_post(hv, &post, 1234567890), 0);
	ck_assert_uint_eq(fake.post.connection_id, 0x123456);
	ck_assert_uint_eq(fake.post.message_type, 0x7fffffff);
	ck_assert_uint_eq(fake.post.payload_size, 5);
	ck_assert_mem_eq(fake.payload, "hello", 5);
	ck_assert_uint_eq(fake.post.flags, HVPOST_POST_RETRY_CONNECTION);
	ck_assert(fake.post.deadline_ns == 1234567890);
	ck_assert(fake.post.reserved == 0);
}
END_TEST

START_TEST(unchecked_post_reaches_the_driver_as_it_is)
{
	static const char payload[240];
	struct hvpost_post post = {
		.connection_id = 0x10,
		.message_type = 0x80000000,
		.payload = payload,
		.payload_size = UINT32_MAX,
		.flags = HVPOST_UNCHECKED,
	};

	ck_assert_int_eq(hvpost_post(hv, &post, HVPOST_NOW), 0);
	ck_assert_uint_eq(fake.post.flags, HVPOST_POST_UNCHECKED);
	ck_assert_uint_eq(fake.post.message_type, 0x80000000);
	ck_assert_uint_eq(fake.post.payload_size, UINT32_MAX);
	ck_assert(fake.post.payload == (uintptr_t)payload);
}
END_TEST

START_TEST(post_now_asks_for_one_try)
{
	ck_assert_int_eq(post_text("x", HVPOST_NOW), 0);
	ck_assert(fake.post.deadline_ns == HVPOST_DEADLINE_NONE);
}
END_TEST

START_TEST(post_without_end_asks_for_as_long_as_it_takes)
{
	ck_assert_int_eq(post_text("x", HVPOST_NEVER), 0);
	ck_assert(fake.post.deadline_ns == HVPOST_DEADLINE_NEVER);
}
END_TEST

START_TEST(payload_of_241_bytes_is_refused)
{
	static const char payload[241];
	struct hvpost_post post = {
		.connection_id = 0x10,
		.message_type = 1,
		.payload = payload,
		.payload_size = sizeof(payload),
	};

	ck_assert_int_eq(hvpost_post(hv, &post, HVPOST_NOW), -EMSGSIZE);
	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
	ck_assert_uint_eq(hvpost_last_attempts(hv), 0);
}
END_TEST

START_TEST(refusal_gives_errno_and_the_raw_status)
{
	fake.post_errno = ENOTCONN;
	fake.status = 0x12;
	fake.attempts = 3;
	ck_assert_int_eq(post_text("x", HVPOST_NOW), -ENOTCONN);
	ck_assert_uint_eq(hvpost_last_status(hv), 0x12);
	ck_assert_uint_eq(hvpost_last_attempts(hv), 3);
}
END_TEST

START_TEST(success_gives_its_status_too)
{
	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
	ck_assert_int_eq(post_text("x", HVPOST_NOW), 0);
	ck_assert_uint_eq(hvpost_last_status(hv), 0);
	ck_assert_uint_eq(hvpost_last_attempts(hv), 1);
}
END_TEST

START_TEST(refusal_before_the_call_forgets_the_last_status)
{
	ck_assert_int_eq(post_text("x", HVPOST_NOW), 0);
	fake.post_errno = EPERM;
	fake.attempts = 0;
	ck_assert_int_eq(post_text("x", HVPOST_NOW), -EPERM);
	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
	ck_assert_uint_eq(hvpost_last_attempts(hv), 0);
}
END_TEST

/* Several at once */

#define MANY 150u

static int post_many(unsigned int count, uint64_t deadline_ns)
{
	static struct hvpost_post posts[MANY];

	for (unsigned int i = 0; i < count; i++)
		posts[i] = (struct hvpost_post){
			.connection_id = i,
			.message_type = 1,
		};
	return hvpost_post_many(hv, posts, count, deadline_ns);
}

/* Only the first so many connections are there. */
static __u32 connections;

static __u32 status_of_connection(const struct hvpost_ioc_post *post)
{
	return post->connection_id < connections ?
		       HV_STATUS_SUCCESS : HV_STATUS_INVALID_CONNECTION_ID;
}

START_TEST(many_posts_are_few_calls)
{
	ck_assert_int_eq(post_many(MANY, 1234567890), (int)MANY);
	ck_assert_uint_eq(fake.posts, MANY);
	ck_assert_uint_eq(fake.post.connection_id, MANY - 1);
	ck_assert_uint_eq(fake.calls_for_many, 3);
	ck_assert(fake.post_many.deadline_ns == 1234567890);
	ck_assert_uint_eq(hvpost_last_status(hv), HV_STATUS_SUCCESS);
	ck_assert_uint_eq(hvpost_last_attempts(hv), 1);
}
END_TEST

/* In the middle of the first call, at the start of the second, at the end. */
static const __u32 there[] = { 7, 64, 149 };

START_TEST(many_posts_end_with_the_call_that_one_fails_in)
{
	fake.post_status = status_of_connection;
	connections = there[_i];
	ck_assert_int_eq(post_many(MANY, HVPOST_NOW), (int)there[_i]);
	ck_assert_uint_eq(fake.posts, there[_i] + 1);
	ck_assert_uint_eq(hvpost_last_status(hv),
			  HV_STATUS_INVALID_CONNECTION_ID);
	connections = 0;
	ck_assert_int_eq(post_many(1, HVPOST_NOW), -ENOTCONN);
}
END_TEST

START_TEST(many_posts_that_a_signal_ends_leave_the_last_answer)
{
	fake.interrupt_at = 6;
	ck_assert_int_eq(post_many(MANY, HVPOST_NEVER), 5);
	ck_assert_uint_eq(fake.calls_for_many, 1);
	ck_assert_uint_eq(hvpost_last_status(hv), HV_STATUS_SUCCESS);
	ck_assert_uint_eq(hvpost_last_attempts(hv), 1);
}
END_TEST

START_TEST(many_posts_refused_whole_leave_no_answer)
{
	fake.many_errno = EIO;
	ck_assert_int_eq(post_many(MANY, HVPOST_NOW), -EIO);
	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
	ck_assert_uint_eq(hvpost_last_attempts(hv), 0);
}
END_TEST

START_TEST(failing_calls_leave_errno_alone)
{
	struct hvpost_message message;

	fake.post_errno = ENOTCONN;
	fake.bind_errno = EBUSY;
	errno = EXFULL;
	ck_assert_int_lt(post_text("x", HVPOST_NOW), 0);
	ck_assert_int_lt(hvpost_bind(hv, 6, 0), 0);
	ck_assert_int_lt(hvpost_receive(hv, &message, HVPOST_NOW), 0);
	ck_assert_int_eq(errno, EXFULL);
}
END_TEST

/* Signalling */

START_TEST(signal_reaches_the_driver_as_it_is)
{
	ck_assert_int_eq(hvpost_signal(hv, 0x11, 2047), 0);
	ck_assert_uint_eq(fake.signal.connection_id, 0x11);
	ck_assert_uint_eq(fake.signal.flag_number, 2047);
	ck_assert_uint_eq(fake.signal.reserved16, 0);
	ck_assert_uint_eq(hvpost_last_status(hv), 0);
}
END_TEST

START_TEST(signal_of_flag_2048_is_refused)
{
	ck_assert_int_eq(hvpost_signal(hv, 0x11, 2048), -EINVAL);
	ck_assert_int_eq(hvpost_signal(hv, 0x11, 0x10000), -EINVAL);
	ck_assert_uint_eq(hvpost_last_status(hv), HVPOST_NO_STATUS);
	ck_assert_uint_eq(fake.signal.connection_id, 0);
}
END_TEST

START_TEST(refused_signal_gives_errno_and_the_raw_status)
{
	fake.signal_errno = ENETDOWN;
	fake.status = 0x18;
	ck_assert_int_eq(hvpost_signal(hv, 0x11, 0), -ENETDOWN);
	ck_assert_uint_eq(hvpost_last_status(hv), 0x18);
}
END_TEST

/* Receiving */

START_TEST(bind_reaches_the_driver_as_it_is)
{
	ck_assert_int_eq(hvpost_bind(hv, 9, 128), 0);
	ck_assert_uint_eq(fake.bind.sint, 9);
	ck_assert_uint_eq(fake.bind.ring_records, 128);
	ck_assert_uint_eq(fake.bind.flags, 0);
}
END_TEST

START_TEST(receiving_without_a_sint_is_enotconn)
{
	struct hvpost_message message;

	fake_device_deliver_text(1, "too early");
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NEVER), -ENOTCONN);
}
END_TEST

START_TEST(receiving_after_a_failed_bind_is_enotconn)
{
	struct hvpost_message message;

	fake.bind_errno = EBUSY;
	ck_assert_int_eq(hvpost_bind(hv, 6, 0), -EBUSY);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NEVER), -ENOTCONN);
}
END_TEST

START_TEST(message_is_converted_from_its_record)
{
	struct hvpost_record record = {
		.time_ns = 123456789,
		.origin = 0xfedcba9876543210,
		.vp_index = 3,
		.message_type = 0x80000010,
		.sint = 6,
		.payload_size = 240,
		.message_flags = 1,
		.flags = HVPOST_RECORD_OVERSIZE,
	};
	struct hvpost_message message;

	memset(record.payload, 'p', sizeof(record.payload));
	bind_or_fail();
	fake_device_deliver(&record);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), 0);
	ck_assert(message.sequence == 1);
	ck_assert(message.time_ns == 123456789);
	ck_assert(message.origin == 0xfedcba9876543210);
	ck_assert_uint_eq(message.vp_index, 3);
	ck_assert_uint_eq(message.message_type, 0x80000010);
	ck_assert_uint_eq(message.sint, 6);
	ck_assert_uint_eq(message.payload_size, 240);
	ck_assert_uint_eq(message.message_flags, 1);
	ck_assert_uint_eq(message.flags, HVPOST_MESSAGE_OVERSIZE);
	ck_assert_mem_eq(message.payload, record.payload, 240);
}
END_TEST

/* More than one ring gives in a row. */
START_TEST(many_messages_arrive_in_order_and_none_is_lost)
{
	struct hvpost_message message;
	char text[16];

	bind_or_fail();
	for (unsigned int i = 0; i < 150; i++) {
		snprintf(text, sizeof(text), "%03u", i);
		fake_device_deliver_text(1, text);
	}
	for (unsigned int i = 0; i < 150; i++) {
		snprintf(text, sizeof(text), "%03u", i);
		ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), 0);
		ck_assert_uint_eq(message.sequence, i + 1);
		ck_assert_mem_eq(message.payload, text, 3);
	}
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), -EAGAIN);
}
END_TEST

START_TEST(descriptor_announces_messages_until_the_last_one)
{
	struct pollfd readable = { .fd = hvpost_get_fd(hv), .events = POLLIN };
	struct hvpost_message message;

	bind_or_fail();
	fake_device_deliver_text(1, "a");
	fake_device_deliver_text(1, "b");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(poll(&readable, 1, 0), 1);
		ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), 0);
	}
	ck_assert_int_eq(poll(&readable, 1, 0), 0);
}
END_TEST

static void deliver_number(uint32_t vp_index, uint32_t number)
{
	fake_device_deliver(&(struct hvpost_record){
			.vp_index = vp_index, .message_type = number });
}

/* The VP of the next message */
static uint32_t receive_vp(void)
{
	struct hvpost_message message;

	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), 0);
	return message.vp_index;
}

START_TEST(a_vp_with_many_messages_lets_the_other_have_its_turn)
{
	unsigned int before = 0;

	bind_or_fail();
	for (uint32_t i = 0; i < 200; i++)
		deliver_number(0, i);
	deliver_number(1, 0);
	while (receive_vp() == 0)
		before++;
	ck_assert_uint_lt(before, 100);
	for (unsigned int left = 200 - before; left; left--)
		ck_assert_uint_eq(receive_vp(), 0);
}
END_TEST

START_TEST(a_ring_is_received_past_the_wrap_of_its_words)
{
	struct hvpost_message message;

	fake.words[0].head = fake.words[0].tail = UINT32_MAX - 1;
	bind_or_fail();
	for (uint32_t i = 0; i < 4; i++)
		deliver_number(0, i + 1);
	for (uint32_t i = 0; i < 4; i++) {
		ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), 0);
		ck_assert_uint_eq(message.message_type, i + 1);
	}
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), -EAGAIN);
	ck_assert_uint_eq(fake.words[0].tail, 2);
}
END_TEST

START_TEST(a_driver_that_stalled_is_told_of_the_room)
{
	bind_or_fail();
	deliver_number(1, 1);
	deliver_number(1, 2);
	receive_vp();
	ck_assert_uint_eq(fake.resumes, 0);
	fake.words[1].stalled = 1;
	receive_vp();
	ck_assert_uint_eq(fake.resumes, 1);
}
END_TEST

START_TEST(rings_that_cannot_be_mapped_make_the_bind_fail)
{
	struct hvpost_message message;

	fake.map_errno = ENOMEM;
	ck_assert_int_eq(hvpost_bind(hv, 6, 0), -ENOMEM);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), -ENOTCONN);
}
END_TEST

START_TEST(receiving_now_from_nothing_is_eagain)
{
	struct hvpost_message message;

	bind_or_fail();
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), -EAGAIN);
}
END_TEST

START_TEST(receiving_past_the_deadline_is_etimedout)
{
	struct hvpost_message message;
	uint64_t deadline = hvpost_deadline_in_ms(30);

	bind_or_fail();
	ck_assert_int_eq(hvpost_receive(hv, &message, deadline), -ETIMEDOUT);
	ck_assert(hvpost_deadline_in_ms(0) >= deadline);
	ck_assert_int_eq(hvpost_receive(hv, &message, deadline), -ETIMEDOUT);
}
END_TEST

static void ignore(int number)
{
	(void)number;
}

START_TEST(signal_ends_a_wait_with_eintr)
{
	struct sigaction action = { .sa_handler = ignore };
	/* Again and again, should one come before the wait has begun. */
	struct itimerval timer = { .it_value.tv_usec = 20000,
				   .it_interval.tv_usec = 20000 };
	struct itimerval none = { .it_value.tv_usec = 0 };
	struct hvpost_message message;

	bind_or_fail();
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NEVER), -EINTR);
	setitimer(ITIMER_REAL, &none, NULL);
}
END_TEST

START_TEST(a_message_told_of_before_it_can_be_seen_is_waited_for)
{
	struct hvpost_message message;

	bind_or_fail();
	fake.early = true;
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NEVER), 0);
	fake.early = true;
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), -EAGAIN);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), 0);
}
END_TEST

START_TEST(a_sint_that_was_taken_away_is_enodev_after_what_came)
{
	struct hvpost_message message;

	bind_or_fail();
	fake_device_deliver_text(1, "last");
	fake.revoked = true;
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NEVER), 0);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NEVER), -ENODEV);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), -ENODEV);
}
END_TEST

START_TEST(record_that_claims_too_much_is_a_broken_protocol)
{
	struct hvpost_record record = { .payload_size = 241 };
	struct hvpost_message message;

	bind_or_fail();
	fake_device_deliver(&record);
	fake_device_deliver_text(1, "next");
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), -EPROTO);
	ck_assert_int_eq(hvpost_receive(hv, &message, HVPOST_NOW), 0);
	ck_assert_mem_eq(message.payload, "next", 4);
}
END_TEST

START_TEST(counters_are_converted)
{
	struct hvpost_counters counters;

	bind_or_fail();
	fake.counters = (struct hvpost_ioc_counters){
		.messages = 1,
		.interrupts = 2,
		.empty = 3,
		.eoms = 4,
		.stalls = 5,
		.oversize = 6,
		.events = 7,
		.dropped = 8,
		.filtered = 9,
		.losses = 10,
	};
	ck_assert_int_eq(hvpost_get_counters(hv, &counters, sizeof(counters)),
			 0);
	ck_assert(counters.messages == 1 && counters.interrupts == 2);
	ck_assert(counters.empty == 3 && counters.eoms == 4);
	ck_assert(counters.stalls == 5 && counters.oversize == 6);
	ck_assert(counters.events == 7 && counters.dropped == 8);
	ck_assert(counters.filtered == 9 && counters.losses == 10);
}
END_TEST

START_TEST(counters_fill_no_more_than_the_caller_knows)
{
	struct hvpost_counters counters;

	bind_or_fail();
	fake.counters.messages = 7;
	memset(&counters, 0xee, sizeof(counters));
	ck_assert_int_eq(hvpost_get_counters(hv, &counters, 8), 0);
	ck_assert(counters.messages == 7);
	ck_assert(counters.interrupts == 0xeeeeeeeeeeeeeeee);
	ck_assert_int_eq(hvpost_get_counters(hv, &counters, 0), -EINVAL);
}
END_TEST

START_TEST(counters_without_a_sint_are_enotconn)
{
	struct hvpost_counters counters;

	ck_assert_int_eq(hvpost_get_counters(hv, &counters, sizeof(counters)),
			 -ENOTCONN);
}
END_TEST

/* Threads: one posts, the other receives; a sanitizer watches. */

#define ROUNDS 200

static void *receive_all(void *count)
{
	struct hvpost_message message;

	for (int i = 0; i < ROUNDS; i++) {
		if (hvpost_receive(hv, &message, hvpost_deadline_in_ms(5000)))
			break;
		++*(int *)count;
	}
	return NULL;
}

START_TEST(one_thread_posts_while_another_one_receives)
{
	pthread_t receiver;
	int received = 0;

	bind_or_fail();
	fake.echo = true;
	ck_assert_int_eq(
		pthread_create(&receiver, NULL, receive_all, &received), 0);
	for (int i = 0; i < ROUNDS; i++) {
		ck_assert_int_eq(post_text("ping", HVPOST_NOW), 0);
		ck_assert_uint_eq(hvpost_last_status(hv), 0);
	}
	pthread_join(receiver, NULL);
	ck_assert_int_eq(received, ROUNDS);
}
END_TEST

static void add_receive_tests(TCase *tcase)
{
	tcase_add_test(tcase, bind_reaches_the_driver_as_it_is);
	tcase_add_test(tcase, receiving_without_a_sint_is_enotconn);
	tcase_add_test(tcase, receiving_after_a_failed_bind_is_enotconn);
	tcase_add_test(tcase, message_is_converted_from_its_record);
	tcase_add_test(tcase, many_messages_arrive_in_order_and_none_is_lost);
	tcase_add_test(tcase,
		       descriptor_announces_messages_until_the_last_one);
	tcase_add_test(tcase,
		       a_vp_with_many_messages_lets_the_other_have_its_turn);
	tcase_add_test(tcase, a_ring_is_received_past_the_wrap_of_its_words);
	tcase_add_test(tcase, a_driver_that_stalled_is_told_of_the_room);
	tcase_add_test(tcase, rings_that_cannot_be_mapped_make_the_bind_fail);
	tcase_add_test(tcase, receiving_now_from_nothing_is_eagain);
	tcase_add_test(tcase, receiving_past_the_deadline_is_etimedout);
	tcase_add_test(tcase, signal_ends_a_wait_with_eintr);
	tcase_add_test(tcase,
		       a_message_told_of_before_it_can_be_seen_is_waited_for);
	tcase_add_test(tcase, a_sint_that_was_taken_away_is_enodev_after_what_came);
	tcase_add_test(tcase, record_that_claims_too_much_is_a_broken_protocol);
	tcase_add_test(tcase, counters_are_converted);
	tcase_add_test(tcase, counters_fill_no_more_than_the_caller_knows);
	tcase_add_test(tcase, counters_without_a_sint_are_enotconn);
	tcase_add_test(tcase, one_thread_posts_while_another_one_receives);
}

static void add_post_tests(TCase *tcase)
{
	tcase_add_test(tcase, post_reaches_the_driver_as_it_is);
	tcase_add_test(tcase, unchecked_post_reaches_the_driver_as_it_is);
	tcase_add_test(tcase, post_now_asks_for_one_try);
	tcase_add_test(tcase, post_without_end_asks_for_as_long_as_it_takes);
	tcase_add_test(tcase, payload_of_241_bytes_is_refused);
	tcase_add_test(tcase, refusal_gives_errno_and_the_raw_status);
	tcase_add_test(tcase, success_gives_its_status_too);
	tcase_add_test(tcase, refusal_before_the_call_forgets_the_last_status);
	tcase_add_test(tcase, failing_calls_leave_errno_alone);
	tcase_add_test(tcase, many_posts_are_few_calls);
	tcase_add_loop_test(tcase, many_posts_end_with_the_call_that_one_fails_in,
			    0, ROWS(there));
	tcase_add_test(tcase, many_posts_that_a_signal_ends_leave_the_last_answer);
	tcase_add_test(tcase, many_posts_refused_whole_leave_no_answer);
	tcase_add_test(tcase, signal_reaches_the_driver_as_it_is);
	tcase_add_test(tcase, signal_of_flag_2048_is_refused);
	tcase_add_test(tcase, refused_signal_gives_errno_and_the_raw_status);
}

Suite *device_suite(void)
{
	Suite *suite = suite_create("device");
	TCase *tcase = tcase_create("device");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, open_handle, close_handle);
	tcase_add_loop_test(tcase,
			    only_a_device_that_lacks_the_call_is_not_hvpost, 0,
			    ROWS(strangers));
	tcase_add_test(tcase, descriptor_is_closed_by_exec);
	tcase_add_test(tcase, descriptor_blocks_so_that_posts_may_wait);
	tcase_add_test(tcase, closing_the_handle_closes_the_descriptor);
	tcase_add_test(tcase, info_is_converted);
	tcase_add_test(tcase, info_of_a_newer_driver_is_unknown_and_not_wrong);
	tcase_add_test(tcase, info_fills_no_more_than_the_caller_knows);
	tcase_add_test(tcase, info_zeroes_what_only_the_caller_knows);
	tcase_add_test(tcase, info_of_no_size_is_refused);
	add_post_tests(tcase);
	add_receive_tests(tcase);
	return suite;
}
