// SPDX-License-Identifier: MIT
#include "clock.h"

#define INDEX_MASK	0x7fu	/* the rest masks NMIs */

#define STATUS_B_24H	0x02u
#define STATUS_D_VALID	0x80u

enum {
	REGISTER_SECONDS = 0x00,
	REGISTER_MINUTES = 0x02,
	REGISTER_HOURS = 0x04,
	REGISTER_WEEKDAY = 0x06,
	REGISTER_DAY,
	REGISTER_MONTH,
	REGISTER_YEAR,
	REGISTER_A,
	REGISTER_B,
	REGISTER_C,
	REGISTER_D,
	REGISTER_CENTURY = 0x32,
};

static uint8_t bcd(int value)
{
	return (uint8_t)(value / 10 % 10 << 4 | value % 10);
}

uint8_t clock_read(uint8_t index, time_t now)
{
	struct tm utc;

	if (!gmtime_r(&now, &utc))
		return 0;
	switch (index & INDEX_MASK) {
	case REGISTER_SECONDS:
		return bcd(utc.tm_sec < 60 ? utc.tm_sec : 59);
	case REGISTER_MINUTES:
		return bcd(utc.tm_min);
	case REGISTER_HOURS:
		return bcd(utc.tm_hour);
	case REGISTER_WEEKDAY:
		return bcd(utc.tm_wday + 1);
	case REGISTER_DAY:
		return bcd(utc.tm_mday);
	case REGISTER_MONTH:
		return bcd(utc.tm_mon + 1);
	case REGISTER_YEAR:
		return bcd(utc.tm_year % 100);
	case REGISTER_CENTURY:
		return bcd(19 + utc.tm_year / 100);
	case REGISTER_B:
		return STATUS_B_24H;
	case REGISTER_D:
		return STATUS_D_VALID;
	default:	/* A: no update is ever in progress */
		return 0;
	}
}
