/* SPDX-License-Identifier: MIT */
/*
 * hvpost.h - libhvpost: post Hyper-V messages, signal events, receive what
 * arrives in the SIM slots of this partition.
 *
 * A handle stands for one place to post from and receive at, its *target*:
 *
 *   "device" or "device:PATH"   hvpost.ko through /dev/hvpost (or PATH)
 *   "embedded" or "embedded:partition=NAME"
 *				 a machine inside this process, see section 6
 *   "host:SOCKET[,partition=NAME][,receiver=NAME]"
 *				 a running hvhost, see section 7
 *
 * The error rule. A function that can fail returns 0 (or a count) on success
 * and a negative errno value on failure; errno itself is left alone. Each
 * function lists the values worth testing for; others may occur. NULL for an
 * argument that is not marked "may be NULL" is a bug of the caller.
 *
 * The status. A hypercall that the hypervisor answered has an HV_STATUS too.
 * hvpost_last_status() returns it raw, also after success; the errno value is
 * only its nearest relative (hyperv_status.h has the table).
 *
 * Deadlines. Every call that may wait takes one: an absolute CLOCK_MONOTONIC
 * time in nanoseconds, HVPOST_NOW (do not wait) or HVPOST_NEVER (no limit).
 * hvpost_deadline_in_ms() makes one from a duration. A call that was ended by
 * a signal (-EINTR) may be repeated with the same deadline. An hvhost that stands
 * still holds calls up for 5 seconds beyond that: see section 7.
 *
 * Threads. Different handles are independent. On one handle, one thread may
 * post and signal while another one binds and receives; two threads in the
 * same half need a lock of the caller's. hvpost_get_info() belongs to neither
 * half. The functions without a handle may be called from anywhere.
 *
 * The library prints nothing, never exits, installs no signal handler and
 * starts no thread.
 *
 * Processes. A handle is of the process that opened it; exec closes it. A child of
 * fork(), so also a daemon that opened before daemon(), can do no more with it than
 * hvpost_close(), which does not disturb the parent; all else fails with -EBADF. It
 * may open handles of its own. Until both are closed, or the child has ended, a SINT of
 * the device stays bound.
 *
 * A small example, whole in examples/echo.c:
 *
 *	struct hvpost *hv;
 *	struct hvpost_message msg;
 *	int err = hvpost_open(NULL, &hv);
 *
 *	if (!err)
 *		err = hvpost_bind(hv, 6, 0);
 *	if (!err)
 *		err = hvpost_post(hv, &(struct hvpost_post){
 *				.connection_id = 0x10, .message_type = 1,
 *				.payload = "hello", .payload_size = 5,
 *			}, hvpost_deadline_in_ms(1000));
 *	if (!err)
 *		err = hvpost_receive(hv, &msg, hvpost_deadline_in_ms(1000));
 */
#ifndef HVPOST_HVPOST_H
#define HVPOST_HVPOST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVPOST_API __attribute__((visibility("default")))

/* Payload bytes of one message, at most (TLFS, Inter-Partition Communication). */
#define HVPOST_PAYLOAD_SIZE_MAX 240u

#define HVPOST_NOW	UINT64_C(0)
#define HVPOST_NEVER	UINT64_MAX

/* hvpost_last_status(): no hypercall of the last call has been answered. */
#define HVPOST_NO_STATUS UINT32_C(0xffffffff)

/* An open target. Its layout is the library's own. */
struct hvpost;

/* 1. The handle */

/**
 * hvpost_open() - open a target
 * @target:	target string (see above); may be NULL: $HVPOST_TARGET if it is
 *		set and not empty, else "device"
 * @handle:	out: the new handle; NULL on failure. Close it with
 *		hvpost_close().
 *
 * Does not block; "host:" waits for hvhost to answer, 5 seconds at most.
 *
 * Return: 0, or -EINVAL: not a target string; -ENOENT or -ENODEV: the device, or
 * the socket, is not there (driver not loaded); -ECONNREFUSED: no hvhost listens
 * at the socket; -EBUSY: another process is this partition; -ENOSPC: hvhost takes
 * no more processes; -EACCES: no permission to open it; -EPROTO: what is there is
 * not an hvpost device, or not an hvhost of this version; -ETIMEDOUT: hvhost does
 * not answer; -EMFILE or -ENFILE: no descriptor is left; -ENOMEM.
 */
