/* Screens of styled text on a terminal, by ncurses. */
#if EV_HAVE_NCURSES
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <term.h>
#undef lines /* terminfo's words for capabilities are names of ours */
#undef columns
#endif
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "screen.h"

bool screen_is_ascii(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

/* Set to nothing, it is as if it were not there. */
static bool wants_no_colour(void)
{
	const char *plain = getenv("NO_COLOR");
	return plain && *plain;
}

bool screen_colours(int fd)
{
	const char *name = getenv("TERM");
	return isatty(fd) && !wants_no_colour() && name && *name && strcmp(name, "dumb") != 0;
}

int screen_colours_wanted(const char *when, int fd, bool *colours, struct ev_err *err)
{
	*colours = when && !strcmp(when, "always");
	if (when && !strcmp(when, "auto"))
		when = NULL;
	if (when && !*colours && strcmp(when, "never"))
		return ev_fail(err, EINVAL, "--stdio-color is always, never or auto, not '%s'",
			       when);
	if (!when)
		*colours = screen_colours(fd);
	return 0;
}

static bool gone;            /* the terminal is */
static bool heeds_size;      /* changes of it are held back but while keys are waited for */
static sigset_t mask_before; /* what else is */

void screen_wait(int timeout_ms, int extra_fd)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				{ .fd = extra_fd, .events = POLLIN } };
	struct timespec timeout = { .tv_sec = timeout_ms / 1000,
				    .tv_nsec = timeout_ms % 1000 * 1000000L };
	/* A signal ends it too: the size may change. It comes nowhere but here, see screen_open. */
	int ready = ppoll(fds, extra_fd < 0 ? 1 : 2, timeout_ms < 0 ? NULL : &timeout,
			  heeds_size ? &mask_before : NULL);
	gone |= ready > 0 && fds[0].revents & (POLLHUP | POLLERR | POLLNVAL);
}

#if EV_HAVE_NCURSES

enum { ESCAPE_MS = 25, CONTROL_C = 3, CONTROL_Z = 26, ESCAPE = 27, DELETE = 127 };

static SCREEN *terminal;
static int attributes[EV_STYLE_COUNT];

const char *screen_absence(void)
{
	const char *name = getenv("TERM");
	int status;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return "input or output is no terminal";
	if (!name || !*name || !strcmp(name, "dumb"))
		return "the terminal is dumb (TERM)";
	if (setupterm(NULL, STDOUT_FILENO, &status) != OK)
		return "nothing is known of this terminal (TERM)";
	bool moves = cursor_address && *cursor_address;
	del_curterm(cur_term);
	return moves ? NULL : "the cursor of this terminal can't be moved (TERM)";
}

static void choose_attributes(void)
{
	bool colour = has_colors() && !wants_no_colour();
	attributes[EV_STYLE_BAR] = A_REVERSE;
	attributes[EV_STYLE_HEAD] = A_BOLD;
	attributes[EV_STYLE_DIM] = A_DIM;
	attributes[EV_STYLE_HOT] = A_BOLD;
	attributes[EV_STYLE_WARM] = A_NORMAL;
	if (!colour || start_color() == ERR)
		return;
	use_default_colors();
	init_pair(1, COLOR_RED, -1);
	init_pair(2, COLOR_GREEN, -1);
	attributes[EV_STYLE_HOT] = COLOR_PAIR(1);
	attributes[EV_STYLE_WARM] = COLOR_PAIR(2);
}

int screen_open(struct ev_err *err)
{
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return ev_fail(err, ENOTTY, "this terminal can't be used; --stdio prints text");
	set_escdelay(ESCAPE_MS);
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	choose_attributes();
	/* One that came between a screen and the wait for a key would be seen with that key. */
	sigset_t size;
	sigemptyset(&size);
	sigaddset(&size, SIGWINCH);
	heeds_size = !pthread_sigmask(SIG_BLOCK, &size, &mask_before);
	return 0;
}

void screen_leave(void)
{
	if (terminal)
		endwin();
}

void screen_close(void)
{
	if (!terminal)
		return;
	endwin();
	delscreen(terminal);
	terminal = NULL;
	if (heeds_size)
		pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
	heeds_size = false;
}

