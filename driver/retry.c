// SPDX-License-Identifier: GPL-2.0-only OR MIT
#ifdef __KERNEL__
#include <linux/errno.h>
#else
#include <errno.h>
#endif

#include <hvpost/device.h>

#include "retry.h"

static enum hv_status_retry status_retry(uint16_t status)
{
	switch (status) {
#define ROW(name, value, err, retry, meaning) \
	case value: return HV_STATUS_RETRY_##retry;
	HV_STATUS_TABLE(ROW)
#undef ROW
	default: return HV_STATUS_RETRY_NEVER;
	}
}

int hvp_status_errno(uint16_t status)
{
	switch (status) {
#define ROW(name, value, err, retry, meaning) \
	case value: return -(err);
	HV_STATUS_TABLE(ROW)
#undef ROW
	default: return -EIO;
	}
}

bool hvp_retry_is_transient(const struct hvp_retry *retry, uint16_t status)
{
	switch (status_retry(status)) {
	case HV_STATUS_RETRY_ALWAYS:
		return true;
	case HV_STATUS_RETRY_REQUEST:
		return retry->retry_connection;
	default:
		return false;
	}
}

static uint64_t next_wait_ns(uint64_t wait_ns)
{
	if (!wait_ns)
		return HVP_RETRY_WAIT_FIRST_NS;
	if (wait_ns >= HVP_RETRY_WAIT_LAST_NS / 2)
		return HVP_RETRY_WAIT_LAST_NS;
	return wait_ns * 2;
}

int hvp_retry_later(struct hvp_retry *retry, uint64_t now_ns)
{
	if (retry->deadline_ns == HVPOST_DEADLINE_NONE)
		return -EAGAIN;
	if (now_ns >= retry->deadline_ns)
		return -ETIMEDOUT;

	retry->wait_ns = next_wait_ns(retry->wait_ns);
	if (retry->wait_ns > retry->deadline_ns - now_ns)
		retry->wait_ns = retry->deadline_ns - now_ns;
	return 1;
}

int hvp_retry_next(struct hvp_retry *retry, uint16_t status, uint64_t now_ns)
{
	if (!hvp_retry_is_transient(retry, status))
		return 0;
	return hvp_retry_later(retry, now_ns);
}
