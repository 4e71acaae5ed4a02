// SPDX-License-Identifier: MIT
#include "svg.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "utf8.h"

static const struct {
	const char *name, *on_light, *on_dark;
} inks[SVG_INKS] = {
	[SVG_TEXT] = { "text", "#1f2328", "#e6edf3" },
	[SVG_FAINT] = { "faint", "#59636e", "#9198a1" },
	[SVG_BLUE] = { "blue", "#0969da", "#4493f8" },
	[SVG_ORANGE] = { "orange", "#bc4c00", "#f0883e" },
	[SVG_RED] = { "red", "#cf222e", "#ff7b72" },
	[SVG_GREEN] = { "green", "#1a7f37", "#3fb950" },
	[SVG_PURPLE] = { "purple", "#8250df", "#ab7df8" },
	[SVG_GREY] = { "grey", "#d1d9e0", "#3d444d" },
};

#define PAPER_LIGHT	"#ffffff"
#define PAPER_DARK	"#0d1117"

/* A name may have bytes of any kind; a picture with them would be none. */
static void print_escaped(FILE *out, const char *text)
{
	size_t size;

	for (; *text; text += size ? size : 1) {
		size = utf8_size(text);
		if (size != 1) {
			fprintf(out, "%.*s", (int)(size ? size : strlen(UTF8_REPLACEMENT)),
				size ? text : UTF8_REPLACEMENT);
			continue;
		}
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			/* XML has no way to say a control character. */
			fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
		}
	}
}

static void print_inks(FILE *out, bool dark)
{
	fprintf(out, ".paper{color:%s}", dark ? PAPER_DARK : PAPER_LIGHT);
	for (int i = 0; i < SVG_INKS; i++)
		fprintf(out, ".%s{color:%s}", inks[i].name,
			dark ? inks[i].on_dark : inks[i].on_light);
}

void svg_begin(FILE *out, int width, int height, const char *title,
	       const char *description)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-labelledby=\"title description\">\n<title id=\"title\">",
		width, height, width, height);
	print_escaped(out, title);
	fputs("</title>\n<desc id=\"description\">", out);
	print_escaped(out, description);
	fputs("</desc>\n<style>\n", out);
	print_inks(out, false);
	fputs("\n@media(prefers-color-scheme:dark){", out);
	print_inks(out, true);
	fputs("}\ntext,rect,.area{fill:currentColor}"
	      "line,.steps{stroke:currentColor;fill:none}"
	      ".steps{stroke-width:2}.area{fill-opacity:.7}"
	      "text{font:13px system-ui,'DejaVu Sans',sans-serif}"
	      ".heading{font-size:15px;font-weight:600}\n</style>\n", out);
	fprintf(out, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n",
		width, height);
}

void svg_end(FILE *out)
{
	fputs("</svg>\n", out);
}

void svg_rect(FILE *out, enum svg_ink ink, double x, double y, double width,
	      double height)
{
	fprintf(out,
		"<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		"height=\"%.1f\"/>\n",
		inks[ink].name, x, y, width, height);
}

void svg_line(FILE *out, enum svg_ink ink, double x1, double y1, double x2,
	      double y2, const char *dashes)
{
	fprintf(out,
		"<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
		"y2=\"%.1f\"",
		inks[ink].name, x1, y1, x2, y2);
	if (dashes)
		fprintf(out, " stroke-dasharray=\"%s\"", dashes);
	fputs("/>\n", out);
}

static void print_text(FILE *out, const char *classes, double x, double y,
		       enum svg_anchor anchor, const char *text)
{
	static const char *const anchors[] = {
		[SVG_START] = "start", [SVG_MIDDLE] = "middle", [SVG_END] = "end",
	};

	fprintf(out,
		"<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" "
		"text-anchor=\"%s\">",
		classes, x, y, anchors[anchor]);
	print_escaped(out, text);
	fputs("</text>\n", out);
}

void svg_text(FILE *out, enum svg_ink ink, double x, double y,
	      enum svg_anchor anchor, const char *text)
{
	print_text(out, inks[ink].name, x, y, anchor, text);
}

void svg_heading(FILE *out, double x, double y, const char *text)
{
	print_text(out, "text heading", x, y, SVG_START, text);
}

void svg_path_begin(FILE *out, enum svg_ink ink, bool is_area)
{
	/* The first point is moved to; lines lead to those behind it. */
	fprintf(out, "<path class=\"%s %s\" d=\"M", inks[ink].name,
		is_area ? "area" : "steps");
}

void svg_path_point(FILE *out, double x, double y)
{
	fprintf(out, " %.1f %.1f", x, y);
}

void svg_path_end(FILE *out)
{
	fputs("\"/>\n", out);
}
