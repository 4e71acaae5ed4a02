// SPDX-License-Identifier: MIT
/*
 * The sending half of device.h, condition by condition: ioctls, posts and
 * signals, against the driver and the host behind it.
 */
#define _GNU_SOURCE
#include "device.h"

#include <asm/ioctls.h>

/* Calls */

START_TEST(unknown_commands_are_enotty)
{
	static const unsigned long commands[] = {
		_IO(HVPOST_IOC_MAGIC, 0x7f),
		_IOWR(HVPOST_IOC_MAGIC, 0x05, struct hvpost_ioc_post),
		_IOWR(HVPOST_IOC_MAGIC, 0x01, struct hvpost_ioc_post_many),
		/* The number of POST with another size, or another direction */
		_IOWR(HVPOST_IOC_MAGIC, 0x01, struct hvpost_ioc_info),
		_IOW(HVPOST_IOC_MAGIC, 0x01, struct hvpost_ioc_post),
		_IOR('T', 0x00, struct hvpost_ioc_info),
		TCGETS,
	};
	uint64_t argument[32] = { 0 };
	int fd = open_device();

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		ck_assert_int_eq(device_call(fd, commands[i], argument),
				 ENOTTY);
}
END_TEST

START_TEST(a_bad_struct_pointer_is_efault)
{
	static const unsigned long commands[] = {
		HVPOST_IOC_INFO, HVPOST_IOC_POST, HVPOST_IOC_SIGNAL,
		HVPOST_IOC_BIND, HVPOST_IOC_COUNTERS, HVPOST_IOC_POST_MANY,
	};
	char *pages = map_pages(2, PROT_READ | PROT_WRITE);
	int fd = open_device(), bound = open_bound(FREE_SINT);

	ck_assert_int_eq(munmap(pages + PAGE, PAGE), 0);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		int to = commands[i] == HVPOST_IOC_COUNTERS ? bound : fd;

		ck_assert_int_eq(device_call(to, commands[i], NULL), EFAULT);
		ck_assert_int_eq(device_call(to, commands[i], unmapped_page()),
				 EFAULT);
		ck_assert_int_eq(device_call(to, commands[i],
					     pages + PAGE - 8), EFAULT);
	}
	ck_assert_int_eq(bind_sint(fd, OTHER_FREE_SINT, 0), 0);
}
END_TEST

START_TEST(a_bind_whose_answer_cannot_be_written_binds_nothing)
{
	struct hvpost_ioc_bind *bind =
		(void *)map_pages(1, PROT_READ | PROT_WRITE);
	int fd = open_device();

	bind->sint = FREE_SINT;
	ck_assert_int_eq(mprotect(bind, PAGE, PROT_READ), 0);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_BIND, bind), EFAULT);
	ck_assert_int_eq(bind_sint(fd, OTHER_FREE_SINT, 0), 0);
	open_bound(FREE_SINT);
}
END_TEST

START_TEST(a_post_whose_answer_cannot_be_written_posts_nothing)
{
	struct hvpost_ioc_post *post =
		(void *)map_pages(1, PROT_READ | PROT_WRITE);
	int fd = open_bound(ECHO_SINT);

	*post = post_of(ECHO(0, ECHO_SINT), "refused", 7);
	ck_assert_int_eq(mprotect(post, PAGE, PROT_READ), 0);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_POST, post), EFAULT);
	/* It would come before this one. */
	ck_echo(fd, ECHO(0, ECHO_SINT), "next", 4);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(a_signal_whose_answer_cannot_be_written_is_efault)
{
	void *signal = map_pages(1, PROT_READ);

	ck_assert_int_eq(device_call(open_device(), HVPOST_IOC_SIGNAL, signal),
			 EFAULT);
}
END_TEST

START_TEST(info_tells_what_the_driver_is_and_found)
{
	const uint32_t needed = HV_ACCESS_SYNIC_REGS | HV_ACCESS_VP_INDEX |
				HV_ACCESS_HYPERCALL_MSRS;
	struct hvpost_ioc_info info;

	memset(&info, 0xa5, sizeof(info));
	ck_assert_int_eq(device_call(open_device(), HVPOST_IOC_INFO, &info), 0);
	ck_assert_uint_eq(info.hypercall, HVPOST_HYPERCALL_KERNEL);
	ck_assert_uint_eq(info.synic, HVPOST_SYNIC_OWNED);
	ck_assert_uint_eq(info.privileges_low & needed, needed);
	ck_assert_uint_ne(info.privileges_high & HV_POST_MESSAGES, 0);
	ck_assert_uint_eq(info.vps_online, VPS);
	ck_assert_uint_eq(info.vmbus_loaded, 0);
	ck_assert_uint_ne(info.guest_os_id, 0);
	ck_assert_ptr_nonnull(memchr(info.version, '\0', sizeof(info.version)));
	ck_assert_int_ne(info.version[0], '\0');
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_eq(info.reserved[i], 0);
}
END_TEST

START_TEST(info_shows_a_sint_as_bound_while_a_file_has_it)
{
	struct hvpost_ioc_info info;
	int fd = open_device(), bound = open_bound(FREE_SINT);

	ck_assert_int_eq(device_call(fd, HVPOST_IOC_INFO, &info), 0);
	ck_assert_uint_eq(info.sints_bound, 1u << FREE_SINT);
	ck_assert_uint_eq(info.sints_busy, 0);

	close(bound);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_INFO, &info), 0);
	ck_assert_uint_eq(info.sints_bound, 0);
	ck_assert_uint_eq(info.sints_busy, 0);
}
END_TEST

START_TEST(info_shows_a_sint_as_busy_while_somebody_else_has_it)
{
	struct hvpost_ioc_info info;
	int fd = open_device();

	write_msr(1, HV_MSR_SINT0 + FREE_SINT, 0xf3);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_INFO, &info), 0);
	write_msr(1, HV_MSR_SINT0 + FREE_SINT, HV_SINT_MASKED | 0xf3);
	ck_assert_uint_eq(info.sints_busy, 1u << FREE_SINT);
	ck_assert_uint_eq(info.sints_bound, 0);
}
END_TEST

/* Posts that are refused before the hypercall */

