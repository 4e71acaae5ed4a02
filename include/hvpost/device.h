/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * device.h - the ABI of /dev/hvpost. See hvpost(4) for the manual.
 *
 * Rules that hold for every call:
 *  - fixed-width fields, no holes, sizes a multiple of 8, pointers as __u64;
 *  - a field named "reserved" and every flag not defined here must be zero,
 *    otherwise EINVAL; an unknown command is ENOTTY; a bad pointer is EFAULT;
 *  - "out" fields are written whether the call succeeds or the hypervisor
 *    refuses it, so the raw HV_STATUS is always there beside errno;
 *  - a new need gets a new command or a new flag, never a new meaning.
 */
#ifndef HVPOST_DEVICE_H
#define HVPOST_DEVICE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define HVPOST_DEVICE_PATH	"/dev/hvpost"
#define HVPOST_IOC_MAGIC	0xBC

/* No hypercall was issued: the call was refused before it. */
#define HVPOST_STATUS_NONE	0xffffffffu

/* How posts reach the hypervisor (struct hvpost_ioc_info.hypercall) */
#define HVPOST_HYPERCALL_KERNEL	1	/* the kernel's own call path */
#define HVPOST_HYPERCALL_PAGE	2	/* a hypercall page in the module */
#define HVPOST_HYPERCALL_VMCALL	3	/* the bare Intel instruction */
#define HVPOST_HYPERCALL_VMMCALL 4	/* the bare AMD instruction */

/* Who switched the SynIC of the CPUs on (struct hvpost_ioc_info.synic) */
#define HVPOST_SYNIC_OWNED	1	/* this driver, on every online CPU */
#define HVPOST_SYNIC_SHARED	2	/* somebody else, on every online CPU */
#define HVPOST_SYNIC_MIXED	3	/* not the same on all of them */

/**
 * struct hvpost_ioc_info - what this driver is and found (HVPOST_IOC_INFO)
 * @hypercall:		HVPOST_HYPERCALL_*
 * @synic:		HVPOST_SYNIC_*
 * @privileges_low:	CPUID 0x40000003 EAX: partition privileges 31:0
 * @privileges_high:	CPUID 0x40000003 EBX: partition privileges 63:32
 * @sints_bound:	bit n: SINT n is bound by some open file
 * @sints_busy:		bit n: SINT n is unmasked on some online CPU, not by us;
 *			without CAP_SYS_ADMIN this may be a second old
 * @vps_online:		number of CPUs that receive now
 * @vmbus_loaded:	1 while hv_vmbus is loaded, or built in and at work; else 0
 * @guest_os_id:	the GUEST_OS_ID in force
 * @version:		driver version as text, NUL-terminated
 */
struct hvpost_ioc_info {
	__u32 hypercall;
	__u32 synic;
	__u32 privileges_low;
	__u32 privileges_high;
	__u32 sints_bound;
	__u32 sints_busy;
	__u32 vps_online;
	__u32 vmbus_loaded;
	__u64 guest_os_id;
	char  version[32];
	__u64 reserved[4];
};

/* Also wait out INVALID_CONNECTION_ID, which some hosts use to throttle. */
#define HVPOST_POST_RETRY_CONNECTION	(1u << 0)
/*
 * Let the hypervisor refuse what the ABI forbids: any message type and size go
 * into its input as given. Of a payload over 240 bytes the first 240 are read.
 */
#define HVPOST_POST_UNCHECKED		(1u << 1)

/* Times are CLOCK_MONOTONIC of the initial time namespace. */
#define HVPOST_DEADLINE_NONE	0ull	/* one try */
#define HVPOST_DEADLINE_NEVER	(~0ull)	/* as long as it takes */

