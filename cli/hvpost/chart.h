/* SPDX-License-Identifier: MIT */
/* chart.h - a timeline as a picture: how long things took, and when they were. */
#ifndef CHART_H
#define CHART_H

#include <stdio.h>

#include "samples.h"
#include "timeline.h"

/* What programs call lanes and latencies. */
const char *chart_lane_key(enum timeline_lane lane);
const char *chart_latency_key(enum timeline_latency latency);

/* Draw as SVG. @timeline is sorted on the way. */
void chart_draw(FILE *out, struct timeline *timeline, const char *title);

#endif /* CHART_H */
