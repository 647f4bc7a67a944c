/* A terminal: shows the screens of a browser, and tells which key was pressed. */
#ifndef CMD_SCREEN_H
#define CMD_SCREEN_H

#include <evprof/view_browse.h>

/* Why no browser can be shown here, or NULL: it is not built in, input or output is no terminal, or
 * the terminal is none to move on. */
const char *screen_absence(void);
/* Does text that goes there have colours? Not where it is no terminal or a dumb one, nor where
 * NO_COLOR says so: https://no-color.org. */
bool screen_colours(int fd);
/* --stdio-color always|never|auto (NULL: auto) for text that goes there; -EINVAL with a sentence.
 */
int screen_colours_wanted(const char *when, int fd, bool *colours, struct ev_err *err);
/* Takes over the terminal, and gives it back. One at a time. -ENOTTY with a sentence. */
int screen_open(struct ev_err *err);
void screen_close(void);
/* The terminal belongs to who prints lines, until the next screen_show. */
void screen_leave(void);
void screen_size(size_t *width, size_t *height);
void screen_show(const struct ev_screen *screen);
/* Does it show ASCII only? */
bool screen_is_ascii(void);
/* A key that was pressed: 1; 0 when there is none, or when the size has changed. Does not wait. */
int screen_key(uint32_t *key);
/* Until a key is pressed, the size changes, a descriptor (-1: none) can be read, or the time (ms,
 * -1: none) is over. */
void screen_wait(int timeout_ms, int extra_fd);
/* Keys go to the browser and its screens to the terminal until its person leaves. */
void screen_run(struct ev_browser *browser);

#endif
