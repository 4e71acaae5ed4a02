// SPDX-License-Identifier: MIT
/*
 * The mapped rings of device.h, condition by condition: what may be mapped, how a
 * reader takes messages without system calls, what a reader that lies loses, and
 * what becomes of the memory.
 */
#define _GNU_SOURCE
#include "device.h"

#include <hvpost/hvpost.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct rings {
	int fd;
	struct hvpost_ioc_rings layout;
	struct hvpost_ring_words *words;
	const uint8_t *records;
};

static struct hvpost_ioc_rings layout_of(int fd)
{
	struct hvpost_ioc_rings layout;

	memset(&layout, 0xa5, sizeof(layout));
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_RINGS, &layout), 0);
	return layout;
}

static void *map(int fd, int protection, uint64_t offset, uint64_t size)
{
	return mmap(NULL, size, protection, MAP_SHARED, fd, (off_t)offset);
}

static struct rings map_rings(int fd)
{
	struct rings rings = { .fd = fd, .layout = layout_of(fd) };

	rings.words = map(fd, PROT_READ | PROT_WRITE,
			  rings.layout.words_offset, rings.layout.words_size);
	ck_assert_ptr_ne(rings.words, MAP_FAILED);
	rings.records = map(fd, PROT_READ, rings.layout.records_offset,
			    rings.layout.records_size);
	ck_assert_ptr_ne(rings.records, MAP_FAILED);
	return rings;
}

static struct rings open_mapped(uint32_t sint, uint32_t records)
{
	int fd = open_device();

	ck_assert_int_eq(bind_sint(fd, sint, records), 0);
	return map_rings(fd);
}

static void unmap_rings(const struct rings *rings)
{
	ck_assert_int_eq(munmap(rings->words, rings->layout.words_size), 0);
	ck_assert_int_eq(munmap((void *)(uintptr_t)rings->records,
				rings->layout.records_size), 0);
}

static const struct hvpost_record *record_at(const struct rings *rings,
					     uint32_t vp, uint32_t index)
{
	const struct hvpost_record *ring =
		(const void *)(rings->records + vp * rings->layout.ring_stride);

	return &ring[index & (rings->layout.ring_records - 1)];
}

static bool is_empty(const struct rings *rings, uint32_t vp)
{
	return __atomic_load_n(&rings->words[vp].head, __ATOMIC_ACQUIRE) ==
	       rings->words[vp].tail;
}

/* Take one record of @vp, which is there. */
static void take(const struct rings *rings, uint32_t vp,
		 struct hvpost_record *record)
{
	struct hvpost_ring_words *words = &rings->words[vp];

	*record = *record_at(rings, vp, words->tail);
	__atomic_store_n(&words->tail, words->tail + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&words->stalled, __ATOMIC_RELAXED))
		ck_assert_int_eq(ioctl(rings->fd, HVPOST_IOC_RESUME), 0);
}

static void take_number(const struct rings *rings, uint32_t vp, uint64_t number)
{
	struct hvpost_record record;

	while (is_empty(rings, vp))
		look_again();
	take(rings, vp, &record);
	ck_assert_uint_eq(record.payload_size, sizeof(number));
	ck_assert_uint_eq(number_in(&record), number);
	ck_assert_uint_eq(record.vp_index, vp);
}

static short poll_now(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	ck_assert_int_ge(poll(&one, 1, 0), 0);
	return one.revents;
}

/* Mapping */

START_TEST(without_a_sint_there_are_no_rings)
{
	struct hvpost_ioc_rings layout;
	int fd = open_device();

	ck_assert_int_eq(device_call(fd, HVPOST_IOC_RINGS, &layout), ENOTCONN);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_RESUME, NULL), ENOTCONN);
	ck_assert_ptr_eq(map(fd, PROT_READ, 0, PAGE), MAP_FAILED);
	ck_assert_int_eq(errno, ENOTCONN);
}
END_TEST

