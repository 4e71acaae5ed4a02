/* SPDX-License-Identifier: MIT */
/*
 * world.h - a guest on a KVM that is none (fake_kvm.h), and a partition that posts
 * to it. Its VPs go round and round, and do what they are told to.
 */
#ifndef WORLD_H
#define WORLD_H

#include "lib/vmm/internal.h"

#define VPS		2u
#define SINT		5u		/* of VP 1: where posts arrive */
#define PORT		0x70u
#define SIM_AT		0x300000u	/* VP 1's SIM page, once it is on */
#define LOAD_AT		0x100000u
#define CODE		0x55u		/* the kernel's first byte, there */

struct world {
	struct hvhost_machine *machine;
	struct vmm_guest *guest;
	struct hvhost_vp *peer;
	int kernel_fd, console[2], keyboard[2];	/* of the first serial port */
	uint32_t posted;		/* type of the last post */
	char error[VMM_ERROR_SIZE];
	_Atomic unsigned int rounds;
	_Atomic uint32_t wanted_port;	/* what VP 0 writes next; 0: nothing */
	_Atomic uint8_t wanted_value;
	_Atomic uint32_t wanted_event;	/* KVM's, that VP 0 comes back with; 0: none */
};

extern struct world world;

/* Fixtures: a guest that has not started; the second one ends it. */
void world_make(void);
void world_make_with_input(int input);	/* of the first serial port */
void world_destroy(void);

/* With @magic 0 no kernel that anybody boots. */
void write_kernel(uint32_t magic);
void start(void);
/* Wait until some VP has gone round. */
void await_rounds(void);
/* VP 0 writes to an I/O port, soon. */
void let_guest_write(uint16_t port, uint8_t value);
void await_end(void);

/* The guest writes an MSR, which must work. */
void write_msr(uint32_t vp, uint32_t msr, uint64_t value);
/* It does what it must to have messages at VP 1. */
void start_synic(void);
uint8_t *memory_of_guest(uint64_t gpa);

/* The other partition posts a message, of type 1, 2, 3 and so on; its status. */
uint64_t post(void);
extern const struct hvhost_partition_ops peer_ops;

#endif /* WORLD_H */
