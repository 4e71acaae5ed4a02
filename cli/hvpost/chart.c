// SPDX-License-Identifier: MIT
#include "chart.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "bins.h"
#include "scale.h"
#include "svg.h"

/* The picture, in its own units: about pixels */
#define WIDTH		920
#define LEFT		116.0	/* of both plots: lanes have names there */
#define RIGHT		(WIDTH - 28.0)
#define TITLE_Y		32.0
#define TITLE_MAX	84	/* bytes of it; for more there is no room */
#define CHARACTER	7.5	/* about what one of a mark's takes */
#define BAR_MIN		2.0	/* of the least that there is, to be seen */

#define LATENCY_HEADING	64.0
#define LATENCY_TOP	112.0	/* below its legend */
#define LATENCY_BOTTOM	272.0
#define TIMES_HEADING	346.0
#define TIMES_TOP	362.0
#define LANE_HEIGHT	44.0
#define LANE_GAP	10.0
#define FOOT		52.0	/* the last axis, and its words */

#define BINS_PER_DECADE	16u
#define TIME_BINS	194u	/* of about 4 units */
#define COUNT_MARKS	4u
#define TIME_MARKS	8u

static const struct {
	const char *key, *name;
	enum svg_ink ink;
} lanes[LANES] = {
	[LANE_POSTS] = { "posts", "posts", SVG_BLUE },
	[LANE_REFUSED] = { "refused", "refused", SVG_RED },
	[LANE_DELIVERED] = { "delivered", "delivered", SVG_ORANGE },
	[LANE_SLOTS] = { "slots", "slots", SVG_GREEN },
	[LANE_EOMS] = { "eoms", "EOMs", SVG_PURPLE },
	[LANE_LOST] = { "lost", "full, lost", SVG_RED },
};

/* The first as an area, the second as a line: not by colour alone. */
static const struct {
	const char *key, *name;
	enum svg_ink ink;
	bool is_line;
} latencies[LATENCIES] = {
	[LATENCY_POST] = { "post", "post", SVG_BLUE, false },
	[LATENCY_TRIP] = { "trip", "post to slot", SVG_ORANGE, true },
};

const char *chart_lane_key(enum timeline_lane lane)
{
	return lanes[lane].key;
}

const char *chart_latency_key(enum timeline_latency latency)
{
	return latencies[latency].key;
}

/* What is drawn, computed once. */
struct chart {
	FILE *out;
	const struct timeline *timeline;
	struct samples_summary summaries[LATENCIES];
};

static void draw_mark(FILE *out, double x, double y, const char *text)
{
	svg_line(out, SVG_FAINT, x, y, x, y + 5, NULL);
	if (x + (double)strlen(text) * CHARACTER / 2 < WIDTH)
		svg_text(out, SVG_FAINT, x, y + 19, SVG_MIDDLE, text);
	else
		svg_text(out, SVG_FAINT, WIDTH - 2, y + 19, SVG_END, text);
}

static void draw_counts(FILE *out, const struct scale *counts)
{
	double marks[SCALE_MARKS_MAX];
	size_t count = scale_marks(counts, COUNT_MARKS, marks);
	char text[32];

	for (size_t i = 0; i < count; i++) {
		double y = scale_place(counts, marks[i]);

		/* There are no halves of messages. */
		if (marks[i] > (double)(uint64_t)marks[i])
			continue;
		if (marks[i] > 0)
			svg_line(out, SVG_GREY, LEFT, y, RIGHT, y, NULL);
		scale_count_text(text, sizeof(text), (uint64_t)marks[i]);
		svg_text(out, SVG_FAINT, LEFT - 8, y + 4, SVG_END, text);
	}
}

/* 1. Latencies */

static bool find_range(const struct chart *chart, uint64_t *min, uint64_t *max)
{
	bool found = false;

	for (int i = 0; i < LATENCIES; i++) {
		if (!chart->timeline->latencies[i].count)
			continue;
		if (!found || chart->summaries[i].min < *min)
			*min = chart->summaries[i].min;
		if (!found || chart->summaries[i].max > *max)
			*max = chart->summaries[i].max;
		found = true;
	}
	return found;
}

static double bar_top(const struct scale *counts, size_t count)
{
	double top = scale_place(counts, (double)count);

	return count ? fmin(top, counts->start - BAR_MIN) : top;
}

/* The outline of @bins, from the first that has something to the last. */
static void draw_steps(FILE *out, enum svg_ink ink, bool is_area,
		       const struct bins *bins, const struct scale *places,
		       const struct scale *counts)
{
	const double width =
		(places->end - places->start) / (double)bins->count;
	size_t first = 0, end = bins->count;
	double x, y = counts->start;

	if (!bins->most)
		return;
	while (!bins->in[first])
		first++;
	while (!bins->in[end - 1])
		end--;
	svg_path_begin(out, ink, is_area);
	svg_path_point(out, places->start + (double)first * width, y);
	for (size_t i = first; i < end; i++) {
		/* On the way along what has one height there is no point. */
		if (i > first && bins->in[i] == bins->in[i - 1])
			continue;
		x = places->start + (double)i * width;
		svg_path_point(out, x, y);
		y = bar_top(counts, bins->in[i]);
		svg_path_point(out, x, y);
	}
	x = places->start + (double)end * width;
	svg_path_point(out, x, y);
	svg_path_point(out, x, counts->start);
	svg_path_end(out);
}

