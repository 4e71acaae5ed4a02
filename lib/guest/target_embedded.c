// SPDX-License-Identifier: MIT
/*
 * The embedded target: a handle that posts as one partition of the machine in
 * this process and receives as another.
 */
#include <hvpost/hvpost.h>
#include <hvpost/hyperv.h>
#include <hvpost/version.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "embedded_machine.h"
#include "posting.h"
#include "record.h"
#include "target.h"
#include "wait.h"

#define PARTITION_KEY		"partition="
#define PARTITION_DEFAULT	"guest"

/* @sint and @filter belong to the half that receives; the rest stays as it was opened. */
struct embedded {
	struct embedded_machine *machine;
	const struct embedded_sender *sender;
	int fd;			/* eventfd: readable while the ring has any */
	unsigned int sint;	/* 0: none is bound */
	struct hvpost_ioc_filter filter;	/* for the bind */
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
		receiver_unbind(embedded_machine_receiver(embedded->machine),
				embedded->sint, HVPOST_NEVER);
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
	info->sints_bound =
		receiver_bound(embedded_machine_receiver(embedded->machine));
	strncpy(info->version, HVPOST_VERSION, sizeof(info->version) - 1);
	return 0;
}

/* Posting */

static int embedded_hypercall(void *context, const struct hvpost_call *call,
			      uint64_t *result)
{
	struct embedded *embedded = context;
	const struct hvhost_hypercall registers = {
		.control = call->control,
		.input = call->input,
		.output = call->output,
		.protected_mode = 1,
	};
	const struct call_memory memory = {
		.bytes = call->memory,
		.size = call->memory_size,
	};

	*result = embedded_machine_call(embedded->machine, embedded->sender,
					&registers, &memory);
	return 0;
}

/* A function call: nothing to wait for. */
static int issue(void *context, const struct hvpost_call *call,
		 struct call_limits *limits, uint64_t *result)
{
	(void)limits;
	return embedded_hypercall(context, call, result);
}

static struct posting_way way_of(void *state)
{
	return (struct posting_way){ .issue = issue, .context = state };
}

static int embedded_post(void *state, const struct hvpost_post *post,
			 uint64_t deadline_ns, struct hvpost_answer *answer)
{
	const struct posting_way way = way_of(state);

	return posting_post(&way, post, deadline_ns, answer);
}

static int embedded_signal(void *state, uint32_t connection_id,
			   uint16_t flag_number, struct hvpost_answer *answer)
{
	const struct posting_way way = way_of(state);

	return posting_signal(&way, connection_id, flag_number, answer);
}

/* Receiving */

static int embedded_set_filter(void *state,
			       const struct hvpost_ioc_filter *filter)
{
	struct embedded *embedded = state;

	if (embedded->sint)
		return -EBUSY;
	embedded->filter = *filter;
	return 0;
}

static int embedded_bind(void *state, const struct hvpost_bind *wish)
{
	struct embedded *embedded = state;
	const struct inbox_wish inbox = {
		.records = wish->ring_records,
		.events = wish->flags & HVPOST_WITH_EVENTS,
		.filter = &embedded->filter,
		.fd = embedded->fd,
	};
	int saved_errno = errno, err;

	err = inbox_check_bind(wish);
	if (err)
		return err;
	if (embedded->sint)
		return -EBUSY;
	err = receiver_bind(embedded_machine_receiver(embedded->machine),
			    wish->sint, &inbox, HVPOST_NEVER);
	if (!err)
		embedded->sint = wish->sint;
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
	while (receiver_read(embedded_machine_receiver(embedded->machine),
			     embedded->sint, &record)) {
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
	receiver_add_counters(embedded_machine_receiver(embedded->machine),
			      embedded->sint, counters);
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
	.set_filter = embedded_set_filter,
	.bind = embedded_bind,
	.receive = embedded_receive,
	.get_fd = embedded_get_fd,
	.get_counters = embedded_get_counters,
};
