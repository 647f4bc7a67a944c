/* The functions of a trace, in the order that was asked for, and the edges between them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/profile_calls.h>

static const struct {
	const char *word;
	enum ev_call_key key;
} words[] = {
	{ "calls", EV_CALL_KEY_CALLS },        { "ncalls", EV_CALL_KEY_CALLS },
	{ "cumtime", EV_CALL_KEY_CUMULATIVE }, { "cumulative", EV_CALL_KEY_CUMULATIVE },
	{ "file", EV_CALL_KEY_FILE },          { "filename", EV_CALL_KEY_FILE },
	{ "line", EV_CALL_KEY_LINE },          { "module", EV_CALL_KEY_FILE },
	{ "name", EV_CALL_KEY_NAME },          { "nfl", EV_CALL_KEY_NFL },
	{ "pcalls", EV_CALL_KEY_PRIMITIVE },   { "stdname", EV_CALL_KEY_STANDARD },
	{ "time", EV_CALL_KEY_TIME },          { "tottime", EV_CALL_KEY_TIME },
};

static const char *const titles[] = {
	[EV_CALL_KEY_CALLS] = "call count",
	[EV_CALL_KEY_CUMULATIVE] = "cumulative time",
	[EV_CALL_KEY_FILE] = "file name",
	[EV_CALL_KEY_LINE] = "line number",
	[EV_CALL_KEY_NAME] = "function name",
	[EV_CALL_KEY_NFL] = "name/file/line",
	[EV_CALL_KEY_PRIMITIVE] = "primitive call count",
	[EV_CALL_KEY_STANDARD] = "standard name",
	[EV_CALL_KEY_TIME] = "internal time",
};

const char *ev_call_key_title(enum ev_call_key key)
{
	return titles[key];
}

/* A beginning is clear when all words that begin so mean the same. */
static bool find_word(const char *text, size_t length, enum ev_call_key *key)
{
	size_t found = 0;
	for (size_t i = 0; i < EV_LENGTH(words) && length; i++) {
		if (strncmp(words[i].word, text, length))
			continue;
		if (!words[i].word[length]) {
			*key = words[i].key;
			return true;
		}
		if (found && words[i].key != *key)
			return false;
		*key = words[i].key;
		found++;
	}
	return found;
}

int ev_call_keys_parse(const char *text, enum ev_call_key keys[EV_CALL_KEYS_MAX],
		       struct ev_err *err)
{
	int count = 0;
	for (const char *at = text;; at++) {
		size_t length = strcspn(at, ",");
		struct ev_arena arena = { 0 };
		if (count < EV_CALL_KEYS_MAX && find_word(at, length, &keys[count])) {
			count++;
		} else {
			ev_fail(err, EINVAL,
				"'%s' is no order of calls; these are: calls, cumulative, "
				"filename, line, module, name, nfl, pcalls, stdname, time",
				ev_text_safe(&arena, ev_arena_text(&arena, at, length)));
			ev_arena_done(&arena);
			return -EINVAL;
		}
		at += length;
		if (!*at)
			return count;
	}
}

/* ---- order ------------------------------------------------------------------------------------
 */

static int compare_numbers(int64_t one, int64_t other)
{
	return (one > other) - (one < other);
}

static const char *file_of(const struct ev_call_function *function)
{
	return function->source ? function->source : function->object;
}

static int compare_files(const struct ev_call_function *a, const struct ev_call_function *b)
{
	return strcmp(file_of(a), file_of(b));
}

static int compare_lines(const struct ev_call_function *a, const struct ev_call_function *b)
{
	return compare_numbers(a->line, b->line);
}

static int first_of(int one, int two, int three)
{
	return one ? one : two ? two : three;
}

