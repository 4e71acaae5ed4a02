/* SPDX-License-Identifier: MIT */
/*
 * observer_source.h - a source of sightings: which BPF programs it has, and how
 * they come to where they look. A new one needs a line in observer.c's table.
 */
#ifndef OBSERVER_SOURCE_H
#define OBSERVER_SOURCE_H

#include <bpf/libbpf.h>

#include "observer.h"

#define OBSERVER_LINKS_MAX 256

/* What all sources of an observer share. */
struct observer_links {
	struct bpf_object *object;
	const struct observer_wish *wish;
	struct bpf_link *link[OBSERVER_LINKS_MAX];
	size_t count;
	int program_errors[OPTION_LIST_MAX];	/* of the wish's; 0: followed */
	struct observer_missed missed[OBSERVER_MISSED_MAX];
	size_t missed_count;			/* beyond these as well */
};

struct observer_source {
	const char *prefix;	/* of the names of its programs */
	struct observer_outcome (*attach)(const struct observer_source *source,
					  struct observer_links *links);
	void (*detach)(void);	/* after its links are gone; NULL: no more to do */
};

extern const struct observer_source observer_driver;
extern const struct observer_source observer_library;
extern const struct observer_source observer_host;
extern const struct observer_source observer_vmbus;
extern const struct observer_source observer_kvm;

/* The source's next program after @previous, from NULL to NULL. */
struct bpf_program *observer_next_program(const struct observer_source *source,
					  const struct observer_links *links,
					  struct bpf_program *previous);

/* Keep @link, which libbpf has just returned. Return 0 or a negative errno value. */
int observer_keep(struct observer_links *links, struct bpf_link *link);

/* A file that a process has mapped is not followed. */
void observer_miss(struct observer_links *links, uint32_t pid, const char *name,
		   int error);

/* Attach each program of @source to the trace point that its section names. */
struct observer_outcome
observer_attach_points(const struct observer_source *source,
		       struct observer_links *links);

#endif /* OBSERVER_SOURCE_H */
