// SPDX-License-Identifier: GPL-2.0-only
/*
 * HvCallPostMessage and HvCallSignalEvent from user memory. Each CPU has one
 * input of its own, so callers on different CPUs share nothing; a caller keeps
 * its CPU only from filling the input to the hypervisor's answer.
 */
#include "hvpost.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "count.h"
#include "retry.h"
#include "trace.h"

#define POST_FLAGS	(HVPOST_POST_RETRY_CONNECTION | HVPOST_POST_UNCHECKED)

/* 256 bytes from kmalloc() are 256-aligned: no page is ever crossed. */
static DEFINE_PER_CPU(struct hv_post_message_input *, post_input);

int hvp_post_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct hv_post_message_input *input;

		input = kzalloc_node(sizeof(*input), GFP_KERNEL,
				     cpu_to_node(cpu));
		if (!input) {
			hvp_post_exit();
			return -ENOMEM;
		}
		per_cpu(post_input, cpu) = input;
	}
	return 0;
}

void hvp_post_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		kfree(per_cpu(post_input, cpu));
		per_cpu(post_input, cpu) = NULL;
	}
}

/* VMBus's connections steer every device of this guest. */
static bool is_vmbus_connection(u32 connection_id)
{
	/* Some hosts ignore the high bits, so they must not hide the id. */
	u32 id = connection_id & HV_ID_MASK;

	return id >= HV_CONNECTION_VMBUS_MESSAGE &&
	       id <= HV_CONNECTION_VMBUS_MESSAGE_5;
}

/*
 * Who speaks for VMBus lets devices reach any memory of the guest. A kernel that
 * is locked down keeps that from root as well.
 */
static int check_vmbus_permission(void)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return security_locked_down(LOCKDOWN_PCI_ACCESS);
}

static int check_permission(u32 connection_id)
{
	int err = 0;

	if (is_vmbus_connection(connection_id))
		err = check_vmbus_permission();
	return err ?: hvp_permit_check(connection_id);
}

/* With preemption off, so that it holds until the call that follows. */
static int check_owner(u32 connection_id)
{
	lockdep_assert_preemption_disabled();
	return is_vmbus_connection(connection_id) && hvp_vmbus_loaded() ?
	       -EBUSY : 0;
}

/* What the ABI forbids, unless the caller wants the hypervisor's own answer. */
static int check_message(const struct hvpost_ioc_post *post)
{
	if (post->flags & HVPOST_POST_UNCHECKED)
		return 0;
	if (post->message_type == HV_MESSAGE_TYPE_NONE ||
	    post->message_type > HV_MESSAGE_TYPE_GUEST_MAX)
		return -EINVAL;
	if (post->payload_size > HV_MESSAGE_PAYLOAD_SIZE_MAX)
		return -EMSGSIZE;
	return 0;
}

static int check_post(const struct hvpost_ioc_post *post)
{
	int err;

	if (post->flags & ~POST_FLAGS || post->reserved)
		return -EINVAL;
	err = check_message(post);
	if (err)
		return err;
	return check_permission(post->connection_id);
}

/* Whatever size the input claims, there is room for one payload in it. */
static size_t bytes_to_copy(const struct hvpost_ioc_post *post)
{
	return min_t(size_t, post->payload_size, HV_MESSAGE_PAYLOAD_SIZE_MAX);
}

/*
 * Once, so that all tries post the same, and before the CPU is kept: memory that
 * is not there may take its time.
 */
static int copy_payload(const struct hvpost_ioc_post *post, void *payload)
{
	return copy_from_user(payload, u64_to_user_ptr(post->payload),
			      bytes_to_copy(post)) ? -EFAULT : 0;
}

static int post_once(const struct hvpost_ioc_post *post, const void *payload,
		     u64 *result)
{
	struct hv_post_message_input *input = get_cpu_var(post_input);
	size_t size = bytes_to_copy(post);
	int err = check_owner(post->connection_id);

	if (!err) {
		input->connection_id = post->connection_id;
		input->rsvdz = 0;
		input->message_type = post->message_type;
		input->payload_size = post->payload_size;
		memcpy(input->payload, payload, size);
		memset(input->payload + size, 0, sizeof(input->payload) - size);
		*result = hvp_hypercall_post(input);
	}
	put_cpu_var(post_input);
	if (err)
		return err;
	return *result == HVP_RESULT_NO_CALL ? -EOPNOTSUPP : 0;
}

