/* A name of the CPU maker's in any spelling (l2-rqsts.miss, INST_RETIRED.ANY) becomes libpfm4's own
 * (skx::L2_RQSTS:MISS). */
#include <ctype.h>
#include <string.h>
#include "pfm.h"

/* ":c=1:u" and the like behind a name; more is not looked at. */
#define MOST_ATTRIBUTES 8

/* The counters that Intel's manuals call by names of their own, fixed to one event each. libpfm4
 * has them under older names. */
static const struct {
	const char *manual, *table;
} fixed[] = {
	{ "INST_RETIRED:ANY", "INSTRUCTION_RETIRED" },
	{ "CPU_CLK_UNHALTED:THREAD", "UNHALTED_CORE_CYCLES" },
	{ "CPU_CLK_UNHALTED:CORE", "UNHALTED_CORE_CYCLES" },
	{ "CPU_CLK_UNHALTED:REF_TSC", "UNHALTED_REFERENCE_CYCLES" },
};

/* Unlike elsewhere ':' is one more separator: manuals put a '.' where libpfm4 has it. */
static char folded(char c)
{
	return strchr("_.:", c) ? '-' : (char)tolower((unsigned char)c);
}

static bool alike(struct ev_span name, const char *text, size_t length)
{
	if (name.length != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (folded(name.at[i]) != folded(text[i]))
			return false;
	return true;
}

/* The name may end before each of its last ':', behind which attributes stand. */
struct search {
	struct ev_span pmu; /* as typed; none = any */
	struct ev_span events[MOST_ATTRIBUTES + 1];
	size_t count;    /* of events, the longest first */
	size_t best;     /* index of the one that was found, count = none */
	char found[256]; /* as libpfm4 spells it */
};

static void keep(struct search *search, size_t index, const struct ev_pfm_row *row, size_t length)
{
	search->best = index;
	snprintf(search->found, sizeof(search->found), "%s::%.*s", row->pmu, (int)length,
		 row->name);
}

/* A row is meant by its whole name, or without its unit mask, for which libpfm4 has a default. */
static void compare_row(void *context, const struct ev_pfm_row *row)
{
	struct search *search = context;
	size_t whole = strlen(row->name), event = strcspn(row->name, ":");
	if (search->pmu.length && !alike(search->pmu, row->pmu, strlen(row->pmu)))
		return;
	for (size_t i = 0; i < search->best; i++) {
		if (alike(search->events[i], row->name, whole))
			keep(search, i, row, whole);
		else if (alike(search->events[i], row->name, event))
			keep(search, i, row, event);
	}
}

/* The longest of the events that has a name of its own in the manuals becomes the table's; false
 * when none has, or when a longer one was found. */
static bool take_fixed(struct search *search)
{
	for (size_t i = 0; i < search->best; i++)
		for (size_t k = 0; k < EV_LENGTH(fixed); k++)
			if (alike(search->events[i], fixed[k].manual, strlen(fixed[k].manual))) {
				search->events[i] = ev_span_of(fixed[k].table);
				return true;
			}
	return false;
}

const char *ev_pfm_respell(struct ev_arena *arena, const char *name)
{
	struct ev_span rest = ev_span_of(name);
	struct search search = { 0 };
	const char *pmu = strstr(name, "::");
	size_t ends[MOST_ATTRIBUTES + 1];
	if (pmu) {
		search.pmu = ev_span_head(rest, (size_t)(pmu - name));
		rest = ev_span_from(rest, search.pmu.length + 2);
	}
	for (size_t end = rest.length; end && search.count <= MOST_ATTRIBUTES;) {
		ends[search.count] = end;
		search.events[search.count++] = ev_span_head(rest, end);
		while (end && rest.at[end - 1] != ':')
			end--;
		end -= end > 0;
	}
	search.best = search.count;
	if (search.count)
		ev_pfm_rows(compare_row, &search);
	if (take_fixed(&search))
		ev_pfm_rows(compare_row, &search);
	if (search.best == search.count)
		return NULL;
	return ev_arena_printf(arena, "%s%.*s", search.found,
			       (int)(rest.length - ends[search.best]), rest.at + ends[search.best]);
}