START_TEST(the_layout_has_a_ring_for_every_cpu)
{
	struct hvpost_ioc_rings layout = layout_of(open_bound(FREE_SINT));

	ck_assert_uint_ge(layout.ring_count, VPS);
	ck_assert_uint_eq(layout.ring_records, HVPOST_RING_RECORDS_DEFAULT);
	ck_assert_uint_ge(layout.ring_stride,
			  HVPOST_RING_RECORDS_DEFAULT *
				  sizeof(struct hvpost_record));
	ck_assert(layout.reserved[0] == 0 && layout.reserved[1] == 0);
}
END_TEST

START_TEST(records_are_for_reading_alone)
{
	int fd = open_bound(FREE_SINT);
	struct hvpost_ioc_rings layout = layout_of(fd);
	void *records;

	ck_assert_ptr_eq(map(fd, PROT_READ | PROT_WRITE, layout.records_offset,
			     layout.records_size), MAP_FAILED);
	ck_assert_int_eq(errno, EACCES);
	records = map(fd, PROT_READ, layout.records_offset, PAGE);
	ck_assert_ptr_ne(records, MAP_FAILED);
	ck_assert_int_eq(mprotect(records, PAGE, PROT_READ | PROT_WRITE), -1);
	ck_assert_int_eq(errno, EACCES);
}
END_TEST

START_TEST(a_private_mapping_is_einval)
{
	int fd = open_bound(FREE_SINT);

	ck_assert_ptr_eq(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0),
			 MAP_FAILED);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(what_lies_in_no_area_cannot_be_mapped)
{
	int fd = open_bound(FREE_SINT);
	struct hvpost_ioc_rings layout = layout_of(fd);
	uint64_t end = layout.records_offset + layout.records_size;

	ck_assert_ptr_eq(map(fd, PROT_READ, 0, layout.words_size + PAGE),
			 MAP_FAILED);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_eq(map(fd, PROT_READ, end - PAGE, 2 * PAGE), MAP_FAILED);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_eq(map(fd, PROT_READ, end, PAGE), MAP_FAILED);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_eq(map(fd, PROT_READ, 1ull << 43, PAGE), MAP_FAILED);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(memory_that_is_mapped_begins_as_zeros)
{
	struct rings rings = open_mapped(FREE_SINT, 4096);
	const uint8_t *words = (const void *)rings.words;

	for (uint64_t i = 0; i < rings.layout.words_size; i++)
		ck_assert_uint_eq(words[i], 0);
	for (uint64_t i = 0; i < VPS * rings.layout.ring_stride; i++)
		if (rings.records[i])
			ck_abort_msg("byte %ju is %u", (uintmax_t)i,
				     rings.records[i]);
}
END_TEST

START_TEST(a_mapping_moves_and_shrinks_but_does_not_grow)
{
	struct rings rings = open_mapped(ECHO_SINT, 0);
	char *place = map_pages(64, PROT_NONE);
	void *old = (void *)(uintptr_t)rings.records;
	uint64_t stride = rings.layout.ring_stride;

	ck_assert_ptr_eq(mremap(old, rings.layout.records_size,
				rings.layout.records_size + PAGE,
				MREMAP_MAYMOVE), MAP_FAILED);
	/* 0: this would be a second one */
	ck_assert_ptr_eq(mremap(old, 0, PAGE, MREMAP_MAYMOVE), MAP_FAILED);
	rings.records = mremap(old, rings.layout.records_size,
			       VPS * stride, MREMAP_MAYMOVE | MREMAP_FIXED,
			       place);
	ck_assert_ptr_eq(rings.records, place);
	send_number(rings.fd, ECHO(1, ECHO_SINT), 7);
	take_number(&rings, 1, 7);
}
END_TEST

/* Receiving */

/* The guest has a CPU too few, which might be added. */
START_TEST(the_records_of_a_cpu_that_is_not_there_are_sigbus)
{
	struct rings rings = open_mapped(FREE_SINT, 0);
	int status;
	pid_t child;

	ck_assert_uint_gt(rings.layout.ring_count, VPS);
	ck_assert_uint_eq(rings.words[VPS].head, 0);
	child = fork();
	if (!child)
		_exit(record_at(&rings, VPS, 0)->payload_size);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGBUS);
	/* The memory next to it is as good as ever. */
	ck_assert_uint_eq(record_at(&rings, VPS - 1, 0)->payload_size, 0);
}
END_TEST

