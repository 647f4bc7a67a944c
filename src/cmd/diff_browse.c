/* A comparison that is moved in: wishes of the browser become other tables of what is joined, and
 * what was not kept is read from the recordings again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "annotate_joined.h"
#include "browse.h"
#include "diff.h"
#include "screen.h"

#define CHAIN_LIMIT 0.5 /* percent */

/* What is shown now. */
struct compared {
	struct browse_shown *wished; /* options and plan of a report with these wishes */
	struct diff_plan plan;
	struct diff_made made;
	struct ev_report report;
};
struct browsing {
	const struct diff_options *options;
	const struct diff_plan *plan; /* as typed */
	const char *const *paths;
	struct joined *joined;
	struct join_options held; /* what it was joined with */
	char *held_time;
	struct report_options base; /* what was typed, as a report has it */
	struct compared *shown;
	struct annotate_joined code; /* of the same recordings and time, once it is asked for */
	struct ev_browse_source source;
	struct ev_arena arena;
};

static void compared_close(struct compared *it)
{
	if (!it)
		return;
	diff_made_done(&it->made);
	browse_shown_close(it->wished);
	free(it);
}

/* ---- what is joined -----------------------------------------------------------------------------
 */

static bool same_text(const char *one, const char *other)
{
	return !strcmp(one ? one : "", other ? other : "");
}

static bool covers(const struct browsing *it, const struct join_options *need)
{
	const struct join_options *held = &it->held;
	return held->flags == need->flags && held->by_line == need->by_line &&
	       held->load.by_cpu >= need->load.by_cpu && held->load.stacks >= need->load.stacks &&
	       same_text(it->held_time, need->load.time);
}

/* What is shown is of what is in memory now, until that works. */
static int join_again(struct browsing *it, const struct join_options *need, struct ev_err *err)
{
	struct joined joined;
	screen_leave(); /* it may take long, and says so */
	int rc = join(&joined, it->paths, it->joined->count, need, err);
	if (rc)
		return rc;
	if (!joined.profile->quality.samples) {
		joined_done(&joined);
		return ev_fail(err, ENODATA, "there are no samples of that");
	}
	compared_close(it->shown);
	it->shown = NULL;
	annotate_joined_done(&it->code);
	joined_done(it->joined);
	*it->joined = joined;
	it->held = *need;
	free(it->held_time);
	it->held_time = need->load.time ? ev_strdup(need->load.time) : NULL;
	return 0;
}

/* ---- what is shown ------------------------------------------------------------------------------
 */

static int plan_compared(struct browsing *it, struct compared *next,
			 const struct ev_browse_wishes *wishes, struct ev_err *err)
{
	next->wished = ev_alloc(sizeof(*next->wished));
	int rc = browse_plan(next->wished, &it->base, wishes, err);
	const struct report_plan *plan = &next->wished->plan;
	struct load_options load = { 0 };
	if (!rc)
		load = report_load_options(&next->wished->options, plan);
	if (!rc &&
	    (load.details || load.by_branch || load.by_weight || load.field_count || load.slice_ns))
		rc = ev_fail(err, ENOTSUP, "these keys are of one recording: evprof report -s");
	next->plan = *it->plan;
	if (wishes->sort) {
		next->plan.by_stack = false;
		next->plan.key_count = plan->key_count;
		memcpy(next->plan.keys, plan->keys, sizeof(plan->keys));
	}
	next->plan.how.compute = wishes->compute;
	next->plan.how.order = wishes->order;
	return rc ? rc : diff_choose_measure(it->options, &next->plan, err);
}

static int make(struct browsing *it, struct compared *next, struct ev_err *err)
{
	const struct joined *joined = it->joined;
	struct report_options *options = &next->wished->options;
	int rc = diff_make(&next->made, &next->plan, joined, it->options->children,
			   &options->filter, err);
	if (rc)
		return rc;
	options->view.children = next->made.table.has_children;
	options->view.chains = joined->profile->quality.with_stack ? EV_CHAIN_GRAPH : EV_CHAIN_NONE;
	next->report = (struct ev_report){
		.recording = &joined->recording,
		.named = joined->named,
		.table = &next->made.table,
		.partial = joined->partial,
		.parts = next->made.about,
		.part_count = joined->count,
		.stacks_loaded = true,
	};
	report_worst_joined(&next->report, joined);
	return 0;
}

