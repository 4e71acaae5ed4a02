// SPDX-License-Identifier: MIT
#include "pcapng.h"

#include <byteswap.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hvpost/version.h>

#define BLOCK_SECTION		0x0a0d0d0au	/* the same in both byte orders */
#define BLOCK_INTERFACE		1u
#define BLOCK_STATISTICS	5u
#define BLOCK_PACKET		6u

#define BYTE_ORDER_MAGIC	0x1a2b3c4du
#define VERSION_MAJOR		1

#define OPTION_END		0
#define OPTION_SECTION_PROGRAM	4
#define OPTION_INTERFACE_NAME	2
#define OPTION_INTERFACE_UNIT	9
#define OPTION_INTERFACE_OFFSET	14
#define OPTION_PACKET_FLAGS	2
#define OPTION_PACKET_DROPPED	4
#define OPTION_STATS_RECEIVED	4
#define OPTION_STATS_DROPPED	5

#define DIRECTION_MASK		3u	/* of a packet's flags */

/* Units of time: 10 to the power of minus that, or 2 where the bit is set. */
#define UNIT_NS			9
#define UNIT_DEFAULT		6
#define UNIT_DECIMAL_MAX	18
#define UNIT_BINARY_MAX		63
#define UNIT_BINARY		0x80

#define NS_PER_S		1000000000

/* Type and length stand before each block's body, the length behind it, too. */
#define BLOCK_HEAD		8u
#define BLOCK_FRAME		12u
/* More than any packet or statistics of ours have by far */
#define BLOCK_SIZE_MAX		(256u << 10)
#define INTERFACES_MAX		256u

/* 1. Writing: a block is made whole, then written. */

#define TEXT_MAX 255u

/* Room for the longest packet and what stands around it */
#define MADE_SIZE_MAX (PCAPNG_WRITTEN_MAX + 256u)

struct made_block {
	uint8_t bytes[MADE_SIZE_MAX];
	size_t size;
	bool is_full;
};

static void put(struct made_block *block, const void *bytes, size_t size)
{
	static const uint8_t zeros[4];
	size_t padding = -size & 3;

	if (size + padding > MADE_SIZE_MAX - block->size) {
		block->is_full = true;
		return;
	}
	memcpy(block->bytes + block->size, bytes, size);
	memcpy(block->bytes + block->size + size, zeros, padding);
	block->size += size + padding;
}

static void put_u32(struct made_block *block, uint32_t value)
{
	put(block, &value, sizeof(value));
}

static void put_halves(struct made_block *block, uint16_t first, uint16_t second)
{
	const uint16_t halves[2] = { first, second };

	put(block, halves, sizeof(halves));
}

/* Times are the one thing whose upper half comes first in any byte order. */
static void put_time(struct made_block *block, uint64_t time_ns)
{
	put_u32(block, (uint32_t)(time_ns >> 32));
	put_u32(block, (uint32_t)time_ns);
}

static void put_option(struct made_block *block, uint16_t code,
		       const void *bytes, size_t size)
{
	put_halves(block, code, (uint16_t)size);
	put(block, bytes, size);
}

static void put_text(struct made_block *block, uint16_t code, const char *text)
{
	size_t size = strlen(text);

	put_option(block, code, text, size < TEXT_MAX ? size : TEXT_MAX);
}

static void begin_block(struct made_block *block, uint32_t type)
{
	block->size = 0;
	block->is_full = false;
	put_u32(block, type);
	put_u32(block, 0);
}

static int write_block(struct made_block *block, FILE *out)
{
	uint32_t size;

	put_halves(block, OPTION_END, 0);
	size = (uint32_t)block->size + 4;
	put_u32(block, size);
	if (block->is_full)
		return -EMSGSIZE;
	memcpy(block->bytes + 4, &size, sizeof(size));
	errno = 0;
	if (fwrite(block->bytes, block->size, 1, out) == 1)
		return 0;
	return errno ? -errno : -EIO;
}

static int write_section(FILE *out)
{
	const uint64_t size_unknown = UINT64_MAX;
	struct made_block block;

	begin_block(&block, BLOCK_SECTION);
	put_u32(&block, BYTE_ORDER_MAGIC);
	put_halves(&block, VERSION_MAJOR, 0);
	put(&block, &size_unknown, sizeof(size_unknown));
	put_text(&block, OPTION_SECTION_PROGRAM, "hvpost " HVPOST_VERSION);
	return write_block(&block, out);
}

int pcapng_begin(FILE *out, const char *interface, uint16_t link_type)
{
	const uint8_t unit = UNIT_NS;
	struct made_block block;
	int err = write_section(out);

	if (err)
		return err;
	begin_block(&block, BLOCK_INTERFACE);
	put_halves(&block, link_type, 0);
	put_u32(&block, 0); /* packets are not cut */
	put_text(&block, OPTION_INTERFACE_NAME, interface);
	put_option(&block, OPTION_INTERFACE_UNIT, &unit, sizeof(unit));
	return write_block(&block, out);
}

