// SPDX-License-Identifier: MIT
/*
 * Lets one allocation, or one access to user memory, of a step of the driver
 * fail: the first, the second, and so on, until the step is done with nothing
 * left to fail. Each time the step must fail for that reason or bear it, and
 * leave nothing behind. For a kernel with fault injection (FAILSLAB and others).
 *
 *	fail_nth load FILE.ko	load the module, which is not loaded
 *	fail_nth use CONNECTION SINT	what a file of the device can do; CONNECTION
 *			echoes to SINT
 *
 * Of a load only what comes after the module's first line is its own doing: what
 * the kernel itself allocates before, a load that is refused there tells.
 */
#define _GNU_SOURCE
#include <hvpost/device.h>
#include <hvpost/hyperv.h>

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEVER_SO_MANY	100000u

struct step {
	const char *name;
	void (*prepare)(void);
	int (*deed)(void);		/* 0 or -1 and errno */
	/* Undo prepare, and the deed if its error is 0; look for remains. */
	void (*undo)(int error);
};

static const char *module_path;
static uint32_t connection, sint;
static int device;

/* Failing */

static int open_fail_nth(const char *task)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/fail-nth", task);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s: has this kernel fault injection?", path);
	return fd;
}

static void arm(int fd, unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(fd, text, (size_t)length, 0) != length)
		err(1, "fail-nth %u", nth);
}

/*
 * Return how many more would not have failed; 0: one failed. To ask and to disarm
 * are accesses to user memory too: one of them may be what fails.
 */
static unsigned int disarm(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0) {
		if (errno != EFAULT)
			err(1, "fail-nth");
		return 1;
	}
	if (pwrite(fd, "0", 1, 0) < 0 && errno != EFAULT)
		err(1, "fail-nth 0");
	return (unsigned int)atoi(text);
}

/* How many could fail, but do not, in a deed that may be refused? */
static unsigned int count(int (*deed)(void), int fd)
{
	arm(fd, NEVER_SO_MANY);
	deed();
	return NEVER_SO_MANY - disarm(fd);
}

static bool is_injected(int error)
{
	return error == ENOMEM || error == EFAULT;
}

/* From the @nth on. Return how many failed. */
static unsigned int fail_each(const struct step *step, int fd, unsigned int nth)
{
	for (unsigned int first = nth; nth < NEVER_SO_MANY; nth++) {
		bool failed;
		int error;

		if (step->prepare)
			step->prepare();
		arm(fd, nth);
		error = step->deed() ? errno : 0;
		failed = !disarm(fd);
		if (error && !(failed && is_injected(error)))
			errx(1, "%s: %s when allocation %u %s", step->name,
			     strerror(error), nth, failed ? "failed" : "was the last");
		step->undo(error);
		if (!failed)
			return nth - first;
	}
	errx(1, "%s: no end of allocations", step->name);
}

/* Remains */

#define CPUS_MAX 8
#define REGISTERS (5 + HV_SINT_COUNT)

static bool file_has(const char *path, const char *text)
{
	static char contents[1 << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t n;

	if (fd < 0)
		err(1, "%s", path);
	while ((n = read(fd, contents + size, sizeof(contents) - 1 - size)) > 0)
		size += (size_t)n;
	close(fd);
	contents[size] = '\0';
	return strstr(contents, text);
}

/* Of a masked SINT the vector may stay. */
static uint64_t read_register(int fd, uint32_t i)
{
	static const uint32_t others[] = {
		HV_MSR_GUEST_OS_ID, HV_MSR_HYPERCALL, HV_MSR_SCONTROL,
		HV_MSR_SIEFP, HV_MSR_SIMP,
	};
	uint32_t msr = i < HV_SINT_COUNT ? HV_MSR_SINT0 + i :
		       others[i - HV_SINT_COUNT];
	uint64_t value;

	if (pread(fd, &value, sizeof(value), msr) != sizeof(value))
		err(1, "MSR %#x", msr);
	return i < HV_SINT_COUNT && value & HV_SINT_MASKED ? HV_SINT_MASKED :
	       value;
}

static void read_registers(uint64_t values[CPUS_MAX][REGISTERS])
{
	memset(values, 0, sizeof(uint64_t) * CPUS_MAX * REGISTERS);
	for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
		char path[32];
		int fd;

		snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && cpu)
			break;
		if (fd < 0)
			err(1, "%s: is the module msr loaded?", path);
		for (uint32_t i = 0; i < REGISTERS; i++)
			values[cpu][i] = read_register(fd, i);
		close(fd);
	}
}

