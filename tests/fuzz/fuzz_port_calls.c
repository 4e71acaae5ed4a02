// SPDX-License-Identifier: MIT
/*
 * Ports and connections come and go, by the host and by several guests, with
 * their partitions and VPs, while messages are posted.
 */
#include "fuzz.h"

#define OPERATIONS_MAX 64

static const enum operation_kind kinds[] = {
	CREATE_PORT, CREATE_PORT, DELETE_PORT, CONNECT_PORT, CONNECT_PORT,
	DISCONNECT_PORT, GET_PROPERTY, POST, POST, SIGNAL, TAKE,
	PARTITION_NEW, PARTITION_ACTIVATE, PARTITION_BEGIN_FINALIZE,
	PARTITION_FINALIZE, PARTITION_FREE, VP_NEW, VP_FREE,
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
