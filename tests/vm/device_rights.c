// SPDX-License-Identifier: MIT
/*
 * What an administrator allows to users without CAP_SYS_ADMIN: the parameters
 * allow, posts_per_second and ring_bytes_max.
 */
#define _GNU_SOURCE
#include "device.h"

#include <grp.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PARAMETERS "/sys/module/hvpost/parameters/"
#define ATTRIBUTES "/sys/class/misc/hvpost/"

/* A group that has these connections, and one that has none */
#define MINE		2000
#define NOT_MINE	2001
#define RATE		10u

/* Write @text to the file @path in one piece. Return 0 or errno. */
static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

static void read_text(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");

	ck_assert_msg(file, "%s: %s", path, strerror(errno));
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

#define set_allow(text) write_text(PARAMETERS "allow", text)
#define set_rate(text) write_text(PARAMETERS "posts_per_second", text)
#define set_ring_bytes(text) write_text(PARAMETERS "ring_bytes_max", text)

static uint64_t count_of(const char *path)
{
	char text[32];

	read_text(path, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

static void no_bounds(void)
{
	ck_assert_int_eq(set_allow("\n"), 0);
	ck_assert_int_eq(set_rate("0"), 0);
	ck_assert_int_eq(set_ring_bytes("0"), 0);
	/* Not every user is in its group. */
	ck_assert_int_eq(chmod(HVPOST_DEVICE_PATH, 0666), 0);
}

/* A user who no earlier test was, so that nothing of the quota is used up. */
static uid_t new_uid(void)
{
	static unsigned int users;

	return 100000 + 16 * (uid_t)getpid() + users++;
}

static void become(uid_t uid, gid_t gid, gid_t other_gid)
{
	ck_assert_int_eq(setgroups(1, &other_gid), 0);
	ck_assert_int_eq(setresgid(gid, gid, gid), 0);
	ck_assert_int_eq(setresuid(uid, uid, uid), 0);
}

/* The quota is that of the user who opened the file. */
static int become_and_open(gid_t gid, gid_t other_gid)
{
	become(new_uid(), gid, other_gid);
	return open_device();
}

/* One that the hypervisor refuses at once, for nobody is to read it. */
static int post_once(int fd, uint32_t connection)
{
	struct hvpost_ioc_post post = post_of(connection, "", 1);

	post.deadline_ns = HVPOST_DEADLINE_NONE;
	return device_call(fd, HVPOST_IOC_POST, &post);
}

/* The allow list */

START_TEST(a_group_posts_to_its_connections_and_to_no_others)
{
	struct hvpost_ioc_post post;
	int fd;

	ck_assert_int_eq(set_allow("2000:0xe0-0xe2,2001:0xe3"), 0);
	fd = become_and_open(_i ? MINE : 65534, _i ? 65534 : MINE);
	for (uint32_t id = 0xe0; id <= 0xe2; id++)
		ck_assert_int_eq(post_once(fd, id), ENOTCONN);
	post = post_of(0xdf, "", 1);
	ck_post_refused(fd, &post, EACCES);
	post = post_of(0xe3, "", 1);
	ck_post_refused(fd, &post, EACCES);
	/* Some hosts do not look at these bits. */
	post = post_of(0x010000e3, "", 1);
	ck_post_refused(fd, &post, EACCES);
}
END_TEST

START_TEST(a_group_signals_its_connections_and_no_others)
{
	struct hvpost_ioc_signal signal = { .connection_id = 0xe0 };
	int fd;

	ck_assert_int_eq(set_allow("2000:0xe0"), 0);
	fd = become_and_open(MINE, MINE);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_SIGNAL, &signal), ENOTCONN);
	signal.connection_id = 0xe1;
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_SIGNAL, &signal), EACCES);
	ck_assert_uint_eq(signal.status, HVPOST_STATUS_NONE);
}
END_TEST