/* Loading */

static uint64_t registers[CPUS_MAX][REGISTERS];	/* while it is not loaded */

static int load_with(const char *parameters)
{
	int fd = open(module_path, O_RDONLY | O_CLOEXEC);
	int result = fd < 0 ? -1 :
		     (int)syscall(SYS_finit_module, fd, parameters, 0);
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return result;
}

static int load(void)
{
	return load_with("");
}

/* In its first lines, that is. */
static int load_refused(void)
{
	return load_with("hypercall=none");
}

static void unload(int error)
{
	uint64_t now[CPUS_MAX][REGISTERS];

	if (!error && syscall(SYS_delete_module, "hvpost", O_NONBLOCK))
		err(1, "hvpost does not unload");
	if (!access(HVPOST_DEVICE_PATH, F_OK))
		errx(1, HVPOST_DEVICE_PATH " is left");
	if (file_has("/proc/modules", "hvpost ") ||
	    file_has("/proc/interrupts", "hvpost"))
		errx(1, "the module or an interrupt is left");
	read_registers(now);
	if (memcmp(now, registers, sizeof(now)))
		errx(1, "the hypervisor's registers are not as before");
}

/* The module sets up each CPU in a thread of that CPU's own. */
static bool is_load_task(const char *comm)
{
	return !strncmp(comm, "cpuhp/", 6);
}

static const struct step load_step = {
	.name = "load", .deed = load, .undo = unload,
};

/* In the task PID, if it is one. */
static void fail_load_in_task(const char *pid)
{
	char path[300], comm[32] = "";
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = isdigit((unsigned char)*pid) ? fopen(path, "r") : NULL;
	if (!file)
		return;
	if (fgets(comm, sizeof(comm), file) && is_load_task(comm)) {
		comm[strcspn(comm, "\n")] = '\0';
		fd = open_fail_nth(pid);
		printf("load: %u failures in %s\n",
		       fail_each(&load_step, fd, 1), comm);
		close(fd);
	}
	fclose(file);
}

static void fail_loads(void)
{
	int fd = open_fail_nth("thread-self");
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned int before;

	read_registers(registers);
	before = count(load_refused, fd);
	printf("load: %u failures after %u of the kernel's\n",
	       fail_each(&load_step, fd, before > 8 ? before - 8 : 1), before);
	while (proc && (entry = readdir(proc)))
		fail_load_in_task(entry->d_name);
}

/* Using */

