// SPDX-License-Identifier: MIT
/*
 * No port's owner may be connected to it, so an echo needs a second partition:
 * the guest's call is carried out once more, as one of the device's, which reads
 * the same memory and whose connection of that id leads back to the guest. Two
 * such partitions, as message and event connections may have the same ids.
 */
#include "testdev.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PRIVILEGES \
	(HV_ACCESS_HYPERCALL_MSRS | \
	 HVHOST_PRIVILEGE(HV_POST_MESSAGES | HV_SIGNAL_EVENTS))

/* The device's ports in the guest: at the end of the ids, out of the way. */
#define MESSAGE_PORT(id)	(0xfffe00u | (id))
#define EVENT_PORT(id)		(0xffff00u | (id))

/* That a command can name */
#define VPS 256u
#define IDS 256u

struct testdev {
	struct testdev_config config;
	struct hvhost_partition_ops ops;	/* the guest's memory, no more */
	struct hvhost_partition *echo[2];	/* messages, events */
	struct hvhost_vp *caller[2];
	_Atomic uint16_t routes[VPS];	/* bit n: SINT n has one */
	_Atomic uint64_t ignored;
};

/* Nothing arrives at the device's own partitions. */
static void ignore_sint(void *context, uint32_t vp_index, unsigned int sint,
			uint8_t vector)
{
	(void)context;
	(void)vp_index;
	(void)sint;
	(void)vector;
}

static int new_echo(struct testdev *testdev, int which)
{
	struct hvhost_partition_config config = testdev->config.partition;
	int err;

	config.ops = &testdev->ops;
	config.privileges = PRIVILEGES;
	config.vp_count_max = 1;
	config.ports_max = 1;
	config.connections_max = IDS;
	err = hvhost_partition_new(testdev->config.machine, &config,
				   &testdev->echo[which]);
	if (!err)
		err = hvhost_vp_new(testdev->echo[which], 0, NULL, NULL,
				    &testdev->caller[which]);
	if (!err)
		err = hvhost_partition_activate(testdev->echo[which]);
	/* Calls are for those who have said who they are. */
	if (!err)
		err = hvhost_vp_write_msr(testdev->caller[which],
					  HV_MSR_GUEST_OS_ID,
					  HV_GUEST_OS_ID_OPEN_SOURCE);
	return err;
}

int testdev_new(const struct testdev_config *config, struct testdev **testdev)
{
	struct testdev *new = calloc(1, sizeof(*new));
	int err;

	*testdev = NULL;
	if (!new)
		return -ENOMEM;
	new->config = *config;
	new->ops = (struct hvhost_partition_ops){
		.read_memory = config->partition.ops->read_memory,
		.write_memory = config->partition.ops->write_memory,
		.assert_sint = ignore_sint,
	};
	err = new_echo(new, 0);
	if (!err)
		err = new_echo(new, 1);
	if (err) {
		testdev_free(new);
		return err;
	}
	*testdev = new;
	return 0;
}

void testdev_free(struct testdev *testdev)
{
	if (!testdev)
		return;
	hvhost_partition_free(testdev->echo[0]);
	hvhost_partition_free(testdev->echo[1]);
	free(testdev);
}

bool testdev_has_partition(const struct testdev *testdev, uint64_t id)
{
	return id == hvhost_partition_id(testdev->echo[0]) ||
	       id == hvhost_partition_id(testdev->echo[1]);
}

void testdev_restore_partition(const struct testdev *testdev,
			       struct hvhost_partition_config *config)
{
	config->ops = &testdev->ops;
	config->context = testdev->config.partition.context;
}

void testdev_move(struct testdev *testdev, struct hvhost_machine *machine,
		  struct hvhost_partition *guest)
{
	testdev->config.machine = machine;
	testdev->config.guest = guest;
	for (int i = 0; i < 2; i++) {
		testdev->echo[i] = hvhost_partition_find(machine,
					hvhost_partition_id(testdev->echo[i]));
		testdev->caller[i] = hvhost_vp_find(testdev->echo[i], 0);
	}
}

struct command {
	uint8_t sint, vp, control, id;
};

static struct hv_port_info port_info(const struct command *command, bool event)
{
	if (event)
		return (struct hv_port_info){
			.port_type = HV_PORT_TYPE_EVENT,
			.u.event = {
				.target_sint = command->sint,
				.target_vp = command->vp,
				.base_flag_number = command->id,
				.flag_count = 1,
			},
		};
	return (struct hv_port_info){
		.port_type = HV_PORT_TYPE_MESSAGE,
		.u.message = {
			.target_sint = command->sint,
			.target_vp = command->vp,
		},
	};
}

static uint32_t port_id(const struct command *command, bool event)
{
	return event ? EVENT_PORT(command->id) : MESSAGE_PORT(command->id);
}

