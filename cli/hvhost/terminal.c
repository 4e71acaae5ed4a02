// SPDX-License-Identifier: MIT
#include "terminal.h"

#include <stdbool.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static bool taken;

void terminal_take(void)
{
	struct termios now;

	if (taken || tcgetattr(STDIN_FILENO, &before))
		return;
	now = before;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	now.c_iflag &= ~(tcflag_t)ICRNL;
	taken = !tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

void terminal_give_back(void)
{
	if (taken)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	taken = false;
}
