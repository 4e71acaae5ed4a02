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

	if (ask_has(partition, "id"))
		snprintf(id, sizeof(id), "%llu", ask_number(partition, "id"));
	if (ask_has(partition, "pid"))
		snprintf(pid, sizeof(pid), "%llu", ask_number(partition, "pid"));
	printf("%-24s %-14s %-6s %-8s %llu\n", ask_text(partition, "name"),
	       ask_text(partition, "state"), id, pid,
	       ask_number(partition, "vp_count"));
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
	if (ask_number(sint, "stuck"))
		return "stuck";
	if (ask_number(sint, "occupied"))
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
	printf("    SINT %-2llu %s, %llu queued%s\n", ask_number(sint, "sint"),
	       state_of_sint(sint), ask_number(sint, "queued"),
	       ask_number(sint, "masked") ? ", masked" : "");
}

static void print_vp(struct json_object *vp)
{
	printf("  VP %llu: SynIC %s, SIM page %s, SIEF page %s, %llu delivered, "
	       "%llu lost, %llu EOMs\n",
	       ask_number(vp, "index"), ask_number(vp, "synic") ? "on" : "off",
	       ask_number(vp, "sim") ? "on" : "off",
	       ask_number(vp, "sief") ? "on" : "off",
	       ask_number(vp, "delivered"), ask_number(vp, "lost"),
	       ask_number(vp, "eoms"));
	for_each(vp, "sints", print_sint);
}

static void print_port(struct json_object *port)
{
	printf("  port 0x%llx: %s, SINT %llu, from %s%s, %llu posted, %llu "
	       "refused, %llu lost, %llu queued\n",
	       ask_number(port, "id"), ask_text(port, "type"),
	       ask_number(port, "sint"),
	       ask_has(port, "from") ? ask_text(port, "from") : "nobody",
	       ask_number(port, "connected") ? "" : " (not connected)",
	       ask_number(port, "posted"), ask_number(port, "refused"),
	       ask_number(port, "lost"), ask_number(port, "queued"));
}

static void print_connection(struct json_object *connection)
{
	printf("  connection 0x%llx: ", ask_number(connection, "id"));
	if (ask_has(connection, "port"))
		printf("to port 0x%llx of %s", ask_number(connection, "port"),
		       ask_has(connection, "to") ? ask_text(connection, "to") :
						   "hvhost's own");
	else
		printf("its port is gone");
	printf(", %llu posted, %llu refused\n",
	       ask_number(connection, "posted"),
	       ask_number(connection, "refused"));
}

static void print_all(struct json_object *partition)
{
	printf("%s: %s", ask_text(partition, "name"),
	       ask_text(partition, "state"));
	if (ask_has(partition, "pid"))
		printf(", process %llu", ask_number(partition, "pid"));
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
	       ask_number(reply.object, "clients"),
	       ask_number(reply.object, "clients_max"));
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
