/* SPDX-License-Identifier: MIT */
/* error.h - one line for people about what failed. */
#ifndef VMM_ERROR_H
#define VMM_ERROR_H

/* Write @error, VMM_ERROR_SIZE bytes, and return @err. */
int vmm_fail(char *error, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* VMM_ERROR_H */
