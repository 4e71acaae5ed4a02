/* SPDX-License-Identifier: MIT */
/* privileges.h - the bits of a partition privilege mask by name. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stddef.h>

#define PRIVILEGE_COUNT 64

/* Name that the TLFS gives bit @bit of the mask, or NULL: it gives none. */
const char *privilege_name(unsigned int bit);

#endif /* PRIVILEGES_H */
