// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "bench.h"

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s FILE.json\n", argv[0]);
		return 1;
	}
	bench_posts();
	bench_threads();
	bench_connections();
	return !bench_write(argv[1]);
}
