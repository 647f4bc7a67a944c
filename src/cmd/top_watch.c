/* What evprof top takes is shown, again and again, as a screen with keys or as tables of text,
 * until it is left or what it watches has ended. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "record_reader.h"
#include "record_unwind.h"
#include "screen.h"
#include "signals.h"
#include "top.h"

#define TAKE_EVERY_MS 250 /* memory is taken in small portions */
enum {
	DEFAULT_ROWS = 20,
	ROWS_LIMIT = 9000,
	HEAD_LINES = 3,   /* above the rows of a screen */
	TEXT_WIDTH = 1000 /* lines are not cut to a terminal */
};

/* ---- the browser ----------------------------------------------------------------------------- */

static struct top *top_of(void *self)
{
	return (struct top *)((char *)self - offsetof(struct top, browse));
}

static void status(void *self, FILE *out)
{
	top_status(top_of(self), out);
}

static bool freeze(void *self)
{
	struct top *top = top_of(self);
	return top->frozen = !top->frozen;
}

static bool zero(void *self)
{
	struct top *top = top_of(self);
	return top->zeroes = !top->zeroes;
}

static int save(void *self, char said[256], struct ev_err *err)
{
	return top_save_begin(top_of(self), said, err);
}

static int open_browser(struct top *top, struct ev_err *err)
{
	struct ev_browse_source *source = &top->browse.source;
	struct ev_browse_options how = { .wishes = browse_wishes(&top->report),
					 .ascii = screen_is_ascii(),
					 .printed = top->options->batch };
	top->browse.on_screen = true; /* lines of progress have no place, nor in tables */
	source->title = "evprof top";
	source->status = status;
	source->freeze = freeze;
	source->zero = zero;
	source->save = save;
	top_refresh(top);
	int rc = ev_browser_open(&top->browser, source, &how, err);
	return rc || top->options->batch ? rc : screen_open(err);
}

static void draw(struct top *top, struct ev_screen *screen)
{
	size_t width, height;
	screen_size(&width, &height);
	ev_browser_draw(top->browser, screen, width, height);
	screen_show(screen);
}

/* ---- text ------------------------------------------------------------------------------------ */

