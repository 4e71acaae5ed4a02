/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The version, in its one place: driver, library, tool and packages read it. */
#ifndef HVPOST_VERSION_H
#define HVPOST_VERSION_H

#define HVPOST_VERSION "0.1.0"

#endif /* HVPOST_VERSION_H */
