/* A condition such as  comm ~ "redis*" && (cpu == 0 || period > 1000)  becomes the steps by which
 * a BPF program decides about each sample. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bpf_filter.h"

enum { DEEPEST = 16, WORD_BYTES = 256 };

struct parsing {
	struct ev_bpf_filter *filter;
	const char *text, *at;
	unsigned depth;
	struct ev_err *err;
};

static int trouble(const struct parsing *parsing, const char *what)
{
	struct ev_arena arena = { 0 };
	int rc = ev_fail(parsing->err, EINVAL, "--filter '%s': %s at '%s'",
			 ev_text_safe(&arena, parsing->text), what,
			 *parsing->at ? ev_text_safe(&arena, parsing->at) : "the end");
	ev_arena_done(&arena);
	return rc;
}

static void skip_blanks(struct parsing *parsing)
{
	while (isspace((unsigned char)*parsing->at))
		parsing->at++;
}

static bool take(struct parsing *parsing, const char *sign)
{
	skip_blanks(parsing);
	if (strncmp(parsing->at, sign, strlen(sign)))
		return false;
	parsing->at += strlen(sign);
	return true;
}

static int add_step(struct parsing *parsing, struct ev_count_step step)
{
	struct ev_bpf_filter *filter = parsing->filter;
	if (filter->step_count == EV_COUNT_STEPS_MAX - 1)
		return trouble(parsing, "it is too long: 31 conditions and operators are the most");
	filter->steps[filter->step_count++] = step;
	return 0;
}

/* A word, or anything in quotes. */
static int take_word(struct parsing *parsing, char word[WORD_BYTES])
{
	size_t length = 0;
	skip_blanks(parsing);
	char quote = *parsing->at == '"' || *parsing->at == '\'' ? *parsing->at++ : 0;
	while (*parsing->at && (quote ? *parsing->at != quote
				      : !isspace((unsigned char)*parsing->at) &&
						!strchr("()&|=!<>~", *parsing->at))) {
		if (length == WORD_BYTES - 1)
			return trouble(parsing, "a word is too long");
		word[length++] = *parsing->at++;
	}
	word[length] = 0;
	if (quote && *parsing->at++ != quote) {
		parsing->at--;
		return trouble(parsing, "a quotation has no end");
	}
	return length || quote ? 0 : trouble(parsing, "a value is missing");
}

/* ---- globs ------------------------------------------------------------------------------------
 */

/* Sets the bit for every byte that the item at *pattern means; past the item. */
static const char *add_item(struct ev_count_glob *glob, const char *pattern, uint32_t bit)
{
	const char *end = *pattern == '[' && pattern[1] ? strchr(pattern + 2, ']') : NULL;
	bool others = end && (pattern[1] == '!' || pattern[1] == '^');
	for (unsigned byte = 1; byte < 256; byte++) {
		bool means = *pattern == '?' || byte == (unsigned char)*pattern;
		if (end) {
			means = others;
			for (const char *at = pattern + 1 + others; at < end; at++) {
				bool range = at[1] == '-' && at + 2 < end;
				unsigned from = (unsigned char)*at;
				unsigned to = (unsigned char)(range ? at[2] : *at);
				if (byte >= from && byte <= to)
					means = !others;
				at += range ? 2 : 0;
			}
		}
		if (means)
			glob->moves[byte] |= bit;
	}
	return end ? end + 1 : pattern + 1;
}

static int add_glob(struct parsing *parsing, const char *pattern, bool literal)
{
	struct ev_bpf_filter *filter = parsing->filter;
	uint32_t items = 0;
	if (filter->glob_count == EV_COUNT_GLOBS_MAX)
		return trouble(parsing, "too many names: 8 are the most");
	struct ev_count_glob *glob = &filter->globs[filter->glob_count];
	memset(glob, 0, sizeof(*glob));
	while (*pattern) {
		if (*pattern == '*' && !literal) {
			glob->stay |= 1u << items;
			pattern++;
			continue;
		}
		if (items == EV_COUNT_COMM_BYTES - 1)
			return trouble(parsing, "names of threads have at most 15 characters");
		if (literal)
			glob->moves[(unsigned char)*pattern++] |= 2u << items;
		else
			pattern = add_item(glob, pattern, 2u << items);
		items++;
	}
	glob->accept = 1u << items;
	return (int)filter->glob_count++;
}

bool ev_bpf_glob_matches(const struct ev_count_glob *glob, const char *name)
{
	uint32_t state = 1;
	for (size_t i = 0; i < EV_COUNT_COMM_BYTES && name[i]; i++)
		state = ((state << 1) & glob->moves[(unsigned char)name[i]]) | (state & glob->stay);
	return state & glob->accept;
}

/* ---- comparing --------------------------------------------------------------------------------
 */

