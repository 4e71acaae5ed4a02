// SPDX-License-Identifier: MIT
/* Everything about statuses, out of the one table in hyperv_status.h. */
#include <hvpost/hvpost.h>
#include <hvpost/hyperv_status.h>

#include <errno.h>
#include <strings.h>

#define PREFIX        "HV_STATUS_"
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)

struct status {
	uint32_t value;
	int error;
	enum hv_status_retry retry;
	const char *name;
	const char *meaning;
};

#define STATUS_ROW(name, value, error, retry, meaning) \
	{ value, error, HV_STATUS_RETRY_##retry, PREFIX #name, meaning },
static const struct status statuses[] = { HV_STATUS_TABLE(STATUS_ROW) };
#undef STATUS_ROW

#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))

static const struct status *find(uint32_t value)
{
	for (size_t i = 0; i < STATUS_COUNT; i++)
		if (statuses[i].value == value)
			return &statuses[i];
	return NULL;
}

const char *hvpost_status_name(uint32_t status)
{
	const struct status *found = find(status);

	return found ? found->name : NULL;
}

const char *hvpost_status_meaning(uint32_t status)
{
	const struct status *found = find(status);

	return found ? found->meaning : NULL;
}

int hvpost_status_errno(uint32_t status)
{
	const struct status *found = find(status);

	return found ? -found->error : -EIO;
}

int hvpost_status_is_transient(uint32_t status)
{
	const struct status *found = find(status);

	return found && found->retry == HV_STATUS_RETRY_ALWAYS;
}

int hvpost_status_at(size_t index, uint32_t *status)
{
	if (index >= STATUS_COUNT)
		return -ENOENT;
	*status = statuses[index].value;
	return 0;
}

int hvpost_status_find(const char *name, uint32_t *status)
{
	if (!strncasecmp(name, PREFIX, PREFIX_LENGTH))
		name += PREFIX_LENGTH;

	for (size_t i = 0; i < STATUS_COUNT; i++) {
		if (strcasecmp(name, statuses[i].name + PREFIX_LENGTH))
			continue;
		*status = statuses[i].value;
		return 0;
	}
	return -ENOENT;
}
