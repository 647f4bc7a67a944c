/* Ctrl-C, SIGTERM and the end of a child, as something a loop can wait for. */
#ifndef CMD_SIGNALS_H
#define CMD_SIGNALS_H

#include <stdbool.h>

/* Begin to watch SIGINT, SIGTERM, SIGHUP and SIGCHLD. Once per process. */
void signals_watch(void);
/* Readable when one of them came; signals_clear empties it. */
int signals_fd(void);
void signals_clear(void);
/* From now on SIGUSR2 is a wish of the user's, and not the end. */
void signals_watch_wish(void);
/* Did it come since the last time that this was asked? */
bool signals_take_wish(void);
/* The signal that asked to stop, 0 while none did. */
int signals_stop(void);
/* Ctrl-C at this terminal reaches the commands that were started too: how one takes it is its own
 * business. */
bool signals_share_terminal(void);

#endif
