/* Names that were typed, or the weight of functions, become the sections of an annotation. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "annotate.h"

#define USUAL_LIMIT 1.0 /* percent of all that a function must have to be shown unasked */
enum { USUAL_COUNT = 10, HINTS = 3 };

/* ---- weights ----------------------------------------------------------------------------------
 */

/* By what functions and files are ordered: own lines, or own machine code. */
static uint64_t weight_of(const struct annotating *it, const struct ev_lines *lines,
			  uint32_t function)
{
	if (it->options->assembly && !lines->by_file)
		return it->spots.of_functions[function * lines->event_count + it->event].period;
	return ev_line_function_weight(lines, function, EV_MEASURE_OWN)[it->event].period;
}

struct ranked {
	uint32_t function;
	uint64_t weight, called;
};

/* What --python shows of functions. */
static bool is_asked(const struct annotating *it, const struct ev_line_function *function)
{
	enum python_frames python = it->options->python;
	return python == PYTHON_MERGED || (python == PYTHON_ONLY) == function->python;
}

/* Samples that are not a line's of Python as well. */
static uint64_t single_weight(const struct annotating *it, const struct ev_lines *lines,
			      const struct ranked *ranked)
{
	if (it->options->assembly)
		return ranked->weight;
	if (lines->functions.items[ranked->function].python)
		return ranked->weight;
	return ranked->weight -
	       ev_line_function_weight(lines, ranked->function, EV_MEASURE_NATIVE)[it->event]
		       .period;
}

static bool has_lines(const struct ev_lines *lines, uint32_t function)
{
	const struct ev_line_function *item = &lines->functions.items[function];
	/* What has no line stands first. */
	return lines->lines.items[item->first_line + item->line_count - 1].line;
}

static int by_weight(const void *one, const void *other)
{
	const struct ranked *a = one, *b = other;
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	if (a->called != b->called)
		return a->called > b->called ? -1 : 1;
	return a->function < b->function ? -1 : a->function > b->function;
}

/* All functions or files, heaviest first; free() it. */
static struct ranked *rank(const struct annotating *it, const struct ev_lines *lines)
{
	size_t count = lines->functions.count;
	struct ranked *ranked = ev_alloc((count + 1) * sizeof(*ranked));
	for (uint32_t i = 0; i < count; i++)
		ranked[i] = (struct ranked){
			i, weight_of(it, lines, i),
			ev_line_function_weight(lines, i, EV_MEASURE_CALLED)[it->event].period
		};
	if (count)
		qsort(ranked, count, sizeof(*ranked), by_weight);
	return ranked;
}

/* The source file that most of it is in. */
static uint32_t main_file(const struct annotating *it, const struct ev_lines *lines,
			  uint32_t function)
{
	const struct ev_line_function *item = &lines->functions.items[function];
	uint64_t best = 0, sum = 0;
	uint32_t file = 0;
	for (uint32_t i = item->first_line; i < item->first_line + item->line_count; i++) {
		const struct ev_line *line = &lines->lines.items[i];
		if (i == item->first_line || line->file != line[-1].file)
			sum = 0;
		sum += ev_line_weight(lines, i, EV_MEASURE_CALLED)[it->event].period;
		if (line->file && (!file || sum > best)) {
			best = sum;
			file = line->file;
		}
	}
	return file;
}

static void add_section(struct annotating *it, const struct ev_lines *lines, uint32_t function)
{
	for (size_t i = 0; i < it->annotation.sections.count; i++) {
		const struct ev_annotated *other = &it->annotation.sections.items[i];
		if (other->lines == lines && other->function == function)
			return; /* named twice */
	}
	*ev_array_add(&it->annotation.sections) = (struct ev_annotated){
		.lines = lines,
		.ratio_sums = lines->by_file ? it->file_ratios : it->line_ratios,
		.reached = lines->by_file ? it->file_reached : it->line_reached,
		.faults_event = it->faults_event,
		.function = function,
		.file = main_file(it, lines, function),
	};
}

/* ---- the hottest ------------------------------------------------------------------------------
 */

static double percent_of(const struct annotating *it, uint64_t weight)
{
	uint64_t all = it->lines.totals[it->event].period;
	return all ? 100.0 * (double)weight / (double)all : 0;
}

static void choose_hottest(struct annotating *it)
{
	const struct ev_lines *lines = &it->lines;
	struct ev_annotation *annotation = &it->annotation;
	double limit = it->options->percent_limit;
	struct ranked *ranked = rank(it, lines);
	for (size_t i = 0; i < lines->functions.count; i++) {
		const struct ev_line_function *function =
			&lines->functions.items[ranked[i].function];
		bool shows = it->options->assembly
				     ? function->object != 0
				     : it->options->json || has_lines(lines, ranked[i].function);
		double percent = percent_of(it, ranked[i].weight);
		if (!function->passes || !ranked[i].weight || !is_asked(it, function))
			continue;
		if (!shows && !single_weight(it, lines, &ranked[i]))
			continue; /* lines of Python show all of it */
		if (!shows) {
			if (annotation->lineless_count < EV_LENGTH(annotation->lineless))
				annotation->lineless[annotation->lineless_count] =
					ranked[i].function;
			annotation->lineless_count++;
			annotation->lineless_period += single_weight(it, lines, &ranked[i]);
		} else if (limit < 0 ? percent >= USUAL_LIMIT &&
					       annotation->sections.count < USUAL_COUNT
				     : percent >= limit) {
			add_section(it, lines, ranked[i].function);
		} else {
			annotation->left_count++;
			annotation->left_period += single_weight(it, lines, &ranked[i]);
		}
	}
	free(ranked);
}

