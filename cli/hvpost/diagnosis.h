/* SPDX-License-Identifier: MIT */
/* diagnosis.h - what facts mean: what is missing, and what to do about it. */
#ifndef DIAGNOSIS_H
#define DIAGNOSIS_H

#include "facts.h"

enum verdict {
	VERDICT_OK,
	VERDICT_NOTE,		/* works, but is good to know */
	VERDICT_MISSING		/* in the way */
};

struct finding {
	const char *check;	/* stable, for programs; hvpost(1) lists them */
	enum verdict verdict;
	char text[256];		/* what there is, or what is missing */
	char remedy[512];	/* what to do; empty: nothing */
};

/* More than there are checks. */
#define FINDINGS_MAX 16

struct diagnosis {
	unsigned int count;
	struct finding findings[FINDINGS_MAX];
};

/*
 * Judge @facts, in the order in which a person should go about it. A check that
 * makes no sense after what an earlier one found is left out.
 */
void diagnose(struct diagnosis *diagnosis, const struct facts *facts);

/* Is nothing missing? */
bool diagnosis_is_good(const struct diagnosis *diagnosis);

#endif /* DIAGNOSIS_H */
