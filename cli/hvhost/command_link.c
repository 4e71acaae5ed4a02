// SPDX-License-Identifier: MIT
/* hvhost link and unlink */
#include <stdio.h>

#include "ask.h"
#include "json.h"

struct link_options {
	struct common_options common;
	bool is_event;
};

static const struct link_options defaults;

static const struct operand_keys from_keys = {
	.what = "FROM:CONNECTION", .name = "from", .number = "connection",
};

static const struct operand_keys to_keys = {
	.what = "TO:SINT[:VP]", .name = "to", .number = "sint", .optional = "vp",
};

static void print_link(struct json_object *link)
{
	char vp[24] = "any";

	if (inquiry_has(link, "vp"))
		snprintf(vp, sizeof(vp), "%llu", inquiry_number(link, "vp"));
	printf("%-16s 0x%-8llx %-16s %4llu  %-4s %-8s %s\n",
	       inquiry_text(link, "from"), inquiry_number(link, "connection"),
	       inquiry_text(link, "to"), inquiry_number(link, "sint"), vp,
	       inquiry_number(link, "event") ? "events" : "messages",
	       inquiry_number(link, "made") ? "made" :
	       inquiry_number(link, "broken") ? "broken" :
	       inquiry_has(link, "status") ? inquiry_text(link, "status") :
					 "waits");
}

static int list(const struct common_options *common)
{
	return ask_and_list(common, ask_new("links"), "links",
			    "FROM             CONNECTION TO               SINT  "
			    "VP   CARRIES  STATE",
			    print_link);
}

static int run_link(void *values, char **operands)
{
	struct link_options *options = values;
	struct json_object *request;
	int status;

	if (!operands[0])
		return list(&options->common);
	if (!operands[1])
		return command_fail(&options->common, EXIT_LOCAL,
				    "--help has examples",
				    "too few operands: expected FROM:CONNECTION "
				    "TO:SINT[:VP]");
	request = ask_new("link");
	json_add_bool(request, "event", options->is_event);
	status = ask_add_operand(&options->common, request, operands[0],
				 &from_keys);
	if (!status)
		status = ask_add_operand(&options->common, request, operands[1],
					 &to_keys);
	return status ? status : ask_and_print(&options->common, request);
}

static int run_unlink(void *values, char **operands)
{
	const struct common_options *common = values;
	struct json_object *request = ask_new("unlink");
	int status = ask_add_operand(common, request, operands[0], &from_keys);

	return status ? status : ask_and_print(common, request);
}

static const struct option_line link_lines[] = {
	OPTION_SOCKET,
	{ 'e', "event", NULL, "for events, with all flags of the SINT",
	  OPTION_FLAG, offsetof(struct link_options, is_event), 0, 0 },
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

static const struct option_line unlink_lines[] = {
	OPTION_SOCKET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_link = {
	.name = "link",
	.operands = "[FROM:CONNECTION TO:SINT[:VP]]",
	.summary = "have what one partition posts arrive at another",
	.details =
	"What FROM posts to CONNECTION arrives at TO's SINT, at its VP or at any.\n"
	"The port and the connection for it are there while both partitions are, and\n"
	"are made again for one that comes back. Without operands: list the links.",
	.examples =
	"  hvhost link web:0x10 app:5\n"
	"  hvhost link web:0x20 app:5 --event\n"
	"  hvhost link --json\n",
	.operands_min = 0,
	.operands_max = 2,
	.options = link_lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_link,
};

const struct command command_unlink = {
	.name = "unlink",
	.operands = "FROM:CONNECTION",
	.summary = "end a link",
	.details = "Its connection and its port go, and with that what is queued there.",
	.examples = "  hvhost unlink web:0x10\n",
	.operands_min = 1,
	.operands_max = 1,
	.options = unlink_lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_unlink,
};
