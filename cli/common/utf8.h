/* SPDX-License-Identifier: MIT */
/* utf8.h - what users and files name things may be bytes of any kind. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* Stands for a byte that is of no character. */
#define UTF8_REPLACEMENT "\ufffd"

/* How many bytes the character at @text takes; 0: it is none that XML and JSON have. */
size_t utf8_size(const char *text);

#endif /* UTF8_H */