/* "post: 1,000, median 12.3 us, p99 45 us", and how that looks */
static void draw_latency_legend(const struct chart *chart, int which, double y)
{
	const struct samples_summary *summary = &chart->summaries[which];
	char text[160], count[32], median[32], p99[32];
	FILE *out = chart->out;

	if (latencies[which].is_line) {
		svg_path_begin(out, latencies[which].ink, false);
		svg_path_point(out, LEFT, y - 4);
		svg_path_point(out, LEFT + 16, y - 4);
		svg_path_end(out);
	} else {
		svg_rect(out, latencies[which].ink, LEFT, y - 10, 16, 12);
	}
	scale_count_text(count, sizeof(count),
			 chart->timeline->latencies[which].count);
	scale_time_text(median, sizeof(median), (double)summary->median);
	scale_time_text(p99, sizeof(p99), (double)summary->p99);
	snprintf(text, sizeof(text), "%s: %s, median %s, p99 %s",
		 latencies[which].name, count, median, p99);
	svg_text(out, SVG_TEXT, LEFT + 24, y, SVG_START, text);
}

static void draw_percentiles(FILE *out, enum svg_ink ink,
			     const struct samples_summary *summary,
			     const struct scale *places)
{
	double median = scale_place(places, (double)summary->median);
	double p99 = scale_place(places, (double)summary->p99);

	svg_line(out, ink, median, LATENCY_TOP, median, LATENCY_BOTTOM, "6 3");
	svg_line(out, ink, p99, LATENCY_TOP, p99, LATENCY_BOTTOM, "1 3");
}

static void draw_latency_axes(FILE *out, const struct scale *places,
			      const struct scale *counts)
{
	double marks[SCALE_MARKS_MAX];
	size_t count = scale_marks(places, 0, marks);
	char text[32];

	draw_counts(out, counts);
	svg_line(out, SVG_FAINT, LEFT, LATENCY_BOTTOM, RIGHT, LATENCY_BOTTOM,
		 NULL);
	for (size_t i = 0; i < count; i++) {
		scale_time_text(text, sizeof(text), marks[i]);
		draw_mark(out, scale_place(places, marks[i]), LATENCY_BOTTOM,
			  text);
	}
	svg_text(out, SVG_FAINT, (LEFT + RIGHT) / 2, LATENCY_BOTTOM + 38,
		 SVG_MIDDLE, "latency (logarithmic); long dashes: median, "
			     "short ones: p99");
	svg_text(out, SVG_FAINT, LEFT - 8, LATENCY_TOP - 12, SVG_END,
		 "messages");
}

static void draw_latencies(const struct chart *chart)
{
	const struct timeline *timeline = chart->timeline;
	static struct bins bins[LATENCIES];
	uint64_t min = 1, max = 1, most = 1;
	struct scale places, counts;
	double marks[SCALE_MARKS_MAX], legend = LATENCY_TOP - 30;
	size_t decades;

	svg_heading(chart->out, LEFT, LATENCY_HEADING, "How long it took");
	if (!find_range(chart, &min, &max)) {
		svg_text(chart->out, SVG_FAINT, LEFT, LATENCY_TOP, SVG_START,
			 "Nothing in this capture says how long it took.");
		return;
	}
	places = scale_log(min, max, LEFT, RIGHT);
	decades = scale_marks(&places, 0, marks) - 1;
	for (int i = 0; i < LATENCIES; i++) {
		bins_fill(&bins[i], BINS_PER_DECADE * decades, &places,
			  timeline->latencies[i].values,
			  timeline->latencies[i].count, 0);
		most = bins[i].most > most ? bins[i].most : most;
	}
	counts = scale_linear(0, (double)most, LATENCY_BOTTOM, LATENCY_TOP);
	draw_latency_axes(chart->out, &places, &counts);
	for (int i = 0; i < LATENCIES; i++) {
		if (!timeline->latencies[i].count)
			continue;
		draw_steps(chart->out, latencies[i].ink, !latencies[i].is_line,
			   &bins[i], &places, &counts);
		draw_percentiles(chart->out, latencies[i].ink,
				 &chart->summaries[i], &places);
		draw_latency_legend(chart, i, legend);
		legend += 18;
	}
}

/* 2. Times */

static int count_lanes(const struct timeline *timeline)
{
	int count = 0;

	for (int i = 0; i < LANES; i++)
		count += timeline->lanes[i].count > 0;
	return count;
}

static double lane_bottom(int place)
{
	return TIMES_TOP + (double)place * (LANE_HEIGHT + LANE_GAP) +
	       LANE_HEIGHT;
}

