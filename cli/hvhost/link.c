// SPDX-License-Identifier: MIT
#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "number.h"

/* Ports of links whose own number is taken have these numbers. */
#define PORT_ID_FIRST	0x800000u
#define PORT_ID_TRIES	256u

/* "NAME:NUMBER"; @text is changed. */
static const char *parse_end(char *text, char *name, uint64_t *number,
			     uint64_t max)
{
	char *colon = strchr(text, ':');

	if (!colon)
		return "it needs FROM:CONNECTION=TO:SINT";
	*colon = '\0';
	if (!name_is_valid(text))
		return "a partition's name has 1 to 63 of a-z A-Z 0-9 . _ -";
	strcpy(name, text);
	if (parse_number(colon + 1, number) || *number > max)
		return "a connection is a number up to 0xffffff, a SINT one "
		       "from 1 to 15";
	return NULL;
}

static const char *parse_option(const char *option, struct link_wish *wish)
{
	uint64_t number;

	if (!strcmp(option, "event")) {
		wish->is_event = true;
		return NULL;
	}
	if (strncmp(option, "vp=", 3) || parse_number(option + 3, &number) ||
	    number >= HV_ANY_VP)
		return "an option of a link is vp=N or event";
	wish->vp = (uint32_t)number;
	return NULL;
}

static const char *parse_words(char *text, struct link_wish *wish)
{
	char *equals = strchr(text, '='), *option, *rest;
	uint64_t connection, sint;
	const char *wrong;

	if (!equals)
		return "it needs FROM:CONNECTION=TO:SINT";
	*equals = '\0';
	option = strtok_r(equals + 1, ",", &rest);
	if (!option)
		return "it needs FROM:CONNECTION=TO:SINT";
	wrong = parse_end(text, wish->from, &connection, HV_ID_MASK);
	if (!wrong)
		wrong = parse_end(option, wish->to, &sint, HV_SINT_COUNT - 1);
	while (!wrong && (option = strtok_r(NULL, ",", &rest)))
		wrong = parse_option(option, wish);
	if (wrong)
		return wrong;
	wish->connection_id = (uint32_t)connection;
	wish->sint = (uint32_t)sint;
	return link_check(wish);
}

const char *link_parse(const char *text, struct link_wish *wish)
{
	char copy[2 * HVPOST_ATTACH_NAME_SIZE + 64];

	*wish = (struct link_wish){ .vp = HV_ANY_VP };
	if (strlen(text) >= sizeof(copy))
		return "it is too long";
	strcpy(copy, text);
	return parse_words(copy, wish);
}

const char *link_check(const struct link_wish *wish)
{
	if (!name_is_valid(wish->from) || !name_is_valid(wish->to))
		return "a partition's name has 1 to 63 of a-z A-Z 0-9 . _ -";
	if (!strcmp(wish->from, wish->to))
		return "a partition cannot have a port for itself";
	if (wish->connection_id > HV_ID_MASK)
		return "a connection is a number up to 0xffffff";
	if (!wish->sint || wish->sint >= HV_SINT_COUNT)
		return "a SINT is a number from 1 to 15";
	return NULL;
}

/* Guests are there as long as they are known; others come as has been said. */
static bool has_vp(const struct named *named, uint32_t vp)
{
	if (vp == HV_ANY_VP)
		return true;
	return named->partition ? hvhost_vp_find(named->partition, vp) != NULL :
				  vp < named->vp_count;
}

/* Ports and connections */

static struct hv_port_info port_info(const struct link_wish *wish)
{
	if (wish->is_event)
		return (struct hv_port_info){
			.port_type = HV_PORT_TYPE_EVENT,
			.u.event.target_sint = wish->sint,
			.u.event.target_vp = wish->vp,
			.u.event.flag_count = HV_EVENT_FLAG_COUNT,
		};
	return (struct hv_port_info){
		.port_type = HV_PORT_TYPE_MESSAGE,
		.u.message.target_sint = wish->sint,
		.u.message.target_vp = wish->vp,
	};
}

