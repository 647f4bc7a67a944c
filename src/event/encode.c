/* The terms of pmu/event=0x3c,umask=1/ become config words, by the kernel's description of the PMU.
 */
#include <errno.h>
#include <string.h>
#include "names.h"
#include "parse.h"

/* One event being put together. */
struct encoding {
	struct ev_parse *parse;
	const struct ev_pmu *pmu;
	const struct ev_terms *terms;
	struct ev_made *made;
	const struct ev_term *event;   /* the one that names an event */
	const struct ev_term *generic; /* that event where it is cycles and the like */
	struct ev_span field;          /* the last field set */
	const char *spelled;           /* "event=0x3c,umask=0x1" */
};

static void spell(struct encoding *encoding, struct ev_span name, uint64_t value)
{
	const char *old = encoding->spelled;
	encoding->field = name;
	encoding->spelled =
		ev_arena_printf(&encoding->parse->scratch, "%s%s%.*s=0x%llx", old, *old ? "," : "",
				(int)name.length, name.at, (unsigned long long)value);
}

/* Where config3 would stand the kernel headers of this build may know nothing. */
static bool word_set(struct perf_event_attr *attr, unsigned word, uint64_t mask, uint64_t bits)
{
	__u64 *const words[] = { &attr->config, &attr->config1, &attr->config2,
#ifdef PERF_ATTR_SIZE_VER8
				 &attr->config3
#endif
	};
	if (word >= EV_LENGTH(words))
		return false;
	*words[word] = (*words[word] & ~mask) | bits;
	return true;
}

static int no_word(struct encoding *encoding, struct ev_span at)
{
	return ev_parse_fault(encoding->parse, EOPNOTSUPP, at,
			      "config3 is newer than the kernel headers evprof was built with");
}

static const struct ev_term *term_find(const struct ev_terms *terms, struct ev_span name)
{
	for (size_t i = 0; i < terms->count; i++)
		if (terms->items[i].has_value && ev_span_same(terms->items[i].name, name))
			return &terms->items[i];
	return NULL;
}

/* config=, config1= …: the whole word. 1 when it was one of them. */
static int whole_word(struct encoding *encoding, struct ev_span name, uint64_t value,
		      struct ev_span at)
{
	static const char *const words[] = { "config", "config1", "config2", "config3" };
	for (unsigned i = 0; i < EV_LENGTH(words); i++)
		if (ev_span_alike(name, words[i])) {
			if (!word_set(&encoding->made->event.attr, i, UINT64_MAX, value))
				return no_word(encoding, at);
			spell(encoding, name, value);
			return 1;
		}
	return 0;
}

/* 1, 0 when the PMU has no such field, -errno. `at` is where the user sees a fault. */
static int field_set(struct encoding *encoding, struct ev_span name, uint64_t value,
		     struct ev_span at)
{
	struct ev_parse *parse = encoding->parse;
	const char *pmu = encoding->pmu->name;
	struct ev_field field;
	int rc = whole_word(encoding, name, value, at);
	if (rc)
		return rc;
	rc = ev_pmu_field(ev_parse_pmus(parse), encoding->pmu, name, &field);
	if (rc < 0)
		return ev_parse_fault(parse, EINVAL, at,
				      "the kernel's description of '%.*s' (%s/format) can't be "
				      "understood",
				      (int)name.length, name.at, pmu);
	if (!rc)
		return 0;
	uint64_t bits;
	if (!ev_field_spread(field.mask, value, &bits))
		return ev_parse_fault(parse, ERANGE, at,
				      "0x%llx is too large for '%.*s' of PMU '%s', which has %d "
				      "bits",
				      (unsigned long long)value, (int)name.length, name.at, pmu,
				      __builtin_popcountll(field.mask));
	if (!word_set(&encoding->made->event.attr, field.word, field.mask, bits))
		return no_word(encoding, at);
	spell(encoding, name, value);
	return 1;
}

