// SPDX-License-Identifier: MIT
/* What the doctor says, from facts alone: each cause, and what to do. */
#include "diagnosis.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <hvpost/hyperv.h>

#include "suites.h"

#define PRIVILEGES (UINT64_C(0x30) << 32 | 0x64)

/* Everything as it should be. */
static struct facts healthy(void)
{
	struct facts facts = {
		.hypervisor = true,
		.interface = true,
		.privileges = PRIVILEGES,
		.release = "6.1.0-9",
		.module = "/lib/modules/6.1.0-9/updates/hvpost.ko",
		.indexed = true,
		.built_for = "6.1.0-9",
		.is_signed = true,
		.loaded = true,
		.node = "/dev/hvpost",
		.node_there = true,
		.mode = S_IFCHR | 0660,
		.group = 990,
		.group_name = "hvpost",
		.in_group = true,
		.info.vps_online = 2,
	};

	snprintf(facts.info.version, sizeof(facts.info.version), "%s",
		 hvpost_version());
	return facts;
}

static const struct finding *found(const struct diagnosis *diagnosis,
				   const char *check)
{
	for (unsigned int i = 0; i < diagnosis->count; i++)
		if (!strcmp(diagnosis->findings[i].check, check))
			return &diagnosis->findings[i];
	return NULL;
}

START_TEST(nothing_is_missing_where_all_is_well)
{
	struct facts facts = healthy();
	struct diagnosis diagnosis;

	diagnose(&diagnosis, &facts);
	ck_assert_uint_eq(diagnosis.count, 14);
	ck_assert(diagnosis_is_good(&diagnosis));
	for (unsigned int i = 0; i < diagnosis.count; i++) {
		ck_assert_int_eq(diagnosis.findings[i].verdict, VERDICT_OK);
		ck_assert_str_ne(diagnosis.findings[i].text, "");
		ck_assert_str_eq(diagnosis.findings[i].remedy, "");
	}
}
END_TEST

static void no_hypervisor(struct facts *facts)
{
	facts->hypervisor = facts->interface = false;
}

static void no_interface(struct facts *facts)
{
	facts->interface = false;
}

static void no_synic(struct facts *facts)
{
	facts->privileges &= ~(uint64_t)HV_ACCESS_SYNIC_REGS;
}

static void no_vp_index(struct facts *facts)
{
	facts->privileges &= ~(uint64_t)HV_ACCESS_VP_INDEX;
}

static void no_hypercalls(struct facts *facts)
{
	facts->privileges &= ~(uint64_t)HV_ACCESS_HYPERCALL_MSRS;
}

static void no_post(struct facts *facts)
{
	facts->privileges &= ~((uint64_t)HV_POST_MESSAGES << 32);
}

static void no_signal(struct facts *facts)
{
	facts->privileges &= ~((uint64_t)HV_SIGNAL_EVENTS << 32);
}

static void kvm(struct facts *facts)
{
	facts->kvm_features = 1u << 7 | 1u;
	facts->loaded = false;
}

static void kvm_forced(struct facts *facts)
{
	facts->kvm_features = 1u << 7;
}

static void nopv(struct facts *facts)
{
	facts->kvm_features = 1u << 7;
	facts->nopv = true;
}

static void snp(struct facts *facts)
{
	facts->isolation = HV_ISOLATION_TYPE_SNP;
}

static void tdx(struct facts *facts)
{
	facts->isolation = HV_ISOLATION_TYPE_TDX;
}

static void not_installed(struct facts *facts)
{
	*facts->module = '\0';
	facts->loaded = false;
}

static void installed_for_another(struct facts *facts)
{
	not_installed(facts);
	strcpy(facts->other_release, "6.1.0-8");
}

static void loaded_by_insmod(struct facts *facts)
{
	*facts->module = '\0';
}

static void built_for_another(struct facts *facts)
{
	strcpy(facts->built_for, "6.1.0-8");
	facts->loaded = false;
}

static void not_indexed(struct facts *facts)
{
	facts->indexed = false;
	facts->loaded = false;
}

static void not_signed(struct facts *facts)
{
	facts->needs_signature = true;
	facts->is_signed = false;
	facts->loaded = false;
}

static void not_loaded(struct facts *facts)
{
	facts->loaded = false;
}

static void no_node(struct facts *facts)
{
	facts->node_there = false;
}

static void a_file(struct facts *facts)
{
	facts->mode = S_IFREG | 0644;
}

