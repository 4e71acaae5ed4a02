// SPDX-License-Identifier: MIT
/* The serial port, as a driver drives it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/vmm/serial.h"
#include "suites.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };

static struct serial serial;
static int output[2], input[2], stop_fd;
static bool level;
static unsigned int wanted;

static void set_irq(void *context, uint32_t irq, bool new_level)
{
	ck_assert_ptr_eq(context, &serial);
	ck_assert_uint_eq(irq, 4);
	level = new_level;
}

static void want_input(void *context, int fd)
{
	ck_assert_ptr_eq(context, &serial);
	ck_assert_int_eq(fd, input[0]);
	wanted++;
}

static const struct serial_ops ops = {
	.set_irq = set_irq, .want_input = want_input,
};

static void make(void)
{
	ck_assert_int_eq(pipe2(output, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(input, O_CLOEXEC | O_NONBLOCK), 0);
	stop_fd = eventfd(0, EFD_CLOEXEC);
	serial_init(&serial, &(struct serial_config){
			.ops = &ops, .context = &serial, .irq = 4,
			.input = input[0], .output = output[1],
			.stop_fd = stop_fd,
		});
	level = false;
	wanted = 0;
}

static void destroy(void)
{
	serial_destroy(&serial);
	close(output[0]);
	close(output[1]);
	close(input[0]);
	close(input[1]);
	close(stop_fd);
}

static void type(const char *text)
{
	ck_assert_int_eq(write(input[1], text, strlen(text)),
			 (ssize_t)strlen(text));
	serial_receive(&serial);
}

START_TEST(what_is_written_comes_out_byte_by_byte)
{
	char text[3] = "";

	ck_assert_int_eq(serial_write(&serial, DATA, 'h'), 0);
	ck_assert_int_eq(serial_write(&serial, DATA, 'i'), 0);
	ck_assert_int_eq(read(output[0], text, 2), 2);
	ck_assert_str_eq(text, "hi");
	ck_assert_uint_eq(serial_read(&serial, LSR), 0x60);
}
END_TEST

START_TEST(who_asks_is_interrupted_until_it_has_looked)
{
	serial_write(&serial, IER, 2);
	ck_assert(level);
	ck_assert_uint_eq(serial_read(&serial, IIR), 2);
	ck_assert(!level);
	ck_assert_uint_eq(serial_read(&serial, IIR), 1);
	serial_write(&serial, DATA, 'x');
	ck_assert(level);
	serial_write(&serial, IER, 0);
	ck_assert(!level);
}
END_TEST

START_TEST(input_interrupts_until_it_is_read)
{
	serial_write(&serial, IER, 1);
	ck_assert(!level);
	type("ab");
	ck_assert(level);
	ck_assert_uint_eq(serial_read(&serial, IIR), 4);
	ck_assert(level);
	ck_assert_uint_eq(serial_read(&serial, LSR), 0x61);
	ck_assert_uint_eq(serial_read(&serial, DATA), 'a');
	ck_assert(level);
	ck_assert_uint_eq(serial_read(&serial, DATA), 'b');
	ck_assert(!level);
	ck_assert_uint_eq(serial_read(&serial, LSR), 0x60);
}
END_TEST

START_TEST(input_waits_outside_while_the_fifo_is_full)
{
	type("0123456789abcdefgh");
	ck_assert_uint_eq(wanted, 0);
	for (const char *c = "0123456789abcdef"; *c; c++) {
		ck_assert_uint_eq(serial_read(&serial, DATA), (uint8_t)*c);
		ck_assert_uint_eq(wanted, 1);
	}
	ck_assert_uint_eq(serial_read(&serial, LSR) & 1, 0);
	serial_receive(&serial);
	ck_assert_uint_eq(wanted, 2);
	ck_assert_uint_eq(serial_read(&serial, DATA), 'g');
}
END_TEST

START_TEST(input_is_asked_for_again_after_the_fifo_was_cleared)
{
	type("0123456789abcdefgh");
	serial_write(&serial, IIR, 3);
	ck_assert_uint_eq(wanted, 1);
	ck_assert_uint_eq(serial_read(&serial, LSR) & 1, 0);
	ck_assert_uint_eq(serial_read(&serial, IIR), 0xc1);
}
END_TEST

START_TEST(input_that_has_ended_is_asked_for_no_more)
{
	close(input[1]);
	serial_receive(&serial);
	ck_assert_uint_eq(wanted, 0);
	input[1] = -1;
}
END_TEST

/* Somebody else has taken it, and the input is one that waits. */
START_TEST(input_that_is_gone_is_not_waited_for)
{
	fcntl(input[0], F_SETFL, 0);
	serial_receive(&serial);
	ck_assert_uint_eq(wanted, 1);
	type("a");
	ck_assert_uint_eq(serial_read(&serial, DATA), 'a');
}
END_TEST

