// SPDX-License-Identifier: MIT
/*
 * While somebody does his worst, others get their messages, all of them and in
 * order, and hvhost grows no larger than it may.
 *
 * What it may: attackers are two at a time, and two more may be there that have
 * gone and not been removed yet. Of each there is the memory that it shares, what
 * the engine keeps for its VPs and full ports, and a socket, a memfd, a doorbell
 * and 16 listeners. Whoever says nothing is one of 64 visitors at most. As many
 * sockets may have been left to threads that close them.
 */
#define _GNU_SOURCE /* F_ADD_SEALS */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvpost/hvhost.h>

#include "attack.h"
#include "daemon.h"
#include "peer.h"
#include "suites.h"

#define MESSAGES	10000u
#define TIMEOUT_S	300
#define AT_ONCE		100u
#define ROUNDS_BEFORE	3u
#define ROUNDS_MEANWHILE 20u

#define ATTACKERS	4u	/* with those that are on their way out */
#define ATTACKER_VPS	4u
#define VISITORS	64u
#define CLOSING		64u
/* Its shared memory, and queues and pages of the engine */
#define ATTACKER_KIB \
	((sizeof(struct hvpost_attach_memory) + \
	  ATTACKER_VPS * sizeof(struct hvpost_attach_vp)) / 1024 + 256)
#define ATTACKER_FDS	(3 + HV_SINT_COUNT)
/* What libc keeps for later */
#define SLACK_KIB	512u

/* A sanitizer's own memory is many times ours. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SIZE_IS_OURS	0
#else
#define SIZE_IS_OURS	1
#endif

static const struct {
	attack *first, *second;		/* as partitions a and b */
	unsigned int lines;		/* of the log, at most, in a round */
	bool passes_rights;		/* see daemon.h */
} attacks[] = {
	{ attack_by_flood, attack_by_flood, 0, false },
	{ attack_by_lies, attack_by_lies, 1, false },
	{ attack_by_descriptors, attack_by_coming, 0, false },
	{ attack_by_descriptors, attack_by_coming, 2, true },
	{ attack_by_ringing, attack_by_ringing, 0, false },
	{ attack_by_dying, attack_by_dying, 0, false },
	{ attack_by_scribbling, attack_by_scribbling, 1, false },
	{ attack_by_deafness, attack_by_flood, 0, false },
	{ attack_by_coming, attack_by_coming, 0, false },
};

struct size {
	unsigned int rss_kib, most_kib, descriptors;
};

static unsigned int count_descriptors(void)
{
	char path[64];
	unsigned int count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)host_daemon.pid);
	folder = opendir(path);
	ck_assert_ptr_nonnull(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static struct size size_of_daemon(void)
{
	struct size size = { .descriptors = count_descriptors() };
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)host_daemon.pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "VmRSS: %u", &size.rss_kib);
		sscanf(line, "VmHWM: %u", &size.most_kib);
	}
	fclose(file);
	return size;
}

static void ck_bounded(const struct size *before)
{
	struct size now = size_of_daemon();

	ck_assert_uint_le(now.descriptors,
			  before->descriptors + ATTACKERS * ATTACKER_FDS +
				  VISITORS + CLOSING);
	if (SIZE_IS_OURS)
		ck_assert_uint_le(now.most_kib,
				  before->most_kib + ATTACKERS * ATTACKER_KIB +
					  SLACK_KIB);
}

static void send_all(void)
{
	struct hvpost *handle = open_as("c");
	struct hvpost_post posts[AT_ONCE];
	uint64_t numbers[AT_ONCE], next = 1;

	while (next <= MESSAGES) {
		unsigned int left = (unsigned int)(MESSAGES + 1 - next);
		int posted;

		for (unsigned int i = 0; i < AT_ONCE; i++) {
			numbers[i] = next + i;
			posts[i] = (struct hvpost_post){
				.connection_id = 0x10, .message_type = 1,
				.payload = &numbers[i],
				.payload_size = sizeof(numbers[i]),
			};
		}
		posted = hvpost_post_many(handle, posts,
					  left < AT_ONCE ? left : AT_ONCE,
					  HVPOST_NEVER);
		if (posted < 0)
			_exit(1);
		next += (uint64_t)posted;
	}
	hvpost_close(handle);
	_exit(0);
}

