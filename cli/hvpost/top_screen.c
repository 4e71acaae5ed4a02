// SPDX-License-Identifier: MIT
#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "failure.h"
#include "stop.h"
#include "top.h"

/* How long a key may wait for us, and a signal */
#define LOOK_MS 100

static int refuse_terminal(struct failure *failure, const char *why)
{
	*failure = failure_of_usage("%s", why);
	failure->code = "no-terminal";
	failure->hint = "--once prints the same once, as text, or with --json";
	return failure->exit;
}

/* For a change of size that came before curses listened to its signal. */
static void fit(void)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row &&
	    size.ws_col && is_term_resized(size.ws_row, size.ws_col))
		resize_term(size.ws_row, size.ws_col);
}

/* Lines that are too long, or too many, end at the screen's edge. */
static void draw(const struct top_source *source,
		 const struct top_sample *before, const struct top_sample *now)
{
	char *text = NULL, *line, *rest;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	top_print(out, source->title, before, now);
	fclose(out);
	fit();
	erase();
	rest = text;
	for (int y = 0; rest && y < LINES - 1; y++) {
		line = strsep(&rest, "\n");
		/* Heads are in capitals, and the first line is one. */
		attrset(!y || (line[0] >= 'A' && line[0] <= 'Z' &&
			       line[1] >= 'A' && line[1] <= 'Z') ? A_BOLD :
								   A_NORMAL);
		mvaddnstr(y, 0, line, COLS);
	}
	attrset(A_NORMAL);
	mvaddnstr(LINES - 1, 0, "q: quit", COLS);
	refresh();
	free(text);
}

/* Return false: it is over. */
static bool await_next(const struct top_source *source,
		       const struct top_sample *before,
		       const struct top_sample *now)
{
	uint64_t deadline_ns = hvpost_deadline_in_ms(source->interval_ms);

	do {
		int key = getch();

		if (key == 'q' || key == 'Q' ||
		    stop_or_sleep_until(0) == -EINTR)
			return false;
		if (key == KEY_RESIZE)
			draw(source, before, now);
	} while (now_ns() < deadline_ns);
	return true;
}

static int show(const struct top_source *source, struct failure *failure)
{
	static struct top_sample samples[2];
	struct top_sample *before = NULL, *now = samples;
	int status;

	while (!(status = top_take(source, now, failure))) {
		draw(source, before, now);
		if (!await_next(source, before, now))
			break;
		before = now;
		now = &samples[now == samples];
	}
	return status && failure->error == -EINTR ? EXIT_DONE : status;
}

int top_show(const struct top_source *source, struct failure *failure)
{
	SCREEN *terminal;
	int status;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return refuse_terminal(failure, "standard input or output is no "
						"terminal");
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return refuse_terminal(failure, "this terminal's type, $TERM, "
						"is not known");
	stop_on_signals();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	timeout(LOOK_MS);
	status = show(source, failure);
	endwin();
	delscreen(terminal);
	return status;
}
