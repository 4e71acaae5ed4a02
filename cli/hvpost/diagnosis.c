// SPDX-License-Identifier: MIT
#include "diagnosis.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <hvpost/hyperv.h>

#include "privileges.h"

#define QEMU_CPU "-accel kvm -cpu host,kvm=off,hv-relaxed,hv-vpindex,hv-synic,hv-time"

/* As the driver has it: KVM features whose guest side issues KVM hypercalls. */
#define KVM_HYPERCALL_FEATURES (1u << 7 | 1u << 9 | 1u << 11 | 1u << 13)

__attribute__((format(printf, 3, 4))) static void
find(struct finding *finding, enum verdict verdict, const char *format, ...)
{
	va_list arguments;

	finding->verdict = verdict;
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 2, 3))) static void
remedy(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(finding->remedy, sizeof(finding->remedy), format, arguments);
	va_end(arguments);
}

/* The host */

static void judge_hypervisor(const struct facts *facts, struct finding *finding)
{
	if (facts->hypervisor) {
		find(finding, VERDICT_OK, "this is a virtual machine");
		return;
	}
	find(finding, VERDICT_MISSING, "no hypervisor here: this machine is no "
				       "virtual one");
	remedy(finding, "use the driver in a guest; on this machine there are "
			"'--target embedded', and 'hvhost run' for processes "
			"and KVM guests");
}

static void judge_interface(const struct facts *facts, struct finding *finding)
{
	if (facts->interface) {
		find(finding, VERDICT_OK, "the host offers Hyper-V's interface");
		return;
	}
	find(finding, VERDICT_MISSING,
	     "the host does not offer Hyper-V's interface (CPUID 0x40000001 is "
	     "not 'Hv#1')");
	remedy(finding, "with QEMU start the guest with " QEMU_CPU);
}

/* What the driver cannot do without, and what gives it. */
static const struct {
	unsigned int bit;
	bool needed;
	const char *flag;
} privileges[] = {
	{ 2, true, "hv-synic" },
	{ 5, true, "hv-vpindex" },
	{ 6, true, "hv-vpindex" },
	{ 36, true, "hv-synic, without x-hv-synic-kvm-only" },
	{ 37, false, "hv-synic, without x-hv-synic-kvm-only" },
};

static void judge_privileges(const struct facts *facts, struct finding *finding)
{
	find(finding, VERDICT_OK, "the host gives all privileges that are "
				  "needed");
	for (size_t i = 0; i < sizeof(privileges) / sizeof(privileges[0]); i++) {
		if (facts->privileges >> privileges[i].bit & 1)
			continue;
		find(finding,
		     privileges[i].needed ? VERDICT_MISSING : VERDICT_NOTE,
		     "the host does not give the privilege %s%s",
		     privilege_name(privileges[i].bit),
		     privileges[i].needed ? "" : ": no events can be signalled");
		remedy(finding, "with QEMU add %s to -cpu", privileges[i].flag);
		return;
	}
}

static void judge_kvm(const struct facts *facts, struct finding *finding)
{
	uint32_t features = facts->kvm_features & KVM_HYPERCALL_FEATURES;

	if (!features || facts->nopv) {
		find(finding, VERDICT_OK, "Linux uses no hypercalls of KVM");
		return;
	}
	/* The driver was forced, or Linux has no support for KVM built in. */
	find(finding, facts->loaded ? VERDICT_NOTE : VERDICT_MISSING,
	     "KVM offers its own hypercalls (features 0x%x), which stop working "
	     "beside Hyper-V's", features);
	remedy(finding, "start the guest with kvm=off in QEMU's -cpu, or the "
			"guest's Linux with nopv");
}

static void judge_isolation(const struct facts *facts, struct finding *finding)
{
	if (facts->isolation != HV_ISOLATION_TYPE_SNP &&
	    facts->isolation != HV_ISOLATION_TYPE_TDX) {
		find(finding, VERDICT_OK, "the guest shares its memory with the "
					  "host");
		return;
	}
	find(finding, VERDICT_MISSING, "this is a confidential guest (%s)",
	     facts->isolation == HV_ISOLATION_TYPE_SNP ? "SNP" : "TDX");
	remedy(finding, "the driver does not support these yet: use a guest "
			"without");
}

/* The driver */

static void judge_not_installed(const struct facts *facts,
				struct finding *finding)
{
	if (*facts->other_release)
		find(finding, VERDICT_MISSING,
		     "the driver is installed for kernel %s, but this is %s",
		     facts->other_release, facts->release);
	else
		find(finding, VERDICT_MISSING,
		     "the driver is not installed for this kernel, %s",
		     facts->release);
	remedy(finding, "'make install-driver' in the source tree, or 'make "
			"install-dkms' for all kernels to come, with the "
			"headers of this one (Debian: linux-headers-%s)",
	       facts->release);
}

