// SPDX-License-Identifier: MIT
/*
 * Receive from a host that lies (tests/vm/host/hostile.c): believe SECONDS.
 * Binds SINT 6 again and again, with events and without. Every record must be one that can be, and of
 * each VP they must count 1, 2, 3, ... from each binding on.
 */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SINT		6u
#define VPS		64u
#define RECORDS		16u
#define PER_BINDING	200u
#define PATIENCE_MS	60000

static uint64_t received, oversize, events, bindings;

static uint64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

static void check(const struct hvpost_record *record, uint64_t sequence[VPS])
{
	check_record(record);
	if (record->sint != SINT || record->vp_index >= VPS)
		errx(1, "SINT %u of VP %u", record->sint, record->vp_index);
	if (record->sequence != ++sequence[record->vp_index])
		errx(1, "VP %u: sequence %llu, not %llu", record->vp_index,
		     (unsigned long long)record->sequence,
		     (unsigned long long)sequence[record->vp_index]);
	received++;
	oversize += !!(record->flags & HVPOST_RECORD_OVERSIZE);
	events += !!(record->flags & HVPOST_RECORD_EVENT);
}

static void receive_bound(int fd)
{
	struct hvpost_record records[RECORDS];
	struct pollfd one = { .fd = fd, .events = POLLIN };
	uint64_t sequence[VPS] = { 0 }, end = received + PER_BINDING;

	while (received < end) {
		ssize_t size;

		if (poll(&one, 1, PATIENCE_MS) != 1)
			errx(1, "nothing came in a minute");
		size = read(fd, records, sizeof(records));
		if (size <= 0 || size % (ssize_t)sizeof(records[0]))
			err(1, "read: %zd", size);
		for (size_t i = 0; i < (size_t)size / sizeof(records[0]); i++)
			check(&records[i], sequence);
	}
}

int main(int argc, char **argv)
{
	uint64_t end;

	if (argc != 2)
		errx(1, "SECONDS");
	end = now_s() + strtoull(argv[1], NULL, 0);
	do {
		struct hvpost_ioc_bind bind = {
			.sint = SINT, .ring_records = 8,
			.flags = bindings % 2 ? HVPOST_BIND_EVENTS : 0,
		};
		int fd = open(HVPOST_DEVICE_PATH, O_RDWR | O_CLOEXEC);

		if (fd < 0 || ioctl(fd, HVPOST_IOC_BIND, &bind))
			err(1, "bind SINT %u", SINT);
		bindings++;
		receive_bound(fd);
		close(fd);
	} while (now_s() < end);
	printf("%llu records in %llu bindings, %llu oversize, %llu events\n",
	       (unsigned long long)received, (unsigned long long)bindings,
	       (unsigned long long)oversize, (unsigned long long)events);
	return 0;
}
