// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */
#include "attachment.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/common/spin.h"

#define ANSWER_TIMEOUT_S	5
/* Between two looks at whether hvhost is still there, while we wait for it. */
#define ALIVE_PERIOD_NS		100000000

#define GUEST_OS_ID \
	(HV_GUEST_OS_ID_OPEN_SOURCE | \
	 HV_GUEST_OS_ID_TYPE_LINUX << HV_GUEST_OS_ID_TYPE_SHIFT)

static_assert(HVPOST_HYPERCALL_MEMORY_MAX == HVPOST_ATTACH_PAGES_SIZE,
	      "a VP's pages hold the memory of any call");

struct vp {
	struct attachment *attachment;
	struct hvpost_attach_vp *shared;
	struct receiver receiver;
	pthread_mutex_t ring_lock;	/* guards these two, and @submitted */
	uint32_t submitted;
	bool in_use[HVPOST_ATTACH_CALLS]; /* somebody has yet to read its result */
	pthread_mutex_t pages_lock;	/* guards the VP's pages */
};

struct attachment {
	LIST_ENTRY(attachment) next;	/* these three: registry_lock */
	size_t users;
	struct {
		char *socket, *partition;
	} name;
	pid_t owner;
	int socket;
	pthread_mutex_t packet_lock;	/* guards a request with its answer */
	int doorbell;
	uint64_t privileges;
	size_t memory_size;
	struct hvpost_attach_memory *memory;
	uint32_t vp_count;
	struct vp vp[HVPOST_ATTACH_VPS_MAX];
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(, attachment) attachments; /* guarded by registry_lock */

/* Calls */

static bool is_gone(const struct attachment *attachment)
{
	struct pollfd socket = {
		.fd = attachment->socket, .events = POLLRDHUP,
	};

	return poll(&socket, 1, 0) > 0 &&
	       socket.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

static void ring_doorbell(struct attachment *attachment)
{
	uint32_t *sleeping = &attachment->memory->sleeping;

	/* One of those who find it asleep wakes it. */
	if (__atomic_load_n(sleeping, __ATOMIC_SEQ_CST) &&
	    __atomic_exchange_n(sleeping, 0, __ATOMIC_SEQ_CST))
		eventfd_write(attachment->doorbell, 1);
}

/* What a thread waits for: @completed has gone past @number. */
struct completion {
	struct hvpost_attach_words *words;
	uint32_t number;
};

static bool is_completed(void *context)
{
	const struct completion *wanted = context;
	uint32_t completed = __atomic_load_n(&wanted->words->completed,
					     __ATOMIC_SEQ_CST);

	return (int32_t)(completed - wanted->number) > 0;
}

static void sleep_until_completed(struct completion *wanted)
{
	const struct timespec period = { .tv_nsec = ALIVE_PERIOD_NS };
	struct hvpost_attach_words *words = wanted->words;
	uint32_t completed;

	__atomic_fetch_add(&words->waiters, 1, __ATOMIC_SEQ_CST);
	completed = __atomic_load_n(&words->completed, __ATOMIC_SEQ_CST);
	if ((int32_t)(completed - wanted->number) <= 0)
		syscall(SYS_futex, &words->completed, FUTEX_WAIT, completed,
			&period, NULL, 0);
	__atomic_fetch_sub(&words->waiters, 1, __ATOMIC_SEQ_CST);
}

static int wait_until_completed(struct vp *vp, uint32_t number)
{
	static _Thread_local struct spin spin;
	struct completion wanted = {
		.words = &vp->shared->words, .number = number,
	};

	while (!is_completed(&wanted) &&
	       !spin_until(&spin, is_completed, &wanted)) {
		sleep_until_completed(&wanted);
		if (!is_completed(&wanted) && is_gone(vp->attachment))
			return -ENODEV;
	}
	return 0;
}

/* What goes into a slot, and what comes out of it. */
struct request {
	struct hvpost_attach_call call;	/* but for its memory */
	const void *memory;		/* to be copied into the slot, or NULL */
};

static void fill_slot(struct hvpost_attach_call *slot,
		      const struct request *request)
{
	memcpy(slot, &request->call, offsetof(struct hvpost_attach_call, memory));
	if (request->memory)
		memcpy(slot->memory, request->memory,
		       request->call.memory_size);
}

static struct hvpost_attach_call *slot_of(struct vp *vp, uint32_t number)
{
	return &vp->shared->call[number % HVPOST_ATTACH_CALLS];
}

/*
 * Wait until the next slot is free, with the ring locked in the end. It is not
 * while its former call is under way, or while the thread that made that one has
 * not read the result.
 */
static int lock_free_slot(struct vp *vp)
{
	int err = 0;

	pthread_mutex_lock(&vp->ring_lock);
	while (!err && vp->in_use[vp->submitted % HVPOST_ATTACH_CALLS]) {
		uint32_t oldest = vp->submitted - HVPOST_ATTACH_CALLS;

		pthread_mutex_unlock(&vp->ring_lock);
		err = wait_until_completed(vp, oldest);
		sched_yield(); /* to whoever has its result to read */
		pthread_mutex_lock(&vp->ring_lock);
	}
	if (err)
		pthread_mutex_unlock(&vp->ring_lock);
	return err;
}

/* With the ring locked: the next slot, which is free. */
static struct hvpost_attach_call *take_slot(struct vp *vp)
{
	uint32_t number = vp->submitted++;

	vp->in_use[number % HVPOST_ATTACH_CALLS] = true;
	return slot_of(vp, number);
}

static void publish_and_unlock(struct vp *vp)
{
	__atomic_store_n(&vp->shared->words.submitted, vp->submitted,
			 __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&vp->ring_lock);
	ring_doorbell(vp->attachment);
}

static int submit(struct vp *vp, const struct request *request, uint32_t *number)
{
	int err = lock_free_slot(vp);

	if (err)
		return err;
	*number = vp->submitted;
	fill_slot(take_slot(vp), request);
	publish_and_unlock(vp);
	return 0;
}

static void release(struct vp *vp, uint32_t number, uint32_t count)
{
	pthread_mutex_lock(&vp->ring_lock);
	while (count--)
		vp->in_use[number++ % HVPOST_ATTACH_CALLS] = false;
	pthread_mutex_unlock(&vp->ring_lock);
}

/*
 * Carry out a call, whose results go into @request, and into @output what is then
 * in its slot's memory. Leaves errno alone.
 */
static int run(struct vp *vp, struct request *request, void *output)
{
	const struct hvpost_attach_call *slot;
	int saved_errno = errno;
	uint32_t number;
	int err = submit(vp, request, &number);

	if (err)
		goto out;
	err = wait_until_completed(vp, number);
	if (err)
		goto out; /* for good: the slot is nobody's any more */
	slot = slot_of(vp, number);
	request->call.result = slot->result;
	request->call.error = slot->error;
	if (output)
		memcpy(output, slot->memory, request->call.memory_size);
	release(vp, number, 1);
out:
	errno = saved_errno;
	return err;
}

/* Memory that does not fit into a slot lies in the VP's pages. */
static int run_in_pages(struct vp *vp, struct request *request,
			const struct hvpost_call *call)
{
	int err;

	request->call.flags = HVPOST_ATTACH_IN_PAGES;
	pthread_mutex_lock(&vp->pages_lock);
	memcpy(vp->shared->pages, call->memory, call->memory_size);
	err = run(vp, request, NULL);
	if (!err)
		memcpy(call->memory, vp->shared->pages, call->memory_size);
	pthread_mutex_unlock(&vp->pages_lock);
	return err;
}

int attachment_call(struct attachment *attachment,
		    const struct hvpost_call *call, uint64_t *result)
{
	struct request request = {
		.call = {
			.kind = HVPOST_ATTACH_HYPERCALL,
			.control = call->control,
			.input = call->input,
			.output = call->output,
			.memory_size = (uint32_t)call->memory_size,
		},
	};
	struct vp *vp = &attachment->vp[0];
	int err;

	if (call->memory_size > HVPOST_ATTACH_SLOT_SIZE) {
		err = run_in_pages(vp, &request, call);
	} else {
		request.memory = call->memory_size ? call->memory : NULL;
		err = run(vp, &request, request.memory ? call->memory : NULL);
	}
	*result = request.call.result;
	return err;
}

/* Chains: calls that fit into their slots, none of them after one that failed */

struct chain {
	const struct hvpost_call *calls;
	unsigned int count;
};

static void fill_chained(struct hvpost_attach_call *slot,
			 const struct hvpost_call *call, uint32_t flags)
{
	slot->control = call->control;
	slot->input = call->input;
	slot->output = call->output;
	slot->kind = HVPOST_ATTACH_HYPERCALL;
	slot->flags = flags;
	slot->memory_size = (uint32_t)call->memory_size;
	memcpy(slot->memory, call->memory, call->memory_size);
}

/* As many as there are free slots, one at least. Return their number. */
static int submit_chain(struct vp *vp, const struct chain *chain,
			uint32_t *number)
{
	unsigned int count = 0;
	int err = lock_free_slot(vp);

	if (err)
		return err;
	*number = vp->submitted;
	do {
		fill_chained(take_slot(vp), &chain->calls[count],
			     count ? HVPOST_ATTACH_CHAINED : 0);
	} while (++count < chain->count &&
		 !vp->in_use[vp->submitted % HVPOST_ATTACH_CALLS]);
	publish_and_unlock(vp);
	return (int)count;
}

/* Return how many of @count calls from @number on were made. */
static int read_results(struct vp *vp, uint32_t number, int count,
			uint64_t *result)
{
	int made = 0;

	do {
		const struct hvpost_attach_call *slot =
			slot_of(vp, number + (uint32_t)made);

		if (made && slot->error == -ECANCELED)
			break;
		*result = slot->result;
		made++;
	} while (made < count && !(*result & HV_RESULT_STATUS_MASK));
	return made;
}

/* Return how many were made. */
static int run_chain(struct vp *vp, const struct chain *chain, uint64_t *result)
{
	uint32_t number = 0;
	int count = submit_chain(vp, chain, &number), made, err;

	if (count < 0)
		return count;
	err = wait_until_completed(vp, number + (uint32_t)count - 1);
	if (err)
		return err; /* for good: the slots are nobody's any more */
	made = read_results(vp, number, count, result);
	release(vp, number, (uint32_t)count);
	return made;
}

int attachment_call_chain(struct attachment *attachment,
			  const struct hvpost_call *calls, unsigned int count,
			  uint64_t *result)
{
	struct chain chain = { .calls = calls, .count = count };
	int saved_errno = errno, made = 0;

	*result = 0;
	while (chain.count && !(*result & HV_RESULT_STATUS_MASK)) {
		made = run_chain(&attachment->vp[0], &chain, result);
		if (made <= 0)
			break;
		chain.calls += made;
		chain.count -= (unsigned int)made;
	}
	errno = saved_errno;
	return made < 0 ? made : (int)(count - chain.count);
}

static int write_msr(struct vp *vp, uint32_t msr, uint64_t value)
{
	struct request request = {
		.call = {
			.kind = HVPOST_ATTACH_WRITE_MSR,
			.control = msr,
			.input = value,
		},
	};
	int err = run(vp, &request, NULL);

	return err ? err : request.call.error;
}

/* What a VP asks of hvhost while it receives. */

static void write_eom(void *context, bool wait)
{
	struct vp *vp = context;
	int saved_errno = errno;

	if (wait) {
		write_msr(vp, HV_MSR_EOM, 0);
		return;
	}
	__atomic_fetch_add(&vp->shared->words.eoms, 1, __ATOMIC_SEQ_CST);
	ring_doorbell(vp->attachment);
	errno = saved_errno;
}

static int write_sint(void *context, unsigned int sint, uint64_t value)
{
	return write_msr(context, HV_MSR_SINT0 + sint, value);
}

static const struct receiver_ops receiver_ops = {
	.eom = write_eom,
	.write_sint = write_sint,
};

/* Packets */

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(2 * sizeof(int))];
};

