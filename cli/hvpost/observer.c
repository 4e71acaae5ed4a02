// SPDX-License-Identifier: MIT
#include "observer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "clock.h"
#include "observer_source.h"
#include "trace.skel.h"
#include "vmbus_name.h"

/* The inode that the kernel gives the initial PID namespace. */
#define PID_NS_INITIAL	0xeffffffcu

/* So many are handed out at once: where they come faster, others have a turn. */
#define BATCH 1024

/* In the order of enum sighting_source. */
static const struct observer_source *const sources[SIGHTING_SOURCES] = {
	[SIGHTING_BY_DRIVER] = &observer_driver,
	[SIGHTING_BY_LIBRARY] = &observer_library,
	[SIGHTING_BY_HOST] = &observer_host,
	[SIGHTING_BY_VMBUS] = &observer_vmbus,
	[SIGHTING_BY_KVM] = &observer_kvm,
};

struct observer {
	struct observer_wish wish;
	struct observer_links links;
	struct trace_bpf *programs;
	struct ring_buffer *ring;
	uint64_t real_minus_monotonic_ns;
	uint64_t refused;
	observer_handler *handler;	/* these three during observer_collect() */
	void *context;
	unsigned int left;
};

/* Sources */

struct bpf_program *observer_next_program(const struct observer_source *source,
					  const struct observer_links *links,
					  struct bpf_program *previous)
{
	struct bpf_program *program = previous;

	do {
		program = bpf_object__next_program(links->object, program);
	} while (program && strncmp(bpf_program__name(program), source->prefix,
				    strlen(source->prefix)));
	return program;
}

int observer_keep(struct observer_links *links, struct bpf_link *link)
{
	if (!link)
		return -errno;
	if (links->count == OBSERVER_LINKS_MAX) {
		bpf_link__destroy(link);
		return -ENOSPC;
	}
	links->link[links->count++] = link;
	return 0;
}

void observer_miss(struct observer_links *links, uint32_t pid, const char *name,
		   int error)
{
	const size_t count = links->missed_count;
	struct observer_missed *last =
		count && count <= OBSERVER_MISSED_MAX ?
			&links->missed[count - 1] : NULL;

	/* A file is mapped in parts: they come one behind the other. */
	if (last && last->pid == pid &&
	    !strncmp(last->name, name, sizeof(last->name) - 1))
		return;
	links->missed_count++;
	if (count >= OBSERVER_MISSED_MAX)
		return;
	links->missed[count] = (struct observer_missed){ pid, error, "" };
	snprintf(links->missed[count].name, sizeof(links->missed[count].name),
		 "%s", name);
}

struct observer_outcome
observer_attach_points(const struct observer_source *source,
		       struct observer_links *links)
{
	struct bpf_program *program = NULL;
	int err;

	while ((program = observer_next_program(source, links, program))) {
		err = observer_keep(links, bpf_program__attach(program));
		if (err)
			return (struct observer_outcome){ OBSERVER_FAILED, err };
	}
	return (struct observer_outcome){ OBSERVER_FOLLOWS, 0 };
}

const struct observer_source observer_driver = {
	.prefix = "driver_",
	.attach = observer_attach_points,
};

const struct observer_source observer_kvm = {
	.prefix = "kvm_",
	.attach = observer_attach_points,
};

/* Opening */

static void attach(struct observer *observer, struct observer_outcome *outcomes)
{
	for (size_t i = 0; i < OPTION_LIST_MAX; i++)
		observer->links.program_errors[i] = -ENODATA;
	for (int i = 0; i < SIGHTING_SOURCES; i++) {
		outcomes[i] = (struct observer_outcome){ 0 };
		if (observer->wish.sources[i] && sources[i])
			outcomes[i] = sources[i]->attach(sources[i],
							 &observer->links);
	}
}

