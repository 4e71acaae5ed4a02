// SPDX-License-Identifier: MIT
/* Files that processes have mapped, and how far they can lead those who look. */
#define _GNU_SOURCE /* F_SETLEASE */
#include "mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suites.h"

#define LIBRARY "libhvpost-mapped-test.so"

static char folder[] = "/tmp/hvpost-mapped-XXXXXX";
static char path[64], deleted[80];
static struct stat mapped;
static void *mapping;
static int fd;

static void setup(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/" LIBRARY ".0", folder);
	snprintf(deleted, sizeof(deleted), "%s (deleted)", path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 4096), 0);
	ck_assert_int_eq(fstat(fd, &mapped), 0);
	mapping = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(mapping, MAP_FAILED);
}

static void teardown(void)
{
	munmap(mapping, 4096);
	close(fd);
	unlink(path);
	unlink(deleted);
	rmdir(folder);
}

struct found {
	unsigned int count;	/* of ours */
	int fd;
	struct stat status;
};

static void note(const struct mapped_file *file, void *context)
{
	struct found *found = context;

	/* This suite may run twice at a time. */
	if (file->pid == (uint32_t)getpid()) {
		found->count++;
		found->fd = file->fd;
		if (file->fd >= 0)
			ck_assert_int_eq(fstat(file->fd, &found->status), 0);
	}
	if (file->fd >= 0)
		close(file->fd);
}

static struct found find(const char *library)
{
	struct found found = { 0 };

	mapped_find(library, note, &found);
	return found;
}

START_TEST(a_mapped_file_is_found_by_the_start_of_its_name)
{
	struct found found = find(LIBRARY);

	ck_assert_uint_eq(found.count, 1);
	ck_assert_uint_eq(found.status.st_ino, mapped.st_ino);
	ck_assert_uint_eq(find("hvpost-mapped-test.so").count, 0);
	ck_assert_uint_eq(find(LIBRARY ".0.1").count, 0);
}
END_TEST

/* Opening the pipe would wait for a writer. */
START_TEST(what_has_the_name_of_a_deleted_file_is_not_opened)
{
	struct found found;

	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(deleted, 0600), 0);
	found = find(LIBRARY);
	ck_assert_uint_eq(found.count, 1);
	if (found.fd < 0)	/* without CAP_SYS_ADMIN */
		ck_assert_int_eq(found.fd, -ENXIO);
	else
		ck_assert_uint_eq(found.status.st_ino, mapped.st_ino);
}
END_TEST

START_TEST(what_is_no_regular_file_is_not_opened)
{
	ck_assert_int_eq(mkfifo(deleted, 0600), 0);
	ck_assert_int_eq(mapped_open(deleted), -ENXIO);
	ck_assert_int_eq(mapped_open("/dev/null"), -ENXIO);
	ck_assert_int_eq(mapped_open(folder), -ENXIO);
	ck_assert_int_eq(mapped_open("/nonexistent/file"), -ENOENT);
}
END_TEST

/* Opening it would wait for who holds the lease, for 45 s by default. */
START_TEST(nobody_is_waited_for_who_holds_a_lease)
{
	signal(SIGIO, SIG_IGN);
	ck_assert_int_eq(fcntl(fd, F_SETLEASE, F_WRLCK), 0);
	ck_assert_int_eq(find(LIBRARY).fd, -EAGAIN);
}
END_TEST

Suite *mapped_suite(void)
{
	Suite *suite = suite_create("mapped");
	TCase *tcase = tcase_create("files");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_mapped_file_is_found_by_the_start_of_its_name);
	tcase_add_test(tcase,
		       what_has_the_name_of_a_deleted_file_is_not_opened);
	tcase_add_test(tcase, what_is_no_regular_file_is_not_opened);
	tcase_add_test(tcase, nobody_is_waited_for_who_holds_a_lease);
	suite_add_tcase(suite, tcase);
	return suite;
}
