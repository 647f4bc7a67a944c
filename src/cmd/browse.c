/* Wishes of the browser become reports: filters and sort keys of what is in memory, and what was
 * not kept is read from the recording again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/collect.h>
#include "browse.h"
#include "screen.h"

/* ---- what is shown ------------------------------------------------------------------------------
 */

void browse_shown_close(struct browse_shown *shown)
{
	if (!shown)
		return;
	report_made_done(&shown->made);
	report_plan_done(&shown->plan);
	ev_array_done(&shown->options.key_filters);
	if (shown->options.widths)
		free((void *)shown->options.view.widths);
	for (size_t i = 0; i < shown->filter_count; i++)
		free(shown->filters[i]);
	free(shown->filters);
	free(shown->sort);
	free(shown->time);
	free(shown);
}

/* The options as typed, with the wishes in their places. */
int browse_plan(struct browse_shown *shown, const struct report_options *base,
		const struct ev_browse_wishes *wishes, struct ev_err *err)
{
	struct report_options *options = &shown->options;
	*options = *base;
	options->key_filters = (struct option_list){ 0 };
	for (size_t i = 0; i < base->key_filters.count; i++)
		*ev_array_add(&options->key_filters) = base->key_filters.items[i];
	shown->filters = ev_alloc((wishes->filter_count + 1) * sizeof(*shown->filters));
	for (size_t i = 0; i < wishes->filter_count; i++) {
		char *text = shown->filters[shown->filter_count++] = ev_strdup(wishes->filters[i]);
		*ev_array_add(&options->key_filters) = (struct option_word){ NULL, text };
	}
	if (wishes->sort)
		options->sort = shown->sort = ev_strdup(wishes->sort);
	if (wishes->time)
		options->time = shown->time = ev_strdup(wishes->time);
	options->view.percent_limit = wishes->percent_limit;
	options->percentage = wishes->relative ? "relative" : "absolute";
	options->order_given = true;
	int rc = report_plan(options, &shown->plan, err);
	options->view.order = wishes->callers ? EV_CHAIN_CALLER : EV_CHAIN_CALLEE;
	return rc;
}

/* ---- what is in memory --------------------------------------------------------------------------
 */

void browse_load_options(struct load_options *load)
{
	load->by_comm = load->by_pid = load->by_tid = true;
	load->stacks = !load->by_branch;
}

static bool same_text(const char *one, const char *other)
{
	return !strcmp(one ? one : "", other ? other : "");
}

/* Is all that is needed there, and nothing in the way? */
static bool covers(const struct browse *browse, const struct load_options *need)
{
	const struct load_options *held = &browse->held;
	return held->stacks >= need->stacks && held->by_pid >= need->by_pid &&
	       held->by_tid >= need->by_tid && held->by_comm >= need->by_comm &&
	       held->by_cpu >= need->by_cpu && !(need->details & ~held->details) &&
	       !need->field_count && !held->field_count && held->by_branch == need->by_branch &&
	       held->by_weight == need->by_weight && held->slice_ns >= need->slice_ns &&
	       held->branch_history == need->branch_history &&
	       same_text(browse->held_time, need->time);
}

static void drop_names(struct browse *browse)
{
	browse_shown_close(browse->shown);
	browse->shown = NULL;
	ev_named_close(browse->lines_named);
	browse->lines_named = NULL;
	if (!browse->joined)
		ev_named_close(browse->named);
	browse->named = NULL;
}

void browse_forget(struct browse *browse)
{
	drop_names(browse);
}

/* Takes the place of what was there. */
static void take_loaded(struct browse *browse, const struct loaded *loaded,
			const struct load_options *how, const char *time)
{
	drop_names(browse);
	ev_symbolizer_close(browse->symbolizer);
	loaded_done(browse->loaded);
	*browse->loaded = *loaded;
	browse->symbolizer = NULL;
	browse->held = *how;
	char *kept = time ? ev_strdup(time) : how->time ? ev_strdup(how->time) : NULL;
	free(browse->held_time);
	browse->held_time = kept;
}

/* Of a recording elsewhere, all of its time. */
int browse_switch(void *self, const char *path, struct ev_err *err)
{
	struct browse *browse = self;
	struct loaded loaded;
	struct load_options how = browse->held;
	how.time = browse->base->time;
	how.symbols = &browse->base->symbols;
	screen_leave(); /* it may take long, and says so */
	int rc = load(&loaded, path, &how, err);
	if (!rc && !loaded.profile->quality.samples) {
		loaded_done(&loaded);
		rc = ev_fail(err, ENODATA, "there are no samples in '%s'", path);
	}
	if (rc)
		return rc;
	struct report_options own = *browse->base;
	char *input = ev_strdup(path);
	own.input = input;
	take_loaded(browse, &loaded, &how, NULL);
	free(browse->input);
	browse->input = input;
	browse->own = own;
	browse->base = &browse->own;
	browse->source.title = ev_arena_printf(&browse->arena, "evprof report: %s", path);
	return 0;
}

