// SPDX-License-Identifier: MIT
#include "attachment_vp.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "deadline.h"

static_assert(HVPOST_HYPERCALL_MEMORY_MAX == HVPOST_ATTACH_PAGES_SIZE,
	      "a VP's pages hold the memory of any call");

/* Return 0, or as call_ring_wait() does. */
static int find_pages(struct attachment_vp *vp, struct call_limits *limits)
{
	int err = 0;

	if (vp->pages_are_lost)
		err = call_ring_wait(&vp->ring, vp->pages_call, limits);
	if (!err)
		vp->pages_are_lost = false;
	return err;
}

/* Memory that does not fit into a slot lies in the VP's pages. */
static int run_in_pages(struct attachment_vp *vp, struct call_request *request,
			const struct hvpost_call *call,
			struct call_limits *limits)
{
	int err;

	request->call.flags = HVPOST_ATTACH_IN_PAGES;
	pthread_mutex_lock(&vp->pages_lock);
	err = find_pages(vp, limits);
	if (!err) {
		memcpy(vp->shared->pages, call->memory, call->memory_size);
		err = call_ring_run(&vp->ring, request, limits);
	}
	if (!err)
		memcpy(call->memory, vp->shared->pages, call->memory_size);
	if (err == -EINPROGRESS) {
		vp->pages_are_lost = true;
		vp->pages_call = request->number;
	}
	pthread_mutex_unlock(&vp->pages_lock);
	return err;
}

int attachment_vp_call(struct attachment_vp *vp, const struct hvpost_call *call,
		       struct call_limits *limits, uint64_t *result)
{
	struct call_request request = {
		.call = {
			.kind = HVPOST_ATTACH_HYPERCALL,
			.control = call->control,
			.input = call->input,
			.output = call->output,
			.memory_size = (uint32_t)call->memory_size,
		},
	};
	int err;

	if (call->memory_size > HVPOST_ATTACH_SLOT_SIZE) {
		err = run_in_pages(vp, &request, call, limits);
	} else {
		request.memory = call->memory_size ? call->memory : NULL;
		request.output = call->memory_size ? call->memory : NULL;
		err = call_ring_run(&vp->ring, &request, limits);
	}
	*result = request.call.result;
	return err;
}

/* A call that may be made late as well, or once more. */
static int run_until(struct attachment_vp *vp, struct call_request *request,
		     uint64_t deadline_ns)
{
	uint64_t now_ns = hvpost_deadline_clock();
	/* A signal is no reason to do it by halves. */
	struct call_limits limits = {
		.patience_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0,
	};
	int err = call_ring_run(&vp->ring, request, &limits);

	return err == -EINPROGRESS || err == -EAGAIN || err == -EINTR ?
		       -ETIMEDOUT : err;
}

int attachment_vp_write_msr(struct attachment_vp *vp, uint32_t msr,
			    uint64_t value, uint64_t deadline_ns)
{
	struct call_request request = {
		.call = {
			.kind = HVPOST_ATTACH_WRITE_MSR,
			.control = msr,
			.input = value,
		},
	};

	return run_until(vp, &request, deadline_ns);
}

/* What a VP asks of hvhost while it receives. */

static void write_eom(void *context, bool wait)
{
	struct attachment_vp *vp = context;

	if (wait) {
		attachment_vp_write_msr(vp, HV_MSR_EOM, 0,
					hvpost_deadline_clock() +
						CALL_PATIENCE_NS);
		return;
	}
	__atomic_fetch_add(&vp->shared->words.eoms, 1, __ATOMIC_SEQ_CST);
	call_host_wake(vp->ring.host);
}

static int write_sint(void *context, unsigned int sint, uint64_t value,
		      uint64_t deadline_ns)
{
	return attachment_vp_write_msr(context, HV_MSR_SINT0 + sint, value,
				       deadline_ns);
}

static int add_slots(void *context, unsigned int sint, struct slots *slots,
		     uint64_t deadline_ns)
{
	struct attachment_vp *vp = context;
	struct call_request request = {
		.call = { .kind = HVPOST_ATTACH_ADD_SLOTS, .control = sint },
	};
	int err = run_until(vp, &request, deadline_ns);

	if (err)
		return err;
	slots->more = vp->shared->slot[sint];
	slots->count = 1 + HVPOST_ATTACH_MORE_SLOTS;
	return 0;
}

static const struct receiver_ops receiver_ops = {
	.eom = write_eom,
	.write_sint = write_sint,
	.add_slots = add_slots,
};

void attachment_vp_init(struct attachment_vp *vp, struct call_host *host,
			struct hvpost_attach_vp *shared, uint32_t vp_index)
{
	vp->shared = shared;
	call_ring_init(&vp->ring, host, shared);
	pthread_mutex_init(&vp->pages_lock, NULL);
	vp->receiver.ops = &receiver_ops;
	vp->receiver.context = vp;
	vp->receiver.sim = &shared->sim;
	vp->receiver.sief = &shared->sief;
	vp->receiver.vp_index = vp_index;
	vp->receiver.noted = &shared->words.asserted;
	receiver_init(&vp->receiver);
}

void attachment_vp_destroy(struct attachment_vp *vp)
{
	receiver_destroy(&vp->receiver);
	pthread_mutex_destroy(&vp->pages_lock);
	call_ring_destroy(&vp->ring);
}

int attachment_vp_start(struct attachment_vp *vp, uint64_t deadline_ns)
{
	static const struct {
		uint32_t msr;
		uint64_t value;
	} writes[] = {
		{ HV_MSR_SIMP, HVPOST_ATTACH_SIM_GPA | HV_PAGE_ENABLE },
		{ HV_MSR_SIEFP, HVPOST_ATTACH_SIEF_GPA | HV_PAGE_ENABLE },
		{ HV_MSR_SCONTROL, HV_SCONTROL_ENABLE },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]) && !err; i++)
		err = attachment_vp_write_msr(vp, writes[i].msr,
					      writes[i].value, deadline_ns);
	return err;
}
