// SPDX-License-Identifier: MIT
/*
 * A guest that means ill: hypercalls, MSRs and ports at random for some seconds,
 * while others of the same host work. It spares what would only end itself. As
 * soon as it can it posts that it begins, and at the end that it has done.
 */
#include <hvpost/hyperv.h>

#include "processor.h"

#define CONNECTION	0x10u
#define SECONDS		5u

#define SERIAL_1	0x3f8
#define SERIAL_2	0x2f8
#define SERIAL_PORTS	8
#define CLOCK		0x70
#define TESTDEV		0x3000
#define POWER		0x600
#define POWER_PORTS	12
#define POWER_CONTROL	0x604
#define OFF		(5 << 10 | 1 << 13)
#define RESET		0xcf9
#define KEYBOARD	0x64

#define PIC		0x20
#define PIC_END		0x20
#define TIMER		0x40
#define TICK		0x20u	/* vector */

#define PAGES		8u

void bare_main(const uint32_t *multiboot);

static _Alignas(4096) uint8_t pages[PAGES][4096];
static _Alignas(256) struct hv_post_message_input input;
static uint64_t random_state = 0x9e3779b97f4a7c15;
static bool is_amd;

/* Faults end an instruction, not the guest; ticks end a wait. */

uint64_t resume;	/* where it goes on */

__asm__("fault_with_code:\n"
	"	add $8, %rsp\n"
	"fault:\n"
	"	push %rax\n"
	"	mov resume(%rip), %rax\n"
	"	mov %rax, 8(%rsp)\n"
	"	pop %rax\n"
	"	iretq\n");

void fault(void);
void fault_with_code(void);
void interrupt(void);		/* start.S: calls the other one */
void on_interrupt(void);

void on_interrupt(void)
{
	out8(PIC, PIC_END);
}

static struct gate {
	uint16_t low, selector, flags, middle;
	uint32_t high, reserved;
} gates[TICK + 1];

static void set_gate(unsigned int vector, void (*handler)(void))
{
	uintptr_t at = (uintptr_t)handler;

	gates[vector] = (struct gate){
		.low = (uint16_t)at, .selector = 8, .flags = 0x8e00,
		.middle = (uint16_t)(at >> 16), .high = (uint32_t)(at >> 32),
	};
}

static void take_faults(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) table = {
		sizeof(gates) - 1, (uintptr_t)gates,
	};

	set_gate(6, fault);			/* #UD */
	set_gate(13, fault_with_code);		/* #GP */
	set_gate(TICK, interrupt);
	__asm__ volatile("lidt %0" : : "m"(table));
}

/* 18 of them a second */
static void begin_ticks(void)
{
	out8(PIC, 0x11);
	out8(PIC + 1, TICK);
	out8(PIC + 1, 4);
	out8(PIC + 1, 1);
	out8(PIC + 1, 0xfe);
	out8(TIMER + 3, 0x34);
	out8(TIMER, 0);
	out8(TIMER, 0);
}

static void wait_for_tick(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

#define RESUME_BEHIND	"lea 1f(%%rip), %%r11; mov %%r11, resume(%%rip); "

static void write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile(RESUME_BEHIND "wrmsr; 1:" : : "c"(msr),
			 "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) :
			 "r11", "memory");
}

static void read_msr(uint32_t msr)
{
	__asm__ volatile(RESUME_BEHIND "rdmsr; 1:" : "+c"(msr) : :
			 "eax", "edx", "r11", "memory");
}

static uint64_t call_host(uint64_t control, uint64_t word, uint64_t output)
{
	register uint64_t r8 __asm__("r8") = output;
	uint64_t result = UINT64_MAX;

	if (is_amd)
		__asm__ volatile(RESUME_BEHIND "vmmcall; 1:" : "+a"(result),
				 "+c"(control), "+d"(word), "+r"(r8) : :
				 "rbx", "rsi", "r9", "r10", "r11", "memory");
	else
		__asm__ volatile(RESUME_BEHIND "vmcall; 1:" : "+a"(result),
				 "+c"(control), "+d"(word), "+r"(r8) : :
				 "rbx", "rsi", "r9", "r10", "r11", "memory");
	return result & HV_RESULT_STATUS_MASK;
}

/* Chance */

