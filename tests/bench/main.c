// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "hosting.h"

static const char *const parts[] = {
	"engine", "processes", "attacks", "tracing", "guests", "device",
	"instructions",
};

#define PARTS (sizeof(parts) / sizeof(*parts))

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s FILE.json HVHOST VM-BENCH PART...\n"
		"PART: engine, processes, attacks, tracing, guests,\n"
		"      device, instructions\n", name);
	return 1;
}

static bool is_part(const char *word)
{
	for (size_t i = 0; i < PARTS; i++)
		if (!strcmp(word, parts[i]))
			return true;
	return false;
}

static bool wanted(const char *part, char *const *words)
{
	while (*words && strcmp(*words, part))
		words++;
	if (!*words)
		printf("%s: left out\n", part);
	return *words;
}

/* What was built: we are in its folder tests. */
static const char *build_folder(const char *program)
{
	static char folder[256];
	char *end;

	snprintf(folder, sizeof(folder), "%s", program);
	for (int i = 0; i < 2 && (end = strrchr(folder, '/')); i++)
		*end = '\0';
	return folder;
}

int main(int argc, char **argv)
{
	char **words = argv + 4;

	if (argc < 5)
		return usage(argv[0]);
	for (int i = 4; i < argc; i++)
		if (!is_part(argv[i]))
			return usage(argv[0]);
	if (wanted("engine", words)) {
		bench_posts();
		bench_threads();
		bench_connections();
	}
	if (wanted("processes", words)) {
		hosting_start(argv[2], HOSTING_TELLS);
		bench_processes();
		bench_trips();
		hosting_stop();
	}
	if (wanted("attacks", words)) {
		hosting_start(argv[2], HOSTING_SILENT);
		bench_attacks();
		hosting_stop();
	}
	if (wanted("tracing", words))
		bench_tracing(build_folder(argv[0]));
	if (wanted("guests", words))
		bench_guests(argv[3]);
	if (wanted("device", words))
		bench_device(argv[3]);
	if (wanted("instructions", words))
		bench_instructions(argv[3]);
	return !bench_write(argv[1]);
}
