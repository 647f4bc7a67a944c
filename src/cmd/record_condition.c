/* The text of --snapshot-when becomes terms: those between two || hold together. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "record_trigger.h"

enum { LONGEST_CONDITION = 1000, TERMS_MAX = 32 };

static int refuse(const char *term, const char *why, struct ev_err *err)
{
	return ev_fail(err, EINVAL,
		       "--snapshot-when: '%s' %s; it takes cpu>90%%, rss>500M, EVENT>10k/s and "
		       "comm==NAME, with && and ||",
		       term, why);
}

/* A number with k, M, G of a thousand each; what stands behind them in *rest. */
static bool take_number(const char *text, double *number, const char **rest)
{
	static const struct {
		const char *letters;
		double times;
	} units[] = { { "kK", 1e3 }, { "mM", 1e6 }, { "gG", 1e9 } };
	char *end;
	*number = strtod(text, &end);
	if (end == text || !isfinite(*number) || *number < 0)
		return false;
	for (size_t i = 0; *end && i < EV_LENGTH(units); i++)
		if (strchr(units[i].letters, *end)) {
			*number *= units[i].times;
			end++;
			break;
		}
	*rest = end;
	return true;
}

static bool take_limit(struct condition_term *term, const char *text)
{
	const char *rest;
	uint64_t bytes;
	if (term->kind == CONDITION_RSS) {
		if (ev_parse_size(text, &bytes))
			return false;
		term->limit = (double)bytes;
		return true;
	}
	if (!take_number(text, &term->limit, &rest))
		return false;
	return !*rest || !strcmp(rest, term->kind == CONDITION_CPU ? "%" : "/s");
}

static char *trim(char *text)
{
	size_t length;
	text += strspn(text, " \t");
	length = strlen(text);
	while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		text[--length] = 0;
	return text;
}

static int take_term(struct condition *condition, char *text, bool starts, struct ev_err *err)
{
	static const struct {
		const char *name;
		enum condition_kind kind;
	} words[] = { { "cpu", CONDITION_CPU },
		      { "rss", CONDITION_RSS },
		      { "comm", CONDITION_COMM } };
	text = trim(text);
	size_t length = strcspn(text, "<>=");
	struct condition_term *term = ev_array_add(&condition->terms);
	*term = (struct condition_term){ .kind = CONDITION_EVENT, .starts = starts };
	term->text = ev_arena_text(&condition->arena, text, strlen(text));
	if (!text[length] || !length)
		return refuse(term->text, "compares nothing", err);
	char sign = text[length];
	bool equal = text[length + 1] == '=';
	char *value = trim(text + length + 1 + equal);
	text[length] = 0;
	char *name = trim(text);
	for (size_t i = 0; i < EV_LENGTH(words); i++)
		if (!strcmp(name, words[i].name))
			term->kind = words[i].kind;
	term->below = sign == '<';
	term->or_equal = equal;
	bool names = term->kind == CONDITION_COMM;
	if (names != (sign == '='))
		return refuse(term->text, names ? "compares by == only" : "needs > or <", err);
	term->word = ev_arena_text(&condition->arena, names ? value : name,
				   strlen(names ? value : name));
	if (!*term->word || (!names && !take_limit(term, value)))
		return refuse(term->text, "has no value that can be compared", err);
	return 0;
}

int condition_parse(struct condition *condition, const char *text, struct ev_err *err)
{
	char *copy = ev_strdup(text), *at = copy;
	bool starts = true;
	int rc = 0;
	if (strlen(text) > LONGEST_CONDITION)
		rc = ev_fail(err, EINVAL, "--snapshot-when takes at most %d characters",
			     LONGEST_CONDITION);
	while (!rc && at) {
		char *both = strstr(at, "&&"), *either = strstr(at, "||");
		bool is_or = either && (!both || either < both);
		char *next = is_or ? either : both;
		if (next)
			*next = 0;
		rc = condition->terms.count < TERMS_MAX
			     ? take_term(condition, at, starts, err)
			     : ev_fail(err, EINVAL, "--snapshot-when takes at most %d terms",
				       TERMS_MAX);
		starts = is_or;
		at = next ? next + 2 : NULL;
	}
	free(copy);
	return rc;
}

static bool term_holds(const struct condition_term *term, double value)
{
	if (isnan(value))
		return false;
	if (term->or_equal && value == term->limit)
		return true;
	return term->below ? value < term->limit : value > term->limit;
}

bool condition_holds(const struct condition *condition, const double *values)
{
	bool side = false;
	for (size_t i = 0; i < condition->terms.count; i++) {
		const struct condition_term *term = &condition->terms.items[i];
		if (term->starts && side)
			return true;
		bool holds =
			term->kind == CONDITION_COMM ? values[i] > 0 : term_holds(term, values[i]);
		side = (term->starts || side) && holds;
	}
	return side;
}

void condition_done(struct condition *condition)
{
	ev_array_done(&condition->terms);
	ev_arena_done(&condition->arena);
}
