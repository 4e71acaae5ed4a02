// SPDX-License-Identifier: MIT
#include "command.h"

#include <stdio.h>
#include <string.h>

#include <hvpost/device.h>

#include "diagnosis.h"
#include "failure.h"
#include "json.h"

static const char *verdict_word(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_OK:
		return "ok";
	case VERDICT_NOTE:
		return "note";
	case VERDICT_MISSING:
		break;
	}
	return "missing";
}

static unsigned int count_missing(const struct diagnosis *diagnosis)
{
	unsigned int missing = 0;

	for (unsigned int i = 0; i < diagnosis->count; i++)
		missing += diagnosis->findings[i].verdict == VERDICT_MISSING;
	return missing;
}

static void print_diagnosis(const struct diagnosis *diagnosis)
{
	unsigned int missing = count_missing(diagnosis);

	for (unsigned int i = 0; i < diagnosis->count; i++) {
		const struct finding *finding = &diagnosis->findings[i];

		printf("%-8s %-11s %s\n", verdict_word(finding->verdict),
		       finding->check, finding->text);
		if (*finding->remedy)
			printf("%21s%s\n", "-> ", finding->remedy);
	}
	if (missing)
		printf("%u %s missing: begin with the first\n", missing,
		       missing == 1 ? "thing is" : "things are");
	else
		printf("nothing is missing\n");
}

static void print_json(const struct diagnosis *diagnosis, const char *target)
{
	struct json_object *object = json_new();
	struct json_object *list = json_object_new_array();

	json_add_string(object, "target", target);
	json_add_number(object, "missing", count_missing(diagnosis));
	for (unsigned int i = 0; i < diagnosis->count; i++) {
		const struct finding *finding = &diagnosis->findings[i];
		struct json_object *row = json_object_new_object();

		json_add_string(row, "check", finding->check);
		json_add_string(row, "verdict", verdict_word(finding->verdict));
		json_add_string(row, "text", finding->text);
		if (*finding->remedy)
			json_add_string(row, "remedy", finding->remedy);
		json_object_array_add(list, row);
	}
	json_object_object_add(object, "checks", list);
	json_print(stdout, object);
}

/* A target without a driver: there is no more to it than whether it opens. */
static void diagnose_opening(struct diagnosis *diagnosis, const char *target)
{
	struct finding *finding = &diagnosis->findings[0];
	struct hvpost *handle;
	struct failure failure;
	int err = hvpost_open(target, &handle);

	diagnosis->count = 1;
	*finding = (struct finding){ .check = "target" };
	if (!err) {
		hvpost_close(handle);
		snprintf(finding->text, sizeof(finding->text),
			 "%s opens, and answers", target);
		return;
	}
	failure = failure_of_open(target, err);
	finding->verdict = VERDICT_MISSING;
	snprintf(finding->text, sizeof(finding->text), "%.250s", failure.text);
	if (failure.hint)
		snprintf(finding->remedy, sizeof(finding->remedy), "%s",
			 failure.hint);
}

/* The path of the device that @target names, or NULL: it names none. */
static const char *node_of(const char *target)
{
	static const char prefix[] = "device:";

	if (!strcmp(target, "device"))
		return HVPOST_DEVICE_PATH;
	if (!strncmp(target, prefix, strlen(prefix)))
		return target + strlen(prefix);
	return NULL;
}

static int run_doctor(void *options, char **operands)
{
	const struct common_options *common = options;
	const char *target = command_target_name(common);
	const char *node = node_of(target);
	struct diagnosis diagnosis;
	struct facts facts;

	(void)operands;
	if (node) {
		facts_collect(&facts, facts_source_here(), node);
		diagnose(&diagnosis, &facts);
	} else {
		diagnose_opening(&diagnosis, target);
	}
	if (common->json)
		print_json(&diagnosis, target);
	else
		print_diagnosis(&diagnosis);
	/* What is missing is no reason for a report that does not come. */
	if (command_check_output(common))
		return EXIT_LOCAL;
	return diagnosis_is_good(&diagnosis) ? EXIT_DONE : EXIT_LOCAL;
}

static const struct common_options defaults = { 0 };

static const struct option_line lines[] = {
	OPTION_TARGET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_doctor = {
	.name = "doctor",
	.operands = "",
	.summary = "say what is missing, and what to do about it",
	.details = "Look at the host, the driver and the device, from the "
		   "bottom up, and say what is in\nthe way of posting and "
		   "receiving and how to get it out of there. With another "
		   "target,\nsay whether that opens. Changes nothing; root is "
		   "not needed.",
	.examples = "  hvpost doctor\n"
		    "  hvpost doctor --target host:/tmp/h\n"
		    "  hvpost doctor --json | jq -r '.checks[] | "
		    "select(.verdict==\"missing\").remedy'\n",
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_doctor,
};
