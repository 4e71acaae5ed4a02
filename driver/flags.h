/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the event flags of a SINT mean. Pure: the unit tests run it as it stands.
 */
#ifndef HVP_FLAGS_H
#define HVP_FLAGS_H

#include <hvpost/device.h>
#include <hvpost/hyperv.h>

/*
 * The first flag from @from on that is set; HV_EVENT_FLAG_COUNT: none is. The host
 * may set others at any time: each word is read once.
 */
unsigned int hvp_flags_next(const struct hv_event_flags *flags,
			    unsigned int from);

/*
 * Fill the parts of @record that a flag decides: everything except sequence,
 * time_ns, vp_index and sint.
 */
void hvp_flags_decode(struct hvpost_record *record, unsigned int flag);

#endif /* HVP_FLAGS_H */