static bool is_busy(int fd, uint32_t sint)
{
	struct hvpost_ioc_info info;

	ck_assert_int_eq(device_call(fd, HVPOST_IOC_INFO, &info), 0);
	return info.sints_busy & 1u << sint;
}

static bool is_busy_for_nobody(int fd, uint32_t sint)
{
	bool busy;

	ck_assert_int_eq(seteuid(65534), 0);
	busy = is_busy(fd, sint);
	ck_assert_int_eq(seteuid(0), 0);
	return busy;
}

START_TEST(without_the_capability_info_does_not_ask_all_cpus_each_time)
{
	int fd = open_device();
	uint64_t asked_ns;
	bool still;

	/* Until it is all done within the second that an answer lasts. */
	do {
		write_msr(1, HV_MSR_SINT0 + FREE_SINT, 0xf3);
		do {
			look_again();
			asked_ns = now_ns();
		} while (!is_busy_for_nobody(fd, FREE_SINT));

		write_msr(1, HV_MSR_SINT0 + FREE_SINT, HV_SINT_MASKED | 0xf3);
		ck_assert(!is_busy(fd, FREE_SINT));
		still = is_busy_for_nobody(fd, FREE_SINT);
	} while (now_ns() - asked_ns >= SECOND_NS);

	ck_assert(still);
	while (is_busy_for_nobody(fd, FREE_SINT))
		look_again();
}
END_TEST

START_TEST(an_unknown_flag_of_a_post_is_einval)
{
	int fd = open_device();

	for (unsigned int bit = 2; bit < 32; bit++) {
		struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "", 1);

		post.flags = 1u << bit;
		ck_post_refused(fd, &post, EINVAL);
	}
}
END_TEST

START_TEST(a_reserved_bit_of_a_post_is_einval)
{
	int fd = open_device();

	for (unsigned int bit = 0; bit < 64; bit++) {
		struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "", 1);

		post.reserved = 1ull << bit;
		ck_post_refused(fd, &post, EINVAL);
	}
}
END_TEST

START_TEST(message_types_that_guests_may_not_post_are_einval)
{
	static const uint32_t types[] = { 0, 0x80000000, 0x80000010,
					  0xffffffff };
	int fd = open_device();

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "", 1);

		post.message_type = types[i];
		ck_post_refused(fd, &post, EINVAL);
	}
}
END_TEST

START_TEST(a_payload_of_more_than_240_bytes_is_emsgsize)
{
	static const uint32_t sizes[] = { 241, 256, 0x100, 0x10000, 0x80000000,
					  UINT32_MAX };
	static char payload[256];
	int fd = open_device();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct hvpost_ioc_post post =
			post_of(UNKNOWN_CONNECTION, payload, sizes[i]);

		ck_post_refused(fd, &post, EMSGSIZE);
	}
}
END_TEST

START_TEST(a_payload_of_240_bytes_reaches_the_hypervisor)
{
	static char payload[240];
	struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, payload, 240);

	/* An echo of it would abort QEMU. */
	ck_post(open_device(), &post, ENOTCONN, HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

/*
 * Posts that the hypervisor is to refuse. QEMU looks at the size before it looks
 * for the connection, and at no type: an echo of a bad one could abort it.
 */

START_TEST(an_unchecked_size_over_240_is_the_hypervisors_to_refuse)
{
	static const uint32_t sizes[] = { 241, 256, 0x10000, 0x80000000,
					  UINT32_MAX };
	static char payload[240];
	int fd = open_device();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct hvpost_ioc_post post =
			post_of(UNKNOWN_CONNECTION, payload, sizes[i]);

		post.flags = HVPOST_POST_UNCHECKED;
		ck_post(fd, &post, EINVAL, HV_STATUS_INVALID_HYPERCALL_INPUT);
		ck_assert_uint_eq(post.attempts, 1);
	}
}
END_TEST

START_TEST(an_unchecked_type_reaches_the_hypervisor)
{
	static const uint32_t types[] = { 0, 0x80000000, UINT32_MAX };
	int fd = open_device();

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "", 1);

		post.message_type = types[i];
		post.flags = HVPOST_POST_UNCHECKED;
		ck_post(fd, &post, ENOTCONN, HV_STATUS_INVALID_CONNECTION_ID);
	}
}
END_TEST

START_TEST(an_unchecked_payload_is_read_up_to_240_bytes)
{
	char *pages = map_pages(2, PROT_READ | PROT_WRITE);
	struct hvpost_ioc_post whole =
		post_of(UNKNOWN_CONNECTION, pages + PAGE - 240, UINT32_MAX);
	struct hvpost_ioc_post cut =
		post_of(UNKNOWN_CONNECTION, pages + PAGE - 239, UINT32_MAX);
	int fd = open_device();

	memset(pages, 1, PAGE);
	ck_assert_int_eq(munmap(pages + PAGE, PAGE), 0);
	whole.flags = cut.flags = HVPOST_POST_UNCHECKED;
	ck_post(fd, &whole, EINVAL, HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_post_refused(fd, &cut, EFAULT);
}
END_TEST

START_TEST(an_unchecked_post_in_range_arrives_like_any_other)
{
	struct hvpost_ioc_post post = post_of(ECHO(0, ECHO_SINT), "abc", 3);
	struct hvpost_record record;
	int fd = open_bound(ECHO_SINT);

	post.flags = HVPOST_POST_UNCHECKED;
	ck_post(fd, &post, 0, HV_STATUS_SUCCESS);
	receive(fd, &record);
	ck_assert_uint_eq(record.message_type, TYPE);
	ck_assert_uint_eq(record.payload_size, 3);
	ck_assert_mem_eq(record.payload, "abc", 3);
}
END_TEST

START_TEST(an_unchecked_post_to_vmbus_needs_the_capability_all_the_same)
{
	struct hvpost_ioc_post post = post_of(1, "", UINT32_MAX);
	int fd = open_device();

	become_nobody();
	post.flags = HVPOST_POST_UNCHECKED;
	ck_post_refused(fd, &post, EPERM);
}
END_TEST

/* Payloads */

START_TEST(a_payload_that_is_not_mapped_is_efault)
{
	struct hvpost_ioc_post post =
		post_of(UNKNOWN_CONNECTION, unmapped_page(), 8);

	ck_post_refused(open_device(), &post, EFAULT);
}
END_TEST

START_TEST(a_payload_that_may_not_be_read_is_efault)
{
	struct hvpost_ioc_post post =
		post_of(UNKNOWN_CONNECTION, map_pages(1, PROT_NONE), 8);

	ck_post_refused(open_device(), &post, EFAULT);
}
END_TEST

START_TEST(a_payload_whose_second_half_is_not_mapped_is_efault)
{
	char *pages = map_pages(2, PROT_READ | PROT_WRITE);
	struct hvpost_ioc_post post =
		post_of(UNKNOWN_CONNECTION, pages + PAGE - 100, 200);

	memset(pages, 1, PAGE);
	ck_assert_int_eq(munmap(pages + PAGE, PAGE), 0);
	ck_post_refused(open_device(), &post, EFAULT);
}
END_TEST

START_TEST(a_payload_outside_of_user_memory_is_efault)
{
	static const uint64_t addresses[] = {
		0, 0x00007ffffffff000, 0x0000800000000000, 0x8000000000000000,
		0xffff888000000000, 0xffffffff81000000, 0xffffffffffffff80,
	};
	int fd = open_device();

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct hvpost_ioc_post post =
			post_of(UNKNOWN_CONNECTION, NULL, 240);

		post.payload = addresses[i];
		ck_post_refused(fd, &post, EFAULT);
	}
}
END_TEST

