// SPDX-License-Identifier: MIT
/*
 * The host target: this process is a partition of a running hvhost. A handle posts
 * as one partition, and receives as the same or as another one.
 *
 * While a SINT is bound there is a socket to which hvhost sends a packet when the
 * SINT interrupts a VP that has it armed. Only receive takes packets away, and only
 * where it found no record: then it arms the SINT again, looks once more at what is
 * noted, and may say that there is nothing. So what comes afterwards makes the socket
 * readable, and what came before has been seen.
 *
 * The handle's descriptor is there before that socket is, for event loops: an epoll
 * instance that the socket joins. Receive itself waits for the socket.
 *
 * Who waits in receive sleeps on a futex at first, which takes half the time of a
 * packet on both sides. While it does, packets stay where they are, or the SINT
 * stays armed.
 */
#define _GNU_SOURCE /* program_invocation_short_name */
#include <hvpost/hvpost.h>
#include <hvpost/hyperv.h>
#include <hvpost/version.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attachment.h"
#include "attachment_registry.h"
#include "deadline.h"
#include "lib/common/spin.h"
#include "posting.h"
#include "record.h"
#include "target.h"
#include "wait.h"

#define PARTITION_KEY	"partition="
#define RECEIVER_KEY	"receiver="

/* So long a receive sleeps before it waits for a packet, or for hvhost's end. */
#define SLEEP_NS UINT64_C(100000000)

/* What a target string names; the strings lie in @text. */
struct place {
	char *text;
	const char *socket;
	const char *partition;
	const char *receiver;
	char name[HVPOST_ATTACH_NAME_SIZE];	/* the default partition */
};

/* @fd, @sender and @receiver stay; the rest belongs to the half that receives. */
struct host {
	struct attachment *sender;
	struct attachment *receiver;
	int fd;
	unsigned int sint;	/* 0: none is bound */
	int listener;		/* of the SINT; -1: none is bound */
	bool has_packets;	/* it was readable when we last looked */
	struct hvpost_ioc_filter filter;	/* for the bind */
	uint32_t next_vp;	/* where to look for a record first */
	struct spin spin;
};

/* Target strings */

/* Two processes of one program are two partitions. */
static void make_default_name(char *name, size_t size)
{
	snprintf(name, size, "%.40s-%d", program_invocation_short_name,
		 (int)getpid());
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			*name = '-';
}

static const char *value_of(const char *word, const char *key)
{
	size_t length = strlen(key);

	return strncmp(word, key, length) || !word[length] ? NULL :
							     word + length;
}

static int take_word(struct place *place, const char *word)
{
	const char *partition = value_of(word, PARTITION_KEY);
	const char *receiver = value_of(word, RECEIVER_KEY);

	if (partition && !place->partition)
		place->partition = partition;
	else if (receiver && !place->receiver)
		place->receiver = receiver;
	else
		return -EINVAL;
	return 0;
}

static bool is_too_long(const char *name)
{
	return strlen(name) >= HVPOST_ATTACH_NAME_SIZE;
}

static int parse_place(struct place *place)
{
	char *rest, *word;
	int err = 0;

	place->socket = place->text;
	rest = strchr(place->text, ',');
	while (rest && !err) {
		*rest = '\0';
		word = rest + 1;
		rest = strchr(word, ',');
		if (rest)
			*rest = '\0';
		err = take_word(place, word);
	}
	if (!err && !*place->socket)
		err = -EINVAL;
	if (!place->partition) {
		make_default_name(place->name, sizeof(place->name));
		place->partition = place->name;
	}
	if (!place->receiver)
		place->receiver = place->partition;
	if (!err && (is_too_long(place->partition) ||
		     is_too_long(place->receiver)))
		err = -EINVAL;
	return err;
}

/* Opening */

static uint64_t patience_from_now(void)
{
	return hvpost_deadline_clock() + CALL_PATIENCE_NS;
}

static int attach_both(struct host *host, const struct place *place)
{
	uint64_t deadline_ns = patience_from_now();
	int err = attachment_get(&(struct attachment_name){
			.socket = place->socket, .partition = place->partition,
		}, deadline_ns, &host->sender);

	if (err)
		return err;
	err = attachment_get(&(struct attachment_name){
			.socket = place->socket, .partition = place->receiver,
		}, deadline_ns, &host->receiver);
	if (err)
		attachment_put(host->sender);
	return err;
}

