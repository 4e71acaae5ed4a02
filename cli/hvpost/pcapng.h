/* SPDX-License-Identifier: MIT */
/*
 * pcapng.h - files of packets, as Wireshark and its like have them. As much of the
 * format as captures need: one section with one interface is written; any sections
 * and interfaces, in either byte order, are read. Nothing that a file says is
 * believed before it is checked.
 */
#ifndef PCAPNG_H
#define PCAPNG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The first of the link types that mean what their users agree on. */
#define PCAPNG_LINK_USER0	147

/* Which way a packet goes, as programs that know nothing of its content see it. */
enum pcapng_direction {
	PCAPNG_UNKNOWN,
	PCAPNG_INBOUND,
	PCAPNG_OUTBOUND
};

struct pcapng_packet {
	uint16_t link_type;	/* read: its interface's */
	enum pcapng_direction direction;
	uint64_t time_ns;	/* since 1970 */
	uint64_t dropped;	/* lost between this packet and the one before */
	size_t size;
	const uint8_t *bytes;	/* read: until the next one is */
};

/*
 * Writing. Each returns 0, -EMSGSIZE: over PCAPNG_WRITTEN_MAX bytes; or another
 * negative errno value, of @out. Flush it.
 */
#define PCAPNG_WRITTEN_MAX	768u

int pcapng_begin(FILE *out, const char *interface, uint16_t link_type);
int pcapng_write(FILE *out, const struct pcapng_packet *packet);

/* What there was in all: it stands at the end of the file. */
struct pcapng_totals {
	uint64_t time_ns;	/* since 1970: the end */
	uint64_t received;
	uint64_t dropped;
};

int pcapng_end(FILE *out, const struct pcapng_totals *totals);

/* Reading. */
struct pcapng_reader;

/* @in stays the caller's. Return NULL: no memory. */
struct pcapng_reader *pcapng_open(FILE *in);
void pcapng_close(struct pcapng_reader *reader);

/*
 * The next packet. Return 1; 0: there is none; -EBADMSG: this is no such file, or
 * a damaged one, as pcapng_error() says; or another errno value of @in.
 */
int pcapng_read(struct pcapng_reader *reader, struct pcapng_packet *packet);

/* What is wrong with the file, and where; "" unless it was -EBADMSG. */
const char *pcapng_error(const struct pcapng_reader *reader);

/* How many were lost, as the statistics that were read so far say. */
uint64_t pcapng_dropped(const struct pcapng_reader *reader);

#endif /* PCAPNG_H */