static int send_request(int socket, const struct hvpost_attach_request *request,
			int descriptor)
{
	struct iovec part = {
		.iov_base = (void *)request, .iov_len = sizeof(*request),
	};
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	union control control = { 0 };
	struct cmsghdr *head;

	if (descriptor >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(sizeof(int));
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &descriptor, sizeof(int));
	}
	if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

static void close_both(const int descriptors[2])
{
	for (int i = 0; i < 2; i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
}

static void take_descriptors(struct msghdr *message, int descriptors[2])
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);

	descriptors[0] = descriptors[1] = -1;
	if (head && head->cmsg_level == SOL_SOCKET &&
	    head->cmsg_type == SCM_RIGHTS)
		memcpy(descriptors, CMSG_DATA(head),
		       head->cmsg_len - CMSG_LEN(0));
}

/* Not the loss of one: the caller counts on an answer for each request. */
static ssize_t receive_packet(int socket, struct msghdr *message)
{
	ssize_t size;

	do
		size = recvmsg(socket, message, MSG_CMSG_CLOEXEC);
	while (size < 0 && errno == EINTR);
	return size < 0 ? -errno : size;
}

static int receive_answer(int socket, struct hvpost_attach_answer *answer,
			  int descriptors[2])
{
	struct iovec part = {
		.iov_base = answer, .iov_len = sizeof(*answer),
	};
	union control control;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t size = receive_packet(socket, &message);

	descriptors[0] = descriptors[1] = -1;
	if (size == -EAGAIN)
		return -ETIMEDOUT;
	if (size < 0)
		return size == -ECONNRESET ? -ENODEV : (int)size;
	take_descriptors(&message, descriptors);
	if (size == 0)
		return -ENODEV;
	if (size != sizeof(*answer) || answer->magic != HVPOST_ATTACH_MAGIC ||
	    answer->version != HVPOST_ATTACH_VERSION)
		return -EPROTO;
	return answer->error > 0 || answer->error < -4095 ? -EPROTO :
							    answer->error;
}