HVPOST_API int hvpost_open(const char *target, struct hvpost **handle);

/**
 * hvpost_close() - close a handle and free all that belongs to it
 * @handle:	handle; may be NULL
 *
 * A bound SINT is masked and freed; messages not yet received are lost.
 */
HVPOST_API void hvpost_close(struct hvpost *handle);

/**
 * hvpost_version() - version of the library in use
 *
 * Return: static text such as "0.1.0".
 */
HVPOST_API const char *hvpost_version(void);

/**
 * hvpost_deadline_in_ms() - deadline a duration from now
 * @duration_ms:	milliseconds; negative means no limit
 *
 * Return: the deadline; HVPOST_NEVER where it would lie beyond all time.
 */
HVPOST_API uint64_t hvpost_deadline_in_ms(int64_t duration_ms);

/* 2. What the target is */

/* How posts reach the hypervisor. */
enum hvpost_hypercall {
	HVPOST_CALL_UNKNOWN = 0,
	HVPOST_CALL_KERNEL = 1,		/* the kernel's own call path */
	HVPOST_CALL_PAGE = 2,		/* a hypercall page of the driver */
	HVPOST_CALL_VMCALL = 3,		/* the bare Intel instruction */
	HVPOST_CALL_VMMCALL = 4,	/* the bare AMD instruction */
	HVPOST_CALL_ENGINE = 5,		/* a function call: the host is in here */
	HVPOST_CALL_MEMORY = 6		/* memory shared with hvhost */
};

/* Who switched the SynIC of the VPs on. */
enum hvpost_synic {
	HVPOST_SYNIC_UNKNOWN = 0,
	HVPOST_SYNIC_OURS = 1,		/* the driver, on every online CPU */
	HVPOST_SYNIC_THEIRS = 2,	/* somebody else: its pages are shared */
	HVPOST_SYNIC_DIFFERS = 3	/* not the same on all CPUs */
};

struct hvpost_info {
	enum hvpost_hypercall hypercall;
	enum hvpost_synic synic;
	uint64_t privileges;	/* partition privilege mask (CPUID 0x40000003) */
	uint64_t guest_os_id;	/* GUEST_OS_ID in force */
	uint32_t vps_online;	/* VPs that receive now */
	uint16_t sints_bound;	/* bit n: SINT n is bound by some handle */
	uint16_t sints_busy;	/* bit n: SINT n is in somebody else's use */
	uint8_t vmbus_loaded;	/* hv_vmbus is loaded: connections 1-4 are its */
	char version[32];	/* version of the driver, NUL-terminated */
};

/**
 * hvpost_get_info() - describe the target
 * @handle:	handle
 * @info:	out
 * @info_size:	sizeof(*info); the library fills no more than that, so a
 *		program built against an older header keeps working
 *
 * Return: 0, or -EINVAL: @info_size is 0.
 */
HVPOST_API int hvpost_get_info(struct hvpost *handle, struct hvpost_info *info,
			       size_t info_size);

/* 3. Posting and signalling */

/* Also wait out INVALID_CONNECTION_ID, which some hosts use to throttle. */
#define HVPOST_RETRY_CONNECTION (1u << 0)
/*
 * Let the hypervisor refuse what the ABI forbids: message_type may be anything,
 * payload_size too, with 240 bytes at payload if it is larger. For tests of hosts.
 */
#define HVPOST_UNCHECKED (1u << 1)

struct hvpost_post {
	uint32_t connection_id;	/* 24 bits; 1-4 are VMBus's: CAP_SYS_ADMIN */
	uint32_t message_type;	/* 1 to 0x7fffffff */
	const void *payload;	/* may be NULL if payload_size is 0 */
	uint32_t payload_size;	/* 0 to 240 bytes */
	uint32_t flags;		/* HVPOST_RETRY_CONNECTION, HVPOST_UNCHECKED */
};

