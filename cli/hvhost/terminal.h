/* SPDX-License-Identifier: MIT */
/* terminal.h - the terminal as the console of a guest. */
#ifndef TERMINAL_H
#define TERMINAL_H

/*
 * If standard input is a terminal: give each key to the guest as it is typed, and
 * have the guest echo it. Ctrl-C still ends hvhost.
 */
void terminal_take(void);

/* As it was before. */
void terminal_give_back(void);

#endif /* TERMINAL_H */
