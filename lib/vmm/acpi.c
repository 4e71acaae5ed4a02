// SPDX-License-Identifier: MIT
/*
 * Tables of ACPI 2.0 (FADT revision 3), with which every guest in question is
 * content. No hardware is described that is not there: no keyboard controller,
 * no VGA. The CMOS clock tells the time, but has no alarm that a driver could use.
 */
#include "acpi.h"

#include <errno.h>
#include <string.h>

#include "power.h"

#define OEM_ID		"HVPOST"
#define OEM_TABLE_ID	"HVHOST  "

#define SCI		9u

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));

struct address {
	uint8_t space, bits, offset, access;
	uint64_t at;
} __attribute__((packed));

struct fadt {
	struct header header;
	uint32_t facs, dsdt;
	uint8_t reserved0, profile;
	uint16_t sci;
	uint32_t smi_command;
	uint8_t acpi_enable, acpi_disable, s4bios, pstate;
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control;
	uint32_t pm2_control, pm_timer, gpe0, gpe1;
	uint8_t pm1_event_length, pm1_control_length, pm2_control_length;
	uint8_t pm_timer_length, gpe0_length, gpe1_length, gpe1_base, cstate;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_flags;
	uint8_t reserved1;
	uint32_t flags;
	struct address reset_register;
	uint8_t reset_value;
	uint8_t reserved2[3];
	uint64_t x_facs, x_dsdt;
	struct address x_pm1a_event, x_pm1b_event, x_pm1a_control;
	struct address x_pm1b_control, x_pm2_control, x_pm_timer, x_gpe0, x_gpe1;
} __attribute__((packed));
_Static_assert(sizeof(struct fadt) == 244, "as revision 3 has it");

#define BOOT_NO_VGA		(1u << 2)
#define BOOT_NO_CMOS_CLOCK	(1u << 5)

#define FLAG_WBINVD		(1u << 0)
#define FLAG_C1			(1u << 2)
#define FLAG_NO_POWER_BUTTON	(1u << 4)
#define FLAG_NO_SLEEP_BUTTON	(1u << 5)
#define FLAG_RESET_REGISTER	(1u << 10)

struct facs {
	char signature[4];
	uint32_t length, hardware, waking, lock, flags;
	uint64_t x_waking;
	uint8_t version;
	uint8_t reserved[31];
} __attribute__((packed));

struct madt {
	struct header header;
	uint32_t local_apic, flags;
} __attribute__((packed));

struct madt_local_apic {
	uint8_t type, length, processor, apic;
	uint32_t flags;
} __attribute__((packed));

struct madt_io_apic {
	uint8_t type, length, id, reserved;
	uint32_t at, gsi_base;
} __attribute__((packed));

struct madt_override {
	uint8_t type, length, bus, irq;
	uint32_t gsi;
	uint16_t flags;
} __attribute__((packed));

struct madt_nmi {
	uint8_t type, length, processor;
	uint16_t flags;
	uint8_t lint;
} __attribute__((packed));

#define LEVEL_HIGH	0xdu

/*
 * DefinitionBlock ("", "DSDT", 2, "HVPOST", "HVHOST  ", 1)
 * {
 *	Name (_S5, Package () { 5, 5, 0, 0 })
 *	Scope (\_SB) {
 *		Device (VMBS) {
 *			Name (_HID, "VMBUS")
 *			Name (_UID, 0)
 *			Name (_STA, 0x0f)
 *			Name (_CRS, ResourceTemplate () {})
 *		}
 *	}
 * }
 */
static const uint8_t dsdt_code[] = {
	0x08, '_', 'S', '5', '_', 0x12, 0x08, 0x04,
		0x0a, POWER_SLEEP_OFF, 0x0a, POWER_SLEEP_OFF, 0x00, 0x00,
	0x10, 0x31, '\\', '_', 'S', 'B', '_',
		0x5b, 0x82, 0x29, 'V', 'M', 'B', 'S',
			0x08, '_', 'H', 'I', 'D',
				0x0d, 'V', 'M', 'B', 'U', 'S', 0x00,
			0x08, '_', 'U', 'I', 'D', 0x00,
			0x08, '_', 'S', 'T', 'A', 0x0a, 0x0f,
			0x08, '_', 'C', 'R', 'S',
				0x11, 0x05, 0x0a, 0x02, 0x79, 0x00,
};