START_TEST(many_posts_end_at_a_connection_that_is_not_allowed)
{
	struct hvpost_ioc_post posts[] = {
		post_of(ECHO(0, ECHO_SINT), "abc", 3),
		post_of(ECHO(1, ECHO_SINT), "abc", 3),
	};
	struct hvpost_ioc_post_many many = {
		.count = 2, .posts = (uintptr_t)posts,
	};
	int fd;

	posts[0].deadline_ns = posts[1].deadline_ns = 0;
	ck_assert_int_eq(set_allow("2000:0x16"), 0);
	become(new_uid(), MINE, MINE);
	fd = open_bound(ECHO_SINT);
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_POST_MANY, &many), 0);
	ck_assert_uint_eq(many.done, 1);
	ck_assert_uint_eq(posts[1].status, HVPOST_STATUS_NONE);
	wait_taken(fd, 1);
	many.posts = (uintptr_t)&posts[1];
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_POST_MANY, &many), EACCES);
}
END_TEST

START_TEST(with_a_list_others_post_nowhere)
{
	int fd;

	ck_assert_int_eq(set_allow("2000:0-0xffffff"), 0);
	fd = become_and_open(NOT_MINE, NOT_MINE);
	ck_assert_int_eq(post_once(fd, 0xe0), EACCES);
	ck_assert_int_eq(post_once(fd, 0), EACCES);
}
END_TEST

START_TEST(a_list_gives_nobody_the_connections_of_vmbus)
{
	int fd;

	ck_assert_int_eq(set_allow("2000:0-0xffffff"), 0);
	fd = become_and_open(MINE, MINE);
	ck_assert_int_eq(post_once(fd, 1), EPERM);
}
END_TEST

START_TEST(the_capable_post_whatever_the_list_says)
{
	ck_assert_int_eq(set_allow("2000:0xe0"), 0);
	ck_assert_int_eq(post_once(open_device(), 0xe1), ENOTCONN);
}
END_TEST

START_TEST(an_empty_list_is_open_to_all)
{
	int fd;

	ck_assert_int_eq(set_allow("2000:0xe0"), 0);
	ck_assert_int_eq(set_allow("\n"), 0);
	fd = become_and_open(NOT_MINE, NOT_MINE);
	ck_assert_int_eq(post_once(fd, 0xe1), ENOTCONN);
}
END_TEST

START_TEST(what_is_no_list_changes_nothing)
{
	static const char *const bad[] = { "x", "2000", "2000:2-1", "hvpost:1",
					   "2000:1,", "2000:0x1000000" };
	char text[64];

	ck_assert_int_eq(set_allow("2000:0xe0,2001:225-226\n"), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(set_allow(bad[i]), EINVAL);
	read_text(PARAMETERS "allow", text, sizeof(text));
	ck_assert_str_eq(text, "2000:0xe0,2001:0xe1-0xe2\n");
}
END_TEST

START_TEST(what_the_list_refuses_is_counted)
{
	uint64_t before = count_of(ATTRIBUTES "allow_refused");
	struct hvpost_ioc_signal signal = { .connection_id = 0xe0 };
	int fd;

	ck_assert_int_eq(set_allow("2000:0xe1"), 0);
	fd = become_and_open(MINE, MINE);
	post_once(fd, 0xe0);
	post_once(fd, 0xe1);
	device_call(fd, HVPOST_IOC_SIGNAL, &signal);
	ck_assert_uint_eq(count_of(ATTRIBUTES "allow_refused"), before + 2);
}
END_TEST

static atomic_bool rewriting = true;

static void *rewrite_list(void *unused)
{
	(void)unused;
	while (atomic_load(&rewriting)) {
		set_allow("2000:0xe0");
		set_allow("1:1,2:2,3:3,2000:0xe0-0xe1");
	}
	return NULL;
}

START_TEST(a_list_may_be_replaced_while_others_post)
{
	pthread_t writer;
	int fd;

	ck_assert_int_eq(set_allow("2000:0xe0"), 0);
	/* That one goes on as root: of these calls each is for one thread. */
	ck_assert_int_eq(pthread_create(&writer, NULL, rewrite_list, NULL), 0);
	fd = open_device();
	ck_assert_int_eq(syscall(SYS_setgroups, 0, NULL), 0);
	ck_assert_int_eq(syscall(SYS_setresgid, MINE, MINE, MINE), 0);
	ck_assert_int_eq(syscall(SYS_setresuid, 65534, 65534, 65534), 0);
	for (unsigned int i = 0; i < 2000; i++)
		ck_assert_int_eq(post_once(fd, 0xe0), ENOTCONN);
	atomic_store(&rewriting, false);
	pthread_join(writer, NULL);
}
END_TEST

/* The quota */

/* How many can be had at once, from a full bucket? Time goes by meanwhile. */
static void ck_burst(int fd)
{
	uint64_t begin_ns = now_ns(), taken = 0, in_time;
	int err;

	while ((err = post_once(fd, UNKNOWN_CONNECTION)) == ENOTCONN)
		taken++;
	ck_assert_int_eq(err, EAGAIN);
	in_time = (now_ns() - begin_ns) * RATE / SECOND_NS;
	ck_assert_uint_ge(taken, RATE);
	ck_assert_uint_le(taken, RATE + in_time + 1);
}

START_TEST(a_quota_gives_a_seconds_worth_and_then_no_more)
{
	struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "", 1);
	struct hvpost_ioc_signal signal = { .connection_id = 0xe0 };
	unsigned int refused = 0;
	int fd;

	ck_assert_int_eq(set_rate("10"), 0);
	fd = become_and_open(MINE, MINE);
	ck_burst(fd);
	/* Of ten that follow in no time, one may have its turn. */
	for (unsigned int i = 0; i < 10; i++) {
		post.deadline_ns = HVPOST_DEADLINE_NONE;
		if (device_call(fd, HVPOST_IOC_POST, &post) != EAGAIN)
			continue;
		refused++;
		ck_assert_uint_eq(post.status, HVPOST_STATUS_NONE);
		ck_assert_uint_eq(post.attempts, 0);
	}
	ck_assert_uint_gt(refused, 0);
	while (device_call(fd, HVPOST_IOC_SIGNAL, &signal) != EAGAIN)
		;
	ck_assert_uint_eq(signal.status, HVPOST_STATUS_NONE);
}
END_TEST