static void judge_installed(const struct facts *facts, struct finding *finding)
{
	if (!*facts->module) {
		if (!facts->loaded) {
			judge_not_installed(facts, finding);
			return;
		}
		find(finding, VERDICT_NOTE, "the driver is loaded, but not "
					    "installed: the next boot is "
					    "without it");
		remedy(finding, "'make install-driver' in the source tree");
	} else if (*facts->built_for && strcmp(facts->built_for, facts->release)) {
		find(finding, facts->loaded ? VERDICT_NOTE : VERDICT_MISSING,
		     "%s was built for kernel %s, but this is %s", facts->module,
		     facts->built_for, facts->release);
		remedy(finding, "build it anew: 'make clean install-driver'");
	} else if (!facts->indexed) {
		find(finding, facts->loaded ? VERDICT_NOTE : VERDICT_MISSING,
		     "modprobe does not know of %s", facts->module);
		remedy(finding, "run 'depmod'");
	} else {
		find(finding, VERDICT_OK, "the driver is installed: %s",
		     facts->module);
	}
}

static void judge_signature(const struct facts *facts, struct finding *finding)
{
	if (facts->needs_signature && facts->is_signed && !facts->loaded) {
		find(finding, VERDICT_NOTE,
		     "the driver has a signature; nothing tells whether its key "
		     "is enrolled");
		remedy(finding, "'mokutil --test-key /var/lib/dkms/mok.pub' "
				"does, if dkms signed it");
		return;
	}
	if (!facts->needs_signature || facts->is_signed) {
		find(finding, VERDICT_OK, "%s",
		     facts->needs_signature ?
			     "the driver has a signature" :
			     "the kernel takes modules without a signature");
		return;
	}
	find(finding, facts->loaded ? VERDICT_NOTE : VERDICT_MISSING,
	     "%s has no signature, and the kernel wants one (Secure Boot, or "
	     "module.sig_enforce)",
	     facts->module);
	remedy(finding, "'make install-dkms' lets dkms sign it, with a key that "
			"'mokutil --import /var/lib/dkms/mok.pub' makes the "
			"firmware ask for at the next boot");
}

static void judge_loaded(const struct facts *facts, struct finding *finding)
{
	if (facts->loaded) {
		find(finding, VERDICT_OK, "the driver is loaded");
		return;
	}
	find(finding, VERDICT_MISSING, "the driver is not loaded");
	remedy(finding, "'modprobe hvpost' as root; if that fails, 'dmesg | "
			"grep -e hvpost -e \"Loading of\"' says why");
}

/* The device */

static void judge_node(const struct facts *facts, struct finding *finding)
{
	if (!facts->node_there) {
		find(finding, VERDICT_MISSING, "there is no %s", facts->node);
		remedy(finding, "mount devtmpfs on /dev; a container must be "
				"given the device");
	} else if ((facts->mode & S_IFMT) != S_IFCHR) {
		find(finding, VERDICT_MISSING, "%s is no character device",
		     facts->node);
		remedy(finding, "remove it, and load the driver anew");
	} else {
		find(finding, VERDICT_OK, "%s is there, mode %04o, group %s",
		     facts->node, facts->mode & 07777u, facts->group_name);
	}
}

static void judge_no_permission(const struct facts *facts,
				struct finding *finding)
{
	const mode_t for_group = S_IRGRP | S_IWGRP;

	find(finding, VERDICT_MISSING, "this user may not open %s (mode %04o, "
				       "group %s)",
	     facts->node, facts->mode & 07777u, facts->group_name);
	if (facts->in_group && (facts->mode & for_group) == for_group)
		remedy(finding, "the group may, by its mode, so something else "
				"is in the way: a container must be given the "
				"device, a security module (SELinux, AppArmor) "
				"a rule for it");
	else if (facts->in_group)
		remedy(finding, "the group may not: 'chmod g+rw %s' as root, or "
				"see the rule in udev's rules.d", facts->node);
	else if (facts->in_group_after_login)
		remedy(finding, "log in again: this user has been added to the "
				"group since");
	else if (!facts->group)
		remedy(finding, "run as root (sudo); or give it to a group: "
				"'systemd-sysusers && udevadm control --reload' "
				"after 'make install', then load the driver "
				"anew");
	else
		remedy(finding, "run as root (sudo), or 'adduser USER %s' and "
				"log in again", facts->group_name);
}

static void judge_access(const struct facts *facts, struct finding *finding)
{
	switch (facts->open_error) {
	case 0:
		find(finding, VERDICT_OK, "this user may open it, and it answers");
		return;
	case -EACCES:
	case -EPERM:
		judge_no_permission(facts, finding);
		return;
	case -EPROTO:
		find(finding, VERDICT_MISSING, "%s is another driver's",
		     facts->node);
		remedy(finding, "remove it, and load the driver anew");
		return;
	default:
		find(finding, VERDICT_MISSING, "%s does not open: %s",
		     facts->node, strerror(-facts->open_error));
		remedy(finding, "'dmesg | grep hvpost' may say why");
	}
}

