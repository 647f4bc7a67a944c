/* uprobe:path:function[+offset], uretprobe:path:function and usdt:path:provider:name, each with
 * /terms/ and modifiers, become probes that are to be given their places.
 *
 * The path ends at the first ':', a name at the first single ':' or '/'; what stands in
 * parentheses or angle brackets, "::" and the signs of an operator belong to the name. A backslash
 * takes every meaning from the character behind it. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "parse.h"

#define PMU_NAME "uprobe"
#define LONGEST_PATH 4096
#define LONGEST_NAME 4096

static const struct kind {
	const char *prefix;
	enum ev_probe_kind kind;
	const char *about;
} kinds[] = {
	{ "uprobe:", EV_PROBE_FUNCTION, "each call of the function" },
	{ "uretprobe:", EV_PROBE_RETURN, "each return of the function" },
	{ "usdt:", EV_PROBE_MARKER, "each pass over the marker" },
};

/* A word in its parts, and where it ends. */
struct parts {
	const struct kind *kind;
	struct ev_span path, provider, name, terms, tail;
	bool has_name, has_provider, has_terms, terms_end, has_tail;
	size_t length;
};

/* ---- taking the word apart --------------------------------------------------------------------
 */

static bool ends_word(char c)
{
	return c == ',' || c == '{' || c == '}';
}

/* The signs behind "operator", from text[at] on. */
static size_t operator_length(struct ev_span text, size_t at)
{
	size_t length = 0;
	if (at + 1 < text.length && text.at[at] == '(' && text.at[at + 1] == ')')
		return 2;
	while (at + length < text.length && length < 3 &&
	       strchr("<>=-+*/!&|^~%,", text.at[at + length]))
		length++;
	return length;
}

static size_t path_length(struct ev_span text)
{
	size_t i = 0;
	for (; i < text.length && text.at[i] != ':' && !ends_word(text.at[i]); i++)
		i += text.at[i] == '\\' && i + 1 < text.length;
	return i;
}

static size_t name_length(struct ev_span text)
{
	static const char operator[] = "operator";
	int depth = 0;
	for (size_t i = 0; i < text.length; i++) {
		char c = text.at[i];
		struct ev_span rest = ev_span_from(text, i);
		if (c == '\\' && i + 1 < text.length) {
			i++;
		} else if (rest.length >= sizeof(operator) &&
			   !memcmp(rest.at, operator, sizeof(operator) - 1) &&
			   !(i &&
			     (isalnum((unsigned char)text.at[i - 1]) || text.at[i - 1] == '_'))) {
			i += sizeof(operator) - 2;
			i += operator_length(text, i + 1);
		} else if (c == '(' || c == '<') {
			depth++;
		} else if (c == ')' || c == '>') {
			depth -= depth > 0;
		} else if (!depth && c == ':' && rest.length > 1 && rest.at[1] == ':') {
			i++;
		} else if (!depth && (c == ':' || c == '/' || ends_word(c))) {
			return i;
		}
	}
	return text.length;
}

/* Moves what comes first out of *rest. */
static struct ev_span take(struct ev_span *rest, size_t length)
{
	struct ev_span taken = ev_span_head(*rest, length);
	*rest = ev_span_from(*rest, length);
	return taken;
}

static bool take_sign(struct ev_span *rest, char sign)
{
	bool there = rest->length && *rest->at == sign;
	if (there)
		take(rest, 1);
	return there;
}

static bool take_apart(struct ev_span text, struct parts *parts)
{
	struct ev_span rest = text;
	*parts = (struct parts){ 0 };
	for (size_t i = 0; i < EV_LENGTH(kinds) && !parts->kind; i++)
		if (ev_span_starts(text, kinds[i].prefix))
			parts->kind = &kinds[i];
	if (!parts->kind)
		return false;
	take(&rest, strlen(parts->kind->prefix));
	parts->path = take(&rest, path_length(rest));
	if (parts->kind->kind == EV_PROBE_MARKER && take_sign(&rest, ':')) {
		parts->has_provider = true;
		parts->provider = take(&rest, name_length(rest));
	}
	parts->has_name = take_sign(&rest, ':');
	if (parts->has_name)
		parts->name = take(&rest, name_length(rest));
	parts->has_terms = parts->has_name && take_sign(&rest, '/');
	if (parts->has_terms) {
		parts->terms = take(&rest, ev_span_find_unquoted(rest, '/'));
		parts->terms_end = take_sign(&rest, '/');
	}
	bool colon = parts->has_name && take_sign(&rest, ':');
	size_t tail = 0;
	while (tail < rest.length && !ends_word(rest.at[tail]))
		tail++;
	parts->tail = take(&rest, tail);
	parts->has_tail = colon || tail;
	parts->length = text.length - rest.length;
	return true;
}

