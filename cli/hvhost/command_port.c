// SPDX-License-Identifier: MIT
/* hvhost port and connection: the single ends of a link. */
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "json.h"

struct port_options {
	struct common_options common;
	bool is_event;
	const char *from;
};

static const struct port_options defaults;

static const struct operand_keys port_keys = {
	.what = "PARTITION:PORT", .name = "partition", .number = "port",
};

static const struct operand_keys sint_keys = {
	.what = "SINT[:VP]", .number = "sint", .optional = "vp",
};

static const struct operand_keys connection_keys = {
	.what = "PARTITION:CONNECTION", .name = "partition",
	.number = "connection",
};

static const struct operand_keys to_keys = {
	.what = "TO:PORT", .name = "to", .number = "port",
};

/* One thing that a command does: its word and its operands. */
struct action {
	const char *word;
	size_t operand_count;
	int (*run)(const struct port_options *options, char **operands);
};

static int run_action(const struct port_options *options,
		      const struct action *actions, char **operands)
{
	size_t count = 0;

	while (operands[count])
		count++;
	for (; actions->word; actions++)
		if (!strcmp(actions->word, operands[0]) &&
		    actions->operand_count == count - 1)
			return actions->run(options, operands + 1);
	return command_fail(&options->common, EXIT_LOCAL, "--help has examples",
			    "'%.40s' with %zu operands: expected %s",
			    operands[0], count - 1,
			    options->common.command->operands);
}

/* Ports */

static int create_port(const struct port_options *options, char **operands)
{
	struct json_object *request;
	int status;

	if (!options->from)
		return command_fail(&options->common, EXIT_LOCAL, NULL,
				    "--from is missing: who may connect to the "
				    "port");
	request = ask_new("port-create");
	json_add_string(request, "from", options->from);
	json_add_bool(request, "event", options->is_event);
	status = ask_add_operand(&options->common, request, operands[0],
				 &port_keys);
	if (!status)
		status = ask_add_operand(&options->common, request, operands[1],
					 &sint_keys);
	return status ? status : ask_and_print(&options->common, request);
}

static int delete_port(const struct port_options *options, char **operands)
{
	struct json_object *request = ask_new("port-delete");
	int status = ask_add_operand(&options->common, request, operands[0],
				     &port_keys);

	return status ? status : ask_and_print(&options->common, request);
}

static void print_port(struct json_object *port)
{
	char vp[24] = "any";

	if (inquiry_has(port, "vp"))
		snprintf(vp, sizeof(vp), "%llu", inquiry_number(port, "vp"));
	printf("0x%-8llx %-8s %4llu  %-4s %-16s %-5s %10llu %10llu %8llu %6llu\n",
	       inquiry_number(port, "id"), inquiry_text(port, "type"),
	       inquiry_number(port, "sint"), vp, inquiry_text(port, "from"),
	       inquiry_number(port, "connected") ? "yes" : "no",
	       inquiry_number(port, "posted"), inquiry_number(port, "refused"),
	       inquiry_number(port, "lost"), inquiry_number(port, "queued"));
}

static int list_ports(const struct port_options *options, char **operands)
{
	struct json_object *request = ask_new("ports");

	json_add_string(request, "partition", operands[0]);
	return ask_and_list(&options->common, request, "ports",
			    "PORT       TYPE     SINT  VP   FROM             "
			    "CONN.     POSTED    REFUSED     LOST QUEUED",
			    print_port);
}

static int run_port(void *values, char **operands)
{
	static const struct action actions[] = {
		{ "create", 2, create_port },
		{ "delete", 1, delete_port },
		{ "list", 1, list_ports },
		{ .word = NULL },
	};

	return run_action(values, actions, operands);
}

/* Connections */

static int create_connection(const struct port_options *options,
			     char **operands)
{
	struct json_object *request = ask_new("connection-create");
	int status;

	json_add_bool(request, "event", options->is_event);
	status = ask_add_operand(&options->common, request, operands[0],
				 &connection_keys);
	if (!status)
		status = ask_add_operand(&options->common, request, operands[1],
					 &to_keys);
	return status ? status : ask_and_print(&options->common, request);
}

static int delete_connection(const struct port_options *options,
			     char **operands)
{
	struct json_object *request = ask_new("connection-delete");
	int status = ask_add_operand(&options->common, request, operands[0],
				     &connection_keys);

	return status ? status : ask_and_print(&options->common, request);
}

static void print_connection(struct json_object *connection)
{
	char port[24] = "gone";

	if (inquiry_has(connection, "port"))
		snprintf(port, sizeof(port), "0x%llx",
			 inquiry_number(connection, "port"));
	printf("0x%-8llx %-16s %-10s %10llu %10llu\n",
	       inquiry_number(connection, "id"), inquiry_text(connection, "to"), port,
	       inquiry_number(connection, "posted"),
	       inquiry_number(connection, "refused"));
}

static int list_connections(const struct port_options *options, char **operands)
{
	struct json_object *request = ask_new("connections");

	json_add_string(request, "partition", operands[0]);
	return ask_and_list(&options->common, request, "connections",
			    "CONNECTION TO               PORT           POSTED  "
			    "  REFUSED",
			    print_connection);
}

static int run_connection(void *values, char **operands)
{
	static const struct action actions[] = {
		{ "create", 2, create_connection },
		{ "delete", 1, delete_connection },
		{ "list", 1, list_connections },
		{ .word = NULL },
	};

	return run_action(values, actions, operands);
}

static const struct option_line port_lines[] = {
	OPTION_SOCKET,
	{ 0, "from", "NAME", "create: the partition that may connect to it",
	  OPTION_TEXT, offsetof(struct port_options, from), 0, 0 },
	{ 'e', "event", NULL, "create: for events, with all flags of the SINT",
	  OPTION_FLAG, offsetof(struct port_options, is_event), 0, 0 },
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

static const struct option_line connection_lines[] = {
	OPTION_SOCKET,
	{ 'e', "event", NULL, "create: to a port for events", OPTION_FLAG,
	  offsetof(struct port_options, is_event), 0, 0 },
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_port = {
	.name = "port",
	.operands = "create PARTITION:PORT SINT[:VP] | delete PARTITION:PORT | "
		    "list PARTITION",
	.summary = "make, delete and list ports",
	.details =
	"A port is where messages or events arrive: at a SINT of a VP, or of any.\n"
	"It goes with its partition; 'hvhost link' makes ports that come again.",
	.examples =
	"  hvhost port create app:0x70 5 --from web\n"
	"  hvhost port delete app:0x70\n"
	"  hvhost port list app\n",
	.operands_min = 1,
	.operands_max = 3,
	.options = port_lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_port,
};

const struct command command_connection = {
	.name = "connection",
	.operands = "create PARTITION:CONNECTION TO:PORT | "
		    "delete PARTITION:CONNECTION | list PARTITION",
	.summary = "make, end and list connections",
	.details =
	"A connection is what a partition posts to; it leads to a port of another.\n"
	"It goes with its partition; 'hvhost link' makes those that come again.",
	.examples =
	"  hvhost connection create web:0x10 app:0x70\n"
	"  hvhost connection delete web:0x10\n"
	"  hvhost connection list web\n",
	.operands_min = 1,
	.operands_max = 3,
	.options = connection_lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_connection,
};
