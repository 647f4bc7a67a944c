/* Command line words become fields of a verb's options, as its table says. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <locale.h>
#include "options.h"

int complain(const struct verb *verb, const struct ev_err *err, int status)
{
	return complain_text(verb, status, "%s", err->text);
}

/* Names in the sentence may hold anything; its own line ends (a caret under a word) stay. */
static void print_safely(FILE *out, const char *fmt, va_list args)
{
	struct ev_arena arena = { 0 };
	char *text = NULL;
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	for (char *rest = text, *line; text && (line = strsep(&rest, "\n"));)
		fprintf(out, "%s\n", ev_text_safe(&arena, line));
	free(text);
	ev_arena_done(&arena);
}

int complain_text(const struct verb *verb, int status, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fflush(stdout);
	fprintf(stderr, "evprof%s%s: ", *verb->name ? " " : "", verb->name);
	print_safely(stderr, fmt, args);
	va_end(args);
	return status;
}

static int store_number(void *field, const struct option_row *row, const char *value)
{
	char *end;
	errno = 0;
	switch (row->kind) {
	case OPTION_U64:
		return ev_parse_u64(value, field);
	case OPTION_SIZE:
		return ev_parse_size(value, field);
	case OPTION_INT:
		*(int64_t *)field = strtoll(value, &end, 0);
		break;
	default:
		*(double *)field = strtod(value, &end);
		if (!isfinite(*(double *)field))
			return -EINVAL;
	}
	return errno ? -errno : end == value || *end ? -EINVAL : 0;
}

static int store(const struct option_row *row, void *into, const char *value, bool negated,
		 struct ev_err *err)
{
	void *field = (char *)into + row->offset;
	if (row->instead)
		return ev_fail(err, EINVAL, "--%s is perf's: %s", row->name, row->instead);
	if (row->kind == OPTION_DONE)
		return negated ? ev_fail(err, EINVAL, "--no-%s is perf's: %s", row->name, row->help)
			       : 0;
	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)field = !negated;
		return 0;
	case OPTION_COUNT:
		*(unsigned *)field = negated ? 0 : *(unsigned *)field + 1;
		return 0;
	case OPTION_TEXT:
		*(const char **)field = negated ? NULL : value ? value : "";
		return 0;
	case OPTION_LIST:
		*ev_array_add((struct option_list *)field) = (struct option_word){ row, value };
		return 0;
	case OPTION_CALL:
		return row->parse(into, value, err);
	default:
		break;
	}
	if (!store_number(field, row, value))
		return 0;
	return ev_fail(err, EINVAL, "--%s wants a number (%s), not '%s'", row->name, row->value,
		       value);
}

static bool is_option(const struct option_row *row)
{
	return row->name && *row->name;
}

/* Taken or refused for perf's sake alone. */
static bool is_perfs(const struct option_row *row)
{
	return row->instead || row->kind == OPTION_DONE;
}

static bool can_be_negated(const struct option_row *row)
{
	if (row->instead)
		return false;
	return row->kind == OPTION_FLAG || row->kind == OPTION_DONE || row->kind == OPTION_COUNT ||
	       row->kind == OPTION_TEXT || row->negatable;
}

/* The row whose long name is `name`, or which alone begins with it. *negated for --no-NAME. */
static const struct option_row *find_long(const struct verb *verb, const char *name, size_t length,
					  bool *negated, struct ev_err *err)
{
	const struct option_row *begins = NULL;
	bool begins_negated = false, several = false;
	for (const struct option_row *row = verb->options; row->name; row++) {
		if (!is_option(row))
			continue;
		for (int no = 0; no < 2; no++) {
			char spelled[80];
			if (no && !can_be_negated(row))
				continue;
			snprintf(spelled, sizeof(spelled), "%s%s", no ? "no-" : "", row->name);
			if (strncmp(spelled, name, length))
				continue;
			*negated = no;
			if (strlen(spelled) == length)
				return row;
			if (is_perfs(row)) /* does not stand in the way of evprof's own */
				continue;
			several |= begins && begins != row;
			begins = row;
			begins_negated = no;
		}
	}
	*negated = begins_negated;
	if (begins && !several)
		return begins;
	char typed[80];
	snprintf(typed, sizeof(typed), "%.*s", (int)length, name);
	unsigned nearest = ev_edit_distance("help", typed, 9);
	const char *near = nearest < 3 ? "help" : NULL;
	if (!near)
		nearest = 3;
	for (const struct option_row *row = verb->options; row->name; row++) {
		unsigned distance = is_option(row) && !is_perfs(row)
					    ? ev_edit_distance(row->name, typed, 9)
					    : 9;
		if (distance < nearest) {
			nearest = distance;
			near = row->name;
		}
	}
	ev_fail(err, EINVAL,
		several ? "'--%s' could mean several options" : "there is no option '--%s'%s%s%s",
		typed, near ? " (did you mean '--" : "", near ? near : "", near ? "'?)" : "");
	return NULL;
}

