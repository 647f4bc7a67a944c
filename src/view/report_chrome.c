/* A profile becomes Chrome's trace of events (the Trace Event Format), for chrome://tracing and
 * ui.perfetto.dev: the names of processes and threads, every sample ("P", with its stack as a
 * number of stackFrames), and for those who show no samples what ran from one to the next as
 * slices ("X"), which are an estimate and say so. Times are in microseconds. */
#include <inttypes.h>
#include <stdlib.h>
#include "export.h"
#include "timed.h"

struct chrome {
	FILE *out;
	const struct ev_report *report;
	const struct ev_named *named;
	ev_timed_list list;
	bool any;
	struct ev_arena scratch;
};
struct slice {
	uint32_t stack;
	uint64_t from_ns;
};

static void print_us(FILE *out, uint64_t time_ns)
{
	fprintf(out, "%" PRIu64 ".%03" PRIu64, time_ns / 1000, time_ns % 1000);
}

static void begin_event(struct chrome *to, const char *phase, const struct ev_timed *of)
{
	fprintf(to->out,
		"%s\n    {\"ph\": \"%s\", \"pid\": %" PRIu32 ", \"tid\": %" PRIu32 ", \"name\": ",
		to->any ? "," : "", phase, of->pid, of->tid);
	to->any = true;
}

static const char *frame_name(struct chrome *to, uint32_t stack)
{
	const struct ev_named *named = to->named;
	const struct ev_frame *frame =
		&named->frames.items[stack ? named->stacks.items[stack].place : 0];
	return ev_export_name(named, frame, &to->scratch);
}

static void print_names(struct chrome *to, const struct ev_timed *of)
{
	const char *comm = ev_strings_text(to->named->profile->strings, of->comm);
	comm = ev_report_safe(&to->scratch, *comm ? comm : "[unknown]");
	for (unsigned thread = 0; thread < 2; thread++) {
		begin_event(to, "M", of);
		fputs(thread ? "\"thread_name\"" : "\"process_name\"", to->out);
		fputs(", \"args\": {\"name\": ", to->out);
		ev_json_text(to->out, comm);
		fputs("}}", to->out);
	}
	ev_arena_reset(&to->scratch);
}

static void print_sample(struct chrome *to, const struct ev_timed *of)
{
	begin_event(to, "P", of);
	ev_json_text(to->out, ev_report_safe(&to->scratch,
					     ev_report_event(to->report, of->event, &to->scratch)));
	fputs(", \"cat\": \"sample\", \"ts\": ", to->out);
	print_us(to->out, of->time_ns);
	if (of->stack)
		fprintf(to->out, ", \"sf\": %" PRIu32, of->stack);
	fprintf(to->out, ", \"args\": {\"samples\": %" PRIu64 ", \"period\": %" PRIu64 "}}",
		of->samples, of->period);
	ev_arena_reset(&to->scratch);
}

/* ---- slices ------------------------------------------------------------------------------------
 */

static void print_slice(struct chrome *to, const struct ev_timed *of, const struct slice *slice,
			uint64_t until_ns)
{
	begin_event(to, "X", of);
	ev_json_text(to->out, frame_name(to, slice->stack));
	fputs(", \"cat\": \"estimated from samples\", \"ts\": ", to->out);
	print_us(to->out, slice->from_ns);
	fputs(", \"dur\": ", to->out);
	print_us(to->out, until_ns - slice->from_ns);
	putc('}', to->out);
	ev_arena_reset(&to->scratch);
}

typedef EV_ARRAY(struct slice) slice_list;

/* Close what does not run any more, from the leaf. */
static void close_slices(struct chrome *to, const struct ev_timed *of, slice_list *open,
			 size_t kept, uint64_t until_ns)
{
	while (open->count > kept) {
		print_slice(to, of, &open->items[open->count - 1], until_ns);
		open->count--;
	}
}

/* Leaves open what the sample shares with what was open, opens the rest. */
static void open_slices(struct chrome *to, const struct ev_timed *of, slice_list *open,
			uint64_t until_ns)
{
	EV_ARRAY(uint32_t) path = { 0 };
	size_t same = 0;
	for (uint32_t s = of->stack; s; s = to->named->stacks.items[s].parent)
		*ev_array_add(&path) = s;
	while (same < path.count && same < open->count &&
	       open->items[same].stack == path.items[path.count - 1 - same])
		same++;
	close_slices(to, of, open, same, until_ns);
	for (; same < path.count; same++)
		*ev_array_add(open) =
			(struct slice){ path.items[path.count - 1 - same], of->time_ns };
	ev_array_done(&path);
}