int pcapng_write(FILE *out, const struct pcapng_packet *packet)
{
	const uint32_t flags = packet->direction;
	struct made_block block;

	if (packet->size > PCAPNG_WRITTEN_MAX)
		return -EMSGSIZE;
	begin_block(&block, BLOCK_PACKET);
	put_u32(&block, 0); /* the interface */
	put_time(&block, packet->time_ns);
	put_u32(&block, (uint32_t)packet->size);
	put_u32(&block, (uint32_t)packet->size);
	put(&block, packet->bytes, packet->size);
	put_option(&block, OPTION_PACKET_FLAGS, &flags, sizeof(flags));
	if (packet->dropped)
		put_option(&block, OPTION_PACKET_DROPPED, &packet->dropped,
			   sizeof(packet->dropped));
	return write_block(&block, out);
}

int pcapng_end(FILE *out, const struct pcapng_totals *totals)
{
	struct made_block block;

	begin_block(&block, BLOCK_STATISTICS);
	put_u32(&block, 0);
	put_time(&block, totals->time_ns);
	put_option(&block, OPTION_STATS_RECEIVED, &totals->received,
		   sizeof(totals->received));
	put_option(&block, OPTION_STATS_DROPPED, &totals->dropped,
		   sizeof(totals->dropped));
	return write_block(&block, out);
}

/* 2. Reading: a block is read whole, then looked at. */

struct interface {
	uint16_t link_type;
	uint8_t time_unit;
	int64_t time_offset_s;
};

struct pcapng_reader {
	FILE *in;
	uint64_t offset;	/* of the block that is looked at */
	uint64_t next_offset;
	bool in_section;
	bool swapped;		/* the section's byte order is not ours */
	unsigned int interface_count;
	struct interface interfaces[INTERFACES_MAX];
	uint64_t dropped;
	char error[160];
	uint8_t block[BLOCK_SIZE_MAX];
};

/* Bytes of a block that are still to be looked at. */
struct rest {
	const uint8_t *bytes;
	size_t size;
	bool swapped;
};

__attribute__((format(printf, 2, 3))) static int
refuse(struct pcapng_reader *reader, const char *format, ...)
{
	va_list arguments;
	int length = snprintf(reader->error, sizeof(reader->error),
			      "at byte %" PRIu64 ": ", reader->offset);

	va_start(arguments, format);
	vsnprintf(reader->error + length,
		  sizeof(reader->error) - (size_t)length, format, arguments);
	va_end(arguments);
	return -EBADMSG;
}

/* These take what the caller has seen to be there. */
static uint16_t take_u16(struct rest *rest)
{
	uint16_t value;

	memcpy(&value, rest->bytes, sizeof(value));
	rest->bytes += sizeof(value);
	rest->size -= sizeof(value);
	return rest->swapped ? bswap_16(value) : value;
}

static uint32_t take_u32(struct rest *rest)
{
	uint32_t value;

	memcpy(&value, rest->bytes, sizeof(value));
	rest->bytes += sizeof(value);
	rest->size -= sizeof(value);
	return rest->swapped ? bswap_32(value) : value;
}

static uint64_t take_u64(struct rest *rest)
{
	uint64_t value;

	memcpy(&value, rest->bytes, sizeof(value));
	rest->bytes += sizeof(value);
	rest->size -= sizeof(value);
	return rest->swapped ? bswap_64(value) : value;
}

/* Return NULL unless @size bytes, and what pads them, are there. */
static const uint8_t *take(struct rest *rest, size_t size)
{
	size_t padded = size + (-size & 3);
	const uint8_t *bytes = rest->bytes;

	if (padded < size || padded > rest->size)
		return NULL;
	rest->bytes += padded;
	rest->size -= padded;
	return bytes;
}

/* Return 1, 0: the end of options, or -1: they reach beyond the block. */
static int take_option(struct rest *rest, uint16_t *code, struct rest *value)
{
	if (rest->size < 4)
		return rest->size ? -1 : 0;
	*code = take_u16(rest);
	value->size = take_u16(rest);
	value->swapped = rest->swapped;
	if (*code == OPTION_END)
		return 0;
	value->bytes = take(rest, value->size);
	return value->bytes ? 1 : -1;
}

/* Return the number of bytes: fewer than @size only where the file ends. */
static int read_bytes(struct pcapng_reader *reader, void *bytes, size_t size,
		      size_t *got)
{
	errno = 0;
	*got = fread(bytes, 1, size, reader->in);
	reader->next_offset += *got;
	if (*got < size && ferror(reader->in))
		return errno ? -errno : -EIO;
	return 0;
}

