// SPDX-License-Identifier: MIT
/*
 * Freeze all devices as for hibernation, and thaw them again without having slept:
 * their drivers take leave of their hosts, and come back.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/suspend_ioctls.h>

static void must(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

int main(void)
{
	int in_suspend = 0, snapshot = open("/dev/snapshot", O_RDONLY);

	must(snapshot, "/dev/snapshot");
	must(ioctl(snapshot, SNAPSHOT_FREEZE), "freeze processes");
	/* They are thawed when it closes, should this fail. */
	must(ioctl(snapshot, SNAPSHOT_CREATE_IMAGE, &in_suspend),
	     "freeze devices and thaw them");
	must(ioctl(snapshot, SNAPSHOT_UNFREEZE), "thaw processes");
	return 0;
}
