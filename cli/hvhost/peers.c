// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* struct ucred */
#include "peers.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "number.h"

#define GROUPS_MAX 256

/* The last number is no user's and no group's. */
static bool parse_id(const char *text, uint64_t *id)
{
	return !parse_number(text, id) && *id < UINT32_MAX;
}

static bool has_user(const struct peers *peers, uid_t user)
{
	for (size_t i = 0; i < peers->user_count; i++)
		if (peers->user[i] == user)
			return true;
	return false;
}

static bool has_group(const struct peers *peers, gid_t group)
{
	for (size_t i = 0; i < peers->group_count; i++)
		if (peers->group[i] == group)
			return true;
	return false;
}

const char *peers_add_user(struct peers *peers, const char *text)
{
	const struct passwd *entry = getpwnam(text);
	uint64_t id = entry ? entry->pw_uid : 0;
	uid_t *user;

	if (!entry && !parse_id(text, &id))
		return "no such user";
	if (has_user(peers, (uid_t)id))
		return NULL;
	user = realloc(peers->user, (peers->user_count + 1) * sizeof(*user));
	if (!user)
		return "out of memory";
	user[peers->user_count++] = (uid_t)id;
	peers->user = user;
	return NULL;
}

const char *peers_add_group(struct peers *peers, const char *text)
{
	const struct group *entry = getgrnam(text);
	uint64_t id = entry ? entry->gr_gid : 0;
	gid_t *group;

	if (!entry && !parse_id(text, &id))
		return "no such group";
	if (has_group(peers, (gid_t)id))
		return NULL;
	group = realloc(peers->group, (peers->group_count + 1) * sizeof(*group));
	if (!group)
		return "out of memory";
	group[peers->group_count++] = (gid_t)id;
	peers->group = group;
	return NULL;
}

static bool has_any_group(const struct peers *peers, int socket, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t size = sizeof(groups);

	if (!peers->group_count)
		return false;
	if (has_group(peers, group))
		return true;
	if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &size))
		return false;
	for (size_t i = 0; i < size / sizeof(groups[0]); i++)
		if (has_group(peers, groups[i]))
			return true;
	return false;
}

bool peer_is_trusted(uid_t user)
{
	return user == 0 || user == geteuid();
}

bool peers_have(const struct peers *peers, int socket, const struct ucred *peer)
{
	return peer_is_trusted(peer->uid) || has_user(peers, peer->uid) ||
	       has_any_group(peers, socket, peer->gid);
}

void peers_free(struct peers *peers)
{
	free(peers->user);
	free(peers->group);
}
