/* SPDX-License-Identifier: MIT */
/* sighting_print.h - a sighting as a line for people, or as JSON for programs. */
#ifndef SIGHTING_PRINT_H
#define SIGHTING_PRINT_H

#include <stdio.h>

#include "sighting.h"

/* What does not apply is left out of both. */
void sighting_print(FILE *out, const struct sighting *sighting);
void sighting_print_json(FILE *out, const struct sighting *sighting);

#endif /* SIGHTING_PRINT_H */