/* More comes first, but texts and lines by the alphabet and upwards. */
static int compare(enum ev_call_key key, const struct ev_call_function *a,
		   const struct ev_call_function *b)
{
	switch (key) {
	case EV_CALL_KEY_CALLS:
		return compare_numbers((int64_t)b->sums->calls, (int64_t)a->sums->calls);
	case EV_CALL_KEY_PRIMITIVE:
		return compare_numbers((int64_t)b->sums->primitive_calls,
				       (int64_t)a->sums->primitive_calls);
	case EV_CALL_KEY_CUMULATIVE:
		return compare_numbers(b->sums->total_ns, a->sums->total_ns);
	case EV_CALL_KEY_TIME:
		return compare_numbers(b->sums->own_ns, a->sums->own_ns);
	case EV_CALL_KEY_FILE:
		return compare_files(a, b);
	case EV_CALL_KEY_LINE:
		return compare_lines(a, b);
	case EV_CALL_KEY_NAME:
		return strcmp(a->name, b->name);
	case EV_CALL_KEY_NFL:
		return first_of(strcmp(a->name, b->name), compare_files(a, b), compare_lines(a, b));
	case EV_CALL_KEY_STANDARD:
		return first_of(compare_files(a, b), compare_lines(a, b), strcmp(a->name, b->name));
	}
	return 0;
}

struct ordering {
	const struct ev_calls *calls;
	const enum ev_call_key *keys;
	size_t key_count;
};

static int by_keys(const void *one, const void *other, void *context)
{
	const struct ordering *ordering = context;
	const struct ev_call_function *a = &ordering->calls->functions[*(const uint32_t *)one],
				      *b = &ordering->calls->functions[*(const uint32_t *)other];
	for (size_t i = 0; i < ordering->key_count; i++) {
		int order = compare(ordering->keys[i], a, b);
		if (order)
			return order;
	}
	int order = compare(EV_CALL_KEY_STANDARD, a, b);
	return order ? order : (a > b) - (a < b);
}

size_t ev_calls_order(const struct ev_calls *calls, const enum ev_call_key *keys, size_t key_count,
		      uint32_t *order)
{
	struct ordering ordering = { calls, keys, key_count };
	size_t count = 0;
	for (size_t i = 0; i < calls->count; i++)
		if (calls->functions[i].sums->calls)
			order[count++] = (uint32_t)i;
	qsort_r(order, count, sizeof(*order), by_keys, &ordering);
	return count;
}

/* ---- sums -------------------------------------------------------------------------------------
 */

struct ev_calls_total ev_calls_total(const struct ev_calls *calls)
{
	struct ev_calls_total total = { 0 };
	for (size_t i = 0; i < calls->count; i++) {
		const struct ev_trace_sums *sums = calls->functions[i].sums;
		total.calls += sums->calls;
		total.primitive_calls += sums->primitive_calls;
		total.own_ns += sums->own_ns;
		if (sums->total_ns > total.largest_ns)
			total.largest_ns = sums->total_ns;
	}
	return total;
}

double ev_calls_seconds(int64_t time_ns)
{
	return time_ns > 0 ? (double)time_ns / 1e9 : 0;
}

/* ---- edges ------------------------------------------------------------------------------------
 */

static int by_calls(const void *one, const void *other)
{
	const struct ev_trace_edge *a = *(const struct ev_trace_edge *const *)one,
				   *b = *(const struct ev_trace_edge *const *)other;
	if (a->calls != b->calls)
		return a->calls > b->calls ? -1 : 1;
	if (a->caller != b->caller)
		return a->caller < b->caller ? -1 : 1;
	return (a->callee > b->callee) - (a->callee < b->callee);
}

size_t ev_calls_edges(const struct ev_calls *calls, uint32_t function, bool out,
		      const struct ev_trace_edge ***edges)
{
	size_t count = 0;
	*edges = ev_alloc((calls->edge_count + 1) * sizeof(const struct ev_trace_edge *));
	for (size_t i = 0; i < calls->edge_count; i++) {
		const struct ev_trace_edge *edge = &calls->edges[i];
		if ((out ? edge->caller : edge->callee) == function + 1)
			(*edges)[count++] = edge;
	}
	qsort(*edges, count, sizeof(const struct ev_trace_edge *), by_calls);
	return count;
}
