/* A formula in words ("100 * branch-misses / branches") becomes its value over counts. */
#include <stdlib.h>
#include <string.h>
#include <evprof/figures.h>

#define DEPTH 16 /* brackets in one another */

struct formula {
	const char *at;
	ev_formula_find find;
	void *context;
	unsigned depth;
	bool wrong;
	bool optional_missing, optional_found;
};

static size_t next_word(const char **at)
{
	*at += strspn(*at, " ");
	return strcspn(*at, " ");
}

static bool is_word(const char *at, size_t length, const char *word)
{
	return strlen(word) == length && !strncmp(at, word, length);
}

static bool take(struct formula *formula, const char *word)
{
	size_t length = next_word(&formula->at);
	if (!length || !is_word(formula->at, length, word))
		return false;
	formula->at += length;
	return true;
}

static bool is_sign(const char *at, size_t length)
{
	static const char *const signs[] = { "+", "-", "*", "/", "max", "(", ")" };
	for (size_t i = 0; i < EV_LENGTH(signs); i++) {
		if (is_word(at, length, signs[i]))
			return true;
	}
	return false;
}

static bool is_number(const char *at)
{
	return *at >= '0' && *at <= '9';
}

static double sum(struct formula *formula);

static double named(struct formula *formula, const char *at, size_t length)
{
	char name[128];
	double value = 0;
	bool optional = at[length - 1] == '?';
	snprintf(name, sizeof(name), "%.*s", (int)(length - optional), at);
	bool found = formula->find(formula->context, name, &value);
	if (!optional)
		formula->wrong |= !found;
	else if (found)
		formula->optional_found = true;
	else
		formula->optional_missing = true;
	return found ? value : 0;
}

static double operand(struct formula *formula)
{
	if (take(formula, "(")) {
		formula->wrong |= ++formula->depth > DEPTH;
		double value = formula->wrong ? 0 : sum(formula);
		formula->depth--;
		formula->wrong |= !take(formula, ")");
		return value;
	}
	size_t length = next_word(&formula->at);
	const char *at = formula->at;
	if (!length || is_sign(at, length)) {
		formula->wrong = true;
		return 0;
	}
	formula->at += length;
	if (!is_number(at))
		return named(formula, at, length);
	/* Not strtod: it would read other locales' decimal points. */
	double value = 0, place = 0;
	for (size_t i = 0; i < length; i++) {
		if (at[i] == '.' && place == 0) {
			place = 1;
		} else if (is_number(at + i)) {
			value = value * 10 + (at[i] - '0');
			place *= 10;
		} else {
			formula->wrong = true;
		}
	}
	return place > 1 ? value / place : value;
}

static double product(struct formula *formula)
{
	double value = operand(formula);
	while (!formula->wrong) {
		if (take(formula, "*")) {
			value *= operand(formula);
		} else if (take(formula, "/")) {
			double by = operand(formula);
			formula->wrong |= by == 0;
			value = by != 0 ? value / by : 0;
		} else {
			break;
		}
	}
	return value;
}

static double sum(struct formula *formula)
{
	double value = product(formula);
	while (!formula->wrong) {
		if (take(formula, "+")) {
			value += product(formula);
		} else if (take(formula, "-")) {
			value -= product(formula);
		} else if (take(formula, "max")) {
			double other = product(formula);
			value = other > value ? other : value;
		} else {
			break;
		}
	}
	return value;
}

bool ev_formula_value(const char *text, ev_formula_find find, void *context, double *value)
{
	struct formula formula = { .at = text, .find = find, .context = context };
	double result = sum(&formula);
	if (formula.wrong || next_word(&formula.at) ||
	    (formula.optional_missing && !formula.optional_found))
		return false;
	*value = result;
	return true;
}

bool ev_formula_name(const char **formula, char *out, size_t size_bytes)
{
	size_t length;
	while ((length = next_word(formula))) {
		const char *at = *formula;
		*formula += length;
		if (is_sign(at, length) || is_number(at))
			continue;
		length -= at[length - 1] == '?';
		snprintf(out, size_bytes, "%.*s", (int)length, at);
		return true;
	}
	return false;
}