/* On failure no descriptor is left. */
static int ask(int socket, const struct hvpost_attach_request *request,
	       int descriptor, struct hvpost_attach_answer *answer,
	       int descriptors[2])
{
	int err = send_request(socket, request, descriptor);

	if (err)
		return err == -EPIPE || err == -ECONNRESET ? -ENODEV : err;
	err = receive_answer(socket, answer, descriptors);
	if (err)
		close_both(descriptors);
	return err;
}

int attachment_listen(struct attachment *attachment, unsigned int sint,
		      int socket)
{
	const struct hvpost_attach_request request = {
		.magic = HVPOST_ATTACH_MAGIC,
		.version = HVPOST_ATTACH_VERSION,
		.kind = HVPOST_ATTACH_LISTEN,
		.sint = sint,
	};
	struct hvpost_attach_answer answer;
	int descriptors[2], saved_errno = errno, err;

	pthread_mutex_lock(&attachment->packet_lock);
	err = ask(attachment->socket, &request, socket, &answer, descriptors);
	pthread_mutex_unlock(&attachment->packet_lock);
	if (!err)
		close_both(descriptors);
	errno = saved_errno;
	return err;
}

/* Making */

static int connect_to(const char *path)
{
	const struct timeval patience = { .tv_sec = ANSWER_TIMEOUT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		close(fd);
		/* A file that is no such socket, or no socket at all */
		return err == -EPROTOTYPE ? -EPROTO : err;
	}
	return fd;
}