static void judge_version(const struct facts *facts, struct finding *finding)
{
	if (!strcmp(facts->info.version, hvpost_version())) {
		find(finding, VERDICT_OK, "driver and tool are of version %s",
		     hvpost_version());
		return;
	}
	find(finding, VERDICT_NOTE, "the driver is of version %s, the tool of %s",
	     facts->info.version, hvpost_version());
	remedy(finding, "install both from one source tree, and load the driver "
			"anew");
}

static void judge_vps(const struct facts *facts, struct finding *finding)
{
	if (facts->info.vps_online) {
		find(finding, VERDICT_OK, "%u CPUs receive",
		     facts->info.vps_online);
		return;
	}
	find(finding, VERDICT_MISSING, "no CPU receives");
	remedy(finding, "'dmesg | grep hvpost' says why; 'rmmod hvpost' and "
			"'modprobe hvpost' set it up anew");
}

static void judge_sints(const struct facts *facts, struct finding *finding)
{
	uint16_t taken = facts->info.sints_bound | facts->info.sints_busy;
	char list[64] = "";
	size_t used = 0;

	for (unsigned int sint = 1; sint < HV_SINT_COUNT; sint++)
		if (taken >> sint & 1)
			used += (size_t)snprintf(list + used,
						 sizeof(list) - used, " %u", sint);
	if (!taken) {
		find(finding, VERDICT_OK, "all SINTs are free");
		return;
	}
	find(finding, VERDICT_NOTE, "these SINTs are in use:%s", list);
	remedy(finding, "'hvpost info' says whether by hvpost's users or by "
			"other drivers; listen at another one");
}

static void judge_vmbus(const struct facts *facts, struct finding *finding)
{
	if (!facts->vmbus_loaded) {
		find(finding, VERDICT_OK, "hv_vmbus is not loaded");
		return;
	}
	find(finding, VERDICT_NOTE, "hv_vmbus is loaded: connections 1 to 4 and "
				    "SINT 2 are its own");
}

/* What a check needs to make sense. */
enum need {
	NEED_NOTHING,
	NEED_HYPERVISOR,
	NEED_INTERFACE,
	NEED_MODULE,
	NEED_LOADED,
	NEED_NODE,
	NEED_OPEN
};

static bool is_met(enum need need, const struct facts *facts)
{
	switch (need) {
	case NEED_HYPERVISOR:
		return facts->hypervisor;
	case NEED_INTERFACE:
		return facts->interface;
	case NEED_MODULE:
		return *facts->module;
	case NEED_LOADED:
		return facts->loaded;
	case NEED_NODE:
		return facts->loaded && facts->node_there &&
		       (facts->mode & S_IFMT) == S_IFCHR;
	case NEED_OPEN:
		return facts->node_there && !facts->open_error;
	case NEED_NOTHING:
		break;
	}
	return true;
}

static const struct {
	const char *name;
	enum need need;
	void (*judge)(const struct facts *facts, struct finding *finding);
} checks[] = {
	{ "hypervisor", NEED_NOTHING, judge_hypervisor },
	{ "interface", NEED_HYPERVISOR, judge_interface },
	{ "privileges", NEED_INTERFACE, judge_privileges },
	{ "kvm", NEED_INTERFACE, judge_kvm },
	{ "isolation", NEED_INTERFACE, judge_isolation },
	{ "installed", NEED_NOTHING, judge_installed },
	{ "signature", NEED_MODULE, judge_signature },
	{ "loaded", NEED_NOTHING, judge_loaded },
	{ "node", NEED_LOADED, judge_node },
	{ "access", NEED_NODE, judge_access },
	{ "version", NEED_OPEN, judge_version },
	{ "vps", NEED_OPEN, judge_vps },
	{ "sints", NEED_OPEN, judge_sints },
	{ "vmbus", NEED_NOTHING, judge_vmbus },
};

_Static_assert(sizeof(checks) / sizeof(checks[0]) <= FINDINGS_MAX,
	       "each check has room for its finding");

void diagnose(struct diagnosis *diagnosis, const struct facts *facts)
{
	diagnosis->count = 0;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding *finding =
			&diagnosis->findings[diagnosis->count];

		if (!is_met(checks[i].need, facts))
			continue;
		*finding = (struct finding){ .check = checks[i].name };
		checks[i].judge(facts, finding);
		diagnosis->count++;
	}
}

bool diagnosis_is_good(const struct diagnosis *diagnosis)
{
	for (unsigned int i = 0; i < diagnosis->count; i++)
		if (diagnosis->findings[i].verdict == VERDICT_MISSING)
			return false;
	return true;
}