/* What was not kept is read again before. */
static int make_wished(struct browsing *it, struct compared *next,
		       const struct ev_browse_wishes *wishes, struct ev_err *err)
{
	int rc = plan_compared(it, next, wishes, err);
	if (rc)
		return rc;
	struct join_options need = diff_join_options(it->options, &next->plan);
	need.load.time = wishes->time ? wishes->time : it->options->time;
	need.load.stacks = need.load.by_comm = need.load.by_pid = need.load.by_tid = true;
	if (!covers(it, &need))
		rc = join_again(it, &need, err);
	return rc ? rc : make(it, next, err);
}

static int show(void *self, const struct ev_browse_wishes *wishes, const struct ev_report **report,
		const struct ev_report_options **options, struct ev_err *err)
{
	struct browsing *it = self;
	struct compared *next = ev_alloc(sizeof(*next));
	bool was_shown = it->shown;
	int rc = make_wished(it, next, wishes, err);
	if (rc && (it->shown || !was_shown)) {
		compared_close(next);
		return rc;
	}
	if (rc) { /* what was shown is gone with what was joined: as it began, then */
		struct ev_browse_wishes first = { .compute = it->plan->how.compute,
						  .order = it->plan->how.order };
		compared_close(next);
		next = ev_alloc(sizeof(*next));
		if (plan_compared(it, next, &first, NULL) || make(it, next, NULL)) {
			compared_close(next);
			return rc;
		}
	}
	compared_close(it->shown);
	it->shown = next;
	*report = &next->report;
	*options = &next->wished->options.view;
	return rc;
}

static const struct ev_diff *diff(void *self)
{
	const struct browsing *it = self;
	return it->shown ? &it->shown->made.diff : NULL;
}

static void header(void *self, FILE *out)
{
	const struct browsing *it = self;
	putc('\n', out);
	ev_print_part_headers(out, &it->shown->report, true);
}

static int annotate(void *self, const struct ev_browse_place *place,
		    const struct ev_browse_code *code, FILE *out, struct ev_err *err)
{
	struct browsing *it = self;
	const struct report_options *shown = &it->shown->wished->options;
	if (code->assembly) {
		const struct ev_recording *recording = &it->joined->recording;
		struct browse_code of = {
			.paths = it->paths,
			.count = it->joined->count,
			.place = place,
			.code = code,
			.event = place->event < recording->event_count
					 ? recording->events[place->event].name
					 : NULL,
			.time = it->held_time,
			.symfs = it->base.symbols.symfs,
		};
		return browse_print_code(&of, out, err);
	}
	if (!it->code.is_open) {
		struct join_options how = it->held;
		how.load.time = it->held_time;
		screen_leave(); /* it may take long, and says so */
		int rc = annotate_join(&it->code, it->paths, it->joined->count, &how, err);
		if (rc)
			return rc;
	}
	struct annotate_options options = {
		.filter = shown->filter,
		.source = { .symfs = it->base.symbols.symfs },
		.view = { .all = true, .colour = true, .quiet = true, .share = code->share },
	};
	return annotate_print_joined(&it->code, &options, place, out, err);
}

/* ---- other forms --------------------------------------------------------------------------------
 */

static const struct ev_browse_form forms[] = {
	{ "text", "the comparison as text" },
	{ "html", "a page with a differential flame graph, for any browser" },
	{ "folded", "stacks with both weights, for differential flame graphs" },
	{ "json", "everything, for programs" },
};

typedef EV_ARRAY(const char *) word_list;

static void add(word_list *words, const char *flag, const char *value)
{
	if (!value)
		return;
	*ev_array_add(words) = flag;
	*ev_array_add(words) = value;
}

static void add_typed(word_list *words, const struct diff_options *options)
{
	if (options->view.all)
		*ev_array_add(words) = "--all";
	if (options->children)
		*ev_array_add(words) = "--children";
	add(words, "--by", options->by);
	add(words, "--symfs", options->symbols.symfs);
	add(words, "--comms", options->filter.comms);
	add(words, "--dsos", options->filter.objects);
	add(words, "--symbols", options->filter.symbols);
	add(words, "--pid", options->filter.pids);
	add(words, "--tid", options->filter.tids);
	add(words, "--cpu", options->filter.cpus);
}

