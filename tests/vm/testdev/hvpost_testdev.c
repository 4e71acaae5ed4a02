// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drives QEMU's hyperv-testdev for the VM scenarios: a number written to
 * /sys/module/hvpost_testdev/parameters/command goes to the device's I/O port.
 *
 * A module and not ioperm() in a program: the device takes 32-bit writes only,
 * which /dev/port does not make, and an emulated processor that emulates SVM
 * refuses a nested guest's user space every port.
 */
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/module.h>

#define TESTDEV_PORT 0x3000

static int set_command(const char *text, const struct kernel_param *param)
{
	u32 command;
	int err = kstrtou32(text, 0, &command);

	if (!err)
		outl(command, TESTDEV_PORT);
	return err;
}

static const struct kernel_param_ops command_ops = {
	.set = set_command,
};

module_param_cb(command, &command_ops, NULL, 0200);
MODULE_PARM_DESC(command, "word for the device's port");

static int __init testdev_init(void)
{
	return 0;
}

static void __exit testdev_exit(void)
{
}

module_init(testdev_init);
module_exit(testdev_exit);

MODULE_DESCRIPTION("Drive QEMU's hyperv-testdev");
MODULE_LICENSE("GPL");
