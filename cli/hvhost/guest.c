// SPDX-License-Identifier: MIT
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "command.h"
#include "log.h"
#include "number.h"
#include "packet.h"
#include "terminal.h"

#define MEMORY_DEFAULT	(512ull << 20)

/* What it is to be like */

static const char *set_cpus(struct guest_wish *wish, const char *value)
{
	uint64_t number;

	if (parse_number(value, &number) || !number || number > VMM_CPUS_MAX)
		return "cpus is a number from 1 to 254";
	wish->cpus = (uint32_t)number;
	return NULL;
}

static const char *set_memory(struct guest_wish *wish, const char *value)
{
	if (parse_size(value, &wish->memory_bytes) ||
	    wish->memory_bytes > VMM_MEMORY_MAX ||
	    wish->memory_bytes < VMM_MEMORY_MIN)
		return "memory is a number with M or G, from 16M to 1024G";
	return NULL;
}

static const char *set_cpuid(struct guest_wish *wish, const char *value)
{
	if (!strcmp(value, "hyperv"))
		wish->cpuid = VMM_CPUID_HYPERV;
	else if (!strcmp(value, "kvm"))
		wish->cpuid = VMM_CPUID_KVM;
	else
		return "cpuid is hyperv or kvm";
	return NULL;
}

static const char *set_privileges(uint64_t *privileges, const char *value)
{
	if (parse_number(value, privileges))
		return "privileges, and withheld of them, is a number: of CPUID "
		       "leaf 0x40000003 EAX, and EBX in its upper half";
	return NULL;
}

static const char *set_on_reset(struct guest_wish *wish, const char *value)
{
	wish->restarts = !strcmp(value, "restart");
	if (!wish->restarts && strcmp(value, "end"))
		return "on-reset is end or restart";
	return NULL;
}

static const char *set(struct guest_wish *wish, const char *key,
		       const char *value)
{
	if (!strcmp(key, "kernel"))
		wish->kernel = value;
	else if (!strcmp(key, "initrd"))
		wish->initrd = value;
	else if (!strcmp(key, "cmdline"))
		wish->command_line = value;
	else if (!strcmp(key, "serial"))
		wish->serial[0] = value;
	else if (!strcmp(key, "serial2"))
		wish->serial[1] = value;
	else if (!strcmp(key, "cpus"))
		return set_cpus(wish, value);
	else if (!strcmp(key, "memory"))
		return set_memory(wish, value);
	else if (!strcmp(key, "cpuid"))
		return set_cpuid(wish, value);
	else if (!strcmp(key, "privileges"))
		return set_privileges(&wish->privileges, value);
	else if (!strcmp(key, "withheld"))
		return set_privileges(&wish->privileges_withheld, value);
	else if (!strcmp(key, "on-reset"))
		return set_on_reset(wish, value);
	else
		return "a guest has kernel, initrd, cpus, memory, serial, "
		       "serial2, cpuid, privileges, withheld, on-reset and, "
		       "last, cmdline";
	return NULL;
}

static bool is_stdio(const char *serial)
{
	return serial && !strcmp(serial, "stdio");
}

static bool wants_stdio(const struct guest_wish *wish)
{
	return is_stdio(wish->serial[0]) || is_stdio(wish->serial[1]);
}

const char *guest_parse(char *text, struct guest_wish *wish)
{
	const char *wrong = NULL;

	*wish = (struct guest_wish){
		.cpus = 1, .memory_bytes = MEMORY_DEFAULT,
		.privileges = VMM_PRIVILEGES_DEFAULT,
	};
	wish->name = strsep(&text, ",");
	if (!name_is_valid(wish->name))
		return "a guest's name has 1 to 63 of a-z A-Z 0-9 . _ -";
	while (text && !wrong) {
		char *key, *value;

		/* All the rest is its. */
		value = strncmp(text, "cmdline=", 8) ? strsep(&text, ",") : text;
		if (value == text)
			text = NULL;
		key = strsep(&value, "=");
		wrong = value ? set(wish, key, value) :
			"what follows a guest's name is KEY=VALUE";
	}
	if (!wrong && !wish->kernel)
		wrong = "a guest needs kernel=FILE";
	if (!wrong && is_stdio(wish->serial[0]) && is_stdio(wish->serial[1]))
		wrong = "only one of serial and serial2 is stdio";
	if (!wrong && wish->privileges_withheld & ~wish->privileges)
		wrong = "withheld has privileges that the guest is not to have";
	return wrong;
}

/* Making */

static void log_text(void *context, const char *text)
{
	(void)context;
	log_about(LOG_GUESTS, "%s", text);
}

static int fail(char *error, const char *what, const char *why)
{
	snprintf(error, VMM_ERROR_SIZE, "%s: %s", what, why);
	return -EINVAL;
}

/*
 * Of a pipe we are a reader, too: so nobody has to be one when we begin, and whoever
 * is may go and come again. Neither is a line waited for that has no carrier.
 */
