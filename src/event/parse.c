/* The argument of -e, a list of events and {groups}, becomes events with their leaders. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "parse.h"

/* Longer arguments are no events any more; it also bounds the work on hostile ones. */
#define LONGEST_ARGUMENT 65536
/* tracepoint globs make thousands of events, and lists repeat them. */
#define MOST_EVENTS 100000

const struct ev_pmus *ev_parse_pmus(struct ev_parse *parse)
{
	if (!parse->pmus_open)
		ev_pmus_open(&parse->pmus, parse->root);
	parse->pmus_open = true;
	return &parse->pmus;
}

struct ev_made *ev_parse_add(struct ev_parse *parse, struct ev_span word)
{
	unsigned index = (unsigned)parse->count;
	struct ev_made *made = ev_array_add(parse);
	const char *text = ev_span_text(parse->keep, word);
	*made = (struct ev_made){
		.word = word,
		.event = { .name = text,
			   .word = text,
			   .kind = EV_EVENT_KERNEL,
			   .attr = { .size = sizeof(made->event.attr) },
			   .unit = "",
			   .scale = 1.0,
			   .per_task = true,
			   .leader = index,
			   .written = index,
			   .summed = index },
	};
	return made;
}

/* Length of the word at the start of text: to the ',' or '}' that stands in no terms and quotes. */
static size_t word_length(struct ev_span text)
{
	size_t probe = ev_probe_word_length(text);
	if (probe)
		return probe;
	/* The slash of mem:0x10/4 opens nothing. */
	bool slashes = !ev_span_starts(text, "mem:"), terms = false;
	char quote = 0;
	for (size_t i = 0; i < text.length; i++) {
		char c = text.at[i];
		if (quote)
			quote = c == quote ? 0 : quote;
		else if (terms && (c == '\'' || c == '"'))
			quote = c;
		else if (slashes && c == '/')
			terms = !terms;
		else if (!terms && (c == ',' || c == '{' || c == '}'))
			return i;
	}
	return text.length;
}

/* Takes the next word from *text. */
static int word_next(struct ev_parse *parse, struct ev_span *text)
{
	size_t length = word_length(*text);
	struct ev_span word = ev_span_trim(ev_span_head(*text, length));
	if (!word.length)
		return ev_parse_fault(parse, EINVAL, ev_span_head(*text, 1),
				      "an event is missing here");
	*text = ev_span_from(*text, length);
	if (text->length && *text->at == '{')
		return ev_parse_fault(parse, EINVAL, *text, "a group '{' begins after a ','");
	int rc = ev_parse_word(parse, word);
	if (!rc && parse->count > MOST_EVENTS)
		rc = ev_parse_fault(parse, E2BIG, word, "these are more than %d events",
				    MOST_EVENTS);
	return rc;
}

/* Members of a group that go to different PMUs can't be scheduled together: {cycles,instructions}
 * of a hybrid CPU becomes a group for each kind of core. What belongs to no PMU stays in the first.
 */
static void regroup(struct ev_parse *parse, size_t first)
{
	size_t count = parse->count - first, used = 0;
	struct ev_made *sorted = ev_alloc(count * sizeof(*sorted));
	const char **keys = ev_alloc(count * sizeof(*keys));
	size_t key_count = 0;
	for (size_t i = first; i < parse->count; i++) {
		const struct ev_made *made = &parse->items[i];
		bool known = !made->split;
		for (size_t k = 0; !known && k < key_count; k++)
			known = !strcmp(keys[k], made->event.pmu);
		if (!known)
			keys[key_count++] = made->event.pmu;
	}
	for (size_t k = 0; k < key_count || !k; k++) {
		size_t leader = SIZE_MAX;
		for (size_t i = first; i < parse->count; i++) {
			const struct ev_made *made = &parse->items[i];
			if (made->split ? strcmp(made->event.pmu, keys[k]) != 0 : k > 0)
				continue;
			size_t index = first + used;
			/* evprof's own measurements are always there and lead nothing. */
			if (leader == SIZE_MAX && made->event.kind == EV_EVENT_KERNEL)
				leader = index;
			sorted[used] = *made;
			sorted[used++].event.leader =
				(unsigned)(made->event.kind == EV_EVENT_KERNEL ? leader : index);
		}
	}
	/* `written` still points into the old order. */
	size_t *earliest = ev_alloc(count * sizeof(*earliest));
	for (size_t i = count; i-- > 0;)
		earliest[sorted[i].event.written - first] = i;
	for (size_t i = 0; i < count; i++) {
		size_t old = sorted[i].event.written - first;
		sorted[i].event.written = (unsigned)(first + earliest[old]);
		sorted[i].event.summed = (unsigned)(first + i); /* none is, before its place */
	}
	free(earliest);
	memcpy(&parse->items[first], sorted, count * sizeof(*sorted));
	free(sorted);
	free(keys);
}

