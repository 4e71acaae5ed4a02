// SPDX-License-Identifier: MIT
/* hvhost partition and inspect */
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "json.h"

static const struct common_options defaults;

static void print_partition(struct json_object *partition)
{
	char id[24] = "-", pid[24] = "-";

	if (inquiry_has(partition, "id"))
		snprintf(id, sizeof(id), "%llu", inquiry_number(partition, "id"));
	if (inquiry_has(partition, "pid"))
		snprintf(pid, sizeof(pid), "%llu", inquiry_number(partition, "pid"));
	printf("%-24s %-14s %-6s %-8s %llu\n", inquiry_text(partition, "name"),
	       inquiry_text(partition, "state"), id, pid,
	       inquiry_number(partition, "vp_count"));
}

static int run_partition(void *values, char **operands)
{
	const struct common_options *common = values;

	if (strcmp(operands[0], "list"))
		return command_fail(common, EXIT_LOCAL, "--help has examples",
				    "'%.40s' is not list", operands[0]);
	return ask_and_list(common, ask_new("partitions"), "partitions",
			    "NAME                     STATE          ID     "
			    "PROCESS  VPS",
			    print_partition);
}

/* What there is to say of a SINT in one word or two. */
static const char *state_of_sint(struct json_object *sint)
{
	if (inquiry_number(sint, "stuck"))
		return "stuck";
	if (inquiry_number(sint, "occupied"))
		return "slot occupied";
	return "slot free";
}

static void for_each(struct json_object *object, const char *key,
		     void (*print)(struct json_object *member))
{
	struct json_object *list = json_object_object_get(object, key);

	if (!json_object_is_type(list, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		print(json_object_array_get_idx(list, i));
}

static void print_sint(struct json_object *sint)
{
	printf("    SINT %-2llu %s, %llu queued%s\n", inquiry_number(sint, "sint"),
	       state_of_sint(sint), inquiry_number(sint, "queued"),
	       inquiry_number(sint, "masked") ? ", masked" : "");
}

static void print_refused(struct json_object *refused)
{
	printf("    %llu refused: %s\n", inquiry_number(refused, "posts"),
	       inquiry_text(refused, "name"));
}

static void print_vp(struct json_object *vp)
{
	printf("  VP %llu: SynIC %s, SIM page %s, SIEF page %s, %llu delivered, "
	       "%llu lost, %llu EOMs\n",
	       inquiry_number(vp, "index"), inquiry_number(vp, "synic") ? "on" : "off",
	       inquiry_number(vp, "sim") ? "on" : "off",
	       inquiry_number(vp, "sief") ? "on" : "off",
	       inquiry_number(vp, "delivered"), inquiry_number(vp, "lost"),
	       inquiry_number(vp, "eoms"));
	for_each(vp, "refused", print_refused);
	for_each(vp, "sints", print_sint);
}

static void print_port(struct json_object *port)
{
	printf("  port 0x%llx: %s, SINT %llu, from %s%s, %llu posted, %llu "
	       "refused, %llu lost, %llu queued\n",
	       inquiry_number(port, "id"), inquiry_text(port, "type"),
	       inquiry_number(port, "sint"),
	       inquiry_has(port, "from") ? inquiry_text(port, "from") : "nobody",
	       inquiry_number(port, "connected") ? "" : " (not connected)",
	       inquiry_number(port, "posted"), inquiry_number(port, "refused"),
	       inquiry_number(port, "lost"), inquiry_number(port, "queued"));
}

static void print_connection(struct json_object *connection)
{
	printf("  connection 0x%llx: ", inquiry_number(connection, "id"));
	if (inquiry_has(connection, "port"))
		printf("to port 0x%llx of %s", inquiry_number(connection, "port"),
		       inquiry_has(connection, "to") ? inquiry_text(connection, "to") :
						   "hvhost's own");
	else
		printf("its port is gone");
	printf(", %llu posted, %llu refused\n",
	       inquiry_number(connection, "posted"),
	       inquiry_number(connection, "refused"));
}

static void print_all(struct json_object *partition)
{
	printf("%s: %s", inquiry_text(partition, "name"),
	       inquiry_text(partition, "state"));
	if (inquiry_has(partition, "pid"))
		printf(", process %llu", inquiry_number(partition, "pid"));
	puts("");
	for_each(partition, "vps", print_vp);
	for_each(partition, "ports", print_port);
	for_each(partition, "connections", print_connection);
}

static int run_inspect(void *values, char **operands)
{
	const struct common_options *common = values;
	struct reply reply;
	int status = ask(common, ask_new("inspect"), &reply);

	(void)operands;
	if (status)
		return status;
	if (common->json) {
		json_print(stdout, reply.object);
		return EXIT_DONE;
	}
	for_each(reply.object, "partitions", print_all);
	printf("%llu of %llu processes attached\n",
	       inquiry_number(reply.object, "clients"),
	       inquiry_number(reply.object, "clients_max"));
	json_object_put(reply.object);
	return EXIT_DONE;
}

static const struct option_line lines[] = {
	OPTION_SOCKET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_partition = {
	.name = "partition",
	.operands = "list",
	.summary = "list partitions",
	.details = "Those that are there, and those that are expected.",
	.examples = "  hvhost partition list\n",
	.operands_min = 1,
	.operands_max = 1,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_partition,
};

const struct command command_inspect = {
	.name = "inspect",
	.operands = "",
	.summary = "show slots, queues, ports and counters of all partitions",
	.details =
	"Of SINTs, those that are in use: unmasked, or with a message that waits. A\n"
	"SINT is stuck if messages are queued and nothing that the host awaits will\n"
	"bring them out.",
	.examples =
	"  hvhost inspect\n"
	"  hvhost inspect --json | jq '.partitions[].name'\n",
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_inspect,
};
