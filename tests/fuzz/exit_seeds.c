// SPDX-License-Identifier: MIT
/*
 * Guests to begin with, as fuzz_exit reads them, one file each in the folder that
 * is named: what guests do that mean well, and some that nearly do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvpost/hyperv.h>

#define SIZE_MAX_SEED	1600u
#define VP(n)		((uint8_t)((n) * 32))

/* Steps and places as in fuzz_exit.c and exit_guest.h */
enum { HYPERCALL, MSR, PORT, MMIO, REASON, MEMORY, EOI, POST, TAKE, TYPE };
enum { GUEST_OS_ID, HYPERCALL_PAGE, SCONTROL, SIEFP, SIMP, EOM };
#define SINT(n)		(0x40u | (n))
#define PAGE_ON(n)	(0xc0u | (n))
#define TESTDEV		6u
#define INPUT_PAGE	7u

static struct {
	uint8_t bytes[SIZE_MAX_SEED];
	size_t size;
} seed;

static void put(const void *bytes, size_t size)
{
	if (size > sizeof(seed.bytes) - seed.size)
		abort();
	memcpy(seed.bytes + seed.size, bytes, size);
	seed.size += size;
}

static void put_u8(unsigned int value)
{
	uint8_t byte = (uint8_t)value;

	put(&byte, 1);
}

static void put_u64(uint64_t value)
{
	put(&value, sizeof(value));
}

static void msr(unsigned int vp, unsigned int which, uint64_t value)
{
	put_u8(MSR | VP(vp));
	put_u8(which);
	put_u8(0);
	put_u64(value);
}

static void page(unsigned int vp, unsigned int which, unsigned int number)
{
	put_u8(MSR | VP(vp));
	put_u8(which);
	put_u8(PAGE_ON(number));
}

static void switch_on(unsigned int vp)
{
	msr(vp, GUEST_OS_ID, HV_GUEST_OS_ID_OPEN_SOURCE);
	page(vp, SIMP, 2 * vp);
	page(vp, SIEFP, 2 * vp + 1);
	msr(vp, SINT(2), 0x42);
	msr(vp, SCONTROL, 1);
}

static void call(unsigned int vp, uint64_t control, const void *input,
		 size_t size)
{
	put_u8(HYPERCALL | VP(vp));
	put_u64(control);
	put_u8(INPUT_PAGE);
	put_u8(INPUT_PAGE);
	put_u8((unsigned int)(size > 255 ? 255 : size));
	put(input, size);
}

static void post(unsigned int vp, uint32_t connection)
{
	const struct hv_post_message_input input = {
		.connection_id = connection, .message_type = 1,
		.payload_size = HV_MESSAGE_PAYLOAD_SIZE_MAX,
	};

	call(vp, HV_CALL_POST_MESSAGE, &input, sizeof(input));
}

static void signal_event(unsigned int vp, uint32_t connection)
{
	const struct hv_signal_event_input input = {
		.connection_id = connection,
	};

	call(vp, HV_CALL_SIGNAL_EVENT, &input, sizeof(input));
}

/* One access of each of @count items of 1 << @order bytes */
static void port(unsigned int index, unsigned int offset, int out,
		 unsigned int order, unsigned int count, const void *data)
{
	unsigned int size = count << order;

	put_u8(PORT);
	put_u8((unsigned int)out | order << 1 | (count - 1) << 3);
	put_u8(index);
	put_u8(offset);
	if (!out)
		return;
	put_u8(size);
	put(data, size);
}

static void testdev(unsigned int control, unsigned int id, unsigned int vp,
		    unsigned int sint)
{
	const uint32_t word = id << 24 | control << 16 | vp << 8 | sint;

	port(TESTDEV, 0, 1, 2, 1, &word);
}

static void byte(unsigned int step, unsigned int value)
{
	put_u8(step);
	put_u8(value);
}

/* The guests */