START_TEST(messages_arrive_in_the_ring_of_their_vp)
{
	struct rings rings = open_mapped(ECHO_SINT, 0);

	for (uint64_t i = 0; i < 150; i++)
		for (uint32_t vp = 0; vp < VPS; vp++) {
			send_number(rings.fd, ECHO(vp, ECHO_SINT), i);
			take_number(&rings, vp, i);
		}
	ck_assert_uint_eq(record_at(&rings, 0, 149)->sequence, 150);
	ck_assert_uint_eq(record_at(&rings, 0, 149)->reserved, 0);
}
END_TEST

START_TEST(a_mapped_file_is_not_read)
{
	struct rings rings = open_mapped(ECHO_SINT, 0);
	struct hvpost_record record;

	send_number(rings.fd, ECHO(0, ECHO_SINT), 7);
	wait_taken(rings.fd, 1);
	ck_assert_int_eq(read(rings.fd, &record, sizeof(record)), -1);
	ck_assert_int_eq(errno, EBUSY);
	take_number(&rings, 0, 7);
	unmap_rings(&rings);
	ck_assert_int_eq(read(rings.fd, &record, sizeof(record)), -1);
	ck_assert_int_eq(errno, EBUSY);
}
END_TEST

START_TEST(mapping_ends_a_read_that_sleeps)
{
	struct caller reader = { .call = call_read,
				 .fd = open_bound(ECHO_SINT) };

	caller_start(&reader);
	map_rings(reader.fd);
	caller_join(&reader);
	ck_assert_int_eq(reader.err, EBUSY);
}
END_TEST

START_TEST(who_maps_goes_on_where_read_ended)
{
	int fd = open_bound(ECHO_SINT);
	struct rings rings;

	for (uint64_t i = 0; i < 2; i++) {
		send_number(fd, ECHO(0, ECHO_SINT), i);
		wait_taken(fd, i + 1);
	}
	receive_number(fd, 0);
	rings = map_rings(fd);
	take_number(&rings, 0, 1);
	ck_assert(is_empty(&rings, 0));
}
END_TEST

START_TEST(poll_tells_of_a_mapped_ring)
{
	struct rings rings = open_mapped(ECHO_SINT, 0);

	ck_assert_int_eq(poll_now(rings.fd), 0);
	send_number(rings.fd, ECHO(1, ECHO_SINT), 7);
	wait_taken(rings.fd, 1);
	ck_assert_int_eq(poll_now(rings.fd), POLLIN);
	take_number(&rings, 1, 7);
	ck_assert_int_eq(poll_now(rings.fd), 0);
}
END_TEST

static void call_poll(struct caller *caller)
{
	struct pollfd one = { .fd = caller->fd, .events = POLLIN };

	caller->err = poll(&one, 1, -1) == 1 && one.revents == POLLIN ?
			      0 : EPROTO;
}

START_TEST(a_poll_on_a_mapped_ring_sleeps_until_a_message_comes)
{
	struct rings rings = open_mapped(ECHO_SINT, 0);
	struct caller poller = { .call = call_poll, .fd = rings.fd };

	caller_start(&poller);
	send_number(rings.fd, ECHO((uint32_t)_i, ECHO_SINT), 7);
	caller_join(&poller);
	ck_assert_int_eq(poller.err, 0);
	take_number(&rings, (uint32_t)_i, 7);
}
END_TEST