/* Where the next table goes. */
struct area {
	uint8_t *at;
	size_t size, used;
	uint32_t gpa;
};

/* Room for a table, zeroed; NULL: none is left. */
static void *take(struct area *area, size_t size, uint32_t *gpa)
{
	uint8_t *table = area->at + area->used;

	size = (size + 63) & ~(size_t)63;
	if (area->size - area->used < size)
		return NULL;
	*gpa = area->gpa + (uint32_t)area->used;
	area->used += size;
	memset(table, 0, size);
	return table;
}

static uint8_t checksum(const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	uint8_t sum = 0;

	while (size--)
		sum = (uint8_t)(sum + *byte++);
	return (uint8_t)-sum;
}

/* Last of all, as it sums up. */
static void finish(struct header *header, const char *signature,
		   uint8_t revision, size_t length)
{
	memcpy(header->signature, signature, sizeof(header->signature));
	header->length = (uint32_t)length;
	header->revision = revision;
	memcpy(header->oem_id, OEM_ID, sizeof(header->oem_id));
	memcpy(header->oem_table_id, OEM_TABLE_ID,
	       sizeof(header->oem_table_id));
	header->oem_revision = 1;
	memcpy(header->creator_id, OEM_ID, sizeof(header->creator_id));
	header->creator_revision = 1;
	header->checksum = checksum(header, length);
}

static uint32_t write_dsdt(struct area *area)
{
	const size_t length = sizeof(struct header) + sizeof(dsdt_code);
	uint32_t gpa;
	struct header *dsdt = take(area, length, &gpa);

	if (!dsdt)
		return 0;
	memcpy(dsdt + 1, dsdt_code, sizeof(dsdt_code));
	finish(dsdt, "DSDT", 2, length);
	return gpa;
}

static uint32_t write_facs(struct area *area)
{
	uint32_t gpa;
	struct facs *facs = take(area, sizeof(*facs), &gpa);

	if (!facs)
		return 0;
	memcpy(facs->signature, "FACS", sizeof(facs->signature));
	facs->length = sizeof(*facs);
	facs->version = 1;
	return gpa;
}

static struct address port(uint32_t at, uint8_t bits)
{
	return (struct address){
		.space = 1, .bits = bits, .at = at,
		.access = bits == 8 ? 1 : bits == 16 ? 2 : 3,
	};
}

static uint32_t write_fadt(struct area *area, uint32_t facs, uint32_t dsdt)
{
	uint32_t gpa;
	struct fadt *fadt = take(area, sizeof(*fadt), &gpa);

	if (!fadt)
		return 0;
	fadt->facs = facs;
	fadt->dsdt = dsdt;
	fadt->x_dsdt = dsdt;
	fadt->sci = SCI;
	/* Without an SMI command, ACPI mode is always on. */
	fadt->pm1a_event = POWER_EVENT_PORT;
	fadt->pm1a_control = POWER_CONTROL_PORT;
	fadt->pm_timer = POWER_TIMER_PORT;
	fadt->pm1_event_length = 4;
	fadt->pm1_control_length = 2;
	fadt->pm_timer_length = 4;
	fadt->x_pm1a_event = port(POWER_EVENT_PORT, 32);
	fadt->x_pm1a_control = port(POWER_CONTROL_PORT, 16);
	fadt->x_pm_timer = port(POWER_TIMER_PORT, 32);
	fadt->c2_latency = 0xffff;	/* no such states */
	fadt->c3_latency = 0xffff;
	fadt->boot_flags = BOOT_NO_VGA | BOOT_NO_CMOS_CLOCK;
	fadt->flags = FLAG_WBINVD | FLAG_C1 | FLAG_NO_POWER_BUTTON |
		      FLAG_NO_SLEEP_BUTTON | FLAG_RESET_REGISTER;
	fadt->reset_register = port(POWER_RESET_PORT, 8);
	fadt->reset_value = POWER_RESET_VALUE;
	finish(&fadt->header, "FACP", 3, sizeof(*fadt));
	return gpa;
}

