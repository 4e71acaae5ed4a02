// SPDX-License-Identifier: MIT
/* The handle: the public interface, on top of whichever target was asked for. */
#include <hvpost/hvpost.h>
#include <hvpost/hyperv.h>
#include <hvpost/version.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "driver/filter.h"
#include "probes.h"
#include "target.h"

#define TARGET_DEFAULT "device"

static_assert(HVPOST_PAYLOAD_SIZE_MAX == HV_MESSAGE_PAYLOAD_SIZE_MAX,
	      "hvpost.h and hyperv.h agree on the size of a payload");
static_assert(HVPOST_RULES_MAX == HVPOST_FILTER_RULES_MAX,
	      "hvpost.h and device.h agree on the size of a filter");

/*
 * No lock: the caller keeps each half to one thread at a time. @last belongs to
 * the half that posts and signals; what binds and receives lives in @state.
 */
struct hvpost {
	const struct hvpost_target *target;
	void *state;
	unsigned int generation;	/* of the process that opened it */
	struct hvpost_answer last;
};

static const struct hvpost_target *const targets[] = {
	&hvpost_target_device,
	&hvpost_target_embedded,
	&hvpost_target_host,
};

static const struct hvpost_answer no_answer = {
	.status = HVPOST_NO_STATUS,
};

/* How many forks lie between the first process and this one. */
static unsigned int generation;

static void count_fork(void)
{
	generation++;
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, count_fork);
}

/*
 * A copy of a handle cannot be used: rings and locks go on in the parent, and each
 * of the two would take the other's messages and results for its own.
 */
static bool is_inherited(const struct hvpost *handle)
{
	return handle->generation != generation;
}

const struct hvpost_target *hvpost_target_find(const char *string,
					       const char **where)
{
	size_t length = strcspn(string, ":");
	const char *rest = string[length] ? string + length + 1 : NULL;

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		if (strlen(targets[i]->name) != length ||
		    strncmp(targets[i]->name, string, length))
			continue;
		*where = rest;
		return targets[i];
	}
	return NULL;
}

static const char *target_string_or_default(const char *string)
{
	const char *environment;

	if (string)
		return string;
	environment = getenv("HVPOST_TARGET");
	return environment && *environment ? environment : TARGET_DEFAULT;
}

int hvpost_open(const char *target_string, struct hvpost **handle)
{
	const struct hvpost_target *target;
	const char *where;
	struct hvpost *new;
	int saved_errno = errno, err;

	*handle = NULL;
	target = hvpost_target_find(target_string_or_default(target_string),
				    &where);
	if (!target)
		return -EINVAL;

	new = calloc(1, sizeof(*new));
	if (!new) {
		errno = saved_errno;
		return -ENOMEM;
	}

	new->target = target;
	new->generation = generation;
	new->last = no_answer;
	err = target->open(where, &new->state);
	if (err) {
		free(new);
		return err;
	}
	*handle = new;
	return 0;
}

void hvpost_close(struct hvpost *handle)
{
	if (!handle)
		return;
	handle->target->close(handle->state);
	free(handle);
}

const char *hvpost_version(void)
{
	return HVPOST_VERSION;
}

/*
 * Give the caller as much of a structure as its header knew, and zeros for what
 * a newer header has that this library does not.
 */
static void copy_out(void *to, size_t to_size, const void *from, size_t size)
{
	memset(to, 0, to_size);
	memcpy(to, from, to_size < size ? to_size : size);
}

int hvpost_get_info(struct hvpost *handle, struct hvpost_info *info,
		    size_t info_size)
{
	struct hvpost_info all = { 0 };
	int err;

	if (is_inherited(handle))
		return -EBADF;
	if (!info_size)
		return -EINVAL;
	err = handle->target->get_info(handle->state, &all);
	if (err)
		return err;
	copy_out(info, info_size, &all, sizeof(all));
	return 0;
}

int hvpost_post(struct hvpost *handle, const struct hvpost_post *post,
		uint64_t deadline_ns)
{
	int err;

	handle->last = no_answer;
	if (is_inherited(handle))
		return -EBADF;
	probe_post_begins();
	err = handle->target->post(handle->state, post, deadline_ns,
				   &handle->last);
	probe_post(post, &handle->last, err);
	return err;
}