/* Reads the recording again. What is shown is of what is in memory now, until that works. */
static int load_again(struct browse *browse, struct browse_shown *next,
		      const struct load_options *need, struct ev_err *err)
{
	struct loaded loaded;
	if (!browse->may_load)
		return ev_fail(err, ENOTSUP,
			       "that is not kept of what is shown here; give it on the command "
			       "line");
	struct load_options how = *need;
	how.symbols = &browse->base->symbols;
	screen_leave(); /* it may take long, and says so */
	int rc = load(&loaded, browse->base->input, &how, err);
	if (!rc && !loaded.profile->quality.samples && browse->loaded->profile->quality.samples) {
		loaded_done(&loaded);
		rc = ev_fail(err, ENODATA, "there are no samples of that");
	}
	if (rc)
		return rc;
	take_loaded(browse, &loaded, &how, next->time);
	return 0;
}

static void name_places(struct browse *browse, const struct browse_shown *next)
{
	unsigned flags = report_symbol_flags(&next->options, &next->plan);
	bool by_line = report_wants_lines(&next->options, &next->plan);
	struct loaded *loaded = browse->loaded;
	if (browse->named && browse->flags == flags && browse->by_line == by_line)
		return;
	drop_names(browse);
	if (!browse->symbolizer)
		browse->symbolizer = ev_symbolizer_open(loaded->spaces, loaded->recording,
							&browse->base->symbols);
	struct progress_work *work =
		browse->on_screen ? NULL : progress_work_begin("resolving names", NULL);
	browse->named = ev_named_open(loaded->profile, loaded->spaces, browse->symbolizer, flags,
				      by_line, ev_cpus_online());
	progress_work_end(work);
	browse->flags = flags;
	browse->by_line = by_line;
}

static void begin_report(struct browse *browse, struct browse_shown *next)
{
	const struct joined *joined = browse->joined;
	struct loaded *loaded = browse->loaded;
	if (joined) {
		next->report = (struct ev_report){
			.recording = &joined->recording,
			.named = joined->named,
			.partial = joined->partial,
			.parts = browse->parts,
			.part_count = joined->count,
			.stacks_loaded = browse->held.stacks,
			.reads = joined->reads,
			.ratios = joined->ratios.items.count ? &joined->ratios : NULL,
		};
		report_worst_joined(&next->report, joined);
		return;
	}
	next->report = (struct ev_report){
		.recording = loaded->recording,
		.path = browse->base->input,
		.named = browse->named,
		.spaces = loaded->spaces,
		.partial = loaded->partial,
		.reads = loaded->reads,
		.stacks_loaded = browse->held.stacks,
		.ratios = loaded->ratios.items.count ? &loaded->ratios : NULL,
	};
	report_worst(&next->report, browse->symbolizer);
}

static int make(struct browse *browse, struct browse_shown *next, struct ev_err *err)
{
	const struct joined *joined = browse->joined;
	const struct ev_recording *recording =
		joined ? &joined->recording : browse->loaded->recording;
	struct load_options need = report_load_options(&next->options, &next->plan);
	browse_load_options(&need);
	if (!browse->may_load) /* where there are none, nothing is the worse for it */
		need.stacks = browse->held.stacks;
	int rc = report_check_needs(&next->options, &next->plan, recording, err);
	if (!rc && need.by_cpu && !load_tells_cpus(recording))
		rc = ev_fail(err, ENODATA,
			     "the recording does not tell CPUs: record with --sample-cpu, or -a");
	if (!rc && !covers(browse, &need))
		rc = load_again(browse, next, &need, err);
	if (rc)
		return rc;
	if (joined) {
		browse->named = joined->named;
	} else {
		bool anew = !browse->named;
		name_places(browse, next);
		if (anew || report_has_key(&next->plan, EV_KEY_PARENT))
			rc = report_settle_named(&next->options, &next->plan, browse->named,
						 browse->loaded->profile, err);
	}
	if (rc)
		return rc;
	begin_report(browse, next);
	return report_make(&next->made, &next->options, &next->plan, &next->report, browse->named,
			   joined ? &joined->joints : &browse->loaded->joints, err);
}

/* The usual keys and every sample that was kept: of any recording. NULL where not even that can be
 * shown. */
