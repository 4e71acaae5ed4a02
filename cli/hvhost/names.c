// SPDX-License-Identifier: MIT
#include "names.h"

#include <stdlib.h>
#include <string.h>

#define NAME_CHARACTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

bool name_is_valid(const char *name)
{
	size_t length = strspn(name, NAME_CHARACTERS);

	return length && length < HVPOST_ATTACH_NAME_SIZE && !name[length];
}

struct named *names_find(const struct names *names, const char *name)
{
	struct named *named;

	LIST_FOREACH(named, names, next)
		if (!strcmp(named->name, name))
			return named;
	return NULL;
}

struct named *names_get(struct names *names, const char *name)
{
	struct named *named = names_find(names, name);

	if (named)
		return named;
	named = calloc(1, sizeof(*named));
	if (!named)
		return NULL;
	strncpy(named->name, name, sizeof(named->name) - 1);
	named->vp_count = 1;
	named->privileges = privileges_all();
	LIST_INSERT_HEAD(names, named, next);
	return named;
}

static void forget(struct named *named)
{
	LIST_REMOVE(named, next);
	peers_free(&named->owners);
	free(named);
}

void names_drop(struct named *named)
{
	if (!named->is_kept && !named->links && !named->partition)
		forget(named);
}

void names_free(struct names *names)
{
	struct named *named;

	while ((named = LIST_FIRST(names)))
		forget(named);
}

uint64_t privileges_restricted(void)
{
	return HV_ACCESS_SYNIC_REGS | HV_ACCESS_HYPERCALL_MSRS |
	       HV_ACCESS_VP_INDEX;
}

uint64_t privileges_all(void)
{
	return privileges_restricted() |
	       HVHOST_PRIVILEGE(HV_POST_MESSAGES | HV_SIGNAL_EVENTS |
				HV_CREATE_PORT | HV_CONNECT_PORT);
}
