// SPDX-License-Identifier: MIT
/*
 * Nothing here asserts: being refused, dropped or killed is part of the game, and
 * the next round comes.
 */
#define _GNU_SOURCE /* memfd_create */
#include "attack.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvpost/attach.h>

#define CONNECTION	0x20u
#define SINT		5u
#define SCRIBBLERS	3u
#define SCRIBBLES	20000u
#define DESCRIPTORS	250u

struct attached {
	int socket, memory_fd, doorbell;
	uint32_t vps;
	size_t size;
	struct hvpost_attach_memory *memory;	/* NULL: not mapped */
	struct hvpost_attach_vp *vp;
};

static void count_round(const struct attack_site *site)
{
	__atomic_fetch_add(site->rounds, 1, __ATOMIC_RELAXED);
}

/* Coming and going */

static int come(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void send_request(int fd, enum hvpost_attach_kind kind, const char *name,
			 const int *descriptors, size_t count)
{
	struct hvpost_attach_request request = {
		.magic = HVPOST_ATTACH_MAGIC,
		.version = HVPOST_ATTACH_VERSION,
		.kind = (uint16_t)kind, .sint = SINT,
	};
	struct iovec part = { &request, sizeof(request) };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	strncpy(request.name, name, sizeof(request.name) - 1);
	if (count) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.head), descriptors,
		       count * sizeof(int));
	}
	sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* Return whether we are attached. */
static bool take_answer(struct attached *attached)
{
	struct hvpost_attach_answer answer;
	struct iovec part = { &answer, sizeof(answer) };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int descriptors[2];

	if (recvmsg(attached->socket, &message, MSG_CMSG_CLOEXEC) !=
		    sizeof(answer) || answer.error ||
	    !CMSG_FIRSTHDR(&message))
		return false;
	memcpy(descriptors, CMSG_DATA(&control.head), sizeof(descriptors));
	attached->memory_fd = descriptors[0];
	attached->doorbell = descriptors[1];
	attached->vps = answer.vp_count;
	attached->size = answer.memory_size;
	return true;
}

static bool attach(const struct attack_site *site, struct attached *attached)
{
	*attached = (struct attached){ .socket = come(site->socket) };
	if (attached->socket < 0)
		return false;
	send_request(attached->socket, HVPOST_ATTACH_OPEN, site->name, NULL, 0);
	if (take_answer(attached))
		return true;
	close(attached->socket);
	return false;
}

static void detach(const struct attached *attached)
{
	if (attached->memory)
		munmap(attached->memory, attached->size);
	close(attached->memory_fd);
	close(attached->doorbell);
	close(attached->socket);
}

static bool map(struct attached *attached)
{
	void *pages = mmap(NULL, attached->size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, attached->memory_fd, 0);

	if (pages == MAP_FAILED)
		return false;
	attached->memory = pages;
	attached->vp = (struct hvpost_attach_vp *)(attached->memory + 1);
	return true;
}

/* Attached and mapped, sooner or later. */
static struct attached enter(const struct attack_site *site)
{
	struct attached attached;

	for (;;) {
		if (!attach(site, &attached))
			continue;
		if (map(&attached))
			return attached;
		detach(&attached);
	}
}