/* All that is sent comes, in order, and nothing else does. */
static void ck_messages(struct hvpost *receiver)
{
	struct hvpost_message message;
	pid_t sender = fork();
	int status;

	if (!sender)
		send_all();
	for (uint64_t number = 1; number <= MESSAGES; number++)
		ck_assert_uint_eq(receive_number(receiver), number);
	ck_assert_int_eq(waitpid(sender, &status, 0), sender);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(hvpost_receive(receiver, &message, HVPOST_NOW),
			 -EAGAIN);
}

struct attackers {
	pid_t pid[2];
	uint64_t *rounds[2];
	uint64_t until[2];
};

static struct attackers start_attackers(attack *const by[2])
{
	static const char *const names[] = { "a", "b" };
	struct attackers attackers;

	for (int i = 0; i < 2; i++) {
		attackers.rounds[i] = attack_new_rounds();
		attackers.until[i] = ROUNDS_BEFORE;
		attackers.pid[i] = attack_start(by[i],
			&(struct attack_site){ host_daemon.socket, names[i],
					       attackers.rounds[i] });
	}
	return attackers;
}

static uint64_t stop_attackers(struct attackers *attackers)
{
	uint64_t rounds = 0;

	for (int i = 0; i < 2; i++) {
		attack_stop(attackers->pid[i]);
		rounds += attack_rounds(attackers->rounds[i]);
		attack_free_rounds(attackers->rounds[i]);
	}
	return rounds;
}

static bool have_done(const struct attackers *attackers)
{
	return attack_rounds(attackers->rounds[0]) >= attackers->until[0] &&
	       attack_rounds(attackers->rounds[1]) >= attackers->until[1];
}

START_TEST(an_attack_costs_others_no_message_and_hvhost_no_size)
{
	attack *const both[] = { attacks[_i].first, attacks[_i].second };
	struct attackers attackers;
	struct hvpost *receiver;
	struct size before;
	unsigned int descriptors;
	uint64_t rounds;

	host_daemon.passes_rights = attacks[_i].passes_rights;
	daemon_start("--partition a,vps=4 --partition b,vps=4 "
		     "--link c:0x10=d:5 --link a:0x20=d:7 --link b:0x20=a:5");
	receiver = bind_as("d", 5);
	descriptors = count_descriptors();
	ck_messages(receiver);
	before = size_of_daemon();

	attackers = start_attackers(both);
	while (!have_done(&attackers))
		look_again();
	for (int i = 0; i < 2; i++)
		attackers.until[i] = attack_rounds(attackers.rounds[i]) +
				     ROUNDS_MEANWHILE;
	do {
		ck_messages(receiver);
		ck_bounded(&before);
	} while (!have_done(&attackers));
	rounds = stop_attackers(&attackers);

	/* What they had goes back. At first something may just have been closing. */
	while (count_descriptors() > descriptors)
		look_again();
	ck_assert(daemon_is_alive());
	/* One round of each was broken off. */
	ck_assert_uint_le(daemon_said(""), (rounds + 2) * attacks[_i].lines);
	ck_messages(receiver);
	hvpost_close(receiver);
}
END_TEST

START_TEST(nobody_changes_the_size_of_what_is_shared)
{
	struct peer peer;

	daemon_start("");
	peer = peer_attach("a");
	ck_assert_int_lt(ftruncate(peer.memory_fd, 0), 0);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_lt(ftruncate(peer.memory_fd,
				   (off_t)peer.answer.memory_size * 2), 0);
	ck_assert_int_eq(errno, EPERM);
	/* Nor may it be made read-only: hvhost writes to it. */
	ck_assert_int_lt(fcntl(peer.memory_fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	peer_close(&peer);
}
END_TEST

Suite *attack_suite(void)
{
	Suite *suite = suite_create("attack");
	TCase *tcase = add_tcase(suite, "attack");

	/* Attackers take what processors there are, and others run as well. */
	tcase_set_timeout(tcase, TIMEOUT_S);
	tcase_add_test(tcase, nobody_changes_the_size_of_what_is_shared);
	tcase_add_loop_test(tcase,
			    an_attack_costs_others_no_message_and_hvhost_no_size,
			    0, ROWS(attacks));
	return suite;
}