static void not_in_group(struct facts *facts)
{
	facts->open_error = -EACCES;
	facts->in_group = false;
}

static void in_group_since(struct facts *facts)
{
	not_in_group(facts);
	facts->in_group_after_login = true;
}

static void root_only(struct facts *facts)
{
	not_in_group(facts);
	facts->group = 0;
	strcpy(facts->group_name, "root");
}

static void group_may_not(struct facts *facts)
{
	facts->open_error = -EACCES;
	facts->mode = S_IFCHR | 0600;
}

static void no_rule(struct facts *facts)
{
	facts->open_error = -EACCES;
}

static void container(struct facts *facts)
{
	facts->open_error = -EPERM;
}

static void another_driver(struct facts *facts)
{
	facts->open_error = -EPROTO;
}

static void broken(struct facts *facts)
{
	facts->open_error = -EIO;
}

static void another_version(struct facts *facts)
{
	strcpy(facts->info.version, "0.0.1");
}

static void no_vps(struct facts *facts)
{
	facts->info.vps_online = 0;
}

static void busy(struct facts *facts)
{
	facts->info.sints_bound = 1 << 6;
	facts->info.sints_busy = 1 << 2 | 1 << 15;
}

static void vmbus(struct facts *facts)
{
	facts->vmbus_loaded = true;
}

static const struct {
	void (*make)(struct facts *facts);
	const char *check;
	enum verdict verdict;
	const char *text, *remedy;
} causes[] = {
	{ no_hypervisor, "hypervisor", VERDICT_MISSING, "no virtual one",
	  "hvhost run" },
	{ no_interface, "interface", VERDICT_MISSING, "Hv#1",
	  "hv-vpindex,hv-synic" },
	{ no_synic, "privileges", VERDICT_MISSING, "AccessSynicRegs",
	  "add hv-synic to" },
	{ no_vp_index, "privileges", VERDICT_MISSING, "AccessVpIndex",
	  "add hv-vpindex to" },
	{ no_hypercalls, "privileges", VERDICT_MISSING, "AccessHypercallMsrs",
	  "add hv-vpindex to" },
	{ no_post, "privileges", VERDICT_MISSING, "PostMessages",
	  "x-hv-synic-kvm-only" },
	{ no_signal, "privileges", VERDICT_NOTE, "no events can be signalled",
	  "x-hv-synic-kvm-only" },
	{ kvm, "kvm", VERDICT_MISSING, "features 0x80", "kvm=off" },
	{ kvm_forced, "kvm", VERDICT_NOTE, "features 0x80", "kvm=off" },
	{ nopv, "kvm", VERDICT_OK, "no hypercalls of KVM", "" },
	{ snp, "isolation", VERDICT_MISSING, "(SNP)", "does not support" },
	{ tdx, "isolation", VERDICT_MISSING, "(TDX)", "does not support" },
	{ not_installed, "installed", VERDICT_MISSING,
	  "not installed for this kernel, 6.1.0-9", "linux-headers-6.1.0-9" },
	{ installed_for_another, "installed", VERDICT_MISSING,
	  "for kernel 6.1.0-8, but this is 6.1.0-9", "install-driver" },
	{ loaded_by_insmod, "installed", VERDICT_NOTE, "the next boot",
	  "install-driver" },
	{ built_for_another, "installed", VERDICT_MISSING,
	  "was built for kernel 6.1.0-8, but this is 6.1.0-9", "build it anew" },
	{ not_indexed, "installed", VERDICT_MISSING, "modprobe does not know",
	  "depmod" },
	{ not_signed, "signature", VERDICT_MISSING, "Secure Boot", "mokutil" },
	{ not_loaded, "loaded", VERDICT_MISSING, "not loaded",
	  "modprobe hvpost" },
	{ not_loaded, "loaded", VERDICT_MISSING, "not loaded",
	  "Loading of" },
	{ no_node, "node", VERDICT_MISSING, "no /dev/hvpost", "devtmpfs" },
	{ a_file, "node", VERDICT_MISSING, "no character device", "remove it" },
	{ not_in_group, "access", VERDICT_MISSING, "mode 0660, group hvpost",
	  "adduser USER hvpost" },
	{ in_group_since, "access", VERDICT_MISSING, "may not open",
	  "has been added" },
	{ root_only, "access", VERDICT_MISSING, "group root",
	  "systemd-sysusers" },
	{ group_may_not, "access", VERDICT_MISSING, "mode 0600", "chmod g+rw" },
	{ no_rule, "access", VERDICT_MISSING, "mode 0660", "SELinux" },
	{ container, "access", VERDICT_MISSING, "mode 0660", "container" },
	{ another_driver, "access", VERDICT_MISSING, "another driver's",
	  "remove it" },
	{ broken, "access", VERDICT_MISSING, "Input/output error", "dmesg" },
	{ another_version, "version", VERDICT_NOTE, "0.0.1", "one source tree" },
	{ no_vps, "vps", VERDICT_MISSING, "no CPU receives", "dmesg" },
	{ busy, "sints", VERDICT_NOTE, "in use: 2 6 15", "another one" },
	{ vmbus, "vmbus", VERDICT_NOTE, "connections 1 to 4", "" },
};

