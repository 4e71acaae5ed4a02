// SPDX-License-Identifier: MIT
/*
 * Processes have turns, and no turn is long: the worker, with jobs of ours, and the
 * job of a client, with nobody but us to run it. How much others are served while
 * somebody floods is counted in rounds, so it does not depend on how fast anything is.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/hvhost/client.h"
#include "cli/hvhost/names.h"
#include "cli/hvhost/worker.h"
#include "daemon.h"
#include "peer.h"
#include "suites.h"

#define JOBS		3u
#define TURNS		3000u
#define FLOODER_VPS	4u
/* Of one process, in a round; client.c */
#define CALLS_PER_ROUND	16u

/* Jobs that are never done */

struct fake_job {
	struct job job;		/* comes first */
	unsigned int number;
	int socket;		/* our end */
	atomic_bool was_ready;
};

static struct worker *worker;
static struct fake_job jobs[JOBS];
static atomic_bool all_are_there;
static unsigned int turns[TURNS];
static atomic_uint turn_count;

static bool take_turn(struct job *job)
{
	unsigned int count = atomic_load(&turn_count);

	if (atomic_load(&all_are_there) && count < TURNS) {
		turns[count] = ((struct fake_job *)job)->number;
		atomic_store(&turn_count, count + 1);
	}
	return true;
}

static bool always(struct job *job)
{
	(void)job;
	return true;
}

static void ignore(struct job *job, bool sleeping)
{
	(void)job, (void)sleeping;
}

static bool note_ready(struct job *job)
{
	atomic_store(&((struct fake_job *)job)->was_ready, true);
	return false;
}

static const struct job_ops fake_ops = {
	.run = take_turn, .has_work = always, .set_sleeping = ignore,
	.ready = note_ready,
};

static void add_jobs(void)
{
	ck_assert_int_eq(worker_new(&worker), 0);
	atomic_store(&all_are_there, false);
	atomic_store(&turn_count, 0);
	for (unsigned int i = 0; i < JOBS; i++) {
		int ends[2];

		ck_assert_int_eq(socketpair(AF_UNIX,
					    SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
					    ends), 0);
		jobs[i] = (struct fake_job){
			.job = { .ops = &fake_ops, .socket = ends[0],
				 .doorbell = eventfd(0, EFD_CLOEXEC) },
			.number = i, .socket = ends[1],
		};
		ck_assert_int_eq(worker_add(worker, &jobs[i].job), 0);
	}
}

static void remove_jobs(void)
{
	for (unsigned int i = 0; i < JOBS; i++) {
		worker_remove(worker, &jobs[i].job);
		close(jobs[i].job.socket);
		close(jobs[i].job.doorbell);
		close(jobs[i].socket);
	}
	worker_free(worker);
}

START_TEST(all_who_have_work_have_a_turn_before_anybody_has_the_next)
{
	add_jobs();
	atomic_store(&all_are_there, true);
	while (atomic_load(&turn_count) < TURNS)
		look_again();
	remove_jobs();

	for (unsigned int i = 0; i < TURNS; i++) {
		ck_assert_uint_ne(turns[i], turns[(i + 1) % JOBS]);
		ck_assert_uint_eq(turns[i], turns[i % JOBS]);
	}
}
END_TEST

START_TEST(packets_are_taken_though_there_is_always_work)
{
	add_jobs();
	for (unsigned int i = 0; i < JOBS; i++)
		ck_assert_int_eq(send(jobs[i].socket, "x", 1, 0), 1);
	for (unsigned int i = 0; i < JOBS; i++)
		while (!atomic_load(&jobs[i].was_ready))
			look_again();
	remove_jobs();
}
END_TEST

/* The job of a client, caught on its way to the worker */

static struct job *caught;

/* Their names are the linker's. */
int __wrap_worker_add(struct worker *to, struct job *job);
void __wrap_worker_remove(struct worker *from, struct job *job);
int __real_worker_add(struct worker *to, struct job *job);
void __real_worker_remove(struct worker *from, struct job *job);