static void open_device(void)
{
	device = open(HVPOST_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (device < 0)
		err(1, HVPOST_DEVICE_PATH);
}

static void close_device(int error)
{
	(void)error;
	close(device);
}

static int try_open(void)
{
	device = open(HVPOST_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	return device < 0 ? -1 : 0;
}

static void undo_open(int error)
{
	if (!error)
		close(device);
}

static int try_bind(void)
{
	struct hvpost_ioc_bind bind = {
		.sint = sint, .ring_records = 64, .flags = HVPOST_BIND_EVENTS,
	};

	return ioctl(device, HVPOST_IOC_BIND, &bind);
}

/* Whether or not it was bound: after the close nobody has the SINT. */
static void undo_bind(int error)
{
	bool bound = file_has("/proc/interrupts", "hvpost-sint");

	if (bound != !error)
		errx(1, "an interrupt is there after a failure, or none otherwise");
	close(device);
	if (file_has("/proc/interrupts", "hvpost-sint"))
		errx(1, "an interrupt is left");
}

static void open_bound(void)
{
	open_device();
	if (try_bind())
		err(1, "bind SINT %u", sint);
}

static int try_post(void)
{
	struct hvpost_ioc_post post = {
		.connection_id = connection, .message_type = 1,
		.payload_size = 5, .payload = (uintptr_t)"hello",
	};

	return ioctl(device, HVPOST_IOC_POST, &post);
}

static int try_post_many(void)
{
	struct hvpost_ioc_post posts[3];
	struct hvpost_ioc_post_many many = {
		.count = 3, .posts = (uintptr_t)posts,
	};

	for (size_t i = 0; i < 3; i++)
		posts[i] = (struct hvpost_ioc_post){
			.connection_id = connection, .message_type = 1,
			.payload_size = 5, .payload = (uintptr_t)"hello",
		};
	return ioctl(device, HVPOST_IOC_POST_MANY, &many);
}

static int try_signal(void)
{
	struct hvpost_ioc_signal none = { .connection_id = 0x77 };

	/* There is no such connection. */
	return ioctl(device, HVPOST_IOC_SIGNAL, &none) && errno != ENOTCONN ?
	       -1 : 0;
}

static int try_info(void)
{
	struct hvpost_ioc_info info;

	return ioctl(device, HVPOST_IOC_INFO, &info);
}

static int try_counters(void)
{
	struct hvpost_ioc_counters counters;

	return ioctl(device, HVPOST_IOC_COUNTERS, &counters);
}

static void await_message(void)
{
	struct pollfd one = { .fd = device, .events = POLLIN };

	if (poll(&one, 1, 60000) != 1)
		errx(1, "no message came");
}

static void open_with_message(void)
{
	open_bound();
	if (try_post())
		err(1, "post");
	await_message();
}

static int try_read(void)
{
	struct hvpost_record record;

	return read(device, &record, sizeof(record)) < 0 ? -1 : 0;
}

/* What could not be read is still there. */
static void undo_read(int error)
{
	if (error && try_read())
		err(1, "a failed read took the message");
	close(device);
}

static int try_filter(void)
{
	struct hvpost_ioc_filter filter = {
		.rule_count = 1, .rules[0] = { .type_min = 1, .type_max = 9 },
	};

	return ioctl(device, HVPOST_IOC_FILTER, &filter);
}

static struct hvpost_ioc_rings rings;
static void *words, *records;

static int try_map(void)
{
	words = records = MAP_FAILED;
	if (ioctl(device, HVPOST_IOC_RINGS, &rings))
		return -1;
	words = mmap(NULL, rings.words_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		     device, (off_t)rings.words_offset);
	if (words == MAP_FAILED)
		return -1;
	records = mmap(NULL, rings.records_size, PROT_READ, MAP_SHARED, device,
		       (off_t)rings.records_offset);
	return records == MAP_FAILED ? -1 : 0;
}

/* A mapping that is left would keep the SINT. */
static void undo_map(int error)
{
	(void)error;
	if (words != MAP_FAILED)
		munmap(words, rings.words_size);
	if (records != MAP_FAILED)
		munmap(records, rings.records_size);
	close(device);
}

static int try_resume(void)
{
	return ioctl(device, HVPOST_IOC_RESUME);
}

static int try_poll(void)
{
	struct pollfd one = { .fd = device, .events = POLLIN };

	return poll(&one, 1, 0) < 0 ? -1 : 0;
}

static int try_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);
	int result = fd < 0 ? -1 : epoll_ctl(fd, EPOLL_CTL_ADD, device, &event);
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return result;
}

static void fail_uses(void)
{
	static const struct step steps[] = {
		{ "open", NULL, try_open, undo_open },
		{ "info", open_device, try_info, close_device },
		{ "bind", open_device, try_bind, undo_bind },
		{ "post", open_bound, try_post, close_device },
		{ "post many", open_bound, try_post_many, close_device },
		{ "signal", open_device, try_signal, close_device },
		{ "counters", open_bound, try_counters, close_device },
		{ "read", open_with_message, try_read, undo_read },
		{ "filter", open_device, try_filter, close_device },
		{ "map", open_bound, try_map, undo_map },
		{ "resume", open_bound, try_resume, close_device },
		{ "poll", open_bound, try_poll, close_device },
		{ "epoll", open_bound, try_epoll, close_device },
	};
	int fd = open_fail_nth("thread-self");

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		printf("%s: %u failures\n", steps[i].name,
		       fail_each(&steps[i], fd, 1));
}

int main(int argc, char **argv)
{
	setlinebuf(stdout);
	if (argc == 3 && !strcmp(argv[1], "load")) {
		module_path = argv[2];
		fail_loads();
	} else if (argc == 4 && !strcmp(argv[1], "use")) {
		connection = (uint32_t)strtoul(argv[2], NULL, 0);
		sint = (uint32_t)strtoul(argv[3], NULL, 0);
		fail_uses();
	} else {
		errx(1, "load FILE, or use CONNECTION SINT");
	}
	return 0;
}
