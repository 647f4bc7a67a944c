/* evprof top: events of what runs now, by function, as they happen. The walk: open, then again and
 * again take what the rings have, fade what is old, name, show. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cache_folder.h"
#include "record_reader.h"
#include "record_unwind.h"
#include "screen.h"
#include "signals.h"
#include "top.h"
#include "verbs.h"

#define DEFAULT_DELAY_S 2 /* perf's */
#define TAKE_EVERY_MS 250 /* memory is taken in small portions */
#define CHAIN_LIMIT 0.5   /* percent */
enum {
	DEFAULT_ROWS = 20,
	ROWS_LIMIT = 9000,
	HEAD_LINES = 3,   /* above the rows of a screen */
	TEXT_WIDTH = 1000 /* lines are not cut to a terminal */
};

static int parse_call_graph(void *into, const char *value, struct ev_err *err)
{
	struct top_options *options = into;
	static const struct {
		const char *name;
		enum record_chains chains;
	} ways[] = {
		{ "fp", RECORD_CHAINS_FP },     { "dwarf", RECORD_CHAINS_DWARF },
		{ "lbr", RECORD_CHAINS_LBR },   { "no", RECORD_CHAINS_NONE },
		{ "none", RECORD_CHAINS_NONE },
	};
	for (size_t i = 0; i < EV_LENGTH(ways); i++) {
		if (strcmp(value ? value : "no", ways[i].name))
			continue;
		options->record.chains = ways[i].chains;
		return 0;
	}
	return ev_fail(err, EINVAL,
		       "--call-graph takes fp (frame pointers), dwarf (copies of the stack), lbr "
		       "(the processor's record of calls) or no here, not '%s'",
		       value);
}

static int parse_python(void *into, const char *value, struct ev_err *err)
{
	return record_python_parse(&((struct top_options *)into)->record, value, err);
}

static int parse_chains(void *into, const char *value, struct ev_err *err)
{
	(void)value;
	return parse_call_graph(into, "fp", err);
}

/* clang-format off */
#define ROW(letter, name, value, kind, field, help)                                                 \
	OPTION(letter, name, value, kind, struct top_options, field, help)

static const struct option_row rows[] = {
	OPTION_GROUP("What to sample"),
	EVENT_ROWS(struct top_options, record.events),
	ROW('F', "freq", "HZ|max", TEXT, record.frequency, "samples per second, adapted by the kernel (4000)"),
	ROW('c', "count", "N", U64, record.period_events, "one sample every N events"),
	OPTION_TO('g', "call-chains", NULL, parse_chains, "call chains, by frame pointers"),
	{ .name = "call-graph", .value = "fp|dwarf|lbr|no", .kind = OPTION_CALL, .parse = parse_call_graph,
	  .negatable = true, .help = "how call chains are followed: by frame pointers (fp), by copies of the stack and unwind tables (dwarf), by the processor's record of calls (lbr)" },
	{ .name = "python", .value = "HOW", .kind = OPTION_CALL, .parse = parse_python,
	  .help = "functions of Python programs in place of the interpreter's: merged, agent (in the command itself), off (auto: where what is watched is Python)" },
	OPTION_GROUP("Whom"),
	TARGET_ROWS(struct top_options, record.target),
	OPTION_GROUP("What is shown"),
	ROW('s', "sort", "KEY[,KEY]", TEXT, sort, "as after evprof report -s (comm,dso,sym)"),
	ROW('n', "show-nr-samples", NULL, FLAG, show_samples, "a column with the samples"),
	ROW('E', "entries", "N", U64, rows, "rows of the table as text (20)"),
	ROW(0, "percent-limit", "PERCENT", REAL, percent_limit, "leave out smaller rows"),
	ROW('K', "hide_kernel_symbols", NULL, FLAG, hide_kernel, "leave out the kernel's functions"),
	ROW('U', "hide_user_symbols", NULL, FLAG, hide_user, "leave out those of user space"),
	OPTION_GROUP("When"),
	ROW('d', "delay", "SECONDS", REAL, delay_s, "between refreshes (2)"),
	ROW('z', "zero", NULL, FLAG, zero, "begin anew with each refresh; else what is older counts less"),
	ROW(0, "refreshes", "N", U64, refreshes, "leave after so many"),
	OPTION_GROUP("Output"),
	ROW(0, "batch", NULL, FLAG, batch, "tables of text, one after another; so it is without a terminal"),
	ROW(0, "stdio", NULL, FLAG, stdio, "the same"),
	ROW('o', "output", "FILE", TEXT, record.output, "where the key w writes a recording (perf.data)"),
	{ 0 },
};
/* clang-format on */

static const struct example examples[] = {
	{ "evprof top", "the whole machine (as root)" },
	{ "evprof top -g -p 1234", "a process, with its call chains" },
	{ "evprof top python3 sorts.py", "a Python program: its own functions" },
	{ "evprof top -u www-data -e page-faults", "page faults of a user's processes" },
	{ "evprof top -d 0.5 -z ./server", "a command; each half second by itself" },
	{ "evprof top --batch --refreshes 3 -E 10 -a", "three tables of text" },
	{ NULL, NULL },
};

/* ---- what the options mean
 * ----------------------------------------------------------------------- */

static bool names_target(const struct target_options *target)
{
	return target->pids || target->tids || target->user || target->cpus || target->system_wide;
}

/* Without a target the whole machine; for who may not watch it, what is one's own. */
static void choose_target(struct top *top, struct top_options *options, struct ev_arena *arena)
{
	struct target_options *target = &options->record.target;
	if (names_target(target) || options->record.command)
		return;
	if (geteuid()) {
		target->user = ev_arena_printf(arena, "%u", (unsigned)geteuid());
		ev_recording_add_note(&top->run.recording, "fallback",
				      "your own processes only: the whole machine takes root");
	} else {
		target->system_wide = true;
	}
}