START_TEST(a_payload_is_not_read_past_its_end)
{
	char *pages = map_pages(2, PROT_READ | PROT_WRITE);
	int fd = open_bound(ECHO_SINT);

	memset(pages, 0x77, PAGE);
	ck_assert_int_eq(munmap(pages + PAGE, PAGE), 0);
	ck_echo(fd, ECHO(0, ECHO_SINT), pages + PAGE - 100, 100);
	ck_echo(fd, ECHO(1, ECHO_SINT), pages + PAGE - 1, 1);
}
END_TEST

START_TEST(a_payload_in_memory_never_touched_is_fetched)
{
	static const char zeros[200];
	char *pages = map_pages(2, PROT_READ);
	int fd = open_bound(ECHO_SINT);
	struct hvpost_record record;

	send(fd, ECHO(0, ECHO_SINT), pages + PAGE - 100, 200);
	receive(fd, &record);
	ck_assert_uint_eq(record.payload_size, 200);
	ck_assert_mem_eq(record.payload, zeros, 200);
}
END_TEST

START_TEST(who_may_only_read_cannot_post_or_signal)
{
	int fd = open(HVPOST_DEVICE_PATH, O_RDONLY | O_CLOEXEC);
	struct hvpost_ioc_post post = {
		.connection_id = ECHO(0, ECHO_SINT), .message_type = TYPE,
	};
	struct hvpost_ioc_post_many many = {
		.posts = (uintptr_t)&post, .count = 1,
	};
	struct hvpost_ioc_signal signal = { .connection_id = EVENT_CONNECTION };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_POST, &post), EBADF);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_POST_MANY, &many), EBADF);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_SIGNAL, &signal), EBADF);
	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), 0);
}
END_TEST

START_TEST(who_may_only_write_cannot_bind)
{
	int fd = open(HVPOST_DEVICE_PATH, O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), EBADF);
	send(fd, ECHO(0, ECHO_SINT), "", 0);
}
END_TEST

START_TEST(a_payload_in_a_file_never_touched_is_fetched)
{
	char expected[PAYLOAD_MAX], *mapped;
	int fd = open_bound(ECHO_SINT);
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct hvpost_record record;

	ck_assert_int_eq(pread(file, expected, sizeof(expected), PAGE - 9),
			 sizeof(expected));
	mapped = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, file, 0);
	ck_assert_ptr_ne(mapped, MAP_FAILED);
	send(fd, ECHO(0, ECHO_SINT), mapped + PAGE - 9, sizeof(expected));
	receive(fd, &record);
	ck_assert_mem_eq(record.payload, expected, sizeof(expected));
}
END_TEST

static atomic_bool dropping = true;

static void *drop_page(void *page)
{
	while (atomic_load(&dropping))
		madvise(page, PAGE, MADV_DONTNEED);
	return NULL;
}

START_TEST(a_payload_whose_page_keeps_going_away_is_fetched_each_time)
{
	char path[] = "/tmp/payloadXXXXXX", expected[200], *mapped;
	int fd = open_bound(ECHO_SINT), file = mkstemp(path);
	pthread_t dropper;

	memset(expected, 0x5a, sizeof(expected));
	ck_assert_int_eq(write(file, expected, sizeof(expected)),
			 sizeof(expected));
	mapped = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	ck_assert_ptr_ne(mapped, MAP_FAILED);
	ck_assert_int_eq(pthread_create(&dropper, NULL, drop_page, mapped), 0);
	for (unsigned int i = 0; i < 20; i++) {
		struct hvpost_record record;

		send(fd, ECHO(i % VPS, ECHO_SINT), mapped, sizeof(expected));
		receive(fd, &record);
		ck_assert_mem_eq(record.payload, expected, sizeof(expected));
	}
	atomic_store(&dropping, false);
	pthread_join(dropper, NULL);
	unlink(path);
}
END_TEST

START_TEST(the_payload_address_is_ignored_when_the_size_is_0)
{
	static const uint64_t addresses[] = { 0, 1, 0x8000000000000000,
					      UINT64_MAX };
	int fd = open_bound(ECHO_SINT);

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct hvpost_ioc_post post = post_of(ECHO(0, ECHO_SINT), "", 0);
		struct hvpost_record record;

		post.payload = addresses[i];
		ck_post(fd, &post, 0, HV_STATUS_SUCCESS);
		receive(fd, &record);
		ck_assert_uint_eq(record.payload_size, 0);
	}
}
END_TEST

START_TEST(every_byte_value_comes_back_as_it_was)
{
	unsigned char payload[PAYLOAD_MAX];
	int fd = open_bound(ECHO_SINT);

	for (unsigned int first = 0; first <= 17; first += 17) {
		for (unsigned int i = 0; i < sizeof(payload); i++)
			payload[i] = (unsigned char)(first + i);
		for (unsigned int vp = 0; vp < VPS; vp++)
			ck_echo(fd, ECHO(vp, ECHO_SINT), payload,
				sizeof(payload));
	}
}
END_TEST