/* What the answer says of the memory, and what it is, agree. */
static int check_memory(const struct hvpost_attach_answer *answer, int fd)
{
	struct stat status;

	if (!answer->vp_count || answer->vp_count > HVPOST_ATTACH_VPS_MAX ||
	    answer->memory_size != sizeof(struct hvpost_attach_memory) +
		    answer->vp_count * sizeof(struct hvpost_attach_vp))
		return -EPROTO;
	if (fstat(fd, &status))
		return -errno;
	return (uint64_t)status.st_size < answer->memory_size ? -EPROTO : 0;
}

static int map_memory(struct attachment *attachment,
		      const struct hvpost_attach_answer *answer, int fd)
{
	int err = check_memory(answer, fd);
	void *pages;

	if (err)
		return err;
	pages = mmap(NULL, answer->memory_size, PROT_READ | PROT_WRITE,
		     MAP_SHARED, fd, 0);
	if (pages == MAP_FAILED)
		return -errno;
	attachment->memory = pages;
	attachment->memory_size = answer->memory_size;
	attachment->vp_count = answer->vp_count;
	attachment->privileges = answer->privileges;
	return 0;
}

static void init_vp(struct attachment *attachment, uint32_t vp_index)
{
	struct hvpost_attach_vp *shared =
		(struct hvpost_attach_vp *)(attachment->memory + 1) + vp_index;
	struct vp *vp = &attachment->vp[vp_index];

	vp->attachment = attachment;
	vp->shared = shared;
	pthread_mutex_init(&vp->ring_lock, NULL);
	pthread_mutex_init(&vp->pages_lock, NULL);
	vp->receiver.ops = &receiver_ops;
	vp->receiver.context = vp;
	vp->receiver.sim = &shared->sim;
	vp->receiver.vp_index = vp_index;
	vp->receiver.noted = &shared->words.asserted;
	receiver_init(&vp->receiver);
}