/* The word behind an option whose value it can be only where it can be nothing else. */
static const char *following_value(const struct option_row *row, char **argv, int *at)
{
	const char *word = argv[*at + 1];
	return row->word_may_follow && word && *word != '-' ? argv[++*at] : NULL;
}

/* One "--name[=value]". Moves *at past a value that is a word of its own. */
static int parse_long(const struct verb *verb, void *into, char **argv, int *at, struct ev_err *err)
{
	const char *name = argv[*at] + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	bool negated = false;
	if (equals && length == strlen("help") && !strncmp(name, "help", length))
		return ev_fail(err, EINVAL, "'--help' takes no value");
	const struct option_row *row = find_long(verb, name, length, &negated, err);
	if (!row)
		return -EINVAL;
	const char *value = equals ? equals + 1 : NULL;
	if (value && (!row->value || negated))
		return ev_fail(err, EINVAL, "'--%s%s' takes no value", negated ? "no-" : "",
			       row->name);
	if (row->value && !value && !row->value_is_optional && !negated) {
		if (!argv[*at + 1])
			return ev_fail(err, EINVAL, "'--%s' wants a value: --%s=%s", row->name,
				       row->name, row->value);
		value = argv[++*at];
	}
	if (!value && !negated)
		value = following_value(row, argv, at);
	return store(row, into, value, negated, err);
}

/* A word of letters, "-dd", "-F99", "-ie cycles". */
static int parse_letters(const struct verb *verb, void *into, char **argv, int *at,
			 struct ev_err *err)
{
	for (const char *letter = argv[*at] + 1; *letter; letter++) {
		const struct option_row *row = verb->options;
		while (row->name && (row->letter != *letter || !is_option(row)))
			row++;
		if (!row->name)
			return ev_fail(err, EINVAL, "there is no option '-%c'", *letter);
		if (!row->value) {
			int rc = store(row, into, NULL, false, err);
			if (rc)
				return rc;
			continue;
		}
		const char *value = letter[1] ? letter + 1 : NULL;
		if (value && *value == '=')
			value++;
		if (!value && !row->value_is_optional) {
			if (!argv[*at + 1])
				return ev_fail(err, EINVAL, "'-%c' wants a value: -%c %s", *letter,
					       *letter, row->value);
			value = argv[++*at];
		}
		if (!value)
			value = following_value(row, argv, at);
		return store(row, into, value, false, err);
	}
	return 0;
}

int options_parse(const struct verb *verb, void *into, int argc, char **argv, int *first)
{
	struct ev_err err = { 0 };
	int at = 1;
	for (; at < argc; at++) {
		const char *word = argv[at];
		if (word[0] != '-' || !word[1])
			break;
		if (!strcmp(word, "--")) {
			at++;
			break;
		}
		if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
			print_usage(stdout, verb, argv[at + 1]);
			return 0;
		}
		if (!strcmp(word, "--manual")) {
			print_manual(stdout, verb);
			return 0;
		}
		int rc = word[1] == '-' ? parse_long(verb, into, argv, &at, &err)
					: parse_letters(verb, into, argv, &at, &err);
		if (rc) {
			complain(verb, &err, 0);
			fprintf(stderr, "usage: evprof %s %s\nevprof %s --help lists the options\n",
				verb->name, verb->synopsis, verb->name);
			return STATUS_USAGE;
		}
	}
	*first = at;
	return -1;
}

int options_parse_words(const struct verb *verb, void *into, int argc, char **argv,
			struct option_list *words)
{
	for (int at = 0, first; at < argc; at += first) {
		int status = options_parse(verb, into, argc - at, argv + at, &first);
		if (status >= 0)
			return status;
		bool ended = first > 1 && !strcmp(argv[at + first - 1], "--");
		for (int i = at + first; i < argc && (ended || i == at + first); i++)
			*ev_array_add(words) = (struct option_word){ .text = argv[i] };
		if (ended)
			break;
	}
	return -1;
}

void options_list_done(struct option_list *list)
{
	ev_array_done(list);
}
