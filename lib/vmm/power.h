/* SPDX-License-Identifier: MIT */
/* power.h - the ACPI registers that end a guest, and its power management timer. */
#ifndef VMM_POWER_H
#define VMM_POWER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* I/O ports, which acpi.c tells the guest of. */
#define POWER_EVENT_PORT	0x600u	/* PM1a_EVT: status, enable */
#define POWER_CONTROL_PORT	0x604u	/* PM1a_CNT */
#define POWER_TIMER_PORT	0x608u	/* PM_TMR */
#define POWER_PORT_COUNT	12u
#define POWER_RESET_PORT	0xcf9u
#define POWER_RESET_VALUE	6u
/* Where a guest that does not look at ACPI asks for a reset. */
#define POWER_KEYBOARD_PORT	0x64u
#define POWER_KEYBOARD_RESET	0xfeu

/* In SLP_TYP: the state "off". */
#define POWER_SLEEP_OFF		5u

#define POWER_TIMER_HZ		3579545u

struct power {
	_Atomic uint16_t enable;	/* PM1a_EN: kept, nothing ever happens */
	_Atomic uint16_t control;
};

void power_reset(struct power *power);

/* Read the register at @offset from POWER_EVENT_PORT. */
uint32_t power_read(const struct power *power, uint32_t offset);

/* Write it. Return true if this switches the guest off. */
bool power_write(struct power *power, uint32_t offset, uint32_t value);

#endif /* VMM_POWER_H */