START_TEST(messages_beyond_a_full_mapped_ring_wait_for_the_resume)
{
	struct rings rings = open_mapped(ECHO_SINT, 1);

	send_number(rings.fd, ECHO(0, ECHO_SINT), 0);
	wait_taken(rings.fd, 1);
	ck_assert_uint_eq(rings.words[0].stalled, 0);
	send_number(rings.fd, ECHO(0, ECHO_SINT), 1);
	while (!__atomic_load_n(&rings.words[0].stalled, __ATOMIC_ACQUIRE))
		look_again();
	ck_assert_uint_eq(counters(rings.fd).stalls, 1);
	take_number(&rings, 0, 0);	/* resumes */
	take_number(&rings, 0, 1);
	ck_assert_uint_eq(rings.words[0].stalled, 0);
	ck_assert(is_empty(&rings, 0));
}
END_TEST

START_TEST(a_resume_without_room_asks_nobody)
{
	struct rings rings = open_mapped(ECHO_SINT, 1);

	send_number(rings.fd, ECHO(0, ECHO_SINT), 0);
	wait_taken(rings.fd, 1);
	send_number(rings.fd, ECHO(0, ECHO_SINT), 1);
	while (!__atomic_load_n(&rings.words[0].stalled, __ATOMIC_ACQUIRE))
		look_again();
	for (unsigned int i = 0; i < 100; i++)
		ck_assert_int_eq(ioctl(rings.fd, HVPOST_IOC_RESUME), 0);
	/* Each look of the CPU would be one. */
	ck_assert_uint_eq(counters(rings.fd).stalls, 1);
	take_number(&rings, 0, 0);
	take_number(&rings, 0, 1);
}
END_TEST

START_TEST(a_resume_of_nothing_does_nothing)
{
	struct rings rings = open_mapped(ECHO_SINT, 0);

	ck_assert_int_eq(ioctl(rings.fd, HVPOST_IOC_RESUME), 0);
	send_number(rings.fd, ECHO(0, ECHO_SINT), 7);
	wait_taken(rings.fd, 1);
	ck_assert_int_eq(ioctl(rings.fd, HVPOST_IOC_RESUME), 0);
	take_number(&rings, 0, 7);
}
END_TEST

/* No system calls while messages are there */

#define QUIET_MESSAGES 60u