static void draw_lane(const struct chart *chart, enum timeline_lane lane,
		      double bottom, const struct bins *bins,
		      const struct scale *places, uint64_t most)
{
	const struct scale counts =
		scale_linear(0, (double)most, bottom, bottom - LANE_HEIGHT);
	char text[32];

	svg_line(chart->out, SVG_GREY, LEFT, bottom, RIGHT, bottom, NULL);
	draw_steps(chart->out, lanes[lane].ink, true, bins, places, &counts);
	svg_text(chart->out, SVG_TEXT, LEFT - 8, bottom - 18, SVG_END,
		 lanes[lane].name);
	scale_count_text(text, sizeof(text), chart->timeline->lanes[lane].count);
	svg_text(chart->out, SVG_FAINT, LEFT - 8, bottom - 3, SVG_END, text);
}

static void draw_time_axis(const struct chart *chart,
			   const struct scale *places, double y, uint64_t most)
{
	double marks[SCALE_MARKS_MAX];
	size_t count = scale_marks(places, TIME_MARKS, marks);
	char text[160], each[32], height[32];

	for (size_t i = 0; i < count; i++) {
		scale_time_text(text, sizeof(text), marks[i]);
		draw_mark(chart->out, scale_place(places, marks[i]), y,
			  marks[i] > 0 ? text : "0");
	}
	scale_time_text(each, sizeof(each), places->high / TIME_BINS);
	scale_count_text(height, sizeof(height), most);
	snprintf(text, sizeof(text),
		 "time since the first; a bar is %s, a lane's height %s of "
		 "them", each, height);
	svg_text(chart->out, SVG_FAINT, (LEFT + RIGHT) / 2, y + 38, SVG_MIDDLE,
		 text);
}

static void draw_times(const struct chart *chart)
{
	const struct timeline *timeline = chart->timeline;
	const struct scale places = scale_linear(
		0, (double)(timeline->last_ns - timeline->first_ns), LEFT, RIGHT);
	static struct bins bins[LANES];
	uint64_t most = 1;
	int place = 0;

	svg_heading(chart->out, LEFT, TIMES_HEADING, "When it was");
	for (int i = 0; i < LANES; i++) {
		bins_fill(&bins[i], TIME_BINS, &places,
			  timeline->lanes[i].values, timeline->lanes[i].count,
			  timeline->first_ns);
		most = bins[i].most > most ? bins[i].most : most;
	}
	for (int i = 0; i < LANES; i++)
		if (timeline->lanes[i].count)
			draw_lane(chart, (enum timeline_lane)i,
				  lane_bottom(place++), &bins[i], &places, most);
	draw_time_axis(chart, &places, lane_bottom(place - 1), most);
}

/* For those who do not see it */
static void describe(const struct chart *chart, char *text, size_t size)
{
	const struct timeline *timeline = chart->timeline;
	char time[32], p99[32];
	size_t at = 0;

	scale_time_text(time, sizeof(time),
			(double)(timeline->last_ns - timeline->first_ns));
	at += (size_t)snprintf(text, size, "Within %s:", time);
	for (int i = 0; i < LANES; i++)
		if (timeline->lanes[i].count)
			at += (size_t)snprintf(text + at, size - at, " %zu %s;",
					       timeline->lanes[i].count,
					       lanes[i].name);
	for (int i = 0; i < LATENCIES; i++) {
		if (!timeline->latencies[i].count)
			continue;
		scale_time_text(time, sizeof(time),
				(double)chart->summaries[i].median);
		scale_time_text(p99, sizeof(p99),
				(double)chart->summaries[i].p99);
		at += (size_t)snprintf(text + at, size - at,
				       " %s took %s in the median and %s or "
				       "less for 99 of 100;",
				       latencies[i].name, time, p99);
	}
	text[at - 1] = '.';
}

/* As much as there is room for, and no part of a character. */
static void draw_title(FILE *out, const char *title)
{
	size_t length = strlen(title);
	char text[TITLE_MAX + sizeof("\u2026")];

	if (length > TITLE_MAX) {
		length = TITLE_MAX - 1;
		while (length && (title[length] & 0xc0) == 0x80)
			length--;
		snprintf(text, sizeof(text), "%.*s\u2026", (int)length, title);
		title = text;
	}
	svg_heading(out, LEFT, TITLE_Y, title);
}

void chart_draw(FILE *out, struct timeline *timeline, const char *title)
{
	struct chart chart = { .out = out, .timeline = timeline };
	double bottom = lane_bottom(count_lanes(timeline) - 1);
	char description[800];

	for (int i = 0; i < LATENCIES; i++)
		chart.summaries[i] =
			samples_summarize(timeline->latencies[i].values,
					  timeline->latencies[i].count);
	describe(&chart, description, sizeof(description));
	svg_begin(out, WIDTH, (int)(bottom + FOOT), title, description);
	draw_title(out, title);
	draw_latencies(&chart);
	draw_times(&chart);
	svg_end(out);
}
