/* The words of -g become the way call chains are shown. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"

static const struct {
	const char *name;
	enum ev_chain_kind kind;
} kinds[] = {
	{ "none", EV_CHAIN_NONE }, { "graph", EV_CHAIN_GRAPH },   { "fractal", EV_CHAIN_FRACTAL },
	{ "flat", EV_CHAIN_FLAT }, { "folded", EV_CHAIN_FOLDED },
};

static const struct {
	const char *name;
	enum ev_chain_value value;
} values[] = {
	{ "percent", EV_CHAIN_PERCENT },
	{ "period", EV_CHAIN_PERIOD },
	{ "count", EV_CHAIN_COUNT },
};

/* perf's: the first number is the least share, the second how many are shown at most. */
static bool take_number(struct ev_report_options *view, const char *word, unsigned nth)
{
	char *end;
	double number = strtod(word, &end);
	uint64_t entries;
	if (nth == 0) {
		if (end == word || *end || !(number >= 0 && number <= 100))
			return false;
		view->chain_limit = number;
		return true;
	}
	if (nth > 1 || ev_parse_u64(word, &entries))
		return false;
	view->chain_entries = entries;
	return true;
}

/* True when the word is known. */
static bool take_word(struct report_options *options, const char *word, unsigned *numbers)
{
	struct ev_report_options *view = &options->view;
	for (size_t i = 0; i < EV_LENGTH(kinds); i++)
		if (!strcmp(word, kinds[i].name)) {
			view->chains = kinds[i].kind;
			return true;
		}
	for (size_t i = 0; i < EV_LENGTH(values); i++)
		if (!strcmp(word, values[i].name)) {
			view->chain_value = values[i].value;
			return true;
		}
	if (!strcmp(word, "caller") || !strcmp(word, "callee")) {
		view->order = !strcmp(word, "caller") ? EV_CHAIN_CALLER : EV_CHAIN_CALLEE;
		options->order_given = true;
		return true;
	}
	if (!strcmp(word, "function")) /* what chains go by */
		return true;
	return take_number(view, word, (*numbers)++);
}

int report_parse_chains(void *into, const char *value, struct ev_err *err)
{
	struct report_options *options = into;
	options->view.chains = EV_CHAIN_GRAPH;
	if (!value)
		return 0;
	char *words = ev_strdup(value), *rest = words;
	unsigned numbers = 0;
	int rc = 0;
	for (char *word; !rc && (word = strsep(&rest, ","));)
		if (!take_word(options, word, &numbers))
			rc = ev_fail(err, EINVAL,
				     "-g takes graph, fractal, flat, folded or none, caller or "
				     "callee, percent, period or count, a smallest percentage and "
				     "after it the most branches of a level, not '%s'",
				     word);
	free(words);
	return rc;
}