void screen_size(size_t *width, size_t *height)
{
	int y, x;
	getmaxyx(stdscr, y, x);
	*width = x > 0 ? (size_t)x : 0;
	*height = y > 0 ? (size_t)y : 0;
}

void screen_show(const struct ev_screen *screen)
{
	erase();
	for (size_t i = 0; i < screen->height; i++) {
		const struct ev_screen_line *line = &screen->lines[i];
		move((int)i, 0);
		for (size_t r = 0; r < line->runs.count; r++) {
			const struct ev_run *run = &line->runs.items[r];
			attrset(attributes[run->style] | (run->selected ? A_REVERSE : 0));
			addstr(run->text);
		}
	}
	attrset(A_NORMAL);
	curs_set(screen->has_cursor);
	if (screen->has_cursor)
		move((int)screen->cursor_line, (int)screen->cursor_column);
	refresh();
}

static uint32_t special(wint_t code)
{
	static const struct {
		wint_t code;
		uint32_t key;
	} keys[] = {
		{ KEY_UP, EV_PRESS_UP },         { KEY_DOWN, EV_PRESS_DOWN },
		{ KEY_LEFT, EV_PRESS_LEFT },     { KEY_RIGHT, EV_PRESS_RIGHT },
		{ KEY_PPAGE, EV_PRESS_PAGE_UP }, { KEY_NPAGE, EV_PRESS_PAGE_DOWN },
		{ KEY_HOME, EV_PRESS_HOME },     { KEY_END, EV_PRESS_END },
		{ KEY_ENTER, EV_PRESS_ENTER },   { KEY_BACKSPACE, EV_PRESS_BACKSPACE },
		{ KEY_BTAB, EV_PRESS_BACK_TAB }, { KEY_F(1), '?' },
	};
	for (size_t i = 0; i < EV_LENGTH(keys); i++)
		if (keys[i].code == code)
			return keys[i].key;
	return 0;
}

static uint32_t character(wint_t code)
{
	switch (code) {
	case '\r':
	case '\n':
		return EV_PRESS_ENTER;
	case '\t':
		return EV_PRESS_TAB;
	case '\b':
	case DELETE:
		return EV_PRESS_BACKSPACE;
	case ESCAPE:
		return EV_PRESS_ESCAPE;
	case CONTROL_C:
		return EV_PRESS_INTERRUPT;
	default:
		return (uint32_t)code;
	}
}

int screen_key(uint32_t *key)
{
	wint_t code;
	for (int got; (got = get_wch(&code)) != ERR;) {
		if (got != KEY_CODE_YES && code == CONTROL_Z) {
			endwin();
			kill(0, SIGTSTP);
			continue;
		}
		*key = got == KEY_CODE_YES ? special(code) : character(code);
		if (*key)
			return 1;
	}
	*key = EV_PRESS_INTERRUPT;
	return gone;
}

#else

const char *screen_absence(void)
{
	return "it is not built in (" EV_NCURSES_WHY ")";
}

int screen_open(struct ev_err *err)
{
	return ev_fail(err, ENOTSUP, "%s", screen_absence());
}

void screen_leave(void)
{
}

void screen_close(void)
{
}

void screen_size(size_t *width, size_t *height)
{
	*width = *height = 0;
}

void screen_show(const struct ev_screen *screen)
{
	(void)screen;
}

int screen_key(uint32_t *key)
{
	*key = 0;
	return 0;
}

#endif

static void show(struct ev_browser *browser, struct ev_screen *screen)
{
	size_t width, height;
	screen_size(&width, &height);
	ev_browser_draw(browser, screen, width, height);
	screen_show(screen);
}

void screen_run(struct ev_browser *browser)
{
	struct ev_screen screen = { 0 };
	bool stays = true;
	while (stays) {
		uint32_t key;
		show(browser, &screen);
		screen_wait(-1, -1);
		/* All that was typed meanwhile, then one screen. */
		while (stays && screen_key(&key))
			stays = ev_browser_press(browser, key);
	}
	ev_screen_done(&screen);
}