static int open_place(struct host *host, struct place *place)
{
	int err = parse_place(place);

	if (err)
		return err;
	host->listener = -1;
	host->fd = epoll_create1(EPOLL_CLOEXEC);
	if (host->fd < 0)
		return -errno;
	err = attach_both(host, place);
	if (err)
		close(host->fd);
	return err;
}

static int host_open(const char *where, void **state)
{
	struct place place = { .text = where ? strdup(where) : NULL };
	struct host *host;
	int saved_errno = errno, err = -ENOMEM;

	if (!where)
		return -EINVAL;
	host = calloc(1, sizeof(*host));
	if (host && place.text)
		err = open_place(host, &place);
	free(place.text);
	if (err)
		free(host);
	else
		*state = host;
	errno = saved_errno;
	return err;
}

/* The first @vp_count of them */
static void unbind_vps(struct host *host, unsigned int sint, uint32_t vp_count,
		       uint64_t deadline_ns)
{
	for (uint32_t i = 0; i < vp_count; i++)
		receiver_unbind(attachment_receiver(host->receiver, i), sint,
				deadline_ns);
}

static void host_close(void *state)
{
	struct host *host = state;
	int saved_errno = errno;

	if (host->sint && !attachment_is_inherited(host->receiver))
		unbind_vps(host, host->sint,
			   attachment_vp_count(host->receiver),
			   patience_from_now());
	attachment_put(host->receiver);
	attachment_put(host->sender);
	if (host->listener >= 0)
		close(host->listener);
	close(host->fd);
	free(host);
	errno = saved_errno;
}

static int host_get_info(void *state, struct hvpost_info *info)
{
	struct host *host = state;

	info->hypercall = HVPOST_CALL_MEMORY;
	info->synic = HVPOST_SYNIC_OURS;
	info->privileges = attachment_privileges(host->sender);
	info->guest_os_id = attachment_guest_os_id();
	info->vps_online = attachment_vp_count(host->receiver);
	info->sints_bound =
		receiver_bound(attachment_receiver(host->receiver, 0));
	strncpy(info->version, HVPOST_VERSION, sizeof(info->version) - 1);
	return 0;
}

/* Posting */

static int issue(void *context, const struct hvpost_call *call,
		 struct call_limits *limits, uint64_t *result)
{
	struct host *host = context;
	int err = attachment_call(host->sender, call, limits, result);

	/* What came meanwhile, if only to be left in its slot. */
	attachment_run_interrupts(host->receiver);
	return err;
}

static int issue_chain(void *context, const struct hvpost_call *calls,
		       unsigned int count, struct call_limits *limits,
		       uint64_t *result)
{
	struct host *host = context;
	int made = attachment_call_chain(host->sender, calls, count, limits,
					 result);

	attachment_run_interrupts(host->receiver);
	return made;
}

static uint32_t look_at_room(void *context)
{
	struct host *host = context;

	return attachment_look_at_room(host->sender);
}

/* Of interrupts of another partition than the sender nobody tells. */
static uint64_t look_ns(const struct host *host, uint64_t left_ns)
{
	if (host->receiver == host->sender || left_ns < ATTACHMENT_LOOK_NS)
		return left_ns;
	return ATTACHMENT_LOOK_NS;
}

/*
 * Who waits to post to another that waits to post to it: what that one has posted
 * has to come out of its slot meanwhile.
 */
static int wait_for_room(void *context, uint32_t seen, uint64_t duration_ns,
			 const sigset_t *let_in)
{
	struct host *host = context;
	uint64_t now_ns = hvpost_deadline_clock();
	uint64_t until_ns = now_ns + duration_ns;
	int err;

	do {
		err = attachment_wait_for_room(host->sender, seen,
					       look_ns(host, until_ns - now_ns),
					       let_in);
		attachment_run_interrupts(host->receiver);
		now_ns = hvpost_deadline_clock();
	} while (!err && now_ns < until_ns &&
		 attachment_look_at_room(host->sender) == seen);
	return err;
}

