// SPDX-License-Identifier: MIT
#include "control.h"

#include <errno.h>

int control_answer(struct server *server, int socket, const char *packet,
		   size_t size)
{
	(void)server, (void)socket, (void)packet, (void)size;
	return -EPROTO;
}
