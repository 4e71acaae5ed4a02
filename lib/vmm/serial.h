/* SPDX-License-Identifier: MIT */
/* serial.h - a serial port: as much of a 16550A as drivers look at. */
#ifndef VMM_SERIAL_H
#define VMM_SERIAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define SERIAL_FIFO_SIZE	16u
#define SERIAL_PORT_COUNT	8u

struct serial_ops {
	/* The level of its interrupt line. */
	void (*set_irq)(void *context, uint32_t irq, bool level);
	/* There is room for input again: call serial_receive() when it comes. */
	void (*want_input)(void *context, int input);
};

struct serial_config {
	const struct serial_ops *ops;
	void *context;
	uint32_t irq;
	int input, output;		/* descriptors of the caller, or -1 */
	int stop_fd;			/* readable: wait for nobody now */
};

struct serial {
	struct serial_config config;
	bool output_waits;		/* for its reader: it is no regular file */
	pthread_mutex_t lock;		/* guards what follows */
	uint8_t ier, fcr, lcr, mcr, scr;
	uint8_t divisor[2];
	bool transmitted;		/* and the guest has not been told */
	bool level;			/* of the interrupt line */
	uint8_t received[SERIAL_FIFO_SIZE];
	uint32_t received_count;
};

void serial_init(struct serial *serial, const struct serial_config *config);
void serial_destroy(struct serial *serial);
/* As after serial_init(): what was received is lost, its interrupt line is low. */
void serial_reset(struct serial *serial);
/* An access to the port's register 0 to 7. */
uint8_t serial_read(struct serial *serial, uint32_t offset);
/*
 * Return 0; -EAGAIN: the output would have to be waited for, and stop_fd says not
 * to: nothing was written; else what write() said: the byte is lost.
 */
int serial_write(struct serial *serial, uint32_t offset, uint8_t value);
/* Its input is readable: take what there is room for. */
void serial_receive(struct serial *serial);

#endif /* VMM_SERIAL_H */
