// SPDX-License-Identifier: MIT
/* Where the doctor's facts come from: a machine made up of files and leaves. */
#define _GNU_SOURCE
#include "facts.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

#include "fake_device.h"
#include "suites.h"

#define RELEASE "6.1.0-9-test"
#define OTHER	"6.1.0-8-test"
#define FOLDER	"/lib/modules/" RELEASE

static char root[] = "/tmp/hvpost-facts-XXXXXX";
static struct facts facts;

/* What the made-up processor answers */
static struct {
	bool hypervisor, hyperv;
	uint32_t last, interface, privileges_low, privileges_high, isolation;
	uint32_t kvm_at;	/* KVM's first leaf; 0: none */
	uint32_t kvm_features;
	unsigned int asked;
} processor;

static void fake_cpuid(uint32_t leaf, struct facts_cpuid *answer)
{
	*answer = (struct facts_cpuid){ 0 };
	processor.asked++;
	if (leaf == 1)
		answer->ecx = processor.hypervisor ? 1u << 31 : 0;
	else if (processor.kvm_at && leaf == processor.kvm_at)
		memcpy(&answer->ebx, "KVMKVMKVM\0\0\0", 12);
	else if (processor.kvm_at && leaf == processor.kvm_at + 1)
		answer->eax = processor.kvm_features;
	else if (leaf == 0x40000000)
		answer->eax = processor.last;
	else if (leaf == 0x40000001)
		answer->eax = processor.interface;
	else if (leaf == 0x40000003) {
		answer->eax = processor.privileges_low;
		answer->ebx = processor.privileges_high;
	} else if (leaf == 0x4000000c)
		answer->ebx = processor.isolation;
}

static void make_folders(const char *path)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *at = whole + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(whole, 0700);
		*at = '/';
	}
}

