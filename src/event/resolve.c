/* One word of the user's (an event with its modifiers) finds its meaning: the tables and sysfs are
 * asked first, then tracefs, then libpfm4. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "names.h"
#include "parse.h"

/* Sets what all generic events share. */
static struct ev_event *generic_add(struct ev_parse *parse, struct ev_span word, uint32_t type,
				    uint64_t config, const char *group, const char *name)
{
	struct ev_event *event = &ev_parse_add(parse, word)->event;
	event->attr.type = type;
	event->attr.config = config;
	event->resolved = ev_arena_printf(parse->keep, "%s/%s/", group, name);
	return event;
}

/* cycles:u of PMU cpu_atom is cpu_atom/cycles/u, cycles/period=9/u is cpu_atom/cycles,period=9/u.
 */
static const char *name_on(struct ev_parse *parse, const char *pmu, struct ev_span head,
			   struct ev_span word)
{
	struct ev_span tail = ev_span_from(word, (size_t)(head.at - word.at) + head.length);
	bool terms = tail.length > 1 && tail.at[0] == '/' && tail.at[1] != '/';
	bool slashes = tail.length && tail.at[0] == '/';
	tail = ev_span_from(tail, terms ? 1 : slashes ? 2 : 1);
	return ev_arena_printf(parse->keep, "%s/%.*s%c%.*s", pmu, (int)head.length, head.at,
			       terms ? ',' : '/', (int)tail.length, tail.at);
}

/* An event of the cores: one on an ordinary CPU, one for each kind of core on a hybrid one. Where
 * `raw`, the PMU is chosen by attr.type, else by the upper half of config. */
static void core_add(struct ev_parse *parse, struct ev_span head, struct ev_span word,
		     const struct perf_event_attr *attr, const char *group, const char *name,
		     const char *about)
{
	bool raw = attr->type == PERF_TYPE_RAW;
	unsigned first = (unsigned)parse->count;
	if (!ev_pmus_are_hybrid(parse->root)) {
		generic_add(parse, word, attr->type, attr->config, group, name)->about = about;
		return;
	}
	const struct ev_pmus *pmus = ev_parse_pmus(parse);
	for (size_t i = 0; i < pmus->count; i++) {
		const struct ev_pmu *pmu = &pmus->items[i];
		if (!pmu->core)
			continue;
		struct ev_event *event =
			generic_add(parse, word, raw ? pmu->type : attr->type,
				    raw ? attr->config : attr->config | (uint64_t)pmu->type << 32,
				    pmu->name, name);
		event->about = about;
		event->pmu = ev_arena_text(parse->keep, pmu->name, strlen(pmu->name));
		event->cpus =
			pmu->cpus ? ev_arena_text(parse->keep, pmu->cpus, strlen(pmu->cpus)) : NULL;
		event->name = name_on(parse, pmu->name, head, word);
		event->written = first;
		parse->items[parse->count - 1].split = true;
	}
}

int ev_parse_generic(struct ev_parse *parse, struct ev_span head, struct ev_span word)
{
	const struct ev_generic *generic = ev_generic_find(head);
	struct perf_event_attr attr = { .type = PERF_TYPE_HW_CACHE };
	uint64_t config;
	char name[64], about[128];
	if (generic && generic->group == EV_GROUP_HARDWARE) {
		attr.type = generic->type;
		attr.config = generic->config;
		core_add(parse, head, word, &attr, "hardware", generic->name, generic->about);
	} else if (generic && generic->group == EV_GROUP_TOOL) {
		struct ev_event *event = generic_add(parse, word, 0, 0, "tool", generic->name);
		event->kind = EV_EVENT_TOOL;
		event->tool = (enum ev_tool)generic->config;
		event->about = generic->about;
	} else if (generic) {
		generic_add(parse, word, generic->type, generic->config, "software", generic->name)
			->about = generic->about;
	} else if (ev_cache_find(head, &config)) {
		ev_cache_about(config, about, sizeof(about));
		attr.config = config;
		core_add(parse, head, word, &attr, "cache",
			 ev_cache_name(config, name, sizeof(name)),
			 ev_arena_text(parse->keep, about, strlen(about)));
	} else {
		return 0;
	}
	return 1;
}