/* One term of the kernel's own line for an event: "event=0x3c", "edge", "ldlat=?". */
static int alias_term(struct encoding *encoding, const struct ev_alias *alias, struct ev_span text,
		      struct ev_span at)
{
	struct ev_parse *parse = encoding->parse;
	size_t equals = ev_span_find(text, '=');
	struct ev_span name = ev_span_trim(ev_span_head(text, equals));
	struct ev_span value = ev_span_trim(ev_span_from(text, equals + 1));
	uint64_t number = 1;
	if (ev_span_is(value, "?")) {
		/* Its value comes from the user's term of that name, which is applied later. */
		if (term_find(encoding->terms, name))
			return 0;
		return ev_parse_fault(parse, EINVAL, at,
				      "event '%s' of PMU '%s' needs a value: %s/%s,%.*s=…/",
				      alias->name, encoding->pmu->name, encoding->pmu->name,
				      alias->name, (int)name.length, name.at);
	}
	if (equals < text.length && ev_span_number(value, &number))
		name.length = 0;
	if (ev_span_alike(name, "period")) {
		encoding->made->event.attr.sample_period = number;
		encoding->made->event.fixed |= EV_FIXED_PERIOD | EV_NATURAL_PERIOD;
		return 0;
	}
	int rc = name.length ? field_set(encoding, name, number, at) : 0;
	if (!rc)
		return ev_parse_fault(parse, EINVAL, at,
				      "the kernel's line for event '%s' of PMU '%s' can't be "
				      "understood: '%s'",
				      alias->name, encoding->pmu->name, alias->terms);
	return rc < 0 ? rc : 0;
}

/* An event of the PMU's events folder. */
static int alias_apply(struct encoding *encoding, const struct ev_term *term)
{
	struct ev_parse *parse = encoding->parse;
	struct ev_event *event = &encoding->made->event;
	struct ev_alias alias;
	int rc = ev_pmu_alias(ev_parse_pmus(parse), encoding->pmu, term->name, parse->keep, &alias);
	if (rc < 0)
		return ev_parse_fault(parse, EINVAL, term->name,
				      "the kernel's files for event '%.*s' of PMU '%s' can't be "
				      "understood",
				      (int)term->name.length, term->name.at, encoding->pmu->name);
	if (!rc)
		return 0;
	struct ev_span rest = ev_span_of(alias.terms);
	while (rest.length) {
		size_t comma = ev_span_find(rest, ',');
		rc = alias_term(encoding, &alias, ev_span_head(rest, comma), term->name);
		if (rc)
			return rc;
		rest = ev_span_from(rest, comma + 1);
	}
	event->unit = alias.unit;
	event->scale = alias.scale;
	return 1;
}

/* A generic name between the slashes of a PMU that has them: cpu/cycles/, software/cpu-clock/. */
static int generic_apply(struct encoding *encoding, const struct ev_term *term)
{
	struct ev_event *event = &encoding->made->event;
	const struct ev_pmu *pmu = encoding->pmu;
	const struct ev_generic *generic = ev_generic_find(term->name);
	uint64_t config = 0;
	bool cache = !generic && ev_cache_find(term->name, &config);
	if (generic && generic->group == EV_GROUP_SOFTWARE && pmu->type == PERF_TYPE_SOFTWARE) {
		event->attr.config = generic->config;
		event->about = generic->about;
	} else if (pmu->core && (cache || (generic && generic->group == EV_GROUP_HARDWARE))) {
		uint64_t upper =
			ev_pmus_are_hybrid(encoding->parse->root) ? (uint64_t)pmu->type << 32 : 0;
		event->attr.type = cache ? PERF_TYPE_HW_CACHE : PERF_TYPE_HARDWARE;
		event->attr.config = (cache ? config : generic->config) | upper;
		event->about = cache ? NULL : generic->about;
	} else {
		return 0;
	}
	encoding->generic = term;
	encoding->spelled = ev_arena_printf(&encoding->parse->scratch, "%.*s",
					    (int)term->name.length, term->name.at);
	return 1;
}

/* cpu/r1a8/, cpu/r0x1a8/ */
static int raw_apply(struct encoding *encoding, const struct ev_term *term)
{
	struct ev_span digits = ev_span_from(term->name, 1);
	uint64_t config;
	if (*term->name.at != 'r')
		return 0;
	digits = ev_span_from(digits, ev_span_starts(digits, "0x"));
	return ev_span_hex(digits, &config)
		       ? 0
		       : whole_word(encoding, ev_span_of("config"), config, term->name);
}

/* A name of the CPU maker's: cpu/L2_RQSTS.MISS/. */
static int pfm_apply(struct encoding *encoding, const struct ev_term *term)
{
	struct ev_parse *parse = encoding->parse;
	struct ev_event *event = &encoding->made->event;
	struct perf_event_attr attr;
	const char *resolved, *about;
	if (!encoding->pmu->core ||
	    ev_pfm_encode(ev_span_text(&parse->scratch, term->name), parse->keep, &attr, &resolved,
			  &about) <= 0 ||
	    attr.type != PERF_TYPE_RAW)
		return 0;
	int rc = whole_word(encoding, ev_span_of("config"), attr.config, term->name);
	event->attr.config1 = attr.config1;
	event->attr.config2 = attr.config2;
	event->about = about;
	return rc;
}