int __wrap_worker_add(struct worker *to, struct job *job)
{
	if (to)
		return __real_worker_add(to, job);
	caught = job;
	return 0;
}

void __wrap_worker_remove(struct worker *from, struct job *job)
{
	if (from)
		__real_worker_remove(from, job);
}

static struct hvhost_machine *machine;
static struct named flooder_name = { .vp_count = FLOODER_VPS };
static struct client *client;
static struct peer flooder;

static void make_flooder(void)
{
	struct client_config config = {
		.named = &flooder_name, .ports_max = 1, .connections_max = 1,
		.buffers = 1, .ended_fd = -1,
	};
	int ends[2];
	void *pages;

	ck_assert_int_eq(hvhost_machine_new(NULL, &machine), 0);
	flooder_name.privileges = privileges_all();
	config.machine = machine;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    ends), 0);
	ck_assert_int_eq(client_new(&config, ends[0], &client), 0);
	ck_assert_int_eq(client_start(client), 0);

	flooder = (struct peer){ .socket = ends[1] };
	ck_assert(peer_take_answer(&flooder));
	pages = mmap(NULL, flooder.answer.memory_size, PROT_READ | PROT_WRITE,
		     MAP_SHARED, flooder.memory_fd, 0);
	ck_assert(pages != MAP_FAILED);
	flooder.memory = pages;
	flooder.vp = (struct hvpost_attach_vp *)(flooder.memory + 1);
}

static void free_flooder(void)
{
	peer_close(&flooder);
	client_free(client);
	hvhost_machine_free(machine);
}

/* All slots of a VP's ring, again */
static void flood(uint32_t vp_index)
{
	struct hvpost_attach_vp *vp = &flooder.vp[vp_index];

	for (unsigned int i = 0; i < HVPOST_ATTACH_CALLS; i++)
		vp->call[i] = (struct hvpost_attach_call){
			.kind = HVPOST_ATTACH_READ_MSR,
			.control = HV_MSR_VP_INDEX,
		};
	vp->words.submitted = vp->words.completed + HVPOST_ATTACH_CALLS;
}

static uint32_t completed(void)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < FLOODER_VPS; i++)
		sum += flooder.vp[i].words.completed;
	return sum;
}

START_TEST(who_floods_by_all_vps_has_a_bounded_turn)
{
	make_flooder();
	for (uint32_t i = 0; i < FLOODER_VPS; i++)
		flood(i);
	for (uint32_t round = 1; round <= 100; round++) {
		ck_assert(caught->ops->run(caught));
		ck_assert_uint_eq(completed(), round * CALLS_PER_ROUND);
		for (uint32_t i = 0; i < FLOODER_VPS; i++)
			if (flooder.vp[i].words.completed ==
			    flooder.vp[i].words.submitted)
				flood(i);
	}
	free_flooder();
}
END_TEST

/* Its own VPs wait for each other no longer than others do for it. */
START_TEST(a_vp_that_floods_leaves_turns_to_the_others_of_its_process)
{
	make_flooder();
	for (uint32_t i = 0; i < FLOODER_VPS; i++)
		flood(i);
	for (uint32_t round = 1; round <= 100; round++) {
		caught->ops->run(caught);
		for (uint32_t i = 0; i < FLOODER_VPS; i++) {
			ck_assert_uint_ge(flooder.vp[i].words.completed,
					  round / FLOODER_VPS * CALLS_PER_ROUND);
			if (flooder.vp[i].words.completed ==
			    flooder.vp[i].words.submitted)
				flood(i);
		}
	}
	free_flooder();
}
END_TEST

Suite *turns_suite(void)
{
	Suite *suite = suite_create("turns");
	TCase *tcase = tcase_create("turns");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase,
		       all_who_have_work_have_a_turn_before_anybody_has_the_next);
	tcase_add_test(tcase, packets_are_taken_though_there_is_always_work);
	tcase_add_test(tcase, who_floods_by_all_vps_has_a_bounded_turn);
	tcase_add_test(tcase,
		       a_vp_that_floods_leaves_turns_to_the_others_of_its_process);
	suite_add_tcase(suite, tcase);
	return suite;
}
