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

/* True when the word is known. Words about keys and values that evprof always shows are accepted.
 */
static bool take_word(struct report_options *options, const char *word)
{
	struct ev_report_options *view = &options->view;
	static const char *const ignored[] = { "function", "address", "percent", "period",
					       "count" };
	for (size_t i = 0; i < EV_LENGTH(kinds); i++)
		if (!strcmp(word, kinds[i].name)) {
			view->chains = kinds[i].kind;
			return true;
		}
	if (!strcmp(word, "caller") || !strcmp(word, "callee")) {
		view->order = !strcmp(word, "caller") ? EV_CHAIN_CALLER : EV_CHAIN_CALLEE;
		options->order_given = true;
		return true;
	}
	for (size_t i = 0; i < EV_LENGTH(ignored); i++)
		if (!strcmp(word, ignored[i]))
			return true;
	char *end;
	double limit = strtod(word, &end);
	if (end == word || *end || limit < 0 || limit > 100)
		return false;
	view->chain_limit = limit;
	return true;
}

int report_parse_chains(void *into, const char *value, struct ev_err *err)
{
	struct report_options *options = into;
	options->view.chains = EV_CHAIN_GRAPH;
	if (!value)
		return 0;
	char *words = ev_strdup(value), *rest = words;
	int rc = 0;
	for (char *word; !rc && (word = strsep(&rest, ","));)
		if (!take_word(options, word))
			rc = ev_fail(err, EINVAL,
				     "-g takes graph, fractal, flat, folded or none, caller or "
				     "callee, "
				     "and a smallest percentage, not '%s'",
				     word);
	free(words);
	return rc;
}
