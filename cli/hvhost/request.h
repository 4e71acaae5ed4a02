/* SPDX-License-Identifier: MIT */
/*
 * request.h - a control request on its way: what was asked, and the answer that
 * grows. Nothing is taken from a request but by these functions.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json_object.h>

#include "server.h"

struct control_asker;

struct request {
	struct server *server;
	struct control_asker *asker;
	struct json_object *asked;
	struct json_object *answer;
	char error[256];	/* "": it is carried out */
	const char *hint;	/* of an error, or NULL */
	void *attachment;	/* a snapshot to go with the answer, or NULL */
	size_t attachment_size;
	bool hands_out_memfd;	/* the asker's, with the answer */
};

/* Give up: the first reason counts. */
void request_fail(struct request *request, const char *hint,
		  const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool request_failed(const struct request *request);

/* Members that must be there, and be so; if not, the request has failed. */
const char *request_text(struct request *request, const char *key);
uint32_t request_number(struct request *request, const char *key, uint32_t max);

/* Members that may be there; else the default. */
uint32_t request_number_or(struct request *request, const char *key,
			   uint32_t max, uint32_t otherwise);
bool request_flag(struct request *request, const char *key);

/* The name at @key, whose partition must be there now; NULL: it has failed. */
struct named *request_partition(struct request *request, const char *key);

/* It has failed, unless @status is 0; @what was not done. */
/* Short of its HV_STATUS_. */
const char *request_status_name(uint16_t status);

void request_check_status(struct request *request, const char *what,
			  uint16_t status);

#endif /* REQUEST_H */