static void make_file(const char *path, const void *bytes, size_t size)
{
	char whole[512];
	FILE *file;

	make_folders(path);
	snprintf(whole, sizeof(whole), "%s%s", root, path);
	file = fopen(whole, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

#define make_text(path, text) make_file(path, text, strlen(text))

static void setup(void)
{
	strcpy(root, "/tmp/hvpost-facts-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	processor = (typeof(processor)){
		.hypervisor = true,
		.last = 0x4000000c,
		.interface = HV_CPUID_INTERFACE_HV1,
		.privileges_low = 0x64,
		.privileges_high = 0x30,
	};
	fake_device_create();
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void teardown(void)
{
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	fake_device_remove();
}

static void collect_from(const char *below, const char *node)
{
	const struct facts_source source = {
		.root = below, .release = RELEASE, .cpuid = fake_cpuid,
	};

	memset(&facts, 0xa5, sizeof(facts));
	facts_collect(&facts, &source, node);
}

static void collect(void)
{
	collect_from(root, "/dev/hvpost");
}

/* The host */

START_TEST(host_is_what_the_leaves_say)
{
	processor.isolation = 0xf2;
	collect();
	ck_assert(facts.hypervisor);
	ck_assert(facts.interface);
	ck_assert(facts.privileges == 0x0000003000000064);
	ck_assert_uint_eq(facts.isolation, HV_ISOLATION_TYPE_SNP);
	ck_assert_uint_eq(facts.kvm_features, 0);
}
END_TEST

START_TEST(without_a_hypervisor_no_more_leaves_are_asked)
{
	processor.hypervisor = false;
	collect();
	ck_assert(!facts.hypervisor);
	ck_assert(!facts.interface);
	ck_assert_uint_eq(processor.asked, 1);
}
END_TEST

START_TEST(other_interfaces_and_too_few_leaves_are_no_hyperv)
{
	processor.interface = 0;
	collect();
	ck_assert(!facts.interface);
	ck_assert(facts.privileges == 0);

	processor.interface = HV_CPUID_INTERFACE_HV1;
	processor.last = 0x40000004;
	collect();
	ck_assert(!facts.interface);
}
END_TEST

START_TEST(isolation_is_asked_only_where_its_leaf_is)
{
	processor.last = 0x4000000b;
	processor.isolation = 2;
	collect();
	ck_assert_uint_eq(facts.isolation, HV_ISOLATION_TYPE_NONE);
}
END_TEST

static const uint32_t kvm_leaves[] = { 0x40000000, 0x40000100, 0x4000ff00 };

START_TEST(kvm_is_found_at_any_of_its_places)
{
	processor.kvm_at = kvm_leaves[_i];
	processor.kvm_features = 0x80;
	collect();
	ck_assert_uint_eq(facts.kvm_features, 0x80);
}
END_TEST

/* The driver */

static void make_module(const char *path, const char *release, bool is_signed)
{
	char bytes[256];
	int size = snprintf(bytes, sizeof(bytes),
			    "ELF%clicense=GPL%cvermagic=%s SMP mod_unload%c%s", 0,
			    0, release, 0,
			    is_signed ? "~Module signature appended~\n" : "");

	make_file(path, bytes, (size_t)size);
}

START_TEST(module_is_found_by_the_index)
{
	make_text(FOLDER "/modules.dep",
		  "kernel/drivers/hv/hv_vmbus.ko:\n"
		  "updates/hvpost.ko: kernel/drivers/hv/hv_vmbus.ko\n");
	make_module(FOLDER "/updates/hvpost.ko", RELEASE, true);
	collect();
	ck_assert_str_eq(facts.module, FOLDER "/updates/hvpost.ko");
	ck_assert(facts.indexed);
	ck_assert_str_eq(facts.built_for, RELEASE);
	ck_assert(facts.is_signed);
	ck_assert_str_eq(facts.release, RELEASE);
	ck_assert_str_eq(facts.other_release, "");
}
END_TEST

static const char *const folders[] = { "updates", "updates/dkms", "extra" };

START_TEST(module_is_found_before_depmod_knows_it)
{
	char path[128];

	snprintf(path, sizeof(path), FOLDER "/%s/hvpost.ko", folders[_i]);
	make_module(path, OTHER, false);
	collect();
	ck_assert_str_eq(facts.module, path);
	ck_assert(!facts.indexed);
	ck_assert_str_eq(facts.built_for, OTHER);
	ck_assert(!facts.is_signed);
}
END_TEST

START_TEST(compressed_module_is_not_judged)
{
	make_text(FOLDER "/modules.dep", "updates/hvpost.ko.xz:\n");
	make_text(FOLDER "/updates/hvpost.ko.xz", "xz");
	collect();
	ck_assert_str_eq(facts.module, FOLDER "/updates/hvpost.ko.xz");
	ck_assert_str_eq(facts.built_for, "");
	ck_assert(facts.is_signed);
}
END_TEST

START_TEST(module_that_says_nothing_does_no_harm)
{
	static const char *const contents[] = { "", "vermagic=",
						"vermagic=6.1.0-9-test" };

	for (size_t i = 0; i < 3; i++) {
		make_text(FOLDER "/updates/hvpost.ko", contents[i]);
		collect();
		ck_assert_str_eq(facts.built_for, "");
	}
}
END_TEST

START_TEST(module_of_another_kernel_is_noticed)
{
	make_text("/lib/modules/" OTHER "/modules.dep", "updates/hvpost.ko:\n");
	make_text(FOLDER "/modules.dep", "kernel/not-hvpost.ko:\n");
	collect();
	ck_assert_str_eq(facts.module, "");
	ck_assert_str_eq(facts.other_release, OTHER);
}
END_TEST

START_TEST(nothing_is_found_where_nothing_is)
{
	collect();
	ck_assert_str_eq(facts.module, "");
	ck_assert_str_eq(facts.other_release, "");
	ck_assert(!facts.loaded);
	ck_assert(!facts.vmbus_loaded);
	ck_assert(!facts.needs_signature);
	ck_assert(!facts.nopv);
	ck_assert(!facts.node_there);
}
END_TEST

static const struct {
	const char *lockdown, *enforced;
	bool needs_signature;
} signatures[] = {
	{ "[none] integrity confidentiality\n", "N\n", false },
	{ "none [integrity] confidentiality\n", "N\n", true },
	{ "none integrity [confidentiality]\n", "N\n", true },
	{ "[none] integrity confidentiality\n", "Y\n", true },
};

START_TEST(signatures_are_needed_if_the_kernel_says_so)
{
	make_text("/sys/kernel/security/lockdown", signatures[_i].lockdown);
	make_text("/sys/module/module/parameters/sig_enforce",
		  signatures[_i].enforced);
	collect();
	ck_assert_int_eq(facts.needs_signature, signatures[_i].needs_signature);
}
END_TEST

static const struct {
	const char *command_line;
	bool nopv;
} command_lines[] = {
	{ "quiet nopv console=ttyS0\n", true },
	{ "quiet nopv\n", true },
	{ "quiet xen_nopv nopvspin x=nopv\n", false },
};

START_TEST(nopv_is_a_word_of_its_own)
{
	processor.hypervisor = true;
	make_text("/proc/cmdline", command_lines[_i].command_line);
	collect();
	ck_assert_int_eq(facts.nopv, command_lines[_i].nopv);
}
END_TEST

START_TEST(loaded_modules_have_a_folder_in_sysfs)
{
	make_text("/sys/module/hvpost/version", "1");
	make_text("/sys/module/hv_vmbus/version", "1");
	collect();
	ck_assert(facts.loaded);
	ck_assert(facts.vmbus_loaded);
}
END_TEST

/* The device */

START_TEST(node_that_is_another_thing_is_a_broken_protocol)
{
	make_text("/dev/hvpost", "");
	collect();
	ck_assert(facts.node_there);
	ck_assert_str_eq(facts.node, "/dev/hvpost");
	ck_assert(S_ISREG(facts.mode));
	ck_assert_int_eq(facts.open_error, -EPROTO);
	ck_assert(facts.in_group);
	ck_assert_str_ne(facts.group_name, "");
}
END_TEST

START_TEST(device_that_answers_is_asked)
{
	collect_from("", fake.target + strlen("device:"));
	ck_assert_int_eq(facts.open_error, 0);
	ck_assert_uint_eq(facts.info.vps_online, 2);
	ck_assert_str_eq(facts.info.version, "9.8.7");
}
END_TEST

START_TEST(device_that_fails_gives_its_error)
{
	fake.info_errno = EIO;
	collect_from("", fake.target + strlen("device:"));
	ck_assert_int_eq(facts.open_error, -EIO);
}
END_TEST

Suite *facts_suite(void)
{
	Suite *suite = suite_create("facts");
	TCase *tcase = tcase_create("facts");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, host_is_what_the_leaves_say);
	tcase_add_test(tcase, without_a_hypervisor_no_more_leaves_are_asked);
	tcase_add_test(tcase, other_interfaces_and_too_few_leaves_are_no_hyperv);
	tcase_add_test(tcase, isolation_is_asked_only_where_its_leaf_is);
	tcase_add_loop_test(tcase, kvm_is_found_at_any_of_its_places, 0,
			    ROWS(kvm_leaves));
	tcase_add_test(tcase, module_is_found_by_the_index);
	tcase_add_loop_test(tcase, module_is_found_before_depmod_knows_it, 0,
			    ROWS(folders));
	tcase_add_test(tcase, compressed_module_is_not_judged);
	tcase_add_test(tcase, module_that_says_nothing_does_no_harm);
	tcase_add_test(tcase, module_of_another_kernel_is_noticed);
	tcase_add_test(tcase, nothing_is_found_where_nothing_is);
	tcase_add_loop_test(tcase, signatures_are_needed_if_the_kernel_says_so,
			    0, ROWS(signatures));
	tcase_add_loop_test(tcase, nopv_is_a_word_of_its_own, 0,
			    ROWS(command_lines));
	tcase_add_test(tcase, loaded_modules_have_a_folder_in_sysfs);
	tcase_add_test(tcase, node_that_is_another_thing_is_a_broken_protocol);
	tcase_add_test(tcase, device_that_answers_is_asked);
	tcase_add_test(tcase, device_that_fails_gives_its_error);
	return suite;
}
