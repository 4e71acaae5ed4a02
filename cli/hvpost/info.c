// SPDX-License-Identifier: MIT
#include "command.h"

#include <inttypes.h>

#include <hvpost/hyperv.h>

#include "failure.h"
#include "json.h"
#include "privileges.h"

/* Each as a word for programs and as an explanation for people. */
struct term {
	const char *word;
	const char *meaning;
};

static struct term hypercall_term(enum hvpost_hypercall hypercall)
{
	switch (hypercall) {
	case HVPOST_CALL_KERNEL:
		return (struct term){ "kernel", "the kernel's own call path" };
	case HVPOST_CALL_PAGE:
		return (struct term){ "page",
				      "a hypercall page of the driver" };
	case HVPOST_CALL_VMCALL:
		return (struct term){ "vmcall", "the bare Intel instruction" };
	case HVPOST_CALL_VMMCALL:
		return (struct term){ "vmmcall", "the bare AMD instruction" };
	case HVPOST_CALL_ENGINE:
		return (struct term){ "engine",
				      "a function call: the host is in here" };
	case HVPOST_CALL_MEMORY:
		return (struct term){ "memory", "memory shared with hvhost" };
	case HVPOST_CALL_UNKNOWN:
		break;
	}
	return (struct term){ "unknown", "newer than this library" };
}

static struct term synic_term(enum hvpost_synic synic)
{
	switch (synic) {
	case HVPOST_SYNIC_OURS:
		return (struct term){ "owned", "switched on by hvpost" };
	case HVPOST_SYNIC_THEIRS:
		return (struct term){ "shared",
				      "switched on by another driver" };
	case HVPOST_SYNIC_DIFFERS:
		return (struct term){ "mixed", "not the same on all CPUs" };
	case HVPOST_SYNIC_UNKNOWN:
		break;
	}
	return (struct term){ "unknown", "newer than this library" };
}

static void print_sints(const char *label, uint16_t sints)
{
	printf("%s", label);
	if (!sints)
		printf(" none");
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		if (sints >> sint & 1)
			printf(" %u", sint);
	putchar('\n');
}

static void print_privileges(uint64_t privileges)
{
	printf("privileges    0x%016" PRIx64 "\n", privileges);
	for (unsigned int bit = 0; bit < PRIVILEGE_COUNT; bit++) {
		const char *name = privilege_name(bit);

		if (!(privileges >> bit & 1))
			continue;
		if (name)
			printf("              %s\n", name);
		else
			printf("              bit %u\n", bit);
	}
}

static void print_info(const struct hvpost_info *info, const char *target)
{
	struct term hypercall = hypercall_term(info->hypercall);
	struct term synic = synic_term(info->synic);

	printf("target        %s\n", target);
	printf("driver        %s\n", info->version);
	printf("library       %s\n", hvpost_version());
	printf("hypercall     %s: %s\n", hypercall.word, hypercall.meaning);
	printf("SynIC         %s: %s\n", synic.word, synic.meaning);
	printf("VPs online    %u\n", info->vps_online);
	print_sints("SINTs bound  ", info->sints_bound);
	print_sints("SINTs busy   ", info->sints_busy);
	printf("hv_vmbus      %s\n",
	       info->vmbus_loaded ? "loaded" : "not loaded");
	printf("guest OS id   0x%016" PRIx64 "\n", info->guest_os_id);
	print_privileges(info->privileges);
}

static void add_sints(struct json_object *object, const char *key,
		      uint16_t sints)
{
	struct json_object *list = json_object_new_array();

	for (int sint = 0; sint < (int)HV_SINT_COUNT; sint++)
		if (sints >> sint & 1)
			json_object_array_add(list, json_object_new_int(sint));
	json_object_object_add(object, key, list);
}

static void add_privileges(struct json_object *object, uint64_t privileges)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int bit = 0; bit < PRIVILEGE_COUNT; bit++)
		if (privileges >> bit & 1 && privilege_name(bit))
			json_object_array_add(
				list,
				json_object_new_string(privilege_name(bit)));
	json_add_hex(object, "privileges", privileges);
	json_object_object_add(object, "privilege_names", list);
}

static void print_json(const struct hvpost_info *info, const char *target)
{
	struct json_object *object = json_new();

	json_add_string(object, "target", target);
	json_add_string(object, "driver_version", info->version);
	json_add_string(object, "library_version", hvpost_version());
	json_add_string(object, "hypercall",
			hypercall_term(info->hypercall).word);
	json_add_string(object, "synic", synic_term(info->synic).word);
	json_add_number(object, "vps_online", info->vps_online);
	add_sints(object, "sints_bound", info->sints_bound);
	add_sints(object, "sints_busy", info->sints_busy);
	json_add_bool(object, "vmbus_loaded", info->vmbus_loaded);
	json_add_hex(object, "guest_os_id", info->guest_os_id);
	add_privileges(object, info->privileges);
	json_print(stdout, object);
}

static int run_info(void *options, char **operands)
{
	const struct common_options *common = options;
	struct hvpost_info info;
	struct hvpost *handle;
	int status, err;

	(void)operands;
	status = command_open_target(common, &handle);
	if (status)
		return status;

	err = hvpost_get_info(handle, &info, sizeof(info));
	hvpost_close(handle);
	if (err) {
		struct failure failure =
			failure_of("cannot ask the target", err);
		return failure_report(common, &failure);
	}
	if (common->json)
		print_json(&info, command_target_name(common));
	else
		print_info(&info, command_target_name(common));
	return EXIT_DONE;
}

static const struct common_options defaults = { 0 };

static const struct option_line lines[] = {
	OPTION_TARGET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_info = {
	.name = "info",
	.operands = "",
	.summary = "show what the target is and may do",
	.details = "Show the driver's version, how it makes hypercalls, who "
		   "switched the SynIC on,\nwhich SINTs are taken, and the "
		   "privileges that the host gives this partition.",
	.examples = "  hvpost info\n"
		    "  hvpost info --json | jq .privilege_names\n",
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_info,
};