static int collect_one(void *context, void *data, size_t size)
{
	struct observer *observer = context;
	struct sighting sighting;
	int err;

	if (size < sizeof(sighting))
		return 0;
	memcpy(&sighting, data, sizeof(sighting));
	if (sighting_check(&sighting)) {
		observer->refused++;
		return 0;
	}
	sighting.time_ns += observer->real_minus_monotonic_ns;
	if (sighting.kind == SIGHTING_POST || sighting.kind == SIGHTING_SLOT)
		sighting.detail = vmbus_message_of(&sighting);
	err = observer->handler(&sighting, observer->context);
	if (err)
		return err;
	return --observer->left ? 0 : -EAGAIN;
}

/* Who looks from another PID namespace than the initial one knows pids of its own. */
static void choose_pids(struct trace_bpf *programs)
{
	struct stat ns;

	if (stat("/proc/self/ns/pid", &ns) || ns.st_ino == PID_NS_INITIAL)
		return;
	programs->rodata->pid_ns_inode = ns.st_ino;
	/* As the kernel has it, not libc */
	programs->rodata->pid_ns_device =
		(uint64_t)major(ns.st_dev) << 20 | minor(ns.st_dev);
}

/* Set up the programs with the wish built in, and the ring that they fill. */
static int load(struct observer *observer)
{
	observer->programs = trace_bpf__open();
	if (!observer->programs)
		return -errno;
	observer->programs->rodata->wanted = observer->wish.filter;
	observer->programs->rodata->wanted_pid = observer->wish.pid;
	choose_pids(observer->programs);
	bpf_map__set_max_entries(observer->programs->maps.ring,
				 observer->wish.buffer_bytes);
	observer->links.object = observer->programs->obj;
	observer->links.wish = &observer->wish;
	if (trace_bpf__load(observer->programs))
		return -errno;
	observer->ring =
		ring_buffer__new(bpf_map__fd(observer->programs->maps.ring),
				 collect_one, observer, NULL);
	return observer->ring ? 0 : -errno;
}

/* libbpf's own words are for who wrote the programs. */
static int keep_quiet(enum libbpf_print_level level, const char *format,
		      va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

int observer_open(struct observer **observer, const struct observer_wish *wish,
		  struct observer_outcome outcomes[SIGHTING_SOURCES])
{
	struct observer *opened = calloc(1, sizeof(*opened));
	int err;

	if (!opened)
		return -ENOMEM;
	libbpf_set_print(keep_quiet);
	opened->wish = *wish;
	err = load(opened);
	if (err) {
		observer_close(opened);
		return err;
	}
	attach(opened, outcomes);
	*observer = opened;
	return 0;
}

void observer_stop(struct observer *observer)
{
	for (size_t i = 0; i < observer->links.count; i++)
		bpf_link__destroy(observer->links.link[i]);
	observer->links.count = 0;
}

void observer_close(struct observer *observer)
{
	observer_stop(observer);
	for (int i = 0; i < SIGHTING_SOURCES; i++)
		if (observer->wish.sources[i] && sources[i] &&
		    sources[i]->detach)
			sources[i]->detach();
	ring_buffer__free(observer->ring);
	trace_bpf__destroy(observer->programs);
	free(observer);
}

int observer_program_error(const struct observer *observer, size_t program)
{
	return observer->links.program_errors[program];
}

size_t observer_missed(const struct observer *observer,
		       const struct observer_missed **missed)
{
	*missed = observer->links.missed;
	return observer->links.missed_count;
}

/* Collecting */

int observer_fd(const struct observer *observer)
{
	return ring_buffer__epoll_fd(observer->ring);
}

int observer_collect(struct observer *observer, observer_handler *handler,
		     void *context)
{
	int result;

	observer->real_minus_monotonic_ns = clock_real_minus_monotonic_ns();
	observer->handler = handler;
	observer->context = context;
	observer->left = BATCH;
	result = ring_buffer__consume(observer->ring);
	if (!observer->left)
		return 1;
	return result < 0 ? result : 0;
}

uint64_t observer_lost(const struct observer *observer)
{
	return __atomic_load_n(&observer->programs->bss->lost, __ATOMIC_RELAXED);
}

uint64_t observer_refused(const struct observer *observer)
{
	return observer->refused;
}