/* From here on a system call other than the exit's is death by SIGSYS. */
static void forbid_system_calls(void)
{
	struct sock_filter lines[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog filter = {
		.len = sizeof(lines) / sizeof(lines[0]), .filter = lines,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		_exit(2);
}

static int end_of(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

/* A child does @deed without system calls, and it says true. */
#define ck_without_calls(deed)						\
do {									\
	pid_t child = fork();						\
									\
	ck_assert_int_ge(child, 0);					\
	if (child == 0) {						\
		forbid_system_calls();					\
		_exit((deed) ? 0 : 1);					\
	}								\
	ck_assert_int_eq(end_of(child), 0);				\
} while (0)

static bool take_all(const struct rings *rings)
{
	struct hvpost_record record;

	for (uint64_t i = 0; i < QUIET_MESSAGES; i++) {
		if (is_empty(rings, 0))
			return false;
		take(rings, 0, &record);
		if (number_in(&record) != i)
			return false;
	}
	return is_empty(rings, 0);
}

START_TEST(a_mapped_reader_makes_no_system_call_while_messages_are_there)
{
	struct rings rings = open_mapped(ECHO_SINT, 0);

	for (uint64_t i = 0; i < QUIET_MESSAGES; i++) {
		send_number(rings.fd, ECHO(0, ECHO_SINT), i);
		wait_taken(rings.fd, i + 1);
	}
	ck_without_calls(take_all(&rings));
}
END_TEST

static bool receive_all(struct hvpost *handle)
{
	struct hvpost_message message;

	for (uint64_t i = 0; i < QUIET_MESSAGES; i++)
		if (hvpost_receive(handle, &message, HVPOST_NEVER) ||
		    message.sequence != i + 1)
			return false;
	return true;
}

static struct hvpost *open_and_fill(void)
{
	struct hvpost_counters now;
	struct hvpost *handle;
	int fd = open_device();

	ck_assert_int_eq(hvpost_open("device", &handle), 0);
	ck_assert_int_eq(hvpost_bind(handle, ECHO_SINT, 0), 0);
	for (uint64_t i = 0; i < QUIET_MESSAGES; i++) {
		send_number(fd, ECHO(1, ECHO_SINT), i);
		do
			hvpost_get_counters(handle, &now, sizeof(now));
		while (now.messages <= i);
	}
	return handle;
}

/* A handle is of the process that opened it: so the child does that, too. */
START_TEST(the_library_makes_no_system_call_while_messages_are_there)
{
	pid_t child = fork();
	struct hvpost *handle;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		handle = open_and_fill();
		forbid_system_calls();
		_exit(receive_all(handle) ? 0 : 1);
	}
	ck_assert_int_eq(end_of(child), 0);
}
END_TEST

/* What a call would have come to: else the two above would say nothing. */
START_TEST(a_system_call_would_have_been_seen)
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		forbid_system_calls();
		_exit(poll_now(0));
	}
	status = end_of(child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
END_TEST

/* Liars */

static const uint32_t lies[] = {
	1, 2, 0x7fffffff, 0x80000000, 0x80000001, UINT32_MAX - 8, UINT32_MAX - 7,
};
#define LIES ((int)(sizeof(lies) / sizeof(lies[0])))

/* A tail ahead of the head, or far behind, is a full ring until it is true. */
START_TEST(a_false_tail_leaves_the_messages_with_the_host)
{
	struct rings rings = open_mapped(ECHO_SINT, 8);
	struct hvpost_ring_words *words = &rings.words[0];

	send_number(rings.fd, ECHO(0, ECHO_SINT), 0);
	take_number(&rings, 0, 0);
	__atomic_store_n(&words->tail, words->head + lies[_i],
			 __ATOMIC_SEQ_CST);
	send_number(rings.fd, ECHO(0, ECHO_SINT), 1);
	while (counters(rings.fd).stalls == 0)
		look_again();
	ck_assert_uint_eq(counters(rings.fd).messages, 1);
	ck_assert_int_eq(ioctl(rings.fd, HVPOST_IOC_RESUME), 0);
	ck_assert_uint_eq(counters(rings.fd).messages, 1);

	__atomic_store_n(&words->tail, words->head, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(ioctl(rings.fd, HVPOST_IOC_RESUME), 0);
	take_number(&rings, 0, 1);
}
END_TEST

START_TEST(words_of_the_driver_that_a_reader_writes_are_not_believed)
{
	struct rings rings = open_mapped(ECHO_SINT, 2);

	for (uint64_t i = 0; i < 5; i++) {
		memset(&rings.words[0], 0xa5,
		       offsetof(struct hvpost_ring_words, tail));
		send_number(rings.fd, ECHO(0, ECHO_SINT), i);
		wait_taken(rings.fd, i + 1);
		ck_assert_uint_eq(rings.words[0].head, i + 1);
		ck_assert_uint_eq(number_in(record_at(&rings, 0, (uint32_t)i)),
				  i);
		__atomic_store_n(&rings.words[0].tail, (uint32_t)i + 1,
				 __ATOMIC_SEQ_CST);
	}
}
END_TEST

struct liar {
	const struct rings *rings;
	atomic_uint taken[VPS];	/* the true heads */
	atomic_bool stop;
};

/* Random tails, and the true one now and then: else nothing would flow. */
static void *lie(void *argument)
{
	struct liar *liar = argument;
	unsigned int seed = 1;

	while (!atomic_load(&liar->stop)) {
		for (uint32_t vp = 0; vp < VPS; vp++) {
			struct hvpost_ring_words *words =
				&liar->rings->words[vp];
			uint32_t tail = (uint32_t)rand_r(&seed) * 2654435761u;

			if (tail & 1)
				tail = atomic_load(&liar->taken[vp]);
			else if (tail & 2)
				tail = atomic_load(&liar->taken[vp]) -
				       (tail >> 28);
			__atomic_store_n(&words->tail, tail, __ATOMIC_RELAXED);
			words->head = tail;
			words->stalled = tail >> 31;
		}
	}
	return NULL;
}

/* Wait until the driver took @count messages, and keep at it. */
static void resume_until_taken(int fd, uint64_t count)
{
	while (counters(fd).messages < count)
		ck_assert_int_eq(ioctl(fd, HVPOST_IOC_RESUME), 0);
}

START_TEST(a_reader_that_lies_all_the_time_harms_nobody_else)
{
	struct rings rings = open_mapped(ECHO_SINT, 4);
	struct rings honest = open_mapped(ECHO_SINT + 1, 4);
	struct liar liar = { .rings = &rings };
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, lie, &liar), 0);
	for (uint64_t i = 0; i < 100; i++) {
		uint32_t vp = i % VPS;

		send_number(rings.fd, ECHO(vp, ECHO_SINT), i);
		send_number(honest.fd, ECHO(vp, ECHO_SINT + 1), i);
		take_number(&honest, vp, i);
		resume_until_taken(rings.fd, i + 1);
		atomic_fetch_add(&liar.taken[vp], 1);
	}
	atomic_store(&liar.stop, true);
	pthread_join(thread, NULL);
}
END_TEST

/* Memory that goes, and files that stay */

START_TEST(a_mapping_keeps_the_file_open_and_its_sint_bound)
{
	struct rings rings = open_mapped(ECHO_SINT, 0);
	int other = open_device();

	close(rings.fd);
	ck_assert_int_eq(bind_sint(other, ECHO_SINT, 0), EBUSY);
	send_number(other, ECHO(0, ECHO_SINT), 7);
	take_number(&rings, 0, 7);
	ck_assert_int_eq(munmap(rings.words, rings.layout.words_size), 0);
	ck_assert_int_eq(bind_sint(other, ECHO_SINT, 0), EBUSY);
	ck_assert_int_eq(munmap((void *)(uintptr_t)rings.records,
				rings.layout.records_size), 0);
	ck_assert_int_eq(bind_sint(other, ECHO_SINT, 0), 0);
	send_number(other, ECHO(0, ECHO_SINT), 8);
	receive_number(other, 8);
}
END_TEST

START_TEST(messages_go_on_while_mappings_come_and_go)
{
	int fd = open_bound(ECHO_SINT);

	for (uint64_t i = 0; i < 50; i++) {
		struct rings rings = map_rings(fd);

		send_number(fd, ECHO(0, ECHO_SINT), i);
		if (i % 2)
			take_number(&rings, 0, i);
		unmap_rings(&rings);
		wait_taken(fd, i + 1);
		if (i % 2)
			continue;
		rings = map_rings(fd);
		take_number(&rings, 0, i);
		unmap_rings(&rings);
	}
}
END_TEST

START_TEST(a_hole_may_be_cut_into_a_mapping)
{
	struct rings rings = open_mapped(ECHO_SINT, 64);
	char *second = (char *)(uintptr_t)rings.records + PAGE;

	ck_assert_int_eq(munmap(second, PAGE), 0);
	send_number(rings.fd, ECHO(0, ECHO_SINT), 7);
	take_number(&rings, 0, 7);
}
END_TEST

/* The parent goes on to map, and to close, while the child reads. */
START_TEST(a_child_inherits_the_mapping)
{
	struct rings rings = open_mapped(ECHO_SINT, 0);
	int other = open_device();
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		take_number(&rings, 0, 7);
		take_number(&rings, 1, 8);
		_exit(0);
	}
	unmap_rings(&rings);
	close(rings.fd);
	send_number(other, ECHO(0, ECHO_SINT), 7);
	send_number(other, ECHO(1, ECHO_SINT), 8);
	ck_assert_int_eq(end_of(child), 0);
	ck_assert_int_eq(bind_sint(other, ECHO_SINT, 0), 0);
}
END_TEST

