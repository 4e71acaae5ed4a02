// SPDX-License-Identifier: MIT
/*
 * Hypercalls of any registers and any guest memory: first a choice of machine,
 * then calls of 27 bytes each, and the bytes that lie at their input.
 */
#include <string.h>

#include "fuzz.h"

#define CALLS_MAX 32

/* Put bytes where the call looks for them, if that is memory at all. */
static void place_input(uint32_t partition, uint64_t gpa, struct bytes *bytes,
			size_t size)
{
	uint8_t input[256];

	if (size > sizeof(input))
		size = sizeof(input);
	bytes_take(bytes, input, size);
	if (gpa < MODEL_MEMORY_SIZE && MODEL_MEMORY_SIZE - gpa >= size)
		memcpy(pair_memory(partition) + gpa, input, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = { .data = data, .size = size };

	fuzz_begin(bytes_take_u8(&bytes));
	for (int i = 0; bytes.size && i < CALLS_MAX; i++) {
		uint8_t who = bytes_take_u8(&bytes);
		uint8_t mode = bytes_take_u8(&bytes);
		uint8_t length = bytes_take_u8(&bytes);
		struct hvhost_hypercall call = {
			.control = bytes_take_u64(&bytes),
			.input = bytes_take_u64(&bytes),
			.output = bytes_take_u64(&bytes),
			.cpl = mode & 3,
			.protected_mode = !(mode & 4),
		};
		uint32_t partition = who % 16 % MODEL_PARTITIONS;

		place_input(partition, call.input, &bytes,
			    length == 255 ? 256 : length);
		fuzz_call(partition, who / 16 % MODEL_VPS, &call);
	}
	fuzz_end();
	return 0;
}