static struct browse_shown *show_all(struct browse *browse)
{
	struct ev_browse_wishes none = { 0 };
	struct report_options bare = *browse->base;
	struct browse_shown *next = ev_alloc(sizeof(*next));
	bare.sort = bare.fields = NULL;
	bare.key_filters = (struct option_list){ 0 };
	bare.filter = (struct ev_filter){ 0 };
	int rc = browse_plan(next, &bare, &none, NULL);
	if (!rc && browse->joined)
		browse->named = browse->joined->named;
	else if (!rc)
		name_places(browse, next);
	if (!rc) {
		begin_report(browse, next);
		next->report.ratios = NULL;
		rc = report_make(&next->made, &next->options, &next->plan, &next->report,
				 browse->named, NULL, NULL);
	}
	if (!rc)
		return next;
	browse_shown_close(next);
	return NULL;
}

static int show(void *self, const struct ev_browse_wishes *wishes, const struct ev_report **report,
		const struct ev_report_options **options, struct ev_err *err)
{
	struct browse *browse = self;
	struct browse_shown *next = ev_alloc(sizeof(*next));
	int rc = browse_plan(next, browse->base, wishes, err);
	if (!rc)
		rc = make(browse, next, err);
	if (rc) {
		browse_shown_close(next);
		if (browse->shown || !browse->was_shown)
			return rc;
		next = show_all(browse); /* what was shown is gone with its names */
		if (!next)
			return rc;
		if (browse->base == &browse->own) { /* typed for another recording */
			browse->own.sort = browse->own.fields = NULL;
			browse->own.key_filters = (struct option_list){ 0 };
			browse->own.filter = (struct ev_filter){ .absolute = true };
		}
	}
	browse_shown_close(browse->shown);
	browse->shown = next;
	browse->was_shown = true;
	*report = &next->report;
	*options = &next->options.view;
	return rc;
}

/* ---- code ---------------------------------------------------------------------------------------
 */

static void name_lines(struct browse *browse)
{
	unsigned flags = EV_SYMBOL_LINES | (browse->base->inlined ? EV_SYMBOL_INLINES : 0u) |
			 (browse->base->demangle ? 0u : EV_SYMBOL_MANGLED);
	if (!browse->lines_named)
		browse->lines_named =
			ev_named_open(browse->loaded->profile, browse->loaded->spaces,
				      browse->symbolizer, flags, true, ev_cpus_online());
}

/* free() it. */
static const char **paths_of(const struct joined *joined)
{
	const char **paths = ev_alloc(joined->count * sizeof(*paths));
	for (size_t i = 0; i < joined->count; i++)
		paths[i] = joined->parts[i].path;
	return paths;
}

static int join_lines(struct browse *browse, struct ev_err *err)
{
	const struct joined *joined = browse->joined;
	const char **paths = paths_of(joined);
	struct join_options how = {
		.load = browse->held,
		.symbols = browse->base->symbols,
		.flags = browse->base->demangle ? 0u : EV_SYMBOL_MANGLED,
	};
	how.load.time = browse->held_time;
	how.load.symbols = &browse->base->symbols;
	screen_leave(); /* it may take long, and says so */
	int rc = annotate_join(&browse->code, paths, joined->count, &how, err);
	free(paths);
	return rc;
}

static int print_code(struct browse *browse, const struct ev_browse_place *place,
		      const struct ev_browse_code *code, FILE *out, struct ev_err *err)
{
	const struct ev_recording *recording = &browse->joined->recording;
	const char **paths = paths_of(browse->joined);
	struct browse_code of = {
		.paths = paths,
		.count = browse->joined->count,
		.place = place,
		.code = code,
		.event = place->event < recording->event_count
				 ? recording->events[place->event].name
				 : NULL,
		.time = browse->held_time,
		.symfs = browse->base->symbols.symfs,
	};
	int rc = browse_print_code(&of, out, err);
	free(paths);
	return rc;
}

/* Instructions are of one build each; lines are of all. */
static int annotate_several(struct browse *browse, const struct ev_browse_place *place,
			    const struct ev_browse_code *code, FILE *out, struct ev_err *err)
{
	if (code->assembly)
		return print_code(browse, place, code, out, err);
	int rc = browse->code.is_open ? 0 : join_lines(browse, err);
	if (rc)
		return rc;
	struct annotate_options options = {
		.filter = browse->shown->options.filter,
		.source = { .symfs = browse->base->symbols.symfs },
		.view = { .all = true, .colour = true, .quiet = true, .share = code->share },
	};
	return annotate_print_joined(&browse->code, &options, place, out, err);
}