static void talk_to_the_peer(void)
{
	put_u8(1);
	switch_on(0);
	switch_on(1);
	for (int i = 0; i < 3; i++) {
		post(0, 0x10);
		byte(POST, 8 * (unsigned int)i);
		signal_event(1, 0x11);
	}
	put_u8(TAKE);
	byte(POST, 3);
	msr(0, EOM, 0);
	byte(EOI, 2);
}

static void echo_by_the_device(void)
{
	put_u8(0);
	switch_on(0);
	testdev(1, 0, 0, 2);
	testdev(4, 0x20, 0, 2);
	testdev(6, 0x21, 0, 2);
	post(0, 0x20);
	signal_event(0, 0x21);
	testdev(3, 0, 0, 2);
	testdev(5, 0x20, 0, 0);
	testdev(7, 0x21, 0, 0);
	testdev(2, 0, 0, 2);
	testdev(200, 255, 255, 255);
	/* Of VPs that there are not */
	testdev(1, 0, 1, 2);
	testdev(3, 0, 1, 2);
}

static void pages_over_each_other(void)
{
	put_u8(2);
	for (unsigned int vp = 0; vp < 3; vp++) {
		page(vp, SIMP, 1);
		page(vp, SIEFP, 1);
	}
	byte(MEMORY, 1);
	put_u8(0);
	put_u8(4);
	put("abcd", 4);
	page(1, SIMP, 2);
	msr(0, SIEFP, 0);
	page(2, SIEFP, 3);
	msr(2, SIMP, 0xfffff000 | HV_PAGE_ENABLE);
}

static void a_console(void)
{
	put_u8(0);
	port(0, 1, 1, 0, 1, "\x03");
	port(0, 0, 1, 0, 5, "hello");
	port(1, 0, 1, 0, 2, "hi");
	byte(TYPE, 'x');
	port(0, 5, 0, 0, 1, NULL);
	port(0, 0, 0, 0, 4, NULL);
	port(0, 3, 1, 0, 1, "\x80");
	port(0, 4, 1, 0, 1, "\x1f");
}

static void clock_and_power(void)
{
	put_u8(0);
	port(5, 0, 1, 0, 1, "\x32");
	port(5, 1, 0, 0, 1, NULL);
	port(2, 8, 0, 2, 1, NULL);
	port(2, 4, 1, 1, 1, "\x00\x34");
	port(3, 0, 1, 0, 1, "\x06");
	port(4, 0, 1, 0, 1, "\xfe");
	put_u8(REASON);
	put_u8(8);
	put_u8(REASON);
	put_u8(17);
	put_u8(MMIO);
	put_u8(0x82);
	put_u64(0xfee00000);
}

static void a_port_of_its_own(void)
{
	const struct hv_create_port_input create = {
		.port_partition = HV_PARTITION_ID_SELF, .port_id = 9,
		.connection_partition = 4,
		.port_info = {
			.port_type = HV_PORT_TYPE_MESSAGE,
			.u.message = { .target_sint = 2 },
		},
	};

	put_u8(0);
	switch_on(0);
	call(0, HV_CALL_CREATE_PORT, &create, sizeof(create));
	call(0, HV_CALL_DELETE_PORT, &create, 16);
	call(0, HV_CALL_CONNECT_PORT, &create, 40);
	call(0, 0xffff, &create, 8);
}

static const struct {
	const char *name;
	void (*make)(void);
} guests[] = {
	{ "peer", talk_to_the_peer },
	{ "device", echo_by_the_device },
	{ "pages", pages_over_each_other },
	{ "console", a_console },
	{ "power", clock_and_power },
	{ "port", a_port_of_its_own },
};

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: exit_seeds FOLDER\n");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
		char name[4096];
		FILE *file;

		seed.size = 0;
		guests[i].make();
		snprintf(name, sizeof(name), "%s/%s", argv[1], guests[i].name);
		file = fopen(name, "w");
		if (!file || fwrite(seed.bytes, seed.size, 1, file) != 1 ||
		    fclose(file)) {
			perror(name);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
