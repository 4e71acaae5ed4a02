/* SPDX-License-Identifier: MIT */
/* acpi.h - the tables by which a guest finds its VPs, VMBus and the off switch. */
#ifndef VMM_ACPI_H
#define VMM_ACPI_H

#include <stddef.h>
#include <stdint.h>

/*
 * Write RSDP, RSDT, XSDT, FADT, FACS, DSDT and MADT for @cpus VPs, VP n with
 * APIC id n. @at is where @gpa, 64-aligned, lies; the RSDP comes first. Return 0,
 * or -ENOSPC: @size bytes are not enough.
 */
int acpi_write(void *at, size_t size, uint32_t gpa, uint32_t cpus);

#endif /* VMM_ACPI_H */