static const struct {
	const char *sign;
	uint8_t compare;
	bool glob, negated;
} comparisons[] = {
	{ "==", EV_COUNT_EQUAL, false, false },
	{ "!=", EV_COUNT_LESS | EV_COUNT_MORE, false, true },
	{ "<=", EV_COUNT_LESS | EV_COUNT_EQUAL, false, false },
	{ ">=", EV_COUNT_MORE | EV_COUNT_EQUAL, false, false },
	{ "!~", 0, true, true },
	{ "<", EV_COUNT_LESS, false, false },
	{ ">", EV_COUNT_MORE, false, false },
	{ "~", 0, true, false },
};

static int compare_name(struct parsing *parsing, const char *word, size_t how)
{
	if (!comparisons[how].glob && comparisons[how].compare != EV_COUNT_EQUAL &&
	    !comparisons[how].negated)
		return trouble(parsing, "names are compared with ==, !=, ~ and !~");
	int glob = add_glob(parsing, word, !comparisons[how].glob);
	if (glob < 0)
		return glob;
	int rc = add_step(parsing,
			  (struct ev_count_step){ .kind = EV_COUNT_GLOB, .value = (uint64_t)glob });
	if (!rc && comparisons[how].negated)
		rc = add_step(parsing, (struct ev_count_step){ .kind = EV_COUNT_NOT });
	return rc;
}

static int compare_cgroup(struct parsing *parsing, const char *word, size_t how)
{
	struct stat folder;
	if (comparisons[how].glob ||
	    (comparisons[how].compare != EV_COUNT_EQUAL && !comparisons[how].negated))
		return trouble(parsing, "cgroups are compared with == and !=");
	int fd = ev_cgroup_open(word, parsing->err);
	if (fd < 0)
		return fd;
	int failed = fstat(fd, &folder);
	close(fd);
	if (failed)
		return trouble(parsing, "the cgroup cannot be looked at");
	int rc = add_step(parsing, (struct ev_count_step){ .kind = EV_COUNT_CGROUP,
							   .value = folder.st_ino });
	if (!rc && comparisons[how].negated)
		rc = add_step(parsing, (struct ev_count_step){ .kind = EV_COUNT_NOT });
	return rc;
}

/* "5ms": in ns; a bare number is ns. */
static int parse_time(const char *word, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "", 1 }, { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }
	};
	char digits[24];
	size_t length = strspn(word, "0123456789");
	if (!length || length >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, word, length);
	digits[length] = 0;
	for (size_t i = 0; i < EV_LENGTH(units); i++)
		if (!strcmp(word + length, units[i].name))
			return ev_parse_u64(digits, ns) ||
					       __builtin_mul_overflow(*ns, units[i].ns, ns)
				       ? -EINVAL
				       : 0;
	return -EINVAL;
}

static int compare_number(struct parsing *parsing, uint8_t field, const char *word, size_t how)
{
	struct ev_count_step step = { .kind = EV_COUNT_COMPARE, .field = field };
	uint64_t value;
	if (comparisons[how].glob ||
	    (field == EV_COUNT_LATENCY ? parse_time(word, &value) : ev_parse_u64(word, &value)))
		return trouble(parsing,
			       field == EV_COUNT_LATENCY
				       ? "this is compared with a time: 5ms, 20us, 1s or ns"
				       : "this is compared with a number");
	parsing->filter->by_latency |= field == EV_COUNT_LATENCY;
	parsing->filter->by_period |= field == EV_COUNT_PERIOD;
	step.value = value;
	step.compare = comparisons[how].compare;
	return add_step(parsing, step);
}

static int parse_comparison(struct parsing *parsing)
{
	static const struct {
		const char *name;
		uint8_t field;
	} fields[] = {
		{ "period", EV_COUNT_PERIOD },   { "cpu", EV_COUNT_CPU }, { "pid", EV_COUNT_PID },
		{ "tid", EV_COUNT_TID },         { "comm", 0 },           { "cgroup", 0 },
		{ "latency", EV_COUNT_LATENCY },
	};
	char word[WORD_BYTES];
	size_t field = 0, how = 0;
	skip_blanks(parsing);
	size_t length = strcspn(parsing->at, " \t=!<>~()&|");
	while (field < EV_LENGTH(fields) && (strlen(fields[field].name) != length ||
					     strncmp(parsing->at, fields[field].name, length)))
		field++;
	if (field == EV_LENGTH(fields))
		return trouble(parsing,
			       "period, cpu, pid, tid, comm, cgroup or latency is expected");
	parsing->at += length;
	while (how < EV_LENGTH(comparisons) && !take(parsing, comparisons[how].sign))
		how++;
	if (how == EV_LENGTH(comparisons))
		return trouble(parsing, "==, !=, <, <=, >, >=, ~ or !~ is expected");
	int rc = take_word(parsing, word);
	if (rc)
		return rc;
	if (!strcmp(fields[field].name, "comm"))
		return compare_name(parsing, word, how);
	if (!strcmp(fields[field].name, "cgroup"))
		return compare_cgroup(parsing, word, how);
	return compare_number(parsing, fields[field].field, word, how);
}

