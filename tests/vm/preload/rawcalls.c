// SPDX-License-Identifier: MIT
/*
 * Preloaded into hvpost, makes its hypercalls of a program's own go through
 * hvpost_rawcall.ko, whatever the target: so conform asks from inside a guest all
 * that a guest's kernel could ask.
 */
#include <hvpost/hvpost.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../rawcall/rawcall.h"

int hvpost_hypercall(struct hvpost *handle, const struct hvpost_call *call,
		     uint64_t *result)
{
	static struct rawcall raw;
	static int fd = -1;

	(void)handle;
	if (fd < 0)
		fd = open(RAWCALL_PATH, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	raw.control = call->control;
	raw.input = call->input;
	raw.output = call->output;
	raw.memory_size = call->memory_size;
	memset(raw.memory, 0, sizeof(raw.memory));
	memcpy(raw.memory, call->memory, call->memory_size);
	if (ioctl(fd, RAWCALL_IOC, &raw))
		return -errno;
	memcpy(call->memory, raw.memory, call->memory_size);
	*result = raw.result;
	return 0;
}
