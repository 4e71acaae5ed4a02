// SPDX-License-Identifier: MIT
#include "payload.h"

#include <errno.h>
#include <string.h>

#include "number.h"

int payload_from_text(struct payload *payload, const char *text)
{
	size_t size = strlen(text);

	if (size > sizeof(payload->bytes))
		return -E2BIG;
	memcpy(payload->bytes, text, size);
	payload->size = size;
	return 0;
}

int payload_from_hex(struct payload *payload, const char *text)
{
	return parse_hex(text, payload->bytes, sizeof(payload->bytes),
			 &payload->size);
}

int payload_from_stream(struct payload *payload, FILE *stream)
{
	errno = 0;
	payload->size =
		fread(payload->bytes, 1, sizeof(payload->bytes), stream);
	if (ferror(stream))
		return errno ? -errno : -EIO;
	if (payload->size == sizeof(payload->bytes) && fgetc(stream) != EOF)
		return -E2BIG;
	return 0;
}

int payload_from_file(struct payload *payload, const char *path)
{
	FILE *stream = fopen(path, "re");
	int err;

	if (!stream)
		return -errno;
	err = payload_from_stream(payload, stream);
	fclose(stream);
	return err;
}