START_TEST(the_divisor_hides_data_and_interrupts)
{
	serial_write(&serial, LCR, 0x83);
	serial_write(&serial, DATA, 0x12);
	serial_write(&serial, IER, 0x34);
	ck_assert_uint_eq(serial_read(&serial, DATA), 0x12);
	ck_assert_uint_eq(serial_read(&serial, IER), 0x34);
	serial_write(&serial, LCR, 0x03);
	ck_assert_uint_eq(serial_read(&serial, IER), 0);
	ck_assert_uint_eq(serial_read(&serial, LCR), 0x03);
}
END_TEST

START_TEST(the_loop_leads_back_and_not_out)
{
	serial_write(&serial, MCR, 0x1a);
	ck_assert_uint_eq(serial_read(&serial, MSR), 0x90);
	serial_write(&serial, DATA, 'z');
	ck_assert_uint_eq(serial_read(&serial, DATA), 'z');
	serial_write(&serial, MCR, 0);
	ck_assert_uint_eq(serial_read(&serial, MSR), 0xb0);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	ck_assert_int_eq(read(output[0], &(char){ 0 }, 1), -1);
}
END_TEST

START_TEST(registers_that_drivers_test_keep_what_they_hold)
{
	serial_write(&serial, SCR, 0xa5);
	ck_assert_uint_eq(serial_read(&serial, SCR), 0xa5);
	serial_write(&serial, IER, 0xff);
	ck_assert_uint_eq(serial_read(&serial, IER), 0x0f);
	serial_write(&serial, MCR, 0xff);
	ck_assert_uint_eq(serial_read(&serial, MCR), 0x1f);
}
END_TEST

START_TEST(an_output_that_is_broken_is_told_of)
{
	signal(SIGPIPE, SIG_IGN);
	close(output[0]);
	ck_assert_int_eq(serial_write(&serial, DATA, 'x'), -EPIPE);
	output[0] = -1;
}
END_TEST

START_TEST(without_output_bytes_go_nowhere)
{
	serial.config.output = -1;
	ck_assert_int_eq(serial_write(&serial, DATA, 'x'), 0);
}
END_TEST

static void *stop(void *context)
{
	(void)context;
	ck_assert_int_eq(eventfd_write(stop_fd, 1), 0);
	return NULL;
}

static void fill_output(void)
{
	fcntl(output[1], F_SETFL, O_NONBLOCK);
	while (write(output[1], "", 1) == 1)
		;
}

/* Whether the writer waits already or not, and in whichever way it can. */
START_TEST(a_port_that_is_stopped_waits_for_nobody)
{
	pthread_t stopper;

	fill_output();
	fcntl(output[1], F_SETFL, _i ? O_NONBLOCK : 0);
	ck_assert_int_eq(pthread_create(&stopper, NULL, stop, NULL), 0);
	ck_assert_int_eq(serial_write(&serial, DATA, 'x'), -EAGAIN);
	pthread_join(stopper, NULL);
}
END_TEST

START_TEST(what_could_not_be_written_has_not_been)
{
	char bytes[4096] = "";
	eventfd_t count;

	fill_output();
	serial_write(&serial, IER, 2);
	serial_read(&serial, IIR);
	ck_assert(!level);
	ck_assert_int_eq(eventfd_write(stop_fd, 1), 0);
	ck_assert_int_eq(serial_write(&serial, DATA, 'x'), -EAGAIN);
	ck_assert_msg(!level, "it says that it has transmitted");

	ck_assert_int_eq(eventfd_read(stop_fd, &count), 0);
	ck_assert_int_eq(read(output[0], bytes, sizeof(bytes)), sizeof(bytes));
	ck_assert_int_eq(serial_write(&serial, DATA, 'x'), 0);
	ck_assert(level);
	while (!bytes[0])
		ck_assert_int_eq(read(output[0], bytes, 1), 1);
	ck_assert_int_eq(bytes[0], 'x');
}
END_TEST

