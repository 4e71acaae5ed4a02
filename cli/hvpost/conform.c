// SPDX-License-Identifier: MIT
#include "command.h"

#include <errno.h>
#include <string.h>

#include "failure.h"
#include "json.h"
#include "probe.h"

struct conform_options {
	struct common_options common;
	const char *restricted;
	const char *inactive;
	uint64_t base;
	uint64_t first_partition;
};

#define STATUS_WIDTH	23
#define REASONS_MAX	16

/* What the run came to. */
struct summary {
	unsigned int verdicts[VERDICTS];
	struct reason {
		char text[sizeof(((struct finding *)0)->reason)];
		unsigned int count;
	} reasons[REASONS_MAX];
	size_t reasons_used;
};

static const char *const words[VERDICTS] = {
	[VERDICT_PASS] = "pass",
	[VERDICT_FAIL] = "fail",
	[VERDICT_UNREACHABLE] = "unreachable",
};

/* Who asks */

/* The other partitions of the machine in this process have names of their own. */
static bool is_embedded(const char *target)
{
	size_t length = strlen("embedded");

	return !strncmp(target, "embedded", length) &&
	       (!target[length] || target[length] == ':');
}

static const char *target_of(const struct conform_options *options,
			     enum caller caller)
{
	const char *target = command_target_name(&options->common);
	bool embedded = is_embedded(target);

	if (caller == CALLER_RESTRICTED)
		return !options->restricted && embedded ?
			       "embedded:partition=restricted" :
			       options->restricted;
	if (caller == CALLER_INACTIVE)
		return !options->inactive && embedded ?
			       "embedded:partition=inactive" :
			       options->inactive;
	return target;
}

static void close_callers(struct prober *prober)
{
	for (enum caller caller = 0; caller < CALLERS; caller++)
		hvpost_close(prober->handle[caller]);
}

/* Return an exit status. */
static int open_callers(const struct conform_options *options,
			struct prober *prober)
{
	for (enum caller caller = 0; caller < CALLERS; caller++) {
		struct common_options common = options->common;
		int status;

		common.target = target_of(options, caller);
		if (!common.target)
			continue;
		status = command_open_target(&common, &prober->handle[caller]);
		if (status)
			return status;
	}
	return EXIT_DONE;
}

/* Counting */

static void count_reason(struct summary *summary, const char *text)
{
	struct reason *reason = summary->reasons;

	while (reason < summary->reasons + summary->reasons_used &&
	       strcmp(reason->text, text))
		reason++;
	if (reason == summary->reasons + REASONS_MAX)
		return;
	if (reason == summary->reasons + summary->reasons_used) {
		strcpy(reason->text, text);
		summary->reasons_used++;
	}
	reason->count++;
}

static void count(struct summary *summary, const struct finding *finding)
{
	summary->verdicts[finding->verdict]++;
	if (finding->verdict == VERDICT_UNREACHABLE)
		count_reason(summary, finding->reason);
}

/* Printing */

/* A status as short as it is clear; @number is room for one without a name. */
static const char *short_name(uint16_t status, char number[8])
{
	const char *name = hvpost_status_name(status);

	if (name)
		return name + strlen("HV_STATUS_");
	snprintf(number, 8, "0x%04x", status);
	return number;
}

static void print_heading(const struct condition *condition)
{
	printf("%s%s\n", condition == conditions ? "" : "\n",
	       call_find(condition->code)->name);
	printf("  %-*s %-*s %-*s %s\n", CONDITION_TEXT_MAX, "condition",
	       STATUS_WIDTH, "expected", STATUS_WIDTH, "got", "verdict");
}

static void print_row(const struct condition *condition,
		      const struct finding *finding)
{
	char expected[8], got[8];

	if (condition == conditions || condition[-1].code != condition->code)
		print_heading(condition);
	printf("  %-*s %-*s %-*s %s\n", CONDITION_TEXT_MAX, condition->text,
	       STATUS_WIDTH, short_name(condition->status, expected),
	       STATUS_WIDTH,
	       finding->verdict == VERDICT_UNREACHABLE ?
		       "-" :
		       short_name(finding->got, got),
	       words[finding->verdict]);
}

static void print_summary(const struct summary *summary)
{
	putchar('\n');
	for (size_t i = 0; i < summary->reasons_used; i++)
		printf("%u unreachable: %s\n", summary->reasons[i].count,
		       summary->reasons[i].text);
	printf("%zu conditions: %u pass, %u fail, %u unreachable\n",
	       condition_count, summary->verdicts[VERDICT_PASS],
	       summary->verdicts[VERDICT_FAIL],
	       summary->verdicts[VERDICT_UNREACHABLE]);
}

