// SPDX-License-Identifier: MIT
/*
 * hv_vmbus, by probes that tracefs defines: these may be set before the module is
 * loaded, and stay where it goes and comes. Their names have our pid in them, so
 * that several observers do not meet, and what a killed one left is known as such.
 * Where hv_vmbus is a part of the kernel, there is nothing to
 * wait for.
 */
#define _GNU_SOURCE /* asprintf */
#include "observer_source.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUP "hvpost_trace_"

static const char *const folders[] = {
	"/sys/kernel/tracing",
	"/sys/kernel/debug/tracing",
};

/* A program, and the function that it looks at. */
static const struct {
	const char *program;
	char kind;	/* p: when it is called, r: when it returns */
	const char *function;
} probes[] = {
	{ "vmbus_post_begins", 'p', "hv_post_message" },
	{ "vmbus_post_ended", 'r', "hv_post_message" },
	{ "vmbus_slot", 'p', "vmbus_on_msg_dpc" },
};

#define PROBES (sizeof(probes) / sizeof(probes[0]))

/* Return a descriptor, or -ENOENT: tracefs is not there, or has no such probes. */
static int open_events(int flags)
{
	char path[80];
	int fd = -1;

	for (size_t i = 0; i < 2 && fd < 0; i++) {
		snprintf(path, sizeof(path), "%s/kprobe_events", folders[i]);
		fd = open(path, flags | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			return -errno;
	}
	return fd < 0 ? -ENOENT : fd;
}

static int command(const char *line)
{
	int fd = open_events(O_WRONLY | O_APPEND), err = 0;

	if (fd < 0)
		return fd;
	if (write(fd, line, strlen(line)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* A symbol of a module has that behind its name. */
static bool is_built_in(void)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	char line[256], name[64], module[64];
	bool found = false;

	while (symbols && !found && fgets(line, sizeof(line), symbols))
		found = sscanf(line, "%*s %*s %63s %63s", name, module) == 1 &&
			!strcmp(name, probes[0].function);
	if (symbols)
		fclose(symbols);
	return found;
}

static int define(size_t i, bool built_in)
{
	char line[160];

	snprintf(line, sizeof(line), "%c:" GROUP "%d/%s %s%s\n",
		 probes[i].kind, getpid(), probes[i].program,
		 built_in ? "" : "hv_vmbus:", probes[i].function);
	return command(line);
}

static void forget(int pid, size_t i)
{
	char line[160];

	snprintf(line, sizeof(line), "-:" GROUP "%d/%s\n", pid,
		 probes[i].program);
	command(line);
}

/* What was left by those who were killed. */
static void forget_others(void)
{
	int pid, fd = open_events(O_RDONLY);
	char *line = NULL, *group;
	size_t size = 0;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file)
		return;
	while (getline(&line, &size, file) > 0) {
		group = strstr(line, ":" GROUP);
		if (!group || sscanf(group, ":" GROUP "%d/", &pid) != 1 ||
		    !kill(pid, 0) || errno != ESRCH)
			continue;
		for (size_t i = 0; i < PROBES; i++)
			forget(pid, i);
	}
	free(line);
	fclose(file);
}

static void detach(void)
{
	for (size_t i = 0; i < PROBES; i++)
		forget(getpid(), i);
}

static int attach_one(struct observer_links *links, size_t i, bool built_in)
{
	struct bpf_program *program = bpf_object__find_program_by_name(
		links->object, probes[i].program);
	char group[40];
	int err = define(i, built_in);

	if (err)
		return err;
	snprintf(group, sizeof(group), GROUP "%d", getpid());
	return observer_keep(links, bpf_program__attach_tracepoint(
					    program, group,
					    probes[i].program));
}

static struct observer_outcome attach(const struct observer_source *source,
				      struct observer_links *links)
{
	const bool built_in = is_built_in();
	int err = 0;

	(void)source;
	forget_others();
	for (size_t i = 0; i < PROBES && !err; i++)
		err = attach_one(links, i, built_in);
	if (err)
		return (struct observer_outcome){ OBSERVER_FAILED, err };
	if (!built_in && access("/sys/module/hv_vmbus", F_OK))
		return (struct observer_outcome){ OBSERVER_AWAITS, 0 };
	return (struct observer_outcome){ OBSERVER_FOLLOWS, 0 };
}

const struct observer_source observer_vmbus = {
	.prefix = "vmbus_",
	.attach = attach,
	.detach = detach,
};
