// SPDX-License-Identifier: MIT
#include "request.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <hvpost/hyperv_status.h>

void request_fail(struct request *request, const char *hint,
		  const char *format, ...)
{
	va_list arguments;

	if (request_failed(request))
		return;
	va_start(arguments, format);
	vsnprintf(request->error, sizeof(request->error), format, arguments);
	va_end(arguments);
	request->hint = hint;
}

bool request_failed(const struct request *request)
{
	return request->error[0];
}

static struct json_object *member(struct request *request, const char *key)
{
	return json_object_object_get(request->asked, key);
}

const char *request_text(struct request *request, const char *key)
{
	struct json_object *value = member(request, key);

	if (json_object_is_type(value, json_type_string))
		return json_object_get_string(value);
	request_fail(request, NULL, "the request has no text \"%s\"", key);
	return "";
}

uint32_t request_number(struct request *request, const char *key, uint32_t max)
{
	struct json_object *value = member(request, key);
	int64_t number = json_object_get_int64(value);

	if (json_object_is_type(value, json_type_int) && number >= 0 &&
	    number <= max)
		return (uint32_t)number;
	request_fail(request, NULL, "the request has no number \"%s\" up to %"
		     PRIu32, key, max);
	return 0;
}

uint32_t request_number_or(struct request *request, const char *key,
			   uint32_t max, uint32_t otherwise)
{
	return member(request, key) ? request_number(request, key, max) :
				      otherwise;
}

bool request_flag(struct request *request, const char *key)
{
	return json_object_get_boolean(member(request, key));
}

struct named *request_partition(struct request *request, const char *key)
{
	const char *name = request_text(request, key);
	struct named *named = names_find(&request->server->names, name);

	if (request_failed(request))
		return NULL;
	if (named && named->partition)
		return named;
	request_fail(request, "'hvhost partition list' shows those that are",
		     "there is no partition '%.64s' now", name);
	return NULL;
}

const char *request_status_name(uint16_t status)
{
	switch (status) {
#define ROW(name, value, err, retry, meaning) \
	case value: return #name;
	HV_STATUS_TABLE(ROW)
#undef ROW
	default: return "an unknown status";
	}
}

void request_check_status(struct request *request, const char *what,
			  uint16_t status)
{
	if (status)
		request_fail(request, NULL, "%s: %s (0x%x)", what,
			     request_status_name(status), status);
}
