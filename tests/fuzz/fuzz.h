/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what the fuzz targets of the engine share: a machine beside its model
 * (tests/host/pair.h), set up and running, and operations made of bytes. What
 * the two do not agree about aborts, with all that led there.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "tests/host/model.h"
#include "tests/host/operation.h"
#include "tests/host/pair.h"

/* Bytes that a fuzzer brought, taken from the front; past the end: zeros. */
struct bytes {
	const uint8_t *data;
	size_t size;
};

void bytes_take(struct bytes *bytes, void *to, size_t size);
uint8_t bytes_take_u8(struct bytes *bytes);
uint64_t bytes_take_u64(struct bytes *bytes);

/*
 * A machine with three partitions, their VPs' SynICs on, ports and connections
 * between them; bits 1:0 of @choice are its flags, the others choose how many
 * VPs there are and what is linked.
 */
void fuzz_begin(uint8_t choice);
void fuzz_end(void);

/* An operation of one of @kinds from the next bytes, whatever they are */
struct operation fuzz_operation(struct bytes *bytes,
				const enum operation_kind *kinds, size_t count);

/* Carry out on both and compare. */
void fuzz_do(const struct operation *operation);
void fuzz_call(uint32_t partition, uint32_t vp,
	       const struct hvhost_hypercall *call);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* FUZZ_H */