static int refuse_beginning(struct pcapng_reader *reader, uint32_t type)
{
	static const uint32_t older[] = { 0xa1b2c3d4, 0xa1b23c4d };

	for (size_t i = 0; i < 2; i++)
		if (type == older[i] || type == bswap_32(older[i]))
			return refuse(reader,
				      "a pcap file: 'editcap -F pcapng' makes "
				      "what is wanted of it");
	return refuse(reader, "not a pcapng file");
}

/* The byte order comes first in a section's body, and the length before that. */
static int enter_section(struct pcapng_reader *reader)
{
	uint32_t magic;
	size_t got;
	int err = read_bytes(reader, reader->block + BLOCK_HEAD, sizeof(magic),
			     &got);

	if (err)
		return err;
	memcpy(&magic, reader->block + BLOCK_HEAD, sizeof(magic));
	if (got < sizeof(magic) ||
	    (magic != BYTE_ORDER_MAGIC && bswap_32(magic) != BYTE_ORDER_MAGIC))
		return refuse(reader, "a section without a byte order");
	reader->swapped = magic != BYTE_ORDER_MAGIC;
	reader->in_section = true;
	reader->interface_count = 0;
	return 0;
}

/* The rest of a block, of which @have bytes are here. Fill @body. */
static int read_body(struct pcapng_reader *reader, size_t have,
		     struct rest *body)
{
	struct rest head = { reader->block + 4, 4, reader->swapped }, tail;
	uint32_t size = take_u32(&head);
	size_t got;
	int err;

	if (size < BLOCK_FRAME || size < have + 4 || size % 4)
		return refuse(reader, "a block of %u bytes", size);
	if (size > BLOCK_SIZE_MAX)
		return refuse(reader, "a block of %u bytes, over %u", size,
			      BLOCK_SIZE_MAX);
	err = read_bytes(reader, reader->block + have, size - have, &got);
	if (err)
		return err;
	if (got < size - have)
		return refuse(reader, "the file ends in the midst of a block");
	tail = (struct rest){ reader->block + size - 4, 4, reader->swapped };
	if (take_u32(&tail) != size)
		return refuse(reader, "a block's two lengths differ");
	*body = (struct rest){ reader->block + BLOCK_HEAD, size - BLOCK_FRAME,
			       reader->swapped };
	return 0;
}

/* Return 1: a block, 0: the end of the file. */
static int read_block(struct pcapng_reader *reader, uint32_t *type,
		      struct rest *body)
{
	size_t have = BLOCK_HEAD, got;
	int err;

	reader->offset = reader->next_offset;
	err = read_bytes(reader, reader->block, BLOCK_HEAD, &got);
	if (err)
		return err;
	if (got == 0 && reader->in_section)
		return 0;
	if (got < BLOCK_HEAD)
		return reader->in_section ?
			refuse(reader, "the file ends in the midst of a block") :
			refuse(reader, "not a pcapng file");
	memcpy(type, reader->block, sizeof(*type));
	if (*type == BLOCK_SECTION) {
		err = enter_section(reader);
		have += sizeof(uint32_t);
	} else if (!reader->in_section) {
		err = refuse_beginning(reader, *type);
	} else if (reader->swapped) {
		*type = bswap_32(*type);
	}
	if (!err)
		err = read_body(reader, have, body);
	return err ? err : 1;
}

static int look_at_section(struct pcapng_reader *reader, struct rest body)
{
	uint16_t major;

	if (body.size < 16)
		return refuse(reader, "a section's head of %zu bytes", body.size);
	take_u32(&body);
	major = take_u16(&body);
	if (major != VERSION_MAJOR)
		return refuse(reader, "version %u of the format; %d is known",
			      major, VERSION_MAJOR);
	return 0;
}

static bool is_unit(uint8_t unit)
{
	if (unit & UNIT_BINARY)
		return (unit & ~UNIT_BINARY) <= UNIT_BINARY_MAX;
	return unit <= UNIT_DECIMAL_MAX;
}

static int look_at_interface(struct pcapng_reader *reader, struct rest body)
{
	struct interface *interface =
		&reader->interfaces[reader->interface_count];
	struct rest value;
	uint16_t code;
	int found;

	if (reader->interface_count == INTERFACES_MAX)
		return refuse(reader, "more than %u interfaces", INTERFACES_MAX);
	if (body.size < 8)
		return refuse(reader, "an interface of %zu bytes", body.size);
	*interface = (struct interface){ .link_type = take_u16(&body),
					 .time_unit = UNIT_DEFAULT };
	take_u16(&body);
	take_u32(&body); /* how much of a packet was kept */
	while ((found = take_option(&body, &code, &value)) > 0) {
		if (code == OPTION_INTERFACE_UNIT && value.size == 1)
			interface->time_unit = *value.bytes;
		else if (code == OPTION_INTERFACE_OFFSET && value.size == 8)
			interface->time_offset_s = (int64_t)take_u64(&value);
	}
	if (found)
		return refuse(reader, "options longer than their block");
	if (!is_unit(interface->time_unit))
		return refuse(reader, "times in an unknown unit, 0x%02x",
			      interface->time_unit);
	reader->interface_count++;
	return 0;
}