static void *drain(void *context)
{
	char bytes[65536];
	size_t *total = context;
	ssize_t count;

	while ((count = read(output[0], bytes, sizeof(bytes))) > 0)
		*total += (size_t)count;
	return NULL;
}

/* Whichever of the two is first: all bytes arrive. */
START_TEST(a_slow_reader_gets_every_byte)
{
	const size_t sent = 200000;
	size_t total = 0;
	pthread_t reader;

	fcntl(output[1], F_SETFL, O_NONBLOCK);
	ck_assert_int_eq(pthread_create(&reader, NULL, drain, &total), 0);
	for (size_t i = 0; i < sent; i++)
		ck_assert_int_eq(serial_write(&serial, DATA, 'x'), 0);
	close(output[1]);
	pthread_join(reader, NULL);
	ck_assert_uint_eq(total, sent);
	output[1] = -1;
}
END_TEST

static pid_t writing_thread;

static void *write_one(void *context)
{
	__atomic_store_n(&writing_thread, (pid_t)syscall(SYS_gettid),
			 __ATOMIC_SEQ_CST);
	*(int *)context = serial_write(&serial, DATA, 'x');
	return NULL;
}

/* Until it waits for the output. */
static void wait_until_it_polls(void)
{
	char path[64], line[64] = "";
	pid_t pid;

	do {
		int fd;

		sched_yield();
		pid = __atomic_load_n(&writing_thread, __ATOMIC_SEQ_CST);
		snprintf(path, sizeof(path), "/proc/self/task/%d/syscall",
			 (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		ck_assert_int_gt(read(fd, line, sizeof(line) - 1), 0);
		close(fd);
	} while (!pid || strncmp(line, "7 ", 2)); /* poll(2) */
}

START_TEST(who_waits_for_a_slow_reader_holds_up_nobody_else)
{
	char bytes[65536];
	pthread_t writer;
	int err = 1;

	fill_output();
	ck_assert_int_eq(pthread_create(&writer, NULL, write_one, &err), 0);
	wait_until_it_polls();
	type("a");
	ck_assert_uint_eq(serial_read(&serial, LSR), 0x61);
	ck_assert_uint_eq(serial_read(&serial, DATA), 'a');
	ck_assert_int_gt(read(output[0], bytes, sizeof(bytes)), 0);
	pthread_join(writer, NULL);
	ck_assert_int_eq(err, 0);
}
END_TEST

Suite *serial_suite(void)
{
	Suite *suite = suite_create("serial");
	TCase *tests = tcase_create("serial");

	/* A slow reader is slower where others want the processor. */
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, make, destroy);
	tcase_add_test(tests, what_is_written_comes_out_byte_by_byte);
	tcase_add_test(tests, who_asks_is_interrupted_until_it_has_looked);
	tcase_add_test(tests, input_interrupts_until_it_is_read);
	tcase_add_test(tests, input_waits_outside_while_the_fifo_is_full);
	tcase_add_test(tests,
		       input_is_asked_for_again_after_the_fifo_was_cleared);
	tcase_add_test(tests, input_that_has_ended_is_asked_for_no_more);
	tcase_add_test(tests, input_that_is_gone_is_not_waited_for);
	tcase_add_test(tests, the_divisor_hides_data_and_interrupts);
	tcase_add_test(tests, the_loop_leads_back_and_not_out);
	tcase_add_test(tests, registers_that_drivers_test_keep_what_they_hold);
	tcase_add_test(tests, an_output_that_is_broken_is_told_of);
	tcase_add_test(tests, without_output_bytes_go_nowhere);
	tcase_add_test(tests, what_could_not_be_written_has_not_been);
	tcase_add_loop_test(tests, a_port_that_is_stopped_waits_for_nobody, 0,
			    2);
	tcase_add_test(tests, a_slow_reader_gets_every_byte);
	tcase_add_test(tests,
		       who_waits_for_a_slow_reader_holds_up_nobody_else);
	suite_add_tcase(suite, tests);
	return suite;
}
