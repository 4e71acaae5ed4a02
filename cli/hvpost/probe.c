// SPDX-License-Identifier: MIT
#include "probe.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * Beyond any host's message buffers, ports and connections: what is not full by
 * then never will be.
 */
#define TRIES_MAX	70000u

static_assert(HVPOST_CONFORMANCE_BASE_MAX + SCRATCH + TRIES_MAX <= HV_ID_MASK,
	      "all ids of a prober are ids");

__attribute__((format(printf, 2, 3))) static int
unreachable(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	finding->verdict = VERDICT_UNREACHABLE;
	va_start(arguments, format);
	vsnprintf(finding->reason, sizeof(finding->reason), format, arguments);
	va_end(arguments);
	return -1;
}

static const char *name_of(uint16_t status)
{
	const char *name = hvpost_status_name(status);

	return name ? name : "an unknown status";
}

/* Who stops us waits until what we made at the host is removed. */

static void hold_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, before);
}

static void let_signals_in(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

/* Calls word for word */

struct request {
	uint64_t control;
	uint64_t input_gpa;
	uint64_t output_gpa;
	size_t memory_size;
	const union call_input *input;
};

static void fill_memory(struct prober *prober, const struct request *request)
{
	size_t size = sizeof(*request->input);

	memset(prober->memory, 0, sizeof(prober->memory));
	if (request->input_gpa >= sizeof(prober->memory))
		return;
	if (size > sizeof(prober->memory) - request->input_gpa)
		size = sizeof(prober->memory) - request->input_gpa;
	memcpy(prober->memory + request->input_gpa, request->input, size);
}

/* Return 0 or a negative errno value. */
static int issue(struct prober *prober, enum caller caller,
		 const struct request *request, uint16_t *status)
{
	struct hvpost_call call = {
		.control = request->control,
		.input = request->input_gpa,
		.output = request->output_gpa,
		.memory = prober->memory,
		.memory_size = request->memory_size,
	};
	uint64_t result;
	int err;

	fill_memory(prober, request);
	if (request->control & HV_CONTROL_FAST) {
		call.input = request->input->words[0];
		call.output = request->input->words[1];
	}
	err = hvpost_hypercall(prober->handle[caller], &call, &result);
	*status = result & HV_RESULT_STATUS_MASK;
	return err;
}

/* The prober's own calls, in which all is as it should be. */
static uint16_t manage(struct prober *prober, enum caller caller, uint16_t code,
		       const union call_input *input)
{
	const struct request request = {
		.control = code,
		.output_gpa = HV_PAGE_SIZE,
		.memory_size = sizeof(prober->memory),
		.input = input,
	};
	uint16_t status;

	/* Where calls cannot be issued at all, look_for_calls() noticed. */
	if (issue(prober, caller, &request, &status))
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	return status;
}

static uint16_t create_port(struct prober *prober, uint32_t port_id)
{
	const union call_input input = {
		.create_port = {
			.port_partition = HV_PARTITION_ID_SELF,
			.port_id = port_id,
			.connection_partition = prober->peer,
			.port_info.port_type = HV_PORT_TYPE_MESSAGE,
			.port_info.u.message.target_sint = 1,
			.port_info.u.message.target_vp = HV_ANY_VP,
		},
	};

	return manage(prober, CALLER_PROBER, HV_CALL_CREATE_PORT, &input);
}

static uint16_t delete_port(struct prober *prober, enum caller caller,
			    uint64_t partition, uint32_t port_id)
{
	const union call_input input = {
		.delete_port = { .port_partition = partition,
				 .port_id = port_id },
	};

	return manage(prober, caller, HV_CALL_DELETE_PORT, &input);
}

/* The connection to the spare port of the same id. */
static uint16_t connect_port(struct prober *prober, uint64_t peer, uint32_t id)
{
	const union call_input input = {
		.connect_port = {
			.connection_partition = HV_PARTITION_ID_SELF,
			.connection_id = id,
			.port_partition = peer,
			.port_id = id,
			.connection_info.port_type = HV_PORT_TYPE_MESSAGE,
		},
	};

	return manage(prober, CALLER_PROBER, HV_CALL_CONNECT_PORT, &input);
}

static uint16_t disconnect_port(struct prober *prober, enum caller caller,
				uint64_t partition, uint32_t connection_id)
{
	const union call_input input = {
		.disconnect_port = { .connection_partition = partition,
				     .connection_id = connection_id },
	};

	return manage(prober, caller, HV_CALL_DISCONNECT_PORT, &input);
}

static uint16_t look_for_port(struct prober *prober, uint64_t partition)
{
	const union call_input input = {
		.get_port_property = {
			.port_partition = partition,
			.port_id = prober->base + HVPOST_CONFORM_NEVER,
		},
	};

	return manage(prober, CALLER_PROBER, HV_CALL_GET_PORT_PROPERTY, &input);
}

static void delete_own_ports(struct prober *prober, uint32_t count)
{
	while (count--)
		delete_port(prober, CALLER_PROBER, HV_PARTITION_ID_SELF,
			    prober->base + SCRATCH + count);
}

static void disconnect_own(struct prober *prober, uint32_t count)
{
	while (count--)
		disconnect_port(prober, CALLER_PROBER, HV_PARTITION_ID_SELF,
				prober->base + SCRATCH + count);
}

/* Looking around */

/*
 * The peer is who has a port for us; our own partition is the one in which we may
 * look for a port, in vain.
 */
static void look_at_partition(struct prober *prober, uint64_t id)
{
	uint16_t status = connect_port(prober, id, prober->base + SCRATCH);

	if (status == HV_STATUS_SUCCESS)
		disconnect_own(prober, 1);
	if (status == HV_STATUS_SUCCESS && !prober->peer)
		prober->peer = id;
	else if (status == HV_STATUS_INVALID_PARTITION_STATE &&
		 !prober->inactive)
		prober->inactive = id;

	status = look_for_port(prober, id);
	if (status == HV_STATUS_INVALID_PORT_ID && !prober->own)
		prober->own = id;
}

/* Can calls be issued here? One that no host knows tells. */
static int look_for_calls(struct prober *prober)
{
	const union call_input input = { .words = { 0, 0 } };
	const struct request request = {
		.control = HV_CONTROL_CODE_MASK,
		.memory_size = sizeof(prober->memory),
		.input = &input,
	};
	uint16_t status;

	prober->call_error = issue(prober, CALLER_PROBER, &request, &status);
	return prober->call_error;
}

static int look_at_privileges(struct prober *prober, enum caller caller)
{
	struct hvpost_info info;
	int err;

	if (!prober->handle[caller])
		return 0;
	err = hvpost_get_info(prober->handle[caller], &info, sizeof(info));
	prober->privileges[caller] = err ? 0 : info.privileges;
	return err;
}

int prober_look_around(struct prober *prober, uint64_t first_partition)
{
	sigset_t before;

	for (enum caller caller = 0; caller < CALLERS; caller++) {
		int err = look_at_privileges(prober, caller);

		if (err)
			return err;
	}
	if (look_for_calls(prober))
		return 0;

	hold_signals(&before);
	for (uint64_t i = 0; i < PROBER_PARTITIONS; i++)
		look_at_partition(prober, first_partition + i);
	let_signals_in(&before);
	return 0;
}

/* Who asks */

static bool may_call(const struct prober *prober, enum caller caller,
		     const struct call *call)
{
	return prober->privileges[caller] & (uint64_t)call->privilege << 32;
}

/* Without the privilege: another partition, or we ourselves if we lack it. */
static int find_restricted(const struct prober *prober, const struct call *call,
			   enum caller *caller, struct finding *finding)
{
	if (!may_call(prober, CALLER_PROBER, call)) {
		*caller = CALLER_PROBER;
		return 0;
	}
	if (!prober->handle[*caller])
		return unreachable(finding, "this partition has the privilege; "
				   "--restricted names one without");
	return 0;
}

/*
 * CPUID may claim what the host withholds: so who is named as restricted is asked,
 * and is none if it is not denied.
 */
static void check_restricted(const struct prober *prober, enum caller caller,
			     const struct condition *condition,
			     struct finding *finding)
{
	const struct call *call = call_find(condition->code);

	if (caller == CALLER_RESTRICTED && finding->verdict == VERDICT_FAIL &&
	    may_call(prober, caller, call))
		unreachable(finding, "the restricted partition has %s",
			    call->privilege_name);
}

static int find_caller(const struct prober *prober,
		       const struct condition *condition, enum caller *caller,
		       struct finding *finding)
{
	const struct call *call = call_find(condition->code);

	*caller = condition->caller;
	if (condition->code == CALL_INTERFACE)
		call = call_find(HV_CALL_POST_MESSAGE);
	if (*caller == CALLER_RESTRICTED)
		return find_restricted(prober, call, caller, finding);
	if (!prober->handle[*caller])
		return unreachable(finding, "this partition is active; "
				   "--inactive names one that is not");
	if (!may_call(prober, *caller, call))
		return unreachable(finding, "%s partition lacks %s",
				   *caller == CALLER_INACTIVE ? "the inactive" :
								"this",
				   call->privilege_name);
	return 0;
}

/* Posts and signals */

/* What the library's call came to; 0 if there is a status. */
static int read_status(const struct prober *prober, enum caller caller, int err,
		       struct finding *finding)
{
	uint32_t status = hvpost_last_status(prober->handle[caller]);

	if (status == HVPOST_NO_STATUS)
		return unreachable(finding, "refused before the host was asked: "
				   "%s", strerror(-err));
	finding->got = (uint16_t)status;
	return 0;
}

static int post(const struct prober *prober, const struct condition *condition,
		enum caller caller, struct finding *finding)
{
	static const uint8_t payload[HVPOST_PAYLOAD_SIZE_MAX];
	const struct hvpost_post message = {
		.connection_id = prober->base + condition->connection_id,
		.message_type = condition->message_type,
		.payload = payload,
		.payload_size = condition->payload_size,
		.flags = HVPOST_UNCHECKED,
	};
	int err = hvpost_post(prober->handle[caller], &message, HVPOST_NOW);

	return read_status(prober, caller, err, finding);
}

static void ask_by_post(struct prober *prober,
			const struct condition *condition, enum caller caller,
			struct finding *finding)
{
	uint32_t tries = condition->way == WAY_POST_UNTIL_FULL ? TRIES_MAX : 1;

	while (tries-- && !post(prober, condition, caller, finding) &&
	       finding->got == HV_STATUS_SUCCESS)
		;
}

static void ask_by_signal(struct prober *prober,
			  const struct condition *condition, enum caller caller,
			  struct finding *finding)
{
	int err = hvpost_signal(prober->handle[caller],
				prober->base + condition->connection_id,
				condition->flag_number);

	read_status(prober, caller, err, finding);
}

/* Calls */

/* Put the id of a partition in the place of its name. */
static int resolve_partition(const struct prober *prober, uint64_t *partition,
			     struct finding *finding)
{
	const char *name;

	switch (*partition) {
	case PARTITION_OWN:
		name = "prober's own";
		*partition = prober->own;
		break;
	case PARTITION_PEER:
		name = "peer";
		*partition = prober->peer;
		break;
	case PARTITION_INACTIVE:
		name = "inactive";
		*partition = prober->inactive;
		break;
	default:
		return 0;
	}
	if (*partition)
		return 0;
	return unreachable(finding, "the %s partition was not found; "
			   "--first-partition says where to look", name);
}

/* The same for all that only this host knows. */
static int resolve_input(const struct prober *prober, uint16_t code,
			 union call_input *input, struct finding *finding)
{
	uint64_t *first = NULL, *second = NULL;

	switch (code) {
	case HV_CALL_CREATE_PORT:
		first = &input->create_port.port_partition;
		second = &input->create_port.connection_partition;
		input->create_port.port_id += prober->base;
		break;
	case HV_CALL_DELETE_PORT:
		first = &input->delete_port.port_partition;
		input->delete_port.port_id += prober->base;
		break;
	case HV_CALL_CONNECT_PORT:
		first = &input->connect_port.connection_partition;
		second = &input->connect_port.port_partition;
		input->connect_port.connection_id += prober->base;
		input->connect_port.port_id += prober->base;
		break;
	case HV_CALL_DISCONNECT_PORT:
		first = &input->disconnect_port.connection_partition;
		input->disconnect_port.connection_id += prober->base;
		break;
	case HV_CALL_GET_PORT_PROPERTY:
		first = &input->get_port_property.port_partition;
		input->get_port_property.port_id += prober->base;
		break;
	default: /* posts and signals begin alike */
		input->post_message.connection_id += prober->base;
		break;
	}
	if (first && resolve_partition(prober, first, finding))
		return -1;
	return second ? resolve_partition(prober, second, finding) : 0;
}

static int need_peer(const struct prober *prober, struct finding *finding)
{
	uint64_t peer = PARTITION_PEER;

	return resolve_partition(prober, &peer, finding);
}

static int set_up(struct prober *prober, unsigned int needs,
		  struct finding *finding)
{
	uint16_t status = HV_STATUS_SUCCESS;

	if (!needs)
		return 0;
	if (need_peer(prober, finding))
		return -1;
	if (needs & NEED_PORT)
		status = create_port(prober, prober->base + SCRATCH);
	if (!status && needs & NEED_CONNECTION)
		status = connect_port(prober, prober->peer,
				      prober->base + SCRATCH);
	if (!status)
		return 0;
	return unreachable(finding, "what it needs cannot be made: %s",
			   name_of(status));
}

static void tear_down(struct prober *prober, unsigned int needs)
{
	if (needs & NEED_PORT)
		delete_own_ports(prober, 1);
	if (needs & NEED_CONNECTION)
		disconnect_own(prober, 1);
}

/* What succeeded shall not stay. */
static void undo(struct prober *prober, enum caller caller, uint16_t code,
		 const union call_input *input)
{
	if (code == HV_CALL_CREATE_PORT)
		delete_port(prober, caller, input->create_port.port_partition,
			    input->create_port.port_id);
	else if (code == HV_CALL_CONNECT_PORT)
		disconnect_port(prober, caller,
				input->connect_port.connection_partition,
				input->connect_port.connection_id);
}

static int call_once(struct prober *prober, enum caller caller,
		     const struct request *request, struct finding *finding)
{
	int err = issue(prober, caller, request, &finding->got);

	if (err)
		return unreachable(finding, "the call cannot be issued: %s",
				   strerror(-err));
	if (finding->got == HV_STATUS_SUCCESS)
		undo(prober, caller, request->control & HV_CONTROL_CODE_MASK,
		     request->input);
	return 0;
}

/* One call, or one with each of the bits. The first other answer counts. */
static void call_with_bits(struct prober *prober,
			   const struct condition *condition,
			   enum caller caller, const union call_input *input,
			   struct finding *finding)
{
	const struct raw_call *raw = &condition->raw;
	struct request request = {
		.input_gpa = raw->input_gpa,
		.output_gpa = raw->output_gpa,
		.memory_size = raw->no_memory ? 0 : sizeof(prober->memory),
		.input = input,
	};
	uint64_t left = raw->each_of, bit;

	do {
		bit = left & -left;
		left &= ~bit;
		request.control = raw->control | bit;
		if (call_once(prober, caller, &request, finding))
			return;
	} while (left && finding->got == condition->status);
}

static void ask_by_call(struct prober *prober,
			const struct condition *condition, enum caller caller,
			struct finding *finding)
{
	uint16_t code = condition->raw.control & HV_CONTROL_CODE_MASK;
	union call_input input = condition->raw.input;

	if (resolve_input(prober, code, &input, finding) ||
	    set_up(prober, condition->needs, finding))
		return;
	call_with_bits(prober, condition, caller, &input, finding);
	tear_down(prober, condition->needs);
}

static void create_until_full(struct prober *prober, struct finding *finding)
{
	uint32_t first = prober->base + SCRATCH, count = 0;

	if (need_peer(prober, finding))
		return;
	do
		finding->got = create_port(prober, first + count);
	while (finding->got == HV_STATUS_SUCCESS && ++count < TRIES_MAX);
	delete_own_ports(prober, count);
}

static void connect_until_full(struct prober *prober, struct finding *finding)
{
	uint32_t first = prober->base + SCRATCH, count = 0;

	if (need_peer(prober, finding))
		return;
	do
		finding->got = connect_port(prober, prober->peer,
					    first + count);
	while (finding->got == HV_STATUS_SUCCESS && ++count < TRIES_MAX);
	disconnect_own(prober, count);
	if (finding->got == HV_STATUS_INVALID_PORT_ID)
		unreachable(finding, "the peer has only %u spare ports", count);
}

static void ask(struct prober *prober, const struct condition *condition,
		enum caller caller, struct finding *finding)
{
	switch (condition->way) {
	case WAY_POST:
	case WAY_POST_UNTIL_FULL:
		ask_by_post(prober, condition, caller, finding);
		break;
	case WAY_SIGNAL:
		ask_by_signal(prober, condition, caller, finding);
		break;
	case WAY_CALL:
		ask_by_call(prober, condition, caller, finding);
		break;
	case WAY_CREATE_UNTIL_FULL:
		create_until_full(prober, finding);
		break;
	case WAY_CONNECT_UNTIL_FULL:
		connect_until_full(prober, finding);
		break;
	}
}

/* Posts and signals have functions of their own, which every target has. */
static int need_calls(const struct prober *prober, enum way way,
		      struct finding *finding)
{
	if (way == WAY_POST || way == WAY_POST_UNTIL_FULL ||
	    way == WAY_SIGNAL || !prober->call_error)
		return 0;
	if (prober->call_error == -EOPNOTSUPP)
		return unreachable(finding, "this target issues no calls of a "
				   "program's own");
	return unreachable(finding, "calls cannot be issued: %s",
			   strerror(-prober->call_error));
}

static void judge(struct prober *prober, const struct condition *condition,
		  struct finding *finding)
{
	enum caller caller;

	if (need_calls(prober, condition->way, finding) ||
	    find_caller(prober, condition, &caller, finding))
		return;
	ask(prober, condition, caller, finding);
	if (finding->verdict == VERDICT_PASS &&
	    finding->got != condition->status)
		finding->verdict = VERDICT_FAIL;
	check_restricted(prober, caller, condition, finding);
}

void probe(struct prober *prober, const struct condition *condition,
	   struct finding *finding)
{
	sigset_t before;

	*finding = (struct finding){ .verdict = VERDICT_PASS };
	hold_signals(&before);
	judge(prober, condition, finding);
	let_signals_in(&before);
}