static bool is_dropped(const struct attached *attached)
{
	char byte;

	return recv(attached->socket, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

void attack_by_coming(const struct attack_site *site)
{
	for (;;) {
		struct attached attached;
		int fd = come(site->socket);

		/* One that says nothing, one that hears nothing, one that does. */
		close(fd);
		fd = come(site->socket);
		send_request(fd, HVPOST_ATTACH_OPEN, site->name, NULL, 0);
		close(fd);
		if (attach(site, &attached))
			detach(&attached);
		count_round(site);
	}
}

/* Calls */

static void ring(const struct attached *attached)
{
	if (__atomic_exchange_n(&attached->memory->sleeping, 0,
				__ATOMIC_SEQ_CST))
		eventfd_write(attached->doorbell, 1);
}

static void submit(struct hvpost_attach_vp *vp, uint32_t calls)
{
	uint32_t completed = __atomic_load_n(&vp->words.completed,
					     __ATOMIC_SEQ_CST);

	__atomic_store_n(&vp->words.submitted, completed + calls,
			 __ATOMIC_SEQ_CST);
}

static const struct hvpost_attach_call introduction = {
	.kind = HVPOST_ATTACH_WRITE_MSR, .control = HV_MSR_GUEST_OS_ID,
	.input = HV_GUEST_OS_ID_OPEN_SOURCE,
};

/* Of every second call something is read, the others post. */
static void fill_ring(struct hvpost_attach_vp *vp)
{
	const struct hv_post_message_input input = {
		.connection_id = CONNECTION, .message_type = 1,
		.payload_size = HV_MESSAGE_PAYLOAD_SIZE_MAX,
	};

	for (unsigned int i = 0; i < HVPOST_ATTACH_CALLS; i++) {
		struct hvpost_attach_call *call = &vp->call[i];

		*call = (struct hvpost_attach_call){
			.kind = i % 2 ? HVPOST_ATTACH_READ_MSR :
					HVPOST_ATTACH_HYPERCALL,
			.control = i % 2 ? HV_MSR_SIMP : HV_CALL_POST_MESSAGE,
			.memory_size = sizeof(input),
		};
		memcpy(call->memory, &input, sizeof(input));
	}
	vp->call[0] = introduction;
}

void attack_by_flood(const struct attack_site *site)
{
	struct attached attached = enter(site);

	for (uint32_t i = 0; i < attached.vps; i++)
		fill_ring(&attached.vp[i]);
	for (;;) {
		for (uint32_t i = 0; i < attached.vps; i++) {
			struct hvpost_attach_vp *vp = &attached.vp[i];

			submit(vp, HVPOST_ATTACH_CALLS);
			__atomic_fetch_add(&vp->words.eoms, 1,
					   __ATOMIC_SEQ_CST);
			ring(&attached);
		}
		count_round(site);
	}
}

void attack_by_lies(const struct attack_site *site)
{
	static const struct hvpost_attach_call lies[] = {
		{ .kind = UINT32_MAX },
		{ .kind = HVPOST_ATTACH_HYPERCALL, .flags = UINT32_MAX },
		{ .kind = HVPOST_ATTACH_HYPERCALL, .memory_size = 257 },
		{ .kind = HVPOST_ATTACH_HYPERCALL, .memory_size = UINT32_MAX,
		  .flags = HVPOST_ATTACH_IN_PAGES },
	};

	for (unsigned int i = 0;; i++) {
		struct attached attached = enter(site);
		char byte;

		attached.vp[0].call[0] = lies[i % 4];
		submit(&attached.vp[0], i % 5 ? 1 : UINT32_MAX);
		ring(&attached);
		recv(attached.socket, &byte, 1, 0);
		detach(&attached);
		count_round(site);
	}
}

void attack_by_ringing(const struct attack_site *site)
{
	struct attached attached;

	while (!attach(site, &attached))
		;
	close(attached.memory_fd);
	eventfd_write(attached.doorbell, UINT64_MAX / 2);
	for (;;) {
		eventfd_write(attached.doorbell, 1);
		count_round(site);
	}
}

/* In a process of its own, so that it can be killed while its calls are made. */
void attack_by_dying(const struct attack_site *site)
{
	for (;;) {
		uint64_t *began = attack_new_rounds();
		const struct attack_site victim = {
			site->socket, site->name, began,
		};
		pid_t pid = attack_start(attack_by_flood, &victim);

		while (!attack_rounds(began))
			sched_yield();
		attack_stop(pid);
		attack_free_rounds(began);
		count_round(site);
	}
}

/* Memory */

struct scribbler {
	pthread_t thread;
	const struct attached *attached;
	unsigned int seed;
};

/* Somewhere in a VP: among its words mostly, or in a slot's header, or a call's. */
static size_t choose_place(unsigned int *seed)
{
	size_t number = (size_t)rand_r(seed);

	switch (number % 4) {
	case 0: /* in the page, or of those that it may have more of */
		if (number / 1024 % 2)
			return offsetof(struct hvpost_attach_vp, slot[SINT]) +
			       number / 2048 % HVPOST_ATTACH_MORE_SLOTS *
				       sizeof(struct hv_slot) +
			       number / 64 % 16;
		return offsetof(struct hvpost_attach_vp, sim) +
		       number / 4 % HV_SINT_COUNT * sizeof(struct hv_slot) +
		       number / 64 % 16;
	case 1:
		return offsetof(struct hvpost_attach_vp, call) +
		       number / 4 % HVPOST_ATTACH_CALLS *
			       sizeof(struct hvpost_attach_call) +
		       number / 256 % 64;
	default: /* all words but the one that ends it soon */
		return sizeof(uint32_t) + number / 4 % (5 * 64);
	}
}

static void *scribble(void *context)
{
	struct scribbler *scribbler = context;
	const struct attached *attached = scribbler->attached;
	unsigned int *seed = &scribbler->seed;

	for (unsigned int i = 0; i < SCRIBBLES; i++) {
		struct hvpost_attach_vp *vp =
			&attached->vp[(uint32_t)rand_r(seed) % attached->vps];

		__atomic_store_n((uint8_t *)vp + choose_place(seed),
				 (uint8_t)rand_r(seed), __ATOMIC_RELAXED);
		if (i % 16)
			continue;
		submit(vp, (uint32_t)rand_r(seed) % (HVPOST_ATTACH_CALLS + 1));
		ring(attached);
		if (i % 1024 == 0 && is_dropped(attached))
			break;
	}
	return NULL;
}

void attack_by_scribbling(const struct attack_site *site)
{
	unsigned int seed = 1;

	for (;;) {
		struct attached attached = enter(site);
		struct scribbler scribblers[SCRIBBLERS];

		attached.vp[0].call[0] = (struct hvpost_attach_call){
			.kind = HVPOST_ATTACH_ADD_SLOTS, .control = SINT,
		};
		submit(&attached.vp[0], 1);
		ring(&attached);
		for (unsigned int i = 0; i < SCRIBBLERS; i++) {
			scribblers[i] = (struct scribbler){
				.attached = &attached, .seed = seed++,
			};
			pthread_create(&scribblers[i].thread, NULL, scribble,
				       &scribblers[i]);
		}
		for (unsigned int i = 0; i < SCRIBBLERS; i++)
			pthread_join(scribblers[i].thread, NULL);
		detach(&attached);
		count_round(site);
	}
}

/* Descriptors */

static void switch_on(struct attached *attached)
{
	const struct hvpost_attach_call calls[] = {
		introduction,
		{ .kind = HVPOST_ATTACH_WRITE_MSR, .control = HV_MSR_SIMP,
		  .input = HV_PAGE_ENABLE },
		{ .kind = HVPOST_ATTACH_WRITE_MSR, .control = HV_MSR_SCONTROL,
		  .input = HV_SCONTROL_ENABLE },
		{ .kind = HVPOST_ATTACH_WRITE_MSR,
		  .control = HV_MSR_SINT0 + SINT, .input = 0x40 },
	};

	memcpy(attached->vp[0].call, calls, sizeof(calls));
	submit(&attached->vp[0], 4);
	ring(attached);
}

void attack_by_deafness(const struct attack_site *site)
{
	struct attached attached = enter(site);
	struct hvpost_attach_vp *vp = &attached.vp[0];

	send_request(attached.socket, HVPOST_ATTACH_LISTEN, "", NULL, 0);
	switch_on(&attached);
	for (;;) {
		__atomic_store_n(&vp->words.armed, UINT32_MAX,
				 __ATOMIC_SEQ_CST);
		__atomic_store_n(&vp->sim.slot[SINT].message_type, 0,
				 __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&vp->words.eoms, 1, __ATOMIC_SEQ_CST);
		ring(&attached);
		count_round(site);
	}
}

static void make_descriptors(int *descriptors)
{
	int kinds[5];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, kinds) ||
	    pipe(kinds + 2))
		abort();
	kinds[4] = memfd_create("large", MFD_CLOEXEC);
	for (unsigned int i = 0; i < DESCRIPTORS; i++)
		descriptors[i] = kinds[i % 5];
}

