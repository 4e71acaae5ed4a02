// SPDX-License-Identifier: MIT
/* hvhost restore */
#define _GNU_SOURCE /* memfd_create */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ask.h"
#include "inquiry.h"

static const struct common_options defaults;

/* One that never ends, as some devices are, is not to fill our memory. */
static int copy(int from, int to)
{
	static char bytes[65536];
	size_t sum = 0;
	ssize_t size;

	while ((size = read(from, bytes, sizeof(bytes))) != 0) {
		ssize_t done = 0, count;

		if (size < 0 && errno != EINTR)
			return -errno;
		if (size > 0)
			sum += (size_t)size;
		if (sum > CONTROL_SNAPSHOT_SIZE_MAX)
			return -EFBIG;
		for (; done < size; done += count) {
			count = write(to, bytes + done, (size_t)(size - done));
			if (count < 0)
				return -errno;
		}
	}
	return 0;
}

/* The file's contents, which nobody changes any more: hvhost asks for that. */
static int make_memfd(int from)
{
	int fd = memfd_create("hvhost-restore", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (fd < 0)
		return -errno;
	err = copy(from, fd);
	if (!err && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
			  F_SEAL_WRITE | F_SEAL_SEAL))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int run_restore(void *values, char **operands)
{
	const struct common_options *common = values;
	int file = open(operands[0], O_RDONLY | O_CLOEXEC), fd, status;

	fd = file < 0 ? -errno : make_memfd(file);
	if (file >= 0)
		close(file);
	if (fd < 0)
		return command_fail(common, EXIT_LOCAL, NULL,
				    "cannot read %s: %s", operands[0],
				    strerror(-fd));
	status = ask_with_and_print(common, ask_new("restore"), fd);
	close(fd);
	return status;
}

static const struct option_line lines[] = {
	OPTION_SOCKET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_restore = {
	.name = "restore",
	.operands = "FILE",
	.summary = "go back to a snapshot, under paused guests",
	.details =
	"All that 'hvhost snapshot' wrote down is again as it was: slots, queues,\n"
	"registers of SynICs, ports, connections and counters; not the memory of guests,\n"
	"which do not know. It is refused, and nothing changes, unless all guests are\n"
	"paused, no process is attached, and the snapshot has the same partitions.",
	.examples =
	"  hvhost guest pause web\n"
	"  hvhost snapshot now.hvhost\n"
	"  hvhost restore now.hvhost\n"
	"  hvhost guest resume web\n",
	.operands_min = 1,
	.operands_max = 1,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_restore,
};