/* More files are not more quota, also if they are opened one after the other. */
START_TEST(a_user_has_one_quota_for_all_files)
{
	uint64_t begin_ns, taken = 0;
	int fds[50];

	ck_assert_int_eq(set_rate("10"), 0);
	become(new_uid(), MINE, MINE);
	begin_ns = now_ns();
	for (unsigned int i = 0; i < 50; i++) {
		fds[i] = open_device();
		taken += post_once(fds[i], UNKNOWN_CONNECTION) != EAGAIN;
		if (_i)
			close(fds[i]);
	}
	ck_assert_uint_le(taken, RATE + 1 +
			  (now_ns() - begin_ns) * RATE / SECOND_NS);
}
END_TEST

START_TEST(users_have_quotas_of_their_own)
{
	int status;
	pid_t child;

	ck_assert_int_eq(set_rate("10"), 0);
	for (unsigned int user = 0; user < 2; user++) {
		uid_t uid = new_uid();

		child = fork();
		if (!child) {
			become(uid, MINE, MINE);
			ck_burst(open_device());
			_exit(0);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

/* Be @mapped in a user namespace that @user made. Maps are for root to write. */
static void become_in_namespace(uid_t user, uid_t mapped)
{
	pid_t self = getpid(), helper;
	int made[2], status;
	char byte = 0;

	ck_assert_int_eq(pipe(made), 0);
	helper = fork();
	if (!helper) {
		char path[64], map[64];

		snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)self);
		snprintf(map, sizeof(map), "0 %u 1", mapped);
		_exit(read(made[0], &byte, 1) == 1 ? write_text(path, map) : 1);
	}
	become(user, MINE, MINE);
	ck_assert_int_eq(unshare(CLONE_NEWUSER), 0);
	ck_assert_int_eq(write(made[1], &byte, 1), 1);
	ck_assert_int_eq(waitpid(helper, &status, 0), helper);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(setresuid(0, 0, 0), 0);
}

/* How many posts the quota of @mapped has left */
static uint64_t posts_left(uid_t user, uid_t mapped)
{
	int taken[2];
	uint64_t count = 0;
	pid_t child;

	ck_assert_int_eq(pipe(taken), 0);
	child = fork();
	if (!child) {
		int fd;

		become_in_namespace(user, mapped);
		fd = open_device();
		while (post_once(fd, UNKNOWN_CONNECTION) != EAGAIN)
			count++;
		_exit(write(taken[1], &count, sizeof(count)) < 0);
	}
	close(taken[1]);
	ck_assert_int_eq(read(taken[0], &count, sizeof(count)), sizeof(count));
	close(taken[0]);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	return count;
}

START_TEST(uids_in_namespaces_of_a_user_have_one_quota)
{
	uid_t user = new_uid();
	uint64_t begin_ns, taken = 0;

	ck_assert_int_eq(set_rate("10"), 0);
	begin_ns = now_ns();
	for (unsigned int i = 0; i < 5; i++)
		taken += posts_left(user, new_uid());
	ck_assert_uint_ge(taken, RATE);
	ck_assert_uint_le(taken, RATE + 1 +
			  (now_ns() - begin_ns) * RATE / SECOND_NS);
}
END_TEST

START_TEST(the_capable_have_no_quota)
{
	int fd = open_device();

	ck_assert_int_eq(set_rate("1"), 0);
	for (unsigned int i = 0; i < 100; i++)
		ck_assert_int_eq(post_once(fd, UNKNOWN_CONNECTION), ENOTCONN);
}
END_TEST

START_TEST(over_quota_a_post_waits_for_its_turn)
{
	struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "", 1);
	int fd;

	ck_assert_int_eq(set_rate("10"), 0);
	fd = become_and_open(MINE, MINE);
	ck_burst(fd);
	for (unsigned int i = 0; i < 3; i++)
		ck_post(fd, &post, ENOTCONN, HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(over_quota_at_the_deadline_is_etimedout)
{
	struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "", 1);
	int fd;

	/* The next turn is a second away, and the deadline long past. */
	ck_assert_int_eq(set_rate("1"), 0);
	fd = become_and_open(MINE, MINE);
	while (post_once(fd, UNKNOWN_CONNECTION) != EAGAIN)
		;
	post.deadline_ns = now_ns();
	ck_post_refused(fd, &post, ETIMEDOUT);
}
END_TEST

START_TEST(a_signal_ends_the_wait_for_quota_with_eintr)
{
	struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "", 1);
	int fd;

	ck_assert_int_eq(set_rate("1"), 0);
	fd = become_and_open(MINE, MINE);
	while (post_once(fd, UNKNOWN_CONNECTION) != EAGAIN)
		;
	post.deadline_ns = HVPOST_DEADLINE_NEVER;
	handle_signal(SIGALRM, SA_RESTART);
	start_interval_timer();
	ck_post_refused(fd, &post, EINTR);
	stop_interval_timer();
}
END_TEST

