// SPDX-License-Identifier: MIT
/*
 * Captures, as fuzz_capture reads them, in the folder that is named: of each kind of
 * sighting one, with what was lost; and such as other programs write: in the other
 * byte order, with other units of time, options and blocks.
 */
#include <byteswap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_file.h"
#include "sighting_packet.h"

static FILE *create(const char *folder, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	if (!file) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	return file;
}

static struct sighting sighting_of(enum sighting_kind kind)
{
	struct sighting sighting = sighting_new(kind, SIGHTING_BY_DRIVER);

	sighting.time_ns = 1795334964123456789u + (uint64_t)kind;
	sighting.sint = 6;
	sighting.payload_size = 5;
	sighting.payload_captured = 5;
	memcpy(sighting.payload, "hello", 5);
	strcpy(sighting.process, "hvpost");
	return sighting;
}

static void write_own(const char *folder)
{
	struct capture_writer writer;
	FILE *out = create(folder, "own");

	capture_begin(&writer, out, "seeds");
	for (int kind = 0; kind < SIGHTING_KINDS; kind += 3) {
		struct sighting sighting =
			sighting_of((enum sighting_kind)kind);

		capture_drop(&writer, (uint64_t)kind);
		capture_write(&writer, &sighting);
	}
	capture_end(&writer);
	fclose(out);
}

static void put_u16(FILE *out, uint16_t value)
{
	value = bswap_16(value);
	fwrite(&value, sizeof(value), 1, out);
}

static void put_u32(FILE *out, uint32_t value)
{
	value = bswap_32(value);
	fwrite(&value, sizeof(value), 1, out);
}

static void put_words(FILE *out, const uint32_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_u32(out, words[i]);
}

/* Interfaces with units of 10 ns and of 1/1024 s, the latter's times moved. */
static void put_interfaces(FILE *out)
{
	put_words(out, (const uint32_t[]){ 1, 32, 147u << 16, 0 }, 4);
	put_u16(out, 9);
	put_u16(out, 1);
	fwrite("\x08\0\0\0", 4, 1, out);
	put_words(out, (const uint32_t[]){ 0, 32 }, 2);

	put_words(out, (const uint32_t[]){ 1, 44, 147u << 16, 0 }, 4);
	put_u16(out, 9);
	put_u16(out, 1);
	fwrite("\x8a\0\0\0", 4, 1, out);
	put_u16(out, 14);
	put_u16(out, 8);
	put_words(out, (const uint32_t[]){ 0, 1000, 0, 44 }, 4);
}

static void put_packet(FILE *out, uint32_t interface)
{
	uint8_t bytes[SIGHTING_PACKET_SIZE_MAX] = { 0 };
	struct sighting sighting = sighting_of(SIGHTING_SLOT);
	uint32_t size = (uint32_t)sighting_to_packet(&sighting, bytes);
	uint32_t padded = (size + 3) & ~3u, total = 12 + 20 + padded + 12 + 4;

	put_words(out, (const uint32_t[]){ 6, total, interface, 1, 2, size,
					   size }, 7);
	fwrite(bytes, padded, 1, out);
	put_words(out, (const uint32_t[]){ 4u << 16 | 8, 0, 1, 0, total }, 5);
}

static void write_swapped(const char *folder)
{
	FILE *out = create(folder, "swapped");

	put_words(out, (const uint32_t[]){ 0x0a0d0d0a, 28, 0x1a2b3c4d, 1u << 16,
					   UINT32_MAX, UINT32_MAX, 28 }, 7);
	put_interfaces(out);
	put_packet(out, 0);
	put_words(out, (const uint32_t[]){ 0xbad, 16, 0, 16 }, 4);
	put_packet(out, 1);
	put_words(out, (const uint32_t[]){ 5, 40, 0, 0, 0, 5u << 16 | 8, 0, 3,
					   0, 40 }, 10);
	fclose(out);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: capture_seeds FOLDER\n");
		return EXIT_FAILURE;
	}
	write_own(argv[1]);
	write_swapped(argv[1]);
	return EXIT_SUCCESS;
}