static uint16_t create_port(struct link *link, struct hvhost_machine *machine,
			    uint32_t port_id)
{
	uint16_t status = hvhost_create_port(machine,
			&(struct hv_create_port_input){
		.port_partition = hvhost_partition_id(link->to->partition),
		.port_id = port_id,
		.connection_partition =
			hvhost_partition_id(link->from->partition),
		.port_info = port_info(&link->wish),
	});

	if (!status) {
		link->port_id = port_id;
		link->has_port = true;
	}
	return status;
}

/* The connection's number if it is free, which so is the messages' origin. */
static uint16_t make_port(struct link *link, struct hvhost_machine *machine)
{
	uint16_t status = create_port(link, machine, link->wish.connection_id);

	for (uint32_t i = 0; i < PORT_ID_TRIES &&
			     status == HV_STATUS_INVALID_PORT_ID; i++)
		status = create_port(link, machine, PORT_ID_FIRST + i);
	return status;
}

static uint64_t id_or_zero(const struct named *named)
{
	return named->partition ? hvhost_partition_id(named->partition) : 0;
}

static void delete_port(struct link *link, struct hvhost_machine *machine)
{
	if (!link->has_port)
		return;
	/* Refused if its owner has deleted it, or is finalizing: then all is well. */
	hvhost_delete_port(machine, &(struct hv_delete_port_input){
			.port_partition = id_or_zero(link->to),
			.port_id = link->port_id,
		});
	link->has_port = false;
}

static void disconnect(struct link *link, struct hvhost_machine *machine)
{
	if (!link->has_connection)
		return;
	hvhost_disconnect_port(machine, &(struct hv_disconnect_port_input){
			.connection_partition = id_or_zero(link->from),
			.connection_id = link->wish.connection_id,
		});
	link->has_connection = false;
}

static uint16_t connect_port(struct link *link, struct hvhost_machine *machine)
{
	uint16_t status = hvhost_connect_port(machine,
			&(struct hv_connect_port_input){
		.connection_partition =
			hvhost_partition_id(link->from->partition),
		.connection_id = link->wish.connection_id,
		.port_partition = hvhost_partition_id(link->to->partition),
		.port_id = link->port_id,
		.connection_info.port_type = link->wish.is_event ?
				HV_PORT_TYPE_EVENT : HV_PORT_TYPE_MESSAGE,
	});

	link->has_connection = !status;
	return status;
}

/* For the partition that comes in place of another: what is queued stays. */
static uint16_t keep_port(struct link *link, struct hvhost_machine *machine)
{
	uint16_t status;

	status = hvhost_reassign_port(machine,
				      hvhost_partition_id(link->to->partition),
				      link->port_id,
				      hvhost_partition_id(link->from->partition));
	/* Its owner may have deleted it. */
	link->has_port = status != HV_STATUS_INVALID_PORT_ID;
	return link->has_port ? status : HV_STATUS_SUCCESS;
}

static uint16_t make(struct link *link, struct hvhost_machine *machine)
{
	uint16_t status = HV_STATUS_SUCCESS;

	/* It led to a port that went with its partition. */
	if (!link->has_port)
		disconnect(link, machine);
	if (link->has_port && !link->has_connection)
		status = keep_port(link, machine);
	if (!status && !link->has_port)
		status = make_port(link, machine);
	if (!status && !link->has_connection)
		status = connect_port(link, machine);
	return status;
}

static void make_if_both_are_there(struct link *link,
				   struct hvhost_machine *machine)
{
	if (!link->from->partition || !link->to->partition)
		return;
	link->status = make(link, machine);
	if (link->status)
		log_line("link %s:0x%x to %s:%u cannot be made: status 0x%x",
			 link->wish.from, link->wish.connection_id,
			 link->wish.to, link->wish.sint, link->status);
}

/* The list */

static void forget_names(const struct link *link)
{
	if (link->from)
		names_drop(link->from);
	if (link->to)
		names_drop(link->to);
}

int links_add(struct links *links, struct names *names,
	      struct hvhost_machine *machine, const struct link_wish *wish,
	      struct link **link)
{
	struct link *new;
	int err = 0;