/* ---- and, or, not -----------------------------------------------------------------------------
 */

static int parse_any(struct parsing *parsing);

static int parse_one(struct parsing *parsing)
{
	int rc;
	if (++parsing->depth > DEEPEST)
		return trouble(parsing, "it is too deep");
	if (take(parsing, "(")) {
		rc = parse_any(parsing);
		if (!rc && !take(parsing, ")"))
			rc = trouble(parsing, "')' is missing");
	} else if (take(parsing, "!")) {
		rc = parse_one(parsing);
		if (!rc)
			rc = add_step(parsing, (struct ev_count_step){ .kind = EV_COUNT_NOT });
	} else {
		rc = parse_comparison(parsing);
	}
	parsing->depth--;
	return rc;
}

static int parse_all(struct parsing *parsing)
{
	int rc = parse_one(parsing);
	while (!rc && take(parsing, "&&")) {
		rc = parse_one(parsing);
		if (!rc)
			rc = add_step(parsing, (struct ev_count_step){ .kind = EV_COUNT_AND });
	}
	return rc;
}

static int parse_any(struct parsing *parsing)
{
	int rc = parse_all(parsing);
	while (!rc && take(parsing, "||")) {
		rc = parse_all(parsing);
		if (!rc)
			rc = add_step(parsing, (struct ev_count_step){ .kind = EV_COUNT_OR });
	}
	return rc;
}

int ev_bpf_filter_check(const char *text, enum ev_bpf_filtered of, struct ev_err *err)
{
	struct ev_bpf_filter filter;
	int rc = ev_bpf_filter_parse(&filter, text, err);
	if (!rc && filter.by_latency && of == EV_BPF_FILTERED_SAMPLES)
		rc = ev_fail(err, EINVAL,
			     "--filter: latency is how long a thread was off the CPUs, which a "
			     "sample on one has not: --off-cpu or --wall measure it");
	if (!rc && filter.by_period && of == EV_BPF_FILTERED_WALL)
		rc = ev_fail(err, EINVAL,
			     "--filter: with --wall what samples count for follows from the time "
			     "between them: leave period out; the length of waits is latency");
	return rc;
}

uint32_t ev_bpf_filter_facts(const struct ev_bpf_filter *filter, const char *comm,
			     bool (*in_cgroup)(void *context, uint64_t id), void *context)
{
	uint32_t facts = 0;
	for (unsigned i = 0; i < filter->step_count; i++) {
		const struct ev_count_step *step = &filter->steps[i];
		bool holds =
			step->kind == EV_COUNT_GLOB
				? ev_bpf_glob_matches(&filter->globs[step->value], comm)
				: step->kind == EV_COUNT_CGROUP && in_cgroup(context, step->value);
		facts |= (uint32_t)holds << i;
	}
	return facts;
}

bool ev_bpf_filter_passes(const struct ev_bpf_filter *filter, const uint64_t *fields,
			  uint32_t facts)
{
	uint64_t truth = 0;
	for (unsigned i = 0; i < filter->step_count; i++) {
		const struct ev_count_step *step = &filter->steps[i];
		uint64_t have = step->kind == EV_COUNT_COMPARE ? fields[step->field] : 0;
		uint8_t how = have < step->value    ? EV_COUNT_LESS
			      : have == step->value ? EV_COUNT_EQUAL
						    : EV_COUNT_MORE;
		if (step->kind == EV_COUNT_NOT)
			truth ^= 1;
		else if (step->kind == EV_COUNT_AND)
			truth = truth >> 1 & (truth | ~UINT64_C(1));
		else if (step->kind == EV_COUNT_OR)
			truth = truth >> 1 | (truth & 1);
		else if (step->kind == EV_COUNT_COMPARE)
			truth = truth << 1 | ((step->compare & how) != 0);
		else
			truth = truth << 1 | (facts >> i & 1);
	}
	return !filter->step_count || truth & 1;
}

int ev_bpf_filter_parse(struct ev_bpf_filter *filter, const char *text, struct ev_err *err)
{
	struct parsing parsing = { .filter = filter, .text = text, .at = text, .err = err };
	memset(filter, 0, sizeof(*filter));
	int rc = parse_any(&parsing);
	skip_blanks(&parsing);
	if (!rc && *parsing.at)
		rc = trouble(&parsing, "&& or || is expected");
	return rc;
}