START_TEST(a_process_killed_with_its_mappings_leaves_its_sint_free)
{
	int other = open_device(), ready[2], status;
	char byte;
	pid_t child;

	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct rings rings = open_mapped(ECHO_SINT, 0);
		struct liar liar = { .rings = &rings };

		if (write(ready[1], "", 1) == 1)
			lie(&liar);
		_exit(1);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	send_number(other, ECHO(0, ECHO_SINT), 7);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	status = end_of(child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_int_eq(bind_sint(other, ECHO_SINT, 0), 0);
}
END_TEST

static void add_mapping_cases(Suite *suite)
{
	TCase *mapping = add_case(suite, "mapping", NULL);
	TCase *moving = add_case(suite, "moving", flush_echo);

	tcase_add_test(mapping, without_a_sint_there_are_no_rings);
	tcase_add_test(mapping, the_layout_has_a_ring_for_every_cpu);
	tcase_add_test(mapping, records_are_for_reading_alone);
	tcase_add_test(mapping, a_private_mapping_is_einval);
	tcase_add_test(mapping, what_lies_in_no_area_cannot_be_mapped);
	tcase_add_test(mapping, memory_that_is_mapped_begins_as_zeros);
	tcase_add_test(mapping,
		       the_records_of_a_cpu_that_is_not_there_are_sigbus);
	tcase_add_test(moving, a_mapping_moves_and_shrinks_but_does_not_grow);
}

static void add_receiving_cases(Suite *suite)
{
	TCase *receiving = add_case(suite, "receiving", flush_echo);
	TCase *quiet = add_case(suite, "no system calls", flush_echo);

	tcase_add_test(receiving, messages_arrive_in_the_ring_of_their_vp);
	tcase_add_test(receiving, a_mapped_file_is_not_read);
	tcase_add_test(receiving, mapping_ends_a_read_that_sleeps);
	tcase_add_test(receiving, who_maps_goes_on_where_read_ended);
	tcase_add_test(receiving, poll_tells_of_a_mapped_ring);
	tcase_add_loop_test(receiving,
			    a_poll_on_a_mapped_ring_sleeps_until_a_message_comes,
			    0, (int)VPS);
	tcase_add_test(receiving,
		       messages_beyond_a_full_mapped_ring_wait_for_the_resume);
	tcase_add_test(receiving, a_resume_without_room_asks_nobody);
	tcase_add_test(receiving, a_resume_of_nothing_does_nothing);

	tcase_add_test(quiet,
		       a_mapped_reader_makes_no_system_call_while_messages_are_there);
	tcase_add_test(quiet,
		       the_library_makes_no_system_call_while_messages_are_there);
	tcase_add_test(quiet, a_system_call_would_have_been_seen);
}

static void add_liar_cases(Suite *suite)
{
	TCase *liars = add_case(suite, "liars", flush_echo);

	tcase_add_loop_test(liars,
			    a_false_tail_leaves_the_messages_with_the_host, 0,
			    LIES);
	tcase_add_test(liars,
		       words_of_the_driver_that_a_reader_writes_are_not_believed);
	tcase_add_test(liars,
		       a_reader_that_lies_all_the_time_harms_nobody_else);
}

static void add_memory_cases(Suite *suite)
{
	TCase *memory = add_case(suite, "memory", flush_echo);

	tcase_add_test(memory,
		       a_mapping_keeps_the_file_open_and_its_sint_bound);
	tcase_add_test(memory, messages_go_on_while_mappings_come_and_go);
	tcase_add_test(memory, a_hole_may_be_cut_into_a_mapping);
	tcase_add_test(memory, a_child_inherits_the_mapping);
	tcase_add_test(memory,
		       a_process_killed_with_its_mappings_leaves_its_sint_free);
}

int main(void)
{
	Suite *suite = suite_create("device, mapped");

	add_mapping_cases(suite);
	add_receiving_cases(suite);
	add_liar_cases(suite);
	add_memory_cases(suite);
	return run_suite(suite);
}
