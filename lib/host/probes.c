// SPDX-License-Identifier: MIT
#include "probes.h"

#define DEFINE_SEMAPHORE(name) \
	__attribute__((section(".probes"))) \
	volatile unsigned short hvhost_##name##_semaphore;
HVHOST_PROBES(DEFINE_SEMAPHORE)
