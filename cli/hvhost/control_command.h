/* SPDX-License-Identifier: MIT */
/* control_command.h - the control requests that there are; hvhost(1) has a list. */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include "request.h"

/* control_link.c */
void control_link(struct request *request);
void control_unlink(struct request *request);
void control_links(struct request *request);

/* control_port.c */
void control_port_create(struct request *request);
void control_port_delete(struct request *request);
void control_ports(struct request *request);
void control_connection_create(struct request *request);
void control_connection_delete(struct request *request);
void control_connections(struct request *request);

/* control_guest.c */
void control_guests(struct request *request);
void control_guest_pause(struct request *request);
void control_guest_resume(struct request *request);
void control_guest_reset(struct request *request);
void control_guest_stop(struct request *request);

/* control_inspect.c */
void control_partitions(struct request *request);
void control_inspect(struct request *request);
void control_snapshot(struct request *request);

/* control_restore.c */
void control_restore_begin(struct request *request);
void control_restore(struct request *request);

/* Arrays for answers */
struct json_object *control_list_links(struct server *server);
struct json_object *control_list_ports(struct server *server,
				       const struct named *named);
struct json_object *control_list_connections(struct server *server,
					     const struct named *named);

/* The name of the partition with an id; NULL: it has none. */
const char *control_name_of(const struct server *server, uint64_t id);

#endif /* CONTROL_COMMAND_H */