START_TEST(a_quota_ends_many_posts_where_it_ends)
{
	static struct hvpost_ioc_post posts[VPS];
	struct hvpost_ioc_post_many many = {
		.count = VPS, .posts = (uintptr_t)posts,
	};
	int fd, err;

	ck_assert_int_eq(set_rate("1"), 0);
	become(new_uid(), MINE, MINE);
	fd = open_bound(ECHO_SINT);
	for (uint32_t vp = 0; vp < VPS; vp++) {
		posts[vp] = post_of(ECHO(vp, ECHO_SINT), "", 1);
		posts[vp].deadline_ns = 0;
	}
	err = device_call(fd, HVPOST_IOC_POST_MANY, &many);
	ck_assert_int_eq(err, 0);
	/* Should a second have gone by, both were posted. */
	ck_assert_uint_ge(many.done, 1);
	if (many.done < VPS) {
		ck_assert_uint_eq(posts[1].status, HVPOST_STATUS_NONE);
		ck_assert_uint_eq(posts[1].attempts, 0);
	}
	wait_taken(fd, many.done);
}
END_TEST

START_TEST(what_the_quota_held_back_is_counted)
{
	uint64_t before = count_of(ATTRIBUTES "quota_held_back");
	struct hvpost_ioc_post post = post_of(UNKNOWN_CONNECTION, "", 1);
	int fd;

	ck_assert_int_eq(set_rate("10"), 0);
	fd = become_and_open(MINE, MINE);
	ck_burst(fd);
	ck_assert_uint_eq(count_of(ATTRIBUTES "quota_held_back"), before + 1);
	while (count_of(ATTRIBUTES "quota_held_back") == before + 1)
		ck_post(fd, &post, ENOTCONN, HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_uint_eq(count_of(ATTRIBUTES "quota_held_back"), before + 2);
}
END_TEST

START_TEST(a_rate_that_is_none_is_einval)
{
	static const char *const bad[] = { "x", "-1", "1000001", "4294967296" };

	ck_assert_int_eq(set_rate("7"), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_ne(set_rate(bad[i]), 0);
	ck_assert_uint_eq(count_of(PARAMETERS "posts_per_second"), 7);
	ck_assert_int_eq(set_rate("1000000"), 0);
}
END_TEST

/* Memory */

START_TEST(rings_of_a_file_take_no_more_memory_than_is_allowed)
{
	char bytes[32];
	int fd = open_device();

	/* In whole pages for each VP */
	snprintf(bytes, sizeof(bytes), "%zu",
		 VPS * ((64 * sizeof(struct hvpost_record) + 4095) & ~4095ul));
	ck_assert_int_eq(set_ring_bytes(bytes), 0);
	become(new_uid(), MINE, MINE);
	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 65), EDQUOT);
	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 4096), EDQUOT);
	ck_assert_int_eq(bind_sint(fd, FREE_SINT, _i ? 64 : 0), 0);
}
END_TEST

