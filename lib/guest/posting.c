// SPDX-License-Identifier: MIT
#include "posting.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include <hvpost/hyperv.h>

#include "deadline.h"
#include "driver/retry.h"
#include "wait.h"

/* What the driver refuses before the hypervisor sees it. */
static int check_post(const struct hvpost_post *post)
{
	if (post->flags & ~(HVPOST_RETRY_CONNECTION | HVPOST_UNCHECKED))
		return -EINVAL;
	if (post->flags & HVPOST_UNCHECKED)
		return 0;
	if (post->message_type == HV_MESSAGE_TYPE_NONE ||
	    post->message_type > HV_MESSAGE_TYPE_GUEST_MAX)
		return -EINVAL;
	if (post->payload_size > HV_MESSAGE_PAYLOAD_SIZE_MAX)
		return -EMSGSIZE;
	return 0;
}

static int fill_input(struct hv_post_message_input *input,
		      const struct hvpost_post *post)
{
	uint32_t size = post->payload_size;

	if (size > sizeof(input->payload))
		size = sizeof(input->payload);
	if (size && !post->payload)
		return -EFAULT;
	*input = (struct hv_post_message_input){
		.connection_id = post->connection_id,
		.message_type = post->message_type,
		.payload_size = post->payload_size,
	};
	if (size)
		memcpy(input->payload, post->payload, size);
	return 0;
}

/* A post on its way. */
struct posting {
	const struct posting_way *way;
	struct hv_post_message_input input;
	struct hvp_retry retry;
	struct hvpost_answer *answer;
};

/* Return 1 if another try is worth it after retry.wait_ns. */
static int try_once(struct posting *posting)
{
	const struct posting_way *way = posting->way;
	struct hvpost_answer *answer = posting->answer;
	uint64_t result;
	int next;

	next = way->issue(way->context, &(struct hvpost_call){
			.control = HV_CALL_POST_MESSAGE,
			.memory = &posting->input,
			.memory_size = sizeof(posting->input),
		}, &result);
	if (next)
		return next;
	answer->status = result & HV_RESULT_STATUS_MASK;
	answer->attempts++;
	next = hvp_retry_next(&posting->retry, (uint16_t)answer->status,
			      hvpost_deadline_clock());
	return next ? next : hvp_status_errno((uint16_t)answer->status);
}

/*
 * Wait and try until it is decided. Signals come in the waits alone: one between
 * two of them would end neither.
 */
static int try_again(struct posting *posting)
{
	sigset_t all, let_in;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &let_in);
	do {
		err = hvpost_wait_ns(posting->retry.wait_ns, &let_in);
		if (!err)
			err = try_once(posting);
	} while (err > 0);
	pthread_sigmask(SIG_SETMASK, &let_in, NULL);
	return err;
}

int posting_post(const struct posting_way *way, const struct hvpost_post *post,
		 uint64_t deadline_ns, struct hvpost_answer *answer)
{
	struct posting posting = {
		.way = way,
		.retry.deadline_ns = deadline_ns,
		.retry.retry_connection = post->flags & HVPOST_RETRY_CONNECTION,
		.answer = answer,
	};
	int err = check_post(post);

	if (!err)
		err = fill_input(&posting.input, post);
	if (!err)
		err = try_once(&posting);
	return err > 0 ? try_again(&posting) : err;
}

int posting_signal(const struct posting_way *way, uint32_t connection_id,
		   uint16_t flag_number, struct hvpost_answer *answer)
{
	uint64_t result;
	int err = way->issue(way->context, &(struct hvpost_call){
			.control = HV_CALL_SIGNAL_EVENT | HV_CONTROL_FAST,
			.input = connection_id | (uint64_t)flag_number <<
				 HV_SIGNAL_EVENT_FLAG_SHIFT,
		}, &result);

	if (err)
		return err;
	answer->status = result & HV_RESULT_STATUS_MASK;
	return hvp_status_errno((uint16_t)answer->status);
}