static int open_output(const char *path)
{
	struct stat status;
	bool is_pipe = !stat(path, &status) && S_ISFIFO(status.st_mode);

	return open(path, (is_pipe ? O_RDWR : O_WRONLY | O_CREAT | O_TRUNC) |
		    O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
}

static int open_serial(struct guest *guest, const struct guest_wish *wish,
		       struct vmm_guest_config *config, char *error)
{
	for (int i = 0; i < VMM_SERIAL_COUNT; i++) {
		const char *to = wish->serial[i];

		config->serial[i] = (struct vmm_serial_config){ -1, -1 };
		guest->files[i] = -1;
		if (!to)
			continue;
		if (is_stdio(to)) {
			config->serial[i] = (struct vmm_serial_config){ 0, 1 };
			terminal_take();
			continue;
		}
		guest->files[i] = open_output(to);
		if (guest->files[i] < 0)
			return fail(error, to, strerror(errno));
		config->serial[i].output = guest->files[i];
	}
	return 0;
}

static void free_guest(struct guest *guest)
{
	if (guest->watch.fd >= 0)
		server_unwatch(guest->server, &guest->watch);
	packet_close(guest->timer.fd);
	if (guest->named->partition)
		server_leave(guest->server, guest->named);
	vmm_guest_free(guest->vmm);
	for (int i = 0; i < VMM_SERIAL_COUNT; i++)
		packet_close(guest->files[i]);
	LIST_REMOVE(guest, next);
	free(guest);
}

static int exit_status(enum vmm_end end)
{
	switch (end) {
	case VMM_POWERED_OFF:
	case VMM_STOPPED:
		return EXIT_DONE;
	case VMM_RESET:
		return EXIT_RESET;
	case VMM_CRASHED:
		return EXIT_CRASHED;
	default:
		return EXIT_LOCAL;
	}
}

/* The worst: a failure of ours, then a crash, then a reset. */
static int worse(int one, int other)
{
	if (one == EXIT_LOCAL || other == EXIT_LOCAL)
		return EXIT_LOCAL;
	return one > other ? one : other;
}

/* It has ended. */
static void remove_guest(struct guest *guest)
{
	struct server *server = guest->server;
	enum vmm_end end = vmm_guest_end(guest->vmm);

	log_about(LOG_GUESTS, "guest %s %s", guest->named->name,
		  vmm_end_text(end));
	server->guests_status = worse(server->guests_status, exit_status(end));
	free_guest(guest);
	if (LIST_EMPTY(&server->guests))
		server_stop(server, server->guests_status);
}

/* 0: never, and whatever it has told of is forgotten. */
static void set_timer(const struct guest *guest, uint32_t ms)
{
	const struct itimerspec timer = {
		.it_value.tv_sec = ms / 1000,
		.it_value.tv_nsec = ms % 1000 * 1000000L,
	};

	timerfd_settime(guest->timer.fd, 0, &timer, NULL);
}

int guest_reset(struct guest *guest, char *error)
{
	int err;

	if (guest->is_held)
		set_timer(guest, 0);
	guest->is_held = false;
	err = vmm_guest_reset(guest->vmm, error);
	restart_begin(&guest->restart);
	if (err)
		log_about(LOG_GUESTS, "guest %s cannot begin anew: %s",
			  guest->named->name, error);
	else
		links_begin_anew(&guest->server->links, guest->server->machine,
				 guest->named);
	return err;
}

static bool asks_for_reset(const struct guest *guest)
{
	return guest->restarts && vmm_guest_end(guest->vmm) == VMM_RESET;
}

/* One that does so all the time leaves room in the log for others. */
static void tell_of_reset(const struct guest *guest)
{
	uint64_t resets = vmm_guest_resets(guest->vmm);

	if (!(resets & (resets - 1)))
		log_about(LOG_GUESTS, "guest %s asked for a reset and begins "
			  "anew, after a pause of %u ms: reset %llu",
			  guest->named->name, guest->restart.pause_ms,
			  (unsigned long long)resets);
}

static void begin_anew(struct guest *guest)
{
	char error[VMM_ERROR_SIZE];

	if (guest_reset(guest, error))
		remove_guest(guest);
	else
		tell_of_reset(guest);
}

static void see_end(struct guest *guest)
{
	uint32_t pause_ms;

	if (guest->is_held)
		return;
	if (!asks_for_reset(guest)) {
		remove_guest(guest);
		return;
	}
	pause_ms = restart_hold(&guest->restart, &guest->server->limits.restart);
	if (!pause_ms) {
		begin_anew(guest);
		return;
	}
	guest->is_held = true;
	set_timer(guest, pause_ms);
}

static void handle_end(struct watch *watch, uint32_t events)
{
	(void)events;
	see_end(watch->context);
}

static void handle_timer(struct watch *watch, uint32_t events)
{
	(void)events;
	begin_anew(watch->context);
}

void guests_see_ends(struct server *server)
{
	struct guest *guest, *next;

	for (guest = LIST_FIRST(&server->guests); guest; guest = next) {
		next = LIST_NEXT(guest, next);
		if (vmm_guest_end(guest->vmm) != VMM_RUNNING)
			see_end(guest);
	}
}

static int make(struct guest *guest, const struct guest_wish *wish, char *error)
{
	struct server *server = guest->server;
	struct vmm_guest_config config = {
		.name = wish->name, .kernel = wish->kernel,
		.initrd = wish->initrd, .command_line = wish->command_line,
		.cpus = wish->cpus, .memory_bytes = wish->memory_bytes,
		.cpuid = wish->cpuid, .privileges = wish->privileges,
		.privileges_withheld = wish->privileges_withheld,
		.ports_max = server->limits.ports,
		.connections_max = server->limits.connections,
		.log = log_text,
	};
	int err = open_serial(guest, wish, &config, error);

	if (!err)
		err = vmm_guest_new(server->machine, &config, &guest->vmm,
				    error);
	if (err)
		return err;
	err = server_join(server, guest->named, vmm_guest_partition(guest->vmm));
	return err ? fail(error, "its ports cannot be made", strerror(-err)) : 0;
}

/* What was said of the name would count for nothing. */
static bool is_promised(const struct named *named)
{
	return named->is_kept && !named->is_prober;
}

/* Of what is typed each would get some. */
static bool stdio_is_taken(const struct server *server)
{
	const struct guest *guest;

	LIST_FOREACH(guest, &server->guests, next)
		if (guest->has_stdio)
			return true;
	return false;
}

int guests_add(struct server *server, const struct guest_wish *wish, char *error)
{
	struct named *named = names_get(&server->names, wish->name);
	struct guest *guest = calloc(1, sizeof(*guest));
	int err;

	const char *wrong = !named || !guest ? "out of memory" :
			    named->partition ? "there is a guest of this name" :
			    is_promised(named) ? "--partition has this name for a "
						 "process" :
			    wants_stdio(wish) && stdio_is_taken(server) ?
			    "another guest has stdio already" : NULL;

	if (wrong) {
		free(guest);
		return fail(error, wish->name, wrong);
	}
	/* Nor is it for others once the guest has ended. */
	named->is_kept = named->has_owners = true;
	guest->server = server;
	guest->named = named;
	guest->cpus = wish->cpus;
	guest->memory_bytes = wish->memory_bytes;
	guest->privileges = wish->privileges & ~wish->privileges_withheld;
	guest->restarts = wish->restarts;
	guest->has_stdio = wants_stdio(wish);
	guest->watch.fd = guest->timer.fd = -1;
	for (int i = 0; i < VMM_SERIAL_COUNT; i++)
		guest->files[i] = -1;
	LIST_INSERT_HEAD(&server->guests, guest, next);
	err = make(guest, wish, error);
	if (err)
		free_guest(guest);
	return err;
}

/* Of an end we hear once: who has ended and is held stays so for a while. */
static int watch(struct guest *guest)
{
	struct server *server = guest->server;
	int err;

	guest->timer = (struct watch){
		.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
		.ready = handle_timer, .context = guest,
	};
	if (guest->timer.fd < 0)
		return -errno;
	err = server_watch(server, &guest->timer, EPOLLIN);
	if (err)
		return err;
	guest->watch = (struct watch){
		.fd = vmm_guest_fd(guest->vmm),
		.ready = handle_end, .context = guest,
	};
	return server_watch(server, &guest->watch, EPOLLIN | EPOLLET);
}

int guests_start(struct server *server, char *error)
{
	struct guest *guest;
	int err;

	LIST_FOREACH(guest, &server->guests, next) {
		err = watch(guest);
		if (err)
			return fail(error, guest->named->name, strerror(-err));
		restart_begin(&guest->restart);
		err = vmm_guest_start(guest->vmm, error);
		if (err)
			return err;
	}
	return 0;
}

struct guest *guests_find(const struct server *server, const char *name)
{
	struct guest *guest;

	LIST_FOREACH(guest, &server->guests, next)
		if (!strcmp(guest->named->name, name))
			return guest;
	return NULL;
}

const char *guest_state(const struct guest *guest)
{
	enum vmm_end end = vmm_guest_end(guest->vmm);

	if (guest->is_held)
		return "restarting";
	if (end != VMM_RUNNING)
		return vmm_end_text(end);
	return vmm_guest_is_paused(guest->vmm) ? "paused" : "running";
}

bool guest_is_over(const struct guest *guest)
{
	return vmm_guest_end(guest->vmm) != VMM_RUNNING &&
	       !asks_for_reset(guest);
}

int guest_pause(struct guest *guest)
{
	char error[VMM_ERROR_SIZE];
	int err = vmm_guest_pause(guest->vmm);

	/* As one that is paused it does not come to ask for another reset. */
	if (err && asks_for_reset(guest) && !guest_reset(guest, error))
		err = vmm_guest_pause(guest->vmm);
	return err;
}

/* While it is paused it ends in no other way, which would be told of instead. */
void guest_stop(struct guest *guest)
{
	guest_pause(guest);
	vmm_guest_stop(guest->vmm);
	remove_guest(guest);
}

void guests_free(struct server *server)
{
	while (!LIST_EMPTY(&server->guests))
		free_guest(LIST_FIRST(&server->guests));
	terminal_give_back();
}
