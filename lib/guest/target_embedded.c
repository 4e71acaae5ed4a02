// SPDX-License-Identifier: MIT
/*
 * The embedded target: a handle that posts as one partition of the machine in
 * this process and receives as another. hvpost.ko is its model; what the two
 * decide alike, they decide by the same code (driver/retry.c, driver/slot.c).
 */
#include <hvpost/hvpost.h>
#include <hvpost/hyperv.h>
#include <hvpost/version.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "deadline.h"
#include "driver/retry.h"
#include "embedded_machine.h"
#include "record.h"
#include "target.h"
#include "wait.h"

#define PARTITION_KEY		"partition="
#define PARTITION_DEFAULT	"guest"

/* @sint belongs to the half that receives; the rest stays as it was opened. */
struct embedded {
	struct embedded_machine *machine;
	const struct embedded_sender *sender;
	int fd;			/* eventfd: readable while the ring has any */
	unsigned int sint;	/* 0: none is bound */
};

/* Opening. malloc() and eventfd() may set errno, which we leave alone. */

/* The NAME in @where; NULL: that is no target. */
static const char *partition_name(const char *where)
{
	size_t length = strlen(PARTITION_KEY);

	if (!where)
		return PARTITION_DEFAULT;
	return strncmp(where, PARTITION_KEY, length) ? NULL : where + length;
}

static int join_machine(struct embedded *embedded, const char *name)
{
	int err = embedded_machine_get(&embedded->machine);

	if (err)
		return err;
	embedded->sender = embedded_machine_sender(embedded->machine, name);
	if (!embedded->sender) {
		embedded_machine_put(embedded->machine);
		return -EINVAL;
	}
	return 0;
}

static int make_embedded(struct embedded *embedded, const char *name)
{
	int err;

	embedded->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (embedded->fd < 0)
		return -errno;
	err = join_machine(embedded, name);
	if (err)
		close(embedded->fd);
	return err;
}

static int embedded_open(const char *where, void **state)
{
	const char *name = partition_name(where);
	struct embedded *embedded;
	int saved_errno = errno, err = -ENOMEM;

	if (!name)
		return -EINVAL;
	embedded = calloc(1, sizeof(*embedded));
	if (embedded)
		err = make_embedded(embedded, name);
	if (err) {
		free(embedded);
		errno = saved_errno;
		return err;
	}
	*state = embedded;
	return 0;
}

static void leave_machine(struct embedded *embedded)
{
	if (embedded->sint)
		embedded_machine_unbind(embedded->machine, embedded->sint);
	embedded_machine_put(embedded->machine);
}

static void embedded_close(void *state)
{
	struct embedded *embedded = state;

	if (!embedded_machine_is_inherited(embedded->machine))
		leave_machine(embedded);
	close(embedded->fd);
	free(embedded);
}

static int embedded_get_info(void *state, struct hvpost_info *info)
{
	struct embedded *embedded = state;

	info->hypercall = HVPOST_CALL_ENGINE;
	info->synic = HVPOST_SYNIC_OURS;
	info->privileges = embedded->sender->privileges;
	info->guest_os_id = embedded->sender->guest_os_id;
	info->vps_online = 1;
	info->sints_bound = embedded_machine_bound(embedded->machine);
	strncpy(info->version, HVPOST_VERSION, sizeof(info->version) - 1);
	return 0;
}

/* Posting */

static uint64_t issue(struct embedded *embedded,
		      const struct hvpost_call *call)
{
	const struct hvhost_hypercall registers = {
		.control = call->control,
		.input = call->input,
		.output = call->output,
		.protected_mode = 1,
	};
	const struct embedded_memory memory = {
		.bytes = call->memory,
		.size = call->memory_size,
	};

	return embedded_machine_call(embedded->machine, embedded->sender,
				     &registers, &memory);
}

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
	struct embedded *embedded;
	struct hv_post_message_input input;
	struct hvp_retry retry;
	struct hvpost_answer *answer;
};

/* Return 1 if another try is worth it after retry.wait_ns. */
static int try_once(struct posting *posting)
{
	struct hvpost_answer *answer = posting->answer;
	int next;

	answer->status = issue(posting->embedded, &(struct hvpost_call){
			.control = HV_CALL_POST_MESSAGE,
			.memory = &posting->input,
			.memory_size = sizeof(posting->input),
		}) & HV_RESULT_STATUS_MASK;
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

static int embedded_post(void *state, const struct hvpost_post *post,
			 uint64_t deadline_ns, struct hvpost_answer *answer)
{
	struct posting posting = {
		.embedded = state,
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

static int embedded_signal(void *state, uint32_t connection_id,
			   uint16_t flag_number, struct hvpost_answer *answer)
{
	answer->status = issue(state, &(struct hvpost_call){
			.control = HV_CALL_SIGNAL_EVENT | HV_CONTROL_FAST,
			.input = connection_id | (uint64_t)flag_number <<
				 HV_SIGNAL_EVENT_FLAG_SHIFT,
		}) & HV_RESULT_STATUS_MASK;
	return hvp_status_errno((uint16_t)answer->status);
}

static int embedded_hypercall(void *state, const struct hvpost_call *call,
			      uint64_t *result)
{
	*result = issue(state, call);
	return 0;
}

/* Receiving */

static int embedded_bind(void *state, uint32_t sint, uint32_t ring_records)
{
	struct embedded *embedded = state;
	int saved_errno = errno, err;

	if (sint == HV_SINT_INTERCEPT || sint >= HV_SINT_COUNT ||
	    ring_records > HVPOST_RING_RECORDS_MAX)
		return -EINVAL;
	if (embedded->sint)
		return -EBUSY;
	err = embedded_machine_bind(embedded->machine, sint, ring_records,
				    embedded->fd);
	if (!err)
		embedded->sint = sint;
	errno = saved_errno;
	return err;
}

static int embedded_receive(void *state, struct hvpost_message *message,
			    uint64_t deadline_ns)
{
	struct embedded *embedded = state;
	struct hvpost_record record;
	int err;

	if (!embedded->sint)
		return -ENOTCONN;
	while (embedded_machine_read(embedded->machine, embedded->sint,
				     &record)) {
		err = hvpost_wait_readable(embedded->fd, deadline_ns);
		if (err)
			return err;
	}
	hvpost_message_from_record(message, &record);
	return 0;
}

static int embedded_get_fd(const void *state)
{
	const struct embedded *embedded = state;

	return embedded->fd;
}

static int embedded_get_counters(void *state, struct hvpost_counters *counters)
{
	struct embedded *embedded = state;

	if (!embedded->sint)
		return -ENOTCONN;
	embedded_machine_counters(embedded->machine, embedded->sint, counters);
	return 0;
}

const struct hvpost_target hvpost_target_embedded = {
	.name = "embedded",
	.open = embedded_open,
	.close = embedded_close,
	.get_info = embedded_get_info,
	.post = embedded_post,
	.signal = embedded_signal,
	.hypercall = embedded_hypercall,
	.bind = embedded_bind,
	.receive = embedded_receive,
	.get_fd = embedded_get_fd,
	.get_counters = embedded_get_counters,
};