/**
 * struct hvpost_ioc_post - HvCallPostMessage (HVPOST_IOC_POST)
 * @flags:		HVPOST_POST_*
 * @connection_id:	24 bits; 1 to 4 are VMBus's and need CAP_SYS_ADMIN
 * @message_type:	1 to 0x7fffffff, unless HVPOST_POST_UNCHECKED
 * @payload_size:	0 to 240 bytes, unless HVPOST_POST_UNCHECKED
 * @payload:		address of the payload; ignored if the size is 0
 * @deadline_ns:	absolute CLOCK_MONOTONIC time until which transient
 *			statuses are retried, or HVPOST_DEADLINE_*. O_NONBLOCK
 *			overrides it: one try.
 * @status:		out: HV_STATUS of the last try, or HVPOST_STATUS_NONE
 * @attempts:		out: how many hypercalls were issued
 * @reserved:		zero
 *
 * EAGAIN: transient, and no time was given. ETIMEDOUT: still transient at the
 * deadline. Transient is also that the driver has let go for a suspend or a reboot. EINTR: a signal ended the wait; nothing was posted. EMSGSIZE: more
 * than 240 bytes. EPERM: a VMBus connection without CAP_SYS_ADMIN, or in a
 * kernel that is locked down. EBUSY: a VMBus connection while hv_vmbus is loaded.
 * EACCES: the administrator's list (parameter allow) gives the connection to no
 * group of the caller's. Any other status: its errno in hyperv_status.h.
 *
 * Without CAP_SYS_ADMIN a user may have a quota of hypercalls (parameter
 * posts_per_second). A post over it is as one that was refused for now: EAGAIN or
 * ETIMEDOUT, with the status and attempts of the tries before, if any.
 */
struct hvpost_ioc_post {
	__u32 flags;
	__u32 connection_id;
	__u32 message_type;
	__u32 payload_size;
	__u64 payload;
	__u64 deadline_ns;
	__u32 status;
	__u32 attempts;
	__u64 reserved;
};

#define HVPOST_POSTS_MAX	1024u

/**
 * struct hvpost_ioc_post_many - several posts in order (HVPOST_IOC_POST_MANY)
 * @flags:		zero
 * @count:		how many, 1 to HVPOST_POSTS_MAX
 * @posts:		address of as many struct hvpost_ioc_post; their
 *			deadline_ns must be zero
 * @deadline_ns:	as for one post, for all of them together
 * @done:		out: how many were posted, from the first on
 * @reserved32:		zero
 * @reserved:		zero
 *
 * Each goes out as HVPOST_IOC_POST would send it, and none before the one in
 * front of it has succeeded. The first that fails ends the call; so does a signal
 * that comes after one succeeded. @status and @attempts of each that was tried
 * are written, those of the others are left as they were.
 *
 * The call succeeds if @done is not 0; else it fails with the errno of the first
 * post. So repeat it from @done on, and get the error of the one that failed.
 * EINVAL also: @count is out of range.
 */
struct hvpost_ioc_post_many {
	__u32 flags;
	__u32 count;
	__u64 posts;
	__u64 deadline_ns;
	__u32 done;
	__u32 reserved32;
	__u64 reserved;
};

/**
 * struct hvpost_ioc_signal - HvCallSignalEvent (HVPOST_IOC_SIGNAL)
 * @flags:		zero
 * @connection_id:	as for posts
 * @flag_number:	0 to 2047, relative to the port's base flag
 * @reserved16:		zero
 * @status:		out: HV_STATUS, or HVPOST_STATUS_NONE
 * @reserved:		zero
 *
 * Does not wait: EAGAIN, with HVPOST_STATUS_NONE, if the quota is used up, or the
 * driver has let go for a suspend or a reboot.
 */
struct hvpost_ioc_signal {
	__u32 flags;
	__u32 connection_id;
	__u16 flag_number;
	__u16 reserved16;
	__u32 status;
	__u64 reserved;
};

/* Receive the SINT's event flags as well: see HVPOST_RECORD_EVENT. */
#define HVPOST_BIND_EVENTS	(1u << 0)
/* Let others have the SINT too, who say the same. */
#define HVPOST_BIND_SHARED	(1u << 1)

#define HVPOST_RING_RECORDS_DEFAULT	64u
#define HVPOST_RING_RECORDS_MAX		4096u
#define HVPOST_SHARERS_MAX		16u

/**
 * struct hvpost_ioc_bind - receive a SINT through this file (HVPOST_IOC_BIND)
 * @flags:		HVPOST_BIND_*
 * @sint:		1 to 15; 2 is VMBus's and needs CAP_SYS_ADMIN
 * @ring_records:	records kept per CPU, up to HVPOST_RING_RECORDS_MAX;
 *			0 means the default; out: what was taken, a power of 2
 * @reserved32:		zero
 * @reserved:		zero
 *
 * A file binds one SINT. EBUSY: this file has a SINT, another file has this one
 * and not both say SHARED, or it is unmasked already by somebody else. EOPNOTSUPP:
 * EVENTS where somebody else owns the SynIC and gives it no page for flags. EDQUOT:
 * more memory than the parameter ring_bytes_max gives a file of a caller without
 * CAP_SYS_ADMIN. Closing the file masks and frees it. Loading hv_vmbus takes SINT 2
 * away: then poll() says POLLHUP, and read() returns what came and after that
 * ENODEV.
 *
 * Of a shared SINT each of up to HVPOST_SHARERS_MAX files (EBUSY: they are that
 * many) gets a copy of all that comes while it is bound. What finds the ring of
 * one full is dropped for that file alone, and counted: a reader that sleeps holds
 * up neither the host nor the others.
 */
