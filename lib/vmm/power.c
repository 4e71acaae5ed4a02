// SPDX-License-Identifier: MIT
#include "power.h"

#include <time.h>

#define ENABLE		2u
#define CONTROL		(POWER_CONTROL_PORT - POWER_EVENT_PORT)
#define TIMER		(POWER_TIMER_PORT - POWER_EVENT_PORT)

#define TIMER_MASK	0xffffffu

#define SCI_ENABLED	(1u << 0)
#define SLEEP_TYPE(control) (((control) >> 10) & 7)
#define SLEEP		(1u << 13)

static uint32_t timer(void)
{
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (uint64_t)now.tv_nsec;
	return (uint32_t)((uint64_t)now.tv_sec * POWER_TIMER_HZ +
			  ns * POWER_TIMER_HZ / 1000000000u) & TIMER_MASK;
}

void power_reset(struct power *power)
{
	atomic_store(&power->enable, 0);
	atomic_store(&power->control, 0);
}

uint32_t power_read(const struct power *power, uint32_t offset)
{
	switch (offset) {
	case ENABLE:
		return atomic_load(&power->enable);
	case CONTROL:
		return atomic_load(&power->control) | SCI_ENABLED;
	case TIMER:
		return timer();
	default:
		return 0;
	}
}

bool power_write(struct power *power, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case ENABLE:
		atomic_store(&power->enable, (uint16_t)value);
		return false;
	case CONTROL:
		atomic_store(&power->control, (uint16_t)(value & ~SLEEP));
		return value & SLEEP && SLEEP_TYPE(value) == POWER_SLEEP_OFF;
	default:
		return false;
	}
}
