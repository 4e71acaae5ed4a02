/* SPDX-License-Identifier: MIT */
/*
 * target.h - the seam between the library's interface and its targets.
 *
 * handle.c knows no target, a target knows no handle. A new kind of target is
 * one struct hvpost_target in a file of its own and one line in handle.c.
 */
#ifndef HVPOST_TARGET_H
#define HVPOST_TARGET_H

#include <hvpost/device.h>
#include <hvpost/hvpost.h>

/* What came of one post or signal. */
struct hvpost_answer {
	uint32_t status;	/* HV_STATUS, or HVPOST_NO_STATUS */
	uint32_t attempts;	/* hypercalls issued */
};

/*
 * One kind of target. Results, deadlines and the meaning of arguments are those
 * of the function with the same name in hvpost.h.
 *
 * post and signal may run in one thread while bind and receive run in another;
 * a target that has state keeps the two halves apart.
 */
struct hvpost_target {
	/* What a target string says before the colon. */
	const char *name;

	/* @where is the text after the colon, or NULL if there is none. */
	int (*open)(const char *where, void **state);
	void (*close)(void *state);
	int (*get_info)(void *state, struct hvpost_info *info);

	/* @answer comes filled with "no status, no attempt". */
	int (*post)(void *state, const struct hvpost_post *post,
		    uint64_t deadline_ns, struct hvpost_answer *answer);
	/*
	 * NULL: one after the other by post(). @answer is that of the last one
	 * tried.
	 */
	int (*post_many)(void *state, const struct hvpost_post *posts,
			 unsigned int count, uint64_t deadline_ns,
			 struct hvpost_answer *answer);
	int (*signal)(void *state, uint32_t connection_id, uint16_t flag_number,
		      struct hvpost_answer *answer);

	/* NULL: not on this target. */
	int (*hypercall)(void *state, const struct hvpost_call *call,
			 uint64_t *result);

	/* The filter is a valid one. */
	int (*set_filter)(void *state, const struct hvpost_ioc_filter *filter);
	int (*bind)(void *state, const struct hvpost_bind *wish);
	int (*receive)(void *state, struct hvpost_message *message,
		       uint64_t deadline_ns);
	int (*get_fd)(const void *state);
	int (*get_counters)(void *state, struct hvpost_counters *counters);
};

extern const struct hvpost_target hvpost_target_device;
extern const struct hvpost_target hvpost_target_embedded;
extern const struct hvpost_target hvpost_target_host;

/**
 * hvpost_target_find() - take a target string apart
 * @string:	such as "device:/dev/hvpost"
 * @where:	out: the text after the colon, or NULL; points into @string
 *
 * Return: the target, or NULL: @string is not a target string.
 */
const struct hvpost_target *hvpost_target_find(const char *string,
					       const char **where);

#endif /* HVPOST_TARGET_H */
