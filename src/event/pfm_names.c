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

struct search {
	struct ev_span event, pmu; /* as typed; no pmu = any */
	char found[256];           /* "" = not yet */
};

/* A row is meant by its whole name, or without its unit mask, for which libpfm4 has a default. */
static void compare_row(void *context, const struct ev_pfm_row *row)
{
	struct search *search = context;
	size_t whole = strlen(row->name), event = strcspn(row->name, ":"), length = 0;
	if (*search->found ||
	    (search->pmu.length && !alike(search->pmu, row->pmu, strlen(row->pmu))))
		return;
	if (alike(search->event, row->name, whole))
		length = whole;
	else if (alike(search->event, row->name, event))
		length = event;
	if (length)
		snprintf(search->found, sizeof(search->found), "%s::%.*s", row->pmu, (int)length,
			 row->name);
}

static bool find(struct search *search)
{
	search->found[0] = 0;
	ev_pfm_rows(compare_row, search);
	for (size_t i = 0; !*search->found && i < EV_LENGTH(fixed); i++)
		if (alike(search->event, fixed[i].manual, strlen(fixed[i].manual))) {
			search->event = ev_span_of(fixed[i].table);
			ev_pfm_rows(compare_row, search);
			break;
		}
	return *search->found;
}

const char *ev_pfm_respell(struct ev_arena *arena, const char *name)
{
	struct ev_span rest = ev_span_of(name);
	struct search search = { 0 };
	const char *pmu = strstr(name, "::");
	if (pmu) {
		search.pmu = ev_span_head(rest, (size_t)(pmu - name));
		rest = ev_span_from(rest, search.pmu.length + 2);
	}
	/* What stands behind the last ':' may be an attribute instead of a unit mask. */
	size_t length = rest.length;
	for (size_t cut = 0; length && cut <= MOST_ATTRIBUTES; cut++) {
		search.event = ev_span_head(rest, length);
		if (find(&search))
			return ev_arena_printf(arena, "%s%.*s", search.found,
					       (int)(rest.length - length), rest.at + length);
		while (length && rest.at[length - 1] != ':')
			length--;
		length -= length > 0;
	}
	return NULL;
}
