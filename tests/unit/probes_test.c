// SPDX-License-Identifier: MIT
/*
 * The libraries' USDT probes, as tracers find them: in the notes of this program. And
 * what is to follow these, and the driver's trace points: the BPF programs of hvpost
 * trace, opened but not loaded, which takes no privilege.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sighting_filter.h"
#include "suites.h"
#include "trace.skel.h"

#define NOTE_TYPE 3	/* of systemtap's notes */
#define NOP	  0x90

struct probe {
	uint64_t address;
	const char *provider, *name, *arguments;
};

static const uint8_t *program;
static size_t program_size;

static void setup(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	struct stat status;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &status), 0);
	program_size = (size_t)status.st_size;
	program = mmap(NULL, program_size, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(program, MAP_FAILED);
	close(fd);
}

static void teardown(void)
{
	munmap((void *)(uintptr_t)program, program_size);
}

static const Elf64_Shdr *section(const char *name)
{
	const Elf64_Ehdr *head = (const void *)program;
	const Elf64_Shdr *sections = (const void *)(program + head->e_shoff);
	const char *names = (const char *)program +
			    sections[head->e_shstrndx].sh_offset;

	for (int i = 0; i < head->e_shnum; i++)
		if (!strcmp(names + sections[i].sh_name, name))
			return &sections[i];
	return NULL;
}

