/* SPDX-License-Identifier: MIT */
/*
 * attack.h - processes that do to hvhost what they can, as fast as they can.
 *
 * They come to the socket at @socket as the partition @name; connection 0x20,
 * where it is there, is what they post to. None ends by itself.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include <stdint.h>
#include <sys/types.h>

struct attack_site {
	const char *socket;
	const char *name;
	uint64_t *rounds;	/* shared, atomic: how often they did it */
};

typedef void attack(const struct attack_site *site);

/* All calls of all VPs, posts among them, again as soon as they are done */
attack attack_by_flood;
/* Memory that is not there, calls of no kind */
attack attack_by_lies;
/* Hundreds of descriptors of all kinds, in requests good and bad */
attack attack_by_descriptors;
/* The doorbell, for nothing; memory is never mapped */
attack attack_by_ringing;
/* SIGKILL in the midst of a flood */
attack attack_by_dying;
/* Random slot headers and ring words, from several threads */
attack attack_by_scribbling;
/* A listener that is armed always, and never read */
attack attack_by_deafness;
/* Coming and going */
attack attack_by_coming;

/* None at all, but the processor's time: what the others are measured against */
attack attack_by_burning;

/* In a process that ends with ours. */
pid_t attack_start(attack *by, const struct attack_site *site);
void attack_stop(pid_t pid);

/* For @rounds; 0 at first */
uint64_t *attack_new_rounds(void);
void attack_free_rounds(uint64_t *rounds);
uint64_t attack_rounds(const uint64_t *rounds);

#endif /* ATTACK_H */
