/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace points. Their names and arguments are kept: new arguments go to the
 * end. What they point to is as <hvpost/device.h> says.
 *
 * Payloads are private to sender and receiver. So none is printed or kept in the
 * kernel's trace; only a BPF program, which may read all memory anyway, finds it
 * by the arguments: at the end of struct hvpost_record, or as hvpost_post's payload.
 *
 * Each of them is passed exactly as often as the counter of its name counts.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hvpost

#if !defined(HVP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define HVP_TRACE_H

#include <linux/tracepoint.h>

#include <hvpost/device.h>
#include <hvpost/hyperv_status.h>

#ifndef HVP_TRACE_STATUS
#define HVP_TRACE_STATUS_ROW(name, value, err, retry, meaning) \
	{ value, #name },
#define HVP_TRACE_STATUS(status)					\
	__print_symbolic(status, HV_STATUS_TABLE(HVP_TRACE_STATUS_ROW)	\
			 { HVPOST_STATUS_NONE, "none" })
#endif

/*
 * A post ended. @err: 0 or the errno that the caller gets, negative; @duration_ns:
 * all tries and the waits between them, or 0 if it began before the trace did;
 * @payload: what the hypervisor was last shown, NULL if nothing.
 */
TRACE_EVENT(hvpost_post,
	TP_PROTO(const struct hvpost_ioc_post *post, int err, u64 duration_ns,
		 const u8 *payload),
	TP_ARGS(post, err, duration_ns, payload),
	TP_STRUCT__entry(
		__field(u64, duration_ns)
		__field(u32, connection_id)
		__field(u32, message_type)
		__field(u32, payload_size)
		__field(u32, status)
		__field(u32, attempts)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->duration_ns = duration_ns;
		__entry->connection_id = post->connection_id;
		__entry->message_type = post->message_type;
		__entry->payload_size = post->payload_size;
		__entry->status = post->status;
		__entry->attempts = post->attempts;
		__entry->err = err;
	),
	TP_printk("connection=0x%x type=0x%x size=%u status=%s (0x%x) attempts=%u err=%d duration_ns=%llu",
		  __entry->connection_id, __entry->message_type,
		  __entry->payload_size, HVP_TRACE_STATUS(__entry->status),
		  __entry->status, __entry->attempts, __entry->err,
		  __entry->duration_ns)
);

TRACE_EVENT(hvpost_signal,
	TP_PROTO(const struct hvpost_ioc_signal *signal, int err),
	TP_ARGS(signal, err),
	TP_STRUCT__entry(
		__field(u32, connection_id)
		__field(u32, flag_number)
		__field(u32, status)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->connection_id = signal->connection_id;
		__entry->flag_number = signal->flag_number;
		__entry->status = signal->status;
		__entry->err = err;
	),
	TP_printk("connection=0x%x flag=%u status=%s (0x%x) err=%d",
		  __entry->connection_id, __entry->flag_number,
		  HVP_TRACE_STATUS(__entry->status), __entry->status,
		  __entry->err)
);

/* A message, or an event flag, that has come. */
DECLARE_EVENT_CLASS(hvpost_record,
	TP_PROTO(const struct hvpost_record *record),
	TP_ARGS(record),
	TP_STRUCT__entry(
		__field(u64, origin)
		__field(u32, vp_index)
		__field(u32, sint)
		__field(u32, message_type)
		__field(u32, payload_size)
		__field(u32, flags)
	),
	TP_fast_assign(
		__entry->origin = record->origin;
		__entry->vp_index = record->vp_index;
		__entry->sint = record->sint;
		__entry->message_type = record->message_type;
		__entry->payload_size = record->payload_size;
		__entry->flags = record->flags;
	),
	TP_printk("vp=%u sint=%u type=0x%x size=%u origin=0x%llx flags=0x%x",
		  __entry->vp_index, __entry->sint, __entry->message_type,
		  __entry->payload_size, __entry->origin, __entry->flags)
);

/* It was taken out of the slot, and given to all who listen. */
DEFINE_EVENT(hvpost_record, hvpost_slot,
	TP_PROTO(const struct hvpost_record *record), TP_ARGS(record));

/* Its flag was cleared, and the event given to all who listen; flag=origin. */
DEFINE_EVENT(hvpost_record, hvpost_flag,
	TP_PROTO(const struct hvpost_record *record), TP_ARGS(record));

/* One of those who share the SINT had no room for it, and has lost it. */
DEFINE_EVENT(hvpost_record, hvpost_drop,
	TP_PROTO(const struct hvpost_record *record), TP_ARGS(record));

DECLARE_EVENT_CLASS(hvpost_place,
	TP_PROTO(u32 vp_index, u32 sint),
	TP_ARGS(vp_index, sint),
	TP_STRUCT__entry(
		__field(u32, vp_index)
		__field(u32, sint)
	),
	TP_fast_assign(
		__entry->vp_index = vp_index;
		__entry->sint = sint;
	),
	TP_printk("vp=%u sint=%u", __entry->vp_index, __entry->sint)
);

DEFINE_EVENT(hvpost_place, hvpost_eom,
	TP_PROTO(u32 vp_index, u32 sint), TP_ARGS(vp_index, sint));

/* The reader has no room: what comes waits in the slot, and then with the host. */
DEFINE_EVENT(hvpost_place, hvpost_ring_full,
	TP_PROTO(u32 vp_index, u32 sint), TP_ARGS(vp_index, sint));

/* It has again, and what waited is taken. */
DEFINE_EVENT(hvpost_place, hvpost_ring_resumed,
	TP_PROTO(u32 vp_index, u32 sint), TP_ARGS(vp_index, sint));

/* @owner: HVPOST_SYNIC_OWNED, _SHARED, or 0: nobody whom we can receive by. */
TRACE_EVENT(hvpost_owner,
	TP_PROTO(u32 vp_index, u32 owner),
	TP_ARGS(vp_index, owner),
	TP_STRUCT__entry(
		__field(u32, vp_index)
		__field(u32, owner)
	),
	TP_fast_assign(
		__entry->vp_index = vp_index;
		__entry->owner = owner;
	),
	TP_printk("vp=%u owner=%s", __entry->vp_index,
		  __print_symbolic(__entry->owner, { 0, "none" },
				   { HVPOST_SYNIC_OWNED, "owned" },
				   { HVPOST_SYNIC_SHARED, "shared" }))
);

#endif /* HVP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