struct hvpost_ioc_bind {
	__u32 flags;
	__u32 sint;
	__u32 ring_records;
	__u32 reserved32;
	__u64 reserved;
};

/**
 * struct hvpost_ioc_rings - where the bound SINT's rings are (HVPOST_IOC_RINGS)
 * @ring_count:		rings, one for each CPU number; that of a CPU which was not
 *			there at the bind stays empty, and has no records
 * @ring_records:	records in each, a power of 2
 * @words_offset:	for mmap(): one struct hvpost_ring_words after the other,
 *			to be mapped for reading and writing
 * @words_size:		whole pages, in bytes
 * @records_offset:	for mmap(): the records, to be mapped for reading alone
 * @records_size:	whole pages, in bytes
 * @ring_stride:	bytes from a ring's first record to the next one's
 * @reserved:		zero
 *
 * A reader that has mapped the two, with MAP_SHARED, takes messages without any
 * call. For each ring, with words w and records r:
 *
 *	head = load-acquire of w->head
 *	while (tail != head)
 *		use r[tail++ % ring_records]
 *	store-release of w->tail = tail
 *	full memory barrier
 *	if (w->stalled)
 *		ioctl(HVPOST_IOC_RESUME)
 *
 * and calls poll() when all are empty; what that tells of can be seen in w->head.
 * @tail begins as w->tail; it need not wait for the end of the loop to be stored.
 * Parts of the two may be mapped, and more than once. Of a file that has been mapped
 * read() is EBUSY for good, for the driver then takes no word from anybody about what
 * has been read.
 *
 * The driver believes nothing of what is written there: a wrong tail costs the
 * reader messages of its own, or leaves them with the host, and no more. It keeps
 * its own head; what a reader writes there is overwritten.
 *
 * A mapping, also one that a child of fork() inherited, keeps the file open, and
 * so its SINT. ENOTCONN: no SINT is bound.
 */
struct hvpost_ioc_rings {
	__u32 ring_count;
	__u32 ring_records;
	__u64 words_offset;
	__u64 words_size;
	__u64 records_offset;
	__u64 records_size;
	__u64 ring_stride;
	__u64 reserved[2];
};

/**
 * struct hvpost_ring_words - what driver and reader tell each other of a ring
 * @head:		the driver's: records that there have been; wraps
 * @stalled:		the driver's: 1 while something was left with the host, for
 *			want of room
 * @reserved:		leave alone
 * @tail:		the reader's: records that it has taken; wraps
 * @reader_reserved:	leave alone
 *
 * Each side writes a cache line of its own.
 */
struct hvpost_ring_words {
	__u32 head;
	__u32 stalled;
	__u32 reserved[14];
	__u32 tail;
	__u32 reader_reserved[15];
};

#define HVPOST_FILTER_RULES_MAX	8u

/**
 * struct hvpost_filter_rule - what a file wants to receive
 * @type_min:		lowest and highest message type; 0 is that of an event
 * @type_max:
 * @origin:		value of those bits of a record's origin that
 * @origin_mask:	has set; 0: any origin
 */
struct hvpost_filter_rule {
	__u32 type_min;
	__u32 type_max;
	__u64 origin;
	__u64 origin_mask;
};

/**
 * struct hvpost_ioc_filter - receive only some of what comes (HVPOST_IOC_FILTER)
 * @rule_count:		rules, up to HVPOST_FILTER_RULES_MAX; 0: all is received
 * @reserved32:		zero
 * @reserved:		zero
 * @rules:		a record passes if any of them matches; those that are not
 *			in use are zero
 *
 * What does not pass is taken from its slot or flag, counted, and gone; it needs no
 * room, and no sequence number. A filter is set before the bind, so that all
 * records of a file have passed the same: after it, EBUSY. EINVAL as well: a rule
 * that nothing can match, for type_min is above type_max or origin has bits that
 * origin_mask has not.
 */
struct hvpost_ioc_filter {
	__u32 rule_count;
	__u32 reserved32;
	__u64 reserved;
	struct hvpost_filter_rule rules[HVPOST_FILTER_RULES_MAX];
};