static int start_vp(struct vp *vp)
{
	int err = write_msr(vp, HV_MSR_SIMP,
			    HVPOST_ATTACH_SIM_GPA | HV_PAGE_ENABLE);

	if (!err)
		err = write_msr(vp, HV_MSR_SIEFP,
				HVPOST_ATTACH_SIEF_GPA | HV_PAGE_ENABLE);
	if (!err)
		err = write_msr(vp, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
	return err;
}

static int start_vps(struct attachment *attachment)
{
	int err;

	for (uint32_t i = 0; i < attachment->vp_count; i++)
		init_vp(attachment, i);
	err = write_msr(&attachment->vp[0], HV_MSR_GUEST_OS_ID, GUEST_OS_ID);
	for (uint32_t i = 0; i < attachment->vp_count && !err; i++)
		err = start_vp(&attachment->vp[i]);
	return err;
}

static void destroy_vps(struct attachment *attachment)
{
	for (uint32_t i = 0; i < attachment->vp_count; i++) {
		receiver_destroy(&attachment->vp[i].receiver);
		pthread_mutex_destroy(&attachment->vp[i].ring_lock);
		pthread_mutex_destroy(&attachment->vp[i].pages_lock);
	}
}

static void unmap_and_close(struct attachment *attachment)
{
	munmap(attachment->memory, attachment->memory_size);
	close(attachment->doorbell);
}

static int open_partition(struct attachment *attachment)
{
	struct hvpost_attach_request request = {
		.magic = HVPOST_ATTACH_MAGIC,
		.version = HVPOST_ATTACH_VERSION,
		.kind = HVPOST_ATTACH_OPEN,
	};
	struct hvpost_attach_answer answer;
	int descriptors[2], err;

	strncpy(request.name, attachment->name.partition,
		sizeof(request.name) - 1);
	err = ask(attachment->socket, &request, -1, &answer, descriptors);
	if (err)
		return err;
	err = descriptors[1] < 0 ? -EPROTO :
				   map_memory(attachment, &answer,
					      descriptors[0]);
	attachment->doorbell = descriptors[1];
	if (err) {
		close_both(descriptors);
		return err;
	}
	close(descriptors[0]);
	err = start_vps(attachment);
	if (err) {
		destroy_vps(attachment);
		unmap_and_close(attachment);
	}
	return err;
}

static int attach(struct attachment *attachment)
{
	int err;

	attachment->socket = connect_to(attachment->name.socket);
	if (attachment->socket < 0)
		return attachment->socket;
	pthread_mutex_init(&attachment->packet_lock, NULL);
	err = open_partition(attachment);
	if (err) {
		pthread_mutex_destroy(&attachment->packet_lock);
		close(attachment->socket);
	}
	return err;
}

static int attachment_new(const struct attachment_name *name,
			  struct attachment **attachment)
{
	struct attachment *new = calloc(1, sizeof(*new));
	int err = -ENOMEM;

	if (!new)
		return err;
	new->owner = getpid();
	new->name.socket = strdup(name->socket);
	new->name.partition = strdup(name->partition);
	if (new->name.socket && new->name.partition)
		err = attach(new);
	if (err) {
		free(new->name.socket);
		free(new->name.partition);
		free(new);
		return err;
	}
	*attachment = new;
	return 0;
}

static void attachment_free(struct attachment *attachment)
{
	/* Also if a child still has a copy of the descriptor. */
	shutdown(attachment->socket, SHUT_RDWR);
	close(attachment->socket);
	destroy_vps(attachment);
	unmap_and_close(attachment);
	pthread_mutex_destroy(&attachment->packet_lock);
	free(attachment->name.socket);
	free(attachment->name.partition);
	free(attachment);
}

bool attachment_is_inherited(const struct attachment *attachment)
{
	return attachment->owner != getpid();
}

/*
 * In a child of fork(): all there are are the parent's, and the lock and the list
 * may be in the hands of a thread which is not here.
 */
static void forget_attachments(void)
{
	pthread_mutex_init(&registry_lock, NULL);
	LIST_INIT(&attachments);
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, forget_attachments);
}