static int annotate(void *self, const struct ev_browse_place *place,
		    const struct ev_browse_code *code, FILE *out, struct ev_err *err)
{
	struct browse *browse = self;
	const struct report_options *shown = &browse->shown->options;
	if (browse->joined)
		return annotate_several(browse, place, code, out, err);
	if (code->assembly && ev_assembly_absence())
		return ev_fail(err, ENOTSUP, "%s", ev_assembly_absence());
	const struct ev_recorded_event *events = browse->loaded->recording->events;
	struct annotate_options options = {
		.input = browse->base->input,
		.event = place->event < browse->loaded->recording->event_count
				 ? events[place->event].name
				 : NULL,
		.style = browse->base->style,
		.assembly = code->assembly,
		.demangle = browse->base->demangle,
		.inlined = browse->base->inlined,
		.percent_limit = -1,
		.filter = shown->filter,
		.symbols = browse->base->symbols,
		.source = { .symfs = browse->base->symbols.symfs },
		.view = { .all = true,
			  .colour = true,
			  .quiet = true,
			  .raw_bytes = code->raw_bytes,
			  .share = code->share },
	};
	struct annotating it = { .options = &options, .loaded = browse->loaded };
	name_lines(browse);
	it.symbolizer = browse->symbolizer;
	it.annotation.report = browse->shown->report;
	it.annotation.report.named = browse->lines_named;
	it.annotation.report.table = NULL;
	int rc = annotate_weigh(&it, err);
	if (!rc)
		rc = annotate_choose_function(&it, place->function, place->object, err);
	if (!rc)
		annotate_print(&it, out);
	annotate_done(&it);
	return rc;
}

static void header(void *self, FILE *out)
{
	struct browse *browse = self;
	putc('\n', out);
	if (browse->joined)
		ev_print_part_headers(out, &browse->shown->report, true);
	else
		ev_print_header(out, browse->loaded->recording, true);
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

void browse_open(struct browse *browse, const struct report_options *base, struct loaded *loaded,
		 const struct joined *joined, const struct load_options *held)
{
	*browse = (struct browse){
		.base = base,
		.loaded = loaded,
		.joined = joined,
		.may_load = loaded && loaded->reader && strcmp(base->input, "-") != 0,
		.held = *held,
		.held_time = held->time ? ev_strdup(held->time) : NULL,
		.source = { .report = show,
			    .annotate = annotate,
			    .header = header,
			    .keep = browse_keep },
	};
	if (browse->may_load) {
		browse->source.form = browse_form;
		browse->source.forms = browse_forms(&browse->source.form_count);
		browse->source.recordings = browse_recordings;
		browse->source.switch_to = browse_switch;
	}
	browse->source.self = browse;
	browse->source.title = ev_arena_printf(&browse->arena, "evprof report: %s%s", base->input,
					       joined ? " and others" : "");
	for (size_t i = 0; joined && i < joined->count; i++) {
		const struct joined_part *part = &joined->parts[i];
		if (!i)
			browse->parts = ev_arena_take(&browse->arena,
						      joined->count * sizeof(*browse->parts));
		browse->parts[i] = (struct ev_report_part){ part->path, part->loaded.recording,
							    &part->quality };
	}
}

void browse_close(struct browse *browse)
{
	drop_names(browse);
	ev_symbolizer_close(browse->symbolizer);
	annotate_joined_done(&browse->code);
	browse_recordings_done(browse);
	free(browse->input);
	free(browse->held_time);
	ev_arena_done(&browse->arena);
}

struct ev_browse_wishes browse_wishes(const struct report_options *options)
{
	return (struct ev_browse_wishes){
		.percent_limit = options->view.percent_limit,
		.relative = !options->filter.absolute,
		.callers = options->view.order == EV_CHAIN_CALLER,
	};
}

bool report_browses(const struct report_options *options, const struct report_plan *plan)
{
	return plan->format->text && !options->format && !options->stdio && !options->output &&
	       !options->view.header && !options->view.header_only && !options->view.hierarchy &&
	       !options->separator && !options->view.quiet && !screen_absence();
}

int report_browse(const struct report_options *options, const struct report_plan *plan,
		  struct loaded *loaded, const struct joined *joined, struct ev_err *err)
{
	struct browse browse;
	struct ev_browser *browser = NULL;
	struct load_options held = report_load_options(options, plan);
	browse_load_options(&held);
	browse_open(&browse, options, loaded, joined, &held);
	struct ev_browse_options how = { .wishes = browse_wishes(options),
					 .ascii = screen_is_ascii() };
	int rc = ev_browser_open(&browser, &browse.source, &how, err);
	if (!rc)
		rc = screen_open(err);
	browse.on_screen = !rc;
	if (!rc)
		screen_run(browser);
	screen_close();
	ev_browser_close(browser);
	browse_close(&browse);
	return rc;
}