/**
 * struct hvpost_ioc_counters - of the bound SINT (HVPOST_IOC_COUNTERS)
 * @messages:		taken from slots into this file's rings
 * @interrupts:		handled
 * @empty:		of these, interrupts that found nothing
 * @eoms:		EOM writes
 * @stalls:		times the ring was full and a slot or flag left as it was
 * @oversize:		slots that claimed more than 240 bytes, cut to 240
 * @events:		flags taken into this file's rings
 * @dropped:		messages and events that a ring of a shared SINT had no
 *			room for
 * @filtered:		messages and events that no rule of the filter matched
 * @losses:		times that the SINT, or the SynIC, of some CPU was found
 *			changed by somebody else: messages may be missing. Until
 *			this call has told of it, poll() says POLLPRI.
 * @reserved:		zero
 *
 * All since this file's bind, but for interrupts, empty and eoms of a shared SINT:
 * these are the SINT's, since its first bind.
 */
struct hvpost_ioc_counters {
	__u64 messages;
	__u64 interrupts;
	__u64 empty;
	__u64 eoms;
	__u64 stalls;
	__u64 oversize;
	__u64 events;
	__u64 dropped;
	__u64 filtered;
	__u64 losses;
	__u64 reserved[6];
};

/* The slot claimed more than 240 bytes; 240 were taken. */
#define HVPOST_RECORD_OVERSIZE	(1u << 0)
/*
 * An event: flag number @origin, 0 to 2047, was signalled, once or more often, and
 * is clear again. Type and payload size are 0. A flag that was set before the bind
 * is an event, too.
 */
#define HVPOST_RECORD_EVENT	(1u << 1)

/**
 * struct hvpost_record - a received message or event, as read() returns it and rings hold it
 * @sequence:		1, 2, 3, ... per VP since the SINT was bound; of a shared
 *			SINT with a gap of one for each that was dropped
 * @time_ns:		CLOCK_MONOTONIC when the slot, or the flag, was taken
 * @origin:		as the slot had it: sender's port id, or 0; or the flag
 * @vp_index:		VP whose slot or flag it was
 * @message_type:	as the slot had it
 * @sint:		SINT it arrived at
 * @payload_size:	0 to 240
 * @message_flags:	as the slot had it
 * @flags:		HVPOST_RECORD_*
 * @reserved:		zero
 * @payload:		@payload_size bytes, then zeros
 *
 * read() returns whole records only, as many as fit and are there; a buffer
 * smaller than one record is EINVAL, a file without a SINT ENOTCONN, one that has
 * been mapped EBUSY. Records of one VP come in order of arrival; between VPs no
 * order is promised.
 */
struct hvpost_record {
	__u64 sequence;
	__u64 time_ns;
	__u64 origin;
	__u32 vp_index;
	__u32 message_type;
	__u8  sint;
	__u8  payload_size;
	__u8  message_flags;
	__u8  flags;
	__u32 reserved;
	__u8  payload[240];
};

#define HVPOST_IOC_INFO	_IOR(HVPOST_IOC_MAGIC, 0x00, struct hvpost_ioc_info)
#define HVPOST_IOC_POST	_IOWR(HVPOST_IOC_MAGIC, 0x01, struct hvpost_ioc_post)
#define HVPOST_IOC_SIGNAL _IOWR(HVPOST_IOC_MAGIC, 0x02, struct hvpost_ioc_signal)
#define HVPOST_IOC_BIND	_IOWR(HVPOST_IOC_MAGIC, 0x03, struct hvpost_ioc_bind)
#define HVPOST_IOC_COUNTERS \
	_IOR(HVPOST_IOC_MAGIC, 0x04, struct hvpost_ioc_counters)
#define HVPOST_IOC_POST_MANY \
	_IOWR(HVPOST_IOC_MAGIC, 0x05, struct hvpost_ioc_post_many)
#define HVPOST_IOC_RINGS _IOR(HVPOST_IOC_MAGIC, 0x06, struct hvpost_ioc_rings)
/* Take up what was left with the host; no argument. Nothing to do is no error. */
#define HVPOST_IOC_RESUME _IO(HVPOST_IOC_MAGIC, 0x07)
#define HVPOST_IOC_FILTER _IOW(HVPOST_IOC_MAGIC, 0x08, struct hvpost_ioc_filter)

#endif /* HVPOST_DEVICE_H */