START_TEST(each_cause_is_named_and_has_its_remedy)
{
	struct facts facts = healthy();
	const struct finding *finding;
	struct diagnosis diagnosis;

	causes[_i].make(&facts);
	diagnose(&diagnosis, &facts);
	finding = found(&diagnosis, causes[_i].check);
	ck_assert_ptr_nonnull(finding);
	ck_assert_int_eq(finding->verdict, causes[_i].verdict);
	ck_assert_msg(strstr(finding->text, causes[_i].text), "text is '%s'",
		      finding->text);
	ck_assert_msg(strstr(finding->remedy, causes[_i].remedy),
		      "remedy is '%s'", finding->remedy);
	ck_assert_int_eq(diagnosis_is_good(&diagnosis),
			 causes[_i].verdict != VERDICT_MISSING);
}
END_TEST

/* As dkms signs it: with a key that may not be enrolled yet. */
START_TEST(a_signature_is_no_key_that_the_kernel_trusts)
{
	struct facts facts = healthy();
	const struct finding *finding;
	struct diagnosis diagnosis;

	facts.needs_signature = facts.is_signed = true;
	facts.loaded = false;
	diagnose(&diagnosis, &facts);
	finding = found(&diagnosis, "signature");
	ck_assert_int_eq(finding->verdict, VERDICT_NOTE);
	ck_assert_ptr_nonnull(strstr(finding->remedy, "mokutil --test-key"));
}
END_TEST

START_TEST(no_cause_is_cut_short)
{
	struct facts facts = healthy();
	struct diagnosis diagnosis;

	causes[_i].make(&facts);
	diagnose(&diagnosis, &facts);
	for (unsigned int i = 0; i < diagnosis.count; i++) {
		const struct finding *finding = &diagnosis.findings[i];

		ck_assert_uint_lt(strlen(finding->text),
				  sizeof(finding->text) - 1);
		ck_assert_uint_lt(strlen(finding->remedy),
				  sizeof(finding->remedy) - 1);
	}
}
END_TEST

/* What cannot be known is not guessed at. */
static const struct {
	void (*make)(struct facts *facts);
	const char *left_out;
} senseless[] = {
	{ no_hypervisor, "interface" }, { no_hypervisor, "privileges" },
	{ no_interface, "privileges" }, { no_interface, "kvm" },
	{ no_interface, "isolation" },  { not_installed, "signature" },
	{ not_loaded, "node" },		{ not_loaded, "access" },
	{ no_node, "access" },		{ a_file, "access" },
	{ no_node, "version" },		{ not_in_group, "version" },
	{ not_in_group, "sints" },	{ broken, "vps" },
};

START_TEST(check_that_makes_no_sense_is_left_out)
{
	struct facts facts = healthy();
	struct diagnosis diagnosis;

	senseless[_i].make(&facts);
	diagnose(&diagnosis, &facts);
	ck_assert_ptr_null(found(&diagnosis, senseless[_i].left_out));
}
END_TEST

Suite *diagnosis_suite(void)
{
	Suite *suite = suite_create("diagnosis");
	TCase *tcase = tcase_create("diagnosis");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, nothing_is_missing_where_all_is_well);
	tcase_add_loop_test(tcase, each_cause_is_named_and_has_its_remedy, 0,
			    ROWS(causes));
	tcase_add_test(tcase, a_signature_is_no_key_that_the_kernel_trusts);
	tcase_add_loop_test(tcase, no_cause_is_cut_short, 0, ROWS(causes));
	tcase_add_loop_test(tcase, check_that_makes_no_sense_is_left_out, 0,
			    ROWS(senseless));
	return suite;
}