START_TEST(the_lowest_and_the_highest_message_type_arrive)
{
	static const uint32_t types[] = { 1, HV_MESSAGE_TYPE_GUEST_MAX };
	int fd = open_bound(ECHO_SINT);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct hvpost_ioc_post post = post_of(ECHO(0, ECHO_SINT), "", 0);
		struct hvpost_record record;

		post.message_type = types[i];
		ck_post(fd, &post, 0, HV_STATUS_SUCCESS);
		receive(fd, &record);
		ck_assert_uint_eq(record.message_type, types[i]);
	}
}
END_TEST

/* Statuses and deadlines */

/* Its two messages are under way from the first call on. */
static void fill_busy_connection(void)
{
	struct hvpost_ioc_post post;
	int fd = open_device();
	unsigned int refused = 0;

	while (refused < 20) {
		post = post_of(BUSY_CONNECTION, "", 1);
		post.deadline_ns = HVPOST_DEADLINE_NONE;
		if (device_call(fd, HVPOST_IOC_POST, &post) == EAGAIN)
			refused++;
		look_again();
	}
	close(fd);
}

START_TEST(an_unknown_connection_is_enotconn_at_the_first_try)
{
	struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "abc", 3);

	ck_post(open_device(), &post, ENOTCONN, HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_uint_eq(post.attempts, 1);
}
END_TEST

START_TEST(an_unknown_connection_is_waited_out_if_asked)
{
	struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "abc", 3);

	post.flags = HVPOST_POST_RETRY_CONNECTION;
	post.deadline_ns = now_ns() + SECOND_NS / 2;
	ck_post(open_device(), &post, ETIMEDOUT,
		HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_uint_ge(post.attempts, 2);
	ck_assert_uint_ge(now_ns(), post.deadline_ns);
}
END_TEST

START_TEST(an_unknown_connection_is_eagain_if_asked_without_time)
{
	struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "abc", 3);

	post.flags = HVPOST_POST_RETRY_CONNECTION;
	post.deadline_ns = HVPOST_DEADLINE_NONE;
	ck_post(open_device(), &post, EAGAIN, HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_uint_eq(post.attempts, 1);
}
END_TEST