/* A sample stands for the time until the next one, but not for one when the thread was elsewhere:
 * for no more than twice the mean of the shorter half of the gaps. */
static int by_size(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
	return a < b ? -1 : a > b;
}

static uint64_t longest_gap(const struct chrome *to, const struct ev_timed *samples, size_t count)
{
	uint64_t *gaps = ev_alloc((count + 1) * sizeof(*gaps)), sum = 0;
	uint64_t least = ev_timed_interval(to->report, samples->event);
	for (size_t i = 1; i < count; i++)
		gaps[i - 1] = samples[i].time_ns - samples[i - 1].time_ns;
	if (count > 1)
		qsort(gaps, count - 1, sizeof(*gaps), by_size);
	for (size_t i = 0; i < count / 2; i++)
		sum += gaps[i];
	free(gaps);
	uint64_t limit = count / 2 ? 2 * (sum / (count / 2)) : 0;
	return limit > least ? limit : least;
}

static void print_slices(struct chrome *to, const struct ev_timed *samples, size_t count)
{
	slice_list open = { 0 };
	uint64_t limit = longest_gap(to, samples, count), until = 0;
	for (size_t i = 0; i < count; i++) {
		const struct ev_timed *of = &samples[i];
		if (i && of->time_ns == samples[i - 1].time_ns)
			continue; /* of one moment the first stands for all */
		if (i && of->time_ns > until)
			close_slices(to, of, &open, 0, until);
		open_slices(to, of, &open, of->time_ns);
		until = of->time_ns + limit;
	}
	if (count)
		close_slices(to, samples, &open, 0, until);
	ev_array_done(&open);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static void print_stacks(struct chrome *to)
{
	const struct ev_named *named = to->named;
	fputs("  \"stackFrames\": {", to->out);
	for (uint32_t i = 1; i < named->stacks.count; i++) {
		const struct ev_stack *stack = &named->stacks.items[i];
		const struct ev_frame *frame = &named->frames.items[stack->place];
		fprintf(to->out, "%s\n    \"%" PRIu32 "\": {\"category\": ", i > 1 ? "," : "", i);
		ev_json_text(to->out, ev_export_object(to->report, frame->object, &to->scratch));
		fputs(", \"name\": ", to->out);
		ev_json_text(to->out, frame_name(to, i));
		if (stack->parent)
			fprintf(to->out, ", \"parent\": \"%" PRIu32 "\"", stack->parent);
		putc('}', to->out);
		ev_arena_reset(&to->scratch);
	}
	fputs("\n  },\n", to->out);
}

int ev_report_chrome(FILE *out, const struct ev_report *report,
		     const struct ev_report_options *options, struct ev_err *err)
{
	struct chrome to = { .out = out, .report = report, .named = report->named };
	bool timed = ev_timed_collect(report, &to.list);
	(void)options;
	(void)err;
	fputs("{\n  \"displayTimeUnit\": \"ns\",\n  \"otherData\": {\"origin\": ", out);
	ev_json_text(out, ev_export_origin(report, &to.scratch));
	fprintf(out, ", \"times\": \"%s\"},\n",
		timed ? "recorded" : "none: samples stand in a row");
	print_stacks(&to);
	fputs("  \"traceEvents\": [", out);
	for (size_t from = 0, end; from < to.list.count; from = end) {
		end = ev_timed_end(&to.list, from, true);
		const struct ev_timed *first = &to.list.items[from];
		bool next_event =
			from && first[-1].pid == first->pid && first[-1].tid == first->tid;
		if (!next_event)
			print_names(&to, first);
		for (size_t i = from; i < end; i++)
			print_sample(&to, &to.list.items[i]);
		/* Slices of several events would lie over one another. */
		if (!next_event)
			print_slices(&to, first, end - from);
	}
	fputs("\n  ]\n}\n", out);
	ev_array_done(&to.list);
	ev_arena_done(&to.scratch);
	return 0;
}