START_TEST(a_small_ring_takes_a_page)
{
	char bytes[32];
	int fd = open_device();

	snprintf(bytes, sizeof(bytes), "%u", VPS * 4096u - 1);
	ck_assert_int_eq(set_ring_bytes(bytes), 0);
	become(new_uid(), MINE, MINE);
	ck_assert_int_eq(bind_sint(fd, FREE_SINT, 1), EDQUOT);
}
END_TEST

START_TEST(rings_of_the_capable_take_what_they_like)
{
	ck_assert_int_eq(set_ring_bytes("1"), 0);
	ck_assert_int_eq(bind_sint(open_device(), FREE_SINT, 4096), 0);
}
END_TEST

static void add_allow_cases(Suite *suite)
{
	TCase *allow = add_case(suite, "allow", no_bounds);

	tcase_add_loop_test(allow,
			    a_group_posts_to_its_connections_and_to_no_others,
			    0, 2);
	tcase_add_test(allow, a_group_signals_its_connections_and_no_others);
	tcase_add_test(allow, many_posts_end_at_a_connection_that_is_not_allowed);
	tcase_add_test(allow, with_a_list_others_post_nowhere);
	tcase_add_test(allow, a_list_gives_nobody_the_connections_of_vmbus);
	tcase_add_test(allow, the_capable_post_whatever_the_list_says);
	tcase_add_test(allow, an_empty_list_is_open_to_all);
	tcase_add_test(allow, what_is_no_list_changes_nothing);
	tcase_add_test(allow, what_the_list_refuses_is_counted);
	tcase_add_test(allow, a_list_may_be_replaced_while_others_post);
}

static void add_quota_cases(Suite *suite)
{
	TCase *quota = add_case(suite, "quota", no_bounds);
	TCase *memory = add_case(suite, "memory", no_bounds);

	tcase_add_test(quota, a_quota_gives_a_seconds_worth_and_then_no_more);
	tcase_add_loop_test(quota, a_user_has_one_quota_for_all_files, 0, 2);
	tcase_add_test(quota, users_have_quotas_of_their_own);
	tcase_add_test(quota, uids_in_namespaces_of_a_user_have_one_quota);
	tcase_add_test(quota, the_capable_have_no_quota);
	tcase_add_test(quota, over_quota_a_post_waits_for_its_turn);
	tcase_add_test(quota, over_quota_at_the_deadline_is_etimedout);
	tcase_add_test(quota, a_signal_ends_the_wait_for_quota_with_eintr);
	tcase_add_test(quota, a_quota_ends_many_posts_where_it_ends);
	tcase_add_test(quota, what_the_quota_held_back_is_counted);
	tcase_add_test(quota, a_rate_that_is_none_is_einval);

	tcase_add_loop_test(memory,
			    rings_of_a_file_take_no_more_memory_than_is_allowed,
			    0, 2);
	tcase_add_test(memory, a_small_ring_takes_a_page);
	tcase_add_test(memory, rings_of_the_capable_take_what_they_like);
}

int main(void)
{
	Suite *suite = suite_create("device, rights");

	add_allow_cases(suite);
	add_quota_cases(suite);
	return run_suite(suite);
}
