// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What an event's pointer points to tells of whom it is. */
static bool is_serial(const struct vmm_guest *guest, const void *source)
{
	return source >= (const void *)guest->serial &&
	       source < (const void *)(guest->serial + VMM_SERIAL_COUNT);
}

static int add(const struct vmm_guest *guest, int fd, uint32_t events,
	       void *source)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(guest->service_fd, EPOLL_CTL_ADD, fd, &event) ?
	       -errno : 0;
}

int service_add_sint(struct vmm_guest *guest, struct sint *sint)
{
	return add(guest, sint->eoi_fd, EPOLLIN | EPOLLONESHOT, sint);
}

void service_await_sint(struct vmm_guest *guest, struct sint *sint)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLONESHOT, .data.ptr = sint,
	};

	epoll_ctl(guest->service_fd, EPOLL_CTL_MOD, sint->eoi_fd, &event);
}

/* serial_receive() says each time whether there is room for more. */
static int add_serial(struct vmm_guest *guest, uint32_t unit)
{
	struct serial *serial = &guest->serial[unit];
	const int input = serial->config.input;
	int err;

	if (input < 0)
		return 0;
	guest->input_fd[unit] = input;
	err = add(guest, input, EPOLLIN | EPOLLONESHOT, serial);
	if (err != -EPERM)
		return err;
	guest->input_fd[unit] = eventfd(1, EFD_CLOEXEC);
	if (guest->input_fd[unit] < 0)
		return -errno;
	return add(guest, guest->input_fd[unit], EPOLLIN | EPOLLONESHOT, serial);
}

static void set_irq(void *context, uint32_t irq, bool level)
{
	kvm_set_irq(context, irq, level);
}

static void want_input(void *context, int input)
{
	struct vmm_guest *guest = context;

	for (int i = 0; i < VMM_SERIAL_COUNT; i++) {
		struct epoll_event event = {
			.events = EPOLLIN | EPOLLONESHOT,
			.data.ptr = &guest->serial[i],
		};

		if (guest->serial[i].config.input == input)
			epoll_ctl(guest->service_fd, EPOLL_CTL_MOD,
				  guest->input_fd[i], &event);
	}
}

const struct serial_ops service_serial_ops = {
	.set_irq = set_irq,
	.want_input = want_input,
};

int service_init(struct vmm_guest *guest, char *error)
{
	int err;

	guest->service_fd = epoll_create1(EPOLL_CLOEXEC);
	if (guest->service_fd < 0)
		return vmm_fail(error, -errno, "epoll: %s", strerror(errno));
	err = add(guest, guest->stand.fd, EPOLLIN, NULL);
	for (uint32_t i = 0; !err && i < VMM_SERIAL_COUNT; i++)
		err = add_serial(guest, i);
	return err ? vmm_fail(error, err, "epoll: %s", strerror(-err)) : 0;
}

void service_destroy(struct vmm_guest *guest)
{
	if (guest->service_fd >= 0)
		close(guest->service_fd);
	for (int i = 0; i < VMM_SERIAL_COUNT; i++)
		if (guest->input_fd[i] >= 0 &&
		    guest->input_fd[i] != guest->serial[i].config.input)
			close(guest->input_fd[i]);
}

/* Input may be gone when we come for it: then we wait, and must be kicked. */
static void set_running(struct vmm_guest *guest, bool is_running)
{
	pthread_mutex_lock(&guest->stand.lock);
	guest->service_is_running = is_running;
	guest->service_self = pthread_self();
	pthread_mutex_unlock(&guest->stand.lock);
}

void *service_run(void *context)
{
	struct vmm_guest *guest = context;
	struct epoll_event events[16];

	vcpu_take_kicks_only();
	set_running(guest, true);
	while (guest_may_go_on(guest)) {
		int count = epoll_wait(guest->service_fd, events,
				       ARRAY_SIZE(events), -1);

		for (int i = 0; i < count; i++) {
			void *source = events[i].data.ptr;

			if (source && is_serial(guest, source))
				serial_receive(source);
			else if (source)
				hyperv_eoi(source);
		}
	}
	set_running(guest, false);
	stand_leave(&guest->stand);
	return NULL;
}
