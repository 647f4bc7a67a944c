/* libpfm4's tables of the events of this CPU's PMUs. */
#ifndef EVPROF_PFM_H
#define EVPROF_PFM_H

#include <evprof/event.h>
#include "span.h"

struct ev_pfm_row {
	const char *pmu;  /* "skx" */
	const char *name; /* "L2_RQSTS:MISS": one row for each unit mask */
	const char *about;
	bool core;    /* of the CPU's cores */
	bool generic; /* one of the kernel's generic events under libpfm4's name */
};
/* Every event that libpfm4 has for this CPU; the row is valid during the call. */
void ev_pfm_rows(void (*take)(void *context, const struct ev_pfm_row *row), void *context);

/* libpfm4's spelling of a name that is like one in its tables but for case and '-', '_', '.', ':'
 * ("inst-retired.any:c=1"); NULL when none is. In the arena. */
const char *ev_pfm_respell(struct ev_arena *arena, const char *name);

#endif
