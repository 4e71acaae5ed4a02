// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "bench.h"

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s FILE.json HVHOST [processes]\n", name);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 3 || argc > 4 || (argc == 4 && strcmp(argv[3], "processes")))
		return usage(argv[0]);
	if (argc == 3) {
		bench_posts();
		bench_threads();
		bench_connections();
	}
	bench_processes(argv[2]);
	return !bench_write(argv[1]);
}
