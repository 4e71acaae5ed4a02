/* SPDX-License-Identifier: MIT */
/*
 * memory.h - a guest's physical memory.
 *
 * RAM from 0, with a hole below 4 GiB for devices. VPs' SIM and SIEF pages are
 * overlays: the engine keeps their contents, and where the guest places one, it
 * covers the RAM beneath. We let the host's page tables do that: the overlay's
 * page is mapped over the RAM in our address space, and KVM follows our address
 * space. So no memory slot of KVM ever changes and no VP need be paused.
 */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Devices' addresses: this, to 4 GiB. */
#define MEMORY_HOLE		0xc0000000ull
#define MEMORY_HIGH		0x100000000ull

struct memory {
	uint64_t size;		/* of RAM */
	uint64_t low_size;	/* of it below the hole */
	uint8_t *ram;
	int ram_fd;
	uint8_t *pages;		/* overlays, side by side */
	int pages_fd;
	uint32_t page_count;
	uint64_t *placed;	/* where each is; HVHOST_NO_GPA: nowhere */
};

/* Return 0 or a negative errno value. */
int memory_init(struct memory *memory, uint64_t size, uint32_t overlays);
void memory_destroy(struct memory *memory);

/* All of RAM is zero again; nothing covers any of it. 0 or a negative errno. */
int memory_clear(const struct memory *memory);

/* Guest physical addresses lie below it. */
uint64_t memory_gpa_end(const struct memory *memory);

/* @size bytes at @gpa, or NULL if not all of them are RAM side by side. */
void *memory_at(const struct memory *memory, uint64_t gpa, uint64_t size);

/* The contents of an overlay. */
void *memory_overlay(const struct memory *memory, uint32_t overlay);

/*
 * Let @overlay cover @gpa, a page, or nothing if that is HVHOST_NO_GPA. Where
 * several cover one page the last to come is seen. Calls for one memory come one
 * after the other. Return 0, -EFAULT: no RAM there, or what mmap() said; the
 * overlay then covers nothing.
 */
int memory_place(struct memory *memory, uint32_t overlay, uint64_t gpa);

#endif /* VMM_MEMORY_H */
