// SPDX-License-Identifier: MIT
/* From the first instruction to the end. */
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Whoever is running has not ended, and does not as long as we hold the lock. */
static void kick_all(void *context)
{
	struct vmm_guest *guest = context;

	pthread_mutex_lock(&guest->stand.lock);
	for (uint32_t i = 0; i < guest->cpus; i++)
		if (guest->vcpus[i].is_running)
			vcpu_kick(&guest->vcpus[i]);
	if (guest->service_is_running)
		vcpu_kick_thread(guest->service_self);
	pthread_mutex_unlock(&guest->stand.lock);
}

static struct stand_reminder reminder(struct vmm_guest *guest)
{
	return (struct stand_reminder){ kick_all, guest };
}

void guest_tell_end(const struct vmm_guest *guest)
{
	const uint64_t one = 1;

	/* An eventfd that holds less than its most takes one more. */
	while (write(guest->end_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void guest_finish(struct vmm_guest *guest, enum vmm_end end)
{
	int running = VMM_RUNNING;

	if (!atomic_compare_exchange_strong(&guest->end, &running, (int)end))
		return;
	stand_end(&guest->stand);
	kick_all(guest);
	guest_tell_end(guest);
}

bool guest_may_go_on(struct vmm_guest *guest)
{
	while (!guest_has_ended(guest)) {
		if (!stand_is_wanted(&guest->stand))
			return true;
		stand_here(&guest->stand);
	}
	return false;
}

static int start_thread(struct vmm_guest *guest, pthread_t *thread,
			void *(*run)(void *), void *context)
{
	int err;

	stand_expect(&guest->stand);
	err = pthread_create(thread, NULL, run, context);
	if (err)
		stand_expect_less(&guest->stand);
	return -err;
}

static int start_threads(struct vmm_guest *guest)
{
	int err = vcpu_prepare_kick();

	if (!err)
		err = start_thread(guest, &guest->service_thread, service_run,
				   guest);
	guest->serving = !err;
	for (uint32_t i = 0; i < guest->cpus && !err; i++) {
		err = start_thread(guest, &guest->vcpus[i].thread, vcpu_run,
				   &guest->vcpus[i]);
		if (!err)
			guest->threads++;
	}
	return err;
}

int vmm_guest_start(struct vmm_guest *guest, char *error)
{
	int err = start_threads(guest);

	if (!err)
		return 0;
	guest_finish(guest, VMM_FAILED);
	return vmm_fail(error, err, "cannot start a guest's threads: %s",
			strerror(-err));
}

int vmm_guest_pause(struct vmm_guest *guest)
{
	const struct stand_reminder again = reminder(guest);

	stand_want(&guest->stand);
	kick_all(guest);
	stand_wait(&guest->stand, &again);
	return guest_has_ended(guest) ? -ESRCH : 0;
}

void vmm_guest_resume(struct vmm_guest *guest)
{
	stand_release(&guest->stand);
}

bool vmm_guest_is_paused(const struct vmm_guest *guest)
{
	return stand_is_wanted(&guest->stand);
}

int vmm_guest_fd(const struct vmm_guest *guest)
{
	return guest->end_fd;
}

enum vmm_end vmm_guest_end(const struct vmm_guest *guest)
{
	return (enum vmm_end)atomic_load(&guest->end);
}

const char *vmm_end_text(enum vmm_end end)
{
	static const char *const texts[] = {
		[VMM_RUNNING] = "is running",
		[VMM_POWERED_OFF] = "powered off",
		[VMM_RESET] = "asked for a reset",
		[VMM_CRASHED] = "crashed: triple fault",
		[VMM_STOPPED] = "was stopped",
		[VMM_FAILED] = "could not go on",
	};

	return texts[end];
}

void vmm_guest_stop(struct vmm_guest *guest)
{
	guest_finish(guest, VMM_STOPPED);
}

/* Whoever ended it has made end_fd readable before its threads were joined. */
void guest_begin_anew(struct vmm_guest *guest)
{
	eventfd_t count;

	guest->threads = 0;
	guest->serving = false;
	guest->joined = false;
	eventfd_read(guest->end_fd, &count);
	atomic_store(&guest->end, VMM_RUNNING);
	stand_begin(&guest->stand);
}

void guest_join(struct vmm_guest *guest)
{
	const struct stand_reminder again = reminder(guest);

	pthread_mutex_lock(&guest->join_lock);
	if (!guest->joined) {
		guest->joined = true;
		stand_wait_for_end(&guest->stand, &again);
		for (uint32_t i = 0; i < guest->threads; i++)
			pthread_join(guest->vcpus[i].thread, NULL);
		if (guest->serving)
			pthread_join(guest->service_thread, NULL);
	}
	pthread_mutex_unlock(&guest->join_lock);
}

enum vmm_end vmm_guest_wait(struct vmm_guest *guest)
{
	struct pollfd end = { .fd = guest->end_fd, .events = POLLIN };

	while (!guest_has_ended(guest))
		poll(&end, 1, -1);
	guest_join(guest);
	return vmm_guest_end(guest);
}
