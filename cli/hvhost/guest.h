/* SPDX-License-Identifier: MIT */
/*
 * guest.h - KVM guests: partitions that hvhost itself runs, by lib/vmm.
 *
 * All of it is the main thread's.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include <sys/queue.h>

#include "lib/vmm/vmm.h"
#include "server.h"

/* What a guest is to be like; texts point into what was parsed. */
struct guest_wish {
	const char *name;
	const char *kernel, *initrd, *command_line;
	const char *serial[VMM_SERIAL_COUNT];	/* "stdio", a file, or NULL */
	uint32_t cpus;
	uint64_t memory_bytes;
	enum vmm_cpuid cpuid;
	uint64_t privileges, privileges_withheld;
	bool restarts;		/* when it asks for a reset */
};

struct guest {
	LIST_ENTRY(guest) next;
	struct server *server;
	struct named *named;
	struct vmm_guest *vmm;
	uint32_t cpus;
	uint64_t memory_bytes;
	uint64_t privileges;		/* that it really has */
	bool restarts;			/* when it asks for a reset */
	struct restart restart;
	bool is_held;			/* it has asked, and waits for @timer */
	struct watch watch;		/* for its end */
	struct watch timer;
	bool has_stdio;
	int files[VMM_SERIAL_COUNT];	/* of ours, that its ports write; or -1 */
};

/*
 * Take "NAME,kernel=FILE[,initrd=FILE][,cpus=N][,memory=SIZE][,serial=stdio|FILE]
 * [,serial2=FILE][,cpuid=hyperv|kvm][,privileges=N][,withheld=N]
 * [,on-reset=end|restart][,cmdline=TEXT]" apart, where cmdline, which may have
 * commas, comes last. @text is changed. Return NULL, or what is wrong with it.
 */
const char *guest_parse(char *text, struct guest_wish *wish);

/*
 * Make a guest, whose partition then is there, as one that does not run yet.
 * Return 0, or a negative errno value and @error, VMM_ERROR_SIZE bytes.
 */
int guests_add(struct server *server, const struct guest_wish *wish,
	       char *error);

/*
 * Run them all. When the last has ended, the server stops, with the exit status
 * that tells of the worst end there was. Return as above.
 */
int guests_start(struct server *server, char *error);

/* The one with that name; NULL: it is not there. */
struct guest *guests_find(const struct server *server, const char *name);

/*
 * See to those that have ended and that the loop has not come to yet: they begin
 * anew, now or after a pause, or are gone then.
 */
void guests_see_ends(struct server *server);

/* Has it ended, and not to begin anew? */
bool guest_is_over(const struct guest *guest);

/* "running", "paused", "restarting", or how it has ended; static. */
const char *guest_state(const struct guest *guest);

/*
 * A power cycle, at once. Return 0, or a negative errno value and @error,
 * VMM_ERROR_SIZE bytes, which has been logged.
 */
int guest_reset(struct guest *guest, char *error);

/*
 * Let it do nothing, even if it asks for a reset at this moment. Return 0, or
 * -ESRCH: it has ended.
 */
int guest_pause(struct guest *guest);

/* End it at once; it is gone then, and its partition. */
void guest_stop(struct guest *guest);

/* Stop and free those that are left. */
void guests_free(struct server *server);

#endif /* GUEST_H */