/* cycles in {cycles}:u is shown as cycles:u. */
static const char *modified(struct ev_parse *parse, const struct ev_made *made, const char *name,
			    const char *letters)
{
	const char *colon = strrchr(name, ':'), *slash = strrchr(name, '/');
	bool joined = (slash && !colon) ||
		      (colon && colon > slash && ev_modifiers_look_right(ev_span_of(colon + 1)));
	if (made->event.probe) /* functions may be called u */
		joined = *made->event.probe->back;
	return ev_arena_printf(parse->keep, "%s%s%s", name, joined ? "" : ":", letters);
}

static void rename_member(struct ev_parse *parse, struct ev_made *made, const char *letters)
{
	if (made->named || !*letters)
		return;
	made->event.name = modified(parse, made, made->event.name, letters);
	made->event.word = modified(parse, made, made->event.word, letters);
}

static int group_modify(struct ev_parse *parse, struct ev_span text, size_t first)
{
	struct ev_modifiers modifiers;
	char letters[24];
	int rc = ev_modifiers_parse(parse, text, &modifiers);
	if (rc)
		return rc;
	ev_modifiers_text(&modifiers, letters, sizeof(letters));
	for (size_t i = first; !rc && i < parse->count; i++) {
		struct ev_modifiers own = modifiers;
		struct ev_made *made = &parse->items[i];
		if (made->event.kind == EV_EVENT_TOOL)
			continue;
		/* The kernel pins groups by their leader, and refuses pinned members. */
		own.pinned = own.exclusive = false;
		if (made->event.leader == i) {
			own.pinned = modifiers.pinned;
			own.exclusive = modifiers.exclusive;
		}
		rc = ev_modifiers_apply(parse, &own, text, &made->event);
		rename_member(parse, made, letters);
	}
	return rc;
}

/* {a,b}:modifiers; *text begins with '{'. */
static int group_next(struct ev_parse *parse, struct ev_span *text)
{
	struct ev_span start = *text;
	size_t first = parse->count;
	do {
		*text = ev_span_trim(ev_span_from(*text, 1));
		if (text->length && *text->at == '{')
			return ev_parse_fault(parse, EINVAL, *text, "a group can't hold a group");
		int rc = word_next(parse, text);
		if (rc)
			return rc;
	} while (text->length && *text->at == ',');
	if (!text->length)
		return ev_parse_fault(parse, EINVAL, start,
				      "the '}' that ends this group is missing");
	*text = ev_span_trim(ev_span_from(*text, 1));
	regroup(parse, first);
	if (text->length && *text->at == ':') {
		size_t length = ev_span_find(*text, ',');
		int rc = group_modify(parse,
				      ev_span_trim(ev_span_from(ev_span_head(*text, length), 1)),
				      first);
		if (rc)
			return rc;
		*text = ev_span_from(*text, length);
	}
	for (size_t i = first; i < parse->count; i++) {
		const struct ev_event *event = &parse->items[i].event;
		if (event->leader != i && (event->attr.pinned || event->attr.exclusive))
			return ev_parse_fault(parse, EINVAL, parse->items[i].word,
					      "only the first event of a group can be pinned (D) "
					      "or "
					      "exclusive (e): write {…}:D");
	}
	return 0;
}

static int list_parse(struct ev_parse *parse)
{
	struct ev_span rest = ev_span_trim(parse->text);
	if (!rest.length)
		return ev_parse_fault(parse, EINVAL, rest, "no event is named");
	for (;;) {
		int rc = *rest.at == '{' ? group_next(parse, &rest) : word_next(parse, &rest);
		if (rc)
			return rc;
		rest = ev_span_trim(rest);
		if (!rest.length)
			return 0;
		if (*rest.at == '}')
			return ev_parse_fault(parse, EINVAL, rest, "this '}' ends no group");
		if (*rest.at != ',')
			return ev_parse_fault(parse, EINVAL, rest,
					      "',' or the end is expected here");
		rest = ev_span_trim(ev_span_from(rest, 1));
		if (!rest.length)
			return ev_parse_fault(parse, EINVAL, rest,
					      "an event is missing after the last ','");
	}
}

int ev_event_parse_at(struct ev_event_list *list, const char *root, const char *text,
		      struct ev_err *err)
{
	size_t length = strlen(text);
	if (length > LONGEST_ARGUMENT)
		return ev_fail(err, E2BIG, "the list of events is longer than %d bytes",
			       LONGEST_ARGUMENT);
	struct ev_err mine = { 0 };
	struct ev_parse parse = {
		.root = root, .text = { text, length }, .keep = &list->arena, .err = &mine
	};
	int rc = list_parse(&parse);
	unsigned base = (unsigned)list->count;
	for (size_t i = 0; !rc && i < parse.count; i++) {
		struct ev_event *event = ev_array_add(list);
		*event = parse.items[i].event;
		event->leader += base;
		event->written += base;
		event->summed += base;
	}
	if (rc && err)
		*err = mine;
	ev_array_done(&parse);
	ev_pmus_close(&parse.pmus);
	ev_arena_done(&parse.scratch);
	return rc;
}

int ev_event_parse(struct ev_event_list *list, const char *text, struct ev_err *err)
{
	return ev_event_parse_at(list, "", text, err);
}
