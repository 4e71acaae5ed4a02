// SPDX-License-Identifier: MIT
/* What is left to a process that has entered the filter, here a child of ours. */
#define _GNU_SOURCE /* memfd_create */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/hvhost/sandbox.h"
#include "suites.h"

#define SIZE	4096u

/* A sanitizer makes calls of its own, and so hvhost has no filter there either. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_FILTERED	0
#else
#define IS_FILTERED	1
#endif

static void *page;		/* ours from before the filter */
static int memory_fd;		/* of SIZE bytes */
static pid_t parent;
static char folder[64], socket_path[80], other_path[80];

/* Each makes one call, and returns 0 or a negative errno value. */

static int map(int protection, int flags, int fd)
{
	return mmap(NULL, SIZE, protection, flags, fd, 0) == MAP_FAILED ?
	       -errno : 0;
}

static int map_code(void)
{
	return map(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int map_writable_code(void)
{
	return map(PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int map_code_of_a_file(void)
{
	return map(PROT_EXEC, MAP_PRIVATE, memory_fd);
}

static int turn_into_code(void)
{
	return mprotect(page, SIZE, PROT_READ | PROT_EXEC) ? -errno : 0;
}

/* A word with more than the kernel looks at is no way around. */
static int turn_into_code_by_a_wide_word(void)
{
	return syscall(SYS_mprotect, page, SIZE,
		       PROT_READ | PROT_EXEC | 1ul << 40) ? -errno : 0;
}

static int turn_into_code_by_key(void)
{
	return syscall(SYS_pkey_mprotect, page, SIZE, PROT_EXEC, -1) ?
	       -errno : 0;
}

static int run_another_program(void)
{
	return execl("/bin/true", "true", (char *)NULL) ? -errno : 0;
}

static int open_a_network_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? -errno : 0;
}

static int open_a_pair(int family)
{
	int ends[2];

	return socketpair(family, SOCK_SEQPACKET, 0, ends) ? -errno : 0;
}

static int open_a_listener(void)
{
	return open_a_pair(AF_UNIX);
}

static int open_a_pair_of_another_family(void)
{
	return open_a_pair(AF_TIPC);
}

static int open_a_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY) < 0 ?
	       -errno : 0;
}

static int map_data(void)
{
	return map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* As the memory of a client is that attaches now */
static int map_a_new_memfd(void)
{
	int fd = memfd_create("client", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, SIZE))
		return -errno;
	return map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
}

static int protect_data(void)
{
	return mprotect(page, SIZE, PROT_READ) ? -errno : 0;
}

static void *say_so(void *said)
{
	*(int *)said = 1;
	return NULL;
}

static int run_a_thread(void)
{
	pthread_t thread;
	int said = 0, err = pthread_create(&thread, NULL, say_so, &said);

	if (!err)
		err = pthread_join(thread, NULL);
	return err ? -err : said - 1;
}

static int signal_a_thread(pid_t process, pid_t thread)
{
	return syscall(SYS_tgkill, process, thread, 0) ? -errno : 0;
}

static int signal_our_thread(void)
{
	return signal_a_thread(getpid(), gettid());
}

static int signal_a_thread_of_another_process(void)
{
	return signal_a_thread(parent, parent);
}

static int clone_with(unsigned long flags)
{
	const long child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (!child)
		_exit(0);
	return child < 0 ? -errno : 0;
}

static int begin_a_process(void)
{
	return clone_with(0);
}

static int begin_a_process_in_a_namespace(void)
{
	return clone_with(CLONE_NEWUSER | CLONE_NEWNET);
}

static int begin_a_thread_in_a_namespace(void)
{
	return clone_with(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_NEWUTS);
}

static int begin_a_process_otherwise(void)
{
	return syscall(SYS_clone3, NULL, 0) < 0 ? -errno : 0;
}

static int remove_the_socket(void)
{
	return unlink(socket_path) ? -errno : 0;
}

static int remove_another_file(void)
{
	return unlink(other_path) ? -errno : 0;
}

static const struct {
	int (*act)(void);
	int result;
} acts[] = {
	{ map_code, -EPERM },
	{ map_writable_code, -EPERM },
	{ map_code_of_a_file, -EPERM },
	{ turn_into_code, -EPERM },
	{ turn_into_code_by_a_wide_word, -EPERM },
	{ turn_into_code_by_key, -EPERM },
	{ run_another_program, -EPERM },
	{ open_a_network_socket, -EPERM },
	{ open_a_pair_of_another_family, -EPERM },
	{ open_a_listener, 0 },
	{ open_a_file, -EPERM },
	{ map_data, 0 },
	{ map_a_new_memfd, 0 },
	{ protect_data, 0 },
	{ run_a_thread, 0 },
	{ signal_our_thread, 0 },
	{ signal_a_thread_of_another_process, -EPERM },
	{ begin_a_process, -EPERM },
	{ begin_a_process_in_a_namespace, -EPERM },
	{ begin_a_thread_in_a_namespace, -EPERM },
	{ begin_a_process_otherwise, -ENOSYS },
};

static void touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void make(void)
{
	parent = getpid();
	strcpy(folder, "/tmp/hvhost-sandbox-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(socket_path, sizeof(socket_path), "%s/s", folder);
	snprintf(other_path, sizeof(other_path), "%s-other", folder);
	touch(socket_path);
	touch(other_path);
	page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memory_fd = memfd_create("code", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(memory_fd, SIZE), 0);
}

static void destroy(void)
{
	munmap(page, SIZE);
	close(memory_fd);
	unlink(socket_path);
	unlink(other_path);
	rmdir(folder);
}

/* Its exit status says what came of it: an errno value, 0, or 255 for the rest. */
static int act_filtered(int (*act)(void), bool has_guests)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(sandbox_enter(socket_path, has_guests) ? UINT8_MAX : -act());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

START_TEST(the_filter_leaves_what_serving_takes_and_no_more)
{
	ck_assert_int_eq(act_filtered(acts[_i].act, false), acts[_i].result);
	ck_assert_int_eq(act_filtered(acts[_i].act, true), acts[_i].result);
}
END_TEST

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
		       LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

START_TEST(files_are_removed_beside_the_socket_only)
{
	ck_assert_int_eq(act_filtered(remove_another_file, _i),
			 has_landlock() ? -EACCES : 0);
	ck_assert_int_eq(act_filtered(remove_the_socket, _i), 0);
}
END_TEST

/* A path that has no folder is in the one where we are. */
START_TEST(a_socket_is_removed_where_we_are)
{
	ck_assert_int_eq(chdir(folder), 0);
	strcpy(socket_path, "s");
	ck_assert_int_eq(act_filtered(remove_the_socket, false), 0);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

Suite *sandbox_suite(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tcase = tcase_create("sandbox");

	tcase_add_checked_fixture(tcase, make, destroy);
	if (IS_FILTERED)
		tcase_add_loop_test(tcase,
				    the_filter_leaves_what_serving_takes_and_no_more,
				    0, ROWS(acts));
	if (IS_FILTERED)
		tcase_add_loop_test(tcase,
				    files_are_removed_beside_the_socket_only, 0,
				    2);
	if (IS_FILTERED)
		tcase_add_test(tcase, a_socket_is_removed_where_we_are);
	suite_add_tcase(suite, tcase);
	return suite;
}