START_TEST(a_busy_connection_without_time_is_eagain_after_one_try)
{
	struct hvpost_ioc_post post = post_of(BUSY_CONNECTION, "abc", 3);

	post.deadline_ns = HVPOST_DEADLINE_NONE;
	ck_post(open_device(), &post, EAGAIN, HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_eq(post.attempts, 1);
}
END_TEST

START_TEST(o_nonblock_overrides_every_deadline)
{
	const uint64_t deadlines[] = { HVPOST_DEADLINE_NONE, 1,
				       now_ns() + PATIENCE_NS,
				       HVPOST_DEADLINE_NEVER };
	int fd = open_device();

	set_nonblock(fd);
	for (size_t i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
		struct hvpost_ioc_post post = post_of(BUSY_CONNECTION, "a", 1);

		post.deadline_ns = deadlines[i];
		ck_post(fd, &post, EAGAIN, HV_STATUS_INSUFFICIENT_BUFFERS);
		ck_assert_uint_eq(post.attempts, 1);
	}
}
END_TEST

START_TEST(a_busy_connection_at_the_deadline_is_etimedout)
{
	struct hvpost_ioc_post post = post_of(BUSY_CONNECTION, "abc", 3);

	post.deadline_ns = now_ns() + SECOND_NS / 2;
	ck_post(open_device(), &post, ETIMEDOUT, HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_ge(post.attempts, 2);
	ck_assert_uint_ge(now_ns(), post.deadline_ns);
}
END_TEST

START_TEST(a_deadline_long_past_still_gives_one_try)
{
	struct hvpost_ioc_post post = post_of(BUSY_CONNECTION, "abc", 3);

	post.deadline_ns = 1;
	ck_post(open_device(), &post, ETIMEDOUT, HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_eq(post.attempts, 1);
}
END_TEST

/* Also if the handler asks for calls to be restarted: the wait is over. */
START_TEST(a_signal_ends_the_wait_of_a_post_with_eintr)
{
	struct hvpost_ioc_post post = post_of(BUSY_CONNECTION, "abc", 3);

	post.deadline_ns = HVPOST_DEADLINE_NEVER;
	handle_signal(SIGALRM, _i ? SA_RESTART : 0);
	start_interval_timer();
	ck_post(open_device(), &post, EINTR, HV_STATUS_INSUFFICIENT_BUFFERS);
	stop_interval_timer();
	ck_assert_uint_ge(post.attempts, 1);
}
END_TEST

START_TEST(a_post_that_waits_forever_goes_out_when_the_host_takes_it)
{
	const uint32_t late = 0x72;
	int fd = open_bound(LATE_SINT);
	struct caller poster = {
		.call = call_post, .fd = fd, .post = post_of(late, "abc", 3),
	};
	struct hvpost_record record;

	poster.post.flags = HVPOST_POST_RETRY_CONNECTION;
	poster.post.deadline_ns = HVPOST_DEADLINE_NEVER;
	caller_start(&poster);
	testdev(TESTDEV_MESSAGE_CREATE, late, 1, LATE_SINT);
	caller_join(&poster);
	ck_assert_int_eq(poster.err, 0);
	ck_assert_uint_eq(poster.post.status, HV_STATUS_SUCCESS);
	ck_assert_uint_gt(poster.post.attempts, 1);

	receive(fd, &record);
	ck_assert_uint_eq(record.payload_size, 3);
	ck_assert_mem_eq(record.payload, "abc", 3);
	ck_nothing_to_read(fd);
	testdev(TESTDEV_MESSAGE_DESTROY, late, 0, 0);
}
END_TEST

/*
 * The connection leads to a slot that nobody empties, until it leads elsewhere.
 * All on one CPU, for the device is not to have a post while it changes that.
 */
START_TEST(a_post_refused_for_want_of_buffers_goes_out_by_itself)
{
	const uint32_t stuck = STUCK_CONNECTION;
	int fd = open_bound(LATE_SINT);
	struct caller poster = {
		.call = call_post, .fd = fd, .post = post_of(stuck, "abc", 3),
	};
	struct hvpost_ioc_post refused = poster.post;
	struct hvpost_record record;

	pin_to_cpu(0);
	send(fd, stuck, "fills the slot", 14);
	send(fd, stuck, "waits in the host", 17);
	refused.deadline_ns = HVPOST_DEADLINE_NONE;
	ck_post(fd, &refused, EAGAIN, HV_STATUS_INSUFFICIENT_BUFFERS);

	poster.post.flags = HVPOST_POST_RETRY_CONNECTION;
	poster.post.deadline_ns = HVPOST_DEADLINE_NEVER;
	caller_start(&poster);
	testdev(TESTDEV_MESSAGE_DESTROY, stuck, 0, 0);
	testdev(TESTDEV_MESSAGE_CREATE, stuck, 1, LATE_SINT);
	caller_join(&poster);
	ck_assert_int_eq(poster.err, 0);
	ck_assert_uint_eq(poster.post.status, HV_STATUS_SUCCESS);
	ck_assert_uint_gt(poster.post.attempts, 1);

	receive(fd, &record);
	ck_assert_uint_eq(record.payload_size, 3);
	ck_assert_mem_eq(record.payload, "abc", 3);
	ck_nothing_to_read(fd);
	testdev(TESTDEV_MESSAGE_DESTROY, stuck, 0, 0);
}
END_TEST

/* Several at once */

#define MANY 4u

/* To connections in turn, so that none has more under way than it can bear. */
static void fill_many(struct hvpost_ioc_post *posts, uint64_t *numbers)
{
	for (unsigned int i = 0; i < MANY; i++) {
		numbers[i] = i + 1;
		posts[i] = post_of(ECHO(i % VPS, ECHO_SINT), &numbers[i],
				   sizeof(numbers[i]));
		posts[i].deadline_ns = 0;
	}
}

static struct hvpost_ioc_post_many many_of(const struct hvpost_ioc_post *posts,
					   uint32_t count)
{
	return (struct hvpost_ioc_post_many){
		.count = count,
		.posts = (uintptr_t)posts,
		.deadline_ns = now_ns() + PATIENCE_NS,
		/* The driver must overwrite this. */
		.done = 0xdead,
	};
}

/* The call ends with @error (0: well) after so many posts. */
#define ck_many(fd, many, error, posted)				\
do {									\
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_POST_MANY, many), error); \
	ck_assert_uint_eq((many)->done, posted);			\
} while (0)

/* The entry was tried, and ended so. */
#define ck_entry(post, raw_status, tries)				\
do {									\
	ck_assert_uint_eq((post)->status, raw_status);			\
	ck_assert_uint_eq((post)->attempts, tries);			\
} while (0)

#define ck_untouched(post) ck_entry(post, 0xdead, 0xdead)

START_TEST(many_posts_arrive_each_with_its_status)
{
	struct hvpost_ioc_post posts[MANY];
	struct hvpost_ioc_post_many many = many_of(posts, MANY);
	uint64_t numbers[MANY], seen = 0;
	int fd = open_bound(ECHO_SINT);

	fill_many(posts, numbers);
	ck_many(fd, &many, 0, MANY);
	for (unsigned int i = 0; i < MANY; i++) {
		struct hvpost_record record;

		ck_assert_uint_eq(posts[i].status, HV_STATUS_SUCCESS);
		ck_assert_uint_ge(posts[i].attempts, 1);
		receive(fd, &record);
		seen |= 1u << number_in(&record);
	}
	ck_assert_uint_eq(seen, 0x1e);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(many_posts_go_to_one_vp_in_their_order)
{
	struct hvpost_ioc_post posts[2];
	struct hvpost_ioc_post_many many = many_of(posts, 2);
	uint64_t numbers[] = { 7, 8 };
	int fd = open_bound(ECHO_SINT);

	for (unsigned int i = 0; i < 2; i++) {
		posts[i] = post_of(ECHO(0, ECHO_SINT), &numbers[i], 8);
		posts[i].deadline_ns = 0;
	}
	ck_many(fd, &many, 0, 2);
	receive_number(fd, 7);
	receive_number(fd, 8);
}
END_TEST

/* Refused by the hypervisor, and by the driver */
static const struct {
	uint32_t connection, size;
	uint32_t status, attempts;
	int error;
} failing_entries[] = {
	{ UNKNOWN_CONNECTION, 1, HV_STATUS_INVALID_CONNECTION_ID, 1, ENOTCONN },
	{ UNKNOWN_CONNECTION, 241, HVPOST_STATUS_NONE, 0, EMSGSIZE },
};

START_TEST(many_posts_end_at_the_first_that_fails)
{
	struct hvpost_ioc_post posts[MANY];
	struct hvpost_ioc_post_many many = many_of(posts, MANY);
	uint64_t numbers[MANY];
	int fd = open_bound(ECHO_SINT);

	fill_many(posts, numbers);
	posts[1].connection_id = failing_entries[_i].connection;
	posts[1].payload_size = failing_entries[_i].size;
	ck_many(fd, &many, 0, 1);
	ck_assert_uint_eq(posts[0].status, HV_STATUS_SUCCESS);
	ck_entry(&posts[1], failing_entries[_i].status,
		 failing_entries[_i].attempts);
	ck_untouched(&posts[2]);
	ck_untouched(&posts[3]);
	receive_number(fd, numbers[0]);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(many_posts_of_which_the_first_fails_are_its_error)
{
	struct hvpost_ioc_post posts[MANY];
	struct hvpost_ioc_post_many many = many_of(posts, MANY);
	uint64_t numbers[MANY];
	int fd = open_bound(ECHO_SINT);

	fill_many(posts, numbers);
	posts[0].connection_id = failing_entries[_i].connection;
	posts[0].payload_size = failing_entries[_i].size;
	ck_many(fd, &many, failing_entries[_i].error, 0);
	ck_entry(&posts[0], failing_entries[_i].status,
		 failing_entries[_i].attempts);
	ck_untouched(&posts[1]);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(an_entry_with_a_deadline_of_its_own_is_einval)
{
	struct hvpost_ioc_post posts[MANY];
	struct hvpost_ioc_post_many many = many_of(posts, MANY);
	uint64_t numbers[MANY];
	int fd = open_bound(ECHO_SINT);

	fill_many(posts, numbers);
	for (unsigned int bit = 0; bit < 64; bit++) {
		posts[0].deadline_ns = 1ull << bit;
		ck_many(fd, &many, EINVAL, 0);
		ck_entry(&posts[0], HVPOST_STATUS_NONE, 0);
	}
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(a_count_out_of_range_is_einval)
{
	static const uint32_t counts[] = { 0, HVPOST_POSTS_MAX + 1, 0x80000000,
					   UINT32_MAX };
	struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "", 1);
	int fd = open_device();

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct hvpost_ioc_post_many many = many_of(&post, counts[i]);

		ck_many(fd, &many, EINVAL, 0);
	}
	ck_untouched(&post);
}
END_TEST

START_TEST(a_reserved_bit_of_many_posts_is_einval)
{
	struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "", 1);
	int fd = open_device();

	for (unsigned int bit = 0; bit < 64; bit++) {
		struct hvpost_ioc_post_many many = many_of(&post, 1);

		many.reserved = 1ull << bit;
		ck_many(fd, &many, EINVAL, 0);
		many.reserved = 0;
		many.flags = (uint32_t)(1ull << bit);
		many.reserved32 = (uint32_t)(1ull << bit >> 32);
		ck_many(fd, &many, EINVAL, 0);
	}
	ck_untouched(&post);
}
END_TEST

START_TEST(entries_outside_of_user_memory_are_efault)
{
	static const uint64_t addresses[] = {
		0, 8, 0x00007fffffffefe0, 0x00007ffffffff000,
		0x8000000000000000, 0xffff888000000000, 0xffffffffffffffd0,
	};
	int fd = open_device();

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct hvpost_ioc_post_many many = many_of(NULL, 2);

		many.posts = addresses[i];
		ck_many(fd, &many, EFAULT, 0);
	}
}
END_TEST

/* Two entries lie before the end of what is mapped. */
START_TEST(many_posts_end_where_their_memory_ends)
{
	char *pages = map_pages(2, PROT_READ | PROT_WRITE);
	struct hvpost_ioc_post *posts =
		(void *)(pages + PAGE - 2 * sizeof(*posts) - 8);
	struct hvpost_ioc_post_many many = many_of(posts, MANY);
	int fd = open_bound(ECHO_SINT);

	posts[0] = post_of(ECHO(0, ECHO_SINT), "one", 3);
	posts[1] = post_of(ECHO(1, ECHO_SINT), "two", 3);
	posts[0].deadline_ns = posts[1].deadline_ns = 0;
	ck_assert_int_eq(munmap(pages + PAGE, PAGE), 0);
	ck_many(fd, &many, 0, 2);
	ck_assert_uint_eq(posts[1].status, HV_STATUS_SUCCESS);
	wait_taken(fd, 2);
}
END_TEST

START_TEST(an_entry_whose_answer_cannot_be_written_is_not_posted)
{
	struct hvpost_ioc_post *posts =
		(void *)map_pages(1, PROT_READ | PROT_WRITE);
	struct hvpost_ioc_post_many many = many_of(posts, 1);
	int fd = open_bound(ECHO_SINT);

	posts[0] = post_of(ECHO(0, ECHO_SINT), "refused", 7);
	posts[0].deadline_ns = 0;
	ck_assert_int_eq(mprotect(posts, PAGE, PROT_READ), 0);
	ck_many(fd, &many, EFAULT, 0);
	/* It would come before this one. */
	ck_echo(fd, ECHO(0, ECHO_SINT), "next", 4);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(many_posts_whose_answer_cannot_be_written_post_nothing)
{
	struct hvpost_ioc_post_many *many =
		(void *)map_pages(1, PROT_READ | PROT_WRITE);
	struct hvpost_ioc_post post = post_of(ECHO(0, ECHO_SINT), "refused", 7);
	int fd = open_bound(ECHO_SINT);

	post.deadline_ns = 0;
	*many = many_of(&post, 1);
	ck_assert_int_eq(mprotect(many, PAGE, PROT_READ), 0);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_POST_MANY, many), EFAULT);
	ck_untouched(&post);
	ck_echo(fd, ECHO(0, ECHO_SINT), "next", 4);
	ck_nothing_to_read(fd);
}
END_TEST