static struct attachment *find(const struct attachment_name *name)
{
	struct attachment *attachment;

	LIST_FOREACH(attachment, &attachments, next)
		if (!strcmp(attachment->name.socket, name->socket) &&
		    !strcmp(attachment->name.partition, name->partition))
			return attachment;
	return NULL;
}

int attachment_get(const struct attachment_name *name,
		   struct attachment **attachment)
{
	int saved_errno = errno, err = 0;

	pthread_mutex_lock(&registry_lock);
	*attachment = find(name);
	if (!*attachment) {
		err = attachment_new(name, attachment);
		if (!err)
			LIST_INSERT_HEAD(&attachments, *attachment, next);
	}
	if (!err)
		(*attachment)->users++;
	pthread_mutex_unlock(&registry_lock);
	errno = saved_errno;
	return err;
}

/* The last user in a child closes what it has a copy of, and no more. */
static void abandon(struct attachment *attachment)
{
	close(attachment->socket);
	unmap_and_close(attachment);
	free(attachment->name.socket);
	free(attachment->name.partition);
	free(attachment);
}

void attachment_put(struct attachment *attachment)
{
	int saved_errno = errno;

	pthread_mutex_lock(&registry_lock);
	if (!--attachment->users && attachment_is_inherited(attachment)) {
		abandon(attachment);
	} else if (!attachment->users) {
		LIST_REMOVE(attachment, next);
		attachment_free(attachment);
	}
	pthread_mutex_unlock(&registry_lock);
	errno = saved_errno;
}

uint64_t attachment_privileges(const struct attachment *attachment)
{
	return attachment->privileges;
}

uint32_t attachment_vp_count(const struct attachment *attachment)
{
	return attachment->vp_count;
}

uint64_t attachment_guest_os_id(void)
{
	return GUEST_OS_ID;
}

/* Receiving */

struct receiver *attachment_receiver(struct attachment *attachment,
				     uint32_t vp_index)
{
	return &attachment->vp[vp_index].receiver;
}

void attachment_run_interrupts(struct attachment *attachment)
{
	for (uint32_t i = 0; i < attachment->vp_count; i++)
		receiver_run_interrupts(&attachment->vp[i].receiver);
}

bool attachment_is_armed(struct attachment *attachment, unsigned int sint)
{
	for (uint32_t i = 0; i < attachment->vp_count; i++)
		if (!(__atomic_load_n(&attachment->vp[i].shared->words.armed,
				      __ATOMIC_SEQ_CST) & 1u << sint))
			return false;
	return true;
}

void attachment_arm(struct attachment *attachment, unsigned int sint)
{
	for (uint32_t i = 0; i < attachment->vp_count; i++)
		__atomic_fetch_or(&attachment->vp[i].shared->words.armed,
				  1u << sint, __ATOMIC_SEQ_CST);
}

bool attachment_is_noted(struct attachment *attachment, unsigned int sint)
{
	for (uint32_t i = 0; i < attachment->vp_count; i++)
		if (__atomic_load_n(&attachment->vp[i].shared->words.asserted,
				    __ATOMIC_SEQ_CST) & 1u << sint)
			return true;
	return false;
}