static bool delete_port(const struct testdev *testdev,
			const struct command *command, bool event)
{
	struct hv_delete_port_input delete = {
		.port_partition = hvhost_partition_id(testdev->config.guest),
		.port_id = port_id(command, event),
	};

	return !hvhost_delete_port(testdev->config.machine, &delete);
}

static bool create(const struct testdev *testdev,
		   const struct command *command, bool event)
{
	const uint64_t guest = hvhost_partition_id(testdev->config.guest);
	const uint64_t echo = hvhost_partition_id(testdev->echo[event]);
	struct hv_create_port_input create = {
		.port_partition = guest,
		.port_id = port_id(command, event),
		.connection_partition = echo,
		.port_info = port_info(command, event),
	};
	struct hv_connect_port_input connect = {
		.connection_partition = echo,
		.connection_id = command->id,
		.port_partition = guest,
		.port_id = create.port_id,
		.connection_info.port_type = create.port_info.port_type,
	};

	if (hvhost_create_port(testdev->config.machine, &create))
		return false;
	if (!hvhost_connect_port(testdev->config.machine, &connect))
		return true;
	delete_port(testdev, command, event);
	return false;
}

static bool destroy(const struct testdev *testdev,
		    const struct command *command, bool event)
{
	struct hv_disconnect_port_input disconnect = {
		.connection_partition =
			hvhost_partition_id(testdev->echo[event]),
		.connection_id = command->id,
	};

	return !hvhost_disconnect_port(testdev->config.machine, &disconnect) &&
	       delete_port(testdev, command, event);
}

void testdev_reset(struct testdev *testdev)
{
	for (unsigned int id = 0; id < IDS; id++) {
		const struct command command = { .id = (uint8_t)id };

		destroy(testdev, &command, false);
		destroy(testdev, &command, true);
	}
	for (unsigned int vp = 0; vp < VPS; vp++)
		atomic_store(&testdev->routes[vp], 0);
}

/*
 * All SINTs have their interrupts here. A route is what a guest that was written
 * for the other device asks for first.
 */
static bool change_route(struct testdev *testdev, const struct command *command)
{
	_Atomic uint16_t *routes = &testdev->routes[command->vp];
	uint16_t bit = (uint16_t)(1u << command->sint % HV_SINT_COUNT);

	if (command->sint >= HV_SINT_COUNT ||
	    command->vp >= testdev->config.partition.vp_count_max)
		return false;
	if (command->control == TESTDEV_ROUTE_CREATE)
		return !(atomic_fetch_or(routes, bit) & bit);
	if (command->control == TESTDEV_ROUTE_DESTROY)
		return atomic_fetch_and(routes, (uint16_t)~bit) & bit;
	if (!(atomic_load(routes) & bit))
		return false;
	testdev->config.raise(testdev->config.context, command->vp,
			      command->sint);
	return true;
}

static bool carry_out(struct testdev *testdev, const struct command *command)
{
	switch (command->control) {
	case TESTDEV_ROUTE_CREATE:
	case TESTDEV_ROUTE_DESTROY:
	case TESTDEV_ROUTE_RAISE:
		return change_route(testdev, command);
	case TESTDEV_MESSAGE_CREATE:
	case TESTDEV_EVENT_CREATE:
		return create(testdev, command,
			      command->control == TESTDEV_EVENT_CREATE);
	case TESTDEV_MESSAGE_DESTROY:
	case TESTDEV_EVENT_DESTROY:
		return destroy(testdev, command,
			       command->control == TESTDEV_EVENT_DESTROY);
	default:
		return false;
	}
}

bool testdev_command(struct testdev *testdev, uint32_t word)
{
	const struct command command = {
		.sint = (uint8_t)word,
		.vp = (uint8_t)(word >> 8),
		.control = (uint8_t)(word >> 16),
		.id = (uint8_t)(word >> 24),
	};
	bool done = carry_out(testdev, &command);

	if (!done)
		atomic_fetch_add(&testdev->ignored, 1);
	return done;
}

uint64_t testdev_hypercall(struct testdev *testdev,
			   const struct hvhost_hypercall *call)
{
	uint16_t code = (uint16_t)(call->control & HV_CONTROL_CODE_MASK);
	uint64_t result;

	if (code != HV_CALL_POST_MESSAGE && code != HV_CALL_SIGNAL_EVENT)
		return HV_STATUS_INVALID_CONNECTION_ID;
	if (hvhost_vp_hypercall(testdev->caller[code == HV_CALL_SIGNAL_EVENT],
				call, &result))
		return HV_STATUS_INVALID_CONNECTION_ID;
	return result;
}

uint64_t testdev_ignored(const struct testdev *testdev)
{
	return atomic_load(&testdev->ignored);
}