static uint32_t write_madt(struct area *area, uint32_t cpus)
{
	const size_t length = sizeof(struct madt) +
			      cpus * sizeof(struct madt_local_apic) +
			      sizeof(struct madt_io_apic) +
			      2 * sizeof(struct madt_override) +
			      sizeof(struct madt_nmi);
	uint32_t gpa;
	struct madt *madt = take(area, length, &gpa);
	uint8_t *to;

	if (!madt)
		return 0;
	to = (uint8_t *)(madt + 1);
	madt->local_apic = 0xfee00000;
	madt->flags = 1;	/* there are PICs too */
	for (uint32_t i = 0; i < cpus; i++) {
		const struct madt_local_apic apic = {
			0, sizeof(apic), (uint8_t)i, (uint8_t)i, 1,
		};

		to = (uint8_t *)memcpy(to, &apic, sizeof(apic)) + sizeof(apic);
	}
	const struct madt_io_apic io_apic = {
		1, sizeof(io_apic), 0, 0, 0xfec00000, 0,
	};
	/* The timer is where a PC has it; the SCI is as ACPI wants it. */
	const struct madt_override overrides[] = {
		{ 2, sizeof(overrides[0]), 0, 0, 2, 0 },
		{ 2, sizeof(overrides[0]), 0, SCI, SCI, LEVEL_HIGH },
	};
	const struct madt_nmi nmi = { 4, sizeof(nmi), 0xff, 0, 1 };

	to = (uint8_t *)memcpy(to, &io_apic, sizeof(io_apic)) + sizeof(io_apic);
	to = (uint8_t *)memcpy(to, overrides, sizeof(overrides)) +
	     sizeof(overrides);
	memcpy(to, &nmi, sizeof(nmi));
	finish(&madt->header, "APIC", 1, length);
	return gpa;
}

/* RSDT and XSDT: the same list, of narrow and of wide addresses. */
static uint32_t write_list(struct area *area, const uint32_t tables[2],
			   size_t width)
{
	const size_t length = sizeof(struct header) + 2 * width;
	uint32_t gpa;
	struct header *list = take(area, length, &gpa);

	if (!list)
		return 0;
	for (size_t i = 0; i < 2; i++)
		memcpy((uint8_t *)(list + 1) + i * width, &tables[i],
		       sizeof(tables[i]));
	finish(list, width == sizeof(uint32_t) ? "RSDT" : "XSDT", 1, length);
	return gpa;
}

static void write_rsdp(struct rsdp *rsdp, uint32_t rsdt, uint32_t xsdt)
{
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, OEM_ID, sizeof(rsdp->oem_id));
	rsdp->revision = 2;
	rsdp->rsdt = rsdt;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = xsdt;
	/* The first sum covers what ACPI 1.0 had. */
	rsdp->checksum = checksum(rsdp, 20);
	rsdp->extended_checksum = checksum(rsdp, sizeof(*rsdp));
}

int acpi_write(void *at, size_t size, uint32_t gpa, uint32_t cpus)
{
	struct area area = { .at = at, .size = size, .gpa = gpa };
	uint32_t rsdp_gpa, facs, dsdt, tables[2], rsdt, xsdt;
	struct rsdp *rsdp = take(&area, sizeof(*rsdp), &rsdp_gpa);

	facs = write_facs(&area);
	dsdt = write_dsdt(&area);
	tables[0] = write_fadt(&area, facs, dsdt);
	tables[1] = write_madt(&area, cpus);
	rsdt = write_list(&area, tables, sizeof(uint32_t));
	xsdt = write_list(&area, tables, sizeof(uint64_t));
	if (!rsdp || !facs || !dsdt || !tables[0] || !tables[1] || !rsdt ||
	    !xsdt)
		return -ENOSPC;
	write_rsdp(rsdp, rsdt, xsdt);
	return 0;
}
