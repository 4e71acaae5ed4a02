// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* strerrorname_np */
#include "command.h"

#include <hvpost/hyperv_status.h>

#include <string.h>

#include "failure.h"
#include "json.h"
#include "number.h"

static const char *errno_name(uint32_t status)
{
	int error = -hvpost_status_errno(status);

	return error ? strerrorname_np(error) : "0";
}

/* Does a post that got @status try again? */
static const char *retry_word(uint32_t status)
{
	static const char *const words[] = {
		[HV_STATUS_RETRY_NEVER] = "no",
		[HV_STATUS_RETRY_ALWAYS] = "yes",
		[HV_STATUS_RETRY_REQUEST] = "on-request",
	};

	switch (status) {
#define RETRY_ROW(name, value, error, retry, meaning) \
	case value:                                   \
		return words[HV_STATUS_RETRY_##retry];
		HV_STATUS_TABLE(RETRY_ROW)
#undef RETRY_ROW
	}
	return words[HV_STATUS_RETRY_NEVER];
}

static void print_one(uint32_t status)
{
	printf("%s (0x%x, %u)\n", hvpost_status_name(status), status, status);
	printf("meaning   %s\n", hvpost_status_meaning(status));
	printf("errno     %s\n", errno_name(status));
	printf("retried   %s\n", retry_word(status));
}

static void print_line(uint32_t status)
{
	printf("0x%02x  %-58s %-12s %-11s %s\n", status,
	       hvpost_status_name(status), errno_name(status),
	       retry_word(status), hvpost_status_meaning(status));
}

static void print_list(void)
{
	uint32_t status;

	printf("%-4s  %-58s %-12s %-11s %s\n", "code", "name", "errno",
	       "retried", "meaning");
	for (size_t i = 0; !hvpost_status_at(i, &status); i++)
		print_line(status);
}

static void add_status(struct json_object *object, uint32_t status)
{
	json_add_number(object, "status", status);
	json_add_string(object, "name", hvpost_status_name(status));
	json_add_string(object, "errno", errno_name(status));
	json_add_string(object, "retried", retry_word(status));
	json_add_string(object, "meaning", hvpost_status_meaning(status));
}

static void print_one_json(uint32_t status)
{
	struct json_object *object = json_new();

	add_status(object, status);
	json_print(stdout, object);
}

static void print_list_json(void)
{
	struct json_object *object = json_new();
	struct json_object *list = json_object_new_array();
	struct json_object *row;
	uint32_t status;

	for (size_t i = 0; !hvpost_status_at(i, &status); i++) {
		row = json_object_new_object();
		add_status(row, status);
		json_object_array_add(list, row);
	}
	json_object_object_add(object, "statuses", list);
	json_print(stdout, object);
}

/* By number or by name. Return whether there is such a status. */
static bool find(const char *text, uint32_t *status)
{
	uint64_t number;

	if (parse_number(text, &number))
		return !hvpost_status_find(text, status);
	*status = (uint32_t)number;
	return number <= HV_STATUS_MAX && hvpost_status_name(*status);
}

static int run_status(void *options, char **operands)
{
	const struct common_options *common = options;
	struct failure failure;
	uint32_t status;

	if (!operands[0]) {
		if (common->json)
			print_list_json();
		else
			print_list();
		return EXIT_DONE;
	}
	if (!find(operands[0], &status)) {
		failure = failure_of_usage("'%.60s' is no documented status; "
					   "'hvpost status' lists them all",
					   operands[0]);
		return failure_report(common, &failure);
	}
	if (common->json)
		print_one_json(status);
	else
		print_one(status);
	return EXIT_DONE;
}

static const struct common_options defaults = { 0 };

static const struct option_line lines[] = {
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_status = {
	.name = "status",
	.operands = "[CODE|NAME]",
	.summary = "explain an HV_STATUS, or list them all",
	.details = "Explain what the hypervisor means by a status: its name, "
		   "the errno value that\nstands for it, and whether a post "
		   "that gets it is tried again. CODE is decimal,\nor "
		   "hexadecimal after 0x; NAME may be in any case, with or "
		   "without HV_STATUS_.\nNeeds no driver.",
	.examples = "  hvpost status 0x13\n"
		    "  hvpost status invalid_connection_id\n"
		    "  hvpost status\n",
	.operands_max = 1,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_status,
};
