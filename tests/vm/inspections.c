// SPDX-License-Identifier: MIT
/*
 * Look at a running hvhost again and again, by its own tool, until it ends:
 * inspections SOCKET. Each answer must be one whole JSON object in which no counter
 * has gone backwards, no port has more messages queued than buffers, and none is
 * lost. Fails if messages did not move while it looked.
 */
#include <json-c/json.h>

#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

/* What is seen less often may have been before the load, or after it. */
#define MOVES_MIN	3u
#define ANSWER_MAX	(1u << 20)
#define END_TRIES	100u

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

/* The answer as text, or NULL: the command failed. */
static const char *ask(const char *command)
{
	static char text[ANSWER_MAX];
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

static struct json_object *parse(const char *text)
{
	const char *end = strchr(text, '\n');
	struct json_object *object = json_tokener_parse(text);

	if (!json_object_is_type(object, json_type_object) || !end || end[1])
		errx(1, "that is not one object in one line: %s", text);
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
	const struct timespec pause = { .tv_nsec = 300000000 };

	nanosleep(&pause, NULL);
}

int main(int argc, char **argv)
{
	struct json_object *before = NULL;
	const char *text;

	if (argc != 2)
		errx(1, "usage: inspections SOCKET");
	socket_path = argv[1];
	while ((text = ask("inspect --json"))) {
		struct json_object *now = parse(text);

		check(before, now);
		json_object_put(before);
		before = now;
		text = ask("inspect");
		if (text && !strstr(text, " processes attached\n"))
			errx(1, "that is not all of it: %s", text);
		if (!text || !ask("partition list"))
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
