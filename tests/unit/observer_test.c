// SPDX-License-Identifier: MIT
/* Why nothing, or not all, can be observed: on machines that are made up. */
#define _GNU_SOURCE
#include "observer_why.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suites.h"

static char root[] = "/tmp/hvpost-observer-XXXXXX";

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void setup(void)
{
	strcpy(root + strlen(root) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void teardown(void)
{
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_file(const char *path, const char *text)
{
	char whole[512];
	FILE *file;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *slash = whole + strlen(root) + 1;
	     (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(whole, 0755);
		*slash = '/';
	}
	file = fopen(whole, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static struct observer_facts collect(void)
{
	struct observer_facts facts;

	observer_facts_collect(&facts, root);
	return facts;
}

START_TEST(a_bare_machine_has_nothing)
{
	struct observer_facts facts = collect();

	ck_assert(!facts.may_bpf && !facts.is_locked_down &&
		  !facts.has_tracefs && !facts.has_uprobes &&
		  !facts.driver_loaded && !facts.vmbus_loaded &&
		  !facts.kvm_loaded);
}
END_TEST

static const struct {
	const char *capabilities;
	bool may;
} users[] = {
	{ "000001ffffffffff", true },	/* root */
	{ "0000000000200000", true },	/* CAP_SYS_ADMIN */
	{ "000000c000000000", true },	/* CAP_BPF, CAP_PERFMON */
	{ "0000008000000000", false },	/* CAP_BPF alone */
	{ "0000004000000000", false },	/* CAP_PERFMON alone */
	{ "0000000000000000", false },
};

START_TEST(capabilities_decide_who_may)
{
	char status[128];

	snprintf(status, sizeof(status),
		 "Name:\thvpost\nCapPrm:\t000001ffffffffff\nCapEff:\t%s\n",
		 users[_i].capabilities);
	make_file("/proc/self/status", status);
	ck_assert_int_eq(collect().may_bpf, users[_i].may);
}
END_TEST

START_TEST(only_confidentiality_locks_tracing_down)
{
	make_file("/sys/kernel/security/lockdown",
		  "none [integrity] confidentiality\n");
	ck_assert(!collect().is_locked_down);
	make_file("/sys/kernel/security/lockdown",
		  "none integrity [confidentiality]\n");
	ck_assert(collect().is_locked_down);
}
END_TEST

START_TEST(tracefs_may_be_in_either_place)
{
	make_file("/sys/kernel/debug/tracing/kprobe_events", "");
	ck_assert(collect().has_tracefs);
}
END_TEST

START_TEST(modules_and_probes_are_found)
{
	struct observer_facts facts;

	make_file("/sys/kernel/tracing/kprobe_events", "");
	make_file("/sys/bus/event_source/devices/uprobe/type", "8\n");
	make_file("/sys/module/hvpost/refcnt", "0\n");
	make_file("/sys/module/hv_vmbus/refcnt", "0\n");
	make_file("/sys/module/kvm/refcnt", "0\n");
	facts = collect();
	ck_assert(facts.has_tracefs && facts.has_uprobes &&
		  facts.driver_loaded && facts.vmbus_loaded &&
		  facts.kvm_loaded);
}
END_TEST

#define PRIVATE	{ .may_bpf = true, .is_locked_down = true }
#define ROOT	{ .may_bpf = true }

/* Each reason names its cause, and says what to do about it. */

static const struct {
	int error;
	struct observer_facts facts;
	const char *text, *hint;
} none[] = {
	{ -EPERM, { 0 }, "not for this user", "as root" },
	{ -EACCES, { 0 }, "not for this user", "CAP_PERFMON" },
	{ -EPERM, { 0 }, "not for this user", "/sys/class/misc/hvpost" },
	{ -EPERM, PRIVATE, "locked down", "lockdown=" },
	{ -EINVAL, PRIVATE, "locked down", "hvpost listen" },
	{ -ENOSYS, ROOT, "no BPF", "CONFIG_BPF_SYSCALL" },
	{ -ENOSYS, ROOT, "no BPF", "events/hvpost" },
	{ -ENOMEM, ROOT, "no memory", "MiB" },
	{ -EINVAL, ROOT, "does not take", "Linux 6.1" },
};

START_TEST(that_nothing_is_observed_has_a_reason)
{
	struct observer_reason reason =
		observer_why_none(none[_i].error, &none[_i].facts);

	ck_assert_ptr_nonnull(strstr(reason.text, none[_i].text));
	ck_assert_ptr_nonnull(strstr(reason.hint, none[_i].hint));
}
END_TEST

#define FAILED(error)	{ OBSERVER_FAILED, error }

static const struct {
	enum sighting_source source;
	struct observer_outcome outcome;
	struct observer_facts facts;
	const char *text, *hint;
} one[] = {
	{ SIGHTING_BY_DRIVER, FAILED(-ENOENT), { 0 }, "not loaded",
	  "modprobe hvpost" },
	{ SIGHTING_BY_DRIVER, FAILED(-ENOENT), { .driver_loaded = true },
	  "lacks a trace point", "came with this tool" },
	{ SIGHTING_BY_DRIVER, FAILED(-EBUSY), { .driver_loaded = true },
	  "busy", "kernel log" },
	{ SIGHTING_BY_VMBUS, { OBSERVER_AWAITS, 0 }, { .has_tracefs = true },
	  "not loaded yet", "modprobe hv_vmbus" },
	{ SIGHTING_BY_VMBUS, FAILED(-ENOENT), { 0 }, "tracefs is not mounted",
	  "mount -t tracefs" },
	{ SIGHTING_BY_VMBUS, FAILED(-ENOENT),
	  { .has_tracefs = true, .vmbus_loaded = true }, "lacks the functions",
	  "perf probe" },
	{ SIGHTING_BY_KVM, FAILED(-ENOENT), { 0 }, "not loaded",
	  "where the guests run" },
	{ SIGHTING_BY_KVM, FAILED(-ENOENT), { .kvm_loaded = true },
	  "lacks the Hyper-V trace points", "CONFIG_KVM_HYPERV" },
	{ SIGHTING_BY_LIBRARY, FAILED(-ENOENT), { 0 }, "no probes of processes",
	  "CONFIG_UPROBE_EVENTS" },
	{ SIGHTING_BY_LIBRARY, FAILED(-ENOENT), { .has_uprobes = true },
	  "no file with probes", "--program" },
	{ SIGHTING_BY_HOST, FAILED(-ENOENT), { .has_uprobes = true },
	  "no file with probes", "--program" },
};

START_TEST(that_one_source_is_missing_has_a_reason)
{
	struct observer_reason reason = observer_why(
		one[_i].source, &one[_i].outcome, &one[_i].facts);

	ck_assert_ptr_nonnull(strcasestr(reason.text, one[_i].text));
	ck_assert_ptr_nonnull(strstr(reason.hint, one[_i].hint));
}
END_TEST

Suite *observer_suite(void)
{
	Suite *suite = suite_create("observer");
	TCase *facts = tcase_create("facts"), *reasons = tcase_create("reasons");

	tcase_add_checked_fixture(facts, setup, teardown);
	tcase_add_test(facts, a_bare_machine_has_nothing);
	tcase_add_loop_test(facts, capabilities_decide_who_may, 0, ROWS(users));
	tcase_add_test(facts, only_confidentiality_locks_tracing_down);
	tcase_add_test(facts, tracefs_may_be_in_either_place);
	tcase_add_test(facts, modules_and_probes_are_found);
	tcase_add_loop_test(reasons, that_nothing_is_observed_has_a_reason, 0,
			    ROWS(none));
	tcase_add_loop_test(reasons, that_one_source_is_missing_has_a_reason, 0,
			    ROWS(one));
	suite_add_tcase(suite, facts);
	suite_add_tcase(suite, reasons);
	return suite;
}
