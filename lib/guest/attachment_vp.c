// SPDX-License-Identifier: MIT
#include "attachment_vp.h"

#include <assert.h>
#include <string.h>

static_assert(HVPOST_HYPERCALL_MEMORY_MAX == HVPOST_ATTACH_PAGES_SIZE,
	      "a VP's pages hold the memory of any call");

/* Memory that does not fit into a slot lies in the VP's pages. */
static int run_in_pages(struct attachment_vp *vp, struct call_request *request,
			const struct hvpost_call *call)
{
	int err;

	request->call.flags = HVPOST_ATTACH_IN_PAGES;
	pthread_mutex_lock(&vp->pages_lock);
	memcpy(vp->shared->pages, call->memory, call->memory_size);
	err = call_ring_run(&vp->ring, request, NULL);
	if (!err)
		memcpy(call->memory, vp->shared->pages, call->memory_size);
	pthread_mutex_unlock(&vp->pages_lock);
	return err;
}

int attachment_vp_call(struct attachment_vp *vp, const struct hvpost_call *call,
		       uint64_t *result)
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
		err = run_in_pages(vp, &request, call);
	} else {
		request.memory = call->memory_size ? call->memory : NULL;
		err = call_ring_run(&vp->ring, &request,
				    request.memory ? call->memory : NULL);
	}
	*result = request.call.result;
	return err;
}

int attachment_vp_write_msr(struct attachment_vp *vp, uint32_t msr,
			    uint64_t value)
{
	struct call_request request = {
		.call = {
			.kind = HVPOST_ATTACH_WRITE_MSR,
			.control = msr,
			.input = value,
		},
	};
	int err = call_ring_run(&vp->ring, &request, NULL);

	return err ? err : request.call.error;
}

/* What a VP asks of hvhost while it receives. */

static void write_eom(void *context, bool wait)
{
	struct attachment_vp *vp = context;

	if (wait) {
		attachment_vp_write_msr(vp, HV_MSR_EOM, 0);
		return;
	}
	__atomic_fetch_add(&vp->shared->words.eoms, 1, __ATOMIC_SEQ_CST);
	call_host_wake(vp->ring.host);
}

static int write_sint(void *context, unsigned int sint, uint64_t value)
{
	return attachment_vp_write_msr(context, HV_MSR_SINT0 + sint, value);
}

static int add_slots(void *context, unsigned int sint, struct slots *slots)
{
	struct attachment_vp *vp = context;
	struct call_request request = {
		.call = { .kind = HVPOST_ATTACH_ADD_SLOTS, .control = sint },
	};
	int err = call_ring_run(&vp->ring, &request, NULL);

	if (!err)
		err = request.call.error;
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

void attachment_vp_init(struct attachment_vp *vp, const struct call_host *host,
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

int attachment_vp_start(struct attachment_vp *vp)
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
					      writes[i].value);
	return err;
}