/**
 * hvpost_post() - HvCallPostMessage (call 0x005C)
 * @handle:	handle
 * @post:	what to post, where to; only read
 * @deadline_ns: until when a transient refusal is retried. HVPOST_NOW: one try.
 *
 * Success means that the hypervisor queued the message, not that the receiver
 * took it. Transient are INSUFFICIENT_BUFFERS (0x13, and 0x33), TIMEOUT (0x78)
 * and, with HVPOST_RETRY_CONNECTION, INVALID_CONNECTION_ID (0x12). Being over a
 * quota that the administrator set is transient, too, and so is a suspend of the
 * system that is about to begin; then there is no status.
 *
 * Return: 0, or -EAGAIN: refused for now, and the deadline was HVPOST_NOW;
 * -ETIMEDOUT: still refused at the deadline; -EINTR: a signal came, nothing was
 * posted; -EMSGSIZE: over 240 bytes; -EINVAL: type or flags out of range;
 * -EPERM: a VMBus connection without CAP_SYS_ADMIN, or in a kernel that is locked
 * down; -EACCES: the administrator does not allow it to any group of the
 * caller's; -EBUSY: a VMBus connection while hv_vmbus uses it; -EFAULT: payload
 * not readable; -EINPROGRESS: hvhost does not answer, and may post it yet, see
 * section 7; else the errno value of hvpost_last_status().
 */
HVPOST_API int hvpost_post(struct hvpost *handle, const struct hvpost_post *post,
			   uint64_t deadline_ns);

/**
 * hvpost_post_many() - several posts, in order
 * @handle:	handle
 * @posts:	what to post, where to; only read
 * @count:	number of them, 1 to INT_MAX
 * @deadline_ns: until when transient refusals are retried, for all of them
 *
 * Each goes out as hvpost_post() would send it, and none before the one in front
 * of it has succeeded. The first that fails ends the call, and a signal may end it
 * after any of them. Where targets can, many posts cost one call of the other side,
 * or one wake-up of it.
 *
 * Return: how many were posted, from the first on; hvpost_last_status() is that of
 * the last one tried. If not even the first was, what hvpost_post() would return
 * for it: so repeat the call with those that are left, and get the error of the
 * one that failed. At -EINPROGRESS any number of them may have been posted.
 */
HVPOST_API int hvpost_post_many(struct hvpost *handle,
				const struct hvpost_post *posts,
				unsigned int count, uint64_t deadline_ns);

/**
 * hvpost_signal() - HvCallSignalEvent (call 0x005D)
 * @handle:		handle
 * @connection_id:	as for posts
 * @flag_number:	0 to 2047, relative to the port's base flag
 *
 * Waits for nobody but the host itself.
 *
 * Return: 0, or -EINVAL: flag out of range; -EOPNOTSUPP: this partition lacks
 * the SignalEvents privilege, and the driver did not ask the hypervisor; -EPERM,
 * -EACCES, -EBUSY, -EINPROGRESS as hvpost_post(); -EAGAIN: over the quota, or the
 * system is about to be suspended; else the errno value of hvpost_last_status().
 */
HVPOST_API int hvpost_signal(struct hvpost *handle, uint32_t connection_id,
			     uint32_t flag_number);

/**
 * hvpost_last_status() - raw HV_STATUS of the last post or signal
 * @handle:	handle
 *
 * Return: 0 to 0xffff, or HVPOST_NO_STATUS if that call was refused before it
 * reached the hypervisor.
 */
HVPOST_API uint32_t hvpost_last_status(const struct hvpost *handle);

/**
 * hvpost_last_attempts() - hypercalls that the last post took
 * @handle:	handle
 *
 * Return: 0 if none was issued.
 */
HVPOST_API uint32_t hvpost_last_attempts(const struct hvpost *handle);

/*
 * A hypercall word for word. Guest memory ends at HVPOST_HYPERCALL_MEMORY_MAX, and
 * begins with @memory; what lies between can be neither read nor written.
 */
struct hvpost_call {
	uint64_t control;	/* RCX */
	uint64_t input;		/* RDX: offset in @memory, or the first fast word */
	uint64_t output;	/* R8: offset in @memory, or the second fast word */
	void *memory;		/* page 0 of it; may be NULL if the size is 0 */
	size_t memory_size;	/* 0 to HVPOST_HYPERCALL_MEMORY_MAX bytes */
};

#define HVPOST_HYPERCALL_MEMORY_MAX 8192u