static int post_one_by_one(struct hvpost *handle,
			   const struct hvpost_post *posts, unsigned int count,
			   uint64_t deadline_ns)
{
	for (unsigned int i = 0; i < count; i++) {
		int err = hvpost_post(handle, &posts[i], deadline_ns);

		if (err)
			return i ? (int)i : err;
	}
	return (int)count;
}

int hvpost_post_many(struct hvpost *handle, const struct hvpost_post *posts,
		     unsigned int count, uint64_t deadline_ns)
{
	int result;

	handle->last = no_answer;
	if (is_inherited(handle))
		return -EBADF;
	if (!count || count > INT_MAX)
		return -EINVAL;
	if (!handle->target->post_many)
		return post_one_by_one(handle, posts, count, deadline_ns);
	result = handle->target->post_many(handle->state, posts, count,
					   deadline_ns, &handle->last);
	probe_posts(posts, count, result, &handle->last);
	return result;
}

int hvpost_signal(struct hvpost *handle, uint32_t connection_id,
		  uint32_t flag_number)
{
	int err;

	handle->last = no_answer;
	if (is_inherited(handle))
		return -EBADF;
	if (flag_number >= HV_EVENT_FLAG_COUNT)
		return -EINVAL;
	err = handle->target->signal(handle->state, connection_id,
				     (uint16_t)flag_number, &handle->last);
	probe_signal(connection_id, flag_number, handle->last.status, err);
	return err;
}

int hvpost_hypercall(struct hvpost *handle, const struct hvpost_call *call,
		     uint64_t *result)
{
	int err;

	*result = 0;
	handle->last = no_answer;
	if (is_inherited(handle))
		return -EBADF;
	if (call->memory_size > HVPOST_HYPERCALL_MEMORY_MAX ||
	    (call->memory_size && !call->memory))
		return -EINVAL;
	if (!handle->target->hypercall)
		return -EOPNOTSUPP;
	err = handle->target->hypercall(handle->state, call, result);
	if (!err)
		handle->last = (struct hvpost_answer){
			.status = *result & HV_RESULT_STATUS_MASK,
			.attempts = 1,
		};
	return err;
}

uint32_t hvpost_last_status(const struct hvpost *handle)
{
	return handle->last.status;
}

uint32_t hvpost_last_attempts(const struct hvpost *handle)
{
	return handle->last.attempts;
}

int hvpost_bind(struct hvpost *handle, unsigned int sint,
		unsigned int ring_records)
{
	const struct hvpost_bind wish = {
		.sint = sint,
		.ring_records = ring_records,
	};

	return hvpost_bind_with(handle, &wish);
}

int hvpost_bind_with(struct hvpost *handle, const struct hvpost_bind *wish)
{
	if (is_inherited(handle))
		return -EBADF;
	if (wish->flags & ~(HVPOST_WITH_EVENTS | HVPOST_SHARED | HVPOST_BULK))
		return -EINVAL;
	return handle->target->bind(handle->state, wish);
}

int hvpost_set_filter(struct hvpost *handle, const struct hvpost_rule *rules,
		      unsigned int count)
{
	struct hvpost_ioc_filter filter = { .rule_count = count };

	if (is_inherited(handle))
		return -EBADF;
	if (count > HVPOST_RULES_MAX)
		return -EINVAL;
	for (unsigned int i = 0; i < count; i++)
		filter.rules[i] = (struct hvpost_filter_rule){
			.type_min = rules[i].type_min,
			.type_max = rules[i].type_max,
			.origin = rules[i].origin,
			.origin_mask = rules[i].origin_mask,
		};
	if (!hvp_filter_is_valid(&filter))
		return -EINVAL;
	return handle->target->set_filter(handle->state, &filter);
}

int hvpost_receive(struct hvpost *handle, struct hvpost_message *message,
		   uint64_t deadline_ns)
{
	if (is_inherited(handle))
		return -EBADF;
	return handle->target->receive(handle->state, message, deadline_ns);
}

int hvpost_get_fd(const struct hvpost *handle)
{
	return handle->target->get_fd(handle->state);
}

int hvpost_get_counters(struct hvpost *handle, struct hvpost_counters *counters,
			size_t counters_size)
{
	struct hvpost_counters all = { 0 };
	int err;

	if (is_inherited(handle))
		return -EBADF;
	if (!counters_size)
		return -EINVAL;
	err = handle->target->get_counters(handle->state, &all);
	if (err)
		return err;
	copy_out(counters, counters_size, &all, sizeof(all));
	return 0;
}