START_TEST(many_posts_to_vmbus_need_the_capability)
{
	struct hvpost_ioc_post post = post_of(1, "", 1);
	struct hvpost_ioc_post_many many = many_of(&post, 1);
	int fd = open_device();

	post.deadline_ns = 0;
	become_nobody();
	ck_many(fd, &many, EPERM, 0);
	ck_entry(&post, HVPOST_STATUS_NONE, 0);
}
END_TEST

START_TEST(one_deadline_holds_for_many_posts)
{
	struct hvpost_ioc_post post = post_of(BUSY_CONNECTION, "", 1);
	struct hvpost_ioc_post_many many = many_of(&post, 1);
	int fd = open_device();

	post.deadline_ns = 0;
	many.deadline_ns = HVPOST_DEADLINE_NONE;
	ck_many(fd, &many, EAGAIN, 0);
	ck_entry(&post, HV_STATUS_INSUFFICIENT_BUFFERS, 1);

	many.deadline_ns = now_ns() + SECOND_NS / 20;
	ck_many(fd, &many, ETIMEDOUT, 0);
	ck_assert_uint_eq(post.status, HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_ge(post.attempts, 2);
	ck_assert_uint_ge(now_ns(), many.deadline_ns);

	set_nonblock(fd);
	many.deadline_ns = HVPOST_DEADLINE_NEVER;
	ck_many(fd, &many, EAGAIN, 0);
	ck_entry(&post, HV_STATUS_INSUFFICIENT_BUFFERS, 1);
}
END_TEST

START_TEST(a_signal_ends_many_posts_that_wait_with_eintr)
{
	struct hvpost_ioc_post post = post_of(BUSY_CONNECTION, "", 1);
	struct hvpost_ioc_post_many many = many_of(&post, 1);

	post.deadline_ns = 0;
	many.deadline_ns = HVPOST_DEADLINE_NEVER;
	handle_signal(SIGALRM, SA_RESTART);
	start_interval_timer();
	ck_many(open_device(), &many, EINTR, 0);
	stop_interval_timer();
}
END_TEST

/* Rights */

START_TEST(vmbus_connections_need_the_capability)
{
	static const uint32_t high_bits[] = { 0, 0x01000000, 0xff000000 };
	int fd = open_device();

	become_nobody();
	for (uint32_t id = 1; id <= 4; id++) {
		for (size_t i = 0; i < 3; i++) {
			uint32_t connection = id | high_bits[i];
			struct hvpost_ioc_post post = post_of(connection, "", 1);
			struct hvpost_ioc_signal signal = {
				.connection_id = connection, .status = 0xdead,
			};

			ck_post_refused(fd, &post, EPERM);
			ck_assert_int_eq(device_call(fd, HVPOST_IOC_SIGNAL,
						     &signal), EPERM);
			ck_assert_uint_eq(signal.status, HVPOST_STATUS_NONE);
		}
	}
}
END_TEST

START_TEST(vmbus_connections_are_open_to_the_capable_without_hv_vmbus)
{
	int fd = open_device();

	/* The host of this guest has no VMBus. */
	for (uint32_t id = 1; id <= 4; id++) {
		struct hvpost_ioc_post post = post_of(id, "", 1);

		ck_post(fd, &post, ENOTCONN, HV_STATUS_INVALID_CONNECTION_ID);
		ck_assert_uint_eq(post.attempts, 1);
	}
}
END_TEST

START_TEST(other_connections_need_no_capability)
{
	int fd = open_device();
	struct hvpost_ioc_post beside_vmbus = post_of(5, "", 1);

	become_nobody();
	ck_assert_int_eq(bind_sint(fd, ECHO_SINT, 0), 0);
	ck_echo(fd, ECHO(0, ECHO_SINT), "abc", 3);
	ck_post(fd, &beside_vmbus, ENOTCONN, HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

/* Signals */

/* The signal ends with @error (0: well) and @raw_status. */
#define ck_signal(fd, signal, error, raw_status)			\
do {									\
	(signal)->status = 0xdead;					\
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_SIGNAL, signal), error); \
	ck_assert_uint_eq((signal)->status, raw_status);		\
} while (0)

START_TEST(an_unknown_flag_or_reserved_bit_of_a_signal_is_einval)
{
	int fd = open_device();

	for (unsigned int bit = 0; bit < 64; bit++) {
		struct hvpost_ioc_signal signal = {
			.connection_id = UNKNOWN_CONNECTION,
			.reserved = 1ull << bit,
		};

		ck_signal(fd, &signal, EINVAL, HVPOST_STATUS_NONE);
		signal.reserved = 0;
		signal.flags = (uint32_t)(1ull << bit);
		if (signal.flags)
			ck_signal(fd, &signal, EINVAL, HVPOST_STATUS_NONE);
		signal.flags = 0;
		signal.reserved16 = (uint16_t)(1ull << bit);
		if (signal.reserved16)
			ck_signal(fd, &signal, EINVAL, HVPOST_STATUS_NONE);
	}
}
END_TEST

START_TEST(a_flag_number_over_2047_is_einval)
{
	struct hvpost_ioc_signal signal = {
		.connection_id = UNKNOWN_CONNECTION, .flag_number = 2047,
	};
	int fd = open_device();

	ck_assert_int_ne(device_call(fd, HVPOST_IOC_SIGNAL, &signal), EINVAL);
	ck_assert_uint_ne(signal.status, HVPOST_STATUS_NONE);
	signal.flag_number = 2048;
	ck_signal(fd, &signal, EINVAL, HVPOST_STATUS_NONE);
	signal.flag_number = UINT16_MAX;
	ck_signal(fd, &signal, EINVAL, HVPOST_STATUS_NONE);
}
END_TEST

START_TEST(a_signal_to_an_unknown_connection_is_enotconn)
{
	struct hvpost_ioc_signal signal = {
		.connection_id = UNKNOWN_CONNECTION,
	};

	ck_signal(open_device(), &signal, ENOTCONN,
		  HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(the_flag_number_reaches_the_host)
{
	struct hvpost_ioc_signal signal = {
		.connection_id = EVENT_CONNECTION, .flag_number = 1,
	};

	/* QEMU and KVM have ports of one flag only. */
	ck_signal(open_device(), &signal, ECONNRESET,
		  HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(a_signal_to_a_known_connection_succeeds)
{
	struct hvpost_ioc_signal signal = { .connection_id = EVENT_CONNECTION };
	int fd = open_device();

	/*
	 * QEMU aborts at an event if the VP has no event page. The driver gives
	 * it none, so place one where there is no memory.
	 */
	write_msr(0, HV_MSR_SIEFP, 0x40000000 | HV_PAGE_ENABLE);
	for (unsigned int i = 0; i < 3; i++)
		ck_signal(fd, &signal, 0, HV_STATUS_SUCCESS);
	write_msr(0, HV_MSR_SIEFP, 0);
}
END_TEST

static void add_call_cases(Suite *suite)
{
	TCase *calls = add_case(suite, "calls", flush_echo);
	TCase *checks = add_case(suite, "refused posts", NULL);
	TCase *unchecked = add_case(suite, "unchecked posts", flush_echo);

	tcase_add_test(calls, unknown_commands_are_enotty);
	tcase_add_test(calls, a_bad_struct_pointer_is_efault);
	tcase_add_test(calls,
		       a_bind_whose_answer_cannot_be_written_binds_nothing);
	tcase_add_test(calls,
		       a_post_whose_answer_cannot_be_written_posts_nothing);
	tcase_add_test(calls,
		       a_signal_whose_answer_cannot_be_written_is_efault);
	tcase_add_test(calls, who_may_only_read_cannot_post_or_signal);
	tcase_add_test(calls, who_may_only_write_cannot_bind);
	tcase_add_test(calls, info_tells_what_the_driver_is_and_found);
	tcase_add_test(calls, info_shows_a_sint_as_bound_while_a_file_has_it);
	tcase_add_test(calls,
		       info_shows_a_sint_as_busy_while_somebody_else_has_it);
	tcase_add_test(calls,
		       without_the_capability_info_does_not_ask_all_cpus_each_time);

	tcase_add_test(checks, an_unknown_flag_of_a_post_is_einval);
	tcase_add_test(checks, a_reserved_bit_of_a_post_is_einval);
	tcase_add_test(checks,
		       message_types_that_guests_may_not_post_are_einval);
	tcase_add_test(checks, a_payload_of_more_than_240_bytes_is_emsgsize);
	tcase_add_test(checks, a_payload_of_240_bytes_reaches_the_hypervisor);

	tcase_add_test(unchecked,
		       an_unchecked_size_over_240_is_the_hypervisors_to_refuse);
	tcase_add_test(unchecked, an_unchecked_type_reaches_the_hypervisor);
	tcase_add_test(unchecked, an_unchecked_payload_is_read_up_to_240_bytes);
	tcase_add_test(unchecked,
		       an_unchecked_post_in_range_arrives_like_any_other);
	tcase_add_test(unchecked,
		       an_unchecked_post_to_vmbus_needs_the_capability_all_the_same);
}

static void add_payload_cases(Suite *suite)
{
	TCase *payload = add_case(suite, "payload", flush_echo);

	tcase_add_test(payload, a_payload_that_is_not_mapped_is_efault);
	tcase_add_test(payload, a_payload_that_may_not_be_read_is_efault);
	tcase_add_test(payload,
		       a_payload_whose_second_half_is_not_mapped_is_efault);
	tcase_add_test(payload, a_payload_outside_of_user_memory_is_efault);
	tcase_add_test(payload, a_payload_is_not_read_past_its_end);
	tcase_add_test(payload, a_payload_in_memory_never_touched_is_fetched);
	tcase_add_test(payload, a_payload_in_a_file_never_touched_is_fetched);
	tcase_add_test(payload,
		       a_payload_whose_page_keeps_going_away_is_fetched_each_time);
	tcase_add_test(payload,
		       the_payload_address_is_ignored_when_the_size_is_0);
	tcase_add_test(payload, every_byte_value_comes_back_as_it_was);
	tcase_add_test(payload, the_lowest_and_the_highest_message_type_arrive);
}

static void add_status_cases(Suite *suite)
{
	TCase *unknown = add_case(suite, "unknown connection", NULL);
	TCase *busy = add_case(suite, "busy connection", fill_busy_connection);
	TCase *waits = add_case(suite, "waits", flush_echo);

	tcase_add_test(unknown,
		       an_unknown_connection_is_enotconn_at_the_first_try);
	tcase_add_test(unknown, an_unknown_connection_is_waited_out_if_asked);
	tcase_add_test(unknown,
		       an_unknown_connection_is_eagain_if_asked_without_time);

	tcase_add_test(busy,
		       a_busy_connection_without_time_is_eagain_after_one_try);
	tcase_add_test(busy, o_nonblock_overrides_every_deadline);
	tcase_add_test(busy, a_busy_connection_at_the_deadline_is_etimedout);
	tcase_add_test(busy, a_deadline_long_past_still_gives_one_try);
	tcase_add_loop_test(busy, a_signal_ends_the_wait_of_a_post_with_eintr,
			    0, 2);

	tcase_add_test(waits,
		       a_post_that_waits_forever_goes_out_when_the_host_takes_it);
	tcase_add_test(waits,
		       a_post_refused_for_want_of_buffers_goes_out_by_itself);
}

static void add_many_cases(Suite *suite)
{
	TCase *many = add_case(suite, "several at once", flush_echo);
	TCase *busy = add_case(suite, "several to a busy connection",
			       fill_busy_connection);

	tcase_add_test(many, many_posts_arrive_each_with_its_status);
	tcase_add_test(many, many_posts_go_to_one_vp_in_their_order);
	tcase_add_loop_test(many, many_posts_end_at_the_first_that_fails, 0, 2);
	tcase_add_loop_test(many,
			    many_posts_of_which_the_first_fails_are_its_error,
			    0, 2);
	tcase_add_test(many, an_entry_with_a_deadline_of_its_own_is_einval);
	tcase_add_test(many, a_count_out_of_range_is_einval);
	tcase_add_test(many, a_reserved_bit_of_many_posts_is_einval);
	tcase_add_test(many, entries_outside_of_user_memory_are_efault);
	tcase_add_test(many, many_posts_end_where_their_memory_ends);
	tcase_add_test(many,
		       an_entry_whose_answer_cannot_be_written_is_not_posted);
	tcase_add_test(many,
		       many_posts_whose_answer_cannot_be_written_post_nothing);
	tcase_add_test(many, many_posts_to_vmbus_need_the_capability);

	tcase_add_test(busy, one_deadline_holds_for_many_posts);
	tcase_add_test(busy, a_signal_ends_many_posts_that_wait_with_eintr);
}

static void add_rights_and_signal_cases(Suite *suite)
{
	TCase *rights = add_case(suite, "rights", flush_echo);
	TCase *signals_case = add_case(suite, "signals", NULL);

	tcase_add_test(rights, vmbus_connections_need_the_capability);
	tcase_add_test(rights,
		       vmbus_connections_are_open_to_the_capable_without_hv_vmbus);
	tcase_add_test(rights, other_connections_need_no_capability);

	tcase_add_test(signals_case,
		       an_unknown_flag_or_reserved_bit_of_a_signal_is_einval);
	tcase_add_test(signals_case, a_flag_number_over_2047_is_einval);
	tcase_add_test(signals_case,
		       a_signal_to_an_unknown_connection_is_enotconn);
	tcase_add_test(signals_case, the_flag_number_reaches_the_host);
	tcase_add_test(signals_case, a_signal_to_a_known_connection_succeeds);
}

int main(void)
{
	Suite *suite = suite_create("device, sending");

	add_call_cases(suite);
	add_payload_cases(suite);
	add_status_cases(suite);
	add_many_cases(suite);
	add_rights_and_signal_cases(suite);
	return run_suite(suite);
}