/**
 * hvpost_hypercall() - issue a hypercall of any kind, for tests of hosts
 * @handle:	handle
 * @call:	the call; its memory is read before, and written after it
 * @result:	out: RAX
 *
 * Counts as a post for hvpost_last_status() and for threads. Waits for nobody but the
 * host itself.
 *
 * Return: 0: there is a result, whatever it says; -EOPNOTSUPP: this target lets
 * no program issue calls of its own, as the device does not; -EINVAL: memory_size;
 * -EINPROGRESS as hvpost_post(); -EAGAIN: an earlier call is still in hvhost's hands.
 */
HVPOST_API int hvpost_hypercall(struct hvpost *handle,
				const struct hvpost_call *call,
				uint64_t *result);

/* 4. Receiving */

/* The slot claimed more than 240 bytes; payload holds the first 240. */
#define HVPOST_MESSAGE_OVERSIZE (1u << 0)
/*
 * No message, but an event: flag number origin was signalled, once or more often
 * since it was last received. Type and size are 0. Only who binds with
 * HVPOST_WITH_EVENTS receives these.
 */
#define HVPOST_MESSAGE_EVENT (1u << 1)

struct hvpost_message {
	uint64_t sequence;	/* 1, 2, 3, ... per VP since the bind; a gap for
				 * each that a shared SINT's ring had no room for
				 */
	uint64_t time_ns;	/* CLOCK_MONOTONIC when the slot was taken */
	uint64_t origin;	/* sender's port id, or 0 if the host omits it;
				 * an event's flag
				 */
	uint32_t vp_index;	/* VP whose slot it was */
	uint32_t message_type;
	uint32_t payload_size;	/* 0 to 240 */
	uint8_t sint;
	uint8_t message_flags;	/* as the slot had it; bit 0: more was queued */
	uint8_t flags;		/* HVPOST_MESSAGE_* */
	uint8_t payload[HVPOST_PAYLOAD_SIZE_MAX];	/* rest is zero */
};

/**
 * hvpost_bind() - receive a SINT through this handle
 * @handle:		handle
 * @sint:		1 to 15, as the host's port has it; 2 is VMBus's and
 *			needs CAP_SYS_ADMIN
 * @ring_records:	messages kept per VP, up to 4096, rounded up to a power
 *			of 2; 0 means the default, 64
 *
 * A handle binds one SINT; closing it is what unbinds. When the ring of a VP is
 * full, its slot stays occupied: the host queues and then refuses the senders,
 * and nothing is lost.
 *
 * Return: 0, or -EINVAL: SINT or ring size out of range; -EBUSY: this handle
 * has a SINT already, or this SINT is in use; -EPERM: SINT 2 without
 * CAP_SYS_ADMIN; -ENOSPC: no interrupt vector left on some CPU; -EDQUOT: the
 * administrator allows no rings of that size; -ETIMEDOUT: hvhost does not answer;
 * -ENOMEM.
 */
HVPOST_API int hvpost_bind(struct hvpost *handle, unsigned int sint,
			   unsigned int ring_records);

/* Receive the event flags of the SINT as well, in order with its messages. */
#define HVPOST_WITH_EVENTS (1u << 0)
/*
 * Let others have the SINT too, who say the same. Each receives a copy of all that
 * comes while it is bound; what finds no room is dropped for that handle alone, and
 * counted: it holds up neither the host nor the others. Only on the device.
 */
#define HVPOST_SHARED (1u << 1)
/*
 * For messages in bulk, where it matters more how many come than that all is as a
 * guest has it: on hvhost the SINT gets 64 slots, not one, and keeps them as long as
 * this process is that partition. Two on one processor need not change for each
 * message then, and senders are refused later. No difference on other targets.
 */
#define HVPOST_BULK (1u << 2)

struct hvpost_bind {
	unsigned int sint;		/* these two as hvpost_bind() has them */
	unsigned int ring_records;
	uint32_t flags;			/* HVPOST_WITH_EVENTS, _SHARED, _BULK */
};

/**
 * hvpost_bind_with() - hvpost_bind(), with flags
 * @handle:	handle
 * @wish:	what to bind; only read
 *
 * Return: as hvpost_bind(), and -EINVAL: an unknown flag; -EOPNOTSUPP: events where
 * somebody else owns the SynIC and takes none, or a shared SINT on another target
 * than the device.
 */
HVPOST_API int hvpost_bind_with(struct hvpost *handle,
				const struct hvpost_bind *wish);

