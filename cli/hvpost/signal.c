// SPDX-License-Identifier: MIT
#include "command.h"

#include <hvpost/hyperv.h>

#include "failure.h"
#include "json.h"

static void print_done(const struct common_options *common,
		       uint32_t connection_id, uint32_t flag_number)
{
	struct json_object *object;

	if (!common->json) {
		printf("signalled flag %u of connection 0x%x\n", flag_number,
		       connection_id);
		return;
	}
	object = json_new();
	json_add_number(object, "connection", connection_id);
	json_add_number(object, "flag", flag_number);
	json_print(stdout, object);
}

static int run_signal(void *options, char **operands)
{
	const struct common_options *common = options;
	uint32_t connection_id, flag_number = 0;
	struct failure failure;
	struct hvpost *handle;
	int status, err;

	status = command_number(common, "CONNECTION", operands[0], UINT32_MAX,
				&connection_id);
	if (!status && operands[1])
		status = command_number(common, "FLAG", operands[1],
					HV_EVENT_FLAG_COUNT - 1, &flag_number);
	if (!status)
		status = command_open_target(common, &handle);
	if (status)
		return status;

	err = hvpost_signal(handle, connection_id, flag_number);
	if (err) {
		failure = failure_of_signal(connection_id, err,
					    hvpost_last_status(handle));
		status = failure_report(common, &failure);
	} else {
		print_done(common, connection_id, flag_number);
	}
	hvpost_close(handle);
	return status;
}

static const struct common_options defaults = { 0 };

static const struct option_line lines[] = {
	OPTION_TARGET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_signal = {
	.name = "signal",
	.operands = "CONNECTION [FLAG]",
	.summary = "signal an event (HvCallSignalEvent)",
	.details = "Set event flag FLAG, 0 to 2047 (default 0), at the port "
		   "behind CONNECTION.\nNumbers are decimal, or hexadecimal "
		   "after 0x.",
	.examples = "  hvpost signal 0x11\n"
		    "  hvpost signal 0x11 7\n",
	.operands_min = 1,
	.operands_max = 2,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_signal,
};
