/* The table of formulas becomes a list for people, or JSON. */
#include <string.h>
#include <evprof/view.h>

static bool has_part(const char *text, const char *word)
{
	char pattern[256];
	snprintf(pattern, sizeof(pattern), "*%.250s*", word);
	return ev_glob_match(pattern, text);
}

static bool is_wanted(const struct ev_metric *metric, char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ev_metric_is_meant(metric, words[i]) || has_part(metric->name, words[i]) ||
		    has_part(metric->about, words[i]))
			return true;
	}
	return !count;
}

static const char *unit_of(const struct ev_metric *metric, struct ev_arena *arena)
{
	return ev_arena_printf(arena, "%s%s", metric->percent ? "% " : "", metric->text);
}

static void print_object(FILE *out, const struct ev_metric *metric, bool first)
{
	struct ev_arena arena = { 0 };
	const struct {
		const char *key, *value;
	} pairs[] = { { "name", metric->name },
		      { "group", metric->group },
		      { "formula", metric->formula },
		      { "event", metric->event },
		      { "unit", unit_of(metric, &arena) },
		      { "about", metric->about } };
	fputs(first ? "\n" : ",\n", out);
	for (size_t i = 0; i < EV_LENGTH(pairs); i++) {
		fprintf(out, "%s\"%s\": ", i ? ", " : "{", pairs[i].key);
		ev_json_text(out, pairs[i].value);
	}
	putc('}', out);
	ev_arena_done(&arena);
}

static void print_lines(FILE *out, const struct ev_metric *metric, const char **group)
{
	if (strcmp(*group, metric->group))
		fprintf(out, "%s%s:\n", **group ? "\n" : "", metric->group);
	*group = metric->group;
	fprintf(out, "  %-22s %s\n  %-22s %s\n", metric->name, metric->about, "", metric->formula);
}

size_t ev_metrics_print(FILE *out, char *const *words, size_t word_count, bool json)
{
	const char *group = "";
	size_t found = 0;
	if (json)
		fputs("[", out);
	for (size_t i = 0; i < ev_metric_count; i++) {
		if (!is_wanted(&ev_metrics[i], words, word_count))
			continue;
		if (json)
			print_object(out, &ev_metrics[i], !found);
		else
			print_lines(out, &ev_metrics[i], &group);
		found++;
	}
	if (found && !json)
		fputs("\nTimes are in nanoseconds. \"event\" is the count of the row that the "
		      "metric "
		      "stands at,\n\"elapsed\" the time on the clock; names with a ? count as 0 "
		      "where "
		      "the CPU has them not.\n",
		      out);
	if (json)
		fputs(found ? "\n]\n" : "]\n", out);
	return found;
}
