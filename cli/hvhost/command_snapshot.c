// SPDX-License-Identifier: MIT
/* hvhost snapshot */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ask.h"
#include "json.h"

struct snapshot_options {
	struct common_options common;
	bool force;
};

static const struct snapshot_options defaults;

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		size -= (size_t)written;
	}
	return 0;
}

static int write_file(const struct snapshot_options *options, const char *path,
		      const struct reply *reply)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC |
			    (options->force ? O_TRUNC : O_EXCL), 0600);
	int err;

	if (fd < 0)
		return command_fail(&options->common, EXIT_LOCAL,
				    errno == EEXIST ?
					    "--force writes over it" : NULL,
				    "cannot write %s: %s", path,
				    strerror(errno));
	err = write_all(fd, reply->bytes, reply->size);
	if (close(fd) && !err)
		err = -errno;
	if (!err)
		return EXIT_DONE;
	unlink(path);
	return command_fail(&options->common, EXIT_LOCAL,
			    "is there room for it?", "cannot write %s: %s",
			    path, strerror(-err));
}

static void report(const struct snapshot_options *options, const char *path,
		   size_t size)
{
	struct json_object *object;

	if (!options->common.json) {
		printf("%zu bytes written to %s\n", size, path);
		return;
	}
	object = json_new();
	json_add_bool(object, "ok", 1);
	json_add_string(object, "file", path);
	json_add_number(object, "size", size);
	json_print(stdout, object);
}

static int run_snapshot(void *values, char **operands)
{
	struct snapshot_options *options = values;
	struct reply reply;
	int status = ask(&options->common, ask_new("snapshot"), &reply);

	if (status)
		return status;
	json_object_put(reply.object);
	if (!reply.bytes)
		return command_fail(&options->common, EXIT_LOCAL, NULL,
				    "the answer holds no snapshot");
	status = write_file(options, operands[0], &reply);
	if (!status)
		report(options, operands[0], reply.size);
	munmap(reply.bytes, reply.size);
	return status;
}

static const struct option_line lines[] = {
	OPTION_SOCKET,
	{ 'f', "force", NULL, "write over a file that is there", OPTION_FLAG,
	  offsetof(struct snapshot_options, force), 0, 0 },
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_snapshot = {
	.name = "snapshot",
	.operands = "FILE",
	.summary = "write down the state of the machine",
	.details =
	"Partitions, VPs with registers, pages and queues, ports, connections and\n"
	"counters, in the format of hvhost_machine_save(); not the memory of guests.\n"
	"Calls of partitions wait meanwhile.",
	.examples = "  hvhost snapshot before.hvhost\n",
	.operands_min = 1,
	.operands_max = 1,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_snapshot,
};