/* ---- those that were named --------------------------------------------------------------------
 */

static const char *name_of(const struct ev_lines *lines, uint32_t function)
{
	return ev_strings_text(lines->named->profile->strings,
			       lines->functions.items[function].name);
}

/* How many of `lines` the word means; they become sections. */
static size_t add_meant(struct annotating *it, const struct ev_lines *lines, const char *word)
{
	struct ranked *ranked = rank(it, lines);
	size_t found = 0;
	for (size_t i = 0; i < lines->functions.count; i++) {
		uint32_t function = ranked[i].function;
		const char *name = name_of(lines, function);
		bool meant = lines->by_file ? annotate_means_file(word, name)
			     : lines->functions.items[function].python
				     ? annotate_means_python(word, name)
				     : annotate_means_function(word, name);
		bool small = it->options->percent_limit >= 0 &&
			     percent_of(it, ranked[i].weight) < it->options->percent_limit;
		if (!meant || !ranked[i].called || !lines->functions.items[function].passes ||
		    (!lines->by_file && !is_asked(it, &lines->functions.items[function])))
			continue;
		if (!small)
			add_section(it, lines, function);
		found++;
	}
	free(ranked);
	return found;
}

static int fail_to_find(struct annotating *it, const char *word, struct ev_err *err)
{
	struct ranked *ranked = rank(it, &it->lines);
	struct ev_buffer hints = { 0 };
	struct ev_arena arena = { 0 };
	size_t told = 0;
	for (size_t i = 0; i < it->lines.functions.count && told < HINTS; i++)
		if (ranked[i].weight && it->lines.functions.items[ranked[i].function].resolved)
			ev_buffer_printf(&hints, "%s%s", told++ ? ", " : "",
					 ev_text_safe(&arena,
						      name_of(&it->lines, ranked[i].function)));
	ev_buffer_u8(&hints, 0);
	int rc = ev_fail(err, ENOENT, "no sample is in a function or source file '%s'%s%.400s",
			 ev_text_safe(&arena, word), told ? "; the hottest functions are " : "",
			 (const char *)hints.bytes);
	free(ranked);
	ev_buffer_done(&hints);
	ev_arena_done(&arena);
	return rc;
}

static int add_named(struct annotating *it, const char *word, bool function_only,
		     struct ev_err *err)
{
	if (add_meant(it, &it->lines, word))
		return 0;
	if (!function_only && !it->options->assembly) {
		if (!it->files.named) {
			int rc = ev_lines_build(&it->files, it->lines.named, true,
						&it->options->filter, err);
			if (rc)
				return rc;
			if (it->line_reached)
				it->file_reached = ev_lines_reached(&it->files, it->faults_event);
			if (it->line_ratios)
				it->file_ratios =
					ev_lines_ratio_sums(&it->files, &it->loaded->joints,
							    it->loaded->ratios.items.count);
		}
		/* What a filter of objects or functions hides is not hidden line by line. */
		if (add_meant(it, &it->files, word))
			return 0;
	}
	return fail_to_find(it, word, err);
}

int annotate_choose(struct annotating *it, struct ev_err *err)
{
	const struct annotate_options *options = it->options;
	int rc = 0;
	bool named = options->symbol || options->wanted.count || options->word_count;
	if (!named)
		choose_hottest(it);
	if (options->symbol)
		rc = add_named(it, options->symbol, true, err);
	for (size_t i = 0; !rc && i < options->wanted.count; i++)
		rc = add_named(it, options->wanted.items[i].text, false, err);
	for (size_t i = 0; !rc && i < options->word_count; i++)
		rc = add_named(it, options->words[i], false, err);
	return rc;
}

int annotate_choose_function(struct annotating *it, const char *name, const char *object,
			     struct ev_err *err)
{
	const struct ev_lines *lines = &it->lines;
	const struct ev_named *named = lines->named;
	struct ev_arena arena = { 0 };
	it->annotation.sections.count = 0;
	for (uint32_t i = 0; i < lines->functions.count; i++) {
		const struct ev_line_function *function = &lines->functions.items[i];
		const char *in = function->object < named->object_count
					 ? ev_strings_text(named->profile->strings,
							   named->object_names[function->object])
					 : "";
		if (strcmp(name_of(lines, i), name) || (object && strcmp(in, object)))
			continue;
		add_section(it, lines, i);
		return 0;
	}
	int rc = ev_fail(err, ENOENT, "no sample of this event is in %s: there is nothing to show",
			 ev_text_safe(&arena, name));
	ev_arena_done(&arena);
	return rc;
}
