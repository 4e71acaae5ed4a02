// SPDX-License-Identifier: MIT
/*
 * second_kernel now|crash KERNEL INITRD COMMAND-LINE: have the running kernel start
 * another one in its place, at once, or when it crashes.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

int main(int argc, char **argv)
{
	const char *command_line;
	unsigned long flags;

	if (argc != 5)
		errx(1, "usage: second_kernel now|crash KERNEL INITRD COMMAND-LINE");
	flags = strcmp(argv[1], "crash") ? 0 : KEXEC_FILE_ON_CRASH;
	command_line = argv[4];
	if (syscall(SYS_kexec_file_load, open_file(argv[2]), open_file(argv[3]),
		    strlen(command_line) + 1, command_line, flags))
		err(1, "kexec_file_load");
	if (flags)
		return 0;
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_KEXEC, NULL);
	err(1, "reboot");
}
