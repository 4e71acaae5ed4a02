// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* memmem, strsep */
#include "facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include <hvpost/hyperv.h>

/* KVM's own leaves; with Hyper-V's shown too they move up by steps of 0x100. */
#define KVM_SIGNATURE	"KVMKVMKVM\0\0\0"
#define KVM_CPUID_LAST	0x4000ff00u
#define KVM_CPUID_STEP	0x100u

/* What the kernel's build appends to a module that it signs. */
#define SIGNATURE_END "~Module signature appended~\n"

#define MODULE_NAME "hvpost.ko"

__attribute__((format(printf, 3, 4))) static void
set(char *text, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, size, format, arguments);
	va_end(arguments);
}

/* Read the beginning of the file at @path below the root; "" if there is none. */
static void read_text(const struct facts_source *source, const char *path,
		      char *text, size_t size)
{
	char whole[FACTS_TEXT * 4];
	FILE *file;

	set(whole, sizeof(whole), "%s%s", source->root, path);
	*text = '\0';
	file = fopen(whole, "re");
	if (!file)
		return;
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static bool is_there(const struct facts_source *source, const char *path)
{
	char whole[FACTS_TEXT * 4];

	set(whole, sizeof(whole), "%s%s", source->root, path);
	return !access(whole, F_OK);
}

/* The host */

static void cpuid_here(uint32_t leaf, struct facts_cpuid *answer)
{
	*answer = (struct facts_cpuid){ 0 };
#if defined(__x86_64__) || defined(__i386__)
	__cpuid_count(leaf, 0, answer->eax, answer->ebx, answer->ecx,
		      answer->edx);
#else
	(void)leaf;
#endif
}

static struct facts_cpuid ask(const struct facts_source *source, uint32_t leaf)
{
	struct facts_cpuid answer;

	source->cpuid(leaf, &answer);
	return answer;
}

static uint32_t kvm_features(const struct facts_source *source)
{
	for (uint32_t leaf = HV_CPUID_VENDOR; leaf <= KVM_CPUID_LAST;
	     leaf += KVM_CPUID_STEP) {
		struct facts_cpuid vendor = ask(source, leaf);

		if (!memcmp(&vendor.ebx, KVM_SIGNATURE, 12))
			return ask(source, leaf + 1).eax;
	}
	return 0;
}

/* Is @word one of those of the kernel's command line? */
static bool is_on_command_line(const struct facts_source *source,
			       const char *word)
{
	char text[4096], *rest = text, *next;

	read_text(source, "/proc/cmdline", text, sizeof(text));
	while ((next = strsep(&rest, " \n")))
		if (!strcmp(next, word))
			return true;
	return false;
}

static void collect_host(struct facts *facts, const struct facts_source *source)
{
	uint32_t last;

	/* Without this bit the leaves that follow mean something else. */
	facts->hypervisor = ask(source, HV_CPUID_PRESENT_LEAF).ecx &
			    HV_CPUID_PRESENT_ECX;
	if (!facts->hypervisor)
		return;
	facts->kvm_features = kvm_features(source);
	facts->nopv = is_on_command_line(source, "nopv");

	last = ask(source, HV_CPUID_VENDOR).eax;
	facts->interface = last >= HV_CPUID_LEAF_MIN &&
			   ask(source, HV_CPUID_INTERFACE).eax ==
				   HV_CPUID_INTERFACE_HV1;
	if (!facts->interface)
		return;
	facts->privileges = ask(source, HV_CPUID_FEATURES).eax |
			    (uint64_t)ask(source, HV_CPUID_FEATURES).ebx << 32;
	if (last >= HV_CPUID_ISOLATION)
		facts->isolation = ask(source, HV_CPUID_ISOLATION).ebx &
				   HV_ISOLATION_TYPE_MASK;
}

/* The driver */

/* The path of the module in depmod's index of @release, relative to its folder. */
static bool find_in_index(const struct facts_source *source,
			  const char *release, char *found, size_t size)
{
	char path[FACTS_TEXT * 4], *line = NULL;
	size_t room = 0;
	FILE *file;

	set(path, sizeof(path), "%s/lib/modules/%s/modules.dep", source->root,
	    release);
	*found = '\0';
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!*found && getline(&line, &room, file) > 0) {
		char *end = strchr(line, ':'), *name;

		if (!end)
			continue;
		*end = '\0';
		name = strrchr(line, '/');
		name = name ? name + 1 : line;
		if (!strncmp(name, MODULE_NAME, strlen(MODULE_NAME)))
			set(found, size, "%s", line);
	}
	free(line);
	fclose(file);
	return *found;
}

/* Or where it is before anybody has called depmod. */
static bool find_in_folders(const struct facts_source *source,
			    const char *release, char *found, size_t size)
{
	static const char *const folders[] = { "updates", "updates/dkms",
					       "extra" };
	char path[FACTS_TEXT * 4];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		set(found, size, "%s/" MODULE_NAME, folders[i]);
		set(path, sizeof(path), "/lib/modules/%s/%s", release, found);
		if (is_there(source, path))
			return true;
	}
	*found = '\0';
	return false;
}

/* Some other kernel that has the module; for a person who changed kernels. */
static void find_other_release(struct facts *facts,
			       const struct facts_source *source)
{
	char path[FACTS_TEXT * 4], found[FACTS_TEXT];
	struct dirent *entry;
	DIR *folder;

	set(path, sizeof(path), "%s/lib/modules", source->root);
	folder = opendir(path);
	if (!folder)
		return;
	while (!*facts->other_release && (entry = readdir(folder))) {
		if (*entry->d_name == '.')
			continue;
		if (find_in_index(source, entry->d_name, found, sizeof(found)) ||
		    find_in_folders(source, entry->d_name, found, sizeof(found)))
			set(facts->other_release, FACTS_TEXT, "%.*s",
			    FACTS_TEXT - 1, entry->d_name);
	}
	closedir(folder);
}

