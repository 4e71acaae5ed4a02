/* SPDX-License-Identifier: MIT */
/*
 * packed.h - snapshots, most of which is zeros, as bytes that a fuzzer can
 * handle: a byte of 0 to 127 says that so many and one more follow as they are,
 * one of 128 to 255 stands for 8 to 1024 zeros.
 */
#ifndef PACKED_H
#define PACKED_H

#include <stddef.h>
#include <stdint.h>

/* Return the size; what does not fit into @to is cut off. */
size_t packed_unpack(const uint8_t *from, size_t size, uint8_t *to,
		     size_t to_size);
size_t packed_pack(const uint8_t *from, size_t size, uint8_t *to,
		   size_t to_size);

#endif /* PACKED_H */
