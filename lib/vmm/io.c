// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "clock.h"

/* Accesses at an offset from a device's first port; values are little endian. */

static uint32_t serial_access(struct vmm_guest *guest, uint32_t unit,
			      uint32_t offset, bool write, uint32_t value)
{
	struct serial *serial = &guest->serial[unit];
	int err;

	if (!write)
		return serial_read(serial, offset);
	do
		err = serial_write(serial, offset, (uint8_t)value);
	while (err == -EAGAIN && guest_may_go_on(guest));
	if (err && err != -EAGAIN)
		guest_complain(guest, COMPLAINT_SERIAL,
			       "serial port %u: what it writes is lost: %s",
			       unit, strerror(-err));
	return 0;
}

static uint32_t power_access(struct vmm_guest *guest, uint32_t unit,
			     uint32_t offset, bool write, uint32_t value)
{
	(void)unit;
	if (!write)
		return power_read(&guest->power, offset);
	if (power_write(&guest->power, offset, value))
		guest_finish(guest, VMM_POWERED_OFF);
	return 0;
}

static uint32_t reset_access(struct vmm_guest *guest, uint32_t unit,
			     uint32_t offset, bool write, uint32_t value)
{
	(void)offset;
	if (write && value == unit)
		guest_finish(guest, VMM_RESET);
	return 0;
}

static uint32_t clock_access(struct vmm_guest *guest, uint32_t unit,
			     uint32_t offset, bool write, uint32_t value)
{
	(void)unit;
	if (offset && !write)
		return clock_read(atomic_load(&guest->clock_index), time(NULL));
	if (!offset && write)
		atomic_store(&guest->clock_index, (uint8_t)value);
	return 0;
}

static uint32_t testdev_access(struct vmm_guest *guest, uint32_t unit,
			       uint32_t offset, bool write, uint32_t value)
{
	(void)unit;
	(void)offset;
	if (write && !testdev_command(guest->testdev, value))
		guest_complain(guest, COMPLAINT_TESTDEV,
			       "the test device ignores 0x%08x", value);
	return 0;
}

static const struct device {
	uint16_t first, count;
	uint32_t sizes;		/* bit n: accesses of n bytes */
	uint32_t unit;		/* which of several, or what it obeys to */
	uint32_t (*access)(struct vmm_guest *guest, uint32_t unit,
			   uint32_t offset, bool write, uint32_t value);
} devices[] = {
	{ 0x3f8, SERIAL_PORT_COUNT, 1u << 1, 0, serial_access },
	{ 0x2f8, SERIAL_PORT_COUNT, 1u << 1, 1, serial_access },
	{ POWER_EVENT_PORT, POWER_PORT_COUNT, 1u << 2 | 1u << 4, 0,
	  power_access },
	{ POWER_RESET_PORT, 1, 1u << 1, POWER_RESET_VALUE, reset_access },
	{ POWER_KEYBOARD_PORT, 1, 1u << 1, POWER_KEYBOARD_RESET, reset_access },
	{ CLOCK_PORT, 2, 1u << 1, 0, clock_access },
	{ TESTDEV_PORT, 4, 1u << 4, 0, testdev_access },
};

static const struct device *find(uint16_t port, uint32_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (port >= devices[i].first &&
		    port - devices[i].first < devices[i].count &&
		    devices[i].sizes & 1u << size)
			return &devices[i];
	return NULL;
}

void io_access(struct vmm_guest *guest, uint16_t port, bool write, void *data,
	       uint32_t size)
{
	const struct device *device = find(port, size);
	uint32_t value = 0;

	if (!device) {
		/* Drivers look for all sorts of things: no word about it. */
		atomic_fetch_add(&guest->ports_unknown, 1);
		if (!write)
			memset(data, 0xff, size);
		return;
	}
	if (write)
		memcpy(&value, data, size);
	value = device->access(guest, device->unit,
			       (uint32_t)(port - device->first), write, value);
	if (!write)
		memcpy(data, &value, size);
}
