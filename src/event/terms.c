/* What stands between the slashes of an event (period=1000,name=x) becomes terms, and the terms
 * that every event takes become fields of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "parse.h"

#define LARGEST_STACK 65528
/* No PMU has so many fields; it bounds what a hostile argument can ask for. */
#define MOST_TERMS 64

const char ev_terms_known[] = "period freq name call-graph stack-size max-stack time inherit "
			      "no-inherit overwrite no-overwrite percore branch_type nr aux-output "
			      "aux-sample-size aux-action";

/* Takes the quotes off 'x'. */
static struct ev_span unquoted(struct ev_span value)
{
	bool quoted = value.length >= 2 && (*value.at == '\'' || *value.at == '"') &&
		      value.at[value.length - 1] == *value.at;
	return quoted ? ev_span_head(ev_span_from(value, 1), value.length - 2) : value;
}

int ev_terms_split(struct ev_parse *parse, struct ev_span text, struct ev_terms *terms)
{
	*terms = (struct ev_terms){ 0 };
	if (!ev_span_trim(text).length)
		return 0;
	for (;;) {
		size_t length = ev_span_find_unquoted(text, ',');
		struct ev_span whole = ev_span_trim(ev_span_head(text, length));
		size_t equals = ev_span_find(whole, '=');
		struct ev_term term = { .name = ev_span_trim(ev_span_head(whole, equals)),
					.value = unquoted(
						ev_span_trim(ev_span_from(whole, equals + 1))),
					.has_value = equals < whole.length };
		if (!term.name.length || terms->count == MOST_TERMS) {
			ev_array_done(terms);
			return term.name.length
				       ? ev_parse_fault(parse, E2BIG, whole,
							"these are more than %d terms", MOST_TERMS)
				       : ev_parse_fault(parse, EINVAL, whole,
							"a term is missing here");
		}
		*ev_array_add(terms) = term;
		if (length == text.length)
			return 0;
		text = ev_span_from(text, length + 1);
	}
}

int ev_term_number(struct ev_parse *parse, const struct ev_term *term, uint64_t least,
		   uint64_t most, uint64_t *number)
{
	int rc = term->has_value ? ev_span_number(term->value, number) : -EINVAL;
	if (rc || *number < least || *number > most) {
		struct ev_span at =
			term->has_value && term->value.length ? term->value : term->name;
		if (most == UINT64_MAX)
			return ev_parse_fault(parse, EINVAL, at,
					      "'%.*s' needs a number%s, as in %.*s=0x10",
					      (int)term->name.length, term->name.at,
					      least ? " above 0" : "", (int)term->name.length,
					      term->name.at);
		return ev_parse_fault(parse, EINVAL, at, "'%.*s' needs a number from %llu to %llu",
				      (int)term->name.length, term->name.at,
				      (unsigned long long)least, (unsigned long long)most);
	}
	return 0;
}

static int apply_period(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	struct ev_event *event = &made->event;
	uint64_t number;
	bool frequency = ev_span_alike(term->name, "freq");
	int rc = ev_term_number(parse, term, 1, UINT64_MAX, &number);
	if (rc)
		return rc;
	if ((event->fixed & EV_FIXED_PERIOD) && !(event->fixed & EV_NATURAL_PERIOD) &&
	    event->attr.freq != frequency)
		return ev_parse_fault(parse, EINVAL, term->name,
				      "an event has either a period or a frequency");
	event->attr.sample_period = number; /* one place with sample_freq */
	event->attr.freq = frequency;
	event->fixed |= EV_FIXED_PERIOD;
	event->fixed &= ~(unsigned)EV_NATURAL_PERIOD;
	return 0;
}

static int apply_name(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	if (!term->value.length)
		return ev_parse_fault(parse, EINVAL, term->name, "name= needs a name");
	made->event.name = made->event.word = ev_span_text(parse->keep, term->value);
	made->named = true;
	return 0;
}

