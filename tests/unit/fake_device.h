/* SPDX-License-Identifier: MIT */
/*
 * fake_device.h - an hvpost device made of a FIFO and of memory, for tests of the
 * library and of the tool without a driver.
 *
 * What is delivered here lies in rings in that memory, which mmap() of the FIFO
 * maps; the FIFO itself holds a byte while a ring holds a record, so that open and
 * the waiting are the kernel's own. ioctl(), mmap(), poll() and ppoll() are
 * replaced, for this FIFO alone. The first notes what it was asked and answers as
 * the test has set it up. A post that waits until its deadline takes no time: it
 * moves the clock, so clock_gettime() is replaced as well.
 */
#ifndef FAKE_DEVICE_H
#define FAKE_DEVICE_H

#include <stdbool.h>

#include <hvpost/device.h>

#define FAKE_RINGS	 2u	/* one for each VP */
#define FAKE_RECORDS	 256u	/* in each ring */

struct fake_device {
	/* For the test to set up */
	struct hvpost_ioc_info info;
	struct hvpost_ioc_counters counters;
	int post_errno;		/* 0: success */
	int many_errno;		/* of the call, whatever its posts */
	int signal_errno;
	int bind_errno;
	int info_errno;
	int map_errno;
	__u32 status;		/* what the hypervisor answers */
	__u32 attempts;
	/* The same for each post and signal of its own, in place of all these. */
	__u32 (*post_status)(const struct hvpost_ioc_post *post);
	__u32 (*signal_status)(const struct hvpost_ioc_signal *signal);
	bool echo;		/* deliver what is posted */
	bool damage;		/* and change a byte of it */
	bool endless;		/* a message is there at every look */
	bool early;		/* poll() tells of the next message before its ring */
	bool revoked;		/* the SINT was taken away */
	unsigned int swallow;	/* the first so many posts come to nothing */
	unsigned int busy;	/* the first so many posts time out */
	bool hasty;		/* at once, as if their time were over */
	unsigned int stop_at;	/* at this post SIGINT comes */
	unsigned int interrupt_at; /* and this one, counted from 1, says EINTR */

	/* For the test to look at */
	unsigned int posts;
	struct hvpost_ioc_post post;
	struct hvpost_ioc_post_many post_many;
	unsigned int calls_for_many;
	__u64 longest_wait_ns;	/* that a post asked for */
	__u8 payload[4096];
	struct hvpost_ioc_signal signal;
	struct hvpost_ioc_bind bind;
	struct hvpost_ioc_filter filter;
	unsigned int resumes;
	struct hvpost_ring_words *words; /* of each ring; to set up as well */

	/* Its own */
	char folder[64];
	char target[96];	/* for hvpost_open() */
	int writer;
	bool late;		/* what was told of is to come */
	__u64 waited_ns;	/* how far the clock has been moved */
	__u64 sequence;
	int memory;		/* of the rings */
	struct hvpost_ioc_rings layout;
	struct hvpost_record *records;
};

extern struct fake_device fake;

/* Fixtures of a test case */
void fake_device_create(void);
void fake_device_remove(void);

/* A message arrives in the ring of its VP; what the device counts is filled in. */
void fake_device_deliver(const struct hvpost_record *record);

/* A message of @type with this text as payload. */
void fake_device_deliver_text(__u32 type, const char *text);

#endif /* FAKE_DEVICE_H */
