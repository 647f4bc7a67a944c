/* How alike two names are: globs and edit distance. */
#include <ctype.h>
#include <string.h>
#include <evprof/base.h>

/* Upper case, '_' and '.' are the same as lower case and '-'. */
static char folded(char c)
{
	return c == '_' || c == '.' ? '-' : (char)tolower((unsigned char)c);
}

static char as_it_is(char c)
{
	return c;
}

/* Matches one character against a [set] at *pattern and moves past the set. A '[' that is never
 * closed is an ordinary character. */
static bool in_set(const char **pattern, char c, char (*fold)(char))
{
	const char *at = *pattern + 1;
	bool negated = *at == '!' || *at == '^', found = false;
	at += negated;
	const char *close = *at ? strchr(at + 1, ']') : NULL;
	if (!close) {
		++*pattern;
		return c == '[';
	}
	for (; at < close; at++) {
		if (at[1] == '-' && at + 2 < close) {
			found |= fold(at[0]) <= c && c <= fold(at[2]);
			at += 2;
		} else {
			found |= fold(*at) == c;
		}
	}
	*pattern = close + 1;
	return found != negated;
}

static bool glob_match(const char *pattern, const char *text, char (*fold)(char))
{
	const char *star = NULL, *retry = NULL;
	while (*text) {
		const char *next = pattern;
		bool same = false;
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
			continue;
		} else if (*pattern == '?') {
			same = true;
			next++;
		} else if (*pattern == '[') {
			same = in_set(&next, fold(*text), fold);
		} else if (*pattern) {
			same = fold(*pattern) == fold(*text);
			next++;
		}
		if (same) {
			pattern = next;
			text++;
		} else if (star) {
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

bool ev_glob_match(const char *pattern, const char *text)
{
	return glob_match(pattern, text, folded);
}

bool ev_glob_match_exact(const char *pattern, const char *text)
{
	return glob_match(pattern, text, as_it_is);
}

#define LONGEST 128

unsigned ev_edit_distance(const char *one, const char *other, unsigned limit)
{
	size_t n = strlen(one), m = strlen(other);
	if (n > LONGEST || m > LONGEST)
		return limit;
	/* Three rows are enough: a transposition looks back two. */
	unsigned rows[3][LONGEST + 1];
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3],
			 *above2 = rows[(i + 1) % 3];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = above[j - 1] + (folded(one[i - 1]) != folded(other[j - 1]));
			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && folded(one[i - 1]) == folded(other[j - 2]) &&
			    folded(one[i - 2]) == folded(other[j - 1]) && above2[j - 2] + 1 < best)
				best = above2[j - 2] + 1;
			row[j] = best;
		}
	}
	unsigned distance = rows[n % 3][m];
	return distance < limit ? distance : limit;
}
