// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* strerrorname_np */
#include "failure.h"

#include <hvpost/device.h>
#include <hvpost/hyperv.h>

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "json.h"

#define CODE_USAGE     "usage"
#define CODE_REFUSED   "refused"
#define CODE_TIMED_OUT "timed-out"

int exit_status_of(int error, uint32_t status)
{
	if (!error)
		return EXIT_DONE;
	if (error == -ETIMEDOUT)
		return EXIT_TIMED_OUT;
	if (error == -EINTR) /* whatever the host said to a try before */
		return EXIT_LOCAL;
	return status == HVPOST_NO_STATUS ? EXIT_LOCAL : EXIT_REFUSED;
}

__attribute__((format(printf, 2, 3))) static void
set_text(struct failure *failure, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
}

static struct failure local(int error)
{
	return (struct failure){
		.exit = EXIT_LOCAL,
		.code = "local",
		.error = error,
		.status = HVPOST_NO_STATUS,
	};
}

struct failure failure_of(const char *what, int error)
{
	struct failure failure = local(error);

	set_text(&failure, "%s: %s", what, strerror(-error));
	return failure;
}

struct failure failure_of_timeout(const char *format, ...)
{
	struct failure failure = local(-ETIMEDOUT);
	va_list arguments;

	failure.exit = EXIT_TIMED_OUT;
	failure.code = CODE_TIMED_OUT;
	va_start(arguments, format);
	vsnprintf(failure.text, sizeof(failure.text), format, arguments);
	va_end(arguments);
	return failure;
}

struct failure failure_of_usage(const char *format, ...)
{
	struct failure failure = local(0);
	va_list arguments;

	failure.code = CODE_USAGE;
	va_start(arguments, format);
	vsnprintf(failure.text, sizeof(failure.text), format, arguments);
	va_end(arguments);
	return failure;
}

/* What a person looks for when @target does not open: a device by its path. */
static const char *thing_to_open(const char *target)
{
	static const char device[] = "device";
	size_t length = strcspn(target, ":");

	if (length != strlen(device) || strncmp(target, device, length))
		return target;
	return target[length] ? target + length + 1 : HVPOST_DEVICE_PATH;
}

static bool is_host(const char *target)
{
	return !strncmp(target, "host:", strlen("host:"));
}

/* A target that names a partition of hvhost */
static struct failure failure_of_attach(const char *target, int error)
{
	const char *socket = target + strlen("host:");
	struct failure failure = local(error);

	set_text(&failure, "cannot attach to hvhost at %.*s: %s",
		 (int)strcspn(socket, ","), socket, strerror(-error));
	switch (error) {
	case -ENOENT:
	case -ECONNREFUSED:
		failure.code = "no-host";
		failure.hint = "start one: 'hvhost run --socket PATH'";
		break;
	case -EACCES:
		failure.code = "no-permission";
		failure.hint = "'hvhost run' lets its own user and root in, whom "
			       "--allow-user and --allow-group name, and by "
			       "that name alone whom --partition names";
		break;
	case -EBUSY:
		failure.code = "busy";
		failure.hint = "another process is this partition: choose "
			       "another one by 'partition=NAME'; 'hvhost "
			       "partition list' shows who it is";
		break;
	case -ENOSPC:
		failure.code = "busy";
		failure.hint = "'hvhost run --max-clients' allows more processes, "
			       "--max-clients-per-user more of each user";
		break;
	case -EPROTO:
	case -ETIMEDOUT:
		failure.code = "not-hvhost";
		failure.hint = "who listens there is no hvhost, or one of "
			       "another version";
		break;
	case -EINVAL:
		failure.code = "bad-target";
		set_text(&failure, "'%s' is not a target", target);
		failure.hint = "a partition of hvhost is 'host:SOCKET"
			       "[,partition=NAME][,receiver=NAME]', NAME of "
			       "a-z A-Z 0-9 . _ -";
		break;
	}
	return failure;
}

struct failure failure_of_open(const char *target, int error)
{
	struct failure failure = local(error);

