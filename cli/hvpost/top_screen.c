// SPDX-License-Identifier: MIT
#include <curses.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "failure.h"
#include "stop.h"
#include "top.h"

/* How long a key may wait for us, and a signal */
#define LOOK_MS 100
#define NS_PER_MS 1000000u

/* After so long it is worth a word that a host does not answer. */
#define SILENCE_MS 1000

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

/* What is on the screen: two samples, or NULLs, and a line at its foot. */
struct picture {
	const struct top_source *source;
	const struct top_sample *before, *now;
	char foot[sizeof(((struct failure *)NULL)->text) + 40];
};

static void print(FILE *out, const struct picture *picture)
{
	if (picture->now)
		top_print(out, picture->source->title, picture->before,
			  picture->now);
	else
		fprintf(out, "%s\n", picture->source->title);
}

/* Lines that are too long, or too many, end at the screen's edge. */
static void draw(const struct picture *picture)
{
	char *text = NULL, *line, *rest;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	print(out, picture);
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
	mvaddnstr(LINES - 1, 0, picture->foot, COLS);
	refresh();
	free(text);
}

/* It hung up: no key comes any more, and who ignores SIGHUP hears of it nowhere else. */
static bool terminal_is_gone(void)
{
	struct pollfd in = { .fd = STDIN_FILENO };

	return poll(&in, 1, 0) > 0 && in.revents & (POLLHUP | POLLERR);
}

/* Return false: it is over. */
static bool look_at_keys(const struct picture *picture, uint64_t deadline_ns)
{
	do {
		int key = getch();

		if (key == 'q' || key == 'Q' ||
		    stop_or_sleep_until(0) == -EINTR || terminal_is_gone())
			return false;
		if (key == KEY_RESIZE)
			draw(picture);
	} while (now_ns() < deadline_ns);
	return true;
}

/* A host that was asked at @since_ns has not answered. */
static void draw_silence(struct picture *picture, uint64_t since_ns,
			 const struct failure *failure)
{
	uint64_t silent_ms = (now_ns() - since_ns) / NS_PER_MS;

	if (silent_ms < SILENCE_MS)
		return;
	snprintf(picture->foot, sizeof(picture->foot),
		 "q: quit   %s: %" PRIu64 " s", failure->text, silent_ms / 1000);
	draw(picture);
}

/* Return as top_take_host(); -ETIMEDOUT: 'q' was pressed before it answered. */
static int take(struct picture *picture, struct top_sample *sample,
		struct failure *failure)
{
	const uint64_t since_ns = now_ns();
	int status;

	while ((status = top_take(picture->source, sample, failure)) &&
	       failure->error == -ETIMEDOUT) {
		draw_silence(picture, since_ns, failure);
		if (!look_at_keys(picture, 0))
			break;
	}
	return status;
}

static int show(const struct top_source *source, struct failure *failure)
{
	/* Two are on the screen while the next one is taken. */
	static struct top_sample samples[3];
	struct picture picture = { .source = source };
	struct top_sample *sample = samples;
	unsigned int taken = 0;
	int status;

	while (!(status = take(&picture, sample, failure))) {
		picture.before = picture.now;
		picture.now = sample;
		snprintf(picture.foot, sizeof(picture.foot), "q: quit");
		draw(&picture);
		if (!look_at_keys(&picture,
				  hvpost_deadline_in_ms(source->interval_ms)))
			break;
		sample = &samples[++taken % 3];
	}
	if (status && (failure->error == -EINTR || failure->error == -ETIMEDOUT))
		return EXIT_DONE;
	return status;
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
	if (source->host)
		source->host->patience_ms = LOOK_MS;
	status = show(source, failure);
	endwin();
	delscreen(terminal);
	return status;
}
