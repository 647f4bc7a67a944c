/* A word with slashes: the event of a PMU (cpu/event=0x3c/u), or an event with terms of its own
 * (cycles/period=1000/u). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "names.h"
#include "parse.h"

/* A word in its parts. */
struct parts {
	struct ev_span word, front, inside, tail; /* front/inside/tail */
};

static int split(struct ev_parse *parse, struct ev_span word, struct parts *parts)
{
	size_t open = ev_span_find(word, '/');
	char quote = 0;
	size_t close = open + 1;
	for (; close < word.length && (quote || word.at[close] != '/'); close++) {
		char c = word.at[close];
		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '\'' || c == '"')
			quote = c;
	}
	*parts = (struct parts){ .word = word,
				 .front = ev_span_head(word, open),
				 .inside = ev_span_head(ev_span_from(word, open + 1),
							close - open - 1),
				 .tail = ev_span_from(word, close + 1) };
	if (close == word.length && ev_span_find(parts->front, ':') < open)
		return ev_parse_unknown(parse, word, word, "unknown event '%.*s'", (int)word.length,
					word.at);
	if (close == word.length)
		return ev_parse_fault(parse, EINVAL, ev_span_from(word, open),
				      "the '/' that ends the terms is missing");
	if (!open)
		return ev_parse_fault(parse, EINVAL, word,
				      "the name of a PMU or event is missing before '/'");
	if (parts->tail.length && *parts->tail.at == ':') {
		parts->tail = ev_span_from(parts->tail, 1);
		if (!parts->tail.length)
			return ev_parse_fault(parse, EINVAL, parts->tail,
					      "modifiers are missing after ':'");
	}
	return 0;
}

static const char *name_on(struct ev_parse *parse, const char *pmu, const struct parts *parts)
{
	return ev_arena_printf(parse->keep, "%s/%.*s/%.*s", pmu, (int)parts->inside.length,
			       parts->inside.at, (int)parts->tail.length, parts->tail.at);
}

/* hardware/cycles/, cache/LLC-loads/, software/cpu-clock/, tool/user_time/, raw/config=0x1c2/: the
 * resolved spellings of events that no PMU's folder has. */
static int spelled_out(struct ev_parse *parse, const struct parts *parts,
		       const struct ev_terms *terms)
{
	static const struct {
		const char *name;
		enum ev_catalogue_group group;
	} kinds[] = { { "hardware", EV_GROUP_HARDWARE },
		      { "cache", EV_GROUP_CACHE },
		      { "software", EV_GROUP_SOFTWARE },
		      { "tool", EV_GROUP_TOOL } };
	if (!terms->count)
		return 0;
	struct ev_span name = terms->items[0].name;
	if (ev_span_alike(parts->front, "raw") && ev_span_alike(name, "config")) {
		uint64_t config;
		if (ev_span_number(terms->items[0].value, &config))
			return 0;
		return ev_parse_raw(parse, config, parts->inside, parts->word);
	}
	for (size_t i = 0; !terms->items[0].has_value && i < EV_LENGTH(kinds); i++) {
		const struct ev_generic *generic = ev_generic_find(name);
		uint64_t config;
		bool cache = !generic && ev_cache_find(name, &config);
		if (ev_span_alike(parts->front, kinds[i].name) &&
		    (generic ? generic->group == kinds[i].group
			     : cache && kinds[i].group == EV_GROUP_CACHE))
			return ev_parse_generic(parse, name, parts->word);
	}
	return 0;
}

/* Terms behind an event that is no PMU's, for all events from `first` on. */
static int apply_all(struct ev_parse *parse, const struct ev_terms *terms, size_t skipped,
		     size_t first)
{
	for (size_t i = skipped; i < terms->count; i++)
		for (size_t k = first; k < parse->count; k++) {
			int rc = parse->items[k].event.kind == EV_EVENT_TOOL &&
						 !ev_span_alike(terms->items[i].name, "name")
					 ? 0
					 : ev_term_apply(parse, &terms->items[i], &parse->items[k]);
			if (rc < 0)
				return rc;
			if (!rc)
				return ev_parse_fault(parse, EINVAL, terms->items[i].name,
						      "'%.*s' takes no term '%.*s' (there are: %s)",
						      (int)parse->items[k].word.length,
						      parse->items[k].word.at,
						      (int)terms->items[i].name.length,
						      terms->items[i].name.at, ev_terms_known);
		}
	return 0;
}

