// SPDX-License-Identifier: MIT
/*
 * What VPs do to their SynICs, MSRs of any number and value among it, while
 * messages and events arrive.
 */
#include "fuzz.h"

#define OPERATIONS_MAX 64

static const enum operation_kind kinds[] = {
	READ_MSR, WRITE_MSR, WRITE_MSR, WRITE_MSR, VP_EOM, VP_EOI, TAKE, EMPTY,
	SCRIBBLE, CLEAR_FLAGS, POST, POST, POST, SIGNAL, VP_RESET, VP_FREE,
	VP_NEW, PARTITION_RESET,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = { .data = data, .size = size };

	fuzz_begin(bytes_take_u8(&bytes));
	for (int i = 0; bytes.size && i < OPERATIONS_MAX; i++) {
		struct operation operation =
			fuzz_operation(&bytes, kinds,
				       sizeof(kinds) / sizeof(kinds[0]));

		if (operation.kind == POST)
			operation.by = BY_MEMORY;
		fuzz_do(&operation);
	}
	fuzz_end();
	return 0;
}
