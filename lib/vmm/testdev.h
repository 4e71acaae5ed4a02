/* SPDX-License-Identifier: MIT */
/*
 * testdev.h - the echo test device.
 *
 * Its I/O port takes the commands of QEMU's hyperv-testdev, 32 bits each:
 *
 *	7:0	SINT
 *	15:8	VP index
 *	23:16	1, 2: make, remove a SINT route; 3: raise that SINT
 *		4, 5: make, remove a message connection
 *		6, 7: make, remove an event connection
 *	31:24	connection id
 *
 * A message posted to such a connection comes back at that VP and SINT, with the
 * same type and payload; a signal sets the flag there whose number is the
 * connection's id. What QEMU's ends itself over, this one ignores, and counts.
 */
#ifndef VMM_TESTDEV_H
#define VMM_TESTDEV_H

#include <hvpost/hvhost.h>
#include <stdbool.h>
#include <stdint.h>

#define TESTDEV_PORT 0x3000u

enum testdev_control {
	TESTDEV_ROUTE_CREATE = 1,
	TESTDEV_ROUTE_DESTROY,
	TESTDEV_ROUTE_RAISE,
	TESTDEV_MESSAGE_CREATE,
	TESTDEV_MESSAGE_DESTROY,
	TESTDEV_EVENT_CREATE,
	TESTDEV_EVENT_DESTROY,
};

struct testdev;

struct testdev_config {
	struct hvhost_machine *machine;
	struct hvhost_partition *guest;	/* active */
	/* As the guest's: its memory is read as the guest's is. */
	struct hvhost_partition_config partition;
	/* Raise a SINT; may be called from many threads. */
	void (*raise)(void *context, uint32_t vp_index, unsigned int sint);
	void *context;
};

/* Return 0 or a negative errno value. */
int testdev_new(const struct testdev_config *config, struct testdev **testdev);
void testdev_free(struct testdev *testdev);

/* No routes, and none of its ports and connections, as in the beginning. */
void testdev_reset(struct testdev *testdev);

/* Is this one of its own partitions? */
bool testdev_has_partition(const struct testdev *testdev, uint64_t id);
/* Supply for one of them what hvhost_restore_ops.restore_partition is to. */
void testdev_restore_partition(const struct testdev *testdev,
			       struct hvhost_partition_config *config);
/* Go over, with the guest, to a machine that has all these partitions. */
void testdev_move(struct testdev *testdev, struct hvhost_machine *machine,
		  struct hvhost_partition *guest);

/* The guest wrote @word to the port. Return whether it had an effect. */
bool testdev_command(struct testdev *testdev, uint32_t word);

/*
 * A post or signal of the guest to a connection that is not its own; return for
 * RAX. It fails as it would have failed there.
 */
uint64_t testdev_hypercall(struct testdev *testdev,
			   const struct hvhost_hypercall *call);

/* Commands that had none. */
uint64_t testdev_ignored(const struct testdev *testdev);

#endif /* VMM_TESTDEV_H */
