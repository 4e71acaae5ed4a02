// SPDX-License-Identifier: MIT
#include "serial.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	REGISTER_DATA,		/* or the divisor's low byte */
	REGISTER_IER,		/* or its high byte */
	REGISTER_IIR,		/* written: FCR */
	REGISTER_LCR,
	REGISTER_MCR,
	REGISTER_LSR,
	REGISTER_MSR,
	REGISTER_SCR,
};

#define IER_RECEIVED	0x01
#define IER_TRANSMITTED	0x02
#define IER_MASK	0x0f

#define IIR_NONE	0x01
#define IIR_TRANSMITTED	0x02
#define IIR_RECEIVED	0x04
#define IIR_FIFO	0xc0

#define FCR_FIFO	0x01
#define FCR_CLEAR_INPUT	0x02

#define LCR_DIVISOR	0x80

#define MCR_DTR		0x01
#define MCR_RTS		0x02
#define MCR_OUT1	0x04
#define MCR_OUT2	0x08
#define MCR_LOOP	0x10
#define MCR_MASK	0x1f

#define LSR_RECEIVED	0x01
#define LSR_EMPTY	0x60	/* there is no waiting on our side */

#define MSR_CTS		0x10
#define MSR_DSR		0x20
#define MSR_RI		0x40
#define MSR_DCD		0x80

static bool is_regular(int fd)
{
	struct stat file;

	return !fstat(fd, &file) && S_ISREG(file.st_mode);
}

static void set_reset_state(struct serial *serial)
{
	serial->ier = serial->fcr = serial->lcr = serial->mcr = serial->scr = 0;
	serial->divisor[0] = 0x0c;	/* 9600 baud, as good as any */
	serial->divisor[1] = 0;
	serial->transmitted = false;
	serial->level = false;
	serial->received_count = 0;
}

void serial_init(struct serial *serial, const struct serial_config *config)
{
	*serial = (struct serial){
		.config = *config,
		.output_waits = !is_regular(config->output),
	};
	set_reset_state(serial);
	pthread_mutex_init(&serial->lock, NULL);
}

void serial_reset(struct serial *serial)
{
	pthread_mutex_lock(&serial->lock);
	set_reset_state(serial);
	if (serial->config.input >= 0)
		serial->config.ops->want_input(serial->config.context,
					       serial->config.input);
	pthread_mutex_unlock(&serial->lock);
}

void serial_destroy(struct serial *serial)
{
	pthread_mutex_destroy(&serial->lock);
}

static uint8_t pending(const struct serial *serial)
{
	if (serial->ier & IER_RECEIVED && serial->received_count)
		return IIR_RECEIVED;
	if (serial->ier & IER_TRANSMITTED && serial->transmitted)
		return IIR_TRANSMITTED;
	return IIR_NONE;
}

static void update_irq(struct serial *serial)
{
	bool level = pending(serial) != IIR_NONE;

	if (level == serial->level)
		return;
	serial->level = level;
	serial->config.ops->set_irq(serial->config.context, serial->config.irq, level);
}

static void put_received(struct serial *serial, uint8_t byte)
{
	if (serial->received_count < SERIAL_FIFO_SIZE)
		serial->received[serial->received_count++] = byte;
}

static uint8_t take_received(struct serial *serial)
{
	uint8_t byte = serial->received[0];

	if (!serial->received_count)
		return 0;
	memmove(serial->received, serial->received + 1,
		--serial->received_count);
	if (serial->config.input >= 0 &&
	    serial->received_count == SERIAL_FIFO_SIZE - 1)
		serial->config.ops->want_input(serial->config.context, serial->config.input);
	return byte;
}