/* Return false: before 1970, or after 2554, when 64 bits are full. */
static bool to_ns(const struct interface *interface, uint64_t ticks,
		  uint64_t *time_ns)
{
	__int128 ns = ticks;
	int unit = interface->time_unit;

	if (unit & UNIT_BINARY) {
		ns = ns * NS_PER_S >> (unit & ~UNIT_BINARY);
	} else {
		for (; unit < UNIT_NS; unit++)
			ns *= 10;
		for (; unit > UNIT_NS; unit--)
			ns /= 10;
	}
	ns += (__int128)interface->time_offset_s * NS_PER_S;
	*time_ns = (uint64_t)ns;
	return ns >= 0 && ns <= UINT64_MAX;
}

/* Options that matter, each of its one size; a file may have any others. */
static int look_at_packet_options(struct pcapng_reader *reader,
				  struct rest options,
				  struct pcapng_packet *packet)
{
	struct rest value;
	uint32_t direction;
	uint16_t code;
	int found;

	while ((found = take_option(&options, &code, &value)) > 0) {
		if (code == OPTION_PACKET_FLAGS && value.size == 4) {
			direction = take_u32(&value) & DIRECTION_MASK;
			if (direction <= PCAPNG_OUTBOUND)
				packet->direction =
					(enum pcapng_direction)direction;
		} else if (code == OPTION_PACKET_DROPPED && value.size == 8) {
			packet->dropped = take_u64(&value);
		}
	}
	return found ? refuse(reader, "options longer than their block") : 1;
}

static int look_at_packet(struct pcapng_reader *reader, struct rest body,
			  struct pcapng_packet *packet)
{
	const struct interface *interface;
	uint64_t upper, ticks;
	uint32_t number;

	*packet = (struct pcapng_packet){ .direction = PCAPNG_UNKNOWN };
	if (body.size < 20)
		return refuse(reader, "a packet's block of %zu bytes", body.size);
	number = take_u32(&body);
	if (number >= reader->interface_count)
		return refuse(reader, "a packet of interface %u, of %u", number,
			      reader->interface_count);
	interface = &reader->interfaces[number];
	packet->link_type = interface->link_type;
	upper = take_u32(&body);
	ticks = upper << 32 | take_u32(&body);
	if (!to_ns(interface, ticks, &packet->time_ns))
		return refuse(reader, "a packet before 1970, or after 2554");
	packet->size = take_u32(&body);
	take_u32(&body); /* its size before it was cut */
	packet->bytes = take(&body, packet->size);
	if (!packet->bytes)
		return refuse(reader, "a packet longer than its block");
	return look_at_packet_options(reader, body, packet);
}

static int look_at_statistics(struct pcapng_reader *reader, struct rest body)
{
	struct rest value;
	uint16_t code;
	int found;

	if (body.size < 12)
		return refuse(reader, "statistics of %zu bytes", body.size);
	take_u32(&body);
	take_u64(&body);
	while ((found = take_option(&body, &code, &value)) > 0)
		if (code == OPTION_STATS_DROPPED && value.size == 8)
			reader->dropped += take_u64(&value);
	return found ? refuse(reader, "options longer than their block") : 0;
}

struct pcapng_reader *pcapng_open(FILE *in)
{
	struct pcapng_reader *reader = malloc(sizeof(*reader));

	if (!reader)
		return NULL;
	memset(reader, 0, offsetof(struct pcapng_reader, block));
	reader->in = in;
	return reader;
}

void pcapng_close(struct pcapng_reader *reader)
{
	free(reader);
}

int pcapng_read(struct pcapng_reader *reader, struct pcapng_packet *packet)
{
	uint32_t type = 0;
	struct rest body;
	int found;

	while ((found = read_block(reader, &type, &body)) > 0) {
		switch (type) {
		case BLOCK_PACKET:
			return look_at_packet(reader, body, packet);
		case BLOCK_SECTION:
			found = look_at_section(reader, body);
			break;
		case BLOCK_INTERFACE:
			found = look_at_interface(reader, body);
			break;
		case BLOCK_STATISTICS:
			found = look_at_statistics(reader, body);
			break;
		}
		if (found < 0)
			return found;
	}
	return found;
}

const char *pcapng_error(const struct pcapng_reader *reader)
{
	return reader->error;
}

uint64_t pcapng_dropped(const struct pcapng_reader *reader)
{
	return reader->dropped;
}