/* Matches types from type_min to type_max whose origin is as said. */
struct hvpost_rule {
	uint32_t type_min;	/* 0 is the type of events */
	uint32_t type_max;
	uint64_t origin;	/* value of those bits that origin_mask has set */
	uint64_t origin_mask;	/* 0: any origin; UINT64_MAX: this one */
};

#define HVPOST_RULES_MAX 8u

/**
 * hvpost_set_filter() - receive only what some rule matches
 * @handle:	handle without a SINT
 * @rules:	rules, only read; may be NULL if there are none
 * @count:	how many, up to HVPOST_RULES_MAX; 0: receive everything
 *
 * What no rule matches is taken and counted as filtered, and needs no room.
 *
 * Return: 0, or -EINVAL: too many rules, or one that nothing can match, since
 * type_min is above type_max or origin has bits that origin_mask has not; -EBUSY:
 * a SINT is bound.
 */
HVPOST_API int hvpost_set_filter(struct hvpost *handle,
				 const struct hvpost_rule *rules,
				 unsigned int count);

/**
 * hvpost_receive() - take the next message
 * @handle:		handle with a bound SINT
 * @message:		out
 * @deadline_ns:	until when to wait for one
 *
 * Messages of one VP come in order of arrival; between VPs none is promised.
 * On the device no system call is made while messages are there.
 *
 * A target may hold messages that the descriptor of hvpost_get_fd() no longer
 * announces, so call until -EAGAIN (with HVPOST_NOW) before waiting on the
 * descriptor.
 *
 * Return: 0, or -EAGAIN: none there, and the deadline was HVPOST_NOW;
 * -ETIMEDOUT; -EINTR; -ENOTCONN: no SINT is bound; -ENODEV: the SINT was taken
 * away, as SINT 2 is when hv_vmbus is loaded.
 */
HVPOST_API int hvpost_receive(struct hvpost *handle,
			      struct hvpost_message *message,
			      uint64_t deadline_ns);

/**
 * hvpost_get_fd() - descriptor to wait on in an event loop
 * @handle:	handle
 *
 * Readable (POLLIN) when messages wait in the target. It belongs to the handle:
 * do not read, write or close it.
 *
 * Return: the descriptor.
 */
HVPOST_API int hvpost_get_fd(const struct hvpost *handle);

struct hvpost_counters {
	uint64_t messages;	/* taken from slots */
	uint64_t interrupts;	/* handled */
	uint64_t empty;		/* of these, with nothing there */
	uint64_t eoms;		/* EOM writes */
	uint64_t stalls;	/* ring full, slot or flag left as it was */
	uint64_t oversize;	/* slots claiming more than 240 bytes */
	uint64_t events;	/* flags taken */
	uint64_t dropped;	/* no room in a ring of a shared SINT */
	uint64_t filtered;	/* matched by no rule */
	uint64_t losses;	/* times that somebody else took the SINT of a VP */
};

/**
 * hvpost_get_counters() - counters of the bound SINT, summed over VPs
 * @handle:		handle with a bound SINT
 * @counters:		out
 * @counters_size:	sizeof(*counters), as for hvpost_get_info()
 *
 * Return: 0, or -ENOTCONN: no SINT is bound; -EINVAL: size is 0.
 */
HVPOST_API int hvpost_get_counters(struct hvpost *handle,
				   struct hvpost_counters *counters,
				   size_t counters_size);

/* 5. Statuses (hyperv_status.h) */

/**
 * hvpost_status_name() - documented name of an HV_STATUS
 * @status:	0 to 0xffff
 *
 * Return: static text such as "HV_STATUS_INSUFFICIENT_BUFFERS", or NULL if the
 * status is not a documented one.
 */
HVPOST_API const char *hvpost_status_name(uint32_t status);

/**
 * hvpost_status_meaning() - one line about an HV_STATUS, for people
 * @status:	0 to 0xffff
 *
 * Return: static text, or NULL if the status is not a documented one.
 */
HVPOST_API const char *hvpost_status_meaning(uint32_t status);

/**
 * hvpost_status_errno() - errno value that stands for an HV_STATUS
 * @status:	0 to 0xffff
 *
 * Return: 0 for success, else a negative errno value; -EIO for a status that
 * is not a documented one.
 */
HVPOST_API int hvpost_status_errno(uint32_t status);

/**
 * hvpost_status_is_transient() - may a later try succeed?
 * @status:	0 to 0xffff
 *
 * Return: 1 for the statuses that hvpost_post() retries by itself, else 0.
 */