void attack_by_descriptors(const struct attack_site *site)
{
	int descriptors[DESCRIPTORS];

	make_descriptors(descriptors);
	for (unsigned int i = 0;; i++) {
		struct attached attached;
		int fd = come(site->socket);

		/* To no partition, in a good request and in a bad one */
		send_request(fd, i % 2 ? HVPOST_ATTACH_LISTEN :
					 HVPOST_ATTACH_OPEN, "?", descriptors,
			     DESCRIPTORS);
		close(fd);
		if (!attach(site, &attached))
			continue;
		/* Again and again, where the first has not been seen yet */
		for (unsigned int first = 0; first < 8; first++)
			send_request(attached.socket, HVPOST_ATTACH_LISTEN, "",
				     descriptors + (first < 4 ? 0 : first),
				     DESCRIPTORS - 8);
		detach(&attached);
		count_round(site);
	}
}

void attack_by_burning(const struct attack_site *site)
{
	for (;;)
		count_round(site);
}

/* Processes */

pid_t attack_start(attack *by, const struct attack_site *site)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	by(site);
	_exit(1);
}

void attack_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

uint64_t *attack_new_rounds(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		abort();
	return page;
}

void attack_free_rounds(uint64_t *rounds)
{
	munmap(rounds, 4096);
}

uint64_t attack_rounds(const uint64_t *rounds)
{
	return __atomic_load_n(rounds, __ATOMIC_RELAXED);
}
