// SPDX-License-Identifier: MIT
/*
 * Snapshots to begin with: of random machines, as fuzz_snapshot takes them, one
 * file each in the folder that is named.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "packed.h"

#define SEEDS		24u
#define OPERATIONS	200u
#define PACKED_MAX	0x10000u

static void write_seed(const char *folder, unsigned int number)
{
	static uint8_t packed[PACKED_MAX];
	char name[4096];
	void *snapshot;
	size_t size;
	FILE *file;

	if (hvhost_machine_save(pair_machine(), &snapshot, &size))
		abort();
	size = packed_pack(snapshot, size, packed, sizeof(packed));
	free(snapshot);
	snprintf(name, sizeof(name), "%s/seed-%02u", folder, number);
	file = fopen(name, "w");
	if (!file || fwrite(packed, size, 1, file) != 1 || fclose(file)) {
		perror(name);
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: snapshot_seeds FOLDER\n");
		return EXIT_FAILURE;
	}
	for (unsigned int i = 0; i < SEEDS; i++) {
		/* The first ones are small: not all is set up yet. */
		struct sequence sequence =
			sequence_make(i, i < 8 ? 4 * i : OPERATIONS);

		pair_begin(sequence.flags);
		for (size_t j = 0; j < sequence.count; j++)
			pair_carry_out(&sequence.operation[j]);
		write_seed(argv[1], i);
		pair_end();
		sequence_free(&sequence);
	}
	return EXIT_SUCCESS;
}