	if (links_find(links, wish->from, wish->connection_id))
		return -EEXIST;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->wish = *wish;
	new->from = names_get(names, wish->from);
	new->to = names_get(names, wish->to);
	if (!new->from || !new->to)
		err = -ENOMEM;
	else if (!has_vp(new->to, wish->vp))
		err = -ERANGE;
	if (err) {
		forget_names(new);
		free(new);
		return err;
	}
	new->from->links++;
	new->to->links++;
	LIST_INSERT_HEAD(links, new, next);
	make_if_both_are_there(new, machine);
	*link = new;
	return 0;
}

struct link *links_find(const struct links *links, const char *from,
			uint32_t connection_id)
{
	struct link *link;

	LIST_FOREACH(link, links, next)
		if (link->wish.connection_id == connection_id &&
		    !strcmp(link->wish.from, from))
			return link;
	return NULL;
}

void links_remove(struct links *links, struct hvhost_machine *machine,
		  struct link *link)
{
	(void)links;
	disconnect(link, machine);
	delete_port(link, machine);
	link->from->links--;
	link->to->links--;
	forget_names(link);
	LIST_REMOVE(link, next);
	free(link);
}

void links_free(struct links *links)
{
	struct link *link;

	while ((link = LIST_FIRST(links))) {
		LIST_REMOVE(link, next);
		free(link);
	}
}

void links_join(struct links *links, struct hvhost_machine *machine,
		const struct named *named)
{
	struct link *link;

	LIST_FOREACH(link, links, next)
		if (link->from == named || link->to == named)
			make_if_both_are_there(link, machine);
}

void links_leave(struct links *links, const struct named *named)
{
	struct link *link;

	LIST_FOREACH(link, links, next) {
		if (link->from == named)
			link->has_connection = false;
		if (link->to == named)
			link->has_port = false;
	}
}

/* What is there of a link, whatever we have made */

static bool find_connection(const struct link *link,
			    struct hvhost_connection_view *view)
{
	return link->from->partition &&
	       !hvhost_connection_next(link->from->partition,
				       link->wish.connection_id, view) &&
	       view->id == link->wish.connection_id;
}

/* A connection of that number leads to @to, or to a port that is gone. */
static bool look_for_connection(struct link *link)
{
	struct hvhost_connection_view view;

	if (!find_connection(link, &view))
		return false;
	if (!view.port_partition)
		return true;
	if (view.port_partition != id_or_zero(link->to))
		return false;
	link->port_id = view.port_id;
	link->has_port = true;
	return true;
}

static void look_for_port(struct link *link)
{
	const struct hv_port_info info = port_info(&link->wish);
	struct hvhost_port_view view;

	/* One that waits for somebody to be connected to it is as we made it. */
	if (link->to->partition &&
	    !hvhost_port_next(link->to->partition, link->port_id, &view) &&
	    view.id == link->port_id && !view.is_connected &&
	    !memcmp(&view.info, &info, sizeof(info)))
		link->has_port = true;
}

static void look_again(struct link *link, struct hvhost_machine *machine)
{
	bool had_port = link->has_port;

	link->has_port = false;
	link->has_connection = look_for_connection(link);
	if (had_port && !link->has_port)
		look_for_port(link);
	make_if_both_are_there(link, machine);
}

void links_restored(struct links *links, struct hvhost_machine *machine)
{
	struct link *link;

	LIST_FOREACH(link, links, next)
		look_again(link, machine);
}

enum link_state link_state(const struct link *link)
{
	struct hvhost_connection_view view;

	if (!link->has_port || !link->has_connection)
		return LINK_WAITS;
	if (find_connection(link, &view) && view.port_id == link->port_id &&
	    view.port_partition == id_or_zero(link->to))
		return LINK_MADE;
	return LINK_BROKEN;
}

void links_begin_anew(struct links *links, struct hvhost_machine *machine,
		      const struct named *named)
{
	struct link *link;

	LIST_FOREACH(link, links, next)
		if ((link->from == named || link->to == named) &&
		    link_state(link) == LINK_BROKEN)
			look_again(link, machine);
}
