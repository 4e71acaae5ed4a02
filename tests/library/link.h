/* SPDX-License-Identifier: MIT */
/*
 * link.h - where the cases run: a target, and connections of it whose messages
 * come back to this partition.
 *
 * The cases are about what hvpost.h promises, and are the same for every target.
 * What a target, or the host behind it, cannot do is said here in numbers, and
 * a case that asks for more is listed as left out, with its reason.
 */
#ifndef LIBRARY_LINK_H
#define LIBRARY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <check.h>
#include <hvpost/hvpost.h>

/* Links in a row: connection + n comes back to SINT sint + n of the same VP. */
#define LINKS 4u

struct echo_link {
	const char *target;	/* for hvpost_open() */
	uint32_t connection;	/* of the first link */
	uint32_t sint;
	uint32_t free_sint;	/* to which nothing comes */
	uint32_t unknown;	/* a connection that there is not */
	uint32_t stuck;		/* one whose port nobody ever reads */
	uint32_t event;		/* one to an event port of @sint; 0: none */
	uint32_t payload;	/* largest payload that comes back, in bytes */
	uint32_t behind;	/* messages that the host keeps of a SINT that
				 * is not read, the slot's included
				 */
	bool flow;		/* the host refuses more of them, unharmed */
	bool hypercalls;	/* hvpost_hypercall() is there */
	uint32_t messages;	/* of one thread of many, where it takes time */
};

extern struct echo_link echo;

/*
 * Take words such as "target=device" or "payload=239" over into the link, which
 * is the embedded one without any. Return 0, or -1: a word is none.
 */
int link_parse(int count, char **words);

/*
 * Add a case to @tcase if the link @can do it, or list it as left out for
 * @reason.
 */
#define add_if(tcase, can, reason, test) \
	add_loop_if(tcase, can, reason, test, 1)

#define add_loop_if(tcase, can, reason, test, rows)			\
do {									\
	if (can)							\
		tcase_add_loop_test(tcase, test, 0, rows);		\
	else								\
		link_leave_out(#test, reason);				\
} while (0)

void link_leave_out(const char *test, const char *reason);

/* Handles that are closed at the end of the case at the latest */

/* Fixtures: the second one closes what the case has open. */
void link_setup(void);
void link_teardown(void);

struct hvpost *open_handle(void);
struct hvpost *open_target(const char *target);
/* One that receives at link @n, in a ring of @records (0: the default). */
struct hvpost *open_bound(uint32_t n, unsigned int records);
void close_handle(struct hvpost *handle);

/* Posts */

#define TYPE 0x1234u
#define SECOND_NS UINT64_C(1000000000)
/* Long, but less than what Check allows a case. */
#define PATIENCE_MS 50000

struct hvpost_post post_of(uint32_t connection, const void *payload,
			   size_t size);
/* Over link @n, which takes it sooner or later. */
void send_bytes(struct hvpost *handle, uint32_t n, const void *payload,
		size_t size);
void send_number(struct hvpost *handle, uint32_t n, uint64_t number);
/* Fill the stuck connection: one more post is refused for now. */
void fill_stuck(struct hvpost *handle);

/* The post ends with @error (0: well) and @raw_status after @tries. */
#define ck_post(handle, post, deadline_ns, error, raw_status, tries)	\
do {									\
	struct hvpost *poster = handle;					\
									\
	ck_assert_int_eq(hvpost_post(poster, post, deadline_ns), error); \
	ck_assert_uint_eq(hvpost_last_status(poster), raw_status);	\
	ck_assert_uint_eq(hvpost_last_attempts(poster), tries);		\
} while (0)

/* The post ends so before the hypervisor saw it. */
#define ck_post_refused(handle, post, error) \
	ck_post(handle, post, HVPOST_NOW, error, HVPOST_NO_STATUS, 0)

/* Messages */

struct hvpost_message receive(struct hvpost *handle);
uint64_t number_in(const struct hvpost_message *message);
void receive_number(struct hvpost *handle, uint64_t number);
void ck_nothing_there(struct hvpost *handle);
bool is_readable(struct hvpost *handle);

struct hvpost_counters counters_of(struct hvpost *handle);
/* The target took @count messages out of slots since the bind. */
void wait_taken(struct hvpost *handle, uint64_t count);

/*
 * A message, and it is in the ring: @count are, since the bind. So no more than
 * one is ever on its way, which is what the simplest of hosts can bear.
 */
void send_and_wait(struct hvpost *handle, uint32_t n, uint64_t number,
		   uint64_t count);

/* Between two looks at something that is about to come true */
void look_again(void);
uint64_t now_ns(void);

/* Signals: one every 10 ms until it is stopped */
void start_signals(int flags);
void stop_signals(void);

#endif /* LIBRARY_LINK_H */
