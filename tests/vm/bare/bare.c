// SPDX-License-Identifier: MIT
/*
 * A guest without a system: what the echo test device and the SynIC do, seen with
 * nothing between. It says on the second serial port what it does, and at the end
 * the success word that its command line tells. But for one test SINTs stay
 * masked, and slots are looked at. Its command line may have it end in another way:
 * end=reset, or end=crash; or do another thing: flood=N, where 0 has no end.
 */
#include <hvpost/hyperv.h>

#include "processor.h"

#define SERIAL		0x2f8
#define TESTDEV		0x3000
#define POWER		0x604
#define OFF		(5 << 10 | 1 << 13)
#define RESET		0xcf9
#define RESET_VALUE	6

#define SINT		6u
#define CONNECTION	0x10u
#define EVENT		0x11u
#define BUFFERS		HV_PORT_MESSAGE_BUFFERS
#define FLOOD		0x30u
#define FLOOD_DIGITS	8

#define VECTOR		0x50u
#define APIC_BASE	0x1bu
#define APIC_ON		(3u << 10)	/* as an x2APIC, whose registers are MSRs */
#define APIC_EOI	0x80bu
#define APIC_SPURIOUS	0x80fu
#define APIC_ACCEPTS	0x1ffu

#define COMMAND(control, id, vp, sint) \
	((uint32_t)(id) << 24 | (control) << 16 | (vp) << 8 | (sint))

void bare_main(const uint32_t *multiboot);

static _Alignas(4096) struct hv_sim_page sim_ram;
static _Alignas(4096) struct hv_sief_page sief_ram;
static _Alignas(256) struct hv_post_message_input input;
static bool is_amd;

/* The processor */

static void write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value),
			 "d"((uint32_t)(value >> 32)) : "memory");
}

static uint64_t read_msr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static uint64_t call_host(uint64_t control, uint64_t word)
{
	register uint64_t output __asm__("r8") = 0;
	uint64_t result;

	if (is_amd)
		__asm__ volatile("vmmcall" : "=a"(result), "+c"(control),
				 "+d"(word), "+r"(output) : :
				 "r9", "r10", "r11", "memory");
	else
		__asm__ volatile("vmcall" : "=a"(result), "+c"(control),
				 "+d"(word), "+r"(output) : :
				 "r9", "r10", "r11", "memory");
	return result & HV_RESULT_STATUS_MASK;
}

/* Words for people */

static void say(const char *text)
{
	while (*text)
		out8(SERIAL, (uint8_t)*text++);
}

static void end(void)
{
	out16(POWER, OFF);
	for (;;)
		__asm__ volatile("hlt");
}

static void expect(const char *what, uint64_t is, uint64_t wanted)
{
	static const char digits[] = "0123456789abcdef";

	if (is == wanted)
		return;
	say("rig: fail ");
	say(what);
	say(": 0x");
	for (int shift = 60; shift >= 0; shift -= 4)
		out8(SERIAL, (uint8_t)digits[is >> shift & 15]);
	say("\n");
	end();
}

static void step(const char *what)
{
	say("rig: step ");
	say(what);
	say("\n");
}

/* What is tested */

static uint64_t post(uint8_t number)
{
	input.connection_id = CONNECTION;
	input.message_type = 1;
	input.payload_size = HV_MESSAGE_PAYLOAD_SIZE_MAX;
	for (unsigned int i = 0; i < HV_MESSAGE_PAYLOAD_SIZE_MAX; i++)
		input.payload[i] = (uint8_t)(number + i);
	return call_host(HV_CALL_POST_MESSAGE, (uintptr_t)&input);
}

static uint64_t signal_event(void)
{
	return call_host(HV_CALL_SIGNAL_EVENT | HV_CONTROL_FAST, EVENT);
}