	if (is_host(target))
		return failure_of_attach(target, error);
	set_text(&failure, "cannot open %s: %s", thing_to_open(target),
		 strerror(-error));
	switch (error) {
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		failure.code = "no-device";
		failure.hint = "load the driver: 'modprobe hvpost' after 'make "
			       "install-driver', or before that 'insmod "
			       "build/driver/RELEASE/hvpost.ko'; 'dmesg | grep "
			       "hvpost' says why it would not load. '--target "
			       "embedded' needs none: it brings a host of its "
			       "own";
		break;
	case -EACCES:
	case -EPERM:
		failure.code = "no-permission";
		failure.hint = "run as root (sudo), or as a member of the "
			       "device's group: 'adduser USER hvpost', and log "
			       "in again; 'ls -l /dev/hvpost' shows the group";
		break;
	case -EPROTO:
		failure.code = "not-hvpost";
		set_text(&failure, "%s is not an hvpost device",
			 thing_to_open(target));
		failure.hint = "the driver's own device is " HVPOST_DEVICE_PATH;
		break;
	case -EINVAL:
		failure.code = "bad-target";
		set_text(&failure, "'%s' is not a target", target);
		failure.hint = "a target is 'device', 'device:PATH', "
			       "'host:SOCKET[,partition=NAME]', 'embedded' or "
			       "'embedded:partition=guest|restricted|inactive'";
		break;
	}
	return failure;
}

struct failure failure_of_bind(uint32_t sint, int error)
{
	struct failure failure = local(error);

	set_text(&failure, "cannot receive from SINT %u: %s", sint,
		 strerror(-error));
	switch (error) {
	case -EBUSY:
		failure.code = "busy";
		set_text(&failure, "SINT %u is in use", sint);
		failure.hint = "another program or a driver receives from it; "
			       "'hvpost info' shows which SINTs are taken";
		break;
	case -EPERM:
		failure.code = "needs-admin";
		set_text(&failure, "SINT %u belongs to VMBus", sint);
		failure.hint = "run as root (CAP_SYS_ADMIN), or use a SINT of "
			       "your own";
		break;
	case -EOPNOTSUPP:
		failure.code = "not-there";
		set_text(&failure, "SINT %u cannot be received in this way",
			 sint);
		failure.hint = "--shared works on the device alone; --events "
			       "needs a SynIC with a page for event flags";
		break;
	case -ENOSPC:
		failure.code = "no-vector";
		set_text(&failure, "no interrupt vector is left for SINT %u",
			 sint);
		break;
	case -EDQUOT:
		failure.code = "over-quota";
		set_text(&failure, "the ring for SINT %u is over this user's "
				   "quota", sint);
		failure.hint = "ask for fewer records; the administrator's bound "
			       "is /sys/module/hvpost/parameters/ring_bytes_max";
		break;
	}
	return failure;
}

/* Of the targets that end before their handles do: the one in another process. */
static const char host_gone[] = "its hvhost has ended, or has dropped this process: "
				"then it said why on its standard error";

struct failure failure_of_receive(uint32_t sint, int error)
{
	struct failure failure = local(error);

	set_text(&failure, "waiting at SINT %u: %s", sint, strerror(-error));
	switch (error) {
	case -ENODEV:
		failure.code = "taken-away";
		set_text(&failure, "SINT %u was taken away", sint);
		failure.hint = sint == HV_SINT_VMBUS ?
			"hv_vmbus was loaded, and SINT 2 is its own" : host_gone;
		break;
	case -EPIPE:
		set_text(&failure, "nobody reads standard output any more");
		break;
	}
	return failure;
}

/* The driver refused before any hypercall, a post or a signal alike. */
static struct failure failure_of_connection(uint32_t connection_id, int error)
{
	struct failure failure = local(error);

	set_text(&failure, "connection 0x%x: %s", connection_id,
		 strerror(-error));
	switch (error) {
	case -EPERM:
		failure.code = "needs-admin";
		set_text(&failure, "connection 0x%x belongs to VMBus",
			 connection_id);
		failure.hint = "run as root (CAP_SYS_ADMIN), or use a "
			       "connection of your own; a kernel that is locked "
			       "down (Secure Boot) keeps it from root, too";
		break;
	case -ENODEV:
		failure.code = "taken-away";
		failure.hint = host_gone;
		break;
	case -EBUSY:
		failure.code = "busy";
		set_text(&failure, "connection 0x%x is in use by hv_vmbus",
			 connection_id);
		failure.hint = "use a connection of your own, or unload "
			       "hv_vmbus first";
		break;
	case -EACCES:
		failure.code = "not-allowed";
		set_text(&failure,
			 "connection 0x%x is not allowed to any group of yours",
			 connection_id);
		failure.hint = "/sys/module/hvpost/parameters/allow is the "
			       "administrator's list, 'id' shows your groups";
		break;
	case -EAGAIN:
	case -ETIMEDOUT:
		failure.exit = exit_status_of(error, HVPOST_NO_STATUS);
		failure.code = "over-quota";
		set_text(&failure, "connection 0x%x: this user is over its quota "
				   "of hypercalls, or the system is being "
				   "suspended", connection_id);
		failure.hint = "/sys/module/hvpost/parameters/posts_per_second "
			       "is the administrator's bound; a post waits for "
			       "its turn, and through a suspend, as long as "
			       "--timeout says";
		break;
	case -EOPNOTSUPP:
		failure.code = "no-privilege";
		set_text(&failure,
			 "connection 0x%x: this partition may not do that",
			 connection_id);
		failure.hint = "'hvpost info' lists the privileges that the "
			       "host gives it";
		break;
	}
	return failure;
}