/* An event with terms: 1, 0 when the front is no event. */
static int event_parse(struct ev_parse *parse, const struct parts *parts,
		       const struct ev_terms *terms)
{
	size_t first = parse->count, skipped = 0;
	int rc = ev_parse_head(parse, parts->front, parts->word);
	if (!rc && (rc = spelled_out(parse, parts, terms)))
		skipped = 1;
	if (!rc && ev_span_find(parts->front, ':') < parts->front.length &&
	    !(rc = ev_parse_tracepoint(parse, parts->front)))
		rc = ev_parse_pfm(parse, parts->front);
	if (rc != 1)
		return rc;
	for (size_t i = first; skipped && i < parse->count; i++)
		if (parse->items[i].split)
			parse->items[i].event.name =
				name_on(parse, parse->items[i].event.pmu, parts);
	rc = apply_all(parse, terms, skipped, first);
	return rc ? rc : 1;
}

/* The PMUs that the front names: one exactly, or all that a glob or a family's name means. PMUs of
 * a family that lack the event are left out as long as one has it. */
static int pmu_parse(struct ev_parse *parse, const struct parts *parts,
		     const struct ev_terms *terms)
{
	const struct ev_pmus *pmus = ev_parse_pmus(parse);
	const struct ev_pmu *exact = ev_pmu_find(pmus, parts->front);
	/* Where the cores' PMU has another name (or two), cpu still means it. */
	bool cores = ev_span_alike(parts->front, "cpu");
	size_t first = parse->count;
	struct ev_err *err = parse->err, unused;
	int rc = 0, failed = 0;
	for (size_t i = 0; i < pmus->count; i++) {
		const struct ev_pmu *pmu = &pmus->items[i];
		if (exact ? pmu != exact : cores ? !pmu->core : !ev_pmu_is_meant(pmu, parts->front))
			continue;
		struct ev_made *made = ev_parse_add(parse, parts->word);
		rc = ev_pmu_encode(parse, pmu, terms, made);
		if (rc) {
			/* The first refusal is the one to tell. */
			failed = failed ? failed : rc;
			parse->err = &unused;
			parse->count--;
			continue;
		}
		made->event.written = (unsigned)first;
		if (exact || made->named)
			continue;
		made->event.name = name_on(parse, pmu->name, parts);
	}
	parse->err = err;
	for (size_t i = first; i < parse->count; i++)
		parse->items[i].split = parse->count - first > 1;
	return parse->count > first ? 1 : failed;
}

static int unknown_pmu(struct ev_parse *parse, const struct parts *parts)
{
	const struct ev_pmus *pmus = ev_parse_pmus(parse);
	const char *list = "";
	for (size_t i = 0; i < pmus->count && strlen(list) < 160; i++)
		list = ev_arena_printf(&parse->scratch, "%s%s%s", list, i ? " " : "",
				       pmus->items[i].name);
	bool core = ev_span_alike(parts->front, "cpu");
	for (size_t i = 0; i < pmus->count; i++)
		core &= !pmus->items[i].core;
	return ev_parse_unknown(parse, parts->front, parts->word,
				"there is no PMU or event '%.*s' here%s (PMUs: %s)",
				(int)parts->front.length, parts->front.at,
				core ? ": the kernel shows no hardware counters of the CPU" : "",
				*list ? list : "none");
}

int ev_parse_slashed(struct ev_parse *parse, struct ev_span word)
{
	struct parts parts;
	struct ev_terms terms = { 0 };
	struct ev_modifiers modifiers;
	size_t first = parse->count;
	int rc = split(parse, word, &parts);
	if (!rc)
		rc = ev_terms_split(parse, parts.inside, &terms);
	if (rc)
		return rc;
	/* A generic name is never taken for the family of a PMU. */
	rc = ev_generic_find(parts.front) ? 0 : pmu_parse(parse, &parts, &terms);
	if (!rc)
		rc = event_parse(parse, &parts, &terms);
	if (!rc)
		rc = unknown_pmu(parse, &parts);
	ev_array_done(&terms);
	if (rc < 0 || !parts.tail.length)
		return rc;
	rc = ev_modifiers_parse(parse, parts.tail, &modifiers);
	for (size_t i = first; !rc && i < parse->count; i++)
		rc = ev_modifiers_apply(parse, &modifiers, parts.tail, &parse->items[i].event);
	return rc;
}
