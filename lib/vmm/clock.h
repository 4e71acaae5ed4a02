/* SPDX-License-Identifier: MIT */
/* clock.h - the CMOS clock, as far as to tell the time. */
#ifndef VMM_CLOCK_H
#define VMM_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_PORT 0x70u	/* register index; the register is at the next */

/* Register @index when it is @now: UTC in BCD, 24 hours. */
uint8_t clock_read(uint8_t index, time_t now);

#endif /* VMM_CLOCK_H */