static const char *hint_for_status(uint32_t status)
{
	switch (status) {
	case HV_STATUS_INVALID_CONNECTION_ID:
		return "the host decides which connections there are; if it "
		       "answers this to slow senders down, use "
		       "--retry-connection";
	case HV_STATUS_INSUFFICIENT_BUFFERS:
		return "the receiver must take messages first; --timeout sets "
		       "how long to keep trying";
	case HV_STATUS_ACCESS_DENIED:
		return "'hvpost info' lists the privileges that the host "
		       "gives this partition";
	}
	return NULL;
}

/* The hypervisor was asked and said no, once or until time was up. */
static struct failure failure_of_status(uint32_t connection_id, int error,
					uint32_t status)
{
	const char *name = hvpost_status_name(status);
	const char *meaning = hvpost_status_meaning(status);
	struct failure failure = local(error);

	failure.exit = exit_status_of(error, status);
	failure.code = failure.exit == EXIT_TIMED_OUT ? CODE_TIMED_OUT :
							CODE_REFUSED;
	failure.status = status;
	failure.hint = hint_for_status(status);
	set_text(&failure, "connection 0x%x: %s: %s (0x%x): %s", connection_id,
		 failure.exit == EXIT_TIMED_OUT ?
			 "still refused when time was up" :
			 "the hypervisor refused",
		 name ? name : "unknown status", status,
		 meaning ? meaning : "no documented status has this number");
	return failure;
}

struct failure failure_of_post(const struct hvpost_post *post, int error,
			       uint32_t status)
{
	struct failure failure;

	if (status != HVPOST_NO_STATUS && error != -EINTR)
		return failure_of_status(post->connection_id, error, status);
	failure = failure_of_connection(post->connection_id, error);
	switch (error) {
	case -EINTR:
		failure.code = "interrupted";
		set_text(&failure,
			 "connection 0x%x: stopped by a signal, the message is "
			 "not posted",
			 post->connection_id);
		break;
	case -EMSGSIZE:
		failure.code = "too-long";
		set_text(&failure,
			 "payload is %u bytes; one message carries at most %u",
			 post->payload_size, HVPOST_PAYLOAD_SIZE_MAX);
		break;
	}
	return failure;
}

struct failure failure_of_signal(uint32_t connection_id, int error,
				 uint32_t status)
{
	if (status != HVPOST_NO_STATUS)
		return failure_of_status(connection_id, error, status);
	return failure_of_connection(connection_id, error);
}

static void report_json(const struct failure *failure)
{
	struct json_object *object = json_new();
	struct json_object *error = json_object_new_object();
	const char *name = hvpost_status_name(failure->status);
	const char *error_name = strerrorname_np(-failure->error);

	json_add_string(error, "code", failure->code);
	json_add_string(error, "message", failure->text);
	if (failure->hint)
		json_add_string(error, "hint", failure->hint);
	if (failure->error && error_name)
		json_add_string(error, "errno", error_name);
	if (failure->status != HVPOST_NO_STATUS)
		json_add_number(error, "status", failure->status);
	if (name)
		json_add_string(error, "status_name", name);
	json_object_object_add(object, "error", error);
	json_print(stdout, object);
}

int failure_report(const struct common_options *common,
		   const struct failure *failure)
{
	const char *name = common->command->name;

	fprintf(stderr, "hvpost %s: %s\n", name, failure->text);
	if (failure->hint)
		fprintf(stderr, "hvpost %s: %s\n", name, failure->hint);
	if (!strcmp(failure->code, CODE_USAGE))
		fprintf(stderr, "try 'hvpost %s --help'\n", name);
	if (common->json)
		report_json(failure);
	return (int)failure->exit;
}
