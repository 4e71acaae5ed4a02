/* SPDX-License-Identifier: MIT */
/*
 * exit_guest.h - a guest of the monitor's on a KVM that is none (fake_kvm.h), a
 * peer that it can post to and that posts to it, and all that must hold after
 * each of its exits. No thread of the monitor's runs. There is one at a time.
 */
#ifndef EXIT_GUEST_H
#define EXIT_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/vmm/internal.h"

#define EXIT_VPS_MAX	3u

/* Pages of RAM that steps name by number; each has bytes of its own. */
#define EXIT_PAGES	8u
#define EXIT_PAGE(n)	(0x300000ull + (n) % EXIT_PAGES * 4096u)

/* Connections: the guest's to the peer, and the peer's to the guest. */
#define EXIT_MESSAGES	0x10u
#define EXIT_EVENTS	0x11u

/* A guest with @vps VPs. */
void exit_guest_begin(uint32_t vps);
void exit_guest_end(void);

struct vcpu *exit_guest_vcpu(uint32_t number);
/* The memory of a page as the guest sees it, overlays and all. */
uint8_t *exit_guest_page(uint32_t number);

/*
 * What vcpu->run holds has happened: handle it, and see that nothing is wrong.
 * The first @answer_size bytes at @answer_at of run may change.
 */
void exit_guest_handle(struct vcpu *vcpu, size_t answer_at, size_t answer_size);
/* See that nothing is wrong after something that is no exit. */
void exit_guest_check(void);

/* The peer's side */
void exit_peer_call(const struct hvhost_hypercall *call);
/* Where the peer's calls find their input: 256 bytes at GPA 0 */
uint8_t *exit_peer_memory(void);
/* The peer empties its slot and says so. */
void exit_peer_take(void);
/* Somebody types. */
void exit_guest_type(uint8_t byte);

#endif /* EXIT_GUEST_H */