/* The browser's screen without its foot, as lines. */
static void print_screen(struct top *top, struct ev_screen *screen)
{
	uint64_t asked = top->options->rows;
	size_t shown = asked && asked < ROWS_LIMIT ? (size_t)asked : DEFAULT_ROWS, last = 0;
	ev_browser_draw(top->browser, screen, TEXT_WIDTH, shown + HEAD_LINES + 1);
	for (size_t i = 0; i + 1 < screen->height; i++)
		if (screen->lines[i].columns)
			last = i + 1;
	for (size_t i = 0; i < last; i++) {
		struct ev_buffer line = { 0 };
		for (size_t r = 0; r < screen->lines[i].runs.count; r++) {
			const char *text = screen->lines[i].runs.items[r].text;
			ev_buffer_add(&line, text, strlen(text));
		}
		while (line.size_bytes && line.bytes[line.size_bytes - 1] == ' ')
			line.size_bytes--;
		ev_buffer_u8(&line, '\n');
		fwrite(line.bytes, 1, line.size_bytes, stdout);
		ev_buffer_done(&line);
	}
	putchar('\n');
	fflush(stdout);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void look_whether_over(struct top *top)
{
	struct record_run *run = &top->run;
	if (run->workload && !run->command_ended)
		run->command_ended =
			ev_workload_ended(run->workload, false, &run->status, NULL) > 0;
	top->over |= run->workload ? run->command_ended : ev_sampler_targets_gone(run->sampler);
}

/* False when it is time to leave. */
static bool press_keys(struct top *top)
{
	uint32_t key;
	bool stays = true;
	char said[TOP_SAID_BYTES];
	if (top_save_ended(top, false, said))
		ev_browser_tell(top->browser, "%s", said);
	while (stays && screen_key(&key))
		stays = ev_browser_press(top->browser, key);
	return stays;
}

static void wait_for_time(const struct top *top, uint64_t next_ns)
{
	uint64_t now_ns = ev_now_ns();
	uint64_t left_ms = next_ns > now_ns ? (next_ns - now_ns) / 1000000 + 1 : 0;
	int ms = top->over ? -1 : left_ms < TAKE_EVERY_MS ? (int)left_ms : TAKE_EVERY_MS;
	struct pollfd fd = { .fd = signals_fd(), .events = POLLIN };
	if (!top->options->batch)
		screen_wait(ms, signals_fd());
	else if (ms)
		poll(&fd, 1, ms);
	signals_clear();
}

/* What came since the last time is shown; false when that was the last table. */
static bool refresh(struct top *top, struct ev_screen *screen, uint64_t *refreshes,
		    struct ev_err *err, int *rc)
{
	bool changes = !top->frozen || !top->loaded.profile;
	top_refresh(top);
	if (changes)
		*rc = ev_browser_refresh(top->browser, err);
	if (top->options->batch && !*rc)
		print_screen(top, screen);
	++*refreshes;
	return !*rc && !(top->options->refreshes && *refreshes >= top->options->refreshes) &&
	       !(top->options->batch && (top->over || ferror(stdout)));
}

static int loop(struct top *top, struct ev_err *err)
{
	struct ev_screen screen = { 0 };
	uint64_t delay_ns = (uint64_t)(top->options->delay_s * 1e9);
	uint64_t next_ns = ev_now_ns() + delay_ns, refreshes = 0;
	bool goes_on = true;
	int rc = 0;
	while (goes_on && !rc) {
		if (!top->options->batch)
			draw(top, &screen);
		wait_for_time(top, next_ns);
		goes_on = !signals_stop() && (top->options->batch || press_keys(top));
		if (top->over || !goes_on)
			continue;
		/* First whether it is over: what it has left is taken behind that. */
		look_whether_over(top);
		rc = top_take(top, err);
		if (rc || (ev_now_ns() < next_ns && top->loaded.profile && !top->over))
			continue;
		goes_on = refresh(top, &screen, &refreshes, err, &rc);
		next_ns = ev_now_ns() + delay_ns;
	}
	ev_screen_done(&screen);
	return rc;
}

/* ---- from the beginning to the end ----------------------------------------------------------- */

/* A command shares the terminal with the browser: it gets neither keys nor screen. */
int top_begin(struct top *top, struct ev_err *err)
{
	bool hides = !top->options->batch && top->options->record.command;
	int kept[3] = { -1, -1, -1 };
	int nothing = hides ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
	fflush(stdout);
	for (int fd = 0; fd < 3 && nothing >= 0; fd++) {
		kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (kept[fd] >= 0)
			dup2(nothing, fd);
	}
	int rc = top_open(top, err);
	if (!rc && top->run.workload)
		rc = ev_workload_go(top->run.workload, err);
	for (int fd = 0; fd < 3; fd++) {
		if (kept[fd] < 0)
			continue;
		dup2(kept[fd], fd);
		close(kept[fd]);
	}
	if (nothing >= 0)
		close(nothing);
	return rc;
}

static void end_command(struct record_run *run)
{
	if (!run->workload || run->command_ended)
		return;
	ev_workload_signal(run->workload, signals_stop() == SIGINT ? SIGINT : SIGTERM);
	run->command_ended = ev_workload_ended(run->workload, true, &run->status, NULL) > 0;
}

/* One that goes on when the browser is left is waited for. */
static void tell_save(struct top *top)
{
	char said[TOP_SAID_BYTES];
	if (top->saving)
		fprintf(stderr, "[ evprof top: writing %s ]\n", top->run.options->output);
	if (top_save_ended(top, true, said))
		fprintf(stderr, "[ evprof top: %s ]\n", said);
}

int top_watch(struct top *top, struct ev_err *err)
{
	struct record_run *run = &top->run;
	int rc = 0;
	if (!run->options->command || run->target.kind != EV_TARGET_COMMAND)
		rc = ev_sampler_enable(run->sampler, err);
	top->reader =
		record_reader_open(run->sampler, run->unwind ? record_unwind_opened(run->unwind)
							     : &run->recording);
	if (!rc)
		rc = open_browser(top, err);
	if (!rc)
		rc = loop(top, err);
	screen_close();
	ev_browser_close(top->browser);
	tell_save(top);
	ev_sampler_disable(run->sampler, NULL);
	end_command(run);
	return rc;
}
