/* SPDX-License-Identifier: MIT */
/*
 * svg.h - as much of SVG as a chart needs. Colours are by class, so that a picture
 * follows its reader's choice of light or dark; text is text, which screen readers
 * read and people copy.
 */
#ifndef SVG_H
#define SVG_H

#include <stdbool.h>
#include <stdio.h>

/* What things are painted as; each has a colour on light and one on dark. */
enum svg_ink {
	SVG_TEXT,
	SVG_FAINT,	/* axes, grid, words that matter less */
	SVG_BLUE,
	SVG_ORANGE,
	SVG_RED,
	SVG_GREEN,
	SVG_PURPLE,
	SVG_GREY,
	SVG_INKS
};

enum svg_anchor {
	SVG_START,
	SVG_MIDDLE,
	SVG_END
};

/* @description is for those who do not see the picture. */
void svg_begin(FILE *out, int width, int height, const char *title,
	       const char *description);
void svg_end(FILE *out);

void svg_rect(FILE *out, enum svg_ink ink, double x, double y, double width,
	      double height);
/* @dashes: as in stroke-dasharray, or NULL. */
void svg_line(FILE *out, enum svg_ink ink, double x1, double y1, double x2,
	      double y2, const char *dashes);
void svg_text(FILE *out, enum svg_ink ink, double x, double y,
	      enum svg_anchor anchor, const char *text);
void svg_heading(FILE *out, double x, double y, const char *text);

/* A line along points, or the area below them; begin, add points, end. */
void svg_path_begin(FILE *out, enum svg_ink ink, bool is_area);
void svg_path_point(FILE *out, double x, double y);
void svg_path_end(FILE *out);

#endif /* SVG_H */