static void switch_on(void)
{
	sim_ram.slot[SINT].message_type = 77;
	write_msr(HV_MSR_GUEST_OS_ID, HV_GUEST_OS_ID_OPEN_SOURCE);
	write_msr(HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
	write_msr(HV_MSR_SIMP, (uintptr_t)&sim_ram | HV_PAGE_ENABLE);
	write_msr(HV_MSR_SIEFP, (uintptr_t)&sief_ram | HV_PAGE_ENABLE);
}

static void take(uint8_t number)
{
	volatile struct hv_slot *slot = &sim_ram.slot[SINT];

	expect("type", slot->message_type, 1);
	expect("size", slot->payload_size, HV_MESSAGE_PAYLOAD_SIZE_MAX);
	for (unsigned int i = 0; i < HV_MESSAGE_PAYLOAD_SIZE_MAX; i++)
		expect("payload", slot->payload[i], (uint8_t)(number + i));
	slot->message_type = 0;
	__sync_synchronize();
	/* All but the last tell that another one waits. */
	expect("pending", slot->message_flags & HV_MESSAGE_PENDING,
	       number < BUFFERS);
	write_msr(HV_MSR_EOM, 0);
}

static void test_messages(void)
{
	step("a full port refuses what its sixteen buffers do not take");
	out32(TESTDEV, COMMAND(4, CONNECTION, 0, SINT));
	for (unsigned int i = 0; i <= BUFFERS; i++)
		expect("post", post((uint8_t)i), HV_STATUS_SUCCESS);
	expect("one more", post(99), HV_STATUS_INSUFFICIENT_BUFFERS);

	step("all 240 bytes of each come back, in order, each EOM brings one");
	for (unsigned int i = 0; i <= BUFFERS; i++)
		take((uint8_t)i);
	expect("the slot", sim_ram.slot[SINT].message_type, 0);
}

static void test_events(void)
{
	step("a masked SINT takes no event");
	out32(TESTDEV, COMMAND(6, EVENT, 0, SINT));
	expect("signal", signal_event(), HV_STATUS_INVALID_SYNIC_STATE);

	step("one that is polled takes it");
	write_msr(HV_MSR_SINT0 + SINT, HV_SINT_POLLING | VECTOR);
	expect("signal", signal_event(), HV_STATUS_SUCCESS);
	expect("flags", sief_ram.sint[SINT].flags[EVENT / 8], 1u << EVENT % 8);
	write_msr(HV_MSR_SINT0 + SINT, HV_SINT_MASKED | VECTOR);
}

/* Interrupts: their handler takes what is in the slot, and writes no EOM. */

static volatile unsigned int taken;

void interrupt(void);		/* start.S: calls the other one */
void on_interrupt(void);

void on_interrupt(void)
{
	volatile struct hv_slot *slot = &sim_ram.slot[SINT];

	if (slot->message_type) {
		expect("a message in its turn", slot->payload[0], taken);
		slot->message_type = 0;
		taken++;
	}
	__sync_synchronize();
	write_msr(APIC_EOI, 0);
}

static void accept_interrupts(void)
{
	static struct {
		uint16_t low, selector, type, middle;
		uint32_t high, zero;
	} gates[VECTOR + 1];
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} table = { sizeof(gates) - 1, (uintptr_t)gates };
	uintptr_t handler = (uintptr_t)interrupt;

	gates[VECTOR].low = (uint16_t)handler;
	gates[VECTOR].selector = 8;
	gates[VECTOR].type = 0x8e00;	/* present, an interrupt gate */
	gates[VECTOR].middle = (uint16_t)(handler >> 16);
	gates[VECTOR].high = (uint32_t)(handler >> 32);
	__asm__ volatile("lidt %0" : : "m"(table));
	write_msr(APIC_BASE, read_msr(APIC_BASE) | APIC_ON);
	write_msr(APIC_SPURIOUS, APIC_ACCEPTS);
}

/* All are posted before the first is taken. */
static void take_by_interrupts(unsigned int count)
{
	taken = 0;
	for (unsigned int i = 0; i < count; i++)
		expect("post", post((uint8_t)i), HV_STATUS_SUCCESS);
	while (taken < count)
		__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
	expect("the slot", sim_ram.slot[SINT].message_type, 0);
}