static int host_post(void *state, const struct hvpost_post *post,
		     uint64_t deadline_ns, struct hvpost_answer *answer)
{
	const struct posting_way way = {
		.issue = issue, .look_at_room = look_at_room,
		.wait_for_room = wait_for_room, .context = state,
	};

	return posting_post(&way, post, deadline_ns, answer);
}

static int host_post_many(void *state, const struct hvpost_post *posts,
			  unsigned int count, uint64_t deadline_ns,
			  struct hvpost_answer *answer)
{
	const struct posting_way way = {
		.issue = issue, .issue_chain = issue_chain,
		.look_at_room = look_at_room, .wait_for_room = wait_for_room,
		.context = state,
	};

	return posting_post_many(&way, posts, count, deadline_ns, answer);
}

static int host_signal(void *state, uint32_t connection_id,
		       uint16_t flag_number, struct hvpost_answer *answer)
{
	const struct posting_way way = { .issue = issue, .context = state };

	return posting_signal(&way, connection_id, flag_number, answer);
}

static int host_hypercall(void *state, const struct hvpost_call *call,
			  uint64_t *result)
{
	struct call_limits limits = { .patience_ns = CALL_PATIENCE_NS };

	return issue(state, call, &limits, result);
}

/* Receiving */

static int host_set_filter(void *state, const struct hvpost_ioc_filter *filter)
{
	struct host *host = state;

	if (host->sint)
		return -EBUSY;
	host->filter = *filter;
	return 0;
}

static int bind_vps(struct host *host, const struct hvpost_bind *wish,
		    uint64_t deadline_ns)
{
	const struct inbox_wish inbox = {
		.records = wish->ring_records,
		.events = wish->flags & HVPOST_WITH_EVENTS,
		.more_slots = wish->flags & HVPOST_BULK,
		.filter = &host->filter,
		.fd = INBOX_NO_FD,
	};
	uint32_t vp_count = attachment_vp_count(host->receiver);

	for (uint32_t i = 0; i < vp_count; i++) {
		int err = receiver_bind(attachment_receiver(host->receiver, i),
					wish->sint, &inbox, deadline_ns);

		if (err) {
			unbind_vps(host, wish->sint, i, deadline_ns);
			return err;
		}
	}
	return 0;
}

static int listen_for(struct host *host, unsigned int sint,
		      uint64_t deadline_ns)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = attachment_listen(host->receiver, sint, deadline_ns), err;

	if (fd < 0)
		return fd;
	if (epoll_ctl(host->fd, EPOLL_CTL_ADD, fd, &event)) {
		err = -errno;
		close(fd);
		return err;
	}
	host->listener = fd;
	return 0;
}

static bool has_record(const struct host *host, unsigned int sint)
{
	for (uint32_t i = 0; i < attachment_vp_count(host->receiver); i++)
		if (receiver_has_record(attachment_receiver(host->receiver, i),
					sint))
			return true;
	return false;
}

/*
 * The first packet stands for what was in the slots before, of which no interrupt
 * tells: if that is nothing, it goes.
 */
static void take_first_packet(struct host *host, unsigned int sint)
{
	char packet;

	if (!has_record(host, sint))
		recv(host->listener, &packet, sizeof(packet), MSG_DONTWAIT);
}

/* Before that nobody else has the SINT, so that the listener is nobody's either. */
static int bind_and_listen(struct host *host, const struct hvpost_bind *wish)
{
	uint64_t deadline_ns = patience_from_now();
	unsigned int sint = wish->sint;
	int err = bind_vps(host, wish, deadline_ns);

	if (err)
		return err;
	err = listen_for(host, sint, deadline_ns);
	if (err) {
		unbind_vps(host, sint, attachment_vp_count(host->receiver),
			   deadline_ns);
		return err;
	}
	attachment_arm(host->receiver, sint);
	attachment_run_interrupts(host->receiver);
	take_first_packet(host, sint);
	return 0;
}

static int host_bind(void *state, const struct hvpost_bind *wish)
{
	struct host *host = state;
	int saved_errno = errno, err;

	err = inbox_check_bind(wish);
	if (err)
		return err;
	if (host->sint)
		return -EBUSY;
	err = bind_and_listen(host, wish);
	if (!err)
		host->sint = wish->sint;
	errno = saved_errno;
	return err;
}

