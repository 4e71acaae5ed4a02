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

/* Who waits for room looks that often whether it waits for something that is. */
#define ROOM_PERIOD_NS UINT64_C(100000000)

/* So many calls of the host go out at a time. */
#define CHAIN_MAX 64u

/* Posts on their way. */
struct posting {
	const struct posting_way *way;
	const struct hvpost_call *calls;	/* those that are left */
	unsigned int count;
	struct hvp_retry retry;
	const sigset_t *let_in;			/* NULL: none is blocked */
	uint32_t room_seen;			/* before the last try */
	struct hvpost_answer *answer;
};

static struct hvpost_call call_with(struct hv_post_message_input *input)
{
	return (struct hvpost_call){
		.control = HV_CALL_POST_MESSAGE,
		.memory = input,
		.memory_size = sizeof(*input),
	};
}

/* Return how many were made, as issue_chain does. */
static int issue(const struct posting *posting, struct call_limits *limits,
		 uint64_t *result)
{
	const struct posting_way *way = posting->way;
	int err;

	if (posting->count > 1)
		return way->issue_chain(way->context, posting->calls,
					posting->count, limits, result);
	err = way->issue(way->context, posting->calls, limits, result);
	return err ? err : 1;
}

/* Return 1 if another try is worth it after retry.wait_ns. */
static int try_once(struct posting *posting)
{
	struct hvpost_answer *answer = posting->answer;
	struct call_limits limits = {
		.deadline_ns = posting->retry.deadline_ns,
		.patience_ns = CALL_PATIENCE_NS,
		.let_in = posting->let_in,
	};
	uint64_t result;
	int made, next;

	if (posting->way->look_at_room)
		posting->room_seen =
			posting->way->look_at_room(posting->way->context);
	made = issue(posting, &limits, &result);
	if (made == -EINPROGRESS) {
		answer->status = HVPOST_NO_STATUS;
		answer->attempts++;
	}
	if (made < 0)
		return made;
	answer->status = result & HV_RESULT_STATUS_MASK;
	if (made > 1) {
		answer->attempts = 0;
		posting->retry.wait_ns = 0;
	}
	answer->attempts++;
	made -= answer->status != HV_STATUS_SUCCESS;
	posting->calls += made;
	posting->count -= (unsigned int)made;
	next = hvp_retry_next(&posting->retry, (uint16_t)answer->status,
			      hvpost_deadline_clock());
	/* It came in a wait, and there will be no other that it could end. */
	if (next > 0 && limits.interrupted)
		return -EINTR;
	return next ? next : hvp_status_errno((uint16_t)answer->status);
}

static uint64_t room_wait_ns(const struct posting *posting)
{
	uint64_t deadline_ns = posting->retry.deadline_ns;
	uint64_t now_ns = hvpost_deadline_clock();
	uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

	return left_ns < ROOM_PERIOD_NS ? left_ns : ROOM_PERIOD_NS;
}

static int wait_to_try(const struct posting *posting)
{
	const struct posting_way *way = posting->way;

	if (!way->wait_for_room ||
	    posting->answer->status != HV_STATUS_INSUFFICIENT_BUFFERS)
		return hvpost_wait_ns(-1, posting->retry.wait_ns,
				      posting->let_in);
	return way->wait_for_room(way->context, posting->room_seen,
				  room_wait_ns(posting), posting->let_in);
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
	posting->let_in = &let_in;
	do {
		err = wait_to_try(posting);
		if (!err)
			err = try_once(posting);
	} while (err > 0);
	posting->let_in = NULL;
	pthread_sigmask(SIG_SETMASK, &let_in, NULL);
	return err;
}

static int try_all(struct posting *posting)
{
	int err = try_once(posting);

	return err > 0 ? try_again(posting) : err;
}

int posting_post(const struct posting_way *way, const struct hvpost_post *post,
		 uint64_t deadline_ns, struct hvpost_answer *answer)
{
	struct hv_post_message_input input;
	const struct hvpost_call call = call_with(&input);
	struct posting posting = {
		.way = way,
		.calls = &call,
		.count = 1,
		.retry.deadline_ns = deadline_ns,
		.retry.retry_connection = post->flags & HVPOST_RETRY_CONNECTION,
		.answer = answer,
	};
	int err = check_post(post);

	if (!err)
		err = fill_input(&input, post);
	return err ? err : try_all(&posting);
}

/* Posts that go out together, and so have one flag for all of their retries. */
struct chain {
	struct hv_post_message_input input[CHAIN_MAX];
	struct hvpost_call call[CHAIN_MAX];
	unsigned int count;
};

/* As many as may go together; if not even the first is valid, its error. */
static int fill_chain(struct chain *chain, const struct hvpost_post *posts,
		      unsigned int count)
{
	for (chain->count = 0; chain->count < count &&
	     chain->count < CHAIN_MAX; chain->count++) {
		const struct hvpost_post *post = &posts[chain->count];
		struct hv_post_message_input *input =
			&chain->input[chain->count];
		int err = check_post(post);

		if (!err)
			err = fill_input(input, post);
		if (err && !chain->count)
			return err;
		if (err || (post->flags ^ posts->flags) & HVPOST_RETRY_CONNECTION)
			break;
		chain->call[chain->count] = call_with(input);
	}
	return 0;
}

/* *posted counts those that were. */
static int post_chain(const struct posting *common,
		      const struct hvpost_post *posts, unsigned int count,
		      unsigned int *posted)
{
	struct posting posting = *common;
	struct chain chain;
	int err;

	*posting.answer = (struct hvpost_answer){ .status = HVPOST_NO_STATUS };
	err = fill_chain(&chain, posts, count);
	if (err)
		return err;
	posting.calls = chain.call;
	posting.count = chain.count;
	posting.retry.retry_connection = posts->flags & HVPOST_RETRY_CONNECTION;
	err = try_all(&posting);
	*posted += chain.count - posting.count;
	return err;
}

int posting_post_many(const struct posting_way *way,
		      const struct hvpost_post *posts, unsigned int count,
		      uint64_t deadline_ns, struct hvpost_answer *answer)
{
	const struct posting posting = {
		.way = way,
		.retry.deadline_ns = deadline_ns,
		.answer = answer,
	};
	unsigned int posted = 0;
	int err = 0;

	while (!err && posted < count)
		err = post_chain(&posting, posts + posted, count - posted,
				 &posted);
	/* Then how many were is not known. */
	return posted && err != -EINPROGRESS ? (int)posted : err;
}

int posting_signal(const struct posting_way *way, uint32_t connection_id,
		   uint16_t flag_number, struct hvpost_answer *answer)
{
	struct call_limits limits = { .patience_ns = CALL_PATIENCE_NS };
	uint64_t result;
	int err = way->issue(way->context, &(struct hvpost_call){
			.control = HV_CALL_SIGNAL_EVENT | HV_CONTROL_FAST,
			.input = connection_id | (uint64_t)flag_number <<
				 HV_SIGNAL_EVENT_FLAG_SHIFT,
		}, &limits, &result);

	if (err)
		return err;
	answer->status = result & HV_RESULT_STATUS_MASK;
	return hvp_status_errno((uint16_t)answer->status);
}