static uint64_t any(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint32_t any_below(uint32_t end)
{
	return (uint32_t)(any() >> 33) % end;
}

/* In a page of ours, or where there is no memory; not where our code is. */
static uint64_t any_gpa(void)
{
	if (any_below(4))
		return (uintptr_t)pages[any_below(PAGES)] + any_below(4096);
	return any() | 1ull << 24;
}

static void try_hypercall(void)
{
	static const uint16_t codes[] = {
		HV_CALL_POST_MESSAGE, HV_CALL_SIGNAL_EVENT,
		HV_CALL_CREATE_PORT, HV_CALL_DELETE_PORT, HV_CALL_CONNECT_PORT,
		HV_CALL_DISCONNECT_PORT, HV_CALL_GET_PORT_PROPERTY,
	};
	uint64_t control = any_below(8) ? codes[any_below(7)] : any();
	uint64_t gpa = any_gpa();

	if (any_below(2))
		gpa &= ~0xffull;
	for (unsigned int i = 0; i < 8; i++)
		pages[any_below(PAGES)][any_below(256)] = (uint8_t)any();
	call_host(control, gpa, any_gpa());
}

static void try_msr(void)
{
	static const uint32_t msrs[] = {
		HV_MSR_GUEST_OS_ID, HV_MSR_HYPERCALL, HV_MSR_SCONTROL,
		HV_MSR_SIEFP, HV_MSR_SIMP, HV_MSR_EOM,
	};
	uint32_t msr = any_below(2) ? msrs[any_below(6)] :
				      HV_MSR_GUEST_OS_ID + any_below(0x200);

	/* A SINT's value is a vector, not a place. */
	if (msr >= HV_MSR_SINT0 && any_below(2))
		write_msr(msr, any());
	else
		write_msr(msr, any_below(4) ? any_gpa() : any_below(2));
	read_msr(msr);
}

static bool is_between(uint16_t port, uint16_t first, uint16_t count)
{
	return port >= first && port - first < count;
}

static void try_port(void)
{
	uint16_t port = any_below(2) ? TESTDEV : (uint16_t)any();
	uint32_t value = any_below(2) ? (uint32_t)any() :
		(any_below(10) << 16 | any_below(3) << 8 | any_below(17) |
		 any_below(4) << 24);

	/* No words on a console, no end before its time */
	if (is_between(port, SERIAL_1, SERIAL_PORTS) ||
	    is_between(port, SERIAL_2, SERIAL_PORTS) ||
	    is_between(port, POWER, POWER_PORTS) ||
	    is_between(port, RESET - 3, 4) || is_between(port, KEYBOARD - 3, 4))
		return;
	switch (any_below(4)) {
	case 0:
		out8(port, (uint8_t)value);
		break;
	case 1:
		out16(port, (uint16_t)value);
		break;
	case 2:
		out32(port, value);
		break;
	default:
		__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
		break;
	}
}

/* Time and words */

static uint8_t second(void)
{
	uint8_t value;

	out8(CLOCK, 0);
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(CLOCK + 1));
	return value;
}

static bool say(const char *text)
{
	write_msr(HV_MSR_GUEST_OS_ID, HV_GUEST_OS_ID_OPEN_SOURCE);
	input.connection_id = CONNECTION;
	input.rsvdz = 0;
	input.message_type = 1;
	input.payload_size = 0;
	while (*text)
		input.payload[input.payload_size++] = (uint8_t)*text++;
	return !call_host(HV_CALL_POST_MESSAGE, (uintptr_t)&input, 0);
}

static void attack(void)
{
	uint8_t before = second();

	for (unsigned int seconds = 0; seconds < SECONDS;) {
		uint8_t now = second();

		seconds += now != before;
		before = now;
		for (unsigned int i = 0; i < 16; i++) {
			try_hypercall();
			try_msr();
			try_port();
		}
	}
}

void bare_main(const uint32_t *multiboot)
{
	(void)multiboot;
	is_amd = processor_is_amd();
	take_faults();
	begin_ticks();
	while (!say("the attack begins"))
		wait_for_tick();	/* for somebody to listen */
	attack();
	while (!say("the attack is over"))
		;
	for (;;)
		out16(POWER_CONTROL, OFF);
}