static void test_interrupts(void)
{
	step("one that ends interrupts, but writes no EOM, gets all, too");
	say("rig: touching interrupts\n"); /* whose silence is no stall */
	accept_interrupts();
	write_msr(HV_MSR_SINT0 + SINT, VECTOR);
	take_by_interrupts(BUFFERS + 1);
	take_by_interrupts(1);
	take_by_interrupts(1);
	take_by_interrupts(BUFFERS + 1);
	take_by_interrupts(2);
	write_msr(HV_MSR_SINT0 + SINT, HV_SINT_MASKED | VECTOR);
}

static void test_nonsense(void)
{
	step("what makes no sense to the test device ends nothing");
	out32(TESTDEV, COMMAND(4, CONNECTION, 0, SINT));
	out32(TESTDEV, COMMAND(5, 0x77, 0, 0));
	out32(TESTDEV, COMMAND(3, 0, 200, 200));
	out32(TESTDEV, 0xffffffff);
	out8(TESTDEV, 1);
	expect("post", post(0), HV_STATUS_SUCCESS);
}

static void test_overlay(void)
{
	volatile uint32_t *type = &sim_ram.slot[SINT].message_type;

	step("the SIM page covers memory, which is as before when it goes");
	expect("covered", *type, 1);
	write_msr(HV_MSR_SIMP, 0);
	expect("uncovered", *type, 77);
	expect("post", post(0), HV_STATUS_INVALID_SYNIC_STATE);
	write_msr(HV_MSR_SIMP, (uintptr_t)&sim_ram | HV_PAGE_ENABLE);
	expect("covered again", *type, 1);
}

/* Decimal digits, of which there are some. */
static uint32_t post_number(uint32_t number)
{
	input.connection_id = FLOOD;
	input.message_type = 1;
	input.payload_size = FLOOD_DIGITS;
	for (int i = FLOOD_DIGITS - 1; i >= 0; i--, number /= 10)
		input.payload[i] = (uint8_t)('0' + number % 10);
	return (uint32_t)call_host(HV_CALL_POST_MESSAGE, (uintptr_t)&input);
}

/* As fast as they are taken, once the first message to us has come. */
static void flood(const char *count)
{
	uint32_t end = 0, status;

	while (*count >= '0' && *count <= '9')
		end = 10 * end + (uint32_t)(*count++ - '0');
	accept_interrupts();
	write_msr(HV_MSR_SINT0 + SINT, VECTOR);
	while (!taken)
		__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
	for (uint32_t number = 0; !end || number < end; number++) {
		do
			status = post_number(number);
		while (status == HV_STATUS_INSUFFICIENT_BUFFERS);
		expect("post", status, HV_STATUS_SUCCESS);
	}
}

/* What stands behind @key in the command line, or its end. */
static const char *argument(const uint32_t *multiboot, const char *key)
{
	const char *text = (const char *)(uintptr_t)multiboot[4];
	unsigned int matched = 0;

	for (; *text && key[matched]; text++)
		matched = *text == key[matched] ? matched + 1 : 0;
	return text;
}

/* The nonce stands in the command line; it is the word that counts. */
static void say_success(const char *nonce)
{
	say("rig: success ");
	while (*nonce && *nonce != ' ')
		out8(SERIAL, (uint8_t)*nonce++);
	say("\n");
}

void bare_main(const uint32_t *multiboot)
{
	const char *count = argument(multiboot, "flood=");

	is_amd = processor_is_amd();
	switch_on();
	if (*count) {
		flood(count);
		end();
	}
	expect("the page", sim_ram.slot[SINT].message_type, 0);
	test_messages();
	test_events();
	test_interrupts();
	test_nonsense();
	test_overlay();
	say_success(argument(multiboot, "nonce="));
	switch (*argument(multiboot, "end=")) {
	case 'r':
		out8(RESET, RESET_VALUE);
		break;
	case 'c':
		__asm__ volatile("ud2"); /* and no handler for it */
		break;
	}
	end();
}