int ev_parse_raw(struct ev_parse *parse, uint64_t config, struct ev_span head, struct ev_span word)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_RAW, .config = config };
	char name[32];
	snprintf(name, sizeof(name), "config=0x%llx", (unsigned long long)config);
	core_add(parse, head, word, &attr, "raw", name,
		 "the CPU's own encoding, as its manual has it");
	return 1;
}

/* r1a8 */
static int raw_parse(struct ev_parse *parse, struct ev_span head, struct ev_span word)
{
	uint64_t config;
	if (!head.length || (*head.at != 'r' && *head.at != 'R') ||
	    ev_span_hex(ev_span_from(head, 1), &config))
		return 0;
	return ev_parse_raw(parse, config, head, word);
}

/* An event of any PMU's events folder, named without its PMU; every PMU that has it counts. */
static int bare_parse(struct ev_parse *parse, struct ev_span head, struct ev_span word)
{
	const struct ev_pmus *pmus = ev_parse_pmus(parse);
	size_t first = parse->count;
	struct ev_arena unused = { 0 };
	struct ev_alias alias;
	struct ev_terms terms = { 0 };
	int rc = 0;
	*ev_array_add(&terms) = (struct ev_term){ .name = head };
	for (size_t i = 0; rc >= 0 && head.length && i < pmus->count; i++) {
		if (ev_pmu_alias(pmus, &pmus->items[i], head, &unused, &alias) != 1)
			continue;
		struct ev_made *made = ev_parse_add(parse, word);
		rc = ev_pmu_encode(parse, &pmus->items[i], &terms, made);
		made->event.written = (unsigned)first;
	}
	ev_array_done(&terms);
	ev_arena_done(&unused);
	for (size_t i = first; rc >= 0 && parse->count - first > 1 && i < parse->count; i++) {
		struct ev_made *made = &parse->items[i];
		made->split = true;
		made->event.name = name_on(parse, made->event.pmu, head, word);
	}
	return rc < 0 ? rc : parse->count > first;
}

/* 4:0x1c2, the numbers of attr.type and attr.config. */
static int numbers_parse(struct ev_parse *parse, struct ev_span head, struct ev_span word)
{
	size_t colon = ev_span_find(head, ':');
	uint64_t type, config;
	if (ev_span_number(ev_span_head(head, colon), &type) || type > UINT32_MAX ||
	    ev_span_number(ev_span_from(head, colon + 1), &config))
		return 0;
	struct ev_event *event = &ev_parse_add(parse, word)->event;
	event->attr.type = (uint32_t)type;
	event->attr.config = config;
	event->resolved = ev_arena_printf(parse->keep, "%llu:0x%llx", (unsigned long long)type,
					  (unsigned long long)config);
	return 1;
}

int ev_parse_head(struct ev_parse *parse, struct ev_span head, struct ev_span word)
{
	static int (*const kinds[])(struct ev_parse *, struct ev_span,
				    struct ev_span) = { ev_parse_generic, raw_parse, numbers_parse,
							bare_parse };
	int rc = 0;
	for (size_t i = 0; !rc && i < EV_LENGTH(kinds); i++)
		rc = kinds[i](parse, head, word);
	return rc;
}

static int modify(struct ev_parse *parse, struct ev_span tail, size_t first)
{
	struct ev_modifiers modifiers;
	int rc = ev_modifiers_parse(parse, tail, &modifiers);
	for (size_t i = first; !rc && i < parse->count; i++)
		rc = ev_modifiers_apply(parse, &modifiers, tail, &parse->items[i].event);
	return rc;
}

