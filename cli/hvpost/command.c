// SPDX-License-Identifier: MIT
#include "command.h"

#include <hvpost/hyperv.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "failure.h"
#include "number.h"

static int refuse(const struct common_options *common, const char *text)
{
	struct failure failure = failure_of_usage("%s", text);

	return failure_report(common, &failure);
}

const struct tool hvpost_tool = {
	.name = "hvpost",
	.purpose = "Post Hyper-V messages, signal events, and receive what "
		   "arrives for this guest.",
	.refuse = refuse,
};

const char *command_target_name(const struct common_options *common)
{
	const char *environment = getenv("HVPOST_TARGET");

	if (common->target)
		return common->target;
	return environment && *environment ? environment : "device";
}

int command_open_target(const struct common_options *common,
			struct hvpost **handle)
{
	int err = hvpost_open(common->target, handle);
	struct failure failure;

	if (!err)
		return EXIT_DONE;
	failure = failure_of_open(command_target_name(common), err);
	return failure_report(common, &failure);
}

int command_check_output(const struct common_options *common)
{
	struct failure failure;

	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_DONE;
	failure = failure_of("cannot write to standard output",
			     errno ? -errno : -EIO);
	return failure_report(common, &failure);
}

int command_number(const struct common_options *common, const char *name,
		   const char *text, uint64_t max, uint32_t *value)
{
	struct failure failure;
	uint64_t number;

	if (!parse_number(text, &number) && number <= max) {
		*value = (uint32_t)number;
		return EXIT_DONE;
	}
	failure = failure_of_usage("%s '%.40s' is not a number up to %llu",
				   name, text, (unsigned long long)max);
	return failure_report(common, &failure);
}

int command_sint(const struct common_options *common, const char *text,
		 uint32_t *sint)
{
	struct failure failure;
	uint64_t number;

	if (!parse_number(text, &number) && number && number < HV_SINT_COUNT) {
		*sint = (uint32_t)number;
		return EXIT_DONE;
	}
	failure = failure_of_usage("SINT '%.40s' is not a number from 1 to %u",
				   text, HV_SINT_COUNT - 1);
	return failure_report(common, &failure);
}
