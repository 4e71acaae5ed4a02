// SPDX-License-Identifier: MIT
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

#include "vmm.h"

int vmm_fail(char *error, int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, VMM_ERROR_SIZE, format, arguments);
	va_end(arguments);
	return err;
}
