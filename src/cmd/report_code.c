/* A loaded profile, named once more by line, becomes the annotated functions that a page shows. */
#include <stdlib.h>
#include "annotate.h"
#include "report_code.h"

/* The first event with samples decides what is hot. */
static void choose_events(struct annotating *it)
{
	size_t count = it->lines.event_count;
	it->events = ev_alloc((count + 1) * sizeof(*it->events));
	for (size_t e = count; e-- > 0;) {
		it->events[e] = it->lines.totals[e].samples > 0;
		if (it->events[e])
			it->event = e;
	}
}

static void annotate(struct annotating *it)
{
	struct ev_annotation *annotation = &it->annotation;
	ev_spots_build(&it->spots, &it->lines);
	annotation->lines = &it->lines;
	annotation->spots = ev_assembly_absence() ? NULL : &it->spots;
	annotation->events = it->events;
	annotation->sources = ev_sources_open(&it->options->source);
	struct ev_err err = { 0 };
	if (annotate_choose(it, &err))
		annotation->sections.count = 0; /* of no samples there is nothing to choose */
	for (size_t i = 0; i < annotation->sections.count; i++) {
		annotate_extend(it, &annotation->sections.items[i]);
		if (annotation->spots)
			annotate_read_code(it, &annotation->sections.items[i]);
	}
}

int report_code_open(struct report_code *code, const struct report_options *options,
		     struct loaded *loaded, struct ev_symbolizer *symbolizer, struct ev_err *err)
{
	struct annotating *it = &code->it;
	code->options = (struct annotate_options){
		.input = options->input,
		.style = options->style,
		.percent_limit = -1,
		.json = true, /* also functions of which no line is known */
		.children = true,
		.demangle = options->demangle,
		.inlined = options->inlined,
		.filter = options->filter,
		.symbols = options->symbols,
		.source = { .symfs = options->symbols.symfs },
	};
	unsigned flags = EV_SYMBOL_LINES | (options->inlined ? EV_SYMBOL_INLINES : 0u) |
			 (options->demangle ? 0u : EV_SYMBOL_MANGLED);
	*it = (struct annotating){ .options = &code->options,
				   .loaded = loaded,
				   .symbolizer = symbolizer };
	it->annotation.report = (struct ev_report){
		.recording = loaded->recording,
		.path = options->input,
		.spaces = loaded->spaces,
		.stacks_loaded = true,
		.named = ev_named_open(loaded->profile, loaded->spaces, symbolizer, flags, true,
				       ev_cpus_online()),
	};
	int rc = ev_lines_build(&it->lines, it->annotation.report.named, false,
				&code->options.filter, err);
	if (rc)
		return rc;
	choose_events(it);
	annotate(it);
	return 0;
}

void report_code_close(struct report_code *code)
{
	struct annotating *it = &code->it;
	for (size_t i = 0; i < it->annotation.sections.count; i++)
		annotate_forget_code(&it->annotation.sections.items[i]);
	ev_array_done(&it->annotation.sections);
	ev_sources_close(it->annotation.sources);
	ev_spots_done(&it->spots);
	ev_lines_done(&it->lines);
	free(it->events);
	ev_named_close(it->annotation.report.named);
	ev_arena_done(&it->arena);
}