HVPOST_API int hvpost_status_is_transient(uint32_t status);

/**
 * hvpost_status_at() - walk the list of documented statuses
 * @index:	0, 1, 2, ... in ascending order of status
 * @status:	out
 *
 * Return: 0, or -ENOENT: past the end.
 */
HVPOST_API int hvpost_status_at(size_t index, uint32_t *status);

/**
 * hvpost_status_find() - look a status up by name
 * @name:	documented name, with or without "HV_STATUS_", any case
 * @status:	out
 *
 * Return: 0, or -ENOENT: no such name.
 */
HVPOST_API int hvpost_status_find(const char *name, uint32_t *status);

/*
 * 6. The embedded machine
 *
 * "embedded" is a host of this process's own: no hypervisor, no driver, no
 * privilege. All handles of the process that are open at one time share one
 * machine; it begins with the first and ends with the last of them. It is the
 * engine of hvhost.h, so statuses, buffers, order and slots are the real ones.
 *
 * A handle posts as one partition and receives as another one with one VP:
 *
 *   connection 0x10 + s	messages, to SINT s of VP 0 (s: 1 to 15)
 *   connection 0x20 + s	events, to flags 0 to 2047 of SINT s
 *   conformance.h		connections that are refused, one for each cause
 *
 * A port has its connection's number, which so is the origin of its messages.
 * VMBus is not there: connections 1 to 4 do not exist, SINT 2 is like any other,
 * and nothing needs CAP_SYS_ADMIN. A SINT that no handle has bound is masked: its
 * messages wait in the slot and, behind it, in the port's 16 buffers; signals to
 * it are refused.
 *
 * "partition=NAME" chooses who posts: "guest" (the default), which has the
 * privileges for messages, events and ports, and the connections above;
 * "restricted", which has none of these privileges; or "inactive", which has all
 * of them in a partition that is being finalized. Each may have 128 connections
 * and make 128 ports.
 *
 * Everything runs in the calling threads. When a post returns, its message is in
 * the ring if there was room for it: a receive then finds it at once. A payload
 * that cannot be read faults, as in any function, unless it is NULL.
 *
 * What a child of fork() opens is on a machine of its own.
 */

/*
 * 7. A partition of hvhost
 *
 * "host:SOCKET" makes this process a partition of the hvhost that listens at
 * SOCKET (a path without commas); see hvhost(1). "partition=NAME" is its name
 * there, by default that of the program with its process id behind it. Which
 * connections it has, and at which SINT what arrives, are links of that hvhost.
 *
 * All handles of the process that name one partition share it. It begins with the
 * first and ends with the last of them, and a new one of the same name begins
 * anew; what others have posted to it by then is lost, and posts to it are refused
 * until then. A process that has only posted may go at once: its messages stay.
 *
 * A handle receives as the partition as which it posts, unless "receiver=NAME"
 * says otherwise: then the process is both, and may have links to itself, which
 * one partition cannot.
 *
 * SINTs and messages are as in section 6; SINT 2 is like any other. A call that hvhost
 * answers with a fault, as a guest would get #UD, fails with -EPERM. Once hvhost has
 * ended, or has dropped this process, calls fail with -ENODEV, and so does receive
 * when all that came has been received; the descriptor is readable then. A receive
 * that has just begun to wait notices it a tenth of a second later, and so does the
 * first call that hvhost does not carry out any more. What is opened from then on
 * begins anew, also while older handles are still open.
 *
 * While hvhost stands still (stopped, swapped out, or without a processor) it gets 5
 * seconds to answer, and only then deadlines and signals end a call that waits for
 * it; handlers of signals run before that. Nobody can take back what hvhost was
 * asked to do. So posts, signals and hypercalls fail with -EINPROGRESS and no status:
 * they are carried out if hvhost goes on, once, and before any later ones. With
 * HVPOST_NEVER, and without a signal, a post waits as long as hvhost is there.
 * hvpost_open() and hvpost_bind() end with -ETIMEDOUT and leave nothing behind;
 * hvpost_close() ends, too. Receive keeps its deadline, but for the 5 seconds where it
 * makes room for what waited in a slot.
 */

#ifdef __cplusplus
}
#endif

#endif /* HVPOST_HVPOST_H */
