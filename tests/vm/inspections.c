// SPDX-License-Identifier: MIT
/*
 * Look at a running hvhost again and again until it ends: inspections SOCKET. Each
 * answer must be one whole JSON object in which no counter has gone backwards, no
 * port has more messages queued than buffers, and none is lost. Fails if messages
 * did not move while it looked.
 *
 * Most looks are requests of its own, as in hvhost(1): to begin hvhost's tool takes
 * an emulated processor far longer than to answer it takes hvhost, and it is
 * the load that is to have that time. The tool looks now and then, too.
 */
#include <json-c/json.h>

#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

/* What is seen less often may have been before the load, or after it. */
#define MOVES_MIN	3u
#define ANSWER_MAX	(1u << 20)
#define END_TRIES	100u
#define LOOKS_OF_TOOL	16u	/* one of so many */

static const char *socket_path;
static unsigned int answers, moves;
static bool moved;

/* What can be counted, and the members that have it one by one. */
static const char *const counted_at_vp[] = { "delivered", "lost", "eoms", NULL };
static const char *const counted_at_port[] = { "posted", "refused", "lost", NULL };
static const char *const counted_at_connection[] = { "posted", "refused", NULL };

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		errx(1, "an answer lacks %s: %s", key,
		     json_object_to_json_string(object));
	return value;
}

static int64_t number(struct json_object *object, const char *key)
{
	return json_object_get_int64(member(object, key));
}

/* The one of @list whose @key is as in @like, or NULL. */
static struct json_object *find(struct json_object *list, const char *key,
				struct json_object *like)
{
	struct json_object *wanted = member(like, key);

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (json_object_equal(member(one, key), wanted))
			return one;
	}
	return NULL;
}

/* Checks */

static void check_counters(struct json_object *before, struct json_object *now,
			   const char *const keys[])
{
	for (; *keys; keys++) {
		int64_t old = before ? number(before, *keys) : 0;
		int64_t new = number(now, *keys);

		if (new < old || (!strcmp(*keys, "lost") && new))
			errx(1, "%s was %jd: %s", *keys, (intmax_t)old,
			     json_object_to_json_string(now));
		if (!strcmp(*keys, "delivered") && before && new > old)
			moved = true;
	}
}

static void check_list(struct json_object *before, struct json_object *now,
		       const char *list, const char *key,
		       const char *const keys[])
{
	struct json_object *ones = member(now, list);

	for (size_t i = 0; i < json_object_array_length(ones); i++) {
		struct json_object *one = json_object_array_get_idx(ones, i);

		check_counters(before ? find(member(before, list), key, one) :
					NULL, one, keys);
		if (keys == counted_at_port &&
		    number(one, "queued") > HV_PORT_MESSAGE_BUFFERS)
			errx(1, "more is queued than there are buffers: %s",
			     json_object_to_json_string(one));
	}
}

static bool is_away(struct json_object *partition)
{
	return !strcmp(json_object_get_string(member(partition, "state")), "away");
}

static void check_partition(struct json_object *before, struct json_object *now)
{
	if (is_away(now))
		return;
	/* Whoever comes again begins anew. */
	if (before && is_away(before))
		before = NULL;
	check_list(before, now, "vps", "index", counted_at_vp);
	check_list(before, now, "ports", "id", counted_at_port);
	check_list(before, now, "connections", "id", counted_at_connection);
}

static void check(struct json_object *before, struct json_object *now)
{
	struct json_object *partitions = member(now, "partitions");

	moved = false;
	for (size_t i = 0; i < json_object_array_length(partitions); i++) {
		struct json_object *one =
			json_object_array_get_idx(partitions, i);

		check_partition(before ? find(member(before, "partitions"),
					      "name", one) : NULL, one);
	}
	answers++;
	moves += moved;
}

/* Asking */

static char text[ANSWER_MAX];

/* The answer, or NULL: hvhost is on its way out. */
static const char *request(const char *packet)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ssize_t size = -1;

	strncpy(address.sun_path, socket_path, sizeof(address.sun_path) - 1);
	if (fd < 0)
		err(1, "socket");
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)) &&
	    send(fd, packet, strlen(packet), MSG_NOSIGNAL) > 0)
		size = recv(fd, text, sizeof(text) - 1, 0);
	close(fd);
	if (size <= 0)
		return NULL;
	text[size] = '\0';
	return text;
}

/* The same by the tool; NULL: the command failed. */
static const char *ask(const char *command)
{
	char line[256];
	size_t size;
	FILE *answer;

	snprintf(line, sizeof(line), "hvhost %s --socket %s", command,
		 socket_path);
	answer = popen(line, "r");
	if (!answer)
		err(1, "%s", line);
	size = fread(text, 1, sizeof(text) - 1, answer);
	text[size] = '\0';
	return pclose(answer) ? NULL : text;
}

static struct json_object *parse(const char *answer)
{
	enum json_tokener_error error;
	struct json_object *object = json_tokener_parse_verbose(answer, &error);

	if (error || !json_object_is_type(object, json_type_object))
		errx(1, "that is not an object: %s", answer);
	return object;
}

/* It takes its socket away when it ends. */
static void await_end(void)
{
	const struct timespec pause = { .tv_nsec = 100000000 };

	for (unsigned int i = 0; i < END_TRIES; i++) {
		if (access(socket_path, F_OK))
			return;
		nanosleep(&pause, NULL);
	}
	errx(1, "hvhost is there and does not answer");
}

/* Often, and yet so that the load has most of the processor's time. */
static void rest(void)
{
	const struct timespec pause = { .tv_sec = 1 };

	nanosleep(&pause, NULL);
}

/* Return whether hvhost was there. */
static bool look_by_tool(void)
{
	const char *answer = ask("inspect");

	if (answer && !strstr(answer, " processes attached\n"))
		errx(1, "that is not all of it: %s", answer);
	if (!answer || !ask("partition list"))
		return false;
	answer = ask("inspect --json");
	if (!answer)
		return false;
	if (strchr(answer, '\n') != answer + strlen(answer) - 1)
		errx(1, "that is not one line: %s", answer);
	json_object_put(parse(answer));
	return true;
}

int main(int argc, char **argv)
{
	static const char inspect[] = "{\"version\":1,\"command\":\"inspect\"}";
	struct json_object *before = NULL;
	const char *answer;

	if (argc != 2)
		errx(1, "usage: inspections SOCKET");
	socket_path = argv[1];
	while ((answer = request(inspect))) {
		struct json_object *now = parse(answer);

		check(before, now);
		json_object_put(before);
		before = now;
		if (answers % LOOKS_OF_TOOL == 1 && !look_by_tool())
			break;
		rest();
	}
	json_object_put(before);
	await_end();
	printf("%u answers, messages moved between %u\n", answers, moves);
	if (moves < MOVES_MIN)
		errx(1, "nothing was going on");
	return 0;
}
