/* SPDX-License-Identifier: MIT */
/*
 * link.h - links: what one partition posts to a connection arrives at a SINT of
 * another one. A link is there as long as somebody wants it; its port and its
 * connection are there while both partitions are, and are made again for those
 * that come back.
 *
 * What waits for the receiver when the sender goes stays there. While the
 * receiver is away, posts get INVALID_PORT_ID; before both have been there once,
 * and for the moment in which it is made again, INVALID_CONNECTION_ID.
 *
 * A partition with the right to make ports may end those of its links, too. That is
 * its own affair until it is reset: who begins anew has its links.
 *
 * All of it is the main thread's.
 */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <hvpost/hvhost.h>

#include "names.h"

/* What a link is to be like. */
struct link_wish {
	char from[HVPOST_ATTACH_NAME_SIZE];
	char to[HVPOST_ATTACH_NAME_SIZE];
	uint32_t connection_id;
	uint32_t sint;
	uint32_t vp;		/* HV_ANY_VP, or an index */
	bool is_event;		/* for events, with all flags of the SINT */
};

struct link {
	LIST_ENTRY(link) next;
	struct link_wish wish;
	struct named *from, *to;
	uint32_t port_id;	/* if there is a port */
	bool has_port, has_connection;
	uint16_t status;	/* HV_STATUS of the last try to make it */
};

LIST_HEAD(links, link);

enum link_state {
	LINK_WAITS,	/* for a partition; or it cannot be made, see @status */
	LINK_MADE,
	LINK_BROKEN,	/* one of its partitions has ended its port or connection */
};

/*
 * Take "FROM:CONNECTION=TO:SINT[,vp=N][,event]" apart. Return NULL, or what is
 * wrong with it.
 */
const char *link_parse(const char *text, struct link_wish *wish);
/* What is wrong with a wish; NULL: nothing. */
const char *link_check(const struct link_wish *wish);

/*
 * Want a link; it is made at once if both sides are there. Return 0, -EEXIST: the
 * connection is a link's already, -ERANGE: the receiver has no VP of that number, or
 * -ENOMEM.
 */
int links_add(struct links *links, struct names *names,
	      struct hvhost_machine *machine, const struct link_wish *wish,
	      struct link **link);
struct link *links_find(const struct links *links, const char *from,
			uint32_t connection_id);
/* Do not want it any more: connection and port go. */
void links_remove(struct links *links, struct hvhost_machine *machine,
		  struct link *link);
void links_free(struct links *links);

/* A partition has come, or is about to go. */
void links_join(struct links *links, struct hvhost_machine *machine,
		const struct named *named);
void links_leave(struct links *links, const struct named *named);

enum link_state link_state(const struct link *link);
/* A partition has been reset: what it had broken of its links is made again. */
void links_begin_anew(struct links *links, struct hvhost_machine *machine,
		      const struct named *named);

/*
 * The machine has become another one: what is there of each link is seen anew, and
 * the rest is made.
 */
void links_restored(struct links *links, struct hvhost_machine *machine);

#endif /* LINK_H */
