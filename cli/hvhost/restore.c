// SPDX-License-Identifier: MIT
#include "restore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "log.h"
#include "shape.h"

/* Something of ours failed: it is not the snapshot's fault. */
static int fail(char *reason, int err)
{
	snprintf(reason, RESTORE_REASON_SIZE, "the machine is as before, as "
		 "another one cannot be made: %s", strerror(-err));
	return err;
}

/* Whose a partition is; NULL: no guest's. */
static struct guest *owner_of(const struct server *server, uint64_t id)
{
	struct guest *guest;

	LIST_FOREACH(guest, &server->guests, next)
		if (vmm_guest_has_partition(guest->vmm, id))
			return guest;
	return NULL;
}

/* Before anything is changed */

static int check_owners(const struct server *server, const struct shape *shape,
			char *reason)
{
	for (size_t i = 0; i < shape->count; i++) {
		uint64_t id = shape->parts[i].partition;

		if (owner_of(server, id))
			continue;
		snprintf(reason, RESTORE_REASON_SIZE,
			 "partition %" PRIu64 " here is not a guest's: only "
			 "guests can be restored", id);
		return -EBUSY;
	}
	return 0;
}

static int check_snapshot(const struct shape *here, const void *snapshot,
			  size_t size, char *reason)
{
	const char *fault, *wrong;
	struct shape there;
	int err = shape_of_snapshot(&there, here, snapshot, size, &fault);

	wrong = err ? there.wrong : shape_compare(here, &there);
	if (wrong)
		snprintf(reason, RESTORE_REASON_SIZE,
			 "the snapshot does not fit: %s", wrong);
	else if (err)
		snprintf(reason, RESTORE_REASON_SIZE,
			 "the snapshot cannot be used: %s",
			 fault ? fault : strerror(-err));
	shape_free(&there);
	return wrong ? -EINVAL : err;
}

static int check(struct server *server, const void *snapshot, size_t size,
		 char *reason)
{
	struct shape here;
	int err = shape_of_machine(&here, server->machine);

	if (err)
		err = fail(reason, err);
	else
		err = check_owners(server, &here, reason);
	if (!err)
		err = check_snapshot(&here, snapshot, size, reason);
	shape_free(&here);
	return err;
}

/* The restored machine, and those who go over to it */

static int restore_partition(void *context, uint64_t id,
			     struct hvhost_partition_config *config)
{
	struct guest *guest = owner_of(context, id);

	if (!guest)
		return -ENOENT;
	vmm_guest_restore_partition(guest->vmm, id, config);
	return 0;
}

static int restore_vp(void *context, uint64_t id, uint32_t vp_index,
		      void **sim, void **sief)
{
	vmm_guest_restore_vp(owner_of(context, id)->vmm, id, vp_index, sim,
			     sief);
	return 0;
}

/* Nothing is asked of KVM then, which might refuse it. */
static void take_moves_back(struct server *server, const struct guest *end)
{
	struct guest *guest;

	LIST_FOREACH(guest, &server->guests, next) {
		if (guest == end)
			return;
		vmm_guest_end_move(guest->vmm, NULL, NULL);
	}
}

/* Of all that cannot follow @reason names the first; others do as they can. */
static int end_moves(struct server *server, struct hvhost_machine *machine,
		     char *reason)
{
	char error[VMM_ERROR_SIZE];
	struct guest *guest;
	int err = 0;

	LIST_FOREACH(guest, &server->guests, next) {
		if (!vmm_guest_end_move(guest->vmm, machine, error))
			continue;
		if (!err)
			snprintf(reason, RESTORE_REASON_SIZE, "the machine is "
				 "restored, but guest %s cannot go on with it: "
				 "%s; it stays paused until 'hvhost guest "
				 "reset', or another restore",
				 guest->named->name, error);
		log_line("guest %s is restored in part: %s",
			 guest->named->name, error);
		err = -EIO;
	}
	return err;
}

static int begin_moves(struct server *server)
{
	struct guest *guest;

	LIST_FOREACH(guest, &server->guests, next) {
		int err = vmm_guest_begin_move(guest->vmm);

		if (!err)
			continue;
		take_moves_back(server, guest);
		return err;
	}
	return 0;
}

static void replace(struct server *server, struct hvhost_machine *machine)
{
	struct hvhost_machine *before = server->machine;
	struct guest *guest;

	server->machine = machine;
	LIST_FOREACH(guest, &server->guests, next)
		guest->named->partition = vmm_guest_partition(guest->vmm);
	hvhost_machine_free(before);
	links_restored(&server->links, machine);
}

int restore_machine(struct server *server, const void *snapshot, size_t size,
		    char *reason)
{
	static const struct hvhost_restore_ops ops = {
		.restore_partition = restore_partition,
		.restore_vp = restore_vp,
	};
	struct hvhost_machine *machine = NULL;
	int err = check(server, snapshot, size, reason);

	if (err)
		return err;
	err = begin_moves(server);
	if (err)
		return fail(reason, err);
	err = hvhost_machine_restore(snapshot, size, &ops, server, &machine,
				     NULL);
	if (err) {
		take_moves_back(server, NULL);
		return fail(reason, err);
	}
	err = end_moves(server, machine, reason);
	replace(server, machine);
	return err;
}
