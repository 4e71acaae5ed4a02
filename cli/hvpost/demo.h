/* SPDX-License-Identifier: MIT */
/* demo.h - what `hvpost demo` shows, as functions of what happened. */
#ifndef DEMO_H
#define DEMO_H

#include <stdint.h>
#include <stdio.h>

#include <hvpost/hyperv.h>

/*
 * The whole of it: @text is posted first, to a port of so many buffers. Return 0
 * or a negative errno value.
 */
int demo_show(FILE *out, const char *text, uint32_t buffers);

/* The fields and the payload of a slot, with their offsets. */
void demo_print_slot(FILE *out, const struct hv_slot *slot);

#endif /* DEMO_H */