/* What the file itself says: the kernel it was built for, and a signature. */
static void read_module(struct facts *facts, const char *bytes, size_t size)
{
	static const char magic[] = "vermagic=";
	const size_t end_size = strlen(SIGNATURE_END);
	const char *from = memmem(bytes, size, magic, strlen(magic)), *to;

	facts->is_signed = size >= end_size &&
			   !memcmp(bytes + size - end_size, SIGNATURE_END,
				   end_size);
	if (!from)
		return;
	from += strlen(magic);
	to = memchr(from, ' ', (size_t)(bytes + size - from));
	if (to && to - from < FACTS_TEXT)
		set(facts->built_for, FACTS_TEXT, "%.*s", (int)(to - from), from);
}

static void open_module(struct facts *facts, const struct facts_source *source)
{
	const char *dot = strrchr(facts->module, '.');
	char path[FACTS_TEXT * 4];
	struct stat status;
	void *bytes;
	int fd;

	/* What is inside of one that is compressed is not for us to see. */
	facts->is_signed = true;
	if (!dot || strcmp(dot, ".ko"))
		return;
	set(path, sizeof(path), "%s%s", source->root, facts->module);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!fstat(fd, &status) && status.st_size > 0) {
		size_t size = (size_t)status.st_size;

		bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes != MAP_FAILED) {
			read_module(facts, bytes, size);
			munmap(bytes, size);
		}
	}
	close(fd);
}

/* A kernel that is locked down wants signatures, and one that was told so. */
static bool needs_signature(const struct facts_source *source)
{
	char lockdown[FACTS_TEXT], enforced[FACTS_TEXT];

	/* Such as "none [integrity] confidentiality" */
	read_text(source, "/sys/kernel/security/lockdown", lockdown,
		  sizeof(lockdown));
	read_text(source, "/sys/module/module/parameters/sig_enforce", enforced,
		  sizeof(enforced));
	return (*lockdown && !strstr(lockdown, "[none]")) || *enforced == 'Y';
}

static void collect_module(struct facts *facts,
			   const struct facts_source *source)
{
	char found[FACTS_TEXT];

	set(facts->release, sizeof(facts->release), "%s", source->release);
	facts->indexed = find_in_index(source, facts->release, found,
				       sizeof(found));
	if (facts->indexed || find_in_folders(source, facts->release, found,
					      sizeof(found))) {
		if (*found == '/')
			set(facts->module, sizeof(facts->module), "%s", found);
		else
			set(facts->module, sizeof(facts->module),
			    "/lib/modules/%.100s/%s", facts->release, found);
		open_module(facts, source);
	} else {
		find_other_release(facts, source);
	}
	facts->needs_signature = needs_signature(source);
	facts->loaded = is_there(source, "/sys/module/hvpost");
	facts->vmbus_loaded = is_there(source, "/sys/module/hv_vmbus");
}

/* The device */

static bool has_group(const gid_t *groups, int count, gid_t group)
{
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

static void collect_groups(struct facts *facts)
{
	const struct passwd *user = getpwuid(geteuid());
	const struct group *group = getgrgid(facts->group);
	gid_t groups[256];
	int count = getgroups(256, groups);

	if (group)
		set(facts->group_name, FACTS_TEXT, "%s", group->gr_name);
	else
		set(facts->group_name, FACTS_TEXT, "%u", facts->group);
	facts->in_group = facts->group == getegid() ||
			  has_group(groups, count, facts->group);
	count = 256;
	if (user && getgrouplist(user->pw_name, user->pw_gid, groups,
				 &count) >= 0)
		facts->in_group_after_login =
			has_group(groups, count, facts->group);
}

static void collect_info(struct facts *facts, const char *path)
{
	char target[FACTS_TEXT * 4 + 8];
	struct hvpost *handle;

	set(target, sizeof(target), "device:%s", path);
	facts->open_error = hvpost_open(target, &handle);
	if (facts->open_error)
		return;
	facts->open_error = hvpost_get_info(handle, &facts->info,
					    sizeof(facts->info));
	/* What is built in has a folder in sysfs even if it does nothing. */
	if (!facts->open_error)
		facts->vmbus_loaded = facts->info.vmbus_loaded;
	hvpost_close(handle);
}

static void collect_device(struct facts *facts,
			   const struct facts_source *source, const char *node)
{
	char path[FACTS_TEXT * 4];
	struct stat status;

	set(facts->node, sizeof(facts->node), "%s", node);
	set(path, sizeof(path), "%s%s", source->root, node);
	facts->node_there = !stat(path, &status);
	if (!facts->node_there)
		return;
	facts->mode = status.st_mode;
	facts->group = status.st_gid;
	collect_groups(facts);
	collect_info(facts, path);
}

const struct facts_source *facts_source_here(void)
{
	static struct facts_source here = { .root = "", .cpuid = cpuid_here };
	static struct utsname name;

	here.release = uname(&name) ? "unknown" : name.release;
	return &here;
}

void facts_collect(struct facts *facts, const struct facts_source *source,
		   const char *node)
{
	memset(facts, 0, sizeof(*facts));
	collect_host(facts, source);
	collect_module(facts, source);
	collect_device(facts, source, node);
}