size_t ev_probe_word_length(struct ev_span text)
{
	struct parts parts;
	return take_apart(text, &parts) ? parts.length : 0;
}

/* ---- escapes ----------------------------------------------------------------------------------
 */

/* An escaped sign of a glob stands for itself: [*]. */
static char *unescaped(struct ev_arena *arena, struct ev_span text)
{
	char *out = ev_arena_take(arena, 2 * text.length + 1), *end = out;
	for (size_t i = 0; i < text.length; i++) {
		bool escaped = text.at[i] == '\\' && i + 1 < text.length;
		char c = text.at[i + escaped];
		i += escaped;
		if (escaped && strchr("*?[", c)) {
			*end++ = '[';
			*end++ = c;
			*end++ = ']';
		} else {
			*end++ = c;
		}
	}
	return out;
}

/* An operator's signs and what stands in brackets need no escapes, but may have them. */
static char *escaped(struct ev_arena *arena, const char *text, const char *signs, bool is_name)
{
	char *out = ev_arena_take(arena, 2 * strlen(text) + 1), *end = out;
	for (; *text; text++) {
		bool colons = is_name && text[0] == ':' && text[1] == ':';
		if (!colons && strchr(signs, *text))
			*end++ = '\\';
		*end++ = *text;
		if (colons)
			*end++ = *++text;
	}
	return out;
}

#define PATH_SIGNS ":,{}\\"
/* A file that was found is no glob, whatever its name. */
#define FILE_SIGNS PATH_SIGNS "*?["
#define NAME_SIGNS ":,{}\\/"

const char *ev_probe_spell(struct ev_arena *arena, const struct ev_probe *probe, const char *path,
			   const char *name, uint64_t into_bytes)
{
	const char *into =
		into_bytes ? ev_arena_printf(arena, "+0x%llx", (unsigned long long)into_bytes) : "";
	const char *provider =
		probe->kind == EV_PROBE_MARKER && name == probe->name
			? ev_arena_printf(arena,
					  "%s:", escaped(arena, probe->provider, NAME_SIGNS, true))
			: "";
	/* A place of a marker is named "provider:name" already. */
	bool whole = probe->kind == EV_PROBE_MARKER && name != probe->name;
	return ev_arena_printf(arena, "%s%s:%s%s%s", kinds[probe->kind].prefix,
			       escaped(arena, path, path == probe->path ? PATH_SIGNS : FILE_SIGNS,
				       false),
			       provider, whole ? name : escaped(arena, name, NAME_SIGNS, true),
			       into);
}

/* ---- the event --------------------------------------------------------------------------------
 */

/* f+0x10 is a place in f; operator+ is not. */
static int offset_parse(struct ev_parse *parse, struct ev_span *name, struct ev_probe *probe)
{
	size_t plus = name->length;
	while (plus > 0 && name->at[plus - 1] != '+')
		plus--;
	struct ev_span digits = ev_span_from(*name, plus);
	if (!plus || !digits.length || !isdigit((unsigned char)*digits.at))
		return 0;
	if (probe->kind != EV_PROBE_FUNCTION)
		return ev_parse_fault(parse, EINVAL, ev_span_from(*name, plus - 1),
				      "only uprobe: takes an offset: a return or a marker has one "
				      "place");
	if (ev_span_number(digits, &probe->offset_bytes))
		return ev_parse_fault(parse, EINVAL, digits,
				      "behind '+' a number of bytes is expected, as in f+0x10");
	probe->has_offset = true;
	*name = ev_span_head(*name, plus - 1);
	return 0;
}

static int check(struct ev_parse *parse, struct ev_span word, const struct parts *parts)
{
	bool marker = parts->kind->kind == EV_PROBE_MARKER;
	const char *form = marker ? "usdt:file:provider:name" : "file:function";
	struct ev_span end = ev_span_from(word, parts->length);
	if (!parts->path.length)
		return ev_parse_fault(parse, EINVAL, parts->path,
				      "the file to probe is missing: %s", form);
	if (marker && !(parts->has_provider && parts->provider.length))
		return ev_parse_fault(parse, EINVAL, parts->has_provider ? parts->provider : end,
				      "the provider of the marker is missing: %s (* for any)",
				      form);
	/* usdt:file:* is every marker. */
	if (marker && !parts->has_name && ev_span_is(parts->provider, "*"))
		return 0;
	if (!parts->has_name || !parts->name.length)
		return ev_parse_fault(parse, EINVAL, parts->has_name ? parts->name : end,
				      "the %s is missing: %s",
				      marker ? "marker's name" : "function", form);
	if (parts->has_terms && !parts->terms_end)
		return ev_parse_fault(parse, EINVAL, parts->terms,
				      "the '/' that ends the terms is missing (in a name a '/' is "
				      "written \\/)");
	if (parts->path.length > LONGEST_PATH || parts->name.length > LONGEST_NAME ||
	    parts->provider.length > LONGEST_NAME)
		return ev_parse_fault(parse, EINVAL, word, "no name is as long as this");
	return 0;
}

