/* Compares an unknown name with every name the machine knows and keeps the three nearest. */
#include <string.h>
#include "suggest.h"
#include "names.h"
#include "pfm.h"

#define KEPT 3

struct nearest {
	const char *wanted;
	unsigned limit; /* as far as this is no longer near */
	struct {
		char name[128];
		unsigned distance;
	} best[KEPT];
	size_t count;
};

/* A name that holds the wanted text is nearer than its edits say. */
static unsigned distance_of(const struct nearest *nearest, const char *name)
{
	size_t wanted = strlen(nearest->wanted), length = strlen(name);
	unsigned distance = nearest->limit;
	/* Names of very different length need no counting. */
	if (length < wanted + nearest->limit && wanted < length + nearest->limit)
		distance = ev_edit_distance(nearest->wanted, name, nearest->limit);
	for (size_t i = 0; wanted >= 4 && distance > 2 && i + wanted <= length; i++)
		if (ev_span_starts((struct ev_span){ name + i, length - i }, nearest->wanted))
			return 2;
	return distance;
}

static void consider(struct nearest *nearest, const char *name)
{
	unsigned distance = distance_of(nearest, name);
	/* The very name that could not be had is no advice. */
	if (!distance || distance >= nearest->limit ||
	    strlen(name) >= sizeof(nearest->best[0].name))
		return;
	size_t at = nearest->count;
	for (size_t i = 0; i < nearest->count; i++)
		if (ev_span_alike(ev_span_of(name), nearest->best[i].name))
			return;
	while (at > 0 && nearest->best[at - 1].distance > distance)
		at--;
	if (at == KEPT)
		return;
	size_t last = nearest->count < KEPT ? nearest->count++ : KEPT - 1;
	memmove(&nearest->best[at + 1], &nearest->best[at], (last - at) * sizeof(nearest->best[0]));
	snprintf(nearest->best[at].name, sizeof(nearest->best[at].name), "%s", name);
	nearest->best[at].distance = distance;
}

static void consider_words(struct nearest *nearest, const char *words)
{
	char word[64];
	while (*words) {
		size_t length = strcspn(words, " ");
		snprintf(word, sizeof(word), "%.*s", (int)length, words);
		consider(nearest, word);
		words += length + (words[length] == ' ');
	}
}

static void consider_tables(struct nearest *nearest)
{
	const struct ev_generic *generic;
	for (size_t i = 0; (generic = ev_generic_at(i)); i++) {
		consider(nearest, generic->name);
		consider_words(nearest, generic->aliases);
	}
	uint64_t config;
	char name[64];
	for (size_t i = 0; ev_cache_at(i, &config); i++)
		consider(nearest, ev_cache_name(config, name, sizeof(name)));
}

/* An event of a PMU is near by its own name or by the whole "pmu/event/". */
static void consider_pmus(struct ev_parse *parse, struct nearest *nearest)
{
	const struct ev_pmus *pmus = ev_parse_pmus(parse);
	for (size_t i = 0; i < pmus->count; i++) {
		size_t count;
		const char **names =
			ev_pmu_names(pmus, &pmus->items[i], "events", &parse->scratch, &count);
		for (size_t k = 0; k < count; k++) {
			const char *whole = ev_arena_printf(&parse->scratch, "%s/%s/",
							    pmus->items[i].name, names[k]);
			if (distance_of(nearest, names[k]) < nearest->limit)
				consider(nearest, names[k]);
			else
				consider(nearest, whole);
		}
	}
}

static void consider_tracepoints(struct ev_parse *parse, struct nearest *nearest)
{
	struct ev_arena *arena = &parse->scratch;
	int error;
	size_t system_count, count;
	const char *events = ev_tracefs_events(arena, parse->root, &error);
	const char **systems =
		events ? ev_folder_names(events, arena, &system_count, &error) : NULL;
	for (size_t i = 0; systems && i < system_count; i++) {
		const char *folder = ev_arena_printf(arena, "%s/%s", events, systems[i]);
		const char **names = ev_folder_names(folder, arena, &count, &error);
		for (size_t k = 0; k < count; k++)
			if (!strchr(names[k], '.') && strcmp(names[k], "enable") &&
			    strcmp(names[k], "filter"))
				consider(nearest,
					 ev_arena_printf(arena, "%s:%s", systems[i], names[k]));
	}
}

/* A unit mask is looked at where one was typed; else the event alone, once. */
static void consider_row(void *context, const struct ev_pfm_row *row)
{
	struct nearest *nearest = context;
	char name[256];
	if (row->generic)
		return;
	if (strstr(nearest->wanted, "::"))
		snprintf(name, sizeof(name), "%s::%s", row->pmu, row->name);
	else if (strpbrk(nearest->wanted, ":."))
		snprintf(name, sizeof(name), "%s", row->name);
	else
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(row->name, ":"), row->name);
	consider(nearest, name);
}

const char *ev_suggest(struct ev_parse *parse, struct ev_span name)
{
	if (name.length < 2 || name.length > 80 || ev_span_is_glob(name))
		return "";
	char *wanted = ev_span_text(&parse->scratch, name);
	struct nearest nearest = { .wanted = wanted };
	nearest.limit = 2 + (unsigned)name.length / 4;
	consider_tables(&nearest);
	consider_pmus(parse, &nearest);
	if (strchr(wanted, ':'))
		consider_tracepoints(parse, &nearest);
	ev_pfm_rows(consider_row, &nearest);
	char *out = ev_arena_take(&parse->scratch, KEPT * sizeof(nearest.best[0].name));
	for (size_t i = 0; i < nearest.count; i++)
		snprintf(out + strlen(out), KEPT * sizeof(nearest.best[0].name) - strlen(out),
			 "%s%s%s", i ? ", " : "", nearest.best[i].name,
			 i + 1 == nearest.count ? "?" : "");
	return out;
}
