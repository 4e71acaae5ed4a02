// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

#include "failure.h"
#include "top.h"

/* Return 0 or a negative errno value; a counter that is not kept is no error. */
static int read_count(const char *folder, const char *name, uint64_t *count)
{
	char path[512];
	FILE *file;
	int found;

	*count = TOP_UNKNOWN;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	found = fscanf(file, "%" SCNu64, count);
	fclose(file);
	return found == 1 ? 0 : -EIO;
}

/* What ended as @name; none of it needs no row. */
static int read_status(const char *folder, const char *name,
		       struct top_row *all, struct top_sample *sample)
{
	char path[96];
	uint64_t count;
	int err;

	snprintf(path, sizeof(path), "posts_by_status/%s", name);
	err = read_count(folder, path, &count);
	if (err || count == TOP_UNKNOWN)
		return err;
	if (!strcmp(name, "SUCCESS"))
		all->passed = count;
	else
		all->refused += count;
	if (count)
		top_row(sample, TOP_STATUS, name)->passed = count;
	return 0;
}

static int read_statuses(const char *folder, struct top_sample *sample)
{
	struct top_row *all = top_row(sample, TOP_CONNECTION, "all");
	uint32_t status;
	int err = 0;

	sample->has_statuses = true;
	all->passed = TOP_UNKNOWN;
	for (size_t i = 0; !err && !hvpost_status_at(i, &status); i++)
		err = read_status(folder, top_status_name(status), all, sample);
	if (!err)
		err = read_status(folder, "other", all, sample);
	if (!err)
		err = read_status(folder, "none", all, sample);
	if (all->passed == TOP_UNKNOWN)
		all->refused = TOP_UNKNOWN;
	return err;
}

static int read_sint(const char *folder, unsigned int sint, struct top_row *row)
{
	const struct {
		const char *folder;
		uint64_t *count;
	} files[] = {
		{ "slots_by_sint", &row->passed },
		{ "drops_by_sint", &row->lost },
		{ "queued_by_sint", &row->queued },
		{ "occupied_by_sint", &row->occupied },
	};
	char path[96];
	int err = 0;

	*row = (struct top_row){ .kind = TOP_SINT };
	snprintf(row->name, sizeof(row->name), "%u", sint);
	for (size_t i = 0; !err && i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%u", files[i].folder, sint);
		err = read_count(folder, path, files[i].count);
	}
	return err;
}

static bool is_something(uint64_t count)
{
	return count && count != TOP_UNKNOWN;
}

/* We only know of what we take; what somebody else has may have more. */
static void become_busy(struct top_row *row)
{
	uint64_t *const counts[] = { &row->passed, &row->lost, &row->queued,
				     &row->occupied };

	row->state = "busy";
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		if (!*counts[i])
			*counts[i] = TOP_UNKNOWN;
}

/* One that nobody has or had needs no row. */
static void add_sint(struct top_sample *sample, const struct hvpost_info *info,
		     unsigned int sint, struct top_row *row)
{
	if (info->sints_bound >> sint & 1)
		row->state = "bound";
	else if (info->sints_busy >> sint & 1)
		become_busy(row);
	if (row->state || is_something(row->passed) || is_something(row->lost))
		*top_row(sample, TOP_SINT, row->name) = *row;
}

static void add_known(uint64_t *sum, uint64_t count)
{
	if (count == TOP_UNKNOWN)
		*sum = TOP_UNKNOWN;
	else if (*sum != TOP_UNKNOWN)
		*sum += count;
}

static int read_sints(const char *folder, const struct hvpost_info *info,
		      struct top_sample *sample)
{
	struct top_row *all = top_row(sample, TOP_SINT, "all"), row;
	int err = read_count(folder, "slots", &all->passed);

	if (!err)
		err = read_count(folder, "drops", &all->lost);
	for (unsigned int sint = 1; !err && sint < HV_SINT_COUNT; sint++) {
		err = read_sint(folder, sint, &row);
		add_known(&all->queued, row.queued);
		add_known(&all->occupied, row.occupied);
		add_sint(sample, info, sint, &row);
	}
	return err;
}

static int read_others(const char *folder, struct top_sample *sample)
{
	static const char *const names[] = {
		"post_attempts", "signals", "flags", "eoms", "ring_full",
		"ring_resumed", "owner_changes", "quota_held_back",
		"allow_refused",
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(names) / sizeof(*names); i++)
		err = read_count(folder, names[i],
				 &top_row(sample, TOP_COUNTER, names[i])->passed);
	return err;
}

int top_take_device(const char *folder, const struct hvpost_info *info,
		    struct top_sample *sample, struct failure *failure)
{
	int err = access(folder, F_OK) ? -errno : 0;

	if (!err)
		err = read_statuses(folder, sample);
	if (!err)
		err = read_sints(folder, info, sample);
	if (!err)
		err = read_others(folder, sample);
	if (!err)
		return EXIT_DONE;
	*failure = failure_of("the driver's counters", err);
	switch (err) {
	case -ENOENT:
		failure->code = "no-device";
		snprintf(failure->text, sizeof(failure->text),
			 "the driver's counters are not in %s", folder);
		failure->hint = "load the driver: 'modprobe hvpost'; 'hvpost "
				"doctor' looks for what is missing";
		break;
	case -EACCES:
		failure->code = "no-permission";
		failure->hint = "they are root's: run as root (sudo)";
		break;
	}
	return failure->exit;
}
