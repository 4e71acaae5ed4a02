/* SPDX-License-Identifier: MIT */
/*
 * A snapshot, made a machine again. It may come from anywhere: each field is
 * checked before it is used, and each count by the bytes that are left.
 *
 * Until all is in place the machine is nobody else's, so nothing is locked. A
 * refusal frees what there is of it, and no callback of a partition has been
 * called by then.
 */
#ifndef HVHOST_SNAPSHOT_RESTORE_H
#define HVHOST_SNAPSHOT_RESTORE_H

#include "internal.h"
#include "snapshot.h"

struct restore {
	const uint8_t *at;		/* what is not read yet */
	size_t left;
	const struct hvhost_restore_ops *ops;
	void *context;
	struct hvhost_machine *machine;
	uint64_t last_partition_id;
	const char *reason;		/* what is wrong with the snapshot */
};

/* -EBADMSG, because of @reason, a static text. */
int restore_refuse(struct restore *restore, const char *reason);

/* The same if there is a @fault, else 0. */
int restore_judge(struct restore *restore, const char *fault);

/* The one place that reads records: copies the next one, or refuses. */
int restore_get(struct restore *restore, void *record, size_t size);

/* Refuse @count records that cannot be in what is left. */
int restore_check_count(struct restore *restore, uint64_t count,
			size_t record_size);

/* The next partition, its ports and its VPs; its id is @id_min or more. */
int restore_partition(struct restore *restore, uint64_t *id_min);

/* The next @count VPs of @partition. */
int restore_vps(struct restore *restore, struct hvhost_partition *partition,
		uint32_t count);

/* An uninitialized partition has VPs at most, a finalized one nothing. */
static inline bool state_has_ports(uint32_t state)
{
	return state == HVHOST_PARTITION_ACTIVE ||
	       state == HVHOST_PARTITION_FINALIZING;
}

/* Is the page that this MSR places off, or within guest memory? */
static inline bool page_is_valid(const struct hvhost_partition *partition,
				 uint64_t page_msr)
{
	return !(page_msr & HV_PAGE_ENABLE) ||
	       partition_has_page(partition, page_msr);
}

#endif /* HVHOST_SNAPSHOT_RESTORE_H */
