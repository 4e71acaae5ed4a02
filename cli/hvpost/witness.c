// SPDX-License-Identifier: MIT
#include "witness.h"

#include <errno.h>
#include <inttypes.h>

enum sighting_source witness_nearest(const bool saw[SIGHTING_SOURCES])
{
	static const enum sighting_source order[SIGHTING_SOURCES] = {
		SIGHTING_BY_LIBRARY, SIGHTING_BY_DRIVER, SIGHTING_BY_VMBUS,
		SIGHTING_BY_HOST, SIGHTING_BY_KVM,
	};

	for (int i = 0; i < SIGHTING_SOURCES; i++)
		if (saw[order[i]])
			return order[i];
	return SIGHTING_SOURCES;
}

const char *witness_make(struct witness *witness, const char *name)
{
	*witness = (struct witness){ .named = SIGHTING_SOURCES };
	if (name && sighting_source_find(name, &witness->named))
		return "--source is hvpost.ko, libhvpost, libhvhost, hv_vmbus "
		       "or kvm";
	for (int i = 0; i < SIGHTING_KINDS; i++)
		witness->taken[i] = witness->named;
	return NULL;
}

/* What is wrong with the capture is found again when it is read for good. */
int witness_survey(struct witness *witness, struct capture_reader *reader,
		   const struct sighting_filter *filter)
{
	bool saw[SIGHTING_KINDS][SIGHTING_SOURCES] = { 0 };
	struct sighting sighting;
	uint64_t dropped;
	int err;

	if (witness->named != SIGHTING_SOURCES)
		return 0;
	err = capture_hold(reader);
	if (err)
		return err;
	while (capture_read(reader, &sighting, &dropped) > 0)
		if (sighting_passes(filter, &sighting))
			saw[sighting.kind][sighting.source] = true;
	for (int i = 0; i < SIGHTING_KINDS; i++)
		witness->taken[i] = witness_nearest(saw[i]);
	return capture_rewind(reader);
}

bool witness_takes(struct witness *witness, const struct sighting *sighting)
{
	if (witness->taken[sighting->kind] == sighting->source)
		return true;
	witness->left_out[sighting->source]++;
	return false;
}

uint64_t witness_left_out(const struct witness *witness)
{
	uint64_t sum = 0;

	for (int i = 0; i < SIGHTING_SOURCES; i++)
		sum += witness->left_out[i];
	return sum;
}

void witness_print(FILE *out, const struct witness *witness)
{
	const char *separator = "left out, seen by other sources:";

	if (!witness_left_out(witness))
		return;
	for (int i = 0; i < SIGHTING_SOURCES; i++) {
		if (!witness->left_out[i])
			continue;
		fprintf(out, "%s %" PRIu64 " by %s", separator,
			witness->left_out[i],
			sighting_source_name((enum sighting_source)i));
		separator = ",";
	}
	fputs("; --source takes one of these\n", out);
}