/* A suspend is no reason to end it: who waits is frozen where it is. */
static int wait_interruptible(u64 wait_ns)
{
	ktime_t timeout = ns_to_ktime(wait_ns);

	set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
	schedule_hrtimeout_range(&timeout, wait_ns / 8, HRTIMER_MODE_REL);
	return signal_pending(current) ? -EINTR : 0;
}

/* As long as there is no quota for it, a hypercall is like one refused for now. */
static int wait_for_quota(struct hvp_quota *quota, u64 deadline_ns)
{
	u64 wait_ns = hvp_quota_take(quota);
	int err = 0;

	if (wait_ns)
		hvp_quota_count_held_back();
	while (wait_ns && !err) {
		u64 now_ns = ktime_get_ns();

		if (deadline_ns == HVPOST_DEADLINE_NONE)
			return -EAGAIN;
		if (now_ns >= deadline_ns)
			return -ETIMEDOUT;
		err = wait_interruptible(min(wait_ns, deadline_ns - now_ns));
		if (!err)
			wait_ns = hvp_quota_take(quota);
	}
	return err;
}

/*
 * After a try that ended with @result. Return 0: it is final. 1: wait
 * @retry->wait_ns, then try again. Else why not.
 */
static int judge(struct hvpost_ioc_post *post, struct hvp_retry *retry,
		 u64 result)
{
	if (result == HVP_RESULT_STOPPED)
		return hvp_retry_later(retry, ktime_get_ns());

	post->status = result & HV_RESULT_STATUS_MASK;
	post->attempts++;
	if (post->status == HV_STATUS_SUCCESS)
		return 0;
	return hvp_retry_next(retry, post->status, ktime_get_ns()) ?:
	       hvp_status_errno(post->status);
}

/* @payload: room for one, of which the tries read what is copied there. */
static int post_until_final(struct hvp_quota *quota,
			    struct hvpost_ioc_post *post, void *payload)
{
	struct hvp_retry retry = {
		.deadline_ns = post->deadline_ns,
		.retry_connection = post->flags & HVPOST_POST_RETRY_CONNECTION,
	};
	u64 result;
	int err;

	post->status = HVPOST_STATUS_NONE;
	post->attempts = 0;
	err = check_post(post) ?: copy_payload(post, payload);
	if (err)
		return err;

	for (;;) {
		err = wait_for_quota(quota, post->deadline_ns);
		if (!err)
			err = post_once(post, payload, &result);
		if (!err)
			err = judge(post, &retry, result);
		if (err <= 0)
			return err;
		err = wait_interruptible(retry.wait_ns);
		if (err)
			return err;
	}
}

int hvp_post(struct hvp_quota *quota, struct hvpost_ioc_post *post)
{
	u64 start_ns = trace_hvpost_post_enabled() ? ktime_get_ns() : 0;
	u8 payload[HV_MESSAGE_PAYLOAD_SIZE_MAX];
	int err = post_until_final(quota, post, payload);

	hvp_count_post(post->status, post->attempts);
	if (trace_hvpost_post_enabled())
		trace_hvpost_post(post, err,
				  start_ns ? ktime_get_ns() - start_ns : 0,
				  post->attempts ? payload : NULL);
	return err;
}

static int signal_once(struct hvp_quota *quota,
		       struct hvpost_ioc_signal *signal)
{
	u64 result;
	int err;

	signal->status = HVPOST_STATUS_NONE;
	if (signal->flags || signal->reserved16 || signal->reserved)
		return -EINVAL;
	if (signal->flag_number >= HV_EVENT_FLAG_COUNT)
		return -EINVAL;
	if (!(hvp_host.privileges_high & HV_SIGNAL_EVENTS))
		return -EOPNOTSUPP;
	err = check_permission(signal->connection_id);
	if (!err)
		err = wait_for_quota(quota, HVPOST_DEADLINE_NONE);
	if (err)
		return err;

	preempt_disable();
	err = check_owner(signal->connection_id);
	if (!err)
		result = hvp_hypercall_signal(signal->connection_id,
					      signal->flag_number);
	preempt_enable();
	if (err)
		return err;
	if (result == HVP_RESULT_STOPPED)
		return -EAGAIN;
	if (result == HVP_RESULT_NO_CALL)
		return -EOPNOTSUPP;
	signal->status = result & HV_RESULT_STATUS_MASK;
	return hvp_status_errno(signal->status);
}

int hvp_signal(struct hvp_quota *quota, struct hvpost_ioc_signal *signal)
{
	int err = signal_once(quota, signal);

	hvp_count(signals);
	trace_hvpost_signal(signal, err);
	return err;
}