static int encode(struct ev_parse *parse, struct ev_span word, const struct parts *parts,
		  struct ev_event *event, struct ev_probe *probe)
{
	const struct ev_pmus *pmus = ev_parse_pmus(parse);
	const struct ev_pmu *pmu = ev_pmu_find(pmus, ev_span_of(PMU_NAME));
	struct ev_field field;
	if (!pmu)
		return ev_parse_fault(parse, ENOENT, ev_span_head(word, 1),
				      "this kernel has no probes of programs (its PMU 'uprobe' is "
				      "missing: Linux 4.17 with CONFIG_UPROBE_EVENTS has it)");
	event->attr.type = pmu->type;
	if (probe->kind == EV_PROBE_RETURN) {
		if (ev_pmu_field(pmus, pmu, ev_span_of("retprobe"), &field) != 1 || field.word)
			return ev_parse_fault(parse, ENOENT, ev_span_head(word, 1),
					      "this kernel can't probe returns");
		ev_field_spread(field.mask, 1, (uint64_t *)&event->attr.config);
	}
	if (probe->kind == EV_PROBE_MARKER &&
	    ev_pmu_field(pmus, pmu, ev_span_of("ref_ctr_offset"), &field) == 1 && !field.word)
		probe->semaphore_mask = field.mask;
	event->about = parts->kind->about;
	return 0;
}

static int terms_apply(struct ev_parse *parse, const struct parts *parts, struct ev_made *made)
{
	struct ev_terms terms = { 0 };
	int rc = ev_terms_split(parse, parts->terms, &terms);
	for (size_t i = 0; !rc && i < terms.count; i++) {
		rc = ev_term_apply(parse, &terms.items[i], made);
		if (!rc)
			rc = ev_parse_fault(parse, EINVAL, terms.items[i].name,
					    "probes take no term '%.*s' (there are: %s)",
					    (int)terms.items[i].name.length, terms.items[i].name.at,
					    ev_terms_known);
		rc = rc < 0 ? rc : 0;
	}
	ev_array_done(&terms);
	return rc;
}

int ev_parse_probe(struct ev_parse *parse, struct ev_span word)
{
	struct parts parts;
	if (!take_apart(word, &parts))
		return 0;
	struct ev_probe *probe = ev_arena_take(parse->keep, sizeof(*probe));
	struct ev_span name = parts.name;
	int rc = check(parse, word, &parts);
	probe->kind = parts.kind->kind;
	if (!rc)
		rc = offset_parse(parse, &name, probe);
	if (!rc && !parts.has_name)
		name = ev_span_of("*");
	if (!rc && !name.length)
		rc = ev_parse_fault(parse, EINVAL, parts.name,
				    "the function is missing before '+'");
	if (rc)
		return rc;
	struct ev_made *made = ev_parse_add(parse, word);
	struct ev_event *event = &made->event;
	rc = encode(parse, word, &parts, event, probe);
	if (rc)
		return rc;
	struct ev_span first = parts.has_provider ? parts.provider : parts.name;
	size_t before = (size_t)(first.at - word.at);
	const char *end = parts.has_name ? parts.name.at + parts.name.length
					 : parts.provider.at + parts.provider.length;
	size_t behind = (size_t)(end - word.at);
	probe->path = unescaped(parse->keep, parts.path);
	probe->name = unescaped(parse->keep, name);
	probe->provider = parts.has_provider ? unescaped(parse->keep, parts.provider) : NULL;
	probe->typed = event->name;
	probe->front = ev_span_text(parse->keep, ev_span_head(word, before));
	probe->back = ev_span_text(parse->keep, ev_span_from(word, behind));
	event->probe = probe;
	event->attr.sample_period = 1;
	event->fixed = EV_FIXED_PERIOD | EV_NATURAL_PERIOD;
	event->resolved = ev_probe_spell(parse->keep, probe, probe->path, probe->name,
					 probe->has_offset ? probe->offset_bytes : 0);
	if (parts.has_terms)
		rc = terms_apply(parse, &parts, made);
	struct ev_modifiers modifiers;
	if (!rc && parts.has_tail)
		rc = ev_modifiers_parse(parse, parts.tail, &modifiers);
	if (!rc && parts.has_tail)
		rc = ev_modifiers_apply(parse, &modifiers, parts.tail, event);
	return rc ? rc : 1;
}
