/* A name or a glob becomes the functions of a program that it means, each place once. */
#include <stdlib.h>
#include <string.h>
#include "probe_code.h"

/* One address is one function, whatever names it has: the best one stands first. */
static int by_place(const void *one, const void *other)
{
	const struct probe_spot *a = one, *b = other;
	const struct probe_function *left = a->function, *right = b->function;
	if (left->offset != right->offset)
		return left->offset < right->offset ? -1 : 1;
	if (left->label != right->label)
		return left->label - right->label;
	if ((left->bind == STB_GLOBAL) != (right->bind == STB_GLOBAL))
		return left->bind == STB_GLOBAL ? -1 : 1;
	size_t length = strlen(left->name), other_length = strlen(right->name);
	if (length != other_length)
		return length < other_length ? -1 : 1;
	int order = strcmp(left->name, right->name);
	return order ? order
		     : (left->size_bytes < right->size_bytes) -
			       (left->size_bytes > right->size_bytes);
}

static bool is_cold(const char *name)
{
	const char *cold = strstr(name, ".cold");
	return cold && (!cold[5] || cold[5] == '.');
}

size_t ev_probe_functions_choose(const struct probe_functions *functions, const char *wanted,
				 struct probe_spots *chosen)
{
	bool glob = strpbrk(wanted, "*?[");
	size_t indirect = 0, kept = 0;
	struct ev_arena scratch = { 0 };
	for (size_t i = 0; i < functions->count; i++) {
		const struct probe_function *function = &functions->items[i];
		bool meant = ev_probe_function_is(function, wanted, &scratch);
		ev_arena_reset(&scratch);
		if (!meant || (glob && (function->label || is_cold(function->name))))
			continue;
		indirect += function->indirect;
		if (!function->indirect)
			*ev_array_add(chosen) = (struct probe_spot){ .function = function };
	}
	ev_arena_done(&scratch);
	struct probe_spot *spots = chosen->items;
	if (chosen->count)
		qsort(spots, chosen->count, sizeof(*spots), by_place);
	for (size_t i = 0; i < chosen->count; i++)
		if (!kept || spots[i].function->offset != spots[kept - 1].function->offset)
			spots[kept++] = spots[i];
	chosen->count = kept;
	return indirect;
}