static int plan(struct top *top, struct ev_err *err)
{
	const struct top_options *options = top->options;
	struct report_options *report = &top->report;
	bool chains = options->record.chains != RECORD_CHAINS_NONE;
	*report = (struct report_options){
		.input = "evprof top",
		.sort = options->sort,
		.children = chains ? 2 : 0,
		.demangle = true,
		.group = 1, /* inlined functions are not looked for: that takes long */
		.view = { .chain_limit = CHAIN_LIMIT,
			  .chains = chains ? EV_CHAIN_GRAPH : EV_CHAIN_NONE,
			  .show_samples = options->show_samples,
			  .percent_limit = options->percent_limit,
			  .quiet = true },
	};
	report->symbols.cache = top->cache = cache_folder();
	report->symbols.keeps = true;
	if (!(options->delay_s >= 0.05 && options->delay_s <= 86400))
		return ev_fail(err, EINVAL, "-d takes seconds, from 0.05 on");
	if (options->hide_kernel && options->hide_user)
		return ev_fail(err, EINVAL, "-K and -U together leave nothing");
	top->run.options = &options->record;
	top->zeroes = options->zero;
	return report_plan(report, &top->plan, err);
}

/* -K and -U: the other side only is sampled. */
static void limit_levels(struct top_options *options)
{
	options->record.events.all_user |= options->hide_kernel;
	options->record.events.all_kernel |= options->hide_user;
}

/* ---- the browser
 * --------------------------------------------------------------------------------- */

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

/* ---- text
 * ---------------------------------------------------------------------------------------- */

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

/* ---- the loop
 * ------------------------------------------------------------------------------------ */

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

/* ---- the whole
 * ----------------------------------------------------------------------------------- */

/* A command shares the terminal with the browser: it gets neither keys nor screen. */
static int begin(struct top *top, struct ev_err *err)
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

static int watch(struct top *top, struct ev_err *err)
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

static int top_all(struct top *top, struct ev_err *err)
{
	struct record_run *run = &top->run;
	if (plan(top, err))
		return complain(top->verb, err, STATUS_USAGE);
	if (target_resolve(&run->options->target, run->options->command, &run->target, err) ||
	    events_check_cgroups(&run->options->events, NULL, &run->options->target, err))
		return complain(top->verb, err, err->code == ESRCH ? STATUS_REFUSED : STATUS_USAGE);
	if (record_sampling(run, err))
		return complain(top->verb, err, STATUS_USAGE);
	if (record_python_plan(run, err))
		return complain(top->verb, err, err->code == EPERM ? STATUS_REFUSED : STATUS_USAGE);
	int rc = record_events(run, err);
	if (rc)
		return complain(top->verb, err, rc == -EINVAL ? STATUS_USAGE : STATUS_REFUSED);
	if (begin(top, err)) {
		bool command = run->sampler && run->workload;
		return complain(top->verb, err,
				!command              ? STATUS_REFUSED
				: err->code == ENOENT ? STATUS_NOT_FOUND
						      : STATUS_NOT_EXECUTABLE);
	}
	if (watch(top, err))
		return complain(top->verb, err, STATUS_FAILED);
	return 0;
}

static void run_done(struct top *top)
{
	struct record_run *run = &top->run;
	top_done(top);
	record_unwind_close(run->unwind);
	record_stacks_done(&run->stacks);
	record_python_close(run);
	record_agent_close(run);
	if (run->sampler)
		events_tell_closing(top->verb, &run->events);
	ev_sampler_close(run->sampler);
	ev_workload_close(run->workload);
	ev_event_list_done(&run->events);
	ev_recording_done(&run->recording);
	target_done(&run->target);
	report_plan_done(&top->plan);
}

static int run_top(const struct verb *verb, int argc, char **argv)
{
	struct top_options options = {
		.record = { .clock_id = -1, .output = "perf.data", .chains = RECORD_CHAINS_NONE },
		.delay_s = DEFAULT_DELAY_S,
	};
	struct ev_err err = { 0 };
	struct ev_arena arena = { 0 };
	int first, status = options_parse(verb, &options, argc, argv, &first);
	if (status < 0) {
		struct top *top = ev_alloc(sizeof(*top));
		*top = (struct top){
			.verb = verb,
			.options = &options,
			.run = { .verb = verb, .control = CONTROL_NONE, .wait_fd = -1 },
		};
		options.record.command = first < argc ? argv + first : NULL;
		options.batch |= options.stdio || screen_absence();
		limit_levels(&options);
		ev_describe_host(&top->run.recording, argc + 1, argv - 1); /* "evprof" too */
		ev_describe_clock(&top->run.recording, options.record.clock_id);
		choose_target(top, &options, &arena);
		signals_watch();
		status = top_all(top, &err);
		run_done(top);
		free(top);
	}
	ev_arena_done(&arena);
	events_done(&options.record.events);
	return status;
}

const struct verb top_verb = {
	.name = "top",
	.synopsis = "[OPTION]… [--] [COMMAND [ARGUMENT]…]",
	.about = "Show which functions the events of what runs now belong to, as they happen.",
	.options = rows,
	.examples = examples,
	.run = run_top,
	.notes =
		"Without a command or target the whole machine is watched, or, by who is not root, "
		"one's own processes. The keys are those of evprof report on a terminal, ? shows "
		"them; besides, f or the space bar freezes what is shown, z begins anew with each "
		"refresh, and w writes what was sampled (the last 64 MiB of records) as a "
		"recording.\n\n"
		"With each refresh what is older counts 7/8 of what it did, as perf top has it. "
		"What "
		"a command prints, and what it would read, is not shown where the browser has the "
		"terminal.",
};