static int unknown_term(struct encoding *encoding, const struct ev_term *term)
{
	struct ev_parse *parse = encoding->parse;
	const struct ev_pmu *pmu = encoding->pmu;
	size_t count;
	const char **fields =
		ev_pmu_names(ev_parse_pmus(parse), pmu, "format", &parse->scratch, &count);
	const char *list = "";
	for (size_t i = 0; i < count && strlen(list) < 160; i++)
		list = ev_arena_printf(&parse->scratch, "%s%s ", list, fields[i]);
	if (!term->has_value)
		return ev_parse_unknown(parse, term->name, term->name,
					"PMU '%s' has neither an event nor a field '%.*s' (fields: "
					"%s)",
					pmu->name, (int)term->name.length, term->name.at,
					*list ? list : "none");
	return ev_parse_fault(parse, EINVAL, term->name,
			      "PMU '%s' has no field '%.*s' (there are: %sconfig config1 config2 "
			      "%s)",
			      pmu->name, (int)term->name.length, term->name.at, list,
			      ev_terms_known);
}

/* A term without a value names an event, or sets a field of one bit. */
static int flag_apply(struct encoding *encoding, const struct ev_term *term)
{
	static int (*const events[])(struct encoding *, const struct ev_term *) = { alias_apply,
										    generic_apply,
										    raw_apply };
	struct ev_parse *parse = encoding->parse;
	int rc = ev_term_apply(parse, term, encoding->made);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < EV_LENGTH(events); i++)
		rc = events[i](encoding, term);
	if (!rc && (rc = field_set(encoding, term->name, 1, term->name)))
		return rc;
	if (!rc)
		rc = pfm_apply(encoding, term);
	if (rc != 1)
		return rc;
	if (encoding->event)
		return ev_parse_fault(parse, EINVAL, term->name,
				      "only one event can be named between the slashes, and "
				      "'%.*s' was already",
				      (int)encoding->event->name.length, encoding->event->name.at);
	encoding->event = term;
	return 1;
}

static int value_apply(struct encoding *encoding, const struct ev_term *term)
{
	uint64_t number;
	int rc = ev_term_apply(encoding->parse, term, encoding->made);
	if (rc)
		return rc;
	if (ev_span_number(term->value, &number)) {
		struct ev_field field;
		if (ev_pmu_field(ev_parse_pmus(encoding->parse), encoding->pmu, term->name,
				 &field) ||
		    ev_span_starts(term->name, "config"))
			return ev_parse_fault(encoding->parse, EINVAL,
					      term->value.length ? term->value : term->name,
					      "'%.*s' needs a number, as in %.*s=0x10",
					      (int)term->name.length, term->name.at,
					      (int)term->name.length, term->name.at);
		return 0;
	}
	return field_set(encoding, term->name, number, term->name);
}

int ev_pmu_encode(struct ev_parse *parse, const struct ev_pmu *pmu, const struct ev_terms *terms,
		  struct ev_made *made)
{
	struct encoding encoding = {
		.parse = parse, .pmu = pmu, .terms = terms, .made = made, .spelled = ""
	};
	struct ev_event *event = &made->event;
	event->attr.type = pmu->type;
	event->pmu = ev_arena_text(parse->keep, pmu->name, strlen(pmu->name));
	event->cpus = pmu->cpus ? ev_arena_text(parse->keep, pmu->cpus, strlen(pmu->cpus)) : NULL;
	event->per_task = pmu->per_task;
	if (pmu->type == PERF_TYPE_TRACEPOINT) {
		event->attr.sample_period = 1;
		event->fixed = EV_FIXED_PERIOD | EV_NATURAL_PERIOD;
	}
	/* Events first: a field that the user wrote wins over the event's own value. */
	for (int values = 0; values < 2; values++)
		for (size_t i = 0; i < terms->count; i++) {
			const struct ev_term *term = &terms->items[i];
			if (term->has_value != values)
				continue;
			int rc =
				values ? value_apply(&encoding, term) : flag_apply(&encoding, term);
			if (!rc)
				rc = unknown_term(&encoding, term);
			if (rc < 0)
				return rc;
		}
	if (encoding.generic && encoding.field.length)
		return ev_parse_fault(parse, EINVAL, encoding.generic->name,
				      "'%.*s' is a generic name, which takes no further encoding",
				      (int)encoding.generic->name.length,
				      encoding.generic->name.at);
	event->resolved = ev_arena_printf(parse->keep, "%s/%s/", pmu->name, encoding.spelled);
	return 0;
}
