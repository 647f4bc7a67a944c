/* How long the calls of each function took becomes a histogram in powers of two. */
#include <stdlib.h>
#include <evprof/view_calls.h>

#define STARS 40

/* 1500 -> "1.5 us". */
static const char *time_text(char *out, size_t size_bytes, double time_ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	size_t unit = 0;
	for (; time_ns >= 1000 && unit + 1 < EV_LENGTH(units); unit++)
		time_ns /= 1000;
	char number[40];
	ev_format_fixed(number, sizeof(number), time_ns, unit && time_ns < 10 ? 1 : 0);
	snprintf(out, size_bytes, "%s %s", number, units[unit]);
	return out;
}

static void print_bucket(FILE *out, unsigned bucket, uint64_t calls, uint64_t most)
{
	char from[64], to[64];
	double begin = bucket ? (double)(UINT64_C(1) << (bucket - 1)) : 0;
	double end = (double)(UINT64_C(1) << bucket);
	size_t stars = (size_t)((double)calls / (double)most * STARS + 0.5);
	fprintf(out, "  %8s to %8s %12llu |", time_text(from, sizeof(from), begin),
		time_text(to, sizeof(to), end), (unsigned long long)calls);
	for (size_t i = 0; i < STARS; i++)
		fputc(i < stars ? '*' : ' ', out);
	fputs("|\n", out);
}

static void print_one(FILE *out, const struct ev_call_function *function)
{
	const struct ev_trace_sums *sums = function->sums;
	struct ev_arena arena = { 0 };
	char shortest[64], longest[64];
	unsigned first = EV_TRACE_BUCKETS, last = 0;
	uint64_t most = 0;
	for (unsigned i = 0; i < EV_TRACE_BUCKETS; i++) {
		if (!sums->histogram[i])
			continue;
		first = first < i ? first : i;
		last = i;
		most = sums->histogram[i] > most ? sums->histogram[i] : most;
	}
	fprintf(out, "%s: %llu call%s", ev_call_function_text(&arena, function),
		(unsigned long long)sums->calls, sums->calls == 1 ? "" : "s");
	if (sums->ended)
		fprintf(out, ", shortest %s, longest %s",
			time_text(shortest, sizeof(shortest), (double)sums->shortest_ns),
			time_text(longest, sizeof(longest), (double)sums->longest_ns));
	fputc('\n', out);
	for (unsigned i = first; most && i <= last; i++)
		print_bucket(out, i, sums->histogram[i], most);
	fputc('\n', out);
	ev_arena_done(&arena);
}

void ev_calls_print_histograms(FILE *out, const struct ev_calls_view *view)
{
	uint32_t *order = ev_alloc((view->calls->count + 1) * sizeof(*order));
	size_t count = ev_calls_order(view->calls, view->keys, view->key_count, order);
	for (size_t i = 0; i < count && (!view->row_limit || i < view->row_limit); i++)
		print_one(out, &view->calls->functions[order[i]]);
	free(order);
}