static int apply_call_graph(struct ev_parse *parse, const struct ev_term *term,
			    struct ev_made *made)
{
	static const struct {
		const char *name;
		enum ev_call_graph kind;
	} kinds[] = { { "fp", EV_CALL_GRAPH_FP },
		      { "dwarf", EV_CALL_GRAPH_DWARF },
		      { "lbr", EV_CALL_GRAPH_LBR },
		      { "no", EV_CALL_GRAPH_NONE } };
	for (size_t i = 0; i < EV_LENGTH(kinds); i++)
		if (ev_span_alike(term->value, kinds[i].name)) {
			made->event.call_graph = kinds[i].kind;
			return 0;
		}
	return ev_parse_fault(parse, EINVAL, term->value.length ? term->value : term->name,
			      "call-graph= is one of fp, dwarf, lbr, no");
}

static int apply_stack_size(struct ev_parse *parse, const struct ev_term *term,
			    struct ev_made *made)
{
	uint64_t number;
	int rc = ev_term_number(parse, term, 8, LARGEST_STACK, &number);
	if (!rc)
		made->event.stack_size_bytes = (uint32_t)(number + 7) & ~7u; /* the kernel's unit */
	return rc;
}

static int apply_max_stack(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	uint64_t number;
	int rc = ev_term_number(parse, term, 1, UINT16_MAX, &number);
	if (!rc)
		made->event.attr.sample_max_stack = (uint16_t)number;
	return rc;
}

/* x, x=1 and no-x=0 say yes; the others no. */
static int apply_choice(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	struct {
		const char *name;
		enum ev_choice *choice;
	} choices[] = { { "time", &made->event.time },
			{ "inherit", &made->event.inherit },
			{ "overwrite", &made->event.overwrite } };
	struct ev_span name = term->name;
	uint64_t number = 1;
	int rc = term->has_value ? ev_term_number(parse, term, 0, 1, &number) : 0;
	size_t negation = ev_span_starts(name, "no-");
	if (rc)
		return rc;
	name = ev_span_from(name, negation);
	for (size_t i = 0; i < EV_LENGTH(choices); i++)
		if (ev_span_alike(name, choices[i].name))
			*choices[i].choice = (number != 0) != (negation != 0) ? EV_YES : EV_NO;
	return 0;
}

static int apply_percore(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	uint64_t number = 1;
	int rc = term->has_value ? ev_term_number(parse, term, 0, 1, &number) : 0;
	made->event.percore = number;
	return rc;
}

/* The mark by which perf's metrics find their events again; nobody reads it here. */
static int apply_metric_id(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	(void)made;
	if (term->value.length)
		return 0;
	return ev_parse_fault(parse, EINVAL, term->name, "metric-id= needs a name");
}

static int apply_limit(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	return ev_term_number(parse, term, 1, UINT64_MAX, &made->event.most_shown);
}

static int refuse(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	(void)made;
	return ev_parse_fault(parse, EINVAL, term->name,
			      "'%.*s' chooses where a hardware trace (cs_etm) goes, which evprof "
			      "does "
			      "not record",
			      (int)term->name.length, term->name.at);
}

int ev_term_apply(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	static const struct {
		const char *name;
		int (*apply)(struct ev_parse *, const struct ev_term *, struct ev_made *);
	} common[] = {
		{ "period", apply_period },
		{ "freq", apply_period },
		{ "name", apply_name },
		{ "call-graph", apply_call_graph },
		{ "stack-size", apply_stack_size },
		{ "max-stack", apply_max_stack },
		{ "time", apply_choice },
		{ "inherit", apply_choice },
		{ "no-inherit", apply_choice },
		{ "overwrite", apply_choice },
		{ "no-overwrite", apply_choice },
		{ "percore", apply_percore },
		{ "metric-id", apply_metric_id },
		{ "aux-output", ev_term_aux_output },
		{ "aux-action", ev_term_aux_action },
		{ "aux-sample-size", ev_term_aux_sample_size },
		{ "branch_type", ev_term_branch_type },
		{ "nr", apply_limit },
		{ "max-events", apply_limit },
		{ "driver-config", refuse },
	};
	for (size_t i = 0; i < EV_LENGTH(common); i++)
		if (ev_span_alike(term->name, common[i].name)) {
			int rc = common[i].apply(parse, term, made);
			return rc ? rc : 1;
		}
	return 0;
}