static uint8_t modem_status(const struct serial *serial)
{
	if (!(serial->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (uint8_t)((serial->mcr & MCR_RTS ? MSR_CTS : 0) |
			 (serial->mcr & MCR_DTR ? MSR_DSR : 0) |
			 (serial->mcr & MCR_OUT1 ? MSR_RI : 0) |
			 (serial->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

static uint8_t read_identification(struct serial *serial)
{
	uint8_t iir = pending(serial);

	if (iir == IIR_TRANSMITTED)
		serial->transmitted = false;
	return iir | (serial->fcr & FCR_FIFO ? IIR_FIFO : 0);
}

static uint8_t read_register(struct serial *serial, uint32_t offset)
{
	if (serial->lcr & LCR_DIVISOR && offset <= REGISTER_IER)
		return serial->divisor[offset];
	switch (offset) {
	case REGISTER_DATA:
		return take_received(serial);
	case REGISTER_IER:
		return serial->ier;
	case REGISTER_IIR:
		return read_identification(serial);
	case REGISTER_LCR:
		return serial->lcr;
	case REGISTER_MCR:
		return serial->mcr;
	case REGISTER_LSR:
		return LSR_EMPTY | (serial->received_count ? LSR_RECEIVED : 0);
	case REGISTER_MSR:
		return modem_status(serial);
	default:
		return serial->scr;
	}
}

uint8_t serial_read(struct serial *serial, uint32_t offset)
{
	uint8_t value;

	pthread_mutex_lock(&serial->lock);
	value = read_register(serial, offset % SERIAL_PORT_COUNT);
	update_irq(serial);
	pthread_mutex_unlock(&serial->lock);
	return value;
}

/* Return 1: the output takes something, 0: not yet, or -EAGAIN: nobody is to wait. */
static int poll_output(const struct serial *serial, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = serial->config.output, .events = POLLOUT },
		{ .fd = serial->config.stop_fd, .events = POLLIN },
	};

	while (poll(fds, 2, timeout_ms) < 0 && errno == EINTR)
		;
	if (fds[1].revents)
		return -EAGAIN;
	return fds[0].revents != 0;
}

/* Wait for as long as it takes, without the lock: others want the port meanwhile. */
static int wait_for_output(struct serial *serial)
{
	int ready = poll_output(serial, 0);

	while (!ready) {
		pthread_mutex_unlock(&serial->lock);
		ready = poll_output(serial, -1);
		pthread_mutex_lock(&serial->lock);
		/* Another VCPU may have been quicker. */
		if (ready > 0)
			ready = poll_output(serial, 0);
	}
	return ready;
}

/*
 * Nothing that the guest wrote is lost because its reader is slow. Who ends or
 * pauses the guest may come at any time, so we wait in poll() only, which sees
 * that.
 */
static int put_byte(struct serial *serial, uint8_t byte)
{
	while (!serial->output_waits || wait_for_output(serial) > 0) {
		if (write(serial->config.output, &byte, 1) == 1)
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return -EAGAIN;
}

static int transmit(struct serial *serial, uint8_t byte)
{
	int err = 0;

	if (serial->mcr & MCR_LOOP)
		put_received(serial, byte);
	else if (serial->config.output >= 0)
		err = put_byte(serial, byte);
	if (err != -EAGAIN)
		serial->transmitted = true;
	return err;
}

static int write_register(struct serial *serial, uint32_t offset, uint8_t value)
{
	if (serial->lcr & LCR_DIVISOR && offset <= REGISTER_IER) {
		serial->divisor[offset] = value;
		return 0;
	}
	switch (offset) {
	case REGISTER_DATA:
		return transmit(serial, value);
	case REGISTER_IER:
		/* Who begins to ask is told that it may transmit. */
		if (value & ~serial->ier & IER_TRANSMITTED)
			serial->transmitted = true;
		serial->ier = value & IER_MASK;
		break;
	case REGISTER_IIR:
		serial->fcr = value;
		if (value & FCR_CLEAR_INPUT) {
			if (serial->config.input >= 0 &&
			    serial->received_count == SERIAL_FIFO_SIZE)
				serial->config.ops->want_input(serial->config.context,
							serial->config.input);
			serial->received_count = 0;
		}
		break;
	case REGISTER_LCR:
		serial->lcr = value;
		break;
	case REGISTER_MCR:
		serial->mcr = value & MCR_MASK;
		break;
	case REGISTER_SCR:
		serial->scr = value;
		break;
	}
	return 0;
}

int serial_write(struct serial *serial, uint32_t offset, uint8_t value)
{
	int err;

	pthread_mutex_lock(&serial->lock);
	err = write_register(serial, offset % SERIAL_PORT_COUNT, value);
	update_irq(serial);
	pthread_mutex_unlock(&serial->lock);
	return err;
}

static bool is_readable(int input)
{
	struct pollfd fd = { .fd = input, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

/*
 * Somebody else may read the same input, and be faster than we: so we look first,
 * hold no lock, and can be kicked out of the wait that is left.
 */
static ssize_t read_input(struct serial *serial, uint8_t *bytes)
{
	uint32_t room;
	ssize_t count;

	pthread_mutex_lock(&serial->lock);
	room = SERIAL_FIFO_SIZE - serial->received_count;
	pthread_mutex_unlock(&serial->lock);
	if (!room || !is_readable(serial->config.input))
		return -EAGAIN;
	count = read(serial->config.input, bytes, room);
	return count < 0 ? -errno : count;
}

/* An input that is at its end, or broken, is never asked for again. */
static bool wants_input(const struct serial *serial, ssize_t last)
{
	return (last > 0 || last == -EAGAIN || last == -EINTR) &&
	       serial->received_count < SERIAL_FIFO_SIZE;
}

void serial_receive(struct serial *serial)
{
	uint8_t bytes[SERIAL_FIFO_SIZE];
	ssize_t count = read_input(serial, bytes);

	pthread_mutex_lock(&serial->lock);
	for (ssize_t i = 0; i < count; i++)
		put_received(serial, bytes[i]);
	if (wants_input(serial, count))
		serial->config.ops->want_input(serial->config.context,
					       serial->config.input);
	update_irq(serial);
	pthread_mutex_unlock(&serial->lock);
}
