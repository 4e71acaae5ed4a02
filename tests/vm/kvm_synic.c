// SPDX-License-Identifier: MIT
/*
 * Does this machine's KVM have a Hyper-V SynIC? That /dev/kvm exists says
 * little: many clouds offer one without the Hyper-V parts.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

int main(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		printf("/dev/kvm: %s\n", strerror(errno));
		return 1;
	}
	if (ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_HYPERV_SYNIC2) <= 0) {
		puts("/dev/kvm lacks KVM_CAP_HYPERV_SYNIC2");
		return 1;
	}
	puts("/dev/kvm has KVM_CAP_HYPERV_SYNIC2");
	return 0;
}