static int form(void *self, size_t at, const struct ev_browse_wishes *wishes, FILE *out,
		char said[256], struct ev_err *err)
{
	struct browsing *it = self;
	word_list words = { 0 };
	char *path = at ? browse_form_path(forms[at].name, err) : NULL;
	if (at && !path)
		return err ? -err->code : -EIO;
	*ev_array_add(&words) = "diff";
	add_typed(&words, it->options);
	add(&words, "--sort", wishes->sort && !it->options->by ? wishes->sort : it->options->sort);
	add(&words, "--time", wishes->time ? wishes->time : it->options->time);
	add(&words, "--format", forms[at].name);
	add(&words, "--output", path);
	*ev_array_add(&words) = "--";
	for (size_t i = 0; i < it->joined->count; i++)
		*ev_array_add(&words) = it->paths[i];
	*ev_array_add(&words) = NULL;
	int rc = browse_run(words.items, at ? NULL : out, err);
	if (rc && path)
		unlink(path);
	else if (path)
		snprintf(said, 256, "written: %.200s", path);
	else if (!rc && wishes->filter_count)
		snprintf(said, 256, "all rows: the filters of this table are not diff's");
	ev_array_done(&words);
	free(path);
	return rc;
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

/* What was typed, as a report's options: they parse wishes. */
static void begin(struct browsing *it, const struct diff_plan *plan)
{
	const struct diff_options *options = it->options;
	struct ev_buffer sort = { 0 };
	for (size_t i = 0; i < plan->key_count; i++)
		ev_buffer_printf(&sort, "%s%s", i ? "," : "", ev_keys[plan->keys[i]].name);
	it->base = (struct report_options){
		.input = it->paths[0],
		.sort = ev_arena_text(&it->arena, (const char *)sort.bytes, sort.size_bytes),
		.time = options->time,
		.children = options->children ? 2 : 0,
		.demangle = options->demangle,
		.filter = options->filter,
		.symbols = options->symbols,
		.view = { .chain_limit = CHAIN_LIMIT, .chains = EV_CHAIN_GRAPH },
	};
	ev_buffer_done(&sort);
	struct ev_buffer title = { 0 };
	ev_buffer_printf(&title, "evprof diff:");
	for (size_t i = 0; i < it->joined->count; i++)
		ev_buffer_printf(&title, " %s", it->paths[i]);
	it->source = (struct ev_browse_source){
		.self = it,
		.title = ev_arena_text(&it->arena, (const char *)title.bytes, title.size_bytes),
		.report = show,
		.annotate = annotate,
		.header = header,
		.diff = diff,
		.forms = forms,
		.form_count = EV_LENGTH(forms),
		.form = form,
		.keep = browse_keep,
	};
	ev_buffer_done(&title);
}

int diff_browse(const struct diff_options *options, const struct diff_plan *plan,
		const char *const *paths, struct joined *joined, const struct join_options *held,
		struct ev_err *err)
{
	struct ev_browser *browser = NULL;
	struct browsing it = {
		.options = options,
		.plan = plan,
		.paths = paths,
		.joined = joined,
		.held = *held,
		.held_time = held->load.time ? ev_strdup(held->load.time) : NULL,
	};
	begin(&it, plan);
	struct ev_browse_options how = {
		.wishes = { .relative = !options->filter.absolute,
			    .callers = options->children,
			    .all = options->view.all,
			    .compute = plan->how.compute,
			    .order = plan->how.order },
		.ascii = screen_is_ascii(),
		.diff = options->view,
	};
	int rc = ev_browser_open(&browser, &it.source, &how, err);
	if (!rc)
		rc = screen_open(err);
	if (!rc)
		screen_run(browser);
	screen_close();
	ev_browser_close(browser);
	annotate_joined_done(&it.code);
	compared_close(it.shown);
	free(it.held_time);
	ev_arena_done(&it.arena);
	return rc;
}