static bool is_tracepoint_system(struct ev_parse *parse, struct ev_span name)
{
	int error;
	size_t count;
	const char *events = ev_tracefs_events(&parse->scratch, parse->root, &error);
	const char **systems =
		events ? ev_folder_names(events, &parse->scratch, &count, &error) : NULL;
	for (size_t i = 0; systems && i < count; i++)
		if (ev_span_alike(name, systems[i]))
			return true;
	return false;
}

static int unknown(struct ev_parse *parse, struct ev_span word)
{
	size_t colon = ev_span_find(word, ':');
	struct ev_span head = ev_span_head(word, colon), tail = ev_span_from(word, colon + 1);
	int error = 0;
	bool pfm = tail.length && *tail.at == ':';
	/* cycels:u is the wrong name of an event with modifiers, shced:x more likely a tracepoint.
	 */
	bool modified = colon < word.length && ev_modifiers_look_right(tail);
	bool tracepoint = colon < word.length && !pfm && !modified;
	if (tracepoint && !ev_tracefs_events(&parse->scratch, parse->root, &error) &&
	    error == EACCES)
		return ev_parse_fault(parse, EACCES, word,
				      "unknown event '%.*s', unless it is a tracepoint: %s",
				      (int)word.length, word.at, ev_tracefs_cure(error));
	if (tracepoint && error)
		return ev_parse_unknown(parse, word, word,
					"unknown event '%.*s'; if it is a tracepoint: %s",
					(int)word.length, word.at, ev_tracefs_cure(error));
	if (tracepoint && ev_span_is_glob(word))
		return ev_parse_unknown(parse, word, word, "no tracepoint matches '%.*s'",
					(int)word.length, word.at);
	if (tracepoint && is_tracepoint_system(parse, head))
		return ev_parse_unknown(parse, tail, word,
					"there is no tracepoint '%.*s' in '%.*s'", (int)tail.length,
					tail.at, (int)head.length, head.at);
	struct ev_span name = modified ? head : word;
	return ev_parse_unknown(parse, name, name, "unknown event '%.*s'", (int)name.length,
				name.at);
}

/* A word without slashes. */
static int plain_parse(struct ev_parse *parse, struct ev_span word)
{
	size_t first = parse->count, colon = ev_span_find(word, ':');
	struct ev_span head = ev_span_head(word, colon), tail = ev_span_from(word, colon + 1);
	bool tailed = colon < word.length;
	/* In 4:0x1c2 the first ':' is part of the name. */
	if (tailed && head.length && tail.length && strchr("0123456789", *head.at) &&
	    strchr("0123456789", *tail.at)) {
		size_t second = ev_span_find(tail, ':');
		head = ev_span_head(word, colon + 1 + second);
		tailed = second < tail.length;
		tail = ev_span_from(tail, second + 1);
	}
	bool double_colon = tailed && tail.length && *tail.at == ':';
	int rc = double_colon ? 0 : ev_parse_head(parse, head, word);
	if (rc < 0)
		return rc;
	/* Attributes with a value are libpfm4's: cycles:c=1 may be an event of its tables. */
	if (rc && tailed && ev_span_find(tail, '=') < tail.length) {
		parse->count = first;
		rc = ev_parse_pfm(parse, word);
		if (rc)
			return rc;
		rc = ev_parse_head(parse, head, word);
	}
	if (rc && tailed)
		return modify(parse, tail, first);
	if (!rc && tailed && !double_colon)
		rc = ev_parse_tracepoint(parse, word);
	if (!rc)
		rc = ev_parse_pfm(parse, word);
	return rc ? rc : unknown(parse, word);
}

int ev_parse_word(struct ev_parse *parse, struct ev_span word)
{
	int rc = ev_parse_breakpoint(parse, word);
	if (!rc)
		rc = ev_parse_probe(parse, word);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = ev_span_find(word, '/') < word.length ? ev_parse_slashed(parse, word)
						   : plain_parse(parse, word);
	return rc < 0 ? rc : 0;
}