static bool read_record(struct host *host, struct hvpost_record *record)
{
	uint32_t vp_count = attachment_vp_count(host->receiver);

	attachment_run_interrupts(host->receiver);
	for (uint32_t i = 0; i < vp_count; i++) {
		uint32_t vp_index = (host->next_vp + i) % vp_count;

		if (receiver_read(attachment_receiver(host->receiver, vp_index),
				  host->sint, record))
			continue;
		host->next_vp = (vp_index + 1) % vp_count;
		return true;
	}
	return false;
}

/*
 * Return 0, or -ENODEV: hvhost has closed its end. There is one at most for each time
 * that the SINT was armed; what else there should be wakes us once for nothing.
 */
static int take_packet(int fd)
{
	char packet;

	return recv(fd, &packet, sizeof(packet), MSG_DONTWAIT) ? 0 : -ENODEV;
}

static int arm(struct host *host)
{
	int err;

	if (!host->has_packets &&
	    attachment_is_armed(host->receiver, host->sint))
		return 0;
	host->has_packets = false;
	err = take_packet(host->listener);
	attachment_arm(host->receiver, host->sint);
	return err;
}

static bool is_noted(void *context)
{
	struct host *host = context;

	return attachment_is_noted(host->receiver, host->sint);
}

/*
 * Return 0 to look again, -ETIMEDOUT, or -EINTR. Another thread of this process may
 * have taken a note of ours away and left us the record: so we look for both.
 */
static int sleep_a_while(struct host *host, uint64_t deadline_ns)
{
	uint64_t until_ns = hvpost_deadline_clock() + SLEEP_NS;
	uint32_t announced = attachment_announce_sleep(host->receiver,
						       host->sint);

	if (is_noted(host) || has_record(host, host->sint))
		return 0;
	return attachment_sleep(host->receiver, host->sint, announced,
				until_ns < deadline_ns ? until_ns : deadline_ns);
}

/*
 * Nothing has been found. Return 0 to look again; packets are taken away when that
 * finds nothing, so that what they tell of is not kept waiting.
 */
static int wait_for_message(struct host *host, uint64_t deadline_ns)
{
	int err = hvpost_wait_readable(host->listener, deadline_ns);

	host->has_packets = !err;
	return err;
}

static int receive_record(struct host *host, struct hvpost_record *record,
			  uint64_t deadline_ns)
{
	for (;;) {
		int err = -ETIMEDOUT;

		if (read_record(host, record))
			return 0;
		if (deadline_ns != HVPOST_NOW &&
		    spin_until(&host->spin, is_noted, host))
			continue;
		if (deadline_ns != HVPOST_NOW)
			err = sleep_a_while(host, deadline_ns);
		if (!err)
			continue;
		if (err != -ETIMEDOUT)
			return err;
		err = arm(host);
		if (read_record(host, record))
			return 0;
		if (!err)
			err = wait_for_message(host, deadline_ns);
		if (err)
			return err;
	}
}

static int host_receive(void *state, struct hvpost_message *message,
			uint64_t deadline_ns)
{
	struct host *host = state;
	struct hvpost_record record;
	int saved_errno = errno, err;

	if (!host->sint)
		return -ENOTCONN;
	err = receive_record(host, &record, deadline_ns);
	if (!err)
		hvpost_message_from_record(message, &record);
	errno = saved_errno;
	return err;
}

static int host_get_fd(const void *state)
{
	const struct host *host = state;

	return host->fd;
}

static int host_get_counters(void *state, struct hvpost_counters *counters)
{
	struct host *host = state;

	if (!host->sint)
		return -ENOTCONN;
	attachment_run_interrupts(host->receiver);
	for (uint32_t i = 0; i < attachment_vp_count(host->receiver); i++)
		receiver_add_counters(attachment_receiver(host->receiver, i),
				      host->sint, counters);
	return 0;
}

const struct hvpost_target hvpost_target_host = {
	.name = "host",
	.open = host_open,
	.close = host_close,
	.get_info = host_get_info,
	.post = host_post,
	.post_many = host_post_many,
	.signal = host_signal,
	.hypercall = host_hypercall,
	.set_filter = host_set_filter,
	.bind = host_bind,
	.receive = host_receive,
	.get_fd = host_get_fd,
	.get_counters = host_get_counters,
};
