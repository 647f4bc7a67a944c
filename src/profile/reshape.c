/* A named profile is changed as regular expressions over its functions ask: what some call becomes
 * their own, and samples are told apart by a caller. */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include "named.h"
#include "profile.h"

/* Per frame, whether its function matches; free() it. */
static int match_frames(const struct ev_named *named, const char *option, const char *pattern,
			bool **out, struct ev_err *err)
{
	const struct ev_strings *strings = named->profile->strings;
	struct ev_arena safe = { 0 };
	regex_t regex;
	char why[128];
	int bad = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (bad) {
		regerror(bad, &regex, why, sizeof(why));
		int rc = ev_fail(err, EINVAL,
				 "%s takes an extended regular expression, not '%s': %s", option,
				 ev_text_safe(&safe, pattern), why);
		ev_arena_done(&safe);
		return rc;
	}
	*out = ev_alloc(named->frames.count * sizeof(**out));
	for (size_t i = 1; i < named->frames.count; i++) {
		const struct ev_frame *frame = &named->frames.items[i];
		(*out)[i] = frame->resolved &&
			    !regexec(&regex, ev_strings_text(strings, frame->function), 0, NULL, 0);
	}
	regfree(&regex);
	return 0;
}

/* ---- callees ----------------------------------------------------------------------------------
 */

static int by_stack_and_tag(const void *one, const void *other)
{
	const struct ev_cell *a = one, *b = other;
	if (a->stack != b->stack)
		return a->stack < b->stack ? -1 : 1;
	return a->tag < b->tag ? -1 : a->tag > b->tag;
}

static void merge_cells(struct ev_named *named)
{
	struct ev_cell *cells = named->cells.items;
	size_t kept = 0;
	qsort(cells, named->cells.count, sizeof(*cells), by_stack_and_tag);
	for (size_t i = 0; i < named->cells.count; i++) {
		if (kept && !by_stack_and_tag(&cells[kept - 1], &cells[i])) {
			cells[kept - 1].samples += cells[i].samples;
			cells[kept - 1].period += cells[i].period;
		} else {
			cells[kept++] = cells[i];
		}
	}
	named->cells.count = kept;
}

int ev_named_ignore_callees(struct ev_named *named, const char *pattern, struct ev_err *err)
{
	bool *matches;
	int rc = match_frames(named, "--ignore-callees", pattern, &matches, err);
	if (rc)
		return rc;
	/* A stack is what its parent became when that is cut there or further out. */
	size_t count = named->stacks.count;
	uint32_t *become = ev_alloc(count * sizeof(*become));
	bool *is_cut = ev_alloc(count * sizeof(*is_cut));
	for (uint32_t i = 1; i < count; i++) {
		const struct ev_stack *stack = &named->stacks.items[i];
		is_cut[i] = is_cut[stack->parent] || matches[stack->place];
		become[i] = is_cut[stack->parent] ? become[stack->parent] : i;
	}
	for (size_t i = 0; i < named->cells.count; i++)
		named->cells.items[i].stack = become[named->cells.items[i].stack];
	for (size_t i = 0; i < named->profile->stacks.count; i++)
		named->stack_of[i] = become[named->stack_of[i]];
	if (named->cells.count)
		merge_cells(named);
	free(is_cut);
	free(become);
	free(matches);
	return 0;
}

/* ---- parents ----------------------------------------------------------------------------------
 */

static uint32_t tag_with_parent(struct ev_profile *profile, uint32_t tag, uint32_t parent)
{
	struct ev_tag copy = profile->tags.items[tag];
	uint64_t numbers[EV_DETAIL_COUNT];
	for (enum ev_detail i = 0; i < EV_DETAIL_COUNT; i++)
		numbers[i] = ev_tag_detail(profile, &copy, i);
	numbers[EV_DETAIL_PARENT] = parent;
	copy.detail = ev_profile_detail(profile, numbers);
	return ev_profile_tag(profile, &copy);
}

int ev_named_find_parents(struct ev_named *named, struct ev_profile *profile, const char *pattern,
			  struct ev_err *err)
{
	bool *matches;
	int rc = match_frames(named, "--parent", pattern, &matches, err);
	if (rc)
		return rc;
	/* The outermost caller that matches, of every stack. */
	uint32_t *parents = ev_alloc(named->stacks.count * sizeof(*parents));
	for (size_t i = 1; i < named->stacks.count; i++) {
		const struct ev_stack *stack = &named->stacks.items[i];
		parents[i] = parents[stack->parent];
		if (!parents[i] && matches[stack->place])
			parents[i] = named->frames.items[stack->place].function;
	}
	struct ev_map known = { 0 };
	for (size_t i = 0; i < named->cells.count; i++) {
		struct ev_cell *cell = &named->cells.items[i];
		uint32_t parent = parents[cell->stack];
		bool added;
		if (!parent)
			continue;
		uint32_t *tag = ev_map_add(&known, (uint64_t)cell->tag << 32 | parent, 0, &added);
		if (added)
			*tag = tag_with_parent(profile, cell->tag, parent);
		cell->tag = *tag;
	}
	ev_profile_forget_index(profile);
	ev_map_done(&known);
	free(parents);
	free(matches);
	return 0;
}