static size_t aligned(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* The next note at or after @offset, which moves behind it. */
static bool next(size_t *offset, struct probe *probe)
{
	const Elf64_Shdr *notes = section(".note.stapsdt");
	const Elf64_Nhdr *note;
	const uint8_t *description;

	ck_assert_ptr_nonnull(notes);
	if (*offset + sizeof(*note) > notes->sh_size)
		return false;
	note = (const void *)(program + notes->sh_offset + *offset);
	ck_assert_uint_eq(note->n_type, NOTE_TYPE);
	description = (const uint8_t *)(note + 1) + aligned(note->n_namesz);
	*offset += sizeof(*note) + aligned(note->n_namesz) +
		   aligned(note->n_descsz);

	/* Three addresses, then three strings. */
	memcpy(&probe->address, description, sizeof(probe->address));
	probe->provider = (const char *)description + 3 * sizeof(uint64_t);
	probe->name = probe->provider + strlen(probe->provider) + 1;
	probe->arguments = probe->name + strlen(probe->name) + 1;
	return true;
}

static bool is_ours(const struct probe *probe)
{
	return !strcmp(probe->provider, "hvpost") ||
	       !strcmp(probe->provider, "hvhost");
}

static int count_arguments(const char *arguments)
{
	int count = 0;

	for (; (arguments = strchr(arguments, '@')); arguments++)
		count++;
	return count;
}

/* As lib/guest/probes.h and lib/host/probes.h have them. */
static const struct {
	const char *provider, *name;
	int arguments;
} documented[] = {
	{ "hvpost", "post_begins", 0 },
	{ "hvpost", "post", 4 },
	{ "hvpost", "signal", 4 },
	{ "hvpost", "slot", 1 },
	{ "hvpost", "flag", 1 },
	{ "hvpost", "eom", 2 },
	{ "hvpost", "ring_full", 2 },
	{ "hvpost", "ring_resumed", 2 },
	{ "hvhost", "post", 7 },
	{ "hvhost", "signal", 5 },
	{ "hvhost", "queue_full", 4 },
	{ "hvhost", "deliver", 7 },
	{ "hvhost", "eom", 2 },
	{ "hvhost", "drop", 7 },
};

START_TEST(each_documented_probe_is_there)
{
	struct probe probe;
	size_t offset = 0;
	int found = 0;

	while (next(&offset, &probe)) {
		if (strcmp(probe.provider, documented[_i].provider) ||
		    strcmp(probe.name, documented[_i].name))
			continue;
		ck_assert_int_eq(count_arguments(probe.arguments),
				 documented[_i].arguments);
		found++;
	}
	ck_assert_int_gt(found, 0);
}
END_TEST

START_TEST(each_is_a_nop)
{
	const Elf64_Shdr *text = section(".text");
	struct probe probe;
	size_t offset = 0;

	while (next(&offset, &probe)) {
		if (!is_ours(&probe))
			continue;
		ck_assert_uint_ge(probe.address, text->sh_addr);
		ck_assert_uint_lt(probe.address, text->sh_addr + text->sh_size);
		ck_assert_uint_eq(program[text->sh_offset + probe.address -
					  text->sh_addr],
				  NOP);
	}
}
END_TEST

/* libbpf of Debian 12 reads no address of more than one register. */
START_TEST(arguments_are_registers_and_constants)
{
	struct probe probe;
	size_t offset = 0;

	while (next(&offset, &probe))
		if (is_ours(&probe))
			ck_assert_msg(!strchr(probe.arguments, '('), "%s:%s %s",
				      probe.provider, probe.name,
				      probe.arguments);
}
END_TEST

/* Programs */

static struct trace_bpf *programs;

static void setup_programs(void)
{
	setup();
	programs = trace_bpf__open();
	ck_assert_ptr_nonnull(programs);
}

static void teardown_programs(void)
{
	trace_bpf__destroy(programs);
	teardown();
}

static bool is_program(const char *prefix, const char *rest)
{
	char name[96];

	snprintf(name, sizeof(name), "%s_%s", prefix, rest);
	return bpf_object__find_program_by_name(programs->obj, name);
}

static bool is_probe(const char *provider, const char *name)
{
	struct probe probe;
	size_t offset = 0;

	while (next(&offset, &probe))
		if (!strcmp(probe.provider, provider) &&
		    !strcmp(probe.name, name))
			return true;
	return false;
}

static bool is_raw_point(const char *section, const char *name)
{
	char wanted[96];

	snprintf(wanted, sizeof(wanted), "raw_tp/hvpost_%s", name);
	return !strcmp(section, wanted);
}

/* What is to be followed by a program of that name, in that section? */
static bool may_follow(const char *name, const char *section)
{
	const char *rest = strchr(name, '_') + 1;

	if (!strncmp(name, "driver_", 7))
		return is_raw_point(section, rest);
	if (!strncmp(name, "library_", 8))
		return !strcmp(section, "usdt") && is_probe("hvpost", rest);
	if (!strncmp(name, "host_", 5))
		return !strcmp(section, "usdt") && is_probe("hvhost", rest);
	if (!strncmp(name, "kvm_", 4))
		return !strncmp(section, "raw_tp/kvm_hv_", 14);
	/* By probes that tracefs has. */
	return !strncmp(name, "vmbus_", 6) &&
	       (!strcmp(section, "kprobe") || !strcmp(section, "kretprobe"));
}

START_TEST(each_program_follows_what_it_is_named_after)
{
	struct bpf_program *each;

	bpf_object__for_each_program(each, programs->obj)
		ck_assert_msg(may_follow(bpf_program__name(each),
					 bpf_program__section_name(each)),
			      "%s, in section %s, follows nothing",
			      bpf_program__name(each),
			      bpf_program__section_name(each));
}
END_TEST

START_TEST(each_probe_has_a_program)
{
	struct probe probe;
	size_t offset = 0;

	while (next(&offset, &probe)) {
		if (!is_ours(&probe))
			continue;
		ck_assert_msg(is_program(!strcmp(probe.provider, "hvpost") ?
						 "library" : "host", probe.name),
			      "nothing follows %s:%s", probe.provider,
			      probe.name);
	}
}
END_TEST

START_TEST(each_trace_point_of_the_driver_has_a_program)
{
	FILE *header = fopen("driver/trace.h", "r");
	char line[256], name[64];
	int found = 0;

	ck_assert_ptr_nonnull(header);
	while (fgets(line, sizeof(line), header)) {
		if (sscanf(line, "TRACE_EVENT(hvpost_%63[a-z_]", name) != 1 &&
		    sscanf(line, "DEFINE_EVENT(%*[a-z_], hvpost_%63[a-z_]",
			   name) != 1)
			continue;
		ck_assert_msg(is_program("driver", name),
			      "nothing follows hvpost_%s", name);
		found++;
	}
	fclose(header);
	ck_assert_int_gt(found, 0);
}
END_TEST

Suite *probes_suite(void)
{
	Suite *suite = suite_create("probes");
	TCase *notes = tcase_create("notes"), *bpf = tcase_create("programs");

	tcase_add_checked_fixture(notes, setup, teardown);
	tcase_add_loop_test(notes, each_documented_probe_is_there, 0,
			    ROWS(documented));
	tcase_add_test(notes, each_is_a_nop);
	tcase_add_test(notes, arguments_are_registers_and_constants);
	suite_add_tcase(suite, notes);
	tcase_add_checked_fixture(bpf, setup_programs, teardown_programs);
	tcase_add_test(bpf, each_program_follows_what_it_is_named_after);
	tcase_add_test(bpf, each_probe_has_a_program);
	tcase_add_test(bpf, each_trace_point_of_the_driver_has_a_program);
	suite_add_tcase(suite, bpf);
	return suite;
}