static struct json_object *json_of_row(const struct condition *condition,
				       const struct finding *finding)
{
	struct json_object *row = json_object_new_object();

	json_add_string(row, "call", call_find(condition->code)->name);
	json_add_string(row, "status", hvpost_status_name(condition->status));
	json_add_string(row, "condition", condition->text);
	json_add_number(row, "expected", condition->status);
	if (finding->verdict == VERDICT_UNREACHABLE)
		json_object_object_add(row, "got", NULL);
	else
		json_add_number(row, "got", finding->got);
	json_add_string(row, "result", words[finding->verdict]);
	if (*finding->reason)
		json_add_string(row, "reason", finding->reason);
	return row;
}

static void print_list(const struct conform_options *options,
		       struct json_object *list)
{
	struct json_object *object = json_new();

	json_add_string(object, "target",
			command_target_name(&options->common));
	json_object_object_add(object, "conditions", list);
	json_print(stdout, object);
}

/* Asking */

static void probe_all(const struct conform_options *options,
		      struct prober *prober, struct summary *summary)
{
	struct json_object *list =
		options->common.json ? json_object_new_array() : NULL;

	for (size_t i = 0; i < condition_count; i++) {
		struct finding finding;

		probe(prober, &conditions[i], &finding);
		count(summary, &finding);
		if (list)
			json_object_array_add(list,
					      json_of_row(&conditions[i],
							  &finding));
		else
			print_row(&conditions[i], &finding);
	}
	if (list)
		print_list(options, list);
	else
		print_summary(summary);
}

/* Return an exit status. */
static int judge(const struct conform_options *options,
		 const struct summary *summary)
{
	struct common_options common = options->common;
	struct failure failure;

	if (summary->verdicts[VERDICT_FAIL])
		return EXIT_REFUSED;
	if (summary->verdicts[VERDICT_PASS])
		return EXIT_DONE;
	failure = failure_of("no condition could be reached", -EOPNOTSUPP);
	/* The one object that programs expect has been printed. */
	common.json = false;
	return failure_report(&common, &failure);
}

static int run_callers(const struct conform_options *options,
		       struct prober *prober)
{
	struct summary summary = { .reasons_used = 0 };
	struct failure failure;
	int err = prober_look_around(prober, options->first_partition);

	if (err) {
		failure = failure_of("cannot ask the target", err);
		return failure_report(&options->common, &failure);
	}
	probe_all(options, prober, &summary);
	return judge(options, &summary);
}

static int run_conform(void *values, char **operands)
{
	const struct conform_options *options = values;
	struct prober prober = { .base = (uint32_t)options->base };
	int status;

	(void)operands;
	status = open_callers(options, &prober);
	if (!status)
		status = run_callers(options, &prober);
	close_callers(&prober);
	return status;
}

static const struct conform_options defaults = {
	.base = HVPOST_CONFORMANCE_BASE,
	.first_partition = 1,
};

#define VALUE(member) offsetof(struct conform_options, member)

static const struct option_line lines[] = {
	{ 0, "restricted", "T",
	  "a target whose partition lacks the privileges\n"
	  "(default: with --target embedded its own)",
	  OPTION_TEXT, VALUE(restricted), 0, 0 },
	{ 0, "inactive", "T",
	  "a target whose partition is not active\n"
	  "(default: with --target embedded its own)",
	  OPTION_TEXT, VALUE(inactive), 0, 0 },
	{ 0, "base", "ID",
	  "the first id that the host was prepared with, 16 to\n"
	  "0xf00000 (default 0x100)",
	  OPTION_NUMBER, VALUE(base), 16, HVPOST_CONFORMANCE_BASE_MAX },
	{ 0, "first-partition", "ID",
	  "look for the host's partitions among the 255 ids\n"
	  "from this one on (default 1)",
	  OPTION_NUMBER, VALUE(first_partition), 1, UINT32_MAX },
	OPTION_TARGET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_conform = {
	.name = "conform",
	.operands = "",
	.summary = "probe a host for every documented condition",
	.details = "Bring about every documented condition of the hypercalls "
		   "for messages, events\nand ports, and print what the host "
		   "answered beside what it should. The host must\nbe prepared "
		   "for it: <hvpost/conformance.h> says how. On one that is not, "
		   "see to\nit that nobody uses the ids from --base on.",
	.examples = "  hvpost conform --target embedded\n"
		    "  hvpost conform --json | jq '.conditions[] | "
		    "select(.result == \"fail\")'\n",
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_conform,
};
